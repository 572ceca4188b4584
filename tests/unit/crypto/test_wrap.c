/* Keys wrapped with keys: published vectors, what may go wrong, and which codes say so. */
#include "config.h"

#include "crypto/mech/wrap.h"

#include <openssl/core_names.h>
#include <openssl/params.h>
#include <string.h>

#include "common/reason.h"
#include "crypto/ossl/ossl.h"
#include "unit/crypto_util.h"
#include "unit/rsa_vectors.h"
#include "unit/unit.h"

#define OUT_MAX 4096
#define RSA_BYTES 128

static const char KEK_128[] = "000102030405060708090a0b0c0d0e0f";
static const char KEK_192[] = "000102030405060708090a0b0c0d0e0f1011121314151617";
static const char KEK_256[] = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";

/* The keys of the tables: what wraps, and what unwraps again. */
enum kek {
	AES_16, AES_24, AES_32, DES_2, DES_3, RSA, RSA_SMALL,	/* pairs */
	RSA_SWAPPED, GENERIC, KEKS
};

static struct {
	struct key *wraps, *unwraps;
} keks[KEKS];

static void secret_kek(enum kek i, CK_KEY_TYPE type, const char *hex)
{
	keks[i].wraps = make_secret(type, hex);
	keks[i].unwraps = make_secret(type, hex);
	CU_ASSERT_FATAL(keks[i].wraps != NULL && keks[i].unwraps != NULL);
}

static void make_keks(void)
{
	static const struct hex_attr pub[] = { { CKA_MODULUS, RSA_N },
					       { CKA_PUBLIC_EXPONENT, RSA_E }, { 0, NULL } };
	static const struct hex_attr priv[] = { { CKA_MODULUS, RSA_N },
						{ CKA_PUBLIC_EXPONENT, RSA_E },
						{ CKA_PRIVATE_EXPONENT, RSA_D }, { 0, NULL } };
	struct attrset *small = attrset_new(false);

	secret_kek(AES_16, CKK_AES, KEK_128);
	secret_kek(AES_24, CKK_AES, KEK_192);
	secret_kek(AES_32, CKK_AES, KEK_256);
	secret_kek(DES_2, CKK_DES2, KEK_128);
	secret_kek(DES_3, CKK_DES3, KEK_192);
	secret_kek(GENERIC, CKK_GENERIC_SECRET, KEK_128);
	keks[RSA].wraps = make_key(CKO_PUBLIC_KEY, CKK_RSA, pub);
	keks[RSA].unwraps = make_key(CKO_PRIVATE_KEY, CKK_RSA, priv);
	keks[RSA_SWAPPED].wraps = make_key(CKO_PRIVATE_KEY, CKK_RSA, priv);
	keks[RSA_SWAPPED].unwraps = make_key(CKO_PUBLIC_KEY, CKK_RSA, pub);
	CU_ASSERT_FATAL(attrset_set_number(small, CKA_MODULUS_BITS, 512) == CKR_OK);
	make_pair(CKM_RSA_PKCS_KEY_PAIR_GEN, small, &keks[RSA_SMALL].wraps,
		  &keks[RSA_SMALL].unwraps);
	attrset_free(small);
}

static void drop_keks(void)
{
	for (size_t i = 0; i < KEKS; i++) {
		key_unref(keks[i].wraps);
		key_unref(keks[i].unwraps);
	}
}

static CK_BYTE iv[16] = { 0xa0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15 };
static CK_BYTE label[] = "label";
static CK_GCM_PARAMS gcm = { iv, 12, 96, iv, 3, 128 };
static CK_GCM_PARAMS gcm_no_tag = { iv, 12, 96, NULL, 0, 0 };
static CK_RSA_PKCS_OAEP_PARAMS sha1 = { CKM_SHA_1, CKG_MGF1_SHA1, CKZ_DATA_SPECIFIED, NULL, 0 };
static CK_RSA_PKCS_OAEP_PARAMS sha256 = { CKM_SHA256, CKG_MGF1_SHA1, CKZ_DATA_SPECIFIED, label,
					  sizeof(label) };
static CK_RSA_PKCS_OAEP_PARAMS sha256_mgf = { CKM_SHA256, CKG_MGF1_SHA256, CKZ_DATA_SPECIFIED,
					      label, sizeof(label) };
static CK_RSA_PKCS_OAEP_PARAMS no_label = { CKM_SHA256, CKG_MGF1_SHA1, CKZ_DATA_SPECIFIED, NULL,
					    0 };
static CK_RSA_PKCS_OAEP_PARAMS no_hash = { CKM_AES_ECB, CKG_MGF1_SHA1, CKZ_DATA_SPECIFIED, NULL,
					   0 };
static CK_RSA_PKCS_OAEP_PARAMS label_null = { CKM_SHA_1, CKG_MGF1_SHA1, CKZ_DATA_SPECIFIED, NULL,
					      (CK_ULONG)-1 };
