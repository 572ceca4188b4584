/* Pools of values for each role of an argument. The first of each is good. */
#include "config.h"

#include "p11/misuse/misuse.h"

#include <stdint.h>
#include <string.h>

#define ABSURD		((CK_ULONG)-1)
#define HALF		(ABSURD / 2)
#define BIG		((CK_ULONG)64 * 1024)

/* What a variant fills in: the words of its argument. */
struct place {
	struct trial *t;
	const struct argument *a;
	CK_ULONG *words;
	CK_ULONG number, other;		/* of the row */
};

struct variant {
	const char *name;
	void (*make)(struct place *p);
	CK_ULONG number, other;
};

static CK_ULONG address(const void *p)
{
	return (CK_ULONG)(uintptr_t)p;
}

static void number(struct place *p)
{
	p->words[0] = p->number;
}

/* --- handles ------------------------------------------------------------ */

enum handle {
	OWN,
	SECOND,
	OTHER,
	CLOSED,
	AN_OBJECT
};

static void session(struct place *p)
{
	struct world *w = p->t->w;
	const CK_ULONG handles[] = {
		[OWN] = w->session, [SECOND] = w->second, [OTHER] = w->other,
		[CLOSED] = w->closed, [AN_OBJECT] = w->token_object[DATA],
	};

	p->words[0] = handles[p->number];
}

static const struct variant sessions[] = {
	{ "session", session, OWN, 0 },
	{ "second", session, SECOND, 0 },
	{ "other token's", session, OTHER, 0 },
	{ "closed", session, CLOSED, 0 },
	{ "an object", session, AN_OBJECT, 0 },
	{ "0", number, 0, 0 },
	{ "-1", number, ABSURD, 0 },
	{ "1 << 63", number, 1UL << 63, 0 },
	{ "1 << 32", number, 1UL << 32, 0 },
};

/* The key that the function usually takes, as session or token object. */
static void usual_object(struct place *p)
{
	unsigned kind = p->t->f->usual->keys[p->a->nth % 2];

	p->words[0] = p->number ? p->t->w->token_object[kind] : p->t->w->session_object[kind];
}

static void any_object(struct place *p)
{
	struct world *w = p->t->w;
	unsigned kind = world_pick(w, ALL_KINDS);

	note(" %s", world_kind_name(kind));
	p->words[0] = world_pick(w, 2) ? w->token_object[kind] : w->session_object[kind];
}

static void destroyed_object(struct place *p)
{
	p->words[0] = p->t->w->destroyed;
}

static void foreign_object(struct place *p)
{
	p->words[0] = p->t->w->foreign;
}

static void session_as_object(struct place *p)
{
	p->words[0] = p->t->w->session;
}

static const struct variant objects[] = {
	{ "object", usual_object, 0, 0 },
	{ "token object", usual_object, 1, 0 },
	{ "any object", any_object, 0, 0 },
	{ "destroyed", destroyed_object, 0, 0 },
	{ "other token's", foreign_object, 0, 0 },
	{ "a session", session_as_object, 0, 0 },
	{ "0", number, 0, 0 },
	{ "-1", number, ABSURD, 0 },
	{ "1 << 63", number, 1UL << 63, 0 },
};

static void slot(struct place *p)
{
	struct world *w = p->t->w;
	const CK_SLOT_ID ids[] = { w->slot, w->other_slot, w->free_slot };

	p->words[0] = ids[p->number];
}

static const struct variant slots[] = {
	{ "slot", slot, 0, 0 },
	{ "other slot", slot, 1, 0 },
	{ "free slot", slot, 2, 0 },
	{ "none", number, 0x7ffffff1, 0 },
	{ "-1", number, ABSURD, 0 },
	{ "1 << 63", number, 1UL << 63, 0 },
};

/* --- numbers ------------------------------------------------------------ */

/* A call that waits for a slot event would wait forever. */
static void flags(struct place *p)
{
	bool waits = strcmp(p->t->f->name, "C_WaitForSlotEvent") == 0;

	p->words[0] = p->number | (waits ? CKF_DONT_BLOCK : 0);
}

