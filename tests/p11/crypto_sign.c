#include "config.h"

#include "crypto.h"

#include <string.h>

#define SIGNATURE_MAX	1024

static CK_RSA_PKCS_PSS_PARAMS pss_sha1 = { CKM_SHA_1, CKG_MGF1_SHA1, 20 };
static CK_RSA_PKCS_PSS_PARAMS pss_sha224 = { CKM_SHA224, CKG_MGF1_SHA224, 28 };
static CK_RSA_PKCS_PSS_PARAMS pss_sha256 = { CKM_SHA256, CKG_MGF1_SHA256, 32 };
static CK_RSA_PKCS_PSS_PARAMS pss_sha384 = { CKM_SHA384, CKG_MGF1_SHA384, 48 };
static CK_RSA_PKCS_PSS_PARAMS pss_sha512 = { CKM_SHA512, CKG_MGF1_SHA512, 64 };
static CK_RSA_PKCS_PSS_PARAMS pss_salt_11 = { CKM_SHA256, CKG_MGF1_SHA256, 11 };
static CK_RSA_PKCS_PSS_PARAMS pss_two_hashes = { CKM_SHA256, CKG_MGF1_SHA1, 32 };

/* A mechanism with a key that it can use. */
static const struct sig_case {
	const char *name;
	const char *key;
	struct scheme how;
	size_t input;		/* bytes it takes; 0: any number, in parts if it likes */
	CK_MECHANISM mechanism;
} sigs[] = {
#define HOW(padding, md, hashes) { padding, md, hashes, NULL, 0, NULL }
#define PLAIN(t) { t, NULL, 0 }
#define PARAM(t, p) { t, &(p), sizeof(p) }
	{ "rsa_pkcs", "RSA", HOW(PAD_PKCS1, NULL, false), 35, PLAIN(CKM_RSA_PKCS) },
	{ "rsa_x509", "RSA", HOW(PAD_NONE, NULL, false), 256, PLAIN(CKM_RSA_X_509) },
	{ "sha1_rsa_pkcs", "RSA", HOW(PAD_PKCS1, "SHA1", true), 0, PLAIN(CKM_SHA1_RSA_PKCS) },
	{ "sha224_rsa_pkcs", "RSA", HOW(PAD_PKCS1, "SHA224", true), 0, PLAIN(CKM_SHA224_RSA_PKCS) },
	{ "sha256_rsa_pkcs", "RSA", HOW(PAD_PKCS1, "SHA256", true), 0, PLAIN(CKM_SHA256_RSA_PKCS) },
	{ "sha384_rsa_pkcs", "RSA", HOW(PAD_PKCS1, "SHA384", true), 0, PLAIN(CKM_SHA384_RSA_PKCS) },
	{ "sha512_rsa_pkcs", "RSA", HOW(PAD_PKCS1, "SHA512", true), 0, PLAIN(CKM_SHA512_RSA_PKCS) },
	{ "pss_of_sha1", "RSA", HOW(PAD_PSS, "SHA1", false), 20,
	  PARAM(CKM_RSA_PKCS_PSS, pss_sha1) },
	{ "pss_of_sha256", "RSA", HOW(PAD_PSS, "SHA256", false), 32,
	  PARAM(CKM_RSA_PKCS_PSS, pss_sha256) },
	{ "pss_of_sha512", "RSA", HOW(PAD_PSS, "SHA512", false), 64,
	  PARAM(CKM_RSA_PKCS_PSS, pss_sha512) },
	{ "sha1_pss", "RSA", HOW(PAD_PSS, "SHA1", true), 0,
	  PARAM(CKM_SHA1_RSA_PKCS_PSS, pss_sha1) },
	{ "sha224_pss", "RSA", HOW(PAD_PSS, "SHA224", true), 0,
	  PARAM(CKM_SHA224_RSA_PKCS_PSS, pss_sha224) },
	{ "sha256_pss", "RSA", HOW(PAD_PSS, "SHA256", true), 0,
	  PARAM(CKM_SHA256_RSA_PKCS_PSS, pss_sha256) },
	{ "sha384_pss", "RSA", HOW(PAD_PSS, "SHA384", true), 0,
	  PARAM(CKM_SHA384_RSA_PKCS_PSS, pss_sha384) },
	{ "sha512_pss", "RSA", HOW(PAD_PSS, "SHA512", true), 0,
	  PARAM(CKM_SHA512_RSA_PKCS_PSS, pss_sha512) },
	{ "sha256_pss_salt_11", "RSA", { PAD_PSS, "SHA256", true, NULL, 11, NULL }, 0,
	  PARAM(CKM_SHA256_RSA_PKCS_PSS, pss_salt_11) },
	{ "sha256_pss_mgf_sha1", "RSA", { PAD_PSS, "SHA256", true, "SHA1", 0, NULL }, 0,
	  PARAM(CKM_SHA256_RSA_PKCS_PSS, pss_two_hashes) },
	{ "pss_of_sha256_mgf_sha1", "RSA", { PAD_PSS, "SHA256", false, "SHA1", 0, NULL }, 32,
	  PARAM(CKM_RSA_PKCS_PSS, pss_two_hashes) },
	{ "ecdsa_p256", "P-256", HOW(PAD_ECDSA, NULL, false), 32, PLAIN(CKM_ECDSA) },
	{ "ecdsa_p384", "P-384", HOW(PAD_ECDSA, NULL, false), 48, PLAIN(CKM_ECDSA) },
	{ "ecdsa_p521", "P-521", HOW(PAD_ECDSA, NULL, false), 64, PLAIN(CKM_ECDSA) },
	{ "ecdsa_short_input", "P-256", HOW(PAD_ECDSA, NULL, false), 20, PLAIN(CKM_ECDSA) },
	{ "ecdsa_long_input", "P-256", HOW(PAD_ECDSA, NULL, false), 64, PLAIN(CKM_ECDSA) },
	{ "ecdsa_sha1", "P-256", HOW(PAD_ECDSA, "SHA1", true), 0, PLAIN(CKM_ECDSA_SHA1) },
	{ "ecdsa_sha224", "P-256", HOW(PAD_ECDSA, "SHA224", true), 0, PLAIN(CKM_ECDSA_SHA224) },
	{ "ecdsa_sha256", "P-256", HOW(PAD_ECDSA, "SHA256", true), 0, PLAIN(CKM_ECDSA_SHA256) },
	{ "ecdsa_sha384", "P-384", HOW(PAD_ECDSA, "SHA384", true), 0, PLAIN(CKM_ECDSA_SHA384) },
	{ "ecdsa_sha512", "P-521", HOW(PAD_ECDSA, "SHA512", true), 0, PLAIN(CKM_ECDSA_SHA512) },
	{ "eddsa_ed25519", "ED25519", HOW(PAD_EDDSA, NULL, false), 0, PLAIN(CKM_EDDSA) },
	{ "eddsa_ed448", "ED448", HOW(PAD_EDDSA, NULL, false), 0, PLAIN(CKM_EDDSA) },
};

