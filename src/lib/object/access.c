#include "config.h"

#include "object/access.h"

CK_RV access_read(const struct caller *who, bool private)
{
	return private && !who->user ? CKR_USER_NOT_LOGGED_IN : CKR_OK;
}

CK_RV access_write(const struct caller *who, bool token, bool private)
{
	if (token && !who->rw)
		return CKR_SESSION_READ_ONLY;
	return access_read(who, private);
}
