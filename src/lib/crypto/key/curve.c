#include "config.h"

#include "crypto/key/curve.h"

#include "common/reason.h"
#include "crypto/key/keyparts.h"
#include "crypto/ossl/ossl.h"

static bool fits(CK_KEY_TYPE type, const struct der_curve *curve)
{
	if (type == CKK_EC)
		return curve->nid != 0;
	return curve->nid == 0 && (type == CKK_EC_EDWARDS || curve->montgomery);
}

CK_RV curve_read(CK_KEY_TYPE type, const struct attrset *parts, struct der_curve *out)
{
	const unsigned char *der;
	size_t len;
	CK_RV rv;

	if (!attrset_bytes(parts, CKA_EC_PARAMS, &der, &len) || len == 0)
		return keyparts_bad(type, CKA_EC_PARAMS, "is missing");
	rv = der_curve_read(der, len, out);
	if (rv == CKR_ATTRIBUTE_VALUE_INVALID)
		return keyparts_bad(type, CKA_EC_PARAMS, "cannot be decoded");
	if (rv == CKR_OK && !fits(type, out))
		rv = CKR_CURVE_NOT_SUPPORTED;
	if (rv == CKR_CURVE_NOT_SUPPORTED)
		return reason(rv, "CKA_EC_PARAMS: the curve is not supported");
	return rv;
}

CK_RV curve_wanted(CK_KEY_TYPE type, const struct attrset *pub, struct der_curve *out)
{
	const struct attr *params = attrset_get(pub, CKA_EC_PARAMS);
	CK_RV rv;

	if (params == NULL)
		return CKR_TEMPLATE_INCOMPLETE;
	rv = curve_read(type, pub, out);
	if (rv == CKR_ATTRIBUTE_VALUE_INVALID && params->kind == ATTR_BYTES &&
	    params->u.bytes.len > 0)
		rv = CKR_DOMAIN_PARAMS_INVALID;	/* there is something, but no parameters */
	return rv;
}

CK_RV curve_write(const struct der_curve *curve, struct attrset *to)
{
	struct buf der = BUF_INIT;
	CK_RV rv = der_curve_write(curve, &der);

	if (rv == CKR_OK)
		rv = attrset_set_bytes(to, CKA_EC_PARAMS, der.data, der.len);
	buf_free(&der);
	return rv;
}

CK_RV curve_keep_or_write(const struct der_curve *curve, struct attrset *to)
{
	return attrset_get(to, CKA_EC_PARAMS) == NULL ? curve_write(curve, to) : CKR_OK;
}

CK_RV curve_tidy(CK_KEY_TYPE type, struct attrset *attrs)
{
	struct der_curve curve;
	CK_RV rv = curve_read(type, attrs, &curve);

	return rv == CKR_OK && curve.loose ? curve_write(&curve, attrs) : rv;
}

CK_RV curve_point_read(CK_KEY_TYPE type, const struct attrset *parts, size_t compressed,
		       size_t full, const unsigned char **point, size_t *len)
{
	const unsigned char *value, *inner;
	size_t n, inner_n;

	if (!attrset_bytes(parts, CKA_EC_POINT, &value, &n) || n == 0)
		return keyparts_bad(type, CKA_EC_POINT, "is missing");
	if (der_octets_read(value, n, &inner, &inner_n) &&
	    (inner_n == compressed || inner_n == full)) {
		value = inner;
		n = inner_n;
	}
	if (n != compressed && n != full)
		return keyparts_bad(type, CKA_EC_POINT, "has a wrong length");
	*point = value;
	*len = n;
	return CKR_OK;
}

CK_RV curve_point_write(const unsigned char *point, size_t len, struct attrset *to)
{
	struct buf der = BUF_INIT;
	CK_RV rv = der_octets_write(point, len, &der);

	if (rv == CKR_OK)
		rv = attrset_set_bytes(to, CKA_EC_POINT, der.data, der.len);
	buf_free(&der);
	return rv;
}

