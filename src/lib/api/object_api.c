/* PKCS#11 2.40 section 5.7: objects. */
#include "config.h"

#include "api/call.h"

/* Enters with the session and what it may do. */
static CK_RV enter(struct call *c, const char *function, CK_RV bad, CK_SESSION_HANDLE h,
		   struct caller *who)
{
	CK_RV rv = call_enter_session(c, function, bad, h);

	if (rv == CKR_OK)
		session_caller(c->session, who);
	return rv;
}

/* Even a template without entries must be there. */
static CK_RV need_template(const CK_ATTRIBUTE *templ, CK_ULONG count)
{
	return call_both(call_need(templ, "pTemplate"),
			 call_need_template(templ, count, "pTemplate"));
}

CK_RV C_CreateObject(CK_SESSION_HANDLE hSession, CK_ATTRIBUTE_PTR pTemplate, CK_ULONG ulCount,
		     CK_OBJECT_HANDLE_PTR phObject)
{
	struct call c;
	struct caller who;
	CK_RV rv = enter(&c, __func__,
			 call_both(need_template(pTemplate, ulCount),
				   call_need(phObject, "phObject")), hSession, &who);

	if (rv != CKR_OK)
		return rv;
	return call_leave(
		&c, object_create(session_objects(c.session), &who, pTemplate, ulCount, phObject));
}

CK_RV C_CopyObject(CK_SESSION_HANDLE hSession, CK_OBJECT_HANDLE hObject, CK_ATTRIBUTE_PTR pTemplate,
		   CK_ULONG ulCount, CK_OBJECT_HANDLE_PTR phNewObject)
{
	struct call c;
	struct caller who;
	CK_RV rv = enter(&c, __func__,
			 call_both(call_need_template(pTemplate, ulCount, "pTemplate"),
				   call_need(phNewObject, "phNewObject")), hSession, &who);

	if (rv != CKR_OK)
		return rv;
	return call_leave(&c, object_copy(session_objects(c.session), &who, hObject, pTemplate,
					  ulCount, phNewObject));
}

CK_RV C_DestroyObject(CK_SESSION_HANDLE hSession, CK_OBJECT_HANDLE hObject)
{
	struct call c;
	struct caller who;
	CK_RV rv = enter(&c, __func__, CKR_OK, hSession, &who);

	if (rv != CKR_OK)
		return rv;
	return call_leave(&c, object_destroy(session_objects(c.session), &who, hObject));
}

CK_RV C_GetObjectSize(CK_SESSION_HANDLE hSession, CK_OBJECT_HANDLE hObject, CK_ULONG_PTR pulSize)
{
	struct call c;
	struct caller who;
	CK_RV rv = enter(&c, __func__, call_need(pulSize, "pulSize"), hSession, &who);

	if (rv != CKR_OK)
		return rv;
	return call_leave(&c, object_size(session_objects(c.session), &who, hObject, pulSize));
}

CK_RV C_GetAttributeValue(CK_SESSION_HANDLE hSession, CK_OBJECT_HANDLE hObject,
			  CK_ATTRIBUTE_PTR pTemplate, CK_ULONG ulCount)
{
	struct call c;
	struct caller who;
	CK_RV rv = enter(&c, __func__, need_template(pTemplate, ulCount), hSession, &who);

	if (rv != CKR_OK)
		return rv;
	return call_leave(
		&c, object_get(session_objects(c.session), &who, hObject, pTemplate, ulCount));
}

CK_RV C_SetAttributeValue(CK_SESSION_HANDLE hSession, CK_OBJECT_HANDLE hObject,
			  CK_ATTRIBUTE_PTR pTemplate, CK_ULONG ulCount)
{
	struct call c;
	struct caller who;
	CK_RV rv = enter(&c, __func__, need_template(pTemplate, ulCount), hSession, &who);

	if (rv != CKR_OK)
		return rv;
	return call_leave(
		&c, object_set(session_objects(c.session), &who, hObject, pTemplate, ulCount));
}

CK_RV C_FindObjectsInit(CK_SESSION_HANDLE hSession, CK_ATTRIBUTE_PTR pTemplate, CK_ULONG ulCount)
{
	struct call c;
	CK_RV rv = call_enter_session(
		&c, __func__, call_need_template(pTemplate, ulCount, "pTemplate"), hSession);

	if (rv != CKR_OK)
		return rv;
	return call_leave(&c, session_find_begin(c.session, pTemplate, ulCount));
}

CK_RV C_FindObjects(CK_SESSION_HANDLE hSession, CK_OBJECT_HANDLE_PTR phObject,
		    CK_ULONG ulMaxObjectCount, CK_ULONG_PTR pulObjectCount)
{
	struct call c;
	CK_RV rv = call_enter_session(
		&c, __func__, call_check(phObject == NULL || pulObjectCount == NULL), hSession);

	if (rv != CKR_OK)
		return rv;
	return call_leave(&c,
			  session_find_next(c.session, phObject, ulMaxObjectCount, pulObjectCount));
}

CK_RV C_FindObjectsFinal(CK_SESSION_HANDLE hSession)
{
	struct call c;
	CK_RV rv = call_enter_session(&c, __func__, CKR_OK, hSession);

	if (rv != CKR_OK)
		return rv;
	return call_leave(&c, session_find_end(c.session));
}
