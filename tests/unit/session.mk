# Appends to unit_tests; see tests/local.mk.
unit_tests += tests/unit/test_session
tests_unit_test_session_SOURCES = %D%/session/test_session.c %D%/unit.c
tests_unit_test_session_LDADD = $(UNIT_LIBS)
