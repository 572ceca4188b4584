/* The forms that PKCS#8 and SubjectPublicKeyInfo may have, by hand, and those that they may not. */
#include "config.h"

#include "crypto/key/keytype.h"

#include <stdlib.h>
#include <string.h>

#include "common/reason.h"
#include "crypto/ossl/der.h"
#include "crypto/ossl/ossl.h"
#include "unit/crypto_util.h"
#include "unit/ec_vectors.h"
#include "unit/key_vectors.h"
#include "unit/rsa_vectors.h"
#include "unit/unit.h"

#define PUB CKO_PUBLIC_KEY
#define PRIV CKO_PRIVATE_KEY
#define BAD CKR_ATTRIBUTE_VALUE_INVALID
#define BAD_KEY CKR_WRAPPED_KEY_INVALID
#define END { 0, NULL }

#define OID_EC "06072a8648ce3d0201"
#define ALG_P256 "3013" OID_EC P256
#define V0 "020100"
#define V1 "020101"
#define P256_BITS "03420004" P256_X P256_Y
/* ECPrivateKey: alone, with its point, with parameters */
#define EC_BARE "30250201010420" P256_D
#define EC_POINT "306b0201010420" P256_D "a144" P256_BITS
#define EC_PARAMS "30310201010420" P256_D "a00a" P256
#define EC_OTHER "302e0201010420" P256_D "a007" P384
/* X and Y exchanged, and the generator: no point, and not this key's */
#define EC_NO_POINT "306b0201010420" P256_D "a14403420004" P256_Y P256_X
#define P256_G \
	"6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296" \
	"4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5"
#define EC_OTHER_POINT "306b0201010420" P256_D "a14403420004" P256_G
#define EC_COMPRESSED "304b0201010420" P256_D "a12403220003" P256_X

struct form {
	const char *name;
	CK_KEY_TYPE type;
	const char *der;
	CK_RV expected;
	struct hex_attr then[3];
};

