#include "config.h"

#include "fault/state.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *const pin_texts[PINS] = {
	[PIN_SO] = SO_PIN, [PIN_SO_NEW] = "another-so-pin",
	[PIN_USER] = USER_PIN, [PIN_USER_NEW] = "another-user-pin",
};

static const CK_ATTRIBUTE_TYPE all_types[] = {
#define CKA_NAME(type) type,
#include "pkcs11/names.def"
#undef CKA_NAME
};
#define ALL_TYPES LENGTH(all_types)

/* --- objects ------------------------------------------------------------ */

static void mix(uint64_t *hash, const void *data, size_t len)
{
	const unsigned char *p = data;

	for (size_t i = 0; i < len; i++)
		*hash = (*hash ^ p[i]) * 0x100000001b3u;
}

/* Different in each key that is generated. */
static bool is_random(CK_ATTRIBUTE_TYPE type)
{
	switch (type) {
	case CKA_UNIQUE_ID:
	case CKA_VALUE:
	case CKA_EC_POINT:
	case CKA_CHECK_VALUE:
	case CKA_PUBLIC_KEY_INFO:
		return true;
	}
	return false;
}

static void mix_attribute(struct object_state *o, const CK_ATTRIBUTE *a)
{
	bool filled = a->ulValueLen != 0;

	mix(&o->exact, &a->type, sizeof(a->type));
	mix(&o->exact, &a->ulValueLen, sizeof(a->ulValueLen));
	mix(&o->exact, a->pValue, a->ulValueLen);
	mix(&o->shape, &a->type, sizeof(a->type));
	mix(&o->shape, &filled, sizeof(filled));
	if (!is_random(a->type))
		mix(&o->shape, a->pValue, a->ulValueLen);
}

static bool is_readable(CK_RV rv)
{
	return rv == CKR_OK || rv == CKR_ATTRIBUTE_TYPE_INVALID || rv == CKR_ATTRIBUTE_SENSITIVE;
}

/* The first call tells the sizes and what the object does not have, the second gives values. */
static CK_RV read_attributes(CK_SESSION_HANDLE s, CK_OBJECT_HANDLE h, CK_ATTRIBUTE *t,
			     CK_ULONG *count, CK_BYTE *values, size_t room)
{
	CK_ULONG n = 0;
	CK_RV rv = CKR_OK;

	for (size_t i = 0; i < ALL_TYPES; i++)
		t[i] = (CK_ATTRIBUTE){ all_types[i], NULL, 0 };
	rv = p11->C_GetAttributeValue(s, h, t, ALL_TYPES);
	if (!is_readable(rv))
		return rv;
	for (size_t i = 0; i < ALL_TYPES; i++) {
		if (t[i].ulValueLen == CK_UNAVAILABLE_INFORMATION)
			continue;
		if (t[i].ulValueLen > room)
			return CKR_BUFFER_TOO_SMALL;
		t[n] = t[i];
		t[n++].pValue = values;
		values += t[i].ulValueLen;
		room -= t[i].ulValueLen;
	}
	*count = n;
	return p11->C_GetAttributeValue(s, h, t, n);
}

static void name_object(struct object_state *o, const CK_ATTRIBUTE *t, CK_ULONG count)
{
	CK_OBJECT_CLASS class = CK_UNAVAILABLE_INFORMATION;
	const CK_ATTRIBUTE *label = NULL;

	for (CK_ULONG i = 0; i < count; i++) {
		if (t[i].type == CKA_CLASS && t[i].ulValueLen == sizeof(class))
			memcpy(&class, t[i].pValue, sizeof(class));
		if (t[i].type == CKA_LABEL)
			label = &t[i];
	}
	snprintf(o->name, sizeof(o->name), "%lu %.*s", class, label ? (int)label->ulValueLen : 0,
		 label ? (const char *)label->pValue : "");
}

static CK_RV read_object(CK_SESSION_HANDLE s, CK_OBJECT_HANDLE h, struct object_state *out)
{
	CK_ATTRIBUTE t[ALL_TYPES];
	CK_BYTE values[8192];
	CK_ULONG count = 0;
	CK_RV rv = read_attributes(s, h, t, &count, values, sizeof(values));

	if (rv != CKR_OK)
		return rv;
	*out = (struct object_state){ .exact = 0xcbf29ce484222325u, .shape = 0xcbf29ce484222325u };
	for (CK_ULONG i = 0; i < count; i++)
		mix_attribute(out, &t[i]);
	name_object(out, t, count);
	return CKR_OK;
}

