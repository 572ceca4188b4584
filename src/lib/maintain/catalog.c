#include "config.h"

#include "maintain/catalog.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "common/str.h"
#include "object_store/aside.h"
#ifdef WITH_OBJECTSTORE_BACKEND_DB
#include "object_store/db/db_aside.h"
#endif
#include "object_store/file/file_commit.h"
#include "object_store/file/file_format.h"
#include "object_store/file/file_watch.h"

/* SoftHSM 2.6.1 unlocks a file before the last bytes are in it: what is damaged is read again. */
#define TRIES 5
#define PAUSE_NS (5L * 1000000)

static CK_RV append(struct catalog *c, const char *name, uint64_t id)
{
	struct catalog_entry *grown = realloc(c->list, (c->count + 1) * sizeof(*grown));

	if (grown == NULL)
		return CKR_HOST_MEMORY;
	c->list = grown;
	grown[c->count] = (struct catalog_entry){ strdup(name), id };
	return grown[c->count].name != NULL ? (c->count++, CKR_OK) : CKR_HOST_MEMORY;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct catalog_entry *)a)->name,
		      ((const struct catalog_entry *)b)->name);
}

/* Files */

static bool is_file_kind(const struct token_entry *t)
{
	return strcmp(t->kind->backend, "file") == 0;
}

static CK_RV open_dir(const struct catalog *c, struct file_dir *d)
{
	*d = (struct file_dir){ .path = c->token->dir, .mask = c->mask, .fd = -1 };
	return file_dir_open(d, FILE_READING);
}

static CK_RV find_file(const char *name, void *arg)
{
	size_t len = strlen(name), tail = strlen(FILE_OBJECT);

	if (len <= tail || strcmp(name + len - tail, FILE_OBJECT) != 0 ||
	    strcmp(name, FILE_TOKEN FILE_OBJECT) == 0)
		return CKR_OK;
	return append(arg, name, 0);
}

static CK_RV list_files(struct catalog *c)
{
	struct file_dir d;
	CK_RV rv = open_dir(c, &d);

	if (rv == CKR_OK)
		rv = file_each_name(&d, find_file, c);
	file_dir_close(&d);
	if (c->count > 1)
		qsort(c->list, c->count, sizeof(c->list[0]), by_name);
	return rv == CKR_OBJECT_HANDLE_INVALID ? CKR_DEVICE_REMOVED : rv;
}

static CK_RV read_file(const struct file_dir *d, const char *name, struct attrset **out)
{
	struct buf bytes = BUF_INIT;
	struct stat st;
	int fd;
	CK_RV rv = file_open(d, name, O_RDONLY, &fd);

	if (rv != CKR_OK)
		return rv;
	rv = file_read(d, name, fd, true, &bytes, &st);
	if (rv == CKR_OK)
		rv = file_decode(bytes.data, bytes.len, NULL, out);
	file_close(d, name, fd);
	buf_free(&bytes);
	return rv;
}

static CK_RV load_file(const struct catalog *c, const char *name, struct attrset **out)
{
	const struct timespec pause = { 0, PAUSE_NS };
	struct file_dir d;
	CK_RV rv = open_dir(c, &d);

	for (int i = 0; rv == CKR_OK; i++) {
		rv = read_file(&d, name, out);
		if (rv != CKR_DATA_INVALID || i == TRIES)
			break;
		(void)nanosleep(&pause, NULL);
		rv = CKR_OK;
	}
	file_dir_close(&d);
	return rv;
}

static CK_RV rename_aside(const struct file_dir *d, const char *name, struct file_name *to)
{
	CK_RV rv = aside_name(d, name, to);

	if (rv == CKR_OK && renameat(d->fd, name, d->fd, to->s) != 0)
		rv = file_failed(d, name, "rename", errno, FILE_WRITING);
	return rv == CKR_OK ? file_sync_dir(d) : rv;
}

/* Under the object's locks, unless it is no file that could be locked. */
static CK_RV rename_locked(const struct file_dir *d, const char *name, struct file_name *to)
{
	struct file_name base = file_name(name, "");
	struct file_hold h;
	bool held;
	CK_RV rv;

	base.s[strlen(name) - strlen(FILE_OBJECT)] = '\0';
	rv = file_hold(d, base.s, &h);
	held = rv == CKR_OK;
	if (rv == CKR_OK || rv == CKR_DATA_INVALID)
		rv = rename_aside(d, name, to);
	if (rv == CKR_OK)
		(void)unlinkat(d->fd, file_name(base.s, FILE_LOCKFILE).s, 0);
	if (held)
		file_release(d, base.s, &h);
	return rv;
}

static CK_RV give_path(const struct catalog *c, const struct file_name *name, char **out)
{
	*out = path_join(c->token->dir, name->s);
	return *out != NULL ? CKR_OK : CKR_HOST_MEMORY;
}

static CK_RV set_file_aside(const struct catalog *c, const char *name, char **out)
{
	struct file_watch watch = FILE_WATCH_INIT;
	struct file_name to;
	struct file_dir d;
	int counter;
	CK_RV rv = open_dir(c, &d);

	if (rv == CKR_OK)
		rv = file_generation_open(&d, &counter);
	if (rv == CKR_OK) {
		rv = rename_locked(&d, name, &to);
		file_generation_raise(&watch, &d, counter);
	}
	if (rv == CKR_OK)
		rv = give_path(c, &to, out);
	file_watch_close(&watch);
	file_dir_close(&d);
	return rv;
}

/* Other backends, by the store's ids */

static CK_RV list_ids(struct catalog *c)
{
	uint64_t *ids = NULL;
	size_t count = 0;
	CK_RV rv = store_open(c->token->backend, c->token->dir, c->mask, &c->store);

	if (rv == CKR_OK)
		rv = store_list(c->store, &ids, &count);
	for (size_t i = 0; i < count && rv == CKR_OK; i++) {
		char name[64];

		(void)snprintf(name, sizeof(name), "%s, object %" PRIu64, c->token->kind->file,
			       ids[i]);
		rv = append(c, name, ids[i]);
	}
	free(ids);
	return rv;
}

#ifdef WITH_OBJECTSTORE_BACKEND_DB
static CK_RV set_rows_aside(const struct catalog *c, uint64_t id, char **out)
{
	struct file_name to;
	CK_RV rv = db_set_aside(c->token->dir, c->mask, (int64_t)id, &to);

	return rv == CKR_OK ? give_path(c, &to, out) : rv;
}
#else
static CK_RV set_rows_aside(const struct catalog *c, uint64_t id, char **out)
{
	(void)c;
	(void)id;
	(void)out;
	return CKR_FUNCTION_NOT_SUPPORTED;
}
#endif

CK_RV catalog_open(const struct token_entry *token, mode_t mask, struct catalog *c)
{
	*c = (struct catalog){ .token = token, .mask = mask };
	return is_file_kind(token) ? list_files(c) : list_ids(c);
}

void catalog_close(struct catalog *c)
{
	for (size_t i = 0; i < c->count; i++)
		free(c->list[i].name);
	free(c->list);
	store_close(c->store);
	*c = (struct catalog){ .count = 0 };
}

CK_RV catalog_load(struct catalog *c, const struct catalog_entry *e, struct attrset **out)
{
	if (c->store == NULL)
		return load_file(c, e->name, out);
	return store_load(c->store, e->id, out, NULL);
}

CK_RV catalog_set_aside(struct catalog *c, const struct catalog_entry *e, char **to)
{
	if (c->store == NULL)
		return set_file_aside(c, e->name, to);
	return set_rows_aside(c, e->id, to);
}
