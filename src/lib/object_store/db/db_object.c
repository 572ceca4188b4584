#include "config.h"

#include "object_store/db/db_object.h"

#include <stdlib.h>

#include "common/str.h"
#include "object_store/file/file_format.h"

/* The kept statements: one of each of the first four kinds for each table. */
enum {
	READ_ROWS = DB_FIRST_STATEMENT,
	ADD_ROW = READ_ROWS + DB_TABLES,
	SET_ROW = ADD_ROW + DB_TABLES,
	DROP_ROW = SET_ROW + DB_TABLES,
	FIND_OBJECT = DROP_ROW + DB_TABLES,
	ADD_OBJECT,
	DROP_OBJECT,
	OBJECT_STATEMENTS_END
};

_Static_assert((int)OBJECT_STATEMENTS_END <= (int)DB_SCAN_STATEMENT,
	       "the numbers of statements overlap");

#define FOR_EACH_TABLE(text) \
	{ [DB_BOOLEAN] = text("boolean"), [DB_INTEGER] = text("integer"), \
	  [DB_BINARY] = text("binary"), [DB_ARRAY] = text("array") }
#define READ_TEXT(table) \
	"select object_id,id,type,value from attribute_" table \
	" where object_id=?1 order by type,id"
#define ADD_TEXT(table) \
	"insert into attribute_" table "(value,type,object_id) values(?1,?2,?3)"
#define SET_TEXT(table) "update attribute_" table " set value=?1 where id=?2"
#define DROP_TEXT(table) "delete from attribute_" table " where id=?1"

static const char *const read_texts[DB_TABLES] = FOR_EACH_TABLE(READ_TEXT);
static const char *const add_texts[DB_TABLES] = FOR_EACH_TABLE(ADD_TEXT);
static const char *const set_texts[DB_TABLES] = FOR_EACH_TABLE(SET_TEXT);
static const char *const drop_texts[DB_TABLES] = FOR_EACH_TABLE(DROP_TEXT);

static CK_RV of_table(struct db_conn *c, unsigned int first, enum db_table table,
		      const char *const texts[DB_TABLES], sqlite3_stmt **out)
{
	return db_statement(c, first + (unsigned int)table, texts[table], out);
}

/* Whatever cannot be bound leaves the statement with nothing, so it is not run. */
static CK_RV bound(struct db_conn *c, int rc)
{
	return rc == SQLITE_OK ? CKR_OK : db_failed(c, "change", rc);
}

/* Reading */

static CK_RV add_ref(struct db_object *o, const struct db_row *row, bool counts)
{
	if (o->count == o->cap) {
		size_t cap = o->cap == 0 ? 64 : o->cap * 2, size;
		struct db_ref *refs = NULL;

		if (size_mul(cap, sizeof(*refs), &size))
			refs = realloc(o->refs, size);
		if (refs == NULL)
			return CKR_HOST_MEMORY;
		o->refs = refs;
		o->cap = cap;
	}
	o->refs[o->count++] = (struct db_ref){
		.table = row->cell.table, .counts = counts, .id = row->id, .type = row->type,
		.print = row->print,
	};
	return CKR_OK;
}

/* Rows come in the order in which they count. */
static CK_RV take_row(struct db_object *o, const struct db_row *row, size_t *left)
{
	const CK_ATTRIBUTE_TYPE type = (CK_ATTRIBUTE_TYPE)row->type;
	bool counts = attrset_get(o->attrs, type) == NULL;
	CK_RV rv = CKR_OK;

	o->print += row->print;
	if (counts && row->sound)
		rv = db_cell_decode(&row->cell, type, left, o->attrs);
	if ((counts && !row->sound) || rv == CKR_DATA_INVALID) {
		o->damaged = true;
		rv = CKR_OK;
	}
	return rv == CKR_OK ? add_ref(o, row, counts) : rv;
}

