/*
 * A set of attributes, as the stores keep it: sorted by type, each type once.
 *
 * The kinds and their numbers are those of the object file. A set made with secret = true keeps
 * all its byte strings in locked, wiped memory (secmem); every set wipes its byte strings when
 * it lets go of them. Not locked.
 */
#ifndef COMMON_ATTRSET_H
#define COMMON_ATTRSET_H

#include <stdatomic.h>

#include "common/base.h"

enum attr_kind {
	ATTR_BOOL = 1,
	ATTR_ULONG = 2,
	ATTR_BYTES = 3,
	ATTR_MAP = 4,		/* a template: CKA_WRAP_TEMPLATE and its kin; not nested */
	ATTR_MECHS = 5		/* CKA_ALLOWED_MECHANISMS: ascending, each once */
};

/* So many lines of 64 bytes: the set, its first items, and as many as are fetched side by side. */
#define ATTRSET_PREFETCH 8

struct attrset;

struct attr {
	CK_ATTRIBUTE_TYPE type;
	enum attr_kind kind;
	union {
		bool flag;
		uint64_t number;
		struct {
			unsigned char *data;	/* NULL when len is 0 */
			size_t len;
		} bytes;
		struct attrset *map;		/* never NULL */
		struct {
			uint64_t *list;		/* NULL when count is 0 */
			size_t count;
		} mechs;
	} u;
};

struct attrset {
	struct attr *items;
	size_t count;
	size_t cap;
	atomic_uint shares;	/* owners beside the first */
	bool secret;
	/* Memory that was allocated with the set: for the first items, then for byte strings. */
	unsigned char *area;
	size_t area_left;
	const unsigned char *area_end;
};

/* NULL when out of memory. The caller owns the result. */
struct attrset *attrset_new(bool secret);

/*
 * The same, not secret, with room for that many attributes and bytes in their strings in one piece
 * of memory. It may become larger.
 */
struct attrset *attrset_new_sized(size_t count, size_t bytes);

void attrset_free(struct attrset *s);

/* The same set for one owner more, each of whom frees it. From now on nobody may change it. */
struct attrset *attrset_share(const struct attrset *s);

/* A deep copy, secret or not as asked. NULL when out of memory. */
struct attrset *attrset_dup(const struct attrset *s, bool secret);

/*
 * Tells the processor that the set is going to be read. Among many objects none is in its cache,
 * and one line of memory after the other takes longer than all at once.
 */
static inline void attrset_prefetch(const struct attrset *s)
{
	for (size_t i = 0; i < ATTRSET_PREFETCH; i++)
		__builtin_prefetch((const unsigned char *)s + i * 64);
}

/* Borrowed, valid until the set changes; NULL when it is not there. */
const struct attr *attrset_get(const struct attrset *s, CK_ATTRIBUTE_TYPE type);

/* The value, or def when the attribute is missing or of another kind. */
bool attrset_flag(const struct attrset *s, CK_ATTRIBUTE_TYPE type, bool def);
uint64_t attrset_number(const struct attrset *s, CK_ATTRIBUTE_TYPE type, uint64_t def);

/*
 * Borrows the bytes; false when the attribute is missing or of another kind. An empty value is
 * true with *len = 0.
 */
bool attrset_bytes(const struct attrset *s, CK_ATTRIBUTE_TYPE type, const unsigned char **data,
                   size_t *len);

/*
 * Each copies the value and replaces what was there, of whatever kind. CKR_HOST_MEMORY leaves
 * the set as it was, and so does CKR_ATTRIBUTE_VALUE_INVALID: a map within a map. map must not
 * be NULL; mechanisms are sorted here.
 */
CK_RV attrset_set_flag(struct attrset *s, CK_ATTRIBUTE_TYPE type, bool v) MUST_CHECK;
CK_RV attrset_set_number(struct attrset *s, CK_ATTRIBUTE_TYPE type, uint64_t v) MUST_CHECK;
CK_RV attrset_set_bytes(struct attrset *s, CK_ATTRIBUTE_TYPE type, const void *data,
                        size_t len) MUST_CHECK;
CK_RV attrset_set_map(struct attrset *s, CK_ATTRIBUTE_TYPE type,
                      const struct attrset *map) MUST_CHECK;
CK_RV attrset_set_mechs(struct attrset *s, CK_ATTRIBUTE_TYPE type, const uint64_t *list,
                        size_t count) MUST_CHECK;

/* A deep copy of that attribute, under its own type. */
CK_RV attrset_set(struct attrset *s, const struct attr *a) MUST_CHECK;

void attrset_remove(struct attrset *s, CK_ATTRIBUTE_TYPE type);

/* The same type, kind and value. Byte strings are compared in constant time for equal lengths. */
bool attr_equal(const struct attr *a, const struct attr *b);

#endif
