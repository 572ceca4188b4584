/* AES-GCM and ChaCha20-Poly1305: ciphertext followed by a tag. */
#include "config.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/params.h>
#include <stdlib.h>

#include "common/buf.h"
#include "crypto/family/family.h"
#include "crypto/family/gcm.h"
#include "crypto/mech/op.h"
#include "crypto/ossl/ossl.h"

#define TAG_MAX 16
#define CHACHA20_NONCE 12
/* 32 bits count blocks of 64 bytes; the first block makes the key of Poly1305 (RFC 8439). */
#define CHACHA20_MAX ((((uint64_t)1 << 32) - 1) * 64)

struct aead {
	EVP_CIPHER_CTX *ctx;
	size_t iv_len;		/* that the context knows; 0: none yet */
	size_t tag_len;
	uint64_t left;		/* bytes that may still be encrypted or decrypted */
	/* the ciphertext of a multi-part decryption, until the tag is there */
	struct buf held;
};

/*
 * The standard's text measures ulNonceLen in bits, its callers (Java, NSS) in bytes; one cannot be
 * taken for the other. The tag always has 16 bytes.
 */
static CK_RV read_chacha20(const CK_MECHANISM *param, struct aead_param *out)
{
	CK_SALSA20_CHACHA20_POLY1305_PARAMS p;
	CK_RV rv = mech_param(param, &p, sizeof(p));

	if (rv != CKR_OK)
		return rv;
	if (p.pNonce == NULL ||
	    (p.ulNonceLen != CHACHA20_NONCE && p.ulNonceLen != CHACHA20_NONCE * 8))
		return mech_bad_param(param, "the nonce is missing, or not of 96 bits");
	if (p.pAAD == NULL && p.ulAADLen > 0)
		return mech_bad_param(param, "pAAD is missing");
	*out = (struct aead_param){ .iv = p.pNonce, .iv_len = CHACHA20_NONCE, .aad = p.pAAD,
			     .aad_len = p.ulAADLen, .tag_len = TAG_MAX };
	return CKR_OK;
}

/* A new nonce, with the key, or NULL where it is scheduled already; and the additional data. */
static CK_RV set_iv(struct op *op, struct aead_param *in, const unsigned char *key)
{
	struct aead *a = op->state;
	OSSL_PARAM params[2] = { OSSL_PARAM_construct_size_t(OSSL_CIPHER_PARAM_AEAD_IVLEN,
							     &in->iv_len),
				 OSSL_PARAM_construct_end() };
	bool encrypt = op->kind == OP_ENCRYPT;
	size_t n;

	/* The length of the IV must be known before the IV. */
	if (in->iv_len != a->iv_len &&
	    EVP_CipherInit_ex2(a->ctx, NULL, NULL, NULL, encrypt, params) != 1)
		return ossl_error(op->mech->arg.cipher, CKR_FUNCTION_FAILED);
	a->iv_len = in->iv_len;
	if (EVP_CipherInit_ex2(a->ctx, NULL, key, in->iv, encrypt, NULL) != 1 ||
	    !ossl_cipher_update(a->ctx, NULL, &n, in->aad, in->aad_len))
		return ossl_error(op->mech->arg.cipher, CKR_FUNCTION_FAILED);
	return CKR_OK;
}

static CK_RV start(struct op *op, const EVP_CIPHER *cipher, struct aead_param *in)
{
	struct aead *a = op->state;

	if (EVP_CipherInit_ex2(a->ctx, cipher, NULL, NULL, op->kind == OP_ENCRYPT, NULL) != 1)
		return ossl_error(op->mech->arg.cipher, CKR_FUNCTION_FAILED);
	return set_iv(op, in, op->key->secret->data);
}

static CK_RV aead_begin(struct op *op, const CK_MECHANISM *param)
{
	const EVP_CIPHER *cipher = ossl_cipher_sized(op->mech->arg.cipher, op->key->secret->len);
	bool gcm = op->mech->arg.variant == AEAD_GCM;
	struct aead *a = calloc(1, sizeof(*a));
	struct aead_param in;
	CK_RV rv;

	op->state = a;
	if (a == NULL)
		return CKR_HOST_MEMORY;
	if (cipher == NULL)
		return ossl_no_cipher(op->mech->arg.cipher, op->key->secret->len);
	rv = gcm ? gcm_read(param, op->key, &in) : read_chacha20(param, &in);
	if (rv != CKR_OK)
		return rv;
	a->tag_len = in.tag_len;
	/* OpenSSL knows the limit of GCM itself */
	a->left = gcm ? UINT64_MAX : CHACHA20_MAX;
	a->ctx = EVP_CIPHER_CTX_new();
	return a->ctx != NULL ? start(op, cipher, &in) : CKR_HOST_MEMORY;
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
	if (len > a->left)
		return CKR_DATA_LEN_RANGE;
	a->left -= len;
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
	if (len > a->left)
		return CKR_ENCRYPTED_DATA_LEN_RANGE;
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

/* ChaCha20-Poly1305 wants its key again with each nonce. */
static bool aead_rewind(struct op *op)
{
	struct aead *a = op->state;

	buf_free(&a->held);
	a->held = (struct buf)BUF_INIT;
	ossl_still_clean();
	return op->mech->arg.variant == AEAD_GCM;
}

static CK_RV aead_again(struct op *op, const CK_MECHANISM *param)
{
	struct aead *a = op->state;
	struct aead_param in;
	CK_RV rv = gcm_read(param, op->key, &in);

	if (rv != CKR_OK)
		return rv;
	a->tag_len = in.tag_len;
	a->left = UINT64_MAX;
	rv = set_iv(op, &in, NULL);
	if (rv == CKR_OK)
		ossl_still_clean();
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
	.rewind = aead_rewind,
	.again = aead_again,
	.end = aead_end,
};