static CK_RSA_AES_KEY_WRAP_PARAMS aes_128 = { 128, &sha1 };
static CK_RSA_AES_KEY_WRAP_PARAMS aes_192 = { 192, &sha1 };
static CK_RSA_AES_KEY_WRAP_PARAMS aes_256 = { 256, &sha256 };
static CK_RSA_AES_KEY_WRAP_PARAMS aes_256_no_label = { 256, &no_label };
static CK_RSA_AES_KEY_WRAP_PARAMS aes_256_mgf = { 256, &sha256_mgf };
static CK_RSA_AES_KEY_WRAP_PARAMS aes_256_sha1 = { 256, &sha1 };
static CK_RSA_AES_KEY_WRAP_PARAMS aes_128_sha256 = { 128, &sha256 };
static CK_RSA_AES_KEY_WRAP_PARAMS aes_64 = { 64, &sha1 };
static CK_RSA_AES_KEY_WRAP_PARAMS aes_no_oaep = { 128, NULL };
static CK_RSA_AES_KEY_WRAP_PARAMS aes_bad_oaep = { 128, &no_hash };

/* Mechanisms with their parameters. */
#define NONE(type) { CKM_##type, NULL, 0 }
#define IV(type, n) { CKM_##type, iv, n }
#define WITH(type, p) { CKM_##type, &(p), sizeof(p) }

static CK_RV wrap(CK_MECHANISM m, struct key *key, const struct bytes *in, CK_BYTE *out,
		  CK_ULONG *out_len)
{
	struct secbuf *secret = secbuf_from(in->data, in->len);
	const struct mech *row = mech_find(m.mechanism);
	CK_RV rv;

	CU_ASSERT_FATAL(secret != NULL && row != NULL);
	rv = wrap_bytes(row, &m, key, secret, out, out_len);
	secbuf_free(secret);
	return rv;
}

static CK_RV unwrap(CK_MECHANISM m, struct key *key, const CK_BYTE *blob, CK_ULONG len,
		    struct bytes *out)
{
	const struct mech *row = mech_find(m.mechanism);
	struct secbuf *secret = NULL;
	CK_RV rv;

	CU_ASSERT_PTR_NOT_NULL_FATAL(row);
	rv = unwrap_bytes(row, &m, key, blob, len, &secret);
	if (rv == CKR_OK) {
		CU_ASSERT_FATAL(secret->len > 0 && secret->len <= sizeof(out->data));
		memcpy(out->data, secret->data, secret->len);
		out->len = secret->len;
	}
	secbuf_free(secret);
	return rv;
}

/* RFC 3394 section 4, and RFC 5649 section 6. */
static const struct vector {
	const char *name;
	CK_MECHANISM_TYPE type;
	const char *kek;
	const char *plain;
	const char *blob;
} vectors[] = {
	{ "128 with 128", CKM_AES_KEY_WRAP, KEK_128, "00112233445566778899aabbccddeeff",
	  "1fa68b0a8112b447aef34bd8fb5a7b829d3e862371d2cfe5" },
	{ "128 with 192", CKM_AES_KEY_WRAP, KEK_192, "00112233445566778899aabbccddeeff",
	  "96778b25ae6ca435f92b5b97c050aed2468ab8a17ad84e5d" },
	{ "128 with 256", CKM_AES_KEY_WRAP, KEK_256, "00112233445566778899aabbccddeeff",
	  "64e8c3f9ce0f5ba263e9777905818a2a93c8191e7d6e8ae7" },
	{ "192 with 192", CKM_AES_KEY_WRAP, KEK_192,
	  "00112233445566778899aabbccddeeff0001020304050607",
	  "031d33264e15d33268f24ec260743edce1c6c7ddee725a936ba814915c6762d2" },
	{ "192 with 256", CKM_AES_KEY_WRAP, KEK_256,
	  "00112233445566778899aabbccddeeff0001020304050607",
	  "a8f9bc1612c68b3ff6e6f4fbe30e71e4769c8b80a32cb8958cd5d17d6b254da1" },
	{ "256 with 256", CKM_AES_KEY_WRAP, KEK_256,
	  "00112233445566778899aabbccddeeff000102030405060708090a0b0c0d0e0f",
	  "28c9f404c4b810f4cbccb35cfb87f8263f5786e2d80ed326cbc7f0e71a99f43bfb988b9b7a02dd21" },
	{ "20 bytes padded", CKM_AES_KEY_WRAP_PAD,
	  "5840df6e29b02af1ab493b705bf16ea1ae8338f4dcc176a8",
	  "c37b7e6492584340bed12207808941155068f738",
	  "138bdeaa9b8fa7fc61f97742e72248ee5ae6ae5360d1ae6a5f54f373fa543b6a" },
	{ "7 bytes padded", CKM_AES_KEY_WRAP_PAD,
	  "5840df6e29b02af1ab493b705bf16ea1ae8338f4dcc176a8", "466f7250617369",
	  "afbeb0f07dfbf5419200f2ccb50bb24f" },
};

