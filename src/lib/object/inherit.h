/*
 * What a new key takes over from the key that it was unwrapped with or derived from: the template
 * that is stored with that key, and its secrecy (PKCS#11 2.40 sections 4.9, 4.10, 5.14).
 */
#ifndef OBJECT_INHERIT_H
#define OBJECT_INHERIT_H

#include "object/attr.h"
#include "object/object_table.h"

struct inherit_value;

/* The caller's template and what the key's own adds. */
struct inherit_template {
	CK_ATTRIBUTE *list;
	CK_ULONG count;
	CK_ULONG inherited;	/* of these, the last ones: not the caller's */
	struct attrset *stored;	/* what list points into, beside the caller's memory */
	struct inherit_value *values;
};

/*
 * Merges templ with the template type (CKA_UNWRAP_TEMPLATE, CKA_DERIVE_TEMPLATE) of the object h.
 * Takes the table's lock. CKR_TEMPLATE_INCONSISTENT when the two contradict each other;
 * CKR_OBJECT_HANDLE_INVALID. The result is freed by inherit_template_free, also after a failure.
 */
CK_RV inherit_template(struct object_table *t, const struct caller *who, CK_OBJECT_HANDLE h,
		       CK_ATTRIBUTE_TYPE type, const CK_ATTRIBUTE *templ, CK_ULONG count,
		       struct inherit_template *out) MUST_CHECK;
void inherit_template_free(struct inherit_template *m);

/* How secret a key is and has always been. */
struct secrecy {
	bool sensitive, extractable;
	bool always_sensitive, never_extractable;
};

/* Takes the table's lock. CKR_OBJECT_HANDLE_INVALID. */
CK_RV inherit_read(struct object_table *t, const struct caller *who, CK_OBJECT_HANDLE h,
		   struct secrecy *out) MUST_CHECK;

/* The secrecy of what two keys make together: the stricter of each. */
void inherit_join(struct secrecy *a, const struct secrecy *b);

/*
 * Sets the four attributes of the new key. all: they are the base's, and the new key may only be
 * stricter; otherwise its own CKA_SENSITIVE and CKA_EXTRACTABLE stand, and the two others tell
 * whether they and the base have always been so. CKR_HOST_MEMORY.
 */
CK_RV inherit_apply(struct attrset *key, const struct secrecy *base, bool all) MUST_CHECK;

#endif
