#include "config.h"

#include <string.h>

#include "p11/kinds.h"
#include "p11/session/session.h"

static CK_BYTE iv[16] = { 1, 2, 3 };
static CK_BYTE data[128] = { 0, 1, 2, 3 };

/* --- one of each kind ---------------------------------------------------- */

typedef CK_RV begin_fn(CK_SESSION_HANDLE s, CK_MECHANISM *m, CK_OBJECT_HANDLE key);

static CK_RV begin_encrypt(CK_SESSION_HANDLE s, CK_MECHANISM *m, CK_OBJECT_HANDLE key)
{
	return p11->C_EncryptInit(s, m, key);
}

static CK_RV begin_decrypt(CK_SESSION_HANDLE s, CK_MECHANISM *m, CK_OBJECT_HANDLE key)
{
	return p11->C_DecryptInit(s, m, key);
}

static CK_RV begin_digest(CK_SESSION_HANDLE s, CK_MECHANISM *m, CK_OBJECT_HANDLE key)
{
	(void)key;
	return p11->C_DigestInit(s, m);
}

static CK_RV begin_sign(CK_SESSION_HANDLE s, CK_MECHANISM *m, CK_OBJECT_HANDLE key)
{
	return p11->C_SignInit(s, m, key);
}

static CK_RV begin_verify(CK_SESSION_HANDLE s, CK_MECHANISM *m, CK_OBJECT_HANDLE key)
{
	return p11->C_VerifyInit(s, m, key);
}

static CK_RV begin_sign_recover(CK_SESSION_HANDLE s, CK_MECHANISM *m, CK_OBJECT_HANDLE key)
{
	return p11->C_SignRecoverInit(s, m, key);
}

static CK_RV begin_verify_recover(CK_SESSION_HANDLE s, CK_MECHANISM *m, CK_OBJECT_HANDLE key)
{
	return p11->C_VerifyRecoverInit(s, m, key);
}

/* A call that goes on with the operation; its answer tells whether there is one. */
static CK_RV go_on(CK_SESSION_HANDLE s, begin_fn *begin)
{
	CK_BYTE out[256];
	CK_ULONG len = sizeof(out);
	CK_RV rv = CKR_OK;

	if (begin == begin_encrypt)
		return p11->C_EncryptUpdate(s, data, 16, out, &len);
	if (begin == begin_decrypt)
		return p11->C_DecryptUpdate(s, data, 16, out, &len);
	if (begin == begin_digest)
		return p11->C_DigestUpdate(s, data, 16);
	if (begin == begin_sign)
		return p11->C_SignUpdate(s, data, 16);
	if (begin == begin_verify)
		return p11->C_VerifyUpdate(s, data, 16);
	if (begin == begin_sign_recover)
		return p11->C_SignRecover(s, data, 16, out, &len);
	/* any answer but one means that there was an operation */
	rv = p11->C_VerifyRecover(s, data, sizeof(data), out, &len);
	return rv == CKR_OPERATION_NOT_INITIALIZED ? rv : CKR_OK;
}

static const struct operation {
	const char *name;
	begin_fn *begin;
	CK_MECHANISM m;
	enum kind key;		/* KINDS: none */
} operations[] = {
	{ "encrypt", begin_encrypt, { CKM_AES_CBC, iv, sizeof(iv) }, AES },
	{ "decrypt", begin_decrypt, { CKM_AES_CBC, iv, sizeof(iv) }, AES },
	{ "digest", begin_digest, { CKM_SHA256, NULL, 0 }, KINDS },
	{ "sign", begin_sign, { CKM_SHA_1_HMAC, NULL, 0 }, GENERIC },
	{ "verify", begin_verify, { CKM_SHA_1_HMAC, NULL, 0 }, GENERIC },
	{ "sign_rsa", begin_sign, { CKM_SHA256_RSA_PKCS, NULL, 0 }, RSA_PRIVATE },
	{ "sign_recover", begin_sign_recover, { CKM_RSA_PKCS, NULL, 0 }, RSA_PRIVATE },
	{ "verify_recover", begin_verify_recover, { CKM_RSA_PKCS, NULL, 0 }, RSA_PUBLIC },
};

