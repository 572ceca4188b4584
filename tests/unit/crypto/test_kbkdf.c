/* SP 800-108: published answers, any order of the data, several keys, bad parameters. */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "crypto/mech/derive.h"
#include "unit/crypto_util.h"
#include "unit/kdf_vectors.h"
#include "unit/unit.h"

#define HUGE (~0UL)
#define BAD CKR_MECHANISM_PARAM_INVALID
#define COUNTER CKM_SP800_108_COUNTER_KDF
#define FEEDBACK CKM_SP800_108_FEEDBACK_KDF
#define PIPELINE CKM_SP800_108_DOUBLE_PIPELINE_KDF

#define ITEM(type, value) { (type), &(value), sizeof(value) }

static CK_RV derive(CK_MECHANISM m, struct key *base, size_t want, struct bytes *out)
{
	const struct derive_input in = { .param = &m, .base = base, .want = want };
	struct secbuf *secret = NULL;
	CK_RV rv = derive_bytes(mech_find(m.mechanism), &in, &secret);

	if (rv == CKR_OK) {
		CU_ASSERT_FATAL(secret->len == want && want <= sizeof(out->data));
		memcpy(out->data, secret->data, secret->len);
		out->len = secret->len;
	}
	secbuf_free(secret);
	return rv;
}

static void test_counter_vectors(void)
{
	for (size_t i = 0; i < ARRAY_LEN(counter_vectors); i++) {
		const struct counter_vector *v = &counter_vectors[i];
		struct bytes before = unhex(v->before), after = unhex(v->after), out;
		CK_SP800_108_COUNTER_FORMAT f = { CK_FALSE, v->width };
		CK_PRF_DATA_PARAM data[] = {
			{ CK_SP800_108_BYTE_ARRAY, before.data, before.len },
			ITEM(CK_SP800_108_ITERATION_VARIABLE, f),
			{ CK_SP800_108_BYTE_ARRAY, after.data, after.len },
		};
		CK_SP800_108_KDF_PARAMS p = { v->prf, 3, data, 0, NULL };
		CK_MECHANISM m = MECH_WITH(COUNTER, &p);
		struct key *base = make_secret(CKK_GENERIC_SECRET, v->key);

		CU_ASSERT(derive(m, base, strlen(v->out) / 2, &out) == CKR_OK);
		CU_ASSERT(is_hex(out.data, out.len, v->out));
		key_unref(base);
	}
}

/* --- data in any order --- */

static CK_SP800_108_COUNTER_FORMAT count_8 = { CK_FALSE, 8 }, count_16_le = { CK_TRUE, 16 };
static CK_SP800_108_DKM_LENGTH_FORMAT keys_32 = { CK_SP800_108_DKM_LENGTH_SUM_OF_KEYS, CK_FALSE,
						  32 };
static CK_SP800_108_DKM_LENGTH_FORMAT segments_24_le = {
	CK_SP800_108_DKM_LENGTH_SUM_OF_SEGMENTS, CK_TRUE, 24
};
static CK_BYTE label[] = { 'l', 'a', 'b', 'e', 'l' };

/* A letter for each: the iteration variable, other counters, lengths, bytes. */
static CK_PRF_DATA_PARAM item(char letter, bool counter)
{
	const CK_PRF_DATA_PARAM items[] = {
		ITEM(CK_SP800_108_COUNTER, count_16_le),
		ITEM(CK_SP800_108_DKM_LENGTH, keys_32),
		ITEM(CK_SP800_108_DKM_LENGTH, segments_24_le),
		ITEM(CK_SP800_108_BYTE_ARRAY, label),
	};
	const CK_PRF_DATA_PARAM count = ITEM(CK_SP800_108_ITERATION_VARIABLE, count_8);

	switch (letter) {
	case 'c':
		return items[0];
	case 'K':
		return items[1];
	case 'S':
		return items[2];
	case 'b':
		return items[3];
	default:
		return counter ? count :
			(CK_PRF_DATA_PARAM){ CK_SP800_108_ITERATION_VARIABLE, NULL, 0 };
	}
}

