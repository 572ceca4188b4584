/*
 * Ciphers that take their data in one piece: AES-CCM, whose first block holds its length; AES-CTS,
 * whose last two blocks change places; AES-XTS, of which OpenSSL takes each piece for a data unit.
 * Parts are collected until the end.
 */
#include "config.h"

#include <limits.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/params.h>
#include <stdlib.h>
#include <string.h>

#include "common/buf.h"
#include "common/reason.h"
#include "crypto/family/family.h"
#include "crypto/mech/op.h"
#include "crypto/ossl/ossl.h"

#define BLOCK 16
#define TAG_MAX 16
/* NIST SP 800-38E: 2^20 blocks. */
#define XTS_MAX ((size_t)1 << 24)
/* EVP_CipherUpdate takes an int. */
#define PIECE_MAX ((size_t)INT_MAX - BLOCK)

struct gather {
	EVP_CIPHER_CTX *ctx;
	size_t min, max;	/* bytes of plaintext */
	size_t tag_len;
	struct buf held;
};

static enum gather_kind kind_of(const struct op *op)
{
	return (enum gather_kind)op->mech->arg.variant;
}

static CK_RV length_error(const struct op *op)
{
	return op->kind == OP_DECRYPT ? CKR_ENCRYPTED_DATA_LEN_RANGE : CKR_DATA_LEN_RANGE;
}

static CK_RV failed(const struct op *op)
{
	return ossl_error(op->mech->arg.cipher, CKR_FUNCTION_FAILED);
}

/*
 * The bytes that are to come, all together, or those that came so far (last = false): do they fit?
 */
static CK_RV check_total(const struct op *op, size_t in, bool last)
{
	const struct gather *g = op->state;
	size_t tag = op->kind == OP_DECRYPT ? g->tag_len : 0;
	size_t total = g->held.len + in;

	return total > g->max + tag || (last && total < g->min + tag) ? length_error(op) : CKR_OK;
}

static CK_RV gather_size(struct op *op, CK_ULONG in, bool last, CK_ULONG *out)
{
	const struct gather *g = op->state;
	size_t total = g->held.len + in;
	CK_RV rv = check_total(op, in, last);

	if (rv != CKR_OK)
		return rv;
	if (!last)
		*out = 0;
	else
		*out = op->kind == OP_ENCRYPT ? total + g->tag_len : total - g->tag_len;
	return CKR_OK;
}

static CK_RV gather_update(struct op *op, const CK_BYTE *in, CK_ULONG len, CK_BYTE *out,
			   CK_ULONG *out_len)
{
	struct gather *g = op->state;

	(void)out;
	*out_len = 0;
	return buf_append(&g->held, in, len);
}

/* One piece, which may be empty: OpenSSL wants addresses even then. */
static bool convert(struct gather *g, const unsigned char *in, size_t len, unsigned char *out)
{
	unsigned char none[BLOCK];
	int n = 0;

	return EVP_CipherUpdate(g->ctx, len > 0 ? out : none, &n, len > 0 ? in : none,
				(int)len) == 1 && (size_t)n == len;
}

static CK_RV encrypt(struct op *op, const CK_BYTE *in, size_t len, CK_BYTE *out)
{
	struct gather *g = op->state;
	OSSL_PARAM params[2] = { OSSL_PARAM_construct_end(), OSSL_PARAM_construct_end() };

	if (!convert(g, in, len, out))
		return failed(op);
	if (g->tag_len == 0)
		return CKR_OK;
	params[0] = OSSL_PARAM_construct_octet_string(OSSL_CIPHER_PARAM_AEAD_TAG, out + len,
						      g->tag_len);
	return EVP_CIPHER_CTX_get_params(g->ctx, params) == 1 ? CKR_OK : failed(op);
}

