/*
 * The bytes of one object file and back (docs/STORAGE.md, "The object file"). Pure: no files, no
 * locks, no log.
 *
 * Both bounds hold in both directions, so that nothing is written which could not be read again.
 * They keep hostile files from costing more than a moment: SoftHSM's objects have fewer than 50
 * attributes and a few kilobytes.
 */
#ifndef OBJECT_STORE_FILE_FORMAT_H
#define OBJECT_STORE_FILE_FORMAT_H

#include "common/attrset.h"
#include "common/buf.h"

#define FILE_SIZE_MAX ((size_t)64 << 20)
#define FILE_ATTRS_MAX 4096		/* those inside of maps included */
#define FILE_GENERATION_SIZE 8

/* The generation after g; it never is 0. */
uint64_t file_generation_next(uint64_t g);

/* A generation as it is stored, big-endian. */
void file_generation_put(uint64_t g, unsigned char out[FILE_GENERATION_SIZE]);
uint64_t file_generation_get(const unsigned char in[FILE_GENERATION_SIZE]);

/*
 * May this set be an object? CKR_DEVICE_MEMORY when it is beyond the bounds; CKR_GENERAL_ERROR for
 * what no format can hold: no attributes at all, or a map within a map.
 */
CK_RV file_fits(const struct attrset *s) MUST_CHECK;

/*
 * Appends the whole object to out, which is left as it was on failure. CKR_HOST_MEMORY, and what
 * file_fits says.
 */
CK_RV file_encode(const struct attrset *s, uint64_t generation, struct buf *out) MUST_CHECK;

/*
 * Decodes len hostile bytes. The caller owns *out, a set that is not secret; generation may be
 * NULL. CKR_DATA_INVALID when they are no object: no attributes, an unknown kind, a value that is
 * cut off, or beyond the bounds. As SoftHSM does, attributes may come in any order, the last of one
 * type counts, a boolean is true unless it is 0, and up to 7 bytes after the last attribute are
 * ignored.
 */
CK_RV file_decode(const unsigned char *data, size_t len, uint64_t *generation,
		  struct attrset **out) MUST_CHECK;

#endif
