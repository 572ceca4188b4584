/*
 * The directory of a token as a whole, whatever the backend keeps in it: made, deleted, and cleared
 * away when its making was cut short (docs/STORAGE.md, "Making a token", "Deleting a token").
 */
#ifndef OBJECT_STORE_TOKEN_DIR_H
#define OBJECT_STORE_TOKEN_DIR_H

#include "common/attrset.h"
#include "object_store/file/file_io.h"

/* What a backend has in a token's directory. */
struct token_layout {
	/* The file without which it is no token. */
	const char *main;
	/*
	 * What the directory of an unfinished token may hold, in the order in which it is to go;
	 * NULL ends it.
	 */
	const char *const *made;
	/* Is there, or was there ever, a whole token? */
	bool (*is_whole)(const struct file_dir *d);
	/* Puts the files in; the last step makes it a token. The directory is new and empty. */
	CK_RV (*fill)(const struct file_dir *d, const struct attrset *token);
	/* Removes and syncs `main`. CKR_TOKEN_NOT_RECOGNIZED when it is gone. */
	CK_RV (*spoil)(const struct file_dir *d);
};

/*
 * Makes the directory, which must not exist, fills it, and syncs the one above. A failure leaves
 * nothing. What unfinished tokens are found beside it, and are old enough, goes. Codes as
 * store_create.
 */
CK_RV token_dir_make(const struct token_layout *l, const char *dir, mode_t mask,
		     const struct attrset *token) MUST_CHECK;

/*
 * Spoils the token, then deletes whatever is in the directory, and it. Refuses, and touches
 * nothing, when there is a directory within; never follows a link. CKR_TOKEN_NOT_RECOGNIZED when it
 * is no token.
 */
CK_RV token_dir_delete(const struct token_layout *l, const char *dir) MUST_CHECK;

#endif
