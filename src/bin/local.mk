# Tools: a folder each.

# What they share; only what a tool uses of it ends up in it.
noinst_LTLIBRARIES += libtools.la
libtools_la_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/src
libtools_la_LIBADD = libcore.la
libtools_la_SOURCES = \
	%D%/common/attr_list.c %D%/common/attr_list.h \
	%D%/common/cert_file.c \
	%D%/common/json.c %D%/common/json.h \
	%D%/common/key_file.c %D%/common/key_file.h \
	%D%/common/key_part.c %D%/common/key_part.h \
	%D%/common/message.c %D%/common/message.h \
	%D%/common/option_table.c %D%/common/option_table.h \
	%D%/common/out_file.c %D%/common/out_file.h \
	%D%/common/pin.c %D%/common/pin.h \
	%D%/common/prompt.c %D%/common/prompt.h \
	%D%/common/secret.c %D%/common/secret.h
TOOLS_LIBS = libtools.la $(OPENSSL_LIBS) $(DL_LIBS)

dist_man_MANS = docs/softhsm2.conf.5
man_MANS =

include src/bin/util/local.mk
include src/bin/keyconv/local.mk
include src/bin/dump/local.mk
include src/bin/migrate/local.mk
