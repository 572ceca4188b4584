/*
 * A token's directory with its database as a whole: made, deleted (docs/STORAGE.md, "Making a
 * token", "Deleting a token").
 */
#ifndef OBJECT_STORE_DB_TOKEN_H
#define OBJECT_STORE_DB_TOKEN_H

#include <sys/types.h>

#include "common/attrset.h"

/*
 * Makes the directory, which must not exist, with its database; it is no token until the one
 * transaction that fills the database is committed. A failure leaves nothing. Codes as
 * store_create.
 */
CK_RV db_token_make(const char *dir, mode_t mask, const struct attrset *token) MUST_CHECK;

/*
 * Deletes the database, whatever else there is, and the directory. Refuses, and touches nothing,
 * when there is a directory within; never follows a link. CKR_TOKEN_NOT_RECOGNIZED when it is no
 * token.
 */
CK_RV db_token_delete(const char *dir) MUST_CHECK;

#endif
