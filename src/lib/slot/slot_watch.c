#include "config.h"

#include "slot/slot_watch.h"

#include <errno.h>
#include <poll.h>
#include <stddef.h>
#include <unistd.h>

#include "common/log.h"

#ifdef __linux__
#include <string.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/vfs.h>

#define SELF_GONE (IN_DELETE_SELF | IN_MOVE_SELF | IN_UNMOUNT | IN_IGNORED)
#define AIM (IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO | IN_DELETE_SELF | IN_MOVE_SELF | \
	     IN_ONLYDIR)

/*
 * File systems that no other machine and no other process serves. inotify is silent about changes
 * that are made elsewhere, so all others are looked at from time to time.
 */
static bool is_local(const char *dir)
{
	static const uint32_t local[] = {
		0xef53,		/* ext2, ext3, ext4 */
		0x58465342,	/* XFS */
		0x9123683e,	/* btrfs */
		0x01021994,	/* tmpfs */
		0x858458f6,	/* ramfs */
		0xf2f52010,	/* F2FS */
		0x2fc12fc1,	/* ZFS */
		0xca451a4e,	/* bcachefs */
		0x3153464a,	/* JFS */
		0x24051905,	/* UBIFS */
		0x4d44,		/* FAT */
	};
	struct statfs fs;

	if (statfs(dir, &fs) != 0)
		return false;
	for (size_t i = 0; i < ARRAY_LEN(local); i++)
		if (local[i] == (uint32_t)fs.f_type)
			return true;
	return false;
}

bool slot_watch_open(struct slot_watch *w, const char *dir)
{
	if (w->wake < 0)
		w->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (w->notify < 0)
		w->notify = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	if (w->notify < 0 || w->aim >= 0)
		return false;
	w->aim = inotify_add_watch(w->notify, dir, AIM);
	if (w->aim < 0) {
		log_debug("no inotify for %s: %s", dir, strerror(errno));
		return false;
	}
	w->local = is_local(dir);
	return true;
}

void slot_watch_lost(struct slot_watch *w, int aim)
{
	if (w->aim != aim)
		return;
	(void)inotify_rm_watch(w->notify, aim);	/* it may be gone already */
	w->aim = -1;
}

static unsigned take_events(const struct slot_watch *w, const char *bytes, size_t len)
{
	struct inotify_event e;
	unsigned told = SLOT_WATCH_CHANGED;

	for (size_t at = 0; at + sizeof(e) <= len; at += sizeof(e) + e.len) {
		memcpy(&e, bytes + at, sizeof(e));
		if (e.wd == w->aim && (e.mask & SELF_GONE) != 0)
			told |= SLOT_WATCH_LOST;
	}
	return told;
}

/* Empties the queue, which is shared: one sleeper may take what woke another. */
static unsigned drain(const struct slot_watch *w)
{
	char bytes[4096];
	unsigned told = 0;
	ssize_t n;

	for (;;) {
		n = read(w->notify, bytes, sizeof(bytes));
		if (n > 0)
			told |= take_events(w, bytes, (size_t)n);
		else if (n == 0 || errno != EINTR)
			return told;
	}
}

static void clear_wake(int fd)
{
	uint64_t n;
	ssize_t got;

	do
		got = read(fd, &n, sizeof(n));
	while (got < 0 && errno == EINTR);
}

void slot_watch_wake(struct slot_watch *w)
{
	const uint64_t one = 1;
	ssize_t n;

	do
		n = w->wake < 0 ? 0 : write(w->wake, &one, sizeof(one));
	while (n < 0 && errno == EINTR);
}
#else
/* Without inotify a sleeper looks now and then, and needs no descriptor. */
bool slot_watch_open(struct slot_watch *w, const char *dir)
{
	(void)w;
	(void)dir;
	return false;
}

void slot_watch_lost(struct slot_watch *w, int aim)
{
	(void)w;
	(void)aim;
}

static unsigned drain(const struct slot_watch *w)
{
	(void)w;
	return 0;
}

static void clear_wake(int fd)
{
	(void)fd;
}

void slot_watch_wake(struct slot_watch *w)
{
	(void)w;
}
#endif

bool slot_watch_is_sure(const struct slot_watch *w)
{
	return w->wake >= 0 && w->aim >= 0 && w->local;
}

unsigned slot_watch_sleep(struct slot_watch copy, int ms)
{
	struct pollfd fds[] = {
		{ .fd = copy.notify, .events = POLLIN },	/* poll skips what is negative */
		{ .fd = copy.wake, .events = POLLIN },
	};

	if (poll(fds, ARRAY_LEN(fds), ms) <= 0)
		return 0;
	if (fds[1].revents != 0)
		clear_wake(copy.wake);
	return fds[0].revents != 0 ? drain(&copy) : 0;
}

static void close_one(int *fd)
{
	if (*fd >= 0)
		(void)close(*fd);
	*fd = -1;
}

void slot_watch_close(struct slot_watch *w)
{
	close_one(&w->notify);
	close_one(&w->wake);
	w->aim = -1;
	w->waiters = 0;
}
