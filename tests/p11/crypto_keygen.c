#include "config.h"

#include "crypto.h"

#include <string.h>

/* --- key pairs ---------------------------------------------------------- */

static CK_BYTE p256[] = { 6, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 3, 1, 7 };
static CK_BYTE p384[] = { 6, 5, 0x2b, 0x81, 4, 0, 0x22 };
static CK_BYTE p521[] = { 6, 5, 0x2b, 0x81, 4, 0, 0x23 };
static CK_BYTE ed25519[] = { 6, 3, 0x2b, 0x65, 0x70 };
static CK_BYTE ed448[] = { 6, 3, 0x2b, 0x65, 0x71 };
static CK_BYTE ed25519_name[] = "\x13\x0c" "edwards25519";
static CK_BYTE ed448_name[] = "\x13\x0a" "edwards448";
static CK_BYTE no_curve[] = { 6, 3, 0x2a, 3, 4 };

static const struct pair_case {
	const char *name;
	CK_MECHANISM_TYPE mechanism;
	CK_KEY_TYPE type;
	CK_ATTRIBUTE attribute;		/* of the public template */
	CK_ULONG bytes;			/* of CKA_MODULUS or CKA_EC_POINT */
} pairs[] = {
	{ "RSA", CKM_RSA_PKCS_KEY_PAIR_GEN, CKK_RSA, A_ULONG(CKA_MODULUS_BITS, 2048), 256 },
	{ "P-256", CKM_EC_KEY_PAIR_GEN, CKK_EC, A_BYTES(CKA_EC_PARAMS, p256), 67 },
	{ "P-384", CKM_EC_KEY_PAIR_GEN, CKK_EC, A_BYTES(CKA_EC_PARAMS, p384), 99 },
	{ "P-521", CKM_EC_KEY_PAIR_GEN, CKK_EC, A_BYTES(CKA_EC_PARAMS, p521), 136 },
	{ "ED25519", CKM_EC_EDWARDS_KEY_PAIR_GEN, CKK_EC_EDWARDS, A_BYTES(CKA_EC_PARAMS, ed25519),
	  34 },
	{ "ED448", CKM_EC_EDWARDS_KEY_PAIR_GEN, CKK_EC_EDWARDS, A_BYTES(CKA_EC_PARAMS, ed448), 59 },
};

static CK_RV pair_make(CK_SESSION_HANDLE s, const struct pair_case *p,
		       const CK_ATTRIBUTE *more_public, const CK_ATTRIBUTE *more_private,
		       CK_OBJECT_HANDLE *public, CK_OBJECT_HANDLE *private)
{
	const CK_ATTRIBUTE base[] = { p->attribute, A_END };
	CK_ATTRIBUTE a[TMPL_MAX], b[TMPL_MAX];
	CK_MECHANISM m = { p->mechanism, NULL, 0 };

	tmpl_join(a, base, more_public);
	tmpl_join(b, more_private, NULL);
	return p11->C_GenerateKeyPair(s, &m, a, tmpl_count(a), b, tmpl_count(b), public, private);
}

static CK_RV make_token_pair(struct ctx *c)
{
	const struct pair_case *p = c->arg;
	const CK_ATTRIBUTE more[] = {
		A_BOOL(CKA_TOKEN, CK_TRUE), { CKA_LABEL, text(p->name), strlen(p->name) }, A_END,
	};
	CK_OBJECT_HANDLE public = 0, private = 0;

	return pair_make(c->s, p, more, more, &public, &private);
}

void test_keys_make(void)
{
	for (size_t i = 0; i < LENGTH(pairs); i++)
		row_runf(RW_USER, make_token_pair, &pairs[i], CKR_OK, "make_token_pair_%s",
			 pairs[i].name);
}

/* What the module adds to the templates. */
static CK_RV pair_attributes(struct ctx *c)
{
	const struct pair_case *p = c->arg;
	const CK_ATTRIBUTE common[] = {
		A_ULONG(CKA_KEY_TYPE, p->type), A_ULONG(CKA_KEY_GEN_MECHANISM, p->mechanism),
		A_BOOL(CKA_LOCAL, CK_TRUE), A_BOOL(CKA_TOKEN, CK_FALSE), A_TEXT(CKA_ID, "id"),
		A_END,
	};
	const CK_ATTRIBUTE *id = T(A_TEXT(CKA_ID, "id"));
	CK_ATTRIBUTE size = { p->type == CKK_RSA ? CKA_MODULUS : CKA_EC_POINT, NULL, 0 };
	CK_ULONG class = 0;
	CK_OBJECT_HANDLE o[2] = { 0 };
	CK_RV rv = pair_make(c->s, p, id, id, &o[0], &o[1]);

	for (int i = 0; i < 2; i++) {
		for (const CK_ATTRIBUTE *a = common;
		     rv == CKR_OK && a->type != CK_UNAVAILABLE_INFORMATION; a++)
			rv = attr_is(c->s, o[i], a);
		if (rv == CKR_OK)
			rv = attr_ulong(c->s, o[i], CKA_CLASS, &class);
		if (rv == CKR_OK)
			rv = want(class == (i ? CKO_PRIVATE_KEY : CKO_PUBLIC_KEY));
	}
	if (rv == CKR_OK)
		rv = attr_is(c->s, o[0], &p->attribute);
	if (rv == CKR_OK)
		rv = p11->C_GetAttributeValue(c->s, o[0], &size, 1);
	return rv == CKR_OK ? want(size.ulValueLen == p->bytes) : rv;
}

