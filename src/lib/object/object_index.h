/*
 * Where a search looks first: for each attribute that was ever searched for, the objects by the
 * value that they show (match.h). Finding does not grow with the number of objects, only with the
 * number of those that share the template's rarest value.
 *
 * Made at the first search that can use it, kept in step from then on. Private objects are in it
 * only while the user is logged in. Of a value nothing is kept but a hash, and of one that may be
 * key material not even that. The table's lock is held by the caller of each function.
 */
#ifndef OBJECT_OBJECT_INDEX_H
#define OBJECT_OBJECT_INDEX_H

#include "common/handle.h"

struct object;
struct object_table;
struct index_map;
struct index_entry;

struct object_index {
	struct index_map *maps;
	size_t count;
};

/* Takes note of the object, after it came or changed. What cannot be noted is made anew later. */
void object_index_enter(struct object_table *t, struct object *o);

/* Forgets the object, before it goes or changes. */
void object_index_leave(struct object *o);

/* The user logged out: no private object is in the index any more. */
void object_index_logout(struct object_table *t);

/* No object is in the index any more. */
void object_index_free(struct object_index *x);

/* Candidates, in two lists of the index for each half: public and private objects. */
struct index_hits {
	const struct index_entry *lists[4];
};

/*
 * All objects that can match the template, and perhaps more: *indexed is false when it is of no
 * use, and every object is a candidate. private: with the private ones. Codes of match_value.
 */
CK_RV object_index_find(struct object_table *t, bool private, const CK_ATTRIBUTE *templ,
			CK_ULONG count, struct index_hits *out, bool *indexed) MUST_CHECK;

/* Would object_index_find have to build nothing first? Then it changes nothing. */
bool object_index_is_ready(const struct object_table *t, bool private, const CK_ATTRIBUTE *templ,
			   CK_ULONG count);

/* One list: its object, and the rest of it. */
struct object *index_entry_object(const struct index_entry *e);
const struct index_entry *index_entry_next(const struct index_entry *e);

#endif
