/* Block ciphers in their modes, and AES-GCM. */
#include "config.h"

#include <string.h>

#include "crypto/ossl/ossl.h"
#include "unit/crypto_util.h"
#include "unit/unit.h"

#define KEY128 "2b7e151628aed2a6abf7158809cf4f3c"
#define KEY192 "8e73b0f7da0e6452c810f32b809079e562f8ead2522c6b7b"
#define KEY256 "603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4"
#define IV "000102030405060708090a0b0c0d0e0f"
#define COUNTER "f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff"
#define TEXT \
	"6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51" \
	"30c81c46a35ce411e5fbc1191a0a52eff69f2445df4f9b17ad2b417be66c3710"
#define DES3_KEY "0123456789abcdef23456789abcdef01456789abcdef0123"
#define DES2_KEY "0123456789abcdeffedcba9876543210"
#define DES_IV "f69f2445df4f9b17"
#define FIPS81_KEY "0123456789abcdef"
#define FIPS81_TEXT "4e6f77206973207468652074696d6520666f7220616c6c20"

static const struct {
	const char *name;
	CK_MECHANISM_TYPE type;
	CK_KEY_TYPE key_type;
	const char *key;
	const char *iv;		/* of CTR: the counter block, with 128 counter bits */
	const char *plain;
	const char *cipher;
} vectors[] = {
	{ "SP 800-38A, ECB-AES128", CKM_AES_ECB, CKK_AES, KEY128, NULL,
	  TEXT,
	  "3ad77bb40d7a3660a89ecaf32466ef97f5d3d58503b9699de785895a96fdbaaf43b1cd7f598ece23"
	  "881b00e3ed030688"
	  "7b0c785e27e8ad3f8223207104725dd4" },
	{ "SP 800-38A, CBC-AES128", CKM_AES_CBC, CKK_AES, KEY128, IV,
	  TEXT,
	  "7649abac8119b246cee98e9b12e9197d5086cb9b507219ee95db113a917678b273bed6b8e3c1743b"
	  "7116e69e22229516"
	  "3ff1caa1681fac09120eca307586e1a7" },
	{ "SP 800-38A, CTR-AES128", CKM_AES_CTR, CKK_AES, KEY128, COUNTER,
	  TEXT,
	  "874d6191b620e3261bef6864990db6ce9806f66b7970fdff8617187bb9fffdff5ae4df3edbd5d35e"
	  "5b4f09020db03eab"
	  "1e031dda2fbe03d1792170a0f3009cee" },
	{ "SP 800-38A, ECB-AES192", CKM_AES_ECB, CKK_AES, KEY192, NULL,
	  TEXT,
	  "bd334f1d6e45f25ff712a214571fa5cc974104846d0ad3ad7734ecb3ecee4eefef7afd2270e2e60a"
	  "dce0ba2face6444e"
	  "9a4b41ba738d6c72fb16691603c18e0e" },
	{ "SP 800-38A, CBC-AES192", CKM_AES_CBC, CKK_AES, KEY192, IV,
	  TEXT,
	  "4f021db243bc633d7178183a9fa071e8b4d9ada9ad7dedf4e5e738763f69145a571b242012fb7ae0"
	  "7fa9baac3df102e0"
	  "08b0e27988598881d920a9e64f5615cd" },
	{ "SP 800-38A, CTR-AES192", CKM_AES_CTR, CKK_AES, KEY192, COUNTER,
	  TEXT,
	  "1abc932417521ca24f2b0459fe7e6e0b090339ec0aa6faefd5ccc2c6f4ce8e941e36b26bd1ebc670"
	  "d1bd1d665620abf7"
	  "4f78a7f6d29809585a97daec58c6b050" },
	{ "SP 800-38A, ECB-AES256", CKM_AES_ECB, CKK_AES, KEY256, NULL,
	  TEXT,
	  "f3eed1bdb5d2a03c064b5a7e3db181f8591ccb10d410ed26dc5ba74a31362870b6ed21b99ca6f4f9"
	  "f153e7b1beafed1d"
	  "23304b7a39f9f3ff067d8d8f9e24ecc7" },
	{ "SP 800-38A, CBC-AES256", CKM_AES_CBC, CKK_AES, KEY256, IV,
	  TEXT,
	  "f58c4c04d6e5f1ba779eabfb5f7bfbd69cfc4e967edb808d679f777bc6702c7d39f23369a9d9bacf"
	  "a530e26304231461"
	  "b2eb05e2c39be9fcda6c19078c6a9d1b" },
	{ "SP 800-38A, CTR-AES256", CKM_AES_CTR, CKK_AES, KEY256, COUNTER,
	  TEXT,
	  "601ec313775789a5b7a7f504bbf3d228f443e3ca4d62b59aca84e990cacaf5c52b0930daa23de94c"
	  "e87017ba2d84988d"
	  "dfc9c58db67aada613c2dd08457941a6" },
	{ "CBC-PAD, 0 bytes", CKM_AES_CBC_PAD, CKK_AES, KEY256, IV,
	  "",
	  "7e9248e5d829ca7593f0c549db2f5b8c" },
	{ "CBC-PAD, 1 bytes", CKM_AES_CBC_PAD, CKK_AES, KEY256, IV,
	  "6b",
	  "9d3975e85219a0b8fcbf5f0c6d644413" },
	{ "CBC-PAD, 15 bytes", CKM_AES_CBC_PAD, CKK_AES, KEY256, IV,
	  "6bc1bee22e409f96e93d7e11739317",
	  "295902e15559d591ffbeea4c84059280" },
	{ "CBC-PAD, 16 bytes", CKM_AES_CBC_PAD, CKK_AES, KEY256, IV,
	  "6bc1bee22e409f96e93d7e117393172a",
	  "f58c4c04d6e5f1ba779eabfb5f7bfbd6485a5c81519cf378fa36d42b8547edc0" },
	{ "CBC-PAD, 17 bytes", CKM_AES_CBC_PAD, CKK_AES, KEY256, IV,
	  "6bc1bee22e409f96e93d7e117393172aae",
	  "f58c4c04d6e5f1ba779eabfb5f7bfbd65a726c726afd31e4beb894033254d5cd" },
	{ "CBC-PAD, 33 bytes", CKM_AES_CBC_PAD, CKK_AES, KEY256, IV,
	  "6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e5130",
	  "f58c4c04d6e5f1ba779eabfb5f7bfbd69cfc4e967edb808d679f777bc6702c7d36ef6256aad17303"
	  "0b87c30292b05684" },
	{ "CBC-PAD, 47 bytes", CKM_AES_CBC_PAD, CKK_AES, KEY256, IV,
	  "6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e5130c81c46a35ce411"
	  "e5fbc1191a0a52",
	  "f58c4c04d6e5f1ba779eabfb5f7bfbd69cfc4e967edb808d679f777bc6702c7d54220400a40d7437"
	  "980a59a9040a367e" },
	{ "CTR, 23 bytes", CKM_AES_CTR, CKK_AES, KEY128, COUNTER,
	  "6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac",
	  "874d6191b620e3261bef6864990db6ce9806f66b7970fd" },
	{ "FIPS 197, AES-128", CKM_AES_ECB, CKK_AES, IV, NULL,
	  "00112233445566778899aabbccddeeff",
	  "69c4e0d86a7b0430d8cdb78070b4c55a" },
	{ "SP 800-67, TDEA", CKM_DES3_ECB, CKK_DES3, DES3_KEY, NULL,
	  "54686520717566636b2062726f776e20666f78206a756d70",
	  "a826fd8ce53b855fcce21c8112256fe668d5c05dd9b6b900" },
	{ "DES3-ECB", CKM_DES3_ECB, CKK_DES3, DES3_KEY, NULL,
	  TEXT,
	  "714772f339841d34267fcc4bd2949cc3ee11c22a576a303876183f99c0b6de873583992d38124eb5"
	  "c6fcd81a0054e2df"
	  "6c4a09ac778ee1400533463c6f961f25" },
	{ "DES3-ECB, two keys", CKM_DES3_ECB, CKK_DES2, DES2_KEY, NULL,
	  TEXT,
	  "ea43f9aa27f82f595a3e3056e1710d3492d9a7b73ab3b15840eaf7b333e9740c19043c5d20d87bcf"
	  "acc85afcc2bf1b7b"
	  "4e0d97a6f49e5dd2a2a15e82a6a60922" },
	{ "DES3-CBC", CKM_DES3_CBC, CKK_DES3, DES3_KEY, DES_IV,
	  TEXT,
	  "2079c3d53aa763e193b79e2569ab5262516570481f25b50f73c0bda85c8e0da79bd86425fae429fd"
	  "bd65a7a21b6e5d20"
	  "925d8b0ef919a428154b96ed90f2bc1e" },
	{ "DES3-CBC, two keys", CKM_DES3_CBC, CKK_DES2, DES2_KEY, DES_IV,
	  TEXT,
	  "9dac9e70775b04d06515aeef8bf55a0eab761cdcee81577ae18765cb63a86f9be4aa433e5aabd7a1"
	  "9be2d16d0252371e"
	  "e1f4e210a1d321f28a8d65bc10ea39dc" },
	{ "DES3-CBC-PAD, 0 bytes", CKM_DES3_CBC_PAD, CKK_DES3, DES3_KEY, DES_IV,
	  "",
	  "def5d246124856a1" },
	{ "DES3-CBC-PAD, 7 bytes", CKM_DES3_CBC_PAD, CKK_DES3, DES3_KEY, DES_IV,
	  "6bc1bee22e409f",
	  "a63960fb9caaf3a7" },
	{ "DES3-CBC-PAD, 8 bytes", CKM_DES3_CBC_PAD, CKK_DES3, DES3_KEY, DES_IV,
	  "6bc1bee22e409f96",
	  "2079c3d53aa763e18a188181c3ad9749" },
	{ "DES3-CBC-PAD, 20 bytes", CKM_DES3_CBC_PAD, CKK_DES3, DES3_KEY, DES_IV,
	  "6bc1bee22e409f96e93d7e117393172aae2d8a57",
	  "2079c3d53aa763e193b79e2569ab5262bffd3dfb1213ee51" },
	{ "SP 800-38A, OFB-AES128", CKM_AES_OFB, CKK_AES, KEY128, IV,
	  TEXT,
	  "3b3fd92eb72dad20333449f8e83cfb4a7789508d16918f03f53c52dac54ed8259740051e9c5fecf6"
	  "4344f7a82260edcc304c6528f659c77866a510d9c1d6ae5e" },
	{ "SP 800-38A, CFB128-AES128", CKM_AES_CFB128, CKK_AES, KEY128, IV,
	  TEXT,
	  "3b3fd92eb72dad20333449f8e83cfb4ac8a64537a0b3a93fcde3cdad9f1ce58b26751f67a3cbb140"
	  "b1808cf187a4f4dfc04b05357c5d1c0eeac4c66f9ff7f2e6" },
	{ "SP 800-38A, CFB128-AES256", CKM_AES_CFB128, CKK_AES, KEY256, IV,
	  "6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51",
	  "dc7e84bfda79164b7ecd8486985d386039ffed143b28b1c832113c6331e5407b" },
	{ "SP 800-38A, CFB8-AES128", CKM_AES_CFB8, CKK_AES, KEY128, IV,
	  "6bc1bee22e409f96e93d7e117393172aae2d",
	  "3b79424c9c0dd436bace9e0ed4586a4f32b9" },
	{ "SP 800-38A, CFB1-AES128", CKM_AES_CFB1, CKK_AES, KEY128, IV, "6bc1", "68b3" },
	{ "FIPS 81, DES-ECB", CKM_DES_ECB, CKK_DES, FIPS81_KEY, NULL,
	  FIPS81_TEXT,
	  "3fa40e8a984d48156a271787ab8883f9893d51ec4b563b53" },
	{ "FIPS 81, DES-CBC", CKM_DES_CBC, CKK_DES, FIPS81_KEY, "1234567890abcdef",
	  FIPS81_TEXT,
	  "e5c7cdde872bf27c43e934008c389c0f683788499a7c05f6" },
	{ "DES-CBC-PAD, 24 bytes", CKM_DES_CBC_PAD, CKK_DES, FIPS81_KEY, "1234567890abcdef",
	  FIPS81_TEXT,
	  "e5c7cdde872bf27c43e934008c389c0f683788499a7c05f662c16a27e4fcf277" },
};

