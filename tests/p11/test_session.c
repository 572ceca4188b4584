#include "config.h"

#include <pthread.h>
#include <string.h>

#include "harness.h"
#include "session/session.h"

#define NO_SLOT		0x7ffffff1UL
#define OTHER_LABEL	"other token"

/* A second token, for what must not cross from one to the other. */
static CK_SLOT_ID other_slot;

/* --- opening and closing ------------------------------------------------ */

static CK_RV open_free_slot(CK_FLAGS flags)
{
	CK_SESSION_HANDLE s = 0;
	CK_SLOT_ID slot = 0;
	CK_RV rv = slot_free(&slot);

	return rv == CKR_OK ? p11->C_OpenSession(slot, flags, NULL, NULL, &s) : rv;
}

static CK_RV notified(CK_SESSION_HANDLE s, CK_NOTIFICATION event, CK_VOID_PTR application)
{
	(void)s;
	(void)event;
	*(bool *)application = true;
	return CKR_OK;
}

/* The callback is stored and has no occasion to be used. */
static CK_RV open_with_callback(struct ctx *c)
{
	bool called = false;
	CK_RV rv = p11->C_OpenSession(c->slot, CKF_SERIAL_SESSION, &called, notified, &c->s);

	if (rv == CKR_OK)
		rv = p11->C_CloseSession(c->s);
	return rv == CKR_OK ? want(!called) : rv;
}

static CK_RV opened_state(struct ctx *c, CK_FLAGS flags, CK_STATE state)
{
	CK_SESSION_HANDLE s = 0;
	CK_RV rv = session_open(c->slot, flags, &s);

	return rv == CKR_OK ? want(session_state(s) == state) : rv;
}

static CK_RV open_many(struct ctx *c, unsigned n)
{
	CK_SESSION_HANDLE first = 0, s = 0;
	CK_RV rv = session_open(c->slot, 0, &first);

	while (rv == CKR_OK && --n > 0)
		rv = session_open(c->slot, n % 2 ? CKF_RW_SESSION : 0, &s);
	return rv == CKR_OK ? want(session_state(first) == CKS_RO_PUBLIC_SESSION) : rv;
}

static CK_RV handles_not_reused(struct ctx *c)
{
	CK_SESSION_HANDLE old = c->s, new = 0;
	CK_RV rv = CKR_OK;

	for (int i = 0; rv == CKR_OK && i < 20; i++) {
		p11->C_CloseSession(c->s);
		rv = session_open(c->slot, CKF_RW_SESSION, &new);
		if (rv == CKR_OK)
			rv = want(new != old && new != CK_INVALID_HANDLE);
		c->s = new;
	}
	return rv;
}

static CK_RV close_twice(struct ctx *c)
{
	CK_RV rv = p11->C_CloseSession(c->s);

	return rv == CKR_OK ? p11->C_CloseSession(c->s) : rv;
}

static CK_RV close_all_then_info(struct ctx *c)
{
	CK_SESSION_INFO info;
	CK_SESSION_HANDLE second = 0;
	CK_RV rv = session_open(c->slot, CKF_RW_SESSION, &second);

	if (rv == CKR_OK)
		rv = p11->C_CloseAllSessions(c->slot);
	if (rv == CKR_OK)
		rv = want(session_state(c->s) == CK_UNAVAILABLE_INFORMATION);
	return rv == CKR_OK ? p11->C_GetSessionInfo(second, &info) : rv;
}

static CK_RV close_all_other_token(struct ctx *c)
{
	CK_SESSION_HANDLE other = 0;
	CK_RV rv = session_open(other_slot, CKF_RW_SESSION, &other);

	if (rv == CKR_OK)
		rv = p11->C_CloseAllSessions(c->slot);
	return rv == CKR_OK ? p11->C_CloseSession(other) : rv;
}

static CK_RV info_is(struct ctx *c, CK_STATE state, CK_FLAGS flags)
{
	CK_SESSION_INFO info;
	CK_RV rv = p11->C_GetSessionInfo(c->s, &info);

	return rv == CKR_OK ? want(info.slotID == c->slot && info.state == state &&
				   info.flags == (CKF_SERIAL_SESSION | flags) &&
				   info.ulDeviceError == 0) :
			      rv;
}

