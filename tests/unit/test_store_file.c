/*
 * The file store's side of the contract: names, modes and numbers on the disk, and files that
 * others put there.
 */
#include "config.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
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
#include "object_store/file_format.h"
#include "object_store/file_io.h"
#include "object_store/file_lock.h"
#include "unit/store_help.h"
#include "unit/unit.h"

#define UUID_A "00000000-0000-0000-0000-00000000000a"
#define UUID_B "00000000-0000-0000-0000-00000000000b"
#define HOUR 3600

static const struct store_backend *backend(void)
{
	return store_backend_find("file");
}

static mode_t mode_of(const char *path)
{
	struct stat st;

	CU_ASSERT_EQUAL_FATAL(lstat(path, &st), 0);
	return st.st_mode & 07777;
}

static mode_t mode_in(const char *dir, const char *name)
{
	char *path = path_join(dir, name);
	mode_t mode = mode_of(path);

	free(path);
	return mode;
}

static bool exists(const char *dir, const char *name)
{
	char *path = path_join(dir, name);
	struct stat st;
	bool found = lstat(path, &st) == 0;

	free(path);
	return found;
}

static void put_file(const char *dir, const char *name, const void *data, size_t len)
{
	free(unit_write_file(dir, name, data, len));
}

static void make_older(const char *dir, const char *name, time_t seconds)
{
	struct timespec now, times[2];
	char *path = path_join(dir, name);

	(void)clock_gettime(CLOCK_REALTIME, &now);
	now.tv_sec -= seconds;
	times[0] = times[1] = now;
	CU_ASSERT_EQUAL(utimensat(AT_FDCWD, path, times, AT_SYMLINK_NOFOLLOW), 0);
	free(path);
}

/* The id of an object that came from elsewhere: the highest. */
static uint64_t last_id(struct store *s)
{
	uint64_t *ids = NULL, id;
	size_t count = 0;

	CU_ASSERT_EQUAL_FATAL(store_list(s, &ids, &count), CKR_OK);
	CU_ASSERT_TRUE_FATAL(count > 0);
	id = ids[count - 1];
	free(ids);
	return id;
}

static CK_RV load_code(struct store *s, uint64_t id)
{
	struct attrset *attrs = NULL;
	CK_RV rv = store_load(s, id, &attrs, NULL);

	attrset_free(attrs);
	return rv;
}

static CK_RV open_code(const char *dir)
{
	struct store *s = NULL;
	CK_RV rv = store_open(backend(), dir, 077, &s);

	CU_ASSERT_EQUAL(s != NULL, rv == CKR_OK);
	store_close(s);
	return rv;
}

static uint64_t object_generation(const char *path)
{
	char *bytes = unit_read_file(path, NULL);
	uint64_t generation = file_generation_get((unsigned char *)bytes);

	free(bytes);
	return generation;
}

/*
 * Runs fn as a user without privileges. CUnit's counts are the parent's, so the result is how many
 * checks failed.
 */
