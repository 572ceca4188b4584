#include "config.h"

#include "crypto/keytype_row.h"

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/objects.h>

#include "common/log.h"
#include "crypto/ossl/ossl.h"

/* An uncompressed point of the largest curve, 571 bits, and some. */
#define POINT_BYTES 256

static CK_RV read_curve(CK_KEY_TYPE type, const struct attrset *parts, bool edwards,
			struct der_curve *out)
{
	const unsigned char *der;
	size_t len;
	CK_RV rv;

	if (!attrset_bytes(parts, CKA_EC_PARAMS, &der, &len) || len == 0)
		return keyparts_bad(type, CKA_EC_PARAMS, "is missing");
	rv = der_curve_read(der, len, out);
	if (rv == CKR_ATTRIBUTE_VALUE_INVALID)
		return keyparts_bad(type, CKA_EC_PARAMS, "cannot be decoded");
	if (rv == CKR_OK && (out->nid == 0) != edwards)
		rv = CKR_CURVE_NOT_SUPPORTED;
	if (rv == CKR_CURVE_NOT_SUPPORTED)
		log_error("the curve of an EC key is not supported");
	return rv;
}

/*
 * The curve that a new key is to be on: section 2.3.5, C_GenerateKeyPair has codes of its own for
 * it.
 */
static CK_RV wanted_curve(CK_KEY_TYPE type, const struct attrset *pub, bool edwards,
			  struct der_curve *out)
{
	const struct attr *params = attrset_get(pub, CKA_EC_PARAMS);
	CK_RV rv;

	if (params == NULL)
		return CKR_TEMPLATE_INCOMPLETE;
	rv = read_curve(type, pub, edwards, out);
	if (rv == CKR_ATTRIBUTE_VALUE_INVALID && params->kind == ATTR_BYTES &&
	    params->u.bytes.len > 0)
		rv = CKR_DOMAIN_PARAMS_INVALID;	/* there is something, but no parameters */
	return rv;
}

/*
 * The point without its OCTET STRING. Some software leaves the wrapping out, so a value that is
 * none is taken as it is. A bare point may look like a wrapped one: the two lengths that a point
 * can have decide.
 */
static CK_RV read_point(CK_KEY_TYPE type, const struct attrset *parts, size_t compressed,
			size_t full,
			const unsigned char **point, size_t *len)
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

/* Multiplies the generator by d; false when d is out of range or OpenSSL fails. */
static bool public_point(const EC_GROUP *group, const BIGNUM *d, unsigned char *point, size_t *len)
{
	BN_CTX *ctx = BN_CTX_new_ex(ossl_random_ctx());
	EC_POINT *q = EC_POINT_new(group);

	*len = 0;
	if (ctx != NULL && q != NULL && !BN_is_zero(d) &&
	    BN_cmp(d, EC_GROUP_get0_order(group)) < 0 &&
	    EC_POINT_mul(group, q, d, NULL, NULL, ctx) == 1)
		*len = EC_POINT_point2oct(group, q, POINT_CONVERSION_UNCOMPRESSED, point,
					  POINT_BYTES, ctx);
	EC_POINT_free(q);
	BN_CTX_free(ctx);
	return *len > 0;
}

/* A private object has no CKA_EC_POINT, so the point is computed. */
static CK_RV collect_private(struct keyparts *p, const EC_GROUP *group, const struct attrset *parts,
			     unsigned char *point)
{
	BIGNUM *d = keyparts_get_bn(parts, CKA_VALUE);
	size_t len;
	CK_RV rv = CKR_OK;

	if (d == NULL)
		return CKR_HOST_MEMORY;
	if (!public_point(group, d, point, &len)) {
		ossl_clear();
		rv = keyparts_bad(CKK_EC, CKA_VALUE,
				  "is missing or not below the order of the curve");
	} else {
		static const struct keypart value = { CKA_VALUE, OSSL_PKEY_PARAM_PRIV_KEY };

		rv = keyparts_table(p, CKK_EC, &value, 1, parts);
		keyparts_octets(p, OSSL_PKEY_PARAM_PUB_KEY, point, len);
	}
	BN_clear_free(d);
	return rv;
}

static CK_RV collect_public(struct keyparts *p, const EC_GROUP *group, const struct attrset *parts)
{
	size_t field = ((size_t)EC_GROUP_get_degree(group) + 7) / 8;
	const unsigned char *point;
	size_t len;
	CK_RV rv = read_point(CKK_EC, parts, 1 + field, 1 + 2 * field, &point, &len);

	if (rv == CKR_OK)
		keyparts_octets(p, OSSL_PKEY_PARAM_PUB_KEY, point, len);
	return rv;
}

