/*
 * Mutexes: the application's own (CK_C_INITIALIZE_ARGS, PKCS#11 2.40 section 5.4) or pthreads.
 *
 * Order in which locks are taken: module -> session -> token -> object table -> store -> leaf
 * (secmem, log, ossl). Never the other way, and none is held while another library may call
 * back into this one.
 */
#ifndef COMMON_LOCK_H
#define COMMON_LOCK_H

#include <pthread.h>

#include "common/base.h"

struct lock {
	pthread_mutex_t mutex;
	void *app;		/* the application's mutex, or NULL: then mutex is used */
};

/*
 * A lock for static data, needed before C_Initialize and between its runs; always a pthread
 * mutex.
 */
#define LOCK_STATIC { PTHREAD_ADAPTIVE_MUTEX_INITIALIZER_NP, NULL }

/*
 * Chooses what lock_init makes from now on. args may be NULL. All four callbacks given: they
 * are used; none given: pthread mutexes. Some but not all, or pReserved set: CKR_ARGUMENTS_BAD,
 * and nothing changes.
 */
CK_RV lock_configure(const CK_C_INITIALIZE_ARGS *args) MUST_CHECK;

/* CKR_HOST_MEMORY or CKR_CANT_LOCK when the mutex cannot be made. */
CK_RV lock_init(struct lock *l) MUST_CHECK;
void lock_destroy(struct lock *l);

void lock_take(struct lock *l);
void lock_drop(struct lock *l);

/* Makes the lock usable, and free, in the child of a fork whatever its state in the parent was. */
void lock_reset(struct lock *l);

/*
 * The same for readers beside each other and one writer, who waits for no reader that came later.
 * With the application's mutexes everybody is alone. Who reads must not take the lock again.
 */
struct rwlock {
	pthread_rwlock_t rwlock;
	void *app;
};

CK_RV rwlock_init(struct rwlock *l) MUST_CHECK;
void rwlock_destroy(struct rwlock *l);

void rwlock_read(struct rwlock *l);
void rwlock_write(struct rwlock *l);
void rwlock_drop(struct rwlock *l);

void rwlock_reset(struct rwlock *l);

#endif
