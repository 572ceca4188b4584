#include "config.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <string.h>

#include "crypto/family/family.h"
#include "crypto/ossl/ossl.h"
#include "crypto/family/sig.h"

/* What PKCS#1 v1.5 padding takes at least: 00 01, eight bytes, 00 (RFC 8017 section 7.2.1). */
#define PKCS1_OVERHEAD 11
#define PREFIX_MAX 19
#define PARAMS_MAX 6

struct hash {
	CK_MECHANISM_TYPE type;
	CK_RSA_PKCS_MGF_TYPE mgf;	/* 0: no such mask generation function */
	const char *md;
	size_t len;
	/*
	 * DER of DigestInfo up to the digest (RFC 8017 section 9.2, note 1); its own length byte
	 * tells how much follows.
	 */
	size_t prefix_len;
	unsigned char prefix[PREFIX_MAX];
	bool old;		/* PSS and OAEP never had it */
};

#define NIST_PREFIX(len, oid) \
	19, { 0x30, 17 + (len), 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, \
	      0x65, 0x03, 0x04, 0x02, (oid), 0x05, 0x00, 0x04, (len) }, false

static const struct hash hashes[] = {
	{ CKM_MD5, 0, "MD5", 16, 18,
	  { 0x30, 0x20, 0x30, 0x0c, 0x06, 0x08, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x02, 0x05,
	    0x05, 0x00, 0x04,
	    0x10 }, true },
	{ CKM_RIPEMD160, 0, "RIPEMD160", 20, 15,
	  { 0x30, 0x21, 0x30, 0x09, 0x06, 0x05, 0x2b, 0x24, 0x03, 0x02, 0x01, 0x05, 0x00, 0x04,
	    0x14 }, true },
	{ CKM_SHA_1, CKG_MGF1_SHA1, "SHA1", 20, 15,
	  { 0x30, 0x21, 0x30, 0x09, 0x06, 0x05, 0x2b, 0x0e, 0x03, 0x02, 0x1a, 0x05, 0x00, 0x04,
	    0x14 }, false },
	{ CKM_SHA224, CKG_MGF1_SHA224, "SHA224", 28, NIST_PREFIX(28, 4) },
	{ CKM_SHA256, CKG_MGF1_SHA256, "SHA256", 32, NIST_PREFIX(32, 1) },
	{ CKM_SHA384, CKG_MGF1_SHA384, "SHA384", 48, NIST_PREFIX(48, 2) },
	{ CKM_SHA512, CKG_MGF1_SHA512, "SHA512", 64, NIST_PREFIX(64, 3) },
	{ CKM_SHA512_224, 0, "SHA512-224", 28, NIST_PREFIX(28, 5) },
	{ CKM_SHA512_256, 0, "SHA512-256", 32, NIST_PREFIX(32, 6) },
	{ CKM_SHA3_224, CKG_MGF1_SHA3_224, "SHA3-224", 28, NIST_PREFIX(28, 7) },
	{ CKM_SHA3_256, CKG_MGF1_SHA3_256, "SHA3-256", 32, NIST_PREFIX(32, 8) },
	{ CKM_SHA3_384, CKG_MGF1_SHA3_384, "SHA3-384", 48, NIST_PREFIX(48, 9) },
	{ CKM_SHA3_512, CKG_MGF1_SHA3_512, "SHA3-512", 64, NIST_PREFIX(64, 10) },
};

/* The one of PSS and OAEP with that number. */
static const struct hash *hash_by_type(CK_MECHANISM_TYPE type)
{
	for (size_t i = 0; i < ARRAY_LEN(hashes); i++)
		if (hashes[i].type == type && !hashes[i].old)
			return &hashes[i];
	return NULL;
}

static const struct hash *hash_by_mgf(CK_RSA_PKCS_MGF_TYPE mgf)
{
	for (size_t i = 0; i < ARRAY_LEN(hashes); i++)
		if (hashes[i].mgf == mgf && mgf != 0)
			return &hashes[i];
	return NULL;
}

static const struct hash *hash_by_md(const char *md)
{
	for (size_t i = 0; i < ARRAY_LEN(hashes); i++)
		if (md != NULL && strcmp(hashes[i].md, md) == 0)
			return &hashes[i];
	return NULL;
}

static enum rsa_padding padding_of(const struct op *op)
{
	return (enum rsa_padding)op->mech->arg.variant;
}

static bool verifies(const struct op *op)
{
	return op->kind == OP_VERIFY || op->kind == OP_VERIFY_RECOVER;
}