static void test_vectors(void)
{
	for (size_t i = 0; i < ARRAY_LEN(vectors); i++) {
		const struct vector *v = &vectors[i];
		CK_MECHANISM m = MECH(v->type);
		struct key *kek = make_secret(CKK_AES, v->kek);
		struct bytes plain = unhex(v->plain), found = { 0, { 0 } };
		CK_BYTE out[OUT_MAX];
		CK_ULONG n = 0;

		CHECK(v->name, wrap(m, kek, &plain, NULL, &n) == CKR_OK);
		CHECK(v->name, n == strlen(v->blob) / 2);
		n--;
		CHECK(v->name, wrap(m, kek, &plain, out, &n) == CKR_BUFFER_TOO_SMALL);
		CHECK(v->name, n == strlen(v->blob) / 2);
		CHECK(v->name, wrap(m, kek, &plain, out, &n) == CKR_OK && is_hex(out, n, v->blob));
		CHECK(v->name, unwrap(m, kek, out, n, &found) == CKR_OK);
		CHECK(v->name, is_hex(found.data, found.len, v->plain));
		for (size_t bit = 0; bit < 8 * n; bit += 13) {
			out[bit / 8] ^= (CK_BYTE)(1 << bit % 8);
			CHECK(v->name, unwrap(m, kek, out, n, &found) == CKR_WRAPPED_KEY_INVALID);
			out[bit / 8] ^= (CK_BYTE)(1 << bit % 8);
		}
		key_unref(kek);
	}
}

/* Another initial value than the usual one (RFC 3394, section 2.2.3.2). */
static void test_initial_value(void)
{
	CK_MECHANISM own = IV(AES_KEY_WRAP, 8), usual = NONE(AES_KEY_WRAP);
	const struct bytes plain = unhex(KEK_128);
	struct bytes found = { 0, { 0 } };
	CK_BYTE out[OUT_MAX];
	CK_ULONG n = sizeof(out);

	make_keks();
	CU_ASSERT_EQUAL(wrap(own, keks[AES_16].wraps, &plain, out, &n), CKR_OK);
	CU_ASSERT_EQUAL(unwrap(own, keks[AES_16].unwraps, out, n, &found), CKR_OK);
	CU_ASSERT_TRUE(is_hex(found.data, found.len, KEK_128));
	CU_ASSERT_EQUAL(unwrap(usual, keks[AES_16].unwraps, out, n, &found),
			CKR_WRAPPED_KEY_INVALID);
	drop_keks();
}

/* One row a mechanism, and a length of the key on both sides of each limit. */
static const struct {
	const char *name;
	CK_MECHANISM m;
	enum kek kek;
	size_t in;
	size_t blob;
	size_t out;		/* with the zeros that were filled in */
} rounds[] = {
	{ "KW, 16", NONE(AES_KEY_WRAP), AES_16, 16, 24, 16 },
	{ "KW, 9: filled up to the least", NONE(AES_KEY_WRAP), AES_16, 9, 24, 16 },
	{ "KW, 17", NONE(AES_KEY_WRAP), AES_32, 17, 32, 24 },
	{ "KW, 1218", NONE(AES_KEY_WRAP), AES_24, 1218, 1232, 1224 },
	{ "KWP, 1", NONE(AES_KEY_WRAP_PAD), AES_16, 1, 16, 1 },
	{ "KWP, 8", NONE(AES_KEY_WRAP_PAD), AES_24, 8, 16, 8 },
	{ "KWP, 9", NONE(AES_KEY_WRAP_PAD), AES_32, 9, 24, 9 },
	{ "KWP, 1218", NONE(AES_KEY_WRAP_PAD), AES_32, 1218, 1232, 1218 },
	{ "AES-ECB, 16", NONE(AES_ECB), AES_16, 16, 16, 16 },
	{ "AES-ECB, 20", NONE(AES_ECB), AES_32, 20, 32, 32 },
	{ "AES-CBC, 16", IV(AES_CBC, 16), AES_24, 16, 16, 16 },
	{ "AES-CBC, 1", IV(AES_CBC, 16), AES_24, 1, 16, 16 },
	{ "AES-CBC, 1218", IV(AES_CBC, 16), AES_16, 1218, 1232, 1232 },
	{ "AES-CBC-PAD, 15", IV(AES_CBC_PAD, 16), AES_16, 15, 16, 15 },
	{ "AES-CBC-PAD, 16", IV(AES_CBC_PAD, 16), AES_24, 16, 32, 16 },
	{ "AES-CBC-PAD, 1218", IV(AES_CBC_PAD, 16), AES_32, 1218, 1232, 1218 },
	{ "AES-GCM, 1", WITH(AES_GCM, gcm), AES_16, 1, 17, 1 },
	{ "AES-GCM, 1218", WITH(AES_GCM, gcm), AES_32, 1218, 1234, 1218 },
	{ "DES3-ECB, 16", NONE(DES3_ECB), DES_3, 16, 16, 16 },
	{ "DES3-ECB, 17", NONE(DES3_ECB), DES_2, 17, 24, 24 },
	{ "DES3-CBC, 8", IV(DES3_CBC, 8), DES_2, 8, 8, 8 },
	{ "DES3-CBC, 1218", IV(DES3_CBC, 8), DES_3, 1218, 1224, 1224 },
	{ "DES3-CBC-PAD, 8", IV(DES3_CBC_PAD, 8), DES_3, 8, 16, 8 },
	{ "DES3-CBC-PAD, 1218", IV(DES3_CBC_PAD, 8), DES_2, 1218, 1224, 1218 },
	{ "RSA, 1", NONE(RSA_PKCS), RSA, 1, 128, 1 },
	{ "RSA, 117", NONE(RSA_PKCS), RSA, 117, 128, 117 },
	{ "OAEP, 86", WITH(RSA_PKCS_OAEP, sha1), RSA, 86, 128, 86 },
	{ "OAEP with SHA-256, 62", WITH(RSA_PKCS_OAEP, sha256), RSA, 62, 128, 62 },
	{ "RSA AES, 128, 1", WITH(RSA_AES_KEY_WRAP, aes_128), RSA, 1, 144, 1 },
	{ "RSA AES, 192, 64", WITH(RSA_AES_KEY_WRAP, aes_192), RSA, 64, 200, 64 },
	{ "RSA AES, 256, 1218", WITH(RSA_AES_KEY_WRAP, aes_256), RSA, 1218, 1360, 1218 },
	{ "RSA AES, 512 bits of RSA", WITH(RSA_AES_KEY_WRAP, aes_128), RSA_SMALL, 32, 104, 32 },
};

