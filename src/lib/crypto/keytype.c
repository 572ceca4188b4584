#include "config.h"

#include "crypto/keytype.h"

#include "common/log.h"
#include "crypto/keytype_row.h"
#include "crypto/ossl/ossl.h"
#include "pkcs11/names.h"

#define END CK_UNAVAILABLE_INFORMATION
/* The largest secret, as C_GetMechanismInfo reports it for CKM_GENERIC_SECRET_KEY_GEN. */
#define MAX_SECRET 0x8000000

static const CK_ATTRIBUTE_TYPE rsa_public[] = { CKA_MODULUS, CKA_PUBLIC_EXPONENT, END };
static const CK_ATTRIBUTE_TYPE rsa_private[KEYTYPE_PARTS] = {
	CKA_MODULUS, CKA_PUBLIC_EXPONENT, CKA_PRIVATE_EXPONENT, CKA_PRIME_1, CKA_PRIME_2,
	CKA_EXPONENT_1, CKA_EXPONENT_2, CKA_COEFFICIENT, END
};
static const CK_ATTRIBUTE_TYPE dsa_parts[] = { CKA_PRIME, CKA_SUBPRIME, CKA_BASE, CKA_VALUE, END };
static const CK_ATTRIBUTE_TYPE dh_parts[] = { CKA_PRIME, CKA_BASE, CKA_VALUE, END };
static const CK_ATTRIBUTE_TYPE ec_public[] = { CKA_EC_PARAMS, CKA_EC_POINT, END };
static const CK_ATTRIBUTE_TYPE ec_private[] = { CKA_EC_PARAMS, CKA_VALUE, END };
static const CK_ATTRIBUTE_TYPE mldsa_parts[] = { CKA_PARAMETER_SET, CKA_VALUE, END };
static const CK_ATTRIBUTE_TYPE secret_parts[] = { CKA_VALUE, END };

#define SECRET(ckk, low, high, inc, len, kind) \
	{ .type = (ckk), .secret_parts = secret_parts, .load = keytype_secret_load, \
	  .complete = keytype_secret_complete, .generate = keytype_secret_generate, \
	  .min = (low), .max = (high), \
	  .step = (inc), .has_len = (len), .check = (kind) }
#define HMAC(ckk) SECRET(ckk, 1, MAX_SECRET, 1, true, CHECK_SHA1)

static const struct keytype keytypes[] = {
	{ .type = CKK_RSA, .name = "RSA", .public_parts = rsa_public, .private_parts = rsa_private,
	  .load = keytype_rsa_load, .complete = keytype_rsa_complete, .generate =
		  keytype_rsa_generate,
	  .split = keytype_rsa_split },
	{ .type = CKK_EC, .name = "EC", .public_parts = ec_public, .private_parts = ec_private,
	  .load = keytype_ec_load, .generate = keytype_ec_generate, .split = keytype_ec_split },
	/* Curve25519 and Curve448 keys too, as the reference stores them. */
	{ .type = CKK_EC_EDWARDS, .public_parts = ec_public, .private_parts = ec_private,
	  .load = keytype_edwards_load, .generate = keytype_edwards_generate, .split =
		  keytype_edwards_split,
	  .owns = keytype_edwards_owns },
	{ .type = CKK_ML_DSA, .public_parts = mldsa_parts, .private_parts = mldsa_parts,
	  .load = keytype_mldsa_load, .generate = keytype_mldsa_generate,
	  .split = keytype_mldsa_split, .owns = keytype_mldsa_owns },
	{ .type = CKK_DSA, .name = "DSA", .public_parts = dsa_parts, .private_parts = dsa_parts,
	  .load = keytype_dlog_load, .complete = keytype_dlog_complete, .split =
		  keytype_dlog_split },
	{ .type = CKK_DH, .name = "DH", .public_parts = dh_parts, .private_parts = dh_parts,
	  .load = keytype_dlog_load, .complete = keytype_dlog_complete, .split =
		  keytype_dlog_split },
	SECRET(CKK_AES, 16, 32, 8, true, CHECK_AES),
	SECRET(CKK_DES, 8, 8, 8, false, CHECK_DES),
	SECRET(CKK_DES2, 16, 16, 8, false, CHECK_DES),
	SECRET(CKK_DES3, 24, 24, 8, false, CHECK_DES),
	SECRET(CKK_GENERIC_SECRET, 1, MAX_SECRET, 1, true, CHECK_SHA1),
	HMAC(CKK_MD5_HMAC),
	HMAC(CKK_SHA_1_HMAC),
	HMAC(CKK_SHA224_HMAC),
	HMAC(CKK_SHA256_HMAC),
	HMAC(CKK_SHA384_HMAC),
	HMAC(CKK_SHA512_HMAC),
};

