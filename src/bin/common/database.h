/* SQLite databases, for reading. Errors are on standard error, with SQLite's own reason. */
#ifndef BIN_COMMON_DATABASE_H
#define BIN_COMMON_DATABASE_H

#include <sqlite3.h>

#include "common/base.h"

/*
 * Opens the file, which must be there and is not changed; what it holds is hostile. NULL, reported,
 * when it is no database. database_close in any case.
 */
sqlite3 *database_open(const char *path);
void database_close(sqlite3 *db);

/* NULL, reported, when the database does not know the tables in it. End with sqlite3_finalize. */
sqlite3_stmt *database_query(sqlite3 *db, const char *sql);

/* Is there another row? *ok becomes false, reported, when that cannot be told. */
bool database_step(sqlite3 *db, sqlite3_stmt *query, bool *ok);

/* The one number that a query gives. */
bool database_number(sqlite3 *db, const char *sql, int64_t *out);

#endif
