/* The mechanism table, and which of its rows a configuration allows. */
#include "config.h"

#include "crypto/mech/mech.h"

#include <stdio.h>
#include <string.h>

#include "crypto/key/keytype.h"
#include "crypto/mech/op.h"
#include "crypto/ossl/ossl.h"
#include "pkcs11/names.h"
#include "unit/crypto_util.h"
#include "unit/unit.h"

#define KNOWN_FLAGS \
	(CKF_ENCRYPT | CKF_DECRYPT | CKF_DIGEST | CKF_SIGN | CKF_VERIFY | CKF_GENERATE | \
	 CKF_GENERATE_KEY_PAIR | CKF_SIGN_RECOVER | CKF_VERIFY_RECOVER | CKF_WRAP | CKF_UNWRAP | \
	 CKF_DERIVE)
#define WRAPS (CKF_WRAP | CKF_UNWRAP)
#define RECOVERS (CKF_SIGN_RECOVER | CKF_VERIFY_RECOVER)
/* What works with mech_ops, or with other functions as well. */
#define BY_OPS (CKF_ENCRYPT | CKF_DECRYPT | CKF_DIGEST | CKF_SIGN | CKF_VERIFY | \
		CKF_SIGN_RECOVER | CKF_VERIFY_RECOVER)
#define EC_FLAGS (CKF_EC_F_P | CKF_EC_NAMEDCURVE | CKF_EC_UNCOMPRESS)

/* Wrapping and derivation have functions of their own, or are encryption. */
static bool has_functions(const struct mech *m)
{
	bool wraps = m->wrap != NULL && m->wrap->wrap != NULL && m->wrap->unwrap != NULL;

	if ((m->flags & WRAPS) != 0 && (m->flags & WRAPS) != WRAPS)
		return false;
	if (m->wrap != NULL && (m->flags & WRAPS) == 0)
		return false;
	if ((m->flags & WRAPS) && m->ops == NULL && !wraps)
		return false;
	if ((m->derive != NULL) != ((m->flags & CKF_DERIVE) != 0))
		return false;
	return m->derive == NULL || (m->derive->derive != NULL) != (m->derive->parts != NULL);
}

/* The calls that a row announces must be there. */
static bool has_calls(const struct mech *m)
{
	const struct mech_ops *ops = m->ops;

	if (m->flags & (CKF_GENERATE | CKF_GENERATE_KEY_PAIR))
		return ops == NULL;
	if (ops == NULL && (m->flags & BY_OPS) == 0)
		return true;
	if (ops == NULL || ops->begin == NULL || ops->size == NULL || ops->end == NULL)
		return false;
	if (ops->update == NULL && ops->single == NULL)
		return false;
	if (ops->update != NULL && ops->finish == NULL)
		return false;
	if ((m->flags & CKF_VERIFY) && ops->check == NULL && ops->check_single == NULL)
		return false;
	return !(m->flags & CKF_DIGEST) || ops->update != NULL;
}

#define HAS_MLDSA (OpenSSL_version_num() >= 0x30500000L)

static void test_table(void)
{
	for (size_t i = 0; i < mech_table_len; i++) {
		const struct mech *m = &mech_table[i];
		const char *name = ckm_name(m->type);

		CU_ASSERT_PTR_NOT_NULL_FATAL(name);
		for (size_t k = 0; k < i; k++)
			CHECK(name, mech_table[k].type != m->type);
		CHECK(name, (m->flags & KNOWN_FLAGS) != 0 &&
		      (m->flags & ~(KNOWN_FLAGS | EC_FLAGS)) == 0);
		CHECK(name, m->min <= m->max);
		CHECK(name, has_calls(m));
		CHECK(name, has_functions(m));
		CHECK(name, (m->key == CK_UNAVAILABLE_INFORMATION) ==
		      ((m->flags & CKF_DIGEST) != 0));
		CHECK(name, m->key == CK_UNAVAILABLE_INFORMATION ||
		      keytype_parts(CKO_PRIVATE_KEY, m->key) != NULL ||
				    keytype_parts(CKO_SECRET_KEY, m->key) != NULL);
		/* All of them are there in a common build of OpenSSL, ML-DSA from 3.5 on. */
		CHECK(name, mech_find(m->type) == (m->key != CKK_ML_DSA || HAS_MLDSA ? m : NULL));
	}
	CU_ASSERT_PTR_NULL(mech_find(CKM_VENDOR_DEFINED));
	CU_ASSERT_PTR_NULL(mech_find(CKM_RC4));
}

