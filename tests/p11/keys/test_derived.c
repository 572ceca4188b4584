#include "config.h"

#include <string.h>

#include "p11/object/object.h"

/*
 * C_DeriveKey and C_GenerateKey with derivation functions, beside test_kdf: that nothing is left of
 * a call that fails, where the objects may go, which keys may be used, what is inherited from a
 * key's past, and a few bytes that tell objects apart.
 */

#define DERIVES		A_BOOL(CKA_DERIVE, CK_TRUE)
#define EXTRACTABLE	A_BOOL(CKA_EXTRACTABLE, CK_TRUE)
#define UNEXTRACTABLE	A_BOOL(CKA_EXTRACTABLE, CK_FALSE)
#define SENSITIVE	A_BOOL(CKA_SENSITIVE, CK_TRUE)
#define OPEN		A_BOOL(CKA_SENSITIVE, CK_FALSE)
#define READABLE	EXTRACTABLE, OPEN
#define CLASS(class)	A_ULONG(CKA_CLASS, class)
#define TYPE(type)	A_ULONG(CKA_KEY_TYPE, type)
#define LEN(n)		A_ULONG(CKA_VALUE_LEN, n)
#define VALUE(...)	{ CKA_VALUE, (CK_BYTE[]){ __VA_ARGS__ }, \
			  sizeof((CK_BYTE[]){ __VA_ARGS__ }) }
#define SECRET(type)	CLASS(CKO_SECRET_KEY), TYPE(type)
/* What every key says that is derived. */
#define DERIVED		A_BOOL(CKA_LOCAL, CK_FALSE), \
			A_ULONG(CKA_KEY_GEN_MECHANISM, CK_UNAVAILABLE_INFORMATION)
#define ALLOWED(...)	{ CKA_ALLOWED_MECHANISMS, (CK_MECHANISM_TYPE[]){ __VA_ARGS__ }, \
			  sizeof((CK_MECHANISM_TYPE[]){ __VA_ARGS__ }) }

/* The base key of most rows; the standard's own example for CKM_EXTRACT_KEY_FROM_KEY. */
#define BASE		VALUE(0x32, 0x9f, 0x84, 0xa9)

#define P256		{ CKA_EC_PARAMS, \
			  (CK_BYTE[]){ 6, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 3, 1, 7 }, 10 }
#define P384		{ CKA_EC_PARAMS, (CK_BYTE[]){ 6, 5, 0x2b, 0x81, 4, 0, 0x22 }, 7 }

static CK_BYTE ones[3] = { 0xff, 0xff, 0xff };
static CK_KEY_DERIVATION_STRING_DATA three = { ones, sizeof(ones) };
static CK_EXTRACT_PARAMS bit_21 = 21, bit_32 = 32;
static CK_HKDF_PARAMS hkdf = { .bExtract = CK_TRUE, .bExpand = CK_TRUE,
			       .prfHashMechanism = CKM_SHA256, .ulSaltType = CKF_HKDF_SALT_NULL };
static CK_HKDF_PARAMS no_hkdf = { .prfHashMechanism = CKM_SHA256,
				  .ulSaltType = CKF_HKDF_SALT_NULL };

static const CK_MECHANISM sha256 = { CKM_SHA256_KEY_DERIVATION, NULL, 0 };
static const CK_MECHANISM sha256_with = { CKM_SHA256_KEY_DERIVATION, ones, sizeof(ones) };
static const CK_MECHANISM with_xor = { CKM_XOR_BASE_AND_DATA, &three, sizeof(three) };
static const CK_MECHANISM from_21 = { CKM_EXTRACT_KEY_FROM_KEY, &bit_21, sizeof(bit_21) };
static const CK_MECHANISM from_32 = { CKM_EXTRACT_KEY_FROM_KEY, &bit_32, sizeof(bit_32) };
static const CK_MECHANISM hkdf_key = { CKM_HKDF_DERIVE, &hkdf, sizeof(hkdf) };
static const CK_MECHANISM hkdf_neither = { CKM_HKDF_DERIVE, &no_hkdf, sizeof(no_hkdf) };
static const CK_MECHANISM hkdf_short = { CKM_HKDF_DERIVE, &hkdf, sizeof(hkdf) - 1 };
static const CK_MECHANISM hkdf_null = { CKM_HKDF_DERIVE, NULL, 0 };
static const CK_MECHANISM hkdf_data = { CKM_HKDF_DATA, &hkdf, sizeof(hkdf) };
static const CK_MECHANISM to_public = { CKM_PUB_KEY_FROM_PRIV_KEY, NULL, 0 };
static const CK_MECHANISM to_public_with = { CKM_PUB_KEY_FROM_PRIV_KEY, ones, sizeof(ones) };

