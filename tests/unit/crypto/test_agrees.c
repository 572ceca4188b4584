/* Stored keys that contradict themselves, or what is stored beside them. */
#include "config.h"

#include "crypto/key/keytype.h"

#include <stdlib.h>
#include <string.h>

#include "common/reason.h"
#include "pkcs11/names.h"
#include "unit/crypto_util.h"
#include "unit/ec_vectors.h"
#include "unit/key_vectors.h"
#include "unit/rsa_vectors.h"
#include "unit/unit.h"

#define PUB CKO_PUBLIC_KEY
#define PRIV CKO_PRIVATE_KEY
#define SEC CKO_SECRET_KEY
#define BAD CKR_ATTRIBUTE_VALUE_INVALID
#define END { 0, NULL }
#define CHANGES 7

static const struct hex_attr rsa[] = {
	{ CKA_MODULUS, RSA_N },	    { CKA_PUBLIC_EXPONENT, RSA_E }, { CKA_PRIVATE_EXPONENT, RSA_D },
	{ CKA_PRIME_1, RSA_P },	    { CKA_PRIME_2, RSA_Q },	    { CKA_EXPONENT_1, RSA_DP },
	{ CKA_EXPONENT_2, RSA_DQ }, { CKA_COEFFICIENT, RSA_QINV },  END
};
static const struct hex_attr rsa_public[] = { { CKA_MODULUS, RSA_N },
					      { CKA_PUBLIC_EXPONENT, RSA_E }, END };
static const struct hex_attr rsa_short[] = { { CKA_MODULUS, RSA_N },
					     { CKA_PUBLIC_EXPONENT, RSA_E },
					     { CKA_PRIVATE_EXPONENT, RSA_D }, END };
static const struct hex_attr p256[] = { { CKA_EC_PARAMS, P256 }, { CKA_VALUE, P256_D }, END };
static const struct hex_attr p256_public[] = { { CKA_EC_PARAMS, P256 },
					       { CKA_EC_POINT, "0441" P256_POINT }, END };
static const struct hex_attr ed[] = { { CKA_EC_PARAMS, ED25519 }, { CKA_VALUE, ED25519_SEED },
				      END };
static const struct hex_attr dsa[] = { { CKA_PRIME, DSA_P }, { CKA_SUBPRIME, DSA_Q },
				       { CKA_BASE, DSA_G }, { CKA_VALUE, DSA_X }, END };
static const struct hex_attr secret[] = { { CKA_VALUE, AES_KEY }, END };

/* SubjectPublicKeyInfo of P256_D, with the curve in full too, and of another point. */
#define P256_HEAD "3059301306072a8648ce3d020106082a8648ce3d030107034200"
#define P256_INFO P256_HEAD P256_POINT
#define P256_COMPRESSED \
	"3039301306072a8648ce3d020106082a8648ce3d03010703220003" P256_X
#define P256_OTHER \
	P256_HEAD "046b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296" \
		  "4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5"
#define ED_HEAD "302a300506032b6570032100"

struct row {
	const char *name;
	CK_OBJECT_CLASS class;
	CK_KEY_TYPE type;
	const struct hex_attr *base;
	struct hex_attr changes[CHANGES];
	CK_RV expected;
	CK_ATTRIBUTE_TYPE culprit;	/* is named in the reason */
};

