#include "fault/shim_internal.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fault/record_hooks.h"

/* Pipes and devices, as the log's, are left alone. */
static bool is_file(int fd)
{
	static int (*next)(int, struct stat *);
	struct stat st;

	if (!next)
		shim_find(&next, "fstat");
	return next(fd, &st) == 0 && S_ISREG(st.st_mode);
}

/* --- what changes nothing ----------------------------------------------- */

STAND_BEFORE(FAULT_STAT, int, fstat, (int fd, struct stat *st), (fd, st), -1)
STAND_BEFORE(FAULT_STAT, int, stat, (const char *path, struct stat *st), (path, st), -1)
STAND_BEFORE(FAULT_STAT, int, lstat, (const char *path, struct stat *st), (path, st), -1)
STAND_BEFORE(FAULT_STAT, int, fstatat, (int dir, const char *name, struct stat *st, int flags),
	     (dir, name, st, flags), -1)
STAND_BEFORE(FAULT_STAT, int, fstat64, (int fd, struct stat64 *st), (fd, st), -1)
STAND_BEFORE(FAULT_STAT, int, stat64, (const char *path, struct stat64 *st), (path, st), -1)
STAND_BEFORE(FAULT_STAT, int, lstat64, (const char *path, struct stat64 *st), (path, st), -1)
STAND_BEFORE(FAULT_STAT, int, access, (const char *path, int mode), (path, mode), -1)
STAND_BEFORE(FAULT_LIST, DIR *, fdopendir, (int fd), (fd), NULL)
STAND_BEFORE(FAULT_LIST, struct dirent *, readdir, (DIR *dir), (dir), NULL)
STAND_BEFORE(FAULT_LIST, int, scandir,
	     (const char *path, struct dirent ***list, int (*select)(const struct dirent *),
	      int (*compare)(const struct dirent **, const struct dirent **)),
	     (path, list, select, compare), -1)
STAND_BEFORE(FAULT_MODE, int, fchmod, (int fd, mode_t mode), (fd, mode), -1)
STAND_BEFORE(FAULT_MODE, int, fchown, (int fd, uid_t uid, gid_t gid), (fd, uid, gid), -1)
STAND_BEFORE(FAULT_RANDOM, int, getentropy, (void *buffer, size_t len), (buffer, len), -1)