static const struct form privates[] = {
	{ "EC, bare", CKK_EC, "3041" V0 ALG_P256 "0427" EC_BARE, CKR_OK,
	  { { CKA_EC_PARAMS, P256 }, { CKA_VALUE, P256_D }, END } },
	{ "EC with its point", CKK_EC, "308187" V0 ALG_P256 "046d" EC_POINT, CKR_OK,
	  { { CKA_VALUE, P256_D }, END } },
	{ "EC with its point, compressed", CKK_EC, "3067" V0 ALG_P256 "044d" EC_COMPRESSED, CKR_OK,
	  { { CKA_VALUE, P256_D }, END } },
	{ "EC with parameters twice", CKK_EC, "304d" V0 ALG_P256 "0433" EC_PARAMS, CKR_OK,
	  { { CKA_EC_PARAMS, P256 }, { CKA_VALUE, P256_D }, END } },
	{ "EC with parameters inside only", CKK_EC, "3043" V0 "3009" OID_EC "0433" EC_PARAMS,
	  CKR_OK, { { CKA_EC_PARAMS, P256 }, { CKA_VALUE, P256_D }, END } },
	{ "EC without parameters", CKK_EC, "3037" V0 "3009" OID_EC "0427" EC_BARE, BAD_KEY,
	  { END } },
	{ "EC with NULL as parameters", CKK_EC, "3039" V0 "300b" OID_EC "0500" "0427" EC_BARE,
	  BAD_KEY, { END } },
	{ "EC of two curves", CKK_EC, "304a" V0 ALG_P256 "0430" EC_OTHER, BAD_KEY, { END } },
	{ "EC, no point", CKK_EC, "308187" V0 ALG_P256 "046d" EC_NO_POINT, BAD_KEY, { END } },
	{ "EC, another point", CKK_EC, "308187" V0 ALG_P256 "046d" EC_OTHER_POINT, BAD_KEY,
	  { END } },
	{ "EC, short value", CKK_EC, "3022" V0 ALG_P256 "0408" "3006020101040105", CKR_OK,
	  { { CKA_VALUE, "05" }, END } },
	{ "EC, zero", CKK_EC, "3022" V0 ALG_P256 "0408" "3006020101040100", BAD_KEY, { END } },
	{ "EC, empty value", CKK_EC, "3021" V0 ALG_P256 "0407" "30050201010400", BAD_KEY, { END } },
	{ "EC of another version", CKK_EC, "3022" V0 ALG_P256 "0408" "3006020102040105", BAD_KEY,
	  { END } },
	{ "EC, a byte behind", CKK_EC, "3023" V0 ALG_P256 "0409" "300602010104010500", BAD_KEY,
	  { END } },
	{ "EC, unknown curve", CKK_EC, "301e" V0 "300f" OID_EC "06042a030405" "0408"
	  "3006020101040105", CKR_CURVE_NOT_SUPPORTED, { END } },
	{ "PKCS#8 with attributes", CKK_EC, "3043" V0 ALG_P256 "0427" EC_BARE "a000", CKR_OK,
	  { { CKA_VALUE, P256_D }, END } },
	{ "PKCS#8 with the public key", CKK_EC,
	  "308185" V1 ALG_P256 "0427" EC_BARE "81420004" P256_X P256_Y, CKR_OK,
	  { { CKA_VALUE, P256_D }, END } },
	{ "PKCS#8 of another version", CKK_EC, "3041020102" ALG_P256 "0427" EC_BARE, BAD_KEY,
	  { END } },
	{ "PKCS#8 of a negative version", CKK_EC, "30410201ff" ALG_P256 "0427" EC_BARE, BAD_KEY,
	  { END } },
	{ "padding", CKK_EC, "3041" V0 ALG_P256 "0427" EC_BARE "0000000000", CKR_OK,
	  { { CKA_VALUE, P256_D }, END } },
	{ "nothing", CKK_EC, "", BAD_KEY, { END } },
	{ "an empty sequence", CKK_RSA, "3000", BAD_KEY, { END } },
	{ "a number", CKK_RSA, "020100", BAD_KEY, { END } },

	{ "Ed25519", CKK_EC_EDWARDS, "302e" V0 "300506032b657004220420" ED25519_SEED, CKR_OK,
	  { { CKA_EC_PARAMS, ED25519 }, { CKA_VALUE, ED25519_SEED }, END } },
	{ "Ed25519 with its public key", CKK_EC_EDWARDS,
	  "3051" V1 "300506032b657004220420" ED25519_SEED "812100" ED25519_PUB, CKR_OK,
	  { { CKA_VALUE, ED25519_SEED }, END } },
	{ "Ed25519, not wrapped", CKK_EC_EDWARDS, "302c" V0 "300506032b65700420" ED25519_SEED,
	  BAD_KEY, { END } },
	{ "Ed25519, short", CKK_EC_EDWARDS, "300e" V0 "300506032b6570040204" "00", BAD_KEY,
	  { END } },
	{ "X25519 as Edwards", CKK_EC_EDWARDS, "302e" V0 "300506032b656e04220420" ED25519_SEED,
	  CKR_OK, { { CKA_EC_PARAMS, "130a63757276653235353139" },
		    { CKA_VALUE, ED25519_SEED }, END } },
	{ "X25519", CKK_EC_MONTGOMERY, "302e" V0 "300506032b656e04220420" ED25519_SEED, CKR_OK,
	  { { CKA_EC_PARAMS, "130a63757276653235353139" }, { CKA_VALUE, ED25519_SEED }, END } },
	{ "Ed25519 as Montgomery", CKK_EC_MONTGOMERY,
	  "302e" V0 "300506032b657004220420" ED25519_SEED, BAD_KEY, { END } },
	{ "RSA, no key", CKK_RSA, "3011" V0 "300d06092a864886f70d0101010500" "0400", BAD_KEY,
	  { END } },
	{ "DSA without parameters", CKK_DSA, "3013" V0 "300906072a8648ce380401" "0403020105",
	  BAD_KEY, { END } },
	{ "DSA with NULL as parameters", CKK_DSA,
	  "3015" V0 "300b06072a8648ce3804010500" "0403020105", BAD_KEY, { END } },
	{ "DH with rubbish as parameters", CKK_DH,
	  "301a" V0 "301006092a864886f70d0103013003020101" "0403020105", BAD_KEY, { END } },
	{ "ML-DSA of no form", CKK_ML_DSA, "3013" V0 "300b0609608648016503040311" "04010c",
	  BAD_KEY, { END } },
	{ "ML-DSA, half of both", CKK_ML_DSA, "3016" V0 "300b0609608648016503040311" "040430020400",
	  BAD_KEY, { END } },
};