/* A raw RSA block must be less than the modulus. */
static const CK_BYTE *input_of(const struct sig_case *g, size_t *len)
{
	*len = g->input ? g->input : 1000;
	return message();
}

static bool in_parts(const struct sig_case *g)
{
	return g->input == 0;
}

static CK_RV sign_init(struct ctx *c, CK_OBJECT_HANDLE *public)
{
	const struct sig_case *g = c->arg;
	CK_MECHANISM m = g->mechanism;
	CK_OBJECT_HANDLE private = 0;
	CK_RV rv = key_find(c->s, CKO_PRIVATE_KEY, g->key, &private);

	if (rv == CKR_OK)
		rv = key_find(c->s, CKO_PUBLIC_KEY, g->key, public);
	return rv == CKR_OK ? p11->C_SignInit(c->s, &m, private) : rv;
}

static CK_RV peer_accepts(struct ctx *c, CK_OBJECT_HANDLE public, const CK_BYTE *signature,
			  CK_ULONG len)
{
	const struct sig_case *g = c->arg;
	size_t n = 0;
	const CK_BYTE *data = input_of(g, &n);
	EVP_PKEY *key = peer_export(c->s, public);
	bool ok = key && peer_verify(key, &g->how, data, n, signature, len);

	EVP_PKEY_free(key);
	return want(ok);
}

