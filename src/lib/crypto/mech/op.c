#include "config.h"

#include "crypto/mech/op.h"

#include <stdlib.h>
#include <string.h>

#include "common/reason.h"
#include "crypto/ossl/ossl.h"

static const struct {
	CK_FLAGS flag;
	CK_ATTRIBUTE_TYPE usage;
	CK_OBJECT_CLASS class;	/* of the key, unless it is a secret key */
	enum op_kind does;
	CK_RV too_long;		/* what an endless input is */
} kinds[OP_ALL_KINDS] = {
	[OP_ENCRYPT] = { CKF_ENCRYPT, CKA_ENCRYPT, CKO_PUBLIC_KEY, OP_ENCRYPT, CKR_DATA_LEN_RANGE },
	[OP_DECRYPT] = { CKF_DECRYPT, CKA_DECRYPT, CKO_PRIVATE_KEY, OP_DECRYPT,
			 CKR_ENCRYPTED_DATA_LEN_RANGE },
	[OP_DIGEST] = { CKF_DIGEST, 0, 0, OP_DIGEST, CKR_DATA_LEN_RANGE },
	[OP_SIGN] = { CKF_SIGN, CKA_SIGN, CKO_PRIVATE_KEY, OP_SIGN, CKR_DATA_LEN_RANGE },
	[OP_VERIFY] = { CKF_VERIFY, CKA_VERIFY, CKO_PUBLIC_KEY, OP_VERIFY, CKR_DATA_LEN_RANGE },
	[OP_SIGN_RECOVER] = { CKF_SIGN_RECOVER, CKA_SIGN_RECOVER, CKO_PRIVATE_KEY, OP_SIGN_RECOVER,
			      CKR_DATA_LEN_RANGE },
	[OP_VERIFY_RECOVER] = { CKF_VERIFY_RECOVER, CKA_VERIFY_RECOVER, CKO_PUBLIC_KEY,
				OP_VERIFY_RECOVER, CKR_SIGNATURE_LEN_RANGE },
	[OP_WRAP] = { CKF_WRAP, CKA_WRAP, CKO_PUBLIC_KEY, OP_ENCRYPT, 0 },
	[OP_UNWRAP] = { CKF_UNWRAP, CKA_UNWRAP, CKO_PRIVATE_KEY, OP_DECRYPT, 0 },
	[OP_DERIVE] = { CKF_DERIVE, CKA_DERIVE, CKO_PRIVATE_KEY, OP_ENCRYPT, 0 },
};

CK_FLAGS op_kind_flag(enum op_kind kind)
{
	return kinds[kind].flag;
}

CK_ATTRIBUTE_TYPE op_kind_usage(enum op_kind kind)
{
	return kinds[kind].usage;
}

CK_RV op_check_key(enum op_kind kind, const struct mech *m, const struct key *key)
{
	if ((m->flags & kinds[kind].flag) == 0)
		return CKR_MECHANISM_INVALID;
	if (m->key == CK_UNAVAILABLE_INFORMATION)
		return CKR_OK;
	if (key == NULL || !mech_takes(m, key->type) ||
	    (key->class != CKO_SECRET_KEY && key->class != kinds[kind].class))
		return reason(CKR_KEY_TYPE_INCONSISTENT,
			      "CKA_CLASS or CKA_KEY_TYPE of the key is not for this mechanism");
	/* No maximum: key types have their own, and that of HMAC is not enforced, as in 2.6.1. */
	return key->size >= m->min ? CKR_OK :
		reason(CKR_KEY_SIZE_RANGE, "the key is shorter than the mechanism wants");
}

/* Operations that rest */

static bool keep_param(struct op *op, const CK_MECHANISM *param)
{
	op->param_len = param->ulParameterLen;
	if (op->param_len > sizeof(op->param) || (op->param_len > 0 && param->pParameter == NULL))
		return false;
	if (op->param_len > 0)
		memcpy(op->param, param->pParameter, op->param_len);
	return true;
}