static const struct row rows[] = {
	{ "RSA", PRIV, CKK_RSA, rsa, { END }, CKR_OK, 0 },
	{ "RSA, leading zeros", PRIV, CKK_RSA, rsa, { { CKA_PRIME_2, "0000" RSA_Q } }, CKR_OK, 0 },
	{ "RSA, no public exponent", PRIV, CKK_RSA, rsa, { { CKA_PUBLIC_EXPONENT, "" } }, CKR_OK,
	  0 },
	{ "RSA, no coefficient", PRIV, CKK_RSA, rsa, { { CKA_COEFFICIENT, "" } }, CKR_OK, 0 },
	{ "RSA, no primes", PRIV, CKK_RSA, rsa_short, { END }, CKR_OK, 0 },
	{ "RSA, no primes, no exponent", PRIV, CKK_RSA, rsa_short, { { CKA_PUBLIC_EXPONENT, "" } },
	  CKR_OK, 0 },
	{ "RSA, both primes the other way round", PRIV, CKK_RSA, rsa,
	  { { CKA_PRIME_1, RSA_Q }, { CKA_PRIME_2, RSA_P }, { CKA_EXPONENT_1, RSA_DQ },
	    { CKA_EXPONENT_2, RSA_DP }, { CKA_COEFFICIENT, "" } }, CKR_OK, 0 },
	{ "RSA, three primes", PRIV, CKK_RSA, rsa_short,
	  { { CKA_MODULUS, RSA3_N }, { CKA_PRIVATE_EXPONENT, RSA3_D } }, CKR_OK, 0 },
	{ "RSA, another modulus", PRIV, CKK_RSA, rsa, { { CKA_MODULUS, RSA_N "01" } }, BAD,
	  CKA_MODULUS },
	{ "RSA, another public exponent", PRIV, CKK_RSA, rsa, { { CKA_PUBLIC_EXPONENT, "03" } },
	  BAD, CKA_PRIVATE_EXPONENT },
	{ "RSA, another private exponent", PRIV, CKK_RSA, rsa,
	  { { CKA_PRIVATE_EXPONENT, RSAODD_D } }, BAD, CKA_PRIVATE_EXPONENT },
	{ "RSA, another prime", PRIV, CKK_RSA, rsa, { { CKA_PRIME_1, RSAODD_P } }, BAD,
	  CKA_MODULUS },
	{ "RSA, another exponent 1", PRIV, CKK_RSA, rsa, { { CKA_EXPONENT_1, RSA_DQ } }, BAD,
	  CKA_EXPONENT_1 },
	{ "RSA, another exponent 2", PRIV, CKK_RSA, rsa, { { CKA_EXPONENT_2, RSA_DP } }, BAD,
	  CKA_EXPONENT_2 },
	{ "RSA, another coefficient", PRIV, CKK_RSA, rsa, { { CKA_COEFFICIENT, RSA_DP } }, BAD,
	  CKA_COEFFICIENT },
	{ "RSA, another coefficient, too large", PRIV, CKK_RSA, rsa, { { CKA_COEFFICIENT, RSA_N } },
	  BAD, CKA_COEFFICIENT },
	{ "RSA, no primes, another exponent", PRIV, CKK_RSA, rsa_short,
	  { { CKA_PUBLIC_EXPONENT, "03" } }, BAD, CKA_PRIVATE_EXPONENT },
	{ "RSA public", PUB, CKK_RSA, rsa_public, { END }, CKR_OK, 0 },
	{ "RSA public of another", PUB, CKK_RSA, rsa_public,
	  { { CKA_PUBLIC_KEY_INFO, P256_INFO } }, CKR_OK, 0 },

	{ "EC", PRIV, CKK_EC, p256, { END }, CKR_OK, 0 },
	{ "EC, empty info", PRIV, CKK_EC, p256, { { CKA_PUBLIC_KEY_INFO, "" } }, CKR_OK, 0 },
	{ "EC, its info", PRIV, CKK_EC, p256, { { CKA_PUBLIC_KEY_INFO, P256_INFO } }, CKR_OK, 0 },
	{ "EC, its info, compressed", PRIV, CKK_EC, p256,
	  { { CKA_PUBLIC_KEY_INFO, P256_COMPRESSED } }, CKR_OK, 0 },
	{ "EC, info of another", PRIV, CKK_EC, p256, { { CKA_PUBLIC_KEY_INFO, P256_OTHER } }, BAD,
	  CKA_PUBLIC_KEY_INFO },
	{ "EC, another value", PRIV, CKK_EC, p256,
	  { { CKA_VALUE, ED25519_SEED }, { CKA_PUBLIC_KEY_INFO, P256_INFO } }, BAD,
	  CKA_PUBLIC_KEY_INFO },
	{ "EC, info of an unknown algorithm", PRIV, CKK_EC, p256,
	  { { CKA_PUBLIC_KEY_INFO, "300b300506032a030403020000" } }, CKR_OK, 0 },
	{ "EC, info that is none", PRIV, CKK_EC, p256, { { CKA_PUBLIC_KEY_INFO, "0500" } }, BAD,
	  CKA_PUBLIC_KEY_INFO },
	{ "EC public, its info", PUB, CKK_EC, p256_public, { { CKA_PUBLIC_KEY_INFO, P256_INFO } },
	  CKR_OK, 0 },
	{ "EC public, info of another", PUB, CKK_EC, p256_public,
	  { { CKA_PUBLIC_KEY_INFO, P256_OTHER } }, BAD, CKA_PUBLIC_KEY_INFO },
	{ "Ed25519, its info", PRIV, CKK_EC_EDWARDS, ed,
	  { { CKA_PUBLIC_KEY_INFO, ED_HEAD ED25519_PUB } }, CKR_OK, 0 },
	{ "Ed25519, info of another", PRIV, CKK_EC_EDWARDS, ed,
	  { { CKA_PUBLIC_KEY_INFO, ED_HEAD ED25519_2_PUB } }, BAD, CKA_PUBLIC_KEY_INFO },

	{ "DSA", PRIV, CKK_DSA, dsa, { END }, CKR_OK, 0 },
	{ "DSA, value is the subprime", PRIV, CKK_DSA, dsa, { { CKA_VALUE, DSA_Q } }, BAD,
	  CKA_VALUE },
	{ "DSA, value is longer", PRIV, CKK_DSA, dsa, { { CKA_VALUE, DSA_X "00" } }, BAD,
	  CKA_VALUE },

	{ "AES", SEC, CKK_AES, secret, { END }, CKR_OK, 0 },
	{ "AES, empty check value", SEC, CKK_AES, secret, { { CKA_CHECK_VALUE, "" } }, CKR_OK, 0 },
	{ "AES, its check value", SEC, CKK_AES, secret, { { CKA_CHECK_VALUE, "7df76b" } }, CKR_OK,
	  0 },
	{ "AES, another check value", SEC, CKK_AES, secret, { { CKA_CHECK_VALUE, "7df76a" } }, BAD,
	  CKA_CHECK_VALUE },
	{ "AES, short check value", SEC, CKK_AES, secret, { { CKA_CHECK_VALUE, "7df7" } }, BAD,
	  CKA_CHECK_VALUE },
	{ "generic, its check value", SEC, CKK_GENERIC_SECRET, secret,
	  { { CKA_CHECK_VALUE, "1da3a2" } }, CKR_OK, 0 },
	{ "generic, that of AES", SEC, CKK_GENERIC_SECRET, secret,
	  { { CKA_CHECK_VALUE, "7df76b" } }, BAD, CKA_CHECK_VALUE },
};

