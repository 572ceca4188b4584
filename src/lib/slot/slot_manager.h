/* Inside the slot manager: for slot.c and slot_scan.c alone. */
#ifndef SLOT_SLOT_MANAGER_H
#define SLOT_SLOT_MANAGER_H

#include "slot/slot.h"
#include "slot/slot_scan.h"
#include "slot/slot_watch.h"

struct slot_manager {
	struct lock lock;		/* for all of it, and for the slots but id and token */
	struct token_place place;
	char *dir;			/* place.dir */
	bool removable;
	struct slot **slots;		/* all that ever were, in no order */
	size_t count;
	CK_SLOT_ID *listed;		/* what C_GetSlotList tells */
	size_t listed_count;
	uint64_t events;		/* so far */
	struct slot_scan scan;
	struct slot_watch watch;
	unsigned sound;			/* of those who wait: sleep until they are woken */
	bool stopping;
};

/*
 * Adds a slot with that id, or the next one that is free. Takes the token over in any case.
 * CKR_HOST_MEMORY.
 */
CK_RV slot_add(struct slot_manager *m, CK_SLOT_ID id, struct token *token,
	       struct slot **out) MUST_CHECK;

#endif
