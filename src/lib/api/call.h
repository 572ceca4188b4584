/*
 * How every C_ function enters and leaves the library. A body is: call_enter, argument checks,
 * call_session, one inner call, call_leave.
 */
#ifndef API_CALL_H
#define API_CALL_H

#include "api/module.h"

struct call {
	struct module *module;
	struct session *session;	/* locked; NULL until call_session */
};

/*
 * CKR_CRYPTOKI_NOT_INITIALIZED; CKR_FUNCTION_FAILED once OpenSSL is gone (at exit). Nothing is to
 * be left then.
 */
CK_RV call_enter(struct call *c) MUST_CHECK;

/* The same for functions that need no cryptography and so work at exit, too. */
CK_RV call_enter_always(struct call *c) MUST_CHECK;

/* Pins and locks the session. CKR_SESSION_HANDLE_INVALID. */
CK_RV call_session(struct call *c, CK_SESSION_HANDLE h) MUST_CHECK;

/*
 * call_enter and call_session in one: bad is what the arguments deserve (CKR_OK: nothing), tested
 * between the two.
 */
CK_RV call_enter_session(struct call *c, CK_RV bad, CK_SESSION_HANDLE h) MUST_CHECK;

/* The slot; CKR_SLOT_ID_INVALID. */
CK_RV call_slot(struct call *c, CK_SLOT_ID id, struct slot **out) MUST_CHECK;

/* Undoes what was entered, and returns rv. */
CK_RV call_leave(struct call *c, CK_RV rv);

/* CKR_ARGUMENTS_BAD if bad, else CKR_OK. */
CK_RV call_check(bool bad);

#endif
