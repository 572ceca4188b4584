/* Generation for DSA and DH: domain parameters, and key pairs from them. */
#include "config.h"

#include <openssl/core_names.h>
#include <openssl/evp.h>

#include "crypto/key/dlog.h"
#include "crypto/ossl/ossl.h"

/* --- domain parameters --- */

/* FIPS 186-4 section 4.2; below 2048 bits any of FIPS 186-2's sizes, steps of 64 bits. */
static const struct {
	size_t low, high;	/* CKA_PRIME_BITS */
	size_t sub;		/* CKA_SUBPRIME_BITS; the first one that fits is the default */
} dsa_sizes[] = {
	{ 512, 1024, 160 },
	{ 1088, 1984, 224 },
	{ 2048, 2048, 256 },
	{ 2048, 2048, 224 },
	{ 3072, 3072, 256 },
};

#define DSA_STEP 64
#define DH_GENERATOR 2

static bool fits(size_t i, uint64_t bits, uint64_t sub)
{
	return bits >= dsa_sizes[i].low && bits <= dsa_sizes[i].high && bits % DSA_STEP == 0 &&
	       (sub == 0 || sub == dsa_sizes[i].sub);
}

/* The size of the subprime, which may be left out; 0: there are no such sizes. */
static size_t dsa_sub(uint64_t bits, uint64_t sub)
{
	for (size_t i = 0; i < ARRAY_LEN(dsa_sizes); i++)
		if (fits(i, bits, sub))
			return dsa_sizes[i].sub;
	return 0;
}

/* The group out of OpenSSL's generator; the set receives the numbers and their sizes. */
static CK_RV generate_domain(const struct keytype *t, const OSSL_PARAM params[],
			     struct attrset *attrs)
{
	EVP_PKEY_CTX *ctx = ossl_key_ctx(t->name);
	EVP_PKEY *pkey = NULL;
	CK_RV rv;

	if (ctx == NULL || EVP_PKEY_paramgen_init(ctx) != 1 ||
	    EVP_PKEY_CTX_set_params(ctx, params) != 1 || EVP_PKEY_generate(ctx, &pkey) != 1)
		rv = ossl_error("generating domain parameters", CKR_FUNCTION_FAILED);
	else
		rv = keytype_dlog_domain(t, pkey, attrs);
	EVP_PKEY_free(pkey);
	EVP_PKEY_CTX_free(ctx);
	return rv == CKR_OK ? t->complete(t, CKO_DOMAIN_PARAMETERS, attrs) : rv;
}

CK_RV keytype_dsa_domain(const struct keytype *t, struct attrset *attrs)
{
	uint64_t want = attrset_number(attrs, CKA_PRIME_BITS, 0);
	uint64_t want_sub = attrset_number(attrs, CKA_SUBPRIME_BITS, 0);
	size_t bits = (size_t)want, sub = dsa_sub(want, want_sub);
	const OSSL_PARAM params[] = {
		OSSL_PARAM_construct_size_t(OSSL_PKEY_PARAM_FFC_PBITS, &bits),
		OSSL_PARAM_construct_size_t(OSSL_PKEY_PARAM_FFC_QBITS, &sub),
		OSSL_PARAM_construct_end()
	};

	if (attrset_get(attrs, CKA_PRIME_BITS) == NULL)
		return CKR_TEMPLATE_INCOMPLETE;
	if (sub == 0 || (want_sub == 0 && attrset_get(attrs, CKA_SUBPRIME_BITS) != NULL))
		return keyparts_bad(t->type, dsa_sub(want, 0) == 0 ? CKA_PRIME_BITS :
				    CKA_SUBPRIME_BITS, "is no size of FIPS 186");
	return generate_domain(t, params, attrs);
}

/* A safe prime, for which two is a generator. */
CK_RV keytype_dh_domain(const struct keytype *t, struct attrset *attrs)
{
	static char type[] = "generator";
	uint64_t want = attrset_number(attrs, CKA_PRIME_BITS, 0);
	size_t bits = (size_t)want;
	int generator = DH_GENERATOR;
	const OSSL_PARAM params[] = {
		OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_FFC_TYPE, type, 0),
		OSSL_PARAM_construct_int(OSSL_PKEY_PARAM_DH_GENERATOR, &generator),
		OSSL_PARAM_construct_size_t(OSSL_PKEY_PARAM_FFC_PBITS, &bits),
		OSSL_PARAM_construct_end()
	};

	if (attrset_get(attrs, CKA_PRIME_BITS) == NULL)
		return CKR_TEMPLATE_INCOMPLETE;
	if (want < DLOG_PRIME_BITS_MIN || want > DLOG_PRIME_BYTES * 8)
		return keyparts_bad(t->type, CKA_PRIME_BITS, "is out of range");
	return generate_domain(t, params, attrs);
}