/* Both halves are valid keys and belong together, as libcrypto sees them. */
static CK_RV pair_belongs_together(struct ctx *c)
{
	const struct scheme schemes[] = {
		[CKK_RSA] = { PAD_PKCS1, "SHA256", true, NULL, 0, NULL },
		[CKK_EC] = { PAD_ECDSA, "SHA256", true, NULL, 0, NULL },
	};
	static const struct scheme edwards = { PAD_EDDSA, NULL, false, NULL, 0, NULL };
	const struct pair_case *p = c->arg;
	const struct scheme *how = p->type == CKK_EC_EDWARDS ? &edwards : &schemes[p->type];
	CK_BYTE signature[512];
	size_t len = sizeof(signature);
	CK_OBJECT_HANDLE o[2] = { 0 };
	EVP_PKEY *public = NULL, *private = NULL;
	CK_RV rv = pair_make(c->s, p, NULL, T(A_BOOL(CKA_SENSITIVE, CK_FALSE),
					      A_BOOL(CKA_EXTRACTABLE, CK_TRUE)), &o[0], &o[1]);

	if (rv == CKR_OK) {
		public = peer_export(c->s, o[0]);
		private = peer_export(c->s, o[1]);
		rv = want(public && private &&
			  peer_sign(private, how, message(), 100, signature, &len) &&
			  peer_verify(public, how, message(), 100, signature, len));
	}
	EVP_PKEY_free(public);
	EVP_PKEY_free(private);
	return rv;
}

static CK_RV pairs_differ(struct ctx *c)
{
	const struct pair_case *p = c->arg;
	CK_ATTRIBUTE_TYPE type = p->type == CKK_RSA ? CKA_MODULUS : CKA_EC_POINT;
	CK_BYTE value[2][256];
	CK_ULONG len[2] = { sizeof(value[0]), sizeof(value[1]) };
	CK_OBJECT_HANDLE o = 0, private = 0;
	CK_RV rv = CKR_OK;

	for (int i = 0; rv == CKR_OK && i < 2; i++) {
		rv = pair_make(c->s, p, NULL, NULL, &o, &private);
		if (rv == CKR_OK)
			rv = attr_bytes(c->s, o, type, value[i], &len[i]);
	}
	return rv == CKR_OK
		? want(len[0] == len[1] && memcmp(value[0], value[1], len[0]) != 0) : rv;
}

struct secrecy {
	const struct pair_case *pair;	/* NULL: an AES key */
	CK_BBOOL sensitive, extractable;
};

/* ALWAYS_SENSITIVE and NEVER_EXTRACTABLE are what the key began with. */
static CK_RV secrecy_is_recorded(struct ctx *c)
{
	const struct secrecy *v = c->arg;
	CK_MECHANISM m = { CKM_AES_KEY_GEN, NULL, 0 };
	CK_ATTRIBUTE t[] = {
		A_BOOL(CKA_SENSITIVE, v->sensitive), A_BOOL(CKA_EXTRACTABLE, v->extractable),
		A_ULONG(CKA_VALUE_LEN, 16), A_END,
	};
	const CK_ATTRIBUTE expected[] = {
		t[0], t[1], A_BOOL(CKA_ALWAYS_SENSITIVE, v->sensitive),
		A_BOOL(CKA_NEVER_EXTRACTABLE, !v->extractable), A_END,
	};
	CK_OBJECT_HANDLE public = 0, o = 0;
	CK_RV rv = CKR_OK;

	if (v->pair) {
		t[2] = t[3];
		rv = pair_make(c->s, v->pair, NULL, t, &public, &o);
	} else {
		rv = p11->C_GenerateKey(c->s, &m, t, 3, &o);
	}
	for (const CK_ATTRIBUTE *a = expected;
	     rv == CKR_OK && a->type != CK_UNAVAILABLE_INFORMATION; a++)
		rv = attr_is(c->s, o, a);
	return rv;
}

