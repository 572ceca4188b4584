/*
 * OpenSSL's default provider has DES with three keys only; with one or two keys it is the same with
 * some of them equal.
 */
#ifndef CRYPTO_DES_H
#define CRYPTO_DES_H

#include "crypto/ossl/key.h"

#define DES_BYTES 8
#define DES3_BYTES 24

/*
 * 8, 16 or 24 bytes of key material as 24 bytes. NULL when out of memory. The caller owns the
 * result.
 */
struct secbuf *des_expand(const unsigned char *value, size_t len);

/*
 * The same for a key that needs it; *out is NULL for all others, which are used as they are.
 * CKR_HOST_MEMORY.
 */
CK_RV des_triple(const struct key *key, struct secbuf **out) MUST_CHECK;

/* Makes each byte have an odd number of ones, as FIPS 46-3 wants DES keys to be. */
void des_odd_parity(unsigned char *value, size_t len);

#endif
