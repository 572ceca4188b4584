#include "config.h"

#include "crypto/families.h"
#include "crypto/mech.h"

/* Short names for the columns. */
#define NONE CK_UNAVAILABLE_INFORMATION
#define SIGN_VERIFY (CKF_SIGN | CKF_VERIFY)
#define ENC_DEC (CKF_ENCRYPT | CKF_DECRYPT)
#define CURVES (CKF_EC_F_P | CKF_EC_NAMEDCURVE | CKF_EC_UNCOMPRESS)
#define HMAC_MAX 512
/* OpenSSL's own limit for DSA keys; the reference announces 1024 but works with more. */
#define DSA_MAX 10000

#define DIGEST(ckm, name) \
	{ ckm, NONE, NONE, 0, 0, CKF_DIGEST, &digest_ops, { .md = (name) } }
#define HMAC(ckm, ckk, len, name) \
	{ ckm, CKK_GENERIC_SECRET, ckk, len, HMAC_MAX, SIGN_VERIFY, &mac_ops, \
	  { .mac = "HMAC", .md = (name) } }
#define AES(ckm, family, mode, name) \
	{ ckm, CKK_AES, CKK_AES, 16, 32, ENC_DEC, &family, { .cipher = (name), .variant = (mode) } }
#define DES3(ckm, mode, name) \
	{ ckm, CKK_DES3, CKK_DES2, 0, 0, ENC_DEC, &cipher_ops, \
	  { .cipher = (name), .variant = (mode) } }
#define RSA(ckm, flag, family, padding, name) \
	{ ckm, CKK_RSA, CKK_RSA, 512, 16384, flag, family, \
	  { .md = (name), .variant = (padding), .probe = "RSA" } }
#define DSA(ckm, family, name) \
	{ ckm, CKK_DSA, CKK_DSA, 512, DSA_MAX, SIGN_VERIFY, family, \
	  { .md = (name), .probe = "DSA" } }
#define EC(ckm, flag, family, name) \
	{ ckm, CKK_EC, CKK_EC, 112, 521, (flag) | CURVES, family, { .md = (name), .probe = "EC" } }
#define EDWARDS(ckm, flag, family) \
	{ ckm, CKK_EC_EDWARDS, CKK_EC_EDWARDS, 255, 448, flag, family, { .probe = "ED25519" } }
/* Sizes are those of the public keys, in bytes. */
#define MLDSA(ckm, flag, family) \
	{ ckm, CKK_ML_DSA, CKK_ML_DSA, 1312, 2592, flag, family, { .probe = "ML-DSA-44" } }

