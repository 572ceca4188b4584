#include "config.h"

#include "crypto/key/codec.h"

#include <openssl/crypto.h>
#include <string.h>

#include "common/reason.h"
#include "crypto/key/keytype_row.h"
#include "crypto/ossl/der.h"
#include "crypto/ossl/ossl.h"
#include "pkcs11/names.h"

/*
 * SubjectPublicKeyInfo and PrivateKeyInfo: RFC 5280, RFC 5208, and RFC 5958, whose version 1 may
 * hold the public key too. The former has the middle two only.
 */
struct info {
	struct codec_secret secret;	/* not always one */
	X509_ALGOR *algorithm;
	STACK_OF(X509_ATTRIBUTE) *attributes;
	ASN1_BIT_STRING *public;
};

ASN1_SEQUENCE(spki) = {
	ASN1_SIMPLE(struct info, algorithm, X509_ALGOR),
	ASN1_SIMPLE(struct info, secret.key, ASN1_BIT_STRING),
} static_ASN1_SEQUENCE_END_name(struct info, spki)

ASN1_SEQUENCE_cb(pkcs8, codec_secret_event) = {
	ASN1_EMBED(struct info, secret.version, INT32),
	ASN1_SIMPLE(struct info, algorithm, X509_ALGOR),
	ASN1_SIMPLE(struct info, secret.key, ASN1_OCTET_STRING),
	ASN1_IMP_SET_OF_OPT(struct info, attributes, X509_ATTRIBUTE, 0),
	ASN1_IMP_OPT(struct info, public, ASN1_BIT_STRING, 1),
} static_ASN1_SEQUENCE_END_cb(struct info, pkcs8)

CK_RV codec_bad(const struct keytype *t, const char *what)
{
	return reason(CKR_ATTRIBUTE_VALUE_INVALID, "the DER of a %s key: %s", ckk_name(t->type),
		      what);
}

int codec_secret_event(int operation, ASN1_VALUE **value, const ASN1_ITEM *item, void *arg)
{
	const ASN1_STRING *key;

	(void)item;
	(void)arg;
	if (operation != ASN1_OP_FREE_PRE)
		return 1;
	key = ((const struct codec_secret *)*value)->key;
	if (key != NULL && ASN1_STRING_length(key) > 0)
		OPENSSL_cleanse((void *)(uintptr_t)ASN1_STRING_get0_data(key),
				(size_t)ASN1_STRING_length(key));
	return 1;
}

bool codec_set_string(ASN1_STRING *s, const unsigned char *data, size_t len)
{
	if (len > INT32_MAX || ASN1_STRING_set(s, data, (int)len) != 1)
		return false;
	/* or the zero bits at the end of a BIT STRING would be cut off */
	s->flags = (s->flags & ~0x07L) | ASN1_STRING_FLAG_BITS_LEFT;
	return true;
}

CK_RV codec_encode(const void *value, const ASN1_ITEM *item, struct secbuf **out)
{
	const ASN1_VALUE *v = value;
	int len = ASN1_item_i2d(v, NULL, item);
	struct secbuf *der = len > 0 ? secbuf_new((size_t)len) : NULL;
	unsigned char *p;

	if (der == NULL)
		return ossl_quiet(CKR_HOST_MEMORY);
	p = der->data;
	if (ASN1_item_i2d(v, &p, item) != len) {
		secbuf_free(der);
		return ossl_quiet(CKR_HOST_MEMORY);
	}
	*out = der;
	return CKR_OK;
}

CK_RV codec_decode(const struct keytype *t, const unsigned char *der, size_t len, bool rest,
		   const ASN1_ITEM *item, const char *what, ASN1_VALUE **out)
{
	const unsigned char *p = der;
	ASN1_VALUE *v = len <= INT32_MAX ? ASN1_item_d2i(NULL, &p, (long)len, item) : NULL;
	CK_RV rv = CKR_OK;

	if (v == NULL)
		rv = ossl_quiet(CKR_ATTRIBUTE_VALUE_INVALID);
	else if (!rest && p != der + len)
		rv = CKR_ATTRIBUTE_VALUE_INVALID;
	if (rv == CKR_OK)
		*out = v;
	else
		ASN1_item_free(v, item);
	return rv == CKR_ATTRIBUTE_VALUE_INVALID ? codec_bad(t, what) : rv;
}