/* The mechanism with its parameter; both structs belong to the caller. */
static CK_MECHANISM with_iv(CK_MECHANISM_TYPE type, struct bytes *iv, CK_AES_CTR_PARAMS *ctr)
{
	CK_MECHANISM m = { type, iv->len > 0 ? iv->data : NULL, iv->len };

	if (type == CKM_AES_ECB)
		m.ulParameterLen = 0;
	if (type == CKM_AES_CTR) {
		ctr->ulCounterBits = 128;
		memcpy(ctr->cb, iv->data, sizeof(ctr->cb));
		m.pParameter = ctr;
		m.ulParameterLen = sizeof(*ctr);
	}
	return m;
}

static void test_vectors(void)
{
	for (size_t i = 0; i < ARRAY_LEN(vectors); i++) {
		struct bytes iv = unhex(vectors[i].iv);
		CK_AES_CTR_PARAMS ctr;
		struct key *k = make_secret(vectors[i].key_type, vectors[i].key);

		CHECK(vectors[i].name, k != NULL);
		check_both_ways(vectors[i].name, with_iv(vectors[i].type, &iv, &ctr), k,
				vectors[i].plain,
				vectors[i].cipher);
		key_unref(k);
	}
}

/*
 * One operation in two updates: the first cut bytes, then the rest, whose input lies at buf + from
 * and whose output goes to buf + to. All of the output is collected.
 */
