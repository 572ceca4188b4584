/* Many processes on one token, some of them of SoftHSM 2.6.1. */
#include "config.h"

#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "p11/concurrent/work.h"
#include "stress/stress.h"

#define REFERENCE_MODULE "/usr/lib/softhsm/libsofthsm2.so"
#define SIGNERS		16
#define WRITERS		4
#define LOGINS		4
#define TOOLS		6
/* A child ends after so many rounds, and the next one starts. */
#define WRITER_ROUNDS	200
#define LOGIN_ROUNDS	1000
#define KEY_LABEL	"signs"

/* Shared with all children. */
struct shared {
	atomic_ulong starts;	/* that are still to come */
	atomic_ulong started;
	atomic_ulong writes;
	atomic_ulong others, failed;	/* rounds of SoftHSM, and those with a wrong code */
	atomic_bool stop;
	atomic_ulong begun, done;	/* changes of the PIN */
	atomic_ulong logins, refused;
};

static struct shared *shared;

/* --- processes that start and sign, others that write ---------------------------------------- */

/* The private key that all sign with. */
static CK_RV key_find(CK_SESSION_HANDLE s, CK_OBJECT_HANDLE *out)
{
	CK_ATTRIBUTE t[] = {
		A_ULONG(CKA_CLASS, CKO_PRIVATE_KEY), A_TEXT(CKA_LABEL, KEY_LABEL), A_END,
	};
	CK_ULONG found = 0;
	CK_RV rv = object_find(s, t, out, 1, &found);

	return rv == CKR_OK ? want(found == 1) : rv;
}

static CK_RV start_and_sign(void)
{
	CK_SLOT_ID slot = 0;
	CK_SESSION_HANDLE s = 0;
	CK_OBJECT_HANDLE key = 0;
	CK_RV rv = user_begin(&s, &slot);

	if (rv == CKR_OK)
		rv = key_find(s, &key);
	if (rv == CKR_OK)
		rv = pair_signs(s, key);
	return rv == CKR_OK ? p11->C_Finalize(NULL) : rv;
}

static int child_end(CK_RV rv)
{
	if (rv != CKR_OK)
		printf("a child: 0x%lx\n", rv);
	fflush(stdout);
	return rv == CKR_OK ? 0 : 1;
}

static int child_sign(void)
{
	return child_end(start_and_sign());
}

/* Keys that live and die, and a data object that is renamed again and again. */
static CK_RV write_rounds(CK_SESSION_HANDLE s)
{
	CK_OBJECT_HANDLE o = 0;
	CK_RV rv = data_make(s, "renamed", &o);

	for (unsigned i = 0; rv == CKR_OK && i < WRITER_ROUNDS && !shared->stop; i++) {
		char label[32];
		CK_ATTRIBUTE a = { CKA_LABEL, label, 0 };

		a.ulValueLen = (CK_ULONG)snprintf(label, sizeof(label), "%ld %u", (long)getpid(),
						  i);
		rv = pair_lives(s, label);
		if (rv == CKR_OK)
			rv = p11->C_SetAttributeValue(s, o, &a, 1);
		shared->writes++;
	}
	return rv == CKR_OK ? p11->C_DestroyObject(s, o) : rv;
}

static int child_write(void)
{
	CK_SLOT_ID slot = 0;
	CK_SESSION_HANDLE s = 0;
	CK_RV rv = user_begin(&s, &slot);

	shared = shared_open(sizeof(*shared));
	if (rv == CKR_OK)
		rv = shared ? write_rounds(s) : ROW_BROKEN;
	if (rv == CKR_OK)
		rv = p11->C_Finalize(NULL);
	return child_end(rv);
}

/*
 * SoftHSM on the same token. Its calls may fail here, as they do without us: it reads what it has
 * not written whole, and changes what it has read a while ago.
 */
static CK_RV softhsm_round(void)
{
	char label[32];
	CK_SLOT_ID slot = 0;
	CK_SESSION_HANDLE s = 0;
	CK_OBJECT_HANDLE key = 0;
	CK_RV rv = user_begin(&s, &slot);

	snprintf(label, sizeof(label), "softhsm %ld", (long)getpid());
	if (rv == CKR_OK)
		rv = key_find(s, &key);
	for (unsigned i = 0; rv == CKR_OK && i < 5 && !shared->stop; i++) {
		rv = pair_signs(s, key);
		if (rv == CKR_OK)
			rv = pair_lives(s, label);
	}
	return rv;
}

