#include "config.h"

#include "object/object_table.h"

#include <stdlib.h>

#include "common/reason.h"
#include "object/attr.h"

CK_RV object_table_new(struct store *store, struct object_table **out)
{
	struct object_table *t = calloc(1, sizeof(*t));
	CK_RV rv;

	if (t == NULL)
		return CKR_HOST_MEMORY;
	rv = rwlock_init(&t->lock);
	if (rv != CKR_OK)
		goto fail;
	rv = store_open_memory(&t->session.store);
	if (rv != CKR_OK) {
		rwlock_destroy(&t->lock);
		goto fail;
	}
	t->session.listed = true;
	t->token.store = store;
	*out = t;
	return CKR_OK;
fail:
	free(t);
	return rv;
}

static void drop_handle(struct object_table *t, struct object *o)
{
	if (o->handle != CK_INVALID_HANDLE)
		handle_remove(&t->handles, o->handle);
	o->handle = CK_INVALID_HANDLE;
}

/* What was made of the attributes. */
static void drop_key(struct object *o)
{
	key_unref(o->key);
	o->key = NULL;
	o->granted = (struct object_grant){ .mech = NULL };
	attrset_free(o->computed);
	o->computed = NULL;
}

/* Takes the object out of the table, not out of its store. */
static void forget(struct object_table *t, struct object *o)
{
	object_index_leave(o);
	drop_handle(t, o);
	drop_key(o);
	handle_remove(&o->home->by_id, o->id);
	if (o->prev != NULL)
		o->prev->next = o->next;
	else
		t->first = o->next;
	if (o->next != NULL)
		o->next->prev = o->prev;
	else
		t->last = o->prev;
	attrset_free(o->attrs);
	free(o);
}

static void forget_home(struct object_table *t, const struct object_home *home)
{
	struct object *next;

	for (struct object *o = t->first; o != NULL; o = next) {
		next = o->next;
		if (o->home == home)
			forget(t, o);
	}
}

static void destroy_session_object(struct object_table *t, struct object *o)
{
	CK_RV rv = store_remove(o->home->store, o->id);

	(void)rv;	/* memory: it cannot fail, and the object is forgotten anyway */
	forget(t, o);
}

void object_table_free(struct object_table *t)
{
	if (t == NULL)
		return;
	forget_home(t, &t->session);
	forget_home(t, &t->token);
	store_close(t->session.store);
	handle_free(&t->session.by_id);
	handle_free(&t->token.by_id);
	handle_free(&t->handles);
	object_index_free(&t->index);
	secbuf_free(t->key);
	rwlock_destroy(&t->lock);
	free(t);
}

void object_table_reset(struct object_table *t, struct store *store)
{
	rwlock_write(&t->lock);
	forget_home(t, &t->token);
	t->token.store = store;
	t->token.listed = false;
	rwlock_drop(&t->lock);
}

void object_table_login(struct object_table *t, struct secbuf *key)
{
	rwlock_write(&t->lock);
	secbuf_free(t->key);
	t->key = key;
	rwlock_drop(&t->lock);
}

void object_table_logout(struct object_table *t)
{
	struct object *next;

	rwlock_write(&t->lock);
	object_index_logout(t);
	for (struct object *o = t->first; o != NULL; o = next) {
		next = o->next;
		if (!o->private)
			continue;
		drop_handle(t, o);
		drop_key(o);
		if (o->home == &t->session)
			destroy_session_object(t, o);
	}
	secbuf_free(t->key);
	t->key = NULL;
	rwlock_drop(&t->lock);
}

void object_table_end_session(struct object_table *t, CK_SESSION_HANDLE session)
{
	struct object *next;

	rwlock_write(&t->lock);
	for (struct object *o = t->session.by_id.used > 0 ? t->first : NULL; o != NULL; o = next) {
		next = o->next;
		if (o->home == &t->session && o->owner == session)
			destroy_session_object(t, o);
	}
	rwlock_drop(&t->lock);
}

void object_table_drop_handles(struct object_table *t)
{
	rwlock_write(&t->lock);
	for (struct object *o = t->handles.used > 0 ? t->first : NULL; o != NULL; o = o->next)
		drop_handle(t, o);
	rwlock_drop(&t->lock);
}

/* Puts a version of the object's attributes into the mirror; takes attrs over. */
static void set_attrs(struct object_table *t, struct object *o, struct attrset *attrs)
{
	object_index_leave(o);
	attrset_free(o->attrs);
	drop_key(o);
	o->attrs = attrs;
	o->scope = attr_scope_of(attrs);
	o->private = attrset_flag(attrs, CKA_PRIVATE, true);
	object_index_enter(t, o);
}