static CK_RV signs(struct ctx *c)
{
	CK_BYTE signature[SIGNATURE_MAX];
	CK_ULONG len = sizeof(signature);
	CK_OBJECT_HANDLE public = 0;
	size_t n = 0;
	const CK_BYTE *data = input_of(c->arg, &n);
	CK_RV rv = sign_init(c, &public);

	if (rv == CKR_OK)
		rv = p11->C_Sign(c->s, text((const char *)data), n, signature, &len);
	return rv == CKR_OK ? peer_accepts(c, public, signature, len) : rv;
}

/* The parts have 1, 2, 3, ... bytes. */
static CK_RV update_in_parts(CK_SESSION_HANDLE s, CK_C_SignUpdate update, size_t len)
{
	CK_RV rv = CKR_OK;

	for (size_t at = 0, part = 1; rv == CKR_OK && at < len; at += part++) {
		if (part > len - at)
			part = len - at;
		rv = update(s, message() + at, part);
	}
	return rv;
}

static CK_RV signs_in_parts(struct ctx *c)
{
	CK_BYTE signature[SIGNATURE_MAX];
	CK_ULONG len = sizeof(signature);
	CK_OBJECT_HANDLE public = 0;
	size_t n = 0;
	CK_RV rv = sign_init(c, &public);

	input_of(c->arg, &n);
	if (rv == CKR_OK)
		rv = update_in_parts(c->s, p11->C_SignUpdate, n);
	if (rv == CKR_OK)
		rv = p11->C_SignFinal(c->s, signature, &len);
	return rv == CKR_OK ? peer_accepts(c, public, signature, len) : rv;
}

/* Size, too little room, then the signature; in one go, or at the end of parts. */
static CK_RV two_calls(struct ctx *c, bool parts)
{
	CK_BYTE signature[SIGNATURE_MAX];
	CK_ULONG size = 0, small = 0, len = sizeof(signature);
	CK_OBJECT_HANDLE public = 0;
	size_t n = 0;
	CK_BYTE *data = text((const char *)input_of(c->arg, &n));
	CK_RV rv = sign_init(c, &public), short_answer = CKR_OK;

	if (rv == CKR_OK && parts)
		rv = update_in_parts(c->s, p11->C_SignUpdate, n);
	if (rv == CKR_OK)
		rv = parts ? p11->C_SignFinal(c->s, NULL, &size) :
			     p11->C_Sign(c->s, data, n, NULL, &size);
	small = size - 1;
	if (rv == CKR_OK)
		short_answer = parts ? p11->C_SignFinal(c->s, signature, &small) :
				       p11->C_Sign(c->s, data, n, signature, &small);
	if (rv == CKR_OK)
		rv = want(short_answer == CKR_BUFFER_TOO_SMALL && small == size);
	if (rv == CKR_OK)
		rv = parts ? p11->C_SignFinal(c->s, signature, &len) :
			     p11->C_Sign(c->s, data, n, signature, &len);
	if (rv == CKR_OK)
		rv = want(len == size);
	return rv == CKR_OK ? peer_accepts(c, public, signature, len) : rv;
}

static CK_RV sign_two_calls(struct ctx *c)
{
	return two_calls(c, false);
}

static CK_RV sign_final_two_calls(struct ctx *c)
{
	return two_calls(c, true);
}