static void check_then(const char *name, const struct attrset *s, const struct hex_attr *then)
{
	for (; then->hex != NULL; then++) {
		const unsigned char *p = NULL;
		size_t len = 0;

		CHECK(name, attrset_bytes(s, then->type, &p, &len) && is_hex(p, len, then->hex));
	}
}

static void test_privates(void)
{
	for (size_t i = 0; i < ARRAY_LEN(privates); i++) {
		const struct form *f = &privates[i];
		struct attrset *s = attrset_new(true);
		struct bytes der = unhex(f->der);
		CK_RV rv;

		reason_clear();
		rv = keytype_decode(f->type, der.data, der.len, s);
		CHECK(f->name, rv == f->expected);
		CHECK(f->name, (reason_text() == NULL) == (rv == CKR_OK));
		check_then(f->name, s, f->then);
		attrset_free(s);
	}
}

static void test_unknown(void)
{
	struct attrset *s = attrset_new(true);
	struct secbuf *out = NULL;
	struct buf info = BUF_INIT;
	unsigned char byte = 0;

	CU_ASSERT_EQUAL(keytype_decode(CKK_AES, &byte, 1, s), CKR_KEY_TYPE_INCONSISTENT);
	CU_ASSERT_EQUAL(keytype_decode(CKK_CAMELLIA, &byte, 1, s), CKR_KEY_TYPE_INCONSISTENT);
	CU_ASSERT_EQUAL(keytype_encode(CKK_AES, s, &out), CKR_KEY_TYPE_INCONSISTENT);
	CU_ASSERT_EQUAL(keytype_encode(CKK_CAMELLIA, s, &out), CKR_KEY_TYPE_INCONSISTENT);
	CU_ASSERT_EQUAL(keytype_public_info(CKO_SECRET_KEY, CKK_AES, s, &info),
			CKR_KEY_TYPE_INCONSISTENT);
	CU_ASSERT_EQUAL(keytype_public_info(CKO_DOMAIN_PARAMETERS, CKK_DSA, s, &info),
			CKR_KEY_TYPE_INCONSISTENT);
	CU_ASSERT_EQUAL(keytype_public_info_check(PUB, CKK_CAMELLIA, s, &byte, 1),
			CKR_KEY_TYPE_INCONSISTENT);
	CU_ASSERT_PTR_NULL(out);
	attrset_free(s);
}

/* Whatever is missing in a private key is found in its encoding, when it can be computed. */
static void test_encode_short(void)
{
	static const struct {
		const char *name;
		struct hex_attr attrs[9];
		CK_RV expected;
	} keys[] = {
		{ "all", { { CKA_MODULUS, RSA_N }, { CKA_PUBLIC_EXPONENT, RSA_E },
			   { CKA_PRIVATE_EXPONENT, RSA_D }, { CKA_PRIME_1, RSA_P },
			   { CKA_PRIME_2, RSA_Q }, { CKA_EXPONENT_1, RSA_DP },
			   { CKA_EXPONENT_2, RSA_DQ }, { CKA_COEFFICIENT, RSA_QINV }, END },
		  CKR_OK },
		{ "modulus and exponents", { { CKA_MODULUS, RSA_N }, { CKA_PUBLIC_EXPONENT, RSA_E },
					     { CKA_PRIVATE_EXPONENT, RSA_D }, END }, CKR_OK },
		{ "modulus and exponent", { { CKA_MODULUS, RSA_N }, { CKA_PUBLIC_EXPONENT, "" },
					    { CKA_PRIVATE_EXPONENT, RSA_D }, END }, CKR_OK },
		{ "one prime", { { CKA_MODULUS, RSA_N }, { CKA_PRIVATE_EXPONENT, RSA_D },
				 { CKA_PRIME_1, RSA_P }, END }, CKR_OK },
		{ "a lonely exponent", { { CKA_MODULUS, RSA_N }, { CKA_PRIVATE_EXPONENT, RSA_D },
					 { CKA_EXPONENT_2, RSA_DQ }, END }, CKR_OK },
		{ "three primes", { { CKA_MODULUS, RSA3_N }, { CKA_PRIVATE_EXPONENT, RSA3_D },
				    END }, BAD },
		{ "wrong exponent", { { CKA_MODULUS, RSA_N }, { CKA_PUBLIC_EXPONENT, RSA_E },
				      { CKA_PRIVATE_EXPONENT, RSA_DP }, END }, BAD },
		{ "no private exponent", { { CKA_MODULUS, RSA_N }, { CKA_PUBLIC_EXPONENT, RSA_E },
					   END }, BAD },
		{ "no modulus", { { CKA_PRIVATE_EXPONENT, RSA_D }, END }, BAD },
	};

	for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
		struct attrset *s = make_set(keys[i].attrs), *again = attrset_new(true);
		struct secbuf *der = NULL;

		CHECK(keys[i].name, keytype_encode(CKK_RSA, s, &der) == keys[i].expected);
		CHECK(keys[i].name, (der != NULL) == (keys[i].expected == CKR_OK));
		if (der != NULL) {
			struct attrset *pq;

			CHECK(keys[i].name, keytype_decode(CKK_RSA, der->data, der->len, again) ==
			      CKR_OK);
			/* which prime is the first is not said when none is given */
			pq = attrset_dup(again, true);
			attrset_remove(pq, CKA_PRIME_1);
			CHECK(keys[i].name, keytype_complete(PRIV, CKK_RSA, pq) == CKR_OK);
			attrset_free(pq);
		}
		secbuf_free(der);
		attrset_free(again);
		attrset_free(s);
	}
}