/* The object has all of a list. */
static CK_RV has(struct ctx *c, CK_OBJECT_HANDLE o, const CK_ATTRIBUTE *list)
{
	CK_RV rv = CKR_OK;

	for (; rv == CKR_OK && list != NULL && list->type != CK_UNAVAILABLE_INFORMATION; list++)
		rv = attr_is(c->s, o, list);
	return rv;
}

static CK_ULONG count_objects(struct ctx *c)
{
	CK_OBJECT_HANDLE all[16];
	CK_ULONG n = 0;

	return object_find(c->s, NULL, all, LENGTH(all), &n) == CKR_OK ? n : MINUS_ONE;
}

static CK_RV derive(struct ctx *c, const CK_MECHANISM *m, CK_OBJECT_HANDLE base,
		    const CK_ATTRIBUTE *templ, CK_OBJECT_HANDLE *out)
{
	CK_MECHANISM copy = *m;
	CK_ATTRIBUTE t[TMPL_MAX];

	tmpl_join(t, templ, NULL);
	return p11->C_DeriveKey(c->s, &copy, base, t, tmpl_count(t), out);
}

/* --- one object ---------------------------------------------------------- */

struct one_case {
	const char *name;
	const CK_MECHANISM *mechanism;
	enum kind kind;			/* of the base key */
	const CK_ATTRIBUTE *base;
	const CK_ATTRIBUTE *templ;
	CK_RV expected;
	const CK_ATTRIBUTE *result;
};

static CK_RV one_case(struct ctx *c)
{
	const struct one_case *d = c->arg;
	CK_OBJECT_HANDLE base = 0, made = NO_HANDLE;
	CK_ATTRIBUTE t[TMPL_MAX];
	CK_ULONG before;
	CK_RV rv;

	tmpl_join(t, d->base, NULL);
	if (kind_make(c->s, d->kind, t, &base) != CKR_OK)
		return ROW_BROKEN;
	before = count_objects(c);
	rv = derive(c, d->mechanism, base, d->templ, &made);
	if (rv == CKR_OK)
		return has(c, made, d->result);
	return made == NO_HANDLE && count_objects(c) == before ? rv : ROW_WRONG;
}

