/* AES-CCM, AES-CTS and AES-XTS, which need all of their data at once. */
#include "config.h"

#include <string.h>

#include "unit/crypto_util.h"
#include "unit/unit.h"

/* --- CCM --- */

#define CCM_KEY "404142434445464748494a4b4c4d4e4f"
#define CCM_NONCE_7 "10111213141516"
#define CCM_NONCE_12 "101112131415161718191a1b"
#define COUNT_24 "000102030405060708090a0b0c0d0e0f1011121314151617"

static const struct {
	const char *name, *key, *nonce, *aad;
	CK_ULONG mac;
	const char *plain, *cipher;
} ccms[] = {
	{ "SP 800-38C, example 1", CCM_KEY, CCM_NONCE_7, "0001020304050607", 4,
	  "20212223", "7162015b4dac255d" },
	{ "SP 800-38C, example 2", CCM_KEY, "1011121314151617", "000102030405060708090a0b0c0d0e0f",
	  6, "202122232425262728292a2b2c2d2e2f",
	  "d2a1f0e051ea5f62081a7792073d593d1fc64fbfaccd" },
	{ "SP 800-38C, example 3", CCM_KEY, CCM_NONCE_12,
	  "000102030405060708090a0b0c0d0e0f10111213", 8,
	  "202122232425262728292a2b2c2d2e2f3031323334353637",
	  "e3b201a9f5b71a7a9b1ceaeccd97e70b6176aad9a4428aa5484392fbc1b09951" },
	/* NIST CAVP, DVPT256.rsp: neither data nor additional data, and data only */
	{ "CAVP, nothing", "eda32f751456e33195f1f499cf2dc7c97ea127b6d488f211ccc5126fbb24afa6",
	  "a544218dadd3c1", "", 4, "", "469c90bb" },
	{ "CAVP, no AAD", "af063639e66c284083c5cf72b70d8bc277f5978e80d9322d99f2fdc718cda569",
	  "a544218dadd3c1", "", 4, "d3d5424e20fbec43ae495353ed830271515ab104f8860c98",
	  "64a1341679972dc5869fcf69b19d5c5ea50aa0b5e985f5b722aa8d59" },
};

static CK_CCM_PARAMS ccm_params(size_t i, struct bytes *nonce, struct bytes *aad)
{
	*nonce = unhex(ccms[i].nonce);
	*aad = unhex(ccms[i].aad);
	return (CK_CCM_PARAMS){ strlen(ccms[i].plain) / 2, nonce->data, nonce->len,
				aad->len > 0 ? aad->data : NULL, aad->len, ccms[i].mac };
}

static void test_ccm(void)
{
	for (size_t i = 0; i < ARRAY_LEN(ccms); i++) {
		struct bytes nonce, aad, c = unhex(ccms[i].cipher);
		CK_CCM_PARAMS p = ccm_params(i, &nonce, &aad);
		CK_MECHANISM m = MECH_WITH(CKM_AES_CCM, &p);
		struct key *k = make_secret(CKK_AES, ccms[i].key);

		check_both_ways(ccms[i].name, m, k, ccms[i].plain, ccms[i].cipher);
		check_forgeries(ccms[i].name, m, k, ccms[i].cipher);
		nonce.data[0] ^= 1;
		check_forgery(ccms[i].name, m, k, &c);
		nonce.data[0] ^= 1;
		aad.data[0] ^= 1;
		if (aad.len > 0)
			check_forgery(ccms[i].name, m, k, &c);
		key_unref(k);
	}
}

