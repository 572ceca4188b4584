/*
 * The names that changed in a directory, as the kernel tells them (inotify).
 *
 * It sees what any process of this system does to the directory's entries and to the files behind
 * them, in place or by rename, by the time that the change has been made. It does not see what
 * other machines do, so it is not used on file systems that may be shared between machines.
 */
#ifndef OBJECT_STORE_FILE_NOTIFY_H
#define OBJECT_STORE_FILE_NOTIFY_H

#include "object_store/file/file_io.h"

struct file_notify {
	int fd;		/* -1 while off */
};

#define FILE_NOTIFY_INIT { -1 }

/*
 * Starts to watch the open directory; false, and off, where that cannot be relied upon or the
 * system has no watches left. What happens from now on is told.
 */
bool file_notify_start(struct file_notify *n, const struct file_dir *d);

/*
 * Calls fn for each name that changed since the last time, in order, perhaps more than once. One
 * system call when there is none. true: nothing was missed. false, and the watch is off: names were
 * lost, or the directory was moved or deleted. A code of fn's that is not CKR_OK counts as lost.
 */
bool file_notify_read(struct file_notify *n, CK_RV (*fn)(const char *name, void *arg), void *arg);

/* Is there surely nothing to read? One system call; changes nothing. */
bool file_notify_is_quiet(const struct file_notify *n);

static inline bool file_notify_is_on(const struct file_notify *n)
{
	return n->fd >= 0;
}

/* Off. Also for the child of a fork, which must not take events away from its parent. */
void file_notify_stop(struct file_notify *n);

/* From now on does as if the system had no watches. For tests. */
void file_notify_forbid(bool on);

#endif
