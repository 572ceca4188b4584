#include "config.h"

#include <string.h>

#include "p11/object/object.h"

/* The kind's own template with the list behind it: nothing is merged. */
static CK_RV create_with(struct ctx *c, enum kind kind, const CK_ATTRIBUTE *list,
			 CK_OBJECT_HANDLE *out)
{
	CK_ATTRIBUTE t[TMPL_MAX];
	CK_ULONG n = tmpl_count(kind_templates[kind]), more = tmpl_count(list);

	memcpy(t, kind_templates[kind], n * sizeof(*t));
	memcpy(t + n, list, more * sizeof(*t));
	return p11->C_CreateObject(c->s, t, n + more, out);
}

static CK_RV generate_with(struct ctx *c, const CK_ATTRIBUTE *list)
{
	const CK_ATTRIBUTE length = A_ULONG(CKA_VALUE_LEN, 16);
	CK_MECHANISM m = { CKM_AES_KEY_GEN, NULL, 0 };
	CK_ATTRIBUTE t[TMPL_MAX] = { length };
	CK_OBJECT_HANDLE o = 0;
	CK_ULONG n = tmpl_count(list);

	memcpy(t + 1, list, n * sizeof(*t));
	return p11->C_GenerateKey(c->s, &m, t, n + 1, &o);
}

/* The list goes into the template of the public or of the private key. */
static CK_RV generate_pair_with(struct ctx *c, const CK_ATTRIBUTE *list, bool private)
{
	static CK_BYTE p256[] = { 6, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 3, 1, 7 };
	static const CK_ATTRIBUTE params = A_BYTES(CKA_EC_PARAMS, p256);
	CK_MECHANISM m = { CKM_EC_KEY_PAIR_GEN, NULL, 0 };
	CK_ATTRIBUTE pub[TMPL_MAX] = { params }, priv[TMPL_MAX];
	CK_OBJECT_HANDLE o[2] = { 0 };
	CK_ULONG n = tmpl_count(list);

	memcpy(private ? priv : pub + 1, list, n * sizeof(*list));
	return p11->C_GenerateKeyPair(c->s, &m, pub, private ? 1 : n + 1, priv, private ? n : 0,
				      &o[0], &o[1]);
}

/* --- the same attribute twice ------------------------------------------- */

static CK_BBOOL yes = CK_TRUE;
static CK_ATTRIBUTE extractable[] = { { CKA_EXTRACTABLE, &yes, sizeof(yes) } };
static CK_ATTRIBUTE sensitive[] = { { CKA_SENSITIVE, &yes, sizeof(yes) } };