/* The data must be as long as announced; too much of it is told as soon as it comes. */
static void test_ccm_length(void)
{
	struct bytes nonce, aad, in = unhex(COUNT_24 COUNT_24);
	CK_CCM_PARAMS p = ccm_params(0, &nonce, &aad);
	CK_MECHANISM m = MECH_WITH(CKM_AES_CCM, &p);
	struct key *k = make_secret(CKK_AES, CCM_KEY);

	for (CK_ULONG len = 0; len < 16; len++) {
		CK_RV wrong = len == 4 ? CKR_OK : CKR_DATA_LEN_RANGE;
		unsigned char out[64];
		CK_ULONG n = sizeof(out);

		CU_ASSERT_EQUAL(run(OP_ENCRYPT, m, k, in.data, len, out, &n), wrong);
		n = sizeof(out);
		CU_ASSERT_EQUAL(run_parts(OP_ENCRYPT, m, k, in.data, len, 3, out, &n), wrong);
		n = sizeof(out);
		wrong = len == 8 ? CKR_ENCRYPTED_DATA_INVALID : CKR_ENCRYPTED_DATA_LEN_RANGE;
		CU_ASSERT_EQUAL(run(OP_DECRYPT, m, k, in.data, len, out, &n), wrong);
		n = sizeof(out);
		CU_ASSERT_EQUAL(run_parts(OP_DECRYPT, m, k, in.data, len, 3, out, &n), wrong);
	}
	key_unref(k);
}

#define PARAM_BAD CKR_MECHANISM_PARAM_INVALID

static void test_ccm_params(void)
{
	static unsigned char data[16];
	static const struct {
		const char *name;
		CK_CCM_PARAMS p;
		CK_RV expected;
	} rows[] = {
		{ "plain", { 4, data, 7, data, 8, 4 }, CKR_OK },
		{ "no nonce", { 4, NULL, 7, NULL, 0, 4 }, PARAM_BAD },
		{ "nonce of 6", { 4, data, 6, NULL, 0, 4 }, PARAM_BAD },
		{ "nonce of 13", { 4, data, 13, NULL, 0, 4 }, CKR_OK },
		{ "nonce of 14", { 4, data, 14, NULL, 0, 4 }, PARAM_BAD },
		{ "endless nonce", { 4, data, (CK_ULONG)-1, NULL, 0, 4 }, PARAM_BAD },
		{ "empty AAD", { 4, data, 7, data, 0, 4 }, CKR_OK },
		{ "AAD missing", { 4, data, 7, NULL, 1, 4 }, PARAM_BAD },
		{ "endless AAD", { 4, data, 7, data, (CK_ULONG)-1, 4 }, PARAM_BAD },
		{ "no MAC", { 4, data, 7, NULL, 0, 0 }, PARAM_BAD },
		{ "MAC of 2", { 4, data, 7, NULL, 0, 2 }, PARAM_BAD },
		{ "MAC of 5", { 4, data, 7, NULL, 0, 5 }, PARAM_BAD },
		{ "MAC of 16", { 4, data, 7, NULL, 0, 16 }, CKR_OK },
		{ "MAC of 18", { 4, data, 7, NULL, 0, 18 }, PARAM_BAD },
		{ "16 bits count 65535", { 65535, data, 13, NULL, 0, 4 }, CKR_OK },
		{ "16 bits count 65536", { 65536, data, 13, NULL, 0, 4 }, PARAM_BAD },
		{ "24 bits count 65536", { 65536, data, 12, NULL, 0, 4 }, CKR_OK },
		{ "24 bits count 2^24", { 1 << 24, data, 12, NULL, 0, 4 }, PARAM_BAD },
		{ "much data", { 1 << 30, data, 7, NULL, 0, 4 }, CKR_OK },
		{ "endless data", { (CK_ULONG)-1, data, 7, NULL, 0, 4 }, PARAM_BAD },
	};
	struct key *k = make_secret(CKK_AES, CCM_KEY);
	CK_MECHANISM none = MECH(CKM_AES_CCM), nonce = { CKM_AES_CCM, data, 12 };

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		CK_CCM_PARAMS p = rows[i].p;
		CK_MECHANISM m = MECH_WITH(CKM_AES_CCM, &p);

		CHECK(rows[i].name, try_begin(OP_ENCRYPT, m, k) == rows[i].expected);
		CHECK(rows[i].name, try_begin(OP_DECRYPT, m, k) == rows[i].expected);
	}
	CU_ASSERT_EQUAL(try_begin(OP_ENCRYPT, none, k), PARAM_BAD);
	CU_ASSERT_EQUAL(try_begin(OP_ENCRYPT, nonce, k), PARAM_BAD);
	key_unref(k);
}

