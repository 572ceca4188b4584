/*
 * A host of the module that ends in one of many ways: host MODULE PIN ENDING. The exit status is 7
 * when all went as meant, 1 when a call failed before the end.
 */
#include "config.h"

#include <dlfcn.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "pkcs11/pkcs11.h"

#define AS_MEANT 7
#define THREADS 4

static CK_FUNCTION_LIST *p11;
static void *module;
static char *pin;
static CK_SLOT_ID slot;
static CK_SESSION_HANDLE session;
static CK_OBJECT_HANDLE key;

static void need(const char *what, CK_RV rv)
{
	if (rv == CKR_OK)
		return;
	fprintf(stderr, "%s: 0x%lx\n", what, rv);
	_exit(1);
}

/* --- the usual life -------------------------------------------------------------- */

static void load(const char *file)
{
	CK_RV (*get_list)(CK_FUNCTION_LIST **);
	void *symbol;

	module = dlopen(file, RTLD_NOW | RTLD_LOCAL);
	symbol = module != NULL ? dlsym(module, "C_GetFunctionList") : NULL;
	if (symbol == NULL) {
		fprintf(stderr, "%s\n", dlerror());
		_exit(1);
	}
	memcpy(&get_list, &symbol, sizeof(get_list));
	need("C_GetFunctionList", get_list(&p11));
}

static void start(CK_C_INITIALIZE_ARGS *args)
{
	CK_SLOT_ID slots[2];	/* the token, and the free slot behind it */
	CK_ULONG count = 2;

	need("C_Initialize", p11->C_Initialize(args));
	need("C_GetSlotList", p11->C_GetSlotList(CK_TRUE, slots, &count));
	slot = slots[0];
	need("C_OpenSession", p11->C_OpenSession(slot, CKF_SERIAL_SESSION | CKF_RW_SESSION, NULL,
						 NULL, &session));
	need("C_Login", p11->C_Login(session, CKU_USER, (CK_UTF8CHAR_PTR)pin, strlen(pin)));
}

static CK_RV make_pair(CK_SESSION_HANDLE s, CK_OBJECT_HANDLE *private)
{
	static CK_BYTE p256[] = { 6, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 3, 1, 7 };
	CK_ATTRIBUTE params[] = { { CKA_EC_PARAMS, p256, sizeof(p256) } };
	CK_MECHANISM m = { CKM_EC_KEY_PAIR_GEN, NULL, 0 };
	CK_OBJECT_HANDLE public = 0;
	CK_RV rv = p11->C_GenerateKeyPair(s, &m, params, 1, NULL, 0, &public, private);

	return rv == CKR_OK ? p11->C_DestroyObject(s, public) : rv;
}

static CK_RV sign(CK_SESSION_HANDLE s, CK_OBJECT_HANDLE private)
{
	CK_MECHANISM m = { CKM_ECDSA, NULL, 0 };
	CK_BYTE hash[32] = { 1 }, out[64];
	CK_ULONG len = sizeof(out);
	CK_RV rv = p11->C_SignInit(s, &m, private);

	return rv == CKR_OK ? p11->C_Sign(s, hash, sizeof(hash), out, &len) : rv;
}

/* Ends amid an operation, if the ending is to come now. */
static void work(void)
{
	CK_MECHANISM m = { CKM_SHA256, NULL, 0 };

	need("make a key", make_pair(session, &key));
	need("sign", sign(session, key));
	need("C_DigestInit", p11->C_DigestInit(session, &m));
}

static void live(CK_C_INITIALIZE_ARGS *args)
{
	start(args);
	work();
}

static void finalise(void)
{
	need("C_Finalize", p11->C_Finalize(NULL));
}

static void unload(void)
{
	if (dlclose(module) != 0)
		_exit(1);
}

/* --- callbacks -------------------------------------------------------------------- */

static bool in_callback_ends;

