/* Domain parameters and key pairs of DSA and Diffie-Hellman: sizes, and that they work. */
#include "config.h"

#include <string.h>

#include "crypto/mech/derive.h"
#include "unit/crypto_util.h"
#include "unit/unit.h"

#define NO 0xffffffffUL

/* The domain parameters of that size; *out is NULL unless the result is CKR_OK. */
static CK_RV make_domain(CK_MECHANISM_TYPE type, CK_ULONG bits, CK_ULONG sub, struct attrset **out)
{
	const struct mech *m = mech_find(type);
	CK_MECHANISM param = MECH(type);
	CK_RV rv;

	CU_ASSERT_PTR_NOT_NULL_FATAL(m);
	CU_ASSERT(mech_makes(m) == CKO_DOMAIN_PARAMETERS);
	*out = attrset_new(true);
	CU_ASSERT_PTR_NOT_NULL_FATAL(*out);
	if (bits != NO)
		CU_ASSERT(attrset_set_number(*out, CKA_PRIME_BITS, bits) == CKR_OK);
	if (sub != NO)
		CU_ASSERT(attrset_set_number(*out, CKA_SUBPRIME_BITS, sub) == CKR_OK);
	rv = mech_generate(m, &param, NULL, *out);
	if (rv != CKR_OK) {
		attrset_free(*out);
		*out = NULL;
	}
	return rv;
}

static const struct {
	const char *name;
	CK_MECHANISM_TYPE type;
	CK_ULONG bits, sub;
	CK_RV expected;
	CK_ULONG got_sub;
} domains[] = {
	{ "dsa 512", CKM_DSA_PARAMETER_GEN, 512, NO, CKR_OK, 160 },
	{ "dsa 1024", CKM_DSA_PARAMETER_GEN, 1024, 160, CKR_OK, 160 },
	{ "dsa 2048", CKM_DSA_PARAMETER_GEN, 2048, 224, CKR_OK, 224 },
	{ "dsa no size", CKM_DSA_PARAMETER_GEN, NO, 160, CKR_TEMPLATE_INCOMPLETE, 0 },
	{ "dsa 0", CKM_DSA_PARAMETER_GEN, 0, NO, CKR_ATTRIBUTE_VALUE_INVALID, 0 },
	{ "dsa 448", CKM_DSA_PARAMETER_GEN, 448, NO, CKR_ATTRIBUTE_VALUE_INVALID, 0 },
	{ "dsa odd", CKM_DSA_PARAMETER_GEN, 1000, NO, CKR_ATTRIBUTE_VALUE_INVALID, 0 },
	{ "dsa 4096", CKM_DSA_PARAMETER_GEN, 4096, NO, CKR_ATTRIBUTE_VALUE_INVALID, 0 },
	{ "dsa huge", CKM_DSA_PARAMETER_GEN, ~0UL, NO, CKR_ATTRIBUTE_VALUE_INVALID, 0 },
	{ "dsa sub", CKM_DSA_PARAMETER_GEN, 1024, 161, CKR_ATTRIBUTE_VALUE_INVALID, 0 },
	{ "dsa sub 0", CKM_DSA_PARAMETER_GEN, 1024, 0, CKR_ATTRIBUTE_VALUE_INVALID, 0 },
	{ "dsa sub huge", CKM_DSA_PARAMETER_GEN, 1024, ~0UL, CKR_ATTRIBUTE_VALUE_INVALID, 0 },
	{ "dh 512", CKM_DH_PKCS_PARAMETER_GEN, 512, NO, CKR_OK, 0 },
	{ "dh 520", CKM_DH_PKCS_PARAMETER_GEN, 520, NO, CKR_OK, 0 },
	{ "dh no size", CKM_DH_PKCS_PARAMETER_GEN, NO, NO, CKR_TEMPLATE_INCOMPLETE, 0 },
	{ "dh 511", CKM_DH_PKCS_PARAMETER_GEN, 511, NO, CKR_ATTRIBUTE_VALUE_INVALID, 0 },
	{ "dh 10001", CKM_DH_PKCS_PARAMETER_GEN, 10001, NO, CKR_ATTRIBUTE_VALUE_INVALID, 0 },
	{ "dh huge", CKM_DH_PKCS_PARAMETER_GEN, ~0UL, NO, CKR_ATTRIBUTE_VALUE_INVALID, 0 },
};

