#include "config.h"

#include "crypto/key/keytype_row.h"

#include <openssl/core_names.h>
#include <string.h>

#include "crypto/key/dlog.h"
#include "crypto/ossl/ossl.h"

/* DSA and DH: keys in the multiplicative group modulo a prime. */

/* DH has no subprime in PKCS#11 (PKCS#3 keys). */
static const struct keypart dsa_domain[] = {
	{ CKA_PRIME, OSSL_PKEY_PARAM_FFC_P },
	{ CKA_BASE, OSSL_PKEY_PARAM_FFC_G },
	{ CKA_SUBPRIME, OSSL_PKEY_PARAM_FFC_Q },
};

static const struct keypart public_value = { CKA_VALUE, OSSL_PKEY_PARAM_PUB_KEY };
static const struct keypart private_value = { CKA_VALUE, OSSL_PKEY_PARAM_PRIV_KEY };

static size_t domain_count(const struct keytype *t)
{
	return t->type == CKK_DSA ? 3 : 2;
}

static CK_RV check_prime(const struct keytype *t, const struct attrset *parts)
{
	size_t len;
	const unsigned char *p = keyparts_trim(parts, CKA_PRIME, &len);

	if (len == 0)
		return keyparts_bad(t->type, CKA_PRIME, "is missing");
	if (len > DLOG_PRIME_BYTES)
		return keyparts_bad(t->type, CKA_PRIME, "is too large");
	if ((p[len - 1] & 1) == 0)
		return keyparts_bad(t->type, CKA_PRIME, "is even");
	return CKR_OK;
}

/* OpenSSL wants the public half, which private objects do not have: base^value mod prime. */
static CK_RV add_public_half(struct keyparts *params, const struct attrset *parts)
{
	BIGNUM *p = keyparts_get_bn(parts, CKA_PRIME), *g = keyparts_get_bn(parts, CKA_BASE);
	BIGNUM *x = keyparts_get_bn(parts, CKA_VALUE), *y = BN_new();
	BN_CTX *ctx = BN_CTX_new_ex(ossl_random_ctx());
	CK_RV rv = CKR_HOST_MEMORY;

	if (p == NULL || g == NULL || x == NULL || y == NULL || ctx == NULL)
		rv = CKR_HOST_MEMORY;
	else if (BN_mod_exp(y, g, x, p, ctx) != 1)
		rv = ossl_error("the public half of a key", CKR_ATTRIBUTE_VALUE_INVALID);
	else
		rv = keyparts_bn(params, OSSL_PKEY_PARAM_PUB_KEY, y);
	BN_CTX_free(ctx);
	BN_free(y);
	BN_clear_free(x);
	BN_free(g);
	BN_free(p);
	return rv;
}

CK_RV keytype_dlog_load(const struct keytype *t, CK_OBJECT_CLASS class, const struct attrset *parts,
			struct key **out)
{
	struct keyparts p = { .count = 0 };
	bool private = class == CKO_PRIVATE_KEY;
	EVP_PKEY *pkey = NULL;
	CK_RV rv = check_prime(t, parts);

	if (rv != CKR_OK)
		return rv;
	rv = keyparts_table(&p, t->type, dsa_domain, domain_count(t), parts);
	if (rv == CKR_OK)
		rv = keyparts_table(&p, t->type, private ? &private_value : &public_value, 1,
				    parts);
	if (rv == CKR_OK && private)
		rv = add_public_half(&p, parts);
	if (rv == CKR_OK)
		rv = keyparts_pkey(&p, t->type, t->name, private ? EVP_PKEY_KEYPAIR :
				   EVP_PKEY_PUBLIC_KEY, &pkey);
	keyparts_free(&p);
	return rv == CKR_OK ? keyparts_key(class, t->type, pkey, keyparts_bits(parts, CKA_PRIME),
					   out) : rv;
}

/* A private value is below the order of its group; all else would take exponentiations. */
CK_RV keytype_dsa_agrees(const struct keytype *t, const struct key *k, const struct attrset *attrs)
{
	size_t q_len, x_len;
	const unsigned char *q = keyparts_trim(attrs, CKA_SUBPRIME, &q_len);
	const unsigned char *x = keyparts_trim(attrs, CKA_VALUE, &x_len);

	if (k->class == CKO_PRIVATE_KEY &&
	    (x_len > q_len || (x_len == q_len && memcmp(x, q, x_len) >= 0)))
		return keyparts_bad(t->type, CKA_VALUE, "is not below CKA_SUBPRIME");
	return CKR_OK;
}

static CK_RV set_sizes(const struct keytype *t, struct attrset *attrs)
{
	CK_RV rv = attrset_set_number(attrs, CKA_PRIME_BITS, keyparts_bits(attrs, CKA_PRIME));

	if (rv != CKR_OK || t->type != CKK_DSA)
		return rv;
	return attrset_set_number(attrs, CKA_SUBPRIME_BITS, keyparts_bits(attrs, CKA_SUBPRIME));
}

CK_RV keytype_dlog_complete(const struct keytype *t, CK_OBJECT_CLASS class, struct attrset *attrs)
{
	CK_RV rv = dlog_check(t, class, attrs);

	if (rv != CKR_OK)
		return rv;
	if (class == CKO_DOMAIN_PARAMETERS)
		return set_sizes(t, attrs);
	rv = keytype_loads(t, class, attrs);
	if (rv == CKR_OK && t->type == CKK_DH && class == CKO_PRIVATE_KEY)
		rv = attrset_set_number(attrs, CKA_VALUE_BITS, keyparts_bits(attrs, CKA_VALUE));
	return rv;
}

CK_RV keytype_dlog_domain(const struct keytype *t, EVP_PKEY *pkey, struct attrset *attrs)
{
	return keyparts_extract(pkey, dsa_domain, domain_count(t), attrs);
}

CK_RV keytype_dlog_public(const struct keytype *t, EVP_PKEY *pkey, struct attrset *pub)
{
	CK_RV rv = keytype_dlog_domain(t, pkey, pub);

	return rv == CKR_OK ? keyparts_extract(pkey, &public_value, 1, pub) : rv;
}

CK_RV keytype_dlog_private(const struct keytype *t, EVP_PKEY *pkey, struct attrset *priv)
{
	CK_RV rv = keytype_dlog_domain(t, pkey, priv);

	if (rv == CKR_OK)
		rv = keyparts_extract(pkey, &private_value, 1, priv);
	if (rv == CKR_OK && t->type == CKK_DH)
		rv = attrset_set_number(priv, CKA_VALUE_BITS, keyparts_bits(priv, CKA_VALUE));
	return rv;
}
