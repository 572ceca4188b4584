libcore_la_SOURCES += \
	%D%/attrset.c \
	%D%/attrset.h \
	%D%/base.h \
	%D%/buf.c \
	%D%/buf.h \
	%D%/conf.c \
	%D%/conf.h \
	%D%/handle.c \
	%D%/handle.h \
	%D%/lock.c \
	%D%/lock.h \
	%D%/log.c \
	%D%/log.h \
	%D%/peek.c \
	%D%/peek.h \
	%D%/reason.c \
	%D%/reason.h \
	%D%/secmem.c \
	%D%/secmem.h \
	%D%/str.c \
	%D%/str.h
