/*
 * What the file store promises whatever happens: many processes at once, processes killed at any
 * moment, copies made meanwhile, and system calls that fail.
 */
#include "config.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "common/log.h"
#include "common/str.h"
#include "object_store/file/file_commit.h"
#include "object_store/file/file_format.h"
#include "unit/store_help.h"
#include "unit/unit.h"

#define WRITERS 3
#define EDITS 30
#define KILLS 100
#define COPIES 6

/* Faults: the calls by which a commit proceeds, of which the n-th from now on fails. */

static struct {
	int countdown;		/* 0: no fault is planned */
	int err;
	bool lasting;		/* all later ones fail too */
	int met;		/* how many failed */
} fault;

static bool fails(void)
{
	if (fault.countdown == 0 || --fault.countdown > 0)
		return false;
	fault.met++;
	if (fault.lasting)
		fault.countdown = 1;
	errno = fault.err;
	return true;
}

int fsync(int fd)
{
	return fails() ? -1 : (int)syscall(SYS_fsync, fd);
}

ssize_t pwrite(int fd, const void *data, size_t len, off_t offset)
{
	return fails() ? -1 : syscall(SYS_pwrite64, fd, data, len, offset);
}

int linkat(int from_dir, const char *from, int to_dir, const char *to, int flags)
{
	return fails() ? -1 : (int)syscall(SYS_linkat, from_dir, from, to_dir, to, flags);
}

int renameat(int from_dir, const char *from, int to_dir, const char *to)
{
	return fails() ? -1 : (int)syscall(SYS_renameat2, from_dir, from, to_dir, to, 0);
}

int unlinkat(int dir, const char *name, int flags)
{
	return fails() ? -1 : (int)syscall(SYS_unlinkat, dir, name, flags);
}

/* A token with one object, of which the child of a fork opens a store of its own. */
static void start(struct help_token *t, uint64_t *id)
{
	help_create(t);
	*id = help_add(t->store, 0);
	CU_ASSERT_EQUAL(help_list_count(t->store), 1);
}

static pid_t start_process(int (*fn)(const char *dir), const char *dir)
{
	pid_t pid = fork();

	CU_ASSERT_TRUE_FATAL(pid >= 0);
	if (pid == 0)
		_exit(fn(dir));
	return pid;
}

static int exit_status(pid_t pid)
{
	int status = -1;

	CU_ASSERT_EQUAL_FATAL(waitpid(pid, &status, 0), pid);
	return status;
}

/* In a child, where nothing may be asserted: the store and its only object. */
static uint64_t child_open(const char *dir, struct store **s)
{
	uint64_t *ids = NULL, id = 0;
	size_t count = 0;

	if (store_open(store_backend_find("file"), dir, 077, s) != CKR_OK)
		_exit(90);
	if (store_list(*s, &ids, &count) != CKR_OK || count == 0)
		_exit(91);
	id = ids[0];
	free(ids);
	return id;
}

static int edit_often(const char *dir)
{
	struct store *s;
	uint64_t id = child_open(dir, &s);

	for (int i = 0; i < EDITS; i++)
		if (store_edit_object(s, id, help_count, NULL, NULL, NULL) != CKR_OK)
			return 1;
	store_close(s);
	return 0;
}

/* Never half an object, and never an older one than before. */
static int read_often(const char *dir)
{
	struct store *s;
	uint64_t id = child_open(dir, &s), last = 0;

	while (last < WRITERS * EDITS) {
		struct attrset *attrs = NULL;
		uint64_t counter;

		if (store_load(s, id, &attrs, NULL) != CKR_OK)
			return 1;
		if (!help_is_whole(attrs))
			return 2;
		counter = attrset_number(attrs, HELP_COUNTER, 0);
		if (counter < last)
			return 3;
		last = counter;
		attrset_free(attrs);
	}
	store_close(s);
	return 0;
}

static void test_writers_and_a_reader(void)
{
	struct help_token t;
	pid_t writers[WRITERS], reader;
	uint64_t id;

	start(&t, &id);
	reader = start_process(read_often, t.dir);
	for (int i = 0; i < WRITERS; i++)
		writers[i] = start_process(edit_often, t.dir);
	for (int i = 0; i < WRITERS; i++)
		CU_ASSERT_EQUAL(exit_status(writers[i]), 0);
	CU_ASSERT_EQUAL(help_counter(t.store, id), WRITERS * EDITS);
	CU_ASSERT_EQUAL(exit_status(reader), 0);
	CU_ASSERT_EQUAL(help_generation(t.dir), 2 + WRITERS * EDITS);
	CU_ASSERT_EQUAL(help_names(t.dir, ".tmp"), 0);
	help_destroy(&t);
}

