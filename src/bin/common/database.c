#include "config.h"

#include "bin/common/database.h"

#include <stdio.h>

#include "bin/common/message.h"

/* As long as SoftHSM waits for others that write. */
#define BUSY_MS 180000

static void cannot_open(const char *path, sqlite3 *db)
{
	int code = db != NULL ? sqlite3_errcode(db) : SQLITE_NOMEM;

	fprintf(stderr, "can't open database file %s: %d(%s)\n", path, code,
		db != NULL ? sqlite3_errmsg(db) : sqlite3_errstr(code));
}

sqlite3 *database_open(const char *path)
{
	sqlite3 *db = NULL;
	sqlite3_stmt *first = NULL;

	/* The file is read when it is first asked for something. */
	if (sqlite3_open_v2(path, &db, SQLITE_OPEN_READONLY, NULL) == SQLITE_OK &&
	    sqlite3_busy_timeout(db, BUSY_MS) == SQLITE_OK &&
	    sqlite3_prepare_v2(db, "select count(*) from sqlite_master", -1, &first, NULL) ==
		    SQLITE_OK) {
		sqlite3_finalize(first);
		return db;
	}
	cannot_open(path, db);
	sqlite3_close(db);
	return NULL;
}

void database_close(sqlite3 *db)
{
	sqlite3_close(db);
}

static void failed(sqlite3 *db)
{
	message_error("Could not read the database: %d(%s)", sqlite3_errcode(db),
		      sqlite3_errmsg(db));
}

sqlite3_stmt *database_query(sqlite3 *db, const char *sql)
{
	sqlite3_stmt *query = NULL;

	if (sqlite3_prepare_v2(db, sql, -1, &query, NULL) == SQLITE_OK)
		return query;
	failed(db);
	return NULL;
}

bool database_step(sqlite3 *db, sqlite3_stmt *query, bool *ok)
{
	int code = sqlite3_step(query);

	if (code == SQLITE_ROW)
		return true;
	if (code != SQLITE_DONE) {
		failed(db);
		*ok = false;
	}
	return false;
}

bool database_number(sqlite3 *db, const char *sql, int64_t *out)
{
	sqlite3_stmt *query = database_query(db, sql);
	bool ok = query != NULL;
	bool row = ok && database_step(db, query, &ok);

	if (row)
		*out = sqlite3_column_int64(query, 0);
	sqlite3_finalize(query);
	return row;
}
