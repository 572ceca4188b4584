/* Every step of the script again and again, another call that it makes failing each time. */
#include "config.h"

#include <errno.h>
#include <glob.h>
#include <limits.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fault/run.h"
#include "fault/shim.h"
#ifdef WITH_OBJECTSTORE_BACKEND_DB
#include "fault/vfs.h"
#endif

#define MAX_STEPS	32
#define MAX_CALLS	32768

/* Of the trials of the short form one in so many is made, of each group of calls. */
static const struct group {
	const char *name;
	unsigned kinds;
	unsigned long stride, db_stride;
} groups[] = {
	{ "files", FAULT_ALL_FILES, 29, 199 },
	{ "memory", FAULT_BIT(FAULT_MEMORY), 41, 503 },
	{ "openssl", FAULT_BIT(FAULT_OPENSSL), 17, 199 },
	{ "sqlite", FAULT_ALL_DB, 0, 61 },
};

/* What a child tells. */
struct report {
	CK_RV answer;
	unsigned long calls, hits;
	char wrong[256];
	struct {
		unsigned char kind;
		char function[36];
	} made[MAX_CALLS];
};

struct trial {
	const struct store_kind *kind;
	const struct step *step;
	const struct group *group;
	struct fault_plan plan;
	const struct tokens_state *old, *new;
	char begin[32];			/* the token directory that it starts with */
	uint64_t begin_hash;
	enum fault_kind failing;	/* what the first call that fails is for */
	bool pristine;			/* no fault: what the calls are, and what a step leaves */
	long *blocks;			/* that such a run leaves */
	struct report *report;
};

static struct {
	unsigned long injected, steps, unharmed;
} counts;

/* --- within the process of the fault ------------------------------------ */

static void __attribute__((format(printf, 2, 3))) wrong(struct report *r, const char *format, ...)
{
	va_list ap;

	if (*r->wrong)
		return;
	va_start(ap, format);
	vsnprintf(r->wrong, sizeof(r->wrong), format, ap);
	va_end(ap);
}

static void note_calls(struct report *r)
{
	enum fault_kind kind = FAULT_KINDS;
	const char *function = NULL;

	for (unsigned long n = 1; n <= MAX_CALLS && fault_call(n, &kind, &function); n++) {
		r->made[n - 1].kind = (unsigned char)kind;
		snprintf(r->made[n - 1].function, sizeof(r->made[n - 1].function), "%s", function);
	}
}

static bool is_listed(const char *function, CK_RV rv)
{
#define LISTED(name, ...) \
	static const CK_RV codes_##name[] = { __VA_ARGS__, CKR_OK };
#define BEYOND(name, code)
#include "p11/misuse/answers.def"
#undef LISTED
#undef BEYOND
	static const struct {
		const char *function;
		const CK_RV *codes;
	} lists[] = {
#define LISTED(name, ...) { #name, codes_##name },
#define BEYOND(name, code)
#include "p11/misuse/answers.def"
#undef LISTED
#undef BEYOND
	};

	for (size_t i = 0; i < LENGTH(lists); i++)
		for (const CK_RV *c = lists[i].codes;
		     strcmp(lists[i].function, function) == 0 && *c != CKR_OK; c++)
			if (*c == rv)
				return true;
	return false;
}

/* The failure as an errno. */
static int error_of(const struct trial *t)
{
#ifdef WITH_OBJECTSTORE_BACKEND_DB
	if (t->group->kinds == FAULT_ALL_DB)
		return vfs_errno(t->plan.error);
#endif
	return t->plan.error;
}

/*
 * No room for what is written, and none later: that has a code of its own, but for a token that is
 * not listed while it cannot be put back after a kill.
 */
static bool is_full(const struct trial *t)
{
	return !t->step->starts && t->failing == FAULT_WRITE && t->plan.last > t->plan.first &&
	       (t->plan.error == ENOSPC || t->plan.error == EDQUOT || t->plan.error == EFBIG);
}

