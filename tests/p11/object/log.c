#include "config.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "p11/object/object.h"

/*
 * A refused call that should have made or changed an object writes one line into the log, which
 * names function, code and attribute, and leaves no file behind.
 */

enum verb {
	CREATE,			/* the kind's template with the list */
	CREATE_RAW,		/* the list alone */
	CREATE_TWICE,		/* the kind's template, and the list behind it */
	SET,			/* of an object of the kind made with `with` */
	COPY,
	GENERATE,		/* an AES key */
	GENERATE_RSA,		/* the list goes into the public key's template */
	GENERATE_EC,
	GENERATE_EC_PRIVATE,	/* into the private key's */
	UNWRAP,			/* an AES key, 16 bytes, with AES key wrap */
	UNWRAP_DAMAGED,		/* one bit of it is wrong */
	UNWRAP_SHORT,		/* 9 bytes are missing */
	DERIVE,			/* 16 bytes, by AES-ECB */
	DERIVE_ODD,		/* of 15 bytes of data */
	DERIVE_FORBIDDEN	/* CKA_DERIVE of the key is false */
};

static const char *const functions[] = {
	[CREATE] = "C_CreateObject", [CREATE_RAW] = "C_CreateObject",
	[CREATE_TWICE] = "C_CreateObject", [SET] = "C_SetAttributeValue", [COPY] = "C_CopyObject",
	[GENERATE] = "C_GenerateKey", [GENERATE_RSA] = "C_GenerateKeyPair",
	[GENERATE_EC] = "C_GenerateKeyPair", [GENERATE_EC_PRIVATE] = "C_GenerateKeyPair",
	[UNWRAP] = "C_UnwrapKey", [UNWRAP_DAMAGED] = "C_UnwrapKey",
	[UNWRAP_SHORT] = "C_UnwrapKey", [DERIVE] = "C_DeriveKey", [DERIVE_ODD] = "C_DeriveKey",
	[DERIVE_FORBIDDEN] = "C_DeriveKey",
};

struct refusal {
	const char *name;
	enum verb verb;
	enum kind kind;
	CK_RV expected;
	const char *says;	/* after the function's name */
	CK_ATTRIBUTE list[4];
	CK_ATTRIBUTE with[3];
	enum state state;	/* RW_USER when not given */
};

/* The answer, and how the log begins to tell it. */
#define SAYS(rv, what)	rv, #rv ": " what

static CK_BYTE p256[] = { 6, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 3, 1, 7 };
static CK_BYTE off_curve[67] = { 4, 65, 4, 1 };
static CK_BBOOL yes = CK_TRUE;
static CK_ATTRIBUTE one[] = { { CKA_EXTRACTABLE, &yes, sizeof(yes) } };
static CK_ATTRIBUTE nested[] = { { CKA_WRAP_TEMPLATE, one, sizeof(one) } };
static CK_ATTRIBUTE inner_null[] = { { CKA_LABEL, NULL, 4 } };

#define NOTHING		{ A_END }
#define READ_ONLY(name, v, k, a, ...) \
	{ name, v, k, SAYS(CKR_ATTRIBUTE_READ_ONLY, a), { __VA_ARGS__, A_END }, NOTHING, 0 }
#define UNKNOWN(name, v, k, a, ...) \
	{ name, v, k, SAYS(CKR_ATTRIBUTE_TYPE_INVALID, a), { __VA_ARGS__, A_END }, NOTHING, 0 }
#define BAD_VALUE(name, v, k, a, ...) \
	{ name, v, k, SAYS(CKR_ATTRIBUTE_VALUE_INVALID, a), { __VA_ARGS__, A_END }, NOTHING, 0 }
#define INCOMPLETE(name, v, k, a, ...) \
	{ name, v, k, SAYS(CKR_TEMPLATE_INCOMPLETE, a), { __VA_ARGS__ }, NOTHING, 0 }
#define INCONSISTENT(name, v, k, a, ...) \
	{ name, v, k, SAYS(CKR_TEMPLATE_INCONSISTENT, a), { __VA_ARGS__, A_END }, NOTHING, 0 }
