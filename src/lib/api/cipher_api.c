/* PKCS#11 2.40 sections 5.8 and 5.9: encryption and decryption. */
#include "config.h"

#include "api/op_call.h"

CK_RV C_EncryptInit(CK_SESSION_HANDLE hSession, CK_MECHANISM_PTR pMechanism, CK_OBJECT_HANDLE hKey)
{
	return op_call_init(__func__, hSession, OP_ENCRYPT, pMechanism, hKey);
}

CK_RV C_Encrypt(CK_SESSION_HANDLE hSession, CK_BYTE_PTR pData, CK_ULONG ulDataLen,
		CK_BYTE_PTR pEncryptedData, CK_ULONG_PTR pulEncryptedDataLen)
{
	return op_call_single(__func__, hSession, OP_ENCRYPT, (struct op_input){ pData, ulDataLen },
			      (struct op_output){ pEncryptedData, pulEncryptedDataLen });
}

CK_RV C_EncryptUpdate(CK_SESSION_HANDLE hSession, CK_BYTE_PTR pPart, CK_ULONG ulPartLen,
		      CK_BYTE_PTR pEncryptedPart, CK_ULONG_PTR pulEncryptedPartLen)
{
	return op_call_update(__func__, hSession, OP_ENCRYPT, (struct op_input){ pPart, ulPartLen },
			      (struct op_output){ pEncryptedPart, pulEncryptedPartLen });
}

CK_RV C_EncryptFinal(CK_SESSION_HANDLE hSession, CK_BYTE_PTR pLastEncryptedPart,
		     CK_ULONG_PTR pulLastEncryptedPartLen)
{
	return op_call_finish(__func__, hSession, OP_ENCRYPT,
			      (struct op_output){ pLastEncryptedPart, pulLastEncryptedPartLen });
}

CK_RV C_DecryptInit(CK_SESSION_HANDLE hSession, CK_MECHANISM_PTR pMechanism, CK_OBJECT_HANDLE hKey)
{
	return op_call_init(__func__, hSession, OP_DECRYPT, pMechanism, hKey);
}

CK_RV C_Decrypt(CK_SESSION_HANDLE hSession, CK_BYTE_PTR pEncryptedData, CK_ULONG ulEncryptedDataLen,
		CK_BYTE_PTR pData, CK_ULONG_PTR pulDataLen)
{
	return op_call_single(__func__, hSession, OP_DECRYPT,
			      (struct op_input){ pEncryptedData, ulEncryptedDataLen },
			      (struct op_output){ pData, pulDataLen });
}

CK_RV C_DecryptUpdate(CK_SESSION_HANDLE hSession, CK_BYTE_PTR pEncryptedPart,
		      CK_ULONG ulEncryptedPartLen, CK_BYTE_PTR pPart, CK_ULONG_PTR pulPartLen)
{
	return op_call_update(__func__, hSession, OP_DECRYPT,
			      (struct op_input){ pEncryptedPart, ulEncryptedPartLen },
			      (struct op_output){ pPart, pulPartLen });
}

CK_RV C_DecryptFinal(CK_SESSION_HANDLE hSession, CK_BYTE_PTR pLastPart, CK_ULONG_PTR pulLastPartLen)
{
	return op_call_finish(__func__, hSession, OP_DECRYPT,
			      (struct op_output){ pLastPart, pulLastPartLen });
}
