/*
 * Key types: loading from attributes, checks, computed attributes, generation, taking OpenSSL keys
 * apart.
 */
#include "config.h"

#include "crypto/key/keytype.h"

#include <openssl/evp.h>
#include <string.h>

#include "crypto/ossl/der.h"
#include "crypto/ossl/ossl.h"
#include "unit/crypto_util.h"
#include "unit/ec_vectors.h"
#include "unit/rsa_vectors.h"
#include "unit/unit.h"

#define MAX_ATTRS 9

struct load_row {
	const char *name;
	CK_OBJECT_CLASS class;
	CK_KEY_TYPE type;
	struct hex_attr attrs[MAX_ATTRS];
	CK_RV expected;
	CK_ULONG size;
};

#define RSA_CRT \
	{ CKA_PRIME_1, RSA_P }, { CKA_PRIME_2, RSA_Q }, { CKA_EXPONENT_1, RSA_DP }, \
	{ CKA_EXPONENT_2, RSA_DQ }, { CKA_COEFFICIENT, RSA_QINV }
#define PUB CKO_PUBLIC_KEY
#define PRIV CKO_PRIVATE_KEY
#define SEC CKO_SECRET_KEY
#define BAD CKR_ATTRIBUTE_VALUE_INVALID

static const struct load_row loads[] = {
	{ "RSA public", PUB, CKK_RSA, { { CKA_MODULUS, RSA_N }, { CKA_PUBLIC_EXPONENT, RSA_E } },
	  CKR_OK, 1024 },
	{ "RSA with leading zeros", PUB, CKK_RSA,
	  { { CKA_MODULUS, "0000" RSA_N }, { CKA_PUBLIC_EXPONENT, "00" RSA_E } }, CKR_OK, 1024 },
	{ "RSA private, all parts", PRIV, CKK_RSA,
	  { { CKA_MODULUS, RSA_N }, { CKA_PUBLIC_EXPONENT, RSA_E }, { CKA_PRIVATE_EXPONENT, RSA_D },
	    RSA_CRT },
	  CKR_OK, 1024 },
	{ "RSA private, no CRT parts", PRIV, CKK_RSA,
	  { { CKA_MODULUS, RSA_N }, { CKA_PUBLIC_EXPONENT, RSA_E },
	    { CKA_PRIVATE_EXPONENT, RSA_D } }, CKR_OK, 1024 },
	{ "RSA private, empty CRT parts", PRIV, CKK_RSA,
	  { { CKA_MODULUS, RSA_N }, { CKA_PUBLIC_EXPONENT, RSA_E }, { CKA_PRIVATE_EXPONENT, RSA_D },
	    { CKA_PRIME_1, "" }, { CKA_PRIME_2, "" } }, CKR_OK, 1024 },
	{ "RSA private, no public exponent", PRIV, CKK_RSA,
	  { { CKA_MODULUS, RSA_N }, { CKA_PRIVATE_EXPONENT, RSA_D } }, CKR_OK, 1024 },
	{ "RSA private, no public exponent but CRT", PRIV, CKK_RSA,
	  { { CKA_MODULUS, RSA_N }, { CKA_PRIVATE_EXPONENT, RSA_D }, RSA_CRT }, CKR_OK, 1024 },
	{ "RSA private, wrong exponent alone", PRIV, CKK_RSA,
	  { { CKA_MODULUS, RSA_N }, { CKA_PRIVATE_EXPONENT, RSA_P } }, BAD, 0 },
	{ "RSA private, no private exponent", PRIV, CKK_RSA,
	  { { CKA_MODULUS, RSA_N }, { CKA_PUBLIC_EXPONENT, RSA_E } }, BAD, 0 },
	{ "RSA without modulus", PUB, CKK_RSA, { { CKA_PUBLIC_EXPONENT, RSA_E } }, BAD, 0 },
	{ "RSA without exponent", PUB, CKK_RSA, { { CKA_MODULUS, RSA_N } }, BAD, 0 },
	{ "RSA with modulus 0", PUB, CKK_RSA, { { CKA_MODULUS, "0000" },
						{ CKA_PUBLIC_EXPONENT, RSA_E } }, BAD, 0 },
	{ "RSA with even modulus", PUB, CKK_RSA,
	  { { CKA_MODULUS, RSA_N "00" }, { CKA_PUBLIC_EXPONENT, RSA_E } }, BAD, 0 },
	{ "RSA secret", SEC, CKK_RSA, { { CKA_MODULUS, RSA_N } }, CKR_KEY_TYPE_INCONSISTENT, 0 },

	{ "P-256 public", PUB, CKK_EC, { { CKA_EC_PARAMS, P256 },
					 { CKA_EC_POINT, "0441" P256_POINT } }, CKR_OK, 256 },
	{ "P-256 bare point", PUB, CKK_EC, { { CKA_EC_PARAMS, P256 },
					     { CKA_EC_POINT, P256_POINT } }, CKR_OK, 256 },
	{ "P-256 compressed point", PUB, CKK_EC,
	  { { CKA_EC_PARAMS, P256 }, { CKA_EC_POINT, "042103" P256_X } }, CKR_OK, 256 },
	{ "P-256 bare compressed point", PUB, CKK_EC,
	  { { CKA_EC_PARAMS, P256 }, { CKA_EC_POINT, "03" P256_X } }, CKR_OK, 256 },
	{ "P-256 point off the curve", PUB, CKK_EC,
	  { { CKA_EC_PARAMS, P256 }, { CKA_EC_POINT, "044104" P256_X P256_X } }, BAD, 0 },
	{ "P-256 point at infinity", PUB, CKK_EC,
	  { { CKA_EC_PARAMS, P256 }, { CKA_EC_POINT, "040100" } }, BAD, 0 },
	{ "P-256 short point", PUB, CKK_EC, { { CKA_EC_PARAMS, P256 },
					      { CKA_EC_POINT, "044004" P256_X } }, BAD, 0 },
	{ "P-256 no point", PUB, CKK_EC, { { CKA_EC_PARAMS, P256 } }, BAD, 0 },
	{ "P-384 with a P-256 point", PUB, CKK_EC,
	  { { CKA_EC_PARAMS, P384 }, { CKA_EC_POINT, "0441" P256_POINT } }, BAD, 0 },
	{ "EC without parameters", PUB, CKK_EC, { { CKA_EC_POINT, "0441" P256_POINT } }, BAD, 0 },
	{ "EC with an Edwards curve", PUB, CKK_EC,
	  { { CKA_EC_PARAMS, ED25519 }, { CKA_EC_POINT, "0420" ED25519_PUB } },
		  CKR_CURVE_NOT_SUPPORTED, 0 },
	{ "EC with a binary field", PUB, CKK_EC,
	  { { CKA_EC_PARAMS, "06052b81040026" }, { CKA_EC_POINT, "0420" } },
		  CKR_CURVE_NOT_SUPPORTED, 0 },
	{ "P-256 private", PRIV, CKK_EC, { { CKA_EC_PARAMS, P256 }, { CKA_VALUE, P256_D } }, CKR_OK,
	  256 },
	{ "P-256 private, 1", PRIV, CKK_EC, { { CKA_EC_PARAMS, P256 }, { CKA_VALUE, "01" } },
	  CKR_OK, 256 },
	{ "P-256 private, leading zeros", PRIV, CKK_EC,
	  { { CKA_EC_PARAMS, P256 }, { CKA_VALUE, "000000" P256_D } }, CKR_OK, 256 },
	{ "P-256 private, order - 1", PRIV, CKK_EC,
	  { { CKA_EC_PARAMS, P256 },
	    { CKA_VALUE, "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632550" } },
		    CKR_OK, 256 },
	{ "P-256 private, the order", PRIV, CKK_EC,
	  { { CKA_EC_PARAMS, P256 },
	    { CKA_VALUE, "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551" } },
		    BAD, 0 },
	{ "P-256 private, 0", PRIV, CKK_EC, { { CKA_EC_PARAMS, P256 }, { CKA_VALUE, "00" } }, BAD,
	  0 },
	{ "P-256 private, nothing", PRIV, CKK_EC, { { CKA_EC_PARAMS, P256 }, { CKA_VALUE, "" } },
	  BAD, 0 },

	{ "Ed25519 public", PUB, CKK_EC_EDWARDS,
	  { { CKA_EC_PARAMS, ED25519 }, { CKA_EC_POINT, "0420" ED25519_PUB } }, CKR_OK, 255 },
	{ "Ed25519 bare point, OID", PUB, CKK_EC_EDWARDS,
	  { { CKA_EC_PARAMS, "06032b6570" }, { CKA_EC_POINT, ED25519_PUB } }, CKR_OK, 255 },
	{ "Ed25519 short point", PUB, CKK_EC_EDWARDS,
	  { { CKA_EC_PARAMS, ED25519 }, { CKA_EC_POINT, "0410" } }, BAD, 0 },
	{ "Ed25519 private", PRIV, CKK_EC_EDWARDS,
	  { { CKA_EC_PARAMS, ED25519 }, { CKA_VALUE, ED25519_SEED } }, CKR_OK, 255 },
	{ "Ed25519 private, one byte short", PRIV, CKK_EC_EDWARDS,
	  { { CKA_EC_PARAMS, ED25519 }, { CKA_VALUE, "00" } }, BAD, 0 },
	{ "Ed448 private", PRIV, CKK_EC_EDWARDS,
	  { { CKA_EC_PARAMS, ED448 }, { CKA_VALUE, ED448_SEED } }, CKR_OK, 448 },
	{ "Ed448 public", PUB, CKK_EC_EDWARDS,
	  { { CKA_EC_PARAMS, ED448 }, { CKA_EC_POINT, "0439" ED448_PUB } }, CKR_OK, 448 },
	{ "X25519 private", PRIV, CKK_EC_EDWARDS,
	  { { CKA_EC_PARAMS, "06032b656e" }, { CKA_VALUE, ED25519_SEED } }, CKR_OK, 255 },
	{ "Edwards with P-256", PRIV, CKK_EC_EDWARDS,
	  { { CKA_EC_PARAMS, P256 }, { CKA_VALUE, P256_D } }, CKR_CURVE_NOT_SUPPORTED, 0 },

	{ "DSA public", PUB, CKK_DSA,
	  { { CKA_PRIME, DSA_P }, { CKA_SUBPRIME, DSA_Q }, { CKA_BASE, DSA_G },
	    { CKA_VALUE, DSA_Y } }, CKR_OK, 1024 },
	{ "DSA private", PRIV, CKK_DSA,
	  { { CKA_PRIME, DSA_P }, { CKA_SUBPRIME, DSA_Q }, { CKA_BASE, DSA_G },
	    { CKA_VALUE, DSA_X } }, CKR_OK, 1024 },
	{ "DSA without subprime", PRIV, CKK_DSA,
	  { { CKA_PRIME, DSA_P }, { CKA_BASE, DSA_G }, { CKA_VALUE, DSA_X } }, BAD, 0 },
	{ "DSA with even prime", PRIV, CKK_DSA,
	  { { CKA_PRIME, DSA_P "00" }, { CKA_SUBPRIME, DSA_Q }, { CKA_BASE, DSA_G },
	    { CKA_VALUE, DSA_X } }, BAD, 0 },
	{ "DH private", PRIV, CKK_DH,
	  { { CKA_PRIME, DSA_P }, { CKA_BASE, DSA_G }, { CKA_VALUE, DSA_X } }, CKR_OK, 1024 },
	{ "DH public", PUB, CKK_DH, { { CKA_PRIME, DSA_P }, { CKA_BASE, DSA_G },
				      { CKA_VALUE, DSA_Y } }, CKR_OK, 1024 },
	{ "DH without base", PUB, CKK_DH, { { CKA_PRIME, DSA_P }, { CKA_VALUE, DSA_Y } }, BAD, 0 },

	{ "AES-128", SEC, CKK_AES, { { CKA_VALUE, "000102030405060708090a0b0c0d0e0f" } }, CKR_OK,
	  16 },
	{ "AES-192", SEC, CKK_AES, { { CKA_VALUE,
				       "000102030405060708090a0b0c0d0e0f00010203"
				       "04050607" } }, CKR_OK, 24 },
	{ "AES-256", SEC, CKK_AES, { { CKA_VALUE, P256_D } }, CKR_OK, 32 },
	{ "AES of 20 bytes", SEC, CKK_AES, { { CKA_VALUE, DSA_Q } }, BAD, 0 },
	{ "AES of 40 bytes", SEC, CKK_AES, { { CKA_VALUE, DSA_Q DSA_Q } }, BAD, 0 },
	{ "AES without value", SEC, CKK_AES, { { CKA_LABEL, "00" } }, BAD, 0 },
	{ "DES", SEC, CKK_DES, { { CKA_VALUE, "0123456789abcdef" } }, CKR_OK, 8 },
	{ "DES2", SEC, CKK_DES2, { { CKA_VALUE, "0123456789abcdeffedcba9876543210" } }, CKR_OK,
	  16 },
	{ "DES2 of 24 bytes", SEC, CKK_DES2,
	  { { CKA_VALUE, "0123456789abcdeffedcba98765432100123456789abcdef" } }, BAD, 0 },
	{ "DES3", SEC, CKK_DES3,
	  { { CKA_VALUE, "0123456789abcdeffedcba98765432100123456789abcdef" } }, CKR_OK, 24 },
	{ "generic", SEC, CKK_GENERIC_SECRET, { { CKA_VALUE, "00" } }, CKR_OK, 1 },
	{ "empty generic", SEC, CKK_GENERIC_SECRET, { { CKA_VALUE, "" } }, BAD, 0 },
	{ "SHA-256 HMAC", SEC, CKK_SHA256_HMAC, { { CKA_VALUE, P256_D } }, CKR_OK, 32 },
	{ "AES public", PUB, CKK_AES, { { CKA_VALUE, P256_D } }, CKR_KEY_TYPE_INCONSISTENT, 0 },
	{ "unknown type", SEC, CKK_CAMELLIA, { { CKA_VALUE, P256_D } }, CKR_KEY_TYPE_INCONSISTENT,
	  0 },
	{ "domain parameters", CKO_DOMAIN_PARAMETERS, CKK_DSA,
	  { { CKA_PRIME, DSA_P } }, CKR_KEY_TYPE_INCONSISTENT, 0 },
};

