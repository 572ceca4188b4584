#include "config.h"

#include <string.h>

#include "p11/object/object.h"

static CK_BYTE exponent[] = { 1, 0, 1 };

/* --- rows of object.def: arguments -------------------------------------- */

static CK_RV with_data(struct ctx *c, CK_RV (*call)(CK_SESSION_HANDLE s, CK_OBJECT_HANDLE o))
{
	CK_OBJECT_HANDLE o = 0;

	if (kind_make(c->s, DATA, NULL, &o) != CKR_OK)
		return ROW_BROKEN;
	return call(c->s, o);
}

static CK_RV copy_without_handle(CK_SESSION_HANDLE s, CK_OBJECT_HANDLE o)
{
	CK_ATTRIBUTE t = A_TEXT(CKA_LABEL, "x");

	return p11->C_CopyObject(s, o, &t, 1, NULL);
}

static CK_RV copy_without_template(CK_SESSION_HANDLE s, CK_OBJECT_HANDLE o)
{
	return p11->C_CopyObject(s, o, NULL, 0, &o);
}

static CK_RV copy_template_missing(CK_SESSION_HANDLE s, CK_OBJECT_HANDLE o)
{
	return p11->C_CopyObject(s, o, NULL, 1, &o);
}

static CK_RV copy_bad_handle(struct ctx *c)
{
	CK_ATTRIBUTE t = A_TEXT(CKA_LABEL, "x");
	CK_OBJECT_HANDLE o = 0;

	return p11->C_CopyObject(c->s, NO_HANDLE, &t, 1, &o);
}

static CK_RV destroy_twice(CK_SESSION_HANDLE s, CK_OBJECT_HANDLE o)
{
	CK_RV rv = p11->C_DestroyObject(s, o);

	return rv == CKR_OK ? p11->C_DestroyObject(s, o) : rv;
}

static CK_RV size_null(CK_SESSION_HANDLE s, CK_OBJECT_HANDLE o)
{
	return p11->C_GetObjectSize(s, o, NULL);
}

/* A number of bytes, or CK_UNAVAILABLE_INFORMATION. */
static CK_RV size_told(CK_SESSION_HANDLE s, CK_OBJECT_HANDLE o)
{
	CK_ULONG size = 0;
	CK_RV rv = p11->C_GetObjectSize(s, o, &size);

	return rv == CKR_OK ? want(size > 0) : rv;
}

static CK_RV get_template_null(CK_SESSION_HANDLE s, CK_OBJECT_HANDLE o)
{
	return p11->C_GetAttributeValue(s, o, NULL, 1);
}

static CK_RV get_bad_handle(struct ctx *c)
{
	CK_ULONG class = 0;

	return attr_ulong(c->s, NO_HANDLE, CKA_CLASS, &class);
}

static CK_RV set_template_null(CK_SESSION_HANDLE s, CK_OBJECT_HANDLE o)
{
	return p11->C_SetAttributeValue(s, o, NULL, 1);
}

static CK_RV set_bad_handle(struct ctx *c)
{
	CK_ATTRIBUTE t = A_TEXT(CKA_LABEL, "x");

	return p11->C_SetAttributeValue(c->s, NO_HANDLE, &t, 1);
}

static CK_RV find_arguments(struct ctx *c, CK_OBJECT_HANDLE *o, CK_ULONG *count)
{
	CK_RV rv = p11->C_FindObjectsInit(c->s, NULL, 0);

	return rv == CKR_OK ? p11->C_FindObjects(c->s, o, 1, count) : rv;
}

static CK_RV find_init_twice(struct ctx *c)
{
	CK_RV rv = p11->C_FindObjectsInit(c->s, NULL, 0);

	return rv == CKR_OK ? p11->C_FindObjectsInit(c->s, NULL, 0) : rv;
}

static CK_RV find_final_twice(struct ctx *c)
{
	CK_RV rv = p11->C_FindObjectsInit(c->s, NULL, 0);

	if (rv == CKR_OK)
		rv = p11->C_FindObjectsFinal(c->s);
	return rv == CKR_OK ? p11->C_FindObjectsFinal(c->s) : rv;
}

