/*
 * Which token is meant by --token, --serial and --slot, for actions that work on the store itself,
 * without the module.
 */
#ifndef BIN_UTIL_CHOOSE_H
#define BIN_UTIL_CHOOSE_H

#include "bin/util/options.h"
#include "common/conf.h"
#include "maintain/tokens.h"

/* The configuration, its backend, the log and the tokens of its directory. */
struct stores {
	struct conf *conf;
	const struct store_backend *backend;	/* that is configured */
	struct tokens tokens;
};

/*
 * Reads them, after clearing up what interrupted runs left if recover is true, and opens the log
 * and OpenSSL. false, reported, on failure; stores_close in any case.
 */
bool stores_open(struct stores *s, bool recover);
void stores_close(struct stores *s);

/* Is a token named at all? */
bool choose_given(const struct options *o);

/*
 * The one token that the options name, of whatever backend; borrowed from s. NULL, reported, when
 * there is none or are several.
 */
const struct token_entry *choose_token(const struct stores *s, const struct options *o);

/*
 * Says why something failed: the text, then the noted reason, or the code's name and where to
 * look.
 */
void report_failure(CK_RV rv, const char *fmt, ...) PRINTF_LIKE(2, 3);

#endif
