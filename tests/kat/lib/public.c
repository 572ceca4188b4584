#include "config.h"

#include <stdio.h>
#include <string.h>

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/dh.h>
#include <openssl/dsa.h>
#include <openssl/ec.h>
#include <openssl/kdf.h>
#include <openssl/params.h>
#include <openssl/rsa.h>

#include "lib.h"
#include "p11/harness.h"
#include "kat/tmpl.h"

#define MADE_MAX	2048

/* --- paddings ----------------------------------------------------------- */

static int padding_of(const char *arg)
{
	static const struct {
		const char *name;
		int padding;
	} paddings[] = {
		{ "pkcs1", RSA_PKCS1_PADDING }, { "none", RSA_NO_PADDING },
		{ "pss", RSA_PKCS1_PSS_PADDING }, { "oaep", RSA_PKCS1_OAEP_PADDING },
	};

	for (size_t i = 0; i < LENGTH(paddings); i++)
		if (strcmp(paddings[i].name, arg) == 0)
			return paddings[i].padding;
	return 0;
}

/* Padding, digests, salt and label from the record's fields, for RSA only. */
static bool padding_set(struct record *job, const char *arg, EVP_PKEY_CTX *ctx)
{
	const char *md = lib_digest_field(job, "hash", "SHA1");
	const char *mgf = lib_digest_field(job, "mgf", md);
	int padding = padding_of(arg);
	struct bytes label;
	CK_ULONG salt = 0;

	if (!padding)
		return true;
	if (EVP_PKEY_CTX_set_rsa_padding(ctx, padding) != 1 ||
	    !record_number(job, "salt_len", 0, &salt) || !record_bytes(job, "label", &label))
		return false;
	if (padding == RSA_PKCS1_PSS_PADDING)
		return EVP_PKEY_CTX_set_rsa_pss_saltlen(ctx, (int)salt) == 1 &&
		       EVP_PKEY_CTX_set_rsa_mgf1_md_name(ctx, mgf, NULL) == 1;
	if (padding != RSA_PKCS1_OAEP_PADDING)
		return true;
	return EVP_PKEY_CTX_set_rsa_oaep_md_name(ctx, md, NULL) == 1 &&
	       EVP_PKEY_CTX_set_rsa_mgf1_md_name(ctx, mgf, NULL) == 1 &&
	       (!label.len ||
		EVP_PKEY_CTX_set0_rsa_oaep_label(ctx, OPENSSL_memdup(label.p, label.len),
						 (int)label.len) == 1);
}

/* --- DSA and ECDSA: two numbers ----------------------------------------- */

/* Bytes of one number: as many as the order has; 0 for other keys. */
static int half_of(EVP_PKEY *key)
{
	BIGNUM *order = NULL;
	int n = 0;

	if (EVP_PKEY_is_a(key, "DSA"))
		EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_FFC_Q, &order);
	else if (EVP_PKEY_is_a(key, "EC"))
		EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_EC_ORDER, &order);
	n = order ? BN_num_bytes(order) : 0;
	BN_free(order);
	return n;
}

/* DER to r and s one after the other, in place. */
static bool to_raw(EVP_PKEY *key, struct bytes *signature)
{
	int half = half_of(key);
	const unsigned char *at = signature->p;
	ECDSA_SIG *s = half ? d2i_ECDSA_SIG(NULL, &at, (long)signature->len) : NULL;
	bool ok = !half;

	if (s) {
		ok = BN_bn2binpad(ECDSA_SIG_get0_r(s), signature->p, half) == half &&
		     BN_bn2binpad(ECDSA_SIG_get0_s(s), signature->p + half, half) == half;
		signature->len = (CK_ULONG)(2 * half);
	}
	ECDSA_SIG_free(s);
	return ok;
}

static struct bytes to_der(EVP_PKEY *key, struct bytes raw)
{
	int half = half_of(key), n = 0;
	struct bytes der = bytes_copy(raw.p, raw.len, 32);
	unsigned char *at = der.p;
	ECDSA_SIG *s = NULL;

	if (!half || raw.len != (CK_ULONG)(2 * half))
		return raw;
	s = ECDSA_SIG_new();
	ECDSA_SIG_set0(s, BN_bin2bn(raw.p, half, NULL), BN_bin2bn(raw.p + half, half, NULL));
	n = i2d_ECDSA_SIG(s, &at);
	ECDSA_SIG_free(s);
	der.len = n > 0 ? (CK_ULONG)n : 0;
	return der;
}

/* --- signatures --------------------------------------------------------- */

