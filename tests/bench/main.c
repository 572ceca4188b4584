#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/measure.h"
#include "bench/module.h"
#include "bench/report.h"

/* The part of `dir` that is made here goes in the end. */
struct program {
	struct options options;
	struct results results;
	char dir[4096];
	bool temporary;
};

static bool choose_dir(struct program *p)
{
	const char *tmp = getenv("TMPDIR");

	if (p->options.dir != NULL) {
		char *full = realpath(p->options.dir, NULL);

		if (full == NULL)
			perror(p->options.dir);
		else
			snprintf(p->dir, sizeof(p->dir), "%s", full);
		free(full);
		return p->dir[0] != '\0';
	}
	snprintf(p->dir, sizeof(p->dir), "%s/bench.XXXXXX", tmp != NULL ? tmp : "/tmp");
	p->temporary = mkdtemp(p->dir) != NULL;
	if (!p->temporary)
		perror(p->dir);
	return p->temporary;
}

static struct setup setup_of(const struct program *p, const struct cell *c, size_t backend)
{
	return (struct setup){
		.name = p->options.backends[backend].name,
		.path = p->options.backends[backend].path,
		.store = c->store,
		.sync = c->sync,
		.dir = p->dir,
		.fixture = c->workload->fixture,
		.objects = c->objects,
	};
}

static struct task task_of(const struct program *p, const struct cell *c,
			   const struct setup *setup)
{
	return (struct task){
		.workload = c->workload,
		.setup = setup,
		.workers = c->at,
		.seconds = p->options.seconds,
		.growth = p->options.growth,
		.limit = p->options.limit,
	};
}

static struct sample *sample_of(const struct cell *c, size_t backend, unsigned round)
{
	return &c->samples[backend * c->rounds + round];
}

/* The token for one backend; an error is that of all its rounds. */
static bool prepare(const struct program *p, const struct cell *c, size_t backend)
{
	struct setup s = setup_of(p, c, backend);
	char error[112];

	if (task_prepare(&s, error, sizeof(error)))
		return true;
	for (unsigned i = 0; i < c->rounds; i++)
		snprintf(sample_of(c, backend, i)->error, sizeof(error), "no token: %.90s", error);
	return false;
}

/* Rounds begin with another backend each: A B C, B C A, and so on. */
static void run_cell(const struct program *p, const struct cell *c)
{
	size_t n = p->options.backend_count;
	bool ready[BACKENDS_MAX] = { false };

	for (size_t b = 0; b < n; b++)
		ready[b] = cell_has(&p->results, c, b) && prepare(p, c, b);
	for (unsigned round = 0; round < c->rounds; round++)
		for (size_t i = 0; i < n; i++) {
			size_t b = (i + round) % n;
			struct setup s = setup_of(p, c, b);
			struct task t = task_of(p, c, &s);

			if (ready[b])
				task_run(&t, sample_of(c, b, round));
		}
}

/* A store that none of the modules has is left out. */
static bool store_works(const struct program *p, const char *store)
{
	bool any = false;

	for (size_t b = 0; b < p->options.backend_count; b++) {
		struct setup s = {
			.name = p->options.backends[b].name,
			.path = p->options.backends[b].path,
			.store = store,
			.dir = p->dir,
			.fixture = WITH_KEYS,
		};
		char error[112];

		if (s.path == NULL)
			continue;
		if (task_prepare(&s, error, sizeof(error)))
			any = true;
		else
			fprintf(stderr, "bench: %s has no %s store: %s\n", s.name, store, error);
	}
	return any;
}

static void drop_stores(struct program *p)
{
	struct texts *stores = &p->options.stores;
	size_t kept = 0;

	for (size_t i = 0; i < stores->count; i++)
		if (store_works(p, stores->items[i]))
			stores->items[kept++] = stores->items[i];
	stores->count = kept;
}

static int list(const struct options *o)
{
	for (size_t i = 0; i < workload_count; i++)
		if (o->only.count == 0 || options_select(o, &workloads[i]))
			printf("%s%s\n", workloads[i].name,
			       (workloads[i].flags & IN_DEFAULT) != 0 ? "" : " (--all)");
	return 0;
}

/* --count: the first cell that is selected, with the first module. */
static int count(const struct program *p)
{
	const struct cell *c = &p->results.cells[0];
	struct setup s = setup_of(p, c, 0);
	struct task t = task_of(p, c, &s);
	char error[112];

	if (!fixture_exists(&s) && !task_prepare(&s, error, sizeof(error))) {
		fprintf(stderr, "bench: no token: %s\n", error);
		return 1;
	}
	return task_count(&t, p->options.count);
}

static int prepare_all(const struct program *p)
{
	int bad = 0;

	for (size_t i = 0; i < p->results.count; i++)
		for (size_t b = 0; b < p->options.backend_count; b++) {
			const struct cell *c = &p->results.cells[i];

			if (cell_has(&p->results, c, b) && !prepare(p, c, b)) {
				fprintf(stderr, "bench: %s: %s\n", p->options.backends[b].name,
					cell_error(c, b));
				bad = 1;
			}
		}
	return bad;
}

static bool write_json(const struct program *p)
{
	const char *path = p->options.json;
	bool to_stdout = strcmp(path, "-") == 0;
	FILE *f = to_stdout ? stdout : fopen(path, "w");

	if (f == NULL) {
		perror(path);
		return false;
	}
	report_json(f, &p->results);
	return to_stdout ? fflush(f) == 0 : fclose(f) == 0;
}

/* The table goes to stderr when stdout is for another form. */
static int measure(const struct program *p)
{
	const struct options *o = &p->options;
	bool other = o->markdown || (o->json != NULL && strcmp(o->json, "-") == 0);
	FILE *f = other ? stderr : stdout;

	report_head(f);
	for (size_t i = 0; i < p->results.count; i++) {
		run_cell(p, &p->results.cells[i]);
		report_cell(f, &p->results, &p->results.cells[i]);
	}
	report_growth(f, &p->results);
	if (o->markdown)
		report_targets(stdout, &p->results);
	return o->json == NULL || write_json(p) ? 0 : 1;
}

static int run(struct program *p)
{
	if (p->options.count == 0)
		drop_stores(p);
	if (!results_plan(&p->options, &p->results)) {
		fprintf(stderr, "bench: out of memory\n");
		return 1;
	}
	if (p->results.count == 0) {
		fprintf(stderr, "bench: nothing is selected; --list shows the workloads\n");
		return 2;
	}
	if (p->options.count > 0)
		return count(p);
	return p->options.prepare ? prepare_all(p) : measure(p);
}

int main(int argc, char **argv)
{
	static struct program p;
	int status = 1;

	options_read(argc, argv, &p.options);
	if (p.options.list)
		return list(&p.options);
	if (choose_dir(&p))
		status = run(&p);
	if (p.temporary)
		tree_remove(p.dir);
	results_free(&p.results);
	return status;
}
