/*
 * A token's directory as a whole: made, deleted (docs/STORAGE.md, "Making a token", "Deleting a
 * token").
 */
#ifndef OBJECT_STORE_FILE_TOKEN_H
#define OBJECT_STORE_FILE_TOKEN_H

#include <sys/types.h>

#include "common/attrset.h"

/*
 * Makes the directory, which must not exist, with the token's files; it is no token until
 * token.object appears in it, whole, as the last step. A failure leaves nothing. Codes as
 * store_create.
 */
CK_RV file_token_make(const char *dir, mode_t mask, const struct attrset *token) MUST_CHECK;

/*
 * Deletes the token's files and the directory. token.object goes first: from then on it is no
 * token. Refuses, and touches nothing, when there is a directory within; never follows a link.
 * CKR_TOKEN_NOT_RECOGNIZED when it is no token.
 */
CK_RV file_token_delete(const char *dir) MUST_CHECK;

#endif
