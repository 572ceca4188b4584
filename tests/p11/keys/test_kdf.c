#include "config.h"

#include <string.h>

#include "p11/object/object.h"

/*
 * What C_GenerateKey and C_DeriveKey make beside single secret keys of the template's: domain
 * parameters, keys from passwords, data objects, public keys, several keys in one call. The
 * cryptography is tested elsewhere; here it is the objects.
 */

static CK_BYTE some[32] = "some bytes that are taken as is";

/* C_DeriveKey of a template that ends with A_END. */
static CK_RV derive(struct ctx *c, CK_MECHANISM_TYPE type, void *param, CK_ULONG len,
		    CK_OBJECT_HANDLE base, const CK_ATTRIBUTE *t, CK_OBJECT_HANDLE *out)
{
	CK_ATTRIBUTE copy[TMPL_MAX];
	CK_MECHANISM m = { type, param, len };

	tmpl_join(copy, t, NULL);
	return p11->C_DeriveKey(c->s, &m, base, copy, tmpl_count(copy), out);
}

static CK_RV generate(struct ctx *c, CK_MECHANISM_TYPE type, void *param, CK_ULONG len,
		      const CK_ATTRIBUTE *t, CK_OBJECT_HANDLE *out)
{
	CK_ATTRIBUTE copy[TMPL_MAX];
	CK_MECHANISM m = { type, param, len };

	tmpl_join(copy, t, NULL);
	return p11->C_GenerateKey(c->s, &m, copy, tmpl_count(copy), out);
}

/* Does the object have all of these? */
static CK_RV has_all(struct ctx *c, CK_OBJECT_HANDLE o, const CK_ATTRIBUTE *t)
{
	CK_RV rv = CKR_OK;

	for (; rv == CKR_OK && t != NULL && t->type != CK_UNAVAILABLE_INFORMATION; t++)
		rv = attr_is(c->s, o, t);
	return rv;
}

/* A generic secret of 48 bytes. */
static CK_RV make_base(struct ctx *c, const CK_ATTRIBUTE *more, CK_OBJECT_HANDLE *out)
{
	static CK_BYTE value[48] = { 3, 3, 1, 2, 3 };
	CK_ATTRIBUTE t[TMPL_MAX];

	tmpl_join(t, T(A_BYTES(CKA_VALUE, value), A_BOOL(CKA_DERIVE, CK_TRUE)), more);
	return kind_make(c->s, GENERIC, t, out) == CKR_OK ? CKR_OK : ROW_BROKEN;
}

static CK_ULONG count_objects(struct ctx *c)
{
	CK_OBJECT_HANDLE all[64];
	CK_ULONG n = 0;

	return object_find(c->s, NULL, all, LENGTH(all), &n) == CKR_OK ? n : 0;
}

/* --- one key or object ---------------------------------------------------- */

static CK_HKDF_PARAMS hkdf = { CK_TRUE, CK_TRUE, CKM_SHA256, CKF_HKDF_SALT_NULL, NULL, 0, 0, some,
			       5 };
static CK_KEY_DERIVATION_STRING_DATA string = { some, 32 };
static CK_EXTRACT_PARAMS bit = 9;
static CK_TLS12_MASTER_KEY_DERIVE_PARAMS master = { { some, 32, some, 32 }, NULL, CKM_SHA256 };

struct one {
	const char *name;
	CK_MECHANISM_TYPE type;
	void *param;
	CK_ULONG len;
	const CK_ATTRIBUTE *base;
	const CK_ATTRIBUTE *templ;
	CK_RV expected;
	const CK_ATTRIBUTE *result;
};

#define P(p) &(p), sizeof(p)
#define NO_PARAM NULL, 0
#define SECRET(t) A_ULONG(CKA_CLASS, CKO_SECRET_KEY), A_ULONG(CKA_KEY_TYPE, (t))
#define LEN(n) A_ULONG(CKA_VALUE_LEN, (n))
#define DATA_CLASS A_ULONG(CKA_CLASS, CKO_DATA)
#define READABLE A_BOOL(CKA_SENSITIVE, CK_FALSE), A_BOOL(CKA_EXTRACTABLE, CK_TRUE)
#define HIDDEN A_BOOL(CKA_SENSITIVE, CK_TRUE), A_BOOL(CKA_EXTRACTABLE, CK_FALSE)

