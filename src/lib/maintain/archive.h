/*
 * The bytes of an archive of one token, and back (docs/STORAGE.md, "Archives"). Pure: no files, no
 * log. What is wrong with an archive, and where, is noted (common/reason.h).
 */
#ifndef MAINTAIN_ARCHIVE_H
#define MAINTAIN_ARCHIVE_H

#include "common/buf.h"
#include "maintain/image.h"

#define ARCHIVE_TEXT_MAX 256

/* What the archive says of itself; the texts are NUL-terminated. */
struct archive_head {
	char serial[ARCHIVE_TEXT_MAX];
	char label[ARCHIVE_TEXT_MAX];
	char name[ARCHIVE_TEXT_MAX];		/* of the token's directory */
	char backend[ARCHIVE_TEXT_MAX];		/* that the token came from */
	uint64_t time;				/* seconds since the epoch */
};

/* The serial number that the token's own attributes say, as the header has it. */
void archive_serial(const struct attrset *token, char out[ARCHIVE_TEXT_MAX]);

/*
 * Appends the archive to out. Damaged objects are left out. CKR_HOST_MEMORY, CKR_FUNCTION_FAILED;
 * CKR_GENERAL_ERROR for what the format cannot hold.
 */
CK_RV archive_encode(const struct archive_head *head, const struct image *m,
		     struct buf *out) MUST_CHECK;

/*
 * Decodes hostile bytes: first the checksum, then every record, so that what comes out is whole.
 * The caller owns *m (image_free). CKR_DATA_INVALID.
 */
CK_RV archive_decode(const unsigned char *data, size_t len, struct archive_head *head,
		     struct image *m) MUST_CHECK;

/* The same without the checksum, for bytes that end where it would begin. For tests. */
CK_RV archive_decode_records(const unsigned char *data, size_t len, struct archive_head *head,
			     struct image *m) MUST_CHECK;

#endif