static CK_ULONG two_updates(enum op_kind kind, CK_MECHANISM m, struct key *k,
			    const struct bytes *in, size_t cut,
			    size_t from, size_t to, unsigned char *got)
{
	unsigned char buf[256];
	struct op *op = NULL;
	CK_ULONG a = 100, b = 100, c = 100;
	bool done;

	CU_ASSERT_EQUAL(op_new(kind, mech_find(m.mechanism), &m, k, NULL, &op), CKR_OK);
	CU_ASSERT_EQUAL(op_update(op, in->data, cut, got, &a, &done), CKR_OK);
	memcpy(buf + from, in->data + cut, in->len - cut);
	CU_ASSERT_EQUAL(op_update(op, buf + from, in->len - cut, buf + to, &b, &done), CKR_OK);
	memcpy(got + a, buf + to, b);
	CU_ASSERT_EQUAL(op_finish(op, got + a + b, &c, &done), CKR_OK);
	CU_ASSERT_TRUE(done);
	op_free(op);
	return a + b + c;
}

static void check_overlaps(enum op_kind kind, CK_MECHANISM m, struct key *k, const struct bytes *in)
{
	static const size_t cuts[] = { 0, 5, 16, 21, 32, 48 };
	unsigned char right[128], got[128];
	CK_ULONG len = sizeof(right);

	CU_ASSERT_EQUAL(run(kind, m, k, in->data, in->len, right, &len), CKR_OK);
	for (size_t c = 0; c < ARRAY_LEN(cuts); c++) {
		/* Input at 64; output before it, at the very same place, and behind it. */
		for (size_t to = 44; to < 90; to += 4) {
			CU_ASSERT_EQUAL(two_updates(kind, m, k, in, cuts[c], 64, to, got), len);
			CU_ASSERT_EQUAL(memcmp(got, right, len), 0);
		}
	}
}

