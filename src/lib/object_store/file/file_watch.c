#include "config.h"

#include "object_store/file/file_watch.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "common/log.h"
#include "object_store/file/file_format.h"
#include "object_store/file/file_lock.h"

/*
 * Times of files move in steps of some milliseconds, so a second change may show the same time as
 * the first. A time younger than RACY_NS is not trusted for ever: the directory is listed once more
 * after AGAIN_NS.
 */
#define RACY_NS (20ULL * 1000000U)
#define AGAIN_NS (1000ULL * 1000000U)

static uint64_t monotonic_now(void)
{
	struct timespec now = { 0, 0 };

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000U + (uint64_t)now.tv_nsec;
}

static void close_number(struct file_watch *w)
{
	if (w->fd >= 0)
		(void)close(w->fd);
	w->fd = -1;
}

void file_watch_close(struct file_watch *w)
{
	close_number(w);
	file_notify_stop(&w->notify);
	w->no_notify = false;
	w->seen = false;
}

bool file_watch_start(struct file_watch *w, const struct file_dir *d)
{
	if (file_notify_is_on(&w->notify) || w->no_notify)
		return false;
	w->no_notify = !file_notify_start(&w->notify, d);
	return !w->no_notify;
}

static CK_RV stat_path(const struct file_dir *d, enum file_aim aim, struct stat *st)
{
	if (stat(d->path, st) == 0)
		return S_ISDIR(st->st_mode) ? CKR_OK : CKR_OBJECT_HANDLE_INVALID;
	if (errno == ENOENT || errno == ENOTDIR)
		return CKR_OBJECT_HANDLE_INVALID;
	return file_failed(d, NULL, "stat", errno, aim);
}

static bool is_other(const struct file_dir *d, const struct stat *st)
{
	return st->st_dev != d->dev || st->st_ino != d->ino;
}

bool file_watch_moved(const struct file_dir *d)
{
	struct stat st;

	return stat(d->path, &st) != 0 || is_other(d, &st);
}

/* Lets go of a directory that the path no longer leads to, as after a restore from a backup. */
static void leave_other(struct file_watch *w, struct file_dir *d, const struct stat *st)
{
	if (d->fd < 0 || !is_other(d, st))
		return;
	file_dir_close(d);
	file_watch_close(w);
}

CK_RV file_watch_dir(struct file_watch *w, struct file_dir *d, enum file_aim aim)
{
	struct stat st;
	CK_RV rv = stat_path(d, aim, &st);

	if (rv != CKR_OK)
		return rv;
	leave_other(w, d, &st);
	return file_dir_open(d, aim);
}

/* A file that was unlinked or replaced tells nothing any more. */
static bool is_current(int fd)
{
	struct stat st;

	return fd >= 0 && fstat(fd, &st) == 0 && st.st_nlink > 0;
}

/* A number that is missing or cut counts as a change each time, as with SoftHSM. */
static CK_RV read_number(struct file_watch *w, const struct file_dir *d, struct file_view *v)
{
	unsigned char bytes[FILE_GENERATION_SIZE];
	ssize_t n;
	CK_RV rv;

	v->counted = false;
	if (!is_current(w->fd)) {
		close_number(w);
		rv = file_open(d, FILE_GENERATION, O_RDONLY, &w->fd);
		if (rv == CKR_OBJECT_HANDLE_INVALID || rv == CKR_DATA_INVALID)
			return CKR_OK;
		if (rv != CKR_OK)
			return rv;
	}
	do
		n = pread(w->fd, bytes, sizeof(bytes), 0);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return file_failed(d, FILE_GENERATION, "read", errno, FILE_READING);
	if (n == (ssize_t)sizeof(bytes)) {
		v->counted = true;
		v->generation = file_generation_get(bytes);
	}
	return CKR_OK;
}

CK_RV file_watch_changed(struct file_watch *w, struct file_dir *d, bool *out)
{
	struct file_view now;
	struct stat st;
	CK_RV rv = stat_path(d, FILE_READING, &st);

	if (rv != CKR_OK)
		return rv;
	leave_other(w, d, &st);
	if (!w->seen || !w->last.counted || file_mtime(&st) != w->last.dir_mtime) {
		*out = true;
		return CKR_OK;
	}
	rv = file_dir_open(d, FILE_READING);
	if (rv == CKR_OK)
		rv = read_number(w, d, &now);
	if (rv != CKR_OK)
		return rv;
	*out = !now.counted || now.generation != w->last.generation ||
	       (w->again_at != 0 && monotonic_now() >= w->again_at);
	return CKR_OK;
}

static bool is_racy(uint64_t mtime)
{
	uint64_t now = file_now();

	return mtime <= now && now - mtime < RACY_NS;
}

CK_RV file_watch_look(struct file_watch *w, const struct file_dir *d, struct file_view *out)
{
	struct file_view v = { .counted = false };
	struct stat st;
	CK_RV rv;

	if (fstat(d->fd, &st) != 0)
		return file_failed(d, NULL, "stat", errno, FILE_READING);
	v.dir_mtime = file_mtime(&st);
	v.racy = is_racy(v.dir_mtime);
	rv = read_number(w, d, &v);
	if (rv == CKR_OK)
		*out = v;
	return rv;
}

void file_watch_accept(struct file_watch *w, const struct file_view *v)
{
	w->last = *v;
	w->seen = true;
	w->again_at = v->racy ? monotonic_now() + AGAIN_NS : 0;
}

void file_watch_begin(struct file_watch *w, const struct file_dir *d)
{
	struct stat st;

	w->clean = w->seen && fstat(d->fd, &st) == 0 && file_mtime(&st) == w->last.dir_mtime;
}

/*
 * Somebody may have put a file in while we did: one more look, once things are quiet, but not one
 * for each change.
 */
void file_watch_end(struct file_watch *w, const struct file_dir *d)
{
	struct stat st;

	if (!w->clean)
		return;
	if (fstat(d->fd, &st) != 0) {
		w->seen = false;
		return;
	}
	w->last.dir_mtime = file_mtime(&st);
	if (w->again_at == 0)
		w->again_at = monotonic_now() + AGAIN_NS;
}

CK_RV file_generation_open(const struct file_dir *d, int *fd)
{
	CK_RV rv = file_open(d, FILE_GENERATION, O_RDWR | O_CREAT, fd);

	if (rv == CKR_DATA_INVALID) {
		log_error("%s/%s is no regular file", d->path, FILE_GENERATION);
		rv = CKR_DEVICE_ERROR;
	}
	return rv;
}

static bool raise_locked(int fd, uint64_t *before, uint64_t *after)
{
	unsigned char bytes[FILE_GENERATION_SIZE];
	ssize_t n = pread(fd, bytes, sizeof(bytes), 0);

	if (n < 0)
		return false;
	*before = n == (ssize_t)sizeof(bytes) ? file_generation_get(bytes) : 0;
	*after = file_generation_next(*before);
	file_generation_put(*after, bytes);
	return file_write_all(fd, bytes, sizeof(bytes), 0);
}

void file_generation_raise(struct file_watch *w, const struct file_dir *d, int fd)
{
	uint64_t before, after;
	bool locked = file_lock(fd, FILE_LOCK_WRITE);
	bool done = locked && raise_locked(fd, &before, &after);

	if (!done)
		log_warning("cannot raise the number in %s/%s: %s", d->path, FILE_GENERATION,
			    strerror(errno));
	else if (w->seen && w->last.counted && w->last.generation == before)
		w->last.generation = after;
	if (locked)
		file_unlock(fd);
	file_close(d, FILE_GENERATION, fd);
}
