/*
 * The object files of one directory that a store knows: by id, as it tells them to its callers, and
 * by name, as the system tells them. Not locked.
 */
#ifndef OBJECT_STORE_FILE_OBJECTS_H
#define OBJECT_STORE_FILE_OBJECTS_H

#include "object_store/file/file_io.h"
#include "object_store/id_table.h"

/* One object file, by the base of its name. */
struct object_file {
	uint64_t id;			/* 0 until it is added */
	/*
	 * Read, and found to have this generation, when it was old enough for its times to tell
	 * everything.
	 */
	uint64_t quiet_ctime;
	uint64_t quiet_generation;
	uint64_t damage_seen;		/* the version whose damage was logged */
	struct object_file *next;	/* another of the same bucket */
	unsigned sweep;			/* the last listing that it was seen in */
	char base[];
};

struct file_objects {
	struct id_table ids;		/* of struct object_file */
	struct object_file **buckets;	/* by name; NULL while bucket_count is 0 */
	size_t bucket_count;		/* a power of two */
	unsigned sweep;
};

/* NULL when there is none (any more). */
struct object_file *file_objects_get(const struct file_objects *t, uint64_t id);
struct object_file *file_objects_find(const struct file_objects *t, const char *base);

/* A new entry that is in no set yet; the caller frees it. CKR_HOST_MEMORY. */
CK_RV file_objects_new(const char *base, struct object_file **out) MUST_CHECK;

/* Makes sure that the next n additions cannot fail. CKR_HOST_MEMORY. */
CK_RV file_objects_reserve(struct file_objects *t, size_t n) MUST_CHECK;

/* Takes over o, whose name is new; the room was reserved. Its id. */
uint64_t file_objects_add(struct file_objects *t, struct object_file *o);

/* Forgets and frees it. */
void file_objects_remove(struct file_objects *t, struct object_file *o);
void file_objects_clear(struct file_objects *t);

/*
 * Brings the set in line with the directory, which is open: new names get the next ids, in the
 * order of names. Old temporary files are swept on the way. Failed, it knows no fewer than before.
 */
CK_RV file_objects_list(struct file_objects *t, const struct file_dir *d) MUST_CHECK;

/*
 * Is it the name of an object file, but not the token's own? If so, its base. Room: FILE_BASE_MAX +
 * 1.
 */
bool file_objects_base(const char *name, struct file_name *base);

#endif
