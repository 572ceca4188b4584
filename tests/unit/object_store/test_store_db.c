/*
 * What is particular to tokens in databases: the tables and rows as SoftHSM has them, the faults
 * that its databases carry, hostile ones, and SQLite's ways to fail.
 */
#include "config.h"

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "common/log.h"
#include "common/str.h"
#include "object_store/db/db_conn.h"
#include "object_store/file_format.h"
#include "unit/store_help.h"
#include "unit/unit.h"

#define MANY 100	/* more than are loaded one by one */

static const struct store_backend *db(void)
{
	return store_backend_find("db");
}

static void create(struct help_token *t)
{
	struct attrset *token = help_token_attrs();

	t->root = unit_make_dir();
	t->dir = path_join(t->root, "0b5e1bd2-6c6b-43b5-a7d9-5b4f8d8ae1c3");
	CU_ASSERT_EQUAL_FATAL(store_create(db(), t->dir, 077, token, &t->store), CKR_OK);
	attrset_free(token);
}

static struct store *open_again(const struct help_token *t)
{
	struct store *s = NULL;

	CU_ASSERT_EQUAL_FATAL(store_open(db(), t->dir, 077, &s), CKR_OK);
	return s;
}

static CK_RV open_code(const char *dir)
{
	struct store *s = NULL;
	CK_RV rv = store_open(db(), dir, 077, &s);

	CU_ASSERT_EQUAL(s != NULL, rv == CKR_OK);
	store_close(s);
	return rv;
}

static void sql_is(const char *dir, const char *sql, const char *expected)
{
	char *text = help_sql_text(dir, sql);

	CU_ASSERT_STRING_EQUAL(text, expected);
	if (strcmp(text, expected) != 0)
		fprintf(stderr, "%s gives\n%s", sql, text);
	free(text);
}

static struct attrset *load(struct store *s, uint64_t id)
{
	struct attrset *attrs = NULL;

	CU_ASSERT_EQUAL_FATAL(store_load(s, id, &attrs, NULL), CKR_OK);
	return attrs;
}

/* The format */

#define COLUMNS ",type integer,object_id integer references object(id) on delete cascade," \
	"id integer primary key autoincrement)\n"

static void test_schema(void)
{
	struct help_token t;

	create(&t);
	sql_is(t.dir, "select sql from sqlite_master where type = 'table' order by rowid",
	       "CREATE TABLE object (id integer primary key autoincrement)\n"
	       "CREATE TABLE sqlite_sequence(name,seq)\n"
	       "CREATE TABLE attribute_text (value text" COLUMNS
	       "CREATE TABLE attribute_integer (value integer" COLUMNS
	       "CREATE TABLE attribute_binary (value blob" COLUMNS
	       "CREATE TABLE attribute_array (value blob" COLUMNS
	       "CREATE TABLE attribute_boolean (value boolean" COLUMNS
	       "CREATE TABLE attribute_datetime (value datetime" COLUMNS
	       "CREATE TABLE attribute_real (value real" COLUMNS);
	sql_is(t.dir, "pragma journal_mode; pragma user_version; pragma application_id;"
	       "pragma encoding; pragma integrity_check; select id from object",
	       "delete\n0\n0\nUTF-8\nok\n1\n");
	sql_is(t.dir, "select count(*) from sqlite_master where type not in ('table', 'index')",
	       "0\n");
	CU_ASSERT_EQUAL(help_names(t.dir, ""), 3);	/* with . and .. */
	help_destroy(&t);
}

static struct attrset *every_kind(void)
{
	static const uint64_t mechs[] = { CKM_AES_GCM, CKM_AES_CBC };
	struct attrset *s = attrset_new(false), *map = attrset_new(false);
	CK_RV rv = attrset_set_number(s, CKA_CLASS, CKO_DATA);

	rv |= attrset_set_number(s, CKA_KEY_GEN_MECHANISM, UNAVAILABLE);
	rv |= attrset_set_flag(s, CKA_TOKEN, true);
	rv |= attrset_set_flag(s, CKA_PRIVATE, false);
	rv |= attrset_set_bytes(s, CKA_LABEL, "hi", 2);
	rv |= attrset_set_bytes(s, CKA_ID, NULL, 0);
	rv |= attrset_set_mechs(s, CKA_ALLOWED_MECHANISMS, mechs, 2);
	rv |= attrset_set_map(s, CKA_WRAP_TEMPLATE, map);
	rv |= attrset_set_flag(map, CKA_SENSITIVE, true);
	rv |= attrset_set_number(map, CKA_VALUE_LEN, 32);
	rv |= attrset_set_bytes(map, CKA_LABEL, "xyz", 3);
	rv |= attrset_set_mechs(map, CKA_ALLOWED_MECHANISMS, mechs, 1);
	rv |= attrset_set_map(s, CKA_UNWRAP_TEMPLATE, map);
	CU_ASSERT_EQUAL_FATAL(rv, CKR_OK);
	attrset_free(map);
	return s;
}

/* In the bytes of a little-endian machine with numbers of 64 bits. */
#define N(byte) byte "00000000000000"
#define UNWRAP_TEMPLATE \
	N("03") "03000000" N("03") "78797A" \
	"0301000000000000" "01000000" "01" \
	"6101000000000000" "02000000" N("20") \
	"0006004000000000" "05000000" N("08") "8710000000000000"