/* --- are the keys any good? --------------------------------------------- */

static CK_RV encrypt_zeros(CK_SESSION_HANDLE s, CK_OBJECT_HANDLE key, CK_BYTE *out)
{
	CK_MECHANISM m = { CKM_AES_ECB, NULL, 0 };
	CK_BYTE zeros[16] = { 0 };
	CK_ULONG len = sizeof(zeros);
	CK_RV rv = p11->C_EncryptInit(s, &m, key);

	return rv == CKR_OK ? p11->C_Encrypt(s, zeros, sizeof(zeros), out, &len) : rv;
}

/* The key's check value is that of its value. */
static CK_RV use_aes(CK_SESSION_HANDLE s, CK_OBJECT_HANDLE key)
{
	CK_BYTE block[16] = { 0 }, check[16] = { 0 };
	CK_ULONG len = sizeof(check);
	CK_BBOOL may = CK_FALSE;
	CK_RV rv = attr_bool(s, key, CKA_ENCRYPT, &may);

	if (rv != CKR_OK || !may)
		return rv;
	rv = encrypt_zeros(s, key, block);
	if (rv == CKR_OK)
		rv = attr_bytes(s, key, CKA_CHECK_VALUE, check, &len);
	return rv == CKR_OK ? want(len == 3 && memcmp(block, check, 3) == 0) : rv;
}

static CK_RV find_public(CK_SESSION_HANDLE s, CK_OBJECT_HANDLE private, CK_OBJECT_HANDLE *out)
{
	CK_BYTE label[64];
	CK_ULONG len = sizeof(label), found = 0;
	CK_RV rv = attr_bytes(s, private, CKA_LABEL, label, &len);
	CK_ATTRIBUTE t[] = { A_ULONG(CKA_CLASS, CKO_PUBLIC_KEY), { CKA_LABEL, label, len }, A_END };

	if (rv == CKR_OK)
		rv = object_find(s, t, out, 1, &found);
	return rv == CKR_OK ? want(found == 1) : rv;
}

static bool may_part;

void state_part_pairs(bool may)
{
	may_part = may;
}

/* What the private key signs its public key verifies: no private key is there without the other. */
static CK_RV use_pair(CK_SESSION_HANDLE s, CK_OBJECT_HANDLE private)
{
	CK_MECHANISM m = { CKM_ECDSA, NULL, 0 };
	CK_BYTE hash[32] = { 7 }, signature[128];
	CK_ULONG len = sizeof(signature);
	CK_OBJECT_HANDLE public = 0;
	CK_RV rv = find_public(s, private, &public);

	if (rv == ROW_WRONG && may_part)
		return CKR_OK;
	if (rv == CKR_OK)
		rv = p11->C_SignInit(s, &m, private);
	if (rv == CKR_OK)
		rv = p11->C_Sign(s, hash, sizeof(hash), signature, &len);
	if (rv == CKR_OK)
		rv = p11->C_VerifyInit(s, &m, public);
	return rv == CKR_OK ? p11->C_Verify(s, hash, sizeof(hash), signature, len) : rv;
}

static CK_RV use_object(CK_SESSION_HANDLE s, CK_OBJECT_HANDLE o)
{
	CK_ULONG class = 0, type = 0;
	CK_RV rv = attr_ulong(s, o, CKA_CLASS, &class);

	if (rv != CKR_OK || class == CKO_DATA)
		return rv;
	rv = attr_ulong(s, o, CKA_KEY_TYPE, &type);
	if (rv == CKR_OK && class == CKO_SECRET_KEY && type == CKK_AES)
		return use_aes(s, o);
	if (rv == CKR_OK && class == CKO_PRIVATE_KEY && type == CKK_EC)
		return use_pair(s, o);
	return rv;
}

static int compare_objects(const void *a, const void *b)
{
	const struct object_state *x = a, *y = b;

	return strcmp(x->name, y->name);
}

