#include "config.h"

#include "slot/token.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/log.h"
#include "common/reason.h"
#include "common/str.h"
#include "crypto/ossl/rng.h"
#include "crypto/tokenkey.h"
#include "slot/pin.h"
#include "slot/token_attrs.h"

#define LABEL_BYTES 32
#define SERIAL_BYTES 16
#define UUID_CHARS 36

/* The flags of a token that holds nothing but its own data. */
#define FLAGS_BARE (CKF_RNG | CKF_LOGIN_REQUIRED | CKF_RESTORE_KEY_NOT_NEEDED)
#define FLAGS_NO_TOKEN (FLAGS_BARE | CKF_SO_PIN_LOCKED | CKF_SO_PIN_TO_BE_CHANGED)

/* Who is logged in, and above these bits the number of logouts so far. */
enum { LOGIN_USER = 1, LOGIN_SO = 2, LOGIN_ANY = 3, LOGIN_LOGOUT = 4 };

struct token {
	struct lock lock;
	const struct token_place *place;
	char *dir;			/* NULL until the token is initialised; then it stays */
	struct store *store;		/* NULL while there is no token */
	struct object_table *objects;
	_Atomic uint64_t login;		/* LOGIN_ bits; read without the lock, too */
	unsigned long sessions;
	unsigned long ro_sessions;
	unsigned long owed[2];		/* struct pin_limit, by enum pin_owner */
};

static bool is_in(const struct token *t, unsigned int who)
{
	return (atomic_load(&t->login) & who) != 0;
}

CK_RV token_new(const struct token_place *place, struct token **out)
{
	struct token *t = calloc(1, sizeof(*t));
	CK_RV rv = t != NULL ? lock_init(&t->lock) : CKR_HOST_MEMORY;

	if (rv == CKR_OK) {
		rv = object_table_new(NULL, &t->objects);
		if (rv != CKR_OK)
			lock_destroy(&t->lock);
	}
	if (rv != CKR_OK) {
		free(t);
		return rv;
	}
	t->place = place;
	*out = t;
	return CKR_OK;
}

CK_RV token_open(const struct token_place *place, const char *dir, struct token **out)
{
	struct token *t = NULL;
	CK_RV rv = token_new(place, &t);

	if (rv == CKR_OK) {
		t->dir = strdup(dir);
		rv = t->dir != NULL ? token_return(t) : CKR_HOST_MEMORY;
	}
	if (rv != CKR_OK) {
		token_free(t);
		return rv;
	}
	*out = t;
	return CKR_OK;
}

void token_free(struct token *t)
{
	if (t == NULL)
		return;
	object_table_free(t->objects);
	store_close(t->store);
	free(t->dir);
	lock_destroy(&t->lock);
	free(t);
}

const char *token_dir(struct token *t)
{
	const char *dir;

	lock_take(&t->lock);
	dir = t->dir;
	lock_drop(&t->lock);
	return dir;
}

/* Why there is no store. */
static CK_RV absence(const struct token *t)
{
	return t->dir != NULL ? CKR_TOKEN_NOT_PRESENT : CKR_TOKEN_NOT_RECOGNIZED;
}

/*
 * What a call tells of what the store said. A token that has vanished is not there for a call on
 * its slot, and was removed from under a call in a session.
 */
static CK_RV told(CK_RV rv, CK_RV vanished)
{
	if (rv == CKR_TOKEN_NOT_RECOGNIZED)
		return vanished;
	return rv == CKR_DATA_INVALID ? CKR_DEVICE_ERROR : rv;
}

/* Lets the objects follow. */
static void use_store(struct token *t, struct store *store)
{
	object_table_reset(t->objects, store);
	t->store = store;
}

bool token_leave(struct token *t, bool *in_use)
{
	struct attrset *attrs = NULL;
	struct store *left = NULL;

	*in_use = false;
	lock_take(&t->lock);
	if (t->store != NULL && store_token_load(t->store, &attrs) == CKR_TOKEN_NOT_RECOGNIZED) {
		*in_use = t->sessions > 0;
		if (!*in_use) {
			left = t->store;
			use_store(t, NULL);
		}
	}
	lock_drop(&t->lock);
	attrset_free(attrs);
	store_close(left);
	return left != NULL;
}

CK_RV token_return(struct token *t)
{
	struct store *store = NULL;
	CK_RV rv = CKR_OK;

	lock_take(&t->lock);
	if (t->store == NULL)
		rv = store_open(t->place->backend, t->dir, t->place->mask, &store);
	if (store != NULL)
		use_store(t, store);
	lock_drop(&t->lock);
	return rv;
}

