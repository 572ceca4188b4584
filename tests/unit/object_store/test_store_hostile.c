/* The file store and files that it cannot use: damaged, of another kind, forbidden, too large. */
#include "config.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/log.h"
#include "common/str.h"
#include "object_store/file/file_format.h"
#include "unit/store_help.h"
#include "unit/unit.h"

#define UUID_A "00000000-0000-0000-0000-00000000000a"
#define HOUR 3600

/* Damage */

static const struct damage {
	const char *name;
	const char *bytes;
	size_t len;
} damages[] = {
	{ "empty", "", 0 },
	{ "7 bytes", "\0\0\0\0\0\0\1", 7 },
	{ "a generation", "\0\0\0\0\0\0\0\1", 8 },
	{ "a cut kind", "\0\0\0\0\0\0\0\1" "\0\0\0\0\0\0\0\0" "\0\0\0", 19 },
	{ "an unknown kind", "\0\0\0\0\0\0\0\1" "\0\0\0\0\0\0\0\0" "\0\0\0\0\0\0\0\11" "\0", 25 },
	{ "a huge length", "\0\0\0\0\0\0\0\1" "\0\0\0\0\0\0\0\3" "\0\0\0\0\0\0\0\3"
		"\377\377\377\377\377\377\377\377", 32 },
};

static void test_damaged(void)
{
	struct help_token t;
	uint64_t good;

	help_create(&t);
	good = help_add(t.store, 1);
	for (size_t i = 0; i < ARRAY_LEN(damages); i++) {
		uint64_t id;

		help_put(t.dir, UUID_A ".object", damages[i].bytes, damages[i].len);
		help_make_older(t.dir, UUID_A ".object", HOUR);
		CU_ASSERT_EQUAL(help_list_count(t.store), 2);
		id = help_last_id(t.store);
		CU_ASSERT_EQUAL(help_load_code(t.store, id), CKR_DATA_INVALID);
		CU_ASSERT_EQUAL(store_edit_object(t.store, id, help_count, NULL, NULL, NULL),
				CKR_DATA_INVALID);
		CU_ASSERT_EQUAL(help_counter(t.store, good), 1);
		CU_ASSERT_EQUAL(store_remove(t.store, id), CKR_OK);
		CU_ASSERT_FALSE(help_exists(t.dir, UUID_A ".object"));
		CU_ASSERT_FALSE(help_exists(t.dir, UUID_A ".lock"));
	}
	help_destroy(&t);
}

static size_t lines_with(const char *path, const char *text)
{
	char *log = unit_read_file(path, NULL);
	size_t lines = 0;

	for (const char *p = log; (p = strstr(p, text)) != NULL; p++)
		lines++;
	free(log);
	return lines;
}

/* One line for each version of a damaged file, however often it is read. */
static void test_damage_is_logged_once(void)
{
	struct help_token t;
	char *log;
	uint64_t id;

	help_create(&t);
	log = unit_write_file(t.root, "log", "", 0);
	help_put(t.dir, UUID_A ".object", "", 0);
	help_make_older(t.dir, UUID_A ".object", HOUR);
	id = help_last_id(t.store);
	log_open(LEVEL_INFO, log);
	for (int i = 0; i < 3; i++)
		CU_ASSERT_EQUAL(help_load_code(t.store, id), CKR_DATA_INVALID);
	CU_ASSERT_EQUAL(lines_with(log, UUID_A), 1);
	help_put(t.dir, UUID_A ".object", "1234", 4);
	help_make_older(t.dir, UUID_A ".object", HOUR);
	for (int i = 0; i < 3; i++)
		CU_ASSERT_EQUAL(help_load_code(t.store, id), CKR_DATA_INVALID);
	CU_ASSERT_EQUAL(lines_with(log, UUID_A), 2);
	log_open(LEVEL_INFO, "/dev/null");
	free(log);
	help_destroy(&t);
}

static int make_link(const char *path)
{
	return symlink("token.object", path);
}

static int make_fifo(const char *path)
{
	return mkfifo(path, 0600);
}

static int make_directory(const char *path)
{
	return mkdir(path, 0700);
}

static int make_sparse(const char *path)
{
	int fd = open(path, O_WRONLY | O_CREAT, 0600);
	int rc = ftruncate(fd, (off_t)10 << 30);

	(void)close(fd);
	return rc;
}

static const struct intruder {
	const char *name;
	int (*make)(const char *path);
	CK_RV remove_rv;
} intruders[] = {
	{ "a symbolic link", make_link, CKR_OK },
	{ "a FIFO", make_fifo, CKR_OK },
	{ "a directory", make_directory, CKR_DEVICE_ERROR },
	{ "10 GiB of nothing", make_sparse, CKR_OK },
};

