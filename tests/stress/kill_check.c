#include "config.h"

#include <stdio.h>
#include <string.h>

#include "p11/concurrent/work.h"
#include "stress/kill.h"

#define OBJECTS_MAX (2 * CELLS + 8)

/* What the token has of a cell, or of the object that its journal calls pending. */
struct seen {
	struct cell cell;
	CK_OBJECT_HANDLE half[2];
};

static CK_RV wrong(const char *what)
{
	report("wrong: %s", what);
	return ROW_WRONG;
}

/* --- PINs ------------------------------------------------------------ */

static CK_RV pin_opens(CK_SESSION_HANDLE s, CK_USER_TYPE user, const char *pin, bool *opens)
{
	CK_RV rv = login(s, user, pin);

	*opens = rv == CKR_OK;
	if (rv == CKR_OK)
		rv = p11->C_Logout(s);
	return rv == CKR_PIN_INCORRECT ? CKR_OK : rv;
}

/* The old PIN opens the token, or the one to which it was being changed; never both. */
static CK_RV check_pin(struct journal *j, CK_SESSION_HANDLE s, CK_USER_TYPE user, unsigned *number)
{
	enum act act = user == CKU_SO ? SET_SO_PIN : SET_USER_PIN;
	bool pending = j->pending && j->act == act, old = false, new = false;
	char pin[32];
	CK_RV rv = CKR_OK;

	(user == CKU_SO ? kill_so_pin : kill_user_pin)(*number, pin);
	rv = pin_opens(s, user, pin, &old);
	/* the journal may be ahead of the flag */
	if (rv == CKR_OK && pending && *number != j->new_pin) {
		(user == CKU_SO ? kill_so_pin : kill_user_pin)(j->new_pin, pin);
		rv = pin_opens(s, user, pin, &new);
	}
	if (rv == CKR_OK && old == new)
		return wrong(old ? "two PINs open the token" : "no PIN opens the token");
	if (new)
		*number = j->new_pin;
	return rv;
}

/* --- objects ------------------------------------------------------------ */

static CK_RV bytes_are(CK_SESSION_HANDLE s, CK_OBJECT_HANDLE o, CK_ATTRIBUTE_TYPE type,
		       unsigned name, unsigned version, size_t len)
{
	CK_BYTE value[DATUM_BYTES];
	CK_ATTRIBUTE a = { type, value, len };

	kill_value(name, version, value, len);
	return attr_is(s, o, &a);
}

/* Reads the label and the class, which tell what it has to be. */
static CK_RV object_name(CK_SESSION_HANDLE s, CK_OBJECT_HANDLE o, struct cell *out)
{
	char label[64] = "";
	CK_ULONG class = 0, len = sizeof(label) - 1;
	CK_RV rv = attr_ulong(s, o, CKA_CLASS, &class);

	if (rv == CKR_OK)
		rv = attr_bytes(s, o, CKA_LABEL, (CK_BYTE *)label, &len);
	if (rv != CKR_OK)
		return rv;
	if (sscanf(label, "n%u v%u", &out->name, &out->version) != 2)
		return wrong("an object without its label");
	out->halves = class == CKO_PRIVATE_KEY ? SECOND : FIRST;
	out->content = class == CKO_DATA ? DATUM : class == CKO_SECRET_KEY ? SECRET : PAIR;
	return CKR_OK;
}

/* The value is the one that was given, the ID of the same version as the label. */
static CK_RV object_content(CK_SESSION_HANDLE s, CK_OBJECT_HANDLE o, const struct cell *c)
{
	CK_RV rv = CKR_OK;

	if (c->content == DATUM)
		return bytes_are(s, o, CKA_VALUE, c->name, 0, DATUM_BYTES);
	if (c->content == SECRET)
		rv = bytes_are(s, o, CKA_VALUE, c->name, 0, SECRET_BYTES);
	if (rv == CKR_OK && c->version > 0)
		rv = bytes_are(s, o, CKA_ID, c->name, c->version, ID_BYTES);
	if (rv == CKR_OK && c->content == PAIR && c->halves == SECOND)
		rv = pair_signs(s, o);
	return rv;
}