/* A new entry in the mirror; takes attrs over in any case. */
static CK_RV enter(struct object_table *t, struct object_home *home, uint64_t id,
		   struct attrset *attrs, const struct store_stamp *stamp, struct object **out)
{
	struct object *o = calloc(1, sizeof(*o));
	CK_RV rv = o != NULL ? handle_put(&home->by_id, id, o) : CKR_HOST_MEMORY;

	if (rv != CKR_OK) {
		attrset_free(attrs);
		free(o);
		return rv;
	}
	o->home = home;
	o->id = id;
	o->sweep = t->sweep;
	o->epoch = t->epoch;
	o->stamp = *stamp;
	o->prev = t->last;
	if (t->last != NULL)
		t->last->next = o;
	else
		t->first = o;
	t->last = o;
	set_attrs(t, o, attrs);
	*out = o;
	return CKR_OK;
}

CK_RV object_freshen(struct object_table *t, struct object *o)
{
	struct attrset *attrs = NULL;
	struct store_stamp stamp;
	bool same = false;
	CK_RV rv = store_same(o->home->store, o->id, &o->stamp, &same);

	if (rv == CKR_OK && !same) {
		rv = store_load(o->home->store, o->id, &attrs, &stamp);
		if (rv == CKR_OK) {
			set_attrs(t, o, attrs);
			o->stamp = stamp;
		}
	}
	if (rv == CKR_OK)
		o->epoch = t->epoch;
	if (rv == CKR_OBJECT_HANDLE_INVALID || rv == CKR_DATA_INVALID) {
		forget(t, o);
		return CKR_OBJECT_HANDLE_INVALID;
	}
	return rv;
}

/*
 * An id that a listing named: enter it, or see that it is still the same. Damaged and vanished ones
 * are skipped.
 */
static CK_RV sight(struct object_table *t, uint64_t id)
{
	struct object *o = handle_get(&t->token.by_id, id);
	struct attrset *attrs = NULL;
	struct store_stamp stamp;
	CK_RV rv;

	if (o != NULL) {
		o->sweep = t->sweep;
		rv = object_freshen(t, o);
	} else {
		rv = store_load(t->token.store, id, &attrs, &stamp);
		if (rv == CKR_OK)
			rv = enter(t, &t->token, id, attrs, &stamp, &o);
	}
	return rv == CKR_OBJECT_HANDLE_INVALID || rv == CKR_DATA_INVALID ? CKR_OK : rv;
}

static void forget_unseen(struct object_table *t)
{
	struct object *next;

	for (struct object *o = t->first; o != NULL; o = next) {
		next = o->next;
		if (o->home == &t->token && o->sweep != t->sweep)
			forget(t, o);
	}
}

static CK_RV list(struct object_table *t)
{
	uint64_t *ids = NULL;
	size_t count = 0;
	CK_RV rv = store_list(t->token.store, &ids, &count);

	if (rv != CKR_OK)
		return rv;
	t->token.listed = false;	/* until all of it has been read */
	t->sweep++;
	for (size_t i = 0; rv == CKR_OK && i < count; i++)
		rv = sight(t, ids[i]);
	free(ids);
	if (rv != CKR_OK)
		return rv;
	forget_unseen(t);
	t->token.listed = true;
	t->listed_epoch = t->epoch;
	return CKR_OK;
}

/*
 * Takes in what others did to objects that the store can name. Where it cannot, an epoch begins,
 * and perhaps the list does not hold any more.
 */
static CK_RV hear(struct object_table *t, bool path)
{
	enum store_news news = STORE_UNSURE;
	uint64_t *ids = NULL;
	size_t count = 0;
	CK_RV rv = store_poll(t->token.store, path, &news, &ids, &count);

	for (size_t i = 0; rv == CKR_OK && i < count; i++)
		rv = sight(t, ids[i]);
	free(ids);
	if (rv != CKR_OK || news == STORE_ALL)
		t->token.listed = false;	/* what was told is not told again */
	if (rv != CKR_OK || news == STORE_ALL || news == STORE_UNSURE)
		t->epoch++;
	return rv;
}

CK_RV object_table_refresh(struct object_table *t, bool *sure)
{
	CK_RV rv;

	*sure = true;
	if (t->token.store == NULL)
		return CKR_OK;
	rv = hear(t, true);
	if (rv == CKR_OK && !t->token.listed)
		rv = list(t);
	*sure = t->listed_epoch == t->epoch;
	return rv;
}

static CK_RV no_object(CK_OBJECT_HANDLE h)
{
	return reason(CKR_OBJECT_HANDLE_INVALID, "no object has the handle %lu", h);
}

