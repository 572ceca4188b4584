/*
 * One active cryptographic operation (PKCS#11 2.40 sections 5.8 to 5.12): mechanism, key, OpenSSL
 * context, state.
 *
 * The functions here hold the rules that all mechanisms share: single-part or multi-part, the
 * two-call rule of section 5.2 (out NULL: the size only; too small: CKR_BUFFER_TOO_SMALL with the
 * size; both leave the operation as it was), and no output written past the caller's buffer. Not
 * locked: the session that owns the operation locks.
 */
#ifndef CRYPTO_MECH_OP_H
#define CRYPTO_MECH_OP_H

#include "crypto/ossl/key.h"
#include "crypto/mech/mech.h"

/* No input can be longer, and sums of two such lengths do not overflow. */
#define OP_INPUT_MAX (SIZE_MAX / 4)

enum op_kind {
	OP_ENCRYPT,
	OP_DECRYPT,
	OP_DIGEST,
	OP_SIGN,
	OP_VERIFY,
	OP_SIGN_RECOVER,
	OP_VERIFY_RECOVER,
	OP_KINDS,	/* those up to here can be active in a session */
	/*
	 * Parts of one call, which encrypt or decrypt by another right: C_WrapKey, C_UnwrapKey,
	 * C_DeriveKey.
	 */
	OP_WRAP = OP_KINDS,
	OP_UNWRAP,
	OP_DERIVE,
	OP_ALL_KINDS
};

/* The longest parameter without pointers: CK_RSA_PKCS_PSS_PARAMS. */
#define OP_PARAM_MAX 24

struct op {
	enum op_kind kind;	/* what it does: below OP_KINDS */
	const struct mech *mech;
	struct key *key;	/* counted; NULL for digests */
	void *state;		/* the family's */
	bool parts;		/* an update was made: no single-part call any more */
	bool good;		/* it ended well: its state may be used again */
	CK_ULONG param_len;	/* the parameter that it began with, if it is so short */
	unsigned char param[OP_PARAM_MAX];
};

/*
 * The CKF_ flag that a mechanism needs for that kind, and the CKA_ that its key needs (0 for
 * digests).
 */
CK_FLAGS op_kind_flag(enum op_kind kind);
CK_ATTRIBUTE_TYPE op_kind_usage(enum op_kind kind);

/*
 * Does the mechanism take that key for that kind? CKR_MECHANISM_INVALID: the mechanism is not for
 * that kind at all; CKR_KEY_TYPE_INCONSISTENT, CKR_KEY_SIZE_RANGE. key is NULL for digests.
 */
CK_RV op_check_key(enum op_kind kind, const struct mech *m, const struct key *key) MUST_CHECK;

/*
 * Starts an operation, if possible from one that rests: with the key, or, for digests, in *resting,
 * which may be NULL. key is counted here, NULL for digests. The codes of op_check_key,
 * CKR_KEY_SIZE_RANGE for this parameter, CKR_MECHANISM_PARAM_INVALID. The caller owns *out.
 */
CK_RV op_new(enum op_kind kind, const struct mech *m, const CK_MECHANISM *param, struct key *key,
	     struct op **resting, struct op **out) MUST_CHECK;
void op_free(struct op *op);

/*
 * As op_free, but an operation that ended well may be kept, where op_new will find it. What rests
 * with a key is freed with the key; *resting is the caller's to free.
 */
void op_rest(struct op *op, struct op **resting);

/*
 * Encrypt, decrypt, digest, sign, both kinds of recovery. *done tells whether the operation is
 * over (also after most errors): then the caller frees it. CKR_DATA_LEN_RANGE,
 * CKR_ENCRYPTED_DATA_INVALID, CKR_ENCRYPTED_DATA_LEN_RANGE, CKR_SIGNATURE_INVALID and
 * CKR_SIGNATURE_LEN_RANGE (recovery), CKR_BUFFER_TOO_SMALL; CKR_OPERATION_NOT_INITIALIZED for a
 * single-part call after an update, or an update of a single-part mechanism of sign or verify;
 * CKR_FUNCTION_NOT_SUPPORTED (not over) for an update of a single-part cipher.
 */
CK_RV op_single(struct op *op, const CK_BYTE *in, CK_ULONG len, CK_BYTE *out, CK_ULONG *out_len,
		bool *done) MUST_CHECK;
CK_RV op_update(struct op *op, const CK_BYTE *in, CK_ULONG len, CK_BYTE *out, CK_ULONG *out_len,
		bool *done) MUST_CHECK;
CK_RV op_finish(struct op *op, CK_BYTE *out, CK_ULONG *out_len, bool *done) MUST_CHECK;

/* Parts of sign, verify and digest, which produce nothing yet. */
CK_RV op_feed(struct op *op, const CK_BYTE *in, CK_ULONG len, bool *done) MUST_CHECK;

/* Verify, which is always over afterwards. CKR_SIGNATURE_INVALID, CKR_SIGNATURE_LEN_RANGE. */
CK_RV op_verify(struct op *op, const CK_BYTE *in, CK_ULONG len, const CK_BYTE *sig,
		CK_ULONG sig_len, bool *done)
	MUST_CHECK;
CK_RV op_verify_finish(struct op *op, const CK_BYTE *sig, CK_ULONG sig_len, bool *done) MUST_CHECK;

#endif
