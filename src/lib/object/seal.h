/*
 * Private objects: every byte string but the dates is encrypted under the token key, in the store
 * and in memory (docs/STORAGE.md). Numbers, flags and templates stay in clear. Session objects are
 * not encrypted: their sets are in secret memory (attrset_new(true)), and leave it with the login.
 */
#ifndef OBJECT_SEAL_H
#define OBJECT_SEAL_H

#include "common/attrset.h"
#include "common/secmem.h"

/*
 * The stored form of a plain set; CKA_PRIVATE in it decides. key may be NULL for public objects,
 * otherwise CKR_USER_NOT_LOGGED_IN. The caller owns *out.
 */
CK_RV seal_set(const struct attrset *plain, const struct secbuf *key,
	       struct attrset **out) MUST_CHECK;

/* Stores one plain value into a stored set, in the form that set wants. */
CK_RV seal_attr(struct attrset *stored, const struct attr *plain,
		const struct secbuf *key) MUST_CHECK;

/*
 * The plain bytes of one stored byte string. CKR_DATA_INVALID when it is damaged (logged),
 * CKR_USER_NOT_LOGGED_IN without the key. The caller owns *out.
 */
CK_RV unseal_bytes(const struct attrset *stored, const struct attr *a, const struct secbuf *key,
		   struct secbuf **out) MUST_CHECK;

/*
 * A plain, secret copy of the attributes of those types that the object has; types ends with
 * CK_UNAVAILABLE_INFORMATION.
 */
CK_RV unseal_some(const struct attrset *stored, const CK_ATTRIBUTE_TYPE *types,
		  const struct secbuf *key, struct attrset **out) MUST_CHECK;

/* A plain, secret copy of the whole object. */
CK_RV unseal_set(const struct attrset *stored, const struct secbuf *key,
		 struct attrset **out) MUST_CHECK;

#endif
