#include "config.h"

#include "bench/options.h"

#include <fnmatch.h>
#include <getopt.h>
#include <openssl/crypto.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char usage[] =
	"usage: bench [OPTION...] [NAME=MODULE...]\n"
	"Measures PKCS#11 modules beside each other and beside libcrypto alone (raw).\n"
	"Without modules: $MODULE as \"ours\", and SoftHSM 2 as \"softhsm\" if it is installed.\n"
	"\n"
	"  --only LIST       workloads by name or pattern, separated by commas\n"
	"  --all             all workloads, also the long ones\n"
	"  --list            the workloads' names\n"
	"  --rounds N        7; ratios are formed in each\n"
	"  --time SECONDS    0.1; of each measurement\n"
	"  --objects LIST    100,1000; numbers of objects in a token\n"
	"  --threads LIST    1,2,4,8\n"
	"  --processes LIST  1,2,4\n"
	"  --store LIST      file; values of objectstore.backend\n"
	"  --sync LIST       on, off: values of objectstore.sync, which is not set otherwise\n"
	"  --no-raw          without libcrypto alone\n"
	"  --base NAME       the module that ratios are to where there is no raw (softhsm,\n"
	"                    otherwise the last one)\n"
	"  --growth N        100000; operations of the workloads that watch memory\n"
	"  --limit SECONDS   120; a measurement that takes longer is given up\n"
	"  --dir DIRECTORY   keeps the tokens there, and uses those that are there already\n"
	"  --json FILE       all samples, - for standard output\n"
	"  --markdown        targets and what was reached by the first module, as a table\n"
	"  --prepare         only makes the tokens that the workloads need\n"
	"  --libcrypto       the version of libcrypto\n"
	"  --count N         does N operations and measures nothing, for other tools to do so\n";

static _Noreturn void wrong(const char *what, const char *value)
{
	fprintf(stderr, "bench: %s: %s\n%s", what, value, usage);
	exit(2);
}

static void read_texts(char *value, struct texts *out)
{
	char *rest = NULL;

	out->count = 0;
	for (char *s = strtok_r(value, ",", &rest); s != NULL; s = strtok_r(NULL, ",", &rest)) {
		if (out->count == LIST_MAX)
			wrong("too long a list at", s);
		out->items[out->count++] = s;
	}
}

static unsigned long read_number(const char *value)
{
	char *end = NULL;
	unsigned long n = strtoul(value, &end, 10);

	if (end == value || *end != '\0' || n == 0)
		wrong("not a number", value);
	return n;
}

static void read_numbers(char *value, struct numbers *out)
{
	struct texts t;

	read_texts(value, &t);
	out->count = t.count;
	for (size_t i = 0; i < t.count; i++)
		out->items[i] = read_number(t.items[i]);
}

static void add_backend(struct options *o, const char *name, const char *path)
{
	if (o->backend_count == BACKENDS_MAX)
		wrong("too many modules", name);
	o->backends[o->backend_count++] = (struct backend){ name, path };
}

static void read_backend(struct options *o, char *value)
{
	char *path = strchr(value, '=');

	if (path == NULL || path == value || strchr(value, '/') < path)
		wrong("not NAME=MODULE", value);
	*path++ = '\0';
	if (strcmp(value, "raw") == 0)
		wrong("not a name for a module", value);
	add_backend(o, value, path);
}

static void default_backends(struct options *o)
{
	static const char softhsm[] = "/usr/lib/softhsm/libsofthsm2.so";
	const char *module = getenv("MODULE");

	add_backend(o, "ours", module != NULL ? module : ".libs/libsofthsm2.so");
	if (access(softhsm, R_OK) == 0)
		add_backend(o, "softhsm", softhsm);
}

static void default_base(struct options *o)
{
	for (size_t i = 0; o->base == NULL && i < o->backend_count; i++)
		if (strcmp(o->backends[i].name, "softhsm") == 0)
			o->base = o->backends[i].name;
	if (o->base == NULL)
		o->base = o->backends[o->backend_count - 1].name;
}

enum { ONLY = 256, ALL, LIST, ROUNDS, TIME, OBJECTS, THREADS, PROCESSES, STORE, SYNC, NO_RAW, BASE,
       GROWTH, LIMIT, DIR, JSON, MARKDOWN, PREPARE, COUNT,
       LIBCRYPTO, HELP };

