#include "config.h"

#include "p11/object/object.h"

/* --- access: who may do what with which object -------------------------- */

static const struct storage {
	const char *name;
	CK_BBOOL token, private;
} storages[] = {
	{ "public_session", CK_FALSE, CK_FALSE },
	{ "private_session", CK_FALSE, CK_TRUE },
	{ "public_token", CK_TRUE, CK_FALSE },
	{ "private_token", CK_TRUE, CK_TRUE },
};

/* Answers of whatever writes an object; section "Object access" of the standard. */
static CK_RV write_answer(const struct storage *to, enum state state)
{
	bool user = state == RO_USER || state == RW_USER;

	if (to->token && (state == RO_PUBLIC || state == RO_USER))
		return CKR_SESSION_READ_ONLY;
	return to->private && !user ? CKR_USER_NOT_LOGGED_IN : CKR_OK;
}

static CK_RV kind_make_in(CK_SESSION_HANDLE s, enum kind kind, const struct storage *to,
			  CK_OBJECT_HANDLE *out)
{
	const CK_ATTRIBUTE more[] = {
		A_BOOL(CKA_TOKEN, to->token), A_BOOL(CKA_PRIVATE, to->private),
		A_TEXT(CKA_LABEL, "access"), A_END,
	};

	return kind_make(s, kind, more, out);
}

static CK_RV storage_make(CK_SESSION_HANDLE s, const struct storage *to, CK_OBJECT_HANDLE *out)
{
	return kind_make_in(s, DATA, to, out);
}

struct create_case {
	enum kind kind;
	const struct storage *to;
};

static CK_RV access_create(struct ctx *c)
{
	const struct create_case *v = c->arg;
	CK_OBJECT_HANDLE o = 0;
	CK_RV rv = kind_make_in(c->s, v->kind, v->to, &o);

	return rv == CKR_OK ? p11->C_DestroyObject(c->s, o) : rv;
}

static CK_RV access_copy(struct ctx *c)
{
	const struct storage *to = c->arg;
	CK_ATTRIBUTE t[] = { A_BOOL(CKA_TOKEN, to->token), A_BOOL(CKA_PRIVATE, to->private) };
	CK_OBJECT_HANDLE from = 0, o = 0;
	CK_RV rv = storage_make(c->s, &storages[0], &from);

	return rv == CKR_OK ? p11->C_CopyObject(c->s, from, t, LENGTH(t), &o) : rv;
}

static CK_RV access_generate(struct ctx *c)
{
	const struct storage *to = c->arg;
	CK_MECHANISM m = { CKM_AES_KEY_GEN, NULL, 0 };
	CK_ATTRIBUTE t[] = {
		A_ULONG(CKA_VALUE_LEN, 16), A_BOOL(CKA_TOKEN, to->token),
		A_BOOL(CKA_PRIVATE, to->private),
	};
	CK_OBJECT_HANDLE o = 0;

	return p11->C_GenerateKey(c->s, &m, t, LENGTH(t), &o);
}

/* The private key is kept as asked, the public key is a public session object. */
static CK_RV access_generate_pair(struct ctx *c)
{
	static CK_BYTE p256[] = { 6, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 3, 1, 7 };
	const struct storage *to = c->arg;
	CK_MECHANISM m = { CKM_EC_KEY_PAIR_GEN, NULL, 0 };
	CK_ATTRIBUTE public[] = { A_BYTES(CKA_EC_PARAMS, p256) };
	CK_ATTRIBUTE private[] = {
		A_BOOL(CKA_TOKEN, to->token), A_BOOL(CKA_PRIVATE, to->private),
	};
	CK_OBJECT_HANDLE o[2] = { 0 };

	return p11->C_GenerateKeyPair(c->s, &m, public, LENGTH(public), private, LENGTH(private),
				      &o[0], &o[1]);
}

/* The object of the row: a session object is the session's own, a token object is found. */
static CK_RV access_object(struct ctx *c, CK_OBJECT_HANDLE *out)
{
	const struct storage *from = c->arg;
	CK_ATTRIBUTE t[] = {
		A_BOOL(CKA_TOKEN, CK_TRUE), A_BOOL(CKA_PRIVATE, from->private),
		A_TEXT(CKA_LABEL, "access"), A_END,
	};
	CK_ULONG found = 0;
	CK_RV rv = CKR_OK;

	if (!from->token)
		return storage_make(c->s, from, out);
	rv = object_find(c->s, t, out, 1, &found);
	return rv == CKR_OK ? want(found == 1) : rv;
}

