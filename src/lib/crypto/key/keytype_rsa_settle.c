#include "config.h"

#include "crypto/key/keytype_row.h"

#include "common/reason.h"
#include "crypto/ossl/ossl.h"

/* In the order of keytype's private_parts. */
enum part { N, E, D, P, Q, DP, DQ, QINV, PARTS };

/* The numbers of a private key; one that is missing is zero. */
struct numbers_of {
	const struct keytype *t;
	BIGNUM *v[PARTS];
	BN_CTX *ctx;
	CK_ULONG bits;	/* of the modulus */
};

/* A number of bases for factoring: each has one chance in two, or better. */
#define BASES_MAX 16
/*
 * Factoring raises numbers to the power of the private exponent: above that size it is done only
 * when the factors are asked for. The other two: always, and never.
 */
#define FACTOR_BITS 4096
#define FACTOR_ANY CK_UNAVAILABLE_INFORMATION
#define FACTOR_NONE 0

static CK_RV bad(const struct numbers_of *r, enum part part, const char *why)
{
	return keyparts_bad(CKK_RSA, r->t->private_parts[part], why);
}

/* OpenSSL found no inverse. */
static CK_RV refused(const struct numbers_of *r, enum part part, const char *why)
{
	return keyparts_refused(CKK_RSA, r->t->private_parts[part], why);
}

static CK_RV failed(void)
{
	return ossl_error("RSA numbers", CKR_FUNCTION_FAILED);
}

static bool has(const struct numbers_of *r, enum part part)
{
	return !BN_is_zero(r->v[part]);
}

/* The modulus is not too large, as keytype_rsa_load checks it; nothing else is larger. */
static CK_RV open_numbers(struct numbers_of *r, const struct attrset *parts)
{
	r->bits = keyparts_bits(parts, CKA_MODULUS);
	for (enum part i = N; i < PARTS; i++)
		if (keyparts_bits(parts, r->t->private_parts[i]) > r->bits)
			return bad(r, i, "is larger than the modulus");
	r->ctx = BN_CTX_new_ex(ossl_random_ctx());
	for (enum part i = N; i < PARTS; i++) {
		r->v[i] = keyparts_get_bn(parts, r->t->private_parts[i]);
		if (r->v[i] == NULL)
			return CKR_HOST_MEMORY;
	}
	return r->ctx != NULL ? CKR_OK : CKR_HOST_MEMORY;
}

static void close_numbers(struct numbers_of *r)
{
	for (enum part i = N; i < PARTS; i++)
		BN_clear_free(r->v[i]);
	BN_CTX_free(r->ctx);
}

/* *out = a number of the context, for work on secrets. */
static bool temporary(const struct numbers_of *r, BIGNUM **out)
{
	*out = BN_CTX_get(r->ctx);
	if (*out != NULL)
		BN_set_flags(*out, BN_FLG_CONSTTIME);
	return *out != NULL;
}

/* The other prime, when only one is there. */
static CK_RV complete_primes(const struct numbers_of *r, enum part known, enum part missing)
{
	BIGNUM *rest = NULL;
	CK_RV rv = CKR_OK;

	BN_CTX_start(r->ctx);
	if (!temporary(r, &rest) ||
	    BN_div(r->v[missing], rest, r->v[N], r->v[known], r->ctx) != 1)
		rv = failed();
	else if (!BN_is_zero(rest))
		rv = bad(r, known, "does not divide the modulus");
	BN_CTX_end(r->ctx);
	return rv;
}

static CK_RV check_primes(const struct numbers_of *r)
{
	BIGNUM *product = NULL;
	CK_RV rv = CKR_OK;

	if (BN_is_one(r->v[P]) || BN_is_one(r->v[Q]))
		return bad(r, BN_is_one(r->v[P]) ? P : Q, "is 1");
	if (BN_cmp(r->v[P], r->v[Q]) == 0)
		return bad(r, Q, "is the other prime again");
	BN_CTX_start(r->ctx);
	if (!temporary(r, &product) || BN_mul(product, r->v[P], r->v[Q], r->ctx) != 1)
		rv = failed();
	else if (BN_cmp(product, r->v[N]) != 0)
		rv = bad(r, N, "is not the product of the primes");
	BN_CTX_end(r->ctx);
	return rv;
}

/* The inverse of the private exponent modulo lcm(p - 1, q - 1). */
static CK_RV compute_public_exponent(const struct numbers_of *r)
{
	BIGNUM *p1 = NULL, *q1 = NULL, *gcd = NULL, *lcm = NULL;
	CK_RV rv = CKR_OK;

	BN_CTX_start(r->ctx);
	if (!temporary(r, &p1) || !temporary(r, &q1) || !temporary(r, &gcd) ||
	    !temporary(r, &lcm) || BN_sub(p1, r->v[P], BN_value_one()) != 1 ||
	    BN_sub(q1, r->v[Q], BN_value_one()) != 1 || BN_gcd(gcd, p1, q1, r->ctx) != 1 ||
	    BN_div(lcm, NULL, p1, gcd, r->ctx) != 1 || BN_mul(lcm, lcm, q1, r->ctx) != 1)
		rv = failed();
	else if (BN_mod_inverse(r->v[E], r->v[D], lcm, r->ctx) == NULL)
		rv = refused(r, D, "does not fit the primes");
	BN_CTX_end(r->ctx);
	return rv;
}

