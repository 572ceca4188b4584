#include "config.h"

#include "crypto/key/keytype_row.h"

#include "common/reason.h"
#include "crypto/ossl/ossl.h"

/* OpenSSL's name of the seed, from 3.5 on. */
#define PARAM_SEED "seed"

/* By CKA_PARAMETER_SET less 1. */
static const struct mldsa_set sets[] = {
	[CKP_ML_DSA_44 - 1] = { "ML-DSA-44", "2.16.840.1.101.3.4.3.17", 1312, 2560 },
	[CKP_ML_DSA_65 - 1] = { "ML-DSA-65", "2.16.840.1.101.3.4.3.18", 1952, 4032 },
	[CKP_ML_DSA_87 - 1] = { "ML-DSA-87", "2.16.840.1.101.3.4.3.19", 2592, 4896 },
};

const struct mldsa_set *keytype_mldsa_set(CK_ULONG set)
{
	return set != 0 && set <= ARRAY_LEN(sets) ? &sets[set - 1] : NULL;
}

/* CKP_ML_DSA_ of such a key, else 0. */
static CK_ULONG set_of(const EVP_PKEY *pkey)
{
	for (size_t i = 0; i < ARRAY_LEN(sets); i++)
		if (EVP_PKEY_is_a(pkey, sets[i].name))
			return i + 1;
	return 0;
}

bool keytype_mldsa_owns(const EVP_PKEY *pkey)
{
	return set_of(pkey) != 0;
}

static CK_RV read_set(const struct attrset *attrs, const struct mldsa_set **out)
{
	*out = keytype_mldsa_set(attrset_number(attrs, CKA_PARAMETER_SET, 0));
	if (*out == NULL)
		return keyparts_bad(CKK_ML_DSA, CKA_PARAMETER_SET, MLDSA_NO_SET);
	return ossl_has_key((*out)->name) ? CKR_OK : CKR_KEY_TYPE_INCONSISTENT;
}

/* For keys from outside: a set that this OpenSSL cannot use cannot be stored either. */
static CK_RV usable_set(const struct attrset *attrs, const struct mldsa_set **out)
{
	CK_RV rv = read_set(attrs, out);

	if (rv == CKR_KEY_TYPE_INCONSISTENT)
		return reason(CKR_PARAMETER_SET_NOT_SUPPORTED,
			      "CKA_PARAMETER_SET: OpenSSL has no ML-DSA keys");
	return rv == CKR_OK ? rv : CKR_PARAMETER_SET_NOT_SUPPORTED;
}

CK_RV keytype_mldsa_load(const struct keytype *t, CK_OBJECT_CLASS class,
			 const struct attrset *parts, struct key **out)
{
	bool private = class == CKO_PRIVATE_KEY;
	const struct mldsa_set *set;
	const unsigned char *value = NULL;
	EVP_PKEY *pkey;
	size_t len = 0;
	CK_RV rv = read_set(parts, &set);

	if (rv != CKR_OK)
		return rv;
	attrset_bytes(parts, CKA_VALUE, &value, &len);
	if (len != (private ? set->private : set->public))
		return keyparts_bad(t->type, CKA_VALUE, "has a wrong length");
	pkey = ossl_raw_key(set->name, private, value, len);
	if (pkey == NULL)
		return ossl_error(set->name, CKR_ATTRIBUTE_VALUE_INVALID);
	return keyparts_key(class, t->type, pkey, set->public, out);
}

/* The seed is there only when OpenSSL has made the key, or was given it. */
static CK_RV set_seed(EVP_PKEY *pkey, struct attrset *priv)
{
	struct secbuf *seed = secbuf_new(MLDSA_SEED_BYTES);
	size_t len = 0;
	CK_RV rv = CKR_OK;

	if (seed == NULL)
		return CKR_HOST_MEMORY;
	if (EVP_PKEY_get_octet_string_param(pkey, PARAM_SEED, seed->data, seed->len, &len) == 1)
		rv = attrset_set_bytes(priv, CKA_SEED, seed->data, len);
	else
		ossl_clear();
	secbuf_free(seed);
	return rv;
}

static CK_RV set_raw(EVP_PKEY *pkey, bool private, struct attrset *to)
{
	CK_ULONG number = set_of(pkey);
	const struct mldsa_set *set = keytype_mldsa_set(number);
	struct secbuf *value;
	CK_RV rv;

	if (set == NULL)
		return CKR_KEY_TYPE_INCONSISTENT;
	value = secbuf_new(private ? set->private : set->public);
	if (value == NULL)
		return CKR_HOST_MEMORY;
	if ((private ? EVP_PKEY_get_raw_private_key(pkey, value->data, &value->len)
		     : EVP_PKEY_get_raw_public_key(pkey, value->data, &value->len)) != 1)
		rv = ossl_error(set->name, CKR_FUNCTION_FAILED);
	else
		rv = attrset_set_bytes(to, CKA_VALUE, value->data, value->len);
	secbuf_free(value);
	return rv == CKR_OK ? attrset_set_number(to, CKA_PARAMETER_SET, number) : rv;
}

