/*
 * A map from CK_ULONG handles to pointers: sessions and objects. Open addressing, O(1). Not
 * locked: the owner locks. Handles are never 0 (CK_INVALID_HANDLE); handle_next hands out each
 * number once in the life of a counter.
 */
#ifndef COMMON_HANDLE_H
#define COMMON_HANDLE_H

#include "common/base.h"

struct handle_map {
	struct handle_slot *slots;
	size_t cap;		/* a power of two, or 0 */
	size_t used;		/* live entries */
	size_t dead;		/* removed entries not yet reclaimed */
};

#define HANDLE_MAP_INIT { NULL, 0, 0, 0 }

/*
 * CKR_HOST_MEMORY. The pointer must not be NULL and the handle neither 0 nor in use: else
 * CKR_GENERAL_ERROR.
 */
CK_RV handle_put(struct handle_map *m, CK_ULONG handle, void *p) MUST_CHECK;

/* NULL when the handle is not there. */
void *handle_get(const struct handle_map *m, CK_ULONG handle);

/* Takes the entry out and returns its pointer; NULL when it is not there. */
void *handle_remove(struct handle_map *m, CK_ULONG handle);

/* Calls fn for each entry, in no order; fn may remove that very entry, nothing else. */
void handle_each(struct handle_map *m, void (*fn)(CK_ULONG handle, void *p, void *arg), void *arg);

/* Releases the map, not what its pointers point at. */
void handle_free(struct handle_map *m);

/*
 * The next handle of a process-wide counter that sessions and objects share: never 0, never
 * repeated until handle_counter_reset (C_Finalize). Atomic.
 */
CK_ULONG handle_next(void);
void handle_counter_reset(void);

#endif
