/*
 * What an object shows to a search (C_FindObjectsInit): the value that each of its attributes is
 * compared by. The table's lock is held by the caller.
 */
#ifndef OBJECT_MATCH_H
#define OBJECT_MATCH_H

#include "object/object_table.h"

/* The bytes as C_GetAttributeValue would give them. */
struct match_value {
	bool there;		/* false: nothing that a template could name matches */
	bool secret;		/* of a private object */
	const unsigned char *data;
	size_t len;
	unsigned char small[sizeof(CK_ULONG)];
	struct secbuf *plain;
	struct attrset *made;
};

/*
 * The value of one attribute. Templates, mechanism lists, hidden and damaged values are not there,
 * as in the reference. CKR_USER_NOT_LOGGED_IN, CKR_HOST_MEMORY, CKR_DEVICE_ERROR. To be released by
 * match_free, whatever the answer. Not to be copied or moved.
 */
CK_RV match_value(const struct object_table *t, struct object *o, CK_ATTRIBUTE_TYPE type,
		  struct match_value *out) MUST_CHECK;
void match_free(struct match_value *v);

/* Does the object have all of the template's values? Values in clear are compared first. */
CK_RV match_object(const struct object_table *t, struct object *o, const CK_ATTRIBUTE *templ,
		   CK_ULONG count, bool *out) MUST_CHECK;

#endif
