# The tests. A fragment per folder appends its programs and scripts to one of
# the lists below; "make check" builds and runs them all.
#
#	unit_tests += tests/unit/test_buf
#	tests_unit_test_buf_SOURCES = %D%/test_buf.c
#	tests_unit_test_buf_LDADD = $(UNIT_LIBS)
#
#	p11_tests += tests/p11/test_slot
#	tests_p11_test_slot_SOURCES = %D%/test_slot.c
#	tests_p11_test_slot_LDADD = $(P11_LIBS)
#
#	cli_tests += %D%/init_token.sh
#
# Scripts are found in the source tree and end in .sh.

unit_tests =
p11_tests =
# Like p11_tests, but not under valgrind: they start thousands of processes, count
# system calls, or would take minutes there. A sanitizer sees them all.
native_tests =
cli_tests =
interop_tests =
# Like p11_tests, and all of them long_tests, too.
stress_tests =
# Those that do far more with CHECK_LONG in the environment ("make check-long").
long_tests =
# Programs that replay files, made of fuzz targets.
fuzz_tests =
# Programs that tests run.
test_helpers =

# Unit tests link the library itself; p11 tests see only the built module.
UNIT_LIBS = libcore.la $(CUNIT_LIBS) $(OPENSSL_LIBS) $(DL_LIBS)
P11_LIBS = $(CUNIT_LIBS) $(OPENSSL_LIBS) $(DL_LIBS)
AM_CPPFLAGS += -I$(top_srcdir)/tests $(CUNIT_CFLAGS)

include tests/unit/bin.mk
include tests/unit/pkcs11.mk
include tests/unit/common.mk
include tests/unit/crypto.mk
include tests/unit/object_store.mk
include tests/unit/object.mk
include tests/unit/slot.mk
include tests/unit/maintain.mk
include tests/unit/session.mk
include tests/p11/local.mk
include tests/p11/misuse/local.mk
include tests/fault/local.mk
include tests/p11/hostile/local.mk
include tests/kat/local.mk
include tests/fuzz/local.mk
include tests/cli/local.mk
include tests/install/local.mk
include tests/interop/local.mk
include tests/docs/local.mk
include tests/bench/local.mk
include tests/exit/local.mk
include tests/stress/local.mk

# "make check MODULE=FILE" runs the p11 and interop tests on another module.
MODULE = $(abs_top_builddir)/.libs/libsofthsm2.so
SOFTHSM2_UTIL = $(abs_top_builddir)/softhsm2-util

TEST_EXTENSIONS = .sh
SH_LOG_COMPILER = $(SHELL)
AM_TESTS_ENVIRONMENT = \
	unset SOFTHSM2_CONF; \
	MODULE='$(MODULE)'; export MODULE; \
	SOFTHSM2_UTIL='$(SOFTHSM2_UTIL)'; export SOFTHSM2_UTIL; \
	TEST_HELPERS='$(abs_top_builddir)/tests'; export TEST_HELPERS; \
	TEST_DATA='$(abs_top_srcdir)/tests/data'; export TEST_DATA; \
	TMPDIR="$${TMPDIR:-/tmp}"; export TMPDIR; \
	SANITIZERS='$(SANITIZERS)'; export SANITIZERS; \
	LC_ALL=C; export LC_ALL;

all_tests = $(unit_tests) $(p11_tests) $(native_tests) $(fuzz_tests) $(stress_tests)
if HAVE_CUNIT
check_PROGRAMS = $(all_tests) $(test_helpers)
TESTS = $(all_tests) $(p11_scripts) $(cli_tests) $(interop_tests)
else
EXTRA_PROGRAMS += $(all_tests) $(test_helpers)
TESTS =
check-local:
	@echo "make check needs CUnit (Debian: libcunit1-dev);" \
		"install it and run configure again" >&2; exit 1
endif

EXTRA_DIST += $(cli_tests) $(interop_tests) tests/data

check-interop: all
	$(MAKE) $(AM_MAKEFLAGS) check TESTS='$(interop_tests)'
check-long: all
	CHECK_LONG=1 $(MAKE) $(AM_MAKEFLAGS) check TESTS='$(long_tests) $(stress_tests)'
.PHONY: check-interop check-long

# The C tests under valgrind; a leak or an invalid access fails the test.
VALGRIND_FLAGS = --quiet --leak-check=full --error-exitcode=1 \
	--keep-debuginfo=yes --suppressions=$(abs_top_srcdir)/tests/valgrind.supp
EXTRA_DIST += tests/valgrind.supp

# So slow there that the address sanitizer has to do for them.
not_for_valgrind = tests/unit/test_keytype_values tests/unit/test_dlog tests/kat/test_peers

check-valgrind: all
	@if test '$(VALGRIND)' = no; then \
		echo "check-valgrind needs valgrind; install it and run configure again" >&2; \
		exit 1; fi
	MISUSE_SHARE=16 $(MAKE) $(AM_MAKEFLAGS) check \
		TESTS='$(filter-out $(not_for_valgrind),$(unit_tests) $(p11_tests))' \
		LOG_COMPILER='$(LIBTOOL) --mode=execute $(VALGRIND) $(VALGRIND_FLAGS)'
.PHONY: check-valgrind

# The tests of the interface, and of the tools, on databases instead of files.
check-db: all
	TEST_BACKEND=db $(MAKE) $(AM_MAKEFLAGS) check \
		TESTS='$(p11_tests) $(filter tests/p11/test_%,$(native_tests)) $(cli_tests)'
.PHONY: check-db

# The C tests of a build with --enable-coverage, and what they reached of src/lib.
if WITH_COVERAGE
coverage: all
	find . -name '*.gcda' -exec rm -f {} +
	@status=0; \
	$(MAKE) $(AM_MAKEFLAGS) check TESTS='$(unit_tests) $(p11_tests) $(native_tests)' || status=1; \
	$(SHELL) $(srcdir)/scripts/coverage.sh . || status=1; exit $$status

clean-local:
	find . -name '*.gc??' -exec rm -f {} +
else
coverage:
	@echo "coverage needs a build with configure --enable-coverage" >&2; exit 1
endif
.PHONY: coverage
