/* Everything that is done with a token whose files may be damaged. */
#include "config.h"

#include "p11/hostile/hostile.h"

#include <stdio.h>
#include <string.h>

#define MAX_OBJECTS 16

struct bytes {
	CK_BYTE data[1024];
	CK_ULONG len;
};

/* What is signed, encrypted, or agreed with. The first byte is 0, below any modulus. */
static CK_BYTE input[128] = { 0, 1, 2, 3, 4, 5, 6, 7 };
static CK_BYTE hash[20] = "twenty bytes of hash";
static CK_BYTE base_point[32] = { 9 };

static unsigned learning;		/* a kind, or KINDS */

/* --- uses of keys ----------------------------------------------------------- */

typedef CK_RV use_call(CK_SESSION_HANDLE s, CK_OBJECT_HANDLE key, CK_MECHANISM *m,
		       struct bytes *out);

/* A session object with the public key of a kind, which no file can spoil. */
static CK_RV twin(CK_SESSION_HANDLE s, CK_MECHANISM_TYPE type, CK_OBJECT_HANDLE *out)
{
	return kind_make(s, type == CKM_ECDSA ? EC_PUBLIC : DSA_PUBLIC, NULL, out);
}

static CK_RV use_sign(CK_SESSION_HANDLE s, CK_OBJECT_HANDLE key, CK_MECHANISM *m,
		      struct bytes *out)
{
	CK_RV rv = p11->C_SignInit(s, m, key);

	return rv == CKR_OK ? p11->C_Sign(s, hash, sizeof(hash), out->data, &out->len) : rv;
}

/* A signature that is never the same twice: what is compared is that it is right. */
static CK_RV use_sign_random(CK_SESSION_HANDLE s, CK_OBJECT_HANDLE key, CK_MECHANISM *m,
			     struct bytes *out)
{
	CK_OBJECT_HANDLE public = 0;
	CK_RV rv = use_sign(s, key, m, out), verdict = CKR_OK;

	if (rv != CKR_OK)
		return rv;
	verdict = twin(s, m->mechanism, &public);
	if (verdict == CKR_OK)
		verdict = p11->C_VerifyInit(s, m, public);
	if (verdict == CKR_OK)
		verdict = p11->C_Verify(s, hash, sizeof(hash), out->data, out->len);
	out->len = 1;
	out->data[0] = verdict == CKR_OK;
	p11->C_DestroyObject(s, public);
	return CKR_OK;
}

/* A right signature by the private key of the kind; the verdict is compared. */
static CK_RV use_verify(CK_SESSION_HANDLE s, CK_OBJECT_HANDLE key, CK_MECHANISM *m,
			struct bytes *out)
{
	enum kind kind = m->mechanism == CKM_ECDSA ? EC_PRIVATE :
			 m->mechanism == CKM_DSA   ? DSA_PRIVATE : ED_PRIVATE;
	CK_OBJECT_HANDLE private = 0;
	CK_RV rv = kind_make(s, kind, NULL, &private), verdict;

	if (rv == CKR_OK)
		rv = p11->C_VerifyInit(s, m, key);
	if (rv != CKR_OK) {
		p11->C_DestroyObject(s, private);
		return rv;
	}
	/* in between, and in the same session: the two operations have nothing in common */
	verdict = use_sign(s, private, m, out);
	if (verdict == CKR_OK)
		verdict = p11->C_Verify(s, hash, sizeof(hash), out->data, out->len);
	out->len = 1;
	out->data[0] = verdict == CKR_OK;
	p11->C_DestroyObject(s, private);
	return CKR_OK;
}

static CK_RV use_encrypt(CK_SESSION_HANDLE s, CK_OBJECT_HANDLE key, CK_MECHANISM *m,
			 struct bytes *out)
{
	CK_RV rv = p11->C_EncryptInit(s, m, key);

	return rv == CKR_OK ? p11->C_Encrypt(s, input, sizeof(input), out->data, &out->len) : rv;
}

/* Keys with bits that nobody uses (parity in DES, what X25519 sets) may differ in them. */
static CK_RV use_wrap(CK_SESSION_HANDLE s, CK_OBJECT_HANDLE key, CK_MECHANISM *m,
		      struct bytes *out)
{
	CK_OBJECT_HANDLE with = 0;
	CK_ULONG type = 0;
	CK_RV rv = attr_ulong(s, key, CKA_KEY_TYPE, &type);

