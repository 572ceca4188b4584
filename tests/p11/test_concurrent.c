#include "config.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "concurrent/work.h"
#include "kinds.h"

#define THREADS		4
#define MILLISECONDS	500

/* --- threads ------------------------------------------------------------- */

struct thread {
	pthread_t id;
	unsigned number;
	CK_RV (*body)(struct thread *t);
	CK_SLOT_ID slot;
	CK_SESSION_HANDLE s;
	CK_OBJECT_HANDLE key;	/* that all threads share */
	CK_RV answer;		/* the first that is not CKR_OK */
};

static atomic_bool stop;
/* Rounds of all threads of a row: that they did anything at all. */
static atomic_ulong rounds;

static void *thread_main(void *arg)
{
	struct thread *t = arg;

	while (t->answer == CKR_OK && !stop) {
		t->answer = t->body(t);
		rounds++;
	}
	return NULL;
}

static CK_RV threads_run(struct ctx *c, CK_OBJECT_HANDLE key, CK_RV (*even)(struct thread *),
			 CK_RV (*odd)(struct thread *))
{
	struct thread t[THREADS] = { 0 };
	CK_RV rv = CKR_OK;

	stop = false;
	rounds = 0;
	for (unsigned i = 0; i < THREADS; i++) {
		t[i].number = i;
		t[i].body = i % 2 ? odd : even;
		t[i].slot = c->slot;
		t[i].key = key;
		/* here, since a thread that starts late may find the module finalized */
		t[i].answer = session_open(c->slot, CKF_RW_SESSION, &t[i].s);
	}
	for (unsigned i = 0; i < THREADS; i++)
		if (pthread_create(&t[i].id, NULL, thread_main, &t[i]))
			return ROW_BROKEN;
	nanosleep(&(struct timespec){ .tv_nsec = MILLISECONDS * 1000000L }, NULL);
	stop = true;
	for (unsigned i = 0; i < THREADS; i++) {
		pthread_join(t[i].id, NULL);
		if (rv == CKR_OK)
			rv = t[i].answer;
	}
	return rv == CKR_OK ? want(rounds > 0) : rv;
}

static CK_RV key_life(struct thread *t)
{
	char label[32];

	snprintf(label, sizeof(label), "thread %u", t->number);
	return pair_lives(t->s, label);
}

static CK_RV find_and_read(struct thread *t)
{
	return keys_are_whole(t->s);
}

static CK_RV sign_shared(struct thread *t)
{
	return pair_signs(t->s, t->key);
}

static CK_RV session_object_life(struct thread *t)
{
	CK_OBJECT_HANDLE o = 0;
	CK_RV rv = kind_make(t->s, AES, NULL, &o);

	return rv == CKR_OK ? p11->C_DestroyObject(t->s, o) : rv;
}

static CK_RV digest(struct thread *t)
{
	CK_MECHANISM m = { CKM_SHA256, NULL, 0 };
	CK_BYTE in[100] = { 1 }, out[32];
	CK_ULONG len = sizeof(out);
	CK_RV rv = p11->C_DigestInit(t->s, &m);

	return rv == CKR_OK ? p11->C_Digest(t->s, in, sizeof(in), out, &len) : rv;
}

/* Opens its own sessions; the others' go on. */
static CK_RV session_life(struct thread *t)
{
	CK_SESSION_HANDLE s = 0;
	CK_OBJECT_HANDLE o = 0;
	CK_RV rv = session_open(t->slot, CKF_RW_SESSION, &s);

	if (rv == CKR_OK)
		rv = kind_make(s, DATA, NULL, &o);
	return rv == CKR_OK ? p11->C_CloseSession(s) : rv;
}

/* What a call may say when another thread closes its session or logs out. */
static CK_RV unless_disturbed(struct thread *t, CK_RV rv)
{
	switch (rv) {
	case CKR_SESSION_HANDLE_INVALID:
	case CKR_SESSION_CLOSED:
	case CKR_OBJECT_HANDLE_INVALID:
	case CKR_KEY_HANDLE_INVALID:
	case CKR_USER_NOT_LOGGED_IN:
	case CKR_OPERATION_NOT_INITIALIZED:
		return session_open(t->slot, CKF_RW_SESSION, &t->s);
	default:
		return rv;
	}
}

static CK_RV disturbed_work(struct thread *t)
{
	CK_OBJECT_HANDLE public = 0, private = 0;
	CK_RV rv = login(t->s, CKU_USER, USER_PIN);

	if (rv == CKR_OK || rv == CKR_USER_ALREADY_LOGGED_IN)
		rv = pair_make(t->s, CK_FALSE, "disturbed", &public, &private);
	if (rv == CKR_OK)
		rv = pair_checks(t->s, public, private);
	return unless_disturbed(t, rv);
}

static CK_RV close_all(struct thread *t)
{
	nanosleep(&(struct timespec){ .tv_nsec = 2000000 }, NULL);
	return p11->C_CloseAllSessions(t->slot);
}

