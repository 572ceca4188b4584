#include "config.h"

#include "api/call.h"

#include "crypto/ossl/ossl.h"

CK_RV call_enter_always(struct call *c)
{
	*c = (struct call){ .module = module_pin() };
	if (c->module == NULL)
		return CKR_CRYPTOKI_NOT_INITIALIZED;
	ossl_enter();
	return CKR_OK;
}

CK_RV call_enter(struct call *c)
{
	CK_RV rv = call_enter_always(c);

	return rv == CKR_OK && !ossl_alive() ? call_leave(c, CKR_FUNCTION_FAILED) : rv;
}

CK_RV call_session(struct call *c, CK_SESSION_HANDLE h)
{
	c->session = session_table_get(&c->module->sessions, h);
	return c->session != NULL ? CKR_OK : CKR_SESSION_HANDLE_INVALID;
}

CK_RV call_enter_session(struct call *c, CK_RV bad, CK_SESSION_HANDLE h)
{
	CK_RV rv = call_enter(c);

	if (rv != CKR_OK)
		return rv;
	ossl_settle();	/* no lock is held yet */
	if (bad == CKR_OK)
		bad = call_session(c, h);
	return bad == CKR_OK ? CKR_OK : call_leave(c, bad);
}

CK_RV call_slot(struct call *c, CK_SLOT_ID id, struct slot **out)
{
	struct slot *s = slot_find(c->module->slots, id);

	if (s == NULL)
		return CKR_SLOT_ID_INVALID;
	*out = s;
	return CKR_OK;
}

CK_RV call_leave(struct call *c, CK_RV rv)
{
	if (c->session != NULL)
		session_table_release(c->session);
	if (c->module != NULL) {
		ossl_leave();
		module_unpin();
	}
	*c = (struct call){ NULL, NULL };
	return rv;
}

CK_RV call_check(bool bad)
{
	return bad ? CKR_ARGUMENTS_BAD : CKR_OK;
}
