#include "config.h"

#include "crypto/key/keytype.h"

#include <string.h>

#include "common/reason.h"
#include "crypto/key/keytype_row.h"
#include "crypto/ossl/der.h"
#include "crypto/ossl/des.h"
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
static const CK_ATTRIBUTE_TYPE mldsa_public[] = { CKA_PARAMETER_SET, CKA_VALUE, END };
static const CK_ATTRIBUTE_TYPE mldsa_private[] = { CKA_PARAMETER_SET, CKA_VALUE, CKA_SEED, END };
static const CK_ATTRIBUTE_TYPE secret_parts[] = { CKA_VALUE, END };

#define SECRET(ckk, low, high, inc, len, kind) \
	{ .type = (ckk), .secret_parts = secret_parts, .load = keytype_secret_load, \
	  .complete = keytype_secret_complete, .generate = keytype_secret_generate, \
	  .agrees = keytype_secret_agrees, \
	  .min = (low), .max = (high), \
	  .step = (inc), .has_len = (len), .check = (kind) }
#define HMAC(ckk) SECRET(ckk, 1, MAX_SECRET, 1, true, CHECK_SHA1)

/* The columns of a row that are functions of one family. */
#define CALLS(family, in_der) \
	.load = keytype_##family##_load, .complete = keytype_##family##_complete, \
	.public_of = keytype_##family##_public, .private_of = keytype_##family##_private, \
	.codec = &(in_der)