/* Two values of an attribute; own: the kinds' templates have a third one already. */
static const struct pair {
	const char *name;
	unsigned kinds;
	bool own;
	CK_ATTRIBUTE one, other;
} pairs[] = {
	{ "class", ~0u, true, A_ULONG(CKA_CLASS, CKO_HW_FEATURE), A_ULONG(CKA_CLASS, CKO_OTP_KEY) },
	{ "certificate_type", CERTIFICATES, true, A_ULONG(CKA_CERTIFICATE_TYPE, CKC_WTLS),
	  A_ULONG(CKA_CERTIFICATE_TYPE, CKC_X_509_ATTR_CERT) },
	{ "key_type", KEYS | DOMAINS, true, A_ULONG(CKA_KEY_TYPE, CKK_KEA),
	  A_ULONG(CKA_KEY_TYPE, CKK_SEED) },
	{ "value", SECRET_KEYS, true, A_TEXT(CKA_VALUE, "0123456789abcdef"),
	  A_TEXT(CKA_VALUE, "fedcba9876543210") },
	{ "token", ~0u, false, A_BOOL(CKA_TOKEN, CK_FALSE), A_BOOL(CKA_TOKEN, CK_TRUE) },
	{ "private", ~0u, false, A_BOOL(CKA_PRIVATE, CK_TRUE), A_BOOL(CKA_PRIVATE, CK_FALSE) },
	{ "modifiable", ~0u, false, A_BOOL(CKA_MODIFIABLE, CK_TRUE),
	  A_BOOL(CKA_MODIFIABLE, CK_FALSE) },
	{ "copyable", ~0u, false, A_BOOL(CKA_COPYABLE, CK_TRUE), A_BOOL(CKA_COPYABLE, CK_FALSE) },
	{ "destroyable", ~0u, false, A_BOOL(CKA_DESTROYABLE, CK_TRUE),
	  A_BOOL(CKA_DESTROYABLE, CK_FALSE) },
	{ "label", ~0u, false, A_TEXT(CKA_LABEL, "one"), A_TEXT(CKA_LABEL, "two") },
	{ "label_longer", ~0u, false, A_TEXT(CKA_LABEL, "one"), A_TEXT(CKA_LABEL, "one more") },
	{ "label_empty", ~0u, false, A_TEXT(CKA_LABEL, "one"), A_EMPTY(CKA_LABEL) },
	{ "id", KEYS | CERTIFICATES, false, A_TEXT(CKA_ID, "1"), A_TEXT(CKA_ID, "2") },
	{ "subject", PUBLIC_KEYS | PRIVATE_KEYS, false, A_TEXT(CKA_SUBJECT, "1"),
	  A_TEXT(CKA_SUBJECT, "2") },
	{ "start_date", KEYS | CERTIFICATES, false, A_TEXT(CKA_START_DATE, "20240101"),
	  A_TEXT(CKA_START_DATE, "20240102") },
	{ "derive", KEYS, false, A_BOOL(CKA_DERIVE, CK_TRUE), A_BOOL(CKA_DERIVE, CK_FALSE) },
	{ "allowed_mechanisms", KEYS, false, A_ULONG(CKA_ALLOWED_MECHANISMS, CKM_AES_ECB),
	  A_ULONG(CKA_ALLOWED_MECHANISMS, CKM_AES_CBC) },
	{ "sensitive", PRIVATE_KEYS | SECRET_KEYS, false, A_BOOL(CKA_SENSITIVE, CK_TRUE),
	  A_BOOL(CKA_SENSITIVE, CK_FALSE) },
	{ "extractable", PRIVATE_KEYS | SECRET_KEYS, false, A_BOOL(CKA_EXTRACTABLE, CK_FALSE),
	  A_BOOL(CKA_EXTRACTABLE, CK_TRUE) },
	{ "wrap_template", PUBLIC_KEYS | SECRET_KEYS, false,
	  A_BYTES(CKA_WRAP_TEMPLATE, extractable), A_BYTES(CKA_WRAP_TEMPLATE, sensitive) },
	{ "application", IS(DATA), false, A_TEXT(CKA_APPLICATION, "1"),
	  A_TEXT(CKA_APPLICATION, "2") },
};

struct repeated_case {
	const struct pair *pair;
	enum kind kind;
};

static CK_RV create_differing(struct ctx *c)
{
	const struct repeated_case *r = c->arg;
	CK_OBJECT_HANDLE o = 0;

	return create_with(c, r->kind, T(r->pair->one, r->pair->other), &o);
}

static CK_RV create_same(struct ctx *c)
{
	const struct repeated_case *r = c->arg;
	CK_OBJECT_HANDLE o = 0;

	return create_with(c, r->kind, T(r->pair->one, r->pair->one), &o);
}

static CK_RV copy_differing(struct ctx *c)
{
	const struct repeated_case *r = c->arg;
	CK_ATTRIBUTE t[] = { r->pair->one, r->pair->other };
	CK_OBJECT_HANDLE o = 0;
	CK_RV rv = kind_make(c->s, r->kind, NULL, &o);

	return rv == CKR_OK ? p11->C_CopyObject(c->s, o, t, LENGTH(t), &o) : rv;
}

static CK_RV set_differing(struct ctx *c)
{
	const struct repeated_case *r = c->arg;
	CK_ATTRIBUTE t[] = { r->pair->one, r->pair->other };
	CK_OBJECT_HANDLE o = 0;
	CK_RV rv = kind_make(c->s, r->kind, NULL, &o);

	return rv == CKR_OK ? p11->C_SetAttributeValue(c->s, o, t, LENGTH(t)) : rv;
}

