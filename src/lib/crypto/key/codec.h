/*
 * Keys as DER: SubjectPublicKeyInfo and PKCS#8 PrivateKeyInfo around what each key type has inside.
 * For the folder crypto/key only.
 *
 * The structures are ASN.1 templates of our own, also where libcrypto has one: its
 * SubjectPublicKeyInfo decodes the key within, in the default context of the host.
 */
#ifndef CRYPTO_KEY_CODEC_H
#define CRYPTO_KEY_CODEC_H

#include <openssl/asn1t.h>
#include <openssl/x509.h>

#include "common/attrset.h"
#include "common/secmem.h"

struct keytype;

/*
 * What a key type has inside the two containers: the algorithm with its domain parameters, and the
 * key. put_ makes DER from the parts of a public or private key; get_ is the reverse, and puts into
 * the set what it finds. The owner of *out is the caller. put_: CKR_ATTRIBUTE_VALUE_INVALID when a
 * part is missing or wrong; get_: the same when this is no such key; the reason is noted.
 */
struct codec {
	CK_RV (*put_algorithm)(const struct keytype *t, const struct attrset *parts,
			       X509_ALGOR *out);
	CK_RV (*get_algorithm)(const struct keytype *t, const X509_ALGOR *in, struct attrset *out);
	CK_RV (*put_public)(const struct keytype *t, const struct attrset *parts,
			    struct secbuf **out);
	CK_RV (*get_public)(const struct keytype *t, const unsigned char *der, size_t len,
			    struct attrset *out);
	CK_RV (*put_private)(const struct keytype *t, const struct attrset *parts,
			     struct secbuf **out);
	/* get_algorithm has filled the set before */
	CK_RV (*get_private)(const struct keytype *t, const unsigned char *der, size_t len,
			     struct attrset *out);
};

extern const struct codec codec_rsa;
extern const struct codec codec_dlog;		/* DSA and DH */
extern const struct codec codec_ec;
extern const struct codec codec_edwards;	/* and Montgomery */
extern const struct codec codec_mldsa;

/*
 * The whole structures, as keytype_public_info, keytype_encode ... promise. SubjectPublicKeyInfo is
 * made of the parts of a public key.
 */
CK_RV codec_put_spki(const struct keytype *t, const struct attrset *parts,
		     struct secbuf **out) MUST_CHECK;
CK_RV codec_get_spki(const struct keytype *t, const unsigned char *der, size_t len,
		     struct attrset *pub) MUST_CHECK;
CK_RV codec_put_pkcs8(const struct keytype *t, const struct attrset *parts,
		      struct secbuf **out) MUST_CHECK;
CK_RV codec_get_pkcs8(const struct keytype *t, const unsigned char *der, size_t len,
		      struct attrset *priv) MUST_CHECK;

/* For the tables of the key types. */

/* Notes that DER is not what it should be; CKR_ATTRIBUTE_VALUE_INVALID. */
CK_RV codec_bad(const struct keytype *t, const char *what);

/* DER of a value with a template. CKR_HOST_MEMORY. */
CK_RV codec_encode(const void *value, const ASN1_ITEM *item, struct secbuf **out) MUST_CHECK;

/*
 * The reverse; bytes behind the structure are ignored when rest is true. what says what it is not,
 * for the reason. CKR_ATTRIBUTE_VALUE_INVALID, CKR_HOST_MEMORY. Free the value with ASN1_item_free.
 */
CK_RV codec_decode(const struct keytype *t, const unsigned char *der, size_t len, bool rest,
		   const ASN1_ITEM *item, const char *what, ASN1_VALUE **out) MUST_CHECK;

/*
 * What structures that hold a secret begin with, and the callback of their templates, which wipes
 * it before it is freed.
 */
struct codec_secret {
	int32_t version;
	ASN1_STRING *key;
};
int codec_secret_event(int operation, ASN1_VALUE **value, const ASN1_ITEM *item, void *arg);

/* Sets an OCTET STRING, or a BIT STRING of whole bytes. false: out of memory. */
bool codec_set_string(ASN1_STRING *s, const unsigned char *data, size_t len) MUST_CHECK;

/* A SEQUENCE of numbers, perhaps with a version in front. Templates choose the members. */
#define CODEC_NUMBERS 8
struct numbers {
	int32_t version;
	BIGNUM *n[CODEC_NUMBERS];
};

/* The attributes in types are the numbers of the template, in its order. */
CK_RV codec_put_numbers(const struct keytype *t, const struct attrset *parts,
			const CK_ATTRIBUTE_TYPE *types, size_t count, const ASN1_ITEM *item,
			struct secbuf **out) MUST_CHECK;
CK_RV codec_get_numbers(const struct keytype *t, const unsigned char *der, size_t len,
			const CK_ATTRIBUTE_TYPE *types, size_t count, const ASN1_ITEM *item,
			struct attrset *out) MUST_CHECK;

/* One INTEGER. */
CK_RV codec_put_number(const struct keytype *t, const struct attrset *parts,
		       CK_ATTRIBUTE_TYPE type, struct secbuf **out) MUST_CHECK;
CK_RV codec_get_number(const struct keytype *t, const unsigned char *der, size_t len,
		       CK_ATTRIBUTE_TYPE type, struct attrset *out) MUST_CHECK;

/* The bytes as they are, and with tag and length in front. CKR_HOST_MEMORY. */
CK_RV codec_copy(const unsigned char *data, size_t len, struct secbuf **out) MUST_CHECK;
CK_RV codec_wrap(unsigned char tag, const unsigned char *data, size_t len,
		 struct secbuf **out) MUST_CHECK;

/* The algorithm: an OID and parameters (X509_ALGOR_set0, which takes value over). */
CK_RV codec_set_algorithm(X509_ALGOR *out, int nid, int type, void *value) MUST_CHECK;

/* Is it that OID? CKR_ATTRIBUTE_VALUE_INVALID. */
CK_RV codec_expect(const struct keytype *t, const X509_ALGOR *in, int nid) MUST_CHECK;

#endif
