#include "config.h"

#include <fnmatch.h>
#include <stdio.h>
#include <string.h>

#include <openssl/core_names.h>
#include <openssl/kdf.h>
#include <openssl/params.h>

#include "lib.h"
#include "p11/harness.h"

/* Room for padding and tags. */
#define ROOM_MORE	64

static bool room(struct bytes *made, CK_ULONG len)
{
	made->p = pool_alloc(len + ROOM_MORE);
	made->len = len + ROOM_MORE;
	return true;
}

/* --- digests and MACs --------------------------------------------------- */

static bool make_digest(struct record *job, const char *arg, struct bytes *made)
{
	const char *name = lib_digest_name(job->head);
	struct bytes in;
	size_t len = 0;

	(void)arg;
	if (!name || !record_bytes(job, "in", &in) || !room(made, EVP_MAX_MD_SIZE) ||
	    EVP_Q_digest(NULL, name, NULL, in.p, in.len, made->p, &len) != 1)
		return false;
	made->len = len;
	return true;
}

/* A digest of the key's value: CKM_SHA256_KEY_DERIVATION. */
static bool make_key_digest(struct record *job, const char *arg, struct bytes *made)
{
	const char *name = lib_digest_name(job->head);
	struct bytes key;
	size_t len = 0;

	(void)arg;
	if (!name || !lib_secret(job, "key", &key) || !room(made, EVP_MAX_MD_SIZE) ||
	    EVP_Q_digest(NULL, name, NULL, key.p, key.len, made->p, &len) != 1)
		return false;
	made->len = len;
	return true;
}

/* One MAC over the input; the field mac_len or tag_bits says how much of it is given. */
static bool mac(struct record *job, const char *type, const char *param, const char *value,
		struct bytes *made)
{
	struct bytes in, key, iv;
	OSSL_PARAM params[3];
	size_t n = 0, len = 0;
	CK_ULONG want = 0, bits = 0;

	if (!record_bytes(job, "in", &in) || !lib_secret(job, "key", &key) ||
	    !record_bytes(job, "iv", &iv) || !record_number(job, "mac_len", 0, &want) ||
	    !record_number(job, "tag_bits", 0, &bits))
		return false;
	if (value)
		params[n++] = OSSL_PARAM_construct_utf8_string(
			param, pool_text(value, strlen(value)), 0);
	if (iv.len)
		params[n++] = OSSL_PARAM_construct_octet_string(OSSL_MAC_PARAM_IV, iv.p, iv.len);
	params[n] = OSSL_PARAM_construct_end();
	room(made, EVP_MAX_MD_SIZE);
	if (!EVP_Q_mac(NULL, type, NULL, NULL, params, key.p, key.len, in.p, in.len, made->p,
		       made->len, &len))
		return false;
	made->len = want ? want : bits ? bits / 8 : len;
	return made->len <= len;
}

static bool make_hmac(struct record *job, const char *arg, struct bytes *made)
{
	(void)arg;
	return mac(job, "HMAC", OSSL_MAC_PARAM_DIGEST, lib_digest_name(job->head), made);
}

/* An algorithm's name for the length of the key: "AES-%lu-CBC". */
static bool sized_name(struct record *job, const char *format, CK_ULONG parts, char name[64])
{
	const char *percent = strchr(format, '%');
	struct bytes key;

	if (!lib_secret(job, "key", &key))
		return false;
	if (!percent)
		snprintf(name, 64, "%s", format);
	else
		snprintf(name, 64, "%.*s%lu%s", (int)(percent - format), format,
			 key.len * 8 / parts, percent + 1);
	return true;
}

static bool make_cmac(struct record *job, const char *arg, struct bytes *made)
{
	char name[64];

	return sized_name(job, arg, 1, name) && mac(job, "CMAC", OSSL_MAC_PARAM_CIPHER, name, made);
}

static bool make_gmac(struct record *job, const char *arg, struct bytes *made)
{
	char name[64];

	return sized_name(job, arg, 1, name) && mac(job, "GMAC", OSSL_MAC_PARAM_CIPHER, name, made);
}

static bool make_poly1305(struct record *job, const char *arg, struct bytes *made)
{
	return mac(job, arg, NULL, NULL, made);
}

/* --- ciphers ------------------------------------------------------------ */

/* What a cipher gets; the tag of authenticated ones follows the text. */
struct run_cipher {
	const char *name;
	struct bytes key, iv, aad, in;
	size_t tag;
	bool padding;
	bool lengths_first;		/* CCM: lengths before the key and the data */
};

