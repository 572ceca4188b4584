#include "config.h"

#include "peer.h"

#include <string.h>

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/param_build.h>
#include <openssl/rsa.h>

#define BYTES_MAX	1024

/* Curves by the DER of their parameters, and what libcrypto calls them. */
static const struct curve {
	const char *name;
	CK_KEY_TYPE type;
	size_t len;		/* of the parameters */
	size_t bytes;		/* of a private key, or half a signature */
	CK_BYTE params[16];
} curves[] = {
	{ "P-256", CKK_EC, 10, 32, { 6, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 3, 1, 7 } },
	{ "P-384", CKK_EC, 7, 48, { 6, 5, 0x2b, 0x81, 4, 0, 0x22 } },
	{ "P-521", CKK_EC, 7, 66, { 6, 5, 0x2b, 0x81, 4, 0, 0x23 } },
	{ "ED25519", CKK_EC_EDWARDS, 5, 32, { 6, 3, 0x2b, 0x65, 0x70 } },
	{ "ED448", CKK_EC_EDWARDS, 5, 57, { 6, 3, 0x2b, 0x65, 0x71 } },
	{ "ED25519", CKK_EC_EDWARDS, 14, 32, "\x13\x0c" "edwards25519" },
	{ "ED448", CKK_EC_EDWARDS, 12, 57, "\x13\x0a" "edwards448" },
};

static const struct curve *curve_by_params(const CK_BYTE *params, size_t len)
{
	for (size_t i = 0; i < LENGTH(curves); i++)
		if (curves[i].len == len && memcmp(curves[i].params, params, len) == 0)
			return &curves[i];
	return NULL;
}

static const struct curve *curve_by_key(EVP_PKEY *key)
{
	char group[64];
	size_t len = 0;

	for (size_t i = 0; i < LENGTH(curves); i++)
		if (curves[i].type == CKK_EC_EDWARDS ?
			    EVP_PKEY_is_a(key, curves[i].name) :
			    EVP_PKEY_get_group_name(key, group, sizeof(group), &len) == 1 &&
				    EC_curve_nist2nid(curves[i].name) == OBJ_txt2nid(group))
			return &curves[i];
	return NULL;
}

EVP_PKEY *peer_generate(const char *type)
{
	if (strcmp(type, "RSA") == 0)
		return EVP_PKEY_Q_keygen(NULL, NULL, type, (size_t)2048);
	if (strncmp(type, "P-", 2) == 0)
		return EVP_PKEY_Q_keygen(NULL, NULL, "EC", type);
	return EVP_PKEY_Q_keygen(NULL, NULL, type);
}

/* --- keys out of the module --------------------------------------------- */

static EVP_PKEY *key_from_params(const char *type, int selection, OSSL_PARAM_BLD *build)
{
	OSSL_PARAM *params = OSSL_PARAM_BLD_to_param(build);
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, type, NULL);
	EVP_PKEY *key = NULL;

	if (!params || !ctx || EVP_PKEY_fromdata_init(ctx) != 1 ||
	    EVP_PKEY_fromdata(ctx, &key, selection, params) != 1)
		key = NULL;
	EVP_PKEY_CTX_free(ctx);
	OSSL_PARAM_free(params);
	return key;
}

