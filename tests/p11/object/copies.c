#include "config.h"

#include <stdio.h>

#include "p11/object/object.h"

/* C_CopyObject, and what C_SetAttributeValue may do to all kinds. */

/* --- copies of all kinds ------------------------------------------------ */

struct copy_case {
	enum kind kind;
	CK_BBOOL private;
};

static CK_RV make_extractable(struct ctx *c, const struct copy_case *v, CK_OBJECT_HANDLE *out)
{
	const CK_ATTRIBUTE both[] = {
		A_BOOL(CKA_PRIVATE, v->private), A_BOOL(CKA_EXTRACTABLE, CK_TRUE), A_END,
	};
	const CK_ATTRIBUTE one[] = { A_BOOL(CKA_PRIVATE, v->private), A_END };
	bool secret = (PRIVATE_KEYS | SECRET_KEYS) & IS(v->kind);

	return kind_make(c->s, v->kind, secret ? both : one, out);
}

static CK_RV copy_alike(struct ctx *c, CK_ATTRIBUTE *t, CK_ULONG n)
{
	const struct copy_case *v = c->arg;
	CK_OBJECT_HANDLE o = 0, copy = 0;
	CK_RV rv = make_extractable(c, v, &o);

	if (rv == CKR_OK)
		rv = p11->C_CopyObject(c->s, o, t, n, &copy);
	if (rv == CKR_OK)
		rv = want(copy != o);
	if (rv == CKR_OK)
		rv = same_attributes(c, v->kind, copy);
	for (CK_ULONG i = 0; rv == CKR_OK && i < n; i++)
		rv = attr_is(c->s, copy, &t[i]);
	return rv == CKR_OK ? p11->C_DestroyObject(c->s, copy) : rv;
}

static CK_RV copy_without_template(struct ctx *c)
{
	return copy_alike(c, NULL, 0);
}

static CK_RV copy_with_empty_template(struct ctx *c)
{
	CK_ATTRIBUTE none = A_EMPTY(CKA_LABEL);

	return copy_alike(c, &none, 0);
}

static CK_RV copy_to_token(struct ctx *c)
{
	CK_ATTRIBUTE t = A_BOOL(CKA_TOKEN, CK_TRUE);

	return copy_alike(c, &t, 1);
}

static CK_RV copy_to_private(struct ctx *c)
{
	CK_ATTRIBUTE t[] = { A_BOOL(CKA_PRIVATE, CK_TRUE), A_BOOL(CKA_TOKEN, CK_TRUE) };

	return copy_alike(c, t, LENGTH(t));
}

/* What was private stays so. */
static CK_RV copy_to_public(struct ctx *c)
{
	CK_ATTRIBUTE t = A_BOOL(CKA_PRIVATE, CK_FALSE);

	return copy_alike(c, &t, 1);
}

static CK_RV copy_of_copy(struct ctx *c)
{
	const struct copy_case *v = c->arg;
	CK_OBJECT_HANDLE o = 0;
	CK_RV rv = make_extractable(c, v, &o);
	CK_ATTRIBUTE label = A_TEXT(CKA_LABEL, "copy");

	for (int i = 0; rv == CKR_OK && i < 3; i++)
		rv = p11->C_CopyObject(c->s, o, &label, 1, &o);
	return rv == CKR_OK ? same_attributes(c, v->kind, o) : rv;
}

static void run_copies(enum kind kind, CK_BBOOL private)
{
	const struct copy_case v = { kind, private };
	const struct call calls[] = {
		{ "copy_without_template", copy_without_template, CKR_OK },
		{ "copy_with_empty_template", copy_with_empty_template, CKR_OK },
		{ "copy_to_token", copy_to_token, CKR_OK },
		{ "copy_to_private", copy_to_private, CKR_OK },
		{ "copy_to_public", copy_to_public, private ? CKR_TEMPLATE_INCONSISTENT : CKR_OK },
		{ "copy_of_copy", copy_of_copy, CKR_OK },
	};
	char item[64];

	snprintf(item, sizeof(item), "%s_%s", private ? "private" : "public", kind_names[kind]);
	rows_run(RW_USER, calls, LENGTH(calls), &v, item);
}

/* --- what a copy keeps -------------------------------------------------- */

struct secrecy {
	CK_BBOOL sensitive, extractable;	/* of the original, which is generated */
	CK_BBOOL then_sensitive;		/* asked of the copy */
	CK_BBOOL then_extractable;
};

