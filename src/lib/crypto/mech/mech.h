/*
 * The mechanism table: one row a mechanism drives list, info, permission and dispatch.
 */
#ifndef CRYPTO_MECH_MECH_H
#define CRYPTO_MECH_MECH_H

#include "common/attrset.h"

struct mech;
struct op;
struct key;
struct secbuf;
struct derive_input;
struct derive_key;

/*
 * What one family of mechanisms does with an operation (crypto/mech/op.h checks states, sizes and
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
	/*
	 * Brings op->state, after an operation that succeeded, back to what begin left, without a
	 * trace of the data: the next operation of the same kind with the same key goes on from
	 * there. false: it cannot. NULL: it never can.
	 */
	bool (*rewind)(struct op *op);
	/*
	 * Takes another parameter into a state that was rewound; when it fails, begin is asked.
	 * NULL: the parameter has no pointers, and must be the same, byte for byte.
	 */
	CK_RV (*again)(struct op *op, const CK_MECHANISM *param);
	/* Frees op->state. Never called once OpenSSL is gone. */
	void (*end)(struct op *op);
	/*
	 * Decryption and verification with recovery: size is an upper bound, and single may be
	 * called again on the same state. Then a caller's buffer that the bound does not fit but
	 * the plaintext does is large enough (section 5.2).
	 */
	bool retry;
};

/*
 * How a mechanism wraps (crypto/mech/wrap.h). Without functions it encrypts the bytes of the key
 * with its mech_ops.
 */
struct mech_wrap {
	size_t fill;		/* the key is filled up with zeros to a multiple of that; 0: no */
	bool secret_only;	/* no private keys */
	/* The contracts are those of wrap_bytes and unwrap_bytes. */
	CK_RV (*wrap)(const struct mech *m, const CK_MECHANISM *param, struct key *wrapping,
		      const struct secbuf *in, CK_BYTE *out, CK_ULONG *out_len);
	CK_RV (*unwrap)(const struct mech *m, const CK_MECHANISM *param, struct key *unwrapping,
			const CK_BYTE *blob, CK_ULONG len, struct secbuf **out);
};

enum derive_result {
	DERIVE_SECRET,		/* secret keys */
	DERIVE_DATA,		/* a data object */
	DERIVE_PUBLIC		/* a public key */
};

/* How a mechanism derives (crypto/mech/derive.h). */
struct mech_derive {
	/* All the bytes that come out, at least in->want where the mechanism can choose. */
	CK_RV (*derive)(const struct mech *m, const struct derive_input *in, struct secbuf **out);
	/* Instead of bytes: the parts of the object, into out. */
	CK_RV (*parts)(const struct derive_input *in, struct attrset *out);
	/* The handle of a second key in the parameter; NULL: there is none. */
	CK_RV (*other)(const CK_MECHANISM *param, CK_OBJECT_HANDLE *out);
	/* The contract is that of derive_keys; NULL: one key, as the template says. */
	CK_RV (*keys)(const CK_MECHANISM *param, struct derive_key *keys, size_t *count);
	/*
	 * Tells the caller, by way of the parameter, the handles of the keys, which exist now, and
	 * the bytes that no key took. NULL: there is nothing to tell.
	 */
	void (*finish)(const struct derive_input *in, const CK_OBJECT_HANDLE *handles,
		       const unsigned char *rest, size_t len);
	enum derive_result result;
	bool keep_end;		/* too many bytes: the first ones are cut, not the last */
	bool inherit;		/* KIN_INHERIT; a template without class and type: as generic */
	bool generic;		/* a template without class and type: a generic secret */
	bool no_handle;		/* all handles are in the parameter: phKey may be NULL */
};

/*
 * How a mechanism of C_GenerateKey makes its object, where that is more than random bytes. Both
 * sets in one: out holds the template's values and receives the others.
 */
struct mech_make {
	CK_OBJECT_CLASS class;	/* of the object */
	bool any_type;		/* the template names the key type, not the row */
	bool takes_param;	/* else there must be none */
	/* The codes of keytype_generate; CKR_MECHANISM_PARAM_INVALID. */
	CK_RV (*make)(const struct mech *m, const CK_MECHANISM *param, struct attrset *out);
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
	/* of the keys that it takes or makes; CK_UNAVAILABLE_INFORMATION: takes no key */
	CK_KEY_TYPE key;
	/* more types that it takes, ended by CK_UNAVAILABLE_INFORMATION; NULL: none */
	const CK_KEY_TYPE *also;
	CK_ULONG min;		/* CK_MECHANISM_INFO, in the unit that the standard gives */
	CK_ULONG max;
	CK_FLAGS flags;		/* CKF_SIGN | CKF_VERIFY ...: exactly what works */
	const struct mech_ops *ops;	/* NULL: no operations */
	struct mech_arg arg;
	const struct mech_wrap *wrap;	/* with CKF_WRAP or CKF_UNWRAP */
	const struct mech_derive *derive;	/* with CKF_DERIVE */
	const struct mech_make *make; /* with CKF_GENERATE; NULL: a secret key of the row's type */
};

extern const struct mech mech_table[];
extern const size_t mech_table_len;

/* NULL when it is unknown or OpenSSL does not offer it at run time. */
const struct mech *mech_find(CK_MECHANISM_TYPE type);

/* Does the mechanism work with keys of that type? */
bool mech_takes(const struct mech *m, CK_KEY_TYPE type);

/* The class and the key type of what C_GenerateKey makes; no type: the template names it. */
CK_OBJECT_CLASS mech_makes(const struct mech *m);
CK_KEY_TYPE mech_makes_type(const struct mech *m);

/*
 * Generates a key or a pair, as keytype_generate does for the mechanism's type
 * (crypto/key/keytype.h says what the sets hold), or what the row's struct mech_make makes. Also
 * CKR_MECHANISM_PARAM_INVALID.
 */
CK_RV mech_generate(const struct mech *m, const CK_MECHANISM *param, struct attrset *pub,
		    struct attrset *priv) MUST_CHECK;

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
 * Notes what is wrong with the parameter (common/reason.h): "CKM_X parameter: why". Returns
 * CKR_MECHANISM_PARAM_INVALID. The three above do so themselves.
 */
CK_RV mech_bad_param(const CK_MECHANISM *m, const char *why);

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
