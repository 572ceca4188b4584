#include "config.h"

#include "common/handle.h"

#include <stdatomic.h>
#include <stdlib.h>

#include "common/str.h"

#define FIRST_CAP ((size_t)16)

/* Empty: both 0. Removed, to be probed past: a handle without a pointer. */
struct handle_slot {
	CK_ULONG handle;
	void *p;
};

static atomic_ulong counter;

/* Handles are mostly consecutive numbers; the multiplication spreads them. */
static size_t slot_home(const struct handle_map *m, CK_ULONG handle)
{
	uint64_t h = (uint64_t)handle * UINT64_C(0x9e3779b97f4a7c15);

	return (size_t)(h >> 32) & (m->cap - 1);
}

static struct handle_slot *slot_next(const struct handle_map *m, const struct handle_slot *s)
{
	return &m->slots[(size_t)(s - m->slots + 1) & (m->cap - 1)];
}

/* The live entry, or NULL. There is always an empty slot, so the search ends. */
static struct handle_slot *entry_find(const struct handle_map *m, CK_ULONG handle)
{
	struct handle_slot *s;

	if (m->cap == 0)
		return NULL;
	for (s = &m->slots[slot_home(m, handle)]; s->handle != 0; s = slot_next(m, s))
		if (s->handle == handle && s->p != NULL)
			return s;
	return NULL;
}

/* The first slot that can take an entry known not to be there. */
static struct handle_slot *slot_free(const struct handle_map *m, CK_ULONG handle)
{
	struct handle_slot *s = &m->slots[slot_home(m, handle)];

	while (s->p != NULL)
		s = slot_next(m, s);
	return s;
}

/* A table with room for twice the live entries and one more, without the removed ones. */
static CK_RV map_rehash(struct handle_map *m)
{
	struct handle_map fresh = { NULL, FIRST_CAP, m->used, 0 };
	size_t i;

	while (fresh.cap / 2 <= m->used)
		if (!size_mul(fresh.cap, 2, &fresh.cap))
			return CKR_HOST_MEMORY;
	fresh.slots = calloc(fresh.cap, sizeof(*fresh.slots));
	if (fresh.slots == NULL)
		return CKR_HOST_MEMORY;
	for (i = 0; i < m->cap; i++)
		if (m->slots[i].p != NULL)
			*slot_free(&fresh, m->slots[i].handle) = m->slots[i];
	free(m->slots);
	*m = fresh;
	return CKR_OK;
}

CK_RV handle_put(struct handle_map *m, CK_ULONG handle, void *p)
{
	struct handle_slot *s;
	CK_RV rv;

	if (handle == 0 || p == NULL || entry_find(m, handle) != NULL)
		return CKR_GENERAL_ERROR;
	if (m->used + m->dead + 1 > m->cap / 4 * 3) {
		rv = map_rehash(m);
		if (rv != CKR_OK)
			return rv;
	}
	s = slot_free(m, handle);
	if (s->handle != 0)
		m->dead--;
	s->handle = handle;
	s->p = p;
	m->used++;
	return CKR_OK;
}

void *handle_get(const struct handle_map *m, CK_ULONG handle)
{
	struct handle_slot *s = entry_find(m, handle);

	return s == NULL ? NULL : s->p;
}

void *handle_remove(struct handle_map *m, CK_ULONG handle)
{
	struct handle_slot *s = entry_find(m, handle);
	void *p;

	if (s == NULL)
		return NULL;
	p = s->p;
	s->p = NULL;
	m->used--;
	/* The end of a run of entries need not be probed past. */
	if (slot_next(m, s)->handle == 0)
		s->handle = 0;
	else
		m->dead++;
	/*
	 * No moving here, for handle_each's sake; but after a crowd has left its room is given
	 * back.
	 */
	if (m->used == 0 && m->cap > FIRST_CAP)
		handle_free(m);
	return p;
}

void handle_each(struct handle_map *m, void (*fn)(CK_ULONG handle, void *p, void *arg), void *arg)
{
	size_t i;

	for (i = 0; i < m->cap; i++)
		if (m->slots[i].p != NULL)
			fn(m->slots[i].handle, m->slots[i].p, arg);
}

void handle_free(struct handle_map *m)
{
	free(m->slots);
	*m = (struct handle_map)HANDLE_MAP_INIT;
}

CK_ULONG handle_next(void)
{
	CK_ULONG handle;

	do
		handle = atomic_fetch_add(&counter, 1) + 1;
	while (handle == CK_INVALID_HANDLE);
	return handle;
}

void handle_counter_reset(void)
{
	atomic_store(&counter, 0);
}
