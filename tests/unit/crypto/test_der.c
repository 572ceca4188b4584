/* EC parameters, points and signature pairs in DER. */
#include "config.h"

#include "crypto/ossl/der.h"

#include <openssl/ec.h>
#include <openssl/objects.h>
#include <string.h>

#include "crypto/ossl/ossl.h"
#include "unit/crypto_util.h"
#include "unit/unit.h"

static const struct {
	const char *name;
	const char *der;
	CK_RV expected;
	const char *curve;
} curves[] = {
	{ "P-256", "06082a8648ce3d030107", CKR_OK, "prime256v1" },
	{ "P-384", "06052b81040022", CKR_OK, "secp384r1" },
	{ "P-521", "06052b81040023", CKR_OK, "secp521r1" },
	{ "P-224", "06052b81040021", CKR_OK, "secp224r1" },
	{ "secp256k1", "06052b8104000a", CKR_OK, "secp256k1" },
	{ "brainpoolP256r1", "06092b2403030208010107", CKR_OK, "brainpoolP256r1" },
	{ "Ed25519 OID", "06032b6570", CKR_OK, "ED25519" },
	{ "Ed448 OID", "06032b6571", CKR_OK, "ED448" },
	{ "X25519 OID", "06032b656e", CKR_OK, "X25519" },
	{ "X448 OID", "06032b656f", CKR_OK, "X448" },
	{ "edwards25519", "130c656477617264733235353139", CKR_OK, "ED25519" },
	{ "edwards448", "130a65647761726473343438", CKR_OK, "ED448" },
	{ "curve25519", "130a63757276653235353139", CKR_OK, "X25519" },
	{ "curve448", "13086375727665343438", CKR_OK, "X448" },
	{ "Ed25519, OpenPGP's OID", "06092b06010401da470f01", CKR_OK, "ED25519" },
	{ "X25519, OpenPGP's OID", "060a2b060104019755010501", CKR_OK, "X25519" },
	{ "X25519, one too long", "130b63757276653235353139", CKR_OK, "X25519" },
	{ "X25519, two too long", "130c63757276653235353139", CKR_ATTRIBUTE_VALUE_INVALID, NULL },
	{ "unknown name, one too long", "130865647761726473", CKR_ATTRIBUTE_VALUE_INVALID, NULL },
	{ "binary field", "06052b81040026", CKR_CURVE_NOT_SUPPORTED, NULL },
	{ "SM2", "06082a811ccf5501822d", CKR_CURVE_NOT_SUPPORTED, NULL },
	{ "OID that is no curve", "06092a864886f70d010101", CKR_CURVE_NOT_SUPPORTED, NULL },
	{ "unknown OID", "06042a030405", CKR_CURVE_NOT_SUPPORTED, NULL },
	{ "unknown name", "130765647761726473", CKR_CURVE_NOT_SUPPORTED, NULL },
	{ "implicit curve", "0500", CKR_ATTRIBUTE_VALUE_INVALID, NULL },
	{ "empty", "", CKR_ATTRIBUTE_VALUE_INVALID, NULL },
	{ "tag alone", "06", CKR_ATTRIBUTE_VALUE_INVALID, NULL },
	{ "cut short", "06082a8648ce3d0301", CKR_ATTRIBUTE_VALUE_INVALID, NULL },
	{ "one byte more", "06082a8648ce3d03010700", CKR_ATTRIBUTE_VALUE_INVALID, NULL },
	{ "empty OID", "0600", CKR_ATTRIBUTE_VALUE_INVALID, NULL },
	{ "endless length", "0680", CKR_ATTRIBUTE_VALUE_INVALID, NULL },
	{ "long form for a short length", "0681082a8648ce3d030107", CKR_ATTRIBUTE_VALUE_INVALID,
	  NULL },
	{ "length with a leading zero", "0682000a2a8648ce3d030107", CKR_ATTRIBUTE_VALUE_INVALID,
	  NULL },
	{ "length of 2^32 - 1", "0684ffffffff2a8648ce3d030107", CKR_ATTRIBUTE_VALUE_INVALID, NULL },
	{ "length in 8 bytes", "0688ffffffffffffffff2a8648ce3d030107", CKR_ATTRIBUTE_VALUE_INVALID,
	  NULL },
	{ "empty sequence", "3000", CKR_ATTRIBUTE_VALUE_INVALID, NULL },
	{ "sequence of rubbish", "3003020101", CKR_ATTRIBUTE_VALUE_INVALID, NULL },
};

static void test_curves(void)
{
	for (size_t i = 0; i < ARRAY_LEN(curves); i++) {
		struct bytes der = unhex(curves[i].der);
		struct der_curve c;

		CHECK(curves[i].name, der_curve_read(der.data, der.len, &c) == curves[i].expected);
		if (curves[i].expected == CKR_OK)
			CHECK(curves[i].name, strcmp(c.name, curves[i].curve) == 0);
	}
}

