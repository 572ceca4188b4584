/*
 * Searches beside a list of what must be there: objects of all kinds come, change and go by chance
 * (fixed seeds), the user comes and goes, and each search must find just the objects of the list
 * that have the template's values.
 */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "search.h"

#define SEEDS 6
#define STEPS 400
#define OBJECTS_MAX 120

#define LABELS 7
#define IDS 40

struct thing {
	CK_OBJECT_HANDLE handle;
	CK_OBJECT_CLASS class;
	bool token, private, modifiable;
	unsigned label;		/* 0: empty */
	unsigned id;		/* keys only */
};

struct model {
	unsigned long random;
	CK_SESSION_HANDLE s;
	bool user;
	struct thing things[OBJECTS_MAX];
	size_t count;
};

static unsigned pick(struct model *m, unsigned below)
{
	m->random = m->random * 6364136223846793005UL + 1442695040888963407UL;
	return (unsigned)(m->random >> 33) % below;
}

/* Written into the caller's room; the length is that of the text. */
static CK_ULONG name_of(char *out, const char *what, unsigned n)
{
	return n == 0 ? 0 : (CK_ULONG)sprintf(out, "%s %u", what, n);
}

/* Templates, whose values live as long as the struct. */
struct entries {
	CK_ATTRIBUTE list[10];
	CK_ULONG count;
	CK_OBJECT_CLASS class;
	CK_KEY_TYPE type;
	CK_BBOOL token, private;
	char label[32], id[32];
};

static void put(struct entries *e, CK_ATTRIBUTE_TYPE type, void *value, CK_ULONG len)
{
	e->list[e->count++] = (CK_ATTRIBUTE){ type, len > 0 ? value : NULL, len };
}

static CK_RV add(struct model *m)
{
	static CK_BYTE value[16] = { 1, 2, 3 };
	struct thing *t = &m->things[m->count];
	struct entries e = { .count = 0 };
	CK_RV rv;

	t->class = pick(m, 2) ? CKO_SECRET_KEY : CKO_DATA;
	t->token = pick(m, 2);
	t->private = m->user && pick(m, 2);
	t->label = pick(m, LABELS);
	t->id = t->class == CKO_SECRET_KEY ? pick(m, IDS) : 0;
	e.class = t->class;
	e.type = CKK_AES;
	e.token = t->token;
	e.private = t->private;
	put(&e, CKA_CLASS, &e.class, sizeof(e.class));
	put(&e, CKA_TOKEN, &e.token, sizeof(e.token));
	put(&e, CKA_PRIVATE, &e.private, sizeof(e.private));
	put(&e, CKA_LABEL, e.label, name_of(e.label, "label", t->label));
	put(&e, CKA_VALUE, value, sizeof(value));
	if (t->class == CKO_SECRET_KEY) {
		put(&e, CKA_KEY_TYPE, &e.type, sizeof(e.type));
		put(&e, CKA_ID, e.id, name_of(e.id, "id", t->id));
	}
	rv = p11->C_CreateObject(m->s, e.list, e.count, &t->handle);
	m->count += rv == CKR_OK;
	return rv;
}

static bool is_visible(const struct model *m, const struct thing *t)
{
	return m->user || !t->private;
}

/* NULL when chance hits none that can be seen. */
static struct thing *any(struct model *m)
{
	struct thing *t = m->count > 0 ? &m->things[pick(m, (unsigned)m->count)] : NULL;

	return t && is_visible(m, t) ? t : NULL;
}

static CK_RV change(struct model *m)
{
	struct thing *t = any(m);
	char text[32];
	CK_ATTRIBUTE label = { CKA_LABEL, text, 0 };

	if (!t)
		return CKR_OK;
	t->label = 1 + pick(m, LABELS - 1);
	label.ulValueLen = name_of(text, "label", t->label);
	return p11->C_SetAttributeValue(m->s, t->handle, &label, 1);
}

static CK_RV copy(struct model *m)
{
	const struct thing *t = any(m);
	struct thing *made = &m->things[m->count];
	char text[32];
	CK_ATTRIBUTE label = { CKA_LABEL, text, 0 };
	CK_RV rv;

	if (!t)
		return CKR_OK;
	*made = *t;
	made->label = 1 + pick(m, LABELS - 1);
	label.ulValueLen = name_of(text, "label", made->label);
	rv = p11->C_CopyObject(m->s, t->handle, &label, 1, &made->handle);
	m->count += rv == CKR_OK;
	return rv;
}

static CK_RV destroy(struct model *m)
{
	struct thing *t = any(m);
	CK_RV rv;

	if (!t)
		return CKR_OK;
	rv = p11->C_DestroyObject(m->s, t->handle);
	*t = m->things[--m->count];
	return rv;
}

/* Logout ends private session objects, and the handles of private ones. */
static CK_RV leave(struct model *m)
{
	CK_RV rv = p11->C_Logout(m->s);
	size_t kept = 0;

	for (size_t i = 0; i < m->count; i++)
		if (m->things[i].token || !m->things[i].private)
			m->things[kept++] = m->things[i];
	m->count = kept;
	m->user = false;
	return rv;
}

/* What a search asks for; a value of -1 is left out. */
struct wish {
	int class, token, private, label, id;
};

