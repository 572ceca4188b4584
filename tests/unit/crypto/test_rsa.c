/* RSA: signatures and encryption with every padding. */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "crypto/ossl/ossl.h"
#include "unit/crypto_util.h"
#include "unit/rsa_vectors.h"
#include "unit/unit.h"

#define BYTES 128

static struct key *pub, *priv, *slow;	/* slow: without its CRT parts and its public exponent */

static void load_keys(void)
{
	static const struct hex_attr public_parts[] =
		{ { CKA_MODULUS, RSA_N }, { CKA_PUBLIC_EXPONENT, RSA_E }, { 0, NULL } };
	static const struct hex_attr private_parts[] = {
		{ CKA_MODULUS, RSA_N },	  { CKA_PUBLIC_EXPONENT, RSA_E },
			{ CKA_PRIVATE_EXPONENT, RSA_D },
		{ CKA_PRIME_1, RSA_P },	  { CKA_PRIME_2, RSA_Q },	  { CKA_EXPONENT_1,
				RSA_DP },
		{ CKA_EXPONENT_2, RSA_DQ }, { CKA_COEFFICIENT, RSA_QINV }, { 0, NULL } };
	static const struct hex_attr slow_parts[] =
		{ { CKA_MODULUS, RSA_N }, { CKA_PRIVATE_EXPONENT, RSA_D }, { 0, NULL } };

	pub = make_key(CKO_PUBLIC_KEY, CKK_RSA, public_parts);
	priv = make_key(CKO_PRIVATE_KEY, CKK_RSA, private_parts);
	slow = make_key(CKO_PRIVATE_KEY, CKK_RSA, slow_parts);
	CU_ASSERT_FATAL(pub != NULL && priv != NULL && slow != NULL);
}

static void drop_keys(void)
{
	key_unref(pub);
	key_unref(priv);
	key_unref(slow);
}

/* Signatures that are the same every time. */
static const struct {
	const char *name;
	CK_MECHANISM_TYPE type;
	const char *in;
	const char *sig;
	bool hashed;
} fixed[] = {
	{ "MD5", CKM_MD5_RSA_PKCS, RSA_MESSAGE, PKCS1_MD5, true },
	{ "SHA-1", CKM_SHA1_RSA_PKCS, RSA_MESSAGE, PKCS1_SHA1, true },
	{ "SHA-224", CKM_SHA224_RSA_PKCS, RSA_MESSAGE, PKCS1_SHA224, true },
	{ "SHA-256", CKM_SHA256_RSA_PKCS, RSA_MESSAGE, PKCS1_SHA256, true },
	{ "SHA-384", CKM_SHA384_RSA_PKCS, RSA_MESSAGE, PKCS1_SHA384, true },
	{ "SHA-512", CKM_SHA512_RSA_PKCS, RSA_MESSAGE, PKCS1_SHA512, true },
	{ "SHA3-224", CKM_SHA3_224_RSA_PKCS, RSA_MESSAGE, PKCS1_SHA3_224, true },
	{ "SHA3-256", CKM_SHA3_256_RSA_PKCS, RSA_MESSAGE, PKCS1_SHA3_256, true },
	{ "SHA3-384", CKM_SHA3_384_RSA_PKCS, RSA_MESSAGE, PKCS1_SHA3_384, true },
	{ "SHA3-512", CKM_SHA3_512_RSA_PKCS, RSA_MESSAGE, PKCS1_SHA3_512, true },
	{ "RIPEMD-160", CKM_RIPEMD160_RSA_PKCS, RSA_MESSAGE, PKCS1_RIPEMD160, true },
	{ "PKCS#1", CKM_RSA_PKCS, "short", PKCS1_RAW, false },
	{ "PKCS#1, nothing", CKM_RSA_PKCS, "", PKCS1_EMPTY, false },
	{ "X.509", CKM_RSA_X_509, "short", RAW_SHORT, false },
};

static void check_signature(const char *name, CK_MECHANISM m, const char *in, const char *sig_hex,
			    bool hashed)
{
	struct bytes sig = unhex(sig_hex);
	size_t len = strlen(in);

	CHECK(name, verify(m, pub, in, len, sig.data, sig.len) == CKR_OK);
	CHECK(name, verify(m, pub, in, len, sig.data, sig.len - 1) == CKR_SIGNATURE_LEN_RANGE);
	CHECK(name, verify(m, pub, in, len, sig.data, 0) == CKR_SIGNATURE_LEN_RANGE);
	if (hashed)
		CHECK(name, verify_parts(m, pub, in, len, 3, sig.data, sig.len) == CKR_OK);
	else
		CHECK(name, verify_parts(m, pub, in, len, 3, sig.data, sig.len) ==
		      CKR_OPERATION_NOT_INITIALIZED);
	sig.data[sig.len / 2] ^= 1;
	CHECK(name, verify(m, pub, in, len, sig.data, sig.len) == CKR_SIGNATURE_INVALID);
	memset(sig.data, 0xff, sig.len);
	CHECK(name, verify(m, pub, in, len, sig.data, sig.len) == CKR_SIGNATURE_INVALID);
	memset(sig.data, 0, sig.len);
	CHECK(name, verify(m, pub, in, len, sig.data, sig.len) ==
			    (m.mechanism == CKM_RSA_X_509 && len == 0 ? CKR_OK :
			     CKR_SIGNATURE_INVALID));
}

