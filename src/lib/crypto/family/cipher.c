#include "config.h"

#include <openssl/crypto.h>
#include <stdlib.h>
#include <string.h>

#include "crypto/ossl/des.h"
#include "crypto/family/family.h"
#include "crypto/mech/op.h"
#include "crypto/ossl/ossl.h"

/* The block of AES, and the IV of ChaCha20: the largest here. */
#define BLOCK_MAX 16
#define CHACHA20_BLOCK 64

struct cipher {
	EVP_CIPHER_CTX *ctx;
	size_t block;		/* 1 for CTR, ChaCha20 and the feedback modes */
	size_t pending;		/* bytes taken in but not given out yet */
	unsigned char iv[BLOCK_MAX];
	uint64_t limit;		/* bytes for which the counter lasts */
	uint64_t used;		/* of these */
	bool ran;		/* single was called before */
};

static enum cipher_mode mode_of(const struct op *op)
{
	return (enum cipher_mode)op->mech->arg.variant;
}

static bool unpads(const struct op *op)
{
	return mode_of(op) == CIPHER_CBC_PAD && op->kind == OP_DECRYPT;
}

static CK_RV length_error(const struct op *op)
{
	return op->kind == OP_DECRYPT ? CKR_ENCRYPTED_DATA_LEN_RANGE : CKR_DATA_LEN_RANGE;
}

/*
 * How many blocks the low bits of the counter can count from where it stands; it must not wrap
 * (PKCS#11 2.40 mechanisms, section 2.15.3). 2^64 - 1 stands for that and more.
 */
static uint64_t counter_blocks(const unsigned char *cb, CK_ULONG bits)
{
	uint64_t low = 0, mask = bits >= 64 ? UINT64_MAX : ((uint64_t)1 << bits) - 1;

	for (size_t i = 8; i < 16; i++)
		low = low << 8 | cb[i];
	if (bits > 64) {
		uint64_t high = 0, high_mask = bits == 128 ? UINT64_MAX :
			((uint64_t)1 << (bits - 64)) - 1;

		for (size_t i = 0; i < 8; i++)
			high = high << 8 | cb[i];
		if ((high & high_mask) != high_mask)
			return UINT64_MAX;
	}
	low &= mask;
	return low == 0 && mask == UINT64_MAX ? UINT64_MAX : mask - low + 1;
}

static uint64_t bytes_of(uint64_t blocks, uint64_t size)
{
	return blocks > UINT64_MAX / size ? UINT64_MAX : blocks * size;
}

static CK_RV read_counter(struct cipher *c, const CK_MECHANISM *param)
{
	CK_AES_CTR_PARAMS ctr;
	uint64_t blocks;
	CK_RV rv = mech_param(param, &ctr, sizeof(ctr));

	if (rv != CKR_OK)
		return rv;
	if (ctr.ulCounterBits < 1 || ctr.ulCounterBits > 128)
		return mech_bad_param(param, "ulCounterBits is not between 1 and 128");
	memcpy(c->iv, ctr.cb, sizeof(ctr.cb));
	blocks = counter_blocks(ctr.cb, ctr.ulCounterBits);
	c->limit = bytes_of(blocks, BLOCK_MAX);
	return CKR_OK;
}

/*
 * OpenSSL's IV is the same 16 bytes: a counter of 4 or 8, little-endian, and a nonce of 12 or 8. It
 * carries from 32 bits into the next ones, which then belong to the nonce.
 */
static CK_RV read_chacha20(struct cipher *c, const CK_MECHANISM *param)
{
	CK_CHACHA20_PARAMS p;
	uint64_t at = 0, last;
	size_t width;
	CK_RV rv = mech_param(param, &p, sizeof(p));

	if (rv != CKR_OK)
		return rv;
	if (p.pBlockCounter == NULL || p.pNonce == NULL)
		return mech_bad_param(param, "the counter or the nonce is missing");
	if (!(p.blockCounterBits == 32 && p.ulNonceBits == 96) &&
	    !(p.blockCounterBits == 64 && p.ulNonceBits == 64))
		return mech_bad_param(param, "the bits are neither 32 and 96 nor 64 and 64");
	width = p.blockCounterBits / 8;
	memcpy(c->iv, p.pBlockCounter, width);
	memcpy(c->iv + width, p.pNonce, BLOCK_MAX - width);
	for (size_t i = width; i-- > 0;)
		at = at << 8 | c->iv[i];
	last = width == 4 ? UINT32_MAX : UINT64_MAX;
	c->limit = last - at == UINT64_MAX ? UINT64_MAX : bytes_of(last - at + 1, CHACHA20_BLOCK);
	return CKR_OK;
}

