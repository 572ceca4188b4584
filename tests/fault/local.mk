# Appends to p11_tests; see tests/local.mk.

# Before libc and libcrypto in the order of symbols, so it has to be a library of its own, and the
# first one of a program that has it.
check_LTLIBRARIES += tests/fault/libfault.la
tests_fault_libfault_la_SOURCES = \
	%D%/record.c \
	%D%/record.h \
	%D%/record_hooks.h \
	%D%/shim.c \
	%D%/shim.h \
	%D%/shim_files.c \
	%D%/shim_internal.h \
	%D%/shim_memory.c \
	%D%/shim_openssl.c
tests_fault_libfault_la_LDFLAGS = $(AM_LDFLAGS) -avoid-version -rpath /nowhere
tests_fault_libfault_la_LIBADD = $(OPENSSL_LIBS) $(DL_LIBS)
fault_libs = tests/fault/libfault.la $(p11_libs)
