bin_PROGRAMS += softhsm2-dump-file
softhsm2_dump_file_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/src
softhsm2_dump_file_LDADD = $(TOOLS_LIBS)
softhsm2_dump_file_SOURCES = \
	%D%/dump_file.c %D%/dump_file.h \
	%D%/line.c %D%/line.h \
	%D%/main_file.c

dist_man_MANS += docs/softhsm2-dump-file.1

if HAVE_SQLITE3
bin_PROGRAMS += softhsm2-dump-db
softhsm2_dump_db_CPPFLAGS = $(AM_CPPFLAGS) $(SQLITE3_CFLAGS) -I$(top_srcdir)/src
softhsm2_dump_db_LDADD = $(TOOLS_LIBS) $(SQLITE3_LIBS)
softhsm2_dump_db_SOURCES = \
	src/bin/common/database.c src/bin/common/database.h \
	%D%/line.c %D%/line.h \
	%D%/main_db.c \
	%D%/native.c %D%/native.h

man_MANS += docs/softhsm2-dump-db.1
endif
