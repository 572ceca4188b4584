/*
 * The contract of store.h, the same for every kind of store: those that keep a token, in each of
 * their ways, and the one in memory.
 */
#include "config.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "common/str.h"
#include "object_store/file/file_commit.h"
#include "object_store/file/file_format.h"
#include "object_store/file/file_lock.h"
#include "object_store/file/file_notify.h"
#include "unit/store_help.h"
#include "unit/unit.h"

/* A kind of store, made empty for each test. */
struct kind {
	const char *name;
	const char *backend;	/* NULL: in memory */
	bool bare;		/* as on a system without OFD locks, O_TMPFILE and inotify */
	void (*damage)(const char *dir);	/* makes the only object undecodable */
};

static void damage_file(const char *dir)
{
	char *path = help_object_path(dir);

	help_put(dir, strrchr(path, '/') + 1, "no object at all", 16);
	free(path);
}

#ifdef WITH_OBJECTSTORE_BACKEND_DB
static void damage_row(const char *dir)
{
	help_sql(dir, "update attribute_integer set value = 'no number' where object_id > 1");
}
#endif

static const struct kind kinds[] = {
	{ "memory", NULL, false, NULL },
	{ "file", "file", false, damage_file },
	{ "file, bare system", "file", true, damage_file },
#ifdef WITH_OBJECTSTORE_BACKEND_DB
	{ "db", "db", false, damage_row },
#endif
};

static const struct kind *kind;		/* the one under test */
static struct store *store;
static char *root, *dir;

static struct store *make_store(void)
{
	struct attrset *token;
	struct store *s = NULL;
	CK_RV rv;

	if (kind->backend == NULL) {
		CU_ASSERT_EQUAL_FATAL(store_open_memory(&s), CKR_OK);
		return s;
	}
	token = help_token_attrs();
	root = unit_make_dir();
	dir = path_join(root, "store");
	rv = store_create(store_backend_find(kind->backend), dir, 077, token, &s);
	CU_ASSERT_EQUAL_FATAL(rv, CKR_OK);
	attrset_free(token);
	return s;
}

static void with_every_kind(void (*test)(void))
{
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
		unsigned int failures = CU_get_number_of_failures();

		kind = &kinds[i];
		root = dir = NULL;
		file_lock_posix(kind->bare);
		file_stage_named(kind->bare);
		file_notify_forbid(kind->bare);
		store = make_store();
		test();
		store_close(store);
		free(dir);
		unit_remove_dir(root);
		if (CU_get_number_of_failures() != failures)
			CU_FAIL(kind->name);
	}
	file_lock_posix(false);
	file_stage_named(false);
	file_notify_forbid(false);
}

static CK_RV load_code(uint64_t id)
{
	struct attrset *s = NULL;
	CK_RV rv = store_load(store, id, &s, NULL);

	CU_ASSERT_EQUAL(s != NULL, rv == CKR_OK);
	attrset_free(s);
	return rv;
}

static void empty(void)
{
	uint64_t *ids = NULL;
	size_t count = 7;
	bool changed = false;

	CU_ASSERT_EQUAL(store_list(store, &ids, &count), CKR_OK);
	CU_ASSERT(ids == NULL && count == 0);
	CU_ASSERT_EQUAL(help_poll(store, &changed), CKR_OK);
	CU_ASSERT_FALSE(changed);
	CU_ASSERT_EQUAL(load_code(0), CKR_OBJECT_HANDLE_INVALID);
	CU_ASSERT_EQUAL(load_code(1), CKR_OBJECT_HANDLE_INVALID);
	CU_ASSERT_EQUAL(store_remove(store, 1), CKR_OBJECT_HANDLE_INVALID);
	CU_ASSERT_EQUAL(store_edit_object(store, 1, help_count, NULL, NULL, NULL),
			CKR_OBJECT_HANDLE_INVALID);
	CU_ASSERT_EQUAL(store_clear(store), CKR_OK);
	CU_ASSERT_STRING_EQUAL(store_path(store), dir == NULL ? "" : dir);
}

