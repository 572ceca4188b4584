/*
 * The same operations with libcrypto alone: keys, algorithms and contexts are
 * made once, and an operation does nothing but what must be done each time.
 */
#include "config.h"

#include "bench/crypto.h"

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/rsa.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct raw {
	EVP_PKEY *key;
	EVP_PKEY_CTX *pkey;
	EVP_MD_CTX *md, *one_shot;
	EVP_CIPHER_CTX *cipher;
	EVP_MAC_CTX *mac;
	EVP_MD *sha256;
	bool again;		/* a one-shot signature needs a new Init */
	unsigned char *in, *out, iv[16], hash[32];
	size_t in_len, out_len, room;
};

static CK_RV good(struct run *r, const char *what, bool ok)
{
	return ok ? CKR_OK : failed(r, what, BENCH_SYSTEM);
}

/* --- keys --------------------------------------------------------------- */

static EVP_PKEY *generate_key(enum key_id id)
{
	switch (id) {
	case KEY_RSA2048:
		return EVP_RSA_gen(2048);
	case KEY_RSA4096:
		return EVP_RSA_gen(4096);
	case KEY_P256:
		return EVP_EC_gen("P-256");
	default:
		return EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
	}
}

static bool key_write(const char *dir, enum key_id id)
{
	EVP_PKEY *key = generate_key(id);
	char path[4096];
	FILE *f;
	bool ok;

	snprintf(path, sizeof(path), "%s/%s.pem", dir, key_name(id));
	f = fopen(path, "w");
	ok = key != NULL && f != NULL && PEM_write_PrivateKey(f, key, NULL, NULL, 0, NULL, NULL);
	if (f != NULL && fclose(f) != 0)
		ok = false;
	EVP_PKEY_free(key);
	return ok;
}

CK_RV raw_fixture(const char *dir)
{
	for (int id = KEY_RSA2048; id <= KEY_ED25519; id++)
		if (!key_write(dir, (enum key_id)id))
			return BENCH_SYSTEM;
	return CKR_OK;
}

static EVP_PKEY *key_read(const char *dir, enum key_id id)
{
	EVP_PKEY *key;
	char path[4096];
	FILE *f;

	snprintf(path, sizeof(path), "%s/raw/keys/%s.pem", dir, key_name(id));
	f = fopen(path, "r");
	if (f == NULL)
		return NULL;
	key = PEM_read_PrivateKey(f, NULL, NULL, NULL);
	fclose(f);
	return key;
}

static CK_RV start(struct run *r, struct raw **out)
{
	const struct crypto_arg *a = r->arg;
	struct raw *w = state_new(r, sizeof(*w));

	*out = w;
	w->in_len = a->size;
	w->room = a->size + 1024;
	w->in = calloc(1, w->room);
	w->out = calloc(1, w->room);
	w->md = EVP_MD_CTX_new();
	w->sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
	if (w->in == NULL || w->out == NULL || w->md == NULL || w->sha256 == NULL ||
	    !EVP_DigestInit_ex2(w->md, w->sha256, NULL))
		return failed(r, "start", BENCH_SYSTEM);
	if (a->key == KEY_NONE || a->key >= KEY_AES)
		return CKR_OK;
	w->key = key_read(r->setup->dir, a->key);
	w->pkey = w->key != NULL ? EVP_PKEY_CTX_new_from_pkey(NULL, w->key, NULL) : NULL;
	return good(r, "key", w->pkey != NULL);
}

/* --- signatures --------------------------------------------------------- */

static bool hashes(const struct crypto_arg *a)
{
	return a->mechanism != CKM_ECDSA;
}

/* The 32 bytes that are signed. */
static const unsigned char *hash(struct raw *w, const struct crypto_arg *a)
{
	if (!hashes(a))
		return w->in;
	if (!EVP_DigestInit_ex2(w->md, NULL, NULL) ||
	    !EVP_DigestUpdate(w->md, w->in, w->in_len) ||
	    !EVP_DigestFinal_ex(w->md, w->hash, NULL))
		return NULL;
	return w->hash;
}

