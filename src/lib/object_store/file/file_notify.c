#include "config.h"

#include "object_store/file/file_notify.h"

#include <errno.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "common/log.h"

/* Changes of names and of contents; the directory's own end. */
#define EVENTS (IN_CREATE | IN_DELETE | IN_MODIFY | IN_MOVED_FROM | IN_MOVED_TO | IN_ATTRIB | \
		IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR)

/* After any of these the names no longer tell the whole truth. */
#define ENDS (IN_Q_OVERFLOW | IN_IGNORED | IN_UNMOUNT | IN_DELETE_SELF | IN_MOVE_SELF)

#define EVENT_MAX (sizeof(struct inotify_event) + NAME_MAX + 1)

static atomic_bool forbidden;

void file_notify_forbid(bool on)
{
	forbidden = on;
}

/*
 * File systems that only this system's kernel writes to (statfs(2), linux/magic.h). Any other may
 * be a network's, or a stacked one whose lower layers change unseen.
 */
static bool is_local(int fd)
{
	static const unsigned long local[] = {
		0xef53,		/* ext2, ext3, ext4 */
		0x58465342,	/* XFS */
		0x9123683e,	/* Btrfs */
		0x01021994,	/* tmpfs */
		0x858458f6,	/* ramfs */
		0x794c7630,	/* overlayfs */
		0xf2f52010,	/* F2FS */
		0x2fc12fc1,	/* ZFS */
		0xca451a4e,	/* bcachefs */
		0x3153464a,	/* JFS */
		0x52654973,	/* ReiserFS */
		0x3434,		/* NILFS */
		0x24051905,	/* UBIFS */
	};
	struct statfs st;

	if (fstatfs(fd, &st) != 0)
		return false;
	for (size_t i = 0; i < ARRAY_LEN(local); i++)
		if (((unsigned long)st.f_type & 0xffffffffUL) == local[i])
			return true;
	return false;
}

/* Watches what is behind the path; it must be what the descriptor is, before and after. */
static bool add_watch(int fd, const struct file_dir *d)
{
	struct stat st;

	return inotify_add_watch(fd, d->path, EVENTS) >= 0 && stat(d->path, &st) == 0 &&
	       st.st_dev == d->dev && st.st_ino == d->ino;
}

bool file_notify_start(struct file_notify *n, const struct file_dir *d)
{
	if (n->fd >= 0)
		return true;
	if (forbidden || !is_local(d->fd))
		return false;
	n->fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	if (n->fd >= 0 && !add_watch(n->fd, d))
		file_notify_stop(n);
	if (n->fd < 0)
		log_debug("%s: no watch (%s); every object is looked at in each search", d->path,
			  strerror(errno));
	return n->fd >= 0;
}

void file_notify_stop(struct file_notify *n)
{
	if (n->fd >= 0)
		(void)close(n->fd);
	n->fd = -1;
}

/* false: this was the last event that can be relied upon. */
static bool take_events(const char *p, size_t len, CK_RV (*fn)(const char *name, void *arg),
			void *arg)
{
	while (len > 0) {
		struct inotify_event e;

		memcpy(&e, p, sizeof(e));
		if ((e.mask & ENDS) != 0)
			return false;
		if (e.len > 0 && fn(p + sizeof(e), arg) != CKR_OK)
			return false;
		p += sizeof(e) + e.len;
		len -= sizeof(e) + e.len;
	}
	return true;
}

/* Asking costs less than reading nothing. */
bool file_notify_is_quiet(const struct file_notify *n)
{
	int waiting = 0;

	return n->fd >= 0 && ioctl(n->fd, FIONREAD, &waiting) == 0 && waiting == 0;
}

bool file_notify_read(struct file_notify *n, CK_RV (*fn)(const char *name, void *arg), void *arg)
{
	char events[8 * EVENT_MAX];
	bool good = true, more = true;

	if (file_notify_is_quiet(n))
		return true;
	while (good && more) {
		ssize_t len = read(n->fd, events, sizeof(events));

		if (len < 0 && errno == EINTR)
			continue;
		if (len < 0 && errno == EAGAIN)
			break;
		good = len > 0 && take_events(events, (size_t)len, fn, arg);
		/* With so much room left there was no other event to be read. */
		more = good && (size_t)len + EVENT_MAX > sizeof(events);
	}
	if (!good)
		file_notify_stop(n);
	return good;
}
