#include "config.h"

#include "crypto/tokenkey.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <string.h>

#include "crypto/ossl/ossl.h"
#include "crypto/ossl/rng.h"

/* The PIN blob: salt, IV, and the encrypted magic and token key. */
#define SALT_BYTES 8
#define BLOCK 16
#define MAGIC_BYTES 3
#define PLAIN_BYTES (MAGIC_BYTES + TOKENKEY_BYTES)
#define LOCKED_BYTES (PIN_BLOB_BYTES - SALT_BYTES)
#define MIN_ROUNDS 1500U

static const unsigned char magic[MAGIC_BYTES] = { 'R', 'J', 'R' };

CK_RV tokenkey_generate(struct secbuf **out)
{
	struct secbuf *key = secbuf_new(TOKENKEY_BYTES);
	CK_RV rv;

	if (key == NULL)
		return CKR_HOST_MEMORY;
	rv = rng_secret(key->data, key->len);
	if (rv != CKR_OK) {
		secbuf_free(key);
		return rv;
	}
	*out = key;
	return CKR_OK;
}

/*
 * SHA-256, MIN_ROUNDS + the last salt byte times in all; salt and PIN go into the first one only.
 */
static bool hash_chain(EVP_MD_CTX *ctx, const EVP_MD *md, const unsigned char *salt,
		       const CK_BYTE *pin,
		       CK_ULONG pin_len, unsigned char *digest)
{
	unsigned rounds = MIN_ROUNDS + salt[SALT_BYTES - 1];
	bool ok = EVP_DigestInit_ex(ctx, md, NULL) == 1 &&
		EVP_DigestUpdate(ctx, salt, SALT_BYTES) == 1 &&
		  EVP_DigestUpdate(ctx, pin, pin_len) == 1 &&
			  EVP_DigestFinal_ex(ctx, digest, NULL) == 1;

	for (unsigned i = 1; i < rounds && ok; i++)
		ok = EVP_DigestInit_ex(ctx, NULL, NULL) == 1 &&
		     EVP_DigestUpdate(ctx, digest, TOKENKEY_BYTES) == 1 &&
			     EVP_DigestFinal_ex(ctx, digest, NULL) == 1;
	return ok;
}

static CK_RV pin_to_key(const unsigned char *salt, const CK_BYTE *pin, CK_ULONG pin_len,
			struct secbuf **out)
{
	const EVP_MD *md = ossl_md("SHA256");
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	struct secbuf *digest = secbuf_new(TOKENKEY_BYTES);
	CK_RV rv = CKR_OK;

	if (ctx == NULL || digest == NULL)
		rv = CKR_HOST_MEMORY;
	else if (md == NULL || !hash_chain(ctx, md, salt, pin, pin_len, digest->data))
		rv = ossl_error("deriving a key from a PIN", CKR_FUNCTION_FAILED);
	EVP_MD_CTX_free(ctx);
	if (rv != CKR_OK) {
		secbuf_free(digest);
		return rv;
	}
	*out = digest;
	return CKR_OK;
}

/*
 * AES-256-CBC with PKCS#7 padding. CKR_DATA_INVALID, decrypting: the padding is wrong. That means a
 * wrong PIN or a damaged object, so nothing else may look like it.
 */
static CK_RV cbc(bool encrypt, const struct secbuf *key, const unsigned char *iv, const void *in,
		 size_t len, unsigned char *out, size_t *out_len)
{
	const EVP_CIPHER *cipher = ossl_cipher("AES-256-CBC");
	EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
	size_t n = 0;
	int last = 0;
	CK_RV rv = CKR_OK;

	if (ctx == NULL)
		rv = ossl_quiet(CKR_HOST_MEMORY);
	else if (cipher == NULL || key->len != TOKENKEY_BYTES ||
		 EVP_CipherInit_ex2(ctx, cipher, key->data, iv, encrypt, NULL) != 1 ||
		 !ossl_cipher_update(ctx, out, &n, in, len))
		rv = ossl_error("the cipher of keys and attributes", CKR_FUNCTION_FAILED);
	else if (EVP_CipherFinal_ex(ctx, out + n, &last) != 1)
		rv = ossl_quiet(CKR_DATA_INVALID);
	EVP_CIPHER_CTX_free(ctx);
	*out_len = n + (size_t)last;
	return rv;
}

