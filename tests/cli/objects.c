/*
 * Lists what a token holds, a line an object, and tries every private key:
 *
 *	objects MODULE LABEL PIN
 *
 * A private key signs; the public key with the same id, if there is one, verifies. The tests
 *compare the lines of two modules, so nothing in them depends on handles or chance.
 */
#include "config.h"

#include <dlfcn.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pkcs11/names.h"
#include "pkcs11/pkcs11.h"

#define LEN(a)      (sizeof(a) / sizeof((a)[0]))
#define OBJECTS_MAX 64
#define VALUE_MAX   512

struct flag {
	CK_ATTRIBUTE_TYPE type;
	const char *name;
};

/* Shown as "name" or "!name"; left out where an object has no such attribute. */
static const struct flag flags[] = {
	{ CKA_PRIVATE, "private" },         { CKA_SENSITIVE, "sensitive" },
	{ CKA_EXTRACTABLE, "extractable" }, { CKA_SIGN, "sign" },
	{ CKA_VERIFY, "verify" },           { CKA_ENCRYPT, "encrypt" },
	{ CKA_DECRYPT, "decrypt" },         { CKA_WRAP, "wrap" },
	{ CKA_UNWRAP, "unwrap" },           { CKA_LOCAL, "local" },
};

struct trial {
	CK_KEY_TYPE type;
	CK_MECHANISM_TYPE mechanism;
	CK_ULONG len; /* of the data to sign */
};

static const struct trial trials[] = {
	{ CKK_RSA, CKM_SHA256_RSA_PKCS, 40 },
	{ CKK_DSA, CKM_DSA, 20 },
	{ CKK_EC, CKM_ECDSA, 32 },
	{ CKK_EC_EDWARDS, CKM_EDDSA, 40 },
};

static CK_FUNCTION_LIST *f;
static CK_SESSION_HANDLE session;

static void must(CK_RV rv, const char *what)
{
	if (rv == CKR_OK)
		return;
	fprintf(stderr, "objects: %s: %s\n", what,
	        ckr_name(rv) != NULL ? ckr_name(rv) : "unknown code");
	exit(1);
}

static void load(const char *path)
{
	void *handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);
	void *symbol = handle != NULL ? dlsym(handle, "C_GetFunctionList") : NULL;
	CK_C_GetFunctionList entry;

	if (symbol == NULL) {
		fprintf(stderr, "objects: %s: %s\n", path, dlerror());
		exit(1);
	}
	memcpy(&entry, &symbol, sizeof(entry));
	must(entry(&f), "C_GetFunctionList");
	must(f->C_Initialize(NULL), "C_Initialize");
}

static CK_SLOT_ID find_slot(const char *label)
{
	CK_SLOT_ID ids[32];
	CK_ULONG count = LEN(ids);
	size_t len = strlen(label);

	must(f->C_GetSlotList(CK_TRUE, ids, &count), "C_GetSlotList");
	for (CK_ULONG i = 0; i < count; i++) {
		CK_TOKEN_INFO t;

		must(f->C_GetTokenInfo(ids[i], &t), "C_GetTokenInfo");
		if (memcmp(t.label, label, len) == 0 &&
		    (len == sizeof(t.label) || t.label[len] == ' '))
			return ids[i];
	}
	fprintf(stderr, "objects: no token %s\n", label);
	exit(1);
}

/* The length of the value, or -1 when the object has none that can be read. */
static long get(CK_OBJECT_HANDLE object, CK_ATTRIBUTE_TYPE type, void *value, CK_ULONG cap)
{
	CK_ATTRIBUTE a = { type, value, cap };

	return f->C_GetAttributeValue(session, object, &a, 1) == CKR_OK ? (long)a.ulValueLen : -1;
}

static CK_ULONG get_number(CK_OBJECT_HANDLE object, CK_ATTRIBUTE_TYPE type)
{
	CK_ULONG value;

	return get(object, type, &value, sizeof(value)) == (long)sizeof(value)
	               ? value
	               : CK_UNAVAILABLE_INFORMATION;
}

static CK_ULONG find(CK_ATTRIBUTE *wanted, CK_ULONG n, CK_OBJECT_HANDLE *list, CK_ULONG cap)
{
	CK_ULONG count = 0;

	must(f->C_FindObjectsInit(session, wanted, n), "C_FindObjectsInit");
	must(f->C_FindObjects(session, list, cap, &count), "C_FindObjects");
	must(f->C_FindObjectsFinal(session), "C_FindObjectsFinal");
	return count;
}