static void fill(struct bytes *b, size_t len)
{
	b->len = len;
	memset(b->data, 0, sizeof(b->data));
	for (size_t i = 0; i < len; i++)
		b->data[i] = (unsigned char)(7 * i + 1);
}

/* Wraps by the two-call rule; a buffer that is one byte short must stay as it is. */
static void check_round(size_t i)
{
	const char *name = rounds[i].name;
	struct key *wraps = keks[rounds[i].kek].wraps, *unwraps = keks[rounds[i].kek].unwraps;
	CK_BYTE out[OUT_MAX];
	CK_ULONG n = 0;
	struct bytes plain, found = { 0, { 0 } };

	fill(&plain, rounds[i].in);
	memset(out, 0x5a, sizeof(out));
	CHECK(name, wrap(rounds[i].m, wraps, &plain, NULL, &n) == CKR_OK);
	CHECK(name, n == rounds[i].blob);
	n = rounds[i].blob - 1;
	CHECK(name, wrap(rounds[i].m, wraps, &plain, out, &n) == CKR_BUFFER_TOO_SMALL);
	CHECK(name, n == rounds[i].blob && out[0] == 0x5a && out[n - 1] == 0x5a);
	CHECK(name, wrap(rounds[i].m, wraps, &plain, out, &n) == CKR_OK);
	CHECK(name, n == rounds[i].blob && out[n] == 0x5a);
	CHECK(name, unwrap(rounds[i].m, unwraps, out, n, &found) == CKR_OK);
	CHECK(name, found.len == rounds[i].out);
	CHECK(name, memcmp(found.data, plain.data, found.len) == 0);
}

static void test_rounds(void)
{
	make_keks();
	for (size_t i = 0; i < ARRAY_LEN(rounds); i++)
		check_round(i);
	drop_keks();
}

