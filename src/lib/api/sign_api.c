/* PKCS#11 2.40 sections 5.11 and 5.12: signatures and MACs. */
#include "config.h"

#include "api/op_call.h"

CK_RV C_SignInit(CK_SESSION_HANDLE hSession, CK_MECHANISM_PTR pMechanism, CK_OBJECT_HANDLE hKey)
{
	return op_call_init(hSession, OP_SIGN, pMechanism, hKey);
}

CK_RV C_Sign(CK_SESSION_HANDLE hSession, CK_BYTE_PTR pData, CK_ULONG ulDataLen,
	     CK_BYTE_PTR pSignature, CK_ULONG_PTR pulSignatureLen)
{
	return op_call_single(hSession, OP_SIGN, (struct op_input){ pData, ulDataLen },
			      (struct op_output){ pSignature, pulSignatureLen });
}

CK_RV C_SignUpdate(CK_SESSION_HANDLE hSession, CK_BYTE_PTR pPart, CK_ULONG ulPartLen)
{
	return op_call_feed(hSession, OP_SIGN, (struct op_input){ pPart, ulPartLen });
}

CK_RV C_SignFinal(CK_SESSION_HANDLE hSession, CK_BYTE_PTR pSignature, CK_ULONG_PTR pulSignatureLen)
{
	return op_call_finish(hSession, OP_SIGN, (struct op_output){ pSignature, pulSignatureLen });
}

CK_RV C_VerifyInit(CK_SESSION_HANDLE hSession, CK_MECHANISM_PTR pMechanism, CK_OBJECT_HANDLE hKey)
{
	return op_call_init(hSession, OP_VERIFY, pMechanism, hKey);
}

CK_RV C_Verify(CK_SESSION_HANDLE hSession, CK_BYTE_PTR pData, CK_ULONG ulDataLen,
	       CK_BYTE_PTR pSignature, CK_ULONG ulSignatureLen)
{
	const struct op_input in = { pData, ulDataLen };

	return op_call_verify(hSession, &in, (struct op_input){ pSignature, ulSignatureLen });
}

CK_RV C_VerifyUpdate(CK_SESSION_HANDLE hSession, CK_BYTE_PTR pPart, CK_ULONG ulPartLen)
{
	return op_call_feed(hSession, OP_VERIFY, (struct op_input){ pPart, ulPartLen });
}

CK_RV C_VerifyFinal(CK_SESSION_HANDLE hSession, CK_BYTE_PTR pSignature, CK_ULONG ulSignatureLen)
{
	return op_call_verify(hSession, NULL, (struct op_input){ pSignature, ulSignatureLen });
}
