/* The functions of the standard and what their parameters are for. */
#include "config.h"

#include "p11/misuse/misuse.h"

#include <stdio.h>
#include <string.h>

/* --- calling through an array of words ---------------------------------- */

/* EACH(M, (a, b, c)) is M(a) M(b) M(c), for up to eight. */
#define EACH_1(m, a) m(a)
#define EACH_2(m, a, ...) m(a) EACH_1(m, __VA_ARGS__)
#define EACH_3(m, a, ...) m(a) EACH_2(m, __VA_ARGS__)
#define EACH_4(m, a, ...) m(a) EACH_3(m, __VA_ARGS__)
#define EACH_5(m, a, ...) m(a) EACH_4(m, __VA_ARGS__)
#define EACH_6(m, a, ...) m(a) EACH_5(m, __VA_ARGS__)
#define EACH_7(m, a, ...) m(a) EACH_6(m, __VA_ARGS__)
#define EACH_8(m, a, ...) m(a) EACH_7(m, __VA_ARGS__)
#define NINTH(a, b, c, d, e, f, g, h, i, ...) i
#define COUNT(...) NINTH(__VA_ARGS__, 8, 7, 6, 5, 4, 3, 2, 1, 0)
#define EACH_OF(n, m, ...) EACH_##n(m, __VA_ARGS__)
#define EACH_COUNTED(n, m, ...) EACH_OF(n, m, __VA_ARGS__)
#define BARE(...) __VA_ARGS__
#define EACH(m, list) EACH_COUNTED(COUNT list, m, BARE list)

/* A parameter's declaration is one of a variable, too. A word holds any of them. */
#define DECLARE(parameter) parameter;
#define LOAD(name) memcpy(&name, words++, sizeof(name));

#define INVOKE_2_40(name, params, args) \
	static CK_RV invoke_##name(const CK_ULONG *words) \
	{ \
		EACH(DECLARE, params) \
		EACH(LOAD, args) \
		return p11->name args; \
	}
#define INVOKE_3_0(name, params, args)
#define INVOKE_3_2(name, params, args)
#define FUNCTION(name, major, minor, params, args) INVOKE_##major##_##minor(name, params, args)
#include "pkcs11/functions.def"

#define LISTED(name, ...) static const CK_RV codes_##name[] = { __VA_ARGS__, CKR_OK };
#define BEYOND(name, code)
#include "p11/misuse/answers.def"
#undef LISTED
#undef BEYOND

