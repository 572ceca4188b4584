bin_PROGRAMS += softhsm2-keyconv
softhsm2_keyconv_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/src
softhsm2_keyconv_LDADD = $(TOOLS_LIBS)
# Those that a unit test wants as well.
keyconv_parser = \
	%D%/base64.c %D%/base64.h \
	%D%/bind.h \
	%D%/bind_algorithm.c \
	%D%/bind_key.c \
	%D%/bind_read.c \
	%D%/bind_write.c
softhsm2_keyconv_SOURCES = $(keyconv_parser) %D%/main.c

dist_man_MANS += docs/softhsm2-keyconv.1
