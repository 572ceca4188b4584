/* Derivation functions made of hashes: published answers, and parameters that are refused. */
#include "config.h"

#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "crypto/mech/derive.h"
#include "unit/crypto_util.h"
#include "unit/kdf_vectors.h"
#include "unit/unit.h"

#define HUGE (~0UL)

/* A secret key's derivation; the bytes are in out. */
static CK_RV derive(CK_MECHANISM m, const char *base_hex, CK_KEY_TYPE type, struct key *other,
		    size_t want, struct bytes *out)
{
	const struct mech *row = mech_find(m.mechanism);
	struct key *base = make_secret(type, base_hex);
	const struct derive_input in = { &m, base, other, want };
	struct secbuf *secret = NULL;
	CK_RV rv;

	CU_ASSERT_FATAL(row != NULL && base != NULL);
	rv = derive_bytes(row, &in, &secret);
	if (rv == CKR_OK) {
		CU_ASSERT_FATAL(secret->len > 0 && secret->len <= sizeof(out->data));
		memcpy(out->data, secret->data, secret->len);
		out->len = secret->len;
	}
	secbuf_free(secret);
	key_unref(base);
	return rv;
}

/* --- HKDF --- */

static CK_HKDF_PARAMS hkdf_params(const struct hkdf_vector *v, struct bytes *salt,
				  struct bytes *info, bool extract, bool expand)
{
	CK_HKDF_PARAMS p = { .bExtract = extract, .bExpand = expand, .prfHashMechanism = v->hash };

	*salt = unhex(v->salt);
	*info = unhex(v->info);
	p.ulSaltType = salt->len > 0 && extract ? CKF_HKDF_SALT_DATA : CKF_HKDF_SALT_NULL;
	if (p.ulSaltType == CKF_HKDF_SALT_DATA) {
		p.pSalt = salt->data;
		p.ulSaltLen = salt->len;
	}
	if (expand) {
		p.pInfo = info->data;
		p.ulInfoLen = info->len;
	}
	return p;
}

static void test_hkdf(void)
{
	for (size_t i = 0; i < ARRAY_LEN(hkdf_vectors); i++) {
		const struct hkdf_vector *v = &hkdf_vectors[i];
		size_t hash = strlen(v->prk) / 2, len = strlen(v->okm) / 2;
		struct bytes salt, info, out;
		CK_HKDF_PARAMS both = hkdf_params(v, &salt, &info, true, true);
		CK_HKDF_PARAMS first = hkdf_params(v, &salt, &info, true, false);
		CK_HKDF_PARAMS second = hkdf_params(v, &salt, &info, false, true);
		CK_MECHANISM m = MECH_WITH(CKM_HKDF_DERIVE, &both);

		CU_ASSERT(derive(m, v->ikm, CKK_HKDF, NULL, len, &out) == CKR_OK);
		CU_ASSERT(is_hex(out.data, out.len, v->okm));
		/* no length: that of the hash */
		CU_ASSERT(derive(m, v->ikm, CKK_GENERIC_SECRET, NULL, 0, &out) == CKR_OK);
		CU_ASSERT(out.len == hash);
		m.pParameter = &first;
		CU_ASSERT(derive(m, v->ikm, CKK_HKDF, NULL, 0, &out) == CKR_OK);
		CU_ASSERT(is_hex(out.data, out.len, v->prk));
		CU_ASSERT(derive(m, v->ikm, CKK_HKDF, NULL, hash + 1, &out) == CKR_KEY_SIZE_RANGE);
		m.pParameter = &second;
		CU_ASSERT(derive(m, v->prk, CKK_HKDF, NULL, len, &out) == CKR_OK);
		CU_ASSERT(is_hex(out.data, out.len, v->okm));
		CU_ASSERT(derive(m, v->prk, CKK_HKDF, NULL, 255 * hash + 1, &out) ==
			  CKR_KEY_SIZE_RANGE);
	}
}

