#include "config.h"

#include "object/object_index.h"

#include <stdlib.h>

#include "object/attr.h"
#include "object/match.h"
#include "object/template.h"

/* Fewer objects are looked through faster than an index is kept. */
#define OBJECTS_MIN 16

/* More attributes than any class has. */
#define MAPS_MAX 64

enum { PUBLIC, PRIVATE, HALVES };

/* One object under one of its values. */
struct index_entry {
	struct object *object;			/* NULL: not in use */
	const struct attrset *attrs;		/* the object's */
	struct index_entry *next, **link;	/* of the same value */
	struct index_entry *sibling;		/* of the same object */
	struct index_value *value;
};

/* The objects that show one value. Most values are those of one object, whose entry lies here. */
struct index_value {
	CK_ULONG hash;			/* not 0 */
	size_t count;
	struct index_entry *first;
	struct handle_map *home;	/* NULL: the list of those whose value is not hashed */
	struct index_entry own;
};

/* One attribute. */
struct index_map {
	CK_ATTRIBUTE_TYPE type;
	bool built[HALVES];
	struct handle_map values[HALVES];	/* hash -> struct index_value */
	struct index_value unhashed[HALVES];
};

struct object *index_entry_object(const struct index_entry *e)
{
	attrset_prefetch(e->attrs);
	return e->object;
}

const struct index_entry *index_entry_next(const struct index_entry *e)
{
	return e->next;
}

/* Equal values have equal hashes; others that do are told apart when they are compared. */
static CK_ULONG hash_bytes(const unsigned char *p, size_t len)
{
	uint64_t h = 0xcbf29ce484222325U ^ len;

	for (size_t i = 0; i < len; i++)
		h = (h ^ p[i]) * 0x100000001b3U;
	h ^= h >> 29;
	return (CK_ULONG)(h | 1);
}

static void unlink_entry(struct index_entry *e)
{
	struct index_value *v = e->value;

	*e->link = e->next;
	if (e->next != NULL)
		e->next->link = e->link;
	e->object = NULL;
	if (e != &v->own)
		free(e);
	if (--v->count == 0 && v->home != NULL) {
		handle_remove(v->home, v->hash);
		free(v);
	}
}

void object_index_leave(struct object *o)
{
	struct index_entry *next;

	for (struct index_entry *e = o->entries; e != NULL; e = next) {
		next = e->sibling;
		unlink_entry(e);
	}
	o->entries = NULL;
}

static CK_RV value_of(struct handle_map *home, CK_ULONG hash, struct index_value **out)
{
	struct index_value *v = handle_get(home, hash);
	CK_RV rv;

	if (v == NULL) {
		v = calloc(1, sizeof(*v));
		rv = v != NULL ? handle_put(home, hash, v) : CKR_HOST_MEMORY;
		if (rv != CKR_OK) {
			free(v);
			return rv;
		}
		v->hash = hash;
		v->home = home;
	}
	*out = v;
	return CKR_OK;
}

static CK_RV link_entry(struct index_map *m, struct object *o, const struct match_value *shown)
{
	const struct attr_rule *rule = attr_rule_find(o->scope, m->type);
	struct index_value *v = &m->unhashed[o->private];
	struct index_entry *e;
	CK_RV rv = CKR_OK;

	if ((rule->rules & SECRET) == 0)
		rv = value_of(&m->values[o->private], hash_bytes(shown->data, shown->len), &v);
	if (rv != CKR_OK)
		return rv;
	e = v->own.object == NULL ? &v->own : malloc(sizeof(*e));
	if (e == NULL)
		return CKR_HOST_MEMORY;	/* the value has other objects */
	*e = (struct index_entry){ .next = v->first, .link = &v->first, .sibling = o->entries,
				   .value = v, .object = o, .attrs = o->attrs };
	if (v->first != NULL)
		v->first->link = &e->next;
	v->first = e;
	v->count++;
	o->entries = e;
	return CKR_OK;
}

static CK_RV map_enter(const struct object_table *t, struct index_map *m, struct object *o)
{
	struct match_value shown;
	CK_RV rv = match_value(t, o, m->type, &shown);

	if (rv == CKR_OK && shown.there)
		rv = link_entry(m, o, &shown);
	match_free(&shown);
	return rv;
}

/* Takes one half of a map apart. Its entries are found through their objects. */
static void map_clear(const struct object_table *t, struct index_map *m, bool private)
{
	for (struct object *o = t->first; o != NULL; o = o->next) {
		struct index_entry **at = &o->entries;

		while (o->private == private && *at != NULL) {
			struct index_entry *e = *at;
			bool here = e->value == &m->unhashed[private] ||
				    e->value->home == &m->values[private];

			if (!here) {
				at = &e->sibling;
				continue;
			}
			*at = e->sibling;
			unlink_entry(e);
		}
	}
	handle_free(&m->values[private]);
	m->built[private] = false;
}