static size_t modulus_bytes(const struct op *op)
{
	return (size_t)EVP_PKEY_get_size(op->key->pkey);
}

static OSSL_PARAM text_param(const char *name, const char *value)
{
	return OSSL_PARAM_construct_utf8_string(name, (char *)(uintptr_t)value, 0);
}

/* --- signing and verifying --- */

/* What goes under the padding: the data itself, or the DigestInfo of its digest. */
static CK_RV pkcs1_block(const struct op *op, const CK_BYTE *in, size_t *len, unsigned char *info,
			 const CK_BYTE **tbs)
{
	const struct sig *s = op->state;
	const struct hash *h = s->family;

	*tbs = in;
	if (h != NULL) {
		memcpy(info, h->prefix, h->prefix_len);
		memcpy(info + h->prefix_len, in, h->len);
		*len = h->prefix_len + h->len;
		*tbs = info;
	}
	return *len + PKCS1_OVERHEAD <= s->size ? CKR_OK : CKR_DATA_LEN_RANGE;
}

static CK_RV pkcs1_sign(struct op *op, const CK_BYTE *in, size_t len, CK_BYTE *out)
{
	struct sig *s = op->state;
	unsigned char info[PREFIX_MAX + EVP_MAX_MD_SIZE];
	size_t n = s->size;
	CK_RV rv = pkcs1_block(op, in, &len, info, &in);

	if (rv == CKR_OK && EVP_PKEY_sign(s->ctx, out, &n, in, len) != 1)
		rv = ossl_error("RSA signature", CKR_FUNCTION_FAILED);
	return rv;
}

/* The number that the signature was made from, as long as the modulus. */
static CK_RV recover(const struct sig *s, const CK_BYTE *sig, struct secbuf **out)
{
	struct secbuf *found = secbuf_new(s->size);

	if (found == NULL)
		return CKR_HOST_MEMORY;
	if (EVP_PKEY_verify_recover(s->ctx, found->data, &found->len, sig, s->size) != 1 ||
	    found->len != s->size) {
		secbuf_free(found);
		return ossl_quiet(CKR_SIGNATURE_INVALID);
	}
	*out = found;
	return CKR_OK;
}

/*
 * That number must be exactly the expected one (RFC 8017 section 8.2.2). EVP_PKEY_verify does the
 * same, but takes no signature of empty data.
 */
static CK_RV compare(const struct sig *s, const struct secbuf *expected, const CK_BYTE *sig)
{
	struct secbuf *found = NULL;
	CK_RV rv = recover(s, sig, &found);

	if (rv == CKR_OK && CRYPTO_memcmp(found->data, expected->data, s->size) != 0)
		rv = CKR_SIGNATURE_INVALID;
	secbuf_free(found);
	return rv;
}

static CK_RV pkcs1_verify(struct op *op, const CK_BYTE *in, size_t len, const CK_BYTE *sig)
{
	struct sig *s = op->state;
	unsigned char info[PREFIX_MAX + EVP_MAX_MD_SIZE];
	struct secbuf *padded;
	CK_RV rv = pkcs1_block(op, in, &len, info, &in);

	if (rv != CKR_OK)
		return rv;
	padded = secbuf_new(s->size);
	if (padded == NULL)
		return CKR_HOST_MEMORY;
	/* 00 01 ff ... ff 00 and the data */
	memset(padded->data, 0xff, s->size);
	padded->data[0] = 0;
	padded->data[1] = 1;
	padded->data[s->size - len - 1] = 0;
	if (len > 0)
		memcpy(padded->data + s->size - len, in, len);
	rv = compare(s, padded, sig);
	secbuf_free(padded);
	return rv;
}

static CK_RV pss_sign(struct op *op, const CK_BYTE *in, size_t len, CK_BYTE *out)
{
	struct sig *s = op->state;
	const struct hash *h = s->family;
	size_t n = s->size;

	if (len != h->len)
		return CKR_DATA_LEN_RANGE;
	return EVP_PKEY_sign(s->ctx, out, &n, in, len) == 1 ? CKR_OK :
		ossl_error("RSA signature", CKR_FUNCTION_FAILED);
}

static CK_RV pss_verify(struct op *op, const CK_BYTE *in, size_t len, const CK_BYTE *sig)
{
	struct sig *s = op->state;
	const struct hash *h = s->family;

	if (len != h->len)
		return CKR_DATA_LEN_RANGE;
	return EVP_PKEY_verify(s->ctx, sig, s->size, in, len) == 1 ? CKR_OK :
		ossl_quiet(CKR_SIGNATURE_INVALID);
}

