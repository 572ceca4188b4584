/* Templates in the calls that take one: objects created, found, changed, copied and read. */
#include "config.h"

#include "fuzz/fuzz.h"

#include <string.h>

#define MAX_STEPS 8
#define MAX_OBJECTS 4

struct state {
	struct fuzz_input in;
	CK_SESSION_HANDLE s;
	CK_OBJECT_HANDLE objects[MAX_OBJECTS];
	size_t count;
};

static CK_OBJECT_HANDLE take_object(struct state *st)
{
	size_t i = fuzz_take_byte(&st->in);

	/* never one of the keys, which other inputs find as they were */
	return st->count > 0 ? st->objects[i % st->count] : CK_UNAVAILABLE_INFORMATION - i;
}

static void keep(struct state *st, CK_RV rv, CK_OBJECT_HANDLE h)
{
	if (rv == CKR_OK && st->count < MAX_OBJECTS)
		st->objects[st->count++] = h;
}

static void create(struct state *st, CK_ATTRIBUTE *t, CK_ULONG n)
{
	CK_OBJECT_HANDLE h = 0;
	CK_RV rv = C_CreateObject(st->s, t, n, &h);

	keep(st, rv, h);
}

static void copy(struct state *st, CK_ATTRIBUTE *t, CK_ULONG n)
{
	CK_OBJECT_HANDLE h = 0;
	CK_RV rv = C_CopyObject(st->s, take_object(st), t, n, &h);

	keep(st, rv, h);
}

static void find(struct state *st, CK_ATTRIBUTE *t, CK_ULONG n)
{
	CK_OBJECT_HANDLE h[4];
	CK_ULONG found = 0;

	if (C_FindObjectsInit(st->s, t, n) != CKR_OK)
		return;
	fuzz_check(C_FindObjects(st->s, h, ARRAY_LEN(h), &found) == CKR_OK);
	fuzz_check(C_FindObjectsFinal(st->s) == CKR_OK);
}

static void set(struct state *st, CK_ATTRIBUTE *t, CK_ULONG n)
{
	(void)C_SetAttributeValue(st->s, take_object(st), t, n);
}

/* Into buffers as long as the program says, at most a few hundred bytes. */
static void get(struct state *st, CK_ATTRIBUTE *t, CK_ULONG n)
{
	for (CK_ULONG i = 0; i < n; i++) {
		t[i].ulValueLen = fuzz_take_byte(&st->in);
		t[i].pValue = t[i].ulValueLen > 0 ? fuzz_block(&st->in, t[i].ulValueLen) : NULL;
	}
	(void)C_GetAttributeValue(st->s, take_object(st), t, n);
}

static void generate(struct state *st, CK_ATTRIBUTE *t, CK_ULONG n)
{
	CK_MECHANISM m = { CKM_AES_KEY_GEN, NULL, 0 };
	CK_OBJECT_HANDLE h = 0;
	CK_RV rv = C_GenerateKey(st->s, &m, t, n, &h);

	keep(st, rv, h);
}

static void generate_pair(struct state *st, CK_ATTRIBUTE *t, CK_ULONG n)
{
	CK_MECHANISM m = { CKM_EC_KEY_PAIR_GEN, NULL, 0 };
	CK_OBJECT_HANDLE pub = 0, priv = 0;
	CK_ULONG more = 0;
	CK_ATTRIBUTE *other = fuzz_take_template(&st->in, &more);
	CK_RV rv = C_GenerateKeyPair(st->s, &m, t, n, other, more, &pub, &priv);

	keep(st, rv, pub);
	keep(st, rv, priv);
}

/* Of a key that is not there, so that only the template is looked at. */
static void unwrap(struct state *st, CK_ATTRIBUTE *t, CK_ULONG n)
{
	CK_BYTE blob[24] = { 0 };
	CK_MECHANISM m = { CKM_AES_ECB, NULL, 0 };
	CK_OBJECT_HANDLE h = 0;
	CK_RV rv = C_UnwrapKey(st->s, &m, fuzz_key(CKO_SECRET_KEY, CKK_AES), blob, 16, t, n, &h);

	keep(st, rv, h);
}

static void derive(struct state *st, CK_ATTRIBUTE *t, CK_ULONG n)
{
	CK_BYTE data[32] = { 0 };
	CK_KEY_DERIVATION_STRING_DATA p = { data, sizeof(data) };
	CK_MECHANISM m = { CKM_XOR_BASE_AND_DATA, &p, sizeof(p) };
	CK_OBJECT_HANDLE h = 0;
	CK_RV rv = C_DeriveKey(st->s, &m, fuzz_key(CKO_SECRET_KEY, CKK_GENERIC_SECRET), t, n, &h);

	keep(st, rv, h);
}

typedef void step(struct state *st, CK_ATTRIBUTE *t, CK_ULONG n);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static step *const steps[] = { create, find, set,	   get,	   copy,
				       generate, generate_pair, unwrap, derive };
	struct state st = { .in = { data, size, NULL }, .s = fuzz_session() };

	for (unsigned i = 0; i < MAX_STEPS && st.in.len > 0; i++) {
		step *run = steps[fuzz_take_index(&st.in, ARRAY_LEN(steps))];
		CK_ULONG n = 0;
		CK_ATTRIBUTE *t = fuzz_take_template(&st.in, &n);

		run(&st, t, n);
	}
	fuzz_input_end(&st.in);
	fuzz_session_end(st.s);
	return 0;
}
