#include "config.h"

#include "bin/util/other_kind.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bin/common/message.h"
#include "common/conf.h"
#include "common/str.h"

void other_kind_text(const struct token_entry *e, const struct store_backend *configured,
		     char out[OTHER_KIND_TEXT])
{
	if (e->backend == NULL)
		snprintf(out, OTHER_KIND_TEXT,
			 "%s: a token of the %s backend, which this build does not have", e->dir,
			 e->kind->backend);
	else
		snprintf(out, OTHER_KIND_TEXT,
			 "%s: a token of the %s backend; to use it here: softhsm2-util --convert "
			 "--to %s --serial %s",
			 e->dir, e->kind->backend, store_backend_name(configured), e->serial_text);
}

void other_kind_hints(const struct tokens *tokens, const struct store_backend *configured)
{
	char text[OTHER_KIND_TEXT];

	for (size_t i = 0; i < tokens->count; i++) {
		if (tokens->list[i].backend == configured)
			continue;
		other_kind_text(&tokens->list[i], configured, text);
		message_hint("%s", text);
	}
}

static bool is_of_another(const char *dir, const struct store_kind *own)
{
	bool other = false;

	for (size_t i = 0; !other && store_kind_at(i) != NULL; i++)
		other = store_kind_at(i) != own && store_kind_lies_in(store_kind_at(i), dir);
	return other && !store_kind_lies_in(own, dir);
}

/* Nothing is opened here: there may be thousands of tokens, and nearly always none of another. */
static bool holds_another(const char *tokendir, const struct store_kind *own)
{
	DIR *d = opendir(tokendir);
	const struct dirent *entry;
	bool found = false;

	while (d != NULL && !found && (entry = readdir(d)) != NULL) {
		char *path = entry->d_name[0] != '.' ? path_join(tokendir, entry->d_name) : NULL;

		found = path != NULL && is_of_another(path, own);
		free(path);
	}
	if (d != NULL)
		closedir(d);
	return found;
}

void other_kind_look(void)
{
	const struct store_backend *backend = NULL;
	const struct store_kind *own = NULL;
	struct conf *c = NULL;
	struct tokens tokens;

	if (conf_load(&c) == CKR_OK) {
		backend = store_backend_find(c->backend);
		own = store_kind_find(c->backend);
	}
	if (backend != NULL && own != NULL && holds_another(c->tokendir, own) &&
	    tokens_read(c->tokendir, c->umask, &tokens) == CKR_OK) {
		other_kind_hints(&tokens, backend);
		tokens_free(&tokens);
	}
	conf_free(c);
}
