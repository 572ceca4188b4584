#include "config.h"

#include "fault/run.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fault/shim.h"

#define CHILD_SECONDS	60

/* As in the harness: the counters of coverage are written by exit alone. */
#ifdef WITH_COVERAGE
#define CHILD_END(status)	exit(status)
#else
#define CHILD_END(status)	_exit(status)
#endif

void *shared_memory(size_t size)
{
	void *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	return p == MAP_FAILED ? NULL : p;
}

CK_RV run_forked(void (*fn)(void *), void *arg)
{
	int status = 0;
	pid_t pid = -1;

	fflush(NULL);
	pid = fork();
	if (pid < 0)
		return ROW_BROKEN;
	if (pid == 0) {
		alarm(CHILD_SECONDS);
		fn(arg);
		CHILD_END(0);
	}
	if (waitpid(pid, &status, 0) != pid)
		return ROW_BROKEN;
	if (WIFSIGNALED(status))
		return WTERMSIG(status) == SIGALRM ? ROW_HUNG : ROW_CRASHED;
	return want(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

/* --- reading ------------------------------------------------------------ */

CK_RV probe(CK_SESSION_HANDLE s)
{
	CK_ATTRIBUTE t[] = { A_ULONG(CKA_CLASS, CKO_DATA), A_BOOL(CKA_TOKEN, CK_TRUE),
			     A_BOOL(CKA_PRIVATE, CK_FALSE), A_TEXT(CKA_LABEL, "probe"), A_END };
	CK_OBJECT_HANDLE made = 0, found[2];
	CK_ULONG count = 0;
	CK_RV rv = object_make(s, t, &made);

	if (rv == CKR_OK)
		rv = object_find(s, t, found, LENGTH(found), &count);
	if (rv == CKR_OK)
		rv = want(count == 1 && found[0] == made);
	return rv == CKR_OK ? p11->C_DestroyObject(s, made) : rv;
}

/* In the first token, with the PIN that was found to be right. */
static CK_RV write_something(const struct tokens_state *state)
{
	const struct token_state *t = &state->tokens[0];
	CK_SESSION_HANDLE s = 0;
	CK_SLOT_ID slot = 0;
	CK_RV rv = slot_find(t->label, &slot);

	if (rv == CKR_OK)
		rv = session_open(slot, CKF_RW_SESSION, &s);
	if (rv == CKR_OK && t->user != PIN_NONE)
		rv = login(s, CKU_USER, pin_texts[t->user]);
	return rv == CKR_OK ? probe(s) : rv;
}

struct reading {
	const char *backend;
	const char *tokens;
	bool write;
	struct {
		CK_RV rv;
		struct tokens_state state;
	} *result;
};

static void read_child(void *arg)
{
	struct reading *r = arg;
	CK_RV end = CKR_OK;

	script_use(r->backend, r->tokens, false);
	r->result->rv = module_start();
	if (r->result->rv == CKR_OK)
		r->result->rv = state_read(&r->result->state);
	if (r->result->rv == CKR_OK && r->write)
		r->result->rv = write_something(&r->result->state);
	end = p11->C_Finalize(NULL);
	if (r->result->rv == CKR_OK)
		r->result->rv = end;
}

static CK_RV reading(const char *backend, const char *tokens, bool write, struct tokens_state *out)
{
	struct reading r = { .backend = backend, .tokens = tokens, .write = write };
	CK_RV rv = ROW_BROKEN;

	r.result = shared_memory(sizeof(*r.result));
	if (!r.result)
		return rv;
	r.result->rv = ROW_BROKEN;
	rv = run_forked(read_child, &r);
	if (rv == CKR_OK)
		rv = r.result->rv;
	*out = r.result->state;
	munmap(r.result, sizeof(*r.result));
	return rv;
}

CK_RV read_fresh(const char *backend, const char *tokens, struct tokens_state *out)
{
	return reading(backend, tokens, false, out);
}

CK_RV read_and_write_fresh(const char *backend, const char *tokens, struct tokens_state *out)
{
	return reading(backend, tokens, true, out);
}

/* --- directories -------------------------------------------------------- */

bool tokens_copy(const char *from, const char *to)
{
	tree_remove(work_path("%s", to));
	return tree_copy(work_path("%s", from), work_path("%s", to));
}

static void mix(uint64_t *hash, const void *data, size_t len)
{
	const unsigned char *p = data;

	for (size_t i = 0; i < len; i++)
		*hash = (*hash ^ p[i]) * 0x100000001b3u;
}

static void mix_file(uint64_t *hash, const char *path)
{
	unsigned char data[8192];
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = 0;

	while (fd >= 0 && (n = read(fd, data, sizeof(data))) > 0)
		mix(hash, data, (size_t)n);
	if (fd >= 0)
		close(fd);
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static void mix_tree(uint64_t *hash, const char *path)
{
	struct dirent **list = NULL;
	int n = scandir(path, &list, NULL, by_name);
	char below[4096];
	struct stat st;

	for (int i = 0; i < n; i++) {
		snprintf(below, sizeof(below), "%s/%s", path, list[i]->d_name);
		if (list[i]->d_name[0] != '.' && lstat(below, &st) == 0) {
			mix(hash, list[i]->d_name, strlen(list[i]->d_name) + 1);
			if (S_ISDIR(st.st_mode))
				mix_tree(hash, below);
			else
				mix_file(hash, below);
			mix(hash, "/", 2);
		}
		free(list[i]);
	}
	free(list);
}

uint64_t tokens_hash(const char *tokens)
{
	uint64_t hash = 0xcbf29ce484222325u;

	mix_tree(&hash, work_path("%s", tokens));
	return hash;
}

/* --- the script --------------------------------------------------------- */

struct stage {
	const char *backend;
	const struct step *step;	/* NULL: what comes before the first */
	CK_RV *answer;
};

static void stage_child(void *arg)
{
	struct stage *s = arg;
	struct scene c;
	CK_RV rv = CKR_OK;

	script_use(s->backend, "script", s->step && s->step->limited);
	rv = s->step ? scene_open(s->step, &c) : script_begin();
	if (rv == CKR_OK && s->step)
		rv = s->step->call(&c);
	*s->answer = rv;
	p11->C_Finalize(NULL);
}

static CK_RV stage_run(const char *backend, const struct step *step)
{
	struct stage s = { backend, step, shared_memory(sizeof(CK_RV)) };
	CK_RV rv = s.answer ? run_forked(stage_child, &s) : ROW_BROKEN, answer = ROW_BROKEN;

	if (s.answer) {
		answer = *s.answer;
		munmap(s.answer, sizeof(CK_RV));
	}
	if (rv == CKR_OK && answer == (step ? step->expected : CKR_OK))
		return CKR_OK;
	fprintf(stderr, "%s of the %s store: 0x%lx, without a fault\n",
		step ? step->name : "the beginning", backend, rv == CKR_OK ? answer : rv);
	return ROW_BROKEN;
}

/* Reading tries PINs, so it is done with a copy. */
CK_RV script_keep(const char *backend, size_t i, struct tokens_state *out)
{
	char name[32];
	CK_RV rv = CKR_OK;

	snprintf(name, sizeof(name), "step-%zu", i);
	if (!tokens_copy("script", name) || !tokens_copy("script", "look"))
		return ROW_BROKEN;
	rv = read_fresh(backend, "look", out);
	if (rv != CKR_OK)
		fprintf(stderr, "the tokens before step %zu cannot be read: 0x%lx\n", i, rv);
	return rv;
}

CK_RV script_run(const char *backend, struct tokens_state *states)
{
	CK_RV rv = CKR_OK;

	tree_remove(work_path("script"));
	rv = stage_run(backend, NULL);
	if (rv == CKR_OK)
		rv = script_keep(backend, 0, &states[0]);
	for (size_t i = 0; rv == CKR_OK && i < step_count; i++) {
		rv = stage_run(backend, &steps[i]);
		if (rv == CKR_OK)
			rv = script_keep(backend, i + 1, &states[i + 1]);
	}
	return rv;
}

/* --- surroundings ------------------------------------------------------- */

const struct store_kind store_kinds[] = {
	{ "file", "file", false, false },
	{ "named_file", "file", true, false },
	{ "db", "db", false, true },
};
const size_t store_kind_count = LENGTH(store_kinds);

static void start_child(void *arg)
{
	script_use(arg, "none", false);
	if (module_start() != CKR_OK)
		CHILD_END(1);
	p11->C_Finalize(NULL);
}

bool store_use(const struct store_kind *kind)
{
	char backend[16];

	p11->C_Finalize(NULL);
	fault_skip_sync(true);
	fault_refuse_nameless(kind->named);
	snprintf(backend, sizeof(backend), "%s", kind->backend);
	if (run_forked(start_child, backend) == CKR_OK)
		return true;
	printf("there is no %s store\n", kind->name);
	return false;
}

bool is_long(void)
{
	const char *text = getenv("CHECK_LONG");

	return text && *text;
}
