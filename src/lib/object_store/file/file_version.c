#include "config.h"

#include "object_store/file/file_version.h"

#include <fcntl.h>
#include <time.h>

#include "common/log.h"
#include "object_store/file/file_format.h"

/*
 * SoftHSM 2.6.1 empties a file, and unlocks it before the last of the new bytes are in it. A
 * damaged file that was just written is read again a few times, an empty one, whose writer may be
 * waiting for a processor, for half a second, with growing pauses.
 */
#define PATIENCE_NS (1000ULL * 1000000U)
#define PATIENCE_TRIES 5
#define PATIENCE_TRIES_EMPTY 8
#define PATIENCE_PAUSE_NS (2L * 1000000)

static CK_RV read_version(const struct file_dir *d, const char *name, int fd, bool lock,
			  struct file_version *v)
{
	struct buf bytes = BUF_INIT;
	CK_RV rv = file_read(d, name, fd, lock, &bytes, &v->st);

	if (rv == CKR_OK)
		rv = file_decode(bytes.data, bytes.len, &v->generation, &v->attrs);
	buf_free(&bytes);
	return rv;
}

CK_RV file_version_read(const struct file_dir *d, const char *name, int fd, bool lock,
			struct file_version *v)
{
	for (int i = 0;; i++) {
		struct timespec pause = { 0, PATIENCE_PAUSE_NS };
		CK_RV rv = read_version(d, name, fd, lock, v);
		bool empty = rv == CKR_DATA_INVALID && v->st.st_size == 0;
		int tries = empty ? PATIENCE_TRIES_EMPTY : PATIENCE_TRIES;

		if (rv != CKR_DATA_INVALID || i >= tries ||
		    !file_is_younger(file_mtime(&v->st), PATIENCE_NS))
			return rv;
		if (empty)
			pause.tv_nsec <<= i;
		(void)nanosleep(&pause, NULL);
	}
}

void file_version_damaged(const struct file_dir *d, const char *base, uint64_t *told)
{
	struct file_name name = file_name(base, FILE_OBJECT);
	struct stat st;
	uint64_t version = 1;

	if (fstatat(d->fd, name.s, &st, AT_SYMLINK_NOFOLLOW) == 0)
		version = (file_ctime(&st) ^ (uint64_t)st.st_ino << 32 ^ (uint64_t)st.st_size) | 1;
	if (version == *told)
		return;
	*told = version;
	log_error("%s/%s is left out: it is damaged, or it or its lock file is no regular file",
		  d->path, name.s);
}

/* *fd: where the rest of the work is to be done; -1 when there is none. */
static CK_RV load_quiet(const struct file_dir *d, const char *name, struct file_version *v, int *fd)
{
	struct buf bytes = BUF_INIT;
	CK_RV rv = file_open_quiet(d, name, &bytes, &v->st, fd);

	if (rv == CKR_OK && *fd < 0)
		rv = file_decode(bytes.data, bytes.len, &v->generation, &v->attrs);
	buf_free(&bytes);
	return rv;
}

CK_RV file_version_load(struct file_dir *d, const char *base, uint64_t *told,
			struct file_version *v)
{
	struct file_name name = file_name(base, FILE_OBJECT);
	CK_RV rv = file_dir_open(d, FILE_READING);
	int fd = -1;

	if (rv != CKR_OK)
		return rv;
	rv = load_quiet(d, name.s, v, &fd);
	if (rv == CKR_OK && fd >= 0) {
		rv = file_version_read(d, name.s, fd, true, v);
		file_close(d, name.s, fd);
	}
	if (rv == CKR_DATA_INVALID)
		file_version_damaged(d, base, told);
	return rv;
}