CK_RV objects_read(CK_SESSION_HANDLE s, struct objects_state *out)
{
	CK_OBJECT_HANDLE found[STATE_OBJECTS + 1];
	CK_ULONG count = 0;
	CK_RV rv = object_find(s, NULL, found, LENGTH(found), &count);

	if (rv == CKR_OK && count > STATE_OBJECTS)
		rv = CKR_BUFFER_TOO_SMALL;
	for (CK_ULONG i = 0; rv == CKR_OK && i < count; i++) {
		rv = read_object(s, found[i], &out->list[i]);
		if (rv == CKR_OK)
			rv = use_object(s, found[i]);
		if (rv == CKR_SIGNATURE_INVALID)
			rv = ROW_WRONG;
	}
	out->count = rv == CKR_OK ? count : 0;
	qsort(out->list, out->count, sizeof(out->list[0]), compare_objects);
	return rv;
}

/* --- tokens ------------------------------------------------------------- */

/* Logs in with the one of two PINs that is right; PIN_NONE when neither is. */
static CK_RV try_pins(CK_SESSION_HANDLE s, CK_USER_TYPE user, enum pin first, enum pin *out)
{
	*out = PIN_NONE;
	for (enum pin p = first; p <= first + 1; p++) {
		CK_RV rv = login(s, user, pin_texts[p]);

		if (rv == CKR_OK)
			*out = p;
		if (rv == CKR_USER_PIN_NOT_INITIALIZED)
			return CKR_OK;
		if (rv != CKR_PIN_INCORRECT)
			return rv;
	}
	return ROW_WRONG;
}

static CK_RV read_token(CK_SLOT_ID slot, const CK_TOKEN_INFO *info, struct token_state *out)
{
	CK_SESSION_HANDLE s = 0;
	CK_RV rv = session_open(slot, CKF_RW_SESSION, &s);

	memset(out, 0, sizeof(*out));
	for (size_t n = sizeof(info->label); n > 0 && !*out->label; n--)
		if (info->label[n - 1] != ' ')
			memcpy(out->label, info->label, n);
	out->flags = info->flags;
	if (rv == CKR_OK)
		rv = try_pins(s, CKU_USER, PIN_USER, &out->user);
	if (rv == CKR_OK)
		rv = objects_read(s, &out->objects);
	if (rv == CKR_OK && out->user != PIN_NONE)
		rv = p11->C_Logout(s);
	if (rv == CKR_OK)
		rv = try_pins(s, CKU_SO, PIN_SO, &out->so);
	p11->C_CloseAllSessions(slot);
	return rv;
}

static int compare_tokens(const void *a, const void *b)
{
	const struct token_state *x = a, *y = b;

	return strcmp(x->label, y->label);
}

CK_RV state_read(struct tokens_state *out)
{
	CK_SLOT_ID ids[STATE_TOKENS + 1];
	CK_ULONG count = LENGTH(ids);
	CK_TOKEN_INFO info;
	CK_RV rv = slot_list(ids, &count);

	memset(out, 0, sizeof(*out));
	for (CK_ULONG i = 0; rv == CKR_OK && i < count; i++) {
		rv = p11->C_GetTokenInfo(ids[i], &info);
		if (rv != CKR_OK || !(info.flags & CKF_TOKEN_INITIALIZED))
			continue;
		if (out->count == STATE_TOKENS)
			return CKR_BUFFER_TOO_SMALL;
		rv = read_token(ids[i], &info, &out->tokens[out->count++]);
	}
	qsort(out->tokens, out->count, sizeof(out->tokens[0]), compare_tokens);
	return rv;
}

/* --- judgement ---------------------------------------------------------- */

const struct object_state *object_named(const struct objects_state *o, const char *name)
{
	for (CK_ULONG i = 0; i < o->count; i++)
		if (strcmp(o->list[i].name, name) == 0)
			return &o->list[i];
	return NULL;
}

const struct token_state *token_labelled(const struct tokens_state *s, const char *label)
{
	for (CK_ULONG i = 0; i < s->count; i++)
		if (strcmp(s->tokens[i].label, label) == 0)
			return &s->tokens[i];
	return NULL;
}

static bool same_object(const struct object_state *got, const struct object_state *o, bool exact)
{
	return o && (exact ? got->exact == o->exact : got->shape == o->shape);
}

/* All objects of one state, and no others. */
static bool is_all(const struct objects_state *got, const struct objects_state *o,
		   const struct objects_state *old, bool exact)
{
	if (got->count != o->count)
		return false;
	for (CK_ULONG i = 0; i < o->count; i++) {
		const struct object_state *was = object_named(old, o->list[i].name);
		bool untouched = was && was->exact == o->list[i].exact;

		if (strcmp(got->list[i].name, o->list[i].name) != 0 ||
		    !same_object(&got->list[i], &o->list[i], exact || untouched))
			return false;
	}
	return true;
}

