/* Objects of a token: finding them, and reading their attributes. */
#ifndef BIN_UTIL_ITEM_H
#define BIN_UTIL_ITEM_H

#include "bin/common/attr_list.h"
#include "bin/util/p11.h"
#include "common/buf.h"

/* Where a session is open; the attributes of one object at a time. */
struct item {
	struct p11 *p;
	CK_SESSION_HANDLE session;
	CK_OBJECT_HANDLE handle;
};

/*
 * All that match the template. The list is the caller's (free). false, reported, on failure.
 */
bool item_find(struct p11 *p, CK_SESSION_HANDLE session, struct attr_list *t,
		 CK_OBJECT_HANDLE **list, size_t *count);

/* false when the object has no such attribute, or does not show it; out is emptied before. */
bool item_bytes(const struct item *o, CK_ATTRIBUTE_TYPE type, struct buf *out);

/* The value, or def. */
CK_ULONG item_number(const struct item *o, CK_ATTRIBUTE_TYPE type, CK_ULONG def);
bool item_flag(const struct item *o, CK_ATTRIBUTE_TYPE type);

#endif
