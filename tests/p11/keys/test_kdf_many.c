#include "config.h"

#include <string.h>

#include "p11/object/object.h"

/*
 * Derivations that make several keys in one call, and tell handles by way of their parameter: SP
 * 800-108 with additional keys, the key block of TLS 1.2. All keys are made or none, and after a
 * failure nothing was told: no handle, no version, no IV.
 */

#define SECRET_OF(type)	A_ULONG(CKA_CLASS, CKO_SECRET_KEY), A_ULONG(CKA_KEY_TYPE, (type))
#define READABLE	A_BOOL(CKA_SENSITIVE, CK_FALSE), A_BOOL(CKA_EXTRACTABLE, CK_TRUE)
#define UNTOLD		0x7ffffff2UL
#define MANY		100

static CK_BYTE thirty_two[32];

#define LIST		static const CK_ATTRIBUTE
LIST aes[] = { SECRET_OF(CKK_AES), A_ULONG(CKA_VALUE_LEN, 32), READABLE, A_TEXT(CKA_LABEL, "first"),
	       A_END };
LIST generic[] = { SECRET_OF(CKK_GENERIC_SECRET), A_ULONG(CKA_VALUE_LEN, 64), READABLE,
		   A_TEXT(CKA_LABEL, "second"), A_END };
LIST all_bytes[] = { SECRET_OF(CKK_GENERIC_SECRET), A_ULONG(CKA_VALUE_LEN, 96), READABLE, A_END };
LIST public_aes[] = { SECRET_OF(CKK_AES), A_ULONG(CKA_VALUE_LEN, 32),
		      A_BOOL(CKA_PRIVATE, CK_FALSE), A_END };
LIST on_token[] = { SECRET_OF(CKK_AES), A_ULONG(CKA_VALUE_LEN, 16), A_BOOL(CKA_TOKEN, CK_TRUE),
		    A_END };
LIST bad_length[] = { SECRET_OF(CKK_AES), A_ULONG(CKA_VALUE_LEN, 15), A_END };
LIST null_value[] = { SECRET_OF(CKK_AES), { CKA_VALUE_LEN, NULL, sizeof(CK_ULONG) }, A_END };
LIST huge[] = { SECRET_OF(CKK_GENERIC_SECRET), A_ULONG(CKA_VALUE_LEN, MINUS_ONE), A_END };
LIST value_given[] = { SECRET_OF(CKK_GENERIC_SECRET), A_BYTES(CKA_VALUE, thirty_two), A_END };
LIST block_aes[] = { SECRET_OF(CKK_AES), READABLE, A_TEXT(CKA_LABEL, "block"), A_END };

static CK_ULONG count_objects(struct ctx *c)
{
	CK_OBJECT_HANDLE found[MANY];
	CK_ULONG n = 0;

	return object_find(c->s, NULL, found, MANY, &n) == CKR_OK ? n : MINUS_ONE;
}

/* A base key of that many bytes; one of 48 begins with the version 3.3. */
static CK_RV make_base(struct ctx *c, CK_ULONG len, const CK_ATTRIBUTE *more, CK_OBJECT_HANDLE *out)
{
	CK_BYTE value[48] = { 3, 3, 1 };
	const CK_ATTRIBUTE base[] = {
		A_BOOL(CKA_DERIVE, CK_TRUE), A_BOOL(CKA_SIGN, CK_TRUE),
		A_BOOL(CKA_VERIFY, CK_TRUE), A_BOOL(CKA_PRIVATE, CK_FALSE), READABLE,
		{ CKA_VALUE, value, len }, A_END
	};
	CK_ATTRIBUTE t[TMPL_MAX];

	tmpl_join(t, base, more);
	return kind_make(c->s, GENERIC, t, out) == CKR_OK ? CKR_OK : ROW_BROKEN;
}

static CK_RV derive(struct ctx *c, CK_MECHANISM *m, CK_OBJECT_HANDLE base,
		    const CK_ATTRIBUTE *templ, CK_OBJECT_HANDLE *out)
{
	CK_ATTRIBUTE t[TMPL_MAX];

	tmpl_join(t, templ, NULL);
	return p11->C_DeriveKey(c->s, m, base, t, tmpl_count(t), out);
}

