#include "config.h"

#include "bench/report.h"

#include <math.h>
#include <openssl/crypto.h>
#include <string.h>

const char *digits(double v, char out[32])
{
	double size = fabs(v);
	int places = size >= 100 || size == 0 ? 0 : size >= 10 ? 1 : size >= 1 ? 2 : 3;

	snprintf(out, 32, "%.*f", places, v);
	return out;
}

static void print_name(FILE *f, const struct cell *c)
{
	static const char *const units[] = { "", " objects", " threads", " processes" };
	char text[128];
	int n = snprintf(text, sizeof(text), "%s", c->workload->name);

	if (c->at != 0)
		n += snprintf(text + n, sizeof(text) - (size_t)n, ", %lu%s", c->at,
			      units[c->workload->axis]);
	if (c->sync != NULL)
		n += snprintf(text + n, sizeof(text) - (size_t)n, ", sync %s", c->sync);
	snprintf(text + n, sizeof(text) - (size_t)n, " (%s)", c->store);
	fprintf(f, "%s\n", text);
}

void report_head(FILE *f)
{
	fprintf(f, "%-12s %12s %12s %8s  %-17s %s\n", "", "per second", "CPU us each", "ratio",
		"min .. max", "to, by");
}

static void print_figure(FILE *f, const struct cell *c, size_t backend)
{
	char text[32];

	fprintf(f, " %12s %s\n", digits(cell_value(c, backend).median, text), c->workload->unit);
}

static void print_ratio(FILE *f, const struct results *r, const struct cell *c, size_t backend)
{
	enum basis basis = c->workload->basis;
	size_t base = cell_base(r, c);
	struct figure ratio = cell_ratio(c, backend, base, basis);

	if (base != backend && ratio.ok)
		fprintf(f, " %8.3f  %6.3f .. %6.3f  %s, %s", ratio.median, ratio.min, ratio.max,
			r->options->backends[base].name, basis == BY_CPU ? "CPU" : "rate");
	fprintf(f, "\n");
}

void report_cell(FILE *f, const struct results *r, const struct cell *c)
{
	print_name(f, c);
	for (size_t b = 0; b < r->options->backend_count; b++) {
		char rate[32], cpu[32];

		if (!cell_has(r, c, b))
			continue;
		fprintf(f, "  %-10s", r->options->backends[b].name);
		if (cell_error(c, b) != NULL) {
			fprintf(f, " error: %s\n", cell_error(c, b));
		} else if (c->workload->unit != NULL) {
			print_figure(f, c, b);
		} else {
			fprintf(f, " %12s %12s", digits(cell_rate(c, b).median, rate),
				digits(cell_cpu(c, b).median, cpu));
			print_ratio(f, r, c, b);
		}
	}
	fflush(f);
}

static void print_growth(FILE *f, const struct results *r, const char *workload, const char *store)
{
	for (size_t b = 0; b < r->options->backend_count; b++) {
		struct figure e = results_exponent(r, workload, store, b);

		if (e.ok)
			fprintf(f, "  %-20s %-6s %-10s %6.2f  %6.2f .. %6.2f\n", workload, store,
				r->options->backends[b].name, e.median, e.min, e.max);
	}
}

static void print_memory(FILE *f, const struct results *r, const char *store)
{
	for (size_t b = 0; b < r->options->backend_count; b++) {
		struct figure s = results_slope(r, "memory", store, b);

		if (s.ok)
			fprintf(f, "  %-20s %-6s %-10s %6.2f kB an object\n", "memory", store,
				r->options->backends[b].name, s.median);
	}
}

void report_growth(FILE *f, const struct results *r)
{
	if (r->options->objects.count < 2)
		return;
	fprintf(f, "growth with the number n of objects: e where CPU time is as n^e\n");
	for (size_t s = 0; s < r->options->stores.count; s++) {
		const char *store = r->options->stores.items[s];

		for (size_t i = 0; i < workload_count; i++)
			if (workloads[i].axis == AXIS_OBJECTS && workloads[i].unit == NULL)
				print_growth(f, r, workloads[i].name, store);
		print_memory(f, r, store);
	}
}

/* --- JSON --------------------------------------------------------------- */

static void json_text(FILE *f, const char *text)
{
	putc('"', f);
	for (; *text != '\0'; text++) {
		if (*text == '"' || *text == '\\')
			putc('\\', f);
		if ((unsigned char)*text >= ' ')
			putc(*text, f);
	}
	putc('"', f);
}

static void json_field(FILE *f, const char *name, const char *text)
{
	fprintf(f, "\"%s\":", name);
	if (text != NULL)
		json_text(f, text);
	else
		fprintf(f, "null");
}

static void json_sample(FILE *f, const struct cell *c, const struct sample *s)
{
	if (!s->ok) {
		fprintf(f, "{");
		json_field(f, "error", s->error);
		fprintf(f, "}");
	} else if (c->workload->unit != NULL) {
		fprintf(f, "{\"value\":%.6g}", s->value);
	} else {
		fprintf(f, "{\"operations\":%.0f,\"seconds\":%.9g,\"cpu_seconds\":%.9g}", s->ops,
			s->wall, s->cpu);
	}
}

static void json_cell(FILE *f, const struct results *r, const struct cell *c)
{
	const char *comma = "";

	fprintf(f, "{");
	json_field(f, "workload", c->workload->name);
	fprintf(f, ",\"at\":%lu,\"objects\":%lu,", c->at,
		c->workload->fixture == WITH_OBJECTS ? c->objects : 0);
	json_field(f, "store", c->store);
	fprintf(f, ",");
	json_field(f, "sync", c->sync);
	fprintf(f, ",");
	json_field(f, "unit", c->workload->unit);
	fprintf(f, ",\"samples\":{");
	for (size_t b = 0; b < r->options->backend_count; b++) {
		if (!cell_has(r, c, b))
			continue;
		fprintf(f, "%s", comma);
		comma = ",";
		json_text(f, r->options->backends[b].name);
		fprintf(f, ":[");
		for (unsigned i = 0; i < c->rounds; i++) {
			fprintf(f, "%s", i > 0 ? "," : "");
			json_sample(f, c, cell_sample(c, b, i));
		}
		fprintf(f, "]");
	}
	fprintf(f, "}}");
}

void report_json(FILE *f, const struct results *r)
{
	fprintf(f, "{");
	json_field(f, "libcrypto", OpenSSL_version(OPENSSL_VERSION));
	fprintf(f, ",\"backends\":[");
	for (size_t b = 0; b < r->options->backend_count; b++) {
		fprintf(f, "%s{", b > 0 ? "," : "");
		json_field(f, "name", r->options->backends[b].name);
		fprintf(f, ",");
		json_field(f, "path", r->options->backends[b].path);
		fprintf(f, "}");
	}
	fprintf(f, "],\n\"cells\":[");
	for (size_t i = 0; i < r->count; i++) {
		fprintf(f, "%s\n", i > 0 ? "," : "");
		json_cell(f, r, &r->cells[i]);
	}
	fprintf(f, "]}\n");
}