/* The mechanism hashes: its name has a digest, or EdDSA. */
static bool sign_data(struct record *job, const char *arg, EVP_PKEY *key, struct bytes in,
		      struct bytes *made)
{
	EVP_MD_CTX *md = EVP_MD_CTX_new();
	EVP_PKEY_CTX *ctx = NULL;
	size_t len = made->len;
	bool ok = EVP_DigestSignInit_ex(md, &ctx, lib_digest_name(job->head), NULL, NULL, key,
					NULL) == 1 &&
		  padding_set(job, arg, ctx) &&
		  EVP_DigestSign(md, made->p, &len, in.p, in.len) == 1;

	made->len = len;
	EVP_MD_CTX_free(md);
	return ok;
}

/* The input is what is signed; PSS has to know which digest it is. */
static bool sign_raw(struct record *job, const char *arg, EVP_PKEY *key, struct bytes in,
		     struct bytes *made)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(NULL, key, NULL);
	const char *md = lib_digest_field(job, "hash", NULL);
	size_t len = made->len;
	bool ok = EVP_PKEY_sign_init(ctx) == 1 && padding_set(job, arg, ctx) &&
		  (!md || EVP_PKEY_CTX_set_signature_md(ctx, EVP_get_digestbyname(md)) == 1) &&
		  EVP_PKEY_sign(ctx, made->p, &len, in.p, in.len) == 1;

	made->len = len;
	EVP_PKEY_CTX_free(ctx);
	return ok;
}

static bool hashes(const struct record *job)
{
	return lib_digest_name(job->head) || job->mechanism->type == CKM_EDDSA;
}

static bool make_signature(struct record *job, const char *arg, struct bytes *made)
{
	EVP_PKEY *key = lib_key(job, "key");
	struct bytes in;
	bool ok = false;

	made->len = MADE_MAX;
	made->p = pool_alloc(made->len);
	if (key && record_bytes(job, "in", &in))
		ok = (hashes(job) ? sign_data(job, arg, key, in, made) :
				    sign_raw(job, arg, key, in, made)) &&
		     to_raw(key, made);
	EVP_PKEY_free(key);
	return ok;
}

static bool verify_data(struct record *job, const char *arg, EVP_PKEY *key, struct bytes in,
			struct bytes signature)
{
	EVP_MD_CTX *md = EVP_MD_CTX_new();
	EVP_PKEY_CTX *ctx = NULL;
	bool ok = EVP_DigestVerifyInit_ex(md, &ctx, lib_digest_name(job->head), NULL, NULL, key,
					  NULL) == 1 &&
		  padding_set(job, arg, ctx) &&
		  EVP_DigestVerify(md, signature.p, signature.len, in.p, in.len) == 1;

	EVP_MD_CTX_free(md);
	return ok;
}

static bool verify_raw(struct record *job, const char *arg, EVP_PKEY *key, struct bytes in,
		       struct bytes signature)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(NULL, key, NULL);
	const char *md = lib_digest_field(job, "hash", NULL);
	bool ok = EVP_PKEY_verify_init(ctx) == 1 && padding_set(job, arg, ctx) &&
		  (!md || EVP_PKEY_CTX_set_signature_md(ctx, EVP_get_digestbyname(md)) == 1) &&
		  EVP_PKEY_verify(ctx, signature.p, signature.len, in.p, in.len) == 1;

	EVP_PKEY_CTX_free(ctx);
	return ok;
}

static bool check_signature(struct record *job, const char *arg, struct bytes made)
{
	EVP_PKEY *key = lib_key(job, "key");
	struct bytes in;
	bool ok = false;

	if (key && record_bytes(job, "in", &in))
		ok = hashes(job) ? verify_data(job, arg, key, in, to_der(key, made)) :
				   verify_raw(job, arg, key, in, to_der(key, made));
	EVP_PKEY_free(key);
	return ok;
}

/* --- encryption --------------------------------------------------------- */

/* The job's text, or for wrapping the target's value. */
static bool text_of(struct record *job, struct bytes *out)
{
	return job->op == OP_UNWRAP ? lib_secret(job, "target", out) :
				      record_bytes(job, "in", out);
}

