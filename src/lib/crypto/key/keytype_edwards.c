#include "config.h"

#include "crypto/key/keytype_row.h"

#include <string.h>

#include "crypto/key/curve.h"
#include "crypto/key/edwards.h"
#include "crypto/ossl/ossl.h"

/* CKK_EC_EDWARDS and CKK_EC_MONTGOMERY: curves whose keys are plain bytes. */
static CK_RV raw_private(CK_KEY_TYPE type, const struct der_curve *curve,
			 const struct attrset *parts, EVP_PKEY **out)
{
	const unsigned char *value;
	size_t len;

	if (!attrset_bytes(parts, CKA_VALUE, &value, &len) || len != curve->raw)
		return keyparts_bad(type, CKA_VALUE, "has a wrong length");
	*out = ossl_raw_key(curve->name, true, value, len);
	return *out != NULL ? CKR_OK : ossl_error(curve->name, CKR_ATTRIBUTE_VALUE_INVALID);
}

static CK_RV raw_public(CK_KEY_TYPE type, const struct der_curve *curve,
			const struct attrset *parts, EVP_PKEY **out)
{
	const unsigned char *point;
	size_t len;
	CK_RV rv = curve_point_read(type, parts, curve->raw, curve->raw, &point, &len);

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
	CK_RV rv = curve_read(t->type, parts, &curve);

	if (rv == CKR_OK)
		rv = class == CKO_PRIVATE_KEY ? raw_private(t->type, &curve, parts, &pkey) :
			raw_public(t->type, &curve, parts, &pkey);
	return rv == CKR_OK ? keyparts_key(class, t->type, pkey, curve.bits, out) : rv;
}

/* The point is stored wrapped, as the reference does. */
CK_RV keytype_edwards_complete(const struct keytype *t, CK_OBJECT_CLASS class,
			       struct attrset *attrs)
{
	unsigned char point[POINT_BYTES];
	const unsigned char *given;
	struct der_curve curve;
	size_t len;
	CK_RV rv;

	if (class == CKO_PRIVATE_KEY) {
		rv = keytype_loads(t, class, attrs);
		return rv == CKR_OK ? curve_tidy(t->type, attrs) : rv;
	}
	rv = curve_tidy(t->type, attrs);
	if (rv == CKR_OK)
		rv = curve_read(t->type, attrs, &curve);
	if (rv == CKR_OK)
		rv = curve_point_read(t->type, attrs, curve.raw, curve.raw, &given, &len);
	if (rv == CKR_OK && !curve.montgomery)
		rv = edwards_check(t->type, &curve, given, len);
	if (rv != CKR_OK)
		return rv;
	memcpy(point, given, len);	/* it is about to be replaced */
	return curve_point_write(point, len, attrs);
}

static const struct der_curve *curve_of(const EVP_PKEY *pkey)
{
	static const char *const names[] = { "ED25519", "ED448", "X25519", "X448" };

	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (EVP_PKEY_is_a(pkey, names[i]))
			return der_curve_by_type(names[i]);
	return NULL;
}

/* Keys typed as Edwards may be on a curve of Montgomery, but no new ones come from elsewhere. */
bool keytype_edwards_owns(const EVP_PKEY *pkey)
{
	const struct der_curve *curve = curve_of(pkey);

	return curve != NULL && !curve->montgomery;
}

bool keytype_montgomery_owns(const EVP_PKEY *pkey)
{
	const struct der_curve *curve = curve_of(pkey);

	return curve != NULL && curve->montgomery;
}

CK_RV keytype_edwards_public(const struct keytype *t, EVP_PKEY *pkey, struct attrset *pub)
{
	const struct der_curve *curve = curve_of(pkey);
	unsigned char point[POINT_BYTES];
	size_t len = sizeof(point);
	CK_RV rv;

	(void)t;
	if (curve == NULL || EVP_PKEY_get_raw_public_key(pkey, point, &len) != 1)
		return ossl_error("Edwards key", CKR_KEY_TYPE_INCONSISTENT);
	rv = curve_keep_or_write(curve, pub);
	return rv == CKR_OK ? curve_point_write(point, len, pub) : rv;
}

CK_RV keytype_edwards_private(const struct keytype *t, EVP_PKEY *pkey, struct attrset *priv)
{
	const struct der_curve *curve = curve_of(pkey);
	struct secbuf *value = secbuf_new(POINT_BYTES);
	CK_RV rv;

	(void)t;
	if (value == NULL)
		return CKR_HOST_MEMORY;
	if (curve == NULL || EVP_PKEY_get_raw_private_key(pkey, value->data, &value->len) != 1)
		rv = ossl_error("Edwards key", CKR_KEY_TYPE_INCONSISTENT);
	else
		rv = curve_write(curve, priv);
	if (rv == CKR_OK)
		rv = attrset_set_bytes(priv, CKA_VALUE, value->data, value->len);
	secbuf_free(value);
	return rv;
}

CK_RV keytype_edwards_generate(const struct keytype *t, struct attrset *pub, struct attrset *priv)
{
	struct der_curve curve;
	EVP_PKEY_CTX *ctx;
	EVP_PKEY *pkey = NULL;
	CK_RV rv;

	rv = curve_wanted(t->type, pub, &curve);
	if (rv == CKR_OK)
		rv = curve_tidy(t->type, pub);
	if (rv != CKR_OK)
		return rv;
	ctx = ossl_key_ctx(curve.name);
	if (ctx == NULL || EVP_PKEY_keygen_init(ctx) != 1 || EVP_PKEY_generate(ctx, &pkey) != 1)
		rv = ossl_error(curve.name, CKR_FUNCTION_FAILED);
	else
		rv = keytype_split(t, pkey, pub, priv);
	EVP_PKEY_free(pkey);
	EVP_PKEY_CTX_free(ctx);
	return rv;
}