/* "sign_rsa" is another sign. */
#define EACH_KIND(i) ((i) != 5)

static CK_RV begin(CK_SESSION_HANDLE s, const struct operation *o, bool private)
{
	const CK_ATTRIBUTE more[] = { A_BOOL(CKA_PRIVATE, private ? CK_TRUE : CK_FALSE), A_END };
	CK_MECHANISM m = o->m;
	CK_OBJECT_HANDLE key = 0;
	CK_RV rv = o->key == KINDS ? CKR_OK : kind_make(s, o->key, more, &key);

	return rv == CKR_OK ? o->begin(s, &m, key) : rv;
}

static CK_RV after_logout(struct ctx *c, bool private)
{
	const struct operation *o = c->arg;
	CK_RV rv = begin(c->s, o, private);

	if (rv == CKR_OK)
		rv = p11->C_Logout(c->s);
	return rv == CKR_OK ? go_on(c->s, o->begin) : rv;
}

static CK_RV after_logout_private(struct ctx *c)
{
	return after_logout(c, true);
}

static CK_RV after_logout_public(struct ctx *c)
{
	return after_logout(c, false);
}

/* Out and in again: the operation of the login before is over all the same. */
static CK_RV after_login_again(struct ctx *c)
{
	const struct operation *o = c->arg;
	CK_RV rv = begin(c->s, o, true);

	if (rv == CKR_OK)
		rv = p11->C_Logout(c->s);
	if (rv == CKR_OK)
		rv = login(c->s, CKU_USER, USER_PIN);
	return rv == CKR_OK ? go_on(c->s, o->begin) : rv;
}

/* And there is room for a new one. */
static CK_RV begin_after_logout(struct ctx *c)
{
	const struct operation *o = c->arg;
	CK_RV rv = begin(c->s, o, true);

	if (rv == CKR_OK)
		rv = p11->C_Logout(c->s);
	return rv == CKR_OK ? begin(c->s, o, false) : rv;
}

static CK_RV begin_twice(struct ctx *c)
{
	const struct operation *o = c->arg;
	CK_RV rv = begin(c->s, o, false);

	return rv == CKR_OK ? begin(c->s, o, false) : rv;
}

/* A mechanism that does not exist: nothing is active afterwards. */
static CK_RV after_failed_init(struct ctx *c)
{
	const struct operation *o = c->arg;
	struct operation wrong = *o;
	CK_RV rv = CKR_OK;

	wrong.m = (CK_MECHANISM){ CKM_VENDOR_DEFINED, NULL, 0 };
	rv = begin(c->s, &wrong, false);
	if (rv != CKR_MECHANISM_INVALID)
		return rv == CKR_OK ? ROW_WRONG : rv;
	return go_on(c->s, o->begin);
}

/* Without a mechanism, in 2.40, the call is wrong and changes nothing. */
static CK_RV null_leaves_active(struct ctx *c)
{
	const struct operation *o = c->arg;
	CK_RV rv = begin(c->s, o, false);

	if (rv == CKR_OK)
		rv = want(o->begin(c->s, NULL, 0) == CKR_ARGUMENTS_BAD);
	return rv == CKR_OK ? go_on(c->s, o->begin) : rv;
}

static CK_RV nothing_begun(struct ctx *c)
{
	const struct operation *o = c->arg;

	return go_on(c->s, o->begin);
}

