/* Every function with every kind of wrong argument, one at a time. */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "p11/misuse/misuse.h"

#define SEED		20401u
#define COMBINATIONS	30
#define ENTRIES		60	/* templates for each function and kind of object */
#define FEW		6	/* times as many, where kinds make no difference */
#define SUCCESSES	12	/* of calls that make something, until all is made anew */

static const enum state states[] = {
	FINALIZED, RO_PUBLIC, RW_PUBLIC, RO_USER, RW_USER, RW_SO,
};

/* --- what calls leave behind -------------------------------------------- */

static bool world_anew(struct world *w, enum state state)
{
	CK_RV rv = world_fresh();

	if (rv == CKR_OK)
		rv = world_enter(w, state);
	if (rv != CKR_OK) {
		fprintf(stderr, "the world for a trial could not be made: 0x%lx\n", rv);
		return false;
	}
	state_accept(w);
	return true;
}

/* A success of these ends the state that the next trial wants. */
static bool ends_state(const struct function *f)
{
	static const char *const names[] = {
		"C_Initialize", "C_Finalize", "C_InitToken", "C_InitPIN", "C_SetPIN",
		"C_CloseSession", "C_CloseAllSessions", "C_Login", "C_Logout", "C_DestroyObject",
	};

	for (size_t i = 0; i < LENGTH(names); i++)
		if (strcmp(names[i], f->name) == 0)
			return true;
	return false;
}

static bool takes(const struct function *f, enum role role)
{
	for (unsigned i = 0; i < f->count; i++)
		if (f->arguments[i].role == role)
			return true;
	return false;
}

static bool makes_something(const struct function *f)
{
	return takes(f, R_HANDLE) || strcmp(f->name, "C_SetAttributeValue") == 0;
}

/* Runs a trial whose arguments are there, and brings the state back. */
static bool run(struct trial *t, CK_RV *answer)
{
	static unsigned made;
	bool good = trial_run(t, answer);

	if (*answer != CKR_OK)
		return good;
	made += makes_something(t->f);
	if (!ends_state(t->f) && world_stands(t->w) && made < SUCCESSES)
		return good;
	made = 0;
	return world_anew(t->w, t->w->state) && good;
}

/* --- one wrong argument ------------------------------------------------- */

static bool one_call(struct world *w, const struct function *f, unsigned argument, size_t variant)
{
	struct trial t;
	CK_RV rv = CKR_OK;

	world_operations(w, f);
	trial_begin(&t, w, f);
	for (unsigned i = 0; i < f->count; i++)
		if (i == argument)
			variant_make(&t, i, variant);
		else
			variant_good(&t, i);
	note(" in state %s", state_name(w->state));
	return run(&t, &rv);
}

static bool any_call(struct world *w, const struct function *f)
{
	struct trial t;
	CK_RV rv = CKR_OK;

	world_operations(w, f);
	trial_begin(&t, w, f);
	for (unsigned i = 0; i < f->count; i++)
		variant_any(&t, i);
	note(" in state %s", state_name(w->state));
	return run(&t, &rv);
}

static bool run_calls(struct world *w, const struct batch *b)
{
	const struct function *f = b->f;
	bool good = true;

	for (size_t s = 0; s < LENGTH(states); s++) {
		if (!world_anew(w, states[s]))
			return false;
		for (unsigned i = 0; i < f->count; i++)
			for (size_t v = 0; v < variant_count(f->arguments[i].role); v++)
				good &= one_call(w, f, i, v);
		for (unsigned i = 0; i < COMBINATIONS; i++)
			good &= any_call(w, f);
		good &= states[s] == FINALIZED || want(world_bystander_well(w)) == CKR_OK;
	}
	return good;
}

static void test_arguments(void)
{
	for (size_t i = 0; i < function_count; i++) {
		const struct batch b = { run_calls, &functions[i], NULL, SEED + i };

		row_runf(ANY_STATE, batch_row, &b, CKR_OK, "arguments_%s", functions[i].name);
	}
}

/* --- wrong entries of templates ----------------------------------------- */

/* A template's own attributes, one of them spoilt, or others. */
static void spoilt_template(struct trial *t, const struct argument *a, const CK_ATTRIBUTE *list)
{
	struct world *w = t->w;
	CK_ATTRIBUTE copy[TMPL_MAX], more = A_END;
	CK_ULONG n = tmpl_count(list), count = 0;
	CK_ATTRIBUTE other = { entry_type(w), NULL, 0 };

	memcpy(copy, list, (n + 1) * sizeof(*list));
	if (n && world_pick(w, 2)) {
		CK_ULONG i = world_pick(w, n);

		copy[i] = entry_spoil(w, &copy[i]);
	} else {
		more = entry_spoil(w, &other);
	}
	t->words[a->word] = (CK_ULONG)(uintptr_t)entries_take(copy, more, &count);
	t->words[a->word + 1] = count;
}

