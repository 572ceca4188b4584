/* Domain parameters and values of DSA and DH. For the folder crypto/key only. */
#ifndef CRYPTO_KEY_DLOG_H
#define CRYPTO_KEY_DLOG_H

#include "crypto/key/keytype_row.h"

/* OpenSSL's own limit for both. */
#define DLOG_PRIME_BYTES (10000 / 8)
/* OpenSSL's lower limit for DH. */
#define DLOG_PRIME_BITS_MIN 512
/* Private values of DH that have fewer bits are found by trying. */
#define DLOG_VALUE_BITS_MIN 160

/*
 * Are these domain parameters, and is the value one of their group? Anybody who holds a key may
 * have chosen its parameters, so they are not searched for weaknesses: the work is a few
 * exponentiations, no proof that the primes are prime, which would take minutes for the largest. A
 * Fermat test, one of them, finds numbers that are damaged.
 *
 * CKR_DOMAIN_PARAMS_INVALID: the parameters; CKR_ATTRIBUTE_VALUE_INVALID: one is missing or too
 * large, or the value. The reason is noted.
 */
CK_RV dlog_check(const struct keytype *t, CK_OBJECT_CLASS class,
		 const struct attrset *attrs) MUST_CHECK;

#endif