static EVP_PKEY *export_rsa(CK_SESSION_HANDLE s, CK_OBJECT_HANDLE o, bool private)
{
	static const struct {
		CK_ATTRIBUTE_TYPE type;
		const char *name;
	} parts[] = {
		{ CKA_MODULUS, OSSL_PKEY_PARAM_RSA_N },
		{ CKA_PUBLIC_EXPONENT, OSSL_PKEY_PARAM_RSA_E },
		{ CKA_PRIVATE_EXPONENT, OSSL_PKEY_PARAM_RSA_D },
		{ CKA_PRIME_1, OSSL_PKEY_PARAM_RSA_FACTOR1 },
		{ CKA_PRIME_2, OSSL_PKEY_PARAM_RSA_FACTOR2 },
		{ CKA_EXPONENT_1, OSSL_PKEY_PARAM_RSA_EXPONENT1 },
		{ CKA_EXPONENT_2, OSSL_PKEY_PARAM_RSA_EXPONENT2 },
		{ CKA_COEFFICIENT, OSSL_PKEY_PARAM_RSA_COEFFICIENT1 },
	};
	size_t n = private ? LENGTH(parts) : 2;
	OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
	BIGNUM *bn[LENGTH(parts)] = { 0 };
	EVP_PKEY *key = NULL;
	bool ok = build;

	for (size_t i = 0; ok && i < n; i++) {
		CK_BYTE value[BYTES_MAX];
		CK_ULONG len = sizeof(value);

		ok = attr_bytes(s, o, parts[i].type, value, &len) == CKR_OK &&
		     (bn[i] = BN_bin2bn(value, (int)len, NULL)) &&
		     OSSL_PARAM_BLD_push_BN(build, parts[i].name, bn[i]) == 1;
	}
	if (ok)
		key = key_from_params("RSA", private ? EVP_PKEY_KEYPAIR : EVP_PKEY_PUBLIC_KEY,
			build);
	for (size_t i = 0; i < n; i++)
		BN_clear_free(bn[i]);
	OSSL_PARAM_BLD_free(build);
	return key;
}

static EVP_PKEY *ec_key(const struct curve *curve, bool private, const CK_BYTE *value, size_t len)
{
	OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
	BIGNUM *bn = BN_bin2bn(value, (int)len, NULL);
	EVP_PKEY *key = NULL;

	if (build && bn &&
	    OSSL_PARAM_BLD_push_utf8_string(build, OSSL_PKEY_PARAM_GROUP_NAME, curve->name, 0) &&
	    (private ? OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_PRIV_KEY, bn) :
		       OSSL_PARAM_BLD_push_octet_string(build, OSSL_PKEY_PARAM_PUB_KEY, value,
			len)))
		key = key_from_params("EC", private ? EVP_PKEY_KEYPAIR : EVP_PKEY_PUBLIC_KEY,
			build);
	BN_clear_free(bn);
	OSSL_PARAM_BLD_free(build);
	return key;
}

/* The content of a DER octet string of up to 255 bytes; the length of the header in bytes. */
static size_t octet_string_header(const CK_BYTE *der, size_t len)
{
	if (len > 2 && der[0] == 4 && der[1] < 0x80 && der[1] == len - 2)
		return 2;
	if (len > 3 && der[0] == 4 && der[1] == 0x81 && der[2] == len - 3)
		return 3;
	return 0;
}

static EVP_PKEY *export_curve(CK_SESSION_HANDLE s, CK_OBJECT_HANDLE o, bool private)
{
	CK_BYTE params[BYTES_MAX], buf[BYTES_MAX];
	CK_ULONG params_len = sizeof(params), len = sizeof(buf);
	const struct curve *curve = NULL;
	size_t header = 0;

	if (attr_bytes(s, o, CKA_EC_PARAMS, params, &params_len) != CKR_OK ||
	    attr_bytes(s, o, private ? CKA_VALUE : CKA_EC_POINT, buf, &len) != CKR_OK)
		return NULL;
	curve = curve_by_params(params, params_len);
	if (!private)
		header = octet_string_header(buf, len);
	if (!curve || (!private && !header))
		return NULL;
	if (curve->type == CKK_EC)
		return ec_key(curve, private, buf + header, len - header);
	return private ? EVP_PKEY_new_raw_private_key_ex(NULL, curve->name, NULL, buf, len) :
			 EVP_PKEY_new_raw_public_key_ex(NULL, curve->name, NULL, buf + header,
							len - header);
}

