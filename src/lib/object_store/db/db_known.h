/*
 * What a store knows of all objects of its database: which there are, a fingerprint of each, and
 * the state of the database (its mark) in which that was so.
 *
 * When the mark has moved and the store did not move it, one pass over the tables tells which
 * objects came, went or changed. A pass also takes the attributes of many new objects at once: to
 * ask for each of them by itself would take twenty times as long.
 */
#ifndef OBJECT_STORE_DB_KNOWN_H
#define OBJECT_STORE_DB_KNOWN_H

#include "common/handle.h"
#include "object_store/db/db_object.h"

struct db_known_object {
	int64_t id;
	uint64_t print;		/* its fingerprint in the known state */
	struct attrset *ready;	/* its attributes then, for the load to come; or NULL */
	uint64_t asked_mark;	/* a later state in which it was looked at alone ... */
	uint64_t asked_print;	/* ... and its fingerprint then */
	uint64_t damage_told;	/* one more than the fingerprint whose damage was logged */
	/* For passes. */
	uint64_t sum;		/* what becomes the fingerprint */
	size_t left;		/* how many more attributes may become ready */
	unsigned int pass;	/* that saw it last */
	bool wanted;		/* its attributes are */
	bool damaged;
	bool news;		/* to be told */
};

struct db_known {
	uint64_t mark;		/* the known state, or DB_MARK_NONE */
	struct handle_map objects;
	unsigned int pass;
	bool untold;		/* there may be news */
	uint64_t *gone;		/* news of objects that are no more */
	size_t gone_count;
	size_t gone_cap;
};

#define DB_KNOWN_INIT { .mark = DB_MARK_NONE }

/* Forgets everything and releases it. */
void db_known_clear(struct db_known *k);

/* NULL when there is no such object. */
struct db_known_object *db_known_find(const struct db_known *k, uint64_t id);

/* Enters an object of our own: it is no news. CKR_HOST_MEMORY. */
CK_RV db_known_enter(struct db_known *k, int64_t id, struct db_known_object **out) MUST_CHECK;
void db_known_forget(struct db_known *k, struct db_known_object *o);

/* The attributes that a pass made ready are out of date, or of no use any more. */
void db_known_unready(struct db_known_object *o);

/*
 * Within a transaction that reads: brings all up to date when the mark says that something changed.
 */
CK_RV db_known_refresh(struct db_known *k, struct db_conn *c) MUST_CHECK;

/* All ids, ascending, which the caller frees; that makes news of them old. CKR_HOST_MEMORY. */
CK_RV db_known_ids(struct db_known *k, uint64_t **ids, size_t *count) MUST_CHECK;

/* The same of those that came, went or changed since they were told, in no order. */
CK_RV db_known_news(struct db_known *k, uint64_t **ids, size_t *count) MUST_CHECK;

#endif
