/*
 * Objects of one token over a real store: encryption, visibility, handles, other writers' changes.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "common/str.h"
#include "crypto/mech.h"
#include "crypto/ossl/ossl.h"
#include "crypto/tokenkey.h"
#include "object/object.h"
#include "object/seal.h"
#include "slot/token_attrs.h"
#include "unit/unit.h"

static const struct caller user = { .session = 1, .rw = true, .user = true };
static const struct caller public = { .session = 2, .rw = true };
static const struct caller reader = { .session = 3, .user = true };

static CK_BBOOL yes = CK_TRUE, no = CK_FALSE;
static CK_OBJECT_CLASS data_class = CKO_DATA;

struct world {
	char *dir;
	char *token;
	struct store *store;
	struct object_table *table;
};

static struct secbuf *new_key(void)
{
	return secbuf_from("0123456789abcdef0123456789abcdef", TOKENKEY_BYTES);
}

static void open_world(struct world *w)
{
	struct attrset *attrs = attrset_new(false);

	w->dir = unit_make_dir();
	w->token = path_join(w->dir, "token");
	CU_ASSERT_EQUAL(attrset_set_number(attrs, CKA_OS_TOKENFLAGS, CKF_TOKEN_INITIALIZED),
			CKR_OK);
	CU_ASSERT_EQUAL_FATAL(
		store_create(store_backend_find("file"), w->token, 0077, attrs, &w->store), CKR_OK);
	CU_ASSERT_EQUAL_FATAL(object_table_new(w->store, &w->table), CKR_OK);
	object_table_login(w->table, new_key());
	attrset_free(attrs);
}

static void close_world(struct world *w)
{
	object_table_free(w->table);
	store_close(w->store);
	free(w->token);
	unit_remove_dir(w->dir);
}

static CK_RV create_data(struct world *w, const struct caller *who, const char *label,
			 CK_BBOOL *token, CK_BBOOL *private, CK_OBJECT_HANDLE *h)
{
	CK_ATTRIBUTE templ[] = {
		{ CKA_CLASS, &data_class, sizeof(data_class) },
		{ CKA_TOKEN, token, sizeof(*token) },
		{ CKA_PRIVATE, private, sizeof(*private) },
		{ CKA_LABEL, (void *)(uintptr_t)label, strlen(label) },
	};

	return object_create(w->table, who, templ, ARRAY_LEN(templ), h);
}

static size_t count_found(struct world *w, const struct caller *who, const char *label)
{
	CK_ATTRIBUTE templ[] = { { CKA_LABEL, (void *)(uintptr_t)label, strlen(label) } };
	struct object_list list = { NULL, 0 };

	CU_ASSERT_EQUAL(object_find(w->table, who, templ, 1, &list), CKR_OK);
	free(list.handles);
	return list.count;
}

static void test_private_is_sealed(void)
{
	struct world w;
	CK_OBJECT_HANDLE h = 0;
	uint64_t *ids = NULL;
	size_t count = 0, len = 0;
	const unsigned char *data = NULL;
	struct attrset *stored = NULL;
	char label[16] = "";
	CK_ATTRIBUTE get = { CKA_LABEL, label, sizeof(label) };

	open_world(&w);
	CU_ASSERT_EQUAL(create_data(&w, &user, "secret", &yes, &yes, &h), CKR_OK);
	CU_ASSERT_EQUAL_FATAL(store_list(w.store, &ids, &count), CKR_OK);
	CU_ASSERT_EQUAL_FATAL(count, 1);
	CU_ASSERT_EQUAL_FATAL(store_load(w.store, ids[0], &stored, NULL), CKR_OK);
	CU_ASSERT_TRUE(attrset_bytes(stored, CKA_LABEL, &data, &len));
	CU_ASSERT_EQUAL(len, tokenkey_sealed_size(6));
	CU_ASSERT_TRUE(attrset_bytes(stored, CKA_VALUE, &data, &len));
	CU_ASSERT_EQUAL(len, 0);
	CU_ASSERT_EQUAL(object_get(w.table, &user, h, &get, 1), CKR_OK);
	CU_ASSERT_EQUAL(get.ulValueLen, 6);
	CU_ASSERT_EQUAL(memcmp(label, "secret", 6), 0);
	attrset_free(stored);
	free(ids);
	close_world(&w);
}

static void test_visibility(void)
{
	struct world w;
	CK_OBJECT_HANDLE priv = 0, pub = 0, sess = 0;
	CK_ULONG size = 0;

	open_world(&w);
	CU_ASSERT_EQUAL(create_data(&w, &user, "x", &yes, &yes, &priv), CKR_OK);
	CU_ASSERT_EQUAL(create_data(&w, &public, "x", &yes, &no, &pub), CKR_OK);
	CU_ASSERT_EQUAL(create_data(&w, &user, "x", &no, &yes, &sess), CKR_OK);
	CU_ASSERT_EQUAL(create_data(&w, &public, "x", &yes, &yes, &sess), CKR_USER_NOT_LOGGED_IN);
	CU_ASSERT_EQUAL(create_data(&w, &reader, "x", &yes, &yes, &sess), CKR_SESSION_READ_ONLY);
	CU_ASSERT_EQUAL(count_found(&w, &user, "x"), 3);
	CU_ASSERT_EQUAL(count_found(&w, &public, "x"), 1);
	CU_ASSERT_EQUAL(object_size(w.table, &public, priv, &size), CKR_OBJECT_HANDLE_INVALID);
	CU_ASSERT_EQUAL(object_size(w.table, &public, pub, &size), CKR_OK);

	object_table_logout(w.table);
	object_table_login(w.table, new_key());
	CU_ASSERT_EQUAL(object_size(w.table, &user, priv, &size),
			CKR_OBJECT_HANDLE_INVALID); /* for good */
	CU_ASSERT_EQUAL(object_size(w.table, &user, pub, &size), CKR_OK);
	CU_ASSERT_EQUAL(count_found(&w, &user, "x"), 2); /* the private session object is gone */
	close_world(&w);
}

