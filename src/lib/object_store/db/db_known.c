#include "config.h"

#include "object_store/db/db_known.h"

#include <stdlib.h>

#include "object_store/file/file_format.h"

/*
 * So many changed objects are loaded one by one when they are asked for, more of them in a second
 * pass: that costs some microseconds an object of the token, a load some fifty.
 */
#define FEW 32

/* Objects */

void db_known_unready(struct db_known_object *o)
{
	attrset_free(o->ready);
	o->ready = NULL;
}

static void object_free(CK_ULONG id, void *p, void *arg)
{
	(void)id;
	(void)arg;
	db_known_unready(p);
	free(p);
}

void db_known_clear(struct db_known *k)
{
	handle_each(&k->objects, object_free, NULL);
	handle_free(&k->objects);
	free(k->gone);
	*k = (struct db_known)DB_KNOWN_INIT;
}

struct db_known_object *db_known_find(const struct db_known *k, uint64_t id)
{
	return (CK_ULONG)id != id ? NULL : handle_get(&k->objects, (CK_ULONG)id);
}

CK_RV db_known_enter(struct db_known *k, int64_t id, struct db_known_object **out)
{
	struct db_known_object *o = calloc(1, sizeof(*o));
	CK_RV rv;

	if (o == NULL)
		return CKR_HOST_MEMORY;
	o->id = id;
	o->asked_mark = DB_MARK_NONE;
	rv = handle_put(&k->objects, (CK_ULONG)id, o);
	if (rv != CKR_OK)
		free(o);
	else
		*out = o;
	return rv;
}

void db_known_forget(struct db_known *k, struct db_known_object *o)
{
	(void)handle_remove(&k->objects, (CK_ULONG)o->id);
	object_free(0, o, NULL);
}

/* Passes */

struct pass {
	struct db_known *k;
	struct db_conn *c;
	struct db_known_object *last;	/* rows of one object mostly lie together */
	bool sums;			/* adds up fingerprints */
	bool takes;			/* takes attributes */
};

static CK_RV sight_object(int64_t id, void *arg)
{
	struct pass *p = arg;
	struct db_known_object *o = db_known_find(p->k, (uint64_t)id);

	if (o == NULL) {
		CK_RV rv;

		if ((int64_t)(CK_ULONG)id != id)
			return db_malformed(p->c, "the number of an object is too large");
		rv = db_known_enter(p->k, id, &o);
		if (rv != CKR_OK)
			return rv;
		o->news = o->wanted = p->k->untold = true;
	}
	if (p->sums)
		o->sum = 0;
	o->pass = p->k->pass;
	return CKR_OK;
}

/* Room for what most objects have, so that they lie in one piece of memory. */
#define LIKELY_ATTRS 32
#define LIKELY_BYTES 320

static CK_RV begin_ready(struct db_known_object *o)
{
	o->ready = attrset_new_sized(LIKELY_ATTRS, LIKELY_BYTES);
	o->left = FILE_ATTRS_MAX;
	o->damaged = false;
	return o->ready == NULL ? CKR_HOST_MEMORY : CKR_OK;
}

/* Rows come in the order in which they count. */
static CK_RV take_attr(struct db_known_object *o, const struct db_row *row)
{
	const CK_ATTRIBUTE_TYPE type = (CK_ATTRIBUTE_TYPE)row->type;
	CK_RV rv = o->ready == NULL ? begin_ready(o) : CKR_OK;

	if (rv != CKR_OK || o->damaged || attrset_get(o->ready, type) != NULL)
		return rv;
	rv = row->sound ? db_cell_decode(&row->cell, type, &o->left, o->ready) : CKR_DATA_INVALID;
	if (rv != CKR_DATA_INVALID)
		return rv;
	o->damaged = true;
	return CKR_OK;
}

static CK_RV sight_row(const struct db_row *row, void *arg)
{
	struct pass *p = arg;

	if (p->last == NULL || p->last->id != row->object) {
		struct db_known_object *o = db_known_find(p->k, (uint64_t)row->object);

		if (o == NULL)		/* a row without its object */
			return CKR_OK;
		p->last = o;
	}
	if (p->sums)
		p->last->sum += row->print;
	return p->takes && p->last->wanted ? take_attr(p->last, row) : CKR_OK;
}

static CK_RV run_pass(struct db_known *k, struct db_conn *c, bool sums, bool takes)
{
	struct pass p = { .k = k, .c = c, .sums = sums, .takes = takes };
	const struct db_visitor v = { sight_object, sight_row, &p };

	if (sums)
		k->pass++;
	return db_scan(c, &v);
}

