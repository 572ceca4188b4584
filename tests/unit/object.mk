# Appends to unit_tests; see tests/local.mk.
unit_tests += tests/unit/test_attr tests/unit/test_attr_table tests/unit/test_object
tests_unit_test_attr_SOURCES = %D%/object/test_attr.c %D%/unit.c
tests_unit_test_attr_LDADD = $(UNIT_LIBS)
tests_unit_test_attr_table_SOURCES = %D%/object/test_attr_table.c %D%/unit.c
tests_unit_test_attr_table_LDADD = $(UNIT_LIBS)
tests_unit_test_object_SOURCES = %D%/object/test_object.c %D%/unit.c
tests_unit_test_object_LDADD = $(UNIT_LIBS)
unit_tests += tests/unit/test_index
tests_unit_test_index_SOURCES = %D%/object/test_index.c %D%/unit.c %D%/nomem.c
tests_unit_test_index_LDADD = $(UNIT_LIBS)
tests_unit_test_index_LDFLAGS = $(AM_LDFLAGS) $(NOMEM_FLAGS)
