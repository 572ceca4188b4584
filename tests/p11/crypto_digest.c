#include "config.h"

#include "crypto.h"

#include <string.h>

/*
 * The examples of FIPS 180-4 and FIPS 202, and of RFC 2202 and 4231 (keys longer than a block; the
 * RFCs' text and key with the hashes that came later).
 */
static const struct hash {
	const char *name, *md;
	CK_MECHANISM_TYPE digest, hmac;
	size_t len;
	const char *abc;	/* digest of "abc" */
	const char *long_key;	/* HMAC of long_key_text with 131 (SHA-1: 80) bytes of 0xaa */
} hashes[] = {
	{ "sha1", "SHA1", CKM_SHA_1, CKM_SHA_1_HMAC, 20,
	  "a9993e364706816aba3e25717850c26c9cd0d89d",
	  "aa4ae5e15272d00e95705637ce8a3b55ed402112" },
	{ "sha224", "SHA224", CKM_SHA224, CKM_SHA224_HMAC, 28,
	  "23097d223405d8228642a477bda255b32aadbce4bda0b3f7e36c9da7",
	  "95e9a0db962095adaebe9b2d6f0dbce2d499f112f2d2b7273fa6870e" },
	{ "sha256", "SHA256", CKM_SHA256, CKM_SHA256_HMAC, 32,
	  "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
	  "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54" },
	{ "sha384", "SHA384", CKM_SHA384, CKM_SHA384_HMAC, 48,
	  "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed"
	  "8086072ba1e7cc2358baeca134c825a7",
	  "4ece084485813e9088d2c63a041bc5b44f9ef1012a2b588f3cd11f05033ac4c6"
	  "0c2ef6ab4030fe8296248df163f44952" },
	{ "sha512", "SHA512", CKM_SHA512, CKM_SHA512_HMAC, 64,
	  "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
	  "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f",
	  "80b24263c7c1a3ebb71493c1dd7be8b49b46d1f41b4aeec1121b013783f8f352"
	  "6b56d037e05f2598bd0fd2215d6a1e5295e64f73f63f0aec8b915a985d786598" },
	{ "sha512_224", "SHA512-224", CKM_SHA512_224, CKM_SHA512_224_HMAC, 28,
	  "4634270f707b6a54daae7530460842e20e37ed265ceee9a43e8924aa",
	  "29bef8ce88b54d4226c3c7718ea9e32ace2429026f089e38cea9aeda" },
	{ "sha512_256", "SHA512-256", CKM_SHA512_256, CKM_SHA512_256_HMAC, 32,
	  "53048e2681941ef99b2e29b76b4c7dabe4c2d0c634fc6d46e0e2f13107e7af23",
	  "87123c45f7c537a404f8f47cdbedda1fc9bec60eeb971982ce7ef10e774e6539" },
	{ "sha3_224", "SHA3-224", CKM_SHA3_224, CKM_SHA3_224_HMAC, 28,
	  "e642824c3f8cf24ad09234ee7d3c766fc9a3a5168d0c94ad73b46fdf",
	  "b4a1f04c00287a9b7f6075b313d279b833bc8f75124352d05fb9995f" },
	{ "sha3_256", "SHA3-256", CKM_SHA3_256, CKM_SHA3_256_HMAC, 32,
	  "3a985da74fe225b2045c172d6bd390bd855f086e3e9d525b46bfe24511431532",
	  "ed73a374b96c005235f948032f09674a58c0ce555cfc1f223b02356560312c3b" },
	{ "sha3_384", "SHA3-384", CKM_SHA3_384, CKM_SHA3_384_HMAC, 48,
	  "ec01498288516fc926459f58e2c6ad8df9b473cb0fc08c2596da7cf0e49be4b2"
	  "98d88cea927ac7f539f1edf228376d25",
	  "0fc19513bf6bd878037016706a0e57bc528139836b9a42c3d419e498e0e1fb96"
	  "16fd669138d33a1105e07c72b6953bcc" },
	{ "sha3_512", "SHA3-512", CKM_SHA3_512, CKM_SHA3_512_HMAC, 64,
	  "b751850b1a57168a5693cd924b6b096e08f621827444f70d884f5d0240d2712e"
	  "10e116e9192af3c91a7ec57647e3934057340b4cf408d5a56592f8274eec53f0",
	  "00f751a9e50695b090ed6911a4b65524951cdc15a73a5d58bb55215ea2cd839a"
	  "c79d2b44a39bafab27e83fde9e11f6340b11d991b1b91bf2eee7fc872426c3a4" },
};

static bool is_hex(const CK_BYTE *value, size_t len, const char *hex)
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < len; i++)
		if (hex[2 * i] != digits[value[i] >> 4] || hex[2 * i + 1] != digits[value[i] & 15])
			return false;
	return strlen(hex) == 2 * len;
}

