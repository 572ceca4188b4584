#include "config.h"

#include "bench/results.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define ROUNDS_MAX 1024u

static const struct numbers *axis_of(const struct options *o, const struct workload *w)
{
	static const struct numbers none = { { 0 }, 1 };

	switch (w->axis) {
	case AXIS_OBJECTS: return &o->objects;
	case AXIS_THREADS: return &o->threads;
	case AXIS_PROCESSES: return &o->processes;
	default: return &none;
	}
}

static bool add_cell(struct results *r, const struct cell *c)
{
	struct cell *cells = reallocarray(r->cells, r->count + 1, sizeof(*cells));
	struct cell *new;

	if (cells == NULL)
		return false;
	r->cells = cells;
	new = &cells[r->count++];
	*new = *c;
	new->rounds = (c->workload->flags & ONE_ROUND) != 0 ? 1 : r->options->rounds;
	if (new->rounds > ROUNDS_MAX)
		new->rounds = ROUNDS_MAX;
	new->samples = calloc(r->options->backend_count * new->rounds, sizeof(*new->samples));
	return new->samples != NULL;
}

/* What does not depend on the store is measured with the first one, and so for sync. */
static bool plan_workload(struct results *r, const struct workload *w)
{
	const struct options *o = r->options;
	const struct numbers *axis = axis_of(o, w);
	bool per_store = w->axis != AXIS_NONE || w->unit != NULL || (w->flags & WRITES) != 0;
	size_t stores = per_store ? o->stores.count : 1;
	size_t syncs = (w->flags & WRITES) != 0 ? o->syncs.count : 1;

	for (size_t s = 0; s < stores; s++)
		for (size_t y = 0; y < syncs; y++)
			for (size_t i = 0; i < axis->count; i++) {
				struct cell c = {
					.workload = w,
					.at = axis->items[i],
					.objects = w->axis == AXIS_OBJECTS ? axis->items[i] :
									     o->objects.items[0],
					.store = o->stores.items[s],
					.sync = (w->flags & WRITES) != 0 ? o->syncs.items[y] : NULL,
				};

				if (!add_cell(r, &c))
					return false;
			}
	return true;
}

bool results_plan(const struct options *o, struct results *out)
{
	*out = (struct results){ .options = o };
	for (size_t i = 0; i < workload_count; i++)
		if (options_select(o, &workloads[i]) && !plan_workload(out, &workloads[i]))
			return false;
	return true;
}

void results_free(struct results *r)
{
	for (size_t i = 0; i < r->count; i++)
		free(r->cells[i].samples);
	free(r->cells);
}

const struct sample *cell_sample(const struct cell *c, size_t backend, unsigned round)
{
	return &c->samples[backend * c->rounds + round];
}

const char *cell_error(const struct cell *c, size_t backend)
{
	for (unsigned i = 0; i < c->rounds; i++)
		if (!cell_sample(c, backend, i)->ok)
			return cell_sample(c, backend, i)->error;
	return NULL;
}

bool cell_has(const struct results *r, const struct cell *c, size_t backend)
{
	return r->options->backends[backend].path != NULL || c->workload->raw != NULL;
}

size_t cell_base(const struct results *r, const struct cell *c)
{
	const struct options *o = r->options;
	size_t last = o->backend_count - 1;

	if (o->backends[last].path == NULL && c->workload->raw != NULL)
		return last;
	for (size_t i = 0; i < o->backend_count; i++)
		if (strcmp(o->backends[i].name, o->base) == 0)
			return i;
	return 0;
}

/* --- figures ------------------------------------------------------------ */