/* The cell that an object of that name may belong to; NULL: none. */
static struct seen *seen_find(const struct journal *j, struct seen *seen, unsigned name)
{
	bool pending = j->pending && j->act == SET_CELL;

	for (unsigned i = 0; i < CELLS; i++)
		if ((j->cells[i].content != NOTHING && j->cells[i].name == name) ||
		    (pending && j->index == i && j->to.name == name))
			return &seen[i];
	return NULL;
}

static CK_RV see(const struct journal *j, CK_SESSION_HANDLE s, CK_OBJECT_HANDLE o,
		 struct seen *seen)
{
	struct cell c = { .content = NOTHING };
	struct seen *at = NULL;
	CK_RV rv = object_name(s, o, &c);

	if (rv == CKR_OK)
		rv = object_content(s, o, &c);
	if (rv != CKR_OK)
		return rv;
	at = seen_find(j, seen, c.name);
	if (!at)
		return wrong("an object that was destroyed or never made");
	if (at->cell.halves & c.halves)
		return wrong("an object that is there twice");
	at->half[c.halves == SECOND] = o;
	c.halves |= at->cell.halves;
	/* of a pair the private key is the one that changes */
	if (c.version < at->cell.version)
		c.version = at->cell.version;
	at->cell = c;
	return CKR_OK;
}

static bool same_cell(const struct cell *a, const struct cell *b)
{
	if (a->content != b->content || a->content == NOTHING)
		return a->content == b->content;
	return a->name == b->name && a->halves == b->halves &&
	       /* nothing tells the version of a pair that has no private key */
	       (a->version == b->version || (a->content == PAIR && a->halves == FIRST));
}

/* Is it what the journal says was there, or was to be? */
static CK_RV cell_agrees(const struct journal *j, unsigned i, const struct cell *is)
{
	bool pending = j->pending && j->act == SET_CELL && j->index == i;
	struct cell half = j->to;

	if (same_cell(is, &j->cells[i]) || (pending && same_cell(is, &j->to)))
		return CKR_OK;
	/* a key pair whose making was cut short may leave its public key */
	half.halves = FIRST;
	if (pending && j->cells[i].content == NOTHING && half.content == PAIR &&
	    same_cell(is, &half))
		return CKR_OK;
	report("cell %u: content %d, name %u, version %u, halves %u; expected %d, %u, %u, %u", i,
	       is->content, is->name, is->version, is->halves, j->cells[i].content,
	       j->cells[i].name, j->cells[i].version, j->cells[i].halves);
	return ROW_WRONG;
}

static CK_RV check_objects(struct journal *j, CK_SESSION_HANDLE s)
{
	struct seen seen[CELLS] = { 0 };
	CK_OBJECT_HANDLE o[OBJECTS_MAX];
	CK_ULONG found = 0;
	CK_RV rv = object_find(s, NULL, o, OBJECTS_MAX, &found);

	for (CK_ULONG i = 0; rv == CKR_OK && i < found; i++)
		rv = see(j, s, o[i], seen);
	for (unsigned i = 0; rv == CKR_OK && i < CELLS; i++) {
		struct cell *c = &seen[i].cell;

		rv = cell_agrees(j, i, c);
		if (rv == CKR_OK && c->content == PAIR && c->halves == (FIRST | SECOND))
			rv = pair_checks(s, seen[i].half[0], seen[i].half[1]);
		j->cells[i] = *c;
	}
	return rv;
}

/* --- tokens ------------------------------------------------------------ */

static CK_RV check_token(CK_SLOT_ID slot, const CK_TOKEN_INFO *info)
{
	CK_SESSION_HANDLE s = 0;
	CK_RV rv = session_open(slot, CKF_RW_SESSION, &s);

	if (!padded_is(info->label, sizeof(info->label), MORE_TOKENS))
		return wrong("a token without its label");
	if (rv == CKR_OK)
		rv = login(s, CKU_SO, MORE_PIN);
	return rv == CKR_OK ? p11->C_CloseSession(s) : rv;
}