static void test_rows(void)
{
	const struct attrset *sets[] = { every_kind() };
	struct help_token t;
	uint64_t id = 0;

	create(&t);
	CU_ASSERT_EQUAL_FATAL(store_add(t.store, sets, 1, &id, NULL), CKR_OK);
	CU_ASSERT_EQUAL(id, 2);
	sql_is(t.dir, "select type, typeof(value), value from attribute_boolean",
	       "1|integer|1\n2|integer|0\n");
	sql_is(t.dir, "select type, typeof(value), value from attribute_integer where object_id=2",
	       "0|integer|0\n358|integer|-1\n");
	sql_is(t.dir, "select object_id, type, value from attribute_integer where object_id=1",
	       "1|2147504971|1069\n");
	if (sizeof(CK_ULONG) == 8 && *(const unsigned char *)&(uint16_t){ 1 } == 1) {
		sql_is(t.dir,
		       "select type, typeof(value), hex(value) from attribute_binary "
		       "where object_id=2",
		       "3|blob|6869\n258|blob|\n"
		       "1073743360|blob|82100000000000008710000000000000\n");
		sql_is(t.dir, "select type, typeof(value), hex(value) from attribute_array",
		       "1073742353|blob|\n1073742354|blob|" UNWRAP_TEMPLATE "\n");
	}
	sql_is(t.dir, "select * from sqlite_sequence where name = 'object'", "object|2\n");
	attrset_free((struct attrset *)(uintptr_t)sets[0]);
	help_destroy(&t);
}

static void test_refused_kinds(void)
{
	struct attrset *bytes = attrset_new(false), *mechs = attrset_new(false);
	const struct attrset *sets[] = { bytes, mechs };
	struct help_token t;
	uint64_t id, two = 2;

	create(&t);
	CU_ASSERT_EQUAL(attrset_set_bytes(bytes, CKA_ALLOWED_MECHANISMS, "x", 1), CKR_OK);
	CU_ASSERT_EQUAL(attrset_set_mechs(mechs, CKA_LABEL, &two, 1), CKR_OK);
	CU_ASSERT_EQUAL(store_add(t.store, sets, 1, &id, NULL), CKR_GENERAL_ERROR);
	CU_ASSERT_EQUAL(store_add(t.store, sets + 1, 1, &id, NULL), CKR_GENERAL_ERROR);
	sql_is(t.dir, "select count(*) from object", "1\n");
	attrset_free(bytes);
	attrset_free(mechs);
	help_destroy(&t);
}

static CK_RV set_label(struct attrset *s, bool *changed, void *arg)
{
	*changed = true;
	return attrset_set_bytes(s, CKA_LABEL, arg, strlen(arg));
}

/* An edit writes the rows that differ, and one that changes nothing leaves the file as it is. */
static void test_edit_writes_difference(void)
{
	char same[] = HELP_LABEL, other[] = "another label";
	struct help_token t;
	char *path, *before, *after;
	size_t len, len_after;
	uint64_t id;

	create(&t);
	id = help_add(t.store, 1);
	path = path_join(t.dir, DB_FILE);
	before = unit_read_file(path, &len);
	CU_ASSERT_EQUAL(store_edit_object(t.store, id, set_label, same, NULL, NULL), CKR_OK);
	CU_ASSERT_EQUAL(store_edit_object(t.store, id, help_no_change, NULL, NULL, NULL), CKR_OK);
	after = unit_read_file(path, &len_after);
	CU_ASSERT(len == len_after && memcmp(before, after, len) == 0);
	CU_ASSERT_EQUAL(store_edit_object(t.store, id, set_label, other, NULL, NULL), CKR_OK);
	sql_is(t.dir, "select type, id from attribute_binary where object_id = 2", "3|2\n17|3\n");
	sql_is(t.dir, "select seq from sqlite_sequence where name = 'attribute_binary'", "3\n");
	sql_is(t.dir, "select value from attribute_binary where object_id = 2 and type = 3",
	       "another label\n");
	free(before);
	free(after);
	free(path);
	help_destroy(&t);
}

/* What SoftHSM leaves in its databases */

static void test_scars(void)
{
	char label[] = "new";
	struct attrset *attrs;
	struct help_token t;
	uint64_t id, *ids = NULL;
	size_t count = 0;

	create(&t);
	id = help_add(t.store, 1);
	/* Rows that pile up, with other values; half of an object, and one without rows. */
	help_sql(t.dir,
		 "insert into attribute_boolean(value,type,object_id) values(0,1,2),(0,1,2);"
		 "insert into attribute_boolean(value,type,object_id) values(0,370,2),(1,370,2);"
		 "insert into attribute_binary(value,type,object_id) values(x'78',3,2),(x'',297,2),"
		 "(x'',297,2);"
		 "insert into attribute_array(value,type,object_id) values(x'',3,2);"
		 "insert into object default values;"
		 "insert into object default values;"
		 "insert into attribute_integer(value,type,object_id) values(3,0,4)");
	CU_ASSERT_EQUAL_FATAL(store_list(t.store, &ids, &count), CKR_OK);
	CU_ASSERT(count == 3 && ids[0] == id && ids[1] == 3 && ids[2] == 4);
	for (int i = 0; i < 2; i++) {	/* from the pass, then alone */
		attrs = load(t.store, id);
		CU_ASSERT_TRUE(attrset_flag(attrs, CKA_TOKEN, false));
		CU_ASSERT_FALSE(attrset_flag(attrs, CKA_DESTROYABLE, true));
		CU_ASSERT_EQUAL(attrs->count, 7);
		CU_ASSERT_EQUAL(attrset_get(attrs, CKA_LABEL)->kind, ATTR_BYTES);
		CU_ASSERT_EQUAL(attrset_get(attrs, CKA_LABEL)->u.bytes.len, strlen(HELP_LABEL));
		attrset_free(attrs);
		CU_ASSERT_EQUAL(help_load_code(t.store, 3), CKR_DATA_INVALID);
		CU_ASSERT_EQUAL(help_load_code(t.store, 4), CKR_OK);
	}
	/* The attribute that is written keeps one row, the others keep theirs. */
	CU_ASSERT_EQUAL(store_edit_object(t.store, id, set_label, label, NULL, NULL), CKR_OK);
	sql_is(t.dir, "select value from attribute_binary where type = 3 and object_id = 2",
	       "new\n");
	sql_is(t.dir, "select count(*) from attribute_array", "0\n");
	sql_is(t.dir, "select count(*) from attribute_boolean where object_id = 2", "5\n");
	CU_ASSERT_EQUAL(store_remove(t.store, 3), CKR_OK);
	CU_ASSERT_EQUAL(store_remove(t.store, id), CKR_OK);
	sql_is(t.dir, "select count(*) from attribute_boolean union all "
	       "select count(*) from attribute_binary where object_id > 1", "0\n0\n");
	free(ids);
	help_destroy(&t);
}