/* The salt as a key gives the same. */
static void test_hkdf_salt_key(void)
{
	const struct hkdf_vector *v = &hkdf_vectors[0];
	struct bytes salt, info, out;
	CK_HKDF_PARAMS p = hkdf_params(v, &salt, &info, true, true);
	CK_MECHANISM m = MECH_WITH(CKM_HKDF_DERIVE, &p);
	struct key *other = make_secret(CKK_GENERIC_SECRET, v->salt);
	CK_OBJECT_HANDLE h = 1;

	CU_ASSERT(derive_other(mech_find(m.mechanism), &m, &h) == CKR_OK && h == CK_INVALID_HANDLE);
	p.ulSaltType = CKF_HKDF_SALT_KEY;
	p.pSalt = NULL;
	p.ulSaltLen = 0;
	p.hSaltKey = 77;
	CU_ASSERT(derive_other(mech_find(m.mechanism), &m, &h) == CKR_OK && h == 77);
	CU_ASSERT(derive(m, v->ikm, CKK_HKDF, other, 42, &out) == CKR_OK);
	CU_ASSERT(is_hex(out.data, out.len, v->okm));
	CU_ASSERT(derive(m, v->ikm, CKK_HKDF, NULL, 42, &out) == CKR_KEY_TYPE_INCONSISTENT);
	key_unref(other);
}

static CK_BYTE some[8] = { 1, 2, 3 };

static const struct {
	const char *name;
	CK_HKDF_PARAMS p;
	CK_RV expected;
} hkdf_cases[] = {
#define T CK_TRUE
#define F CK_FALSE
#define NONE CKF_HKDF_SALT_NULL
#define DATA CKF_HKDF_SALT_DATA
#define KEY CKF_HKDF_SALT_KEY
#define BAD CKR_MECHANISM_PARAM_INVALID
	{ "good", { T, T, CKM_SHA256, DATA, some, 8, 0, some, 8 }, CKR_OK },
	{ "neither", { F, F, CKM_SHA256, NONE, NULL, 0, 0, NULL, 0 }, BAD },
	{ "no hash", { T, T, CKM_SHA256_HMAC, NONE, NULL, 0, 0, NULL, 0 }, BAD },
	{ "unknown hash", { T, T, 0x7fffffff, NONE, NULL, 0, 0, NULL, 0 }, BAD },
	{ "salt type 0", { T, T, CKM_SHA256, 0, NULL, 0, 0, NULL, 0 }, BAD },
	{ "salt type 0, expand", { F, T, CKM_SHA256, 0, NULL, 0, 0, NULL, 0 }, CKR_OK },
	{ "salt type 3", { T, T, CKM_SHA256, 3, some, 8, 0, NULL, 0 }, BAD },
	{ "salt empty", { T, T, CKM_SHA256, DATA, some, 0, 0, NULL, 0 }, BAD },
	{ "salt null", { T, T, CKM_SHA256, DATA, NULL, 8, 0, NULL, 0 }, BAD },
	{ "salt huge", { T, T, CKM_SHA256, DATA, some, HUGE, 0, NULL, 0 }, BAD },
	{ "salt unused", { T, T, CKM_SHA256, NONE, some, 8, 0, NULL, 0 }, BAD },
	{ "salt, expand", { F, T, CKM_SHA256, DATA, some, 8, 0, NULL, 0 }, BAD },
	{ "salt key, expand", { F, T, CKM_SHA256, KEY, NULL, 0, 7, NULL, 0 }, BAD },
	{ "info, extract", { T, F, CKM_SHA256, NONE, NULL, 0, 0, some, 8 }, BAD },
	{ "info null", { T, T, CKM_SHA256, NONE, NULL, 0, 0, NULL, 8 }, BAD },
	{ "info huge", { T, T, CKM_SHA256, NONE, NULL, 0, 0, some, HUGE }, BAD },
	{ "info null, empty", { T, T, CKM_SHA256, NONE, NULL, 0, 0, NULL, 0 }, CKR_OK },
#undef T
#undef F
};

