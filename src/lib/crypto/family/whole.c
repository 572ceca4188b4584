#include "config.h"

#include "crypto/family/whole.h"

#include <stdlib.h>

#include "common/buf.h"
#include "crypto/ossl/ossl.h"
#include "pkcs11/names.h"

struct whole {
	EVP_MD_CTX *ctx;
	size_t size;		/* of a signature */
	struct buf data;
};

static CK_RV failed(const struct op *op)
{
	const char *name = ckm_name(op->mech->type);

	return ossl_error(name != NULL ? name : "signature", CKR_FUNCTION_FAILED);
}

CK_RV whole_begin(struct op *op, size_t size, EVP_PKEY_CTX **ctx)
{
	struct whole *w = calloc(1, sizeof(*w));
	EVP_PKEY *key = op->key->pkey;
	int ok;

	op->state = w;
	if (w == NULL)
		return CKR_HOST_MEMORY;
	w->size = size;
	w->ctx = EVP_MD_CTX_new();
	if (w->ctx == NULL)
		return CKR_HOST_MEMORY;
	ok = op->kind == OP_SIGN ?
	     EVP_DigestSignInit_ex(w->ctx, ctx, NULL, ossl_ctx(), NULL, key, NULL) :
	     EVP_DigestVerifyInit_ex(w->ctx, ctx, NULL, ossl_ctx(), NULL, key, NULL);
	return ok == 1 ? CKR_OK : failed(op);
}

CK_RV whole_size(struct op *op, CK_ULONG in, bool last, CK_ULONG *out)
{
	const struct whole *w = op->state;

	(void)in;
	*out = last ? w->size : 0;
	return CKR_OK;
}

CK_RV whole_update(struct op *op, const CK_BYTE *in, CK_ULONG len, CK_BYTE *out, CK_ULONG *out_len)
{
	struct whole *w = op->state;

	(void)out;
	*out_len = 0;
	return buf_append(&w->data, in, len);
}

CK_RV whole_single(struct op *op, const CK_BYTE *in, CK_ULONG len, CK_BYTE *out, CK_ULONG *out_len)
{
	struct whole *w = op->state;
	size_t n = w->size;

	if (EVP_DigestSign(w->ctx, out, &n, in, len) != 1)
		return failed(op);
	*out_len = n;
	return CKR_OK;
}

CK_RV whole_finish(struct op *op, CK_BYTE *out, CK_ULONG *out_len)
{
	const struct whole *w = op->state;

	return whole_single(op, w->data.data, w->data.len, out, out_len);
}

CK_RV whole_check_single(struct op *op, const CK_BYTE *in, CK_ULONG len, const CK_BYTE *sig,
			 CK_ULONG sig_len)
{
	const struct whole *w = op->state;

	if (sig_len != w->size)
		return CKR_SIGNATURE_LEN_RANGE;
	return EVP_DigestVerify(w->ctx, sig, sig_len, in, len) == 1 ? CKR_OK :
		ossl_quiet(CKR_SIGNATURE_INVALID);
}

CK_RV whole_check(struct op *op, const CK_BYTE *sig, CK_ULONG sig_len)
{
	const struct whole *w = op->state;

	return whole_check_single(op, w->data.data, w->data.len, sig, sig_len);
}

void whole_end(struct op *op)
{
	struct whole *w = op->state;

	EVP_MD_CTX_free(w->ctx);
	buf_free(&w->data);
	free(w);
}
