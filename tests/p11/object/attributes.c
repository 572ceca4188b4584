#include "config.h"

#include <stdio.h>

#include "p11/object/object.h"

/* --- defaults ----------------------------------------------------------- */

static const CK_ATTRIBUTE all_defaults[] = {
	A_BOOL(CKA_TOKEN, CK_FALSE),
	A_BOOL(CKA_MODIFIABLE, CK_TRUE),
	A_BOOL(CKA_COPYABLE, CK_TRUE),
	A_BOOL(CKA_DESTROYABLE, CK_TRUE),
	NO_BYTES(CKA_LABEL),
	A_END,
};

static const CK_ATTRIBUTE data_defaults[] = {
	A_BOOL(CKA_PRIVATE, CK_TRUE),
	NO_BYTES(CKA_APPLICATION),
	NO_BYTES(CKA_OBJECT_ID),
	NO_BYTES(CKA_VALUE),
	A_END,
};

static const CK_ATTRIBUTE certificate_defaults[] = {
	A_BOOL(CKA_PRIVATE, CK_FALSE),
	A_BOOL(CKA_TRUSTED, CK_FALSE),
	A_ULONG(CKA_CERTIFICATE_CATEGORY, 0),
	NO_BYTES(CKA_START_DATE),
	NO_BYTES(CKA_END_DATE),
	NO_BYTES(CKA_PUBLIC_KEY_INFO),
	NO_BYTES(CKA_ID),
	NO_BYTES(CKA_ISSUER),
	NO_BYTES(CKA_SERIAL_NUMBER),
	NO_BYTES(CKA_URL),
	A_END,
};

static const CK_ATTRIBUTE pgp_defaults[] = {
	/* of SHA-1 of the value */
	{ CKA_CHECK_VALUE, (CK_BYTE[]){ 0x3f, 0x72, 0xc7 }, 3 },
	A_END,
};

static const CK_ATTRIBUTE x509_defaults[] = {
	{ CKA_CHECK_VALUE, (CK_BYTE[]){ 0xb7, 0xdd, 0x8b }, 3 },
	A_ULONG(CKA_JAVA_MIDP_SECURITY_DOMAIN, 0),
	A_ULONG(CKA_NAME_HASH_ALGORITHM, CKM_SHA_1),
	NO_BYTES(CKA_HASH_OF_SUBJECT_PUBLIC_KEY),
	NO_BYTES(CKA_HASH_OF_ISSUER_PUBLIC_KEY),
	A_END,
};

static const CK_ATTRIBUTE key_defaults[] = {
	A_BOOL(CKA_DERIVE, CK_FALSE),
	A_BOOL(CKA_LOCAL, CK_FALSE),
	A_ULONG(CKA_KEY_GEN_MECHANISM, CK_UNAVAILABLE_INFORMATION),
	NO_BYTES(CKA_ID),
	NO_BYTES(CKA_START_DATE),
	NO_BYTES(CKA_END_DATE),
	NO_BYTES(CKA_ALLOWED_MECHANISMS),
	A_END,
};

static const CK_ATTRIBUTE public_defaults[] = {
	A_BOOL(CKA_PRIVATE, CK_FALSE),
	A_BOOL(CKA_ENCRYPT, CK_TRUE),
	A_BOOL(CKA_VERIFY, CK_TRUE),
	A_BOOL(CKA_VERIFY_RECOVER, CK_TRUE),
	A_BOOL(CKA_WRAP, CK_TRUE),
	A_BOOL(CKA_TRUSTED, CK_FALSE),
	NO_BYTES(CKA_WRAP_TEMPLATE),
	NO_BYTES(CKA_SUBJECT),
	A_END,
};

/* Of private and secret keys. */
static const CK_ATTRIBUTE secret_defaults[] = {
	A_BOOL(CKA_PRIVATE, CK_TRUE),
	A_BOOL(CKA_SENSITIVE, CK_FALSE),
	A_BOOL(CKA_EXTRACTABLE, CK_FALSE),
	A_BOOL(CKA_ALWAYS_SENSITIVE, CK_FALSE),
	A_BOOL(CKA_NEVER_EXTRACTABLE, CK_FALSE),
	A_BOOL(CKA_DECRYPT, CK_TRUE),
	A_BOOL(CKA_SIGN, CK_TRUE),
	A_BOOL(CKA_UNWRAP, CK_TRUE),
	A_BOOL(CKA_WRAP_WITH_TRUSTED, CK_FALSE),
	NO_BYTES(CKA_UNWRAP_TEMPLATE),
	A_END,
};

static const CK_ATTRIBUTE private_defaults[] = {
	A_BOOL(CKA_SIGN_RECOVER, CK_TRUE),
	A_BOOL(CKA_ALWAYS_AUTHENTICATE, CK_FALSE),
	NO_BYTES(CKA_SUBJECT),
	A_END,
};

static const CK_ATTRIBUTE symmetric_defaults[] = {
	A_BOOL(CKA_ENCRYPT, CK_TRUE),
	A_BOOL(CKA_VERIFY, CK_TRUE),
	A_BOOL(CKA_WRAP, CK_TRUE),
	A_BOOL(CKA_TRUSTED, CK_FALSE),
	NO_BYTES(CKA_WRAP_TEMPLATE),
	A_END,
};

static const CK_ATTRIBUTE rsa_public_defaults[] = { A_ULONG(CKA_MODULUS_BITS, 1024), A_END };

static const CK_ATTRIBUTE aes_defaults[] = {
	A_ULONG(CKA_VALUE_LEN, 16),
	/* of a block of zeros, encrypted */
	{ CKA_CHECK_VALUE, (CK_BYTE[]){ 0xc6, 0xa1, 0x3b }, 3 },
	A_END,
};

static const CK_ATTRIBUTE generic_defaults[] = {
	A_ULONG(CKA_VALUE_LEN, 20),
	/* of SHA-1 of the value */
	{ CKA_CHECK_VALUE, (CK_BYTE[]){ 0x52, 0x10, 0x35 }, 3 },
	A_END,
};