/* A CRT exponent: the private one modulo prime - 1. With the public one it has to make 1. */
static CK_RV crt_exponent(const struct numbers_of *r, enum part prime, enum part exponent)
{
	BIGNUM *p1 = NULL, *right = NULL, *one = NULL;
	CK_RV rv = CKR_OK;

	BN_CTX_start(r->ctx);
	if (!temporary(r, &p1) || !temporary(r, &right) || !temporary(r, &one) ||
	    BN_sub(p1, r->v[prime], BN_value_one()) != 1 ||
	    BN_mod(right, r->v[D], p1, r->ctx) != 1 ||
	    BN_mod_mul(one, right, r->v[E], p1, r->ctx) != 1)
		rv = failed();
	else if (!BN_is_one(one))
		rv = bad(r, D, "does not undo the public exponent");
	else if (has(r, exponent) && BN_cmp(r->v[exponent], right) != 0)
		rv = bad(r, exponent, "does not follow from the private exponent");
	else if (BN_copy(r->v[exponent], right) == NULL)
		rv = failed();
	BN_CTX_end(r->ctx);
	return rv;
}

/* What is there is multiplied, which is much faster than to compute it. */
static CK_RV check_coefficient(const struct numbers_of *r)
{
	BIGNUM *one = NULL;
	CK_RV rv = CKR_OK;

	BN_CTX_start(r->ctx);
	if (!temporary(r, &one) || BN_mod_mul(one, r->v[QINV], r->v[Q], r->v[P], r->ctx) != 1)
		rv = failed();
	else if (!BN_is_one(one) || BN_cmp(r->v[QINV], r->v[P]) >= 0)
		rv = bad(r, QINV, "does not follow from the primes");
	BN_CTX_end(r->ctx);
	return rv;
}

static CK_RV compute_coefficient(const struct numbers_of *r)
{
	if (BN_mod_inverse(r->v[QINV], r->v[Q], r->v[P], r->ctx) == NULL)
		return refused(r, Q, "has a divisor in common with the other prime");
	return CKR_OK;
}

/* Both primes are there: all else has to fit, or is computed. */
static CK_RV settle_crt(const struct numbers_of *r)
{
	CK_RV rv = check_primes(r);

	if (rv == CKR_OK && !has(r, E))
		rv = compute_public_exponent(r);
	if (rv == CKR_OK)
		rv = crt_exponent(r, P, DP);
	if (rv == CKR_OK)
		rv = crt_exponent(r, Q, DQ);
	if (rv != CKR_OK)
		return rv;
	return has(r, QINV) ? check_coefficient(r) : compute_coefficient(r);
}

/* No primes: do the exponents undo each other? */
static CK_RV check_exponents(const struct numbers_of *r)
{
	BIGNUM *x = NULL;
	CK_RV rv = CKR_OK;

	BN_CTX_start(r->ctx);
	if (!temporary(r, &x) || BN_set_word(x, 2) != 1 ||
	    BN_mod_exp(x, x, r->v[D], r->v[N], r->ctx) != 1 ||
	    BN_mod_exp(x, x, r->v[E], r->v[N], r->ctx) != 1)
		rv = failed();
	else if (!BN_is_word(x, 2))
		rv = bad(r, D, "does not undo the public exponent");
	BN_CTX_end(r->ctx);
	return rv;
}

/*
 * Squares x = base^odd, twos times: a root of 1 that is neither 1 nor -1 has a divisor in common
 * with n. false: OpenSSL fails. *found tells whether x is such a root.
 */
static bool find_root(const struct numbers_of *r, BIGNUM *x, BIGNUM *square,
		      const BIGNUM *minus_one, int twos, bool *found)
{
	*found = false;
	if (BN_is_one(x))
		return true;
	for (int i = 0; i < twos && BN_cmp(x, minus_one) != 0; i++) {
		if (BN_mod_sqr(square, x, r->v[N], r->ctx) != 1)
			return false;
		if (BN_is_one(square)) {
			*found = true;
			return true;
		}
		if (BN_copy(x, square) == NULL)
			return false;
	}
	return true;
}

/* The number of factors of 2 in k, which are taken out. */
static int take_twos(BIGNUM *k)
{
	int n = 0;

	while (!BN_is_bit_set(k, n))
		n++;
	return BN_rshift(k, k, n) == 1 ? n : -1;
}

