/*
 * What the object management functions do (PKCS#11 2.40 sections 5.7, 5.14), on one token's
 * objects. who is the state of the calling session. Each takes the table's lock. A failed call
 * changes nothing and writes nothing.
 */
#ifndef OBJECT_OBJECT_H
#define OBJECT_OBJECT_H

#include "crypto/mech/mech.h"
#include "object/object_table.h"

/*
 * C_CreateObject. CKR_TEMPLATE_INCOMPLETE, CKR_TEMPLATE_INCONSISTENT, CKR_ATTRIBUTE_*,
 * CKR_SESSION_READ_ONLY, CKR_USER_NOT_LOGGED_IN, and the store's codes.
 */
CK_RV object_create(struct object_table *t, const struct caller *who, const CK_ATTRIBUTE *templ,
		    CK_ULONG count, CK_OBJECT_HANDLE *out) MUST_CHECK;

/* C_CopyObject. Also CKR_ACTION_PROHIBITED when CKA_COPYABLE is false. */
CK_RV object_copy(struct object_table *t, const struct caller *who, CK_OBJECT_HANDLE h,
		  const CK_ATTRIBUTE *templ, CK_ULONG count, CK_OBJECT_HANDLE *out) MUST_CHECK;

/* C_DestroyObject. CKR_ACTION_PROHIBITED when CKA_DESTROYABLE is false. */
CK_RV object_destroy(struct object_table *t, const struct caller *who,
		     CK_OBJECT_HANDLE h) MUST_CHECK;

/* C_GetObjectSize: the bytes that the object takes when it is stored. */
CK_RV object_size(struct object_table *t, const struct caller *who, CK_OBJECT_HANDLE h,
		  CK_ULONG *out) MUST_CHECK;

/*
 * C_GetAttributeValue: every entry is processed; the answer is the gravest of
 * CKR_ATTRIBUTE_SENSITIVE, CKR_ATTRIBUTE_TYPE_INVALID, CKR_BUFFER_TOO_SMALL, and an entry that
 * failed has the length CK_UNAVAILABLE_INFORMATION.
 */
CK_RV object_get(struct object_table *t, const struct caller *who, CK_OBJECT_HANDLE h,
		 CK_ATTRIBUTE *templ, CK_ULONG count) MUST_CHECK;

/*
 * C_SetAttributeValue: all of the template or nothing. CKR_ACTION_PROHIBITED when CKA_MODIFIABLE is
 * false.
 */
CK_RV object_set(struct object_table *t, const struct caller *who, CK_OBJECT_HANDLE h,
		 const CK_ATTRIBUTE *templ, CK_ULONG count) MUST_CHECK;

/* The handles that a search found, ascending. */
struct object_list {
	CK_OBJECT_HANDLE *handles;	/* owned by the caller (free); NULL when count is 0 */
	size_t count;
};

/*
 * C_FindObjectsInit: every visible object that has all the template's values.
 * CKR_ATTRIBUTE_VALUE_INVALID.
 */
CK_RV object_find(struct object_table *t, const struct caller *who, const CK_ATTRIBUTE *templ,
		  CK_ULONG count, struct object_list *out) MUST_CHECK;

/* A key, ready for OpenSSL, and what its object says about its use. */
struct object_key {
	struct key *key;		/* counted: key_unref */
	bool private;			/* it dies with the login */
	bool always_authenticate;	/* CKA_ALWAYS_AUTHENTICATE */
};

/*
 * The key behind a handle, for one mechanism (NULL: one that is not to be had). usage is the CKA_
 * flag that must be true, 0 for none. In this order: CKR_KEY_HANDLE_INVALID,
 * CKR_KEY_FUNCTION_NOT_PERMITTED, CKR_MECHANISM_INVALID (NULL, or not in CKA_ALLOWED_MECHANISMS),
 * CKR_KEY_TYPE_INCONSISTENT. The caller owns out->key.
 */
CK_RV object_key(struct object_table *t, const struct caller *who, CK_OBJECT_HANDLE h,
		 CK_ATTRIBUTE_TYPE usage, const struct mech *mech,
		 struct object_key *out) MUST_CHECK;

/*
 * The value of a secret key, for C_DigestKey. weak: by a digest that does not hide it (MD5), which
 * only a key that can be read anyway may take. CKR_KEY_HANDLE_INVALID, CKR_KEY_INDIGESTIBLE. The
 * caller owns *out (key_unref).
 */
CK_RV object_digestible(struct object_table *t, const struct caller *who, CK_OBJECT_HANDLE h,
			bool weak, struct key **out) MUST_CHECK;

/* A key in a call that makes or takes in another one, ready to be used (object_key). */
struct object_use {
	const struct mech *mech;
	const CK_MECHANISM *param;
	CK_OBJECT_HANDLE handle;
	struct key *key;
};

/* Bytes of the caller's. */
struct object_blob {
	const CK_BYTE *data;
	CK_ULONG len;
};

/*
 * C_WrapKey: the key h, encrypted with use. out NULL: its size only.
 * CKR_WRAPPING_KEY_HANDLE_INVALID, CKR_KEY_HANDLE_INVALID, CKR_KEY_NOT_WRAPPABLE,
 * CKR_KEY_UNEXTRACTABLE, and the codes of wrap_bytes.
 */
CK_RV object_wrap(struct object_table *t, const struct caller *who, const struct object_use *use,
		  CK_OBJECT_HANDLE h, CK_BYTE *out, CK_ULONG *out_len) MUST_CHECK;

/*
 * C_UnwrapKey. The codes of object_create, of unwrap_bytes, CKR_UNWRAPPING_KEY_HANDLE_INVALID, and
 * CKR_TEMPLATE_INCONSISTENT when the template contradicts the key's CKA_UNWRAP_TEMPLATE.
 */
CK_RV object_unwrap(struct object_table *t, const struct caller *who, const struct object_use *use,
		    const struct object_blob *blob, const CK_ATTRIBUTE *templ, CK_ULONG count,
		    CK_OBJECT_HANDLE *out) MUST_CHECK;

/*
 * C_DeriveKey. *out is not written when the mechanism tells the handles in its parameter. The codes
 * of object_create, of derive_bytes, and CKR_TEMPLATE_INCONSISTENT when the template contradicts
 * the key's CKA_DERIVE_TEMPLATE.
 */
CK_RV object_derive(struct object_table *t, const struct caller *who, const struct object_use *use,
		    const CK_ATTRIBUTE *templ, CK_ULONG count, CK_OBJECT_HANDLE *out) MUST_CHECK;

/* C_GenerateKey. The codes of object_create and of mech_generate. */
CK_RV object_generate(struct object_table *t, const struct caller *who, const struct mech *mech,
		      const CK_MECHANISM *param, const CK_ATTRIBUTE *templ, CK_ULONG count,
		      CK_OBJECT_HANDLE *out) MUST_CHECK;

/* One half of a pair's templates and its handle. */
struct object_half {
	const CK_ATTRIBUTE *templ;
	CK_ULONG count;
	CK_OBJECT_HANDLE handle;	/* out */
};

/* C_GenerateKeyPair: both keys or none. */
CK_RV object_generate_pair(struct object_table *t, const struct caller *who,
			   const struct mech *mech, const CK_MECHANISM *param,
			   struct object_half *pub, struct object_half *priv) MUST_CHECK;

#endif