static CK_RV note_gone(struct db_known *k, uint64_t id)
{
	if (k->gone_count == k->gone_cap) {
		size_t cap = k->gone_cap == 0 ? 16 : k->gone_cap * 2;
		uint64_t *grown = realloc(k->gone, cap * sizeof(*grown));

		if (grown == NULL)
			return CKR_HOST_MEMORY;
		k->gone = grown;
		k->gone_cap = cap;
	}
	k->gone[k->gone_count++] = id;
	k->untold = true;
	return CKR_OK;
}

struct outcome {
	struct db_known *k;
	size_t wanted;		/* and not ready yet */
	CK_RV rv;
};

/* Compares what the pass saw of an object with what was known. */
static void settle(CK_ULONG id, void *p, void *arg)
{
	struct outcome *out = arg;
	struct db_known_object *o = p;

	if (out->rv != CKR_OK)
		return;
	if (o->pass != out->k->pass) {
		out->rv = note_gone(out->k, id);
		if (out->rv == CKR_OK)
			db_known_forget(out->k, o);
		return;
	}
	if (o->print != o->sum) {
		o->print = o->sum;
		if (!o->wanted)
			db_known_unready(o);
		o->news = o->wanted = out->k->untold = true;
	}
	out->wanted += o->wanted && o->ready == NULL;
}

/* What is damaged or empty is not handed over: the load finds out by itself. */
static void end_pass(CK_ULONG id, void *p, void *arg)
{
	struct db_known_object *o = p;

	(void)id;
	(void)arg;
	if (o->ready != NULL && o->wanted && o->damaged)
		db_known_unready(o);
	o->wanted = false;
}

static CK_RV look_at_all(struct db_known *k, struct db_conn *c)
{
	const bool fresh = k->objects.used == 0;
	struct outcome out = { .k = k, .rv = CKR_OK };
	CK_RV rv = run_pass(k, c, true, fresh);

	if (rv == CKR_OK) {
		handle_each(&k->objects, settle, &out);
		rv = out.rv;
	}
	if (rv == CKR_OK && !fresh && out.wanted > (c->indexed ? FEW : 0))
		rv = run_pass(k, c, false, true);
	handle_each(&k->objects, end_pass, NULL);
	return rv;
}

CK_RV db_known_refresh(struct db_known *k, struct db_conn *c)
{
	CK_RV rv;

	if (c->before == k->mark)
		return CKR_OK;
	k->mark = DB_MARK_NONE;
	rv = db_schema_check(c);
	if (rv == CKR_TOKEN_NOT_RECOGNIZED)
		return db_malformed(c, "its tables are gone");
	if (rv == CKR_OK)
		rv = look_at_all(k, c);
	if (rv == CKR_OK)
		k->mark = c->before;
	return rv;
}

/* Lists */

struct id_list {
	bool all;
	uint64_t *ids;
	size_t count;
};

static void count_news(CK_ULONG id, void *p, void *arg)
{
	(void)id;
	*(size_t *)arg += ((struct db_known_object *)p)->news;
}

static void list_object(CK_ULONG id, void *p, void *arg)
{
	struct db_known_object *o = p;
	struct id_list *l = arg;

	if (l->all || o->news)
		l->ids[l->count++] = id;
	o->news = false;
}

static int compare_ids(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

static CK_RV make_list(struct db_known *k, size_t room, struct id_list *l)
{
	if (room > 0) {
		l->ids = calloc(room, sizeof(*l->ids));
		if (l->ids == NULL)
			return CKR_HOST_MEMORY;
		for (size_t i = 0; !l->all && i < k->gone_count; i++)
			l->ids[l->count++] = k->gone[i];
		handle_each(&k->objects, list_object, l);
	}
	k->gone_count = 0;
	k->untold = false;
	return CKR_OK;
}

CK_RV db_known_ids(struct db_known *k, uint64_t **ids, size_t *count)
{
	struct id_list l = { .all = true };
	CK_RV rv = make_list(k, k->objects.used, &l);

	if (rv != CKR_OK)
		return rv;
	if (l.count > 0)
		qsort(l.ids, l.count, sizeof(*l.ids), compare_ids);
	*ids = l.ids;
	*count = l.count;
	return CKR_OK;
}

CK_RV db_known_news(struct db_known *k, uint64_t **ids, size_t *count)
{
	struct id_list l = { .all = false };
	size_t room = k->gone_count;
	CK_RV rv;

	handle_each(&k->objects, count_news, &room);
	rv = make_list(k, room, &l);
	if (rv != CKR_OK)
		return rv;
	*ids = l.ids;
	*count = l.count;
	return CKR_OK;
}
