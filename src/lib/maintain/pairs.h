/* Do public and private keys with the same CKA_ID belong together? */
#ifndef MAINTAIN_PAIRS_H
#define MAINTAIN_PAIRS_H

#include "common/attrset.h"

struct pair_half;

struct pairs {
	struct pair_half *list;
	size_t count;
};

#define PAIRS_INIT { NULL, 0 }

/*
 * A copy of what keytype_parts names for such a key, as far as the object has it; secret or not.
 * CKR_HOST_MEMORY. The caller owns *out.
 */
CK_RV pairs_parts(CK_OBJECT_CLASS class, CK_KEY_TYPE type, const struct attrset *plain, bool secret,
		  struct attrset **out) MUST_CHECK;

/*
 * Keeps what is public of a plain key object; other classes, keys without an id and those of a type
 * whose public half does not follow from the private one are left out. CKR_HOST_MEMORY.
 */
CK_RV pairs_add(struct pairs *p, const char *path, CK_OBJECT_CLASS class, CK_KEY_TYPE type,
		const struct attrset *plain) MUST_CHECK;

/*
 * Tells each key whose other half should be there, by type and id, but has another key.
 * CKR_HOST_MEMORY.
 */
CK_RV pairs_compare(struct pairs *p,
		    void (*tell)(void *arg, const char *path, const char *other),
		    void *arg) MUST_CHECK;

void pairs_free(struct pairs *p);

#endif