static const struct one_case one_cases[] = {
	/* digests */
	{ "digest_cut", &sha256, GENERIC, T(DERIVES, VALUE('a', 'b', 'c')), T(READABLE, LEN(4)),
	  CKR_OK, T(SECRET(CKK_GENERIC_SECRET), VALUE(0xba, 0x78, 0x16, 0xbf)) },
	{ "digest_of_aes", &sha256, AES, T(DERIVES), T(SECRET(CKK_AES), LEN(16)), CKR_OK,
	  T(SECRET(CKK_AES), LEN(16), DERIVED) },
	{ "digest_to_hkdf", &sha256, GENERIC, T(DERIVES, BASE), T(TYPE(CKK_HKDF)), CKR_OK,
	  T(SECRET(CKK_HKDF), LEN(32)) },
	{ "digest_label", &sha256, GENERIC, T(DERIVES, BASE),
	  T(A_TEXT(CKA_LABEL, "new"), A_BOOL(CKA_TOKEN, CK_TRUE), A_BOOL(CKA_SIGN, CK_TRUE)),
	  CKR_OK,
	  T(A_TEXT(CKA_LABEL, "new"), A_BOOL(CKA_TOKEN, CK_TRUE), A_BOOL(CKA_SIGN, CK_TRUE)) },
	{ "digest_vast", &sha256, GENERIC, T(DERIVES, BASE), T(LEN(MINUS_ONE)),
	  CKR_ATTRIBUTE_VALUE_INVALID, NULL },
	{ "digest_no_aes_is_17", &sha256, GENERIC, T(DERIVES, BASE), T(TYPE(CKK_AES), LEN(17)),
	  CKR_ATTRIBUTE_VALUE_INVALID, NULL },
	{ "digest_parameter", &sha256_with, GENERIC, T(DERIVES, BASE), NO_MORE,
	  CKR_MECHANISM_PARAM_INVALID, NULL },
	{ "digest_of_private", &sha256, RSA_PRIVATE, T(DERIVES), NO_MORE,
	  CKR_KEY_TYPE_INCONSISTENT, NULL },
	{ "digest_class", &sha256, GENERIC, T(DERIVES, BASE), T(CLASS(CKO_DATA)),
	  CKR_ATTRIBUTE_VALUE_INVALID, NULL },
	{ "digest_value_given", &sha256, GENERIC, T(DERIVES, BASE), T(BASE),
	  CKR_ATTRIBUTE_READ_ONLY, NULL },
	{ "digest_not_allowed", &sha256, GENERIC, T(DERIVES, BASE, ALLOWED(CKM_HKDF_DERIVE)),
	  NO_MORE, CKR_MECHANISM_INVALID, NULL },

	/* combined with data: as secret as the base key */
	{ "xor", &with_xor, GENERIC, T(DERIVES, BASE, READABLE), T(READABLE), CKR_OK,
	  T(SECRET(CKK_GENERIC_SECRET), VALUE(0xcd, 0x60, 0x7b), DERIVED) },
	{ "xor_made_secret", &with_xor, GENERIC, T(DERIVES, BASE, READABLE),
	  T(SENSITIVE, UNEXTRACTABLE), CKR_OK, T(SENSITIVE, UNEXTRACTABLE) },
	{ "xor_too_long", &with_xor, GENERIC, T(DERIVES, BASE), T(LEN(4)), CKR_KEY_SIZE_RANGE,
	  NULL },

	/* pieces */
	{ "piece", &from_21, GENERIC, T(DERIVES, BASE, READABLE), T(READABLE, LEN(2)), CKR_OK,
	  T(SECRET(CKK_GENERIC_SECRET), LEN(2), VALUE(0x95, 0x26), DERIVED) },
	{ "piece_of_secret", &from_21, GENERIC, T(DERIVES, BASE, SENSITIVE, UNEXTRACTABLE),
	  T(READABLE, LEN(2)), CKR_OK, T(SENSITIVE, UNEXTRACTABLE) },
	{ "piece_aes_no_length", &from_21, AES, T(DERIVES), T(TYPE(CKK_AES)),
	  CKR_TEMPLATE_INCOMPLETE, NULL },
	{ "piece_des", &from_21, AES, T(DERIVES), T(TYPE(CKK_DES)), CKR_OK, T(SECRET(CKK_DES)) },
	{ "piece_too_long", &from_21, GENERIC, T(DERIVES, BASE), T(LEN(5)), CKR_KEY_SIZE_RANGE,
	  NULL },
	{ "piece_beyond", &from_32, GENERIC, T(DERIVES, BASE), T(LEN(2)),
	  CKR_MECHANISM_PARAM_INVALID, NULL },

	/* HKDF: keys */
	{ "hkdf", &hkdf_key, GENERIC, T(DERIVES, BASE), NO_MORE, CKR_OK,
	  T(SECRET(CKK_GENERIC_SECRET), LEN(32), DERIVED) },
	{ "hkdf_of_secret", &hkdf_key, GENERIC, T(DERIVES, BASE, SENSITIVE, UNEXTRACTABLE),
	  T(READABLE, LEN(16)), CKR_OK, T(READABLE, A_BOOL(CKA_ALWAYS_SENSITIVE, CK_FALSE)) },
	{ "hkdf_longest", &hkdf_key, GENERIC, T(DERIVES, BASE), T(LEN(255 * 32)), CKR_OK,
	  T(LEN(255 * 32)) },
	{ "hkdf_too_long", &hkdf_key, GENERIC, T(DERIVES, BASE), T(LEN(255 * 32 + 1)),
	  CKR_KEY_SIZE_RANGE, NULL },
	{ "hkdf_of_aes", &hkdf_key, AES, T(DERIVES), NO_MORE, CKR_KEY_TYPE_INCONSISTENT, NULL },
	{ "hkdf_neither", &hkdf_neither, GENERIC, T(DERIVES, BASE), NO_MORE,
	  CKR_MECHANISM_PARAM_INVALID, NULL },
	{ "hkdf_short", &hkdf_short, GENERIC, T(DERIVES, BASE), NO_MORE,
	  CKR_MECHANISM_PARAM_INVALID, NULL },
	{ "hkdf_null", &hkdf_null, GENERIC, T(DERIVES, BASE), NO_MORE,
	  CKR_MECHANISM_PARAM_INVALID, NULL },
	{ "hkdf_private_class", &hkdf_key, GENERIC, T(DERIVES, BASE),
	  T(CLASS(CKO_PRIVATE_KEY), TYPE(CKK_RSA)), CKR_ATTRIBUTE_VALUE_INVALID, NULL },

	/* HKDF: data, which is no key and hence no secret */
	{ "data", &hkdf_data, GENERIC, T(DERIVES, BASE, SENSITIVE, UNEXTRACTABLE), T(LEN(4)),
	  CKR_OK, T(CLASS(CKO_DATA), VALUE(0xe5, 0xc9, 0xed, 0xe5)) },
	{ "data_attributes", &hkdf_data, GENERIC, T(DERIVES, BASE),
	  T(CLASS(CKO_DATA), LEN(4), A_TEXT(CKA_LABEL, "new"), A_TEXT(CKA_APPLICATION, "test"),
	    A_BOOL(CKA_TOKEN, CK_TRUE), A_BOOL(CKA_PRIVATE, CK_FALSE)), CKR_OK,
	  T(A_TEXT(CKA_LABEL, "new"), A_TEXT(CKA_APPLICATION, "test"),
	    A_BOOL(CKA_TOKEN, CK_TRUE), A_BOOL(CKA_PRIVATE, CK_FALSE)) },
	{ "data_too_long", &hkdf_data, GENERIC, T(DERIVES, BASE), T(LEN(255 * 32 + 1)),
	  CKR_KEY_SIZE_RANGE, NULL },
	{ "data_length_0", &hkdf_data, GENERIC, T(DERIVES, BASE), T(LEN(0)),
	  CKR_ATTRIBUTE_VALUE_INVALID, NULL },
	{ "data_not_permitted", &hkdf_data, GENERIC, T(A_BOOL(CKA_DERIVE, CK_FALSE), BASE),
	  T(LEN(4)), CKR_KEY_FUNCTION_NOT_PERMITTED, NULL },

	/* public keys */
	{ "public_parameter", &to_public_with, RSA_PRIVATE, T(DERIVES), NO_MORE,
	  CKR_MECHANISM_PARAM_INVALID, NULL },
	{ "public_of_public", &to_public, EC_PUBLIC, T(DERIVES), NO_MORE,
	  CKR_KEY_TYPE_INCONSISTENT, NULL },
	{ "public_not_permitted", &to_public, RSA_PRIVATE, T(A_BOOL(CKA_DERIVE, CK_FALSE)),
	  NO_MORE, CKR_KEY_FUNCTION_NOT_PERMITTED, NULL },
	{ "public_is_private", &to_public, RSA_PRIVATE, T(DERIVES), T(CLASS(CKO_PRIVATE_KEY)),
	  CKR_TEMPLATE_INCONSISTENT, NULL },
	{ "public_other_type", &to_public, RSA_PRIVATE, T(DERIVES), T(TYPE(CKK_EC)),
	  CKR_TEMPLATE_INCONSISTENT, NULL },
	{ "public_other_curve", &to_public, EC_PRIVATE, T(DERIVES), T(P384),
	  CKR_TEMPLATE_INCONSISTENT, NULL },
	{ "public_same_curve", &to_public, EC_PRIVATE, T(DERIVES), T(P256), CKR_OK, T(P256) },
	{ "public_attributes", &to_public, RSA_PRIVATE, T(DERIVES),
	  T(CLASS(CKO_PUBLIC_KEY), TYPE(CKK_RSA), A_TEXT(CKA_LABEL, "new"),
	    A_BOOL(CKA_VERIFY, CK_TRUE), A_BOOL(CKA_ENCRYPT, CK_FALSE)), CKR_OK,
	  T(CLASS(CKO_PUBLIC_KEY), TYPE(CKK_RSA), A_TEXT(CKA_LABEL, "new"),
	    A_BOOL(CKA_VERIFY, CK_TRUE), A_BOOL(CKA_ENCRYPT, CK_FALSE), DERIVED) },
};

