#include "config.h"

#include <stdio.h>
#include <string.h>

#include "p11/object/object.h"

/*
 * CKA_PUBLIC_KEY_INFO follows from the key: it is computed where it is not given, and must be
 * right where it is. The point of an EC private key is told, too, though the standard does not ask
 * for it.
 */

struct info_case {
	enum kind kind;
	CK_ATTRIBUTE value;	/* given by a template */
	CK_BBOOL token, private;
};

static CK_RV info_make(struct ctx *c, const struct info_case *v, const CK_ATTRIBUTE *given,
		       CK_OBJECT_HANDLE *out)
{
	const CK_ATTRIBUTE storage[] = {
		A_BOOL(CKA_TOKEN, v->token), A_BOOL(CKA_PRIVATE, v->private),
		A_TEXT(CKA_LABEL, "informed"), A_END,
	};
	CK_ATTRIBUTE more[TMPL_MAX];

	tmpl_join(more, storage, given);
	return kind_make(c->s, v->kind, more, out);
}

static CK_RV info_is(struct ctx *c, const struct info_case *v, CK_OBJECT_HANDLE o)
{
	return attr_is(c->s, o, &kind_infos[v->kind]);
}

static CK_RV info_computed(struct ctx *c)
{
	const struct info_case *v = c->arg;
	CK_ATTRIBUTE label[] = { A_TEXT(CKA_LABEL, "informed"), A_END };
	CK_OBJECT_HANDLE o = 0;
	CK_ULONG found = 0;
	CK_RV rv = info_make(c, v, NULL, &o);

	if (rv != CKR_OK || !v->token)
		return rv == CKR_OK ? info_is(c, v, o) : rv;
	rv = module_restart();
	if (rv == CKR_OK)
		rv = state_enter(c, RW_USER);
	if (rv == CKR_OK)
		rv = object_find(c->s, label, &o, 1, &found);
	if (rv == CKR_OK)
		rv = info_is(c, v, o);
	/* whatever it is, no row shall meet it again */
	return p11->C_DestroyObject(c->s, o) == CKR_OK ? rv : ROW_BROKEN;
}

static CK_RV info_given(struct ctx *c)
{
	const struct info_case *v = c->arg;
	CK_OBJECT_HANDLE o = 0;
	CK_RV rv = info_make(c, v, T(v->value), &o);

	return rv == CKR_OK ? info_is(c, v, o) : rv;
}

static CK_RV info_set(struct ctx *c)
{
	const struct info_case *v = c->arg;
	CK_ATTRIBUTE t = v->value;
	CK_OBJECT_HANDLE o = 0;
	CK_RV rv = info_make(c, v, NULL, &o);

	if (rv == CKR_OK)
		rv = p11->C_SetAttributeValue(c->s, o, &t, 1);
	if (rv == CKR_OK)
		rv = info_is(c, v, o);
	return rv;
}

static CK_RV copy_informed(struct ctx *c, CK_ATTRIBUTE t)
{
	const struct info_case *v = c->arg;
	CK_OBJECT_HANDLE o = 0;
	CK_RV rv = info_make(c, v, NULL, &o);

	if (rv == CKR_OK)
		rv = p11->C_CopyObject(c->s, o, &t, 1, &o);
	return rv == CKR_OK ? info_is(c, v, o) : rv;
}

static CK_RV info_copied(struct ctx *c)
{
	const struct info_case *v = c->arg;

	return copy_informed(c, v->value);
}

static CK_RV info_of_copy(struct ctx *c)
{
	const CK_ATTRIBUTE label = A_TEXT(CKA_LABEL, "copy");

	return copy_informed(c, label);
}

/* The search finds what can be read. */
static CK_RV info_found(struct ctx *c)
{
	const struct info_case *v = c->arg;
	CK_ATTRIBUTE t[] = { kind_infos[v->kind], A_TEXT(CKA_LABEL, "informed"), A_END };
	CK_OBJECT_HANDLE o = 0, found[4];
	CK_ULONG n = 0;
	CK_RV rv = info_make(c, v, NULL, &o);

	if (rv == CKR_OK)
		rv = object_find(c->s, t, found, LENGTH(found), &n);
	return rv == CKR_OK ? want(n == 1 && found[0] == o) : rv;
}

static CK_RV info_not_found(struct ctx *c)
{
	const struct info_case *v = c->arg;
	CK_ATTRIBUTE t[] = { v->value, A_TEXT(CKA_LABEL, "informed"), A_END };
	CK_OBJECT_HANDLE o = 0;
	CK_ULONG n = 0;
	CK_RV rv = info_make(c, v, NULL, &o);

	if (rv == CKR_OK)
		rv = object_find(c->s, t, &o, 1, &n);
	return rv == CKR_OK ? want(n == 0) : rv;
}

