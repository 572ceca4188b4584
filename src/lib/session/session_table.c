#include "config.h"

#include "session/session_table.h"

#include <stdlib.h>

CK_RV session_table_init(struct session_table *t)
{
	t->map = (struct handle_map)HANDLE_MAP_INIT;
	return rwlock_init(&t->lock);
}

void session_table_destroy(struct session_table *t)
{
	session_table_close_all(t, NULL);
	handle_free(&t->map);
	rwlock_destroy(&t->lock);
}

CK_RV session_table_open(struct session_table *t, struct slot *slot, bool rw,
			 CK_SESSION_HANDLE *out)
{
	struct session *s = NULL;
	CK_SESSION_HANDLE handle = CK_INVALID_HANDLE;
	CK_RV rv = session_new(slot, rw, &s);

	if (rv == CKR_OK)
		rv = token_session_opened(slot->token, rw);
	if (rv != CKR_OK) {
		session_unref(s);
		return rv;
	}
	/* once it is in the table, another thread may close and free it */
	handle = s->handle;
	rwlock_write(&t->lock);
	rv = handle_put(&t->map, handle, s);
	rwlock_drop(&t->lock);
	if (rv != CKR_OK) {
		token_session_closed(slot->token, handle, rw);
		session_unref(s);
		return rv;
	}
	*out = handle;
	return CKR_OK;
}

static void session_occupy(struct session *s)
{
	s->busy = true;
	atomic_store(&s->working, true);
}

struct session *session_table_get(struct session_table *t, CK_SESSION_HANDLE h)
{
	struct session *s;

	rwlock_read(&t->lock);
	s = handle_get(&t->map, h);
	if (s != NULL)
		session_ref(s);
	rwlock_drop(&t->lock);
	if (s == NULL)
		return NULL;
	lock_take(&s->lock);
	session_occupy(s);
	if (!s->closed)
		return s;
	session_table_release(s);
	return NULL;
}

/*
 * A logout in another thread leaves this session alone while it is working. So it looks here, and
 * not before it has said that it works no more, whether there was one.
 */
void session_table_release(struct session *s)
{
	atomic_store(&s->working, false);
	session_end_stale(s);
	s->busy = false;
	lock_drop(&s->lock);
	session_unref(s);
}

/* The session is out of the table: ends it, once a call that is under way in it is done. */
static void finish(struct session *s)
{
	lock_take(&s->lock);
	s->closed = true;
	session_end_all(s);
	token_session_closed(s->slot->token, s->handle, s->rw);
	session_table_release(s);
}

CK_RV session_table_close(struct session_table *t, CK_SESSION_HANDLE h)
{
	struct session *s;

	rwlock_write(&t->lock);
	s = handle_remove(&t->map, h);
	rwlock_drop(&t->lock);
	if (s == NULL)
		return CKR_SESSION_HANDLE_INVALID;
	finish(s);
	return CKR_OK;
}

struct harvest {
	struct session_table *table;
	const struct slot *slot;
	struct session *list;
};

static void harvest_one(CK_ULONG handle, void *p, void *arg)
{
	struct session *s = p;
	struct harvest *h = arg;

	if (h->slot != NULL && s->slot != h->slot)
		return;
	handle_remove(&h->table->map, handle);
	s->next_closing = h->list;
	h->list = s;
}

void session_table_close_all(struct session_table *t, const struct slot *slot)
{
	struct harvest h = { .table = t, .slot = slot };

	rwlock_write(&t->lock);
	handle_each(&t->map, harvest_one, &h);
	rwlock_drop(&t->lock);
	while (h.list != NULL) {
		struct session *s = h.list;

		h.list = s->next_closing;
		finish(s);
	}
}

struct census {
	const struct slot *slot;
	struct session **list;
	size_t count;
};

static void census_one(CK_ULONG handle, void *p, void *arg)
{
	struct session *s = p;
	struct census *c = arg;

	(void)handle;
	if (s->slot != c->slot)
		return;
	if (c->list != NULL)
		c->list[c->count] = session_ref(s);
	c->count++;
}

/* References to the sessions of that slot. */
static void census_take(struct session_table *t, struct census *c)
{
	rwlock_write(&t->lock);
	handle_each(&t->map, census_one, c);
	c->list = calloc(c->count + 1, sizeof(struct session *));
	c->count = 0;
	if (c->list != NULL)
		handle_each(&t->map, census_one, c);
	rwlock_drop(&t->lock);
}

void session_table_logged_out(struct session_table *t, const struct slot *slot)
{
	struct census c = { .slot = slot };

	census_take(t, &c);
	for (size_t i = 0; i < c.count; i++) {
		struct session *s = c.list[i];

		if (atomic_load(&s->working)) {
			session_unref(s);
			continue;
		}
		lock_take(&s->lock);
		session_occupy(s);
		session_table_release(s);
	}
	free(c.list);
}

void session_table_fork_prepare(struct session_table *t)
{
	rwlock_write(&t->lock);
}

void session_table_fork_parent(struct session_table *t)
{
	rwlock_drop(&t->lock);
}

static void reset_one(CK_ULONG handle, void *p, void *arg)
{
	(void)handle;
	(void)arg;
	session_reset(p);
}

void session_table_fork_child(struct session_table *t)
{
	handle_each(&t->map, reset_one, NULL);
	rwlock_reset(&t->lock);
}