CK_RV keytype_ec_load(const struct keytype *t, CK_OBJECT_CLASS class, const struct attrset *parts,
		      struct key **out)
{
	struct keyparts p = { .count = 0 };
	bool private = class == CKO_PRIVATE_KEY;
	unsigned char point[POINT_BYTES];
	struct der_curve curve;
	EC_GROUP *group;
	EVP_PKEY *pkey = NULL;
	CK_ULONG bits = 0;
	CK_RV rv = read_curve(CKK_EC, parts, false, &curve);

	if (rv != CKR_OK)
		return rv;
	group = EC_GROUP_new_by_curve_name_ex(ossl_random_ctx(), NULL, curve.nid);
	if (group == NULL)
		return ossl_error(curve.name, CKR_CURVE_NOT_SUPPORTED);
	bits = (CK_ULONG)EC_GROUP_get_degree(group);
	keyparts_text(&p, OSSL_PKEY_PARAM_GROUP_NAME, curve.name);
	rv = private ? collect_private(&p, group, parts, point) : collect_public(&p, group, parts);
	if (rv == CKR_OK)
		rv = keyparts_pkey(&p, CKK_EC, t->name,
				   private ? EVP_PKEY_KEYPAIR : EVP_PKEY_PUBLIC_KEY, &pkey);
	keyparts_free(&p);
	EC_GROUP_free(group);
	return rv == CKR_OK ? keyparts_key(class, CKK_EC, pkey, bits, out) : rv;
}

/* Wraps a point and stores it as CKA_EC_POINT. */
static CK_RV set_point(struct attrset *pub, const unsigned char *point, size_t len)
{
	struct buf der = BUF_INIT;
	CK_RV rv = der_octets_write(point, len, &der);

	if (rv == CKR_OK)
		rv = attrset_set_bytes(pub, CKA_EC_POINT, der.data, der.len);
	buf_free(&der);
	return rv;
}

/*
 * The private key gets the curve's usual encoding; the public one too, unless the caller's template
 * gave one.
 */
static CK_RV set_params(const struct der_curve *curve, struct attrset *pub, struct attrset *priv)
{
	struct buf der = BUF_INIT;
	CK_RV rv = der_curve_write(curve, &der);

	if (rv == CKR_OK)
		rv = attrset_set_bytes(priv, CKA_EC_PARAMS, der.data, der.len);
	if (rv == CKR_OK && attrset_get(pub, CKA_EC_PARAMS) == NULL)
		rv = attrset_set_bytes(pub, CKA_EC_PARAMS, der.data, der.len);
	buf_free(&der);
	return rv;
}

CK_RV keytype_ec_split(const struct keytype *t, EVP_PKEY *pkey, struct attrset *pub,
		       struct attrset *priv)
{
	static const struct keypart value = { CKA_VALUE, OSSL_PKEY_PARAM_PRIV_KEY };
	struct der_curve curve = { .name = NULL };
	unsigned char point[POINT_BYTES];
	char group[80];
	size_t len;
	CK_RV rv;

	(void)t;
	if (EVP_PKEY_get_group_name(pkey, group, sizeof(group), NULL) != 1 ||
	    /* never compressed, whatever the key's own point format */
	    EVP_PKEY_get_octet_string_param(pkey, OSSL_PKEY_PARAM_ENCODED_PUBLIC_KEY, point,
					    sizeof(point),
					    &len) != 1)
		return ossl_error("EC key", CKR_CURVE_NOT_SUPPORTED);
	curve.nid = OBJ_txt2nid(group);
	if (curve.nid == NID_undef)
		return CKR_CURVE_NOT_SUPPORTED;
	rv = set_params(&curve, pub, priv);
	if (rv == CKR_OK)
		rv = set_point(pub, point, len);
	return rv == CKR_OK ? keyparts_extract(pkey, &value, 1, priv) : rv;
}

CK_RV keytype_ec_generate(const struct keytype *t, struct attrset *pub, struct attrset *priv)
{
	struct keyparts p = { .count = 0 };
	struct der_curve curve;
	EVP_PKEY_CTX *ctx;
	EVP_PKEY *pkey = NULL;
	CK_RV rv;

	rv = wanted_curve(CKK_EC, pub, false, &curve);
	if (rv != CKR_OK)
		return rv;
	keyparts_text(&p, OSSL_PKEY_PARAM_GROUP_NAME, curve.name);
	p.params[p.count] = OSSL_PARAM_construct_end();
	ctx = ossl_key_ctx(t->name);
	if (ctx == NULL || EVP_PKEY_keygen_init(ctx) != 1 ||
	    EVP_PKEY_CTX_set_params(ctx, p.params) != 1 ||
	    EVP_PKEY_generate(ctx, &pkey) != 1)
		rv = ossl_error("EC key generation", CKR_FUNCTION_FAILED);
	else
		rv = keytype_ec_split(t, pkey, pub, priv);
	EVP_PKEY_free(pkey);
	EVP_PKEY_CTX_free(ctx);
	return rv;
}