static void test_fixed(void)
{
	load_keys();
	for (size_t i = 0; i < ARRAY_LEN(fixed); i++) {
		CK_MECHANISM m = MECH(fixed[i].type);
		struct key *const keys[] = { priv, slow };

		for (size_t k = 0; k < ARRAY_LEN(keys); k++) {
			unsigned char out[BYTES];
			CK_ULONG n = sizeof(out);

			CHECK(fixed[i].name,
			      run(OP_SIGN, m, keys[k], fixed[i].in, strlen(fixed[i].in), out, &n) ==
				      CKR_OK);
			CHECK(fixed[i].name, is_hex(out, n, fixed[i].sig));
			n = sizeof(out);
			if (fixed[i].hashed)
				CHECK(fixed[i].name, run_parts(OP_SIGN, m, keys[k], fixed[i].in,
							       strlen(fixed[i].in), 4, out, &n) ==
									       CKR_OK);
			CHECK(fixed[i].name, is_hex(out, n, fixed[i].sig));
		}
		check_signature(fixed[i].name, m, fixed[i].in, fixed[i].sig, fixed[i].hashed);
	}
	drop_keys();
}

/*
 * PSS: one row a combination of digest, mask digest and salt. raw: the hash is signed with
 * CKM_RSA_PKCS_PSS too.
 */
static const struct {
	const char *name;
	CK_MECHANISM_TYPE type;
	CK_MECHANISM_TYPE digest;
	CK_RSA_PKCS_PSS_PARAMS p;
	const char *sig;
} pss[] = {
	{ "SHA-1", CKM_SHA1_RSA_PKCS_PSS, CKM_SHA_1, { CKM_SHA_1, CKG_MGF1_SHA1, 20 },
	  PSS_SHA1_20 },
	{ "SHA-224", CKM_SHA224_RSA_PKCS_PSS, CKM_SHA224, { CKM_SHA224, CKG_MGF1_SHA224, 28 },
	  PSS_SHA224_28 },
	{ "SHA-256", CKM_SHA256_RSA_PKCS_PSS, CKM_SHA256, { CKM_SHA256, CKG_MGF1_SHA256, 32 },
	  PSS_SHA256_32 },
	{ "no salt", CKM_SHA256_RSA_PKCS_PSS, CKM_SHA256, { CKM_SHA256, CKG_MGF1_SHA256, 0 },
	  PSS_SHA256_0 },
	{ "longest salt", CKM_SHA256_RSA_PKCS_PSS, CKM_SHA256, { CKM_SHA256, CKG_MGF1_SHA256, 94 },
	  PSS_SHA256_MAX },
	{ "SHA-384", CKM_SHA384_RSA_PKCS_PSS, CKM_SHA384, { CKM_SHA384, CKG_MGF1_SHA384, 48 },
	  PSS_SHA384_48 },
	{ "SHA-512", CKM_SHA512_RSA_PKCS_PSS, CKM_SHA512, { CKM_SHA512, CKG_MGF1_SHA512, 62 },
	  PSS_SHA512_62 },
	{ "mask with SHA-1", CKM_SHA256_RSA_PKCS_PSS, CKM_SHA256, { CKM_SHA256, CKG_MGF1_SHA1, 32 },
	  PSS_SHA256_MGF1 },
	{ "SHA3-224", CKM_SHA3_224_RSA_PKCS_PSS, CKM_SHA3_224,
	  { CKM_SHA3_224, CKG_MGF1_SHA3_224, 28 }, PSS_SHA3_224_28 },
	{ "SHA3-256, mask SHA3-384", CKM_SHA3_256_RSA_PKCS_PSS, CKM_SHA3_256,
	  { CKM_SHA3_256, CKG_MGF1_SHA3_384, 32 }, PSS_SHA3_256_32 },
	{ "SHA3-384, mask SHA3-256", CKM_SHA3_384_RSA_PKCS_PSS, CKM_SHA3_384,
	  { CKM_SHA3_384, CKG_MGF1_SHA3_256, 48 }, PSS_SHA3_384_48 },
	{ "SHA3-512", CKM_SHA3_512_RSA_PKCS_PSS, CKM_SHA3_512,
	  { CKM_SHA3_512, CKG_MGF1_SHA3_512, 62 }, PSS_SHA3_512_62 },
};

