#include "config.h"

#include "object_store/file/file_io.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#include "common/log.h"
#include "common/str.h"
#include "object_store/file/file_format.h"
#include "object_store/file/file_lock.h"

/* A second is long for a writer, and for the steps in which times of files move. */
#define FLUX_NS (1000ULL * 1000000U)

/* Hardly an object is larger. */
#define QUIET_SIZE ((size_t)8192)

/* A file that changes at every look belongs to a writer that knows no locks. */
#define READ_TRIES 10

struct file_name file_name(const char *base, const char *ending)
{
	struct file_name n;
	size_t len = strnlen(base, sizeof(n.s) - 1);
	size_t tail = strnlen(ending, sizeof(n.s) - 1 - len);

	memcpy(n.s, base, len);
	memcpy(n.s + len, ending, tail);
	n.s[len + tail] = '\0';
	return n;
}

bool file_name_ends(const char *name, const char *ending, size_t *base_len)
{
	size_t len = strlen(name), tail = strlen(ending);

	if (len <= tail || strcmp(name + len - tail, ending) != 0)
		return false;
	*base_len = len - tail;
	return true;
}

CK_RV file_code(int err, enum file_aim aim)
{
	switch (err) {
	case EROFS:
	case EACCES:
	case EPERM:
		return aim == FILE_WRITING ? CKR_TOKEN_WRITE_PROTECTED : CKR_DEVICE_ERROR;
	case ENOSPC:
	case EDQUOT:
	case EFBIG:	/* no file of the process may grow (RLIMIT_FSIZE) */
		return CKR_DEVICE_MEMORY;
	case ENOMEM:
		return CKR_HOST_MEMORY;
	}
	return CKR_DEVICE_ERROR;
}

CK_RV file_failed(const struct file_dir *d, const char *name, const char *what, int err,
		  enum file_aim aim)
{
	CK_RV rv = file_code(err, aim);
	/* A write-protected token is somebody's will. */
	const enum log_level level = rv == CKR_TOKEN_WRITE_PROTECTED ? LEVEL_WARNING : LEVEL_ERROR;

	log_write(level, LOG_HERE, "cannot %s %s%s%s: %s", what, d->path,
		  name == NULL ? "" : "/", name == NULL ? "" : name, strerror(err));
	return rv;
}