/*
 * A number as long as the modulus: shorter data gets zeros in front (PKCS#11 2.40 mechanisms,
 * section 2.1.8).
 */
static CK_RV number(const struct sig *s, const CK_BYTE *in, size_t len, struct secbuf **out)
{
	struct secbuf *n;

	if (len > s->size)
		return CKR_DATA_LEN_RANGE;
	n = secbuf_new(s->size);
	if (n == NULL)
		return CKR_HOST_MEMORY;
	if (len > 0)
		memcpy(n->data + s->size - len, in, len);
	*out = n;
	return CKR_OK;
}

static CK_RV number_sign(struct op *op, const CK_BYTE *in, size_t len, CK_BYTE *out)
{
	struct sig *s = op->state;
	struct secbuf *n = NULL;
	size_t out_len = s->size;
	CK_RV rv = number(s, in, len, &n);

	/* All that can be wrong is that the number is not below the modulus. */
	if (rv == CKR_OK && EVP_PKEY_sign(s->ctx, out, &out_len, n->data, n->len) != 1)
		rv = ossl_quiet(CKR_DATA_INVALID);
	secbuf_free(n);
	return rv;
}

static CK_RV number_verify(struct op *op, const CK_BYTE *in, size_t len, const CK_BYTE *sig)
{
	struct sig *s = op->state;
	struct secbuf *n = NULL;
	CK_RV rv = number(s, in, len, &n);

	if (rv == CKR_OK)
		rv = compare(s, n, sig);
	secbuf_free(n);
	return rv;
}

/* Where the data begins in 00 01 ff ... ff 00 and data; 0: it is no such block. */
static size_t pkcs1_data(const struct secbuf *block)
{
	size_t i = 2;

	if (block->data[0] != 0 || block->data[1] != 1)
		return 0;
	while (i < block->len && block->data[i] == 0xff)
		i++;
	return i < block->len && block->data[i] == 0 && i + 1 >= PKCS1_OVERHEAD ? i + 1 : 0;
}

/* C_VerifyRecover: what was signed, all of the modulus' length without padding. */
static CK_RV verify_recover(const struct op *op, const CK_BYTE *sig, CK_BYTE *out,
			    CK_ULONG *out_len)
{
	bool pkcs1 = padding_of(op) == RSA_PAD_PKCS1;
	struct secbuf *found = NULL;
	CK_RV rv = recover(op->state, sig, &found);
	size_t from;

	if (rv != CKR_OK)
		return rv;
	from = pkcs1 ? pkcs1_data(found) : 0;
	if (pkcs1 && from == 0) {
		rv = CKR_SIGNATURE_INVALID;
	} else {
		*out_len = found->len - from;
		memcpy(out, found->data + from, *out_len);
	}
	secbuf_free(found);
	return rv;
}

/* --- encrypting and decrypting --- */

static CK_RV encrypt_padded(const struct op *op, const CK_BYTE *in, CK_ULONG len, CK_BYTE *out)
{
	struct sig *s = op->state;
	const struct hash *h = s->family;
	size_t overhead = padding_of(op) == RSA_PAD_OAEP ? 2 * h->len + 2 : PKCS1_OVERHEAD;
	size_t n = s->size;

	if (len > s->size - overhead)
		return CKR_DATA_LEN_RANGE;
	if (EVP_PKEY_encrypt(s->ctx, out, &n, in, len) != 1)
		return ossl_error("RSA encryption", CKR_FUNCTION_FAILED);
	return CKR_OK;
}

static CK_RV encrypt_number(const struct op *op, const CK_BYTE *in, CK_ULONG len, CK_BYTE *out)
{
	struct sig *s = op->state;
	struct secbuf *n = NULL;
	size_t out_len = s->size;
	CK_RV rv = number(s, in, len, &n);

	if (rv == CKR_OK && EVP_PKEY_encrypt(s->ctx, out, &out_len, n->data, n->len) != 1)
		rv = ossl_quiet(CKR_DATA_INVALID);
	secbuf_free(n);
	return rv;
}

/*
 * What went wrong inside the padding is neither logged nor told apart. From 3.2 on OpenSSL answers
 * a wrong PKCS#1 v1.5 padding with random bytes instead of an error, which is safer still.
 */
static CK_RV decrypt(const struct op *op, const CK_BYTE *in, CK_ULONG len, CK_BYTE *out,
		     CK_ULONG *out_len)
{
	struct sig *s = op->state;
	size_t n = s->size;

	if (len != s->size)
		return CKR_ENCRYPTED_DATA_LEN_RANGE;
	if (EVP_PKEY_decrypt(s->ctx, out, &n, in, len) != 1)
		return ossl_quiet(CKR_ENCRYPTED_DATA_INVALID);
	*out_len = n;
	return CKR_OK;
}