static CK_RV read_iv(struct op *op, const EVP_CIPHER *cipher, const CK_MECHANISM *param)
{
	struct cipher *c = op->state;

	c->limit = UINT64_MAX;
	switch (mode_of(op)) {
	case CIPHER_CTR:
		return read_counter(c, param);
	case CIPHER_CHACHA20:
		return read_chacha20(c, param);
	case CIPHER_CBC:
	case CIPHER_CBC_PAD:
	case CIPHER_FEEDBACK:
		return mech_param(param, c->iv, (size_t)EVP_CIPHER_get_iv_length(cipher));
	default:
		return mech_no_param(param);
	}
}

static CK_RV start(struct op *op, const EVP_CIPHER *cipher)
{
	struct cipher *c = op->state;
	struct secbuf *triple = NULL;
	const struct secbuf *key;
	CK_RV rv = des_triple(op->key, &triple);

	if (rv != CKR_OK)
		return rv;
	key = triple != NULL ? triple : op->key->secret;
	if (EVP_CipherInit_ex2(c->ctx, cipher, key->data, c->iv, op->kind == OP_ENCRYPT,
			       NULL) != 1 ||
	    EVP_CIPHER_CTX_set_padding(c->ctx, mode_of(op) == CIPHER_CBC_PAD) != 1)
		rv = ossl_error(op->mech->arg.cipher, CKR_FUNCTION_FAILED);
	secbuf_free(triple);
	return rv;
}

static CK_RV cipher_begin(struct op *op, const CK_MECHANISM *param)
{
	const EVP_CIPHER *cipher = ossl_cipher_sized(op->mech->arg.cipher, op->key->secret->len);
	struct cipher *c = calloc(1, sizeof(*c));
	CK_RV rv;

	op->state = c;
	if (c == NULL)
		return CKR_HOST_MEMORY;
	if (cipher == NULL)
		return ossl_no_cipher(op->mech->arg.cipher, op->key->secret->len);
	rv = read_iv(op, cipher, param);
	if (rv != CKR_OK)
		return rv;
	c->block = (size_t)EVP_CIPHER_get_block_size(cipher);
	c->ctx = EVP_CIPHER_CTX_new();
	return c->ctx != NULL ? start(op, cipher) : CKR_HOST_MEMORY;
}

/*
 * What an update with that many bytes gives out: whole blocks, but the last one stays until its
 * padding is known.
 */
static size_t flow(const struct op *op, size_t in)
{
	const struct cipher *c = op->state;
	size_t total = c->pending + in;
	size_t whole = total - total % c->block;

	return unpads(op) && whole == total && whole > 0 ? whole - c->block : whole;
}

/*
 * The exact length of the last block without padding; 0 when the padding is wrong, which finish
 * will tell.
 */
static size_t peek_last(const struct cipher *c)
{
	unsigned char block[2 * BLOCK_MAX];
	EVP_CIPHER_CTX *copy = EVP_CIPHER_CTX_new();
	int n = 0;

	if (copy == NULL || EVP_CIPHER_CTX_copy(copy, c->ctx) != 1 ||
	    EVP_CipherFinal_ex(copy, block, &n) != 1)
		n = 0;
	ossl_clear();
	OPENSSL_cleanse(block, sizeof(block));
	EVP_CIPHER_CTX_free(copy);
	return (size_t)n;
}

static CK_RV cipher_size(struct op *op, CK_ULONG in, bool last, CK_ULONG *out)
{
	const struct cipher *c = op->state;
	size_t total = c->pending + in;

	if (!last)
		*out = flow(op, in);
	else if (unpads(op) && in == 0 && c->pending == c->block)
		*out = peek_last(c);
	else if (mode_of(op) == CIPHER_CBC_PAD && op->kind == OP_ENCRYPT)
		*out = total - total % c->block + c->block;
	else
		*out = total;
	return CKR_OK;
}

