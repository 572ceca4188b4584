#include "config.h"

#include "crypto/key/keytype_row.h"

#include <openssl/crypto.h>
#include <openssl/objects.h>
#include <string.h>

#include "crypto/key/curve.h"
#include "crypto/ossl/ossl.h"

/* RFC 5915; the parameters stand in the algorithm around it. */
struct ec_private {
	struct codec_secret secret;
	ASN1_TYPE *params;
	ASN1_BIT_STRING *point;
};

ASN1_SEQUENCE_cb(ec_private, codec_secret_event) = {
	ASN1_EMBED(struct ec_private, secret.version, INT32),
	ASN1_SIMPLE(struct ec_private, secret.key, ASN1_OCTET_STRING),
	ASN1_EXP_OPT(struct ec_private, params, ASN1_ANY, 0),
	ASN1_EXP_OPT(struct ec_private, point, ASN1_BIT_STRING, 1),
} static_ASN1_SEQUENCE_END_cb(struct ec_private, ec_private)

static CK_RV put_algorithm(const struct keytype *t, const struct attrset *parts, X509_ALGOR *out)
{
	struct der_curve curve;
	CK_RV rv = curve_read(t->type, parts, &curve);

	return rv == CKR_OK ? codec_set_algorithm(out, NID_X9_62_id_ecPublicKey, V_ASN1_OBJECT,
						  OBJ_nid2obj(curve.nid)) : rv;
}

/* CKA_EC_PARAMS of what the DER names. */
static CK_RV get_params(const struct keytype *t, const ASN1_TYPE *params, struct attrset *out)
{
	struct der_curve curve;
	unsigned char *der = NULL;
	int len = i2d_ASN1_TYPE(params, &der);
	CK_RV rv = CKR_HOST_MEMORY;

	if (len > 0)
		rv = attrset_set_bytes(out, CKA_EC_PARAMS, der, (size_t)len);
	OPENSSL_free(der);
	if (rv == CKR_OK)
		rv = curve_read(t->type, out, &curve);
	return rv == CKR_OK ? curve_write(&curve, out) : rv;
}

static CK_RV get_algorithm(const struct keytype *t, const X509_ALGOR *in, struct attrset *out)
{
	CK_RV rv = codec_expect(t, in, NID_X9_62_id_ecPublicKey);

	/* A private key may have them inside. */
	return rv == CKR_OK && in->parameter != NULL ? get_params(t, in->parameter, out) : rv;
}

static CK_RV open_group(const struct keytype *t, const struct attrset *parts, const EC_GROUP **out)
{
	struct der_curve curve;
	CK_RV rv = curve_read(t->type, parts, &curve);

	return rv == CKR_OK ? curve_group(&curve, out) : rv;
}

static CK_RV put_public(const struct keytype *t, const struct attrset *parts, struct secbuf **out)
{
	unsigned char point[POINT_BYTES];
	const EC_GROUP *group = NULL;
	size_t len = 0;
	CK_RV rv = open_group(t, parts, &group);

	if (rv == CKR_OK)
		rv = curve_full_point(group, parts, point, &len);
	return rv == CKR_OK ? codec_copy(point, len, out) : rv;
}

static CK_RV get_public(const struct keytype *t, const unsigned char *der, size_t len,
			struct attrset *out)
{
	(void)t;
	return curve_point_write(der, len, out);
}

/* The private value in as many bytes as the order has, and the point that belongs to it. */
static CK_RV fill(const struct attrset *parts, const EC_GROUP *group, struct ec_private *out)
{
	size_t width = ((size_t)EC_GROUP_order_bits(group) + 7) / 8;
	unsigned char point[POINT_BYTES];
	struct secbuf *key;
	size_t len, n;
	const unsigned char *value;
	CK_RV rv = curve_public_point(group, parts, point, &len);

	if (rv != CKR_OK)
		return rv;
	value = keyparts_trim(parts, CKA_VALUE, &n);
	key = secbuf_new(width);
	out->secret.version = 1;
	out->point = ASN1_BIT_STRING_new();
	if (key != NULL)
		memcpy(key->data + width - n, value, n);
	if (key == NULL || out->point == NULL || !codec_set_string(out->point, point, len) ||
	    !codec_set_string(out->secret.key, key->data, key->len))
		rv = ossl_quiet(CKR_HOST_MEMORY);
	secbuf_free(key);
	return rv;
}