static CK_RV info_sizes(struct ctx *c)
{
	const struct info_case *v = c->arg;
	CK_BYTE buf[1024];
	CK_ATTRIBUTE t = A_EMPTY(CKA_PUBLIC_KEY_INFO);
	CK_ULONG len = kind_infos[v->kind].ulValueLen;
	CK_OBJECT_HANDLE o = 0;
	CK_RV rv = info_make(c, v, NULL, &o);

	if (rv == CKR_OK)
		rv = p11->C_GetAttributeValue(c->s, o, &t, 1);
	if (rv == CKR_OK)
		rv = want(t.ulValueLen == len && len <= sizeof(buf));
	if (rv != CKR_OK)
		return rv;
	t.pValue = buf;
	t.ulValueLen = len - 1;
	rv = p11->C_GetAttributeValue(c->s, o, &t, 1);
	return want(rv == CKR_BUFFER_TOO_SMALL && t.ulValueLen == CK_UNAVAILABLE_INFORMATION);
}

/* --- the values that templates give ------------------------------------- */

static CK_BYTE cut[512], longer[512];

static CK_ATTRIBUTE changed(enum kind kind, CK_BYTE *buf, CK_LONG by)
{
	CK_ATTRIBUTE a = kind_infos[kind];

	memcpy(buf, a.pValue, a.ulValueLen);
	buf[a.ulValueLen] = 0;
	a.pValue = buf;
	a.ulValueLen = (CK_ULONG)((CK_LONG)a.ulValueLen + by);
	return a;
}

/* Another key's. */
static CK_ATTRIBUTE wrong_info(enum kind kind)
{
	return kind_infos[kind == EC_PUBLIC || kind == EC_PRIVATE ? RSA_PUBLIC : EC_PUBLIC];
}

static void run_values(enum kind kind)
{
	const struct {
		const char *name;
		CK_ATTRIBUTE value;
		bool good;
	} values[] = {
		{ "right", kind_infos[kind], true },
		{ "empty", NO_BYTES(CKA_PUBLIC_KEY_INFO), true },
		{ "null_0", A_EMPTY(CKA_PUBLIC_KEY_INFO), true },
		{ "wrong", wrong_info(kind), false },
		{ "cut", changed(kind, cut, -1), false },
		{ "longer", changed(kind, longer, 1), false },
		{ "junk", A_TEXT(CKA_PUBLIC_KEY_INFO, "no key at all"), false },
	};
	bool settable = PRIVATE_KEYS & IS(kind);

	for (size_t i = 0; i < LENGTH(values); i++) {
		const struct info_case v = { kind, values[i].value, CK_FALSE, CK_TRUE };
		CK_RV given = values[i].good ? CKR_OK : CKR_ATTRIBUTE_VALUE_INVALID;
		CK_RV later = settable ? given : CKR_ATTRIBUTE_READ_ONLY;

		row_runf(RW_USER, info_given, &v, given, "info_create_%s_%s", values[i].name,
			 kind_names[kind]);
		row_runf(RW_USER, info_set, &v, later, "info_set_%s_%s", values[i].name,
			 kind_names[kind]);
		row_runf(RW_USER, info_copied, &v, later, "info_copy_%s_%s", values[i].name,
			 kind_names[kind]);
		if (!values[i].good || values[i].value.ulValueLen == 0)
			row_runf(RW_USER, info_not_found, &v, CKR_OK, "info_not_found_%s_%s",
				 values[i].name, kind_names[kind]);
	}
}

static void run_storage(enum kind kind, CK_BBOOL token, CK_BBOOL private)
{
	const struct info_case v = { kind, A_EMPTY(CKA_PUBLIC_KEY_INFO), token, private };
	static const struct call calls[] = {
		{ "info_of_copy", info_of_copy, CKR_OK },
		{ "info_found", info_found, CKR_OK },
		{ "info_sizes", info_sizes, CKR_OK },
	};
	char item[64];

	snprintf(item, sizeof(item), "%s_%s", private ? "private" : "public", kind_names[kind]);
	if (!token)
		rows_run(RW_USER, calls, LENGTH(calls), &v, item);
	row_runf(RW_USER, info_computed, &v, CKR_OK, "info_computed_%s_%s",
		 token ? "token" : "session", item);
}

/* --- generated pairs ---------------------------------------------------- */