static void test_each(void)
{
	for (size_t i = 0; i < LENGTH(operations); i++) {
		const struct operation *o = &operations[i];

		row_runf(RW_USER, after_logout_private, o,
			 o->key == KINDS ? CKR_OK : CKR_OPERATION_NOT_INITIALIZED,
			 "logout_private_%s", o->name);
		row_runf(RW_USER, after_logout_public, o, CKR_OK, "logout_public_%s", o->name);
		row_runf(RW_USER, after_login_again, o,
			 o->key == KINDS ? CKR_OK : CKR_OPERATION_NOT_INITIALIZED,
			 "logout_and_in_%s", o->name);
		row_runf(RW_USER, begin_after_logout, o,
			 o->key == KINDS ? CKR_OPERATION_ACTIVE : CKR_OK,
			 "logout_makes_room_%s", o->name);
		row_runf(RW_USER, begin_twice, o, CKR_OPERATION_ACTIVE, "begin_twice_%s", o->name);
		row_runf(RW_USER, after_failed_init, o, CKR_OPERATION_NOT_INITIALIZED,
			 "failed_init_%s", o->name);
		row_runf(RW_USER, null_leaves_active, o, CKR_OK, "init_null_%s", o->name);
		row_runf(RW_USER, nothing_begun, o, CKR_OPERATION_NOT_INITIALIZED,
			 "not_begun_%s", o->name);
	}
}

static CK_RV all_kinds_at_once(struct ctx *c)
{
	CK_RV rv = CKR_OK;

	for (size_t i = 0; rv == CKR_OK && i < LENGTH(operations); i++)
		if (EACH_KIND(i))
			rv = begin(c->s, &operations[i], false);
	for (size_t i = LENGTH(operations); rv == CKR_OK && i > 0; i--)
		if (EACH_KIND(i - 1))
			rv = go_on(c->s, operations[i - 1].begin);
	return rv;
}

static CK_RV search_beside_all_kinds(struct ctx *c)
{
	CK_OBJECT_HANDLE found[64];
	CK_ULONG n = 0;
	CK_RV rv = p11->C_FindObjectsInit(c->s, NULL, 0);

	if (rv == CKR_OK)
		rv = all_kinds_at_once(c);
	if (rv == CKR_OK)
		rv = p11->C_FindObjects(c->s, found, LENGTH(found), &n);
	return rv == CKR_OK ? p11->C_FindObjectsFinal(c->s) : rv;
}

/* Another session logs out, and perhaps in again. */
static CK_RV logout_elsewhere(struct ctx *c, bool again)
{
	CK_SESSION_HANDLE other = 0;
	CK_RV rv = session_open(c->slot, 0, &other);

	if (rv == CKR_OK)
		rv = begin(c->s, &operations[0], true);
	if (rv == CKR_OK)
		rv = p11->C_Logout(other);
	if (rv == CKR_OK && again)
		rv = login(other, CKU_USER, USER_PIN);
	return rv == CKR_OK ? go_on(c->s, begin_encrypt) : rv;
}

/* --- CKA_ALWAYS_AUTHENTICATE --------------------------------------------- */

static CK_RV begin_always(CK_SESSION_HANDLE s)
{
	const CK_ATTRIBUTE always[] = {
		A_BOOL(CKA_PRIVATE, CK_TRUE), A_BOOL(CKA_ALWAYS_AUTHENTICATE, CK_TRUE), A_END,
	};
	CK_MECHANISM m = { CKM_RSA_PKCS, NULL, 0 };
	CK_OBJECT_HANDLE key = 0;
	CK_RV rv = kind_make(s, RSA_PRIVATE, always, &key);

	return rv == CKR_OK ? p11->C_SignInit(s, &m, key) : rv;
}

static CK_RV reauthenticate_after_wrong(struct ctx *c)
{
	CK_BYTE out[128];
	CK_ULONG len = sizeof(out);
	CK_RV rv = begin_always(c->s);

	if (rv == CKR_OK)
		rv = want(login(c->s, CKU_CONTEXT_SPECIFIC, "wrong pin") == CKR_PIN_INCORRECT);
	if (rv == CKR_OK)
		rv = login(c->s, CKU_CONTEXT_SPECIFIC, USER_PIN);
	return rv == CKR_OK ? p11->C_Sign(c->s, data, 16, out, &len) : rv;
}