static void test_load(void)
{
	for (size_t i = 0; i < ARRAY_LEN(loads); i++) {
		const struct load_row *r = &loads[i];
		struct attrset *s = make_set(r->attrs);
		struct key *k = NULL;

		CHECK(r->name, keytype_load(r->class, r->type, s, &k) == r->expected);
		CHECK(r->name, (k != NULL) == (r->expected == CKR_OK));
		CHECK(r->name, k == NULL || (k->size == r->size && k->class == r->class &&
					     k->type == r->type));
		CHECK(r->name, k == NULL || (k->pkey != NULL) == (r->class != CKO_SECRET_KEY));
		/* What loads is also what may be created. */
		if (r->expected != CKR_KEY_TYPE_INCONSISTENT)
			CHECK(r->name, (keytype_complete(r->class, r->type, s) == CKR_OK) ==
			      (r->expected == CKR_OK));
		key_unref(k);
		attrset_free(s);
	}
}

/* A modulus beyond OpenSSL's limit is refused before any arithmetic. */
static void test_huge_modulus(void)
{
	static unsigned char n[1 << 20];
	struct attrset *s = attrset_new(true);
	struct key *k = NULL;

	memset(n, 0xff, sizeof(n));
	CU_ASSERT_EQUAL(attrset_set_bytes(s, CKA_MODULUS, n, sizeof(n)), CKR_OK);
	CU_ASSERT_EQUAL(attrset_set_bytes(s, CKA_PUBLIC_EXPONENT, n, sizeof(n)), CKR_OK);
	CU_ASSERT_EQUAL(keytype_load(PUB, CKK_RSA, s, &k), BAD);
	CU_ASSERT_EQUAL(attrset_set_bytes(s, CKA_MODULUS, n, 256), CKR_OK);
	CU_ASSERT_EQUAL(keytype_load(PUB, CKK_RSA, s, &k), BAD);
	CU_ASSERT_EQUAL(attrset_set_bytes(s, CKA_PRIME, n, sizeof(n)), CKR_OK);
	CU_ASSERT_EQUAL(keytype_load(PUB, CKK_DSA, s, &k), BAD);
	attrset_free(s);
}

