/*
 * CBC-MAC (FIPS 113): CKM_AES_MAC, CKM_DES_MAC, CKM_DES3_MAC and their forms of any length. The
 * last block is filled up with zeros; no data at all is one block of them (ISO 9797-1, padding
 * method 1). It is safe only where all messages have the same length.
 */
#include "config.h"

#include <openssl/crypto.h>
#include <stdlib.h>
#include <string.h>

#include "crypto/family/family.h"
#include "crypto/family/mac.h"
#include "crypto/ossl/des.h"
#include "crypto/ossl/ossl.h"

#define BLOCK_MAX 16
/* The ciphertext goes to a buffer that nobody reads, in pieces of that many bytes. */
#define PIECE 1024

struct cbcmac {
	struct mac mac;
	EVP_CIPHER_CTX *ctx;
	size_t block;
	size_t fill;		/* bytes of an unfinished block that ctx holds */
	bool any;		/* a block has been finished */
	unsigned char out[PIECE + BLOCK_MAX];
	unsigned char last[BLOCK_MAX];	/* the latest block of ciphertext */
};

static CK_RV feed(struct op *op, const unsigned char *in, size_t len)
{
	struct cbcmac *m = op->state;

	while (len > 0) {
		size_t part = len < PIECE ? len : PIECE, n = 0;

		if (!ossl_cipher_update(m->ctx, m->out, &n, in, part))
			return ossl_error(op->mech->arg.cipher, CKR_FUNCTION_FAILED);
		if (n >= m->block) {
			memcpy(m->last, m->out + n - m->block, m->block);
			m->any = true;
		}
		m->fill = (m->fill + part) % m->block;
		in += part;
		len -= part;
	}
	return CKR_OK;
}

static CK_RV cbcmac_last(struct op *op, unsigned char out[EVP_MAX_MD_SIZE])
{
	static const unsigned char zeros[BLOCK_MAX];
	struct cbcmac *m = op->state;
	CK_RV rv = CKR_OK;

	if (m->fill > 0 || !m->any)
		rv = feed(op, zeros, m->block - m->fill);
	if (rv == CKR_OK)
		memcpy(out, m->last, m->block);
	return rv;
}

static CK_RV start(struct op *op)
{
	static const unsigned char iv[BLOCK_MAX];
	struct cbcmac *m = op->state;
	const char *name = op->mech->arg.cipher;
	const EVP_CIPHER *cipher = ossl_cipher_sized(name, op->key->secret->len);
	struct secbuf *triple = NULL;
	const struct secbuf *key;
	CK_RV rv;

	if (cipher == NULL)
		return ossl_no_cipher(name, op->key->secret->len);
	rv = des_triple(op->key, &triple);
	if (rv != CKR_OK)
		return rv;
	key = triple != NULL ? triple : op->key->secret;
	m->block = (size_t)EVP_CIPHER_get_block_size(cipher);
	if (EVP_EncryptInit_ex2(m->ctx, cipher, key->data, iv, NULL) != 1 ||
	    EVP_CIPHER_CTX_set_padding(m->ctx, 0) != 1)
		rv = ossl_error(name, CKR_FUNCTION_FAILED);
	secbuf_free(triple);
	return rv;
}

static CK_RV cbcmac_begin(struct op *op, const CK_MECHANISM *param)
{
	struct cbcmac *m = calloc(1, sizeof(*m));
	CK_RV rv;

	op->state = m;
	if (m == NULL)
		return CKR_HOST_MEMORY;
	m->mac.last = cbcmac_last;
	m->ctx = EVP_CIPHER_CTX_new();
	rv = m->ctx != NULL ? start(op) : CKR_HOST_MEMORY;
	return rv == CKR_OK ? mac_length(op, param, m->block) : rv;
}

static CK_RV cbcmac_update(struct op *op, const CK_BYTE *in, CK_ULONG len, CK_BYTE *out,
			   CK_ULONG *out_len)
{
	(void)out;
	*out_len = 0;
	return feed(op, in, len);
}

static void cbcmac_end(struct op *op)
{
	struct cbcmac *m = op->state;

	EVP_CIPHER_CTX_free(m->ctx);
	OPENSSL_cleanse(m, sizeof(*m));
	free(m);
}

const struct mech_ops cbcmac_ops = {
	.begin = cbcmac_begin,
	.size = mac_size,
	.update = cbcmac_update,
	.finish = mac_finish,
	.check = mac_check,
	.end = cbcmac_end,
};