static void test_hkdf_params(void)
{
	struct bytes out;

	for (size_t i = 0; i < ARRAY_LEN(hkdf_cases); i++) {
		CK_HKDF_PARAMS p = hkdf_cases[i].p;
		CK_MECHANISM m = MECH_WITH(CKM_HKDF_DERIVE, &p);
		CK_OBJECT_HANDLE h;

		CHECK(hkdf_cases[i].name,
		      derive(m, "0102", CKK_HKDF, NULL, 16, &out) == hkdf_cases[i].expected);
		CHECK(hkdf_cases[i].name,
		      derive_other(mech_find(m.mechanism), &m, &h) == hkdf_cases[i].expected);
		m.ulParameterLen--;
		CHECK(hkdf_cases[i].name, derive(m, "0102", CKK_HKDF, NULL, 16, &out) == BAD);
	}
}

/* --- digests, pieces, combinations --- */

static const struct {
	const char *name;
	CK_MECHANISM_TYPE type;
	const char *out;
} digests[] = {
	/* FIPS 180-4 and 202, NIST's examples: "abc" */
	{ "MD5", CKM_MD5_KEY_DERIVATION, "900150983cd24fb0d6963f7d28e17f72" },
	{ "SHA1", CKM_SHA1_KEY_DERIVATION, "a9993e364706816aba3e25717850c26c9cd0d89d" },
	{ "SHA224", CKM_SHA224_KEY_DERIVATION,
	  "23097d223405d8228642a477bda255b32aadbce4bda0b3f7e36c9da7" },
	{ "SHA256", CKM_SHA256_KEY_DERIVATION,
	  "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" },
	{ "SHA384", CKM_SHA384_KEY_DERIVATION,
	  "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed"
	  "8086072ba1e7cc2358baeca134c825a7" },
	{ "SHA512", CKM_SHA512_KEY_DERIVATION,
	  "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
	  "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f" },
	{ "SHA512/224", CKM_SHA512_224_KEY_DERIVATION,
	  "4634270f707b6a54daae7530460842e20e37ed265ceee9a43e8924aa" },
	{ "SHA512/256", CKM_SHA512_256_KEY_DERIVATION,
	  "53048e2681941ef99b2e29b76b4c7dabe4c2d0c634fc6d46e0e2f13107e7af23" },
	{ "SHA3-224", CKM_SHA3_224_KEY_DERIVATION,
	  "e642824c3f8cf24ad09234ee7d3c766fc9a3a5168d0c94ad73b46fdf" },
	{ "SHA3-256", CKM_SHA3_256_KEY_DERIVATION,
	  "3a985da74fe225b2045c172d6bd390bd855f086e3e9d525b46bfe24511431532" },
	{ "SHA3-384", CKM_SHA3_384_KEY_DERIVATION,
	  "ec01498288516fc926459f58e2c6ad8df9b473cb0fc08c2596da7cf0e49be4b2"
	  "98d88cea927ac7f539f1edf228376d25" },
	{ "SHA3-512", CKM_SHA3_512_KEY_DERIVATION,
	  "b751850b1a57168a5693cd924b6b096e08f621827444f70d884f5d0240d2712e"
	  "10e116e9192af3c91a7ec57647e3934057340b4cf408d5a56592f8274eec53f0" },
};

static void test_digests(void)
{
	struct bytes out;

	for (size_t i = 0; i < ARRAY_LEN(digests); i++) {
		CK_MECHANISM m = MECH(digests[i].type), with = MECH_WITH(digests[i].type, &some);
		size_t all = strlen(digests[i].out) / 2;

		CHECK(digests[i].name,
		      derive(m, "616263", CKK_GENERIC_SECRET, NULL, 0, &out) == CKR_OK);
		CHECK(digests[i].name, is_hex(out.data, out.len, digests[i].out));
		CHECK(digests[i].name,
		      derive(m, "616263", CKK_GENERIC_SECRET, NULL, 5, &out) == CKR_OK);
		CHECK(digests[i].name, out.len == 5 && out.data[0] == unhex(digests[i].out).data[0]);
		CHECK(digests[i].name, derive(m, "616263", CKK_GENERIC_SECRET, NULL, all + 1,
					      &out) == CKR_KEY_SIZE_RANGE);
		CHECK(digests[i].name,
		      derive(with, "616263", CKK_GENERIC_SECRET, NULL, 0, &out) == BAD);
	}
}

