/*
 * All objects of one token: those of its store, mirrored and kept fresh, and session objects.
 * Handles, visibility, decoded keys. Every function here takes the table's lock but those that say
 * otherwise.
 */
#ifndef OBJECT_OBJECT_TABLE_H
#define OBJECT_OBJECT_TABLE_H

#include "common/handle.h"
#include "common/lock.h"
#include "common/secmem.h"
#include "crypto/ossl/key.h"
#include "object/access.h"
#include "object/object_index.h"
#include "object_store/store.h"

/* Where objects live: the token's store, or memory for session objects. */
struct object_home {
	struct store *store;		/* NULL: the token is not initialised */
	struct handle_map by_id;	/* store id -> struct object */
	bool listed;			/* all of it is in the mirror */
};

struct object_grant {
	const struct mech *mech;	/* NULL: none yet */
	CK_ATTRIBUTE_TYPE usage;
	bool always_authenticate;
};

/* What a search looks at comes first, in one line of the processor's cache. */
struct object {
	struct attrset *attrs;		/* in the stored form */
	struct object_home *home;
	CK_OBJECT_HANDLE handle;	/* CK_INVALID_HANDLE until somebody has asked for it */
	uint64_t epoch;			/* of the table, when it was last known to be fresh */
	uint32_t scope;
	bool private;
	struct key *key;		/* decoded at first use, or NULL */
	struct object_grant granted;	/* the last use of this key that was found right */
	struct object *next, *prev;	/* all objects of the table, oldest first */
	uint64_t id;			/* the store's */
	CK_SESSION_HANDLE owner; /* of a session object; CK_INVALID_HANDLE for token objects */
	struct store_stamp stamp;
	unsigned sweep;			/* the last listing that it was seen in */
	struct attrset *computed;	/* told, not stored (computed.h); NULL until asked for */
	struct index_entry *entries;	/* where the index has it */
};

struct object_table {
	struct rwlock lock;
	struct object_home token;
	struct object_home session;
	struct object *first, *last;
	struct handle_map handles;
	struct object_index index;
	struct secbuf *key;		/* the token key while somebody is logged in */
	/*
	 * Raised when the store can no longer tell what others changed; it tells all that is
	 * changed afterwards, so an object that was fresh since then still is.
	 */
	uint64_t epoch;
	uint64_t listed_epoch;		/* when all objects were last known to be fresh */
	unsigned sweep;
};

/* store is borrowed, must outlive the table, and may be NULL. Nothing is read yet. */
CK_RV object_table_new(struct store *store, struct object_table **out) MUST_CHECK;
void object_table_free(struct object_table *t);

/* Forgets every object and handle and turns to another store (C_InitToken). */
void object_table_reset(struct object_table *t, struct store *store);

/* Takes over the token key, in any case. */
void object_table_login(struct object_table *t, struct secbuf *key);

/*
 * Wipes the token key and all decoded private keys, kills handles of private objects, destroys
 * private session objects.
 */
void object_table_logout(struct object_table *t);

/* Destroys the session objects of that session. */
void object_table_end_session(struct object_table *t, CK_SESSION_HANDLE session);

/* Kills all handles (the last session of the slot was closed). */
void object_table_drop_handles(struct object_table *t);

/* --- for the other files of this folder; the table's lock is held by the caller --- */

/*
 * Brings the mirror up to date with what other processes did: objects that came, went or changed.
 * *sure: it is all so; otherwise each object has to be made fresh (object_freshen) before its
 * attributes are read.
 */
CK_RV object_table_refresh(struct object_table *t, bool *sure) MUST_CHECK;

/*
 * The object behind a handle, at its newest version. CKR_OBJECT_HANDLE_INVALID when there is none,
 * it is gone, or it is private and the user is not logged in: then it does not exist for that
 * caller.
 */
CK_RV object_table_get(struct object_table *t, const struct caller *who, CK_OBJECT_HANDLE h,
		       struct object **out) MUST_CHECK;

/*
 * The same object, but nothing is changed, so that the lock may be held for reading. NULL: it takes
 * object_table_get, which answers what is wrong.
 */
struct object *object_table_peek(struct object_table *t, const struct caller *who,
				 CK_OBJECT_HANDLE h);

/* Is the mirror up to date, and surely so? Likewise for readers; false: object_table_refresh. */
bool object_table_is_sure(struct object_table *t);

/*
 * Reloads the object if its stored version is another one. CKR_OBJECT_HANDLE_INVALID: gone (and
 * forgotten).
 */
CK_RV object_freshen(struct object_table *t, struct object *o) MUST_CHECK;

/* Edits the stored object and takes over what then is stored. The codes of store_edit_object. */
CK_RV object_edit(struct object_table *t, struct object *o, store_edit *edit,
		  void *arg) MUST_CHECK;

/* The object's handle, made when it has none. CKR_HOST_MEMORY. */
CK_RV object_handle(struct object_table *t, struct object *o, CK_OBJECT_HANDLE *out) MUST_CHECK;

/*
 * Stores n (1 to STORE_ADD_MAX) new objects, all or none, and gives them handles. The sets are in
 * the stored form and taken over in any case. CKA_TOKEN decides about the home; all must have the
 * same one, or be added one by one.
 */
CK_RV object_table_add(struct object_table *t, const struct caller *who, struct attrset **sets,
		       size_t n, CK_OBJECT_HANDLE *handles) MUST_CHECK;

/* Destroys the object in its store and forgets it. */
CK_RV object_table_remove(struct object_table *t, struct object *o) MUST_CHECK;

#endif
