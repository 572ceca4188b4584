#include "config.h"

#include <stdio.h>
#include <string.h>

#include "p11/harness.h"
#include "run.h"

/* --- beginning ---------------------------------------------------------- */

static void init_refused(struct run *run, const struct leg *leg, CK_MECHANISM *m,
			 CK_OBJECT_HANDLE key, CK_RV wanted, const char *why)
{
	CK_RV rv = call_init(leg->op, run->s, m, key);
	char what[200];

	snprintf(what, sizeof(what), "%sInit with %s", call_name(leg->op), why);
	run_answer(run, rv, wanted, what);
	if (rv == CKR_OK) {
		CK_BYTE out[2048] = { 0 };
		CK_ULONG len = sizeof(out);

		/* ends the operation, which should not have begun */
		call_single(leg->op, run->s, (struct bytes){ out, 16 }, out, &len);
	}
}

/* No parameter, one byte too few, one where there is none: refused, not ignored. */
static void params_refused(struct run *run, const struct leg *leg)
{
	CK_MECHANISM m = leg->param->m;
	CK_BYTE *longer = pool_alloc(m.ulParameterLen + 1);

	if (!m.ulParameterLen && strcmp(run->r->mechanism->param, "none") == 0) {
		m.pParameter = longer;
		m.ulParameterLen = 1;
		init_refused(run, leg, &m, leg->key, CKR_MECHANISM_PARAM_INVALID,
			     "a parameter where none is known");
	}
	if (!m.ulParameterLen || !run->r->mechanism->param_required)
		return;
	m.ulParameterLen--;
	init_refused(run, leg, &m, leg->key, CKR_MECHANISM_PARAM_INVALID,
		     "a parameter one byte too short");
	m.ulParameterLen = 0;
	m.pParameter = NULL;
	init_refused(run, leg, &m, leg->key, CKR_MECHANISM_PARAM_INVALID, "no parameter");
}

void negative_init(struct run *run, const struct leg *leg)
{
	CK_OBJECT_HANDLE wrong = CK_INVALID_HANDLE;

	if (run->modest || run->expected != CKR_OK || run->refused || !run_offers(run, leg->op))
		return;
	if (!record_has(run->r, "param"))
		params_refused(run, leg);
	if (leg->op != OP_DIGEST && key_make_wrong(run->r->mechanism, run->s, leg->op, &wrong))
		init_refused(run, leg, &leg->param->m, wrong, CKR_KEY_TYPE_INCONSISTENT,
			     "a key of another type");
}

/* --- data --------------------------------------------------------------- */

/* A copy with the bits of one byte changed; `at` counts from the end when it is negative. */
static struct bytes changed(struct bytes from, long at, CK_BYTE bits)
{
	struct bytes b = bytes_copy(from.p, from.len, 0);

	if (b.len)
		b.p[at < 0 ? b.len - (CK_ULONG)-at : (CK_ULONG)at] ^= bits;
	return b;
}

/* Another length: cut at the end, or filled up with zeros. */
static struct bytes resized(struct bytes from, CK_ULONG len)
{
	struct bytes b = bytes_copy(from.p, from.len < len ? from.len : len,
				    len > from.len ? len - from.len : 0);

	b.len = len;
	return b;
}

/* The leg with another input, or of verification another signature, has to fail both ways. */
static void leg_refused(struct run *run, const struct leg *good, struct bytes in, struct bytes out,
			CK_RV wanted, const char *what)
{
	struct leg bad = *good;

	bad.in = in;
	bad.out = out;
	bad.expected = wanted;
	bad.what = what;
	leg_single(run, &bad, NULL);
	if (run->r->mechanism->parts[good->op])
		leg_parts(run, &bad, trait_of(run->r->mechanism)->block);
}