static void test_one(void)
{
	for (size_t i = 0; i < LENGTH(one_cases); i++)
		row_runf(RW_USER, one_case, &one_cases[i], one_cases[i].expected, "derive_%s",
			 one_cases[i].name);
}

/* --- where it may go ----------------------------------------------------- */

/* A base key that all may use. */
static CK_RV to_place(struct ctx *c, const CK_MECHANISM *m, const CK_ATTRIBUTE *templ)
{
	CK_OBJECT_HANDLE base = 0, made = 0;

	if (kind_make(c->s, GENERIC, T(DERIVES, BASE, A_BOOL(CKA_PRIVATE, CK_FALSE)), &base) !=
	    CKR_OK)
		return ROW_BROKEN;
	return derive(c, m, base, templ, &made);
}

#define ON_TOKEN	A_BOOL(CKA_TOKEN, CK_TRUE)
#define FOR_ALL		A_BOOL(CKA_PRIVATE, CK_FALSE)
#define FOR_USER	A_BOOL(CKA_PRIVATE, CK_TRUE)

/* --- public keys of private ones ----------------------------------------- */

/* All that the public half has, out of a private half that tells nothing. */
static CK_RV public_case(struct ctx *c)
{
	const enum kind *pub = c->arg;
	CK_OBJECT_HANDLE base = 0, made = 0;
	CK_RV rv = kind_make(c->s, *pub + 1, T(DERIVES, SENSITIVE, UNEXTRACTABLE), &base);

	if (rv != CKR_OK)
		return ROW_BROKEN;
	rv = derive(c, &to_public, base, NO_MORE, &made);
	if (rv == CKR_OK)
		rv = has(c, made, kind_templates[*pub]);
	if (rv == CKR_OK)
		rv = attr_is(c->s, made, &kind_infos[*pub]);
	return rv == CKR_OK ? has(c, made, T(DERIVED)) : rv;
}

