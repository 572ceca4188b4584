#ifndef TESTS_BENCH_MEASURE_H
#define TESTS_BENCH_MEASURE_H

#include "bench/bench.h"

/* What is run once, for one backend. */
struct task {
	const struct workload *workload;
	const struct setup *setup;
	unsigned long workers;		/* threads or processes, by the workload's axis */
	double seconds;			/* how long to measure */
	unsigned long growth;
	unsigned limit;			/* seconds after which it is given up */
};

/*
 * Runs the task in a process of its own and waits for it. Errors, crashes and
 * time that ran out are told in *out.
 */
void task_run(const struct task *t, struct sample *out);
/* Makes the token of a setup in a process of its own; false with the reason in `error`. */
bool task_prepare(const struct setup *s, char *error, size_t size);
/* Does exactly `count` operations in this process; returns its exit status. */
int task_count(const struct task *t, unsigned long count);

#endif
