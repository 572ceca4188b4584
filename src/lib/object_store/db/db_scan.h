/* One pass over all objects and their rows. */
#ifndef OBJECT_STORE_DB_SCAN_H
#define OBJECT_STORE_DB_SCAN_H

#include "object_store/db/db_row.h"

/* A row of an attribute table. */
struct db_row {
	int64_t object;		/* 0: none that can be */
	int64_t id;
	int64_t type;
	struct db_cell cell;	/* borrowed from the statement until its next step */
	bool sound;		/* the columns have the types that they should have */
	uint64_t print;		/* what it adds to the object's fingerprint */
};

/* Takes the row from a statement with the columns object_id, id, type, value. CKR_HOST_MEMORY. */
CK_RV db_row_take(sqlite3_stmt *s, enum db_table table, struct db_row *out) MUST_CHECK;

/* Another code than CKR_OK ends the pass and is its result. */
struct db_visitor {
	/* Ascending, the token's left out. */
	CK_RV (*object)(int64_t id, void *arg);
	/* Table by table, ids ascending. */
	CK_RV (*row)(const struct db_row *row, void *arg);
	void *arg;
};

/*
 * All objects first, then all rows with an object_id of more than DB_TOKEN_ID, be there such an
 * object or not. Within a transaction.
 */
CK_RV db_scan(struct db_conn *c, const struct db_visitor *v) MUST_CHECK;

#endif