static CK_RV set_same(struct ctx *c)
{
	const struct repeated_case *r = c->arg;
	CK_ATTRIBUTE t[] = { r->pair->one, r->pair->one };
	CK_OBJECT_HANDLE o = 0;
	CK_RV rv = kind_make(c->s, r->kind, NULL, &o);

	if (rv == CKR_OK)
		rv = p11->C_SetAttributeValue(c->s, o, t, LENGTH(t));
	return rv == CKR_OK ? attr_is(c->s, o, &r->pair->one) : rv;
}

static CK_RV generate_differing(struct ctx *c)
{
	const struct repeated_case *r = c->arg;

	return generate_with(c, T(r->pair->one, r->pair->other));
}

static CK_RV generate_pair_differing(struct ctx *c)
{
	const struct repeated_case *r = c->arg;

	return generate_pair_with(c, T(r->pair->one, r->pair->other), r->kind == EC_PRIVATE);
}

static bool is_settable(const struct pair *p)
{
	static const CK_ATTRIBUTE_TYPE types[] = { CKA_LABEL, CKA_ID, CKA_SUBJECT, CKA_DERIVE };

	for (size_t i = 0; i < LENGTH(types); i++)
		if (types[i] == p->one.type)
			return true;
	return false;
}

static void run_pair(const struct pair *p, enum kind kind)
{
	const struct repeated_case r = { p, kind };
	const CK_RV bad = CKR_TEMPLATE_INCONSISTENT;

	row_runf(RW_USER, create_differing, &r, bad, "twice_create_differing_%s_%s",
		 kind_names[kind], p->name);
	if (p->own)
		return;
	row_runf(RW_USER, create_same, &r, CKR_OK, "twice_create_same_%s_%s", kind_names[kind],
		 p->name);
	if (is_settable(p)) {
		row_runf(RW_USER, set_differing, &r, bad, "twice_set_differing_%s_%s",
			 kind_names[kind], p->name);
		row_runf(RW_USER, copy_differing, &r, bad, "twice_copy_differing_%s_%s",
			 kind_names[kind], p->name);
		row_runf(RW_USER, set_same, &r, CKR_OK, "twice_set_same_%s_%s", kind_names[kind],
			 p->name);
	}
	if (kind == AES)
		row_runf(RW_USER, generate_differing, &r, bad, "twice_generate_differing_%s_%s",
			 kind_names[kind], p->name);
	if (kind == EC_PUBLIC || kind == EC_PRIVATE)
		row_runf(RW_USER, generate_pair_differing, &r, bad,
			 "twice_generate_differing_%s_%s", kind_names[kind], p->name);
}

void test_repeated(void)
{
	for (size_t i = 0; i < LENGTH(pairs); i++)
		for (enum kind kind = DATA; kind < KINDS; kind++)
			if (pairs[i].kinds & IS(kind))
				run_pair(&pairs[i], kind);
}

/* --- attributes that are arrays ----------------------------------------- */

static CK_ULONG number = CKK_AES;
static CK_BYTE short_list[3];

static CK_BYTE wrapped[] = "wrapped", one[] = "1", two[] = "2";

