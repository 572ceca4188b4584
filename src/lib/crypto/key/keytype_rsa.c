#include "config.h"

#include "crypto/key/keytype_row.h"

#include <openssl/core_names.h>
#include <openssl/rsa.h>
#include <string.h>

#include "crypto/ossl/ossl.h"

#define MIN_BITS 512
#define MAX_BITS 16384
/* OpenSSL makes larger keys by FIPS 186-4, which knows no larger exponents. */
#define MAX_EXPONENT_BITS 256

static const struct keypart rsa_parts[] = {
	{ CKA_MODULUS, OSSL_PKEY_PARAM_RSA_N },
	{ CKA_PUBLIC_EXPONENT, OSSL_PKEY_PARAM_RSA_E },
	{ CKA_PRIVATE_EXPONENT, OSSL_PKEY_PARAM_RSA_D },
	{ CKA_PRIME_1, OSSL_PKEY_PARAM_RSA_FACTOR1 },
	{ CKA_PRIME_2, OSSL_PKEY_PARAM_RSA_FACTOR2 },
	{ CKA_EXPONENT_1, OSSL_PKEY_PARAM_RSA_EXPONENT1 },
	{ CKA_EXPONENT_2, OSSL_PKEY_PARAM_RSA_EXPONENT2 },
	{ CKA_COEFFICIENT, OSSL_PKEY_PARAM_RSA_COEFFICIENT1 },
};

#define PUBLIC_COUNT 2
#define FIRST_CRT 3

static bool has_crt(const struct attrset *parts)
{
	for (size_t i = FIRST_CRT; i < ARRAY_LEN(rsa_parts); i++) {
		size_t len;

		keyparts_trim(parts, rsa_parts[i].type, &len);
		if (len == 0)
			return false;
	}
	return true;
}

/* base^e mod n == 2? Used with base = 2^d mod n. */
static bool undoes(const BIGNUM *base, BN_ULONG e, const BIGNUM *n, BIGNUM *tmp, BIGNUM *result,
		   BN_CTX *ctx)
{
	return BN_set_word(tmp, e) == 1 && BN_mod_exp(result, base, tmp, n, ctx) == 1 &&
		BN_is_word(result, 2);
}

/*
 * Older versions of the standard let a private key come without its public exponent. One of the
 * usual ones is it when it undoes the private one.
 */
CK_RV keytype_rsa_exponent(const struct attrset *parts, BIGNUM **out)
{
	static const BN_ULONG usual[] = { 65537, 3, 17, 5, 7, 35, 37, 41, 257 };
	BIGNUM *n = keyparts_get_bn(parts, CKA_MODULUS);
	BIGNUM *d = keyparts_get_bn(parts, CKA_PRIVATE_EXPONENT);
	BIGNUM *base = BN_new(), *e = BN_new(), *result = BN_new();
	BN_CTX *ctx = BN_CTX_new_ex(ossl_random_ctx());
	bool found = false;
	CK_RV rv = CKR_HOST_MEMORY;

	if (n == NULL || d == NULL || base == NULL || e == NULL || result == NULL || ctx == NULL)
		goto out;
	rv = CKR_ATTRIBUTE_VALUE_INVALID;
	if (BN_set_word(base, 2) == 1 && BN_mod_exp(base, base, d, n, ctx) == 1)
		for (size_t i = 0; i < ARRAY_LEN(usual) && !found; i++)
			found = undoes(base, usual[i], n, e, result, ctx);
	if (found) {
		*out = e;
		e = NULL;
		rv = CKR_OK;
	} else {
		rv = keyparts_refused(CKK_RSA, CKA_PUBLIC_EXPONENT,
				      "is missing and none of the usual ones");
	}
out:
	BN_CTX_free(ctx);
	BN_free(result);
	BN_free(e);
	BN_clear_free(base);
	BN_clear_free(d);
	BN_free(n);
	return rv;
}