/* The record stays when the key is hidden later. */
static CK_RV secrecy_stays_recorded(struct ctx *c)
{
	const CK_ATTRIBUTE expected[] = {
		A_BOOL(CKA_ALWAYS_SENSITIVE, CK_FALSE), A_BOOL(CKA_NEVER_EXTRACTABLE, CK_FALSE),
	};
	CK_MECHANISM m = { CKM_AES_KEY_GEN, NULL, 0 };
	CK_ATTRIBUTE t[] = {
		A_BOOL(CKA_SENSITIVE, CK_FALSE), A_BOOL(CKA_EXTRACTABLE, CK_TRUE),
		A_ULONG(CKA_VALUE_LEN, 16),
	};
	CK_ATTRIBUTE hide[] = { A_BOOL(CKA_SENSITIVE, CK_TRUE), A_BOOL(CKA_EXTRACTABLE, CK_FALSE) };
	CK_OBJECT_HANDLE o = 0;
	CK_RV rv = p11->C_GenerateKey(c->s, &m, t, LENGTH(t), &o);

	if (rv == CKR_OK)
		rv = p11->C_SetAttributeValue(c->s, o, hide, LENGTH(hide));
	for (size_t i = 0; rv == CKR_OK && i < LENGTH(expected); i++)
		rv = attr_is(c->s, o, &expected[i]);
	return rv;
}

/* --- sizes and exponents ------------------------------------------------ */

/* The private template also asks for a token object, of which nothing may remain. */
struct pair_error {
	const char *name;
	CK_MECHANISM_TYPE mechanism;
	CK_RV expected, or;		/* either will do */
	CK_ATTRIBUTE public[3], private[3];
};

static const struct pair_error pair_errors[] = {
	{ "rsa_without_bits", CKM_RSA_PKCS_KEY_PAIR_GEN, CKR_TEMPLATE_INCOMPLETE, 0, { A_END },
	  { A_END } },
	{ "rsa_bits_0", CKM_RSA_PKCS_KEY_PAIR_GEN, CKR_ATTRIBUTE_VALUE_INVALID,
	  CKR_TEMPLATE_INCOMPLETE, { A_ULONG(CKA_MODULUS_BITS, 0), A_END }, { A_END } },
	{ "rsa_bits_256", CKM_RSA_PKCS_KEY_PAIR_GEN, CKR_ATTRIBUTE_VALUE_INVALID,
	  CKR_KEY_SIZE_RANGE,
	  { A_ULONG(CKA_MODULUS_BITS, 256), A_END }, { A_END } },
	{ "rsa_bits_20000", CKM_RSA_PKCS_KEY_PAIR_GEN, CKR_ATTRIBUTE_VALUE_INVALID,
	  CKR_KEY_SIZE_RANGE, { A_ULONG(CKA_MODULUS_BITS, 20000), A_END }, { A_END } },
	{ "rsa_bits_minus_one", CKM_RSA_PKCS_KEY_PAIR_GEN, CKR_ATTRIBUTE_VALUE_INVALID,
	  CKR_KEY_SIZE_RANGE, { A_ULONG(CKA_MODULUS_BITS, (CK_ULONG)-1), A_END }, { A_END } },
	{ "rsa_exponent_even", CKM_RSA_PKCS_KEY_PAIR_GEN, CKR_ATTRIBUTE_VALUE_INVALID, 0,
	  { A_ULONG(CKA_MODULUS_BITS, 1024), A_TEXT(CKA_PUBLIC_EXPONENT, "\x04"), A_END },
	  { A_END } },
	{ "rsa_exponent_1", CKM_RSA_PKCS_KEY_PAIR_GEN, CKR_ATTRIBUTE_VALUE_INVALID, 0,
	  { A_ULONG(CKA_MODULUS_BITS, 1024), A_TEXT(CKA_PUBLIC_EXPONENT, "\x01"), A_END },
	  { A_END } },
	{ "rsa_modulus_given", CKM_RSA_PKCS_KEY_PAIR_GEN, CKR_ATTRIBUTE_READ_ONLY, 0,
	  { A_ULONG(CKA_MODULUS_BITS, 1024), A_TEXT(CKA_MODULUS, "x"), A_END }, { A_END } },
	{ "rsa_private_exponent_given", CKM_RSA_PKCS_KEY_PAIR_GEN, CKR_ATTRIBUTE_READ_ONLY, 0,
	  { A_ULONG(CKA_MODULUS_BITS, 1024), A_END },
	  { A_TEXT(CKA_PRIVATE_EXPONENT, "x"), A_END } },
	{ "rsa_local_given", CKM_RSA_PKCS_KEY_PAIR_GEN, CKR_ATTRIBUTE_READ_ONLY, 0,
	  { A_ULONG(CKA_MODULUS_BITS, 1024), A_END }, { A_BOOL(CKA_LOCAL, CK_TRUE), A_END } },
	{ "rsa_unknown_attribute", CKM_RSA_PKCS_KEY_PAIR_GEN, CKR_ATTRIBUTE_TYPE_INVALID, 0,
	  { A_ULONG(CKA_MODULUS_BITS, 1024), A_END }, { A_TEXT(CKA_APPLICATION, "x"), A_END } },
	{ "rsa_type_contradicts", CKM_RSA_PKCS_KEY_PAIR_GEN, CKR_TEMPLATE_INCONSISTENT, 0,
	  { A_ULONG(CKA_MODULUS_BITS, 1024), A_ULONG(CKA_KEY_TYPE, CKK_EC), A_END }, { A_END } },
	{ "rsa_class_contradicts", CKM_RSA_PKCS_KEY_PAIR_GEN, CKR_TEMPLATE_INCONSISTENT,
	  CKR_ATTRIBUTE_VALUE_INVALID,
	  { A_ULONG(CKA_MODULUS_BITS, 1024), A_END },
	  { A_ULONG(CKA_CLASS, CKO_PUBLIC_KEY), A_END } },
	{ "ec_without_params", CKM_EC_KEY_PAIR_GEN, CKR_TEMPLATE_INCOMPLETE, 0, { A_END },
	  { A_END } },
	{ "ec_params_empty", CKM_EC_KEY_PAIR_GEN, CKR_ATTRIBUTE_VALUE_INVALID,
	  CKR_TEMPLATE_INCOMPLETE, { { CKA_EC_PARAMS, p256, 0 }, A_END }, { A_END } },
	{ "ec_params_junk", CKM_EC_KEY_PAIR_GEN, CKR_DOMAIN_PARAMS_INVALID,
	  CKR_ATTRIBUTE_VALUE_INVALID,
	  { A_TEXT(CKA_EC_PARAMS, "junk"), A_END }, { A_END } },
	{ "ec_params_unknown_curve", CKM_EC_KEY_PAIR_GEN, CKR_CURVE_NOT_SUPPORTED,
	  CKR_DOMAIN_PARAMS_INVALID, { A_BYTES(CKA_EC_PARAMS, no_curve), A_END }, { A_END } },
	{ "ec_params_cut", CKM_EC_KEY_PAIR_GEN, CKR_DOMAIN_PARAMS_INVALID,
	  CKR_ATTRIBUTE_VALUE_INVALID,
	  { { CKA_EC_PARAMS, p256, 9 }, A_END }, { A_END } },
	{ "ec_params_in_private", CKM_EC_KEY_PAIR_GEN, CKR_ATTRIBUTE_READ_ONLY, 0,
	  { A_BYTES(CKA_EC_PARAMS, p256), A_END }, { A_BYTES(CKA_EC_PARAMS, p256), A_END } },
	{ "ec_point_given", CKM_EC_KEY_PAIR_GEN, CKR_ATTRIBUTE_READ_ONLY, 0,
	  { A_BYTES(CKA_EC_PARAMS, p256), A_TEXT(CKA_EC_POINT, "x"), A_END }, { A_END } },
	{ "edwards_without_params", CKM_EC_EDWARDS_KEY_PAIR_GEN, CKR_TEMPLATE_INCOMPLETE, 0,
	  { A_END }, { A_END } },
	{ "edwards_of_p256", CKM_EC_EDWARDS_KEY_PAIR_GEN, CKR_CURVE_NOT_SUPPORTED,
	  CKR_DOMAIN_PARAMS_INVALID, { A_BYTES(CKA_EC_PARAMS, p256), A_END }, { A_END } },
	{ "not_a_pair", CKM_AES_KEY_GEN, CKR_MECHANISM_INVALID, 0, { A_END }, { A_END } },
	{ "not_a_generation", CKM_RSA_PKCS, CKR_MECHANISM_INVALID, 0, { A_END }, { A_END } },
	{ "unknown_mechanism", CKM_VENDOR_DEFINED, CKR_MECHANISM_INVALID, 0, { A_END }, { A_END } },
};