EVP_PKEY *peer_export(CK_SESSION_HANDLE s, CK_OBJECT_HANDLE o)
{
	CK_ULONG class = 0, type = 0;

	if (attr_ulong(s, o, CKA_CLASS, &class) != CKR_OK ||
	    attr_ulong(s, o, CKA_KEY_TYPE, &type) != CKR_OK)
		return NULL;
	return type == CKK_RSA ? export_rsa(s, o, class == CKO_PRIVATE_KEY) :
				 export_curve(s, o, class == CKO_PRIVATE_KEY);
}

/* --- keys into the module ----------------------------------------------- */

/* Values of a template under construction. */
struct values {
	CK_ATTRIBUTE t[24];
	CK_ULONG n;
	CK_BYTE bytes[16][BYTES_MAX];
	CK_ULONG used;
};

static bool add_bn(struct values *v, EVP_PKEY *key, CK_ATTRIBUTE_TYPE type, const char *name,
		   int pad)
{
	CK_BYTE *to = v->bytes[v->used++];
	BIGNUM *bn = NULL;
	int len = -1;

	if (EVP_PKEY_get_bn_param(key, name, &bn) == 1)
		len = pad ? BN_bn2binpad(bn, to, pad) : BN_bn2bin(bn, to);
	BN_clear_free(bn);
	v->t[v->n++] = (CK_ATTRIBUTE){ type, to, len > 0 ? (CK_ULONG)len : 0 };
	return len > 0;
}

static bool add_rsa(struct values *v, EVP_PKEY *key, bool private)
{
	bool ok = add_bn(v, key, CKA_MODULUS, OSSL_PKEY_PARAM_RSA_N, 0) &&
		  add_bn(v, key, CKA_PUBLIC_EXPONENT, OSSL_PKEY_PARAM_RSA_E, 0);

	if (!private)
		return ok;
	return ok && add_bn(v, key, CKA_PRIVATE_EXPONENT, OSSL_PKEY_PARAM_RSA_D, 0) &&
	       add_bn(v, key, CKA_PRIME_1, OSSL_PKEY_PARAM_RSA_FACTOR1, 0) &&
	       add_bn(v, key, CKA_PRIME_2, OSSL_PKEY_PARAM_RSA_FACTOR2, 0) &&
	       add_bn(v, key, CKA_EXPONENT_1, OSSL_PKEY_PARAM_RSA_EXPONENT1, 0) &&
	       add_bn(v, key, CKA_EXPONENT_2, OSSL_PKEY_PARAM_RSA_EXPONENT2, 0) &&
	       add_bn(v, key, CKA_COEFFICIENT, OSSL_PKEY_PARAM_RSA_COEFFICIENT1, 0);
}

/* The point as an octet string in an octet string, as CKA_EC_POINT has it. */
static bool add_point(struct values *v, EVP_PKEY *key, const struct curve *curve)
{
	CK_BYTE *to = v->bytes[v->used++], point[256];
	size_t len = sizeof(point), header = 2;

	if (curve->type == CKK_EC ?
		    EVP_PKEY_get_octet_string_param(key, OSSL_PKEY_PARAM_PUB_KEY, point,
						    sizeof(point), &len) != 1 :
		    EVP_PKEY_get_raw_public_key(key, point, &len) != 1)
		return false;
	to[0] = 4;
	to[1] = (CK_BYTE)len;
	if (len >= 0x80) {
		to[1] = 0x81;
		to[2] = (CK_BYTE)len;
		header = 3;
	}
	memcpy(to + header, point, len);
	v->t[v->n++] = (CK_ATTRIBUTE){ CKA_EC_POINT, to, header + len };
	return true;
}

static bool add_curve(struct values *v, EVP_PKEY *key, const struct curve *curve, bool private)
{
	CK_BYTE *to = v->bytes[v->used++];
	size_t len = BYTES_MAX;

	memcpy(to, curve->params, curve->len);
	v->t[v->n++] = (CK_ATTRIBUTE){ CKA_EC_PARAMS, to, curve->len };
	if (!private)
		return add_point(v, key, curve);
	if (curve->type == CKK_EC)
		return add_bn(v, key, CKA_VALUE, OSSL_PKEY_PARAM_PRIV_KEY, (int)curve->bytes);
	to = v->bytes[v->used++];
	if (EVP_PKEY_get_raw_private_key(key, to, &len) != 1)
		return false;
	v->t[v->n++] = (CK_ATTRIBUTE){ CKA_VALUE, to, len };
	return true;
}

