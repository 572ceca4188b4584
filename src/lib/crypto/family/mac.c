/* HMAC, CMAC, GMAC and Poly1305, which OpenSSL has; and what all MACs share. */
#include "config.h"

#include "crypto/family/mac.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/params.h>
#include <stdlib.h>
#include <string.h>

#include "crypto/family/family.h"
#include "crypto/family/gcm.h"
#include "crypto/ossl/des.h"
#include "crypto/ossl/ossl.h"

#define PARAMS_MAX 3

struct evp_mac {
	struct mac mac;
	EVP_MAC_CTX *ctx;
};

CK_RV mac_length(struct op *op, const CK_MECHANISM *param, size_t whole)
{
	struct mac *m = op->state;
	CK_MAC_GENERAL_PARAMS wanted;
	CK_RV rv = CKR_OK;

	m->size = whole;
	switch ((enum mac_length)op->mech->arg.variant) {
	case MAC_GENERAL:
		rv = mech_param(param, &wanted, sizeof(wanted));
		if (rv == CKR_OK && (wanted < 1 || wanted > whole))
			rv = mech_bad_param(param, "the length is 0, or more than the whole MAC's");
		if (rv == CKR_OK)
			m->size = wanted;
		return rv;
	case MAC_HALF:
		m->size = whole / 2;
		return mech_no_param(param);
	default:
		return mech_no_param(param);
	}
}

CK_RV mac_size(struct op *op, CK_ULONG in, bool last, CK_ULONG *out)
{
	const struct mac *m = op->state;

	(void)in;
	*out = last ? m->size : 0;
	return CKR_OK;
}

CK_RV mac_finish(struct op *op, CK_BYTE *out, CK_ULONG *out_len)
{
	const struct mac *m = op->state;
	unsigned char whole[EVP_MAX_MD_SIZE];
	CK_RV rv = m->last(op, whole);

	if (rv == CKR_OK) {
		memcpy(out, whole, m->size);
		*out_len = m->size;
	}
	OPENSSL_cleanse(whole, sizeof(whole));
	return rv;
}

CK_RV mac_check(struct op *op, const CK_BYTE *sig, CK_ULONG sig_len)
{
	const struct mac *m = op->state;
	unsigned char whole[EVP_MAX_MD_SIZE];
	CK_RV rv;

	if (sig_len != m->size)
		return CKR_SIGNATURE_LEN_RANGE;
	rv = m->last(op, whole);
	if (rv == CKR_OK && CRYPTO_memcmp(whole, sig, sig_len) != 0)
		rv = CKR_SIGNATURE_INVALID;
	OPENSSL_cleanse(whole, sizeof(whole));
	return rv;
}

/* HMAC names its digest, CMAC and GMAC their cipher, Poly1305 nothing. */
static CK_RV mac_start(const struct mech_arg *arg, EVP_MAC_CTX *ctx, const struct secbuf *key,
		       const struct aead_param *gcm)
{
	const EVP_CIPHER *cipher = arg->cipher != NULL ? ossl_cipher_sized(arg->cipher, key->len) :
		NULL;
	const char *param = arg->cipher != NULL ? OSSL_MAC_PARAM_CIPHER : OSSL_MAC_PARAM_DIGEST;
	const char *name = cipher != NULL ? EVP_CIPHER_get0_name(cipher) : arg->md;
	OSSL_PARAM params[PARAMS_MAX], *p = params;

	/* The mechanism is listed, and keys have no other sizes: what is missing is memory. */
	if (name == NULL && arg->cipher != NULL)
		return CKR_HOST_MEMORY;
	if (name != NULL)
		*p++ = OSSL_PARAM_construct_utf8_string(param, (char *)(uintptr_t)name, 0);
	if (gcm != NULL)
		*p++ = OSSL_PARAM_construct_octet_string(OSSL_MAC_PARAM_IV,
							 (void *)(uintptr_t)gcm->iv, gcm->iv_len);
	*p = OSSL_PARAM_construct_end();
	if (EVP_MAC_init(ctx, key->data, key->len, params) != 1)
		return ossl_error(arg->mac, CKR_FUNCTION_FAILED);
	return CKR_OK;
}

