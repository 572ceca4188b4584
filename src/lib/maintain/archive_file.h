/* Archives of tokens as files. What went wrong is noted (common/reason.h). */
#ifndef MAINTAIN_ARCHIVE_FILE_H
#define MAINTAIN_ARCHIVE_FILE_H

#include "common/buf.h"

/*
 * Writes the bytes to path, mode 0600: to a new file beside it, synced, that gets the name when it
 * is whole. "-" is standard output. CKR_FUNCTION_REJECTED without force when there is such a file;
 * CKR_DEVICE_MEMORY, CKR_DEVICE_ERROR.
 */
CK_RV archive_file_write(const char *path, const struct buf *bytes, bool force) MUST_CHECK;

/* All of the file; "-" is standard input. CKR_DEVICE_ERROR, CKR_HOST_MEMORY. */
CK_RV archive_file_read(const char *path, struct buf *bytes) MUST_CHECK;

#endif
