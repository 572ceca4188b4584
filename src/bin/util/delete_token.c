#include "config.h"

#include <stdio.h>

#include "bin/common/message.h"
#include "bin/util/busy.h"
#include "bin/util/options.h"
#include "bin/util/other_kind.h"
#include "bin/util/select.h"
#include "bin/util/startup.h"
#include "common/log.h"
#include "maintain/tokens.h"

/* The one token of that backend that is wanted. NULL, reported. */
static const struct token_entry *find_token(const struct tokens *tokens,
					    const struct store_backend *backend,
					    const struct token_wanted *w)
{
	const struct token_entry *found = NULL;
	size_t count = 0;

	for (size_t i = 0; i < tokens->count; i++) {
		const struct token_entry *e = &tokens->list[i];

		if (e->backend != backend || e->rv != CKR_OK ||
		    !token_is_wanted(w, e->label, e->serial))
			continue;
		printf("Found token (%s) with matching %s.\n", e->name, token_wanted_name(w));
		found = e;
		count++;
	}
	if (count == 1)
		return found;
	message_error(count == 0 ? "Could not find a token using --serial or --token."
				 : "Found multiple matching tokens.");
	message_hint("%ssofthsm2-util --show-slots lists %s",
		     count == 0 ? "" : "--serial tells them apart; ",
		     count == 0 ? "the tokens" : "them");
	if (count == 0)
		other_kind_hints(tokens, backend);
	return NULL;
}

static bool delete_found(const struct token_entry *e)
{
	struct busy busy;
	CK_RV rv;

	busy_start(&busy, "Deleting");
	rv = store_delete(e->backend, e->dir);
	busy_end(&busy);
	if (rv != CKR_OK) {
		message_error_rv(rv, "Could not delete the directory: %s", e->dir);
		return false;
	}
	printf("The token (%s) has been deleted.\n", e->dir);
	return true;
}

static bool delete_wanted(const struct conf *c, const struct store_backend *backend,
			  const struct token_wanted *w)
{
	const struct token_entry *found;
	struct tokens tokens;
	CK_RV rv = tokens_read(c->tokendir, c->umask, &tokens);
	bool ok;

	if (rv == CKR_DEVICE_ERROR) {
		startup_bad_tokendir(c, "");
		return false;
	}
	if (rv != CKR_OK) {
		message_error_rv(rv, "Could not list the tokens.");
		return false;
	}
	found = find_token(&tokens, backend, w);
	ok = found != NULL && delete_found(found);
	tokens_free(&tokens);
	return ok;
}

static bool delete_token(const struct options *o, struct p11 *p)
{
	const struct store_backend *backend;
	struct conf *conf = NULL;
	struct token_wanted wanted;
	bool ok;

	(void)p;
	if (o->token == NULL && o->serial == NULL) {
		message_error("A token must be supplied. Use --serial <serial> or --token <label>");
		return false;
	}
	if (!startup_conf(&conf, &backend))
		return false;
	log_open(conf->level, conf->log_file);
	ok = token_wanted_from(&wanted, o) && delete_wanted(conf, backend, &wanted);
	log_close();
	conf_free(conf);
	return ok;
}

const struct action action_delete_token = { delete_token, false };
