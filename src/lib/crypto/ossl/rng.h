/* Random bytes from OpenSSL's generator in our own library context; safe after a fork. */
#ifndef CRYPTO_RNG_H
#define CRYPTO_RNG_H

#include "common/base.h"

/* CKR_FUNCTION_FAILED when the generator fails. rng_secret uses the generator reserved for keys. */
CK_RV rng_public(void *out, size_t len) MUST_CHECK;
CK_RV rng_secret(void *out, size_t len) MUST_CHECK;

/* Mixes the caller's bytes in (C_SeedRandom); they never replace the system's entropy. */
CK_RV rng_seed(const void *seed, size_t len) MUST_CHECK;

#endif