static const struct {
	const char *name;
	const char *key;
	CK_ULONG bit;
	size_t want;
	CK_RV expected;
	const char *out;
} pieces[] = {
	/* the standard's own example */
	{ "wraps round", "329f84a9", 21, 2, CKR_OK, "9526" },
	{ "first bit", "329f84a9", 0, 4, CKR_OK, "329f84a9" },
	{ "last bit", "329f84a9", 31, 4, CKR_OK, "994fc254" },
	{ "whole byte", "329f84a9", 16, 3, CKR_OK, "84a932" },
	{ "one byte", "81", 1, 1, CKR_OK, "03" },
	{ "no such bit", "329f84a9", 32, 2, BAD, NULL },
	{ "huge", "329f84a9", HUGE, 2, BAD, NULL },
	{ "too long", "329f84a9", 0, 5, CKR_KEY_SIZE_RANGE, NULL },
	{ "no length", "329f84a9", 0, 0, CKR_TEMPLATE_INCOMPLETE, NULL },
};

static void test_pieces(void)
{
	for (size_t i = 0; i < ARRAY_LEN(pieces); i++) {
		CK_EXTRACT_PARAMS bit = pieces[i].bit;
		CK_MECHANISM m = MECH_WITH(CKM_EXTRACT_KEY_FROM_KEY, &bit);
		struct bytes out;
		CK_RV rv = derive(m, pieces[i].key, CKK_GENERIC_SECRET, NULL, pieces[i].want, &out);

		CHECK(pieces[i].name, rv == pieces[i].expected);
		if (rv == CKR_OK)
			CHECK(pieces[i].name, is_hex(out.data, out.len, pieces[i].out));
		m.ulParameterLen--;
		CHECK(pieces[i].name,
		      derive(m, pieces[i].key, CKK_GENERIC_SECRET, NULL, 2, &out) == BAD);
	}
}

static void test_xor(void)
{
	static CK_BYTE ones[6] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff };
	CK_KEY_DERIVATION_STRING_DATA s = { ones, 3 };
	CK_MECHANISM m = MECH_WITH(CKM_XOR_BASE_AND_DATA, &s);
	struct bytes out;

	CU_ASSERT(derive(m, "01020304", CKK_GENERIC_SECRET, NULL, 0, &out) == CKR_OK);
	CU_ASSERT(is_hex(out.data, out.len, "fefdfc"));
	s.ulLen = 6;
	CU_ASSERT(derive(m, "01020304", CKK_GENERIC_SECRET, NULL, 0, &out) == CKR_OK);
	CU_ASSERT(is_hex(out.data, out.len, "fefdfcfb"));
	CU_ASSERT(derive(m, "01020304", CKK_GENERIC_SECRET, NULL, 2, &out) == CKR_OK);
	CU_ASSERT(is_hex(out.data, out.len, "fefd"));
	CU_ASSERT(derive(m, "01020304", CKK_GENERIC_SECRET, NULL, 5, &out) == CKR_KEY_SIZE_RANGE);
	s.ulLen = 0;
	CU_ASSERT(derive(m, "01020304", CKK_GENERIC_SECRET, NULL, 0, &out) == BAD);
	s = (CK_KEY_DERIVATION_STRING_DATA){ NULL, 4 };
	CU_ASSERT(derive(m, "01020304", CKK_GENERIC_SECRET, NULL, 0, &out) == BAD);
	s = (CK_KEY_DERIVATION_STRING_DATA){ ones, HUGE };
	CU_ASSERT(derive(m, "01020304", CKK_GENERIC_SECRET, NULL, 0, &out) == BAD);
	CU_ASSERT(derive_kin(mech_find(CKM_XOR_BASE_AND_DATA)) == KIN_INHERIT);
	CU_ASSERT(derive_kin(mech_find(CKM_EXTRACT_KEY_FROM_KEY)) == KIN_INHERIT);
	CU_ASSERT(derive_kin(mech_find(CKM_SHA256_KEY_DERIVATION)) == KIN_BASE);
}

