#include "config.h"

#include "crypto/key/keytype_row.h"

#include <openssl/objects.h>

#include "crypto/ossl/ossl.h"

/*
 * RFC 3279 section 2.3.2 (DSA), and PKCS#3 section 9, as OpenSSL writes DH keys: the domain
 * parameters stand in the algorithm, in the order of the attributes; the key is one INTEGER.
 */
ASN1_SEQUENCE(dsa_domain) = {
	ASN1_SIMPLE(struct numbers, n[0], BIGNUM),
	ASN1_SIMPLE(struct numbers, n[1], BIGNUM),
	ASN1_SIMPLE(struct numbers, n[2], BIGNUM),
} static_ASN1_SEQUENCE_END_name(struct numbers, dsa_domain)

/* The last one is the length of private values. */
ASN1_SEQUENCE(dh_domain) = {
	ASN1_SIMPLE(struct numbers, n[0], BIGNUM),
	ASN1_SIMPLE(struct numbers, n[1], BIGNUM),
	ASN1_OPT(struct numbers, n[2], BIGNUM),
} static_ASN1_SEQUENCE_END_name(struct numbers, dh_domain)

struct domain {
	int nid;
	size_t count;
	const ASN1_ITEM *item;
};

static struct domain domain_of(const struct keytype *t)
{
	if (t->type == CKK_DSA)
		return (struct domain){ NID_dsa, 3, ASN1_ITEM_rptr(dsa_domain) };
	return (struct domain){ NID_dhKeyAgreement, 2, ASN1_ITEM_rptr(dh_domain) };
}

static CK_RV put_algorithm(const struct keytype *t, const struct attrset *parts, X509_ALGOR *out)
{
	struct domain d = domain_of(t);
	ASN1_STRING *params = ASN1_STRING_new();
	struct secbuf *der = NULL;
	CK_RV rv = params != NULL ? CKR_OK : ossl_quiet(CKR_HOST_MEMORY);

	if (rv == CKR_OK)
		rv = codec_put_numbers(t, parts, t->public_parts, d.count, d.item, &der);
	if (rv == CKR_OK && ASN1_STRING_set(params, der->data, (int)der->len) != 1)
		rv = ossl_quiet(CKR_HOST_MEMORY);
	if (rv == CKR_OK)
		rv = codec_set_algorithm(out, d.nid, V_ASN1_SEQUENCE, params);
	if (rv != CKR_OK)
		ASN1_STRING_free(params);
	secbuf_free(der);
	return rv;
}

static CK_RV get_algorithm(const struct keytype *t, const X509_ALGOR *in, struct attrset *out)
{
	struct domain d = domain_of(t);
	const void *value = NULL;
	int type = V_ASN1_UNDEF;
	CK_RV rv = codec_expect(t, in, d.nid);

	if (rv != CKR_OK)
		return rv;
	X509_ALGOR_get0(NULL, &type, &value, in);
	if (type != V_ASN1_SEQUENCE)
		return codec_bad(t, "it has no domain parameters");
	return codec_get_numbers(t, ASN1_STRING_get0_data(value),
				 (size_t)ASN1_STRING_length(value), t->public_parts, d.count,
				 d.item, out);
}

static CK_RV put_key(const struct keytype *t, const struct attrset *parts, struct secbuf **out)
{
	return codec_put_number(t, parts, CKA_VALUE, out);
}

static CK_RV get_key(const struct keytype *t, const unsigned char *der, size_t len,
		     struct attrset *out)
{
	return codec_get_number(t, der, len, CKA_VALUE, out);
}

const struct codec codec_dlog = { put_algorithm, get_algorithm, put_key,
				  get_key,	 put_key,	get_key };