static void test_takes(void)
{
	CU_ASSERT_TRUE(mech_takes(mech_find(CKM_SHA256_HMAC), CKK_GENERIC_SECRET));
	CU_ASSERT_TRUE(mech_takes(mech_find(CKM_SHA256_HMAC), CKK_SHA256_HMAC));
	CU_ASSERT_FALSE(mech_takes(mech_find(CKM_SHA256_HMAC), CKK_SHA512_HMAC));
	CU_ASSERT_TRUE(mech_takes(mech_find(CKM_DES3_CBC), CKK_DES2));
	CU_ASSERT_FALSE(mech_takes(mech_find(CKM_SHA256), CK_UNAVAILABLE_INFORMATION));
	CU_ASSERT_FALSE(mech_takes(mech_find(CKM_AES_GCM), CKK_DES3));
	CU_ASSERT_TRUE(mech_takes(mech_find(CKM_ECDH1_DERIVE), CKK_EC_MONTGOMERY));
	CU_ASSERT_TRUE(mech_takes(mech_find(CKM_CONCATENATE_DATA_AND_BASE), CKK_SHA384_HMAC));
}

/* Rows of C_GetMechanismInfo, of which clients take notice. */
static void test_info(void)
{
	static const struct {
		CK_MECHANISM_TYPE type;
		CK_ULONG min;
		CK_ULONG max;
		CK_FLAGS flags;
	} rows[] = {
		{ CKM_SHA256, 0, 0, CKF_DIGEST },
		{ CKM_SHA512_HMAC, 64, 512, CKF_SIGN | CKF_VERIFY },
		{ CKM_AES_KEY_GEN, 16, 32, CKF_GENERATE },
		{ CKM_AES_GCM, 16, 32, CKF_ENCRYPT | CKF_DECRYPT | WRAPS },
		{ CKM_AES_CTR, 16, 32, CKF_ENCRYPT | CKF_DECRYPT },
		{ CKM_AES_CCM, 16, 32, CKF_ENCRYPT | CKF_DECRYPT },
		{ CKM_AES_XTS, 32, 64, CKF_ENCRYPT | CKF_DECRYPT },
		{ CKM_CHACHA20_POLY1305, 32, 32, CKF_ENCRYPT | CKF_DECRYPT },
		{ CKM_POLY1305, 32, 32, CKF_SIGN | CKF_VERIFY },
		{ CKM_SHA3_512, 0, 0, CKF_DIGEST },
		{ CKM_SHA3_512_HMAC, 64, 512, CKF_SIGN | CKF_VERIFY },
		{ CKM_SHA_1_HMAC_GENERAL, 20, 512, CKF_SIGN | CKF_VERIFY },
		{ CKM_SHA3_224_KEY_GEN, 28, 512, CKF_GENERATE },
		{ CKM_AES_GMAC, 16, 32, CKF_SIGN | CKF_VERIFY },
		{ CKM_DES_CBC, 0, 0, CKF_ENCRYPT | CKF_DECRYPT | WRAPS },
		{ CKM_DES_KEY_GEN, 0, 0, CKF_GENERATE },
		{ CKM_AES_KEY_WRAP, 16, 0x80000000, WRAPS },
		{ CKM_AES_KEY_WRAP_PAD, 1, 0x80000000, WRAPS },
		{ CKM_DES3_CBC_PAD, 0, 0, CKF_ENCRYPT | CKF_DECRYPT | WRAPS },
		{ CKM_ECDH1_DERIVE, 112, 521, CKF_DERIVE | EC_FLAGS },
		{ CKM_GENERIC_SECRET_KEY_GEN, 1, 0x8000000, CKF_GENERATE },
		{ CKM_RSA_PKCS_KEY_PAIR_GEN, 512, 16384, CKF_GENERATE_KEY_PAIR },
		{ CKM_RSA_PKCS, 512, 16384, CKF_ENCRYPT | CKF_DECRYPT | CKF_SIGN | CKF_VERIFY |
		  RECOVERS | WRAPS },
		{ CKM_RSA_X_509, 512, 16384, CKF_ENCRYPT | CKF_DECRYPT | CKF_SIGN | CKF_VERIFY |
		  RECOVERS },
		{ CKM_RSA_PKCS_OAEP, 512, 16384, CKF_ENCRYPT | CKF_DECRYPT | WRAPS },
		{ CKM_RSA_AES_KEY_WRAP, 512, 16384, WRAPS },
		{ CKM_DSA_SHA256, 512, 10000, CKF_SIGN | CKF_VERIFY },
		{ CKM_DH_PKCS_DERIVE, 512, 10000, CKF_DERIVE },
		{ CKM_EC_MONTGOMERY_KEY_PAIR_GEN, 255, 448, CKF_GENERATE_KEY_PAIR },
		{ CKM_AES_CBC_ENCRYPT_DATA, 0, 0, CKF_DERIVE },
		{ CKM_DES3_ECB_ENCRYPT_DATA, 0, 0, CKF_DERIVE },
		{ CKM_CONCATENATE_BASE_AND_KEY, 1, 512, CKF_DERIVE },
		{ CKM_EC_KEY_PAIR_GEN, 112, 521, CKF_GENERATE_KEY_PAIR | EC_FLAGS },
		{ CKM_ECDSA_SHA256, 112, 521, CKF_SIGN | CKF_VERIFY | EC_FLAGS },
		{ CKM_EDDSA, 255, 448, CKF_SIGN | CKF_VERIFY },
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const struct mech *m = mech_find(rows[i].type);

		CHECK(ckm_name(rows[i].type), m != NULL && m->min == rows[i].min && m->max ==
		      rows[i].max);
		CHECK(ckm_name(rows[i].type), m != NULL && m->flags == rows[i].flags);
	}
}

