#include "config.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "p11/harness.h"
#include "p11/slot/slot.h"

#define NO_SLOT		0x7ffffff1UL
#define WAITERS		4
/* Nothing here takes so long, however busy the machine is. */
#define PATIENCE	30

/* --- without waiting ------------------------------------------------------ */

/* The next event's slot; NO_SLOT: none. */
static CK_SLOT_ID next_event(void)
{
	CK_SLOT_ID slot = NO_SLOT;

	return p11->C_WaitForSlotEvent(CKF_DONT_BLOCK, &slot, NULL) == CKR_OK ? slot : NO_SLOT;
}

static CK_SLOT_ID slot_of(const char *label)
{
	CK_SLOT_ID slot = NO_SLOT + 1;

	return slot_find(label, &slot) == CKR_OK ? slot : NO_SLOT + 1;
}

static CK_RV none_at_start(struct ctx *c)
{
	CK_SLOT_ID slot = NO_SLOT;
	CK_RV rv = one_token(c);

	if (rv == CKR_OK)
		rv = p11->C_WaitForSlotEvent(CKF_DONT_BLOCK, &slot, NULL);
	return rv == CKR_NO_EVENT ? want(slot == NO_SLOT) : rv;
}

/* The call itself looks, and tells each event once. */
static CK_RV appeared(struct ctx *c)
{
	CK_SLOT_ID slot = NO_SLOT;
	CK_RV rv = one_token(c);

	if (rv == CKR_OK)
		rv = other_makes("other");
	slot = next_event();
	return rv == CKR_OK ? want(slot == slot_of("other") && next_event() == NO_SLOT) : rv;
}

static CK_RV vanished(struct ctx *c)
{
	CK_RV rv = one_token(c);

	tree_remove(token_path(mine));
	return rv == CKR_OK ? want(next_event() == c->slot && next_event() == NO_SLOT) : rv;
}

/* What C_GetSlotList has found is an event all the same. */
static CK_RV listed_before(struct ctx *c)
{
	CK_RV rv = one_token(c);

	if (rv == CKR_OK)
		rv = other_makes("other");
	if (rv == CKR_OK)
		rv = want(is_listed("other"));
	return rv == CKR_OK ? want(next_event() == slot_of("other")) : rv;
}

static CK_RV oldest_first(struct ctx *c)
{
	CK_SLOT_ID other = 0;
	CK_RV rv = one_token(c);

	if (rv == CKR_OK)
		rv = other_makes("other");
	other = slot_of("other");
	tree_remove(token_path(mine));
	if (rv == CKR_OK)
		rv = want(!is_listed("mine"));
	return rv == CKR_OK ? want(next_event() == other && next_event() == c->slot &&
				   next_event() == NO_SLOT) :
			      rv;
}

/* A slot has one event until it is told. */
static CK_RV one_a_slot(struct ctx *c)
{
	CK_RV rv = one_token(c);

	for (int i = 0; rv == CKR_OK && i < 3; i++) {
		if (rename(token_path(mine), work_path("away")) != 0)
			return ROW_BROKEN;
		rv = want(!is_listed("mine"));
		if (rename(work_path("away"), token_path(mine)) != 0)
			return ROW_BROKEN;
		if (rv == CKR_OK)
			rv = want(is_listed("mine"));
	}
	return rv == CKR_OK ? want(next_event() == c->slot && next_event() == NO_SLOT) : rv;
}

static CK_RV none_of_own_token(struct ctx *c)
{
	CK_SLOT_ID slot = 0;
	CK_RV rv = one_token(c);

	if (rv == CKR_OK)
		rv = slot_free(&slot);
	if (rv == CKR_OK)
		rv = token_init(slot, SO_PIN, "here");
	if (rv == CKR_OK)
		rv = want(next_event() == NO_SLOT);
	tree_remove(token_path(another_name()));
	return rv == CKR_OK ? want(next_event() == slot) : rv;
}

static CK_RV none_after_restart(struct ctx *c)
{
	CK_RV rv = one_token(c);

	if (rv == CKR_OK)
		rv = other_makes("other");
	if (rv == CKR_OK)
		rv = module_restart();
	return rv == CKR_OK ? want(next_event() == NO_SLOT && is_listed("other")) : rv;
}

