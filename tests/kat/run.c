#include "config.h"

#include "run.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>

#include "p11/harness.h"

bool run_failed(struct run *run, const char *format, ...)
{
	char text[6000];
	va_list ap;

	va_start(ap, format);
	vsnprintf(text, sizeof(text), format, ap);
	va_end(ap);
	run->failed = true;
	return record_complain(run->r, "%s (%s)", text, run->r->source);
}

bool run_answer(struct run *run, CK_RV got, CK_RV wanted, const char *what)
{
	return got == wanted || run_failed(run, "%s: %s, expected %s", what,
					   constant_name("CKR_", got),
					   constant_name("CKR_", wanted));
}

/* The field openssl = 3.2: what the record needs came with that version. */
static bool openssl_is_old(struct record *r)
{
	const char *text = record_text(r, "openssl", 0);
	char *end = NULL;
	unsigned long major = text ? strtoul(text, &end, 10) : 0;
	unsigned long minor = end && *end == '.' ? strtoul(end + 1, NULL, 10) : 0;

	return text && OpenSSL_version_num() < (major << 28 | minor << 20);
}

/* How a peer says that it does not do such a thing at all. */
static bool is_refusal(CK_RV rv)
{
	static const CK_RV refusals[] = {
		CKR_MECHANISM_INVALID, CKR_MECHANISM_PARAM_INVALID, CKR_ARGUMENTS_BAD,
		CKR_ATTRIBUTE_VALUE_INVALID, CKR_TEMPLATE_INCOMPLETE, CKR_TEMPLATE_INCONSISTENT,
		CKR_KEY_SIZE_RANGE, CKR_KEY_TYPE_INCONSISTENT, CKR_FUNCTION_NOT_SUPPORTED,
	};

	for (size_t i = 0; i < LENGTH(refusals); i++)
		if (refusals[i] == rv)
			return true;
	return false;
}

bool run_refused(struct run *run, CK_RV rv)
{
	bool optional = record_flag(run->r, "optional"), old = openssl_is_old(run->r);

	if (rv == CKR_MECHANISM_PARAM_INVALID && run->expected == CKR_OK && (optional || old))
		run->refused = true;
	if (run->modest && is_refusal(rv))
		run->refused = true;
	return run->refused;
}

bool run_offers(const struct run *run, enum operation op)
{
	CK_SESSION_INFO session;
	CK_MECHANISM_INFO info;

	return p11->C_GetSessionInfo(run->s, &session) == CKR_OK &&
	       p11->C_GetMechanismInfo(session.slotID, run->r->mechanism->type, &info) == CKR_OK &&
	       (info.flags & operation_flag(op));
}

/* --- digests, encryption ------------------------------------------------ */

/* The input field and the one with the result; where it is missing, out->p is NULL. */
static bool in_and_out(struct run *run, const char *out_name, struct bytes *in, struct bytes *out)
{
	if (!record_bytes(run->r, "in", in) || !record_bytes(run->r, out_name, out))
		run->failed = true;
	if (!record_has(run->r, out_name))
		out->p = NULL;
	return !run->failed;
}

void run_digest(struct run *run)
{
	struct param param;
	struct leg leg = {
		.op = OP_DIGEST, .param = &param, .expected = run->expected, .what = "",
	};

	if (!in_and_out(run, "out", &leg.in, &leg.out) ||
	    !param_build(run->r, run->s, leg.in.len, &param)) {
		run->failed = true;
		return;
	}
	leg_run(run, &leg);
	negative_init(run, &leg);
}

/* The keys and the parameter for an operation and the one that undoes it. */
static bool crypt_begin(struct run *run, struct leg *forth, struct leg *back, struct param *param,
			CK_ULONG data_len)
{
	forth->param = back->param = param;
	forth->expected = back->expected = run->expected;
	forth->what = back->what = "";
	if (!param_build(run->r, run->s, data_len, param) ||
	    !key_make(run->r, run->s, "key", forth->op, &forth->key) ||
	    (key_has(run->r, "key", back->op) &&
	     !key_make(run->r, run->s, "key", back->op, &back->key)))
		run->failed = !run->modest;
	return forth->key != CK_INVALID_HANDLE && !run->failed;
}

/* What one makes, the other has to undo: for encryption and signatures that are random. */
static void there_and_back(struct run *run, struct leg *there, struct leg *back)
{
	struct bytes made = { NULL, 0 };

	if (!there->key || !run_offers(run, there->op) || !run_offers(run, back->op))
		return;
	there->out = made;
	if (!leg_single(run, there, &made) || run->refused)
		return;
	cover(run->r->mechanism->type, there->op, SINGLE);
	if (back->op == OP_VERIFY)
		*back = (struct leg){
			.op = back->op, .key = back->key, .param = back->param, .in = there->in,
			.out = made, .what = " of what was just signed",
		};
	else
		*back = (struct leg){
			.op = back->op, .key = back->key, .param = back->param, .in = made,
			.out = there->in, .what = " of what was just encrypted",
		};
	leg_run(run, back);
	if (run->r->mechanism->parts[there->op] && leg_parts(run, there, 17))
		cover(run->r->mechanism->type, there->op, PARTS);
}