static const CK_ATTRIBUTE des3_defaults[] = {
	{ CKA_CHECK_VALUE, (CK_BYTE[]){ 0x4e, 0xba, 0x73 }, 3 },
	A_END,
};

static const CK_ATTRIBUTE hmac_defaults[] = {
	A_ULONG(CKA_VALUE_LEN, 32),
	{ CKA_CHECK_VALUE, (CK_BYTE[]){ 0xb1, 0x77, 0x5a }, 3 },
	A_END,
};

static const CK_ATTRIBUTE dh_private_defaults[] = { A_ULONG(CKA_VALUE_BITS, 159), A_END };

static const CK_ATTRIBUTE domain_defaults[] = {
	A_BOOL(CKA_PRIVATE, CK_TRUE),
	A_BOOL(CKA_LOCAL, CK_FALSE),
	A_ULONG(CKA_PRIME_BITS, 1024),
	A_END,
};

static const struct {
	unsigned kinds;
	const CK_ATTRIBUTE *values;
} defaults[] = {
	{ ~0u, all_defaults },
	{ IS(DATA), data_defaults },
	{ CERTIFICATES, certificate_defaults },
	{ IS(CERTIFICATE), x509_defaults },
	{ IS(PGP_CERTIFICATE), pgp_defaults },
	{ KEYS, key_defaults },
	{ PUBLIC_KEYS, public_defaults },
	{ PRIVATE_KEYS | SECRET_KEYS, secret_defaults },
	{ PRIVATE_KEYS, private_defaults },
	{ SECRET_KEYS, symmetric_defaults },
	{ IS(RSA_PUBLIC), rsa_public_defaults },
	{ IS(AES), aes_defaults },
	{ IS(GENERIC), generic_defaults },
	{ IS(DES3), des3_defaults },
	{ IS(HMAC), hmac_defaults },
	{ IS(DH_PRIVATE), dh_private_defaults },
	{ DOMAINS, domain_defaults },
};

struct default_case {
	enum kind kind;
	const CK_ATTRIBUTE *value;
};

static CK_RV default_is(struct ctx *c)
{
	const struct default_case *d = c->arg;
	CK_OBJECT_HANDLE o = 0;
	CK_RV rv = kind_make(c->s, d->kind, NULL, &o);

	return rv == CKR_OK ? attr_is(c->s, o, d->value) : rv;
}

/* What is in the template comes back, but for values that are hidden. */
static CK_RV template_comes_back(struct ctx *c)
{
	const enum kind *kind = c->arg;
	CK_OBJECT_HANDLE o = 0;
	CK_RV rv = kind_make(c->s, *kind, T(A_BOOL(CKA_EXTRACTABLE, CK_TRUE)), &o);

	if (rv == CKR_ATTRIBUTE_TYPE_INVALID)
		rv = kind_make(c->s, *kind, NULL, &o);
	for (const CK_ATTRIBUTE *a = kind_templates[*kind];
	     rv == CKR_OK && a->type != CK_UNAVAILABLE_INFORMATION; a++)
		rv = attr_is(c->s, o, a);
	return rv;
}

void test_defaults(void)
{
	for (enum kind kind = DATA; kind < KINDS; kind++) {
		row_runf(RW_USER, template_comes_back, &kind, CKR_OK, "comes_back_%s",
			 kind_names[kind]);
		for (size_t i = 0; i < LENGTH(defaults); i++)
			for (const CK_ATTRIBUTE *a = defaults[i].values;
			     (defaults[i].kinds & IS(kind)) &&
			     a->type != CK_UNAVAILABLE_INFORMATION;
			     a++) {
				struct default_case d = { kind, a };

				row_runf(RW_USER, default_is, &d, CKR_OK, "default_%s_%lx",
					 kind_names[kind], a->type);
			}
	}
}

/* --- each attribute given with its default ------------------------------ */

/* Who may give it beside C_CreateObject. What is not listed is read-only in an object. */
static const struct {
	CK_ATTRIBUTE_TYPE type;
	unsigned kinds;
	bool create, copy, set;
} givers[] = {
	{ CKA_LABEL, ~0u, true, true, true },
	{ CKA_COPYABLE, ~0u, true, true, true },
	{ CKA_TOKEN, ~0u, true, true, false },
	{ CKA_PRIVATE, ~0u, true, true, false },
	{ CKA_MODIFIABLE, ~0u, true, true, false },
	{ CKA_DESTROYABLE, ~0u, true, true, false },
	{ CKA_ID, ~0u, true, true, true },
	{ CKA_ISSUER, CERTIFICATES, true, true, true },
	{ CKA_SERIAL_NUMBER, CERTIFICATES, true, true, true },
	{ CKA_SUBJECT, KEYS, true, true, true },
	{ CKA_START_DATE, KEYS, true, true, true },
	{ CKA_END_DATE, KEYS, true, true, true },
	{ CKA_DERIVE, KEYS, true, true, true },
	{ CKA_ENCRYPT, KEYS, true, true, true },
	{ CKA_DECRYPT, KEYS, true, true, true },
	{ CKA_SIGN, KEYS, true, true, true },
	{ CKA_SIGN_RECOVER, KEYS, true, true, true },
	{ CKA_VERIFY, KEYS, true, true, true },
	{ CKA_VERIFY_RECOVER, KEYS, true, true, true },
	{ CKA_WRAP, KEYS, true, true, true },
	{ CKA_UNWRAP, KEYS, true, true, true },
	{ CKA_SENSITIVE, KEYS, true, true, true },
	{ CKA_EXTRACTABLE, KEYS, true, true, true },
	{ CKA_WRAP_WITH_TRUSTED, KEYS, true, true, true },
	{ CKA_CHECK_VALUE, SECRET_KEYS, true, true, true },
	{ CKA_LOCAL, ~0u, false, false, false },
	{ CKA_KEY_GEN_MECHANISM, ~0u, false, false, false },
	{ CKA_ALWAYS_SENSITIVE, ~0u, false, false, false },
	{ CKA_NEVER_EXTRACTABLE, ~0u, false, false, false },
	{ CKA_MODULUS_BITS, ~0u, false, false, false },
	{ CKA_PRIME_BITS, ~0u, false, false, false },
	{ CKA_VALUE_LEN, ~0u, false, false, false },
	{ CKA_VALUE_BITS, ~0u, false, false, false },
};