/* HMAC with SHA-256, 77 bytes, key 00 01 ... 0f; computed with Python's hmac. */
static const struct {
	CK_MECHANISM_TYPE mode;
	const char *items;
	const char *iv;
	const char *out;
} orders[] = {
	{ COUNTER, "i",
	  "",
	  "38cda64b5181f979de628d25f58f5d92494ef7394602db041e85bdd520e3c036cbf55e4db035"
	  "bb1fe64239d18676d99cc30cfba8f4685abf078b07c3266887b37cd563994530aced995fe873"
	  "8c" },
	{ COUNTER, "bibK",
	  "",
	  "553d841a35af07a73d1b93e323e790d1e282e753c5edecba2e8f83dd586ba20a0029cd026378"
	  "fe894f8b6540cb30db1788bdf2b83d1bfb8d4575f20bf79c8dc637a2fca833969adab638e53f"
	  "2f" },
	{ COUNTER, "Sbi",
	  "",
	  "5c3e56e2dc8433c281525114ea245f2bc38ad3a60df61d0a205599b838abf1bdcaa22fa57c65"
	  "5f72df6fa5e013f9b346d4fa882f814e2c136cfc5a8ab91e71607c4d65af56d91bc882e3c4e0"
	  "5c" },
	{ COUNTER, "Kbbi",
	  "",
	  "03ee18ef75f6f45f3638103bf3f4a3eed4d10dc53e5e6fa1a11e33d192018e96673b42a0aebc"
	  "a6b3b0e0bef5b1628d542a75ece6ceabe479938f6b4f7101f64257d49d6afb1694e5957d8359"
	  "16" },
	{ FEEDBACK, "i",
	  "",
	  "07eff8b326b7798c9ccfcbdbe579489ac785a7995a04618b1a2813c26744777d17c081d8b4f0"
	  "ab8d8a3e0bef9c898311d6fa37c07b741108ea792ad7a7d4f0f3195a44d52b5cde7b70bccf2f"
	  "76" },
	{ FEEDBACK, "icbK",
	  "a0a1a2a3",
	  "103d146e37c9b441e59c00ce7d77c03db88d067d163cdb2e2590e33e692776ea51a06e65da92"
	  "408bcf0c488a19a51e87c429578288fec0218498b7a815d541278a581d435af28a8f69448312"
	  "03" },
	{ FEEDBACK, "bSic",
	  "a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0",
	  "d3e86a46cb1e9d074fda338963ba5f8229c88b6955874318a14c59fc48b8d1ca256075c183d0"
	  "25d82dafd775e1e6d010dfcbe1ec353f37be48ca3f3d24e801a83da92489015bc38c40ccee8f"
	  "c6" },
	{ FEEDBACK, "cbi",
	  "a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0",
	  "02e081187f714a7e931beeac7f9c31d00fc6192720b1813a8a4a8689248bdc56e48612d5d30e"
	  "9ffc66e63246735c094a3866959e585a431e6d382e724ea92306b9c432f4d61b349ddce651b3"
	  "87" },
	{ PIPELINE, "i",
	  "",
	  "17c081d8b4f0ab8d8a3e0bef9c898311d6fa37c07b741108ea792ad7a7d4f0f3195a44d52b5c"
	  "de7b70bccf2f761f56400c9b9498ea00336353c199dbabb0fe2cf2d26d53ac770daa23cd7d2c"
	  "b8" },
	{ PIPELINE, "icbK",
	  "",
	  "ea1800962d8f440215e135e648a5ca7f183991f3b8a3add6bde9f81b1132106c254142748c91"
	  "40eca5fdd0507157c4fe561f582d1fcc38e111a7eeab22cc83ad9ac78c614cad2839ba7a1d9d"
	  "aa" },
	{ PIPELINE, "Sbci",
	  "",
	  "37d49f88fb885ffa0549a83f817530171931ed856341fd1cdbc64de528ff7da30d683edc3089"
	  "7df5000e3878f815c7c2124036fab59d9b61f8e6dc831958d4411e6b90bc1097d0869077075c"
	  "78" },
	{ PIPELINE, "bicb",
	  "",
	  "eec96c0282c96494faf8c3fbf8f1b732f01878c09135f22dd1fac1af434b78b62fac33602827"
	  "3c2c1114c9ee9863198226e4231bed28c724868b2b2fa8d67dfa55f9736af7c6f3bea3c85a6d"
	  "e3" },
};