/*
 * The primes from n, e and d (RFC 8017 does not say how; NIST SP 800-56B appendix C does). They
 * stay zero when no base finds them: n is no product of two primes then, or luck was bad.
 */
static CK_RV factor(const struct numbers_of *r)
{
	static const BN_ULONG bases[BASES_MAX] = { 2,  3,  5,  7,  11, 13, 17, 19,
						   23, 29, 31, 37, 41, 43, 47, 53 };
	BIGNUM *k = NULL, *x = NULL, *square = NULL, *minus_one = NULL;
	bool found = false;
	int twos = -1;
	CK_RV rv = CKR_OK;

	BN_CTX_start(r->ctx);
	if (temporary(r, &k) && temporary(r, &x) && temporary(r, &square) &&
	    temporary(r, &minus_one) && BN_sub(minus_one, r->v[N], BN_value_one()) == 1 &&
	    BN_mul(k, r->v[E], r->v[D], r->ctx) == 1 && BN_sub_word(k, 1) == 1 && !BN_is_zero(k))
		twos = take_twos(k);
	if (twos < 0)
		rv = failed();
	for (size_t i = 0; i < BASES_MAX && rv == CKR_OK && !found; i++)
		if (BN_set_word(x, bases[i]) != 1 ||
		    BN_mod_exp(x, x, k, r->v[N], r->ctx) != 1 ||
		    !find_root(r, x, square, minus_one, twos, &found))
			rv = failed();
	if (found && (BN_sub_word(x, 1) != 1 || BN_gcd(r->v[P], x, r->v[N], r->ctx) != 1 ||
		      BN_div(r->v[Q], NULL, r->v[N], r->v[P], r->ctx) != 1))
		rv = failed();
	BN_CTX_end(r->ctx);
	return rv;
}

/*
 * With the primes come the rest. A modulus of more than two primes is taken apart too, but then
 * nothing fits: such a key works without.
 */
static CK_RV settle_without_primes(const struct numbers_of *r)
{
	CK_RV rv = factor(r);

	if (rv != CKR_OK || !has(r, P))
		return rv;
	rv = settle_crt(r);
	if (rv != CKR_ATTRIBUTE_VALUE_INVALID)
		return rv;
	reason_clear();
	for (enum part i = P; i < PARTS; i++)
		BN_zero(r->v[i]);
	return CKR_OK;
}

static CK_RV settle_exponents(const struct numbers_of *r, const struct attrset *parts)
{
	BIGNUM *e = NULL;
	CK_RV rv;

	if (has(r, E))
		return check_exponents(r);
	rv = keytype_rsa_exponent(parts, &e);
	if (rv == CKR_OK && BN_copy(r->v[E], e) == NULL)
		rv = CKR_HOST_MEMORY;
	BN_free(e);
	return rv;
}

static CK_RV settle(const struct numbers_of *r, const struct attrset *parts, CK_ULONG factor_bits)
{
	CK_RV rv = CKR_OK;

	if (!has(r, D))
		return bad(r, D, "is missing");
	if (!BN_is_odd(r->v[D]))
		return bad(r, D, "is even");
	if (has(r, P) != has(r, Q))
		rv = has(r, P) ? complete_primes(r, P, Q) : complete_primes(r, Q, P);
	if (rv == CKR_OK && has(r, P))
		return settle_crt(r);
	if (rv == CKR_OK)
		rv = settle_exponents(r, parts);
	/* Parts of the CRT without the primes are of no use, and nobody knows which is whose. */
	if (rv == CKR_OK && !has(r, DP) && !has(r, DQ) && !has(r, QINV) &&
	    r->bits <= factor_bits)
		rv = settle_without_primes(r);
	return rv;
}

CK_RV keytype_rsa_settle(const struct keytype *t, struct attrset *parts, bool large)
{
	struct numbers_of r = { .t = t };
	CK_RV rv = open_numbers(&r, parts);

	if (rv == CKR_OK)
		rv = settle(&r, parts, large ? FACTOR_ANY : FACTOR_BITS);
	for (enum part i = E; rv == CKR_OK && i < PARTS; i++)
		if (has(&r, i) && keyparts_bits(parts, t->private_parts[i]) == 0)
			rv = keyparts_set_bn(parts, t->private_parts[i], r.v[i]);
	close_numbers(&r);
	return rv;
}

CK_RV keytype_rsa_agrees(const struct keytype *t, const struct key *k, const struct attrset *attrs)
{
	struct numbers_of r = { .t = t };
	CK_RV rv;

	if (k->class != CKO_PRIVATE_KEY)
		return CKR_OK;
	rv = open_numbers(&r, attrs);
	/* without these two there is nothing to compare, and keytype_rsa_load has looked already */
	if (rv == CKR_OK && (has(&r, P) || has(&r, Q) || has(&r, E)))
		rv = settle(&r, attrs, FACTOR_NONE);
	close_numbers(&r);
	return rv;
}