static void test_session_objects_end(void)
{
	struct world w;
	CK_OBJECT_HANDLE a = 0, b = 0;
	CK_ULONG size = 0;

	open_world(&w);
	CU_ASSERT_EQUAL(create_data(&w, &user, "a", &no, &no, &a), CKR_OK);
	CU_ASSERT_EQUAL(create_data(&w, &public, "b", &no, &no, &b), CKR_OK);
	object_table_end_session(w.table, user.session);
	CU_ASSERT_EQUAL(object_size(w.table, &user, a, &size), CKR_OBJECT_HANDLE_INVALID);
	CU_ASSERT_EQUAL(object_size(w.table, &user, b, &size), CKR_OK);
	object_table_drop_handles(w.table);
	CU_ASSERT_EQUAL(object_size(w.table, &user, b, &size), CKR_OBJECT_HANDLE_INVALID);
	close_world(&w);
}

/* A second table over the same directory stands for another process. */
static void test_other_writer(void)
{
	struct world w, other = { NULL, NULL, NULL, NULL };
	CK_OBJECT_HANDLE h = 0, theirs = 0;
	struct object_list list = { NULL, 0 };
	CK_ATTRIBUTE set = { CKA_LABEL, (void *)(uintptr_t)"new", 3 };
	CK_ULONG size = 0;

	open_world(&w);
	CU_ASSERT_EQUAL(count_found(&w, &user, "x"), 0);
	CU_ASSERT_EQUAL_FATAL(store_open(store_backend_find("file"), w.token, 0077, &other.store),
			      CKR_OK);
	CU_ASSERT_EQUAL_FATAL(object_table_new(other.store, &other.table), CKR_OK);
	object_table_login(other.table, new_key());

	CU_ASSERT_EQUAL(create_data(&other, &user, "x", &yes, &yes, &theirs), CKR_OK);
	CU_ASSERT_EQUAL(count_found(&w, &user, "x"), 1);
	CU_ASSERT_EQUAL(object_set(other.table, &user, theirs, &set, 1), CKR_OK);
	CU_ASSERT_EQUAL(count_found(&w, &user, "x"), 0);
	CU_ASSERT_EQUAL(count_found(&w, &user, "new"), 1);
	CU_ASSERT_EQUAL(object_find(w.table, &user, NULL, 0, &list), CKR_OK);
	CU_ASSERT_EQUAL_FATAL(list.count, 1);
	h = list.handles[0];
	free(list.handles);
	CU_ASSERT_EQUAL(object_destroy(other.table, &user, theirs), CKR_OK);
	CU_ASSERT_EQUAL(object_size(w.table, &user, h, &size), CKR_OBJECT_HANDLE_INVALID);
	CU_ASSERT_EQUAL(count_found(&w, &user, "new"), 0);
	object_table_free(other.table);
	store_close(other.store);
	close_world(&w);
}

/* A refused template changes nothing, in memory or in the store. */
static void test_failure_changes_nothing(void)
{
	struct world w;
	CK_OBJECT_HANDLE h = 0;
	char label[8] = "";
	CK_ATTRIBUTE get = { CKA_LABEL, label, sizeof(label) };
	CK_ATTRIBUTE set[] = {
		{ CKA_LABEL, (void *)(uintptr_t)"new", 3 },
		{ CKA_TOKEN, &no, sizeof(no) },
	};
	uint64_t *ids = NULL;
	size_t count = 0;

	open_world(&w);
	CU_ASSERT_EQUAL(create_data(&w, &user, "old", &yes, &yes, &h), CKR_OK);
	CU_ASSERT_EQUAL(object_set(w.table, &user, h, set, 2), CKR_ATTRIBUTE_READ_ONLY);
	CU_ASSERT_EQUAL(object_get(w.table, &user, h, &get, 1), CKR_OK);
	CU_ASSERT_EQUAL(memcmp(label, "old", 3), 0);
	set[0].type = CKA_MODULUS;
	CU_ASSERT_EQUAL(object_copy(w.table, &user, h, set, 1, &h), CKR_ATTRIBUTE_TYPE_INVALID);
	CU_ASSERT_EQUAL(store_list(w.store, &ids, &count), CKR_OK);
	CU_ASSERT_EQUAL(count, 1);
	free(ids);
	close_world(&w);
}