/* Hostile values */

struct hostile_row {
	const char *sql;	/* done to the only object, number 2 */
	CK_RV rv;		/* of its load then */
};

#define SET(table, value) "update attribute_" table " set value = " value " where object_id = 2"
#define MAP(value) \
	"insert into attribute_array(value,type,object_id) values(" value ", 1073742353, 2)"
#define MECHS(value) \
	"insert into attribute_binary(value,type,object_id) values(" value ", 1073743360, 2)"

static const struct hostile_row hostile_rows[] = {
	{ SET("boolean", "7"), CKR_OK },
	{ SET("boolean", "'true'"), CKR_DATA_INVALID },
	{ SET("boolean", "1.5"), CKR_DATA_INVALID },
	{ SET("boolean", "null"), CKR_DATA_INVALID },
	{ SET("boolean", "x'01'"), CKR_DATA_INVALID },
	{ SET("integer", "'many'"), CKR_DATA_INVALID },
	{ SET("integer", "1.5"), CKR_DATA_INVALID },
	{ SET("integer", "1e300"), CKR_DATA_INVALID },
	{ SET("integer", "x'00'"), CKR_DATA_INVALID },
	{ SET("integer", "null"), CKR_DATA_INVALID },
	{ SET("integer", "-9223372036854775808"), CKR_OK },
	{ SET("binary", "null"), CKR_OK },
	{ SET("binary", "'text'"), CKR_DATA_INVALID },
	{ SET("binary", "5"), CKR_DATA_INVALID },
	{ SET("binary", "zeroblob(1000000)"), CKR_OK },
	{ MECHS("x''"), CKR_OK },
	{ MECHS("x'0102030405060708'"), CKR_OK },
	{ MECHS("x'010203'"), CKR_DATA_INVALID },
	{ MAP("x''"), CKR_OK },
	{ MAP("null"), CKR_OK },
	{ MAP("'text'"), CKR_DATA_INVALID },
	{ MAP("x'00'"), CKR_DATA_INVALID },
	{ MAP("x'0301000000000000'"), CKR_DATA_INVALID },
	{ MAP("x'030100000000000001000000'"), CKR_DATA_INVALID },
	{ MAP("x'03010000000000000100000001'"), CKR_OK },
	{ MAP("x'0301000000000000010000000101'"), CKR_DATA_INVALID },
	{ MAP("x'0301000000000000000000000000'"), CKR_DATA_INVALID },
	{ MAP("x'03010000000000000600000001'"), CKR_DATA_INVALID },
	{ MAP("x'0301000000000000040000000000000000000000'"), CKR_DATA_INVALID },
	{ MAP("x'030000000000000003000000ffffffffffffffff'"), CKR_DATA_INVALID },
	{ MAP("x'030000000000000003000000010000000000000041'"), CKR_OK },
	{ MAP("x'030000000000000003000000020000000000000041'"), CKR_DATA_INVALID },
	{ MAP("x'000600400000000005000000070000000000000041414141414141'"),
	  CKR_DATA_INVALID },
	{ MAP("x'0006004000000000050000000800000000000000'"), CKR_DATA_INVALID },
	{ "update attribute_integer set type = null where object_id = 2", CKR_DATA_INVALID },
	{ "update attribute_integer set type = 'x' where object_id = 2", CKR_DATA_INVALID },
	{ "update attribute_integer set type = 1.5 where object_id = 2", CKR_DATA_INVALID },
	{ "update attribute_binary set object_id = 99 where object_id = 2", CKR_OK },
	{ "update attribute_binary set object_id = null where object_id = 2", CKR_OK },
	{ "update attribute_binary set object_id = 'x' where object_id = 2", CKR_OK },
	{ "with recursive n(i) as (select 0 union all select i + 1 from n where i < 5000) "
	  "insert into attribute_boolean(value,type,object_id) select 1, 1000 + i, 2 from n",
	  CKR_DATA_INVALID },
	{ "with recursive n(i) as (select 0 union all select i + 1 from n where i < 5000) "
	  "insert into attribute_boolean(value,type,object_id) select 1, 1, 2 from n", CKR_OK },
};

static void test_hostile_rows(void)
{
	for (size_t i = 0; i < ARRAY_LEN(hostile_rows); i++) {
		const struct hostile_row *row = &hostile_rows[i];
		unsigned int failures = CU_get_number_of_failures();
		struct help_token t;
		struct store *other;

		create(&t);
		(void)help_add(t.store, 1);
		help_sql(t.dir, row->sql);
		other = open_again(&t);
		CU_ASSERT_EQUAL(help_list_count(other), 1);
		CU_ASSERT_EQUAL(help_load_code(other, 2), row->rv);	/* from the pass */
		CU_ASSERT_EQUAL(help_load_code(other, 2), row->rv);	/* alone */
		CU_ASSERT_EQUAL(store_edit_object(other, 2, help_no_change, NULL, NULL, NULL),
				row->rv);
		CU_ASSERT_EQUAL(store_remove(other, 2), CKR_OK);
		store_close(other);
		help_destroy(&t);
		if (CU_get_number_of_failures() != failures)
			fprintf(stderr, "with %s\n", row->sql);
	}
}

/* What is no token, and what is a damaged one */

static void recreate_as_view(const char *dir)
{
	help_sql(dir, "pragma foreign_keys = off; drop table attribute_binary;"
		 "create view attribute_binary as select 1 as value, 2 as type, 3 as object_id, "
		 "4 as id");
}

