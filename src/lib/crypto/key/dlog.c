#include "config.h"

#include "crypto/key/dlog.h"

#include "crypto/ossl/ossl.h"

/* What the checks work with; q and value are zero when the object has none. */
struct group {
	const struct keytype *t;
	BIGNUM *p, *q, *g, *value;
	BIGNUM *limit;	/* p - 1 */
	BN_CTX *ctx;
};

static CK_RV bad_domain(const struct group *d, CK_ATTRIBUTE_TYPE attr, const char *why)
{
	(void)keyparts_bad(d->t->type, attr, why);
	return CKR_DOMAIN_PARAMS_INVALID;
}

static CK_RV read_number(const struct keytype *t, const struct attrset *attrs,
			 CK_ATTRIBUTE_TYPE type, bool wanted, BIGNUM **out)
{
	size_t len;

	keyparts_trim(attrs, type, &len);
	if (wanted && len == 0)
		return keyparts_bad(t->type, type, "is missing");
	if (wanted && len > DLOG_PRIME_BYTES)
		return keyparts_bad(t->type, type, "is too large");
	*out = wanted ? keyparts_get_bn(attrs, type) : BN_new();
	return *out != NULL ? CKR_OK : CKR_HOST_MEMORY;
}

static CK_RV open_group(struct group *d, CK_OBJECT_CLASS class, const struct attrset *attrs)
{
	const struct keytype *t = d->t;
	CK_RV rv = read_number(t, attrs, CKA_PRIME, true, &d->p);

	if (rv == CKR_OK)
		rv = read_number(t, attrs, CKA_SUBPRIME, t->type == CKK_DSA, &d->q);
	if (rv == CKR_OK)
		rv = read_number(t, attrs, CKA_BASE, true, &d->g);
	if (rv == CKR_OK)
		rv = read_number(t, attrs, CKA_VALUE, class != CKO_DOMAIN_PARAMETERS, &d->value);
	if (rv != CKR_OK)
		return rv;
	d->limit = BN_dup(d->p);
	d->ctx = BN_CTX_new_ex(ossl_random_ctx());
	return d->limit != NULL && d->ctx != NULL && BN_sub_word(d->limit, 1) == 1 ?
		CKR_OK : CKR_HOST_MEMORY;
}

static void close_group(struct group *d)
{
	BN_CTX_free(d->ctx);
	BN_free(d->limit);
	BN_clear_free(d->value);
	BN_free(d->g);
	BN_free(d->q);
	BN_free(d->p);
}

/* Is base^exponent = 1 modulo an odd number? */
static CK_RV makes_one(const struct group *d, const BIGNUM *base, const BIGNUM *exponent,
		       const BIGNUM *modulus, bool *out)
{
	BIGNUM *x;
	CK_RV rv = CKR_OK;

	BN_CTX_start(d->ctx);
	x = BN_CTX_get(d->ctx);
	if (x == NULL || BN_mod_exp(x, base, exponent, modulus, d->ctx) != 1)
		rv = ossl_error("domain parameters", CKR_FUNCTION_FAILED);
	else
		*out = BN_is_one(x);
	BN_CTX_end(d->ctx);
	return rv;
}

/* Fermat's test, base 2. */
static CK_RV check_prime(const struct group *d, CK_ATTRIBUTE_TYPE type, const BIGNUM *prime)
{
	BIGNUM *two = BN_new(), *less = BN_dup(prime);
	bool one = false;
	CK_RV rv = CKR_HOST_MEMORY;

	if (two != NULL && less != NULL && BN_set_word(two, 2) == 1 && BN_sub_word(less, 1) == 1)
		rv = makes_one(d, two, less, prime, &one);
	BN_free(two);
	BN_free(less);
	return rv == CKR_OK && !one ? bad_domain(d, type, "is not prime") : rv;
}

/* From 2 to p - 2? The numbers 1 and p - 1 make no group to speak of. */
static bool in_group(const struct group *d, const BIGNUM *n)
{
	return !BN_is_zero(n) && !BN_is_one(n) && BN_cmp(n, d->limit) < 0;
}

static CK_RV check_modulus(const struct group *d)
{
	if (!BN_is_odd(d->p))
		return bad_domain(d, CKA_PRIME, "is even");
	if (BN_num_bits(d->p) < DLOG_PRIME_BITS_MIN)
		return bad_domain(d, CKA_PRIME, "is too small");
	if (!in_group(d, d->g))
		return bad_domain(d, CKA_BASE, "is not between 1 and CKA_PRIME - 1");
	return check_prime(d, CKA_PRIME, d->p);
}

/* DSA: the generator makes a group of q elements. */
static CK_RV check_subgroup(const struct group *d)
{
	BIGNUM *rest = BN_new();
	bool one = false;
	CK_RV rv = CKR_OK;

	if (!BN_is_odd(d->q) || BN_is_one(d->q) || BN_cmp(d->q, d->p) >= 0)
		rv = bad_domain(d, CKA_SUBPRIME, "is no odd number below CKA_PRIME");
	else if (rest == NULL || BN_mod(rest, d->limit, d->q, d->ctx) != 1)
		rv = ossl_error("domain parameters", CKR_HOST_MEMORY);
	else if (!BN_is_zero(rest))
		rv = bad_domain(d, CKA_SUBPRIME, "does not divide CKA_PRIME - 1");
	BN_free(rest);
	if (rv == CKR_OK)
		rv = check_prime(d, CKA_SUBPRIME, d->q);
	if (rv == CKR_OK)
		rv = makes_one(d, d->g, d->q, d->p, &one);
	if (rv == CKR_OK && !one)
		rv = bad_domain(d, CKA_BASE, "is not of the order CKA_SUBPRIME");
	return rv;
}

static CK_RV check_public(const struct group *d)
{
	bool one = true;
	CK_RV rv = CKR_OK;

	if (!in_group(d, d->value))
		return keyparts_bad(d->t->type, CKA_VALUE, "is not between 1 and CKA_PRIME - 1");
	if (d->t->type == CKK_DSA)
		rv = makes_one(d, d->value, d->q, d->p, &one);
	if (rv == CKR_OK && !one)
		rv = keyparts_bad(d->t->type, CKA_VALUE, "is not of the order CKA_SUBPRIME");
	return rv;
}

static CK_RV check_private(const struct group *d)
{
	if (d->t->type == CKK_DSA && BN_cmp(d->value, d->q) >= 0)
		return keyparts_bad(CKK_DSA, CKA_VALUE, "is not below CKA_SUBPRIME");
	if (BN_cmp(d->value, d->limit) >= 0)
		return keyparts_bad(d->t->type, CKA_VALUE, "is not below CKA_PRIME - 1");
	return CKR_OK;
}

CK_RV dlog_check(const struct keytype *t, CK_OBJECT_CLASS class, const struct attrset *attrs)
{
	struct group d = { .t = t };
	CK_RV rv = open_group(&d, class, attrs);

	if (rv == CKR_OK)
		rv = check_modulus(&d);
	if (rv == CKR_OK && t->type == CKK_DSA)
		rv = check_subgroup(&d);
	if (rv == CKR_OK && class == CKO_PUBLIC_KEY)
		rv = check_public(&d);
	if (rv == CKR_OK && class == CKO_PRIVATE_KEY)
		rv = check_private(&d);
	close_group(&d);
	return rv;
}