static void test_domains(void)
{
	for (size_t i = 0; i < ARRAY_LEN(domains); i++) {
		struct attrset *a = NULL;
		CK_RV rv = make_domain(domains[i].type, domains[i].bits, domains[i].sub, &a);
		CK_KEY_TYPE type = mech_find(domains[i].type)->key;

		CHECK(domains[i].name, rv == domains[i].expected);
		if (rv != CKR_OK)
			continue;
		CHECK(domains[i].name, attrset_number(a, CKA_PRIME_BITS, 0) == domains[i].bits);
		CHECK(domains[i].name,
		      attrset_number(a, CKA_SUBPRIME_BITS, 0) == domains[i].got_sub);
		CHECK(domains[i].name, keytype_complete(CKO_DOMAIN_PARAMETERS, type, a) == CKR_OK);
		attrset_free(a);
	}
}

static void test_no_parameter(void)
{
	CK_MECHANISM param = { CKM_DSA_PARAMETER_GEN, (CK_BYTE[]){ 1 }, 1 };
	struct attrset *a = attrset_new(true);

	CU_ASSERT(attrset_set_number(a, CKA_PRIME_BITS, 512) == CKR_OK);
	CU_ASSERT(mech_generate(mech_find(CKM_DSA_PARAMETER_GEN), &param, NULL, a) ==
		  CKR_MECHANISM_PARAM_INVALID);
	attrset_free(a);
}

static void test_dsa_pair(void)
{
	static const unsigned char digest[20] = { 1, 2, 3 };
	CK_MECHANISM m = MECH(CKM_DSA);
	struct key *pub = NULL, *priv = NULL;
	struct attrset *a = NULL;
	unsigned char sig[64];
	CK_ULONG len = sizeof(sig);

	CU_ASSERT_FATAL(make_domain(CKM_DSA_PARAMETER_GEN, 1024, NO, &a) == CKR_OK);
	make_pair(CKM_DSA_KEY_PAIR_GEN, a, &pub, &priv);
	CU_ASSERT(run(OP_SIGN, m, priv, digest, sizeof(digest), sig, &len) == CKR_OK);
	CU_ASSERT(len == 40);
	CU_ASSERT(verify(m, pub, digest, sizeof(digest), sig, len) == CKR_OK);
	attrset_free(a);
	key_unref(pub);
	key_unref(priv);
}

/* A pair in the group, with the private value's size if it is not NO. */
static CK_RV dh_pair(const struct attrset *domain, CK_ULONG bits, struct attrset **pub,
		     struct attrset **priv)
{
	CK_MECHANISM param = MECH(CKM_DH_PKCS_KEY_PAIR_GEN);

	*pub = attrset_dup(domain, true);
	*priv = attrset_new(true);
	if (bits != NO)
		CU_ASSERT(attrset_set_number(*priv, CKA_VALUE_BITS, bits) == CKR_OK);
	return mech_generate(mech_find(param.mechanism), &param, *pub, *priv);
}

/* The secret of two halves. */
static struct secbuf *dh_secret(const struct attrset *pub, const struct attrset *priv)
{
	const unsigned char *value = NULL;
	struct secbuf *out = NULL;
	struct key *base = NULL;
	size_t len = 0;

	CU_ASSERT(keytype_load(CKO_PRIVATE_KEY, CKK_DH, priv, &base) == CKR_OK);
	CU_ASSERT_FATAL(base != NULL && attrset_bytes(pub, CKA_VALUE, &value, &len));
	CK_MECHANISM m = { CKM_DH_PKCS_DERIVE, (void *)(uintptr_t)value, len };
	const struct derive_input in = { .param = &m, .base = base };

