/*
 * The steps of a commit (docs/STORAGE.md, "Commits"): hold an object's two locks; stage its new
 * bytes, whole and synced, where no reader sees them; make them the object in one step; sync the
 * directory.
 *
 * X is the base of the names: X.object, X.lock, X.tmp. The caller gives an open directory.
 */
#ifndef OBJECT_STORE_FILE_COMMIT_H
#define OBJECT_STORE_FILE_COMMIT_H

#include "object_store/file/file_io.h"

/* Exclusive locks on X.lock and X.object, in this order, as SoftHSM takes them. */
struct file_hold {
	int lock_fd;
	int fd;		/* X.object, readable and writable */
};

/*
 * Waits for both locks; afterwards the names lead to the locked files. CKR_OBJECT_HANDLE_INVALID
 * when there is no X.object, CKR_DATA_INVALID (not logged) when one of the two is no regular file.
 */
CK_RV file_hold(const struct file_dir *d, const char *base, struct file_hold *out) MUST_CHECK;

/* Lets go of them in reverse order. */
void file_release(const struct file_dir *d, const char *base, struct file_hold *h);

/* Bytes on their way to X.object. */
struct file_stage {
	const char *base;		/* borrowed until the stage is published or dropped */
	const struct buf *bytes;	/* borrowed likewise */
	const struct stat *like;	/* borrowed: whose owner and mode it takes; NULL: our own */
	bool unsynced;
	int fd;				/* a file without a name, or -1: it is called X.tmp */
};

/*
 * Writes and syncs the bytes. Nothing is visible, or nothing but X.tmp where the system lacks files
 * without names. What is replaced passes its owner and mode on, as far as the system lets us: an
 * administrator who uses a service's token must not take the files away from the service.
 */
CK_RV file_stage(const struct file_dir *d, const char *base, const struct buf *bytes,
		 const struct stat *like, struct file_stage *out) MUST_CHECK;

/* Makes the stage X.object, which must not exist. It ends the stage, failed or not. */
CK_RV file_publish_new(const struct file_dir *d, struct file_stage *s) MUST_CHECK;

/*
 * Makes the stage X.object in place of the present one; the caller holds X. It ends the stage,
 * failed or not.
 */
CK_RV file_publish_over(const struct file_dir *d, struct file_stage *s) MUST_CHECK;

void file_stage_drop(const struct file_dir *d, struct file_stage *s);

/*
 * fsync, unless objectstore.sync is off: the one place that decides whether data reach the disk.
 * false with errno.
 */
bool file_sync(int fd);

/* Makes what was created, renamed or removed in the directory durable. */
CK_RV file_sync_dir(const struct file_dir *d) MUST_CHECK;

/*
 * Brings X.object back to what the held descriptor reads, after a step behind its replacement or
 * removal failed. The failed call has logged its cause; this logs only when it fails too.
 */
void file_restore(const struct file_dir *d, const char *base, const struct file_hold *h);

/* unlinkat; a file that is not there is no failure. */
CK_RV file_remove(const struct file_dir *d, const char *name) MUST_CHECK;

/*
 * Removes X.tmp when a killed process left it more than a minute ago and nobody holds X. Quiet in
 * all cases.
 */
void file_sweep(const struct file_dir *d, const char *base);

/* From now on does as if the system had no files without names (O_TMPFILE). For tests. */
void file_stage_named(bool on);

#endif