static CK_ATTRIBUTE several[] = {
	{ CKA_EXTRACTABLE, &yes, sizeof(yes) },
	{ CKA_KEY_TYPE, &number, sizeof(number) },
	{ CKA_LABEL, wrapped, 7 },
};
static CK_ATTRIBUTE same_twice[] = {
	{ CKA_EXTRACTABLE, &yes, sizeof(yes) }, { CKA_EXTRACTABLE, &yes, sizeof(yes) },
};
static CK_ATTRIBUTE differing[] = { { CKA_ID, one, 1 }, { CKA_ID, two, 1 } };
static CK_ATTRIBUTE inner_null[] = { { CKA_LABEL, NULL, 4 } };
static CK_ATTRIBUTE inner_minus_one[] = { { CKA_LABEL, one, MINUS_ONE } };
static CK_ATTRIBUTE inner_flag_empty[] = { { CKA_EXTRACTABLE, &yes, 0 } };
static CK_ATTRIBUTE inner_flag_wide[] = { { CKA_EXTRACTABLE, &number, sizeof(number) } };
static CK_ATTRIBUTE inner_number_short[] = { { CKA_KEY_TYPE, &number, sizeof(number) - 1 } };
static CK_ATTRIBUTE inner_number_null[] = { { CKA_KEY_TYPE, NULL, sizeof(number) } };
static CK_ATTRIBUTE inner_unknown[] = { { CKA_VENDOR_DEFINED | 1, one, 1 } };
static CK_ATTRIBUTE inner_mechs_cut[] = { { CKA_ALLOWED_MECHANISMS, short_list, 3 } };
static CK_ATTRIBUTE nested[] = { { CKA_WRAP_TEMPLATE, extractable, sizeof(extractable) } };
static CK_ATTRIBUTE nested_twice[] = { { CKA_UNWRAP_TEMPLATE, nested, sizeof(nested) } };

static const struct array {
	const char *name;
	void *value;
	CK_ULONG len;
	CK_RV expected;
} arrays[] = {
	{ "one", extractable, sizeof(extractable), CKR_OK },
	{ "several", several, sizeof(several), CKR_OK },
	{ "null_0", NULL, 0, CKR_OK },
	{ "empty", several, 0, CKR_OK },
	{ "same_twice", same_twice, sizeof(same_twice), CKR_OK },
#define BAD(v)	{ #v, v, sizeof(v), CKR_ATTRIBUTE_VALUE_INVALID }
	BAD(differing),
	BAD(inner_null),
	BAD(inner_minus_one),
	BAD(inner_flag_empty),
	BAD(inner_flag_wide),
	BAD(inner_number_short),
	BAD(inner_number_null),
	BAD(inner_unknown),
	BAD(inner_mechs_cut),
	BAD(nested),
	BAD(nested_twice),
	{ "one_byte", several, 1, CKR_ATTRIBUTE_VALUE_INVALID },
	{ "one_byte_less", several, sizeof(several) - 1, CKR_ATTRIBUTE_VALUE_INVALID },
	{ "one_byte_more", several, sizeof(several[0]) + 1, CKR_ATTRIBUTE_VALUE_INVALID },
	{ "null", NULL, sizeof(several), CKR_ATTRIBUTE_VALUE_INVALID },
	{ "minus_one", several, MINUS_ONE, CKR_ATTRIBUTE_VALUE_INVALID },
	{ "huge", several, MINUS_ONE / sizeof(several[0]) * sizeof(several[0]),
	  CKR_ATTRIBUTE_VALUE_INVALID },
};

static const struct array mech_lists[] = {
	{ "one", &number, sizeof(number), CKR_OK },
	{ "null_0", NULL, 0, CKR_ATTRIBUTE_VALUE_INVALID },
	{ "one_byte", short_list, 1, CKR_ATTRIBUTE_VALUE_INVALID },
	{ "null", NULL, sizeof(number), CKR_ATTRIBUTE_VALUE_INVALID },
	{ "minus_one", &number, MINUS_ONE, CKR_ATTRIBUTE_VALUE_INVALID },
	{ "huge", &number, MINUS_ONE / sizeof(number) * sizeof(number),
	  CKR_ATTRIBUTE_VALUE_INVALID },
};

