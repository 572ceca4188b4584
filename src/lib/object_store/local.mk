libcore_la_SOURCES += \
	%D%/aside.c %D%/aside.h \
	%D%/backend.h \
	%D%/db/db_files.h \
	%D%/file/file_commit.c %D%/file/file_commit.h \
	%D%/file/file_format.c %D%/file/file_format.h \
	%D%/file/file_io.c %D%/file/file_io.h \
	%D%/file/file_lock.c %D%/file/file_lock.h \
	%D%/file/file_notify.c %D%/file/file_notify.h \
	%D%/file/file_objects.c %D%/file/file_objects.h \
	%D%/file/file_token.c %D%/file/file_token.h \
	%D%/file/file_version.c %D%/file/file_version.h \
	%D%/file/file_watch.c %D%/file/file_watch.h \
	%D%/id_table.c %D%/id_table.h \
	%D%/probe.c %D%/probe.h \
	%D%/store.c %D%/store.h \
	%D%/store_file.c \
	%D%/store_mem.c \
	%D%/token_dir.c %D%/token_dir.h

if WITH_OBJECTSTORE_BACKEND_DB
libcore_la_SOURCES += \
	%D%/db/db_aside.c %D%/db/db_aside.h \
	%D%/db/db_conn.c %D%/db/db_conn.h \
	%D%/db/db_known.c %D%/db/db_known.h \
	%D%/db/db_object.c %D%/db/db_object.h \
	%D%/db/db_row.c %D%/db/db_row.h \
	%D%/db/db_scan.c %D%/db/db_scan.h \
	%D%/db/db_schema.c %D%/db/db_schema.h \
	%D%/db/db_token.c %D%/db/db_token.h \
	%D%/store_db.c
libcore_la_LIBADD += $(SQLITE3_LIBS)
AM_CPPFLAGS += $(SQLITE3_CFLAGS)
endif