static const struct variant flag_words[] = {
	{ "serial, rw", flags, CKF_SERIAL_SESSION | CKF_RW_SESSION, 0 },
	{ "serial", flags, CKF_SERIAL_SESSION, 0 },
	{ "0", flags, 0, 0 },
	{ "rw", flags, CKF_RW_SESSION, 0 },
	{ "all", flags, ABSURD, 0 },
	{ "unknown", flags, 1UL << 40, 0 },
};

static const struct variant bools[] = {
	{ "true", number, CK_TRUE, 0 },
	{ "false", number, CK_FALSE, 0 },
	{ "2", number, 2, 0 },
	{ "255", number, 255, 0 },
};

static const struct variant users[] = {
	{ "user", number, CKU_USER, 0 },
	{ "SO", number, CKU_SO, 0 },
	{ "context", number, CKU_CONTEXT_SPECIFIC, 0 },
	{ "3", number, 3, 0 },
	{ "-1", number, ABSURD, 0 },
};

static const struct variant mechanism_types[] = {
	{ "CKM_SHA256", number, CKM_SHA256, 0 },
	{ "CKM_RSA_PKCS", number, CKM_RSA_PKCS, 0 },
	{ "vendor's", number, CKM_VENDOR_DEFINED, 0 },
	{ "-1", number, ABSURD, 0 },
	{ "1 << 63 | CKM_SHA256", number, 1UL << 63 | CKM_SHA256, 0 },
};

static CK_RV callback(CK_SESSION_HANDLE s, CK_NOTIFICATION event, CK_VOID_PTR application)
{
	(void)s;
	(void)event;
	(void)application;
	return CKR_OK;
}

static void callback_given(struct place *p)
{
	CK_NOTIFY notify = callback;

	memcpy(p->words, &notify, sizeof(notify));
}

static const struct variant callbacks[] = {
	{ "NULL", number, 0, 0 },
	{ "callback", callback_given, 0, 0 },
};

static const struct variant reserved_words[] = {
	{ "NULL", number, 0, 0 },
	{ "1", number, 1, 0 },
	{ "-1", number, ABSURD, 0 },
};

/* --- C_Initialize ------------------------------------------------------- */

static CK_RV mutex_create(CK_VOID_PTR_PTR out)
{
	static CK_BYTE mutex;

	*out = &mutex;
	return CKR_OK;
}

static CK_RV mutex_other(CK_VOID_PTR mutex)
{
	(void)mutex;
	return CKR_OK;
}

/* The number's lowest bits say which of the four functions are there. */
static void init_args(struct place *p)
{
	CK_C_INITIALIZE_ARGS args = {
		.CreateMutex = p->number & 1 ? mutex_create : NULL,
		.DestroyMutex = p->number & 2 ? mutex_other : NULL,
		.LockMutex = p->number & 4 ? mutex_other : NULL,
		.UnlockMutex = p->number & 8 ? mutex_other : NULL,
		.flags = p->other,
		.pReserved = p->number & 16 ? memory_edge() : NULL,
	};

	p->words[0] = address(memory_take(INPUT, sizeof(args), &args));
}

static const struct variant all_init_args[] = {
	{ "OS locking", init_args, 0, CKF_OS_LOCKING_OK },
	{ "NULL", number, 0, 0 },
	{ "nothing", init_args, 0, 0 },
	{ "mutexes", init_args, 15, 0 },
	{ "mutexes, OS locking", init_args, 15, CKF_OS_LOCKING_OK },
	{ "three mutex functions", init_args, 7, CKF_OS_LOCKING_OK },
	{ "one mutex function", init_args, 1, 0 },
	{ "reserved", init_args, 16, 0 },
	{ "no threads", init_args, 0, CKF_LIBRARY_CANT_CREATE_OS_THREADS },
	{ "all flags", init_args, 0, ABSURD },
};

/* --- bytes in ----------------------------------------------------------- */

static void in_zero(struct place *p)
{
	CK_BYTE zero[64] = { 0 };

	p->words[0] = address(memory_take(INPUT, p->number, zero));
	p->words[1] = p->number;
}

static void in_any(struct place *p)
{
	p->words[0] = address(memory_take(INPUT, p->number, NULL));
	p->words[1] = p->number;
}

static void null_and(struct place *p)
{
	p->words[0] = 0;
	p->words[1] = p->number;
}

static void edge_and(struct place *p)
{
	p->words[0] = address(memory_edge());
	p->words[1] = p->number;
}