/* What is written is what is read again: the OID for EC, the name for the others. */
static void test_write(void)
{
	static const size_t rows[] = { 0, 1, 2, 3, 4, 5, 10, 11, 12, 13 };

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct bytes der = unhex(curves[rows[i]].der);
		struct buf out = BUF_INIT;
		struct der_curve c;

		CHECK(curves[rows[i]].name, der_curve_read(der.data, der.len, &c) == CKR_OK);
		CHECK(curves[rows[i]].name, der_curve_write(&c, &out) == CKR_OK);
		CHECK(curves[rows[i]].name, is_hex(out.data, out.len, curves[rows[i]].der));
		buf_free(&out);
	}
}

/* Explicit parameters are taken when they are those of a named curve, whatever else they say. */
static void test_explicit(void)
{
	EC_GROUP *group = EC_GROUP_new_by_curve_name_ex(ossl_ctx(), NULL, NID_X9_62_prime256v1);
	unsigned char *der = NULL;
	struct der_curve c;
	int len;

	CU_ASSERT_PTR_NOT_NULL_FATAL(group);
	EC_GROUP_set_asn1_flag(group, OPENSSL_EC_EXPLICIT_CURVE);
	len = i2d_ECPKParameters(group, &der);
	CU_ASSERT_TRUE_FATAL(len > 100);
	CU_ASSERT_EQUAL(der_curve_read(der, (size_t)len, &c), CKR_OK);
	CU_ASSERT_STRING_EQUAL(c.name, "prime256v1");
	/*
	 * Another generator makes another, unnamed curve: the bytes before order and cofactor
	 * belong to it.
	 */
	der[len - 40] ^= 1;
	CU_ASSERT_NOT_EQUAL(der_curve_read(der, (size_t)len, &c), CKR_OK);
	OPENSSL_free(der);
	EC_GROUP_free(group);
}

static void test_octets(void)
{
	static const size_t lengths[] = { 0, 1, 127, 128, 255, 256, 4000, 65536 };
	static unsigned char data[65536];

	for (size_t i = 0; i < ARRAY_LEN(lengths); i++) {
		struct buf out = BUF_INIT;
		const unsigned char *p;
		size_t n;

		CU_ASSERT_EQUAL(der_octets_write(data, lengths[i], &out), CKR_OK);
		CU_ASSERT_TRUE(der_octets_read(out.data, out.len, &p, &n));
		CU_ASSERT_EQUAL(n, lengths[i]);
		CU_ASSERT_FALSE(der_octets_read(out.data, out.len - 1, &p, &n));
		buf_free(&out);
	}
}

static const struct {
	const char *name;
	size_t width;
	const char *pair;
	const char *der;
} pairs[] = {
	{ "small numbers", 4, "0000000100000002", "3006020101020102" },
	{ "zeros", 2, "00000000", "3006020100020100" },
	{ "high bits", 2, "80ffff00", "300a02030080ff020300ff00" },
	{ "one wide, one narrow", 3, "7fffff000080", "300902037fffff02020080" },
};

static void test_pairs(void)
{
	for (size_t i = 0; i < ARRAY_LEN(pairs); i++) {
		struct bytes pair = unhex(pairs[i].pair);
		unsigned char der[64], back[16];
		size_t n = der_pair_write(pair.data, pairs[i].width, der);

		CHECK(pairs[i].name, n <= der_pair_max(pairs[i].width));
		CHECK(pairs[i].name, is_hex(der, n, pairs[i].der));
		CHECK(pairs[i].name, der_pair_read(der, n, back, pairs[i].width));
		CHECK(pairs[i].name, memcmp(back, pair.data, pair.len) == 0);
	}
}

/* The widest pair takes the longest headers; it must fit what der_pair_max promises. */
static void test_wide_pair(void)
{
	unsigned char pair[256], back[256], der[2 * (128 + 7) + 6];
	size_t n;

	memset(pair, 0xff, sizeof(pair));
	CU_ASSERT_EQUAL(der_pair_max(128), sizeof(der));
	n = der_pair_write(pair, 128, der);
	CU_ASSERT_TRUE(n <= sizeof(der));
	CU_ASSERT_TRUE(der_pair_read(der, n, back, 128));
	CU_ASSERT_EQUAL(memcmp(pair, back, sizeof(pair)), 0);
}

static void test_bad_pairs(void)
{
	static const char *const bad[] =
		{ "",		  "30",		  "3000",		"3003020101",
					   "30060201010201", "3006020101020102aa",
						   "300602010102010201", "300702010102020001ff",
					   "31060201010201", "3009020101020101020101",
						   "3006020003020101" };

	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct bytes der = unhex(bad[i]);
		unsigned char pair[2];

		CHECK(bad[i], !der_pair_read(der.data, der.len, pair, 1));
	}
}

int main(void)
{
	static const struct unit_test tests[] = {
		UNIT_TEST(test_curves),
		UNIT_TEST(test_write),
		UNIT_TEST(test_explicit),
		UNIT_TEST(test_octets),
		UNIT_TEST(test_pairs),
		UNIT_TEST(test_wide_pair),
		UNIT_TEST(test_bad_pairs),
	};

	return CRYPTO_RUN("der", tests);
}