static CK_RV find_failed_init(struct ctx *c)
{
	CK_RV rv = p11->C_FindObjectsInit(c->s, NULL, 1);

	return rv == CKR_OK ? ROW_WRONG : p11->C_FindObjectsInit(c->s, NULL, 0);
}

/* --- rows: create ------------------------------------------------------- */

static CK_RV create(struct ctx *c, const CK_ATTRIBUTE *t)
{
	CK_ATTRIBUTE copy[TMPL_MAX];
	CK_ULONG n = tmpl_count(t);
	CK_OBJECT_HANDLE o = 0;

	memcpy(copy, t, (n + 1) * sizeof(*t));
	return p11->C_CreateObject(c->s, copy, n, &o);
}

static CK_RV create_class(struct ctx *c, CK_OBJECT_CLASS class)
{
	return create(c, T(A_ULONG(CKA_CLASS, class)));
}

static CK_RV create_key_type(struct ctx *c, CK_KEY_TYPE type)
{
	return create(c, T(A_ULONG(CKA_CLASS, CKO_SECRET_KEY), A_ULONG(CKA_KEY_TYPE, type),
			   A_TEXT(CKA_VALUE, "0123456789abcdef")));
}

/* Either type alone would do. */
static CK_RV create_key_of_two_types(struct ctx *c)
{
	return create(c, T(A_ULONG(CKA_CLASS, CKO_SECRET_KEY), A_ULONG(CKA_KEY_TYPE, CKK_AES),
			   A_TEXT(CKA_VALUE, "0123456789abcdef"),
			   A_ULONG(CKA_KEY_TYPE, CKK_GENERIC_SECRET)));
}

static CK_RV create_certificate_type(struct ctx *c, CK_CERTIFICATE_TYPE type)
{
	return create(c, T(A_ULONG(CKA_CLASS, CKO_CERTIFICATE),
			   A_ULONG(CKA_CERTIFICATE_TYPE, type)));
}

static CK_RV create_many_attributes(struct ctx *c, CK_ULONG n)
{
	const CK_ATTRIBUTE class = A_ULONG(CKA_CLASS, CKO_DATA), label = A_TEXT(CKA_LABEL, "x");
	CK_ATTRIBUTE t[TMPL_MAX] = { class };
	CK_OBJECT_HANDLE o = 0;

	for (CK_ULONG i = 1; i < n; i++)
		t[i] = label;
	return p11->C_CreateObject(c->s, t, n, &o);
}

static CK_RV count_objects(CK_SESSION_HANDLE s, CK_ULONG *out)
{
	CK_OBJECT_HANDLE o[64];

	return object_find(s, NULL, o, LENGTH(o), out);
}

/* A refused token object is neither found nor on disk. */
static CK_RV create_failed_leaves_nothing(struct ctx *c)
{
	CK_ULONG before = 0, after = 0, later = 0;
	CK_OBJECT_HANDLE o = NO_HANDLE;
	CK_RV rv = count_objects(c->s, &before);

	if (rv == CKR_OK)
		rv = want(kind_make(c->s, AES, T(A_BOOL(CKA_TOKEN, CK_TRUE),
						 A_BOOL(CKA_LOCAL, CK_TRUE)), &o) != CKR_OK);
	if (rv == CKR_OK)
		rv = count_objects(c->s, &after);
	if (rv == CKR_OK)
		rv = module_restart();
	if (rv == CKR_OK)
		rv = state_enter(c, RW_USER);
	if (rv == CKR_OK)
		rv = count_objects(c->s, &later);
	return rv == CKR_OK ? want(before == after && before == later) : rv;
}

static CK_RV create_handles_differ(struct ctx *c)
{
	CK_OBJECT_HANDLE a = 0, b = 0;
	CK_RV rv = kind_make(c->s, DATA, NULL, &a);

	if (rv == CKR_OK)
		rv = kind_make(c->s, DATA, NULL, &b);
	return rv == CKR_OK ? want(a && b && a != b) : rv;
}

/* Trusted by the SO, then frozen. */
static CK_RV create_trusted(struct ctx *c)
{
	CK_ATTRIBUTE label = A_TEXT(CKA_LABEL, "x");
	CK_OBJECT_HANDLE o = 0;
	CK_RV rv = kind_make(c->s, CERTIFICATE, T(A_BOOL(CKA_TRUSTED, CK_TRUE)), &o);

	return rv == CKR_OK ? want(p11->C_SetAttributeValue(c->s, o, &label, 1) ==
				   CKR_ATTRIBUTE_READ_ONLY) :
			      rv;
}