static void in_last(struct place *p)
{
	struct world *w = p->t->w;

	p->words[0] = address(memory_take(INPUT, w->last.len, w->last.data));
	p->words[1] = w->last.len;
}

/* An earlier result with one bit changed, or cut. */
static void in_spoilt(struct place *p)
{
	struct world *w = p->t->w;
	CK_BYTE copy[sizeof(w->last.data)];
	CK_ULONG len = w->last.len;

	memcpy(copy, w->last.data, len);
	if (len && world_pick(w, 2))
		copy[world_pick(w, len)] ^= (CK_BYTE)(1u << world_pick(w, 8));
	else if (len)
		len = world_pick(w, len);
	p->words[0] = address(memory_take(INPUT, len, copy));
	p->words[1] = len;
}

static const struct variant inputs[] = {
	{ "16 bytes", in_zero, 16, 0 },
	{ "an earlier result", in_last, 0, 0 },
	{ "32 bytes", in_zero, 32, 0 },
	{ "64 KiB", in_any, BIG, 0 },
	{ "NULL, 0", null_and, 0, 0 },
	{ "0 bytes", edge_and, 0, 0 },
	{ "NULL, 1", null_and, 1, 0 },
	{ "NULL, 16", null_and, 16, 0 },
	{ "NULL, -1", null_and, ABSURD, 0 },
	{ "1 byte", in_zero, 1, 0 },
	{ "15 bytes", in_any, 15, 0 },
	{ "17 bytes", in_any, 17, 0 },
	{ "24 bytes", in_any, 24, 0 },
	{ "128 bytes", in_any, 128, 0 },
	{ "129 bytes", in_any, 129, 0 },
	{ "a spoilt result", in_spoilt, 0, 0 },
};

static void pin(struct place *p)
{
	static const char *const pins[] = {
		USER_PIN, SO_PIN, "1", "123", ("1234\0" "5678"), "\xff\xfe\xfd\xfc\xfb",
	};

	p->words[0] = address(memory_take(INPUT, p->other, pins[p->number]));
	p->words[1] = p->other;
}

static const struct variant pins[] = {
	{ "user PIN", pin, 0, sizeof(USER_PIN) - 1 },
	{ "SO PIN", pin, 1, sizeof(SO_PIN) - 1 },
	{ "NULL, 0", null_and, 0, 0 },
	{ "NULL, 8", null_and, 8, 0 },
	{ "NULL, -1", null_and, ABSURD, 0 },
	{ "0 bytes", edge_and, 0, 0 },
	{ "nothing, 256", edge_and, 256, 0 },
	{ "nothing, -1", edge_and, ABSURD, 0 },
	{ "1 byte", pin, 2, 1 },
	{ "3 bytes", pin, 3, 3 },
	{ "9 bytes with a 0", pin, 4, 9 },
	{ "5 bytes, not UTF-8", pin, 5, 5 },
	{ "255 bytes", in_any, 255, 0 },
	{ "256 bytes", in_any, 256, 0 },
	{ "64 KiB", in_any, BIG, 0 },
};

static void label(struct place *p)
{
	p->words[0] = address(memory_take(INPUT, 32, p->number ? NULL : TOKEN_LABEL
					  "                                "));
}

static const struct variant labels[] = {
	{ "label", label, 0, 0 },
	{ "NULL", number, 0, 0 },
	{ "32 bytes, not UTF-8", label, 1, 0 },
};

/* --- room for answers --------------------------------------------------- */

/*
 * A buffer may be worked in even when the call fails in the end: that nothing is left there of
 * plaintext which proved to be forged is for other tests.
 */
static CK_ULONG size_word(CK_ULONG size)
{
	return address(memory_take(LENGTH, sizeof(size), &size));
}

static void out_room(struct place *p)
{
	p->words[0] = address(memory_take(SCRATCH, p->number * p->a->unit, NULL));
	p->words[1] = size_word(p->number);
}

/* There is room, if not as much as is said. */
static void out_more(struct place *p)
{
	p->words[0] = address(memory_take(SCRATCH, BIG, NULL));
	p->words[1] = size_word(p->number);
}

static void out_query(struct place *p)
{
	p->words[0] = 0;
	p->words[1] = size_word(p->number);
}