static CK_RV read_table(struct db_conn *c, int64_t id, enum db_table table, struct db_object *o,
			size_t *left)
{
	struct db_row row;
	sqlite3_stmt *s = NULL;
	bool more;
	CK_RV rv = of_table(c, READ_ROWS, table, read_texts, &s);

	if (rv == CKR_OK)
		rv = bound(c, sqlite3_bind_int64(s, 1, id));
	while (rv == CKR_OK) {
		rv = db_step(c, s, &more);
		if (rv != CKR_OK || !more)
			return rv;
		rv = db_row_take(s, table, &row);
		if (rv == CKR_OK)
			rv = take_row(o, &row, left);
		if (rv != CKR_OK)
			(void)sqlite3_reset(s);
	}
	return rv;
}

static CK_RV find_object(struct db_conn *c, int64_t id)
{
	sqlite3_stmt *s = NULL;
	bool found;
	CK_RV rv = db_statement(c, FIND_OBJECT, "select id from object where id=?1", &s);

	if (rv == CKR_OK)
		rv = bound(c, sqlite3_bind_int64(s, 1, id));
	if (rv == CKR_OK)
		rv = db_step(c, s, &found);
	if (rv != CKR_OK)
		return rv;
	(void)sqlite3_reset(s);
	return found ? CKR_OK : CKR_OBJECT_HANDLE_INVALID;
}

void db_object_free(struct db_object *o)
{
	attrset_free(o->attrs);
	free(o->refs);
	*o = (struct db_object){ .attrs = NULL };
}

CK_RV db_object_read(struct db_conn *c, int64_t id, struct db_object *out)
{
	struct db_object o = { .attrs = NULL };
	size_t left = FILE_ATTRS_MAX;
	CK_RV rv = find_object(c, id);

	if (rv != CKR_OK)
		return rv;
	o.attrs = attrset_new(false);
	if (o.attrs == NULL)
		return CKR_HOST_MEMORY;
	for (int i = 0; i < DB_TABLES && rv == CKR_OK; i++)
		rv = read_table(c, id, (enum db_table)i, &o, &left);
	if (rv != CKR_OK) {
		db_object_free(&o);
		return rv;
	}
	o.damaged |= o.count == 0;
	*out = o;
	return CKR_OK;
}

/* Writing */

static CK_RV bind_value(struct db_conn *c, sqlite3_stmt *s, const struct db_cell *cell)
{
	if (cell->table == DB_BOOLEAN || cell->table == DB_INTEGER)
		return bound(c, sqlite3_bind_int64(s, 1, cell->number));
	/* Without an address it would be no value instead of an empty one. */
	return bound(c, sqlite3_bind_blob64(s, 1, cell->len == 0 ? "" : (const void *)cell->data,
					    cell->len, SQLITE_STATIC));
}

static CK_RV add_row(struct db_conn *c, int64_t object, int64_t type, const struct db_cell *cell,
		     uint64_t *print)
{
	sqlite3_stmt *s = NULL;
	CK_RV rv = of_table(c, ADD_ROW, cell->table, add_texts, &s);

	if (rv == CKR_OK)
		rv = bind_value(c, s, cell);
	if (rv == CKR_OK)
		rv = bound(c, sqlite3_bind_int64(s, 2, type));
	if (rv == CKR_OK)
		rv = bound(c, sqlite3_bind_int64(s, 3, object));
	if (rv == CKR_OK)
		rv = db_run(c, s);
	if (rv == CKR_OK)
		*print += db_cell_print(cell, sqlite3_last_insert_rowid(c->db), type);
	return rv;
}

static CK_RV set_row(struct db_conn *c, int64_t row, const struct db_cell *cell)
{
	sqlite3_stmt *s = NULL;
	CK_RV rv = of_table(c, SET_ROW, cell->table, set_texts, &s);

	if (rv == CKR_OK)
		rv = bind_value(c, s, cell);
	if (rv == CKR_OK)
		rv = bound(c, sqlite3_bind_int64(s, 2, row));
	return rv == CKR_OK ? db_run(c, s) : rv;
}

static CK_RV drop_row(struct db_conn *c, const struct db_ref *ref)
{
	sqlite3_stmt *s = NULL;
	CK_RV rv = of_table(c, DROP_ROW, ref->table, drop_texts, &s);

	if (rv == CKR_OK)
		rv = bound(c, sqlite3_bind_int64(s, 1, ref->id));
	return rv == CKR_OK ? db_run(c, s) : rv;
}

