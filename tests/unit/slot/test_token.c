/* PINs, tokens and slots, below the PKCS#11 calls. */
#include "config.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "common/str.h"
#include "crypto/ossl/ossl.h"
#include "crypto/tokenkey.h"
#include "slot/pin.h"
#include "slot/slot.h"
#include "slot/token_attrs.h"
#include "unit/unit.h"

#define PIN(s) (const CK_BYTE *)(s), sizeof(s) - 1

static const CK_UTF8CHAR label[32] = "a label of thirty-two characters";

static CK_FLAGS flags_of(const struct attrset *a)
{
	return attrset_number(a, CKA_OS_TOKENFLAGS, 0);
}

static void test_pin_flags(void)
{
	struct attrset *a = attrset_new(false);
	struct secbuf *key = NULL, *opened = NULL;
	bool changed = false;
	const struct pin_limit any = { 0, 0 };

	CU_ASSERT_EQUAL_FATAL(tokenkey_generate(&key), CKR_OK);
	CU_ASSERT_EQUAL(attrset_set_number(a, CKA_OS_TOKENFLAGS, 0xc00425), CKR_OK);
	CU_ASSERT_FALSE(pin_is_set(a, PIN_SO));
	CU_ASSERT_EQUAL(pin_store(a, PIN_SO, key, PIN("so-pin")), CKR_OK);
	CU_ASSERT_EQUAL(flags_of(a), 0x425);
	CU_ASSERT_EQUAL(pin_open(a, PIN_USER, PIN("1234"), &opened), CKR_PIN_INCORRECT);
	CU_ASSERT_EQUAL(pin_store(a, PIN_USER, key, PIN("1234")), CKR_OK);
	CU_ASSERT_EQUAL(flags_of(a), 0x42d);

	CU_ASSERT_EQUAL(pin_note_try(a, PIN_USER, true, &any, &changed), CKR_OK);
	CU_ASSERT_FALSE(changed);
	CU_ASSERT_EQUAL(pin_note_try(a, PIN_USER, false, &any, &changed), CKR_OK);
	CU_ASSERT_TRUE(changed);
	CU_ASSERT_EQUAL(flags_of(a), 0x1042d);
	changed = false;
	CU_ASSERT_EQUAL(pin_note_try(a, PIN_USER, false, &any, &changed), CKR_OK);
	CU_ASSERT_FALSE(changed);
	CU_ASSERT_EQUAL(pin_note_try(a, PIN_SO, false, &any, &changed), CKR_OK);
	CU_ASSERT_EQUAL(flags_of(a), 0x11042d);

	CU_ASSERT_EQUAL_FATAL(pin_open(a, PIN_USER, PIN("1234"), &opened), CKR_OK);
	CU_ASSERT_EQUAL(opened->len, TOKENKEY_BYTES);
	CU_ASSERT_EQUAL(memcmp(opened->data, key->data, TOKENKEY_BYTES), 0);
	CU_ASSERT_EQUAL(pin_forget_user(a), CKR_OK);
	CU_ASSERT_FALSE(pin_is_set(a, PIN_USER));
	CU_ASSERT_EQUAL(flags_of(a), 0x100425);
	secbuf_free(key);
	secbuf_free(opened);
	attrset_free(a);
}

