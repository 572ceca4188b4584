#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/log.h"
#include "object_store/backend.h"
#include "object_store/file/file_commit.h"
#include "object_store/file/file_format.h"
#include "object_store/file/file_lock.h"
#include "object_store/file/file_objects.h"
#include "object_store/file/file_token.h"
#include "object_store/file/file_version.h"
#include "object_store/file/file_watch.h"

/* Times of files move in steps: a younger file may change without its times showing it. */
#define RACY_NS (20ULL * 1000000U)

struct store_file {
	struct store base;
	struct file_dir dir;		/* open from the first use on: most tokens stay unused */
	struct file_watch watch;
	struct file_objects objects;
	uint64_t token_damage;
};

static struct store_file *as_file(struct store *s)
{
	return (struct store_file *)s;
}

/* A token without a directory is not a token without objects: somebody took it away. */
static CK_RV or_removed(const struct store_file *f, CK_RV rv)
{
	if (rv != CKR_OBJECT_HANDLE_INVALID)
		return rv;
	rv = file_failed(&f->dir, NULL, "open", ENOENT, FILE_READING);
	return rv == CKR_DEVICE_ERROR ? CKR_DEVICE_REMOVED : rv;
}

/* Brings the directory up to date with its path; to be called before what lists or writes. */
static CK_RV use_dir(struct store_file *f, enum file_aim aim)
{
	const struct file_dir before = f->dir;
	CK_RV rv = file_watch_dir(&f->watch, &f->dir, aim);
	bool other = before.fd < 0 || f->dir.dev != before.dev || f->dir.ino != before.ino;

	/* Another directory under the same path may be anything, even the other backend's token. */
	if (rv == CKR_OK && other && file_is_missing(&f->dir, FILE_TOKEN FILE_OBJECT)) {
		file_dir_close(&f->dir);
		rv = CKR_OBJECT_HANDLE_INVALID;
	}
	return or_removed(f, rv);
}

/* Stamps */

enum { MARK_DEV, MARK_INO, MARK_SIZE_RACY, MARK_MTIME, MARK_CTIME, MARK_GENERATION };

static struct store_stamp make_stamp(const struct stat *st, uint64_t generation, bool racy)
{
	struct store_stamp stamp;

	stamp.mark[MARK_DEV] = (uint64_t)st->st_dev;
	stamp.mark[MARK_INO] = (uint64_t)st->st_ino;
	stamp.mark[MARK_SIZE_RACY] = (uint64_t)st->st_size << 1 | racy;
	stamp.mark[MARK_MTIME] = file_mtime(st);
	stamp.mark[MARK_CTIME] = file_ctime(st);
	stamp.mark[MARK_GENERATION] = generation;
	return stamp;
}

/* The first 8 bytes; *out is 0, which none has, when they are not there. */
static CK_RV read_generation(const struct file_dir *d, const char *name, uint64_t *out)
{
	unsigned char bytes[FILE_GENERATION_SIZE];
	CK_RV rv;
	ssize_t n;
	int fd;

	*out = 0;
	rv = file_open(d, name, O_RDONLY, &fd);
	if (rv == CKR_OBJECT_HANDLE_INVALID || rv == CKR_DATA_INVALID)
		return CKR_OK;
	if (rv != CKR_OK)
		return rv;
	do
		n = pread(fd, bytes, sizeof(bytes), 0);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		rv = file_failed(d, name, "read", errno, FILE_READING);
	else if (n == (ssize_t)sizeof(bytes))
		*out = file_generation_get(bytes);
	file_close(d, name, fd);
	return rv;
}

