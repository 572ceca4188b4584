#include "config.h"

#include <stdio.h>
#include <string.h>

#include "bin/common/message.h"
#include "bin/common/pin.h"
#include "bin/util/options.h"
#include "bin/util/select.h"
#include "common/str.h"

struct job {
	struct p11 *p;
	CK_SLOT_ID slot;
	CK_UTF8CHAR label[32];
	struct secbuf *so_pin;
	struct secbuf *pin;
};

static bool read_label(const struct options *o, struct job *j)
{
	if (o->label == NULL) {
		message_error("A label for the token must be supplied. Use --label <text>");
		return false;
	}
	if (strlen(o->label) > sizeof(j->label)) {
		message_error("The token label must not have a length greater than 32 chars.");
		return false;
	}
	str_pad(j->label, sizeof(j->label), o->label);
	return true;
}

static bool ask_pins(const struct options *o, struct job *j)
{
	j->so_pin = pin_get(PIN_SO, o->so_pin);
	if (j->so_pin != NULL)
		j->pin = pin_get(PIN_USER, o->pin);
	return j->pin != NULL;
}

static bool make_token(struct job *j)
{
	CK_RV rv = j->p->f->C_InitToken(j->slot, j->so_pin->data, j->so_pin->len, j->label);

	switch (rv) {
	case CKR_OK:
		return true;
	case CKR_SLOT_ID_INVALID:
		message_plain("CKR_SLOT_ID_INVALID: Slot %lu does not exist.", j->slot);
		return false;
	case CKR_PIN_INCORRECT:
		message_plain("CKR_PIN_INCORRECT: The given SO PIN does not match the one in the "
			      "token. Needed when reinitializing the token.");
		message_hint("--free makes a new token and leaves this one as it is");
		return false;
	default:
		message_plain("ERROR rv=0x%08lX: Could not initialize the token.", rv);
		message_see_log("");
		return false;
	}
}

static bool set_user_pin(struct job *j)
{
	CK_FUNCTION_LIST *f = j->p->f;
	CK_SESSION_HANDLE session;
	const char *what = "open a session on the token";
	CK_RV rv = f->C_OpenSession(j->slot, CKF_SERIAL_SESSION | CKF_RW_SESSION, NULL, NULL,
	                            &session);

	if (rv == CKR_OK) {
		what = "log in on the token";
		rv = f->C_Login(session, CKU_SO, j->so_pin->data, j->so_pin->len);
	}
	if (rv == CKR_OK) {
		what = "initialize the user PIN";
		rv = f->C_InitPIN(session, j->pin->data, j->pin->len);
	}
	if (rv != CKR_OK)
		message_error_rv(rv, "Could not %s.", what);
	return rv == CKR_OK;
}

/*
 * The token may get another slot once the module starts again. It is found there by its own serial
 * number, so that tokens which others make at the same time do not matter.
 */
static bool tell_slot(struct job *j, const CK_TOKEN_INFO *token)
{
	CK_SLOT_ID slot;

	p11_stop(j->p);
	if (!p11_start(j->p))
		return false;
	if (!slot_of_token(j->p, token, &slot)) {
		message_error("Could not find the slot of the initialized token.");
		return false;
	}
	if (slot == j->slot)
		printf("The token has been initialized on slot %lu\n", slot);
	else
		printf("The token has been initialized and is reassigned to slot %lu\n", slot);
	return true;
}

static bool run_job(struct job *j)
{
	CK_TOKEN_INFO token;
	CK_RV rv;

	if (!make_token(j))
		return false;
	rv = j->p->f->C_GetTokenInfo(j->slot, &token);
	if (rv != CKR_OK) {
		message_error_rv(rv, "Could not get info about the token in slot %lu.", j->slot);
		return false;
	}
	return set_user_pin(j) && tell_slot(j, &token);
}

static bool init_token(const struct options *o, struct p11 *p)
{
	struct job j = { .p = p };
	bool ok = slot_select(p, o, true, &j.slot) && read_label(o, &j) && ask_pins(o, &j) &&
	          run_job(&j);

	secbuf_free(j.so_pin);
	secbuf_free(j.pin);
	return ok;
}

const struct action action_init_token = { init_token, true };
