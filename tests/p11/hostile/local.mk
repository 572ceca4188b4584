# Appends to native_tests; see tests/local.mk.

# Damaged files. make check tries a share of the damages, make check-long all.
native_tests += tests/p11/hostile/test_hostile
long_tests += tests/p11/hostile/test_hostile
tests_p11_hostile_test_hostile_SOURCES = \
	tests/p11/kinds.c \
	tests/p11/kinds.h \
	%D%/hostile.h \
	%D%/scene.c \
	%D%/test_hostile.c \
	%D%/visit.c
tests_p11_hostile_test_hostile_LDADD = $(p11_libs)