static int child_softhsm(void)
{
	setenv("MODULE", REFERENCE_MODULE, 1);
	shared = shared_open(sizeof(*shared));
	if (!shared)
		return 1;
	if (softhsm_round() != CKR_OK)
		shared->failed++;
	shared->others++;
	return 0;
}

/* A crash of its own counts like a wrong code. */
static CK_RV run_softhsm(struct worker *w)
{
	(void)w;
	while (!shared->stop) {
		CK_RV rv = child_run("softhsm");

		if (rv == ROW_HUNG)
			return rv;
		shared->failed += rv != CKR_OK;
	}
	return CKR_OK;
}

static CK_RV run_signers(struct worker *w)
{
	CK_RV rv = CKR_OK;

	(void)w;
	while (rv == CKR_OK && shared->starts-- - 1 < ~0UL / 2) {
		rv = child_run("sign");
		shared->started++;
	}
	return rv;
}

static CK_RV run_writers(struct worker *w)
{
	CK_RV rv = CKR_OK;

	(void)w;
	while (rv == CKR_OK && !shared->stop)
		rv = child_run("write");
	return rv;
}

static CK_RV processes_begin(struct ctx *c, const char *lines)
{
	CK_OBJECT_HANDLE public = 0, private = 0;
	CK_RV rv = token_begin(c, c->arg, lines);

	shared = shared_make(sizeof(*shared));
	if (rv == CKR_OK)
		rv = want(shared != NULL);
	return rv == CKR_OK ? pair_make(c->s, CK_TRUE, KEY_LABEL, &public, &private) : rv;
}

/* What all have left behind: the one key pair. */
static CK_RV one_pair_left(struct ctx *c)
{
	CK_OBJECT_HANDLE o[8];
	CK_ULONG found = 0;
	CK_RV rv = object_find(c->s, NULL, o, LENGTH(o), &found);

	return rv == CKR_OK ? want(found == 2) : rv;
}

static CK_RV starts(struct ctx *c)
{
	struct worker signers[SIGNERS], writers[WRITERS];
	CK_RV rv = processes_begin(c, NULL), written = CKR_OK;

	if (rv != CKR_OK)
		return rv;
	shared->starts = amount(200, 10000);
	workers_start(writers, WRITERS, c->slot, run_writers, NULL);
	workers_start(signers, SIGNERS, c->slot, run_signers, NULL);
	rv = workers_end(signers, SIGNERS);
	shared->stop = true;
	written = workers_end(writers, WRITERS);
	report("%lu starts of %u processes at a time; %u others wrote %lu keys", shared->started,
	       SIGNERS, WRITERS, shared->writes);
	if (rv == CKR_OK)
		rv = written;
	if (rv == CKR_OK)
		rv = want(shared->started == amount(200, 10000) && shared->writes > 0);
	return rv == CKR_OK ? one_pair_left(c) : rv;
}

/*
 * Our processes and SoftHSM's: ours give no wrong code, and in the end the key that all used is
 * there. SoftHSM empties token.object before it writes it anew, at each login, and may be stopped
 * in between with no lock held. A process of ours that starts then may find no token, or one that
 * cannot be read; but soon it does.
 */
static CK_RV with_softhsm(struct ctx *c)
{
	struct worker signers[4], writers[2], others[3];
	const unsigned long n = amount(60, 3000);
	CK_RV rv = processes_begin(c, NULL), written = CKR_OK, other = CKR_OK;
	CK_OBJECT_HANDLE key = 0;

	if (rv != CKR_OK)
		return rv;
	shared->starts = n;
	setenv(STRESS_PATIENCE, "5000", 1);
	workers_start(others, LENGTH(others), c->slot, run_softhsm, NULL);
	workers_start(writers, LENGTH(writers), c->slot, run_writers, NULL);
	workers_start(signers, LENGTH(signers), c->slot, run_signers, NULL);
	rv = workers_end(signers, LENGTH(signers));
	shared->stop = true;
	written = workers_end(writers, LENGTH(writers));
	other = workers_end(others, LENGTH(others));
	unsetenv(STRESS_PATIENCE);
	report("%lu starts and %lu keys written beside %lu processes of SoftHSM, %lu of which "
	       "failed", shared->started, shared->writes, shared->others, shared->failed);
	if (rv == CKR_OK)
		rv = written != CKR_OK ? written : other;
	if (rv == CKR_OK)
		rv = key_find(c->s, &key);
	return rv == CKR_OK ? pair_signs(c->s, key) : rv;
}

