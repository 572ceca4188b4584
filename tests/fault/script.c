#include "config.h"

#include "fault/script.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "p11/kinds.h"

#define FIRST	"first"
#define SECOND	"second"
#define AGAIN	"again"

#define LIST		static const CK_ATTRIBUTE
#define TOKEN		A_BOOL(CKA_TOKEN, CK_TRUE)
#define OPEN		A_BOOL(CKA_PRIVATE, CK_FALSE)
#define CLOSED		A_BOOL(CKA_PRIVATE, CK_TRUE)
#define READABLE	A_BOOL(CKA_SENSITIVE, CK_FALSE), A_BOOL(CKA_EXTRACTABLE, CK_TRUE)
#define SECRET(type)	A_ULONG(CKA_CLASS, CKO_SECRET_KEY), A_ULONG(CKA_KEY_TYPE, (type))

static CK_BYTE thirty_two[32] = "a value of thirty-two bytes: 32";
static CK_BYTE p256[] = { 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07 };

LIST open_data[] = { A_ULONG(CKA_CLASS, CKO_DATA), TOKEN, OPEN, A_TEXT(CKA_LABEL, "open"),
		     A_TEXT(CKA_VALUE, "for everybody"), A_END };
LIST closed_data[] = { A_ULONG(CKA_CLASS, CKO_DATA), TOKEN, CLOSED, A_TEXT(CKA_LABEL, "closed"),
		       A_TEXT(CKA_VALUE, "for the user alone"), A_END };
LIST new_data[] = { A_ULONG(CKA_CLASS, CKO_DATA), TOKEN, CLOSED, A_TEXT(CKA_LABEL, "new data"),
		    A_TEXT(CKA_VALUE, "made by the script"), A_END };
LIST base_key[] = { SECRET(CKK_GENERIC_SECRET), TOKEN, CLOSED, READABLE,
		    A_BOOL(CKA_DERIVE, CK_TRUE), A_BOOL(CKA_SIGN, CK_TRUE),
		    A_TEXT(CKA_LABEL, "base"), A_BYTES(CKA_VALUE, thirty_two), A_END };
LIST wrapping_key[] = { SECRET(CKK_AES), TOKEN, CLOSED, READABLE, A_BOOL(CKA_WRAP, CK_TRUE),
			A_BOOL(CKA_UNWRAP, CK_TRUE), A_BOOL(CKA_ENCRYPT, CK_TRUE),
			A_TEXT(CKA_LABEL, "wrapping"), A_BYTES(CKA_VALUE, thirty_two), A_END };
LIST new_key[] = { SECRET(CKK_AES), TOKEN, CLOSED, READABLE, A_BOOL(CKA_ENCRYPT, CK_TRUE),
		   A_TEXT(CKA_LABEL, "new key"), A_BYTES(CKA_VALUE, thirty_two), A_END };
LIST generated[] = { TOKEN, CLOSED, READABLE, A_BOOL(CKA_ENCRYPT, CK_TRUE),
		     A_TEXT(CKA_LABEL, "generated"), A_ULONG(CKA_VALUE_LEN, 32), A_END };
LIST unwrapped[] = { SECRET(CKK_AES), TOKEN, CLOSED, READABLE, A_BOOL(CKA_ENCRYPT, CK_TRUE),
		     A_TEXT(CKA_LABEL, "unwrapped"), A_END };
LIST derived[] = { SECRET(CKK_AES), TOKEN, CLOSED, READABLE, A_BOOL(CKA_ENCRYPT, CK_TRUE),
		   A_TEXT(CKA_LABEL, "derived"), A_ULONG(CKA_VALUE_LEN, 32), A_END };
LIST derived_2[] = { SECRET(CKK_AES), TOKEN, CLOSED, READABLE, A_BOOL(CKA_ENCRYPT, CK_TRUE),
		     A_TEXT(CKA_LABEL, "derived 2"), A_ULONG(CKA_VALUE_LEN, 16), A_END };