/* --- key pairs --- */

struct pair {
	BIGNUM *p, *g, *x, *y;
	BIGNUM *top;		/* DSA: private values are from 1 to that */
	BN_CTX *ctx;
};

static CK_RV open_pair(struct pair *k, const struct keytype *t, const struct attrset *pub)
{
	k->p = keyparts_get_bn(pub, CKA_PRIME);
	k->g = keyparts_get_bn(pub, CKA_BASE);
	k->top = t->type == CKK_DSA ? keyparts_get_bn(pub, CKA_SUBPRIME) : BN_new();
	k->x = BN_secure_new();
	k->y = BN_new();
	k->ctx = BN_CTX_new_ex(ossl_random_ctx());
	if (k->p == NULL || k->g == NULL || k->top == NULL || k->x == NULL || k->y == NULL ||
	    k->ctx == NULL)
		return CKR_HOST_MEMORY;
	return t->type != CKK_DSA || BN_sub_word(k->top, 1) == 1 ? CKR_OK : CKR_HOST_MEMORY;
}

static void close_pair(struct pair *k)
{
	BN_CTX_free(k->ctx);
	BN_free(k->y);
	BN_clear_free(k->x);
	BN_free(k->top);
	BN_free(k->g);
	BN_free(k->p);
}

/*
 * PKCS#3 section 7.1: of as many bits as CKA_VALUE_BITS says, the first one set, or one less than
 * the prime has. Never as large as the prime.
 */
static CK_RV draw_dh(const struct pair *k, const struct attrset *priv)
{
	int prime = BN_num_bits(k->p);
	uint64_t bits = attrset_number(priv, CKA_VALUE_BITS, 0);

	if (bits == 0)		/* not given: the default of the attribute */
		bits = (uint64_t)prime - 1;
	if (bits < DLOG_VALUE_BITS_MIN || bits >= (uint64_t)prime)
		return keyparts_bad(CKK_DH, CKA_VALUE_BITS, "is out of range");
	return BN_priv_rand_ex(k->x, (int)bits, BN_RAND_TOP_ONE, BN_RAND_BOTTOM_ANY, 0,
			       k->ctx) == 1 ?
		CKR_OK : ossl_error("generating a private value", CKR_FUNCTION_FAILED);
}

/* FIPS 186-4 section B.1: from 1 to the subprime less 1. */
static CK_RV draw_dsa(const struct pair *k)
{
	return BN_priv_rand_range_ex(k->x, k->top, 0, k->ctx) == 1 && BN_add_word(k->x, 1) == 1 ?
		CKR_OK : ossl_error("generating a private value", CKR_FUNCTION_FAILED);
}

static CK_RV make_pair(const struct pair *k, const struct keytype *t, struct attrset *pub,
		       struct attrset *priv)
{
	CK_RV rv = t->type == CKK_DSA ? draw_dsa(k) : draw_dh(k, priv);

	if (rv != CKR_OK)
		return rv;
	BN_set_flags(k->x, BN_FLG_CONSTTIME);
	if (BN_mod_exp(k->y, k->g, k->x, k->p, k->ctx) != 1)
		return ossl_error("generating a key pair", CKR_FUNCTION_FAILED);
	rv = keyparts_set_bn(pub, CKA_VALUE, k->y);
	return rv == CKR_OK ? keyparts_set_bn(priv, CKA_VALUE, k->x) : rv;
}

/* The private key has the parameters, too. */
static CK_RV share_domain(const struct keytype *t, const struct attrset *pub, struct attrset *priv)
{
	CK_RV rv = CKR_OK;

	for (const CK_ATTRIBUTE_TYPE *a = t->private_parts; rv == CKR_OK && *a != CKA_VALUE; a++)
		rv = attrset_set(priv, attrset_get(pub, *a));
	if (rv == CKR_OK && t->type == CKK_DH)
		rv = attrset_set_number(priv, CKA_VALUE_BITS, keyparts_bits(priv, CKA_VALUE));
	return rv;
}

CK_RV keytype_dlog_generate(const struct keytype *t, struct attrset *pub, struct attrset *priv)
{
	struct pair k = { .p = NULL };
	CK_RV rv = dlog_check(t, CKO_DOMAIN_PARAMETERS, pub);

	if (rv == CKR_OK)
		rv = open_pair(&k, t, pub);
	if (rv == CKR_OK)
		rv = make_pair(&k, t, pub, priv);
	if (rv == CKR_OK)
		rv = share_domain(t, pub, priv);
	close_pair(&k);
	return rv;
}
