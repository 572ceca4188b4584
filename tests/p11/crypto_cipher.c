#include "config.h"

#include "crypto.h"

#include <stdio.h>
#include <string.h>

#define BLOCK	16
#define TAG	16

static CK_BYTE iv[BLOCK] = { 0xf0, 0xe1, 0xd2, 0xc3, 0xb4, 0xa5, 0x96, 0x87, 0x78, 0x69, 0x5a, 0x4b,
			     0x3c, 0x2d, 0x1e, 0x0f };
static CK_BYTE aad[] = "additional data";
static CK_GCM_PARAMS gcm = { iv, 12, 96, aad, sizeof(aad), 8 * TAG };
static CK_AES_CTR_PARAMS ctr = { 128, { 0xf0, 0xe1, 0xd2, 0xc3, 0xb4, 0xa5, 0x96, 0x87, 0x78, 0x69,
					0x5a, 0x4b, 0x3c, 0x2d, 0x1e, 0x0f } };

/* --- AES, all modes and sizes ------------------------------------------- */

struct mode {
	const char *name;
	CK_MECHANISM mechanism;
	bool blocks;		/* takes whole blocks only */
	bool pads;
	size_t tag;
};

static const struct mode modes[] = {
	{ "ECB", { CKM_AES_ECB, NULL, 0 }, true, false, 0 },
	{ "CBC", { CKM_AES_CBC, iv, sizeof(iv) }, true, false, 0 },
	{ "CBC_PAD", { CKM_AES_CBC_PAD, iv, sizeof(iv) }, false, true, 0 },
	{ "CTR", { CKM_AES_CTR, &ctr, sizeof(ctr) }, false, false, 0 },
	{ "OFB", { CKM_AES_OFB, iv, sizeof(iv) }, false, false, 0 },
	{ "CFB", { CKM_AES_CFB128, iv, sizeof(iv) }, false, false, 0 },
	{ "GCM", { CKM_AES_GCM, &gcm, sizeof(gcm) }, false, false, TAG },
};

struct cipher_case {
	const struct mode *mode;
	size_t key_len;
};

/* Texts that a mode takes, among them a whole and a broken number of blocks. */
static const size_t lengths[] = { 1, 15, 16, 17, 32, 64, 100, 1000, 1024 };
static const size_t parts[] = { 1, 3, 16, 17, 40, 500 };

static bool fits(const struct mode *m, size_t len)
{
	return !m->blocks || len % BLOCK == 0;
}

/* What the module must make of the first `len` bytes of message(). */
static bool expected_text(const struct cipher_case *v, size_t len, CK_BYTE *out, size_t *out_len)
{
	char name[32];
	struct cipher how = {
		.name = name, .key = secret_value(), .iv = iv, .padding = v->mode->pads,
		.tag_len = v->mode->tag, .iv_len = v->mode->tag ? 12 : BLOCK,
		.aad = aad, .aad_len = v->mode->tag ? sizeof(aad) : 0,
	};

	snprintf(name, sizeof(name), "AES-%zu-%.3s", 8 * v->key_len, v->mode->name);
	return peer_cipher(&how, message(), len, out, out_len);
}

struct direction {
	CK_C_EncryptInit init;
	CK_C_Encrypt single;
	CK_C_EncryptUpdate update;
	CK_C_EncryptFinal final;
};

static struct direction direction(bool encrypt)
{
	if (encrypt)
		return (struct direction){ p11->C_EncryptInit, p11->C_Encrypt, p11->C_EncryptUpdate,
					   p11->C_EncryptFinal };
	return (struct direction){ p11->C_DecryptInit, p11->C_Decrypt, p11->C_DecryptUpdate,
				   p11->C_DecryptFinal };
}

static CK_RV cipher_init(struct ctx *c, bool encrypt)
{
	const struct cipher_case *v = c->arg;
	CK_MECHANISM m = v->mode->mechanism;
	CK_OBJECT_HANDLE key = 0;
	CK_RV rv = secret_make(c->s, CKK_AES, v->key_len, NULL, &key);

	return rv == CKR_OK ? direction(encrypt).init(c->s, &m, key) : rv;
}

