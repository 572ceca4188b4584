#include "config.h"

#include "object_store/db/db_schema.h"

/* The spelling is SoftHSM's: a dump of our database equals one of its own. */
#define ATTRIBUTES(name) \
	"create table attribute_" name " (value " name ATTRIBUTE_COLUMNS
#define ATTRIBUTE_COLUMNS \
	",type integer,object_id integer references object(id) on delete cascade," \
	"id integer primary key autoincrement);"

static const char tables[] =
	"create table object (id integer primary key autoincrement);"
	ATTRIBUTES("text")
	ATTRIBUTES("integer")
	"create table attribute_binary (value blob" ATTRIBUTE_COLUMNS
	"create table attribute_array (value blob" ATTRIBUTE_COLUMNS
	ATTRIBUTES("boolean")
	ATTRIBUTES("datetime")
	ATTRIBUTES("real");

/* Without them each attribute of each object is a search through its table. */
#define INDEX(table) \
	"create index if not exists softhsm_index_" table " on attribute_" table \
	"(object_id,type);"

static const char indexes[] = INDEX("boolean") INDEX("integer") INDEX("binary") INDEX("array");

/* A virtual table has no root page. */
static const char count_tables[] =
	"select count(*) from sqlite_master where type = 'table' and rootpage > 0 and name in "
	"('object', 'attribute_text', 'attribute_integer', 'attribute_binary', 'attribute_array', "
	"'attribute_boolean', 'attribute_datetime', 'attribute_real')";

static const char count_indexes[] =
	"select count(*) from sqlite_master where type = 'index' and name in "
	"('softhsm_index_boolean', 'softhsm_index_integer', 'softhsm_index_binary', "
	"'softhsm_index_array')";

#define TABLES 8
#define INDEXES 4

CK_RV db_schema_create(struct db_conn *c)
{
	CK_RV rv = db_exec(c, tables, "make");

	if (rv == CKR_OK)
		rv = db_exec(c, indexes, "make");
	c->schema_changed = true;
	return rv;
}

CK_RV db_schema_check(struct db_conn *c)
{
	int64_t found = 0;
	CK_RV rv = db_number(c, count_tables, &found);

	if (rv == CKR_OK && found != TABLES)
		return CKR_TOKEN_NOT_RECOGNIZED;
	if (rv == CKR_OK)
		rv = db_number(c, "select count(*) from object where id = 1", &found);
	if (rv == CKR_OK && found == 0)
		return CKR_TOKEN_NOT_RECOGNIZED;
	if (rv == CKR_OK)
		rv = db_number(c, count_indexes, &found);
	if (rv == CKR_OK)
		c->indexed = found == INDEXES;
	return rv;
}

CK_RV db_schema_index(struct db_conn *c)
{
	CK_RV rv;

	if (c->indexed)
		return CKR_OK;
	rv = db_exec(c, indexes, "index");
	c->schema_changed = true;
	return rv;
}