static void test_pss(void)
{
	load_keys();
	for (size_t i = 0; i < ARRAY_LEN(pss); i++) {
		CK_RSA_PKCS_PSS_PARAMS p = pss[i].p, wrong = pss[i].p;
		CK_MECHANISM hashed = MECH_WITH(pss[i].type, &p), raw =
			MECH_WITH(CKM_RSA_PKCS_PSS, &p);
		CK_MECHANISM other = MECH_WITH(pss[i].type, &wrong), digest = MECH(pss[i].digest);
		unsigned char sig[BYTES], hash[64];
		CK_ULONG n = sizeof(sig), hash_len = sizeof(hash);

		check_signature(pss[i].name, hashed, RSA_MESSAGE, pss[i].sig, true);
		CHECK(pss[i].name, run(OP_DIGEST, digest, NULL, RSA_MESSAGE, strlen(RSA_MESSAGE),
				       hash, &hash_len) == CKR_OK);
		/* What one makes the other takes. */
		CHECK(pss[i].name, run(OP_SIGN, raw, priv, hash, hash_len, sig, &n) == CKR_OK &&
		      n == BYTES);
		CHECK(pss[i].name, verify(hashed, pub, RSA_MESSAGE, strlen(RSA_MESSAGE), sig, n) ==
		      CKR_OK);
		n = sizeof(sig);
		CHECK(pss[i].name,
		      run_parts(OP_SIGN, hashed, slow, RSA_MESSAGE, strlen(RSA_MESSAGE), 5, sig,
				&n) == CKR_OK);
		CHECK(pss[i].name, verify(raw, pub, hash, hash_len, sig, n) == CKR_OK);
		/* The salt's length is part of what is verified. */
		wrong.sLen = wrong.sLen > 0 ? wrong.sLen - 1 : 1;
		CHECK(pss[i].name, verify(other, pub, RSA_MESSAGE, strlen(RSA_MESSAGE), sig, n) ==
		      CKR_SIGNATURE_INVALID);
		/* The raw mechanism wants a hash, and at once. */
		CHECK(pss[i].name, run(OP_SIGN, raw, priv, hash, hash_len - 1, sig, &n) ==
		      CKR_DATA_LEN_RANGE);
		CHECK(pss[i].name, verify(raw, pub, hash, hash_len - 1, sig, n) ==
		      CKR_DATA_LEN_RANGE);
	}
	drop_keys();
}

/* Parameters that are refused, or not, at Init. A NULL pointer goes with params of length 0. */
static unsigned char label[] = "label";

static const struct {
	const char *name;
	CK_MECHANISM_TYPE type;
	CK_RSA_PKCS_PSS_PARAMS pss;
	CK_RSA_PKCS_OAEP_PARAMS oaep;
	CK_RV expected;
} params[] = {
#define BAD_PARAM CKR_MECHANISM_PARAM_INVALID
	{ "PSS raw, SHA-256", CKM_RSA_PKCS_PSS, { CKM_SHA256, CKG_MGF1_SHA256, 32 }, { 0 },
	  CKR_OK },
	{ "PSS, salt too long", CKM_RSA_PKCS_PSS, { CKM_SHA256, CKG_MGF1_SHA256, 95 }, { 0 },
	  BAD_PARAM },
	{ "PSS, endless salt", CKM_RSA_PKCS_PSS, { CKM_SHA256, CKG_MGF1_SHA256, (CK_ULONG)-1 },
	  { 0 }, BAD_PARAM },
	{ "PSS, MD5", CKM_RSA_PKCS_PSS, { CKM_MD5, CKG_MGF1_SHA1, 16 }, { 0 }, BAD_PARAM },
	{ "PSS raw, SHA-512/224", CKM_RSA_PKCS_PSS, { CKM_SHA512_224, CKG_MGF1_SHA512, 28 }, { 0 },
	  CKR_OK },
	{ "PSS, RIPEMD-160", CKM_RSA_PKCS_PSS, { CKM_RIPEMD160, CKG_MGF1_SHA1, 20 }, { 0 },
	  BAD_PARAM },
	{ "PSS, SHA-2 for SHA-3", CKM_SHA3_256_RSA_PKCS_PSS, { CKM_SHA256, CKG_MGF1_SHA3_256, 32 },
	  { 0 }, BAD_PARAM },
	{ "PSS, no digest", CKM_RSA_PKCS_PSS, { CKM_RSA_PKCS, CKG_MGF1_SHA1, 20 }, { 0 },
	  BAD_PARAM },
	{ "PSS, mask 0", CKM_RSA_PKCS_PSS, { CKM_SHA_1, 0, 20 }, { 0 }, BAD_PARAM },
	{ "PSS, mask 99", CKM_RSA_PKCS_PSS, { CKM_SHA_1, 99, 20 }, { 0 }, BAD_PARAM },
	{ "PSS, other digest", CKM_SHA256_RSA_PKCS_PSS, { CKM_SHA_1, CKG_MGF1_SHA1, 20 }, { 0 },
	  BAD_PARAM },
	{ "OAEP", CKM_RSA_PKCS_OAEP, { 0 }, { CKM_SHA_1, CKG_MGF1_SHA1, CKZ_DATA_SPECIFIED, NULL,
					      0 }, CKR_OK },
	{ "OAEP, source 0", CKM_RSA_PKCS_OAEP, { 0 }, { CKM_SHA256, CKG_MGF1_SHA256, 0, NULL, 0 },
	  CKR_OK },
	{ "OAEP, label", CKM_RSA_PKCS_OAEP, { 0 },
	  { CKM_SHA256, CKG_MGF1_SHA1, CKZ_DATA_SPECIFIED, label, 5 }, CKR_OK },
	{ "OAEP, empty label", CKM_RSA_PKCS_OAEP, { 0 },
	  { CKM_SHA256, CKG_MGF1_SHA1, CKZ_DATA_SPECIFIED, label, 0 }, CKR_OK },
	{ "OAEP, label without source", CKM_RSA_PKCS_OAEP, { 0 },
	  { CKM_SHA256, CKG_MGF1_SHA256, 0, label, 5 }, BAD_PARAM },
	{ "OAEP, NULL label", CKM_RSA_PKCS_OAEP, { 0 },
	  { CKM_SHA256, CKG_MGF1_SHA256, CKZ_DATA_SPECIFIED, NULL, 5 }, BAD_PARAM },
	{ "OAEP, source 2", CKM_RSA_PKCS_OAEP, { 0 }, { CKM_SHA256, CKG_MGF1_SHA256, 2, NULL, 0 },
	  BAD_PARAM },
	{ "OAEP, MD5", CKM_RSA_PKCS_OAEP, { 0 },
	  { CKM_MD5, CKG_MGF1_SHA1, CKZ_DATA_SPECIFIED, NULL, 0 }, BAD_PARAM },
	{ "OAEP, mask 0", CKM_RSA_PKCS_OAEP, { 0 }, { CKM_SHA_1, 0, CKZ_DATA_SPECIFIED, NULL, 0 },
	  BAD_PARAM },
	{ "OAEP, key too small", CKM_RSA_PKCS_OAEP, { 0 },
	  { CKM_SHA512, CKG_MGF1_SHA512, CKZ_DATA_SPECIFIED, NULL, 0 }, CKR_KEY_SIZE_RANGE },
};

