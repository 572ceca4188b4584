/* A token from one backend to another, object by object (docs/STORAGE.md, "Converting a token"). */
#ifndef MAINTAIN_CONVERT_H
#define MAINTAIN_CONVERT_H

#include "maintain/install.h"

struct convert {
	const char *tokendir;
	mode_t mask;
	const struct token_entry *from;		/* which could be opened */
	const struct store_backend *to;
	bool force;				/* although objects are damaged */
	const struct progress *progress;
};

struct convert_result {
	size_t objects;		/* that the new token has from the old one */
	size_t damaged;		/* that it does not have */
	char *kept;		/* where the old one is, the caller's (free); NULL: removed */
	bool conflict;		/* ... because both were changed at the same time */
};

/*
 * The token keeps its directory's name, owner and modes, serial number, label, flags and PINs; no
 * PIN is needed. The old one is removed when the new one is complete, compared and on the disk, and
 * not if objects of it are damaged. CKR_DATA_INVALID without force: some are, and *out tells how
 * many. The codes of install_build and exchange_commit; then the old token is untouched.
 */
CK_RV convert_token(const struct convert *c, struct convert_result *out) MUST_CHECK;

#endif
