/*
 * Keys out of keys: the cryptography of C_DeriveKey (PKCS#11 2.40 section 5.14), without objects,
 * templates or permissions. A row with CKF_DERIVE has a struct mech_derive (crypto/mech/mech.h).
 */
#ifndef CRYPTO_MECH_DERIVE_H
#define CRYPTO_MECH_DERIVE_H

#include "common/secmem.h"
#include "crypto/mech/mech.h"
#include "crypto/ossl/key.h"

/* What goes into a derivation. */
struct derive_input {
	const CK_MECHANISM *param;
	struct key *base;
	/* the second key, where the parameter names one (derive_other), else NULL */
	const struct key *other;
	size_t want;		/* bytes that the new key has; 0: as many as there are */
};

/*
 * The handle of the second key that the parameter names (CKM_CONCATENATE_BASE_AND_KEY);
 * CK_INVALID_HANDLE when the mechanism has none. CKR_MECHANISM_PARAM_INVALID.
 */
CK_RV derive_other(const struct mech *m, const CK_MECHANISM *param,
		   CK_OBJECT_HANDLE *out) MUST_CHECK;

/*
 * The bytes of the new key, want of them unless it is 0: cut at the end that the mechanism names;
 * of a mechanism with a function finish, more. CKR_MECHANISM_PARAM_INVALID,
 * CKR_KEY_TYPE_INCONSISTENT, CKR_KEY_SIZE_RANGE (the mechanism cannot give that many). The caller
 * owns *out.
 */
CK_RV derive_bytes(const struct mech *m, const struct derive_input *in,
		   struct secbuf **out) MUST_CHECK;

/* The most keys of one derivation, and the longest value: the largest secret that keys can be. */
#define DERIVE_KEYS_MAX 16
#define DERIVE_VALUE_MAX 0x8000000

/* One of several keys that a derivation makes, each of which takes the next bytes. */
struct derive_key {
	bool own;		/* has a template of its own, not that of the call */
	const CK_ATTRIBUTE *templ;
	CK_ULONG count;
	CK_KEY_TYPE type;	/* CK_UNAVAILABLE_INFORMATION: the template says it */
	size_t len;		/* of the value; 0: the template or the key type says it */
};

/*
 * The keys that the parameter asks for, DERIVE_KEYS_MAX at most; *count is 0 until it is CKR_OK.
 * Only with several keys, or a type or length that is not the template's: a mechanism's function,
 * else it is one key. CKR_MECHANISM_PARAM_INVALID.
 */
CK_RV derive_keys(const struct mech *m, const CK_MECHANISM *param, struct derive_key *keys,
		  size_t *count) MUST_CHECK;

/*
 * For mechanisms that make an object's parts, not bytes. CKR_MECHANISM_PARAM_INVALID,
 * CKR_KEY_TYPE_INCONSISTENT.
 */
CK_RV derive_parts(const struct mech *m, const struct derive_input *in,
		   struct attrset *out) MUST_CHECK;

/* Does the mechanism tell all handles by way of its parameter? Also before OpenSSL is open. */
bool derive_without_handle(CK_MECHANISM_TYPE type);

/*
 * How CKA_SENSITIVE and its kin of the new key follow from the base key's (PKCS#11 2.40 mechanisms,
 * the section of each derivation).
 */
enum derive_kin {
	KIN_BASE,	/* ALWAYS_SENSITIVE, NEVER_EXTRACTABLE: the base's and the new key's own */
	KIN_INHERIT	/* all four as the base has them; a second key can only make it stricter */
};

enum derive_kin derive_kin(const struct mech *m);

#endif