/* The times say "unchanged", but the stamp was made when they could not say otherwise. */
static CK_RV same_racy(struct store_file *f, struct object_file *o,
		       const struct store_stamp *stamp, bool *out)
{
	uint64_t generation;
	CK_RV rv;

	*out = true;
	if (o->quiet_ctime == stamp->mark[MARK_CTIME] &&
	    o->quiet_generation == stamp->mark[MARK_GENERATION])
		return CKR_OK;
	rv = read_generation(&f->dir, file_name(o->base, FILE_OBJECT).s, &generation);
	if (rv != CKR_OK)
		return rv;
	*out = generation == stamp->mark[MARK_GENERATION];
	if (*out && !file_is_younger(stamp->mark[MARK_CTIME], RACY_NS)) {
		o->quiet_ctime = stamp->mark[MARK_CTIME];
		o->quiet_generation = generation;
	}
	return CKR_OK;
}

static CK_RV file_same(struct store *s, uint64_t id, const struct store_stamp *stamp, bool *out)
{
	struct store_file *f = as_file(s);
	struct object_file *o = file_objects_get(&f->objects, id);
	struct file_name name;
	struct store_stamp now;
	struct stat st;
	bool racy = (stamp->mark[MARK_SIZE_RACY] & 1) != 0;
	CK_RV rv;

	*out = false;
	if (o == NULL)
		return CKR_OK;
	rv = file_dir_open(&f->dir, FILE_READING);
	if (rv != CKR_OK)
		return rv == CKR_OBJECT_HANDLE_INVALID ? CKR_OK : rv;
	name = file_name(o->base, FILE_OBJECT);
	if (fstatat(f->dir.fd, name.s, &st, AT_SYMLINK_NOFOLLOW) != 0) {
		if (errno == ENOENT)
			return CKR_OK;
		return file_failed(&f->dir, name.s, "stat", errno, FILE_READING);
	}
	now = make_stamp(&st, stamp->mark[MARK_GENERATION], racy);
	if (!S_ISREG(st.st_mode) || memcmp(&now, stamp, sizeof(now)) != 0)
		return CKR_OK;
	if (racy)
		return same_racy(f, o, stamp, out);
	*out = true;
	return CKR_OK;
}

static CK_RV file_load(struct store *s, uint64_t id, struct attrset **out,
		       struct store_stamp *stamp)
{
	struct store_file *f = as_file(s);
	struct object_file *o = file_objects_get(&f->objects, id);
	struct file_version v;
	CK_RV rv;

	if (o == NULL)
		return CKR_OBJECT_HANDLE_INVALID;
	rv = file_version_load(&f->dir, o->base, &o->damage_seen, &v);
	if (rv != CKR_OK)
		return rv;
	if (stamp != NULL)
		*stamp = make_stamp(&v.st, v.generation,
				    file_is_younger(file_ctime(&v.st), RACY_NS));
	*out = v.attrs;
	return CKR_OK;
}

/* The list, and what is new in it */

static CK_RV file_list(struct store *s, uint64_t **ids, size_t *count)
{
	struct store_file *f = as_file(s);
	struct file_view view;
	CK_RV rv = use_dir(f, FILE_READING);

	/* The looks come first: what changes while we list is a change after them. */
	if (rv == CKR_OK) {
		(void)file_watch_start(&f->watch, &f->dir);
		rv = file_watch_look(&f->watch, &f->dir, &view);
	}
	if (rv == CKR_OK)
		rv = file_objects_list(&f->objects, &f->dir);
	if (rv == CKR_OK)
		rv = id_table_ids(&f->objects.ids, ids, count);
	if (rv == CKR_OK)
		file_watch_accept(&f->watch, &view);
	else
		file_notify_stop(&f->watch.notify);	/* so that the next poll says STORE_ALL */
	return rv;
}

/* The ids that a poll has to tell, each once. */
struct told {
	struct store_file *f;
	uint64_t *ids;
	size_t count;
	size_t cap;
};

static CK_RV tell(struct told *t, uint64_t id)
{
	uint64_t *grown;

	for (size_t i = t->count; i > 0 && t->count - i < 64; i--)
		if (t->ids[i - 1] == id)
			return CKR_OK;
	if (t->count == t->cap) {
		size_t cap = t->cap == 0 ? 16 : t->cap * 2;

		grown = realloc(t->ids, cap * sizeof(*grown));
		if (grown == NULL)
			return CKR_HOST_MEMORY;
		t->ids = grown;
		t->cap = cap;
	}
	t->ids[t->count++] = id;
	return CKR_OK;
}

