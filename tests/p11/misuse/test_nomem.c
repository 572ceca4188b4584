/* Every function again and again, a later allocation of its failing each time. */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "fault/shim.h"
#include "p11/misuse/misuse.h"

#define SEED		7001u
#define MANY		1000000UL	/* more than any call: a PIN is hashed 1,755 times */
#define MECHANISM_BATCHES 16

static unsigned long to_fail;	/* which allocation of the next call */
static bool failed;		/* it was asked for */
static CK_RV usual;		/* the answer when none fails */

static CK_RV invoke_failing(const struct trial *t)
{
	CK_RV rv = CKR_OK;

	fault_memory_once(to_fail);
	rv = t->f->invoke(t->words);
	failed = fault_end() >= to_fail;
	return rv;
}

/*
 * OpenSSL does not always say that it was memory. Then a key looks as if it were damaged, or what
 * was to be checked as if it were wrong.
 */
static bool is_excuse(const struct function *f, CK_RV rv)
{
	static const struct {
		const char *function;
		CK_RV answer;
	} others[] = {
		{ "C_SignInit", CKR_KEY_TYPE_INCONSISTENT },
		{ "C_VerifyInit", CKR_KEY_TYPE_INCONSISTENT },
		{ "C_SignInit", CKR_KEY_SIZE_RANGE },
		{ "C_VerifyInit", CKR_KEY_SIZE_RANGE },
		{ "C_Verify", CKR_SIGNATURE_INVALID },
		{ "C_Decrypt", CKR_ENCRYPTED_DATA_INVALID },
		{ "C_UnwrapKey", CKR_WRAPPED_KEY_INVALID },
		{ "C_DeriveKey", CKR_MECHANISM_PARAM_INVALID },
	};

	for (size_t i = 0; i < LENGTH(others); i++)
		if (others[i].answer == rv && strcmp(others[i].function, f->name) == 0)
			return true;
	return rv == CKR_HOST_MEMORY || rv == CKR_FUNCTION_FAILED || rv == CKR_DEVICE_ERROR;
}

static bool is_right(const struct trial *t, CK_RV rv)
{
	if (to_fail == MANY)
		usual = rv;
	if (rv == usual || (failed && is_excuse(t->f, rv)))
		return true;
	trial_fault(rv, failed ? "is not for a lack of memory" : "with all the memory it wants");
	return false;
}

static bool world_anew(struct world *w, enum state state)
{
	CK_RV rv = world_fresh();

	if (rv == CKR_OK)
		rv = world_enter(w, state);
	state_accept(w);
	if (rv != CKR_OK)
		fprintf(stderr, "the world for a trial could not be made: 0x%lx\n", rv);
	return rv == CKR_OK;
}

/*
 * What a success has changed is of no use to the next trial. And OpenSSL does not look a second
 * time for an algorithm that it had no memory for.
 */
static bool go_on(struct world *w, CK_RV rv)
{
	if (rv == CKR_OK || rv == CKR_FUNCTION_FAILED || !world_stands(w))
		return world_anew(w, w->state);
	return true;
}

/* Whose n-th allocation will fail. */
static void begin_failing(struct trial *t, struct world *w, const struct function *f,
			  unsigned long n)
{
	to_fail = n;
	trial_begin(t, w, f);
	t->invoke = invoke_failing;
	t->any_answer = true;
}

static bool one_call(struct world *w, const struct function *f, unsigned long n)
{
	struct trial t;
	CK_RV rv = CKR_OK;

	world_operations(w, f);
	begin_failing(&t, w, f, n);
	for (unsigned i = 0; i < f->count; i++)
		variant_good(&t, i);
	note(", without allocation %lu", n);
	return trial_run(&t, &rv) && is_right(&t, rv) && go_on(w, rv);
}

/* A later one each time, in larger steps where there are many. */
static unsigned long next(unsigned long n)
{
	return n + 1 + n / 24;
}

static bool run_function(struct world *w, const struct batch *b)
{
	bool first = strcmp(b->f->name, "C_Initialize") == 0;
	bool good = world_anew(w, first ? FINALIZED : RW_USER) && one_call(w, b->f, MANY);

	failed = true;
	for (unsigned long n = 1; good && failed && n < MANY; n = next(n))
		good = one_call(w, b->f, n);
	return good;
}

static void test_functions(void)
{
	for (size_t i = 0; i < function_count; i++) {
		const struct batch b = { run_function, &functions[i], NULL, SEED + i };

		if (fault_memory_works())
			row_runf(ANY_STATE, batch_row, &b, CKR_OK, "nomem_%s", functions[i].name);
	}
}

/* --- every mechanism ---------------------------------------------------- */

#define INPUT_32	2	/* the variant of 32 bytes, which all mechanisms take */
#define EARLIER		1	/* what the call before has given */

/* What is done with a mechanism, in an order in which each has the results of others at hand. */
static const struct purpose {
	const char *begin, *end;
	size_t input;
	bool gives;		/* what the next takes */
} purposes[] = {
	{ "C_DigestInit", "C_Digest", INPUT_32, false },
	{ "C_EncryptInit", "C_Encrypt", INPUT_32, true },
	{ "C_DecryptInit", "C_Decrypt", EARLIER, false },
	{ "C_SignInit", "C_Sign", INPUT_32, true },
	{ "C_VerifyInit", "C_Verify", INPUT_32, false },
	{ "C_SignRecoverInit", "C_SignRecover", INPUT_32, true },
	{ "C_VerifyRecoverInit", "C_VerifyRecover", EARLIER, false },
	{ "C_WrapKey", NULL, 0, true },
	{ "C_UnwrapKey", NULL, EARLIER, false },
	{ "C_DeriveKey", NULL, 0, false },
};