	if (rv == CKR_OK && learning == KINDS && (type == CKK_DES3 || type == CKK_EC_MONTGOMERY))
		rv = CKR_KEY_NOT_WRAPPABLE;
	if (rv == CKR_OK)
		rv = kind_make(s, AES, NULL, &with);

	if (rv == CKR_OK)
		rv = p11->C_WrapKey(s, m, with, key, out->data, &out->len);
	p11->C_DestroyObject(s, with);
	return rv;
}

/* The derived key can be read. */
static CK_RV use_derive(CK_SESSION_HANDLE s, CK_OBJECT_HANDLE key, CK_MECHANISM *m,
			struct bytes *out)
{
	CK_ATTRIBUTE t[] = {
		A_ULONG(CKA_CLASS, CKO_SECRET_KEY), A_ULONG(CKA_KEY_TYPE, CKK_GENERIC_SECRET),
		A_ULONG(CKA_VALUE_LEN, 32), A_BOOL(CKA_SENSITIVE, CK_FALSE),
		A_BOOL(CKA_EXTRACTABLE, CK_TRUE),
	};
	CK_OBJECT_HANDLE o = 0;
	CK_RV rv = p11->C_DeriveKey(s, m, key, t, LENGTH(t), &o);

	if (rv != CKR_OK)
		return rv;
	rv = attr_bytes(s, o, CKA_VALUE, out->data, &out->len);
	p11->C_DestroyObject(s, o);
	return rv;
}

static CK_ECDH1_DERIVE_PARAMS ecdh = { CKD_NULL, 0, NULL, sizeof(base_point), base_point };

/* A number of the group of DH. */
static CK_BYTE dh_value[64] = { 1, 2, 3, 4, 5 };

static const struct use {
	const char *name;
	use_call *call;
	CK_MECHANISM m;
} uses[] = {
	{ "RSA signature", use_sign, { CKM_SHA256_RSA_PKCS, NULL, 0 } },
	{ "RSA encryption", use_encrypt, { CKM_RSA_X_509, NULL, 0 } },
	{ "ECDSA signature", use_sign_random, { CKM_ECDSA, NULL, 0 } },
	{ "ECDSA verification", use_verify, { CKM_ECDSA, NULL, 0 } },
	{ "EdDSA signature", use_sign, { CKM_EDDSA, NULL, 0 } },
	{ "EdDSA verification", use_verify, { CKM_EDDSA, NULL, 0 } },
	{ "DSA signature", use_sign_random, { CKM_DSA, NULL, 0 } },
	{ "DSA verification", use_verify, { CKM_DSA, NULL, 0 } },
	{ "AES encryption", use_encrypt, { CKM_AES_ECB, NULL, 0 } },
	{ "DES3 encryption", use_encrypt, { CKM_DES3_ECB, NULL, 0 } },
	{ "HMAC", use_sign, { CKM_SHA256_HMAC, NULL, 0 } },
	{ "X25519", use_derive, { CKM_ECDH1_DERIVE, &ecdh, sizeof(ecdh) } },
	{ "DH", use_derive, { CKM_DH_PKCS_DERIVE, dh_value, sizeof(dh_value) } },
	{ "wrapping", use_wrap, { CKM_AES_KEY_WRAP_KWP, NULL, 0 } },
};

/* What each use gives with the undamaged key of each kind; len 0: it fails. */
static struct bytes right[LENGTH(uses)][KINDS];

static bool same(const struct bytes *a, const struct bytes *b)
{
	return a->len > 0 && a->len == b->len && memcmp(a->data, b->data, a->len) == 0;
}

/* --- a visit ------------------------------------------------------------------- */

static char wrong[256];

/* By any kind: a private key that now calls itself public may well work as the public one. */
static void judge(const struct scene *s, size_t use, const struct bytes *out, struct found *found)
{
	bool known = false;

	found->worked++;
	for (size_t i = 0; i < KINDS; i++)
		known |= same(out, &right[use][i]);
	found->bystander |= same(out, &right[use][s->bystander]);
	if (!known)
		snprintf(wrong, sizeof(wrong), "%s gave what no undamaged key gives",
			 uses[use].name);
}

