/*
 * The mechanism table: one row a mechanism drives list, info, permission and dispatch.
 */
#ifndef CRYPTO_MECH_H
#define CRYPTO_MECH_H

#include "common/base.h"

struct op;

/*
 * What one family of mechanisms does with an operation (crypto/op.h checks states, sizes and
 * buffers before it calls). A NULL member means: not with this family. in may be NULL when len is
 * 0. The out buffers always have room for what size said. Each returns a CKR_ code; after anything
 * but CKR_OK the operation is ended by the caller.
 */
struct mech_ops {
	/*
	 * Checks parameter and key, sets up op->state. CKR_MECHANISM_PARAM_INVALID,
	 * CKR_KEY_SIZE_RANGE, ...
	 */
	CK_RV (*begin)(struct op *op, const CK_MECHANISM *param);
	/*
	 * The most bytes that the next update (last = false) or the end (last = true, in bytes
	 * still to come) writes.
	 */
	CK_RV (*size)(struct op *op, CK_ULONG in, bool last, CK_ULONG *out);
	/*
	 * One part; *out_len is set. NULL: single-part only. Sign, verify and digest write nothing.
	 */
	CK_RV (*update)(struct op *op, const CK_BYTE *in, CK_ULONG len, CK_BYTE *out,
			CK_ULONG *out_len);
	/* The end of a multi-part operation; *out_len is set. */
	CK_RV (*finish)(struct op *op, CK_BYTE *out, CK_ULONG *out_len);
	/* All at once; NULL: update then finish. */
	CK_RV (*single)(struct op *op, const CK_BYTE *in, CK_ULONG len, CK_BYTE *out,
			CK_ULONG *out_len);
	/*
	 * Verify: the end of a multi-part one, and all at once. CKR_SIGNATURE_INVALID,
	 * CKR_SIGNATURE_LEN_RANGE.
	 */
	CK_RV (*check)(struct op *op, const CK_BYTE *sig, CK_ULONG sig_len);
	CK_RV (*check_single)(struct op *op, const CK_BYTE *in, CK_ULONG len, const CK_BYTE *sig,
			      CK_ULONG sig_len);
	/* Frees op->state. Never called once OpenSSL is gone. */
	void (*end)(struct op *op);
	/*
	 * Decryption: size is an upper bound, and single may be called again on the same state.
	 * Then a caller's buffer that the bound does not fit but the plaintext does is large enough
	 * (section 5.2).
	 */
	bool retry;
};

/* What a row tells its family; unused members stay zero. */
struct mech_arg {
	const char *md;		/* OpenSSL digest name */
	const char *cipher;	/* OpenSSL cipher name; with %u for the key's bits: "AES-%u-GCM" */
	const char *mac;	/* OpenSSL MAC name */
	int variant;		/* the family's own enumeration: padding, mode */
	const char *probe;	/* OpenSSL key type that must exist: "RSA", "ED25519" */
};

struct mech {
	CK_MECHANISM_TYPE type;
	CK_KEY_TYPE key;	/* CK_UNAVAILABLE_INFORMATION: takes no key */
	/* a second type that it takes; the same as key when there is none */
	CK_KEY_TYPE key_too;
	CK_ULONG min;		/* CK_MECHANISM_INFO, in the unit that the standard gives */
	CK_ULONG max;
	CK_FLAGS flags;		/* CKF_SIGN | CKF_VERIFY ...: exactly what works */
	const struct mech_ops *ops;	/* NULL: key generation only (crypto/keytype.h) */
	struct mech_arg arg;
};

extern const struct mech mech_table[];
extern const size_t mech_table_len;

/* NULL when it is unknown or OpenSSL does not offer it at run time. */
const struct mech *mech_find(CK_MECHANISM_TYPE type);

/* Does the mechanism work with keys of that type? */
bool mech_takes(const struct mech *m, CK_KEY_TYPE type);

/*
 * The parameter, copied out because the caller's may be misaligned: exactly size bytes, else
 * CKR_MECHANISM_PARAM_INVALID. What its pointers point at is not checked.
 */
CK_RV mech_param(const CK_MECHANISM *m, void *out, size_t size) MUST_CHECK;

/* The same for a parameter that may be left out: then out is all zero. */
CK_RV mech_param_optional(const CK_MECHANISM *m, void *out, size_t size) MUST_CHECK;

/* For mechanisms without a parameter: CKR_MECHANISM_PARAM_INVALID unless its length is 0. */
CK_RV mech_no_param(const CK_MECHANISM *m) MUST_CHECK;

/*
 * Which mechanisms the configuration (slots.mechanisms) allows, in the order in which they are
 * listed. Immutable.
 */
struct mech_policy;

/*
 * "ALL", "CKM_A,CKM_B" (only these, in this order) or "-CKM_A,CKM_B" (all but these). An unknown
 * name is a logged warning and is ignored. CKR_HOST_MEMORY.
 */
CK_RV mech_policy_new(const char *text, struct mech_policy **out) MUST_CHECK;
void mech_policy_free(struct mech_policy *p);

/* The allowed mechanisms that OpenSSL offers; "ALL" sorts by name. Borrowed. */
const CK_MECHANISM_TYPE *mech_policy_list(const struct mech_policy *p, CK_ULONG *count);

/*
 * The row of a mechanism which is allowed and has one of the flags (CKF_SIGN ...; 0: any).
 * CKR_MECHANISM_INVALID.
 */
CK_RV mech_policy_find(const struct mech_policy *p, CK_MECHANISM_TYPE type, CK_FLAGS flags,
		       const struct mech **out)
	MUST_CHECK;

#endif