#define READ_BEFORE(name, parameters, arguments) \
	ssize_t name parameters \
	{ \
		static ssize_t (*next) parameters; \
		if (!next) \
			shim_find(&next, #name); \
		if (is_file(fd) && shim_fails_moving(FAULT_READ, #name, &len)) \
			return -1; \
		return next arguments; \
	}
READ_BEFORE(read, (int fd, void *data, size_t len), (fd, data, len))
READ_BEFORE(pread, (int fd, void *data, size_t len, off_t offset), (fd, data, len, offset))
READ_BEFORE(pread64, (int fd, void *data, size_t len, off64_t offset), (fd, data, len, offset))

/* A descriptor is closed whatever close says. */
int close(int fd)
{
	static int (*next)(int);
	bool fails = is_file(fd) && shim_fails(FAULT_CLOSE, "close");
	int error = errno;

	if (!next)
		shim_find(&next, "close");
	if (!fails)
		return next(fd);
	next(fd);
	errno = error;
	return -1;
}

static bool is_lock(int command)
{
	switch (command) {
	case F_SETLK:
	case F_SETLKW:
#ifdef F_OFD_SETLK
	case F_OFD_SETLK:
	case F_OFD_SETLKW:
#endif
		return true;
	}
	return false;
}

/* Locks, which a file system may not have. Giving them back always works. */
static bool lock_fails(int command, const void *argument, const char *function)
{
	const struct flock *lock = argument;

	return is_lock(command) && lock->l_type != F_UNLCK && shim_fails(FAULT_LOCK, function);
}

#define FCNTL_BEFORE(name) \
	int name(int fd, int command, ...) \
	{ \
		static int (*next)(int, int, ...); \
		void *argument = NULL; \
		va_list ap; \
		if (!next) \
			shim_find(&next, #name); \
		va_start(ap, command); \
		argument = va_arg(ap, void *); \
		va_end(ap); \
		return lock_fails(command, argument, #name) ? -1 : next(fd, command, argument); \
	}
FCNTL_BEFORE(fcntl)
FCNTL_BEFORE(fcntl64)

/* --- what is recorded --------------------------------------------------- */

static enum fault_kind open_kind(int flags)
{
	bool writes = (flags & O_CREAT) || (flags & O_ACCMODE) != O_RDONLY;

	return writes ? FAULT_OPEN_WRITE : FAULT_OPEN;
}

static bool is_nameless(int flags)
{
#ifdef O_TMPFILE
	return (flags & O_TMPFILE) == O_TMPFILE;
#else
	return false;
#endif
}

/* As openat; `next` is the function that has that name. */
static int open_next(int (*next)(int, const char *, int, ...), const char *function, int dir,
		     const char *name, int flags, mode_t mode)
{
	bool existed = false;
	int fd = -1;

	if (is_nameless(flags) && shim_refuses_nameless()) {
		errno = EOPNOTSUPP;
		return -1;
	}
	if (shim_fails(open_kind(flags), function))
		return -1;
	if (record_on() && (flags & O_CREAT))
		existed = record_exists(dir, name);
	fd = next(dir, name, flags, mode);
	if (fd >= 0 && record_on())
		record_opened(fd, dir, name, flags, existed);
	return fd;
}

#define OPEN_BEFORE(function, other, dir, ...) \
	int function(__VA_ARGS__, int flags, ...) \
	{ \
		static int (*next)(int, const char *, int, ...); \
		mode_t mode = 0; \
		va_list ap; \
		if (!next) \
			shim_find(&next, other); \
		va_start(ap, flags); \
		if ((flags & O_CREAT) || is_nameless(flags)) \
			mode = va_arg(ap, mode_t); \
		va_end(ap); \
		return open_next(next, #function, dir, name, flags, mode); \
	}
OPEN_BEFORE(open, "openat", AT_FDCWD, const char *name)
OPEN_BEFORE(open64, "openat64", AT_FDCWD, const char *name)
OPEN_BEFORE(openat, "openat", dir, int dir, const char *name)
OPEN_BEFORE(openat64, "openat64", dir, int dir, const char *name)

ssize_t write(int fd, const void *data, size_t len)
{
	static ssize_t (*next)(int, const void *, size_t);
	off_t offset = 0;
	ssize_t n = 0;

	if (!next)
		shim_find(&next, "write");
	if (!is_file(fd))
		return next(fd, data, len);
	if (shim_fails_moving(FAULT_WRITE, "write", &len))
		return -1;
	if (record_on())
		offset = lseek(fd, 0, SEEK_CUR);
	n = next(fd, data, len);
	if (n > 0 && record_on())
		record_written(fd, data, (size_t)n, offset);
	return n;
}

#define PWRITE_BEFORE(name, type) \
	ssize_t name(int fd, const void *data, size_t len, type offset) \
	{ \
		static ssize_t (*next)(int, const void *, size_t, type); \
		ssize_t n = 0; \
		if (!next) \
			shim_find(&next, #name); \
		if (is_file(fd) && shim_fails_moving(FAULT_WRITE, #name, &len)) \
			return -1; \
		n = next(fd, data, len, offset); \
		if (n > 0 && record_on()) \
			record_written(fd, data, (size_t)n, (off_t)offset); \
		return n; \
	}
PWRITE_BEFORE(pwrite, off_t)
PWRITE_BEFORE(pwrite64, off64_t)

/* A function that fails, or does the work and is recorded. */
#define RECORDED(kind, name, parameters, arguments, note) \
	int name parameters \
	{ \
		static int (*next) parameters; \
		int rc = 0; \
		if (!next) \
			shim_find(&next, #name); \
		if (shim_fails(kind, #name)) \
			return -1; \
		rc = next arguments; \
		if (rc == 0 && record_on()) \
			note; \
		return rc; \
	}
RECORDED(FAULT_TRUNCATE, ftruncate, (int fd, off_t size), (fd, size), record_truncated(fd, size))
RECORDED(FAULT_TRUNCATE, ftruncate64, (int fd, off64_t size), (fd, size),
	 record_truncated(fd, (off_t)size))
RECORDED(FAULT_NAME, linkat,
	 (int dir, const char *name, int to, const char *other, int flags),
	 (dir, name, to, other, flags), record_linked(to, other))
RECORDED(FAULT_NAME, renameat, (int dir, const char *name, int to, const char *other),
	 (dir, name, to, other), record_renamed(dir, name, to, other))
RECORDED(FAULT_NAME, rename, (const char *name, const char *other), (name, other),
	 record_renamed(AT_FDCWD, name, AT_FDCWD, other))
RECORDED(FAULT_NAME, mkdirat, (int dir, const char *name, mode_t mode), (dir, name, mode),
	 record_linked(dir, name))
RECORDED(FAULT_NAME, mkdir, (const char *name, mode_t mode), (name, mode),
	 record_linked(AT_FDCWD, name))
RECORDED(FAULT_REMOVE, unlinkat, (int dir, const char *name, int flags), (dir, name, flags),
	 record_unlinked(dir, name))
RECORDED(FAULT_REMOVE, unlink, (const char *name), (name), record_unlinked(AT_FDCWD, name))
RECORDED(FAULT_REMOVE, rmdir, (const char *name), (name), record_unlinked(AT_FDCWD, name))

#define SYNC_BEFORE(name) \
	int name(int fd) \
	{ \
		static int (*next)(int); \
		int rc = 0; \
		if (!next) \
			shim_find(&next, #name); \
		if (shim_fails(FAULT_SYNC, #name)) \
			return -1; \
		rc = shim_skips_sync() ? 0 : next(fd); \
		if (rc == 0 && record_on()) \
			record_synced(fd); \
		return rc; \
	}
SYNC_BEFORE(fsync)
SYNC_BEFORE(fdatasync)
