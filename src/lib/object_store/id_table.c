#include "config.h"

#include "object_store/id_table.h"

#include <stdlib.h>

#include "common/str.h"

static void close_ranks(struct id_table *t)
{
	size_t kept = 0;

	for (size_t i = 0; i < t->count; i++)
		if (t->rows[i].p != NULL)
			t->rows[kept++] = t->rows[i];
	t->count = kept;
}

CK_RV id_table_reserve(struct id_table *t, size_t n)
{
	size_t want, bytes;
	struct id_row *rows;

	if (n <= t->cap - t->count)
		return CKR_OK;
	if (!size_add(t->count, n, &want) || !size_add(want, want / 2, &want) ||
	    !size_mul(want, sizeof(*rows), &bytes))
		return CKR_HOST_MEMORY;
	rows = realloc(t->rows, bytes);
	if (rows == NULL)
		return CKR_HOST_MEMORY;
	t->rows = rows;
	t->cap = want;
	return CKR_OK;
}

uint64_t id_table_add(struct id_table *t, void *p)
{
	t->rows[t->count].id = ++t->last;
	t->rows[t->count].p = p;
	t->count++;
	t->live++;
	return t->last;
}

static struct id_row *find_row(const struct id_table *t, uint64_t id)
{
	size_t low = 0, high = t->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (t->rows[middle].id < id)
			low = middle + 1;
		else
			high = middle;
	}
	return low < t->count && t->rows[low].id == id ? &t->rows[low] : NULL;
}

void *id_table_get(const struct id_table *t, uint64_t id)
{
	struct id_row *row = find_row(t, id);

	return row == NULL ? NULL : row->p;
}

void *id_table_take(struct id_table *t, uint64_t id)
{
	struct id_row *row = find_row(t, id);
	void *p;

	if (row == NULL || row->p == NULL)
		return NULL;
	p = row->p;
	row->p = NULL;
	t->live--;
	if (t->live < t->count / 2)
		close_ranks(t);
	return p;
}

CK_RV id_table_ids(const struct id_table *t, uint64_t **ids, size_t *count)
{
	uint64_t *list = NULL;
	size_t n = 0;

	if (t->live > 0) {
		list = malloc(t->live * sizeof(*list));
		if (list == NULL)
			return CKR_HOST_MEMORY;
	}
	for (size_t i = 0; i < t->count; i++)
		if (t->rows[i].p != NULL)
			list[n++] = t->rows[i].id;
	*ids = list;
	*count = n;
	return CKR_OK;
}

void id_table_clear(struct id_table *t, void (*drop)(void *p))
{
	for (size_t i = 0; i < t->count; i++)
		if (t->rows[i].p != NULL)
			drop(t->rows[i].p);
	free(t->rows);
	t->rows = NULL;
	t->count = t->cap = t->live = 0;
}