/* Refused at once, and the others are not touched. */
static void test_intruders(void)
{
	for (size_t i = 0; i < ARRAY_LEN(intruders); i++) {
		struct help_token t;
		char *path;
		uint64_t id;

		help_create(&t);
		(void)help_add(t.store, 1);
		path = path_join(t.dir, UUID_A ".object");
		CU_ASSERT_EQUAL_FATAL(intruders[i].make(path), 0);
		id = help_last_id(t.store);
		CU_ASSERT_EQUAL(help_load_code(t.store, id), CKR_DATA_INVALID);
		CU_ASSERT_EQUAL(store_edit_object(t.store, id, help_count, NULL, NULL, NULL),
				CKR_DATA_INVALID);
		CU_ASSERT_EQUAL(store_remove(t.store, id), intruders[i].remove_rv);
		CU_ASSERT_EQUAL(help_exists(t.dir, UUID_A ".object"),
				intruders[i].remove_rv != CKR_OK);
		CU_ASSERT_EQUAL(store_clear(t.store), CKR_OK);
		CU_ASSERT_EQUAL(help_open_code(t.dir), CKR_OK);
		free(path);
		help_destroy(&t);
	}
}

static void test_intruding_lock(void)
{
	for (size_t i = 0; i < 3; i++) {
		struct help_token t;
		char *path;
		uint64_t id;

		help_create(&t);
		id = help_add(t.store, 1);
		path = help_object_path(t.dir);
		memcpy(strrchr(path, '.'), ".lock", 6);
		CU_ASSERT_EQUAL(unlink(path), 0);
		CU_ASSERT_EQUAL_FATAL(intruders[i].make(path), 0);
		CU_ASSERT_EQUAL(help_counter(t.store, id), 1);
		CU_ASSERT_EQUAL(store_edit_object(t.store, id, help_count, NULL, NULL, NULL),
				CKR_DATA_INVALID);
		CU_ASSERT_EQUAL(help_counter(t.store, id), 1);
		CU_ASSERT_EQUAL(store_remove(t.store, id), CKR_OK);
		free(path);
		help_destroy(&t);
	}
}

/* Too large to be read again is too large to be written; nothing of it stays. */
static void test_too_large(void)
{
	struct attrset *attrs = help_object(HELP_LABEL, 1);
	const struct attrset *sets[] = { attrs, attrs };
	unsigned char *big = calloc(1, FILE_SIZE_MAX);
	struct help_token t;
	uint64_t ids[2];

	help_create(&t);
	CU_ASSERT_EQUAL_FATAL(attrset_set_bytes(attrs, CKA_VALUE, big, FILE_SIZE_MAX), CKR_OK);
	CU_ASSERT_EQUAL(store_add(t.store, sets, 2, ids, NULL), CKR_DEVICE_MEMORY);
	CU_ASSERT_EQUAL(help_list_count(t.store), 0);
	CU_ASSERT_EQUAL(help_generation(t.dir), 1);
	CU_ASSERT_EQUAL(help_names(t.dir, ".lock"), 1);
	attrset_free(attrs);
	free(big);
	help_destroy(&t);
}

/* No descriptors left is an error and not a token without objects. */
static void test_no_descriptors(void)
{
	struct rlimit old, none;
	struct help_token t;
	uint64_t *ids, id;
	size_t count;
	bool changed;

	help_create(&t);
	id = help_add(t.store, 1);
	CU_ASSERT_EQUAL(getrlimit(RLIMIT_NOFILE, &old), 0);
	none = old;
	none.rlim_cur = 0;
	CU_ASSERT_EQUAL(setrlimit(RLIMIT_NOFILE, &none), 0);
	CU_ASSERT_EQUAL(store_list(t.store, &ids, &count), CKR_DEVICE_ERROR);
	CU_ASSERT_EQUAL(help_load_code(t.store, id), CKR_DEVICE_ERROR);
	CU_ASSERT_EQUAL(store_edit_object(t.store, id, help_count, NULL, NULL, NULL),
			CKR_DEVICE_ERROR);
	CU_ASSERT_EQUAL(store_remove(t.store, id), CKR_DEVICE_ERROR);
	CU_ASSERT_EQUAL(help_open_code(t.dir), CKR_DEVICE_ERROR);
	CU_ASSERT_EQUAL(setrlimit(RLIMIT_NOFILE, &old), 0);
	CU_ASSERT_EQUAL(help_poll(t.store, &changed), CKR_OK);
	CU_ASSERT_EQUAL(help_list_count(t.store), 1);
	CU_ASSERT_EQUAL(help_counter(t.store, id), 1);
	help_destroy(&t);
}

