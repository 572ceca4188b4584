#include "config.h"

#include "bin/util/select.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bin/common/message.h"
#include "bin/util/other_kind.h"
#include "common/str.h"

struct search {
	struct token_wanted wanted;
	bool free;   /* an uninitialised token, whatever else is wanted */
	bool strict; /* a token that cannot be looked at ends the search */
	bool announce;
	CK_ULONG count;
	CK_SLOT_ID first;
};

bool token_wanted_from(struct token_wanted *w, const struct options *o)
{
	w->by_label = o->token != NULL;
	w->by_serial = o->serial != NULL;
	if (w->by_serial && strlen(o->serial) > sizeof(w->serial)) {
		message_error("--serial is too long.");
		return false;
	}
	if (w->by_label && strlen(o->token) > sizeof(w->label)) {
		message_error("--token is too long.");
		return false;
	}
	str_pad(w->serial, sizeof(w->serial), w->by_serial ? o->serial : "");
	str_pad(w->label, sizeof(w->label), w->by_label ? o->token : "");
	return true;
}

bool token_is_wanted(const struct token_wanted *w, const CK_UTF8CHAR label[32],
                     const CK_CHAR serial[16])
{
	return (!w->by_label || memcmp(w->label, label, sizeof(w->label)) == 0) &&
	       (!w->by_serial || memcmp(w->serial, serial, sizeof(w->serial)) == 0);
}

const char *token_wanted_name(const struct token_wanted *w)
{
	if (!w->by_serial)
		return "token label";
	return w->by_label ? "serial and token label" : "serial";
}

static bool matches(const struct search *s, const CK_TOKEN_INFO *token)
{
	if (s->free)
		return (token->flags & CKF_TOKEN_INITIALIZED) == 0;
	return token_is_wanted(&s->wanted, token->label, token->serialNumber);
}

static void found(struct search *s, CK_SLOT_ID slot)
{
	if (s->count++ == 0)
		s->first = slot;
	if (s->announce && s->free)
		printf("Slot %lu has a free/uninitialized token.\n", slot);
	else if (s->announce)
		printf("Found slot %lu with matching %s.\n", slot, token_wanted_name(&s->wanted));
}

/* Another process may have deleted the token since the list was made. */
static bool is_gone(CK_RV rv)
{
	return rv == CKR_TOKEN_NOT_PRESENT || rv == CKR_TOKEN_NOT_RECOGNIZED ||
	       rv == CKR_SLOT_ID_INVALID;
}

/* false, reported, when the search cannot go on. */
static bool look_at(struct p11 *p, struct search *s, CK_SLOT_ID slot)
{
	CK_TOKEN_INFO token;
	CK_RV rv = p->f->C_GetTokenInfo(slot, &token);

	if (rv == CKR_OK && matches(s, &token))
		found(s, slot);
	if (rv == CKR_OK || !s->strict || is_gone(rv))
		return true;
	message_error_rv(rv, "Could not get info about the token in slot %lu.", slot);
	return false;
}

static bool search_slots(struct p11 *p, struct search *s)
{
	CK_SLOT_ID *ids = NULL;
	CK_ULONG count = 0;
	bool ok = p11_slots(p, CK_TRUE, &ids, &count);

	s->count = 0;
	for (CK_ULONG i = 0; ok && i < count && !(s->free && s->count > 0); i++)
		ok = look_at(p, s, ids[i]);
	free(ids);
	return ok;
}

bool slot_of_token(struct p11 *p, const CK_TOKEN_INFO *token, CK_SLOT_ID *out)
{
	struct search s = { .wanted = { .by_label = true, .by_serial = true } };

	memcpy(s.wanted.label, token->label, sizeof(s.wanted.label));
	memcpy(s.wanted.serial, token->serialNumber, sizeof(s.wanted.serial));
	if (!search_slots(p, &s) || s.count == 0)
		return false;
	*out = s.first;
	return true;
}

/* Decimal even with leading zeros, as scripts are used to; hexadecimal after 0x. */
static bool read_number(const char *text, CK_SLOT_ID *out)
{
	bool hex = text[0] == '0' && (text[1] == 'x' || text[1] == 'X');
	const char *digits = hex ? text + 2 : text;
	const char *allowed = hex ? "0123456789abcdefABCDEF" : "0123456789";

	if (digits[0] == '\0' || digits[strspn(digits, allowed)] != '\0')
		return false;
	errno = 0;
	*out = strtoul(digits, NULL, hex ? 16 : 10);
	return errno == 0;
}

bool slot_by_number(const char *text, CK_SLOT_ID *out)
{
	if (text[0] == '-')
		message_error("The slot number is negative.");
	else if (!read_number(text, out))
		message_error("The slot number is not valid: %s", text);
	else
		return true;
	return false;
}

bool slot_select(struct p11 *p, const struct options *o, bool free_allowed, CK_SLOT_ID *out)
{
	bool free_wanted = free_allowed && o->free;
	/* Among tokens that carry the wanted name, one that cannot be read might be another match.
	 */
	struct search s = { .free = free_wanted, .strict = !free_wanted };

	s.announce = !o->json && o->export == NULL; /* whose output others read */
	if (o->slot != NULL)
		return slot_by_number(o->slot, out);
	if (o->token == NULL && o->serial == NULL && !s.free) {
		message_error(
			"A slot/token must be supplied. Use --slot <number>, --serial <serial>, %s",
			free_allowed ? "--token <label>, or --free" : "or --token <label>");
		return false;
	}
	if (!token_wanted_from(&s.wanted, o) || !search_slots(p, &s))
		return false;
	if (s.count == 0) {
		message_error("Could not find a slot/token using --serial, %s",
		              free_allowed ? "--token, or --free." : "or --token");
		message_hint("softhsm2-util --show-slots lists the tokens");
		if (p->handle == NULL)
			other_kind_look();
	}
	if (s.count > 1) {
		message_error("Found multiple matching slots/tokens.");
		message_hint("--serial tells them apart; softhsm2-util --show-slots lists them");
	}
	*out = s.first;
	return s.count == 1;
}
