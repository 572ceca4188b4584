#include "config.h"

#include "crypto/mech/wrap.h"

#include <string.h>

#include "common/reason.h"
#include "crypto/mech/op.h"

/* What a code of an encryption is called when the data is a key (section 5.14). */
static const struct {
	CK_RV cipher;
	CK_RV wrap;
	CK_RV unwrap;
	const char *why;
} codes[] = {
	{ CKR_KEY_TYPE_INCONSISTENT, CKR_WRAPPING_KEY_TYPE_INCONSISTENT,
	  CKR_UNWRAPPING_KEY_TYPE_INCONSISTENT,
	  "CKA_CLASS or CKA_KEY_TYPE of the wrapping key is not for this mechanism" },
	{ CKR_KEY_SIZE_RANGE, CKR_WRAPPING_KEY_SIZE_RANGE, CKR_UNWRAPPING_KEY_SIZE_RANGE,
	  "the wrapping key is too short for the mechanism or its parameter" },
	{ CKR_DATA_LEN_RANGE, CKR_KEY_SIZE_RANGE, CKR_FUNCTION_FAILED,
	  "the mechanism cannot wrap a key of that length" },
	{ CKR_ENCRYPTED_DATA_LEN_RANGE, CKR_FUNCTION_FAILED, CKR_WRAPPED_KEY_LEN_RANGE,
	  "the mechanism makes no wrapped keys of that length" },
	{ CKR_ENCRYPTED_DATA_INVALID, CKR_FUNCTION_FAILED, CKR_WRAPPED_KEY_INVALID,
	  "the wrapped key is damaged, or another key or parameter wrapped it" },
};

/* Says so, and why, unless it is another code. */
static CK_RV code_of(CK_RV rv, bool wraps)
{
	for (size_t i = 0; i < ARRAY_LEN(codes); i++)
		if (codes[i].cipher == rv)
			return reason(wraps ? codes[i].wrap : codes[i].unwrap, "%s", codes[i].why);
	return rv;
}

/* The key filled up with zeros; *out is NULL when it needs none. */
static CK_RV filled(const struct mech *m, const struct secbuf *in, struct secbuf **out)
{
	size_t fill = m->wrap != NULL ? m->wrap->fill : 0;

	*out = NULL;
	if (fill == 0 || in->len % fill == 0)
		return CKR_OK;
	*out = secbuf_new(in->len + fill - in->len % fill);
	if (*out == NULL)
		return CKR_HOST_MEMORY;
	memcpy((*out)->data, in->data, in->len);
	return CKR_OK;
}

static CK_RV encrypt(const struct mech *m, const CK_MECHANISM *param, struct key *wrapping,
		     const struct secbuf *in, CK_BYTE *out, CK_ULONG *out_len)
{
	struct secbuf *longer = NULL;
	struct op *op = NULL;
	bool done;
	CK_RV rv = op_new(OP_WRAP, m, param, wrapping, NULL, &op);

	if (rv != CKR_OK)
		return code_of(rv, true);
	rv = filled(m, in, &longer);
	if (longer != NULL)
		in = longer;
	if (rv == CKR_OK)
		rv = op_single(op, in->data, in->len, out, out_len, &done);
	secbuf_free(longer);
	op_free(op);
	return code_of(rv, true);
}

CK_RV wrap_bytes(const struct mech *m, const CK_MECHANISM *param, struct key *wrapping,
		 const struct secbuf *in, CK_BYTE *out, CK_ULONG *out_len)
{
	CK_RV rv = op_check_key(OP_WRAP, m, wrapping);

	if (rv != CKR_OK)
		return code_of(rv, true);
	if (in->len == 0)
		return code_of(CKR_DATA_LEN_RANGE, true);
	if (m->wrap != NULL && m->wrap->wrap != NULL)
		return m->wrap->wrap(m, param, wrapping, in, out, out_len);
	return encrypt(m, param, wrapping, in, out, out_len);
}

/* All of the plaintext; the size told first is an upper bound. */
static CK_RV decrypt_all(struct op *op, const CK_BYTE *blob, CK_ULONG len, struct secbuf **out)
{
	struct secbuf *plain;
	CK_ULONG n = 0;
	bool done;
	CK_RV rv = op_single(op, blob, len, NULL, &n, &done);

	if (rv != CKR_OK)
		return rv;
	plain = secbuf_new(n);
	if (plain == NULL)
		return CKR_HOST_MEMORY;
	rv = op_single(op, blob, len, plain->data, &n, &done);
	if (rv == CKR_OK && n == 0)
		rv = CKR_ENCRYPTED_DATA_INVALID;	/* no key is empty */
	if (rv != CKR_OK) {
		secbuf_free(plain);
		return rv;
	}
	plain->len = n;
	*out = plain;
	return CKR_OK;
}

static CK_RV decrypt(const struct mech *m, const CK_MECHANISM *param, struct key *unwrapping,
		     const CK_BYTE *blob, CK_ULONG len, struct secbuf **out)
{
	struct op *op = NULL;
	CK_RV rv = op_new(OP_UNWRAP, m, param, unwrapping, NULL, &op);

	if (rv == CKR_OK)
		rv = decrypt_all(op, blob, len, out);
	op_free(op);
	return code_of(rv, false);
}

CK_RV unwrap_bytes(const struct mech *m, const CK_MECHANISM *param, struct key *unwrapping,
		   const CK_BYTE *blob, CK_ULONG len, struct secbuf **out)
{
	CK_RV rv = op_check_key(OP_UNWRAP, m, unwrapping);

	if (rv != CKR_OK)
		return code_of(rv, false);
	if (len == 0 || len > OP_INPUT_MAX)
		return code_of(CKR_ENCRYPTED_DATA_LEN_RANGE, false);
	if (m->wrap != NULL && m->wrap->unwrap != NULL)
		return m->wrap->unwrap(m, param, unwrapping, blob, len, out);
	return decrypt(m, param, unwrapping, blob, len, out);
}

bool wrap_takes_private(const struct mech *m)
{
	return m->wrap == NULL || !m->wrap->secret_only;
}