/* Keys that cannot be encoded. */
static void test_encode_bad(void)
{
	static const struct {
		const char *name;
		CK_KEY_TYPE type;
		struct hex_attr attrs[5];
		CK_RV expected;
	} keys[] = {
		{ "EC without value", CKK_EC, { { CKA_EC_PARAMS, P256 }, END }, BAD },
		{ "EC without curve", CKK_EC, { { CKA_VALUE, P256_D }, END }, BAD },
		{ "EC, unknown curve", CKK_EC,
		  { { CKA_EC_PARAMS, "06042a030405" }, { CKA_VALUE, P256_D }, END },
		  CKR_CURVE_NOT_SUPPORTED },
		{ "EC, long value", CKK_EC,
		  { { CKA_EC_PARAMS, P256 }, { CKA_VALUE, P256_D P256_D }, END }, BAD },
		{ "Ed25519 without value", CKK_EC_EDWARDS, { { CKA_EC_PARAMS, ED25519 }, END },
		  BAD },
		{ "Ed25519 of 33 bytes", CKK_EC_EDWARDS,
		  { { CKA_EC_PARAMS, ED25519 }, { CKA_VALUE, ED25519_SEED "00" }, END }, BAD },
		{ "Ed25519 as Montgomery", CKK_EC_MONTGOMERY,
		  { { CKA_EC_PARAMS, ED25519 }, { CKA_VALUE, ED25519_SEED }, END },
		  CKR_CURVE_NOT_SUPPORTED },
		{ "DSA without value", CKK_DSA,
		  { { CKA_PRIME, DSA_P }, { CKA_SUBPRIME, DSA_Q }, { CKA_BASE, DSA_G }, END },
		  BAD },
		{ "DSA without subprime", CKK_DSA,
		  { { CKA_PRIME, DSA_P }, { CKA_BASE, DSA_G }, { CKA_VALUE, DSA_X }, END }, BAD },
		{ "ML-DSA without set", CKK_ML_DSA, { { CKA_VALUE, "00" }, END }, BAD },
	};

	for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
		struct attrset *s = make_set(keys[i].attrs);
		struct secbuf *der = NULL;

		CHECK(keys[i].name, keytype_encode(keys[i].type, s, &der) == keys[i].expected);
		CHECK(keys[i].name, der == NULL);
		attrset_free(s);
	}
}

/* Length and tag in front; content grows at its front. */
static void wrap(struct bytes *b, unsigned char tag)
{
	unsigned char head[DER_HEADER_MAX];
	size_t n = der_header(tag, b->len, head);

	memmove(b->data + n, b->data, b->len);
	memcpy(b->data, head, n);
	b->len += n;
}

static void append(struct bytes *b, const struct bytes *more)
{
	memcpy(b->data + b->len, more->data, more->len);
	b->len += more->len;
}

/* SubjectPublicKeyInfo of an algorithm (OID and parameters) and a key. */
static struct bytes spki(const char *algorithm, const char *key)
{
	struct bytes all = unhex(algorithm), bits = unhex("00"), content = unhex(key);

	wrap(&all, DER_SEQUENCE);
	append(&bits, &content);
	wrap(&bits, 0x03);
	append(&all, &bits);
	wrap(&all, DER_SEQUENCE);
	return all;
}