CK_RV codec_copy(const unsigned char *data, size_t len, struct secbuf **out)
{
	*out = secbuf_from(data, len);
	return *out != NULL ? CKR_OK : CKR_HOST_MEMORY;
}

CK_RV codec_wrap(unsigned char tag, const unsigned char *data, size_t len, struct secbuf **out)
{
	unsigned char head[DER_HEADER_MAX];
	size_t n = der_header(tag, len, head);

	*out = len <= UINT32_MAX ? secbuf_new(n + len) : NULL;
	if (*out == NULL)
		return CKR_HOST_MEMORY;
	memcpy((*out)->data, head, n);
	memcpy((*out)->data + n, data, len);
	return CKR_OK;
}

CK_RV codec_set_algorithm(X509_ALGOR *out, int nid, int type, void *value)
{
	ASN1_OBJECT *oid = OBJ_nid2obj(nid);

	if (oid != NULL && X509_ALGOR_set0(out, oid, type, value) == 1)
		return CKR_OK;
	return ossl_quiet(CKR_HOST_MEMORY);
}

CK_RV codec_expect(const struct keytype *t, const X509_ALGOR *in, int nid)
{
	const ASN1_OBJECT *oid;

	X509_ALGOR_get0(&oid, NULL, NULL, in);
	return OBJ_obj2nid(oid) == nid ? CKR_OK : codec_bad(t, "it is of another algorithm");
}

static CK_RV put(const struct keytype *t, const struct attrset *parts, bool private,
		 const ASN1_ITEM *item, struct secbuf **out)
{
	struct info *info = (struct info *)ASN1_item_new(item);
	struct secbuf *key = NULL;
	CK_RV rv = CKR_HOST_MEMORY;

	if (info == NULL)
		return ossl_quiet(rv);
	rv = t->codec->put_algorithm(t, parts, info->algorithm);
	if (rv == CKR_OK)
		rv = (private ? t->codec->put_private : t->codec->put_public)(t, parts, &key);
	if (rv == CKR_OK && !codec_set_string(info->secret.key, key->data, key->len))
		rv = ossl_quiet(CKR_HOST_MEMORY);
	if (rv == CKR_OK)
		rv = codec_encode(info, item, out);
	secbuf_free(key);
	ASN1_item_free((ASN1_VALUE *)info, item);
	return rv;
}

static CK_RV get(const struct keytype *t, const struct info *info, bool private,
		 struct attrset *out)
{
	const unsigned char *der = ASN1_STRING_get0_data(info->secret.key);
	size_t len = (size_t)ASN1_STRING_length(info->secret.key);
	CK_RV rv = t->codec->get_algorithm(t, info->algorithm, out);

	if (rv != CKR_OK)
		return rv;
	return (private ? t->codec->get_private : t->codec->get_public)(t, der, len, out);
}

CK_RV codec_put_spki(const struct keytype *t, const struct attrset *parts, struct secbuf **out)
{
	return put(t, parts, false, ASN1_ITEM_rptr(spki), out);
}

CK_RV codec_get_spki(const struct keytype *t, const unsigned char *der, size_t len,
		     struct attrset *pub)
{
	ASN1_VALUE *v = NULL;
	CK_RV rv = codec_decode(t, der, len, false, ASN1_ITEM_rptr(spki),
				"it is no SubjectPublicKeyInfo", &v);

	if (rv == CKR_OK)
		rv = get(t, (struct info *)v, false, pub);
	ASN1_item_free(v, ASN1_ITEM_rptr(spki));
	return rv;
}