static void test_params(void)
{
	load_keys();
	for (size_t i = 0; i < ARRAY_LEN(params); i++) {
		bool oaep = params[i].type == CKM_RSA_PKCS_OAEP;
		enum op_kind one = oaep ? OP_ENCRYPT : OP_SIGN, two = oaep ? OP_DECRYPT : OP_VERIFY;
		size_t len = oaep ? sizeof(params[i].oaep) : sizeof(params[i].pss);
		/* At an odd address, and in memory that ends right behind it. */
		unsigned char *odd = malloc(len + 1);
		CK_MECHANISM m = { params[i].type, odd + 1, len };

		CU_ASSERT_PTR_NOT_NULL_FATAL(odd);
		memcpy(odd + 1, oaep ? (const void *)&params[i].oaep : (const void *)&params[i].pss,
		       len);
		CHECK(params[i].name, try_begin(one, m, oaep ? pub : priv) == params[i].expected);
		CHECK(params[i].name, try_begin(two, m, oaep ? priv : pub) == params[i].expected);
		m.ulParameterLen--;
		CHECK(params[i].name, try_begin(one, m, oaep ? pub : priv) == BAD_PARAM);
		m = (CK_MECHANISM){ params[i].type, NULL, len };
		CHECK(params[i].name, try_begin(one, m, oaep ? pub : priv) == BAD_PARAM);
		m.ulParameterLen = 0;
		CHECK(params[i].name, try_begin(one, m, oaep ? pub : priv) == BAD_PARAM);
		m = (CK_MECHANISM){ params[i].type, odd + 1, (CK_ULONG)-1 };
		CHECK(params[i].name, try_begin(one, m, oaep ? pub : priv) == BAD_PARAM);
		free(odd);
	}
	drop_keys();
}

static void test_no_params(void)
{
	static const CK_MECHANISM_TYPE types[] =
		{ CKM_RSA_PKCS, CKM_RSA_X_509, CKM_SHA256_RSA_PKCS };

	load_keys();
	for (size_t i = 0; i < ARRAY_LEN(types); i++) {
		CK_MECHANISM some = { types[i], label, 5 }, none = { types[i], label, 0 }, null =
			{ types[i], NULL, 5 };

		CU_ASSERT_EQUAL(try_begin(OP_SIGN, some, priv), BAD_PARAM);
		CU_ASSERT_EQUAL(try_begin(OP_SIGN, null, priv), BAD_PARAM);
		CU_ASSERT_EQUAL(try_begin(OP_SIGN, none, priv), CKR_OK);
	}
	drop_keys();
}

static const struct {
	const char *name;
	CK_MECHANISM_TYPE type;
	CK_RSA_PKCS_OAEP_PARAMS p;
	const char *cipher;
	size_t max;		/* the longest plaintext */
} ciphers[] = {
	{ "PKCS#1", CKM_RSA_PKCS, { 0 }, PKCS1_CIPHER, 117 },
	{ "OAEP SHA-1", CKM_RSA_PKCS_OAEP, { CKM_SHA_1, CKG_MGF1_SHA1, CKZ_DATA_SPECIFIED, NULL,
					     0 }, OAEP_SHA1, 86 },
	{ "OAEP SHA-256", CKM_RSA_PKCS_OAEP, { CKM_SHA256, CKG_MGF1_SHA256, 0, NULL, 0 },
	  OAEP_SHA256, 62 },
	{ "OAEP SHA-256, mask SHA-1", CKM_RSA_PKCS_OAEP,
	  { CKM_SHA256, CKG_MGF1_SHA1, CKZ_DATA_SPECIFIED, NULL, 0 },
	  OAEP_SHA256_MGF1, 62 },
	{ "OAEP label", CKM_RSA_PKCS_OAEP, { CKM_SHA_1, CKG_MGF1_SHA1, CKZ_DATA_SPECIFIED, label,
					     5 }, OAEP_SHA1_LABEL, 86 },
	{ "OAEP SHA-384, mask SHA-512, label of a zero", CKM_RSA_PKCS_OAEP,
	  { CKM_SHA384, CKG_MGF1_SHA512, CKZ_DATA_SPECIFIED, label + 5, 1 }, OAEP_SHA384_MGF512,
		  30 },
	{ "OAEP SHA3-256, mask SHA3-512", CKM_RSA_PKCS_OAEP,
	  { CKM_SHA3_256, CKG_MGF1_SHA3_512, CKZ_DATA_SPECIFIED, NULL, 0 }, OAEP_SHA3_256, 62 },
	{ "OAEP SHA-512/256, mask SHA3-224, label", CKM_RSA_PKCS_OAEP,
	  { CKM_SHA512_256, CKG_MGF1_SHA3_224, CKZ_DATA_SPECIFIED, label, 5 }, OAEP_SHA512_256,
	  62 },
};

