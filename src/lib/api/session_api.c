/* PKCS#11 2.40 section 5.6: sessions and login. */
#include "config.h"

#include "api/call.h"

CK_RV C_OpenSession(CK_SLOT_ID slotID, CK_FLAGS flags, CK_VOID_PTR pApplication, CK_NOTIFY Notify,
		    CK_SESSION_HANDLE_PTR phSession)
{
	struct call c;
	struct slot *s = NULL;
	CK_RV rv = call_enter(&c, __func__);

	(void)pApplication;	/* nothing here ever surrenders, so there is nothing to notify of */
	(void)Notify;
	if (rv != CKR_OK)
		return rv;
	rv = call_check(phSession == NULL);
	if (rv == CKR_OK)
		rv = call_slot(&c, slotID, &s);
	if (rv == CKR_OK && (flags & CKF_SERIAL_SESSION) == 0)
		rv = CKR_SESSION_PARALLEL_NOT_SUPPORTED;
	if (rv == CKR_OK)
		rv = session_table_open(&c.module->sessions, s, (flags & CKF_RW_SESSION) != 0,
					phSession);
	return call_leave(&c, rv);
}

CK_RV C_CloseSession(CK_SESSION_HANDLE hSession)
{
	struct call c;
	CK_RV rv = call_enter_always(&c, __func__);

	if (rv != CKR_OK)
		return rv;
	return call_leave(&c, session_table_close(&c.module->sessions, hSession));
}

CK_RV C_CloseAllSessions(CK_SLOT_ID slotID)
{
	struct call c;
	struct slot *s = NULL;
	CK_RV rv = call_enter_always(&c, __func__);

	if (rv != CKR_OK)
		return rv;
	rv = call_slot(&c, slotID, &s);
	if (rv == CKR_OK)
		session_table_close_all(&c.module->sessions, s);
	return call_leave(&c, rv);
}

CK_RV C_GetSessionInfo(CK_SESSION_HANDLE hSession, CK_SESSION_INFO_PTR pInfo)
{
	struct call c;
	CK_RV rv = call_enter_session(&c, __func__, CKR_OK, hSession);

	if (rv != CKR_OK)
		return rv;
	if (pInfo == NULL)
		return call_leave(&c, CKR_ARGUMENTS_BAD);
	*pInfo = (CK_SESSION_INFO){
		.slotID = c.session->slot->id,
		.state = token_state(c.session->slot->token, c.session->rw),
		.flags = CKF_SERIAL_SESSION | (c.session->rw ? CKF_RW_SESSION : 0),
	};
	return call_leave(&c, CKR_OK);
}

CK_RV C_Login(CK_SESSION_HANDLE hSession, CK_USER_TYPE userType, CK_UTF8CHAR_PTR pPin,
	      CK_ULONG ulPinLen)
{
	struct call c;
	CK_RV rv = call_enter_session(&c, __func__, CKR_OK, hSession);

	if (rv != CKR_OK)
		return rv;
	if (pPin == NULL)	/* there is no PIN pad (CKF_PROTECTED_AUTHENTICATION_PATH) */
		rv = CKR_ARGUMENTS_BAD;
	else if (userType == CKU_CONTEXT_SPECIFIC)
		rv = session_reauthenticate(c.session, pPin, ulPinLen);
	else if (userType == CKU_USER || userType == CKU_SO)
		rv = token_login(c.session->slot->token, userType, pPin, ulPinLen);
	else
		rv = CKR_USER_TYPE_INVALID;
	return call_leave(&c, rv);
}

CK_RV C_Logout(CK_SESSION_HANDLE hSession)
{
	struct slot *slot = NULL;
	struct call c;
	CK_RV rv = call_enter_always(&c, __func__);

	if (rv != CKR_OK)
		return rv;
	rv = call_session(&c, hSession);
	if (rv == CKR_OK) {
		slot = c.session->slot;
		rv = token_logout(slot->token);
	}
	call_drop_session(&c);
	if (rv == CKR_OK)
		session_table_logged_out(&c.module->sessions, slot);
	return call_leave(&c, rv);
}