const struct mech mech_table[] = {
	DIGEST(CKM_MD5, "MD5"),
	DIGEST(CKM_SHA_1, "SHA1"),
	DIGEST(CKM_SHA224, "SHA224"),
	DIGEST(CKM_SHA256, "SHA256"),
	DIGEST(CKM_SHA384, "SHA384"),
	DIGEST(CKM_SHA512, "SHA512"),

	HMAC(CKM_MD5_HMAC, CKK_MD5_HMAC, 16, "MD5"),
	HMAC(CKM_SHA_1_HMAC, CKK_SHA_1_HMAC, 20, "SHA1"),
	HMAC(CKM_SHA224_HMAC, CKK_SHA224_HMAC, 28, "SHA224"),
	HMAC(CKM_SHA256_HMAC, CKK_SHA256_HMAC, 32, "SHA256"),
	HMAC(CKM_SHA384_HMAC, CKK_SHA384_HMAC, 48, "SHA384"),
	HMAC(CKM_SHA512_HMAC, CKK_SHA512_HMAC, 64, "SHA512"),
	{ CKM_AES_CMAC, CKK_AES, CKK_AES, 16, 32, SIGN_VERIFY, &mac_ops,
	  { .mac = "CMAC", .cipher = "AES-%u-CBC" } },
	{ CKM_DES3_CMAC, CKK_DES3, CKK_DES2, 0, 0, SIGN_VERIFY, &mac_ops,
	  { .mac = "CMAC", .cipher = "DES-EDE3-CBC" } },

	{ CKM_GENERIC_SECRET_KEY_GEN, CKK_GENERIC_SECRET, CKK_GENERIC_SECRET, 1, 0x8000000,
	  CKF_GENERATE, NULL, { 0 } },
	{ CKM_AES_KEY_GEN, CKK_AES, CKK_AES, 16, 32, CKF_GENERATE, NULL,
	  { .cipher = "AES-%u-ECB" } },
	AES(CKM_AES_ECB, cipher_ops, CIPHER_ECB, "AES-%u-ECB"),
	AES(CKM_AES_CBC, cipher_ops, CIPHER_CBC, "AES-%u-CBC"),
	AES(CKM_AES_CBC_PAD, cipher_ops, CIPHER_CBC_PAD, "AES-%u-CBC"),
	AES(CKM_AES_CTR, cipher_ops, CIPHER_CTR, "AES-%u-CTR"),
	AES(CKM_AES_GCM, aead_ops, 0, "AES-%u-GCM"),
	DES3(CKM_DES3_ECB, CIPHER_ECB, "DES-EDE3-ECB"),
	DES3(CKM_DES3_CBC, CIPHER_CBC, "DES-EDE3-CBC"),
	DES3(CKM_DES3_CBC_PAD, CIPHER_CBC_PAD, "DES-EDE3-CBC"),

	RSA(CKM_RSA_PKCS_KEY_PAIR_GEN, CKF_GENERATE_KEY_PAIR, NULL, 0, NULL),
	RSA(CKM_RSA_PKCS, ENC_DEC | SIGN_VERIFY, &rsa_raw_ops, RSA_PAD_PKCS1, NULL),
	RSA(CKM_RSA_X_509, ENC_DEC | SIGN_VERIFY, &rsa_raw_ops, RSA_PAD_NONE, NULL),
	RSA(CKM_RSA_PKCS_OAEP, ENC_DEC, &rsa_raw_ops, RSA_PAD_OAEP, NULL),
	RSA(CKM_MD5_RSA_PKCS, SIGN_VERIFY, &rsa_hash_ops, RSA_PAD_PKCS1, "MD5"),
	RSA(CKM_SHA1_RSA_PKCS, SIGN_VERIFY, &rsa_hash_ops, RSA_PAD_PKCS1, "SHA1"),
	RSA(CKM_SHA224_RSA_PKCS, SIGN_VERIFY, &rsa_hash_ops, RSA_PAD_PKCS1, "SHA224"),
	RSA(CKM_SHA256_RSA_PKCS, SIGN_VERIFY, &rsa_hash_ops, RSA_PAD_PKCS1, "SHA256"),
	RSA(CKM_SHA384_RSA_PKCS, SIGN_VERIFY, &rsa_hash_ops, RSA_PAD_PKCS1, "SHA384"),
	RSA(CKM_SHA512_RSA_PKCS, SIGN_VERIFY, &rsa_hash_ops, RSA_PAD_PKCS1, "SHA512"),
	RSA(CKM_RSA_PKCS_PSS, SIGN_VERIFY, &rsa_raw_ops, RSA_PAD_PSS, NULL),
	RSA(CKM_SHA1_RSA_PKCS_PSS, SIGN_VERIFY, &rsa_hash_ops, RSA_PAD_PSS, "SHA1"),
	RSA(CKM_SHA224_RSA_PKCS_PSS, SIGN_VERIFY, &rsa_hash_ops, RSA_PAD_PSS, "SHA224"),
	RSA(CKM_SHA256_RSA_PKCS_PSS, SIGN_VERIFY, &rsa_hash_ops, RSA_PAD_PSS, "SHA256"),
	RSA(CKM_SHA384_RSA_PKCS_PSS, SIGN_VERIFY, &rsa_hash_ops, RSA_PAD_PSS, "SHA384"),
	RSA(CKM_SHA512_RSA_PKCS_PSS, SIGN_VERIFY, &rsa_hash_ops, RSA_PAD_PSS, "SHA512"),

	DSA(CKM_DSA, &dsa_raw_ops, NULL),
	DSA(CKM_DSA_SHA1, &dsa_hash_ops, "SHA1"),
	DSA(CKM_DSA_SHA224, &dsa_hash_ops, "SHA224"),
	DSA(CKM_DSA_SHA256, &dsa_hash_ops, "SHA256"),
	DSA(CKM_DSA_SHA384, &dsa_hash_ops, "SHA384"),
	DSA(CKM_DSA_SHA512, &dsa_hash_ops, "SHA512"),

	EC(CKM_EC_KEY_PAIR_GEN, CKF_GENERATE_KEY_PAIR, NULL, NULL),
	EC(CKM_ECDSA, SIGN_VERIFY, &ecdsa_raw_ops, NULL),
	EC(CKM_ECDSA_SHA1, SIGN_VERIFY, &ecdsa_hash_ops, "SHA1"),
	EC(CKM_ECDSA_SHA224, SIGN_VERIFY, &ecdsa_hash_ops, "SHA224"),
	EC(CKM_ECDSA_SHA256, SIGN_VERIFY, &ecdsa_hash_ops, "SHA256"),
	EC(CKM_ECDSA_SHA384, SIGN_VERIFY, &ecdsa_hash_ops, "SHA384"),
	EC(CKM_ECDSA_SHA512, SIGN_VERIFY, &ecdsa_hash_ops, "SHA512"),
	EDWARDS(CKM_EC_EDWARDS_KEY_PAIR_GEN, CKF_GENERATE_KEY_PAIR, NULL),
	EDWARDS(CKM_EDDSA, SIGN_VERIFY, &eddsa_ops),

	MLDSA(CKM_ML_DSA_KEY_PAIR_GEN, CKF_GENERATE_KEY_PAIR, NULL),
	MLDSA(CKM_ML_DSA, SIGN_VERIFY, &mldsa_ops),
};

const size_t mech_table_len = ARRAY_LEN(mech_table);
