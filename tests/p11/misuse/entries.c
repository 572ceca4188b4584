/* Templates with something wrong in them. */
#include "config.h"

#include "p11/misuse/misuse.h"

#include <string.h>

#define ABSURD		((CK_ULONG)-1)
#define MAX_GOOD	4096	/* longest value of a template that is all right */

CK_ATTRIBUTE_TYPE entry_type(struct world *w)
{
	static const CK_ATTRIBUTE_TYPE types[] = {
#define CKA_NAME(type) type,
#include "pkcs11/names.def"
		CKA_VENDOR_DEFINED, CKA_VENDOR_DEFINED | 7, ABSURD, 1UL << 32 | CKA_LABEL,
		0x7ffffff1,
	};

	return types[world_pick(w, LENGTH(types))];
}

/* Its value can be read. */
static bool is_good(const CK_ATTRIBUTE *a)
{
	return a->pValue && a->ulValueLen <= MAX_GOOD && !memory_owns(a->pValue);
}

/* Good values are copied, what a trial has made is left as it is. */
CK_ATTRIBUTE *entries_take(const CK_ATTRIBUTE *list, CK_ATTRIBUTE more, CK_ULONG *count)
{
	CK_ATTRIBUTE copy[TMPL_MAX + 1];
	CK_ULONG n = 0;

	for (; list[n].type != CK_UNAVAILABLE_INFORMATION && n < TMPL_MAX; n++) {
		copy[n] = list[n];
		if (is_good(&copy[n]))
			copy[n].pValue = memory_take(INPUT, copy[n].ulValueLen, copy[n].pValue);
	}
	if (more.type != CK_UNAVAILABLE_INFORMATION || more.pValue)
		copy[n++] = more;
	*count = n;
	return memory_take(INPUT, n * sizeof(*copy), copy);
}

/* --- one entry ---------------------------------------------------------- */

/* A value of len bytes, some of them the base's. */
static void value(const CK_ATTRIBUTE *base, CK_ULONG len, CK_BYTE *out)
{
	memset(out, 0x5a, len);
	if (is_good(base))
		memcpy(out, base->pValue, len < base->ulValueLen ? len : base->ulValueLen);
}

static CK_ULONG base_len(const CK_ATTRIBUTE *base)
{
	return base->ulValueLen && base->ulValueLen < MAX_GOOD ? base->ulValueLen : 8;
}

static void spoil_null(struct world *w, const CK_ATTRIBUTE *base, CK_ATTRIBUTE *a)
{
	const CK_ULONG lens[] = { 0, 1, 8, base_len(base), 1UL << 40, ABSURD };

	a->pValue = NULL;
	a->ulValueLen = lens[world_pick(w, LENGTH(lens))];
	note(" NULL %ld", (long)a->ulValueLen);
}

static void spoil_absurd(struct world *w, const CK_ATTRIBUTE *base, CK_ATTRIBUTE *a)
{
	static const CK_ULONG lens[] = { 0, ABSURD, ABSURD / 2, ABSURD - 7, 1UL << 40, 1UL << 63 };

	(void)base;
	a->pValue = memory_edge();
	a->ulValueLen = lens[world_pick(w, LENGTH(lens))];
	note(" nothing %lx", a->ulValueLen);
}

static void spoil_len(struct world *w, const CK_ATTRIBUTE *base, CK_ATTRIBUTE *a)
{
	CK_ULONG len = base_len(base);
	const CK_ULONG lens[] = { 1, 2, 3, 7, 16, 20, 24, 32, 33, 65, 128, 300, 4000,
				  len - 1, len + 1, len / 2 };
	CK_BYTE v[MAX_GOOD + 1];

	a->ulValueLen = lens[world_pick(w, LENGTH(lens))];
	value(base, a->ulValueLen, v);
	a->pValue = memory_take(INPUT, a->ulValueLen, v);
	note(" %lu bytes", a->ulValueLen);
}

static void spoil_bit(struct world *w, const CK_ATTRIBUTE *base, CK_ATTRIBUTE *a)
{
	CK_BYTE v[MAX_GOOD];
	unsigned at = 0, bit = world_pick(w, 8);

	a->ulValueLen = base_len(base);
	value(base, a->ulValueLen, v);
	at = world_pick(w, a->ulValueLen);
	v[at] ^= (CK_BYTE)(1u << bit);
	a->pValue = memory_take(INPUT, a->ulValueLen, v);
	note(" bit %u of byte %u", bit, at);
}

/* All bytes alike: zero is no modulus, and no point is all ones. */
static void spoil_fill(struct world *w, const CK_ATTRIBUTE *base, CK_ATTRIBUTE *a)
{
	CK_BYTE v[MAX_GOOD];
	int byte = world_pick(w, 2) ? 0xff : 0;

	a->ulValueLen = base_len(base);
	memset(v, byte, a->ulValueLen);
	a->pValue = memory_take(INPUT, a->ulValueLen, v);
	note(" %lu bytes %x", a->ulValueLen, byte);
}

static void spoil_flag(struct world *w, const CK_ATTRIBUTE *base, CK_ATTRIBUTE *a)
{
	static const CK_BYTE flags[] = { 0, 1, 2, 255 };
	const CK_BYTE *v = &flags[world_pick(w, LENGTH(flags))];

	(void)base;
	a->ulValueLen = 1;
	a->pValue = memory_take(INPUT, 1, v);
	note(" byte %u", *v);
}

