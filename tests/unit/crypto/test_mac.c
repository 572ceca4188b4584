/* MACs cut to a length, CBC-MAC, GMAC and Poly1305. Whole HMACs and CMACs: test_digest.c. */
#include "config.h"

#include <string.h>

#include "pkcs11/names.h"
#include "unit/crypto_util.h"
#include "unit/unit.h"

#define AES_128 "2b7e151628aed2a6abf7158809cf4f3c"
#define BYTES_32 "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
#define BYTES_64 BYTES_32 BYTES_32
#define DES3_KEY "8aa83bf8cbda10620bc1bf19fbb6cd58bc313d4a371ca8b5"
#define FIPS113_KEY "0123456789abcdef"
/* "7654321 Now is the time for " */
#define FIPS113_TEXT "37363534333231204e6f77206973207468652074696d6520666f7220"

/* Every mechanism with CK_MAC_GENERAL_PARAMS, beside the one that gives all of the same MAC. */
static const struct {
	CK_MECHANISM_TYPE general, whole;	/* 0: there is no such */
	CK_KEY_TYPE type;
	const char *key;
	CK_ULONG len;
} generals[] = {
	{ CKM_MD5_HMAC_GENERAL, CKM_MD5_HMAC, CKK_MD5_HMAC, BYTES_32, 16 },
	{ CKM_SHA_1_HMAC_GENERAL, CKM_SHA_1_HMAC, CKK_GENERIC_SECRET, BYTES_32, 20 },
	{ CKM_SHA224_HMAC_GENERAL, CKM_SHA224_HMAC, CKK_SHA224_HMAC, BYTES_32, 28 },
	{ CKM_SHA256_HMAC_GENERAL, CKM_SHA256_HMAC, CKK_SHA256_HMAC, BYTES_32, 32 },
	{ CKM_SHA384_HMAC_GENERAL, CKM_SHA384_HMAC, CKK_SHA384_HMAC, BYTES_64, 48 },
	{ CKM_SHA512_HMAC_GENERAL, CKM_SHA512_HMAC, CKK_SHA512_HMAC, BYTES_64, 64 },
	{ CKM_SHA512_224_HMAC_GENERAL, CKM_SHA512_224_HMAC, CKK_SHA512_224_HMAC, BYTES_32, 28 },
	{ CKM_SHA512_256_HMAC_GENERAL, CKM_SHA512_256_HMAC, CKK_SHA512_256_HMAC, BYTES_32, 32 },
	{ CKM_SHA3_224_HMAC_GENERAL, CKM_SHA3_224_HMAC, CKK_SHA3_224_HMAC, BYTES_32, 28 },
	{ CKM_SHA3_256_HMAC_GENERAL, CKM_SHA3_256_HMAC, CKK_SHA3_256_HMAC, BYTES_32, 32 },
	{ CKM_SHA3_384_HMAC_GENERAL, CKM_SHA3_384_HMAC, CKK_SHA3_384_HMAC, BYTES_64, 48 },
	{ CKM_SHA3_512_HMAC_GENERAL, CKM_SHA3_512_HMAC, CKK_GENERIC_SECRET, BYTES_64, 64 },
	{ CKM_RIPEMD160_HMAC_GENERAL, CKM_RIPEMD160_HMAC, CKK_RIPEMD160_HMAC, BYTES_32, 20 },
	{ CKM_AES_CMAC_GENERAL, CKM_AES_CMAC, CKK_AES, AES_128, 16 },
	{ CKM_DES3_CMAC_GENERAL, CKM_DES3_CMAC, CKK_DES3, DES3_KEY, 8 },
	{ CKM_AES_MAC_GENERAL, 0, CKK_AES, AES_128, 16 },
	{ CKM_DES3_MAC_GENERAL, 0, CKK_DES3, DES3_KEY, 8 },
	{ CKM_DES_MAC_GENERAL, 0, CKK_DES, FIPS113_KEY, 8 },
};

