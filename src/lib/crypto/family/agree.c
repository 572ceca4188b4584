/*
 * Secrets that two parties agree on: Diffie-Hellman modulo a prime, on curves, X25519 and X448
 * (PKCS#11 2.40 mechanisms, sections 2.3 and 2.4).
 */
#include "config.h"

#include <openssl/core_names.h>
#include <openssl/kdf.h>
#include <openssl/params.h>
#include <string.h>

#include "common/reason.h"
#include "crypto/family/agree.h"
#include "crypto/family/family.h"
#include "crypto/mech/derive.h"
#include "crypto/ossl/der.h"
#include "crypto/ossl/ossl.h"

/* More than any point in its OCTET STRING, or public value modulo a prime of 10000 bits, has. */
#define POINT_MAX 256
#define DH_MAX 1250
/* Shared data, and what comes out; OpenSSL's own limits. */
#define KDF_MAX ((CK_ULONG)1 << 30)

static CK_RV bad_peer(const CK_MECHANISM *param)
{
	return mech_bad_param(param, "the public value of the other party is none");
}

/* A public key in the base key's group. NULL: it is none; OpenSSL's queue holds the reason. */
static EVP_PKEY *peer_key(const EVP_PKEY *base, const unsigned char *value, size_t len)
{
	EVP_PKEY *peer = EVP_PKEY_new();

	if (peer != NULL && EVP_PKEY_copy_parameters(peer, base) == 1 &&
	    EVP_PKEY_set1_encoded_public_key(peer, value, len) == 1)
		return peer;
	EVP_PKEY_free(peer);
	return NULL;
}

/*
 * With a key of our own that works, all that can go wrong is the other party's value: not in the
 * group, or in a small subgroup, where the secret would be no secret (RFC 7748 section 6).
 */
static CK_RV run(EVP_PKEY_CTX *ctx, EVP_PKEY *peer, bool check, const OSSL_PARAM params[],
		 struct secbuf **out)
{
	struct secbuf *secret;
	size_t len = 0;

	if (EVP_PKEY_derive_init_ex(ctx, params) != 1 ||
	    EVP_PKEY_derive_set_peer_ex(ctx, peer, check) != 1 ||
	    EVP_PKEY_derive(ctx, NULL, &len) != 1)
		return ossl_quiet(CKR_MECHANISM_PARAM_INVALID);
	secret = secbuf_new(len);
	if (secret == NULL)
		return CKR_HOST_MEMORY;
	if (EVP_PKEY_derive(ctx, secret->data, &len) != 1) {
		secbuf_free(secret);
		return ossl_quiet(CKR_MECHANISM_PARAM_INVALID);
	}
	secret->len = len;
	*out = secret;
	return CKR_OK;
}

/* The whole secret. That a point is on its curve was checked when it was decoded. */
static CK_RV agree(const struct derive_input *in, const unsigned char *value, size_t len,
		   const OSSL_PARAM params[], struct secbuf **out)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(ossl_ctx(), in->base->pkey, NULL);
	EVP_PKEY *peer = peer_key(in->base->pkey, value, len);
	bool check = !in->base->whole_curve;
	CK_RV rv = ctx != NULL && peer != NULL ? run(ctx, peer, check, params, out) :
		ossl_quiet(CKR_MECHANISM_PARAM_INVALID);

	EVP_PKEY_free(peer);
	EVP_PKEY_CTX_free(ctx);
	return rv == CKR_MECHANISM_PARAM_INVALID ? bad_peer(in->param) : rv;
}

/* --- modulo a prime --- */

/* OpenSSL wants the value as long as the prime. */
static CK_RV dh_derive(const struct mech *m, const struct derive_input *in, struct secbuf **out)
{
	const CK_MECHANISM *param = in->param;
	const unsigned char *value = param->pParameter;
	size_t prime = ((size_t)in->base->size + 7) / 8, len = param->ulParameterLen;
	unsigned char padded[DH_MAX] = { 0 };
	unsigned pad = 1;	/* the secret keeps the prime's length */
	const OSSL_PARAM params[] = { OSSL_PARAM_construct_uint(OSSL_EXCHANGE_PARAM_PAD, &pad),
				      OSSL_PARAM_construct_end() };

	(void)m;
	if (value == NULL || len == 0)
		return mech_bad_param(param, "the public value of the other party is missing");
	while (len > prime && *value == 0) {
		value++;
		len--;
	}
	if (len > prime || prime > sizeof(padded))
		return bad_peer(param);
	memcpy(padded + prime - len, value, len);
	return agree(in, padded, prime, params, out);
}

const struct mech_derive dh_derives = { .derive = dh_derive, .keep_end = true };

/* --- on curves --- */

struct kdf {
	CK_EC_KDF_TYPE type;
	const char *md;
};

static const struct kdf kdfs[] = {
	{ CKD_SHA1_KDF, "SHA1" },	  { CKD_SHA224_KDF, "SHA224" },
	{ CKD_SHA256_KDF, "SHA256" },	  { CKD_SHA384_KDF, "SHA384" },
	{ CKD_SHA512_KDF, "SHA512" },	  { CKD_SHA3_224_KDF, "SHA3-224" },
	{ CKD_SHA3_256_KDF, "SHA3-256" }, { CKD_SHA3_384_KDF, "SHA3-384" },
	{ CKD_SHA3_512_KDF, "SHA3-512" },
};

