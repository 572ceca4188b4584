/* Public keys out of private ones: the parts are those that belong to the vectors' keys. */
#include "config.h"

#include <string.h>

#include "crypto/mech/derive.h"
#include "unit/crypto_util.h"
#include "unit/ec_vectors.h"
#include "unit/rsa_vectors.h"
#include "unit/unit.h"

#define PARTS 6
#define X25519 "06032b656e"
/* RFC 7748 section 6.1 */
#define X25519_D "77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a"
#define X25519_PUB "8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a"

static const struct {
	const char *name;
	CK_KEY_TYPE type;
	struct hex_attr priv[PARTS];
	struct hex_attr pub[PARTS];
} rows[] = {
	{ "RSA", CKK_RSA,
	  { { CKA_MODULUS, RSA_N }, { CKA_PUBLIC_EXPONENT, RSA_E }, { CKA_PRIVATE_EXPONENT, RSA_D },
	    { CKA_PRIME_1, RSA_P }, { CKA_PRIME_2, RSA_Q } },
	  { { CKA_MODULUS, RSA_N }, { CKA_PUBLIC_EXPONENT, RSA_E } } },
	{ "P-256", CKK_EC, { { CKA_EC_PARAMS, P256 }, { CKA_VALUE, P256_D } },
	  { { CKA_EC_PARAMS, P256 }, { CKA_EC_POINT, "0441" P256_POINT } } },
	{ "P-384", CKK_EC, { { CKA_EC_PARAMS, P384 }, { CKA_VALUE, P384_D } },
	  { { CKA_EC_PARAMS, P384 }, { CKA_EC_POINT, "0461" P384_POINT } } },
	{ "Ed25519", CKK_EC_EDWARDS, { { CKA_EC_PARAMS, ED25519 }, { CKA_VALUE, ED25519_SEED } },
	  { { CKA_EC_POINT, "0420" ED25519_PUB } } },
	{ "Ed448", CKK_EC_EDWARDS, { { CKA_EC_PARAMS, ED448 }, { CKA_VALUE, ED448_SEED } },
	  { { CKA_EC_POINT, "0439" ED448_PUB } } },
	{ "X25519", CKK_EC_MONTGOMERY, { { CKA_EC_PARAMS, X25519 }, { CKA_VALUE, X25519_D } },
	  { { CKA_EC_POINT, "0420" X25519_PUB } } },
	{ "DSA", CKK_DSA,
	  { { CKA_PRIME, DSA_P }, { CKA_SUBPRIME, DSA_Q }, { CKA_BASE, DSA_G },
	    { CKA_VALUE, DSA_X } },
	  { { CKA_PRIME, DSA_P }, { CKA_SUBPRIME, DSA_Q }, { CKA_BASE, DSA_G },
	    { CKA_VALUE, DSA_Y } } },
	/* the same numbers: a group is a group */
	{ "DH", CKK_DH, { { CKA_PRIME, DSA_P }, { CKA_BASE, DSA_G }, { CKA_VALUE, DSA_X } },
	  { { CKA_PRIME, DSA_P }, { CKA_BASE, DSA_G }, { CKA_VALUE, DSA_Y } } },
};

/* The caller frees *out. */
static CK_RV public_of(CK_MECHANISM m, struct key *priv, struct attrset **out)
{
	const struct mech *row = mech_find(CKM_PUB_KEY_FROM_PRIV_KEY);
	const struct derive_input in = { &m, priv, NULL, 0 };

	CU_ASSERT_PTR_NOT_NULL_FATAL(row);
	*out = attrset_new(true);
	CU_ASSERT_PTR_NOT_NULL_FATAL(*out);
	return derive_parts(row, &in, *out);
}

static void test_parts(void)
{
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct key *priv = make_key(CKO_PRIVATE_KEY, rows[i].type, rows[i].priv);
		struct key *pub = NULL;
		struct attrset *parts;
		CK_MECHANISM m = MECH(CKM_PUB_KEY_FROM_PRIV_KEY);

		CU_ASSERT_PTR_NOT_NULL_FATAL(priv);
		CHECK(rows[i].name, public_of(m, priv, &parts) == CKR_OK);
		for (const struct hex_attr *a = rows[i].pub; a->hex != NULL; a++) {
			const unsigned char *data = NULL;
			size_t len = 0;

			CHECK(rows[i].name, attrset_bytes(parts, a->type, &data, &len) &&
			      is_hex(data, len, a->hex));
		}
		CHECK(rows[i].name, keytype_load(CKO_PUBLIC_KEY, rows[i].type, parts, &pub) ==
		      CKR_OK);
		key_unref(pub);
		key_unref(priv);
		attrset_free(parts);
	}
}

/* No secret of the private key is in the result. */
static void test_nothing_private(void)
{
	static const CK_ATTRIBUTE_TYPE secret[] = { CKA_PRIVATE_EXPONENT, CKA_PRIME_1, CKA_PRIME_2,
						    CKA_EXPONENT_1, CKA_EXPONENT_2,
						    CKA_COEFFICIENT };
	struct key *rsa = make_key(CKO_PRIVATE_KEY, CKK_RSA, rows[0].priv);
	struct key *ec = make_key(CKO_PRIVATE_KEY, CKK_EC, rows[1].priv);
	CK_MECHANISM m = MECH(CKM_PUB_KEY_FROM_PRIV_KEY);
	struct attrset *parts;

	CU_ASSERT(public_of(m, rsa, &parts) == CKR_OK);
	for (size_t i = 0; i < ARRAY_LEN(secret); i++)
		CU_ASSERT_PTR_NULL(attrset_get(parts, secret[i]));
	attrset_free(parts);
	CU_ASSERT(public_of(m, ec, &parts) == CKR_OK);
	CU_ASSERT_PTR_NULL(attrset_get(parts, CKA_VALUE));
	attrset_free(parts);
	key_unref(rsa);
	key_unref(ec);
}

static void test_refused(void)
{
	struct key *priv = make_key(CKO_PRIVATE_KEY, CKK_EC, rows[1].priv);
	struct key *pub = make_key(CKO_PUBLIC_KEY, CKK_EC, rows[1].pub);
	struct key *secret = make_secret(CKK_GENERIC_SECRET, "010203");
	CK_MECHANISM m = MECH(CKM_PUB_KEY_FROM_PRIV_KEY);
	CK_MECHANISM more = { CKM_PUB_KEY_FROM_PRIV_KEY, (CK_BYTE[]){ 1 }, 1 };
	const struct { struct key *base; CK_MECHANISM m; CK_RV expected; } bad[] = {
		{ pub, m, CKR_KEY_TYPE_INCONSISTENT },
		{ secret, m, CKR_KEY_TYPE_INCONSISTENT },
		{ priv, more, CKR_MECHANISM_PARAM_INVALID },
	};

	CU_ASSERT_FATAL(priv != NULL && pub != NULL && secret != NULL);
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct attrset *parts;

		CU_ASSERT_EQUAL(public_of(bad[i].m, bad[i].base, &parts), bad[i].expected);
		CU_ASSERT_EQUAL(parts->count, 0);
		attrset_free(parts);
	}
	key_unref(priv);
	key_unref(pub);
	key_unref(secret);
}

int main(void)
{
	static const struct unit_test tests[] = {
		UNIT_TEST(test_parts), UNIT_TEST(test_nothing_private), UNIT_TEST(test_refused),
	};

	return CRYPTO_RUN("derive_public", tests);
}