/* --- PBKDF2 --- */

static CK_RV pbkdf2(CK_PKCS5_PBKD2_PARAMS2 *p, CK_KEY_TYPE type, CK_ULONG len, struct bytes *out)
{
	CK_MECHANISM m = MECH_WITH(CKM_PKCS5_PBKD2, p);
	struct attrset *a = attrset_new(true);
	const unsigned char *value;
	size_t n;
	CK_RV rv;

	CU_ASSERT(attrset_set_number(a, CKA_KEY_TYPE, type) == CKR_OK);
	if (len > 0)
		CU_ASSERT(attrset_set_number(a, CKA_VALUE_LEN, len) == CKR_OK);
	rv = mech_generate(mech_find(CKM_PKCS5_PBKD2), &m, NULL, a);
	if (rv == CKR_OK) {
		CU_ASSERT_FATAL(attrset_bytes(a, CKA_VALUE, &value, &n));
		CU_ASSERT(len == 0 || n == len);
		memcpy(out->data, value, n);
		out->len = n;
		CU_ASSERT(attrset_bytes(a, CKA_CHECK_VALUE, &value, &n) && n == 3);
	}
	attrset_free(a);
	return rv;
}

#define SHA(n) CKP_PKCS5_PBKD2_HMAC_SHA##n

static const struct {
	const char *name;
	CK_PKCS5_PBKD2_PSEUDO_RANDOM_FUNCTION_TYPE prf;
	const char *password, *salt;
	size_t password_len, salt_len;
	CK_ULONG iterations;
	const char *out;
} passwords[] = {
	/* RFC 6070 */
	{ "1 time", SHA(1), "password", "salt", 8, 4, 1,
	  "0c60c80f961f0e71f3a9b524af6012062fe037a6" },
	{ "2 times", SHA(1), "password", "salt", 8, 4, 2,
	  "ea6c014dc72d6f8ccd1ed92ace1d41f0d8de8957" },
	{ "4096 times", SHA(1), "password", "salt", 8, 4, 4096,
	  "4b007901b765489abead49d926f721d065a429c1" },
	{ "longer", SHA(1), "passwordPASSWORDpassword", "saltSALTsaltSALTsaltSALTsaltSALTsalt", 24,
	  36, 4096, "3d2eec4fe41c849b80c8d83662c0e44a8b291a964cf2f07038" },
	{ "zeros", SHA(1), "pass\0word", "sa\0lt", 9, 5, 4096, "56fa6aa75548099dcc37d7f03425e0c3" },
	/* RFC 7914 section 11 */
	{ "SHA-256", SHA(256), "passwd", "salt", 6, 4, 1,
	  "55ac046e56e3089fec1691c22544b605f94185216dde0465e68b9d57c20dacbc"
	  "49ca9cccf179b645991664b39d77ef317c71b845b1e30bd509112041d3a19783" },
	/* computed with Python's hashlib.pbkdf2_hmac */
	{ "SHA-224", SHA(224), "password", "salt", 8, 4, 2,
	  "93200ffa96c5776d38fa10abdf8f5bfc0054b9718513df472d2331d2d1e66a3f" },
	{ "SHA-384", SHA(384), "password", "salt", 8, 4, 2,
	  "54f775c6d790f21930459162fc535dbf04a939185127016a04176a0730c6f1f4" },
	{ "SHA-512", SHA(512), "password", "salt", 8, 4, 2,
	  "e1d9c16aa681708a45f5c7c4e215ceb66e011a2e9f0040713f18aefdb866d53c" },
	/* computed with the openssl command and Python's hashlib */
	{ "SHA-512/224", SHA(512_224), "a password", "some salt of 24 bytes...", 10, 24, 1000,
	  "86a7f2b5ce0ccd4438d9bbf4b28894585dffc90787b4c2dd66394c30f7326de70f85ecff4621425e76e1ad67"
	  "6f" },
	{ "SHA-512/256", SHA(512_256), "a password", "some salt of 24 bytes...", 10, 24, 1000,
	  "639bf741de7ba2df62d24fba32a2fc38d29159271469ed13eb0007237a6236a9d0128f91de6358fdfb744edc"
	  "ef" },
	{ "empty", SHA(256), NULL, NULL, 0, 0, 2,
	  "97398411d6aea43a77acef92226ab8278d4db0668bd1d7a76a725f7680ac45c5" },
};

