/* A template under construction, for C_CreateObject and its kin. */
#ifndef BIN_COMMON_ATTR_LIST_H
#define BIN_COMMON_ATTR_LIST_H

#include "common/attrset.h"

/* Room for every object of the tools. */
#define ATTR_LIST_MAX 32

struct attr_list {
	CK_ATTRIBUTE list[ATTR_LIST_MAX];
	CK_ULONG count;
};

/* value is borrowed for the life of the list. */
void attr_list_add(struct attr_list *t, CK_ATTRIBUTE_TYPE type, void *value, size_t len);
void attr_list_add_bool(struct attr_list *t, CK_ATTRIBUTE_TYPE type, bool value);

/*
 * Adds the key material that such an object has (keytype_parts), byte strings all; borrowed from
 * the set. What a module computes from them is not its caller's to give.
 */
void attr_list_add_parts(struct attr_list *t, CK_OBJECT_CLASS class, CK_KEY_TYPE type,
			 const struct attrset *parts);

#endif
