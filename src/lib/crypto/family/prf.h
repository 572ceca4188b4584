/*
 * Keyed pseudo-random functions, one key used again and again: what HKDF, the functions of SP
 * 800-108 and the PRF of TLS are made of. For the folder crypto/family only.
 */
#ifndef CRYPTO_FAMILY_PRF_H
#define CRYPTO_FAMILY_PRF_H

#include <openssl/evp.h>

#include "common/secmem.h"
#include "crypto/mech/derive.h"

#define PRF_MAX EVP_MAX_MD_SIZE

struct prf {
	EVP_MAC_CTX *keyed;	/* never fed: the start of every run */
	EVP_MAC_CTX *run;
	size_t size;		/* bytes that come out */
};

/*
 * Begin with all zero. HMAC: any key. CMAC of that cipher (a pattern as ossl_cipher_sized takes):
 * CKR_KEY_SIZE_RANGE when it has no keys of that length. Closed also after a failure.
 */
CK_RV prf_hmac(struct prf *p, const char *md, const unsigned char *key, size_t len) MUST_CHECK;
CK_RV prf_cmac(struct prf *p, const char *cipher, const unsigned char *key,
	       size_t len) MUST_CHECK;
void prf_close(struct prf *p);

/* One run: start, add as often as needed, end, which writes p->size bytes. */
CK_RV prf_start(struct prf *p) MUST_CHECK;
CK_RV prf_add(struct prf *p, const void *data, size_t len) MUST_CHECK;
CK_RV prf_end(struct prf *p, unsigned char out[PRF_MAX]) MUST_CHECK;

/* OpenSSL's name of the hash that a digest mechanism (CKM_SHA256 ...) is; NULL: it is none. */
const char *prf_hash(CK_MECHANISM_TYPE digest);

/*
 * Bytes in a parameter, pointer and length: may be empty, but not missing, and not longer than what
 * a key can be. CKR_MECHANISM_PARAM_INVALID with that reason.
 */
CK_RV prf_check_bytes(const CK_MECHANISM *param, const void *data, CK_ULONG len,
		      const char *why) MUST_CHECK;

/* Bytes taken from a caller: borrowed. */
struct piece {
	const unsigned char *data;
	size_t len;
};

#endif
