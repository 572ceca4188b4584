#include "config.h"

#include "crypto/family/sig.h"

#include <stdlib.h>

#include "crypto/ossl/der.h"
#include "crypto/ossl/ossl.h"

/* The widest order: 571 bits of a curve, and more than any DSA subprime. */
#define ORDER_MAX 128
#define PAIR_MAX (2 * (ORDER_MAX + 7) + 6)

CK_RV sig_open(struct op *op, int (*init)(EVP_PKEY_CTX *ctx, const OSSL_PARAM params[]),
	       const OSSL_PARAM params[],
	       struct sig **out)
{
	const char *md = op->mech->arg.md;
	struct sig *s = calloc(1, sizeof(*s));

	op->state = s;
	if (s == NULL)
		return CKR_HOST_MEMORY;
	s->ctx = EVP_PKEY_CTX_new_from_pkey(ossl_ctx(), op->key->pkey, NULL);
	if (s->ctx == NULL || init(s->ctx, params) != 1)
		return ossl_error(op->mech->arg.probe, CKR_FUNCTION_FAILED);
	if (md != NULL) {
		s->md = EVP_MD_CTX_new();
		if (s->md == NULL || EVP_DigestInit_ex(s->md, ossl_md(md), NULL) != 1)
			return ossl_error(md, CKR_FUNCTION_FAILED);
	}
	*out = s;
	return CKR_OK;
}

CK_RV sig_size(struct op *op, CK_ULONG in, bool last, CK_ULONG *out)
{
	const struct sig *s = op->state;

	(void)in;
	*out = last ? s->size : 0;
	return CKR_OK;
}

CK_RV sig_update(struct op *op, const CK_BYTE *in, CK_ULONG len, CK_BYTE *out, CK_ULONG *out_len)
{
	struct sig *s = op->state;

	(void)out;
	*out_len = 0;
	if (len > 0 && EVP_DigestUpdate(s->md, in, len) != 1)
		return ossl_error(op->mech->arg.md, CKR_FUNCTION_FAILED);
	return CKR_OK;
}

static CK_RV digest(struct op *op, unsigned char *out, size_t *len)
{
	struct sig *s = op->state;
	unsigned n = 0;

	if (EVP_DigestFinal_ex(s->md, out, &n) != 1)
		return ossl_error(op->mech->arg.md, CKR_FUNCTION_FAILED);
	*len = n;
	return CKR_OK;
}

CK_RV sig_single(struct op *op, const CK_BYTE *in, CK_ULONG len, CK_BYTE *out, CK_ULONG *out_len)
{
	struct sig *s = op->state;
	CK_RV rv = s->sign(op, in, len, out);

	*out_len = s->size;
	return rv;
}

CK_RV sig_finish(struct op *op, CK_BYTE *out, CK_ULONG *out_len)
{
	unsigned char hash[EVP_MAX_MD_SIZE];
	size_t len = 0;
	CK_RV rv = digest(op, hash, &len);

	return rv == CKR_OK ? sig_single(op, hash, len, out, out_len) : rv;
}

CK_RV sig_check_single(struct op *op, const CK_BYTE *in, CK_ULONG len, const CK_BYTE *sig,
		       CK_ULONG sig_len)
{
	struct sig *s = op->state;

	return sig_len == s->size ? s->verify(op, in, len, sig) : CKR_SIGNATURE_LEN_RANGE;
}

CK_RV sig_check(struct op *op, const CK_BYTE *sig, CK_ULONG sig_len)
{
	unsigned char hash[EVP_MAX_MD_SIZE];
	size_t len = 0;
	CK_RV rv = digest(op, hash, &len);

	return rv == CKR_OK ? sig_check_single(op, hash, len, sig, sig_len) : rv;
}

bool sig_rewind(struct op *op)
{
	struct sig *s = op->state;

	return s->md == NULL || EVP_DigestInit_ex(s->md, NULL, NULL) == 1;
}

void sig_end(struct op *op)
{
	struct sig *s = op->state;

	EVP_PKEY_CTX_free(s->ctx);
	EVP_MD_CTX_free(s->md);
	free(s);
}

static CK_RV pair_sign(struct op *op, const CK_BYTE *in, size_t len, CK_BYTE *out)
{
	struct sig *s = op->state;
	unsigned char der[PAIR_MAX];
	size_t n = sizeof(der);

	if (EVP_PKEY_sign(s->ctx, der, &n, in, len) != 1 ||
	    !der_pair_read(der, n, out, s->size / 2))
		return ossl_error(op->mech->arg.probe, CKR_FUNCTION_FAILED);
	return CKR_OK;
}

static CK_RV pair_verify(struct op *op, const CK_BYTE *in, size_t len, const CK_BYTE *sig)
{
	struct sig *s = op->state;
	unsigned char der[PAIR_MAX];
	size_t n = der_pair_write(sig, s->size / 2, der);

	return EVP_PKEY_verify(s->ctx, der, n, in, len) == 1 ? CKR_OK :
		ossl_quiet(CKR_SIGNATURE_INVALID);
}

CK_RV sig_pair_open(struct op *op, const CK_MECHANISM *param, size_t order_bits)
{
	struct sig *s;
	CK_RV rv = mech_no_param(param);

	if (rv != CKR_OK)
		return rv;
	if (order_bits == 0 || order_bits > ORDER_MAX * 8)
		return CKR_KEY_SIZE_RANGE;
	rv = sig_open(op, op->kind == OP_SIGN ? EVP_PKEY_sign_init_ex : EVP_PKEY_verify_init_ex,
		      NULL, &s);
	if (rv != CKR_OK)
		return rv;
	s->size = 2 * ((order_bits + 7) / 8);
	s->sign = pair_sign;
	s->verify = pair_verify;
	return CKR_OK;
}
