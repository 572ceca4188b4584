#include "config.h"

#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/lock.h"
#include "common/log.h"
#include "unit/unit.h"

/* The application's mutexes: counted, and made to fail on demand. */
static struct {
	int created, destroyed, locked, unlocked;
	CK_RV answer;		/* of every call */
	bool give_null;
} calls;

struct app_mutex {
	int held;
};

static CK_RV app_create(CK_VOID_PTR_PTR mutex)
{
	calls.created++;
	if (calls.answer != CKR_OK)
		return calls.answer;
	*mutex = calls.give_null ? NULL : calloc(1, sizeof(struct app_mutex));
	return CKR_OK;
}

static CK_RV app_destroy(CK_VOID_PTR mutex)
{
	calls.destroyed++;
	free(mutex);
	return calls.answer;
}

static CK_RV app_lock(CK_VOID_PTR mutex)
{
	calls.locked++;
	((struct app_mutex *)mutex)->held++;
	return calls.answer;
}

static CK_RV app_unlock(CK_VOID_PTR mutex)
{
	calls.unlocked++;
	((struct app_mutex *)mutex)->held--;
	return calls.answer;
}

static const CK_C_INITIALIZE_ARGS all_four = {
	.CreateMutex = app_create,
	.DestroyMutex = app_destroy,
	.LockMutex = app_lock,
	.UnlockMutex = app_unlock,
};

static void forget_calls(void)
{
	memset(&calls, 0, sizeof(calls));
}

static int reserved;

/* What lock_configure says, and whether a lock made afterwards is the application's. */
static const struct {
	CK_C_INITIALIZE_ARGS args;
	CK_RV rv;
	bool app;
} configurations[] = {
	{ { .flags = 0 }, CKR_OK, false },
	{ { .flags = CKF_OS_LOCKING_OK }, CKR_OK, false },
	{ { .flags = CKF_LIBRARY_CANT_CREATE_OS_THREADS }, CKR_OK, false },
	{ { app_create, app_destroy, app_lock, app_unlock, 0, NULL }, CKR_OK, true },
	{ { app_create, app_destroy, app_lock, app_unlock, CKF_OS_LOCKING_OK, NULL },
	  CKR_OK,
	  true },
	{ { app_create, app_destroy, app_lock, app_unlock, 0, &reserved },
	  CKR_ARGUMENTS_BAD,
	  false },
	{ { .pReserved = &reserved }, CKR_ARGUMENTS_BAD, false },
	{ { .flags = CKF_OS_LOCKING_OK, .pReserved = &reserved }, CKR_ARGUMENTS_BAD, false },
};

static bool makes_app_locks(void)
{
	struct lock l;
	bool app;

	CU_ASSERT_EQUAL_FATAL(lock_init(&l), CKR_OK);
	app = l.app != NULL;
	lock_take(&l);
	lock_drop(&l);
	lock_destroy(&l);
	return app;
}

static void test_configure(void)
{
	size_t i;

	for (i = 0; i < ARRAY_LEN(configurations); i++) {
		CU_ASSERT_EQUAL(lock_configure(NULL), CKR_OK);
		CU_ASSERT_EQUAL(lock_configure(&configurations[i].args), configurations[i].rv);
		CU_ASSERT_EQUAL(makes_app_locks(), configurations[i].app);
	}
	CU_ASSERT_EQUAL(lock_configure(NULL), CKR_OK);
}

/* Every incomplete choice of callbacks is refused, and what was chosen before stays. */
static void test_some_callbacks(void)
{
	CK_C_INITIALIZE_ARGS args;
	int choice;

	for (choice = 1; choice < 15; choice++) {
		args = (CK_C_INITIALIZE_ARGS){ .flags = CKF_OS_LOCKING_OK };
		args.CreateMutex = choice & 1 ? app_create : NULL;
		args.DestroyMutex = choice & 2 ? app_destroy : NULL;
		args.LockMutex = choice & 4 ? app_lock : NULL;
		args.UnlockMutex = choice & 8 ? app_unlock : NULL;
		CU_ASSERT_EQUAL(lock_configure(&all_four), CKR_OK);
		CU_ASSERT_EQUAL(lock_configure(&args), CKR_ARGUMENTS_BAD);
		CU_ASSERT_TRUE(makes_app_locks());
		CU_ASSERT_EQUAL(lock_configure(NULL), CKR_OK);
		CU_ASSERT_EQUAL(lock_configure(&args), CKR_ARGUMENTS_BAD);
		CU_ASSERT_FALSE(makes_app_locks());
	}
}