static void test_parts(void)
{
	static const struct {
		const char *name;
		CK_OBJECT_CLASS class;
		CK_KEY_TYPE type;
		size_t count;
	} rows[] = {
		{ "RSA public", PUB, CKK_RSA, 2 },     { "RSA private", PRIV, CKK_RSA, 8 },
		{ "EC public", PUB, CKK_EC, 2 },       { "EC private", PRIV, CKK_EC, 2 },
		{ "DSA private", PRIV, CKK_DSA, 4 },   { "DH public", PUB, CKK_DH, 3 },
		{ "AES", SEC, CKK_AES, 1 },	       { "AES public", PUB, CKK_AES, 0 },
		{ "RSA secret", SEC, CKK_RSA, 0 },     { "unknown", SEC, CKK_CAMELLIA, 0 },
		{ "certificate", CKO_CERTIFICATE, CKK_RSA, 0 },
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const CK_ATTRIBUTE_TYPE *p = keytype_parts(rows[i].class, rows[i].type);
		size_t n = 0;

		while (p != NULL && p[n] != CK_UNAVAILABLE_INFORMATION)
			n++;
		CHECK(rows[i].name, n == rows[i].count && n < KEYTYPE_PARTS);
		CHECK(rows[i].name, (p != NULL) == (n > 0));
	}
}

