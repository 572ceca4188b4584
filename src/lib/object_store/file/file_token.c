#include "config.h"

#include "object_store/file/file_token.h"

#include <errno.h>
#include <fcntl.h>

#include "object_store/file/file_commit.h"
#include "object_store/file/file_format.h"
#include "object_store/token_dir.h"

#define TOKEN_OBJECT FILE_TOKEN FILE_OBJECT
#define TOKEN_LOCK FILE_TOKEN FILE_LOCKFILE
#define TOKEN_TEMP FILE_TOKEN FILE_TEMP

/*
 * A regular file with these bytes. Its content is no loss after a power cut, so it is not synced.
 */
static CK_RV make_file(const struct file_dir *d, const char *name, const unsigned char *data,
		       size_t len)
{
	int fd;
	CK_RV rv = file_open(d, name, O_RDWR | O_CREAT, &fd);

	if (rv != CKR_OK)
		return rv;
	if (!file_write_all(fd, data, len, 0))
		rv = file_failed(d, name, "write", errno, FILE_WRITING);
	file_close(d, name, fd);
	return rv;
}

static CK_RV publish_token(const struct file_dir *d, const struct attrset *token)
{
	struct buf bytes = BUF_INIT;
	struct file_stage stage;
	CK_RV rv = file_encode(token, 1, &bytes);

	if (rv == CKR_OK)
		rv = file_stage(d, FILE_TOKEN, &bytes, NULL, &stage);
	if (rv == CKR_OK)
		rv = file_publish_new(d, &stage);
	if (rv == CKR_OK)
		rv = file_sync_dir(d);
	buf_free(&bytes);
	return rv;
}

static CK_RV fill(const struct file_dir *d, const struct attrset *token)
{
	unsigned char first[FILE_GENERATION_SIZE];
	CK_RV rv;

	file_generation_put(1, first);
	rv = make_file(d, FILE_GENERATION, first, sizeof(first));
	if (rv == CKR_OK)
		rv = make_file(d, TOKEN_LOCK, NULL, 0);
	return rv == CKR_OK ? publish_token(d, token) : rv;
}

static bool is_whole(const struct file_dir *d)
{
	return !file_is_missing(d, TOKEN_OBJECT);
}

/* The step after which it is no token: both copies of the token key are gone. */
static CK_RV spoil(const struct file_dir *d)
{
	struct file_hold h;
	CK_RV rv = file_hold(d, FILE_TOKEN, &h);

	/* What is no regular file cannot be locked, and nobody writes it. */
	if (rv == CKR_DATA_INVALID)
		return file_remove(d, TOKEN_OBJECT);
	if (rv != CKR_OK)
		return rv == CKR_OBJECT_HANDLE_INVALID ? CKR_TOKEN_NOT_RECOGNIZED : rv;
	rv = file_remove(d, TOKEN_OBJECT);
	if (rv == CKR_OK) {
		rv = file_sync_dir(d);
		if (rv != CKR_OK)
			file_restore(d, FILE_TOKEN, &h);
	}
	file_release(d, FILE_TOKEN, &h);
	return rv;
}

static const char *const made[] = { TOKEN_OBJECT, TOKEN_TEMP, TOKEN_LOCK, FILE_GENERATION, NULL };

static const struct token_layout layout = {
	.main = TOKEN_OBJECT,
	.made = made,
	.is_whole = is_whole,
	.fill = fill,
	.spoil = spoil,
};

CK_RV file_token_make(const char *dir, mode_t mask, const struct attrset *token)
{
	return token_dir_make(&layout, dir, mask, token);
}

CK_RV file_token_delete(const char *dir)
{
	return token_dir_delete(&layout, dir);
}
