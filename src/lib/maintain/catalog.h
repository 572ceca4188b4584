/*
 * The objects of a token by the names under which they lie on the disk, whole or not: for a check
 * that must say which file is damaged (docs/STORAGE.md, "Damage").
 */
#ifndef MAINTAIN_CATALOG_H
#define MAINTAIN_CATALOG_H

#include "maintain/tokens.h"

struct catalog_entry {
	char *name;		/* for a message: "X.object", "sqlite3.db, object 17" */
	uint64_t id;		/* the store's; 0: the name says it all */
};

struct catalog {
	const struct token_entry *token;	/* borrowed */
	mode_t mask;
	struct store *store;			/* NULL for a file store */
	struct catalog_entry *list;
	size_t count;
};

/* Lists them by name. The codes of store_list. catalog_close in any case. */
CK_RV catalog_open(const struct token_entry *token, mode_t mask, struct catalog *c) MUST_CHECK;
void catalog_close(struct catalog *c);

/*
 * Loads one. CKR_DATA_INVALID: it does not decode; CKR_OBJECT_HANDLE_INVALID: it is gone. The
 * caller owns *out.
 */
CK_RV catalog_load(struct catalog *c, const struct catalog_entry *e,
		   struct attrset **out) MUST_CHECK;

/*
 * Takes one out of the token and keeps it beside: X.object becomes X.object.damaged, the rows of
 * object 17 become a file object-17.damaged. *to is its path, the caller's (free).
 */
CK_RV catalog_set_aside(struct catalog *c, const struct catalog_entry *e, char **to) MUST_CHECK;

#endif
