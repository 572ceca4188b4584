/* One object in the database: its rows to attributes and back. All within a transaction. */
#ifndef OBJECT_STORE_DB_OBJECT_H
#define OBJECT_STORE_DB_OBJECT_H

#include "object_store/db/db_scan.h"

/* Which row holds what. */
struct db_ref {
	enum db_table table;
	bool counts;		/* false: another row of this type counts, a lower one */
	int64_t id;
	int64_t type;
	uint64_t print;
};

struct db_object {
	struct attrset *attrs;
	uint64_t print;		/* the fingerprint: the sum over all rows */
	bool damaged;		/* no rows, or some that do not decode */
	struct db_ref *refs;
	size_t count;
	size_t cap;
};

/*
 * Reads the object. CKR_OBJECT_HANDLE_INVALID when there is none. A damaged one is no failure. The
 * caller releases *out, which is written only with CKR_OK.
 */
CK_RV db_object_read(struct db_conn *c, int64_t id, struct db_object *out) MUST_CHECK;
void db_object_free(struct db_object *o);

/* Adds an object with the next id. Codes as file_fits, beside those of the database. */
CK_RV db_object_add(struct db_conn *c, const struct attrset *attrs, int64_t *id,
		    uint64_t *print) MUST_CHECK;

/*
 * Writes what tells attrs from what was read, and nothing else; of the types that it writes one row
 * is left. Brings o->print up to date.
 */
CK_RV db_object_change(struct db_conn *c, int64_t id, struct db_object *o,
		       const struct attrset *attrs) MUST_CHECK;

/* CKR_OBJECT_HANDLE_INVALID. */
CK_RV db_object_remove(struct db_conn *c, int64_t id) MUST_CHECK;

/* Removes all but the token's own. */
CK_RV db_object_clear(struct db_conn *c) MUST_CHECK;

#endif
