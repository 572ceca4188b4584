#include "config.h"

/* Wrapping and derivation: the operations that make an object of another. */

#include <stdio.h>
#include <string.h>

#include "p11/harness.h"
#include "run.h"

/* --- wrapping ----------------------------------------------------------- */

struct wrapping {
	struct param param;
	CK_OBJECT_HANDLE wrap_key, unwrap_key;
	struct wrapped target;
	struct bytes blob;
};

/* C_WrapKey with the two-call rule; the blob in the pool. */
static CK_RV wrap(struct run *run, struct wrapping *w, struct bytes *out)
{
	CK_RV rv = CKR_OK;

	out->len = 0;
	rv = p11->C_WrapKey(run->s, &w->param.m, w->wrap_key, w->target.key, NULL, &out->len);
	if (rv != CKR_OK)
		return rv;

	CK_ULONG announced = out->len, less = 0;

	out->p = pool_alloc(announced);
	rv = p11->C_WrapKey(run->s, &w->param.m, w->wrap_key, w->target.key, out->p, &out->len);
	if (rv != CKR_OK || run->modest)
		return rv;
	less = out->len - 1;
	run_answer(run, p11->C_WrapKey(run->s, &w->param.m, w->wrap_key, w->target.key,
				       pool_alloc(less), &less),
		   CKR_BUFFER_TOO_SMALL, "C_WrapKey with a buffer one byte too short");
	return rv;
}

/* The blob becomes an object of the kind that the target is. */
static CK_RV unwrap(struct run *run, struct wrapping *w, struct bytes blob, CK_OBJECT_HANDLE key,
		    CK_OBJECT_HANDLE *out)
{
	struct tmpl t = { .n = 0 };
	CK_ULONG len = 0;

	tmpl_key(&t, w->target.class, NO_OPERATION);
	tmpl_number(&t, CKA_KEY_TYPE, w->target.type);
	if (record_number(run->r, "value_len", 0, &len) && len)
		tmpl_number(&t, CKA_VALUE_LEN, len);
	return p11->C_UnwrapKey(run->s, &w->param.m, key, blob.p, blob.len, t.a, t.n, out);
}

/* The new object has the value, or the private parts, of the target. */
static void compare(struct run *run, struct wrapping *w, CK_OBJECT_HANDLE made)
{
	struct record *section = key_section(run->r, "target");
	struct tmpl want = { .n = 0 };
	struct bytes value;

	if (section)
		tmpl_fields(&want, section, "private.");
	else if (object_value(run->s, w->target.key, CKA_VALUE, &value))
		tmpl_bytes(&want, CKA_VALUE, value);
	if (!want.n || !object_check(run->r, run->s, made, &want))
		run_failed(run, "the unwrapped key is another");
}

static void check_unwrap(struct run *run, struct wrapping *w, struct bytes blob)
{
	CK_OBJECT_HANDLE made = CK_INVALID_HANDLE;
	CK_RV rv = CKR_OK;

	if (!w->unwrap_key || !run_offers(run, OP_UNWRAP))
		return;
	rv = unwrap(run, w, blob, w->unwrap_key, &made);
	if (run_refused(run, rv) || !run_answer(run, rv, CKR_OK, "C_UnwrapKey"))
		return;
	compare(run, w, made);
	cover(run->r->mechanism->type, OP_UNWRAP, SINGLE);
}

static void unwrap_refused(struct run *run, struct wrapping *w, struct bytes blob,
			   CK_OBJECT_HANDLE key, CK_RV wanted, const char *why)
{
	CK_OBJECT_HANDLE made = CK_INVALID_HANDLE;
	char what[100];

	snprintf(what, sizeof(what), "C_UnwrapKey of %s", why);
	run_answer(run, unwrap(run, w, blob, key, &made), wanted, what);
}