static CK_RV create_given(struct ctx *c)
{
	const struct default_case *d = c->arg;
	const CK_ATTRIBUTE more[] = { *d->value, A_END };
	CK_OBJECT_HANDLE o = 0;
	CK_RV rv = kind_make(c->s, d->kind, more, &o);

	return rv == CKR_OK ? attr_is(c->s, o, d->value) : rv;
}

static CK_RV set_given(struct ctx *c)
{
	const struct default_case *d = c->arg;
	CK_ATTRIBUTE t = *d->value;
	CK_OBJECT_HANDLE o = 0;
	CK_RV rv = kind_make(c->s, d->kind, NULL, &o);

	if (rv == CKR_OK)
		rv = p11->C_SetAttributeValue(c->s, o, &t, 1);
	return rv == CKR_OK ? attr_is(c->s, o, d->value) : rv;
}

static CK_RV copy_given(struct ctx *c)
{
	const struct default_case *d = c->arg;
	CK_ATTRIBUTE t = *d->value;
	CK_OBJECT_HANDLE o = 0;
	CK_RV rv = kind_make(c->s, d->kind, NULL, &o);

	if (rv == CKR_OK)
		rv = p11->C_CopyObject(c->s, o, &t, 1, &o);
	return rv == CKR_OK ? attr_is(c->s, o, d->value) : rv;
}

static void run_given(enum kind kind, const CK_ATTRIBUTE *a)
{
	const struct default_case d = { kind, a };
	struct call calls[] = {
		{ "create_given", create_given, CKR_OK },
		{ "set_given", set_given, CKR_ATTRIBUTE_READ_ONLY },
		{ "copy_given", copy_given, CKR_ATTRIBUTE_READ_ONLY },
	};
	char item[64];

	for (size_t i = 0; i < LENGTH(givers); i++)
		if (givers[i].type == a->type && (givers[i].kinds & IS(kind))) {
			calls[0].expected = givers[i].create ? CKR_OK : CKR_ATTRIBUTE_READ_ONLY;
			calls[1].expected = givers[i].set ? CKR_OK : CKR_ATTRIBUTE_READ_ONLY;
			calls[2].expected = givers[i].copy ? CKR_OK : CKR_ATTRIBUTE_READ_ONLY;
		}
	snprintf(item, sizeof(item), "%s_%lx", kind_names[kind], a->type);
	rows_run(RW_USER, calls, LENGTH(calls), &d, item);
}

void test_given(void)
{
	for (enum kind kind = DATA; kind < KINDS; kind++)
		for (size_t i = 0; i < LENGTH(defaults); i++)
			for (const CK_ATTRIBUTE *a = defaults[i].values;
			     (defaults[i].kinds & IS(kind)) &&
			     a->type != CK_UNAVAILABLE_INFORMATION;
			     a++)
				/* an empty list of mechanisms cannot be given */
				if (a->type != CKA_ALLOWED_MECHANISMS)
					run_given(kind, a);
}

/* --- required attributes ------------------------------------------------ */

static const struct {
	enum kind kind;
	CK_ATTRIBUTE_TYPE types[5];
} required[] = {
	{ CERTIFICATE, { CKA_SUBJECT, CKA_VALUE } },
	{ RSA_PUBLIC, { CKA_MODULUS, CKA_PUBLIC_EXPONENT } },
	{ RSA_PRIVATE, { CKA_MODULUS, CKA_PRIVATE_EXPONENT } },
	{ EC_PUBLIC, { CKA_EC_PARAMS, CKA_EC_POINT } },
	{ EC_PRIVATE, { CKA_EC_PARAMS, CKA_VALUE } },
	{ ED_PUBLIC, { CKA_EC_PARAMS, CKA_EC_POINT } },
	{ ED_PRIVATE, { CKA_EC_PARAMS, CKA_VALUE } },
	{ AES, { CKA_VALUE } },
	{ GENERIC, { CKA_VALUE } },
	{ PGP_CERTIFICATE, { CKA_SUBJECT, CKA_VALUE } },
	{ DES3, { CKA_VALUE } },
	{ HMAC, { CKA_VALUE } },
	{ DSA_PUBLIC, { CKA_PRIME, CKA_SUBPRIME, CKA_BASE, CKA_VALUE } },
	{ DSA_PRIVATE, { CKA_PRIME, CKA_SUBPRIME, CKA_BASE, CKA_VALUE } },
	{ DH_PUBLIC, { CKA_PRIME, CKA_BASE, CKA_VALUE } },
	{ DH_PRIVATE, { CKA_PRIME, CKA_BASE, CKA_VALUE } },
	{ DSA_DOMAIN, { CKA_PRIME, CKA_SUBPRIME, CKA_BASE } },
	{ DH_DOMAIN, { CKA_PRIME, CKA_BASE } },
	{ X25519_PUBLIC, { CKA_EC_PARAMS, CKA_EC_POINT } },
	{ X25519_PRIVATE, { CKA_EC_PARAMS, CKA_VALUE } },
};

struct required_case {
	enum kind kind;
	CK_ATTRIBUTE_TYPE without;
};

static CK_RV create_without(struct ctx *c)
{
	const struct required_case *r = c->arg;
	CK_ATTRIBUTE t[TMPL_MAX];
	CK_OBJECT_HANDLE o = 0;
	CK_ULONG n = 0;

	for (const CK_ATTRIBUTE *a = kind_templates[r->kind];
	     a->type != CK_UNAVAILABLE_INFORMATION; a++)
		if (a->type != r->without)
			t[n++] = *a;
	return p11->C_CreateObject(c->s, t, n, &o);
}

void test_required(void)
{
	for (size_t i = 0; i < LENGTH(required); i++)
		for (size_t j = 0; required[i].types[j]; j++) {
			struct required_case r = { required[i].kind, required[i].types[j] };

			row_runf(RW_USER, create_without, &r, CKR_TEMPLATE_INCOMPLETE,
				 "create_%s_without_%lx", kind_names[r.kind], r.without);
		}
}

