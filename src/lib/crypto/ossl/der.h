/*
 * The few DER structures that PKCS#11 carries: CKA_EC_PARAMS, CKA_EC_POINT, and the signatures of
 * ECDSA and DSA, which OpenSSL writes as a SEQUENCE of two INTEGERs and PKCS#11 as two numbers of
 * equal width.
 */
#ifndef CRYPTO_DER_H
#define CRYPTO_DER_H

#include "common/buf.h"

#define DER_OCTETS 0x04
#define DER_SEQUENCE 0x30

/* What CKA_EC_PARAMS names. */
struct der_curve {
	/* OpenSSL's: the group of an EC key, else the key type ("ED25519"); static */
	const char *name;
	int nid;		/* of the group of an EC key, else 0 */
	/* Edwards and Montgomery: bytes of the public and the private key; EC: 0 */
	size_t raw;
	/* in the unit of the mechanisms' key sizes; 0 for EC: ask the group */
	CK_ULONG bits;
	bool montgomery;	/* X25519 and X448, for key agreement */
	bool loose;	/* read from a form that others may not take: der_curve_write's is better */
};

/*
 * Reads CKA_EC_PARAMS: the OID of a curve; explicit parameters of a curve that has a name (any
 * other is refused: the caller could choose a weak one); a PrintableString "edwards25519",
 * "edwards448", "curve25519" or "curve448". CKR_CURVE_NOT_SUPPORTED when OpenSSL does not know that
 * curve or its field is not prime, CKR_ATTRIBUTE_VALUE_INVALID when these are no such parameters.
 */
CK_RV der_curve_read(const unsigned char *der, size_t len, struct der_curve *out) MUST_CHECK;

/* By OpenSSL's name of a key type: "ED25519", "ED448", "X25519", "X448". NULL for others. */
const struct der_curve *der_curve_by_type(const char *name);

/*
 * Appends the CKA_EC_PARAMS that generated keys get: the OID of a group, the PrintableString of an
 * Edwards or Montgomery curve (as the reference writes them). CKR_CURVE_NOT_SUPPORTED,
 * CKR_HOST_MEMORY.
 */
CK_RV der_curve_write(const struct der_curve *c, struct buf *out) MUST_CHECK;

/* The contents when der is exactly one OCTET STRING; borrowed. */
bool der_octets_read(const unsigned char *der, size_t len, const unsigned char **data,
		     size_t *n) MUST_CHECK;

/*
 * Takes one element with that tag off the front; lengths up to 4 bytes, minimal as DER has them.
 * data is borrowed. false (nothing consumed) when there is no such element.
 */
bool der_read(struct reader *r, unsigned char tag, const unsigned char **data,
	      size_t *n) MUST_CHECK;

/* Tag and length of an element, for len below 2^32; returns their size. */
#define DER_HEADER_MAX 6
size_t der_header(unsigned char tag, size_t len, unsigned char out[DER_HEADER_MAX]);

/* Appends an OCTET STRING. */
CK_RV der_octets_write(const unsigned char *data, size_t len, struct buf *out) MUST_CHECK;

/* The most bytes that der_pair_write writes for two numbers of width bytes. */
size_t der_pair_max(size_t width);

/*
 * Two numbers of width bytes each -> SEQUENCE; returns its length. out has der_pair_max(width)
 * bytes.
 */
size_t der_pair_write(const unsigned char *pair, size_t width, unsigned char *out);

/* The reverse; false when it is no such sequence or a number is wider. */
bool der_pair_read(const unsigned char *der, size_t len, unsigned char *pair,
		   size_t width) MUST_CHECK;

#endif