/* --- rows: get ---------------------------------------------------------- */

static CK_RV labelled(struct ctx *c, enum kind kind, CK_OBJECT_HANDLE *out)
{
	return kind_make(c->s, kind, T(A_TEXT(CKA_LABEL, "a label")), out);
}

static CK_RV get_size_query(struct ctx *c)
{
	CK_ATTRIBUTE t[] = { A_EMPTY(CKA_LABEL), A_EMPTY(CKA_CLASS), A_EMPTY(CKA_TOKEN) };
	CK_OBJECT_HANDLE o = 0;
	CK_RV rv = labelled(c, DATA, &o);

	if (rv == CKR_OK)
		rv = p11->C_GetAttributeValue(c->s, o, t, LENGTH(t));
	return rv == CKR_OK ? want(t[0].ulValueLen == 7 && t[1].ulValueLen == sizeof(CK_ULONG) &&
				   t[2].ulValueLen == sizeof(CK_BBOOL)) :
			      rv;
}

static CK_RV get_buffer_too_small(struct ctx *c)
{
	CK_BYTE buf[8] = "........";
	CK_ATTRIBUTE t = { CKA_LABEL, buf, 6 };
	CK_OBJECT_HANDLE o = 0;
	CK_RV rv = labelled(c, DATA, &o);

	if (rv != CKR_OK)
		return rv;
	rv = p11->C_GetAttributeValue(c->s, o, &t, 1);
	return want(rv == CKR_BUFFER_TOO_SMALL && t.ulValueLen == CK_UNAVAILABLE_INFORMATION &&
		    memcmp(buf, "........", sizeof(buf)) == 0);
}

static CK_RV get_unknown_type(struct ctx *c)
{
	CK_BYTE buf[8];
	CK_ATTRIBUTE t = { CKA_MODULUS, buf, sizeof(buf) };
	CK_OBJECT_HANDLE o = 0;
	CK_RV rv = labelled(c, DATA, &o);

	if (rv != CKR_OK)
		return rv;
	rv = p11->C_GetAttributeValue(c->s, o, &t, 1);
	return want(rv == CKR_ATTRIBUTE_TYPE_INVALID &&
		    t.ulValueLen == CK_UNAVAILABLE_INFORMATION);
}

/* Two attributes of a hidden key fail, each in its way and in either order; one error is told. */
static CK_RV get_priority(struct ctx *c, CK_ATTRIBUTE_TYPE stronger, CK_ATTRIBUTE_TYPE weaker,
			  CK_RV expected)
{
	CK_BYTE a[1], b[1];
	CK_ATTRIBUTE forth[] = { { stronger, a, 1 }, { weaker, b, 1 } };
	CK_ATTRIBUTE back[] = { { weaker, a, 1 }, { stronger, b, 1 } };
	CK_OBJECT_HANDLE o = 0;
	CK_RV rv = labelled(c, AES, &o);

	if (rv != CKR_OK)
		return rv;
	return want(p11->C_GetAttributeValue(c->s, o, forth, 2) == expected &&
		    p11->C_GetAttributeValue(c->s, o, back, 2) == expected &&
		    forth[0].ulValueLen == CK_UNAVAILABLE_INFORMATION &&
		    forth[1].ulValueLen == CK_UNAVAILABLE_INFORMATION &&
		    back[0].ulValueLen == CK_UNAVAILABLE_INFORMATION &&
		    back[1].ulValueLen == CK_UNAVAILABLE_INFORMATION);
}

static CK_RV get_sensitive_size(struct ctx *c)
{
	CK_ATTRIBUTE t = A_EMPTY(CKA_VALUE);
	CK_OBJECT_HANDLE o = 0;
	CK_RV rv = labelled(c, AES, &o);

	if (rv != CKR_OK)
		return rv;
	rv = p11->C_GetAttributeValue(c->s, o, &t, 1);
	return want(rv == CKR_ATTRIBUTE_SENSITIVE && t.ulValueLen == CK_UNAVAILABLE_INFORMATION);
}

