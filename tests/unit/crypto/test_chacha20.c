/* ChaCha20 and ChaCha20-Poly1305. */
#include "config.h"

#include <string.h>

#include "unit/crypto_util.h"
#include "unit/unit.h"

#define COUNT_32 "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
#define ZERO_32 "0000000000000000000000000000000000000000000000000000000000000000"
#define SUNSCREEN \
	"4c616469657320616e642047656e746c656d656e206f662074686520636c6173" \
	"73206f66202739393a204966204920636f756c64206f6666657220796f75206f" \
	"6e6c79206f6e652074697020666f7220746865206675747572652c2073756e73" \
	"637265656e20776f756c642062652069742e"

static const struct {
	const char *name, *key, *counter, *nonce, *plain, *cipher;
} streams[] = {
	{ "RFC 8439, section 2.4.2", COUNT_32, "01000000", "000000000000004a00000000", SUNSCREEN,
	  "6e2e359a2568f98041ba0728dd0d6981e97e7aec1d4360c20a27afccfd9fae0b"
	  "f91b65c5524733ab8f593dabcd62b3571639d624e65152ab8f530c359f0861d8"
	  "07ca0dbf500d6a6156a38e088a22b65e52bc514d16ccf806818ce91ab7793736"
	  "5af90bbf74a35be6b40b8eedf2785e42874d" },
	{ "RFC 8439, appendix A.1, vector 1", ZERO_32, "00000000", "000000000000000000000000",
	  ZERO_32, "76b8e0ada0f13d90405d6ae55386bd28bdd219b8a08ded1aa836efcc8b770dc7" },
	/* the same with the layout of D. J. Bernstein's */
	{ "64 and 64 bits", ZERO_32, "0000000000000000", "0000000000000000",
	  ZERO_32, "76b8e0ada0f13d90405d6ae55386bd28bdd219b8a08ded1aa836efcc8b770dc7" },
	{ "64 and 64 bits, block 1", ZERO_32, "0100000000000000", "0000000000000000",
	  ZERO_32, "9f07e7be5551387a98ba977c732d080dcb0f29a048e3656912c6533e32ee7aed" },
	/* RFC 8439, appendix A.2, vector 3, of which this is the first block */
	{ "RFC 8439, appendix A.2, vector 3",
	  "1c9240a5eb55d38af333888604f6b5f0473917c1402b80099dca5cbc207075c0", "2a000000",
	  "000000000000000000000002",
	  "2754776173206272696c6c69672c20616e642074686520736c6974687920746f"
	  "7665730a446964206779726520616e642067696d626c6520696e207468652077",
	  "62e6347f95ed87a45ffae7426f27a1df5fb69110044c0d73118effa95b01e5cf"
	  "166d3df2d721caf9b21e5fb14c616871fd84c54f9d65b283196c7fe4f60553eb" },
};

static CK_CHACHA20_PARAMS stream_params(struct bytes *counter, struct bytes *nonce)
{
	return (CK_CHACHA20_PARAMS){ counter->data, counter->len * 8, nonce->data, nonce->len * 8 };
}

static void test_stream(void)
{
	for (size_t i = 0; i < ARRAY_LEN(streams); i++) {
		struct bytes counter = unhex(streams[i].counter), nonce = unhex(streams[i].nonce);
		CK_CHACHA20_PARAMS p = stream_params(&counter, &nonce);
		CK_MECHANISM m = MECH_WITH(CKM_CHACHA20, &p);
		struct key *k = make_secret(CKK_CHACHA20, streams[i].key);

		check_both_ways(streams[i].name, m, k, streams[i].plain, streams[i].cipher);
		key_unref(k);
	}
}

