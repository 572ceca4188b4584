# Appends to interop_tests, since they need the same: hosts of all kinds.

test_helpers += tests/exit/host
tests_exit_host_SOURCES = %D%/host.c
tests_exit_host_LDADD = $(DL_LIBS)

interop_tests += %D%/host.sh
long_tests += %D%/host.sh

EXTRA_DIST += %D%/lib.sh