#define OID_RSA "06092a864886f70d010101"
#define RSA_KEY "30818902818100" RSA_N "0203" RSA_E

static const struct hex_attr ec[] = { { CKA_EC_PARAMS, P256 },
				      { CKA_EC_POINT, "0441" P256_POINT }, END };
static const struct hex_attr ec_private[] = { { CKA_EC_PARAMS, P256 },
					      { CKA_VALUE, P256_D }, END };
static const struct hex_attr rsa[] = { { CKA_MODULUS, RSA_N },
				       { CKA_PUBLIC_EXPONENT, RSA_E }, END };
static const struct hex_attr rsa_private[] = { { CKA_MODULUS, RSA_N },
					       { CKA_PRIVATE_EXPONENT, RSA_D }, END };
static const struct hex_attr ed[] = { { CKA_EC_PARAMS, "06032b6570" },
				      { CKA_EC_POINT, ED25519_PUB }, END };
static const struct {
	const char *name;
	CK_OBJECT_CLASS class;
	CK_KEY_TYPE type;
	const struct hex_attr *parts;
	const char *algorithm;
	const char *key;
	CK_RV expected;
} infos[] = {
	{ "EC", PUB, CKK_EC, ec, OID_EC P256, P256_POINT, CKR_OK },
	{ "EC, compressed", PUB, CKK_EC, ec, OID_EC P256, "03" P256_X, CKR_OK },
	{ "EC, explicit", PUB, CKK_EC, ec, OID_EC P256_EXPLICIT, P256_POINT, CKR_OK },
	{ "EC, from the private key", PRIV, CKK_EC, ec_private, OID_EC P256, "03" P256_X,
	  CKR_OK },
	{ "EC, negative", PUB, CKK_EC, ec, OID_EC P256, "02" P256_X, BAD },
	{ "EC, another point", PUB, CKK_EC, ec, OID_EC P256, "04" P256_G, BAD },
	{ "EC, no point", PUB, CKK_EC, ec, OID_EC P256, "05", BAD },
	{ "EC, another curve", PUB, CKK_EC, ec, OID_EC P384, P256_POINT, BAD },
	{ "EC, unknown curve", PUB, CKK_EC, ec, OID_EC "06042a030405", P256_POINT, BAD },
	{ "EC, no curve", PUB, CKK_EC, ec, OID_EC, P256_POINT, BAD },
	{ "EC, an RSA key", PUB, CKK_EC, ec, OID_RSA "0500", RSA_KEY, BAD },
	{ "RSA", PUB, CKK_RSA, rsa, OID_RSA "0500", RSA_KEY, CKR_OK },
	{ "RSA without NULL", PUB, CKK_RSA, rsa, OID_RSA, RSA_KEY, CKR_OK },
	{ "RSA, from the private key", PRIV, CKK_RSA, rsa_private, OID_RSA, RSA_KEY,
	  CKR_OK },
	{ "RSA, another exponent", PUB, CKK_RSA, rsa, OID_RSA "0500",
	  "30818702818100" RSA_N "020103", BAD },
	{ "RSA, no key", PUB, CKK_RSA, rsa, OID_RSA "0500", "", BAD },
	{ "RSA, a number missing", PUB, CKK_RSA, rsa, OID_RSA "0500", "3003020105", BAD },
	{ "Ed25519", PUB, CKK_EC_EDWARDS, ed, "06032b6570", ED25519_PUB, CKR_OK },
	{ "Ed25519, another one", PUB, CKK_EC_EDWARDS, ed, "06032b6570", ED25519_2_PUB,
	  BAD },
	{ "Ed25519, as X25519", PUB, CKK_EC_EDWARDS, ed, "06032b656e", ED25519_PUB, BAD },
};

static void test_public_info_check(void)
{
	for (size_t i = 0; i < ARRAY_LEN(infos); i++) {
		struct attrset *s = make_set(infos[i].parts);
		struct bytes der = spki(infos[i].algorithm, infos[i].key);
		CK_RV rv;

		reason_clear();
		rv = keytype_public_info_check(infos[i].class, infos[i].type, s, der.data, der.len);
		CHECK(infos[i].name, rv == infos[i].expected);
		CHECK(infos[i].name, (reason_text() == NULL) == (rv == CKR_OK));
		attrset_free(s);
	}
}