static void test_orders(void)
{
	struct key *base = make_secret(CKK_AES, "000102030405060708090a0b0c0d0e0f");

	for (size_t i = 0; i < ARRAY_LEN(orders); i++) {
		size_t n = strlen(orders[i].items);
		struct bytes iv = unhex(orders[i].iv), out;
		CK_PRF_DATA_PARAM data[8];
		CK_SP800_108_KDF_PARAMS p = { CKM_SHA256_HMAC, n, data, 0, NULL };
		CK_SP800_108_FEEDBACK_KDF_PARAMS f = { CKM_SHA256_HMAC, n, data, iv.len, iv.data,
						       0, NULL };
		CK_MECHANISM m = MECH_WITH(orders[i].mode, &p);

		if (m.mechanism == FEEDBACK)
			m = (CK_MECHANISM)MECH_WITH(FEEDBACK, &f);
		for (size_t j = 0; j < n; j++)
			data[j] = item(orders[i].items[j], m.mechanism == COUNTER);
		CHECK(orders[i].items, derive(m, base, 77, &out) == CKR_OK);
		CHECK(orders[i].items, is_hex(out.data, out.len, orders[i].out));
	}
	key_unref(base);
}

/* --- bad parameters --- */

static CK_SP800_108_COUNTER_FORMAT count_0 = { CK_FALSE, 0 }, count_12 = { CK_FALSE, 12 };
static CK_SP800_108_COUNTER_FORMAT count_40 = { CK_FALSE, 40 }, count_huge = { CK_FALSE, HUGE };
static CK_SP800_108_DKM_LENGTH_FORMAT no_method = { 3, CK_FALSE, 32 };
static CK_SP800_108_DKM_LENGTH_FORMAT keys_8 = { 1, CK_FALSE, 8 }, keys_72 = { 1, CK_FALSE, 72 };
static CK_SP800_108_DKM_LENGTH_FORMAT keys_64 = { 1, CK_FALSE, 64 };

#define ITER(f) ITEM(CK_SP800_108_ITERATION_VARIABLE, f)
#define CHAIN { CK_SP800_108_ITERATION_VARIABLE, NULL, 0 }
#define COUNT(f) ITEM(CK_SP800_108_COUNTER, f)
#define LENGTH(f) ITEM(CK_SP800_108_DKM_LENGTH, f)
#define BYTES ITEM(CK_SP800_108_BYTE_ARRAY, label)