static void negative_aead(struct run *run, const struct leg *decrypt)
{
	CK_ULONG tag = decrypt->in.len - decrypt->out.len;

	leg_refused(run, decrypt, changed(decrypt->in, -1, 1), decrypt->out,
		    CKR_ENCRYPTED_DATA_INVALID, " with a changed tag");
	leg_refused(run, decrypt, changed(decrypt->in, -(long)tag, 0x80), decrypt->out,
		    CKR_ENCRYPTED_DATA_INVALID, " with the tag's first bit changed");
	if (decrypt->out.len)
		leg_refused(run, decrypt, changed(decrypt->in, 0, 1), decrypt->out,
			    CKR_ENCRYPTED_DATA_INVALID, " with changed text");
	leg_refused(run, decrypt, resized(decrypt->in, tag - 1), decrypt->out,
		    CKR_ENCRYPTED_DATA_LEN_RANGE, " with less than the tag");
}

static void negative_padded(struct run *run, const struct leg *decrypt, CK_ULONG block)
{
	leg_refused(run, decrypt, resized(decrypt->in, decrypt->in.len - 1), decrypt->out,
		    CKR_ENCRYPTED_DATA_LEN_RANGE, " with the last byte missing");
	leg_refused(run, decrypt, resized(decrypt->in, 0), decrypt->out,
		    CKR_ENCRYPTED_DATA_LEN_RANGE, " of nothing");
	if (decrypt->in.len > block)
		leg_refused(run, decrypt, changed(decrypt->in, -(long)block - 1, 0x80),
			    decrypt->out, CKR_ENCRYPTED_DATA_INVALID, " with wrong padding");
}

void negative_crypt(struct run *run, const struct leg *encrypt, const struct leg *decrypt)
{
	const struct trait *t = trait_of(run->r->mechanism);

	if (run->modest || run->expected != CKR_OK || run->failed ||
	    !run_offers(run, OP_ENCRYPT) || !run_offers(run, OP_DECRYPT))
		return;
	if (t->kind == TRAIT_AEAD)
		negative_aead(run, decrypt);
	if (t->kind == TRAIT_PADDED)
		negative_padded(run, decrypt, t->block);
	if (t->kind == TRAIT_BLOCKS) {
		leg_refused(run, encrypt, resized(encrypt->in, encrypt->in.len + 1), encrypt->out,
			    CKR_DATA_LEN_RANGE, " with one byte more");
		leg_refused(run, decrypt, resized(decrypt->in, decrypt->in.len + 1), decrypt->out,
			    CKR_ENCRYPTED_DATA_LEN_RANGE, " with one byte more");
	}
	if (t->kind == TRAIT_STEALS) {
		leg_refused(run, encrypt, resized(encrypt->in, t->block - 1), encrypt->out,
			    CKR_DATA_LEN_RANGE, " of less than a block");
		leg_refused(run, decrypt, resized(decrypt->in, t->block - 1), decrypt->out,
			    CKR_ENCRYPTED_DATA_LEN_RANGE, " of less than a block");
	}
}

void negative_verify(struct run *run, const struct leg *verify)
{
	struct bytes sig = verify->out;

	if (run->modest || run->expected != CKR_OK || run->failed || !run_offers(run, OP_VERIFY))
		return;
	leg_refused(run, verify, verify->in, changed(sig, -1, 1), CKR_SIGNATURE_INVALID,
		    " of a changed signature");
	leg_refused(run, verify, verify->in, changed(sig, 0, 1), CKR_SIGNATURE_INVALID,
		    " of a signature with its first byte changed");
	if (verify->in.len)
		leg_refused(run, verify, changed(verify->in, 0, 1), sig, CKR_SIGNATURE_INVALID,
			    " of changed data");
	leg_refused(run, verify, verify->in, resized(sig, sig.len - 1), CKR_SIGNATURE_LEN_RANGE,
		    " of a signature one byte too short");
	leg_refused(run, verify, verify->in, resized(sig, sig.len + 1), CKR_SIGNATURE_LEN_RANGE,
		    " of a signature one byte too long");
	leg_refused(run, verify, verify->in, resized(sig, 0), CKR_SIGNATURE_LEN_RANGE,
		    " of an empty signature");
}