static void negative_unwrap(struct run *run, struct wrapping *w, struct bytes blob)
{
	struct bytes bad = bytes_copy(blob.p, blob.len, 1);
	CK_OBJECT_HANDLE wrong = CK_INVALID_HANDLE;

	if (run->modest || run->failed || !w->unwrap_key || !run_offers(run, OP_UNWRAP))
		return;
	if (key_make_wrong(run->r->mechanism, run->s, OP_UNWRAP, &wrong))
		unwrap_refused(run, w, blob, wrong, CKR_UNWRAPPING_KEY_TYPE_INCONSISTENT,
			       "a key of another type");
	if (!trait_of(run->r->mechanism)->detects)
		return;
	bad.p[0] ^= 1;
	unwrap_refused(run, w, bad, w->unwrap_key, CKR_WRAPPED_KEY_INVALID, "a changed blob");
	bad.p[0] ^= 1;
	bad.p[bad.len - 1] ^= 1;
	unwrap_refused(run, w, bad, w->unwrap_key, CKR_WRAPPED_KEY_INVALID,
		       "a blob with its last bit changed");
	bad.len = 7;
	unwrap_refused(run, w, bad, w->unwrap_key, CKR_WRAPPED_KEY_LEN_RANGE, "7 bytes");
}

static void negative_wrap(struct run *run, struct wrapping *w)
{
	CK_OBJECT_HANDLE wrong = CK_INVALID_HANDLE;
	CK_BYTE out[16];
	CK_ULONG len = sizeof(out);

	if (run->modest || run->failed || !w->wrap_key ||
	    !key_make_wrong(run->r->mechanism, run->s, OP_WRAP, &wrong))
		return;
	run_answer(run, p11->C_WrapKey(run->s, &w->param.m, wrong, w->target.key, out, &len),
		   CKR_WRAPPING_KEY_TYPE_INCONSISTENT, "C_WrapKey with a key of another type");
}

static bool wrap_begin(struct run *run, struct wrapping *w)
{
	const char *name = run->r->op == OP_WRAP ? "out" : "in";

	if (!record_bytes(run->r, name, &w->blob) ||
	    !key_make_wrapped(run->r, run->s, "target", &w->target) ||
	    (key_has(run->r, "key", OP_WRAP) &&
	     !key_make(run->r, run->s, "key", OP_WRAP, &w->wrap_key)) ||
	    (key_has(run->r, "key", OP_UNWRAP) &&
	     !key_make(run->r, run->s, "key", OP_UNWRAP, &w->unwrap_key)))
		return false;

	struct bytes value = { NULL, 0 };

	if (w->target.class == CKO_SECRET_KEY)
		object_value(run->s, w->target.key, CKA_VALUE, &value);
	return param_build(run->r, run->s, value.len, &w->param);
}

/* The record has to be refused. */
static void wrap_refused(struct run *run, struct wrapping *w)
{
	struct bytes made = { NULL, 0 };

	if (run->r->op == OP_UNWRAP)
		unwrap_refused(run, w, w->blob, w->unwrap_key, run->expected, "this");
	else
		run_answer(run, wrap(run, w, &made), run->expected, "C_WrapKey");
}

/*
 * [X wrap]: target gives out, or, where out is missing, something random, and that gives target.
 * [X unwrap]: in gives target; target wrapped and unwrapped is the same.
 */
void run_wrap(struct run *run)
{
	struct wrapping w = { .wrap_key = CK_INVALID_HANDLE };
	struct bytes made = { NULL, 0 };
	CK_RV rv = CKR_OK;

	if (!wrap_begin(run, &w)) {
		run->failed = !run->modest;
		return;
	}
	if (run->expected != CKR_OK) {
		wrap_refused(run, &w);
		return;
	}
	if (run->r->op == OP_UNWRAP)
		check_unwrap(run, &w, w.blob);
	if (!w.wrap_key || !run_offers(run, OP_WRAP) || run->failed)
		return;
	rv = wrap(run, &w, &made);
	if (run_refused(run, rv) || !run_answer(run, rv, CKR_OK, "C_WrapKey"))
		return;
	if (w.blob.len && run->r->op == OP_WRAP &&
	    (made.len != w.blob.len || memcmp(made.p, w.blob.p, made.len) != 0))
		run_failed(run, "wrapped: %s, expected %s", bytes_hex(made.p, made.len),
			   bytes_hex(w.blob.p, w.blob.len));
	cover(run->r->mechanism->type, OP_WRAP, SINGLE);
	check_unwrap(run, &w, made);
	negative_unwrap(run, &w, made);
	negative_wrap(run, &w);
}

/* --- derivation --------------------------------------------------------- */

