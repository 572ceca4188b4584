/*
 * The database of SoftHSM 1: its objects and their attributes, in clear text. A value is what
 * C_GetAttributeValue gave on the machine that wrote it: numbers are CK_ULONG, 4 or 8 bytes in its
 * order, flags one byte, big numbers big-endian.
 *
 *	Objects (objectID)
 *	Attributes (attributeID, objectID, type, value, length)
 *	Token (variableID, value)
 */
#ifndef BIN_MIGRATE_V1_H
#define BIN_MIGRATE_V1_H

#include "bin/common/database.h"
#include "common/attrset.h"

#define V1_SCHEMA 100 /* user_version */

/* NULL, reported, when it is no such database. */
sqlite3 *v1_open(const char *path);

/*
 * The attributes of an object, those that a key has; a secret set, the caller's. NULL, reported,
 * when they cannot be read or one has no possible length.
 */
struct attrset *v1_object(sqlite3 *db, int64_t object);

#endif
