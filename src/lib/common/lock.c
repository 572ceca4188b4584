#include "config.h"

#include "common/lock.h"

#include "common/log.h"

/*
 * The application's functions stay known when pthreads are chosen again: a lock made with them
 * is still theirs. Written by C_Initialize alone, before there are locks that other threads
 * share.
 */
static struct {
	bool wanted;	/* lock_init asks the application */
	CK_CREATEMUTEX create;
	CK_DESTROYMUTEX destroy;
	CK_LOCKMUTEX lock;
	CK_UNLOCKMUTEX unlock;
} app;

/* Most are held for less time than it takes to sleep and wake up. */
static const pthread_mutex_t fresh_mutex = PTHREAD_ADAPTIVE_MUTEX_INITIALIZER_NP;
static const pthread_rwlock_t fresh_rwlock = PTHREAD_RWLOCK_WRITER_NONRECURSIVE_INITIALIZER_NP;

CK_RV lock_configure(const CK_C_INITIALIZE_ARGS *args)
{
	int given;

	if (args == NULL) {
		app.wanted = false;
		return CKR_OK;
	}
	given = (args->CreateMutex != NULL) + (args->DestroyMutex != NULL) +
		(args->LockMutex != NULL) + (args->UnlockMutex != NULL);
	if (args->pReserved != NULL || (given != 0 && given != 4))
		return CKR_ARGUMENTS_BAD;
	app.wanted = given == 4;
	if (app.wanted) {
		app.create = args->CreateMutex;
		app.destroy = args->DestroyMutex;
		app.lock = args->LockMutex;
		app.unlock = args->UnlockMutex;
	}
	return CKR_OK;
}

static CK_RV app_create(void **out)
{
	void *mutex = NULL;
	CK_RV rv = app.create(&mutex);

	if (rv != CKR_OK)
		return rv == CKR_HOST_MEMORY ? CKR_HOST_MEMORY : CKR_CANT_LOCK;
	/* NULL says "pthread" in struct lock, and is no mutex to hand back to anyone. */
	if (mutex == NULL)
		return CKR_CANT_LOCK;
	*out = mutex;
	return CKR_OK;
}

CK_RV lock_init(struct lock *l)
{
	l->app = NULL;
	if (app.wanted)
		return app_create(&l->app);
	l->mutex = fresh_mutex;
	return CKR_OK;
}

/* The data would be no safer for giving up here, so the call goes on. */
static void app_call(const char *name, CK_RV (*fn)(CK_VOID_PTR), void *mutex)
{
	CK_RV rv = fn(mutex);

	if (rv != CKR_OK)
		log_error("the application's %s failed: 0x%lx", name, rv);
}

void lock_destroy(struct lock *l)
{
	if (l->app != NULL)
		app_call("DestroyMutex", app.destroy, l->app);
	else
		(void)pthread_mutex_destroy(&l->mutex);
	l->app = NULL;
}

void lock_take(struct lock *l)
{
	if (l->app != NULL)
		app_call("LockMutex", app.lock, l->app);
	else
		(void)pthread_mutex_lock(&l->mutex);
}

void lock_drop(struct lock *l)
{
	if (l->app != NULL)
		app_call("UnlockMutex", app.unlock, l->app);
	else
		(void)pthread_mutex_unlock(&l->mutex);
}

void lock_reset(struct lock *l)
{
	/*
	 * The old mutex may be held by a thread that is gone: neither unlocking nor destroying
	 * it would be right.
	 */
	if (l->app != NULL && app_create(&l->app) == CKR_OK)
		return;
	l->app = NULL;
	l->mutex = fresh_mutex;
}

CK_RV rwlock_init(struct rwlock *l)
{
	pthread_rwlockattr_t attr;
	int err;

	l->app = NULL;
	if (app.wanted)
		return app_create(&l->app);
	if (pthread_rwlockattr_init(&attr) != 0)
		return CKR_CANT_LOCK;
	err = pthread_rwlockattr_setkind_np(&attr, PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP);
	if (err == 0)
		err = pthread_rwlock_init(&l->rwlock, &attr);
	(void)pthread_rwlockattr_destroy(&attr);
	return err == 0 ? CKR_OK : CKR_CANT_LOCK;
}

void rwlock_destroy(struct rwlock *l)
{
	if (l->app != NULL)
		app_call("DestroyMutex", app.destroy, l->app);
	else
		(void)pthread_rwlock_destroy(&l->rwlock);
	l->app = NULL;
}

void rwlock_read(struct rwlock *l)
{
	if (l->app != NULL)
		app_call("LockMutex", app.lock, l->app);
	else
		(void)pthread_rwlock_rdlock(&l->rwlock);
}

void rwlock_write(struct rwlock *l)
{
	if (l->app != NULL)
		app_call("LockMutex", app.lock, l->app);
	else
		(void)pthread_rwlock_wrlock(&l->rwlock);
}

void rwlock_drop(struct rwlock *l)
{
	if (l->app != NULL)
		app_call("UnlockMutex", app.unlock, l->app);
	else
		(void)pthread_rwlock_unlock(&l->rwlock);
}

void rwlock_reset(struct rwlock *l)
{
	if (l->app != NULL && app_create(&l->app) == CKR_OK)
		return;
	l->app = NULL;
	l->rwlock = fresh_rwlock;
}
