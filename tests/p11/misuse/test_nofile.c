/* Every function again and again, a later call for a file of its failing each time. */
#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "fault/shim.h"
#include "p11/misuse/misuse.h"

#define SEED		8001u
#define MANY		1000	/* more than any call makes */
#define FREE_SLOT	2	/* variants of values.c */
#define TOKEN_OBJECT	1
#define ON_TOKEN	1
#define OTHER_LABEL	2

static struct {
	unsigned long n;	/* which call for a file fails */
	int error;
	bool failed;		/* it was made */
	CK_RV usual;		/* the answer when none fails */
} fault;

static CK_RV invoke_failing(const struct trial *t)
{
	const struct fault_plan plan = { .kinds = FAULT_ALL_FILES, .first = fault.n,
					 .last = fault.n, .error = fault.error };
	CK_RV rv = CKR_OK;

	fault_begin(&plan);
	rv = t->f->invoke(t->words);
	fault.failed = fault_end() >= fault.n;
	return rv;
}

/* What a disk that fails, is full or is not to be entered can be the reason of. */
static bool is_right(const struct function *f, CK_RV rv)
{
	static const CK_RV answers[] = {
		CKR_DEVICE_ERROR, CKR_DEVICE_MEMORY, CKR_DEVICE_REMOVED, CKR_HOST_MEMORY,
		CKR_TOKEN_WRITE_PROTECTED, CKR_TOKEN_NOT_RECOGNIZED, CKR_FUNCTION_FAILED,
	};

	if (fault.n == MANY)
		fault.usual = rv;
	if (rv == fault.usual)
		return true;
	/* that of SoftHSM for a configuration that it cannot read */
	if (fault.failed && rv == CKR_GENERAL_ERROR && strcmp(f->name, "C_Initialize") == 0)
		return true;
	for (size_t i = 0; fault.failed && i < LENGTH(answers); i++)
		if (answers[i] == rv)
			return true;
	trial_fault(rv, "is not for a file that fails");
	return false;
}

static bool world_anew(struct world *w)
{
	CK_RV rv = world_fresh();

	if (rv == CKR_OK)
		rv = world_enter(w, RW_USER);
	if (rv != CKR_OK)
		fprintf(stderr, "the world for a trial could not be made: 0x%lx\n", rv);
	return rv == CKR_OK;
}

/* What a failure left on disk is a token that works, with all that it had. */
static bool still_works(struct world *w, const struct function *f, CK_RV answer)
{
	CK_RV rv = world_enter(w, RW_USER);
	bool may_be_gone = strcmp(f->name, "C_DestroyObject") == 0;

	if (rv == CKR_OK && !may_be_gone && !w->token_object[DATA])
		rv = CKR_OBJECT_HANDLE_INVALID;
	if (rv != CKR_OK)
		trial_fault(answer, "broke the token");
	return rv == CKR_OK;
}

/* Arguments that lead to files. */
static void argument_make(struct trial *t, unsigned i)
{
	bool sets = strcmp(t->f->name, "C_SetAttributeValue") == 0;

	switch (t->f->arguments[i].role) {
	case R_OBJECT:
		variant_make(t, i, TOKEN_OBJECT);
		break;
	case R_TEMPLATE:
		variant_make(t, i, sets ? 0 : ON_TOKEN);
		break;
	case R_SLOT:
		variant_make(t, i, strcmp(t->f->name, "C_InitToken") == 0 ? FREE_SLOT : 0);
		break;
	case R_LABEL:
		variant_make(t, i, OTHER_LABEL);
		break;
	default:
		variant_good(t, i);
		break;
	}
}

static bool one_call(struct world *w, const struct function *f, unsigned long n, int error)
{
	struct trial t;
	CK_RV rv = CKR_OK;

	fault.n = n;
	fault.error = error;
	world_operations(w, f);
	trial_begin(&t, w, f);
	t.invoke = invoke_failing;
	t.any_answer = true;
	t.unwatched = true;	/* a write that fails late has been made */
	for (unsigned i = 0; i < f->count; i++)
		argument_make(&t, i);
	note(", call %lu for a file: %s", n, strerror(error));
	return trial_run(&t, &rv) && is_right(f, rv) && (rv == CKR_OK || still_works(w, f, rv));
}

/* Initialised when the trial begins, or not. */
static bool prepare(struct world *w, const struct function *f)
{
	bool good = world_anew(w);

	if (strcmp(f->name, "C_Initialize") == 0)
		p11->C_Finalize(NULL);
	return good;
}

static bool run_function(struct world *w, const struct batch *b)
{
	static const int errors[] = { EIO, ENOSPC, EACCES, EMFILE };
	bool good = prepare(w, b->f) && one_call(w, b->f, MANY, EIO), more = true;

	for (unsigned long n = 1; good && more && n < MANY; n++) {
		good = prepare(w, b->f) && one_call(w, b->f, n, errors[n % LENGTH(errors)]);
		more = fault.failed;
	}
	return good;
}

static void test_functions(void)
{
	for (size_t i = 0; i < function_count; i++) {
		const struct batch b = { run_function, &functions[i], NULL, SEED + i };

		row_runf(ANY_STATE, batch_row, &b, CKR_OK, "nofile_%s", functions[i].name);
	}
}

int main(int argc, char **argv)
{
	static const struct test tests[] = {
		{ "functions", NULL, 0, test_functions },
	};

	return batches_main(argc, argv, "nofile", tests, LENGTH(tests));
}