static void out_edge(struct place *p)
{
	p->words[0] = address(memory_edge());
	p->words[1] = size_word(0);
}

static void out_no_size(struct place *p)
{
	p->words[0] = p->number ? address(memory_take(SCRATCH, p->number, NULL)) : 0;
	p->words[1] = 0;
}

/* Where the input is, which the standard allows. */
static void out_in_place(struct place *p)
{
	CK_BYTE *both = memory_take(SCRATCH, 1024 * p->a->unit, NULL);

	p->words[0] = address(both);
	p->words[1] = size_word(1024);
	if (p->a->word && p->a[-1].role == R_IN) {
		p->words[-2] = p->words[0];
		p->words[-1] = 32;
	}
}

static const struct variant outputs[] = {
	{ "1024", out_room, 1024, 0 },
	{ "size query", out_query, 0, 0 },
	{ "in place", out_in_place, 0, 0 },
	{ "size query, 16", out_query, 16, 0 },
	{ "size query, -1", out_query, ABSURD, 0 },
	{ "0 bytes", out_edge, 0, 0 },
	{ "NULL, NULL", out_no_size, 0, 0 },
	{ "NULL size", out_no_size, 64, 0 },
	{ "1", out_room, 1, 0 },
	{ "15", out_room, 15, 0 },
	{ "16", out_room, 16, 0 },
	{ "17", out_room, 17, 0 },
	{ "31", out_room, 31, 0 },
	{ "said to be -1", out_more, ABSURD, 0 },
	{ "said to be half of that", out_more, HALF, 0 },
};

static void found_room(struct place *p)
{
	p->words[0] = address(memory_take(SCRATCH, p->number * p->a->unit, NULL));
	p->words[1] = p->number;
	p->words[2] = size_word(0);
}

static void found_more(struct place *p)
{
	p->words[0] = address(memory_take(SCRATCH, BIG, NULL));
	p->words[1] = p->number;
	p->words[2] = size_word(0);
}

static void found_null(struct place *p)
{
	p->words[0] = 0;
	p->words[1] = p->number;
	p->words[2] = p->other ? size_word(0) : 0;
}

static void found_edge(struct place *p)
{
	p->words[0] = address(memory_edge());
	p->words[1] = 0;
	p->words[2] = size_word(0);
}

static void found_no_count(struct place *p)
{
	p->words[0] = address(memory_take(SCRATCH, 4 * p->a->unit, NULL));
	p->words[1] = 4;
	p->words[2] = 0;
}

static const struct variant founds[] = {
	{ "4", found_room, 4, 0 },
	{ "1", found_room, 1, 0 },
	{ "said to be -1", found_more, ABSURD, 0 },
	{ "said to be 1 << 61", found_more, 1UL << 61, 0 },
	{ "0", found_edge, 0, 0 },
	{ "NULL, 0", found_null, 0, 1 },
	{ "NULL, 4", found_null, 4, 1 },
	{ "NULL, -1", found_null, ABSURD, 1 },
	{ "NULL, 0, NULL", found_null, 0, 0 },
	{ "NULL count", found_no_count, 0, 0 },
};

static void random_room(struct place *p)
{
	p->words[0] = address(memory_take(SCRATCH, p->number, NULL));
	p->words[1] = p->number;
}

static const struct variant randoms[] = {
	{ "16", random_room, 16, 0 },
	{ "1", random_room, 1, 0 },
	{ "64 KiB", random_room, BIG, 0 },
	{ "NULL, 0", null_and, 0, 0 },
	{ "0 bytes", edge_and, 0, 0 },
	{ "NULL, 16", null_and, 16, 0 },
	{ "NULL, -1", null_and, ABSURD, 0 },
};

static void result(struct place *p)
{
	p->words[0] = address(memory_take(p->number ? HANDLE : OUTPUT, p->a->unit, NULL));
}

static const struct variant results[] = {
	{ "result", result, 0, 0 },
	{ "NULL", number, 0, 0 },
};

static const struct variant handles[] = {
	{ "handle", result, 1, 0 },
	{ "NULL", number, 0, 0 },
};

/* --- mechanisms --------------------------------------------------------- */

static void mechanism_take(struct place *p, const CK_MECHANISM *m)
{
	note(" 0x%lx", m->mechanism);
	p->words[0] = address(memory_take(INPUT, sizeof(*m), m));
}