void object_index_enter(struct object_table *t, struct object *o)
{
	for (size_t i = 0; i < t->index.count; i++) {
		struct index_map *m = &t->index.maps[i];

		if (m->built[o->private] && map_enter(t, m, o) != CKR_OK)
			map_clear(t, m, o->private);
	}
}

void object_index_logout(struct object_table *t)
{
	for (struct object *o = t->first; o != NULL; o = o->next)
		if (o->private)
			object_index_leave(o);
	for (size_t i = 0; i < t->index.count; i++) {
		handle_free(&t->index.maps[i].values[PRIVATE]);
		t->index.maps[i].built[PRIVATE] = false;
	}
}

void object_index_free(struct object_index *x)
{
	for (size_t i = 0; i < x->count; i++)
		for (int half = 0; half < HALVES; half++)
			handle_free(&x->maps[i].values[half]);
	free(x->maps);
	x->maps = NULL;
	x->count = 0;
}

static CK_RV map_build(struct object_table *t, struct index_map *m, bool private)
{
	CK_RV rv = CKR_OK;

	m->built[private] = true;
	for (struct object *o = t->first; rv == CKR_OK && o != NULL; o = o->next)
		if (o->private == private)
			rv = map_enter(t, m, o);
	if (rv != CKR_OK)
		map_clear(t, m, private);
	return rv;
}

static struct index_map *map_known(const struct object_index *x, CK_ATTRIBUTE_TYPE type)
{
	for (size_t i = 0; i < x->count; i++)
		if (x->maps[i].type == type)
			return &x->maps[i];
	return NULL;
}

/*
 * The map of that attribute, with the halves that are asked for; NULL when there is none, and the
 * attribute is of no help.
 */
static CK_RV map_of(struct object_table *t, CK_ATTRIBUTE_TYPE type, bool private,
		    struct index_map **out)
{
	struct object_index *x = &t->index;
	struct index_map *m = map_known(x, type);
	CK_RV rv = CKR_OK;

	*out = NULL;
	if (m == NULL) {
		if (x->count == MAPS_MAX)
			return CKR_OK;
		if (x->maps == NULL)
			x->maps = calloc(MAPS_MAX, sizeof(*x->maps));
		if (x->maps == NULL)
			return CKR_HOST_MEMORY;
		m = &x->maps[x->count++];
		m->type = type;
	}
	if (!m->built[PUBLIC])
		rv = map_build(t, m, false);
	if (rv == CKR_OK && private && !m->built[PRIVATE])
		rv = map_build(t, m, true);
	if (rv == CKR_OK)
		*out = m;
	return rv;
}

/* What the map knows of one value; how many objects that are. */
static size_t map_find(struct index_map *m, const CK_ATTRIBUTE *want, bool private,
		       struct index_hits *out)
{
	CK_ULONG hash = hash_bytes(want->pValue, want->ulValueLen);
	size_t count = 0;

	*out = (struct index_hits){ { NULL } };
	for (int half = 0; half <= (private ? PRIVATE : PUBLIC); half++) {
		const struct index_value *v = handle_get(&m->values[half], hash);

		if (v != NULL) {
			out->lists[2 * half] = v->first;
			count += v->count;
		}
		out->lists[2 * half + 1] = m->unhashed[half].first;
		count += m->unhashed[half].count;
	}
	return count;
}

/*
 * A flag halves the objects at the best. What is longer than any value is not read; no object has
 * it.
 */
static bool is_telling(const CK_ATTRIBUTE *want)
{
	enum attr_kind kind = attr_kind_of(want->type);

	return (kind == ATTR_BYTES || kind == ATTR_ULONG) &&
	       want->ulValueLen <= TEMPLATE_VALUE_MAX;
}

static bool is_small(const struct object_table *t)
{
	return t->token.by_id.used + t->session.by_id.used < OBJECTS_MIN;
}

bool object_index_is_ready(const struct object_table *t, bool private, const CK_ATTRIBUTE *templ,
			   CK_ULONG count)
{
	for (CK_ULONG i = 0; i < count && !is_small(t); i++) {
		const struct index_map *m = map_known(&t->index, templ[i].type);

		if (is_telling(&templ[i]) &&
		    (m == NULL || !m->built[PUBLIC] || (private && !m->built[PRIVATE])))
			return false;
	}
	return true;
}

CK_RV object_index_find(struct object_table *t, bool private, const CK_ATTRIBUTE *templ,
			CK_ULONG count, struct index_hits *out, bool *indexed)
{
	size_t least = SIZE_MAX;

	*indexed = false;
	if (is_small(t))
		return CKR_OK;
	for (CK_ULONG i = 0; i < count && least > 0; i++) {
		struct index_map *m = NULL;
		struct index_hits hits;
		size_t n;
		CK_RV rv = CKR_OK;

		if (is_telling(&templ[i]))
			rv = map_of(t, templ[i].type, private, &m);
		if (rv != CKR_OK)
			return rv;
		if (m == NULL)
			continue;
		n = map_find(m, &templ[i], private, &hits);
		if (n < least) {
			least = n;
			*out = hits;
			*indexed = true;
		}
	}
	return CKR_OK;
}
