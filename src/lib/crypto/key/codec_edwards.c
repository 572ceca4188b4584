#include "config.h"

#include "crypto/key/keytype_row.h"

#include <openssl/objects.h>
#include <string.h>

#include "crypto/key/curve.h"

/* RFC 8410: the OID names the curve, and keys are plain bytes. */
static CK_RV put_algorithm(const struct keytype *t, const struct attrset *parts, X509_ALGOR *out)
{
	struct der_curve curve;
	CK_RV rv = curve_read(t->type, parts, &curve);

	return rv == CKR_OK ? codec_set_algorithm(out, OBJ_sn2nid(curve.name), V_ASN1_UNDEF, NULL)
			    : rv;
}

static CK_RV get_algorithm(const struct keytype *t, const X509_ALGOR *in, struct attrset *out)
{
	const struct der_curve *curve;
	struct der_curve again;
	const ASN1_OBJECT *oid;
	const char *name;
	CK_RV rv;

	X509_ALGOR_get0(&oid, NULL, NULL, in);
	name = OBJ_nid2sn(OBJ_obj2nid(oid));
	curve = name != NULL ? der_curve_by_type(name) : NULL;
	if (curve == NULL)
		return codec_bad(t, "it is of another algorithm");
	rv = curve_write(curve, out);
	if (rv == CKR_OK && curve_read(t->type, out, &again) != CKR_OK)
		rv = codec_bad(t, "it is of another type");
	return rv;
}

static CK_RV put_public(const struct keytype *t, const struct attrset *parts, struct secbuf **out)
{
	struct der_curve curve;
	const unsigned char *point;
	size_t len;
	CK_RV rv = curve_read(t->type, parts, &curve);

	if (rv == CKR_OK)
		rv = curve_point_read(t->type, parts, curve.raw, curve.raw, &point, &len);
	return rv == CKR_OK ? codec_copy(point, len, out) : rv;
}

static CK_RV get_public(const struct keytype *t, const unsigned char *der, size_t len,
			struct attrset *out)
{
	(void)t;
	return curve_point_write(der, len, out);
}

static CK_RV put_private(const struct keytype *t, const struct attrset *parts,
			 struct secbuf **out)
{
	struct der_curve curve;
	const unsigned char *value;
	size_t len;
	CK_RV rv = curve_read(t->type, parts, &curve);

	if (rv != CKR_OK)
		return rv;
	if (!attrset_bytes(parts, CKA_VALUE, &value, &len) || len != curve.raw)
		return keyparts_bad(t->type, CKA_VALUE, "has a wrong length");
	return codec_wrap(DER_OCTETS, value, len, out);
}

static CK_RV get_private(const struct keytype *t, const unsigned char *der, size_t len,
			 struct attrset *out)
{
	const unsigned char *value;
	size_t n;

	if (!der_octets_read(der, len, &value, &n))
		return codec_bad(t, "the key within cannot be read");
	return attrset_set_bytes(out, CKA_VALUE, value, n);
}

const struct codec codec_edwards = { put_algorithm, get_algorithm, put_public,
				     get_public,    put_private,   get_private };