static void test_public(void)
{
	static const enum kind kinds[] = { RSA_PUBLIC, EC_PUBLIC, ED_PUBLIC, DSA_PUBLIC, DH_PUBLIC,
					   X25519_PUBLIC };

	for (size_t i = 0; i < LENGTH(kinds); i++)
		row_runf(RW_USER, public_case, &kinds[i], CKR_OK, "public_of_%s",
			 kind_names[kinds[i] + 1]);
}

/* --- a salt that is a key ------------------------------------------------ */

struct salt_case {
	const char *name;
	enum kind kind;			/* of the salt */
	const CK_ATTRIBUTE *salt;
	CK_RV expected;
	const CK_ATTRIBUTE *result;
};

static CK_RV derive_salted(struct ctx *c, CK_OBJECT_HANDLE salt, CK_OBJECT_HANDLE *out)
{
	CK_HKDF_PARAMS p = hkdf;
	const CK_MECHANISM m = { CKM_HKDF_DERIVE, &p, sizeof(p) };
	CK_OBJECT_HANDLE base = 0;

	p.ulSaltType = CKF_HKDF_SALT_KEY;
	p.hSaltKey = salt;
	if (kind_make(c->s, GENERIC, T(DERIVES, BASE, READABLE), &base) != CKR_OK)
		return ROW_BROKEN;
	return derive(c, &m, base, T(READABLE, LEN(16)), out);
}

static CK_RV salt_case(struct ctx *c)
{
	const struct salt_case *d = c->arg;
	CK_OBJECT_HANDLE salt = 0, made = 0;
	CK_ATTRIBUTE t[TMPL_MAX];
	CK_RV rv;

	tmpl_join(t, d->salt, NULL);
	if (kind_make(c->s, d->kind, t, &salt) != CKR_OK)
		return ROW_BROKEN;
	rv = derive_salted(c, salt, &made);
	return rv == CKR_OK ? has(c, made, d->result) : rv;
}

static const struct salt_case salt_cases[] = {
	{ "key", GENERIC, T(DERIVES, READABLE), CKR_OK, T(READABLE, LEN(16)) },
	{ "not_permitted", GENERIC, T(A_BOOL(CKA_DERIVE, CK_FALSE)),
	  CKR_KEY_FUNCTION_NOT_PERMITTED, NULL },
	{ "private", RSA_PRIVATE, T(DERIVES), CKR_KEY_TYPE_INCONSISTENT, NULL },
	{ "data", DATA, NULL, CKR_KEY_HANDLE_INVALID, NULL },
};

static CK_RV salt_bad_handle(struct ctx *c)
{
	CK_OBJECT_HANDLE made = 0;

	return derive_salted(c, NO_HANDLE, &made);
}

