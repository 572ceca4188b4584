#include "config.h"

#include "tmpl.h"

#include <stdlib.h>
#include <string.h>

#include "p11/harness.h"

/* What each operation needs of a key. */
static const struct {
	bool private;		/* of an asymmetric key: the private half */
	CK_ATTRIBUTE_TYPE usage;
} needs[OPERATIONS] = {
	[OP_ENCRYPT] = { false, CKA_ENCRYPT },
	[OP_DECRYPT] = { true, CKA_DECRYPT },
	[OP_SIGN] = { true, CKA_SIGN },
	[OP_VERIFY] = { false, CKA_VERIFY },
	[OP_SIGN_RECOVER] = { true, CKA_SIGN_RECOVER },
	[OP_VERIFY_RECOVER] = { false, CKA_VERIFY_RECOVER },
	[OP_WRAP] = { false, CKA_WRAP },
	[OP_UNWRAP] = { true, CKA_UNWRAP },
	[OP_DERIVE] = { true, CKA_DERIVE },
};

/* --- templates ---------------------------------------------------------- */

void tmpl_bytes(struct tmpl *t, CK_ATTRIBUTE_TYPE type, struct bytes value)
{
	if (t->n < TMPL_ATTRS)
		t->a[t->n++] = (CK_ATTRIBUTE){ type, value.p, value.len };
}

void tmpl_number(struct tmpl *t, CK_ATTRIBUTE_TYPE type, CK_ULONG value)
{
	tmpl_bytes(t, type, bytes_copy((const CK_BYTE *)&value, sizeof(value), 0));
}

void tmpl_flag(struct tmpl *t, CK_ATTRIBUTE_TYPE type, bool value)
{
	CK_BBOOL b = value ? CK_TRUE : CK_FALSE;

	tmpl_bytes(t, type, bytes_copy(&b, sizeof(b), 0));
}

static bool is_number(CK_ATTRIBUTE_TYPE type)
{
	static const CK_ATTRIBUTE_TYPE numbers[] = {
		CKA_CLASS, CKA_KEY_TYPE, CKA_VALUE_LEN, CKA_VALUE_BITS, CKA_MODULUS_BITS,
		CKA_PRIME_BITS, CKA_SUBPRIME_BITS, CKA_PARAMETER_SET,
	};

	for (size_t i = 0; i < LENGTH(numbers); i++)
		if (numbers[i] == type)
			return true;
	return false;
}

/* One attribute from the text of a field. */
static bool tmpl_text(struct tmpl *t, struct record *r, const char *name, const char *text)
{
	CK_ULONG type = 0, number = 0;
	const struct bytes *value = NULL;
	char *end = NULL;

	if (!constant_find(name, &type))
		return record_complain(r, "no attribute is named %s", name);
	if (strcmp(text, "true") == 0 || strcmp(text, "false") == 0) {
		tmpl_flag(t, type, *text == 't');
		return true;
	}
	if (is_number(type)) {
		if (!constant_find(text, &number))
			number = strtoul(text, &end, 10);
		if (end && (*end || end == text))
			return record_complain(r, "%s: not a number", name);
		tmpl_number(t, type, number);
		return true;
	}
	value = bytes_parse(text);
	if (!value)
		return record_complain(r, "%s: not a byte string", name);
	tmpl_bytes(t, type, *value);
	return true;
}

bool tmpl_fields(struct tmpl *t, struct record *r, const char *prefix)
{
	size_t n = strlen(prefix);

	for (size_t i = 0; i < r->nfields; i++) {
		struct field *f = &r->fields[i];

		if (strncmp(f->name, prefix, n) != 0 || strncmp(f->name + n, "CKA_", 4) != 0)
			continue;
		f->used = true;
		if (!tmpl_text(t, r, f->name + n, f->text))
			return false;
	}
	return true;
}

void tmpl_key(struct tmpl *t, CK_OBJECT_CLASS class, enum operation op)
{
	tmpl_number(t, CKA_CLASS, class);
	tmpl_flag(t, CKA_TOKEN, false);
	tmpl_flag(t, CKA_PRIVATE, false);
	if (class != CKO_PUBLIC_KEY && class != CKO_DATA) {
		tmpl_flag(t, CKA_SENSITIVE, false);
		tmpl_flag(t, CKA_EXTRACTABLE, true);
	}
	if (op < OPERATIONS && needs[op].usage)
		tmpl_flag(t, needs[op].usage, true);
}

/* --- keys --------------------------------------------------------------- */

/* "CKK_AES 0011..." as a type and a value. */
static bool secret_parse(struct record *r, const char *text, CK_KEY_TYPE *type,
			 struct bytes *value)
{
	size_t n = strcspn(text, " ");
	const struct bytes *b = bytes_parse(text + n);

	if (!b || !constant_find(pool_text(text, n), type))
		return record_complain(r, "a key is \"CKK_X hex\" or a section's name: %s", text);
	*value = *b;
	return true;
}

static const char *key_text(struct record *r, const char *field)
{
	const char *text = record_text(r, field, 0);

	if (!text)
		record_complain(r, "the field %s is missing", field);
	return text;
}

struct record *key_section(struct record *r, const char *field)
{
	const char *text = record_text(r, field, 0);

	return text ? section_find("key", text) : NULL;
}