static void check_general(size_t i, struct key *k, CK_ULONG len, const unsigned char *whole)
{
	const char *name = ckm_name(generals[i].general);
	struct bytes in = unhex(FIPS113_TEXT);
	CK_MECHANISM m = MECH_WITH(generals[i].general, &len);
	unsigned char mac[64];
	CK_ULONG n = sizeof(mac);

	CHECK(name, run(OP_SIGN, m, k, in.data, in.len, mac, &n) == CKR_OK && n == len);
	CHECK(name, memcmp(mac, whole, len) == 0);
	n = sizeof(mac);
	CHECK(name, run_parts(OP_SIGN, m, k, in.data, in.len, 9, mac, &n) == CKR_OK && n == len);
	CHECK(name, memcmp(mac, whole, len) == 0);
	CHECK(name, verify(m, k, in.data, in.len, mac, len) == CKR_OK);
	CHECK(name, verify(m, k, in.data, in.len, mac, len + 1) == CKR_SIGNATURE_LEN_RANGE);
	CHECK(name, verify(m, k, in.data, in.len, mac, len - 1) == CKR_SIGNATURE_LEN_RANGE);
	mac[len - 1] ^= 0x80;
	CHECK(name, verify(m, k, in.data, in.len, mac, len) == CKR_SIGNATURE_INVALID);
}

/* Any length from 1 to that of the MAC, and the bytes are its first ones. */
static void test_general(void)
{
	for (size_t i = 0; i < ARRAY_LEN(generals); i++) {
		struct key *k = make_secret(generals[i].type, generals[i].key);
		struct bytes in = unhex(FIPS113_TEXT);
		CK_ULONG all = generals[i].len, n = 64;
		CK_MECHANISM m = { generals[i].whole, NULL, 0 };
		unsigned char whole[64];

		if (m.mechanism == 0)
			m = (CK_MECHANISM)MECH_WITH(generals[i].general, &all);
		CHECK(ckm_name(m.mechanism), run(OP_SIGN, m, k, in.data, in.len, whole, &n) ==
		      CKR_OK && n == all);
		for (CK_ULONG len = 1; len <= all; len += len == 1 ? 2 : 5)
			check_general(i, k, len, whole);
		check_general(i, k, all, whole);
		key_unref(k);
	}
}

static void test_general_param(void)
{
	static CK_ULONG none, endless = (CK_ULONG)-1;
	static unsigned char bytes[16] = { 4 };

	for (size_t i = 0; i < ARRAY_LEN(generals); i++) {
		CK_MECHANISM_TYPE type = generals[i].general;
		CK_ULONG more = generals[i].len + 1;
		const CK_MECHANISM bad[] = {
			{ type, NULL, 0 }, { type, NULL, sizeof(CK_ULONG) }, { type, bytes, 0 },
			{ type, bytes, 4 }, { type, bytes, 16 }, { type, &none, sizeof(none) },
			{ type, &more, sizeof(more) }, { type, &endless, sizeof(endless) },
		};
		struct key *k = make_secret(generals[i].type, generals[i].key);

		for (size_t b = 0; b < ARRAY_LEN(bad); b++) {
			CHECK(ckm_name(type), try_begin(OP_SIGN, bad[b], k) ==
			      CKR_MECHANISM_PARAM_INVALID);
			CHECK(ckm_name(type), try_begin(OP_VERIFY, bad[b], k) ==
			      CKR_MECHANISM_PARAM_INVALID);
		}
		key_unref(k);
	}
}

static const struct {
	const char *name;
	CK_MECHANISM_TYPE type;
	CK_KEY_TYPE key_type;
	const char *key, *in, *mac;
} known[] = {
	{ "FIPS 113, appendix A", CKM_DES_MAC, CKK_DES, FIPS113_KEY, FIPS113_TEXT, "f1d30f68" },
	{ "three equal keys are one", CKM_DES3_MAC, CKK_DES3,
	  FIPS113_KEY FIPS113_KEY FIPS113_KEY, FIPS113_TEXT, "f1d30f68" },
	{ "AES-MAC, one block", CKM_AES_MAC, CKK_AES, AES_128,
	  "6bc1bee22e409f96e93d7e117393172a", "3ad77bb40d7a3660" },
	/* one block of zeros */
	{ "AES-MAC, nothing", CKM_AES_MAC, CKK_AES, AES_128, "", "7df76b0c1ab899b3" },
	{ "AES-MAC, a zero", CKM_AES_MAC, CKK_AES, AES_128, "00", "7df76b0c1ab899b3" },
	{ "RFC 8439, section 2.5.2", CKM_POLY1305, CKK_POLY1305,
	  "85d6be7857556d337f4452fe42d506a80103808afb0db2fd4abff6af4149f51b",
	  "43727970746f6772617068696320466f72756d2052657365617263682047726f7570",
	  "a8061dc1305136c6c22b8baf0c0127a9" },
};

