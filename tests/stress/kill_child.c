#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "p11/concurrent/work.h"
#include "p11/kinds.h"
#include "stress/kill.h"

struct work {
	struct journal *j;
	CK_SLOT_ID slot;
	CK_SLOT_ID second;
	CK_SESSION_HANDLE s;
	CK_OBJECT_HANDLE objects[CELLS][2];	/* of the cells; 0: look for it */
	unsigned seed;
};

void kill_user_pin(unsigned number, char *out)
{
	snprintf(out, 32, "user-%u", number);
}

void kill_so_pin(unsigned number, char *out)
{
	snprintf(out, 32, "so-%u", number);
}

void kill_label(unsigned name, unsigned version, char *out)
{
	snprintf(out, 32, "n%u v%u", name, version);
}

void kill_value(unsigned name, unsigned version, CK_BYTE *out, size_t len)
{
	for (size_t i = 0; i < len; i++)
		out[i] = (CK_BYTE)(name * 31 + version * 7 + i);
}

/* --- the journal ------------------------------------------------------------ */

static void begin(struct work *w, enum act act)
{
	w->j->act = act;
	atomic_store(&w->j->pending, true);
}

/* After the call, when the journal says what it did. */
static void end(struct work *w)
{
	atomic_store(&w->j->pending, false);
	atomic_fetch_add(&w->j->done, 1);
}

static void begin_cell(struct work *w, unsigned index, struct cell to)
{
	w->j->index = index;
	w->j->to = to;
	begin(w, SET_CELL);
}

static CK_RV end_cell(struct work *w, CK_RV rv)
{
	if (rv != CKR_OK)
		return rv;
	w->j->cells[w->j->index] = w->j->to;
	end(w);
	return CKR_OK;
}

/* --- objects ------------------------------------------------------------ */

static CK_RV datum_make(struct work *w, const char *label, unsigned name, CK_OBJECT_HANDLE *out)
{
	CK_BYTE value[DATUM_BYTES];
	const CK_ATTRIBUTE more[] = {
		A_BOOL(CKA_TOKEN, CK_TRUE), A_BOOL(CKA_PRIVATE, CK_TRUE),
		{ CKA_LABEL, text(label), strlen(label) }, A_BYTES(CKA_VALUE, value), A_END,
	};

	kill_value(name, 0, value, sizeof(value));
	return kind_make(w->s, DATA, more, out);
}

static CK_RV secret_make(struct work *w, const char *label, unsigned name, CK_OBJECT_HANDLE *out)
{
	CK_BYTE value[SECRET_BYTES];
	const CK_ATTRIBUTE more[] = {
		A_BOOL(CKA_TOKEN, CK_TRUE), A_BOOL(CKA_SENSITIVE, CK_FALSE),
		A_BOOL(CKA_EXTRACTABLE, CK_TRUE), A_ULONG(CKA_KEY_TYPE, CKK_AES),
		{ CKA_LABEL, text(label), strlen(label) }, A_BYTES(CKA_VALUE, value), A_END,
	};

	kill_value(name, 0, value, sizeof(value));
	return kind_make(w->s, AES, more, out);
}

static CK_RV create(struct work *w, unsigned index)
{
	struct cell to = {
		.content = DATUM + (unsigned)rand_r(&w->seed) % 3,
		.name = w->j->next_name++,
		.halves = FIRST,
	};
	CK_OBJECT_HANDLE *o = w->objects[index];
	char label[32];
	CK_RV rv = CKR_OK;

	kill_label(to.name, 0, label);
	if (to.content == PAIR)
		to.halves |= SECOND;
	begin_cell(w, index, to);
	if (to.content == PAIR)
		rv = pair_make(w->s, CK_TRUE, label, &o[0], &o[1]);
	else if (to.content == DATUM)
		rv = datum_make(w, label, to.name, &o[0]);
	else
		rv = secret_make(w, label, to.name, &o[0]);
	return end_cell(w, rv);
}

