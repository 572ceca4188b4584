libcore_la_SOURCES += \
	%D%/backend.h \
	%D%/file_format.c %D%/file_format.h \
	%D%/store.h
