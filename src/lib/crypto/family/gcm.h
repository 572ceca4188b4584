/* The parameter that GCM and GMAC share. */
#ifndef CRYPTO_FAMILY_GCM_H
#define CRYPTO_FAMILY_GCM_H

#include "crypto/mech/mech.h"
#include "crypto/ossl/key.h"

#define GCM_BLOCK 16

/* What it says; the pointers are the caller's, or to made. Not to be copied. */
struct aead_param {
	const unsigned char *iv, *aad;
	size_t iv_len, aad_len, tag_len;	/* bytes */
	unsigned char made[GCM_BLOCK];
};

/*
 * Reads and checks it. An IV that is longer than OpenSSL takes is turned into a short one, which
 * with this AES key means the same. CKR_MECHANISM_PARAM_INVALID, CKR_KEY_SIZE_RANGE,
 * CKR_FUNCTION_FAILED.
 */
CK_RV gcm_read(const CK_MECHANISM *param, const struct key *key, struct aead_param *out) MUST_CHECK;

#endif
