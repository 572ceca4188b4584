#include "config.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/params.h>
#include <stdlib.h>

#include "common/buf.h"
#include "crypto/families.h"
#include "crypto/op.h"
#include "crypto/ossl/ossl.h"

/* OpenSSL's limit; the standard has none below 2^32 bytes. */
#define IV_MAX 128
#define TAG_MIN 4
#define TAG_MAX 16

struct aead {
	EVP_CIPHER_CTX *ctx;
	size_t tag_len;
	/* the ciphertext of a multi-part decryption, until the tag is there */
	struct buf held;
};

static CK_RV read_params(const CK_MECHANISM *param, CK_GCM_PARAMS *p)
{
	CK_RV rv = mech_param(param, p, sizeof(*p));

	if (rv != CKR_OK)
		return rv;
	/* ulIvBits is ignored, as 2.6.1 does: callers disagree on it. */
	if (p->pIv == NULL || p->ulIvLen == 0 || p->ulIvLen > IV_MAX ||
	    (p->pAAD == NULL && p->ulAADLen > 0) ||
	    p->ulTagBits % 8 != 0 || p->ulTagBits < TAG_MIN * 8 || p->ulTagBits > TAG_MAX * 8)
		return CKR_MECHANISM_PARAM_INVALID;
	return CKR_OK;
}

static CK_RV start(struct op *op, const EVP_CIPHER *cipher, const CK_GCM_PARAMS *p)
{
	struct aead *a = op->state;
	size_t iv_len = p->ulIvLen, n;
	OSSL_PARAM params[2] = { OSSL_PARAM_construct_size_t(OSSL_CIPHER_PARAM_AEAD_IVLEN, &iv_len),
				 OSSL_PARAM_construct_end() };
	bool encrypt = op->kind == OP_ENCRYPT;

	/* The length of the IV must be known before the IV. */
	if (EVP_CipherInit_ex2(a->ctx, cipher, NULL, NULL, encrypt, params) != 1 ||
	    EVP_CipherInit_ex2(a->ctx, NULL, op->key->secret->data, p->pIv, encrypt, NULL) != 1 ||
	    !ossl_cipher_update(a->ctx, NULL, &n, p->pAAD, p->ulAADLen))
		return ossl_error(op->mech->arg.cipher, CKR_FUNCTION_FAILED);
	return CKR_OK;
}

static CK_RV aead_begin(struct op *op, const CK_MECHANISM *param)
{
	const EVP_CIPHER *cipher = ossl_cipher_sized(op->mech->arg.cipher, op->key->secret->len);
	struct aead *a = calloc(1, sizeof(*a));
	CK_GCM_PARAMS p;
	CK_RV rv;

	op->state = a;
	if (a == NULL)
		return CKR_HOST_MEMORY;
	if (cipher == NULL)
		return CKR_KEY_SIZE_RANGE;
	rv = read_params(param, &p);
	if (rv != CKR_OK)
		return rv;
	a->tag_len = p.ulTagBits / 8;
	a->ctx = EVP_CIPHER_CTX_new();
	return a->ctx != NULL ? start(op, cipher, &p) : CKR_HOST_MEMORY;
}

static CK_RV aead_size(struct op *op, CK_ULONG in, bool last, CK_ULONG *out)
{
	const struct aead *a = op->state;
	size_t total = a->held.len + in;

	if (op->kind == OP_ENCRYPT)
		*out = last ? in + a->tag_len : in;
	else
		*out = last && total > a->tag_len ? total - a->tag_len : 0;
	return CKR_OK;
}

static CK_RV aead_update(struct op *op, const CK_BYTE *in, CK_ULONG len, CK_BYTE *out,
			 CK_ULONG *out_len)
{
	struct aead *a = op->state;

	*out_len = 0;
	if (op->kind == OP_DECRYPT)
		return buf_append(&a->held, in, len);
	if (!ossl_cipher_update(a->ctx, out, out_len, in, len))
		return ossl_error(op->mech->arg.cipher, CKR_DATA_LEN_RANGE);
	return CKR_OK;
}

/*
 * Plaintext goes straight to the caller's buffer, and is wiped again when the tag does not match.
 */
static CK_RV open_all(struct op *op, const CK_BYTE *in, size_t len, CK_BYTE *out, CK_ULONG *out_len)
{
	struct aead *a = op->state;
	unsigned char tag[TAG_MAX], none[TAG_MAX];
	OSSL_PARAM params[2] = { OSSL_PARAM_construct_octet_string(OSSL_CIPHER_PARAM_AEAD_TAG, tag,
			a->tag_len),
				 OSSL_PARAM_construct_end() };
	size_t n = 0;
	int last = 0;

	if (len < a->tag_len)
		return CKR_ENCRYPTED_DATA_LEN_RANGE;
	len -= a->tag_len;
	/*
	 * Taken out first: in place, the plaintext never reaches it, but a larger buffer of the
	 * caller's may.
	 */
	for (size_t i = 0; i < a->tag_len; i++)
		tag[i] = in[len + i];
	if (EVP_CIPHER_CTX_set_params(a->ctx, params) == 1 &&
	    ossl_cipher_update(a->ctx, out, &n, in, len) &&
	    EVP_CipherFinal_ex(a->ctx, none, &last) == 1) {
		*out_len = n;
		return CKR_OK;
	}
	OPENSSL_cleanse(out, len);
	return ossl_quiet(CKR_ENCRYPTED_DATA_INVALID);
}

static CK_RV seal_end(struct op *op, CK_BYTE *out, CK_ULONG *out_len)
{
	struct aead *a = op->state;
	OSSL_PARAM params[2] = { OSSL_PARAM_construct_octet_string(OSSL_CIPHER_PARAM_AEAD_TAG, out,
			a->tag_len),
				 OSSL_PARAM_construct_end() };
	unsigned char none[TAG_MAX];
	int last = 0;

	if (EVP_CipherFinal_ex(a->ctx, none, &last) != 1 ||
	    EVP_CIPHER_CTX_get_params(a->ctx, params) != 1)
		return ossl_error(op->mech->arg.cipher, CKR_FUNCTION_FAILED);
	*out_len = a->tag_len;
	return CKR_OK;
}

static CK_RV aead_finish(struct op *op, CK_BYTE *out, CK_ULONG *out_len)
{
	struct aead *a = op->state;

	if (op->kind == OP_ENCRYPT)
		return seal_end(op, out, out_len);
	return open_all(op, a->held.data, a->held.len, out, out_len);
}

static CK_RV aead_single(struct op *op, const CK_BYTE *in, CK_ULONG len, CK_BYTE *out,
			 CK_ULONG *out_len)
{
	CK_ULONG first = 0, last = 0;
	CK_RV rv;

	if (op->kind == OP_DECRYPT)
		return open_all(op, in, len, out, out_len);
	rv = aead_update(op, in, len, out, &first);
	if (rv == CKR_OK)
		rv = seal_end(op, out + first, &last);
	*out_len = first + last;
	return rv;
}

static void aead_end(struct op *op)
{
	struct aead *a = op->state;

	EVP_CIPHER_CTX_free(a->ctx);
	buf_free(&a->held);
	free(a);
}

const struct mech_ops aead_ops = {
	.begin = aead_begin,
	.size = aead_size,
	.update = aead_update,
	.finish = aead_finish,
	.single = aead_single,
	.end = aead_end,
};