/* All entries are processed, whatever becomes of one. */
static CK_RV get_others(struct ctx *c)
{
	CK_BYTE label[16], value[16];
	CK_ULONG type = 0;
	CK_ATTRIBUTE t[] = {
		{ CKA_VALUE, value, sizeof(value) },
		{ CKA_LABEL, label, sizeof(label) },
		{ CKA_MODULUS, value, sizeof(value) },
		{ CKA_KEY_TYPE, &type, sizeof(type) },
	};
	CK_OBJECT_HANDLE o = 0;
	CK_RV rv = labelled(c, AES, &o);

	if (rv != CKR_OK)
		return rv;
	rv = p11->C_GetAttributeValue(c->s, o, t, LENGTH(t));
	return want(rv == CKR_ATTRIBUTE_SENSITIVE && t[1].ulValueLen == 7 &&
		    memcmp(label, "a label", 7) == 0 && type == CKK_AES);
}

static CK_RV get_empty_value(struct ctx *c)
{
	CK_BYTE buf[4];
	CK_ATTRIBUTE t[] = { { CKA_VALUE, buf, sizeof(buf) }, A_EMPTY(CKA_VALUE) };
	CK_OBJECT_HANDLE o = 0;
	CK_RV rv = kind_make(c->s, DATA, NULL, &o);

	if (rv == CKR_OK)
		rv = p11->C_GetAttributeValue(c->s, o, t, LENGTH(t));
	return rv == CKR_OK ? want(t[0].ulValueLen == 0 && t[1].ulValueLen == 0) : rv;
}

static CK_RV get_nothing(struct ctx *c)
{
	CK_ATTRIBUTE t = A_EMPTY(CKA_LABEL);
	CK_OBJECT_HANDLE o = 0;
	CK_RV rv = kind_make(c->s, DATA, NULL, &o);

	return rv == CKR_OK ? p11->C_GetAttributeValue(c->s, o, &t, 0) : rv;
}

/* --- rows: set, copy, destroy ------------------------------------------- */

static CK_RV set_all_or_nothing(struct ctx *c, CK_BBOOL token)
{
	const CK_ATTRIBUTE old = A_TEXT(CKA_LABEL, "a label");
	CK_ATTRIBUTE t[] = { A_TEXT(CKA_LABEL, "other"), A_TEXT(CKA_VALUE, "read only") };
	CK_OBJECT_HANDLE o = 0;
	CK_RV rv = kind_make(c->s, DATA, T(A_BOOL(CKA_TOKEN, token), old), &o), kept = CKR_OK;

	if (rv == CKR_OK)
		rv = want(p11->C_SetAttributeValue(c->s, o, t, LENGTH(t)) ==
			  CKR_ATTRIBUTE_READ_ONLY);
	if (rv != CKR_OK)
		return rv;
	kept = attr_is(c->s, o, &old);
	rv = p11->C_DestroyObject(c->s, o);
	return kept == CKR_OK ? rv : kept;
}

static CK_RV set_seen_by_other_session(struct ctx *c)
{
	CK_ATTRIBUTE t = A_TEXT(CKA_LABEL, "other");
	CK_SESSION_HANDLE reader = 0;
	CK_OBJECT_HANDLE o = 0;
	CK_RV rv = session_open(c->slot, 0, &reader);

	if (rv == CKR_OK)
		rv = labelled(c, DATA, &o);
	if (rv == CKR_OK)
		rv = p11->C_SetAttributeValue(c->s, o, &t, 1);
	return rv == CKR_OK ? attr_is(reader, o, &t) : rv;
}

static CK_RV with_flag(struct ctx *c, CK_ATTRIBUTE_TYPE flag,
		       CK_RV (*call)(CK_SESSION_HANDLE s, CK_OBJECT_HANDLE o))
{
	CK_OBJECT_HANDLE o = 0;

	if (kind_make(c->s, DATA, T(A_BOOL(flag, CK_FALSE)), &o) != CKR_OK)
		return ROW_BROKEN;
	return call(c->s, o);
}

static CK_RV set_label(CK_SESSION_HANDLE s, CK_OBJECT_HANDLE o)
{
	CK_ATTRIBUTE t = A_TEXT(CKA_LABEL, "x");

	return p11->C_SetAttributeValue(s, o, &t, 1);
}

