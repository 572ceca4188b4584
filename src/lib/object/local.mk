# PKCS#11 objects of one token.
libcore_la_SOURCES += \
	%D%/access.c %D%/access.h \
	%D%/attr.c %D%/attr.h %D%/attr_table.c \
	%D%/build.c %D%/build.h \
	%D%/computed.c %D%/computed.h \
	%D%/decode.c %D%/decode.h \
	%D%/derive.c \
	%D%/find.c \
	%D%/inherit.c %D%/inherit.h \
	%D%/keygen.c \
	%D%/match.c %D%/match.h \
	%D%/object.c %D%/object.h \
	%D%/object_index.c %D%/object_index.h \
	%D%/object_table.c %D%/object_table.h \
	%D%/seal.c %D%/seal.h \
	%D%/template.c %D%/template.h \
	%D%/wrap.c