static CK_RV generate_aes(CK_SESSION_HANDLE s, CK_BBOOL sensitive, CK_BBOOL extractable,
			  CK_OBJECT_HANDLE *out)
{
	CK_MECHANISM m = { CKM_AES_KEY_GEN, NULL, 0 };
	CK_ATTRIBUTE t[] = {
		A_ULONG(CKA_VALUE_LEN, 32), A_BOOL(CKA_SENSITIVE, sensitive),
		A_BOOL(CKA_EXTRACTABLE, extractable),
	};

	return p11->C_GenerateKey(s, &m, t, LENGTH(t), out);
}

/* Where it comes from, how secret it has always been, and the key itself. */
static CK_RV copy_keeps_history(struct ctx *c)
{
	const struct secrecy *v = c->arg;
	CK_ATTRIBUTE t[] = {
		A_BOOL(CKA_SENSITIVE, v->then_sensitive),
		A_BOOL(CKA_EXTRACTABLE, v->then_extractable),
	};
	CK_BYTE kcv[8];
	CK_ATTRIBUTE check = { CKA_CHECK_VALUE, kcv, sizeof(kcv) };
	const CK_ATTRIBUTE kept[] = {
		A_BOOL(CKA_LOCAL, CK_TRUE), A_ULONG(CKA_KEY_GEN_MECHANISM, CKM_AES_KEY_GEN),
		A_BOOL(CKA_ALWAYS_SENSITIVE, v->sensitive),
		A_BOOL(CKA_NEVER_EXTRACTABLE, !v->extractable), A_ULONG(CKA_VALUE_LEN, 32),
	};
	CK_OBJECT_HANDLE o = 0;
	CK_RV rv = generate_aes(c->s, v->sensitive, v->extractable, &o);

	if (rv == CKR_OK)
		rv = p11->C_GetAttributeValue(c->s, o, &check, 1);
	if (rv == CKR_OK)
		rv = p11->C_CopyObject(c->s, o, t, LENGTH(t), &o);
	for (size_t i = 0; rv == CKR_OK && i < LENGTH(kept); i++)
		rv = attr_is(c->s, o, &kept[i]);
	for (size_t i = 0; rv == CKR_OK && i < LENGTH(t); i++)
		rv = attr_is(c->s, o, &t[i]);
	return rv == CKR_OK ? attr_is(c->s, o, &check) : rv;
}

/* Each way that CKA_SENSITIVE and CKA_EXTRACTABLE can go, allowed or not. */
static void run_history(void)
{
	for (unsigned i = 0; i < 16; i++) {
		const struct secrecy v = { i & 1, i >> 1 & 1, i >> 2 & 1, (CK_BBOOL)(i >> 3) };
		bool weaker = (v.sensitive && !v.then_sensitive) ||
			      (!v.extractable && v.then_extractable);
		bool same = v.sensitive == v.then_sensitive && v.extractable == v.then_extractable;

		row_runf(RW_USER, copy_keeps_history, &v,
			 weaker ? CKR_ATTRIBUTE_READ_ONLY : CKR_OK,
			 "copy_history_%s_s%d_e%d_to_s%d_e%d",
			 weaker ? "weaker" : same ? "same" : "stricter", v.sensitive,
			 v.extractable, v.then_sensitive, v.then_extractable);
	}
}

/* --- templates of copies and changes ------------------------------------ */