static void add_and_load(void)
{
	static const uint64_t mechs[] = { CKM_AES_CBC, CKM_AES_GCM };
	struct attrset *want = help_object("label", 5), *map = attrset_new(false), *got = NULL;
	const struct attrset *sets[] = { want };
	uint64_t id = 0;

	CU_ASSERT_EQUAL_FATAL(attrset_set_flag(map, CKA_SENSITIVE, true), CKR_OK);
	CU_ASSERT_EQUAL_FATAL(attrset_set_map(want, CKA_WRAP_TEMPLATE, map), CKR_OK);
	CU_ASSERT_EQUAL_FATAL(attrset_set_mechs(want, CKA_ALLOWED_MECHANISMS, mechs, 2), CKR_OK);
	CU_ASSERT_EQUAL_FATAL(attrset_set_bytes(want, CKA_ID, NULL, 0), CKR_OK);
	CU_ASSERT_EQUAL_FATAL(store_add(store, sets, 1, &id, NULL), CKR_OK);
	CU_ASSERT_NOT_EQUAL(id, 0);
	CU_ASSERT_EQUAL_FATAL(store_load(store, id, &got, NULL), CKR_OK);
	CU_ASSERT_EQUAL_FATAL(got->count, want->count);
	for (size_t i = 0; i < want->count; i++)
		CU_ASSERT_TRUE(attr_equal(&want->items[i], &got->items[i]));
	attrset_free(map);
	attrset_free(want);
	attrset_free(got);
}

static void add_a_pair(void)
{
	struct attrset *public_key = help_object("public", 1);
	struct attrset *private_key = help_object("private", 2);
	const struct attrset *sets[] = { public_key, private_key, public_key };
	uint64_t ids[3] = { 0, 0, 0 };

	CU_ASSERT_EQUAL(store_add(store, sets, 2, ids, NULL), CKR_OK);
	CU_ASSERT(ids[0] != 0 && ids[1] > ids[0]);
	CU_ASSERT_EQUAL(help_counter(store, ids[0]), 1);
	CU_ASSERT_EQUAL(help_counter(store, ids[1]), 2);
	CU_ASSERT_EQUAL(help_list_count(store), 2);
	CU_ASSERT_EQUAL(store_add(store, sets, 0, ids, NULL), CKR_ARGUMENTS_BAD);
	CU_ASSERT_EQUAL(store_add(store, sets, STORE_ADD_MAX + 1, ids, NULL), CKR_ARGUMENTS_BAD);
	CU_ASSERT_EQUAL(help_list_count(store), 2);
	attrset_free(public_key);
	attrset_free(private_key);
}

static void ids_stay(void)
{
	uint64_t ids[6], *list = NULL;
	size_t count = 0;

	for (size_t i = 0; i < ARRAY_LEN(ids); i++) {
		ids[i] = help_add(store, i);
		CU_ASSERT(i == 0 || ids[i] > ids[i - 1]);
	}
	CU_ASSERT_EQUAL(store_remove(store, ids[0]), CKR_OK);
	CU_ASSERT_EQUAL(store_remove(store, ids[3]), CKR_OK);
	CU_ASSERT_EQUAL(store_remove(store, ids[3]), CKR_OBJECT_HANDLE_INVALID);
	CU_ASSERT_EQUAL(load_code(ids[3]), CKR_OBJECT_HANDLE_INVALID);
	CU_ASSERT_EQUAL_FATAL(store_list(store, &list, &count), CKR_OK);
	CU_ASSERT_EQUAL_FATAL(count, 4);
	CU_ASSERT(list[0] == ids[1] && list[1] == ids[2] && list[2] == ids[4] && list[3] == ids[5]);
	for (size_t i = 0; i < count; i++)
		CU_ASSERT_EQUAL(ids[help_counter(store, list[i])], list[i]);
	CU_ASSERT(help_add(store, 9) > ids[5]);
	free(list);
}