static const struct {
	const char *text;
	CK_ULONG count;		/* 0: all but minus */
	CK_ULONG minus;
	CK_MECHANISM_TYPE list[3];
} policies[] = {
	{ "ALL", 0, 0, { 0 } },
	{ "CKM_SHA256", 1, 0, { CKM_SHA256 } },
	{ "CKM_SHA256,CKM_AES_GCM,CKM_EDDSA", 3, 0, { CKM_SHA256, CKM_AES_GCM, CKM_EDDSA } },
	{ "CKM_EDDSA,CKM_SHA256,CKM_EDDSA", 2, 0, { CKM_EDDSA, CKM_SHA256 } },
	{ "CKM_EDDSA, CKM_SHA256", 1, 0, { CKM_EDDSA } },
	{ "CKM_NO_SUCH,CKM_SHA256,ALL", 1, 0, { CKM_SHA256 } },
	{ "CKM_SHA1_RSA_PKCS,CKM_RC4", 1, 0, { CKM_SHA1_RSA_PKCS } },
	{ ",,CKM_SHA256,", 1, 0, { CKM_SHA256 } },
	{ "-CKM_SHA256", 0, 1, { CKM_SHA256 } },
	{ "-CKM_SHA256,CKM_EDDSA,CKM_SHA256", 0, 2, { CKM_SHA256, CKM_EDDSA } },
	{ "-", 0, 0, { 0 } },
	{ "-CKM_NO_SUCH", 0, 0, { 0 } },
};

/* The rows that this OpenSSL has the algorithms for. */
static size_t offered_count(void)
{
	size_t n = 0;

	for (size_t i = 0; i < mech_table_len; i++)
		n += mech_find(mech_table[i].type) != NULL;
	return n;
}