/* Numbers that keytype_complete computes. */
static void test_complete_numbers(void)
{
	static const struct {
		const char *name;
		CK_OBJECT_CLASS class;
		CK_KEY_TYPE type;
		struct hex_attr attrs[MAX_ATTRS];
		CK_ATTRIBUTE_TYPE what;
		CK_ULONG value;
	} rows[] = {
		{ "modulus bits", PUB, CKK_RSA,
		  { { CKA_MODULUS, RSA_N }, { CKA_PUBLIC_EXPONENT, RSA_E } },
		  CKA_MODULUS_BITS, 1024 },
		{ "odd modulus bits", PUB, CKK_RSA,
		  { { CKA_MODULUS, "0001" RSA_N }, { CKA_PUBLIC_EXPONENT, "03" } },
		  CKA_MODULUS_BITS, 1025 },
		{ "value bits", PRIV, CKK_DH,
		  { { CKA_PRIME, DSA_P }, { CKA_BASE, DSA_G }, { CKA_VALUE, DSA_X } },
			  CKA_VALUE_BITS, 159 },
		{ "DSA prime bits", CKO_DOMAIN_PARAMETERS, CKK_DSA,
		  { { CKA_PRIME, DSA_P }, { CKA_SUBPRIME, DSA_Q }, { CKA_BASE, DSA_G } },
			  CKA_PRIME_BITS, 1024 },
		{ "DH prime bits", CKO_DOMAIN_PARAMETERS, CKK_DH,
		  { { CKA_PRIME, "00" DSA_P }, { CKA_BASE, DSA_G } }, CKA_PRIME_BITS, 1024 },
		{ "AES length", SEC, CKK_AES, { { CKA_VALUE, P256_D } }, CKA_VALUE_LEN, 32 },
		{ "generic length", SEC, CKK_GENERIC_SECRET, { { CKA_VALUE, "0011223344" } },
		  CKA_VALUE_LEN, 5 },
		{ "no DES length", SEC, CKK_DES, { { CKA_VALUE, "0123456789abcdef" } },
		  CKA_VALUE_LEN, 0 },
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct attrset *s = make_set(rows[i].attrs);

		CHECK(rows[i].name, keytype_complete(rows[i].class, rows[i].type, s) == CKR_OK);
		CHECK(rows[i].name, attrset_number(s, rows[i].what, 0) == rows[i].value);
		attrset_free(s);
	}
}

static void test_complete_refuses(void)
{
	static const struct load_row rows[] = {
		{ "wrong prime", PRIV, CKK_RSA,
		  { { CKA_MODULUS, RSA_N }, { CKA_PUBLIC_EXPONENT, RSA_E },
		    { CKA_PRIVATE_EXPONENT, RSA_D },
		    { CKA_PRIME_1, RSA_P }, { CKA_PRIME_2, RSA_P }, { CKA_EXPONENT_1, RSA_DP },
		    { CKA_EXPONENT_2, RSA_DQ }, { CKA_COEFFICIENT, RSA_QINV } }, BAD, 0 },
		{ "wrong prime without exponents", PRIV, CKK_RSA,
		  { { CKA_MODULUS, RSA_N }, { CKA_PUBLIC_EXPONENT, RSA_E },
		    { CKA_PRIVATE_EXPONENT, RSA_D },
		    { CKA_PRIME_1, RSA_P }, { CKA_PRIME_2, RSA_E } }, BAD, 0 },
		{ "domain without prime", CKO_DOMAIN_PARAMETERS, CKK_DH, { { CKA_BASE, DSA_G } },
		  BAD, 0 },
		{ "domain of another type", CKO_DOMAIN_PARAMETERS, CKK_RSA, { { CKA_BASE, DSA_G } },
		  BAD, 0 },
		{ "unknown type", SEC, CKK_CAMELLIA, { { CKA_VALUE, P256_D } }, BAD, 0 },
		{ "long check value", SEC, CKK_AES,
		  { { CKA_VALUE, AES_KEY }, { CKA_CHECK_VALUE, "7df76b0c" } }, BAD, 0 },
		{ "wrong check value", SEC, CKK_AES,
		  { { CKA_VALUE, AES_KEY }, { CKA_CHECK_VALUE, "7df76a" } }, BAD, 0 },
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct attrset *s = make_set(rows[i].attrs);

		CHECK(rows[i].name, keytype_complete(rows[i].class, rows[i].type, s) ==
		      rows[i].expected);
		attrset_free(s);
	}
}

/* RFC 4493 has the AES one, the DES ones are found in many manuals of payment terminals. */
static const struct {
	const char *name;
	CK_KEY_TYPE type;
	const char *value;
	const char *check;
} check_values[] = {
	{ "AES", CKK_AES, AES_KEY, "7df76b" },
	{ "DES", CKK_DES, "0123456789abcdef", "d5d44f" },
	{ "DES2", CKK_DES2, "0123456789abcdeffedcba9876543210", "08d7b4" },
	{ "DES2 as DES3", CKK_DES3, "0123456789abcdeffedcba98765432100123456789abcdef", "08d7b4" },
	{ "generic", CKK_GENERIC_SECRET, "616263", "a9993e" },
	{ "HMAC", CKK_SHA256_HMAC, "616263", "a9993e" },
};