static void test_known(void)
{
	for (size_t i = 0; i < ARRAY_LEN(known); i++) {
		struct key *k = make_secret(known[i].key_type, known[i].key);
		CK_MECHANISM m = MECH(known[i].type);

		check_mac(known[i].name, m, k, known[i].in, known[i].mac);
		key_unref(k);
	}
}

/* More than CBC-MAC takes at once, cut anywhere, is the same as all of it. */
static void test_long(void)
{
	static unsigned char in[5000];
	static const size_t steps[] = { 0, 1, 15, 1023, 1024, 1025, 4096 };
	CK_MECHANISM m = MECH(CKM_AES_MAC);
	struct key *k = make_secret(CKK_AES, AES_128);
	unsigned char right[8], mac[8];
	CK_ULONG n = sizeof(right);

	for (size_t i = 0; i < sizeof(in); i++)
		in[i] = (unsigned char)(i * 7);
	CU_ASSERT_EQUAL(run(OP_SIGN, m, k, in, sizeof(in), right, &n), CKR_OK);
	for (size_t s = 0; s < ARRAY_LEN(steps); s++) {
		n = sizeof(mac);
		CU_ASSERT_EQUAL(run_parts(OP_SIGN, m, k, in, sizeof(in), steps[s], mac, &n),
				CKR_OK);
		CU_ASSERT_EQUAL(memcmp(mac, right, sizeof(mac)), 0);
	}
	key_unref(k);
}

/* No parameter where none is known; keys of the right type and size. */
static void test_strict(void)
{
	static const struct {
		CK_MECHANISM_TYPE type;
		CK_KEY_TYPE key_type;
		const char *key;
	} rows[] = {
		{ CKM_AES_MAC, CKK_AES, AES_128 },
		{ CKM_DES_MAC, CKK_DES, FIPS113_KEY },
		{ CKM_DES3_MAC, CKK_DES2, AES_128 },
		{ CKM_POLY1305, CKK_POLY1305, BYTES_32 },
		{ CKM_SHA3_256_HMAC, CKK_SHA3_256_HMAC, BYTES_32 },
	};
	struct key *wrong = make_secret(CKK_CHACHA20, BYTES_32);

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct key *k = make_secret(rows[i].key_type, rows[i].key);
		unsigned char byte = 0;
		CK_MECHANISM m = { rows[i].type, &byte, 1 };

		CHECK(ckm_name(m.mechanism), try_begin(OP_SIGN, m, k) ==
		      CKR_MECHANISM_PARAM_INVALID);
		m.ulParameterLen = 0;
		CHECK(ckm_name(m.mechanism), try_begin(OP_SIGN, m, k) == CKR_OK);
		CHECK(ckm_name(m.mechanism), try_begin(OP_SIGN, m, wrong) ==
		      CKR_KEY_TYPE_INCONSISTENT);
		CHECK(ckm_name(m.mechanism), try_begin(OP_ENCRYPT, m, k) == CKR_MECHANISM_INVALID);
		key_unref(k);
	}
	CU_ASSERT_PTR_NULL(make_secret(CKK_POLY1305, AES_128));
	CU_ASSERT_PTR_NULL(make_secret(CKK_POLY1305, BYTES_64));
	key_unref(wrong);
}

/* The test cases 1 and 7 of the GCM specification; the others follow from GCM itself. */
static void test_gmac(void)
{
	struct bytes iv = unhex("000000000000000000000000");
	CK_GCM_PARAMS p = { iv.data, iv.len, 96, NULL, 0, 128 };
	CK_MECHANISM m = MECH_WITH(CKM_AES_GMAC, &p);
	struct key *k = make_secret(CKK_AES, "00000000000000000000000000000000");
	struct key *wide = make_secret(CKK_AES, "000000000000000000000000000000000000000000000000");

	check_mac("GMAC, nothing", m, k, "", "58e2fccefa7e3061367f1d57a4e7455a");
	check_mac("GMAC, AES-192", m, wide, "", "cd33b28ac773f74ba00ed1f312572435");
	check_mac("GMAC, 20 bytes", m, k, "feedfacedeadbeeffeedfacedeadbeefabaddad2",
		  "9c60dd25fcd13af7285e129414805603");
	p.ulTagBits = 32;
	check_mac("GMAC of 32 bits", m, k, "feedfacedeadbeeffeedfacedeadbeefabaddad2", "9c60dd25");
	key_unref(k);
	key_unref(wide);
}