/* An object of the kind, made with `with`, is copied or changed by `list`. */
static const struct change {
	const char *name;
	enum kind kind;
	CK_RV copy, set;
	CK_ATTRIBUTE list[3];
	CK_ATTRIBUTE with[3];
} changes[] = {
	{ "modifiable_first", DATA, CKR_OK, CKR_ATTRIBUTE_READ_ONLY,
	  { A_BOOL(CKA_MODIFIABLE, CK_FALSE), A_TEXT(CKA_LABEL, "x"), A_END }, { A_END } },
	{ "modifiable_last", DATA, CKR_OK, CKR_ATTRIBUTE_READ_ONLY,
	  { A_TEXT(CKA_LABEL, "x"), A_BOOL(CKA_MODIFIABLE, CK_FALSE), A_END }, { A_END } },
	{ "of_unmodifiable", DATA, CKR_ATTRIBUTE_READ_ONLY, CKR_ACTION_PROHIBITED,
	  { A_TEXT(CKA_LABEL, "x"), A_END }, { A_BOOL(CKA_MODIFIABLE, CK_FALSE), A_END } },
	{ "of_unmodifiable_token", DATA, CKR_ATTRIBUTE_READ_ONLY, CKR_ACTION_PROHIBITED,
	  { A_BOOL(CKA_TOKEN, CK_FALSE), A_END }, { A_BOOL(CKA_MODIFIABLE, CK_FALSE), A_END } },
	{ "of_unmodifiable_nothing", DATA, CKR_OK, CKR_ACTION_PROHIBITED, { A_END },
	  { A_BOOL(CKA_MODIFIABLE, CK_FALSE), A_END } },
	{ "of_uncopyable", DATA, CKR_ACTION_PROHIBITED, CKR_OK, { A_TEXT(CKA_LABEL, "x"), A_END },
	  { A_BOOL(CKA_COPYABLE, CK_FALSE), A_END } },
	{ "of_undestroyable", DATA, CKR_OK, CKR_ATTRIBUTE_READ_ONLY,
	  { A_BOOL(CKA_DESTROYABLE, CK_TRUE), A_END },
	  { A_BOOL(CKA_DESTROYABLE, CK_FALSE), A_END } },
	{ "check_value_right", AES, CKR_OK, CKR_OK,
	  { { CKA_CHECK_VALUE, (CK_BYTE[]){ 0xc6, 0xa1, 0x3b }, 3 }, A_END }, { A_END } },
	{ "check_value_wrong", AES, CKR_ATTRIBUTE_VALUE_INVALID, CKR_ATTRIBUTE_VALUE_INVALID,
	  { A_TEXT(CKA_CHECK_VALUE, "abc"), A_END }, { A_END } },
	{ "check_value_short", AES, CKR_ATTRIBUTE_VALUE_INVALID, CKR_ATTRIBUTE_VALUE_INVALID,
	  { { CKA_CHECK_VALUE, (CK_BYTE[]){ 0xc6, 0xa1 }, 2 }, A_END }, { A_END } },
	{ "check_value_long", AES, CKR_ATTRIBUTE_VALUE_INVALID, CKR_ATTRIBUTE_VALUE_INVALID,
	  { { CKA_CHECK_VALUE, (CK_BYTE[]){ 0xc6, 0xa1, 0x3b, 0 }, 4 }, A_END }, { A_END } },
	{ "check_value_cleared", AES, CKR_OK, CKR_OK, { NO_BYTES(CKA_CHECK_VALUE), A_END },
	  { A_END } },
	{ "check_value_restored", AES, CKR_OK, CKR_OK,
	  { { CKA_CHECK_VALUE, (CK_BYTE[]){ 0xc6, 0xa1, 0x3b }, 3 }, A_END },
	  { NO_BYTES(CKA_CHECK_VALUE), A_END } },
	{ "check_value_generic_wrong", GENERIC, CKR_ATTRIBUTE_VALUE_INVALID,
	  CKR_ATTRIBUTE_VALUE_INVALID, { A_TEXT(CKA_CHECK_VALUE, "abc"), A_END }, { A_END } },
	{ "check_value_des3_wrong", DES3, CKR_ATTRIBUTE_VALUE_INVALID, CKR_ATTRIBUTE_VALUE_INVALID,
	  { A_TEXT(CKA_CHECK_VALUE, "abc"), A_END }, { A_END } },
	{ "check_value_hmac_wrong", HMAC, CKR_ATTRIBUTE_VALUE_INVALID, CKR_ATTRIBUTE_VALUE_INVALID,
	  { A_TEXT(CKA_CHECK_VALUE, "abc"), A_END }, { A_END } },
	{ "check_value_of_private", RSA_PRIVATE, CKR_ATTRIBUTE_TYPE_INVALID,
	  CKR_ATTRIBUTE_TYPE_INVALID, { A_TEXT(CKA_CHECK_VALUE, "abc"), A_END }, { A_END } },
	{ "wrap_with_trusted_to_true", AES, CKR_OK, CKR_OK,
	  { A_BOOL(CKA_WRAP_WITH_TRUSTED, CK_TRUE), A_END }, { A_END } },
	{ "wrap_with_trusted_to_false", AES, CKR_ATTRIBUTE_READ_ONLY, CKR_ATTRIBUTE_READ_ONLY,
	  { A_BOOL(CKA_WRAP_WITH_TRUSTED, CK_FALSE), A_END },
	  { A_BOOL(CKA_WRAP_WITH_TRUSTED, CK_TRUE), A_END } },
	{ "trusted", AES, CKR_ATTRIBUTE_READ_ONLY, CKR_ATTRIBUTE_READ_ONLY,
	  { A_BOOL(CKA_TRUSTED, CK_TRUE), A_END }, { A_END } },
	{ "allowed_mechanisms", AES, CKR_ATTRIBUTE_READ_ONLY, CKR_ATTRIBUTE_READ_ONLY,
	  { A_ULONG(CKA_ALLOWED_MECHANISMS, CKM_AES_ECB), A_END }, { A_END } },
	{ "always_authenticate", RSA_PRIVATE, CKR_ATTRIBUTE_READ_ONLY, CKR_ATTRIBUTE_READ_ONLY,
	  { A_BOOL(CKA_ALWAYS_AUTHENTICATE, CK_TRUE), A_END }, { A_END } },
	{ "local", AES, CKR_ATTRIBUTE_READ_ONLY, CKR_ATTRIBUTE_READ_ONLY,
	  { A_BOOL(CKA_LOCAL, CK_TRUE), A_END }, { A_END } },
	{ "never_extractable", AES, CKR_ATTRIBUTE_READ_ONLY, CKR_ATTRIBUTE_READ_ONLY,
	  { A_BOOL(CKA_NEVER_EXTRACTABLE, CK_TRUE), A_END }, { A_END } },
	{ "value", AES, CKR_ATTRIBUTE_READ_ONLY, CKR_ATTRIBUTE_READ_ONLY,
	  { A_TEXT(CKA_VALUE, "0123456789abcdef"), A_END }, { A_END } },
	{ "value_len", AES, CKR_ATTRIBUTE_READ_ONLY, CKR_ATTRIBUTE_READ_ONLY,
	  { A_ULONG(CKA_VALUE_LEN, 16), A_END }, { A_END } },
	{ "second_unknown", AES, CKR_ATTRIBUTE_TYPE_INVALID, CKR_ATTRIBUTE_TYPE_INVALID,
	  { A_TEXT(CKA_LABEL, "x"), A_TEXT(CKA_MODULUS, "x"), A_END }, { A_END } },
	{ "second_null", AES, CKR_ATTRIBUTE_VALUE_INVALID, CKR_ATTRIBUTE_VALUE_INVALID,
	  { A_TEXT(CKA_LABEL, "x"), { CKA_ID, NULL, 3 }, A_END }, { A_END } },
	{ "second_date_bad", AES, CKR_ATTRIBUTE_VALUE_INVALID, CKR_ATTRIBUTE_VALUE_INVALID,
	  { A_TEXT(CKA_LABEL, "x"), A_TEXT(CKA_START_DATE, "2024"), A_END }, { A_END } },
	{ "second_check_value_wrong", AES, CKR_ATTRIBUTE_VALUE_INVALID,
	  CKR_ATTRIBUTE_VALUE_INVALID,
	  { A_TEXT(CKA_LABEL, "x"), A_TEXT(CKA_CHECK_VALUE, "abc"), A_END }, { A_END } },
};