static CK_RV add_name(struct store_file *f, const char *base, uint64_t *id)
{
	struct object_file *o;
	CK_RV rv = file_objects_reserve(&f->objects, 1);

	if (rv == CKR_OK)
		rv = file_objects_new(base, &o);
	if (rv == CKR_OK)
		*id = file_objects_add(&f->objects, o);
	return rv;
}

/* A name that the system says has changed. */
static CK_RV hear_name(const char *name, void *arg)
{
	struct told *t = arg;
	struct object_file *o;
	struct file_name base;
	uint64_t id;
	CK_RV rv = CKR_OK;

	if (!file_objects_base(name, &base))
		return CKR_OK;
	o = file_objects_find(&t->f->objects, base.s);
	if (o != NULL) {
		id = o->id;
		if (file_is_missing(&t->f->dir, name))
			file_objects_remove(&t->f->objects, o);
	} else if (file_is_missing(&t->f->dir, name)) {
		return CKR_OK;
	} else {
		rv = add_name(t->f, base.s, &id);
	}
	return rv == CKR_OK ? tell(t, id) : rv;
}

/* The watch answers. What it loses is found by the list that the answer asks for. */
static void hear(struct store_file *f, enum store_news *news, uint64_t **ids, size_t *count)
{
	struct told told = { .f = f };

	if (!file_notify_read(&f->watch.notify, hear_name, &told)) {
		free(told.ids);
		*news = STORE_ALL;
		return;
	}
	*news = told.count > 0 ? STORE_SOME : STORE_QUIET;
	*ids = told.ids;
	*count = told.count;
}

/* Without a path to look at, nothing but a watch helps. What was before it, a list will tell. */
static CK_RV poll_unwatched(struct store_file *f, bool path, enum store_news *news)
{
	bool changed = false;
	CK_RV rv;

	*news = STORE_UNSURE;
	if (!path) {
		if (!f->watch.no_notify && file_dir_open(&f->dir, FILE_READING) == CKR_OK &&
		    file_watch_start(&f->watch, &f->dir))
			*news = STORE_ALL;
		return CKR_OK;
	}
	rv = or_removed(f, file_watch_changed(&f->watch, &f->dir, &changed));
	if (changed)
		*news = STORE_ALL;
	return rv;
}

static CK_RV file_poll(struct store *s, bool path, enum store_news *news, uint64_t **ids,
		       size_t *count)
{
	struct store_file *f = as_file(s);
	CK_RV rv = path && file_notify_is_on(&f->watch.notify) ? use_dir(f, FILE_READING) : CKR_OK;

	if (rv != CKR_OK)
		return rv;
	if (!file_notify_is_on(&f->watch.notify))
		return poll_unwatched(f, path, news);
	hear(f, news, ids, count);
	return CKR_OK;
}

static bool file_is_quiet(struct store *s, bool path)
{
	const struct store_file *f = as_file(s);

	return f->dir.fd >= 0 && !(path && file_watch_moved(&f->dir)) &&
	       file_notify_is_quiet(&f->watch.notify);
}

/* Edits */

struct edit {
	const char *base;
	store_edit *edit;
	void *arg;
	uint64_t *damage_told;
	bool raise;		/* the number in `generation`: not for the token's own data */
	struct attrset **out;	/* where what is stored then goes, or NULL */
	struct store_stamp *stamp;
};