CK_RV peer_import(CK_SESSION_HANDLE s, EVP_PKEY *key, CK_OBJECT_CLASS class, CK_OBJECT_HANDLE *out)
{
	bool rsa = EVP_PKEY_is_a(key, "RSA"), private = class == CKO_PRIVATE_KEY;
	const struct curve *curve = rsa ? NULL : curve_by_key(key);
	struct values v = {
		.t = {
			A_ULONG(CKA_CLASS, class),
			A_ULONG(CKA_KEY_TYPE, rsa ? CKK_RSA : curve ? curve->type : 0),
			A_BOOL(CKA_PRIVATE, CK_FALSE),
		},
		.n = 3,
	};

	if (rsa ? !add_rsa(&v, key, private) : !curve || !add_curve(&v, key, curve, private))
		return ROW_BROKEN;
	return p11->C_CreateObject(s, v.t, v.n, out);
}

/* --- signatures --------------------------------------------------------- */

static bool oaep_set(EVP_PKEY_CTX *ctx, const struct scheme *how)
{
	size_t len = how->label ? strlen(how->label) : 0;
	char *label = len ? OPENSSL_strdup(how->label) : NULL;

	if (EVP_PKEY_CTX_set_rsa_oaep_md_name(ctx, how->md, NULL) != 1)
		return false;
	/* the context takes the label over */
	return !len || (label && EVP_PKEY_CTX_set0_rsa_oaep_label(ctx, label, (int)len) == 1);
}

static bool padding_set(EVP_PKEY_CTX *ctx, const struct scheme *how)
{
	static const int rsa[] = {
		[PAD_PKCS1] = RSA_PKCS1_PADDING, [PAD_NONE] = RSA_NO_PADDING,
		[PAD_PSS] = RSA_PKCS1_PSS_PADDING, [PAD_OAEP] = RSA_PKCS1_OAEP_PADDING,
	};
	bool ok = true;

	if (how->padding == PAD_ECDSA || how->padding == PAD_EDDSA)
		return true;
	ok = EVP_PKEY_CTX_set_rsa_padding(ctx, rsa[how->padding]) == 1;
	if (how->padding == PAD_PSS)
		ok = ok && EVP_PKEY_CTX_set_rsa_pss_saltlen(ctx, how->salt ? how->salt :
								 RSA_PSS_SALTLEN_DIGEST) == 1;
	if (how->padding == PAD_OAEP)
		ok = ok && oaep_set(ctx, how);
	if (how->padding == PAD_PSS || how->padding == PAD_OAEP)
		ok = ok && EVP_PKEY_CTX_set_rsa_mgf1_md_name(ctx, how->mgf ? how->mgf : how->md,
							     NULL) == 1;
	return ok;
}

static bool hash_set(EVP_PKEY_CTX *ctx, const struct scheme *how)
{
	return !how->md ||
	       EVP_PKEY_CTX_set_signature_md(ctx, EVP_get_digestbyname(how->md)) == 1;
}

/* Half a signature is as long as the order of the curve. */
static size_t ecdsa_half(EVP_PKEY *key)
{
	return ((size_t)EVP_PKEY_get_bits(key) + 7) / 8;
}

static bool ecdsa_to_raw(EVP_PKEY *key, CK_BYTE *signature, size_t *len)
{
	const CK_BYTE *in = signature;
	size_t half = ecdsa_half(key);
	ECDSA_SIG *sig = d2i_ECDSA_SIG(NULL, &in, (long)*len);
	bool ok = sig &&
		  BN_bn2binpad(ECDSA_SIG_get0_r(sig), signature, (int)half) == (int)half &&
		  BN_bn2binpad(ECDSA_SIG_get0_s(sig), signature + half, (int)half) == (int)half;

	ECDSA_SIG_free(sig);
	*len = 2 * half;
	return ok;
}