static CK_RV read_value(struct ctx *c, CK_OBJECT_HANDLE o, CK_BYTE *out, CK_ULONG len)
{
	CK_ATTRIBUTE a = { CKA_VALUE, out, len };
	CK_RV rv = p11->C_GetAttributeValue(c->s, o, &a, 1);

	return rv == CKR_OK ? want(a.ulValueLen == len) : rv;
}

static CK_RV is_all(struct ctx *c, CK_OBJECT_HANDLE o, const CK_ATTRIBUTE *list)
{
	CK_RV rv = CKR_OK;

	for (; rv == CKR_OK && list->type != CK_UNAVAILABLE_INFORMATION; list++)
		rv = attr_is(c->s, o, list);
	return rv;
}

/* --- SP 800-108 ----------------------------------------------------------- */

/* In counter mode, with HMAC of SHA-256: segments of 32 bytes. */
static CK_RV kbkdf(struct ctx *c, CK_DERIVED_KEY *more, CK_ULONG count, const CK_ATTRIBUTE *templ,
		   CK_OBJECT_HANDLE *out)
{
	CK_SP800_108_COUNTER_FORMAT counter = { CK_FALSE, 32 };
	CK_PRF_DATA_PARAM data[] = {
		{ CK_SP800_108_ITERATION_VARIABLE, &counter, sizeof(counter) },
		{ CK_SP800_108_BYTE_ARRAY, thirty_two, sizeof(thirty_two) },
	};
	CK_SP800_108_KDF_PARAMS p = { CKM_SHA256_HMAC, LENGTH(data), data, count, more };
	CK_MECHANISM m = { CKM_SP800_108_COUNTER_KDF, &p, sizeof(p) };
	CK_OBJECT_HANDLE base = 0;
	CK_RV rv = make_base(c, 32, NULL, &base);

	return rv == CKR_OK ? derive(c, &m, base, templ, out) : rv;
}

/* A list of attributes as an additional key; t, of TMPL_MAX, must live as long. */
static CK_DERIVED_KEY more_key(CK_ATTRIBUTE *t, const CK_ATTRIBUTE *list, CK_OBJECT_HANDLE *handle)
{
	tmpl_join(t, list, NULL);
	return (CK_DERIVED_KEY){ t, tmpl_count(t), handle };
}

/* Keys that fill their segments are what one long key is cut into. */
static CK_RV kbkdf_bytes(struct ctx *c)
{
	CK_ATTRIBUTE t[TMPL_MAX];
	CK_OBJECT_HANDLE first = 0, second = 0, all = 0;
	CK_DERIVED_KEY list[] = { more_key(t, generic, &second) };
	CK_BYTE value[96], whole[96];
	CK_RV rv = kbkdf(c, list, 1, aes, &first);

	if (rv == CKR_OK)
		rv = kbkdf(c, NULL, 0, all_bytes, &all);
	if (rv == CKR_OK)
		rv = read_value(c, first, value, 32);
	if (rv == CKR_OK)
		rv = read_value(c, second, value + 32, 64);
	if (rv == CKR_OK)
		rv = read_value(c, all, whole, 96);
	return rv == CKR_OK ? want(memcmp(value, whole, 96) == 0) : rv;
}

static CK_RV kbkdf_on_token(struct ctx *c)
{
	CK_ATTRIBUTE t[TMPL_MAX];
	CK_OBJECT_HANDLE first = 0, second = 0;
	CK_DERIVED_KEY list[] = { more_key(t, on_token, &second) };
	CK_RV rv = kbkdf(c, list, 1, on_token, &first);

	if (rv == CKR_OK)
		rv = is_all(c, first, on_token);
	if (rv == CKR_OK)
		rv = is_all(c, second, on_token);
	if (rv == CKR_OK)
		rv = p11->C_DestroyObject(c->s, first);
	return rv == CKR_OK ? p11->C_DestroyObject(c->s, second) : rv;
}

