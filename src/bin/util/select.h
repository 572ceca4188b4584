/* Which token is meant: --slot, --free, --token, --serial. */
#ifndef BIN_UTIL_SELECT_H
#define BIN_UTIL_SELECT_H

#include "bin/util/options.h"

/* What to look for; an unset field matches everything. Blank padded, as in CK_TOKEN_INFO. */
struct token_wanted {
	bool by_label;
	bool by_serial;
	CK_UTF8CHAR label[32];
	CK_CHAR serial[16];
};

/* From --token and --serial. false, reported, when one is too long. */
bool token_wanted_from(struct token_wanted *w, const struct options *o);
bool token_is_wanted(const struct token_wanted *w, const CK_UTF8CHAR label[32],
                     const CK_CHAR serial[16]);

/* "serial and token label", "serial" or "token label". */
const char *token_wanted_name(const struct token_wanted *w);

/*
 * The slot of the token with that label and serial; of several the first. false, not reported, when
 * there is none.
 */
bool slot_of_token(struct p11 *p, const CK_TOKEN_INFO *token, CK_SLOT_ID *out);

/*
 * The slot that the options name. --free counts only if free_allowed; then it wins over --token and
 * --serial, and --slot over all. Says what it found; false, reported, when that is not exactly one.
 */
bool slot_select(struct p11 *p, const struct options *o, bool free_allowed, CK_SLOT_ID *out);

/* The number that the text says. false, reported, when it says none. */
bool slot_by_number(const char *text, CK_SLOT_ID *out);

#endif
