#include "config.h"

#include "crypto/key/keytype_row.h"

#include <openssl/objects.h>
#include <string.h>

#include "crypto/ossl/der.h"
#include "crypto/ossl/ossl.h"

/* RFC 9881: the OID names the parameter set; a private key has a seed, or is expanded, or both. */
#define TAG_SEED 0x80

static CK_RV set_of(const struct keytype *t, const struct attrset *parts,
		    const struct mldsa_set **out)
{
	*out = keytype_mldsa_set(attrset_number(parts, CKA_PARAMETER_SET, 0));
	return *out != NULL ? CKR_OK : keyparts_bad(t->type, CKA_PARAMETER_SET, MLDSA_NO_SET);
}

static CK_RV put_algorithm(const struct keytype *t, const struct attrset *parts, X509_ALGOR *out)
{
	const struct mldsa_set *set;
	ASN1_OBJECT *oid;
	CK_RV rv = set_of(t, parts, &set);

	if (rv != CKR_OK)
		return rv;
	oid = OBJ_txt2obj(set->oid, 1);
	if (oid != NULL && X509_ALGOR_set0(out, oid, V_ASN1_UNDEF, NULL) == 1)
		return CKR_OK;
	ASN1_OBJECT_free(oid);
	return ossl_quiet(CKR_HOST_MEMORY);
}

static CK_RV get_algorithm(const struct keytype *t, const X509_ALGOR *in, struct attrset *out)
{
	const ASN1_OBJECT *oid;
	const struct mldsa_set *set;
	char text[64];

	X509_ALGOR_get0(&oid, NULL, NULL, in);
	if (OBJ_obj2txt(text, sizeof(text), oid, 1) <= 0)
		ossl_clear();
	else
		for (CK_ULONG i = 1; (set = keytype_mldsa_set(i)) != NULL; i++)
			if (strcmp(set->oid, text) == 0)
				return attrset_set_number(out, CKA_PARAMETER_SET, i);
	return codec_bad(t, "it is of another algorithm");
}

/* The bytes of CKA_VALUE; borrowed. */
static CK_RV value_of(const struct keytype *t, const struct attrset *parts, bool private,
		      const unsigned char **value, size_t *len)
{
	const struct mldsa_set *set;
	CK_RV rv = set_of(t, parts, &set);

	if (rv != CKR_OK)
		return rv;
	if (!attrset_bytes(parts, CKA_VALUE, value, len) ||
	    *len != (private ? set->private : set->public))
		return keyparts_bad(t->type, CKA_VALUE, "has a wrong length");
	return CKR_OK;
}

static CK_RV put_public(const struct keytype *t, const struct attrset *parts, struct secbuf **out)
{
	const unsigned char *value;
	size_t len;
	CK_RV rv = value_of(t, parts, false, &value, &len);

	return rv == CKR_OK ? codec_copy(value, len, out) : rv;
}

static CK_RV get_public(const struct keytype *t, const unsigned char *der, size_t len,
			struct attrset *out)
{
	(void)t;
	return attrset_set_bytes(out, CKA_VALUE, der, len);
}

/* Seed and expanded key, as OpenSSL writes it when it knows the seed. */
static CK_RV put_both(const unsigned char *seed, size_t seed_len, const unsigned char *value,
		      size_t len, struct secbuf **out)
{
	struct secbuf *a = NULL, *b = NULL, *all = NULL;
	CK_RV rv = codec_wrap(DER_OCTETS, seed, seed_len, &a);

	if (rv == CKR_OK)
		rv = codec_wrap(DER_OCTETS, value, len, &b);
	if (rv == CKR_OK) {
		all = secbuf_new(a->len + b->len);
		rv = all != NULL ? CKR_OK : CKR_HOST_MEMORY;
	}
	if (rv == CKR_OK) {
		memcpy(all->data, a->data, a->len);
		memcpy(all->data + a->len, b->data, b->len);
		rv = codec_wrap(DER_SEQUENCE, all->data, all->len, out);
	}
	secbuf_free(all);
	secbuf_free(b);
	secbuf_free(a);
	return rv;
}

static CK_RV put_private(const struct keytype *t, const struct attrset *parts,
			 struct secbuf **out)
{
	const unsigned char *value, *seed;
	size_t len, seed_len;
	CK_RV rv = value_of(t, parts, true, &value, &len);

	if (rv != CKR_OK)
		return rv;
	if (attrset_bytes(parts, CKA_SEED, &seed, &seed_len) && seed_len == MLDSA_SEED_BYTES)
		return put_both(seed, seed_len, value, len, out);
	return codec_wrap(DER_OCTETS, value, len, out);
}

/* The three forms. */
static bool read_private(const unsigned char *der, size_t len, const unsigned char **seed,
			 size_t *seed_len, const unsigned char **value, size_t *value_len)
{
	struct reader r = { der, len }, inner = { NULL, 0 };

	if (der_read(&r, TAG_SEED, seed, seed_len) || der_read(&r, DER_OCTETS, value, value_len))
		return r.left == 0;
	return der_read(&r, DER_SEQUENCE, &inner.p, &inner.left) && r.left == 0 &&
	       der_read(&inner, DER_OCTETS, seed, seed_len) &&
	       der_read(&inner, DER_OCTETS, value, value_len) && inner.left == 0;
}

static CK_RV get_private(const struct keytype *t, const unsigned char *der, size_t len,
			 struct attrset *out)
{
	const unsigned char *seed = NULL, *value = NULL;
	size_t seed_len = 0, value_len = 0;
	CK_RV rv = CKR_OK;

	if (!read_private(der, len, &seed, &seed_len, &value, &value_len))
		return codec_bad(t, "the key within cannot be read");
	if (seed != NULL)
		rv = attrset_set_bytes(out, CKA_SEED, seed, seed_len);
	if (rv == CKR_OK && value != NULL)
		return attrset_set_bytes(out, CKA_VALUE, value, value_len);
	return rv == CKR_OK ? keytype_mldsa_expand(out) : rv;
}

const struct codec codec_mldsa = { put_algorithm, get_algorithm, put_public,
				   get_public,	  put_private,	 get_private };
