/*
 * The states of a disk after a power cut, built from a recording (record.h). A file's bytes are
 * safe once it was synced, a name once its directory was. Of what came after that the disk may hold
 * any part of the bytes, and as many changes of names as it got round to, in their order.
 */
#ifndef TESTS_FAULT_REPLAY_H
#define TESTS_FAULT_REPLAY_H

#include <stdint.h>

#include "fault/record.h"

/* What becomes of the bytes of a file that were not synced. */
enum replay_data {
	REPLAY_DROP,
	REPLAY_KEEP,
	REPLAY_TORN,		/* of the last write there is the first half */
	REPLAY_LAST,		/* only the last write got to the disk */
	REPLAY_ZEROS,		/* the file has grown, but zeros are all that is in it */
	REPLAY_DATA_WAYS
};

struct cut {
	size_t end;		/* so many operations were done */
	enum replay_data data;
	size_t names;		/* so many of the unsynced changes of names are on the disk */
};

/* How many changes of names were not synced after so many operations. */
size_t replay_loose_names(const struct recording *r, size_t end);

struct replay;

/* The state of the disk; NULL: no memory. To be freed with replay_free. */
struct replay *replay_new(const struct recording *r, const struct cut *cut);
void replay_free(struct replay *t);
uint64_t replay_hash(const struct replay *t);
/* Makes the directory and all in it. */
bool replay_write(const struct replay *t, const char *directory);

#endif
