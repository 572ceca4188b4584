# Appends to p11_tests; see tests/local.mk.

# Wrong arguments. Functions and parameters come from functions.def.
misuse_sources = \
	tests/p11/kinds.c \
	tests/p11/kinds.h \
	%D%/answers.def \
	%D%/entries.c \
	%D%/function.c \
	%D%/memory.c \
	%D%/misuse.h \
	%D%/parameter.c \
	%D%/parameter.h \
	%D%/parameter_kdf.c \
	%D%/trial.c \
	%D%/values.c \
	%D%/world.c

p11_tests += tests/p11/misuse/test_misuse
tests_p11_misuse_test_misuse_SOURCES = $(misuse_sources) %D%/test_misuse.c
tests_p11_misuse_test_misuse_LDADD = $(p11_libs)

p11_tests += tests/p11/misuse/test_random_calls
tests_p11_misuse_test_random_calls_SOURCES = $(misuse_sources) %D%/test_random_calls.c
tests_p11_misuse_test_random_calls_LDADD = $(p11_libs)

# Not where a sanitizer has its own malloc; then there are no rows.
p11_tests += tests/p11/misuse/test_nomem
tests_p11_misuse_test_nomem_SOURCES = $(misuse_sources) %D%/test_nomem.c
tests_p11_misuse_test_nomem_LDADD = $(fault_libs)

p11_tests += tests/p11/misuse/test_nofile
tests_p11_misuse_test_nofile_SOURCES = $(misuse_sources) %D%/test_nofile.c
tests_p11_misuse_test_nofile_LDADD = $(fault_libs)
