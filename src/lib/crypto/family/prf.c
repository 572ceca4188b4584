#include "config.h"

#include "crypto/family/prf.h"

#include <openssl/core_names.h>
#include <openssl/params.h>

#include "crypto/family/family.h"
#include "crypto/ossl/ossl.h"

static CK_RV open_mac(struct prf *p, const char *mac, const OSSL_PARAM params[],
		      const unsigned char *key, size_t len)
{
	static const unsigned char none[1];
	EVP_MAC *how = ossl_mac(mac);

	p->keyed = how != NULL ? EVP_MAC_CTX_new(how) : NULL;
	/* NULL would mean no key at all, not an empty one */
	if (p->keyed == NULL || EVP_MAC_init(p->keyed, len > 0 ? key : none, len, params) != 1)
		return ossl_error(mac, CKR_FUNCTION_FAILED);
	p->size = EVP_MAC_CTX_get_mac_size(p->keyed);
	return p->size > 0 && p->size <= PRF_MAX ? CKR_OK : CKR_FUNCTION_FAILED;
}

CK_RV prf_hmac(struct prf *p, const char *md, const unsigned char *key, size_t len)
{
	const OSSL_PARAM params[] = {
		OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, (char *)(uintptr_t)md, 0),
		OSSL_PARAM_construct_end()
	};

	return open_mac(p, "HMAC", params, key, len);
}

CK_RV prf_cmac(struct prf *p, const char *cipher, const unsigned char *key, size_t len)
{
	const EVP_CIPHER *c = ossl_cipher_sized(cipher, len);
	OSSL_PARAM params[2] = { OSSL_PARAM_construct_end(), OSSL_PARAM_construct_end() };

	if (c == NULL || (size_t)EVP_CIPHER_get_key_length(c) != len)
		return CKR_KEY_SIZE_RANGE;
	params[0] = OSSL_PARAM_construct_utf8_string(
		OSSL_MAC_PARAM_CIPHER, (char *)(uintptr_t)EVP_CIPHER_get0_name(c), 0);
	return open_mac(p, "CMAC", params, key, len);
}

void prf_close(struct prf *p)
{
	EVP_MAC_CTX_free(p->keyed);
	EVP_MAC_CTX_free(p->run);
	*p = (struct prf){ .keyed = NULL };
}

CK_RV prf_start(struct prf *p)
{
	EVP_MAC_CTX_free(p->run);
	p->run = EVP_MAC_CTX_dup(p->keyed);
	return p->run != NULL ? CKR_OK : ossl_error("a MAC", CKR_HOST_MEMORY);
}

CK_RV prf_add(struct prf *p, const void *data, size_t len)
{
	return len == 0 || EVP_MAC_update(p->run, data, len) == 1 ? CKR_OK :
		ossl_error("a MAC", CKR_FUNCTION_FAILED);
}

CK_RV prf_end(struct prf *p, unsigned char out[PRF_MAX])
{
	size_t len = 0;

	return EVP_MAC_final(p->run, out, &len, PRF_MAX) == 1 && len == p->size ? CKR_OK :
		ossl_error("a MAC", CKR_FUNCTION_FAILED);
}

const char *prf_hash(CK_MECHANISM_TYPE digest)
{
	const struct mech *m = mech_find(digest);

	return m != NULL && m->ops == &digest_ops ? m->arg.md : NULL;
}

CK_RV prf_check_bytes(const CK_MECHANISM *param, const void *data, CK_ULONG len, const char *why)
{
	return (data != NULL || len == 0) && len <= DERIVE_VALUE_MAX ? CKR_OK :
		mech_bad_param(param, why);
}