/* The codes for a disk, a machine or a library that fails, where they fit. */
static bool is_sensible(const struct trial *t, CK_RV rv)
{
	int error = error_of(t);

	switch (rv) {
	case CKR_GENERAL_ERROR:		/* that of SoftHSM for a configuration it cannot read */
		return t->step->starts;
	case CKR_DEVICE_ERROR:
		return !is_full(t);
	case CKR_FUNCTION_FAILED:
		return true;
	case CKR_WRAPPED_KEY_INVALID:	/* OpenSSL does not say why a key cannot be unwrapped */
		return t->group->kinds != FAULT_ALL_FILES && is_listed(t->step->function, rv);
	case CKR_HOST_MEMORY:
		return error == ENOMEM || t->group->kinds == FAULT_BIT(FAULT_OPENSSL);
	case CKR_DEVICE_MEMORY:
		return error == ENOSPC || error == EDQUOT || error == EFBIG || error == FAULT_CUT;
	case CKR_TOKEN_WRITE_PROTECTED:
		return (error == EACCES || error == EROFS || error == EPERM) &&
		       is_listed(t->step->function, rv);
	}
	return false;
}

static bool expected(const struct trial *t, CK_RV rv)
{
	return rv == t->step->expected;
}

/*
 * OpenSSL does not look a second time for an algorithm that it had no memory for: then the module
 * has to be started anew.
 */
static bool is_lame(const struct trial *t, CK_RV rv)
{
	return (rv == CKR_FUNCTION_FAILED || rv == CKR_HOST_MEMORY) &&
	       t->group->kinds == FAULT_BIT(FAULT_MEMORY);
}

static void look(const struct trial *t, struct scene *c, bool *is_old)
{
	const struct token_state *old = NULL, *new = NULL;
	struct objects_state now = { .count = 0 };
	const char *bad = NULL;
	CK_RV rv = CKR_OK;

	*is_old = true;
	if (t->step->pin != PIN_USER)
		return;
	old = token_labelled(t->old, t->step->token);
	new = token_labelled(t->new, t->step->token);
	rv = objects_read(c->s, &now);
	if (is_lame(t, rv)) {
		*is_old = false;
		return;
	}
	if (rv != CKR_OK) {
		wrong(t->report, "the objects cannot be read afterwards: 0x%lx", rv);
		return;
	}
	*is_old = !objects_judge(&now, &old->objects, &new->objects, ALLOW_OLD, false);
	bad = objects_judge(&now, &old->objects, &new->objects, ALLOW_BETWEEN, false);
	if (bad)
		wrong(t->report, "in the same process %s", bad);
}

static CK_RV once_more(const struct trial *t, struct scene *c)
{
	CK_RV rv = t->step->before ? t->step->before(c) : CKR_OK;

	if (rv == CKR_OK)
		rv = t->step->call(c);
	if (!is_lame(t, rv))
		return rv;
	p11->C_Finalize(NULL);
	rv = scene_open(t->step, c);
	return rv == CKR_OK ? t->step->call(c) : rv;
}

static void go_on(const struct trial *t, struct scene *c)
{
	bool is_old = true;
	CK_RV rv = t->report->answer;

	if (t->step->starts && !expected(t, rv)) {
		rv = once_more(t, c);
		if (!expected(t, rv)) {
			wrong(t->report, "the module cannot be used afterwards: 0x%lx", rv);
			return;
		}
	}
	look(t, c, &is_old);
	if (!expected(t, rv) && is_old) {
		rv = once_more(t, c);
		/* a PIN that was changed for good though the call failed */
		if (!expected(t, rv) &&
		    !((t->plan.last > t->plan.first || t->kind->late) &&
		      rv == CKR_PIN_INCORRECT))
			wrong(t->report, "the call fails without a fault: 0x%lx", rv);
	}
	if (t->step->pin == PIN_USER) {
		rv = probe(c->s);
		if (rv != CKR_OK && !is_lame(t, rv))
			wrong(t->report, "an object cannot be made afterwards: 0x%lx", rv);
	}
}

/* OpenSSL loses some blocks itself when it has no memory. */
static bool own_only(const struct trial *t)
{
	return t->group->kinds == FAULT_BIT(FAULT_MEMORY);
}

/* Of a sanitizer. */
int __lsan_do_recoverable_leak_check(void) __attribute__((weak));

