#include "config.h"

#include "object_store/token_dir.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/log.h"
#include "object_store/file/file_commit.h"

/* Nobody takes so long to make a token. */
#define STALE_NS (3600ULL * 1000000000U)

/* Others may put files in while we empty the directory. */
#define EMPTY_TRIES 10

/* The token's directory and the one that it lies in. */
struct place {
	char *path;		/* without slashes at the end */
	char *parent_path;
	const char *leaf;	/* within path */
	struct file_dir parent;
	struct file_dir dir;
};

static void place_free(struct place *p)
{
	file_dir_close(&p->dir);
	file_dir_close(&p->parent);
	free(p->path);
	free(p->parent_path);
}

static CK_RV place_find(const char *dir, mode_t mask, struct place *out)
{
	struct place p = {
		.dir = { .mask = mask, .fd = -1 },
		.parent = { .mask = mask, .fd = -1 },
	};
	size_t len = strlen(dir);
	const char *slash;
	CK_RV rv = CKR_HOST_MEMORY;

	while (len > 1 && dir[len - 1] == '/')
		len--;
	p.path = strndup(dir, len);
	if (p.path == NULL)
		goto out;
	slash = strrchr(p.path, '/');
	p.leaf = slash == NULL ? p.path : slash + 1;
	if (slash == NULL)
		p.parent_path = strdup(".");
	else
		p.parent_path = strndup(p.path, slash == p.path ? 1 : (size_t)(slash - p.path));
	if (p.parent_path == NULL)
		goto out;
	p.dir.path = p.path;
	p.parent.path = p.parent_path;
	rv = file_dir_open(&p.parent, FILE_WRITING);
	if (rv == CKR_OBJECT_HANDLE_INVALID)
		rv = file_failed(&p.parent, NULL, "open", ENOENT, FILE_WRITING);
out:
	if (rv == CKR_OK)
		*out = p;
	else
		place_free(&p);
	return rv;
}

/* What a process leaves that was killed while it made a token */

static CK_RV only_made(const char *name, void *arg)
{
	const struct token_layout *l = arg;

	for (size_t i = 0; l->made[i] != NULL; i++)
		if (strcmp(name, l->made[i]) == 0)
			return CKR_OK;
	return CKR_DATA_INVALID;
}

static void remove_made(const struct token_layout *l, const struct file_dir *d)
{
	for (size_t i = 0; l->made[i] != NULL; i++)
		(void)unlinkat(d->fd, l->made[i], 0);
}

struct sweep {
	const struct token_layout *layout;
	const struct file_dir *parent;
};

static void remove_debris(struct sweep *s, const char *leaf, const struct file_dir *d)
{
	struct token_layout l = *s->layout;
	struct stat st;

	if (fstat(d->fd, &st) != 0 || file_is_younger(file_mtime(&st), STALE_NS))
		return;
	if (file_each_name(d, only_made, &l) != CKR_OK)
		return;
	remove_made(&l, d);
	if (unlinkat(s->parent->fd, leaf, AT_REMOVEDIR) == 0)
		log_info("removed %s/%s, a token that was never completed", s->parent->path, leaf);
}

