/*
 * CKM_ECDH_AES_KEY_WRAP and its kin (PKCS#11 2.40 mechanisms, section 2.3, "ECDH AES KEY WRAP"): a
 * new key pair agrees with the wrapping key on an AES key, which wraps as RFC 5649 says. The blob
 * is the new public key, and then what was wrapped.
 */
#include "config.h"

#include <openssl/crypto.h>
#include <string.h>

#include "common/reason.h"
#include "crypto/family/agree.h"
#include "crypto/family/family.h"
#include "crypto/mech/derive.h"
#include "crypto/mech/wrap.h"
#include "crypto/ossl/ossl.h"

/* That of RFC 5649, whose shortest blob has two. */
#define UNIT 8

/* The two mechanisms that it consists of. */
struct parts {
	CK_ECDH_AES_KEY_WRAP_PARAMS p;
	const struct mech *agree;
	const struct mech *inner;
	CK_MECHANISM pad;
};

static CK_RV read_params(const struct mech *m, const CK_MECHANISM *param, struct parts *out)
{
	CK_ECDH_AES_KEY_WRAP_PARAMS *p = &out->p;
	const char *md;
	CK_RV rv = mech_param(param, p, sizeof(*p));

	if (rv != CKR_OK)
		return rv;
	if (p->ulAESKeyBits != 128 && p->ulAESKeyBits != 192 && p->ulAESKeyBits != 256)
		return mech_bad_param(param, "ulAESKeyBits is not 128, 192 or 256");
	rv = agree_check_kdf(param, p->kdf, p->pSharedData, p->ulSharedDataLen, &md);
	if (rv != CKR_OK)
		return rv;
	out->agree = mech_find(m->arg.variant == ECDH_COFACTOR ? CKM_ECDH1_COFACTOR_DERIVE :
			       CKM_ECDH1_DERIVE);
	out->inner = mech_find(CKM_AES_KEY_WRAP_KWP);
	out->pad = (CK_MECHANISM){ CKM_AES_KEY_WRAP_KWP, NULL, 0 };
	return out->agree != NULL && out->inner != NULL ? CKR_OK : CKR_MECHANISM_INVALID;
}

/* Of a point that is not compressed. */
static size_t point_size(const struct key *k)
{
	size_t field = ((size_t)k->size + 7) / 8;

	return k->type == CKK_EC ? 1 + 2 * field : field;
}

/* The AES key that base and the other party's point make. */
static CK_RV agree_on(const struct parts *p, struct key *base, const CK_BYTE *point, size_t len,
		      struct key **out)
{
	CK_ECDH1_DERIVE_PARAMS ecdh = { p->p.kdf, p->p.ulSharedDataLen, p->p.pSharedData, len,
					(CK_BYTE *)(uintptr_t)point };
	CK_MECHANISM param = { p->agree->type, &ecdh, sizeof(ecdh) };
	const struct derive_input in = { .param = &param, .base = base,
					 .want = p->p.ulAESKeyBits / 8 };
	struct secbuf *value = NULL;
	CK_RV rv = derive_bytes(p->agree, &in, &value);

	if (rv != CKR_OK)
		return rv;
	*out = key_new(CKO_SECRET_KEY, CKK_AES, NULL, value, in.want);
	return *out != NULL ? CKR_OK : CKR_HOST_MEMORY;
}

/* A new private key on the curve of the wrapping key. */
static CK_RV new_pair(const struct key *wrapping, struct key **out)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(ossl_ctx(), wrapping->pkey, NULL);
	EVP_PKEY *pkey = NULL;
	CK_RV rv = CKR_OK;

	if (ctx == NULL || EVP_PKEY_keygen_init(ctx) != 1 || EVP_PKEY_generate(ctx, &pkey) != 1)
		rv = ossl_error("generating a key pair", CKR_FUNCTION_FAILED);
	EVP_PKEY_CTX_free(ctx);
	if (rv != CKR_OK)
		return rv;
	*out = key_new(CKO_PRIVATE_KEY, wrapping->type, pkey, NULL, wrapping->size);
	return *out != NULL ? CKR_OK : CKR_HOST_MEMORY;
}