CK_RV keytype_mldsa_public(const struct keytype *t, EVP_PKEY *pkey, struct attrset *pub)
{
	(void)t;
	return set_raw(pkey, false, pub);
}

CK_RV keytype_mldsa_private(const struct keytype *t, EVP_PKEY *pkey, struct attrset *priv)
{
	CK_RV rv = set_raw(pkey, true, priv);

	(void)t;
	return rv == CKR_OK ? set_seed(pkey, priv) : rv;
}

CK_RV keytype_mldsa_expand(struct attrset *priv)
{
	struct keyparts p = { .count = 0 };
	const struct mldsa_set *set;
	const unsigned char *seed;
	EVP_PKEY *pkey = NULL;
	size_t len;
	CK_RV rv = usable_set(priv, &set);

	if (rv != CKR_OK)
		return rv;
	if (!attrset_bytes(priv, CKA_SEED, &seed, &len) || len != MLDSA_SEED_BYTES)
		return keyparts_bad(CKK_ML_DSA, CKA_SEED, "has a wrong length");
	keyparts_octets(&p, PARAM_SEED, seed, len);
	rv = keyparts_pkey(&p, CKK_ML_DSA, set->name, EVP_PKEY_KEYPAIR, &pkey);
	if (rv == CKR_OK)
		rv = set_raw(pkey, true, priv);
	EVP_PKEY_free(pkey);
	return rv;
}

/* The value that belongs to the seed: the one that is there, or it is added. */
static CK_RV settle_seed(const unsigned char *seed, size_t len, struct attrset *priv)
{
	uint64_t set = attrset_number(priv, CKA_PARAMETER_SET, 0);
	struct attrset *right = attrset_new(true);
	const unsigned char *value;
	size_t value_len = 0;
	CK_RV rv = CKR_HOST_MEMORY;

	if (right != NULL)
		rv = attrset_set_number(right, CKA_PARAMETER_SET, set);
	if (rv == CKR_OK)
		rv = attrset_set_bytes(right, CKA_SEED, seed, len);
	if (rv == CKR_OK)
		rv = keytype_mldsa_expand(right);
	attrset_bytes(priv, CKA_VALUE, &value, &value_len);
	if (rv == CKR_OK && value_len == 0)
		rv = attrset_set(priv, attrset_get(right, CKA_VALUE));
	else if (rv == CKR_OK && !attr_equal(attrset_get(priv, CKA_VALUE),
					     attrset_get(right, CKA_VALUE)))
		rv = keyparts_bad(CKK_ML_DSA, CKA_SEED, "does not belong to the value");
	attrset_free(right);
	return rv;
}

CK_RV keytype_mldsa_complete(const struct keytype *t, CK_OBJECT_CLASS class, struct attrset *attrs)
{
	const struct mldsa_set *set;
	const unsigned char *seed;
	size_t len;
	CK_RV rv = usable_set(attrs, &set);

	if (rv == CKR_OK && class == CKO_PRIVATE_KEY &&
	    attrset_bytes(attrs, CKA_SEED, &seed, &len) && len > 0)
		rv = settle_seed(seed, len, attrs);
	return rv == CKR_OK ? keytype_loads(t, class, attrs) : rv;
}

CK_RV keytype_mldsa_generate(const struct keytype *t, struct attrset *pub, struct attrset *priv)
{
	EVP_PKEY_CTX *ctx;
	EVP_PKEY *pkey = NULL;
	const struct mldsa_set *set;
	CK_RV rv;

	if (attrset_get(pub, CKA_PARAMETER_SET) == NULL)
		return CKR_TEMPLATE_INCOMPLETE;
	rv = usable_set(pub, &set);
	if (rv != CKR_OK)
		return rv;
	ctx = ossl_key_ctx(set->name);
	if (ctx == NULL || EVP_PKEY_keygen_init(ctx) != 1 || EVP_PKEY_generate(ctx, &pkey) != 1)
		rv = ossl_error(set->name, CKR_FUNCTION_FAILED);
	else
		rv = keytype_split(t, pkey, pub, priv);
	EVP_PKEY_free(pkey);
	EVP_PKEY_CTX_free(ctx);
	return rv;
}
