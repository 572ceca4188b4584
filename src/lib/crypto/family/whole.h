/*
 * Signatures over a whole message that the algorithm reads itself, without a digest of the caller's
 * choice: EdDSA, ML-DSA. Parts are collected until the end. A family adds its begin function.
 */
#ifndef CRYPTO_FAMILY_WHOLE_H
#define CRYPTO_FAMILY_WHOLE_H

#include "crypto/mech/op.h"

#define WHOLE_CONTEXT_MAX 255	/* bytes of a context string, in RFC 8032 and FIPS 204 alike */

/*
 * Makes op->state for signatures of that many bytes, and OpenSSL's context with the operation's
 * key; *ctx, which takes parameters, is borrowed. CKR_FUNCTION_FAILED, CKR_HOST_MEMORY.
 */
CK_RV whole_begin(struct op *op, size_t size, EVP_PKEY_CTX **ctx) MUST_CHECK;

/* The members of struct mech_ops that such families share. */
CK_RV whole_size(struct op *op, CK_ULONG in, bool last, CK_ULONG *out) MUST_CHECK;
CK_RV whole_update(struct op *op, const CK_BYTE *in, CK_ULONG len, CK_BYTE *out,
		   CK_ULONG *out_len) MUST_CHECK;
CK_RV whole_single(struct op *op, const CK_BYTE *in, CK_ULONG len, CK_BYTE *out,
		   CK_ULONG *out_len) MUST_CHECK;
CK_RV whole_finish(struct op *op, CK_BYTE *out, CK_ULONG *out_len) MUST_CHECK;
CK_RV whole_check_single(struct op *op, const CK_BYTE *in, CK_ULONG len, const CK_BYTE *sig,
			 CK_ULONG sig_len) MUST_CHECK;
CK_RV whole_check(struct op *op, const CK_BYTE *sig, CK_ULONG sig_len) MUST_CHECK;
void whole_end(struct op *op);

#endif
