/*
 * Has another process changed the objects of a directory? (docs/STORAGE.md, "Seeing other
 * processes' changes")
 *
 * Where the kernel tells what changes (notify), it is asked. Elsewhere the answer comes from the
 * number in the file `generation`, which SoftHSM raises for objects that come and go and this
 * library for every change, and from the directory's own time of modification, which also tells
 * what an administrator copied in. What this process does itself is taken into account and is no
 * change.
 */
#ifndef OBJECT_STORE_FILE_WATCH_H
#define OBJECT_STORE_FILE_WATCH_H

#include "object_store/file/file_notify.h"

/* One look at the directory. */
struct file_view {
	bool counted;		/* `generation` was there, with a number in it */
	uint64_t generation;
	uint64_t dir_mtime;
	bool racy;		/* a change after this look may show the same time */
};

struct file_watch {
	struct file_notify notify;
	bool no_notify;		/* it was tried for this directory, and cannot be */
	int fd;			/* `generation`, kept open for reading; -1 when it is not */
	bool seen;		/* there is something to compare with */
	struct file_view last;
	uint64_t again_at;	/* when to list again in any case, monotonic ns; 0: no need */
	bool clean;		/* file_watch_begin found nothing new */
};

#define FILE_WATCH_INIT { FILE_NOTIFY_INIT, false, -1, false, { false, 0, 0, false }, 0, false }

/*
 * Makes sure that d is open and is what its path leads to: a directory that was replaced is opened
 * anew, and all is new then. CKR_OBJECT_HANDLE_INVALID when there is no directory.
 */
CK_RV file_watch_dir(struct file_watch *w, struct file_dir *d, enum file_aim aim) MUST_CHECK;

/* Does the path lead to another directory than d by now, or to none? */
bool file_watch_moved(const struct file_dir *d);

/* Begins to watch the open directory, where that is possible: true when it just began. */
bool file_watch_start(struct file_watch *w, const struct file_dir *d);

/* Compares with the last accepted view: three system calls when all is quiet. */
CK_RV file_watch_changed(struct file_watch *w, struct file_dir *d, bool *out) MUST_CHECK;

/* To be called before the directory is listed, and accepted after it was. d is open. */
CK_RV file_watch_look(struct file_watch *w, const struct file_dir *d,
		      struct file_view *out) MUST_CHECK;
void file_watch_accept(struct file_watch *w, const struct file_view *v);

/*
 * Around a change of our own to the directory's entries; the end only when something was changed. d
 * is open.
 */
void file_watch_begin(struct file_watch *w, const struct file_dir *d);
void file_watch_end(struct file_watch *w, const struct file_dir *d);

/*
 * Opens `generation` for writing, made when it is missing: before a commit, so that failure comes
 * in time.
 */
CK_RV file_generation_open(const struct file_dir *d, int *fd) MUST_CHECK;

/*
 * Raises the number, after the commit, and closes fd. Failure is only logged: the directory's time
 * tells it too.
 */
void file_generation_raise(struct file_watch *w, const struct file_dir *d, int fd);

/* Closes what is open; the next call opens it again, and has to list. */
void file_watch_close(struct file_watch *w);

#endif