static void recreate_virtual(const char *dir)
{
	help_sql(dir, "pragma foreign_keys = off; drop table attribute_binary;"
		 "create virtual table attribute_binary using rtree(id, value, type)");
}

static void drop_columns(const char *dir)
{
	help_sql(dir, "pragma foreign_keys = off; drop table attribute_binary;"
		 "create table attribute_binary(a, b, c)");
}

static void drop_table(const char *dir)
{
	help_sql(dir, "drop table attribute_real");
}

static void drop_token(const char *dir)
{
	help_sql(dir, "pragma foreign_keys = on; delete from object where id = 1");
}

static void drop_token_rows(const char *dir)
{
	help_sql(dir, "delete from attribute_binary; delete from attribute_integer");
}

static void break_token_row(const char *dir)
{
	help_sql(dir, "update attribute_integer set value = 'x' where object_id = 1");
}

static void make_empty(const char *dir)
{
	help_put(dir, DB_FILE, "", 0);
}

static void make_junk(const char *dir)
{
	static char junk[8192] = "this is no database";

	help_put(dir, DB_FILE, junk, sizeof(junk));
}

static void truncate_it(const char *dir)
{
	char *path = path_join(dir, DB_FILE);

	CU_ASSERT_EQUAL(truncate(path, 5000), 0);
	free(path);
}

static void remove_it(const char *dir)
{
	char *path = path_join(dir, DB_FILE);

	CU_ASSERT_EQUAL(unlink(path), 0);
	free(path);
}

static void make_link(const char *dir)
{
	char *path = path_join(dir, DB_FILE), *away = path_join(dir, "away");

	CU_ASSERT_EQUAL(rename(path, away), 0);
	CU_ASSERT_EQUAL(symlink("away", path), 0);
	free(path);
	free(away);
}

static void make_fifo(const char *dir)
{
	char *path = path_join(dir, DB_FILE);

	CU_ASSERT_EQUAL(unlink(path), 0);
	CU_ASSERT_EQUAL(mkfifo(path, 0600), 0);
	free(path);
}

static void make_directory(const char *dir)
{
	char *path = path_join(dir, DB_FILE);

	CU_ASSERT_EQUAL(unlink(path), 0);
	CU_ASSERT_EQUAL(mkdir(path, 0700), 0);
	free(path);
}

static const struct {
	const char *name;
	void (*spoil)(const char *dir);
	CK_RV rv;
} spoilt[] = {
	{ "view", recreate_as_view, CKR_TOKEN_NOT_RECOGNIZED },
	{ "virtual table", recreate_virtual, CKR_TOKEN_NOT_RECOGNIZED },
	{ "other columns", drop_columns, CKR_DATA_INVALID },
	{ "a table less", drop_table, CKR_TOKEN_NOT_RECOGNIZED },
	{ "no object 1", drop_token, CKR_TOKEN_NOT_RECOGNIZED },
	{ "object 1 without rows", drop_token_rows, CKR_DATA_INVALID },
	{ "object 1 damaged", break_token_row, CKR_DATA_INVALID },
	{ "empty", make_empty, CKR_TOKEN_NOT_RECOGNIZED },
	{ "junk", make_junk, CKR_DATA_INVALID },
	{ "truncated", truncate_it, CKR_DATA_INVALID },
	{ "removed", remove_it, CKR_TOKEN_NOT_RECOGNIZED },
	{ "link", make_link, CKR_DATA_INVALID },
	{ "FIFO", make_fifo, CKR_DATA_INVALID },
	{ "directory", make_directory, CKR_DATA_INVALID },
};

static void test_open(void)
{
	for (size_t i = 0; i < ARRAY_LEN(spoilt); i++) {
		unsigned int failures = CU_get_number_of_failures();
		struct help_token t;

		create(&t);
		spoilt[i].spoil(t.dir);
		CU_ASSERT_EQUAL(open_code(t.dir), spoilt[i].rv);
		help_destroy(&t);
		if (CU_get_number_of_failures() != failures)
			fprintf(stderr, "with %s\n", spoilt[i].name);
	}
	CU_ASSERT_EQUAL(open_code("/nowhere"), CKR_TOKEN_NOT_RECOGNIZED);
	CU_ASSERT_EQUAL(open_code("/dev/null"), CKR_TOKEN_NOT_RECOGNIZED);
}

/* Opening writes nothing: not a byte, not a file. */
static void test_open_writes_nothing(void)
{
	struct help_token t;
	struct stat before, after;
	char *path;

	create(&t);
	(void)help_add(t.store, 1);
	help_sql(t.dir, "drop index softhsm_index_binary");
	path = path_join(t.dir, DB_FILE);
	CU_ASSERT_EQUAL_FATAL(stat(path, &before), 0);
	CU_ASSERT_EQUAL(open_code(t.dir), CKR_OK);
	CU_ASSERT_EQUAL_FATAL(stat(path, &after), 0);
	CU_ASSERT(before.st_mtim.tv_sec == after.st_mtim.tv_sec &&
		  before.st_mtim.tv_nsec == after.st_mtim.tv_nsec);
	CU_ASSERT_EQUAL(help_names(t.dir, ""), 3);	/* with . and .. */
	free(path);
	help_destroy(&t);
}

/* Failures while it is in use */