/* Write protection */

static int use_read_only(struct help_token *t)
{
	struct attrset *attrs = help_object(HELP_LABEL, 1), *s = NULL;
	const struct attrset *sets[] = { attrs };
	struct store *store = NULL;
	uint64_t *ids = NULL, id;
	size_t count = 0;
	bool changed = true, same = false;
	struct store_stamp stamp;
	int failures = 0;

	failures += store_open(help_backend(), t->dir, 077, &store) != CKR_OK;
	failures += store_list(store, &ids, &count) != CKR_OK || count != 1;
	failures += store_load(store, ids[0], &s, &stamp) != CKR_OK || !help_is_whole(s);
	failures += store_same(store, ids[0], &stamp, &same) != CKR_OK || !same;
	failures += help_poll(store, &changed) != CKR_OK || changed;
	failures += store_add(store, sets, 1, &id, NULL) != CKR_TOKEN_WRITE_PROTECTED;
	failures += store_edit_object(store, ids[0], help_count, NULL, NULL, NULL) !=
		    CKR_TOKEN_WRITE_PROTECTED;
	failures += store_edit_object(store, ids[0], help_no_change, NULL, NULL, NULL) != CKR_OK;
	failures += store_token_edit(store, help_count, NULL) != CKR_TOKEN_WRITE_PROTECTED;
	failures += store_token_edit(store, help_no_change, NULL) != CKR_OK;
	failures += store_remove(store, ids[0]) != CKR_TOKEN_WRITE_PROTECTED;
	failures += store_clear(store) != CKR_TOKEN_WRITE_PROTECTED;
	failures += store_delete(help_backend(), t->dir) != CKR_TOKEN_WRITE_PROTECTED;
	store_close(store);
	attrset_free(attrs);
	attrset_free(s);
	free(ids);
	return failures;
}

static void protect(const char *dir, mode_t file_mode, mode_t dir_mode)
{
	const struct dirent *entry;
	DIR *listing = opendir(dir);

	CU_ASSERT_PTR_NOT_NULL_FATAL(listing);
	while ((entry = readdir(listing)) != NULL)
		if (entry->d_name[0] != '.')
			CU_ASSERT_EQUAL(fchmodat(dirfd(listing), entry->d_name, file_mode, 0), 0);
	(void)closedir(listing);
	CU_ASSERT_EQUAL(chmod(dir, dir_mode), 0);
}

static void test_read_only(void)
{
	struct help_token t;

	help_create(&t);
	(void)help_add(t.store, 1);
	protect(t.dir, 0444, 0555);
	CU_ASSERT_EQUAL(help_as_nobody(use_read_only, &t), 0);
	protect(t.dir, 0600, 0700);
	CU_ASSERT_EQUAL(help_list_count(t.store), 1);
	help_destroy(&t);
}

static int read_forbidden(struct help_token *t)
{
	struct store *store = NULL;
	struct attrset *s = NULL;
	uint64_t *ids = NULL;
	size_t count = 0;
	int failures = 0;

	failures += store_open(help_backend(), t->dir, 077, &store) != CKR_OK;
	failures += store_list(store, &ids, &count) != CKR_OK || count != 1;
	failures += store_load(store, ids[0], &s, NULL) != CKR_DEVICE_ERROR;
	store_close(store);
	free(ids);
	return failures;
}

/* An object that may not be read is no object that is not there. */
static void test_forbidden_object(void)
{
	struct help_token t;
	char *object;

	help_create(&t);
	(void)help_add(t.store, 1);
	protect(t.dir, 0444, 0555);
	object = help_object_path(t.dir);
	CU_ASSERT_EQUAL(chmod(object, 0), 0);
	CU_ASSERT_EQUAL(help_as_nobody(read_forbidden, &t), 0);
	protect(t.dir, 0600, 0700);
	free(object);
	help_destroy(&t);
}

static const struct unit_test tests[] = {
	UNIT_TEST(test_damaged),
	UNIT_TEST(test_damage_is_logged_once),
	UNIT_TEST(test_intruders),
	UNIT_TEST(test_intruding_lock),
	UNIT_TEST(test_too_large),
	UNIT_TEST(test_no_descriptors),
	UNIT_TEST(test_read_only),
	UNIT_TEST(test_forbidden_object),
};

int main(void)
{
	log_open(LEVEL_INFO, "/dev/null");
	return UNIT_RUN("store_hostile", tests);
}