/* The counter does not run into the nonce, nor begin anew. */
static void test_counter(void)
{
	static const struct {
		const char *name, *counter, *nonce;
		size_t fits;	/* 0: more than is tried here */
	} rows[] = {
		{ "the last of 32 bits", "ffffffff", "000000000000000000000000", 64 },
		{ "the last but one", "feffffff", "000000000000000000000000", 128 },
		{ "32 of 64 bits", "ffffffff00000000", "0000000000000000", 0 },
		{ "the last of 64 bits", "ffffffffffffffff", "0000000000000000", 64 },
		{ "the first of 64 bits", "0000000000000000", "ffffffffffffffff", 0 },
	};
	struct key *k = make_secret(CKK_CHACHA20, COUNT_32);

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct bytes counter = unhex(rows[i].counter), nonce = unhex(rows[i].nonce);
		CK_CHACHA20_PARAMS p = stream_params(&counter, &nonce);
		CK_MECHANISM m = MECH_WITH(CKM_CHACHA20, &p);
		size_t fits = rows[i].fits > 0 ? rows[i].fits : 500;
		bool ends = rows[i].fits > 0;
		unsigned char in[512] = { 0 }, out[512];
		CK_ULONG n = sizeof(out);

		CHECK(rows[i].name, run(OP_ENCRYPT, m, k, in, fits, out, &n) == CKR_OK);
		n = sizeof(out);
		CHECK(rows[i].name, run_parts(OP_ENCRYPT, m, k, in, fits, 7, out, &n) == CKR_OK);
		n = sizeof(out);
		CHECK(rows[i].name, run(OP_ENCRYPT, m, k, in, fits + 1, out, &n) ==
		      (ends ? CKR_DATA_LEN_RANGE : CKR_OK));
		n = sizeof(out);
		CHECK(rows[i].name, run_parts(OP_DECRYPT, m, k, in, fits + 1, 7, out, &n) ==
		      (ends ? CKR_ENCRYPTED_DATA_LEN_RANGE : CKR_OK));
	}
	key_unref(k);
}

/* A counter of 64 bits carries from its lower half into the upper one. */
static void test_carry(void)
{
	struct bytes low = unhex("ffffffff00000000"), high = unhex("0000000001000000");
	struct bytes nonce = unhex("0011223344556677");
	CK_CHACHA20_PARAMS a = stream_params(&low, &nonce), b = stream_params(&high, &nonce);
	CK_MECHANISM across = MECH_WITH(CKM_CHACHA20, &a), behind = MECH_WITH(CKM_CHACHA20, &b);
	struct key *k = make_secret(CKK_CHACHA20, COUNT_32);
	unsigned char in[200] = { 0 }, one[200], two[200];
	CK_ULONG n = sizeof(one), m = sizeof(two);

	CU_ASSERT_EQUAL(run(OP_ENCRYPT, across, k, in, 128, one, &n), CKR_OK);
	CU_ASSERT_EQUAL(run(OP_ENCRYPT, behind, k, in, 64, two, &m), CKR_OK);
	CU_ASSERT_EQUAL(memcmp(one + 64, two, 64), 0);
	key_unref(k);
}

#define PARAM_BAD CKR_MECHANISM_PARAM_INVALID

static void test_stream_params(void)
{
	static unsigned char data[64];
	static const struct {
		const char *name;
		CK_CHACHA20_PARAMS p;
		CK_RV expected;
	} rows[] = {
		{ "32 and 96", { data, 32, data, 96 }, CKR_OK },
		{ "64 and 64", { data, 64, data, 64 }, CKR_OK },
		{ "32 and 64", { data, 32, data, 64 }, PARAM_BAD },
		{ "64 and 96", { data, 64, data, 96 }, PARAM_BAD },
		{ "bytes", { data, 4, data, 12 }, PARAM_BAD },
		{ "XChaCha20", { data, 64, data, 192 }, PARAM_BAD },
		{ "no nonce", { data, 32, NULL, 96 }, PARAM_BAD },
		{ "no counter", { NULL, 32, data, 96 }, PARAM_BAD },
		{ "nothing", { NULL, 0, NULL, 0 }, PARAM_BAD },
		{ "endless", { data, (CK_ULONG)-1, data, (CK_ULONG)-1 }, PARAM_BAD },
	};
	struct key *k = make_secret(CKK_CHACHA20, COUNT_32);
	struct key *aes = make_secret(CKK_AES, COUNT_32);
	CK_MECHANISM none = MECH(CKM_CHACHA20), iv = { CKM_CHACHA20, data, 16 };

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		CK_CHACHA20_PARAMS p = rows[i].p;
		CK_MECHANISM m = MECH_WITH(CKM_CHACHA20, &p);

		CHECK(rows[i].name, try_begin(OP_ENCRYPT, m, k) == rows[i].expected);
		CHECK(rows[i].name, try_begin(OP_DECRYPT, m, k) == rows[i].expected);
		CHECK(rows[i].name, try_begin(OP_ENCRYPT, m, aes) == CKR_KEY_TYPE_INCONSISTENT);
	}
	CU_ASSERT_EQUAL(try_begin(OP_ENCRYPT, none, k), PARAM_BAD);
	CU_ASSERT_EQUAL(try_begin(OP_ENCRYPT, iv, k), PARAM_BAD);
	CU_ASSERT_PTR_NULL(make_secret(CKK_CHACHA20, "000102030405060708090a0b0c0d0e0f"));
	key_unref(k);
	key_unref(aes);
}