static CK_MECHANISM cipher_mechanism(size_t i, CK_RSA_PKCS_OAEP_PARAMS *p)
{
	CK_MECHANISM m = { ciphers[i].type, NULL, 0 };

	*p = ciphers[i].p;
	if (m.mechanism == CKM_RSA_PKCS_OAEP) {
		m.pParameter = p;
		m.ulParameterLen = sizeof(*p);
	}
	return m;
}

static void test_ciphers(void)
{
	load_keys();
	for (size_t i = 0; i < ARRAY_LEN(ciphers); i++) {
		struct bytes c = unhex(ciphers[i].cipher);
		CK_RSA_PKCS_OAEP_PARAMS p;
		CK_MECHANISM m = cipher_mechanism(i, &p);
		unsigned char out[BYTES], in[BYTES], back[BYTES];
		CK_ULONG n = sizeof(out);

		CHECK(ciphers[i].name, run(OP_DECRYPT, m, priv, c.data, c.len, out, &n) == CKR_OK);
		CHECK(ciphers[i].name, n == 6 && memcmp(out, "secret", 6) == 0);
		/* Less room than the modulus, but enough. */
		n = 6;
		CHECK(ciphers[i].name, run(OP_DECRYPT, m, slow, c.data, c.len, out, &n) == CKR_OK &&
		      n == 6);
		n = 5;
		CHECK(ciphers[i].name,
		      run(OP_DECRYPT, m, priv, c.data, c.len, out, &n) == CKR_BUFFER_TOO_SMALL &&
			      n == 6);
		CHECK(ciphers[i].name,
		      run(OP_DECRYPT, m, priv, c.data, c.len - 1, out, &n) ==
			      CKR_ENCRYPTED_DATA_LEN_RANGE);
		memset(in, 0x5a, sizeof(in));
		n = sizeof(out);
		CHECK(ciphers[i].name, run(OP_ENCRYPT, m, pub, in, ciphers[i].max, out, &n) ==
		      CKR_OK && n == BYTES);
		n = sizeof(back);
		CHECK(ciphers[i].name, run(OP_DECRYPT, m, priv, out, BYTES, back, &n) == CKR_OK);
		CHECK(ciphers[i].name, n == ciphers[i].max && memcmp(in, back, n) == 0);
		n = sizeof(out);
		CHECK(ciphers[i].name,
		      run(OP_ENCRYPT, m, pub, in, ciphers[i].max + 1, out, &n) ==
			      CKR_DATA_LEN_RANGE);
		/* Nothing at all can be encrypted, too. */
		n = sizeof(out);
		CHECK(ciphers[i].name, run(OP_ENCRYPT, m, pub, NULL, 0, out, &n) == CKR_OK);
		n = sizeof(back);
		CHECK(ciphers[i].name, run(OP_DECRYPT, m, priv, out, BYTES, back, &n) == CKR_OK &&
		      n == 0);
	}
	drop_keys();
}

/* Ciphertexts made for one row do not open with the parameters of another. */
static void test_oaep_mismatch(void)
{
	load_keys();
	for (size_t i = 1; i < ARRAY_LEN(ciphers); i++) {
		for (size_t k = 1; k < ARRAY_LEN(ciphers); k++) {
			struct bytes c = unhex(ciphers[k].cipher);
			CK_RSA_PKCS_OAEP_PARAMS p;
			CK_MECHANISM m = cipher_mechanism(i, &p);
			unsigned char out[BYTES];
			CK_ULONG n = sizeof(out);

			CHECK(ciphers[i].name, run(OP_DECRYPT, m, priv, c.data, c.len, out, &n) ==
						       (i == k ? CKR_OK :
							CKR_ENCRYPTED_DATA_INVALID));
		}
	}
	drop_keys();
}

/*
 * OpenSSL before 3.2 reports a bad padding; later it answers with random bytes, which differ with
 * the ciphertext.
 */
static void test_bad_padding(void)
{
	struct bytes c = unhex(PKCS1_CIPHER_BAD);
	CK_MECHANISM m = MECH(CKM_RSA_PKCS);
	unsigned char out[BYTES];
	CK_ULONG n = sizeof(out);
	CK_RV rv;

	load_keys();
	rv = run(OP_DECRYPT, m, priv, c.data, c.len, out, &n);
	CU_ASSERT(rv == CKR_ENCRYPTED_DATA_INVALID || rv == CKR_OK);
	drop_keys();
}

