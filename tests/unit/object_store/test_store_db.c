/*
 * What is particular to tokens in databases: the tables and rows as SoftHSM has them, the faults
 * that its databases carry, and hostile ones.
 */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/str.h"
#include "object_store/db/db_conn.h"
#include "unit/store_help.h"
#include "unit/unit.h"

static void create(struct help_token *t)
{
	help_create_on("db", t);
}

static struct store *open_again(const struct help_token *t)
{
	return help_open_on("db", t->dir);
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
	help_sql_is(t.dir, "select sql from sqlite_master where type = 'table' order by rowid",
		    "CREATE TABLE object (id integer primary key autoincrement)\n"
		    "CREATE TABLE sqlite_sequence(name,seq)\n"
		    "CREATE TABLE attribute_text (value text" COLUMNS
		    "CREATE TABLE attribute_integer (value integer" COLUMNS
		    "CREATE TABLE attribute_binary (value blob" COLUMNS
		    "CREATE TABLE attribute_array (value blob" COLUMNS
		    "CREATE TABLE attribute_boolean (value boolean" COLUMNS
		    "CREATE TABLE attribute_datetime (value datetime" COLUMNS
		    "CREATE TABLE attribute_real (value real" COLUMNS);
	help_sql_is(t.dir, "pragma journal_mode; pragma user_version; pragma application_id;"
		    "pragma encoding; pragma integrity_check; select id from object",
		    "delete\n0\n0\nUTF-8\nok\n1\n");
	help_sql_is(t.dir,
		    "select count(*) from sqlite_master where type not in ('table', 'index')",
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
	help_sql_is(t.dir, "select type, typeof(value), value from attribute_boolean",
		    "1|integer|1\n2|integer|0\n");
	help_sql_is(t.dir,
		    "select type, typeof(value), value from attribute_integer where object_id=2",
		    "0|integer|0\n358|integer|-1\n");
	help_sql_is(t.dir, "select object_id, type, value from attribute_integer where object_id=1",
		    "1|2147504971|1069\n");
	if (sizeof(CK_ULONG) == 8 && *(const unsigned char *)&(uint16_t){ 1 } == 1) {
		help_sql_is(t.dir,
			    "select type, typeof(value), hex(value) from attribute_binary "
			    "where object_id=2",
			    "3|blob|6869\n258|blob|\n"
			    "1073743360|blob|82100000000000008710000000000000\n");
		help_sql_is(t.dir, "select type, typeof(value), hex(value) from attribute_array",
			    "1073742353|blob|\n1073742354|blob|" UNWRAP_TEMPLATE "\n");
	}
	help_sql_is(t.dir, "select * from sqlite_sequence where name = 'object'", "object|2\n");
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
	help_sql_is(t.dir, "select count(*) from object", "1\n");
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
	help_sql_is(t.dir, "select type, id from attribute_binary where object_id = 2",
		    "3|2\n17|3\n");
	help_sql_is(t.dir, "select seq from sqlite_sequence where name = 'attribute_binary'",
		    "3\n");
	help_sql_is(t.dir, "select value from attribute_binary where object_id = 2 and type = 3",
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
	help_sql_is(t.dir, "select value from attribute_binary where type = 3 and object_id = 2",
		    "new\n");
	help_sql_is(t.dir, "select count(*) from attribute_array", "0\n");
	help_sql_is(t.dir, "select count(*) from attribute_boolean where object_id = 2", "5\n");
	CU_ASSERT_EQUAL(store_remove(t.store, 3), CKR_OK);
	CU_ASSERT_EQUAL(store_remove(t.store, id), CKR_OK);
	help_sql_is(t.dir, "select count(*) from attribute_boolean union all "
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

static void make_sparse(const char *dir)
{
	char *path = path_join(dir, DB_FILE);

	CU_ASSERT_EQUAL(truncate(path, 0), 0);
	CU_ASSERT_EQUAL(truncate(path, (off_t)10 << 30), 0);
	free(path);
}

static void put_fifo(const char *dir, const char *name)
{
	char *path = path_join(dir, name);

	CU_ASSERT_EQUAL(mkfifo(path, 0600), 0);
	free(path);
}

static void journal_fifo(const char *dir)
{
	put_fifo(dir, DB_JOURNAL);
}

static void log_fifo(const char *dir)
{
	put_fifo(dir, DB_FILE "-wal");
}

static void journal_directory(const char *dir)
{
	char *path = path_join(dir, DB_JOURNAL);

	CU_ASSERT_EQUAL(mkdir(path, 0700), 0);
	free(path);
}

static void journal_link(const char *dir)
{
	char *path = path_join(dir, DB_JOURNAL);

	CU_ASSERT_EQUAL(symlink("/dev/zero", path), 0);
	free(path);
}

static const struct {
	const char *name;
	void (*spoil)(const char *dir);
	CK_RV rv;
} spoilt[] = {
	{ "10 GiB of nothing", make_sparse, CKR_DATA_INVALID },
	{ "FIFO for a journal", journal_fifo, CKR_DATA_INVALID },
	{ "FIFO for a write-ahead log", log_fifo, CKR_DATA_INVALID },
	{ "directory for a journal", journal_directory, CKR_DATA_INVALID },
	{ "link for a journal", journal_link, CKR_DATA_INVALID },
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
		CU_ASSERT_EQUAL(help_open_code_on("db", t.dir), spoilt[i].rv);
		help_destroy(&t);
		if (CU_get_number_of_failures() != failures)
			fprintf(stderr, "with %s\n", spoilt[i].name);
	}
	CU_ASSERT_EQUAL(help_open_code_on("db", "/nowhere"), CKR_TOKEN_NOT_RECOGNIZED);
	CU_ASSERT_EQUAL(help_open_code_on("db", "/dev/null"), CKR_TOKEN_NOT_RECOGNIZED);
}

/* It would be waited for without end. */
static void test_fifo_later(void)
{
	struct help_token t;
	struct attrset *attrs = NULL;
	uint64_t id;
	char *path;

	create(&t);
	id = help_add(t.store, 1);
	put_fifo(t.dir, DB_JOURNAL);
	CU_ASSERT_EQUAL(store_load(t.store, id, &attrs, NULL), CKR_DEVICE_ERROR);
	CU_ASSERT_EQUAL(store_remove(t.store, id), CKR_DEVICE_ERROR);
	path = path_join(t.dir, DB_JOURNAL);
	CU_ASSERT_EQUAL(unlink(path), 0);
	free(path);
	CU_ASSERT_EQUAL(store_remove(t.store, id), CKR_OK);
	help_destroy(&t);
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
	CU_ASSERT_EQUAL(help_open_code_on("db", t.dir), CKR_OK);
	CU_ASSERT_EQUAL_FATAL(stat(path, &after), 0);
	CU_ASSERT(before.st_mtim.tv_sec == after.st_mtim.tv_sec &&
		  before.st_mtim.tv_nsec == after.st_mtim.tv_nsec);
	CU_ASSERT_EQUAL(help_names(t.dir, ""), 3);	/* with . and .. */
	free(path);
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
	UNIT_TEST(test_fifo_later),
	UNIT_TEST(test_open_writes_nothing),
};

int main(void)
{
	return UNIT_RUN("store_db", tests);
}
