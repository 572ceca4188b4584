# The edge: one C_ function after the other.
libcore_la_SOURCES += \
	%D%/call.c %D%/call.h \
	%D%/cipher_api.c \
	%D%/digest_api.c \
	%D%/dual_api.c \
	%D%/general_api.c \
	%D%/interface.c \
	%D%/key_api.c \
	%D%/module.c %D%/module.h \
	%D%/object_api.c \
	%D%/op_call.c %D%/op_call.h \
	%D%/session_api.c \
	%D%/sign_api.c \
	%D%/slot_api.c \
	%D%/unsupported_api.c