static CK_RV copy_plain(CK_SESSION_HANDLE s, CK_OBJECT_HANDLE o)
{
	CK_ATTRIBUTE t = A_TEXT(CKA_LABEL, "x");

	return p11->C_CopyObject(s, o, &t, 1, &o);
}

static CK_RV destroy_plain(CK_SESSION_HANDLE s, CK_OBJECT_HANDLE o)
{
	return p11->C_DestroyObject(s, o);
}

/* A copy of an extractable key with `changes` has all else alike. */
static CK_RV copy_same(struct ctx *c, const CK_ATTRIBUTE *changes)
{
	CK_ATTRIBUTE t[TMPL_MAX];
	CK_OBJECT_HANDLE o = 0, copy = 0;
	CK_RV rv = kind_make(c->s, AES, T(A_BOOL(CKA_EXTRACTABLE, CK_TRUE)), &o);

	tmpl_join(t, changes, NULL);
	if (rv == CKR_OK)
		rv = p11->C_CopyObject(c->s, o, t, tmpl_count(t), &copy);
	if (rv == CKR_OK)
		rv = want(copy != o);
	if (rv == CKR_OK)
		rv = same_attributes(c, AES, copy);
	return rv == CKR_OK ? p11->C_DestroyObject(c->s, copy) : rv;
}

static CK_RV copy_public_to_private(struct ctx *c)
{
	const CK_ATTRIBUTE value = A_TEXT(CKA_VALUE, "in clear at first");
	CK_ATTRIBUTE t = A_BOOL(CKA_PRIVATE, CK_TRUE);
	CK_OBJECT_HANDLE o = 0, copy = 0;
	CK_RV rv = kind_make(c->s, DATA, T(A_BOOL(CKA_PRIVATE, CK_FALSE), value), &o);

	if (rv == CKR_OK)
		rv = p11->C_CopyObject(c->s, o, &t, 1, &copy);
	if (rv == CKR_OK)
		rv = attr_is(c->s, copy, &t);
	return rv == CKR_OK ? attr_is(c->s, copy, &value) : rv;
}

static CK_RV copy_is_independent(struct ctx *c)
{
	const CK_ATTRIBUTE old = A_TEXT(CKA_LABEL, "a label");
	CK_ATTRIBUTE t = A_TEXT(CKA_LABEL, "copy");
	CK_OBJECT_HANDLE o = 0, copy = 0;
	CK_RV rv = labelled(c, DATA, &o);

	if (rv == CKR_OK)
		rv = p11->C_CopyObject(c->s, o, &t, 1, &copy);
	if (rv == CKR_OK)
		rv = attr_is(c->s, o, &old);
	if (rv == CKR_OK)
		rv = p11->C_DestroyObject(c->s, o);
	return rv == CKR_OK ? attr_is(c->s, copy, &t) : rv;
}

static CK_RV copy_failed_leaves_nothing(struct ctx *c)
{
	CK_ATTRIBUTE t[] = { A_BOOL(CKA_TOKEN, CK_TRUE), A_TEXT(CKA_VALUE, "read only") };
	CK_ULONG before = 0, after = 0;
	CK_OBJECT_HANDLE o = 0, copy = 0;
	CK_RV rv = labelled(c, DATA, &o);

	if (rv == CKR_OK)
		rv = count_objects(c->s, &before);
	if (rv == CKR_OK)
		rv = want(p11->C_CopyObject(c->s, o, t, LENGTH(t), &copy) ==
			  CKR_ATTRIBUTE_READ_ONLY);
	if (rv == CKR_OK)
		rv = count_objects(c->s, &after);
	return rv == CKR_OK ? want(before == after) : rv;
}

/* --- rows: find --------------------------------------------------------- */

/* What the find rows look for. */
static CK_RV find_objects_make(struct ctx *c)
{
	CK_OBJECT_HANDLE o = 0;
	CK_RV rv = kind_make(c->s, AES, T(A_TEXT(CKA_LABEL, "find me"),
					  A_TEXT(CKA_ID, "id of the private one"),
					  A_BOOL(CKA_SENSITIVE, CK_TRUE),
					  A_TEXT(CKA_VALUE, "0123456789abcdef")), &o);

	if (rv == CKR_OK)
		rv = kind_make(c->s, RSA_PUBLIC, T(A_TEXT(CKA_LABEL, "find me")), &o);
	if (rv == CKR_OK)
		rv = kind_make(c->s, CERTIFICATE, T(A_TEXT(CKA_LABEL, "not me"),
						    A_TEXT(CKA_START_DATE, "20240131")), &o);
	return rv;
}

