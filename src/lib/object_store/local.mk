libcore_la_SOURCES += \
	%D%/backend.h \
	%D%/file_format.c %D%/file_format.h \
	%D%/file_lock.c %D%/file_lock.h \
	%D%/store.h