/* What mechanism and key cannot wrap, nor unwrap. */
static const struct {
	const char *name;
	CK_MECHANISM m;
	enum kek kek;
	size_t in;		/* of the key, and of a blob of zeros */
	CK_RV wrap, unwrap;
} refused[] = {
#define BAD_PARAM CKR_MECHANISM_PARAM_INVALID, CKR_MECHANISM_PARAM_INVALID
#define BAD_TYPE CKR_WRAPPING_KEY_TYPE_INCONSISTENT, CKR_UNWRAPPING_KEY_TYPE_INCONSISTENT
#define BAD_SIZE CKR_WRAPPING_KEY_SIZE_RANGE, CKR_UNWRAPPING_KEY_SIZE_RANGE
	{ "KW: no parameter of 16", IV(AES_KEY_WRAP, 16), AES_16, 32, BAD_PARAM },
	{ "KW: a length without pointer", { CKM_AES_KEY_WRAP, NULL, 8 }, AES_16, 32, BAD_PARAM },
	{ "KWP: no parameter", IV(AES_KEY_WRAP_PAD, 8), AES_16, 32, BAD_PARAM },
	{ "AES-CBC: IV of 8", IV(AES_CBC, 8), AES_16, 32, BAD_PARAM },
	{ "AES-CBC-PAD: no IV", NONE(AES_CBC_PAD), AES_16, 32, BAD_PARAM },
	{ "AES-GCM: no tag", WITH(AES_GCM, gcm_no_tag), AES_16, 32, BAD_PARAM },
	{ "DES3-CBC: IV of 16", IV(DES3_CBC, 16), DES_3, 32, BAD_PARAM },
	{ "RSA: no parameter", IV(RSA_PKCS, 8), RSA, 128, BAD_PARAM },
	{ "OAEP: none", NONE(RSA_PKCS_OAEP), RSA, 128, BAD_PARAM },
	{ "OAEP: unknown hash", WITH(RSA_PKCS_OAEP, no_hash), RSA, 128, BAD_PARAM },
	{ "OAEP: label without pointer", WITH(RSA_PKCS_OAEP, label_null), RSA, 128, BAD_PARAM },
	{ "RSA AES: none", NONE(RSA_AES_KEY_WRAP), RSA, 160, BAD_PARAM },
	{ "RSA AES: OAEP's alone", WITH(RSA_AES_KEY_WRAP, sha1), RSA, 160, BAD_PARAM },
	{ "RSA AES: 64 bits", WITH(RSA_AES_KEY_WRAP, aes_64), RSA, 160, BAD_PARAM },
	{ "RSA AES: OAEP is NULL", WITH(RSA_AES_KEY_WRAP, aes_no_oaep), RSA, 160, BAD_PARAM },
	{ "RSA AES: unknown hash", WITH(RSA_AES_KEY_WRAP, aes_bad_oaep), RSA, 160, BAD_PARAM },

	{ "KW: key is DES3", NONE(AES_KEY_WRAP), DES_3, 32, BAD_TYPE },
	{ "KWP: key is generic", NONE(AES_KEY_WRAP_PAD), GENERIC, 32, BAD_TYPE },
	{ "KW: key is RSA", NONE(AES_KEY_WRAP), RSA, 32, BAD_TYPE },
	{ "AES-CBC: key is DES2", IV(AES_CBC, 16), DES_2, 32, BAD_TYPE },
	{ "DES3-CBC: key is AES", IV(DES3_CBC, 8), AES_16, 32, BAD_TYPE },
	{ "RSA: key is AES", NONE(RSA_PKCS), AES_16, 128, BAD_TYPE },
	{ "RSA: the wrong halves", NONE(RSA_PKCS), RSA_SWAPPED, 128, BAD_TYPE },
	{ "OAEP: the wrong halves", WITH(RSA_PKCS_OAEP, sha1), RSA_SWAPPED, 128, BAD_TYPE },
	{ "RSA AES: the wrong halves", WITH(RSA_AES_KEY_WRAP, aes_128), RSA_SWAPPED, 160,
	  BAD_TYPE },
	{ "RSA AES: key is AES", WITH(RSA_AES_KEY_WRAP, aes_128), AES_32, 160, BAD_TYPE },

	{ "OAEP with SHA-256: key of 512 bits", WITH(RSA_PKCS_OAEP, sha256), RSA_SMALL, 16,
	  BAD_SIZE },
	{ "RSA AES: key of 512 bits has no room", WITH(RSA_AES_KEY_WRAP, aes_256_sha1), RSA_SMALL,
	  96, CKR_WRAPPING_KEY_SIZE_RANGE, CKR_WRAPPED_KEY_INVALID },
	{ "RSA AES: nor for the hash", WITH(RSA_AES_KEY_WRAP, aes_256), RSA_SMALL, 96, BAD_SIZE },

	{ "KW: 8", NONE(AES_KEY_WRAP), AES_16, 8, CKR_KEY_SIZE_RANGE, CKR_WRAPPED_KEY_LEN_RANGE },
	{ "KW: 1", NONE(AES_KEY_WRAP), AES_16, 1, CKR_KEY_SIZE_RANGE, CKR_WRAPPED_KEY_LEN_RANGE },
	{ "KW: blob of 16", NONE(AES_KEY_WRAP), AES_16, 16, CKR_OK, CKR_WRAPPED_KEY_LEN_RANGE },
	{ "KW: blob of 25", NONE(AES_KEY_WRAP), AES_16, 25, CKR_OK, CKR_WRAPPED_KEY_LEN_RANGE },
	{ "KWP: blob of 8", NONE(AES_KEY_WRAP_PAD), AES_16, 8, CKR_OK, CKR_WRAPPED_KEY_LEN_RANGE },
	{ "KWP: blob of 17", NONE(AES_KEY_WRAP_PAD), AES_16, 17, CKR_OK,
	  CKR_WRAPPED_KEY_LEN_RANGE },
	{ "KWP: zeros", NONE(AES_KEY_WRAP_PAD), AES_16, 16, CKR_OK, CKR_WRAPPED_KEY_INVALID },
	{ "KW: zeros", NONE(AES_KEY_WRAP), AES_16, 24, CKR_OK, CKR_WRAPPED_KEY_INVALID },
	{ "AES-ECB: blob of 17", NONE(AES_ECB), AES_16, 17, CKR_OK, CKR_WRAPPED_KEY_LEN_RANGE },
	{ "AES-CBC: blob of 15", IV(AES_CBC, 16), AES_16, 15, CKR_OK, CKR_WRAPPED_KEY_LEN_RANGE },
	{ "AES-CBC-PAD: blob of 8", IV(AES_CBC_PAD, 16), AES_16, 8, CKR_OK,
	  CKR_WRAPPED_KEY_LEN_RANGE },
	{ "AES-CBC-PAD: zeros", IV(AES_CBC_PAD, 16), AES_16, 32, CKR_OK, CKR_WRAPPED_KEY_INVALID },
	{ "AES-GCM: shorter than the tag", WITH(AES_GCM, gcm), AES_16, 15, CKR_OK,
	  CKR_WRAPPED_KEY_LEN_RANGE },
	{ "AES-GCM: zeros", WITH(AES_GCM, gcm), AES_16, 32, CKR_OK, CKR_WRAPPED_KEY_INVALID },
	{ "DES3-CBC: blob of 12", IV(DES3_CBC, 8), DES_3, 12, CKR_OK, CKR_WRAPPED_KEY_LEN_RANGE },
	{ "DES3-CBC-PAD: zeros", IV(DES3_CBC_PAD, 8), DES_2, 24, CKR_OK, CKR_WRAPPED_KEY_INVALID },
	{ "RSA: 118", NONE(RSA_PKCS), RSA, 118, CKR_KEY_SIZE_RANGE, CKR_WRAPPED_KEY_LEN_RANGE },
	{ "RSA: blob of 127", NONE(RSA_PKCS), RSA, 127, CKR_KEY_SIZE_RANGE,
	  CKR_WRAPPED_KEY_LEN_RANGE },
	{ "OAEP: 87", WITH(RSA_PKCS_OAEP, sha1), RSA, 87, CKR_KEY_SIZE_RANGE,
	  CKR_WRAPPED_KEY_LEN_RANGE },
	{ "OAEP: zeros", WITH(RSA_PKCS_OAEP, sha1), RSA, 128, CKR_KEY_SIZE_RANGE,
	  CKR_WRAPPED_KEY_INVALID },
	{ "OAEP: blob of 129", WITH(RSA_PKCS_OAEP, sha1), RSA, 129, CKR_KEY_SIZE_RANGE,
	  CKR_WRAPPED_KEY_LEN_RANGE },
	{ "RSA AES: no second part", WITH(RSA_AES_KEY_WRAP, aes_128), RSA, 128, CKR_OK,
	  CKR_WRAPPED_KEY_LEN_RANGE },
	{ "RSA AES: half a second part", WITH(RSA_AES_KEY_WRAP, aes_128), RSA, 136, CKR_OK,
	  CKR_WRAPPED_KEY_LEN_RANGE },
	{ "RSA AES: a broken second part", WITH(RSA_AES_KEY_WRAP, aes_128), RSA, 145, CKR_OK,
	  CKR_WRAPPED_KEY_LEN_RANGE },
	{ "RSA AES: zeros", WITH(RSA_AES_KEY_WRAP, aes_128), RSA, 144, CKR_OK,
	  CKR_WRAPPED_KEY_INVALID },

	{ "no such thing", NONE(SHA256), AES_16, 16, CKR_MECHANISM_INVALID,
	  CKR_MECHANISM_INVALID },
	{ "AES-CTR", IV(AES_CTR, 16), AES_16, 16, CKR_MECHANISM_INVALID, CKR_MECHANISM_INVALID },
	{ "raw RSA", NONE(RSA_X_509), RSA, 128, CKR_MECHANISM_INVALID, CKR_MECHANISM_INVALID },
};