CK_RV db_object_add(struct db_conn *c, const struct attrset *attrs, int64_t *id, uint64_t *print)
{
	sqlite3_stmt *s = NULL;
	CK_RV rv = file_fits(attrs);

	if (rv == CKR_OK)
		rv = db_statement(c, ADD_OBJECT, "insert into object default values", &s);
	if (rv == CKR_OK)
		rv = db_run(c, s);
	if (rv != CKR_OK)
		return rv;
	*id = sqlite3_last_insert_rowid(c->db);
	*print = 0;
	for (size_t i = 0; i < attrs->count && rv == CKR_OK; i++) {
		struct buf hold = BUF_INIT;
		struct db_cell cell;

		rv = db_cell_encode(&attrs->items[i], &hold, &cell);
		if (rv == CKR_OK)
			rv = add_row(c, *id, (int64_t)attrs->items[i].type, &cell, print);
		buf_free(&hold);
	}
	return rv;
}

/* All rows of that type but the one that is kept; *kept is NULL when none can be. */
static CK_RV drop_others(struct db_conn *c, struct db_object *o, int64_t type,
			 const struct db_cell *cell, const struct db_ref **kept)
{
	CK_RV rv = CKR_OK;

	*kept = NULL;
	for (size_t i = 0; i < o->count && rv == CKR_OK; i++) {
		const struct db_ref *ref = &o->refs[i];

		if (ref->type != type)
			continue;
		o->print -= ref->print;
		if (cell != NULL && ref->counts && ref->table == cell->table)
			*kept = ref;
		else
			rv = drop_row(c, ref);
	}
	return rv;
}

static CK_RV change_attr(struct db_conn *c, int64_t id, struct db_object *o, const struct attr *a)
{
	const int64_t type = (int64_t)a->type;
	struct buf hold = BUF_INIT;
	const struct db_ref *kept = NULL;
	struct db_cell cell;
	CK_RV rv = db_cell_encode(a, &hold, &cell);

	if (rv == CKR_OK)
		rv = drop_others(c, o, type, &cell, &kept);
	if (rv == CKR_OK && kept != NULL) {
		rv = set_row(c, kept->id, &cell);
		o->print += db_cell_print(&cell, kept->id, type);
	} else if (rv == CKR_OK) {
		rv = add_row(c, id, type, &cell, &o->print);
	}
	buf_free(&hold);
	return rv;
}

CK_RV db_object_change(struct db_conn *c, int64_t id, struct db_object *o,
		       const struct attrset *attrs)
{
	CK_RV rv = file_fits(attrs);

	for (size_t i = 0; i < attrs->count && rv == CKR_OK; i++) {
		const struct attr *now = &attrs->items[i];
		const struct attr *was = attrset_get(o->attrs, now->type);

		if (was == NULL || !attr_equal(was, now))
			rv = change_attr(c, id, o, now);
	}
	for (size_t i = 0; i < o->attrs->count && rv == CKR_OK; i++) {
		const CK_ATTRIBUTE_TYPE type = o->attrs->items[i].type;
		const struct db_ref *kept;

		if (attrset_get(attrs, type) == NULL)
			rv = drop_others(c, o, (int64_t)type, NULL, &kept);
	}
	return rv;
}

CK_RV db_object_remove(struct db_conn *c, int64_t id)
{
	sqlite3_stmt *s = NULL;
	CK_RV rv = db_statement(c, DROP_OBJECT, "delete from object where id=?1", &s);

	if (rv == CKR_OK)
		rv = bound(c, sqlite3_bind_int64(s, 1, id));
	if (rv == CKR_OK)
		rv = db_run(c, s);
	if (rv == CKR_OK && sqlite3_changes(c->db) == 0)
		return CKR_OBJECT_HANDLE_INVALID;
	return rv;
}

/* The rows first, table by table: object by object takes longer. */
CK_RV db_object_clear(struct db_conn *c)
{
	return db_exec(c,
		       "delete from attribute_boolean where object_id > 1;"
		       "delete from attribute_integer where object_id > 1;"
		       "delete from attribute_binary where object_id > 1;"
		       "delete from attribute_array where object_id > 1;"
		       "delete from object where id > 1;", "change");
}