/* --- rules of attributes ------------------------------------------------ */

/* One attribute given to C_CreateObject, or to an object made with `with`. */
struct rule {
	const char *name;
	enum kind kind;
	CK_ATTRIBUTE attribute;
	CK_RV expected;
	CK_ATTRIBUTE with[3];
};

static CK_BYTE one_byte[] = { 1 };

#define NULL_VALUE(t, n)	{ (t), NULL, (n) }

static const struct rule create_rules[] = {
	{ "modulus_of_data", DATA, A_TEXT(CKA_MODULUS, "x"), CKR_ATTRIBUTE_TYPE_INVALID,
	  { A_END } },
	{ "id_of_data", DATA, A_TEXT(CKA_ID, "x"), CKR_ATTRIBUTE_TYPE_INVALID, { A_END } },
	{ "sensitive_of_data", DATA, A_BOOL(CKA_SENSITIVE, CK_TRUE), CKR_ATTRIBUTE_TYPE_INVALID,
	  { A_END } },
	{ "vendor_of_data", DATA, A_TEXT(CKA_VENDOR_DEFINED | 1, "x"), CKR_ATTRIBUTE_TYPE_INVALID,
	  { A_END } },
	{ "sensitive_of_public", RSA_PUBLIC, A_BOOL(CKA_SENSITIVE, CK_TRUE),
	  CKR_ATTRIBUTE_TYPE_INVALID, { A_END } },
	{ "modulus_of_ec", EC_PUBLIC, A_TEXT(CKA_MODULUS, "x"), CKR_ATTRIBUTE_TYPE_INVALID,
	  { A_END } },
	{ "sign_of_public", RSA_PUBLIC, A_BOOL(CKA_SIGN, CK_TRUE), CKR_ATTRIBUTE_TYPE_INVALID,
	  { A_END } },
	{ "boolean_long", DATA, A_ULONG(CKA_MODIFIABLE, 1), CKR_ATTRIBUTE_VALUE_INVALID,
	  { A_END } },
	{ "boolean_empty", DATA, NO_BYTES(CKA_MODIFIABLE), CKR_ATTRIBUTE_VALUE_INVALID, { A_END } },
	{ "boolean_token_long", DATA, A_ULONG(CKA_TOKEN, 0), CKR_ATTRIBUTE_VALUE_INVALID,
	  { A_END } },
	{ "number_short", CERTIFICATE, A_TEXT(CKA_CERTIFICATE_CATEGORY, "abcd"),
	  CKR_ATTRIBUTE_VALUE_INVALID, { A_END } },
	{ "number_long", CERTIFICATE, A_TEXT(CKA_CERTIFICATE_CATEGORY, "0123456789"),
	  CKR_ATTRIBUTE_VALUE_INVALID, { A_END } },
	{ "date", AES, A_TEXT(CKA_START_DATE, "20240229"), CKR_OK, { A_END } },
	{ "date_empty", AES, NO_BYTES(CKA_START_DATE), CKR_OK, { A_END } },
	{ "date_short", AES, A_TEXT(CKA_START_DATE, "2024022"), CKR_ATTRIBUTE_VALUE_INVALID,
	  { A_END } },
	{ "date_long", AES, A_TEXT(CKA_END_DATE, "202402290"), CKR_ATTRIBUTE_VALUE_INVALID,
	  { A_END } },
	{ "label_null", DATA, NULL_VALUE(CKA_LABEL, 4), CKR_ATTRIBUTE_VALUE_INVALID, { A_END } },
	{ "label_null_0", DATA, NULL_VALUE(CKA_LABEL, 0), CKR_OK, { A_END } },
	{ "value_null", AES, NULL_VALUE(CKA_VALUE, 16), CKR_ATTRIBUTE_VALUE_INVALID, { A_END } },
	{ "boolean_null", DATA, NULL_VALUE(CKA_MODIFIABLE, 1), CKR_ATTRIBUTE_VALUE_INVALID,
	  { A_END } },
	{ "number_null", CERTIFICATE, NULL_VALUE(CKA_CERTIFICATE_CATEGORY, sizeof(CK_ULONG)),
	  CKR_ATTRIBUTE_VALUE_INVALID, { A_END } },
	{ "class_null", DATA, NULL_VALUE(CKA_CLASS, sizeof(CK_ULONG)), CKR_ATTRIBUTE_VALUE_INVALID,
	  { A_END } },
	{ "key_type_null", AES, NULL_VALUE(CKA_KEY_TYPE, sizeof(CK_ULONG)),
	  CKR_ATTRIBUTE_VALUE_INVALID, { A_END } },
	{ "token_null", DATA, NULL_VALUE(CKA_TOKEN, 1), CKR_ATTRIBUTE_VALUE_INVALID, { A_END } },
	{ "private_null", DATA, NULL_VALUE(CKA_PRIVATE, 1), CKR_ATTRIBUTE_VALUE_INVALID,
	  { A_END } },
	{ "length_minus_one", DATA, { CKA_LABEL, one_byte, MINUS_ONE },
	  CKR_ATTRIBUTE_VALUE_INVALID, { A_END } },
	{ "token_length_minus_one", DATA, { CKA_TOKEN, one_byte, MINUS_ONE },
	  CKR_ATTRIBUTE_VALUE_INVALID, { A_END } },
	{ "length_minus_one_null", DATA, NULL_VALUE(CKA_LABEL, MINUS_ONE),
	  CKR_ATTRIBUTE_VALUE_INVALID, { A_END } },
	{ "local", AES, A_BOOL(CKA_LOCAL, CK_TRUE), CKR_ATTRIBUTE_READ_ONLY, { A_END } },
	{ "local_of_public", EC_PUBLIC, A_BOOL(CKA_LOCAL, CK_FALSE), CKR_ATTRIBUTE_READ_ONLY,
	  { A_END } },
	{ "key_gen_mechanism", AES, A_ULONG(CKA_KEY_GEN_MECHANISM, CKM_AES_KEY_GEN),
	  CKR_ATTRIBUTE_READ_ONLY, { A_END } },
	{ "always_sensitive", AES, A_BOOL(CKA_ALWAYS_SENSITIVE, CK_TRUE), CKR_ATTRIBUTE_READ_ONLY,
	  { A_END } },
	{ "never_extractable", RSA_PRIVATE, A_BOOL(CKA_NEVER_EXTRACTABLE, CK_TRUE),
	  CKR_ATTRIBUTE_READ_ONLY, { A_END } },
	{ "modulus_bits", RSA_PUBLIC, A_ULONG(CKA_MODULUS_BITS, 1024), CKR_ATTRIBUTE_READ_ONLY,
	  { A_END } },
	{ "value_len", AES, A_ULONG(CKA_VALUE_LEN, 16), CKR_ATTRIBUTE_READ_ONLY, { A_END } },
	{ "value_len_generic", GENERIC, A_ULONG(CKA_VALUE_LEN, 20), CKR_ATTRIBUTE_READ_ONLY,
	  { A_END } },
	{ "trusted", CERTIFICATE, A_BOOL(CKA_TRUSTED, CK_TRUE), CKR_ATTRIBUTE_READ_ONLY,
	  { A_END } },
	{ "trusted_false", CERTIFICATE, A_BOOL(CKA_TRUSTED, CK_FALSE), CKR_OK, { A_END } },
	{ "trusted_key", AES, A_BOOL(CKA_TRUSTED, CK_TRUE), CKR_ATTRIBUTE_READ_ONLY, { A_END } },
	{ "always_authenticate", RSA_PRIVATE, A_BOOL(CKA_ALWAYS_AUTHENTICATE, CK_TRUE), CKR_OK,
	  { A_END } },
	{ "always_authenticate_public_object", RSA_PRIVATE,
	  A_BOOL(CKA_ALWAYS_AUTHENTICATE, CK_TRUE),
	  CKR_TEMPLATE_INCONSISTENT, { A_BOOL(CKA_PRIVATE, CK_FALSE), A_END } },
	{ "check_value", AES, { CKA_CHECK_VALUE, (CK_BYTE[]){ 0xc6, 0xa1, 0x3b }, 3 }, CKR_OK,
	  { A_END } },
	{ "check_value_wrong", AES, A_TEXT(CKA_CHECK_VALUE, "abc"), CKR_ATTRIBUTE_VALUE_INVALID,
	  { A_END } },
	{ "check_value_empty", AES, NO_BYTES(CKA_CHECK_VALUE), CKR_OK, { A_END } },
	{ "check_value_generic_wrong", GENERIC, A_TEXT(CKA_CHECK_VALUE, "abc"),
	  CKR_ATTRIBUTE_VALUE_INVALID, { A_END } },
	{ "aes_value_of_20", AES, A_TEXT(CKA_VALUE, "0123456789abcdef0123"),
	  CKR_ATTRIBUTE_VALUE_INVALID, { A_END } },
	{ "aes_value_empty", AES, NO_BYTES(CKA_VALUE), CKR_ATTRIBUTE_VALUE_INVALID, { A_END } },
	{ "aes_value_of_32", AES, A_TEXT(CKA_VALUE, "0123456789abcdef0123456789abcdef"), CKR_OK,
	  { A_END } },
	{ "allowed_mechanisms", AES, A_ULONG(CKA_ALLOWED_MECHANISMS, CKM_AES_ECB), CKR_OK,
	  { A_END } },
	{ "allowed_mechanisms_empty", AES, NO_BYTES(CKA_ALLOWED_MECHANISMS),
	  CKR_ATTRIBUTE_VALUE_INVALID, { A_END } },
	{ "allowed_mechanisms_size", AES, A_TEXT(CKA_ALLOWED_MECHANISMS, "abc"),
	  CKR_ATTRIBUTE_VALUE_INVALID, { A_END } },
	{ "key_type_again_same", AES, A_ULONG(CKA_KEY_TYPE, CKK_AES), CKR_OK, { A_END } },
	{ "modifiable_false", DATA, A_BOOL(CKA_MODIFIABLE, CK_FALSE), CKR_OK, { A_END } },
	{ "label_utf8", DATA, A_TEXT(CKA_LABEL, "Gr\303\266\303\237e"), CKR_OK, { A_END } },
	{ "object_id", DATA, A_TEXT(CKA_OBJECT_ID, "\x06\x03\x55\x04\x03"), CKR_OK, { A_END } },
};