static bool same_param(const struct op *op, const CK_MECHANISM *param)
{
	return op->param_len == param->ulParameterLen && op->param_len <= sizeof(op->param) &&
	       (op->param_len == 0 ||
		(param->pParameter != NULL &&
		 memcmp(op->param, param->pParameter, op->param_len) == 0));
}

static void put_resting(struct key *key, struct op *op)
{
	atomic_store_explicit(&key->end, op_free, memory_order_relaxed);
	for (size_t i = 0; i < KEY_RESTING; i++) {
		struct op *none = NULL;

		if (atomic_compare_exchange_strong(&key->resting[i], &none, op))
			return;
	}
	op_free(op);
}

/* One of that kind and mechanism; NULL: there is none just now. */
static struct op *take_resting(struct key *key, enum op_kind does, const struct mech *m)
{
	for (size_t i = 0; i < KEY_RESTING; i++) {
		struct op *op = atomic_load_explicit(&key->resting[i], memory_order_relaxed);

		if (op == NULL)
			continue;
		op = atomic_exchange(&key->resting[i], NULL);
		if (op == NULL)
			continue;
		if (op->kind == does && op->mech == m)
			return op;
		put_resting(key, op);
	}
	return NULL;
}

static struct op *wake(enum op_kind does, const struct mech *m, const CK_MECHANISM *param,
		       struct key *key, struct op **resting)
{
	struct op *op = NULL;
	bool fits;

	if (m->ops->rewind == NULL)
		return NULL;
	if (key != NULL) {
		op = take_resting(key, does, m);
	} else if (resting != NULL && *resting != NULL && (*resting)->mech == m) {
		op = *resting;
		*resting = NULL;
	}
	if (op == NULL)
		return NULL;
	op->key = key != NULL ? key_ref(key) : NULL;
	if (m->ops->again != NULL)
		ossl_touch();
	fits = m->ops->again != NULL ? m->ops->again(op, param) == CKR_OK : same_param(op, param);
	if (!fits) {
		op_free(op);
		return NULL;
	}
	op->parts = op->good = false;
	return op;
}

void op_rest(struct op *op, struct op **resting)
{
	struct key *key = op != NULL ? op->key : NULL;

	if (op == NULL || !op->good || op->mech->ops->rewind == NULL || !ossl_alive() ||
	    (key == NULL && resting == NULL) || !op->mech->ops->rewind(op)) {
		op_free(op);
		return;
	}
	op->key = NULL;
	if (key != NULL) {
		put_resting(key, op);
		key_unref(key);
	} else {
		op_free(*resting);
		*resting = op;
	}
}

CK_RV op_new(enum op_kind kind, const struct mech *m, const CK_MECHANISM *param, struct key *key,
	     struct op **resting, struct op **out)
{
	struct op *op;
	CK_RV rv;

	if (m->ops == NULL)
		return CKR_MECHANISM_INVALID;
	rv = op_check_key(kind, m, key);
	if (rv != CKR_OK)
		return rv;
	*out = wake(kinds[kind].does, m, param, key, resting);
	if (*out != NULL)
		return CKR_OK;
	op = calloc(1, sizeof(*op));
	if (op == NULL)
		return CKR_HOST_MEMORY;
	ossl_touch();
	op->kind = kinds[kind].does;
	op->mech = m;
	op->key = key != NULL ? key_ref(key) : NULL;
	rv = m->ops->begin(op, param);
	if (rv != CKR_OK) {
		op_free(op);
		return rv;
	}
	if (m->ops->again == NULL && m->ops->rewind != NULL && !keep_param(op, param))
		op->param_len = CK_UNAVAILABLE_INFORMATION;
	*out = op;
	return CKR_OK;
}

void op_free(struct op *op)
{
	if (op == NULL)
		return;
	ossl_touch();
	if (op->state != NULL && ossl_alive())
		op->mech->ops->end(op);
	key_unref(op->key);
	free(op);
}

