#include "config.h"

#include "make.h"

#include <string.h>

#include "p11/harness.h"
#include "run.h"

#define MADE_MAX	8192

bool job_random(const struct record *job)
{
	return job->op == OP_VERIFY || job->op == OP_DECRYPT || job->op == OP_UNWRAP;
}

/* --- running ------------------------------------------------------------ */

/* The operation that makes what the job's operation takes. */
static enum operation maker(enum operation op)
{
	switch (op) {
	case OP_VERIFY:
		return OP_SIGN;
	case OP_DECRYPT:
		return OP_ENCRYPT;
	case OP_UNWRAP:
		return OP_WRAP;
	default:
		return op;
	}
}

static bool run_crypto(struct record *job, CK_SESSION_HANDLE s, enum operation op,
		       struct bytes *made)
{
	CK_OBJECT_HANDLE key = CK_INVALID_HANDLE;
	struct param param;
	struct bytes in;

	made->len = MADE_MAX;
	made->p = pool_alloc(made->len);
	return record_bytes(job, "in", &in) && param_build(job, s, in.len, &param) &&
	       (op == OP_DIGEST || key_make(job, s, "key", op, &key)) &&
	       call_init(op, s, &param.m, key) == CKR_OK &&
	       call_single(op, s, in, made->p, &made->len) == CKR_OK;
}

static bool run_wrapping(struct record *job, CK_SESSION_HANDLE s, struct bytes *made)
{
	CK_OBJECT_HANDLE key = CK_INVALID_HANDLE;
	struct wrapped target;
	struct param param;

	made->len = MADE_MAX;
	made->p = pool_alloc(made->len);
	return key_make_wrapped(job, s, "target", &target) &&
	       key_make(job, s, "key", OP_WRAP, &key) && param_build(job, s, 0, &param) &&
	       p11->C_WrapKey(s, &param.m, key, target.key, made->p, &made->len) == CKR_OK;
}

static bool run_derivation(struct record *job, CK_SESSION_HANDLE s, struct bytes *made)
{
	CK_OBJECT_HANDLE key = CK_INVALID_HANDLE, derived = CK_INVALID_HANDLE;
	struct run run = { .r = job, .s = s, .modest = true };
	struct tmpl t = { .n = 0 };
	struct param param;
	bool none = false;

	return derive_tmpl(&run, &t, &none) && key_make(job, s, "key", OP_DERIVE, &key) &&
	       param_build(job, s, 0, &param) &&
	       p11->C_DeriveKey(s, &param.m, key, t.a, t.n, &derived) == CKR_OK &&
	       object_value(s, derived, CKA_VALUE, made);
}

bool job_run(struct record *job, CK_SESSION_HANDLE s, struct bytes *made)
{
	struct run run = { .r = job, .s = s };
	enum operation op = maker(job->op);

	if (!run_offers(&run, op) || !run_offers(&run, job->op))
		return false;
	if (op == OP_WRAP)
		return run_wrapping(job, s, made);
	if (op == OP_DERIVE)
		return run_derivation(job, s, made);
	return run_crypto(job, s, op, made);
}

/* --- writing ------------------------------------------------------------ */

/* Of a decryption, the text of the job is what comes out. */
static const char *field_name(const struct record *job, const struct field *f)
{
	return job->op == OP_DECRYPT && strcmp(f->name, "in") == 0 ? "out" : f->name;
}

static const char *result_name(const struct record *job)
{
	if (job->op == OP_DECRYPT || job->op == OP_UNWRAP)
		return "in";
	return job->op == OP_SIGN || job->op == OP_VERIFY || job->op == OP_SIGN_RECOVER ?
		       "signature" : "out";
}

void job_write(FILE *f, const struct record *job, struct bytes made)
{
	const char *hex = bytes_hex(made.p, made.len);

	fprintf(f, "# source: %s:%u\n\n[%s %s]\n", job->file, job->line, job->head, job->tail);
	for (size_t i = 0; i < job->nfields; i++)
		fprintf(f, "%s = %s\n", field_name(job, &job->fields[i]), job->fields[i].text);
	fprintf(f, "%s =\n", result_name(job));
	for (; *hex; hex += strnlen(hex, 96))
		fprintf(f, "\t%.96s\n", hex);
	fprintf(f, "\n");
}

void record_add_result(struct record *job, struct bytes made)
{
	struct field *fields = pool_alloc((job->nfields + 1) * sizeof(*fields));

	for (size_t i = 0; i < job->nfields; i++) {
		fields[i] = job->fields[i];
		fields[i].name = field_name(job, &job->fields[i]);
	}
	fields[job->nfields] = (struct field){
		.name = result_name(job), .text = bytes_hex(made.p, made.len),
	};
	job->fields = fields;
	job->nfields++;
}
