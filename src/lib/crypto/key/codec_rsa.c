#include "config.h"

#include "crypto/key/keytype_row.h"

/* RFC 8017 appendix A.1: the numbers stand in the order of the attributes. */
#define PUBLIC_COUNT 2
#define PRIVATE_COUNT 8

ASN1_SEQUENCE(rsa_public) = {
	ASN1_SIMPLE(struct numbers, n[0], BIGNUM),
	ASN1_SIMPLE(struct numbers, n[1], BIGNUM),
} static_ASN1_SEQUENCE_END_name(struct numbers, rsa_public)

ASN1_SEQUENCE(rsa_private) = {
	ASN1_EMBED(struct numbers, version, INT32),
	ASN1_SIMPLE(struct numbers, n[0], BIGNUM),
	ASN1_SIMPLE(struct numbers, n[1], BIGNUM),
	ASN1_SIMPLE(struct numbers, n[2], CBIGNUM),
	ASN1_SIMPLE(struct numbers, n[3], CBIGNUM),
	ASN1_SIMPLE(struct numbers, n[4], CBIGNUM),
	ASN1_SIMPLE(struct numbers, n[5], CBIGNUM),
	ASN1_SIMPLE(struct numbers, n[6], CBIGNUM),
	ASN1_SIMPLE(struct numbers, n[7], CBIGNUM),
} static_ASN1_SEQUENCE_END_name(struct numbers, rsa_private)

static CK_RV put_algorithm(const struct keytype *t, const struct attrset *parts, X509_ALGOR *out)
{
	(void)t;
	(void)parts;
	return codec_set_algorithm(out, NID_rsaEncryption, V_ASN1_NULL, NULL);
}

static CK_RV get_algorithm(const struct keytype *t, const X509_ALGOR *in, struct attrset *out)
{
	(void)out;
	return codec_expect(t, in, NID_rsaEncryption);
}

static CK_RV put_public(const struct keytype *t, const struct attrset *parts, struct secbuf **out)
{
	return codec_put_numbers(t, parts, t->public_parts, PUBLIC_COUNT,
				 ASN1_ITEM_rptr(rsa_public), out);
}

static CK_RV get_public(const struct keytype *t, const unsigned char *der, size_t len,
			struct attrset *out)
{
	return codec_get_numbers(t, der, len, t->public_parts, PUBLIC_COUNT,
				 ASN1_ITEM_rptr(rsa_public), out);
}

static CK_RV put_all(const struct keytype *t, const struct attrset *parts, struct secbuf **out)
{
	return codec_put_numbers(t, parts, t->private_parts, PRIVATE_COUNT,
				 ASN1_ITEM_rptr(rsa_private), out);
}

static bool is_complete(const struct keytype *t, const struct attrset *parts)
{
	for (size_t i = 0; i < PRIVATE_COUNT; i++)
		if (keyparts_bits(parts, t->private_parts[i]) == 0)
			return false;
	return true;
}

/* The structure has no room for gaps; what of the CRT stands alone there is computed anew. */
static CK_RV put_private(const struct keytype *t, const struct attrset *parts,
			 struct secbuf **out)
{
	struct attrset *all;
	CK_RV rv;

	if (is_complete(t, parts))
		return put_all(t, parts, out);
	all = attrset_dup(parts, true);
	if (all == NULL)
		return CKR_HOST_MEMORY;
	attrset_remove(all, CKA_EXPONENT_1);
	attrset_remove(all, CKA_EXPONENT_2);
	attrset_remove(all, CKA_COEFFICIENT);
	rv = keytype_rsa_settle(t, all, true);
	if (rv == CKR_OK)
		rv = put_all(t, all, out);
	attrset_free(all);
	return rv;
}

static CK_RV get_private(const struct keytype *t, const unsigned char *der, size_t len,
			 struct attrset *out)
{
	return codec_get_numbers(t, der, len, t->private_parts, PRIVATE_COUNT,
				 ASN1_ITEM_rptr(rsa_private), out);
}

const struct codec codec_rsa = { put_algorithm, get_algorithm, put_public,
				 get_public,	put_private,   get_private };