/* The object that changes; a pair's public key stays as it was made. */
static CK_RV object_of(struct work *w, unsigned index, unsigned half, CK_OBJECT_HANDLE *out)
{
	const struct cell *c = &w->j->cells[index];
	CK_OBJECT_HANDLE *o = &w->objects[index][half == SECOND];
	bool public = c->content == PAIR && half == FIRST;
	char label[32];
	CK_ULONG found = 0, class = 0;
	CK_OBJECT_HANDLE both[3];
	CK_RV rv = CKR_OK;

	kill_label(c->name, public ? 0 : c->version, label);
	if (*o == 0)
		rv = label_find(w->s, label, both, LENGTH(both), &found);
	/* while a pair is new its halves have one name */
	for (CK_ULONG i = 0; rv == CKR_OK && *o == 0 && i < found; i++) {
		rv = attr_ulong(w->s, both[i], CKA_CLASS, &class);
		if (c->content != PAIR || (class == CKO_PUBLIC_KEY) == public)
			*o = both[i];
	}
	*out = *o;
	return rv == CKR_OK ? want(*o != 0) : rv;
}

static CK_RV change(struct work *w, unsigned index)
{
	struct cell to = w->j->cells[index];
	CK_BYTE id[ID_BYTES];
	char label[32];
	CK_ATTRIBUTE t[] = { { CKA_LABEL, label, 0 }, A_BYTES(CKA_ID, id) };
	/* of a data object the label alone can change */
	CK_ULONG count = to.content == DATUM ? 1 : 2;
	CK_OBJECT_HANDLE o = 0;
	CK_RV rv = object_of(w, index, to.content == PAIR ? SECOND : FIRST, &o);

	to.version++;
	kill_label(to.name, to.version, label);
	t[0].ulValueLen = strlen(label);
	kill_value(to.name, to.version, id, sizeof(id));
	if (rv != CKR_OK)
		return rv;
	begin_cell(w, index, to);
	return end_cell(w, p11->C_SetAttributeValue(w->s, o, t, count));
}

static CK_RV destroy(struct work *w, unsigned index)
{
	struct cell to = w->j->cells[index];
	unsigned half = to.halves & FIRST ? FIRST : SECOND;
	CK_OBJECT_HANDLE o = 0;
	CK_RV rv = object_of(w, index, half, &o);

	if (rv != CKR_OK)
		return rv;
	to.halves &= ~half;
	if (to.halves == 0)
		to.content = NOTHING;
	begin_cell(w, index, to);
	rv = p11->C_DestroyObject(w->s, o);
	w->objects[index][half == SECOND] = 0;
	return end_cell(w, rv);
}

static CK_RV act_on_cell(struct work *w)
{
	unsigned index = (unsigned)rand_r(&w->seed) % CELLS;
	const struct cell *c = &w->j->cells[index];
	bool half = c->content == PAIR && c->halves != (FIRST | SECOND);

	if (c->content == NOTHING)
		return create(w, index);
	return half || rand_r(&w->seed) % 3 == 0 ? destroy(w, index) : change(w, index);
}

/* --- PINs and tokens ---------------------------------------------------------- */

static CK_RV end_pin(struct work *w, unsigned *number, CK_RV rv)
{
	if (rv != CKR_OK)
		return rv;
	*number = w->j->new_pin;
	end(w);
	return CKR_OK;
}

static CK_RV set_user_pin(struct work *w)
{
	char from[32], to[32];

	w->j->new_pin = w->j->next_pin++;
	kill_user_pin(w->j->user_pin, from);
	kill_user_pin(w->j->new_pin, to);
	begin(w, SET_USER_PIN);
	return end_pin(w, &w->j->user_pin, p11->C_SetPIN(w->s, text(from), strlen(from), text(to),
							 strlen(to)));
}

static CK_RV init_user_pin(struct work *w)
{
	char to[32];

	w->j->new_pin = w->j->next_pin++;
	kill_user_pin(w->j->new_pin, to);
	begin(w, SET_USER_PIN);
	return end_pin(w, &w->j->user_pin, p11->C_InitPIN(w->s, text(to), strlen(to)));
}

static CK_RV set_so_pin(struct work *w)
{
	char from[32], to[32];

	w->j->new_pin = w->j->next_pin++;
	kill_so_pin(w->j->so_pin, from);
	kill_so_pin(w->j->new_pin, to);
	begin(w, SET_SO_PIN);
	return end_pin(w, &w->j->so_pin, p11->C_SetPIN(w->s, text(from), strlen(from), text(to),
						       strlen(to)));
}

static CK_RV user_login(struct work *w)
{
	char pin[32];

	kill_user_pin(w->j->user_pin, pin);
	return login(w->s, CKU_USER, pin);
}