bool derive_tmpl(struct run *run, struct tmpl *t, bool *none)
{
	const char *text = record_text(run->r, "want", 0);
	CK_OBJECT_CLASS class = CKO_SECRET_KEY;
	char word[64];
	CK_ULONG number = 0;
	int used = 0;

	if (!text)
		return record_complain(run->r, "the field want is missing");
	*none = strcmp(text, "none") == 0;
	if (strncmp(text, "data", 4) == 0)
		class = CKO_DATA;
	else if (strncmp(text, "public", 6) == 0)
		class = CKO_PUBLIC_KEY;
	tmpl_key(t, class, NO_OPERATION);
	for (; sscanf(text, "%63s%n", word, &used) == 1; text += used) {
		if (constant_find(word, &number))
			tmpl_number(t, CKA_KEY_TYPE, number);
		else if (sscanf(word, "%lu", &number) == 1)
			tmpl_number(t, CKA_VALUE_LEN, number);
	}
	return tmpl_fields(t, run->r, "want.");
}

static void derive_check(struct run *run, CK_OBJECT_HANDLE made, bool none,
			 const struct param *param)
{
	struct tmpl want = { .n = 0 };
	struct bytes out;

	if (!record_bytes(run->r, "out", &out) || !tmpl_fields(&want, run->r, "check."))
		run->failed = true;
	if (record_has(run->r, "out"))
		tmpl_bytes(&want, CKA_VALUE, out);
	if (!none && !object_check(run->r, run->s, made, &want))
		run_failed(run, "the derived key is another");
	if (!param_check(param))
		run->failed = true;
}

static void derive_refused(struct run *run, CK_MECHANISM *m, CK_OBJECT_HANDLE key, struct tmpl *t,
			   CK_RV wanted, const char *why)
{
	CK_OBJECT_HANDLE made = CK_INVALID_HANDLE;
	char what[100];

	snprintf(what, sizeof(what), "C_DeriveKey with %s", why);
	run_answer(run, p11->C_DeriveKey(run->s, m, key, t->a, t->n, &made), wanted, what);
}

static void negative_derive(struct run *run, const struct param *param, CK_OBJECT_HANDLE key,
			    struct tmpl *t)
{
	CK_OBJECT_HANDLE wrong = CK_INVALID_HANDLE;
	CK_MECHANISM m = param->m;

	if (run->modest || run->failed || record_has(run->r, "param"))
		return;
	if (key_make_wrong(run->r->mechanism, run->s, OP_DERIVE, &wrong))
		derive_refused(run, &m, wrong, t, CKR_KEY_TYPE_INCONSISTENT,
			       "a key of another type");
	if (!m.ulParameterLen) {
		m = (CK_MECHANISM){ m.mechanism, pool_alloc(1), 1 };
		derive_refused(run, &m, key, t, CKR_MECHANISM_PARAM_INVALID,
			       "a parameter where none is known");
		return;
	}
	/* raw public values may have any length */
	if (strcmp(run->r->mechanism->param, "bytes") != 0) {
		m.ulParameterLen--;
		derive_refused(run, &m, key, t, CKR_MECHANISM_PARAM_INVALID,
			       "a parameter one byte too short");
	}
	m = (CK_MECHANISM){ m.mechanism, NULL, 0 };
	derive_refused(run, &m, key, t, CKR_MECHANISM_PARAM_INVALID, "no parameter");
}

/* [X derive]: key and parameter give an object with the value out. */
void run_derive(struct run *run)
{
	CK_OBJECT_HANDLE key = CK_INVALID_HANDLE, made = CK_INVALID_HANDLE;
	struct tmpl t = { .n = 0 };
	struct param param;
	bool none = false;
	CK_RV rv = CKR_OK;

	if (!derive_tmpl(run, &t, &none) || !param_build(run->r, run->s, 0, &param) ||
	    !key_make(run->r, run->s, "key", OP_DERIVE, &key)) {
		run->failed = !run->modest;
		return;
	}
	rv = p11->C_DeriveKey(run->s, &param.m, key, t.a, t.n, none ? NULL : &made);
	if (run_refused(run, rv) || !run_answer(run, rv, run->expected, "C_DeriveKey") ||
	    rv != CKR_OK)
		return;
	derive_check(run, made, none, &param);
	cover(run->r->mechanism->type, OP_DERIVE, SINGLE);
	negative_derive(run, &param, key, &t);
}