static bool is_cipher(const struct op *op)
{
	return op->kind == OP_ENCRYPT || op->kind == OP_DECRYPT;
}

/* A part of a mechanism that takes its data in one piece only. */
static CK_RV no_parts(const struct op *op, bool *done)
{
	*done = !is_cipher(op);
	return *done ? CKR_OPERATION_NOT_INITIALIZED : CKR_FUNCTION_NOT_SUPPORTED;
}

/* How much the caller's buffer has to take; the first thing that each call does. */
static CK_RV answer_size(struct op *op, CK_ULONG in, bool last, CK_ULONG *need)
{
	if (in > OP_INPUT_MAX)
		return kinds[op->kind].too_long;
	ossl_touch();
	return op->mech->ops->size(op, in, last, need);
}

/*
 * Where an answer was given or the buffer is too small: the operation goes on as if nothing had
 * been called.
 */
static CK_RV tell_size(CK_ULONG need, CK_ULONG *out_len, CK_RV rv, bool *done)
{
	*out_len = need;
	*done = false;
	return rv;
}

/*
 * Section 5.2 lets input and output be the same memory, and the families rely on one of the two:
 * the same start, or no common byte. Anything in between works on a copy of the input, made here;
 * NULL when none is needed.
 */
static CK_RV untangle(const struct op *op, const CK_BYTE **in, CK_ULONG len, const CK_BYTE *out,
		      CK_ULONG room,
		      struct secbuf **copy)
{
	uintptr_t i = (uintptr_t)*in, o = (uintptr_t)out;

	*copy = NULL;
	if (!is_cipher(op) || i == o || len == 0 || room == 0 ||
	    (i > o ? i - o >= room : o - i >= len))
		return CKR_OK;
	*copy = secbuf_from(*in, len);
	if (*copy == NULL)
		return CKR_HOST_MEMORY;
	*in = (*copy)->data;
	return CKR_OK;
}

static CK_RV run_single(struct op *op, const CK_BYTE *in, CK_ULONG len, CK_BYTE *out,
			CK_ULONG *out_len)
{
	const struct mech_ops *ops = op->mech->ops;
	CK_ULONG first = 0, last = 0;
	CK_RV rv;

	if (ops->single != NULL)
		return ops->single(op, in, len, out, out_len);
	rv = ops->update(op, in, len, out, &first);
	if (rv == CKR_OK)
		rv = ops->finish(op, out + first, &last);
	*out_len = first + last;
	return rv;
}

/* The bound is larger than the caller's buffer, but the plaintext may still fit. */
static CK_RV retry_single(struct op *op, const CK_BYTE *in, CK_ULONG len, CK_ULONG bound,
			  CK_BYTE *out,
			  CK_ULONG *out_len, bool *done)
{
	struct secbuf *plain = secbuf_new(bound);
	CK_ULONG n = 0;
	CK_RV rv;

	if (plain == NULL)
		return CKR_HOST_MEMORY;
	rv = run_single(op, in, len, plain->data, &n);
	if (rv == CKR_OK && n > *out_len) {
		rv = tell_size(n, out_len, CKR_BUFFER_TOO_SMALL, done);
	} else if (rv == CKR_OK) {
		memcpy(out, plain->data, n);
		*out_len = n;
	}
	secbuf_free(plain);
	return rv;
}

/* Is what size told an upper bound, and the real size found by doing it? */
static bool may_be_less(const struct op *op)
{
	return (op->kind == OP_DECRYPT || op->kind == OP_VERIFY_RECOVER) && op->mech->ops->retry;
}