/* Without the token key nothing private can be read or written, whatever the caller claims. */
static void test_seal(void)
{
	struct attrset *plain = attrset_new(true), *stored = NULL, *back = NULL;
	struct secbuf *key = new_key(), *wrong = secbuf_new(TOKENKEY_BYTES);

	CU_ASSERT_EQUAL(attrset_set_flag(plain, CKA_PRIVATE, true), CKR_OK);
	CU_ASSERT_EQUAL(attrset_set_bytes(plain, CKA_LABEL, "label", 5), CKR_OK);
	CU_ASSERT_EQUAL(attrset_set_bytes(plain, CKA_START_DATE, "20260102", 8), CKR_OK);
	CU_ASSERT_EQUAL(seal_set(plain, NULL, &stored), CKR_USER_NOT_LOGGED_IN);
	CU_ASSERT_EQUAL_FATAL(seal_set(plain, key, &stored), CKR_OK);
	CU_ASSERT_FALSE(attr_equal(attrset_get(stored, CKA_LABEL), attrset_get(plain, CKA_LABEL)));
	CU_ASSERT_TRUE(attr_equal(attrset_get(stored, CKA_START_DATE),
				  attrset_get(plain, CKA_START_DATE)));
	CU_ASSERT_EQUAL(unseal_set(stored, NULL, &back), CKR_USER_NOT_LOGGED_IN);
	CU_ASSERT_EQUAL(unseal_set(stored, wrong, &back), CKR_DATA_INVALID);
	CU_ASSERT_EQUAL_FATAL(unseal_set(stored, key, &back), CKR_OK);
	CU_ASSERT_TRUE(attr_equal(attrset_get(back, CKA_LABEL), attrset_get(plain, CKA_LABEL)));
	attrset_free(plain);
	attrset_free(stored);
	attrset_free(back);
	secbuf_free(key);
	secbuf_free(wrong);
}

/* One decoded key serves all until something happens to the object or the login. */
static void test_key_is_shared(void)
{
	CK_MECHANISM gen = { CKM_AES_KEY_GEN, NULL, 0 };
	const struct mech *mech = mech_find(CKM_AES_KEY_GEN), *ecb = mech_find(CKM_AES_ECB);
	CK_ULONG len = 32;
	CK_ATTRIBUTE templ = { CKA_VALUE_LEN, &len, sizeof(len) };
	CK_ATTRIBUTE deny = { CKA_ENCRYPT, &no, sizeof(no) };
	struct object_key one = { .key = NULL }, two = { .key = NULL };
	CK_OBJECT_HANDLE h = 0;
	struct world w;

	open_world(&w);
	CU_ASSERT_EQUAL_FATAL(object_generate(w.table, &user, mech, &gen, &templ, 1, &h), CKR_OK);
	CU_ASSERT_EQUAL_FATAL(object_key(w.table, &user, h, CKA_ENCRYPT, ecb, &one), CKR_OK);
	CU_ASSERT_EQUAL_FATAL(object_key(w.table, &user, h, CKA_DECRYPT, ecb, &two), CKR_OK);
	CU_ASSERT_PTR_EQUAL(one.key, two.key);
	CU_ASSERT_TRUE(one.private);
	key_unref(two.key);
	CU_ASSERT_EQUAL(object_set(w.table, &user, h, &deny, 1), CKR_OK);
	CU_ASSERT_EQUAL(object_key(w.table, &user, h, CKA_ENCRYPT, ecb, &two),
			CKR_KEY_FUNCTION_NOT_PERMITTED);
	CU_ASSERT_EQUAL(object_key(w.table, &user, h + 1, CKA_ENCRYPT, ecb, &two),
			CKR_KEY_HANDLE_INVALID);
	CU_ASSERT_EQUAL(object_key(w.table, &user, h, 0, mech_find(CKM_RSA_PKCS), &two),
			CKR_KEY_TYPE_INCONSISTENT);
	object_table_logout(w.table);
	CU_ASSERT_EQUAL(one.key->secret->len, 32);	/* ours until we let go */
	key_unref(one.key);
	close_world(&w);
}

int main(void)
{
	static const struct unit_test tests[] = {
		UNIT_TEST(test_private_is_sealed),
		UNIT_TEST(test_visibility),
		UNIT_TEST(test_session_objects_end),
		UNIT_TEST(test_other_writer),
		UNIT_TEST(test_failure_changes_nothing),
		UNIT_TEST(test_seal),
		UNIT_TEST(test_key_is_shared),
	};
	int status;

	if (ossl_open() != CKR_OK)
		return 1;
	status = UNIT_RUN("object", tests);
	ossl_close();
	return status;
}
