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
tests_p11_test_slot_SOURCES = \
	%D%/kinds.c \
	%D%/kinds.h \
	%D%/slot.def \
	%D%/slot/events.c \
	%D%/slot/mechanisms.c \
	%D%/slot/rescan.c \
	%D%/slot/slot.h \
	%D%/slot/tries.c \
	%D%/test_slot.c
tests_p11_test_slot_LDADD = $(p11_libs)

p11_tests += tests/p11/test_session
tests_p11_test_session_SOURCES = \
	%D%/kinds.c \
	%D%/kinds.h \
	%D%/session.def \
	%D%/session/dual.c \
	%D%/session/dual.def \
	%D%/session/limits.c \
	%D%/session/operations.c \
	%D%/session/operations.def \
	%D%/session/session.h \
	%D%/test_session.c
tests_p11_test_session_LDADD = $(p11_libs)

native_tests += tests/p11/test_object
tests_p11_test_object_SOURCES = \
	%D%/kinds.c \
	%D%/kinds.h \
	%D%/object/access.c \
	%D%/object/attributes.c \
	%D%/object/copies.c \
	%D%/object/info.c \
	%D%/object/log.c \
	%D%/object/object.def \
	%D%/object/object.h \
	%D%/object/templates.c \
	%D%/object/test_object.c \
	%D%/object/values.c
tests_p11_test_object_LDADD = $(p11_libs)

native_tests += tests/p11/test_search
tests_p11_test_search_SOURCES = \
	%D%/search/calls.c \
	%D%/search/model.c \
	%D%/search/others.c \
	%D%/search/search.h \
	%D%/search/test_search.c
tests_p11_test_search_LDADD = $(p11_libs)

native_tests += tests/p11/test_crypto
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
tests_p11_test_concurrent_SOURCES = \
	%D%/concurrent/work.c \
	%D%/concurrent/work.h \
	%D%/kinds.c \
	%D%/kinds.h \
	%D%/test_concurrent.c
tests_p11_test_concurrent_LDADD = $(p11_libs)

native_tests += tests/p11/test_returns
tests_p11_test_returns_SOURCES = \
	%D%/kinds.c \
	%D%/kinds.h \
	%D%/returns/cipher.def \
	%D%/returns/coverage.c \
	%D%/returns/crypto.c \
	%D%/returns/crypto.def \
	%D%/returns/digest.def \
	%D%/returns/dual.def \
	%D%/returns/general.c \
	%D%/returns/general.def \
	%D%/returns/harm.c \
	%D%/returns/init.def \
	%D%/returns/key.c \
	%D%/returns/key.def \
	%D%/returns/never.def \
	%D%/returns/object.c \
	%D%/returns/object.def \
	%D%/returns/returns.h \
	%D%/returns/rows.h \
	%D%/returns/scene.c \
	%D%/returns/scene.h \
	%D%/returns/session.c \
	%D%/returns/session.def \
	%D%/returns/sign.def \
	%D%/returns/slot.c \
	%D%/returns/slot.def \
	%D%/returns/trouble.c \
	%D%/returns/trouble.def \
	%D%/returns/unlisted.def \
	%D%/returns/usual.def \
	%D%/test_returns.c
tests_p11_test_returns_LDADD = $(fault_libs)
if WITH_OBJECTSTORE_BACKEND_DB
tests_p11_test_returns_LDADD += $(SQLITE3_LIBS)
endif
# Without the wrapper of libtool: the program is started anew by its own name.
tests_p11_test_returns_LDFLAGS = $(AM_LDFLAGS) -no-install

p11_tests += tests/p11/test_keys
tests_p11_test_keys_SOURCES = %D%/kinds.c %D%/kinds.h %D%/keys/keys.def %D%/keys/test_keys.c
tests_p11_test_keys_LDADD = $(p11_libs)

p11_tests += tests/p11/test_kdf
tests_p11_test_kdf_SOURCES = %D%/kinds.c %D%/kinds.h %D%/keys/kdf.def %D%/keys/test_kdf.c
tests_p11_test_kdf_LDADD = $(p11_libs)

p11_tests += tests/p11/test_derived
tests_p11_test_derived_SOURCES = \
	%D%/keys/derived.def \
	%D%/keys/test_derived.c \
	%D%/kinds.c \
	%D%/kinds.h
tests_p11_test_derived_LDADD = $(p11_libs)

p11_tests += tests/p11/test_kdf_many
tests_p11_test_kdf_many_SOURCES = \
	%D%/keys/kdf_many.def \
	%D%/keys/test_kdf_many.c \
	%D%/kinds.c \
	%D%/kinds.h
tests_p11_test_kdf_many_LDADD = $(p11_libs)

p11_tests += tests/p11/test_log
tests_p11_test_log_SOURCES = %D%/kinds.c %D%/kinds.h %D%/log/test_log.c
tests_p11_test_log_LDADD = $(p11_libs)

p11_tests += tests/p11/test_fork
long_tests += tests/p11/test_fork
tests_p11_test_fork_SOURCES = %D%/fork/test_fork.c %D%/kinds.c %D%/kinds.h
tests_p11_test_fork_LDADD = $(p11_libs)

# The same programs on databases; the script needs those that it names.
p11_scripts =
if WITH_OBJECTSTORE_BACKEND_DB
p11_scripts += %D%/on_db.sh
endif
EXTRA_DIST += %D%/on_db.sh
