/* Who asks, and what the state of the session lets it do (PKCS#11 2.40 section 2.4 and table 6). */
#ifndef OBJECT_ACCESS_H
#define OBJECT_ACCESS_H

#include "common/base.h"

/* A session as the objects see it, at the moment of the call. */
struct caller {
	CK_SESSION_HANDLE session;
	bool rw;		/* opened with CKF_RW_SESSION */
	bool user;		/* CKU_USER is logged in to the token */
	bool so;		/* CKU_SO is */
};

/* CKR_USER_NOT_LOGGED_IN when the object is private and the user is not logged in. */
CK_RV access_read(const struct caller *who, bool private) MUST_CHECK;

/*
 * May such an object be made, changed or destroyed? CKR_SESSION_READ_ONLY (it goes first) for a
 * token object in a read-only session, CKR_USER_NOT_LOGGED_IN for a private one without the user.
 */
CK_RV access_write(const struct caller *who, bool token, bool private) MUST_CHECK;

#endif
