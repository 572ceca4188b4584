/*
 * The session table: handles, closing while a call is under way, operations that outlive a login.
 */
#include "config.h"

#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#include "crypto/ossl/ossl.h"
#include "session/session_table.h"
#include "unit/unit.h"

#define PIN(s) (const CK_BYTE *)(s), sizeof(s) - 1

static const CK_UTF8CHAR label[32] = "a label of thirty-two characters";

struct world {
	char *dir;
	struct token_place place;
	struct slot slot;
	struct session_table table;
	struct mech_policy *policy;
};

static void open_world(struct world *w)
{
	w->dir = unit_make_dir();
	w->place = (struct token_place){
		.backend = store_backend_find("file"), .dir = w->dir, .mask = 0077,
	};
	w->slot.id = 0;
	CU_ASSERT_EQUAL_FATAL(token_new(&w->place, &w->slot.token), CKR_OK);
	CU_ASSERT_EQUAL_FATAL(token_init(w->slot.token, PIN("so-pin"), label), CKR_OK);
	CU_ASSERT_EQUAL_FATAL(session_table_init(&w->table), CKR_OK);
	CU_ASSERT_EQUAL_FATAL(mech_policy_new("ALL", &w->policy), CKR_OK);
	CU_ASSERT_EQUAL(token_session_opened(w->slot.token, true), CKR_OK);
	CU_ASSERT_EQUAL(token_login(w->slot.token, CKU_SO, PIN("so-pin")), CKR_OK);
	CU_ASSERT_EQUAL(token_init_pin(w->slot.token, PIN("1234")), CKR_OK);
	token_session_closed(w->slot.token, 1, true);
}

static void close_world(struct world *w)
{
	session_table_destroy(&w->table);
	mech_policy_free(w->policy);
	token_free(w->slot.token);
	unit_remove_dir(w->dir);
}

static void test_handles(void)
{
	struct world w;
	CK_SESSION_HANDLE a = 0, b = 0;
	struct session *s;

	open_world(&w);
	CU_ASSERT_EQUAL(session_table_open(&w.table, &w.slot, true, &a), CKR_OK);
	CU_ASSERT_EQUAL(session_table_open(&w.table, &w.slot, false, &b), CKR_OK);
	CU_ASSERT_NOT_EQUAL(a, b);
	s = session_table_get(&w.table, a);
	CU_ASSERT_PTR_NOT_NULL_FATAL(s);
	CU_ASSERT_TRUE(s->rw);
	session_table_release(s);
	CU_ASSERT_EQUAL(session_table_close(&w.table, a), CKR_OK);
	CU_ASSERT_EQUAL(session_table_close(&w.table, a), CKR_SESSION_HANDLE_INVALID);
	CU_ASSERT_PTR_NULL(session_table_get(&w.table, a));
	session_table_close_all(&w.table, &w.slot);
	CU_ASSERT_PTR_NULL(session_table_get(&w.table, b));
	close_world(&w);
}

static void *close_it(void *arg)
{
	struct world *w = arg;

	session_table_close_all(&w->table, NULL);
	return NULL;
}

/* Closing waits for the call that is under way, and the next call finds nothing. */
static void test_close_waits(void)
{
	const struct timespec pause = { 0, 20000000 };
	struct world w;
	CK_SESSION_HANDLE h = 0;
	struct session *s;
	pthread_t thread;

	open_world(&w);
	CU_ASSERT_EQUAL(session_table_open(&w.table, &w.slot, true, &h), CKR_OK);
	s = session_table_get(&w.table, h);
	CU_ASSERT_PTR_NOT_NULL_FATAL(s);
	CU_ASSERT_EQUAL_FATAL(pthread_create(&thread, NULL, close_it, &w), 0);
	nanosleep(&pause, NULL);
	CU_ASSERT_FALSE(s->closed);
	session_table_release(s);
	pthread_join(thread, NULL);
	CU_ASSERT_PTR_NULL(session_table_get(&w.table, h));
	close_world(&w);
}