/*
 * [X encrypt]: in gives out, and out gives in. [X decrypt]: in gives out, and what encryption makes
 * of out decrypts. A record that has to be refused runs the operation it names.
 */
void run_crypt(struct run *run)
{
	bool random = run->r->op == OP_DECRYPT;
	struct leg encrypt = { .op = OP_ENCRYPT }, decrypt = { .op = OP_DECRYPT };
	struct bytes in, out;
	struct param param;

	if (!in_and_out(run, "out", &in, &out) ||
	    !crypt_begin(run, &encrypt, &decrypt, &param, random ? out.len : in.len))
		return;
	encrypt.in = decrypt.out = random ? out : in;
	encrypt.out = decrypt.in = random ? in : out;
	if (run->expected != CKR_OK) {
		leg_run(run, random ? &decrypt : &encrypt);
		return;
	}
	if (!random)
		leg_run(run, &encrypt);
	if (decrypt.key)
		leg_run(run, &decrypt);
	if (run->refused)
		return;
	negative_init(run, &encrypt);
	if (decrypt.key) {
		negative_init(run, &decrypt);
		negative_crypt(run, &encrypt, &decrypt);
	}
	if (random && !run->modest)
		there_and_back(run, &encrypt, &decrypt);
}

/* --- signatures --------------------------------------------------------- */

/*
 * [X sign]: in gives signature, which verifies. [X verify]: the signature verifies, and so does one
 * that is made now, if the private key is there.
 */
void run_sign(struct run *run)
{
	bool random = run->r->op == OP_VERIFY;
	struct leg sign = { .op = OP_SIGN }, verify = { .op = OP_VERIFY };
	struct param param;

	if (!in_and_out(run, "signature", &sign.in, &sign.out) ||
	    !crypt_begin(run, &verify, &sign, &param, sign.in.len))
		return;
	verify.in = sign.in;
	verify.out = sign.out;
	if (run->expected != CKR_OK) {
		leg_run(run, random ? &verify : &sign);
		return;
	}
	if (!random)
		leg_run(run, &sign);
	leg_run(run, &verify);
	if (run->refused)
		return;
	negative_init(run, &verify);
	negative_verify(run, &verify);
	if (sign.key)
		negative_init(run, &sign);
	if (random && !run->modest)
		there_and_back(run, &sign, &verify);
}

/* [X sign-recover]: in gives signature, which gives in. */
void run_recover(struct run *run)
{
	struct leg sign = { .op = OP_SIGN_RECOVER }, recover = { .op = OP_VERIFY_RECOVER };
	struct param param;

	if (!in_and_out(run, "signature", &sign.in, &sign.out) ||
	    !crypt_begin(run, &recover, &sign, &param, sign.in.len))
		return;
	recover.in = sign.out;
	recover.out = sign.in;
	if (run->expected != CKR_OK) {
		leg_run(run, run->r->op == OP_SIGN_RECOVER ? &sign : &recover);
		return;
	}
	leg_run(run, &sign);
	leg_run(run, &recover);
	negative_init(run, &sign);
	negative_init(run, &recover);
}

/* --- any record --------------------------------------------------------- */

static void (*const runners[OPERATIONS])(struct run *run) = {
	[OP_ENCRYPT] = run_crypt, [OP_DECRYPT] = run_crypt,
	[OP_SIGN] = run_sign, [OP_VERIFY] = run_sign,
	[OP_SIGN_RECOVER] = run_recover, [OP_VERIFY_RECOVER] = run_recover,
	[OP_DIGEST] = run_digest,
	[OP_WRAP] = run_wrap, [OP_UNWRAP] = run_wrap,
	[OP_GENERATE] = run_generate, [OP_GENERATE_PAIR] = run_generate,
	[OP_DERIVE] = run_derive,
};

bool record_run(struct record *r, CK_SESSION_HANDLE s, bool modest, bool *refused)
{
	struct run run = { .r = r, .s = s, .modest = modest };

	if (!record_constant(r, "expect", CKR_OK, &run.expected))
		return false;
	/* asked for here, since not every run comes to the question */
	*refused = record_has(r, "reference") && modest;
	*refused = (modest && run.expected != CKR_OK) || *refused;
	if (*refused)
		return true;
	record_has(r, "openssl");
	record_has(r, "optional");
	runners[r->op](&run);
	*refused = run.refused;
	return !run.failed;
}
