#include "config.h"

#include <fnmatch.h>
#include <stdio.h>
#include <string.h>

#include "p11/harness.h"
#include "run.h"

/* Parts of one byte only for inputs up to that length. */
#define BYTEWISE_MAX	1500
#define ROOM_MORE	8192

/* The first match counts. */
static const struct trait traits[] = {
	{ "CKM_DES*_CBC_PAD", 8, TRAIT_PADDED, false },
	{ "CKM_DES*_CBC", 8, TRAIT_BLOCKS, false },
	{ "CKM_DES*_ECB", 8, TRAIT_BLOCKS, false },
	{ "CKM_DES*", 8, TRAIT_PLAIN, false },
	{ "CKM_AES_CBC_PAD", 16, TRAIT_PADDED, false },
	{ "CKM_AES_CBC", 16, TRAIT_BLOCKS, false },
	{ "CKM_AES_ECB", 16, TRAIT_BLOCKS, false },
	{ "CKM_AES_[GC]CM", 16, TRAIT_AEAD, true },
	{ "CKM_AES_CTS", 16, TRAIT_STEALS, false },
	{ "CKM_AES_XTS", 16, TRAIT_STEALS, false },
	{ "CKM_*AES_KEY_WRAP*", 8, TRAIT_PLAIN, true },
	{ "CKM_AES*", 16, TRAIT_PLAIN, false },
	{ "CKM_CHACHA20_POLY1305", 64, TRAIT_AEAD, false },
	{ "CKM_POLY1305", 16, TRAIT_PLAIN, false },
	{ "CKM_CHACHA20", 64, TRAIT_PLAIN, false },
	{ "*SHA3_224*", 144, TRAIT_PLAIN, false },
	{ "*SHA3_256*", 136, TRAIT_PLAIN, false },
	{ "*SHA3_384*", 104, TRAIT_PLAIN, false },
	{ "*SHA3_512*", 72, TRAIT_PLAIN, false },
	{ "*SHA384*", 128, TRAIT_PLAIN, false },
	{ "*SHA512*", 128, TRAIT_PLAIN, false },
	{ "*", 64, TRAIT_PLAIN, false },
};

const struct trait *trait_of(const struct mechanism *m)
{
	const struct trait *t = traits;

	while (fnmatch(t->pattern, m->name, 0) != 0)
		t++;
	return t;
}

/* --- one call ----------------------------------------------------------- */

/* Too little room is said, and leaves the operation as it is. */
static bool ask_first(struct run *run, const struct leg *leg,
		      CK_RV (*ask)(struct run *, const struct leg *, CK_BYTE *, CK_ULONG *))
{
	CK_ULONG len = 0;
	CK_BYTE *little = pool_alloc(leg->out.len);
	CK_RV rv = CKR_OK;

	if (run->modest || leg->expected != CKR_OK || leg->op == OP_VERIFY)
		return true;
	rv = ask(run, leg, NULL, &len);
	if (!run_answer(run, rv, CKR_OK, "the question for the length"))
		return false;
	if (len < leg->out.len)
		return run_failed(run, "%s: %lu bytes announced for %lu", leg->what, len,
				  leg->out.len);
	if (!leg->out.len)
		return true;
	len = leg->out.len - 1;
	rv = ask(run, leg, little, &len);
	if (!run_answer(run, rv, CKR_BUFFER_TOO_SMALL, "a buffer one byte too short"))
		return false;
	return len >= leg->out.len ||
	       run_failed(run, "%lu bytes announced for %lu", len, leg->out.len);
}

static CK_RV ask_single(struct run *run, const struct leg *leg, CK_BYTE *out, CK_ULONG *len)
{
	return call_single(leg->op, run->s, leg->in, out, len);
}

static bool same(struct run *run, const struct leg *leg, const char *how, struct bytes got)
{
	if (got.len == leg->out.len && (!got.len || memcmp(got.p, leg->out.p, got.len) == 0))
		return true;
	return run_failed(run, "%s %s%s: got %s, expected %s", call_name(leg->op), how, leg->what,
			  bytes_hex(got.p, got.len), bytes_hex(leg->out.p, leg->out.len));
}

/* The first call of each form. False: there is nothing to go on with. */
static bool begin(struct run *run, const struct leg *leg, const char *how)
{
	CK_RV rv = call_init(leg->op, run->s, &leg->param->m, leg->key);
	char what[200];

	if (rv != CKR_OK && (rv == leg->expected || run_refused(run, rv)))
		return false;
	snprintf(what, sizeof(what), "%sInit %s%s", call_name(leg->op), how, leg->what);
	return run_answer(run, rv, CKR_OK, what);
}

/* Room for what should come out and for what should not. */
static struct bytes room_for(const struct leg *leg)
{
	struct bytes b = { NULL, leg->in.len + leg->out.len + ROOM_MORE };

	if (leg->op == OP_VERIFY)
		return bytes_copy(leg->out.p, leg->out.len, 0);
	b.p = pool_alloc(b.len);
	return b;
}

