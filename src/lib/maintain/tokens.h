/*
 * The tokens of a directory, of every backend, as a list for the tool: without a module, slots or
 * sessions.
 */
#ifndef MAINTAIN_TOKENS_H
#define MAINTAIN_TOKENS_H

#include "object_store/probe.h"
#include "object_store/store.h"

struct token_entry {
	char *name;				/* of its directory */
	char *dir;				/* the path */
	const struct store_kind *kind;
	const struct store_backend *backend;	/* NULL: not in this build */
	CK_RV rv;				/* of opening it; CKR_OK: the rest counts */
	CK_UTF8CHAR label[32];			/* blank-padded, as in CK_TOKEN_INFO */
	CK_CHAR serial[16];
	char label_text[33];			/* without the padding; fit for a line of text */
	char serial_text[17];
	CK_SLOT_ID slot;			/* that follows from the serial number */
};

struct tokens {
	struct token_entry *list;		/* by name */
	size_t count;
};

/*
 * Lists tokendir and opens each token. CKR_HOST_MEMORY; CKR_DEVICE_ERROR with errno when the
 * directory cannot be listed. A token that cannot be opened is in the list, with the code.
 */
CK_RV tokens_read(const char *tokendir, mode_t mask, struct tokens *out) MUST_CHECK;
void tokens_free(struct tokens *t);

#endif