static const struct rule set_rules[] = {
	{ "label", DATA, A_TEXT(CKA_LABEL, "new"), CKR_OK, { A_END } },
	{ "label_empty", DATA, NO_BYTES(CKA_LABEL), CKR_OK, { A_TEXT(CKA_LABEL, "old"), A_END } },
	{ "class", DATA, A_ULONG(CKA_CLASS, CKO_DATA), CKR_ATTRIBUTE_READ_ONLY, { A_END } },
	{ "token", DATA, A_BOOL(CKA_TOKEN, CK_TRUE), CKR_ATTRIBUTE_READ_ONLY, { A_END } },
	{ "private", DATA, A_BOOL(CKA_PRIVATE, CK_TRUE), CKR_ATTRIBUTE_READ_ONLY, { A_END } },
	{ "modifiable", DATA, A_BOOL(CKA_MODIFIABLE, CK_FALSE), CKR_ATTRIBUTE_READ_ONLY,
	  { A_END } },
	{ "destroyable", DATA, A_BOOL(CKA_DESTROYABLE, CK_FALSE), CKR_ATTRIBUTE_READ_ONLY,
	  { A_END } },
	{ "copyable_to_false", DATA, A_BOOL(CKA_COPYABLE, CK_FALSE), CKR_OK, { A_END } },
	{ "copyable_to_true", DATA, A_BOOL(CKA_COPYABLE, CK_TRUE), CKR_ATTRIBUTE_READ_ONLY,
	  { A_BOOL(CKA_COPYABLE, CK_FALSE), A_END } },
	{ "data_value", DATA, A_TEXT(CKA_VALUE, "new"), CKR_ATTRIBUTE_READ_ONLY, { A_END } },
	{ "data_application", DATA, A_TEXT(CKA_APPLICATION, "new"), CKR_ATTRIBUTE_READ_ONLY,
	  { A_END } },
	{ "unknown", DATA, A_TEXT(CKA_MODULUS, "x"), CKR_ATTRIBUTE_TYPE_INVALID, { A_END } },
	{ "label_null", DATA, NULL_VALUE(CKA_LABEL, 4), CKR_ATTRIBUTE_VALUE_INVALID, { A_END } },
	{ "length_minus_one", DATA, { CKA_LABEL, one_byte, MINUS_ONE },
	  CKR_ATTRIBUTE_VALUE_INVALID, { A_END } },
	{ "certificate_id", CERTIFICATE, A_TEXT(CKA_ID, "new"), CKR_OK, { A_END } },
	{ "certificate_issuer", CERTIFICATE, A_TEXT(CKA_ISSUER, "new"), CKR_OK, { A_END } },
	{ "certificate_serial", CERTIFICATE, A_TEXT(CKA_SERIAL_NUMBER, "new"), CKR_OK, { A_END } },
	{ "certificate_subject", CERTIFICATE, A_TEXT(CKA_SUBJECT, "new"), CKR_ATTRIBUTE_READ_ONLY,
	  { A_END } },
	{ "certificate_value", CERTIFICATE, A_TEXT(CKA_VALUE, "new"), CKR_ATTRIBUTE_READ_ONLY,
	  { A_END } },
	{ "certificate_trusted", CERTIFICATE, A_BOOL(CKA_TRUSTED, CK_TRUE), CKR_ATTRIBUTE_READ_ONLY,
	  { A_END } },
	{ "certificate_type", CERTIFICATE, A_ULONG(CKA_CERTIFICATE_TYPE, CKC_X_509),
	  CKR_ATTRIBUTE_READ_ONLY, { A_END } },
	{ "key_id", RSA_PRIVATE, A_TEXT(CKA_ID, "new"), CKR_OK, { A_END } },
	{ "key_subject", RSA_PRIVATE, A_TEXT(CKA_SUBJECT, "new"), CKR_OK, { A_END } },
	{ "key_date", AES, A_TEXT(CKA_END_DATE, "20301231"), CKR_OK, { A_END } },
	{ "key_date_short", AES, A_TEXT(CKA_END_DATE, "2030"), CKR_ATTRIBUTE_VALUE_INVALID,
	  { A_END } },
	{ "key_derive", EC_PRIVATE, A_BOOL(CKA_DERIVE, CK_TRUE), CKR_OK, { A_END } },
	{ "key_sign", RSA_PRIVATE, A_BOOL(CKA_SIGN, CK_FALSE), CKR_OK, { A_END } },
	{ "key_decrypt", RSA_PRIVATE, A_BOOL(CKA_DECRYPT, CK_FALSE), CKR_OK, { A_END } },
	{ "key_verify", RSA_PUBLIC, A_BOOL(CKA_VERIFY, CK_FALSE), CKR_OK, { A_END } },
	{ "key_encrypt", AES, A_BOOL(CKA_ENCRYPT, CK_FALSE), CKR_OK, { A_END } },
	{ "key_type", AES, A_ULONG(CKA_KEY_TYPE, CKK_AES), CKR_ATTRIBUTE_READ_ONLY, { A_END } },
	{ "key_local", AES, A_BOOL(CKA_LOCAL, CK_TRUE), CKR_ATTRIBUTE_READ_ONLY, { A_END } },
	{ "key_gen_mechanism", AES, A_ULONG(CKA_KEY_GEN_MECHANISM, CKM_AES_KEY_GEN),
	  CKR_ATTRIBUTE_READ_ONLY, { A_END } },
	{ "key_always_sensitive", AES, A_BOOL(CKA_ALWAYS_SENSITIVE, CK_TRUE),
	  CKR_ATTRIBUTE_READ_ONLY, { A_END } },
	{ "key_value", AES, A_TEXT(CKA_VALUE, "0123456789abcdef"), CKR_ATTRIBUTE_READ_ONLY,
	  { A_END } },
	{ "key_modulus", RSA_PUBLIC, A_TEXT(CKA_MODULUS, "x"), CKR_ATTRIBUTE_READ_ONLY, { A_END } },
	{ "key_ec_params", EC_PUBLIC, A_TEXT(CKA_EC_PARAMS, "x"), CKR_ATTRIBUTE_READ_ONLY,
	  { A_END } },
	{ "key_ec_point", ED_PUBLIC, A_TEXT(CKA_EC_POINT, "x"), CKR_ATTRIBUTE_READ_ONLY,
	  { A_END } },
	{ "key_allowed_mechanisms", AES, A_ULONG(CKA_ALLOWED_MECHANISMS, CKM_AES_ECB),
	  CKR_ATTRIBUTE_READ_ONLY, { A_END } },
	{ "key_always_authenticate", RSA_PRIVATE, A_BOOL(CKA_ALWAYS_AUTHENTICATE, CK_TRUE),
	  CKR_ATTRIBUTE_READ_ONLY, { A_END } },
	{ "key_trusted", AES, A_BOOL(CKA_TRUSTED, CK_TRUE), CKR_ATTRIBUTE_READ_ONLY, { A_END } },
	{ "sensitive_to_true", AES, A_BOOL(CKA_SENSITIVE, CK_TRUE), CKR_OK, { A_END } },
	{ "sensitive_to_false", AES, A_BOOL(CKA_SENSITIVE, CK_FALSE), CKR_ATTRIBUTE_READ_ONLY,
	  { A_BOOL(CKA_SENSITIVE, CK_TRUE), A_END } },
	{ "extractable_to_false", RSA_PRIVATE, A_BOOL(CKA_EXTRACTABLE, CK_FALSE), CKR_OK,
	  { A_BOOL(CKA_EXTRACTABLE, CK_TRUE), A_END } },
	{ "extractable_to_true", RSA_PRIVATE, A_BOOL(CKA_EXTRACTABLE, CK_TRUE),
	  CKR_ATTRIBUTE_READ_ONLY, { A_BOOL(CKA_EXTRACTABLE, CK_FALSE), A_END } },
	{ "wrap_with_trusted_to_true", AES, A_BOOL(CKA_WRAP_WITH_TRUSTED, CK_TRUE), CKR_OK,
	  { A_END } },
	{ "wrap_with_trusted_to_false", AES, A_BOOL(CKA_WRAP_WITH_TRUSTED, CK_FALSE),
	  CKR_ATTRIBUTE_READ_ONLY, { A_BOOL(CKA_WRAP_WITH_TRUSTED, CK_TRUE), A_END } },
	{ "check_value_wrong", AES, A_TEXT(CKA_CHECK_VALUE, "abc"), CKR_ATTRIBUTE_VALUE_INVALID,
	  { A_END } },
	{ "modulus_unreadable_sensitive", RSA_PRIVATE, A_TEXT(CKA_PRIVATE_EXPONENT, "x"),
	  CKR_ATTRIBUTE_READ_ONLY, { A_END } },
};

