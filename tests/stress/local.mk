# Appends to stress_tests; see tests/local.mk.

stress_sources = \
	tests/p11/concurrent/work.c \
	tests/p11/concurrent/work.h \
	tests/p11/kinds.c \
	tests/p11/kinds.h \
	%D%/stress.c \
	%D%/stress.h

stress_tests += tests/stress/test_threads
tests_stress_test_threads_SOURCES = $(stress_sources) %D%/test_threads.c
tests_stress_test_threads_LDADD = $(p11_libs)

stress_tests += tests/stress/test_kill
tests_stress_test_kill_SOURCES = \
	$(stress_sources) \
	%D%/kill.h \
	%D%/kill_check.c \
	%D%/kill_child.c \
	%D%/test_kill.c
tests_stress_test_kill_LDADD = $(p11_libs)

stress_tests += tests/stress/test_processes
tests_stress_test_processes_SOURCES = $(stress_sources) %D%/test_processes.c
tests_stress_test_processes_LDADD = $(p11_libs)

stress_tests += tests/stress/test_secrets
tests_stress_test_secrets_SOURCES = \
	$(stress_sources) \
	%D%/memory.c \
	%D%/memory.h \
	%D%/test_secrets.c \
	%D%/vault.c \
	%D%/vault.h
tests_stress_test_secrets_LDADD = $(p11_libs)

stress_tests += tests/stress/test_soak
tests_stress_test_soak_SOURCES = $(stress_sources) %D%/test_soak.c
tests_stress_test_soak_LDADD = $(p11_libs)