static CK_RV finds(struct ctx *c, const CK_ATTRIBUTE *t, CK_ULONG expected)
{
	CK_ATTRIBUTE copy[TMPL_MAX];
	CK_OBJECT_HANDLE o[64];
	CK_ULONG found = 0;
	CK_RV rv = find_objects_make(c);

	tmpl_join(copy, t, NULL);
	if (rv == CKR_OK)
		rv = object_find(c->s, copy, o, LENGTH(o), &found);
	return rv == CKR_OK ? want(found == expected) : rv;
}

/* Seven objects, which C_FindObjects hands out in threes. */
static CK_RV seven(struct ctx *c, CK_OBJECT_HANDLE *made)
{
	CK_ATTRIBUTE t = A_TEXT(CKA_LABEL, "a label");
	CK_RV rv = CKR_OK;

	for (int i = 0; rv == CKR_OK && i < 7; i++)
		rv = labelled(c, DATA, &made[i]);
	return rv == CKR_OK ? p11->C_FindObjectsInit(c->s, &t, 1) : rv;
}

static CK_RV find_in_parts(struct ctx *c)
{
	static const CK_ULONG expected[] = { 3, 3, 1, 0, 0 };
	CK_OBJECT_HANDLE o[7];
	CK_ULONG n = 0;
	CK_RV rv = seven(c, o);

	for (size_t i = 0; rv == CKR_OK && i < LENGTH(expected); i++) {
		rv = p11->C_FindObjects(c->s, o, 3, &n);
		if (rv == CKR_OK)
			rv = want(n == expected[i]);
	}
	return rv == CKR_OK ? p11->C_FindObjectsFinal(c->s) : rv;
}

static CK_RV find_ascending(struct ctx *c)
{
	CK_OBJECT_HANDLE o[16];
	CK_ULONG n = 0;
	CK_RV rv = seven(c, o);

	if (rv == CKR_OK)
		rv = p11->C_FindObjects(c->s, o, LENGTH(o), &n);
	for (CK_ULONG i = 1; rv == CKR_OK && i < n; i++)
		rv = want(o[i - 1] < o[i]);
	return rv == CKR_OK ? want(n == 7) : rv;
}

static CK_RV find_max_0(struct ctx *c)
{
	CK_OBJECT_HANDLE o[16];
	CK_ULONG none = 1, all = 0;
	CK_RV rv = seven(c, o);

	if (rv == CKR_OK)
		rv = p11->C_FindObjects(c->s, o, 0, &none);
	if (rv == CKR_OK)
		rv = p11->C_FindObjects(c->s, o, LENGTH(o), &all);
	return rv == CKR_OK ? want(none == 0 && all == 7) : rv;
}

/* C_FindObjectsInit fixes the result. */
static CK_RV find_snapshot(struct ctx *c)
{
	CK_OBJECT_HANDLE o[16], late = 0;
	CK_ULONG n = 0;
	CK_RV rv = seven(c, o);

	if (rv == CKR_OK)
		rv = labelled(c, DATA, &late);
	if (rv == CKR_OK)
		rv = p11->C_FindObjects(c->s, o, LENGTH(o), &n);
	return rv == CKR_OK ? want(n == 7) : rv;
}

static CK_RV find_destroyed(struct ctx *c)
{
	CK_ATTRIBUTE t[] = { A_TEXT(CKA_LABEL, "a label"), A_END };
	CK_OBJECT_HANDLE o[16];
	CK_ULONG n = 0;
	CK_RV rv = seven(c, o);

	if (rv == CKR_OK)
		rv = p11->C_FindObjectsFinal(c->s);
	if (rv == CKR_OK)
		rv = p11->C_DestroyObject(c->s, o[3]);
	if (rv == CKR_OK)
		rv = object_find(c->s, t, o, LENGTH(o), &n);
	return rv == CKR_OK ? want(n == 6) : rv;
}