/* The usual mechanism; the number says whether its parameter is spoilt. */
static void usual_mechanism(struct place *p)
{
	CK_MECHANISM m = { p->t->f->usual->mechanism, NULL, 0 };

	if (strstr(p->t->f->name, "Digest"))
		m.mechanism = CKM_SHA256;
	mechanism_parameter(p->t->w, &m, p->number);
	mechanism_take(p, &m);
}

static void any_mechanism(struct place *p)
{
	struct world *w = p->t->w;
	CK_MECHANISM m = { CKM_SHA256, NULL, 0 };

	if (w->mechanism_count)
		m.mechanism = w->mechanisms[world_pick(w, w->mechanism_count)];
	mechanism_parameter(w, &m, p->number);
	mechanism_take(p, &m);
}

static void unknown_mechanism(struct place *p)
{
	const CK_MECHANISM m = { p->number, NULL, 0 };

	mechanism_take(p, &m);
}

/* A parameter of nothing that is said to be long. */
static void mechanism_edge(struct place *p)
{
	const CK_MECHANISM m = { p->t->f->usual->mechanism, memory_edge(), p->number };

	mechanism_take(p, &m);
}

static void mechanism_null(struct place *p)
{
	const CK_MECHANISM m = { p->t->f->usual->mechanism, NULL, p->number };

	mechanism_take(p, &m);
}

static const struct variant mechanisms[] = {
	{ "usual", usual_mechanism, 0, 0 },
	{ "any", any_mechanism, 0, 0 },
	{ "any, spoilt", any_mechanism, 1, 0 },
	{ "usual, spoilt", usual_mechanism, 1, 0 },
	{ "NULL", number, 0, 0 },
	{ "unknown", unknown_mechanism, 0x7ffffff1, 0 },
	{ "vendor's", unknown_mechanism, CKM_VENDOR_DEFINED, 0 },
	{ "-1", unknown_mechanism, ABSURD, 0 },
	{ "1 << 32", unknown_mechanism, 1UL << 32 | CKM_SHA256, 0 },
	{ "nothing, -1", mechanism_edge, ABSURD, 0 },
	{ "nothing, half of that", mechanism_edge, HALF, 0 },
	{ "nothing, 0", mechanism_edge, 0, 0 },
	{ "NULL, 16", mechanism_null, 16, 0 },
	{ "NULL, -1", mechanism_null, ABSURD, 0 },
};

/* --- templates ---------------------------------------------------------- */

static const CK_ATTRIBUTE *usual_template(struct place *p)
{
	const CK_ATTRIBUTE *t = p->t->f->usual->templates[p->a->nth % 2];
	unsigned kind = 0;

	if (t)
		return t;
	kind = world_pick(p->t->w, ALL_KINDS);
	note(" %s", world_kind_name(kind));
	return world_template(kind);
}

static void template_with(struct place *p, const CK_ATTRIBUTE *list, CK_ATTRIBUTE more)
{
	CK_ULONG count = 0;

	p->words[0] = address(entries_take(list, more, &count));
	p->words[1] = count;
}

static const CK_ATTRIBUTE no_more = A_END;

static void template_usual(struct place *p)
{
	template_with(p, usual_template(p), no_more);
}

static void template_more(struct place *p)
{
	const CK_ATTRIBUTE *t = usual_template(p);
	CK_ATTRIBUTE base = { entry_type(p->t->w), NULL, 0 };

	template_with(p, t, entry_spoil(p->t->w, &base));
}

/* One of its own attributes a second time, the same or spoilt. */
static void template_twice(struct place *p)
{
	const CK_ATTRIBUTE *t = usual_template(p);
	CK_ULONG n = tmpl_count(t);
	CK_ATTRIBUTE again = no_more;

	if (n)
		again = t[world_pick(p->t->w, n)];
	template_with(p, t, n && p->number ? entry_spoil(p->t->w, &again) : again);
}

/* One of its own attributes spoilt. */
static void template_spoilt(struct place *p)
{
	const CK_ATTRIBUTE *t = usual_template(p);
	CK_ATTRIBUTE copy[TMPL_MAX];
	CK_ULONG n = tmpl_count(t);

	memcpy(copy, t, (n + 1) * sizeof(*t));
	if (n) {
		CK_ULONG i = world_pick(p->t->w, n);

		copy[i] = entry_spoil(p->t->w, &copy[i]);
	}
	template_with(p, copy, no_more);
}