static size_t ecdsa_to_der(const CK_BYTE *raw, size_t len, CK_BYTE *der)
{
	ECDSA_SIG *sig = ECDSA_SIG_new();
	BIGNUM *r = BN_bin2bn(raw, (int)(len / 2), NULL);
	BIGNUM *s = BN_bin2bn(raw + len / 2, (int)(len / 2), NULL);
	int n = 0;

	if (sig && ECDSA_SIG_set0(sig, r, s) == 1)
		n = i2d_ECDSA_SIG(sig, &der);
	ECDSA_SIG_free(sig);
	return n > 0 ? (size_t)n : 0;
}

bool peer_sign(EVP_PKEY *key, const struct scheme *how, const CK_BYTE *data, size_t len,
	       CK_BYTE *signature, size_t *signature_len)
{
	EVP_MD_CTX *md_ctx = EVP_MD_CTX_new();
	EVP_PKEY_CTX *ctx = NULL;
	bool ok = false;

	if (how->hashes || how->padding == PAD_EDDSA) {
		ok = EVP_DigestSignInit_ex(md_ctx, &ctx, how->md, NULL, NULL, key, NULL) == 1 &&
		     padding_set(ctx, how) &&
		     EVP_DigestSign(md_ctx, signature, signature_len, data, len) == 1;
	} else {
		ctx = EVP_PKEY_CTX_new_from_pkey(NULL, key, NULL);
		ok = ctx && EVP_PKEY_sign_init(ctx) == 1 &&
		     padding_set(ctx, how) &&
		     hash_set(ctx, how) &&
		     EVP_PKEY_sign(ctx, signature, signature_len, data, len) == 1;
		EVP_PKEY_CTX_free(ctx);
	}
	EVP_MD_CTX_free(md_ctx);
	return ok && (how->padding != PAD_ECDSA || ecdsa_to_raw(key, signature, signature_len));
}

/* What a raw RSA signature opens to is the message, padded on the left. */
static bool verify_recovers(EVP_PKEY_CTX *ctx, const struct scheme *how, const CK_BYTE *data,
			    size_t len, const CK_BYTE *signature, size_t signature_len)
{
	CK_BYTE out[BYTES_MAX] = { 0 };
	size_t n = sizeof(out);

	if (EVP_PKEY_verify_recover_init(ctx) != 1 || !padding_set(ctx, how) ||
	    EVP_PKEY_verify_recover(ctx, out, &n, signature, signature_len) != 1 || n < len)
		return false;
	for (size_t i = 0; i < n - len; i++)
		if (out[i])
			return false;
	return memcmp(out + n - len, data, len) == 0;
}

static bool verify_hash(EVP_PKEY *key, const struct scheme *how, const CK_BYTE *data, size_t len,
			const CK_BYTE *signature, size_t signature_len)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(NULL, key, NULL);
	bool ok = false;

	if (ctx && how->padding == PAD_NONE)
		ok = verify_recovers(ctx, how, data, len, signature, signature_len);
	else if (ctx)
		ok = EVP_PKEY_verify_init(ctx) == 1 && padding_set(ctx, how) &&
		     hash_set(ctx, how) &&
		     EVP_PKEY_verify(ctx, signature, signature_len, data, len) == 1;
	EVP_PKEY_CTX_free(ctx);
	return ok;
}