static int as_nobody(int (*fn)(struct help_token *t), struct help_token *t)
{
	pid_t pid;
	int status;

	CU_ASSERT_EQUAL(chmod(t->root, 0755), 0);
	pid = fork();
	CU_ASSERT_TRUE_FATAL(pid >= 0);
	if (pid == 0)
		_exit(geteuid() == 0 && seteuid(65534) != 0 ? 99 : fn(t));
	CU_ASSERT_EQUAL_FATAL(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static CK_RV no_change(struct attrset *s, bool *changed, void *arg)
{
	(void)s;
	(void)changed;
	(void)arg;
	return CKR_OK;
}

/* Layout */

static void test_layout(void)
{
	struct help_token t;
	char *object;
	uint64_t id;

	help_create(&t);
	CU_ASSERT_EQUAL(mode_of(t.dir), 0700);
	CU_ASSERT_EQUAL(mode_in(t.dir, "token.object"), 0600);
	CU_ASSERT_EQUAL(mode_in(t.dir, "token.lock"), 0600);
	CU_ASSERT_EQUAL(mode_in(t.dir, "generation"), 0600);
	CU_ASSERT_EQUAL(help_generation(t.dir), 1);
	id = help_add(t.store, 1);
	object = help_object_path(t.dir);
	CU_ASSERT_EQUAL(mode_of(object), 0600);
	CU_ASSERT_TRUE(file_is_uuid(strrchr(object, '/') + 1, 36));
	CU_ASSERT_EQUAL(object_generation(object), 1);
	CU_ASSERT_EQUAL(help_generation(t.dir), 2);
	CU_ASSERT_EQUAL(help_names(t.dir, ".lock"), 2);
	CU_ASSERT_EQUAL(store_edit_object(t.store, id, help_count, NULL), CKR_OK);
	CU_ASSERT_EQUAL(object_generation(object), 2);
	CU_ASSERT_EQUAL(help_generation(t.dir), 3);
	CU_ASSERT_EQUAL(store_edit_object(t.store, id, no_change, NULL), CKR_OK);
	CU_ASSERT_EQUAL(object_generation(object), 2);
	CU_ASSERT_EQUAL(store_remove(t.store, id), CKR_OK);
	CU_ASSERT_EQUAL(help_generation(t.dir), 4);
	CU_ASSERT_EQUAL(help_names(t.dir, ".object"), 0);
	CU_ASSERT_EQUAL(help_names(t.dir, ".lock"), 1);
	CU_ASSERT_EQUAL(help_names(t.dir, ".tmp"), 0);
	free(object);
	help_destroy(&t);
}

static void test_mask(void)
{
	struct attrset *token = help_token_attrs();
	char *root = unit_make_dir(), *dir = path_join(root, "t"), *object;
	mode_t old = umask(0);
	struct store *s = NULL;

	CU_ASSERT_EQUAL_FATAL(store_create(backend(), dir, 027, token, &s), CKR_OK);
	(void)help_add(s, 1);
	object = help_object_path(dir);
	CU_ASSERT_EQUAL(mode_of(dir), 0750);
	CU_ASSERT_EQUAL(mode_in(dir, "token.object"), 0640);
	CU_ASSERT_EQUAL(mode_in(dir, "token.lock"), 0640);
	CU_ASSERT_EQUAL(mode_in(dir, "generation"), 0640);
	CU_ASSERT_EQUAL(mode_of(object), 0640);
	(void)umask(old);
	store_close(s);
	attrset_free(token);
	free(object);
	free(dir);
	unit_remove_dir(root);
}

/*
 * What is replaced keeps its owner and mode: an administrator's change must not lock a service out.
 */
static void test_owner(void)
{
	struct help_token t;
	struct stat st;
	char *object;
	uint64_t id;

	help_create(&t);
	id = help_add(t.store, 1);
	object = help_object_path(t.dir);
	CU_ASSERT_EQUAL(chmod(object, 0640), 0);
	if (geteuid() == 0)
		CU_ASSERT_EQUAL(chown(object, 12345, 23456), 0);
	CU_ASSERT_EQUAL(store_edit_object(t.store, id, help_count, NULL), CKR_OK);
	CU_ASSERT_EQUAL_FATAL(stat(object, &st), 0);
	CU_ASSERT_EQUAL(st.st_mode & 0777, 0640);
	CU_ASSERT(geteuid() != 0 || (st.st_uid == 12345 && st.st_gid == 23456));
	free(object);
	help_destroy(&t);
}

static void test_token_edit(void)
{
	struct help_token t;
	char *path;

	help_create(&t);
	path = path_join(t.dir, "token.object");
	CU_ASSERT_EQUAL(object_generation(path), 1);
	CU_ASSERT_EQUAL(store_token_edit(t.store, help_count, NULL), CKR_OK);
	CU_ASSERT_EQUAL(object_generation(path), 2);
	CU_ASSERT_EQUAL(help_generation(t.dir), 1);
	free(path);
	help_destroy(&t);
}

static void test_numbers_wrap(void)
{
	static const unsigned char last[] = { 255, 255, 255, 255, 255, 255, 255, 255 };
	struct help_token t;
	char *object;
	uint64_t id;
	int fd;

	help_create(&t);
	id = help_add(t.store, 1);
	put_file(t.dir, "generation", last, sizeof(last));
	object = help_object_path(t.dir);
	fd = open(object, O_WRONLY);
	CU_ASSERT_EQUAL(pwrite(fd, last, sizeof(last), 0), 8);
	CU_ASSERT_EQUAL(close(fd), 0);
	CU_ASSERT_EQUAL(store_edit_object(t.store, id, help_count, NULL), CKR_OK);
	CU_ASSERT_EQUAL(object_generation(object), 1);
	CU_ASSERT_EQUAL(help_generation(t.dir), 1);
	free(object);
	help_destroy(&t);
}

/* Changes by others */

static void test_others_changes(void)
{
	struct help_token t;
	struct store *other;
	struct store_stamp stamp;
	struct attrset *s = NULL;
	uint64_t mine, theirs;
	bool same = true;

	help_create(&t);
	mine = help_add(t.store, 1);
	other = help_open(t.dir);
	CU_ASSERT_TRUE(help_changed(other));
	theirs = last_id(other);
	CU_ASSERT_FALSE(help_changed(other));
	CU_ASSERT_EQUAL_FATAL(store_load(other, theirs, &s, &stamp), CKR_OK);
	attrset_free(s);

	CU_ASSERT_EQUAL(store_edit_object(t.store, mine, help_count, NULL), CKR_OK);
	CU_ASSERT_TRUE(help_changed(other));
	CU_ASSERT_EQUAL(last_id(other), theirs);
	CU_ASSERT_EQUAL(store_same(other, theirs, &stamp, &same), CKR_OK);
	CU_ASSERT_FALSE(same);
	CU_ASSERT_EQUAL(help_counter(other, theirs), 2);

	/* Each counts up from the other's state. */
	CU_ASSERT_EQUAL(store_edit_object(other, theirs, help_count, NULL), CKR_OK);
	CU_ASSERT_EQUAL(store_edit_object(t.store, mine, help_count, NULL), CKR_OK);
	CU_ASSERT_EQUAL(help_counter(other, theirs), 4);

	(void)help_add(t.store, 1);
	CU_ASSERT_TRUE(help_changed(other));
	CU_ASSERT_EQUAL(help_list_count(other), 2);
	CU_ASSERT_EQUAL(store_remove(t.store, mine), CKR_OK);
	CU_ASSERT_TRUE(help_changed(other));
	CU_ASSERT_EQUAL(load_code(other, theirs), CKR_OBJECT_HANDLE_INVALID);
	CU_ASSERT_EQUAL(store_edit_object(other, theirs, help_count, NULL),
			CKR_OBJECT_HANDLE_INVALID);
	CU_ASSERT_EQUAL(store_remove(other, theirs), CKR_OBJECT_HANDLE_INVALID);
	CU_ASSERT_EQUAL(help_list_count(other), 1);
	CU_ASSERT_EQUAL(help_names(t.dir, ".lock"), 2);
	store_close(other);
	help_destroy(&t);
}

/* Files that come without a change of the number, as from a backup. */
static void test_copied_in(void)
{
	struct help_token t;
	char *object, *bytes;
	size_t len;

	help_create(&t);
	(void)help_add(t.store, 1);
	object = help_object_path(t.dir);
	bytes = unit_read_file(object, &len);
	CU_ASSERT_EQUAL(help_list_count(t.store), 1);
	(void)usleep(30000);
	put_file(t.dir, UUID_A ".object", bytes, len);
	CU_ASSERT_TRUE(help_changed(t.store));
	CU_ASSERT_EQUAL(help_list_count(t.store), 2);
	/* At once again, where the directory's time may not move; then it takes a second. */
	put_file(t.dir, UUID_B ".object", bytes, len);
	for (int i = 0; i < 300 && !help_changed(t.store); i++)
		(void)usleep(10000);
	CU_ASSERT_EQUAL(help_list_count(t.store), 3);
	free(bytes);
	free(object);
	help_destroy(&t);
}

/* As SoftHSM does it: in place, the same size, perhaps in the same tick of the clock. */
static void test_rewritten_in_place(void)
{
	struct help_token t;
	struct store_stamp stamp;
	struct attrset *s = NULL;
	char *object, *bytes;
	uint64_t id;
	size_t len;
	bool same;
	int fd;

	help_create(&t);
	id = help_add(t.store, 1);
	object = help_object_path(t.dir);
	bytes = unit_read_file(object, &len);
	fd = open(object, O_RDWR);
	for (unsigned char i = 2; i < 60; i++) {
		CU_ASSERT_EQUAL_FATAL(store_load(t.store, id, &s, &stamp), CKR_OK);
		attrset_free(s);
		CU_ASSERT_EQUAL(store_same(t.store, id, &stamp, &same), CKR_OK);
		CU_ASSERT_TRUE(same);
		bytes[7] = (char)i;
		CU_ASSERT_EQUAL(pwrite(fd, bytes, len, 0), (ssize_t)len);
		CU_ASSERT_EQUAL(store_same(t.store, id, &stamp, &same), CKR_OK);
		CU_ASSERT_FALSE(same);
	}
	/* Once it is old enough, the times alone tell. */
	CU_ASSERT_EQUAL_FATAL(store_load(t.store, id, &s, &stamp), CKR_OK);
	attrset_free(s);
	(void)usleep(30000);
	for (int i = 0; i < 3; i++) {
		CU_ASSERT_EQUAL(store_same(t.store, id, &stamp, &same), CKR_OK);
		CU_ASSERT_TRUE(same);
	}
	CU_ASSERT_EQUAL(close(fd), 0);
	free(bytes);
	free(object);
	help_destroy(&t);
}

/* SoftHSM 2.6.1 unlocks a file that is still empty, and fills it a moment later. */
static void test_filled_late(void)
{
	struct help_token t;
	char *object, *bytes;
	uint64_t id;
	size_t len;
	pid_t pid;

	help_create(&t);
	id = help_add(t.store, 3);
	object = help_object_path(t.dir);
	bytes = unit_read_file(object, &len);
	CU_ASSERT_EQUAL(truncate(object, 0), 0);
	pid = fork();
	CU_ASSERT_TRUE_FATAL(pid >= 0);
	if (pid == 0) {
		int fd = open(object, O_WRONLY);

		(void)usleep(3000);
		_exit(pwrite(fd, bytes, len, 0) == (ssize_t)len ? 0 : 1);
	}
	CU_ASSERT_EQUAL(help_counter(t.store, id), 3);
	CU_ASSERT_EQUAL(waitpid(pid, NULL, 0), pid);
	free(bytes);
	free(object);
	help_destroy(&t);
}

static void test_directory_replaced(void)
{
	struct help_token t, other;
	char *aside;

	help_create(&t);
	help_create(&other);
	(void)help_add(t.store, 1);
	(void)help_add(other.store, 1);
	(void)help_add(other.store, 2);
	CU_ASSERT_EQUAL(help_list_count(t.store), 1);
	aside = path_join(t.root, "aside");
	CU_ASSERT_EQUAL(rename(t.dir, aside), 0);
	CU_ASSERT_EQUAL(rename(other.dir, t.dir), 0);
	CU_ASSERT_TRUE(help_changed(t.store));
	CU_ASSERT_EQUAL(help_list_count(t.store), 2);
	CU_ASSERT_FALSE(help_changed(t.store));
	CU_ASSERT_EQUAL(rename(t.dir, other.dir), 0);
	CU_ASSERT_EQUAL(rename(aside, t.dir), 0);
	/* Written where the path leads, and not where it once led. */
	(void)help_add(t.store, 3);
	CU_ASSERT_EQUAL(help_names(t.dir, ".object"), 2);
	CU_ASSERT_EQUAL(help_names(other.dir, ".object"), 2);
	free(aside);
	help_destroy(&other);
	help_destroy(&t);
}

static void test_directory_gone(void)
{
	struct help_token t;
	char *aside;
	uint64_t *ids, id;
	size_t count;
	bool changed;

	help_create(&t);
	id = help_add(t.store, 1);
	aside = path_join(t.root, "aside");
	CU_ASSERT_EQUAL(rename(t.dir, aside), 0);
	CU_ASSERT_EQUAL(store_changed(t.store, &changed), CKR_DEVICE_ERROR);
	CU_ASSERT_EQUAL(store_list(t.store, &ids, &count), CKR_DEVICE_ERROR);
	CU_ASSERT_EQUAL(store_edit_object(t.store, id, help_count, NULL), CKR_DEVICE_ERROR);
	CU_ASSERT_EQUAL(rename(aside, t.dir), 0);
	CU_ASSERT_EQUAL(help_list_count(t.store), 1);
	free(aside);
	help_destroy(&t);
}

static const struct bad_generation {
	const char *name;
	size_t len;
} bad_generations[] = {
	{ "an empty file", 0 },
	{ "7 bytes", 7 },
};

/* Nothing to compare with is a change at each look, and our next change mends it. */
static void test_generation_file(void)
{
	struct help_token t;
	char *path;

	help_create(&t);
	path = path_join(t.dir, "generation");
	(void)help_add(t.store, 1);
	CU_ASSERT_EQUAL(unlink(path), 0);
	CU_ASSERT_EQUAL(help_list_count(t.store), 1);
	CU_ASSERT_TRUE(help_changed(t.store));
	(void)help_add(t.store, 1);
	CU_ASSERT_EQUAL(help_generation(t.dir), 1);
	for (size_t i = 0; i < ARRAY_LEN(bad_generations); i++) {
		put_file(t.dir, "generation", "\0\0\0\0\0\0\0", bad_generations[i].len);
		(void)help_list_count(t.store);
		CU_ASSERT_TRUE(help_changed(t.store));
		(void)help_add(t.store, 1);
		(void)help_list_count(t.store);
		CU_ASSERT_EQUAL(help_generation(t.dir), 1);
		CU_ASSERT_FALSE(help_changed(t.store));
	}
	CU_ASSERT_EQUAL(unlink(path), 0);
	CU_ASSERT_EQUAL(mkfifo(path, 0600), 0);
	CU_ASSERT_EQUAL(help_list_count(t.store), 4);
	CU_ASSERT_EQUAL(store_clear(t.store), CKR_DEVICE_ERROR);
	CU_ASSERT_EQUAL(help_list_count(t.store), 4);
	free(path);
	help_destroy(&t);
}

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

		put_file(t.dir, UUID_A ".object", damages[i].bytes, damages[i].len);
		make_older(t.dir, UUID_A ".object", HOUR);
		CU_ASSERT_EQUAL(help_list_count(t.store), 2);
		id = last_id(t.store);
		CU_ASSERT_EQUAL(load_code(t.store, id), CKR_DATA_INVALID);
		CU_ASSERT_EQUAL(store_edit_object(t.store, id, help_count, NULL), CKR_DATA_INVALID);
		CU_ASSERT_EQUAL(help_counter(t.store, good), 1);
		CU_ASSERT_EQUAL(store_remove(t.store, id), CKR_OK);
		CU_ASSERT_FALSE(exists(t.dir, UUID_A ".object"));
		CU_ASSERT_FALSE(exists(t.dir, UUID_A ".lock"));
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
	put_file(t.dir, UUID_A ".object", "", 0);
	make_older(t.dir, UUID_A ".object", HOUR);
	id = last_id(t.store);
	log_open(LEVEL_INFO, log);
	for (int i = 0; i < 3; i++)
		CU_ASSERT_EQUAL(load_code(t.store, id), CKR_DATA_INVALID);
	CU_ASSERT_EQUAL(lines_with(log, UUID_A), 1);
	put_file(t.dir, UUID_A ".object", "1234", 4);
	make_older(t.dir, UUID_A ".object", HOUR);
	for (int i = 0; i < 3; i++)
		CU_ASSERT_EQUAL(load_code(t.store, id), CKR_DATA_INVALID);
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
		id = last_id(t.store);
		CU_ASSERT_EQUAL(load_code(t.store, id), CKR_DATA_INVALID);
		CU_ASSERT_EQUAL(store_edit_object(t.store, id, help_count, NULL), CKR_DATA_INVALID);
		CU_ASSERT_EQUAL(store_remove(t.store, id), intruders[i].remove_rv);
		CU_ASSERT_EQUAL(exists(t.dir, UUID_A ".object"), intruders[i].remove_rv != CKR_OK);
		CU_ASSERT_EQUAL(store_clear(t.store), CKR_OK);
		CU_ASSERT_EQUAL(open_code(t.dir), CKR_OK);
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
		CU_ASSERT_EQUAL(store_edit_object(t.store, id, help_count, NULL), CKR_DATA_INVALID);
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
	CU_ASSERT_EQUAL(store_add(t.store, sets, 2, ids), CKR_DEVICE_MEMORY);
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
	CU_ASSERT_EQUAL(load_code(t.store, id), CKR_DEVICE_ERROR);
	CU_ASSERT_EQUAL(store_edit_object(t.store, id, help_count, NULL), CKR_DEVICE_ERROR);
	CU_ASSERT_EQUAL(store_remove(t.store, id), CKR_DEVICE_ERROR);
	CU_ASSERT_EQUAL(open_code(t.dir), CKR_DEVICE_ERROR);
	CU_ASSERT_EQUAL(setrlimit(RLIMIT_NOFILE, &old), 0);
	CU_ASSERT_EQUAL(store_changed(t.store, &changed), CKR_OK);
	CU_ASSERT_EQUAL(help_list_count(t.store), 1);
	CU_ASSERT_EQUAL(help_counter(t.store, id), 1);
	help_destroy(&t);
}

static size_t open_descriptors(void)
{
	DIR *listing = opendir("/proc/self/fd");
	size_t count = 0;

	if (listing == NULL)
		return 0;
	while (readdir(listing) != NULL)
		count++;
	(void)closedir(listing);
	return count;
}

static void test_descriptors(void)
{
	size_t before = open_descriptors(), opened;
	struct help_token t;
	struct attrset *s = NULL;
	uint64_t id;

	help_create(&t);
	CU_ASSERT_EQUAL(store_token_load(t.store, &s), CKR_OK);
	attrset_free(s);
	CU_ASSERT_EQUAL(open_descriptors(), before);
	id = help_add(t.store, 1);
	(void)help_list_count(t.store);
	opened = open_descriptors();
	for (int i = 0; i < 5; i++) {
		CU_ASSERT_EQUAL(store_edit_object(t.store, id, help_count, NULL), CKR_OK);
		CU_ASSERT_EQUAL(help_counter(t.store, id), 2 + (uint64_t)i);
		(void)help_changed(t.store);
		CU_ASSERT_EQUAL(store_remove(t.store, help_add(t.store, 1)), CKR_OK);
	}
	CU_ASSERT_EQUAL(open_descriptors(), opened);
	help_destroy(&t);
	CU_ASSERT_EQUAL(open_descriptors(), before);
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

	failures += store_open(backend(), t->dir, 077, &store) != CKR_OK;
	failures += store_list(store, &ids, &count) != CKR_OK || count != 1;
	failures += store_load(store, ids[0], &s, &stamp) != CKR_OK || !help_is_whole(s);
	failures += store_same(store, ids[0], &stamp, &same) != CKR_OK || !same;
	failures += store_changed(store, &changed) != CKR_OK || changed;
	failures += store_add(store, sets, 1, &id) != CKR_TOKEN_WRITE_PROTECTED;
	failures += store_edit_object(store, ids[0], help_count, NULL) != CKR_TOKEN_WRITE_PROTECTED;
	failures += store_edit_object(store, ids[0], no_change, NULL) != CKR_OK;
	failures += store_token_edit(store, help_count, NULL) != CKR_TOKEN_WRITE_PROTECTED;
	failures += store_token_edit(store, no_change, NULL) != CKR_OK;
	failures += store_remove(store, ids[0]) != CKR_TOKEN_WRITE_PROTECTED;
	failures += store_clear(store) != CKR_TOKEN_WRITE_PROTECTED;
	failures += store_delete(backend(), t->dir) != CKR_TOKEN_WRITE_PROTECTED;
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
	CU_ASSERT_EQUAL(as_nobody(use_read_only, &t), 0);
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

	failures += store_open(backend(), t->dir, 077, &store) != CKR_OK;
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
	CU_ASSERT_EQUAL(as_nobody(read_forbidden, &t), 0);
	protect(t.dir, 0600, 0700);
	free(object);
	help_destroy(&t);
}

/* Leftovers of killed processes */

static void test_stale_temporaries(void)
{
	struct help_token t;
	char *lock;
	int fd;

	help_create(&t);
	put_file(t.dir, UUID_A ".tmp", "half", 4);
	CU_ASSERT_EQUAL(help_list_count(t.store), 0);
	CU_ASSERT_TRUE(exists(t.dir, UUID_A ".tmp"));
	make_older(t.dir, UUID_A ".tmp", 61);

	lock = unit_write_file(t.dir, UUID_A ".lock", "", 0);
	fd = open(lock, O_RDWR);
	CU_ASSERT_TRUE_FATAL(file_lock(fd, FILE_LOCK_WRITE));
	CU_ASSERT_EQUAL(help_list_count(t.store), 0);
	CU_ASSERT_TRUE(exists(t.dir, UUID_A ".tmp"));
	file_unlock(fd);
	CU_ASSERT_EQUAL(close(fd), 0);

	put_file(t.dir, "notes.tmp", "mine", 4);
	make_older(t.dir, "notes.tmp", HOUR);
	CU_ASSERT_EQUAL(help_list_count(t.store), 0);
	CU_ASSERT_FALSE(exists(t.dir, UUID_A ".tmp"));
	CU_ASSERT_FALSE(exists(t.dir, UUID_A ".lock"));
	CU_ASSERT_TRUE(exists(t.dir, "notes.tmp"));
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
	put_file(t.dir, strrchr(path, '/') + 1, "half", 4);
	CU_ASSERT_EQUAL(store_edit_object(t.store, id, help_count, NULL), CKR_OK);
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
	put_file(t.dir, UUID_A ".tmp", "half", 4);
	put_file(t.dir, UUID_A ".lock", "", 0);
	put_file(t.dir, UUID_B ".object", "damaged", 7);
	put_file(t.dir, "README", "mine", 4);
	CU_ASSERT_EQUAL(store_clear(t.store), CKR_OK);
	CU_ASSERT_EQUAL(help_names(t.dir, ".object"), 0);
	CU_ASSERT_EQUAL(help_names(t.dir, ".lock"), 1);
	CU_ASSERT_EQUAL(help_names(t.dir, ".tmp"), 0);
	CU_ASSERT_TRUE(exists(t.dir, "README"));
	CU_ASSERT_EQUAL(help_generation(t.dir), 3);
	help_destroy(&t);
}

static char *make_unfinished(const char *root, const char *name, const char *extra)
{
	char *dir = path_join(root, name);

	CU_ASSERT_EQUAL(mkdir(dir, 0700), 0);
	put_file(dir, "generation", "\0\0\0\0\0\0\0\1", 8);
	put_file(dir, "token.lock", "", 0);
	if (extra != NULL)
		put_file(dir, extra, "x", 1);
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

		make_older(root, unfinished[i].name, unfinished[i].age);
		CU_ASSERT_EQUAL(open_code(made),
				exists(made, "token.object") ? CKR_DATA_INVALID :
							       CKR_TOKEN_NOT_RECOGNIZED);
		free(made);
	}
	CU_ASSERT_EQUAL(store_create(backend(), dir, 077, token, &s), CKR_OK);
	store_close(s);
	for (size_t i = 0; i < ARRAY_LEN(unfinished); i++)
		CU_ASSERT_EQUAL(exists(root, unfinished[i].name), unfinished[i].stays);
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
	CU_ASSERT_EQUAL(open_code(t.dir), CKR_OK);
	CU_ASSERT_EQUAL(open_code(t.root), CKR_TOKEN_NOT_RECOGNIZED);
	CU_ASSERT_EQUAL(open_code(target), CKR_TOKEN_NOT_RECOGNIZED);
	CU_ASSERT_EQUAL(open_code(path), CKR_TOKEN_NOT_RECOGNIZED);
	CU_ASSERT_EQUAL(rename(path, target), 0);
	CU_ASSERT_EQUAL(open_code(t.dir), CKR_TOKEN_NOT_RECOGNIZED);
	CU_ASSERT_EQUAL(symlink(target, path), 0);
	CU_ASSERT_EQUAL(open_code(t.dir), CKR_DATA_INVALID);
	CU_ASSERT_EQUAL(unlink(path), 0);
	put_file(t.dir, "token.object", "", 0);
	CU_ASSERT_EQUAL(open_code(t.dir), CKR_DATA_INVALID);
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
	CU_ASSERT_EQUAL(store_create(backend(), t.dir, 077, token, &s), CKR_DEVICE_ERROR);
	CU_ASSERT_EQUAL(store_create(backend(), file, 077, token, &s), CKR_DEVICE_ERROR);
	CU_ASSERT_EQUAL(store_create(backend(), below, 077, token, &s), CKR_DEVICE_ERROR);
	CU_ASSERT_EQUAL(store_create(backend(), "", 077, token, &s), CKR_DEVICE_ERROR);
	CU_ASSERT_PTR_NULL(s);
	CU_ASSERT_EQUAL(open_code(t.dir), CKR_OK);
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
	CK_RV rv = store_create(backend(), dir, 077, token, &s);

	attrset_free(token);
	free(dir);
	return rv != CKR_TOKEN_WRITE_PROTECTED;
}