/* A hostile attribute of a search: it is refused or matches nothing. */
static CK_RV find_with(struct ctx *c, CK_ATTRIBUTE_TYPE type, void *value, CK_ULONG len)
{
	CK_ATTRIBUTE t[] = { { type, value, len } };
	CK_OBJECT_HANDLE o = 0;
	CK_ULONG found = 0;
	CK_RV rv = find_objects_make(c);

	if (rv != CKR_OK)
		return rv;
	rv = p11->C_FindObjectsInit(c->s, t, LENGTH(t));
	if (rv == CKR_ATTRIBUTE_VALUE_INVALID)
		return CKR_OK;
	if (rv == CKR_OK)
		rv = p11->C_FindObjects(c->s, &o, 1, &found);
	return rv == CKR_OK ? want(found == 0) : rv;
}

static CK_RV generate_with(struct ctx *c, CK_ATTRIBUTE_TYPE type, void *value, CK_ULONG len)
{
	CK_MECHANISM m = { CKM_AES_KEY_GEN, NULL, 0 };
	CK_ATTRIBUTE t[] = { A_ULONG(CKA_VALUE_LEN, 16), { type, value, len } };
	CK_OBJECT_HANDLE o = 0;

	return p11->C_GenerateKey(c->s, &m, t, LENGTH(t), &o);
}

/* --- rows: persistence -------------------------------------------------- */

/* A token object of that label: found after a restart or not. */
static CK_RV after_restart(struct ctx *c, const char *label, CK_ULONG expected,
			   CK_OBJECT_HANDLE *out)
{
	CK_ATTRIBUTE t[] = { { CKA_LABEL, text(label), strlen(label) }, A_END };
	CK_ULONG found = 0;
	CK_RV rv = module_restart();

	if (rv == CKR_OK)
		rv = state_enter(c, RW_USER);
	if (rv == CKR_OK)
		rv = object_find(c->s, t, out, 1, &found);
	return rv == CKR_OK ? want(found == expected) : rv;
}

static CK_RV token_data_make(struct ctx *c, CK_OBJECT_HANDLE *out)
{
	return kind_make(c->s, DATA, T(A_BOOL(CKA_TOKEN, CK_TRUE), A_TEXT(CKA_LABEL, "first")),
		out);
}

static CK_RV set_persists(struct ctx *c)
{
	CK_ATTRIBUTE t = A_TEXT(CKA_LABEL, "second");
	CK_OBJECT_HANDLE o = 0;
	CK_RV rv = token_data_make(c, &o);

	if (rv == CKR_OK)
		rv = p11->C_SetAttributeValue(c->s, o, &t, 1);
	if (rv == CKR_OK)
		rv = after_restart(c, "second", 1, &o);
	return rv == CKR_OK ? p11->C_DestroyObject(c->s, o) : rv;
}

static CK_RV destroy_persists(struct ctx *c)
{
	CK_OBJECT_HANDLE o = 0;
	CK_RV rv = token_data_make(c, &o);

	if (rv == CKR_OK)
		rv = p11->C_DestroyObject(c->s, o);
	return rv == CKR_OK ? after_restart(c, "first", 0, &o) : rv;
}

/* --- program ------------------------------------------------------------ */

#define ROWS_FILE "object/object.def"
#define ROWS_TABLE rows
#include "p11/rows.h"

int main(int argc, char **argv)
{
	static const struct test tests[] = {
		{ "rows", .rows = rows, .count = LENGTH(rows) },
		{ "access_create", .run = test_access_create },
		{ "access_make", .run = test_access_make },
		{ "access_use", .run = test_access_use },
		{ "defaults", .run = test_defaults },
		{ "given", .run = test_given },
		{ "required", .run = test_required },
		{ "rules", .run = test_rules },
		{ "repeated", .run = test_repeated },
		{ "arrays", .run = test_arrays },
		{ "values", .run = test_values },
		{ "info", .run = test_info },
		{ "copies", .run = test_copies },
		{ "log", .run = test_log },
		{ "parts", .run = test_parts },
		{ "secrets", .run = test_secrets },
		{ "persistence", .run = test_persistence },
	};
	static const struct program program = {
		.name = "object", .tests = tests, .ntests = LENGTH(tests),
	};

	return harness_main(argc, argv, &program);
}