/* The template is for an object that there is, and not for a key to be made with one. */
static bool is_about_object(const struct function *f)
{
	return takes(f, R_OBJECT) && !takes(f, R_MECHANISM);
}

static bool entry_call(struct world *w, const struct batch *b, unsigned kind)
{
	const CK_ATTRIBUTE *usual = b->f->usual->templates[0];
	struct trial t;
	CK_RV rv = CKR_OK;

	trial_begin(&t, w, b->f);
	for (unsigned i = 0; i < b->f->count; i++) {
		const struct argument *a = &b->f->arguments[i];

		if (a->role == R_TEMPLATE && (a->nth == 0 || world_pick(w, 2)))
			spoilt_template(&t, a, usual ? usual : world_template(kind));
		else
			variant_good(&t, i);
		if (a->role == R_OBJECT && is_about_object(b->f))
			t.words[a->word] = w->session_object[kind];
	}
	return run(&t, &rv);
}

static bool run_entries(struct world *w, const struct batch *b)
{
	unsigned kind = *(const unsigned *)b->detail;
	bool good = world_anew(w, RW_USER);

	for (unsigned i = 0; good && i < ENTRIES; i++)
		good = entry_call(w, b, kind);
	return good;
}

static void test_entries(void)
{
	for (size_t i = 0; i < function_count; i++) {
		const struct function *f = &functions[i];
		bool any = is_about_object(f) || !f->usual->templates[0];
		unsigned kinds = any ? ALL_KINDS : FEW;

		for (unsigned kind = 0; takes(f, R_TEMPLATE) && kind < kinds; kind++) {
			const uint64_t seed = SEED + i * ALL_KINDS + kind;
			const struct batch b = { run_entries, f, &kind, seed };

			row_runf(ANY_STATE, batch_row, &b, CKR_OK, "entries_%s_%s", f->name,
				 world_kind_name(kind));
		}
	}
}

/* --- wrong mechanisms --------------------------------------------------- */

/* C_SignInit: C_Sign and, when that ended nothing, C_SignFinal. */
static bool follow(struct world *w, const struct function *f)
{
	static const char *const ends[] = { "", "Update", "Final" };
	size_t len = strlen(f->name) - strlen("Init");
	bool good = true;

	if (strcmp(f->name + len, "Init") != 0)
		return true;
	for (size_t i = 0; i < LENGTH(ends); i++) {
		char name[64];
		const struct function *next = NULL;
		struct trial t;
		CK_RV rv = CKR_OK;

		snprintf(name, sizeof(name), "%.*s%s", (int)len, f->name, ends[i]);
		next = function_find(name);
		if (!next)
			continue;
		trial_begin(&t, w, next);
		for (unsigned k = 0; k < next->count; k++)
			variant_any(&t, k);
		good &= run(&t, &rv);
	}
	return good;
}

static bool mechanism_call(struct world *w, const struct function *f, CK_MECHANISM_TYPE type,
			   bool spoil)
{
	CK_MECHANISM m = { type, NULL, 0 };
	struct trial t;
	CK_RV rv = CKR_OK;
	bool good = true;

	trial_begin(&t, w, f);
	note(" 0x%lx", type);
	for (unsigned i = 0; i < f->count; i++) {
		const struct argument *a = &f->arguments[i];

		if (a->role == R_MECHANISM) {
			mechanism_parameter(w, &m, spoil);
			t.words[a->word] =
				(CK_ULONG)(uintptr_t)memory_take(INPUT, sizeof(m), &m);
		} else if (a->role == R_OBJECT || a->role == R_IN) {
			variant_any(&t, i);
		} else {
			variant_good(&t, i);
		}
	}
	/* what most mechanisms derive from */
	if (strcmp(f->name, "C_DeriveKey") == 0 && world_pick(w, 2))
		t.words[f->arguments[2].word] = w->session_object[GENERIC];
	good = run(&t, &rv);
	return rv == CKR_OK ? follow(w, f) && good : good;
}

static bool run_mechanisms(struct world *w, const struct batch *b)
{
	bool good = world_anew(w, RW_USER);

	for (CK_ULONG i = 0; good && i < w->mechanism_count; i++)
		for (unsigned n = 0; good && n < 8; n++)
			good = mechanism_call(w, b->f, w->mechanisms[i], n > 1);
	return good;
}

static void test_mechanisms(void)
{
	for (size_t i = 0; i < function_count; i++) {
		const struct batch b = { run_mechanisms, &functions[i], NULL, SEED + i };

		if (takes(&functions[i], R_MECHANISM))
			row_runf(ANY_STATE, batch_row, &b, CKR_OK, "mechanisms_%s",
				 functions[i].name);
	}
}

int main(int argc, char **argv)
{
	static const struct test tests[] = {
		{ "arguments", NULL, 0, test_arguments },
		{ "entries", NULL, 0, test_entries },
		{ "mechanisms", NULL, 0, test_mechanisms },
	};

	return batches_main(argc, argv, "misuse", tests, LENGTH(tests));
}