CK_RV file_dir_open(struct file_dir *d, enum file_aim aim)
{
	struct stat st;
	int fd;

	if (d->fd >= 0)
		return CKR_OK;
	do
		fd = open(d->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	while (fd < 0 && errno == EINTR);
	if (fd < 0 && (errno == ENOENT || errno == ENOTDIR))
		return CKR_OBJECT_HANDLE_INVALID;
	if (fd < 0)
		return file_failed(d, NULL, "open", errno, aim);
	if (fstat(fd, &st) != 0) {
		CK_RV rv = file_failed(d, NULL, "stat", errno, aim);

		(void)close(fd);
		return rv;
	}
	d->fd = fd;
	d->dev = st.st_dev;
	d->ino = st.st_ino;
	return CKR_OK;
}

void file_dir_close(struct file_dir *d)
{
	if (d->fd >= 0)
		(void)close(d->fd);
	d->fd = -1;
}

static CK_RV open_failed(const struct file_dir *d, const char *name, int flags, int err)
{
	switch (err) {
	case ENOENT:
		if ((flags & O_CREAT) == 0)
			return CKR_OBJECT_HANDLE_INVALID;
		break;
	case ELOOP:	/* a symbolic link */
	case EMLINK:	/* the same, elsewhere */
	case EISDIR:
	case ENXIO:	/* a FIFO without a reader, a socket */
	case ENODEV:
		return CKR_DATA_INVALID;
	}
	return file_failed(d, name, "open", err,
			   (flags & O_ACCMODE) == O_RDONLY ? FILE_READING : FILE_WRITING);
}

/* Anything that can be opened. */
static CK_RV open_any(const struct file_dir *d, const char *name, int flags, int *fd)
{
	const int safe = O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC;

	do
		*fd = openat(d->fd, name, flags | safe, 0666 & ~d->mask);
	while (*fd < 0 && errno == EINTR);
	return *fd >= 0 ? CKR_OK : open_failed(d, name, flags, errno);
}

/* Closes what is no regular file. */
static CK_RV stat_regular(const struct file_dir *d, const char *name, int fd, struct stat *st)
{
	CK_RV rv = CKR_OK;

	if (fstat(fd, st) != 0)
		rv = file_failed(d, name, "stat", errno, FILE_READING);
	else if (!S_ISREG(st->st_mode))
		rv = CKR_DATA_INVALID;
	if (rv != CKR_OK)
		(void)close(fd);
	return rv;
}

CK_RV file_open(const struct file_dir *d, const char *name, int flags, int *fd)
{
	struct stat st;
	int f = -1;
	CK_RV rv = open_any(d, name, flags, &f);

	if (rv == CKR_OK)
		rv = stat_regular(d, name, f, &st);
	if (rv == CKR_OK)
		*fd = f;
	return rv;
}

bool file_is_missing(const struct file_dir *d, const char *name)
{
	struct stat st;

	return fstatat(d->fd, name, &st, AT_SYMLINK_NOFOLLOW) != 0 && errno == ENOENT;
}

void file_close(const struct file_dir *d, const char *name, int fd)
{
	if (fd >= 0 && close(fd) != 0 && errno != EINTR)
		log_warning("closing %s/%s: %s", d->path, name, strerror(errno));
}

/* The bytes from the beginning, at most size: what was there a moment ago. */
static bool read_from_start(int fd, size_t size, struct buf *bytes)
{
	while (bytes->len < size) {
		ssize_t n = pread(fd, bytes->data + bytes->len, size - bytes->len,
				  (off_t)bytes->len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return false;
		if (n == 0)
			break;
		bytes->len += (size_t)n;
	}
	return true;
}

static bool same_version(const struct stat *a, const struct stat *b)
{
	return a->st_size == b->st_size && file_mtime(a) == file_mtime(b) &&
	       file_ctime(a) == file_ctime(b);
}

static CK_RV read_steady(const struct file_dir *d, const char *name, int fd, struct buf *bytes,
			 struct stat *st)
{
	struct stat after;

	if (fstat(fd, st) != 0)
		return file_failed(d, name, "stat", errno, FILE_READING);
	for (int i = 0; i < READ_TRIES; i++) {
		if (st->st_size < 0 || (uintmax_t)st->st_size > FILE_SIZE_MAX)
			return CKR_DATA_INVALID;
		bytes->len = 0;
		if (buf_reserve(bytes, (size_t)st->st_size) != CKR_OK)
			return CKR_HOST_MEMORY;
		if (!read_from_start(fd, (size_t)st->st_size, bytes))
			return file_failed(d, name, "read", errno, FILE_READING);
		if (fstat(fd, &after) != 0)
			return file_failed(d, name, "stat", errno, FILE_READING);
		if (same_version(st, &after) && bytes->len == (size_t)st->st_size)
			return CKR_OK;
		*st = after;
	}
	log_error("%s/%s changes without end while it is read", d->path, name);
	return CKR_DEVICE_ERROR;
}

/*
 * SoftHSM's writers lock a file, empty it, and fill it: what was quiet for a while, and still was
 * after it was read, needs no lock; of the rest, what was read may not be of one version. Without a
 * lock it is read all the same: a file system may know none, and ours are replaced whole anyway.
 */
CK_RV file_read(const struct file_dir *d, const char *name, int fd, bool lock, struct buf *bytes,
		struct stat *st)
{
	CK_RV rv = read_steady(d, name, fd, bytes, st);

	if (rv == CKR_OK && lock && file_is_younger(file_mtime(st), FLUX_NS) &&
	    file_lock(fd, FILE_LOCK_READ)) {
		rv = read_steady(d, name, fd, bytes, st);
		file_unlock(fd);
	}
	return rv;
}

CK_RV file_open_quiet(const struct file_dir *d, const char *name, struct buf *bytes,
		      struct stat *st, int *fd)
{
	uint64_t begun = file_now(), changed;
	ssize_t n;
	CK_RV rv = buf_reserve(bytes, QUIET_SIZE);

	if (rv == CKR_OK)
		rv = open_any(d, name, O_RDONLY, fd);
	if (rv != CKR_OK)
		return rv;
	n = pread(*fd, bytes->data, QUIET_SIZE, 0);
	rv = stat_regular(d, name, *fd, st);
	if (rv != CKR_OK)
		return rv;
	changed = file_mtime(st);
	if (n < 0 || n != st->st_size || begun < changed || begun - changed < FLUX_NS)
		return CKR_OK;
	bytes->len = (size_t)n;
	file_close(d, name, *fd);
	*fd = -1;
	return CKR_OK;
}

/* A descriptor of its own: the position in a directory belongs to the open file. */
static CK_RV open_listing(const struct file_dir *d, DIR **out)
{
	int fd = openat(d->fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	CK_RV rv;

	if (fd < 0)
		return file_failed(d, NULL, "open", errno, FILE_READING);
	*out = fdopendir(fd);
	if (*out != NULL)
		return CKR_OK;
	rv = file_failed(d, NULL, "list", errno, FILE_READING);
	(void)close(fd);
	return rv;
}

static bool is_dots(const char *name)
{
	return strcmp(name, ".") == 0 || strcmp(name, "..") == 0;
}

CK_RV file_each_name(const struct file_dir *d, CK_RV (*fn)(const char *name, void *arg), void *arg)
{
	const struct dirent *entry;
	DIR *listing;
	CK_RV rv = open_listing(d, &listing);

	if (rv != CKR_OK)
		return rv;
	while (rv == CKR_OK) {
		errno = 0;
		entry = readdir(listing);
		if (entry == NULL)
			break;
		if (!is_dots(entry->d_name))
			rv = fn(entry->d_name, arg);
	}
	/*
	 * The end of a listing and a failure look alike but for errno: a cut list is never taken
	 * for a whole one.
	 */
	if (rv == CKR_OK && errno != 0)
		rv = file_failed(d, NULL, "list", errno, FILE_READING);
	(void)closedir(listing);
	return rv;
}

bool file_write_all(int fd, const unsigned char *data, size_t len, off_t offset)
{
	while (len > 0) {
		ssize_t n = pwrite(fd, data, len, offset);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0) {
			if (n == 0)
				errno = ENOSPC;
			return false;
		}
		data += n;
		len -= (size_t)n;
		offset += n;
	}
	return true;
}

static uint64_t nanoseconds(const struct timespec *t)
{
	return (uint64_t)t->tv_sec * 1000000000U + (uint64_t)t->tv_nsec;
}

uint64_t file_mtime(const struct stat *st)
{
	return nanoseconds(&st->st_mtim);
}

uint64_t file_ctime(const struct stat *st)
{
	return nanoseconds(&st->st_ctim);
}

uint64_t file_now(void)
{
	struct timespec now = { 0, 0 };

	(void)clock_gettime(CLOCK_REALTIME, &now);
	return nanoseconds(&now);
}

bool file_is_younger(uint64_t time, uint64_t ns)
{
	uint64_t now = file_now();

	return now < time || now - time < ns;
}

static const size_t uuid_groups[] = { 4, 2, 2, 2, 6 };	/* bytes */

CK_RV file_uuid(char out[FILE_UUID_SIZE])
{
	unsigned char random[16];
	const unsigned char *p = random;

	/* Not a secret: only two names must never be equal. */
	if (getentropy(random, sizeof(random)) != 0) {
		log_error("no random bytes for a file's name: %s", strerror(errno));
		return CKR_DEVICE_ERROR;
	}
	for (size_t i = 0; i < ARRAY_LEN(uuid_groups); i++) {
		str_hex(p, uuid_groups[i], out);
		p += uuid_groups[i];
		out += 2 * uuid_groups[i];
		*out++ = '-';
	}
	out[-1] = '\0';
	return CKR_OK;
}

bool file_is_uuid(const char *text, size_t len)
{
	static const char look[] = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";

	if (len != sizeof(look) - 1)
		return false;
	for (size_t i = 0; i < len; i++)
		if (look[i] == '-' ? text[i] != '-' : strchr("0123456789abcdef", text[i]) == NULL)
			return false;
	return true;
}