static CK_RV objects_count(CK_SESSION_HANDLE s, CK_ULONG *out)
{
	CK_OBJECT_HANDLE o[128];

	return object_find(s, NULL, o, LENGTH(o), out);
}

CK_RV either(CK_RV rv, CK_RV first, CK_RV second)
{
	return rv == second ? first : rv;
}

/* Both handles are 0 afterwards, and no half is left. */
static CK_RV pair_error(struct ctx *c)
{
	const struct pair_error *e = c->arg;
	CK_ATTRIBUTE public[TMPL_MAX], private[TMPL_MAX];
	CK_MECHANISM m = { e->mechanism, NULL, 0 };
	CK_OBJECT_HANDLE o[2] = { NO_HANDLE, NO_HANDLE };
	CK_ULONG before = 0, after = 0;
	CK_RV rv = objects_count(c->s, &before), answer = CKR_OK;

	tmpl_join(public, e->public, NULL);
	tmpl_join(private, e->private, NULL);
	answer = p11->C_GenerateKeyPair(c->s, &m, public, tmpl_count(public), private,
					tmpl_count(private), &o[0], &o[1]);
	if (e->or)
		answer = either(answer, e->expected, e->or);
	if (rv == CKR_OK)
		rv = objects_count(c->s, &after);
	return rv == CKR_OK && answer != e->expected ? answer :
	       rv == CKR_OK && before != after ? ROW_WRONG :
	       rv == CKR_OK ? answer : rv;
}

