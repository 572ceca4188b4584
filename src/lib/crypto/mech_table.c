#include "config.h"

#include "crypto/family/family.h"

/* Short names for the columns. */
#define NONE CK_UNAVAILABLE_INFORMATION
#define SIGN_VERIFY (CKF_SIGN | CKF_VERIFY)
#define ENC_DEC (CKF_ENCRYPT | CKF_DECRYPT)
#define WRAPS (CKF_WRAP | CKF_UNWRAP)
#define RECOVERS (CKF_SIGN_RECOVER | CKF_VERIFY_RECOVER)
#define CURVES (CKF_EC_F_P | CKF_EC_NAMEDCURVE | CKF_EC_UNCOMPRESS)
#define HMAC_MAX 512
/* The longest secret, in bytes. */
#define SECRET_MAX 0x8000000
/*
 * OpenSSL's own limit for the primes of DSA and DH; the reference announces 1024 bits of DSA but
 * works with more.
 */
#define PRIME_MAX 10000

/* Lists of key types: a keyed digest takes generic secrets and its own; DES3 takes DES2 keys. */
#define TYPES(...) (const CK_KEY_TYPE[]){ __VA_ARGS__, NONE }

/* "Any secret key" of the standard. */
#define ANY_SECRET \
	TYPES(CKK_AES, CKK_DES, CKK_DES2, CKK_DES3, CKK_MD5_HMAC, CKK_SHA_1_HMAC, \
	      CKK_SHA224_HMAC, CKK_SHA256_HMAC, CKK_SHA384_HMAC, CKK_SHA512_HMAC, \
	      CKK_SHA512_224_HMAC, CKK_SHA512_256_HMAC, CKK_SHA3_224_HMAC, CKK_SHA3_256_HMAC, \
	      CKK_SHA3_384_HMAC, CKK_SHA3_512_HMAC, CKK_RIPEMD160_HMAC, CKK_AES_XTS, \
	      CKK_CHACHA20, CKK_POLY1305, CKK_HKDF)

/* All that have a public and a private half. */
#define ANY_PAIR \
	TYPES(CKK_EC, CKK_EC_EDWARDS, CKK_EC_MONTGOMERY, CKK_DSA, CKK_DH, CKK_ML_DSA)

/* The columns that every row has; the others are named. */
#define ROW(ckm, ckk, low, high, flag) \
	.type = (ckm), .key = (ckk), .min = (low), .max = (high), .flags = (flag)

#define DIGEST(ckm, name) \
	{ ROW(ckm, NONE, 0, 0, CKF_DIGEST), .ops = &digest_ops, .arg = { .md = (name) } }
/* Keys are at least as long as the digest, as in the reference. */
#define HMAC(ckm, ckk, len, name) \
	{ ROW(ckm, CKK_GENERIC_SECRET, len, HMAC_MAX, SIGN_VERIFY), .also = TYPES(ckk), \
	  .ops = &mac_ops, .arg = { .mac = "HMAC", .md = (name) } }
#define HMAC_GENERAL(ckm, ckk, len, name) \
	{ ROW(ckm, CKK_GENERIC_SECRET, len, HMAC_MAX, SIGN_VERIFY), .also = TYPES(ckk), \
	  .ops = &mac_ops, .arg = { .mac = "HMAC", .md = (name), .variant = MAC_GENERAL } }
#define HMAC_KEY_GEN(ckm, ckk, len, name) \
	{ ROW(ckm, ckk, len, HMAC_MAX, CKF_GENERATE), .arg = { .md = (name) } }
#define AES_MAC(ckm, family, how_much, name, mode) \
	{ ROW(ckm, CKK_AES, 16, 32, SIGN_VERIFY), .ops = &family, \
	  .arg = { .mac = (name), .cipher = (mode), .variant = (how_much) } }
#define DES3_MAC(ckm, family, how_much, name) \
	{ ROW(ckm, CKK_DES3, 0, 0, SIGN_VERIFY), .also = TYPES(CKK_DES2), .ops = &family, \
	  .arg = { .mac = (name), .cipher = "DES-EDE3-CBC", .variant = (how_much) } }
#define AES(ckm, flag, family, mode, name, how) \
	{ ROW(ckm, CKK_AES, 16, 32, flag), .ops = &family, \
	  .arg = { .cipher = (name), .variant = (mode) }, .wrap = (how) }
#define DES3(ckm, mode, name, how) \
	{ ROW(ckm, CKK_DES3, 0, 0, ENC_DEC | WRAPS), .also = TYPES(CKK_DES2), .ops = &cipher_ops, \
	  .arg = { .cipher = (name), .variant = (mode) }, .wrap = (how) }
