bin_PROGRAMS += softhsm2-util
softhsm2_util_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/src
softhsm2_util_LDADD = libcore.la $(OPENSSL_LIBS) $(DL_LIBS)
softhsm2_util_SOURCES = \
	src/bin/common/message.c src/bin/common/message.h \
	src/bin/common/pin.c src/bin/common/pin.h \
	src/bin/common/prompt.c src/bin/common/prompt.h \
	%D%/delete_token.c \
	%D%/import.c %D%/import.h \
	%D%/import_cert.c \
	%D%/import_key.c \
	%D%/init_token.c \
	%D%/key_file.c %D%/key_file.h \
	%D%/main.c \
	%D%/options.c %D%/options.h \
	%D%/p11.c %D%/p11.h \
	%D%/select.c %D%/select.h \
	%D%/show_config.c \
	%D%/show_slots.c \
	%D%/startup.c %D%/startup.h

dist_man_MANS = docs/softhsm2-util.1 docs/softhsm2.conf.5