/* --- digests ------------------------------------------------------------ */

static CK_RV digest_init(struct ctx *c)
{
	const struct hash *h = c->arg;
	CK_MECHANISM m = { h->digest, NULL, 0 };

	return p11->C_DigestInit(c->s, &m);
}

static CK_RV digest_known(struct ctx *c)
{
	const struct hash *h = c->arg;
	CK_BYTE out[64];
	CK_ULONG len = sizeof(out);
	CK_RV rv = digest_init(c);

	if (rv == CKR_OK)
		rv = p11->C_Digest(c->s, text("abc"), 3, out, &len);
	return rv == CKR_OK ? want(is_hex(out, len, h->abc)) : rv;
}

/* Around the block sizes of 64 and 128 bytes. */
static CK_RV digest_lengths(struct ctx *c)
{
	static const size_t lengths[] = { 0, 1, 55, 56, 63, 64, 65, 111, 112, 127, 128, 129, 4096 };
	const struct hash *h = c->arg;
	CK_RV rv = CKR_OK;

	for (size_t i = 0; rv == CKR_OK && i < LENGTH(lengths); i++) {
		CK_BYTE out[64], expected[64];
		CK_ULONG len = sizeof(out);
		size_t expected_len = 0;

		rv = digest_init(c);
		if (rv == CKR_OK)
			rv = p11->C_Digest(c->s, message(), lengths[i], out, &len);
		if (rv == CKR_OK)
			rv = want(peer_digest(h->md, message(), lengths[i], expected,
					      &expected_len) &&
				  len == expected_len && memcmp(out, expected, len) == 0);
	}
	return rv;
}

static CK_RV digest_parts(struct ctx *c)
{
	const struct hash *h = c->arg;
	CK_BYTE out[64], expected[64];
	CK_ULONG len = sizeof(out);
	size_t total = 0, expected_len = 0;
	CK_RV rv = digest_init(c);

	for (size_t part = 0; rv == CKR_OK && part < 40; total += part++)
		rv = p11->C_DigestUpdate(c->s, message() + total, part);
	if (rv == CKR_OK)
		rv = p11->C_DigestFinal(c->s, out, &len);
	return rv == CKR_OK ?
		       want(peer_digest(h->md, message(), total, expected, &expected_len) &&
			    len == expected_len && memcmp(out, expected, len) == 0) :
		       rv;
}

static CK_RV digest_no_parts(struct ctx *c)
{
	const struct hash *h = c->arg;
	CK_BYTE out[64], expected[64];
	CK_ULONG len = sizeof(out);
	size_t expected_len = 0;
	CK_RV rv = digest_init(c);

	if (rv == CKR_OK)
		rv = p11->C_DigestFinal(c->s, out, &len);
	return rv == CKR_OK ? want(peer_digest(h->md, message(), 0, expected, &expected_len) &&
				   len == expected_len && memcmp(out, expected, len) == 0) :
			      rv;
}

static CK_RV digest_two_calls(struct ctx *c)
{
	const struct hash *h = c->arg;
	CK_BYTE out[64];
	CK_ULONG size = 0, small = h->len - 1, len = sizeof(out);
	CK_RV rv = digest_init(c), short_answer = CKR_OK;

	if (rv == CKR_OK)
		rv = p11->C_Digest(c->s, text("abc"), 3, NULL, &size);
	if (rv == CKR_OK)
		short_answer = p11->C_Digest(c->s, text("abc"), 3, out, &small);
	if (rv == CKR_OK)
		rv = p11->C_Digest(c->s, text("abc"), 3, out, &len);
	return rv == CKR_OK ? want(size == h->len && small == h->len && len == h->len &&
				   short_answer == CKR_BUFFER_TOO_SMALL &&
				   is_hex(out, len, h->abc)) :
			      rv;
}

static CK_RV digest_final_two_calls(struct ctx *c)
{
	const struct hash *h = c->arg;
	CK_BYTE out[64];
	CK_ULONG size = 0, small = h->len - 1, len = sizeof(out);
	CK_RV rv = digest_init(c), short_answer = CKR_OK;

	if (rv == CKR_OK)
		rv = p11->C_DigestUpdate(c->s, text("abc"), 3);
	if (rv == CKR_OK)
		rv = p11->C_DigestFinal(c->s, NULL, &size);
	if (rv == CKR_OK)
		short_answer = p11->C_DigestFinal(c->s, out, &small);
	if (rv == CKR_OK)
		rv = p11->C_DigestFinal(c->s, out, &len);
	return rv == CKR_OK ? want(size == h->len && short_answer == CKR_BUFFER_TOO_SMALL &&
				   is_hex(out, len, h->abc)) :
			      rv;
}