static const struct holder {
	enum kind kind;
	CK_ATTRIBUTE_TYPE type;
	const char *name;
} holders[] = {
	{ AES, CKA_WRAP_TEMPLATE, "wrap" }, { AES, CKA_UNWRAP_TEMPLATE, "unwrap" },
	{ AES, CKA_DERIVE_TEMPLATE, "derive" }, { GENERIC, CKA_DERIVE_TEMPLATE, "derive" },
	{ RSA_PUBLIC, CKA_WRAP_TEMPLATE, "wrap" }, { RSA_PRIVATE, CKA_UNWRAP_TEMPLATE, "unwrap" },
	{ RSA_PRIVATE, CKA_DERIVE_TEMPLATE, "derive" },
	{ EC_PRIVATE, CKA_DERIVE_TEMPLATE, "derive" },
}, mech_holders[] = {
	{ AES, CKA_ALLOWED_MECHANISMS, "mechanisms" },
	{ EC_PUBLIC, CKA_ALLOWED_MECHANISMS, "mechanisms" },
	{ RSA_PRIVATE, CKA_ALLOWED_MECHANISMS, "mechanisms" },
};

struct array_case {
	const struct holder *holder;
	const struct array *array;
};

/* What was given comes back: the size first, then types and sizes, then values. */
static CK_RV read_back(struct ctx *c, CK_OBJECT_HANDLE o, const struct array_case *v)
{
	CK_BYTE room[3][16];
	CK_ATTRIBUTE inner[3] = { { 0 }, { 0 }, { 0 } };
	CK_ATTRIBUTE a = { v->holder->type, NULL, 0 };
	CK_ULONG n = 0;
	CK_RV rv = p11->C_GetAttributeValue(c->s, o, &a, 1);

	if (rv == CKR_OK)
		rv = want(a.ulValueLen <= sizeof(inner) && a.ulValueLen <= v->array->len);
	if (rv != CKR_OK || v->holder->type == CKA_ALLOWED_MECHANISMS)
		return rv;
	n = a.ulValueLen / sizeof(inner[0]);
	a.pValue = inner;
	rv = p11->C_GetAttributeValue(c->s, o, &a, 1);
	for (CK_ULONG i = 0; rv == CKR_OK && i < n; i++) {
		rv = want(inner[i].ulValueLen <= sizeof(room[i]));
		inner[i].pValue = room[i];
	}
	if (rv == CKR_OK)
		rv = p11->C_GetAttributeValue(c->s, o, &a, 1);
	for (CK_ULONG i = 0; rv == CKR_OK && i < n; i++)
		if (inner[i].type == CKA_EXTRACTABLE)
			rv = want(inner[i].ulValueLen == 1 && room[i][0] == CK_TRUE);
		else if (inner[i].type == CKA_LABEL)
			rv = want(inner[i].ulValueLen == 7 && memcmp(room[i], "wrapped", 7) == 0);
		else
			rv = want(inner[i].type == CKA_KEY_TYPE &&
				  memcmp(room[i], &number, sizeof(number)) == 0);
	return rv;
}

static CK_RV create_array(struct ctx *c)
{
	const struct array_case *v = c->arg;
	const CK_ATTRIBUTE a = { v->holder->type, v->array->value, v->array->len };
	CK_OBJECT_HANDLE o = 0;
	CK_RV rv = create_with(c, v->holder->kind, T(a), &o);

	return rv == CKR_OK && v->array->expected == CKR_OK ? read_back(c, o, v) : rv;
}

static CK_RV generate_array(struct ctx *c)
{
	const struct array_case *v = c->arg;
	const CK_ATTRIBUTE a = { v->holder->type, v->array->value, v->array->len };

	return v->holder->kind == AES ?
		       generate_with(c, T(a)) :
		       generate_pair_with(c, T(a), v->holder->kind == EC_PRIVATE);
}

/* It is read-only later. */
static CK_RV set_array(struct ctx *c)
{
	const struct array_case *v = c->arg;
	CK_ATTRIBUTE a = { v->holder->type, v->array->value, v->array->len };
	CK_OBJECT_HANDLE o = 0;
	CK_RV rv = kind_make(c->s, v->holder->kind, NULL, &o);

	return rv == CKR_OK ? p11->C_SetAttributeValue(c->s, o, &a, 1) : rv;
}

