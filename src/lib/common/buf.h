/*
 * A growable byte buffer and a reader over foreign bytes.
 *
 * Both use the object file's conventions: integers are 8 bytes, big-endian. No function here
 * trusts a length: the reader refuses to go past its end, the buffer refuses to overflow
 * size_t.
 */
#ifndef COMMON_BUF_H
#define COMMON_BUF_H

#include "common/base.h"

struct buf {
	unsigned char *data;	/* owned; NULL while cap is 0 */
	size_t len;		/* bytes in use */
	size_t cap;		/* bytes allocated */
};

#define BUF_INIT { NULL, 0, 0 }

/* Makes room for n more bytes. CKR_HOST_MEMORY leaves the buffer as it was. */
CK_RV buf_reserve(struct buf *b, size_t n) MUST_CHECK;

/* Appends n bytes (n may be 0, then p may be NULL). CKR_HOST_MEMORY leaves the buffer as it was. */
CK_RV buf_append(struct buf *b, const void *p, size_t n) MUST_CHECK;

/* Appends one integer, 8 bytes big-endian. */
CK_RV buf_put_u64(struct buf *b, uint64_t v) MUST_CHECK;

/* Wipes and releases the memory; the buffer is empty and usable again afterwards. */
void buf_free(struct buf *b);

struct reader {
	const unsigned char *p;	/* borrowed */
	size_t left;
};

/*
 * Reads one 8-byte big-endian integer; false (nothing consumed) when fewer than 8 bytes are
 * left.
 */
bool reader_u64(struct reader *r, uint64_t *out) MUST_CHECK;

/*
 * Borrows the next n bytes; false (nothing consumed) when fewer are left. n may be any 64-bit
 * value.
 */
bool reader_bytes(struct reader *r, uint64_t n, const unsigned char **out) MUST_CHECK;

#endif