static void test_check_values(void)
{
	for (size_t i = 0; i < ARRAY_LEN(check_values); i++) {
		const struct hex_attr absent[] =
			{ { CKA_VALUE, check_values[i].value }, { 0, NULL } };
		const struct hex_attr empty[] =
			{ { CKA_VALUE, check_values[i].value }, { CKA_CHECK_VALUE, "" },
						  { 0, NULL } };
		const struct hex_attr right[] = { { CKA_VALUE, check_values[i].value },
						  { CKA_CHECK_VALUE, check_values[i].check },
							  { 0, NULL } };
		const struct hex_attr *const sets[] = { absent, empty, right };
		const char *const after[] = { check_values[i].check, "", check_values[i].check };

		for (size_t n = 0; n < ARRAY_LEN(sets); n++) {
			struct attrset *s = make_set(sets[n]);
			const unsigned char *p = NULL;
			size_t len = 99;

			CHECK(check_values[i].name,
			      keytype_complete(SEC, check_values[i].type, s) == CKR_OK);
			CHECK(check_values[i].name, attrset_bytes(s, CKA_CHECK_VALUE, &p, &len));
			CHECK(check_values[i].name, is_hex(p, len, after[n]));
			attrset_free(s);
		}
	}
}

static void test_check_value_functions(void)
{
	unsigned char out[3];

	CU_ASSERT_EQUAL(keytype_certificate_check_value((const unsigned char *)"abc", 3, out),
			CKR_OK);
	CU_ASSERT_TRUE(is_hex(out, 3, "a9993e"));
	CU_ASSERT_EQUAL(keytype_check_value(CKK_GENERIC_SECRET, (const unsigned char *)"abc", 3,
					    out), CKR_OK);
	CU_ASSERT_TRUE(is_hex(out, 3, "a9993e"));
	CU_ASSERT_EQUAL(keytype_check_value(CKK_AES, (const unsigned char *)"abc", 3, out), BAD);
	CU_ASSERT_EQUAL(keytype_check_value(CKK_RSA, (const unsigned char *)"abc", 3, out),
			CKR_KEY_TYPE_INCONSISTENT);
}

struct generate_row {
	const char *name;
	CK_MECHANISM_TYPE type;
	CK_ULONG number;		/* CKA_MODULUS_BITS or CKA_VALUE_LEN; 0: not given */
	const char *exponent;		/* NULL: not given */
	const char *params;
	CK_RV expected;
};

