#include "config.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "p11/harness.h"
#include "p11/kinds.h"
#include "p11/slot/slot.h"

#define TRIES		3
#define LIMIT		"token.max_pin_tries = 3\n"
#define LABEL		"tries"
#define WRONG		"wrong pin"
#define OTHER_PIN	"another pin"

#define USER_FLAGS (CKF_USER_PIN_COUNT_LOW | CKF_USER_PIN_FINAL_TRY | CKF_USER_PIN_LOCKED)
#define SO_FLAGS (CKF_SO_PIN_COUNT_LOW | CKF_SO_PIN_FINAL_TRY | CKF_SO_PIN_LOCKED)

static char tokens[32];		/* the token directory of the row */

/* The row's token with other lines in the configuration, and a session. */
static CK_RV go_on_with(struct ctx *c, const char *lines)
{
	CK_RV rv = CKR_OK;

	conf_use(tokens, lines);
	rv = module_start();
	if (rv == CKR_OK)
		rv = slot_find(LABEL, &c->slot);
	return rv == CKR_OK ? session_open(c->slot, CKF_RW_SESSION, &c->s) : rv;
}

/* A token of the row's own. */
static CK_RV begin_with(struct ctx *c, const char *lines)
{
	static unsigned n;
	CK_RV rv = CKR_OK;

	snprintf(tokens, sizeof(tokens), "tries-%u", n++);
	conf_use(tokens, lines);
	rv = module_start();
	if (rv == CKR_OK)
		rv = token_make(LABEL, &c->slot);
	return rv == CKR_OK ? session_open(c->slot, CKF_RW_SESSION, &c->s) : rv;
}

static CK_RV begin(struct ctx *c)
{
	return begin_with(c, LIMIT);
}

static bool flags_are(struct ctx *c, CK_FLAGS flags)
{
	CK_TOKEN_INFO info;

	return p11->C_GetTokenInfo(c->slot, &info) == CKR_OK &&
	       (info.flags & (USER_FLAGS | SO_FLAGS)) == flags;
}

static CK_RV try_wrong(struct ctx *c, CK_USER_TYPE user, unsigned times)
{
	CK_RV rv = CKR_OK;

	while (rv == CKR_OK && times-- > 0)
		rv = want(login(c->s, user, WRONG) == CKR_PIN_INCORRECT);
	return rv;
}

static CK_RV locked(struct ctx *c, CK_USER_TYPE user)
{
	CK_RV rv = begin(c);

	return rv == CKR_OK ? try_wrong(c, user, TRIES) : rv;
}

static CK_RV set_pin(struct ctx *c, const char *old, const char *new)
{
	return p11->C_SetPIN(c->s, text(old), strlen(old), text(new), strlen(new));
}

/* --- rows ----------------------------------------------------------------- */

static CK_RV flags_of_user(struct ctx *c)
{
	CK_RV rv = begin(c);

	if (rv == CKR_OK)
		rv = want(flags_are(c, 0));
	if (rv == CKR_OK)
		rv = try_wrong(c, CKU_USER, 1);
	if (rv == CKR_OK)
		rv = want(flags_are(c, CKF_USER_PIN_COUNT_LOW));
	if (rv == CKR_OK)
		rv = try_wrong(c, CKU_USER, 1);
	if (rv == CKR_OK)
		rv = want(flags_are(c, CKF_USER_PIN_COUNT_LOW | CKF_USER_PIN_FINAL_TRY));
	if (rv == CKR_OK)
		rv = try_wrong(c, CKU_USER, 1);
	return rv == CKR_OK ? want(flags_are(c, CKF_USER_PIN_COUNT_LOW | CKF_USER_PIN_LOCKED)) : rv;
}