static CK_RV cipher_update(struct op *op, const CK_BYTE *in, CK_ULONG len, CK_BYTE *out,
			   CK_ULONG *out_len)
{
	struct cipher *c = op->state;
	struct secbuf *copy = NULL;
	size_t now = flow(op, len);
	CK_RV rv = CKR_OK;

	if (len > c->limit - c->used)
		return length_error(op);
	/* In place, what is pending would overwrite input that has not been read yet. */
	if (in == out && c->pending > 0 && len > 0) {
		copy = secbuf_from(in, len);
		if (copy == NULL)
			return CKR_HOST_MEMORY;
		in = copy->data;
	}
	c->used += len;
	c->pending = c->pending + len - now;
	*out_len = 0;
	if (!ossl_cipher_update(c->ctx, out, out_len, in, len))
		rv = ossl_error(op->mech->arg.cipher, CKR_FUNCTION_FAILED);
	secbuf_free(copy);
	return rv;
}

static CK_RV cipher_finish(struct op *op, CK_BYTE *out, CK_ULONG *out_len)
{
	struct cipher *c = op->state;
	int n = 0;

	*out_len = 0;
	if (mode_of(op) != CIPHER_CBC_PAD)
		return c->pending == 0 ? CKR_OK : length_error(op);
	if (op->kind == OP_DECRYPT && c->pending != c->block)
		return CKR_ENCRYPTED_DATA_LEN_RANGE;
	if (EVP_CipherFinal_ex(c->ctx, out, &n) != 1)
		return op->kind == OP_DECRYPT ? ossl_quiet(CKR_ENCRYPTED_DATA_INVALID) :
						ossl_error(op->mech->arg.cipher,
							   CKR_FUNCTION_FAILED);
	*out_len = (CK_ULONG)n;
	return CKR_OK;
}

/* Back to what begin made. */
static CK_RV rewind_cipher(struct op *op)
{
	struct cipher *c = op->state;

	if (EVP_CipherInit_ex2(c->ctx, NULL, NULL, c->iv, -1, NULL) != 1)
		return ossl_error(op->mech->arg.cipher, CKR_FUNCTION_FAILED);
	c->pending = 0;
	c->used = 0;
	return CKR_OK;
}

static CK_RV cipher_single(struct op *op, const CK_BYTE *in, CK_ULONG len, CK_BYTE *out,
			   CK_ULONG *out_len)
{
	struct cipher *c = op->state;
	CK_ULONG first = 0, last = 0;
	CK_RV rv = c->ran ? rewind_cipher(op) : CKR_OK;

	c->ran = true;
	if (len % c->block != 0 && (mode_of(op) != CIPHER_CBC_PAD || op->kind == OP_DECRYPT))
		return length_error(op);
	if (rv == CKR_OK)
		rv = cipher_update(op, in, len, out, &first);
	if (rv == CKR_OK)
		rv = cipher_finish(op, out + first, &last);
	*out_len = first + last;
	return rv;
}

/* The key is scheduled; at the most, the end of the last block is still in OpenSSL's hands. */
static bool cipher_rewind(struct op *op)
{
	struct cipher *c = op->state;

	OPENSSL_cleanse(c->iv, sizeof(c->iv));
	c->ran = false;
	ossl_still_clean();
	return true;
}

static CK_RV cipher_again(struct op *op, const CK_MECHANISM *param)
{
	const struct cipher *c = op->state;
	CK_RV rv = read_iv(op, EVP_CIPHER_CTX_get0_cipher(c->ctx), param);

	if (rv == CKR_OK)
		rv = rewind_cipher(op);
	if (rv == CKR_OK)
		ossl_still_clean();
	return rv;
}

static void cipher_end(struct op *op)
{
	struct cipher *c = op->state;

	EVP_CIPHER_CTX_free(c->ctx);
	free(c);
}

const struct mech_ops cipher_ops = {
	.begin = cipher_begin,
	.size = cipher_size,
	.update = cipher_update,
	.finish = cipher_finish,
	.single = cipher_single,
	.rewind = cipher_rewind,
	.again = cipher_again,
	.end = cipher_end,
	.retry = true,
};