/* Erasing is the one change that may be done by half: some objects fewer, all else as before. */
static bool second_agrees(const struct journal *j, const struct second *is)
{
	const struct second *was = &j->second, *to = &j->second_to;
	bool filling = j->pending && j->act == FILL_TOKEN;
	bool erasing = j->pending && j->act == ERASE_TOKEN;

	if (is->version == was->version && is->objects == was->objects)
		return true;
	if ((filling || erasing) && is->version == to->version && is->objects == to->objects)
		return true;
	return erasing && is->version == was->version && is->objects < was->objects;
}

static CK_RV check_second(struct journal *j, CK_SLOT_ID *slot)
{
	struct second is = { 0 };
	CK_SESSION_HANDLE s = 0;
	CK_OBJECT_HANDLE o[256];
	CK_ULONG found = 0;
	CK_RV rv = kill_second(slot, &is.version);

	if (rv == CKR_OK)
		rv = session_open(*slot, CKF_RW_SESSION, &s);
	if (rv == CKR_OK)
		rv = object_find(s, NULL, o, LENGTH(o), &found);
	if (rv == CKR_OK)
		rv = login(s, CKU_SO, MORE_PIN);
	if (rv == CKR_OK)
		rv = p11->C_CloseSession(s);
	is.objects = (unsigned)found;
	if (rv == CKR_OK && !second_agrees(j, &is)) {
		report("the second token is v%u with %u objects, expected v%u with %u", is.version,
		       is.objects, j->second.version, j->second.objects);
		rv = ROW_WRONG;
	}
	j->second = is;
	return rv;
}

static CK_RV check_tokens(struct journal *j, CK_SLOT_ID main_slot, CK_SLOT_ID second)
{
	bool pending = j->pending && j->act == MAKE_TOKEN;
	CK_SLOT_ID ids[64];
	CK_ULONG count = LENGTH(ids);
	CK_TOKEN_INFO info;
	unsigned tokens = 0;
	CK_RV rv = slot_list(ids, &count);

	for (CK_ULONG i = 0; rv == CKR_OK && i < count; i++) {
		rv = p11->C_GetTokenInfo(ids[i], &info);
		if (rv != CKR_OK || ids[i] == main_slot || ids[i] == second ||
		    !(info.flags & CKF_TOKEN_INITIALIZED))
			continue;
		tokens++;
		rv = check_token(ids[i], &info);
	}
	if (rv == CKR_OK && tokens != j->tokens && !(pending && tokens == j->tokens + 1)) {
		report("%u more tokens, expected %u", tokens, j->tokens);
		rv = ROW_WRONG;
	}
	j->tokens = tokens;
	return rv;
}

CK_RV kill_check(struct journal *j)
{
	CK_SLOT_ID slot = 0, second = 0;
	CK_SESSION_HANDLE s = 0;
	char pin[32];
	CK_RV rv = slot_find(MAIN_TOKEN, &slot);

	if (rv == CKR_OK)
		rv = session_open(slot, CKF_RW_SESSION, &s);
	if (rv == CKR_OK)
		rv = check_pin(j, s, CKU_SO, &j->so_pin);
	if (rv == CKR_OK)
		rv = check_pin(j, s, CKU_USER, &j->user_pin);
	kill_user_pin(j->user_pin, pin);
	if (rv == CKR_OK)
		rv = login(s, CKU_USER, pin);
	if (rv == CKR_OK)
		rv = check_objects(j, s);
	if (rv == CKR_OK)
		rv = p11->C_CloseSession(s);
	if (rv == CKR_OK)
		rv = check_second(j, &second);
	if (rv == CKR_OK)
		rv = check_tokens(j, slot, second);
	if (rv == CKR_OK)
		j->pending = false;
	return rv;
}
