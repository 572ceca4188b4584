# Appends to unit_tests; see tests/local.mk.
unit_tests += tests/unit/test_token
tests_unit_test_token_SOURCES = %D%/test_token.c %D%/unit.c
tests_unit_test_token_LDADD = $(UNIT_LIBS)
