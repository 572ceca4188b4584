#include "config.h"

#include "api/call.h"

#include "common/log.h"
#include "common/reason.h"
#include "crypto/ossl/ossl.h"
#include "pkcs11/names.h"

/* Ten times as many attributes as there are: more must be a number that was never set. */
#define TEMPLATE_MAX 2000

void call_note(struct call *c)
{
	if (c->session != NULL)
		log_call_slot(c->function, c->session->slot->id);
	else
		log_call(c->function);
	c->noted = true;
}

static CK_RV enter(struct call *c, const char *function, bool plain)
{
	*c = (struct call){ .module = module_pin(plain), .function = function, .plain = plain };
	if (c->module != NULL)
		return CKR_OK;
	reason_clear();
	return CKR_CRYPTOKI_NOT_INITIALIZED;
}

CK_RV call_enter_plain(struct call *c, const char *function)
{
	CK_RV rv = enter(c, function, true);

	if (rv == CKR_OK)
		call_note(c);
	return rv;
}

static CK_RV enter_ossl(struct call *c, const char *function)
{
	CK_RV rv = enter(c, function, false);

	if (rv == CKR_OK)
		ossl_enter();
	return rv;
}

CK_RV call_enter_always(struct call *c, const char *function)
{
	CK_RV rv = enter_ossl(c, function);

	if (rv == CKR_OK)
		call_note(c);
	return rv;
}

CK_RV call_enter(struct call *c, const char *function)
{
	CK_RV rv = call_enter_always(c, function);

	return rv == CKR_OK && !ossl_alive() ? call_leave(c, CKR_FUNCTION_FAILED) : rv;
}

CK_RV call_session(struct call *c, CK_SESSION_HANDLE h)
{
	c->session = session_table_get(&c->module->sessions, h);
	if (c->session == NULL)
		return reason(CKR_SESSION_HANDLE_INVALID, "no session has the handle %lu", h);
	if (c->noted)
		call_note(c);
	return CKR_OK;
}

void call_drop_session(struct call *c)
{
	if (c->session != NULL)
		session_table_release(c->session);
	c->session = NULL;
}

static CK_RV enter_session(struct call *c, CK_RV bad, CK_SESSION_HANDLE h)
{
	if (!ossl_alive())
		return call_leave(c, CKR_FUNCTION_FAILED);
	ossl_settle();	/* no lock is held yet */
	if (bad == CKR_OK)
		bad = call_session(c, h);
	return bad == CKR_OK ? CKR_OK : call_leave(c, bad);
}

CK_RV call_enter_session(struct call *c, const char *function, CK_RV bad, CK_SESSION_HANDLE h)
{
	CK_RV rv = enter_ossl(c, function);

	if (rv == CKR_OK)
		rv = enter_session(c, bad, h);
	if (rv == CKR_OK)
		call_note(c);
	return rv;
}

CK_RV call_enter_op(struct call *c, const char *function, CK_RV bad, CK_SESSION_HANDLE h)
{
	CK_RV rv = enter(c, function, false);

	if (rv != CKR_OK)
		return rv;
	ossl_enter_later();
	return enter_session(c, bad, h);
}

CK_RV call_slot(struct call *c, CK_SLOT_ID id, struct slot **out)
{
	struct slot *s = slot_find(c->module->slots, id);

	if (s == NULL)
		return reason(CKR_SLOT_ID_INVALID, "there is no slot %lu", id);
	log_call_slot(c->function, id);
	*out = s;
	return CKR_OK;
}

/* One line for each refused call. */
static void tell(struct call *c, CK_RV rv)
{
	const char *why, *name;

	if (rv == CKR_OK || rv == CKR_BUFFER_TOO_SMALL)
		return;
	if (!c->noted)
		call_note(c);
	why = reason_text();
	name = ckr_name(rv);
	if (name == NULL)
		name = "unknown code";
	if (why != NULL)
		log_warning("%s: %s", name, why);
	else
		log_debug("%s", name);
}

CK_RV call_leave(struct call *c, CK_RV rv)
{
	tell(c, rv);
	reason_clear();
	call_drop_session(c);
	if (c->noted)
		log_call(NULL);
	if (c->module != NULL && !c->plain)
		ossl_leave();
	if (c->module != NULL)
		module_unpin(c->plain);
	*c = (struct call){ .module = NULL };
	return rv;
}

CK_RV call_check(bool bad)
{
	return bad ? CKR_ARGUMENTS_BAD : CKR_OK;
}

CK_RV call_need(const void *p, const char *name)
{
	return p != NULL ? CKR_OK : reason(CKR_ARGUMENTS_BAD, "%s is NULL", name);
}

CK_RV call_need_template(const CK_ATTRIBUTE *templ, CK_ULONG count, const char *name)
{
	if (count > TEMPLATE_MAX)
		return reason(CKR_ARGUMENTS_BAD, "%s is said to have %lu attributes", name, count);
	return count == 0 ? CKR_OK : call_need(templ, name);
}

CK_RV call_both(CK_RV a, CK_RV b)
{
	return a != CKR_OK ? a : b;
}
