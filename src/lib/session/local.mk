# libcore_la_SOURCES += %D%/file.c %D%/file.h
