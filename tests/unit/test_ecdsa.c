/* Signatures of elliptic curves and DSA: ECDSA, EdDSA, DSA. */
#include "config.h"

#include <openssl/crypto.h>
#include <stdio.h>
#include <string.h>

#include "crypto/ossl/ossl.h"
#include "unit/crypto_util.h"
#include "unit/ec_vectors.h"
#include "unit/unit.h"

#define SAMPLE "sample"
#define DSA_DOMAIN { CKA_PRIME, DSA_P }, { CKA_SUBPRIME, DSA_Q }, { CKA_BASE, DSA_G }

/* A key pair and its signatures of "sample" with SHA-1, SHA-224, SHA-256, SHA-384 and SHA-512. */
static const struct {
	const char *name;
	CK_KEY_TYPE type;
	struct hex_attr pub[5];
	struct hex_attr priv[5];
	CK_MECHANISM_TYPE raw;
	CK_MECHANISM_TYPE hashed[5];
	const char *sigs[5];
} pairs[] = {
#define ECDSA_ROW(curve, point) \
	{ #curve, CKK_EC, { { CKA_EC_PARAMS, curve }, { CKA_EC_POINT, point } }, \
	  { { CKA_EC_PARAMS, curve }, { CKA_VALUE, curve##_D } }, CKM_ECDSA, \
	  { CKM_ECDSA_SHA1, CKM_ECDSA_SHA224, CKM_ECDSA_SHA256, CKM_ECDSA_SHA384, \
	    CKM_ECDSA_SHA512 }, \
	  { curve##_SHA1, curve##_SHA224, curve##_SHA256, curve##_SHA384, curve##_SHA512 } }
	ECDSA_ROW(P224, "0439" P224_POINT),
	ECDSA_ROW(P256, "0441" P256_POINT),
	ECDSA_ROW(P384, "0461" P384_POINT),
	ECDSA_ROW(P521, "048185" P521_POINT),
	{ "DSA", CKK_DSA, { DSA_DOMAIN, { CKA_VALUE, DSA_Y } },
	  { DSA_DOMAIN, { CKA_VALUE, DSA_X } }, CKM_DSA,
	  { CKM_DSA_SHA1, CKM_DSA_SHA224, CKM_DSA_SHA256, CKM_DSA_SHA384, CKM_DSA_SHA512 },
	  { DSA_SHA1, DSA_SHA224, DSA_SHA256, DSA_SHA384, DSA_SHA512 } },
};

static const CK_MECHANISM_TYPE digests[] = { CKM_SHA_1, CKM_SHA224, CKM_SHA256, CKM_SHA384,
					     CKM_SHA512 };

/* A known signature is taken by both mechanisms; a changed or cut one by none. */
static void check_known(const char *name, CK_MECHANISM raw, CK_MECHANISM hashed, struct key *pub,
			const char *hex,
			const unsigned char *hash, size_t hash_len)
{
	struct bytes sig = unhex(hex);

	CHECK(name, verify(hashed, pub, SAMPLE, 6, sig.data, sig.len) == CKR_OK);
	CHECK(name, verify_parts(hashed, pub, SAMPLE, 6, 4, sig.data, sig.len) == CKR_OK);
	CHECK(name, verify(raw, pub, hash, hash_len, sig.data, sig.len) == CKR_OK);
	CHECK(name, verify_parts(raw, pub, hash, hash_len, 4, sig.data, sig.len) ==
	      CKR_OPERATION_NOT_INITIALIZED);
	CHECK(name, verify(hashed, pub, "Sample", 6, sig.data, sig.len) == CKR_SIGNATURE_INVALID);
	CHECK(name, verify(hashed, pub, SAMPLE, 6, sig.data, sig.len - 1) ==
	      CKR_SIGNATURE_LEN_RANGE);
	CHECK(name, verify(hashed, pub, SAMPLE, 6, sig.data, sig.len + 1) ==
	      CKR_SIGNATURE_LEN_RANGE);
	CHECK(name, verify(hashed, pub, SAMPLE, 6, sig.data, 0) == CKR_SIGNATURE_LEN_RANGE);
	for (size_t at = 0; at < sig.len; at += sig.len / 4) {
		sig.data[at] ^= 1;
		CHECK(name, verify(hashed, pub, SAMPLE, 6, sig.data, sig.len) ==
		      CKR_SIGNATURE_INVALID);
		sig.data[at] ^= 1;
	}
	memset(sig.data, 0, sig.len);
	CHECK(name, verify(raw, pub, hash, hash_len, sig.data, sig.len) == CKR_SIGNATURE_INVALID);
	memset(sig.data, 0xff, sig.len);
	CHECK(name, verify(raw, pub, hash, hash_len, sig.data, sig.len) == CKR_SIGNATURE_INVALID);
}

static void check_own(const char *name, CK_MECHANISM raw, CK_MECHANISM hashed, struct key *pub,
		      struct key *priv,
		      size_t sig_len, const unsigned char *hash, size_t hash_len)
{
	unsigned char sig[256];
	CK_ULONG n = sizeof(sig);

	CHECK(name, run(OP_SIGN, hashed, priv, SAMPLE, 6, sig, &n) == CKR_OK && n == sig_len);
	CHECK(name, verify(raw, pub, hash, hash_len, sig, n) == CKR_OK);
	n = sizeof(sig);
	CHECK(name, run_parts(OP_SIGN, hashed, priv, SAMPLE, 6, 1, sig, &n) == CKR_OK && n ==
	      sig_len);
	CHECK(name, verify(hashed, pub, SAMPLE, 6, sig, n) == CKR_OK);
	n = sizeof(sig);
	CHECK(name, run(OP_SIGN, raw, priv, hash, hash_len, sig, &n) == CKR_OK && n == sig_len);
	CHECK(name, verify(hashed, pub, SAMPLE, 6, sig, n) == CKR_OK);
	n = sig_len - 1;
	CHECK(name, run(OP_SIGN, raw, priv, hash, hash_len, sig, &n) == CKR_BUFFER_TOO_SMALL && n ==
	      sig_len);
}

static void test_pairs(void)
{
	for (size_t i = 0; i < ARRAY_LEN(pairs); i++) {
		struct key *pub = make_key(CKO_PUBLIC_KEY, pairs[i].type, pairs[i].pub);
		struct key *priv = make_key(CKO_PRIVATE_KEY, pairs[i].type, pairs[i].priv);
		CK_MECHANISM raw = MECH(pairs[i].raw);

		CHECK(pairs[i].name, pub != NULL && priv != NULL &&
		      EVP_PKEY_eq(pub->pkey, priv->pkey) == 1);
		for (size_t d = 0; d < ARRAY_LEN(digests); d++) {
			CK_MECHANISM hashed = MECH(pairs[i].hashed[d]), digest = MECH(digests[d]);
			unsigned char hash[64];
			CK_ULONG hash_len = sizeof(hash);
			size_t sig_len = strlen(pairs[i].sigs[d]) / 2;

			CHECK(pairs[i].name, run(OP_DIGEST, digest, NULL, SAMPLE, 6, hash,
						 &hash_len) == CKR_OK);
			check_known(pairs[i].name, raw, hashed, pub, pairs[i].sigs[d], hash,
				    hash_len);
			check_own(pairs[i].name, raw, hashed, pub, priv, sig_len, hash, hash_len);
		}
		key_unref(pub);
		key_unref(priv);
	}
}

/* The parameter of a mechanism that has none, and keys that do not fit. */
static void test_refused(void)
{
	struct key *pub = make_key(CKO_PUBLIC_KEY, pairs[1].type, pairs[1].pub);
	struct key *priv = make_key(CKO_PRIVATE_KEY, pairs[1].type, pairs[1].priv);
	struct key *dsa = make_key(CKO_PRIVATE_KEY, CKK_DSA, pairs[4].priv);
	unsigned char byte = 0;
	CK_MECHANISM with = { CKM_ECDSA, &byte, 1 }, null = { CKM_ECDSA, NULL, 1 }, plain =
		MECH(CKM_ECDSA_SHA256);
	CK_MECHANISM dsa_with = { CKM_DSA, &byte, 1 }, generate = MECH(CKM_EC_KEY_PAIR_GEN);

	CU_ASSERT_EQUAL(try_begin(OP_SIGN, with, priv), CKR_MECHANISM_PARAM_INVALID);
	CU_ASSERT_EQUAL(try_begin(OP_VERIFY, null, pub), CKR_MECHANISM_PARAM_INVALID);
	CU_ASSERT_EQUAL(try_begin(OP_SIGN, dsa_with, dsa), CKR_MECHANISM_PARAM_INVALID);
	CU_ASSERT_EQUAL(try_begin(OP_SIGN, plain, pub), CKR_KEY_TYPE_INCONSISTENT);
	CU_ASSERT_EQUAL(try_begin(OP_VERIFY, plain, priv), CKR_KEY_TYPE_INCONSISTENT);
	CU_ASSERT_EQUAL(try_begin(OP_SIGN, plain, dsa), CKR_KEY_TYPE_INCONSISTENT);
	CU_ASSERT_EQUAL(try_begin(OP_SIGN, generate, priv), CKR_MECHANISM_INVALID);
	key_unref(pub);
	key_unref(priv);
	key_unref(dsa);
}

/* Every curve that can be generated signs, whatever the width of its order. */
static void test_curves(void)
{
	static const struct {
		const char *name;
		const char *params;
		size_t sig_len;
	} rows[] = {
		{ "P-192", "06082a8648ce3d030101", 48 },	 { "P-224", "06052b81040021", 56 },
		{ "secp256k1", "06052b8104000a", 64 },		 { "P-521", "06052b81040023", 132 },
		{ "brainpoolP320r1", "06092b2403030208010109", 80 },
			{ "brainpoolP512r1", "06092b240303020801010d", 128 },
	};
	CK_MECHANISM m = MECH(CKM_ECDSA_SHA512);

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const struct hex_attr attrs[] = { { CKA_EC_PARAMS, rows[i].params }, { 0, NULL } };
		struct attrset *wish = make_set(attrs);
		struct key *pub = NULL, *priv = NULL;
		unsigned char sig[256];
		CK_ULONG n = sizeof(sig);

		make_pair(CKM_EC_KEY_PAIR_GEN, wish, &pub, &priv);
		CHECK(rows[i].name, run(OP_SIGN, m, priv, SAMPLE, 6, sig, &n) == CKR_OK && n ==
		      rows[i].sig_len);
		CHECK(rows[i].name, verify(m, pub, SAMPLE, 6, sig, n) == CKR_OK);
		key_unref(pub);
		key_unref(priv);
		attrset_free(wish);
	}
}

/* r and s with leading zeros keep their width: among many signatures there are some. */
static void test_narrow_numbers(void)
{
	struct key *pub = make_key(CKO_PUBLIC_KEY, pairs[1].type, pairs[1].pub);
	struct key *priv = make_key(CKO_PRIVATE_KEY, pairs[1].type, pairs[1].priv);
	CK_MECHANISM m = MECH(CKM_ECDSA);
	size_t narrow = 0;

	for (int i = 0; i < 3000; i++) {
		unsigned char sig[64];
		CK_ULONG n = sizeof(sig);

		CU_ASSERT_EQUAL(run(OP_SIGN, m, priv, SAMPLE, 6, sig, &n), CKR_OK);
		narrow += sig[0] == 0 || sig[32] == 0;
		if (sig[0] == 0 || sig[32] == 0)
			CU_ASSERT_EQUAL(verify(m, pub, SAMPLE, 6, sig, n), CKR_OK);
	}
	CU_ASSERT(narrow > 0);
	key_unref(pub);
	key_unref(priv);
}

/* RFC 8032. since: the first version of OpenSSL that has the instance. */
#define OPENSSL_3_2 0x30200000UL

static unsigned char foo[] = "foo";

static const struct {
	const char *name;
	const char *params;
	const char *seed;
	const char *pub;
	CK_EDDSA_PARAMS p;
	bool given;
	const char *in;
	const char *sig;
	unsigned long since;
} eddsa[] = {
	{ "Ed25519 test 1", ED25519, ED25519_SEED, ED25519_PUB, { 0 }, false, "", ED25519_SIG, 0 },
	{ "Ed25519 test 2", ED25519, ED25519_2_SEED, ED25519_2_PUB, { 0 }, false, "72",
	  ED25519_2_SIG, 0 },
	{ "Ed25519 test 3", ED25519, ED25519_3_SEED, ED25519_3_PUB, { 0 }, false, "af82",
	  ED25519_3_SIG, 0 },
	{ "Ed25519 with empty parameters", ED25519, ED25519_3_SEED, ED25519_3_PUB,
	  { CK_FALSE, 0, NULL }, true, "af82",
	  ED25519_3_SIG, 0 },
	{ "Ed25519 with a context", ED25519, ED25519_CTX_SEED, ED25519_CTX_PUB,
	  { CK_FALSE, 3, foo }, true,
	  "f726936d19c800494e3fdaff20b276a8", ED25519_CTX_SIG, OPENSSL_3_2 },
	{ "Ed25519, pre-hashed", ED25519, ED25519_PH_SEED, ED25519_PH_PUB, { CK_TRUE, 0, NULL },
	  true, "616263",
	  ED25519_PH_SIG, OPENSSL_3_2 },
	{ "Ed448 blank", ED448, ED448_SEED, ED448_PUB, { 0 }, false, "", ED448_SIG, 0 },
	{ "Ed448 1 octet", ED448, ED448_CTX_SEED, ED448_CTX_PUB, { 0 }, false, "03", ED448_3_SIG,
	  0 },
	{ "Ed448 with empty parameters", ED448, ED448_CTX_SEED, ED448_CTX_PUB, { CK_FALSE, 0, foo },
	  true, "03",
	  ED448_3_SIG, 0 },
	{ "Ed448 with a context", ED448, ED448_CTX_SEED, ED448_CTX_PUB, { CK_FALSE, 3, foo }, true,
	  "03", ED448_CTX_SIG,
	  OPENSSL_3_2 },
	{ "Ed448, pre-hashed", ED448, ED448_PH_SEED, ED448_PH_PUB, { CK_TRUE, 0, NULL }, true,
	  "616263", ED448_PH_SIG,
	  OPENSSL_3_2 },
};

static struct key *edwards_key(size_t i, bool private)
{
	char point[256];
	const struct hex_attr pub[] = { { CKA_EC_PARAMS, eddsa[i].params }, { CKA_EC_POINT, point },
					{ 0, NULL } };
	const struct hex_attr priv[] = { { CKA_EC_PARAMS, eddsa[i].params },
					 { CKA_VALUE, eddsa[i].seed }, { 0, NULL } };

	(void)snprintf(point, sizeof(point), "04%02zx%s", strlen(eddsa[i].pub) / 2, eddsa[i].pub);
	return make_key(private ? CKO_PRIVATE_KEY : CKO_PUBLIC_KEY, CKK_EC_EDWARDS, private ? priv :
			pub);
}

static void check_edwards(size_t i, CK_MECHANISM m, struct key *pub, struct key *priv)
{
	const char *name = eddsa[i].name;
	struct bytes in = unhex(eddsa[i].in), sig = unhex(eddsa[i].sig);
	unsigned char out[128];
	CK_ULONG n = sizeof(out);

	CHECK(name, run(OP_SIGN, m, priv, in.data, in.len, out, &n) == CKR_OK);
	CHECK(name, is_hex(out, n, eddsa[i].sig));
	n = sizeof(out);
	CHECK(name, run_parts(OP_SIGN, m, priv, in.data, in.len, 1, out, &n) == CKR_OK);
	CHECK(name, is_hex(out, n, eddsa[i].sig));
	CHECK(name, verify(m, pub, in.data, in.len, sig.data, sig.len) == CKR_OK);
	CHECK(name, verify_parts(m, pub, in.data, in.len, 1, sig.data, sig.len) == CKR_OK);
	CHECK(name, verify(m, pub, in.data, in.len + 1, sig.data, sig.len) ==
	      CKR_SIGNATURE_INVALID);
	CHECK(name, verify(m, pub, in.data, in.len, sig.data, sig.len - 1) ==
	      CKR_SIGNATURE_LEN_RANGE);
	sig.data[3] ^= 1;
	CHECK(name, verify(m, pub, in.data, in.len, sig.data, sig.len) == CKR_SIGNATURE_INVALID);
}

static void test_eddsa(void)
{
	for (size_t i = 0; i < ARRAY_LEN(eddsa); i++) {
		struct key *pub = edwards_key(i, false), *priv = edwards_key(i, true);
		CK_EDDSA_PARAMS p = eddsa[i].p;
		CK_MECHANISM m = { CKM_EDDSA, eddsa[i].given ? &p : NULL, eddsa[i].given ?
				   sizeof(p) : 0 };

		CHECK(eddsa[i].name, pub != NULL && priv != NULL &&
		      EVP_PKEY_eq(pub->pkey, priv->pkey) == 1);
		if (OpenSSL_version_num() >= eddsa[i].since) {
			check_edwards(i, m, pub, priv);
		} else {
			/* Never ignored. */
			CHECK(eddsa[i].name, try_begin(OP_SIGN, m, priv) ==
			      CKR_MECHANISM_PARAM_INVALID);
			CHECK(eddsa[i].name, try_begin(OP_VERIFY, m, pub) ==
			      CKR_MECHANISM_PARAM_INVALID);
		}
		key_unref(pub);
		key_unref(priv);
	}
}

static void test_eddsa_params(void)
{
	static unsigned char rubbish[64];
	static CK_EDDSA_PARAMS flag = { 2, 0, NULL }, null = { CK_FALSE, 1, NULL }, wide =
		{ CK_FALSE, 256, rubbish };
	static CK_EDDSA_PARAMS endless = { CK_FALSE, (CK_ULONG)-1, rubbish };
	static const CK_MECHANISM bad[] = {
		{ CKM_EDDSA, rubbish, 1 },	      { CKM_EDDSA, NULL, 5 },
		{ CKM_EDDSA, NULL, sizeof(flag) },    { CKM_EDDSA, rubbish, sizeof(flag) + 1 },
		{ CKM_EDDSA, &flag, sizeof(flag) },   { CKM_EDDSA, &null, sizeof(null) },
		{ CKM_EDDSA, &wide, sizeof(wide) },   { CKM_EDDSA, &endless, sizeof(endless) },
		{ CKM_EDDSA, rubbish, (CK_ULONG)-1 },
	};
	struct key *priv = edwards_key(0, true);

	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		CU_ASSERT_EQUAL(try_begin(OP_SIGN, bad[i], priv), CKR_MECHANISM_PARAM_INVALID);
	key_unref(priv);
}

/* A Curve25519 key has the same key type in tokens of SoftHSM 2, but cannot sign. */
static void test_montgomery(void)
{
	static const struct hex_attr x25519[] =
		{ { CKA_EC_PARAMS, "06032b656e" }, { CKA_VALUE, ED25519_SEED }, { 0, NULL } };
	struct key *k = make_key(CKO_PRIVATE_KEY, CKK_EC_EDWARDS, x25519);
	CK_MECHANISM m = MECH(CKM_EDDSA);

	CU_ASSERT_PTR_NOT_NULL_FATAL(k);
	CU_ASSERT_EQUAL(try_begin(OP_SIGN, m, k), CKR_KEY_TYPE_INCONSISTENT);
	key_unref(k);
}

int main(void)
{
	static const struct unit_test tests[] = {
		UNIT_TEST(test_pairs),
		UNIT_TEST(test_refused),
		UNIT_TEST(test_curves),
		UNIT_TEST(test_narrow_numbers),
		UNIT_TEST(test_eddsa),
		UNIT_TEST(test_eddsa_params),
		UNIT_TEST(test_montgomery),
	};

	return CRYPTO_RUN("ecdsa", tests);
}
