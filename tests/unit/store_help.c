#include "config.h"

#include "unit/store_help.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#ifdef WITH_OBJECTSTORE_BACKEND_DB
#include <sqlite3.h>
#endif

#include "common/buf.h"
#include "common/str.h"
#include "object_store/file/file_format.h"
#include "unit/unit.h"

/* Token attributes, as in docs/STORAGE.md. */
#define OS_TOKENLABEL 0x80005349UL
#define OS_TOKENFLAGS 0x8000534BUL

#define BYTES_SIZE 3000		/* more than the block that SoftHSM writes at once */

static void must(CK_RV rv)
{
	CU_ASSERT_EQUAL_FATAL(rv, CKR_OK);
}

struct attrset *help_token_attrs(void)
{
	struct attrset *s = attrset_new(false);

	CU_ASSERT_PTR_NOT_NULL_FATAL(s);
	must(attrset_set_bytes(s, OS_TOKENLABEL, "a token                         ", 32));
	must(attrset_set_number(s, OS_TOKENFLAGS, 0x42d));
	return s;
}

static CK_RV set_counter(struct attrset *s, uint64_t counter)
{
	unsigned char bytes[BYTES_SIZE];
	CK_RV rv = attrset_set_number(s, HELP_COUNTER, counter);

	memset(bytes, (int)(counter & 0xff), sizeof(bytes));
	return rv == CKR_OK ? attrset_set_bytes(s, CKA_VALUE, bytes, sizeof(bytes)) : rv;
}

struct attrset *help_object(const char *label, uint64_t counter)
{
	struct attrset *s = attrset_new(false);

	CU_ASSERT_PTR_NOT_NULL_FATAL(s);
	must(attrset_set_number(s, CKA_CLASS, CKO_SECRET_KEY));
	must(attrset_set_flag(s, CKA_TOKEN, true));
	must(attrset_set_bytes(s, CKA_LABEL, label, strlen(label)));
	must(set_counter(s, counter));
	return s;
}

bool help_is_whole(const struct attrset *s)
{
	const unsigned char *bytes;
	size_t len;
	uint64_t counter = attrset_number(s, HELP_COUNTER, 0);

	if (s->count != 5 || !attrset_bytes(s, CKA_VALUE, &bytes, &len) || len != BYTES_SIZE)
		return false;
	for (size_t i = 0; i < len; i++)
		if (bytes[i] != (counter & 0xff))
			return false;
	return true;
}

void help_create_on(const char *backend, struct help_token *t)
{
	struct attrset *token = help_token_attrs();

	t->root = unit_make_dir();
	t->dir = path_join(t->root, "0b5e1bd2-6c6b-43b5-a7d9-5b4f8d8ae1c3");
	CU_ASSERT_PTR_NOT_NULL_FATAL(t->dir);
	must(store_create(store_backend_find(backend), t->dir, 077, token, &t->store));
	attrset_free(token);
}

void help_create(struct help_token *t)
{
	help_create_on("file", t);
}

void help_destroy(struct help_token *t)
{
	store_close(t->store);
	free(t->dir);
	unit_remove_dir(t->root);
}

struct store *help_open_on(const char *backend, const char *dir)
{
	struct store *s = NULL;

	must(store_open(store_backend_find(backend), dir, 077, &s));
	return s;
}

struct store *help_open(const char *dir)
{
	return help_open_on("file", dir);
}

uint64_t help_add(struct store *s, uint64_t counter)
{
	struct attrset *attrs = help_object(HELP_LABEL, counter);
	const struct attrset *sets[] = { attrs };
	uint64_t id = 0;

	must(store_add(s, sets, 1, &id, NULL));
	attrset_free(attrs);
	return id;
}

uint64_t help_counter(struct store *s, uint64_t id)
{
	struct attrset *attrs = NULL;
	uint64_t counter;

	must(store_load(s, id, &attrs, NULL));
	CU_ASSERT_TRUE(help_is_whole(attrs));
	counter = attrset_number(attrs, HELP_COUNTER, 0);
	attrset_free(attrs);
	return counter;
}

size_t help_list_count(struct store *s)
{
	uint64_t *ids = NULL;
	size_t count = 0;

	must(store_list(s, &ids, &count));
	free(ids);
	return count;
}

CK_RV help_count(struct attrset *s, bool *changed, void *arg)
{
	(void)arg;
	*changed = true;
	return set_counter(s, attrset_number(s, HELP_COUNTER, 0) + 1);
}

