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

fault_sources = \
	tests/p11/kinds.c \
	tests/p11/kinds.h \
	%D%/run.c \
	%D%/run.h \
	%D%/script.c \
	%D%/script.h \
	%D%/state.c \
	%D%/state.h

native_tests += tests/fault/test_fault
tests_fault_test_fault_SOURCES = $(fault_sources) %D%/test_fault.c
tests_fault_test_fault_LDADD = $(fault_libs)
if WITH_OBJECTSTORE_BACKEND_DB
tests_fault_test_fault_SOURCES += %D%/vfs.c %D%/vfs.h
tests_fault_test_fault_LDADD += $(SQLITE3_LIBS)
endif

native_tests += tests/fault/test_powercut
tests_fault_test_powercut_SOURCES = \
	$(fault_sources) \
	%D%/replay.c \
	%D%/replay.h \
	%D%/test_powercut.c
tests_fault_test_powercut_LDADD = $(fault_libs)

long_tests += tests/fault/test_fault tests/fault/test_powercut
