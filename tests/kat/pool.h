#ifndef TESTS_KAT_POOL_H
#define TESTS_KAT_POOL_H

#include <stddef.h>

#include "pkcs11/pkcs11.h"

/* Memory that lives until the end of the program, and byte strings in it. */

struct bytes {
	CK_BYTE *p;
	CK_ULONG len;
};

/* Zeroed; never NULL: a test program without memory ends. */
void *pool_alloc(size_t size);
char *pool_text(const char *from, size_t len);
/* Frees all. */
void pool_free(void);

/*
 * Bytes as the data files write them: pairs of hex digits and "quoted ASCII", with blanks anywhere
 * between, and " * N" at the end for N copies of it all; or ?LENGTH:SEED, bytes that look random.
 * NULL when it is no such text.
 */
const struct bytes *bytes_parse(const char *text);
/* The same bytes in the pool; room for `more` bytes after them. */
struct bytes bytes_copy(const CK_BYTE *p, CK_ULONG len, CK_ULONG more);
/* As hex digits, in the pool. */
char *bytes_hex(const CK_BYTE *p, CK_ULONG len);

#endif
