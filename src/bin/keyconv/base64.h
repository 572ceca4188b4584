/* Base64 of secrets (RFC 4648 section 4), which leave no copy behind. */
#ifndef BIN_KEYCONV_BASE64_H
#define BIN_KEYCONV_BASE64_H

#include "common/secmem.h"

/*
 * Strict: whole groups of four, padded, nothing else in between, no bits left over. NULL when it is
 * not that, or empty, or when out of memory. The caller owns the result.
 */
struct secbuf *base64_decode(const char *text, size_t len);

/* With a NUL behind it, which len does not count. NULL when out of memory. */
struct secbuf *base64_encode(const unsigned char *data, size_t len);

#endif
