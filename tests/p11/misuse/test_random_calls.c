/* Sequences of calls drawn by chance, with fixed seeds. */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "p11/misuse/misuse.h"

#define FIRST_SEED	1000u
#define SEQUENCES	40
#define CALLS		150

static bool world_begin(struct world *w, bool fresh)
{
	static const enum state states[] = { RW_USER, RW_USER, RW_USER, RO_USER, RW_PUBLIC, RW_SO };
	enum state state = states[world_pick(w, LENGTH(states))];
	CK_RV rv = fresh ? world_fresh() : CKR_OK;

	if (rv == CKR_OK)
		rv = world_enter(w, state);
	state_accept(w);
	return rv == CKR_OK;
}

/* The calls that end everything are rare. */
static const struct function *any_function(struct world *w)
{
	static const char *const rare[] = {
		"C_Initialize", "C_Finalize", "C_InitToken", "C_CloseSession",
		"C_CloseAllSessions", "C_Logout", "C_SetPIN", "C_InitPIN",
	};
	const struct function *f = &functions[world_pick(w, function_count)];

	for (size_t i = 0; i < LENGTH(rare); i++)
		if (strcmp(rare[i], f->name) == 0 && world_pick(w, 8))
			return any_function(w);
	return f;
}

/* A new handle takes the place of one that later calls use. */
static void keep_handle(struct trial *t)
{
	for (unsigned i = 0; i < t->f->count; i++) {
		const struct argument *a = &t->f->arguments[i];
		CK_ULONG handle = 0;

		if (a->role != R_HANDLE)
			continue;
		memcpy(&handle, (const void *)(uintptr_t)t->words[a->word], sizeof(handle));
		if (strcmp(t->f->name, "C_OpenSession") == 0)
			t->w->second = handle;
		else
			t->w->session_object[world_pick(t->w, ALL_KINDS)] = handle;
	}
}

static bool any_call(struct world *w)
{
	struct trial t;
	CK_RV rv = CKR_OK;
	bool good = true;

	trial_begin(&t, w, any_function(w));
	for (unsigned i = 0; i < t.f->count; i++)
		variant_any(&t, i);
	good = trial_run(&t, &rv);
	if (rv == CKR_OK) {
		keep_handle(&t);
		state_accept(w);
	}
	return good;
}

static bool run_sequence(struct world *w, const struct batch *b)
{
	bool good = world_begin(w, false);

	(void)b;
	for (unsigned i = 0; good && i < CALLS; i++) {
		good = any_call(w);
		/* a session that is gone is missed for a while */
		if (!world_stands(w) && world_pick(w, 8) == 0)
			good &= world_begin(w, false) || world_begin(w, true);
	}
	return good && world_bystander_well(w);
}

static void test_sequences(void)
{
	for (unsigned i = 0; i < SEQUENCES; i++) {
		const struct batch b = { run_sequence, NULL, NULL, FIRST_SEED + i };

		row_runf(ANY_STATE, batch_row, &b, CKR_OK, "seed_%u", FIRST_SEED + i);
	}
}

int main(int argc, char **argv)
{
	static const struct test tests[] = {
		{ "sequences", NULL, 0, test_sequences },
	};

	return batches_main(argc, argv, "random_calls", tests, LENGTH(tests));
}