/* What GCM makes of additional data alone. */
static void test_gmac_is_gcm(void)
{
	static unsigned char iv[300];
	static const CK_ULONG iv_lens[] = { 1, 8, 12, 13, 128, 129, 144, 300 };
	struct bytes in = unhex(BYTES_64 "77");
	struct key *k = make_secret(CKK_AES, AES_128);

	for (size_t i = 0; i < sizeof(iv); i++)
		iv[i] = (unsigned char)(i + 1);
	for (size_t i = 0; i < ARRAY_LEN(iv_lens); i++) {
		CK_GCM_PARAMS sign = { iv, iv_lens[i], 0, NULL, 0, 120 };
		CK_GCM_PARAMS seal = { iv, iv_lens[i], 0, in.data, in.len, 120 };
		CK_MECHANISM gmac = MECH_WITH(CKM_AES_GMAC, &sign);
		CK_MECHANISM gcm = MECH_WITH(CKM_AES_GCM, &seal);
		unsigned char a[16], b[16];
		CK_ULONG n = sizeof(a), m = sizeof(b);

		CU_ASSERT_EQUAL(run(OP_SIGN, gmac, k, in.data, in.len, a, &n), CKR_OK);
		CU_ASSERT_EQUAL(run(OP_ENCRYPT, gcm, k, "", 0, b, &m), CKR_OK);
		CU_ASSERT_EQUAL(n, 15);
		CU_ASSERT_EQUAL(m, 15);
		CU_ASSERT_EQUAL(memcmp(a, b, 15), 0);
	}
	key_unref(k);
}

static void test_gmac_params(void)
{
	static unsigned char data[16];
	static const struct {
		const char *name;
		CK_GCM_PARAMS p;
		CK_RV expected;
	} rows[] = {
		{ "plain", { data, 12, 96, NULL, 0, 128 }, CKR_OK },
		{ "empty AAD", { data, 12, 96, data, 0, 128 }, CKR_OK },
		{ "AAD", { data, 12, 96, data, 1, 128 }, CKR_MECHANISM_PARAM_INVALID },
		{ "no IV", { NULL, 12, 96, NULL, 0, 128 }, CKR_MECHANISM_PARAM_INVALID },
		{ "tag of 24 bits", { data, 12, 96, NULL, 0, 24 }, CKR_MECHANISM_PARAM_INVALID },
		{ "tag of 129 bits", { data, 12, 96, NULL, 0, 129 }, CKR_MECHANISM_PARAM_INVALID },
	};
	struct key *k = make_secret(CKK_AES, AES_128);
	CK_MECHANISM iv_only = { CKM_AES_GMAC, data, 12 }, none = MECH(CKM_AES_GMAC);

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		CK_GCM_PARAMS p = rows[i].p;
		CK_MECHANISM m = MECH_WITH(CKM_AES_GMAC, &p);

		CHECK(rows[i].name, try_begin(OP_SIGN, m, k) == rows[i].expected);
		CHECK(rows[i].name, try_begin(OP_VERIFY, m, k) == rows[i].expected);
	}
	CU_ASSERT_EQUAL(try_begin(OP_SIGN, iv_only, k), CKR_MECHANISM_PARAM_INVALID);
	CU_ASSERT_EQUAL(try_begin(OP_SIGN, none, k), CKR_MECHANISM_PARAM_INVALID);
	key_unref(k);
}

int main(void)
{
	static const struct unit_test tests[] = {
		UNIT_TEST(test_general),
		UNIT_TEST(test_general_param),
		UNIT_TEST(test_known),
		UNIT_TEST(test_long),
		UNIT_TEST(test_strict),
		UNIT_TEST(test_gmac),
		UNIT_TEST(test_gmac_is_gcm),
		UNIT_TEST(test_gmac_params),
	};

	return CRYPTO_RUN("mac", tests);
}