static CK_RV put_private(const struct keytype *t, const struct attrset *parts,
			 struct secbuf **out)
{
	struct ec_private *key = (struct ec_private *)ASN1_item_new(ASN1_ITEM_rptr(ec_private));
	const EC_GROUP *group = NULL;
	CK_RV rv = key != NULL ? CKR_OK : ossl_quiet(CKR_HOST_MEMORY);

	if (rv == CKR_OK)
		rv = open_group(t, parts, &group);
	if (rv == CKR_OK)
		rv = fill(parts, group, key);
	if (rv == CKR_OK)
		rv = codec_encode(key, ASN1_ITEM_rptr(ec_private), out);
	ASN1_item_free((ASN1_VALUE *)key, ASN1_ITEM_rptr(ec_private));
	return rv;
}

/* Two different curves around and inside the key would leave open which one is meant. */
static CK_RV inner_params(const struct keytype *t, const struct ec_private *key,
			  struct attrset *out)
{
	struct der_curve outer = { .nid = 0 }, inner;
	CK_RV rv = attrset_get(out, CKA_EC_PARAMS) != NULL ? curve_read(t->type, out, &outer) :
							     CKR_OK;

	if (rv == CKR_OK)
		rv = get_params(t, key->params, out);
	if (rv == CKR_OK)
		rv = curve_read(t->type, out, &inner);
	if (rv == CKR_OK && outer.nid != 0 && outer.nid != inner.nid)
		rv = codec_bad(t, "it names two curves");
	return rv;
}

/* Without leading zeros, as generated keys have it. */
static CK_RV set_value(const struct ec_private *key, struct attrset *out)
{
	const unsigned char *data = ASN1_STRING_get0_data(key->secret.key);
	size_t len = (size_t)ASN1_STRING_length(key->secret.key);

	while (len > 0 && *data == 0) {
		data++;
		len--;
	}
	return attrset_set_bytes(out, CKA_VALUE, data, len);
}

/* A point that comes along has to be the private value's. */
static CK_RV check_point(const struct keytype *t, const struct ec_private *key,
			 const struct attrset *parts)
{
	unsigned char right[POINT_BYTES], given[POINT_BYTES];
	struct attrset *pub = attrset_new(false);
	const EC_GROUP *group = NULL;
	size_t right_len = 0, given_len = 0;
	CK_RV rv = pub != NULL ? open_group(t, parts, &group) : CKR_HOST_MEMORY;

	if (rv == CKR_OK)
		rv = curve_public_point(group, parts, right, &right_len);
	if (rv == CKR_OK)
		rv = curve_point_write(ASN1_STRING_get0_data(key->point),
				       (size_t)ASN1_STRING_length(key->point), pub);
	if (rv == CKR_OK)
		rv = curve_full_point(group, pub, given, &given_len);
	if (rv == CKR_OK && (given_len != right_len || memcmp(given, right, right_len) != 0))
		rv = codec_bad(t, "the point is not that of the private value");
	attrset_free(pub);
	return rv;
}

static CK_RV get_private(const struct keytype *t, const unsigned char *der, size_t len,
			 struct attrset *out)
{
	ASN1_VALUE *v = NULL;
	CK_RV rv = codec_decode(t, der, len, false, ASN1_ITEM_rptr(ec_private),
				"it is no ECPrivateKey", &v);
	const struct ec_private *key = (struct ec_private *)v;

	if (rv == CKR_OK && key->secret.version != 1)
		rv = codec_bad(t, "the ECPrivateKey has another version");
	if (rv == CKR_OK && key->params != NULL)
		rv = inner_params(t, key, out);
	if (rv == CKR_OK)
		rv = set_value(key, out);
	if (rv == CKR_OK && key->point != NULL)
		rv = check_point(t, key, out);
	ASN1_item_free(v, ASN1_ITEM_rptr(ec_private));
	return rv;
}

const struct codec codec_ec = { put_algorithm, get_algorithm, put_public,
				get_public,    put_private,   get_private };