static void test_counted(void)
{
	struct lock a, b;
	int i;

	forget_calls();
	CU_ASSERT_EQUAL(lock_configure(&all_four), CKR_OK);
	CU_ASSERT_EQUAL(lock_init(&a), CKR_OK);
	CU_ASSERT_EQUAL(lock_init(&b), CKR_OK);
	CU_ASSERT_EQUAL(calls.created, 2);
	CU_ASSERT_PTR_NOT_EQUAL(a.app, b.app);
	for (i = 0; i < 3; i++) {
		lock_take(&a);
		lock_take(&b);
		CU_ASSERT_EQUAL(((struct app_mutex *)a.app)->held, 1);
		lock_drop(&b);
		lock_drop(&a);
		CU_ASSERT_EQUAL(((struct app_mutex *)a.app)->held, 0);
	}
	CU_ASSERT(calls.locked == 6 && calls.unlocked == 6 && calls.destroyed == 0);
	/* pthreads chosen in between: these two stay the application's */
	CU_ASSERT_EQUAL(lock_configure(NULL), CKR_OK);
	CU_ASSERT_FALSE(makes_app_locks());
	lock_take(&a);
	lock_drop(&a);
	lock_destroy(&a);
	lock_destroy(&b);
	CU_ASSERT(calls.created == 2 && calls.destroyed == 2 && calls.locked == 7 &&
	          calls.unlocked == 7);
}

static const struct {
	CK_RV answer;
	bool give_null;
	CK_RV rv;
} creations[] = {
	{ CKR_HOST_MEMORY, false, CKR_HOST_MEMORY },
	{ CKR_GENERAL_ERROR, false, CKR_CANT_LOCK },
	{ CKR_VENDOR_DEFINED | 5, false, CKR_CANT_LOCK },
	{ CKR_OK, true, CKR_CANT_LOCK },
};

static void test_create_fails(void)
{
	struct lock l;
	size_t i;

	CU_ASSERT_EQUAL(lock_configure(&all_four), CKR_OK);
	for (i = 0; i < ARRAY_LEN(creations); i++) {
		forget_calls();
		calls.answer = creations[i].answer;
		calls.give_null = creations[i].give_null;
		CU_ASSERT_EQUAL(lock_init(&l), creations[i].rv);
		CU_ASSERT(calls.created == 1 && calls.destroyed == 0);
	}
	CU_ASSERT_EQUAL(lock_configure(NULL), CKR_OK);
}

static size_t count_text(const char *text, const char *what)
{
	size_t n = 0;

	while ((text = strstr(text, what)) != NULL) {
		text += strlen(what);
		n++;
	}
	return n;
}

/* The callbacks fail: each time one line is logged, and the caller goes on. */
static void test_calls_fail(void)
{
	char *dir = unit_make_dir();
	char *path = unit_write_file(dir, "log", "", 0);
	char *text;
	struct lock l;

	log_open(LEVEL_DEBUG, path);
	CU_ASSERT_EQUAL(lock_configure(&all_four), CKR_OK);
	forget_calls();
	CU_ASSERT_EQUAL_FATAL(lock_init(&l), CKR_OK);
	calls.answer = CKR_MUTEX_BAD;
	lock_take(&l);
	lock_drop(&l);
	lock_destroy(&l);
	log_close();
	CU_ASSERT(calls.locked == 1 && calls.unlocked == 1 && calls.destroyed == 1);
	text = unit_read_file(path, NULL);
	CU_ASSERT_EQUAL(count_text(text, "\n"), 3);
	CU_ASSERT_EQUAL(count_text(text, "ERROR: lock.c("), 3);
	CU_ASSERT_EQUAL(count_text(text, "LockMutex failed: 0x1a0\n"), 1);
	CU_ASSERT_EQUAL(count_text(text, "UnlockMutex failed: 0x1a0\n"), 1);
	CU_ASSERT_EQUAL(count_text(text, "DestroyMutex failed: 0x1a0\n"), 1);
	CU_ASSERT_EQUAL(lock_configure(NULL), CKR_OK);
	free(text);
	free(path);
	unit_remove_dir(dir);
}

