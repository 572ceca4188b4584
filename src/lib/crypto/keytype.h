/*
 * Key types: attributes <-> OpenSSL keys, generation, checks. One row a CKK_ value.
 *
 * The attribute sets here hold plain values (decrypted), in the formats of PKCS#11: big integers
 * big-endian, EC points as DER OCTET STRING, CKA_EC_PARAMS as DER. A set passed in must be a secret
 * one if it holds or receives secrets.
 */
#ifndef CRYPTO_KEYTYPE_H
#define CRYPTO_KEYTYPE_H

#include "common/attrset.h"
#include "crypto/ossl/key.h"
#include "crypto/mech.h"

#define KEYTYPE_PARTS 9

/*
 * The attributes that hold the key material of such an object, for keytype_load; ended by
 * CK_UNAVAILABLE_INFORMATION. NULL when the type is unknown or the class has no such key.
 */
const CK_ATTRIBUTE_TYPE *keytype_parts(CK_OBJECT_CLASS class, CK_KEY_TYPE type);

/*
 * Builds the OpenSSL key from the parts. CKR_KEY_TYPE_INCONSISTENT for an unknown type;
 * CKR_CURVE_NOT_SUPPORTED; CKR_ATTRIBUTE_VALUE_INVALID when the parts are no such key (logged with
 * the attribute's name). The caller owns *out.
 *
 * An RSA private key needs the modulus and the private exponent. Without the public exponent, which
 * OpenSSL wants for blinding, the usual ones are tried; without all five CRT parts it works more
 * slowly.
 */
CK_RV keytype_load(CK_OBJECT_CLASS class, CK_KEY_TYPE type, const struct attrset *parts,
		   struct key **out) MUST_CHECK;

/*
 * Generates what the mechanism names. Asymmetric: pub holds the caller's CKA_MODULUS_BITS,
 * CKA_EC_PARAMS ... and both sets receive the key's parts. Secret: pub is NULL, priv holds
 * CKA_VALUE_LEN where the type wants one and receives CKA_VALUE and CKA_CHECK_VALUE.
 * CKR_TEMPLATE_INCOMPLETE, CKR_ATTRIBUTE_VALUE_INVALID (a size or an exponent out of range:
 * C_GenerateKeyPair does not list CKR_KEY_SIZE_RANGE), CKR_CURVE_NOT_SUPPORTED,
 * CKR_DOMAIN_PARAMS_INVALID, CKR_MECHANISM_PARAM_INVALID.
 */
CK_RV keytype_generate(const struct mech *m, const CK_MECHANISM *param, struct attrset *pub,
		       struct attrset *priv)
	MUST_CHECK;

/*
 * After C_CreateObject's template has been applied: checks the values and computes what follows
 * from them (CKA_MODULUS_BITS, CKA_VALUE_LEN, ...). Of secret keys, a CKA_CHECK_VALUE that is not
 * in the set is computed, an empty one stays empty, another must be right.
 * CKR_ATTRIBUTE_VALUE_INVALID (logged), CKR_CURVE_NOT_SUPPORTED.
 */
CK_RV keytype_complete(CK_OBJECT_CLASS class, CK_KEY_TYPE type, struct attrset *attrs) MUST_CHECK;

/*
 * CKA_CHECK_VALUE of a secret key (PKCS#11 2.40 section 4.10.2, as the reference computes it): 3
 * bytes.
 */
CK_RV keytype_check_value(CK_KEY_TYPE type, const unsigned char *value, size_t len,
			  unsigned char out[3]) MUST_CHECK;

/* CKA_CHECK_VALUE of a certificate: the first 3 bytes of SHA-1 of its DER encoding. */
CK_RV keytype_certificate_check_value(const unsigned char *der, size_t len,
				      unsigned char out[3]) MUST_CHECK;

/*
 * Takes an OpenSSL key pair apart (softhsm2-util --import): the key type, and the parts of the
 * public and the private object. CKR_KEY_TYPE_INCONSISTENT for a type that has no row.
 */
CK_RV keytype_from_pkey(EVP_PKEY *pkey, CK_KEY_TYPE *type, struct attrset *pub,
			struct attrset *priv) MUST_CHECK;

#endif