static CK_RV one_case(struct ctx *c)
{
	const struct one *o = c->arg;
	CK_OBJECT_HANDLE base = 0, key = 0;
	CK_RV rv = make_base(c, o->base, &base);

	if (rv == CKR_OK)
		rv = derive(c, o->type, o->param, o->len, base, o->templ, &key);
	return rv == CKR_OK ? has_all(c, key, o->result) : rv;
}

static const struct one ones[] = {
	{ "digest", CKM_SHA256_KEY_DERIVATION, NO_PARAM, NULL, NULL, CKR_OK,
	  T(SECRET(CKK_GENERIC_SECRET), LEN(32), A_BOOL(CKA_LOCAL, CK_FALSE)) },
	{ "digest_length", CKM_SHA1_KEY_DERIVATION, NO_PARAM, NULL, T(LEN(9)), CKR_OK,
	  T(SECRET(CKK_GENERIC_SECRET), LEN(9)) },
	{ "digest_type", CKM_SHA512_KEY_DERIVATION, NO_PARAM, NULL,
	  T(A_ULONG(CKA_KEY_TYPE, CKK_DES3)), CKR_OK, T(SECRET(CKK_DES3)) },
	{ "digest_aes", CKM_SHA384_KEY_DERIVATION, NO_PARAM, NULL,
	  T(A_ULONG(CKA_KEY_TYPE, CKK_AES), LEN(24)), CKR_OK, T(SECRET(CKK_AES), LEN(24)) },
	{ "digest_too_long", CKM_SHA1_KEY_DERIVATION, NO_PARAM, NULL, T(LEN(21)),
	  CKR_KEY_SIZE_RANGE, NULL },
	{ "digest_too_short", CKM_SHA1_KEY_DERIVATION, NO_PARAM, NULL, T(SECRET(CKK_DES3)),
	  CKR_KEY_SIZE_RANGE, NULL },
	{ "digest_no_length", CKM_SHA1_KEY_DERIVATION, NO_PARAM, NULL, T(LEN(0)),
	  CKR_ATTRIBUTE_VALUE_INVALID, NULL },
	{ "digest_secrecy", CKM_SHA256_KEY_DERIVATION, NO_PARAM, T(HIDDEN), T(READABLE), CKR_OK,
	  T(READABLE, A_BOOL(CKA_ALWAYS_SENSITIVE, CK_FALSE)) },
	{ "digest_public_key", CKM_SHA256_KEY_DERIVATION, NO_PARAM, NULL,
	  T(A_ULONG(CKA_CLASS, CKO_PUBLIC_KEY), A_ULONG(CKA_KEY_TYPE, CKK_RSA)),
	  CKR_ATTRIBUTE_VALUE_INVALID, NULL },
	{ "xor", CKM_XOR_BASE_AND_DATA, P(string), NULL, NULL, CKR_OK,
	  T(SECRET(CKK_GENERIC_SECRET), LEN(32)) },
	{ "xor_secrecy", CKM_XOR_BASE_AND_DATA, P(string), T(HIDDEN), T(READABLE), CKR_OK,
	  T(HIDDEN) },
	{ "extract", CKM_EXTRACT_KEY_FROM_KEY, P(bit), NULL, T(LEN(16)), CKR_OK,
	  T(SECRET(CKK_GENERIC_SECRET), LEN(16)) },
	{ "extract_no_length", CKM_EXTRACT_KEY_FROM_KEY, P(bit), NULL, NULL,
	  CKR_TEMPLATE_INCOMPLETE, NULL },
	{ "extract_des", CKM_EXTRACT_KEY_FROM_KEY, P(bit), NULL, T(SECRET(CKK_DES2)), CKR_OK,
	  T(SECRET(CKK_DES2)) },
	{ "hkdf", CKM_HKDF_DERIVE, P(hkdf), NULL, T(SECRET(CKK_AES), LEN(32)), CKR_OK,
	  T(SECRET(CKK_AES), LEN(32)) },
	{ "hkdf_hkdf", CKM_HKDF_DERIVE, P(hkdf), NULL, T(SECRET(CKK_HKDF)), CKR_OK,
	  T(SECRET(CKK_HKDF), LEN(32)) },
	{ "hkdf_salt_invalid", CKM_HKDF_DERIVE,
	  P(((CK_HKDF_PARAMS){ CK_TRUE, CK_TRUE, CKM_SHA256, CKF_HKDF_SALT_KEY, NULL, 0, 0x7fffffff,
			       NULL, 0 })), NULL, NULL, CKR_KEY_HANDLE_INVALID, NULL },
	{ "data", CKM_HKDF_DATA, P(hkdf), NULL, NULL, CKR_OK, T(DATA_CLASS) },
	{ "data_length", CKM_HKDF_DATA, P(hkdf), NULL,
	  T(DATA_CLASS, LEN(50), A_TEXT(CKA_LABEL, "me")), CKR_OK,
	  T(DATA_CLASS, A_TEXT(CKA_LABEL, "me")) },
	{ "data_of_class", CKM_HKDF_DATA, P(hkdf), NULL, T(SECRET(CKK_AES)),
	  CKR_TEMPLATE_INCONSISTENT, NULL },
	{ "data_value", CKM_HKDF_DATA, P(hkdf), NULL, T(A_TEXT(CKA_VALUE, "me")),
	  CKR_TEMPLATE_INCONSISTENT, NULL },
	{ "data_key_type", CKM_HKDF_DATA, P(hkdf), NULL, T(A_ULONG(CKA_KEY_TYPE, CKK_AES)),
	  CKR_ATTRIBUTE_TYPE_INVALID, NULL },
	{ "master", CKM_TLS12_MASTER_KEY_DERIVE_DH, P(master), NULL, T(LEN(48)), CKR_OK,
	  T(SECRET(CKK_GENERIC_SECRET), LEN(48)) },
	{ "master_length", CKM_TLS12_MASTER_KEY_DERIVE_DH, P(master), NULL, T(LEN(47)),
	  CKR_TEMPLATE_INCONSISTENT, NULL },
	{ "master_aes", CKM_TLS12_MASTER_KEY_DERIVE_DH, P(master), NULL, T(SECRET(CKK_AES)),
	  CKR_ATTRIBUTE_VALUE_INVALID, NULL },
	{ "not_permitted", CKM_SHA256_KEY_DERIVATION, NO_PARAM, T(A_BOOL(CKA_DERIVE, CK_FALSE)),
	  NULL, CKR_KEY_FUNCTION_NOT_PERMITTED, NULL },
};

