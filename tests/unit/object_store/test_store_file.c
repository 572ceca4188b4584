/*
 * The file store on the disk: names, modes and numbers, and the changes that others make there.
 */
#include "config.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/log.h"
#include "common/str.h"
#include "object_store/file/file_format.h"
#include "object_store/file/file_io.h"
#include "object_store/file/file_notify.h"
#include "unit/store_help.h"
#include "unit/unit.h"

#define UUID_A "00000000-0000-0000-0000-00000000000a"
#define UUID_B "00000000-0000-0000-0000-00000000000b"

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
	CU_ASSERT_EQUAL(help_object_generation(object), 1);
	CU_ASSERT_EQUAL(help_generation(t.dir), 2);
	CU_ASSERT_EQUAL(help_names(t.dir, ".lock"), 2);
	CU_ASSERT_EQUAL(store_edit_object(t.store, id, help_count, NULL, NULL, NULL), CKR_OK);
	CU_ASSERT_EQUAL(help_object_generation(object), 2);
	CU_ASSERT_EQUAL(help_generation(t.dir), 3);
	CU_ASSERT_EQUAL(store_edit_object(t.store, id, help_no_change, NULL, NULL, NULL), CKR_OK);
	CU_ASSERT_EQUAL(help_object_generation(object), 2);
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

	CU_ASSERT_EQUAL_FATAL(store_create(help_backend(), dir, 027, token, &s), CKR_OK);
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
	CU_ASSERT_EQUAL(store_edit_object(t.store, id, help_count, NULL, NULL, NULL), CKR_OK);
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
	CU_ASSERT_EQUAL(help_object_generation(path), 1);
	CU_ASSERT_EQUAL(store_token_edit(t.store, help_count, NULL), CKR_OK);
	CU_ASSERT_EQUAL(help_object_generation(path), 2);
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
	help_put(t.dir, "generation", last, sizeof(last));
	object = help_object_path(t.dir);
	fd = open(object, O_WRONLY);
	CU_ASSERT_EQUAL(pwrite(fd, last, sizeof(last), 0), 8);
	CU_ASSERT_EQUAL(close(fd), 0);
	CU_ASSERT_EQUAL(store_edit_object(t.store, id, help_count, NULL, NULL, NULL), CKR_OK);
	CU_ASSERT_EQUAL(help_object_generation(object), 1);
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
	theirs = help_last_id(other);
	CU_ASSERT_FALSE(help_changed(other));
	CU_ASSERT_EQUAL_FATAL(store_load(other, theirs, &s, &stamp), CKR_OK);
	attrset_free(s);

	CU_ASSERT_EQUAL(store_edit_object(t.store, mine, help_count, NULL, NULL, NULL), CKR_OK);
	CU_ASSERT_TRUE(help_changed(other));
	CU_ASSERT_EQUAL(help_last_id(other), theirs);
	CU_ASSERT_EQUAL(store_same(other, theirs, &stamp, &same), CKR_OK);
	CU_ASSERT_FALSE(same);
	CU_ASSERT_EQUAL(help_counter(other, theirs), 2);

	/* Each counts up from the other's state. */
	CU_ASSERT_EQUAL(store_edit_object(other, theirs, help_count, NULL, NULL, NULL), CKR_OK);
	CU_ASSERT_EQUAL(store_edit_object(t.store, mine, help_count, NULL, NULL, NULL), CKR_OK);
	CU_ASSERT_EQUAL(help_counter(other, theirs), 4);

	(void)help_add(t.store, 1);
	CU_ASSERT_TRUE(help_changed(other));
	CU_ASSERT_EQUAL(help_list_count(other), 2);
	CU_ASSERT_EQUAL(store_remove(t.store, mine), CKR_OK);
	CU_ASSERT_TRUE(help_changed(other));
	CU_ASSERT_EQUAL(help_load_code(other, theirs), CKR_OBJECT_HANDLE_INVALID);
	CU_ASSERT_EQUAL(store_same(other, theirs, &stamp, &same), CKR_OK);
	CU_ASSERT_FALSE(same);
	CU_ASSERT_EQUAL(store_edit_object(other, theirs, help_count, NULL, NULL, NULL),
			CKR_OBJECT_HANDLE_INVALID);
	CU_ASSERT_EQUAL(store_remove(other, theirs), CKR_OBJECT_HANDLE_INVALID);
	CU_ASSERT_EQUAL(help_list_count(other), 1);
	CU_ASSERT_EQUAL(help_names(t.dir, ".lock"), 2);
	store_close(other);
	help_destroy(&t);
}

