/*
 * Tokens of the file store as a whole: made, opened, deleted, and rid of what killed processes
 * left.
 */
#include "config.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/log.h"
#include "common/str.h"
#include "object_store/file/file_lock.h"
#include "unit/store_help.h"
#include "unit/unit.h"

#define UUID_A "00000000-0000-0000-0000-00000000000a"
#define UUID_B "00000000-0000-0000-0000-00000000000b"
#define HOUR 3600

/* Leftovers of killed processes */

static void test_stale_temporaries(void)
{
	struct help_token t;
	char *lock;
	int fd;

	help_create(&t);
	help_put(t.dir, UUID_A ".tmp", "half", 4);
	CU_ASSERT_EQUAL(help_list_count(t.store), 0);
	CU_ASSERT_TRUE(help_exists(t.dir, UUID_A ".tmp"));
	help_make_older(t.dir, UUID_A ".tmp", 61);

	lock = unit_write_file(t.dir, UUID_A ".lock", "", 0);
	fd = open(lock, O_RDWR);
	CU_ASSERT_TRUE_FATAL(file_lock(fd, FILE_LOCK_WRITE));
	CU_ASSERT_EQUAL(help_list_count(t.store), 0);
	CU_ASSERT_TRUE(help_exists(t.dir, UUID_A ".tmp"));
	file_unlock(fd);
	CU_ASSERT_EQUAL(close(fd), 0);

	help_put(t.dir, "notes.tmp", "mine", 4);
	help_make_older(t.dir, "notes.tmp", HOUR);
	CU_ASSERT_EQUAL(help_list_count(t.store), 0);
	CU_ASSERT_FALSE(help_exists(t.dir, UUID_A ".tmp"));
	CU_ASSERT_FALSE(help_exists(t.dir, UUID_A ".lock"));
	CU_ASSERT_TRUE(help_exists(t.dir, "notes.tmp"));
	free(lock);
	help_destroy(&t);
}

/* A killed writer's X.tmp is in nobody's way. */
static void test_writer_meets_temporary(void)
{
	struct help_token t;
	char *path;
	uint64_t id;

	help_create(&t);
	id = help_add(t.store, 1);
	path = help_object_path(t.dir);
	memcpy(strrchr(path, '.'), ".tmp", 5);
	help_put(t.dir, strrchr(path, '/') + 1, "half", 4);
	CU_ASSERT_EQUAL(store_edit_object(t.store, id, help_count, NULL, NULL, NULL), CKR_OK);
	CU_ASSERT_EQUAL(help_counter(t.store, id), 2);
	CU_ASSERT_EQUAL(help_names(t.dir, ".tmp"), 0);
	free(path);
	help_destroy(&t);
}

static void test_clear_leftovers(void)
{
	struct help_token t;

	help_create(&t);
	(void)help_add(t.store, 1);
	help_put(t.dir, UUID_A ".tmp", "half", 4);
	help_put(t.dir, UUID_A ".lock", "", 0);
	help_put(t.dir, UUID_B ".object", "damaged", 7);
	help_put(t.dir, "README", "mine", 4);
	CU_ASSERT_EQUAL(store_clear(t.store), CKR_OK);
	CU_ASSERT_EQUAL(help_names(t.dir, ".object"), 0);
	CU_ASSERT_EQUAL(help_names(t.dir, ".lock"), 1);
	CU_ASSERT_EQUAL(help_names(t.dir, ".tmp"), 0);
	CU_ASSERT_TRUE(help_exists(t.dir, "README"));
	CU_ASSERT_EQUAL(help_generation(t.dir), 3);
	help_destroy(&t);
}

static char *make_unfinished(const char *root, const char *name, const char *extra)
{
	char *dir = path_join(root, name);

	CU_ASSERT_EQUAL(mkdir(dir, 0700), 0);
	help_put(dir, "generation", "\0\0\0\0\0\0\0\1", 8);
	help_put(dir, "token.lock", "", 0);
	if (extra != NULL)
		help_put(dir, extra, "x", 1);
	return dir;
}