CK_RV op_single(struct op *op, const CK_BYTE *in, CK_ULONG len, CK_BYTE *out, CK_ULONG *out_len,
		bool *done)
{
	struct secbuf *copy;
	CK_ULONG need = 0;
	CK_RV rv;

	*done = true;
	if (op->parts)
		return CKR_OPERATION_NOT_INITIALIZED;
	rv = answer_size(op, len, true, &need);
	if (rv != CKR_OK)
		return rv;
	if (out == NULL)
		return tell_size(need, out_len, CKR_OK, done);
	if (*out_len < need && may_be_less(op))
		return retry_single(op, in, len, need, out, out_len, done);
	if (*out_len < need)
		return tell_size(need, out_len, CKR_BUFFER_TOO_SMALL, done);
	rv = untangle(op, &in, len, out, need, &copy);
	if (rv == CKR_OK)
		rv = run_single(op, in, len, out, out_len);
	secbuf_free(copy);
	op->good = rv == CKR_OK;
	return rv;
}

CK_RV op_update(struct op *op, const CK_BYTE *in, CK_ULONG len, CK_BYTE *out, CK_ULONG *out_len,
		bool *done)
{
	struct secbuf *copy;
	CK_ULONG need = 0;
	CK_RV rv;

	if (op->mech->ops->update == NULL)
		return no_parts(op, done);
	*done = true;
	rv = answer_size(op, len, false, &need);
	if (rv != CKR_OK)
		return rv;
	if (out == NULL)
		return tell_size(need, out_len, CKR_OK, done);
	if (*out_len < need)
		return tell_size(need, out_len, CKR_BUFFER_TOO_SMALL, done);
	rv = untangle(op, &in, len, out, need, &copy);
	op->parts = true;
	if (rv == CKR_OK)
		rv = op->mech->ops->update(op, in, len, out, out_len);
	secbuf_free(copy);
	*done = rv != CKR_OK;
	return rv;
}

CK_RV op_finish(struct op *op, CK_BYTE *out, CK_ULONG *out_len, bool *done)
{
	CK_ULONG need = 0;
	CK_RV rv;

	if (op->mech->ops->update == NULL)
		return no_parts(op, done);
	*done = true;
	rv = answer_size(op, 0, true, &need);
	if (rv != CKR_OK)
		return rv;
	if (out == NULL)
		return tell_size(need, out_len, CKR_OK, done);
	if (*out_len < need)
		return tell_size(need, out_len, CKR_BUFFER_TOO_SMALL, done);
	rv = op->mech->ops->finish(op, out, out_len);
	op->good = rv == CKR_OK;
	return rv;
}

CK_RV op_feed(struct op *op, const CK_BYTE *in, CK_ULONG len, bool *done)
{
	CK_ULONG none = 0;
	CK_RV rv;

	if (op->mech->ops->update == NULL)
		return no_parts(op, done);
	*done = true;
	if (len > OP_INPUT_MAX)
		return CKR_DATA_LEN_RANGE;
	ossl_touch();
	op->parts = true;
	rv = op->mech->ops->update(op, in, len, NULL, &none);
	*done = rv != CKR_OK;
	return rv;
}

CK_RV op_verify(struct op *op, const CK_BYTE *in, CK_ULONG len, const CK_BYTE *sig,
		CK_ULONG sig_len, bool *done)
{
	const struct mech_ops *ops = op->mech->ops;
	CK_ULONG none = 0;
	CK_RV rv;

	*done = true;
	if (op->parts)
		return CKR_OPERATION_NOT_INITIALIZED;
	if (len > OP_INPUT_MAX)
		return CKR_DATA_LEN_RANGE;
	ossl_touch();
	if (ops->check_single != NULL) {
		rv = ops->check_single(op, in, len, sig, sig_len);
	} else {
		rv = ops->update(op, in, len, NULL, &none);
		if (rv == CKR_OK)
			rv = ops->check(op, sig, sig_len);
	}
	op->good = rv == CKR_OK;
	return rv;
}

CK_RV op_verify_finish(struct op *op, const CK_BYTE *sig, CK_ULONG sig_len, bool *done)
{
	CK_RV rv;

	*done = true;
	if (op->mech->ops->update == NULL)
		return CKR_OPERATION_NOT_INITIALIZED;
	ossl_touch();
	rv = op->mech->ops->check(op, sig, sig_len);
	op->good = rv == CKR_OK;
	return rv;
}