static void test_raw(void)
{
	CK_MECHANISM m = MECH(CKM_RSA_X_509);
	struct bytes c = unhex(RAW_CIPHER), n = unhex(RSA_N), over = unhex("00" RSA_N);
	unsigned char out[BYTES], small[BYTES];
	CK_ULONG len = sizeof(out);

	load_keys();
	CU_ASSERT_EQUAL(run(OP_DECRYPT, m, priv, c.data, c.len, out, &len), CKR_OK);
	CU_ASSERT_EQUAL(len, BYTES);
	CU_ASSERT_EQUAL(memcmp(out + BYTES - 6, "secret", 6), 0);
	CU_ASSERT_EQUAL(out[0], 0);
	CU_ASSERT_EQUAL(run(OP_ENCRYPT, m, pub, "secret", 6, small, &len), CKR_OK);
	CU_ASSERT_TRUE(is_hex(small, len, RAW_CIPHER));
	/* The number must be below the modulus, and its bytes no more than the modulus has. */
	CU_ASSERT_EQUAL(run(OP_ENCRYPT, m, pub, n.data, n.len, out, &len), CKR_DATA_INVALID);
	CU_ASSERT_EQUAL(run(OP_ENCRYPT, m, pub, over.data, over.len, out, &len),
			CKR_DATA_LEN_RANGE);
	CU_ASSERT_EQUAL(run(OP_SIGN, m, priv, n.data, n.len, out, &len), CKR_DATA_INVALID);
	CU_ASSERT_EQUAL(run(OP_SIGN, m, priv, over.data, over.len, out, &len), CKR_DATA_LEN_RANGE);
	CU_ASSERT_EQUAL(run(OP_DECRYPT, m, priv, n.data, n.len, out, &len),
			CKR_ENCRYPTED_DATA_INVALID);
	CU_ASSERT_EQUAL(run(OP_DECRYPT, m, priv, over.data, over.len, out, &len),
			CKR_ENCRYPTED_DATA_LEN_RANGE);
	CU_ASSERT_EQUAL(run(OP_DECRYPT, m, priv, "secret", 6, out, &len),
			CKR_ENCRYPTED_DATA_LEN_RANGE);
	CU_ASSERT_EQUAL(verify(m, pub, over.data, over.len, c.data, c.len), CKR_DATA_LEN_RANGE);
	n.data[BYTES - 1] -= 1;
	CU_ASSERT_EQUAL(run(OP_SIGN, m, priv, n.data, n.len, out, &len), CKR_OK);
	CU_ASSERT_EQUAL(verify(m, pub, n.data, n.len, out, len), CKR_OK);
	drop_keys();
}

static void test_data_length(void)
{
	CK_MECHANISM m = MECH(CKM_RSA_PKCS);
	unsigned char in[BYTES] = { 1 }, out[BYTES];
	CK_ULONG n = sizeof(out);

	load_keys();
	CU_ASSERT_EQUAL(run(OP_SIGN, m, priv, in, 117, out, &n), CKR_OK);
	CU_ASSERT_EQUAL(verify(m, pub, in, 117, out, n), CKR_OK);
	CU_ASSERT_EQUAL(verify(m, pub, in, 116, out, n), CKR_SIGNATURE_INVALID);
	CU_ASSERT_EQUAL(run(OP_SIGN, m, priv, in, 118, out, &n), CKR_DATA_LEN_RANGE);
	CU_ASSERT_EQUAL(verify(m, pub, in, 118, out, n), CKR_DATA_LEN_RANGE);
	n = BYTES - 1;
	CU_ASSERT_EQUAL(run(OP_SIGN, m, priv, in, 10, out, &n), CKR_BUFFER_TOO_SMALL);
	CU_ASSERT_EQUAL(n, BYTES);
	drop_keys();
}

static void test_wrong_keys(void)
{
	CK_MECHANISM m = MECH(CKM_RSA_PKCS);

	load_keys();
	CU_ASSERT_EQUAL(try_begin(OP_SIGN, m, pub), CKR_KEY_TYPE_INCONSISTENT);
	CU_ASSERT_EQUAL(try_begin(OP_DECRYPT, m, pub), CKR_KEY_TYPE_INCONSISTENT);
	CU_ASSERT_EQUAL(try_begin(OP_VERIFY, m, priv), CKR_KEY_TYPE_INCONSISTENT);
	CU_ASSERT_EQUAL(try_begin(OP_ENCRYPT, m, priv), CKR_KEY_TYPE_INCONSISTENT);
	drop_keys();
}

/* Sizes that are not whole bytes, the smallest, and one below it. */
static void test_odd_sizes(void)
{
	static const struct {
		const char *name;
		CK_ULONG bits;
		CK_MECHANISM_TYPE type;
		CK_RSA_PKCS_PSS_PARAMS p;
		CK_RV expected;
	} rows[] = {
		{ "512, SHA-256", 512, CKM_SHA256_RSA_PKCS, { 0 }, CKR_OK },
		{ "512, SHA-384", 512, CKM_SHA384_RSA_PKCS, { 0 }, CKR_KEY_SIZE_RANGE },
		{ "512, PSS SHA-256, 30", 512, CKM_SHA256_RSA_PKCS_PSS,
		  { CKM_SHA256, CKG_MGF1_SHA256, 30 }, CKR_OK },
		{ "512, PSS SHA-256, 31", 512, CKM_SHA256_RSA_PKCS_PSS,
		  { CKM_SHA256, CKG_MGF1_SHA256, 31 }, BAD_PARAM },
		{ "512, PSS SHA-512", 512, CKM_SHA512_RSA_PKCS_PSS,
		  { CKM_SHA512, CKG_MGF1_SHA512, 0 }, BAD_PARAM },
		{ "513, PSS SHA-256, 30", 513, CKM_SHA256_RSA_PKCS_PSS,
		  { CKM_SHA256, CKG_MGF1_SHA256, 30 }, CKR_OK },
		{ "514, PSS SHA-256, 31", 514, CKM_SHA256_RSA_PKCS_PSS,
		  { CKM_SHA256, CKG_MGF1_SHA256, 31 }, CKR_OK },
		{ "1025, SHA-512", 1025, CKM_SHA512_RSA_PKCS, { 0 }, CKR_OK },
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		CK_RSA_PKCS_PSS_PARAMS p = rows[i].p;
		CK_MECHANISM m = { rows[i].type, p.hashAlg != 0 ? &p : NULL, p.hashAlg != 0 ?
				   sizeof(p) : 0 };
		struct attrset *wish = attrset_new(false);
		struct key *a = NULL, *b = NULL;
		unsigned char sig[256];
		CK_ULONG n = sizeof(sig);

		CHECK(rows[i].name, attrset_set_number(wish, CKA_MODULUS_BITS, rows[i].bits) ==
		      CKR_OK);
		make_pair(CKM_RSA_PKCS_KEY_PAIR_GEN, wish, &a, &b);
		CHECK(rows[i].name, run(OP_SIGN, m, b, "abc", 3, sig, &n) == rows[i].expected);
		CHECK(rows[i].name, rows[i].expected != CKR_OK || n == (rows[i].bits + 7) / 8);
		CHECK(rows[i].name, rows[i].expected != CKR_OK || verify(m, a, "abc", 3, sig, n) ==
		      CKR_OK);
		key_unref(a);
		key_unref(b);
		attrset_free(wish);
	}
}