static void test_salt(void)
{
	for (size_t i = 0; i < LENGTH(salt_cases); i++)
		row_runf(RW_USER, salt_case, &salt_cases[i], salt_cases[i].expected, "salt_%s",
			 salt_cases[i].name);
}

/* --- several keys at once ------------------------------------------------ */

struct several_case {
	const char *name;
	const CK_ATTRIBUTE *first, *second;
	CK_RV expected;
};

/* The two keys of a call of CKM_SP800_108_COUNTER_KDF. */
static CK_RV derive_two(struct ctx *c, const CK_ATTRIBUTE *first, const CK_ATTRIBUTE *second,
			CK_ULONG more, CK_OBJECT_HANDLE out[2])
{
	CK_SP800_108_COUNTER_FORMAT counter = { CK_FALSE, 32 };
	CK_PRF_DATA_PARAM data[] = {
		{ CK_SP800_108_ITERATION_VARIABLE, &counter, sizeof(counter) },
		{ CK_SP800_108_BYTE_ARRAY, ones, sizeof(ones) },
	};
	CK_ATTRIBUTE t[TMPL_MAX];
	CK_DERIVED_KEY key = { t, 0, &out[1] };
	CK_SP800_108_KDF_PARAMS p = { CKM_SHA256_HMAC, LENGTH(data), data, more, &key };
	const CK_MECHANISM m = { CKM_SP800_108_COUNTER_KDF, &p, sizeof(p) };
	CK_OBJECT_HANDLE base = 0;

	tmpl_join(t, second, NULL);
	key.ulAttributeCount = tmpl_count(t);
	if (kind_make(c->s, GENERIC, T(DERIVES, BASE), &base) != CKR_OK)
		return ROW_BROKEN;
	return derive(c, &m, base, first, &out[0]);
}

/* Both or none, and no handle unless both. */
static CK_RV several_case(struct ctx *c)
{
	const struct several_case *d = c->arg;
	CK_OBJECT_HANDLE out[2] = { NO_HANDLE, NO_HANDLE };
	CK_ULONG before = count_objects(c), now;
	CK_RV rv = derive_two(c, d->first, d->second, 1, out);

	if (rv == ROW_BROKEN)
		return rv;
	now = count_objects(c);
	if (rv != CKR_OK)
		return want(out[0] == NO_HANDLE && out[1] == NO_HANDLE && now == before + 1) ==
			CKR_OK ? rv : ROW_WRONG;
	if (out[0] == out[1] || now != before + 3)
		return ROW_WRONG;
	rv = has(c, out[0], d->first);
	return rv == CKR_OK ? has(c, out[1], d->second) : rv;
}

static const struct several_case several_cases[] = {
	{ "two", T(SECRET(CKK_AES), LEN(16), READABLE),
	  T(SECRET(CKK_GENERIC_SECRET), LEN(5), SENSITIVE), CKR_OK },
	{ "two_on_token", T(SECRET(CKK_AES), LEN(16), ON_TOKEN),
	  T(SECRET(CKK_DES3), ON_TOKEN, A_TEXT(CKA_LABEL, "second")), CKR_OK },
	{ "one_on_token", T(SECRET(CKK_AES), LEN(16), ON_TOKEN), T(SECRET(CKK_AES), LEN(16)),
	  CKR_TEMPLATE_INCONSISTENT },
	{ "first_no_length", T(SECRET(CKK_AES)), T(SECRET(CKK_AES), LEN(16)),
	  CKR_TEMPLATE_INCOMPLETE },
	{ "second_no_length", T(SECRET(CKK_AES), LEN(16)), T(SECRET(CKK_AES)),
	  CKR_TEMPLATE_INCOMPLETE },
	{ "second_bad_length", T(SECRET(CKK_AES), LEN(16)), T(SECRET(CKK_AES), LEN(15)),
	  CKR_ATTRIBUTE_VALUE_INVALID },
	{ "second_vast", T(SECRET(CKK_AES), LEN(16)),
	  T(SECRET(CKK_GENERIC_SECRET), LEN(MINUS_ONE)), CKR_ATTRIBUTE_VALUE_INVALID },
	{ "second_private", T(SECRET(CKK_AES), LEN(16)), T(CLASS(CKO_PRIVATE_KEY), TYPE(CKK_EC)),
	  CKR_ATTRIBUTE_VALUE_INVALID },
	{ "second_unknown", T(SECRET(CKK_AES), LEN(16)),
	  T(SECRET(CKK_AES), LEN(16), A_BOOL(CKA_MODULUS, CK_TRUE)), CKR_ATTRIBUTE_TYPE_INVALID },
	{ "second_value", T(SECRET(CKK_AES), LEN(16)),
	  T(SECRET(CKK_GENERIC_SECRET), LEN(4), BASE), CKR_ATTRIBUTE_READ_ONLY },
};