/*
 * Three times the same key make triple DES single DES, for which OpenSSL would need a provider that
 * is not always there.
 */
#define DES(ckm, mode, name, how) \
	{ ROW(ckm, CKK_DES, 0, 0, ENC_DEC | WRAPS), .ops = &cipher_ops, \
	  .arg = { .cipher = (name), .variant = (mode) }, .wrap = (how) }
#define DES_MAC(ckm, how_much) \
	{ ROW(ckm, CKK_DES, 0, 0, SIGN_VERIFY), .ops = &cbcmac_ops, \
	  .arg = { .cipher = "DES-EDE3-CBC", .variant = (how_much) } }
#define DES_KEY_GEN(ckm, ckk) \
	{ ROW(ckm, ckk, 0, 0, CKF_GENERATE), .arg = { .cipher = "DES-EDE3-ECB" } }
#define CHACHA20(ckm, flag, family, mode, name) \
	{ ROW(ckm, CKK_CHACHA20, 32, 32, flag), .ops = family, \
	  .arg = { .cipher = (name), .variant = (mode) } }
/* 2^31 bytes, as the reference announces. */
#define KEYWRAP(ckm, low, kind, name, how) \
	{ ROW(ckm, CKK_AES, low, 0x80000000, WRAPS), .ops = &keywrap_ops, \
	  .arg = { .cipher = (name), .variant = (kind) }, .wrap = (how) }
#define RSA(ckm, flag, family, padding, name) \
	{ ROW(ckm, CKK_RSA, 512, 16384, flag), .ops = family, \
	  .arg = { .md = (name), .variant = (padding), .probe = "RSA" } }
#define RSA_WRAP(ckm, flag, family, padding, how) \
	{ ROW(ckm, CKK_RSA, 512, 16384, flag), .ops = family, \
	  .arg = { .variant = (padding), .probe = "RSA" }, .wrap = (how) }
#define DSA(ckm, family, name) \
	{ ROW(ckm, CKK_DSA, 512, PRIME_MAX, SIGN_VERIFY), .ops = family, \
	  .arg = { .md = (name), .probe = "DSA" } }
#define EC(ckm, flag, family, name) \
	{ ROW(ckm, CKK_EC, 112, 521, (flag) | CURVES), .ops = family, \
	  .arg = { .md = (name), .probe = "EC" } }
#define EDWARDS(ckm, flag, family) \
	{ ROW(ckm, CKK_EC_EDWARDS, 255, 448, flag), .ops = family, .arg = { .probe = "ED25519" } }
#define DATA_DERIVE(ckm, ckk, others, mode, name) \
	{ ROW(ckm, ckk, 0, 0, CKF_DERIVE), .also = others, .ops = &cipher_ops, \
	  .arg = { .cipher = (name), .variant = (mode) }, .derive = &data_derives }
#define JOIN(ckm, how) \
	{ ROW(ckm, CKK_GENERIC_SECRET, 1, 512, CKF_DERIVE), .also = ANY_SECRET, .derive = how }
/* Sizes are those of the public keys, in bytes. */
#define MLDSA(ckm, flag, family) \
	{ ROW(ckm, CKK_ML_DSA, 1312, 2592, flag), .ops = family, .arg = { .probe = "ML-DSA-44" } }

/* Derivation from any secret key. */
#define FROM_SECRET(ckm, how) \
	{ ROW(ckm, CKK_GENERIC_SECRET, 1, SECRET_MAX, CKF_DERIVE), .also = ANY_SECRET, \
	  .derive = how }
#define DIGEST_DERIVE(ckm, name) \
	{ ROW(ckm, CKK_GENERIC_SECRET, 1, SECRET_MAX, CKF_DERIVE), .also = ANY_SECRET, \
	  .arg = { .md = (name) }, .derive = &digest_derives }
/* The secret that RSA brings has 48 bytes. */
#define TLS_MASTER(ckm) \
	{ ROW(ckm, CKK_GENERIC_SECRET, 48, 48, CKF_DERIVE), .derive = &tls_master_derives }
#define TLS(ckm, how) \
	{ ROW(ckm, CKK_GENERIC_SECRET, 1, SECRET_MAX, CKF_DERIVE), .derive = how }
#define HKDF(ckm, how) \
	{ ROW(ckm, CKK_HKDF, 1, SECRET_MAX, CKF_DERIVE), .also = TYPES(CKK_GENERIC_SECRET), \
	  .arg = { .mac = "HMAC" }, .derive = how }

