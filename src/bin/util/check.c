#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bin/common/json.h"
#include "bin/common/message.h"
#include "bin/util/choose.h"
#include "bin/util/other_kind.h"
#include "bin/util/progress_bar.h"
#include "maintain/inspect.h"

struct job {
	const struct stores *stores;
	struct inspect_result result;
	struct progress_bar bar;
	struct json json;
	const struct secbuf *key;
	size_t tokens;
	bool repair;
	bool in_json;
	bool ok;		/* all could be looked at */
};

static void tell_fault(struct job *j, const char *path, const char *cause, const char *aside)
{
	if (j->in_json) {
		json_open(&j->json, NULL, '{');
		json_string(&j->json, "path", path);
		json_string(&j->json, "cause", cause);
		json_string(&j->json, "aside", aside);
		json_close(&j->json, '}');
		return;
	}
	printf("%s: %s\n", path, cause);
	if (aside != NULL)
		printf("%s: set aside as %s\n", path, aside);
}

static void print_fault(void *arg, const char *path, const char *cause, const char *aside)
{
	struct job *j = arg;

	progress_bar_end(&j->bar);
	tell_fault(j, path, cause, aside);
}

static void count_fault(struct job *j, const struct token_entry *e, const char *cause)
{
	char path[OTHER_KIND_TEXT];

	snprintf(path, sizeof(path), "%s/%s", e->dir, e->kind->file);
	tell_fault(j, path, cause, NULL);
	j->result.faults++;
}

/* A token of another backend is no damage: it is named, with what makes it usable. */
static void tell_other_kind(const struct job *j, const struct token_entry *e)
{
	char text[OTHER_KIND_TEXT];

	other_kind_text(e, j->stores->backend, text);
	puts(text);
}

static void inspect(struct job *j, const struct token_entry *e)
{
	struct inspection in = { e, j->stores->conf->umask, j->key, j->repair, print_fault, j,
				 &j->bar.progress };
	CK_RV rv = e->rv;

	j->tokens++;
	if (rv == CKR_DATA_INVALID || rv == CKR_TOKEN_NOT_RECOGNIZED) {
		count_fault(j, e, "it does not decode: restore the token from a backup");
		return;
	}
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

static void json_one(struct job *j, const struct token_entry *e)
{
	struct json *to = &j->json;

	json_open(to, NULL, '{');
	json_string(to, "directory", e->dir);
	json_string(to, "backend", e->kind->backend);
	json_field(to, "label", e->label, sizeof(e->label));
	json_field(to, "serial", e->serial, sizeof(e->serial));
	json_flag(to, "usable", e->backend == j->stores->backend && e->rv == CKR_OK);
	json_open(to, "faults", '[');
	if (e->backend == j->stores->backend)
		inspect(j, e);
	json_close(to, ']');
	json_close(to, '}');
}

static void check_one(struct job *j, const struct token_entry *e)
{
	if (j->in_json)
		json_one(j, e);
	else if (e->backend != j->stores->backend)
		tell_other_kind(j, e);
	else
		inspect(j, e);
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
	report_failure(rv, "Could not open the token in %s with that PIN", e->dir);
	return false;
}

static void print_sum(const struct job *j)
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
}

static void json_sum(struct job *j)
{
	const struct inspect_result *r = &j->result;

	json_number(&j->json, "tokens_checked", j->tokens);
	json_number(&j->json, "objects", r->objects);
	json_number(&j->json, "faults", r->faults);
	json_number(&j->json, "set_aside", r->aside);
	json_number(&j->json, "values_not_looked_at", r->closed);
	json_flag(&j->json, "complete", j->ok);
}

/* Looks at the tokens of the list, and says what came of it. */
static bool check_these(struct job *j, const struct token_entry *list, size_t count)
{
	if (j->in_json) {
		json_open(&j->json, NULL, '{');
		json_open(&j->json, "tokens", '[');
	}
	for (size_t i = 0; i < count; i++)
		check_one(j, &list[i]);
	if (j->in_json) {
		json_close(&j->json, ']');
		json_sum(j);
		json_close(&j->json, '}');
	} else {
		print_sum(j);
	}
	return j->ok && j->result.faults == 0;
}

/* One token with its PIN. */
static bool check_chosen(struct job *j, const struct options *o)
{
	const struct token_entry *e = choose_token(j->stores, o);
	struct secbuf *key = NULL;
	bool ok = e != NULL;

	if (ok && e->backend != j->stores->backend) {
		if (j->in_json)
			check_these(j, e, 1);
		else
			tell_other_kind(j, e);
		return false;
	}
	if (ok)
		ok = unlock(j->stores, o, e, &key);
	if (ok) {
		j->key = key;
		ok = check_these(j, e, 1);
	}
	secbuf_free(key);
	return ok;
}

static bool check(const struct options *o, struct p11 *p)
{
	struct stores s;
	struct job j = { .stores = &s, .repair = o->repair, .in_json = o->json, .ok = true };
	bool ok;

	(void)p;
	if (o->pin != NULL && !choose_given(o)) {
		message_error("--pin needs the token that it is for. Use --slot <number>, --serial "
			      "<serial>, or --token <label>");
		return false;
	}
	ok = stores_open(&s, false) &&
	     (choose_given(o) ? check_chosen(&j, o)
			      : check_these(&j, s.tokens.list, s.tokens.count));
	stores_close(&s);
	return ok;
}

const struct action action_check = { check, false };
