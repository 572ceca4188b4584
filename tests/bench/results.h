#ifndef TESTS_BENCH_RESULTS_H
#define TESTS_BENCH_RESULTS_H

#include "bench/options.h"

/* A workload at one number of objects, threads or processes, with one store. */
struct cell {
	const struct workload *workload;
	unsigned long at;	/* along the workload's axis; 0 without one */
	unsigned long objects;	/* in the token */
	const char *store, *sync;
	unsigned rounds;
	struct sample *samples;	/* [backend * rounds + round] */
};

struct results {
	const struct options *options;
	struct cell *cells;
	size_t count;
};

/* Median, least and greatest of the rounds. */
struct figure {
	bool ok;
	double median, min, max;
};

/* Makes a cell for each thing that the options select; false when memory runs out. */
bool results_plan(const struct options *o, struct results *out);
void results_free(struct results *r);

const struct sample *cell_sample(const struct cell *c, size_t backend, unsigned round);
/* NULL when all rounds went well. */
const char *cell_error(const struct cell *c, size_t backend);
/* Is there anything to run? Not for raw where libcrypto has no part in it. */
bool cell_has(const struct results *r, const struct cell *c, size_t backend);
/* The backend that ratios of this cell are to. */
size_t cell_base(const struct results *r, const struct cell *c);
/* Microseconds of CPU and number a second, of one operation; the value of a job that measures. */
struct figure cell_cpu(const struct cell *c, size_t backend);
struct figure cell_rate(const struct cell *c, size_t backend);
struct figure cell_value(const struct cell *c, size_t backend);
/* How much faster a backend is than another one, round by round. */
struct figure cell_ratio(const struct cell *c, size_t backend, size_t base, enum basis basis);

/* The cell of that workload; NULL if there is none. at 0: any; sync NULL: any. */
const struct cell *results_find(const struct results *r, const char *workload, unsigned long at,
				const char *store, const char *sync);
/* Exponent e of CPU time ~ objects^e, by least squares over the cells of a workload. */
struct figure results_exponent(const struct results *r, const char *workload, const char *store,
			       size_t backend);
/* Growth of the value with each object, by least squares. */
struct figure results_slope(const struct results *r, const char *workload, const char *store,
			    size_t backend);

#endif