static CK_RV several_too_many(struct ctx *c)
{
	CK_OBJECT_HANDLE out[2] = { 0, 0 };

	return derive_two(c, T(SECRET(CKK_AES), LEN(16)), T(SECRET(CKK_AES), LEN(16)), MINUS_ONE,
			  out);
}

static void test_several(void)
{
	for (size_t i = 0; i < LENGTH(several_cases); i++)
		row_runf(RW_USER, several_case, &several_cases[i], several_cases[i].expected,
			 "several_%s", several_cases[i].name);
}

/* --- C_GenerateKey ------------------------------------------------------- */

static CK_BYTE password[8] = { 'p', 'a', 's', 's', 'w', 'o', 'r', 'd' };
static CK_BYTE salt[4] = { 's', 'a', 'l', 't' };
static CK_PKCS5_PBKD2_PARAMS2 pbkdf2 = {
	CKZ_SALT_SPECIFIED, salt, sizeof(salt), 2, CKP_PKCS5_PBKD2_HMAC_SHA1, NULL, 0, password,
	sizeof(password)
};
static CK_PKCS5_PBKD2_PARAMS2 pbkdf2_never = {
	CKZ_SALT_SPECIFIED, salt, sizeof(salt), 0, CKP_PKCS5_PBKD2_HMAC_SHA1, NULL, 0, password,
	sizeof(password)
};

static const CK_MECHANISM by_password = { CKM_PKCS5_PBKD2, &pbkdf2, sizeof(pbkdf2) };
static const CK_MECHANISM no_iterations = { CKM_PKCS5_PBKD2, &pbkdf2_never, sizeof(pbkdf2_never) };
static const CK_MECHANISM no_password = { CKM_PKCS5_PBKD2, NULL, 0 };
static const CK_MECHANISM hkdf_random = { CKM_HKDF_KEY_GEN, NULL, 0 };
static const CK_MECHANISM hkdf_random_with = { CKM_HKDF_KEY_GEN, salt, sizeof(salt) };

struct generate_case {
	const char *name;
	const CK_MECHANISM *mechanism;
	const CK_ATTRIBUTE *templ;
	CK_RV expected;
	const CK_ATTRIBUTE *result;
};

static CK_RV generate_case(struct ctx *c)
{
	const struct generate_case *d = c->arg;
	CK_MECHANISM m = *d->mechanism;
	CK_OBJECT_HANDLE made = NO_HANDLE;
	CK_ATTRIBUTE t[TMPL_MAX];
	CK_RV rv;

	tmpl_join(t, d->templ, NULL);
	rv = p11->C_GenerateKey(c->s, &m, t, tmpl_count(t), &made);
	if (rv == CKR_OK)
		return has(c, made, d->result);
	return made == NO_HANDLE || reference ? rv : ROW_WRONG;
}

#define MADE_BY(ckm)	A_BOOL(CKA_LOCAL, CK_TRUE), A_ULONG(CKA_KEY_GEN_MECHANISM, ckm)

