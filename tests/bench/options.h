#ifndef TESTS_BENCH_OPTIONS_H
#define TESTS_BENCH_OPTIONS_H

#include "bench/bench.h"

#define BACKENDS_MAX	16
#define LIST_MAX	16

struct backend {
	const char *name;
	const char *path;	/* NULL: libcrypto alone */
};

struct texts {
	const char *items[LIST_MAX];
	size_t count;
};

struct numbers {
	unsigned long items[LIST_MAX];
	size_t count;
};

/* What the command line asks for. */
struct options {
	struct backend backends[BACKENDS_MAX];	/* modules first, raw last */
	size_t backend_count;
	struct texts only;		/* patterns; none: the default selection */
	struct texts stores, syncs;
	struct numbers objects, threads, processes;
	unsigned rounds, limit;
	double seconds;
	unsigned long count, growth;
	const char *dir;		/* NULL: a temporary one */
	const char *base;		/* the module that ratios are to where there is no raw */
	const char *json;		/* file, or "-" */
	bool all, list, markdown, no_raw, prepare;
};

/* Reads the command line; ends the process when it is wrong, or asks for help. */
void options_read(int argc, char **argv, struct options *out);
bool options_select(const struct options *o, const struct workload *w);

#endif