static const struct {
	const char *name;
	CK_MECHANISM_TYPE mode;
	CK_SP800_108_PRF_TYPE prf;
	size_t n;
	CK_PRF_DATA_PARAM data[3];
	size_t want;
	CK_RV expected;
} cases[] = {
	{ "good", COUNTER, CKM_SHA256_HMAC, 1, { ITER(count_8) }, 32, CKR_OK },
	{ "sha3", COUNTER, CKM_SHA3_256_HMAC, 1, { ITER(count_8) }, 32, CKR_OK },
	{ "prf is a digest", COUNTER, CKM_SHA256, 1, { ITER(count_8) }, 32, BAD },
	{ "prf md5", COUNTER, CKM_MD5_HMAC, 1, { ITER(count_8) }, 32, BAD },
	{ "prf general", COUNTER, CKM_SHA256_HMAC_GENERAL, 1, { ITER(count_8) }, 32, BAD },
	{ "no data", COUNTER, CKM_SHA256_HMAC, 0, { ITER(count_8) }, 32, BAD },
	{ "no iteration", COUNTER, CKM_SHA256_HMAC, 1, { BYTES }, 32, BAD },
	{ "iterations", COUNTER, CKM_SHA256_HMAC, 2, { ITER(count_8), ITER(count_8) }, 32, BAD },
	{ "no format", COUNTER, CKM_SHA256_HMAC, 1, { CHAIN }, 32, BAD },
	{ "format", FEEDBACK, CKM_SHA256_HMAC, 1, { ITER(count_8) }, 32, BAD },
	{ "format 2", PIPELINE, CKM_SHA256_HMAC, 1, { ITER(count_8) }, 32, BAD },
	{ "chain", PIPELINE, CKM_SHA256_HMAC, 1, { CHAIN }, 32, CKR_OK },
	{ "counter", COUNTER, CKM_SHA256_HMAC, 2, { ITER(count_8), COUNT(count_8) }, 32, BAD },
	{ "counters", FEEDBACK, CKM_SHA256_HMAC, 3, { CHAIN, COUNT(count_8), COUNT(count_8) }, 32,
	  BAD },
	{ "lengths", COUNTER, CKM_SHA256_HMAC, 3,
	  { ITER(count_8), LENGTH(keys_32), LENGTH(keys_32) }, 32, BAD },
	{ "width 0", COUNTER, CKM_SHA256_HMAC, 1, { ITER(count_0) }, 32, BAD },
	{ "width 12", COUNTER, CKM_SHA256_HMAC, 1, { ITER(count_12) }, 32, BAD },
	{ "width 40", COUNTER, CKM_SHA256_HMAC, 1, { ITER(count_40) }, 32, BAD },
	{ "width huge", COUNTER, CKM_SHA256_HMAC, 1, { ITER(count_huge) }, 32, BAD },
	{ "wrong size", COUNTER, CKM_SHA256_HMAC, 1,
	  { { CK_SP800_108_ITERATION_VARIABLE, &count_8, 3 } }, 32, BAD },
	{ "null", COUNTER, CKM_SHA256_HMAC, 1,
	  { { CK_SP800_108_ITERATION_VARIABLE, NULL, sizeof(count_8) } }, 32, BAD },
	{ "method", COUNTER, CKM_SHA256_HMAC, 2, { ITER(count_8), LENGTH(no_method) }, 32, BAD },
	{ "length 8", COUNTER, CKM_SHA256_HMAC, 2, { ITER(count_8), LENGTH(keys_8) }, 32, BAD },
	{ "length fits", COUNTER, CKM_SHA256_HMAC, 2, { ITER(count_8), LENGTH(keys_8) }, 31,
	  CKR_OK },
	{ "length 64", COUNTER, CKM_SHA256_HMAC, 2, { ITER(count_8), LENGTH(keys_64) }, 31,
	  CKR_OK },
	{ "length 72", COUNTER, CKM_SHA256_HMAC, 2, { ITER(count_8), LENGTH(keys_72) }, 32, BAD },
	{ "bytes null", COUNTER, CKM_SHA256_HMAC, 2,
	  { ITER(count_8), { CK_SP800_108_BYTE_ARRAY, NULL, 5 } }, 32, BAD },
	{ "bytes huge", COUNTER, CKM_SHA256_HMAC, 2,
	  { ITER(count_8), { CK_SP800_108_BYTE_ARRAY, label, HUGE } }, 32, BAD },
	{ "bytes none", COUNTER, CKM_SHA256_HMAC, 2,
	  { ITER(count_8), { CK_SP800_108_BYTE_ARRAY, NULL, 0 } }, 32, CKR_OK },
	{ "key handle", COUNTER, CKM_SHA256_HMAC, 2,
	  { ITER(count_8), ITEM(CK_SP800_108_KEY_HANDLE, label) }, 32, BAD },
	{ "unknown", COUNTER, CKM_SHA256_HMAC, 2, { ITER(count_8), ITEM(HUGE, label) }, 32, BAD },
	{ "type 0", COUNTER, CKM_SHA256_HMAC, 2, { ITER(count_8), ITEM(0, label) }, 32, BAD },
	{ "255 blocks", COUNTER, CKM_AES_CMAC, 1, { ITER(count_8) }, 255 * 16, CKR_OK },
	{ "256 blocks", COUNTER, CKM_AES_CMAC, 1, { ITER(count_8) }, 255 * 16 + 1,
	  CKR_KEY_SIZE_RANGE },
	{ "no limit", FEEDBACK, CKM_AES_CMAC, 1, { CHAIN }, 256 * 16, CKR_OK },
	{ "des", COUNTER, CKM_DES3_CMAC, 1, { ITER(count_8) }, 24, CKR_OK },
	{ "no length", COUNTER, CKM_SHA256_HMAC, 1, { ITER(count_8) }, 0,
	  CKR_TEMPLATE_INCOMPLETE },
};

