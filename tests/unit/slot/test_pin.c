/* Wrong PINs: how they are counted, and what locks and unlocks a PIN. */
#include "config.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/reason.h"
#include "common/str.h"
#include "crypto/ossl/ossl.h"
#include "crypto/tokenkey.h"
#include "slot/pin.h"
#include "slot/token.h"
#include "slot/token_attrs.h"
#include "unit/unit.h"

#define PIN(s) (const CK_BYTE *)(s), sizeof(s) - 1
#define RIGHT PIN("1234")
#define WRONG PIN("4321")
#define SO_RIGHT PIN("so-pin")

#define USER_FLAGS (CKF_USER_PIN_COUNT_LOW | CKF_USER_PIN_FINAL_TRY | CKF_USER_PIN_LOCKED)
#define SO_FLAGS (CKF_SO_PIN_COUNT_LOW | CKF_SO_PIN_FINAL_TRY | CKF_SO_PIN_LOCKED)

static const CK_UTF8CHAR label[32] = "a label of thirty-two characters";

/* A token with both PINs, in the directory "t", and a session. */
struct world {
	char *dir, *path;
	struct token_place place;
	struct token *t;
};

static void open_world(struct world *w, unsigned long tries)
{
	struct attrset *a = attrset_new(false);
	struct secbuf *key = NULL;
	struct store *store = NULL;

	w->dir = unit_make_dir();
	w->path = path_join(w->dir, "t");
	w->place = (struct token_place){
		.backend = store_backend_find("file"), .dir = w->dir, .mask = 0077,
		.max_pin_tries = tries,
	};
	CU_ASSERT_EQUAL_FATAL(tokenkey_generate(&key), CKR_OK);
	CU_ASSERT_EQUAL(attrset_set_bytes(a, CKA_OS_TOKENLABEL, label, sizeof(label)), CKR_OK);
	CU_ASSERT_EQUAL(attrset_set_number(a, CKA_OS_TOKENFLAGS, 0x425), CKR_OK);
	CU_ASSERT_EQUAL(pin_store(a, PIN_SO, key, SO_RIGHT), CKR_OK);
	CU_ASSERT_EQUAL(pin_store(a, PIN_USER, key, RIGHT), CKR_OK);
	CU_ASSERT_EQUAL_FATAL(store_create(w->place.backend, w->path, 0077, a, &store), CKR_OK);
	store_close(store);
	CU_ASSERT_EQUAL_FATAL(token_open(&w->place, w->path, &w->t), CKR_OK);
	CU_ASSERT_EQUAL(token_session_opened(w->t, true), CKR_OK);
	secbuf_free(key);
	attrset_free(a);
}

static void close_world(struct world *w)
{
	token_session_closed(w->t, 1, true);
	token_free(w->t);
	free(w->path);
	unit_remove_dir(w->dir);
}

/* As after a restart, perhaps with another limit. */
static void reopen(struct world *w, unsigned long tries)
{
	token_session_closed(w->t, 1, true);
	token_free(w->t);
	w->place.max_pin_tries = tries;
	CU_ASSERT_EQUAL_FATAL(token_open(&w->place, w->path, &w->t), CKR_OK);
	CU_ASSERT_EQUAL(token_session_opened(w->t, true), CKR_OK);
}

static CK_FLAGS flags_now(const struct world *w)
{
	CK_TOKEN_INFO info;

	memset(&info, 0, sizeof(info));
	CU_ASSERT_EQUAL(token_info(w->t, &info), CKR_OK);
	return info.flags & (USER_FLAGS | SO_FLAGS);
}

/* An attribute as it is stored; 0 when it is missing. */
static uint64_t stored(const struct world *w, CK_ATTRIBUTE_TYPE type)
{
	struct attrset *a = NULL;
	struct store *s = NULL;
	uint64_t n;

	CU_ASSERT_EQUAL_FATAL(store_open(w->place.backend, w->path, 0077, &s), CKR_OK);
	CU_ASSERT_EQUAL_FATAL(store_token_load(s, &a), CKR_OK);
	n = attrset_number(a, type, 0);
	attrset_free(a);
	store_close(s);
	return n;
}

