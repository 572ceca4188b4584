# Sessions.
libcore_la_SOURCES += \
	%D%/session.c %D%/session.h \
	%D%/session_key.c \
	%D%/session_table.c %D%/session_table.h
