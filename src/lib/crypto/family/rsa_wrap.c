/*
 * CKM_RSA_AES_KEY_WRAP (PKCS#11 2.40 mechanisms, section 2.1, "RSA AES KEY WRAP"): a temporary AES
 * key wraps the key, as RFC 5649 says, and RSA-OAEP the temporary key. The blob is the latter,
 * as long as the modulus, and then the former.
 */
#include "config.h"

#include "common/reason.h"
#include "crypto/family/family.h"
#include "crypto/mech/wrap.h"
#include "crypto/ossl/rng.h"

/* That of RFC 5649, whose shortest blob has two. */
#define UNIT 8

/* The two mechanisms that it consists of, and the size of the temporary key. */
struct parts {
	const struct mech *outer;
	CK_MECHANISM oaep;
	const struct mech *inner;
	CK_MECHANISM pad;
	size_t bytes;
};

static CK_RV read_params(const CK_MECHANISM *param, struct parts *p)
{
	CK_RSA_AES_KEY_WRAP_PARAMS given;
	CK_RV rv = mech_param(param, &given, sizeof(given));

	if (rv != CKR_OK)
		return rv;
	if (given.ulAESKeyBits != 128 && given.ulAESKeyBits != 192 && given.ulAESKeyBits != 256)
		return mech_bad_param(param, "ulAESKeyBits is not 128, 192 or 256");
	if (given.pOAEPParams == NULL)
		return mech_bad_param(param, "pOAEPParams is missing");
	*p = (struct parts){
		.outer = mech_find(CKM_RSA_PKCS_OAEP),
		.oaep = { CKM_RSA_PKCS_OAEP, given.pOAEPParams, sizeof(*given.pOAEPParams) },
		.inner = mech_find(CKM_AES_KEY_WRAP_PAD),
		.pad = { CKM_AES_KEY_WRAP_PAD, NULL, 0 },
		.bytes = given.ulAESKeyBits / 8,
	};
	return p->outer != NULL && p->inner != NULL ? CKR_OK : CKR_MECHANISM_INVALID;
}

/* Takes value over in any case. */
static CK_RV aes_key(struct secbuf *value, struct key **out)
{
	size_t len = value->len;

	*out = key_new(CKO_SECRET_KEY, CKK_AES, NULL, value, len);
	return *out != NULL ? CKR_OK : CKR_HOST_MEMORY;
}

static CK_RV new_key(size_t bytes, struct key **out)
{
	struct secbuf *value = secbuf_new(bytes);
	CK_RV rv = value != NULL ? rng_secret(value->data, bytes) : CKR_HOST_MEMORY;

	if (rv != CKR_OK) {
		secbuf_free(value);
		return rv;
	}
	return aes_key(value, out);
}

/* The sizes of the two parts, or the parts themselves when out is not NULL. */
static CK_RV wrap_parts(const struct parts *p, struct key *wrapping, struct key *temp,
			const struct secbuf *in, CK_BYTE *out, CK_ULONG sizes[2])
{
	CK_BYTE *second = out != NULL ? out + sizes[0] : NULL;
	CK_RV rv = wrap_bytes(p->outer, &p->oaep, wrapping, temp->secret, out, &sizes[0]);

	/* The key that has no room is not the caller's. */
	if (rv == CKR_KEY_SIZE_RANGE)
		return reason(CKR_WRAPPING_KEY_SIZE_RANGE,
			      "the modulus is too short for OAEP and a key of ulAESKeyBits");
	return rv == CKR_OK ? wrap_bytes(p->inner, &p->pad, temp, in, second, &sizes[1]) : rv;
}

static CK_RV rsa_aes_wrap(const struct mech *m, const CK_MECHANISM *param, struct key *wrapping,
			  const struct secbuf *in, CK_BYTE *out, CK_ULONG *out_len)
{
	CK_ULONG sizes[2] = { 0, 0 }, room = *out_len;
	struct key *temp = NULL;
	struct parts p;
	CK_RV rv = read_params(param, &p);

	(void)m;
	if (rv == CKR_OK)
		rv = new_key(p.bytes, &temp);
	if (rv == CKR_OK)
		rv = wrap_parts(&p, wrapping, temp, in, NULL, sizes);
	if (rv == CKR_OK) {
		*out_len = sizes[0] + sizes[1];
		if (out != NULL)
			rv = room < *out_len ? CKR_BUFFER_TOO_SMALL :
				wrap_parts(&p, wrapping, temp, in, out, sizes);
	}
	key_unref(temp);
	return rv;
}

/* Which of the two parts is damaged is not told. */
static CK_RV rsa_aes_unwrap(const struct mech *m, const CK_MECHANISM *param,
			    struct key *unwrapping, const CK_BYTE *blob, CK_ULONG len,
			    struct secbuf **out)
{
	size_t modulus = (size_t)EVP_PKEY_get_size(unwrapping->pkey);
	struct secbuf *value = NULL;
	struct key *temp = NULL;
	struct parts p;
	CK_RV rv = read_params(param, &p);

	(void)m;
	if (rv != CKR_OK)
		return rv;
	if (len < modulus + 2 * UNIT || (len - modulus) % UNIT != 0)
		return reason(CKR_WRAPPED_KEY_LEN_RANGE,
			      "the wrapped key is not the two parts that the mechanism makes");
	rv = unwrap_bytes(p.outer, &p.oaep, unwrapping, blob, modulus, &value);
	if (rv == CKR_OK && value->len != p.bytes) {
		secbuf_free(value);
		rv = reason(CKR_WRAPPED_KEY_INVALID, "the wrapped key is damaged, or another key "
			    "or parameter wrapped it");
	} else if (rv == CKR_OK) {
		rv = aes_key(value, &temp);
	}
	if (rv == CKR_OK)
		rv = unwrap_bytes(p.inner, &p.pad, temp, blob + modulus, len - modulus, out);
	key_unref(temp);
	return rv;
}

const struct mech_wrap rsa_aes_wraps = { .wrap = rsa_aes_wrap, .unwrap = rsa_aes_unwrap };
