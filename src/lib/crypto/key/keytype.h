/*
 * Key types: attributes <-> OpenSSL keys, generation, checks. One row a CKK_ value.
 *
 * The attribute sets here hold plain values (decrypted), in the formats of PKCS#11: big integers
 * big-endian, EC points as DER OCTET STRING, CKA_EC_PARAMS as DER. A set passed in must be a secret
 * one if it holds or receives secrets.
 */
#ifndef CRYPTO_KEY_KEYTYPE_H
#define CRYPTO_KEY_KEYTYPE_H

#include "common/attrset.h"
#include "common/buf.h"
#include "crypto/ossl/key.h"

#define KEYTYPE_PARTS 9

/*
 * The attributes that hold the key material of such an object, for keytype_load; ended by
 * CK_UNAVAILABLE_INFORMATION. NULL when the type is unknown or the class has no such key.
 */
const CK_ATTRIBUTE_TYPE *keytype_parts(CK_OBJECT_CLASS class, CK_KEY_TYPE type);

/*
 * Builds the OpenSSL key from the parts. CKR_KEY_TYPE_INCONSISTENT for an unknown type;
 * CKR_CURVE_NOT_SUPPORTED; CKR_ATTRIBUTE_VALUE_INVALID when the parts are no such key (the reason
 * is noted). The caller owns *out.
 *
 * An RSA private key needs the modulus and the private exponent. Without the public exponent, which
 * OpenSSL wants for blinding, the usual ones are tried; without all five CRT parts it works more
 * slowly.
 */
CK_RV keytype_load(CK_OBJECT_CLASS class, CK_KEY_TYPE type, const struct attrset *parts,
		   struct key **out) MUST_CHECK;

/*
 * Is that the key which was once stored? k was built of attrs, which also has CKA_CHECK_VALUE and
 * CKA_PUBLIC_KEY_INFO if the object has them: they must be the key's unless they are empty, and the
 * parts of a private key must not contradict each other. That costs little beside the building, but
 * for an RSA key without primes: as much as a signature. CKR_ATTRIBUTE_VALUE_INVALID when it is
 * another key, the reason noted; CKR_HOST_MEMORY.
 */
CK_RV keytype_agrees(const struct key *k, const struct attrset *attrs) MUST_CHECK;

/*
 * Generates a key of that type. Asymmetric: pub holds the caller's CKA_MODULUS_BITS,
 * CKA_EC_PARAMS ... and both sets receive the key's parts. Secret: pub is NULL, priv holds
 * CKA_VALUE_LEN where the type wants one and receives CKA_VALUE and CKA_CHECK_VALUE.
 * CKR_MECHANISM_INVALID (no such keys can be made), CKR_TEMPLATE_INCOMPLETE,
 * CKR_ATTRIBUTE_VALUE_INVALID (a size or an exponent out of range: C_GenerateKeyPair does not list
 * CKR_KEY_SIZE_RANGE), CKR_CURVE_NOT_SUPPORTED, CKR_DOMAIN_PARAMS_INVALID.
 */
CK_RV keytype_generate(CK_KEY_TYPE type, struct attrset *pub, struct attrset *priv) MUST_CHECK;

/*
 * Generates domain parameters: the set holds CKA_PRIME_BITS, and CKA_SUBPRIME_BITS if the caller
 * wants (DSA), and receives CKA_PRIME, CKA_BASE and the like. Takes long: seconds for 2048 bits of
 * Diffie-Hellman, hours for the largest. CKR_MECHANISM_INVALID, CKR_TEMPLATE_INCOMPLETE,
 * CKR_ATTRIBUTE_VALUE_INVALID (no such sizes).
 */
CK_RV keytype_generate_domain(CK_KEY_TYPE type, struct attrset *attrs) MUST_CHECK;

