/* PKCS#11 2.40 section 5.5: slots and tokens. */
#include "config.h"

#include <string.h>

#include "api/call.h"
#include "crypto/ossl/ossl.h"

CK_RV C_GetSlotList(CK_BBOOL tokenPresent, CK_SLOT_ID_PTR pSlotList, CK_ULONG_PTR pulCount)
{
	struct call c;
	CK_RV rv = call_enter(&c, __func__);

	(void)tokenPresent;	/* every slot has its token, initialised or not */
	if (rv != CKR_OK)
		return rv;
	if (pulCount == NULL)
		return call_leave(&c, CKR_ARGUMENTS_BAD);
	return call_leave(&c, slot_list(c.module->slots, pSlotList, pulCount));
}

/* Enters with a slot; the pointer is tested after the slot, as the reference does. */
static CK_RV enter_slot(struct call *c, const char *function, CK_SLOT_ID id, bool bad,
			struct slot **out)
{
	CK_RV rv = call_enter(c, function);

	if (rv != CKR_OK)
		return rv;
	rv = call_slot(c, id, out);
	if (rv == CKR_OK)
		rv = call_check(bad);
	return rv == CKR_OK ? CKR_OK : call_leave(c, rv);
}

CK_RV C_GetSlotInfo(CK_SLOT_ID slotID, CK_SLOT_INFO_PTR pInfo)
{
	struct call c;
	struct slot *s = NULL;
	CK_RV rv = enter_slot(&c, __func__, slotID, pInfo == NULL, &s);

	if (rv != CKR_OK)
		return rv;
	slot_info(c.module->slots, s, pInfo);
	return call_leave(&c, CKR_OK);
}

CK_RV C_GetTokenInfo(CK_SLOT_ID slotID, CK_TOKEN_INFO_PTR pInfo)
{
	struct call c;
	struct slot *s = NULL;
	CK_RV rv = enter_slot(&c, __func__, slotID, pInfo == NULL, &s);

	if (rv != CKR_OK)
		return rv;
	return call_leave(&c, token_info(s->token, pInfo));
}

/* A waiting thread keeps the module in use; C_Finalize wakes it before it waits for that to end. */
CK_RV C_WaitForSlotEvent(CK_FLAGS flags, CK_SLOT_ID_PTR pSlot, CK_VOID_PTR pReserved)
{
	struct call c;
	CK_RV rv = call_enter_plain(&c, __func__);

	if (rv != CKR_OK)
		return rv;
	if (pSlot == NULL || pReserved != NULL)
		return call_leave(&c, CKR_ARGUMENTS_BAD);
	return call_leave(&c, slot_wait(c.module->slots, (flags & CKF_DONT_BLOCK) == 0, pSlot));
}

CK_RV C_GetMechanismList(CK_SLOT_ID slotID, CK_MECHANISM_TYPE_PTR pMechanismList,
			 CK_ULONG_PTR pulCount)
{
	const CK_MECHANISM_TYPE *types;
	struct call c;
	struct slot *s = NULL;
	CK_ULONG count = 0;
	CK_RV rv = call_enter(&c, __func__);

	if (rv != CKR_OK)
		return rv;
	rv = call_check(pulCount == NULL);
	if (rv == CKR_OK)
		rv = call_slot(&c, slotID, &s);
	if (rv != CKR_OK)
		return call_leave(&c, rv);
	types = mech_policy_list(c.module->policy, &count);
	if (pMechanismList != NULL && *pulCount < count)
		rv = CKR_BUFFER_TOO_SMALL;
	else if (pMechanismList != NULL && count > 0)
		memcpy(pMechanismList, types, count * sizeof(*types));
	*pulCount = count;
	return call_leave(&c, rv);
}

CK_RV C_GetMechanismInfo(CK_SLOT_ID slotID, CK_MECHANISM_TYPE type, CK_MECHANISM_INFO_PTR pInfo)
{
	const struct mech *m = NULL;
	struct call c;
	struct slot *s = NULL;
	CK_RV rv = call_enter(&c, __func__);

	if (rv != CKR_OK)
		return rv;
	rv = call_check(pInfo == NULL);
	if (rv == CKR_OK)
		rv = call_slot(&c, slotID, &s);
	if (rv == CKR_OK)
		rv = mech_policy_find(c.module->policy, type, 0, &m);
	if (rv == CKR_OK)
		*pInfo = (CK_MECHANISM_INFO){ m->min, m->max, m->flags };
	return call_leave(&c, rv);
}

CK_RV C_InitToken(CK_SLOT_ID slotID, CK_UTF8CHAR_PTR pPin, CK_ULONG ulPinLen,
		  CK_UTF8CHAR_PTR pLabel)
{
	struct call c;
	struct slot *s = NULL;
	CK_RV rv = enter_slot(&c, __func__, slotID, false, &s);

	if (rv != CKR_OK)
		return rv;
	ossl_settle();
	return call_leave(&c, token_init(s->token, pPin, ulPinLen, pLabel));
}

CK_RV C_InitPIN(CK_SESSION_HANDLE hSession, CK_UTF8CHAR_PTR pPin, CK_ULONG ulPinLen)
{
	struct call c;
	struct caller who;
	CK_RV rv = call_enter_session(&c, __func__, CKR_OK, hSession);

	if (rv != CKR_OK)
		return rv;
	session_caller(c.session, &who);
	if (!who.so)
		rv = CKR_USER_NOT_LOGGED_IN;
	else if (pPin == NULL)
		rv = CKR_ARGUMENTS_BAD;
	else
		rv = token_init_pin(c.session->slot->token, pPin, ulPinLen);
	return call_leave(&c, rv);
}

CK_RV C_SetPIN(CK_SESSION_HANDLE hSession, CK_UTF8CHAR_PTR pOldPin, CK_ULONG ulOldLen,
	       CK_UTF8CHAR_PTR pNewPin, CK_ULONG ulNewLen)
{
	struct call c;
	CK_RV rv = call_enter_session(&c, __func__, CKR_OK, hSession);

	if (rv != CKR_OK)
		return rv;
	if (pOldPin == NULL || pNewPin == NULL)
		rv = CKR_ARGUMENTS_BAD;
	else if (ulNewLen < PIN_MIN || ulNewLen > PIN_MAX)
		rv = CKR_PIN_LEN_RANGE;
	else if (!c.session->rw)
		rv = CKR_SESSION_READ_ONLY;
	else
		rv = token_set_pin(c.session->slot->token, pOldPin, ulOldLen, pNewPin, ulNewLen);
	return call_leave(&c, rv);
}