static CK_RV check_modulus(const struct attrset *parts)
{
	size_t len;
	const unsigned char *n = keyparts_trim(parts, CKA_MODULUS, &len);

	if (len == 0)
		return keyparts_bad(CKK_RSA, CKA_MODULUS, "is missing");
	if (len > MAX_BITS / 8)
		return keyparts_bad(CKK_RSA, CKA_MODULUS, "is too large");
	if ((n[len - 1] & 1) == 0)
		return keyparts_bad(CKK_RSA, CKA_MODULUS, "is even");
	return CKR_OK;
}

static CK_RV collect_private(struct keyparts *p, const struct attrset *parts)
{
	BIGNUM *e = NULL;
	size_t count = has_crt(parts) ? ARRAY_LEN(rsa_parts) : FIRST_CRT;
	size_t len;
	CK_RV rv;

	keyparts_trim(parts, CKA_PUBLIC_EXPONENT, &len);
	if (len > 0)
		return keyparts_table(p, CKK_RSA, rsa_parts, count, parts);
	rv = keyparts_table(p, CKK_RSA, rsa_parts, 1, parts);
	if (rv == CKR_OK)
		rv = keyparts_table(p, CKK_RSA, rsa_parts + PUBLIC_COUNT, count - PUBLIC_COUNT,
				    parts);
	if (rv == CKR_OK)
		rv = keytype_rsa_exponent(parts, &e);
	if (rv == CKR_OK)
		rv = keyparts_bn(p, OSSL_PKEY_PARAM_RSA_E, e);
	BN_free(e);
	return rv;
}

CK_RV keytype_rsa_load(const struct keytype *t, CK_OBJECT_CLASS class, const struct attrset *parts,
		       struct key **out)
{
	struct keyparts p = { .count = 0 };
	EVP_PKEY *pkey = NULL;
	bool private = class == CKO_PRIVATE_KEY;
	CK_RV rv = check_modulus(parts);

	if (rv != CKR_OK)
		return rv;
	rv = private ? collect_private(&p, parts) :
		keyparts_table(&p, CKK_RSA, rsa_parts, PUBLIC_COUNT, parts);
	if (rv == CKR_OK)
		rv = keyparts_pkey(&p, CKK_RSA, t->name, private ? EVP_PKEY_KEYPAIR :
				   EVP_PKEY_PUBLIC_KEY, &pkey);
	keyparts_free(&p);
	if (rv != CKR_OK)
		return rv;
	return keyparts_key(class, CKK_RSA, pkey, keyparts_bits(parts, CKA_MODULUS), out);
}

/* When there is one. */
static CK_RV check_exponent(const struct attrset *attrs)
{
	size_t len, n_len;
	const unsigned char *e = keyparts_trim(attrs, CKA_PUBLIC_EXPONENT, &len);
	const unsigned char *n = keyparts_trim(attrs, CKA_MODULUS, &n_len);

	if (len == 0)
		return CKR_OK;
	if ((e[len - 1] & 1) == 0)
		return keyparts_bad(CKK_RSA, CKA_PUBLIC_EXPONENT, "is even");
	if (len == 1 && e[0] == 1)
		return keyparts_bad(CKK_RSA, CKA_PUBLIC_EXPONENT, "is 1");
	if (len > n_len || (len == n_len && memcmp(e, n, len) >= 0))
		return keyparts_bad(CKK_RSA, CKA_PUBLIC_EXPONENT, "is not below the modulus");
	return CKR_OK;
}

CK_RV keytype_rsa_complete(const struct keytype *t, CK_OBJECT_CLASS class, struct attrset *attrs)
{
	CK_RV rv = check_modulus(attrs);

	if (rv == CKR_OK)
		rv = check_exponent(attrs);
	if (rv == CKR_OK && class == CKO_PRIVATE_KEY)
		rv = keytype_rsa_settle(t, attrs, false);
	if (rv == CKR_OK)
		rv = keytype_loads(t, class, attrs);
	if (rv == CKR_OK && class == CKO_PUBLIC_KEY)
		rv = attrset_set_number(attrs, CKA_MODULUS_BITS,
					keyparts_bits(attrs, CKA_MODULUS));
	return rv;
}

static bool has_bytes(const struct attrset *s, CK_ATTRIBUTE_TYPE type)
{
	const unsigned char *data;
	size_t len;

	return attrset_bytes(s, type, &data, &len) && len > 0;
}

