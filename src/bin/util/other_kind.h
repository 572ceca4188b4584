/*
 * Tokens of another backend than the one that is configured: the module leaves them out, so that
 * who looks for one of them finds nothing.
 */
#ifndef BIN_UTIL_OTHER_KIND_H
#define BIN_UTIL_OTHER_KIND_H

#include "maintain/tokens.h"

/* One line: what the token is, and the command that makes it usable. Room for any path. */
#define OTHER_KIND_TEXT 4400
void other_kind_text(const struct token_entry *e, const struct store_backend *configured,
		     char out[OTHER_KIND_TEXT]);

/* A hint for each such token in the list. */
void other_kind_hints(const struct tokens *tokens, const struct store_backend *configured);

/* The same for the token directory that the configuration names, if that can be read. */
void other_kind_look(void);

#endif
