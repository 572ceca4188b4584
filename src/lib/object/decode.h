/* Decoded keys: what OpenSSL needs of an object, built at the first use. */
#ifndef OBJECT_DECODE_H
#define OBJECT_DECODE_H

#include "object/object_table.h"

/*
 * Sees to it that o->key is there. The table's lock is held by the caller. CKR_DEVICE_ERROR: what
 * is stored is damaged, is no such key, or contradicts itself (keytype_agrees);
 * CKR_KEY_TYPE_INCONSISTENT: keys of that type cannot be used; CKR_CURVE_NOT_SUPPORTED,
 * CKR_USER_NOT_LOGGED_IN, CKR_HOST_MEMORY. The reason is noted.
 */
CK_RV object_decode(struct object_table *t, struct object *o) MUST_CHECK;

#endif
