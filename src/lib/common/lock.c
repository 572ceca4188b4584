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
	return pthread_mutex_init(&l->mutex, NULL) == 0 ? CKR_OK : CKR_CANT_LOCK;
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
	static const pthread_mutex_t fresh = PTHREAD_MUTEX_INITIALIZER;

	/*
	 * The old mutex may be held by a thread that is gone: neither unlocking nor destroying
	 * it would be right.
	 */
	if (l->app != NULL && app_create(&l->app) == CKR_OK)
		return;
	l->app = NULL;
	l->mutex = fresh;
}
