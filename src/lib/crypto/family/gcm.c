#include "config.h"

#include "crypto/family/gcm.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <string.h>

#include "crypto/ossl/ossl.h"

/* PKCS#11 3.0; OpenSSL takes 128 bytes. */
#define IV_MAX 0xffffffffUL
#define SHORT_IV_MAX 128
#define TAG_MIN 4
#define TAG_MAX 16

/*
 * An element of GF(2^128) as NIST SP 800-38D counts its bits: the first is the highest of the first
 * byte.
 */
struct element {
	uint64_t high, low;
};

static uint64_t load64(const unsigned char *p)
{
	uint64_t v = 0;

	for (size_t i = 0; i < 8; i++)
		v = v << 8 | p[i];
	return v;
}

static struct element load(const unsigned char *block)
{
	return (struct element){ load64(block), load64(block + 8) };
}

static void store(struct element e, unsigned char *block)
{
	for (size_t i = 0; i < 8; i++) {
		block[i] = (unsigned char)(e.high >> (56 - 8 * i));
		block[8 + i] = (unsigned char)(e.low >> (56 - 8 * i));
	}
}

static struct element add(struct element a, struct element b)
{
	return (struct element){ a.high ^ b.high, a.low ^ b.low };
}

/* Section 6.3, without a branch or an index that depends on the key. */
static struct element multiply(struct element a, struct element b)
{
	struct element product = { 0, 0 };

	for (unsigned i = 0; i < 128; i++) {
		uint64_t bit = i < 64 ? a.high >> (63 - i) & 1 : a.low >> (127 - i) & 1;
		uint64_t out = b.low & 1;

		product.high ^= b.high & -bit;
		product.low ^= b.low & -bit;
		b.low = b.low >> 1 | b.high << 63;
		b.high = b.high >> 1 ^ (-out & (uint64_t)0xe1 << 56);
	}
	return product;
}

/* a to the power of 2^128 - 2 */
static struct element invert(struct element a)
{
	struct element result = { (uint64_t)1 << 63, 0 };

	for (unsigned i = 1; i < 128; i++) {
		a = multiply(a, a);
		result = multiply(result, a);
	}
	return result;
}

/* The counter block that an IV of other than 12 bytes stands for (section 7.1, step 2). */
static struct element first_counter(struct element h, const unsigned char *iv, size_t len)
{
	struct element y = { 0, 0 }, bits = { 0, (uint64_t)len * 8 };

	for (size_t at = 0; at < len; at += GCM_BLOCK) {
		unsigned char block[GCM_BLOCK] = { 0 };

		memcpy(block, iv + at, len - at < GCM_BLOCK ? len - at : GCM_BLOCK);
		y = multiply(add(y, load(block)), h);
	}
	return multiply(add(y, bits), h);
}

/* The block of zeros, encrypted: what GHASH multiplies with. */
static CK_RV hash_key(const struct key *key, struct element *out)
{
	static const unsigned char zeros[GCM_BLOCK];
	const EVP_CIPHER *cipher = ossl_cipher_sized("AES-%u-ECB", key->secret->len);
	EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
	unsigned char block[2 * GCM_BLOCK];
	int n = 0;
	CK_RV rv = CKR_OK;

	if (cipher == NULL)
		rv = ossl_no_cipher("AES-%u-ECB", key->secret->len);
	else if (ctx == NULL)
		rv = CKR_HOST_MEMORY;
	else if (EVP_EncryptInit_ex2(ctx, cipher, key->secret->data, NULL, NULL) != 1 ||
		 EVP_EncryptUpdate(ctx, block, &n, zeros, GCM_BLOCK) != 1 || n < GCM_BLOCK)
		rv = ossl_error("AES-GCM", CKR_FUNCTION_FAILED);
	else
		*out = load(block);
	OPENSSL_cleanse(block, sizeof(block));
	EVP_CIPHER_CTX_free(ctx);
	return rv;
}

/*
 * The IV of one block whose counter block is the same: J = (IV * H + 128) * H, solved for IV. There
 * would be none if H were 0, which happens to one key in 2^128.
 */
static CK_RV shorten(const struct key *key, struct aead_param *g)
{
	const struct element bits = { 0, GCM_BLOCK * 8 };
	struct element h, inverse, iv;
	CK_RV rv = hash_key(key, &h);

	if (rv != CKR_OK)
		return rv;
	inverse = invert(h);
	iv = multiply(first_counter(h, g->iv, g->iv_len), inverse);
	store(multiply(add(iv, bits), inverse), g->made);
	g->iv = g->made;
	g->iv_len = GCM_BLOCK;
	OPENSSL_cleanse(&h, sizeof(h));
	OPENSSL_cleanse(&inverse, sizeof(inverse));
	return CKR_OK;
}

CK_RV gcm_read(const CK_MECHANISM *param, const struct key *key, struct aead_param *out)
{
	CK_GCM_PARAMS p;
	CK_RV rv = mech_param(param, &p, sizeof(p));

	if (rv != CKR_OK)
		return rv;
	/* ulIvBits is ignored, as 2.6.1 does: callers disagree on it. */
	if (p.pIv == NULL || p.ulIvLen == 0 || p.ulIvLen > IV_MAX)
		return mech_bad_param(param, "the IV is missing or too long");
	if (p.pAAD == NULL && p.ulAADLen > 0)
		return mech_bad_param(param, "pAAD is missing");
	if (p.ulTagBits % 8 != 0 || p.ulTagBits < TAG_MIN * 8 || p.ulTagBits > TAG_MAX * 8)
		return mech_bad_param(param, "ulTagBits is out of range");
	*out = (struct aead_param){ .iv = p.pIv, .iv_len = p.ulIvLen, .aad = p.pAAD,
			     .aad_len = p.ulAADLen, .tag_len = p.ulTagBits / 8 };
	return out->iv_len > SHORT_IV_MAX ? shorten(key, out) : CKR_OK;
}