/*
 * Updates in place, and with input and output that overlap in part: what is pending must not eat
 * unread input.
 */
static void test_overlap(void)
{
	static const CK_MECHANISM_TYPE types[] =
		{ CKM_AES_CBC_PAD, CKM_AES_CBC, CKM_AES_ECB, CKM_AES_CTR, CKM_AES_OFB,
		  CKM_AES_CFB8 };
	struct bytes iv = unhex(IV);
	struct key *k = make_secret(CKK_AES, KEY128);
	CK_AES_CTR_PARAMS ctr;

	for (size_t t = 0; t < ARRAY_LEN(types); t++) {
		CK_MECHANISM m = with_iv(types[t], &iv, &ctr);
		struct bytes plain = unhex(TEXT), cipher = { sizeof(cipher.data), { 0 } };
		CK_ULONG n = sizeof(cipher.data);

		CU_ASSERT_EQUAL(run(OP_ENCRYPT, m, k, plain.data, plain.len, cipher.data, &n),
				CKR_OK);
		cipher.len = n;
		check_overlaps(OP_ENCRYPT, m, k, &plain);
		check_overlaps(OP_DECRYPT, m, k, &cipher);
	}
	key_unref(k);
}

/* Lengths and paddings that are wrong. */
static void test_bad_data(void)
{
	static const struct {
		const char *name;
		enum op_kind kind;
		CK_MECHANISM_TYPE type;
		const char *in;
		CK_RV expected;
	} rows[] = {
		{ "ECB, 15 bytes", OP_ENCRYPT, CKM_AES_ECB, "000102030405060708090a0b0c0d0e",
		  CKR_DATA_LEN_RANGE },
		{ "ECB, 17 bytes", OP_ENCRYPT, CKM_AES_ECB, IV "00", CKR_DATA_LEN_RANGE },
		{ "ECB, 17 bytes back", OP_DECRYPT, CKM_AES_ECB, IV "00",
		  CKR_ENCRYPTED_DATA_LEN_RANGE },
		{ "CBC, 1 byte", OP_ENCRYPT, CKM_AES_CBC, "00", CKR_DATA_LEN_RANGE },
		{ "CBC, 1 byte back", OP_DECRYPT, CKM_AES_CBC, "00", CKR_ENCRYPTED_DATA_LEN_RANGE },
		{ "CBC, nothing", OP_ENCRYPT, CKM_AES_CBC, "", CKR_OK },
		{ "CBC, nothing back", OP_DECRYPT, CKM_AES_CBC, "", CKR_OK },
		{ "CBC-PAD, 17 bytes back", OP_DECRYPT, CKM_AES_CBC_PAD, IV "00",
		  CKR_ENCRYPTED_DATA_LEN_RANGE },
		{ "CBC-PAD, nothing back", OP_DECRYPT, CKM_AES_CBC_PAD, "",
		  CKR_ENCRYPTED_DATA_LEN_RANGE },
		{ "CBC-PAD, bad padding", OP_DECRYPT, CKM_AES_CBC_PAD, IV IV,
		  CKR_ENCRYPTED_DATA_INVALID },
	};
	struct bytes iv = unhex(IV);
	struct key *k = make_secret(CKK_AES, KEY128);

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct bytes in = unhex(rows[i].in);
		CK_MECHANISM m = with_iv(rows[i].type, &iv, NULL);
		unsigned char out[64];
		CK_ULONG n = sizeof(out);

		CHECK(rows[i].name, run(rows[i].kind, m, k, in.data, in.len, out, &n) ==
		      rows[i].expected);
		n = sizeof(out);
		CHECK(rows[i].name, run_parts(rows[i].kind, m, k, in.data, in.len, 3, out, &n) ==
		      rows[i].expected);
	}
	key_unref(k);
}