/* The login epoch, read through the state of a session. */
static void test_login(void)
{
	char *dir = unit_make_dir();
	struct token_place place = {
		.backend = store_backend_find("file"), .dir = dir, .mask = 0077,
	};
	struct token *t = NULL;
	struct caller who;
	uint64_t before = 0, after = 0;

	CU_ASSERT_EQUAL_FATAL(token_new(&place, &t), CKR_OK);
	CU_ASSERT_EQUAL(token_session_opened(t, true), CKR_TOKEN_NOT_RECOGNIZED);
	CU_ASSERT_EQUAL(token_init(t, PIN("abc"), label), CKR_PIN_INCORRECT);
	CU_ASSERT_EQUAL_FATAL(token_init(t, PIN("so-pin"), label), CKR_OK);
	CU_ASSERT_EQUAL(token_session_opened(t, true), CKR_OK);
	CU_ASSERT_EQUAL(token_init(t, PIN("so-pin"), label), CKR_SESSION_EXISTS);
	CU_ASSERT_EQUAL(token_login(t, CKU_USER, PIN("1234")), CKR_USER_PIN_NOT_INITIALIZED);
	CU_ASSERT_EQUAL(token_init_pin(t, PIN("1234")), CKR_USER_NOT_LOGGED_IN);
	CU_ASSERT_EQUAL(token_login(t, CKU_SO, PIN("so-pin")), CKR_OK);
	CU_ASSERT_EQUAL(token_state(t, true), CKS_RW_SO_FUNCTIONS);
	CU_ASSERT_EQUAL(token_session_opened(t, false), CKR_SESSION_READ_WRITE_SO_EXISTS);
	CU_ASSERT_EQUAL(token_init_pin(t, PIN("123")), CKR_PIN_LEN_RANGE);
	CU_ASSERT_EQUAL(token_init_pin(t, PIN("1234")), CKR_OK);
	CU_ASSERT_EQUAL(token_login(t, CKU_USER, PIN("1234")), CKR_USER_ANOTHER_ALREADY_LOGGED_IN);
	token_caller(t, 1, true, &who, &before);
	CU_ASSERT_EQUAL(token_logout(t), CKR_OK);
	CU_ASSERT_EQUAL(token_logout(t), CKR_USER_NOT_LOGGED_IN);
	token_caller(t, 1, true, &who, &after);
	CU_ASSERT_NOT_EQUAL(before, after);
	CU_ASSERT_EQUAL(token_login(t, CKU_USER, PIN("4321")), CKR_PIN_INCORRECT);
	CU_ASSERT_EQUAL(token_login(t, CKU_USER, PIN("1234")), CKR_OK);
	CU_ASSERT_EQUAL(token_login(t, CKU_USER, PIN("1234")), CKR_USER_ALREADY_LOGGED_IN);
	CU_ASSERT_EQUAL(token_reauthenticate(t, PIN("nope")), CKR_PIN_INCORRECT);
	CU_ASSERT_EQUAL(token_reauthenticate(t, PIN("1234")), CKR_OK);
	CU_ASSERT_EQUAL(token_set_pin(t, PIN("1234"), PIN("5678")), CKR_OK);
	token_session_closed(t, 1, true);	/* the last one: logs out */
	CU_ASSERT_EQUAL(token_session_opened(t, true), CKR_OK);
	CU_ASSERT_EQUAL(token_state(t, true), CKS_RW_PUBLIC_SESSION);
	CU_ASSERT_EQUAL(token_login(t, CKU_USER, PIN("1234")), CKR_PIN_INCORRECT);
	CU_ASSERT_EQUAL(token_login(t, CKU_USER, PIN("5678")), CKR_OK);
	token_session_closed(t, 2, true);
	token_free(t);
	unit_remove_dir(dir);
}

/* The size of the only *.object file below dir that is the token's, and its time of change. */
static struct stat token_file(const char *dir, const char *name)
{
	char *token = path_join(dir, name), *file = path_join(token, "token.object");
	struct stat st = { 0 };

	CU_ASSERT_EQUAL(stat(file, &st), 0);
	free(token);
	free(file);
	return st;
}

/* A login that changes no flag does not touch the file which holds the token's only key. */
static void test_login_writes_nothing(void)
{
	char *dir = unit_make_dir(), *path = path_join(dir, "t");
	struct token_place place = {
		.backend = store_backend_find("file"), .dir = dir, .mask = 0077,
	};
	struct attrset *a = attrset_new(false);
	struct secbuf *key = NULL;
	struct store *store = NULL;
	struct token *t = NULL;
	struct stat before, after;

	CU_ASSERT_EQUAL_FATAL(tokenkey_generate(&key), CKR_OK);
	CU_ASSERT_EQUAL(pin_store(a, PIN_SO, key, PIN("so-pin")), CKR_OK);
	CU_ASSERT_EQUAL(pin_store(a, PIN_USER, key, PIN("1234")), CKR_OK);
	CU_ASSERT_EQUAL_FATAL(store_create(place.backend, path, 0077, a, &store), CKR_OK);
	store_close(store);
	CU_ASSERT_EQUAL_FATAL(token_open(&place, path, &t), CKR_OK);
	CU_ASSERT_EQUAL(token_session_opened(t, true), CKR_OK);
	before = token_file(dir, "t");
	CU_ASSERT_EQUAL(token_login(t, CKU_USER, PIN("1234")), CKR_OK);
	CU_ASSERT_EQUAL(token_logout(t), CKR_OK);
	after = token_file(dir, "t");
	CU_ASSERT_EQUAL(before.st_ino, after.st_ino);
	CU_ASSERT_EQUAL(memcmp(&before.st_mtim, &after.st_mtim, sizeof(before.st_mtim)), 0);
	CU_ASSERT_EQUAL(token_login(t, CKU_USER, PIN("4321")), CKR_PIN_INCORRECT);
	after = token_file(dir, "t");
	CU_ASSERT_NOT_EQUAL(before.st_ino, after.st_ino);	/* replaced, never rewritten */
	token_session_closed(t, 1, true);
	token_free(t);
	secbuf_free(key);
	attrset_free(a);
	free(path);
	unit_remove_dir(dir);
}