#define IN_STATE(name, v, k, st, rv, a, ...) \
	{ name, v, k, rv, #rv ": " a, { __VA_ARGS__, A_END }, NOTHING, st }

#define AN_AES_KEY A_ULONG(CKA_CLASS, CKO_SECRET_KEY), A_ULONG(CKA_KEY_TYPE, CKK_AES)

static const struct refusal refusals[] = {
	/* C_CreateObject: what is made */
	INCOMPLETE("no_class", CREATE_RAW, DATA, "CKA_CLASS", A_TEXT(CKA_LABEL, "x"), A_END),
	INCOMPLETE("no_key_type", CREATE_RAW, AES, "CKA_KEY_TYPE",
		   A_ULONG(CKA_CLASS, CKO_SECRET_KEY), A_END),
	INCOMPLETE("no_certificate_type", CREATE_RAW, CERTIFICATE, "CKA_CERTIFICATE_TYPE",
		   A_ULONG(CKA_CLASS, CKO_CERTIFICATE), A_END),
	BAD_VALUE("class_size", CREATE_RAW, DATA, "CKA_CLASS", A_TEXT(CKA_CLASS, "x")),
	BAD_VALUE("class_unknown", CREATE_RAW, DATA, "CKA_CLASS",
		  A_ULONG(CKA_CLASS, CKO_HW_FEATURE)),
	BAD_VALUE("key_type_unknown", CREATE, AES, "CKA_KEY_TYPE",
		  A_ULONG(CKA_KEY_TYPE, CKK_SKIPJACK)),
	BAD_VALUE("certificate_type_unknown", CREATE, CERTIFICATE, "CKA_CERTIFICATE_TYPE",
		  A_ULONG(CKA_CERTIFICATE_TYPE, CKC_WTLS)),
	INCONSISTENT("class_twice", CREATE_TWICE, DATA, "CKA_CLASS",
		     A_ULONG(CKA_CLASS, CKO_CERTIFICATE)),
	INCONSISTENT("key_type_twice", CREATE_TWICE, AES, "CKA_KEY_TYPE",
		     A_ULONG(CKA_KEY_TYPE, CKK_DES3)),
	INCONSISTENT("certificate_type_twice", CREATE_TWICE, CERTIFICATE, "CKA_CERTIFICATE_TYPE",
		     A_ULONG(CKA_CERTIFICATE_TYPE, CKC_WTLS)),
	INCONSISTENT("label_twice", CREATE, DATA, "CKA_LABEL", A_TEXT(CKA_LABEL, "x")),
	INCONSISTENT("value_twice", CREATE_TWICE, AES, "CKA_VALUE",
		     A_TEXT(CKA_VALUE, "0123456789abcdef")),

	/* what is missing */
	INCOMPLETE("no_value", CREATE_RAW, AES, "CKA_VALUE", A_ULONG(CKA_CLASS, CKO_SECRET_KEY),
		   A_ULONG(CKA_KEY_TYPE, CKK_AES), A_END),
	INCOMPLETE("no_modulus", CREATE_RAW, RSA_PUBLIC, "CKA_MODULUS",
		   A_ULONG(CKA_CLASS, CKO_PUBLIC_KEY), A_ULONG(CKA_KEY_TYPE, CKK_RSA), A_END),
	INCOMPLETE("no_exponent", CREATE_RAW, RSA_PUBLIC, "CKA_PUBLIC_EXPONENT",
		   A_ULONG(CKA_CLASS, CKO_PUBLIC_KEY), A_ULONG(CKA_KEY_TYPE, CKK_RSA),
		   A_TEXT(CKA_MODULUS, "x"), A_END),
	INCOMPLETE("no_prime", CREATE_RAW, DSA_PUBLIC, "CKA_PRIME",
		   A_ULONG(CKA_CLASS, CKO_PUBLIC_KEY), A_ULONG(CKA_KEY_TYPE, CKK_DSA), A_END),
	INCOMPLETE("no_params", CREATE_RAW, EC_PRIVATE, "CKA_EC_PARAMS",
		   A_ULONG(CKA_CLASS, CKO_PRIVATE_KEY), A_ULONG(CKA_KEY_TYPE, CKK_EC), A_END),
	INCOMPLETE("no_point", CREATE_RAW, EC_PUBLIC, "CKA_EC_POINT",
		   A_ULONG(CKA_CLASS, CKO_PUBLIC_KEY), A_ULONG(CKA_KEY_TYPE, CKK_EC),
		   A_BYTES(CKA_EC_PARAMS, p256), A_END),
	INCOMPLETE("no_subject", CREATE_RAW, CERTIFICATE, "CKA_SUBJECT",
		   A_ULONG(CKA_CLASS, CKO_CERTIFICATE),
		   A_ULONG(CKA_CERTIFICATE_TYPE, CKC_X_509), A_END),

	/* what the library sets */
	READ_ONLY("local", CREATE, AES, "CKA_LOCAL", A_BOOL(CKA_LOCAL, CK_FALSE)),
	READ_ONLY("key_gen_mechanism", CREATE, AES, "CKA_KEY_GEN_MECHANISM",
		  A_ULONG(CKA_KEY_GEN_MECHANISM, CKM_AES_KEY_GEN)),
	READ_ONLY("always_sensitive", CREATE, RSA_PRIVATE, "CKA_ALWAYS_SENSITIVE",
		  A_BOOL(CKA_ALWAYS_SENSITIVE, CK_FALSE)),
	READ_ONLY("never_extractable", CREATE, RSA_PRIVATE, "CKA_NEVER_EXTRACTABLE",
		  A_BOOL(CKA_NEVER_EXTRACTABLE, CK_FALSE)),
	READ_ONLY("modulus_bits", CREATE, RSA_PUBLIC, "CKA_MODULUS_BITS",
		  A_ULONG(CKA_MODULUS_BITS, 1024)),
	READ_ONLY("value_len", CREATE, AES, "CKA_VALUE_LEN", A_ULONG(CKA_VALUE_LEN, 16)),
	READ_ONLY("value_bits", CREATE, DH_PRIVATE, "CKA_VALUE_BITS", A_ULONG(CKA_VALUE_BITS, 159)),
	READ_ONLY("prime_bits", CREATE, DSA_DOMAIN, "CKA_PRIME_BITS",
		  A_ULONG(CKA_PRIME_BITS, 1024)),
	READ_ONLY("trusted", CREATE, CERTIFICATE, "CKA_TRUSTED", A_BOOL(CKA_TRUSTED, CK_TRUE)),

	/* what is no attribute of such objects */
	UNKNOWN("modulus_of_data", CREATE, DATA, "CKA_MODULUS", A_TEXT(CKA_MODULUS, "x")),
	UNKNOWN("sign_of_public", CREATE, RSA_PUBLIC, "CKA_SIGN", A_BOOL(CKA_SIGN, CK_TRUE)),
	UNKNOWN("point_of_private", CREATE, EC_PRIVATE, "CKA_EC_POINT", A_TEXT(CKA_EC_POINT, "x")),
	UNKNOWN("vendor", CREATE, DATA, "the attribute 0x80000001",
		A_TEXT(CKA_VENDOR_DEFINED | 1, "x")),

	/* values */
	BAD_VALUE("flag_long", CREATE, DATA, "CKA_MODIFIABLE", A_ULONG(CKA_MODIFIABLE, 1)),
	BAD_VALUE("number_short", CREATE, CERTIFICATE, "CKA_CERTIFICATE_CATEGORY",
		  A_TEXT(CKA_CERTIFICATE_CATEGORY, "x")),
	BAD_VALUE("label_null", CREATE, DATA, "CKA_LABEL", { CKA_LABEL, NULL, 4 }),
	BAD_VALUE("id_minus_one", CREATE, AES, "CKA_ID", { CKA_ID, p256, MINUS_ONE }),
	BAD_VALUE("date_short", CREATE, AES, "CKA_START_DATE", A_TEXT(CKA_START_DATE, "2024")),
	BAD_VALUE("date_bad", CREATE, AES, "CKA_END_DATE", A_TEXT(CKA_END_DATE, "20241301")),
	BAD_VALUE("mechanisms_none", CREATE, AES, "CKA_ALLOWED_MECHANISMS",
		  A_EMPTY(CKA_ALLOWED_MECHANISMS)),
	BAD_VALUE("mechanisms_cut", CREATE, AES, "CKA_ALLOWED_MECHANISMS",
		  A_TEXT(CKA_ALLOWED_MECHANISMS, "x")),
	BAD_VALUE("template_nested", CREATE, AES, "CKA_WRAP_TEMPLATE",
		  A_BYTES(CKA_WRAP_TEMPLATE, nested)),
	BAD_VALUE("template_inner_null", CREATE, AES, "CKA_UNWRAP_TEMPLATE",
		  A_BYTES(CKA_UNWRAP_TEMPLATE, inner_null)),
	BAD_VALUE("aes_length", CREATE, AES, "CKA_VALUE", A_TEXT(CKA_VALUE, "0123456789")),
	BAD_VALUE("des3_length", CREATE, DES3, "CKA_VALUE", A_TEXT(CKA_VALUE, "0123456789")),
	BAD_VALUE("generic_empty", CREATE, GENERIC, "CKA_VALUE", A_EMPTY(CKA_VALUE)),
	BAD_VALUE("check_value", CREATE, AES, "CKA_CHECK_VALUE", A_TEXT(CKA_CHECK_VALUE, "abc")),
	BAD_VALUE("certificate_check_value", CREATE, CERTIFICATE, "CKA_CHECK_VALUE",
		  A_TEXT(CKA_CHECK_VALUE, "abc")),
	BAD_VALUE("point_off_curve", CREATE, EC_PUBLIC, "CKA_EC_POINT",
		  A_BYTES(CKA_EC_POINT, off_curve)),
	BAD_VALUE("params_junk", CREATE, EC_PUBLIC, "CKA_EC_PARAMS", A_TEXT(CKA_EC_PARAMS, "x")),
	BAD_VALUE("rsa_parts_disagree", CREATE, RSA_PRIVATE, "CKA_",
		  A_TEXT(CKA_PRIME_1, "12345678901")),
	BAD_VALUE("info_wrong", CREATE, RSA_PUBLIC, "CKA_PUBLIC_KEY_INFO",
		  A_TEXT(CKA_PUBLIC_KEY_INFO, "x")),
	BAD_VALUE("info_of_private_wrong", CREATE, EC_PRIVATE, "CKA_PUBLIC_KEY_INFO",
		  A_TEXT(CKA_PUBLIC_KEY_INFO, "x")),
	INCONSISTENT("reauthentication_public", CREATE, RSA_PRIVATE, "CKA_ALWAYS_AUTHENTICATE",
		     A_BOOL(CKA_ALWAYS_AUTHENTICATE, CK_TRUE), A_BOOL(CKA_PRIVATE, CK_FALSE)),
	INCONSISTENT("certificate_nowhere", CREATE, CERTIFICATE, "CKA_VALUE",
		     A_EMPTY(CKA_VALUE)),
	INCONSISTENT("certificate_no_hash", CREATE, CERTIFICATE, "CKA_HASH_OF_SUBJECT_PUBLIC_KEY",
		     A_TEXT(CKA_URL, "https://example.com")),

	/* who may */
	IN_STATE("read_only_session", CREATE, DATA, RO_USER, CKR_SESSION_READ_ONLY, "CKA_TOKEN",
		 A_BOOL(CKA_TOKEN, CK_TRUE)),
	IN_STATE("not_logged_in", CREATE, DATA, RW_PUBLIC, CKR_USER_NOT_LOGGED_IN, "CKA_PRIVATE",
		 A_BOOL(CKA_PRIVATE, CK_TRUE)),

	/* C_SetAttributeValue */
	{ "unmodifiable", SET, DATA, SAYS(CKR_ACTION_PROHIBITED, "CKA_MODIFIABLE"),
	  { A_TEXT(CKA_LABEL, "x"), A_END }, { A_BOOL(CKA_MODIFIABLE, CK_FALSE), A_END }, 0 },
	READ_ONLY("class", SET, DATA, "CKA_CLASS", A_ULONG(CKA_CLASS, CKO_DATA)),
	READ_ONLY("token", SET, DATA, "CKA_TOKEN", A_BOOL(CKA_TOKEN, CK_FALSE)),
	READ_ONLY("value", SET, AES, "CKA_VALUE", A_TEXT(CKA_VALUE, "0123456789abcdef")),
	{ "sensitive_to_false", SET, AES, SAYS(CKR_ATTRIBUTE_READ_ONLY, "CKA_SENSITIVE"),
	  { A_BOOL(CKA_SENSITIVE, CK_FALSE), A_END }, { A_BOOL(CKA_SENSITIVE, CK_TRUE), A_END },
	  0 },
	READ_ONLY("extractable_to_true", SET, AES, "CKA_EXTRACTABLE",
		  A_BOOL(CKA_EXTRACTABLE, CK_TRUE)),
	READ_ONLY("info_of_public", SET, RSA_PUBLIC, "CKA_PUBLIC_KEY_INFO",
		  A_EMPTY(CKA_PUBLIC_KEY_INFO)),
	UNKNOWN("unknown", SET, DATA, "CKA_MODULUS", A_TEXT(CKA_MODULUS, "x")),
	UNKNOWN("second_unknown", SET, DATA, "CKA_MODULUS", A_TEXT(CKA_LABEL, "x"),
		A_TEXT(CKA_MODULUS, "x")),
	BAD_VALUE("label_null", SET, DATA, "CKA_LABEL", { CKA_LABEL, NULL, 4 }),
	BAD_VALUE("flag_long", SET, AES, "CKA_ENCRYPT", A_ULONG(CKA_ENCRYPT, 1)),
	BAD_VALUE("date_bad", SET, AES, "CKA_START_DATE", A_TEXT(CKA_START_DATE, "2024-1-1")),
	BAD_VALUE("check_value", SET, AES, "CKA_CHECK_VALUE", A_TEXT(CKA_CHECK_VALUE, "abc")),
	BAD_VALUE("info_wrong", SET, RSA_PRIVATE, "CKA_PUBLIC_KEY_INFO",
		  A_TEXT(CKA_PUBLIC_KEY_INFO, "x")),
	INCONSISTENT("label_twice", SET, DATA, "CKA_LABEL", A_TEXT(CKA_LABEL, "x"),
		     A_TEXT(CKA_LABEL, "y")),

	/* C_CopyObject */
	{ "uncopyable", COPY, DATA, SAYS(CKR_ACTION_PROHIBITED, "CKA_COPYABLE"),
	  { A_TEXT(CKA_LABEL, "x"), A_END }, { A_BOOL(CKA_COPYABLE, CK_FALSE), A_END }, 0 },
	{ "unmodifiable", COPY, DATA, SAYS(CKR_ATTRIBUTE_READ_ONLY, "CKA_LABEL"),
	  { A_TEXT(CKA_LABEL, "x"), A_END }, { A_BOOL(CKA_MODIFIABLE, CK_FALSE), A_END }, 0 },
	INCONSISTENT("private_to_public", COPY, DATA, "CKA_PRIVATE",
		     A_BOOL(CKA_PRIVATE, CK_FALSE)),
	READ_ONLY("class", COPY, DATA, "CKA_CLASS", A_ULONG(CKA_CLASS, CKO_DATA)),
	READ_ONLY("key_type", COPY, AES, "CKA_KEY_TYPE", A_ULONG(CKA_KEY_TYPE, CKK_AES)),
	READ_ONLY("value", COPY, AES, "CKA_VALUE", A_TEXT(CKA_VALUE, "0123456789abcdef")),
	READ_ONLY("extractable_to_true", COPY, AES, "CKA_EXTRACTABLE",
		  A_BOOL(CKA_EXTRACTABLE, CK_TRUE)),
	UNKNOWN("unknown", COPY, DATA, "CKA_MODULUS", A_TEXT(CKA_MODULUS, "x")),
	BAD_VALUE("flag_long", COPY, DATA, "CKA_TOKEN", A_ULONG(CKA_TOKEN, 1)),
	BAD_VALUE("check_value", COPY, AES, "CKA_CHECK_VALUE", A_TEXT(CKA_CHECK_VALUE, "abc")),
	BAD_VALUE("info_wrong", COPY, EC_PRIVATE, "CKA_PUBLIC_KEY_INFO",
		  A_TEXT(CKA_PUBLIC_KEY_INFO, "x")),
	INCONSISTENT("label_twice", COPY, DATA, "CKA_LABEL", A_TEXT(CKA_LABEL, "x"),
		     A_TEXT(CKA_LABEL, "y")),

	/* C_GenerateKey */
	INCOMPLETE("no_length", GENERATE, AES, "CKA_VALUE_LEN", A_END),
	BAD_VALUE("length_20", GENERATE, AES, "CKA_VALUE_LEN", A_ULONG(CKA_VALUE_LEN, 20)),
	BAD_VALUE("length_size", GENERATE, AES, "CKA_VALUE_LEN", A_TEXT(CKA_VALUE_LEN, "x")),
	BAD_VALUE("class_public", GENERATE, AES, "CKA_CLASS", A_ULONG(CKA_CLASS, CKO_PUBLIC_KEY)),
	INCONSISTENT("key_type_other", GENERATE, AES, "CKA_KEY_TYPE",
		     A_ULONG(CKA_KEY_TYPE, CKK_DES3)),
	READ_ONLY("value", GENERATE, AES, "CKA_VALUE", A_TEXT(CKA_VALUE, "0123456789abcdef")),
	READ_ONLY("local", GENERATE, AES, "CKA_LOCAL", A_BOOL(CKA_LOCAL, CK_TRUE)),
	UNKNOWN("modulus", GENERATE, AES, "CKA_MODULUS", A_TEXT(CKA_MODULUS, "x")),
	BAD_VALUE("label_null", GENERATE, AES, "CKA_LABEL", { CKA_LABEL, NULL, 4 }),
	BAD_VALUE("check_value", GENERATE, AES, "CKA_CHECK_VALUE", A_ULONG(CKA_VALUE_LEN, 16),
		  A_TEXT(CKA_CHECK_VALUE, "abcd")),
	INCONSISTENT("id_twice", GENERATE, AES, "CKA_ID", A_TEXT(CKA_ID, "1"),
		     A_TEXT(CKA_ID, "2")),
	IN_STATE("read_only_session", GENERATE, AES, RO_USER, CKR_SESSION_READ_ONLY, "CKA_TOKEN",
		 A_ULONG(CKA_VALUE_LEN, 16)),

	/* C_GenerateKeyPair */
	INCOMPLETE("no_bits", GENERATE_RSA, RSA_PUBLIC, "CKA_MODULUS_BITS", A_END),
	BAD_VALUE("bits_of_7", GENERATE_RSA, RSA_PUBLIC, "CKA_MODULUS_BITS",
		  A_ULONG(CKA_MODULUS_BITS, 7)),
	BAD_VALUE("exponent_even", GENERATE_RSA, RSA_PUBLIC, "CKA_PUBLIC_EXPONENT",
		  A_ULONG(CKA_MODULUS_BITS, 1024), A_TEXT(CKA_PUBLIC_EXPONENT, "\x02")),
	READ_ONLY("modulus", GENERATE_RSA, RSA_PUBLIC, "CKA_MODULUS", A_TEXT(CKA_MODULUS, "x")),
	INCOMPLETE("no_params", GENERATE_EC, EC_PUBLIC, "CKA_EC_PARAMS", A_END),
	{ "params_junk", GENERATE_EC, EC_PUBLIC,
	  SAYS(CKR_DOMAIN_PARAMS_INVALID, "CKA_EC_PARAMS"), { A_TEXT(CKA_EC_PARAMS, "x"), A_END },
	  NOTHING, 0 },
	READ_ONLY("point", GENERATE_EC, EC_PUBLIC, "CKA_EC_POINT", A_BYTES(CKA_EC_PARAMS, p256),
		  A_TEXT(CKA_EC_POINT, "x")),
	BAD_VALUE("info", GENERATE_EC, EC_PUBLIC, "CKA_PUBLIC_KEY_INFO",
		  A_BYTES(CKA_EC_PARAMS, p256), A_TEXT(CKA_PUBLIC_KEY_INFO, "x")),
	READ_ONLY("params", GENERATE_EC_PRIVATE, EC_PRIVATE, "CKA_EC_PARAMS",
		  A_BYTES(CKA_EC_PARAMS, p256)),
	READ_ONLY("private_value", GENERATE_EC_PRIVATE, EC_PRIVATE, "CKA_VALUE",
		  A_TEXT(CKA_VALUE, "x")),
	UNKNOWN("encrypt", GENERATE_EC_PRIVATE, EC_PRIVATE, "CKA_ENCRYPT",
		A_BOOL(CKA_ENCRYPT, CK_TRUE)),
	BAD_VALUE("private_info", GENERATE_EC_PRIVATE, EC_PRIVATE, "CKA_PUBLIC_KEY_INFO",
		  A_TEXT(CKA_PUBLIC_KEY_INFO, "x")),
	INCONSISTENT("private_id_twice", GENERATE_EC_PRIVATE, EC_PRIVATE, "CKA_ID",
		     A_TEXT(CKA_ID, "1"), A_TEXT(CKA_ID, "2")),

	/* C_UnwrapKey */
	INCOMPLETE("no_class", UNWRAP, AES, "CKA_CLASS", A_ULONG(CKA_KEY_TYPE, CKK_AES), A_END),
	INCOMPLETE("no_key_type", UNWRAP, AES, "CKA_KEY_TYPE", A_ULONG(CKA_CLASS, CKO_SECRET_KEY),
		   A_END),
	BAD_VALUE("class", UNWRAP, AES, "CKA_CLASS", A_ULONG(CKA_CLASS, CKO_PUBLIC_KEY),
		  A_ULONG(CKA_KEY_TYPE, CKK_RSA)),
	READ_ONLY("value", UNWRAP, AES, "CKA_VALUE", AN_AES_KEY, A_TEXT(CKA_VALUE, "x")),
	READ_ONLY("local", UNWRAP, AES, "CKA_LOCAL", AN_AES_KEY, A_BOOL(CKA_LOCAL, CK_TRUE)),
	UNKNOWN("modulus", UNWRAP, AES, "CKA_MODULUS", AN_AES_KEY, A_TEXT(CKA_MODULUS, "x")),
	BAD_VALUE("check_value", UNWRAP, AES, "CKA_CHECK_VALUE", AN_AES_KEY,
		  A_TEXT(CKA_CHECK_VALUE, "no!")),
	{ "length", UNWRAP, AES, SAYS(CKR_WRAPPED_KEY_LEN_RANGE, "CKA_VALUE_LEN"),
	  { AN_AES_KEY, A_ULONG(CKA_VALUE_LEN, 24), A_END }, NOTHING, 0 },
	{ "of_another_type", UNWRAP, AES, SAYS(CKR_WRAPPED_KEY_INVALID, "CKA_VALUE"),
	  { A_ULONG(CKA_CLASS, CKO_SECRET_KEY), A_ULONG(CKA_KEY_TYPE, CKK_DES3), A_END },
	  NOTHING, 0 },
	{ "of_another_class", UNWRAP, AES, SAYS(CKR_WRAPPED_KEY_INVALID, ""),
	  { A_ULONG(CKA_CLASS, CKO_PRIVATE_KEY), A_ULONG(CKA_KEY_TYPE, CKK_RSA), A_END },
	  NOTHING, 0 },
	{ "damaged", UNWRAP_DAMAGED, AES, SAYS(CKR_WRAPPED_KEY_INVALID, "pWrappedKey"),
	  { AN_AES_KEY, A_END }, NOTHING, 0 },
	{ "short", UNWRAP_SHORT, AES, SAYS(CKR_WRAPPED_KEY_LEN_RANGE, "pWrappedKey"),
	  { AN_AES_KEY, A_END }, NOTHING, 0 },
	IN_STATE("read_only_session", UNWRAP, AES, RO_USER, CKR_SESSION_READ_ONLY, "CKA_TOKEN",
		 AN_AES_KEY),

	/* C_DeriveKey */
	INCOMPLETE("no_class", DERIVE, AES, "CKA_CLASS", A_ULONG(CKA_KEY_TYPE, CKK_AES), A_END),
	BAD_VALUE("class", DERIVE, AES, "CKA_CLASS", A_ULONG(CKA_CLASS, CKO_PRIVATE_KEY),
		  A_ULONG(CKA_KEY_TYPE, CKK_RSA)),
	READ_ONLY("value", DERIVE, AES, "CKA_VALUE", AN_AES_KEY, A_TEXT(CKA_VALUE, "x")),
	BAD_VALUE("length", DERIVE, AES, "CKA_VALUE_LEN", AN_AES_KEY, A_ULONG(CKA_VALUE_LEN, 15)),
	{ "too_long", DERIVE, AES, SAYS(CKR_KEY_SIZE_RANGE, ""),
	  { AN_AES_KEY, A_ULONG(CKA_VALUE_LEN, 32), A_END }, NOTHING, 0 },
	{ "parameter", DERIVE_ODD, AES,
	  SAYS(CKR_MECHANISM_PARAM_INVALID, "CKM_AES_ECB_ENCRYPT_DATA parameter"),
	  { AN_AES_KEY, A_END }, NOTHING, 0 },
	{ "forbidden", DERIVE_FORBIDDEN, AES, SAYS(CKR_KEY_FUNCTION_NOT_PERMITTED, "CKA_DERIVE"),
	  { AN_AES_KEY, A_END }, NOTHING, 0 },
	IN_STATE("read_only_session", DERIVE, AES, RO_USER, CKR_SESSION_READ_ONLY, "CKA_TOKEN",
		 AN_AES_KEY),
};

/* --- the calls ---------------------------------------------------------- */

static const CK_ATTRIBUTE on_token[] = {
	{ CKA_TOKEN, &yes, sizeof(yes) }, { CKA_LABEL, p256, sizeof(p256) }, A_END,
};

/* The list behind `base`, neither merged. */
static CK_ULONG append(CK_ATTRIBUTE *t, const CK_ATTRIBUTE *base, const CK_ATTRIBUTE *list)
{
	CK_ULONG n = tmpl_count(base), more = tmpl_count(list);

	memmove(t, base, n * sizeof(*t));
	memcpy(t + n, list, more * sizeof(*t));
	return n + more;
}

static CK_RV call_create(struct ctx *c, const struct refusal *r)
{
	CK_ATTRIBUTE t[TMPL_MAX];
	CK_OBJECT_HANDLE o = 0;
	CK_ULONG n;

	if (r->verb == CREATE_RAW) {
		n = append(t, on_token, r->list);
	} else {
		tmpl_join(t, kind_templates[r->kind], on_token);
		/* a label of the list contradicts the one that is there */
		if (r->verb == CREATE && r->list[0].type != CKA_LABEL) {
			tmpl_join(t, t, r->list);
			n = tmpl_count(t);
		} else {
			n = append(t, t, r->list);
		}
	}
	return p11->C_CreateObject(c->s, t, n, &o);
}

static CK_RV call_generate(struct ctx *c, const struct refusal *r)
{
	CK_MECHANISM m = { CKM_AES_KEY_GEN, NULL, 0 };
	const CK_ATTRIBUTE params[] = { A_BYTES(CKA_EC_PARAMS, p256), A_END };
	CK_ATTRIBUTE a[TMPL_MAX], b[TMPL_MAX];
	CK_OBJECT_HANDLE o[2] = { 0 };
	CK_ULONG n = append(a, on_token, r->list);

	if (r->verb == GENERATE)
		return p11->C_GenerateKey(c->s, &m, a, n, &o[0]);
	m.mechanism = r->verb == GENERATE_RSA ? CKM_RSA_PKCS_KEY_PAIR_GEN : CKM_EC_KEY_PAIR_GEN;
	if (r->verb != GENERATE_EC_PRIVATE)
		return p11->C_GenerateKeyPair(c->s, &m, a, n, b, append(b, on_token, NO_MORE),
					      &o[0], &o[1]);
	return p11->C_GenerateKeyPair(c->s, &m, b, append(b, on_token, params), a, n, &o[0],
				      &o[1]);
}

static CK_RV call_unwrap(struct ctx *c, const struct refusal *r)
{
	static const CK_ATTRIBUTE leaves[] = { { CKA_EXTRACTABLE, &yes, sizeof(yes) }, A_END };
	CK_MECHANISM m = { CKM_AES_KEY_WRAP, NULL, 0 };
	CK_ATTRIBUTE t[TMPL_MAX];
	CK_OBJECT_HANDLE with = 0, key = 0;
	CK_BYTE blob[64];
	CK_ULONG len = sizeof(blob);

	if (kind_make(c->s, AES, NULL, &with) != CKR_OK ||
	    kind_make(c->s, AES, leaves, &key) != CKR_OK ||
	    p11->C_WrapKey(c->s, &m, with, key, blob, &len) != CKR_OK)
		return ROW_BROKEN;
	if (r->verb == UNWRAP_DAMAGED)
		blob[3] ^= 1;
	if (r->verb == UNWRAP_SHORT)
		len -= 9;
	return p11->C_UnwrapKey(c->s, &m, with, blob, len, t, append(t, on_token, r->list), &key);
}

static CK_RV call_derive(struct ctx *c, const struct refusal *r)
{
	CK_BBOOL allowed = r->verb != DERIVE_FORBIDDEN;
	const CK_ATTRIBUTE derives[] = { { CKA_DERIVE, &allowed, sizeof(allowed) }, A_END };
	CK_BYTE data[16] = { 1 };
	CK_KEY_DERIVATION_STRING_DATA p = { data, r->verb == DERIVE_ODD ? 15 : 16 };
	CK_MECHANISM m = { CKM_AES_ECB_ENCRYPT_DATA, &p, sizeof(p) };
	CK_ATTRIBUTE t[TMPL_MAX];
	CK_OBJECT_HANDLE base = 0, key = 0;

	if (kind_make(c->s, AES, derives, &base) != CKR_OK)
		return ROW_BROKEN;
	return p11->C_DeriveKey(c->s, &m, base, t, append(t, on_token, r->list), &key);
}

static CK_RV call(struct ctx *c, const struct refusal *r, CK_OBJECT_HANDLE o)
{
	CK_ATTRIBUTE t[TMPL_MAX];
	CK_ULONG n = append(t, NO_MORE, r->list);

	switch (r->verb) {
	case SET:
		return p11->C_SetAttributeValue(c->s, o, t, n);
	case COPY:
		return p11->C_CopyObject(c->s, o, t, n, &o);
	case CREATE:
	case CREATE_RAW:
	case CREATE_TWICE:
		return call_create(c, r);
	case UNWRAP:
	case UNWRAP_DAMAGED:
	case UNWRAP_SHORT:
		return call_unwrap(c, r);
	case DERIVE:
	case DERIVE_ODD:
	case DERIVE_FORBIDDEN:
		return call_derive(c, r);
	default:
		return call_generate(c, r);
	}
}

/* --- the log ------------------------------------------------------------ */

static size_t log_read(char *buf, size_t size)
{
	int fd = open(work_path("refusals.log"), O_RDONLY | O_CLOEXEC);
	ssize_t n = fd >= 0 ? read(fd, buf, size - 1) : 0;

	if (fd >= 0)
		close(fd);
	buf[n > 0 ? n : 0] = '\0';
	return strlen(buf);
}

/* The text is one line, which says that. */
static bool is_line(const char *line, const char *function, const char *says)
{
	const char *end = strchr(line, '\n');
	char wanted[256];

	snprintf(wanted, sizeof(wanted), "%s: %s", function, says);
	return end && end[1] == '\0' && strstr(line, wanted);
}

/* Each file of the token counts: none may come. */
static size_t token_files(void)
{
	char dir[256];

	snprintf(dir, sizeof(dir), "%s", dir_entry(work_path("tokens")));
	return dir_count(work_path("tokens/%s", dir));
}

/* state_enter would go back to the usual configuration. */
static CK_RV begin(struct ctx *c, const struct refusal *r, CK_OBJECT_HANDLE *o)
{
	bool rw = r->state != RO_USER, user = r->state != RW_PUBLIC;
	char lines[512];
	CK_ATTRIBUTE more[TMPL_MAX];
	CK_RV rv;

	snprintf(lines, sizeof(lines), "log.level = WARNING\nlog.file = %s/refusals.log\n",
		 work_dir());
	conf_use("tokens", lines);
	rv = module_start();
	if (rv == CKR_OK)
		rv = session_open(c->slot, rw ? CKF_RW_SESSION : 0, &c->s);
	if (rv == CKR_OK && user)
		rv = login(c->s, CKU_USER, USER_PIN);
	tmpl_join(more, on_token, r->with);
	if (rv == CKR_OK && (r->verb == SET || r->verb == COPY))
		rv = kind_make(c->s, r->kind, more, o);
	return rv;
}

static CK_RV refused(struct ctx *c)
{
	const struct refusal *r = c->arg;
	static char before[1 << 16], after[1 << 16];
	CK_OBJECT_HANDLE o = 0;
	size_t len, files;
	CK_RV rv = begin(c, r, &o);

	if (rv != CKR_OK)
		return ROW_BROKEN;
	len = log_read(before, sizeof(before));
	files = token_files();
	rv = call(c, r, o);
	log_read(after, sizeof(after));
	if (token_files() != files || files == 0 || strlen(after) < len)
		return ROW_WRONG;
	if (o != 0 && p11->C_DestroyObject(c->s, o) != CKR_OK)
		return ROW_BROKEN;
	unlink(work_path("refusals.log"));
	return rv != r->expected || is_line(after + len, functions[r->verb], r->says) ? rv :
											ROW_WRONG;
}

void test_log(void)
{
	for (size_t i = 0; i < LENGTH(refusals); i++)
		row_runf(FINALIZED, refused, &refusals[i], refusals[i].expected, "log_%s_%s",
			 functions[refusals[i].verb], refusals[i].name);
}