LIST derived_3[] = { SECRET(CKK_GENERIC_SECRET), TOKEN, CLOSED, READABLE,
		     A_TEXT(CKA_LABEL, "derived 3"), A_ULONG(CKA_VALUE_LEN, 48), A_END };
LIST pair_public[] = { TOKEN, OPEN, A_BOOL(CKA_VERIFY, CK_TRUE), A_TEXT(CKA_LABEL, "pair"),
		       A_BYTES(CKA_EC_PARAMS, p256), A_END };
LIST pair_private[] = { TOKEN, CLOSED, READABLE, A_BOOL(CKA_SIGN, CK_TRUE),
			A_TEXT(CKA_LABEL, "pair"), A_END };

/* --- helpers ------------------------------------------------------------ */

static CK_RV make(struct scene *c, const CK_ATTRIBUTE *list, CK_OBJECT_HANDLE *out)
{
	CK_ATTRIBUTE t[TMPL_MAX];

	tmpl_join(t, list, NULL);
	return object_make(c->s, t, out);
}

static CK_RV find(struct scene *c, CK_OBJECT_CLASS class, const char *label)
{
	CK_ATTRIBUTE t[] = { A_ULONG(CKA_CLASS, class), { CKA_LABEL, text(label), strlen(label) },
			     A_END };
	CK_ULONG found = 0;
	CK_RV rv = object_find(c->s, t, &c->object, 1, &found);

	return rv == CKR_OK ? want(found == 1) : rv;
}

static CK_RV set_pin(struct scene *c, enum pin from, enum pin to)
{
	return p11->C_SetPIN(c->s, text(pin_texts[from]), strlen(pin_texts[from]),
			     text(pin_texts[to]), strlen(pin_texts[to]));
}

/* --- tokens and PINs ---------------------------------------------------- */

static CK_RV init_token(struct scene *c)
{
	return token_init(c->slot, SO_PIN, SECOND);
}

static CK_RV init_token_again(struct scene *c)
{
	return token_init(c->slot, pin_texts[PIN_SO_NEW], AGAIN);
}

static CK_RV init_pin(struct scene *c)
{
	return p11->C_InitPIN(c->s, text(USER_PIN), strlen(USER_PIN));
}

static CK_RV login_wrong(struct scene *c)
{
	return login(c->s, CKU_USER, "a wrong PIN");
}

static CK_RV login_right(struct scene *c)
{
	return login(c->s, CKU_USER, USER_PIN);
}

static CK_RV so_login_wrong(struct scene *c)
{
	return login(c->s, CKU_SO, "a wrong PIN");
}

static CK_RV so_login_right(struct scene *c)
{
	return login(c->s, CKU_SO, SO_PIN);
}

/* A failed login is tried again, a right one is only for once. */
static CK_RV logged_out(struct scene *c)
{
	CK_RV rv = p11->C_Logout(c->s);

	return rv == CKR_USER_NOT_LOGGED_IN ? CKR_OK : rv;
}

static CK_RV set_user_pin(struct scene *c)
{
	return set_pin(c, PIN_USER, PIN_USER_NEW);
}

static CK_RV set_so_pin(struct scene *c)
{
	return set_pin(c, PIN_SO, PIN_SO_NEW);
}

/* --- objects ------------------------------------------------------------ */

static CK_RV create_data(struct scene *c)
{
	return make(c, new_data, &c->object);
}

static CK_RV create_key(struct scene *c)
{
	return make(c, new_key, &c->object);
}

static CK_RV find_new_key(struct scene *c)
{
	return find(c, CKO_SECRET_KEY, "new key");
}

static CK_RV copy(struct scene *c)
{
	CK_ATTRIBUTE t[] = { A_TEXT(CKA_LABEL, "copied key"), A_END };
	CK_OBJECT_HANDLE copied = 0;

	return p11->C_CopyObject(c->s, c->object, t, tmpl_count(t), &copied);
}

