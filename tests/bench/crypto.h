#ifndef TESTS_BENCH_CRYPTO_H
#define TESTS_BENCH_CRYPTO_H

#include "bench/bench.h"
#include "bench/keys.h"

/* What the cryptographic workloads do, through a module or with libcrypto alone. */
struct crypto_arg {
	enum key_id key;
	CK_MECHANISM_TYPE mechanism;
	unsigned long size;	/* of the input */
	bool session_key;	/* made for the run instead of the token's */
};

#define GCM_IV		12
#define GCM_TAG		16

extern const struct job p11_sign, p11_verify, p11_encrypt, p11_decrypt, p11_digest, p11_random;
extern const struct job p11_derive, p11_generate;
extern const struct job raw_sign, raw_verify, raw_encrypt, raw_decrypt, raw_digest, raw_random;
extern const struct job raw_derive, raw_generate, raw_login;

/* Writes the keys of the fixture WITH_KEYS as files into `dir`. */
CK_RV raw_fixture(const char *dir);

#endif