/* One process adds what another removes. */
static int add_and_remove(const char *dir)
{
	struct store *s;

	(void)child_open(dir, &s);
	for (int i = 0; i < EDITS; i++) {
		struct attrset *attrs = help_object(HELP_LABEL, 0);
		const struct attrset *sets[] = { attrs, attrs };
		uint64_t ids[2];

		if (store_add(s, sets, 2, ids, NULL) != CKR_OK)
			return 1;
		if (store_edit_object(s, ids[1], help_count, NULL, NULL, NULL) != CKR_OK)
			return 2;
		if (store_remove(s, ids[0]) != CKR_OK || store_remove(s, ids[1]) != CKR_OK)
			return 3;
		attrset_free(attrs);
	}
	store_close(s);
	return 0;
}

static void test_comings_and_goings(void)
{
	struct help_token t;
	pid_t pids[2];
	uint64_t id;

	start(&t, &id);
	pids[0] = start_process(add_and_remove, t.dir);
	pids[1] = start_process(add_and_remove, t.dir);
	/*
	 * Meanwhile the list always holds the object that stays, and what else it holds is whole or
	 * gone.
	 */
	while (waitpid(pids[0], NULL, WNOHANG) == 0) {
		uint64_t *ids = NULL;
		size_t count = 0;

		CU_ASSERT_EQUAL(store_list(t.store, &ids, &count), CKR_OK);
		CU_ASSERT(count > 0 && ids[0] == id);
		for (size_t i = 0; i < count; i++) {
			struct attrset *attrs = NULL;
			CK_RV rv = store_load(t.store, ids[i], &attrs, NULL);

			if (rv == CKR_OK)
				CU_ASSERT_TRUE(help_is_whole(attrs))
			else
				CU_ASSERT_EQUAL(rv, CKR_OBJECT_HANDLE_INVALID)
			attrset_free(attrs);
		}
		free(ids);
	}
	CU_ASSERT_EQUAL(exit_status(pids[1]), 0);
	CU_ASSERT_EQUAL(help_list_count(t.store), 1);
	CU_ASSERT_EQUAL(help_names(t.dir, ".lock"), 2);
	help_destroy(&t);
}

/* Where edit_for_ever tells each thing that it has done, by one byte; -1: nowhere. */
static int acknowledge_fd = -1;

static int edit_for_ever(const char *dir)
{
	struct store *s;
	uint64_t id = child_open(dir, &s);

	for (;;) {
		if (store_edit_object(s, id, help_count, NULL, NULL, NULL) != CKR_OK)
			return 1;
		if (acknowledge_fd >= 0 && write(acknowledge_fd, "x", 1) != 1)
			return 2;
	}
}

/* How many acknowledgements there are in the pipe, whose writer is gone. */
static uint64_t count_bytes(int fd)
{
	uint64_t sum = 0;
	char bytes[256];
	ssize_t n;

	while ((n = read(fd, bytes, sizeof(bytes))) > 0)
		sum += (uint64_t)n;
	return sum;
}

/* All that was acknowledged is there, and at most the one change that was under way. */
static void kill_once(struct help_token *t, uint64_t id, unsigned int *seed)
{
	const struct timespec moment = { 0, (long)(rand_r(seed) % 4000) * 1000 };
	uint64_t before = help_counter(t->store, id), after, acknowledged;
	int ends[2];
	pid_t pid;

	CU_ASSERT_EQUAL_FATAL(pipe(ends), 0);
	acknowledge_fd = ends[1];
	pid = start_process(edit_for_ever, t->dir);
	acknowledge_fd = -1;
	(void)close(ends[1]);
	(void)nanosleep(&moment, NULL);
	CU_ASSERT_EQUAL(kill(pid, SIGKILL), 0);
	CU_ASSERT_TRUE(WIFSIGNALED(exit_status(pid)));
	acknowledged = count_bytes(ends[0]);
	(void)close(ends[0]);
	after = help_counter(t->store, id);
	CU_ASSERT(after == before + acknowledged || after == before + acknowledged + 1);
}

static void kill_often(void)
{
	struct help_token t;
	unsigned int seed = 1;
	uint64_t id;

	start(&t, &id);
	for (int i = 0; i < KILLS / 2; i++)
		kill_once(&t, id, &seed);
	/* What they left is in nobody's way. */
	CU_ASSERT_EQUAL(store_edit_object(t.store, id, help_count, NULL, NULL, NULL), CKR_OK);
	CU_ASSERT_EQUAL(help_names(t.dir, ".tmp"), 0);
	CU_ASSERT_EQUAL(help_list_count(t.store), 1);
	help_destroy(&t);
}