static CK_RV try_case(size_t i, CK_ULONG more, CK_DERIVED_KEY *keys, struct bytes *out)
{
	CK_PRF_DATA_PARAM *data = (CK_PRF_DATA_PARAM *)(uintptr_t)cases[i].data;
	CK_SP800_108_KDF_PARAMS p = { cases[i].prf, cases[i].n, data, more, keys };
	CK_SP800_108_FEEDBACK_KDF_PARAMS f = { cases[i].prf, cases[i].n, data, 0, NULL, more,
					       keys };
	CK_MECHANISM m = MECH_WITH(cases[i].mode, &p);
	struct key *base = make_secret(CKK_AES, "000102030405060708090a0b0c0d0e0f");
	struct derive_key list[DERIVE_KEYS_MAX];
	size_t n = 0;
	CK_RV rv;

	if (m.mechanism == FEEDBACK)
		m = (CK_MECHANISM)MECH_WITH(FEEDBACK, &f);
	rv = derive_keys(mech_find(m.mechanism), &m, list, &n);
	CU_ASSERT(n == (rv == CKR_OK ? 1 + more : 0));
	if (rv == CKR_OK)
		rv = derive(m, base, cases[i].want, out);
	key_unref(base);
	return rv;
}

static void test_cases(void)
{
	struct bytes *out = malloc(sizeof(*out));

	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		CHECK(cases[i].name, try_case(i, 0, NULL, out) == cases[i].expected);
	free(out);
}

static void test_more_keys(void)
{
	CK_OBJECT_HANDLE h = 0;
	CK_ATTRIBUTE a = { CKA_LABEL, NULL, 0 };
	CK_DERIVED_KEY keys[DERIVE_KEYS_MAX];
	struct bytes out;

	for (size_t i = 0; i < ARRAY_LEN(keys); i++)
		keys[i] = (CK_DERIVED_KEY){ &a, 1, &h };
	CU_ASSERT(try_case(0, 3, keys, &out) == CKR_OK);
	CU_ASSERT(try_case(0, 15, keys, &out) == CKR_OK);
	CU_ASSERT(try_case(0, 16, keys, &out) == BAD);
	CU_ASSERT(try_case(0, HUGE, keys, &out) == BAD);
	CU_ASSERT(try_case(0, 1, NULL, &out) == BAD);
	keys[1].phKey = NULL;
	CU_ASSERT(try_case(0, 1, keys, &out) == CKR_OK);
	CU_ASSERT(try_case(0, 2, keys, &out) == BAD);
	keys[1] = (CK_DERIVED_KEY){ NULL, 1, &h };
	CU_ASSERT(try_case(0, 2, keys, &out) == BAD);
	keys[1].ulAttributeCount = 0;
	CU_ASSERT(try_case(0, 2, keys, &out) == CKR_OK);
}

/* The structure of another mode, a CMAC whose key has a wrong length. */
static void test_wrong_size(void)
{
	CK_PRF_DATA_PARAM data[] = { ITER(count_8) };
	CK_SP800_108_KDF_PARAMS p = { CKM_AES_CMAC, 1, data, 0, NULL };
	CK_SP800_108_FEEDBACK_KDF_PARAMS f = { CKM_AES_CMAC, 1, data, 0, NULL, 0, NULL };
	CK_MECHANISM counter = MECH_WITH(COUNTER, &f), feedback = MECH_WITH(FEEDBACK, &p);
	CK_MECHANISM good = MECH_WITH(COUNTER, &p);
	struct key *base = make_secret(CKK_GENERIC_SECRET, "000102030405060708090a0b0c0d0e");
	struct bytes out;

	CU_ASSERT(derive(counter, base, 16, &out) == BAD);
	CU_ASSERT(derive(feedback, base, 16, &out) == BAD);
	CU_ASSERT(derive(good, base, 16, &out) == CKR_KEY_SIZE_RANGE);
	p.prfType = CKM_DES3_CMAC;
	CU_ASSERT(derive(good, base, 16, &out) == CKR_KEY_SIZE_RANGE);
	f = (CK_SP800_108_FEEDBACK_KDF_PARAMS){ CKM_SHA256_HMAC, 1, data, 3, NULL, 0, NULL };
	feedback = (CK_MECHANISM)MECH_WITH(FEEDBACK, &f);
	CU_ASSERT(derive(feedback, base, 16, &out) == BAD);
	key_unref(base);
}

int main(void)
{
	static const struct unit_test tests[] = {
		UNIT_TEST(test_counter_vectors), UNIT_TEST(test_orders), UNIT_TEST(test_cases),
		UNIT_TEST(test_more_keys), UNIT_TEST(test_wrong_size),
	};

	return CRYPTO_RUN("kbkdf", tests);
}
