/* PKCS#11 2.40 sections 5.11 and 5.12: signatures and MACs. */
#include "config.h"

#include "api/op_call.h"

CK_RV C_SignInit(CK_SESSION_HANDLE hSession, CK_MECHANISM_PTR pMechanism, CK_OBJECT_HANDLE hKey)
{
	return op_call_init(__func__, hSession, OP_SIGN, pMechanism, hKey);
}

CK_RV C_Sign(CK_SESSION_HANDLE hSession, CK_BYTE_PTR pData, CK_ULONG ulDataLen,
	     CK_BYTE_PTR pSignature, CK_ULONG_PTR pulSignatureLen)
{
	return op_call_single(__func__, hSession, OP_SIGN, (struct op_input){ pData, ulDataLen },
			      (struct op_output){ pSignature, pulSignatureLen });
}

CK_RV C_SignUpdate(CK_SESSION_HANDLE hSession, CK_BYTE_PTR pPart, CK_ULONG ulPartLen)
{
	return op_call_feed(__func__, hSession, OP_SIGN, (struct op_input){ pPart, ulPartLen });
}

CK_RV C_SignFinal(CK_SESSION_HANDLE hSession, CK_BYTE_PTR pSignature, CK_ULONG_PTR pulSignatureLen)
{
	return op_call_finish(__func__, hSession, OP_SIGN,
			      (struct op_output){ pSignature, pulSignatureLen });
}

CK_RV C_SignRecoverInit(CK_SESSION_HANDLE hSession, CK_MECHANISM_PTR pMechanism,
			CK_OBJECT_HANDLE hKey)
{
	return op_call_init(__func__, hSession, OP_SIGN_RECOVER, pMechanism, hKey);
}

CK_RV C_SignRecover(CK_SESSION_HANDLE hSession, CK_BYTE_PTR pData, CK_ULONG ulDataLen,
		    CK_BYTE_PTR pSignature, CK_ULONG_PTR pulSignatureLen)
{
	return op_call_single(__func__, hSession, OP_SIGN_RECOVER,
			      (struct op_input){ pData, ulDataLen },
			      (struct op_output){ pSignature, pulSignatureLen });
}

CK_RV C_VerifyInit(CK_SESSION_HANDLE hSession, CK_MECHANISM_PTR pMechanism, CK_OBJECT_HANDLE hKey)
{
	return op_call_init(__func__, hSession, OP_VERIFY, pMechanism, hKey);
}

CK_RV C_Verify(CK_SESSION_HANDLE hSession, CK_BYTE_PTR pData, CK_ULONG ulDataLen,
	       CK_BYTE_PTR pSignature, CK_ULONG ulSignatureLen)
{
	const struct op_input in = { pData, ulDataLen };

	return op_call_verify(__func__, hSession, &in,
			      (struct op_input){ pSignature, ulSignatureLen });
}

CK_RV C_VerifyUpdate(CK_SESSION_HANDLE hSession, CK_BYTE_PTR pPart, CK_ULONG ulPartLen)
{
	return op_call_feed(__func__, hSession, OP_VERIFY, (struct op_input){ pPart, ulPartLen });
}

CK_RV C_VerifyFinal(CK_SESSION_HANDLE hSession, CK_BYTE_PTR pSignature, CK_ULONG ulSignatureLen)
{
	return op_call_verify(__func__, hSession, NULL,
			      (struct op_input){ pSignature, ulSignatureLen });
}

CK_RV C_VerifyRecoverInit(CK_SESSION_HANDLE hSession, CK_MECHANISM_PTR pMechanism,
			  CK_OBJECT_HANDLE hKey)
{
	return op_call_init(__func__, hSession, OP_VERIFY_RECOVER, pMechanism, hKey);
}

CK_RV C_VerifyRecover(CK_SESSION_HANDLE hSession, CK_BYTE_PTR pSignature, CK_ULONG ulSignatureLen,
		      CK_BYTE_PTR pData, CK_ULONG_PTR pulDataLen)
{
	return op_call_single(__func__, hSession, OP_VERIFY_RECOVER,
			      (struct op_input){ pSignature, ulSignatureLen },
			      (struct op_output){ pData, pulDataLen });
}