/* Nothing comes out before the end, which tells its size beforehand. */
static void test_two_calls(void)
{
	struct bytes nonce, aad, in = unhex(ccms[1].plain);
	CK_CCM_PARAMS p = ccm_params(1, &nonce, &aad);
	CK_MECHANISM m = MECH_WITH(CKM_AES_CCM, &p);
	struct key *k = make_secret(CKK_AES, CCM_KEY);
	unsigned char out[64];
	struct op *op = NULL;
	CK_ULONG n = 0;
	bool done;

	CU_ASSERT_EQUAL_FATAL(op_new(OP_ENCRYPT, mech_find(CKM_AES_CCM), &m, k, NULL, &op), CKR_OK);
	/* The parameter is not needed any more. */
	memset(nonce.data, 0, nonce.len);
	memset(aad.data, 0, aad.len);
	CU_ASSERT_EQUAL(op_update(op, in.data, 10, out, &n, &done), CKR_OK);
	CU_ASSERT_EQUAL(n, 0);
	CU_ASSERT_EQUAL(op_update(op, in.data + 10, 6, out, &n, &done), CKR_OK);
	CU_ASSERT_EQUAL(op_finish(op, NULL, &n, &done), CKR_OK);
	CU_ASSERT_EQUAL(n, 22);
	n = 21;
	CU_ASSERT_EQUAL(op_finish(op, out, &n, &done), CKR_BUFFER_TOO_SMALL);
	CU_ASSERT_EQUAL(n, 22);
	CU_ASSERT_FALSE(done);
	CU_ASSERT_EQUAL(op_finish(op, out, &n, &done), CKR_OK);
	CU_ASSERT_TRUE(done);
	CU_ASSERT_TRUE(is_hex(out, n, ccms[1].cipher));
	op_free(op);
	key_unref(k);
}

/* --- CTS --- */

/*
 * RFC 3962, appendix B, whose last two blocks are exchanged: that is CBC-CS3, while CBC-CS1 leaves
 * the blocks in order, and whole ones as CBC has them.
 */
#define CTS_KEY "636869636b656e207465726979616b69"
#define ZERO_IV "00000000000000000000000000000000"
#define TEXT_17 "4920776f756c64206c696b652074686520"
#define TEXT_32 "4920776f756c64206c696b65207468652047656e6572616c2047617527732043"

static const struct {
	const char *name, *plain, *cipher;
} ctss[] = {
	{ "16 bytes", "4920776f756c64206c696b6520746865", "97687268d6ecccc0c07b25e25ecfe584" },
	{ "17 bytes", TEXT_17, "97c6353568f2bf8cb4d8a580362da7ff7f" },
	{ "31 bytes", "4920776f756c64206c696b65207468652047656e6572616c20476175277320",
	  "97687268d6ecccc0c07b25e25ecfe5fc00783e0efdb2c1d445d4c8eff7ed22" },
	{ "32 bytes", TEXT_32, "97687268d6ecccc0c07b25e25ecfe58439312523a78662d5be7fcbcc98ebf5a8" },
	{ "47 bytes", TEXT_32 "6869636b656e2c20706c656173652c",
	  "97687268d6ecccc0c07b25e25ecfe58439312523a78662d5be7fcbcc98ebf5"
	  "b3fffd940c16a18c1b5549d2f838029e" },
};

static void test_cts(void)
{
	struct bytes iv = unhex(ZERO_IV);
	CK_MECHANISM m = { CKM_AES_CTS, iv.data, iv.len };
	struct key *k = make_secret(CKK_AES, CTS_KEY);

	for (size_t i = 0; i < ARRAY_LEN(ctss); i++)
		check_both_ways(ctss[i].name, m, k, ctss[i].plain, ctss[i].cipher);
	key_unref(k);
}