static const struct generate_row generations[] = {
	{ "RSA-1024", CKM_RSA_PKCS_KEY_PAIR_GEN, 1024, NULL, NULL, CKR_OK },
	{ "RSA-512, 3", CKM_RSA_PKCS_KEY_PAIR_GEN, 512, "03", NULL, CKR_OK },
	{ "RSA-513", CKM_RSA_PKCS_KEY_PAIR_GEN, 513, "000011", NULL, CKR_OK },
	{ "RSA-1031, 2^64 + 13", CKM_RSA_PKCS_KEY_PAIR_GEN, 1031, "01000000000000000d", NULL,
	  CKR_OK },
	{ "RSA-2048, 17", CKM_RSA_PKCS_KEY_PAIR_GEN, 2048, "11", NULL, CKR_OK },
	{ "RSA-511", CKM_RSA_PKCS_KEY_PAIR_GEN, 511, NULL, NULL, BAD },
	{ "RSA-16385", CKM_RSA_PKCS_KEY_PAIR_GEN, 16385, NULL, NULL, BAD },
	{ "RSA-2^64", CKM_RSA_PKCS_KEY_PAIR_GEN, CK_UNAVAILABLE_INFORMATION, NULL, NULL, BAD },
	{ "RSA without bits", CKM_RSA_PKCS_KEY_PAIR_GEN, 0, "010001", NULL,
	  CKR_TEMPLATE_INCOMPLETE },
	{ "RSA, 1", CKM_RSA_PKCS_KEY_PAIR_GEN, 1024, "01", NULL, BAD },
	{ "RSA, even", CKM_RSA_PKCS_KEY_PAIR_GEN, 1024, "010000", NULL, BAD },
	{ "RSA, 0", CKM_RSA_PKCS_KEY_PAIR_GEN, 1024, "00", NULL, BAD },
	{ "RSA, empty exponent", CKM_RSA_PKCS_KEY_PAIR_GEN, 1024, "", NULL, CKR_OK },
	{ "RSA, huge exponent", CKM_RSA_PKCS_KEY_PAIR_GEN, 1024, RSA_P, NULL, BAD },
	{ "P-256", CKM_EC_KEY_PAIR_GEN, 0, NULL, P256, CKR_OK },
	{ "P-384", CKM_EC_KEY_PAIR_GEN, 0, NULL, P384, CKR_OK },
	{ "P-521", CKM_EC_KEY_PAIR_GEN, 0, NULL, P521, CKR_OK },
	{ "P-224", CKM_EC_KEY_PAIR_GEN, 0, NULL, "06052b81040021", CKR_OK },
	{ "secp256k1", CKM_EC_KEY_PAIR_GEN, 0, NULL, "06052b8104000a", CKR_OK },
	{ "brainpoolP512r1", CKM_EC_KEY_PAIR_GEN, 0, NULL, "06092b240303020801010d", CKR_OK },
	{ "explicit P-256", CKM_EC_KEY_PAIR_GEN, 0, NULL, P256_EXPLICIT, CKR_OK },
	{ "EC without parameters", CKM_EC_KEY_PAIR_GEN, 0, NULL, NULL, CKR_TEMPLATE_INCOMPLETE },
	{ "EC with rubbish", CKM_EC_KEY_PAIR_GEN, 0, NULL, "0102", CKR_DOMAIN_PARAMS_INVALID },
	{ "EC with empty parameters", CKM_EC_KEY_PAIR_GEN, 0, NULL, "", BAD },
	{ "EC with Ed25519", CKM_EC_KEY_PAIR_GEN, 0, NULL, ED25519, CKR_CURVE_NOT_SUPPORTED },
	{ "EC, unknown curve", CKM_EC_KEY_PAIR_GEN, 0, NULL, "06042a030405",
	  CKR_CURVE_NOT_SUPPORTED },
	{ "Ed25519", CKM_EC_EDWARDS_KEY_PAIR_GEN, 0, NULL, ED25519, CKR_OK },
	{ "Ed25519, OID", CKM_EC_EDWARDS_KEY_PAIR_GEN, 0, NULL, "06032b6570", CKR_OK },
	{ "Ed448", CKM_EC_EDWARDS_KEY_PAIR_GEN, 0, NULL, ED448, CKR_OK },
	{ "X25519", CKM_EC_EDWARDS_KEY_PAIR_GEN, 0, NULL, "130a63757276653235353139", CKR_OK },
	{ "X448", CKM_EC_EDWARDS_KEY_PAIR_GEN, 0, NULL, "06032b656f", CKR_OK },
	{ "Edwards with P-256", CKM_EC_EDWARDS_KEY_PAIR_GEN, 0, NULL, P256,
	  CKR_CURVE_NOT_SUPPORTED },
	{ "Edwards without parameters", CKM_EC_EDWARDS_KEY_PAIR_GEN, 0, NULL, NULL,
	  CKR_TEMPLATE_INCOMPLETE },
	{ "AES-128", CKM_AES_KEY_GEN, 16, NULL, NULL, CKR_OK },
	{ "AES-192", CKM_AES_KEY_GEN, 24, NULL, NULL, CKR_OK },
	{ "AES-256", CKM_AES_KEY_GEN, 32, NULL, NULL, CKR_OK },
	{ "AES of 20 bytes", CKM_AES_KEY_GEN, 20, NULL, NULL, BAD },
	{ "AES without length", CKM_AES_KEY_GEN, 0, NULL, NULL, CKR_TEMPLATE_INCOMPLETE },
	{ "generic of 1 byte", CKM_GENERIC_SECRET_KEY_GEN, 1, NULL, NULL, CKR_OK },
	{ "generic of 1000 bytes", CKM_GENERIC_SECRET_KEY_GEN, 1000, NULL, NULL, CKR_OK },
	{ "generic, too long", CKM_GENERIC_SECRET_KEY_GEN, 0x8000001, NULL, NULL, BAD },
	{ "generic without length", CKM_GENERIC_SECRET_KEY_GEN, 0, NULL, NULL,
	  CKR_TEMPLATE_INCOMPLETE },
	{ "HMAC key", CKM_SHA3_256_KEY_GEN, 32, NULL, NULL, CKR_OK },
	{ "HMAC key, longest", CKM_SHA_1_KEY_GEN, 512, NULL, NULL, CKR_OK },
	{ "HMAC key, too short", CKM_SHA512_256_KEY_GEN, 31, NULL, NULL, BAD },
	{ "HMAC key, too long", CKM_SHA384_KEY_GEN, 513, NULL, NULL, BAD },
	{ "HMAC key without length", CKM_SHA224_KEY_GEN, 0, NULL, NULL, CKR_TEMPLATE_INCOMPLETE },
	{ "XTS of 32 bytes", CKM_AES_XTS_KEY_GEN, 32, NULL, NULL, CKR_OK },
	{ "XTS of 48 bytes", CKM_AES_XTS_KEY_GEN, 48, NULL, NULL, BAD },
	{ "XTS of 64 bytes", CKM_AES_XTS_KEY_GEN, 64, NULL, NULL, CKR_OK },
	{ "ChaCha20", CKM_CHACHA20_KEY_GEN, 32, NULL, NULL, CKR_OK },
	{ "ChaCha20 of 16 bytes", CKM_CHACHA20_KEY_GEN, 16, NULL, NULL, BAD },
	{ "ChaCha20 without length", CKM_CHACHA20_KEY_GEN, 0, NULL, NULL,
	  CKR_TEMPLATE_INCOMPLETE },
	{ "Poly1305", CKM_POLY1305_KEY_GEN, 32, NULL, NULL, CKR_OK },
};

static void set_wish(const struct generate_row *r, struct attrset *pub, struct attrset *priv)
{
	struct bytes e = unhex(r->exponent), p = unhex(r->params);
	bool pair = mech_find(r->type)->flags & CKF_GENERATE_KEY_PAIR;
	CK_RV rv = CKR_OK;

	if (r->number != 0)
		rv |= attrset_set_number(pair ? pub : priv, pair ? CKA_MODULUS_BITS : CKA_VALUE_LEN,
					 r->number);
	if (r->exponent != NULL)
		rv |= attrset_set_bytes(pub, CKA_PUBLIC_EXPONENT, e.data, e.len);
	if (r->params != NULL)
		rv |= attrset_set_bytes(pub, CKA_EC_PARAMS, p.data, p.len);
	CHECK(r->name, rv == CKR_OK);
}

/* No big integer of a generated key begins with a zero. */
static bool no_leading_zero(const struct attrset *s, CK_ATTRIBUTE_TYPE type)
{
	const unsigned char *p;
	size_t len;

	return !attrset_bytes(s, type, &p, &len) || (len > 0 && p[0] != 0);
}

/*
 * Both halves are complete and fit together: what one signs, the other verifies (tested with each
 * family).
 */
static void check_pair(const struct generate_row *r, const struct mech *m, struct attrset *pub,
		       struct attrset *priv)
{
	struct key *a = NULL, *b = NULL;
	const unsigned char *p;
	size_t len;
	bool rsa = m->key == CKK_RSA;

