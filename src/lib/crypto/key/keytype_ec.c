#include "config.h"

#include "crypto/key/keytype_row.h"

#include <openssl/core_names.h>
#include <openssl/objects.h>

#include "crypto/key/curve.h"
#include "crypto/ossl/ossl.h"

static const struct keypart private_value = { CKA_VALUE, OSSL_PKEY_PARAM_PRIV_KEY };

/* A private object has no CKA_EC_POINT, so the point is computed. */
static CK_RV collect(struct keyparts *p, bool private, const EC_GROUP *group,
		     const struct attrset *parts, unsigned char *point)
{
	size_t len = 0;
	CK_RV rv = private ? curve_public_point(group, parts, point, &len)
			   : curve_full_point(group, parts, point, &len);

	if (rv == CKR_OK && private)
		rv = keyparts_table(p, CKK_EC, &private_value, 1, parts);
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
	const EC_GROUP *group = NULL;
	EVP_PKEY *pkey = NULL;
	CK_ULONG bits = 0;
	CK_RV rv = curve_read(CKK_EC, parts, &curve);

	if (rv == CKR_OK)
		rv = curve_group(&curve, &group);
	if (rv != CKR_OK)
		return rv;
	bits = (CK_ULONG)EC_GROUP_get_degree(group);
	keyparts_text(&p, OSSL_PKEY_PARAM_GROUP_NAME, curve.name);
	rv = collect(&p, private, group, parts, point);
	if (rv == CKR_OK)
		rv = keyparts_pkey(&p, CKK_EC, t->name,
				   private ? EVP_PKEY_KEYPAIR : EVP_PKEY_PUBLIC_KEY, &pkey);
	keyparts_free(&p);
	return rv == CKR_OK ? keyparts_key(class, CKK_EC, pkey, bits, out) : rv;
}

/* The point is stored wrapped and in full, as other clients expect it. */
CK_RV keytype_ec_complete(const struct keytype *t, CK_OBJECT_CLASS class, struct attrset *attrs)
{
	unsigned char point[POINT_BYTES];
	struct der_curve curve;
	const EC_GROUP *group = NULL;
	size_t len = 0;
	CK_RV rv;

	if (class == CKO_PRIVATE_KEY)
		return keytype_loads(t, class, attrs);
	rv = curve_read(CKK_EC, attrs, &curve);
	if (rv == CKR_OK)
		rv = curve_group(&curve, &group);
	if (rv == CKR_OK)
		rv = curve_full_point(group, attrs, point, &len);
	return rv == CKR_OK ? curve_point_write(point, len, attrs) : rv;
}

static CK_RV group_of(EVP_PKEY *pkey, struct der_curve *out)
{
	char group[80];

	if (EVP_PKEY_get_group_name(pkey, group, sizeof(group), NULL) != 1)
		return ossl_error("EC key", CKR_CURVE_NOT_SUPPORTED);
	*out = (struct der_curve){ .nid = OBJ_txt2nid(group) };
	return out->nid != NID_undef ? CKR_OK : CKR_CURVE_NOT_SUPPORTED;
}

CK_RV keytype_ec_public(const struct keytype *t, EVP_PKEY *pkey, struct attrset *pub)
{
	unsigned char point[POINT_BYTES];
	struct der_curve curve;
	size_t len;
	CK_RV rv = group_of(pkey, &curve);

	(void)t;
	if (rv != CKR_OK)
		return rv;
	/* never compressed, whatever the key's own point format */
	if (EVP_PKEY_get_octet_string_param(pkey, OSSL_PKEY_PARAM_ENCODED_PUBLIC_KEY, point,
					    sizeof(point), &len) != 1)
		return ossl_error("EC key", CKR_FUNCTION_FAILED);
	rv = curve_keep_or_write(&curve, pub);
	return rv == CKR_OK ? curve_point_write(point, len, pub) : rv;
}

CK_RV keytype_ec_private(const struct keytype *t, EVP_PKEY *pkey, struct attrset *priv)
{
	struct der_curve curve;
	CK_RV rv = group_of(pkey, &curve);

	(void)t;
	if (rv == CKR_OK)
		rv = curve_write(&curve, priv);
	return rv == CKR_OK ? keyparts_extract(pkey, &private_value, 1, priv) : rv;
}

CK_RV keytype_ec_generate(const struct keytype *t, struct attrset *pub, struct attrset *priv)
{
	struct der_curve curve;
	EVP_PKEY_CTX *ctx;
	EVP_PKEY *pkey = NULL;
	CK_RV rv = curve_wanted(CKK_EC, pub, &curve);

	if (rv != CKR_OK)
		return rv;
	ctx = ossl_take_generator(curve.name);
	if (ctx == NULL || EVP_PKEY_generate(ctx, &pkey) != 1) {
		EVP_PKEY_CTX_free(ctx);
		return ossl_error("EC key generation", CKR_FUNCTION_FAILED);
	}
	ossl_give_generator(curve.name, ctx);
	rv = keytype_split(t, pkey, pub, priv);
	EVP_PKEY_free(pkey);
	return rv;
}
