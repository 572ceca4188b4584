/*
 * Keys out of a secret and a hash: HKDF (RFC 5869; PKCS#11 3.0 mechanisms, "HKDF Mechanisms"), and
 * out of a password: PBKDF2 (PKCS#11 2.40 mechanisms, section 2.28).
 */
#include "config.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/kdf.h>
#include <openssl/params.h>
#include <string.h>

#include "common/peek.h"
#include "common/reason.h"
#include "crypto/family/family.h"
#include "crypto/family/prf.h"
#include "crypto/key/keytype.h"
#include "crypto/ossl/ossl.h"

/* --- HKDF --- */

/* RFC 5869 section 2.3: the number of a block is one byte. */
#define HKDF_BLOCKS 255

struct hkdf {
	CK_HKDF_PARAMS p;
	const char *md;
	size_t size;		/* of the hash */
	struct piece salt;
	struct piece secret;	/* what comes in, or what was extracted */
};

static CK_RV check_salt(const CK_MECHANISM *param, const CK_HKDF_PARAMS *p)
{
	bool data = p->ulSaltType == CKF_HKDF_SALT_DATA, key = p->ulSaltType == CKF_HKDF_SALT_KEY;
	/* without extraction there is no salt; then callers leave 0 there, too */
	bool none = p->ulSaltType == CKF_HKDF_SALT_NULL || (!p->bExtract && p->ulSaltType == 0);

	if (!none && !(p->bExtract && (data || key)))
		return mech_bad_param(param, "ulSaltType is unknown, or there is nothing to salt");
	if (data && p->ulSaltLen == 0)
		return mech_bad_param(param, "the salt is missing");
	if (!data && p->ulSaltLen > 0)
		return mech_bad_param(param, "there is a salt that ulSaltType does not mention");
	return prf_check_bytes(param, p->pSalt, p->ulSaltLen, "the salt is missing or too long");
}

static CK_RV read_hkdf(const CK_MECHANISM *param, struct hkdf *h)
{
	CK_HKDF_PARAMS *p = &h->p;
	CK_RV rv = mech_param(param, p, sizeof(*p));

	if (rv != CKR_OK)
		return rv;
	if (!p->bExtract && !p->bExpand)
		return mech_bad_param(param, "neither bExtract nor bExpand is true");
	h->md = prf_hash(p->prfHashMechanism);
	if (h->md == NULL)
		return mech_bad_param(param, "prfHashMechanism is no digest that is offered");
	if (!p->bExpand && p->ulInfoLen > 0)
		return mech_bad_param(param, "info is for the expansion, which is not wanted");
	rv = prf_check_bytes(param, p->pInfo, p->ulInfoLen, "pInfo is missing or too long");
	h->size = (size_t)EVP_MD_get_size(ossl_md(h->md));
	return rv == CKR_OK ? check_salt(param, p) : rv;
}

static CK_RV hkdf_other(const CK_MECHANISM *param, CK_OBJECT_HANDLE *out)
{
	struct hkdf h;
	CK_RV rv = read_hkdf(param, &h);

	if (rv == CKR_OK)
		*out = h.p.ulSaltType == CKF_HKDF_SALT_KEY ? h.p.hSaltKey : CK_INVALID_HANDLE;
	return rv;
}

static CK_RV find_salt(const struct derive_input *in, struct hkdf *h)
{
	if (h->p.ulSaltType == CKF_HKDF_SALT_KEY) {
		if (in->other == NULL || in->other->secret == NULL)
			return reason(CKR_KEY_TYPE_INCONSISTENT, "the salt is no secret key");
		h->salt = (struct piece){ in->other->secret->data, in->other->secret->len };
	} else {
		h->salt = (struct piece){ h->p.pSalt, h->p.ulSaltLen };
	}
	return CKR_OK;
}

/* Section 2.2. Of no salt the standard says that it is zeros, which HMAC takes for nothing. */
static CK_RV extract(const struct hkdf *h, unsigned char out[PRF_MAX])
{
	struct prf prf = { .keyed = NULL };
	CK_RV rv = prf_hmac(&prf, h->md, h->salt.data, h->salt.len);

	if (rv == CKR_OK)
		rv = prf_start(&prf);
	if (rv == CKR_OK)
		rv = prf_add(&prf, h->secret.data, h->secret.len);
	if (rv == CKR_OK)
		rv = prf_end(&prf, out);
	prf_close(&prf);
	return rv;
}

/* One block of section 2.3. */
static CK_RV next_block(struct prf *prf, const struct hkdf *h, unsigned char number,
			unsigned char block[PRF_MAX])
{
	CK_RV rv = prf_start(prf);

	if (rv == CKR_OK && number > 1)
		rv = prf_add(prf, block, prf->size);
	if (rv == CKR_OK)
		rv = prf_add(prf, h->p.pInfo, h->p.ulInfoLen);
	if (rv == CKR_OK)
		rv = prf_add(prf, &number, 1);
	return rv == CKR_OK ? prf_end(prf, block) : rv;
}

