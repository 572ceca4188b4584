# Appends to p11_tests; see tests/local.mk.

check_LTLIBRARIES += tests/p11/libharness.la
tests_p11_libharness_la_SOURCES = \
	%D%/harness.c \
	%D%/harness.h \
	%D%/internal.h \
	%D%/known_differences.def \
	%D%/rows.h \
	%D%/surroundings.c
p11_libs = tests/p11/libharness.la $(P11_LIBS)

p11_tests += tests/p11/test_general
tests_p11_test_general_SOURCES = %D%/test_general.c %D%/general.def %D%/calls.def
tests_p11_test_general_LDADD = $(p11_libs)

p11_tests += tests/p11/test_slot
tests_p11_test_slot_SOURCES = %D%/test_slot.c %D%/slot.def
tests_p11_test_slot_LDADD = $(p11_libs)

p11_tests += tests/p11/test_session
tests_p11_test_session_SOURCES = %D%/test_session.c %D%/session.def
tests_p11_test_session_LDADD = $(p11_libs)

p11_tests += tests/p11/test_object
tests_p11_test_object_SOURCES = \
	%D%/kinds.c \
	%D%/kinds.h \
	%D%/object.def \
	%D%/object.h \
	%D%/object_access.c \
	%D%/object_attributes.c \
	%D%/test_object.c
tests_p11_test_object_LDADD = $(p11_libs)

p11_tests += tests/p11/test_crypto
tests_p11_test_crypto_SOURCES = \
	%D%/crypto.def \
	%D%/crypto.h \
	%D%/crypto_cipher.c \
	%D%/crypto_digest.c \
	%D%/crypto_keygen.c \
	%D%/crypto_sign.c \
	%D%/kinds.c \
	%D%/kinds.h \
	%D%/peer.c \
	%D%/peer.h \
	%D%/test_crypto.c
tests_p11_test_crypto_LDADD = $(p11_libs)

p11_tests += tests/p11/test_fixtures
tests_p11_test_fixtures_SOURCES = \
	%D%/fixtures.def \
	%D%/peer.c \
	%D%/peer.h \
	%D%/test_fixtures.c
tests_p11_test_fixtures_LDADD = $(p11_libs)

p11_tests += tests/p11/test_concurrent
tests_p11_test_concurrent_SOURCES = %D%/kinds.c %D%/kinds.h %D%/test_concurrent.c
tests_p11_test_concurrent_LDADD = $(p11_libs)
