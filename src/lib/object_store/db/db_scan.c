#include "config.h"

#include "object_store/db/db_scan.h"

/* No attribute has this type, so a row without one stands for no other. */
#define NO_TYPE ((int64_t)-1)

/* Read, but of the wrong type: any value that is no number and no blob. */
static CK_RV take_value(sqlite3_stmt *s, struct db_row *out)
{
	const int kind = sqlite3_column_type(s, 3);
	struct db_cell *cell = &out->cell;

	if (cell->table == DB_BOOLEAN || cell->table == DB_INTEGER) {
		out->sound &= kind == SQLITE_INTEGER;
		cell->number = sqlite3_column_int64(s, 3);
		return CKR_OK;
	}
	/* An empty blob may have been stored as no value at all. */
	out->sound &= kind == SQLITE_BLOB || kind == SQLITE_NULL;
	if (kind != SQLITE_BLOB)
		return CKR_OK;
	cell->data = sqlite3_column_blob(s, 3);
	cell->len = (size_t)sqlite3_column_bytes(s, 3);
	if (cell->len == 0)
		cell->data = NULL;
	return cell->len > 0 && cell->data == NULL ? CKR_HOST_MEMORY : CKR_OK;
}

CK_RV db_row_take(sqlite3_stmt *s, enum db_table table, struct db_row *out)
{
	CK_RV rv;

	*out = (struct db_row){ .cell = { .table = table } };
	if (sqlite3_column_type(s, 0) == SQLITE_INTEGER)
		out->object = sqlite3_column_int64(s, 0);
	out->id = sqlite3_column_int64(s, 1);
	if (sqlite3_column_type(s, 2) == SQLITE_INTEGER)
		out->type = sqlite3_column_int64(s, 2);
	else
		out->type = NO_TYPE;
	out->sound = out->type != NO_TYPE && (int64_t)(CK_ATTRIBUTE_TYPE)out->type == out->type;
	rv = take_value(s, out);
	if (rv == CKR_OK)
		out->print = db_cell_print(&out->cell, out->id, out->type) + !out->sound;
	return rv;
}

/*
 * A file whose pages lead to each other in circles would have no end: ids ascend, and all values
 * together are no larger than the file.
 */
struct guard {
	int64_t last;
	int64_t left;
};

static CK_RV guard_check(const struct db_conn *c, struct guard *g, int64_t id, size_t len)
{
	if (id <= g->last || (int64_t)len > g->left)
		return db_malformed(c, "its rows contradict each other");
	g->last = id;
	g->left -= (int64_t)len;
	return CKR_OK;
}

static CK_RV scan_objects(struct db_conn *c, const struct db_visitor *v)
{
	struct guard g = { .last = DB_TOKEN_ID, .left = 0 };
	sqlite3_stmt *s = NULL;
	bool more;
	CK_RV rv = db_statement(c, DB_SCAN_STATEMENT,
				"select id from object where id > 1 order by id", &s);

	while (rv == CKR_OK) {
		rv = db_step(c, s, &more);
		if (rv != CKR_OK || !more)
			return rv;
		rv = guard_check(c, &g, sqlite3_column_int64(s, 0), 0);
		if (rv == CKR_OK)
			rv = v->object(g.last, v->arg);
		if (rv != CKR_OK)
			(void)sqlite3_reset(s);
	}
	return rv;
}

#define ALL_ROWS(table) \
	"select object_id,id,type,value from attribute_" table " order by id"

static const char *const all_rows[DB_TABLES] = {
	[DB_BOOLEAN] = ALL_ROWS("boolean"),
	[DB_INTEGER] = ALL_ROWS("integer"),
	[DB_BINARY] = ALL_ROWS("binary"),
	[DB_ARRAY] = ALL_ROWS("array"),
};

static CK_RV scan_table(struct db_conn *c, enum db_table table, int64_t *left,
			const struct db_visitor *v)
{
	struct guard g = { .last = INT64_MIN, .left = *left };
	struct db_row row;
	sqlite3_stmt *s = NULL;
	bool more;
	CK_RV rv = db_statement(c, DB_SCAN_STATEMENT + 1 + (unsigned int)table, all_rows[table],
				&s);

	while (rv == CKR_OK) {
		rv = db_step(c, s, &more);
		if (rv != CKR_OK || !more)
			break;
		rv = db_row_take(s, table, &row);
		if (rv == CKR_OK)
			rv = guard_check(c, &g, row.id, row.cell.len);
		if (rv == CKR_OK && row.object > DB_TOKEN_ID)
			rv = v->row(&row, v->arg);
		if (rv != CKR_OK)
			(void)sqlite3_reset(s);
	}
	*left = g.left;
	return rv;
}

/* The size of the file, to be exact: what the transaction sees of it. */
static CK_RV database_size(struct db_conn *c, int64_t *out)
{
	int64_t pages = 0, size = 0;
	CK_RV rv = db_number(c, "pragma page_count", &pages);

	if (rv == CKR_OK)
		rv = db_number(c, "pragma page_size", &size);
	*out = pages * size;
	return rv;
}

CK_RV db_scan(struct db_conn *c, const struct db_visitor *v)
{
	int64_t left = 0;
	CK_RV rv = database_size(c, &left);

	if (rv == CKR_OK)
		rv = scan_objects(c, v);
	for (int i = 0; i < DB_TABLES && rv == CKR_OK; i++)
		rv = scan_table(c, (enum db_table)i, &left, v);
	return rv;
}