static CK_RV expand(const struct hkdf *h, struct secbuf *out)
{
	struct prf prf = { .keyed = NULL };
	unsigned char block[PRF_MAX], number = 0;
	CK_RV rv = prf_hmac(&prf, h->md, h->secret.data, h->secret.len);

	for (size_t at = 0, n; rv == CKR_OK && at < out->len; at += n) {
		n = out->len - at < prf.size ? out->len - at : prf.size;
		rv = next_block(&prf, h, ++number, block);
		if (rv == CKR_OK)
			memcpy(out->data + at, block, n);
	}
	OPENSSL_cleanse(block, sizeof(block));
	prf_close(&prf);
	return rv;
}

static CK_RV run_hkdf(struct hkdf *h, struct secbuf *out)
{
	unsigned char extracted[PRF_MAX];
	CK_RV rv = CKR_OK;

	if (h->p.bExtract) {
		rv = extract(h, extracted);
		h->secret = (struct piece){ extracted, h->size };
	}
	if (rv == CKR_OK && h->p.bExpand)
		rv = expand(h, out);
	else if (rv == CKR_OK)
		memcpy(out->data, extracted, out->len);
	OPENSSL_cleanse(extracted, sizeof(extracted));
	return rv;
}

/* Without a length that is wanted, as many bytes as the hash has. */
static CK_RV hkdf_derive(const struct mech *m, const struct derive_input *in, struct secbuf **out)
{
	struct hkdf h = { .secret = { in->base->secret->data, in->base->secret->len } };
	struct secbuf *bytes;
	size_t want, most;
	CK_RV rv = read_hkdf(in->param, &h);

	(void)m;
	if (rv == CKR_OK)
		rv = find_salt(in, &h);
	if (rv != CKR_OK)
		return rv;
	want = in->want > 0 ? in->want : h.size;
	most = h.p.bExpand ? HKDF_BLOCKS * h.size : h.size;
	if (want > most)
		return reason(CKR_KEY_SIZE_RANGE, "HKDF gives no more than %zu bytes", most);
	bytes = secbuf_new(want);
	rv = bytes != NULL ? run_hkdf(&h, bytes) : CKR_HOST_MEMORY;
	if (rv != CKR_OK) {
		secbuf_free(bytes);
		return rv;
	}
	*out = bytes;
	return CKR_OK;
}

const struct mech_derive hkdf_derives = {
	.derive = hkdf_derive, .other = hkdf_other, .generic = true,
};
const struct mech_derive hkdf_data_derives = {
	.derive = hkdf_derive, .other = hkdf_other, .result = DERIVE_DATA,
};

/* --- PBKDF2 --- */

static const struct {
	CK_PKCS5_PBKD2_PSEUDO_RANDOM_FUNCTION_TYPE prf;
	const char *md;
} pbkdf2_prfs[] = {
	{ CKP_PKCS5_PBKD2_HMAC_SHA1, "SHA1" },
	{ CKP_PKCS5_PBKD2_HMAC_SHA224, "SHA224" },
	{ CKP_PKCS5_PBKD2_HMAC_SHA256, "SHA256" },
	{ CKP_PKCS5_PBKD2_HMAC_SHA384, "SHA384" },
	{ CKP_PKCS5_PBKD2_HMAC_SHA512, "SHA512" },
	{ CKP_PKCS5_PBKD2_HMAC_SHA512_224, "SHA512-224" },
	{ CKP_PKCS5_PBKD2_HMAC_SHA512_256, "SHA512-256" },
};

static const char *pbkdf2_md(CK_PKCS5_PBKD2_PSEUDO_RANDOM_FUNCTION_TYPE prf)
{
	for (size_t i = 0; i < ARRAY_LEN(pbkdf2_prfs); i++)
		if (pbkdf2_prfs[i].prf == prf)
			return pbkdf2_prfs[i].md;
	return NULL;
}

/* More would be a hang, and some versions of OpenSSL count in an int. */
#define ITERATIONS_MAX 0x7fffffff
/* No password is longer than that, and no pointer is smaller. */
#define PASSWORD_MAX 0xffff

/*
 * Until 2.40 errata 1 the length of the password was a pointer to it, in a structure of the same
 * size (CK_PKCS5_PBKD2_PARAMS). What is too large for a length is taken for one, with care: it may
 * just be wrong.
 */
static CK_RV password_length(const CK_MECHANISM *param, CK_PKCS5_PBKD2_PARAMS2 *p)
{
	CK_ULONG len = p->ulPasswordLen;

	if ((len > PASSWORD_MAX && !peek(p->ulPasswordLen, &len, sizeof(len))) ||
	    len > PASSWORD_MAX || (p->pPassword == NULL && len > 0))
		return mech_bad_param(param, "the password is missing or too long");
	p->ulPasswordLen = len;
	return CKR_OK;
}