static CK_RV act_as_so(struct work *w)
{
	char pin[32];
	CK_RV rv = p11->C_Logout(w->s);

	memset(w->objects, 0, sizeof(w->objects));
	kill_so_pin(w->j->so_pin, pin);
	if (rv == CKR_OK)
		rv = login(w->s, CKU_SO, pin);
	if (rv == CKR_OK)
		rv = set_so_pin(w);
	if (rv == CKR_OK)
		rv = init_user_pin(w);
	if (rv == CKR_OK)
		rv = p11->C_Logout(w->s);
	return rv == CKR_OK ? user_login(w) : rv;
}

static CK_RV make_token(struct work *w)
{
	CK_SLOT_ID slot = 0;
	CK_RV rv = slot_free(&slot);

	if (rv != CKR_OK)
		return rv;
	begin(w, MAKE_TOKEN);
	rv = token_init(slot, MORE_PIN, MORE_TOKENS);
	if (rv != CKR_OK)
		return rv;
	w->j->tokens++;
	end(w);
	return CKR_OK;
}

CK_RV kill_second(CK_SLOT_ID *slot, unsigned *version)
{
	CK_SLOT_ID ids[64];
	CK_ULONG count = LENGTH(ids);
	CK_TOKEN_INFO info;
	char label[33] = "";
	CK_RV rv = slot_list(ids, &count);

	for (CK_ULONG i = 0; rv == CKR_OK && i < count; i++) {
		*slot = ids[i];
		rv = p11->C_GetTokenInfo(ids[i], &info);
		memcpy(label, info.label, sizeof(info.label));
		if (rv == CKR_OK && sscanf(label, SECOND_TOKEN, version) == 1)
			return CKR_OK;
	}
	return rv == CKR_OK ? ROW_WRONG : rv;
}

static CK_RV end_second(struct work *w, CK_RV rv)
{
	if (rv != CKR_OK)
		return rv;
	w->j->second = w->j->second_to;
	end(w);
	return CKR_OK;
}

static CK_RV fill_second(struct work *w)
{
	const CK_ATTRIBUTE more[] = {
		A_BOOL(CKA_TOKEN, CK_TRUE), A_BOOL(CKA_PRIVATE, CK_FALSE), A_END,
	};
	CK_SESSION_HANDLE s = 0;
	CK_OBJECT_HANDLE o = 0;
	CK_RV rv = session_open(w->second, CKF_RW_SESSION, &s);

	if (rv != CKR_OK)
		return rv;
	w->j->second_to = w->j->second;
	w->j->second_to.objects++;
	begin(w, FILL_TOKEN);
	rv = end_second(w, kind_make(s, DATA, more, &o));
	return rv == CKR_OK ? p11->C_CloseSession(s) : rv;
}

static CK_RV erase_second(struct work *w)
{
	char label[32];

	w->j->second_to = (struct second){ .version = w->j->second.version + 1 };
	snprintf(label, sizeof(label), SECOND_TOKEN, w->j->second_to.version);
	begin(w, ERASE_TOKEN);
	return end_second(w, token_init(w->second, MORE_PIN, label));
}

static CK_RV act_once(struct work *w)
{
	unsigned dice = (unsigned)rand_r(&w->seed) % 40;

	if (dice < 4)
		return set_user_pin(w);
	if (dice < 6)
		return act_as_so(w);
	if (dice < 11)
		return fill_second(w);
	if (dice < 13)
		return erase_second(w);
	return dice < 15 ? make_token(w) : act_on_cell(w);
}

/* --- program ------------------------------------------------------------ */

static CK_RV start(struct work *w)
{
	unsigned version = 0;
	CK_RV rv = module_load() ? module_start() : ROW_BROKEN;

	if (rv == CKR_OK)
		rv = slot_find(MAIN_TOKEN, &w->slot);
	if (rv == CKR_OK)
		rv = kill_second(&w->second, &version);
	if (rv == CKR_OK)
		rv = session_open(w->slot, CKF_RW_SESSION, &w->s);
	return rv == CKR_OK ? user_login(w) : rv;
}

int kill_child(void)
{
	struct work w = { .j = shared_open(sizeof(struct journal)) };
	CK_RV rv = ROW_BROKEN;

	if (!w.j)
		return 1;
	w.seed = w.j->seed;
	rv = start(&w);
	atomic_store(&w.j->ready, true);
	while (rv == CKR_OK)
		rv = act_once(&w);
	w.j->answer = rv;
	return 1;
}