/* The public exponent of the template, or the usual one, which is then added to the public key. */
static CK_RV wanted_exponent(struct attrset *pub, uint64_t bits, BIGNUM **out)
{
	static const unsigned char usual[] = { 0x01, 0x00, 0x01 };
	size_t len;
	const unsigned char *e = keyparts_trim(pub, CKA_PUBLIC_EXPONENT, &len);
	CK_ULONG e_bits;

	if (len == 0 && !has_bytes(pub, CKA_PUBLIC_EXPONENT)) {
		CK_RV rv = attrset_set_bytes(pub, CKA_PUBLIC_EXPONENT, usual, sizeof(usual));

		if (rv != CKR_OK)
			return rv;
		e = keyparts_trim(pub, CKA_PUBLIC_EXPONENT, &len);
	}
	e_bits = keyparts_bits(pub, CKA_PUBLIC_EXPONENT);
	if (e_bits < 2 || (e[len - 1] & 1) == 0 || e_bits > MAX_EXPONENT_BITS || e_bits >= bits / 2)
		return keyparts_bad(CKK_RSA, CKA_PUBLIC_EXPONENT,
				    "is not an odd number from 3 to 2^256");
	*out = BN_bin2bn(e, (int)len, NULL);
	return *out != NULL ? CKR_OK : CKR_HOST_MEMORY;
}

static CK_RV generate(const char *name, uint64_t bits, BIGNUM *e, EVP_PKEY **out)
{
	EVP_PKEY_CTX *ctx = ossl_key_ctx(name);
	CK_RV rv = CKR_OK;

	if (ctx == NULL || EVP_PKEY_keygen_init(ctx) != 1 ||
	    EVP_PKEY_CTX_set_rsa_keygen_bits(ctx, (int)bits) != 1 ||
	    EVP_PKEY_CTX_set1_rsa_keygen_pubexp(ctx, e) != 1 || EVP_PKEY_generate(ctx, out) != 1)
		rv = ossl_error("RSA key generation", CKR_FUNCTION_FAILED);
	else if ((uint64_t)EVP_PKEY_get_bits(*out) != bits)
		/* Odd lengths from 2048 bits on come out one bit short. */
		rv = keyparts_bad(CKK_RSA, CKA_MODULUS_BITS,
				  "is a length that OpenSSL cannot make");
	EVP_PKEY_CTX_free(ctx);
	return rv;
}

CK_RV keytype_rsa_generate(const struct keytype *t, struct attrset *pub, struct attrset *priv)
{
	uint64_t bits = attrset_number(pub, CKA_MODULUS_BITS, 0);
	EVP_PKEY *pkey = NULL;
	BIGNUM *e = NULL;
	CK_RV rv;

	if (attrset_get(pub, CKA_MODULUS_BITS) == NULL)
		return CKR_TEMPLATE_INCOMPLETE;
	if (bits < MIN_BITS || bits > MAX_BITS)
		return keyparts_bad(CKK_RSA, CKA_MODULUS_BITS, "is out of range");
	rv = wanted_exponent(pub, bits, &e);
	if (rv != CKR_OK)
		return rv;
	rv = generate(t->name, bits, e, &pkey);
	if (rv == CKR_OK)
		rv = keytype_split(t, pkey, pub, priv);
	EVP_PKEY_free(pkey);
	BN_free(e);
	return rv;
}

CK_RV keytype_rsa_public(const struct keytype *t, EVP_PKEY *pkey, struct attrset *pub)
{
	CK_RV rv = keyparts_extract(pkey, rsa_parts, PUBLIC_COUNT, pub);

	(void)t;
	return rv == CKR_OK ? attrset_set_number(pub, CKA_MODULUS_BITS,
						 keyparts_bits(pub, CKA_MODULUS)) : rv;
}

CK_RV keytype_rsa_private(const struct keytype *t, EVP_PKEY *pkey, struct attrset *priv)
{
	(void)t;
	return keyparts_extract(pkey, rsa_parts, ARRAY_LEN(rsa_parts), priv);
}