static void test_ones(void)
{
	for (size_t i = 0; i < LENGTH(ones); i++)
		row_runf(RW_USER, one_case, &ones[i], ones[i].expected, "one_%s", ones[i].name);
}

static CK_RV data_length(struct ctx *c)
{
	CK_OBJECT_HANDLE base = 0, data = 0;
	CK_BYTE value[64];
	CK_ULONG len = sizeof(value);
	CK_RV rv = make_base(c, NULL, &base);

	if (rv == CKR_OK)
		rv = derive(c, CKM_HKDF_DATA, &hkdf, sizeof(hkdf), base, T(LEN(50)), &data);
	if (rv == CKR_OK)
		rv = attr_bytes(c->s, data, CKA_VALUE, value, &len);
	return rv == CKR_OK ? want(len == 50) : rv;
}

/* --- several keys ---------------------------------------------------------- */

static CK_SP800_108_COUNTER_FORMAT counter = { CK_FALSE, 32 };
static CK_PRF_DATA_PARAM iteration[] = {
	{ CK_SP800_108_ITERATION_VARIABLE, &counter, sizeof(counter) },
};

static CK_RV derive_three(struct ctx *c, const CK_ATTRIBUTE *last, CK_OBJECT_HANDLE keys[3])
{
	CK_ATTRIBUTE second[TMPL_MAX], third[TMPL_MAX];
	CK_DERIVED_KEY more[] = { { second, 0, &keys[1] }, { third, 0, &keys[2] } };
	CK_SP800_108_KDF_PARAMS p = { CKM_SHA256_HMAC, 1, iteration, 2, more };
	CK_OBJECT_HANDLE base = 0;
	CK_RV rv = make_base(c, NULL, &base);

	tmpl_join(second, T(SECRET(CKK_DES3), READABLE), NULL);
	tmpl_join(third, last, NULL);
	more[0].ulAttributeCount = tmpl_count(second);
	more[1].ulAttributeCount = tmpl_count(third);
	return rv == CKR_OK ? derive(c, CKM_SP800_108_COUNTER_KDF, &p, sizeof(p), base,
				     T(SECRET(CKK_AES), LEN(16), READABLE), &keys[0]) : rv;
}

