#ifndef TESTS_BENCH_LOOP_H
#define TESTS_BENCH_LOOP_H

#include "bench/measure.h"

/* Between measure.c, the clock, and task.c, the processes and threads around it. */

double wall_now(void);
double cpu_now(void);	/* user + system time of this process */
const struct job *task_job(const struct task *t);
void run_init(struct run *r, const struct task *t, unsigned long worker);
/* The state that the workload starts in; `first` in a process also loads the module. */
CK_RV run_open(struct run *r, const struct workload *w, bool first);
/* n operations, added to *sum; without one the clock is not even looked at. */
CK_RV run_batch(struct run *r, const struct job *job, unsigned long n, struct sample *sum);
/* Warms up, then measures for so long. */
CK_RV run_timed(struct run *r, const struct workload *w, const struct job *job, double seconds,
		struct sample *out);

#endif