/* After a failure there is the base key and nothing else, and no handle was written. */
static CK_RV kbkdf_case(struct ctx *c, const CK_ATTRIBUTE *first, const CK_ATTRIBUTE *second)
{
	CK_ATTRIBUTE t[TMPL_MAX];
	CK_OBJECT_HANDLE handle = UNTOLD, more = UNTOLD;
	CK_DERIVED_KEY list[] = { more_key(t, second, &more) };
	CK_RV rv = kbkdf(c, list, 1, first, &handle);

	if (rv == CKR_OK || more != UNTOLD || count_objects(c) != 1)
		return ROW_WRONG;
	return rv;
}

static CK_RV kbkdf_bad_key(struct ctx *c, bool no_template)
{
	CK_ATTRIBUTE t[TMPL_MAX];
	CK_OBJECT_HANDLE handle = UNTOLD, more = UNTOLD;
	CK_DERIVED_KEY list[] = { more_key(t, aes, &more) };

	if (no_template)
		list[0].pTemplate = NULL;
	else
		list[0].phKey = NULL;
	return kbkdf(c, list, 1, aes, &handle);
}

static CK_RV kbkdf_too_many(struct ctx *c)
{
	CK_ATTRIBUTE t[TMPL_MAX];
	CK_OBJECT_HANDLE handle = UNTOLD, more = UNTOLD;
	CK_DERIVED_KEY list[] = { more_key(t, aes, &more) };

	return kbkdf(c, list, MINUS_ONE, aes, &handle);
}

static CK_RV kbkdf_not_permitted(struct ctx *c)
{
	CK_SP800_108_KDF_PARAMS p = { CKM_SHA256_HMAC, 0, NULL, 0, NULL };
	CK_MECHANISM m = { CKM_SP800_108_COUNTER_KDF, &p, sizeof(p) };
	CK_OBJECT_HANDLE base = 0, key = 0;
	CK_RV rv = make_base(c, 32, T(A_BOOL(CKA_DERIVE, CK_FALSE)), &base);

	return rv == CKR_OK ? derive(c, &m, base, aes, &key) : rv;
}

/* --- TLS ------------------------------------------------------------------ */

#define RANDOMS	{ thirty_two, 32, thirty_two, 32 }

static CK_RV master(struct ctx *c, const CK_ATTRIBUTE *templ, CK_VERSION *version,
		    CK_OBJECT_HANDLE *out)
{
	CK_TLS12_MASTER_KEY_DERIVE_PARAMS p = { RANDOMS, version, CKM_SHA256 };
	CK_MECHANISM m = { CKM_TLS12_MASTER_KEY_DERIVE, &p, sizeof(p) };
	CK_OBJECT_HANDLE base = 0;
	CK_RV rv = make_base(c, 48, NULL, &base);

	return rv == CKR_OK ? derive(c, &m, base, templ, out) : rv;
}

static CK_RV master_key(struct ctx *c)
{
	CK_VERSION version = { 0, 0 };
	CK_OBJECT_HANDLE key = 0;
	CK_RV rv = master(c, NO_MORE, &version, &key);

	if (rv == CKR_OK)
		rv = is_all(c, key, T(SECRET_OF(CKK_GENERIC_SECRET), A_ULONG(CKA_VALUE_LEN, 48),
				      A_BOOL(CKA_LOCAL, CK_FALSE)));
	return rv == CKR_OK ? want(version.major == 3 && version.minor == 3) : rv;
}

static CK_RV master_fails(struct ctx *c, const CK_ATTRIBUTE *templ)
{
	CK_VERSION version = { 0, 0 };
	CK_OBJECT_HANDLE key = UNTOLD;
	CK_RV rv = master(c, templ, &version, &key);

	return version.major != 0 || count_objects(c) != 1 ? ROW_WRONG : rv;
}

/* Sizes in bits. */
struct block {
	CK_ULONG mac, key, iv;
	const CK_ATTRIBUTE *templ;
	CK_OBJECT_HANDLE base;
	CK_SSL3_KEY_MAT_OUT out;
	CK_BYTE ivs[2][16];
};

