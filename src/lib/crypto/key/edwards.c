#include "config.h"

#include "crypto/key/edwards.h"

#include <openssl/bn.h>
#include <string.h>

#include "crypto/key/keyparts.h"
#include "crypto/ossl/ossl.h"

/* x^2 = (y^2 - 1) / (d * y^2 + s) modulo p: RFC 8032 sections 5.1.3 and 5.2.3, s = 1 and -1 */
static const struct equation {
	const char *name;
	const char *p;
	const char *d;
	int s;
} equations[] = {
	{ "ED25519", "7fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffed",
	  "52036cee2b6ffe738cc740797779e89800700a4d4141d8ab75eb4dca135978a3", 1 },
	{ "ED448",
	  "fffffffffffffffffffffffffffffffffffffffffffffffffffffffe"
	  "ffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
	  "-98a9", -1 },
};

enum answer { POINT, NO_POINT, FAILED };

/* A quotient is a square when the product is one. */
static enum answer solve(const BIGNUM *p, const BIGNUM *d, int s, const BIGNUM *y, BN_CTX *ctx)
{
	BIGNUM *u = BN_CTX_get(ctx), *v = BN_CTX_get(ctx);

	if (BN_cmp(y, p) >= 0)
		return NO_POINT;
	if (v == NULL || BN_mod_sqr(u, y, p, ctx) != 1 || BN_mod_mul(v, u, d, p, ctx) != 1 ||
	    BN_sub_word(u, 1) != 1 || (s > 0 ? BN_add_word(v, 1) : BN_sub_word(v, 1)) != 1)
		return FAILED;
	if (BN_is_zero(u))
		return NO_POINT;
	if (BN_mod_mul(v, u, v, p, ctx) != 1)
		return FAILED;
	switch (BN_kronecker(v, p, ctx)) {
	case 1:
		return POINT;
	case -2:
		return FAILED;
	default:
		return NO_POINT;
	}
}

static enum answer is_point(const struct equation *e, const unsigned char *point, size_t len)
{
	BN_CTX *ctx = BN_CTX_new_ex(ossl_random_ctx());
	BIGNUM *p = NULL, *d = NULL;
	BIGNUM *y = BN_lebin2bn(point, (int)len, NULL);
	enum answer answer = FAILED;

	/* the highest bit is the sign of x */
	if (ctx != NULL && y != NULL && BN_hex2bn(&p, e->p) > 0 && BN_hex2bn(&d, e->d) > 0 &&
	    (!BN_is_bit_set(y, 8 * (int)len - 1) || BN_clear_bit(y, 8 * (int)len - 1) == 1)) {
		BN_CTX_start(ctx);
		answer = solve(p, d, e->s, y, ctx);
		BN_CTX_end(ctx);
	}
	BN_free(y);
	BN_free(d);
	BN_free(p);
	BN_CTX_free(ctx);
	return answer;
}

CK_RV edwards_check(CK_KEY_TYPE type, const struct der_curve *curve, const unsigned char *point,
		    size_t len)
{
	const struct equation *e = &equations[strcmp(curve->name, equations[0].name) != 0];

	switch (is_point(e, point, len)) {
	case POINT:
		return CKR_OK;
	case NO_POINT:
		return keyparts_bad(type, CKA_EC_POINT, "is no point of the curve");
	default:
		return ossl_error("a point", CKR_FUNCTION_FAILED);
	}
}
