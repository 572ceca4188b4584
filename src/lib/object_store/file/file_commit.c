#include "config.h"

#include "object_store/file/file_commit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <unistd.h>

#include "common/log.h"
#include "object_store/backend.h"
#include "object_store/file/file_lock.h"

/* Somebody who replaces a file again and again just before we have its lock is no honest writer. */
#define HOLD_TRIES 1000

/* Nobody takes so long between making X.tmp and renaming it. */
#define STALE_NS (60ULL * 1000000000U)

#ifdef O_TMPFILE
static atomic_bool named_only = false;
#else
#define O_TMPFILE 0
static atomic_bool named_only = true;
#endif

void file_stage_named(bool on)
{
	atomic_store(&named_only, on || O_TMPFILE == 0);
}

bool file_sync(int fd)
{
	int rc;

	if (!store_syncs())
		return true;
	do
		rc = fsync(fd);
	while (rc != 0 && errno == EINTR);
	return rc == 0;
}

CK_RV file_sync_dir(const struct file_dir *d)
{
	/* EINVAL: a file system whose directories cannot be synced, and need not be. */
	if (file_sync(d->fd) || errno == EINVAL)
		return CKR_OK;
	return file_failed(d, NULL, "sync", errno, FILE_WRITING);
}

CK_RV file_remove(const struct file_dir *d, const char *name)
{
	if (unlinkat(d->fd, name, 0) == 0 || errno == ENOENT)
		return CKR_OK;
	return file_failed(d, name, "remove", errno, FILE_WRITING);
}

/* Locks */

/* Does the name still lead to the file that fd is? */
static bool names_fd(const struct file_dir *d, const char *name, int fd)
{
	struct stat there, here;

	return fstatat(d->fd, name, &there, AT_SYMLINK_NOFOLLOW) == 0 && fstat(fd, &here) == 0 &&
	       there.st_dev == here.st_dev && there.st_ino == here.st_ino;
}

/*
 * Opens and locks; a file that was replaced or removed while we waited is let go, and the next one
 * tried.
 */
static CK_RV open_locked(const struct file_dir *d, const char *name, int flags, int *out)
{
	for (int i = 0; i < HOLD_TRIES; i++) {
		int fd;
		CK_RV rv = file_open(d, name, flags, &fd);

		if (rv != CKR_OK)
			return rv;
		if (!file_lock(fd, FILE_LOCK_WRITE)) {
			rv = file_failed(d, name, "lock", errno, FILE_WRITING);
			file_close(d, name, fd);
			return rv;
		}
		if (names_fd(d, name, fd)) {
			*out = fd;
			return CKR_OK;
		}
		file_unlock(fd);
		file_close(d, name, fd);
	}
	log_error("%s/%s is replaced without end", d->path, name);
	return CKR_DEVICE_ERROR;
}

static void unlock_close(const struct file_dir *d, const char *name, int fd)
{
	file_unlock(fd);
	file_close(d, name, fd);
}

CK_RV file_hold(const struct file_dir *d, const char *base, struct file_hold *out)
{
	struct file_name object = file_name(base, FILE_OBJECT);
	struct file_name lock = file_name(base, FILE_LOCKFILE);
	struct file_hold h = { -1, -1 };
	CK_RV rv;

	/* Before X.lock is made for an object that is long gone. */
	if (file_is_missing(d, object.s))
		return CKR_OBJECT_HANDLE_INVALID;
	rv = open_locked(d, lock.s, O_RDWR | O_CREAT, &h.lock_fd);
	if (rv != CKR_OK)
		return rv;
	rv = open_locked(d, object.s, O_RDWR, &h.fd);
	if (rv != CKR_OK) {
		if (rv == CKR_OBJECT_HANDLE_INVALID)
			(void)unlinkat(d->fd, lock.s, 0);	/* it went while we waited */
		unlock_close(d, lock.s, h.lock_fd);
		return rv;
	}
	*out = h;
	return CKR_OK;
}

