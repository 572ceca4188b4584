#include "config.h"

#include "maintain/exchange.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/log.h"
#include "common/reason.h"
#include "common/str.h"
#include "object_store/file/file_commit.h"
#include "object_store/file/file_lock.h"

#define MARKER "moving"
#define BUILD "new"
#define OLD "old"
#define GONE "gone"	/* the old one, which is being removed */
#define COPY '='
#define OTHER '!'
#define TITLE "softhsm2-util: a token is being put in its place\n"

/* Nobody takes so long between making the marker and writing it. */
#define STALE_NS (60ULL * 1000000000U)
#define EMPTY_NS (3600ULL * 1000000000U)

#if defined HAVE_RENAMEAT2 && defined RENAME_EXCHANGE
static bool plain = false;
#else
static bool plain = true;
#define RENAME_EXCHANGE 0
#define RENAME_NOREPLACE 0
#endif

void exchange_plain(bool on)
{
	plain = on;
}

/* A rename that replaces nothing, or an exchange. EINVAL or ENOSYS: not here. */
static int rename_with(int from_dir, const char *from, int to_dir, const char *to, unsigned flags)
{
#ifdef HAVE_RENAMEAT2
	if (!plain)
		return renameat2(from_dir, from, to_dir, to, flags);
#endif
	(void)from_dir;
	(void)from;
	(void)to_dir;
	(void)to;
	(void)flags;
	errno = ENOSYS;
	return -1;
}

static bool is_unsupported(int err)
{
	return err == ENOSYS || err == EINVAL || err == EOPNOTSUPP;
}

/* The inode of a directory, no link, of that name; 0 when there is none. */
static ino_t inode_of(const struct file_dir *d, const char *name)
{
	struct stat st;

	if (fstatat(d->fd, name, &st, AT_SYMLINK_NOFOLLOW) != 0 || !S_ISDIR(st.st_mode))
		return 0;
	return st.st_ino;
}

static void init(struct exchange *x)
{
	*x = (struct exchange){ .parent.fd = -1, .in.fd = -1, .marker = -1 };
	x->in.mask = 077;
}

static void release(struct exchange *x)
{
	if (x->marker >= 0) {
		file_unlock(x->marker);
		(void)close(x->marker);
	}
	file_dir_close(&x->in);
	file_dir_close(&x->parent);
	free(x->tokendir);
	free(x->name);
	free(x->box);
	free(x->build);
	free(x->old);
	init(x);
}

static CK_RV set_paths(struct exchange *x, const char *tokendir, const char *name, const char *box)
{
	x->tokendir = strdup(tokendir);
	x->name = strdup(name);
	x->box = path_join(tokendir, box);
	x->build = x->box != NULL ? path_join(x->box, BUILD) : NULL;
	x->old = x->box != NULL ? path_join(x->box, OLD) : NULL;
	if (x->tokendir == NULL || x->name == NULL || x->build == NULL || x->old == NULL)
		return CKR_HOST_MEMORY;
	x->parent.path = x->tokendir;
	x->in.path = x->box;
	return CKR_OK;
}

static CK_RV open_dir(struct file_dir *d)
{
	CK_RV rv = file_dir_open(d, FILE_WRITING);

	return rv == CKR_OBJECT_HANDLE_INVALID ? file_failed(d, NULL, "open", ENOENT, FILE_WRITING)
					       : rv;
}

/* Beginning */

static CK_RV write_marker(struct exchange *x)
{
	char number[32];
	struct buf text = BUF_INIT;
	CK_RV rv;

	(void)snprintf(number, sizeof(number), "%c%ju\n", x->copy ? COPY : OTHER,
		       (uintmax_t)x->inode);
	rv = file_open(&x->in, MARKER, O_RDWR | O_CREAT, &x->marker);
	if (rv == CKR_OK && !file_trylock(x->marker, FILE_LOCK_WRITE))
		rv = file_failed(&x->in, MARKER, "lock", errno, FILE_WRITING);
	if (rv == CKR_OK)
		rv = buf_append(&text, TITLE, strlen(TITLE));
	if (rv == CKR_OK)
		rv = buf_append(&text, number, strlen(number));
	if (rv == CKR_OK)
		rv = buf_append(&text, x->name, strlen(x->name));
	if (rv == CKR_OK && (!file_write_all(x->marker, text.data, text.len, 0) ||
			     !file_sync(x->marker)))
		rv = file_failed(&x->in, MARKER, "write", errno, FILE_WRITING);
	buf_free(&text);
	return rv == CKR_DATA_INVALID ? CKR_DEVICE_ERROR : rv;
}

