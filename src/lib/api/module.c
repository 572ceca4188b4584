#include "config.h"

#include "api/module.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>

#include "common/log.h"
#include "common/reason.h"
#include "common/secmem.h"
#include "crypto/ossl/ossl.h"

/*
 * How long C_Finalize waits for calls of other threads; after that their memory is given up, never
 * freed under them.
 */
#define DRAIN_MS 30000

/* How long a fork waits for them, and exit() does. Longer ones are key generation, or stuck. */
#define FORK_MS 200
#define EXIT_MS 5000

/*
 * One for C_Initialize and C_Finalize; it notices when an application's own callback calls them
 * again.
 */
static pthread_mutex_t life = PTHREAD_ERRORCHECK_MUTEX_INITIALIZER_NP;
static pthread_once_t watch_once = PTHREAD_ONCE_INIT;

static _Atomic(struct module *) current;
static atomic_uint calls;	/* under way, and may use OpenSSL */
static _Thread_local unsigned mine;	/* ... of this thread: it forks or exits in a callback */
static atomic_uint plain_calls;	/* under way, too, but stay away from OpenSSL */
static atomic_bool orphaned;	/* in the child of a fork that has to start anew */
static bool forked_amid;	/* other threads were in the library at the fork */

/* Closed while this process forks, and for a moment at exit: a call that comes then waits. */
static pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER;
static atomic_bool gate_closed;

static void module_free(struct module *m)
{
	if (m->slots != NULL)
		session_table_destroy(&m->sessions);
	slot_manager_free(m->slots);
	mech_policy_free(m->policy);
	conf_free(m->conf);
	free(m);
	handle_counter_reset();
	ossl_close();
	log_close();
	secmem_shutdown();
}

/* Until no other thread is in a call that uses OpenSSL, but no longer than that. */
static void gate_close(unsigned limit_ms)
{
	const struct timespec pause = { 0, 100000 };

	pthread_mutex_lock(&gate);
	atomic_store(&gate_closed, true);
	for (unsigned n = 0; atomic_load(&calls) != mine && n < limit_ms * 10; n++)
		nanosleep(&pause, NULL);
}

static void gate_open(void)
{
	atomic_store(&gate_closed, false);
	pthread_mutex_unlock(&gate);
}

/* Did the fork handler take life? Not when a callback of C_Initialize forks: its thread has it. */
static bool life_taken;

/*
 * OpenSSL has locks, too, and no handlers for forks: the child can use it if no thread was inside.
 * Then the order of the locks, down to the leaves; sessions are not waited for (session_reset).
 */
static void before_fork(void)
{
	struct module *m;

	life_taken = pthread_mutex_lock(&life) == 0;
	m = atomic_load(&current);
	gate_close(FORK_MS);
	if (m != NULL) {
		session_table_fork_prepare(&m->sessions);
		slot_fork_prepare(m->slots);
	}
	secmem_fork_prepare();
	log_fork_prepare();
}

static void after_fork_parent(void)
{
	struct module *m = atomic_load(&current);

	log_fork_done();
	secmem_fork_done();
	if (m != NULL) {
		slot_fork_parent(m->slots);
		session_table_fork_parent(&m->sessions);
	}
	gate_open();
	if (life_taken)
		pthread_mutex_unlock(&life);
}

static void after_fork_child(void)
{
	static const pthread_mutex_t fresh_life = PTHREAD_ERRORCHECK_MUTEX_INITIALIZER_NP;
	static const pthread_mutex_t fresh_gate = PTHREAD_MUTEX_INITIALIZER;
	struct module *m = atomic_load(&current);

	log_fork_done();
	secmem_fork_done();
	ossl_fork_child();
	if (m != NULL) {
		slot_fork_child(m->slots);
		session_table_fork_child(&m->sessions);
		atomic_store(&orphaned, m->conf->reset_on_fork);
	}
	forked_amid = atomic_exchange(&calls, mine) != mine || forked_amid;
	atomic_store(&plain_calls, 0);
	atomic_store(&gate_closed, false);
	gate = fresh_gate;
	life = fresh_life;
}

/*
 * exit() while other threads are inside OpenSSL here: those calls may end, later ones will be
 * refused (call_enter).
 */
static void before_end(void)
{
	struct timespec limit;
	int rc;

	clock_gettime(CLOCK_REALTIME, &limit);
	limit.tv_sec += EXIT_MS / 1000;
	rc = pthread_mutex_timedlock(&life, &limit);	/* C_Initialize, C_Finalize */
	if (rc == ETIMEDOUT)
		return;
	gate_close(EXIT_MS);
	gate_open();
	if (rc == 0)
		pthread_mutex_unlock(&life);
}