static void test_refused(void)
{
	make_keks();
	for (size_t i = 0; i < ARRAY_LEN(refused); i++) {
		CK_MECHANISM m = refused[i].m;
		CK_BYTE out[OUT_MAX];
		CK_ULONG n = sizeof(out);
		struct bytes plain = { refused[i].in, { 0 } }, found = { 0, { 0 } };

		reason_clear();
		CHECK(refused[i].name, wrap(m, keks[refused[i].kek].wraps, &plain, out, &n) ==
		      refused[i].wrap);
		CHECK(refused[i].name, unwrap(m, keks[refused[i].kek].unwraps, plain.data,
					      plain.len, &found) == refused[i].unwrap);
		if (refused[i].wrap != CKR_MECHANISM_INVALID)
			CHECK(refused[i].name, reason_text() != NULL);
		if (refused[i].wrap == CKR_MECHANISM_PARAM_INVALID)
			CHECK(refused[i].name, strstr(reason_text(), " parameter: ") != NULL);
	}
	drop_keks();
}

/* Lengths of blobs that are none, or that no memory has. */
static void test_lengths(void)
{
	static const CK_ULONG lengths[] = { 0, (CK_ULONG)-1, (CK_ULONG)-8, ((CK_ULONG)-1) / 2 };
	struct bytes found;

	make_keks();
	for (size_t i = 0; i < ARRAY_LEN(rounds); i++)
		for (size_t k = 0; k < ARRAY_LEN(lengths); k++)
			CHECK(rounds[i].name,
			      unwrap(rounds[i].m, keks[rounds[i].kek].unwraps, iv, lengths[k],
				     &found) == CKR_WRAPPED_KEY_LEN_RANGE);
	drop_keks();
}