static CK_BYTE p256[] = { 6, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 3, 1, 7 };
static CK_BYTE ed25519[] = { 6, 3, 0x2b, 0x65, 0x70 };
static const struct generated {
	const char *name;
	CK_MECHANISM_TYPE mech;
	CK_ATTRIBUTE params;
} generated[] = {
	{ "rsa", CKM_RSA_PKCS_KEY_PAIR_GEN, A_ULONG(CKA_MODULUS_BITS, 1024) },
	{ "ec", CKM_EC_KEY_PAIR_GEN, A_BYTES(CKA_EC_PARAMS, p256) },
	{ "ed", CKM_EC_EDWARDS_KEY_PAIR_GEN, A_BYTES(CKA_EC_PARAMS, ed25519) },
};

/* pub and priv are added to the templates; they end with A_END. */
static CK_RV generate(struct ctx *c, const struct generated *g, const CK_ATTRIBUTE *pub,
		      const CK_ATTRIBUTE *priv, CK_OBJECT_HANDLE o[2])
{
	CK_MECHANISM m = { g->mech, NULL, 0 };
	CK_ATTRIBUTE a[TMPL_MAX], b[TMPL_MAX];

	tmpl_join(a, T(g->params), pub);
	tmpl_join(b, NULL, priv);
	return p11->C_GenerateKeyPair(c->s, &m, a, tmpl_count(a), b, tmpl_count(b), &o[0], &o[1]);
}

/* Both keys have the same information, whether it was left out or left empty. */
static CK_RV generated_alike(struct ctx *c, const CK_ATTRIBUTE *given)
{
	CK_BYTE buf[512];
	CK_ATTRIBUTE info = { CKA_PUBLIC_KEY_INFO, buf, sizeof(buf) };
	CK_OBJECT_HANDLE o[2] = { 0 };
	CK_RV rv = generate(c, c->arg, given, given, o);

	if (rv == CKR_OK)
		rv = p11->C_GetAttributeValue(c->s, o[0], &info, 1);
	if (rv == CKR_OK)
		rv = want(info.ulValueLen > 20 && buf[0] == 0x30);
	return rv == CKR_OK ? attr_is(c->s, o[1], &info) : rv;
}

static CK_RV generated_without(struct ctx *c)
{
	return generated_alike(c, NO_MORE);
}

static CK_RV generated_empty(struct ctx *c)
{
	return generated_alike(c, T(A_EMPTY(CKA_PUBLIC_KEY_INFO)));
}

static CK_RV generated_wrong_public(struct ctx *c)
{
	CK_OBJECT_HANDLE o[2] = { 0 };

	return generate(c, c->arg, T(kind_infos[DSA_PUBLIC]), NO_MORE, o);
}

static CK_RV generated_wrong_private(struct ctx *c)
{
	CK_OBJECT_HANDLE o[2] = { 0 };

	return generate(c, c->arg, NO_MORE, T(kind_infos[DSA_PUBLIC]), o);
}

/* A search by the information finds both. */
static CK_RV generated_found(struct ctx *c)
{
	CK_BYTE buf[512];
	CK_ATTRIBUTE t[] = { { CKA_PUBLIC_KEY_INFO, buf, sizeof(buf) }, A_END };
	CK_OBJECT_HANDLE o[2] = { 0 }, found[4];
	CK_ULONG n = 0;
	CK_RV rv = generate(c, c->arg, NO_MORE, NO_MORE, o);

	if (rv == CKR_OK)
		rv = p11->C_GetAttributeValue(c->s, o[1], t, 1);
	if (rv == CKR_OK)
		rv = object_find(c->s, t, found, LENGTH(found), &n);
	return rv == CKR_OK ? want(n == 2 && found[0] + found[1] == o[0] + o[1]) : rv;
}

/* --- the point of a private key ----------------------------------------- */

/* Of the public key of a kind that has one. */
static CK_ATTRIBUTE point_of(enum kind private)
{
	enum kind public = private == EC_PRIVATE ? EC_PUBLIC :
			   private == ED_PRIVATE ? ED_PUBLIC :
						   X25519_PUBLIC;
	const CK_ATTRIBUTE *a = kind_templates[public];

	while (a->type != CKA_EC_POINT)
		a++;
	return *a;
}

