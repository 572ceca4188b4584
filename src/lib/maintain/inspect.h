/*
 * Reads a token through and says what is damaged (docs/STORAGE.md, "Damage"): each object decodes
 * and has what its class needs; with the token's key, its private values decrypt, keys are such
 * keys, and what belongs together fits together.
 */
#ifndef MAINTAIN_INSPECT_H
#define MAINTAIN_INSPECT_H

#include "common/conf.h"
#include "common/secmem.h"
#include "maintain/progress.h"
#include "maintain/tokens.h"

struct inspection {
	const struct token_entry *token;
	mode_t mask;
	const struct secbuf *key;	/* NULL: private values are left alone */
	bool repair;			/* objects that nobody can read are set aside */
	/* one fault: where, what; aside NULL, or where the object is now */
	void (*tell)(void *arg, const char *path, const char *cause, const char *aside);
	void *arg;
	const struct progress *progress;
};

struct inspect_result {
	size_t objects;
	size_t faults;
	size_t aside;		/* objects that were set aside */
	size_t closed;		/* private objects whose values were left alone */
};

/* Adds to *out. The codes of the store; faults are no failure. */
CK_RV inspect_token(const struct inspection *in, struct inspect_result *out) MUST_CHECK;

/*
 * The token's key, for the user's PIN, whose wrong tries count as in C_Login. The codes of
 * token_login. The caller owns *out.
 */
CK_RV inspect_unlock(const struct token_entry *token, const struct conf *conf,
		     const struct secbuf *pin, struct secbuf **out) MUST_CHECK;

#endif
