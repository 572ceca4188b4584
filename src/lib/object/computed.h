/*
 * What follows from a key: CKA_PUBLIC_KEY_INFO of public and private keys, which the reference
 * leaves empty, and CKA_EC_POINT of a private key, which clients ask for (the rows marked COMPUTED,
 * attr_table.c).
 */
#ifndef OBJECT_COMPUTED_H
#define OBJECT_COMPUTED_H

#include "object/attr.h"
#include "object/object_table.h"

/*
 * Settles CKA_PUBLIC_KEY_INFO of a plain object: an empty one is computed, another must be the
 * key's. It stays empty where the key is such that it has none; objects that are no public or
 * private keys are left alone. CKR_ATTRIBUTE_VALUE_INVALID.
 */
CK_RV computed_settle(struct attrset *plain) MUST_CHECK;

/*
 * Do CKA_CHECK_VALUE and CKA_PUBLIC_KEY_INFO in changes, if they are there and not empty, belong to
 * the key? parts has what keytype_parts names. CKR_ATTRIBUTE_VALUE_INVALID.
 */
CK_RV computed_check(CK_OBJECT_CLASS class, CK_KEY_TYPE type, const struct attrset *parts,
		     const struct attrset *changes) MUST_CHECK;

/* Must the attribute be computed? a is what is stored, or NULL. */
bool computed_wanted(const struct attr_rule *rule, const struct attr *a);

/* May one of these attributes have to be computed, for whatever object? */
bool computed_may_be(const CK_ATTRIBUTE *templ, CK_ULONG count);

/*
 * The value of a COMPUTED attribute that the object has not stored; empty when there is none. It is
 * kept with the object, borrowed, valid while the table's lock is held, which the caller has taken.
 * CKR_DATA_INVALID (the object is damaged), CKR_USER_NOT_LOGGED_IN.
 */
CK_RV computed_get(const struct object_table *t, struct object *o, CK_ATTRIBUTE_TYPE type,
		   const struct attr **out) MUST_CHECK;

#endif