static CK_RV flags_of_so(struct ctx *c)
{
	CK_RV rv = begin(c);

	if (rv == CKR_OK)
		rv = try_wrong(c, CKU_SO, 2);
	if (rv == CKR_OK)
		rv = want(flags_are(c, CKF_SO_PIN_COUNT_LOW | CKF_SO_PIN_FINAL_TRY));
	if (rv == CKR_OK)
		rv = try_wrong(c, CKU_SO, 1);
	return rv == CKR_OK ? want(flags_are(c, CKF_SO_PIN_COUNT_LOW | CKF_SO_PIN_LOCKED)) : rv;
}

static CK_RV right_pin_of_user(struct ctx *c)
{
	CK_RV rv = locked(c, CKU_USER);

	return rv == CKR_OK ? login(c->s, CKU_USER, USER_PIN) : rv;
}

static CK_RV right_pin_of_so(struct ctx *c)
{
	CK_RV rv = locked(c, CKU_SO);

	return rv == CKR_OK ? login(c->s, CKU_SO, SO_PIN) : rv;
}

static CK_RV wrong_pin_of_locked(struct ctx *c)
{
	CK_RV rv = locked(c, CKU_USER);

	return rv == CKR_OK ? login(c->s, CKU_USER, WRONG) : rv;
}

static CK_RV set_pin_of_locked(struct ctx *c)
{
	CK_RV rv = locked(c, CKU_USER);

	return rv == CKR_OK ? set_pin(c, USER_PIN, OTHER_PIN) : rv;
}

static CK_RV init_token_of_locked(struct ctx *c)
{
	CK_RV rv = locked(c, CKU_SO);

	if (rv == CKR_OK)
		rv = p11->C_CloseAllSessions(c->slot);
	return rv == CKR_OK ? token_init(c->slot, SO_PIN, "new label") : rv;
}

static CK_RV counted_apart(struct ctx *c)
{
	CK_RV rv = locked(c, CKU_USER);

	if (rv == CKR_OK)
		rv = login(c->s, CKU_SO, SO_PIN);
	return rv == CKR_OK ? want(flags_are(c, CKF_USER_PIN_COUNT_LOW | CKF_USER_PIN_LOCKED)) : rv;
}

static CK_RV right_pin_resets(struct ctx *c)
{
	CK_RV rv = begin(c);

	for (int i = 0; rv == CKR_OK && i < 3; i++) {
		rv = try_wrong(c, CKU_USER, TRIES - 1);
		if (rv == CKR_OK)
			rv = login(c->s, CKU_USER, USER_PIN);
		if (rv == CKR_OK)
			rv = want(flags_are(c, 0));
		if (rv == CKR_OK)
			rv = p11->C_Logout(c->s);
	}
	return rv;
}

static CK_RV set_pin_counts(struct ctx *c)
{
	CK_RV rv = begin(c);

	for (int i = 0; rv == CKR_OK && i < TRIES; i++)
		rv = want(set_pin(c, WRONG, OTHER_PIN) == CKR_PIN_INCORRECT);
	return rv == CKR_OK ? login(c->s, CKU_USER, USER_PIN) : rv;
}

static CK_RV set_pin_of_so_counts(struct ctx *c)
{
	CK_RV rv = begin(c);

	if (rv == CKR_OK)
		rv = login(c->s, CKU_SO, SO_PIN);
	for (int i = 0; rv == CKR_OK && i < TRIES; i++)
		rv = want(set_pin(c, WRONG, OTHER_PIN) == CKR_PIN_INCORRECT);
	return rv == CKR_OK ? set_pin(c, SO_PIN, OTHER_PIN) : rv;
}

static CK_RV set_pin_resets(struct ctx *c)
{
	CK_RV rv = begin(c);

	if (rv == CKR_OK)
		rv = try_wrong(c, CKU_USER, TRIES - 1);
	if (rv == CKR_OK)
		rv = set_pin(c, USER_PIN, OTHER_PIN);
	if (rv == CKR_OK)
		rv = try_wrong(c, CKU_USER, TRIES - 1);
	return rv == CKR_OK ? login(c->s, CKU_USER, OTHER_PIN) : rv;
}