static CK_RV read_pbkdf2(const CK_MECHANISM *param, CK_PKCS5_PBKD2_PARAMS2 *p, const char **md)
{
	CK_RV rv = mech_param(param, p, sizeof(*p));

	if (rv != CKR_OK)
		return rv;
	if (p->saltSource != CKZ_SALT_SPECIFIED)
		return mech_bad_param(param, "saltSource is not CKZ_SALT_SPECIFIED");
	rv = prf_check_bytes(param, p->pSaltSourceData, p->ulSaltSourceDataLen,
			     "the salt is missing or too long");
	if (rv != CKR_OK)
		return rv;
	if (p->iterations == 0 || p->iterations > ITERATIONS_MAX)
		return mech_bad_param(param, "iterations is 0 or too large");
	*md = pbkdf2_md(p->prf);
	if (*md == NULL)
		return mech_bad_param(param, "prf is not supported");
	if (p->pPrfData != NULL || p->ulPrfDataLen > 0)
		return mech_bad_param(param, "prf takes no data");
	return password_length(param, p);
}

static OSSL_PARAM octets(const char *name, const void *data, size_t len)
{
	static const unsigned char none[1];

	return OSSL_PARAM_construct_octet_string(
		name, (void *)(uintptr_t)(len > 0 ? data : none), len);
}

static CK_RV run_pbkdf2(const CK_PKCS5_PBKD2_PARAMS2 *p, const char *md, struct secbuf *out)
{
	EVP_KDF *kdf = ossl_kdf("PBKDF2");
	EVP_KDF_CTX *ctx = kdf != NULL ? EVP_KDF_CTX_new(kdf) : NULL;
	uint64_t iterations = p->iterations;
	int unchecked = 1;	/* the caller's choice: not the lower limits of SP 800-132 */
	const OSSL_PARAM params[] = {
		OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, (char *)(uintptr_t)md, 0),
		octets(OSSL_KDF_PARAM_PASSWORD, p->pPassword, p->ulPasswordLen),
		octets(OSSL_KDF_PARAM_SALT, p->pSaltSourceData, p->ulSaltSourceDataLen),
		OSSL_PARAM_construct_uint64(OSSL_KDF_PARAM_ITER, &iterations),
		OSSL_PARAM_construct_int(OSSL_KDF_PARAM_PKCS5, &unchecked),
		OSSL_PARAM_construct_end()
	};
	CK_RV rv = CKR_OK;

	if (ctx == NULL || EVP_KDF_derive(ctx, out->data, out->len, params) != 1)
		rv = ossl_error("PBKDF2", CKR_FUNCTION_FAILED);
	EVP_KDF_CTX_free(ctx);
	return rv;
}

/* How long the key is: as the template says, or as its type always is. */
static CK_RV key_length(const struct attrset *key, CK_KEY_TYPE *type, size_t *out)
{
	uint64_t len;

	*type = attrset_number(key, CKA_KEY_TYPE, CK_UNAVAILABLE_INFORMATION);
	len = keytype_secret_fixed(*type);
	if (len == 0 && attrset_get(key, CKA_VALUE_LEN) == NULL)
		return reason(CKR_TEMPLATE_INCOMPLETE, "CKA_VALUE_LEN is missing");
	len = attrset_number(key, CKA_VALUE_LEN, len);
	if (len == 0 || len > DERIVE_VALUE_MAX ||
	    keytype_secret_fit(*type, (size_t)len) != (size_t)len)
		return reason(CKR_ATTRIBUTE_VALUE_INVALID,
			      "CKA_VALUE_LEN: no such key is that long");
	*out = (size_t)len;
	return CKR_OK;
}

static CK_RV make_pbkdf2(const struct mech *m, const CK_MECHANISM *param, struct attrset *out)
{
	CK_PKCS5_PBKD2_PARAMS2 p;
	struct secbuf *value = NULL;
	const char *md = NULL;
	CK_KEY_TYPE type;
	size_t len = 0;
	CK_RV rv = read_pbkdf2(param, &p, &md);

	(void)m;
	if (rv == CKR_OK)
		rv = key_length(out, &type, &len);
	if (rv != CKR_OK)
		return rv;
	value = secbuf_new(len);
	rv = value != NULL ? run_pbkdf2(&p, md, value) : CKR_HOST_MEMORY;
	if (rv == CKR_OK)
		keytype_secret_mend(type, value->data, value->len);
	if (rv == CKR_OK)
		rv = attrset_set_bytes(out, CKA_VALUE, value->data, value->len);
	secbuf_free(value);
	return rv == CKR_OK ? keytype_complete(CKO_SECRET_KEY, type, out) : rv;
}

const struct mech_make pbkdf2_makes = {
	.class = CKO_SECRET_KEY, .any_type = true, .takes_param = true, .make = make_pbkdf2,
};