static CK_RV has_all(struct ctx *c, CK_OBJECT_HANDLE o, const CK_ATTRIBUTE *t)
{
	CK_RV rv = CKR_OK;

	for (; rv == CKR_OK && t->type != CK_UNAVAILABLE_INFORMATION; t++)
		rv = attr_is(c->s, o, t);
	return rv;
}

/* A refused copy is not there, and the original is as it was. */
static CK_RV change_copy(struct ctx *c)
{
	const struct change *v = c->arg;
	CK_ATTRIBUTE t[TMPL_MAX], label[] = { A_TEXT(CKA_LABEL, "x"), A_END };
	CK_OBJECT_HANDLE o = 0, copy = NO_HANDLE;
	CK_ULONG found = 0;
	CK_RV rv = kind_make(c->s, v->kind, v->with, &o);

	if (rv != CKR_OK)
		return ROW_BROKEN;
	tmpl_join(t, v->list, NULL);
	rv = p11->C_CopyObject(c->s, o, t, tmpl_count(t), &copy);
	if (rv == CKR_OK)
		return has_all(c, copy, v->list);
	if (object_find(c->s, label, &copy, 1, &found) != CKR_OK || found != 0)
		return ROW_WRONG;
	return has_all(c, o, v->with) == CKR_OK ? rv : ROW_WRONG;
}