static CK_RV access_get(struct ctx *c)
{
	const CK_ATTRIBUTE label = A_TEXT(CKA_LABEL, "access");
	CK_OBJECT_HANDLE o = 0;
	CK_RV rv = access_object(c, &o);

	return rv == CKR_OK ? attr_is(c->s, o, &label) : rv;
}

static CK_RV access_set(struct ctx *c)
{
	CK_ATTRIBUTE t[] = { A_TEXT(CKA_LABEL, "access") };
	CK_OBJECT_HANDLE o = 0;
	CK_RV rv = access_object(c, &o);

	return rv == CKR_OK ? p11->C_SetAttributeValue(c->s, o, t, 1) : rv;
}

static CK_RV access_destroy(struct ctx *c)
{
	CK_OBJECT_HANDLE o = 0;
	CK_RV rv = access_object(c, &o);

	return rv == CKR_OK ? p11->C_DestroyObject(c->s, o) : rv;
}

/* Private objects are not seen, whoever asks, unless the user is logged in. */
static CK_RV access_find(struct ctx *c)
{
	CK_OBJECT_HANDLE o = 0;

	return access_object(c, &o);
}

/* Leaves one token object of that storage behind. */
static CK_RV access_prepare(struct ctx *c)
{
	const struct storage *to = c->arg;
	CK_ATTRIBUTE t[] = { A_TEXT(CKA_LABEL, "access"), A_END };
	CK_OBJECT_HANDLE o[16];
	CK_ULONG found = 0;
	CK_RV rv = object_find(c->s, t, o, LENGTH(o), &found);

	while (rv == CKR_OK && found > 0)
		rv = p11->C_DestroyObject(c->s, o[--found]);
	return rv == CKR_OK && to->token ? storage_make(c->s, to, &o[0]) : rv;
}

void test_access_make(void)
{
	static const struct {
		const char *name;
		CK_RV (*call)(struct ctx *);
	} makers[] = {
		{ "copy_to", access_copy },
		{ "generate", access_generate },
		{ "generate_pair", access_generate_pair },
	};

	for (size_t m = 0; m < LENGTH(makers); m++)
		for (size_t i = 0; i < LENGTH(storages); i++)
			for (enum state state = RO_PUBLIC; state <= RW_SO; state++)
				row_runf(state, makers[m].call, &storages[i],
					 write_answer(&storages[i], state), "access_%s_%s_%s",
					 makers[m].name, storages[i].name, state_name(state));
}

void test_access_create(void)
{
	for (enum kind kind = DATA; kind < KINDS_OF_REFERENCE; kind++)
		for (size_t i = 0; i < LENGTH(storages); i++)
			for (enum state state = RO_PUBLIC; state <= RW_SO; state++) {
				struct create_case v = { kind, &storages[i] };

				row_runf(state, access_create, &v, write_answer(v.to, state),
					 "access_create_%s_%s_%s", kind_names[kind],
					 storages[i].name, state_name(state));
			}
}

void test_access_use(void)
{
	static const struct {
		const char *name;
		CK_RV (*call)(struct ctx *);
		bool writes;
	} users[] = {
		{ "find", access_find, false },
		{ "get", access_get, false },
		{ "set", access_set, true },
		{ "destroy", access_destroy, true },
	};

	for (size_t u = 0; u < LENGTH(users); u++)
		for (size_t i = 0; i < LENGTH(storages); i++)
			for (enum state state = RO_PUBLIC; state <= RW_SO; state++) {
				bool user = state == RO_USER || state == RW_USER;

				/* without the user there is no private object to begin with */
				if (storages[i].private && !user &&
				    (u > 0 || !storages[i].token))
					continue;
				row_runf(RW_USER, access_prepare, &storages[i], CKR_OK,
					 "make_access_%s_%s_%s", users[u].name,
					 storages[i].name, state_name(state));
				row_runf(state, users[u].call, &storages[i],
					 storages[i].private && !user ? ROW_WRONG :
					 users[u].writes ? write_answer(&storages[i], state) :
							   CKR_OK,
					 "access_%s_%s_%s", users[u].name, storages[i].name,
					 state_name(state));
			}
}