static CK_RV make_box(struct exchange *x)
{
	CK_RV rv;

	if (mkdir(x->box, 0755) != 0)
		return file_failed(&x->in, NULL, "create", errno, FILE_WRITING);
	rv = open_dir(&x->in);
	if (rv == CKR_OK)
		rv = write_marker(x);
	if (rv == CKR_OK)
		rv = file_sync_dir(&x->in);
	if (rv == CKR_OK)
		rv = file_sync_dir(&x->parent);
	return rv;
}

CK_RV exchange_begin(const char *tokendir, const char *name, bool replaces, bool copy,
		     struct exchange *x)
{
	char box[FILE_UUID_SIZE];
	CK_RV rv;

	init(x);
	rv = file_uuid(box);
	if (rv == CKR_OK)
		rv = set_paths(x, tokendir, name, box);
	if (rv == CKR_OK)
		rv = open_dir(&x->parent);
	if (rv == CKR_OK)
		x->inode = inode_of(&x->parent, name);
	x->copy = copy;
	if (rv == CKR_OK && (x->inode != 0) != replaces)
		rv = reason(CKR_FUNCTION_FAILED, replaces ? "%s/%s is no directory" :
			    "there is something called %s/%s", tokendir, name);
	if (rv == CKR_OK)
		rv = make_box(x);
	if (rv != CKR_OK)
		exchange_end(x);
	return rv;
}

/* Owners and modes */

struct look {
	const struct file_dir *d;
	const struct stat *like;
};

static CK_RV give(int fd, const char *path, const struct stat *like)
{
	struct stat st;
	bool ok = fstat(fd, &st) == 0;

	if (ok && (st.st_uid != like->st_uid || st.st_gid != like->st_gid))
		ok = fchown(fd, like->st_uid, like->st_gid) == 0;
	if (ok && (st.st_mode & 07777) != (like->st_mode & 07777))
		ok = fchmod(fd, like->st_mode & 07777) == 0;
	if (ok)
		return CKR_OK;
	return reason(CKR_TOKEN_WRITE_PROTECTED, "%s cannot be given its owner and mode: %s", path,
		      strerror(errno));
}

static CK_RV give_file(const char *name, void *arg)
{
	const struct look *l = arg;
	int fd;
	CK_RV rv = file_open(l->d, name, O_RDONLY, &fd);

	if (rv != CKR_OK)
		return rv == CKR_OBJECT_HANDLE_INVALID ? CKR_OK : rv;
	rv = give(fd, l->d->path, l->like);
	file_close(l->d, name, fd);
	return rv;
}

CK_RV exchange_adopt(const struct exchange *x, const char *main)
{
	struct file_dir d = { .path = x->build, .fd = -1 };
	struct stat dir_like, like;
	struct look l = { &d, &like };
	char *path = path_join(x->name, main);
	CK_RV rv = path != NULL ? open_dir(&d) : CKR_HOST_MEMORY;

	if (rv == CKR_OK && (fstatat(x->parent.fd, x->name, &dir_like, 0) != 0 ||
			     fstatat(x->parent.fd, path, &like, 0) != 0))
		rv = file_failed(&x->parent, path, "stat", errno, FILE_READING);
	if (rv == CKR_OK)
		rv = file_each_name(&d, give_file, &l);
	if (rv == CKR_OK)
		rv = give(d.fd, d.path, &dir_like);
	file_dir_close(&d);
	free(path);
	return rv == CKR_DATA_INVALID ? CKR_DEVICE_ERROR : rv;
}

/* The exchange */

static CK_RV sync_all(const struct exchange *x)
{
#ifdef HAVE_SYNCFS
	if (syncfs(x->parent.fd) != 0)
		return file_failed(&x->parent, NULL, "sync", errno, FILE_WRITING);
#else
	sync();
#endif
	return CKR_OK;
}

static CK_RV sync_dirs(const struct exchange *x)
{
	CK_RV rv = file_sync_dir(&x->parent);

	return rv == CKR_OK ? file_sync_dir(&x->in) : rv;
}

static CK_RV rename_failed(const struct exchange *x)
{
	return file_failed(&x->parent, x->name, "put in place", errno, FILE_WRITING);
}

/* In two steps, between which there is no token of that name. */
static CK_RV swap_plainly(struct exchange *x)
{
	CK_RV rv;

	if (renameat(x->parent.fd, x->name, x->in.fd, OLD) != 0)
		return rename_failed(x);
	if (renameat(x->in.fd, BUILD, x->parent.fd, x->name) == 0)
		return CKR_OK;
	rv = rename_failed(x);
	if (renameat(x->in.fd, OLD, x->parent.fd, x->name) != 0)
		log_error("the token of %s/%s is in %s: put it back", x->tokendir, x->name, x->old);
	return rv;
}

