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
	const char *function;		/* whose call it is, for the log */
	bool plain;			/* by call_enter_plain */
	bool noted;			/* the log knows whose call it is, see call_note */
};

/*
 * function is __func__, a static string. CKR_CRYPTOKI_NOT_INITIALIZED; CKR_FUNCTION_FAILED once
 * OpenSSL is gone (at exit). Nothing is to be left then.
 */
CK_RV call_enter(struct call *c, const char *function) MUST_CHECK;

/* The same for functions that need no cryptography and so work at exit, too. */
CK_RV call_enter_always(struct call *c, const char *function) MUST_CHECK;

/*
 * The same for functions that do nothing at all with OpenSSL: a thread that only waits is not known
 * to it, and nothing of it is lost with that thread in the child of a fork.
 */
CK_RV call_enter_plain(struct call *c, const char *function) MUST_CHECK;

/* Pins and locks the session. CKR_SESSION_HANDLE_INVALID. */
CK_RV call_session(struct call *c, CK_SESSION_HANDLE h) MUST_CHECK;

/* Lets go of it before the call ends, as one does who is going to lock other sessions. */
void call_drop_session(struct call *c);

/*
 * call_enter and call_session in one: bad is what the arguments deserve (CKR_OK: nothing), tested
 * between the two.
 */
CK_RV call_enter_session(struct call *c, const char *function, CK_RV bad,
			 CK_SESSION_HANDLE h) MUST_CHECK;

/*
 * The same for operations, which say themselves when they use OpenSSL (ossl_touch), and are so
 * short that the log is told of them when they are refused, or by call_note.
 */
CK_RV call_enter_op(struct call *c, const char *function, CK_RV bad,
		    CK_SESSION_HANDLE h) MUST_CHECK;

/* Lets what is logged until the call ends name its function and, once it is known, its slot. */
void call_note(struct call *c);

/* The slot; CKR_SLOT_ID_INVALID. */
CK_RV call_slot(struct call *c, CK_SLOT_ID id, struct slot **out) MUST_CHECK;

/*
 * Undoes what was entered, and returns rv. A failure with a reason (common/reason.h) is told to the
 * log as one warning, any other one at level DEBUG.
 */
CK_RV call_leave(struct call *c, CK_RV rv);

/* CKR_ARGUMENTS_BAD if bad, else CKR_OK. */
CK_RV call_check(bool bad);

/* The same for a pointer that must not be NULL, with its name as the reason. */
CK_RV call_need(const void *p, const char *name);

/*
 * The same for a template: it may be NULL when it has no entries. More entries than any template
 * has are refused before one of them is read.
 */
CK_RV call_need_template(const CK_ATTRIBUTE *templ, CK_ULONG count, const char *name);

/* The first of two that is no CKR_OK. */
CK_RV call_both(CK_RV a, CK_RV b);

#endif
