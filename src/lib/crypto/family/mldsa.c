#include "config.h"

#include <openssl/params.h>

#include "crypto/family/family.h"
#include "crypto/ossl/ossl.h"
#include "crypto/family/whole.h"

/* OpenSSL's names, from 3.5 on. */
#define PARAM_CONTEXT "context-string"
#define PARAM_DETERMINISTIC "deterministic"

/* PKCS#11 3.2, CK_SIGN_ADDITIONAL_CONTEXT; without it: hedged, no context. */
static CK_RV read_params(const CK_MECHANISM *param, CK_SIGN_ADDITIONAL_CONTEXT *p)
{
	CK_RV rv = mech_param_optional(param, p, sizeof(*p));

	if (rv != CKR_OK)
		return rv;
	if (p->hedgeVariant > CKH_DETERMINISTIC_REQUIRED || p->ulContextLen > WHOLE_CONTEXT_MAX ||
	    (p->pContext == NULL && p->ulContextLen > 0))
		return mech_bad_param(param, "hedgeVariant or the context is no such thing");
	return CKR_OK;
}

static CK_RV set_params(struct op *op, EVP_PKEY_CTX *ctx, const CK_SIGN_ADDITIONAL_CONTEXT *p)
{
	int deterministic = p->hedgeVariant == CKH_DETERMINISTIC_REQUIRED;
	OSSL_PARAM params[3];
	size_t n = 0;

	if (p->ulContextLen > 0)
		params[n++] = OSSL_PARAM_construct_octet_string(PARAM_CONTEXT, p->pContext,
								p->ulContextLen);
	if (op->kind == OP_SIGN)
		params[n++] = OSSL_PARAM_construct_int(PARAM_DETERMINISTIC, &deterministic);
	params[n] = OSSL_PARAM_construct_end();
	if (EVP_PKEY_CTX_set_params(ctx, params) != 1)
		return ossl_error("CKM_ML_DSA", CKR_MECHANISM_PARAM_INVALID);
	return CKR_OK;
}

static CK_RV mldsa_begin(struct op *op, const CK_MECHANISM *param)
{
	EVP_PKEY_CTX *ctx = NULL;
	CK_SIGN_ADDITIONAL_CONTEXT p;
	CK_RV rv = read_params(param, &p);

	if (rv == CKR_OK)
		rv = whole_begin(op, (size_t)EVP_PKEY_get_size(op->key->pkey), &ctx);
	return rv == CKR_OK ? set_params(op, ctx, &p) : rv;
}

const struct mech_ops mldsa_ops = {
	.begin = mldsa_begin,
	.size = whole_size,
	.update = whole_update,
	.finish = whole_finish,
	.single = whole_single,
	.check = whole_check,
	.check_single = whole_check_single,
	.end = whole_end,
};
