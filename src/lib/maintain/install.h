/*
 * Puts a whole token, held in memory, into the directory of tokens, in place of another or as a new
 * one (docs/STORAGE.md, "Putting a token in place of another"). For conversions and restores. What
 * went wrong is noted (common/reason.h) or logged.
 */
#ifndef MAINTAIN_INSTALL_H
#define MAINTAIN_INSTALL_H

#include "maintain/exchange.h"
#include "maintain/image.h"
#include "maintain/tokens.h"

struct install {
	const char *tokendir;
	const char *name;			/* of the directory that the token is to have */
	mode_t mask;
	const struct store_backend *backend;	/* that is to hold it */
	const struct token_entry *replaces;	/* what is there now; NULL: nothing */
	bool copy;				/* and the new one is a copy of it */
	const struct progress *progress;
};

/*
 * Builds the token out of sight, reads it back from the disk and compares it with the image, which
 * must have no damaged objects, and is sorted by this. Nothing is in place yet. The caller goes on
 * with exchange_commit and ends *x. CKR_DATA_INVALID: what was read back is not what was written.
 */
CK_RV install_build(const struct install *in, struct image *m, struct exchange *x) MUST_CHECK;

/* Brings what was built up to date with another image, and compares it again. */
CK_RV install_rebuild(const struct install *in, struct image *m,
		      const struct exchange *x) MUST_CHECK;

/*
 * After the commit: brings the token in dir what came to the old one between two sorted images of
 * it. *conflict: not all, since the new one was changed, too.
 */
CK_RV install_carry(const struct install *in, const char *dir, const struct image *before,
		    const struct image *after, bool *conflict) MUST_CHECK;

/*
 * Moves the files that belong to no backend from the directory that was replaced to the new one,
 * then removes it. CKR_FUNCTION_FAILED: it holds what cannot be moved, and is still there.
 */
CK_RV install_finish(const struct install *in, struct exchange *x) MUST_CHECK;

/*
 * Looks for what killed runs left in the directory of tokens, and undoes or completes it. told
 * hears a line of text for each; a leftover that nobody can judge is named and stays.
 */
CK_RV install_recover(const char *tokendir, mode_t mask,
		      void (*told)(const char *line)) MUST_CHECK;

#endif