static CK_RV find_new_data(struct scene *c)
{
	return find(c, CKO_DATA, "new data");
}

static CK_RV set(struct scene *c)
{
	CK_ATTRIBUTE t[] = { A_TEXT(CKA_ID, "set by the script"),
			     A_BOOL(CKA_DECRYPT, CK_FALSE), A_END };

	return p11->C_SetAttributeValue(c->s, c->object, t, tmpl_count(t));
}

static CK_RV generate_key(struct scene *c)
{
	CK_MECHANISM m = { CKM_AES_KEY_GEN, NULL, 0 };
	CK_ATTRIBUTE t[TMPL_MAX];

	tmpl_join(t, generated, NULL);
	return p11->C_GenerateKey(c->s, &m, t, tmpl_count(t), &c->object);
}

static CK_RV generate_pair(struct scene *c)
{
	CK_MECHANISM m = { CKM_EC_KEY_PAIR_GEN, NULL, 0 };
	CK_ATTRIBUTE public[TMPL_MAX], private[TMPL_MAX];
	CK_OBJECT_HANDLE p = 0;

	tmpl_join(public, pair_public, NULL);
	tmpl_join(private, pair_private, NULL);
	return p11->C_GenerateKeyPair(c->s, &m, public, tmpl_count(public), private,
				      tmpl_count(private), &p, &c->object);
}

/* With a key that is itself wrapped with it. */
static CK_RV wrap(struct scene *c)
{
	CK_MECHANISM m = { CKM_AES_KEY_WRAP, NULL, 0 };
	CK_RV rv = find(c, CKO_SECRET_KEY, "wrapping");

	c->wrapped_len = sizeof(c->wrapped);
	return rv == CKR_OK ?
		       p11->C_WrapKey(c->s, &m, c->object, c->object, c->wrapped, &c->wrapped_len) :
		       rv;
}

static CK_RV unwrap(struct scene *c)
{
	CK_MECHANISM m = { CKM_AES_KEY_WRAP, NULL, 0 };
	CK_ATTRIBUTE t[TMPL_MAX];
	CK_OBJECT_HANDLE key = 0;

	tmpl_join(t, unwrapped, NULL);
	return p11->C_UnwrapKey(c->s, &m, c->object, c->wrapped, c->wrapped_len, t, tmpl_count(t),
				&key);
}

static CK_RV find_base(struct scene *c)
{
	return find(c, CKO_SECRET_KEY, "base");
}

static CK_RV derive(struct scene *c)
{
	CK_SP800_108_COUNTER_FORMAT counter = { CK_FALSE, 32 };
	CK_PRF_DATA_PARAM data[] = {
		{ CK_SP800_108_ITERATION_VARIABLE, &counter, sizeof(counter) },
		{ CK_SP800_108_BYTE_ARRAY, thirty_two, sizeof(thirty_two) },
	};
	CK_ATTRIBUTE t[TMPL_MAX], t2[TMPL_MAX], t3[TMPL_MAX];
	CK_OBJECT_HANDLE key = 0, key2 = 0, key3 = 0;
	CK_DERIVED_KEY more[] = { { t2, 0, &key2 }, { t3, 0, &key3 } };
	CK_SP800_108_KDF_PARAMS p = { CKM_SHA256_HMAC, LENGTH(data), data, LENGTH(more), more };
	CK_MECHANISM m = { CKM_SP800_108_COUNTER_KDF, &p, sizeof(p) };

	tmpl_join(t, derived, NULL);
	tmpl_join(t2, derived_2, NULL);
	tmpl_join(t3, derived_3, NULL);
	more[0].ulAttributeCount = tmpl_count(t2);
	more[1].ulAttributeCount = tmpl_count(t3);
	return p11->C_DeriveKey(c->s, &m, c->object, t, tmpl_count(t), &key);
}