static CK_RV sign_pkey(struct run *r)
{
	struct raw *w = r->state;
	const unsigned char *h = hash(w, r->arg);
	size_t len = w->room;

	return good(r, "EVP_PKEY_sign",
		    h != NULL && EVP_PKEY_sign(w->pkey, w->out, &len, h, 32) == 1);
}

/* Later versions want a new Init for each signature. */
static CK_RV sign_one_shot(struct run *r)
{
	struct raw *w = r->state;
	size_t len = w->room;

	if (w->again && !EVP_DigestSignInit_ex(w->one_shot, NULL, NULL, NULL, NULL, w->key, NULL))
		return failed(r, "EVP_DigestSignInit_ex", BENCH_SYSTEM);
	return good(r, "EVP_DigestSign",
		    EVP_DigestSign(w->one_shot, w->out, &len, w->in, w->in_len) == 1);
}

static CK_RV sign_mac(struct run *r)
{
	struct raw *w = r->state;
	size_t len = 0;

	return good(r, "EVP_MAC", EVP_MAC_init(w->mac, NULL, 0, NULL) &&
		    EVP_MAC_update(w->mac, w->in, w->in_len) &&
		    EVP_MAC_final(w->mac, w->out, &len, w->room));
}

static CK_RV raw_sign_op(struct run *r)
{
	struct raw *w = r->state;

	if (w->mac != NULL)
		return sign_mac(r);
	return w->one_shot != NULL ? sign_one_shot(r) : sign_pkey(r);
}

static bool set_padding(EVP_PKEY_CTX *ctx, const struct raw *w, CK_MECHANISM_TYPE mechanism)
{
	if (!EVP_PKEY_is_a(w->key, "RSA"))
		return true;
	if (mechanism != CKM_SHA256_RSA_PKCS_PSS)
		return EVP_PKEY_CTX_set_signature_md(ctx, w->sha256) > 0;
	return EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PSS_PADDING) > 0 &&
	       EVP_PKEY_CTX_set_signature_md(ctx, w->sha256) > 0 &&
	       EVP_PKEY_CTX_set_rsa_pss_saltlen(ctx, 32) > 0;
}

static CK_RV start_mac(struct run *r, struct raw *w)
{
	static const unsigned char key[32] = { 1 };
	char name[] = "SHA256";
	OSSL_PARAM p[] = { OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, name, 0),
			   OSSL_PARAM_construct_end() };
	EVP_MAC *mac = EVP_MAC_fetch(NULL, "HMAC", NULL);

	w->mac = mac != NULL ? EVP_MAC_CTX_new(mac) : NULL;
	return good(r, "EVP_MAC_init",
		    w->mac != NULL && EVP_MAC_init(w->mac, key, sizeof(key), p));
}

static CK_RV start_one_shot(struct run *r, struct raw *w)
{
	w->one_shot = EVP_MD_CTX_new();
	if (w->one_shot == NULL ||
	    !EVP_DigestSignInit_ex(w->one_shot, NULL, NULL, NULL, NULL, w->key, NULL))
		return failed(r, "EVP_DigestSignInit_ex", BENCH_SYSTEM);
	if (sign_one_shot(r) == CKR_OK && sign_one_shot(r) == CKR_OK)
		return CKR_OK;
	w->again = true;
	r->failed = NULL;
	return sign_one_shot(r);
}

static CK_RV sign_start(struct run *r)
{
	const struct crypto_arg *a = r->arg;
	struct raw *w;
	CK_RV rv = start(r, &w);

	if (rv != CKR_OK)
		return rv;
	if (a->key == KEY_HMAC)
		return start_mac(r, w);
	if (a->key == KEY_ED25519)
		return start_one_shot(r, w);
	if (EVP_PKEY_sign_init(w->pkey) != 1 || !set_padding(w->pkey, w, a->mechanism))
		return failed(r, "EVP_PKEY_sign_init", BENCH_SYSTEM);
	return sign_pkey(r);
}