static void test_small_key(void)
{
	static const struct hex_attr parts[] =
		{ { CKA_MODULUS, RSA_P }, { CKA_PUBLIC_EXPONENT, "03" }, { 0, NULL } };
	static const struct hex_attr tiny[] = { { CKA_MODULUS, "7fffffffff" },
						{ CKA_PUBLIC_EXPONENT, "03" }, { 0, NULL } };
	CK_MECHANISM m = MECH(CKM_RSA_PKCS);
	struct key *a = make_key(CKO_PUBLIC_KEY, CKK_RSA, parts), *b =
		make_key(CKO_PUBLIC_KEY, CKK_RSA, tiny);

	CU_ASSERT_EQUAL(try_begin(OP_ENCRYPT, m, a), CKR_OK);
	CU_ASSERT_EQUAL(try_begin(OP_ENCRYPT, m, b), CKR_KEY_SIZE_RANGE);
	key_unref(a);
	key_unref(b);
}

/* --- signatures that give the data back --- */

static const struct {
	const char *name;
	CK_MECHANISM_TYPE type;
	const char *in;
	const char *sig;
	size_t zeros;		/* before the data that comes back */
} recovered[] = {
	{ "PKCS#1", CKM_RSA_PKCS, "short", PKCS1_RAW, 0 },
	{ "PKCS#1, nothing", CKM_RSA_PKCS, "", PKCS1_EMPTY, 0 },
	{ "X.509", CKM_RSA_X_509, "short", RAW_SHORT, BYTES - 5 },
};

static void check_recovered(size_t i)
{
	const char *name = recovered[i].name;
	CK_MECHANISM m = MECH(recovered[i].type);
	struct bytes sig = unhex(recovered[i].sig);
	size_t len = strlen(recovered[i].in), all = recovered[i].zeros + len;
	unsigned char out[BYTES], expected[BYTES] = { 0 };
	CK_ULONG n = all;

	memcpy(expected + recovered[i].zeros, recovered[i].in, len);
	CHECK(name, run(OP_VERIFY_RECOVER, m, pub, sig.data, sig.len, out, &n) == CKR_OK);
	CHECK(name, n == all && memcmp(out, expected, all) == 0);
	n = all > 0 ? all - 1 : 0;
	CHECK(name, run(OP_VERIFY_RECOVER, m, pub, sig.data, sig.len, out, &n) ==
	      (all > 0 ? CKR_BUFFER_TOO_SMALL : CKR_OK));
	CHECK(name, n == all);
	n = sizeof(out);
	CHECK(name, run(OP_VERIFY_RECOVER, m, pub, sig.data, sig.len - 1, out, &n) ==
	      CKR_SIGNATURE_LEN_RANGE);
	CHECK(name, run(OP_VERIFY_RECOVER, m, pub, sig.data, sig.len + 1, out, &n) ==
	      CKR_SIGNATURE_LEN_RANGE);
	CHECK(name, run(OP_VERIFY_RECOVER, m, pub, sig.data, (CK_ULONG)-1, out, &n) ==
	      CKR_SIGNATURE_LEN_RANGE);
	memset(sig.data, 0xff, sig.len);
	CHECK(name, run(OP_VERIFY_RECOVER, m, pub, sig.data, sig.len, out, &n) ==
	      CKR_SIGNATURE_INVALID);
}

static void test_recover(void)
{
	load_keys();
	for (size_t i = 0; i < ARRAY_LEN(recovered); i++) {
		CK_MECHANISM m = MECH(recovered[i].type);
		unsigned char out[BYTES];
		CK_ULONG n = BYTES - 1;
		size_t len = strlen(recovered[i].in);

		CHECK(recovered[i].name, run(OP_SIGN_RECOVER, m, priv, recovered[i].in, len, out,
					     &n) == CKR_BUFFER_TOO_SMALL && n == BYTES);
		CHECK(recovered[i].name, run(OP_SIGN_RECOVER, m, priv, recovered[i].in, len, out,
					     &n) == CKR_OK);
		CHECK(recovered[i].name, is_hex(out, n, recovered[i].sig));
		check_recovered(i);
	}
	drop_keys();
}

