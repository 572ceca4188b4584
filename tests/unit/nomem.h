/*
 * Memory that runs out on demand. A program that lists tests/unit/nomem.c among its sources, and
 * NOMEM_FLAGS in its LDFLAGS, has the library's calls of malloc, calloc, realloc and strdup
 * pass through here; the calls that shared libraries make themselves do not.
 *
 *	for (n = 0, more = true; more; n++) {
 *		nomem_begin(n, NOMEM_ONCE);
 *		rv = thing_new(&thing);
 *		more = nomem_end();
 *		CU_ASSERT_EQUAL(rv, more ? CKR_HOST_MEMORY : CKR_OK);
 *	}
 */
#ifndef UNIT_NOMEM_H
#define UNIT_NOMEM_H

#include <stdbool.h>

enum nomem_kind {
	NOMEM_ONCE,		/* one request fails, the next are served again */
	NOMEM_LASTING		/* all requests fail from that one on */
};

/* The next n requests are served, and the one after them fails. One thread at a time. */
void nomem_begin(unsigned long n, enum nomem_kind kind);

/* Memory is there again. Did a request fail since nomem_begin? */
bool nomem_end(void);

#endif