const struct job raw_sign = { .start = sign_start, .op = raw_sign_op };

static CK_RV verify(struct run *r)
{
	struct raw *w = r->state;
	const unsigned char *h = hash(w, r->arg);

	return good(r, "EVP_PKEY_verify", h != NULL &&
		    EVP_PKEY_verify(w->pkey, w->out, w->out_len, h, 32) == 1);
}

static CK_RV verify_start(struct run *r)
{
	const struct crypto_arg *a = r->arg;
	struct raw *w;
	const unsigned char *h;
	CK_RV rv = start(r, &w);

	if (rv != CKR_OK)
		return rv;
	h = hash(w, a);
	w->out_len = w->room;
	if (h == NULL || EVP_PKEY_sign_init(w->pkey) != 1 ||
	    !set_padding(w->pkey, w, a->mechanism) ||
	    EVP_PKEY_sign(w->pkey, w->out, &w->out_len, h, 32) != 1 ||
	    EVP_PKEY_verify_init(w->pkey) != 1 || !set_padding(w->pkey, w, a->mechanism))
		return failed(r, "EVP_PKEY_verify_init", BENCH_SYSTEM);
	return verify(r);
}

const struct job raw_verify = { .start = verify_start, .op = verify };

/* --- ciphers ------------------------------------------------------------ */

static CK_RV encrypt(struct run *r)
{
	const struct crypto_arg *a = r->arg;
	struct raw *w = r->state;
	int len = 0, last = 0;
	bool ok;

	w->iv[0]++;
	ok = EVP_EncryptInit_ex2(w->cipher, NULL, NULL, w->iv, NULL) &&
	     EVP_EncryptUpdate(w->cipher, w->out, &len, w->in, (int)w->in_len) &&
	     EVP_EncryptFinal_ex(w->cipher, w->out + len, &last);
	if (ok && a->mechanism == CKM_AES_GCM)
		ok = EVP_CIPHER_CTX_ctrl(w->cipher, EVP_CTRL_AEAD_GET_TAG, GCM_TAG,
					 w->out + len + last) == 1;
	return good(r, "EVP_Encrypt", ok);
}

static CK_RV encrypt_start(struct run *r)
{
	static const unsigned char key[32] = { 1 };
	const struct crypto_arg *a = r->arg;
	const char *name = a->mechanism == CKM_AES_GCM ? "AES-256-GCM" :
			   a->mechanism == CKM_AES_CTR ? "AES-256-CTR" : "AES-256-CBC";
	struct raw *w;
	EVP_CIPHER *cipher = EVP_CIPHER_fetch(NULL, name, NULL);
	CK_RV rv = start(r, &w);

	w->cipher = EVP_CIPHER_CTX_new();
	if (rv != CKR_OK || cipher == NULL || w->cipher == NULL ||
	    !EVP_EncryptInit_ex2(w->cipher, cipher, key, w->iv, NULL))
		return failed(r, "EVP_EncryptInit_ex2", BENCH_SYSTEM);
	return encrypt(r);
}

const struct job raw_encrypt = { .start = encrypt_start, .op = encrypt };

static CK_RV decrypt(struct run *r)
{
	struct raw *w = r->state;
	unsigned char plain[1024];
	size_t len = sizeof(plain);

	return good(r, "EVP_PKEY_decrypt",
		    EVP_PKEY_decrypt(w->pkey, plain, &len, w->out, w->out_len) == 1 &&
		    len == w->in_len && memcmp(plain, w->in, len) == 0);
}

