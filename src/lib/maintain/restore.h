/* A token from an archive into the directory of tokens (docs/STORAGE.md, "Archives"). */
#ifndef MAINTAIN_RESTORE_H
#define MAINTAIN_RESTORE_H

#include "maintain/archive.h"
#include "maintain/install.h"

struct restore {
	const char *tokendir;
	mode_t mask;
	const struct store_backend *backend;	/* that is to hold it */
	const struct token_entry *replaces;	/* the token with that serial number; or NULL */
	const struct progress *progress;
};

/*
 * Makes the token, complete before anybody sees it. A new one gets the directory name that it had,
 * or another where that is taken. What is replaced is removed after that, and *kept is NULL, or
 * where it is kept: the caller's (free). The codes of install_build and exchange_commit; on failure
 * nothing has changed.
 */
CK_RV restore_token(const struct restore *r, const struct archive_head *head, struct image *m,
		    char **kept) MUST_CHECK;

#endif