#define ENTRY_2_40(fn, declared) \
	{ .name = #fn, .params = #declared, .invoke = invoke_##fn, .codes = codes_##fn },
#define ENTRY_3_0(name, params)
#define ENTRY_3_2(name, params)

struct function functions[] = {
#define FUNCTION(name, major, minor, params, args) ENTRY_##major##_##minor(name, params)
#include "pkcs11/functions.def"
};

const size_t function_count = LENGTH(functions);

static const struct {
	const char *function;
	CK_RV code;
} beyond[] = {
#define LISTED(name, ...)
#define BEYOND(name, code) { #name, code },
#include "p11/misuse/answers.def"
#undef LISTED
#undef BEYOND
	{ "", CKR_OK },
};

/* --- arguments with which a call can succeed ---------------------------- */

static CK_BYTE p256[] = { 6, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 3, 1, 7 };

static const CK_ATTRIBUTE nothing[] = { A_END };
static const CK_ATTRIBUTE aes_key[] = { A_ULONG(CKA_VALUE_LEN, 16), A_END };
static const CK_ATTRIBUTE public_half[] = { A_BYTES(CKA_EC_PARAMS, p256), A_END };
static const CK_ATTRIBUTE private_half[] = { A_BOOL(CKA_EXTRACTABLE, CK_TRUE), A_END };
static const CK_ATTRIBUTE label[] = { A_TEXT(CKA_LABEL, "misused"), A_END };
static const CK_ATTRIBUTE unwrapped[] = {
	A_ULONG(CKA_CLASS, CKO_SECRET_KEY),
	A_ULONG(CKA_KEY_TYPE, CKK_AES),
	A_END,
};
static const CK_ATTRIBUTE derived[] = {
	A_ULONG(CKA_CLASS, CKO_SECRET_KEY),
	A_ULONG(CKA_KEY_TYPE, CKK_GENERIC_SECRET),
	A_ULONG(CKA_VALUE_LEN, 16),
	A_END,
};

/* Mechanism, keys for the first and the second handle, templates for both. */
#define USUAL(name, ckm, key, other, first, second) \
	.function = (name), .mechanism = (ckm), .keys = { (key), (other) }, \
	.templates = { (first), (second) }

static const struct usual usuals[] = {
	/* any other function */
	{ USUAL("", CKM_SHA256, AES, AES, nothing, nothing) },
	{ USUAL("C_CopyObject", CKM_SHA256, DATA, AES, label, nothing) },
	{ USUAL("C_SetAttributeValue", CKM_SHA256, DATA, AES, label, nothing) },
	{ USUAL("C_FindObjectsInit", CKM_SHA256, DATA, AES, label, nothing) },
	{ USUAL("C_EncryptInit", CKM_AES_CBC_PAD, AES, AES, nothing, nothing) },
	{ USUAL("C_DecryptInit", CKM_AES_CBC_PAD, AES, AES, nothing, nothing) },
	{ USUAL("C_SignInit", CKM_SHA256_RSA_PKCS, RSA_PRIVATE, AES, nothing, nothing) },
	{ USUAL("C_VerifyInit", CKM_SHA256_RSA_PKCS, RSA_PUBLIC, AES, nothing, nothing) },
	{ USUAL("C_SignRecoverInit", CKM_RSA_PKCS, RSA_PRIVATE, AES, nothing, nothing) },
	{ USUAL("C_VerifyRecoverInit", CKM_RSA_PKCS, RSA_PUBLIC, AES, nothing, nothing) },
	{ USUAL("C_GenerateKey", CKM_AES_KEY_GEN, AES, AES, aes_key, nothing) },
	{ USUAL("C_GenerateKeyPair", CKM_EC_KEY_PAIR_GEN, AES, AES, public_half, private_half) },
	{ USUAL("C_WrapKey", CKM_AES_KEY_WRAP, AES, AES, nothing, nothing) },
	/* what it gets is the key that was wrapped before */
	{ USUAL("C_UnwrapKey", CKM_AES_KEY_WRAP, AES, AES, unwrapped, nothing), .input = 1 },
	{ USUAL("C_DeriveKey", CKM_ECDH1_DERIVE, EC_PRIVATE, AES, derived, nothing) },
	/* NULL: a template that makes an object of any kind */
	{ USUAL("C_CreateObject", CKM_SHA256, AES, AES, NULL, nothing) },
};

static const struct usual *usual_find(const char *name)
{
	for (size_t i = 1; i < LENGTH(usuals); i++)
		if (strcmp(usuals[i].function, name) == 0)
			return &usuals[i];
	return &usuals[0];
}

/* --- declarations ------------------------------------------------------- */

/*
 * Types of parameters in a row and what they are for. The first pattern that fits
 * wins; a name, where there is one, must fit, too.
 */
static const struct pattern {
	const char *types[3];
	const char *name;
	enum role role;
	size_t unit;
} patterns[] = {
	{ { "CK_SESSION_HANDLE" }, NULL, R_SESSION, 0 },
	{ { "CK_OBJECT_HANDLE" }, NULL, R_OBJECT, 0 },
	{ { "CK_SLOT_ID" }, NULL, R_SLOT, 0 },
	{ { "CK_FLAGS" }, NULL, R_FLAGS, 0 },
	{ { "CK_BBOOL" }, NULL, R_BOOL, 0 },
	{ { "CK_USER_TYPE" }, NULL, R_USER, 0 },
	{ { "CK_MECHANISM_TYPE" }, NULL, R_MECHANISM_TYPE, 0 },
	{ { "CK_NOTIFY" }, NULL, R_CALLBACK, 0 },
	{ { "CK_VOID_PTR" }, "pInitArgs", R_INIT_ARGS, 0 },
	{ { "CK_VOID_PTR" }, NULL, R_RESERVED, 0 },
	{ { "CK_MECHANISM_PTR" }, NULL, R_MECHANISM, 0 },
	{ { "CK_OBJECT_HANDLE_PTR", "CK_ULONG", "CK_ULONG_PTR" }, NULL, R_FOUND,
	  sizeof(CK_OBJECT_HANDLE) },
	{ { "CK_BYTE_PTR", "CK_ULONG_PTR" }, NULL, R_OUT, 1 },
	{ { "CK_SLOT_ID_PTR", "CK_ULONG_PTR" }, NULL, R_OUT, sizeof(CK_SLOT_ID) },
	{ { "CK_MECHANISM_TYPE_PTR", "CK_ULONG_PTR" }, NULL, R_OUT, sizeof(CK_MECHANISM_TYPE) },
	{ { "CK_BYTE_PTR", "CK_ULONG" }, "RandomData", R_RANDOM, 1 },
	{ { "CK_BYTE_PTR", "CK_ULONG" }, NULL, R_IN, 1 },
	{ { "CK_UTF8CHAR_PTR", "CK_ULONG" }, NULL, R_PIN, 1 },
	{ { "CK_UTF8CHAR_PTR" }, "pLabel", R_LABEL, 1 },
	{ { "CK_ATTRIBUTE_PTR", "CK_ULONG" }, NULL, R_TEMPLATE, sizeof(CK_ATTRIBUTE) },
	{ { "CK_SESSION_HANDLE_PTR" }, NULL, R_HANDLE, sizeof(CK_SESSION_HANDLE) },
	{ { "CK_OBJECT_HANDLE_PTR" }, NULL, R_HANDLE, sizeof(CK_OBJECT_HANDLE) },
	{ { "CK_SLOT_ID_PTR" }, NULL, R_RESULT, sizeof(CK_SLOT_ID) },
	{ { "CK_ULONG_PTR" }, NULL, R_RESULT, sizeof(CK_ULONG) },
	{ { "CK_INFO_PTR" }, NULL, R_RESULT, sizeof(CK_INFO) },
	{ { "CK_SLOT_INFO_PTR" }, NULL, R_RESULT, sizeof(CK_SLOT_INFO) },
	{ { "CK_TOKEN_INFO_PTR" }, NULL, R_RESULT, sizeof(CK_TOKEN_INFO) },
	{ { "CK_MECHANISM_INFO_PTR" }, NULL, R_RESULT, sizeof(CK_MECHANISM_INFO) },
	{ { "CK_SESSION_INFO_PTR" }, NULL, R_RESULT, sizeof(CK_SESSION_INFO) },
	{ { "CK_FUNCTION_LIST_PTR_PTR" }, NULL, R_RESULT, sizeof(CK_FUNCTION_LIST_PTR) },
};

struct declaration {
	char types[MAX_WORDS][40], names[MAX_WORDS][40];
	unsigned count;
};

/* "(TYPE name, TYPE name)" */
static bool declaration_read(const char *text, struct declaration *d)
{
	d->count = 0;
	for (text++; *text && d->count < MAX_WORDS; d->count++) {
		unsigned i = d->count;
		int used = 0;

		if (sscanf(text, " %39[A-Z0-9_] %39[A-Za-z0-9_]%n", d->types[i], d->names[i],
			   &used) != 2)
			return false;
		text += used;
		if (*text != ',' && *text != ')')
			return false;
		text++;
	}
	return d->count > 0 && *text == 0;
}

static unsigned pattern_length(const struct pattern *p)
{
	unsigned n = 0;

	while (n < LENGTH(p->types) && p->types[n])
		n++;
	return n;
}

static bool pattern_fits(const struct pattern *p, const struct declaration *d, unsigned at)
{
	unsigned n = pattern_length(p);

	if (at + n > d->count || (p->name && strcmp(p->name, d->names[at]) != 0))
		return false;
	for (unsigned i = 0; i < n; i++)
		if (strcmp(p->types[i], d->types[at + i]) != 0)
			return false;
	return true;
}

static const struct pattern *pattern_find(const struct declaration *d, unsigned at)
{
	for (size_t i = 0; i < LENGTH(patterns); i++)
		if (pattern_fits(&patterns[i], d, at))
			return &patterns[i];
	return NULL;
}

static enum role role_of(const struct function *f, const struct pattern *p)
{
	/* the only function whose template is for answers */
	if (p->role == R_TEMPLATE && strcmp(f->name, "C_GetAttributeValue") == 0)
		return R_TEMPLATE_GET;
	return p->role;
}

static unsigned role_count(const struct function *f, enum role role)
{
	unsigned n = 0;

	for (unsigned i = 0; i < f->count; i++)
		n += f->arguments[i].role == role;
	return n;
}

static bool function_prepare(struct function *f)
{
	struct declaration d;
	const struct pattern *p = NULL;

	if (!declaration_read(f->params, &d))
		return false;
	f->count = 0;
	for (unsigned at = 0; at < d.count; at += pattern_length(p)) {
		p = pattern_find(&d, at);
		if (!p)
			return false;

		enum role role = role_of(f, p);
		struct argument a = { role, at, role_count(f, role), p->unit };

		f->arguments[f->count++] = a;
	}
	f->usual = usual_find(f->name);
	return true;
}

bool functions_prepare(void)
{
	for (size_t i = 0; i < function_count; i++)
		if (!function_prepare(&functions[i])) {
			fprintf(stderr, "%s%s: function.c does not know what this is for\n",
				functions[i].name, functions[i].params);
			return false;
		}
	return true;
}

const struct function *function_find(const char *name)
{
	for (size_t i = 0; i < function_count; i++)
		if (strcmp(functions[i].name, name) == 0)
			return &functions[i];
	return NULL;
}

bool function_may_answer(const struct function *f, CK_RV rv)
{
	const CK_RV *code = f->codes;

	while (*code != CKR_OK && *code != rv)
		code++;
	if (*code == rv)
		return true;
	for (size_t i = 0; i < LENGTH(beyond); i++)
		if (beyond[i].code == rv && strcmp(beyond[i].function, f->name) == 0)
			return true;
	return false;
}
