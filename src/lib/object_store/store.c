#include "config.h"

#include "object_store/store.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "object_store/backend.h"

static const struct store_backend *const backends[] = {
	&store_file_backend,
#ifdef WITH_OBJECTSTORE_BACKEND_DB
	&store_db_backend,
#endif
};

static atomic_bool unsynced;

void store_set_sync(bool full)
{
	atomic_store(&unsynced, !full);
}

bool store_syncs(void)
{
	return !atomic_load_explicit(&unsynced, memory_order_relaxed);
}

const struct store_backend *store_backend_find(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(backends); i++)
		if (strcmp(backends[i]->name, name) == 0)
			return backends[i];
	return NULL;
}

const char *store_backend_name(const struct store_backend *b)
{
	return b->name;
}

CK_RV store_init(struct store *s, const struct store_backend *ops, const char *dir, mode_t mask)
{
	CK_RV rv;

	s->dir = strdup(dir);
	if (s->dir == NULL)
		return CKR_HOST_MEMORY;
	rv = rwlock_init(&s->lock);
	if (rv != CKR_OK) {
		free(s->dir);
		return rv;
	}
	s->ops = ops;
	s->mask = mask;
	return CKR_OK;
}

void store_fini(struct store *s)
{
	rwlock_destroy(&s->lock);
	free(s->dir);
}

CK_RV store_create(const struct store_backend *b, const char *dir, mode_t mask,
		   const struct attrset *token, struct store **out)
{
	return b->create(dir, mask, token, out);
}

CK_RV store_open(const struct store_backend *b, const char *dir, mode_t mask, struct store **out)
{
	return b->open(dir, mask, out);
}

CK_RV store_open_memory(struct store **out)
{
	return store_memory_backend.open("", 0, out);
}

void store_close(struct store *s)
{
	if (s != NULL)
		s->ops->close(s);
}

CK_RV store_delete(const struct store_backend *b, const char *dir)
{
	return b->delete_dir(dir);
}

const char *store_path(const struct store *s)
{
	return s->dir;
}

CK_RV store_token_load(struct store *s, struct attrset **out)
{
	CK_RV rv;

	rwlock_write(&s->lock);
	rv = s->ops->token_load(s, out);
	rwlock_drop(&s->lock);
	return rv;
}

CK_RV store_token_edit(struct store *s, store_edit *edit, void *arg)
{
	CK_RV rv;

	rwlock_write(&s->lock);
	rv = s->ops->token_edit(s, edit, arg);
	rwlock_drop(&s->lock);
	return rv;
}

CK_RV store_poll(struct store *s, bool path, enum store_news *news, uint64_t **ids, size_t *count)
{
	CK_RV rv;

	rwlock_write(&s->lock);
	rv = s->ops->poll(s, path, news, ids, count);
	rwlock_drop(&s->lock);
	return rv;
}

bool store_is_quiet(struct store *s, bool path)
{
	bool quiet;

	rwlock_read(&s->lock);
	quiet = s->ops->is_quiet != NULL && s->ops->is_quiet(s, path);
	rwlock_drop(&s->lock);
	return quiet;
}

CK_RV store_list(struct store *s, uint64_t **ids, size_t *count)
{
	CK_RV rv;

	rwlock_write(&s->lock);
	rv = s->ops->list(s, ids, count);
	rwlock_drop(&s->lock);
	return rv;
}

CK_RV store_load(struct store *s, uint64_t id, struct attrset **out, struct store_stamp *stamp)
{
	CK_RV rv;

	rwlock_write(&s->lock);
	rv = s->ops->load(s, id, out, stamp);
	rwlock_drop(&s->lock);
	return rv;
}

CK_RV store_same(struct store *s, uint64_t id, const struct store_stamp *stamp, bool *out)
{
	CK_RV rv;

	rwlock_write(&s->lock);
	rv = s->ops->same(s, id, stamp, out);
	rwlock_drop(&s->lock);
	return rv;
}

CK_RV store_add(struct store *s, const struct attrset *const *sets, size_t n, uint64_t *ids,
		struct store_stamp *stamps)
{
	CK_RV rv;

	rwlock_write(&s->lock);
	rv = s->ops->add(s, sets, n, ids, stamps);
	rwlock_drop(&s->lock);
	return rv;
}

CK_RV store_edit_object(struct store *s, uint64_t id, store_edit *edit, void *arg,
			struct attrset **out, struct store_stamp *stamp)
{
	CK_RV rv;

	rwlock_write(&s->lock);
	rv = s->ops->edit(s, id, edit, arg, out, stamp);
	rwlock_drop(&s->lock);
	return rv;
}

CK_RV store_remove(struct store *s, uint64_t id)
{
	CK_RV rv;

	rwlock_write(&s->lock);
	rv = s->ops->remove(s, id);
	rwlock_drop(&s->lock);
	return rv;
}

CK_RV store_clear(struct store *s)
{
	CK_RV rv;

	rwlock_write(&s->lock);
	rv = s->ops->clear(s);
	rwlock_drop(&s->lock);
	return rv;
}

void store_fork_prepare(struct store *s)
{
	rwlock_write(&s->lock);
}

void store_fork_parent(struct store *s)
{
	rwlock_drop(&s->lock);
}

void store_fork_child(struct store *s)
{
	rwlock_reset(&s->lock);
	if (s->ops->forked != NULL)
		s->ops->forked(s);
}