static CK_RV destroy(struct scene *c)
{
	return p11->C_DestroyObject(c->s, c->object);
}

/* --- what only reads ---------------------------------------------------- */

/* An object less than there are would be taken for lost. */
static CK_RV find_all(struct scene *c)
{
	CK_OBJECT_HANDLE found[STATE_OBJECTS];
	CK_ULONG count = 0;
	CK_RV rv = object_find(c->s, NULL, found, LENGTH(found), &count);

	c->object = count > 0 ? found[0] : 0;
	if (rv == CKR_OK && count != 10)
		rv = ROW_WRONG;
	return rv;
}

static CK_RV read_value(struct scene *c)
{
	CK_BYTE value[32] = { 0 };
	CK_ULONG len = sizeof(value);
	CK_RV rv = attr_bytes(c->s, c->object, CKA_VALUE, value, &len);

	return rv == CKR_OK ? want(len == 32 && memcmp(value, thirty_two, 32) == 0) : rv;
}

static CK_RV sign(struct scene *c)
{
	CK_MECHANISM m = { CKM_SHA256_HMAC, NULL, 0 };
	CK_BYTE mac[32];
	CK_ULONG len = sizeof(mac);
	CK_RV rv = p11->C_SignInit(c->s, &m, c->object);

	return rv == CKR_OK ? p11->C_Sign(c->s, thirty_two, sizeof(thirty_two), mac, &len) : rv;
}

/*
 * A token that cannot be read is not listed; it has to be as soon as it can be. The second call
 * gives it time, since the module does not try at once each time.
 */
static CK_RV start(struct scene *c)
{
	unsigned tries = c->count++ > 0 ? 500 : 1;
	CK_RV rv = module_start();

	if (rv != CKR_OK)
		return rv;
	do
		rv = slot_find(FIRST, &c->slot);
	while (rv == ROW_WRONG && --tries > 0 && poll(NULL, 0, 20) == 0);
	if (rv == ROW_WRONG)
		return CKR_DEVICE_ERROR;
	if (rv == CKR_OK)
		rv = session_open(c->slot, CKF_RW_SESSION, &c->s);
	return rv == CKR_OK ? login(c->s, CKU_USER, USER_PIN) : rv;
}

/* --- the script --------------------------------------------------------- */

#define STEP(what, fn, ...) { .name = #what, .function = #fn, .call = what, __VA_ARGS__ }
#define LIMITED(what, fn, ...) \
	{ .name = "limited_" #what, .function = #fn, .call = what, .token = FIRST, \
	  .pin = PIN_NONE, .before = logged_out, .tolerant = true, .limited = true, __VA_ARGS__ }
#define USER	.token = FIRST, .pin = PIN_USER