/* The stored string, cut at a NUL byte and at size, into a field that is blank already. */
static void copy_field(const struct attrset *attrs, CK_ATTRIBUTE_TYPE type, CK_UTF8CHAR *field,
		       size_t size)
{
	const unsigned char *data = NULL;
	size_t len = 0;

	attrset_bytes(attrs, type, &data, &len);
	for (size_t i = 0; i < len && i < size && data[i] != '\0'; i++)
		field[i] = data[i];
}

void token_serial(struct token *t, char out[17])
{
	struct attrset *attrs = NULL;
	CK_RV rv = CKR_TOKEN_NOT_RECOGNIZED;

	memset(out, 0, SERIAL_BYTES + 1);
	lock_take(&t->lock);
	if (t->store != NULL)
		rv = store_token_load(t->store, &attrs);
	lock_drop(&t->lock);
	if (rv == CKR_OK)
		copy_field(attrs, CKA_OS_TOKENSERIAL, (CK_UTF8CHAR *)out, SERIAL_BYTES);
	attrset_free(attrs);
}

static CK_FLAGS info_flags(const struct attrset *attrs, const struct token_place *place)
{
	CK_FLAGS flags =
		attrset_number(attrs, CKA_OS_TOKENFLAGS, FLAGS_BARE | CKF_TOKEN_INITIALIZED);

	if (pin_is_set(attrs, PIN_USER))
		flags |= CKF_USER_PIN_INITIALIZED;
	return pin_flags(attrs, flags, place->max_pin_tries);
}

static void fixed_info(const struct token_place *place, CK_TOKEN_INFO *out)
{
	time_t now = time(NULL);
	struct tm tm;
	char utc[sizeof(out->utcTime) + 1] = "";

	memset(out, 0, sizeof(*out));
	memset(out->label, ' ', sizeof(out->label));
	memset(out->serialNumber, ' ', sizeof(out->serialNumber));
	str_pad(out->manufacturerID, sizeof(out->manufacturerID), "SoftHSM project");
	str_pad(out->model, sizeof(out->model), "SoftHSM v2");
	out->ulMaxSessionCount =
		place->max_sessions > 0 ? place->max_sessions : CK_EFFECTIVELY_INFINITE;
	out->ulMaxRwSessionCount = out->ulMaxSessionCount;
	out->ulSessionCount = CK_UNAVAILABLE_INFORMATION;
	out->ulRwSessionCount = CK_UNAVAILABLE_INFORMATION;
	out->ulMaxPinLen = PIN_MAX;
	out->ulMinPinLen = PIN_MIN;
	out->ulTotalPublicMemory = CK_UNAVAILABLE_INFORMATION;
	out->ulFreePublicMemory = CK_UNAVAILABLE_INFORMATION;
	out->ulTotalPrivateMemory = CK_UNAVAILABLE_INFORMATION;
	out->ulFreePrivateMemory = CK_UNAVAILABLE_INFORMATION;
	out->hardwareVersion = (CK_VERSION){ VERSION_MAJOR, VERSION_MINOR };
	out->firmwareVersion = out->hardwareVersion;
	if (gmtime_r(&now, &tm) != NULL)
		strftime(utc, sizeof(utc), "%Y%m%d%H%M%S00", &tm);
	memcpy(out->utcTime, utc, sizeof(out->utcTime));
}

CK_RV token_info(struct token *t, CK_TOKEN_INFO *out)
{
	struct attrset *attrs = NULL;
	bool initialised;
	CK_RV rv = CKR_OK;

	lock_take(&t->lock);
	initialised = t->dir != NULL;
	if (initialised)
		rv = t->store != NULL ? store_token_load(t->store, &attrs) : absence(t);
	lock_drop(&t->lock);
	if (rv != CKR_OK)
		return told(rv, CKR_TOKEN_NOT_PRESENT);
	fixed_info(t->place, out);
	out->flags = initialised ? info_flags(attrs, t->place) : FLAGS_NO_TOKEN;
	if (initialised) {
		copy_field(attrs, CKA_OS_TOKENLABEL, out->label, sizeof(out->label));
		copy_field(attrs, CKA_OS_TOKENSERIAL, out->serialNumber, sizeof(out->serialNumber));
	}
	attrset_free(attrs);
	return CKR_OK;
}