/* Blocks that were signed although they are not 00 01, eight ff or more, 00 and data. */
static void test_recover_strict(void)
{
	static const struct {
		const char *name;
		size_t at;		/* where a good block is changed */
		unsigned char byte;
		CK_RV expected;
	} rows[] = {
		{ "good", 1, 1, CKR_OK },
		{ "type 0", 1, 0, CKR_SIGNATURE_INVALID },
		{ "type 2", 1, 2, CKR_SIGNATURE_INVALID },
		{ "first byte", 0, 1, CKR_SIGNATURE_INVALID },
		{ "no ff at all", 2, 0, CKR_SIGNATURE_INVALID },
		{ "a byte among the ff", 5, 0xfe, CKR_SIGNATURE_INVALID },
		{ "seven ff", 9, 0, CKR_SIGNATURE_INVALID },
		{ "eight ff", 10, 0, CKR_OK },
		{ "no end", BYTES - 3, 0xff, CKR_SIGNATURE_INVALID },
	};
	CK_MECHANISM raw = MECH(CKM_RSA_X_509), m = MECH(CKM_RSA_PKCS);

	load_keys();
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		unsigned char block[BYTES], sig[BYTES], out[BYTES];
		CK_ULONG n = sizeof(sig);

		memset(block, 0xff, sizeof(block));
		block[0] = 0;
		block[1] = 1;
		block[BYTES - 3] = 0;
		block[rows[i].at] = rows[i].byte;
		CHECK(rows[i].name, run(OP_SIGN, raw, priv, block, BYTES, sig, &n) == CKR_OK);
		CHECK(rows[i].name, run(OP_VERIFY_RECOVER, m, pub, sig, n, out, &n) ==
		      rows[i].expected);
		CHECK(rows[i].name, rows[i].expected != CKR_OK ||
		      n == (rows[i].at == 10 ? BYTES - 11 : 2));
		n = sizeof(out);
		CHECK(rows[i].name, run(OP_VERIFY_RECOVER, raw, pub, sig, BYTES, out, &n) ==
		      CKR_OK);
		CHECK(rows[i].name, n == BYTES && memcmp(out, block, BYTES) == 0);
	}
	drop_keys();
}

static void test_recover_refused(void)
{
	static const CK_MECHANISM_TYPE not[] = { CKM_SHA256_RSA_PKCS, CKM_RSA_PKCS_PSS,
						 CKM_RSA_PKCS_OAEP };
	CK_MECHANISM m = MECH(CKM_RSA_PKCS), raw = MECH(CKM_RSA_X_509);
	struct bytes n = unhex(RSA_N);
	unsigned char out[BYTES];
	CK_ULONG len = sizeof(out);

	load_keys();
	for (size_t i = 0; i < ARRAY_LEN(not); i++) {
		CK_MECHANISM other = MECH(not[i]);

		CU_ASSERT_EQUAL(try_begin(OP_SIGN_RECOVER, other, priv), CKR_MECHANISM_INVALID);
		CU_ASSERT_EQUAL(try_begin(OP_VERIFY_RECOVER, other, pub), CKR_MECHANISM_INVALID);
	}
	CU_ASSERT_EQUAL(try_begin(OP_SIGN_RECOVER, m, pub), CKR_KEY_TYPE_INCONSISTENT);
	CU_ASSERT_EQUAL(try_begin(OP_VERIFY_RECOVER, m, priv), CKR_KEY_TYPE_INCONSISTENT);
	m.ulParameterLen = 1;
	CU_ASSERT_EQUAL(try_begin(OP_SIGN_RECOVER, m, priv), CKR_MECHANISM_PARAM_INVALID);
	m.ulParameterLen = 0;
	CU_ASSERT_EQUAL(run(OP_SIGN_RECOVER, m, priv, out, 118, out, &len), CKR_DATA_LEN_RANGE);
	CU_ASSERT_EQUAL(run(OP_SIGN_RECOVER, raw, priv, n.data, BYTES + 1, out, &len),
			CKR_DATA_LEN_RANGE);
	CU_ASSERT_EQUAL(run(OP_SIGN_RECOVER, raw, priv, n.data, BYTES, out, &len),
			CKR_DATA_INVALID);
	CU_ASSERT_EQUAL(run_parts(OP_SIGN_RECOVER, m, priv, "abc", 3, 1, out, &len),
			CKR_OPERATION_NOT_INITIALIZED);
	drop_keys();
}

int main(void)
{
	static const struct unit_test tests[] = {
		UNIT_TEST(test_fixed),
		UNIT_TEST(test_pss),
		UNIT_TEST(test_params),
		UNIT_TEST(test_no_params),
		UNIT_TEST(test_ciphers),
		UNIT_TEST(test_oaep_mismatch),
		UNIT_TEST(test_bad_padding),
		UNIT_TEST(test_raw),
		UNIT_TEST(test_data_length),
		UNIT_TEST(test_wrong_keys),
		UNIT_TEST(test_odd_sizes),
		UNIT_TEST(test_small_key),
		UNIT_TEST(test_recover),
		UNIT_TEST(test_recover_strict),
		UNIT_TEST(test_recover_refused),
	};

	return CRYPTO_RUN("rsa", tests);
}
