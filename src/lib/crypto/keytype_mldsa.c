#include "config.h"

#include "crypto/keytype_row.h"

#include "crypto/ossl/ossl.h"

#define SEED_BYTES 32
/* OpenSSL's name of the seed, from 3.5 on. */
#define PARAM_SEED "seed"

/* FIPS 204 table 2, by CKA_PARAMETER_SET less 1. */
static const struct {
	const char *name;
	size_t public, private;
} sets[] = {
	[CKP_ML_DSA_44 - 1] = { "ML-DSA-44", 1312, 2560 },
	[CKP_ML_DSA_65 - 1] = { "ML-DSA-65", 1952, 4032 },
	[CKP_ML_DSA_87 - 1] = { "ML-DSA-87", 2592, 4896 },
};

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

static CK_RV read_set(const struct attrset *attrs, size_t *index)
{
	uint64_t set = attrset_number(attrs, CKA_PARAMETER_SET, 0);

	if (set == 0 || set > ARRAY_LEN(sets))
		return keyparts_bad(CKK_ML_DSA, CKA_PARAMETER_SET, "is none of 44, 65, 87");
	*index = (size_t)set - 1;
	return ossl_has_key(sets[*index].name) ? CKR_OK : CKR_KEY_TYPE_INCONSISTENT;
}

CK_RV keytype_mldsa_load(const struct keytype *t, CK_OBJECT_CLASS class,
			 const struct attrset *parts, struct key **out)
{
	bool private = class == CKO_PRIVATE_KEY;
	const unsigned char *value = NULL;
	EVP_PKEY *pkey;
	size_t len = 0, i = 0;
	CK_RV rv = read_set(parts, &i);

	if (rv != CKR_OK)
		return rv;
	attrset_bytes(parts, CKA_VALUE, &value, &len);
	if (len != (private ? sets[i].private : sets[i].public))
		return keyparts_bad(t->type, CKA_VALUE, "has a wrong length");
	pkey = ossl_raw_key(sets[i].name, private, value, len);
	if (pkey == NULL)
		return ossl_error(sets[i].name, CKR_ATTRIBUTE_VALUE_INVALID);
	return keyparts_key(class, t->type, pkey, sets[i].public, out);
}

/* The seed is there only when OpenSSL has made the key, or was given it. */
static CK_RV set_seed(EVP_PKEY *pkey, struct attrset *priv)
{
	struct secbuf *seed = secbuf_new(SEED_BYTES);
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

static CK_RV set_values(EVP_PKEY *pkey, size_t i, struct attrset *pub, struct attrset *priv)
{
	struct secbuf *public = secbuf_new(sets[i].public), *private = secbuf_new(sets[i].private);
	CK_RV rv = public != NULL && private != NULL ? CKR_OK : CKR_HOST_MEMORY;

	if (rv == CKR_OK && (EVP_PKEY_get_raw_public_key(pkey, public->data, &public->len) != 1 ||
			     EVP_PKEY_get_raw_private_key(pkey, private->data, &private->len) != 1))
		rv = ossl_error(sets[i].name, CKR_FUNCTION_FAILED);
	if (rv == CKR_OK)
		rv = attrset_set_bytes(pub, CKA_VALUE, public->data, public->len);
	if (rv == CKR_OK)
		rv = attrset_set_bytes(priv, CKA_VALUE, private->data, private->len);
	secbuf_free(public);
	secbuf_free(private);
	return rv;
}

CK_RV keytype_mldsa_split(const struct keytype *t, EVP_PKEY *pkey, struct attrset *pub,
			  struct attrset *priv)
{
	CK_ULONG set = set_of(pkey);
	CK_RV rv = set != 0 ? CKR_OK : CKR_KEY_TYPE_INCONSISTENT;

	(void)t;
	if (rv == CKR_OK)
		rv = set_values(pkey, (size_t)set - 1, pub, priv);
	if (rv == CKR_OK)
		rv = attrset_set_number(pub, CKA_PARAMETER_SET, set);
	if (rv == CKR_OK)
		rv = attrset_set_number(priv, CKA_PARAMETER_SET, set);
	return rv == CKR_OK ? set_seed(pkey, priv) : rv;
}

CK_RV keytype_mldsa_generate(const struct keytype *t, struct attrset *pub, struct attrset *priv)
{
	EVP_PKEY_CTX *ctx;
	EVP_PKEY *pkey = NULL;
	size_t i = 0;
	CK_RV rv;

	if (attrset_get(pub, CKA_PARAMETER_SET) == NULL)
		return CKR_TEMPLATE_INCOMPLETE;
	if (read_set(pub, &i) != CKR_OK)
		return CKR_PARAMETER_SET_NOT_SUPPORTED;
	ctx = ossl_key_ctx(sets[i].name);
	if (ctx == NULL || EVP_PKEY_keygen_init(ctx) != 1 || EVP_PKEY_generate(ctx, &pkey) != 1)
		rv = ossl_error(sets[i].name, CKR_FUNCTION_FAILED);
	else
		rv = keytype_mldsa_split(t, pkey, pub, priv);
	EVP_PKEY_free(pkey);
	EVP_PKEY_CTX_free(ctx);
	return rv;
}