static struct bytes given;	/* by the purpose before */

/* With the mechanism and a key of that kind, without its n-th allocation. */
static bool begin(struct world *w, const struct purpose *p, CK_MECHANISM_TYPE type, unsigned kind,
		  unsigned long n, CK_RV *rv)
{
	const struct function *f = function_find(p->begin);
	CK_MECHANISM m = { type, NULL, 0 };
	struct trial t;

	w->last = given;
	begin_failing(&t, w, f, n);
	t.unwatched = true;
	mechanism_parameter(w, &m, false);
	for (unsigned i = 0; i < f->count; i++) {
		const struct argument *a = &f->arguments[i];

		if (a->role == R_MECHANISM)
			t.words[a->word] =
				(CK_ULONG)(uintptr_t)memory_take(INPUT, sizeof(m), &m);
		else if (a->role == R_OBJECT && a->nth == 0)
			t.words[a->word] = w->session_object[kind];
		else if (a->role == R_IN)
			variant_make(&t, i, p->input);
		else
			variant_good(&t, i);
	}
	note(", mechanism 0x%lx, %s, without allocation %lu", type, world_kind_name(kind), n);
	return trial_run(&t, rv) && is_right(&t, *rv);
}

/* Goes on with what was begun. */
static bool end(struct world *w, const struct purpose *p, unsigned long n, CK_RV *rv)
{
	const struct function *f = function_find(p->end);
	struct trial t;

	w->last = given;
	begin_failing(&t, w, f, n);
	t.unwatched = true;
	for (unsigned i = 0; i < f->count; i++)
		if (f->arguments[i].role == R_IN)
			variant_make(&t, i, f->arguments[i].nth ? EARLIER : p->input);
		else
			variant_good(&t, i);
	note(", without allocation %lu", n);
	return trial_run(&t, rv) && is_right(&t, *rv);
}

/* As if nothing had failed before, or, where OpenSSL cannot, with all begun anew. */
static bool begin_well(struct world *w, const struct purpose *p, CK_MECHANISM_TYPE type,
		       unsigned kind)
{
	CK_RV rv = CKR_OK;
	bool good = begin(w, p, type, kind, MANY, &rv);

	if (good && rv == CKR_FUNCTION_FAILED)
		good = world_anew(w, w->state) && begin(w, p, type, kind, MANY, &rv);
	if (good && rv != CKR_OK)
		trial_fault(rv, "succeeded before");
	return good && rv == CKR_OK;
}

/* Each failure is followed by a call that gets all it wants: nothing may be worse than before. */
static bool use_begin(struct world *w, const struct purpose *p, CK_MECHANISM_TYPE type,
		      unsigned kind)
{
	bool good = true, more = true;
	CK_RV rv = CKR_OK;

	for (unsigned long n = 1; good && more && n < MANY; n = next(n)) {
		usual = CKR_OK;
		good = world_renew(w, kind) == CKR_OK && begin(w, p, type, kind, n, &rv);
		more = failed;
		if (good && rv != CKR_OK)
			good = begin_well(w, p, type, kind);
	}
	return good;
}

static bool use_end(struct world *w, const struct purpose *p, CK_MECHANISM_TYPE type,
		    unsigned kind)
{
	CK_RV rv = CKR_OK, right = CKR_OK;
	bool good = end(w, p, MANY, &rv), more = true;
	struct bytes result = w->last;

	right = rv;
	for (unsigned long n = 1; good && more && n < MANY; n = next(n)) {
		good = begin_well(w, p, type, kind);
		usual = right;
		good = good && end(w, p, n, &rv);
		more = failed;
	}
	w->last = result;
	return good;
}

/* With the first kind of key that the mechanism takes. */
static bool use_mechanism(struct world *w, const struct purpose *p, CK_MECHANISM_TYPE type)
{
	CK_RV rv = CKR_FUNCTION_FAILED;
	struct bytes result;
	unsigned kind = 0;
	bool good = true;

	given = w->last;
	while (good && rv != CKR_OK && kind < ALL_KINDS)
		good = begin(w, p, type, kind++, MANY, &rv);
	if (!good || rv != CKR_OK)
		return good;
	kind--;
	if (p->end)
		good = use_end(w, p, type, kind);
	result = p->gives ? w->last : given;
	good = good && use_begin(w, p, type, kind);
	w->last = result;
	return good;
}

static bool run_mechanisms(struct world *w, const struct batch *b)
{
	bool good = world_anew(w, RW_USER);

	for (CK_ULONG i = b->seed; good && i < w->mechanism_count; i += MECHANISM_BATCHES)
		for (size_t k = 0; good && k < LENGTH(purposes); k++)
			good = use_mechanism(w, &purposes[k], w->mechanisms[i]);
	return good;
}

static void test_mechanisms(void)
{
	for (unsigned i = 0; i < MECHANISM_BATCHES; i++) {
		const struct batch b = { run_mechanisms, NULL, NULL, i };

		if (fault_memory_works())
			row_runf(ANY_STATE, batch_row, &b, CKR_OK, "nomem_mechanisms_%u", i);
	}
}

int main(int argc, char **argv)
{
	static const struct test tests[] = {
		{ "functions", NULL, 0, test_functions },
		{ "mechanisms", NULL, 0, test_mechanisms },
	};

	return batches_main(argc, argv, "nomem", tests, LENGTH(tests));
}