/* --- login and logout --------------------------------------------------- */

static CK_RV wrong_login_state(struct ctx *c)
{
	CK_RV rv = login(c->s, CKU_USER, "wrong pin");

	return want(rv == CKR_PIN_INCORRECT && session_state(c->s) == CKS_RW_PUBLIC_SESSION);
}

static CK_RV login_after_wrong(struct ctx *c)
{
	login(c->s, CKU_USER, "wrong pin");
	return login(c->s, CKU_USER, USER_PIN);
}

static CK_RV login_without_user_pin(void)
{
	CK_SESSION_HANDLE s = 0;
	CK_SLOT_ID slot = 0;
	CK_RV rv = CKR_OK;

	conf_use("no-user-pin", NULL);
	rv = module_start();
	if (rv == CKR_OK)
		rv = slot_free(&slot);
	if (rv == CKR_OK)
		rv = token_init(slot, SO_PIN, "no user pin");
	if (rv == CKR_OK)
		rv = session_open(slot, CKF_RW_SESSION, &s);
	return rv == CKR_OK ? login(s, CKU_USER, USER_PIN) : rv;
}

static CK_RV so_login_beside_read_only(struct ctx *c)
{
	CK_SESSION_HANDLE ro = 0;
	CK_RV rv = session_open(c->slot, 0, &ro);

	return rv == CKR_OK ? login(c->s, CKU_SO, SO_PIN) : rv;
}

static CK_RV so_login_after_read_only(struct ctx *c)
{
	CK_SESSION_HANDLE ro = 0;
	CK_RV rv = session_open(c->slot, 0, &ro);

	if (rv == CKR_OK)
		rv = p11->C_CloseSession(ro);
	return rv == CKR_OK ? login(c->s, CKU_SO, SO_PIN) : rv;
}

/* Each kind of user in each state; the state is an error before the PIN is looked at. */
static const struct login_case {
	enum state state;
	CK_RV as_user, as_so;
} logins[] = {
	{ RO_PUBLIC, CKR_OK, CKR_SESSION_READ_ONLY_EXISTS },
	{ RW_PUBLIC, CKR_OK, CKR_OK },
	{ RO_USER, CKR_USER_ALREADY_LOGGED_IN, CKR_SESSION_READ_ONLY_EXISTS },
	{ RW_USER, CKR_USER_ALREADY_LOGGED_IN, CKR_USER_ANOTHER_ALREADY_LOGGED_IN },
	{ RW_SO, CKR_USER_ANOTHER_ALREADY_LOGGED_IN, CKR_USER_ALREADY_LOGGED_IN },
};

static CK_RV login_user(struct ctx *c)
{
	return login(c->s, CKU_USER, USER_PIN);
}

static CK_RV login_so(struct ctx *c)
{
	return login(c->s, CKU_SO, SO_PIN);
}

static CK_RV login_user_wrong(struct ctx *c)
{
	return login(c->s, CKU_USER, "wrong pin");
}

static CK_RV login_so_wrong(struct ctx *c)
{
	return login(c->s, CKU_SO, "wrong pin");
}

static CK_RV login_context(struct ctx *c)
{
	return login(c->s, CKU_CONTEXT_SPECIFIC, USER_PIN);
}

static CK_RV unless_ok(CK_RV rv, CK_RV otherwise)
{
	return rv == CKR_OK ? otherwise : rv;
}

static void test_logins(void)
{
	for (size_t i = 0; i < LENGTH(logins); i++) {
		const struct login_case *l = &logins[i];
		const char *state = state_name(l->state);

		row_runf(l->state, login_user, NULL, l->as_user, "login_user_%s", state);
		row_runf(l->state, login_so, NULL, l->as_so, "login_so_%s", state);
		row_runf(l->state, login_user_wrong, NULL,
			 unless_ok(l->as_user, CKR_PIN_INCORRECT), "login_user_wrong_%s", state);
		row_runf(l->state, login_so_wrong, NULL, unless_ok(l->as_so, CKR_PIN_INCORRECT),
			 "login_so_wrong_%s", state);
		row_runf(l->state, login_context, NULL, CKR_OPERATION_NOT_INITIALIZED,
			 "login_context_specific_%s", state);
	}
}