CK_RV codec_put_pkcs8(const struct keytype *t, const struct attrset *parts, struct secbuf **out)
{
	return put(t, parts, true, ASN1_ITEM_rptr(pkcs8), out);
}

CK_RV codec_get_pkcs8(const struct keytype *t, const unsigned char *der, size_t len,
		      struct attrset *priv)
{
	ASN1_VALUE *v = NULL;
	CK_RV rv = codec_decode(t, der, len, true, ASN1_ITEM_rptr(pkcs8),
				"it is no PrivateKeyInfo", &v);
	const struct info *info = (struct info *)v;

	if (rv == CKR_OK && info->secret.version != 0 && info->secret.version != 1)
		rv = codec_bad(t, "the PrivateKeyInfo has another version");
	if (rv == CKR_OK)
		rv = get(t, info, true, priv);
	ASN1_item_free(v, ASN1_ITEM_rptr(pkcs8));
	return rv;
}

/* A part that must be there. */
static CK_RV take_part(const struct keytype *t, const struct attrset *parts,
		       CK_ATTRIBUTE_TYPE type, BIGNUM **out)
{
	size_t len;

	keyparts_trim(parts, type, &len);
	if (len == 0)
		return keyparts_bad(t->type, type, "is missing");
	if (len > KEYPARTS_NUMBER_BYTES)
		return keyparts_bad(t->type, type, "is too large");
	BN_clear_free(*out);
	*out = keyparts_get_bn(parts, type);
	return *out != NULL ? CKR_OK : CKR_HOST_MEMORY;
}

CK_RV codec_put_numbers(const struct keytype *t, const struct attrset *parts,
			const CK_ATTRIBUTE_TYPE *types, size_t count, const ASN1_ITEM *item,
			struct secbuf **out)
{
	struct numbers *list = (struct numbers *)ASN1_item_new(item);
	CK_RV rv = list != NULL ? CKR_OK : ossl_quiet(CKR_HOST_MEMORY);

	for (size_t i = 0; rv == CKR_OK && i < count; i++)
		rv = take_part(t, parts, types[i], &list->n[i]);
	if (rv == CKR_OK)
		rv = codec_encode(list, item, out);
	ASN1_item_free((ASN1_VALUE *)list, item);
	return rv;
}

CK_RV codec_get_numbers(const struct keytype *t, const unsigned char *der, size_t len,
			const CK_ATTRIBUTE_TYPE *types, size_t count, const ASN1_ITEM *item,
			struct attrset *out)
{
	ASN1_VALUE *v = NULL;
	CK_RV rv = codec_decode(t, der, len, false, item, "the numbers within cannot be read", &v);
	const struct numbers *list = (struct numbers *)v;

	if (rv == CKR_OK && list->version != 0)
		rv = codec_bad(t, "it has another version");
	for (size_t i = 0; rv == CKR_OK && i < count; i++)
		rv = keyparts_set_bn(out, types[i], list->n[i]);
	ASN1_item_free(v, item);
	return rv;
}

CK_RV codec_put_number(const struct keytype *t, const struct attrset *parts,
		       CK_ATTRIBUTE_TYPE type, struct secbuf **out)
{
	BIGNUM *n = NULL;
	CK_RV rv = take_part(t, parts, type, &n);

	if (rv == CKR_OK)
		rv = codec_encode(n, ASN1_ITEM_rptr(CBIGNUM), out);
	BN_clear_free(n);
	return rv;
}

CK_RV codec_get_number(const struct keytype *t, const unsigned char *der, size_t len,
		       CK_ATTRIBUTE_TYPE type, struct attrset *out)
{
	ASN1_VALUE *v = NULL;
	CK_RV rv = codec_decode(t, der, len, false, ASN1_ITEM_rptr(CBIGNUM),
				"the number within cannot be read", &v);

	if (rv == CKR_OK)
		rv = keyparts_set_bn(out, type, (BIGNUM *)v);
	ASN1_item_free(v, ASN1_ITEM_rptr(CBIGNUM));
	return rv;
}