/* As long as a session holds the token's slot there is no event. */
static CK_RV in_use(struct ctx *c)
{
	CK_RV rv = one_token(c);

	if (rv == CKR_OK)
		rv = session_open(c->slot, 0, &c->s);
	tree_remove(token_path(mine));
	if (rv == CKR_OK)
		rv = want(next_event() == NO_SLOT);
	if (rv == CKR_OK)
		rv = p11->C_CloseSession(c->s);
	return rv == CKR_OK ? want(next_event() == c->slot) : rv;
}

/* --- waiting -------------------------------------------------------------- */

struct waiter {
	pthread_t id;
	CK_SLOT_ID slot;
	CK_RV answer;
	long cpu_ms;		/* that the thread used */
};

static void *wait_thread(void *arg)
{
	struct waiter *w = arg;
	struct rusage used;

	w->answer = p11->C_WaitForSlotEvent(0, &w->slot, NULL);
	if (getrusage(RUSAGE_THREAD, &used) == 0)
		w->cpu_ms = (used.ru_utime.tv_sec + used.ru_stime.tv_sec) * 1000 +
			    (used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1000;
	return NULL;
}

static void pause_ms(long ms)
{
	const struct timespec t = { ms / 1000, ms % 1000 * 1000000 };

	nanosleep(&t, NULL);
}

/* Threads that wait, most likely, when this returns. */
static CK_RV send_waiters(struct waiter *w, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		w[i] = (struct waiter){ .slot = NO_SLOT };
		if (pthread_create(&w[i].id, NULL, wait_thread, &w[i]) != 0)
			return ROW_BROKEN;
	}
	pause_ms(50);
	return CKR_OK;
}

/* A thread that does not come back writes into this one's stack: then nothing can go on. */
static void join_waiters(struct waiter *w, size_t n)
{
	struct timespec until;

	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += PATIENCE;
	for (size_t i = 0; i < n; i++)
		if (pthread_timedjoin_np(w[i].id, NULL, &until) != 0)
			abort();
}

static CK_RV one_waiter(struct ctx *c, struct waiter *w)
{
	CK_RV rv = one_token(c);

	return rv == CKR_OK ? send_waiters(w, 1) : rv;
}

static CK_RV waits_for_new(struct ctx *c)
{
	struct waiter w;
	CK_RV rv = one_waiter(c, &w);

	if (rv != CKR_OK)
		return rv;
	rv = other_makes("other");
	join_waiters(&w, 1);
	if (rv != CKR_OK || w.answer != CKR_OK)
		return rv == CKR_OK ? w.answer : rv;
	return want(w.slot == slot_of("other") && next_event() == NO_SLOT);
}

static CK_RV waits_for_removal(struct ctx *c)
{
	struct waiter w;
	CK_RV rv = one_waiter(c, &w);

	if (rv != CKR_OK)
		return rv;
	tree_remove(token_path(mine));
	join_waiters(&w, 1);
	return w.answer == CKR_OK ? want(w.slot == c->slot) : w.answer;
}

static CK_RV finds_old_event(struct ctx *c)
{
	struct waiter w;
	CK_RV rv = one_token(c);

	tree_remove(token_path(mine));
	if (rv == CKR_OK)
		rv = send_waiters(&w, 1);
	if (rv != CKR_OK)
		return rv;
	join_waiters(&w, 1);
	return w.answer == CKR_OK ? want(w.slot == c->slot) : w.answer;
}

/* As many events as waiters, one each. */
static CK_RV many_wait(struct ctx *c)
{
	char name[24];
	struct waiter w[WAITERS];
	CK_RV rv = one_token(c);

	if (rv == CKR_OK)
		rv = send_waiters(w, WAITERS);
	if (rv != CKR_OK)
		return rv;
	for (int i = 0; i < WAITERS; i++) {
		snprintf(name, sizeof(name), "copy-%d", i);
		if (!tree_copy(token_path(mine), token_path(name)))
			rv = ROW_BROKEN;
	}
	join_waiters(w, WAITERS);
	for (int i = 0; rv == CKR_OK && i < WAITERS; i++) {
		rv = w[i].answer;
		for (int j = 0; rv == CKR_OK && j < i; j++)
			rv = want(w[i].slot != w[j].slot && w[i].slot != c->slot);
	}
	return rv == CKR_OK ? want(next_event() == NO_SLOT) : rv;
}