static bool cipher_begin(EVP_CIPHER_CTX *ctx, const EVP_CIPHER *cipher, const struct run_cipher *c)
{
	int n = 0;

	EVP_CIPHER_CTX_set_flags(ctx, EVP_CIPHER_CTX_FLAG_WRAP_ALLOW);
	if (EVP_EncryptInit_ex2(ctx, cipher, NULL, NULL, NULL) != 1)
		return false;
	if (c->tag && EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_SET_IVLEN, (int)c->iv.len, NULL) != 1)
		return false;
	if (c->lengths_first &&
	    EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_SET_TAG, (int)c->tag, NULL) != 1)
		return false;
	if (EVP_EncryptInit_ex2(ctx, NULL, c->key.p, c->iv.len ? c->iv.p : NULL, NULL) != 1)
		return false;
	EVP_CIPHER_CTX_set_padding(ctx, c->padding);
	if (c->lengths_first && EVP_EncryptUpdate(ctx, NULL, &n, NULL, (int)c->in.len) != 1)
		return false;
	return !c->aad.len || EVP_EncryptUpdate(ctx, NULL, &n, c->aad.p, (int)c->aad.len) == 1;
}

static bool encrypt(const struct run_cipher *c, struct bytes *made)
{
	EVP_CIPHER *cipher = EVP_CIPHER_fetch(NULL, c->name, NULL);
	EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
	int n = 0, last = 0;
	bool ok = room(made, c->in.len) && cipher && cipher_begin(ctx, cipher, c);

	/* CCM takes even an empty text */
	if (ok && (c->in.len || c->lengths_first))
		ok = EVP_EncryptUpdate(ctx, made->p, &n, c->in.p, (int)c->in.len) == 1;
	ok = ok && EVP_EncryptFinal_ex(ctx, made->p + n, &last) == 1 &&
	     (!c->tag || EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_GET_TAG, (int)c->tag,
					     made->p + n + last) == 1);
	made->len = (CK_ULONG)(n + last) + c->tag;
	EVP_CIPHER_CTX_free(ctx);
	EVP_CIPHER_free(cipher);
	return ok;
}

/* Three keys of one or two: the first is the last, too, and one alone all three. */
static struct bytes des3_key(struct bytes key)
{
	struct bytes three = bytes_copy(key.p, key.len, 16);

	if (key.len == 8)
		memcpy(three.p + 8, key.p, 8);
	memcpy(three.p + 16, key.p, 8);
	three.len = 24;
	return three;
}

/* The input field, or for wrapping the target's value. */
static bool cipher_fields(struct record *job, struct run_cipher *c)
{
	bool wraps = job->op == OP_WRAP;

	if (!lib_secret(job, "key", &c->key))
		return false;
	if (c->key.len < 24 && strncmp(c->name, "DES", 3) == 0)
		c->key = des3_key(c->key);
	return record_bytes(job, "iv", &c->iv) &&
	       record_bytes(job, "aad", &c->aad) &&
	       (wraps ? lib_secret(job, "target", &c->in) : record_bytes(job, "in", &c->in));
}

static bool make_cipher(struct record *job, const char *arg, struct bytes *made)
{
	struct run_cipher c = { .padding = strstr(job->head, "_PAD") };
	char name[64];

	c.name = name;
	return sized_name(job, arg, strstr(arg, "XTS") ? 2 : 1, name) && cipher_fields(job, &c) &&
	       encrypt(&c, made);
}

static bool make_aead(struct record *job, const char *arg, struct bytes *made)
{
	bool ccm = strstr(arg, "CCM"), gcm = strstr(arg, "GCM");
	struct run_cipher c = { .tag = 16, .lengths_first = ccm };
	CK_ULONG tag = 0;
	char name[64];

	c.name = name;
	if (!sized_name(job, arg, 1, name) || !cipher_fields(job, &c) ||
	    !(gcm ? record_number(job, "tag_bits", 128, &tag) :
		    record_number(job, "mac_len", 16, &tag)))
		return false;
	c.tag = gcm ? tag / 8 : tag;
	return (gcm || record_bytes(job, "nonce", &c.iv)) && encrypt(&c, made);
}

/* The IV is the counter, then the nonce. */
static bool make_chacha20(struct record *job, const char *arg, struct bytes *made)
{
	struct run_cipher c = { .name = arg };
	struct bytes counter, nonce;

	if (!cipher_fields(job, &c) || !record_bytes(job, "counter", &counter) ||
	    !record_bytes(job, "nonce", &nonce))
		return false;
	c.iv = bytes_copy(counter.p, counter.len, nonce.len);
	memcpy(c.iv.p + c.iv.len, nonce.p, nonce.len);
	c.iv.len += nonce.len;
	return encrypt(&c, made);
}

/* CKM_AES_CBC_ENCRYPT_DATA and its kin: the ciphertext is the key. */
static bool make_encrypt_data(struct record *job, const char *arg, struct bytes *made)
{
	struct run_cipher c = { .padding = false };
	char name[64];

	c.name = name;
	return sized_name(job, arg, 1, name) && cipher_fields(job, &c) &&
	       record_bytes(job, "data", &c.in) && encrypt(&c, made);
}