bool peer_verify(EVP_PKEY *key, const struct scheme *how, const CK_BYTE *data, size_t len,
		 const CK_BYTE *signature, size_t signature_len)
{
	CK_BYTE der[BYTES_MAX];
	EVP_MD_CTX *md_ctx = NULL;
	EVP_PKEY_CTX *ctx = NULL;
	bool ok = false;

	if (how->padding == PAD_ECDSA) {
		if (signature_len != 2 * ecdsa_half(key))
			return false;
		signature_len = ecdsa_to_der(signature, signature_len, der);
		signature = der;
	}
	if (!how->hashes && how->padding != PAD_EDDSA)
		return verify_hash(key, how, data, len, signature, signature_len);
	md_ctx = EVP_MD_CTX_new();
	ok = EVP_DigestVerifyInit_ex(md_ctx, &ctx, how->md, NULL, NULL, key, NULL) == 1 &&
	     padding_set(ctx, how) &&
	     EVP_DigestVerify(md_ctx, signature, signature_len, data, len) == 1;
	EVP_MD_CTX_free(md_ctx);
	return ok;
}

/* --- encryption --------------------------------------------------------- */

static bool crypt_with(EVP_PKEY *key, const struct scheme *how,
		       int (*init)(EVP_PKEY_CTX *),
		       int (*crypt)(EVP_PKEY_CTX *, unsigned char *, size_t *,
				    const unsigned char *, size_t),
		       const CK_BYTE *data, size_t len, CK_BYTE *out, size_t *out_len)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(NULL, key, NULL);
	bool ok = ctx && init(ctx) == 1 && padding_set(ctx, how) &&
		  crypt(ctx, out, out_len, data, len) == 1;

	EVP_PKEY_CTX_free(ctx);
	return ok;
}

bool peer_encrypt(EVP_PKEY *key, const struct scheme *how, const CK_BYTE *data, size_t len,
		  CK_BYTE *out, size_t *out_len)
{
	return crypt_with(key, how, EVP_PKEY_encrypt_init, EVP_PKEY_encrypt, data, len, out,
			  out_len);
}

bool peer_decrypt(EVP_PKEY *key, const struct scheme *how, const CK_BYTE *data, size_t len,
		  CK_BYTE *out, size_t *out_len)
{
	return crypt_with(key, how, EVP_PKEY_decrypt_init, EVP_PKEY_decrypt, data, len, out,
			  out_len);
}

bool peer_cipher(const struct cipher *how, const CK_BYTE *data, size_t len, CK_BYTE *out,
		 size_t *out_len)
{
	EVP_CIPHER *cipher = EVP_CIPHER_fetch(NULL, how->name, NULL);
	EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
	int n = 0, last = 0, aad = 0;
	bool ok = cipher && ctx && EVP_EncryptInit_ex2(ctx, cipher, NULL, NULL, NULL) == 1 &&
		  (!how->tag_len || EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_SET_IVLEN,
							(int)how->iv_len, NULL) == 1) &&
		  EVP_EncryptInit_ex2(ctx, NULL, how->key, how->iv, NULL) == 1 &&
		  EVP_CIPHER_CTX_set_padding(ctx, how->padding) == 1 &&
		  (!how->aad_len ||
		   EVP_EncryptUpdate(ctx, NULL, &aad, how->aad, (int)how->aad_len) == 1) &&
		  EVP_EncryptUpdate(ctx, out, &n, data, (int)len) == 1 &&
		  EVP_EncryptFinal_ex(ctx, out + n, &last) == 1 &&
		  (!how->tag_len || EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_GET_TAG,
							(int)how->tag_len, out + n + last) == 1);

	*out_len = (size_t)(n + last) + how->tag_len;
	EVP_CIPHER_CTX_free(ctx);
	EVP_CIPHER_free(cipher);
	return ok;
}

bool peer_digest(const char *md, const CK_BYTE *data, size_t len, CK_BYTE *out, size_t *out_len)
{
	return EVP_Q_digest(NULL, md, NULL, data, len, out, out_len) == 1;
}

bool peer_hmac(const char *md, const CK_BYTE *key, size_t key_len, const CK_BYTE *data, size_t len,
	       CK_BYTE *out, size_t *out_len)
{
	return EVP_Q_mac(NULL, "HMAC", NULL, md, NULL, key, key_len, data, len, out, BYTES_MAX,
			 out_len) != NULL;
}