static int by_size(const void *a, const void *b)
{
	const double *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static struct figure figure_of(double *values, unsigned n)
{
	qsort(values, n, sizeof(*values), by_size);
	return (struct figure){
		.ok = true,
		.median = (values[(n - 1) / 2] + values[n / 2]) / 2,
		.min = values[0],
		.max = values[n - 1],
	};
}

typedef double of_sample(const struct sample *s);

static double cpu_of(const struct sample *s)
{
	return s->cpu / s->ops * 1e6;
}

static double rate_of(const struct sample *s)
{
	return s->ops / s->wall;
}

static double value_of(const struct sample *s)
{
	return s->value;
}

static struct figure figure_by(const struct cell *c, size_t backend, of_sample *of)
{
	double values[ROUNDS_MAX];

	if (cell_error(c, backend) != NULL)
		return (struct figure){ .ok = false };
	for (unsigned i = 0; i < c->rounds; i++)
		values[i] = of(cell_sample(c, backend, i));
	return figure_of(values, c->rounds);
}

struct figure cell_cpu(const struct cell *c, size_t backend)
{
	return figure_by(c, backend, cpu_of);
}

struct figure cell_rate(const struct cell *c, size_t backend)
{
	return figure_by(c, backend, rate_of);
}

struct figure cell_value(const struct cell *c, size_t backend)
{
	return figure_by(c, backend, value_of);
}

struct figure cell_ratio(const struct cell *c, size_t backend, size_t base, enum basis basis)
{
	double values[ROUNDS_MAX];

	if (cell_error(c, backend) != NULL || cell_error(c, base) != NULL)
		return (struct figure){ .ok = false };
	for (unsigned i = 0; i < c->rounds; i++) {
		const struct sample *a = cell_sample(c, backend, i), *b = cell_sample(c, base, i);

		values[i] = basis == BY_CPU ? cpu_of(b) / cpu_of(a) : rate_of(a) / rate_of(b);
	}
	return figure_of(values, c->rounds);
}

/* --- over several cells ------------------------------------------------- */

static bool same(const char *want, const char *have)
{
	return want == NULL || (have != NULL && strcmp(want, have) == 0);
}

const struct cell *results_find(const struct results *r, const char *workload, unsigned long at,
				const char *store, const char *sync)
{
	for (size_t i = 0; i < r->count; i++) {
		const struct cell *c = &r->cells[i];

		if (strcmp(c->workload->name, workload) == 0 && (at == 0 || c->at == at) &&
		    same(store, c->store) && same(sync, c->sync))
			return c;
	}
	return NULL;
}

/* The points of one round, or of the medians when round is past the last one. */
struct fit {
	double n, x, y, xx, xy;
};

static void add_point(struct fit *f, double x, double y)
{
	f->n++;
	f->x += x;
	f->y += y;
	f->xx += x * x;
	f->xy += x * y;
}

static double slope_of(const struct fit *f)
{
	return (f->n * f->xy - f->x * f->y) / (f->n * f->xx - f->x * f->x);
}

struct figure results_exponent(const struct results *r, const char *workload, const char *store,
			       size_t backend)
{
	const struct options *o = r->options;
	double values[ROUNDS_MAX];
	unsigned rounds = 0;

	for (unsigned round = 0; round < o->rounds && round < ROUNDS_MAX; round++) {
		struct fit f = { 0 };

		for (size_t i = 0; i < o->objects.count; i++) {
			const struct cell *c =
				results_find(r, workload, o->objects.items[i], store, NULL);

			if (c != NULL && cell_error(c, backend) == NULL)
				add_point(&f, log((double)c->at),
					  log(cpu_of(cell_sample(c, backend, round))));
		}
		if (f.n >= 2)
			values[rounds++] = slope_of(&f);
	}
	return rounds > 0 ? figure_of(values, rounds) : (struct figure){ .ok = false };
}

struct figure results_slope(const struct results *r, const char *workload, const char *store,
			    size_t backend)
{
	const struct numbers *n = &r->options->objects;
	struct fit f = { 0 };
	double slope;

	for (size_t i = 0; i < n->count; i++) {
		const struct cell *c = results_find(r, workload, n->items[i], store, NULL);

		if (c != NULL && cell_error(c, backend) == NULL)
			add_point(&f, (double)c->at, cell_value(c, backend).median);
	}
	if (f.n < 2)
		return (struct figure){ .ok = false };
	slope = slope_of(&f);
	return (struct figure){ true, slope, slope, slope };
}
