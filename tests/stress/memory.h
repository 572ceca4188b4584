#ifndef TESTS_STRESS_MEMORY_H
#define TESTS_STRESS_MEMORY_H

/*
 * Looks for secrets in the memory of this process and in files. The secrets themselves are kept
 * masked, so that none is found because the test has it.
 */

#include <stdbool.h>
#include <stddef.h>

#include "pkcs11/pkcs11.h"

#define SECRET_MAX 512

struct masked {
	char name[24];
	CK_ULONG len;
	CK_BYTE bytes[SECRET_MAX];
};

void mask(struct masked *m, const char *name, const CK_BYTE *bytes, size_t len);
void unmask(const struct masked *m, CK_BYTE *out);

/* Where to look. */
enum where {
	ALL_MEMORY,		/* that can be written */
	UNPROTECTED_MEMORY,	/* ... and may be swapped out or dumped */
};

/*
 * Any 16 bytes of a secret, in either order, at a multiple of 16 within it. Tells of each place,
 * and returns how many there are. Has a thread, hence a stack, of its own, so that what the
 * caller's calls left on the stack is still there.
 */
unsigned memory_find(enum where where, const struct masked *list, size_t n, const char *when);
/* The same for a file, or all files below a directory. */
unsigned files_find(const char *path, const struct masked *list, size_t n);

/* kB of memory that is locked. */
unsigned long memory_locked(void);

#endif