/* Both texts of a length: into[0] is what goes in, into[1] what must come out. */
struct texts {
	CK_BYTE *in;
	const CK_BYTE *out;
	size_t in_len, out_len;
	CK_BYTE cipher[MESSAGE_MAX + 64];
};

static bool texts_make(const struct cipher_case *v, size_t len, bool encrypt, struct texts *t)
{
	size_t cipher_len = 0;

	if (!expected_text(v, len, t->cipher, &cipher_len))
		return false;
	t->in = encrypt ? message() : t->cipher;
	t->in_len = encrypt ? len : cipher_len;
	t->out = encrypt ? t->cipher : message();
	t->out_len = encrypt ? cipher_len : len;
	return true;
}

static CK_RV one_in_one(struct ctx *c, size_t len, bool encrypt)
{
	CK_BYTE out[MESSAGE_MAX + 64];
	CK_ULONG out_len = sizeof(out);
	struct texts t;
	CK_RV rv = texts_make(c->arg, len, encrypt, &t) ? cipher_init(c, encrypt) : ROW_BROKEN;

	if (rv == CKR_OK)
		rv = direction(encrypt).single(c->s, t.in, t.in_len, out, &out_len);
	return rv == CKR_OK ? want(out_len == t.out_len && memcmp(out, t.out, out_len) == 0) : rv;
}

static CK_RV one_in_parts(struct ctx *c, size_t len, size_t part, bool encrypt)
{
	CK_BYTE out[MESSAGE_MAX + 64];
	CK_ULONG n = 0, out_len = 0;
	struct direction d = direction(encrypt);
	struct texts t;
	CK_RV rv = texts_make(c->arg, len, encrypt, &t) ? cipher_init(c, encrypt) : ROW_BROKEN;

	for (size_t at = 0; rv == CKR_OK && at < t.in_len; at += part) {
		n = sizeof(out) - out_len;
		rv = d.update(c->s, t.in + at, part < t.in_len - at ? part : t.in_len - at,
			      out + out_len, &n);
		out_len += n;
	}
	n = sizeof(out) - out_len;
	if (rv == CKR_OK)
		rv = d.final(c->s, out + out_len, &n);
	out_len += n;
	return rv == CKR_OK ? want(out_len == t.out_len && memcmp(out, t.out, out_len) == 0) : rv;
}

static CK_RV all_in_one(struct ctx *c, bool encrypt)
{
	const struct cipher_case *v = c->arg;
	CK_RV rv = CKR_OK;

	for (size_t i = 0; rv == CKR_OK && i < LENGTH(lengths); i++)
		if (fits(v->mode, lengths[i]))
			rv = one_in_one(c, lengths[i], encrypt);
	return rv;
}

static CK_RV all_in_parts(struct ctx *c, bool encrypt)
{
	const struct cipher_case *v = c->arg;
	CK_RV rv = CKR_OK;

	for (size_t i = 0; i < LENGTH(lengths); i++)
		for (size_t j = 0; rv == CKR_OK && j < LENGTH(parts); j++)
			if (fits(v->mode, lengths[i]))
				rv = one_in_parts(c, lengths[i], parts[j], encrypt);
	return rv;
}

static CK_RV encrypt_all(struct ctx *c)
{
	return all_in_one(c, true);
}

static CK_RV decrypt_all(struct ctx *c)
{
	return all_in_one(c, false);
}

static CK_RV encrypt_parts(struct ctx *c)
{
	return all_in_parts(c, true);
}

static CK_RV decrypt_parts(struct ctx *c)
{
	return all_in_parts(c, false);
}