/* 16 random bytes in the look of a UUID; the last two groups are the serial number. */
static CK_RV make_names(char uuid[UUID_CHARS + 1], char serial[SERIAL_BYTES + 1])
{
	unsigned char raw[16];
	char hex[33];
	CK_RV rv = rng_public(raw, sizeof(raw));

	if (rv != CKR_OK)
		return rv;
	str_hex(raw, sizeof(raw), hex);
	snprintf(uuid, UUID_CHARS + 1, "%.8s-%.4s-%.4s-%.4s-%.12s", hex, hex + 8, hex + 12,
		 hex + 16, hex + 20);
	memcpy(serial, hex + 16, SERIAL_BYTES + 1);
	return CKR_OK;
}

static CK_RV new_attrs(const char *serial, const CK_UTF8CHAR *label, const CK_BYTE *pin,
		       CK_ULONG len, struct attrset **out)
{
	struct attrset *a = attrset_new(false);
	struct secbuf *key = NULL;
	CK_RV rv = a != NULL ? tokenkey_generate(&key) : CKR_HOST_MEMORY;

	if (rv == CKR_OK)
		rv = attrset_set_bytes(a, CKA_OS_TOKENLABEL, label, LABEL_BYTES);
	if (rv == CKR_OK)
		rv = attrset_set_bytes(a, CKA_OS_TOKENSERIAL, serial, SERIAL_BYTES);
	if (rv == CKR_OK)
		rv = attrset_set_number(a, CKA_OS_TOKENFLAGS, FLAGS_BARE | CKF_TOKEN_INITIALIZED);
	if (rv == CKR_OK)
		rv = pin_store(a, PIN_SO, key, pin, len);
	secbuf_free(key);
	if (rv != CKR_OK) {
		attrset_free(a);
		return rv;
	}
	*out = a;
	return CKR_OK;
}

/* The first C_InitToken of a slot: a new directory, whole or not at all. */
static CK_RV init_new(struct token *t, const CK_BYTE *pin, CK_ULONG len, const CK_UTF8CHAR *label)
{
	char uuid[UUID_CHARS + 1], serial[SERIAL_BYTES + 1];
	struct attrset *attrs = NULL;
	struct store *store = NULL;
	char *dir = NULL;
	CK_RV rv = make_names(uuid, serial);

	if (rv == CKR_OK)
		rv = new_attrs(serial, label, pin, len, &attrs);
	if (rv == CKR_OK) {
		dir = path_join(t->place->dir, uuid);
		rv = dir != NULL ? CKR_OK : CKR_HOST_MEMORY;
	}
	if (rv == CKR_OK)
		rv = store_create(t->place->backend, dir, t->place->mask, attrs, &store);
	if (rv == CKR_OK) {
		use_store(t, store);
		t->dir = dir;
		dir = NULL;
	}
	attrset_free(attrs);
	free(dir);
	return rv;
}

/*
 * What the edits of a token's attributes below need; answer is what the call returns once the edit
 * is written.
 */
struct edit {
	enum pin_owner who;
	struct pin_limit limit;
	CK_RV unset;		/* the answer when that PIN was never set */
	const CK_BYTE *pin, *new_pin;
	CK_ULONG len, new_len;
	const CK_UTF8CHAR *label;
	struct secbuf *key;	/* in: of C_InitPIN (borrowed); out: of a login (owned) */
	CK_RV answer;
};

static const char *whose(enum pin_owner who)
{
	return who == PIN_SO ? "SO" : "user";
}

/* CKR_PIN_INCORRECT counts as a wrong try. */
static CK_RV answer_pin(const struct attrset *attrs, struct edit *e)
{
	CK_RV rv;

	if (e->unset != CKR_PIN_INCORRECT && !pin_is_set(attrs, e->who))
		return e->unset;
	if (pin_is_locked(attrs, e->who, &e->limit))
		return reason(CKR_PIN_LOCKED, "the %s's PIN was wrong too often",
			      whose(e->who));
	rv = pin_open(attrs, e->who, e->pin, e->len, &e->key);
	if (rv == CKR_PIN_INCORRECT)
		return reason(rv, "it is not the PIN of the %s", whose(e->who));
	return rv;
}

/* Was the PIN tested, or found to be locked? */
static bool is_answer(CK_RV rv)
{
	return rv == CKR_OK || rv == CKR_PIN_INCORRECT || rv == CKR_PIN_LOCKED;
}

/*
 * Tests a PIN and notes the try: count and flags are written, if they changed, whatever the answer
 * is.
 */