static CK_RV logout_state(struct ctx *c, CK_STATE state)
{
	CK_RV rv = p11->C_Logout(c->s);

	return rv == CKR_OK ? want(session_state(c->s) == state) : rv;
}

static CK_RV logout_twice(struct ctx *c)
{
	CK_RV rv = p11->C_Logout(c->s);

	return rv == CKR_OK ? p11->C_Logout(c->s) : rv;
}

static CK_RV logout_then_login(struct ctx *c, CK_USER_TYPE user, const char *pin)
{
	CK_RV rv = p11->C_Logout(c->s);

	return rv == CKR_OK ? login(c->s, user, pin) : rv;
}

/* A login in one session is one in all, read-only ones included. */
static CK_RV token_wide_login(struct ctx *c)
{
	CK_SESSION_HANDLE ro = 0, rw = 0;
	CK_RV rv = session_open(c->slot, 0, &ro);

	if (rv == CKR_OK)
		rv = session_open(c->slot, CKF_RW_SESSION, &rw);
	if (rv == CKR_OK)
		rv = login(ro, CKU_USER, USER_PIN);
	return rv == CKR_OK ? want(session_state(c->s) == CKS_RW_USER_FUNCTIONS &&
				   session_state(ro) == CKS_RO_USER_FUNCTIONS &&
				   session_state(rw) == CKS_RW_USER_FUNCTIONS &&
				   login(rw, CKU_USER, USER_PIN) == CKR_USER_ALREADY_LOGGED_IN) :
			      rv;
}

static CK_RV token_wide_logout(struct ctx *c)
{
	CK_SESSION_HANDLE ro = 0;
	CK_RV rv = session_open(c->slot, 0, &ro);

	if (rv == CKR_OK)
		rv = p11->C_Logout(ro);
	return rv == CKR_OK ? want(session_state(c->s) == CKS_RW_PUBLIC_SESSION &&
				   session_state(ro) == CKS_RO_PUBLIC_SESSION) :
			      rv;
}

/* A session of the other token, logged in if `user`. */
static CK_RV other_session(bool user, CK_SESSION_HANDLE *out)
{
	CK_RV rv = p11->C_CloseAllSessions(other_slot);

	if (rv == CKR_OK)
		rv = session_open(other_slot, CKF_RW_SESSION, out);
	if (rv == CKR_OK && user)
		rv = login(*out, CKU_USER, USER_PIN);
	return rv;
}

static CK_RV other_token_public(struct ctx *c)
{
	CK_SESSION_HANDLE s = 0;
	CK_RV rv = other_session(false, &s);

	(void)c;
	return rv == CKR_OK ? want(session_state(s) == CKS_RW_PUBLIC_SESSION) : rv;
}

static CK_RV other_token_stays_in(struct ctx *c)
{
	CK_SESSION_HANDLE s = 0;
	CK_RV rv = other_session(true, &s);

	if (rv == CKR_OK)
		rv = p11->C_Logout(c->s);
	return rv == CKR_OK ? want(session_state(s) == CKS_RW_USER_FUNCTIONS) : rv;
}

/* Closes the session, beside another one or not, and looks at the state of a new one. */
static CK_RV close_then_state(struct ctx *c, bool beside_another, CK_STATE state)
{
	CK_SESSION_HANDLE another = 0;
	CK_RV rv = beside_another ? session_open(c->slot, 0, &another) : CKR_OK;

	if (rv == CKR_OK)
		rv = p11->C_CloseSession(c->s);
	return rv == CKR_OK ? opened_state(c, CKF_RW_SESSION, state) : rv;
}

static CK_RV close_all_then_state(struct ctx *c)
{
	CK_RV rv = p11->C_CloseAllSessions(c->slot);

	return rv == CKR_OK ? opened_state(c, CKF_RW_SESSION, CKS_RW_PUBLIC_SESSION) : rv;
}

/* --- what objects and operations owe to sessions ------------------------ */

enum storage { PUBLIC_SESSION = 0, PRIVATE_SESSION = 1, PUBLIC_TOKEN = 2, PRIVATE_TOKEN = 3 };
enum event { NOTHING, CLOSE, CLOSE_ALL, LOGOUT, LOGOUT_LOGIN };