static bool fits(const struct wish *w, const struct thing *t)
{
	return (w->class < 0 || (CK_OBJECT_CLASS)w->class == t->class) &&
	       (w->token < 0 || w->token == t->token) &&
	       (w->private < 0 || w->private == t->private) &&
	       (w->label < 0 || (unsigned)w->label == t->label) &&
	       (w->id < 0 || (t->class == CKO_SECRET_KEY && (unsigned)w->id == t->id));
}

static struct wish any_wish(struct model *m)
{
	return (struct wish){
		.class = pick(m, 2) ? -1 : pick(m, 2) ? (int)CKO_SECRET_KEY : (int)CKO_DATA,
		.token = pick(m, 4) ? -1 : (int)pick(m, 2),
		.private = pick(m, 4) ? -1 : (int)pick(m, 2),
		.label = pick(m, 2) ? -1 : (int)pick(m, LABELS + 1),
		.id = pick(m, 2) ? -1 : (int)pick(m, IDS + 1),
	};
}

static void wish_entries(const struct wish *w, struct entries *e)
{
	e->count = 0;
	e->class = (CK_OBJECT_CLASS)w->class;
	e->token = w->token > 0;
	e->private = w->private > 0;
	if (w->label >= 0)
		put(e, CKA_LABEL, e->label, name_of(e->label, "label", (unsigned)w->label));
	if (w->class >= 0)
		put(e, CKA_CLASS, &e->class, sizeof(e->class));
	if (w->token >= 0)
		put(e, CKA_TOKEN, &e->token, sizeof(e->token));
	if (w->id >= 0)
		put(e, CKA_ID, e->id, name_of(e->id, "id", (unsigned)w->id));
	if (w->private >= 0)
		put(e, CKA_PRIVATE, &e->private, sizeof(e->private));
}

static bool has(const CK_OBJECT_HANDLE *list, CK_ULONG count, CK_OBJECT_HANDLE h)
{
	for (CK_ULONG i = 0; i < count; i++)
		if (list[i] == h)
			return true;
	return false;
}

/*
 * Handles of private objects are new after each login, so these are compared by number, and all
 * others one by one.
 */
static CK_RV search(struct model *m)
{
	const struct wish w = any_wish(m);
	CK_OBJECT_HANDLE found[OBJECTS_MAX + 8];
	CK_ULONG count = 0, wanted = 0;
	struct entries e;
	CK_RV rv;

	wish_entries(&w, &e);
	rv = p11->C_FindObjectsInit(m->s, e.list, e.count);
	if (rv == CKR_OK)
		rv = p11->C_FindObjects(m->s, found, LENGTH(found), &count);
	if (rv == CKR_OK)
		rv = p11->C_FindObjectsFinal(m->s);
	for (size_t i = 0; i < m->count; i++) {
		const struct thing *t = &m->things[i];

		if (!is_visible(m, t) || !fits(&w, t))
			continue;
		wanted++;
		if (rv == CKR_OK && !t->private)
			rv = want(has(found, count, t->handle));
	}
	return rv == CKR_OK ? want(count == wanted) : rv;
}

/* After a login the handles of private objects are found by what sets them apart, or destroyed. */
static CK_RV enter(struct model *m)
{
	CK_BBOOL yes = CK_TRUE;
	CK_ATTRIBUTE private = { CKA_PRIVATE, &yes, sizeof(yes) };
	CK_OBJECT_HANDLE found[OBJECTS_MAX];
	CK_ULONG count = 0;
	size_t kept = 0;
	CK_RV rv = login(m->s, CKU_USER, USER_PIN);

	m->user = true;
	for (size_t i = 0; i < m->count; i++)
		if (!m->things[i].private)
			m->things[kept++] = m->things[i];
	if (rv == CKR_OK)
		rv = p11->C_FindObjectsInit(m->s, &private, 1);
	if (rv == CKR_OK)
		rv = p11->C_FindObjects(m->s, found, LENGTH(found), &count);
	if (rv == CKR_OK)
		rv = p11->C_FindObjectsFinal(m->s);
	if (rv == CKR_OK)
		rv = want(count == m->count - kept);
	for (CK_ULONG i = 0; rv == CKR_OK && i < count; i++)
		rv = p11->C_DestroyObject(m->s, found[i]);
	m->count = kept;
	return rv;
}

static CK_RV step(struct model *m)
{
	switch (pick(m, 24)) {
	case 0 ... 4:
		return m->count < OBJECTS_MAX ? add(m) : destroy(m);
	case 5:
		return m->count < OBJECTS_MAX ? copy(m) : CKR_OK;
	case 6 ... 7:
		return change(m);
	case 8:
		return destroy(m);
	case 9:
		return pick(m, 4) ? CKR_OK : m->user ? leave(m) : enter(m);
	default:
		return search(m);
	}
}

static CK_RV run(struct ctx *c)
{
	struct model m = { .random = *(const unsigned *)c->arg, .s = c->s, .user = true };
	CK_RV rv = CKR_OK;

	/* enough for an index from the start */
	for (int i = 0; rv == CKR_OK && i < 40; i++)
		rv = add(&m);
	for (int i = 0; rv == CKR_OK && i < STEPS; i++)
		rv = step(&m);
	if (!m.user && rv == CKR_OK)
		rv = enter(&m);
	for (size_t i = 0; i < m.count; i++)
		p11->C_DestroyObject(m.s, m.things[i].handle);
	return rv;
}

void test_model(void)
{
	for (unsigned i = 0; i < SEEDS; i++) {
		unsigned seed = 100 + i;

		row_runf(RW_USER, run, &seed, CKR_OK, "model_seed_%u", seed);
	}
}
