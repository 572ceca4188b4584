/*
 * Objects of one token over a real store: encryption, visibility, handles, other writers' changes.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "common/str.h"
#include "crypto/mech/mech.h"
#include "crypto/ossl/ossl.h"
#include "crypto/tokenkey.h"
#include "object/build.h"
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

static const unsigned char p256[] = { 6, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 3, 1, 7 };
/* A private key of 1, whose point is the curve's base point. */
static const unsigned char scalar[] = { 1 };
static const unsigned char base_x[] = { 0x6b, 0x17, 0xd1, 0xf2, 0xe1, 0x2c, 0x42, 0x47 };

/* Stores an EC private key as the reference does, which knows no CKA_PUBLIC_KEY_INFO. */
static void store_private_key(struct world *w, const void *params, size_t params_len)
{
	struct attrset *plain = attrset_new(true), *stored = NULL;
	struct secbuf *key = new_key();
	const struct attrset *sets[1];
	uint64_t id = 0;

	CU_ASSERT_EQUAL(attrset_set_number(plain, CKA_CLASS, CKO_PRIVATE_KEY), CKR_OK);
	CU_ASSERT_EQUAL(attrset_set_number(plain, CKA_KEY_TYPE, CKK_EC), CKR_OK);
	CU_ASSERT_EQUAL(attrset_set_flag(plain, CKA_PRIVATE, true), CKR_OK);
	CU_ASSERT_EQUAL(attrset_set_flag(plain, CKA_TOKEN, true), CKR_OK);
	CU_ASSERT_EQUAL(attrset_set_bytes(plain, CKA_LABEL, "old", 3), CKR_OK);
	CU_ASSERT_EQUAL(attrset_set_bytes(plain, CKA_PUBLIC_KEY_INFO, NULL, 0), CKR_OK);
	CU_ASSERT_EQUAL(attrset_set_bytes(plain, CKA_EC_PARAMS, params, params_len), CKR_OK);
	CU_ASSERT_EQUAL(attrset_set_bytes(plain, CKA_VALUE, scalar, sizeof(scalar)), CKR_OK);
	CU_ASSERT_EQUAL_FATAL(seal_set(plain, key, &stored), CKR_OK);
	sets[0] = stored;
	CU_ASSERT_EQUAL_FATAL(store_add(w->store, sets, 1, &id, NULL), CKR_OK);
	attrset_free(stored);
	attrset_free(plain);
	secbuf_free(key);
}

static CK_OBJECT_HANDLE find_one(struct world *w, CK_ATTRIBUTE *templ, CK_ULONG n)
{
	struct object_list list = { NULL, 0 };
	CK_OBJECT_HANDLE h = CK_INVALID_HANDLE;

	CU_ASSERT_EQUAL(object_find(w->table, &user, templ, n, &list), CKR_OK);
	if (list.count == 1)
		h = list.handles[0];
	free(list.handles);
	return h;
}

