if HAVE_SQLITE3
bin_PROGRAMS += softhsm2-migrate
softhsm2_migrate_CPPFLAGS = $(AM_CPPFLAGS) $(SQLITE3_CFLAGS) -I$(top_srcdir)/src
softhsm2_migrate_LDADD = $(TOOLS_LIBS) $(SQLITE3_LIBS)
softhsm2_migrate_SOURCES = $(util_shared) \
	src/bin/common/database.c src/bin/common/database.h \
	%D%/main.c \
	%D%/v1.c %D%/v1.h

man_MANS += docs/softhsm2-migrate.1
endif