static void test_iv_parameter(void)
{
	static unsigned char iv[32];
	static const struct {
		const char *name;
		CK_MECHANISM m;
		CK_RV expected;
	} rows[] = {
		{ "CBC without IV", { CKM_AES_CBC, NULL, 0 }, CKR_MECHANISM_PARAM_INVALID },
		{ "CBC, NULL with a length", { CKM_AES_CBC, NULL, 16 },
		  CKR_MECHANISM_PARAM_INVALID },
		{ "CBC, 15 bytes", { CKM_AES_CBC, iv, 15 }, CKR_MECHANISM_PARAM_INVALID },
		{ "CBC, 17 bytes", { CKM_AES_CBC, iv, 17 }, CKR_MECHANISM_PARAM_INVALID },
		{ "CBC, endless", { CKM_AES_CBC, iv, (CK_ULONG)-1 }, CKR_MECHANISM_PARAM_INVALID },
		{ "CBC, misaligned", { CKM_AES_CBC, iv + 1, 16 }, CKR_OK },
		{ "CBC-PAD without IV", { CKM_AES_CBC_PAD, NULL, 0 }, CKR_MECHANISM_PARAM_INVALID },
		{ "OFB without IV", { CKM_AES_OFB, NULL, 0 }, CKR_MECHANISM_PARAM_INVALID },
		{ "OFB, 12 bytes", { CKM_AES_OFB, iv, 12 }, CKR_MECHANISM_PARAM_INVALID },
		{ "CFB8, 17 bytes", { CKM_AES_CFB8, iv, 17 }, CKR_MECHANISM_PARAM_INVALID },
		{ "CFB128, 16 bytes", { CKM_AES_CFB128, iv, 16 }, CKR_OK },
		{ "ECB with a parameter", { CKM_AES_ECB, iv, 5 }, CKR_MECHANISM_PARAM_INVALID },
		{ "ECB, NULL with a length", { CKM_AES_ECB, NULL, 5 },
		  CKR_MECHANISM_PARAM_INVALID },
		{ "ECB, a length of 0", { CKM_AES_ECB, iv, 0 }, CKR_OK },
		{ "CTR without", { CKM_AES_CTR, NULL, 0 }, CKR_MECHANISM_PARAM_INVALID },
		{ "CTR, an IV", { CKM_AES_CTR, iv, 16 }, CKR_MECHANISM_PARAM_INVALID },
		{ "CTR, 0 bits", { CKM_AES_CTR, iv, sizeof(CK_AES_CTR_PARAMS) },
		  CKR_MECHANISM_PARAM_INVALID },
		{ "GCM without", { CKM_AES_GCM, NULL, 0 }, CKR_MECHANISM_PARAM_INVALID },
		{ "GCM, an IV", { CKM_AES_GCM, iv, 12 }, CKR_MECHANISM_PARAM_INVALID },
		{ "GCM, zeros", { CKM_AES_GCM, iv, sizeof(CK_GCM_PARAMS) },
		  CKR_MECHANISM_PARAM_INVALID },
	};
	struct key *k = make_secret(CKK_AES, KEY128);

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		unsigned char wide[64] = { 0 };
		CK_MECHANISM m = rows[i].m;

		if (m.ulParameterLen == sizeof(CK_GCM_PARAMS) || m.ulParameterLen ==
		    sizeof(CK_AES_CTR_PARAMS))
			m.pParameter = wide + 1;
		CHECK(rows[i].name, try_begin(OP_ENCRYPT, m, k) == rows[i].expected);
		CHECK(rows[i].name, try_begin(OP_DECRYPT, m, k) == rows[i].expected);
	}
	key_unref(k);
}

/* The counter must not wrap: how many bytes go through from where it stands. */
static const struct {
	const char *name;
	CK_ULONG bits;
	const char *counter;
	size_t fits;		/* 0: more than is tried here */
} counters[] = {
	{ "1 bit at 0", 1, "00000000000000000000000000000000", 32 },
	{ "1 bit at 1", 1, "00000000000000000000000000000001", 16 },
	{ "1 bit at 1, other bits set", 1, "ffffffffffffffffffffffffffffffff", 16 },
	{ "2 bits at 1", 2, "00000000000000000000000000000001", 48 },
	{ "8 bits at 254", 8, "000102030405060708090a0b0c0d0efe", 32 },
	{ "32 bits at their end", 32, "000102030405060708090a0bffffffff", 16 },
	{ "32 bits", 32, "000102030405060708090a0bffffff00", 0 },
	{ "63 bits at their end", 63, "0001020304050607ffffffffffffffff", 16 },
	{ "64 bits at their end", 64, "0001020304050607fffffffffffffffe", 32 },
	{ "64 bits at 0", 64, "00010203040506070000000000000000", 0 },
	{ "65 bits, the top one clear", 65, "fffffffffffffffeffffffffffffffff", 0 },
	{ "65 bits at their end", 65, "0000000000000001ffffffffffffffff", 16 },
	{ "128 bits at their end", 128, "ffffffffffffffffffffffffffffffff", 16 },
	{ "128 bits", 128, "ffffffffffffffff00000000000000ff", 0 },
};

