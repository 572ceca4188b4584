#include "config.h"

#include "crypto/key/keytype_row.h"

#include <openssl/crypto.h>
#include <string.h>

#include "crypto/ossl/des.h"
#include "crypto/ossl/ossl.h"
#include "crypto/ossl/rng.h"

#define CHECK_BYTES 3

static CK_RV value_of(const struct keytype *t, const struct attrset *parts,
		      const unsigned char **value, size_t *len)
{
	if (!attrset_bytes(parts, CKA_VALUE, value, len) || *len == 0)
		return keyparts_bad(t->type, CKA_VALUE, "is missing");
	if (*len < t->min || *len > t->max || (*len - t->min) % t->step != 0)
		return keyparts_bad(t->type, CKA_VALUE, "has a wrong length");
	return CKR_OK;
}

CK_RV keytype_secret_load(const struct keytype *t, CK_OBJECT_CLASS class,
			  const struct attrset *parts,
			  struct key **out)
{
	const unsigned char *value;
	size_t len;
	struct secbuf *secret;
	struct key *k;
	CK_RV rv = value_of(t, parts, &value, &len);

	if (rv != CKR_OK)
		return rv;
	secret = secbuf_from(value, len);
	if (secret == NULL)
		return CKR_HOST_MEMORY;
	k = key_new(class, t->type, NULL, secret, len);
	if (k == NULL)
		return CKR_HOST_MEMORY;
	*out = k;
	return CKR_OK;
}

CK_RV keytype_sha1_check(const unsigned char *data, size_t len, unsigned char out[3])
{
	unsigned char digest[EVP_MAX_MD_SIZE];
	const EVP_MD *md = ossl_md("SHA1");

	if (md == NULL || EVP_Digest(data, len, digest, NULL, md, NULL) != 1)
		return ossl_error("check value", CKR_FUNCTION_FAILED);
	memcpy(out, digest, CHECK_BYTES);
	OPENSSL_cleanse(digest, sizeof(digest));
	return CKR_OK;
}

/* The first bytes of one block of zeros, encrypted. */
static CK_RV block_check(const char *cipher_name, const unsigned char *value, size_t len,
			 unsigned char out[3])
{
	static const unsigned char zeros[16];
	unsigned char block[32];
	const EVP_CIPHER *cipher = ossl_cipher_sized(cipher_name, len);
	EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
	int n = 0;
	CK_RV rv = CKR_OK;

	if (cipher == NULL || ctx == NULL || EVP_EncryptInit_ex2(ctx, cipher, value, NULL,
			NULL) != 1 ||
	    EVP_EncryptUpdate(ctx, block, &n, zeros, EVP_CIPHER_get_block_size(cipher)) != 1 ||
		    n < CHECK_BYTES)
		rv = ossl_error("check value", CKR_FUNCTION_FAILED);
	else
		memcpy(out, block, CHECK_BYTES);
	EVP_CIPHER_CTX_free(ctx);
	return rv;
}

CK_RV keytype_secret_check(const struct keytype *t, const unsigned char *value, size_t len,
			   unsigned char out[3])
{
	struct secbuf *triple;
	CK_RV rv;

	if (t->check == CHECK_AES)
		return block_check("AES-%u-ECB", value, len, out);
	if (t->check == CHECK_SHA1)
		return keytype_sha1_check(value, len, out);
	triple = des_expand(value, len);
	if (triple == NULL)
		return CKR_HOST_MEMORY;
	rv = block_check("DES-EDE3-ECB", triple->data, triple->len, out);
	secbuf_free(triple);
	return rv;
}

static CK_RV compare(const struct keytype *t, const unsigned char *given, size_t len,
		     const unsigned char right[CHECK_BYTES])
{
	if (len != CHECK_BYTES || CRYPTO_memcmp(given, right, len) != 0)
		return keyparts_bad(t->type, CKA_CHECK_VALUE, "is wrong");
	return CKR_OK;
}

CK_RV keytype_secret_agrees(const struct keytype *t, const struct key *k,
			    const struct attrset *attrs)
{
	unsigned char right[CHECK_BYTES];
	const unsigned char *given;
	size_t len;
	CK_RV rv;

	if (!attrset_bytes(attrs, CKA_CHECK_VALUE, &given, &len) || len == 0)
		return CKR_OK;
	rv = keytype_secret_check(t, k->secret->data, k->secret->len, right);
	return rv == CKR_OK ? compare(t, given, len, right) : rv;
}

static CK_RV set_check_value(const struct keytype *t, struct attrset *attrs,
			     const unsigned char *value, size_t len)
{
	unsigned char right[CHECK_BYTES];
	const unsigned char *given;
	size_t given_len;
	bool present = attrset_bytes(attrs, CKA_CHECK_VALUE, &given, &given_len);
	CK_RV rv;

	if (present && given_len == 0)
		return CKR_OK;
	rv = keytype_secret_check(t, value, len, right);
	if (rv != CKR_OK)
		return rv;
	if (!present)
		return attrset_set_bytes(attrs, CKA_CHECK_VALUE, right, sizeof(right));
	return compare(t, given, given_len, right);
}

CK_RV keytype_secret_complete(const struct keytype *t, CK_OBJECT_CLASS class, struct attrset *attrs)
{
	const unsigned char *value;
	size_t len;
	CK_RV rv = value_of(t, attrs, &value, &len);

	(void)class;
	if (rv == CKR_OK)
		rv = set_check_value(t, attrs, value, len);
	if (rv == CKR_OK && t->has_len)
		rv = attrset_set_number(attrs, CKA_VALUE_LEN, len);
	return rv;
}

CK_RV keytype_secret_generate(const struct keytype *t, struct attrset *pub, struct attrset *priv)
{
	uint64_t len = t->has_len ? attrset_number(priv, CKA_VALUE_LEN, 0) : t->min;
	struct secbuf *value;
	CK_RV rv;

	(void)pub;
	if (t->has_len && attrset_get(priv, CKA_VALUE_LEN) == NULL)
		return CKR_TEMPLATE_INCOMPLETE;
	if (len < t->min || len > t->max || (len - t->min) % t->step != 0)
		return keyparts_bad(t->type, CKA_VALUE_LEN, "is out of range");
	value = secbuf_new((size_t)len);
	if (value == NULL)
		return CKR_HOST_MEMORY;
	rv = rng_secret(value->data, value->len);
	if (t->check == CHECK_DES)
		des_odd_parity(value->data, value->len);
	if (rv == CKR_OK)
		rv = attrset_set_bytes(priv, CKA_VALUE, value->data, value->len);
	secbuf_free(value);
	return rv == CKR_OK ? keytype_secret_complete(t, CKO_SECRET_KEY, priv) : rv;
}