static void look_for_leaks(const struct trial *t, size_t descriptors, long blocks)
{
	size_t now = dir_count("/proc/self/fd");

	ERR_clear_error();
	OPENSSL_thread_stop();
	blocks = fault_blocks(own_only(t)) - blocks;
	if (now != descriptors)
		wrong(t->report, "%zu descriptors are open, before %zu", now, descriptors);
	if (t->pristine)
		*t->blocks = blocks;
	else if (blocks > *t->blocks && fault_memory_works())
		wrong(t->report, "%ld blocks are left, usually %ld", blocks, *t->blocks);
	if (__lsan_do_recoverable_leak_check && __lsan_do_recoverable_leak_check() != 0)
		wrong(t->report, "memory leaks");
}

static void trial_child(void *arg)
{
	const struct trial *t = arg;
	struct report *r = t->report;
	size_t descriptors = dir_count("/proc/self/fd");
	long blocks = fault_blocks(own_only(t));
	struct scene c;
	CK_RV rv = CKR_OK;

	script_use(t->kind->backend, "tokens", t->step->limited);
	rv = scene_open(t->step, &c);
	if (rv != CKR_OK) {
		wrong(r, "the step cannot begin: 0x%lx", rv);
		return;
	}
	fault_begin(&t->plan);
	r->answer = t->step->call(&c);
	r->calls = fault_end();
	r->hits = fault_hits();
	if (t->pristine)
		note_calls(r);
	if (!tokens_copy("tokens", "after"))
		wrong(r, "no copy could be made");
	go_on(t, &c);
	rv = p11->C_Finalize(NULL);
	if (rv != CKR_OK)
		wrong(r, "C_Finalize: 0x%lx", rv);
	look_for_leaks(t, descriptors, blocks);
}

/* --- a trial ------------------------------------------------------------ */

static unsigned allowed(const struct trial *t, CK_RV answer)
{
	bool lasting = t->plan.last > t->plan.first;

	if (expected(t, answer))
		return t->step->tolerant ? ALLOW_OLD | ALLOW_NEW : ALLOW_NEW;
	/* what could not be done, and then not be undone */
	if (lasting || t->step->piecemeal)
		return ALLOW_BETWEEN;
	return t->kind->late ? ALLOW_OLD | ALLOW_NEW : ALLOW_OLD;
}

static void judge_after(const struct trial *t)
{
	struct tokens_state got;
	const char *bad = NULL;
	CK_RV rv = CKR_OK;

	if (!expected(t, t->report->answer) && tokens_hash("after") == t->begin_hash)
		return;
	state_part_pairs(t->step->piecemeal);
	rv = read_and_write_fresh(t->kind->backend, "after", &got);
	if (rv != CKR_OK)
		wrong(t->report, "a fresh process cannot use the tokens: 0x%lx", rv);
	else
		bad = state_judge(&got, t->old, t->new, allowed(t, t->report->answer), false);
	if (bad)
		wrong(t->report, "for a fresh process %s", bad);
}

static bool trial_run(const struct trial *t)
{
	struct report *r = t->report;
	CK_RV rv = ROW_BROKEN;

	*r->wrong = 0;
	r->answer = ROW_BROKEN;
	r->hits = 0;
	if (tokens_copy(t->begin, "tokens"))
		rv = run_forked(trial_child, (void *)(uintptr_t)t);
	if (rv != CKR_OK)
		wrong(r, "the process %s", rv == ROW_HUNG ? "hangs" :
					    rv == ROW_CRASHED ? "crashes" : "cannot go on");
	if (!expected(t, r->answer) && !is_sensible(t, r->answer))
		wrong(r, "answers 0x%lx", r->answer);
	if (!*r->wrong)
		judge_after(t);
	counts.injected += r->hits;
	counts.unharmed += r->hits > 0 && expected(t, r->answer);
	return !*r->wrong;
}

static const char *error_text(const struct trial *t)
{
	return t->plan.error == FAULT_CUT ? "cut short" : strerror(error_of(t));
}

static bool trial_tell(const struct trial *t, unsigned long n, const char *function)
{
	fprintf(stderr, "%s, %s: %s without call %lu, %s (%d, %s, %s): answer 0x%lx: %s\n",
		t->kind->name, t->group->name, t->step->name, n, function, t->plan.error,
		error_text(t), t->plan.last > n ? "lasting" : "once",
		t->report->answer, t->report->wrong);
	return false;
}

