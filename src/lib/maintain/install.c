#include "config.h"

#include "maintain/install.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/reason.h"
#include "common/str.h"
#include "object_store/aside.h"

static CK_RV read_store(const struct store_backend *b, const char *dir, mode_t mask,
			struct image *m)
{
	struct store *s = NULL;
	bool settled;
	CK_RV rv = store_open(b, dir, mask, &s);

	if (rv == CKR_OK)
		rv = image_read(s, NULL, m, &settled);
	if (rv == CKR_OK)
		image_sort(m);
	store_close(s);
	return rv;
}

/* Building */

static CK_RV fill(const struct install *in, const struct image *m, const struct exchange *x)
{
	const struct image_object **list = NULL;
	struct store *s = NULL;
	size_t count;
	CK_RV rv = image_missing(m, NULL, &list, &count);

	if (rv == CKR_OK)
		rv = store_create(in->backend, x->build, in->mask, m->token, &s);
	if (rv == CKR_OK)
		rv = image_write(list, count, s, in->progress);
	store_close(s);
	free(list);
	return rv;
}

/* With a store of its own, so that it is the disk that answers. */
static CK_RV verify(const struct install *in, const struct image *m, const struct exchange *x)
{
	struct image got = IMAGE_INIT;
	CK_RV rv = read_store(in->backend, x->build, in->mask, &got);

	if (rv == CKR_OK && (got.damaged > 0 || !image_equal(&got, m)))
		rv = reason(CKR_DATA_INVALID, "what was read back is not what was written");
	image_free(&got);
	return rv;
}

CK_RV install_build(const struct install *in, struct image *m, struct exchange *x)
{
	CK_RV rv = exchange_begin(in->tokendir, in->name, in->replaces != NULL, in->copy, x);

	if (rv != CKR_OK)
		return rv;
	image_sort(m);
	rv = fill(in, m, x);
	if (rv == CKR_OK)
		rv = verify(in, m, x);
	if (rv != CKR_OK)
		exchange_end(x);
	return rv;
}

static CK_RV remove_all(const struct image_object *const *list, size_t count, struct store *s)
{
	CK_RV rv = CKR_OK;

	for (size_t i = 0; i < count && rv == CKR_OK; i++)
		rv = store_remove(s, list[i]->id);
	return rv;
}

/* Makes the store, which holds have, hold want. */
static CK_RV bring_to(struct store *s, const struct image *have, const struct image *want)
{
	const struct image_object **surplus = NULL, **missing = NULL;
	size_t surplus_count = 0, missing_count = 0;
	CK_RV rv = image_missing(have, want, &surplus, &surplus_count);

	if (rv == CKR_OK)
		rv = image_missing(want, have, &missing, &missing_count);
	if (rv == CKR_OK)
		rv = remove_all(surplus, surplus_count, s);
	if (rv == CKR_OK)
		rv = image_write(missing, missing_count, s, NULL);
	if (rv == CKR_OK && !image_same_token(have, want))
		rv = image_write_token(want->token, s);
	free(surplus);
	free(missing);
	return rv;
}

CK_RV install_rebuild(const struct install *in, struct image *m, const struct exchange *x)
{
	struct image have = IMAGE_INIT;
	struct store *s = NULL;
	bool settled;
	CK_RV rv = store_open(in->backend, x->build, in->mask, &s);

	if (rv == CKR_OK)
		rv = image_read(s, NULL, &have, &settled);
	if (rv == CKR_OK) {
		image_sort(&have);
		image_sort(m);
		rv = bring_to(s, &have, m);
	}
	store_close(s);
	image_free(&have);
	return rv == CKR_OK ? verify(in, m, x) : rv;
}

/* Changes that came to the old token after it was copied */

/* Removes those objects, sorted as the image of the store is; *conflict: one is not there. */
static CK_RV remove_found(struct store *s, const struct image *now,
			  const struct image_object *const *list, size_t count, bool *conflict)
{
	size_t k = 0;
	CK_RV rv = CKR_OK;

	for (size_t i = 0; i < count && rv == CKR_OK; i++) {
		while (k < now->count && image_compare(&now->list[k], list[i]) < 0)
			k++;
		if (k < now->count && image_compare(&now->list[k], list[i]) == 0)
			rv = store_remove(s, now->list[k++].id);
		else
			*conflict = true;
		/* Whoever uses the new token was faster. */
		if (rv == CKR_OBJECT_HANDLE_INVALID) {
			*conflict = true;
			rv = CKR_OK;
		}
	}
	return rv;
}

