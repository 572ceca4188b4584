#ifndef TESTS_STRESS_VAULT_H
#define TESTS_STRESS_VAULT_H

/*
 * The secrets of the test. A child makes them, so that this process has had them in its memory in
 * no form but the masked one.
 */

#include "stress/memory.h"

enum secret {
	SO_PIN_FIRST, SO_PIN_LAST, USER_PIN_FIRST, USER_PIN_LAST, PIN_WRONG,
	AES_VALUE, GENERIC_VALUE,
	RSA_D, RSA_P, RSA_Q, RSA_DP, RSA_DQ, RSA_QI,
	EC_D, ED_D,
	TOKEN_KEY,		/* when vault_open_token has been called */
	SECRETS,
	/* No secrets, but needed to make objects of those. */
	RSA_N = SECRETS, RSA_E,
	VALUES
};

struct vault {
	char dir[1024];		/* of the tokens */
	struct masked values[VALUES];
};

/* For the program's list of children. */
int vault_child_fill(void);
int vault_child_token_key(void);

/* In memory that is shared with the children; NULL on failure. */
struct vault *vault_make(void);
/* Finds out the token's key, from the files below `dir` and the user's last PIN. */
bool vault_open_token(struct vault *v, const char *dir);

#endif
