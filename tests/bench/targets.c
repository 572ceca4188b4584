/* What the library is meant to reach, and the table that says whether it does. */
#include "config.h"

#include <string.h>

#include "bench/report.h"

/* What is compared with the two limits. */
enum measure {
	TO_BASE,	/* ratio to raw, or else to the base */
	CPU_US,		/* of one operation */
	CPU_MS,
	EXPONENT,	/* of CPU time over the number of objects */
	SCALING,	/* rate at `at` to the rate at `from` */
	VALUE,		/* of a workload that measures no time */
	SLOPE		/* the same, for each object */
};

struct target {
	const char *title;
	const char *workload;
	enum measure measure;
	double must, goal;	/* at least; at most for all but TO_BASE and SCALING */
	unsigned long at, from;	/* along the axis */
	const char *store, *sync;	/* NULL: each store, any sync */
};

#define ROW(title_, workload_, measure_, must_, goal_, ...) \
	{ .title = (title_), .workload = (workload_), .measure = (measure_), \
	  .must = (must_), .goal = (goal_), __VA_ARGS__ }

static const struct target targets[] = {
	ROW("RSA-2048 PKCS#1 sign, to raw", "rsa2048-sign", TO_BASE, 0.92, 0.97),
	ROW("RSA-2048 PSS sign, to raw", "rsa2048-pss", TO_BASE, 0.92, 0.97),
	ROW("RSA-2048 OAEP decrypt, to raw", "rsa2048-oaep-decrypt", TO_BASE, 0.92, 0.97),
	ROW("RSA-4096 sign, to raw", "rsa4096-sign", TO_BASE, 0.97, 0.99),
	ROW("RSA-2048 verify, to raw", "rsa2048-verify", TO_BASE, 0.75, 0.88),
	ROW("ECDSA P-256 sign, to raw", "ecdsa-p256-sign", TO_BASE, 0.75, 0.88),
	ROW("ECDSA P-256 SHA-256 sign, to raw", "ecdsa-p256-sha256-sign", TO_BASE, 0.75, 0.88),
	ROW("ECDSA P-256 verify, to raw", "ecdsa-p256-verify", TO_BASE, 0.88, 0.95),
	ROW("Ed25519 sign, to raw", "ed25519-sign", TO_BASE, 0.80, 0.90),
	ROW("ECDH P-256 derive + destroy, to raw", "ecdh-p256-derive", TO_BASE, 0.70, 0.88),
	ROW("AES-256-GCM 16 B, to raw", "aes256-gcm-16", TO_BASE, 0.18, 0.40),
	ROW("AES-256-GCM 1 KiB, to raw", "aes256-gcm-1k", TO_BASE, 0.22, 0.50),
	ROW("AES-256-GCM 16 KiB, to raw", "aes256-gcm-16k", TO_BASE, 0.70, 0.85),
	ROW("AES-256-GCM 1 MiB, to raw", "aes256-gcm-1m", TO_BASE, 0.92, 0.98),
	ROW("AES-256-CBC-PAD 16 KiB, to raw", "aes256-cbc-pad-16k", TO_BASE, 0.88, 0.95),
	ROW("AES-256-CTR 16 KiB, to raw", "aes256-ctr-16k", TO_BASE, 0.55, 0.75),
	ROW("SHA-256 64 B, to raw", "sha256-64", TO_BASE, 0.40, 0.65),
	ROW("SHA-256 64 KiB, to raw", "sha256-64k", TO_BASE, 0.97, 0.99),
	ROW("HMAC-SHA-256 64 B, to raw", "hmac-sha256-64", TO_BASE, 0.15, 0.35),
	ROW("HMAC-SHA-256 16 KiB, to raw", "hmac-sha256-16k", TO_BASE, 0.82, 0.93),
	ROW("random 32 B, to raw", "random-32", TO_BASE, 0.80, 0.92),
	ROW("AES session key + destroy, to raw", "generate-aes256-session", TO_BASE, 0.12, 0.30),
	ROW("P-256 session pair + destroy, to raw", "generate-p256-session", TO_BASE, 0.30, 0.50),
	ROW("P-256 token pair + destroy, no sync, to SoftHSM",
	    "generate-p256-token", TO_BASE, 6, 10, .store = "file", .sync = "off"),
	ROW("P-256 token pair + destroy, full sync, to SoftHSM",
	    "generate-p256-token", TO_BASE, 1, 2, .store = "file", .sync = "on"),
	ROW("logout + login, to SoftHSM", "logout-login", TO_BASE, 2.5, 4),
	ROW("session open + close, to SoftHSM", "session-open-close", TO_BASE, 1, 2),
	ROW("find by label, 100 objects, CPU us", "find-label", CPU_US, 12, 3, .at = 100),
	ROW("find by label, 10,000 objects, CPU us", "find-label", CPU_US, 12, 3, .at = 10000),
	ROW("find by label, 100,000 objects, CPU us", "find-label", CPU_US, 15, 4, .at = 100000),
	ROW("find by id, 100 objects, CPU us", "find-id", CPU_US, 12, 3, .at = 100),
	ROW("find by id, 10,000 objects, CPU us", "find-id", CPU_US, 12, 3, .at = 10000),
	ROW("find by id, 100,000 objects, CPU us", "find-id", CPU_US, 15, 4, .at = 100000),
	ROW("find a miss, 100 objects, CPU us", "find-miss", CPU_US, 12, 3, .at = 100),
	ROW("find a miss, 10,000 objects, CPU us", "find-miss", CPU_US, 12, 3, .at = 10000),
	ROW("find a miss, 100,000 objects, CPU us", "find-miss", CPU_US, 15, 4, .at = 100000),
	ROW("growth exponent of find by label", "find-label", EXPONENT, 0.10, 0.03),
	ROW("growth exponent of find by id", "find-id", EXPONENT, 0.10, 0.03),
	ROW("growth exponent of find, a miss", "find-miss", EXPONENT, 0.10, 0.03),
	ROW("growth exponent of destroy", "destroy-object", EXPONENT, 0.10, 0.03),
	ROW("growth exponent of get attributes", "get-3-attributes", EXPONENT, 0.10, 0.03),
	ROW("find all, CPU us an object", "find-all", CPU_US, 0.5, 0.05, .at = 1000),
	ROW("find all, 10,000 objects, CPU us an object",
	    "find-all", CPU_US, 0.5, 0.05, .at = 10000),
	ROW("get 3 attributes, CPU us",
	    "get-3-attributes", CPU_US, 4, 1, .at = 1000, .store = "file"),
	ROW("get 3 attributes, CPU us",
	    "get-3-attributes", CPU_US, 8, 3, .at = 1000, .store = "db"),
	ROW("create object, no sync, to SoftHSM",
	    "create-object", TO_BASE, 6, 10, .at = 1000, .store = "file", .sync = "off"),
	ROW("create object, full sync, to SoftHSM",
	    "create-object", TO_BASE, 8, 20, .at = 1000, .store = "db", .sync = "on"),
	ROW("C_Initialize, 10,000 objects, CPU ms", "initialize", CPU_MS, 3, 1, .at = 10000),
	ROW("then login and first find by label, CPU ms",
	    "login-first-find", CPU_MS, 90, 40, .at = 10000),
	ROW("2 threads to 1, ECDSA P-256 sign",
	    "threads:ecdsa-p256-sign", SCALING, 1.8, 1.95, .at = 2, .from = 1),
	ROW("2 threads to 1, AES-GCM 1 KiB",
	    "threads:aes256-gcm-1k", SCALING, 1.8, 1.95, .at = 2, .from = 1),
	ROW("2 threads to 1, find by label",
	    "threads:find-label", SCALING, 1.7, 1.9, .at = 2, .from = 1),
	ROW("8 threads to 2, ECDSA P-256 sign",
	    "threads:ecdsa-p256-sign", SCALING, 0.95, 1, .at = 8, .from = 2),
	ROW("8 threads to 2, AES-GCM 1 KiB",
	    "threads:aes256-gcm-1k", SCALING, 0.95, 1, .at = 8, .from = 2),
	ROW("8 threads to 2, find by label",
	    "threads:find-label", SCALING, 0.95, 1, .at = 8, .from = 2),
	ROW("system calls a sign", "syscalls:ecdsa-p256-sign", VALUE, 2, 1, .store = "file"),
	ROW("memory an object, kB", "memory", SLOPE, 4, 1.5),
	ROW("memory growth, kB after 100,000 signatures", "growth:ecdsa-p256-sign", VALUE, 0, 0),
	ROW("memory growth, kB after 100,000 searches", "growth:find-label", VALUE, 0, 0),
	ROW("memory growth, kB after 100,000 session keys", "growth:generate-aes256", VALUE, 0, 0),
};

