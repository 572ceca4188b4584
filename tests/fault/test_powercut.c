/* The power is cut after each operation on files that the script does. */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fault/record.h"
#include "fault/replay.h"
#include "fault/run.h"

#define MAX_STEPS	32
#define MAX_STATES	200000

/*
 * About so many states are opened in the short form, of all that are different; fewer with
 * sanitizers, which make it slow.
 */
#define SHORT_FORM		400
#define SHORT_FORM_SANITIZED	100

static struct {
	const struct store_kind *kind;
	const struct recording *recording;
	struct tokens_state states[MAX_STEPS + 1];	/* after so many steps */
	uint64_t seen[MAX_STATES];
	size_t seen_count;
	unsigned long cuts, opened, stride;
} all;

static const char *const ways[REPLAY_DATA_WAYS] = {
	[REPLAY_DROP] = "dropped", [REPLAY_KEEP] = "kept", [REPLAY_TORN] = "torn",
	[REPLAY_LAST] = "dropped but for the last", [REPLAY_ZEROS] = "zeros",
};

/* --- the recording ------------------------------------------------------ */

static CK_RV run_step(const struct step *step)
{
	struct scene c;
	CK_RV rv = CKR_OK;

	script_use(all.kind->backend, "script", step->limited);
	rv = scene_open(step, &c);
	if (rv == CKR_OK)
		rv = step->call(&c);
	if (rv != step->expected)
		fprintf(stderr, "%s: 0x%lx, without a fault\n", step->name, rv);
	return want(rv == step->expected);
}

/* The call has returned: from here on its work must not be lost. */
static CK_RV run_steps(void)
{
	CK_RV rv = CKR_OK;

	for (unsigned i = 0; rv == CKR_OK && i < step_count; i++) {
		rv = run_step(&steps[i]);
		record_mark(i + 1);
		p11->C_Finalize(NULL);
		record_pause(true);
		if (rv == CKR_OK)
			rv = script_keep(all.kind->backend, i + 1, &all.states[i + 1]);
		record_pause(false);
	}
	return rv;
}

static unsigned long short_form(void)
{
	const char *sanitizers = getenv("SANITIZERS");

	return sanitizers != NULL && sanitizers[0] != '\0' ? SHORT_FORM_SANITIZED : SHORT_FORM;
}

static CK_RV record_row(struct ctx *c)
{
	CK_RV rv = CKR_OK;

	all.kind = c->arg;
	all.recording = NULL;
	all.seen_count = 0;
	all.cuts = all.opened = 0;
	p11->C_Finalize(NULL);
	tree_remove(work_path("script"));
	script_use(all.kind->backend, "script", false);
	rv = script_begin();
	p11->C_Finalize(NULL);
	if (rv == CKR_OK)
		rv = script_keep(all.kind->backend, 0, &all.states[0]);
	if (rv != CKR_OK || !record_begin(work_path("script")))
		return ROW_BROKEN;
	rv = run_steps();
	all.recording = record_end();
	/* there are some two or three different states an operation */
	all.stride = all.recording && !is_long() ? 1 + all.recording->count * 3 / short_form() : 1;
	return rv == CKR_OK && !all.recording ? ROW_BROKEN : rv;
}

/* --- states ------------------------------------------------------------- */

static unsigned steps_done(size_t end)
{
	unsigned done = 0;

	for (size_t i = 0; i < end; i++)
		if (all.recording->list[i].kind == RECORD_MARK)
			done = all.recording->list[i].mark;
	return done;
}

static bool is_new(uint64_t hash)
{
	for (size_t i = all.seen_count; i-- > 0;)
		if (all.seen[i] == hash)
			return false;
	if (all.seen_count < MAX_STATES)
		all.seen[all.seen_count++] = hash;
	return true;
}

static bool is_file_store(void)
{
	return strcmp(all.kind->backend, "file") == 0;
}