/* --- XTS --- */

#define XTS_KEY_2 \
	"1111111111111111111111111111111122222222222222222222222222222222"
#define XTS_KEY_15 \
	"fffefdfcfbfaf9f8f7f6f5f4f3f2f1f0bfbebdbcbbbab9b8b7b6b5b4b3b2b1b0"

static const struct {
	const char *name, *key, *tweak, *plain, *cipher;
} xtss[] = {
	{ "IEEE 1619, vector 2", XTS_KEY_2, "33333333330000000000000000000000",
	  "4444444444444444444444444444444444444444444444444444444444444444",
	  "c454185e6a16936e39334038acef838bfb186fff7480adc4289382ecd6d394f0" },
	{ "IEEE 1619, vector 15", XTS_KEY_15, "9a785634120000000000000000000000",
	  "000102030405060708090a0b0c0d0e0f10", "6c1625db4671522d3d7599601de7ca09ed" },
	{ "IEEE 1619, vector 16", XTS_KEY_15, "9a785634120000000000000000000000",
	  "000102030405060708090a0b0c0d0e0f1011", "d069444b7a7e0cab09e24447d24deb1fedbf" },
	/* NIST CAVP, XTSGenAES256.rsp */
	{ "CAVP, AES-256",
	  "1ea661c58d943a0e4801e42f4b0947149e7f9f8e3e68d0c7505210bd311a0e7cd6e13ffdf2418d8d"
	  "1911c004cda58da3d619b7e2b9141e58318eea392cf41b08",
	  "adf8d92627464ad2f0428e84a9f87564",
	  "2eedea52cd8215e1acc647e810bbc3642e87287f8d2e57e36c0a24fbc12a202e",
	  "cbaad0e2f6cea3f50b37f934d46a9b130b9d54f07e34f36af793e86f73c6d7db" },
};

static void test_xts(void)
{
	for (size_t i = 0; i < ARRAY_LEN(xtss); i++) {
		struct bytes tweak = unhex(xtss[i].tweak);
		CK_MECHANISM m = { CKM_AES_XTS, tweak.data, tweak.len };
		struct key *k = make_secret(CKK_AES_XTS, xtss[i].key);

		check_both_ways(xtss[i].name, m, k, xtss[i].plain, xtss[i].cipher);
		key_unref(k);
	}
}

static void test_xts_keys(void)
{
	static unsigned char tweak[16];
	CK_MECHANISM m = { CKM_AES_XTS, tweak, sizeof(tweak) };
	struct key *twice = make_secret(CKK_AES_XTS, CTS_KEY CTS_KEY);
	struct key *aes = make_secret(CKK_AES, CTS_KEY CTS_KEY);

	/* What was encrypted elsewhere may still be read. */
	CU_ASSERT_EQUAL(try_begin(OP_ENCRYPT, m, twice), CKR_KEY_TYPE_INCONSISTENT);
	CU_ASSERT_EQUAL(try_begin(OP_DECRYPT, m, twice), CKR_OK);
	CU_ASSERT_EQUAL(try_begin(OP_ENCRYPT, m, aes), CKR_KEY_TYPE_INCONSISTENT);
	CU_ASSERT_PTR_NULL(make_secret(CKK_AES_XTS, CTS_KEY));
	CU_ASSERT_PTR_NULL(make_secret(CKK_AES_XTS, CTS_KEY CTS_KEY CTS_KEY));
	key_unref(twice);
	key_unref(aes);
}

/* --- both --- */