/* Puts the edited version, which has its new generation, in place of the held one. */
static CK_RV replace_held(struct store_file *f, const struct edit *e, const struct file_hold *h,
			  const struct file_version *v)
{
	struct buf bytes = BUF_INIT;
	struct file_stage stage;
	int counter = -1;
	CK_RV rv = file_encode(v->attrs, v->generation, &bytes);

	if (rv == CKR_OK && e->raise)
		rv = file_generation_open(&f->dir, &counter);
	if (rv == CKR_OK)
		rv = file_stage(&f->dir, e->base, &bytes, &v->st, &stage);
	if (rv == CKR_OK)
		rv = file_publish_over(&f->dir, &stage);
	if (rv == CKR_OK) {
		rv = file_sync_dir(&f->dir);
		if (rv != CKR_OK)
			file_restore(&f->dir, e->base, h);
	}
	if (rv == CKR_OK && e->raise) {
		file_generation_raise(&f->watch, &f->dir, counter);
		counter = -1;
	}
	file_close(&f->dir, FILE_GENERATION, counter);
	buf_free(&bytes);
	return rv;
}

/* A stamp that no version has: the next store_same says no. */
static const struct store_stamp no_stamp;

/* The stamp of what this process just put there, under its locks or a name that nobody knows. */
static struct store_stamp stamp_now(const struct file_dir *d, const char *base, uint64_t generation)
{
	struct stat st;

	if (fstatat(d->fd, file_name(base, FILE_OBJECT).s, &st, AT_SYMLINK_NOFOLLOW) != 0)
		return no_stamp;
	return make_stamp(&st, generation, true);
}

/* Gives the version to who asked for it, or frees it. */
static void give_edited(struct store_file *f, const struct edit *e, CK_RV rv, bool changed,
			struct file_version *v)
{
	if (rv != CKR_OK || e->out == NULL) {
		attrset_free(v->attrs);
		return;
	}
	*e->out = v->attrs;
	*e->stamp = changed ? stamp_now(&f->dir, e->base, v->generation) :
			      make_stamp(&v->st, v->generation, true);
}

static CK_RV edit_held(struct store_file *f, const struct edit *e, const struct file_hold *h)
{
	struct file_name name = file_name(e->base, FILE_OBJECT);
	struct file_version v = { .attrs = NULL };
	bool changed = false;
	CK_RV rv = file_version_read(&f->dir, name.s, h->fd, false, &v);

	if (rv != CKR_OK)
		return rv;
	rv = e->edit(v.attrs, &changed, e->arg);
	if (rv == CKR_OK && changed) {
		v.generation = file_generation_next(v.generation);
		rv = replace_held(f, e, h, &v);
	}
	if (rv == CKR_OK && changed)
		file_watch_end(&f->watch, &f->dir);
	give_edited(f, e, rv, changed, &v);
	return rv;
}

/* Where nothing can be written, an edit that turns out to change nothing succeeds all the same. */
static CK_RV edit_read_only(struct store_file *f, const struct edit *e)
{
	struct file_version v = { .attrs = NULL };
	bool changed = false;
	CK_RV rv = file_version_load(&f->dir, e->base, e->damage_told, &v);

	if (rv != CKR_OK)
		return rv;
	rv = e->edit(v.attrs, &changed, e->arg);
	if (rv == CKR_OK && changed)
		rv = CKR_TOKEN_WRITE_PROTECTED;
	give_edited(f, e, rv, false, &v);
	return rv;
}

static CK_RV edit_name(struct store_file *f, const struct edit *e)
{
	struct file_hold h;
	CK_RV rv = use_dir(f, FILE_WRITING);

	if (rv != CKR_OK)
		return rv;
	file_watch_begin(&f->watch, &f->dir);
	rv = file_hold(&f->dir, e->base, &h);
	if (rv == CKR_TOKEN_WRITE_PROTECTED)
		return edit_read_only(f, e);
	if (rv == CKR_OK) {
		rv = edit_held(f, e, &h);
		file_release(&f->dir, e->base, &h);
	}
	if (rv == CKR_DATA_INVALID)
		file_version_damaged(&f->dir, e->base, e->damage_told);
	return rv;
}

static CK_RV file_edit(struct store *s, uint64_t id, store_edit *edit, void *arg,
		       struct attrset **out, struct store_stamp *stamp)
{
	struct object_file *o = file_objects_get(&as_file(s)->objects, id);
	struct edit e = { .edit = edit, .arg = arg, .raise = true, .out = out, .stamp = stamp };

