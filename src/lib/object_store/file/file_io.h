/*
 * Files of one token directory: opened with distrust, read whole, and system errors turned into
 * codes (store.h).
 *
 * All names are relative to an open directory, so nothing here follows a link out of it.
 */
#ifndef OBJECT_STORE_FILE_IO_H
#define OBJECT_STORE_FILE_IO_H

#include <limits.h>
#include <sys/stat.h>

#include "common/buf.h"

/* Endings of the names that belong to an object X, the token's own X being "token". */
#define FILE_OBJECT ".object"
#define FILE_LOCKFILE ".lock"
#define FILE_TEMP ".tmp"
#define FILE_TOKEN "token"
#define FILE_GENERATION "generation"
#define FILE_BASE_MAX (NAME_MAX - sizeof(FILE_OBJECT))

struct file_dir {
	const char *path;	/* borrowed: for stat and for the log */
	mode_t mask;		/* new files have mode 0666 less this */
	int fd;			/* -1 while not open */
	dev_t dev;		/* of what fd is */
	ino_t ino;
};

struct file_name {
	char s[NAME_MAX + 1];
};

/* "base" with an ending; base is at most FILE_BASE_MAX long. */
struct file_name file_name(const char *base, const char *ending);

/* Does the name end so, after at least one character? If so, how long its base is. */
bool file_name_ends(const char *name, const char *ending, size_t *base_len);

/* What a call was about to do with the store, which decides what "permission denied" means. */
enum file_aim { FILE_READING, FILE_WRITING };

/* The code for an errno value. */
CK_RV file_code(int err, enum file_aim aim) MUST_CHECK;

/*
 * The code for an errno value, logged with what failed, the path and the cause. name is NULL for
 * the directory.
 */
CK_RV file_failed(const struct file_dir *d, const char *name, const char *what, int err,
		  enum file_aim aim) MUST_CHECK;

/*
 * Opens the directory when it is not yet open. CKR_OBJECT_HANDLE_INVALID when it is not there or no
 * directory.
 */
CK_RV file_dir_open(struct file_dir *d, enum file_aim aim) MUST_CHECK;
void file_dir_close(struct file_dir *d);

/*
 * Opens a regular file (flags: O_RDONLY or O_RDWR, perhaps O_CREAT) and never waits for it.
 * CKR_OBJECT_HANDLE_INVALID when there is none; CKR_DATA_INVALID, not logged, when it is a link, a
 * FIFO or whatever else.
 */
CK_RV file_open(const struct file_dir *d, const char *name, int flags, int *fd) MUST_CHECK;

/*
 * Opens it for reading, and reads it into the empty *bytes at once when it is small and has been
 * left alone for a second: then *fd is -1, and all is done. Otherwise file_read goes on with *fd.
 * *st describes it at that moment. Codes of file_open; CKR_HOST_MEMORY.
 */
CK_RV file_open_quiet(const struct file_dir *d, const char *name, struct buf *bytes,
		      struct stat *st, int *fd) MUST_CHECK;

/* Is it sure that there is nothing of that name? */
bool file_is_missing(const struct file_dir *d, const char *name);

/* close, with a line in the log when that fails; -1 is fine. */
void file_close(const struct file_dir *d, const char *name, int fd);

/*
 * Reads the whole file into *bytes, emptied before, at one moment in time, which *st describes.
 * With lock, under a read lock where the system grants one: SoftHSM rewrites files in place.
 * CKR_DATA_INVALID, not logged, when it is larger than FILE_SIZE_MAX.
 */
CK_RV file_read(const struct file_dir *d, const char *name, int fd, bool lock, struct buf *bytes,
		struct stat *st) MUST_CHECK;

/*
 * Calls fn with each name of the directory but "." and "..", in no order, until it returns another
 * code than CKR_OK, which then is the result. fn may remove that very name.
 */
CK_RV file_each_name(const struct file_dir *d, CK_RV (*fn)(const char *name, void *arg),
		     void *arg) MUST_CHECK;

/* All of it, at that offset, or false with errno. */
bool file_write_all(int fd, const unsigned char *data, size_t len, off_t offset) MUST_CHECK;

/*
 * The modification and change times in nanoseconds since the epoch; the present, on the same clock.
 */
uint64_t file_mtime(const struct stat *st);
uint64_t file_ctime(const struct stat *st);
uint64_t file_now(void);

/* Less than ns old, or of the future: a clock may have been set back. */
bool file_is_younger(uint64_t time, uint64_t ns);

/*
 * Text of 36 characters and a NUL that names a new object: 16 random bytes in hex, 8-4-4-4-12.
 * CKR_DEVICE_ERROR.
 */
#define FILE_UUID_SIZE 37
CK_RV file_uuid(char out[FILE_UUID_SIZE]) MUST_CHECK;

/* Do the first len characters have that look? */
bool file_is_uuid(const char *text, size_t len);

#endif