static void run_array(const struct holder *h, const struct array *a)
{
	const struct array_case v = { h, a };
	const char *kind = kind_names[h->kind];

	row_runf(RW_USER, create_array, &v, a->expected, "array_create_%s_%s_%s", h->name, kind,
		 a->name);
	if (h->kind == AES || h->kind == EC_PRIVATE)
		row_runf(RW_USER, generate_array, &v, a->expected, "array_generate_%s_%s_%s",
			 h->name, kind, a->name);
	if (a->expected == CKR_OK)
		row_runf(RW_USER, set_array, &v, CKR_ATTRIBUTE_READ_ONLY, "array_set_%s_%s_%s",
			 h->name, kind, a->name);
}

void test_arrays(void)
{
	for (size_t i = 0; i < LENGTH(holders); i++)
		for (size_t j = 0; j < LENGTH(arrays); j++)
			run_array(&holders[i], &arrays[j]);
	for (size_t i = 0; i < LENGTH(mech_holders); i++)
		for (size_t j = 0; j < LENGTH(mech_lists); j++)
			run_array(&mech_holders[i], &mech_lists[j]);
}

/* --- flags, dates, certificates ----------------------------------------- */

/* Every byte but 0 is true. */
static CK_RV odd_flag(struct ctx *c)
{
	static CK_BYTE odd;
	const CK_ATTRIBUTE a = { CKA_MODIFIABLE, &odd, 1 };
	const CK_BYTE *given = c->arg;
	const CK_ATTRIBUTE as_read = A_BOOL(CKA_MODIFIABLE, *given != 0);
	CK_OBJECT_HANDLE o = 0;
	CK_RV rv;

	odd = *given;
	rv = create_with(c, DATA, T(a), &o);
	return rv == CKR_OK ? attr_is(c->s, o, &as_read) : rv;
}

static const struct dated {
	const char *what, *text;
	CK_RV expected;
} dates[] = {
	{ "good", "20240101", CKR_OK }, { "good", "20241231", CKR_OK },
	{ "good", "20240229", CKR_OK }, { "good", "19000101", CKR_OK },
	{ "good", "99991231", CKR_OK }, { "empty", "", CKR_OK },
	{ "bad", "20240001", CKR_ATTRIBUTE_VALUE_INVALID },
	{ "bad", "20241301", CKR_ATTRIBUTE_VALUE_INVALID },
	{ "bad", "20240100", CKR_ATTRIBUTE_VALUE_INVALID },
	{ "bad", "20240132", CKR_ATTRIBUTE_VALUE_INVALID },
	{ "bad", "2024-1-1", CKR_ATTRIBUTE_VALUE_INVALID },
	{ "bad", "abcdefgh", CKR_ATTRIBUTE_VALUE_INVALID },
	{ "short", "2024010", CKR_ATTRIBUTE_VALUE_INVALID },
	{ "short", "2024", CKR_ATTRIBUTE_VALUE_INVALID },
	{ "long", "202401010", CKR_ATTRIBUTE_VALUE_INVALID },
};

struct date_case {
	enum kind kind;
	CK_ATTRIBUTE_TYPE type;
	const struct dated *date;
	CK_BBOOL private;
};

static CK_RV create_date(struct ctx *c)
{
	const struct date_case *d = c->arg;
	const CK_ATTRIBUTE a = { d->type, text(d->date->text), strlen(d->date->text) };
	const CK_ATTRIBUTE private = A_BOOL(CKA_PRIVATE, d->private);
	CK_OBJECT_HANDLE o = 0;
	CK_RV rv = create_with(c, d->kind, T(private, a), &o);

	return rv == CKR_OK ? attr_is(c->s, o, &a) : rv;
}

static CK_RV set_date(struct ctx *c)
{
	const struct date_case *d = c->arg;
	CK_ATTRIBUTE a = { d->type, text(d->date->text), strlen(d->date->text) };
	CK_OBJECT_HANDLE o = 0;
	CK_RV rv = kind_make(c->s, d->kind, T(A_BOOL(CKA_PRIVATE, d->private)), &o);

	if (rv == CKR_OK)
		rv = p11->C_SetAttributeValue(c->s, o, &a, 1);
	return rv == CKR_OK ? attr_is(c->s, o, &a) : rv;
}