static CK_RV evp_last(struct op *op, unsigned char out[EVP_MAX_MD_SIZE])
{
	const struct evp_mac *m = op->state;
	size_t n = 0;

	if (EVP_MAC_final(m->ctx, out, &n, EVP_MAX_MD_SIZE) != 1)
		return ossl_error(op->mech->arg.mac, CKR_FUNCTION_FAILED);
	return CKR_OK;
}

static CK_RV evp_open(struct op *op, const struct aead_param *gcm, size_t *whole)
{
	const struct mech_arg *arg = &op->mech->arg;
	struct evp_mac *m = calloc(1, sizeof(*m));
	EVP_MAC *mac = ossl_mac(arg->mac);
	struct secbuf *triple = NULL;
	CK_RV rv;

	op->state = m;
	if (m == NULL || mac == NULL)
		return CKR_HOST_MEMORY;
	m->mac.last = evp_last;
	m->ctx = EVP_MAC_CTX_new(mac);
	if (m->ctx == NULL)
		return ossl_error(arg->mac, CKR_HOST_MEMORY);
	rv = des_triple(op->key, &triple);
	if (rv == CKR_OK)
		rv = mac_start(arg, m->ctx, triple != NULL ? triple : op->key->secret, gcm);
	secbuf_free(triple);
	*whole = rv == CKR_OK ? EVP_MAC_CTX_get_mac_size(m->ctx) : 0;
	return rv;
}

static CK_RV evp_begin(struct op *op, const CK_MECHANISM *param)
{
	size_t whole;
	CK_RV rv = evp_open(op, NULL, &whole);

	return rv == CKR_OK ? mac_length(op, param, whole) : rv;
}

/*
 * GCM of nothing but additional data, which is what is signed (PKCS#11 2.40 mechanisms,
 * "AES-GMAC"): there is no other.
 */
static CK_RV gmac_begin(struct op *op, const CK_MECHANISM *param)
{
	struct aead_param gcm;
	struct mac *m;
	size_t whole;
	CK_RV rv = gcm_read(param, op->key, &gcm);

	if (rv == CKR_OK && gcm.aad_len > 0)
		rv = mech_bad_param(param, "there must be no AAD");
	if (rv == CKR_OK)
		rv = evp_open(op, &gcm, &whole);
	if (rv != CKR_OK)
		return rv;
	m = op->state;
	m->size = gcm.tag_len;
	return CKR_OK;
}

static CK_RV evp_update(struct op *op, const CK_BYTE *in, CK_ULONG len, CK_BYTE *out,
			CK_ULONG *out_len)
{
	const struct evp_mac *m = op->state;

	(void)out;
	*out_len = 0;
	if (len > 0 && EVP_MAC_update(m->ctx, in, len) != 1)
		return ossl_error(op->mech->arg.mac, CKR_FUNCTION_FAILED);
	return CKR_OK;
}

/* OpenSSL began to take "no key" for "the same key" in a release of 3.0. */
static bool can_keep_key(void)
{
	return OpenSSL_version_num() >= 0x30000090UL;
}

static bool evp_rewind(struct op *op)
{
	const struct evp_mac *m = op->state;

	if (!can_keep_key() || EVP_MAC_init(m->ctx, NULL, 0, NULL) != 1)
		return false;
	ossl_still_clean();
	return true;
}

static void evp_end(struct op *op)
{
	struct evp_mac *m = op->state;

	EVP_MAC_CTX_free(m->ctx);
	free(m);
}

#define EVP_OPS(begin_function, rewind_function) \
	{ .begin = (begin_function), .size = mac_size, .update = evp_update, \
	  .finish = mac_finish, .check = mac_check, .rewind = (rewind_function), .end = evp_end }

const struct mech_ops mac_ops = EVP_OPS(evp_begin, evp_rewind);
const struct mech_ops once_mac_ops = EVP_OPS(evp_begin, NULL);
const struct mech_ops gmac_ops = EVP_OPS(gmac_begin, NULL);