static const struct rule copy_rules[] = {
	{ "label", DATA, A_TEXT(CKA_LABEL, "new"), CKR_OK, { A_END } },
	{ "token", DATA, A_BOOL(CKA_TOKEN, CK_TRUE), CKR_OK, { A_END } },
	{ "private_to_true", DATA, A_BOOL(CKA_PRIVATE, CK_TRUE), CKR_OK,
	  { A_BOOL(CKA_PRIVATE, CK_FALSE), A_END } },
	{ "private_to_false", DATA, A_BOOL(CKA_PRIVATE, CK_FALSE), CKR_TEMPLATE_INCONSISTENT,
	  { A_BOOL(CKA_PRIVATE, CK_TRUE), A_END } },
	{ "modifiable", DATA, A_BOOL(CKA_MODIFIABLE, CK_FALSE), CKR_OK, { A_END } },
	{ "destroyable", DATA, A_BOOL(CKA_DESTROYABLE, CK_FALSE), CKR_OK, { A_END } },
	{ "copyable_to_false", DATA, A_BOOL(CKA_COPYABLE, CK_FALSE), CKR_OK, { A_END } },
	{ "class", DATA, A_ULONG(CKA_CLASS, CKO_DATA), CKR_ATTRIBUTE_READ_ONLY, { A_END } },
	{ "key_type", AES, A_ULONG(CKA_KEY_TYPE, CKK_AES), CKR_ATTRIBUTE_READ_ONLY, { A_END } },
	{ "data_value", DATA, A_TEXT(CKA_VALUE, "new"), CKR_ATTRIBUTE_READ_ONLY, { A_END } },
	{ "key_value", AES, A_TEXT(CKA_VALUE, "0123456789abcdef"), CKR_ATTRIBUTE_READ_ONLY,
	  { A_END } },
	{ "key_id", AES, A_TEXT(CKA_ID, "new"), CKR_OK, { A_END } },
	{ "key_encrypt", AES, A_BOOL(CKA_ENCRYPT, CK_FALSE), CKR_OK, { A_END } },
	{ "unknown", DATA, A_TEXT(CKA_MODULUS, "x"), CKR_ATTRIBUTE_TYPE_INVALID, { A_END } },
	{ "label_null", DATA, NULL_VALUE(CKA_LABEL, 4), CKR_ATTRIBUTE_VALUE_INVALID, { A_END } },
	{ "boolean_long", DATA, A_ULONG(CKA_TOKEN, 1), CKR_ATTRIBUTE_VALUE_INVALID, { A_END } },
	{ "sensitive_to_true", AES, A_BOOL(CKA_SENSITIVE, CK_TRUE), CKR_OK, { A_END } },
	{ "sensitive_to_false", AES, A_BOOL(CKA_SENSITIVE, CK_FALSE), CKR_ATTRIBUTE_READ_ONLY,
	  { A_BOOL(CKA_SENSITIVE, CK_TRUE), A_END } },
	{ "extractable_to_false", AES, A_BOOL(CKA_EXTRACTABLE, CK_FALSE), CKR_OK,
	  { A_BOOL(CKA_EXTRACTABLE, CK_TRUE), A_END } },
	{ "extractable_to_true", AES, A_BOOL(CKA_EXTRACTABLE, CK_TRUE), CKR_ATTRIBUTE_READ_ONLY,
	  { A_BOOL(CKA_EXTRACTABLE, CK_FALSE), A_END } },
	{ "key_local", AES, A_BOOL(CKA_LOCAL, CK_TRUE), CKR_ATTRIBUTE_READ_ONLY, { A_END } },
	{ "certificate_id", CERTIFICATE, A_TEXT(CKA_ID, "new"), CKR_OK, { A_END } },
	{ "certificate_value", CERTIFICATE, A_TEXT(CKA_VALUE, "new"), CKR_ATTRIBUTE_READ_ONLY,
	  { A_END } },
};