CK_RV help_poll(struct store *s, bool *changed)
{
	enum store_news news = STORE_QUIET;
	uint64_t *ids = NULL;
	size_t count = 0;
	CK_RV rv = store_poll(s, true, &news, &ids, &count);

	free(ids);
	*changed = news == STORE_ALL || news == STORE_SOME;
	return rv;
}

bool help_changed(struct store *s)
{
	bool changed = false;

	must(help_poll(s, &changed));
	return changed;
}

static bool ends_with(const char *name, const char *ending)
{
	size_t len = strlen(name), tail = strlen(ending);

	return len > tail && strcmp(name + len - tail, ending) == 0;
}

/*
 * Counts the names that end so, token.object aside, and copies the last into last unless that is
 * NULL.
 */
static size_t find_names(const char *dir, const char *ending, char last[256])
{
	const struct dirent *entry;
	DIR *listing = opendir(dir);
	size_t found = 0;

	CU_ASSERT_PTR_NOT_NULL_FATAL(listing);
	while ((entry = readdir(listing)) != NULL) {
		if (!ends_with(entry->d_name, ending) || strcmp(entry->d_name, "token.object") == 0)
			continue;
		if (last != NULL)
			memcpy(last, entry->d_name, strlen(entry->d_name) + 1);
		found++;
	}
	(void)closedir(listing);
	return found;
}

char *help_object_path(const char *dir)
{
	char name[256];

	CU_ASSERT_TRUE_FATAL(find_names(dir, ".object", name) > 0);
	return path_join(dir, name);
}

size_t help_names(const char *dir, const char *ending)
{
	return find_names(dir, ending, NULL);
}

uint64_t help_generation(const char *dir)
{
	char *path = path_join(dir, "generation"), *bytes;
	uint64_t generation = 0;
	size_t len;

	if (access(path, F_OK) == 0) {
		bytes = unit_read_file(path, &len);
		if (len == FILE_GENERATION_SIZE)
			generation = file_generation_get((unsigned char *)bytes);
		free(bytes);
	}
	free(path);
	return generation;
}

const struct store_backend *help_backend(void)
{
	return store_backend_find("file");
}

bool help_exists(const char *dir, const char *name)
{
	char *path = path_join(dir, name);
	struct stat st;
	bool found = lstat(path, &st) == 0;

	free(path);
	return found;
}

void help_put(const char *dir, const char *name, const void *data, size_t len)
{
	free(unit_write_file(dir, name, data, len));
}

void help_make_older(const char *dir, const char *name, time_t seconds)
{
	struct timespec now, times[2];
	char *path = path_join(dir, name);

	(void)clock_gettime(CLOCK_REALTIME, &now);
	now.tv_sec -= seconds;
	times[0] = times[1] = now;
	CU_ASSERT_EQUAL(utimensat(AT_FDCWD, path, times, AT_SYMLINK_NOFOLLOW), 0);
	free(path);
}

uint64_t help_last_id(struct store *s)
{
	uint64_t *ids = NULL, id;
	size_t count = 0;

	CU_ASSERT_EQUAL_FATAL(store_list(s, &ids, &count), CKR_OK);
	CU_ASSERT_TRUE_FATAL(count > 0);
	id = ids[count - 1];
	free(ids);
	return id;
}

CK_RV help_load_code(struct store *s, uint64_t id)
{
	struct attrset *attrs = NULL;
	CK_RV rv = store_load(s, id, &attrs, NULL);

	attrset_free(attrs);
	return rv;
}

CK_RV help_open_code(const char *dir)
{
	return help_open_code_on("file", dir);
}

CK_RV help_open_code_on(const char *backend, const char *dir)
{
	struct store *s = NULL;
	CK_RV rv = store_open(store_backend_find(backend), dir, 077, &s);

	CU_ASSERT_EQUAL(s != NULL, rv == CKR_OK);
	store_close(s);
	return rv;
}

uint64_t help_object_generation(const char *path)
{
	char *bytes = unit_read_file(path, NULL);
	uint64_t generation = file_generation_get((unsigned char *)bytes);

	free(bytes);
	return generation;
}

