# Slots, tokens, PINs.
libcore_la_SOURCES += \
	%D%/pin.c %D%/pin.h \
	%D%/slot.c %D%/slot.h \
	%D%/token.c %D%/token.h %D%/token_attrs.h