/* What it does, and what it says. */
struct edit_plan {
	CK_RV rv;
	bool change;
};

static CK_RV planned_edit(struct attrset *s, bool *changed, void *arg)
{
	const struct edit_plan *plan = arg;
	CK_RV rv = help_count(s, changed, NULL);

	*changed = plan->change;
	return rv == CKR_OK ? plan->rv : rv;
}

static const struct edit_row {
	struct edit_plan plan;
	uint64_t counter;	/* afterwards */
} edit_rows[] = {
	{ { CKR_OK, true }, 8 },
	{ { CKR_OK, false }, 8 },
	{ { CKR_ATTRIBUTE_READ_ONLY, true }, 8 },
	{ { CKR_OK, true }, 9 },
};

static void edits(void)
{
	uint64_t id = help_add(store, 7);
	struct store_stamp stamp;
	struct attrset *s = NULL;
	bool same = false;

	for (size_t i = 0; i < ARRAY_LEN(edit_rows); i++) {
		struct edit_plan plan = edit_rows[i].plan;

		CU_ASSERT_EQUAL_FATAL(store_load(store, id, &s, &stamp), CKR_OK);
		attrset_free(s);
		CU_ASSERT_EQUAL(store_edit_object(store, id, planned_edit, &plan, NULL, NULL),
				plan.rv);
		CU_ASSERT_EQUAL(help_counter(store, id), edit_rows[i].counter);
		CU_ASSERT_EQUAL(store_same(store, id, &stamp, &same), CKR_OK);
		CU_ASSERT_EQUAL(same, !(plan.rv == CKR_OK && plan.change));
	}
	CU_ASSERT_EQUAL(store_remove(store, id), CKR_OK);
	CU_ASSERT_EQUAL(store_same(store, id, &stamp, &same), CKR_OK);
	CU_ASSERT_FALSE(same);
	CU_ASSERT_EQUAL(store_edit_object(store, id, help_count, NULL, NULL, NULL),
			CKR_OBJECT_HANDLE_INVALID);
}

static bool half_a_second_since(const struct timespec *t)
{
	struct timespec now;
	double seconds;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	seconds = (double)(now.tv_sec - t->tv_sec) + 1e-9 * (double)(now.tv_nsec - t->tv_nsec);
	return seconds > 0.5;
}

/*
 * Is all that the poll tells to be expected, after a change of our own? A store may tell just that
 * change, and once a second it may want to be sure.
 */
static bool tells_own(uint64_t id, const struct timespec *start)
{
	enum store_news news = STORE_QUIET;
	uint64_t *ids = NULL;
	size_t count = 0;
	bool good;

	CU_ASSERT_EQUAL(store_poll(store, true, &news, &ids, &count), CKR_OK);
	good = news == STORE_SOME ? count == 1 && ids[0] == id :
				    news != STORE_ALL || half_a_second_since(start);
	free(ids);
	return good;
}

static void own_changes(void)
{
	struct timespec start;
	uint64_t id;

	(void)clock_gettime(CLOCK_MONOTONIC, &start);
	CU_ASSERT_EQUAL(help_list_count(store), 0);
	CU_ASSERT_TRUE(tells_own(0, &start));
	id = help_add(store, 1);
	CU_ASSERT_TRUE(tells_own(id, &start));
	CU_ASSERT_EQUAL(store_edit_object(store, id, help_count, NULL, NULL, NULL), CKR_OK);
	CU_ASSERT_TRUE(tells_own(id, &start));
	CU_ASSERT_EQUAL(store_remove(store, id), CKR_OK);
	CU_ASSERT_TRUE(tells_own(id, &start));
	CU_ASSERT_EQUAL(help_list_count(store), 0);
	CU_ASSERT_TRUE(tells_own(0, &start));
}

