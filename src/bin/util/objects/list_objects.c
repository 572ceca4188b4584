/* --list-objects: classes, names, kinds and uses, no values. */
#include "config.h"

#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bin/common/json.h"
#include "bin/common/message.h"
#include "bin/util/login.h"
#include "bin/util/objects/item.h"
#include "bin/util/options.h"
#include "bin/util/select.h"
#include "common/str.h"
#include "crypto/ossl/der.h"
#include "pkcs11/names.h"

struct flag {
	CK_ATTRIBUTE_TYPE type;
	const char *name;
};

static const struct flag flags[] = {
	{ CKA_PRIVATE, "private" },
	{ CKA_SENSITIVE, "sensitive" },
	{ CKA_ALWAYS_SENSITIVE, "always-sensitive" },
	{ CKA_EXTRACTABLE, "extractable" },
	{ CKA_NEVER_EXTRACTABLE, "never-extractable" },
	{ CKA_LOCAL, "local" },
	{ CKA_ALWAYS_AUTHENTICATE, "always-authenticate" },
	{ CKA_TRUSTED, "trusted" },
	{ CKA_MODIFIABLE, "modifiable" },
};

static const struct flag uses[] = {
	{ CKA_SIGN, "sign" },	    { CKA_SIGN_RECOVER, "sign-recover" },
	{ CKA_VERIFY, "verify" },   { CKA_VERIFY_RECOVER, "verify-recover" },
	{ CKA_ENCRYPT, "encrypt" }, { CKA_DECRYPT, "decrypt" },
	{ CKA_WRAP, "wrap" },	    { CKA_UNWRAP, "unwrap" },
	{ CKA_DERIVE, "derive" },
};

/* What is told of an object, its kind in words. */
struct told {
	const struct item *o;
	char class[64];
	char kind[128];
	struct buf label;
	struct buf id;
};

/* The constant's name without its prefix, in lower case; or its number. */
static void plain_name(const char *name, CK_ULONG v, char *out, size_t size)
{
	if (name == NULL) {
		snprintf(out, size, "0x%lx", v);
		return;
	}
	snprintf(out, size, "%s", name + strlen("CKx_"));
	for (; *out != '\0'; out++) {
		if (*out == '_')
			*out = '-';
		else if (*out >= 'A' && *out <= 'Z')
			*out = (char)(*out - 'A' + 'a');
	}
}

/* The curve, or nothing. */
static void add_curve(struct told *t)
{
	struct buf params = BUF_INIT;
	struct der_curve curve;
	size_t len = strlen(t->kind);

	if (item_bytes(t->o, CKA_EC_PARAMS, &params) &&
	    der_curve_read(params.data, params.len, &curve) == CKR_OK)
		snprintf(t->kind + len, sizeof(t->kind) - len, " %s", curve.name);
	buf_free(&params);
}

static void add_bits(struct told *t, CK_ULONG bits)
{
	size_t len = strlen(t->kind);

	if (bits > 0)
		snprintf(t->kind + len, sizeof(t->kind) - len, " %lu bits", bits);
}

static void add_number(struct told *t, CK_ATTRIBUTE_TYPE type)
{
	struct buf n = BUF_INIT;
	size_t skip = 0;
	CK_ULONG bits = 0;

	if (item_bytes(t->o, type, &n)) {
		while (skip < n.len && n.data[skip] == 0)
			skip++;
		bits = 8 * (n.len - skip);
		for (unsigned top = skip < n.len ? n.data[skip] : 0x80u; top < 0x80u; top <<= 1)
			bits--;
	}
	add_bits(t, bits);
	buf_free(&n);
}

static void tell_key(struct told *t)
{
	CK_KEY_TYPE type = item_number(t->o, CKA_KEY_TYPE, CK_UNAVAILABLE_INFORMATION);

	plain_name(ckk_name(type), type, t->kind, sizeof(t->kind));
	switch (type) {
	case CKK_RSA:
		add_number(t, CKA_MODULUS);
		break;
	case CKK_DSA:
	case CKK_DH:
		add_number(t, CKA_PRIME);
		break;
	case CKK_EC:
	case CKK_EC_EDWARDS:
	case CKK_EC_MONTGOMERY:
		add_curve(t);
		break;
	default:
		add_bits(t, 8 * item_number(t->o, CKA_VALUE_LEN, 0));
		break;
	}
}