/* A change of any byte is noticed, or makes another key, or none: nothing worse. */
static void flip_each(CK_KEY_TYPE type, const struct hex_attr *attrs)
{
	static const unsigned char masks[] = { 0x01, 0x80, 0xff };
	struct attrset *s = make_set(attrs);
	struct secbuf *der = NULL;

	CU_ASSERT_EQUAL_FATAL(keytype_encode(type, s, &der), CKR_OK);
	for (size_t i = 0; i < der->len; i++) {
		for (size_t m = 0; m < ARRAY_LEN(masks); m++) {
			struct attrset *again = attrset_new(true);
			CK_RV rv;

			der->data[i] ^= masks[m];
			rv = keytype_decode(type, der->data, der->len, again);
			CU_ASSERT(rv == CKR_OK || rv == BAD_KEY || rv == CKR_CURVE_NOT_SUPPORTED);
			der->data[i] ^= masks[m];
			attrset_free(again);
		}
	}
	secbuf_free(der);
	attrset_free(s);
}

static void test_flips(void)
{
	static const struct hex_attr rsa_key[] = { { CKA_MODULUS, RSAODD_N },
						   { CKA_PUBLIC_EXPONENT, RSAODD_E },
						   { CKA_PRIVATE_EXPONENT, RSAODD_D }, END };
	static const struct hex_attr dsa_key[] = { { CKA_PRIME, DSA_P }, { CKA_SUBPRIME, DSA_Q },
						   { CKA_BASE, DSA_G }, { CKA_VALUE, DSA_X },
						   END };
	static const struct hex_attr ed_key[] = { { CKA_EC_PARAMS, ED448 },
						  { CKA_VALUE, ED448_SEED }, END };

	flip_each(CKK_RSA, rsa_key);
	flip_each(CKK_DSA, dsa_key);
	flip_each(CKK_DH, dsa_key);
	flip_each(CKK_EC, ec_private);
	flip_each(CKK_EC_EDWARDS, ed_key);
}

/* ML-DSA by its structure alone, which needs no OpenSSL that knows it. */
static const struct mldsa {
	const char *name;
	CK_ULONG set;
	size_t public, private;
	const char *spki, *expanded, *both;	/* what stands before the values */
} mldsa_sets[] = {
	{ "44", CKP_ML_DSA_44, 1312, 2560, "30820532300b06096086480165030403110382052100",
	  "30820a18020100300b060960864801650304031104820a0404820a00",
	  "30820a3e020100300b060960864801650304031104820a2a30820a260420" },
	{ "65", CKP_ML_DSA_65, 1952, 4032, "308207b2300b0609608648016503040312038207a100",
	  "30820fd8020100300b060960864801650304031204820fc404820fc0",
	  "30820ffe020100300b060960864801650304031204820fea30820fe60420" },
	{ "87", CKP_ML_DSA_87, 2592, 4896, "30820a32300b060960864801650304031303820a2100",
	  "30821338020100300b06096086480165030403130482132404821320",
	  "3082135e020100300b06096086480165030403130482134a308213460420" },
};

static const unsigned char pattern[4896] = { 0x5a };

static void set_value(struct attrset *s, CK_ATTRIBUTE_TYPE type, size_t len)
{
	CU_ASSERT_EQUAL(attrset_set_bytes(s, type, pattern, len), CKR_OK);
}

static void check_head(const struct mldsa *m, const char *hex, size_t rest,
		       const unsigned char *der, size_t len)
{
	struct bytes head = unhex(hex);

	CHECK(m->name, len == head.len + rest && memcmp(der, head.data, head.len) == 0);
}

static void check_encoded(const struct mldsa *m, const char *hex, size_t rest,
			  const struct attrset *s)
{
	struct secbuf *der = NULL;

	CHECK(m->name, keytype_encode(CKK_ML_DSA, s, &der) == CKR_OK);
	if (der != NULL)
		check_head(m, hex, rest, der->data, der->len);
	secbuf_free(der);
}

