#include "config.h"

#include "stress/vault.h"

#include <ftw.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <openssl/rsa.h>

#include "stress/stress.h"

#define PIN_CHARS	48

/* --- making ------------------------------------------------------------ */

static bool put_number(struct vault *v, enum secret id, const EVP_PKEY *key, const char *name)
{
	CK_BYTE bytes[SECRET_MAX];
	BIGNUM *n = NULL;
	int len = 0;

	if (EVP_PKEY_get_bn_param(key, name, &n) != 1)
		return false;
	len = BN_bn2bin(n, bytes);
	mask(&v->values[id], name, bytes, (size_t)len);
	BN_free(n);
	return true;
}

static bool put_rsa(struct vault *v)
{
	EVP_PKEY *key = EVP_RSA_gen(2048);
	bool ok = key && put_number(v, RSA_N, key, OSSL_PKEY_PARAM_RSA_N) &&
		  put_number(v, RSA_E, key, OSSL_PKEY_PARAM_RSA_E) &&
		  put_number(v, RSA_D, key, OSSL_PKEY_PARAM_RSA_D) &&
		  put_number(v, RSA_P, key, OSSL_PKEY_PARAM_RSA_FACTOR1) &&
		  put_number(v, RSA_Q, key, OSSL_PKEY_PARAM_RSA_FACTOR2) &&
		  put_number(v, RSA_DP, key, OSSL_PKEY_PARAM_RSA_EXPONENT1) &&
		  put_number(v, RSA_DQ, key, OSSL_PKEY_PARAM_RSA_EXPONENT2) &&
		  put_number(v, RSA_QI, key, OSSL_PKEY_PARAM_RSA_COEFFICIENT1);

	EVP_PKEY_free(key);
	return ok;
}

static bool put_curves(struct vault *v)
{
	CK_BYTE raw[32];
	size_t len = sizeof(raw);
	EVP_PKEY *ec = EVP_EC_gen("P-256"), *ed = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
	bool ok = ec && ed && put_number(v, EC_D, ec, OSSL_PKEY_PARAM_PRIV_KEY) &&
		  EVP_PKEY_get_raw_private_key(ed, raw, &len) == 1;

	if (ok)
		mask(&v->values[ED_D], "ED25519", raw, len);
	EVP_PKEY_free(ec);
	EVP_PKEY_free(ed);
	return ok;
}

static bool put_random(struct vault *v, enum secret id, const char *name, size_t len)
{
	CK_BYTE raw[SECRET_MAX];

	if (RAND_bytes(raw, (int)len) != 1)
		return false;
	mask(&v->values[id], name, raw, len);
	return true;
}

static bool put_pin(struct vault *v, enum secret id, const char *name)
{
	CK_BYTE raw[PIN_CHARS];

	if (RAND_bytes(raw, sizeof(raw)) != 1)
		return false;
	for (size_t i = 0; i < sizeof(raw); i++)
		raw[i] = (CK_BYTE)('A' + raw[i] % 58);
	mask(&v->values[id], name, raw, sizeof(raw));
	return true;
}

int vault_child_fill(void)
{
	struct vault *v = shared_open(sizeof(*v));
	bool ok = v && put_rsa(v) && put_curves(v) && put_random(v, AES_VALUE, "AES key", 32) &&
		  put_random(v, GENERIC_VALUE, "generic secret", 64) &&
		  put_pin(v, SO_PIN_FIRST, "first SO PIN") &&
		  put_pin(v, SO_PIN_LAST, "last SO PIN") &&
		  put_pin(v, USER_PIN_FIRST, "first user PIN") &&
		  put_pin(v, USER_PIN_LAST, "last user PIN") && put_pin(v, PIN_WRONG, "wrong PIN");

	return ok ? 0 : 1;
}

struct vault *vault_make(void)
{
	struct vault *v = shared_make(sizeof(*v));

	return v && child_run("fill") == CKR_OK ? v : NULL;
}

/* --- the token's key ------------------------------------------------------------ */

/* As docs/STORAGE.md says it: salt, IV, and the key under the PIN's. */
#define BLOB	72
#define SALT	8
#define IV	16
#define MAGIC	"RJR"

static bool blob_opens(const CK_BYTE *blob, const struct masked *pin, CK_BYTE *key)
{
	CK_BYTE first[SALT + SECRET_MAX], digest[32], plain[BLOB];
	EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
	int n = 0, last = 0;
	bool ok = false;

	memcpy(first, blob, SALT);
	unmask(pin, first + SALT);
	EVP_Digest(first, SALT + pin->len, digest, NULL, EVP_sha256(), NULL);
	for (unsigned i = 1; i < 1500U + blob[SALT - 1]; i++)
		EVP_Digest(digest, sizeof(digest), digest, NULL, EVP_sha256(), NULL);
	ok = EVP_DecryptInit_ex(ctx, EVP_aes_256_cbc(), NULL, digest, blob + SALT) == 1 &&
	     EVP_DecryptUpdate(ctx, plain, &n, blob + SALT + IV, BLOB - SALT - IV) == 1 &&
	     EVP_DecryptFinal_ex(ctx, plain + n, &last) == 1 && n + last == 35 &&
	     memcmp(plain, MAGIC, 3) == 0;
	if (ok)
		memcpy(key, plain + 3, 32);
	EVP_CIPHER_CTX_free(ctx);
	return ok;
}

static struct vault *opening;

/* The length of the blob is in front: as the file store writes it, or as SQLite does. */
static bool may_be_blob(const CK_BYTE *file, size_t at)
{
	static const CK_BYTE length[8] = { 0, 0, 0, 0, 0, 0, 0, BLOB };

	if (at >= sizeof(length) && memcmp(file + at - sizeof(length), length, 8) == 0)
		return true;
	for (size_t back = 2; back <= 24 && back <= at; back++)
		if (file[at - back] == 0x81 && file[at - back + 1] == 0x1c)
			return true;
	return false;
}

static int token_key_search(const char *path, const struct stat *st, int kind, struct FTW *ftw)
{
	size_t size = kind == FTW_F ? (size_t)st->st_size : 0, found = 0;
	CK_BYTE *bytes = malloc(size + 1), key[32];
	FILE *f = fopen(path, "rb");

	(void)ftw;
	if (f && bytes && fread(bytes, 1, size, f) == size)
		for (size_t at = 0; at + BLOB <= size && !found; at++)
			if (may_be_blob(bytes, at) &&
			    blob_opens(bytes + at, &opening->values[USER_PIN_LAST], key))
				found = at;
	if (found)
		mask(&opening->values[TOKEN_KEY], "token key", key, sizeof(key));
	if (f)
		fclose(f);
	free(bytes);
	return found ? 1 : 0;
}

int vault_child_token_key(void)
{
	opening = shared_open(sizeof(*opening));
	return opening && nftw(opening->dir, token_key_search, 16, FTW_PHYS) == 1 ? 0 : 1;
}

bool vault_open_token(struct vault *v, const char *dir)
{
	snprintf(v->dir, sizeof(v->dir), "%s", dir);
	return child_run("token_key") == CKR_OK;
}
