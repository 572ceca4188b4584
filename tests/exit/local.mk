# Appends to interop_tests, since they need the same: hosts of all kinds.

test_helpers += tests/exit/host
tests_exit_host_SOURCES = %D%/host.c
tests_exit_host_LDADD = $(DL_LIBS)

check_LTLIBRARIES += tests/exit/liblate.la
tests_exit_liblate_la_SOURCES = %D%/late.c
tests_exit_liblate_la_LDFLAGS = $(AM_LDFLAGS) -module -avoid-version -rpath /nowhere
tests_exit_liblate_la_LIBADD = $(DL_LIBS)

interop_tests += %D%/host.sh %D%/java.sh %D%/node.sh %D%/openssl_default.sh \
	%D%/programs.sh %D%/proxy.sh %D%/python.sh
long_tests += %D%/host.sh %D%/java.sh %D%/node.sh %D%/openssl_default.sh \
	%D%/programs.sh %D%/python.sh

EXTRA_DIST += %D%/Host.java %D%/client.py %D%/host.js %D%/lib.sh
