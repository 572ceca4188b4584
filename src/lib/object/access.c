#include "config.h"

#include "object/access.h"

#include "common/reason.h"

CK_RV access_read(const struct caller *who, bool private)
{
	if (private && !who->user)
		return reason(CKR_USER_NOT_LOGGED_IN,
			      "CKA_PRIVATE is true and the user is not logged in");
	return CKR_OK;
}

CK_RV access_write(const struct caller *who, bool token, bool private)
{
	if (token && !who->rw)
		return reason(CKR_SESSION_READ_ONLY,
			      "CKA_TOKEN is true and the session is read-only");
	return access_read(who, private);
}