static CK_RV raw_private(const struct der_curve *curve, const struct attrset *parts, EVP_PKEY **out)
{
	const unsigned char *value;
	size_t len;

	if (!attrset_bytes(parts, CKA_VALUE, &value, &len) || len != curve->raw)
		return keyparts_bad(CKK_EC_EDWARDS, CKA_VALUE, "has a wrong length");
	*out = ossl_raw_key(curve->name, true, value, len);
	return *out != NULL ? CKR_OK : ossl_error(curve->name, CKR_ATTRIBUTE_VALUE_INVALID);
}

static CK_RV raw_public(const struct der_curve *curve, const struct attrset *parts, EVP_PKEY **out)
{
	const unsigned char *point;
	size_t len;
	CK_RV rv = read_point(CKK_EC_EDWARDS, parts, curve->raw, curve->raw, &point, &len);

	if (rv != CKR_OK)
		return rv;
	*out = ossl_raw_key(curve->name, false, point, len);
	return *out != NULL ? CKR_OK : ossl_error(curve->name, CKR_ATTRIBUTE_VALUE_INVALID);
}

CK_RV keytype_edwards_load(const struct keytype *t, CK_OBJECT_CLASS class,
			   const struct attrset *parts,
			   struct key **out)
{
	struct der_curve curve;
	EVP_PKEY *pkey = NULL;
	CK_RV rv = read_curve(t->type, parts, true, &curve);

	if (rv == CKR_OK)
		rv = class == CKO_PRIVATE_KEY ? raw_private(&curve, parts, &pkey) :
			raw_public(&curve, parts, &pkey);
	return rv == CKR_OK ? keyparts_key(class, t->type, pkey, curve.bits, out) : rv;
}

const struct der_curve *keytype_edwards_curve(const EVP_PKEY *pkey)
{
	static const char *const names[] = { "ED25519", "ED448", "X25519", "X448" };

	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (EVP_PKEY_is_a(pkey, names[i]))
			return der_curve_by_type(names[i]);
	return NULL;
}

bool keytype_edwards_owns(const EVP_PKEY *pkey)
{
	return keytype_edwards_curve(pkey) != NULL;
}

CK_RV keytype_edwards_split(const struct keytype *t, EVP_PKEY *pkey, struct attrset *pub,
			    struct attrset *priv)
{
	const struct der_curve *curve = keytype_edwards_curve(pkey);
	unsigned char point[POINT_BYTES];
	struct secbuf *seed = secbuf_new(POINT_BYTES);
	size_t len = sizeof(point);
	CK_RV rv = CKR_OK;

	(void)t;
	if (seed == NULL)
		return CKR_HOST_MEMORY;
	if (curve == NULL || EVP_PKEY_get_raw_public_key(pkey, point, &len) != 1 ||
	    EVP_PKEY_get_raw_private_key(pkey, seed->data, &seed->len) != 1)
		rv = ossl_error("Edwards key", CKR_KEY_TYPE_INCONSISTENT);
	if (rv == CKR_OK)
		rv = set_params(curve, pub, priv);
	if (rv == CKR_OK)
		rv = set_point(pub, point, len);
	if (rv == CKR_OK)
		rv = attrset_set_bytes(priv, CKA_VALUE, seed->data, seed->len);
	secbuf_free(seed);
	return rv;
}

CK_RV keytype_edwards_generate(const struct keytype *t, struct attrset *pub, struct attrset *priv)
{
	struct der_curve curve;
	EVP_PKEY_CTX *ctx;
	EVP_PKEY *pkey = NULL;
	CK_RV rv;

	rv = wanted_curve(t->type, pub, true, &curve);
	if (rv != CKR_OK)
		return rv;
	ctx = ossl_key_ctx(curve.name);
	if (ctx == NULL || EVP_PKEY_keygen_init(ctx) != 1 || EVP_PKEY_generate(ctx, &pkey) != 1)
		rv = ossl_error(curve.name, CKR_FUNCTION_FAILED);
	else
		rv = keytype_edwards_split(t, pkey, pub, priv);
	EVP_PKEY_free(pkey);
	EVP_PKEY_CTX_free(ctx);
	return rv;
}