/* A list that cannot be read is no empty list. */
static void test_damaged_in_use(void)
{
	struct help_token t;
	uint64_t *ids = NULL;
	size_t count = 0;
	char junk[4096];
	char *path;
	int fd;

	create(&t);
	for (uint64_t i = 0; i < 20; i++)
		(void)help_add(t.store, i);
	CU_ASSERT_EQUAL(help_list_count(t.store), 20);
	path = path_join(t.dir, DB_FILE);
	memset(junk, 0xa5, sizeof(junk));
	help_sql(t.dir, "update attribute_integer set value = 5 where object_id = 2");
	fd = open(path, O_WRONLY);
	for (off_t page = 1; page < 12; page++)
		CU_ASSERT_EQUAL(pwrite(fd, junk, sizeof(junk), page * 4096), 4096);
	CU_ASSERT_EQUAL(close(fd), 0);
	CU_ASSERT_EQUAL(store_list(t.store, &ids, &count), CKR_DEVICE_ERROR);
	CU_ASSERT_EQUAL(help_load_code(t.store, 2), CKR_DEVICE_ERROR);
	CU_ASSERT_EQUAL(store_edit_object(t.store, 2, help_count, NULL, NULL, NULL),
			CKR_DEVICE_ERROR);
	CU_ASSERT_EQUAL(open_code(t.dir), CKR_DATA_INVALID);
	free(path);
	help_destroy(&t);
}

/* Another program's lock, held for as long as the connection lives. */
static sqlite3 *hold(const char *dir, const char *begin)
{
	char *path = path_join(dir, DB_FILE);
	sqlite3 *conn = NULL;

	CU_ASSERT_EQUAL_FATAL(sqlite3_open(path, &conn), SQLITE_OK);
	CU_ASSERT_EQUAL_FATAL(sqlite3_exec(conn, begin, NULL, NULL, NULL), SQLITE_OK);
	free(path);
	return conn;
}

static void test_locked(void)
{
	struct help_token t;
	enum store_news news;
	uint64_t id, *ids = NULL;
	size_t count = 0;
	sqlite3 *holder;

	create(&t);
	id = help_add(t.store, 1);
	CU_ASSERT_EQUAL(help_list_count(t.store), 1);
	db_wait_at_most(20);
	holder = hold(t.dir, "begin immediate");	/* a writer that has not committed yet */
	CU_ASSERT_EQUAL(help_counter(t.store, id), 1);
	CU_ASSERT_FALSE(help_changed(t.store));
	CU_ASSERT_EQUAL(store_edit_object(t.store, id, help_count, NULL, NULL, NULL),
			CKR_DEVICE_ERROR);
	CU_ASSERT_EQUAL(store_remove(t.store, id), CKR_DEVICE_ERROR);
	CU_ASSERT_EQUAL(sqlite3_close(holder), SQLITE_OK);
	holder = hold(t.dir, "begin exclusive");	/* and one that does */
	CU_ASSERT_EQUAL(help_load_code(t.store, id), CKR_DEVICE_ERROR);
	CU_ASSERT_EQUAL(store_list(t.store, &ids, &count), CKR_DEVICE_ERROR);
	CU_ASSERT_EQUAL(store_poll(t.store, true, &news, &ids, &count), CKR_OK);
	CU_ASSERT_EQUAL(news, STORE_QUIET);
	CU_ASSERT_EQUAL(open_code(t.dir), CKR_DEVICE_ERROR);
	CU_ASSERT_EQUAL(sqlite3_close(holder), SQLITE_OK);
	holder = hold(t.dir, "begin; select * from object");	/* a reader that stays */
	CU_ASSERT_EQUAL(sqlite3_exec(holder, "select 1", NULL, NULL, NULL), SQLITE_OK);
	CU_ASSERT_EQUAL(store_edit_object(t.store, id, help_count, NULL, NULL, NULL),
			CKR_DEVICE_ERROR);
	CU_ASSERT_EQUAL(help_counter(t.store, id), 1);
	CU_ASSERT_EQUAL(sqlite3_close(holder), SQLITE_OK);
	db_wait_at_most(DB_WAIT_MS);
	CU_ASSERT_EQUAL(store_edit_object(t.store, id, help_count, NULL, NULL, NULL), CKR_OK);
	CU_ASSERT_EQUAL(help_counter(t.store, id), 2);
	help_destroy(&t);
}

struct waiting {
	struct store *s;
	uint64_t id;
	atomic_bool begun;
	CK_RV rv;
};

static void *edit_slowly(void *arg)
{
	struct waiting *w = arg;

	atomic_store(&w->begun, true);
	w->rv = store_edit_object(w->s, w->id, help_count, NULL, NULL, NULL);
	return NULL;
}

/*
 * While one thread waits for another process's write, the others read. Did they wait with it, the
 * lock would outlast its patience.
 */
static void test_readers_do_not_wait(void)
{
	const struct timespec pause = { 0, 5000000 };
	struct waiting w = { .rv = CKR_GENERAL_ERROR };
	struct help_token t;
	pthread_t thread;
	sqlite3 *holder;

	create(&t);
	w.s = t.store;
	w.id = help_add(t.store, 1);
	CU_ASSERT_EQUAL(help_list_count(t.store), 1);
	holder = hold(t.dir, "begin immediate");
	CU_ASSERT_EQUAL_FATAL(pthread_create(&thread, NULL, edit_slowly, &w), 0);
	while (!atomic_load(&w.begun))
		(void)nanosleep(&pause, NULL);
	for (int i = 0; i < 20; i++) {
		CU_ASSERT_EQUAL(help_counter(t.store, w.id), 1);
		CU_ASSERT_FALSE(help_changed(t.store));
		(void)nanosleep(&pause, NULL);
	}
	CU_ASSERT_EQUAL(sqlite3_close(holder), SQLITE_OK);
	CU_ASSERT_EQUAL(pthread_join(thread, NULL), 0);
	CU_ASSERT_EQUAL(w.rv, CKR_OK);
	CU_ASSERT_EQUAL(help_counter(t.store, w.id), 2);
	help_destroy(&t);
}

