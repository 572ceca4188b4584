/*
 * The calls of libcrypto that the module makes: those that allocate, and those that do the work.
 * Not EVP_CipherFinal_ex, whose failure means a wrong key or PIN, nor what tells true from false.
 * Calls from within libcrypto are not counted.
 */
#include "fault/shim_internal.h"

#include <openssl/asn1.h>
#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/rand.h>

/* As after a failure of OpenSSL's own. */
static bool fails(const char *function, const void *caller)
{
	if (shim_is_openssl(caller) || !shim_fails(FAULT_OPENSSL, function))
		return false;
	ERR_raise(ERR_LIB_EVP, ERR_R_INTERNAL_ERROR);
	return true;
}

#define BEFORE(type, name, parameters, arguments, failure) \
	type name parameters \
	{ \
		static type (*next) parameters; \
		if (!next) \
			shim_find(&next, #name); \
		return fails(#name, SHIM_CALLER) ? (failure) : next arguments; \
	}

#define FETCH(type, name) \
	BEFORE(type *, name, (OSSL_LIB_CTX *ctx, const char *algorithm, const char *properties), \
	       (ctx, algorithm, properties), NULL)
FETCH(EVP_CIPHER, EVP_CIPHER_fetch)
FETCH(EVP_MD, EVP_MD_fetch)
FETCH(EVP_MAC, EVP_MAC_fetch)
FETCH(EVP_KDF, EVP_KDF_fetch)

BEFORE(EVP_CIPHER_CTX *, EVP_CIPHER_CTX_new, (void), (), NULL)
BEFORE(EVP_MD_CTX *, EVP_MD_CTX_new, (void), (), NULL)
BEFORE(EVP_MAC_CTX *, EVP_MAC_CTX_new, (EVP_MAC *mac), (mac), NULL)
BEFORE(EVP_KDF_CTX *, EVP_KDF_CTX_new, (EVP_KDF *kdf), (kdf), NULL)
BEFORE(EVP_PKEY_CTX *, EVP_PKEY_CTX_new_from_name,
       (OSSL_LIB_CTX *ctx, const char *name, const char *properties), (ctx, name, properties),
       NULL)
BEFORE(EVP_PKEY_CTX *, EVP_PKEY_CTX_new_from_pkey,
       (OSSL_LIB_CTX *ctx, EVP_PKEY *pkey, const char *properties), (ctx, pkey, properties), NULL)

BEFORE(int, EVP_CipherInit_ex2,
       (EVP_CIPHER_CTX *ctx, const EVP_CIPHER *cipher, const unsigned char *key,
	const unsigned char *iv, int enc, const OSSL_PARAM params[]),
       (ctx, cipher, key, iv, enc, params), 0)
BEFORE(int, EVP_CipherUpdate,
       (EVP_CIPHER_CTX *ctx, unsigned char *out, int *outl, const unsigned char *in, int inl),
       (ctx, out, outl, in, inl), 0)
BEFORE(int, EVP_EncryptInit_ex2,
       (EVP_CIPHER_CTX *ctx, const EVP_CIPHER *cipher, const unsigned char *key,
	const unsigned char *iv, const OSSL_PARAM params[]),
       (ctx, cipher, key, iv, params), 0)
BEFORE(int, EVP_EncryptUpdate,
       (EVP_CIPHER_CTX *ctx, unsigned char *out, int *outl, const unsigned char *in, int inl),
       (ctx, out, outl, in, inl), 0)

BEFORE(int, EVP_DigestInit_ex, (EVP_MD_CTX *ctx, const EVP_MD *type, ENGINE *impl),
       (ctx, type, impl), 0)
BEFORE(int, EVP_DigestUpdate, (EVP_MD_CTX *ctx, const void *d, size_t cnt), (ctx, d, cnt), 0)
BEFORE(int, EVP_DigestFinal_ex, (EVP_MD_CTX *ctx, unsigned char *md, unsigned int *s),
       (ctx, md, s), 0)
BEFORE(int, EVP_Digest,
       (const void *data, size_t count, unsigned char *md, unsigned int *size, const EVP_MD *type,
	ENGINE *impl),
       (data, count, md, size, type, impl), 0)

BEFORE(int, EVP_MAC_init,
       (EVP_MAC_CTX *ctx, const unsigned char *key, size_t len, const OSSL_PARAM params[]),
       (ctx, key, len, params), 0)
BEFORE(int, EVP_MAC_update, (EVP_MAC_CTX *ctx, const unsigned char *data, size_t len),
       (ctx, data, len), 0)
BEFORE(int, EVP_MAC_final, (EVP_MAC_CTX *ctx, unsigned char *out, size_t *outl, size_t outsize),
       (ctx, out, outl, outsize), 0)
BEFORE(int, EVP_KDF_derive,
       (EVP_KDF_CTX *ctx, unsigned char *key, size_t len, const OSSL_PARAM params[]),
       (ctx, key, len, params), 0)

BEFORE(int, EVP_PKEY_keygen_init, (EVP_PKEY_CTX *ctx), (ctx), 0)
BEFORE(int, EVP_PKEY_generate, (EVP_PKEY_CTX *ctx, EVP_PKEY **out), (ctx, out), 0)
BEFORE(int, EVP_PKEY_fromdata_init, (EVP_PKEY_CTX *ctx), (ctx), 0)
BEFORE(int, EVP_PKEY_fromdata,
       (EVP_PKEY_CTX *ctx, EVP_PKEY **out, int selection, OSSL_PARAM params[]),
       (ctx, out, selection, params), 0)
BEFORE(int, EVP_PKEY_get_bn_param, (const EVP_PKEY *pkey, const char *name, BIGNUM **bn),
       (pkey, name, bn), 0)
BEFORE(int, EVP_PKEY_get_octet_string_param,
       (const EVP_PKEY *pkey, const char *name, unsigned char *buf, size_t max, size_t *out),
       (pkey, name, buf, max, out), 0)
BEFORE(size_t, EVP_PKEY_get1_encoded_public_key, (EVP_PKEY *pkey, unsigned char **out),
       (pkey, out), 0)
BEFORE(int, EVP_PKEY_sign_init_ex, (EVP_PKEY_CTX *ctx, const OSSL_PARAM params[]), (ctx, params),
       0)
BEFORE(int, EVP_PKEY_sign,
       (EVP_PKEY_CTX *ctx, unsigned char *sig, size_t *len, const unsigned char *tbs,
	size_t tbslen),
       (ctx, sig, len, tbs, tbslen), 0)

BEFORE(int, EVP_RAND_generate,
       (EVP_RAND_CTX *ctx, unsigned char *out, size_t outlen, unsigned int strength, int resistance,
	const unsigned char *addin, size_t addin_len),
       (ctx, out, outlen, strength, resistance, addin, addin_len), 0)

BEFORE(BIGNUM *, BN_new, (void), (), NULL)
BEFORE(BIGNUM *, BN_bin2bn, (const unsigned char *s, int len, BIGNUM *ret), (s, len, ret), NULL)
BEFORE(int, BN_bn2binpad, (const BIGNUM *a, unsigned char *to, int tolen), (a, to, tolen), -1)
BEFORE(EC_GROUP *, EC_GROUP_new_by_curve_name_ex,
       (OSSL_LIB_CTX *ctx, const char *properties, int nid), (ctx, properties, nid), NULL)
BEFORE(EC_POINT *, EC_POINT_new, (const EC_GROUP *group), (group), NULL)
BEFORE(int, ASN1_item_i2d, (const ASN1_VALUE *val, unsigned char **out, const ASN1_ITEM *it),
       (val, out, it), -1)
