/*
 * The functions of PKCS#11 2.40 that this library does not offer: each tests its session and
 * answers CKR_FUNCTION_NOT_SUPPORTED. The saving of operation states stays here for good: no state
 * leaves the library.
 */
#include "config.h"

#include "api/call.h"

static CK_RV unsupported(const char *function, CK_SESSION_HANDLE h)
{
	struct call c;
	CK_RV rv = call_enter_session(&c, function, CKR_OK, h);

	return rv == CKR_OK ? call_leave(&c, CKR_FUNCTION_NOT_SUPPORTED) : rv;
}

#define UNSUPPORTED(name, ...) \
	CK_RV name(CK_SESSION_HANDLE hSession, __VA_ARGS__) \
	{ \
		return unsupported(__func__, hSession); \
	}

#pragma GCC diagnostic ignored "-Wunused-parameter"

UNSUPPORTED(C_GetOperationState, CK_BYTE_PTR pState, CK_ULONG_PTR pulLen)
UNSUPPORTED(C_SetOperationState, CK_BYTE_PTR pState, CK_ULONG ulLen,
	    CK_OBJECT_HANDLE hEncryptionKey, CK_OBJECT_HANDLE hAuthenticationKey)