/* C_DigestKey counts as an update with the key's value. */
static CK_RV digest_key(struct ctx *c)
{
	const struct hash *h = c->arg;
	CK_BYTE out[64], expected[64], joined[4 + 20];
	CK_ULONG len = sizeof(out);
	size_t expected_len = 0;
	CK_OBJECT_HANDLE key = 0;
	CK_RV rv = secret_make(c->s, CKK_GENERIC_SECRET, 20, NULL, &key);

	memcpy(joined, "salt", 4);
	memcpy(joined + 4, secret_value(), 20);
	if (rv == CKR_OK)
		rv = digest_init(c);
	if (rv == CKR_OK)
		rv = p11->C_DigestUpdate(c->s, joined, 4);
	if (rv == CKR_OK)
		rv = p11->C_DigestKey(c->s, key);
	if (rv == CKR_OK)
		rv = p11->C_DigestFinal(c->s, out, &len);
	return rv == CKR_OK ?
		       want(peer_digest(h->md, joined, sizeof(joined), expected, &expected_len) &&
			    len == expected_len && memcmp(out, expected, len) == 0) :
		       rv;
}

void test_digest(void)
{
	static const struct call public_calls[] = {
		{ "digest_known", digest_known, CKR_OK },
		{ "digest_lengths", digest_lengths, CKR_OK },
		{ "digest_parts", digest_parts, CKR_OK },
		{ "digest_no_parts", digest_no_parts, CKR_OK },
		{ "digest_two_calls", digest_two_calls, CKR_OK },
		{ "digest_final_two_calls", digest_final_two_calls, CKR_OK },
	};
	static const struct call user_calls[] = { { "digest_key", digest_key, CKR_OK } };

	for (size_t i = 0; i < LENGTH(hashes); i++) {
		const struct hash *h = &hashes[i];

		rows_run(RO_PUBLIC, public_calls, LENGTH(public_calls), h, h->name);
		rows_run(RW_USER, user_calls, LENGTH(user_calls), h, h->name);
	}
}

/* --- HMAC --------------------------------------------------------------- */

static CK_RV long_key_make(struct ctx *c, CK_OBJECT_HANDLE *out)
{
	const struct hash *h = c->arg;
	CK_BYTE value[131];
	CK_ATTRIBUTE t[] = {
		A_ULONG(CKA_CLASS, CKO_SECRET_KEY), A_ULONG(CKA_KEY_TYPE, CKK_GENERIC_SECRET),
		{ CKA_VALUE, value, h->len == 20 ? 80 : 131 }, A_END,
	};

	memset(value, 0xaa, sizeof(value));
	return object_make(c->s, t, out);
}

static CK_RV hmac_known(struct ctx *c)
{
	static const char long_key_text[] =
		"Test Using Larger Than Block-Size Key - Hash Key First";
	const struct hash *h = c->arg;
	CK_MECHANISM m = { h->hmac, NULL, 0 };
	CK_BYTE out[64];
	CK_ULONG len = sizeof(out);
	CK_OBJECT_HANDLE key = 0;
	CK_RV rv = long_key_make(c, &key);

	if (rv == CKR_OK)
		rv = p11->C_SignInit(c->s, &m, key);
	if (rv == CKR_OK)
		rv = p11->C_Sign(c->s, text(long_key_text), strlen(long_key_text), out, &len);
	return rv == CKR_OK ? want(is_hex(out, len, h->long_key)) : rv;
}

/* A key of the hash's length, and its MAC of a message. */
static CK_RV mac_start(struct ctx *c, bool verify, CK_BYTE *mac)
{
	const struct hash *h = c->arg;
	CK_MECHANISM m = { h->hmac, NULL, 0 };
	CK_OBJECT_HANDLE key = 0;
	size_t len = 0;
	CK_RV rv = secret_make(c->s, CKK_GENERIC_SECRET, h->len, NULL, &key);

	if (rv == CKR_OK && !peer_hmac(h->md, secret_value(), h->len, message(), 1000, mac, &len))
		rv = ROW_BROKEN;
	if (rv != CKR_OK)
		return rv;
	return verify ? p11->C_VerifyInit(c->s, &m, key) : p11->C_SignInit(c->s, &m, key);
}

#define MAC_MAX	1024

static CK_RV hmac_signs(struct ctx *c)
{
	const struct hash *h = c->arg;
	CK_BYTE mac[MAC_MAX], out[64];
	CK_ULONG len = sizeof(out);
	CK_RV rv = mac_start(c, false, mac);

	if (rv == CKR_OK)
		rv = p11->C_Sign(c->s, message(), 1000, out, &len);
	return rv == CKR_OK ? want(len == h->len && memcmp(out, mac, len) == 0) : rv;
}