static void use_object(const struct scene *s, CK_SESSION_HANDLE session, CK_OBJECT_HANDLE o,
		       struct found *found)
{
	for (size_t i = 0; i < LENGTH(uses); i++) {
		struct bytes out = { .len = sizeof(out.data) };
		CK_MECHANISM m = uses[i].m;

		if (uses[i].call(session, o, &m, &out) != CKR_OK)
			continue;
		if (learning < KINDS)
			right[i][learning] = out;
		else
			judge(s, i, &out, found);
	}
}

static void read_object(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE o)
{
	static const CK_ATTRIBUTE_TYPE types[] = {
#define CKA_NAME(type) type,
#include "pkcs11/names.def"
	};
	CK_BYTE value[4096];
	CK_ULONG size = 0;

	p11->C_GetObjectSize(session, o, &size);
	for (size_t i = 0; i < LENGTH(types); i++) {
		CK_ATTRIBUTE a = { types[i], NULL, 0 };

		if (p11->C_GetAttributeValue(session, o, &a, 1) != CKR_OK ||
		    a.ulValueLen > sizeof(value) || (types[i] & CKF_ARRAY_ATTRIBUTE) != 0)
			continue;
		a.pValue = value;
		p11->C_GetAttributeValue(session, o, &a, 1);
	}
}

/* Searches by each value that decides about an object, then for all. */
static void find_objects(const struct scene *s, CK_SESSION_HANDLE session, struct found *found)
{
	CK_ATTRIBUTE by[][2] = {
		{ A_ULONG(CKA_CLASS, CKO_PRIVATE_KEY), A_END }, { A_BOOL(CKA_TOKEN, 1), A_END },
		{ A_TEXT(CKA_LABEL, "no such label"), A_END }, { A_EMPTY(CKA_ID), A_END },
	};
	CK_OBJECT_HANDLE all[MAX_OBJECTS];

	for (size_t i = 0; i < LENGTH(by); i++)
		object_find(session, by[i], all, MAX_OBJECTS, &found->objects);
	found->objects = 0;
	found->find = object_find(session, NULL, all, MAX_OBJECTS, &found->objects);
	for (CK_ULONG i = 0; found->find == CKR_OK && i < found->objects; i++) {
		read_object(session, all[i]);
		use_object(s, session, all[i], found);
	}
}

static void visit_slot(const struct scene *s, CK_SLOT_ID slot, struct found *found)
{
	CK_SESSION_HANDLE session = 0;
	CK_TOKEN_INFO info;

	if (p11->C_GetTokenInfo(slot, &info) != CKR_OK || !(info.flags & CKF_TOKEN_INITIALIZED))
		return;
	found->tokens++;
	if (session_open(slot, CKF_RW_SESSION, &session) != CKR_OK)
		return;
	found->login = login(session, CKU_USER, USER_PIN);
	find_objects(s, session, found);
	p11->C_CloseSession(session);
}

const char *visit(const struct scene *s, struct found *found)
{
	CK_SLOT_ID slots[8];
	CK_ULONG n = LENGTH(slots);

	learning = KINDS;
	*wrong = '\0';
	*found = (struct found){ .login = CKR_OK };
	if (module_start() != CKR_OK)
		return "C_Initialize failed";
	if (slot_list(slots, &n) != CKR_OK)
		return "C_GetSlotList failed";
	for (CK_ULONG i = 0; i < n; i++)
		visit_slot(s, slots[i], found);
	if (p11->C_Finalize(NULL) != CKR_OK)
		return "C_Finalize failed";
	return *wrong ? wrong : NULL;
}

CK_RV visit_learn(const struct scene *s)
{
	struct found found = { .login = CKR_OK };
	CK_SLOT_ID slots[8];
	CK_ULONG n = LENGTH(slots);
	struct scene alone = *s;
	CK_RV rv;

	alone.count = 1;
	if (!scene_set(&alone))
		return ROW_BROKEN;
	rv = module_start();
	if (rv == CKR_OK)
		rv = slot_list(slots, &n);
	learning = s->kind;
	if (rv == CKR_OK)
		visit_slot(&alone, slots[0], &found);
	p11->C_Finalize(NULL);
	return rv == CKR_OK ? want(found.objects == 1) : rv;
}
