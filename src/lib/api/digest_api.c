/* PKCS#11 2.40 section 5.10: message digests. */
#include "config.h"

#include "api/op_call.h"

CK_RV C_DigestInit(CK_SESSION_HANDLE hSession, CK_MECHANISM_PTR pMechanism)
{
	return op_call_init(__func__, hSession, OP_DIGEST, pMechanism, CK_INVALID_HANDLE);
}

CK_RV C_Digest(CK_SESSION_HANDLE hSession, CK_BYTE_PTR pData, CK_ULONG ulDataLen,
	       CK_BYTE_PTR pDigest, CK_ULONG_PTR pulDigestLen)
{
	return op_call_single(__func__, hSession, OP_DIGEST, (struct op_input){ pData, ulDataLen },
			      (struct op_output){ pDigest, pulDigestLen });
}

CK_RV C_DigestUpdate(CK_SESSION_HANDLE hSession, CK_BYTE_PTR pPart, CK_ULONG ulPartLen)
{
	return op_call_feed(__func__, hSession, OP_DIGEST, (struct op_input){ pPart, ulPartLen });
}

CK_RV C_DigestKey(CK_SESSION_HANDLE hSession, CK_OBJECT_HANDLE hKey)
{
	struct call c;
	CK_RV rv = call_enter_session(&c, __func__, CKR_OK, hSession);

	if (rv != CKR_OK)
		return rv;
	return call_leave(&c, session_digest_key(c.session, hKey));
}

CK_RV C_DigestFinal(CK_SESSION_HANDLE hSession, CK_BYTE_PTR pDigest, CK_ULONG_PTR pulDigestLen)
{
	return op_call_finish(__func__, hSession, OP_DIGEST,
			      (struct op_output){ pDigest, pulDigestLen });
}