static void test_passwords(void)
{
	for (size_t i = 0; i < ARRAY_LEN(passwords); i++) {
		CK_PKCS5_PBKD2_PARAMS2 p = { CKZ_SALT_SPECIFIED,
					     (void *)(uintptr_t)passwords[i].salt,
					     passwords[i].salt_len, passwords[i].iterations,
					     passwords[i].prf, NULL, 0,
					     (CK_UTF8CHAR *)(uintptr_t)passwords[i].password,
					     passwords[i].password_len };
		CK_ULONG len = p.ulPasswordLen;
		size_t want = strlen(passwords[i].out) / 2;
		struct bytes out;

		CHECK(passwords[i].name, pbkdf2(&p, CKK_GENERIC_SECRET, want, &out) == CKR_OK);
		CHECK(passwords[i].name, is_hex(out.data, out.len, passwords[i].out));
		/* the older structure, with a pointer to the length */
		p.ulPasswordLen = (CK_ULONG)(uintptr_t)&len;
		CHECK(passwords[i].name, pbkdf2(&p, CKK_GENERIC_SECRET, want, &out) == CKR_OK);
		CHECK(passwords[i].name, is_hex(out.data, out.len, passwords[i].out));
		CHECK(passwords[i].name, pbkdf2(&p, CKK_DES3, 0, &out) == CKR_OK && out.len == 24);
		CHECK(passwords[i].name, pbkdf2(&p, CKK_AES, 32, &out) == CKR_OK);
	}
}