	CHECK(r->name, keytype_load(PUB, m->key, pub, &a) == CKR_OK);
	CHECK(r->name, keytype_load(PRIV, m->key, priv, &b) == CKR_OK);
	CHECK(r->name, a != NULL && b != NULL && a->size == b->size &&
	      EVP_PKEY_eq(a->pkey, b->pkey) == 1);
	CHECK(r->name, keytype_complete(PUB, m->key, pub) == CKR_OK);
	CHECK(r->name, keytype_complete(PRIV, m->key, priv) == CKR_OK);
	for (const CK_ATTRIBUTE_TYPE *t = keytype_parts(PRIV, m->key);
	     *t != CK_UNAVAILABLE_INFORMATION; t++) {
		CHECK(r->name, attrset_get(priv, *t) != NULL);
		CHECK(r->name, m->key == CKK_EC_EDWARDS || no_leading_zero(priv, *t));
	}
	if (rsa) {
		CHECK(r->name, a->size == r->number && attrset_number(pub, CKA_MODULUS_BITS, 0) ==
		      r->number);
		CHECK(r->name, attrset_get(priv, CKA_MODULUS_BITS) == NULL);
	} else {
		/* The caller's parameters stay, the point is wrapped. */
		CHECK(r->name, attrset_bytes(pub, CKA_EC_PARAMS, &p, &len) &&
		      is_hex(p, len, r->params));
		CHECK(r->name, attrset_bytes(pub, CKA_EC_POINT, &p, &len) && p[0] == 0x04);
		CHECK(r->name, attrset_get(priv, CKA_EC_POINT) == NULL);
	}
	key_unref(a);
	key_unref(b);
}

static void test_generate(void)
{
	for (size_t i = 0; i < ARRAY_LEN(generations); i++) {
		const struct generate_row *r = &generations[i];
		const struct mech *m = mech_find(r->type);
		CK_MECHANISM param = MECH(r->type);
		struct attrset *pub = attrset_new(true), *priv = attrset_new(true);
		bool pair = m->flags & CKF_GENERATE_KEY_PAIR;
		const unsigned char *p;
		size_t len;

		set_wish(r, pub, priv);
		CHECK(r->name, mech_generate(m, &param, pair ? pub : NULL, priv) == r->expected);
		if (r->expected == CKR_OK && pair) {
			check_pair(r, m, pub, priv);
		} else if (r->expected == CKR_OK) {
			CHECK(r->name, attrset_bytes(priv, CKA_VALUE, &p, &len) && len ==
			      r->number);
			CHECK(r->name, attrset_bytes(priv, CKA_CHECK_VALUE, &p, &len) && len == 3);
		}
		attrset_free(pub);
		attrset_free(priv);
	}
}

/*
 * The private half of a generated EC key carries the curve's OID or, of Edwards curves, its name.
 */
static void test_private_params(void)
{
	static const struct {
		const char *name;
		CK_MECHANISM_TYPE type;
		const char *given;
		const char *written;
	} rows[] = {
		{ "explicit", CKM_EC_KEY_PAIR_GEN, P256_EXPLICIT, P256 },
		{ "OID", CKM_EC_KEY_PAIR_GEN, P384, P384 },
		{ "Ed25519 OID", CKM_EC_EDWARDS_KEY_PAIR_GEN, "06032b6570", ED25519 },
		{ "Ed448 OID", CKM_EC_EDWARDS_KEY_PAIR_GEN, "06032b6571", ED448 },
		{ "Ed448 name", CKM_EC_EDWARDS_KEY_PAIR_GEN, ED448, ED448 },
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const struct hex_attr wish[] = { { CKA_EC_PARAMS, rows[i].given }, { 0, NULL } };
		struct attrset *pub = make_set(wish), *priv = attrset_new(true);
		CK_MECHANISM param = MECH(rows[i].type);
		const unsigned char *p = NULL;
		size_t len = 0;

		CHECK(rows[i].name, mech_generate(mech_find(rows[i].type), &param, pub, priv) ==
		      CKR_OK);
		CHECK(rows[i].name, attrset_bytes(priv, CKA_EC_PARAMS, &p, &len) &&
		      is_hex(p, len, rows[i].written));
		attrset_free(pub);
		attrset_free(priv);
	}
}

/* DES keys: no length to choose, and odd parity. */
static void test_generate_des(void)
{
	static const struct {
		CK_MECHANISM_TYPE type;
		size_t len;
	} rows[] = { { CKM_DES_KEY_GEN, 8 }, { CKM_DES2_KEY_GEN, 16 }, { CKM_DES3_KEY_GEN, 24 } };

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		CK_MECHANISM param = MECH(rows[i].type);
		struct attrset *priv = attrset_new(true);
		const unsigned char *p = NULL;
		size_t len = 0;

		CU_ASSERT_EQUAL(mech_generate(mech_find(rows[i].type), &param, NULL, priv), CKR_OK);
		CU_ASSERT_TRUE(attrset_bytes(priv, CKA_VALUE, &p, &len));
		CU_ASSERT_EQUAL(len, rows[i].len);
		for (size_t b = 0; b < len; b++)
			CU_ASSERT_EQUAL(__builtin_popcount(p[b]) % 2, 1);
		CU_ASSERT_PTR_NULL(attrset_get(priv, CKA_VALUE_LEN));
		attrset_free(priv);
	}
}

/* Only the bytes of DES keys have a form of their own. */
static void test_mend(void)
{
	static const struct {
		CK_KEY_TYPE type;
		const char *in, *out;
	} rows[] = {
		{ CKK_DES, "000102037f80feff", "010102027f80fefe" },
		{ CKK_DES3, "000000000000000000000000000000000000000000000000",
		  "010101010101010101010101010101010101010101010101" },
		{ CKK_AES, "00000000000000000000000000000000", "00000000000000000000000000000000" },
		{ CKK_GENERIC_SECRET, "00", "00" },
		{ CKK_RSA, "00", "00" },
		{ CKK_VENDOR_DEFINED, "00", "00" },
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct bytes b = unhex(rows[i].in);

		keytype_secret_mend(rows[i].type, b.data, b.len);
		CU_ASSERT_TRUE(is_hex(b.data, b.len, rows[i].out));
	}
}

