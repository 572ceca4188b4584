/*
 * What is in the token directory: finds tokens that other processes made, copied in or deleted. The
 * manager's lock is held by the caller.
 */
#ifndef SLOT_SLOT_SCAN_H
#define SLOT_SLOT_SCAN_H

#include <sys/stat.h>

#include "common/base.h"

struct slot;
struct slot_manager;

/* A directory in which there is no token that can be read: half made, damaged, something else. */
struct slot_candidate {
	char *name;
	struct slot *slot;	/* that it has, being a token that vanished; or NULL */
	uint64_t since;		/* ns of the monotonic clock */
	uint64_t again_at;	/* not to be tried before */
	uint64_t pause;		/* how long it was not, in ns */
	struct timespec seen;	/* the directory's time of change when it was tried */
	bool told;		/* the log knows */
};

struct slot_scan {
	struct stat dir;	/* the token directory as it was before it was listed */
	bool settled;		/* ... and a change since then would show in it */
	bool failed;		/* it could not be listed, which the log knows */
	bool lingering;		/* a token that vanished has sessions */
	struct slot_candidate *candidates;
	size_t candidate_count;
};

/*
 * The first look: opens all that is there, which makes no events. 0, or an errno value when the
 * directory cannot be listed: then nothing was done.
 */
CK_RV slot_scan_first(struct slot_manager *m, int *err) MUST_CHECK;

/*
 * Looks again, and gives each slot that comes or goes its event. Costs one stat, and a look at each
 * candidate, when the directory's times say that nothing changed; all: it is listed anyway.
 * CKR_HOST_MEMORY. A directory that cannot be listed changes nothing.
 */
CK_RV slot_scan_again(struct slot_manager *m, bool all) MUST_CHECK;

void slot_scan_free(struct slot_scan *s);

/*
 * The id of a token's slot, unless another slot has it: the last 8 digits of the serial number as a
 * number of 31 bits; 0 when they are no such digits.
 */
CK_SLOT_ID slot_id_from_serial(const char *serial);

#endif