static CK_RV login(struct world *w, CK_USER_TYPE who, const CK_BYTE *pin, CK_ULONG len)
{
	CK_RV rv = token_login(w->t, who, pin, len);

	if (rv == CKR_OK)
		CU_ASSERT_EQUAL(token_logout(w->t), CKR_OK);
	return rv;
}

static void test_locks(void)
{
	struct world w;

	open_world(&w, 3);
	CU_ASSERT_EQUAL(flags_now(&w), 0);
	CU_ASSERT_EQUAL(login(&w, CKU_USER, WRONG), CKR_PIN_INCORRECT);
	CU_ASSERT_EQUAL(flags_now(&w), CKF_USER_PIN_COUNT_LOW);
	CU_ASSERT_EQUAL(login(&w, CKU_USER, WRONG), CKR_PIN_INCORRECT);
	CU_ASSERT_EQUAL(flags_now(&w), CKF_USER_PIN_COUNT_LOW | CKF_USER_PIN_FINAL_TRY);
	CU_ASSERT_EQUAL(stored(&w, CKA_OS_USERTRIES), 2);
	CU_ASSERT_EQUAL(login(&w, CKU_USER, RIGHT), CKR_OK);
	CU_ASSERT_EQUAL(flags_now(&w), 0);
	CU_ASSERT_EQUAL(stored(&w, CKA_OS_USERTRIES), 0);
	for (int i = 0; i < 3; i++)
		CU_ASSERT_EQUAL(login(&w, CKU_USER, WRONG), CKR_PIN_INCORRECT);
	CU_ASSERT_EQUAL(flags_now(&w), CKF_USER_PIN_COUNT_LOW | CKF_USER_PIN_LOCKED);
	CU_ASSERT_EQUAL(stored(&w, CKA_OS_TOKENFLAGS),
			0x42d | CKF_USER_PIN_COUNT_LOW | CKF_USER_PIN_LOCKED);
	reason_clear();
	CU_ASSERT_EQUAL(login(&w, CKU_USER, RIGHT), CKR_PIN_LOCKED);
	CU_ASSERT_STRING_EQUAL(reason_text(), "the user's PIN was wrong too often");
	CU_ASSERT_EQUAL(login(&w, CKU_USER, WRONG), CKR_PIN_LOCKED);
	CU_ASSERT_EQUAL(token_set_pin(w.t, RIGHT, PIN("5678")), CKR_PIN_LOCKED);
	CU_ASSERT_EQUAL(login(&w, CKU_SO, SO_RIGHT), CKR_OK);	/* counted apart */
	close_world(&w);
}

static void test_so_unlocks(void)
{
	struct world w;

	open_world(&w, 1);
	CU_ASSERT_EQUAL(flags_now(&w), CKF_USER_PIN_FINAL_TRY | CKF_SO_PIN_FINAL_TRY);
	CU_ASSERT_EQUAL(login(&w, CKU_USER, WRONG), CKR_PIN_INCORRECT);
	CU_ASSERT_EQUAL(login(&w, CKU_USER, RIGHT), CKR_PIN_LOCKED);
	CU_ASSERT_EQUAL(token_login(w.t, CKU_SO, SO_RIGHT), CKR_OK);
	CU_ASSERT_EQUAL(token_init_pin(w.t, PIN("5678")), CKR_OK);
	CU_ASSERT_EQUAL(token_logout(w.t), CKR_OK);
	CU_ASSERT_EQUAL(stored(&w, CKA_OS_USERTRIES), 0);
	CU_ASSERT_EQUAL(login(&w, CKU_USER, PIN("5678")), CKR_OK);
	close_world(&w);
}

