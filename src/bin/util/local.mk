bin_PROGRAMS += softhsm2-util
softhsm2_util_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/src
softhsm2_util_LDADD = $(TOOLS_LIBS)
# Those that other tools use too.
util_shared = \
	%D%/p11.c %D%/p11.h \
	%D%/other_kind.c %D%/other_kind.h \
	%D%/select.c %D%/select.h \
	%D%/login.c %D%/login.h \
	%D%/startup.c %D%/startup.h
softhsm2_util_SOURCES = $(util_shared) \
	%D%/backup.c \
	%D%/busy.c %D%/busy.h \
	%D%/check.c \
	%D%/choose.c %D%/choose.h \
	%D%/convert.c \
	%D%/delete_token.c \
	%D%/init_token.c \
	%D%/main.c \
	%D%/options.c %D%/options.h \
	%D%/progress_bar.c %D%/progress_bar.h \
	%D%/restore.c \
	%D%/show_config.c \
	%D%/show_slots.c \
	%D%/objects/export.c \
	%D%/objects/generate.c \
	%D%/objects/import.c %D%/objects/import.h \
	%D%/objects/import_bundle.c \
	%D%/objects/import_cert.c \
	%D%/objects/import_key.c \
	%D%/objects/item.c %D%/objects/item.h \
	%D%/objects/list_objects.c

dist_man_MANS += docs/softhsm2-util.1