/* By C_Finalize, and not by an event. */
static CK_RV ended(const struct waiter *w)
{
	if (w->answer == CKR_CRYPTOKI_NOT_INITIALIZED)
		return CKR_OK;
	return w->answer == CKR_OK ? ROW_WRONG : w->answer;
}

/* C_Finalize does not wait for those who wait. */
static CK_RV finalize_ends(size_t n)
{
	struct timespec before, after;
	struct waiter w[WAITERS];
	CK_RV rv = send_waiters(w, n), end = CKR_OK;

	clock_gettime(CLOCK_MONOTONIC, &before);
	end = p11->C_Finalize(NULL);
	clock_gettime(CLOCK_MONOTONIC, &after);
	join_waiters(w, n);
	for (size_t i = 0; rv == CKR_OK && i < n; i++)
		rv = ended(&w[i]);
	if (rv == CKR_OK)
		rv = end;
	return rv == CKR_OK ? want(after.tv_sec - before.tv_sec < 10) : rv;
}

static CK_RV finalize_ends_one(struct ctx *c)
{
	CK_RV rv = one_token(c);

	return rv == CKR_OK ? finalize_ends(1) : rv;
}

static CK_RV finalize_ends_many(struct ctx *c)
{
	CK_RV rv = one_token(c);

	return rv == CKR_OK ? finalize_ends(WAITERS) : rv;
}

/* Before the waiter sleeps, while it goes to sleep, and when it does. */
static CK_RV finalize_at_any_time(struct ctx *c)
{
	struct waiter w;
	CK_RV rv = one_token(c);

	for (long us = 0; rv == CKR_OK && us < 40; us++) {
		w = (struct waiter){ .slot = NO_SLOT };
		if (pthread_create(&w.id, NULL, wait_thread, &w) != 0)
			return ROW_BROKEN;
		nanosleep(&(struct timespec){ 0, us * 5000 }, NULL);
		rv = p11->C_Finalize(NULL);
		join_waiters(&w, 1);
		if (rv == CKR_OK)
			rv = ended(&w);
		if (rv == CKR_OK)
			rv = module_start();
	}
	return rv;
}

static CK_RV waits_after_restart(struct ctx *c)
{
	CK_RV rv = finalize_ends_one(c);
	struct waiter w;

	if (rv == CKR_OK)
		rv = module_start();
	if (rv == CKR_OK)
		rv = send_waiters(&w, 1);
	if (rv != CKR_OK)
		return rv;
	tree_remove(token_path(mine));
	join_waiters(&w, 1);
	return w.answer == CKR_OK ? want(w.slot == c->slot) : w.answer;
}

/* The waiter holds no lock, and no session of anybody's. */
static CK_RV others_work_meanwhile(struct ctx *c)
{
	struct waiter w;
	CK_RV rv = one_waiter(c, &w), end = CKR_OK;

	for (int i = 0; rv == CKR_OK && i < 5; i++) {
		rv = session_open(c->slot, CKF_RW_SESSION, &c->s);
		if (rv == CKR_OK)
			rv = login(c->s, CKU_USER, USER_PIN);
		if (rv == CKR_OK)
			rv = want(is_listed("mine"));
		if (rv == CKR_OK)
			rv = p11->C_CloseAllSessions(c->slot);
	}
	end = p11->C_Finalize(NULL);
	join_waiters(&w, 1);
	if (rv == CKR_OK)
		rv = ended(&w);
	return rv == CKR_OK ? end : rv;
}

/* Objects, sessions and logins of tokens wake nobody, and nobody looks all the time. */
static CK_RV waits_without_work(struct ctx *c)
{
	struct waiter w;
	CK_RV rv = one_waiter(c, &w), end = CKR_OK;

	pause_ms(1000);
	end = p11->C_Finalize(NULL);
	join_waiters(&w, 1);
	if (rv == CKR_OK)
		rv = end;
	if (rv == CKR_OK)
		rv = ended(&w);
	return rv == CKR_OK ? want(w.cpu_ms < 200) : rv;
}

