# Tokens as a whole: copied, converted, packed, checked. For the tool; the module does not use it.
libcore_la_SOURCES += \
	%D%/archive.c %D%/archive.h \
	%D%/archive_file.c %D%/archive_file.h \
	%D%/catalog.c %D%/catalog.h \
	%D%/convert.c %D%/convert.h \
	%D%/exchange.c %D%/exchange.h \
	%D%/image.c %D%/image.h \
	%D%/inspect.c %D%/inspect.h \
	%D%/install.c %D%/install.h \
	%D%/pairs.c %D%/pairs.h \
	%D%/progress.h \
	%D%/restore.c %D%/restore.h \
	%D%/tokens.c %D%/tokens.h
