#include "config.h"

#include "returns.h"

#include <openssl/crypto.h>
#include <stdio.h>
#include <string.h>

#include "fault/shim.h"
#include "scene.h"

/* No call needs more allocations. */
#define MANY_ALLOCATIONS 2000

/* --- the usual calls ---------------------------------------------------- */

/* The first argument. */
enum takes {
	NOTHING,
	SLOT,
	SESSION
};

struct usual {
	enum takes takes;
	struct rrow row;
};

static CK_C_INITIALIZE_ARGS os_locking = { .flags = CKF_OS_LOCKING_OK };

#define USUAL(tk, fn, want, st, first, args) \
	static CK_RV before_##fn(struct ctx *c) \
	{ \
		(void)c; \
		return (first); \
	} \
	static CK_RV call_##fn(struct ctx *c) \
	{ \
		(void)c; \
		return p11->fn args; \
	}
#include "usual.def"
#undef USUAL

#define USUAL(tk, fn, want, st, first, args) \
	{ (tk), { .function = #fn, .name = "usual", .expected = (want), .state = (st), \
		  .before = before_##fn, .call = call_##fn, .file = __FILE__, \
		  .line = __LINE__ } },
static const struct usual usual_calls[] = {
#include "usual.def"
};
#undef USUAL

static const struct usual *usual_find(const char *function)
{
	for (size_t i = 0; i < LENGTH(usual_calls); i++)
		if (strcmp(usual_calls[i].row.function, function) == 0)
			return &usual_calls[i];
	return NULL;
}

bool usual_is(const char *function)
{
	return usual_find(function) != NULL;
}

static bool word_fits(const char *word, size_t len, const char *function)
{
	static const char *const kinds[] = { [NOTHING] = "*", [SLOT] = "SLOT",
					     [SESSION] = "SESSION" };
	const struct usual *u = usual_find(function);
	const char *kind = u ? kinds[u->takes] : "*";

	return (len == 1 && *word == '*') ||
	       (strlen(kind) == len && strncmp(kind, word, len) == 0) ||
	       (strlen(function) == len && strncmp(function, word, len) == 0);
}

bool functions_match(const char *list, const char *function)
{
	bool match = false;

	while (*list) {
		size_t len = strcspn(list, " ");
		bool minus = *list == '-';

		if (word_fits(list + minus, len - minus, function))
			match = !minus;
		list += len;
		list += strspn(list, " ");
	}
	return match;
}

/* --- the troubles ------------------------------------------------------- */

static CK_RV finalized(struct ctx *c)
{
	(void)c;
	return p11->C_Finalize(NULL);
}

static CK_RV restarted(struct ctx *c)
{
	(void)c;
	return module_restart();
}

static CK_RV session_closed(struct ctx *c)
{
	return p11->C_CloseSession(c->s);
}

static CK_RV session_0(struct ctx *c)
{
	c->s = CK_INVALID_HANDLE;
	return CKR_OK;
}

static CK_RV session_unknown(struct ctx *c)
{
	c->s = NO_HANDLE;
	return CKR_OK;
}

static CK_RV no_such_slot(struct ctx *c)
{
	c->slot = NO_SLOT;
	return CKR_OK;
}

/* The module has noticed. */
static CK_RV token_gone_seen(struct ctx *c)
{
	return token_gone(c) || p11->C_CloseAllSessions(c->slot) ||
	       p11->C_GetSlotList(CK_FALSE, SIZE_ONLY);
}

/* As in a process that is about to exit. */
static CK_RV openssl_gone(struct ctx *c)
{
	(void)c;
	OPENSSL_cleanup();
	return CKR_OK;
}

CK_RV out_of_memory(const struct rrow *r, struct ctx *c)
{
	CK_RV usual = usual_find(r->function)->row.expected, rv = CKR_HOST_MEMORY;

	for (unsigned long n = 1; n < MANY_ALLOCATIONS; n++) {
		scene_clear();
		rv = state_enter(c, r->state);
		if (rv == CKR_OK)
			rv = r->before(c);
		if (rv != CKR_OK)
			return ROW_BROKEN;
		fault_memory(n);
		rv = r->call(c);

		bool enough = fault_end() < n;

		if (rv == CKR_HOST_MEMORY || (enough && rv == usual))
			return rv;
	}
	return rv;
}

/* Any code but that of the usual call. */
#define AS_USUAL	ROW_WRONG
#define HERE		.forks = false
#define CHILD		.forks = true
#define MEMORY		.forks = true, .run = out_of_memory, .possible = fault_memory_works
#define TROUBLE_ON(store, nm, code, how, which, ...) \
	{ .name = #nm, .backend = (store), .expected = (code), .bring = (how), \
	  .functions = (which), __VA_ARGS__ },
#define TROUBLE(nm, code, where, how, which) TROUBLE_ON(NULL, nm, code, how, which, where)
#define FILE_TROUBLE(nm, code, where, how, which) TROUBLE_ON("file", nm, code, how, which, where)
#define DB_TROUBLE(nm, code, where, how, which) TROUBLE_ON("db", nm, code, how, which, where)
static const struct trouble troubles[] = {
#include "trouble.def"
};
#undef TROUBLE
#undef FILE_TROUBLE
#undef DB_TROUBLE
#undef TROUBLE_ON

static bool is_on(const struct trouble *t, const char *backend)
{
	return !t->backend || strcmp(t->backend, backend) == 0;
}

static struct rrow trouble_row(const struct trouble *t, const struct usual *u)
{
	struct rrow r = u->row;

	r.name = t->name;
	r.forks = t->forks;
	r.possible = t->possible;
	r.run = t->run;
	r.trouble = t;
	if (t->expected != AS_USUAL)
		r.expected = t->expected;
	return r;
}

void usual_each(void (*fn)(const struct rrow *r))
{
	for (size_t i = 0; i < LENGTH(usual_calls); i++)
		fn(&usual_calls[i].row);
}

void troubles_each(const char *backend, void (*fn)(const struct rrow *r))
{
	for (size_t t = 0; t < LENGTH(troubles); t++)
		for (size_t i = 0; i < LENGTH(usual_calls); i++) {
			struct rrow r = trouble_row(&troubles[t], &usual_calls[i]);

			if (is_on(&troubles[t], backend) &&
			    functions_match(troubles[t].functions, r.function))
				fn(&r);
		}
}