/* Not a size of RSA, DSA or DH keys: those would be made, slowly. */
static void spoil_number(struct world *w, const CK_ATTRIBUTE *base, CK_ATTRIBUTE *a)
{
	static const CK_ULONG numbers[] = {
		0, 1, 2, 3, 4, 7, 16, 31, 0x1f, 0x40, 511, 1UL << 31, 1UL << 32, 1UL << 63, ABSURD,
	};
	CK_ULONG v = numbers[world_pick(w, LENGTH(numbers))];

	(void)base;
	a->ulValueLen = sizeof(v);
	a->pValue = world_pick(w, 2) ? memory_take(INPUT, sizeof(v), &v)
				     : memory_take_askew(sizeof(v), &v);
	note(" number %lx", v);
}

static void spoil_askew(struct world *w, const CK_ATTRIBUTE *base, CK_ATTRIBUTE *a)
{
	CK_BYTE v[MAX_GOOD];

	(void)w;
	a->ulValueLen = base_len(base);
	value(base, a->ulValueLen, v);
	a->pValue = memory_take_askew(a->ulValueLen, v);
	note(" askew");
}

static void spoil_date(struct world *w, const CK_ATTRIBUTE *base, CK_ATTRIBUTE *a)
{
	static const char *const dates[] = {
		"20261399", "20260230", "00000000", "abcdefgh", "2026-1-1", "20261231",
	};
	const char *v = dates[world_pick(w, LENGTH(dates))];

	(void)base;
	a->ulValueLen = 8;
	a->pValue = memory_take(INPUT, 8, v);
	note(" date %s", v);
}

/* --- lists as values ---------------------------------------------------- */

static CK_ATTRIBUTE inner_null(struct world *w)
{
	CK_ATTRIBUTE a = { entry_type(w), NULL, world_pick(w, 2) ? ABSURD : 8 };

	return a;
}

static CK_ATTRIBUTE inner_edge(struct world *w)
{
	CK_ATTRIBUTE a = { entry_type(w), memory_edge(), world_pick(w, 2) ? ABSURD : 0 };

	return a;
}

static CK_ATTRIBUTE inner_flag(struct world *w)
{
	CK_BBOOL v = CK_TRUE;
	CK_ATTRIBUTE a = { world_pick(w, 2) ? CKA_SENSITIVE : entry_type(w),
			   memory_take(INPUT, 1, &v), 1 };

	return a;
}

static CK_ATTRIBUTE inner_list(struct world *w)
{
	CK_ATTRIBUTE inner = inner_flag(w);
	CK_ATTRIBUTE a = { CKA_WRAP_TEMPLATE, memory_take(INPUT, sizeof(inner), &inner),
			   sizeof(inner) };

	return a;
}

static void spoil_list(struct world *w, const CK_ATTRIBUTE *base, CK_ATTRIBUTE *a)
{
	static CK_ATTRIBUTE (*const makers[])(struct world *w) = {
		inner_null, inner_edge, inner_flag, inner_list,
	};
	CK_ATTRIBUTE inner[3];
	CK_ULONG cut = world_pick(w, 4) ? 0 : world_pick(w, sizeof(*inner));
	unsigned n = 1 + world_pick(w, LENGTH(inner));

	(void)base;
	for (unsigned i = 0; i < n; i++) {
		unsigned maker = world_pick(w, LENGTH(makers));

		inner[i] = makers[maker](w);
		note(" inner %u 0x%lx", maker, inner[i].type);
	}
	a->ulValueLen = n * sizeof(*inner) - cut;
	a->pValue = world_pick(w, 2) ? memory_take(INPUT, a->ulValueLen, inner)
				     : memory_take_askew(a->ulValueLen, inner);
}

/* A list whose only entry is the list itself. */
static void spoil_ring(struct world *w, const CK_ATTRIBUTE *base, CK_ATTRIBUTE *a)
{
	CK_ATTRIBUTE inner = { world_pick(w, 2) ? CKA_WRAP_TEMPLATE : base->type, NULL,
			       sizeof(inner) };
	unsigned char *ring = memory_take(SCRATCH, sizeof(inner), NULL);

	inner.pValue = ring;
	memcpy(ring, &inner, sizeof(inner));
	a->pValue = ring;
	a->ulValueLen = sizeof(inner);
	note(" ring");
}

static void spoil_many(struct world *w, const CK_ATTRIBUTE *base, CK_ATTRIBUTE *a)
{
	static CK_ATTRIBUTE many[2000];
	const CK_ATTRIBUTE one = inner_flag(w);

	(void)base;
	for (size_t i = 0; i < LENGTH(many); i++)
		many[i] = one;
	a->ulValueLen = sizeof(many);
	a->pValue = memory_take(INPUT, sizeof(many), many);
	note(" 2000 entries");
}

CK_ATTRIBUTE entry_spoil(struct world *w, const CK_ATTRIBUTE *base)
{
	static void (*const ways[])(struct world *w, const CK_ATTRIBUTE *base, CK_ATTRIBUTE *a) = {
		spoil_null, spoil_absurd, spoil_len, spoil_len, spoil_bit, spoil_fill, spoil_flag,
		spoil_number, spoil_askew, spoil_date, spoil_list, spoil_list, spoil_ring,
		spoil_many,
	};
	CK_ATTRIBUTE a = { base->type, NULL, 0 };

	note(" 0x%lx", a.type);
	ways[world_pick(w, LENGTH(ways))](w, base, &a);
	return a;
}