static void test_empty_key(void)
{
	const struct bytes none = { 0, { 0 } };
	CK_BYTE out[OUT_MAX];

	make_keks();
	for (size_t i = 0; i < ARRAY_LEN(rounds); i++) {
		CK_ULONG n = sizeof(out);

		CHECK(rounds[i].name, wrap(rounds[i].m, keks[rounds[i].kek].wraps, &none, out,
					   &n) == CKR_KEY_SIZE_RANGE);
	}
	drop_keks();
}

/* Any bit of an authenticated blob. */
static void test_damaged(void)
{
	make_keks();
	for (size_t i = 0; i < ARRAY_LEN(rounds); i++) {
		struct key *unwraps = keks[rounds[i].kek].unwraps;
		bool proves = rounds[i].m.mechanism == CKM_AES_KEY_WRAP ||
			      rounds[i].m.mechanism == CKM_AES_KEY_WRAP_PAD ||
			      rounds[i].m.mechanism == CKM_AES_GCM ||
			      rounds[i].m.mechanism == CKM_RSA_PKCS_OAEP ||
			      rounds[i].m.mechanism == CKM_RSA_AES_KEY_WRAP;
		CK_BYTE out[OUT_MAX];
		CK_ULONG n = sizeof(out);
		struct bytes plain, found;

		if (!proves)
			continue;
		fill(&plain, rounds[i].in);
		CHECK(rounds[i].name, wrap(rounds[i].m, keks[rounds[i].kek].wraps, &plain, out,
					   &n) == CKR_OK);
		for (size_t bit = 3; bit < 8 * n; bit += 8 * n / 16) {
			out[bit / 8] ^= (CK_BYTE)(1 << bit % 8);
			CHECK(rounds[i].name, unwrap(rounds[i].m, unwraps, out, n, &found) ==
			      CKR_WRAPPED_KEY_INVALID);
			out[bit / 8] ^= (CK_BYTE)(1 << bit % 8);
		}
	}
	drop_keks();
}

/* A key that is the same to libcrypto: what its ciphers make of the blob. */
static size_t by_cipher(const char *name, const struct key *key, const unsigned char *cipher_iv,
			const CK_BYTE *in, size_t len, unsigned char *out)
{
	EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
	EVP_CIPHER *cipher = EVP_CIPHER_fetch(NULL, name, NULL);
	int n = 0, last = 0;

	CU_ASSERT_FATAL(ctx != NULL && cipher != NULL);
	EVP_CIPHER_CTX_set_flags(ctx, EVP_CIPHER_CTX_FLAG_WRAP_ALLOW);
	CU_ASSERT_FATAL(EVP_DecryptInit_ex2(ctx, cipher, key->secret->data, cipher_iv, NULL) == 1);
	CU_ASSERT(EVP_DecryptUpdate(ctx, out, &n, in, (int)len) == 1);
	if (cipher_iv != NULL)
		CU_ASSERT(EVP_DecryptFinal_ex(ctx, out + n, &last) == 1);
	EVP_CIPHER_CTX_free(ctx);
	EVP_CIPHER_free(cipher);
	return (size_t)(n + last);
}

static size_t by_rsa(const char *padding, const char *md, const struct key *key, const CK_BYTE *in,
		     unsigned char *out)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(ossl_ctx(), key->pkey, NULL);
	char *names[] = { (char *)(uintptr_t)padding, (char *)(uintptr_t)md };
	char mask[] = "SHA1";
	OSSL_PARAM params[5] = {
		OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_PAD_MODE, names[0], 0),
		OSSL_PARAM_construct_end(), OSSL_PARAM_construct_end(), OSSL_PARAM_construct_end(),
		OSSL_PARAM_construct_end()
	};
	size_t n = RSA_BYTES;

	if (md != NULL) {
		params[1] = OSSL_PARAM_construct_utf8_string(OSSL_ASYM_CIPHER_PARAM_OAEP_DIGEST,
							     names[1], 0);
		params[2] = OSSL_PARAM_construct_utf8_string(OSSL_ASYM_CIPHER_PARAM_MGF1_DIGEST,
							     mask, 0);
		params[3] = OSSL_PARAM_construct_octet_string(OSSL_ASYM_CIPHER_PARAM_OAEP_LABEL,
							      label, sizeof(label));
	}
	CU_ASSERT_FATAL(ctx != NULL && EVP_PKEY_decrypt_init_ex(ctx, params) == 1);
	CU_ASSERT(EVP_PKEY_decrypt(ctx, out, &n, in, RSA_BYTES) == 1);
	EVP_PKEY_CTX_free(ctx);
	return n;
}