CK_RV tokenkey_seal(const struct secbuf *key, const CK_BYTE *pin, CK_ULONG pin_len,
		    unsigned char blob[PIN_BLOB_BYTES])
{
	unsigned char *iv = blob + SALT_BYTES;
	struct secbuf *plain = NULL, *kek = NULL;
	size_t n;
	CK_RV rv;

	if (pin_len == 0 || key->len != TOKENKEY_BYTES)
		return CKR_ARGUMENTS_BAD;
	rv = rng_public(blob, SALT_BYTES + BLOCK);
	if (rv != CKR_OK)
		return rv;
	plain = secbuf_new(PLAIN_BYTES);
	if (plain == NULL)
		return CKR_HOST_MEMORY;
	memcpy(plain->data, magic, MAGIC_BYTES);
	memcpy(plain->data + MAGIC_BYTES, key->data, TOKENKEY_BYTES);
	rv = pin_to_key(blob, pin, pin_len, &kek);
	if (rv == CKR_OK)
		rv = cbc(true, kek, iv, plain->data, plain->len, iv + BLOCK, &n);
	secbuf_free(kek);
	secbuf_free(plain);
	return rv;
}

CK_RV tokenkey_open(const unsigned char *blob, size_t blob_len, const CK_BYTE *pin,
		    CK_ULONG pin_len,
		    struct secbuf **out)
{
	struct secbuf *kek = NULL, *plain = NULL, *key = NULL;
	CK_RV rv;

	if (blob_len != PIN_BLOB_BYTES || pin_len == 0)
		return CKR_PIN_INCORRECT;
	rv = pin_to_key(blob, pin, pin_len, &kek);
	if (rv != CKR_OK)
		return rv;
	rv = tokenkey_decrypt(kek, blob + SALT_BYTES, LOCKED_BYTES, &plain);
	if (rv != CKR_OK)
		goto out;
	/* The reference takes any length here; only this one can be a token key. */
	if (plain->len != PLAIN_BYTES || CRYPTO_memcmp(plain->data, magic, MAGIC_BYTES) != 0) {
		rv = CKR_PIN_INCORRECT;
		goto out;
	}
	key = secbuf_from(plain->data + MAGIC_BYTES, TOKENKEY_BYTES);
	if (key == NULL)
		rv = CKR_HOST_MEMORY;
	else
		*out = key;
out:
	secbuf_free(plain);
	secbuf_free(kek);
	return rv == CKR_DATA_INVALID ? CKR_PIN_INCORRECT : rv;
}

size_t tokenkey_sealed_size(size_t n)
{
	return n > SIZE_MAX - 2 * BLOCK ? 0 : BLOCK + (n / BLOCK + 1) * BLOCK;
}

CK_RV tokenkey_encrypt(const struct secbuf *key, const void *in, size_t len, unsigned char *out)
{
	size_t n;
	CK_RV rv = rng_public(out, BLOCK);

	return rv == CKR_OK ? cbc(true, key, out, in, len, out + BLOCK, &n) : rv;
}

CK_RV tokenkey_decrypt(const struct secbuf *key, const unsigned char *in, size_t len,
		       struct secbuf **out)
{
	struct secbuf *plain;
	size_t n;
	CK_RV rv;

	if (len < 2 * BLOCK || len % BLOCK != 0)
		return CKR_DATA_INVALID;
	plain = secbuf_new(len - BLOCK);
	if (plain == NULL)
		return CKR_HOST_MEMORY;
	rv = cbc(false, key, in, in + BLOCK, len - BLOCK, plain->data, &n);
	if (rv != CKR_OK) {
		secbuf_free(plain);
		return rv;
	}
	plain->len = n;
	*out = plain;
	return CKR_OK;
}
