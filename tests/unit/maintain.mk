# Appends to unit_tests; see tests/local.mk.
maintain_help = %D%/unit.c %D%/store_help.c %D%/store_help.h

unit_tests += tests/unit/test_archive
tests_unit_test_archive_SOURCES = %D%/maintain/test_archive.c $(maintain_help)
tests_unit_test_archive_LDADD = $(UNIT_LIBS)

unit_tests += tests/unit/test_move
tests_unit_test_move_SOURCES = %D%/maintain/test_move.c %D%/maintain/move_help.c \
	%D%/maintain/move_help.h $(maintain_help)
tests_unit_test_move_LDADD = $(UNIT_LIBS)

unit_tests += tests/unit/test_inspect
tests_unit_test_inspect_SOURCES = %D%/maintain/test_inspect.c $(maintain_help)
tests_unit_test_inspect_LDADD = $(UNIT_LIBS)