static CK_RV hmac_signs_in_parts(struct ctx *c)
{
	const struct hash *h = c->arg;
	CK_BYTE mac[MAC_MAX], out[64];
	CK_ULONG len = sizeof(out);
	CK_RV rv = mac_start(c, false, mac);

	for (size_t at = 0; rv == CKR_OK && at < 1000; at += 125)
		rv = p11->C_SignUpdate(c->s, message() + at, 125);
	if (rv == CKR_OK)
		rv = p11->C_SignFinal(c->s, out, &len);
	return rv == CKR_OK ? want(len == h->len && memcmp(out, mac, len) == 0) : rv;
}

static CK_RV hmac_two_calls(struct ctx *c)
{
	const struct hash *h = c->arg;
	CK_BYTE mac[MAC_MAX], out[64];
	CK_ULONG size = 0, small = h->len - 1, len = sizeof(out);
	CK_RV rv = mac_start(c, false, mac), short_answer = CKR_OK;

	if (rv == CKR_OK)
		rv = p11->C_Sign(c->s, message(), 1000, NULL, &size);
	if (rv == CKR_OK)
		short_answer = p11->C_Sign(c->s, message(), 1000, out, &small);
	if (rv == CKR_OK)
		rv = p11->C_Sign(c->s, message(), 1000, out, &len);
	return rv == CKR_OK ? want(size == h->len && small == h->len &&
				   short_answer == CKR_BUFFER_TOO_SMALL && len == h->len &&
				   memcmp(out, mac, len) == 0) :
			      rv;
}

static CK_RV hmac_verifies(struct ctx *c)
{
	const struct hash *h = c->arg;
	CK_BYTE mac[MAC_MAX];
	CK_RV rv = mac_start(c, true, mac);

	return rv == CKR_OK ? p11->C_Verify(c->s, message(), 1000, mac, h->len) : rv;
}

static CK_RV hmac_verifies_in_parts(struct ctx *c)
{
	const struct hash *h = c->arg;
	CK_BYTE mac[MAC_MAX];
	CK_RV rv = mac_start(c, true, mac);

	for (size_t at = 0; rv == CKR_OK && at < 1000; at += 125)
		rv = p11->C_VerifyUpdate(c->s, message() + at, 125);
	return rv == CKR_OK ? p11->C_VerifyFinal(c->s, mac, h->len) : rv;
}

static CK_RV hmac_verify_wrong(struct ctx *c)
{
	const struct hash *h = c->arg;
	CK_BYTE mac[MAC_MAX];
	CK_RV rv = mac_start(c, true, mac);

	mac[h->len - 1] ^= 1;
	return rv == CKR_OK ? p11->C_Verify(c->s, message(), 1000, mac, h->len) : rv;
}

static CK_RV hmac_verify_short(struct ctx *c)
{
	const struct hash *h = c->arg;
	CK_BYTE mac[MAC_MAX];
	CK_RV rv = mac_start(c, true, mac);

	return rv == CKR_OK ? p11->C_Verify(c->s, message(), 1000, mac, h->len - 1) : rv;
}

static CK_RV hmac_key_too_short(struct ctx *c)
{
	const struct hash *h = c->arg;
	CK_MECHANISM m = { h->hmac, NULL, 0 };
	CK_OBJECT_HANDLE key = 0;
	CK_RV rv = secret_make(c->s, CKK_GENERIC_SECRET, h->len - 1, NULL, &key);

	return rv == CKR_OK ? p11->C_SignInit(c->s, &m, key) : rv;
}

static CK_RV hmac_key_of_aes(struct ctx *c)
{
	const struct hash *h = c->arg;
	CK_MECHANISM m = { h->hmac, NULL, 0 };
	CK_OBJECT_HANDLE key = 0;
	CK_RV rv = secret_make(c->s, CKK_AES, 32, NULL, &key);

	return rv == CKR_OK ? p11->C_SignInit(c->s, &m, key) : rv;
}

void test_hmac(void)
{
	static const struct call calls[] = {
		{ "hmac_known", hmac_known, CKR_OK },
		{ "hmac_sign", hmac_signs, CKR_OK },
		{ "hmac_sign_parts", hmac_signs_in_parts, CKR_OK },
		{ "hmac_two_calls", hmac_two_calls, CKR_OK },
		{ "hmac_verify", hmac_verifies, CKR_OK },
		{ "hmac_verify_parts", hmac_verifies_in_parts, CKR_OK },
		{ "hmac_verify_wrong", hmac_verify_wrong, CKR_SIGNATURE_INVALID },
		{ "hmac_verify_short", hmac_verify_short, CKR_SIGNATURE_LEN_RANGE },
		{ "hmac_short_key", hmac_key_too_short, CKR_KEY_SIZE_RANGE },
		{ "hmac_aes_key", hmac_key_of_aes, CKR_KEY_TYPE_INCONSISTENT },
	};

	for (size_t i = 0; i < LENGTH(hashes); i++)
		rows_run(RW_USER, calls, LENGTH(calls), &hashes[i], hashes[i].name);
}
