#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/x509.h>

#include "peer.h"

#define TEN		"uuuuuuuuuu"
#define FIFTY		TEN TEN TEN TEN TEN
#define PIN_OF_255	FIFTY FIFTY FIFTY FIFTY FIFTY "uuuuu"
#define MAX_OBJECTS	64

enum fixture_id {
#define FIXTURE(name, ...) ID_##name,
#define OBJECT(...)
#include "fixtures.def"
#undef FIXTURE
#undef OBJECT
};

static const struct fixture {
	const char *name, *directory, *label, *pin;
	CK_SLOT_ID slot;
	CK_FLAGS flags;
} fixtures[] = {
#define FIXTURE(name, directory, label, pin, slot, flags) \
	{ #name, directory, label, pin, slot, flags },
#define OBJECT(...)
#include "fixtures.def"
#undef FIXTURE
#undef OBJECT
};

#define CKK_NONE	CK_UNAVAILABLE_INFORMATION

static const struct object {
	enum fixture_id fixture;
	const char *class_name;
	CK_OBJECT_CLASS class;
	CK_KEY_TYPE type;
	bool private;
	const char *label, *id, *sha256;
} objects[] = {
#define FIXTURE(...)
#define OBJECT(name, class, type, private, label, id, sha256) \
	{ ID_##name, #class, CKO_##class, CKK_##type, private, label, id, sha256 },
#include "fixtures.def"
#undef FIXTURE
#undef OBJECT
};

/* --- opening ------------------------------------------------------------- */

static bool is_db(const struct fixture *f)
{
	return strstr(f->directory, "/db-") != NULL;
}

static const char *backend_line(bool db)
{
	return db ? "objectstore.backend = db\n" : "objectstore.backend = file\n";
}

/* The reference, and a module built without SQLite, may know no databases. */
static bool is_usable(const struct fixture *f)
{
	static bool asked, known;

	if (!is_db(f))
		return true;
#ifdef WITH_OBJECTSTORE_BACKEND_DB
	if (!reference)
		return true;
#endif
	if (!asked) {
		conf_use("none", backend_line(true));
		known = module_start() == CKR_OK;
		asked = true;
	}
	return known;
}

/* Starts the module on a copy of the fixture, which all its rows share. */
static CK_RV fixture_start(const struct fixture *f)
{
	const char *data = getenv("TEST_DATA");
	char from[4096];

	snprintf(from, sizeof(from), "%s/fixtures/%s/tokens", data ? data : "", f->directory);
	if (dir_count(work_path("%s", f->name)) == SIZE_MAX &&
	    !tree_copy(from, work_path("%s", f->name)))
		return ROW_BROKEN;
	conf_use(f->name, backend_line(is_db(f)));
	return module_start();
}

static CK_RV fixture_login(const struct fixture *f, CK_SESSION_HANDLE *s)
{
	CK_RV rv = fixture_start(f);

	if (rv == CKR_OK)
		rv = session_open(f->slot, CKF_RW_SESSION, s);
	return rv == CKR_OK && f->pin ? login(*s, CKU_USER, f->pin) : rv;
}

static CK_RV opens(struct ctx *c)
{
	const struct fixture *f = c->arg;
	CK_SLOT_ID slot = 0;
	CK_TOKEN_INFO info;
	CK_RV rv = fixture_start(f);

	if (rv == CKR_OK)
		rv = slot_find(f->label, &slot);
	if (rv == CKR_OK)
		rv = p11->C_GetTokenInfo(slot, &info);
	return rv == CKR_OK ? want(slot == f->slot && info.flags == f->flags) : rv;
}

static CK_RV logs_in(struct ctx *c)
{
	const struct fixture *f = c->arg;
	CK_SESSION_HANDLE s = 0;
	CK_RV rv = fixture_start(f);

	if (rv == CKR_OK)
		rv = session_open(f->slot, CKF_RW_SESSION, &s);
	if (rv == CKR_OK)
		rv = login(s, CKU_USER, f->pin ? f->pin : "no such pin");
	return !f->pin && rv == CKR_USER_PIN_NOT_INITIALIZED ? CKR_OK : rv;
}

/* A right login takes the mark of wrong ones away. */
static CK_RV flags_after_login(struct ctx *c)
{
	const struct fixture *f = c->arg;
	CK_SESSION_HANDLE s = 0;
	CK_TOKEN_INFO info;
	CK_RV rv = fixture_login(f, &s);

	if (rv == CKR_OK)
		rv = p11->C_GetTokenInfo(f->slot, &info);
	return rv == CKR_OK
		? want(info.flags == (f->flags & ~(CK_FLAGS)CKF_USER_PIN_COUNT_LOW)) : rv;
}

static CK_ULONG objects_of(enum fixture_id id, bool with_private)
{
	CK_ULONG n = 0;

	for (size_t i = 0; i < LENGTH(objects); i++)
		n += objects[i].fixture == id && (with_private || !objects[i].private);
	return n;
}

static CK_RV count_is(struct ctx *c, bool logged_in)
{
	const struct fixture *f = c->arg;
	CK_OBJECT_HANDLE o[MAX_OBJECTS];
	CK_SESSION_HANDLE s = 0;
	CK_ULONG found = 0;
	CK_RV rv = fixture_login(f, &s);

	if (rv == CKR_OK && !logged_in && f->pin)
		rv = p11->C_Logout(s);
	if (rv == CKR_OK)
		rv = object_find(s, NULL, o, LENGTH(o), &found);
	return rv == CKR_OK ?
		       want(found == objects_of((enum fixture_id)(f - fixtures), logged_in)) : rv;
}

static CK_RV count_all(struct ctx *c)
{
	return count_is(c, true);
}

static CK_RV count_public(struct ctx *c)
{
	return count_is(c, false);
}

/* What is found by a value has it, also where the file does not say so. */
static CK_RV finds_value(CK_SESSION_HANDLE s, const CK_ATTRIBUTE *value)
{
	CK_ATTRIBUTE t[] = { *value, A_END };
	CK_OBJECT_HANDLE o[MAX_OBJECTS];
	CK_ULONG found = 0;
	CK_RV rv = object_find(s, t, o, LENGTH(o), &found);

	for (CK_ULONG i = 0; rv == CKR_OK && i < found; i++)
		rv = attr_is(s, o[i], value);
	return rv;
}

static CK_RV finds_by_each(struct ctx *c)
{
	static const CK_ATTRIBUTE_TYPE types[] = {
#define CKA_NAME(type) type,
#include "pkcs11/names.def"
	};
	CK_SESSION_HANDLE s = 0;
	CK_RV rv = fixture_login(c->arg, &s);

	for (size_t i = 0; rv == CKR_OK && i < LENGTH(types); i++) {
		const CK_ATTRIBUTE values[] = {
			A_EMPTY(types[i]), A_BOOL(types[i], CK_FALSE), A_BOOL(types[i], CK_TRUE),
			A_ULONG(types[i], 0), A_ULONG(types[i], CK_UNAVAILABLE_INFORMATION),
		};

		for (size_t k = 0; rv == CKR_OK && k < LENGTH(values); k++)
			rv = finds_value(s, &values[k]);
	}
	return rv;
}

/* The token can be written to: an object comes and goes, over restarts. */
static CK_RV can_be_written(struct ctx *c)
{
	const struct fixture *f = c->arg;
	CK_ATTRIBUTE t[] = {
		A_ULONG(CKA_CLASS, CKO_DATA), A_BOOL(CKA_TOKEN, CK_TRUE),
		A_BOOL(CKA_PRIVATE, f->pin ? CK_TRUE : CK_FALSE), A_TEXT(CKA_LABEL, "new"),
		A_TEXT(CKA_VALUE, "value"), A_END,
	};
	CK_SESSION_HANDLE s = 0;
	CK_OBJECT_HANDLE o = 0;
	CK_ULONG there = 0, gone = 1;
	CK_RV rv = fixture_login(f, &s);

	if (rv == CKR_OK)
		rv = object_make(s, t, &o);
	if (rv == CKR_OK)
		rv = fixture_login(f, &s);
	if (rv == CKR_OK)
		rv = object_find(s, t, &o, 1, &there);
	if (rv == CKR_OK)
		rv = p11->C_DestroyObject(s, o);
	if (rv == CKR_OK)
		rv = fixture_login(f, &s);
	if (rv == CKR_OK)
		rv = object_find(s, t, &o, 1, &gone);
	return rv == CKR_OK ? want(there == 1 && gone == 0) : rv;
}

static void test_tokens(void)
{
	static const struct call calls[] = {
		{ "open", opens, CKR_OK },
		{ "login", logs_in, CKR_OK },
		{ "flags", flags_after_login, CKR_OK },
		{ "count", count_all, CKR_OK },
		{ "count_public", count_public, CKR_OK },
		{ "find_by_each", finds_by_each, CKR_OK },
	};

	for (size_t i = 0; i < LENGTH(fixtures); i++)
		if (is_usable(&fixtures[i]))
			rows_run(ANY_STATE, calls, LENGTH(calls), &fixtures[i],
				 fixtures[i].name);
}

/* After all others, since it changes the copy. */
static void test_writing(void)
{
	for (size_t i = 0; i < LENGTH(fixtures); i++)
		if (is_usable(&fixtures[i]))
			row_runf(ANY_STATE, can_be_written, &fixtures[i], CKR_OK, "write_%s",
				 fixtures[i].name);
}

/* --- objects ----------------------------------------------------------------- */

static size_t from_hex(const char *hex, CK_BYTE *out)
{
	size_t n = 0;

	for (; hex[2 * n]; n++) {
		unsigned byte = 0;

		sscanf(hex + 2 * n, "%2x", &byte);
		out[n] = (CK_BYTE)byte;
	}
	return n;
}

static CK_RV find_class(CK_SESSION_HANDLE s, const struct object *like, CK_OBJECT_CLASS class,
			CK_OBJECT_HANDLE *out)
{
	CK_BYTE id[32];
	CK_ATTRIBUTE t[] = {
		A_ULONG(CKA_CLASS, class),
		{ CKA_LABEL, text(like->label), strlen(like->label) },
		A_END, A_END,
	};
	CK_ULONG found = 0;
	CK_OBJECT_HANDLE o[2];
	CK_RV rv = CKR_OK;

	if (*like->id)
		t[2] = (CK_ATTRIBUTE){ CKA_ID, id, from_hex(like->id, id) };
	rv = object_find(s, t, o, LENGTH(o), &found);
	*out = o[0];
	return rv == CKR_OK ? want(found == 1) : rv;
}

static CK_RV fixture_object(struct ctx *c, CK_OBJECT_HANDLE *out)
{
	const struct object *o = c->arg;
	CK_RV rv = fixture_login(&fixtures[o->fixture], &c->s);

	return rv == CKR_OK ? find_class(c->s, o, o->class, out) : rv;
}

static bool sha256_is(const CK_BYTE *data, size_t len, const char *hex)
{
	CK_BYTE expected[32], md[32];
	size_t md_len = 0;

	from_hex(hex, expected);
	return peer_digest("SHA256", data, len, md, &md_len) &&
	       memcmp(md, expected, sizeof(md)) == 0;
}

static bool public_key_is(CK_SESSION_HANDLE s, CK_OBJECT_HANDLE o, const char *hex)
{
	EVP_PKEY *key = peer_export(s, o);
	unsigned char *der = NULL;
	int len = key ? i2d_PUBKEY(key, &der) : -1;
	bool ok = len > 0 && sha256_is(der, (size_t)len, hex);

	OPENSSL_free(der);
	EVP_PKEY_free(key);
	return ok;
}

static CK_RV value_is(CK_SESSION_HANDLE s, const struct object *o, CK_OBJECT_HANDLE h)
{
	CK_BYTE value[8192];
	CK_ULONG len = sizeof(value);
	CK_RV rv = attr_bytes(s, h, CKA_VALUE, value, &len);

	/* a key that cannot be read shows itself by its use */
	if (rv == CKR_ATTRIBUTE_SENSITIVE && o->class == CKO_SECRET_KEY)
		return CKR_OK;
	return rv == CKR_OK ? want(sha256_is(value, len, o->sha256)) : rv;
}

static CK_RV object_is(struct ctx *c)
{
	const struct object *o = c->arg;
	const CK_ATTRIBUTE private = A_BOOL(CKA_PRIVATE, o->private);
	const CK_ATTRIBUTE type = A_ULONG(CKA_KEY_TYPE, o->type);
	CK_OBJECT_HANDLE h = 0;
	CK_RV rv = fixture_object(c, &h);

	if (rv == CKR_OK)
		rv = attr_is(c->s, h, &private);
	if (rv == CKR_OK && o->type != CKK_NONE)
		rv = attr_is(c->s, h, &type);
	if (rv != CKR_OK || !*o->sha256)
		return rv;
	return o->class == CKO_PUBLIC_KEY ? want(public_key_is(c->s, h, o->sha256)) :
					    value_is(c->s, o, h);
}

static void test_objects(void)
{
	for (size_t i = 0; i < LENGTH(objects); i++)
		if (is_usable(&fixtures[objects[i].fixture]))
			row_runf(ANY_STATE, object_is, &objects[i], CKR_OK, "object_%s_%s_%s",
				 fixtures[objects[i].fixture].name, objects[i].class_name,
				 objects[i].label);
}

/* --- keys in use --------------------------------------------------------------- */

static CK_BYTE hash[] = "a hash of thirty-two bytes, well";

static const struct user {
	CK_KEY_TYPE type;
	CK_MECHANISM_TYPE mechanism;
	struct scheme how;
} users[] = {
	{ CKK_RSA, CKM_SHA256_RSA_PKCS, { PAD_PKCS1, "SHA256", true, NULL, 0, NULL } },
	{ CKK_EC, CKM_ECDSA, { PAD_ECDSA, NULL, false, NULL, 0, NULL } },
	{ CKK_EC_EDWARDS, CKM_EDDSA, { PAD_EDDSA, NULL, false, NULL, 0, NULL } },
	{ CKK_DSA, CKM_DSA_SHA1, { PAD_NONE, NULL, false, NULL, 0, NULL } },
	{ CKK_ML_DSA, CKM_ML_DSA, { PAD_EDDSA, NULL, false, NULL, 0, NULL } },
};

static CK_RV verify(CK_SESSION_HANDLE s, CK_OBJECT_HANDLE public, const struct user *u,
		    CK_BYTE *signature, CK_ULONG len)
{
	CK_MECHANISM m = { u->mechanism, NULL, 0 };
	CK_RV rv = p11->C_VerifyInit(s, &m, public);

	return rv == CKR_OK ? p11->C_Verify(s, hash, sizeof(hash) - 1, signature, len) : rv;
}

/* libcrypto's form of an ML-DSA public key; the parameter set follows from its length. */
static EVP_PKEY *peer_mldsa(CK_SESSION_HANDLE s, CK_OBJECT_HANDLE public)
{
	CK_BYTE value[2592];
	CK_ULONG len = sizeof(value);

	if (attr_bytes(s, public, CKA_VALUE, value, &len) != CKR_OK)
		return NULL;
	return EVP_PKEY_new_raw_public_key_ex(
		NULL, len == 1312 ? "ML-DSA-44" : len == 1952 ? "ML-DSA-65" : "ML-DSA-87", NULL,
		value, len);
}

/* Signed by the private key: the public one agrees, in the module and in libcrypto. */
static CK_RV private_signs(struct ctx *c)
{
	const struct object *o = c->arg;
	const struct user *u = users;
	CK_BYTE signature[4627];
	CK_ULONG len = sizeof(signature);
	CK_OBJECT_HANDLE private = 0, public = 0;
	EVP_PKEY *peer = NULL;
	CK_RV rv = fixture_object(c, &private);

	while (u->type != o->type)
		u++;

	CK_MECHANISM m = { u->mechanism, NULL, 0 };

	if (rv == CKR_OK)
		rv = find_class(c->s, o, CKO_PUBLIC_KEY, &public);
	if (rv == CKR_OK)
		rv = p11->C_SignInit(c->s, &m, private);
	if (rv == CKR_OK)
		rv = p11->C_Sign(c->s, hash, sizeof(hash) - 1, signature, &len);
	if (rv == CKR_OK)
		rv = verify(c->s, public, u, signature, len);
	if (rv != CKR_OK || o->type == CKK_DSA)
		return rv;
	peer = o->type == CKK_ML_DSA ? peer_mldsa(c->s, public) : peer_export(c->s, public);
	rv = want(peer && peer_verify(peer, &u->how, hash, sizeof(hash) - 1, signature, len));
	EVP_PKEY_free(peer);
	return rv;
}

static CK_RV private_decrypts(struct ctx *c)
{
	static const struct scheme how = { PAD_PKCS1, NULL, false, NULL, 0, NULL };
	CK_MECHANISM m = { CKM_RSA_PKCS, NULL, 0 };
	CK_BYTE cipher[1024], clear[1024];
	size_t cipher_len = sizeof(cipher);
	CK_ULONG len = sizeof(clear);
	CK_OBJECT_HANDLE private = 0, public = 0;
	EVP_PKEY *peer = NULL;
	CK_RV rv = fixture_object(c, &private);

	if (rv == CKR_OK)
		rv = find_class(c->s, c->arg, CKO_PUBLIC_KEY, &public);
	if (rv == CKR_OK)
		peer = peer_export(c->s, public);
	if (rv == CKR_OK && (!peer || !peer_encrypt(peer, &how, hash, sizeof(hash), cipher,
						    &cipher_len)))
		rv = ROW_BROKEN;
	if (rv == CKR_OK)
		rv = p11->C_DecryptInit(c->s, &m, private);
	if (rv == CKR_OK)
		rv = p11->C_Decrypt(c->s, cipher, cipher_len, clear, &len);
	EVP_PKEY_free(peer);
	return rv == CKR_OK ? want(len == sizeof(hash) && memcmp(clear, hash, len) == 0) : rv;
}

/* Diffie-Hellman keys are read only: both halves have the same group. */
static CK_RV dh_attributes(struct ctx *c)
{
	CK_BYTE value[1024];
	CK_ATTRIBUTE prime = A_BYTES(CKA_PRIME, value);
	CK_OBJECT_HANDLE private = 0, public = 0;
	CK_RV rv = fixture_object(c, &private);

	if (rv == CKR_OK)
		rv = find_class(c->s, c->arg, CKO_PUBLIC_KEY, &public);
	if (rv == CKR_OK)
		rv = attr_bytes(c->s, private, CKA_PRIME, value, &prime.ulValueLen);
	return rv == CKR_OK ? attr_is(c->s, public, &prime) : rv;
}

/* The value of a key whose fingerprint is the same and which can be read. */
static CK_RV twin_value(struct ctx *c, const struct object *o, CK_BYTE *value, CK_ULONG *len)
{
	for (size_t i = 0; i < LENGTH(objects); i++) {
		CK_OBJECT_HANDLE h = 0;

		if (objects[i].fixture == o->fixture &&
		    strcmp(objects[i].sha256, o->sha256) == 0 &&
		    find_class(c->s, &objects[i], objects[i].class, &h) == CKR_OK &&
		    attr_bytes(c->s, h, CKA_VALUE, value, len) == CKR_OK)
			return CKR_OK;
	}
	return ROW_WRONG;
}

static CK_BYTE zeros[16];
static CK_GCM_PARAMS gcm = { zeros, 12, 96, NULL, 0, 128 };

/* The first one that CKA_ALLOWED_MECHANISMS of the key lets through. */
static CK_RV cipher_find(struct ctx *c, CK_OBJECT_HANDLE key, CK_MECHANISM *out)
{
	const struct object *o = c->arg;
	const CK_MECHANISM choice[] = {
		{ o->type == CKK_AES ? CKM_AES_ECB : CKM_DES3_ECB, NULL, 0 },
		{ CKM_AES_CBC, zeros, sizeof(zeros) },
		{ CKM_AES_GCM, &gcm, sizeof(gcm) },
	};
	CK_RV rv = CKR_MECHANISM_INVALID;

	for (size_t i = 0; rv == CKR_MECHANISM_INVALID && i < LENGTH(choice); i++) {
		*out = choice[i];
		rv = p11->C_EncryptInit(c->s, out, key);
	}
	return rv;
}

static CK_RV cipher_returns(struct ctx *c, CK_OBJECT_HANDLE key, CK_MECHANISM *m, CK_BYTE *cipher,
			    CK_ULONG len)
{
	CK_BYTE clear[32];
	CK_ULONG clear_len = sizeof(clear);
	CK_RV rv = p11->C_DecryptInit(c->s, m, key);

	if (rv == CKR_OK)
		rv = p11->C_Decrypt(c->s, cipher, len, clear, &clear_len);
	return rv == CKR_OK ? want(memcmp(clear, zeros, clear_len) == 0) : rv;
}

/*
 * What a block of zeros becomes begins with CKA_CHECK_VALUE, but in GCM; a key
 * without one has a twin whose value libcrypto can use.
 */
static CK_RV block_is(struct ctx *c, CK_OBJECT_HANDLE key, const CK_BYTE *cipher, CK_ULONG block)
{
	CK_BYTE check[16], value[64];
	CK_ULONG len = sizeof(check), value_len = sizeof(value);
	struct cipher how = { .name = "AES-128-ECB", .key = value };
	size_t n = 0;
	CK_RV rv = attr_bytes(c->s, key, CKA_CHECK_VALUE, check, &len);

	if (rv != CKR_OK || len > 0)
		return rv == CKR_OK ? want(memcmp(cipher, check, len) == 0) : rv;
	rv = twin_value(c, c->arg, value, &value_len);
	if (rv == CKR_OK && !peer_cipher(&how, zeros, block, check, &n))
		rv = ROW_BROKEN;
	return rv == CKR_OK ? want(memcmp(cipher, check, block) == 0) : rv;
}

static CK_RV cipher_key_encrypts(struct ctx *c)
{
	const struct object *o = c->arg;
	CK_BYTE out[32];
	CK_ULONG block = o->type == CKK_AES ? 16 : 8, len = sizeof(out);
	CK_MECHANISM m = { 0, NULL, 0 };
	CK_OBJECT_HANDLE key = 0;
	CK_RV rv = fixture_object(c, &key);

	if (rv == CKR_OK)
		rv = cipher_find(c, key, &m);
	if (rv == CKR_OK)
		rv = p11->C_Encrypt(c->s, zeros, block, out, &len);
	if (rv == CKR_OK)
		rv = cipher_returns(c, key, &m, out, len);
	return rv == CKR_OK && m.mechanism != CKM_AES_GCM ? block_is(c, key, out, block) : rv;
}

static CK_RV mac_key_signs(struct ctx *c)
{
	const struct object *o = c->arg;
	bool sha256 = o->type == CKK_SHA256_HMAC;
	CK_MECHANISM m = { sha256 ? CKM_SHA256_HMAC : CKM_SHA_1_HMAC, NULL, 0 };
	CK_BYTE mac[64], expected[1024], value[256];
	CK_ULONG len = sizeof(mac), value_len = sizeof(value);
	size_t expected_len = 0;
	CK_OBJECT_HANDLE key = 0;
	CK_RV rv = fixture_object(c, &key);

	if (rv == CKR_OK)
		rv = p11->C_SignInit(c->s, &m, key);
	if (rv == CKR_OK)
		rv = p11->C_Sign(c->s, hash, sizeof(hash), mac, &len);
	if (rv == CKR_OK)
		rv = p11->C_VerifyInit(c->s, &m, key);
	if (rv == CKR_OK)
		rv = p11->C_Verify(c->s, hash, sizeof(hash), mac, len);
	if (rv != CKR_OK || attr_bytes(c->s, key, CKA_VALUE, value, &value_len) != CKR_OK)
		return rv;
	return want(peer_hmac(sha256 ? "SHA256" : "SHA1", value, value_len, hash, sizeof(hash),
			      expected, &expected_len) &&
		    expected_len == len && memcmp(mac, expected, len) == 0);
}

static CK_RV (*user_of(const struct object *o))(struct ctx *)
{
	if (o->type == CKK_ML_DSA && (reference || OpenSSL_version_num() < 0x30500000L))
		return NULL;	/* neither 2.6.1 nor OpenSSL before 3.5 can use it */
	if (o->class == CKO_PRIVATE_KEY)
		return o->type == CKK_DH ? dh_attributes : private_signs;
	if (o->class != CKO_SECRET_KEY)
		return NULL;
	return o->type == CKK_AES || o->type == CKK_DES3 ? cipher_key_encrypts : mac_key_signs;
}

static void test_keys(void)
{
	for (size_t i = 0; i < LENGTH(objects); i++) {
		const struct object *o = &objects[i];
		const char *fixture = fixtures[o->fixture].name;

		if (!is_usable(&fixtures[o->fixture]))
			continue;
		if (user_of(o))
			row_runf(ANY_STATE, user_of(o), o, CKR_OK, "use_%s_%s", fixture, o->label);
		if (o->class == CKO_PRIVATE_KEY && o->type == CKK_RSA)
			row_runf(ANY_STATE, private_decrypts, o, CKR_OK, "decrypt_%s_%s", fixture,
				 o->label);
	}
}

/* --- program ------------------------------------------------------------------------ */

int main(int argc, char **argv)
{
	static const struct test tests[] = {
		{ "tokens", .run = test_tokens },
		{ "objects", .run = test_objects },
		{ "keys", .run = test_keys },
		{ "writing", .run = test_writing },
	};
	static const struct program program = {
		.name = "fixtures", .tests = tests, .ntests = LENGTH(tests), .without_token = true,
	};

	return harness_main(argc, argv, &program);
}