static CK_RV log_out(struct thread *t)
{
	CK_RV rv = CKR_OK;

	nanosleep(&(struct timespec){ .tv_nsec = 2000000 }, NULL);
	rv = p11->C_Logout(t->s);
	return rv == CKR_USER_NOT_LOGGED_IN ? CKR_OK : unless_disturbed(t, rv);
}

static CK_RV finalize_and_start(struct thread *t)
{
	CK_RV rv = CKR_OK;

	nanosleep(&(struct timespec){ .tv_nsec = 20000000 }, NULL);
	if (t->number != 1)
		return CKR_OK;
	rv = p11->C_Finalize(NULL);
	return rv == CKR_OK ? module_start() : rv;
}

/* Calls during a C_Finalize of another thread come back, with an error or without. */
static CK_RV work_while_finalized(struct thread *t)
{
	CK_OBJECT_HANDLE o = 0;
	CK_RV rv = kind_make(t->s, RSA_PUBLIC, NULL, &o);

	if (rv == CKR_CRYPTOKI_NOT_INITIALIZED)
		return CKR_OK;
	rv = unless_disturbed(t, rv);
	return rv == CKR_CRYPTOKI_NOT_INITIALIZED ? CKR_OK : rv;
}

static const struct thread_case {
	const char *name;
	CK_RV (*even)(struct thread *);
	CK_RV (*odd)(struct thread *);
} thread_cases[] = {
	{ "keys_live_and_die", key_life, key_life },
	{ "keys_and_searches", key_life, find_and_read },
	{ "one_key_signs", sign_shared, sign_shared },
	{ "sessions_and_digests", session_life, digest },
	{ "session_objects", session_object_life, sign_shared },
	{ "close_all_sessions", disturbed_work, close_all },
	{ "log_out", disturbed_work, log_out },
	{ "finalize", work_while_finalized, finalize_and_start },
};

/* The shared key is a token object, so it lives until the row is over. */
static CK_RV threads_work(struct ctx *c)
{
	const struct thread_case *t = c->arg;
	CK_OBJECT_HANDLE public = 0, private = 0;
	CK_RV rv = pair_make(c->s, CK_TRUE, "shared", &public, &private);

	return rv == CKR_OK ? threads_run(c, private, t->even, t->odd) : rv;
}

/* Of the token objects, those of no thread's making are left. */
static CK_RV nothing_left(struct ctx *c)
{
	static const char *const labels[] = { "thread 0", "thread 1", "thread 2", "thread 3",
					      "renamed" };
	CK_RV rv = module_restart();

	if (rv == CKR_OK)
		rv = state_enter(c, RW_USER);
	for (size_t i = 0; rv == CKR_OK && i < LENGTH(labels); i++) {
		CK_ATTRIBUTE t[] = { { CKA_LABEL, text(labels[i]), strlen(labels[i]) }, A_END };
		CK_OBJECT_HANDLE o = 0;
		CK_ULONG found = 0;

		rv = object_find(c->s, t, &o, 1, &found);
		if (rv == CKR_OK)
			rv = want(found == 0);
	}
	return rv;
}

static void test_threads(void)
{
	for (size_t i = 0; i < LENGTH(thread_cases); i++)
		row_runf(RW_USER, threads_work, &thread_cases[i], CKR_OK, "threads_%s",
			 thread_cases[i].name);
	row_runf(RW_USER, nothing_left, NULL, CKR_OK, "threads_leave_nothing");
}

/* --- processes ---------------------------------------------------------------- */

#define MANY	25

/* A session of the user in a process that has just started. */
static bool child_session(CK_SESSION_HANDLE *s)
{
	CK_SLOT_ID slot = 0;

	return module_load() && module_start() == CKR_OK &&
	       slot_find(TOKEN_LABEL, &slot) == CKR_OK &&
	       session_open(slot, CKF_RW_SESSION, s) == CKR_OK &&
	       session_state(*s) == CKS_RW_PUBLIC_SESSION &&
	       login(*s, CKU_USER, USER_PIN) == CKR_OK;
}

/* Sees, changes and destroys what the parent has made, and makes something itself. */
static int child_shares_token(void)
{
	CK_ATTRIBUTE changed = A_TEXT(CKA_LABEL, "changed by the child");
	CK_SESSION_HANDLE s = 0;
	CK_OBJECT_HANDLE o = 0;
	CK_ULONG found = 0;

	if (!child_session(&s) ||
	    label_find(s, "to be changed", &o, 1, &found) != CKR_OK || found != 1 ||
	    p11->C_SetAttributeValue(s, o, &changed, 1) != CKR_OK ||
	    label_find(s, "to be destroyed", &o, 1, &found) != CKR_OK || found != 1 ||
	    p11->C_DestroyObject(s, o) != CKR_OK || data_make(s, "of the child", &o) != CKR_OK)
		return 1;
	return p11->C_Finalize(NULL) == CKR_OK ? 0 : 1;
}

