/* The families of mechanisms and their variants, for the rows of crypto/mech_table.c. */
#ifndef CRYPTO_FAMILY_FAMILY_H
#define CRYPTO_FAMILY_FAMILY_H

#include "crypto/mech/mech.h"

/* mech_arg.variant of cipher_ops */
enum cipher_mode {
	CIPHER_ECB,
	CIPHER_CBC,
	CIPHER_CBC_PAD,
	CIPHER_CTR,
	CIPHER_FEEDBACK,	/* OFB, CFB */
	CIPHER_CHACHA20
};

/* mech_arg.variant of mac_ops and cbcmac_ops: how much of the MAC is the signature */
enum mac_length {
	MAC_WHOLE,
	MAC_GENERAL,		/* as CK_MAC_GENERAL_PARAMS says */
	MAC_HALF
};

/* mech_arg.variant of aead_ops */
enum aead_kind {
	AEAD_GCM,
	AEAD_CHACHA20
};

/* mech_arg.variant of gather_ops */
enum gather_kind {
	GATHER_CCM,
	GATHER_CTS,
	GATHER_XTS
};

/* mech_arg.variant of rsa_raw_ops and rsa_hash_ops */
enum rsa_padding {
	RSA_PAD_PKCS1,
	RSA_PAD_NONE,
	RSA_PAD_OAEP,
	RSA_PAD_PSS
};

/* mech_arg.variant of keywrap_ops */
enum keywrap_kind {
	KEYWRAP_PLAIN,		/* RFC 3394 */
	KEYWRAP_PAD,		/* RFC 5649 */
	KEYWRAP_KWP		/* the same, with an initial value of the caller's */
};

/* mech_arg.variant of ecdh_derives */
enum ecdh_kind {
	ECDH_PLAIN,
	ECDH_COFACTOR		/* SP 800-56A section 5.7.1.2 */
};

extern const struct mech_ops digest_ops;	/* arg: md */
extern const struct mech_ops once_mac_ops; /* the key is good for one MAC */
extern const struct mech_ops mac_ops;	/* arg: mac, variant, and md or cipher; neither: Poly1305 */
extern const struct mech_ops gmac_ops;		/* arg: mac, cipher */
extern const struct mech_ops cbcmac_ops;	/* arg: cipher, variant */
extern const struct mech_ops cipher_ops;	/* arg: cipher, variant */
extern const struct mech_ops aead_ops;		/* arg: cipher, variant */
extern const struct mech_ops gather_ops;	/* arg: cipher, variant */
/*
 * raw: the caller's data is what is signed, at once; hash: data of any length is hashed first, in
 * parts if so wished.
 */
extern const struct mech_ops rsa_raw_ops;	/* arg: variant, probe; encrypts and decrypts too */
extern const struct mech_ops rsa_hash_ops;	/* arg: md, variant, probe */
extern const struct mech_ops ecdsa_raw_ops;	/* arg: probe */
extern const struct mech_ops ecdsa_hash_ops;	/* arg: md, probe */
extern const struct mech_ops dsa_raw_ops;	/* arg: probe */
extern const struct mech_ops dsa_hash_ops;	/* arg: md, probe */
extern const struct mech_ops eddsa_ops;		/* arg: probe */
extern const struct mech_ops mldsa_ops;		/* arg: probe */
extern const struct mech_ops keywrap_ops;	/* arg: cipher, variant; wraps only */

/* For mechanisms that wrap with their mech_ops: how they fill up, and whether only secret keys. */
extern const struct mech_wrap wrap_fill_8, wrap_fill_16;
extern const struct mech_wrap wrap_secret, wrap_secret_fill_8, wrap_secret_fill_16;
extern const struct mech_wrap rsa_aes_wraps;
extern const struct mech_wrap ecdh_aes_wraps;	/* arg: variant as ecdh_derives */

extern const struct mech_make domain_makes;	/* DSA, DH */

extern const struct mech_derive dh_derives;
extern const struct mech_derive ecdh_derives;	/* arg: variant */
/* With cipher_ops and what they need in arg: CIPHER_ECB or CIPHER_CBC of AES or DES. */
extern const struct mech_derive data_derives;
extern const struct mech_derive base_and_key_derives;
extern const struct mech_derive base_and_data_derives, data_and_base_derives;
extern const struct mech_derive xor_derives, extract_derives, public_derives;
extern const struct mech_derive digest_derives;		/* arg: md */
extern const struct mech_ops tls_mac_ops;
extern const struct mech_derive tls_master_derives, tls_material_derives, tls_kdf_derives;
extern const struct mech_derive kbkdf_derives;
extern const struct mech_derive hkdf_derives, hkdf_data_derives;
extern const struct mech_make pbkdf2_makes;

#endif
