# Known answers: appends to p11_tests; see tests/local.mk.

kat_sources = \
	%D%/calls.c \
	%D%/calls.h \
	%D%/cover.c \
	%D%/facts.c \
	%D%/facts.h \
	%D%/leg.c \
	%D%/negative.c \
	%D%/param.c \
	%D%/param.h \
	%D%/param_kdf.c \
	%D%/param_kdf.h \
	%D%/pool.c \
	%D%/pool.h \
	%D%/record.c \
	%D%/record.h \
	%D%/run.c \
	%D%/run.h \
	%D%/run_generate.c \
	%D%/run_key.c \
	%D%/table.c \
	%D%/table.h \
	%D%/tmpl.c \
	%D%/tmpl.h

p11_tests += tests/kat/test_kat
tests_kat_test_kat_SOURCES = $(kat_sources) \
	%D%/markdown.c \
	%D%/markdown.h \
	%D%/test_kat.c
tests_kat_test_kat_LDADD = $(p11_libs)

p11_tests += tests/kat/test_peers
tests_kat_test_peers_SOURCES = $(kat_sources) \
	%D%/lib/lib.c \
	%D%/lib/lib.h \
	%D%/lib/key.c \
	%D%/lib/public.c \
	%D%/lib/secret.c \
	%D%/make.c \
	%D%/make.h \
	%D%/test_peers.c
tests_kat_test_peers_LDADD = $(p11_libs)
# Without the wrapper of libtool: the program is started anew by its own name.
tests_kat_test_peers_LDFLAGS = $(AM_LDFLAGS) -no-install

EXTRA_DIST += scripts/mechanisms.sh