static CK_RV copy_date(struct ctx *c)
{
	const struct date_case *d = c->arg;
	CK_ATTRIBUTE a = { d->type, text(d->date->text), strlen(d->date->text) };
	CK_OBJECT_HANDLE o = 0;
	CK_RV rv = kind_make(c->s, d->kind, T(A_BOOL(CKA_PRIVATE, d->private)), &o);

	if (rv == CKR_OK)
		rv = p11->C_CopyObject(c->s, o, &a, 1, &o);
	return rv == CKR_OK ? attr_is(c->s, o, &a) : rv;
}

static void run_date(enum kind kind, CK_ATTRIBUTE_TYPE type, const struct dated *date)
{
	const struct call calls[] = {
		{ "create", create_date, date->expected },
		{ "set", set_date, date->expected },
		{ "copy", copy_date, date->expected },
	};

	for (unsigned private = 0; private < 2; private++)
		for (size_t i = 0; i < (kind == CERTIFICATE ? 1 : LENGTH(calls)); i++) {
			const struct date_case d = { kind, type, date, (CK_BBOOL)private };

			row_runf(RW_USER, calls[i].run, &d, calls[i].expected,
				 "date_%s_%s_%s_%s_%s_%s", private ? "private" : "public",
				 calls[i].name, kind_names[kind],
				 type == CKA_START_DATE ? "start" : "end", date->what, date->text);
		}
}

#define HASHES	A_TEXT(CKA_HASH_OF_SUBJECT_PUBLIC_KEY, "01234567890123456789"), \
		A_TEXT(CKA_HASH_OF_ISSUER_PUBLIC_KEY, "01234567890123456789")
#define URL	A_TEXT(CKA_URL, "https://example.com/c.der")