static void test_generate_parameter(void)
{
	struct attrset *pub = attrset_new(true), *priv = attrset_new(true);
	unsigned char rubbish[8] = { 0 };
	CK_MECHANISM aes = { CKM_AES_KEY_GEN, rubbish, sizeof(rubbish) };
	CK_MECHANISM none = { CKM_AES_KEY_GEN, NULL, 5 };

	CU_ASSERT_EQUAL(attrset_set_number(priv, CKA_VALUE_LEN, 16), CKR_OK);
	CU_ASSERT_EQUAL(mech_generate(mech_find(CKM_AES_KEY_GEN), &aes, NULL, priv),
			CKR_MECHANISM_PARAM_INVALID);
	CU_ASSERT_EQUAL(mech_generate(mech_find(CKM_AES_KEY_GEN), &none, NULL, priv),
			CKR_MECHANISM_PARAM_INVALID);
	aes.ulParameterLen = 0;
	CU_ASSERT_EQUAL(mech_generate(mech_find(CKM_AES_KEY_GEN), &aes, NULL, priv), CKR_OK);
	CU_ASSERT_EQUAL(mech_generate(mech_find(CKM_AES_ECB), &aes, NULL, priv),
			CKR_MECHANISM_INVALID);
	/* Two keys differ. */
	CU_ASSERT_EQUAL(attrset_set_number(pub, CKA_VALUE_LEN, 16), CKR_OK);
	CU_ASSERT_EQUAL(mech_generate(mech_find(CKM_AES_KEY_GEN), &aes, NULL, pub), CKR_OK);
	CU_ASSERT_FALSE(attr_equal(attrset_get(pub, CKA_VALUE), attrset_get(priv, CKA_VALUE)));
	attrset_free(pub);
	attrset_free(priv);
}

static void check_split(const char *name, EVP_PKEY *pkey, CK_KEY_TYPE expected)
{
	struct attrset *pub = attrset_new(true), *priv = attrset_new(true);
	struct key *a = NULL, *b = NULL;
	CK_KEY_TYPE type = CK_UNAVAILABLE_INFORMATION;

	CHECK(name, pkey != NULL);
	CHECK(name, keytype_from_pkey(pkey, &type, pub, priv) == CKR_OK && type == expected);
	CHECK(name, keytype_load(PUB, expected, pub, &a) == CKR_OK && EVP_PKEY_eq(a->pkey, pkey) ==
	      1);
	CHECK(name, keytype_load(PRIV, expected, priv, &b) == CKR_OK &&
	      EVP_PKEY_eq(b->pkey, pkey) == 1);
	key_unref(a);
	key_unref(b);
	attrset_free(pub);
	attrset_free(priv);
	EVP_PKEY_free(pkey);
}

static struct key *known_private(CK_KEY_TYPE type)
{
	static const struct hex_attr dsa[] = { { CKA_PRIME, DSA_P }, { CKA_SUBPRIME, DSA_Q },
					       { CKA_BASE, DSA_G },
					       { CKA_VALUE, DSA_X }, { 0, NULL } };

	return make_key(PRIV, type, dsa);
}

static void test_from_pkey(void)
{
	static const CK_KEY_TYPE dlog[] = { CKK_DSA, CKK_DH };
	static const struct {
		const char *name;
		CK_KEY_TYPE type;
	} raw[] = {
		{ "ED25519", CKK_EC_EDWARDS },
		{ "ED448", CKK_EC_EDWARDS },
		{ "X25519", CKK_EC_MONTGOMERY },
		{ "X448", CKK_EC_MONTGOMERY },
	};
	CK_KEY_TYPE type;
	EVP_PKEY *pss;

	check_split("RSA", EVP_PKEY_Q_keygen(ossl_ctx(), NULL, "RSA", (size_t)1024), CKK_RSA);
	check_split("EC", EVP_PKEY_Q_keygen(ossl_ctx(), NULL, "EC", "P-384"), CKK_EC);
	for (size_t i = 0; i < ARRAY_LEN(raw); i++)
		check_split(raw[i].name, EVP_PKEY_Q_keygen(ossl_ctx(), NULL, raw[i].name),
			    raw[i].type);
	for (size_t i = 0; i < ARRAY_LEN(dlog); i++) {
		struct key *k = known_private(dlog[i]);

		CU_ASSERT_PTR_NOT_NULL_FATAL(k);
		EVP_PKEY_up_ref(k->pkey);
		check_split("DSA or DH", k->pkey, dlog[i]);
		key_unref(k);
	}
	pss = EVP_PKEY_Q_keygen(ossl_ctx(), NULL, "SM2");
	CU_ASSERT_EQUAL(keytype_from_pkey(pss, &type, NULL, NULL), CKR_KEY_TYPE_INCONSISTENT);
	EVP_PKEY_free(pss);
}

static void test_references(void)
{
	struct key *k = make_secret(CKK_AES, AES_KEY);

	CU_ASSERT_PTR_NOT_NULL_FATAL(k);
	CU_ASSERT_PTR_EQUAL(key_ref(k), k);
	key_unref(k);
	CU_ASSERT_TRUE(is_hex(k->secret->data, k->secret->len, AES_KEY));
	key_unref(k);
	key_unref(NULL);
}

int main(void)
{
	static const struct unit_test tests[] = {
		UNIT_TEST(test_load),
		UNIT_TEST(test_huge_modulus),
		UNIT_TEST(test_parts),
		UNIT_TEST(test_complete_numbers),
		UNIT_TEST(test_complete_refuses),
		UNIT_TEST(test_check_values),
		UNIT_TEST(test_check_value_functions),
		UNIT_TEST(test_generate),
		UNIT_TEST(test_private_params),
		UNIT_TEST(test_generate_des),
		UNIT_TEST(test_mend),
		UNIT_TEST(test_generate_parameter),
		UNIT_TEST(test_from_pkey),
		UNIT_TEST(test_references),
	};

	return CRYPTO_RUN("keytype", tests);
}
