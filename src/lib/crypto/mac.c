#include "config.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/params.h>

#include "crypto/ossl/des.h"
#include "crypto/families.h"
#include "crypto/op.h"
#include "crypto/ossl/ossl.h"

/* HMAC names its digest, CMAC its cipher. */
static CK_RV mac_start(const struct mech_arg *arg, EVP_MAC_CTX *ctx, const struct secbuf *key)
{
	const EVP_CIPHER *cipher = arg->cipher != NULL ? ossl_cipher_sized(arg->cipher, key->len) :
		NULL;
	const char *param = arg->cipher != NULL ? OSSL_MAC_PARAM_CIPHER : OSSL_MAC_PARAM_DIGEST;
	const char *name = cipher != NULL ? EVP_CIPHER_get0_name(cipher) : arg->md;
	OSSL_PARAM params[2];

	if (name == NULL)
		return CKR_FUNCTION_FAILED;
	params[0] = OSSL_PARAM_construct_utf8_string(param, (char *)(uintptr_t)name, 0);
	params[1] = OSSL_PARAM_construct_end();
	if (EVP_MAC_init(ctx, key->data, key->len, params) != 1)
		return ossl_error(arg->mac, CKR_FUNCTION_FAILED);
	return CKR_OK;
}

static CK_RV mac_begin(struct op *op, const CK_MECHANISM *param)
{
	const struct mech_arg *arg = &op->mech->arg;
	EVP_MAC_CTX *ctx = EVP_MAC_CTX_new(ossl_mac(arg->mac));
	struct secbuf *triple = NULL;
	CK_RV rv;

	/* The parameter is ignored, as 2.6.1 does. */
	(void)param;
	op->state = ctx;
	if (ctx == NULL)
		return ossl_error(arg->mac, CKR_HOST_MEMORY);
	rv = des_triple(op->key, &triple);
	if (rv == CKR_OK)
		rv = mac_start(arg, ctx, triple != NULL ? triple : op->key->secret);
	secbuf_free(triple);
	return rv;
}

static CK_RV mac_size(struct op *op, CK_ULONG in, bool last, CK_ULONG *out)
{
	(void)in;
	*out = last ? EVP_MAC_CTX_get_mac_size(op->state) : 0;
	return CKR_OK;
}

static CK_RV mac_update(struct op *op, const CK_BYTE *in, CK_ULONG len, CK_BYTE *out,
			CK_ULONG *out_len)
{
	(void)out;
	*out_len = 0;
	if (len > 0 && EVP_MAC_update(op->state, in, len) != 1)
		return ossl_error(op->mech->arg.mac, CKR_FUNCTION_FAILED);
	return CKR_OK;
}

static CK_RV mac_finish(struct op *op, CK_BYTE *out, CK_ULONG *out_len)
{
	size_t n = 0;

	if (EVP_MAC_final(op->state, out, &n, EVP_MAC_CTX_get_mac_size(op->state)) != 1)
		return ossl_error(op->mech->arg.mac, CKR_FUNCTION_FAILED);
	*out_len = n;
	return CKR_OK;
}

static CK_RV mac_check(struct op *op, const CK_BYTE *sig, CK_ULONG sig_len)
{
	unsigned char right[EVP_MAX_MD_SIZE];
	CK_ULONG n = 0;
	CK_RV rv;

	if (sig_len != EVP_MAC_CTX_get_mac_size(op->state))
		return CKR_SIGNATURE_LEN_RANGE;
	rv = mac_finish(op, right, &n);
	if (rv == CKR_OK && CRYPTO_memcmp(right, sig, n) != 0)
		rv = CKR_SIGNATURE_INVALID;
	OPENSSL_cleanse(right, sizeof(right));
	return rv;
}

static void mac_end(struct op *op)
{
	EVP_MAC_CTX_free(op->state);
}

const struct mech_ops mac_ops = {
	.begin = mac_begin,
	.size = mac_size,
	.update = mac_update,
	.finish = mac_finish,
	.check = mac_check,
	.end = mac_end,
};