/* Asking for the size, and too little room, leave the operation as it was. */
static CK_RV cipher_two_calls(struct ctx *c, bool encrypt)
{
	CK_BYTE out[MESSAGE_MAX + 64];
	CK_ULONG size = 0, small = 0, out_len = sizeof(out);
	struct direction d = direction(encrypt);
	struct texts t;
	CK_RV rv = texts_make(c->arg, 64, encrypt, &t) ? cipher_init(c, encrypt) : ROW_BROKEN;
	CK_RV short_answer = CKR_OK;

	if (rv == CKR_OK)
		rv = d.single(c->s, t.in, t.in_len, NULL, &size);
	if (rv == CKR_OK)
		rv = want(size >= t.out_len && size <= t.out_len + BLOCK + TAG);
	small = t.out_len - 1;
	if (rv == CKR_OK)
		short_answer = d.single(c->s, t.in, t.in_len, out, &small);
	if (rv == CKR_OK)
		rv = want(short_answer == CKR_BUFFER_TOO_SMALL && small >= t.out_len);
	if (rv == CKR_OK)
		rv = d.single(c->s, t.in, t.in_len, out, &out_len);
	return rv == CKR_OK ? want(out_len == t.out_len && memcmp(out, t.out, out_len) == 0) : rv;
}

static CK_RV encrypt_two_calls(struct ctx *c)
{
	return cipher_two_calls(c, true);
}

static CK_RV decrypt_two_calls(struct ctx *c)
{
	return cipher_two_calls(c, false);
}

void test_ciphers(void)
{
	static const struct call calls[] = {
		{ "encrypt_all", encrypt_all, CKR_OK },
		{ "decrypt_all", decrypt_all, CKR_OK },
		{ "encrypt_parts", encrypt_parts, CKR_OK },
		{ "decrypt_parts", decrypt_parts, CKR_OK },
		{ "encrypt_two_calls", encrypt_two_calls, CKR_OK },
		{ "decrypt_two_calls", decrypt_two_calls, CKR_OK },
	};
	char name[32];

	for (size_t i = 0; i < LENGTH(modes); i++)
		for (size_t key_len = 16; key_len <= 32; key_len += 8) {
			struct cipher_case v = { &modes[i], key_len };

			snprintf(name, sizeof(name), "aes_%zu_%s", 8 * key_len, modes[i].name);
			rows_run(RW_USER, calls, LENGTH(calls), &v, name);
		}
}

/* --- RSA ---------------------------------------------------------------- */

static CK_BYTE label[] = { 'l', 'a', 'b', 'e', 'l' };
static CK_RSA_PKCS_OAEP_PARAMS oaep = { CKM_SHA_1, CKG_MGF1_SHA1, CKZ_DATA_SPECIFIED, NULL, 0 };
static CK_RSA_PKCS_OAEP_PARAMS oaep_sha256 = { CKM_SHA256, CKG_MGF1_SHA256, CKZ_DATA_SPECIFIED,
					       NULL, 0 };
static CK_RSA_PKCS_OAEP_PARAMS oaep_two_hashes = { CKM_SHA256, CKG_MGF1_SHA1, CKZ_DATA_SPECIFIED,
						   NULL, 0 };
static CK_RSA_PKCS_OAEP_PARAMS oaep_label = { CKM_SHA_1, CKG_MGF1_SHA1, CKZ_DATA_SPECIFIED, label,
					      sizeof(label) };

/* The key of kinds.c has 1024 bits. */
static const struct rsa_case {
	const char *name;
	CK_MECHANISM mechanism;
	struct scheme how;
	size_t max;		/* longest text */
} rsa_cases[] = {
#define PARAM(t, p) { t, &(p), sizeof(p) }
#define HOW(padding, md, mgf, label) { padding, md, false, mgf, 0, label }
	{ "pkcs", { CKM_RSA_PKCS, NULL, 0 }, HOW(PAD_PKCS1, NULL, NULL, NULL), 128 - 11 },
	{ "x509", { CKM_RSA_X_509, NULL, 0 }, HOW(PAD_NONE, NULL, NULL, NULL), 128 },
	{ "oaep", PARAM(CKM_RSA_PKCS_OAEP, oaep), HOW(PAD_OAEP, "SHA1", NULL, NULL), 128 - 42 },
	{ "oaep_sha256", PARAM(CKM_RSA_PKCS_OAEP, oaep_sha256),
	  HOW(PAD_OAEP, "SHA256", NULL, NULL), 128 - 66 },
	{ "oaep_two_hashes", PARAM(CKM_RSA_PKCS_OAEP, oaep_two_hashes),
	  HOW(PAD_OAEP, "SHA256", "SHA1", NULL), 128 - 66 },
	{ "oaep_label", PARAM(CKM_RSA_PKCS_OAEP, oaep_label),
	  HOW(PAD_OAEP, "SHA1", NULL, "label"), 128 - 42 },
};