void file_release(const struct file_dir *d, const char *base, struct file_hold *h)
{
	unlock_close(d, file_name(base, FILE_OBJECT).s, h->fd);
	unlock_close(d, file_name(base, FILE_LOCKFILE).s, h->lock_fd);
	h->fd = h->lock_fd = -1;
}

/* Stages */

/* A group that could not be kept must not pass its rights on to another one. */
static bool take_over(int fd, const struct stat *like)
{
	struct stat st;
	mode_t mode = like->st_mode & 0777;

	if (fstat(fd, &st) != 0)
		return false;
	if ((st.st_uid != like->st_uid || st.st_gid != like->st_gid) &&
	    fchown(fd, like->st_uid, like->st_gid) != 0 &&
	    fchown(fd, (uid_t)-1, like->st_gid) != 0)
		mode &= ~(mode_t)070;
	return (st.st_mode & 0777) == mode || fchmod(fd, mode) == 0;
}

static CK_RV write_stage(const struct file_dir *d, const char *name, int fd,
			 const struct file_stage *s)
{
	if (!file_write_all(fd, s->bytes->data, s->bytes->len, 0))
		return file_failed(d, name, "write", errno, FILE_WRITING);
	if (s->like != NULL && !take_over(fd, s->like))
		return file_failed(d, name, "set the mode of", errno, FILE_WRITING);
	if (!s->unsynced && !file_sync(fd))
		return file_failed(d, name, "sync", errno, FILE_WRITING);
	return CKR_OK;
}

/*
 * X.tmp, of which a killed writer may have left one: whoever holds X, or has just invented it, may
 * take it away.
 */
static CK_RV stage_named(const struct file_dir *d, const struct file_stage *s)
{
	const int flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
	struct file_name temp = file_name(s->base, FILE_TEMP);
	int fd = openat(d->fd, temp.s, flags, 0666 & ~d->mask);
	CK_RV rv;

	if (fd < 0 && errno == EEXIST && unlinkat(d->fd, temp.s, 0) == 0)
		fd = openat(d->fd, temp.s, flags, 0666 & ~d->mask);
	if (fd < 0)
		return file_failed(d, temp.s, "create", errno, FILE_WRITING);
	rv = write_stage(d, temp.s, fd, s);
	if (close(fd) != 0 && errno != EINTR && rv == CKR_OK)
		rv = file_failed(d, temp.s, "close", errno, FILE_WRITING);
	if (rv != CKR_OK)
		(void)unlinkat(d->fd, temp.s, 0);
	return rv;
}

/* Completes *s, of which all but fd is set. */
static CK_RV stage_begin(const struct file_dir *d, struct file_stage *s)
{
	CK_RV rv;

	s->fd = -1;
	if (!atomic_load(&named_only))
		s->fd = openat(d->fd, ".", O_TMPFILE | O_RDWR | O_CLOEXEC, 0666 & ~d->mask);
	/*
	 * Whatever the reason, a file system that has none or a full table: the other way says it
	 * better.
	 */
	if (s->fd < 0)
		return stage_named(d, s);
	rv = write_stage(d, file_name(s->base, FILE_OBJECT).s, s->fd, s);
	if (rv != CKR_OK)
		(void)close(s->fd);
	return rv;
}

CK_RV file_stage(const struct file_dir *d, const char *base, const struct buf *bytes,
		 const struct stat *like, struct file_stage *out)
{
	*out = (struct file_stage){ .base = base, .bytes = bytes, .like = like };
	return stage_begin(d, out);
}

/*
 * Gives the file without a name this one. /proc is the way that needs no privilege; a container may
 * lack it.
 */
static bool link_fd(const struct file_dir *d, int fd, const char *name)
{
	char path[sizeof("/proc/self/fd/") + 3 * sizeof(int)];

	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	return linkat(AT_FDCWD, path, d->fd, name, AT_SYMLINK_FOLLOW) == 0;
}

/*
 * Turns a stage without a name into X.tmp, by a link or, where that is impossible, by writing it
 * once more.
 */