static CK_RV reauthenticate_in_other_session(struct ctx *c)
{
	CK_SESSION_HANDLE other = 0;
	CK_RV rv = session_open(c->slot, 0, &other);

	if (rv == CKR_OK)
		rv = begin_always(c->s);
	return rv == CKR_OK ? login(other, CKU_CONTEXT_SPECIFIC, USER_PIN) : rv;
}

/* --- signatures that hold their data ------------------------------------- */

static CK_RV sign_recover(struct ctx *c, CK_MECHANISM_TYPE type, CK_ULONG n, CK_BYTE *out,
			  CK_ULONG *len)
{
	CK_MECHANISM m = { type, NULL, 0 };
	CK_OBJECT_HANDLE key = 0;
	CK_RV rv = kind_make(c->s, RSA_PRIVATE, NULL, &key);

	if (rv == CKR_OK)
		rv = p11->C_SignRecoverInit(c->s, &m, key);
	if (rv == CKR_OK)
		rv = p11->C_SignRecover(c->s, data, n, out, len);
	if (rv == CKR_OK)
		rv = kind_make(c->s, RSA_PUBLIC, NULL, &key);
	return rv == CKR_OK ? p11->C_VerifyRecoverInit(c->s, &m, key) : rv;
}

static CK_RV recovers(struct ctx *c, CK_MECHANISM_TYPE type, CK_ULONG n)
{
	CK_BYTE signature[128], out[128];
	CK_ULONG len = sizeof(signature), out_len = sizeof(out);
	CK_RV rv = sign_recover(c, type, n, signature, &len);

	if (rv == CKR_OK)
		rv = p11->C_VerifyRecover(c->s, signature, len, out, &out_len);
	return rv == CKR_OK ? want(out_len == n && memcmp(out, data, n) == 0) : rv;
}

static CK_RV recover_spoiled(struct ctx *c)
{
	CK_BYTE signature[128], out[128];
	CK_ULONG len = sizeof(signature), out_len = sizeof(out);
	CK_RV rv = sign_recover(c, CKM_RSA_PKCS, 20, signature, &len);

	signature[100] ^= 1;
	return rv == CKR_OK ? p11->C_VerifyRecover(c->s, signature, len, out, &out_len) : rv;
}

static CK_RV recover_beside_sign(struct ctx *c)
{
	CK_RV rv = begin(c->s, &operations[3], false);

	if (rv == CKR_OK)
		rv = recovers(c, CKM_RSA_PKCS, 20);
	return rv == CKR_OK ? go_on(c->s, begin_sign) : rv;
}

/* The size, a buffer that is too small, and then the data. */
static CK_RV recover_asks_first(struct ctx *c)
{
	CK_BYTE signature[128], out[128];
	CK_ULONG len = sizeof(signature), n = 0;
	CK_RV rv = sign_recover(c, CKM_RSA_PKCS, 20, signature, &len);

	if (rv == CKR_OK)
		rv = p11->C_VerifyRecover(c->s, signature, len, NULL, &n);
	if (rv == CKR_OK)
		rv = want(n >= 20 && n <= 128);
	n = 19;
	if (rv == CKR_OK)
		rv = want(p11->C_VerifyRecover(c->s, signature, len, out, &n) ==
			  CKR_BUFFER_TOO_SMALL);
	if (rv == CKR_OK)
		rv = want(n >= 20 && n <= 128);
	n = sizeof(out);
	if (rv == CKR_OK)
		rv = p11->C_VerifyRecover(c->s, signature, len, out, &n);
	return rv == CKR_OK ? want(n == 20 && memcmp(out, data, n) == 0) : rv;
}

#define ROWS_FILE "p11/session/operations.def"
#define ROWS_TABLE rows
#include "p11/rows.h"

void test_operations(void)
{
	for (size_t i = 0; i < LENGTH(rows); i++)
		row_run(&rows[i]);
	test_each();
}