static CK_RV rsa_size(struct op *op, CK_ULONG in, bool last, CK_ULONG *out)
{
	const struct sig *s = op->state;

	if (op->kind != OP_VERIFY_RECOVER)
		return sig_size(op, in, last, out);
	if (in != s->size)
		return CKR_SIGNATURE_LEN_RANGE;
	*out = padding_of(op) == RSA_PAD_PKCS1 ? s->size - PKCS1_OVERHEAD : s->size;
	return CKR_OK;
}

static CK_RV rsa_single(struct op *op, const CK_BYTE *in, CK_ULONG len, CK_BYTE *out,
			CK_ULONG *out_len)
{
	const struct sig *s = op->state;

	switch (op->kind) {
	case OP_ENCRYPT:
		*out_len = s->size;
		return padding_of(op) == RSA_PAD_NONE ? encrypt_number(op, in, len, out) :
							encrypt_padded(op, in, len, out);
	case OP_DECRYPT:
		return decrypt(op, in, len, out, out_len);
	case OP_VERIFY_RECOVER:
		return verify_recover(op, in, out, out_len);
	default:
		return sig_single(op, in, len, out, out_len);
	}
}

/* --- parameters --- */

/* Makes the context; PSS alone is verified by OpenSSL itself. */
static CK_RV open_context(struct op *op, const OSSL_PARAM params[], const struct hash *h,
			  struct sig **out)
{
	int (*verify)(EVP_PKEY_CTX *, const OSSL_PARAM[]) =
		padding_of(op) == RSA_PAD_PSS ? EVP_PKEY_verify_init_ex :
			EVP_PKEY_verify_recover_init_ex;
	int (*const init[OP_KINDS])(EVP_PKEY_CTX *, const OSSL_PARAM[]) = {
		[OP_ENCRYPT] = EVP_PKEY_encrypt_init_ex,
		[OP_DECRYPT] = EVP_PKEY_decrypt_init_ex,
		[OP_SIGN] = EVP_PKEY_sign_init_ex,
		[OP_VERIFY] = verify,
		[OP_SIGN_RECOVER] = EVP_PKEY_sign_init_ex,
		[OP_VERIFY_RECOVER] = EVP_PKEY_verify_recover_init_ex,
	};
	CK_RV rv = sig_open(op, init[op->kind], params, out);

	if (rv == CKR_OK) {
		(*out)->size = modulus_bytes(op);
		(*out)->family = h;
	}
	return rv;
}

/* PKCS#1 v1.5 and raw: no parameter. To verify, the padding is compared like the rest. */
static CK_RV begin_plain(struct op *op, const CK_MECHANISM *param)
{
	const struct hash *h = hash_by_md(op->mech->arg.md);
	bool pkcs1 = padding_of(op) == RSA_PAD_PKCS1;
	const char *mode = pkcs1 && !verifies(op) ? OSSL_PKEY_RSA_PAD_MODE_PKCSV15 :
						    OSSL_PKEY_RSA_PAD_MODE_NONE;
	const OSSL_PARAM params[] = { text_param(OSSL_PKEY_PARAM_PAD_MODE, mode),
				      OSSL_PARAM_construct_end() };
	struct sig *s;
	CK_RV rv = mech_no_param(param);

	if (rv == CKR_OK && h != NULL &&
	    h->prefix_len + h->len + PKCS1_OVERHEAD > modulus_bytes(op))
		rv = CKR_KEY_SIZE_RANGE;
	if (rv == CKR_OK)
		rv = open_context(op, params, h, &s);
	if (rv != CKR_OK)
		return rv;
	s->sign = pkcs1 ? pkcs1_sign : number_sign;
	s->verify = pkcs1 ? pkcs1_verify : number_verify;
	return CKR_OK;
}

/* The two hashes of PSS and OAEP. */
static CK_RV read_hashes(const CK_MECHANISM *param, CK_MECHANISM_TYPE hash,
			 CK_RSA_PKCS_MGF_TYPE mask, const struct hash **h, const struct hash **mgf)
{
	*h = hash_by_type(hash);
	*mgf = hash_by_mgf(mask);
	if (*h == NULL)
		return mech_bad_param(param, "hashAlg is not supported");
	return *mgf != NULL ? CKR_OK : mech_bad_param(param, "mgf is not supported");
}