static const struct keytype keytypes[] = {
	{ .type = CKK_RSA, .name = "RSA", .public_parts = rsa_public, .private_parts = rsa_private,
	  CALLS(rsa, codec_rsa), .generate = keytype_rsa_generate,
	  .agrees = keytype_rsa_agrees },
	{ .type = CKK_EC, .name = "EC", .public_parts = ec_public, .private_parts = ec_private,
	  CALLS(ec, codec_ec), .generate = keytype_ec_generate },
	/* Takes Curve25519 and Curve448 keys too, as the reference stores them. */
	{ .type = CKK_EC_EDWARDS, .public_parts = ec_public, .private_parts = ec_private,
	  CALLS(edwards, codec_edwards), .generate = keytype_edwards_generate,
	  .owns = keytype_edwards_owns },
	{ .type = CKK_EC_MONTGOMERY, .public_parts = ec_public, .private_parts = ec_private,
	  CALLS(edwards, codec_edwards), .generate = keytype_edwards_generate,
	  .owns = keytype_montgomery_owns },
	{ .type = CKK_ML_DSA, .public_parts = mldsa_public, .private_parts = mldsa_private,
	  CALLS(mldsa, codec_mldsa), .generate = keytype_mldsa_generate,
	  .owns = keytype_mldsa_owns },
	{ .type = CKK_DSA, .name = "DSA", .public_parts = dsa_parts, .private_parts = dsa_parts,
	  CALLS(dlog, codec_dlog), .generate = keytype_dlog_generate,
	  .domain = keytype_dsa_domain, .agrees = keytype_dsa_agrees },
	{ .type = CKK_DH, .name = "DH", .public_parts = dh_parts, .private_parts = dh_parts,
	  CALLS(dlog, codec_dlog), .generate = keytype_dlog_generate,
	  .domain = keytype_dh_domain },
	SECRET(CKK_AES, 16, 32, 8, true, CHECK_AES),
	/* two keys, of 16 or of 32 bytes */
	SECRET(CKK_AES_XTS, 32, 64, 32, true, CHECK_SHA1),
	SECRET(CKK_CHACHA20, 32, 32, 1, true, CHECK_SHA1),
	SECRET(CKK_POLY1305, 32, 32, 1, true, CHECK_SHA1),
	SECRET(CKK_DES, 8, 8, 8, false, CHECK_DES),
	SECRET(CKK_DES2, 16, 16, 8, false, CHECK_DES),
	SECRET(CKK_DES3, 24, 24, 8, false, CHECK_DES),
	SECRET(CKK_GENERIC_SECRET, 1, MAX_SECRET, 1, true, CHECK_SHA1),
	SECRET(CKK_HKDF, 1, MAX_SECRET, 1, true, CHECK_SHA1),
	HMAC(CKK_MD5_HMAC),
	HMAC(CKK_SHA_1_HMAC),
	HMAC(CKK_RIPEMD128_HMAC),
	HMAC(CKK_RIPEMD160_HMAC),
	HMAC(CKK_SHA224_HMAC),
	HMAC(CKK_SHA256_HMAC),
	HMAC(CKK_SHA384_HMAC),
	HMAC(CKK_SHA512_HMAC),
	HMAC(CKK_SHA512_224_HMAC),
	HMAC(CKK_SHA512_256_HMAC),
	HMAC(CKK_SHA512_T_HMAC),
	HMAC(CKK_SHA3_224_HMAC),
	HMAC(CKK_SHA3_256_HMAC),
	HMAC(CKK_SHA3_384_HMAC),
	HMAC(CKK_SHA3_512_HMAC),
	HMAC(CKK_BLAKE2B_160_HMAC),
	HMAC(CKK_BLAKE2B_256_HMAC),
	HMAC(CKK_BLAKE2B_384_HMAC),
	HMAC(CKK_BLAKE2B_512_HMAC),
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

CK_RV keytype_generate(CK_KEY_TYPE type, struct attrset *pub, struct attrset *priv)
{
	const struct keytype *t = row_of(type);

	return t != NULL && t->generate != NULL ? t->generate(t, pub, priv) : CKR_MECHANISM_INVALID;
}

CK_RV keytype_generate_domain(CK_KEY_TYPE type, struct attrset *attrs)
{
	const struct keytype *t = row_of(type);

	return t != NULL && t->domain != NULL ? t->domain(t, attrs) : CKR_MECHANISM_INVALID;
}

CK_RV keytype_complete(CK_OBJECT_CLASS class, CK_KEY_TYPE type, struct attrset *attrs)
{
	const struct keytype *t = row_of(type);

	if (t == NULL || (parts_of(t, class) == NULL &&
			  !(class == CKO_DOMAIN_PARAMETERS && t->domain != NULL))) {
		const char *name = ckk_name(type);

		return reason(CKR_ATTRIBUTE_VALUE_INVALID, "there are no such objects of type %s",
			      name != NULL ? name : "unknown");
	}
	return t->complete(t, class, attrs);
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

size_t keytype_secret_fit(CK_KEY_TYPE type, size_t have)
{
	const struct keytype *t = row_of(type);

	if (t == NULL || t->secret_parts == NULL || have < t->min)
		return 0;
	if (have > t->max)
		have = t->max;
	return have - (have - t->min) % t->step;
}

void keytype_secret_mend(CK_KEY_TYPE type, unsigned char *value, size_t len)
{
	const struct keytype *t = row_of(type);

	if (t != NULL && t->secret_parts != NULL && t->check == CHECK_DES)
		des_odd_parity(value, len);
}

size_t keytype_secret_fixed(CK_KEY_TYPE type)
{
	const struct keytype *t = row_of(type);

	return t != NULL && t->min == t->max ? t->min : 0;
}

CK_RV keytype_public_parts(const struct key *priv, struct attrset *pub)
{
	const struct keytype *t = row_of(priv->type);

	if (t == NULL || t->public_of == NULL || priv->class != CKO_PRIVATE_KEY)
		return CKR_KEY_TYPE_INCONSISTENT;
	return t->public_of(t, priv->pkey, pub);
}

CK_RV keytype_certificate_check_value(const unsigned char *der, size_t len, unsigned char out[3])
{
	return keytype_sha1_check(der, len, out);
}

static bool owns(const struct keytype *t, const EVP_PKEY *pkey)
{
	return t->owns != NULL ? t->owns(pkey) : EVP_PKEY_is_a(pkey, t->name) == 1;
}

CK_RV keytype_split(const struct keytype *t, EVP_PKEY *pkey, struct attrset *pub,
		    struct attrset *priv)
{
	CK_RV rv = t->public_of(t, pkey, pub);

	return rv == CKR_OK ? t->private_of(t, pkey, priv) : rv;
}

/* The row of an OpenSSL key; NULL when there is none. */
static const struct keytype *owner_of(const EVP_PKEY *pkey)
{
	for (size_t i = 0; i < ARRAY_LEN(keytypes); i++)
		if (keytypes[i].public_of != NULL && owns(&keytypes[i], pkey))
			return &keytypes[i];
	return NULL;
}

CK_RV keytype_from_pkey(EVP_PKEY *pkey, CK_KEY_TYPE *type, struct attrset *pub,
			struct attrset *priv)
{
	const struct keytype *t = owner_of(pkey);
	CK_RV rv = t != NULL ? keytype_split(t, pkey, pub, priv) : CKR_KEY_TYPE_INCONSISTENT;

	if (rv == CKR_OK)
		*type = t->type;
	return rv;
}

CK_RV keytype_from_public(EVP_PKEY *pkey, CK_KEY_TYPE *type, struct attrset *pub)
{
	const struct keytype *t = owner_of(pkey);
	CK_RV rv = t != NULL ? t->public_of(t, pkey, pub) : CKR_KEY_TYPE_INCONSISTENT;

	if (rv == CKR_OK)
		*type = t->type;
	return rv;
}

/* The parts of the public key that belongs to a private one. */
static CK_RV public_half(const struct keytype *t, const struct attrset *parts,
			 struct attrset **out)
{
	struct attrset *pub = attrset_new(false);
	struct key *k = NULL;
	CK_RV rv = pub != NULL ? t->load(t, CKO_PRIVATE_KEY, parts, &k) : CKR_HOST_MEMORY;

	if (rv == CKR_OK)
		rv = t->public_of(t, k->pkey, pub);
	key_unref(k);
	if (rv == CKR_OK)
		*out = pub;
	else
		attrset_free(pub);
	return rv;
}

static CK_RV public_der(const struct keytype *t, CK_OBJECT_CLASS class,
			const struct attrset *parts, struct secbuf **out)
{
	struct attrset *pub = NULL;
	CK_RV rv;

	if (t == NULL || t->codec == NULL || parts_of(t, class) == NULL)
		return CKR_KEY_TYPE_INCONSISTENT;
	if (class == CKO_PUBLIC_KEY)
		return codec_put_spki(t, parts, out);
	rv = public_half(t, parts, &pub);
	if (rv == CKR_OK)
		rv = codec_put_spki(t, pub, out);
	attrset_free(pub);
	return rv;
}

CK_RV keytype_public_info(CK_OBJECT_CLASS class, CK_KEY_TYPE type, const struct attrset *parts,
			  struct buf *out)
{
	struct secbuf *der = NULL;
	CK_RV rv = public_der(row_of(type), class, parts, &der);

	if (rv == CKR_OK)
		rv = buf_append(out, der->data, der->len);
	secbuf_free(der);
	return rv;
}

static bool same(const struct secbuf *a, const unsigned char *data, size_t len)
{
	return a->len == len && memcmp(a->data, data, len) == 0;
}

/* The DER as we would write it. */
static CK_RV rewrite(const struct keytype *t, const unsigned char *der, size_t len,
		     struct secbuf **out)
{
	struct attrset *pub = attrset_new(false);
	CK_RV rv = pub != NULL ? codec_get_spki(t, der, len, pub) : CKR_HOST_MEMORY;

	if (rv == CKR_OK)
		rv = codec_put_spki(t, pub, out);
	attrset_free(pub);
	return rv;
}

CK_RV keytype_public_info_check(CK_OBJECT_CLASS class, CK_KEY_TYPE type,
				const struct attrset *parts, const unsigned char *der, size_t len)
{
	const struct keytype *t = row_of(type);
	struct secbuf *right = NULL, *given = NULL;
	CK_RV rv = public_der(t, class, parts, &right);

	if (rv == CKR_OK && !same(right, der, len)) {
		rv = rewrite(t, der, len, &given);
		if (rv == CKR_CURVE_NOT_SUPPORTED ||
		    (rv == CKR_OK && !same(right, given->data, given->len)))
			rv = keyparts_bad(type, CKA_PUBLIC_KEY_INFO, "is that of another key");
	}
	secbuf_free(right);
	secbuf_free(given);
	return rv;
}

/* The public key behind a decoded one, as DER. */
static CK_RV own_info(const struct keytype *t, const struct key *k, const struct attrset *attrs,
		      struct secbuf **out)
{
	struct attrset *pub;
	CK_RV rv;

	if (k->class == CKO_PUBLIC_KEY)
		return codec_put_spki(t, attrs, out);
	pub = attrset_new(false);
	rv = pub != NULL ? t->public_of(t, k->pkey, pub) : CKR_HOST_MEMORY;
	if (rv == CKR_OK)
		rv = codec_put_spki(t, pub, out);
	attrset_free(pub);
	return rv;
}

/* One SEQUENCE and nothing else, whatever is in it. */
static bool is_sequence(const unsigned char *der, size_t len)
{
	struct reader r = { der, len };
	const unsigned char *inner;
	size_t n;

	return der_read(&r, DER_SEQUENCE, &inner, &n) && r.left == 0;
}

/* Of an algorithm that cannot be decoded nothing can be told: the reference stores any. */
static CK_RV info_agrees(const struct keytype *t, const struct key *k, const struct attrset *attrs)
{
	struct secbuf *right = NULL, *given = NULL;
	const unsigned char *der;
	size_t len;
	bool differs = false;
	CK_RV rv;

	if (t->codec == NULL || !attrset_bytes(attrs, CKA_PUBLIC_KEY_INFO, &der, &len) || len == 0)
		return CKR_OK;
	if (!is_sequence(der, len))
		return keyparts_bad(t->type, CKA_PUBLIC_KEY_INFO, "is no DER");
	rv = own_info(t, k, attrs, &right);
	if (rv == CKR_OK && !same(right, der, len)) {
		rv = rewrite(t, der, len, &given);
		differs = rv == CKR_OK && !same(right, given->data, given->len);
	}
	secbuf_free(right);
	secbuf_free(given);
	if (differs)
		return keyparts_bad(t->type, CKA_PUBLIC_KEY_INFO, "is that of another key");
	if (rv == CKR_HOST_MEMORY)
		return rv;
	reason_clear();
	return CKR_OK;
}

CK_RV keytype_agrees(const struct key *k, const struct attrset *attrs)
{
	const struct keytype *t = row_of(k->type);
	CK_RV rv = CKR_OK;

	if (t != NULL && t->agrees != NULL)
		rv = t->agrees(t, k, attrs);
	return rv == CKR_OK && t != NULL ? info_agrees(t, k, attrs) : rv;
}

CK_RV keytype_encode(CK_KEY_TYPE type, const struct attrset *parts, struct secbuf **out)
{
	const struct keytype *t = row_of(type);

	if (t == NULL || t->codec == NULL)
		return CKR_KEY_TYPE_INCONSISTENT;
	return codec_put_pkcs8(t, parts, out);
}

CK_RV keytype_decode(CK_KEY_TYPE type, const unsigned char *der, size_t len, struct attrset *priv)
{
	const struct keytype *t = row_of(type);
	CK_RV rv;

	if (t == NULL || t->codec == NULL)
		return CKR_KEY_TYPE_INCONSISTENT;
	rv = codec_get_pkcs8(t, der, len, priv);
	if (rv == CKR_OK)
		rv = t->complete(t, CKO_PRIVATE_KEY, priv);
	switch (rv) {
	case CKR_ATTRIBUTE_VALUE_INVALID:
	case CKR_DOMAIN_PARAMS_INVALID:
	case CKR_KEY_TYPE_INCONSISTENT:
		return CKR_WRAPPED_KEY_INVALID;
	default:
		return rv;
	}
}