/* The token as it is now gets what came between before and after. */
static CK_RV carry(struct store *s, const struct image *now, const struct image *before,
		   const struct image *after, bool *conflict)
{
	const struct image_object **gone = NULL, **come = NULL;
	size_t gone_count = 0, come_count = 0;
	CK_RV rv = image_missing(before, after, &gone, &gone_count);

	if (rv == CKR_OK)
		rv = image_missing(after, before, &come, &come_count);
	if (rv == CKR_OK)
		rv = remove_found(s, now, gone, gone_count, conflict);
	if (rv == CKR_OK)
		rv = image_write(come, come_count, s, NULL);
	if (rv == CKR_OK && !image_same_token(before, after)) {
		if (image_same_token(now, before))
			rv = image_write_token(after->token, s);
		else
			*conflict = true;
	}
	free(gone);
	free(come);
	return rv;
}

CK_RV install_carry(const struct install *in, const char *dir, const struct image *before,
		    const struct image *after, bool *conflict)
{
	struct image now = IMAGE_INIT;
	struct store *s = NULL;
	bool settled;
	CK_RV rv = store_open(in->backend, dir, in->mask, &s);

	if (rv == CKR_OK)
		rv = image_read(s, NULL, &now, &settled);
	if (rv == CKR_OK) {
		image_sort(&now);
		rv = carry(s, &now, before, after, conflict);
	}
	store_close(s);
	image_free(&now);
	return rv;
}

/* Letting go of the old directory */

struct strangers {
	const struct exchange *x;
	const struct store_kind *kind;
	struct file_dir from;
	struct file_dir to;
};

/* The kind of token that such a file would be a part of, other than the one that lies there. */
static const struct store_kind *foreign_kind(const struct store_kind *own, const char *name)
{
	const struct store_kind *kind;

	for (size_t i = 0; (kind = store_kind_at(i)) != NULL; i++)
		if (kind != own && store_kind_owns(kind, name))
			return kind;
	return NULL;
}

static bool is_object(const char *name)
{
	size_t len = strlen(name), tail = strlen(FILE_OBJECT);

	return len > tail && strcmp(name + len - tail, FILE_OBJECT) == 0;
}

/*
 * What a process wrote there that still took the directory for a token of another backend: an
 * object may be somebody's, but must not come to life among the others.
 */
static CK_RV name_foreign(const struct strangers *s, const struct store_kind *kind,
			  const char *name, struct file_name *to)
{
	if (strcmp(name, kind->file) == 0)
		return reason(CKR_FUNCTION_FAILED, "%s holds a token of the %s backend, too",
			      s->from.path, kind->backend);
	to->s[0] = '\0';		/* locks and counters: of no use to anybody */
	return is_object(name) ? aside_name(&s->to, name, to) : CKR_OK;
}

static CK_RV move_stranger(const char *name, void *arg)
{
	const struct strangers *s = arg;
	const struct store_kind *foreign = foreign_kind(s->kind, name);
	struct file_name to = file_name(name, "");
	CK_RV rv = CKR_OK;

	if (store_kind_owns(s->kind, name))
		return CKR_OK;
	if (foreign != NULL)
		rv = name_foreign(s, foreign, name, &to);
	if (rv != CKR_OK || to.s[0] == '\0')
		return rv;
	if (!file_is_missing(&s->to, to.s))
		return reason(CKR_FUNCTION_FAILED, "there is a %s in %s and in %s", name,
			      s->from.path, s->to.path);
	if (renameat(s->from.fd, name, s->to.fd, to.s) != 0)
		return file_failed(&s->from, name, "move", errno, FILE_WRITING);
	return CKR_OK;
}

/* What an administrator put there, and damaged objects that were set aside, go with the token. */
static CK_RV move_strangers(const struct exchange *x, const char *there,
			    const struct store_kind *kind)
{
	struct strangers s = { .x = x, .kind = kind };
	CK_RV rv;

	s.from = (struct file_dir){ .path = x->old, .fd = -1 };
	s.to = (struct file_dir){ .path = there, .fd = -1 };
	rv = file_dir_open(&s.from, FILE_WRITING);
	if (rv == CKR_OK)
		rv = file_dir_open(&s.to, FILE_WRITING);
	if (rv == CKR_OK)
		rv = file_each_name(&s.from, move_stranger, &s);
	file_dir_close(&s.from);
	file_dir_close(&s.to);
	return rv;
}