static void end_in_callback(void)
{
	if (in_callback_ends)
		exit(AS_MEANT);
}

static CK_RV create_mutex(void **out)
{
	pthread_mutex_t *m = malloc(sizeof(*m));

	end_in_callback();
	if (m == NULL || pthread_mutex_init(m, NULL) != 0)
		return CKR_HOST_MEMORY;
	*out = m;
	return CKR_OK;
}

static CK_RV destroy_mutex(void *m)
{
	pthread_mutex_destroy(m);
	free(m);
	return CKR_OK;
}

static CK_RV lock_mutex(void *m)
{
	end_in_callback();
	return pthread_mutex_lock(m) == 0 ? CKR_OK : CKR_GENERAL_ERROR;
}

static CK_RV unlock_mutex(void *m)
{
	CK_RV rv = pthread_mutex_unlock(m) == 0 ? CKR_OK : CKR_GENERAL_ERROR;

	end_in_callback();
	return rv;
}

static CK_C_INITIALIZE_ARGS callbacks = {
	create_mutex, destroy_mutex, lock_mutex, unlock_mutex, 0, NULL,
};

static void end_in_create(void)
{
	in_callback_ends = true;
	p11->C_Initialize(&callbacks);
}

/* Locks are held, and an operation is active. */
static void end_in_lock(void)
{
	live(&callbacks);
	in_callback_ends = true;
	sign(session, key);
}

/* --- threads ----------------------------------------------------------------------- */

static CK_RV thread_round(unsigned number, CK_SESSION_HANDLE s, CK_OBJECT_HANDLE *private)
{
	CK_BYTE random[16];
	CK_SESSION_HANDLE more = 0;
	CK_RV rv;

	switch (number % THREADS) {
	case 0: return sign(s, *private);
	case 1:
		rv = make_pair(s, private);
		return rv == CKR_OK ? p11->C_DestroyObject(s, *private) : rv;
	case 2: return p11->C_GenerateRandom(s, random, sizeof(random));
	}
	rv = p11->C_OpenSession(slot, CKF_SERIAL_SESSION, NULL, NULL, &more);
	return rv == CKR_OK ? p11->C_CloseSession(more) : rv;
}

static pthread_barrier_t all_work;

/* Goes on asking when it is refused, as happens once the process ends. */
static void *worker(void *arg)
{
	CK_SESSION_HANDLE s = 0;
	CK_OBJECT_HANDLE private = 0;
	unsigned number = *(unsigned *)arg;

	need("C_OpenSession", p11->C_OpenSession(slot, CKF_SERIAL_SESSION | CKF_RW_SESSION, NULL,
						 NULL, &s));
	need("make a key", make_pair(s, &private));
	pthread_barrier_wait(&all_work);
	for (;;)
		(void)thread_round(number, s, &private);
	return NULL;
}

static void *waiter(void *arg)
{
	CK_SLOT_ID id;

	(void)arg;
	p11->C_WaitForSlotEvent(0, &id, NULL);
	return NULL;
}

static void nap(long ms)
{
	nanosleep(&(struct timespec){ .tv_nsec = ms * 1000000L }, NULL);
}

/* Threads in all kinds of calls, one of them asleep in C_WaitForSlotEvent. */
static void workers_start(void)
{
	static CK_C_INITIALIZE_ARGS locking = { .flags = CKF_OS_LOCKING_OK };
	static unsigned numbers[THREADS];
	pthread_t id;

	live(&locking);
	pthread_barrier_init(&all_work, NULL, THREADS + 1);
	for (unsigned i = 0; i < THREADS; i++) {
		numbers[i] = i;
		if (pthread_create(&id, NULL, worker, &numbers[i]) != 0)
			_exit(1);
	}
	if (pthread_create(&id, NULL, waiter, NULL) != 0)
		_exit(1);
	pthread_barrier_wait(&all_work);
	nap(getpid() % 20);	/* at another point each time */
}

