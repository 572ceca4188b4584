/* Sessions with a token, and the user's login. */
#ifndef BIN_UTIL_LOGIN_H
#define BIN_UTIL_LOGIN_H

#include "bin/util/p11.h"
#include "common/secmem.h"

/* false, reported, on failure. p11_stop ends the session. */
bool login_session(struct p11 *p, CK_SLOT_ID slot, bool writable, CK_SESSION_HANDLE *out);

/* The same, R/W, and logs the user in with the PIN given, or else asked for. false, reported. */
bool login_slot(struct p11 *p, CK_SLOT_ID slot, const struct secbuf *given,
		CK_SESSION_HANDLE *out);

#endif
