#include "config.h"

#include "maintain/archive_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/reason.h"
#include "object_store/file/file_io.h"

#define CHUNK ((size_t)1 << 20)

static CK_RV failed(const char *what, const char *path)
{
	bool full = errno == ENOSPC || errno == EDQUOT || errno == EFBIG;

	return reason(full ? CKR_DEVICE_MEMORY : CKR_DEVICE_ERROR, "cannot %s %s: %s", what, path,
		      strerror(errno));
}

/* To a descriptor that may be a pipe. */
static bool write_stream(int fd, const unsigned char *data, size_t len)
{
	while (len > 0) {
		ssize_t n = write(fd, data, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		data += n;
		len -= (size_t)n;
	}
	return true;
}

/* PATH.UUID.tmp: whoever writes the same archive at the same time has another. */
static char *temporary_name(const char *path)
{
	char uuid[FILE_UUID_SIZE];
	size_t size = strlen(path) + sizeof(uuid) + sizeof(FILE_TEMP) + 1;
	char *name = file_uuid(uuid) == CKR_OK ? malloc(size) : NULL;

	if (name != NULL)
		(void)snprintf(name, size, "%s.%s%s", path, uuid, FILE_TEMP);
	return name;
}

static CK_RV write_temporary(const char *name, const struct buf *bytes)
{
	int fd = open(name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	CK_RV rv = CKR_OK;

	if (fd < 0)
		return failed("create", name);
	if (!file_write_all(fd, bytes->data, bytes->len, 0) || fsync(fd) != 0)
		rv = failed("write", name);
	if (close(fd) != 0 && rv == CKR_OK)
		rv = failed("write", name);
	if (rv != CKR_OK)
		(void)unlink(name);
	return rv;
}

/* A link replaces nothing, even when the other file comes at this moment. */
static CK_RV publish(const char *name, const char *path, bool force)
{
	struct stat st;
	CK_RV rv = CKR_OK;

	if (!force && link(name, path) == 0) {
		(void)unlink(name);
		return CKR_OK;
	}
	if (!force && (errno == EEXIST || lstat(path, &st) == 0))
		rv = reason(CKR_FUNCTION_REJECTED, "there is a file %s", path);
	else if (rename(name, path) != 0)
		rv = failed("create", path);
	if (rv != CKR_OK)
		(void)unlink(name);
	return rv;
}

static CK_RV sync_parent(const char *path)
{
	const char *slash = strrchr(path, '/');
	char *parent = slash == NULL ? strdup(".") : strndup(path, (size_t)(slash - path) + 1);
	int fd = parent != NULL ? open(parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
	CK_RV rv = parent != NULL ? CKR_OK : CKR_HOST_MEMORY;

	/* EINVAL: a file system whose directories cannot be synced, and need not be. */
	if (fd >= 0 && fsync(fd) != 0 && errno != EINVAL)
		rv = failed("sync", parent);
	if (fd >= 0)
		(void)close(fd);
	free(parent);
	return rv;
}

CK_RV archive_file_write(const char *path, const struct buf *bytes, bool force)
{
	struct stat st;
	char *name;
	CK_RV rv;

	if (strcmp(path, "-") == 0)
		return write_stream(STDOUT_FILENO, bytes->data, bytes->len) ?
		       CKR_OK : failed("write", "standard output");
	if (!force && lstat(path, &st) == 0)
		return reason(CKR_FUNCTION_REJECTED, "there is a file %s", path);
	name = temporary_name(path);
	if (name == NULL)
		return CKR_HOST_MEMORY;
	rv = write_temporary(name, bytes);
	if (rv == CKR_OK)
		rv = publish(name, path, force);
	if (rv == CKR_OK)
		rv = sync_parent(path);
	free(name);
	return rv;
}

CK_RV archive_file_read(const char *path, struct buf *bytes)
{
	bool piped = strcmp(path, "-") == 0;
	int fd = piped ? STDIN_FILENO : open(path, O_RDONLY | O_NOCTTY | O_CLOEXEC);
	CK_RV rv = fd >= 0 ? CKR_OK : failed("open", path);
	ssize_t n = 1;

	while (rv == CKR_OK && n != 0) {
		rv = buf_reserve(bytes, CHUNK);
		if (rv != CKR_OK)
			break;
		n = read(fd, bytes->data + bytes->len, CHUNK);
		if (n < 0 && errno != EINTR)
			rv = failed("read", path);
		else if (n > 0)
			bytes->len += (size_t)n;
	}
	if (!piped && fd >= 0)
		(void)close(fd);
	return rv;
}