/* The bytes of all, one after the other, are those of one long key. */
static CK_RV three_keys(struct ctx *c)
{
	CK_SP800_108_KDF_PARAMS p = { CKM_SHA256_HMAC, 1, iteration, 0, NULL };
	CK_OBJECT_HANDLE keys[3] = { 0 }, base = 0, one = 0;
	CK_BYTE parts[50], whole[50];
	CK_ULONG sizes[] = { 16, 24, 10 }, at = 0, len = sizeof(whole);
	CK_RV rv = derive_three(c, T(SECRET(CKK_GENERIC_SECRET), LEN(10), READABLE), keys);

	for (size_t i = 0; rv == CKR_OK && i < 3; i++) {
		CK_ULONG n = sizeof(parts) - at;

		rv = attr_bytes(c->s, keys[i], CKA_VALUE, parts + at, &n);
		if (rv == CKR_OK && n != sizes[i])
			rv = ROW_WRONG;
		at += n;
	}
	if (rv == CKR_OK)
		rv = make_base(c, NULL, &base);
	if (rv == CKR_OK)
		rv = derive(c, CKM_SP800_108_COUNTER_KDF, &p, sizeof(p), base,
			    T(SECRET(CKK_GENERIC_SECRET), LEN(50), READABLE), &one);
	if (rv == CKR_OK)
		rv = attr_bytes(c->s, one, CKA_VALUE, whole, &len);
	if (rv == CKR_OK)
		rv = has_all(c, keys[2], T(SECRET(CKK_GENERIC_SECRET), LEN(10)));
	/* odd parity is a matter of DES */
	for (size_t i = 16; i < 40; i++)
		parts[i] = whole[i] = 0;
	return rv == CKR_OK ? want(memcmp(parts, whole, 50) == 0) : rv;
}

/* One bad template, and none of the keys exists. */
static CK_RV three_or_none(struct ctx *c, const CK_ATTRIBUTE *last)
{
	CK_OBJECT_HANDLE keys[3] = { 0 };
	CK_ULONG before = count_objects(c);
	CK_RV rv = derive_three(c, last, keys);

	/* the base key is one */
	return rv == CKR_OK || count_objects(c) == before + 1 ? rv : ROW_WRONG;
}

static CK_BYTE ivs[2][12];

static CK_RV derive_block(struct ctx *c, const CK_ATTRIBUTE *base_more, const CK_ATTRIBUTE *t,
			  CK_SSL3_KEY_MAT_OUT *out)
{
	CK_TLS12_KEY_MAT_PARAMS p = { 160, 128, 96, CK_FALSE, { some, 32, some, 32 }, out,
				      CKM_SHA256 };
	CK_OBJECT_HANDLE base = 0;
	CK_RV rv = make_base(c, base_more, &base);

	out->pIVClient = ivs[0];
	out->pIVServer = ivs[1];
	return rv == CKR_OK ? derive(c, CKM_TLS12_KEY_AND_MAC_DERIVE, &p, sizeof(p), base, t, NULL) :
		rv;
}

static CK_RV key_block(struct ctx *c)
{
	CK_SSL3_KEY_MAT_OUT out = { 0 };
	CK_RV rv = derive_block(c, T(READABLE), T(SECRET(CKK_AES), READABLE), &out);
	const CK_ATTRIBUTE *mac = T(SECRET(CKK_GENERIC_SECRET), LEN(20), READABLE);
	const CK_ATTRIBUTE *key = T(SECRET(CKK_AES), LEN(16), READABLE);

	if (rv == CKR_OK)
		rv = has_all(c, out.hClientMacSecret, mac);
	if (rv == CKR_OK)
		rv = has_all(c, out.hServerMacSecret, mac);
	if (rv == CKR_OK)
		rv = has_all(c, out.hClientKey, key);
	if (rv == CKR_OK)
		rv = has_all(c, out.hServerKey, key);
	return rv == CKR_OK ? want(memcmp(ivs[0], ivs[1], 12) != 0) : rv;
}

static CK_RV key_block_secrecy(struct ctx *c)
{
	CK_SSL3_KEY_MAT_OUT out = { 0 };
	CK_RV rv = derive_block(c, T(HIDDEN), T(SECRET(CKK_AES), READABLE), &out);

	if (rv == CKR_OK)
		rv = has_all(c, out.hServerMacSecret, T(HIDDEN));
	return rv == CKR_OK ? has_all(c, out.hClientKey, T(HIDDEN)) : rv;
}

static CK_RV key_block_bad_type(struct ctx *c)
{
	CK_SSL3_KEY_MAT_OUT out = { 0 };
	CK_ULONG before = count_objects(c);
	CK_RV rv = derive_block(c, NULL, T(SECRET(CKK_DES3)), &out);

	return count_objects(c) == before + 1 && out.hClientKey == 0 ? rv : ROW_WRONG;
}

