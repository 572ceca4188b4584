/* One call with its judgement, and batches of them in children. */
#include "config.h"

#include "p11/misuse/misuse.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

/* Failed calls between two looks at everything; a batch that fails looks at each. */
#define EVERY		16
#define FAULTS_SHOWN	5

/* Shared with the children, so that the parent knows what a dead one was doing. */
static struct shared {
	char text[4096];
	size_t len;
	unsigned long calls, successes, faults;
	bool changed;		/* a failed call changed something */
} *shared;

static struct {
	struct print before;
	unsigned unlooked, every;
	FILE *log;
} judge;

void note(const char *format, ...)
{
	size_t room = sizeof(shared->text) - shared->len;
	va_list ap;

	va_start(ap, format);
	int n = vsnprintf(shared->text + shared->len, room, format, ap);
	va_end(ap);
	shared->len += n < 0 ? 0 : (size_t)n < room ? (size_t)n : room - 1;
}

static const char *code_name(CK_RV rv)
{
	static const struct {
		CK_RV rv;
		const char *name;
	} names[] = {
#define CKR_NAME(r) { r, #r },
#include "pkcs11/names.def"
	};

	for (size_t i = 0; i < LENGTH(names); i++)
		if (names[i].rv == rv)
			return names[i].name;
	return "no code of the standard";
}

void trial_begin(struct trial *t, struct world *w, const struct function *f)
{
	*t = (struct trial){ .w = w, .f = f };
	shared->len = 0;
	note("%s", f->name);
	memory_reset();
}

static void fault(CK_RV rv, const char *what, const char *more)
{
	if (shared->faults++ < FAULTS_SHOWN)
		fprintf(stderr, "%s: %s (0x%lx): %s %s\n", shared->text, code_name(rv), rv, what,
			more);
}

void trial_fault(CK_RV rv, const char *what)
{
	fault(rv, what, "");
}

/* --- the log ------------------------------------------------------------ */

/* These tell in one line which attribute or parameter they did not like. */
static bool tells_why(const struct function *f)
{
	static const char *const names[] = {
		"C_CreateObject", "C_SetAttributeValue", "C_GenerateKey", "C_GenerateKeyPair",
		"C_UnwrapKey", "C_DeriveKey",
	};

	for (size_t i = 0; i < LENGTH(names); i++)
		if (strcmp(names[i], f->name) == 0)
			return true;
	return false;
}

/* "... WARNING: call.c(99): C_CreateObject: CKR_...: the reason" */
static bool line_tells(const char *line, const struct function *f, CK_RV rv)
{
	char wanted[128];
	int n = snprintf(wanted, sizeof(wanted), " %s: %s: ", f->name, code_name(rv));
	const char *found = strstr(line, wanted);

	return found && found[n] != '\n' && found[n] != 0;
}

static void log_skip(void)
{
	fseek(judge.log, 0, SEEK_END);
}

static void log_judge(const struct function *f, CK_RV rv)
{
	char line[4096];
	unsigned lines = 0, telling = 0;

	while (fgets(line, sizeof(line), judge.log)) {
		lines++;
		telling += line_tells(line, f, rv);
		if (strstr(line, " ERROR: "))
			fault(rv, "logged an error:", line);
	}
	if (rv == CKR_OK || rv == CKR_CRYPTOKI_NOT_INITIALIZED || !tells_why(f))
		return;
	if (lines != 1 || telling != 1)
		fault(rv, "did not log one line with the reason", lines ? line : "");
}

/* --- state -------------------------------------------------------------- */

/* A wrong PIN is remembered on the token. */
static bool may_change(CK_RV rv)
{
	return rv == CKR_OK || rv == CKR_PIN_INCORRECT || rv == CKR_PIN_LOCKED;
}

static void state_judge(struct world *w, CK_RV rv)
{
	if (!may_change(rv) && ++judge.unlooked < judge.every)
		return;

	struct print now = print_take(w);
	const char *what = print_difference(&judge.before, &now);

	if (what && !may_change(rv)) {
		shared->changed = true;
		fault(rv, judge.every == 1 ? "failed and changed" : "it or a call before changed",
		      what);
	}
	judge.before = now;
	judge.unlooked = 0;
}

/* What has been done so far was not the work of a trial. */
void state_accept(struct world *w)
{
	judge.before = print_take(w);
	judge.unlooked = 0;
}