int help_as_nobody(int (*fn)(struct help_token *t), struct help_token *t)
{
	pid_t pid;
	int status;

	if (geteuid() == 0)
		CU_ASSERT_EQUAL(chmod(t->root, 0755), 0);
	pid = fork();
	CU_ASSERT_TRUE_FATAL(pid >= 0);
	if (pid == 0)
		_exit(geteuid() == 0 && seteuid(HELP_NOBODY) != 0 ? 99 : fn(t));
	CU_ASSERT_EQUAL_FATAL(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

CK_RV help_no_change(struct attrset *s, bool *changed, void *arg)
{
	(void)s;
	(void)changed;
	(void)arg;
	return CKR_OK;
}

void help_each_file(const char *dir, void (*fn)(const char *path, mode_t mode), mode_t mode)
{
	const struct dirent *entry;
	DIR *listing = opendir(dir);

	CU_ASSERT_PTR_NOT_NULL_FATAL(listing);
	while ((entry = readdir(listing)) != NULL) {
		char *path = path_join(dir, entry->d_name);

		if (entry->d_name[0] != '.')
			fn(path, mode);
		free(path);
	}
	(void)closedir(listing);
}

void help_set_mode(const char *path, mode_t mode)
{
	CU_ASSERT_EQUAL(chmod(path, mode), 0);
}

void help_has_mode(const char *path, mode_t mode)
{
	struct stat st;

	CU_ASSERT_EQUAL_FATAL(stat(path, &st), 0);
	CU_ASSERT_EQUAL(st.st_mode & 07777, mode);
}

int help_use_read_only(struct help_token *t)
{
	struct attrset *attrs = NULL;
	const struct attrset *sets[1];
	struct store *s = NULL;
	uint64_t *ids = NULL, id = 0;
	size_t count = 0;
	int bad = 0;

	if (store_open(store_backend_find(t->backend), t->dir, 077, &s) != CKR_OK ||
	    store_list(s, &ids, &count) != CKR_OK || count != 1 ||
	    store_load(s, ids[0], &attrs, NULL) != CKR_OK)
		return 50;
	sets[0] = attrs;
	id = ids[0];
	bad += !help_is_whole(attrs);
	bad += store_add(s, sets, 1, &id, NULL) != CKR_TOKEN_WRITE_PROTECTED;
	bad += store_edit_object(s, id, help_count, NULL, NULL, NULL) !=
	       CKR_TOKEN_WRITE_PROTECTED;
	bad += store_edit_object(s, id, help_no_change, NULL, NULL, NULL) != CKR_OK;
	bad += store_token_edit(s, help_no_change, NULL) != CKR_OK;
	bad += store_token_edit(s, help_count, NULL) != CKR_TOKEN_WRITE_PROTECTED;
	bad += store_remove(s, id) != CKR_TOKEN_WRITE_PROTECTED;
	bad += store_clear(s) != CKR_TOKEN_WRITE_PROTECTED;
	attrset_free(attrs);
	bad += store_load(s, id, &attrs, NULL) != CKR_OK || !help_is_whole(attrs);
	attrset_free(attrs);
	free(ids);
	store_close(s);
	return bad;
}

#ifdef WITH_OBJECTSTORE_BACKEND_DB
static int add_row(void *arg, int count, char **values, char **names)
{
	struct buf *b = arg;

	(void)names;
	for (int i = 0; i < count; i++) {
		const char *value = values[i] == NULL ? "NULL" : values[i];

		must(buf_append(b, value, strlen(value)));
		must(buf_append(b, i + 1 < count ? "|" : "\n", 1));
	}
	return 0;
}

char *help_sql_text(const char *dir, const char *sql)
{
	char *path = path_join(dir, "sqlite3.db"), *message = NULL, *text;
	struct buf b = BUF_INIT;
	sqlite3 *db = NULL;

	CU_ASSERT_EQUAL_FATAL(sqlite3_open(path, &db), SQLITE_OK);
	(void)sqlite3_busy_timeout(db, 60000);
	if (sqlite3_exec(db, sql, add_row, &b, &message) != SQLITE_OK) {
		fprintf(stderr, "%s: %s\n", sql, message);
		CU_FAIL_FATAL("SQL");
	}
	CU_ASSERT_EQUAL(sqlite3_close(db), SQLITE_OK);
	must(buf_append(&b, "", 1));
	text = strdup((const char *)b.data);
	buf_free(&b);
	free(path);
	return text;
}

void help_sql(const char *dir, const char *sql)
{
	free(help_sql_text(dir, sql));
}

void help_sql_is(const char *dir, const char *sql, const char *expected)
{
	char *text = help_sql_text(dir, sql);

	CU_ASSERT_STRING_EQUAL(text, expected);
	if (strcmp(text, expected) != 0)
		fprintf(stderr, "%s gives\n%s", sql, text);
	free(text);
}
#endif
