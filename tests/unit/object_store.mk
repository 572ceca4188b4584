store_help = %D%/unit.c %D%/store_help.c %D%/store_help.h

unit_tests += tests/unit/test_file_format
tests_unit_test_file_format_SOURCES = %D%/object_store/test_file_format.c %D%/unit.c
tests_unit_test_file_format_LDADD = $(UNIT_LIBS)

unit_tests += tests/unit/test_file_lock
tests_unit_test_file_lock_SOURCES = %D%/object_store/test_file_lock.c %D%/unit.c
tests_unit_test_file_lock_LDADD = $(UNIT_LIBS)

unit_tests += tests/unit/test_store
tests_unit_test_store_SOURCES = %D%/object_store/test_store.c $(store_help)
tests_unit_test_store_LDADD = $(UNIT_LIBS)

unit_tests += tests/unit/test_store_file
tests_unit_test_store_file_SOURCES = %D%/object_store/test_store_file.c $(store_help)
tests_unit_test_store_file_LDADD = $(UNIT_LIBS)

unit_tests += tests/unit/test_store_hostile
tests_unit_test_store_hostile_SOURCES = %D%/object_store/test_store_hostile.c $(store_help)
tests_unit_test_store_hostile_LDADD = $(UNIT_LIBS)

unit_tests += tests/unit/test_store_token
tests_unit_test_store_token_SOURCES = %D%/object_store/test_store_token.c $(store_help)
tests_unit_test_store_token_LDADD = $(UNIT_LIBS)

unit_tests += tests/unit/test_store_crash
tests_unit_test_store_crash_SOURCES = %D%/object_store/test_store_crash.c $(store_help)
tests_unit_test_store_crash_LDADD = $(UNIT_LIBS)

if WITH_OBJECTSTORE_BACKEND_DB
unit_tests += tests/unit/test_store_db
tests_unit_test_store_db_SOURCES = %D%/object_store/test_store_db.c $(store_help)
tests_unit_test_store_db_LDADD = $(UNIT_LIBS)

unit_tests += tests/unit/test_store_db_use
tests_unit_test_store_db_use_SOURCES = %D%/object_store/test_store_db_use.c $(store_help)
tests_unit_test_store_db_use_LDADD = $(UNIT_LIBS)
endif
