# Slots, tokens, PINs.
libcore_la_SOURCES += \
	%D%/pin.c %D%/pin.h \
	%D%/slot.c %D%/slot.h %D%/slot_manager.h \
	%D%/slot_scan.c %D%/slot_scan.h \
	%D%/slot_watch.c %D%/slot_watch.h \
	%D%/token.c %D%/token.h %D%/token_attrs.h