static void test_mldsa(void)
{
	for (size_t i = 0; i < ARRAY_LEN(mldsa_sets); i++) {
		const struct mldsa *m = &mldsa_sets[i];
		struct attrset *s = attrset_new(true);
		struct buf info = BUF_INIT;
		struct secbuf *none = NULL;

		CHECK(m->name, attrset_set_number(s, CKA_PARAMETER_SET, m->set) == CKR_OK);
		set_value(s, CKA_VALUE, m->public);
		CHECK(m->name, keytype_public_info(PUB, CKK_ML_DSA, s, &info) == CKR_OK);
		check_head(m, m->spki, m->public, info.data, info.len);
		CHECK(m->name, keytype_public_info_check(PUB, CKK_ML_DSA, s, info.data,
							 info.len) == CKR_OK);
		CHECK(m->name, keytype_encode(CKK_ML_DSA, s, &none) == BAD);
		set_value(s, CKA_VALUE, m->private);
		check_encoded(m, m->expanded, m->private, s);
		set_value(s, CKA_SEED, 32);
		check_encoded(m, m->both, 32 + 4 + m->private, s);
		buf_free(&info);
		attrset_free(s);
	}
}

/* PKCS#8 with the seed alone; ML-DSA-44. */
static CK_RV decode_seed(const struct attrset *priv, struct attrset *out)
{
	struct bytes der = unhex("3034020100300b0609608648016503040311042280" "20");
	const unsigned char *seed = NULL;
	size_t len = 0;

	attrset_bytes(priv, CKA_SEED, &seed, &len);
	CU_ASSERT_EQUAL_FATAL(len, 32);
	memcpy(der.data + der.len, seed, len);
	return keytype_decode(CKK_ML_DSA, der.data, der.len + len, out);
}

/* Where OpenSSL knows ML-DSA (3.5), the value follows from the seed, and has to. */
static void test_mldsa_seed(void)
{
	struct attrset *pub = attrset_new(true), *priv = attrset_new(true);
	struct attrset *out = attrset_new(true);
	unsigned char wrong[32] = { 0 };

	CU_ASSERT_EQUAL(attrset_set_number(pub, CKA_PARAMETER_SET, CKP_ML_DSA_44), CKR_OK);
	if (!ossl_has_key("ML-DSA-44")) {
		CU_ASSERT_EQUAL(attrset_set_bytes(priv, CKA_SEED, wrong, sizeof(wrong)), CKR_OK);
		CU_ASSERT_EQUAL(decode_seed(priv, out), CKR_PARAMETER_SET_NOT_SUPPORTED);
		goto out;
	}
	CU_ASSERT_EQUAL_FATAL(keytype_generate(CKK_ML_DSA, pub, priv), CKR_OK);
	CU_ASSERT_EQUAL(keytype_complete(PRIV, CKK_ML_DSA, priv), CKR_OK);
	CU_ASSERT_EQUAL(decode_seed(priv, out), CKR_OK);
	CU_ASSERT_TRUE(attr_equal(attrset_get(out, CKA_VALUE), attrset_get(priv, CKA_VALUE)));
	attrset_remove(out, CKA_VALUE);
	CU_ASSERT_EQUAL(keytype_complete(PRIV, CKK_ML_DSA, out), CKR_OK);
	CU_ASSERT_TRUE(attr_equal(attrset_get(out, CKA_VALUE), attrset_get(priv, CKA_VALUE)));
	CU_ASSERT_EQUAL(attrset_set_bytes(priv, CKA_SEED, wrong, sizeof(wrong)), CKR_OK);
	CU_ASSERT_EQUAL(keytype_complete(PRIV, CKK_ML_DSA, priv), BAD);
	CU_ASSERT_EQUAL(attrset_set_bytes(priv, CKA_SEED, wrong, 31), CKR_OK);
	CU_ASSERT_EQUAL(keytype_complete(PRIV, CKK_ML_DSA, priv), BAD);
	CU_ASSERT_EQUAL(attrset_set_bytes(priv, CKA_SEED, NULL, 0), CKR_OK);
	CU_ASSERT_EQUAL(keytype_complete(PRIV, CKK_ML_DSA, priv), CKR_OK);
out:
	attrset_free(out);
	attrset_free(priv);
	attrset_free(pub);
}

int main(void)
{
	static const struct unit_test tests[] = {
		UNIT_TEST(test_privates),	   UNIT_TEST(test_unknown),
		UNIT_TEST(test_encode_short),	   UNIT_TEST(test_encode_bad),
		UNIT_TEST(test_public_info_check), UNIT_TEST(test_flips),
		UNIT_TEST(test_mldsa),		   UNIT_TEST(test_mldsa_seed),
	};

	return CRYPTO_RUN("pkcs8_forms", tests);
}
