#include "config.h"

#include "returns.h"
#include "scene.h"

/* The token as C_InitToken leaves it, with a session. */
static CK_RV without_user_pin(struct ctx *c)
{
	return token_init(c->slot, SO_PIN, TOKEN_LABEL) ||
	       session_open(c->slot, CKF_RW_SESSION, &c->s);
}

#define ROWS_FILE "session.def"
#define ROWS_TABLE returns_session
#include "rows.h"