static CK_RV let_go(struct exchange *x, const struct store_kind *kind)
{
	char *there = path_join(x->tokendir, x->name);
	CK_RV rv = there != NULL ? move_strangers(x, there, kind) : CKR_HOST_MEMORY;

	free(there);
	return rv == CKR_OK ? exchange_drop_old(x) : rv;
}

CK_RV install_finish(const struct install *in, struct exchange *x)
{
	return let_go(x, in->replaces->kind);
}

/* What killed runs left */

/* The kind of token that lies there, if there is exactly one and this build can read it. */
static const struct store_kind *kind_in(const char *dir)
{
	const struct store_kind *kind, *found = NULL;

	for (size_t i = 0; (kind = store_kind_at(i)) != NULL; i++) {
		if (!store_kind_lies_in(kind, dir))
			continue;
		if (found != NULL)
			return NULL;
		found = kind;
	}
	return found != NULL && store_backend_find(found->backend) != NULL ? found : NULL;
}

static CK_RV read_dir(const char *dir, mode_t mask, struct image *m)
{
	const struct store_kind *kind = kind_in(dir);

	if (kind == NULL)
		return CKR_TOKEN_NOT_RECOGNIZED;
	return read_store(store_backend_find(kind->backend), dir, mask, m);
}

/* Has the token in place all that is in the old one? */
static bool holds_all(const struct exchange *x, mode_t mask)
{
	struct image old = IMAGE_INIT, now = IMAGE_INIT;
	const struct image_object **missing = NULL;
	char *there = path_join(x->tokendir, x->name);
	size_t count = 0;
	bool all = false;

	if (there != NULL && read_dir(x->old, mask, &old) == CKR_OK &&
	    read_dir(there, mask, &now) == CKR_OK && old.damaged == 0 &&
	    image_same_token(&old, &now) &&
	    image_missing(&old, &now, &missing, &count) == CKR_OK)
		all = count == 0;
	free(missing);
	free(there);
	image_free(&old);
	image_free(&now);
	return all;
}

static void complete(struct exchange *x, mode_t mask, void (*told)(const char *line))
{
	const struct store_kind *kind = kind_in(x->old);
	char line[2 * PATH_MAX];

	if (kind != NULL && (!x->copy || holds_all(x, mask)) && let_go(x, kind) == CKR_OK) {
		(void)snprintf(line, sizeof(line), "An interrupted run has put %s/%s in its "
			       "place; what it left is removed.", x->tokendir, x->name);
		told(line);
		exchange_end(x);
		return;
	}
	(void)snprintf(line, sizeof(line), "An interrupted run has put %s/%s in its place; what "
		       "was there before is kept in %s, since it is not all the same.",
		       x->tokendir, x->name, x->old);
	told(line);
	exchange_keep_old(x);
}

static CK_RV recover_one(const char *tokendir, const char *box, mode_t mask,
			 void (*told)(const char *line))
{
	enum exchange_state state;
	struct exchange x;
	char line[2 * PATH_MAX];
	CK_RV rv = exchange_recover(tokendir, box, &x, &state);

	if (rv != CKR_OK || state == EXCHANGE_NONE)
		return rv;
	if (state == EXCHANGE_DONE) {
		complete(&x, mask, told);
		return CKR_OK;
	}
	(void)snprintf(line, sizeof(line), state == EXCHANGE_UNDONE ?
		       "An interrupted run left %s/%s, which is removed; its token is as it was." :
		       "An interrupted run left %s/%s, and something changed since: look there.",
		       tokendir, box);
	told(line);
	return CKR_OK;
}

static int is_box(const struct dirent *d)
{
	return file_is_uuid(d->d_name, strlen(d->d_name));
}

CK_RV install_recover(const char *tokendir, mode_t mask, void (*told)(const char *line))
{
	struct dirent **names;
	int count = scandir(tokendir, &names, is_box, alphasort);
	CK_RV rv = CKR_OK;

	if (count < 0)
		return errno == ENOMEM ? CKR_HOST_MEMORY : CKR_OK;
	for (int i = 0; i < count; i++) {
		CK_RV one = recover_one(tokendir, names[i]->d_name, mask, told);

		if (rv == CKR_OK)
			rv = one;
		free(names[i]);
	}
	free(names);
	return rv;
}