CK_RV agree_check_kdf(const CK_MECHANISM *param, CK_EC_KDF_TYPE kdf, const CK_BYTE *shared,
		      CK_ULONG shared_len, const char **md)
{
	*md = NULL;
	for (size_t i = 0; i < ARRAY_LEN(kdfs); i++)
		if (kdfs[i].type == kdf)
			*md = kdfs[i].md;
	if (*md == NULL && kdf != CKD_NULL)
		return mech_bad_param(param, "kdf is not supported");
	if (*md == NULL && (shared_len > 0 || shared != NULL))
		return mech_bad_param(param, "CKD_NULL takes no shared data");
	if ((shared == NULL && shared_len > 0) || shared_len > KDF_MAX)
		return mech_bad_param(param, "the shared data is missing or too long");
	return CKR_OK;
}

/* *md is NULL for CKD_NULL. */
static CK_RV read_ecdh(const CK_MECHANISM *param, CK_ECDH1_DERIVE_PARAMS *p, const char **md)
{
	CK_RV rv = mech_param(param, p, sizeof(*p));

	if (rv == CKR_OK)
		rv = agree_check_kdf(param, p->kdf, p->pSharedData, p->ulSharedDataLen, md);
	if (rv != CKR_OK)
		return rv;
	if (p->pPublicData == NULL || p->ulPublicDataLen == 0 || p->ulPublicDataLen > POINT_MAX)
		return mech_bad_param(param, "the public data is missing or too long");
	return CKR_OK;
}

/* The point, raw or in its OCTET STRING; the lengths that it can have tell which. */
static bool read_point(const struct key *base, const CK_ECDH1_DERIVE_PARAMS *p,
		       const unsigned char **point, size_t *len)
{
	size_t field = ((size_t)base->size + 7) / 8;
	bool ec = base->type == CKK_EC;
	size_t compressed = ec ? 1 + field : field, full = ec ? 1 + 2 * field : field;

	*point = p->pPublicData;
	*len = p->ulPublicDataLen;
	if (*len == compressed || *len == full)
		return true;
	return der_octets_read(p->pPublicData, p->ulPublicDataLen, point, len) &&
	       (*len == compressed || *len == full);
}

static OSSL_PARAM octets(const char *name, const void *data, size_t len)
{
	return OSSL_PARAM_construct_octet_string(name, (void *)(uintptr_t)data, len);
}

/* ANSI X9.63: any number of bytes. */
static CK_RV x963(const char *md, const struct secbuf *secret, const CK_ECDH1_DERIVE_PARAMS *p,
		  struct secbuf *out)
{
	EVP_KDF *kdf = EVP_KDF_fetch(ossl_ctx(), "X963KDF", NULL);
	EVP_KDF_CTX *ctx = kdf != NULL ? EVP_KDF_CTX_new(kdf) : NULL;
	OSSL_PARAM params[4] = {
		OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, (char *)(uintptr_t)md, 0),
		octets(OSSL_KDF_PARAM_SECRET, secret->data, secret->len),
		OSSL_PARAM_construct_end(), OSSL_PARAM_construct_end()
	};
	CK_RV rv = CKR_OK;

	if (p->ulSharedDataLen > 0)
		params[2] = octets(OSSL_KDF_PARAM_INFO, p->pSharedData, p->ulSharedDataLen);
	if (ctx == NULL || EVP_KDF_derive(ctx, out->data, out->len, params) != 1)
		rv = ossl_error("X963KDF", CKR_FUNCTION_FAILED);
	EVP_KDF_CTX_free(ctx);
	EVP_KDF_free(kdf);
	return rv;
}

/* Without a length that is wanted, as many bytes come out as went in. */
static CK_RV expand(const char *md, const struct derive_input *in, struct secbuf *secret,
		    const CK_ECDH1_DERIVE_PARAMS *p, struct secbuf **out)
{
	struct secbuf *longer = secbuf_new(in->want > 0 ? in->want : secret->len);
	CK_RV rv = longer != NULL ? x963(md, secret, p, longer) : CKR_HOST_MEMORY;

	secbuf_free(secret);
	if (rv != CKR_OK) {
		secbuf_free(longer);
		return rv;
	}
	*out = longer;
	return CKR_OK;
}

/* Keys of type CKK_EC_EDWARDS may be for X25519 and X448, as the reference makes them. */
static bool can_agree(const struct key *base)
{
	return base->type == CKK_EC || EVP_PKEY_is_a(base->pkey, "X25519") == 1 ||
	       EVP_PKEY_is_a(base->pkey, "X448") == 1;
}

static CK_RV ecdh_derive(const struct mech *m, const struct derive_input *in, struct secbuf **out)
{
	CK_ECDH1_DERIVE_PARAMS p;
	const unsigned char *point;
	struct secbuf *secret = NULL;
	int cofactor = 1;
	const OSSL_PARAM params[] = {
		OSSL_PARAM_construct_int(OSSL_EXCHANGE_PARAM_EC_ECDH_COFACTOR_MODE, &cofactor),
		OSSL_PARAM_construct_end()
	};
	const char *md;
	size_t len;
	CK_RV rv;

	if (!can_agree(in->base))
		return reason(CKR_KEY_TYPE_INCONSISTENT,
			      "CKA_EC_PARAMS of the key name a curve for signatures");
	rv = read_ecdh(in->param, &p, &md);
	if (rv != CKR_OK)
		return rv;
	if (md != NULL && in->want > KDF_MAX)
		return reason(CKR_KEY_SIZE_RANGE, "no kdf gives %zu bytes", in->want);
	if (!read_point(in->base, &p, &point, &len))
		return mech_bad_param(in->param, "the public data has a wrong length");
	rv = agree(in, point, len, m->arg.variant == ECDH_COFACTOR ? params : NULL, &secret);
	if (rv != CKR_OK)
		return rv;
	if (md != NULL)
		return expand(md, in, secret, &p, out);
	*out = secret;
	return CKR_OK;
}

const struct mech_derive ecdh_derives = { .derive = ecdh_derive, .keep_end = true };
