# Appends to unit_tests; see tests/local.mk.
unit_tests += tests/unit/test_pin
tests_unit_test_pin_SOURCES = %D%/slot/test_pin.c %D%/unit.c
tests_unit_test_pin_LDADD = $(UNIT_LIBS)

unit_tests += tests/unit/test_slot
tests_unit_test_slot_SOURCES = %D%/slot/test_slot.c %D%/unit.c
tests_unit_test_slot_LDADD = $(UNIT_LIBS)

unit_tests += tests/unit/test_token
tests_unit_test_token_SOURCES = %D%/slot/test_token.c %D%/unit.c
tests_unit_test_token_LDADD = $(UNIT_LIBS)