	if (o == NULL)
		return CKR_OBJECT_HANDLE_INVALID;
	e.base = o->base;
	e.damage_told = &o->damage_seen;
	return edit_name(as_file(s), &e);
}

static CK_RV file_token_edit(struct store *s, store_edit *edit, void *arg)
{
	struct edit e = { .base = FILE_TOKEN, .edit = edit, .arg = arg,
			  .damage_told = &as_file(s)->token_damage };
	CK_RV rv = edit_name(as_file(s), &e);

	return rv == CKR_OBJECT_HANDLE_INVALID ? CKR_TOKEN_NOT_RECOGNIZED : rv;
}

static CK_RV file_token_load(struct store *s, struct attrset **out)
{
	struct store_file *f = as_file(s);
	struct file_version v;
	bool was_open = f->dir.fd >= 0;
	CK_RV rv = file_watch_dir(&f->watch, &f->dir, FILE_READING);

	if (rv == CKR_OK)
		rv = file_version_load(&f->dir, FILE_TOKEN, &f->token_damage, &v);
	if (rv == CKR_OK)
		*out = v.attrs;
	if (!was_open)
		file_dir_close(&f->dir);
	return rv == CKR_OBJECT_HANDLE_INVALID ? CKR_TOKEN_NOT_RECOGNIZED : rv;
}

/* Additions */

struct newcomer {
	struct object_file *file;
	struct buf bytes;
	struct file_stage stage;
	bool staged;
	bool published;
};

static CK_RV newcomer_stage(const struct file_dir *d, const struct attrset *attrs,
			    struct newcomer *n)
{
	char base[FILE_UUID_SIZE];
	CK_RV rv = file_uuid(base);

	if (rv == CKR_OK)
		rv = file_objects_new(base, &n->file);
	if (rv == CKR_OK)
		rv = file_encode(attrs, 1, &n->bytes);
	if (rv == CKR_OK)
		rv = file_stage(d, n->file->base, &n->bytes, NULL, &n->stage);
	n->staged = rv == CKR_OK;
	return rv;
}

static CK_RV newcomer_publish(const struct file_dir *d, struct newcomer *n)
{
	CK_RV rv = file_publish_new(d, &n->stage);

	n->staged = false;
	n->published = rv == CKR_OK;
	return rv;
}

/*
 * SoftHSM has an empty X.lock beside each object, and both make it when it is missing: without one
 * nothing is lost.
 */
static void make_lock_file(const struct file_dir *d, const char *base)
{
	struct file_name lock = file_name(base, FILE_LOCKFILE);
	int fd;

	if (file_open(d, lock.s, O_RDWR | O_CREAT, &fd) == CKR_OK)
		file_close(d, lock.s, fd);
}

static void newcomer_undo(const struct file_dir *d, struct newcomer *n)
{
	if (n->staged)
		file_stage_drop(d, &n->stage);
	if (n->published) {
		(void)unlinkat(d->fd, file_name(n->file->base, FILE_OBJECT).s, 0);
		(void)unlinkat(d->fd, file_name(n->file->base, FILE_LOCKFILE).s, 0);
	}
	free(n->file);
}

/* All are whole and synced before the first is seen. */
static CK_RV publish_all(struct store_file *f, const struct attrset *const *sets,
			 struct newcomer *made, size_t n)
{
	CK_RV rv = CKR_OK;

	for (size_t i = 0; i < n && rv == CKR_OK; i++)
		rv = newcomer_stage(&f->dir, sets[i], &made[i]);
	for (size_t i = 0; i < n && rv == CKR_OK; i++) {
		rv = newcomer_publish(&f->dir, &made[i]);
		if (rv == CKR_OK)
			make_lock_file(&f->dir, made[i].file->base);
	}
	if (rv == CKR_OK)
		rv = file_sync_dir(&f->dir);
	return rv;
}