static void first_list(void)
{
	(void)help_add(store, 1);
	CU_ASSERT_TRUE(help_changed(store));
	CU_ASSERT_EQUAL(help_list_count(store), 1);
	CU_ASSERT_FALSE(help_changed(store));
}

static void clear(void)
{
	uint64_t id = help_add(store, 1);

	(void)help_add(store, 2);
	CU_ASSERT_EQUAL(store_clear(store), CKR_OK);
	CU_ASSERT_EQUAL(help_list_count(store), 0);
	CU_ASSERT_EQUAL(load_code(id), CKR_OBJECT_HANDLE_INVALID);
	CU_ASSERT(help_add(store, 3) > id);
	CU_ASSERT_EQUAL(help_list_count(store), 1);
}

static CK_RV set_flags(struct attrset *s, bool *changed, void *arg)
{
	*changed = true;
	return attrset_set_number(s, 0x8000534BUL, *(const uint64_t *)arg);
}

static void token_data(void)
{
	struct attrset *s = NULL;
	uint64_t flags = 0x1234;

	if (dir == NULL) {
		CU_ASSERT_EQUAL(store_token_load(store, &s), CKR_TOKEN_NOT_RECOGNIZED);
		CU_ASSERT_EQUAL(store_token_edit(store, set_flags, &flags),
				CKR_TOKEN_NOT_RECOGNIZED);
		return;
	}
	CU_ASSERT_EQUAL_FATAL(store_token_load(store, &s), CKR_OK);
	CU_ASSERT_EQUAL(attrset_number(s, 0x8000534BUL, 0), 0x42d);
	attrset_free(s);
	CU_ASSERT_EQUAL(store_token_edit(store, set_flags, &flags), CKR_OK);
	CU_ASSERT_EQUAL(store_clear(store), CKR_OK);
	CU_ASSERT_EQUAL_FATAL(store_token_load(store, &s), CKR_OK);
	CU_ASSERT_EQUAL(attrset_number(s, 0x8000534BUL, 0), flags);
	attrset_free(s);
	CU_ASSERT_EQUAL(help_list_count(store), 0);
}

static void opened_again(void)
{
	const struct store_backend *b;
	struct store *other = NULL;
	uint64_t *ids = NULL;
	size_t count = 0;

	if (dir == NULL)
		return;
	b = store_backend_find(kind->backend);
	CU_ASSERT_STRING_EQUAL(store_backend_name(b), kind->backend);
	(void)help_add(store, 41);
	CU_ASSERT_EQUAL_FATAL(store_open(b, dir, 077, &other), CKR_OK);
	CU_ASSERT_EQUAL_FATAL(store_list(other, &ids, &count), CKR_OK);
	CU_ASSERT_EQUAL_FATAL(count, 1);
	CU_ASSERT_EQUAL(help_counter(other, ids[0]), 41);
	store_close(other);
	free(ids);
}

#define THREADS 4
#define ROUNDS 15

struct shared {
	uint64_t id;
	const struct attrset *attrs;	/* made beforehand: CUnit belongs to the main thread */
	unsigned int failures[THREADS];
	atomic_uint next;
};

/* One object that all count up, and one of its own. */
static void *work(void *arg)
{
	struct shared *shared = arg;
	unsigned int *failures = &shared->failures[atomic_fetch_add(&shared->next, 1)];

	for (int i = 0; i < ROUNDS; i++) {
		const struct attrset *sets[] = { shared->attrs };
		struct attrset *loaded = NULL;
		uint64_t id = 0;
		bool changed;

		*failures += store_edit_object(store, shared->id, help_count, NULL, NULL, NULL) !=
			     CKR_OK;
		*failures += store_add(store, sets, 1, &id, NULL) != CKR_OK;
		*failures += help_poll(store, &changed) != CKR_OK;
		*failures += store_load(store, shared->id, &loaded, NULL) != CKR_OK;
		*failures += loaded == NULL || !help_is_whole(loaded);
		*failures += store_remove(store, id) != CKR_OK;
		attrset_free(loaded);
	}
	return NULL;
}