static void watch_process(void)
{
	/* Both stay for good, as this library does (-z nodelete). */
	pthread_atfork(before_fork, after_fork_parent, after_fork_child);
	ossl_before_end(before_end);
}

static CK_RV load(struct module *m)
{
	CK_RV rv = conf_load(&m->conf);

	if (m->conf != NULL) {
		log_open(m->conf->level, m->conf->log_file);
		conf_log_notes(m->conf);
	}
	if (rv == CKR_OK)
		rv = ossl_open();
	if (rv == CKR_OK)
		rv = mech_policy_new(m->conf->mechanisms, &m->policy);
	if (rv == CKR_OK)
		rv = session_table_init(&m->sessions);
	if (rv != CKR_OK)
		return rv;
	rv = slot_manager_new(m->conf, &m->slots);
	if (rv != CKR_OK)
		session_table_destroy(&m->sessions);
	return rv;
}

/*
 * In the child of a fork: lets go of what the parent had. What other threads were working on then
 * is left alone: they may have held locks of OpenSSL, which nobody can free any more.
 */
static void disown(void)
{
	struct module *m = atomic_exchange(&current, NULL);

	atomic_store(&orphaned, false);
	if (!forked_amid) {
		module_free(m);
		return;
	}
	ossl_abandon();
	handle_counter_reset();
	forked_amid = false;
}

static CK_RV start(const CK_C_INITIALIZE_ARGS *args)
{
	struct module *m;
	CK_RV rv;

	if (atomic_load(&orphaned))
		disown();
	if (atomic_load(&current) != NULL)
		return CKR_CRYPTOKI_ALREADY_INITIALIZED;
	if (!ossl_alive())
		return CKR_FUNCTION_FAILED;
	rv = lock_configure(args);
	if (rv != CKR_OK)
		return rv;
	m = calloc(1, sizeof(*m));
	if (m == NULL)
		return CKR_HOST_MEMORY;
	rv = load(m);
	if (rv != CKR_OK) {
		if (reason_text() != NULL)
			log_error("%s", reason_text());
		reason_clear();
		module_free(m);
		return rv;
	}
	atomic_store(&current, m);
	return CKR_OK;
}

CK_RV module_start(const CK_C_INITIALIZE_ARGS *args)
{
	CK_RV rv;

	pthread_once(&watch_once, watch_process);
	if (pthread_mutex_lock(&life) == EDEADLK)
		return CKR_CRYPTOKI_ALREADY_INITIALIZED;	/* called from within itself */
	rv = start(args);
	pthread_mutex_unlock(&life);
	return rv;
}

static bool drained(void)
{
	const struct timespec pause = { 0, 1000000 };

	for (int ms = 0; ms < DRAIN_MS; ms++) {
		if (atomic_load(&calls) + atomic_load(&plain_calls) == 0)
			return true;
		nanosleep(&pause, NULL);
	}
	return false;
}

static void stop(void)
{
	struct module *m = NULL;

	if (forked_amid) {
		disown();
		return;
	}
	m = atomic_exchange(&current, NULL);
	slot_stop_waiting(m->slots);
	if (drained())
		module_free(m);
	else
		log_error("a call in another thread did not return; its memory is left alone");
}

CK_RV module_stop(void)
{
	CK_RV rv = CKR_OK;

	if (pthread_mutex_lock(&life) == EDEADLK)
		return CKR_FUNCTION_FAILED;
	if (atomic_load(&orphaned) || atomic_load(&current) == NULL)
		rv = CKR_CRYPTOKI_NOT_INITIALIZED;
	else
		stop();
	pthread_mutex_unlock(&life);
	return rv;
}

/* Counts the call, when no fork is under way. */
static void count_in(atomic_uint *counter)
{
	atomic_fetch_add(counter, 1);
	while (atomic_load(&gate_closed)) {
		atomic_fetch_sub(counter, 1);
		pthread_mutex_lock(&gate);
		pthread_mutex_unlock(&gate);
		atomic_fetch_add(counter, 1);
	}
}

struct module *module_pin(bool plain)
{
	struct module *m;

	count_in(plain ? &plain_calls : &calls);
	mine += plain ? 0 : 1;
	m = atomic_load(&current);
	if (m != NULL && !atomic_load(&orphaned))
		return m;
	module_unpin(plain);
	return NULL;
}

void module_unpin(bool plain)
{
	mine -= plain ? 0 : 1;
	atomic_fetch_sub(plain ? &plain_calls : &calls, 1);
}
