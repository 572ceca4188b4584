#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bin/common/message.h"
#include "bin/util/choose.h"
#include "bin/util/progress_bar.h"
#include "maintain/inspect.h"

struct job {
	const struct stores *stores;
	struct inspect_result result;
	struct progress_bar bar;
	const struct secbuf *key;
	size_t tokens;
	bool repair;
	bool ok;		/* all could be looked at */
};

static void print_fault(void *arg, const char *path, const char *cause, const char *aside)
{
	struct job *j = arg;

	progress_bar_end(&j->bar);
	printf("%s: %s\n", path, cause);
	if (aside != NULL)
		printf("%s: set aside as %s\n", path, aside);
}

static void count_fault(struct job *j, const struct token_entry *e, const char *cause)
{
	printf("%s/%s: %s\n", e->dir, e->kind->file, cause);
	j->result.faults++;
}

/* A token of another backend is no damage: it is named, with what makes it usable. */
static void tell_other_kind(const struct token_entry *e, const struct store_backend *configured)
{
	if (e->backend == NULL)
		printf("%s: a token of the %s backend, which this build does not have\n", e->dir,
		       e->kind->backend);
	else
		printf("%s: a token of the %s backend; to use it here: softhsm2-util --convert "
		       "--to %s --serial %s\n", e->dir, e->kind->backend,
		       store_backend_name(configured), e->serial_text);
}

static void check_one(struct job *j, const struct token_entry *e)
{
	struct inspection in = { e, j->stores->conf->umask, j->key, j->repair, print_fault, j,
				 &j->bar.progress };
	CK_RV rv;

	if (e->backend != j->stores->backend) {
		tell_other_kind(e, j->stores->backend);
		return;
	}
	j->tokens++;
	if (e->rv == CKR_DATA_INVALID || e->rv == CKR_TOKEN_NOT_RECOGNIZED) {
		count_fault(j, e, "it does not decode: restore the token from a backup");
		return;
	}
	rv = e->rv;
	if (rv == CKR_OK) {
		progress_bar_start(&j->bar);
		rv = inspect_token(&in, &j->result);
		progress_bar_end(&j->bar);
	}
	if (rv != CKR_OK) {
		report_failure(rv, "The token in %s was not checked to its end", e->dir);
		j->ok = false;
	}
}

static bool unlock(const struct stores *s, const struct options *o, const struct token_entry *e,
		   struct secbuf **key)
{
	CK_RV rv;

	if (o->pin == NULL)
		return true;
	rv = inspect_unlock(e, s->conf, o->pin, key);
	if (rv == CKR_OK)
		return true;
	report_failure(rv, "The user's PIN does not open the token in %s", e->dir);
	return false;
}

static bool report(const struct job *j)
{
	const struct inspect_result *r = &j->result;

	printf("Checked %zu token%s with %zu object%s: ", j->tokens, j->tokens == 1 ? "" : "s",
	       r->objects, r->objects == 1 ? "" : "s");
	if (r->faults == 0)
		printf("no damage.\n");
	else
		printf("%zu fault%s, %zu set aside.\n", r->faults, r->faults == 1 ? "" : "s",
		       r->aside);
	if (r->closed > 0)
		printf("The values of %zu private objects were not looked at: that needs --pin.\n",
		       r->closed);
	if (r->faults > 0 && !j->repair)
		printf("To set aside what cannot be read: softhsm2-util --check --repair\n");
	return j->ok && r->faults == 0;
}

/* One token with its PIN. */
static bool check_chosen(struct job *j, const struct options *o)
{
	const struct token_entry *e = choose_token(j->stores, o);
	struct secbuf *key = NULL;
	bool ok = e != NULL;

	if (ok && e->backend != j->stores->backend) {
		tell_other_kind(e, j->stores->backend);
		return false;
	}
	if (ok)
		ok = unlock(j->stores, o, e, &key);
	if (ok) {
		j->key = key;
		check_one(j, e);
		ok = report(j);
	}
	secbuf_free(key);
	return ok;
}

static bool check_all(struct job *j)
{
	for (size_t i = 0; i < j->stores->tokens.count; i++)
		check_one(j, &j->stores->tokens.list[i]);
	return report(j);
}

static bool check(const struct options *o, struct p11 *p)
{
	struct stores s;
	struct job j = { .stores = &s, .repair = o->repair, .ok = true };
	bool ok;

	(void)p;
	if (o->pin != NULL && !choose_given(o)) {
		message_error("--pin needs the token that it is for. Use --slot <number>, --serial "
			      "<serial>, or --token <label>");
		return false;
	}
	ok = stores_open(&s, false) && (choose_given(o) ? check_chosen(&j, o) : check_all(&j));
	stores_close(&s);
	return ok;
}

const struct action action_check = { check, false };
