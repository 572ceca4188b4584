/*
 * The token key, its PIN blobs and the encryption of attributes: byte for byte those of SoftHSM 2.
 */
#include "config.h"

#include "crypto/tokenkey.h"

#include <string.h>

#include "crypto/ossl/ossl.h"
#include "unit/crypto_util.h"
#include "unit/unit.h"

#define KEY_HEX "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"

/*
 * A blob opens with the PIN that it was made with, and with no other. The first was computed from
 * the description alone.
 */
static const struct {
	const char *name;
	const char *blob;
	const char *pin;
	CK_RV expected;
} opening[] = {
	{ "known blob",
	  "0001020304050607a0a1a2a3a4a5a6a7a8a9aaabacadaeaf1a2f6f429ef2790e07550feca332ca29"
	  "d75c9420fca5091f98270c02"
	  "1adfa48109d46a9349f6c04890a70728cb877c69",
	  "31323334", CKR_OK },
	{ "wrong PIN",
	  "0001020304050607a0a1a2a3a4a5a6a7a8a9aaabacadaeaf1a2f6f429ef2790e07550feca332ca29"
	  "d75c9420fca5091f98270c02"
	  "1adfa48109d46a9349f6c04890a70728cb877c69",
	  "31323335", CKR_PIN_INCORRECT },
	{ "empty PIN",
	  "0001020304050607a0a1a2a3a4a5a6a7a8a9aaabacadaeaf1a2f6f429ef2790e07550feca332ca29"
	  "d75c9420fca5091f98270c02"
	  "1adfa48109d46a9349f6c04890a70728cb877c69",
	  "", CKR_PIN_INCORRECT },
	{ "short blob",
	  "0001020304050607a0a1a2a3a4a5a6a7a8a9aaabacadaeaf1a2f6f429ef2790e07550feca332ca29"
	  "d75c9420fca5091f98270c02"
	  "1adfa48109d46a9349f6c04890a70728cb877c",
	  "31323334", CKR_PIN_INCORRECT },
	{ "no blob", "", "31323334", CKR_PIN_INCORRECT },
};

static void test_open(void)
{
	for (size_t i = 0; i < ARRAY_LEN(opening); i++) {
		struct bytes blob = unhex(opening[i].blob), pin = unhex(opening[i].pin);
		struct secbuf *key = NULL;

		CHECK(opening[i].name,
		      tokenkey_open(blob.data, blob.len, pin.data, pin.len, &key) ==
			      opening[i].expected);
		CHECK(opening[i].name, (key != NULL) == (opening[i].expected == CKR_OK));
		CHECK(opening[i].name, key == NULL || is_hex(key->data, key->len, KEY_HEX));
		secbuf_free(key);
	}
}

/*
 * The key that a PIN gives under a salt. It is not a function of its own: a blob made by hand under
 * the expected key must open, which also tells that the number of rounds follows the salt.
 */
static const struct {
	const char *name;
	const char *salt;
	const char *pin;
	const char *kek;
} derivations[] = {
	{ "1507 rounds", "0001020304050607", "31323334",
	  "30328d669a8d913159023265b3fb0ad1d3539080936db554cfdfbea814d83c2c" },
	{ "1500 rounds", "a1a2a3a4a5a6a700", "3132333435363738",
	  "a31ce173f287485435d4fe6930cec9635a943ae17e632888409d655245e42f71" },
	{ "1755 rounds", "00000000000000ff", "70c3af6e20e29c93",
	  "7d2141c955b7e888e2ba3a6b7cd1018c77e3f3e04a7100ffd37978a848529fd1" },
};

/* Salt, IV, and "RJR" with len more bytes encrypted under the derived key. */
static size_t make_blob(const char *salt, const char *kek_hex, const char *magic, size_t len,
			unsigned char *blob)
{
	struct bytes s = unhex(salt), k = unhex(kek_hex), plain = unhex("000000" KEY_HEX KEY_HEX);
	struct secbuf *kek = secbuf_from(k.data, k.len);

	memcpy(plain.data, magic, 3);
	memcpy(blob, s.data, s.len);
	CU_ASSERT_EQUAL(tokenkey_encrypt(kek, plain.data, 3 + len, blob + s.len), CKR_OK);
	secbuf_free(kek);
	return s.len + tokenkey_sealed_size(3 + len);
}

static void test_derivation(void)
{
	for (size_t i = 0; i < ARRAY_LEN(derivations); i++) {
		struct bytes pin = unhex(derivations[i].pin);
		unsigned char blob[256];
		size_t len = make_blob(derivations[i].salt, derivations[i].kek, "RJR",
				       TOKENKEY_BYTES, blob);
		struct secbuf *key = NULL;

		CHECK(derivations[i].name, tokenkey_open(blob, len, pin.data, pin.len, &key) ==
		      CKR_OK);
		CHECK(derivations[i].name, key != NULL && is_hex(key->data, key->len, KEY_HEX));
		secbuf_free(key);
	}
}

/*
 * Well encrypted, but not a token key. The lengths are chosen so that the blob keeps its 72 bytes.
 */