static CK_RV rsa_init(struct ctx *c, bool encrypt, EVP_PKEY **peer)
{
	const struct rsa_case *r = c->arg;
	CK_MECHANISM m = r->mechanism;
	CK_OBJECT_HANDLE public = 0, private = 0;
	CK_RV rv = kind_make(c->s, RSA_PUBLIC, NULL, &public);

	if (rv == CKR_OK)
		rv = kind_make(c->s, RSA_PRIVATE, T(A_BOOL(CKA_EXTRACTABLE, CK_TRUE)), &private);
	if (rv != CKR_OK)
		return rv;
	*peer = peer_export(c->s, private);
	if (!*peer)
		return ROW_BROKEN;
	return encrypt ? p11->C_EncryptInit(c->s, &m, public) :
			 p11->C_DecryptInit(c->s, &m, private);
}

/* libcrypto reads what the module writes; the shortest and the longest text. */
static CK_RV rsa_encrypts(struct ctx *c)
{
	const struct rsa_case *r = c->arg;
	const size_t texts[] = { r->how.padding == PAD_NONE ? r->max : 1, r->max };
	CK_RV rv = CKR_OK;

	for (size_t i = 0; rv == CKR_OK && i < LENGTH(texts); i++) {
		CK_BYTE cipher[256], clear[256];
		CK_ULONG len = sizeof(cipher);
		size_t clear_len = sizeof(clear);
		EVP_PKEY *peer = NULL;

		rv = rsa_init(c, true, &peer);
		if (rv == CKR_OK)
			rv = p11->C_Encrypt(c->s, message(), texts[i], cipher, &len);
		if (rv == CKR_OK)
			rv = want(peer_decrypt(peer, &r->how, cipher, len, clear, &clear_len) &&
				  clear_len == texts[i] &&
				  memcmp(clear, message(), clear_len) == 0);
		EVP_PKEY_free(peer);
	}
	return rv;
}

static CK_RV rsa_decrypts(struct ctx *c)
{
	const struct rsa_case *r = c->arg;
	CK_BYTE cipher[256], clear[256];
	CK_ULONG size = 0, clear_len = sizeof(clear);
	size_t len = sizeof(cipher);
	EVP_PKEY *peer = NULL;
	CK_RV rv = rsa_init(c, false, &peer);

	if (rv == CKR_OK && !peer_encrypt(peer, &r->how, message(), r->max, cipher, &len))
		rv = ROW_BROKEN;
	if (rv == CKR_OK)
		rv = p11->C_Decrypt(c->s, cipher, len, NULL, &size);
	if (rv == CKR_OK)
		rv = p11->C_Decrypt(c->s, cipher, len, clear, &clear_len);
	EVP_PKEY_free(peer);
	return rv == CKR_OK ? want(size >= r->max && size <= 128 && clear_len == r->max &&
				   memcmp(clear, message(), clear_len) == 0) :
			      rv;
}

static CK_RV rsa_too_long(struct ctx *c)
{
	const struct rsa_case *r = c->arg;
	CK_BYTE cipher[256];
	CK_ULONG len = sizeof(cipher);
	EVP_PKEY *peer = NULL;
	CK_RV rv = rsa_init(c, true, &peer);

	EVP_PKEY_free(peer);
	return rv == CKR_OK ? p11->C_Encrypt(c->s, message(), r->max + 1, cipher, &len) : rv;
}

static CK_RV rsa_decrypt_length(struct ctx *c, size_t cipher_len)
{
	CK_BYTE clear[256];
	CK_ULONG len = sizeof(clear);
	EVP_PKEY *peer = NULL;
	CK_RV rv = rsa_init(c, false, &peer);

	EVP_PKEY_free(peer);
	return rv == CKR_OK ? p11->C_Decrypt(c->s, message(), cipher_len, clear, &len) : rv;
}

static CK_RV rsa_decrypt_short(struct ctx *c)
{
	return rsa_decrypt_length(c, 127);
}

