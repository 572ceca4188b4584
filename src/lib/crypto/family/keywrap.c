/* RFC 3394 and RFC 5649: AES keys that wrap keys (PKCS#11 2.40 mechanisms, "AES Key Wrap"). */
#include "config.h"

#include <string.h>

#include "crypto/family/family.h"
#include "crypto/mech/op.h"
#include "crypto/ossl/ossl.h"

/* The unit of both, and the length of the value that proves the blob whole. */
#define UNIT 8

static bool pads(const struct op *op)
{
	return (enum keywrap_kind)op->mech->arg.variant != KEYWRAP_PLAIN;
}

/*
 * RFC 3394 section 2.2.3.2 allows another initial value. RFC 5649 has none to choose; PKCS#11 3.0
 * lets the caller of CKM_AES_KEY_WRAP_KWP choose its first half, the other one is the length.
 */
static CK_RV read_iv(const struct op *op, const CK_MECHANISM *param, unsigned char iv[UNIT],
		     const unsigned char **out)
{
	static const size_t lengths[] = { [KEYWRAP_PLAIN] = UNIT, [KEYWRAP_KWP] = UNIT / 2 };
	enum keywrap_kind kind = (enum keywrap_kind)op->mech->arg.variant;
	CK_RV rv = kind == KEYWRAP_PAD ? mech_no_param(param) :
		mech_param_optional(param, iv, lengths[kind]);

	*out = rv == CKR_OK && param->ulParameterLen > 0 ? iv : NULL;
	return rv;
}

static CK_RV keywrap_begin(struct op *op, const CK_MECHANISM *param)
{
	const struct secbuf *key = op->key->secret;
	const EVP_CIPHER *cipher = ossl_cipher_sized(op->mech->arg.cipher, key->len);
	EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
	unsigned char buffer[UNIT];
	const unsigned char *iv;
	CK_RV rv;

	op->state = ctx;
	if (ctx == NULL)
		return CKR_HOST_MEMORY;
	if (cipher == NULL)
		return ossl_no_cipher(op->mech->arg.cipher, key->len);
	rv = read_iv(op, param, buffer, &iv);
	if (rv != CKR_OK)
		return rv;
	EVP_CIPHER_CTX_set_flags(ctx, EVP_CIPHER_CTX_FLAG_WRAP_ALLOW);
	if (EVP_CipherInit_ex2(ctx, cipher, key->data, iv, op->kind == OP_ENCRYPT, NULL) != 1)
		return ossl_error(op->mech->arg.cipher, CKR_FUNCTION_FAILED);
	return CKR_OK;
}

static CK_RV keywrap_size(struct op *op, CK_ULONG in, bool last, CK_ULONG *out)
{
	bool whole = in % UNIT == 0;

	(void)last;
	if (op->kind == OP_ENCRYPT) {
		if (pads(op) ? in == 0 : !whole || in < 2 * UNIT)
			return CKR_DATA_LEN_RANGE;
		*out = (in + UNIT - 1) / UNIT * UNIT + UNIT;
		return CKR_OK;
	}
	if (!whole || in < (pads(op) ? 2 : 3) * UNIT)
		return CKR_ENCRYPTED_DATA_LEN_RANGE;
	*out = in - UNIT;
	return CKR_OK;
}

/* By way of a buffer as long as the blob: OpenSSL wipes that much when the blob is damaged. */
static CK_RV open_blob(struct op *op, const CK_BYTE *in, CK_ULONG len, CK_BYTE *out,
		       CK_ULONG *out_len)
{
	struct secbuf *plain = secbuf_new(len);
	CK_RV rv = CKR_OK;

	if (plain == NULL)
		return CKR_HOST_MEMORY;
	if (ossl_cipher_update(op->state, plain->data, out_len, in, len))
		memcpy(out, plain->data, *out_len);
	else
		rv = ossl_quiet(CKR_ENCRYPTED_DATA_INVALID);
	secbuf_free(plain);
	return rv;
}

static CK_RV keywrap_single(struct op *op, const CK_BYTE *in, CK_ULONG len, CK_BYTE *out,
			    CK_ULONG *out_len)
{
	*out_len = 0;
	if (op->kind == OP_DECRYPT)
		return open_blob(op, in, len, out, out_len);
	return ossl_cipher_update(op->state, out, out_len, in, len) ? CKR_OK :
		ossl_error(op->mech->arg.cipher, CKR_FUNCTION_FAILED);
}

static void keywrap_end(struct op *op)
{
	EVP_CIPHER_CTX_free(op->state);
}

const struct mech_ops keywrap_ops = {
	.begin = keywrap_begin,
	.size = keywrap_size,
	.single = keywrap_single,
	.end = keywrap_end,
};

const struct mech_wrap wrap_fill_8 = { .fill = 8 };
const struct mech_wrap wrap_fill_16 = { .fill = 16 };
const struct mech_wrap wrap_secret_fill_8 = { .fill = 8, .secret_only = true };
const struct mech_wrap wrap_secret_fill_16 = { .fill = 16, .secret_only = true };
const struct mech_wrap wrap_secret = { .secret_only = true };