/* The operation stays, but nobody can confirm it. */
static CK_RV context_specific_counts(struct ctx *c)
{
	const CK_ATTRIBUTE always[] = {
		A_BOOL(CKA_PRIVATE, CK_TRUE), A_BOOL(CKA_ALWAYS_AUTHENTICATE, CK_TRUE), A_END,
	};
	CK_MECHANISM m = { CKM_RSA_PKCS, NULL, 0 };
	CK_OBJECT_HANDLE key = 0;
	CK_RV rv = begin(c);

	if (rv == CKR_OK)
		rv = login(c->s, CKU_USER, USER_PIN);
	if (rv == CKR_OK)
		rv = kind_make(c->s, RSA_PRIVATE, always, &key);
	if (rv == CKR_OK)
		rv = p11->C_SignInit(c->s, &m, key);
	if (rv == CKR_OK)
		rv = try_wrong(c, CKU_CONTEXT_SPECIFIC, TRIES);
	if (rv == CKR_OK)
		rv = want(login(c->s, CKU_CONTEXT_SPECIFIC, USER_PIN) == CKR_PIN_LOCKED &&
			  session_state(c->s) == CKS_RW_USER_FUNCTIONS);
	if (rv == CKR_OK)
		rv = p11->C_Logout(c->s);
	return rv == CKR_OK ? login(c->s, CKU_USER, USER_PIN) : rv;
}

static CK_RV init_pin_unlocks(struct ctx *c)
{
	CK_RV rv = locked(c, CKU_USER);

	if (rv == CKR_OK)
		rv = want(login(c->s, CKU_USER, USER_PIN) == CKR_PIN_LOCKED);
	if (rv == CKR_OK)
		rv = login(c->s, CKU_SO, SO_PIN);
	if (rv == CKR_OK)
		rv = p11->C_InitPIN(c->s, text(OTHER_PIN), strlen(OTHER_PIN));
	if (rv == CKR_OK)
		rv = p11->C_Logout(c->s);
	if (rv == CKR_OK)
		rv = want(flags_are(c, 0));
	if (rv == CKR_OK)
		rv = try_wrong(c, CKU_USER, TRIES - 1);
	return rv == CKR_OK ? login(c->s, CKU_USER, OTHER_PIN) : rv;
}

static CK_RV init_token_clears(struct ctx *c)
{
	CK_RV rv = locked(c, CKU_USER);

	if (rv == CKR_OK)
		rv = p11->C_CloseAllSessions(c->slot);
	if (rv == CKR_OK)
		rv = token_init(c->slot, SO_PIN, LABEL);
	return rv == CKR_OK ? want(flags_are(c, 0)) : rv;
}

static CK_RV init_token_counts(struct ctx *c)
{
	CK_RV rv = begin(c);

	if (rv == CKR_OK)
		rv = p11->C_CloseAllSessions(c->slot);
	for (int i = 0; rv == CKR_OK && i < TRIES; i++)
		rv = want(token_init(c->slot, WRONG, LABEL) == CKR_PIN_INCORRECT);
	return rv == CKR_OK ? token_init(c->slot, SO_PIN, LABEL) : rv;
}

static CK_RV restart_keeps_count(struct ctx *c)
{
	CK_RV rv = begin(c);

	for (int i = 0; rv == CKR_OK && i < TRIES; i++) {
		rv = try_wrong(c, CKU_USER, 1);
		if (rv == CKR_OK)
			rv = go_on_with(c, LIMIT);
	}
	return rv == CKR_OK ? login(c->s, CKU_USER, USER_PIN) : rv;
}

static CK_RV without_key_stays_locked(struct ctx *c)
{
	CK_RV rv = locked(c, CKU_USER);

	if (rv == CKR_OK)
		rv = go_on_with(c, NULL);
	return rv == CKR_OK ? login(c->s, CKU_USER, USER_PIN) : rv;
}

