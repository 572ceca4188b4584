/*
 * Databases in use: locks, failures of SQLite, what others do, and what a crash leaves.
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

#include "common/str.h"
#include "object_store/db/db_conn.h"
#include "unit/store_help.h"
#include "unit/unit.h"

#define MANY 100	/* more than are loaded one by one */

static void create(struct help_token *t)
{
	help_create_on("db", t);
}

static struct store *open_again(const struct help_token *t)
{
	return help_open_on("db", t->dir);
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
	CU_ASSERT_EQUAL(help_open_code_on("db", t.dir), CKR_DATA_INVALID);
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
	CU_ASSERT_EQUAL(help_open_code_on("db", t.dir), CKR_DEVICE_ERROR);
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
	help_sql_is(t.dir, COUNT_INDEXES, "0\n");
	CU_ASSERT_EQUAL(store_remove(other, other_id), CKR_OK);
	help_sql_is(t.dir, COUNT_INDEXES, "4\n");
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
	struct attrset *attrs = NULL;
	struct store_stamp stamp;
	bool same = true;
	size_t count = 0, len;
	char *path, *away, *bytes;

	create(&t);
	path = path_join(t.dir, DB_FILE);
	away = path_join(t.root, "away");
	(void)help_add(t.store, 1);
	bytes = unit_read_file(path, &len);
	(void)help_add(t.store, 2);
	CU_ASSERT_EQUAL(help_list_count(t.store), 2);
	CU_ASSERT_EQUAL_FATAL(store_load(t.store, 2, &attrs, &stamp), CKR_OK);
	attrset_free(attrs);
	CU_ASSERT_EQUAL(rename(path, away), 0);
	CU_ASSERT_EQUAL(store_poll(t.store, true, &news, &ids, &count), CKR_DEVICE_REMOVED);
	CU_ASSERT_EQUAL(store_list(t.store, &ids, &count), CKR_DEVICE_REMOVED);
	CU_ASSERT_EQUAL(store_edit_object(t.store, 2, help_count, NULL, NULL, NULL),
			CKR_DEVICE_REMOVED);
	CU_ASSERT_EQUAL(store_same(t.store, 2, &stamp, &same), CKR_OK);
	CU_ASSERT_FALSE(same);
	CU_ASSERT_EQUAL(help_load_code(t.store, 2), CKR_OBJECT_HANDLE_INVALID);
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
	CU_ASSERT_EQUAL_FATAL(store_open(store_backend_find("db"), crashed, 077, &other), CKR_OK);
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
	CU_ASSERT_EQUAL_FATAL(store_create(store_backend_find("db"), dir, 077, token, &s), CKR_OK);
	store_close(s);
	for (size_t i = 0; i < ARRAY_LEN(leftovers); i++) {
		CU_ASSERT_EQUAL(help_exists(t.root, leftovers[i].leaf), !leftovers[i].swept);
		if (help_exists(t.root, leftovers[i].leaf) == leftovers[i].swept)
			fprintf(stderr, "with %s\n", leftovers[i].leaf);
	}
	CU_ASSERT_EQUAL(store_create(store_backend_find("db"), dir, 077, token, &s),
			CKR_DEVICE_ERROR);
	CU_ASSERT_EQUAL(store_delete(store_backend_find("db"), dir), CKR_OK);
	CU_ASSERT_EQUAL(store_delete(store_backend_find("db"), dir), CKR_TOKEN_NOT_RECOGNIZED);
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
	CU_ASSERT_EQUAL(store_delete(store_backend_find("db"), t.dir), CKR_DEVICE_ERROR);
	CU_ASSERT_EQUAL(help_open_code_on("db", t.dir), CKR_OK);
	CU_ASSERT_EQUAL(rmdir(inner), 0);
	help_put(t.dir, DB_FILE, "this is no database", 19);
	CU_ASSERT_EQUAL(symlink("/nowhere", inner), 0);
	CU_ASSERT_EQUAL(store_delete(store_backend_find("file"), t.dir), CKR_TOKEN_NOT_RECOGNIZED);
	CU_ASSERT_EQUAL(store_delete(store_backend_find("db"), t.dir), CKR_OK);
	CU_ASSERT_FALSE(help_exists(t.root, strrchr(t.dir, '/') + 1));
	free(inner);
	help_destroy(&t);
}

static const struct unit_test tests[] = {
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
	return UNIT_RUN("store_db_use", tests);
}