/* In a child, where no file may grow beyond what there is. */
static int write_when_full(struct store *s, uint64_t id)
{
	const struct rlimit limit = { 8192, 8192 };
	struct attrset *attrs = NULL;
	const struct attrset *sets[1];
	uint64_t added;
	int bad = 0;

	store_fork_child(s);
	(void)signal(SIGXFSZ, SIG_IGN);
	if (store_load(s, id, &attrs, NULL) != CKR_OK || setrlimit(RLIMIT_FSIZE, &limit) != 0)
		return 50;
	sets[0] = attrs;
	bad += store_add(s, sets, 1, &added, NULL) != CKR_DEVICE_MEMORY;
	bad += store_edit_object(s, id, help_count, NULL, NULL, NULL) != CKR_DEVICE_MEMORY;
	bad += store_edit_object(s, id, help_no_change, NULL, NULL, NULL) != CKR_OK;
	attrset_free(attrs);
	bad += store_load(s, id, &attrs, NULL) != CKR_OK || !help_is_whole(attrs);
	attrset_free(attrs);
	store_close(s);
	return bad;
}

static void test_full(void)
{
	struct help_token t;
	int status = -1;
	uint64_t id;
	pid_t pid;

	create(&t);
	id = help_add(t.store, 1);
	CU_ASSERT_EQUAL(help_list_count(t.store), 1);
	store_fork_prepare(t.store);
	pid = fork();
	if (pid == 0)
		_exit(write_when_full(t.store, id));
	store_fork_parent(t.store);
	CU_ASSERT_EQUAL_FATAL(waitpid(pid, &status, 0), pid);
	CU_ASSERT_EQUAL(status, 0);
	CU_ASSERT_EQUAL(help_counter(t.store, id), 1);
	CU_ASSERT_EQUAL(store_edit_object(t.store, id, help_count, NULL, NULL, NULL), CKR_OK);
	help_destroy(&t);
}

/* News */

static void test_news_name_objects(void)
{
	struct help_token t;
	struct store *other;
	enum store_news news;
	uint64_t *ids = NULL, changed, removed, added;
	size_t count = 0, sum = 0;

	create(&t);
	changed = help_add(t.store, 1);
	removed = help_add(t.store, 2);
	(void)help_add(t.store, 3);
	CU_ASSERT_EQUAL(help_list_count(t.store), 3);
	other = open_again(&t);
	CU_ASSERT_EQUAL(help_list_count(other), 3);
	CU_ASSERT_EQUAL(store_edit_object(other, changed, help_count, NULL, NULL, NULL), CKR_OK);
	CU_ASSERT_EQUAL(store_remove(other, removed), CKR_OK);
	added = help_add(other, 4);
	CU_ASSERT_EQUAL_FATAL(store_poll(t.store, true, &news, &ids, &count), CKR_OK);
	CU_ASSERT_EQUAL_FATAL(news, STORE_SOME);
	CU_ASSERT_EQUAL_FATAL(count, 3);
	for (size_t i = 0; i < count; i++)
		sum += ids[i] == changed || ids[i] == removed || ids[i] == added;
	CU_ASSERT_EQUAL(sum, 3);
	CU_ASSERT_EQUAL(help_counter(t.store, changed), 2);
	CU_ASSERT_EQUAL(help_counter(t.store, added), 4);
	CU_ASSERT_EQUAL(help_load_code(t.store, removed), CKR_OBJECT_HANDLE_INVALID);
	CU_ASSERT_EQUAL(store_poll(t.store, true, &news, &ids, &count), CKR_OK);
	CU_ASSERT_EQUAL(news, STORE_QUIET);
	free(ids);
	store_close(other);
	help_destroy(&t);
}

/* A change of our own between another's and the poll hides nothing. */
static void test_news_survive_own_changes(void)
{
	struct help_token t;
	struct store *other;
	enum store_news news;
	uint64_t *ids = NULL, a, b;
	size_t count = 0;

	create(&t);
	a = help_add(t.store, 1);
	b = help_add(t.store, 2);
	CU_ASSERT_EQUAL(help_list_count(t.store), 2);
	other = open_again(&t);
	CU_ASSERT_EQUAL(help_list_count(other), 2);
	CU_ASSERT_EQUAL(store_edit_object(other, a, help_count, NULL, NULL, NULL), CKR_OK);
	CU_ASSERT_EQUAL(store_edit_object(t.store, b, help_count, NULL, NULL, NULL), CKR_OK);
	CU_ASSERT_EQUAL(store_edit_object(t.store, a, help_no_change, NULL, NULL, NULL), CKR_OK);
	CU_ASSERT_EQUAL_FATAL(store_poll(t.store, false, &news, &ids, &count), CKR_OK);
	CU_ASSERT_EQUAL_FATAL(news, STORE_SOME);
	CU_ASSERT_TRUE(ids[0] == a || (count == 2 && ids[1] == a));
	CU_ASSERT_FALSE(help_changed(t.store));
	free(ids);
	store_close(other);
	help_destroy(&t);
}

/* Many at once are read in one pass; what changes before the load is loaded as it is then. */
static void test_many(void)
{
	struct help_token t;
	struct store *other;
	enum store_news news;
	uint64_t *ids = NULL, *listed = NULL;
	size_t count = 0, n = 0;

	create(&t);
	CU_ASSERT_EQUAL(help_list_count(t.store), 0);
	other = open_again(&t);
	for (uint64_t i = 0; i < MANY; i++)
		(void)help_add(other, i);
	CU_ASSERT_EQUAL_FATAL(store_poll(t.store, true, &news, &ids, &count), CKR_OK);
	CU_ASSERT(news == STORE_SOME && count == MANY);
	for (size_t i = 0; i < count; i++)
		CU_ASSERT_EQUAL(help_counter(t.store, ids[i]), ids[i] - 2);
	store_close(other);
	other = open_again(&t);
	CU_ASSERT_EQUAL_FATAL(store_list(other, &listed, &n), CKR_OK);
	CU_ASSERT_EQUAL_FATAL(n, MANY);
	CU_ASSERT_EQUAL(help_counter(other, listed[0]), 0);
	CU_ASSERT_EQUAL(store_edit_object(t.store, listed[1], help_count, NULL, NULL, NULL),
			CKR_OK);
	CU_ASSERT_EQUAL(help_counter(other, listed[1]), 2);
	CU_ASSERT_EQUAL(help_counter(other, listed[2]), 2);
	free(ids);
	free(listed);
	store_close(other);
	help_destroy(&t);
}

