unit_tests += tests/unit/test_abi
tests_unit_test_abi_SOURCES = %D%/pkcs11/test_abi.c %D%/abi/abi.h
nodist_tests_unit_test_abi_SOURCES = tests/unit/abi/abi_tables.c
tests_unit_test_abi_LDADD = $(UNIT_LIBS)

abi_awk = $(srcdir)/%D%/abi/abi.awk
abi_data = \
	$(srcdir)/tests/data/pkcs11/constants.csv \
	$(srcdir)/tests/data/pkcs11/mechanisms.csv \
	$(srcdir)/tests/data/pkcs11/attributes.csv \
	$(srcdir)/tests/data/pkcs11/structs.csv \
	$(srcdir)/tests/data/pkcs11/functions.csv

tests/unit/abi/abi_tables.c: $(abi_awk) $(abi_data)
	$(AM_V_GEN)$(MKDIR_P) tests/unit/abi && \
		$(AWK) -f $(abi_awk) $(abi_data) >$@.tmp && mv $@.tmp $@

CLEANFILES += tests/unit/abi/abi_tables.c
EXTRA_DIST += %D%/abi/abi.awk

cli_tests += %D%/abi/regenerate.sh %D%/abi/cplusplus.sh
