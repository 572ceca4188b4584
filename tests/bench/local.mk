# "make bench BENCH_FLAGS=..." measures speed; see docs/PERFORMANCE.md. Not one
# of the tests: a loaded machine proves nothing.

bench_program = tests/bench/bench
tests_bench_bench_SOURCES = \
	%D%/bench.h \
	%D%/cost.c \
	%D%/jobs.h \
	%D%/crypto.c \
	%D%/crypto.h \
	%D%/keys.c \
	%D%/keys.h \
	%D%/loop.h \
	%D%/main.c \
	%D%/measure.c \
	%D%/measure.h \
	%D%/module.c \
	%D%/module.h \
	%D%/objects.c \
	%D%/options.c \
	%D%/options.h \
	%D%/raw.c \
	%D%/report.c \
	%D%/report.h \
	%D%/results.c \
	%D%/results.h \
	%D%/run.c \
	%D%/sessions.c \
	%D%/targets.c \
	%D%/task.c \
	%D%/workloads.c \
	src/lib/pkcs11/names.c
tests_bench_bench_CPPFLAGS = $(AM_CPPFLAGS)
tests_bench_bench_LDADD = $(OPENSSL_LIBS) $(DL_LIBS) -lm
# Without the wrapper of libtool: strace and valgrind run the program itself.
tests_bench_bench_LDFLAGS = $(AM_LDFLAGS) -no-install

EXTRA_PROGRAMS = $(bench_program)
CLEANFILES += $(bench_program)

BENCH_FLAGS =
bench: all $(bench_program)
	MODULE='$(MODULE)' $(bench_program) $(BENCH_FLAGS)
.PHONY: bench

# Counts instead of times, so any machine will do.
GUARD_FLAGS =
bench-guard: all $(bench_program)
	@MODULE='$(MODULE)' BENCH=$(bench_program) SANITIZERS='$(SANITIZERS)' \
		$(SHELL) $(srcdir)/tests/bench/guard.sh $(GUARD_FLAGS) || test $$? -eq 77
check-long: bench-guard
.PHONY: bench-guard check-long

EXTRA_DIST += %D%/guard.sh %D%/guard.txt