static CK_RV handle_null(struct ctx *c)
{
	CK_OBJECT_HANDLE base = 0;
	CK_RV rv = make_base(c, NULL, &base);

	return rv == CKR_OK ? derive(c, CKM_SHA256_KEY_DERIVATION, NULL, 0, base, NULL, NULL) : rv;
}

/* --- public keys ------------------------------------------------------------ */

static CK_RV public_half(struct ctx *c, enum kind private, const CK_ATTRIBUTE *t,
			 enum kind public)
{
	CK_OBJECT_HANDLE base = 0, key = 0;
	CK_RV rv = kind_make(c->s, private, T(A_BOOL(CKA_DERIVE, CK_TRUE)), &base);

	if (rv != CKR_OK)
		return ROW_BROKEN;
	rv = derive(c, CKM_PUB_KEY_FROM_PRIV_KEY, NULL, 0, base, t, &key);
	return rv == CKR_OK ? has_all(c, key, T(A_ULONG(CKA_CLASS, CKO_PUBLIC_KEY),
						kind_infos[public])) : rv;
}

static CK_RV public_of_secret(struct ctx *c)
{
	CK_OBJECT_HANDLE base = 0, key = 0;
	CK_RV rv = make_base(c, NULL, &base);

	return rv == CKR_OK ? derive(c, CKM_PUB_KEY_FROM_PRIV_KEY, NULL, 0, base, NULL, &key) : rv;
}

/* --- generation --------------------------------------------------------------- */

static CK_RV domain(struct ctx *c, CK_MECHANISM_TYPE type, const CK_ATTRIBUTE *t,
		    const CK_ATTRIBUTE *result)
{
	CK_OBJECT_HANDLE o = 0;
	CK_RV rv = generate(c, type, NULL, 0, t, &o);

	return rv == CKR_OK ? has_all(c, o, result) : rv;
}

/* A pair in the domain of one of the kinds, which has no value of its own. */
static CK_RV pair(struct ctx *c, CK_MECHANISM_TYPE type, enum kind kind, const CK_ATTRIBUTE *more)
{
	CK_ATTRIBUTE pub[TMPL_MAX], priv[TMPL_MAX];
	CK_MECHANISM m = { type, NULL, 0 };
	CK_OBJECT_HANDLE keys[2] = { 0 };
	CK_ULONG n = 0;
	CK_RV rv;

	tmpl_join(priv, more, NULL);
	for (const CK_ATTRIBUTE *a = kind_templates[kind]; a->type != CK_UNAVAILABLE_INFORMATION;
	     a++)
		if (a->type == CKA_PRIME || a->type == CKA_SUBPRIME || a->type == CKA_BASE)
			pub[n++] = *a;
	rv = p11->C_GenerateKeyPair(c->s, &m, pub, n, priv, tmpl_count(priv), &keys[0], &keys[1]);
	if (rv == CKR_OK)
		rv = has_all(c, keys[1], T(A_ULONG(CKA_CLASS, CKO_PRIVATE_KEY), pub[0],
					   A_BOOL(CKA_LOCAL, CK_TRUE),
					   A_ULONG(CKA_KEY_GEN_MECHANISM, type)));
	if (rv == CKR_OK)
		rv = has_all(c, keys[1], more);
	return rv == CKR_OK ? has_all(c, keys[0], T(A_ULONG(CKA_CLASS, CKO_PUBLIC_KEY), pub[0],
						    A_BOOL(CKA_LOCAL, CK_TRUE))) : rv;
}

static CK_RV password(struct ctx *c, const CK_ATTRIBUTE *t, const CK_ATTRIBUTE *result)
{
	CK_PKCS5_PBKD2_PARAMS2 p = { CKZ_SALT_SPECIFIED, some, 8, 10, CKP_PKCS5_PBKD2_HMAC_SHA256,
				     NULL, 0, some, 8 };
	CK_OBJECT_HANDLE key = 0;
	CK_RV rv = generate(c, CKM_PKCS5_PBKD2, &p, sizeof(p), t, &key);

	return rv == CKR_OK ? has_all(c, key, result) : rv;
}

/* --- program ------------------------------------------------------------------ */

#define ROWS_FILE "keys/kdf.def"
#define ROWS_TABLE rows
#include "p11/rows.h"

int main(int argc, char **argv)
{
	static const struct test tests[] = {
		{ "rows", .rows = rows, .count = LENGTH(rows) },
		{ "ones", .run = test_ones },
	};
	static const struct program program = {
		.name = "kdf", .tests = tests, .ntests = LENGTH(tests),
	};

	return harness_main(argc, argv, &program);
}