static bool make_encrypted(struct record *job, const char *arg, struct bytes *made)
{
	EVP_PKEY *key = lib_key(job, "key");
	EVP_PKEY_CTX *ctx = key ? EVP_PKEY_CTX_new_from_pkey(NULL, key, NULL) : NULL;
	size_t len = MADE_MAX;
	struct bytes in;
	bool ok = false;

	made->p = pool_alloc(len);
	if (ctx && text_of(job, &in))
		ok = EVP_PKEY_encrypt_init(ctx) == 1 && padding_set(job, arg, ctx) &&
		     EVP_PKEY_encrypt(ctx, made->p, &len, in.p, in.len) == 1;
	made->len = len;
	EVP_PKEY_CTX_free(ctx);
	EVP_PKEY_free(key);
	return ok;
}

static bool check_encrypted(struct record *job, const char *arg, struct bytes made)
{
	EVP_PKEY *key = lib_key(job, "key");
	EVP_PKEY_CTX *ctx = key ? EVP_PKEY_CTX_new_from_pkey(NULL, key, NULL) : NULL;
	CK_BYTE out[MADE_MAX];
	size_t len = sizeof(out);
	struct bytes in;
	bool ok = false;

	if (ctx && text_of(job, &in))
		ok = EVP_PKEY_decrypt_init(ctx) == 1 && padding_set(job, arg, ctx) &&
		     EVP_PKEY_decrypt(ctx, out, &len, made.p, made.len) == 1 && len == in.len &&
		     memcmp(out, in.p, len) == 0;
	EVP_PKEY_CTX_free(ctx);
	EVP_PKEY_free(key);
	return ok;
}

/* The mechanisms which do both. */
static bool make_rsa(struct record *job, const char *arg, struct bytes *made)
{
	return job->op == OP_SIGN || job->op == OP_SIGN_RECOVER ? make_signature(job, arg, made) :
								  make_encrypted(job, arg, made);
}

/* --- agreement ---------------------------------------------------------- */

/* The peer's key with the public value of the field `public` and the parameters of `key`. */
static EVP_PKEY *peer_key(struct record *job, EVP_PKEY *key)
{
	EVP_PKEY *peer = EVP_PKEY_new();
	struct bytes value;

	if (record_bytes(job, "public", &value) && EVP_PKEY_copy_parameters(peer, key) == 1 &&
	    EVP_PKEY_set1_encoded_public_key(peer, value.p, value.len) == 1)
		return peer;
	EVP_PKEY_free(peer);
	return EVP_PKEY_new_raw_public_key_ex(NULL, EVP_PKEY_get0_type_name(key), NULL, value.p,
					      value.len);
}

static bool agree(EVP_PKEY *key, EVP_PKEY *peer, struct bytes *made)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(NULL, key, NULL);
	size_t len = MADE_MAX;
	bool ok = EVP_PKEY_derive_init(ctx) == 1;

	if (ok && EVP_PKEY_is_a(key, "DHX"))
		ok = EVP_PKEY_CTX_set_dh_pad(ctx, 1) == 1;
	ok = ok && EVP_PKEY_derive_set_peer(ctx, peer) == 1 &&
	     EVP_PKEY_derive(ctx, made->p, &len) == 1;
	made->len = len;
	EVP_PKEY_CTX_free(ctx);
	return ok;
}

static bool make_agreed(struct record *job, const char *arg, struct bytes *made)
{
	EVP_PKEY *key = lib_key(job, "key"), *peer = key ? peer_key(job, key) : NULL;
	bool ok = false;

	(void)arg;
	made->p = pool_alloc(MADE_MAX);
	if (peer)
		ok = agree(key, peer, made);
	EVP_PKEY_free(peer);
	EVP_PKEY_free(key);
	return ok;
}

/* --- the table ---------------------------------------------------------- */

/* The first match counts. */
const struct lib_row lib_public_rows[] = {
	{ "CKM_RSA_PKCS_PSS", make_signature, check_signature, "pss" },
	{ "CKM_*_RSA_PKCS_PSS", make_signature, check_signature, "pss" },
	{ "CKM_*_RSA_PKCS", make_signature, NULL, "pkcs1" },
	{ "CKM_DSA*", make_signature, check_signature, "" },
	{ "CKM_ECDSA*", make_signature, check_signature, "" },
	{ "CKM_EDDSA", make_signature, NULL, "" },
	{ "CKM_RSA_PKCS", make_rsa, check_encrypted, "pkcs1" },
	{ "CKM_RSA_X_509", make_rsa, check_encrypted, "none" },
	{ "CKM_RSA_PKCS_OAEP", make_encrypted, check_encrypted, "oaep" },
	{ "CKM_DH_PKCS_DERIVE", make_agreed, NULL, "" },
	{ "CKM_ECDH1_DERIVE", make_agreed, NULL, "" },
};

const size_t lib_public_count = LENGTH(lib_public_rows);