static CK_RV rsa_exponent_is(struct ctx *c, const CK_ATTRIBUTE *given, const CK_ATTRIBUTE *expected)
{
	CK_OBJECT_HANDLE o[2] = { 0 };
	CK_ATTRIBUTE more[] = { A_ULONG(CKA_MODULUS_BITS, 1024), A_END, A_END };
	CK_RV rv = CKR_OK;

	if (given)
		more[1] = *given;
	rv = pair_make(c->s, &pairs[0], more, NULL, &o[0], &o[1]);
	if (rv == CKR_OK)
		rv = attr_is(c->s, o[0], expected);
	return rv == CKR_OK ? attr_is(c->s, o[1], expected) : rv;
}

static CK_RV rsa_exponent_default(struct ctx *c)
{
	const CK_ATTRIBUTE e = A_TEXT(CKA_PUBLIC_EXPONENT, "\x01\x00\x01");

	return rsa_exponent_is(c, NULL, &e);
}

static CK_RV rsa_exponent_3(struct ctx *c)
{
	const CK_ATTRIBUTE e = A_TEXT(CKA_PUBLIC_EXPONENT, "\x03");

	return rsa_exponent_is(c, &e, &e);
}

/* Names of curves in place of object identifiers, as older clients write them. */
static CK_RV edwards_by_name(struct ctx *c)
{
	static const struct pair_case named[] = {
		{ "edwards25519", CKM_EC_EDWARDS_KEY_PAIR_GEN, CKK_EC_EDWARDS,
		  { CKA_EC_PARAMS, ed25519_name, sizeof(ed25519_name) - 1 }, 34 },
		{ "edwards448", CKM_EC_EDWARDS_KEY_PAIR_GEN, CKK_EC_EDWARDS,
		  { CKA_EC_PARAMS, ed448_name, sizeof(ed448_name) - 1 }, 59 },
	};
	CK_RV rv = CKR_OK;

	for (size_t i = 0; rv == CKR_OK && i < LENGTH(named); i++) {
		c->arg = &named[i];
		rv = pair_belongs_together(c);
	}
	return rv;
}

/* --- secret keys -------------------------------------------------------- */

