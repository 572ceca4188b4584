#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bin/common/message.h"
#include "bin/util/choose.h"
#include "bin/util/progress_bar.h"
#include "maintain/convert.h"

/* false, reported: there is no such backend. */
static bool find_target(const char *name, const struct store_kind **kind,
			const struct store_backend **backend)
{
	*kind = name != NULL ? store_kind_find(name) : NULL;
	*backend = name != NULL ? store_backend_find(name) : NULL;
	if (name == NULL)
		message_error("The new backend must be supplied. Use --to file or --to db");
	else if (*kind == NULL)
		message_error("There is no backend called %s. Use --to file or --to db", name);
	else if (*backend == NULL)
		message_error("This build has no SQLite, so it has no %s backend.", name);
	return *backend != NULL;
}

static void report(const struct stores *s, const struct token_entry *e,
		   const struct store_backend *to, const struct convert_result *r)
{
	const char *name = store_backend_name(to);

	if (r->conflict)
		message_error("The old and the new token were both changed meanwhile; the old one "
			      "is kept in %s", r->kept);
	else if (r->damaged > 0)
		message_error("%zu damaged objects were left out; the old token is kept in %s",
			      r->damaged, r->kept);
	else if (r->kept != NULL)
		message_error("The old token could not be removed; it is in %s", r->kept);
	printf("The token \"%s\" (serial %s) is a token of the %s backend now: %zu objects.\n",
	       e->label_text, e->serial_text, name, r->objects);
	if (to != s->backend)
		printf("To use it, set this in %s: objectstore.backend = %s\n", s->conf->path,
		       name);
}

static void report_failed(CK_RV rv, const struct token_entry *e, const struct convert_result *r)
{
	report_failure(rv, "The token in %s was not converted, and is as it was", e->dir);
	if (r->damaged > 0)
		message_error("Try: softhsm2-util --check --repair --serial %s, or --convert with "
			      "--force to leave them out and keep the old token",
			      e->serial_text);
}

static bool convert_chosen(const struct stores *s, const struct options *o,
			   const struct token_entry *e, const struct store_backend *to)
{
	struct convert_result r;
	struct progress_bar bar;
	struct convert c = { s->conf->tokendir, s->conf->umask, e, to, o->force, &bar.progress };
	CK_RV rv;

	progress_bar_start(&bar);
	rv = convert_token(&c, &r);
	progress_bar_end(&bar);
	if (rv == CKR_OK)
		report(s, e, to, &r);
	else
		report_failed(rv, e, &r);
	free(r.kept);
	return rv == CKR_OK && !r.conflict;
}

static bool convert(const struct options *o, struct p11 *p)
{
	const struct store_backend *to;
	const struct store_kind *kind;
	const struct token_entry *e;
	struct stores s;
	bool ok;

	(void)p;
	if (!find_target(o->to, &kind, &to))
		return false;
	ok = stores_open(&s, true);
	e = ok ? choose_token(&s, o) : NULL;
	ok = e != NULL;
	if (ok && e->kind == kind)
		printf("The token in %s is a token of the %s backend already.\n", e->dir, o->to);
	else if (ok)
		ok = convert_chosen(&s, o, e, to);
	stores_close(&s);
	return ok;
}

const struct action action_convert = { convert, false };
