/* A process that works for long: it takes no more memory, descriptors and threads with time. */
#include "config.h"

#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "p11/concurrent/work.h"
#include "stress/stress.h"

/* What may be added after the first tenth of the rounds. */
#define GROWTH_KB 1024

struct usage {
	unsigned long kb, threads;
	size_t descriptors;
};

static void usage_read(struct usage *u)
{
	char line[256];
	FILE *f = NULL;

	malloc_trim(0);
	*u = (struct usage){ .descriptors = dir_count("/proc/self/fd") };
	f = fopen("/proc/self/status", "r");
	while (f && fgets(line, sizeof(line), f)) {
		(void)sscanf(line, "VmRSS: %lu", &u->kb);
		(void)sscanf(line, "Threads: %lu", &u->threads);
	}
	if (f)
		fclose(f);
}

static CK_RV usage_compare(const struct usage *before, const struct usage *after,
			   unsigned long rounds)
{
	const char *sanitizers = getenv("SANITIZERS");
	/* a sanitizer keeps what was freed */
	bool memory_counts = !sanitizers || !*sanitizers;

	report("%lu rounds: %lu kB at first, %lu kB in the end; %zu and %zu descriptors, %lu and "
	       "%lu threads", rounds, before->kb, after->kb, before->descriptors,
	       after->descriptors, before->threads, after->threads);
	return want(before->kb > 0 && before->threads > 0 &&
		    (!memory_counts || after->kb < before->kb + GROWTH_KB) &&
		    after->descriptors == before->descriptors &&
		    after->threads == before->threads);
}

/* --- rounds ------------------------------------------------------------ */

static CK_RV pair_round(CK_SESSION_HANDLE s, CK_BBOOL token)
{
	CK_OBJECT_HANDLE public = 0, private = 0;
	CK_RV rv = pair_make(s, token, "soak", &public, &private);

	if (rv == CKR_OK)
		rv = pair_signs(s, private);
	if (rv == CKR_OK)
		rv = p11->C_DestroyObject(s, public);
	return rv == CKR_OK ? p11->C_DestroyObject(s, private) : rv;
}

static CK_RV session_object_round(struct ctx *c, unsigned long i)
{
	(void)i;
	return pair_round(c->s, CK_FALSE);
}

static CK_RV token_object_round(struct ctx *c, unsigned long i)
{
	(void)i;
	return pair_round(c->s, CK_TRUE);
}

/* The module is left with a session of the user's. */
static CK_RV restart(struct ctx *c)
{
	CK_RV rv = module_restart();

	if (rv == CKR_OK)
		rv = slot_find(TOKEN_LABEL, &c->slot);
	if (rv == CKR_OK)
		rv = session_open(c->slot, CKF_RW_SESSION, &c->s);
	return rv == CKR_OK ? login(c->s, CKU_USER, USER_PIN) : rv;
}

/* Sessions, logins and wrong PINs; now and then the whole module. */
static CK_RV session_round(struct ctx *c, unsigned long i)
{
	CK_SESSION_HANDLE s = 0;
	CK_OBJECT_HANDLE o = 0;
	CK_ULONG found = 0;
	CK_RV rv = session_open(c->slot, CKF_RW_SESSION, &s);

	if (rv == CKR_OK)
		rv = data_make(s, "soak", &o);
	if (rv == CKR_OK)
		rv = label_find(s, "soak", &o, 1, &found);
	if (rv == CKR_OK)
		rv = p11->C_DestroyObject(s, o);
	if (rv == CKR_OK)
		rv = p11->C_Logout(s);
	if (rv == CKR_OK)
		rv = want(login(s, CKU_USER, "a wrong one") == CKR_PIN_INCORRECT);
	if (rv == CKR_OK)
		rv = login(s, CKU_USER, USER_PIN);
	if (rv == CKR_OK)
		rv = p11->C_CloseSession(s);
	return rv == CKR_OK && i % 10 == 9 ? restart(c) : rv;
}

/* --- rows ------------------------------------------------------------ */

static CK_RV soak(struct ctx *c, CK_RV (*round)(struct ctx *c, unsigned long i),
		  unsigned long rounds)
{
	struct usage before = { 0 }, after = { 0 };
	CK_RV rv = token_begin(c, c->arg, NULL);

	for (unsigned long i = 0; rv == CKR_OK && i < rounds; i++) {
		if (i == rounds / 10)
			usage_read(&before);
		rv = round(c, i);
	}
	usage_read(&after);
	return rv == CKR_OK ? usage_compare(&before, &after, rounds) : rv;
}

static CK_RV session_objects(struct ctx *c)
{
	return soak(c, session_object_round, amount(5000, 500000));
}

static CK_RV token_objects(struct ctx *c)
{
	return soak(c, token_object_round, amount(300, 20000));
}

static CK_RV sessions(struct ctx *c)
{
	return soak(c, session_round, amount(200, 20000));
}

/* --- program ------------------------------------------------------------ */

static void test_soak(void)
{
	backends_run("session_objects", session_objects);
	backends_run("token_objects", token_objects);
	backends_run("sessions", sessions);
}

int main(int argc, char **argv)
{
	static const struct test tests[] = {
		{ "soak", .run = test_soak },
	};
	static const struct program program = {
		.name = "soak",
		.tests = tests, .ntests = LENGTH(tests),
		.without_token = true,
		.not_on_reference = "it keeps session objects until the end",
	};

	return harness_main(argc, argv, &program);
}
