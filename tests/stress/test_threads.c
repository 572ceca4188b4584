/* Many threads on one token: no call gives a code that nobody else's doing explains. */
#include "config.h"

#include <stdio.h>

#include "p11/concurrent/work.h"
#include "stress/stress.h"

#define THREADS		8

/* --- keys live and die ------------------------------------------------------ */

static CK_RV many_lives(struct worker *w)
{
	const unsigned long rounds = amount(20, 1000);
	CK_SESSION_HANDLE s = 0;
	char label[32];
	CK_RV rv = session_open(w->slot, CKF_RW_SESSION, &s);

	snprintf(label, sizeof(label), "thread %u", w->number);
	for (unsigned long i = 0; rv == CKR_OK && i < rounds; i++) {
		rv = pair_lives(s, label);
		/* two of them also look at what the others do */
		if (rv == CKR_OK && w->number < 2)
			rv = keys_are_whole(s);
	}
	if (rv == CKR_OK)
		rv = p11->C_CloseSession(s);
	return rv;
}

static CK_RV keys_live(struct ctx *c)
{
	CK_OBJECT_HANDLE o = 0;
	CK_ULONG found = 0;
	CK_RV rv = token_begin(c, c->arg, NULL);

	if (rv == CKR_OK)
		rv = workers_run(THREADS, c->slot, many_lives, NULL);
	if (rv == CKR_OK)
		rv = object_find(c->s, NULL, &o, 1, &found);
	if (rv == CKR_OK)
		report("%u threads, %lu rounds each", THREADS, amount(20, 1000));
	return rv == CKR_OK ? want(found == 0) : rv;
}

/* --- sessions come and go --------------------------------------------------- */

static CK_RV private_find(CK_SESSION_HANDLE s, CK_OBJECT_HANDLE *out)
{
	CK_ATTRIBUTE t[] = { A_ULONG(CKA_CLASS, CKO_PRIVATE_KEY), A_END };
	CK_ULONG found = 0;
	CK_RV rv = object_find(s, t, out, 1, &found);

	return rv == CKR_OK ? want(found == 1) : rv;
}

/*
 * The last session to be closed logs out and ends all handles; but not for a session that was
 * opened meanwhile, nor for a login made in that.
 */
static CK_RV one_session(CK_SLOT_ID slot)
{
	CK_SESSION_HANDLE s = 0;
	CK_OBJECT_HANDLE key = 0;
	CK_RV rv = session_open(slot, CKF_RW_SESSION, &s);

	if (rv == CKR_OK)
		rv = login(s, CKU_USER, USER_PIN);
	if (rv == CKR_OK || rv == CKR_USER_ALREADY_LOGGED_IN)
		rv = want(session_state(s) == CKS_RW_USER_FUNCTIONS);
	if (rv == CKR_OK)
		rv = private_find(s, &key);
	if (rv == CKR_OK)
		rv = pair_signs(s, key);
	return rv == CKR_OK ? p11->C_CloseSession(s) : rv;
}

static CK_RV many_sessions(struct worker *w)
{
	const unsigned long rounds = amount(150, 10000);
	CK_RV rv = CKR_OK;

	for (unsigned long i = 0; rv == CKR_OK && i < rounds; i++)
		rv = one_session(w->slot);
	return rv;
}

static CK_RV sessions_end(struct ctx *c)
{
	CK_OBJECT_HANDLE public = 0, private = 0;
	CK_RV rv = token_begin(c, c->arg, NULL);

	if (rv == CKR_OK)
		rv = pair_make(c->s, CK_TRUE, "stays", &public, &private);
	if (rv == CKR_OK)
		rv = p11->C_CloseAllSessions(c->slot);
	/* two threads: more would seldom leave the token without a session */
	if (rv == CKR_OK)
		rv = workers_run(2, c->slot, many_sessions, NULL);
	if (rv == CKR_OK)
		rv = workers_run(THREADS, c->slot, many_sessions, NULL);
	if (rv == CKR_OK)
		report("%u threads, %lu sessions each", THREADS + 2, amount(150, 10000));
	return rv;
}

/* --- program ------------------------------------------------------------ */

static void test_threads(void)
{
	backends_run("keys_live", keys_live);
	backends_run("sessions_end", sessions_end);
}

int main(int argc, char **argv)
{
	static const struct test tests[] = {
		{ "threads", .run = test_threads },
	};
	static const struct program program = {
		.name = "threads",
		.tests = tests, .ntests = LENGTH(tests),
		.without_token = true,
		.not_on_reference = "threads on one token get it wrong codes",
	};

	return harness_main(argc, argv, &program);
}
