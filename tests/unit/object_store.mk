unit_tests += tests/unit/test_file_format
tests_unit_test_file_format_SOURCES = %D%/test_file_format.c %D%/unit.c
tests_unit_test_file_format_LDADD = $(UNIT_LIBS)

unit_tests += tests/unit/test_file_lock
tests_unit_test_file_lock_SOURCES = %D%/test_file_lock.c %D%/unit.c
tests_unit_test_file_lock_LDADD = $(UNIT_LIBS)