static struct attrset *make_row(const struct row *r)
{
	struct attrset *s = make_set(r->base);

	for (size_t i = 0; i < CHANGES && r->changes[i].hex != NULL; i++) {
		struct bytes b = unhex(r->changes[i].hex);

		if (attrset_set_bytes(s, r->changes[i].type, b.data, b.len) != CKR_OK)
			abort();
	}
	return s;
}

static bool names(CK_ATTRIBUTE_TYPE culprit)
{
	const char *text = reason_text();

	if (culprit == 0)
		return text == NULL;
	return text != NULL && strncmp(text, cka_name(culprit), strlen(cka_name(culprit))) == 0;
}

static void test_rows(void)
{
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const struct row *r = &rows[i];
		struct attrset *s = make_row(r);
		struct key *k = NULL;

		reason_clear();
		CHECK(r->name, keytype_load(r->class, r->type, s, &k) == CKR_OK);
		if (k != NULL)
			CHECK(r->name, keytype_agrees(k, s) == r->expected);
		CHECK(r->name, names(r->culprit));
		key_unref(k);
		attrset_free(s);
	}
}

/* What keytype_complete has made of a key is the key's. */
static void test_completed(void)
{
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const struct row *r = &rows[i];
		struct attrset *s = make_set(r->base);
		struct buf info = BUF_INIT;
		struct key *k = NULL;

		CHECK(r->name, keytype_complete(r->class, r->type, s) == CKR_OK);
		if (r->class != SEC) {
			CHECK(r->name,
			      keytype_public_info(r->class, r->type, s, &info) == CKR_OK);
			CHECK(r->name, attrset_set_bytes(s, CKA_PUBLIC_KEY_INFO, info.data,
							 info.len) == CKR_OK);
		}
		CHECK(r->name, keytype_load(r->class, r->type, s, &k) == CKR_OK);
		if (k != NULL)
			CHECK(r->name, keytype_agrees(k, s) == CKR_OK);
		key_unref(k);
		buf_free(&info);
		attrset_free(s);
	}
}

int main(void)
{
	static const struct unit_test tests[] = {
		UNIT_TEST(test_rows),
		UNIT_TEST(test_completed),
	};

	return CRYPTO_RUN("agrees", tests);
}