static CK_RV no_number_never_locks(struct ctx *c)
{
	CK_RV rv = begin_with(c, "token.max_pin_tries = three\n");

	if (rv == CKR_OK)
		rv = try_wrong(c, CKU_USER, 10);
	return rv == CKR_OK ? login(c->s, CKU_USER, USER_PIN) : rv;
}

static CK_RV one_try(struct ctx *c)
{
	CK_RV rv = begin_with(c, "token.max_pin_tries = 1\n");

	if (rv == CKR_OK)
		rv = want(flags_are(c, CKF_USER_PIN_FINAL_TRY | CKF_SO_PIN_FINAL_TRY));
	if (rv == CKR_OK)
		rv = try_wrong(c, CKU_USER, 1);
	return rv == CKR_OK ? login(c->s, CKU_USER, USER_PIN) : rv;
}

/* The token's own file is replaced or changed when it is written: its number or its time tells. */
static CK_RV right_pin_writes_nothing(struct ctx *c)
{
	char file[4096];
	struct stat before, after;
	CK_RV rv = begin(c);

	snprintf(file, sizeof(file), "%s/%s/%s", work_path("%s", tokens),
		 dir_entry(work_path("%s", tokens)), token_file());
	if (rv != CKR_OK || stat(file, &before) != 0)
		return rv == CKR_OK ? ROW_BROKEN : rv;
	rv = login(c->s, CKU_USER, USER_PIN);
	if (rv == CKR_OK && stat(file, &after) != 0)
		rv = ROW_BROKEN;
	return rv == CKR_OK ? want(before.st_ino == after.st_ino &&
				   before.st_size == after.st_size &&
				   before.st_mtim.tv_nsec == after.st_mtim.tv_nsec) :
			      rv;
}

/* --- other processes ------------------------------------------------------ */

static bool child_begin(struct ctx *c)
{
	return module_load() && module_start() == CKR_OK && slot_find(LABEL, &c->slot) == CKR_OK &&
	       session_open(c->slot, CKF_RW_SESSION, &c->s) == CKR_OK;
}

int child_tries_twice(void)
{
	struct ctx c;

	return child_begin(&c) && try_wrong(&c, CKU_USER, 2) == CKR_OK ? 0 : 1;
}

int child_is_refused(void)
{
	struct ctx c;

	return child_begin(&c) && login(c.s, CKU_USER, USER_PIN) == CKR_PIN_LOCKED ? 0 : 1;
}

int child_tries_and_dies(void)
{
	struct ctx c;

	if (!child_begin(&c) || try_wrong(&c, CKU_USER, 2) != CKR_OK)
		return 1;
	raise(SIGKILL);
	return 2;
}

/* How often the PIN was called wrong, and not locked. */
static int guesses(void)
{
	struct ctx c;
	int n = 0;

	if (!child_begin(&c))
		return 100;
	for (int i = 0; i < 2 * TRIES; i++)
		n += login(c.s, CKU_USER, WRONG) == CKR_PIN_INCORRECT;
	return n;
}

int child_tries_together(void)
{
	int n = 0, status = 0;

	for (int i = 0; i < 4; i++) {
		pid_t pid = fork();

		if (pid < 0)
			return 1;
		if (pid == 0)
			_exit(guesses());
	}
	while (wait(&status) > 0)
		n += WIFEXITED(status) ? WEXITSTATUS(status) : 100;
	return n == TRIES ? 0 : 1;
}

static CK_RV other_process_counts(struct ctx *c)
{
	CK_RV rv = begin(c);

	if (rv == CKR_OK)
		rv = try_wrong(c, CKU_USER, 1);
	if (rv == CKR_OK)
		rv = child_run("tries_twice");
	if (rv == CKR_OK)
		rv = want(flags_are(c, CKF_USER_PIN_COUNT_LOW | CKF_USER_PIN_LOCKED));
	return rv == CKR_OK ? login(c->s, CKU_USER, USER_PIN) : rv;
}