static struct figure scaled(struct figure f, double by)
{
	return (struct figure){ f.ok, f.median * by, f.min * by, f.max * by };
}

static struct figure scaling(const struct results *r, const struct target *t, const char *store,
			     size_t backend)
{
	const struct cell *many = results_find(r, t->workload, t->at, store, NULL);
	const struct cell *few = results_find(r, t->workload, t->from, store, NULL);
	struct figure a, b;

	if (many == NULL || few == NULL)
		return (struct figure){ .ok = false };
	a = cell_rate(many, backend);
	b = cell_rate(few, backend);
	return (struct figure){ a.ok && b.ok, a.median / b.median, a.min / b.max, a.max / b.min };
}

/* Logins have a raw figure, which is the floor, and a target to the base. */
static struct figure to_base(const struct results *r, const struct target *t,
			     const struct cell *c, size_t backend)
{
	const struct options *o = r->options;
	size_t base = cell_base(r, c);

	if (strstr(t->title, "to raw") == NULL)
		for (size_t i = 0; i < o->backend_count; i++)
			if (strcmp(o->backends[i].name, o->base) == 0)
				base = i;
	if (o->backends[base].path == NULL ? strstr(t->title, "to raw") == NULL : base == backend)
		return (struct figure){ .ok = false };
	return cell_ratio(c, backend, base, c->workload->basis);
}