const struct mech mech_table[] = {
	DIGEST(CKM_MD5, "MD5"),
	DIGEST(CKM_SHA_1, "SHA1"),
	DIGEST(CKM_SHA224, "SHA224"),
	DIGEST(CKM_SHA256, "SHA256"),
	DIGEST(CKM_SHA384, "SHA384"),
	DIGEST(CKM_SHA512, "SHA512"),
	DIGEST(CKM_SHA512_224, "SHA512-224"),
	DIGEST(CKM_SHA512_256, "SHA512-256"),
	DIGEST(CKM_SHA3_224, "SHA3-224"),
	DIGEST(CKM_SHA3_256, "SHA3-256"),
	DIGEST(CKM_SHA3_384, "SHA3-384"),
	DIGEST(CKM_SHA3_512, "SHA3-512"),
	DIGEST(CKM_RIPEMD160, "RIPEMD160"),
	DIGEST(CKM_BLAKE2B_512, "BLAKE2B-512"),

	HMAC(CKM_MD5_HMAC, CKK_MD5_HMAC, 16, "MD5"),
	HMAC(CKM_SHA_1_HMAC, CKK_SHA_1_HMAC, 20, "SHA1"),
	HMAC(CKM_SHA224_HMAC, CKK_SHA224_HMAC, 28, "SHA224"),
	HMAC(CKM_SHA256_HMAC, CKK_SHA256_HMAC, 32, "SHA256"),
	HMAC(CKM_SHA384_HMAC, CKK_SHA384_HMAC, 48, "SHA384"),
	HMAC(CKM_SHA512_HMAC, CKK_SHA512_HMAC, 64, "SHA512"),
	HMAC(CKM_SHA512_224_HMAC, CKK_SHA512_224_HMAC, 28, "SHA512-224"),
	HMAC(CKM_SHA512_256_HMAC, CKK_SHA512_256_HMAC, 32, "SHA512-256"),
	HMAC(CKM_SHA3_224_HMAC, CKK_SHA3_224_HMAC, 28, "SHA3-224"),
	HMAC(CKM_SHA3_256_HMAC, CKK_SHA3_256_HMAC, 32, "SHA3-256"),
	HMAC(CKM_SHA3_384_HMAC, CKK_SHA3_384_HMAC, 48, "SHA3-384"),
	HMAC(CKM_SHA3_512_HMAC, CKK_SHA3_512_HMAC, 64, "SHA3-512"),
	HMAC(CKM_RIPEMD160_HMAC, CKK_RIPEMD160_HMAC, 20, "RIPEMD160"),
	HMAC_GENERAL(CKM_MD5_HMAC_GENERAL, CKK_MD5_HMAC, 16, "MD5"),
	HMAC_GENERAL(CKM_SHA_1_HMAC_GENERAL, CKK_SHA_1_HMAC, 20, "SHA1"),
	HMAC_GENERAL(CKM_SHA224_HMAC_GENERAL, CKK_SHA224_HMAC, 28, "SHA224"),
	HMAC_GENERAL(CKM_SHA256_HMAC_GENERAL, CKK_SHA256_HMAC, 32, "SHA256"),
	HMAC_GENERAL(CKM_SHA384_HMAC_GENERAL, CKK_SHA384_HMAC, 48, "SHA384"),
	HMAC_GENERAL(CKM_SHA512_HMAC_GENERAL, CKK_SHA512_HMAC, 64, "SHA512"),
	HMAC_GENERAL(CKM_SHA512_224_HMAC_GENERAL, CKK_SHA512_224_HMAC, 28, "SHA512-224"),
	HMAC_GENERAL(CKM_SHA512_256_HMAC_GENERAL, CKK_SHA512_256_HMAC, 32, "SHA512-256"),
	HMAC_GENERAL(CKM_SHA3_224_HMAC_GENERAL, CKK_SHA3_224_HMAC, 28, "SHA3-224"),
	HMAC_GENERAL(CKM_SHA3_256_HMAC_GENERAL, CKK_SHA3_256_HMAC, 32, "SHA3-256"),
	HMAC_GENERAL(CKM_SHA3_384_HMAC_GENERAL, CKK_SHA3_384_HMAC, 48, "SHA3-384"),
	HMAC_GENERAL(CKM_SHA3_512_HMAC_GENERAL, CKK_SHA3_512_HMAC, 64, "SHA3-512"),
	HMAC_GENERAL(CKM_RIPEMD160_HMAC_GENERAL, CKK_RIPEMD160_HMAC, 20, "RIPEMD160"),
	HMAC_KEY_GEN(CKM_SHA_1_KEY_GEN, CKK_SHA_1_HMAC, 20, "SHA1"),
	HMAC_KEY_GEN(CKM_SHA224_KEY_GEN, CKK_SHA224_HMAC, 28, "SHA224"),
	HMAC_KEY_GEN(CKM_SHA256_KEY_GEN, CKK_SHA256_HMAC, 32, "SHA256"),
	HMAC_KEY_GEN(CKM_SHA384_KEY_GEN, CKK_SHA384_HMAC, 48, "SHA384"),
	HMAC_KEY_GEN(CKM_SHA512_KEY_GEN, CKK_SHA512_HMAC, 64, "SHA512"),
	HMAC_KEY_GEN(CKM_SHA512_224_KEY_GEN, CKK_SHA512_224_HMAC, 28, "SHA512-224"),
	HMAC_KEY_GEN(CKM_SHA512_256_KEY_GEN, CKK_SHA512_256_HMAC, 32, "SHA512-256"),
	HMAC_KEY_GEN(CKM_SHA3_224_KEY_GEN, CKK_SHA3_224_HMAC, 28, "SHA3-224"),
	HMAC_KEY_GEN(CKM_SHA3_256_KEY_GEN, CKK_SHA3_256_HMAC, 32, "SHA3-256"),
	HMAC_KEY_GEN(CKM_SHA3_384_KEY_GEN, CKK_SHA3_384_HMAC, 48, "SHA3-384"),
	HMAC_KEY_GEN(CKM_SHA3_512_KEY_GEN, CKK_SHA3_512_HMAC, 64, "SHA3-512"),

	AES_MAC(CKM_AES_CMAC, mac_ops, MAC_WHOLE, "CMAC", "AES-%u-CBC"),
	AES_MAC(CKM_AES_CMAC_GENERAL, mac_ops, MAC_GENERAL, "CMAC", "AES-%u-CBC"),
	AES_MAC(CKM_AES_GMAC, gmac_ops, MAC_WHOLE, "GMAC", "AES-%u-GCM"),
	AES_MAC(CKM_AES_MAC, cbcmac_ops, MAC_HALF, NULL, "AES-%u-CBC"),
	AES_MAC(CKM_AES_MAC_GENERAL, cbcmac_ops, MAC_GENERAL, NULL, "AES-%u-CBC"),
	DES3_MAC(CKM_DES3_CMAC, mac_ops, MAC_WHOLE, "CMAC"),
	DES3_MAC(CKM_DES3_CMAC_GENERAL, mac_ops, MAC_GENERAL, "CMAC"),
	DES3_MAC(CKM_DES3_MAC, cbcmac_ops, MAC_HALF, NULL),
	DES3_MAC(CKM_DES3_MAC_GENERAL, cbcmac_ops, MAC_GENERAL, NULL),
	DES_MAC(CKM_DES_MAC, MAC_HALF),
	DES_MAC(CKM_DES_MAC_GENERAL, MAC_GENERAL),
	{ ROW(CKM_POLY1305, CKK_POLY1305, 32, 32, SIGN_VERIFY), .ops = &once_mac_ops,
	  .arg = { .mac = "POLY1305" } },

	{ ROW(CKM_GENERIC_SECRET_KEY_GEN, CKK_GENERIC_SECRET, 1, SECRET_MAX, CKF_GENERATE) },
	{ ROW(CKM_AES_KEY_GEN, CKK_AES, 16, 32, CKF_GENERATE), .arg = { .cipher = "AES-%u-ECB" } },
	{ ROW(CKM_AES_XTS_KEY_GEN, CKK_AES_XTS, 32, 64, CKF_GENERATE),
	  .arg = { .cipher = "AES-%u-XTS" } },
	DES_KEY_GEN(CKM_DES_KEY_GEN, CKK_DES),
	DES_KEY_GEN(CKM_DES2_KEY_GEN, CKK_DES2),
	DES_KEY_GEN(CKM_DES3_KEY_GEN, CKK_DES3),
	CHACHA20(CKM_CHACHA20_KEY_GEN, CKF_GENERATE, NULL, 0, "ChaCha20"),
	{ ROW(CKM_POLY1305_KEY_GEN, CKK_POLY1305, 32, 32, CKF_GENERATE),
	  .arg = { .mac = "POLY1305" } },

	AES(CKM_AES_ECB, ENC_DEC | WRAPS, cipher_ops, CIPHER_ECB, "AES-%u-ECB",
	    &wrap_secret_fill_16),
	AES(CKM_AES_CBC, ENC_DEC | WRAPS, cipher_ops, CIPHER_CBC, "AES-%u-CBC", &wrap_fill_16),
	AES(CKM_AES_CBC_PAD, ENC_DEC | WRAPS, cipher_ops, CIPHER_CBC_PAD, "AES-%u-CBC", NULL),
	/*
	 * These not to wrap: two keys under one counter or IV give both away, and of a private key
	 * nobody knows beforehand how long it is, as CCM wants it.
	 */
	AES(CKM_AES_CTR, ENC_DEC, cipher_ops, CIPHER_CTR, "AES-%u-CTR", NULL),
	AES(CKM_AES_OFB, ENC_DEC, cipher_ops, CIPHER_FEEDBACK, "AES-%u-OFB", NULL),
	AES(CKM_AES_CFB128, ENC_DEC, cipher_ops, CIPHER_FEEDBACK, "AES-%u-CFB", NULL),
	AES(CKM_AES_CFB8, ENC_DEC, cipher_ops, CIPHER_FEEDBACK, "AES-%u-CFB8", NULL),
	AES(CKM_AES_CFB1, ENC_DEC, cipher_ops, CIPHER_FEEDBACK, "AES-%u-CFB1", NULL),
	AES(CKM_AES_CCM, ENC_DEC, gather_ops, GATHER_CCM, "AES-%u-CCM", NULL),
	AES(CKM_AES_CTS, ENC_DEC, gather_ops, GATHER_CTS, "AES-%u-CBC-CTS", NULL),
	{ ROW(CKM_AES_XTS, CKK_AES_XTS, 32, 64, ENC_DEC), .ops = &gather_ops,
	  .arg = { .cipher = "AES-%u-XTS", .variant = GATHER_XTS } },
	AES(CKM_AES_GCM, ENC_DEC | WRAPS, aead_ops, AEAD_GCM, "AES-%u-GCM", NULL),
	KEYWRAP(CKM_AES_KEY_WRAP, 16, KEYWRAP_PLAIN, "AES-%u-WRAP", &wrap_fill_8),
	KEYWRAP(CKM_AES_KEY_WRAP_PAD, 1, KEYWRAP_PAD, "AES-%u-WRAP-PAD", NULL),
	KEYWRAP(CKM_AES_KEY_WRAP_KWP, 1, KEYWRAP_KWP, "AES-%u-WRAP-PAD", NULL),
	DES3(CKM_DES3_ECB, CIPHER_ECB, "DES-EDE3-ECB", &wrap_secret_fill_8),
	DES3(CKM_DES3_CBC, CIPHER_CBC, "DES-EDE3-CBC", &wrap_fill_8),
	DES3(CKM_DES3_CBC_PAD, CIPHER_CBC_PAD, "DES-EDE3-CBC", NULL),
	DES(CKM_DES_ECB, CIPHER_ECB, "DES-EDE3-ECB", &wrap_secret_fill_8),
	DES(CKM_DES_CBC, CIPHER_CBC, "DES-EDE3-CBC", &wrap_fill_8),
	DES(CKM_DES_CBC_PAD, CIPHER_CBC_PAD, "DES-EDE3-CBC", NULL),
	CHACHA20(CKM_CHACHA20, ENC_DEC, &cipher_ops, CIPHER_CHACHA20, "ChaCha20"),
	CHACHA20(CKM_CHACHA20_POLY1305, ENC_DEC, &aead_ops, AEAD_CHACHA20, "ChaCha20-Poly1305"),

	RSA(CKM_RSA_PKCS_KEY_PAIR_GEN, CKF_GENERATE_KEY_PAIR, NULL, 0, NULL),
	RSA_WRAP(CKM_RSA_PKCS, ENC_DEC | SIGN_VERIFY | RECOVERS | WRAPS, &rsa_raw_ops,
		 RSA_PAD_PKCS1, &wrap_secret),
	/* Not to wrap: a key without padding is easily found, and its length is lost. */
	RSA(CKM_RSA_X_509, ENC_DEC | SIGN_VERIFY | RECOVERS, &rsa_raw_ops, RSA_PAD_NONE, NULL),
	RSA_WRAP(CKM_RSA_PKCS_OAEP, ENC_DEC | WRAPS, &rsa_raw_ops, RSA_PAD_OAEP, &wrap_secret),
	RSA_WRAP(CKM_RSA_AES_KEY_WRAP, WRAPS, NULL, 0, &rsa_aes_wraps),
	RSA(CKM_MD5_RSA_PKCS, SIGN_VERIFY, &rsa_hash_ops, RSA_PAD_PKCS1, "MD5"),
	RSA(CKM_SHA1_RSA_PKCS, SIGN_VERIFY, &rsa_hash_ops, RSA_PAD_PKCS1, "SHA1"),
	RSA(CKM_SHA224_RSA_PKCS, SIGN_VERIFY, &rsa_hash_ops, RSA_PAD_PKCS1, "SHA224"),
	RSA(CKM_SHA256_RSA_PKCS, SIGN_VERIFY, &rsa_hash_ops, RSA_PAD_PKCS1, "SHA256"),
	RSA(CKM_SHA384_RSA_PKCS, SIGN_VERIFY, &rsa_hash_ops, RSA_PAD_PKCS1, "SHA384"),
	RSA(CKM_SHA512_RSA_PKCS, SIGN_VERIFY, &rsa_hash_ops, RSA_PAD_PKCS1, "SHA512"),
	RSA(CKM_SHA3_224_RSA_PKCS, SIGN_VERIFY, &rsa_hash_ops, RSA_PAD_PKCS1, "SHA3-224"),
	RSA(CKM_SHA3_256_RSA_PKCS, SIGN_VERIFY, &rsa_hash_ops, RSA_PAD_PKCS1, "SHA3-256"),
	RSA(CKM_SHA3_384_RSA_PKCS, SIGN_VERIFY, &rsa_hash_ops, RSA_PAD_PKCS1, "SHA3-384"),
	RSA(CKM_SHA3_512_RSA_PKCS, SIGN_VERIFY, &rsa_hash_ops, RSA_PAD_PKCS1, "SHA3-512"),
	RSA(CKM_RIPEMD160_RSA_PKCS, SIGN_VERIFY, &rsa_hash_ops, RSA_PAD_PKCS1, "RIPEMD160"),
	RSA(CKM_RSA_PKCS_PSS, SIGN_VERIFY, &rsa_raw_ops, RSA_PAD_PSS, NULL),
	RSA(CKM_SHA1_RSA_PKCS_PSS, SIGN_VERIFY, &rsa_hash_ops, RSA_PAD_PSS, "SHA1"),
	RSA(CKM_SHA224_RSA_PKCS_PSS, SIGN_VERIFY, &rsa_hash_ops, RSA_PAD_PSS, "SHA224"),
	RSA(CKM_SHA256_RSA_PKCS_PSS, SIGN_VERIFY, &rsa_hash_ops, RSA_PAD_PSS, "SHA256"),
	RSA(CKM_SHA384_RSA_PKCS_PSS, SIGN_VERIFY, &rsa_hash_ops, RSA_PAD_PSS, "SHA384"),
	RSA(CKM_SHA512_RSA_PKCS_PSS, SIGN_VERIFY, &rsa_hash_ops, RSA_PAD_PSS, "SHA512"),
	RSA(CKM_SHA3_224_RSA_PKCS_PSS, SIGN_VERIFY, &rsa_hash_ops, RSA_PAD_PSS, "SHA3-224"),
	RSA(CKM_SHA3_256_RSA_PKCS_PSS, SIGN_VERIFY, &rsa_hash_ops, RSA_PAD_PSS, "SHA3-256"),
	RSA(CKM_SHA3_384_RSA_PKCS_PSS, SIGN_VERIFY, &rsa_hash_ops, RSA_PAD_PSS, "SHA3-384"),
	RSA(CKM_SHA3_512_RSA_PKCS_PSS, SIGN_VERIFY, &rsa_hash_ops, RSA_PAD_PSS, "SHA3-512"),

	DSA(CKM_DSA, &dsa_raw_ops, NULL),
	DSA(CKM_DSA_SHA1, &dsa_hash_ops, "SHA1"),
	DSA(CKM_DSA_SHA224, &dsa_hash_ops, "SHA224"),
	DSA(CKM_DSA_SHA256, &dsa_hash_ops, "SHA256"),
	DSA(CKM_DSA_SHA384, &dsa_hash_ops, "SHA384"),
	DSA(CKM_DSA_SHA512, &dsa_hash_ops, "SHA512"),
	DSA(CKM_DSA_SHA3_224, &dsa_hash_ops, "SHA3-224"),
	DSA(CKM_DSA_SHA3_256, &dsa_hash_ops, "SHA3-256"),
	DSA(CKM_DSA_SHA3_384, &dsa_hash_ops, "SHA3-384"),
	DSA(CKM_DSA_SHA3_512, &dsa_hash_ops, "SHA3-512"),

	{ ROW(CKM_DSA_KEY_PAIR_GEN, CKK_DSA, 512, PRIME_MAX, CKF_GENERATE_KEY_PAIR),
	  .arg = { .probe = "DSA" } },
	{ ROW(CKM_DSA_PARAMETER_GEN, CKK_DSA, 512, 3072, CKF_GENERATE), .arg = { .probe = "DSA" },
	  .make = &domain_makes },

	{ ROW(CKM_DH_PKCS_KEY_PAIR_GEN, CKK_DH, 512, PRIME_MAX, CKF_GENERATE_KEY_PAIR),
	  .arg = { .probe = "DH" } },
	{ ROW(CKM_DH_PKCS_PARAMETER_GEN, CKK_DH, 512, PRIME_MAX, CKF_GENERATE),
	  .arg = { .probe = "DH" }, .make = &domain_makes },
	{ ROW(CKM_DH_PKCS_DERIVE, CKK_DH, 512, PRIME_MAX, CKF_DERIVE), .arg = { .probe = "DH" },
	  .derive = &dh_derives },

	EC(CKM_EC_KEY_PAIR_GEN, CKF_GENERATE_KEY_PAIR, NULL, NULL),
	{ ROW(CKM_ECDH1_DERIVE, CKK_EC, 112, 521, CKF_DERIVE | CURVES),
	  .also = TYPES(CKK_EC_MONTGOMERY, CKK_EC_EDWARDS), .arg = { .probe = "EC" },
	  .derive = &ecdh_derives },
	{ ROW(CKM_ECDH1_COFACTOR_DERIVE, CKK_EC, 112, 521, CKF_DERIVE | CURVES),
	  .arg = { .probe = "EC", .variant = ECDH_COFACTOR }, .derive = &ecdh_derives },
	{ ROW(CKM_ECDH_AES_KEY_WRAP, CKK_EC, 112, 521, WRAPS | CURVES), .arg = { .probe = "EC" },
	  .wrap = &ecdh_aes_wraps },
	EC(CKM_ECDSA, SIGN_VERIFY, &ecdsa_raw_ops, NULL),
	EC(CKM_ECDSA_SHA1, SIGN_VERIFY, &ecdsa_hash_ops, "SHA1"),
	EC(CKM_ECDSA_SHA224, SIGN_VERIFY, &ecdsa_hash_ops, "SHA224"),
	EC(CKM_ECDSA_SHA256, SIGN_VERIFY, &ecdsa_hash_ops, "SHA256"),
	EC(CKM_ECDSA_SHA384, SIGN_VERIFY, &ecdsa_hash_ops, "SHA384"),
	EC(CKM_ECDSA_SHA512, SIGN_VERIFY, &ecdsa_hash_ops, "SHA512"),
	EC(CKM_ECDSA_SHA3_224, SIGN_VERIFY, &ecdsa_hash_ops, "SHA3-224"),
	EC(CKM_ECDSA_SHA3_256, SIGN_VERIFY, &ecdsa_hash_ops, "SHA3-256"),
	EC(CKM_ECDSA_SHA3_384, SIGN_VERIFY, &ecdsa_hash_ops, "SHA3-384"),
	EC(CKM_ECDSA_SHA3_512, SIGN_VERIFY, &ecdsa_hash_ops, "SHA3-512"),
	EDWARDS(CKM_EC_EDWARDS_KEY_PAIR_GEN, CKF_GENERATE_KEY_PAIR, NULL),
	EDWARDS(CKM_EDDSA, SIGN_VERIFY, &eddsa_ops),
	{ ROW(CKM_EC_MONTGOMERY_KEY_PAIR_GEN, CKK_EC_MONTGOMERY, 255, 448, CKF_GENERATE_KEY_PAIR),
	  .arg = { .probe = "X25519" } },

	DATA_DERIVE(CKM_AES_ECB_ENCRYPT_DATA, CKK_AES, NULL, CIPHER_ECB, "AES-%u-ECB"),
	DATA_DERIVE(CKM_AES_CBC_ENCRYPT_DATA, CKK_AES, NULL, CIPHER_CBC, "AES-%u-CBC"),
	DATA_DERIVE(CKM_DES_ECB_ENCRYPT_DATA, CKK_DES, NULL, CIPHER_ECB, "DES-EDE3-ECB"),
	DATA_DERIVE(CKM_DES_CBC_ENCRYPT_DATA, CKK_DES, NULL, CIPHER_CBC, "DES-EDE3-CBC"),
	DATA_DERIVE(CKM_DES3_ECB_ENCRYPT_DATA, CKK_DES3, TYPES(CKK_DES2), CIPHER_ECB,
		    "DES-EDE3-ECB"),
	DATA_DERIVE(CKM_DES3_CBC_ENCRYPT_DATA, CKK_DES3, TYPES(CKK_DES2), CIPHER_CBC,
		    "DES-EDE3-CBC"),
	JOIN(CKM_CONCATENATE_BASE_AND_KEY, &base_and_key_derives),
	JOIN(CKM_CONCATENATE_BASE_AND_DATA, &base_and_data_derives),
	JOIN(CKM_CONCATENATE_DATA_AND_BASE, &data_and_base_derives),
	FROM_SECRET(CKM_XOR_BASE_AND_DATA, &xor_derives),
	FROM_SECRET(CKM_EXTRACT_KEY_FROM_KEY, &extract_derives),
	{ ROW(CKM_PUB_KEY_FROM_PRIV_KEY, CKK_RSA, 0, 0, CKF_DERIVE), .also = ANY_PAIR,
	  .derive = &public_derives },
	DIGEST_DERIVE(CKM_MD5_KEY_DERIVATION, "MD5"),
	DIGEST_DERIVE(CKM_SHA1_KEY_DERIVATION, "SHA1"),
	DIGEST_DERIVE(CKM_SHA224_KEY_DERIVATION, "SHA224"),
	DIGEST_DERIVE(CKM_SHA256_KEY_DERIVATION, "SHA256"),
	DIGEST_DERIVE(CKM_SHA384_KEY_DERIVATION, "SHA384"),
	DIGEST_DERIVE(CKM_SHA512_KEY_DERIVATION, "SHA512"),
	DIGEST_DERIVE(CKM_SHA512_224_KEY_DERIVATION, "SHA512-224"),
	DIGEST_DERIVE(CKM_SHA512_256_KEY_DERIVATION, "SHA512-256"),
	DIGEST_DERIVE(CKM_SHA3_224_KEY_DERIVATION, "SHA3-224"),
	DIGEST_DERIVE(CKM_SHA3_256_KEY_DERIVATION, "SHA3-256"),
	DIGEST_DERIVE(CKM_SHA3_384_KEY_DERIVATION, "SHA3-384"),
	DIGEST_DERIVE(CKM_SHA3_512_KEY_DERIVATION, "SHA3-512"),
	{ ROW(CKM_HKDF_KEY_GEN, CKK_HKDF, 1, SECRET_MAX, CKF_GENERATE) },
	HKDF(CKM_HKDF_DERIVE, &hkdf_derives),
	HKDF(CKM_HKDF_DATA, &hkdf_data_derives),
	FROM_SECRET(CKM_SP800_108_COUNTER_KDF, &kbkdf_derives),
	FROM_SECRET(CKM_SP800_108_FEEDBACK_KDF, &kbkdf_derives),
	FROM_SECRET(CKM_SP800_108_DOUBLE_PIPELINE_KDF, &kbkdf_derives),
	TLS_MASTER(CKM_TLS12_MASTER_KEY_DERIVE),
	TLS_MASTER(CKM_TLS12_EXTENDED_MASTER_KEY_DERIVE),
	TLS(CKM_TLS12_MASTER_KEY_DERIVE_DH, &tls_master_derives),
	TLS(CKM_TLS12_EXTENDED_MASTER_KEY_DERIVE_DH, &tls_master_derives),
	{ ROW(CKM_TLS12_KEY_AND_MAC_DERIVE, CKK_GENERIC_SECRET, 48, 48, CKF_DERIVE),
	  .derive = &tls_material_derives },
	{ ROW(CKM_TLS12_KEY_SAFE_DERIVE, CKK_GENERIC_SECRET, 48, 48, CKF_DERIVE),
	  .derive = &tls_material_derives },
	TLS(CKM_TLS12_KDF, &tls_kdf_derives),
	TLS(CKM_TLS_KDF, &tls_kdf_derives),
	{ ROW(CKM_TLS12_MAC, CKK_GENERIC_SECRET, 1, SECRET_MAX, SIGN_VERIFY), .ops = &tls_mac_ops },
	{ ROW(CKM_TLS_MAC, CKK_GENERIC_SECRET, 1, SECRET_MAX, SIGN_VERIFY), .ops = &tls_mac_ops },
	{ ROW(CKM_PKCS5_PBKD2, CKK_GENERIC_SECRET, 1, SECRET_MAX, CKF_GENERATE),
	  .make = &pbkdf2_makes },

	MLDSA(CKM_ML_DSA_KEY_PAIR_GEN, CKF_GENERATE_KEY_PAIR, NULL),
	MLDSA(CKM_ML_DSA, SIGN_VERIFY, &mldsa_ops),
};

const size_t mech_table_len = ARRAY_LEN(mech_table);