/*
 * For objects that are created, unwrapped or derived: checks the values, and computes what is
 * missing and follows from them (CKA_MODULUS_BITS, CKA_VALUE_LEN, the parts of an RSA private key,
 * ...). An EC point comes out uncompressed, wrapped in its OCTET STRING. Of secret keys, a
 * CKA_CHECK_VALUE that is not in the set is computed, an empty one stays empty, another must be
 * right. Stored objects have not gone through this: those of the reference may hold anything.
 *
 * CKR_ATTRIBUTE_VALUE_INVALID, CKR_CURVE_NOT_SUPPORTED, CKR_DOMAIN_PARAMS_INVALID,
 * CKR_PARAMETER_SET_NOT_SUPPORTED; the reason is noted.
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
 * CKA_PUBLIC_KEY_INFO: the DER of a SubjectPublicKeyInfo (PKCS#11 2.40 sections 4.8, 4.9), from the
 * parts of a public or of a private key (keytype_parts). Appended to out.
 * CKR_KEY_TYPE_INCONSISTENT: the type has none; CKR_ATTRIBUTE_VALUE_INVALID: the parts are no such
 * key.
 */
CK_RV keytype_public_info(CK_OBJECT_CLASS class, CK_KEY_TYPE type, const struct attrset *parts,
			  struct buf *out) MUST_CHECK;

/*
 * Does that SubjectPublicKeyInfo say the same as the parts? Equal bytes, or the same algorithm and
 * key in another encoding. CKR_ATTRIBUTE_VALUE_INVALID when it does not, the reason noted.
 */
CK_RV keytype_public_info_check(CK_OBJECT_CLASS class, CK_KEY_TYPE type,
				const struct attrset *parts, const unsigned char *der,
				size_t len) MUST_CHECK;

/*
 * A private key as PKCS#8 PrivateKeyInfo in DER, as C_WrapKey sends it out (section 2.7 of the
 * mechanisms). The codes of keytype_public_info. The caller owns *out.
 */
CK_RV keytype_encode(CK_KEY_TYPE type, const struct attrset *parts, struct secbuf **out) MUST_CHECK;

/*
 * The reverse: the parts of the private key, all that PKCS#8 holds or that follow from it, into a
 * secret set. Bytes after the structure are ignored (padding of the wrapping). type is what the
 * caller expects: CKR_WRAPPED_KEY_INVALID when it is no such key or does not decode. Also
 * CKR_CURVE_NOT_SUPPORTED, CKR_PARAMETER_SET_NOT_SUPPORTED.
 */
CK_RV keytype_decode(CK_KEY_TYPE type, const unsigned char *der, size_t len,
		     struct attrset *priv) MUST_CHECK;

/*
 * The most bytes, up to have, that the value of a secret key of that type may have; 0: it needs
 * more, or is no secret key. For C_UnwrapKey and C_DeriveKey, whose templates need not say.
 */
size_t keytype_secret_fit(CK_KEY_TYPE type, size_t have);

/* The length of secret keys that have only one, else 0. */
size_t keytype_secret_fixed(CK_KEY_TYPE type);

/*
 * The parts of the public key that belongs to a private one. CKR_KEY_TYPE_INCONSISTENT: it is none,
 * or of a type without public keys.
 */
CK_RV keytype_public_parts(const struct key *priv, struct attrset *pub) MUST_CHECK;

/*
 * Makes a secret key of that type out of bytes that came about otherwise (C_DeriveKey), as many as
 * fit: DES keys get their odd parity, as the reference does.
 */
void keytype_secret_mend(CK_KEY_TYPE type, unsigned char *value, size_t len);

/*
 * Takes an OpenSSL key pair apart (softhsm2-util --import): the key type, and the parts of the
 * public and the private object. CKR_KEY_TYPE_INCONSISTENT for a type that has no row.
 */
CK_RV keytype_from_pkey(EVP_PKEY *pkey, CK_KEY_TYPE *type, struct attrset *pub,
			struct attrset *priv) MUST_CHECK;

/* The same for a public key alone. */
CK_RV keytype_from_public(EVP_PKEY *pkey, CK_KEY_TYPE *type, struct attrset *pub) MUST_CHECK;

#endif