/* With files without names, and with named ones. */
static void test_kills(void)
{
	kill_often();
	file_stage_named(true);
	kill_often();
	file_stage_named(false);
}

static int write_for_ever(const char *dir)
{
	while (add_and_remove(dir) == 0)
		;
	return 1;
}

static size_t check_copy(const char *dir)
{
	const struct dirent *entry;
	DIR *listing = opendir(dir);
	size_t whole = 0;

	CU_ASSERT_PTR_NOT_NULL_FATAL(listing);
	while ((entry = readdir(listing)) != NULL) {
		size_t len = strlen(entry->d_name), size;
		struct attrset *attrs = NULL;
		char *path, *bytes;

		if (len <= 7 || strcmp(entry->d_name + len - 7, ".object") != 0)
			continue;
		path = path_join(dir, entry->d_name);
		bytes = unit_read_file(path, &size);
		CU_ASSERT_EQUAL(file_decode((unsigned char *)bytes, size, NULL, &attrs), CKR_OK);
		whole++;
		attrset_free(attrs);
		free(bytes);
		free(path);
	}
	(void)closedir(listing);
	return whole;
}

static int copy_tree(const char *from, const char *to)
{
	pid_t pid = fork();

	CU_ASSERT_TRUE_FATAL(pid >= 0);
	if (pid == 0) {
		int null = open("/dev/null", O_WRONLY);

		(void)dup2(null, STDERR_FILENO);
		(void)execlp("cp", "cp", "-a", from, to, (char *)NULL);
		_exit(127);
	}
	return exit_status(pid);
}

/*
 * What cp copies is whole. It complains, by its exit status, of a name that has just gone and of a
 * file that was replaced between its looking at it and opening it, which it leaves out.
 */
static void test_copies(void)
{
	struct help_token t;
	pid_t writers[2];
	uint64_t id;

	start(&t, &id);
	writers[0] = start_process(edit_for_ever, t.dir);
	while (help_counter(t.store, id) == 0)
		(void)usleep(1000);	/* until it has found the only object */
	writers[1] = start_process(write_for_ever, t.dir);
	for (int i = 0; i < COPIES; i++) {
		char name[] = { 'c', (char)('0' + i), '\0' };
		char *copy = path_join(t.root, name);
		int status = copy_tree(t.dir, copy);

		CU_ASSERT_NOT_EQUAL(WEXITSTATUS(status), 127);
		CU_ASSERT_TRUE(check_copy(copy) >= 2 || status != 0);
		store_close(help_open(copy));
		free(copy);
	}
	for (int i = 0; i < 2; i++) {
		CU_ASSERT_EQUAL(kill(writers[i], SIGKILL), 0);
		CU_ASSERT_TRUE(WIFSIGNALED(exit_status(writers[i])));
	}
	help_destroy(&t);
}

/* The operations under faults: what they do, and whether it is done. */

struct world {
	struct help_token t;
	uint64_t id;		/* of an object with counter 1 */
};

static CK_RV op_add(struct world *w)
{
	struct attrset *attrs = help_object(HELP_LABEL, 7);
	const struct attrset *sets[] = { attrs, attrs };
	uint64_t ids[2];
	CK_RV rv = store_add(w->t.store, sets, 2, ids, NULL);

	attrset_free(attrs);
	return rv;
}

static CK_RV op_edit(struct world *w)
{
	return store_edit_object(w->t.store, w->id, help_count, NULL, NULL, NULL);
}

static CK_RV op_remove(struct world *w)
{
	return store_remove(w->t.store, w->id);
}

static CK_RV op_token_edit(struct world *w)
{
	return store_token_edit(w->t.store, help_count, NULL);
}

/* What another process would see: how many objects, the sum of their counters, and the token's. */
struct state {
	size_t objects;
	uint64_t counters;
	uint64_t token;
};

static struct state look(const char *dir)
{
	struct store *s = help_open(dir);
	struct state seen = { 0, 0, 0 };
	struct attrset *token = NULL;
	uint64_t *ids = NULL;

	CU_ASSERT_EQUAL_FATAL(store_list(s, &ids, &seen.objects), CKR_OK);
	for (size_t i = 0; i < seen.objects; i++)
		seen.counters += help_counter(s, ids[i]);
	CU_ASSERT_EQUAL_FATAL(store_token_load(s, &token), CKR_OK);
	seen.token = attrset_number(token, HELP_COUNTER, 0);
	attrset_free(token);
	free(ids);
	store_close(s);
	return seen;
}