static CK_RV edit_try_pin(struct attrset *attrs, bool *changed, void *arg)
{
	struct edit *e = arg;

	e->answer = answer_pin(attrs, e);
	if (!is_answer(e->answer))
		return CKR_OK;
	return pin_note_try(attrs, e->who, e->answer == CKR_OK, &e->limit, changed);
}

/* The flag of a try whose answer is known. */
static CK_RV edit_note(struct attrset *attrs, bool *changed, void *arg)
{
	struct edit *e = arg;

	return pin_note_try(attrs, e->who, e->answer == CKR_OK, &e->limit, changed);
}

static CK_RV edit_change_pin(struct attrset *attrs, bool *changed, void *arg)
{
	struct edit *e = arg;
	CK_RV rv = edit_try_pin(attrs, changed, e);

	if (rv != CKR_OK || e->answer != CKR_OK)
		return rv;
	*changed = true;
	return pin_store(attrs, e->who, e->key, e->new_pin, e->new_len);
}

static CK_RV edit_init_pin(struct attrset *attrs, bool *changed, void *arg)
{
	struct edit *e = arg;

	*changed = true;
	e->answer = CKR_OK;
	return pin_store(attrs, PIN_USER, e->key, e->pin, e->len);
}

static CK_RV edit_reinit(struct attrset *attrs, bool *changed, void *arg)
{
	struct edit *e = arg;
	struct secbuf *key = NULL;
	CK_RV rv = attrset_set_bytes(attrs, CKA_OS_TOKENLABEL, e->label, LABEL_BYTES);

	*changed = true;
	e->answer = CKR_OK;
	if (rv == CKR_OK)
		rv = pin_forget_user(attrs);
	if (rv != CKR_OK || pin_is_set(attrs, PIN_SO))
		return rv;
	rv = tokenkey_generate(&key);	/* nobody has the one of a token that was cut short */
	if (rv == CKR_OK)
		rv = pin_store(attrs, PIN_SO, key, e->pin, e->len);
	secbuf_free(key);
	return rv;
}

/* What the call returns, given what the store said. */
static CK_RV outcome(const struct token *t, const struct edit *e, CK_RV written)
{
	return told(written == CKR_OK ? e->answer : written,
		    t->sessions > 0 ? CKR_DEVICE_REMOVED : CKR_TOKEN_NOT_PRESENT);
}

static CK_RV edit_token(struct token *t, store_edit *edit, struct edit *e)
{
	return outcome(t, e, store_token_edit(t->store, edit, e));
}

static struct edit pin_edit(const struct token *t, enum pin_owner who, const CK_BYTE *pin,
			    CK_ULONG len)
{
	return (struct edit){
		.who = who,
		.limit = { t->place->max_pin_tries, t->owed[who] },
		.unset = CKR_PIN_INCORRECT,
		.pin = pin,
		.len = len,
		.answer = CKR_FUNCTION_FAILED,
	};
}

/* A wrong try that could not be written is remembered here, until the next one that can be. */
static void settle(struct token *t, const struct edit *e, CK_RV written)
{
	if (!is_answer(e->answer))
		return;
	if (e->answer == CKR_OK || written == CKR_OK)
		t->owed[e->who] = 0;
	else if (e->answer == CKR_PIN_INCORRECT)
		t->owed[e->who]++;
}

static CK_RV edit_with_pin(struct token *t, store_edit *edit, struct edit *e)
{
	CK_RV rv = store_token_edit(t->store, edit, e);

	settle(t, e, rv);
	return rv;
}

/*
 * Without a limit only a flag that has to change takes the token's lock files, so that a login
 * costs other processes nothing.
 */
static CK_RV try_unlimited(struct token *t, struct edit *e)
{
	struct attrset *attrs = NULL;
	bool must_note = false;
	CK_RV rv = store_token_load(t->store, &attrs);

	if (rv == CKR_OK)
		rv = edit_try_pin(attrs, &must_note, e);
	attrset_free(attrs);
	return rv == CKR_OK && must_note ? store_token_edit(t->store, edit_note, e) : rv;
}

/* The answer was found, but the token cannot be written: a PIN can be used all the same. */
static bool is_read_only(CK_RV rv, const struct edit *e)
{
	return (rv == CKR_TOKEN_WRITE_PROTECTED || rv == CKR_DEVICE_MEMORY) &&
	       is_answer(e->answer);
}

/*
 * Tests a PIN against what is stored now. With a limit the test and the count are one edit, so that
 * tries at the same time, in any process, get no more guesses than one after the other.
 */