static void threads(void)
{
	struct attrset *attrs = help_object(HELP_LABEL, 1);
	struct shared shared = { .id = help_add(store, 0), .attrs = attrs };
	pthread_t thread[THREADS];

	for (size_t i = 0; i < THREADS; i++)
		CU_ASSERT_EQUAL_FATAL(pthread_create(&thread[i], NULL, work, &shared), 0);
	for (size_t i = 0; i < THREADS; i++) {
		CU_ASSERT_EQUAL(pthread_join(thread[i], NULL), 0);
		CU_ASSERT_EQUAL(shared.failures[i], 0);
	}
	CU_ASSERT_EQUAL(help_counter(store, shared.id), THREADS * ROUNDS);
	CU_ASSERT_EQUAL(help_list_count(store), 1);
	attrset_free(attrs);
}

/* More comings and goings than objects at any time. */
static void turnover(void)
{
	uint64_t ids[8], *list = NULL;
	size_t count = 0;

	for (size_t i = 0; i < ARRAY_LEN(ids); i++)
		ids[i] = help_add(store, i);
	for (size_t i = 0; i < 40; i++) {
		size_t which = i * 5 % ARRAY_LEN(ids);

		CU_ASSERT_EQUAL(store_remove(store, ids[which]), CKR_OK);
		ids[which] = help_add(store, which);
	}
	CU_ASSERT_EQUAL_FATAL(store_list(store, &list, &count), CKR_OK);
	CU_ASSERT_EQUAL(count, ARRAY_LEN(ids));
	for (size_t i = 0; i < count; i++) {
		CU_ASSERT(i == 0 || list[i] > list[i - 1]);
		CU_ASSERT_EQUAL(ids[help_counter(store, list[i])], list[i]);
	}
	free(list);
}

/* What is refused leaves nothing behind */

static CK_RV set_too_many(struct attrset *s, bool *changed, void *arg)
{
	CK_RV rv = CKR_OK;

	(void)arg;
	*changed = true;
	for (size_t i = 0; i <= FILE_ATTRS_MAX && rv == CKR_OK; i++)
		rv = attrset_set_flag(s, 0x70000000 + i, true);
	return rv;
}

static CK_RV remove_all(struct attrset *s, bool *changed, void *arg)
{
	(void)arg;
	*changed = true;
	while (s->count > 0)
		attrset_remove(s, s->items[0].type);
	return CKR_OK;
}

static void rollback(void)
{
	struct attrset *good = help_object(HELP_LABEL, 1), *bad = attrset_new(false);
	const struct attrset *sets[] = { good, bad };
	uint64_t id, ids[2] = { 0, 0 };
	struct store_stamp stamp;
	struct attrset *s = NULL;
	bool same = false, changed = true;

	if (dir == NULL) {	/* memory takes anything */
		attrset_free(good);
		attrset_free(bad);
		return;
	}
	id = help_add(store, 5);
	CU_ASSERT_EQUAL(help_list_count(store), 1);
	CU_ASSERT_EQUAL(store_add(store, sets, 2, ids, NULL), CKR_GENERAL_ERROR);
	CU_ASSERT_EQUAL(set_too_many(bad, &changed, NULL), CKR_OK);
	CU_ASSERT_EQUAL(store_add(store, sets, 2, ids, NULL), CKR_DEVICE_MEMORY);
	CU_ASSERT_EQUAL(help_list_count(store), 1);
	CU_ASSERT_EQUAL_FATAL(store_load(store, id, &s, &stamp), CKR_OK);
	attrset_free(s);
	CU_ASSERT_EQUAL(store_edit_object(store, id, set_too_many, NULL, NULL, NULL),
			CKR_DEVICE_MEMORY);
	CU_ASSERT_EQUAL(store_edit_object(store, id, remove_all, NULL, NULL, NULL),
			CKR_GENERAL_ERROR);
	CU_ASSERT_EQUAL(store_token_edit(store, set_too_many, NULL), CKR_DEVICE_MEMORY);
	CU_ASSERT_EQUAL(store_same(store, id, &stamp, &same), CKR_OK);
	CU_ASSERT_TRUE(same);
	CU_ASSERT_EQUAL(help_counter(store, id), 5);
	CU_ASSERT(help_add(store, 6) > id);
	attrset_free(good);
	attrset_free(bad);
}