static unsigned allowed(unsigned done)
{
	const struct step *next = done < step_count ? &steps[done] : NULL;

	if (!next)
		return ALLOW_OLD;
	if (is_file_store() && (next->piecemeal || next->several))
		return ALLOW_BETWEEN;
	return next->piecemeal ? ALLOW_BETWEEN : ALLOW_OLD | ALLOW_NEW;
}

static bool open_state(const struct replay *t, const struct cut *cut, unsigned done)
{
	const struct tokens_state *old = &all.states[done];
	const struct tokens_state *new = done < step_count ? &all.states[done + 1] : old;
	struct tokens_state got;
	const char *bad = "it cannot be built";
	CK_RV rv = ROW_BROKEN;

	all.opened++;
	if (replay_write(t, work_path("cut"))) {
		state_part_pairs(done < step_count && steps[done].piecemeal);
		rv = read_and_write_fresh(all.kind->backend, "cut", &got);
		bad = rv != CKR_OK ? "the tokens cannot be used" :
				     state_judge(&got, old, new, allowed(done), true);
	}
	if (bad)
		fprintf(stderr,
			"%s store, power cut after operation %zu, during step %s, unsynced bytes"
			" %s, %zu unsynced changes of names kept: %s (0x%lx)\n",
			all.kind->name, cut->end, done < step_count ? steps[done].name : "none",
			ways[cut->data], cut->names, bad, rv);
	return !bad;
}

static bool cut_here(const struct cut *cut, unsigned done)
{
	struct replay *t = replay_new(all.recording, cut);
	bool good = t;

	all.cuts++;
	/* the same state may be right after one step and wrong after the next */
	if (t && is_new(replay_hash(t) + done) && all.seen_count % all.stride == 0)
		good = open_state(t, cut, done);
	if (t)
		replay_free(t);
	return good;
}

/* A step that only reads must leave the disk alone. */
static bool writes_by_right(size_t end, unsigned step)
{
	const struct record *op = &all.recording->list[end];

	if (step == step_count || !steps[step].reads || op->kind == RECORD_MARK)
		return true;
	fprintf(stderr, "%s writes\n", steps[step].name);
	return false;
}

static CK_RV cuts_row(struct ctx *c)
{
	const struct recording *r = all.recording;
	unsigned step = *(const unsigned *)c->arg;
	bool good = true;

	p11->C_Finalize(NULL);
	for (size_t end = 0; end <= r->count; end++) {
		size_t loose = replay_loose_names(r, end);

		if (steps_done(end) != step)
			continue;
		good = (end == r->count || writes_by_right(end, step)) && good;
		for (size_t names = 0; names <= loose; names++)
			for (int way = 0; way < REPLAY_DATA_WAYS; way++) {
				const struct cut cut = { end, (enum replay_data)way, names };

				good = cut_here(&cut, step) && good;
			}
	}
	return want(good);
}

static void store_cuts(const struct store_kind *kind)
{
	row_runf(ANY_STATE, record_row, kind, CKR_OK, "make_%s_recording", kind->name);
	if (!all.recording)
		return;
	for (unsigned i = 0; i <= step_count; i++)
		row_runf(ANY_STATE, cuts_row, &i, CKR_OK, "%s_%u_%s", kind->name, i,
			 i < step_count ? steps[i].name : "end");
	printf("%s store: %zu operations on files, %lu power cuts, %zu different states, of which"
	       " %lu were opened\n",
	       kind->name, all.recording->count, all.cuts, all.seen_count, all.opened);
	record_free();
}

static void test_stores(void)
{
	for (size_t i = 0; i < store_kind_count; i++)
		if (store_use(&store_kinds[i]))
			store_cuts(&store_kinds[i]);
}

int main(int argc, char **argv)
{
	static const struct test tests[] = {
		{ "stores", NULL, 0, test_stores },
	};
	static const struct program program = {
		.name = "powercut",
		.tests = tests,
		.ntests = LENGTH(tests),
		.without_token = true,
		.not_on_reference = "it syncs nothing",
	};

	return harness_main(argc, argv, &program);
}
