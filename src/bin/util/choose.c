#include "config.h"

#include "bin/util/choose.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bin/common/message.h"
#include "bin/util/select.h"
#include "bin/util/startup.h"
#include "common/log.h"
#include "common/reason.h"
#include "crypto/ossl/ossl.h"
#include "maintain/install.h"

static void tell(const char *line)
{
	fprintf(stderr, "%s\n", line);
}

static bool read_tokens(struct stores *s, bool recover)
{
	CK_RV rv;

	if (recover) {
		rv = install_recover(s->conf->tokendir, s->conf->umask, tell);
		if (rv != CKR_OK)
			report_failure(rv, "Could not clear up what an interrupted run left");
	}
	rv = tokens_read(s->conf->tokendir, s->conf->umask, &s->tokens);
	if (rv == CKR_OK)
		return true;
	if (rv == CKR_DEVICE_ERROR)
		startup_bad_tokendir(s->conf, "ERROR: ");
	else
		message_error("Out of memory.");
	return false;
}

bool stores_open(struct stores *s, bool recover)
{
	CK_RV rv;

	memset(s, 0, sizeof(*s));
	if (!startup_conf(&s->conf, &s->backend))
		return false;
	log_open(s->conf->level, s->conf->log_file);
	rv = ossl_open();
	if (rv != CKR_OK) {
		message_error_rv(rv, "Could not start OpenSSL.");
		return false;
	}
	ossl_settle();
	return read_tokens(s, recover);
}

void stores_close(struct stores *s)
{
	tokens_free(&s->tokens);
	if (s->conf != NULL) {
		ossl_close();
		log_close();
	}
	conf_free(s->conf);
	memset(s, 0, sizeof(*s));
}

bool choose_given(const struct options *o)
{
	return o->slot != NULL || o->token != NULL || o->serial != NULL;
}

struct choice {
	struct token_wanted wanted;
	bool by_slot;
	CK_SLOT_ID slot;
};

static bool choice_from(struct choice *c, const struct options *o)
{
	memset(c, 0, sizeof(*c));
	if (!choose_given(o)) {
		message_error("A token must be supplied. Use --slot <number>, --serial <serial>, "
			      "or --token <label>");
		return false;
	}
	c->by_slot = o->slot != NULL;
	if (c->by_slot)
		return slot_by_number(o->slot, &c->slot);
	return token_wanted_from(&c->wanted, o);
}

static bool is_chosen(const struct choice *c, const struct token_entry *e)
{
	if (e->rv != CKR_OK)
		return false;
	if (c->by_slot)
		return e->slot == c->slot;
	return token_is_wanted(&c->wanted, e->label, e->serial);
}

/* What cannot be opened might be what is looked for. */
static void tell_unreadable(const struct stores *s)
{
	for (size_t i = 0; i < s->tokens.count; i++) {
		const struct token_entry *e = &s->tokens.list[i];

		if (e->rv == CKR_FUNCTION_NOT_SUPPORTED)
			message_error("%s is a token of the %s backend, which this build does not "
				      "have.", e->dir, e->kind->backend);
		else if (e->rv != CKR_OK)
			message_error("The token in %s cannot be read. Try: softhsm2-util --check",
				      e->dir);
	}
}

const struct token_entry *choose_token(const struct stores *s, const struct options *o)
{
	const struct token_entry *found = NULL;
	struct choice c;
	size_t count = 0;

	if (!choice_from(&c, o))
		return NULL;
	for (size_t i = 0; i < s->tokens.count; i++) {
		const struct token_entry *e = &s->tokens.list[i];

		if (is_chosen(&c, e)) {
			found = e;
			count++;
		}
	}
	if (count == 1)
		return found;
	if (count == 0) {
		message_error("Could not find a token using --slot, --serial or --token. Try: "
			      "softhsm2-util --show-slots");
		tell_unreadable(s);
	} else {
		message_error("Found multiple matching tokens. Use --serial <serial>");
	}
	return NULL;
}

void report_failure(CK_RV rv, const char *fmt, ...)
{
	char text[1024];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (reason_text() != NULL)
		message_error("%s: %s.", text, reason_text());
	else
		message_error_rv(rv, "%s.", text);
}