static void make_token(const char *dir, const char *name, const char *serial)
{
	struct attrset *a = attrset_new(false);
	char *path = path_join(dir, name);
	struct store *store = NULL;

	CU_ASSERT_EQUAL(attrset_set_bytes(a, CKA_OS_TOKENSERIAL, serial, strlen(serial)), CKR_OK);
	CU_ASSERT_EQUAL(attrset_set_bytes(a, CKA_OS_TOKENLABEL, label, sizeof(label)), CKR_OK);
	CU_ASSERT_EQUAL_FATAL(store_create(store_backend_find("file"), path, 0077, a, &store),
			      CKR_OK);
	store_close(store);
	attrset_free(a);
	free(path);
}

/*
 * Ids come from serial numbers; colliding and odd ones all get a slot, and there is always one
 * more.
 */
static void test_slot_ids(void)
{
	static const struct {
		const char *name, *serial;
	} tokens[] = {
		{ "a", "0123456700000010" },
		{ "b", "89abcdef00000010" },
		{ "c", "0000000080000005" },
		{ "d", "not hexadecimal!" },
		{ "e", "7" },
	};
	static const CK_SLOT_ID expected[] = { 0, 5, 7, 0x10, 0x11, 6 };
	CK_SLOT_ID ids[8];
	CK_ULONG count = 0;
	char *dir = unit_make_dir(), none[] = "none", file[] = "file", *junk;
	struct conf conf = { .tokendir = dir, .backend = none, .umask = 0077 };
	struct slot_manager *m = NULL;

	for (size_t i = 0; i < ARRAY_LEN(tokens); i++)
		make_token(dir, tokens[i].name, tokens[i].serial);
	junk = unit_write_file(dir, "a-file", "", 0);
	CU_ASSERT_EQUAL(slot_manager_new(&conf, &m), CKR_GENERAL_ERROR);
	conf.backend = file;
	CU_ASSERT_EQUAL_FATAL(slot_manager_new(&conf, &m), CKR_OK);
	CU_ASSERT_EQUAL(slot_list(m, NULL, &count), CKR_OK);
	CU_ASSERT_EQUAL_FATAL(count, 6);
	count = 5;
	CU_ASSERT_EQUAL(slot_list(m, ids, &count), CKR_BUFFER_TOO_SMALL);
	CU_ASSERT_EQUAL(slot_list(m, ids, &count), CKR_OK);
	for (size_t i = 0; i < 5; i++)
		CU_ASSERT_EQUAL(ids[i], expected[i]);
	CU_ASSERT_PTR_NULL(token_dir(slot_find(m, ids[5])->token));
	CU_ASSERT_PTR_NULL(slot_find(m, 99));
	slot_manager_free(m);
	free(junk);
	unit_remove_dir(dir);
}

int main(void)
{
	static const struct unit_test tests[] = {
		UNIT_TEST(test_pin_flags),
		UNIT_TEST(test_login),
		UNIT_TEST(test_login_writes_nothing),
		UNIT_TEST(test_slot_ids),
	};
	int status;

	if (ossl_open() != CKR_OK)
		return 1;
	status = UNIT_RUN("token", tests);
	ossl_close();
	return status;
}