static CK_RV data_make(CK_SESSION_HANDLE s, enum storage storage, CK_OBJECT_HANDLE *out)
{
	CK_ATTRIBUTE t[] = {
		A_ULONG(CKA_CLASS, CKO_DATA),
		A_BOOL(CKA_TOKEN, storage & PUBLIC_TOKEN ? CK_TRUE : CK_FALSE),
		A_BOOL(CKA_PRIVATE, storage & PRIVATE_SESSION ? CK_TRUE : CK_FALSE),
		A_TEXT(CKA_APPLICATION, "session test"),
		A_END,
	};

	return object_make(s, t, out);
}

static CK_RV event_happens(struct ctx *c, enum event event)
{
	CK_RV rv = CKR_OK;

	if (event == CLOSE)
		return p11->C_CloseSession(c->s);
	if (event == CLOSE_ALL)
		return p11->C_CloseAllSessions(c->slot);
	if (event == LOGOUT || event == LOGOUT_LOGIN)
		rv = p11->C_Logout(c->s);
	if (rv == CKR_OK && event == LOGOUT_LOGIN)
		rv = login(c->s, CKU_USER, USER_PIN);
	return rv;
}

/* Makes an object in c->s, lets something happen, and reads it through another session. */
static CK_RV object_life(struct ctx *c, enum storage storage, enum event event)
{
	CK_SESSION_HANDLE reader = 0;
	CK_OBJECT_HANDLE o = 0;
	CK_ULONG class = 0;
	CK_RV rv = session_open(c->slot, 0, &reader);

	if (rv == CKR_OK)
		rv = data_make(c->s, storage, &o);
	if (rv == CKR_OK)
		rv = event_happens(c, event);
	if (rv == CKR_OK && event == CLOSE_ALL)
		rv = session_open(c->slot, 0, &reader);
	return rv == CKR_OK ? attr_ulong(reader, o, CKA_CLASS, &class) : rv;
}

/* How many objects of this kind a search finds after logging out and in. */
static CK_RV found_again(struct ctx *c, enum storage storage, CK_ULONG expected)
{
	CK_ATTRIBUTE t[] = { A_TEXT(CKA_LABEL, "found again"), A_END };
	CK_OBJECT_HANDLE o = 0, again = 0;
	CK_ULONG found = 0;
	CK_RV rv = data_make(c->s, storage, &o);

	if (rv == CKR_OK)
		rv = p11->C_SetAttributeValue(c->s, o, t, 1);
	if (rv == CKR_OK)
		rv = event_happens(c, LOGOUT_LOGIN);
	if (rv == CKR_OK)
		rv = object_find(c->s, t, &again, 1, &found);
	if (rv == CKR_OK && found)
		rv = p11->C_DestroyObject(c->s, again);
	return rv == CKR_OK ? want(found == expected && again != o) : rv;
}

static CK_RV one_handle(struct ctx *c)
{
	CK_ATTRIBUTE t[] = { A_TEXT(CKA_LABEL, "one handle"), A_END };
	CK_SESSION_HANDLE second = 0;
	CK_OBJECT_HANDLE o = 0, found_1 = 0, found_2 = 0;
	CK_ULONG found = 0;
	CK_RV rv = data_make(c->s, PUBLIC_SESSION, &o);

	if (rv == CKR_OK)
		rv = p11->C_SetAttributeValue(c->s, o, t, 1);
	if (rv == CKR_OK)
		rv = session_open(c->slot, 0, &second);
	if (rv == CKR_OK)
		rv = object_find(c->s, t, &found_1, 1, &found);
	if (rv == CKR_OK)
		rv = object_find(second, t, &found_2, 1, &found);
	return rv == CKR_OK ? want(o == found_1 && o == found_2) : rv;
}

static CK_RV read_through_other_token(struct ctx *c)
{
	CK_SESSION_HANDLE other = 0;
	CK_OBJECT_HANDLE o = 0;
	CK_ULONG class = 0;
	CK_RV rv = other_session(false, &other);

	if (rv == CKR_OK)
		rv = data_make(c->s, PUBLIC_SESSION, &o);
	return rv == CKR_OK ? attr_ulong(other, o, CKA_CLASS, &class) : rv;
}

