/*
 * The value of one row and the attribute that it is. Pure: no database, no log.
 *
 * Numbers within blobs have the machine's own size and order, as SoftHSM writes them.
 */
#ifndef OBJECT_STORE_DB_ROW_H
#define OBJECT_STORE_DB_ROW_H

#include "common/attrset.h"
#include "common/buf.h"
#include "object_store/db/db_schema.h"

/* A value as it lies in a table. */
struct db_cell {
	enum db_table table;
	int64_t number;			/* boolean, integer */
	const unsigned char *data;	/* binary, array: borrowed; NULL when len is 0 */
	size_t len;
};

/*
 * Puts the hostile value into the set, in place of what it has of that type. *left is how many more
 * attributes the object may have, entries of maps included. CKR_DATA_INVALID.
 */
CK_RV db_cell_decode(const struct db_cell *cell, CK_ATTRIBUTE_TYPE type, size_t *left,
		     struct attrset *into) MUST_CHECK;

/*
 * The cell for an attribute; it borrows from the attribute or from hold, which the caller empties.
 * CKR_GENERAL_ERROR for what the tables cannot hold: mechanisms that are not
 * CKA_ALLOWED_MECHANISMS, and that as anything else.
 */
CK_RV db_cell_encode(const struct attr *a, struct buf *hold, struct db_cell *out) MUST_CHECK;

/*
 * What a row adds to the fingerprint of its object: a number that hardly any other row, type or
 * value would give.
 */
uint64_t db_cell_print(const struct db_cell *cell, int64_t row, int64_t type);

#endif