CK_RV object_table_get(struct object_table *t, const struct caller *who, CK_OBJECT_HANDLE h,
		       struct object **out)
{
	struct object *o = handle_get(&t->handles, h);
	CK_RV rv = CKR_OK;

	/*
	 * Nobody but this process changes session objects. What is wrong with another object than
	 * this one is for the next search to tell.
	 */
	if (o != NULL && o->home == &t->token) {
		rv = hear(t, false);
		(void)rv;
		o = handle_get(&t->handles, h);
		rv = o != NULL && o->epoch != t->epoch ? object_freshen(t, o) : CKR_OK;
	}
	if (o == NULL || rv == CKR_OBJECT_HANDLE_INVALID ||
	    (rv == CKR_OK && o->private && !who->user))
		return no_object(h);
	if (rv == CKR_OK)
		*out = o;
	return rv;
}

struct object *object_table_peek(struct object_table *t, const struct caller *who,
				 CK_OBJECT_HANDLE h)
{
	struct object *o = handle_get(&t->handles, h);

	if (o == NULL || (o->private && !who->user))
		return NULL;
	attrset_prefetch(o->attrs);
	if (o->home == &t->token &&
	    (o->epoch != t->epoch || !store_is_quiet(t->token.store, false)))
		return NULL;
	return o;
}

bool object_table_is_sure(struct object_table *t)
{
	return t->token.store == NULL || (t->token.listed && t->listed_epoch == t->epoch &&
					  store_is_quiet(t->token.store, true));
}

CK_RV object_edit(struct object_table *t, struct object *o, store_edit *edit, void *arg)
{
	struct attrset *attrs = NULL;
	struct store_stamp stamp;
	CK_RV rv = store_edit_object(o->home->store, o->id, edit, arg, &attrs, &stamp);

	if (rv == CKR_OK) {
		set_attrs(t, o, attrs);
		o->stamp = stamp;
	}
	return rv;
}

CK_RV object_handle(struct object_table *t, struct object *o, CK_OBJECT_HANDLE *out)
{
	CK_OBJECT_HANDLE h = o->handle;

	if (h == CK_INVALID_HANDLE) {
		CK_RV rv;

		h = handle_next();
		rv = handle_put(&t->handles, h, o);
		if (rv != CKR_OK)
			return rv;
		o->handle = h;
	}
	*out = h;
	return CKR_OK;
}

/* Enters an object that was just stored, and gives it a handle. Takes attrs over. */
static CK_RV enter_new(struct object_table *t, struct object_home *home, const struct caller *who,
		       uint64_t id, struct attrset *attrs, const struct store_stamp *stamp,
		       CK_OBJECT_HANDLE *handle)
{
	struct object *o = NULL;
	CK_RV rv = enter(t, home, id, attrs, stamp, &o);

	if (rv != CKR_OK)
		return rv;
	o->owner = home == &t->session ? who->session : CK_INVALID_HANDLE;
	return object_handle(t, o, handle);
}

/* Undoes a store_add whose objects could not be entered: a failed call leaves nothing behind. */
static void take_back(struct object_table *t, struct object_home *home, const uint64_t *ids,
		      size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct object *o = handle_get(&home->by_id, ids[i]);
		CK_RV rv = store_remove(home->store, ids[i]);

		(void)rv;	/* logged by the store; the first error is the call's answer */
		if (o != NULL)
			forget(t, o);
	}
}

CK_RV object_table_add(struct object_table *t, const struct caller *who, struct attrset **sets,
		       size_t n, CK_OBJECT_HANDLE *handles)
{
	struct object_home *home =
		attrset_flag(sets[0], CKA_TOKEN, false) ? &t->token : &t->session;
	uint64_t ids[STORE_ADD_MAX] = { 0 };
	struct store_stamp stamps[STORE_ADD_MAX];
	bool stored = false;
	CK_RV rv = CKR_DEVICE_ERROR;

	if (home->store != NULL)
		rv = store_add(home->store, (const struct attrset *const *)sets, n, ids,
			       stamps);
	stored = rv == CKR_OK;
	for (size_t i = 0; i < n; i++) {
		if (rv == CKR_OK)
			rv = enter_new(t, home, who, ids[i], sets[i], &stamps[i], &handles[i]);
		else
			attrset_free(sets[i]);
	}
	if (stored && rv != CKR_OK)
		take_back(t, home, ids, n);
	return rv;
}

CK_RV object_table_remove(struct object_table *t, struct object *o)
{
	CK_RV rv = store_remove(o->home->store, o->id);

	if (rv == CKR_OK || rv == CKR_OBJECT_HANDLE_INVALID)
		forget(t, o);
	return rv;
}