static void check_list(const char *text, const CK_MECHANISM_TYPE *list, CK_ULONG n, size_t i)
{
	if (policies[i].count > 0) {
		CHECK(text, n == policies[i].count);
		CHECK(text, memcmp(list, policies[i].list, n * sizeof(*list)) == 0);
		return;
	}
	CHECK(text, n == offered_count() - policies[i].minus);
	for (CK_ULONG k = 1; k < n; k++)
		CHECK(text, strcmp(ckm_name(list[k - 1]), ckm_name(list[k])) < 0);
}

static void test_policy(void)
{
	for (size_t i = 0; i < ARRAY_LEN(policies); i++) {
		const char *text = policies[i].text;
		struct mech_policy *p = NULL;
		const CK_MECHANISM_TYPE *list;
		const struct mech *m = NULL;
		CK_ULONG n = 0;

		CHECK(text, mech_policy_new(text, &p) == CKR_OK);
		list = mech_policy_list(p, &n);
		check_list(text, list, n, i);
		for (CK_ULONG k = 0; k < n; k++)
			CHECK(text, mech_policy_find(p, list[k], 0, &m) == CKR_OK && m->type ==
			      list[k]);
		for (CK_ULONG k = 0; k < policies[i].minus; k++)
			CHECK(text, mech_policy_find(p, policies[i].list[k], 0, &m) ==
			      CKR_MECHANISM_INVALID);
		mech_policy_free(p);
	}
	mech_policy_free(NULL);
}

static void test_policy_flags(void)
{
	struct mech_policy *p = NULL;
	const struct mech *m = NULL;
	CK_ULONG n = 99;

	CU_ASSERT_EQUAL_FATAL(mech_policy_new("CKM_RSA_PKCS,CKM_SHA256", &p), CKR_OK);
	CU_ASSERT_EQUAL(mech_policy_find(p, CKM_RSA_PKCS, CKF_SIGN, &m), CKR_OK);
	CU_ASSERT_EQUAL(mech_policy_find(p, CKM_RSA_PKCS, CKF_DECRYPT | CKF_WRAP, &m), CKR_OK);
	CU_ASSERT_EQUAL(mech_policy_find(p, CKM_RSA_PKCS, CKF_DERIVE, &m), CKR_MECHANISM_INVALID);
	CU_ASSERT_EQUAL(mech_policy_find(p, CKM_SHA256, CKF_SIGN, &m), CKR_MECHANISM_INVALID);
	CU_ASSERT_EQUAL(mech_policy_find(p, CKM_SHA512, CKF_DIGEST, &m), CKR_MECHANISM_INVALID);
	mech_policy_free(p);
	CU_ASSERT_EQUAL_FATAL(mech_policy_new("", &p), CKR_OK);
	(void)mech_policy_list(p, &n);
	CU_ASSERT_EQUAL(n, 0);
	CU_ASSERT_EQUAL(mech_policy_find(p, CKM_SHA256, 0, &m), CKR_MECHANISM_INVALID);
	mech_policy_free(p);
}

/*
 * ML-DSA, where OpenSSL has it: a key pair of each parameter set, as it is stored and loaded again,
 * signs in one piece and in parts; context strings and determinism do what they say.
 */
static bool mldsa_pair(CK_ULONG set, struct key **pub, struct key **priv)
{
	CK_MECHANISM gen = { CKM_ML_DSA_KEY_PAIR_GEN, NULL, 0 };
	struct attrset *a = attrset_new(true), *b = attrset_new(true);
	bool ok = attrset_set_number(a, CKA_PARAMETER_SET, set) == CKR_OK &&
		  mech_generate(mech_find(gen.mechanism), &gen, a, b) == CKR_OK &&
		  attrset_get(b, CKA_SEED) != NULL &&
		  keytype_load(CKO_PUBLIC_KEY, CKK_ML_DSA, a, pub) == CKR_OK &&
		  keytype_load(CKO_PRIVATE_KEY, CKK_ML_DSA, b, priv) == CKR_OK;

	attrset_free(a);
	attrset_free(b);
	return ok;
}