/* All but one of its attributes. */
static void template_less(struct place *p)
{
	const CK_ATTRIBUTE *t = usual_template(p);
	CK_ATTRIBUTE copy[TMPL_MAX];
	CK_ULONG n = tmpl_count(t);

	memcpy(copy, t, (n + 1) * sizeof(*t));
	if (n) {
		CK_ULONG i = world_pick(p->t->w, n);

		memmove(&copy[i], &copy[i + 1], (n - i) * sizeof(*t));
	}
	template_with(p, copy, no_more);
}

static void template_flags(struct place *p)
{
	CK_BBOOL v = (CK_BBOOL)p->other;
	const CK_ATTRIBUTE more = { p->number, memory_take(INPUT, sizeof(v), &v), sizeof(v) };

	template_with(p, usual_template(p), more);
}

/* One label as often as said. */
static void template_many(struct place *p)
{
	CK_ATTRIBUTE label_again = { CKA_LABEL, memory_take(INPUT, 4, NULL), 4 };
	CK_ATTRIBUTE t[TMPL_MAX];

	for (CK_ULONG i = 0; i < p->number; i++)
		t[i] = label_again;
	t[p->number] = no_more;
	template_with(p, t, no_more);
}

/* The good one, said to be longer. */
static void template_absurd(struct place *p)
{
	template_usual(p);
	p->words[1] = p->number;
}

static const struct variant templates[] = {
	{ "usual", template_usual, 0, 0 },
	{ "on the token", template_flags, CKA_TOKEN, CK_TRUE },
	{ "private", template_flags, CKA_PRIVATE, CK_TRUE },
	{ "public", template_flags, CKA_PRIVATE, CK_FALSE },
	{ "NULL, 0", null_and, 0, 0 },
	{ "0 entries", edge_and, 0, 0 },
	{ "NULL, 1", null_and, 1, 0 },
	{ "NULL, -1", null_and, ABSURD, 0 },
	{ "said to be -1", template_absurd, ABSURD, 0 },
	{ "said to be half of that", template_absurd, HALF, 0 },
	{ "said to be 2^64 / 24 + 2", template_absurd, ABSURD / 24 + 2, 0 },
	{ "said to be 1 << 32", template_absurd, 1UL << 32, 0 },
	{ "40 labels", template_many, 40, 0 },
	{ "with more", template_more, 0, 0 },
	{ "with more", template_more, 0, 0 },
	{ "twice", template_twice, 0, 0 },
	{ "twice, spoilt", template_twice, 1, 0 },
	{ "spoilt", template_spoilt, 0, 0 },
	{ "spoilt", template_spoilt, 0, 0 },
	{ "with less", template_less, 0, 0 },
};

/* One attribute of each type, with buffers of that size, or NULL for 0. */
static void get_all(struct place *p)
{
	static const CK_ATTRIBUTE_TYPE types[] = {
#define CKA_NAME(type) type,
#include "pkcs11/names.def"
	};
	CK_ULONG n = LENGTH(types) / 2, first = world_pick(p->t->w, LENGTH(types) - n);
	CK_ATTRIBUTE *t = memory_take(SCRATCH, n * sizeof(*t), NULL);

	for (CK_ULONG i = 0; i < n; i++) {
		void *room = p->number ? memory_take(SCRATCH, p->number, NULL) : NULL;
		bool list = types[first + i] & CKF_ARRAY_ATTRIBUTE;

		/* the entries of a list must be ones */
		if (list && room)
			memset(room, 0, p->number);
		t[i] = (CK_ATTRIBUTE){ types[first + i], room, room ? p->number : p->other };
	}
	p->words[0] = address(t);
	p->words[1] = n;
}

static void get_one(struct place *p)
{
	CK_ATTRIBUTE a = { entry_type(p->t->w), memory_take(SCRATCH, p->number, NULL), p->number };

	if (a.type & CKF_ARRAY_ATTRIBUTE)
		memset(a.pValue, 0, p->number);
	note(" 0x%lx", a.type);
	p->words[0] = address(memory_take(SCRATCH, sizeof(a), &a));
	p->words[1] = 1;
}

