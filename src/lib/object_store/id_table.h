/*
 * What a store hands out ids for: pointers under ascending numbers, none used twice. Not locked.
 *
 * Adding is O(1), finding O(log n); removing is O(1) on the average, and leaves no growth behind.
 */
#ifndef OBJECT_STORE_ID_TABLE_H
#define OBJECT_STORE_ID_TABLE_H

#include "common/base.h"

struct id_row {
	uint64_t id;
	void *p;		/* NULL once removed, until the rows close ranks */
};

struct id_table {
	struct id_row *rows;	/* ascending by id */
	size_t count;
	size_t cap;
	size_t live;
	uint64_t last;		/* the id given last; 0 is none */
};

/* Makes sure that the next n additions cannot fail. CKR_HOST_MEMORY. */
CK_RV id_table_reserve(struct id_table *t, size_t n) MUST_CHECK;

/* The new id; the room was reserved. p is not NULL. */
uint64_t id_table_add(struct id_table *t, void *p);

/* Borrowed; NULL when there is no such id (any more). */
void *id_table_get(const struct id_table *t, uint64_t id);

/* Takes the pointer out; NULL when it is not there. */
void *id_table_take(struct id_table *t, uint64_t id);

/* A copy of all ids, ascending; the caller frees it. NULL when there are none. */
CK_RV id_table_ids(const struct id_table *t, uint64_t **ids, size_t *count) MUST_CHECK;

/* Takes all out, each of them released by drop. Ids go on from where they were. */
void id_table_clear(struct id_table *t, void (*drop)(void *p));

#endif