/* Attributes that come, go and change their kind. */
static CK_RV reshape(struct attrset *s, bool *changed, void *arg)
{
	CK_RV rv = attrset_set_number(s, CKA_LABEL, 77);

	(void)arg;
	*changed = true;
	attrset_remove(s, CKA_TOKEN);
	if (rv == CKR_OK)
		rv = attrset_set_bytes(s, HELP_COUNTER, "bytes", 5);
	return rv == CKR_OK ? attrset_set_flag(s, CKA_SENSITIVE, true) : rv;
}

static void reshaped(void)
{
	uint64_t id = help_add(store, 1);
	struct attrset *given = NULL, *loaded = NULL;
	struct store_stamp stamp, loaded_stamp;
	bool same = false;

	CU_ASSERT_EQUAL_FATAL(store_edit_object(store, id, reshape, NULL, &given, &stamp), CKR_OK);
	CU_ASSERT_EQUAL_FATAL(store_load(store, id, &loaded, &loaded_stamp), CKR_OK);
	CU_ASSERT_EQUAL(store_same(store, id, &stamp, &same), CKR_OK);
	CU_ASSERT_TRUE(same);
	CU_ASSERT_EQUAL_FATAL(loaded->count, 5);
	CU_ASSERT_EQUAL_FATAL(given->count, 5);
	for (size_t i = 0; i < loaded->count; i++)
		CU_ASSERT_TRUE(attr_equal(&given->items[i], &loaded->items[i]));
	CU_ASSERT_EQUAL(attrset_number(loaded, CKA_LABEL, 0), 77);
	CU_ASSERT_PTR_NULL(attrset_get(loaded, CKA_TOKEN));
	CU_ASSERT_TRUE(attrset_flag(loaded, CKA_SENSITIVE, false));
	attrset_free(given);
	attrset_free(loaded);
}

/* Others */

static struct store *open_again(void)
{
	struct store *s = NULL;

	CU_ASSERT_EQUAL_FATAL(store_open(store_backend_find(kind->backend), dir, 077, &s), CKR_OK);
	return s;
}

/* Polls until the store tells of something; it may be told of the same more than once. */
static void hears(struct store *s, size_t objects)
{
	CU_ASSERT_TRUE(help_changed(s));
	CU_ASSERT_EQUAL(help_list_count(s), objects);
}

static void second_store(void)
{
	struct store *other;
	struct store_stamp stamp;
	struct attrset *s = NULL;
	uint64_t id, theirs;
	bool same = true;

	if (dir == NULL)
		return;
	other = open_again();
	CU_ASSERT_EQUAL(help_list_count(other), 0);
	CU_ASSERT_EQUAL(help_list_count(store), 0);
	id = help_add(store, 5);
	hears(other, 1);
	theirs = help_last_id(other);
	CU_ASSERT_EQUAL(help_counter(other, theirs), 5);
	CU_ASSERT_EQUAL_FATAL(store_load(store, id, &s, &stamp), CKR_OK);
	attrset_free(s);
	CU_ASSERT_EQUAL(store_edit_object(other, theirs, help_count, NULL, NULL, NULL), CKR_OK);
	CU_ASSERT_EQUAL(store_same(store, id, &stamp, &same), CKR_OK);
	CU_ASSERT_FALSE(same);
	hears(store, 1);
	CU_ASSERT_EQUAL(help_counter(store, id), 6);
	CU_ASSERT_EQUAL(store_remove(other, theirs), CKR_OK);
	hears(store, 0);
	CU_ASSERT_EQUAL(help_load_code(store, id), CKR_OBJECT_HANDLE_INVALID);
	CU_ASSERT_EQUAL(store_remove(store, id), CKR_OBJECT_HANDLE_INVALID);
	store_close(other);
}

