/*
 * Memory for secrets: locked against swapping (best effort), left out of core dumps, wiped when
 * released.
 *
 * One process-wide arena of whole pages serves all requests, so that no request costs a system
 * call once the arena has grown. Failing to lock is logged once and is no error. Thread-safe;
 * its lock is a leaf lock.
 */
#ifndef COMMON_SECMEM_H
#define COMMON_SECMEM_H

#include "common/base.h"

/* n bytes, 16-byte aligned, zeroed; NULL when out of memory. n = 0 gives a valid pointer. */
void *secmem_alloc(size_t n);

/* Wipes and releases what secmem_alloc returned. NULL is fine. */
void secmem_free(void *p);

/*
 * Gives every page back to the system when nothing is allocated any more; does nothing
 * otherwise.
 */
void secmem_shutdown(void);

/*
 * Takes the arena's lock before a fork and releases it afterwards, in the parent and in the
 * child.
 */
void secmem_fork_prepare(void);
void secmem_fork_done(void);

/* A secret with its length, in such memory. */
struct secbuf {
	size_t len;
	unsigned char data[];
};

/* len zero bytes, or a copy of data. NULL when out of memory. The caller owns the result. */
struct secbuf *secbuf_new(size_t len);
struct secbuf *secbuf_from(const void *data, size_t len);
void secbuf_free(struct secbuf *s);

#endif
