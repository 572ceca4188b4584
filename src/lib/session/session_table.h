/*
 * All open sessions, by handle. The table's lock is held only to look up, enter or take out; the
 * functions take it themselves.
 */
#ifndef SESSION_SESSION_TABLE_H
#define SESSION_SESSION_TABLE_H

#include "common/handle.h"
#include "session/session.h"

struct session_table {
	struct rwlock lock;
	struct handle_map map;
};

CK_RV session_table_init(struct session_table *t) MUST_CHECK;

/* Closes every session of every slot, then gives the table back. */
void session_table_destroy(struct session_table *t);

/* C_OpenSession, once its arguments are checked. The codes of token_session_opened. */
CK_RV session_table_open(struct session_table *t, struct slot *slot, bool rw,
			 CK_SESSION_HANDLE *out) MUST_CHECK;

/* The session, counted and locked: session_table_release. NULL: there is none (any more). */
struct session *session_table_get(struct session_table *t, CK_SESSION_HANDLE h);
void session_table_release(struct session *s);

/* C_CloseSession: waits for a call that is under way in it. CKR_SESSION_HANDLE_INVALID. */
CK_RV session_table_close(struct session_table *t, CK_SESSION_HANDLE h) MUST_CHECK;

/* C_CloseAllSessions; slot NULL: of all slots. */
void session_table_close_all(struct session_table *t, const struct slot *slot);

/*
 * After a logout: ends what it ended in the sessions of that slot, so that no key stays in memory.
 * The caller has none of them. Those in which calls are under way are looked at when they are
 * released. Without memory each session is looked at when it is next used.
 */
void session_table_logged_out(struct session_table *t, const struct slot *slot);

void session_table_fork_prepare(struct session_table *t);
void session_table_fork_parent(struct session_table *t);

/*
 * Sessions that were busy in another thread at the fork lose their operations: nobody will finish
 * them.
 */
void session_table_fork_child(struct session_table *t);

#endif