static void test_so_locks(void)
{
	struct world w;

	open_world(&w, 2);
	CU_ASSERT_EQUAL(login(&w, CKU_SO, WRONG), CKR_PIN_INCORRECT);
	CU_ASSERT_EQUAL(login(&w, CKU_SO, WRONG), CKR_PIN_INCORRECT);
	CU_ASSERT_EQUAL(flags_now(&w), CKF_SO_PIN_COUNT_LOW | CKF_SO_PIN_LOCKED);
	CU_ASSERT_EQUAL(login(&w, CKU_SO, SO_RIGHT), CKR_PIN_LOCKED);
	CU_ASSERT_EQUAL(stored(&w, CKA_OS_SOTRIES), 2);
	CU_ASSERT_EQUAL(login(&w, CKU_USER, RIGHT), CKR_OK);
	token_session_closed(w.t, 1, true);
	CU_ASSERT_EQUAL(token_init(w.t, SO_RIGHT, label), CKR_PIN_LOCKED);
	CU_ASSERT_EQUAL(token_session_opened(w.t, true), CKR_OK);
	close_world(&w);
}

/* C_InitToken counts as well, and sets the user's count back. */
static void test_init_token(void)
{
	struct world w;

	open_world(&w, 2);
	CU_ASSERT_EQUAL(login(&w, CKU_USER, WRONG), CKR_PIN_INCORRECT);
	token_session_closed(w.t, 1, true);
	CU_ASSERT_EQUAL(token_init(w.t, WRONG, label), CKR_PIN_INCORRECT);
	CU_ASSERT_EQUAL(stored(&w, CKA_OS_SOTRIES), 1);
	CU_ASSERT_EQUAL(token_init(w.t, SO_RIGHT, label), CKR_OK);
	CU_ASSERT_EQUAL(stored(&w, CKA_OS_SOTRIES), 0);
	CU_ASSERT_EQUAL(stored(&w, CKA_OS_USERTRIES), 0);
	CU_ASSERT_EQUAL(token_session_opened(w.t, true), CKR_OK);
	/* There is no PIN to guess any more. */
	CU_ASSERT_EQUAL(token_set_pin(w.t, RIGHT, RIGHT), CKR_PIN_INCORRECT);
	CU_ASSERT_EQUAL(login(&w, CKU_USER, WRONG), CKR_USER_PIN_NOT_INITIALIZED);
	CU_ASSERT_EQUAL(stored(&w, CKA_OS_USERTRIES), 0);
	close_world(&w);
}

/* Whoever asks for a PIN counts. */
static void test_all_calls_count(void)
{
	struct world w;

	open_world(&w, 4);
	CU_ASSERT_EQUAL(token_login(w.t, CKU_USER, WRONG), CKR_PIN_INCORRECT);
	CU_ASSERT_EQUAL(token_set_pin(w.t, WRONG, RIGHT), CKR_PIN_INCORRECT);
	CU_ASSERT_EQUAL(stored(&w, CKA_OS_USERTRIES), 2);
	CU_ASSERT_EQUAL(token_login(w.t, CKU_USER, RIGHT), CKR_OK);
	CU_ASSERT_EQUAL(token_reauthenticate(w.t, WRONG), CKR_PIN_INCORRECT);
	CU_ASSERT_EQUAL(token_set_pin(w.t, WRONG, RIGHT), CKR_PIN_INCORRECT);
	CU_ASSERT_EQUAL(stored(&w, CKA_OS_USERTRIES), 2);
	CU_ASSERT_EQUAL(token_reauthenticate(w.t, RIGHT), CKR_OK);
	CU_ASSERT_EQUAL(stored(&w, CKA_OS_USERTRIES), 0);
	for (int i = 0; i < 4; i++)
		CU_ASSERT_EQUAL(token_reauthenticate(w.t, WRONG), CKR_PIN_INCORRECT);
	CU_ASSERT_EQUAL(token_reauthenticate(w.t, RIGHT), CKR_PIN_LOCKED);
	CU_ASSERT_EQUAL(token_state(w.t, true), CKS_RW_USER_FUNCTIONS);	/* the login stays */
	close_world(&w);
}