/* Lengths: from one block to as much as a data unit may hold. */
static void test_lengths(void)
{
	static unsigned char big[(1 << 24) + 1], out[sizeof(big)];
	static unsigned char iv[16];
	static const struct {
		const char *name;
		CK_MECHANISM_TYPE type;
		CK_KEY_TYPE key_type;
		const char *key;
		size_t len;
		CK_RV encrypt, decrypt;
	} rows[] = {
		{ "CTS, nothing", CKM_AES_CTS, CKK_AES, CTS_KEY, 0, CKR_DATA_LEN_RANGE,
		  CKR_ENCRYPTED_DATA_LEN_RANGE },
		{ "CTS, 15 bytes", CKM_AES_CTS, CKK_AES, CTS_KEY, 15, CKR_DATA_LEN_RANGE,
		  CKR_ENCRYPTED_DATA_LEN_RANGE },
		{ "CTS, much", CKM_AES_CTS, CKK_AES, CTS_KEY, sizeof(big), CKR_OK, CKR_OK },
		{ "XTS, nothing", CKM_AES_XTS, CKK_AES_XTS, XTS_KEY_2, 0, CKR_DATA_LEN_RANGE,
		  CKR_ENCRYPTED_DATA_LEN_RANGE },
		{ "XTS, 15 bytes", CKM_AES_XTS, CKK_AES_XTS, XTS_KEY_2, 15, CKR_DATA_LEN_RANGE,
		  CKR_ENCRYPTED_DATA_LEN_RANGE },
		{ "XTS, 2^24 bytes", CKM_AES_XTS, CKK_AES_XTS, XTS_KEY_2, 1 << 24, CKR_OK, CKR_OK },
		{ "XTS, one more", CKM_AES_XTS, CKK_AES_XTS, XTS_KEY_2, sizeof(big),
		  CKR_DATA_LEN_RANGE, CKR_ENCRYPTED_DATA_LEN_RANGE },
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		CK_MECHANISM m = { rows[i].type, iv, sizeof(iv) };
		struct key *k = make_secret(rows[i].key_type, rows[i].key);

		for (size_t part = 0; part < 2; part++) {
			enum op_kind kind = part == 0 ? OP_ENCRYPT : OP_DECRYPT;
			CK_RV wanted = part == 0 ? rows[i].encrypt : rows[i].decrypt;
			CK_ULONG n = sizeof(out);

			CHECK(rows[i].name, run(kind, m, k, big, rows[i].len, out, &n) == wanted);
			n = sizeof(out);
			CHECK(rows[i].name, run_parts(kind, m, k, big, rows[i].len, 1 << 20, out,
						      &n) == wanted);
		}
		key_unref(k);
	}
}

static void test_iv(void)
{
	static unsigned char iv[32];
	static const CK_MECHANISM_TYPE types[] = { CKM_AES_CTS, CKM_AES_XTS };
	static const CK_ULONG lens[] = { 0, 8, 15, 17, 32, (CK_ULONG)-1 };

	for (size_t t = 0; t < ARRAY_LEN(types); t++) {
		struct key *k = t == 0 ? make_secret(CKK_AES, CTS_KEY) :
					 make_secret(CKK_AES_XTS, XTS_KEY_2);
		CK_MECHANISM m = { types[t], NULL, 16 };

		CU_ASSERT_EQUAL(try_begin(OP_ENCRYPT, m, k), PARAM_BAD);
		m.pParameter = iv + 1;
		CU_ASSERT_EQUAL(try_begin(OP_ENCRYPT, m, k), CKR_OK);
		for (size_t i = 0; i < ARRAY_LEN(lens); i++) {
			m.ulParameterLen = lens[i];
			CU_ASSERT_EQUAL(try_begin(OP_ENCRYPT, m, k), PARAM_BAD);
			CU_ASSERT_EQUAL(try_begin(OP_DECRYPT, m, k), PARAM_BAD);
		}
		key_unref(k);
	}
}

int main(void)
{
	static const struct unit_test tests[] = {
		UNIT_TEST(test_ccm),
		UNIT_TEST(test_ccm_length),
		UNIT_TEST(test_ccm_params),
		UNIT_TEST(test_two_calls),
		UNIT_TEST(test_cts),
		UNIT_TEST(test_xts),
		UNIT_TEST(test_xts_keys),
		UNIT_TEST(test_lengths),
		UNIT_TEST(test_iv),
	};

	return CRYPTO_RUN("gather", tests);
}