static struct figure reached(const struct results *r, const struct target *t, const char *store,
			     size_t backend)
{
	const struct cell *c = results_find(r, t->workload, t->at, store, t->sync);

	if (t->measure == EXPONENT)
		return results_exponent(r, t->workload, store, backend);
	if (t->measure == SLOPE)
		return results_slope(r, t->workload, store, backend);
	if (t->measure == SCALING)
		return scaling(r, t, store, backend);
	if (c == NULL || !cell_has(r, c, backend))
		return (struct figure){ .ok = false };
	switch (t->measure) {
	case TO_BASE: return to_base(r, t, c, backend);
	case CPU_US: return cell_cpu(c, backend);
	case CPU_MS: return scaled(cell_cpu(c, backend), 1e-3);
	default: return cell_value(c, backend);
	}
}

static bool meets(const struct target *t, double value, double limit)
{
	return t->measure == TO_BASE || t->measure == SCALING ? value >= limit : value <= limit;
}

/* What the machine itself gives, when libcrypto alone was measured too. */
static void print_scaling_of_raw(FILE *f, const struct results *r, const struct target *t,
				 const char *store)
{
	const struct options *o = r->options;
	size_t last = o->backend_count - 1;
	const struct cell *c = results_find(r, t->workload, t->at, store, NULL);
	struct figure raw;
	char text[32];

	if (t->measure != SCALING || o->backends[last].path != NULL || c == NULL ||
	    !cell_has(r, c, last))
		return;
	raw = scaling(r, t, store, last);
	if (raw.ok)
		fprintf(f, ", raw %s", digits(raw.median, text));
}

static void print_target(FILE *f, const struct results *r, const struct target *t,
			 const char *store, size_t base)
{
	struct figure ours = reached(r, t, store, 0), theirs = reached(r, t, store, base);
	const char *sign = t->measure == TO_BASE || t->measure == SCALING ? "≥" : "≤";
	char a[32], b[32], c[32], must[32], goal[32];

	if (!ours.ok)
		return;
	fprintf(f, "| %s | %s | ", t->title, store);
	if (theirs.ok && base != 0)
		fprintf(f, "%s", digits(theirs.median, a));
	fprintf(f, " | %s %s | %s %s | %s", sign, digits(t->must, must), sign,
		digits(t->goal, goal), digits(ours.median, a));
	if (ours.max > ours.min)
		fprintf(f, " (%s to %s)", digits(ours.min, b), digits(ours.max, c));
	print_scaling_of_raw(f, r, t, store);
	fprintf(f, " | %s |\n", !meets(t, ours.median, t->must) ? "**missed**" :
		meets(t, ours.median, t->goal) ? "goal" : "must");
}

static size_t base_of(const struct options *o)
{
	for (size_t i = 0; i < o->backend_count; i++)
		if (strcmp(o->backends[i].name, o->base) == 0)
			return i;
	return 0;
}

void report_targets(FILE *f, const struct results *r)
{
	const struct options *o = r->options;
	size_t base = base_of(o);

	fprintf(f, "| workload | store | %s | must | goal | %s | reached |\n",
		base != 0 ? o->backends[base].name : "", o->backends[0].name);
	fprintf(f, "|---|---|---|---|---|---|---|\n");
	for (size_t i = 0; i < LENGTH(targets); i++)
		for (size_t s = 0; s < o->stores.count; s++)
			if (targets[i].store == NULL ||
			    strcmp(targets[i].store, o->stores.items[s]) == 0)
				print_target(f, r, &targets[i], o->stores.items[s], base);
}