/* --- KDFs --------------------------------------------------------------- */

/* The length that the job's `want` or `CKA_VALUE_LEN` asks for. */
static bool want_len(struct record *job, CK_ULONG *out)
{
	const char *want = record_text(job, "want", 0);
	const char *blank = want ? strrchr(want, ' ') : NULL;

	return blank && sscanf(blank, "%lu", out) == 1;
}

static bool make_hkdf(struct record *job, const char *arg, struct bytes *made)
{
	EVP_KDF *kdf = EVP_KDF_fetch(NULL, arg, NULL);
	EVP_KDF_CTX *ctx = EVP_KDF_CTX_new(kdf);
	const char *md = lib_digest_field(job, "hash", "SHA256");
	struct bytes key, salt, info;
	CK_ULONG len = 0;
	bool ok = false;

	if (ctx && lib_secret(job, "key", &key) && record_bytes(job, "salt", &salt) &&
	    record_bytes(job, "info", &info) && want_len(job, &len) && room(made, len)) {
		OSSL_PARAM params[] = {
			OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST,
							 pool_text(md, strlen(md)), 0),
			OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_KEY, key.p, key.len),
			OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_SALT, salt.p, salt.len),
			OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_INFO, info.p, info.len),
			OSSL_PARAM_construct_end(),
		};

		made->len = len;
		ok = EVP_KDF_derive(ctx, made->p, len, params) == 1;
	}
	EVP_KDF_CTX_free(ctx);
	EVP_KDF_free(kdf);
	return ok;
}

/* --- the table ---------------------------------------------------------- */

/* The first match counts. */
const struct lib_row lib_secret_rows[] = {
	{ "*_KEY_DERIVATION", make_key_digest, NULL, NULL },
	{ "CKM_*_HMAC*", make_hmac, NULL, NULL },
	{ "CKM_AES_CMAC*", make_cmac, NULL, "AES-%-CBC" },
	{ "CKM_DES3_CMAC*", make_cmac, NULL, "DES-EDE3-CBC" },
	{ "CKM_AES_GMAC", make_gmac, NULL, "AES-%-GCM" },
	{ "CKM_POLY1305", make_poly1305, NULL, "POLY1305" },
	{ "CKM_AES_ECB_ENCRYPT_DATA", make_encrypt_data, NULL, "AES-%-ECB" },
	{ "CKM_AES_CBC_ENCRYPT_DATA", make_encrypt_data, NULL, "AES-%-CBC" },
	{ "CKM_DES*_ECB_ENCRYPT_DATA", make_encrypt_data, NULL, "DES-EDE3" },
	{ "CKM_DES*_CBC_ENCRYPT_DATA", make_encrypt_data, NULL, "DES-EDE3-CBC" },
	{ "CKM_AES_ECB", make_cipher, NULL, "AES-%-ECB" },
	{ "CKM_AES_CBC*", make_cipher, NULL, "AES-%-CBC" },
	{ "CKM_AES_CTR", make_cipher, NULL, "AES-%-CTR" },
	{ "CKM_AES_OFB", make_cipher, NULL, "AES-%-OFB" },
	{ "CKM_AES_CFB128", make_cipher, NULL, "AES-%-CFB" },
	{ "CKM_AES_CFB8", make_cipher, NULL, "AES-%-CFB8" },
	{ "CKM_AES_CFB1", make_cipher, NULL, "AES-%-CFB1" },
	{ "CKM_AES_CTS", make_cipher, NULL, "AES-%-CBC-CTS" },
	{ "CKM_AES_XTS", make_cipher, NULL, "AES-%-XTS" },
	{ "CKM_AES_KEY_WRAP", make_cipher, NULL, "AES-%-WRAP" },
	{ "CKM_AES_KEY_WRAP_*", make_cipher, NULL, "AES-%-WRAP-PAD" },
	{ "CKM_DES*_ECB", make_cipher, NULL, "DES-EDE3" },
	{ "CKM_DES*_CBC*", make_cipher, NULL, "DES-EDE3-CBC" },
	{ "CKM_AES_GCM", make_aead, NULL, "AES-%-GCM" },
	{ "CKM_AES_CCM", make_aead, NULL, "AES-%-CCM" },
	{ "CKM_CHACHA20_POLY1305", make_aead, NULL, "ChaCha20-Poly1305" },
	{ "CKM_CHACHA20", make_chacha20, NULL, "ChaCha20" },
	{ "CKM_HKDF_DERIVE", make_hkdf, NULL, "HKDF" },
	{ "CKM_MD5", make_digest, NULL, NULL },
	{ "CKM_RIPEMD160", make_digest, NULL, NULL },
	{ "CKM_SHA_1", make_digest, NULL, NULL },
	{ "CKM_SHA[0-9]*[0-9]", make_digest, NULL, NULL },
};

const size_t lib_secret_count = LENGTH(lib_secret_rows);