static uint64_t token_flags(struct store *s)
{
	struct attrset *attrs = NULL;
	uint64_t flags;

	CU_ASSERT_EQUAL_FATAL(store_token_load(s, &attrs), CKR_OK);
	flags = attrset_number(attrs, 0x8000534BUL, 0);
	attrset_free(attrs);
	return flags;
}

/* The token's own data are read each time, so that a PIN counts from the next login on. */
static void second_token_data(void)
{
	struct store *other;
	uint64_t flags = 7;

	if (dir == NULL)
		return;
	other = open_again();
	CU_ASSERT_EQUAL(token_flags(other), 0x42d);
	CU_ASSERT_EQUAL(store_token_edit(store, set_flags, &flags), CKR_OK);
	CU_ASSERT_EQUAL(token_flags(other), 7);
	store_close(other);
}

/* In a process of its own: counts the object up, and adds one. */
static int child_changes(struct store *s, uint64_t id)
{
	struct attrset *attrs = attrset_new(false);
	const struct attrset *sets[] = { attrs };
	uint64_t *ids = NULL;
	size_t count = 0;
	CK_RV rv = attrset_set_flag(attrs, CKA_TOKEN, true);

	if (rv == CKR_OK)
		rv = store_list(s, &ids, &count);
	free(ids);
	for (int i = 0; i < 10 && rv == CKR_OK; i++)
		rv = store_edit_object(s, id, help_count, NULL, NULL, NULL);
	if (rv == CKR_OK)
		rv = store_add(s, sets, 1, &id, NULL);
	attrset_free(attrs);
	return rv == CKR_OK && count == 1 ? 0 : 1;
}

/* The child goes on with the store that it inherits, and both write at the same time. */
static void forked(void)
{
	uint64_t id = help_add(store, 0);
	int status = -1;
	pid_t pid;

	if (dir == NULL)
		return;
	CU_ASSERT_EQUAL(help_list_count(store), 1);
	store_fork_prepare(store);
	pid = fork();
	if (pid == 0) {
		store_fork_child(store);
		_exit(child_changes(store, id));
	}
	store_fork_parent(store);
	CU_ASSERT_TRUE_FATAL(pid > 0);
	for (int i = 0; i < 10; i++)
		CU_ASSERT_EQUAL(store_edit_object(store, id, help_count, NULL, NULL, NULL), CKR_OK);
	CU_ASSERT_EQUAL_FATAL(waitpid(pid, &status, 0), pid);
	CU_ASSERT_EQUAL(status, 0);
	hears(store, 2);
	CU_ASSERT_EQUAL(help_counter(store, id), 20);
}

static void damaged(void)
{
	struct store *other;
	uint64_t id, *ids = NULL;
	size_t count = 0;

	if (dir == NULL)
		return;
	(void)help_add(store, 1);
	kind->damage(dir);
	other = open_again();
	CU_ASSERT_EQUAL_FATAL(store_list(other, &ids, &count), CKR_OK);
	CU_ASSERT_EQUAL_FATAL(count, 1);
	CU_ASSERT_EQUAL(help_load_code(other, ids[0]), CKR_DATA_INVALID);
	CU_ASSERT_EQUAL(help_load_code(other, ids[0]), CKR_DATA_INVALID);
	CU_ASSERT_EQUAL(store_edit_object(other, ids[0], help_count, NULL, NULL, NULL),
			CKR_DATA_INVALID);
	id = help_add(other, 2);
	CU_ASSERT_EQUAL(help_counter(other, id), 2);
	CU_ASSERT_EQUAL(store_remove(other, ids[0]), CKR_OK);
	CU_ASSERT_EQUAL(help_list_count(other), 1);
	free(ids);
	store_close(other);
}