/* What a call has given is what a later one may be given. */
static void keep_output(struct trial *t)
{
	for (unsigned i = 0; i < t->f->count; i++) {
		const struct argument *a = &t->f->arguments[i];
		const CK_ULONG *words = &t->words[a->word];
		CK_ULONG len = 0;

		if (a->role != R_OUT || a->unit != 1 || !words[0] || !words[1])
			continue;
		memcpy(&len, (const void *)(uintptr_t)words[1], sizeof(len));
		if (len > sizeof(t->w->last.data))
			continue;
		memcpy(t->w->last.data, (const void *)(uintptr_t)words[0], len);
		t->w->last.len = len;
	}
}

bool trial_run(struct trial *t, CK_RV *answer)
{
	unsigned long faults = shared->faults;
	CK_RV rv = CKR_OK;
	const char *what = NULL;

	log_skip();
	rv = t->invoke ? t->invoke(t) : t->f->invoke(t->words);
	what = memory_fault(rv);
	shared->calls++;
	shared->successes += rv == CKR_OK;
	if (rv == CKR_OK)
		keep_output(t);
	if (what)
		fault(rv, what, "");
	if (!t->any_answer && !function_may_answer(t->f, rv))
		fault(rv, "is not an answer of this function", "");
	if (!t->invoke)
		log_judge(t->f, rv);
	if (!t->unwatched)
		state_judge(t->w, rv);
	*answer = rv;
	return shared->faults == faults;
}

/* --- batches ------------------------------------------------------------ */

/* Only in programs that are built with the leak checker. */
extern int __lsan_do_recoverable_leak_check(void) __attribute__((weak));

static CK_RV batch_body(struct ctx *c)
{
	const struct batch *b = c->arg;
	struct world w = { .random = b->seed };
	size_t files = dir_count("/proc/self/fd");
	bool good = true;

	judge.log = fopen(work_path("misuse.log"), "r");
	if (!judge.log || !memory_make())
		return ROW_BROKEN;
	good = b->run(&w, b) && shared->faults == 0;
	p11->C_Finalize(NULL);
	fclose(judge.log);
	if (dir_count("/proc/self/fd") != files) {
		fprintf(stderr, "files are still open after C_Finalize\n");
		good = false;
	}
	if (__lsan_do_recoverable_leak_check && __lsan_do_recoverable_leak_check())
		good = false;
	return want(good);
}

static CK_RV batch_once(struct ctx *c, unsigned every)
{
	CK_RV rv = world_fresh();

	if (rv != CKR_OK || !file_write(work_path("misuse.log"), ""))
		return ROW_BROKEN;
	shared->faults = 0;
	shared->changed = false;
	shared->len = 0;
	judge.every = every;
	rv = fork_run(batch_body, c);
	if (rv == ROW_CRASHED || rv == ROW_HUNG)
		fprintf(stderr, "the last call: %s\n", shared->text);
	if (shared->faults > FAULTS_SHOWN)
		fprintf(stderr, "... %lu faults\n", shared->faults);
	return rv;
}

/*
 * MISUSE_SHARE=16 in the environment: one batch out of 16 is enough, where each takes seconds.
 */
static bool is_wanted(const struct batch *b)
{
	const char *share = getenv("MISUSE_SHARE");
	unsigned long n = share ? strtoul(share, NULL, 10) : 1;

	return n < 2 || b->seed % n == 0;
}

CK_RV batch_row(struct ctx *c)
{
	CK_RV rv = CKR_OK;

	if (!is_wanted(c->arg))
		return CKR_OK;
	rv = batch_once(c, EVERY);

	/* once more, to see which call it was */
	if (rv != CKR_OK && shared->changed)
		rv = batch_once(c, 1);
	return rv;
}

/* Before any batch: reads the declarations and makes the tokens to be copied. */
static CK_RV make_batches(struct ctx *c)
{
	void *p = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
		       -1, 0);

	(void)c;
	if (p == MAP_FAILED)
		return ROW_BROKEN;
	shared = p;
	return functions_prepare() ? world_master() : ROW_BROKEN;
}

static void summary(void)
{
	printf("%lu calls, of which %lu succeeded\n", shared->calls, shared->successes);
}

int batches_main(int argc, char **argv, const char *name, const struct test *tests, size_t count)
{
	static const struct row rows[] = {
		{ .name = "make_batches", .state = ANY_STATE, .call = make_batches },
	};
	static const struct test first = { "batches", rows, LENGTH(rows), NULL };
	static const struct test last = { "summary", NULL, 0, summary };
	struct test all[10] = { first };
	const struct program program = {
		.name = name, .tests = all, .ntests = count + 2,
		.not_on_reference = "it dies of many of these calls",
	};

	for (size_t i = 0; i < count; i++)
		all[i + 1] = tests[i];
	all[count + 1] = last;
	return harness_main(argc, argv, &program);
}