/* The members of a certificate depend on each other; they replace those of the kind's template. */
static const struct certificate {
	const char *name;
	enum kind kind;
	CK_RV expected;
	CK_ATTRIBUTE list[6];
} certificates[] = {
	{ "url_and_hashes", CERTIFICATE, CKR_OK, { A_EMPTY(CKA_VALUE), URL, HASHES, A_END } },
	{ "url_and_value", CERTIFICATE, CKR_OK, { URL, HASHES, A_END } },
	{ "nothing", CERTIFICATE, CKR_TEMPLATE_INCONSISTENT, { A_EMPTY(CKA_VALUE), A_END } },
	{ "nothing_but_hashes", CERTIFICATE, CKR_TEMPLATE_INCONSISTENT,
	  { A_EMPTY(CKA_VALUE), HASHES, A_END } },
	{ "url_empty", CERTIFICATE, CKR_TEMPLATE_INCONSISTENT,
	  { A_EMPTY(CKA_VALUE), A_EMPTY(CKA_URL), A_END } },
	{ "url_no_hashes", CERTIFICATE, CKR_TEMPLATE_INCONSISTENT,
	  { A_EMPTY(CKA_VALUE), URL, A_END } },
	{ "url_value_no_hashes", CERTIFICATE, CKR_TEMPLATE_INCONSISTENT, { URL, A_END } },
	{ "url_no_issuer_hash", CERTIFICATE, CKR_TEMPLATE_INCONSISTENT,
	  { URL, A_TEXT(CKA_HASH_OF_SUBJECT_PUBLIC_KEY, "01234567890123456789"), A_END } },
	{ "url_no_subject_hash", CERTIFICATE, CKR_TEMPLATE_INCONSISTENT,
	  { URL, A_TEXT(CKA_HASH_OF_ISSUER_PUBLIC_KEY, "01234567890123456789"), A_END } },
	{ "hashes_only", CERTIFICATE, CKR_OK, { HASHES, A_END } },
	{ "value_junk", CERTIFICATE, CKR_OK, { A_TEXT(CKA_VALUE, "no DER at all"), A_END } },
	{ "subject_empty", CERTIFICATE, CKR_OK, { A_EMPTY(CKA_SUBJECT), A_END } },
	{ "public_key_info", CERTIFICATE, CKR_OK, { A_TEXT(CKA_PUBLIC_KEY_INFO, "any"), A_END } },
	{ "check_value_right", CERTIFICATE, CKR_OK,
	  { { CKA_CHECK_VALUE, (CK_BYTE[]){ 0xb7, 0xdd, 0x8b }, 3 }, A_END } },
	{ "check_value_empty", CERTIFICATE, CKR_OK, { A_EMPTY(CKA_CHECK_VALUE), A_END } },
	{ "check_value_wrong", CERTIFICATE, CKR_ATTRIBUTE_VALUE_INVALID,
	  { A_TEXT(CKA_CHECK_VALUE, "abc"), A_END } },
	{ "check_value_short", CERTIFICATE, CKR_ATTRIBUTE_VALUE_INVALID,
	  { { CKA_CHECK_VALUE, (CK_BYTE[]){ 0xb7, 0xdd }, 2 }, A_END } },
	{ "check_value_long", CERTIFICATE, CKR_ATTRIBUTE_VALUE_INVALID,
	  { { CKA_CHECK_VALUE, (CK_BYTE[]){ 0xb7, 0xdd, 0x8b, 0 }, 4 }, A_END } },
	{ "end_before_start", CERTIFICATE, CKR_OK,
	  { A_TEXT(CKA_START_DATE, "20250101"), A_TEXT(CKA_END_DATE, "20240101"), A_END } },
	{ "category_authority", CERTIFICATE, CKR_OK,
	  { A_ULONG(CKA_CERTIFICATE_CATEGORY, CK_CERTIFICATE_CATEGORY_AUTHORITY), A_END } },
	{ "security_domain", CERTIFICATE, CKR_OK,
	  { A_ULONG(CKA_JAVA_MIDP_SECURITY_DOMAIN, CK_SECURITY_DOMAIN_OPERATOR), A_END } },
	{ "name_hash", CERTIFICATE, CKR_OK,
	  { A_ULONG(CKA_NAME_HASH_ALGORITHM, CKM_SHA256), A_END } },
	{ "pgp_nothing", PGP_CERTIFICATE, CKR_OK, { A_EMPTY(CKA_VALUE), A_END } },
	{ "pgp_url", PGP_CERTIFICATE, CKR_OK, { URL, A_END } },
	{ "pgp_hashes", PGP_CERTIFICATE, CKR_ATTRIBUTE_TYPE_INVALID, { HASHES, A_END } },
	{ "pgp_security_domain", PGP_CERTIFICATE, CKR_ATTRIBUTE_TYPE_INVALID,
	  { A_ULONG(CKA_JAVA_MIDP_SECURITY_DOMAIN, 0), A_END } },
};

static CK_RV create_certificate(struct ctx *c)
{
	const struct certificate *v = c->arg;
	CK_OBJECT_HANDLE o = 0;
	CK_RV rv = kind_make(c->s, v->kind, v->list, &o);

	for (const CK_ATTRIBUTE *a = v->list; rv == CKR_OK && a->type != CK_UNAVAILABLE_INFORMATION;
	     a++)
		rv = attr_is(c->s, o, a);
	return rv;
}

void test_values(void)
{
	static const CK_BYTE odd[] = { 0, 1, 2, 0x80, 0xff };

	for (size_t i = 0; i < LENGTH(odd); i++)
		row_runf(RW_USER, odd_flag, &odd[i], CKR_OK, "flag_of_%02x", odd[i]);
	for (size_t i = 0; i < LENGTH(dates); i++) {
		static const enum kind kinds[] = { CERTIFICATE, AES, RSA_PUBLIC, EC_PRIVATE };

		for (size_t k = 0; k < LENGTH(kinds); k++) {
			run_date(kinds[k], CKA_START_DATE, &dates[i]);
			run_date(kinds[k], CKA_END_DATE, &dates[i]);
		}
	}
	for (size_t i = 0; i < LENGTH(certificates); i++)
		row_runf(RW_USER, create_certificate, &certificates[i], certificates[i].expected,
			 "certificate_%s", certificates[i].name);
}