static void test_counter(void)
{
	struct key *k = make_secret(CKK_AES, KEY128);

	for (size_t i = 0; i < ARRAY_LEN(counters); i++) {
		struct bytes cb = unhex(counters[i].counter);
		CK_AES_CTR_PARAMS p = { counters[i].bits, { 0 } };
		CK_MECHANISM m = MECH_WITH(CKM_AES_CTR, &p);
		size_t fits = counters[i].fits > 0 ? counters[i].fits : 500;
		CK_RV more = counters[i].fits > 0 ? CKR_DATA_LEN_RANGE : CKR_OK;
		unsigned char in[512] = { 0 }, out[512];
		CK_ULONG n = sizeof(out);

		memcpy(p.cb, cb.data, sizeof(p.cb));
		CHECK(counters[i].name, run(OP_ENCRYPT, m, k, in, fits, out, &n) == CKR_OK && n ==
		      fits);
		n = sizeof(out);
		CHECK(counters[i].name, run_parts(OP_ENCRYPT, m, k, in, fits, 7, out, &n) ==
		      CKR_OK && n == fits);
		n = sizeof(out);
		CHECK(counters[i].name, run(OP_ENCRYPT, m, k, in, fits + 1, out, &n) == more);
		n = sizeof(out);
		CHECK(counters[i].name, run_parts(OP_ENCRYPT, m, k, in, fits + 1, 7, out, &n) ==
		      more);
		n = sizeof(out);
		CHECK(counters[i].name, run(OP_DECRYPT, m, k, in, fits + 1, out, &n) ==
						(more == CKR_OK ? CKR_OK :
						 CKR_ENCRYPTED_DATA_LEN_RANGE));
	}
	key_unref(k);
}

static void test_counter_bits(void)
{
	static const CK_ULONG bad[] = { 0, 129, (CK_ULONG)-1 };
	struct key *k = make_secret(CKK_AES, KEY128);

	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		CK_AES_CTR_PARAMS p = { bad[i], { 0 } };
		CK_MECHANISM m = MECH_WITH(CKM_AES_CTR, &p);

		CU_ASSERT_EQUAL(try_begin(OP_ENCRYPT, m, k), CKR_MECHANISM_PARAM_INVALID);
	}
	key_unref(k);
}

/* The test cases of the GCM specification (McGrew and Viega), and one of Wycheproof's. */
static const struct {
	const char *name;
	const char *key;
	const char *iv;
	const char *aad;
	CK_ULONG tag_bits;
	const char *plain;
	const char *cipher;	/* with tag */
} gcms[] = {
	{ "case 1", "00000000000000000000000000000000",
	  "000000000000000000000000", "", 128,
	  "",
	  "58e2fccefa7e3061367f1d57a4e7455a" },
	{ "case 2", "00000000000000000000000000000000",
	  "000000000000000000000000", "", 128,
	  "00000000000000000000000000000000",
	  "0388dace60b6a392f328c2b971b2fe78ab6e47d42cec13bdf53a67b21257bddf" },
	{ "case 4", "feffe9928665731c6d6a8f9467308308",
	  "cafebabefacedbaddecaf888", "feedfacedeadbeeffeedfacedeadbeefabaddad2", 128,
	  "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c9595680953"
	  "2fcf0e2449a6b525"
	  "b16aedf5aa0de657ba637b39",
	  "42831ec2217774244b7221b784d0d49ce3aa212f2c02a4e035c17e2329aca12e21d514b25466931c"
	  "7d8f6a5aac84aa05"
	  "1ba30b396a0aac973d58e0915bc94fbc3221a5db94fae95ae7121a47" },
	{ "case 5", "feffe9928665731c6d6a8f9467308308",
	  "cafebabefacedbad", "feedfacedeadbeeffeedfacedeadbeefabaddad2", 128,
	  "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c9595680953"
	  "2fcf0e2449a6b525"
	  "b16aedf5aa0de657ba637b39",
	  "61353b4c2806934a777ff51fa22a4755699b2a714fcdc6f83766e5f97b6c742373806900e49f24b2"
	  "2b097544d4896b42"
	  "4989b5e1ebac0f07c23f45983612d2e79e3b0785561be14aaca2fccb" },
	{ "case 6", "feffe9928665731c6d6a8f9467308308",
	  "9313225df88406e555909c5aff5269aa6a7a9538534f7da1e4c303d2a318a728c3c0c95156809539"
	  "fcf0e2429a6b5254"
	  "16aedbf5a0de6a57a637b39b", "feedfacedeadbeeffeedfacedeadbeefabaddad2", 128,
	  "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c9595680953"
	  "2fcf0e2449a6b525"
	  "b16aedf5aa0de657ba637b39",
	  "8ce24998625615b603a033aca13fb894be9112a5c3a211a8ba262a3cca7e2ca701e4a9a4fba43c90"
	  "ccdcb281d48c7c6f"
	  "d62875d2aca417034c34aee5619cc5aefffe0bfa462af43c1699d050" },
	{ "case 10", "feffe9928665731c6d6a8f9467308308feffe9928665731c",
	  "cafebabefacedbaddecaf888", "feedfacedeadbeeffeedfacedeadbeefabaddad2", 128,
	  "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c9595680953"
	  "2fcf0e2449a6b525"
	  "b16aedf5aa0de657ba637b39",
	  "3980ca0b3c00e841eb06fac4872a2757859e1ceaa6efd984628593b40ca1e19c7d773d00c144c525"
	  "ac619d18c84a3f47"
	  "18e2448b2fe324d9ccda27102519498e80f1478f37ba55bd6d27618c" },
	{ "case 16", "feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308",
	  "cafebabefacedbaddecaf888", "feedfacedeadbeeffeedfacedeadbeefabaddad2", 128,
	  "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c9595680953"
	  "2fcf0e2449a6b525"
	  "b16aedf5aa0de657ba637b39",
	  "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa8cb08e48590dbb3d"
	  "a7b08b1056828838"
	  "c5f61e6393ba7a0abcc9f66276fc6ece0f4e1768cddf8853bb2d551b" },
	{ "case 16, short tag", "feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308",
	  "cafebabefacedbaddecaf888", "feedfacedeadbeeffeedfacedeadbeefabaddad2", 32,
	  "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c9595680953"
	  "2fcf0e2449a6b525"
	  "b16aedf5aa0de657ba637b39",
	  "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa8cb08e48590dbb3d"
	  "a7b08b1056828838"
	  "c5f61e6393ba7a0abcc9f66276fc6ece" },
	{ "case 1 with data that is only authenticated", "00000000000000000000000000000000",
	  "000000000000000000000000", "feedfacedeadbeeffeedfacedeadbeefabaddad2", 128,
	  "",
	  "9c60dd25fcd13af7285e129414805603" },
	{ "case 4, tag of 12 bytes", "feffe9928665731c6d6a8f9467308308",
	  "cafebabefacedbaddecaf888", "feedfacedeadbeeffeedfacedeadbeefabaddad2", 96,
	  "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c9595680953"
	  "2fcf0e2449a6b525"
	  "b16aedf5aa0de657ba637b39",
	  "42831ec2217774244b7221b784d0d49ce3aa212f2c02a4e035c17e2329aca12e21d514b25466931c"
	  "7d8f6a5aac84aa05"
	  "1ba30b396a0aac973d58e0915bc94fbc3221a5db94fae95a" },
	{ "Wycheproof, IV of 257 bytes", "eac3f28cd937ff29eb6158a3721b5145",
	  "6fd260bba87339539c37dc68fdc3656f63c83028cb8adcb531085e98bd570c6b735d0cc4b4b92469"
	  "6000a2d893621ae64dcce992b562b89a5285643a08febccbc52243cbfc8d45212e047b00c87c6b6b"
	  "f175f8bb678ec55c1091315cbecb8b85700f4a4653623fb78e63cfff7d6235e48e9832c9f0716d10"
	  "992fc5b0ad4e6972bbeeb1ad670cd7ec8fac82e07ea5a64f9761a39714aaa73affd2cb190a7ac2df"
	  "5e5dcea6812ae2c872c7ac70453c5e7ec4d0b5b18c6ff3bfb9ae15fea44cf392615b80034edae596"
	  "b8821f97fca58d167fb44a093b0c009a0bd5631355b0cb25d93ba9b79b006301d99db657e801933f"
	  "c2764a0ce650eaf5a1299efe60cb53b634", "", 128,
	  "098912a302773377b9c26ac3",
	  "e3be947153a26a3a54e3015cfd042bdde22f67c4fd298d5dc0867606" },
};