	CU_ASSERT(derive_bytes(mech_find(m.mechanism), &in, &out) == CKR_OK);
	key_unref(base);
	return out;
}

static void test_dh_pair(void)
{
	struct attrset *domain = NULL, *pub[2], *priv[2];
	struct secbuf *one, *two;

	CU_ASSERT_FATAL(make_domain(CKM_DH_PKCS_PARAMETER_GEN, 512, NO, &domain) == CKR_OK);
	CU_ASSERT(dh_pair(domain, NO, &pub[0], &priv[0]) == CKR_OK);
	CU_ASSERT(attrset_number(priv[0], CKA_VALUE_BITS, 0) == 511);
	CU_ASSERT(dh_pair(domain, 200, &pub[1], &priv[1]) == CKR_OK);
	CU_ASSERT(attrset_number(priv[1], CKA_VALUE_BITS, 0) == 200);
	one = dh_secret(pub[0], priv[1]);
	two = dh_secret(pub[1], priv[0]);
	CU_ASSERT_FATAL(one != NULL && two != NULL);
	CU_ASSERT(one->len == 64 && two->len == 64 && memcmp(one->data, two->data, 64) == 0);
	secbuf_free(one);
	secbuf_free(two);
	for (size_t i = 0; i < 2; i++) {
		attrset_free(pub[i]);
		attrset_free(priv[i]);
	}
	attrset_free(domain);
}

static const struct {
	CK_ULONG bits;
	CK_RV expected;
} value_bits[] = {
	{ 0, CKR_OK },			      { 159, CKR_ATTRIBUTE_VALUE_INVALID },
	{ 160, CKR_OK },		      { 511, CKR_OK },
	{ 512, CKR_ATTRIBUTE_VALUE_INVALID }, { ~0UL, CKR_ATTRIBUTE_VALUE_INVALID },
};

static void test_value_bits(void)
{
	struct attrset *domain = NULL;

	CU_ASSERT_FATAL(make_domain(CKM_DH_PKCS_PARAMETER_GEN, 512, NO, &domain) == CKR_OK);
	for (size_t i = 0; i < ARRAY_LEN(value_bits); i++) {
		struct attrset *pub, *priv;

		CU_ASSERT(dh_pair(domain, value_bits[i].bits, &pub, &priv) ==
			  value_bits[i].expected);
		attrset_free(pub);
		attrset_free(priv);
	}
	attrset_free(domain);
}

/* A group that is none makes no keys. */
static void test_bad_domain(void)
{
	static const struct hex_attr bad[] = { { CKA_PRIME, "10" }, { CKA_BASE, "02" },
					       { CKA_SUBPRIME, "07" }, { 0, NULL } };
	const CK_MECHANISM_TYPE types[] = { CKM_DSA_KEY_PAIR_GEN, CKM_DH_PKCS_KEY_PAIR_GEN };

	for (size_t i = 0; i < ARRAY_LEN(types); i++) {
		CK_MECHANISM m = MECH(types[i]);
		struct attrset *pub = make_set(bad), *priv = attrset_new(true);

		CU_ASSERT(mech_generate(mech_find(types[i]), &m, pub, priv) ==
			  CKR_DOMAIN_PARAMS_INVALID);
		attrset_free(pub);
		attrset_free(priv);
	}
}

static const struct unit_test tests[] = {
	{ "domains", test_domains },
	{ "no parameter", test_no_parameter },
	{ "DSA pair", test_dsa_pair },
	{ "DH pair", test_dh_pair },
	{ "CKA_VALUE_BITS", test_value_bits },
	{ "bad domain", test_bad_domain },
};

int main(void)
{
	return CRYPTO_RUN("dlog", tests);
}