/* No argument of C_DeriveKey receives a handle. */
static CK_RV block(struct ctx *c, struct block *b)
{
	CK_TLS12_KEY_MAT_PARAMS p = { b->mac, b->key, b->iv, CK_FALSE, RANDOMS, &b->out,
				      CKM_SHA256 };
	CK_MECHANISM m = { CKM_TLS12_KEY_AND_MAC_DERIVE, &p, sizeof(p) };
	CK_RV rv = make_base(c, 48, NULL, &b->base);

	b->out = (CK_SSL3_KEY_MAT_OUT){ UNTOLD, UNTOLD, UNTOLD, UNTOLD, b->ivs[0], b->ivs[1] };
	return rv == CKR_OK ? derive(c, &m, b->base, b->templ, NULL) : rv;
}

static bool has_ivs(const struct block *b)
{
	return memcmp(b->ivs[0], thirty_two, 16) != 0 && memcmp(b->ivs[1], thirty_two, 16) != 0 &&
	       memcmp(b->ivs[0], b->ivs[1], 16) != 0;
}

#define OF_BLOCK(type, len) \
	T(SECRET_OF(type), A_ULONG(CKA_VALUE_LEN, len), A_TEXT(CKA_LABEL, "block"), READABLE)

static CK_RV block_no_macs(struct ctx *c)
{
	struct block b = { .key = 256, .templ = block_aes };
	CK_RV rv = block(c, &b);

	if (rv != CKR_OK)
		return rv;
	if (b.out.hClientMacSecret != CK_INVALID_HANDLE ||
	    b.out.hServerMacSecret != CK_INVALID_HANDLE || count_objects(c) != 3)
		return ROW_WRONG;
	rv = is_all(c, b.out.hClientKey, OF_BLOCK(CKK_AES, 32));
	return rv == CKR_OK ? is_all(c, b.out.hServerKey, OF_BLOCK(CKK_AES, 32)) : rv;
}

static CK_RV block_fails(struct ctx *c, CK_ULONG bits, const CK_ATTRIBUTE *templ)
{
	struct block b = { .mac = 256, .key = bits, .iv = 128, .templ = templ };
	CK_RV rv = block(c, &b);

	return rv == CKR_OK || has_ivs(&b) || b.out.hClientMacSecret != UNTOLD ||
		b.out.hServerKey != UNTOLD || count_objects(c) != 1 ? ROW_WRONG : rv;
}

/* What the server signs, the client verifies, and takes for nobody else's. */
static CK_RV finished(struct ctx *c)
{
	CK_TLS_MAC_PARAMS p = { CKM_SHA256, 12, 1 };
	CK_MECHANISM m = { CKM_TLS12_MAC, &p, sizeof(p) };
	CK_OBJECT_HANDLE key = 0;
	CK_BYTE mac[12];
	CK_ULONG len = sizeof(mac);
	CK_RV rv = make_base(c, 48, NULL, &key);

	if (rv == CKR_OK)
		rv = p11->C_SignInit(c->s, &m, key);
	if (rv == CKR_OK)
		rv = p11->C_Sign(c->s, thirty_two, 32, mac, &len);
	if (rv == CKR_OK)
		rv = p11->C_VerifyInit(c->s, &m, key);
	if (rv == CKR_OK)
		rv = p11->C_Verify(c->s, thirty_two, 32, mac, len);
	p.ulServerOrClient = 2;
	if (rv == CKR_OK)
		rv = p11->C_VerifyInit(c->s, &m, key);
	if (rv != CKR_OK)
		return rv;
	return want(p11->C_Verify(c->s, thirty_two, 32, mac, len) == CKR_SIGNATURE_INVALID);
}

/* --- program -------------------------------------------------------------- */

#define ROWS_FILE "keys/kdf_many.def"
#define ROWS_TABLE rows
#include "p11/rows.h"

int main(int argc, char **argv)
{
	static const struct test tests[] = {
		{ "rows", .rows = rows, .count = LENGTH(rows) },
	};
	static const struct program program = {
		.name = "kdf_many", .tests = tests, .ntests = LENGTH(tests),
	};

	return harness_main(argc, argv, &program);
}