/* The tag stands behind the ciphertext, and is taken out first: out may reach over it. */
static CK_RV decrypt(struct op *op, const CK_BYTE *in, size_t len, CK_BYTE *out)
{
	struct gather *g = op->state;
	unsigned char tag[TAG_MAX];
	OSSL_PARAM params[2] = { OSSL_PARAM_construct_octet_string(OSSL_CIPHER_PARAM_AEAD_TAG, tag,
								   g->tag_len),
				 OSSL_PARAM_construct_end() };

	if (g->tag_len > 0) {
		memcpy(tag, in + len, g->tag_len);
		if (EVP_CIPHER_CTX_set_params(g->ctx, params) != 1)
			return failed(op);
	}
	if (convert(g, in, len, out))
		return CKR_OK;
	if (len > 0)
		OPENSSL_cleanse(out, len);
	return g->tag_len > 0 ? ossl_quiet(CKR_ENCRYPTED_DATA_INVALID) : failed(op);
}

static CK_RV gather_single(struct op *op, const CK_BYTE *in, CK_ULONG len, CK_BYTE *out,
			   CK_ULONG *out_len)
{
	const struct gather *g = op->state;
	CK_RV rv;

	if (op->kind == OP_ENCRYPT) {
		*out_len = len + g->tag_len;
		rv = encrypt(op, in, len, out);
	} else {
		*out_len = len - g->tag_len;
		rv = decrypt(op, in, *out_len, out);
	}
	return rv;
}

static CK_RV gather_finish(struct op *op, CK_BYTE *out, CK_ULONG *out_len)
{
	const struct gather *g = op->state;

	return gather_single(op, g->held.data, g->held.len, out, out_len);
}

/* The nonce leaves 15 - ulNonceLen bytes to count the data in (NIST SP 800-38C, appendix A). */
static CK_RV read_ccm(struct gather *g, const CK_MECHANISM *param, CK_CCM_PARAMS *p)
{
	CK_RV rv = mech_param(param, p, sizeof(*p));
	size_t count_bits;

	if (rv != CKR_OK)
		return rv;
	if (p->pNonce == NULL || p->ulNonceLen < 7 || p->ulNonceLen > 13)
		return mech_bad_param(param, "the nonce is missing, or not of 7 to 13 bytes");
	if ((p->pAAD == NULL && p->ulAADLen > 0) || p->ulAADLen > PIECE_MAX)
		return mech_bad_param(param, "pAAD is missing or too long");
	if (p->ulMACLen < 4 || p->ulMACLen > TAG_MAX || p->ulMACLen % 2 != 0)
		return mech_bad_param(param, "ulMACLen is out of range");
	count_bits = (15 - p->ulNonceLen) * 8;
	if (p->ulDataLen > PIECE_MAX || (count_bits < 32 && p->ulDataLen >> count_bits != 0))
		return mech_bad_param(param, "ulDataLen is too large");
	g->min = g->max = p->ulDataLen;
	g->tag_len = p->ulMACLen;
	return CKR_OK;
}

/* Cipher; lengths of nonce and MAC; key and nonce; length of the data; additional data. */
static CK_RV begin_ccm(struct op *op, const EVP_CIPHER *cipher, const CK_MECHANISM *param)
{
	struct gather *g = op->state;
	bool encrypts = op->kind == OP_ENCRYPT;
	OSSL_PARAM params[3] = { OSSL_PARAM_construct_end(), OSSL_PARAM_construct_end(),
				 OSSL_PARAM_construct_end() };
	CK_CCM_PARAMS p;
	size_t nonce_len;
	int n = 0;
	CK_RV rv = read_ccm(g, param, &p);

	if (rv != CKR_OK)
		return rv;
	nonce_len = p.ulNonceLen;
	params[0] = OSSL_PARAM_construct_size_t(OSSL_CIPHER_PARAM_AEAD_IVLEN, &nonce_len);
	params[1] = OSSL_PARAM_construct_octet_string(OSSL_CIPHER_PARAM_AEAD_TAG, NULL, p.ulMACLen);
	if (EVP_CipherInit_ex2(g->ctx, cipher, NULL, NULL, encrypts, params) != 1 ||
	    EVP_CipherInit_ex2(g->ctx, NULL, op->key->secret->data, p.pNonce, encrypts,
			       NULL) != 1 ||
	    EVP_CipherUpdate(g->ctx, NULL, &n, NULL, (int)p.ulDataLen) != 1)
		return failed(op);
	if (p.ulAADLen > 0 && EVP_CipherUpdate(g->ctx, NULL, &n, p.pAAD, (int)p.ulAADLen) != 1)
		return failed(op);
	return CKR_OK;
}