static CK_RV check_pin(struct token *t, struct edit *e)
{
	CK_RV rv = e->limit.max > 0 ? edit_with_pin(t, edit_try_pin, e) : try_unlimited(t, e);

	if (rv == CKR_OK || is_read_only(rv, e))
		return e->answer;
	secbuf_free(e->key);
	e->key = NULL;
	/* what was opened for writing could not even be read, and a login asks for no more */
	return outcome(t, e, rv == CKR_TOKEN_WRITE_PROTECTED ? CKR_DEVICE_ERROR : rv);
}

static CK_RV reinit(struct token *t, const CK_BYTE *pin, CK_ULONG len, const CK_UTF8CHAR *label)
{
	struct edit e = pin_edit(t, PIN_SO, pin, len);
	CK_RV rv;

	e.label = label;
	e.unset = CKR_OK;	/* a token whose making was cut short by somebody else */
	rv = check_pin(t, &e);
	secbuf_free(e.key);
	e.key = NULL;
	if (rv != CKR_OK)
		return rv;
	object_table_reset(t->objects, t->store);
	t->owed[PIN_USER] = 0;
	rv = store_clear(t->store);
	return rv == CKR_OK ? edit_token(t, edit_reinit, &e) : rv;
}

CK_RV token_init(struct token *t, const CK_BYTE *pin, CK_ULONG len, const CK_UTF8CHAR *label)
{
	CK_RV rv;

	lock_take(&t->lock);
	if (t->sessions > 0)
		rv = CKR_SESSION_EXISTS;
	else if (pin == NULL)
		rv = CKR_ARGUMENTS_BAD;
	else if (len < PIN_MIN || len > PIN_MAX)
		rv = CKR_PIN_INCORRECT;
	else if (label == NULL)
		rv = CKR_ARGUMENTS_BAD;
	else if (t->dir == NULL)
		rv = init_new(t, pin, len, label);
	else if (t->store == NULL)
		rv = absence(t);
	else
		rv = reinit(t, pin, len, label);
	lock_drop(&t->lock);
	return rv;
}

CK_RV token_init_pin(struct token *t, const CK_BYTE *pin, CK_ULONG len)
{
	struct edit e = { .pin = pin, .len = len };
	CK_RV rv = CKR_USER_NOT_LOGGED_IN;

	if (len < PIN_MIN || len > PIN_MAX)
		return CKR_PIN_LEN_RANGE;
	lock_take(&t->lock);
	if (is_in(t, LOGIN_SO)) {
		e.key = t->objects->key;	/* stays: only a logout takes it away */
		rv = edit_token(t, edit_init_pin, &e);
		if (rv == CKR_OK)
			t->owed[PIN_USER] = 0;
	}
	lock_drop(&t->lock);
	return rv;
}

CK_RV token_set_pin(struct token *t, const CK_BYTE *old_pin, CK_ULONG old_len, const CK_BYTE *pin,
		    CK_ULONG len)
{
	struct edit e;
	CK_RV rv;

	if (len < PIN_MIN || len > PIN_MAX)
		return CKR_PIN_LEN_RANGE;
	lock_take(&t->lock);
	e = pin_edit(t, is_in(t, LOGIN_SO) ? PIN_SO : PIN_USER, old_pin, old_len);
	e.new_pin = pin;
	e.new_len = len;
	rv = outcome(t, &e, edit_with_pin(t, edit_change_pin, &e));
	lock_drop(&t->lock);
	secbuf_free(e.key);
	return rv;
}

/* May that user log in now? The order of the tests is the reference's. */
static CK_RV may_login(struct token *t, CK_USER_TYPE type)
{
	if (type == CKU_SO && t->ro_sessions > 0)
		return CKR_SESSION_READ_ONLY_EXISTS;
	if (is_in(t, type == CKU_SO ? LOGIN_USER : LOGIN_SO))
		return CKR_USER_ANOTHER_ALREADY_LOGGED_IN;
	if (is_in(t, LOGIN_ANY))
		return CKR_USER_ALREADY_LOGGED_IN;
	return CKR_OK;
}

CK_RV token_login(struct token *t, CK_USER_TYPE type, const CK_BYTE *pin, CK_ULONG len)
{
	struct edit e = { .key = NULL };
	CK_RV rv;

	lock_take(&t->lock);
	rv = may_login(t, type);
	if (rv == CKR_OK) {
		e = pin_edit(t, type == CKU_SO ? PIN_SO : PIN_USER, pin, len);
		if (type == CKU_USER)
			e.unset = CKR_USER_PIN_NOT_INITIALIZED;
		rv = check_pin(t, &e);
	}
	if (rv == CKR_OK) {
		object_table_login(t->objects, e.key);
		e.key = NULL;
		atomic_fetch_or(&t->login, type == CKU_SO ? LOGIN_SO : LOGIN_USER);
	}
	lock_drop(&t->lock);
	secbuf_free(e.key);
	return rv;
}