static void test_restarts(void)
{
	struct world w;

	open_world(&w, 5);
	for (int i = 0; i < 3; i++)
		CU_ASSERT_EQUAL(login(&w, CKU_USER, WRONG), CKR_PIN_INCORRECT);
	reopen(&w, 5);
	CU_ASSERT_EQUAL(flags_now(&w), CKF_USER_PIN_COUNT_LOW);
	reopen(&w, 4);
	CU_ASSERT_EQUAL(flags_now(&w), CKF_USER_PIN_COUNT_LOW | CKF_USER_PIN_FINAL_TRY);
	/* Too many already: nothing is tested, and then it stays locked. */
	reopen(&w, 3);
	CU_ASSERT_EQUAL(flags_now(&w), CKF_USER_PIN_COUNT_LOW | CKF_USER_PIN_LOCKED);
	CU_ASSERT_EQUAL(login(&w, CKU_USER, RIGHT), CKR_PIN_LOCKED);
	reopen(&w, 100);
	CU_ASSERT_EQUAL(login(&w, CKU_USER, RIGHT), CKR_PIN_LOCKED);
	reopen(&w, 0);
	CU_ASSERT_EQUAL(login(&w, CKU_USER, RIGHT), CKR_PIN_LOCKED);
	CU_ASSERT_EQUAL(login(&w, CKU_USER, WRONG), CKR_PIN_LOCKED);
	close_world(&w);
}

static void test_no_limit(void)
{
	struct world w;

	open_world(&w, 0);
	for (int i = 0; i < 30; i++)
		CU_ASSERT_EQUAL(login(&w, CKU_USER, WRONG), CKR_PIN_INCORRECT);
	CU_ASSERT_EQUAL(flags_now(&w), CKF_USER_PIN_COUNT_LOW);
	CU_ASSERT_EQUAL(stored(&w, CKA_OS_USERTRIES), 0);
	/* What was counted under a limit is forgotten after a right PIN. */
	reopen(&w, 10);
	CU_ASSERT_EQUAL(login(&w, CKU_USER, WRONG), CKR_PIN_INCORRECT);
	CU_ASSERT_EQUAL(stored(&w, CKA_OS_USERTRIES), 1);
	reopen(&w, 0);
	CU_ASSERT_EQUAL(login(&w, CKU_USER, WRONG), CKR_PIN_INCORRECT);
	CU_ASSERT_EQUAL(stored(&w, CKA_OS_USERTRIES), 1);
	CU_ASSERT_EQUAL(login(&w, CKU_USER, RIGHT), CKR_OK);
	CU_ASSERT_EQUAL(stored(&w, CKA_OS_USERTRIES), 0);
	CU_ASSERT_EQUAL(flags_now(&w), 0);
	close_world(&w);
}

static CK_RV set_flags(struct attrset *a, bool *changed, void *arg)
{
	*changed = true;
	return attrset_set_number(a, CKA_OS_TOKENFLAGS, *(uint64_t *)arg);
}

/* SoftHSM clears its flags when a PIN was right or is set, and leaves the number. */
static void test_stale_number(void)
{
	uint64_t flags = 0x42d;
	struct store *s = NULL;
	struct world w;

	open_world(&w, 3);
	for (int i = 0; i < 3; i++)
		CU_ASSERT_EQUAL(login(&w, CKU_USER, WRONG), CKR_PIN_INCORRECT);
	CU_ASSERT_EQUAL_FATAL(store_open(w.place.backend, w.path, 0077, &s), CKR_OK);
	CU_ASSERT_EQUAL(store_token_edit(s, set_flags, &flags), CKR_OK);
	store_close(s);
	CU_ASSERT_EQUAL(flags_now(&w), 0);
	CU_ASSERT_EQUAL(login(&w, CKU_USER, WRONG), CKR_PIN_INCORRECT);
	CU_ASSERT_EQUAL(stored(&w, CKA_OS_USERTRIES), 1);
	CU_ASSERT_EQUAL(login(&w, CKU_USER, RIGHT), CKR_OK);
	close_world(&w);
}

