/*
 * The functions of PKCS#11 2.40 that this library does not offer: each tests its session and
 * answers CKR_FUNCTION_NOT_SUPPORTED. The saving of operation states stays here for good: no state
 * leaves the library.
 */
#include "config.h"

#include "api/call.h"

static CK_RV unsupported(CK_SESSION_HANDLE h)
{
	struct call c;
	CK_RV rv = call_enter_session(&c, CKR_OK, h);

	return rv == CKR_OK ? call_leave(&c, CKR_FUNCTION_NOT_SUPPORTED) : rv;
}

#define UNSUPPORTED(name, ...) \
	CK_RV name(CK_SESSION_HANDLE hSession, __VA_ARGS__) \
	{ \
		return unsupported(hSession); \
	}

#pragma GCC diagnostic ignored "-Wunused-parameter"

UNSUPPORTED(C_GetOperationState, CK_BYTE_PTR pState, CK_ULONG_PTR pulLen)
UNSUPPORTED(C_SetOperationState, CK_BYTE_PTR pState, CK_ULONG ulLen,
	    CK_OBJECT_HANDLE hEncryptionKey, CK_OBJECT_HANDLE hAuthenticationKey)
UNSUPPORTED(C_SignRecoverInit, CK_MECHANISM_PTR pMechanism, CK_OBJECT_HANDLE hKey)
UNSUPPORTED(C_SignRecover, CK_BYTE_PTR pData, CK_ULONG ulDataLen, CK_BYTE_PTR pSignature,
	    CK_ULONG_PTR pulLen)
UNSUPPORTED(C_VerifyRecoverInit, CK_MECHANISM_PTR pMechanism, CK_OBJECT_HANDLE hKey)
UNSUPPORTED(C_VerifyRecover, CK_BYTE_PTR pSignature, CK_ULONG ulSignatureLen, CK_BYTE_PTR pData,
	    CK_ULONG_PTR pulLen)
UNSUPPORTED(C_DigestEncryptUpdate, CK_BYTE_PTR pPart, CK_ULONG ulPartLen, CK_BYTE_PTR pOut,
	    CK_ULONG_PTR pulOutLen)
UNSUPPORTED(C_DecryptDigestUpdate, CK_BYTE_PTR pPart, CK_ULONG ulPartLen, CK_BYTE_PTR pOut,
	    CK_ULONG_PTR pulOutLen)
UNSUPPORTED(C_SignEncryptUpdate, CK_BYTE_PTR pPart, CK_ULONG ulPartLen, CK_BYTE_PTR pOut,
	    CK_ULONG_PTR pulOutLen)
UNSUPPORTED(C_DecryptVerifyUpdate, CK_BYTE_PTR pPart, CK_ULONG ulPartLen, CK_BYTE_PTR pOut,
	    CK_ULONG_PTR pulOutLen)
UNSUPPORTED(C_WrapKey, CK_MECHANISM_PTR pMechanism, CK_OBJECT_HANDLE hWrappingKey,
	    CK_OBJECT_HANDLE hKey, CK_BYTE_PTR pWrappedKey, CK_ULONG_PTR pulWrappedKeyLen)
UNSUPPORTED(C_UnwrapKey, CK_MECHANISM_PTR pMechanism, CK_OBJECT_HANDLE hUnwrappingKey,
	    CK_BYTE_PTR pWrappedKey, CK_ULONG ulWrappedKeyLen, CK_ATTRIBUTE_PTR pTemplate,
	    CK_ULONG ulCount, CK_OBJECT_HANDLE_PTR phKey)
UNSUPPORTED(C_DeriveKey, CK_MECHANISM_PTR pMechanism, CK_OBJECT_HANDLE hBaseKey,
	    CK_ATTRIBUTE_PTR pTemplate, CK_ULONG ulCount, CK_OBJECT_HANDLE_PTR phKey)