static CK_RV swap(struct exchange *x)
{
	if (rename_with(x->parent.fd, x->name, x->in.fd, BUILD, RENAME_EXCHANGE) != 0)
		return is_unsupported(errno) ? swap_plainly(x) : rename_failed(x);
	if (renameat(x->in.fd, BUILD, x->in.fd, OLD) != 0) {
		CK_RV rv = rename_failed(x);

		/* Back again; otherwise the next run finds out which is which. */
		(void)rename_with(x->parent.fd, x->name, x->in.fd, BUILD, RENAME_EXCHANGE);
		return rv;
	}
	return CKR_OK;
}

static CK_RV put_new(struct exchange *x)
{
	if (rename_with(x->in.fd, BUILD, x->parent.fd, x->name, RENAME_NOREPLACE) == 0)
		return CKR_OK;
	if (is_unsupported(errno) && file_is_missing(&x->parent, x->name) &&
	    renameat(x->in.fd, BUILD, x->parent.fd, x->name) == 0)
		return CKR_OK;
	return rename_failed(x);
}

CK_RV exchange_commit(struct exchange *x)
{
	CK_RV rv = sync_all(x);

	if (rv != CKR_OK)
		return rv;
	if (inode_of(&x->parent, x->name) != x->inode)
		return reason(CKR_FUNCTION_FAILED, "somebody else replaced %s/%s meanwhile",
			      x->tokendir, x->name);
	rv = x->inode != 0 ? swap(x) : put_new(x);
	return rv == CKR_OK ? sync_dirs(x) : rv;
}

/* Removing */

static CK_RV unlink_name(const char *name, void *arg)
{
	return file_remove(arg, name);
}