/* A number that nobody can have counted to. */
static void test_hostile_number(void)
{
	struct attrset *a = attrset_new(false);
	const struct pin_limit limit = { 3, 2 };
	bool changed = false;

	CU_ASSERT_EQUAL(attrset_set_number(a, CKA_OS_TOKENFLAGS, CKF_USER_PIN_COUNT_LOW), CKR_OK);
	CU_ASSERT_EQUAL(attrset_set_number(a, CKA_OS_USERTRIES, UINT64_MAX), CKR_OK);
	CU_ASSERT_EQUAL(attrset_set_bytes(a, CKA_OS_USERPIN, "x", 1), CKR_OK);
	CU_ASSERT_TRUE(pin_is_locked(a, PIN_USER, &limit));
	CU_ASSERT_EQUAL(pin_note_try(a, PIN_USER, true, &limit, &changed), CKR_OK);
	CU_ASSERT_TRUE(changed);
	CU_ASSERT_EQUAL(attrset_number(a, CKA_OS_TOKENFLAGS, 0),
			CKF_USER_PIN_COUNT_LOW | CKF_USER_PIN_LOCKED);
	/* A number that is none. */
	CU_ASSERT_EQUAL(attrset_set_bytes(a, CKA_OS_USERTRIES, "x", 1), CKR_OK);
	CU_ASSERT_EQUAL(attrset_set_number(a, CKA_OS_TOKENFLAGS, CKF_USER_PIN_COUNT_LOW), CKR_OK);
	CU_ASSERT_FALSE(pin_is_locked(a, PIN_USER, &limit));
	CU_ASSERT_EQUAL(pin_note_try(a, PIN_USER, false, &limit, &changed), CKR_OK);
	CU_ASSERT_EQUAL(attrset_number(a, CKA_OS_USERTRIES, 0), 3);
	attrset_free(a);
}

