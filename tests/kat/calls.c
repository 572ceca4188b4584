#include "config.h"

#include "calls.h"

#include <stddef.h>
#include <string.h>

#include "p11/harness.h"

/* C_DigestInit has no key; C_VerifyFinal and C_Verify take the signature's length as a value. */
static const struct {
	const char *name;
	size_t init, single, update, final;	/* offsets in CK_FUNCTION_LIST */
} functions[] = {
#define AT(f) offsetof(CK_FUNCTION_LIST, f)
#define CALLS(f) \
	{ #f, AT(f##Init), AT(f), AT(f##Update), AT(f##Final) }
	[OP_ENCRYPT] = CALLS(C_Encrypt),
	[OP_DECRYPT] = CALLS(C_Decrypt),
	[OP_SIGN] = CALLS(C_Sign),
	[OP_VERIFY] = CALLS(C_Verify),
	[OP_SIGN_RECOVER] = { "C_SignRecover", AT(C_SignRecoverInit), AT(C_SignRecover), 0, 0 },
	[OP_VERIFY_RECOVER] = { "C_VerifyRecover", AT(C_VerifyRecoverInit), AT(C_VerifyRecover), 0,
				0 },
	[OP_DIGEST] = CALLS(C_Digest),
};

/* Copies the function pointer at that offset of the module's list. */
static void function_get(size_t offset, void *out)
{
	memcpy(out, (const char *)p11 + offset, sizeof(void (*)(void)));
}

const char *call_name(enum operation op)
{
	return functions[op].name;
}

bool call_streams(enum operation op)
{
	return op == OP_ENCRYPT || op == OP_DECRYPT;
}

CK_RV call_init(enum operation op, CK_SESSION_HANDLE s, CK_MECHANISM *m, CK_OBJECT_HANDLE key)
{
	CK_C_EncryptInit init = NULL;

	if (op == OP_DIGEST)
		return p11->C_DigestInit(s, m);
	function_get(functions[op].init, &init);
	return init(s, m, key);
}

CK_RV call_single(enum operation op, CK_SESSION_HANDLE s, struct bytes in, CK_BYTE *out,
		  CK_ULONG *len)
{
	CK_C_Encrypt single = NULL;

	if (op == OP_VERIFY)
		return p11->C_Verify(s, in.p, in.len, out, *len);
	function_get(functions[op].single, &single);
	return single(s, in.p, in.len, out, len);
}

CK_RV call_update(enum operation op, CK_SESSION_HANDLE s, struct bytes in, CK_BYTE *out,
		  CK_ULONG *len)
{
	CK_C_EncryptUpdate stream = NULL;
	CK_C_SignUpdate update = NULL;

	if (call_streams(op)) {
		function_get(functions[op].update, &stream);
		return stream(s, in.p, in.len, out, len);
	}
	*len = 0;
	function_get(functions[op].update, &update);
	return update(s, in.p, in.len);
}

CK_RV call_final(enum operation op, CK_SESSION_HANDLE s, CK_BYTE *out, CK_ULONG *len)
{
	CK_C_EncryptFinal final = NULL;

	if (op == OP_VERIFY)
		return p11->C_VerifyFinal(s, out, *len);
	function_get(functions[op].final, &final);
	return final(s, out, len);
}