#define DROP_INDEXES \
	"drop index softhsm_index_boolean; drop index softhsm_index_integer;" \
	"drop index softhsm_index_binary; drop index softhsm_index_array;"
#define COUNT_INDEXES "select count(*) from sqlite_master where type = 'index'"

/* SoftHSM makes no indexes: reading does without them, the first change adds them. */
static void test_indexes(void)
{
	struct help_token t;
	struct store *other;
	struct store_stamp stamp;
	struct attrset *attrs = NULL;
	uint64_t id, other_id;
	bool same = false;

	create(&t);
	id = help_add(t.store, 1);
	other_id = help_add(t.store, 2);
	help_sql(t.dir, DROP_INDEXES);
	other = open_again(&t);
	CU_ASSERT_EQUAL(help_list_count(other), 2);
	CU_ASSERT_EQUAL_FATAL(store_load(other, id, &attrs, &stamp), CKR_OK);
	attrset_free(attrs);
	help_sql(t.dir, "update attribute_integer set value = 9 where object_id = 3");
	CU_ASSERT_EQUAL(store_same(other, id, &stamp, &same), CKR_OK);
	CU_ASSERT_TRUE(same);
	CU_ASSERT_TRUE(help_changed(other));
	CU_ASSERT_EQUAL(help_counter(other, id), 1);
	sql_is(t.dir, COUNT_INDEXES, "0\n");
	CU_ASSERT_EQUAL(store_remove(other, other_id), CKR_OK);
	sql_is(t.dir, COUNT_INDEXES, "4\n");
	CU_ASSERT_EQUAL(help_list_count(t.store), 1);
	store_close(other);
	help_destroy(&t);
}

/* Somebody has switched the database to a write-ahead log. */
static void test_write_ahead_log(void)
{
	struct help_token t;
	struct store *other;
	uint64_t id;

	create(&t);
	id = help_add(t.store, 1);
	CU_ASSERT_EQUAL(help_list_count(t.store), 1);
	store_close(t.store);
	help_sql(t.dir, "pragma journal_mode = wal");
	t.store = open_again(&t);
	other = open_again(&t);
	CU_ASSERT_EQUAL(help_list_count(t.store), 1);
	CU_ASSERT_EQUAL(help_list_count(other), 1);
	CU_ASSERT_FALSE(help_changed(t.store));
	CU_ASSERT_EQUAL(store_edit_object(other, id, help_count, NULL, NULL, NULL), CKR_OK);
	CU_ASSERT_FALSE(help_changed(other));
	CU_ASSERT_TRUE(help_changed(t.store));
	CU_ASSERT_FALSE(help_changed(t.store));
	CU_ASSERT_EQUAL(help_counter(t.store, id), 2);
	store_close(other);
	help_destroy(&t);
}

/* Restored over a token in use, taken away, and back again. */
static void test_replaced(void)
{
	struct help_token t;
	enum store_news news;
	uint64_t *ids = NULL;
	size_t count = 0, len;
	char *path, *away, *bytes;

	create(&t);
	path = path_join(t.dir, DB_FILE);
	away = path_join(t.root, "away");
	(void)help_add(t.store, 1);
	bytes = unit_read_file(path, &len);
	(void)help_add(t.store, 2);
	CU_ASSERT_EQUAL(help_list_count(t.store), 2);
	CU_ASSERT_EQUAL(rename(path, away), 0);
	CU_ASSERT_EQUAL(store_poll(t.store, true, &news, &ids, &count), CKR_DEVICE_REMOVED);
	CU_ASSERT_EQUAL(store_list(t.store, &ids, &count), CKR_DEVICE_REMOVED);
	CU_ASSERT_EQUAL(store_edit_object(t.store, 2, help_count, NULL, NULL, NULL),
			CKR_DEVICE_REMOVED);
	help_put(t.dir, DB_FILE, bytes, len);
	CU_ASSERT_EQUAL(store_poll(t.store, true, &news, &ids, &count), CKR_OK);
	CU_ASSERT_EQUAL(news, STORE_ALL);
	CU_ASSERT_EQUAL(help_list_count(t.store), 1);
	CU_ASSERT_EQUAL(rename(away, path), 0);
	CU_ASSERT_EQUAL(store_poll(t.store, true, &news, &ids, &count), CKR_OK);
	CU_ASSERT_EQUAL(news, STORE_ALL);
	CU_ASSERT_EQUAL(help_list_count(t.store), 2);
	free(bytes);
	free(path);
	free(away);
	help_destroy(&t);
}

/* Crashes */

static void copy(const char *from_dir, const char *name, const char *to_dir)
{
	char *path = path_join(from_dir, name), *bytes;
	size_t len;

	bytes = unit_read_file(path, &len);
	help_put(to_dir, name, bytes, len);
	free(bytes);
	free(path);
}

/* A process dies while it writes its changes into the database: whoever comes next undoes them. */
static void test_torn_commit(void)
{
	struct help_token t;
	struct store *other;
	char *crashed;
	sqlite3 *writer;

	create(&t);
	(void)help_add(t.store, 1);
	crashed = path_join(t.root, "crashed");
	CU_ASSERT_EQUAL(mkdir(crashed, 0700), 0);
	writer = hold(t.dir, "pragma cache_size = 2; begin immediate;"
		      "update attribute_integer set value = 5; delete from object where id = 2;"
		      "insert into object default values");
	CU_ASSERT_EQUAL(sqlite3_db_cacheflush(writer), SQLITE_OK);
	copy(t.dir, DB_FILE, crashed);
	copy(t.dir, DB_JOURNAL, crashed);
	CU_ASSERT_EQUAL(sqlite3_close(writer), SQLITE_OK);
	CU_ASSERT_EQUAL_FATAL(store_open(db(), crashed, 077, &other), CKR_OK);
	CU_ASSERT_EQUAL(help_list_count(other), 1);
	CU_ASSERT_EQUAL(help_counter(other, 2), 1);
	CU_ASSERT_FALSE(help_exists(crashed, DB_JOURNAL));
	store_close(other);
	free(crashed);
	help_destroy(&t);
}

