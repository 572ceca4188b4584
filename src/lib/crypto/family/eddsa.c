#include "config.h"

#include <openssl/core_names.h>
#include <openssl/params.h>

#include "crypto/family/family.h"
#include "crypto/ossl/ossl.h"
#include "crypto/family/whole.h"

/* Names that OpenSSL has from 3.2 on. */
#define PARAM_INSTANCE "instance"
#define PARAM_CONTEXT "context-string"

/* RFC 8032: which instance a CK_EDDSA_PARAMS asks for (PKCS#11 3.0, section 2.3.12). */
static const char *instance_of(bool ed448, const CK_EDDSA_PARAMS *p)
{
	if (p->phFlag)
		return ed448 ? "Ed448ph" : "Ed25519ph";
	if (ed448)
		return "Ed448";
	return p->ulContextDataLen > 0 ? "Ed25519ctx" : "Ed25519";
}

static CK_RV read_params(const CK_MECHANISM *param, CK_EDDSA_PARAMS *p)
{
	CK_RV rv = mech_param_optional(param, p, sizeof(*p));

	if (rv != CKR_OK)
		return rv;
	if (p->phFlag > CK_TRUE || p->ulContextDataLen > WHOLE_CONTEXT_MAX ||
	    (p->pContextData == NULL && p->ulContextDataLen > 0))
		return mech_bad_param(param, "phFlag or the context data is no such thing");
	return CKR_OK;
}

/* Before 3.2 OpenSSL has the plain instances only, and would silently ignore the parameters. */
static CK_RV set_instance(EVP_PKEY_CTX *ctx, bool ed448, const CK_MECHANISM *param,
			  const CK_EDDSA_PARAMS *p)
{
	const OSSL_PARAM *settable = EVP_PKEY_CTX_settable_params(ctx);
	const char *instance = instance_of(ed448, p);
	OSSL_PARAM params[3];

	if (settable == NULL || OSSL_PARAM_locate_const(settable, PARAM_INSTANCE) == NULL ||
	    OSSL_PARAM_locate_const(settable, PARAM_CONTEXT) == NULL)
		return mech_bad_param(param, "this OpenSSL has no prehash and no context");
	params[0] = OSSL_PARAM_construct_utf8_string(PARAM_INSTANCE, (char *)(uintptr_t)instance,
						     0);
	params[1] = OSSL_PARAM_construct_end();
	if (p->ulContextDataLen > 0)
		params[1] = OSSL_PARAM_construct_octet_string(PARAM_CONTEXT, p->pContextData,
				p->ulContextDataLen);
	params[2] = OSSL_PARAM_construct_end();
	if (EVP_PKEY_CTX_set_params(ctx, params) != 1)
		return ossl_error(instance, CKR_MECHANISM_PARAM_INVALID);
	return CKR_OK;
}

static CK_RV eddsa_begin(struct op *op, const CK_MECHANISM *param)
{
	bool ed448 = EVP_PKEY_is_a(op->key->pkey, "ED448") == 1;
	EVP_PKEY_CTX *ctx = NULL;
	CK_EDDSA_PARAMS p;
	CK_RV rv = read_params(param, &p);

	if (rv != CKR_OK)
		return rv;
	/* Curve25519 and Curve448 keys have the same key type in tokens of SoftHSM 2. */
	if (!ed448 && EVP_PKEY_is_a(op->key->pkey, "ED25519") != 1)
		return CKR_KEY_TYPE_INCONSISTENT;
	rv = whole_begin(op, ed448 ? 114 : 64, &ctx);
	if (rv != CKR_OK)
		return rv;
	return p.phFlag || p.ulContextDataLen > 0 ? set_instance(ctx, ed448, param, &p) : CKR_OK;
}

const struct mech_ops eddsa_ops = {
	.begin = eddsa_begin,
	.size = whole_size,
	.update = whole_update,
	.finish = whole_finish,
	.single = whole_single,
	.check = whole_check,
	.check_single = whole_check_single,
	.end = whole_end,
};
