/*
 * Hash, then sign: what the signatures of RSA, ECDSA and DSA share. A family brings begin, and two
 * functions that sign and verify the bytes that it is given: the caller's own (raw mechanisms) or
 * their digest.
 */
#ifndef CRYPTO_FAMILY_SIG_H
#define CRYPTO_FAMILY_SIG_H

#include <openssl/params.h>

#include "crypto/mech/op.h"

struct sig {
	EVP_PKEY_CTX *ctx;
	EVP_MD_CTX *md;		/* NULL: raw */
	size_t size;		/* of a signature */
	/*
	 * Set by the family. CKR_DATA_LEN_RANGE ...; verify: CKR_SIGNATURE_INVALID; sig_len is
	 * right already.
	 */
	CK_RV (*sign)(struct op *op, const CK_BYTE *in, size_t len, CK_BYTE *out);
	CK_RV (*verify)(struct op *op, const CK_BYTE *in, size_t len, const CK_BYTE *sig);
	const void *family;	/* whatever the family wants to find again; static */
};

/*
 * Makes op->state and a context, begun with init and these parameters (may be NULL), and a digest
 * context when the row has a digest. The family fills in the rest. op->state is freed by sig_end
 * even when this fails.
 */
CK_RV sig_open(struct op *op, int (*init)(EVP_PKEY_CTX *ctx, const OSSL_PARAM params[]),
	       const OSSL_PARAM params[],
	       struct sig **out) MUST_CHECK;

CK_RV sig_size(struct op *op, CK_ULONG in, bool last, CK_ULONG *out);
CK_RV sig_update(struct op *op, const CK_BYTE *in, CK_ULONG len, CK_BYTE *out, CK_ULONG *out_len);
CK_RV sig_finish(struct op *op, CK_BYTE *out, CK_ULONG *out_len);
CK_RV sig_single(struct op *op, const CK_BYTE *in, CK_ULONG len, CK_BYTE *out, CK_ULONG *out_len);
CK_RV sig_check(struct op *op, const CK_BYTE *sig, CK_ULONG sig_len);
CK_RV sig_check_single(struct op *op, const CK_BYTE *in, CK_ULONG len, const CK_BYTE *sig,
		       CK_ULONG sig_len);
bool sig_rewind(struct op *op);
void sig_end(struct op *op);

/*
 * The two tables of a family: the caller's bytes are signed, at once; or hashed first, in as many
 * parts as come.
 */
#define SIG_RAW_OPS(begin_function) \
	{ .begin = (begin_function), .size = sig_size, .single = sig_single, \
	  .check_single = sig_check_single, .rewind = sig_rewind, .end = sig_end }
#define SIG_HASH_OPS(begin_function) \
	{ .begin = (begin_function), .size = sig_size, .update = sig_update, \
	  .finish = sig_finish, .check = sig_check, .rewind = sig_rewind, .end = sig_end }

/*
 * ECDSA and DSA: r and s, each as wide as the group's order (PKCS#11 2.40 mechanisms, section
 * 2.3.1).
 */
CK_RV sig_pair_open(struct op *op, const CK_MECHANISM *param, size_t order_bits) MUST_CHECK;

#endif
