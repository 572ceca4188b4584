/* One version of an object's file: its attributes, its number, and what the system says of it. */
#ifndef OBJECT_STORE_FILE_VERSION_H
#define OBJECT_STORE_FILE_VERSION_H

#include "common/attrset.h"
#include "object_store/file/file_io.h"

struct file_version {
	struct attrset *attrs;		/* the caller owns it */
	uint64_t generation;
	struct stat st;
};

/*
 * Reads the open file, and again after a while what looks damaged because it is being written.
 * Codes of file_read and file_decode.
 */
CK_RV file_version_read(const struct file_dir *d, const char *name, int fd, bool lock,
			struct file_version *v) MUST_CHECK;

/*
 * Opens and reads base's object file. Damage is told as file_version_damaged does. Codes of
 * file_dir_open, file_open and file_version_read.
 */
CK_RV file_version_load(struct file_dir *d, const char *base, uint64_t *told,
			struct file_version *v) MUST_CHECK;

/*
 * Logs damage once for each version of base's object file, however often it is asked for: *told,
 * at first 0, remembers which it was.
 */
void file_version_damaged(const struct file_dir *d, const char *base, uint64_t *told);

#endif
