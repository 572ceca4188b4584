/*
 * One session: its token, its active operations, its search (PKCS#11 2.40 sections 2.4, 5.6, 5.7
 * to 5.14).
 *
 * Operations of different kinds may be active at once. All functions but session_ref and
 * session_unref want the session's lock, which the edge (api/call.h) holds for the whole call.
 */
#ifndef SESSION_SESSION_H
#define SESSION_SESSION_H

#include <stdatomic.h>

#include "crypto/mech/op.h"
#include "object/object.h"
#include "slot/slot.h"

/* An active operation and what its key's object asks for. */
struct session_op {
	struct op *op;		/* NULL: none is active */
	uint64_t epoch;		/* of the token's login, when the key is private */
	bool private;
	bool reauth;		/* C_Login with CKU_CONTEXT_SPECIFIC has to come first */
};

/*
 * The use of a key with CKA_ALWAYS_AUTHENTICATE in a call without an Init: the call is refused
 * once, C_Login with CKU_CONTEXT_SPECIFIC allows the next one with that key.
 */
struct session_grant {
	CK_OBJECT_HANDLE key;	/* CK_INVALID_HANDLE: no call was refused */
	uint64_t epoch;
	bool given;
};

struct session {
	struct lock lock;
	atomic_uint refs;
	CK_SESSION_HANDLE handle;
	struct slot *slot;	/* borrowed: slots live as long as the module */
	bool rw;
	bool closed;		/* a call that waited for the lock finds it closed */
	bool busy;		/* a call is under way in it */
	atomic_bool working;	/* ... and will look, when it ends, whether the login is over */
	struct session *next_closing;	/* in the list of those that C_CloseAllSessions took out */
	struct session_op ops[OP_KINDS];
	unsigned int under_login;	/* how many of them end with the login */
	struct op *resting;	/* a digest that the next one may go on from */
	struct session_grant grant;
	bool searching;
	struct object_list found;
	size_t found_next;
};

/* One reference, the caller's. The token is told by the caller (session_table). */
CK_RV session_new(struct slot *slot, bool rw, struct session **out) MUST_CHECK;
struct session *session_ref(struct session *s);
void session_unref(struct session *s);

/* Who the session is for the object layer, now. */
void session_caller(struct session *s, struct caller *out);
struct object_table *session_objects(struct session *s);

/*
 * In the child of a fork: frees the lock. A session that another thread was busy in loses its
 * operations; their memory is left alone, since nobody knows in which state it was.
 */
void session_reset(struct session *s);

/* Ends the operations with private keys whose login is over. */
void session_end_stale(struct session *s);

/* Ends every operation and the search. */
void session_end_all(struct session *s);

/*
 * Starts an operation (the *Init functions). key is CK_INVALID_HANDLE for digests.
 * CKR_OPERATION_ACTIVE, CKR_MECHANISM_INVALID, CKR_MECHANISM_PARAM_INVALID, and the codes of
 * object_key and op_new.
 */
CK_RV session_begin(struct session *s, enum op_kind kind, const struct mech_policy *policy,
		    const CK_MECHANISM *m, CK_OBJECT_HANDLE key) MUST_CHECK;

/*
 * The active operation of that kind. CKR_OPERATION_NOT_INITIALIZED: there is none, or the login
 * under which it began is over. CKR_USER_NOT_LOGGED_IN: it waits for CKU_CONTEXT_SPECIFIC; it is
 * ended.
 */
CK_RV session_op(struct session *s, enum op_kind kind, struct op **out) MUST_CHECK;

/*
 * C_DigestKey: the key's value becomes part of what the active digest hashes. The codes of
 * object_digestible.
 */
CK_RV session_digest_key(struct session *s, CK_OBJECT_HANDLE h) MUST_CHECK;

void session_end(struct session *s, enum op_kind kind);

/*
 * C_Login with CKU_CONTEXT_SPECIFIC. CKR_OPERATION_NOT_INITIALIZED when no operation waits for it.
 */
CK_RV session_reauthenticate(struct session *s, const CK_BYTE *pin, CK_ULONG len) MUST_CHECK;

/*
 * C_WrapKey, C_UnwrapKey and C_DeriveKey, once their arguments are checked: the mechanism must be
 * allowed, the key usable for that (use: CKA_WRAP ...). CKR_MECHANISM_INVALID; the codes of
 * object_key, those about the key with the names that the function has for them;
 * CKR_USER_NOT_LOGGED_IN when the key asks for a PIN first (struct session_grant); the codes of
 * object_wrap, object_unwrap, object_derive.
 */
CK_RV session_wrap(struct session *s, const struct mech_policy *policy, const CK_MECHANISM *m,
		   CK_OBJECT_HANDLE with, CK_OBJECT_HANDLE key, CK_BYTE *out,
		   CK_ULONG *out_len) MUST_CHECK;
CK_RV session_unwrap(struct session *s, const struct mech_policy *policy, const CK_MECHANISM *m,
		     CK_OBJECT_HANDLE with, const struct object_blob *blob,
		     const CK_ATTRIBUTE *templ, CK_ULONG count, CK_OBJECT_HANDLE *out) MUST_CHECK;
CK_RV session_derive(struct session *s, const struct mech_policy *policy, const CK_MECHANISM *m,
		     CK_OBJECT_HANDLE base, const CK_ATTRIBUTE *templ, CK_ULONG count,
		     CK_OBJECT_HANDLE *out) MUST_CHECK;

/* C_FindObjects*. CKR_OPERATION_ACTIVE, CKR_OPERATION_NOT_INITIALIZED. */
CK_RV session_find_begin(struct session *s, const CK_ATTRIBUTE *templ, CK_ULONG count) MUST_CHECK;
CK_RV session_find_next(struct session *s, CK_OBJECT_HANDLE *out, CK_ULONG max,
			CK_ULONG *count) MUST_CHECK;
CK_RV session_find_end(struct session *s) MUST_CHECK;

#endif