static const struct secret_case {
	const char *name;
	CK_MECHANISM_TYPE mechanism;
	CK_RV expected, or;
	CK_ATTRIBUTE t[4];
} secret_cases[] = {
	{ "aes_16", CKM_AES_KEY_GEN, CKR_OK, 0, { A_ULONG(CKA_VALUE_LEN, 16), A_END } },
	{ "aes_24", CKM_AES_KEY_GEN, CKR_OK, 0, { A_ULONG(CKA_VALUE_LEN, 24), A_END } },
	{ "aes_32", CKM_AES_KEY_GEN, CKR_OK, 0, { A_ULONG(CKA_VALUE_LEN, 32), A_END } },
	{ "aes_20", CKM_AES_KEY_GEN, CKR_ATTRIBUTE_VALUE_INVALID, CKR_KEY_SIZE_RANGE,
	  { A_ULONG(CKA_VALUE_LEN, 20), A_END } },
	{ "aes_0", CKM_AES_KEY_GEN, CKR_ATTRIBUTE_VALUE_INVALID, CKR_TEMPLATE_INCOMPLETE,
	  { A_ULONG(CKA_VALUE_LEN, 0), A_END } },
	{ "aes_minus_one", CKM_AES_KEY_GEN, CKR_ATTRIBUTE_VALUE_INVALID, CKR_KEY_SIZE_RANGE,
	  { A_ULONG(CKA_VALUE_LEN, (CK_ULONG)-1), A_END } },
	{ "aes_without_length", CKM_AES_KEY_GEN, CKR_TEMPLATE_INCOMPLETE, 0, { A_END } },
	{ "aes_value_given", CKM_AES_KEY_GEN, CKR_ATTRIBUTE_READ_ONLY, 0,
	  { A_ULONG(CKA_VALUE_LEN, 16), A_TEXT(CKA_VALUE, "0123456789abcdef"), A_END } },
	{ "aes_local_given", CKM_AES_KEY_GEN, CKR_ATTRIBUTE_READ_ONLY, 0,
	  { A_ULONG(CKA_VALUE_LEN, 16), A_BOOL(CKA_LOCAL, CK_TRUE), A_END } },
	{ "aes_class_and_type", CKM_AES_KEY_GEN, CKR_OK, 0,
	  { A_ULONG(CKA_VALUE_LEN, 16), A_ULONG(CKA_CLASS, CKO_SECRET_KEY),
	    A_ULONG(CKA_KEY_TYPE, CKK_AES), A_END } },
	{ "aes_type_contradicts", CKM_AES_KEY_GEN, CKR_TEMPLATE_INCONSISTENT, 0,
	  { A_ULONG(CKA_VALUE_LEN, 16), A_ULONG(CKA_KEY_TYPE, CKK_DES3), A_END } },
	{ "aes_class_data", CKM_AES_KEY_GEN, CKR_ATTRIBUTE_VALUE_INVALID, CKR_TEMPLATE_INCONSISTENT,
	  { A_ULONG(CKA_VALUE_LEN, 16), A_ULONG(CKA_CLASS, CKO_DATA), A_END } },
	{ "aes_unknown_attribute", CKM_AES_KEY_GEN, CKR_ATTRIBUTE_TYPE_INVALID, 0,
	  { A_ULONG(CKA_VALUE_LEN, 16), A_TEXT(CKA_MODULUS, "x"), A_END } },
	{ "aes_check_value_empty", CKM_AES_KEY_GEN, CKR_OK, 0,
	  { A_ULONG(CKA_VALUE_LEN, 16), { CKA_CHECK_VALUE, p256, 0 }, A_END } },
	{ "aes_check_value_given", CKM_AES_KEY_GEN, CKR_ATTRIBUTE_VALUE_INVALID, 0,
	  { A_ULONG(CKA_VALUE_LEN, 16), A_TEXT(CKA_CHECK_VALUE, "abc"), A_END } },
	{ "generic_1", CKM_GENERIC_SECRET_KEY_GEN, CKR_OK, 0,
	  { A_ULONG(CKA_VALUE_LEN, 1), A_END } },
	{ "generic_20", CKM_GENERIC_SECRET_KEY_GEN, CKR_OK, 0,
	  { A_ULONG(CKA_VALUE_LEN, 20), A_END } },
	{ "generic_1000", CKM_GENERIC_SECRET_KEY_GEN, CKR_OK, 0,
	  { A_ULONG(CKA_VALUE_LEN, 1000), A_END } },
	{ "generic_0", CKM_GENERIC_SECRET_KEY_GEN, CKR_ATTRIBUTE_VALUE_INVALID,
	  CKR_TEMPLATE_INCOMPLETE, { A_ULONG(CKA_VALUE_LEN, 0), A_END } },
	{ "generic_minus_one", CKM_GENERIC_SECRET_KEY_GEN, CKR_ATTRIBUTE_VALUE_INVALID, 0,
	  { A_ULONG(CKA_VALUE_LEN, (CK_ULONG)-1), A_END } },
	{ "generic_without_length", CKM_GENERIC_SECRET_KEY_GEN, CKR_TEMPLATE_INCOMPLETE, 0,
	  { A_END } },
	{ "des3_length", CKM_DES3_KEY_GEN, CKR_ATTRIBUTE_READ_ONLY, CKR_ATTRIBUTE_TYPE_INVALID,
	  { A_ULONG(CKA_VALUE_LEN, 24), A_END } },
	{ "sha_1_hmac", CKM_SHA_1_KEY_GEN, CKR_OK, 0,
	  { A_ULONG(CKA_VALUE_LEN, 20), A_ULONG(CKA_KEY_TYPE, CKK_SHA_1_HMAC), A_END } },
	{ "sha224_hmac", CKM_SHA224_KEY_GEN, CKR_OK, 0,
	  { A_ULONG(CKA_VALUE_LEN, 28), A_ULONG(CKA_KEY_TYPE, CKK_SHA224_HMAC), A_END } },
	{ "sha256_hmac", CKM_SHA256_KEY_GEN, CKR_OK, 0,
	  { A_ULONG(CKA_VALUE_LEN, 32), A_ULONG(CKA_KEY_TYPE, CKK_SHA256_HMAC), A_END } },
	{ "sha384_hmac", CKM_SHA384_KEY_GEN, CKR_OK, 0,
	  { A_ULONG(CKA_VALUE_LEN, 48), A_ULONG(CKA_KEY_TYPE, CKK_SHA384_HMAC), A_END } },
	{ "sha512_hmac", CKM_SHA512_KEY_GEN, CKR_OK, 0,
	  { A_ULONG(CKA_VALUE_LEN, 64), A_ULONG(CKA_KEY_TYPE, CKK_SHA512_HMAC), A_END } },
	{ "sha512_224_hmac", CKM_SHA512_224_KEY_GEN, CKR_OK, 0,
	  { A_ULONG(CKA_VALUE_LEN, 28), A_ULONG(CKA_KEY_TYPE, CKK_SHA512_224_HMAC), A_END } },
	{ "sha512_256_hmac", CKM_SHA512_256_KEY_GEN, CKR_OK, 0,
	  { A_ULONG(CKA_VALUE_LEN, 32), A_ULONG(CKA_KEY_TYPE, CKK_SHA512_256_HMAC), A_END } },
	{ "sha3_224_hmac", CKM_SHA3_224_KEY_GEN, CKR_OK, 0,
	  { A_ULONG(CKA_VALUE_LEN, 28), A_ULONG(CKA_KEY_TYPE, CKK_SHA3_224_HMAC), A_END } },
	{ "sha3_256_hmac", CKM_SHA3_256_KEY_GEN, CKR_OK, 0,
	  { A_ULONG(CKA_VALUE_LEN, 32), A_ULONG(CKA_KEY_TYPE, CKK_SHA3_256_HMAC), A_END } },
	{ "sha3_384_hmac", CKM_SHA3_384_KEY_GEN, CKR_OK, 0,
	  { A_ULONG(CKA_VALUE_LEN, 48), A_ULONG(CKA_KEY_TYPE, CKK_SHA3_384_HMAC), A_END } },
	{ "sha3_512_hmac", CKM_SHA3_512_KEY_GEN, CKR_OK, 0,
	  { A_ULONG(CKA_VALUE_LEN, 64), A_ULONG(CKA_KEY_TYPE, CKK_SHA3_512_HMAC), A_END } },
	{ "sha256_hmac_short", CKM_SHA256_KEY_GEN, CKR_ATTRIBUTE_VALUE_INVALID, CKR_KEY_SIZE_RANGE,
	  { A_ULONG(CKA_VALUE_LEN, 31), A_END } },
	{ "sha256_hmac_without_length", CKM_SHA256_KEY_GEN, CKR_TEMPLATE_INCOMPLETE, 0,
	  { A_END } },
	{ "xts_32", CKM_AES_XTS_KEY_GEN, CKR_OK, 0,
	  { A_ULONG(CKA_VALUE_LEN, 32), A_ULONG(CKA_KEY_TYPE, CKK_AES_XTS), A_END } },
	{ "xts_64", CKM_AES_XTS_KEY_GEN, CKR_OK, 0, { A_ULONG(CKA_VALUE_LEN, 64), A_END } },
	{ "xts_48", CKM_AES_XTS_KEY_GEN, CKR_ATTRIBUTE_VALUE_INVALID, CKR_KEY_SIZE_RANGE,
	  { A_ULONG(CKA_VALUE_LEN, 48), A_END } },
	{ "chacha20", CKM_CHACHA20_KEY_GEN, CKR_OK, 0,
	  { A_ULONG(CKA_VALUE_LEN, 32), A_ULONG(CKA_KEY_TYPE, CKK_CHACHA20), A_END } },
	{ "chacha20_16", CKM_CHACHA20_KEY_GEN, CKR_ATTRIBUTE_VALUE_INVALID, CKR_KEY_SIZE_RANGE,
	  { A_ULONG(CKA_VALUE_LEN, 16), A_END } },
	{ "poly1305", CKM_POLY1305_KEY_GEN, CKR_OK, 0,
	  { A_ULONG(CKA_VALUE_LEN, 32), A_ULONG(CKA_KEY_TYPE, CKK_POLY1305), A_END } },
	{ "pair_mechanism", CKM_RSA_PKCS_KEY_PAIR_GEN, CKR_MECHANISM_INVALID, 0, { A_END } },
	{ "cipher_mechanism", CKM_AES_CBC, CKR_MECHANISM_INVALID, 0, { A_END } },
	{ "unknown_mechanism", CKM_VENDOR_DEFINED, CKR_MECHANISM_INVALID, 0, { A_END } },
};