static struct lock shared = LOCK_STATIC;
static long counted;

static void *count_up(void *arg)
{
	int i;

	(void)arg;
	for (i = 0; i < 20000; i++) {
		lock_take(&shared);
		counted++;
		lock_drop(&shared);
	}
	return NULL;
}

static void check_exclusion(void)
{
	pthread_t threads[4];
	size_t i;

	counted = 0;
	for (i = 0; i < ARRAY_LEN(threads); i++)
		CU_ASSERT_EQUAL_FATAL(pthread_create(&threads[i], NULL, count_up, NULL), 0);
	for (i = 0; i < ARRAY_LEN(threads); i++)
		(void)pthread_join(threads[i], NULL);
	CU_ASSERT_EQUAL(counted, 80000);
}

static void test_exclusion(void)
{
	check_exclusion();	/* as initialised statically */
	CU_ASSERT_EQUAL_FATAL(lock_init(&shared), CKR_OK);
	check_exclusion();
	lock_destroy(&shared);
}

/* A lock that is held when the process forks is free in the child after lock_reset. */
static int child_of_fork(struct lock *l)
{
	int status = -1;
	pid_t pid;

	lock_take(l);
	pid = fork();
	if (pid == 0) {
		alarm(10);
		lock_reset(l);
		lock_take(l);
		lock_drop(l);
		lock_take(l);
		lock_drop(l);
		_exit(0);
	}
	(void)waitpid(pid, &status, 0);
	lock_drop(l);
	return status;
}

static void test_reset(void)
{
	static struct lock fixed = LOCK_STATIC;
	struct lock l;

	CU_ASSERT_EQUAL(child_of_fork(&fixed), 0);
	CU_ASSERT_EQUAL_FATAL(lock_init(&l), CKR_OK);
	CU_ASSERT_EQUAL(child_of_fork(&l), 0);
	lock_destroy(&l);
}

static void test_reset_app(void)
{
	struct lock l;
	void *old;

	forget_calls();
	CU_ASSERT_EQUAL(lock_configure(&all_four), CKR_OK);
	CU_ASSERT_EQUAL_FATAL(lock_init(&l), CKR_OK);
	old = l.app;
	lock_take(&l);
	lock_reset(&l);
	CU_ASSERT(l.app != NULL && l.app != old && calls.created == 2);
	free(old);
	old = l.app;
	/* no new one to be had: it becomes a pthread mutex */
	calls.answer = CKR_HOST_MEMORY;
	lock_reset(&l);
	CU_ASSERT_PTR_NULL(l.app);
	free(old);
	lock_take(&l);
	lock_drop(&l);
	CU_ASSERT_EQUAL(calls.locked, 1);
	lock_destroy(&l);
	CU_ASSERT_EQUAL(calls.destroyed, 0);
	CU_ASSERT_EQUAL(lock_configure(NULL), CKR_OK);
}

static const struct unit_test tests[] = {
	UNIT_TEST(test_configure),
	UNIT_TEST(test_some_callbacks),
	UNIT_TEST(test_counted),
	UNIT_TEST(test_create_fails),
	UNIT_TEST(test_calls_fail),
	UNIT_TEST(test_exclusion),
	UNIT_TEST(test_reset),
	UNIT_TEST(test_reset_app),
};

int main(void)
{
	return UNIT_RUN("lock", tests);
}