/* Appended, not merged: a type may be given twice. */
static CK_RV create_with_rule(struct ctx *c)
{
	const struct rule *r = c->arg;
	CK_ATTRIBUTE t[TMPL_MAX];
	const CK_ATTRIBUTE one[] = { r->attribute, A_END };

	CK_OBJECT_HANDLE o = 0;

	tmpl_join(t, kind_templates[r->kind], r->with);
	tmpl_join(t, t, one);
	return object_make(c->s, t, &o);
}

static CK_RV set_with_rule(struct ctx *c)
{
	const struct rule *r = c->arg;
	CK_ATTRIBUTE a = r->attribute;
	CK_OBJECT_HANDLE o = 0;

	if (kind_make(c->s, r->kind, r->with, &o) != CKR_OK)
		return ROW_BROKEN;

	CK_RV rv = p11->C_SetAttributeValue(c->s, o, &a, 1);

	return rv == CKR_OK ? attr_is(c->s, o, &a) : rv;
}

static CK_RV copy_with_rule(struct ctx *c)
{
	const struct rule *r = c->arg;
	CK_ATTRIBUTE a = r->attribute;
	CK_OBJECT_HANDLE o = 0, copy = 0;

	if (kind_make(c->s, r->kind, r->with, &o) != CKR_OK)
		return ROW_BROKEN;

	CK_RV rv = p11->C_CopyObject(c->s, o, &a, 1, &copy);

	return rv == CKR_OK ? attr_is(c->s, copy, &a) : rv;
}