/* A directory in the box, which holds nothing but files. */
static CK_RV remove_dir(const struct exchange *x, const char *name)
{
	struct file_dir d = { .path = x->box, .fd = -1 };
	CK_RV rv;

	d.fd = openat(x->in.fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (d.fd < 0 && errno == ENOENT)
		return CKR_OK;
	if (d.fd < 0)
		return file_failed(&x->in, name, "open", errno, FILE_WRITING);
	rv = file_each_name(&d, unlink_name, &d);
	file_dir_close(&d);
	if (rv == CKR_OK && unlinkat(x->in.fd, name, AT_REMOVEDIR) != 0)
		rv = file_failed(&x->in, name, "remove", errno, FILE_WRITING);
	return rv;
}

CK_RV exchange_drop_old(struct exchange *x)
{
	CK_RV rv;

	if (renameat(x->in.fd, OLD, x->in.fd, GONE) != 0)
		return file_failed(&x->in, OLD, "remove", errno, FILE_WRITING);
	rv = file_sync_dir(&x->in);
	return rv == CKR_OK ? remove_dir(x, GONE) : rv;
}

static void remove_box(struct exchange *x)
{
	if (x->in.fd < 0)
		return;
	/* The marker goes last: without it nobody knows whose the rest is. */
	if (inode_of(&x->in, BUILD) == 0 && inode_of(&x->in, OLD) == 0 &&
	    inode_of(&x->in, GONE) == 0)
		(void)unlinkat(x->in.fd, MARKER, 0);
	if (rmdir(x->box) == 0 && file_sync_dir(&x->parent) != CKR_OK)
		log_info("%s may come back after a power cut", x->box);
}

void exchange_end(struct exchange *x)
{
	/* After a commit that failed half way, "new" may be what was replaced. */
	if (x->in.fd >= 0 && (x->inode == 0 || inode_of(&x->in, BUILD) != x->inode) &&
	    remove_dir(x, BUILD) != CKR_OK)
		log_warning("%s is left behind: the next run removes it", x->build);
	remove_box(x);
	release(x);
}

void exchange_keep_old(struct exchange *x)
{
	(void)unlinkat(x->in.fd, MARKER, 0);
	release(x);
}

/* What a killed run left */

static CK_RV only_ours(const char *name, void *arg)
{
	size_t *others = arg;

	if (strcmp(name, MARKER) == 0)
		return CKR_OK;
	++*others;
	if (strcmp(name, BUILD) == 0 || strcmp(name, OLD) == 0 || strcmp(name, GONE) == 0)
		return CKR_OK;
	return CKR_DATA_INVALID;
}

/* What the marker tells after its title. false: nothing that write_marker wrote. */
static bool parse_marker(const char *text, struct exchange *x)
{
	char *end;

	if (text[0] != COPY && text[0] != OTHER)
		return false;
	x->copy = text[0] == COPY;
	x->inode = (ino_t)strtoumax(text + 1, &end, 10);
	if (end == text + 1 || end[0] != '\n' || end[1] == '\0' || strchr(end + 1, '/') != NULL)
		return false;
	free(x->name);
	x->name = strdup(end + 1);
	return x->name != NULL;
}

/* The token that the exchange put in place is there, or the one before it: the states of a kill. */
static CK_RV settle(struct exchange *x, enum exchange_state *state)
{
	ino_t build = inode_of(&x->in, BUILD), old = inode_of(&x->in, OLD);
	ino_t there = inode_of(&x->parent, x->name);
	bool nothing_there = file_is_missing(&x->parent, x->name);

	*state = EXCHANGE_STRANGE;
	if (inode_of(&x->in, GONE) != 0) {
		CK_RV rv = remove_dir(x, GONE);

		if (rv != CKR_OK)
			return rv;
	}
	if (old == 0 && build != 0 && build == x->inode && there != 0) {
		if (renameat(x->in.fd, BUILD, x->in.fd, OLD) != 0)
			return file_failed(&x->in, BUILD, "rename", errno, FILE_WRITING);
		*state = EXCHANGE_DONE;
	} else if (old != 0 && old == x->inode && build == 0 && there != 0) {
		*state = EXCHANGE_DONE;
	} else if (old != 0 && old == x->inode && nothing_there) {
		if (renameat(x->in.fd, OLD, x->parent.fd, x->name) != 0)
			return rename_failed(x);
		*state = EXCHANGE_UNDONE;
	} else if (old == 0 && (build == 0 || x->inode == 0 || there == x->inode)) {
		*state = EXCHANGE_UNDONE;
	}
	return sync_dirs(x);
}

static bool is_stale(int fd)
{
	struct stat st;

	return fstat(fd, &st) == 0 && !file_is_younger(file_mtime(&st), STALE_NS);
}

static CK_RV settle_marked(struct exchange *x, const struct buf *text, enum exchange_state *state)
{
	size_t title = strlen(TITLE);
	char *rest;
	CK_RV rv = CKR_OK;

	if (text->len <= title || memcmp(text->data, TITLE, title) != 0)
		return CKR_OK;
	rest = strndup((const char *)text->data + title, text->len - title);
	if (rest == NULL)
		return CKR_HOST_MEMORY;
	if (parse_marker(rest, x))
		rv = settle(x, state);
	free(rest);
	return rv;
}

static CK_RV read_marker(struct exchange *x, enum exchange_state *state)
{
	struct buf text = BUF_INIT;
	struct stat st;
	size_t others = 0;
	CK_RV rv = file_each_name(&x->in, only_ours, &others);

	if (rv == CKR_OK)
		rv = file_read(&x->in, MARKER, x->marker, false, &text, &st);
	if (rv == CKR_OK && text.len > 0)
		rv = settle_marked(x, &text, state);
	else if (rv == CKR_OK && others == 0 && is_stale(x->marker))
		*state = EXCHANGE_UNDONE;
	buf_free(&text);
	return rv == CKR_DATA_INVALID ? CKR_OK : rv;
}

/* An empty directory of our look may be a token that is being made, but not for an hour. */
static void remove_empty(struct exchange *x, const char *box)
{
	struct stat st;

	if (fstat(x->in.fd, &st) == 0 && !file_is_younger(file_mtime(&st), EMPTY_NS))
		(void)unlinkat(x->parent.fd, box, AT_REMOVEDIR);
}

static CK_RV look_at_box(struct exchange *x, const char *box, enum exchange_state *state)
{
	x->in.fd = openat(x->parent.fd, box, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (x->in.fd < 0)
		return CKR_OK;
	if (file_is_missing(&x->in, MARKER)) {
		remove_empty(x, box);
		return CKR_OK;
	}
	if (file_open(&x->in, MARKER, O_RDWR, &x->marker) != CKR_OK ||
	    !file_trylock(x->marker, FILE_LOCK_WRITE))
		return CKR_OK;
	*state = EXCHANGE_STRANGE;
	return read_marker(x, state);
}

CK_RV exchange_recover(const char *tokendir, const char *box, struct exchange *x,
		       enum exchange_state *state)
{
	CK_RV rv;

	init(x);
	*state = EXCHANGE_NONE;
	if (!file_is_uuid(box, strlen(box)))
		return CKR_OK;
	rv = set_paths(x, tokendir, box, box);
	if (rv == CKR_OK)
		rv = open_dir(&x->parent);
	if (rv == CKR_OK)
		rv = look_at_box(x, box, state);
	if (rv == CKR_OK && *state == EXCHANGE_DONE)
		return CKR_OK;
	if (rv == CKR_OK && *state == EXCHANGE_UNDONE)
		exchange_end(x);
	else
		release(x);
	return rv;
}