/* Each begins with what the one before it has left. */
const struct step steps[] = {
	STEP(init_token, C_InitToken, .no_session = true, .pin = PIN_NONE),
	STEP(init_pin, C_InitPIN, .token = SECOND, .pin = PIN_SO),
	STEP(login_wrong, C_Login, .token = FIRST, .pin = PIN_NONE, .before = logged_out,
	     .expected = CKR_PIN_INCORRECT, .tolerant = true),
	STEP(login_right, C_Login, .token = FIRST, .pin = PIN_NONE, .before = logged_out,
	     .tolerant = true),
	STEP(so_login_wrong, C_Login, .token = FIRST, .pin = PIN_NONE, .before = logged_out,
	     .expected = CKR_PIN_INCORRECT, .tolerant = true),
	STEP(so_login_right, C_Login, .token = FIRST, .pin = PIN_NONE, .before = logged_out,
	     .tolerant = true),
	LIMITED(login_wrong, C_Login, .expected = CKR_PIN_INCORRECT),
	LIMITED(login_right, C_Login, .expected = CKR_OK),
	LIMITED(so_login_wrong, C_Login, .expected = CKR_PIN_INCORRECT),
	LIMITED(so_login_right, C_Login, .expected = CKR_OK),
	STEP(create_data, C_CreateObject, USER),
	STEP(create_key, C_CreateObject, USER),
	STEP(copy, C_CopyObject, USER, .before = find_new_key),
	STEP(set, C_SetAttributeValue, USER, .before = find_new_key),
	STEP(generate_key, C_GenerateKey, USER),
	STEP(generate_pair, C_GenerateKeyPair, USER, .several = true),
	STEP(start, C_Initialize, USER, .starts = true, .reads = true),
	STEP(find_all, C_FindObjectsInit, USER, .reads = true),
	STEP(read_value, C_GetAttributeValue, USER, .before = find_base, .reads = true),
	STEP(sign, C_SignInit, USER, .before = find_base, .reads = true),
	STEP(unwrap, C_UnwrapKey, USER, .before = wrap),
	STEP(derive, C_DeriveKey, USER, .before = find_base, .several = true),
	STEP(destroy, C_DestroyObject, USER, .before = find_new_data),
	STEP(set_user_pin, C_SetPIN, USER),
	STEP(set_so_pin, C_SetPIN, .token = FIRST, .pin = PIN_SO),
	STEP(init_token_again, C_InitToken, .token = FIRST, .no_session = true, .pin = PIN_NONE,
	     .piecemeal = true),
};

const size_t step_count = LENGTH(steps);

void script_use(const char *backend, const char *tokens, bool limited)
{
	const char *path = work_path("%s.conf", tokens);
	char conf[8192];

	snprintf(conf, sizeof(conf),
		 "directories.tokendir = %s\nobjectstore.backend = %s\nlog.level = ERROR\n"
		 "log.file = %s\n%s",
		 work_path("%s", tokens), backend,
		 getenv("FAULT_LOG") ? getenv("FAULT_LOG") : "/dev/null",
		 limited ? "token.max_pin_tries = 50\n" : "");
	mkdir(work_path("%s", tokens), 0700);
	file_write(path, conf);
	setenv("SOFTHSM2_CONF", path, 1);
}

static CK_RV make_objects(struct scene *c)
{
	static const CK_ATTRIBUTE *const lists[] = { open_data, closed_data, base_key,
						     wrapping_key };
	CK_RV rv = CKR_OK;

	for (size_t i = 0; rv == CKR_OK && i < LENGTH(lists); i++)
		rv = make(c, lists[i], &c->object);
	return rv;
}

CK_RV script_begin(void)
{
	struct scene c = { .slot = 0 };
	CK_RV rv = module_start();

	if (rv == CKR_OK)
		rv = token_make(FIRST, &c.slot);
	if (rv == CKR_OK)
		rv = session_open(c.slot, CKF_RW_SESSION, &c.s);
	if (rv == CKR_OK)
		rv = login(c.s, CKU_USER, USER_PIN);
	return rv == CKR_OK ? make_objects(&c) : rv;
}

static bool is_so(enum pin pin)
{
	return pin == PIN_SO || pin == PIN_SO_NEW;
}

CK_RV scene_open(const struct step *step, struct scene *c)
{
	CK_RV rv = CKR_OK;

	memset(c, 0, sizeof(*c));
	if (step->starts)
		return rv;
	rv = module_start();
	if (rv == CKR_OK)
		rv = step->token ? slot_find(step->token, &c->slot) : slot_free(&c->slot);
	if (rv != CKR_OK || step->no_session)
		return rv;
	rv = session_open(c->slot, CKF_RW_SESSION, &c->s);
	if (rv == CKR_OK && step->pin != PIN_NONE)
		rv = login(c->s, is_so(step->pin) ? CKU_SO : CKU_USER, pin_texts[step->pin]);
	return rv == CKR_OK && step->before ? step->before(c) : rv;
}
