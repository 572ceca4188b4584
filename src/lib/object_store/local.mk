libcore_la_SOURCES += \
	%D%/backend.h \
	%D%/file_commit.c %D%/file_commit.h \
	%D%/file_format.c %D%/file_format.h \
	%D%/file_io.c %D%/file_io.h \
	%D%/file_lock.c %D%/file_lock.h \
	%D%/file_notify.c %D%/file_notify.h \
	%D%/file_objects.c %D%/file_objects.h \
	%D%/file_token.c %D%/file_token.h \
	%D%/file_watch.c %D%/file_watch.h \
	%D%/id_table.c %D%/id_table.h \
	%D%/store.c %D%/store.h \
	%D%/store_file.c \
	%D%/store_mem.c