static CK_RV destroy_through_other_token(struct ctx *c)
{
	CK_SESSION_HANDLE other = 0;
	CK_OBJECT_HANDLE o = 0;
	CK_RV rv = other_session(false, &other);

	if (rv == CKR_OK)
		rv = data_make(c->s, PUBLIC_SESSION, &o);
	return rv == CKR_OK ? p11->C_DestroyObject(other, o) : rv;
}

static CK_RV not_found_in_other_token(struct ctx *c)
{
	CK_ATTRIBUTE t[] = { A_TEXT(CKA_APPLICATION, "session test"), A_END };
	CK_SESSION_HANDLE other = 0;
	CK_OBJECT_HANDLE o = 0;
	CK_ULONG here = 0, there = 0;
	CK_RV rv = other_session(false, &other);

	if (rv == CKR_OK)
		rv = data_make(c->s, PUBLIC_SESSION, &o);
	if (rv == CKR_OK)
		rv = object_find(c->s, t, &o, 1, &here);
	if (rv == CKR_OK)
		rv = object_find(other, t, &o, 1, &there);
	return rv == CKR_OK ? want(here == 1 && there == 0) : rv;
}

static CK_RV digest_init(CK_SESSION_HANDLE s)
{
	CK_MECHANISM m = { CKM_SHA256, NULL, 0 };

	return p11->C_DigestInit(s, &m);
}

static CK_RV close_ends_operation(struct ctx *c)
{
	CK_BYTE out[32];
	CK_ULONG len = sizeof(out);
	CK_SESSION_HANDLE old = c->s;
	CK_RV rv = digest_init(c->s);

	if (rv == CKR_OK)
		rv = session_open(c->slot, CKF_RW_SESSION, &c->s);
	if (rv == CKR_OK)
		rv = p11->C_CloseSession(old);
	return rv == CKR_OK ?
		       want(p11->C_Digest(old, text("x"), 1, out, &len) ==
				    CKR_SESSION_HANDLE_INVALID &&
			    p11->C_Digest(c->s, text("x"), 1, out, &len) ==
				    CKR_OPERATION_NOT_INITIALIZED) :
		       rv;
}

static CK_RV operation_per_session(struct ctx *c)
{
	CK_BYTE a[32], b[32];
	CK_ULONG len = sizeof(a);
	CK_SESSION_HANDLE second = 0;
	CK_RV rv = session_open(c->slot, 0, &second);

	if (rv == CKR_OK)
		rv = digest_init(c->s);
	if (rv == CKR_OK)
		rv = digest_init(second);
	if (rv == CKR_OK)
		rv = p11->C_DigestUpdate(c->s, text("ab"), 2);
	if (rv == CKR_OK)
		rv = p11->C_Digest(second, text("abcd"), 4, b, &len);
	if (rv == CKR_OK)
		rv = p11->C_DigestUpdate(c->s, text("cd"), 2);
	if (rv == CKR_OK)
		rv = p11->C_DigestFinal(c->s, a, &len);
	return rv == CKR_OK ? want(memcmp(a, b, sizeof(a)) == 0) : rv;
}

/* A signature begun by the user must not be finished by whoever comes later. */
static CK_RV logout_ends_operation(struct ctx *c)
{
	CK_MECHANISM m = { CKM_SHA256_HMAC, NULL, 0 };
	CK_ATTRIBUTE key[] = {
		A_ULONG(CKA_CLASS, CKO_SECRET_KEY), A_ULONG(CKA_KEY_TYPE, CKK_GENERIC_SECRET),
		A_TEXT(CKA_VALUE, "0123456789abcdef0123456789abcdef"), A_BOOL(CKA_TOKEN, CK_TRUE),
		A_BOOL(CKA_PRIVATE, CK_TRUE), A_BOOL(CKA_SIGN, CK_TRUE), A_END,
	};
	CK_BYTE mac[32];
	CK_ULONG len = sizeof(mac);
	CK_OBJECT_HANDLE o = 0;
	CK_RV rv = object_make(c->s, key, &o);

	if (rv == CKR_OK)
		rv = p11->C_SignInit(c->s, &m, o);
	if (rv == CKR_OK)
		rv = p11->C_Logout(c->s);
	if (rv != CKR_OK)
		return rv;
	rv = p11->C_Sign(c->s, text("x"), 1, mac, &len);
	return want(rv == CKR_OPERATION_NOT_INITIALIZED || rv == CKR_USER_NOT_LOGGED_IN);
}