/* What a key of the reference does not store is computed, told and found, and still not stored. */
static void test_computed_for_old_key(void)
{
	unsigned char info[128], point[128];
	CK_ATTRIBUTE get[] = { { CKA_PUBLIC_KEY_INFO, info, sizeof(info) },
			       { CKA_EC_POINT, point, sizeof(point) } };
	CK_ATTRIBUTE label = { CKA_LABEL, (void *)(uintptr_t)"new", 3 };
	uint64_t *ids = NULL;
	size_t count = 0, len = 1;
	const unsigned char *data = NULL;
	struct attrset *stored = NULL;
	CK_OBJECT_HANDLE h;
	struct world w;

	open_world(&w);
	store_private_key(&w, p256, sizeof(p256));
	h = find_one(&w, NULL, 0);
	CU_ASSERT_EQUAL_FATAL(object_get(w.table, &user, h, get, 2), CKR_OK);
	CU_ASSERT_EQUAL(get[0].ulValueLen, 91);
	CU_ASSERT_EQUAL(memcmp(info + 27, base_x, sizeof(base_x)), 0);
	CU_ASSERT_EQUAL(get[1].ulValueLen, 67);
	CU_ASSERT_EQUAL(memcmp(point + 3, base_x, sizeof(base_x)), 0);
	CU_ASSERT_EQUAL(find_one(&w, &get[0], 1), h);
	CU_ASSERT_EQUAL(find_one(&w, get, 2), h);
	point[10] ^= 1;
	CU_ASSERT_EQUAL(find_one(&w, get, 2), CK_INVALID_HANDLE);

	CU_ASSERT_EQUAL(object_set(w.table, &user, h, &label, 1), CKR_OK);
	CU_ASSERT_EQUAL(find_one(&w, &get[0], 1), h);
	CU_ASSERT_EQUAL_FATAL(store_list(w.store, &ids, &count), CKR_OK);
	CU_ASSERT_EQUAL_FATAL(store_load(w.store, ids[0], &stored, NULL), CKR_OK);
	CU_ASSERT_TRUE(attrset_bytes(stored, CKA_PUBLIC_KEY_INFO, &data, &len));
	CU_ASSERT_EQUAL(len, 0);
	CU_ASSERT_PTR_NULL(attrset_get(stored, CKA_EC_POINT));

	CU_ASSERT_EQUAL(object_set(w.table, &user, h, &get[0], 1), CKR_OK);
	info[30] ^= 1;
	CU_ASSERT_EQUAL(object_set(w.table, &user, h, &get[0], 1), CKR_ATTRIBUTE_VALUE_INVALID);
	object_table_logout(w.table);
	CU_ASSERT_EQUAL(object_get(w.table, &public, h, get, 1), CKR_OBJECT_HANDLE_INVALID);
	attrset_free(stored);
	free(ids);
	close_world(&w);
}

/* A key that is none: no reason not to list, read and copy it. */
static void test_odd_key(void)
{
	unsigned char buf[16];
	CK_ATTRIBUTE get[] = { { CKA_PUBLIC_KEY_INFO, buf, sizeof(buf) },
			       { CKA_EC_POINT, buf, sizeof(buf) },
			       { CKA_EC_PARAMS, buf, sizeof(buf) } };
	CK_OBJECT_HANDLE h, copy = 0;
	struct world w;

	open_world(&w);
	store_private_key(&w, "odd", 3);
	h = find_one(&w, NULL, 0);
	CU_ASSERT_EQUAL(object_get(w.table, &user, h, get, 3), CKR_OK);
	CU_ASSERT_EQUAL(get[0].ulValueLen, 0);
	CU_ASSERT_EQUAL(get[1].ulValueLen, 0);
	CU_ASSERT_EQUAL(get[2].ulValueLen, 3);
	CU_ASSERT_EQUAL(object_copy(w.table, &user, h, NULL, 0, &copy), CKR_OK);
	CU_ASSERT_EQUAL(object_get(w.table, &user, copy, get, 3), CKR_OK);
	CU_ASSERT_EQUAL(object_destroy(w.table, &user, copy), CKR_OK);
	CU_ASSERT_EQUAL(find_one(&w, NULL, 0), h);
	close_world(&w);
}

/* Objects with attributes of another kind than theirs, or of a class that is not known. */
static void test_odd_objects(void)
{
	static const CK_OBJECT_CLASS classes[] = { CKO_DATA, CKO_SECRET_KEY, CKO_HW_FEATURE,
						   CKO_VENDOR_DEFINED };
	unsigned char buf[16];
	CK_ATTRIBUTE get = { CKA_LABEL, buf, sizeof(buf) };
	struct object_list list = { NULL, 0 };
	struct world w;

	open_world(&w);
	for (size_t i = 0; i < ARRAY_LEN(classes); i++) {
		struct attrset *odd = attrset_new(false);
		const struct attrset *sets[] = { odd };
		uint64_t id = 0;

		CU_ASSERT_EQUAL(attrset_set_number(odd, CKA_CLASS, classes[i]), CKR_OK);
		CU_ASSERT_EQUAL(attrset_set_number(odd, CKA_KEY_TYPE, CKK_AES), CKR_OK);
		CU_ASSERT_EQUAL(attrset_set_flag(odd, CKA_PRIVATE, false), CKR_OK);
		CU_ASSERT_EQUAL(attrset_set_number(odd, CKA_LABEL, 7), CKR_OK);
		CU_ASSERT_EQUAL(attrset_set_bytes(odd, CKA_MODIFIABLE, "yes", 3), CKR_OK);
		CU_ASSERT_EQUAL(attrset_set_bytes(odd, CKA_VALUE, "20 bytes, not 16 ...", 20),
				CKR_OK);
		CU_ASSERT_EQUAL(store_add(w.store, sets, 1, &id, NULL), CKR_OK);
		attrset_free(odd);
	}
	CU_ASSERT_EQUAL(object_find(w.table, &public, NULL, 0, &list), CKR_OK);
	CU_ASSERT_EQUAL_FATAL(list.count, ARRAY_LEN(classes));
	for (size_t i = 0; i < list.count; i++) {
		CK_ULONG size = 0;

		get.ulValueLen = sizeof(buf);
		CU_ASSERT_EQUAL(object_get(w.table, &public, list.handles[i], &get, 1), CKR_OK);
		CU_ASSERT_EQUAL(object_size(w.table, &public, list.handles[i], &size), CKR_OK);
	}
	free(list.handles);
	close_world(&w);
}

