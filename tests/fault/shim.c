#include "fault/shim_internal.h"

#include <dlfcn.h>
#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_CALLS 32768

static const int *errors[FAULT_KINDS] = {
	[FAULT_OPEN] = (const int[]){ EIO, EACCES, EMFILE, ENOMEM, EINTR, 0 },
	[FAULT_OPEN_WRITE] = (const int[]){ EIO, ENOSPC, EDQUOT, EACCES, EROFS, EMFILE, EINTR, 0 },
	[FAULT_STAT] = (const int[]){ EIO, EACCES, 0 },
	[FAULT_LIST] = (const int[]){ EIO, ENOMEM, 0 },
	[FAULT_READ] = (const int[]){ EIO, EINTR, FAULT_CUT, 0 },
	[FAULT_WRITE] = (const int[]){ EIO, ENOSPC, EDQUOT, EFBIG, EINTR, FAULT_CUT, 0 },
	[FAULT_TRUNCATE] = (const int[]){ EIO, EINTR, 0 },
	[FAULT_SYNC] = (const int[]){ EIO, ENOSPC, EDQUOT, EINTR, 0 },
	[FAULT_MODE] = (const int[]){ EIO, EPERM, EROFS, 0 },
	[FAULT_NAME] = (const int[]){ EIO, ENOSPC, EDQUOT, EACCES, EROFS, 0 },
	[FAULT_REMOVE] = (const int[]){ EIO, EACCES, EROFS, 0 },
	[FAULT_LOCK] = (const int[]){ ENOLCK, EIO, EINTR, 0 },
	[FAULT_CLOSE] = (const int[]){ EIO, EINTR, ENOSPC, 0 },
	[FAULT_RANDOM] = (const int[]){ EIO, 0 },
	[FAULT_MEMORY] = (const int[]){ ENOMEM, 0 },
	[FAULT_OPENSSL] = (const int[]){ EIO, 0 },
};

static struct {
	struct fault_plan plan;
	atomic_bool on;
	atomic_bool skips_sync;
	atomic_bool refuses_nameless;
	atomic_ulong asked;
	atomic_ulong hits;
	struct {
		const char *function;
		enum fault_kind kind;
	} calls[MAX_CALLS];
} state;

void shim_find(void *function, const char *name)
{
	void *symbol = dlsym(RTLD_NEXT, name);

	if (!symbol) {
		fprintf(stderr, "nobody has a function %s\n", name);
		abort();
	}
	memcpy(function, &symbol, sizeof(symbol));
}

void fault_begin(const struct fault_plan *plan)
{
	state.plan = *plan;
	atomic_store(&state.asked, 0);
	atomic_store(&state.hits, 0);
	atomic_store(&state.on, true);
}

unsigned long fault_end(void)
{
	atomic_store(&state.on, false);
	return atomic_load(&state.asked);
}

unsigned long fault_hits(void)
{
	return atomic_load(&state.hits);
}

bool fault_call(unsigned long n, enum fault_kind *kind, const char **function)
{
	if (n == 0 || n > MAX_CALLS || n > atomic_load(&state.asked))
		return false;
	*kind = state.calls[n - 1].kind;
	*function = state.calls[n - 1].function;
	return true;
}

const int *fault_errors(enum fault_kind kind)
{
	return errors[kind];
}

void fault_set_errors(enum fault_kind kind, const int *list)
{
	errors[kind] = list;
}

void fault_skip_sync(bool on)
{
	atomic_store(&state.skips_sync, on);
}

bool shim_skips_sync(void)
{
	return atomic_load(&state.skips_sync);
}

void fault_refuse_nameless(bool on)
{
	atomic_store(&state.refuses_nameless, on);
}

bool shim_refuses_nameless(void)
{
	return atomic_load(&state.refuses_nameless);
}

static bool fits(enum fault_kind kind, int error)
{
	const int *e = errors[kind];

	while (*e != 0 && *e != error)
		e++;
	return *e != 0;
}

/* The n-th call that the plan counts. */
static bool counted_fails(unsigned long n, enum fault_kind kind, const char *function)
{
	const struct fault_plan *p = &state.plan;

	if (n <= MAX_CALLS) {
		state.calls[n - 1].function = function;
		state.calls[n - 1].kind = kind;
	}
	if (p->first == 0 || n < p->first || n > p->last)
		return false;
	return !p->fitting || fits(kind, p->error);
}

bool shim_fails(enum fault_kind kind, const char *function)
{
	const struct fault_plan *p = &state.plan;

	if (!atomic_load(&state.on) || (p->kinds & FAULT_BIT(kind)) == 0)
		return false;
	if (!counted_fails(atomic_fetch_add(&state.asked, 1) + 1, kind, function))
		return false;
	atomic_fetch_add(&state.hits, 1);
	if (p->error == FAULT_KILL)
		raise(SIGKILL);
	errno = p->error == FAULT_CUT ? ENOSPC : p->error;
	return true;
}

int shim_error(void)
{
	return state.plan.error;
}

bool shim_fails_moving(enum fault_kind kind, const char *function, size_t *len)
{
	if (!shim_fails(kind, function))
		return false;
	if (state.plan.error != FAULT_CUT)
		return true;
	/* The first one is cut; after it the disk is full. Reads are cut again and again. */
	if (kind == FAULT_WRITE && atomic_load(&state.hits) > 1)
		return true;
	*len = *len > 1 ? *len / 2 : *len;
	return false;
}