/* Modes */

static void umasks(void)
{
	struct attrset *token = help_token_attrs();
	mode_t old = umask(0);
	struct store *s = NULL;

	if (dir != NULL) {
		store_close(store);
		CU_ASSERT_EQUAL(store_delete(store_backend_find(kind->backend), dir), CKR_OK);
		store = NULL;
		CU_ASSERT_EQUAL_FATAL(store_create(store_backend_find(kind->backend), dir, 027,
						   token, &s), CKR_OK);
		(void)help_add(s, 1);
		help_has_mode(dir, 0750);
		help_each_file(dir, help_has_mode, 0640);
		store_close(s);
	}
	(void)umask(old);
	attrset_free(token);
}

static void read_only(void)
{
	struct help_token t = { .root = root, .dir = dir, .backend = kind->backend };

	if (dir == NULL)
		return;
	(void)help_add(store, 3);
	help_each_file(dir, help_set_mode, 0444);
	help_set_mode(dir, 0555);
	CU_ASSERT_EQUAL(help_as_nobody(help_use_read_only, &t), 0);
	help_each_file(dir, help_set_mode, 0666);	/* the directory alone is enough */
	CU_ASSERT_EQUAL(help_as_nobody(help_use_read_only, &t), 0);
	help_set_mode(dir, 0755);
	help_each_file(dir, help_set_mode, 0644);
	CU_ASSERT_EQUAL(help_list_count(store), 1);
}

#define CONTRACT_TEST(name) \
	static void test_##name(void) \
	{ \
		with_every_kind(name); \
	}

CONTRACT_TEST(empty)
CONTRACT_TEST(add_and_load)
CONTRACT_TEST(add_a_pair)
CONTRACT_TEST(ids_stay)
CONTRACT_TEST(edits)
CONTRACT_TEST(own_changes)
CONTRACT_TEST(first_list)
CONTRACT_TEST(clear)
CONTRACT_TEST(token_data)
CONTRACT_TEST(opened_again)
CONTRACT_TEST(threads)
CONTRACT_TEST(turnover)
CONTRACT_TEST(rollback)
CONTRACT_TEST(reshaped)
CONTRACT_TEST(second_store)
CONTRACT_TEST(second_token_data)
CONTRACT_TEST(forked)
CONTRACT_TEST(damaged)
CONTRACT_TEST(umasks)
CONTRACT_TEST(read_only)

static void test_backends(void)
{
	CU_ASSERT_PTR_NOT_NULL(store_backend_find("file"));
	CU_ASSERT_PTR_NULL(store_backend_find("memory"));
	CU_ASSERT_PTR_NULL(store_backend_find("File"));
	CU_ASSERT_PTR_NULL(store_backend_find(""));
	store_close(NULL);
}

static const struct unit_test tests[] = {
	UNIT_TEST(test_empty),
	UNIT_TEST(test_add_and_load),
	UNIT_TEST(test_add_a_pair),
	UNIT_TEST(test_ids_stay),
	UNIT_TEST(test_edits),
	UNIT_TEST(test_own_changes),
	UNIT_TEST(test_first_list),
	UNIT_TEST(test_clear),
	UNIT_TEST(test_token_data),
	UNIT_TEST(test_opened_again),
	UNIT_TEST(test_threads),
	UNIT_TEST(test_turnover),
	UNIT_TEST(test_rollback),
	UNIT_TEST(test_reshaped),
	UNIT_TEST(test_second_store),
	UNIT_TEST(test_second_token_data),
	UNIT_TEST(test_forked),
	UNIT_TEST(test_damaged),
	UNIT_TEST(test_umasks),
	UNIT_TEST(test_read_only),
	UNIT_TEST(test_backends),
};

int main(void)
{
	return UNIT_RUN("store", tests);
}