/* A mechanism of a single part refuses the first one and is over. */
static CK_RV sign_update_refused(struct ctx *c)
{
	CK_BYTE signature[SIGNATURE_MAX];
	CK_ULONG len = sizeof(signature);
	CK_OBJECT_HANDLE public = 0;
	size_t n = 0;
	CK_BYTE *data = text((const char *)input_of(c->arg, &n));
	CK_RV rv = sign_init(c, &public);

	if (rv != CKR_OK)
		return rv;
	rv = p11->C_SignUpdate(c->s, data, n);
	if (p11->C_Sign(c->s, data, n, signature, &len) != CKR_OPERATION_NOT_INITIALIZED)
		return ROW_WRONG;
	return rv;
}

void test_sign(void)
{
	static const struct call calls[] = {
		{ "sign", signs, CKR_OK },
		{ "sign_two_calls", sign_two_calls, CKR_OK },
	};
	static const struct call single[] = {
		{ "sign_update", sign_update_refused, CKR_OPERATION_NOT_INITIALIZED },
	};
	static const struct call parts[] = {
		{ "sign_parts", signs_in_parts, CKR_OK },
		{ "sign_final_two_calls", sign_final_two_calls, CKR_OK },
	};

	for (size_t i = 0; i < LENGTH(sigs); i++) {
		const struct sig_case *g = &sigs[i];

		rows_run(RW_USER, calls, LENGTH(calls), g, g->name);
		if (in_parts(g))
			rows_run(RW_USER, parts, LENGTH(parts), g, g->name);
		else
			rows_run(RW_USER, single, LENGTH(single), g, g->name);
	}
}

/* --- verification of what libcrypto has signed -------------------------- */

/* One key of each type, made once. */
static EVP_PKEY *peer_key(const char *type)
{
	static struct {
		const char *type;
		EVP_PKEY *key;
	} keys[] = { { "RSA", NULL },	  { "P-256", NULL },   { "P-384", NULL },
		     { "P-521", NULL }, { "ED25519", NULL }, { "ED448", NULL } };

	for (size_t i = 0; i < LENGTH(keys); i++)
		if (strcmp(keys[i].type, type) == 0) {
			if (!keys[i].key)
				keys[i].key = peer_generate(type);
			return keys[i].key;
		}
	return NULL;
}

struct signed_message {
	CK_BYTE *data;
	size_t len;
	CK_BYTE signature[SIGNATURE_MAX];
	size_t signature_len;
};

static CK_RV verify_init(struct ctx *c, struct signed_message *out)
{
	const struct sig_case *g = c->arg;
	CK_MECHANISM m = g->mechanism;
	EVP_PKEY *key = peer_key(g->key);
	CK_OBJECT_HANDLE public = 0;
	CK_RV rv = CKR_OK;

	out->data = text((const char *)input_of(g, &out->len));
	out->signature_len = sizeof(out->signature);
	if (!key || !peer_sign(key, &g->how, out->data, out->len, out->signature,
			       &out->signature_len))
		return ROW_BROKEN;
	rv = peer_import(c->s, key, CKO_PUBLIC_KEY, &public);
	return rv == CKR_OK ? p11->C_VerifyInit(c->s, &m, public) : rv;
}

static CK_RV verifies(struct ctx *c)
{
	struct signed_message s;
	CK_RV rv = verify_init(c, &s);

	return rv == CKR_OK ? p11->C_Verify(c->s, s.data, s.len, s.signature, s.signature_len) : rv;
}

static CK_RV verifies_in_parts(struct ctx *c)
{
	struct signed_message s;
	CK_RV rv = verify_init(c, &s);

	if (rv == CKR_OK)
		rv = update_in_parts(c->s, p11->C_VerifyUpdate, s.len);
	return rv == CKR_OK ? p11->C_VerifyFinal(c->s, s.signature, s.signature_len) : rv;
}