/* SoftHSM's own faults show now and then: not for every check. */
static void run_with_softhsm(void)
{
	static const struct backend file = { "file", "" };
	const char *ci = getenv("CI");

	if (!getenv("CHECK_LONG"))
		return;
	if (access(REFERENCE_MODULE, R_OK) == 0 || (ci && strcmp(ci, "true") == 0))
		row_runf(FINALIZED, with_softhsm, &file, CKR_OK, "with_softhsm_file");
	else
		report("with_softhsm: not run, there is no " REFERENCE_MODULE);
}

/* --- the tool ------------------------------------------------------------ */

/* The tool makes a token of that label in whatever slot is free. */
static CK_RV tool_init(const char *label)
{
	extern char **environ;
	const char *tool = getenv("SOFTHSM2_UTIL");
	char *argv[] = {
		(char *)text(tool), (char *)text("--init-token"), (char *)text("--free"),
		(char *)text("--label"), (char *)text(label), (char *)text("--so-pin"),
		(char *)text(SO_PIN), (char *)text("--pin"), (char *)text(USER_PIN), NULL,
	};
	posix_spawn_file_actions_t files;
	pid_t pid = -1;
	int status = -1, error = 0;

	posix_spawn_file_actions_init(&files);
	posix_spawn_file_actions_addopen(&files, STDOUT_FILENO, "/dev/null", 1, 0);
	error = posix_spawn(&pid, tool, &files, NULL, argv, environ);
	posix_spawn_file_actions_destroy(&files);
	if (error || waitpid(pid, &status, 0) != pid)
		return ROW_BROKEN;
	return want(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

static CK_RV run_tools(struct worker *w)
{
	const unsigned long rounds = amount(3, 50);
	CK_RV rv = CKR_OK;
	char label[64];

	for (unsigned long i = 0; rv == CKR_OK && i < rounds; i++) {
		snprintf(label, sizeof(label), "token %u of round %lu", w->number, i);
		rv = tool_init(label);
	}
	return rv;
}

/* Is that token there, and does its PIN open it? */
static CK_RV token_opens(const CK_TOKEN_INFO *info, CK_SLOT_ID slot, bool *seen)
{
	const unsigned long rounds = amount(3, 50);
	CK_SESSION_HANDLE s = 0;
	char label[33] = "";
	unsigned number = 0;
	unsigned long round = 0;
	CK_RV rv = CKR_OK;

	memcpy(label, info->label, sizeof(info->label));
	if (sscanf(label, "token %u of round %lu", &number, &round) != 2 || number >= TOOLS ||
	    round >= rounds || seen[number * rounds + round])
		return ROW_WRONG;
	seen[number * rounds + round] = true;
	rv = session_open(slot, 0, &s);
	if (rv == CKR_OK)
		rv = login(s, CKU_USER, USER_PIN);
	return rv == CKR_OK ? p11->C_CloseSession(s) : rv;
}

static CK_RV tokens_open(CK_ULONG expected)
{
	CK_SLOT_ID *ids = calloc(expected + 2, sizeof(*ids));
	bool *seen = calloc(expected + 1, sizeof(*seen));
	CK_ULONG count = expected + 2, tokens = 0;
	CK_TOKEN_INFO info;
	CK_RV rv = ids && seen ? slot_list(ids, &count) : ROW_BROKEN;

	for (CK_ULONG i = 0; rv == CKR_OK && i < count; i++) {
		rv = p11->C_GetTokenInfo(ids[i], &info);
		if (rv != CKR_OK || !(info.flags & CKF_TOKEN_INITIALIZED))
			continue;
		tokens++;
		rv = token_opens(&info, ids[i], seen);
	}
	free(ids);
	free(seen);
	return rv == CKR_OK ? want(tokens == expected) : rv;
}

static CK_RV tools(struct ctx *c)
{
	const unsigned long expected = TOOLS * amount(3, 50);
	CK_RV rv = getenv("SOFTHSM2_UTIL") ? backend_begin(c->arg, NULL, NULL) : ROW_BROKEN;

	/* this process watches the tokens appear */
	if (rv == CKR_OK)
		rv = workers_run(TOOLS, 0, run_tools, NULL);
	if (rv == CKR_OK)
		rv = tokens_open(expected);
	if (rv == CKR_OK)
		rv = module_restart();
	if (rv == CKR_OK)
		rv = tokens_open(expected);
	report("%lu tokens made by %u tools at a time", expected, TOOLS);
	return rv;
}

/* --- PINs change while others log in ------------ */

/* The PIN that the change of that number made. */
static const char *pin_of(unsigned long number, char *out)
{
	snprintf(out, 32, number ? "pin-%lu" : USER_PIN, number);
	return out;
}

/*
 * One login with the PIN that was good a moment before. It must be right if no other change had
 * begun when the call came back, and may be called wrong otherwise, but nothing else.
 */
static CK_RV login_once(CK_SESSION_HANDLE s, unsigned long lag)
{
	unsigned long done = shared->done, tried = done > lag ? done - lag : 0;
	char pin[32];
	CK_RV rv = login(s, CKU_USER, pin_of(tried, pin));
	unsigned long begun = shared->begun;

	if (rv == CKR_PIN_INCORRECT) {
		shared->refused++;
		return want(tried != begun);
	}
	if (rv != CKR_OK)
		return rv;
	shared->logins++;
	/* an older PIN than the one that was good before the call opens nothing */
	return tried == done ? p11->C_Logout(s) : ROW_WRONG;
}

static int child_login(void)
{
	CK_SLOT_ID slot = 0;
	CK_SESSION_HANDLE s = 0;
	CK_RV rv = module_load() ? module_start() : ROW_BROKEN;

	shared = shared_open(sizeof(*shared));
	if (!shared)
		return 1;
	if (rv == CKR_OK)
		rv = slot_find(TOKEN_LABEL, &slot);
	if (rv == CKR_OK)
		rv = session_open(slot, CKF_RW_SESSION, &s);
	for (unsigned long i = 0; rv == CKR_OK && i < LOGIN_ROUNDS && !shared->stop; i++)
		rv = login_once(s, i % 4 == 3);
	if (rv == CKR_OK)
		rv = p11->C_Finalize(NULL);
	return child_end(rv);
}

static CK_RV run_logins(struct worker *w)
{
	CK_RV rv = CKR_OK;

	(void)w;
	while (rv == CKR_OK && !shared->stop)
		rv = child_run("login");
	return rv;
}

static CK_RV change_pins(CK_SESSION_HANDLE s)
{
	const unsigned long n = amount(100, 3000);
	CK_RV rv = CKR_OK;

	for (unsigned long i = 0; rv == CKR_OK && i < n; i++) {
		char from[32], to[32];

		pin_of(i, from);
		pin_of(i + 1, to);
		shared->begun = i + 1;
		rv = p11->C_SetPIN(s, text(from), strlen(from), text(to), strlen(to));
		shared->done = i + 1;
		/* time for a login between two changes */
		pause_ms((double)(i % 4));
	}
	return rv;
}

static CK_RV pins(struct ctx *c)
{
	struct worker w[LOGINS];
	CK_RV rv = processes_begin(c, NULL), others = CKR_OK;

	if (rv != CKR_OK)
		return rv;
	workers_start(w, LOGINS, c->slot, run_logins, NULL);
	/* not before somebody is there to see it */
	for (unsigned ms = 0; ms < 30000 && shared->logins == 0; ms++)
		pause_ms(1);
	rv = change_pins(c->s);
	shared->stop = true;
	others = workers_end(w, LOGINS);
	report("%lu changes of the PIN during %lu logins and %lu refusals", shared->done,
	       shared->logins, shared->refused);
	if (rv == CKR_OK)
		rv = others;
	return rv == CKR_OK ? want(shared->logins > 0) : rv;
}

/* --- program ------------------------------------------------------------ */

static void test_processes(void)
{
	backends_run("starts", starts);
	run_with_softhsm();
	backends_run("tools", tools);
	backends_run("pins", pins);
}

int main(int argc, char **argv)
{
	static const struct child children[] = {
		{ "sign", child_sign },
		{ "write", child_write },
		{ "login", child_login },
		{ "softhsm", child_softhsm },
	};
	static const struct test tests[] = {
		{ "processes", .run = test_processes },
	};
	static const struct program program = {
		.name = "processes",
		.tests = tests, .ntests = LENGTH(tests),
		.children = children, .nchildren = LENGTH(children),
		.without_token = true,
		.not_on_reference = "it fails some of its calls when others write",
	};

	return harness_main(argc, argv, &program);
}