static bool section_tmpl(struct tmpl *t, struct record *section, bool private)
{
	return tmpl_fields(t, section, "") &&
	       tmpl_fields(t, section, private ? "private." : "public.");
}

bool key_has(struct record *r, const char *field, enum operation op)
{
	struct record *section = key_section(r, field);
	const char *prefix = needs[op].private ? "private." : "public.";

	/* RSA has no attribute that only its public half has */
	if (!section || !needs[op].private)
		return !section || !record_flag(section, "private-only");
	for (size_t i = 0; i < section->nfields; i++)
		if (strncmp(section->fields[i].name, prefix, strlen(prefix)) == 0)
			return true;
	return false;
}

static bool create(struct record *r, CK_SESSION_HANDLE s, struct tmpl *t, const char *what,
		   CK_OBJECT_HANDLE *out)
{
	CK_RV rv = p11->C_CreateObject(s, t->a, t->n, out);

	if (rv == CKR_OK || reference)
		return rv == CKR_OK;
	return record_complain(r, "C_CreateObject of %s: %s", what,
			       constant_name("CKR_", rv));
}

static bool make(struct record *r, CK_SESSION_HANDLE s, const char *field, enum operation op,
		 bool private, struct wrapped *out)
{
	struct record *section = key_section(r, field);
	const char *text = key_text(r, field);
	struct tmpl t = { .n = 0 };
	struct bytes value = { NULL, 0 };

	if (!text)
		return false;
	out->class = !section ? CKO_SECRET_KEY : private ? CKO_PRIVATE_KEY : CKO_PUBLIC_KEY;
	tmpl_key(&t, out->class, op);
	if (section) {
		if (!record_constant(section, "CKA_KEY_TYPE", 0, &out->type) ||
		    !section_tmpl(&t, section, private))
			return false;
	} else {
		if (!secret_parse(r, text, &out->type, &value))
			return false;
		tmpl_number(&t, CKA_KEY_TYPE, out->type);
		tmpl_bytes(&t, CKA_VALUE, value);
	}
	return create(r, s, &t, field, &out->key);
}

bool key_make(struct record *r, CK_SESSION_HANDLE s, const char *field, enum operation op,
	      CK_OBJECT_HANDLE *out)
{
	struct wrapped made;

	if (!make(r, s, field, op, needs[op].private, &made))
		return false;
	*out = made.key;
	return true;
}

bool key_make_wrapped(struct record *r, CK_SESSION_HANDLE s, const char *field,
		      struct wrapped *out)
{
	return make(r, s, field, NO_OPERATION, true, out);
}

bool key_make_wrong(const struct mechanism *m, CK_SESSION_HANDLE s, enum operation op,
		    CK_OBJECT_HANDLE *out)
{
	static const struct {
		const char *type, *key;
		bool pair;
	} others[] = {
		{ "CKK_AES", "CKK_AES 000102030405060708090a0b0c0d0e0f", false },
		{ "CKK_DES3", "CKK_DES3 0123456789abcdef23456789abcdef01456789abcdef0123", false },
		{ "CKK_EC", "other-ec", true },
		{ "CKK_RSA", "other-rsa", true },
	};
	bool pair = strstr(m->key_types, "any secret") ||
		    (!strstr(m->key_types, "CKK_AES") && section_find("key", "other-ec") &&
		     (strstr(m->key_types, "RSA") || strstr(m->key_types, "DSA") ||
		      strstr(m->key_types, "DH") || strstr(m->key_types, "CKK_EC")));

	for (size_t i = 0; i < LENGTH(others); i++) {
		struct field f = { .name = "key", .text = others[i].key };
		struct record r = {
			.file = "key_make_wrong", .head = m->name, .tail = "", .fields = &f,
			.nfields = 1,
		};

		if (others[i].pair == pair && !strstr(m->key_types, others[i].type))
			return key_make(&r, s, "key", op, out);
	}
	return false;
}

/* --- objects ------------------------------------------------------------ */

bool object_value(CK_SESSION_HANDLE s, CK_OBJECT_HANDLE o, CK_ATTRIBUTE_TYPE type,
		  struct bytes *out)
{
	CK_ATTRIBUTE a = { type, NULL, 0 };

	if (p11->C_GetAttributeValue(s, o, &a, 1) != CKR_OK)
		return false;
	a.pValue = pool_alloc(a.ulValueLen);
	if (p11->C_GetAttributeValue(s, o, &a, 1) != CKR_OK)
		return false;
	*out = (struct bytes){ a.pValue, a.ulValueLen };
	return true;
}

bool object_check(const struct record *r, CK_SESSION_HANDLE s, CK_OBJECT_HANDLE o,
		  const struct tmpl *want)
{
	for (CK_ULONG i = 0; i < want->n; i++) {
		const CK_ATTRIBUTE *a = &want->a[i];
		struct bytes value = { NULL, 0 };

		if (object_value(s, o, a->type, &value) && value.len == a->ulValueLen &&
		    (!value.len || memcmp(value.p, a->pValue, value.len) == 0))
			continue;
		return record_complain(r, "%s of the new object is %s, expected %s",
				       constant_name("CKA_", a->type),
				       bytes_hex(value.p, value.len),
				       bytes_hex(a->pValue, a->ulValueLen));
	}
	return true;
}