static CK_RV verify_wrong_signature(struct ctx *c)
{
	struct signed_message s;
	CK_RV rv = verify_init(c, &s);

	s.signature[s.signature_len / 2] ^= 1;
	return rv == CKR_OK ? p11->C_Verify(c->s, s.data, s.len, s.signature, s.signature_len) : rv;
}

/* A byte among those that every scheme looks at. */
static CK_RV verify_wrong_data(struct ctx *c)
{
	CK_BYTE other[MESSAGE_MAX];
	struct signed_message s;
	CK_RV rv = verify_init(c, &s);

	memcpy(other, s.data, s.len);
	other[s.len / 4] ^= 1;
	return rv == CKR_OK ? p11->C_Verify(c->s, other, s.len, s.signature, s.signature_len) : rv;
}

static CK_RV verify_short_signature(struct ctx *c)
{
	struct signed_message s;
	CK_RV rv = verify_init(c, &s);

	return rv == CKR_OK ?
		       p11->C_Verify(c->s, s.data, s.len, s.signature, s.signature_len - 1) : rv;
}

static CK_RV verify_long_signature(struct ctx *c)
{
	struct signed_message s;
	CK_RV rv = verify_init(c, &s);

	return rv == CKR_OK ?
		       p11->C_Verify(c->s, s.data, s.len, s.signature, s.signature_len + 1) : rv;
}

/* A wrong signature ends the operation as a right one does. */
static CK_RV verify_ends(struct ctx *c)
{
	struct signed_message s;
	CK_RV rv = verify_init(c, &s);

	if (rv != CKR_OK)
		return rv;
	s.signature[0] ^= 1;
	p11->C_Verify(c->s, s.data, s.len, s.signature, s.signature_len);
	s.signature[0] ^= 1;
	return p11->C_Verify(c->s, s.data, s.len, s.signature, s.signature_len);
}

/* libcrypto's private key signs in the module, libcrypto checks. */
static CK_RV imported_signs(struct ctx *c)
{
	const struct sig_case *g = c->arg;
	CK_MECHANISM m = g->mechanism;
	EVP_PKEY *key = peer_key(g->key);
	CK_BYTE signature[SIGNATURE_MAX];
	CK_ULONG len = sizeof(signature);
	CK_OBJECT_HANDLE private = 0;
	size_t n = 0;
	CK_BYTE *data = text((const char *)input_of(g, &n));
	CK_RV rv = key ? peer_import(c->s, key, CKO_PRIVATE_KEY, &private) : ROW_BROKEN;

	if (rv == CKR_OK)
		rv = p11->C_SignInit(c->s, &m, private);
	if (rv == CKR_OK)
		rv = p11->C_Sign(c->s, data, n, signature, &len);
	return rv == CKR_OK ? want(peer_verify(key, &g->how, data, n, signature, len)) : rv;
}

void test_verify(void)
{
	static const struct call calls[] = {
		{ "verify", verifies, CKR_OK },
		{ "verify_wrong_signature", verify_wrong_signature, CKR_SIGNATURE_INVALID },
		{ "verify_wrong_data", verify_wrong_data, CKR_SIGNATURE_INVALID },
		{ "verify_short_signature", verify_short_signature, CKR_SIGNATURE_LEN_RANGE },
		{ "verify_long_signature", verify_long_signature, CKR_SIGNATURE_LEN_RANGE },
		{ "verify_ends", verify_ends, CKR_OPERATION_NOT_INITIALIZED },
		{ "imported_signs", imported_signs, CKR_OK },
	};
	static const struct call parts[] = { { "verify_parts", verifies_in_parts, CKR_OK } };

	for (size_t i = 0; i < LENGTH(sigs); i++) {
		const struct sig_case *g = &sigs[i];

		rows_run(RW_USER, calls, LENGTH(calls), g, g->name);
		if (in_parts(g))
			rows_run(RW_USER, parts, LENGTH(parts), g, g->name);
	}
}