static void test_odd_contents(void)
{
	static const struct {
		const char *name;
		const char *magic;
		size_t len;
	} rows[] = {
		{ "other magic", "RJS", TOKENKEY_BYTES },
		{ "31 bytes", "RJR", 31 },
		{ "33 bytes", "RJR", 33 },
		{ "44 bytes", "RJR", 44 },
	};
	struct bytes pin = unhex(derivations[0].pin);

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		unsigned char blob[256];
		struct secbuf *key = NULL;
		size_t len = make_blob(derivations[0].salt, derivations[0].kek, rows[i].magic,
				       rows[i].len, blob);

		CHECK(rows[i].name, len == PIN_BLOB_BYTES);
		CHECK(rows[i].name, tokenkey_open(blob, len, pin.data, pin.len, &key) ==
		      CKR_PIN_INCORRECT);
	}
}

static void test_seal(void)
{
	static const CK_BYTE pin[] = "a longer pass phrase";
	unsigned char one[PIN_BLOB_BYTES], two[PIN_BLOB_BYTES];
	struct secbuf *key = NULL, *again = NULL;

	CU_ASSERT_EQUAL_FATAL(tokenkey_generate(&key), CKR_OK);
	CU_ASSERT_EQUAL(key->len, TOKENKEY_BYTES);
	CU_ASSERT_EQUAL(tokenkey_seal(key, pin, sizeof(pin), one), CKR_OK);
	CU_ASSERT_EQUAL(tokenkey_seal(key, pin, sizeof(pin), two), CKR_OK);
	CU_ASSERT_NOT_EQUAL(memcmp(one, two, 8), 0);
	CU_ASSERT_NOT_EQUAL(memcmp(one + 8, two + 8, 16), 0);
	CU_ASSERT_EQUAL_FATAL(tokenkey_open(one, sizeof(one), pin, sizeof(pin), &again), CKR_OK);
	CU_ASSERT_EQUAL(memcmp(again->data, key->data, TOKENKEY_BYTES), 0);
	CU_ASSERT_EQUAL(tokenkey_seal(key, pin, 0, one), CKR_ARGUMENTS_BAD);
	secbuf_free(again);
	secbuf_free(key);
}

static const struct {
	const char *name;
	const char *plain;
	const char *sealed;
} values[] = {
	{ "label", "6c6162656c",
	  "101112131415161718191a1b1c1d1e1f499074512e00e74d175ad2208093fef6" },
	{ "empty", "", "101112131415161718191a1b1c1d1e1f5a6e045708fb7196f02e553d02c3a692" },
	{ "16 zeros", "00000000000000000000000000000000",
	  "101112131415161718191a1b1c1d1e1fe9c3ef8ab23453e6f0749cd636e7a88e4320d513a3599bde"
	  "ff3e9d418d0c168f" },
};

static struct secbuf *known_key(void)
{
	struct bytes k = unhex(KEY_HEX);

	return secbuf_from(k.data, k.len);
}

static void test_values(void)
{
	struct secbuf *key = known_key();

	for (size_t i = 0; i < ARRAY_LEN(values); i++) {
		struct bytes plain = unhex(values[i].plain), sealed = unhex(values[i].sealed);
		unsigned char out[64];
		struct secbuf *back = NULL;

		CHECK(values[i].name, tokenkey_sealed_size(plain.len) == sealed.len);
		CHECK(values[i].name, tokenkey_decrypt(key, sealed.data, sealed.len, &back) ==
		      CKR_OK);
		CHECK(values[i].name, back != NULL &&
		      is_hex(back->data, back->len, values[i].plain));
		secbuf_free(back);
		/* A fresh IV each time, so only the way back can be compared. */
		CHECK(values[i].name, tokenkey_encrypt(key, plain.data, plain.len, out) == CKR_OK);
		CHECK(values[i].name, memcmp(out, sealed.data, sealed.len) != 0);
		CHECK(values[i].name, tokenkey_decrypt(key, out, sealed.len, &back) == CKR_OK);
		CHECK(values[i].name, is_hex(back->data, back->len, values[i].plain));
		secbuf_free(back);
	}
	secbuf_free(key);
}

static void test_damage(void)
{
	struct secbuf *key = known_key(), *out = NULL;
	struct bytes sealed = unhex(values[0].sealed);

	for (size_t len = 0; len < sealed.len; len++)
		CU_ASSERT_EQUAL(tokenkey_decrypt(key, sealed.data, len, &out), CKR_DATA_INVALID);
	sealed.data[31] ^= 1;
	CU_ASSERT_EQUAL(tokenkey_decrypt(key, sealed.data, sealed.len, &out), CKR_DATA_INVALID);
	CU_ASSERT_EQUAL(tokenkey_sealed_size(SIZE_MAX), 0);
	CU_ASSERT_EQUAL(tokenkey_sealed_size(15), 32);
	CU_ASSERT_EQUAL(tokenkey_sealed_size(16), 48);
	secbuf_free(key);
}

int main(void)
{
	static const struct unit_test tests[] = {
		UNIT_TEST(test_open),
		UNIT_TEST(test_derivation),
		UNIT_TEST(test_odd_contents),
		UNIT_TEST(test_seal),
		UNIT_TEST(test_values),
		UNIT_TEST(test_damage),
	};

	return CRYPTO_RUN("tokenkey", tests);
}