static void *exits(void *arg)
{
	(void)arg;
	exit(AS_MEANT);
}

/* The one that exits has never called the module. */
static void end_in_stranger(void)
{
	pthread_t id;

	workers_start();
	if (pthread_create(&id, NULL, exits, NULL) == 0)
		pthread_join(id, NULL);
	_exit(1);
}

static void *signs_and_exits(void *arg)
{
	(void)arg;
	need("sign", sign(session, key));
	exit(AS_MEANT);
}

static void end_in_worker(void)
{
	pthread_t id;

	workers_start();
	if (pthread_create(&id, NULL, signs_and_exits, NULL) == 0)
		pthread_join(id, NULL);
	_exit(1);
}

static void finalise_under_workers(void)
{
	workers_start();
	finalise();
}

static void unloaded_under_waiter(void)
{
	pthread_t id;

	live(NULL);
	if (pthread_create(&id, NULL, waiter, NULL) != 0)
		_exit(1);
	nap(20);
	unload();
}

/* --- endings ------------------------------------------------------------------------ */

static void finalised(void)
{
	live(NULL);
	finalise();
}

static void left(void)
{
	live(NULL);
}

static void unloaded(void)
{
	finalised();
	unload();
}

static void unloaded_left(void)
{
	live(NULL);
	unload();
}

static const char *file;

/* What was left behind is found again, or gone: either way the second life works. */
static void unloaded_and_loaded(void)
{
	CK_RV rv;

	unloaded_left();
	load(file);
	rv = p11->C_Initialize(NULL);
	if (rv == CKR_CRYPTOKI_ALREADY_INITIALIZED)
		finalise();
	else
		need("C_Initialize", rv);
	if (rv != CKR_OK)
		need("C_Initialize", p11->C_Initialize(NULL));
	finalise();
	finalised();
}

static void finalise_at_exit(void)
{
	if (p11->C_CloseSession(session) != CKR_OK || p11->C_Finalize(NULL) != CKR_OK)
		_exit(1);
}

static void ended_at_once(void)
{
	live(NULL);
	_exit(AS_MEANT);
}

static void ended_at_once_under_workers(void)
{
	workers_start();
	_exit(AS_MEANT);
}

static void terminated(void)
{
	workers_start();
	raise(SIGTERM);
}

static const struct ending {
	const char *name;
	void (*run)(void);
	void (*at_exit)(void);	/* registered before the module is loaded: runs last */
} endings[] = {
	{ "finalised", finalised, NULL },
	{ "left", left, NULL },
	{ "unloaded", unloaded, NULL },
	{ "unloaded_left", unloaded_left, NULL },
	{ "unloaded_and_loaded", unloaded_and_loaded, NULL },
	{ "unloaded_under_waiter", unloaded_under_waiter, NULL },
	{ "in_create_callback", end_in_create, NULL },
	{ "in_lock_callback", end_in_lock, NULL },
	{ "finalised_at_exit", left, finalise_at_exit },
	{ "finalised_at_exit_under_workers", workers_start, finalise_at_exit },
	{ "under_workers", workers_start, NULL },
	{ "under_workers_finalised", finalise_under_workers, NULL },
	{ "in_worker", end_in_worker, NULL },
	{ "in_stranger", end_in_stranger, NULL },
	{ "at_once", ended_at_once, NULL },
	{ "at_once_under_workers", ended_at_once_under_workers, NULL },
	{ "terminated", terminated, NULL },
};

int main(int argc, char **argv)
{
	if (argc != 4)
		return 2;
	file = argv[1];
	pin = argv[2];
	for (size_t i = 0; i < sizeof(endings) / sizeof(endings[0]); i++) {
		if (strcmp(endings[i].name, argv[3]) != 0)
			continue;
		if (endings[i].at_exit != NULL)
			atexit(endings[i].at_exit);
		load(file);
		endings[i].run();
		return AS_MEANT;
	}
	return 2;
}