static CK_RV secret_generate(struct ctx *c)
{
	const struct secret_case *g = c->arg;
	const CK_ATTRIBUTE open = A_BOOL(CKA_EXTRACTABLE, CK_TRUE);
	const CK_ATTRIBUTE expected[] = {
		A_ULONG(CKA_KEY_GEN_MECHANISM, g->mechanism), A_BOOL(CKA_LOCAL, CK_TRUE),
		A_ULONG(CKA_CLASS, CKO_SECRET_KEY), g->t[0],
	};
	CK_ATTRIBUTE t[TMPL_MAX];
	CK_BYTE value[1024];
	CK_ULONG len = sizeof(value);
	CK_MECHANISM m = { g->mechanism, NULL, 0 };
	CK_OBJECT_HANDLE o = 0;
	CK_RV rv = CKR_OK;

	tmpl_join(t, g->t, (const CK_ATTRIBUTE[]){ open, A_END });
	rv = p11->C_GenerateKey(c->s, &m, t, tmpl_count(t), &o);
	if (rv != CKR_OK)
		return g->or ? either(rv, g->expected, g->or) : rv;
	for (size_t i = 0; rv == CKR_OK && i < LENGTH(expected); i++)
		rv = attr_is(c->s, o, &expected[i]);
	if (rv == CKR_OK)
		rv = attr_bytes(c->s, o, CKA_VALUE, value, &len);
	return rv == CKR_OK ? want(len == *(CK_ULONG *)g->t[0].pValue) : rv;
}

/* DES keys, whose length is not to be chosen: each byte has an odd number of ones. */
static const struct des_case {
	const char *name;
	CK_MECHANISM_TYPE mechanism;
	CK_KEY_TYPE type;
	CK_ULONG len;
} des_cases[] = {
	{ "des", CKM_DES_KEY_GEN, CKK_DES, 8 },
	{ "des2", CKM_DES2_KEY_GEN, CKK_DES2, 16 },
	{ "des3", CKM_DES3_KEY_GEN, CKK_DES3, 24 },
};