static const struct unfinished {
	const char *name;
	const char *extra;	/* one more file in it */
	time_t age;
	bool stays;
} unfinished[] = {
	{ "11111111-2222-3333-4444-555555555551", NULL, 2 * HOUR, false },
	{ "11111111-2222-3333-4444-555555555552", "token.tmp", 2 * HOUR, false },
	{ "11111111-2222-3333-4444-555555555553", NULL, 0, true },
	{ "11111111-2222-3333-4444-555555555554", UUID_A ".object", 2 * HOUR, true },
	{ "11111111-2222-3333-4444-555555555555", "token.object", 2 * HOUR, true },
	{ "11111111-2222-3333-4444-555555555556", "sqlite3.db", 2 * HOUR, true },
	{ "11111111-2222-3333-4444-55555555555", NULL, 2 * HOUR, true },
	{ "work", NULL, 2 * HOUR, true },
};

/* Making a token removes what is left of unfinished ones, and nothing else. */
static void test_unfinished_tokens(void)
{
	struct attrset *token = help_token_attrs();
	char *root = unit_make_dir(), *dir = path_join(root, UUID_A);
	struct store *s = NULL;

	for (size_t i = 0; i < ARRAY_LEN(unfinished); i++) {
		char *made = make_unfinished(root, unfinished[i].name, unfinished[i].extra);

		help_make_older(root, unfinished[i].name, unfinished[i].age);
		CU_ASSERT_EQUAL(help_open_code(made),
				help_exists(made, "token.object") ? CKR_DATA_INVALID :
							       CKR_TOKEN_NOT_RECOGNIZED);
		free(made);
	}
	CU_ASSERT_EQUAL(store_create(help_backend(), dir, 077, token, &s), CKR_OK);
	store_close(s);
	for (size_t i = 0; i < ARRAY_LEN(unfinished); i++)
		CU_ASSERT_EQUAL(help_exists(root, unfinished[i].name), unfinished[i].stays);
	attrset_free(token);
	free(dir);
	unit_remove_dir(root);
}

/* Tokens as a whole */

static void test_open_codes(void)
{
	struct help_token t;
	char *path, *target;

	help_create(&t);
	path = path_join(t.dir, "token.object");
	target = path_join(t.root, "elsewhere");
	CU_ASSERT_EQUAL(help_open_code(t.dir), CKR_OK);
	CU_ASSERT_EQUAL(help_open_code(t.root), CKR_TOKEN_NOT_RECOGNIZED);
	CU_ASSERT_EQUAL(help_open_code(target), CKR_TOKEN_NOT_RECOGNIZED);
	CU_ASSERT_EQUAL(help_open_code(path), CKR_TOKEN_NOT_RECOGNIZED);
	CU_ASSERT_EQUAL(rename(path, target), 0);
	CU_ASSERT_EQUAL(help_open_code(t.dir), CKR_TOKEN_NOT_RECOGNIZED);
	CU_ASSERT_EQUAL(symlink(target, path), 0);
	CU_ASSERT_EQUAL(help_open_code(t.dir), CKR_DATA_INVALID);
	CU_ASSERT_EQUAL(unlink(path), 0);
	help_put(t.dir, "token.object", "", 0);
	CU_ASSERT_EQUAL(help_open_code(t.dir), CKR_DATA_INVALID);
	free(path);
	free(target);
	help_destroy(&t);
}

static void test_create_codes(void)
{
	struct attrset *token = help_token_attrs();
	struct help_token t;
	struct store *s = NULL;
	char *file, *below;

	help_create(&t);
	file = unit_write_file(t.root, "file", "", 0);
	below = path_join(file, "t");
	CU_ASSERT_EQUAL(store_create(help_backend(), t.dir, 077, token, &s), CKR_DEVICE_ERROR);
	CU_ASSERT_EQUAL(store_create(help_backend(), file, 077, token, &s), CKR_DEVICE_ERROR);
	CU_ASSERT_EQUAL(store_create(help_backend(), below, 077, token, &s), CKR_DEVICE_ERROR);
	CU_ASSERT_EQUAL(store_create(help_backend(), "", 077, token, &s), CKR_DEVICE_ERROR);
	CU_ASSERT_PTR_NULL(s);
	CU_ASSERT_EQUAL(help_open_code(t.dir), CKR_OK);
	attrset_free(token);
	free(file);
	free(below);
	help_destroy(&t);
}