static CK_GCM_PARAMS gcm_params(struct bytes *iv, struct bytes *aad, CK_ULONG tag_bits)
{
	/* ulIvBits is not looked at. */
	return (CK_GCM_PARAMS){ iv->data, iv->len, 4711, aad->len > 0 ? aad->data : NULL, aad->len,
				tag_bits };
}

static void test_gcm(void)
{
	for (size_t i = 0; i < ARRAY_LEN(gcms); i++) {
		struct bytes iv = unhex(gcms[i].iv), aad = unhex(gcms[i].aad);
		CK_GCM_PARAMS p = gcm_params(&iv, &aad, gcms[i].tag_bits);
		CK_MECHANISM m = MECH_WITH(CKM_AES_GCM, &p);
		struct key *k = make_secret(CKK_AES, gcms[i].key);

		check_both_ways(gcms[i].name, m, k, gcms[i].plain, gcms[i].cipher);
		key_unref(k);
	}
}

/* Whatever is changed, nothing comes out: neither from the call nor in the buffer. */
static void test_gcm_forgery(void)
{
	for (size_t i = 0; i < ARRAY_LEN(gcms); i++) {
		struct bytes iv = unhex(gcms[i].iv), aad = unhex(gcms[i].aad), c =
			unhex(gcms[i].cipher);
		CK_GCM_PARAMS p = gcm_params(&iv, &aad, gcms[i].tag_bits);
		CK_MECHANISM m = MECH_WITH(CKM_AES_GCM, &p);
		struct key *k = make_secret(CKK_AES, gcms[i].key);

		check_forgeries(gcms[i].name, m, k, gcms[i].cipher);
		iv.data[0] ^= 1;
		check_forgery(gcms[i].name, m, k, &c);
		iv.data[0] ^= 1;
		aad.data[0] ^= 1;
		if (aad.len > 0)
			check_forgery(gcms[i].name, m, k, &c);
		key_unref(k);
	}
}

static void test_gcm_cut(void)
{
	struct bytes iv = unhex(gcms[2].iv), aad = unhex(gcms[2].aad), c = unhex(gcms[2].cipher);
	CK_GCM_PARAMS p = gcm_params(&iv, &aad, 128);
	CK_MECHANISM m = MECH_WITH(CKM_AES_GCM, &p);
	struct key *k = make_secret(CKK_AES, gcms[2].key);

	for (size_t len = 0; len < c.len; len++) {
		unsigned char out[256];
		CK_ULONG n = sizeof(out);
		CK_RV wrong = len < 16 ? CKR_ENCRYPTED_DATA_LEN_RANGE : CKR_ENCRYPTED_DATA_INVALID;

		CU_ASSERT_EQUAL(run(OP_DECRYPT, m, k, c.data, len, out, &n), wrong);
	}
	key_unref(k);
}