static CK_RV des_generate(struct ctx *c)
{
	const struct des_case *d = c->arg;
	CK_ATTRIBUTE type = A_ULONG(CKA_KEY_TYPE, d->type);
	CK_ATTRIBUTE open = A_BOOL(CKA_EXTRACTABLE, CK_TRUE);
	CK_MECHANISM m = { d->mechanism, NULL, 0 };
	CK_BYTE value[32];
	CK_ULONG len = sizeof(value), even = 0;
	CK_OBJECT_HANDLE o = 0;
	CK_RV rv = p11->C_GenerateKey(c->s, &m, &open, 1, &o);

	if (rv == CKR_OK)
		rv = attr_is(c->s, o, &type);
	if (rv == CKR_OK)
		rv = attr_bytes(c->s, o, CKA_VALUE, value, &len);
	for (CK_ULONG i = 0; rv == CKR_OK && i < len; i++)
		even += __builtin_popcount(value[i]) % 2 == 0;
	return rv == CKR_OK ? want(len == d->len && even == 0) : rv;
}

static CK_RV secrets_differ(struct ctx *c)
{
	CK_MECHANISM m = { CKM_AES_KEY_GEN, NULL, 0 };
	CK_ATTRIBUTE t[] = { A_ULONG(CKA_VALUE_LEN, 32), A_BOOL(CKA_EXTRACTABLE, CK_TRUE) };
	CK_BYTE value[2][32];
	CK_ULONG len = 32;
	CK_OBJECT_HANDLE o = 0;
	CK_RV rv = CKR_OK;

	for (int i = 0; rv == CKR_OK && i < 2; i++) {
		rv = p11->C_GenerateKey(c->s, &m, t, LENGTH(t), &o);
		if (rv == CKR_OK)
			rv = attr_bytes(c->s, o, CKA_VALUE, value[i], &len);
	}
	return rv == CKR_OK ? want(memcmp(value[0], value[1], 32) != 0) : rv;
}

static CK_RV too_many_attributes(struct ctx *c)
{
	const CK_ATTRIBUTE label = A_TEXT(CKA_LABEL, "x");
	CK_MECHANISM m = { CKM_AES_KEY_GEN, NULL, 0 };
	CK_ATTRIBUTE t[40] = { A_ULONG(CKA_VALUE_LEN, 16) };
	CK_OBJECT_HANDLE o = 0;

	for (size_t i = 1; i < LENGTH(t); i++)
		t[i] = label;
	return p11->C_GenerateKey(c->s, &m, t, LENGTH(t), &o);
}

void test_keygen(void)
{
	static const struct call pair_calls[] = {
		{ "pair_attributes", pair_attributes, CKR_OK },
		{ "pair_matches", pair_belongs_together, CKR_OK },
		{ "pairs_differ", pairs_differ, CKR_OK },
	};

	for (size_t i = 0; i < LENGTH(pairs); i++)
		rows_run(RW_USER, pair_calls, LENGTH(pair_calls), &pairs[i], pairs[i].name);
	for (unsigned flags = 0; flags < 8; flags++) {
		struct secrecy v = { flags & 4 ? &pairs[1] : NULL, (CK_BBOOL)(flags & 1),
				     (CK_BBOOL)(flags >> 1 & 1) };

		row_runf(RW_USER, secrecy_is_recorded, &v, CKR_OK,
			 "secrecy_%s_sensitive_%d_extractable_%d", v.pair ? "pair" : "aes",
			 v.sensitive, v.extractable);
	}
	row_runf(RW_USER, secrecy_stays_recorded, NULL, CKR_OK, "secrecy_stays_recorded");
	for (size_t i = 0; i < LENGTH(pair_errors); i++)
		row_runf(RW_USER, pair_error, &pair_errors[i], pair_errors[i].expected,
			 "pair_error_%s", pair_errors[i].name);
	row_runf(RW_USER, rsa_exponent_default, NULL, CKR_OK, "rsa_exponent_default");
	row_runf(RW_USER, rsa_exponent_3, NULL, CKR_OK, "rsa_exponent_3");
	row_runf(RW_USER, edwards_by_name, NULL, CKR_OK, "edwards_by_name");
	for (size_t i = 0; i < LENGTH(des_cases); i++)
		row_runf(RW_USER, des_generate, &des_cases[i], CKR_OK,
			 "generate_%s", des_cases[i].name);
	for (size_t i = 0; i < LENGTH(secret_cases); i++)
		row_runf(RW_USER, secret_generate, &secret_cases[i], secret_cases[i].expected,
			 "generate_%s", secret_cases[i].name);
	row_runf(RW_USER, secrets_differ, NULL, CKR_OK, "generate_differ");
	row_runf(RW_USER, too_many_attributes, NULL, CKR_TEMPLATE_INCONSISTENT,
		 "generate_40_attributes");
}