static CK_RV read_pss(const struct op *op, const CK_MECHANISM *param, CK_RSA_PKCS_PSS_PARAMS *p,
		      const struct hash **h, const struct hash **mgf)
{
	size_t room = (op->key->size + 6) / 8;	/* RFC 8017 section 9.1.1: emLen for modBits - 1 */
	CK_RV rv = mech_param(param, p, sizeof(*p));

	if (rv == CKR_OK)
		rv = read_hashes(param, p->hashAlg, p->mgf, h, mgf);
	if (rv != CKR_OK)
		return rv;
	if (op->mech->arg.md != NULL && *h != hash_by_md(op->mech->arg.md))
		return mech_bad_param(param, "hashAlg is not that of the mechanism");
	if (room < (*h)->len + 2 || p->sLen > room - (*h)->len - 2)
		return mech_bad_param(param, "sLen is too large for the key");
	return CKR_OK;
}

static CK_RV begin_pss(struct op *op, const CK_MECHANISM *param)
{
	CK_RSA_PKCS_PSS_PARAMS p;
	const struct hash *h, *mgf;
	OSSL_PARAM params[PARAMS_MAX];
	struct sig *s;
	int salt;
	CK_RV rv = read_pss(op, param, &p, &h, &mgf);

	if (rv != CKR_OK)
		return rv;
	salt = (int)p.sLen;
	params[0] = text_param(OSSL_PKEY_PARAM_PAD_MODE, OSSL_PKEY_RSA_PAD_MODE_PSS);
	params[1] = text_param(OSSL_SIGNATURE_PARAM_DIGEST, h->md);
	params[2] = text_param(OSSL_SIGNATURE_PARAM_MGF1_DIGEST, mgf->md);
	params[3] = OSSL_PARAM_construct_int(OSSL_SIGNATURE_PARAM_PSS_SALTLEN, &salt);
	params[4] = OSSL_PARAM_construct_end();
	rv = open_context(op, params, h, &s);
	if (rv != CKR_OK)
		return rv;
	s->sign = pss_sign;
	s->verify = pss_verify;
	return CKR_OK;
}

/* The label. Some callers, OpenSC 0.23 among them, leave the source at 0 when there is none. */
static bool label_is_right(const CK_RSA_PKCS_OAEP_PARAMS *p)
{
	if (p->source != CKZ_DATA_SPECIFIED && p->source != 0)
		return false;
	return p->ulSourceDataLen == 0 || (p->source == CKZ_DATA_SPECIFIED &&
					   p->pSourceData != NULL);
}

static CK_RV begin_oaep(struct op *op, const CK_MECHANISM *param)
{
	CK_RSA_PKCS_OAEP_PARAMS p;
	const struct hash *h, *mgf;
	OSSL_PARAM params[PARAMS_MAX];
	struct sig *s;
	CK_RV rv = mech_param(param, &p, sizeof(p));

	if (rv == CKR_OK)
		rv = read_hashes(param, p.hashAlg, p.mgf, &h, &mgf);
	if (rv != CKR_OK)
		return rv;
	if (!label_is_right(&p))
		return mech_bad_param(param, "source or the label itself is not right");
	if (2 * h->len + 2 > modulus_bytes(op))
		return CKR_KEY_SIZE_RANGE;
	params[0] = text_param(OSSL_PKEY_PARAM_PAD_MODE, OSSL_PKEY_RSA_PAD_MODE_OAEP);
	params[1] = text_param(OSSL_ASYM_CIPHER_PARAM_OAEP_DIGEST, h->md);
	params[2] = text_param(OSSL_ASYM_CIPHER_PARAM_MGF1_DIGEST, mgf->md);
	params[3] = OSSL_PARAM_construct_end();
	if (p.ulSourceDataLen > 0)
		params[3] = OSSL_PARAM_construct_octet_string(OSSL_ASYM_CIPHER_PARAM_OAEP_LABEL,
				p.pSourceData,
							      p.ulSourceDataLen);
	params[4] = OSSL_PARAM_construct_end();
	return open_context(op, params, h, &s);
}

static CK_RV rsa_begin(struct op *op, const CK_MECHANISM *param)
{
	switch (padding_of(op)) {
	case RSA_PAD_PSS:
		return begin_pss(op, param);
	case RSA_PAD_OAEP:
		return begin_oaep(op, param);
	default:
		return begin_plain(op, param);
	}
}

const struct mech_ops rsa_raw_ops = {
	.begin = rsa_begin,
	.size = rsa_size,
	.single = rsa_single,
	.check_single = sig_check_single,
	.end = sig_end,
	.retry = true,
};

const struct mech_ops rsa_hash_ops = SIG_HASH_OPS(rsa_begin);
