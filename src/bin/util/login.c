#include "config.h"

#include "bin/util/login.h"

#include "bin/common/message.h"
#include "bin/common/pin.h"
#include "pkcs11/names.h"

static const char *code_name(CK_RV rv)
{
	const char *name = ckr_name(rv);

	return name != NULL ? name : "an unknown code";
}

bool login_session(struct p11 *p, CK_SLOT_ID slot, bool writable, CK_SESSION_HANDLE *out)
{
	CK_FLAGS flags = CKF_SERIAL_SESSION | (writable ? CKF_RW_SESSION : 0);
	CK_RV rv = p->f->C_OpenSession(slot, flags, NULL, NULL, out);

	if (rv == CKR_SLOT_ID_INVALID) {
		message_error("The given slot does not exist.");
		message_hint("softhsm2-util --show-slots lists the slots");
	} else if (rv != CKR_OK) {
		message_error("Could not open a session on the given slot.");
		if (rv == CKR_TOKEN_NOT_RECOGNIZED)
			message_hint("its token is not initialized: softhsm2-util --init-token "
				     "--slot %lu --label <text>", slot);
		else
			message_hint("the answer was %s; the log may tell more", code_name(rv));
	}
	return rv == CKR_OK;
}

static const char *hint_of(CK_RV rv)
{
	switch (rv) {
	case CKR_PIN_INCORRECT:
		return "is it the right token? softhsm2-util --show-slots lists them";
	case CKR_PIN_LOCKED:
		return "the user PIN is locked; the security officer can set a new one";
	case CKR_USER_PIN_NOT_INITIALIZED:
		return "the token has no user PIN: softhsm2-util --init-token makes one with both";
	default:
		return code_name(rv);
	}
}

static bool login_user(struct p11 *p, CK_SESSION_HANDLE session, struct secbuf *pin)
{
	CK_RV rv = p->f->C_Login(session, CKU_USER, pin->data, pin->len);

	if (rv == CKR_OK)
		return true;
	if (rv == CKR_PIN_INCORRECT)
		message_error("The given user PIN does not match the one in the token.");
	else
		message_error("Could not log in on the token.");
	message_hint("%s", hint_of(rv));
	return false;
}

bool login_slot(struct p11 *p, CK_SLOT_ID slot, const struct secbuf *given,
		CK_SESSION_HANDLE *out)
{
	struct secbuf *pin = pin_get(PIN_USER, given);
	bool ok = pin != NULL && login_session(p, slot, true, out) && login_user(p, *out, pin);

	secbuf_free(pin);
	return ok;
}
