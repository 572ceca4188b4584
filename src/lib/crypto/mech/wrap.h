/*
 * Encrypting keys with keys: the cryptography of C_WrapKey and C_UnwrapKey (PKCS#11 2.40 section
 * 5.14), without objects, templates or permissions.
 *
 * Most mechanisms wrap as they encrypt: their row has CKF_WRAP and its family's operations do the
 * work. A mechanism that wraps otherwise has a struct mech_wrap of its own (crypto/mech/mech.h).
 */
#ifndef CRYPTO_MECH_WRAP_H
#define CRYPTO_MECH_WRAP_H

#include "common/secmem.h"
#include "crypto/mech/mech.h"
#include "crypto/ossl/key.h"

/*
 * Wraps the bytes of a key: the value of a secret key, or a PKCS#8 PrivateKeyInfo. The two-call
 * rule of section 5.2 applies to out. CKR_MECHANISM_PARAM_INVALID,
 * CKR_WRAPPING_KEY_TYPE_INCONSISTENT, CKR_WRAPPING_KEY_SIZE_RANGE, CKR_KEY_SIZE_RANGE (the
 * mechanism cannot wrap that many bytes), CKR_BUFFER_TOO_SMALL.
 */
CK_RV wrap_bytes(const struct mech *m, const CK_MECHANISM *param, struct key *wrapping,
		 const struct secbuf *in, CK_BYTE *out, CK_ULONG *out_len) MUST_CHECK;

/*
 * The reverse. CKR_MECHANISM_PARAM_INVALID, CKR_UNWRAPPING_KEY_TYPE_INCONSISTENT,
 * CKR_UNWRAPPING_KEY_SIZE_RANGE, CKR_WRAPPED_KEY_LEN_RANGE, CKR_WRAPPED_KEY_INVALID (the blob is
 * damaged or was made with another key). What a mechanism without padding of its own filled up with
 * zeros is still there: the caller cuts it. The caller owns *out.
 */
CK_RV unwrap_bytes(const struct mech *m, const CK_MECHANISM *param, struct key *unwrapping,
		   const CK_BYTE *blob, CK_ULONG len, struct secbuf **out) MUST_CHECK;

/* Can it wrap private keys? RSA's paddings have room for secret keys only. */
bool wrap_takes_private(const struct mech *m);

#endif