static const struct {
	const char *name;
	CK_PKCS5_PBKD2_PARAMS2 p;
	CK_KEY_TYPE type;
	CK_ULONG len;
	CK_RV expected;
} password_cases[] = {
#define SALT CKZ_SALT_SPECIFIED
	{ "good", { SALT, some, 8, 1, SHA(1), NULL, 0, some, 8 }, CKK_AES, 16, CKR_OK },
	{ "source", { 0, some, 8, 1, SHA(1), NULL, 0, some, 8 }, CKK_AES, 16, BAD },
	{ "salt null", { SALT, NULL, 8, 1, SHA(1), NULL, 0, some, 8 }, CKK_AES, 16, BAD },
	{ "salt huge", { SALT, some, HUGE, 1, SHA(1), NULL, 0, some, 8 }, CKK_AES, 16, BAD },
	{ "iterations", { SALT, some, 8, 0, SHA(1), NULL, 0, some, 8 }, CKK_AES, 16, BAD },
	{ "iterations, too many", { SALT, some, 8, 0x80000000UL, SHA(1), NULL, 0, some, 8 },
	  CKK_AES, 16, BAD },
	{ "prf 0", { SALT, some, 8, 1, 0, NULL, 0, some, 8 }, CKK_AES, 16, BAD },
	{ "prf GOST", { SALT, some, 8, 1, 2, NULL, 0, some, 8 }, CKK_AES, 16, BAD },
	{ "prf data", { SALT, some, 8, 1, SHA(1), some, 8, some, 8 }, CKK_AES, 16, BAD },
	{ "password null", { SALT, some, 8, 1, SHA(1), NULL, 0, NULL, 8 }, CKK_AES, 16, BAD },
	{ "password huge", { SALT, some, 8, 1, SHA(1), NULL, 0, some, HUGE }, CKK_AES, 16, BAD },
	{ "password far", { SALT, some, 8, 1, SHA(1), NULL, 0, some, 1UL << 62 }, CKK_AES, 16,
	  BAD },
	{ "password long", { SALT, some, 8, 1, SHA(1), NULL, 0, some, 1UL << 20 }, CKK_AES, 16,
	  BAD },
	{ "no length", { SALT, some, 8, 1, SHA(1), NULL, 0, some, 8 }, CKK_AES, 0,
	  CKR_TEMPLATE_INCOMPLETE },
	{ "no length, generic", { SALT, some, 8, 1, SHA(1), NULL, 0, some, 8 }, CKK_GENERIC_SECRET,
	  0, CKR_TEMPLATE_INCOMPLETE },
	{ "length", { SALT, some, 8, 1, SHA(1), NULL, 0, some, 8 }, CKK_AES, 17,
	  CKR_ATTRIBUTE_VALUE_INVALID },
	{ "length huge", { SALT, some, 8, 1, SHA(1), NULL, 0, some, 8 }, CKK_GENERIC_SECRET, HUGE,
	  CKR_ATTRIBUTE_VALUE_INVALID },
	{ "type", { SALT, some, 8, 1, SHA(1), NULL, 0, some, 8 }, CKK_RSA, 16,
	  CKR_ATTRIBUTE_VALUE_INVALID },
};

static void test_password_params(void)
{
	for (size_t i = 0; i < ARRAY_LEN(password_cases); i++) {
		CK_PKCS5_PBKD2_PARAMS2 p = password_cases[i].p;
		struct bytes out;

		CHECK(password_cases[i].name, pbkdf2(&p, password_cases[i].type,
						     password_cases[i].len, &out) ==
						     password_cases[i].expected);
	}
}

/* The length of a password is said to be at an address where nothing can be read. */
static void test_password_unreadable(void)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	CK_BYTE *at = mmap(NULL, 2 * page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	CK_PKCS5_PBKD2_PARAMS2 p = { SALT, some, 8, 1, SHA(1), NULL, 0, some, 0 };
	struct bytes out;

	CU_ASSERT_FATAL(at != MAP_FAILED);
	p.ulPasswordLen = (CK_ULONG)(uintptr_t)at;
	CU_ASSERT(pbkdf2(&p, CKK_AES, 16, &out) == BAD);
	/* the number's last bytes only */
	CU_ASSERT_FATAL(mprotect(at, page, PROT_READ) == 0);
	p.ulPasswordLen += page - 4;
	CU_ASSERT(pbkdf2(&p, CKK_AES, 16, &out) == BAD);
	/* there is a number, 0 */
	p.ulPasswordLen -= 4;
	CU_ASSERT(pbkdf2(&p, CKK_AES, 16, &out) == CKR_OK);
	munmap(at, 2 * page);
	p.ulPasswordLen = (CK_ULONG)(uintptr_t)at;
	CU_ASSERT(pbkdf2(&p, CKK_AES, 16, &out) == BAD);
}

int main(void)
{
	static const struct unit_test tests[] = {
		UNIT_TEST(test_hkdf),	   UNIT_TEST(test_hkdf_salt_key),
		UNIT_TEST(test_hkdf_params), UNIT_TEST(test_digests),
		UNIT_TEST(test_pieces),	   UNIT_TEST(test_xor),
		UNIT_TEST(test_passwords), UNIT_TEST(test_password_params),
		UNIT_TEST(test_password_unreadable),
	};

	return CRYPTO_RUN("kdf", tests);
}
