/* The families of mechanisms and their variants, for the rows of crypto/mech_table.c. */
#ifndef CRYPTO_FAMILIES_H
#define CRYPTO_FAMILIES_H

#include "crypto/mech.h"

/* mech_arg.variant of cipher_ops */
enum cipher_mode {
	CIPHER_ECB,
	CIPHER_CBC,
	CIPHER_CBC_PAD,
	CIPHER_CTR
};

/* mech_arg.variant of rsa_raw_ops and rsa_hash_ops */
enum rsa_padding {
	RSA_PAD_PKCS1,
	RSA_PAD_NONE,
	RSA_PAD_OAEP,
	RSA_PAD_PSS
};

extern const struct mech_ops digest_ops;	/* arg: md */
extern const struct mech_ops mac_ops;		/* arg: mac, and md or cipher */
extern const struct mech_ops cipher_ops;	/* arg: cipher, variant */
extern const struct mech_ops aead_ops;		/* arg: cipher */
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

#endif