static CK_RV other_process_is_refused(struct ctx *c)
{
	CK_RV rv = locked(c, CKU_USER);

	return rv == CKR_OK ? child_run("is_refused") : rv;
}

static CK_RV killed_process_counts(struct ctx *c)
{
	CK_RV rv = begin(c);

	if (rv == CKR_OK)
		rv = want(child_run("tries_and_dies") == ROW_CRASHED);
	if (rv == CKR_OK)
		rv = want(flags_are(c, CKF_USER_PIN_COUNT_LOW | CKF_USER_PIN_FINAL_TRY));
	if (rv == CKR_OK)
		rv = try_wrong(c, CKU_USER, 1);
	return rv == CKR_OK ? login(c->s, CKU_USER, USER_PIN) : rv;
}

static CK_RV processes_together(struct ctx *c)
{
	CK_RV rv = begin(c);

	if (rv == CKR_OK)
		rv = child_run("tries_together");
	return rv == CKR_OK ? login(c->s, CKU_USER, USER_PIN) : rv;
}

/* The SO helps in another process than the one that locked the PIN. */
static CK_RV unlocked_after_restart(struct ctx *c)
{
	CK_RV rv = locked(c, CKU_USER);

	if (rv == CKR_OK)
		rv = go_on_with(c, NULL);
	if (rv == CKR_OK)
		rv = login(c->s, CKU_SO, SO_PIN);
	if (rv == CKR_OK)
		rv = p11->C_InitPIN(c->s, text(OTHER_PIN), strlen(OTHER_PIN));
	if (rv == CKR_OK)
		rv = go_on_with(c, LIMIT);
	return rv == CKR_OK ? login(c->s, CKU_USER, OTHER_PIN) : rv;
}

void test_tries(void)
{
	static const struct row rows[] = {
#define ROW(expected, call) { "tries_" #call, ANY_STATE, expected, call, NULL, __FILE__, __LINE__ }
		ROW(CKR_OK, flags_of_user),
		ROW(CKR_OK, flags_of_so),
		ROW(CKR_PIN_LOCKED, right_pin_of_user),
		ROW(CKR_PIN_LOCKED, right_pin_of_so),
		ROW(CKR_PIN_LOCKED, wrong_pin_of_locked),
		ROW(CKR_PIN_LOCKED, set_pin_of_locked),
		ROW(CKR_PIN_LOCKED, init_token_of_locked),
		ROW(CKR_OK, counted_apart),
		ROW(CKR_OK, right_pin_resets),
		ROW(CKR_PIN_LOCKED, set_pin_counts),
		ROW(CKR_PIN_LOCKED, set_pin_of_so_counts),
		ROW(CKR_OK, set_pin_resets),
		ROW(CKR_PIN_LOCKED, context_specific_counts),
		ROW(CKR_OK, init_pin_unlocks),
		ROW(CKR_OK, init_token_clears),
		ROW(CKR_PIN_LOCKED, init_token_counts),
		ROW(CKR_PIN_LOCKED, restart_keeps_count),
		ROW(CKR_PIN_LOCKED, without_key_stays_locked),
		ROW(CKR_OK, no_number_never_locks),
		ROW(CKR_PIN_LOCKED, one_try),
		ROW(CKR_OK, right_pin_writes_nothing),
		ROW(CKR_PIN_LOCKED, other_process_counts),
		ROW(CKR_OK, other_process_is_refused),
		ROW(CKR_PIN_LOCKED, killed_process_counts),
		ROW(CKR_PIN_LOCKED, processes_together),
		ROW(CKR_OK, unlocked_after_restart),
#undef ROW
	};

	for (size_t i = 0; i < LENGTH(rows); i++)
		row_run(&rows[i]);
}
