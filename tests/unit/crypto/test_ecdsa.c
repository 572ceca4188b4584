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

/* The other digests: what a mechanism signs, the raw one verifies over the digest, and back. */
static void test_sha3(void)
{
	static const struct {
		CK_MECHANISM_TYPE digest, ecdsa, dsa;
	} rows[] = {
		{ CKM_SHA3_224, CKM_ECDSA_SHA3_224, CKM_DSA_SHA3_224 },
		{ CKM_SHA3_256, CKM_ECDSA_SHA3_256, CKM_DSA_SHA3_256 },
		{ CKM_SHA3_384, CKM_ECDSA_SHA3_384, CKM_DSA_SHA3_384 },
		{ CKM_SHA3_512, CKM_ECDSA_SHA3_512, CKM_DSA_SHA3_512 },
	};

	for (size_t i = 0; i < ARRAY_LEN(pairs); i++) {
		struct key *pub = make_key(CKO_PUBLIC_KEY, pairs[i].type, pairs[i].pub);
		struct key *priv = make_key(CKO_PRIVATE_KEY, pairs[i].type, pairs[i].priv);
		CK_MECHANISM raw = MECH(pairs[i].raw);

		for (size_t d = 0; d < ARRAY_LEN(rows); d++) {
			CK_MECHANISM digest = MECH(rows[d].digest);
			CK_MECHANISM hashed = MECH(pairs[i].type == CKK_DSA ? rows[d].dsa :
									      rows[d].ecdsa);
			unsigned char hash[64];
			CK_ULONG hash_len = sizeof(hash);

			CHECK(pairs[i].name, run(OP_DIGEST, digest, NULL, SAMPLE, 6, hash,
						 &hash_len) == CKR_OK);
			check_own(pairs[i].name, raw, hashed, pub, priv,
				  strlen(pairs[i].sigs[0]) / 2, hash, hash_len);
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

/* A group of 2048 and 256 bits, found from hashed seeds: more than the reference announces. */
#define WIDE_P \
	"882a20e6379eb83aecb916f4b9ea79c1e6c08a0d80f6ad1dc9a94217582460011f2e6d00279b4659" \
	"b6d6f1ad57e12568e4a50f80908af50d1e861001b2be2a3ba10e1d8b32f98c84d002bfa431e1d995" \
	"fef4856e0d133936982b59d550ce57f8af9599acf20870a4b63cf7389bc164c439ecceca9151756e" \
	"b2dd36a96368253d04cd1c6d463ba6752ff68f9125991b1c4af983ae355b62366122ba2d47eee3b2" \
	"63540692485e9982808a3ad2d9eda3ef9f9b6b45ea3d491ee894cc3f0b7579e9ac3d4b0bb4df327d" \
	"d5710a5d34c2e603f24f8a3ec2c916e5387afd0c746505f6af5de686343495320f9c9796d743e8b3" \
	"08ae41478f424c98eedee40c4d68e6c9"
#define WIDE_Q \
	"d98ef49a7788d78f0492028759b34a721d827d1c2ca22b6f688e6570fdc1568f"
#define WIDE_G \
	"197e9d061e3b4d32faf0fac30c6b2e5606a660f5fc4aca45005a1e53ce57d67f60f68366287b7851" \
	"2fc3b6e4670306378281ca541df4d15a59e4606b79d1a8e79219ce9eb0380d75851acd54a3f60c67" \
	"87a8922410c764a48600415883370dffb9896a98cde2b652805e9c64e74f88114348a24c4c0a6eac" \
	"930e07668664ac80955f0179e8a512a2b9b223e5d8ba324e974749298c0f436fa4da08c3c8191d81" \
	"ea6b7f41abda1603285d574e92e58f07d9d4cca24b16e000b8aeb6363d1d7daacf34799908f05173" \
	"db7f03c2898dea0fb5ed8be7ab5138552d74938c787edd97cc29f044edb47b02940294aa4992f158" \
	"391df86243a228e963c8769fe8256b7c"
#define WIDE_X \
	"0094f825b2bbc32dd8d196367fa8776873069c12a8954d8da7513aa7704ddd09"
#define WIDE_Y \
	"2e1540b6262cd260e84421c830b793916cca00587151c26e4773918d5c7b28dd1fdf1a09d5f83c36" \
	"3eeb178efae19026bcb36289043b42fc0b77176cde8b4cf73a400102569399a2f4e3dac0deb4597d" \
	"d3b107f5419cc4ee3b04da98daff1bd0abee9c458058c7cc0a0fec3ce98ffbf01c738e4ad1a010c3" \
	"d3c611e3e3d28139a2885bb7cb77e850e349199b7e9f6d871451ffcdba8fdb8739e88fbc39a26aab" \
	"14b5a184dc84620e5d2e95dd1bedd2692ecb5944354f7b2d50013fd488401c08cb581c43275d4b85" \
	"7f2bb048a3577d584524dc6337a638a23294ebbf7c0e506fe929422588e33362f430a7dc1dccfdfd" \
	"3ae9c1cb9b540fdd0d4b4378db0717db"

static void test_wide_dsa(void)
{
#define WIDE_DOMAIN { CKA_PRIME, WIDE_P }, { CKA_SUBPRIME, WIDE_Q }, { CKA_BASE, WIDE_G }
	static const struct hex_attr pub_parts[] = { WIDE_DOMAIN, { CKA_VALUE, WIDE_Y },
						     { 0, NULL } };
	static const struct hex_attr priv_parts[] = { WIDE_DOMAIN, { CKA_VALUE, WIDE_X },
						      { 0, NULL } };
	struct key *pub = make_key(CKO_PUBLIC_KEY, CKK_DSA, pub_parts);
	struct key *priv = make_key(CKO_PRIVATE_KEY, CKK_DSA, priv_parts);
	CK_MECHANISM m = MECH(CKM_DSA_SHA256);
	unsigned char sig[64];
	CK_ULONG n = sizeof(sig);

	CU_ASSERT_FATAL(pub != NULL && priv != NULL);
	CU_ASSERT_TRUE(pub->size <= mech_find(CKM_DSA_SHA256)->max);
	CU_ASSERT_EQUAL(run_parts(OP_SIGN, m, priv, SAMPLE, 6, 4, sig, &n), CKR_OK);
	CU_ASSERT_EQUAL(n, 64);
	CU_ASSERT_EQUAL(verify_parts(m, pub, SAMPLE, 6, 5, sig, n), CKR_OK);
	CU_ASSERT_EQUAL(verify(m, pub, "Sample", 6, sig, n), CKR_SIGNATURE_INVALID);
	key_unref(pub);
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
		UNIT_TEST(test_sha3),
		UNIT_TEST(test_refused),
		UNIT_TEST(test_curves),
		UNIT_TEST(test_narrow_numbers),
		UNIT_TEST(test_eddsa),
		UNIT_TEST(test_eddsa_params),
		UNIT_TEST(test_wide_dsa),
		UNIT_TEST(test_montgomery),
	};

	return CRYPTO_RUN("ecdsa", tests);
}
