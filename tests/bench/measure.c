/* One run: the clock around the operations, in one thread. */
#include "config.h"

#include "bench/measure.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "bench/loop.h"
#include "bench/module.h"

double wall_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

double cpu_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* So many operations that looking at the clock costs nothing; few enough to keep them all. */
#define BATCH_SECONDS	0.001
#define BATCH_MAX	65536u
#define BATCH_KEPT	32u	/* when there is something to do before or after each */

static CK_RV repeat(struct run *r, const struct job *job, unsigned long n)
{
	CK_RV rv = CKR_OK;

	for (unsigned long i = 0; rv == CKR_OK && i < n; i++)
		rv = job->op(r);
	return rv;
}

CK_RV run_batch(struct run *r, const struct job *job, unsigned long n, struct sample *sum)
{
	CK_RV rv = job->before != NULL ? job->before(r, n) : CKR_OK;
	double wall, cpu;

	if (rv != CKR_OK)
		return rv;
	wall = sum != NULL ? wall_now() : 0;
	cpu = sum != NULL ? cpu_now() : 0;
	rv = repeat(r, job, n);
	if (sum != NULL) {
		sum->cpu += cpu_now() - cpu;
		sum->wall += wall_now() - wall;
		sum->ops += (double)n * (double)r->scale;
	}
	return rv == CKR_OK && job->after != NULL ? job->after(r, n) : rv;
}

/* Batches for so long, each twice as large as the one before until it is long enough. */
static CK_RV run_for(struct run *r, const struct job *job, double seconds, unsigned long *batch,
		     struct sample *sum)
{
	bool kept = job->before != NULL || job->after != NULL;
	double end = wall_now() + 20 * seconds;
	CK_RV rv;

	*sum = (struct sample){ .ok = true };
	do {
		double before = sum->wall;

		rv = run_batch(r, job, *batch, sum);
		if (sum->wall - before < BATCH_SECONDS && *batch < (kept ? BATCH_KEPT : BATCH_MAX))
			*batch *= 2;
	} while (rv == CKR_OK && sum->wall < seconds && wall_now() < end);
	return rv;
}

CK_RV run_timed(struct run *r, const struct workload *w, const struct job *job, double seconds,
		struct sample *out)
{
	unsigned long batch = 1;
	CK_RV rv;

	if ((w->flags & COLD) != 0) {
		*out = (struct sample){ .ok = true };
		return run_batch(r, job, 1, out);
	}
	rv = run_for(r, job, seconds / 5, &batch, out);
	return rv == CKR_OK ? run_for(r, job, seconds, &batch, out) : rv;
}

CK_RV run_open(struct run *r, const struct workload *w, bool first)
{
	CK_RV rv = CKR_OK;

	if (r->setup->path == NULL || w->opened == OPEN_NOTHING)
		return CKR_OK;
	if (first)
		rv = module_load(r);
	if (rv == CKR_OK && first && w->opened == OPEN_LOGGED_IN)
		rv = module_start(r);
	if (rv == CKR_OK && w->opened == OPEN_LOGGED_IN)
		rv = session_start(r);
	return rv;
}

void run_init(struct run *r, const struct task *t, unsigned long worker)
{
	*r = (struct run){
		.setup = t->setup,
		.arg = t->workload->arg,
		.seed = 0x9e3779b97f4a7c15u * (worker + 1),
		.scale = 1,
		.growth = t->growth,
	};
}

const struct job *task_job(const struct task *t)
{
	return t->setup->path == NULL ? t->workload->raw : t->workload->job;
}

int task_count(const struct task *t, unsigned long count)
{
	const struct job *job = task_job(t);
	char error[112];
	struct run r;
	CK_RV rv;

	run_init(&r, t, 0);
	rv = run_open(&r, t->workload, true);
	if (rv == CKR_OK)
		rv = job->start(&r);
	while (rv == CKR_OK && count > 0) {
		unsigned long n = count < BATCH_KEPT ? count : BATCH_KEPT;

		rv = run_batch(&r, job, n, NULL);
		count -= n;
	}
	if (rv == CKR_OK)
		return 0;
	explain(&r, rv, error, sizeof(error));
	fprintf(stderr, "bench: %s: %s\n", t->workload->name, error);
	return 1;
}