static CK_OBJECT_HANDLE make_key(struct session *s)
{
	CK_MECHANISM gen = { CKM_AES_KEY_GEN, NULL, 0 };
	CK_ULONG len = 16;
	CK_ATTRIBUTE templ = { CKA_VALUE_LEN, &len, sizeof(len) };
	CK_OBJECT_HANDLE h = 0;
	struct caller who;

	session_caller(s, &who);
	CU_ASSERT_EQUAL(object_generate(session_objects(s), &who, mech_find(CKM_AES_KEY_GEN), &gen,
					&templ, 1, &h),
			CKR_OK);
	return h;
}

/* Operations of several kinds at once; those with private keys end with the login. */
static void test_operations(void)
{
	CK_MECHANISM ecb = { CKM_AES_ECB, NULL, 0 }, sha = { CKM_SHA256, NULL, 0 },
		     none = { 0x7fffUL, NULL, 0 };
	struct op *op = NULL;
	struct world w;
	CK_SESSION_HANDLE h = 0;
	CK_OBJECT_HANDLE key;
	struct session *s;

	open_world(&w);
	CU_ASSERT_EQUAL(session_table_open(&w.table, &w.slot, true, &h), CKR_OK);
	CU_ASSERT_EQUAL(token_login(w.slot.token, CKU_USER, PIN("1234")), CKR_OK);
	s = session_table_get(&w.table, h);
	CU_ASSERT_PTR_NOT_NULL_FATAL(s);
	key = make_key(s);
	CU_ASSERT_EQUAL(session_op(s, OP_ENCRYPT, &op), CKR_OPERATION_NOT_INITIALIZED);
	CU_ASSERT_EQUAL(session_begin(s, OP_ENCRYPT, w.policy, &none, key), CKR_MECHANISM_INVALID);
	CU_ASSERT_EQUAL(session_begin(s, OP_ENCRYPT, w.policy, &ecb, key), CKR_OK);
	CU_ASSERT_EQUAL(session_begin(s, OP_ENCRYPT, w.policy, &ecb, key), CKR_OPERATION_ACTIVE);
	CU_ASSERT_EQUAL(session_begin(s, OP_DECRYPT, w.policy, &ecb, key), CKR_OK);
	CU_ASSERT_EQUAL(session_begin(s, OP_DIGEST, w.policy, &sha, CK_INVALID_HANDLE), CKR_OK);
	CU_ASSERT_EQUAL(session_find_begin(s, NULL, 0), CKR_OK);
	CU_ASSERT_EQUAL(session_find_begin(s, NULL, 0), CKR_OPERATION_ACTIVE);
	CU_ASSERT_EQUAL(session_op(s, OP_ENCRYPT, &op), CKR_OK);
	CU_ASSERT_EQUAL(session_reauthenticate(s, PIN("1234")), CKR_OPERATION_NOT_INITIALIZED);
	CU_ASSERT_EQUAL(token_logout(w.slot.token), CKR_OK);
	CU_ASSERT_EQUAL(session_op(s, OP_ENCRYPT, &op), CKR_OPERATION_NOT_INITIALIZED);
	CU_ASSERT_EQUAL(session_op(s, OP_DECRYPT, &op), CKR_OPERATION_NOT_INITIALIZED);
	CU_ASSERT_EQUAL(session_op(s, OP_DIGEST, &op), CKR_OK);
	session_table_release(s);
	close_world(&w);
}

int main(void)
{
	static const struct unit_test tests[] = {
		UNIT_TEST(test_handles),
		UNIT_TEST(test_close_waits),
		UNIT_TEST(test_operations),
	};
	int status;

	if (ossl_open() != CKR_OK)
		return 1;
	status = UNIT_RUN("session", tests);
	ossl_close();
	return status;
}