/* --- all trials of a step ----------------------------------------------- */

/*
 * What OpenSSL allocates while it fetches an algorithm, and what is called again and again, as a
 * hash is: fewer and fewer of those.
 */
static bool is_tiresome(const struct trial *t, unsigned long n)
{
	const char *function = t->report->made[n - 1].function;
	unsigned long same = 1, next = 1;

	if (t->group->kinds != FAULT_BIT(FAULT_OPENSSL) && strcmp(function, FAULT_BY_OPENSSL) != 0)
		return false;
	for (unsigned long i = 0; i < n - 1; i++)
		same += strcmp(t->report->made[i].function, function) == 0;
	while (next < same)
		next += 1 + next / 8;
	return next != same;
}

/* Where there has been trouble more is tried: files that cannot be opened or locked. */
static unsigned long stride_of(const struct trial *t)
{
	unsigned long stride = t->kind->late ? t->group->db_stride : t->group->stride;

	if (is_long())
		return 1;
	if (t->kind->late && (t->failing == FAULT_OPEN_WRITE || t->failing == FAULT_LOCK))
		return 1 + stride / 16;
	return stride;
}

static bool is_chosen(const struct trial *t, unsigned long *number)
{
	return (*number)++ % stride_of(t) == 0;
}

/* An interruption passes, and so does another process's lock, for which the module waits. */
static bool passes(const struct trial *t)
{
	return error_of(t) == EINTR || error_of(t) == EAGAIN;
}

/* Call n, in each of its ways, once and for good. */
static bool fail_call(struct trial *t, unsigned long n, unsigned long *number)
{
	const int *errors = fault_errors(t->report->made[n - 1].kind);
	bool good = true;

	t->failing = t->report->made[n - 1].kind;
	for (; *errors != 0; errors++)
		for (int lasting = 0; lasting < 2; lasting++) {
			t->plan.error = *errors;
			if ((lasting && passes(t)) || !is_chosen(t, number))
				continue;
			t->plan.first = n;
			t->plan.last = lasting ? ULONG_MAX : n;
			counts.steps++;
			if (!trial_run(t))
				good = trial_tell(t, n, t->report->made[n - 1].function);
		}
	return good;
}

/* Runs the step without a fault, which shows what it calls, and what it leaves allocated. */
static bool look_at_calls(struct trial *t)
{
	t->pristine = true;
	t->plan = (struct fault_plan){ .kinds = t->group->kinds, .fitting = true };
	if (!trial_run(t) || !expected(t, t->report->answer))
		return trial_tell(t, 0, "none");
	t->pristine = false;
	return true;
}

static bool step_trials(struct trial *t)
{
	static unsigned long number;
	unsigned long calls = 0;
	bool good = look_at_calls(t);

	calls = good ? t->report->calls : 0;
	for (unsigned long n = 1; n <= calls && n <= MAX_CALLS; n++)
		if (!is_tiresome(t, n))
			good = fail_call(t, n, &number) && good;
	return good;
}

/* --- rows --------------------------------------------------------------- */

static struct {
	struct tokens_state states[MAX_STEPS + 1];
	struct report *report;
	long *blocks;
	bool ready;		/* the script has run */
} all;

static CK_RV trials_from(const struct trial *given, const char *begin, size_t old, size_t new)
{
	struct trial t = *given;

	t.old = &all.states[old];
	t.new = &all.states[new];
	t.report = all.report;
	t.blocks = all.blocks;
	snprintf(t.begin, sizeof(t.begin), "%s", begin);
	t.begin_hash = tokens_hash(t.begin);
	return want(step_trials(&t));
}

static CK_RV trials_row(struct ctx *c)
{
	const struct trial *t = c->arg;
	size_t i = (size_t)(t->step - steps);
	char begin[32];

	p11->C_Finalize(NULL);
	snprintf(begin, sizeof(begin), "step-%zu", i);
	return trials_from(t, begin, i, i + 1);
}

/* --- after a kill ------------------------------------------------------- */