static CK_RV rsa_decrypt_long(struct ctx *c)
{
	return rsa_decrypt_length(c, 129);
}

static CK_RV rsa_encrypt_update(struct ctx *c)
{
	CK_BYTE out[256];
	CK_ULONG len = sizeof(out);
	EVP_PKEY *peer = NULL;
	CK_RV rv = rsa_init(c, true, &peer);

	EVP_PKEY_free(peer);
	return rv == CKR_OK ? p11->C_EncryptUpdate(c->s, message(), 16, out, &len) : rv;
}

static CK_RV rsa_decrypt_final(struct ctx *c)
{
	CK_BYTE out[256];
	CK_ULONG len = sizeof(out);
	EVP_PKEY *peer = NULL;
	CK_RV rv = rsa_init(c, false, &peer);

	EVP_PKEY_free(peer);
	return rv == CKR_OK ? p11->C_DecryptFinal(c->s, out, &len) : rv;
}

void test_rsa_encryption(void)
{
	static const struct call calls[] = {
		{ "rsa_encrypt", rsa_encrypts, CKR_OK },
		{ "rsa_decrypt", rsa_decrypts, CKR_OK },
		{ "rsa_too_long", rsa_too_long, CKR_DATA_LEN_RANGE },
		{ "rsa_decrypt_short", rsa_decrypt_short, CKR_ENCRYPTED_DATA_LEN_RANGE },
		{ "rsa_decrypt_long", rsa_decrypt_long, CKR_ENCRYPTED_DATA_LEN_RANGE },
		{ "rsa_encrypt_update", rsa_encrypt_update, CKR_FUNCTION_NOT_SUPPORTED },
		{ "rsa_decrypt_final", rsa_decrypt_final, CKR_FUNCTION_NOT_SUPPORTED },
	};

	for (size_t i = 0; i < LENGTH(rsa_cases); i++)
		rows_run(RW_USER, calls, LENGTH(calls), &rsa_cases[i], rsa_cases[i].name);
}

/* --- parameters of mechanisms ------------------------------------------- */

static CK_GCM_PARAMS gcm_iv_empty = { iv, 0, 0, NULL, 0, 128 };
static CK_GCM_PARAMS gcm_iv_null = { NULL, 12, 96, NULL, 0, 128 };
static CK_GCM_PARAMS gcm_aad_null = { iv, 12, 96, NULL, 4, 128 };
static CK_GCM_PARAMS gcm_tag_0 = { iv, 12, 96, NULL, 0, 0 };
static CK_GCM_PARAMS gcm_tag_136 = { iv, 12, 96, NULL, 0, 136 };
static CK_GCM_PARAMS gcm_tag_100 = { iv, 12, 96, NULL, 0, 100 };
static CK_GCM_PARAMS gcm_tag_96 = { iv, 12, 96, NULL, 0, 96 };
static CK_GCM_PARAMS gcm_iv_of_16 = { iv, 16, 128, NULL, 0, 128 };
static CK_AES_CTR_PARAMS ctr_0 = { 0, { 0 } };
static CK_AES_CTR_PARAMS ctr_129 = { 129, { 0 } };
static CK_AES_CTR_PARAMS ctr_32 = { 32, { 0 } };
static CK_RSA_PKCS_OAEP_PARAMS oaep_hash = { CKM_MD5, CKG_MGF1_SHA1, CKZ_DATA_SPECIFIED, NULL, 0 };
static CK_RSA_PKCS_OAEP_PARAMS oaep_mgf = { CKM_SHA_1, 0x77, CKZ_DATA_SPECIFIED, NULL, 0 };
static CK_RSA_PKCS_OAEP_PARAMS oaep_source = { CKM_SHA_1, CKG_MGF1_SHA1, 77, NULL, 0 };
static CK_RSA_PKCS_OAEP_PARAMS oaep_label_null = { CKM_SHA_1, CKG_MGF1_SHA1, CKZ_DATA_SPECIFIED,
						   NULL, 4 };