/* Its subject. */
static void tell_certificate(struct told *t)
{
	struct buf der = BUF_INIT;
	X509_NAME *name = NULL;

	if (item_bytes(t->o, CKA_SUBJECT, &der)) {
		const unsigned char *p = der.data;

		name = d2i_X509_NAME(NULL, &p, (long)der.len);
	}
	if (name != NULL)
		X509_NAME_oneline(name, t->kind, sizeof(t->kind));
	X509_NAME_free(name);
	buf_free(&der);
}

static bool is_key(CK_OBJECT_CLASS class)
{
	return class == CKO_PRIVATE_KEY || class == CKO_PUBLIC_KEY || class == CKO_SECRET_KEY ||
	       class == CKO_DOMAIN_PARAMETERS;
}

static void tell(const struct item *o, struct told *t)
{
	CK_OBJECT_CLASS class = item_number(o, CKA_CLASS, CK_UNAVAILABLE_INFORMATION);

	memset(t, 0, sizeof(*t));
	t->o = o;
	plain_name(cko_name(class), class, t->class, sizeof(t->class));
	if (is_key(class))
		tell_key(t);
	else if (class == CKO_CERTIFICATE)
		tell_certificate(t);
	if (!item_bytes(o, CKA_LABEL, &t->label))
		buf_free(&t->label);
	if (!item_bytes(o, CKA_ID, &t->id))
		buf_free(&t->id);
}

/* "a, b" */
static void print_flags(const char *head, const struct item *o, const struct flag *list,
			size_t count)
{
	const char *between = "";

	printf("    %-17s ", head);
	for (size_t i = 0; i < count; i++) {
		if (!item_flag(o, list[i].type))
			continue;
		printf("%s%s", between, list[i].name);
		between = ", ";
	}
	putchar('\n');
}

static void print_told(struct told *t)
{
	char *label = strndup(t->label.len > 0 ? (const char *)t->label.data : "", t->label.len);

	printf("Object: %s\n", t->class);
	if (label != NULL) {
		str_printable(label);
		printf("    %-17s %s\n", "Label:", label);
	}
	printf("    %-17s ", "ID:");
	for (size_t i = 0; i < t->id.len; i++)
		printf("%02x", t->id.data[i]);
	putchar('\n');
	str_printable(t->kind);
	printf("    %-17s %s\n", "Kind:", t->kind);
	print_flags("Uses:", t->o, uses, ARRAY_LEN(uses));
	print_flags("Flags:", t->o, flags, ARRAY_LEN(flags));
	free(label);
}

static void json_flags(struct json *j, const char *name, const struct item *o,
		       const struct flag *list, size_t count)
{
	json_open(j, name, '[');
	for (size_t i = 0; i < count; i++)
		if (item_flag(o, list[i].type))
			json_string(j, NULL, list[i].name);
	json_close(j, ']');
}

static void json_told(const struct told *t, struct json *j)
{
	json_open(j, NULL, '{');
	json_string(j, "class", t->class);
	json_text(j, "label", t->label.data, t->label.len);
	json_hex(j, "id", t->id.data, t->id.len);
	json_string(j, "kind", t->kind);
	json_flags(j, "uses", t->o, uses, ARRAY_LEN(uses));
	json_flags(j, "flags", t->o, flags, ARRAY_LEN(flags));
	json_close(j, '}');
}

static void list(struct item *o, const CK_OBJECT_HANDLE *handles, size_t count, bool json)
{
	struct json j = { 0 };
	struct told t;

	if (json)
		json_open(&j, NULL, '[');
	for (size_t i = 0; i < count; i++) {
		o->handle = handles[i];
		tell(o, &t);
		if (json)
			json_told(&t, &j);
		else
			print_told(&t);
		buf_free(&t.label);
		buf_free(&t.id);
	}
	if (json)
		json_close(&j, ']');
}

static bool list_objects(const struct options *o, struct p11 *p)
{
	struct item object = { .p = p };
	struct attr_list all = { .count = 0 };
	CK_OBJECT_HANDLE *handles = NULL;
	CK_SLOT_ID slot;
	size_t count;
	bool ok = slot_select(p, o, false, &slot);

	if (ok && o->pin != NULL)
		ok = login_slot(p, slot, o->pin, &object.session);
	else if (ok)
		ok = login_session(p, slot, false, &object.session);
	ok = ok && item_find(p, object.session, &all, &handles, &count);
	if (ok)
		list(&object, handles, count, o->json);
	free(handles);
	if (ok && o->pin == NULL)
		message_hint("these are the public objects; --pin shows the private ones too");
	return ok;
}

const struct action action_list_objects = { list_objects, true };
