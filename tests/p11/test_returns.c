#include "config.h"

#include <stdio.h>
#include <string.h>

#include "returns/returns.h"
#include "returns/scene.h"

/* In the order of the standard's sections. */
static const struct rrow_table *const tables[] = {
	&returns_general, &returns_slot, &returns_session, &returns_object, &returns_crypto,
	&returns_key,
};

static unsigned not_possible;

static CK_RV rrow_play(struct ctx *c)
{
	const struct rrow *r = c->arg;
	CK_RV rv;

	if (r->run)
		return r->run(r, c);
	rv = r->before(c);
	if (rv == CKR_OK && r->trouble)
		rv = r->trouble->bring(c);
	if (rv != CKR_OK)
		return ROW_BROKEN;
	return r->call(c);
}

/* Starts with a module of its own, so that nothing of the parent's is ended here. */
static CK_RV rrow_play_alone(struct ctx *c)
{
	const struct rrow *r = c->arg;

	return state_enter(c, r->state) == CKR_OK ? rrow_play(c) : ROW_BROKEN;
}

static CK_RV rrow_call(struct ctx *c)
{
	const struct rrow *r = c->arg;

	scene_clear();
	if (!r->forks)
		return rrow_play(c);
	p11->C_Finalize(NULL);
	return fork_run(rrow_play_alone, c);
}

static void rrow_run(const struct rrow *r)
{
	char name[200];
	struct row row = {
		.name = name, .state = r->state, .expected = r->expected, .call = rrow_call,
		.arg = r, .file = r->file, .line = r->line,
	};

	if (r->possible && !r->possible()) {
		not_possible++;
		return;
	}
	snprintf(name, sizeof(name), "%s.%s", r->function, r->name);
	row_run(&row);
	if (r->forks || tokens_changed())
		tokens_mend();
}

static void rrow_table_each(const struct rrow_table *t, void (*fn)(const struct rrow *r))
{
	for (size_t i = 0; t && i < t->count; i++)
		fn(&t->rows[i]);
}

void rrows_each(void (*fn)(const struct rrow *r))
{
	usual_each(fn);
	for (size_t i = 0; i < LENGTH(tables); i++)
		rrow_table_each(tables[i], fn);
	troubles_each("file", fn);
}

static void test_keep(void)
{
	p11->C_Finalize(NULL);
	tokens_keep();
}

static void test_usual(void)
{
	usual_each(rrow_run);
}

static void test_troubles(void)
{
	troubles_each(conf_backend(), rrow_run);
	if (not_possible)
		printf("returns: %u rows not run: this process or its OpenSSL lacks what they "
		       "need\n", not_possible);
}

static void test_tables(void)
{
	for (size_t i = 0; i < LENGTH(tables); i++)
		rrow_table_each(tables[i], rrow_run);
}

int main(int argc, char **argv)
{
	static const struct test tests[] = {
		{ "keep", .run = test_keep },
		{ "usual", .run = test_usual },
		{ "tables", .run = test_tables },
		{ "troubles", .run = test_troubles },
		{ "coverage", .run = test_coverage },
	};
	static const struct program program = {
		.name = "returns", .tests = tests, .ntests = LENGTH(tests),
	};

	if (argc == 2 && strcmp(argv[1], "--report") == 0)
		return coverage_report();
	return harness_main(argc, argv, &program);
}