static void get_absurd(struct place *p)
{
	CK_ATTRIBUTE a = { CKA_LABEL, memory_edge(), 0 };

	p->words[0] = address(memory_take(SCRATCH, sizeof(a), &a));
	p->words[1] = p->number;
}

/* Room for two entries of a list, whose values have no room. */
static void get_list(struct place *p)
{
	CK_ATTRIBUTE inner[2] = {
		{ CKA_LABEL, p->number ? memory_edge() : NULL, p->other },
		{ CKA_LABEL, p->number ? memory_edge() : NULL, p->other },
	};
	CK_ATTRIBUTE a = { CKA_WRAP_TEMPLATE, memory_take(SCRATCH, sizeof(inner), inner),
			   sizeof(inner) };

	p->words[0] = address(memory_take(SCRATCH, sizeof(a), &a));
	p->words[1] = 1;
}

static const struct variant gets[] = {
	{ "512", get_all, 512, 0 },
	{ "sizes", get_all, 0, 0 },
	{ "sizes, -1", get_all, 0, ABSURD },
	{ "1", get_all, 1, 0 },
	{ "8", get_all, 8, 0 },
	{ "one, 7", get_one, 7, 0 },
	{ "one, 3", get_one, 3, 0 },
	{ "one, 0", get_one, 0, 0 },
	{ "NULL, 0", null_and, 0, 0 },
	{ "0 entries", edge_and, 0, 0 },
	{ "NULL, 1", null_and, 1, 0 },
	{ "NULL, -1", null_and, ABSURD, 0 },
	{ "said to be -1", get_absurd, ABSURD, 0 },
	{ "said to be 2^64 / 24 + 2", get_absurd, ABSURD / 24 + 2, 0 },
	{ "list", get_list, 0, 0 },
	{ "list, 0 bytes", get_list, 1, 0 },
	{ "list, NULL, -1", get_list, 0, ABSURD },
};

/* --- choice ------------------------------------------------------------- */

#define POOL(variants, n)	{ (variants), LENGTH(variants), (n) }

/* The first `good` of each are what a program that knows what it does passes. */
static const struct pool {
	const struct variant *variants;
	size_t count, good;
} pools[ROLES] = {
	[R_SESSION] = POOL(sessions, 2),
	[R_OBJECT] = POOL(objects, 3),
	[R_SLOT] = POOL(slots, 2),
	[R_FLAGS] = POOL(flag_words, 2),
	[R_BOOL] = POOL(bools, 2),
	[R_USER] = POOL(users, 2),
	[R_MECHANISM_TYPE] = POOL(mechanism_types, 2),
	[R_CALLBACK] = POOL(callbacks, 1),
	[R_INIT_ARGS] = POOL(all_init_args, 2),
	[R_RESERVED] = POOL(reserved_words, 1),
	[R_MECHANISM] = POOL(mechanisms, 2),
	[R_IN] = POOL(inputs, 4),
	[R_PIN] = POOL(pins, 2),
	[R_LABEL] = POOL(labels, 1),
	[R_OUT] = POOL(outputs, 3),
	[R_FOUND] = POOL(founds, 2),
	[R_RANDOM] = POOL(randoms, 3),
	[R_RESULT] = POOL(results, 1),
	[R_HANDLE] = POOL(handles, 1),
	[R_TEMPLATE] = POOL(templates, 3),
	[R_TEMPLATE_GET] = POOL(gets, 2),
};

size_t variant_count(enum role role)
{
	return pools[role].count;
}

void variant_make(struct trial *t, unsigned argument, size_t variant)
{
	const struct argument *a = &t->f->arguments[argument];
	const struct variant *v = &pools[a->role].variants[variant];
	struct place p = { t, a, &t->words[a->word], v->number, v->other };

	note("%s%s", argument ? ", " : " ", v->name);
	v->make(&p);
}

void variant_good(struct trial *t, unsigned argument)
{
	bool input = t->f->arguments[argument].role == R_IN;

	variant_make(t, argument, input ? t->f->usual->input : 0);
}

void variant_any(struct trial *t, unsigned argument)
{
	const struct pool *p = &pools[t->f->arguments[argument].role];
	bool good = world_pick(t->w, 4) > 0;

	variant_make(t, argument, world_pick(t->w, good ? p->good : p->count));
}