static CK_RV decrypt_start(struct run *r)
{
	struct raw *w;
	CK_RV rv = start(r, &w);

	if (rv != CKR_OK)
		return rv;
	w->out_len = w->room;
	if (EVP_PKEY_encrypt_init(w->pkey) != 1 ||
	    EVP_PKEY_CTX_set_rsa_padding(w->pkey, RSA_PKCS1_OAEP_PADDING) <= 0 ||
	    EVP_PKEY_encrypt(w->pkey, w->out, &w->out_len, w->in, w->in_len) != 1 ||
	    EVP_PKEY_decrypt_init(w->pkey) != 1 ||
	    EVP_PKEY_CTX_set_rsa_padding(w->pkey, RSA_PKCS1_OAEP_PADDING) <= 0)
		return failed(r, "EVP_PKEY_decrypt_init", BENCH_SYSTEM);
	return decrypt(r);
}

const struct job raw_decrypt = { .start = decrypt_start, .op = decrypt };

/* --- the others --------------------------------------------------------- */

static CK_RV digest(struct run *r)
{
	struct raw *w = r->state;

	return good(r, "EVP_Digest", EVP_DigestInit_ex2(w->md, NULL, NULL) &&
		    EVP_DigestUpdate(w->md, w->in, w->in_len) &&
		    EVP_DigestFinal_ex(w->md, w->hash, NULL));
}

static CK_RV plain_start(struct run *r)
{
	struct raw *w;

	return start(r, &w);
}

const struct job raw_digest = { .start = plain_start, .op = digest };

static CK_RV random_bytes(struct run *r)
{
	struct raw *w = r->state;

	return good(r, "RAND_bytes", RAND_bytes(w->out, (int)w->in_len) == 1);
}

const struct job raw_random = { .start = plain_start, .op = random_bytes };

/* Both sides are there as keys; the check of the other one belongs to its decoding. */
static CK_RV derive(struct run *r)
{
	struct raw *w = r->state;
	size_t len = w->room;

	return good(r, "EVP_PKEY_derive", EVP_PKEY_derive(w->pkey, w->out, &len) == 1);
}

static CK_RV derive_start(struct run *r)
{
	struct raw *w;
	CK_RV rv = start(r, &w);

	if (rv != CKR_OK)
		return rv;
	if (EVP_PKEY_derive_init(w->pkey) != 1 ||
	    EVP_PKEY_derive_set_peer(w->pkey, w->key) != 1)
		return failed(r, "EVP_PKEY_derive_init", BENCH_SYSTEM);
	return derive(r);
}

const struct job raw_derive = { .start = derive_start, .op = derive };

static CK_RV generate(struct run *r)
{
	const struct crypto_arg *a = r->arg;
	struct raw *w = r->state;
	EVP_PKEY *key = NULL;
	bool ok;

	if (a->key == KEY_AES)
		return good(r, "RAND_priv_bytes", RAND_priv_bytes(w->out, 32) == 1);
	ok = EVP_PKEY_generate(w->pkey, &key) == 1;
	EVP_PKEY_free(key);
	return good(r, "EVP_PKEY_generate", ok);
}

static CK_RV generate_start(struct run *r)
{
	const struct crypto_arg *a = r->arg;
	struct raw *w;
	CK_RV rv = start(r, &w);

	if (rv == CKR_OK && a->key != KEY_AES)
		rv = good(r, "EVP_PKEY_keygen_init", EVP_PKEY_keygen_init(w->pkey) == 1);
	return rv == CKR_OK ? generate(r) : rv;
}

const struct job raw_generate = { .start = generate_start, .op = generate };

/* The chain of digests between a PIN and its key; its mean length. */
static CK_RV login(struct run *r)
{
	struct raw *w = r->state;

	for (int i = 0; i < 1628; i++)
		if (!EVP_DigestInit_ex2(w->md, NULL, NULL) ||
		    !EVP_DigestUpdate(w->md, w->hash, 32) ||
		    !EVP_DigestFinal_ex(w->md, w->hash, NULL))
			return failed(r, "EVP_Digest", BENCH_SYSTEM);
	return CKR_OK;
}

const struct job raw_login = { .start = plain_start, .op = login };