static CK_RV shares_token(struct ctx *c)
{
	const CK_ATTRIBUTE changed = A_TEXT(CKA_LABEL, "changed by the child");
	CK_OBJECT_HANDLE a = 0, b = 0, o = 0;
	CK_ULONG class = 0, found = 0;
	CK_RV rv = data_make(c->s, "to be changed", &a);

	if (rv == CKR_OK)
		rv = data_make(c->s, "to be destroyed", &b);
	if (rv == CKR_OK)
		rv = child_run("shares_token");
	if (rv == CKR_OK)
		rv = attr_is(c->s, a, &changed);
	if (rv == CKR_OK)
		rv = want(attr_ulong(c->s, b, CKA_CLASS, &class) == CKR_OBJECT_HANDLE_INVALID);
	if (rv == CKR_OK)
		rv = label_find(c->s, "of the child", &o, 1, &found);
	return rv == CKR_OK ? want(found == 1) : rv;
}

/* Session objects and logins belong to the process. */
static int child_sees_no_session_object(void)
{
	CK_SESSION_HANDLE s = 0;
	CK_OBJECT_HANDLE o = 0;
	CK_ULONG found = 0;

	return child_session(&s) && label_find(s, "of a session", &o, 1, &found) == CKR_OK &&
			       found == 0 ?
		       0 : 1;
}

static CK_RV session_objects_are_private(struct ctx *c)
{
	const CK_ATTRIBUTE more[] = { A_TEXT(CKA_LABEL, "of a session"), A_END };
	CK_OBJECT_HANDLE o = 0;
	CK_RV rv = kind_make(c->s, DATA, more, &o);

	return rv == CKR_OK ? child_run("sees_no_session_object") : rv;
}

static CK_RV make_many(CK_SESSION_HANDLE s)
{
	CK_OBJECT_HANDLE o = 0;
	CK_RV rv = CKR_OK;

	for (int i = 0; rv == CKR_OK && i < MANY; i++)
		rv = data_make(s, "many", &o);
	return rv;
}

static int child_makes_many(void)
{
	CK_SESSION_HANDLE s = 0;

	return child_session(&s) && make_many(s) == CKR_OK ? 0 : 1;
}

static void *run_child_makes_many(void *answer)
{
	*(CK_RV *)answer = child_run("makes_many");
	return NULL;
}

/* Two processes make objects at once; in the end both see all of them, each once. */
static CK_RV both_make_many(struct ctx *c)
{
	CK_OBJECT_HANDLE o[4 * MANY];
	CK_ULONG found = 0;
	CK_RV child = CKR_OK, rv = CKR_OK;
	pthread_t t;

	if (pthread_create(&t, NULL, run_child_makes_many, &child))
		return ROW_BROKEN;
	rv = make_many(c->s);
	pthread_join(t, NULL);
	if (rv == CKR_OK)
		rv = child;
	if (rv == CKR_OK)
		rv = label_find(c->s, "many", o, LENGTH(o), &found);
	return rv == CKR_OK ? want(found == 2 * MANY) : rv;
}

static int child_changes_pin(void)
{
	static const char other[] = "changed by the child";
	CK_SESSION_HANDLE s = 0;

	return child_session(&s) && p11->C_SetPIN(s, text(USER_PIN), strlen(USER_PIN), text(other),
						  strlen(other)) == CKR_OK ?
		       0 : 1;
}

static CK_RV new_pin_counts(struct ctx *c)
{
	static const char other[] = "changed by the child";
	CK_RV old = CKR_OK, new = CKR_OK, rv = child_run("changes_pin");

	p11->C_Logout(c->s);
	old = login(c->s, CKU_USER, USER_PIN);
	p11->C_Logout(c->s);
	new = login(c->s, CKU_USER, other);
	/* the other rows want the old one back, whatever this module made of it */
	p11->C_SetPIN(c->s, text(other), strlen(other), text(USER_PIN), strlen(USER_PIN));
	module_restart();
	return rv == CKR_OK ? want(old == CKR_PIN_INCORRECT && new == CKR_OK) : rv;
}

static void test_processes(void)
{
	row_runf(RW_USER, shares_token, NULL, CKR_OK, "process_shares_token");
	row_runf(RW_USER, session_objects_are_private, NULL, CKR_OK,
		 "process_sees_no_session_object");
	row_runf(RW_USER, both_make_many, NULL, CKR_OK, "process_both_make_many");
	row_runf(RW_USER, new_pin_counts, NULL, CKR_OK, "process_changes_pin");
}

/* --- program ----------------------------------------------------------------------- */

int main(int argc, char **argv)
{
	static const struct child children[] = {
		{ "shares_token", child_shares_token },
		{ "sees_no_session_object", child_sees_no_session_object },
		{ "makes_many", child_makes_many },
		{ "changes_pin", child_changes_pin },
	};
	static const struct test tests[] = {
		{ "threads", .run = test_threads },
		{ "processes", .run = test_processes },
	};
	static const struct program program = {
		.name = "concurrent",
		.tests = tests, .ntests = LENGTH(tests),
		.children = children, .nchildren = LENGTH(children),
	};

	return harness_main(argc, argv, &program);
}