/* CK_INVALID_HANDLE when there is none. */
static CK_OBJECT_HANDLE public_of(CK_OBJECT_HANDLE private)
{
	unsigned char id[VALUE_MAX];
	CK_OBJECT_CLASS class = CKO_PUBLIC_KEY;
	CK_KEY_TYPE type = get_number(private, CKA_KEY_TYPE);
	long len = get(private, CKA_ID, id, sizeof(id));
	CK_ATTRIBUTE wanted[] = {
		{ CKA_CLASS, &class, sizeof(class) },
		{ CKA_KEY_TYPE, &type, sizeof(type) },
		{ CKA_ID, id, (CK_ULONG)len },
	};
	CK_OBJECT_HANDLE found;

	return len >= 0 && find(wanted, LEN(wanted), &found, 1) == 1 ? found : CK_INVALID_HANDLE;
}

static const struct trial *trial_of(CK_OBJECT_HANDLE key)
{
	CK_KEY_TYPE type = get_number(key, CKA_KEY_TYPE);

	for (size_t i = 0; i < LEN(trials); i++)
		if (trials[i].type == type)
			return &trials[i];
	return NULL;
}

static CK_RV try_key(CK_OBJECT_HANDLE private, const struct trial *t, const char **did)
{
	CK_MECHANISM m = { t->mechanism, NULL, 0 };
	CK_OBJECT_HANDLE public = public_of(private);
	unsigned char data[64] = "forty bytes that are signed and verified";
	unsigned char signature[VALUE_MAX];
	CK_ULONG len = sizeof(signature);
	CK_RV rv;

	rv = f->C_SignInit(session, &m, private);
	if (rv == CKR_OK)
		rv = f->C_Sign(session, data, t->len, signature, &len);
	*did = "signs";
	if (rv != CKR_OK || public == CK_INVALID_HANDLE)
		return rv;
	rv = f->C_VerifyInit(session, &m, public);
	if (rv == CKR_OK)
		rv = f->C_Verify(session, data, t->len, signature, len);
	*did = "signs and its public key verifies";
	return rv;
}

static void show_trial(CK_OBJECT_HANDLE key)
{
	const struct trial *t = trial_of(key);
	const char *did;
	CK_RV rv;

	if (t == NULL)
		return;
	rv = try_key(key, t, &did);
	if (rv == CKR_OK)
		printf(": %s", did);
	else
		printf(": %s NOT: %s", did, ckr_name(rv) != NULL ? ckr_name(rv) : "unknown code");
}

static void show_bytes(CK_OBJECT_HANDLE object)
{
	unsigned char value[VALUE_MAX];
	long len = get(object, CKA_LABEL, value, sizeof(value));

	printf(" label=%.*s id=", len > 0 ? (int)len : 0, value);
	len = get(object, CKA_ID, value, sizeof(value));
	for (long i = 0; i < len; i++)
		printf("%02x", value[i]);
	len = get(object, CKA_SERIAL_NUMBER, value, sizeof(value));
	if (len > 0)
		printf(" serial=");
	for (long i = 0; i < len; i++)
		printf("%02x", value[i]);
}

static void show(CK_OBJECT_HANDLE object)
{
	CK_OBJECT_CLASS class = get_number(object, CKA_CLASS);
	CK_KEY_TYPE type = get_number(object, CKA_KEY_TYPE);

	printf("%s %s", cko_name(class), class == CKO_CERTIFICATE ? "" : ckk_name(type));
	show_bytes(object);
	for (size_t i = 0; i < LEN(flags); i++) {
		CK_BBOOL value;

		if (get(object, flags[i].type, &value, sizeof(value)) == (long)sizeof(value))
			printf(" %s%s", value ? "" : "!", flags[i].name);
	}
	if (class == CKO_PRIVATE_KEY)
		show_trial(object);
	putchar('\n');
}

int main(int argc, char **argv)
{
	CK_OBJECT_HANDLE list[OBJECTS_MAX];
	CK_ULONG count;

	if (argc != 4) {
		fputs("usage: objects MODULE LABEL PIN\n", stderr);
		return 1;
	}
	load(argv[1]);
	must(f->C_OpenSession(find_slot(argv[2]), CKF_SERIAL_SESSION | CKF_RW_SESSION, NULL, NULL,
	                      &session),
	     "C_OpenSession");
	must(f->C_Login(session, CKU_USER, (CK_UTF8CHAR *)argv[3], strlen(argv[3])), "C_Login");
	count = find(NULL, 0, list, LEN(list));
	for (CK_ULONG i = 0; i < count; i++)
		show(list[i]);
	must(f->C_Finalize(NULL), "C_Finalize");
	return 0;
}