static int create_in_read_only(struct help_token *t)
{
	struct attrset *token = help_token_attrs();
	char *dir = path_join(t->root, "new");
	struct store *s = NULL;
	CK_RV rv = store_create(help_backend(), dir, 077, token, &s);

	attrset_free(token);
	free(dir);
	return rv != CKR_TOKEN_WRITE_PROTECTED;
}

static void test_create_protected(void)
{
	struct help_token t;

	help_create(&t);
	CU_ASSERT_EQUAL(chmod(t.root, 0555), 0);
	CU_ASSERT_EQUAL(help_as_nobody(create_in_read_only, &t), 0);
	help_destroy(&t);
}

static void test_relative_paths(void)
{
	struct attrset *token = help_token_attrs();
	char *root = unit_make_dir(), *here = getcwd(NULL, 0);
	struct store *s = NULL;

	CU_ASSERT_EQUAL_FATAL(chdir(root), 0);
	CU_ASSERT_EQUAL_FATAL(store_create(help_backend(), "t/", 077, token, &s), CKR_OK);
	(void)help_add(s, 1);
	store_close(s);
	CU_ASSERT_EQUAL(help_open_code("t"), CKR_OK);
	CU_ASSERT_EQUAL(store_delete(help_backend(), "t//"), CKR_OK);
	CU_ASSERT_FALSE(help_exists(root, "t"));
	CU_ASSERT_EQUAL_FATAL(chdir(here), 0);
	attrset_free(token);
	free(here);
	unit_remove_dir(root);
}

static void test_delete(void)
{
	struct help_token t;
	char *outside, *link, *fifo, *inner, *alias;

	help_create(&t);
	(void)help_add(t.store, 1);
	outside = unit_write_file(t.root, "outside", "precious", 8);
	link = path_join(t.dir, "link");
	fifo = path_join(t.dir, "fifo");
	inner = path_join(t.dir, "inner");
	alias = path_join(t.root, "alias");
	CU_ASSERT_EQUAL(symlink(outside, link), 0);
	CU_ASSERT_EQUAL(mkfifo(fifo, 0600), 0);
	help_put(t.dir, "foreign", "x", 1);
	help_put(t.dir, UUID_A ".tmp", "half", 4);

	CU_ASSERT_EQUAL(mkdir(inner, 0700), 0);
	CU_ASSERT_EQUAL(store_delete(help_backend(), t.dir), CKR_DEVICE_ERROR);
	CU_ASSERT_TRUE(help_exists(t.dir, "foreign") && help_list_count(t.store) == 1);
	CU_ASSERT_EQUAL(rmdir(inner), 0);
	CU_ASSERT_EQUAL(symlink(t.dir, alias), 0);
	CU_ASSERT_EQUAL(store_delete(help_backend(), alias), CKR_TOKEN_NOT_RECOGNIZED);
	CU_ASSERT_EQUAL(store_delete(help_backend(), t.root), CKR_TOKEN_NOT_RECOGNIZED);
	CU_ASSERT_EQUAL(help_list_count(t.store), 1);

	CU_ASSERT_EQUAL(store_delete(help_backend(), t.dir), CKR_OK);
	CU_ASSERT_FALSE(help_exists(t.root, strrchr(t.dir, '/') + 1));
	CU_ASSERT_TRUE(help_exists(t.root, "outside"));
	CU_ASSERT_EQUAL(store_delete(help_backend(), t.dir), CKR_TOKEN_NOT_RECOGNIZED);
	free(outside);
	free(link);
	free(fifo);
	free(inner);
	free(alias);
	help_destroy(&t);
}

static const struct unit_test tests[] = {
	UNIT_TEST(test_stale_temporaries),
	UNIT_TEST(test_writer_meets_temporary),
	UNIT_TEST(test_clear_leftovers),
	UNIT_TEST(test_unfinished_tokens),
	UNIT_TEST(test_open_codes),
	UNIT_TEST(test_create_codes),
	UNIT_TEST(test_create_protected),
	UNIT_TEST(test_relative_paths),
	UNIT_TEST(test_delete),
};

int main(void)
{
	log_open(LEVEL_INFO, "/dev/null");
	return UNIT_RUN("store_token", tests);
}