static bool is_state(const struct state *a, const struct state *b)
{
	return a->objects == b->objects && a->counters == b->counters && a->token == b->token;
}

static const struct state before = { 1, 1, 0 };

static const struct operation {
	const char *name;
	CK_RV (*run)(struct world *w);
	struct state after;
	struct state torn;	/* when the undoing fails as well */
} operations[] = {
	{ "add", op_add, { 3, 15, 0 }, { 2, 8, 0 } },
	{ "edit", op_edit, { 1, 2, 0 }, { 1, 2, 0 } },
	{ "remove", op_remove, { 0, 0, 0 }, { 0, 0, 0 } },
	{ "token edit", op_token_edit, { 1, 1, 1 }, { 1, 1, 1 } },
};

static const struct errors {
	int err;
	CK_RV rv;
} errors[] = {
	{ EIO, CKR_DEVICE_ERROR },
	{ ENOSPC, CKR_DEVICE_MEMORY },
	{ EROFS, CKR_TOKEN_WRITE_PROTECTED },
};

/* Fails the n-th call; false when the operation has fewer. */
static bool run_with_fault(const struct operation *op, int n, const struct errors *e, bool lasting)
{
	struct world w;
	struct state seen;
	bool met, as_promised;
	CK_RV rv;

	help_create(&w.t);
	w.id = help_add(w.t.store, 1);
	fault.countdown = n;
	fault.err = e->err;
	fault.lasting = lasting;
	fault.met = 0;
	rv = op->run(&w);
	met = fault.met > 0;
	fault.countdown = 0;
	seen = look(w.t.dir);

	/*
	 * A call that fails leaves what was there. When not even its undoing succeeds, each object
	 * is old or new.
	 */
	as_promised = is_state(&seen, rv == CKR_OK ? &op->after : &before) ||
		      (lasting && rv != CKR_OK &&
		       (is_state(&seen, &op->after) || is_state(&seen, &op->torn)));
	as_promised = as_promised && (rv == CKR_OK || rv == e->rv);
	if (!as_promised)
		(void)printf("%s, call %d, errno %d%s: 0x%lx, %zu objects, %lu, %lu\n", op->name,
			     n, e->err, lasting ? " from then on" : "", rv, seen.objects,
			     (unsigned long)seen.counters, (unsigned long)seen.token);
	CU_ASSERT_TRUE(as_promised);
	CU_ASSERT_TRUE(lasting || help_names(w.t.dir, ".tmp") == 0);
	/* And all goes on. */
	(void)help_list_count(w.t.store);
	CU_ASSERT_TRUE(op_edit(&w) == CKR_OK || op->run == op_remove);
	help_destroy(&w.t);
	return met;
}

static void run_faults(bool named)
{
	file_stage_named(named);
	for (size_t i = 0; i < ARRAY_LEN(operations); i++)
		for (size_t k = 0; k < ARRAY_LEN(errors) * 2; k++) {
			int n = 1;

			while (run_with_fault(&operations[i], n, &errors[k / 2], k % 2 == 1))
				n++;
			CU_ASSERT(n > 4);
		}
	file_stage_named(false);
}

static void test_faults(void)
{
	run_faults(false);
	run_faults(true);
}

/* Nothing is left when making a token fails, at whichever call. */
static void test_faults_of_create(void)
{
	struct attrset *token = help_token_attrs();

	for (int n = 1;; n++) {
		char *root = unit_make_dir(), *dir = path_join(root, "t");
		struct store *s = NULL;
		bool met;
		CK_RV rv;

		fault.countdown = n;
		fault.err = ENOSPC;
		fault.lasting = false;
		fault.met = 0;
		rv = store_create(store_backend_find("file"), dir, 077, token, &s);
		met = fault.met > 0;
		fault.countdown = 0;
		CU_ASSERT_EQUAL(access(dir, F_OK) == 0, rv == CKR_OK);
		CU_ASSERT(rv == CKR_OK || rv == CKR_DEVICE_MEMORY);
		store_close(s);
		free(dir);
		unit_remove_dir(root);
		if (!met) {
			CU_ASSERT(n > 5 && rv == CKR_OK);
			break;
		}
	}
	attrset_free(token);
}

static const struct unit_test tests[] = {
	UNIT_TEST(test_writers_and_a_reader),
	UNIT_TEST(test_comings_and_goings),
	UNIT_TEST(test_kills),
	UNIT_TEST(test_copies),
	UNIT_TEST(test_faults),
	UNIT_TEST(test_faults_of_create),
};

int main(void)
{
	log_open(LEVEL_INFO, "/dev/null");
	return UNIT_RUN("store_crash", tests);
}