static void test_create_protected(void)
{
	struct help_token t;

	help_create(&t);
	CU_ASSERT_EQUAL(chmod(t.root, 0555), 0);
	CU_ASSERT_EQUAL(as_nobody(create_in_read_only, &t), 0);
	help_destroy(&t);
}

static void test_relative_paths(void)
{
	struct attrset *token = help_token_attrs();
	char *root = unit_make_dir(), *here = getcwd(NULL, 0);
	struct store *s = NULL;

	CU_ASSERT_EQUAL_FATAL(chdir(root), 0);
	CU_ASSERT_EQUAL_FATAL(store_create(backend(), "t/", 077, token, &s), CKR_OK);
	(void)help_add(s, 1);
	store_close(s);
	CU_ASSERT_EQUAL(open_code("t"), CKR_OK);
	CU_ASSERT_EQUAL(store_delete(backend(), "t//"), CKR_OK);
	CU_ASSERT_FALSE(exists(root, "t"));
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
	put_file(t.dir, "foreign", "x", 1);
	put_file(t.dir, UUID_A ".tmp", "half", 4);

	CU_ASSERT_EQUAL(mkdir(inner, 0700), 0);
	CU_ASSERT_EQUAL(store_delete(backend(), t.dir), CKR_DEVICE_ERROR);
	CU_ASSERT_TRUE(exists(t.dir, "foreign") && help_list_count(t.store) == 1);
	CU_ASSERT_EQUAL(rmdir(inner), 0);
	CU_ASSERT_EQUAL(symlink(t.dir, alias), 0);
	CU_ASSERT_EQUAL(store_delete(backend(), alias), CKR_TOKEN_NOT_RECOGNIZED);
	CU_ASSERT_EQUAL(store_delete(backend(), t.root), CKR_TOKEN_NOT_RECOGNIZED);
	CU_ASSERT_EQUAL(help_list_count(t.store), 1);

	CU_ASSERT_EQUAL(store_delete(backend(), t.dir), CKR_OK);
	CU_ASSERT_FALSE(exists(t.root, strrchr(t.dir, '/') + 1));
	CU_ASSERT_TRUE(exists(t.root, "outside"));
	CU_ASSERT_EQUAL(store_delete(backend(), t.dir), CKR_TOKEN_NOT_RECOGNIZED);
	free(outside);
	free(link);
	free(fifo);
	free(inner);
	free(alias);
	help_destroy(&t);
}

