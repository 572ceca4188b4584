#include "config.h"

#include <openssl/core_names.h>
#include <openssl/params.h>
#include <stdlib.h>
#include <string.h>

#include "common/buf.h"
#include "crypto/families.h"
#include "crypto/op.h"
#include "crypto/ossl/ossl.h"

/* Names that OpenSSL has from 3.2 on. */
#define PARAM_INSTANCE "instance"
#define PARAM_CONTEXT "context-string"
#define CONTEXT_MAX 255

struct eddsa {
	EVP_MD_CTX *ctx;
	size_t size;		/* of a signature */
	struct buf data;	/* the algorithm reads its input twice, so parts are collected */
};

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
	CK_RV rv;

	memset(p, 0, sizeof(*p));
	if (param->ulParameterLen == 0)
		return CKR_OK;
	rv = mech_param(param, p, sizeof(*p));
	if (rv != CKR_OK)
		return rv;
	if (p->phFlag > CK_TRUE || p->ulContextDataLen > CONTEXT_MAX ||
	    (p->pContextData == NULL && p->ulContextDataLen > 0))
		return CKR_MECHANISM_PARAM_INVALID;
	return CKR_OK;
}

/* Before 3.2 OpenSSL has the plain instances only, and would silently ignore the parameters. */
static CK_RV set_instance(EVP_PKEY_CTX *ctx, bool ed448, const CK_EDDSA_PARAMS *p)
{
	const OSSL_PARAM *settable = EVP_PKEY_CTX_settable_params(ctx);
	const char *instance = instance_of(ed448, p);
	OSSL_PARAM params[3];

	if (settable == NULL || OSSL_PARAM_locate_const(settable, PARAM_INSTANCE) == NULL ||
	    OSSL_PARAM_locate_const(settable, PARAM_CONTEXT) == NULL)
		return CKR_MECHANISM_PARAM_INVALID;
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
	struct eddsa *e;
	EVP_PKEY_CTX *pctx = NULL;
	CK_EDDSA_PARAMS p;
	CK_RV rv = read_params(param, &p);
	int ok;

	if (rv != CKR_OK)
		return rv;
	/* Curve25519 and Curve448 keys have the same key type in tokens of SoftHSM 2. */
	if (!ed448 && EVP_PKEY_is_a(op->key->pkey, "ED25519") != 1)
		return CKR_KEY_TYPE_INCONSISTENT;
	e = calloc(1, sizeof(*e));
	op->state = e;
	if (e == NULL)
		return CKR_HOST_MEMORY;
	e->size = ed448 ? 114 : 64;
	e->ctx = EVP_MD_CTX_new();
	if (e->ctx == NULL)
		return CKR_HOST_MEMORY;
	ok = op->kind == OP_SIGN ?
	     EVP_DigestSignInit_ex(e->ctx, &pctx, NULL, ossl_ctx(), NULL, op->key->pkey, NULL) :
	     EVP_DigestVerifyInit_ex(e->ctx, &pctx, NULL, ossl_ctx(), NULL, op->key->pkey, NULL);
	if (ok != 1)
		return ossl_error("EdDSA", CKR_FUNCTION_FAILED);
	return p.phFlag || p.ulContextDataLen > 0 ? set_instance(pctx, ed448, &p) : CKR_OK;
}

static CK_RV eddsa_size(struct op *op, CK_ULONG in, bool last, CK_ULONG *out)
{
	const struct eddsa *e = op->state;

	(void)in;
	*out = last ? e->size : 0;
	return CKR_OK;
}

static CK_RV eddsa_update(struct op *op, const CK_BYTE *in, CK_ULONG len, CK_BYTE *out,
			  CK_ULONG *out_len)
{
	struct eddsa *e = op->state;

	(void)out;
	*out_len = 0;
	return buf_append(&e->data, in, len);
}

static CK_RV eddsa_single(struct op *op, const CK_BYTE *in, CK_ULONG len, CK_BYTE *out,
			  CK_ULONG *out_len)
{
	struct eddsa *e = op->state;
	size_t n = e->size;

	if (EVP_DigestSign(e->ctx, out, &n, in, len) != 1)
		return ossl_error("EdDSA", CKR_FUNCTION_FAILED);
	*out_len = n;
	return CKR_OK;
}

static CK_RV eddsa_finish(struct op *op, CK_BYTE *out, CK_ULONG *out_len)
{
	const struct eddsa *e = op->state;

	return eddsa_single(op, e->data.data, e->data.len, out, out_len);
}

static CK_RV eddsa_check_single(struct op *op, const CK_BYTE *in, CK_ULONG len, const CK_BYTE *sig,
				CK_ULONG sig_len)
{
	const struct eddsa *e = op->state;

	if (sig_len != e->size)
		return CKR_SIGNATURE_LEN_RANGE;
	return EVP_DigestVerify(e->ctx, sig, sig_len, in, len) == 1 ? CKR_OK :
		ossl_quiet(CKR_SIGNATURE_INVALID);
}

static CK_RV eddsa_check(struct op *op, const CK_BYTE *sig, CK_ULONG sig_len)
{
	const struct eddsa *e = op->state;

	return eddsa_check_single(op, e->data.data, e->data.len, sig, sig_len);
}

static void eddsa_end(struct op *op)
{
	struct eddsa *e = op->state;

	EVP_MD_CTX_free(e->ctx);
	buf_free(&e->data);
	free(e);
}

const struct mech_ops eddsa_ops = {
	.begin = eddsa_begin,
	.size = eddsa_size,
	.update = eddsa_update,
	.finish = eddsa_finish,
	.single = eddsa_single,
	.check = eddsa_check,
	.check_single = eddsa_check_single,
	.end = eddsa_end,
};
