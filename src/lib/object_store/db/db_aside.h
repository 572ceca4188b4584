/* Takes damaged objects out of a database without losing what is left of them. */
#ifndef OBJECT_STORE_DB_ASIDE_H
#define OBJECT_STORE_DB_ASIDE_H

#include "object_store/file/file_io.h"

/*
 * Writes the rows of the object to a file in the token directory dir, as SQL statements that would
 * put them back, and removes them from the database when the file is on the disk: one transaction.
 * The file is called object-ID.damaged. CKR_OBJECT_HANDLE_INVALID, and the codes of the store.
 */
CK_RV db_set_aside(const char *dir, mode_t mask, int64_t id, struct file_name *out) MUST_CHECK;

#endif
