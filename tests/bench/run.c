/* Small things that all workloads use. */
#include "config.h"

#include "bench/bench.h"

#include <stdio.h>
#include <stdlib.h>

#include "pkcs11/names.h"

CK_RV failed(struct run *r, const char *call, CK_RV rv)
{
	if (rv != CKR_OK && r->failed == NULL)
		r->failed = call;
	return rv;
}

CK_RV want(struct run *r, const char *what, bool condition)
{
	return condition ? CKR_OK : failed(r, what, BENCH_WRONG);
}

void *state_new(struct run *r, size_t size)
{
	r->state = calloc(1, size);
	if (r->state == NULL) {
		perror("bench");
		abort();
	}
	return r->state;
}

unsigned long pick(struct run *r, unsigned long n)
{
	r->seed ^= r->seed << 13;
	r->seed ^= r->seed >> 7;
	r->seed ^= r->seed << 17;
	return (unsigned long)(r->seed % n);
}

void explain(const struct run *r, CK_RV rv, char *out, size_t size)
{
	const char *call = r->failed != NULL ? r->failed : "operation";
	const char *name = ckr_name(rv);

	if (rv == BENCH_WRONG)
		snprintf(out, size, "wrong result: %s", call);
	else if (rv == BENCH_SYSTEM)
		snprintf(out, size, "%s failed", call);
	else if (name != NULL)
		snprintf(out, size, "%s: %s", call, name);
	else
		snprintf(out, size, "%s: 0x%lx", call, rv);
}