static void check_libcrypto(const char *name, CK_MECHANISM m, enum kek kek, size_t len)
{
	struct key *unwraps = keks[kek].unwraps;
	unsigned char found[OUT_MAX];
	CK_BYTE out[OUT_MAX];
	CK_ULONG n = sizeof(out);
	struct bytes plain;
	size_t got;

	fill(&plain, len);
	CHECK(name, wrap(m, keks[kek].wraps, &plain, out, &n) == CKR_OK);
	if (m.mechanism == CKM_RSA_AES_KEY_WRAP) {
		struct key *temp;

		got = by_rsa("oaep", "SHA256", unwraps, out, found);
		CHECK(name, got == 32);
		temp = key_new(CKO_SECRET_KEY, CKK_AES, NULL, secbuf_from(found, got), got);
		got = by_cipher("AES-256-WRAP-PAD", temp, NULL, out + RSA_BYTES, n - RSA_BYTES,
				found);
		key_unref(temp);
	} else if (m.mechanism == CKM_RSA_PKCS) {
		got = by_rsa("pkcs1", NULL, unwraps, out, found);
	} else if (m.mechanism == CKM_RSA_PKCS_OAEP) {
		got = by_rsa("oaep", "SHA256", unwraps, out, found);
	} else {
		got = by_cipher(kek == DES_3 ? "DES-EDE3-CBC" : "AES-256-CBC", unwraps, iv, out, n,
				found);
	}
	CHECK(name, got == len && memcmp(found, plain.data, len) == 0);
}

static void test_libcrypto(void)
{
	make_keks();
	check_libcrypto("AES", (CK_MECHANISM)IV(AES_CBC_PAD, 16), AES_32, 1218);
	check_libcrypto("DES3", (CK_MECHANISM)IV(DES3_CBC_PAD, 8), DES_3, 24);
	check_libcrypto("RSA", (CK_MECHANISM)NONE(RSA_PKCS), RSA, 32);
	check_libcrypto("OAEP", (CK_MECHANISM)WITH(RSA_PKCS_OAEP, sha256), RSA, 32);
	check_libcrypto("RSA AES", (CK_MECHANISM)WITH(RSA_AES_KEY_WRAP, aes_256), RSA, 1218);
	drop_keks();
}

/* Hash, mask, label and size of the temporary key are those that were asked for. */
static void test_honoured(void)
{
	static const struct {
		const char *name;
		CK_RSA_AES_KEY_WRAP_PARAMS *p;
		CK_RV expected;
	} rows[] = {
		{ "the same", &aes_256, CKR_OK },
		{ "another hash", &aes_256_sha1, CKR_WRAPPED_KEY_INVALID },
		{ "another mask", &aes_256_mgf, CKR_WRAPPED_KEY_INVALID },
		{ "no label", &aes_256_no_label, CKR_WRAPPED_KEY_INVALID },
		{ "another size", &aes_128_sha256, CKR_WRAPPED_KEY_INVALID },
	};
	CK_MECHANISM m = WITH(RSA_AES_KEY_WRAP, aes_256);
	CK_BYTE out[OUT_MAX];
	CK_ULONG n = sizeof(out);
	struct bytes plain, found;

	make_keks();
	fill(&plain, 40);
	CU_ASSERT_EQUAL_FATAL(wrap(m, keks[RSA].wraps, &plain, out, &n), CKR_OK);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		m.pParameter = rows[i].p;
		CHECK(rows[i].name, unwrap(m, keks[RSA].unwraps, out, n, &found) ==
		      rows[i].expected);
	}
	drop_keks();
}

static void test_private(void)
{
	static const struct {
		CK_MECHANISM_TYPE type;
		bool takes;
	} rows[] = {
		{ CKM_AES_KEY_WRAP, true },   { CKM_AES_KEY_WRAP_PAD, true },
		{ CKM_AES_CBC, true },	      { CKM_AES_CBC_PAD, true },
		{ CKM_AES_GCM, true },	      { CKM_AES_ECB, false },
		{ CKM_DES3_ECB, false },      { CKM_DES3_CBC, true },
		{ CKM_DES3_CBC_PAD, true },   { CKM_RSA_PKCS, false },
		{ CKM_RSA_PKCS_OAEP, false }, { CKM_RSA_AES_KEY_WRAP, true },
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		CU_ASSERT_EQUAL(wrap_takes_private(mech_find(rows[i].type)), rows[i].takes);
}

int main(void)
{
	static const struct unit_test tests[] = {
		UNIT_TEST(test_vectors),
		UNIT_TEST(test_initial_value),
		UNIT_TEST(test_rounds),
		UNIT_TEST(test_refused),
		UNIT_TEST(test_lengths),
		UNIT_TEST(test_empty_key),
		UNIT_TEST(test_damaged),
		UNIT_TEST(test_libcrypto),
		UNIT_TEST(test_honoured),
		UNIT_TEST(test_private),
	};

	return CRYPTO_RUN("wrap", tests);
}
