#include "config.h"

#include "api/op_call.h"

CK_RV op_call_init(const char *function, CK_SESSION_HANDLE h, enum op_kind kind,
		   const CK_MECHANISM *m, CK_OBJECT_HANDLE key)
{
	struct call c;
	CK_RV rv = call_enter_op(&c, function, call_check(m == NULL), h);

	if (rv != CKR_OK)
		return rv;
	call_note(&c);	/* the key may have to be read */
	return call_leave(&c, session_begin(c.session, kind, c.module->policy, m, key));
}

bool op_call_is_bad(struct op_input in)
{
	return in.data == NULL && in.len > 0;
}

void op_call_tell(CK_RV rv, CK_ULONG len, struct op_output out)
{
	if (rv == CKR_OK || rv == CKR_BUFFER_TOO_SMALL)
		*out.len = len;
}

/* Enters with the active operation of that kind, or leaves again. */
static CK_RV enter_op(struct call *c, const char *function, CK_SESSION_HANDLE h, enum op_kind kind,
		      bool bad, struct op **op)
{
	bool is_cipher = kind == OP_ENCRYPT || kind == OP_DECRYPT;
	CK_RV rv = call_enter_op(c, function, call_check(bad && !is_cipher), h);

	if (rv != CKR_OK)
		return rv;
	if (bad) {
		session_end(c->session, kind);
		return call_leave(c, CKR_ARGUMENTS_BAD);
	}
	rv = session_op(c->session, kind, op);
	return rv == CKR_OK ? CKR_OK : call_leave(c, rv);
}

static CK_RV leave_op(struct call *c, enum op_kind kind, bool done, CK_RV rv)
{
	if (done)
		session_end(c->session, kind);
	return call_leave(c, rv);
}

/* op_single or op_update: they differ in nothing that matters here. */
typedef CK_RV op_step(struct op *op, const CK_BYTE *in, CK_ULONG len, CK_BYTE *out,
		      CK_ULONG *out_len, bool *done);

static CK_RV run(const char *function, CK_SESSION_HANDLE h, enum op_kind kind, op_step *step,
		 struct op_input in, struct op_output out)
{
	struct call c;
	struct op *op = NULL;
	bool done = false;
	CK_ULONG len;
	CK_RV rv = enter_op(&c, function, h, kind, op_call_is_bad(in) || out.len == NULL, &op);

	if (rv != CKR_OK)
		return rv;
	len = *out.len;
	rv = step(op, in.data, in.len, out.data, &len, &done);
	op_call_tell(rv, len, out);
	return leave_op(&c, kind, done, rv);
}

CK_RV op_call_single(const char *function, CK_SESSION_HANDLE h, enum op_kind kind,
		     struct op_input in, struct op_output out)
{
	return run(function, h, kind, op_single, in, out);
}

CK_RV op_call_update(const char *function, CK_SESSION_HANDLE h, enum op_kind kind,
		     struct op_input in, struct op_output out)
{
	return run(function, h, kind, op_update, in, out);
}

CK_RV op_call_feed(const char *function, CK_SESSION_HANDLE h, enum op_kind kind, struct op_input in)
{
	struct call c;
	struct op *op = NULL;
	bool done = false;
	CK_RV rv = enter_op(&c, function, h, kind, op_call_is_bad(in), &op);

	if (rv != CKR_OK)
		return rv;
	rv = op_feed(op, in.data, in.len, &done);
	return leave_op(&c, kind, done, rv);
}

CK_RV op_call_finish(const char *function, CK_SESSION_HANDLE h, enum op_kind kind,
		     struct op_output out)
{
	struct call c;
	struct op *op = NULL;
	bool done = false;
	CK_ULONG len;
	CK_RV rv = enter_op(&c, function, h, kind, out.len == NULL, &op);

	if (rv != CKR_OK)
		return rv;
	len = *out.len;
	rv = op_finish(op, out.data, &len, &done);
	op_call_tell(rv, len, out);
	return leave_op(&c, kind, done, rv);
}

CK_RV op_call_verify(const char *function, CK_SESSION_HANDLE h, const struct op_input *in,
		     struct op_input signature)
{
	struct call c;
	struct op *op = NULL;
	bool done = false;
	CK_RV rv = enter_op(&c, function, h, OP_VERIFY,
			    signature.data == NULL || (in != NULL && op_call_is_bad(*in)), &op);

	if (rv != CKR_OK)
		return rv;
	if (in != NULL)
		rv = op_verify(op, in->data, in->len, signature.data, signature.len, &done);
	else
		rv = op_verify_finish(op, signature.data, signature.len, &done);
	return leave_op(&c, OP_VERIFY, done, rv);
}
