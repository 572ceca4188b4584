#include "config.h"

/* All of it is for others, whatever the compiler was told to hide. */
#pragma GCC visibility push(default)

#include "nofile_shim.h"

#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static atomic_bool counting;
static atomic_ulong asked;
static unsigned long to_fail;
static int error_number;

void nofile_begin(unsigned long n, int error)
{
	to_fail = n;
	error_number = error;
	atomic_store(&asked, 0);
	atomic_store(&counting, true);
}

unsigned long nofile_end(void)
{
	atomic_store(&counting, false);
	return atomic_load(&asked);
}

static bool fails(void)
{
	if (!atomic_load(&counting) || atomic_fetch_add(&asked, 1) + 1 != to_fail)
		return false;
	errno = error_number;
	return true;
}

/* The C library's own; POSIX has no other way to turn the symbol into a function. */
static void find(void *function, const char *name)
{
	void *symbol = dlsym(RTLD_NEXT, name);

	memcpy(function, &symbol, sizeof(symbol));
}

/* A function that returns `failure` instead of what the C library's own does. */
#define STAND_BEFORE(type, name, parameters, arguments, failure) \
	type name parameters \
	{ \
		static type (*next) parameters; \
		if (!next) \
			find(&next, #name); \
		return fails() ? (failure) : next arguments; \
	}

STAND_BEFORE(int, fstat, (int fd, struct stat *st), (fd, st), -1)
STAND_BEFORE(int, stat, (const char *path, struct stat *st), (path, st), -1)
STAND_BEFORE(int, fstatat, (int dir, const char *name, struct stat *st, int flags),
	     (dir, name, st, flags), -1)
STAND_BEFORE(ssize_t, pread, (int fd, void *data, size_t len, off_t offset),
	     (fd, data, len, offset), -1)
STAND_BEFORE(ssize_t, pwrite, (int fd, const void *data, size_t len, off_t offset),
	     (fd, data, len, offset), -1)
STAND_BEFORE(int, fsync, (int fd), (fd), -1)
STAND_BEFORE(int, fchmod, (int fd, mode_t mode), (fd, mode), -1)
STAND_BEFORE(int, linkat, (int dir, const char *name, int to, const char *other, int flags),
	     (dir, name, to, other, flags), -1)
STAND_BEFORE(int, renameat, (int dir, const char *name, int to, const char *other),
	     (dir, name, to, other), -1)
STAND_BEFORE(int, unlinkat, (int dir, const char *name, int flags), (dir, name, flags), -1)
STAND_BEFORE(int, mkdirat, (int dir, const char *name, mode_t mode), (dir, name, mode), -1)
STAND_BEFORE(DIR *, fdopendir, (int fd), (fd), NULL)
STAND_BEFORE(struct dirent *, readdir, (DIR *dir), (dir), NULL)

int openat(int dir, const char *name, int flags, ...)
{
	static int (*next)(int, const char *, int, ...);
	mode_t mode = 0;
	va_list ap;

	if (!next)
		find(&next, "openat");
	va_start(ap, flags);
	if (flags & O_CREAT)
		mode = va_arg(ap, mode_t);
	va_end(ap);
	return fails() ? -1 : next(dir, name, flags, mode);
}

/* Locks, which a file system may not have. */
int fcntl(int fd, int command, ...)
{
	static int (*next)(int, int, ...);
	void *argument = NULL;
	va_list ap;

	if (!next)
		find(&next, "fcntl");
	va_start(ap, command);
	argument = va_arg(ap, void *);
	va_end(ap);
	return fails() ? -1 : next(fd, command, argument);
}