static void test_gcm_params(void)
{
	static unsigned char data[256];
	static const struct {
		const char *name;
		CK_GCM_PARAMS p;
		CK_RV expected;
	} rows[] = {
		{ "IV of 1 byte", { data, 1, 0, NULL, 0, 128 }, CKR_OK },
		{ "IV of 128 bytes", { data, 128, 0, NULL, 0, 128 }, CKR_OK },
		{ "IV of 129 bytes", { data, 129, 0, NULL, 0, 128 }, CKR_OK },
		{ "endless IV", { data, (CK_ULONG)-1, 0, NULL, 0, 128 },
		  CKR_MECHANISM_PARAM_INVALID },
		{ "no IV", { NULL, 0, 0, NULL, 0, 128 }, CKR_MECHANISM_PARAM_INVALID },
		{ "NULL IV with a length", { NULL, 12, 96, NULL, 0, 128 },
		  CKR_MECHANISM_PARAM_INVALID },
		{ "empty IV", { data, 0, 0, NULL, 0, 128 }, CKR_MECHANISM_PARAM_INVALID },
		{ "empty AAD", { data, 12, 96, data, 0, 128 }, CKR_OK },
		{ "NULL AAD with a length", { data, 12, 96, NULL, 1, 128 },
		  CKR_MECHANISM_PARAM_INVALID },
		{ "tag of 32 bits", { data, 12, 96, NULL, 0, 32 }, CKR_OK },
		{ "tag of 96 bits", { data, 12, 96, NULL, 0, 96 }, CKR_OK },
		{ "tag of 24 bits", { data, 12, 96, NULL, 0, 24 }, CKR_MECHANISM_PARAM_INVALID },
		{ "tag of 100 bits", { data, 12, 96, NULL, 0, 100 }, CKR_MECHANISM_PARAM_INVALID },
		{ "tag of 136 bits", { data, 12, 96, NULL, 0, 136 }, CKR_MECHANISM_PARAM_INVALID },
		{ "no tag", { data, 12, 96, NULL, 0, 0 }, CKR_MECHANISM_PARAM_INVALID },
	};
	struct key *k = make_secret(CKK_AES, KEY256);

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		CK_GCM_PARAMS p = rows[i].p;
		CK_MECHANISM m = MECH_WITH(CKM_AES_GCM, &p);

		CHECK(rows[i].name, try_begin(OP_ENCRYPT, m, k) == rows[i].expected);
		CHECK(rows[i].name, try_begin(OP_DECRYPT, m, k) == rows[i].expected);
	}
	key_unref(k);
}

/* Nothing leaves a multi-part decryption before the tag has been seen. */
static void test_gcm_holds_back(void)
{
	struct bytes iv = unhex(gcms[2].iv), aad = unhex(gcms[2].aad), c = unhex(gcms[2].cipher);
	CK_GCM_PARAMS p = gcm_params(&iv, &aad, gcms[2].tag_bits);
	CK_MECHANISM m = MECH_WITH(CKM_AES_GCM, &p);
	struct key *k = make_secret(CKK_AES, gcms[2].key);
	struct op *op = NULL;
	unsigned char out[256];
	CK_ULONG n = sizeof(out);
	bool done;

	CU_ASSERT_EQUAL(op_new(OP_DECRYPT, mech_find(CKM_AES_GCM), &m, k, NULL, &op), CKR_OK);
	CU_ASSERT_EQUAL(op_update(op, c.data, c.len, out, &n, &done), CKR_OK);
	CU_ASSERT_EQUAL(n, 0);
	n = 0;
	CU_ASSERT_EQUAL(op_finish(op, out, &n, &done), CKR_BUFFER_TOO_SMALL);
	CU_ASSERT_EQUAL(n, c.len - 16);
	CU_ASSERT_FALSE(done);
	CU_ASSERT_EQUAL(op_finish(op, out, &n, &done), CKR_OK);
	CU_ASSERT_TRUE(done);
	CU_ASSERT_TRUE(is_hex(out, n, gcms[2].plain));
	op_free(op);
	key_unref(k);
}

int main(void)
{
	static const struct unit_test tests[] = {
		UNIT_TEST(test_vectors),
		UNIT_TEST(test_overlap),
		UNIT_TEST(test_bad_data),
		UNIT_TEST(test_iv_parameter),
		UNIT_TEST(test_counter),
		UNIT_TEST(test_counter_bits),
		UNIT_TEST(test_gcm),
		UNIT_TEST(test_gcm_forgery),
		UNIT_TEST(test_gcm_cut),
		UNIT_TEST(test_gcm_params),
		UNIT_TEST(test_gcm_holds_back),
	};

	return CRYPTO_RUN("cipher", tests);
}
