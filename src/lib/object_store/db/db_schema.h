/*
 * The tables of a token's database: SoftHSM's, to the letter, and the indexes that we add
 * (docs/STORAGE.md, "The database").
 */
#ifndef OBJECT_STORE_DB_SCHEMA_H
#define OBJECT_STORE_DB_SCHEMA_H

#include "object_store/db/db_conn.h"

/* The tables that hold attributes, in the order in which they count. */
enum db_table { DB_BOOLEAN, DB_INTEGER, DB_BINARY, DB_ARRAY, DB_TABLES };

/* The row of `object` that stands for the token itself. */
#define DB_TOKEN_ID 1

/* Makes all tables and indexes in an empty database, within a transaction. */
CK_RV db_schema_create(struct db_conn *c) MUST_CHECK;

/*
 * Are the tables and the token's row there, within a transaction? CKR_TOKEN_NOT_RECOGNIZED. Also
 * notes whether the indexes are.
 */
CK_RV db_schema_check(struct db_conn *c) MUST_CHECK;

/* Within a transaction that writes: adds the indexes when they are missing. */
CK_RV db_schema_index(struct db_conn *c) MUST_CHECK;

#endif