/*
 * The standard refers to NIST's addendum to SP 800-38A without choosing among its three variants;
 * CBC-CS1 is the one that others took (NSS), and OpenSSL's own.
 */
static CK_RV begin_cts(struct op *op, const EVP_CIPHER *cipher, const CK_MECHANISM *param)
{
	struct gather *g = op->state;
	char mode[] = OSSL_CIPHER_CTS_MODE_CS1;
	const OSSL_PARAM params[2] = {
		OSSL_PARAM_construct_utf8_string(OSSL_CIPHER_PARAM_CTS_MODE, mode, 0),
		OSSL_PARAM_construct_end()
	};
	unsigned char iv[BLOCK];
	CK_RV rv = mech_param(param, iv, sizeof(iv));

	if (rv != CKR_OK)
		return rv;
	g->min = BLOCK;
	g->max = PIECE_MAX;
	return EVP_CipherInit_ex2(g->ctx, cipher, op->key->secret->data, iv,
				  op->kind == OP_ENCRYPT, params) == 1 ? CKR_OK : failed(op);
}

/* The key is two: NIST SP 800-38E forbids to encrypt with twice the same, and so does OpenSSL. */
static CK_RV begin_xts(struct op *op, const EVP_CIPHER *cipher, const CK_MECHANISM *param)
{
	struct gather *g = op->state;
	const struct secbuf *key = op->key->secret;
	size_t half = key->len / 2;
	unsigned char tweak[BLOCK];
	CK_RV rv = mech_param(param, tweak, sizeof(tweak));

	if (rv != CKR_OK)
		return rv;
	if (op->kind == OP_ENCRYPT && CRYPTO_memcmp(key->data, key->data + half, half) == 0)
		return reason(CKR_KEY_TYPE_INCONSISTENT, "both halves of the key are the same");
	g->min = BLOCK;
	g->max = XTS_MAX;
	return EVP_CipherInit_ex2(g->ctx, cipher, key->data, tweak, op->kind == OP_ENCRYPT,
				  NULL) == 1 ? CKR_OK : failed(op);
}

static CK_RV gather_begin(struct op *op, const CK_MECHANISM *param)
{
	static CK_RV (*const begin[])(struct op *, const EVP_CIPHER *, const CK_MECHANISM *) = {
		[GATHER_CCM] = begin_ccm,
		[GATHER_CTS] = begin_cts,
		[GATHER_XTS] = begin_xts,
	};
	/* a key for XTS is two of the cipher's */
	size_t len = op->key->secret->len / (kind_of(op) == GATHER_XTS ? 2 : 1);
	const EVP_CIPHER *cipher = ossl_cipher_sized(op->mech->arg.cipher, len);
	struct gather *g = calloc(1, sizeof(*g));

	op->state = g;
	if (g == NULL)
		return CKR_HOST_MEMORY;
	if (cipher == NULL)
		return ossl_no_cipher(op->mech->arg.cipher, len);
	g->ctx = EVP_CIPHER_CTX_new();
	return g->ctx != NULL ? begin[kind_of(op)](op, cipher, param) : CKR_HOST_MEMORY;
}

static void gather_end(struct op *op)
{
	struct gather *g = op->state;

	EVP_CIPHER_CTX_free(g->ctx);
	buf_free(&g->held);
	free(g);
}

const struct mech_ops gather_ops = {
	.begin = gather_begin,
	.size = gather_size,
	.update = gather_update,
	.finish = gather_finish,
	.single = gather_single,
	.end = gather_end,
};
