/*
 * Where a token keeps its objects and its own data, behind one vtable (docs/STORAGE.md has the
 * formats).
 *
 * A store knows attribute sets, numbers and files. It knows no keys, no PKCS#11 rules and no
 * sessions: private byte strings arrive encrypted and leave encrypted. Ids are the store's own,
 * never 0, and stay with an object for the life of the struct store; the same object may have
 * another id after it is opened again.
 *
 * Every change is all or nothing, durable when the call returns CKR_OK, and seen by other processes
 * as a whole. A failed call leaves what was there. All functions are thread-safe; the store's lock
 * is the last but the leaf locks.
 *
 * Codes, beside CKR_HOST_MEMORY:
 *   CKR_OBJECT_HANDLE_INVALID      there is no such object (any more)
 *   CKR_DATA_INVALID               what is stored does not decode: damaged (logged once, with the
 *                                  path). Internal: callers skip the object, this code never
 *                                  reaches an application
 *   CKR_TOKEN_WRITE_PROTECTED      read-only directory or file system, no permission to write
 *   CKR_DEVICE_MEMORY              no room: ENOSPC, EDQUOT, EFBIG
 *   CKR_DEVICE_REMOVED             the token's directory is not there any more
 *   CKR_DEVICE_ERROR               any other failure of the system (logged, with path and errno);
 *                                  never "fewer objects"
 */
#ifndef OBJECT_STORE_STORE_H
#define OBJECT_STORE_STORE_H

#include <sys/types.h>

#include "common/attrset.h"

struct store;
struct store_backend;

/* Tells one version of an object from another; only the store that made it can read it. */
struct store_stamp {
	uint64_t mark[6];
};

/*
 * Changes attrs in place and says whether anything changed; nothing is written when *changed stays
 * false or the result is not CKR_OK (which the store's function then returns). Runs with the object
 * locked against all other writers, on the newest version. Must not call the store.
 */
typedef CK_RV store_edit(struct attrset *attrs, bool *changed, void *arg);

/* The backend of that name ("file"; "db" when built in), NULL when there is none. */
const struct store_backend *store_backend_find(const char *name);
const char *store_backend_name(const struct store_backend *b);

/*
 * Whether changes reach the disk before the call returns (true, as at the start), or when the
 * system likes: then a power cut may take back what was answered, and leave files half written. For
 * the whole process.
 */
void store_set_sync(bool full);

/*
 * Makes the token directory dir, which must not exist, with its token attributes, and opens it.
 * Modes are 0777 and 0666 less mask (and less the process's umask). The token appears as a whole or
 * not at all.
 */
CK_RV store_create(const struct store_backend *b, const char *dir, mode_t mask,
		   const struct attrset *token, struct store **out) MUST_CHECK;

/*
 * Opens what is there, reading nothing but the token's own data and writing nothing.
 * CKR_TOKEN_NOT_RECOGNIZED when dir is no token of this backend; CKR_DATA_INVALID when it is a
 * damaged one.
 */
CK_RV store_open(const struct store_backend *b, const char *dir, mode_t mask,
		 struct store **out) MUST_CHECK;

/*
 * A store in memory, for session objects; it cannot fail but for CKR_HOST_MEMORY, and has no token
 * data. It shares the sets that are added and loaded (attrset_share): they must not be changed.
 */
CK_RV store_open_memory(struct store **out) MUST_CHECK;

/* Closes; objects stay. NULL is fine. */
void store_close(struct store *s);

/*
 * Removes the token directory with all that the backend keeps in it. No store of it may be open in
 * this process.
 */
CK_RV store_delete(const struct store_backend *b, const char *dir) MUST_CHECK;

/* The directory, borrowed; "" for a store in memory. */
const char *store_path(const struct store *s);

/* The token's own attributes as they are now (token-format: CKA_OS_*). The caller owns *out. */
CK_RV store_token_load(struct store *s, struct attrset **out) MUST_CHECK;
CK_RV store_token_edit(struct store *s, store_edit *edit, void *arg) MUST_CHECK;

/* What others may have done since the last store_list and store_poll. */
enum store_news {
	STORE_QUIET,	/* nothing: what was loaded is what is stored */
	STORE_SOME,	/* the objects with these ids came, went or changed, and no others */
	STORE_UNSURE,	/* each may have changed: ask store_same; if path: none came or went */
	STORE_ALL	/* anything: store_list, and store_same for each */
};

/*
 * Hears what others did. STORE_QUIET costs a system call or two, whatever the number of objects.
 * What this struct store did itself may be told too. path: also look whether the store's path still
 * leads to the same store. STORE_SOME allocates *ids (the caller frees it), in no order, *count >
 * 0; they are told once, and an id that is new to the caller is to be loaded.
 */
CK_RV store_poll(struct store *s, bool path, enum store_news *news, uint64_t **ids,
		 size_t *count) MUST_CHECK;

/*
 * Would store_poll say STORE_QUIET? Unlike it, this changes nothing, and any number of threads may
 * ask at once. false where it cannot be told so easily.
 */
bool store_is_quiet(struct store *s, bool path);

/*
 * The ids of all objects, damaged ones included, ascending. The caller frees *ids (free); NULL when
 * *count is 0.
 */
CK_RV store_list(struct store *s, uint64_t **ids, size_t *count) MUST_CHECK;

/* A whole consistent copy. The caller owns *out; stamp may be NULL. */
CK_RV store_load(struct store *s, uint64_t id, struct attrset **out,
		 struct store_stamp *stamp) MUST_CHECK;

/* Is the object still the version that this stamp came with? false also when it is gone. Cheap. */
CK_RV store_same(struct store *s, uint64_t id, const struct store_stamp *stamp,
		 bool *out) MUST_CHECK;

/* The most objects that one call adds. */
#define STORE_ADD_MAX 16

/*
 * Adds n objects (1 to STORE_ADD_MAX; of a key pair the private key last), all or none; ids has
 * room for n, and so has stamps, which may be NULL.
 */
CK_RV store_add(struct store *s, const struct attrset *const *sets, size_t n, uint64_t *ids,
		struct store_stamp *stamps) MUST_CHECK;

/*
 * Edits the newest version. What then is stored, changed or not, and its stamp go to *out, which
 * the caller owns, and *stamp; both may be NULL together.
 */
CK_RV store_edit_object(struct store *s, uint64_t id, store_edit *edit, void *arg,
			struct attrset **out, struct store_stamp *stamp) MUST_CHECK;
CK_RV store_remove(struct store *s, uint64_t id) MUST_CHECK;

/* Removes every object, damaged ones too, and keeps the token's own data. */
CK_RV store_clear(struct store *s) MUST_CHECK;

/*
 * Takes the store's lock before a fork; makes the store usable afterwards, in the parent and in the
 * child.
 */
void store_fork_prepare(struct store *s);
void store_fork_parent(struct store *s);
void store_fork_child(struct store *s);

#endif
