#include "config.h"

#include "object_store/db/db_token.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "common/log.h"
#include "object_store/db/db_object.h"
#include "object_store/file/file_commit.h"
#include "object_store/token_dir.h"

/* SQLite would make it with another mode. It is closed before SQLite opens it. */
static CK_RV make_empty(const struct file_dir *d)
{
	int fd;
	CK_RV rv = file_open(d, DB_FILE, O_RDWR | O_CREAT | O_EXCL, &fd);

	if (rv == CKR_OK)
		file_close(d, DB_FILE, fd);
	return rv;
}

/* All of it in one transaction. */
static CK_RV fill_database(struct db_conn *c, const struct attrset *token)
{
	uint64_t print;
	int64_t id = 0;
	CK_RV rv = db_schema_create(c);

	if (rv == CKR_OK)
		rv = db_object_add(c, token, &id, &print);
	if (rv == CKR_OK && id != DB_TOKEN_ID)
		rv = db_malformed(c, "a new database is not empty");
	return rv;
}

static CK_RV fill(const struct file_dir *d, const struct attrset *token)
{
	struct db_conn *c = NULL;
	CK_RV rv = make_empty(d);

	if (rv == CKR_OK)
		rv = db_open(d->path, &c);
	if (rv == CKR_TOKEN_NOT_RECOGNIZED)
		rv = CKR_DEVICE_ERROR;	/* somebody removed what was just made */
	if (rv == CKR_OK)
		rv = db_begin(c, FILE_WRITING);
	if (rv == CKR_OK)
		rv = db_end(c, fill_database(c, token));
	db_close(c);
	return rv == CKR_OK ? file_sync_dir(d) : rv;
}

#define MAGIC "\xd9\xd5\x05\xf9\x20\xa1\x63\xd7"

/* What the journal, if there is one to be followed, takes the database back to. */
enum journal { TO_NOWHERE, TO_NOTHING, TO_SOMETHING };

/* The header has 8 bytes of magic, two numbers, and the database's size before, in pages. */
static enum journal look_at_journal(const struct file_dir *d)
{
	unsigned char header[20] = { 0 };
	ssize_t n;
	int fd;

	if (file_is_missing(d, DB_JOURNAL))
		return TO_NOWHERE;
	if (file_open(d, DB_JOURNAL, O_RDONLY, &fd) != CKR_OK)
		return TO_SOMETHING;
	n = pread(fd, header, sizeof(header), 0);
	file_close(d, DB_JOURNAL, fd);
	if (n >= 0 && (n < (ssize_t)sizeof(header) || memcmp(header, MAGIC, 8) != 0))
		return TO_NOWHERE;
	return n >= 0 && memcmp(header + 16, "\0\0\0\0", 4) == 0 ? TO_NOTHING : TO_SOMETHING;
}

/* The database itself is not opened for that: another thread may have SQLite look at it. */
static bool is_whole(const struct file_dir *d)
{
	enum journal journal = look_at_journal(d);
	struct stat st;

	if (fstatat(d->fd, DB_FILE, &st, AT_SYMLINK_NOFOLLOW) != 0)
		return !file_is_missing(d, DB_FILE);
	return st.st_size > 0 ? journal != TO_NOTHING : journal == TO_SOMETHING;
}

static CK_RV spoil(const struct file_dir *d)
{
	CK_RV rv = file_remove(d, DB_FILE);

	return rv == CKR_OK ? file_sync_dir(d) : rv;
}

/* The journal after the database: without it, half of one might pass for a whole. */
static const char *const made[] = { DB_FILE, DB_JOURNAL, FILE_GENERATION, NULL };

static const struct token_layout layout = {
	.main = DB_FILE,
	.made = made,
	.is_whole = is_whole,
	.fill = fill,
	.spoil = spoil,
};

CK_RV db_token_make(const char *dir, mode_t mask, const struct attrset *token)
{
	return token_dir_make(&layout, dir, mask, token);
}

CK_RV db_token_delete(const char *dir)
{
	return token_dir_delete(&layout, dir);
}