CK_RV curve_group(const struct der_curve *curve, const EC_GROUP **out)
{
	*out = ossl_group(curve->name);
	return *out != NULL ? CKR_OK : ossl_quiet(CKR_HOST_MEMORY);
}

/*
 * The points of a curve with a cofactor are more than those that the generator makes; the others
 * would betray a private key bit by bit.
 */
static bool in_subgroup(const EC_GROUP *group, const EC_POINT *q, BN_CTX *ctx)
{
	EC_POINT *r;
	bool ok;

	if (BN_is_one(EC_GROUP_get0_cofactor(group)))
		return true;
	r = EC_POINT_new(group);
	ok = r != NULL &&
	     EC_POINT_mul(group, r, NULL, q, EC_GROUP_get0_order(group), ctx) == 1 &&
	     EC_POINT_is_at_infinity(group, r) == 1;
	EC_POINT_free(r);
	return ok;
}

/* Bytes of a point; oct2point looks whether it is on the curve. */
struct octets {
	const unsigned char *data;
	size_t len;
};

static bool decode(const EC_GROUP *group, const struct octets *from, EC_POINT *q, BN_CTX *ctx)
{
	return EC_POINT_oct2point(group, q, from->data, from->len, ctx) == 1 &&
	       EC_POINT_is_at_infinity(group, q) == 0 && in_subgroup(group, q, ctx);
}

static bool multiply(const EC_GROUP *group, const BIGNUM *d, EC_POINT *q, BN_CTX *ctx)
{
	return !BN_is_zero(d) && BN_cmp(d, EC_GROUP_get0_order(group)) < 0 &&
	       EC_POINT_mul(group, q, d, NULL, NULL, ctx) == 1;
}

/*
 * A point in full, from other bytes of it, or else d times the generator. 0: it is no such point,
 * d is out of range, or OpenSSL fails.
 */
static size_t full_point(const EC_GROUP *group, const struct octets *from, const BIGNUM *d,
			 unsigned char *point)
{
	BN_CTX *ctx = BN_CTX_new_ex(ossl_random_ctx());
	EC_POINT *q = EC_POINT_new(group);
	size_t len = 0;

	if (ctx != NULL && q != NULL &&
	    (from != NULL ? decode(group, from, q, ctx) : multiply(group, d, q, ctx)))
		len = EC_POINT_point2oct(group, q, POINT_CONVERSION_UNCOMPRESSED, point,
					 POINT_BYTES, ctx);
	EC_POINT_free(q);
	BN_CTX_free(ctx);
	return len;
}

CK_RV curve_full_point(const EC_GROUP *group, const struct attrset *parts, unsigned char *point,
		       size_t *len)
{
	size_t field = ((size_t)EC_GROUP_get_degree(group) + 7) / 8;
	struct octets from;
	CK_RV rv = curve_point_read(CKK_EC, parts, 1 + field, 1 + 2 * field, &from.data,
				    &from.len);

	if (rv != CKR_OK)
		return rv;
	*len = full_point(group, &from, NULL, point);
	return *len > 0 ? CKR_OK :
		keyparts_refused(CKK_EC, CKA_EC_POINT, "is no point of the curve");
}

CK_RV curve_public_point(const EC_GROUP *group, const struct attrset *parts, unsigned char *point,
			 size_t *len)
{
	BIGNUM *d;
	size_t n;

	*len = 0;
	keyparts_trim(parts, CKA_VALUE, &n);
	if (n <= POINT_BYTES) {
		d = keyparts_get_bn(parts, CKA_VALUE);
		if (d == NULL)
			return CKR_HOST_MEMORY;
		*len = full_point(group, NULL, d, point);
		BN_clear_free(d);
	}
	return *len > 0 ? CKR_OK :
		keyparts_refused(CKK_EC, CKA_VALUE,
				 "is missing or not below the order of the curve");
}