/* What is old and new alike is there, and what is there is old or new. */
static const char *between(const struct objects_state *got, const struct objects_state *old,
			   const struct objects_state *new, bool exact)
{
	for (CK_ULONG i = 0; i < got->count; i++) {
		const struct object_state *o = &got->list[i];

		if (i > 0 && strcmp(o->name, got->list[i - 1].name) == 0)
			return "an object is there twice";
		if (!same_object(o, object_named(old, o->name), true) &&
		    !same_object(o, object_named(new, o->name), exact))
			return "an object is neither old nor new";
	}
	for (CK_ULONG i = 0; i < old->count; i++) {
		const char *name = old->list[i].name;

		if (object_named(new, name) && !object_named(got, name))
			return "an object is lost";
	}
	return NULL;
}

const char *objects_judge(const struct objects_state *got, const struct objects_state *old,
			  const struct objects_state *new, unsigned allowed, bool exact)
{
	if ((allowed & ALLOW_OLD) && is_all(got, old, old, true))
		return NULL;
	if ((allowed & ALLOW_NEW) && is_all(got, new, old, exact))
		return NULL;
	if (allowed & ALLOW_BETWEEN)
		return between(got, old, new, exact);
	return allowed == ALLOW_OLD ? "the objects are not the old ones" :
	       allowed == ALLOW_NEW ? "the objects are not the new ones" :
				      "the objects are neither the old nor the new ones";
}

static bool is_one(uint64_t got, uint64_t old, uint64_t new, unsigned allowed)
{
	return ((allowed & (ALLOW_OLD | ALLOW_BETWEEN)) && got == old) ||
	       ((allowed & (ALLOW_NEW | ALLOW_BETWEEN)) && got == new);
}

/* A token that both states have. */
static const char *judge_token(const struct token_state *got, const struct token_state *old,
			       const struct token_state *new, unsigned allowed, bool exact)
{
	if (!is_one(got->flags, old->flags, new->flags, allowed))
		return "flags that the token should not have";
	if (!is_one((uint64_t)got->so, (uint64_t)old->so, (uint64_t)new->so, allowed))
		return "the wrong SO PIN";
	if (!is_one((uint64_t)got->user, (uint64_t)old->user, (uint64_t)new->user, allowed))
		return "the wrong user PIN";
	return objects_judge(&got->objects, &old->objects, &new->objects, allowed, exact);
}

/* One of the tokens that the states do not share: it has come, gone, or has another label. */
static const char *judge_changed(const struct tokens_state *got, const struct tokens_state *old,
				 const struct tokens_state *new, unsigned allowed, bool exact)
{
	for (CK_ULONG i = 0; i < got->count; i++) {
		const struct token_state *t = &got->tokens[i];
		const struct token_state *was = token_labelled(old, t->label);
		const struct token_state *is = token_labelled(new, t->label);
		bool renamed = old->count == new->count;
		const struct token_state *last = renamed ? &old->tokens[i] : is;
		const char *wrong = NULL;

		if (!was && !is)
			return "a token that never was";
		if (was && is)
			wrong = judge_token(t, was, is, allowed, exact);
		else if (was)
			wrong = renamed ? judge_token(t, was, &new->tokens[i], allowed, exact) :
					  judge_token(t, was, was, ALLOW_OLD, true);
		else
			wrong = judge_token(t, last, is, ALLOW_NEW, exact);
		if (wrong)
			return wrong;
	}
	return NULL;
}

const char *state_judge(const struct tokens_state *got, const struct tokens_state *old,
			const struct tokens_state *new, unsigned allowed, bool exact)
{
	bool is_old = got->count == old->count, is_new = got->count == new->count;

	for (CK_ULONG i = 0; i < got->count; i++) {
		is_old = is_old && token_labelled(old, got->tokens[i].label);
		is_new = is_new && token_labelled(new, got->tokens[i].label);
	}
	if (!(is_old && (allowed & (ALLOW_OLD | ALLOW_BETWEEN))) &&
	    !(is_new && (allowed & (ALLOW_NEW | ALLOW_BETWEEN))))
		return "not the tokens that should be there";
	return judge_changed(got, old, new, allowed, exact);
}
