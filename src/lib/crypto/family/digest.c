#include "config.h"

#include "crypto/family/family.h"
#include "crypto/mech/op.h"
#include "crypto/ossl/ossl.h"

static CK_RV digest_begin(struct op *op, const CK_MECHANISM *param)
{
	const EVP_MD *md = ossl_md(op->mech->arg.md);
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	CK_RV rv = mech_no_param(param);

	op->state = ctx;
	if (rv != CKR_OK)
		return rv;
	if (ctx == NULL || md == NULL)
		return CKR_HOST_MEMORY;
	if (EVP_DigestInit_ex(ctx, md, NULL) != 1)
		return ossl_error(op->mech->arg.md, CKR_FUNCTION_FAILED);
	return CKR_OK;
}

static CK_RV digest_size(struct op *op, CK_ULONG in, bool last, CK_ULONG *out)
{
	(void)in;
	*out = last ? (CK_ULONG)EVP_MD_CTX_get_size(op->state) : 0;
	return CKR_OK;
}

static CK_RV digest_update(struct op *op, const CK_BYTE *in, CK_ULONG len, CK_BYTE *out,
			   CK_ULONG *out_len)
{
	(void)out;
	*out_len = 0;
	if (len > 0 && EVP_DigestUpdate(op->state, in, len) != 1)
		return ossl_error(op->mech->arg.md, CKR_FUNCTION_FAILED);
	return CKR_OK;
}

static CK_RV digest_finish(struct op *op, CK_BYTE *out, CK_ULONG *out_len)
{
	unsigned n = 0;

	if (EVP_DigestFinal_ex(op->state, out, &n) != 1)
		return ossl_error(op->mech->arg.md, CKR_FUNCTION_FAILED);
	*out_len = n;
	return CKR_OK;
}

static bool digest_rewind(struct op *op)
{
	if (EVP_DigestInit_ex(op->state, NULL, NULL) != 1)
		return false;
	ossl_still_clean();
	return true;
}

static void digest_end(struct op *op)
{
	EVP_MD_CTX_free(op->state);
}

const struct mech_ops digest_ops = {
	.begin = digest_begin,
	.size = digest_size,
	.update = digest_update,
	.finish = digest_finish,
	.rewind = digest_rewind,
	.end = digest_end,
};