/* Files that come without a change of the number, as from a backup. */
static void copied_in(void)
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
	help_put(t.dir, UUID_A ".object", bytes, len);
	CU_ASSERT_TRUE(help_changed(t.store));
	CU_ASSERT_EQUAL(help_list_count(t.store), 2);
	/* At once again, where the directory's time may not move; then it takes a second. */
	help_put(t.dir, UUID_B ".object", bytes, len);
	for (int i = 0; i < 300 && !help_changed(t.store); i++)
		(void)usleep(10000);
	CU_ASSERT_EQUAL(help_list_count(t.store), 3);
	free(bytes);
	free(object);
	help_destroy(&t);
}

static void test_copied_in(void)
{
	copied_in();
	file_notify_forbid(true);
	copied_in();
	file_notify_forbid(false);
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
	/* Once it is old enough, the times alone tell: for this stamp, and for one made then. */
	for (int i = 0; i < 2; i++) {
		CU_ASSERT_EQUAL_FATAL(store_load(t.store, id, &s, &stamp), CKR_OK);
		attrset_free(s);
		(void)usleep(30000);
		for (int k = 0; k < 3; k++) {
			CU_ASSERT_EQUAL(store_same(t.store, id, &stamp, &same), CKR_OK);
			CU_ASSERT_TRUE(same);
		}
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

/* A directory that is no token of this kind is left alone. */
static void test_directory_without_token(void)
{
	struct attrset *attrs = help_object(HELP_LABEL, 1);
	const struct attrset *sets[] = { attrs };
	struct help_token t;
	uint64_t id = 0;
	char *aside;

	help_create(&t);
	CU_ASSERT_EQUAL(help_list_count(t.store), 0);
	aside = path_join(t.root, "aside");
	CU_ASSERT_EQUAL(rename(t.dir, aside), 0);
	CU_ASSERT_EQUAL(mkdir(t.dir, 0700), 0);
	CU_ASSERT_EQUAL(store_add(t.store, sets, 1, &id, NULL), CKR_DEVICE_REMOVED);
	CU_ASSERT_EQUAL(rmdir(t.dir), 0);
	CU_ASSERT_EQUAL(rename(aside, t.dir), 0);
	CU_ASSERT_EQUAL(store_add(t.store, sets, 1, &id, NULL), CKR_OK);
	attrset_free(attrs);
	free(aside);
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
	CU_ASSERT_EQUAL(help_poll(t.store, &changed), CKR_DEVICE_REMOVED);
	CU_ASSERT_EQUAL(store_list(t.store, &ids, &count), CKR_DEVICE_REMOVED);
	CU_ASSERT_EQUAL(store_edit_object(t.store, id, help_count, NULL, NULL, NULL),
			CKR_DEVICE_REMOVED);
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

	file_notify_forbid(true);
	help_create(&t);
	path = path_join(t.dir, "generation");
	(void)help_add(t.store, 1);
	CU_ASSERT_EQUAL(unlink(path), 0);
	CU_ASSERT_EQUAL(help_list_count(t.store), 1);
	CU_ASSERT_TRUE(help_changed(t.store));
	(void)help_add(t.store, 1);
	CU_ASSERT_EQUAL(help_generation(t.dir), 1);
	for (size_t i = 0; i < ARRAY_LEN(bad_generations); i++) {
		help_put(t.dir, "generation", "\0\0\0\0\0\0\0", bad_generations[i].len);
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
	file_notify_forbid(false);
	free(path);
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
		CU_ASSERT_EQUAL(store_edit_object(t.store, id, help_count, NULL, NULL, NULL),
				CKR_OK);
		CU_ASSERT_EQUAL(help_counter(t.store, id), 2 + (uint64_t)i);
		(void)help_changed(t.store);
		CU_ASSERT_EQUAL(store_remove(t.store, help_add(t.store, 1)), CKR_OK);
	}
	CU_ASSERT_EQUAL(open_descriptors(), opened);
	help_destroy(&t);
	CU_ASSERT_EQUAL(open_descriptors(), before);
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
		_exit(store_edit_object(t.store, id, help_count, NULL, NULL, NULL) ==
					      CKR_OK ? 0 : 1);
	}
	store_fork_parent(t.store);
	CU_ASSERT_EQUAL(store_edit_object(t.store, id, help_count, NULL, NULL, NULL), CKR_OK);
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
	UNIT_TEST(test_directory_without_token),
	UNIT_TEST(test_directory_replaced),
	UNIT_TEST(test_directory_gone),
	UNIT_TEST(test_generation_file),
	UNIT_TEST(test_descriptors),
	UNIT_TEST(test_fork),
};

int main(void)
{
	log_open(LEVEL_INFO, "/dev/null");
	return UNIT_RUN("store_file", tests);
}