/* The public point, which must have that size. The caller frees it (OPENSSL_free). */
static CK_RV point_of(const struct key *k, size_t size, unsigned char **out)
{
	size_t len = EVP_PKEY_get1_encoded_public_key(k->pkey, out);

	if (len == size)
		return CKR_OK;
	OPENSSL_free(len > 0 ? *out : NULL);
	*out = NULL;
	return ossl_error("the public point", CKR_FUNCTION_FAILED);
}

/* The key that wraps, and the point that goes before the blob; the caller owns both. */
static CK_RV prepare(const struct parts *p, const struct key *wrapping, struct key **temp,
		     unsigned char **point)
{
	size_t size = point_size(wrapping);
	unsigned char *theirs = NULL;
	struct key *ours = NULL;
	CK_RV rv = new_pair(wrapping, &ours);

	if (rv == CKR_OK)
		rv = point_of(wrapping, size, &theirs);
	if (rv == CKR_OK)
		rv = point_of(ours, size, point);
	if (rv == CKR_OK)
		rv = agree_on(p, ours, theirs, size, temp);
	/* the key that is too short is not the caller's */
	if (rv == CKR_KEY_SIZE_RANGE)
		rv = reason(CKR_WRAPPING_KEY_SIZE_RANGE,
			    "the curve is too small for a key of ulAESKeyBits without a kdf");
	OPENSSL_free(theirs);
	key_unref(ours);
	return rv;
}

static CK_RV ecdh_wrap(const struct mech *m, const CK_MECHANISM *param, struct key *wrapping,
		       const struct secbuf *in, CK_BYTE *out, CK_ULONG *out_len)
{
	size_t size = point_size(wrapping);
	CK_ULONG room = *out_len, inner = 0;
	unsigned char *point = NULL;
	struct key *temp = NULL;
	struct parts p;
	CK_RV rv = read_params(m, param, &p);

	if (rv == CKR_OK)
		rv = prepare(&p, wrapping, &temp, &point);
	if (rv == CKR_OK)
		rv = wrap_bytes(p.inner, &p.pad, temp, in, NULL, &inner);
	if (rv == CKR_OK) {
		*out_len = size + inner;
		if (out != NULL && room < *out_len)
			rv = CKR_BUFFER_TOO_SMALL;
	}
	if (rv == CKR_OK && out != NULL) {
		rv = wrap_bytes(p.inner, &p.pad, temp, in, out + size, &inner);
		memcpy(out, point, size);
	}
	OPENSSL_free(point);
	key_unref(temp);
	return rv;
}

/* Whether the point or the rest is damaged is not told. */
static CK_RV ecdh_unwrap(const struct mech *m, const CK_MECHANISM *param, struct key *unwrapping,
			 const CK_BYTE *blob, CK_ULONG len, struct secbuf **out)
{
	size_t size = point_size(unwrapping);
	struct key *temp = NULL;
	struct parts p;
	CK_RV rv = read_params(m, param, &p);

	if (rv != CKR_OK)
		return rv;
	if (len < size + 2 * UNIT || (len - size) % UNIT != 0)
		return reason(CKR_WRAPPED_KEY_LEN_RANGE,
			      "the wrapped key is not the two parts that the mechanism makes");
	rv = agree_on(&p, unwrapping, blob, size, &temp);
	if (rv == CKR_MECHANISM_PARAM_INVALID)
		rv = reason(CKR_WRAPPED_KEY_INVALID, "the wrapped key is damaged, or another key "
			    "or parameter wrapped it");
	else if (rv == CKR_KEY_SIZE_RANGE)
		rv = reason(CKR_UNWRAPPING_KEY_SIZE_RANGE,
			    "the curve is too small for a key of ulAESKeyBits without a kdf");
	if (rv == CKR_OK)
		rv = unwrap_bytes(p.inner, &p.pad, temp, blob + size, len - size, out);
	key_unref(temp);
	return rv;
}

const struct mech_wrap ecdh_aes_wraps = { .wrap = ecdh_wrap, .unwrap = ecdh_unwrap };
