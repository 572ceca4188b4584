/* Workloads around sessions and logins. */
#include "config.h"

#include "bench/jobs.h"

#include <string.h>
#include <time.h>

#include "bench/keys.h"

static CK_RV relogin_op(struct run *r)
{
	CK_BYTE pin[64];
	CK_RV rv = r->p11->C_Logout(r->s);

	if (rv != CKR_OK)
		return failed(r, "C_Logout", rv);
	memcpy(pin, USER_PIN, strlen(USER_PIN));
	rv = r->p11->C_Login(r->s, CKU_USER, pin, strlen(USER_PIN));
	return rv == CKR_OK ? CKR_OK : failed(r, "C_Login", rv);
}

/*
 * A wrong PIN is refused, and the right one opens what is private. That writes to the token's file,
 * and what has just been written is read with more care than on other days.
 */
static CK_RV relogin_start(struct run *r)
{
	const struct timespec pause = { 1, 200 * 1000000 };
	CK_BYTE wrong[] = "not-the-pin";
	struct key_pair key;
	CK_RV rv = failed(r, "C_Logout", r->p11->C_Logout(r->s));

	if (rv == CKR_OK)
		rv = r->p11->C_Login(r->s, CKU_USER, wrong, sizeof(wrong) - 1);
	rv = want(r, "login with a wrong PIN", rv == CKR_PIN_INCORRECT);
	if (rv == CKR_OK) {
		CK_BYTE pin[64];

		memcpy(pin, USER_PIN, strlen(USER_PIN));
		rv = failed(r, "C_Login",
			    r->p11->C_Login(r->s, CKU_USER, pin, strlen(USER_PIN)));
	}
	nanosleep(&pause, NULL);
	return rv == CKR_OK ? key_find(r, KEY_AES, &key) : rv;
}

static CK_RV reopen_op(struct run *r)
{
	CK_SESSION_HANDLE s = 0;
	CK_RV rv = r->p11->C_OpenSession(r->slot, CKF_SERIAL_SESSION, NULL, NULL, &s);

	if (rv != CKR_OK)
		return failed(r, "C_OpenSession", rv);
	rv = r->p11->C_CloseSession(s);
	return rv == CKR_OK ? CKR_OK : failed(r, "C_CloseSession", rv);
}

static CK_RV reopen_start(struct run *r)
{
	return reopen_op(r);
}

const struct job relogin = { .start = relogin_start, .op = relogin_op };
const struct job reopen = { .start = reopen_start, .op = reopen_op };
