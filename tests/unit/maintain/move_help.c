#include "config.h"

#include "unit/maintain/move_help.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

int move_countdown;
int move_calls;
void (*move_event)(void);
void (*move_before_exchange)(void);
void (*move_after_exchange)(void);

static void step(void)
{
	void (*event)(void) = move_event;

	move_calls++;
	if (move_countdown == 0 || --move_countdown > 0)
		return;
	if (event == NULL)
		(void)raise(SIGKILL);
	move_event = NULL;
	event();
}

/* Seen by SQLite, too. */
#pragma GCC visibility push(default)

int fdatasync(int fd)
{
	(void)fd;
	step();
	return 0;
}

int fsync(int fd)
{
	(void)fd;
	step();
	return 0;
}

int syncfs(int fd)
{
	(void)fd;
	step();
	return 0;
}

int fchmod(int fd, mode_t mode)
{
	step();
	return (int)syscall(SYS_fchmod, fd, mode);
}

int linkat(int from_dir, const char *from, int to_dir, const char *to, int flags)
{
	step();
	return (int)syscall(SYS_linkat, from_dir, from, to_dir, to, flags);
}

int mkdir(const char *path, mode_t mode)
{
	step();
	return (int)syscall(SYS_mkdirat, AT_FDCWD, path, mode);
}

int mkdirat(int dir, const char *path, mode_t mode)
{
	step();
	return (int)syscall(SYS_mkdirat, dir, path, mode);
}

static ssize_t pwrite_counted(int fd, const void *data, size_t len, off_t offset)
{
	step();
	return syscall(SYS_pwrite64, fd, data, len, offset);
}

/* Nobody else is there to wait for. */
int nanosleep(const struct timespec *wanted, struct timespec *left)
{
	(void)wanted;
	(void)left;
	return 0;
}

ssize_t pwrite(int fd, const void *data, size_t len, off_t offset)
{
	return pwrite_counted(fd, data, len, offset);
}

ssize_t pwrite64(int fd, const void *data, size_t len, off_t offset)
{
	return pwrite_counted(fd, data, len, offset);
}

int renameat(int from_dir, const char *from, int to_dir, const char *to)
{
	step();
	return (int)syscall(SYS_renameat2, from_dir, from, to_dir, to, 0);
}

#pragma GCC visibility pop

static void run_once(void (**fn)(void))
{
	void (*event)(void) = *fn;

	*fn = NULL;
	if (event != NULL)
		event();
}

#pragma GCC visibility push(default)

int renameat2(int from_dir, const char *from, int to_dir, const char *to, unsigned flags)
{
	int rc;

	step();
	run_once(&move_before_exchange);
	rc = (int)syscall(SYS_renameat2, from_dir, from, to_dir, to, flags);
	run_once(&move_after_exchange);
	return rc;
}

int rmdir(const char *path)
{
	step();
	return (int)syscall(SYS_unlinkat, AT_FDCWD, path, AT_REMOVEDIR);
}

int unlinkat(int dir, const char *name, int flags)
{
	step();
	return (int)syscall(SYS_unlinkat, dir, name, flags);
}

int unlink(const char *path)
{
	step();
	return (int)syscall(SYS_unlinkat, AT_FDCWD, path, 0);
}

#pragma GCC visibility pop
