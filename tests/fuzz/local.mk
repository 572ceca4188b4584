# Hostile bytes: a target a program, see fuzz.h. To add one, write fuzz_NAME.c and a line
#
#	fuzz_programs += tests/fuzz/fuzz_NAME
#
# and put inputs into tests/data/fuzz/NAME. Its sources and libraries are the defaults: that
# file, and LDADD below.

check_LTLIBRARIES += tests/fuzz/libfuzz.la
# Flags of its own make objects of its own out of kinds.c, which programs of tests/p11 share.
tests_fuzz_libfuzz_la_CPPFLAGS = $(AM_CPPFLAGS)
tests_fuzz_libfuzz_la_SOURCES = \
	%D%/fuzz.h \
	%D%/input.c \
	%D%/parameter.c \
	%D%/template.c \
	%D%/world.c \
	tests/p11/kinds.c \
	tests/p11/kinds.h
if !WITH_FUZZING
tests_fuzz_libfuzz_la_SOURCES += %D%/driver.c
endif
LDADD = tests/fuzz/libfuzz.la $(FUZZ_ENGINE) $(TOOLS_LIBS)

fuzz_programs =
fuzz_programs += tests/fuzz/fuzz_conf
fuzz_programs += tests/fuzz/fuzz_der
fuzz_programs += tests/fuzz/fuzz_key_file
fuzz_programs += tests/fuzz/fuzz_mechanism
fuzz_programs += tests/fuzz/fuzz_object_file
fuzz_programs += tests/fuzz/fuzz_stored_object
fuzz_programs += tests/fuzz/fuzz_template

# The corpora are replayed as tests, but by the fuzzer itself where there is one.
if WITH_FUZZING
test_helpers += $(fuzz_programs)
else
fuzz_tests += $(fuzz_programs)
endif

# Seconds for each target; FUZZ_TARGETS picks some, FUZZ_CORPUS keeps what is found between runs.
FUZZ_SECONDS = 60
FUZZ_TARGETS = $(fuzz_programs)
FUZZ_CORPUS =
fuzz-smoke: $(FUZZ_TARGETS)
	@$(AM_TESTS_ENVIRONMENT) FUZZ_SECONDS='$(FUZZ_SECONDS)' FUZZ_CORPUS='$(FUZZ_CORPUS)' \
		$(SHELL) $(srcdir)/tests/fuzz/smoke.sh $(FUZZ_TARGETS)
.PHONY: fuzz-smoke
EXTRA_DIST += %D%/smoke.sh
