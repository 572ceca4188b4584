#include "config.h"

#include <stdlib.h>

#include "object_store/backend.h"
#include "object_store/id_table.h"

/*
 * Session objects. A version number takes the place of a file's generation. The sets are shared
 * with those who add and load them.
 */

struct mem_object {
	struct attrset *attrs;
	uint64_t version;
};

struct store_mem {
	struct store base;
	struct id_table objects;	/* of struct mem_object */
	uint64_t version;		/* raised with each change */
	uint64_t listed;		/* what it was at the last list */
};

static struct store_mem *as_mem(struct store *s)
{
	return (struct store_mem *)s;
}

static void object_free(void *p)
{
	struct mem_object *o = p;

	if (o == NULL)
		return;
	attrset_free(o->attrs);
	free(o);
}

static CK_RV mem_open(const char *dir, mode_t mask, struct store **out)
{
	struct store_mem *m = calloc(1, sizeof(*m));
	CK_RV rv;

	if (m == NULL)
		return CKR_HOST_MEMORY;
	rv = store_init(&m->base, &store_memory_backend, dir, mask);
	if (rv != CKR_OK) {
		free(m);
		return rv;
	}
	m->version = 1;		/* not yet listed */
	*out = &m->base;
	return CKR_OK;
}

static void mem_close(struct store *s)
{
	struct store_mem *m = as_mem(s);

	id_table_clear(&m->objects, object_free);
	store_fini(s);
	free(m);
}

static CK_RV mem_token_load(struct store *s, struct attrset **out)
{
	(void)s;
	(void)out;
	return CKR_TOKEN_NOT_RECOGNIZED;
}

static CK_RV mem_token_edit(struct store *s, store_edit *edit, void *arg)
{
	(void)s;
	(void)edit;
	(void)arg;
	return CKR_TOKEN_NOT_RECOGNIZED;
}

/* Nobody else knows this store. */
static CK_RV mem_poll(struct store *s, bool path, enum store_news *news, uint64_t **ids,
		      size_t *count)
{
	(void)path;
	(void)ids;
	(void)count;
	*news = as_mem(s)->version != as_mem(s)->listed ? STORE_ALL : STORE_QUIET;
	return CKR_OK;
}

static CK_RV mem_list(struct store *s, uint64_t **ids, size_t *count)
{
	struct store_mem *m = as_mem(s);
	CK_RV rv = id_table_ids(&m->objects, ids, count);

	if (rv == CKR_OK)
		m->listed = m->version;
	return rv;
}

/* A change of our own is no news when there was none before it. */
static uint64_t next_version(struct store_mem *m)
{
	m->version++;
	if (m->listed == m->version - 1)
		m->listed = m->version;
	return m->version;
}

static struct store_stamp stamp_of(const struct mem_object *o)
{
	return (struct store_stamp){ .mark = { o->version } };
}

static CK_RV mem_load(struct store *s, uint64_t id, struct attrset **out, struct store_stamp *stamp)
{
	const struct mem_object *o = id_table_get(&as_mem(s)->objects, id);

	if (o == NULL)
		return CKR_OBJECT_HANDLE_INVALID;
	*out = attrset_share(o->attrs);
	if (stamp != NULL)
		*stamp = stamp_of(o);
	return CKR_OK;
}

static CK_RV mem_same(struct store *s, uint64_t id, const struct store_stamp *stamp, bool *out)
{
	const struct mem_object *o = id_table_get(&as_mem(s)->objects, id);

	*out = o != NULL && o->version == stamp->mark[0];
	return CKR_OK;
}

static CK_RV object_new(const struct attrset *attrs, struct mem_object **out)
{
	struct mem_object *o = calloc(1, sizeof(*o));

	if (o == NULL)
		return CKR_HOST_MEMORY;
	o->attrs = attrset_share(attrs);
	*out = o;
	return CKR_OK;
}

static CK_RV mem_add(struct store *s, const struct attrset *const *sets, size_t n, uint64_t *ids,
		     struct store_stamp *stamps)
{
	struct store_mem *m = as_mem(s);
	struct mem_object *made[STORE_ADD_MAX] = { NULL };
	CK_RV rv;

	if (n == 0 || n > ARRAY_LEN(made))
		return CKR_ARGUMENTS_BAD;
	rv = id_table_reserve(&m->objects, n);
	for (size_t i = 0; i < n && rv == CKR_OK; i++)
		rv = object_new(sets[i], &made[i]);
	if (rv != CKR_OK) {
		for (size_t i = 0; i < n; i++)
			object_free(made[i]);
		return rv;
	}
	for (size_t i = 0; i < n; i++) {
		made[i]->version = next_version(m);
		ids[i] = id_table_add(&m->objects, made[i]);
		if (stamps != NULL)
			stamps[i] = stamp_of(made[i]);
	}
	return CKR_OK;
}

static CK_RV mem_edit(struct store *s, uint64_t id, store_edit *edit, void *arg,
		      struct attrset **out, struct store_stamp *stamp)
{
	struct store_mem *m = as_mem(s);
	struct mem_object *o = id_table_get(&m->objects, id);
	struct attrset *copy;
	bool changed = false;
	CK_RV rv;

	if (o == NULL)
		return CKR_OBJECT_HANDLE_INVALID;
	copy = attrset_dup(o->attrs, o->attrs->secret);
	if (copy == NULL)
		return CKR_HOST_MEMORY;
	rv = edit(copy, &changed, arg);
	if (rv == CKR_OK && changed) {
		attrset_free(o->attrs);
		o->attrs = copy;
		o->version = next_version(m);
	} else {
		attrset_free(copy);
	}
	if (rv == CKR_OK && out != NULL) {
		*out = attrset_share(o->attrs);
		*stamp = stamp_of(o);
	}
	return rv;
}

static CK_RV mem_remove(struct store *s, uint64_t id)
{
	struct store_mem *m = as_mem(s);
	struct mem_object *o = id_table_take(&m->objects, id);

	if (o == NULL)
		return CKR_OBJECT_HANDLE_INVALID;
	object_free(o);
	(void)next_version(m);
	return CKR_OK;
}

static CK_RV mem_clear(struct store *s)
{
	struct store_mem *m = as_mem(s);

	id_table_clear(&m->objects, object_free);
	(void)next_version(m);
	return CKR_OK;
}

const struct store_backend store_memory_backend = {
	.name = "memory",
	.open = mem_open,
	.close = mem_close,
	.token_load = mem_token_load,
	.token_edit = mem_token_edit,
	.poll = mem_poll,
	.list = mem_list,
	.load = mem_load,
	.same = mem_same,
	.add = mem_add,
	.edit = mem_edit,
	.remove = mem_remove,
	.clear = mem_clear,
};