static const struct option options[] = {
	{ "only", required_argument, NULL, ONLY },
	{ "all", no_argument, NULL, ALL },
	{ "list", no_argument, NULL, LIST },
	{ "rounds", required_argument, NULL, ROUNDS },
	{ "time", required_argument, NULL, TIME },
	{ "objects", required_argument, NULL, OBJECTS },
	{ "threads", required_argument, NULL, THREADS },
	{ "processes", required_argument, NULL, PROCESSES },
	{ "store", required_argument, NULL, STORE },
	{ "sync", required_argument, NULL, SYNC },
	{ "no-raw", no_argument, NULL, NO_RAW },
	{ "base", required_argument, NULL, BASE },
	{ "growth", required_argument, NULL, GROWTH },
	{ "limit", required_argument, NULL, LIMIT },
	{ "dir", required_argument, NULL, DIR },
	{ "json", required_argument, NULL, JSON },
	{ "markdown", no_argument, NULL, MARKDOWN },
	{ "prepare", no_argument, NULL, PREPARE },
	{ "count", required_argument, NULL, COUNT },
	{ "libcrypto", no_argument, NULL, LIBCRYPTO },
	{ "help", no_argument, NULL, HELP },
	{ NULL, 0, NULL, 0 },
};

static void set_list(struct options *o, int option)
{
	switch (option) {
	case ONLY: read_texts(optarg, &o->only); break;
	case STORE: read_texts(optarg, &o->stores); break;
	case SYNC: read_texts(optarg, &o->syncs); break;
	case OBJECTS: read_numbers(optarg, &o->objects); break;
	case THREADS: read_numbers(optarg, &o->threads); break;
	case PROCESSES: read_numbers(optarg, &o->processes); break;
	default: break;
	}
}

static void set_value(struct options *o, int option)
{
	switch (option) {
	case ROUNDS: o->rounds = (unsigned)read_number(optarg); break;
	case GROWTH: o->growth = read_number(optarg); break;
	case LIMIT: o->limit = (unsigned)read_number(optarg); break;
	case COUNT: o->count = read_number(optarg); break;
	case BASE: o->base = optarg; break;
	case DIR: o->dir = optarg; break;
	case JSON: o->json = optarg; break;
	case TIME:
		o->seconds = strtod(optarg, NULL);
		if (!(o->seconds > 0))
			wrong("not a time", optarg);
		break;
	default: break;
	}
}

static void set_flag(struct options *o, int option)
{
	switch (option) {
	case ALL: o->all = true; break;
	case LIST: o->list = true; break;
	case NO_RAW: o->no_raw = true; break;
	case MARKDOWN: o->markdown = true; break;
	case PREPARE: o->prepare = true; break;
	case LIBCRYPTO: puts(OpenSSL_version(OPENSSL_VERSION)); exit(0);
	case HELP: fputs(usage, stdout); exit(0);
	case '?': fputs(usage, stderr); exit(2);
	default: break;
	}
}

/* Each of these knows its own part of the options. */
static void set(struct options *o, int option)
{
	set_list(o, option);
	set_value(o, option);
	set_flag(o, option);
}

static const struct options defaults = {
	.stores = { { "file" }, 1 },
	.syncs = { { NULL }, 1 },
	.objects = { { 100, 1000 }, 2 },
	.threads = { { 1, 2, 4, 8 }, 4 },
	.processes = { { 1, 2, 4 }, 3 },
	.rounds = 7,
	.limit = 120,
	.seconds = 0.1,
	.growth = 100000,
};

void options_read(int argc, char **argv, struct options *out)
{
	int option;

	*out = defaults;
	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1)
		set(out, option);
	for (int i = optind; i < argc; i++)
		read_backend(out, argv[i]);
	if (out->backend_count == 0)
		default_backends(out);
	default_base(out);
	if (!out->no_raw)
		add_backend(out, "raw", NULL);
}

bool options_select(const struct options *o, const struct workload *w)
{
	if (o->only.count == 0)
		return o->all || (w->flags & IN_DEFAULT) != 0;
	for (size_t i = 0; i < o->only.count; i++)
		if (fnmatch(o->only.items[i], w->name, 0) == 0)
			return true;
	return false;
}