static const struct step *step_named(const char *name)
{
	const struct step *s = steps;

	while (strcmp(s->name, name) != 0)
		s++;
	return s;
}

/* A change is all but made: a database has its new pages, and the journal that takes them back. */
static void killed_child(void *arg)
{
	const struct store_kind *kind = arg;
	const struct step *set = step_named("set");
	const struct fault_plan plan = {
		.kinds = FAULT_BIT(kind->late ? FAULT_REMOVE : FAULT_NAME), .first = 1, .last = 1,
		.error = FAULT_KILL,
	};
	struct scene c;

	script_use(kind->backend, "killed", false);
	if (scene_open(set, &c) != CKR_OK)
		return;
	fault_begin(&plan);
	set->call(&c);
}

static bool has_journal(void)
{
	glob_t found = { .gl_pathc = 0 };
	bool there = glob(work_path("killed/*/sqlite3.db-journal"), 0, NULL, &found) == 0;

	globfree(&found);
	return there;
}

/* The module starts on what a kill has left: what was begun is taken back, in spite of faults. */
static CK_RV recovery_row(struct ctx *c)
{
	const struct trial *t = c->arg;
	size_t i = (size_t)(step_named("set") - steps);
	char begin[32];

	p11->C_Finalize(NULL);
	snprintf(begin, sizeof(begin), "step-%zu", i);
	if (!tokens_copy(begin, "killed") ||
	    run_forked(killed_child, (void *)(uintptr_t)t->kind) != ROW_CRASHED ||
	    has_journal() != t->kind->late)
		return ROW_BROKEN;
	return trials_from(t, "killed", i, i);
}

static CK_RV script_row(struct ctx *c)
{
	CK_RV rv = CKR_OK;

	p11->C_Finalize(NULL);
	rv = script_run(c->arg, all.states);
	all.ready = rv == CKR_OK;
	return rv;
}

static bool is_wanted(const struct store_kind *kind, const struct group *g)
{
	if (g->kinds == FAULT_BIT(FAULT_MEMORY) && !fault_memory_works())
		return false;
	if (g->kinds == FAULT_ALL_DB && !kind->late)
		return false;
	/* nothing else is different */
	return !kind->named || g->kinds == FAULT_ALL_FILES;
}

static void store_trials(const struct store_kind *kind)
{
	row_runf(ANY_STATE, script_row, kind->backend, CKR_OK, "make_%s_script", kind->name);
	for (size_t g = 0; all.ready && g < LENGTH(groups); g++) {
		if (!is_wanted(kind, &groups[g]))
			continue;
		for (size_t i = 0; i < step_count; i++) {
			const struct trial t = { .kind = kind, .step = &steps[i],
						 .group = &groups[g] };

			row_runf(ANY_STATE, trials_row, &t, CKR_OK, "%s_%s_%s", kind->name,
				 groups[g].name, steps[i].name);
			if (steps[i].starts)
				row_runf(ANY_STATE, recovery_row, &t, CKR_OK, "%s_%s_recovery",
					 kind->name, groups[g].name);
		}
	}
}

static void test_stores(void)
{
	all.report = shared_memory(sizeof(*all.report));
	all.blocks = shared_memory(sizeof(*all.blocks));
	fault_blocks_begin();
#ifdef WITH_OBJECTSTORE_BACKEND_DB
	vfs_use();
#endif
	for (size_t i = 0; all.report && all.blocks && i < store_kind_count; i++) {
		memset(&counts, 0, sizeof(counts));
		if (!store_use(&store_kinds[i]))
			continue;
		store_trials(&store_kinds[i]);
		printf("%s store: %lu calls made to fail in %lu runs of a step, of which %lu"
		       " succeeded all the same\n",
		       store_kinds[i].name, counts.injected, counts.steps, counts.unharmed);
	}
}

int main(int argc, char **argv)
{
	static const struct test tests[] = {
		{ "stores", NULL, 0, test_stores },
	};
	static const struct program program = {
		.name = "fault",
		.tests = tests,
		.ntests = LENGTH(tests),
		.without_token = true,
		.not_on_reference = "it loses tokens when a write fails",
	};

	return harness_main(argc, argv, &program);
}
