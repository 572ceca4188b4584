/*
 * PKCS#11 2.40 section 5.13: two operations on the same data. The plain text, which is the input of
 * the cipher or its output, goes to the other operation, too.
 *
 * A question for the size and a buffer that is too small change neither operation; any other error
 * ends both, but for a missing operation, which leaves the one that there is.
 */
#include "config.h"

#include "api/op_call.h"

/* The two operations of a call; cipher is OP_ENCRYPT or OP_DECRYPT. */
struct dual {
	enum op_kind cipher, other;
	struct op *cipher_op, *other_op;
};

/* Both operations, or neither. */
static CK_RV find_ops(struct session *s, struct dual *d)
{
	CK_RV rv;

	if (s->ops[d->cipher].op == NULL || s->ops[d->other].op == NULL)
		return CKR_OPERATION_NOT_INITIALIZED;
	rv = session_op(s, d->cipher, &d->cipher_op);
	if (rv == CKR_OK)
		rv = session_op(s, d->other, &d->other_op);
	return rv;
}

static CK_RV feed_other(struct dual *d, const CK_BYTE *in, CK_ULONG len)
{
	bool done = false;

	return op_feed(d->other_op, in, len, &done);
}

/*
 * The size comes first, so that the other operation has its data, which the cipher may overwrite,
 * before the cipher runs, and only when nothing but a failure of both can follow. *quiet: neither
 * operation was touched.
 */
static CK_RV run(struct dual *d, struct op_input in, struct op_output out, bool *quiet)
{
	bool done = false;
	CK_ULONG need = 0;
	CK_RV rv = op_update(d->cipher_op, in.data, in.len, NULL, &need, &done);

	*quiet = !done;
	if (rv != CKR_OK)
		return rv;
	if (out.data == NULL || *out.len < need) {
		*out.len = need;
		return out.data == NULL ? CKR_OK : CKR_BUFFER_TOO_SMALL;
	}
	*quiet = false;
	if (d->cipher == OP_ENCRYPT)
		rv = feed_other(d, in.data, in.len);
	if (rv == CKR_OK)
		rv = op_update(d->cipher_op, in.data, in.len, out.data, out.len, &done);
	if (rv == CKR_OK && d->cipher == OP_DECRYPT)
		rv = feed_other(d, out.data, *out.len);
	return rv;
}

static CK_RV dual_update(const char *function, CK_SESSION_HANDLE h, struct dual d,
			 struct op_input in, struct op_output out)
{
	struct call c;
	bool quiet = false;
	CK_RV rv = call_enter_session(&c, function, CKR_OK, h);

	if (rv != CKR_OK)
		return rv;
	rv = find_ops(c.session, &d);
	if (rv == CKR_OPERATION_NOT_INITIALIZED)
		return call_leave(&c, rv);
	if (rv == CKR_OK)
		rv = call_check(op_call_is_bad(in) || out.len == NULL);
	if (rv == CKR_OK) {
		CK_ULONG len = *out.len;

		rv = run(&d, in, (struct op_output){ out.data, &len }, &quiet);
		op_call_tell(rv, len, out);
	}
	if (rv != CKR_OK && !quiet) {
		session_end(c.session, d.cipher);
		session_end(c.session, d.other);
	}
	return call_leave(&c, rv);
}

CK_RV C_DigestEncryptUpdate(CK_SESSION_HANDLE hSession, CK_BYTE_PTR pPart, CK_ULONG ulPartLen,
			    CK_BYTE_PTR pEncryptedPart, CK_ULONG_PTR pulEncryptedPartLen)
{
	return dual_update(__func__, hSession, (struct dual){ OP_ENCRYPT, OP_DIGEST, NULL, NULL },
			   (struct op_input){ pPart, ulPartLen },
			   (struct op_output){ pEncryptedPart, pulEncryptedPartLen });
}

CK_RV C_DecryptDigestUpdate(CK_SESSION_HANDLE hSession, CK_BYTE_PTR pEncryptedPart,
			    CK_ULONG ulEncryptedPartLen, CK_BYTE_PTR pPart,
			    CK_ULONG_PTR pulPartLen)
{
	return dual_update(__func__, hSession, (struct dual){ OP_DECRYPT, OP_DIGEST, NULL, NULL },
			   (struct op_input){ pEncryptedPart, ulEncryptedPartLen },
			   (struct op_output){ pPart, pulPartLen });
}

CK_RV C_SignEncryptUpdate(CK_SESSION_HANDLE hSession, CK_BYTE_PTR pPart, CK_ULONG ulPartLen,
			  CK_BYTE_PTR pEncryptedPart, CK_ULONG_PTR pulEncryptedPartLen)
{
	return dual_update(__func__, hSession, (struct dual){ OP_ENCRYPT, OP_SIGN, NULL, NULL },
			   (struct op_input){ pPart, ulPartLen },
			   (struct op_output){ pEncryptedPart, pulEncryptedPartLen });
}

CK_RV C_DecryptVerifyUpdate(CK_SESSION_HANDLE hSession, CK_BYTE_PTR pEncryptedPart,
			    CK_ULONG ulEncryptedPartLen, CK_BYTE_PTR pPart,
			    CK_ULONG_PTR pulPartLen)
{
	return dual_update(__func__, hSession, (struct dual){ OP_DECRYPT, OP_VERIFY, NULL, NULL },
			   (struct op_input){ pEncryptedPart, ulEncryptedPartLen },
			   (struct op_output){ pPart, pulPartLen });
}