static CK_RV stage_name(const struct file_dir *d, struct file_stage *s)
{
	struct file_name temp = file_name(s->base, FILE_TEMP);
	bool linked;

	if (s->fd < 0)
		return CKR_OK;
	linked = link_fd(d, s->fd, temp.s);
	if (!linked && errno == EEXIST && unlinkat(d->fd, temp.s, 0) == 0)
		linked = link_fd(d, s->fd, temp.s);
	file_close(d, temp.s, s->fd);
	s->fd = -1;
	return linked ? CKR_OK : stage_named(d, s);
}

CK_RV file_publish_over(const struct file_dir *d, struct file_stage *s)
{
	struct file_name temp = file_name(s->base, FILE_TEMP);
	struct file_name object = file_name(s->base, FILE_OBJECT);
	CK_RV rv = stage_name(d, s);

	if (rv != CKR_OK)
		return rv;
	if (renameat(d->fd, temp.s, d->fd, object.s) != 0) {
		rv = file_failed(d, object.s, "replace", errno, FILE_WRITING);
		(void)unlinkat(d->fd, temp.s, 0);
	}
	return rv;
}

CK_RV file_publish_new(const struct file_dir *d, struct file_stage *s)
{
	struct file_name object = file_name(s->base, FILE_OBJECT);

	if (s->fd >= 0 && link_fd(d, s->fd, object.s)) {
		file_close(d, object.s, s->fd);
		s->fd = -1;
		return CKR_OK;
	}
	/*
	 * The name is of random bits, or in a new directory: there is nothing that the rename could
	 * replace.
	 */
	return file_publish_over(d, s);
}

void file_stage_drop(const struct file_dir *d, struct file_stage *s)
{
	if (s->fd >= 0)
		(void)close(s->fd);
	else
		(void)unlinkat(d->fd, file_name(s->base, FILE_TEMP).s, 0);
	s->fd = -1;
}

/* Not synced: that may be what failed before, and what others see now counts more. */
void file_restore(const struct file_dir *d, const char *base, const struct file_hold *h)
{
	struct file_name object = file_name(base, FILE_OBJECT);
	struct buf old = BUF_INIT;
	struct stat st;
	struct file_stage s = { .base = base, .bytes = &old, .like = &st, .unsynced = true };
	CK_RV rv = file_read(d, object.s, h->fd, false, &old, &st);

	if (rv == CKR_OK)
		rv = stage_begin(d, &s);
	if (rv == CKR_OK)
		rv = file_publish_over(d, &s);
	if (rv != CKR_OK)
		log_error("%s/%s could not be brought back after a failure", d->path, object.s);
	(void)file_sync(d->fd);
	buf_free(&old);
}

static bool is_stale(const struct file_dir *d, const char *name)
{
	struct stat st;

	return fstatat(d->fd, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(st.st_mode) &&
	       !file_is_younger(file_mtime(&st), STALE_NS);
}

static void sweep_held(const struct file_dir *d, const char *base)
{
	struct file_name temp = file_name(base, FILE_TEMP);

	if (is_stale(d, temp.s) && unlinkat(d->fd, temp.s, 0) == 0)
		log_info("removed %s/%s, left by a process that was stopped", d->path, temp.s);
	if (file_is_missing(d, file_name(base, FILE_OBJECT).s))
		(void)unlinkat(d->fd, file_name(base, FILE_LOCKFILE).s, 0);
}

void file_sweep(const struct file_dir *d, const char *base)
{
	struct file_name temp = file_name(base, FILE_TEMP), lock = file_name(base, FILE_LOCKFILE);
	int fd;

	if (!is_stale(d, temp.s) || faccessat(d->fd, ".", W_OK, AT_EACCESS) != 0)
		return;
	if (file_open(d, lock.s, O_RDWR | O_CREAT, &fd) != CKR_OK)
		return;
	if (file_trylock(fd, FILE_LOCK_WRITE)) {
		if (names_fd(d, lock.s, fd))
			sweep_held(d, base);
		file_unlock(fd);
	}
	file_close(d, lock.s, fd);
}
