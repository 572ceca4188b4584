libcore_la_SOURCES += \
	%D%/functions.def \
	%D%/names.c \
	%D%/names.def \
	%D%/names.h \
	%D%/pkcs11.h \
	%D%/pkcs11_const.h \
	%D%/pkcs11_types.h

EXTRA_DIST += %D%/gen_pkcs11.py