#define UUID(digit) "00000000-0000-0000-0000-00000000000" digit
#define MAGIC "\xd9\xd5\x05\xf9\x20\xa1\x63\xd7"
#define HOUR 3600

static const struct {
	const char *leaf;
	const char *database;
	const char *journal;	/* NULL: none; else 20 bytes or so */
	size_t journal_len;
	const char *more;	/* another file, or NULL */
	bool young;
	bool swept;
} leftovers[] = {
	{ UUID("1"), "", NULL, 0, NULL, false, true },
	{ UUID("2"), "", NULL, 0, "generation", false, true },
	{ UUID("3"), "", NULL, 0, NULL, true, false },
	{ UUID("4"), "", NULL, 0, "notes", false, false },
	{ UUID("5"), "half", MAGIC "\0\0\0\1\1\2\3\4\0\0\0\0", 20, NULL, false, true },
	{ UUID("6"), "half", MAGIC "\0\0\0\1\1\2\3\4\0\0\0\5", 20, NULL, false, false },
	{ UUID("7"), "", MAGIC "\0\0\0\1\1\2\3\4\0\0\0\5", 20, NULL, false, false },
	{ UUID("8"), "", "", 0, NULL, false, true },
	{ UUID("9"), "half", NULL, 0, NULL, false, false },
	{ "not-made-by-us", "", NULL, 0, NULL, false, false },
};

/* The next token that is made clears away those that were never completed. */
static void test_unfinished_tokens(void)
{
	struct attrset *token = help_token_attrs();
	struct help_token t;
	struct store *s = NULL;
	char *dir;

	create(&t);
	for (size_t i = 0; i < ARRAY_LEN(leftovers); i++) {
		dir = path_join(t.root, leftovers[i].leaf);
		CU_ASSERT_EQUAL(mkdir(dir, 0700), 0);
		help_put(dir, DB_FILE, leftovers[i].database, strlen(leftovers[i].database));
		if (leftovers[i].journal != NULL)
			help_put(dir, DB_JOURNAL, leftovers[i].journal, leftovers[i].journal_len);
		if (leftovers[i].more != NULL)
			help_put(dir, leftovers[i].more, "", 0);
		if (!leftovers[i].young)
			help_make_older(t.root, leftovers[i].leaf, HOUR + 60);
		free(dir);
	}
	dir = path_join(t.root, UUID("f"));
	CU_ASSERT_EQUAL_FATAL(store_create(db(), dir, 077, token, &s), CKR_OK);
	store_close(s);
	for (size_t i = 0; i < ARRAY_LEN(leftovers); i++) {
		CU_ASSERT_EQUAL(help_exists(t.root, leftovers[i].leaf), !leftovers[i].swept);
		if (help_exists(t.root, leftovers[i].leaf) == leftovers[i].swept)
			fprintf(stderr, "with %s\n", leftovers[i].leaf);
	}
	CU_ASSERT_EQUAL(store_create(db(), dir, 077, token, &s), CKR_DEVICE_ERROR);
	CU_ASSERT_EQUAL(store_delete(db(), dir), CKR_OK);
	CU_ASSERT_EQUAL(store_delete(db(), dir), CKR_TOKEN_NOT_RECOGNIZED);
	free(dir);
	attrset_free(token);
	help_destroy(&t);
}

static void test_delete(void)
{
	struct help_token t;
	char *inner;

	create(&t);
	store_close(t.store);
	t.store = NULL;
	inner = path_join(t.dir, "inner");
	CU_ASSERT_EQUAL(mkdir(inner, 0700), 0);
	CU_ASSERT_EQUAL(store_delete(db(), t.dir), CKR_DEVICE_ERROR);
	CU_ASSERT_EQUAL(open_code(t.dir), CKR_OK);
	CU_ASSERT_EQUAL(rmdir(inner), 0);
	make_junk(t.dir);
	CU_ASSERT_EQUAL(symlink("/nowhere", inner), 0);
	CU_ASSERT_EQUAL(store_delete(store_backend_find("file"), t.dir), CKR_TOKEN_NOT_RECOGNIZED);
	CU_ASSERT_EQUAL(store_delete(db(), t.dir), CKR_OK);
	CU_ASSERT_FALSE(help_exists(t.root, strrchr(t.dir, '/') + 1));
	free(inner);
	help_destroy(&t);
}

static const struct unit_test tests[] = {
	UNIT_TEST(test_schema),
	UNIT_TEST(test_rows),
	UNIT_TEST(test_refused_kinds),
	UNIT_TEST(test_edit_writes_difference),
	UNIT_TEST(test_scars),
	UNIT_TEST(test_hostile_rows),
	UNIT_TEST(test_open),
	UNIT_TEST(test_open_writes_nothing),
	UNIT_TEST(test_damaged_in_use),
	UNIT_TEST(test_locked),
	UNIT_TEST(test_readers_do_not_wait),
	UNIT_TEST(test_full),
	UNIT_TEST(test_news_name_objects),
	UNIT_TEST(test_news_survive_own_changes),
	UNIT_TEST(test_many),
	UNIT_TEST(test_indexes),
	UNIT_TEST(test_write_ahead_log),
	UNIT_TEST(test_replaced),
	UNIT_TEST(test_torn_commit),
	UNIT_TEST(test_unfinished_tokens),
	UNIT_TEST(test_delete),
};

int main(void)
{
	return UNIT_RUN("store_db", tests);
}