/* A session that keeps the slot of a vanished token is closed while somebody waits. */
static CK_RV waits_for_close(struct ctx *c)
{
	struct waiter w;
	CK_RV rv = one_token(c);

	if (rv == CKR_OK)
		rv = session_open(c->slot, 0, &c->s);
	tree_remove(token_path(mine));
	if (rv == CKR_OK)
		rv = send_waiters(&w, 1);
	if (rv != CKR_OK)
		return rv;
	rv = p11->C_CloseSession(c->s);
	join_waiters(&w, 1);
	if (rv == CKR_OK)
		rv = w.answer;
	return rv == CKR_OK ? want(w.slot == c->slot) : rv;
}

/* --- forks ---------------------------------------------------------------- */

/* In the child of a fork: waits, on descriptors of its own, for what a child of its own does. */
static CK_RV child_waits(struct ctx *c)
{
	CK_SLOT_ID slot = NO_SLOT;
	pid_t pid = fork();
	CK_RV rv = CKR_OK;

	(void)c;
	if (pid < 0)
		return ROW_BROKEN;
	if (pid == 0) {
		pause_ms(100);
		_exit(tree_copy(token_path(mine), token_path("of-child")) ? 0 : 1);
	}
	rv = p11->C_WaitForSlotEvent(0, &slot, NULL);
	waitpid(pid, NULL, 0);
	tree_remove(token_path("of-child"));
	return rv;
}

/* The parent waits at the fork; the child's doings and end leave it waiting, and it wakes. */
static CK_RV fork_beside_waiter(struct ctx *c, CK_RV (*in_child)(struct ctx *))
{
	struct waiter w;
	CK_RV rv = one_waiter(c, &w);

	if (rv != CKR_OK)
		return rv;
	rv = fork_run(in_child, c);
	tree_remove(token_path(mine));
	join_waiters(&w, 1);
	if (rv == CKR_OK)
		rv = w.answer;
	/* a token of the child's may have been the first event */
	return rv == CKR_OK ? want(w.slot == c->slot || next_event() == c->slot) : rv;
}

static CK_RV fork_while_waiting(struct ctx *c)
{
	return fork_beside_waiter(c, child_waits);
}

static CK_RV child_finalizes(struct ctx *c)
{
	(void)c;
	return p11->C_Finalize(NULL);
}

/* The child's C_Finalize closes nothing of the parent's. */
static CK_RV fork_and_finalize(struct ctx *c)
{
	return fork_beside_waiter(c, child_finalizes);
}

void test_events(void)
{
	static const struct row rows[] = {
#define ROW(expected, call) { "event_" #call, ANY_STATE, expected, call, NULL, __FILE__, __LINE__ }
		ROW(CKR_OK, none_at_start),
		ROW(CKR_OK, appeared),
		ROW(CKR_OK, vanished),
		ROW(CKR_OK, listed_before),
		ROW(CKR_OK, oldest_first),
		ROW(CKR_OK, one_a_slot),
		ROW(CKR_OK, none_of_own_token),
		ROW(CKR_OK, none_after_restart),
		ROW(CKR_OK, in_use),
		ROW(CKR_OK, waits_for_new),
		ROW(CKR_OK, waits_for_removal),
		ROW(CKR_OK, finds_old_event),
		ROW(CKR_OK, many_wait),
		ROW(CKR_OK, finalize_ends_one),
		ROW(CKR_OK, finalize_ends_many),
		ROW(CKR_OK, finalize_at_any_time),
		ROW(CKR_OK, waits_after_restart),
		ROW(CKR_OK, others_work_meanwhile),
		ROW(CKR_OK, waits_without_work),
		ROW(CKR_OK, waits_for_close),
		ROW(CKR_OK, fork_while_waiting),
		ROW(CKR_OK, fork_and_finalize),
#undef ROW
	};

	for (size_t i = 0; i < LENGTH(rows); i++)
		row_run(&rows[i]);
}