static CK_RV file_add(struct store *s, const struct attrset *const *sets, size_t n, uint64_t *ids,
		      struct store_stamp *stamps)
{
	struct store_file *f = as_file(s);
	struct newcomer made[STORE_ADD_MAX] = { { .bytes = BUF_INIT } };
	int counter;
	CK_RV rv;

	if (n == 0 || n > ARRAY_LEN(made))
		return CKR_ARGUMENTS_BAD;
	rv = use_dir(f, FILE_WRITING);
	if (rv == CKR_OK)
		rv = file_objects_reserve(&f->objects, n);
	if (rv != CKR_OK)
		return rv;
	file_watch_begin(&f->watch, &f->dir);
	rv = file_generation_open(&f->dir, &counter);
	if (rv != CKR_OK)
		return rv;
	rv = publish_all(f, sets, made, n);
	if (rv == CKR_OK) {
		file_generation_raise(&f->watch, &f->dir, counter);
		file_watch_end(&f->watch, &f->dir);
	} else {
		file_close(&f->dir, FILE_GENERATION, counter);
	}
	for (size_t i = 0; i < n; i++) {
		if (rv == CKR_OK && stamps != NULL)
			stamps[i] = stamp_now(&f->dir, made[i].file->base, 1);
		if (rv == CKR_OK)
			ids[i] = file_objects_add(&f->objects, made[i].file);
		else
			newcomer_undo(&f->dir, &made[i]);
		buf_free(&made[i].bytes);
	}
	return rv;
}

/* Removals */

static CK_RV unlink_pair(const struct file_dir *d, const char *base)
{
	struct file_name object = file_name(base, FILE_OBJECT);

	if (unlinkat(d->fd, object.s, 0) != 0) {
		if (errno == ENOENT)
			return CKR_OBJECT_HANDLE_INVALID;
		return file_failed(d, object.s, "remove", errno, FILE_WRITING);
	}
	(void)unlinkat(d->fd, file_name(base, FILE_LOCKFILE).s, 0);
	return CKR_OK;
}

/* Removes and syncs the object; without locks when it is no file that could be locked. */
static CK_RV remove_base(const struct file_dir *d, const char *base)
{
	struct file_hold h;
	CK_RV rv = file_hold(d, base, &h);
	bool held = rv == CKR_OK;

	if (rv == CKR_OK || rv == CKR_DATA_INVALID)
		rv = unlink_pair(d, base);
	if (rv == CKR_OK) {
		rv = file_sync_dir(d);
		if (rv != CKR_OK && held)
			file_restore(d, base, &h);
	}
	if (held)
		file_release(d, base, &h);
	return rv;
}

static CK_RV file_remove_object(struct store *s, uint64_t id)
{
	struct store_file *f = as_file(s);
	struct object_file *o = file_objects_get(&f->objects, id);
	int counter;
	CK_RV rv;

	if (o == NULL)
		return CKR_OBJECT_HANDLE_INVALID;
	rv = use_dir(f, FILE_WRITING);
	if (rv != CKR_OK)
		return rv;
	file_watch_begin(&f->watch, &f->dir);
	rv = file_generation_open(&f->dir, &counter);
	if (rv != CKR_OK)
		return rv;
	rv = remove_base(&f->dir, o->base);
	if (rv != CKR_OK) {
		file_close(&f->dir, FILE_GENERATION, counter);
		return rv;
	}
	file_generation_raise(&f->watch, &f->dir, counter);
	file_watch_end(&f->watch, &f->dir);
	file_objects_remove(&f->objects, o);
	return CKR_OK;
}