static CK_RV change_set(struct ctx *c)
{
	const struct change *v = c->arg;
	const CK_ATTRIBUTE label = NO_BYTES(CKA_LABEL);
	CK_ATTRIBUTE t[TMPL_MAX];
	CK_OBJECT_HANDLE o = 0;
	CK_RV rv = kind_make(c->s, v->kind, v->with, &o);

	if (rv != CKR_OK)
		return ROW_BROKEN;
	tmpl_join(t, v->list, NULL);
	rv = p11->C_SetAttributeValue(c->s, o, t, tmpl_count(t));
	if (rv == CKR_OK)
		return has_all(c, o, v->list);
	return has_all(c, o, v->with) == CKR_OK && attr_is(c->s, o, &label) == CKR_OK ? rv :
										       ROW_WRONG;
}

/* --- trusted certificates ----------------------------------------------- */

static CK_RV trusted_make(struct ctx *c, CK_OBJECT_HANDLE *out)
{
	return kind_make(c->s, CERTIFICATE, T(A_BOOL(CKA_TRUSTED, CK_TRUE)), out);
}

static CK_RV trusted_copy(struct ctx *c)
{
	const CK_ATTRIBUTE trusted = A_BOOL(CKA_TRUSTED, CK_TRUE);
	CK_ATTRIBUTE none = A_EMPTY(CKA_LABEL);
	CK_OBJECT_HANDLE o = 0;
	CK_RV rv = trusted_make(c, &o);

	if (rv == CKR_OK)
		rv = p11->C_CopyObject(c->s, o, &none, 0, &o);
	return rv == CKR_OK ? attr_is(c->s, o, &trusted) : rv;
}

static CK_RV trusted_copy_changed(struct ctx *c)
{
	CK_ATTRIBUTE label = A_TEXT(CKA_LABEL, "x");
	CK_OBJECT_HANDLE o = 0;
	CK_RV rv = trusted_make(c, &o);

	return rv == CKR_OK ? p11->C_CopyObject(c->s, o, &label, 1, &o) : rv;
}

static CK_RV trusted_set(struct ctx *c)
{
	CK_ATTRIBUTE t = { *(const CK_ATTRIBUTE_TYPE *)c->arg, text("x"), 1 };
	CK_OBJECT_HANDLE o = 0;
	CK_RV rv = trusted_make(c, &o);

	return rv == CKR_OK ? p11->C_SetAttributeValue(c->s, o, &t, 1) : rv;
}

static CK_RV trusted_key(struct ctx *c)
{
	const CK_ATTRIBUTE trusted = A_BOOL(CKA_TRUSTED, CK_TRUE);
	CK_ATTRIBUTE label = A_TEXT(CKA_LABEL, "x");
	CK_OBJECT_HANDLE o = 0;
	CK_RV rv = kind_make(c->s, RSA_PUBLIC, T(trusted), &o);

	if (rv == CKR_OK)
		rv = p11->C_SetAttributeValue(c->s, o, &label, 1);
	return rv == CKR_OK ? attr_is(c->s, o, &trusted) : rv;
}

static void run_trusted(void)
{
	static const CK_ATTRIBUTE_TYPE types[] = { CKA_LABEL, CKA_ID, CKA_ISSUER,
						   CKA_SERIAL_NUMBER };
	static const char *const names[] = { "label", "id", "issuer", "serial_number" };

	row_runf(RW_SO, trusted_copy, NULL, CKR_OK, "trusted_copy");
	row_runf(RW_SO, trusted_copy_changed, NULL, CKR_ATTRIBUTE_READ_ONLY,
		 "trusted_copy_changed");
	for (size_t i = 0; i < LENGTH(types); i++)
		row_runf(RW_SO, trusted_set, &types[i], CKR_ATTRIBUTE_READ_ONLY, "trusted_set_%s",
			 names[i]);
	row_runf(RW_SO, trusted_key, NULL, CKR_OK, "trusted_key_is_not_frozen");
}

void test_copies(void)
{
	for (enum kind kind = DATA; kind < KINDS; kind++)
		for (unsigned private = 0; private < 2; private++)
			run_copies(kind, (CK_BBOOL)private);
	run_history();
	for (size_t i = 0; i < LENGTH(changes); i++) {
		row_runf(RW_USER, change_copy, &changes[i], changes[i].copy, "change_copy_%s",
			 changes[i].name);
		row_runf(RW_USER, change_set, &changes[i], changes[i].set, "change_set_%s",
			 changes[i].name);
	}
	run_trusted();
}