static const struct generate_case generate_cases[] = {
	{ "password", &by_password, T(TYPE(CKK_GENERIC_SECRET), LEN(4), READABLE), CKR_OK,
	  T(SECRET(CKK_GENERIC_SECRET), VALUE(0xea, 0x6c, 1, 0x4d), MADE_BY(CKM_PKCS5_PBKD2)) },
	{ "password_aes", &by_password, T(SECRET(CKK_AES), LEN(32), SENSITIVE, UNEXTRACTABLE),
	  CKR_OK,
	  T(SECRET(CKK_AES), LEN(32), SENSITIVE, A_BOOL(CKA_ALWAYS_SENSITIVE, CK_TRUE),
	    A_BOOL(CKA_NEVER_EXTRACTABLE, CK_TRUE)) },
	{ "password_des3", &by_password, T(SECRET(CKK_DES3)), CKR_OK, T(SECRET(CKK_DES3)) },
	{ "password_no_type", &by_password, T(CLASS(CKO_SECRET_KEY), LEN(16)),
	  CKR_TEMPLATE_INCOMPLETE, NULL },
	{ "password_no_length", &by_password, T(SECRET(CKK_AES)), CKR_TEMPLATE_INCOMPLETE, NULL },
	{ "password_bad_length", &by_password, T(SECRET(CKK_AES), LEN(15)),
	  CKR_ATTRIBUTE_VALUE_INVALID, NULL },
	{ "password_vast", &by_password, T(SECRET(CKK_GENERIC_SECRET), LEN(MINUS_ONE)),
	  CKR_ATTRIBUTE_VALUE_INVALID, NULL },
	{ "password_private", &by_password, T(CLASS(CKO_PRIVATE_KEY), TYPE(CKK_RSA)),
	  CKR_ATTRIBUTE_VALUE_INVALID, NULL },
	{ "password_type_rsa", &by_password, T(TYPE(CKK_RSA), LEN(16)),
	  CKR_ATTRIBUTE_VALUE_INVALID, NULL },
	{ "password_value", &by_password, T(TYPE(CKK_AES), LEN(16), BASE),
	  CKR_ATTRIBUTE_READ_ONLY, NULL },
	{ "no_password", &no_password, T(SECRET(CKK_AES), LEN(16)), CKR_MECHANISM_PARAM_INVALID,
	  NULL },
	{ "no_iterations", &no_iterations, T(SECRET(CKK_AES), LEN(16)),
	  CKR_MECHANISM_PARAM_INVALID, NULL },
	{ "hkdf", &hkdf_random, T(LEN(48), DERIVES), CKR_OK,
	  T(SECRET(CKK_HKDF), LEN(48), DERIVES, MADE_BY(CKM_HKDF_KEY_GEN)) },
	{ "hkdf_no_length", &hkdf_random, T(DERIVES), CKR_TEMPLATE_INCOMPLETE, NULL },
	{ "hkdf_other_type", &hkdf_random, T(TYPE(CKK_AES), LEN(16)), CKR_TEMPLATE_INCONSISTENT,
	  NULL },
	{ "hkdf_parameter", &hkdf_random_with, T(LEN(48)), CKR_MECHANISM_PARAM_INVALID, NULL },
};

static void test_generate(void)
{
	for (size_t i = 0; i < LENGTH(generate_cases); i++)
		row_runf(RW_USER, generate_case, &generate_cases[i], generate_cases[i].expected,
			 "generate_%s", generate_cases[i].name);
}

/* What is derived from a generated key was always secret if it is, and has that key's past. */
static CK_RV past(struct ctx *c, const CK_MECHANISM *m, const CK_ATTRIBUTE *result)
{
	CK_MECHANISM gen = { CKM_GENERIC_SECRET_KEY_GEN, NULL, 0 };
	CK_ATTRIBUTE t[] = { LEN(16), DERIVES, SENSITIVE, UNEXTRACTABLE };
	CK_OBJECT_HANDLE base = 0, made = 0;
	CK_RV rv;

	if (p11->C_GenerateKey(c->s, &gen, t, LENGTH(t), &base) != CKR_OK)
		return ROW_BROKEN;
	rv = derive(c, m, base, T(SENSITIVE, UNEXTRACTABLE, LEN(3)), &made);
	return rv == CKR_OK ? has(c, made, result) : rv;
}

#define SECRET_PAST	T(A_BOOL(CKA_ALWAYS_SENSITIVE, CK_TRUE), \
			  A_BOOL(CKA_NEVER_EXTRACTABLE, CK_TRUE))

/* --- program ------------------------------------------------------------- */

#define ROWS_FILE "keys/derived.def"
#define ROWS_TABLE rows
#include "p11/rows.h"

int main(int argc, char **argv)
{
	static const struct test tests[] = {
		{ "rows", .rows = rows, .count = LENGTH(rows) },
		{ "derive", .run = test_one },
		{ "public", .run = test_public },
		{ "salt", .run = test_salt },
		{ "several", .run = test_several },
		{ "generate", .run = test_generate },
	};
	static const struct program program = {
		.name = "derived", .tests = tests, .ntests = LENGTH(tests),
	};

	return harness_main(argc, argv, &program);
}