static CK_RV sweep_one(const char *name, void *arg)
{
	struct sweep *s = arg;
	struct file_dir d = { .path = s->parent->path, .fd = -1 };

	if (!file_is_uuid(name, strlen(name)))
		return CKR_OK;
	d.fd = openat(s->parent->fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (d.fd < 0)
		return CKR_OK;
	if (!s->layout->is_whole(&d))
		remove_debris(s, name, &d);
	file_dir_close(&d);
	return CKR_OK;
}

/* Making */

static CK_RV make_directory(struct place *p)
{
	CK_RV rv;

	if (mkdirat(p->parent.fd, p->leaf, 0777 & ~p->dir.mask) != 0)
		return file_failed(&p->dir, NULL, "create", errno, FILE_WRITING);
	rv = file_dir_open(&p->dir, FILE_WRITING);
	if (rv != CKR_OK)
		(void)unlinkat(p->parent.fd, p->leaf, AT_REMOVEDIR);
	return rv == CKR_OBJECT_HANDLE_INVALID ? CKR_DEVICE_ERROR : rv;
}

CK_RV token_dir_make(const struct token_layout *l, const char *dir, mode_t mask,
		     const struct attrset *token)
{
	struct sweep s = { .layout = l };
	struct place p;
	CK_RV rv = place_find(dir, mask, &p);

	if (rv != CKR_OK)
		return rv;
	s.parent = &p.parent;
	if (file_each_name(&p.parent, sweep_one, &s) != CKR_OK)
		log_info("%s was not searched for unfinished tokens", p.parent.path);
	rv = make_directory(&p);
	if (rv == CKR_OK) {
		rv = l->fill(&p.dir, token);
		if (rv == CKR_OK)
			rv = file_sync_dir(&p.parent);
		if (rv != CKR_OK) {
			remove_made(l, &p.dir);
			(void)unlinkat(p.parent.fd, p.leaf, AT_REMOVEDIR);
		}
	}
	place_free(&p);
	return rv == CKR_DATA_INVALID ? CKR_DEVICE_ERROR : rv;
}

/* Deleting */

static CK_RV refuse_directory(const char *name, void *arg)
{
	const struct file_dir *d = arg;
	struct stat st;

	if (fstatat(d->fd, name, &st, AT_SYMLINK_NOFOLLOW) != 0 || !S_ISDIR(st.st_mode))
		return CKR_OK;
	log_error("%s is not deleted: there is a directory in it, %s", d->path, name);
	return CKR_DEVICE_ERROR;
}

static CK_RV remove_name(const char *name, void *arg)
{
	return file_remove(arg, name);
}

/* Opens the directory itself and not what a link leads to. */
static CK_RV open_token(const struct token_layout *l, struct place *p)
{
	struct stat st;

	p->dir.fd = openat(p->parent.fd, p->leaf, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (p->dir.fd < 0 && (errno == ENOENT || errno == ENOTDIR || errno == ELOOP))
		return CKR_TOKEN_NOT_RECOGNIZED;
	if (p->dir.fd < 0)
		return file_failed(&p->dir, NULL, "open", errno, FILE_WRITING);
	if (fstatat(p->dir.fd, l->main, &st, AT_SYMLINK_NOFOLLOW) == 0)
		return CKR_OK;
	if (errno == ENOENT)
		return CKR_TOKEN_NOT_RECOGNIZED;
	return file_failed(&p->dir, l->main, "stat", errno, FILE_WRITING);
}

static CK_RV remove_directory(struct place *p)
{
	CK_RV rv = CKR_OK;

	for (int i = 0; i < EMPTY_TRIES && rv == CKR_OK; i++) {
		rv = file_each_name(&p->dir, remove_name, &p->dir);
		if (rv != CKR_OK)
			return rv;
		if (unlinkat(p->parent.fd, p->leaf, AT_REMOVEDIR) == 0)
			return file_sync_dir(&p->parent);
		if (errno != ENOTEMPTY && errno != EEXIST)
			break;
	}
	return file_failed(&p->dir, NULL, "remove", errno, FILE_WRITING);
}

CK_RV token_dir_delete(const struct token_layout *l, const char *dir)
{
	struct place p;
	CK_RV rv = place_find(dir, 077, &p);

	if (rv != CKR_OK)
		return rv;
	rv = open_token(l, &p);
	if (rv == CKR_OK)
		rv = file_each_name(&p.dir, refuse_directory, &p.dir);
	if (rv == CKR_OK)
		rv = l->spoil(&p.dir);
	if (rv == CKR_OK)
		rv = remove_directory(&p);
	place_free(&p);
	return rv;
}