static void run_rules(const struct rule *rules, size_t n, CK_RV (*call)(struct ctx *),
		      const char *verb)
{
	for (size_t i = 0; i < n; i++)
		row_runf(RW_USER, call, &rules[i], rules[i].expected, "%s_rule_%s", verb,
			 rules[i].name);
}

void test_rules(void)
{
	run_rules(create_rules, LENGTH(create_rules), create_with_rule, "create");
	run_rules(set_rules, LENGTH(set_rules), set_with_rule, "set");
	run_rules(copy_rules, LENGTH(copy_rules), copy_with_rule, "copy");
}

/* --- sensitive values --------------------------------------------------- */

static const struct {
	enum kind kind;
	CK_ATTRIBUTE_TYPE types[8];
} secrets[] = {
	{ RSA_PRIVATE, { CKA_PRIVATE_EXPONENT, CKA_PRIME_1, CKA_PRIME_2, CKA_EXPONENT_1,
			 CKA_EXPONENT_2, CKA_COEFFICIENT } },
	{ EC_PRIVATE, { CKA_VALUE } },
	{ ED_PRIVATE, { CKA_VALUE } },
	{ AES, { CKA_VALUE } },
	{ GENERIC, { CKA_VALUE } },
	{ DES3, { CKA_VALUE } },
	{ HMAC, { CKA_VALUE } },
	{ DSA_PRIVATE, { CKA_VALUE } },
	{ DH_PRIVATE, { CKA_VALUE } },
	{ X25519_PRIVATE, { CKA_VALUE } },
};

struct secret_case {
	enum kind kind;
	CK_ATTRIBUTE_TYPE type;
	CK_BBOOL sensitive, extractable;
};

static CK_RV read_secret(struct ctx *c)
{
	const struct secret_case *v = c->arg;
	CK_BYTE value[256];
	CK_ULONG len = sizeof(value);
	CK_OBJECT_HANDLE o = 0;
	CK_RV rv = kind_make(c->s, v->kind, T(A_BOOL(CKA_SENSITIVE, v->sensitive),
					      A_BOOL(CKA_EXTRACTABLE, v->extractable)), &o);

	return rv == CKR_OK ? attr_bytes(c->s, o, v->type, value, &len) : rv;
}

void test_secrets(void)
{
	for (size_t i = 0; i < LENGTH(secrets); i++)
		for (size_t j = 0; secrets[i].types[j]; j++)
			for (unsigned flags = 0; flags < 4; flags++) {
				struct secret_case v = { secrets[i].kind, secrets[i].types[j],
							 flags & 1, (CK_BBOOL)(flags >> 1) };
				bool open = !v.sensitive && v.extractable;

				row_runf(RW_USER, read_secret, &v,
					 open ? CKR_OK : CKR_ATTRIBUTE_SENSITIVE,
					 "read_%s_%lx_sensitive_%d_extractable_%d",
					 kind_names[v.kind], v.type, v.sensitive, v.extractable);
			}
}

/* --- persistence: all kinds, public and private, over a restart --------- */

struct kept_case {
	enum kind kind;
	CK_BBOOL private;
};

/* Attributes that are compared before and after. */
CK_RV same_attributes(struct ctx *c, enum kind kind, CK_OBJECT_HANDLE o)
{
	CK_RV rv = CKR_OK;

	for (size_t i = 0; i < LENGTH(defaults); i++)
		for (const CK_ATTRIBUTE *a = defaults[i].values;
		     rv == CKR_OK && (defaults[i].kinds & IS(kind)) &&
		     a->type != CK_UNAVAILABLE_INFORMATION;
		     a++)
			if (a->type != CKA_TOKEN && a->type != CKA_PRIVATE &&
			    a->type != CKA_LABEL && a->type != CKA_EXTRACTABLE)
				rv = attr_is(c->s, o, a);
	for (const CK_ATTRIBUTE *a = kind_templates[kind];
	     rv == CKR_OK && a->type != CK_UNAVAILABLE_INFORMATION; a++)
		rv = attr_is(c->s, o, a);
	return rv;
}

static CK_RV kept_over_restart(struct ctx *c)
{
	const struct kept_case *k = c->arg;
	bool secret = (PRIVATE_KEYS | SECRET_KEYS) & IS(k->kind);
	CK_ATTRIBUTE more[] = {
		A_BOOL(CKA_TOKEN, CK_TRUE), A_BOOL(CKA_PRIVATE, k->private),
		A_TEXT(CKA_LABEL, "kept"), A_BOOL(CKA_EXTRACTABLE, CK_TRUE), A_END,
	};
	CK_OBJECT_HANDLE o = 0;
	CK_ULONG found = 0;

	if (!secret)
		more[3] = more[4];

	CK_RV rv = kind_make(c->s, k->kind, more, &o);

	if (rv == CKR_OK)
		rv = module_restart();
	if (rv == CKR_OK)
		rv = state_enter(c, RW_USER);
	if (rv == CKR_OK)
		rv = object_find(c->s, more, &o, 1, &found);
	if (rv == CKR_OK)
		rv = want(found == 1);
	if (rv == CKR_OK)
		rv = same_attributes(c, k->kind, o);
	return rv == CKR_OK ? p11->C_DestroyObject(c->s, o) : rv;
}

void test_persistence(void)
{
	for (enum kind kind = DATA; kind < KINDS; kind++)
		for (unsigned private = 0; private < 2; private++) {
			struct kept_case k = { kind, (CK_BBOOL)private };

			row_runf(RW_USER, kept_over_restart, &k, CKR_OK, "kept_%s_%s",
				 private ? "private" : "public", kind_names[kind]);
		}
}