CK_RV token_reauthenticate(struct token *t, const CK_BYTE *pin, CK_ULONG len)
{
	struct edit e = { .key = NULL };
	CK_RV rv = CKR_USER_NOT_LOGGED_IN;

	lock_take(&t->lock);
	if (is_in(t, LOGIN_ANY)) {
		e = pin_edit(t, is_in(t, LOGIN_SO) ? PIN_SO : PIN_USER, pin, len);
		rv = check_pin(t, &e);
	}
	lock_drop(&t->lock);
	secbuf_free(e.key);
	return rv;
}

static void logout(struct token *t)
{
	atomic_store(&t->login, (atomic_load(&t->login) | LOGIN_ANY) + 1);
	object_table_logout(t->objects);
}

CK_RV token_logout(struct token *t)
{
	CK_RV rv = CKR_OK;

	lock_take(&t->lock);
	if (is_in(t, LOGIN_ANY))
		logout(t);
	else
		rv = CKR_USER_NOT_LOGGED_IN;
	lock_drop(&t->lock);
	return rv;
}

CK_RV token_session_opened(struct token *t, bool rw)
{
	CK_RV rv = CKR_OK;

	lock_take(&t->lock);
	if (t->store == NULL)
		rv = absence(t);
	else if (!rw && is_in(t, LOGIN_SO))
		rv = CKR_SESSION_READ_WRITE_SO_EXISTS;
	else if (t->place->max_sessions > 0 && t->sessions >= t->place->max_sessions)
		rv = reason(CKR_SESSION_COUNT, "%lu sessions are open", t->sessions);
	if (rv == CKR_OK) {
		t->sessions++;
		t->ro_sessions += rw ? 0 : 1;
	}
	lock_drop(&t->lock);
	return rv;
}

void token_session_closed(struct token *t, CK_SESSION_HANDLE session, bool rw)
{
	lock_take(&t->lock);
	object_table_end_session(t->objects, session);
	t->sessions--;
	t->ro_sessions -= rw ? 0 : 1;
	if (t->sessions == 0) {
		if (is_in(t, LOGIN_ANY))
			logout(t);
		object_table_drop_handles(t->objects);
	}
	lock_drop(&t->lock);
}

CK_STATE token_state(struct token *t, bool rw)
{
	struct caller who;

	token_caller(t, CK_INVALID_HANDLE, rw, &who, NULL);
	if (who.so)
		return CKS_RW_SO_FUNCTIONS;
	if (who.user)
		return rw ? CKS_RW_USER_FUNCTIONS : CKS_RO_USER_FUNCTIONS;
	return rw ? CKS_RW_PUBLIC_SESSION : CKS_RO_PUBLIC_SESSION;
}

void token_caller(struct token *t, CK_SESSION_HANDLE session, bool rw, struct caller *out,
		  uint64_t *epoch)
{
	uint64_t login = atomic_load(&t->login);

	*out = (struct caller){ .session = session, .rw = rw, .user = (login & LOGIN_USER) != 0,
				.so = (login & LOGIN_SO) != 0 };
	if (epoch != NULL)
		*epoch = login / LOGIN_LOGOUT;
}

uint64_t token_epoch(struct token *t)
{
	return atomic_load(&t->login) / LOGIN_LOGOUT;
}

struct object_table *token_objects(struct token *t)
{
	return t->objects;
}

void token_fork_prepare(struct token *t)
{
	lock_take(&t->lock);
	rwlock_write(&t->objects->lock);
	if (t->store != NULL)
		store_fork_prepare(t->store);
	store_fork_prepare(t->objects->session.store);
}

void token_fork_parent(struct token *t)
{
	store_fork_parent(t->objects->session.store);
	if (t->store != NULL)
		store_fork_parent(t->store);
	rwlock_drop(&t->objects->lock);
	lock_drop(&t->lock);
}

void token_fork_child(struct token *t)
{
	store_fork_child(t->objects->session.store);
	if (t->store != NULL)
		store_fork_child(t->store);
	rwlock_reset(&t->objects->lock);
	lock_reset(&t->lock);
}