static CK_RV mldsa_sign(struct key *k, CK_SIGN_ADDITIONAL_CONTEXT *p, CK_BYTE *sig, CK_ULONG *len)
{
	CK_MECHANISM m = { CKM_ML_DSA, p, p != NULL ? sizeof(*p) : 0 };
	struct op *op = NULL;
	bool done = false;
	CK_RV rv = op_new(OP_SIGN, mech_find(CKM_ML_DSA), &m, k, NULL, &op);

	if (rv == CKR_OK)
		rv = op_feed(op, (const CK_BYTE *)"ab", 2, &done);
	if (rv == CKR_OK)
		rv = op_feed(op, (const CK_BYTE *)"c", 1, &done);
	if (rv == CKR_OK)
		rv = op_finish(op, sig, len, &done);
	op_free(op);
	return rv;
}

static CK_RV mldsa_verify(struct key *k, CK_SIGN_ADDITIONAL_CONTEXT *p, const CK_BYTE *sig,
			  CK_ULONG len)
{
	CK_MECHANISM m = { CKM_ML_DSA, p, p != NULL ? sizeof(*p) : 0 };
	struct op *op = NULL;
	bool done = false;
	CK_RV rv = op_new(OP_VERIFY, mech_find(CKM_ML_DSA), &m, k, NULL, &op);

	if (rv == CKR_OK)
		rv = op_verify(op, (const CK_BYTE *)"abc", 3, sig, len, &done);
	op_free(op);
	return rv;
}

static void test_mldsa(void)
{
	static const CK_ULONG sizes[] = { 2420, 3309, 4627 };
	CK_BYTE text[] = { 'c', 't', 'x' };
	CK_SIGN_ADDITIONAL_CONTEXT fixed = { CKH_DETERMINISTIC_REQUIRED, text, sizeof(text) };
	CK_SIGN_ADDITIONAL_CONTEXT bad = { CKH_HEDGE_PREFERRED, NULL, 1 };
	CK_BYTE one[4627], two[4627];

	for (CK_ULONG set = 1; HAS_MLDSA && set <= 3; set++) {
		struct key *pub = NULL, *priv = NULL;
		CK_ULONG n = sizeof(one), m = sizeof(two);

		CU_ASSERT_TRUE_FATAL(mldsa_pair(set, &pub, &priv));
		CU_ASSERT_EQUAL(mldsa_sign(priv, NULL, one, &n), CKR_OK);
		CU_ASSERT_EQUAL(n, sizes[set - 1]);
		CU_ASSERT_EQUAL(mldsa_verify(pub, NULL, one, n), CKR_OK);
		CU_ASSERT_EQUAL(mldsa_verify(pub, &fixed, one, n), CKR_SIGNATURE_INVALID);
		CU_ASSERT_EQUAL(mldsa_verify(pub, NULL, one, n - 1), CKR_SIGNATURE_LEN_RANGE);
		n = sizeof(one);
		CU_ASSERT_EQUAL(mldsa_sign(priv, &fixed, one, &n), CKR_OK);
		CU_ASSERT_EQUAL(mldsa_sign(priv, &fixed, two, &m), CKR_OK);
		CU_ASSERT_EQUAL(memcmp(one, two, n), 0);
		CU_ASSERT_EQUAL(mldsa_verify(pub, &fixed, one, n), CKR_OK);
		CU_ASSERT_EQUAL(mldsa_sign(priv, &bad, one, &n), CKR_MECHANISM_PARAM_INVALID);
		key_unref(pub);
		key_unref(priv);
	}
	CU_ASSERT_EQUAL(mech_find(CKM_ML_DSA) != NULL, HAS_MLDSA);
}

int main(void)
{
	static const struct unit_test tests[] = {
		UNIT_TEST(test_table),
		UNIT_TEST(test_takes),
		UNIT_TEST(test_info),
		UNIT_TEST(test_policy),
		UNIT_TEST(test_policy_flags),
		UNIT_TEST(test_mldsa),
	};

	return CRYPTO_RUN("mech", tests);
}