/* Values that were unwrapped or derived are completed as those that a template gives. */
static void test_complete(void)
{
	static const struct {
		enum attr_use use;
		CK_ULONG len;		/* CKA_VALUE_LEN of the template; 0: none */
		size_t value_len;
		CK_RV expected;
	} rows[] = {
		{ USE_UNWRAP, 0, 16, CKR_OK },
		{ USE_UNWRAP, 16, 16, CKR_OK },
		{ USE_UNWRAP, 32, 16, CKR_TEMPLATE_INCONSISTENT },
		{ USE_UNWRAP, 0, 20, CKR_ATTRIBUTE_VALUE_INVALID },
		{ USE_DERIVE, 0, 32, CKR_OK },
		{ USE_DERIVE, 24, 24, CKR_OK },
		{ USE_DERIVE, 16, 24, CKR_TEMPLATE_INCONSISTENT },
	};
	static const unsigned char value[32];

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		CK_OBJECT_CLASS class = CKO_SECRET_KEY;
		CK_KEY_TYPE type = CKK_AES;
		CK_ULONG len = rows[i].len;
		CK_ATTRIBUTE templ[] = { { CKA_CLASS, &class, sizeof(class) },
					 { CKA_KEY_TYPE, &type, sizeof(type) },
					 { CKA_VALUE_LEN, &len, sizeof(len) } };
		CK_ULONG n = len != 0 ? 3 : 2;
		struct build b = { .use = rows[i].use, .class = CK_UNAVAILABLE_INFORMATION,
				   .subtype = CK_UNAVAILABLE_INFORMATION };
		const unsigned char *kcv;
		size_t kcv_len = 0;

		CU_ASSERT_EQUAL_FATAL(build_plan(&b, templ, n), CKR_OK);
		CU_ASSERT_EQUAL_FATAL(build_apply(&b, &user, templ, n), CKR_OK);
		CU_ASSERT_EQUAL(attrset_set_flag(b.plain, CKA_ALWAYS_SENSITIVE, true), CKR_OK);
		CU_ASSERT_EQUAL(attrset_set_bytes(b.plain, CKA_VALUE, value, rows[i].value_len),
				CKR_OK);
		CU_ASSERT_EQUAL(build_complete(&b), rows[i].expected);
		if (rows[i].expected == CKR_OK) {
			CU_ASSERT_EQUAL(attrset_number(b.plain, CKA_VALUE_LEN, 0),
					rows[i].value_len);
			CU_ASSERT_TRUE(attrset_bytes(b.plain, CKA_CHECK_VALUE, &kcv, &kcv_len));
			CU_ASSERT_EQUAL(kcv_len, 3);
			CU_ASSERT_EQUAL(attrset_flag(b.plain, CKA_ALWAYS_SENSITIVE, false),
					rows[i].use == USE_DERIVE);
			CU_ASSERT_EQUAL(attrset_flag(b.plain, CKA_NEVER_EXTRACTABLE, true),
					rows[i].use == USE_DERIVE);
		}
		build_free(&b);
	}
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
		UNIT_TEST(test_computed_for_old_key),
		UNIT_TEST(test_odd_key),
		UNIT_TEST(test_odd_objects),
		UNIT_TEST(test_complete),
	};
	int status;

	if (ossl_open() != CKR_OK)
		return 1;
	status = UNIT_RUN("object", tests);
	ossl_close();
	return status;
}
