/*
 * Keeps a token busy, or looks whether what it holds is whole:
 *
 *	churn write MODULE LABEL PIN FILE	until FILE is gone; says how many objects it made
 *	churn verify MODULE LABEL PIN		says how many objects there are
 *
 * Each object is a private one whose label, application and value belong together.
 */
#include "config.h"

#include <dlfcn.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "pkcs11/names.h"
#include "pkcs11/pkcs11.h"

#define LEN(a)     (sizeof(a) / sizeof((a)[0]))
#define VALUE_SIZE 3000
#define TEXT_SIZE  64
#define BATCH      8

static CK_FUNCTION_LIST *f;
static CK_SESSION_HANDLE session;

static void must(CK_RV rv, const char *what)
{
	if (rv == CKR_OK)
		return;
	fprintf(stderr, "churn: %s: %s\n", what,
		ckr_name(rv) != NULL ? ckr_name(rv) : "unknown code");
	exit(1);
}

static void load(const char *path)
{
	void *handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);
	void *symbol = handle != NULL ? dlsym(handle, "C_GetFunctionList") : NULL;
	CK_C_GetFunctionList entry;

	if (symbol == NULL) {
		fprintf(stderr, "churn: %s: %s\n", path, dlerror());
		exit(1);
	}
	memcpy(&entry, &symbol, sizeof(entry));
	must(entry(&f), "C_GetFunctionList");
	must(f->C_Initialize(NULL), "C_Initialize");
}

static void login(const char *label, char *pin)
{
	CK_SLOT_ID ids[32];
	CK_ULONG count = LEN(ids);
	size_t len = strlen(label);

	must(f->C_GetSlotList(CK_TRUE, ids, &count), "C_GetSlotList");
	for (CK_ULONG i = 0; i < count; i++) {
		CK_TOKEN_INFO t;

		must(f->C_GetTokenInfo(ids[i], &t), "C_GetTokenInfo");
		if (memcmp(t.label, label, len) != 0 || (len < sizeof(t.label) &&
							 t.label[len] != ' '))
			continue;
		must(f->C_OpenSession(ids[i], CKF_SERIAL_SESSION | CKF_RW_SESSION, NULL, NULL,
				      &session), "C_OpenSession");
		must(f->C_Login(session, CKU_USER, (CK_UTF8CHAR *)pin, strlen(pin)), "C_Login");
		return;
	}
	fprintf(stderr, "churn: no token %s\n", label);
	exit(1);
}

static CK_OBJECT_HANDLE make(unsigned long number)
{
	CK_OBJECT_CLASS class = CKO_DATA;
	CK_BBOOL yes = CK_TRUE;
	unsigned char value[VALUE_SIZE];
	char text[TEXT_SIZE];
	int len = snprintf(text, sizeof(text), "%ld.%lu", (long)getpid(), number);
	CK_ATTRIBUTE t[] = {
		{ CKA_CLASS, &class, sizeof(class) }, { CKA_TOKEN, &yes, sizeof(yes) },
		{ CKA_PRIVATE, &yes, sizeof(yes) },   { CKA_LABEL, text, (CK_ULONG)len },
		{ CKA_APPLICATION, text, (CK_ULONG)len }, { CKA_VALUE, value, sizeof(value) },
	};
	CK_OBJECT_HANDLE h;

	for (size_t i = 0; i < sizeof(value); i++)
		value[i] = (unsigned char)text[i % (size_t)len];
	must(f->C_CreateObject(session, t, LEN(t), &h), "C_CreateObject");
	return h;
}

static void relabel(CK_OBJECT_HANDLE h, unsigned long number)
{
	char text[TEXT_SIZE];
	int len = snprintf(text, sizeof(text), "%ld.%lu changed", (long)getpid(), number);
	CK_ATTRIBUTE t = { CKA_LABEL, text, (CK_ULONG)len };

	must(f->C_SetAttributeValue(session, h, &t, 1), "C_SetAttributeValue");
}

/* Creates, changes and destroys, so that there are never more than BATCH at a time. */
static void write_on(const char *file)
{
	CK_OBJECT_HANDLE kept[BATCH] = { 0 };
	unsigned long n;

	for (n = 0; access(file, F_OK) == 0; n++) {
		CK_OBJECT_HANDLE *h = &kept[n % BATCH];

		if (*h != 0)
			must(f->C_DestroyObject(session, *h), "C_DestroyObject");
		*h = make(n);
		if (n % 2 == 0)
			relabel(*h, n);
	}
	printf("%lu\n", n);
}

static size_t get(CK_OBJECT_HANDLE h, CK_ATTRIBUTE_TYPE type, char *out, size_t cap)
{
	CK_ATTRIBUTE t = { type, out, cap };

	must(f->C_GetAttributeValue(session, h, &t, 1), "C_GetAttributeValue");
	return t.ulValueLen;
}

static void verify(CK_OBJECT_HANDLE h)
{
	char label[TEXT_SIZE], application[TEXT_SIZE], value[VALUE_SIZE];
	size_t label_len = get(h, CKA_LABEL, label, sizeof(label));
	size_t len = get(h, CKA_APPLICATION, application, sizeof(application));
	bool good = get(h, CKA_VALUE, value, sizeof(value)) == sizeof(value) && len > 0 &&
		    label_len >= len && memcmp(label, application, len) == 0;

	for (size_t i = 0; good && i < sizeof(value); i++)
		good = value[i] == application[i % len];
	if (!good) {
		fprintf(stderr, "churn: an object is not whole: %.*s\n", (int)label_len, label);
		exit(1);
	}
}

static void verify_all(void)
{
	CK_OBJECT_CLASS class = CKO_DATA;
	CK_ATTRIBUTE wanted = { CKA_CLASS, &class, sizeof(class) };
	CK_OBJECT_HANDLE h;
	CK_ULONG found, count = 0;

	must(f->C_FindObjectsInit(session, &wanted, 1), "C_FindObjectsInit");
	for (;; count++) {
		must(f->C_FindObjects(session, &h, 1, &found), "C_FindObjects");
		if (found == 0)
			break;
		verify(h);
	}
	must(f->C_FindObjectsFinal(session), "C_FindObjectsFinal");
	printf("%lu\n", count);
}

int main(int argc, char **argv)
{
	bool writes = argc == 6 && strcmp(argv[1], "write") == 0;

	if (!writes && (argc != 5 || strcmp(argv[1], "verify") != 0)) {
		fputs("usage: churn write|verify MODULE LABEL PIN [FILE]\n", stderr);
		return 1;
	}
	load(argv[2]);
	login(argv[3], argv[4]);
	if (writes)
		write_on(argv[5]);
	else
		verify_all();
	must(f->C_Finalize(NULL), "C_Finalize");
	return 0;
}