/* --- threads ------------------------------------------------------------ */

#define THREADS	4
#define ROUNDS	40

struct thread {
	pthread_t id;
	CK_RV (*body)(CK_SLOT_ID slot);
	CK_SLOT_ID slot;
	CK_RV answer;
};

static void *thread_main(void *arg)
{
	struct thread *t = arg;

	for (int i = 0; t->answer == CKR_OK && i < ROUNDS; i++)
		t->answer = t->body(t->slot);
	return NULL;
}

static CK_RV threads(CK_RV (*body)(CK_SLOT_ID slot))
{
	struct thread t[THREADS] = { 0 };
	CK_RV rv = CKR_OK;

	for (int i = 0; i < THREADS; i++) {
		t[i].body = body;
		if (slot_find(TOKEN_LABEL, &t[i].slot) != CKR_OK ||
		    pthread_create(&t[i].id, NULL, thread_main, &t[i]))
			return ROW_BROKEN;
	}
	for (int i = 0; i < THREADS; i++) {
		pthread_join(t[i].id, NULL);
		if (rv == CKR_OK)
			rv = t[i].answer;
	}
	return rv;
}

static CK_RV thread_opens_and_closes(CK_SLOT_ID slot)
{
	CK_SESSION_HANDLE s = 0;
	CK_RV rv = session_open(slot, CKF_RW_SESSION, &s);

	if (rv == CKR_OK)
		rv = want(session_state(s) != CK_UNAVAILABLE_INFORMATION);
	return rv == CKR_OK ? p11->C_CloseSession(s) : rv;
}

/* Session objects are seen by all threads until their session closes. */
static CK_RV thread_makes_objects(CK_SLOT_ID slot)
{
	CK_SESSION_HANDLE s = 0;
	CK_OBJECT_HANDLE o = 0, found[2 * THREADS];
	CK_ULONG count = 0;
	CK_RV rv = session_open(slot, CKF_RW_SESSION, &s);

	if (rv == CKR_OK)
		rv = data_make(s, PUBLIC_SESSION, &o);
	if (rv == CKR_OK)
		rv = object_find(s, NULL, found, LENGTH(found), &count);
	if (rv == CKR_OK)
		rv = want(count >= 1);
	return rv == CKR_OK ? p11->C_CloseSession(s) : rv;
}

/* The threads' logins meet; each order of events has its own answers, all others are wrong. */
static CK_RV thread_logs_in(CK_SLOT_ID slot)
{
	CK_SESSION_HANDLE s = 0;
	CK_RV rv = session_open(slot, CKF_RW_SESSION, &s), in = CKR_OK, out = CKR_OK;

	if (rv != CKR_OK)
		return rv;
	in = login(s, CKU_USER, USER_PIN);
	out = p11->C_Logout(s);
	rv = p11->C_CloseSession(s);
	if (in != CKR_OK && in != CKR_USER_ALREADY_LOGGED_IN)
		return in;
	return out == CKR_USER_NOT_LOGGED_IN ? rv : out;
}

/* --- program ------------------------------------------------------------ */

static CK_RV make_other_token(struct ctx *c)
{
	(void)c;
	return token_make(OTHER_LABEL, &other_slot);
}

static void test_other_token(void)
{
	row_runf(NO_SESSION, make_other_token, NULL, CKR_OK, "make_other_token");
}

#define ROWS_FILE "session.def"
#define ROWS_TABLE rows
#include "rows.h"

int main(int argc, char **argv)
{
	static const struct test tests[] = {
		{ "other_token", .run = test_other_token },
		{ "rows", .rows = rows, .count = LENGTH(rows) },
		{ "logins", .run = test_logins },
		{ "limits", .run = test_limits },
		{ "operations", .run = test_operations },
		{ "dual", .run = test_dual },
	};
	static const struct program program = {
		.name = "session", .tests = tests, .ntests = LENGTH(tests),
	};

	return harness_main(argc, argv, &program);
}