static const struct keytype *row_of(CK_KEY_TYPE type)
{
	for (size_t i = 0; i < ARRAY_LEN(keytypes); i++)
		if (keytypes[i].type == type)
			return &keytypes[i];
	return NULL;
}

static const CK_ATTRIBUTE_TYPE *parts_of(const struct keytype *t, CK_OBJECT_CLASS class)
{
	switch (class) {
	case CKO_PUBLIC_KEY:
		return t->public_parts;
	case CKO_PRIVATE_KEY:
		return t->private_parts;
	case CKO_SECRET_KEY:
		return t->secret_parts;
	default:
		return NULL;
	}
}

const CK_ATTRIBUTE_TYPE *keytype_parts(CK_OBJECT_CLASS class, CK_KEY_TYPE type)
{
	const struct keytype *t = row_of(type);

	return t != NULL ? parts_of(t, class) : NULL;
}

CK_RV keytype_load(CK_OBJECT_CLASS class, CK_KEY_TYPE type, const struct attrset *parts,
		   struct key **out)
{
	const struct keytype *t = row_of(type);

	if (t == NULL || parts_of(t, class) == NULL)
		return CKR_KEY_TYPE_INCONSISTENT;
	return t->load(t, class, parts, out);
}

CK_RV keytype_loads(const struct keytype *t, CK_OBJECT_CLASS class, const struct attrset *attrs)
{
	struct key *k = NULL;
	CK_RV rv = t->load(t, class, attrs, &k);

	key_unref(k);
	return rv;
}

CK_RV keytype_generate(const struct mech *m, const CK_MECHANISM *param, struct attrset *pub,
		       struct attrset *priv)
{
	const struct keytype *t = row_of(m->key);
	CK_RV rv = mech_no_param(param);

	if (rv != CKR_OK)
		return rv;
	if ((m->flags & (CKF_GENERATE | CKF_GENERATE_KEY_PAIR)) == 0 || t == NULL || t->generate ==
	    NULL)
		return CKR_MECHANISM_INVALID;
	return t->generate(t, pub, priv);
}

CK_RV keytype_complete(CK_OBJECT_CLASS class, CK_KEY_TYPE type, struct attrset *attrs)
{
	const struct keytype *t = row_of(type);
	bool domain = class == CKO_DOMAIN_PARAMETERS && (type == CKK_DSA || type == CKK_DH);

	if (t == NULL || (parts_of(t, class) == NULL && !domain)) {
		const char *name = ckk_name(type);

		log_error("there are no such objects of type %s", name != NULL ? name : "unknown");
		return CKR_ATTRIBUTE_VALUE_INVALID;
	}
	return t->complete != NULL ? t->complete(t, class, attrs) : keytype_loads(t, class, attrs);
}

CK_RV keytype_check_value(CK_KEY_TYPE type, const unsigned char *value, size_t len,
			  unsigned char out[3])
{
	const struct keytype *t = row_of(type);

	if (t == NULL || t->secret_parts == NULL)
		return CKR_KEY_TYPE_INCONSISTENT;
	if (len < t->min || len > t->max || (len - t->min) % t->step != 0)
		return CKR_ATTRIBUTE_VALUE_INVALID;
	return keytype_secret_check(t, value, len, out);
}

CK_RV keytype_certificate_check_value(const unsigned char *der, size_t len, unsigned char out[3])
{
	return keytype_sha1_check(der, len, out);
}

static bool owns(const struct keytype *t, const EVP_PKEY *pkey)
{
	return t->owns != NULL ? t->owns(pkey) : EVP_PKEY_is_a(pkey, t->name) == 1;
}

CK_RV keytype_from_pkey(EVP_PKEY *pkey, CK_KEY_TYPE *type, struct attrset *pub,
			struct attrset *priv)
{
	for (size_t i = 0; i < ARRAY_LEN(keytypes); i++) {
		const struct keytype *t = &keytypes[i];
		CK_RV rv;

		if (t->split == NULL || !owns(t, pkey))
			continue;
		rv = t->split(t, pkey, pub, priv);
		if (rv == CKR_OK)
			*type = t->type;
		return rv;
	}
	return CKR_KEY_TYPE_INCONSISTENT;
}
