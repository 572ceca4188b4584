/* softhsm2-dump-db: shows what the database of a token says. */
#include "config.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "bin/common/database.h"
#include "bin/common/message.h"
#include "bin/dump/line.h"
#include "bin/dump/native.h"

/* A table of attributes. */
struct table {
	const char *name;
	const char *count;
	const char *select;
	/* false, printed, when the value cannot be understood */
	bool (*dump)(sqlite3_stmt *row, uint64_t type);
};

static bool dump_flag(sqlite3_stmt *row, uint64_t type)
{
	(void)type;
	line_flag(sqlite3_column_int(row, 0) != 0 ? 0xff : 0, false);
	return true;
}

static bool dump_number(sqlite3_stmt *row, uint64_t type)
{
	line_number(type, (uint64_t)sqlite3_column_int64(row, 0), false);
	return true;
}

/* The blob of the row; NULL of no bytes. */
static const unsigned char *blob(sqlite3_stmt *row, size_t *len)
{
	const unsigned char *data = sqlite3_column_blob(row, 0);

	*len = data != NULL ? (size_t)sqlite3_column_bytes(row, 0) : 0;
	line_length(*len, false);
	return data;
}

static bool dump_bytes(sqlite3_stmt *row, uint64_t type)
{
	size_t len;
	const unsigned char *data = blob(row, &len);

	if (type == CKA_ALLOWED_MECHANISMS)
		return native_mechanisms(data, len, false);
	line_bytes(data, len, false);
	return true;
}

static bool dump_template(sqlite3_stmt *row, uint64_t type)
{
	size_t len;
	const unsigned char *data = blob(row, &len);

	(void)type;
	return native_template(data, len);
}

#define TABLE(name, dump) { name, \
	"select count(*) from attribute_" name " where object_id = ?1", \
	"select value, type from attribute_" name " where object_id = ?1 order by id", dump }

static const struct table tables[] = {
	TABLE("boolean", dump_flag),
	TABLE("integer", dump_number),
	TABLE("binary", dump_bytes),
	TABLE("array", dump_template),
};

static sqlite3_stmt *query_of(sqlite3 *db, const char *sql, int64_t object)
{
	sqlite3_stmt *query = database_query(db, sql);

	if (query != NULL && sqlite3_bind_int64(query, 1, object) != SQLITE_OK) {
		sqlite3_finalize(query);
		query = NULL;
	}
	return query;
}

static bool count_rows(sqlite3 *db, const struct table *t, int64_t object, int64_t *out)
{
	sqlite3_stmt *query = query_of(db, t->count, object);
	bool ok = query != NULL;
	bool row = ok && database_step(db, query, &ok);

	if (row)
		*out = sqlite3_column_int64(query, 0);
	sqlite3_finalize(query);
	return row;
}

static bool dump_table(sqlite3 *db, const struct table *t, int64_t object)
{
	sqlite3_stmt *query = NULL;
	int64_t count = 0;
	bool ok = count_rows(db, t, object, &count);

	if (!ok || count == 0)
		return ok;
	printf("%" PRId64 " %s attributes for object %" PRId64 "\n", count, t->name, object);
	query = query_of(db, t->select, object);
	ok = query != NULL;
	while (ok && database_step(db, query, &ok)) {
		uint64_t type = (uint64_t)sqlite3_column_int64(query, 1);

		line_type(type, false);
		if (!t->dump(query, type)) {
			message_error("A value of object %" PRId64 " is damaged.", object);
			ok = false;
		}
	}
	sqlite3_finalize(query);
	return ok;
}

static bool dump_object(sqlite3 *db, int64_t object)
{
	bool ok = true;

	printf("dump object id=%" PRId64 "\n", object);
	for (size_t i = 0; i < ARRAY_LEN(tables); i++)
		ok = dump_table(db, &tables[i], object) && ok;
	return ok;
}

static bool dump_objects(sqlite3 *db)
{
	sqlite3_stmt *query;
	int64_t count = 0;
	bool readable = true;
	bool ok = true;

	if (!database_number(db, "select count(*) from object", &count))
		return false;
	printf("%" PRId64 " objects\n", count);
	query = database_query(db, "select id from object order by id");
	if (query == NULL)
		return false;
	while (readable && database_step(db, query, &readable))
		ok = dump_object(db, sqlite3_column_int64(query, 0)) && ok;
	sqlite3_finalize(query);
	return ok && readable;
}

static bool dump(const char *path)
{
	sqlite3 *db = database_open(path);
	bool ok;

	if (db == NULL)
		return false;
	printf("Dump of object file \"%s\"\n", path);
	ok = dump_objects(db);
	database_close(db);
	return ok;
}

int main(int argc, char **argv)
{
	bool ok = true;

	if (argc == 2) {
		ok = dump(argv[1]);
	} else {
		puts("Shows what the database of a SoftHSM 2 token says.");
		puts("Usage: softhsm2-dump-db path");
	}
	if (fflush(stdout) != 0) {
		message_error("Could not write to standard output.");
		ok = false;
	}
	return ok ? EXIT_SUCCESS : EXIT_FAILURE;
}