/* After the last call: the answer, and what came out. */
static bool finish(struct run *run, const struct leg *leg, const char *how, CK_RV rv,
		   struct bytes got)
{
	char what[200];

	snprintf(what, sizeof(what), "%s %s%s", call_name(leg->op), how, leg->what);
	if (!run_answer(run, rv, leg->expected, what))
		return false;
	return rv != CKR_OK || !leg->out.p || same(run, leg, how, got);
}

bool leg_single(struct run *run, const struct leg *leg, struct bytes *result)
{
	struct bytes got = room_for(leg);
	CK_RV rv = CKR_OK;

	if (!begin(run, leg, "in one call"))
		return !run->failed && !run->refused;
	if (leg->out.p && !ask_first(run, leg, ask_single))
		return false;
	if (!run->modest && leg->expected == CKR_OK && leg->op != OP_VERIFY && leg->out.len)
		got.len = leg->out.len;
	rv = call_single(leg->op, run->s, leg->in, got.p, &got.len);
	if (result)
		*result = got;
	return finish(run, leg, "in one call", rv, got);
}

/* --- several calls ------------------------------------------------------ */

/* The next part's length; a generator with a fixed seed for the random ones. */
static CK_ULONG next_part(CK_ULONG part, CK_ULONG left, unsigned *seed)
{
	if (!part) {
		*seed = *seed * 1103515245u + 12345u;
		part = (*seed >> 16) % 41;
	}
	return part < left ? part : left;
}

/* All the updates. Each asks for the length first when parts are a block and a byte. */
static CK_RV updates(struct run *run, const struct leg *leg, CK_ULONG part, bool ask,
		     struct bytes *got)
{
	CK_ULONG room = got->len;
	unsigned seed = 20240229;
	CK_RV rv = CKR_OK;

	got->len = 0;
	for (CK_ULONG at = 0; rv == CKR_OK && at < leg->in.len;) {
		CK_ULONG n = next_part(part, leg->in.len - at, &seed), len = 0;
		struct bytes in = { leg->in.p + at, n };

		if (ask && call_streams(leg->op))
			rv = call_update(leg->op, run->s, in, NULL, &len);
		len = room - got->len;
		if (rv == CKR_OK)
			rv = call_update(leg->op, run->s, in, got->p ? got->p + got->len : NULL,
					 &len);
		if (rv == CKR_OK)
			got->len += len;
		at += n;
	}
	return rv;
}

static CK_RV ask_final(struct run *run, const struct leg *leg, CK_BYTE *out, CK_ULONG *len)
{
	return call_final(leg->op, run->s, out, len);
}

bool leg_parts(struct run *run, const struct leg *leg, CK_ULONG part)
{
	struct bytes room = room_for(leg), got = room, tail;
	char how[64];
	CK_RV rv = CKR_OK;

	if (part)
		snprintf(how, sizeof(how), "in parts of %lu", part);
	else
		snprintf(how, sizeof(how), "in random parts");
	if (!begin(run, leg, how))
		return !run->failed && !run->refused;
	if (leg->op == OP_VERIFY)
		room.len = 0;
	got = room;
	rv = updates(run, leg, part, !run->modest && part % 2 == 1 && part > 1, &got);
	if (rv != CKR_OK)
		return finish(run, leg, how, rv, got);
	tail = (struct bytes){ room.p + got.len, room.len - got.len };
	if (leg->op == OP_VERIFY)
		tail = leg->out;

	struct leg last = *leg;

	last.out.len = leg->out.len > got.len ? leg->out.len - got.len : 0;
	if (leg->out.p && !ask_first(run, &last, ask_final))
		return false;
	rv = call_final(leg->op, run->s, tail.p, &tail.len);
	got.len += leg->op == OP_VERIFY ? 0 : tail.len;
	return finish(run, leg, how, rv,
		      leg->op == OP_VERIFY ? leg->out : got);
}

void leg_run(struct run *run, const struct leg *leg)
{
	CK_ULONG block = trait_of(run->r->mechanism)->block;
	const CK_ULONG parts[] = { 1, block - 1, block, block + 1, 0 };
	bool counts = false;

	if (!run_offers(run, leg->op))
		return;
	if (!leg_single(run, leg, NULL) || run->refused)
		return;
	counts = leg->expected == CKR_OK && !*leg->what;
	if (counts)
		cover(run->r->mechanism->type, leg->op, SINGLE);
	/* SoftHSM 2.6.1 takes EdDSA's data in one call only */
	if (!run->r->mechanism->parts[leg->op] ||
	    (run->modest && run->r->mechanism->type == CKM_EDDSA))
		return;
	for (size_t i = 0; i < LENGTH(parts); i++)
		if (parts[i] != 1 || leg->in.len <= BYTEWISE_MAX)
			if (!leg_parts(run, leg, parts[i]))
				return;
	if (counts)
		cover(run->r->mechanism->type, leg->op, PARTS);
}