/* RFC 8439, section 2.8.2 */
#define AEAD_KEY "808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9f"
#define AEAD_NONCE "070000004041424344454647"
#define AEAD_AAD "50515253c0c1c2c3c4c5c6c7"
#define AEAD_CIPHER \
	"d31a8d34648e60db7b86afbc53ef7ec2a4aded51296e08fea9e2b5a736ee62d6" \
	"3dbea45e8ca9671282fafb69da92728b1a71de0a9e060b2905d6a5b67ecd3b36" \
	"92ddbd7f2d778b8c9803aee328091b58fab324e4fad675945585808b4831d7bc" \
	"3ff4def08e4b7a9de576d26586cec64b6116" \
	"1ae10b594f09e26a7e902ecbd0600691"

static void test_aead(void)
{
	struct bytes nonce = unhex(AEAD_NONCE), aad = unhex(AEAD_AAD), c = unhex(AEAD_CIPHER);
	CK_SALSA20_CHACHA20_POLY1305_PARAMS p = { nonce.data, 12, aad.data, aad.len };
	CK_MECHANISM m = MECH_WITH(CKM_CHACHA20_POLY1305, &p);
	struct key *k = make_secret(CKK_CHACHA20, AEAD_KEY);

	check_both_ways("RFC 8439, section 2.8.2", m, k, SUNSCREEN, AEAD_CIPHER);
	p.ulNonceLen = 96;	/* in bits */
	check_both_ways("RFC 8439, section 2.8.2, bits", m, k, SUNSCREEN, AEAD_CIPHER);
	check_forgeries("RFC 8439, section 2.8.2", m, k, AEAD_CIPHER);
	nonce.data[11] ^= 1;
	check_forgery("nonce", m, k, &c);
	nonce.data[11] ^= 1;
	aad.data[0] ^= 1;
	check_forgery("AAD", m, k, &c);
	for (size_t len = 0; len < 16; len++) {
		unsigned char out[16];
		CK_ULONG n = sizeof(out);

		CU_ASSERT_EQUAL(run(OP_DECRYPT, m, k, c.data, len, out, &n),
				CKR_ENCRYPTED_DATA_LEN_RANGE);
	}
	key_unref(k);
}

static void test_aead_params(void)
{
	static unsigned char data[64];
	static const struct {
		const char *name;
		CK_SALSA20_CHACHA20_POLY1305_PARAMS p;
		CK_RV expected;
	} rows[] = {
		{ "12 bytes", { data, 12, NULL, 0 }, CKR_OK },
		{ "96 bits", { data, 96, NULL, 0 }, CKR_OK },
		{ "empty AAD", { data, 12, data, 0 }, CKR_OK },
		{ "8 bytes", { data, 8, NULL, 0 }, PARAM_BAD },
		{ "64 bits", { data, 64, NULL, 0 }, PARAM_BAD },
		{ "24 bytes", { data, 24, NULL, 0 }, PARAM_BAD },
		{ "192 bits", { data, 192, NULL, 0 }, PARAM_BAD },
		{ "no nonce", { NULL, 12, NULL, 0 }, PARAM_BAD },
		{ "empty nonce", { data, 0, NULL, 0 }, PARAM_BAD },
		{ "AAD missing", { data, 12, NULL, 1 }, PARAM_BAD },
	};
	struct key *k = make_secret(CKK_CHACHA20, AEAD_KEY);
	CK_MECHANISM none = MECH(CKM_CHACHA20_POLY1305);

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		CK_SALSA20_CHACHA20_POLY1305_PARAMS p = rows[i].p;
		CK_MECHANISM m = MECH_WITH(CKM_CHACHA20_POLY1305, &p);

		CHECK(rows[i].name, try_begin(OP_ENCRYPT, m, k) == rows[i].expected);
		CHECK(rows[i].name, try_begin(OP_DECRYPT, m, k) == rows[i].expected);
	}
	CU_ASSERT_EQUAL(try_begin(OP_ENCRYPT, none, k), PARAM_BAD);
	key_unref(k);
}

int main(void)
{
	static const struct unit_test tests[] = {
		UNIT_TEST(test_stream),
		UNIT_TEST(test_counter),
		UNIT_TEST(test_carry),
		UNIT_TEST(test_stream_params),
		UNIT_TEST(test_aead),
		UNIT_TEST(test_aead_params),
	};

	return CRYPTO_RUN("chacha20", tests);
}