static CK_RV clear_name(const char *name, void *arg)
{
	const struct file_dir *d = arg;
	struct file_name base;
	struct file_hold h;
	struct stat st;
	CK_RV rv;

	if (!file_objects_base(name, &base))
		return CKR_OK;
	if (fstatat(d->fd, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(st.st_mode))
		return CKR_OK;		/* no object, and not ours to remove */
	rv = file_hold(d, base.s, &h);
	if (rv == CKR_OK) {
		rv = unlink_pair(d, base.s);
		file_release(d, base.s, &h);
	} else if (rv == CKR_DATA_INVALID) {
		rv = unlink_pair(d, base.s);
	}
	return rv == CKR_OBJECT_HANDLE_INVALID ? CKR_OK : rv;	/* somebody else was faster */
}

/* Lock files without an object, and what a killed process left: nothing needs them now. */
static CK_RV clear_leftover(const char *name, void *arg)
{
	const struct file_dir *d = arg;
	struct file_name base = file_name(name, "");
	size_t len;

	if (!file_name_ends(name, FILE_LOCKFILE, &len) && !file_name_ends(name, FILE_TEMP, &len))
		return CKR_OK;
	if (!file_is_uuid(name, len))
		return CKR_OK;
	base.s[len] = '\0';
	if (file_is_missing(d, file_name(base.s, FILE_OBJECT).s))
		(void)unlinkat(d->fd, name, 0);
	return CKR_OK;
}

static CK_RV file_clear(struct store *s)
{
	struct store_file *f = as_file(s);
	int counter;
	CK_RV rv = use_dir(f, FILE_WRITING);

	if (rv != CKR_OK)
		return rv;
	rv = file_generation_open(&f->dir, &counter);
	if (rv != CKR_OK)
		return rv;
	rv = file_each_name(&f->dir, clear_name, &f->dir);
	if (rv == CKR_OK)
		rv = file_each_name(&f->dir, clear_leftover, &f->dir);
	if (rv == CKR_OK)
		rv = file_sync_dir(&f->dir);
	/* Part of it may be done even when it failed, and others shall see that. */
	file_generation_raise(&f->watch, &f->dir, counter);
	if (rv == CKR_OK)
		file_objects_clear(&f->objects);
	return rv;
}

/* The store */

static void file_backend_close(struct store *s)
{
	struct store_file *f = as_file(s);

	file_watch_close(&f->watch);
	file_dir_close(&f->dir);
	file_objects_clear(&f->objects);
	store_fini(s);
	free(f);
}

static CK_RV file_backend_open(const char *dir, mode_t mask, struct store **out)
{
	struct store_file *f = calloc(1, sizeof(*f));
	struct attrset *token;
	CK_RV rv;

	if (f == NULL)
		return CKR_HOST_MEMORY;
	rv = store_init(&f->base, &store_file_backend, dir, mask);
	if (rv != CKR_OK) {
		free(f);
		return rv;
	}
	f->dir = (struct file_dir){ .path = f->base.dir, .mask = mask, .fd = -1 };
	f->watch = (struct file_watch)FILE_WATCH_INIT;
	rv = file_token_load(&f->base, &token);
	if (rv != CKR_OK) {
		file_backend_close(&f->base);
		return rv;
	}
	attrset_free(token);
	*out = &f->base;
	return CKR_OK;
}

static CK_RV file_backend_create(const char *dir, mode_t mask, const struct attrset *token,
				 struct store **out)
{
	CK_RV rv = file_token_make(dir, mask, token);
	CK_RV undone = CKR_OK;

	if (rv != CKR_OK)
		return rv;
	rv = file_backend_open(dir, mask, out);
	if (rv != CKR_OK)
		undone = file_token_delete(dir);
	(void)undone;	/* logged; the first failure is the answer */
	return rv;
}

/* Descriptors are cheap to open again; none is shared with the parent. */
static void file_forked(struct store *s)
{
	file_watch_close(&as_file(s)->watch);
	file_dir_close(&as_file(s)->dir);
	file_lock_forked();
}

const struct store_backend store_file_backend = {
	.name = "file",
	.create = file_backend_create,
	.open = file_backend_open,
	.delete_dir = file_token_delete,
	.close = file_backend_close,
	.token_load = file_token_load,
	.token_edit = file_token_edit,
	.poll = file_poll,
	.is_quiet = file_is_quiet,
	.list = file_list,
	.load = file_load,
	.same = file_same,
	.add = file_add,
	.edit = file_edit,
	.remove = file_remove_object,
	.clear = file_clear,
	.forked = file_forked,
};