/* It is no secret, and is told of keys whose value is. */
static CK_RV point_read(struct ctx *c)
{
	const enum kind *kind = c->arg;
	const CK_ATTRIBUTE point = point_of(*kind);
	CK_OBJECT_HANDLE o = 0;
	CK_RV rv = kind_make(c->s, *kind, T(A_BOOL(CKA_SENSITIVE, CK_TRUE)), &o);

	if (rv == CKR_OK)
		rv = attr_is(c->s, o, &point);
	/* and once more, from where it was kept */
	return rv == CKR_OK ? attr_is(c->s, o, &point) : rv;
}

static CK_RV point_found(struct ctx *c)
{
	const enum kind *kind = c->arg;
	CK_ATTRIBUTE t[] = { point_of(*kind), A_END };
	CK_OBJECT_HANDLE o = 0, found[4];
	CK_ULONG n = 0;
	CK_RV rv = kind_make(c->s, *kind, NULL, &o);

	if (rv == CKR_OK)
		rv = object_find(c->s, t, found, LENGTH(found), &n);
	return rv == CKR_OK ? want(n == 1 && found[0] == o) : rv;
}

static CK_RV point_given(struct ctx *c)
{
	const enum kind *kind = c->arg;
	CK_OBJECT_HANDLE o = 0;

	return kind_make(c->s, *kind, T(point_of(*kind)), &o);
}

static CK_RV point_set(struct ctx *c)
{
	const enum kind *kind = c->arg;
	CK_ATTRIBUTE t = point_of(*kind);
	CK_OBJECT_HANDLE o = 0;
	CK_RV rv = kind_make(c->s, *kind, NULL, &o);

	return rv == CKR_OK ? p11->C_SetAttributeValue(c->s, o, &t, 1) : rv;
}

static CK_RV point_of_generated(struct ctx *c)
{
	CK_BYTE buf[256];
	CK_ATTRIBUTE point = { CKA_EC_POINT, buf, sizeof(buf) };
	CK_OBJECT_HANDLE o[2] = { 0 };
	CK_RV rv = generate(c, c->arg, NO_MORE, NO_MORE, o);

	if (rv == CKR_OK)
		rv = p11->C_GetAttributeValue(c->s, o[0], &point, 1);
	return rv == CKR_OK ? attr_is(c->s, o[1], &point) : rv;
}

static CK_RV point_of_rsa(struct ctx *c)
{
	CK_BYTE buf[256];
	CK_ATTRIBUTE point = { CKA_EC_POINT, buf, sizeof(buf) };
	CK_OBJECT_HANDLE o = 0;
	CK_RV rv = kind_make(c->s, RSA_PRIVATE, NULL, &o);

	return rv == CKR_OK ? p11->C_GetAttributeValue(c->s, o, &point, 1) : rv;
}

static void run_points(void)
{
	static const enum kind kinds[] = { EC_PRIVATE, ED_PRIVATE, X25519_PRIVATE };
	static const struct call calls[] = {
		{ "point_read", point_read, CKR_OK },
		{ "point_found", point_found, CKR_OK },
		{ "point_given", point_given, CKR_ATTRIBUTE_TYPE_INVALID },
		{ "point_set", point_set, CKR_ATTRIBUTE_TYPE_INVALID },
	};

	for (size_t i = 0; i < LENGTH(kinds); i++)
		rows_run(RW_USER, calls, LENGTH(calls), &kinds[i], kind_names[kinds[i]]);
	for (size_t i = 1; i < LENGTH(generated); i++)
		row_runf(RW_USER, point_of_generated, &generated[i], CKR_OK,
			 "point_of_generated_%s", generated[i].name);
	row_runf(RW_USER, point_of_rsa, NULL, CKR_ATTRIBUTE_TYPE_INVALID, "point_of_rsa");
}

void test_info(void)
{
	static const struct call calls[] = {
		{ "info_generated_without", generated_without, CKR_OK },
		{ "info_generated_empty", generated_empty, CKR_OK },
		{ "info_generated_found", generated_found, CKR_OK },
		{ "info_generated_wrong_public", generated_wrong_public,
		  CKR_ATTRIBUTE_VALUE_INVALID },
		{ "info_generated_wrong_private", generated_wrong_private,
		  CKR_ATTRIBUTE_VALUE_INVALID },
	};

	for (enum kind kind = DATA; kind < KINDS; kind++) {
		if (kind_infos[kind].ulValueLen == 0)
			continue;
		run_values(kind);
		for (unsigned i = 0; i < 4; i++)
			run_storage(kind, i & 1, (CK_BBOOL)(i >> 1));
	}
	for (size_t i = 0; i < LENGTH(generated); i++)
		rows_run(RW_USER, calls, LENGTH(calls), &generated[i], generated[i].name);
	run_points();
}