static CK_RSA_PKCS_PSS_PARAMS pss_hash = { CKM_SHA512, CKG_MGF1_SHA512, 32 };
static CK_RSA_PKCS_PSS_PARAMS pss_salt = { CKM_SHA256, CKG_MGF1_SHA256, 500 };
static CK_RSA_PKCS_PSS_PARAMS pss_salt_max = { CKM_SHA256, CKG_MGF1_SHA256, (CK_ULONG)-1 };
static CK_RSA_PKCS_PSS_PARAMS pss_unknown = { CKM_AES_ECB, CKG_MGF1_SHA256, 32 };
static CK_RSA_PKCS_PSS_PARAMS pss_good = { CKM_SHA256, CKG_MGF1_SHA256, 20 };

static const struct param_case {
	const char *name;
	enum kind kind;		/* of the key; public and secret keys encrypt, private ones sign */
	CK_MECHANISM mechanism;
	CK_RV expected;
} params[] = {
	{ "ecb_ignored", AES, { CKM_AES_ECB, NULL, 0 }, CKR_OK },
	{ "cbc_none", AES, { CKM_AES_CBC, NULL, 0 }, CKR_MECHANISM_PARAM_INVALID },
	{ "cbc_null", AES, { CKM_AES_CBC, NULL, 16 }, CKR_MECHANISM_PARAM_INVALID },
	{ "cbc_iv_of_8", AES, { CKM_AES_CBC, iv, 8 }, CKR_MECHANISM_PARAM_INVALID },
	{ "cbc_iv_of_0", AES, { CKM_AES_CBC, iv, 0 }, CKR_MECHANISM_PARAM_INVALID },
	{ "cbc_length_minus_one", AES, { CKM_AES_CBC, iv, (CK_ULONG)-1 },
	  CKR_MECHANISM_PARAM_INVALID },
	{ "cbc_pad_none", AES, { CKM_AES_CBC_PAD, NULL, 0 }, CKR_MECHANISM_PARAM_INVALID },
	{ "cbc_pad_iv_of_15", AES, { CKM_AES_CBC_PAD, iv, 15 }, CKR_MECHANISM_PARAM_INVALID },
	{ "ctr_none", AES, { CKM_AES_CTR, NULL, 0 }, CKR_MECHANISM_PARAM_INVALID },
	{ "ctr_short", AES, { CKM_AES_CTR, &ctr, 16 }, CKR_MECHANISM_PARAM_INVALID },
	{ "ctr_bits_0", AES, PARAM(CKM_AES_CTR, ctr_0), CKR_MECHANISM_PARAM_INVALID },
	{ "ctr_bits_129", AES, PARAM(CKM_AES_CTR, ctr_129), CKR_MECHANISM_PARAM_INVALID },
	{ "ctr_bits_32", AES, PARAM(CKM_AES_CTR, ctr_32), CKR_OK },
	{ "gcm_none", AES, { CKM_AES_GCM, NULL, 0 }, CKR_MECHANISM_PARAM_INVALID },
	{ "gcm_short", AES, { CKM_AES_GCM, &gcm, 8 }, CKR_MECHANISM_PARAM_INVALID },
	{ "gcm_iv_empty", AES, PARAM(CKM_AES_GCM, gcm_iv_empty), CKR_MECHANISM_PARAM_INVALID },
	{ "gcm_iv_null", AES, PARAM(CKM_AES_GCM, gcm_iv_null), CKR_MECHANISM_PARAM_INVALID },
	{ "gcm_iv_of_16", AES, PARAM(CKM_AES_GCM, gcm_iv_of_16), CKR_OK },
	{ "gcm_aad_null", AES, PARAM(CKM_AES_GCM, gcm_aad_null), CKR_MECHANISM_PARAM_INVALID },
	{ "gcm_tag_0", AES, PARAM(CKM_AES_GCM, gcm_tag_0), CKR_MECHANISM_PARAM_INVALID },
	{ "gcm_tag_136", AES, PARAM(CKM_AES_GCM, gcm_tag_136), CKR_MECHANISM_PARAM_INVALID },
	{ "gcm_tag_100", AES, PARAM(CKM_AES_GCM, gcm_tag_100), CKR_MECHANISM_PARAM_INVALID },
	{ "gcm_tag_96", AES, PARAM(CKM_AES_GCM, gcm_tag_96), CKR_OK },
	{ "oaep_none", RSA_PUBLIC, { CKM_RSA_PKCS_OAEP, NULL, 0 }, CKR_MECHANISM_PARAM_INVALID },
	{ "oaep_short", RSA_PUBLIC, { CKM_RSA_PKCS_OAEP, &oaep, 8 }, CKR_MECHANISM_PARAM_INVALID },
	{ "oaep_hash_unknown", RSA_PUBLIC, PARAM(CKM_RSA_PKCS_OAEP, oaep_hash),
	  CKR_MECHANISM_PARAM_INVALID },
	{ "oaep_mgf_unknown", RSA_PUBLIC, PARAM(CKM_RSA_PKCS_OAEP, oaep_mgf),
	  CKR_MECHANISM_PARAM_INVALID },
	{ "oaep_source_unknown", RSA_PUBLIC, PARAM(CKM_RSA_PKCS_OAEP, oaep_source),
	  CKR_MECHANISM_PARAM_INVALID },
	{ "oaep_label_null", RSA_PUBLIC, PARAM(CKM_RSA_PKCS_OAEP, oaep_label_null),
	  CKR_MECHANISM_PARAM_INVALID },
	{ "pss_none", RSA_PRIVATE, { CKM_RSA_PKCS_PSS, NULL, 0 }, CKR_MECHANISM_PARAM_INVALID },
	{ "pss_short", RSA_PRIVATE, { CKM_RSA_PKCS_PSS, &pss_good, 8 },
	  CKR_MECHANISM_PARAM_INVALID },
	{ "pss_good", RSA_PRIVATE, PARAM(CKM_RSA_PKCS_PSS, pss_good), CKR_OK },
	{ "pss_hash_unknown", RSA_PRIVATE, PARAM(CKM_RSA_PKCS_PSS, pss_unknown),
	  CKR_MECHANISM_PARAM_INVALID },
	{ "sha256_pss_none", RSA_PRIVATE, { CKM_SHA256_RSA_PKCS_PSS, NULL, 0 },
	  CKR_MECHANISM_PARAM_INVALID },
	{ "sha256_pss_good", RSA_PRIVATE, PARAM(CKM_SHA256_RSA_PKCS_PSS, pss_good), CKR_OK },
	{ "sha256_pss_other_hash", RSA_PRIVATE, PARAM(CKM_SHA256_RSA_PKCS_PSS, pss_hash),
	  CKR_MECHANISM_PARAM_INVALID },
	{ "sha256_pss_salt_500", RSA_PRIVATE, PARAM(CKM_SHA256_RSA_PKCS_PSS, pss_salt),
	  CKR_MECHANISM_PARAM_INVALID },
	{ "sha256_pss_salt_minus_one", RSA_PRIVATE, PARAM(CKM_SHA256_RSA_PKCS_PSS, pss_salt_max),
	  CKR_MECHANISM_PARAM_INVALID },
	{ "pss_salt_500", RSA_PRIVATE, PARAM(CKM_RSA_PKCS_PSS, pss_salt),
	  CKR_MECHANISM_PARAM_INVALID },
	{ "eddsa_bogus", ED_PRIVATE, { CKM_EDDSA, label, sizeof(label) },
	  CKR_MECHANISM_PARAM_INVALID },
};

static CK_RV init_with(struct ctx *c)
{
	const struct param_case *p = c->arg;
	CK_MECHANISM m = p->mechanism;
	CK_OBJECT_HANDLE key = 0;

	if (kind_make(c->s, p->kind, NULL, &key) != CKR_OK)
		return ROW_BROKEN;
	if (p->kind == RSA_PRIVATE || p->kind == EC_PRIVATE || p->kind == ED_PRIVATE)
		return p11->C_SignInit(c->s, &m, key);
	return p11->C_EncryptInit(c->s, &m, key);
}

void test_parameters(void)
{
	for (size_t i = 0; i < LENGTH(params); i++)
		row_runf(RW_USER, init_with, &params[i], params[i].expected, "param_%s",
			 params[i].name);
}