/* Fork */

static void test_fork(void)
{
	struct help_token t;
	uint64_t id;
	pid_t pid;
	int status;

	help_create(&t);
	id = help_add(t.store, 1);
	store_fork_prepare(t.store);
	pid = fork();
	CU_ASSERT_TRUE_FATAL(pid >= 0);
	if (pid == 0) {
		store_fork_child(t.store);
		_exit(store_edit_object(t.store, id, help_count, NULL) == CKR_OK ? 0 : 1);
	}
	store_fork_parent(t.store);
	CU_ASSERT_EQUAL(store_edit_object(t.store, id, help_count, NULL), CKR_OK);
	CU_ASSERT_EQUAL_FATAL(waitpid(pid, &status, 0), pid);
	CU_ASSERT_EQUAL(status, 0);
	CU_ASSERT_EQUAL(help_counter(t.store, id), 3);
	help_destroy(&t);
}

static const struct unit_test tests[] = {
	UNIT_TEST(test_layout),
	UNIT_TEST(test_mask),
	UNIT_TEST(test_owner),
	UNIT_TEST(test_token_edit),
	UNIT_TEST(test_numbers_wrap),
	UNIT_TEST(test_others_changes),
	UNIT_TEST(test_copied_in),
	UNIT_TEST(test_rewritten_in_place),
	UNIT_TEST(test_filled_late),
	UNIT_TEST(test_directory_replaced),
	UNIT_TEST(test_directory_gone),
	UNIT_TEST(test_generation_file),
	UNIT_TEST(test_damaged),
	UNIT_TEST(test_damage_is_logged_once),
	UNIT_TEST(test_intruders),
	UNIT_TEST(test_intruding_lock),
	UNIT_TEST(test_too_large),
	UNIT_TEST(test_no_descriptors),
	UNIT_TEST(test_descriptors),
	UNIT_TEST(test_read_only),
	UNIT_TEST(test_forbidden_object),
	UNIT_TEST(test_stale_temporaries),
	UNIT_TEST(test_writer_meets_temporary),
	UNIT_TEST(test_clear_leftovers),
	UNIT_TEST(test_unfinished_tokens),
	UNIT_TEST(test_open_codes),
	UNIT_TEST(test_create_codes),
	UNIT_TEST(test_create_protected),
	UNIT_TEST(test_relative_paths),
	UNIT_TEST(test_delete),
	UNIT_TEST(test_fork),
};

int main(void)
{
	log_open(LEVEL_INFO, "/dev/null");
	return UNIT_RUN("store_file", tests);
}
