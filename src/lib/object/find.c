#include "config.h"

#include <stdlib.h>

#include "object/attr.h"
#include "object/computed.h"
#include "object/match.h"
#include "object/object.h"
#include "object/object_index.h"

/* Room for one handle more. */
static CK_RV grow(struct object_list *list, size_t *cap)
{
	size_t want = *cap == 0 ? 16 : *cap * 2;
	CK_OBJECT_HANDLE *p;

	if (list->count < *cap)
		return CKR_OK;
	p = reallocarray(list->handles, want, sizeof(*p));
	if (p == NULL)
		return CKR_HOST_MEMORY;
	list->handles = p;
	*cap = want;
	return CKR_OK;
}

/* What a search goes through. */
struct search {
	struct object_table *table;
	const struct caller *who;
	const CK_ATTRIBUTE *templ;
	CK_ULONG count;
	bool sure;		/* all of the mirror is as it is stored */
	bool shared;		/* others read, too: nothing may change */
	struct object_list list;
	size_t cap;
};

/* What ends a search beside other readers: it has to be done alone. Not told to anybody. */
#define NOT_SHARED CKR_CANCEL

static CK_RV note_hit(struct search *s, struct object *o)
{
	CK_RV rv = s->shared && o->handle == CK_INVALID_HANDLE ? NOT_SHARED : CKR_OK;

	if (rv == CKR_OK)
		rv = grow(&s->list, &s->cap);
	if (rv == CKR_OK)
		rv = object_handle(s->table, o, &s->list.handles[s->list.count++]);
	return rv;
}

static CK_RV consider(struct search *s, struct object *o)
{
	bool hit = false;
	CK_RV rv = CKR_OK;

	if (o->private && !s->who->user)
		return CKR_OK;
	if (o->home == &s->table->token && o->epoch != s->table->epoch)
		rv = s->shared ? NOT_SHARED : object_freshen(s->table, o);
	if (rv == CKR_OBJECT_HANDLE_INVALID)
		return CKR_OK;	/* destroyed by somebody else since the listing */
	if (rv == CKR_OK)
		rv = match_object(s->table, o, s->templ, s->count, &hit);
	return rv == CKR_OK && hit ? note_hit(s, o) : rv;
}

static CK_RV collect_all(struct search *s)
{
	struct object *next;
	CK_RV rv = CKR_OK;

	for (struct object *o = s->table->first; rv == CKR_OK && o != NULL; o = next) {
		next = o->next;
		rv = consider(s, o);
	}
	return rv;
}

/* The mirror is sure: considering an object does not change the index. */
static CK_RV collect_hits(struct search *s, const struct index_hits *hits)
{
	CK_RV rv = CKR_OK;

	for (size_t i = 0; i < ARRAY_LEN(hits->lists); i++)
		for (const struct index_entry *e = hits->lists[i]; rv == CKR_OK && e != NULL;
		     e = index_entry_next(e))
			rv = consider(s, index_entry_object(e));
	return rv;
}

static CK_RV collect(struct search *s)
{
	struct index_hits hits;
	bool indexed = false;
	CK_RV rv = CKR_OK;

	if (s->sure)
		rv = object_index_find(s->table, s->who->user, s->templ, s->count, &hits,
				       &indexed);
	if (rv != CKR_OK)
		return rv;
	return indexed ? collect_hits(s, &hits) : collect_all(s);
}

static CK_RV search_alone(struct search *s)
{
	CK_RV rv;

	s->shared = false;
	s->list.count = 0;
	rwlock_write(&s->table->lock);
	rv = object_table_refresh(s->table, &s->sure);
	if (rv == CKR_OK)
		rv = collect(s);
	rwlock_drop(&s->table->lock);
	return rv;
}

/* Beside other readers, where nothing has to be made first; otherwise NOT_SHARED. */
static CK_RV search_shared(struct search *s)
{
	struct object_table *t = s->table;
	CK_RV rv = NOT_SHARED;

	if (computed_may_be(s->templ, s->count))
		return rv;
	s->shared = s->sure = true;
	rwlock_read(&t->lock);
	if (object_table_is_sure(t) &&
	    object_index_is_ready(t, s->who->user, s->templ, s->count))
		rv = collect(s);
	rwlock_drop(&t->lock);
	return rv;
}

static int by_value(const void *a, const void *b)
{
	const CK_OBJECT_HANDLE *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

CK_RV object_find(struct object_table *t, const struct caller *who, const CK_ATTRIBUTE *templ,
		  CK_ULONG count, struct object_list *out)
{
	struct search s = { .table = t, .who = who, .templ = templ, .count = count };
	CK_RV rv;

	for (CK_ULONG i = 0; i < count; i++)
		if (templ[i].pValue == NULL && templ[i].ulValueLen > 0)
			return attr_refuse(templ[i].type, "has a length and no value",
					   CKR_ATTRIBUTE_VALUE_INVALID);
	rv = search_shared(&s);
	if (rv == NOT_SHARED)
		rv = search_alone(&s);
	if (rv != CKR_OK) {
		free(s.list.handles);
		return rv;
	}
	if (s.list.count > 1)
		qsort(s.list.handles, s.list.count, sizeof(*s.list.handles), by_value);
	*out = s.list;
	return CKR_OK;
}