static void let_files_grow(bool yes)
{
	struct rlimit limit;

	CU_ASSERT_EQUAL_FATAL(getrlimit(RLIMIT_FSIZE, &limit), 0);
	limit.rlim_cur = yes ? limit.rlim_max : 0;
	CU_ASSERT_EQUAL_FATAL(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

/*
 * Where wrong tries cannot be written, the process counts them for itself: a full disk is no way to
 * guess on and on.
 */
static void test_unwritable(void)
{
	struct world w;

	signal(SIGXFSZ, SIG_IGN);
	open_world(&w, 3);
	CU_ASSERT_EQUAL(login(&w, CKU_USER, WRONG), CKR_PIN_INCORRECT);
	let_files_grow(false);
	CU_ASSERT_NOT_EQUAL(login(&w, CKU_USER, WRONG), CKR_OK);
	let_files_grow(true);
	CU_ASSERT_EQUAL(stored(&w, CKA_OS_USERTRIES), 1);
	CU_ASSERT_EQUAL(login(&w, CKU_USER, WRONG), CKR_PIN_INCORRECT);
	CU_ASSERT_EQUAL(stored(&w, CKA_OS_USERTRIES), 3);
	CU_ASSERT_EQUAL(login(&w, CKU_USER, RIGHT), CKR_PIN_LOCKED);
	CU_ASSERT_EQUAL(token_login(w.t, CKU_SO, SO_RIGHT), CKR_OK);
	CU_ASSERT_EQUAL(token_init_pin(w.t, RIGHT), CKR_OK);
	CU_ASSERT_EQUAL(token_logout(w.t), CKR_OK);

	let_files_grow(false);
	for (int i = 0; i < 3; i++)
		CU_ASSERT_NOT_EQUAL(login(&w, CKU_USER, WRONG), CKR_OK);
	CU_ASSERT_NOT_EQUAL(login(&w, CKU_USER, RIGHT), CKR_OK);
	let_files_grow(true);
	CU_ASSERT_EQUAL(login(&w, CKU_USER, RIGHT), CKR_PIN_LOCKED);
	CU_ASSERT_EQUAL(flags_now(&w), CKF_USER_PIN_COUNT_LOW | CKF_USER_PIN_LOCKED);
	close_world(&w);
}

static void set_modes(const struct world *w, mode_t dir, mode_t file)
{
	static const char *const names[] = { "token.object", "token.lock", "generation" };

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		char *path = path_join(w->path, names[i]);

		CU_ASSERT_EQUAL(chmod(path, file), 0);
		free(path);
	}
	CU_ASSERT_EQUAL(chmod(w->path, dir), 0);
	CU_ASSERT_EQUAL(chmod(w->dir, 0755), 0);
}

/* Root may write everywhere, so it steps down for a while. */
static void test_read_only(void)
{
	uid_t me = geteuid();
	struct world w;

	open_world(&w, 3);
	set_modes(&w, 0555, 0444);
	if (me == 0 && seteuid(65534) != 0)
		return;
	CU_ASSERT_EQUAL(login(&w, CKU_USER, RIGHT), CKR_OK);
	for (int i = 0; i < 3; i++)
		CU_ASSERT_EQUAL(login(&w, CKU_USER, WRONG), CKR_PIN_INCORRECT);
	CU_ASSERT_EQUAL(login(&w, CKU_USER, RIGHT), CKR_PIN_LOCKED);
	CU_ASSERT_EQUAL(login(&w, CKU_SO, SO_RIGHT), CKR_OK);
	/* Nothing of that is in the token. */
	reopen(&w, 3);
	CU_ASSERT_EQUAL(login(&w, CKU_USER, RIGHT), CKR_OK);
	if (me == 0)
		CU_ASSERT_EQUAL(seteuid(me), 0);
	set_modes(&w, 0700, 0600);
	CU_ASSERT_EQUAL(stored(&w, CKA_OS_USERTRIES), 0);
	close_world(&w);
}

#define PROCESSES 4
#define TRIES 7

/* How often the PIN was called wrong, and not locked, out of twice as many tries as there are. */
static int guess(const struct world *w)
{
	struct token *t = NULL;
	int wrong = 0;

	if (token_open(&w->place, w->path, &t) != CKR_OK || token_session_opened(t, true) != CKR_OK)
		return 100;
	for (int i = 0; i < 2 * TRIES; i++)
		wrong += token_login(t, CKU_USER, WRONG) == CKR_PIN_INCORRECT;
	token_session_closed(t, 1, true);
	token_free(t);
	return wrong;
}

/* Together they get no more guesses than one alone. */
static void test_parallel(void)
{
	int wrong = 0, status = 0;
	struct world w;
	pid_t pid;

	open_world(&w, TRIES);
	for (int i = 0; i < PROCESSES; i++) {
		pid = fork();
		CU_ASSERT_FATAL(pid >= 0);
		if (pid == 0)
			_exit(guess(&w));
	}
	while (wait(&status) > 0)
		wrong += WIFEXITED(status) ? WEXITSTATUS(status) : 100;
	CU_ASSERT_EQUAL(wrong, TRIES);
	CU_ASSERT_EQUAL(login(&w, CKU_USER, RIGHT), CKR_PIN_LOCKED);
	close_world(&w);
}

int main(void)
{
	static const struct unit_test tests[] = {
		UNIT_TEST(test_locks),
		UNIT_TEST(test_so_unlocks),
		UNIT_TEST(test_so_locks),
		UNIT_TEST(test_init_token),
		UNIT_TEST(test_all_calls_count),
		UNIT_TEST(test_restarts),
		UNIT_TEST(test_no_limit),
		UNIT_TEST(test_stale_number),
		UNIT_TEST(test_hostile_number),
		UNIT_TEST(test_unwritable),
		UNIT_TEST(test_read_only),
		UNIT_TEST(test_parallel),
	};
	int status;

	if (ossl_open() != CKR_OK)
		return 1;
	status = UNIT_RUN("pin", tests);
	ossl_close();
	return status;
}
