#include "config.h"

#include "harness.h"

#include <dlfcn.h>
#include <errno.h>
#include <fnmatch.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <CUnit/Basic.h>

#include "internal.h"

#define FORK_SECONDS	60
#define CHILD_SECONDS	60
#define MAX_ROWS	16384

/*
 * A forked child leaves its parent's exit handlers alone, unless they are to
 * write the counters of coverage.
 */
#ifdef WITH_COVERAGE
#define CHILD_END(status)	exit(status)
#else
#define CHILD_END(status)	_exit(status)
#endif

struct difference {
	const char *row;
	CK_RV answer;
	const char *reason;
	bool used;
};

CK_FUNCTION_LIST *p11;
bool reference;

static struct difference differences[] = {
#define DIFFERENCE(row, answer, reason) { row, answer, reason, false },
#include "known_differences.def"
#undef DIFFERENCE
};

/* The one program of this process. */
static struct {
	const struct program *p;
	void *module;
	bool verbose;
	const char *pattern;
	char *names[MAX_ROWS];
	unsigned rows;
	unsigned failed;
	unsigned different;
	unsigned skipped;
} run;

static const char *const state_names[] = {
	[FINALIZED] = "finalized", [NO_SESSION] = "no_session",
	[RO_PUBLIC] = "ro_public", [RW_PUBLIC] = "rw_public", [RO_USER] = "ro_user",
	[RW_USER] = "rw_user", [RW_SO] = "rw_so", [ANY_STATE] = "any",
};

const char *state_name(enum state state)
{
	return state_names[state];
}

static const char *answer_name(CK_RV rv)
{
	static const struct {
		CK_RV rv;
		const char *name;
	} names[] = {
		{ ROW_WRONG, "wrong result" },
		{ ROW_CRASHED, "crash" },
		{ ROW_HUNG, "hang" },
		{ ROW_BROKEN, "row not set up" },
#define CKR_NAME(r) { r, #r },
#include "pkcs11/names.def"
	};

	for (size_t i = 0; i < LENGTH(names); i++)
		if (names[i].rv == rv)
			return names[i].name;
	return "unknown code";
}

CK_RV want(bool condition)
{
	return condition ? CKR_OK : ROW_WRONG;
}

/* --- processes ---------------------------------------------------------- */

CK_RV process_wait(pid_t pid, unsigned seconds, int *status)
{
	for (unsigned ms = 0; ms < seconds * 1000; ms += 5) {
		pid_t got = waitpid(pid, status, WNOHANG);

		if (got == pid) {
			kill(-pid, SIGKILL);
			return CKR_OK;
		}
		if (got < 0 && errno != EINTR)
			return ROW_BROKEN;
		(void)poll(NULL, 0, 5);
	}
	kill(-pid, SIGKILL);
	kill(pid, SIGKILL);
	waitpid(pid, status, 0);
	return ROW_HUNG;
}

static CK_RV status_answer(int status)
{
	if (WIFSIGNALED(status))
		return ROW_CRASHED;
	return want(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

static void no_core_file(void)
{
	struct rlimit none = { 0, 0 };

	setrlimit(RLIMIT_CORE, &none);
}

/*
 * Children end without tidying up, which is what they are for; a leak checker
 * would only report that.
 */
static void child_environment(void)
{
	const char *old = getenv("ASAN_OPTIONS");
	char options[512];

	setpgid(0, 0);
	snprintf(options, sizeof(options), "%s%sdetect_leaks=0", old ? old : "", old ? ":" : "");
	setenv("ASAN_OPTIONS", options, 1);
	no_core_file();
}

pid_t process_start(const char *name)
{
	char self[4096];
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);
	pid_t pid = n > 0 ? fork() : -1;

	if (pid == 0) {
		self[n] = 0;
		child_environment();
		if (!run.verbose && !freopen("/dev/null", "w", stderr))
			_exit(126);
		execl(self, self, "--child", name, (char *)NULL);
		_exit(127);
	}
	return pid;
}

CK_RV child_run(const char *name)
{
	int status = 0;
	pid_t pid = process_start(name);
	CK_RV rv = pid < 0 ? ROW_BROKEN : process_wait(pid, CHILD_SECONDS, &status);

	return rv == CKR_OK ? status_answer(status) : rv;
}

CK_RV fork_run(CK_RV (*call)(struct ctx *), struct ctx *c)
{
	CK_RV answer = ROW_CRASHED, rv = CKR_OK;
	int pipe_fd[2] = { -1, -1 }, status = 0;
	pid_t pid = -1;

	fflush(NULL);
	if (pipe(pipe_fd) || (pid = fork()) < 0)
		return ROW_BROKEN;
	if (pid == 0) {
		setpgid(0, 0);
		no_core_file();
		/* the last words of a failed assertion of the reference */
		if (reference && !run.verbose && !freopen("/dev/null", "w", stderr))
			_exit(126);
		answer = call(c);
		if (write(pipe_fd[1], &answer, sizeof(answer)) != sizeof(answer))
			_exit(1);
		CHILD_END(0);
	}
	close(pipe_fd[1]);
	rv = process_wait(pid, FORK_SECONDS, &status);
	/* exit() in the library ends the child before it can write */
	if (rv == CKR_OK && read(pipe_fd[0], &answer, sizeof(answer)) != sizeof(answer))
		answer = ROW_CRASHED;
	else if (rv == CKR_OK && WIFEXITED(status) && WEXITSTATUS(status) != 0)
		answer = ROW_WRONG;	/* what valgrind makes of an error */
	close(pipe_fd[0]);
	return rv == CKR_OK ? answer : rv;
}

bool module_load(void)
{
	CK_RV (*get_list)(CK_FUNCTION_LIST **) = NULL;
	const char *file = getenv("MODULE");

	run.module = dlopen(file, RTLD_NOW | RTLD_LOCAL);
	if (run.module) {
		void *symbol = dlsym(run.module, "C_GetFunctionList");

		memcpy(&get_list, &symbol, sizeof(get_list));
	}
	if (!get_list) {
		fprintf(stderr, "MODULE=%s: %s\n", file, dlerror());
		return false;
	}
	return get_list(&p11) == CKR_OK && p11;
}

bool module_unload(void)
{
	p11 = NULL;
	return dlclose(run.module) == 0;
}

void *module_symbol(const char *name)
{
	return dlsym(run.module, name);
}

/* --- rows --------------------------------------------------------------- */

static struct difference *difference_find(const char *name)
{
	if (!reference)
		return NULL;
	for (size_t i = 0; i < LENGTH(differences); i++)
		if (fnmatch(differences[i].row, name, 0) == 0)
			return &differences[i];
	return NULL;
}

static void assertion(bool passed, const struct row *r, const char *message)
{
	if (!passed)
		run.failed++;
	CU_assertImplementation(passed, r->line, message, r->file ? r->file : run.p->name, "",
				CU_FALSE);
}

/* Rows called make_... make what others need, so they are always wanted. */
static bool row_wanted(const struct row *r, const char *name)
{
	return !run.pattern || strncmp(r->name, "make_", 5) == 0 ||
	       fnmatch(run.pattern, name, 0) == 0;
}

/* The row's full name; "" if it is not wanted or the table is full. */
static const char *row_name(const struct row *r)
{
	char name[256];

	snprintf(name, sizeof(name), "%s.%s", run.p->name, r->name);
	if (!row_wanted(r, name))
		return "";
	if (run.rows == MAX_ROWS) {
		assertion(false, r, "MAX_ROWS is too small");
		return "";
	}
	return run.names[run.rows++] = strdup(name);
}

static CK_RV row_answer(const struct row *r, bool may_crash)
{
	struct ctx c = { .arg = r->arg };

	if (state_enter(&c, r->state) != CKR_OK)
		return ROW_BROKEN;
	if (!may_crash)
		return r->call(&c);
	/* the child may leave another configuration behind */
	conf_forget();
	return fork_run(r->call, &c);
}

void row_run(const struct row *r)
{
	const char *name = row_name(r);
	char message[512];

	if (!*name)
		return;

	struct difference *d = difference_find(name);
	CK_RV expected = d ? d->answer : r->expected;

	if (d) {
		d->used = true;
		run.different++;
	}
	if (expected == ROW_SKIPPED) {
		run.skipped++;
		return;
	}

	CK_RV answer = row_answer(r, d && d->answer == ROW_CRASHED);

	snprintf(message, sizeof(message), "%s: %s (0x%lx), expected %s%s%s", name,
		 answer_name(answer), answer, answer_name(expected),
		 d ? " as a known difference: " : "", d ? d->reason : "");
	if (run.verbose)
		printf("%s %s\n", answer == expected ? "ok  " : "FAIL", message);
	assertion(answer == expected, r, message);
}

void row_runf(enum state state, CK_RV (*call)(struct ctx *), const void *arg, CK_RV expected,
	      const char *format, ...)
{
	char name[200];
	struct row r = {
		.name = name, .state = state, .expected = expected, .call = call, .arg = arg,
	};
	va_list ap;

	va_start(ap, format);
	vsnprintf(name, sizeof(name), format, ap);
	va_end(ap);
	row_run(&r);
}

void rows_run(enum state state, const struct call *calls, size_t n, const void *arg,
	      const char *item)
{
	for (size_t i = 0; i < n; i++)
		row_runf(state, calls[i].run, arg, calls[i].expected, "%s_%s", calls[i].name, item);
}

/* Every test of CUnit: the table or function is found by the test's name. */
static void test_run(void)
{
	const char *name = CU_get_current_test()->pName;
	const struct test *t = run.p->tests;

	while (strcmp(t->name, name) != 0)
		t++;
	for (size_t i = 0; i < t->count; i++)
		row_run(&t->rows[i]);
	if (t->run)
		t->run();
}

static int compare_names(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Two rows of one name would make known_differences.def ambiguous. */
static void test_names(void)
{
	static const struct row r = { .name = "names" };
	char message[320];

	qsort(run.names, run.rows, sizeof(*run.names), compare_names);
	for (unsigned i = 1; i < run.rows; i++) {
		snprintf(message, sizeof(message), "two rows are named %s", run.names[i]);
		assertion(strcmp(run.names[i - 1], run.names[i]) != 0, &r, message);
	}
}

/* A line of known_differences.def for a row that is gone, or never ran. */
static void test_differences(void)
{
	static const struct row r = { .name = "differences", .file = "known_differences.def" };
	size_t n = strlen(run.p->name);
	char message[320];

	for (size_t i = 0; i < LENGTH(differences) && reference && !run.pattern; i++) {
		const struct difference *d = &differences[i];

		if (strncmp(d->row, run.p->name, n) != 0 || d->row[n] != '.')
			continue;
		snprintf(message, sizeof(message), "no row %s", d->row);
		assertion(d->used, &r, message);
	}
}

/* --- program ------------------------------------------------------------ */

static bool reference_detect(void)
{
	CK_INFO info;

	return p11->C_GetInfo(&info) == CKR_OK && info.libraryVersion.major == 2 &&
	       info.libraryVersion.minor == 6 && memcmp(info.manufacturerID, "SoftHSM ", 8) == 0;
}

static bool suite_add(void)
{
	CU_pSuite suite = CU_add_suite(run.p->name, NULL, NULL);

	for (size_t i = 0; suite && i < run.p->ntests; i++)
		if (!CU_add_test(suite, run.p->tests[i].name, test_run))
			return false;
	return suite && CU_add_test(suite, "names", test_names) &&
	       CU_add_test(suite, "known_differences", test_differences);
}

static int run_tests(void)
{
	if (CU_initialize_registry() != CUE_SUCCESS || !suite_add())
		return 2;
	CU_basic_set_mode(run.verbose ? CU_BRM_VERBOSE : CU_BRM_NORMAL);
	CU_basic_run_tests();
	unsigned failures = CU_get_number_of_failures();
	CU_cleanup_registry();
	printf("%s: %u rows on %s: %u as expected, %u failed, %u not run; %u known differences\n",
	       run.p->name, run.rows, reference ? "SoftHSM 2.6.1" : "this module",
	       run.rows - run.failed - run.skipped, run.failed, run.skipped, run.different);
	for (unsigned i = 0; i < run.rows; i++)
		free(run.names[i]);
	return failures ? 1 : 0;
}

static int run_child(const char *name)
{
	for (size_t i = 0; i < run.p->nchildren; i++)
		if (strcmp(run.p->children[i].name, name) == 0)
			return run.p->children[i].run();
	return 3;
}

int harness_main(int argc, char **argv, const struct program *p)
{
	int status = 2;

	run.p = p;
	if (argc == 3 && strcmp(argv[1], "--child") == 0)
		return run_child(argv[2]);
	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "-v") == 0)
			run.verbose = true;
		else
			run.pattern = argv[i];
	}
	if (!getenv("MODULE")) {
		fprintf(stderr, "MODULE must name the PKCS#11 module to test\n");
		return 2;
	}
	if (work_begin(p->name) && module_load() && module_start() == CKR_OK) {
		reference = reference_detect();
		if (reference && p->not_on_reference) {
			printf("%s: not run on SoftHSM 2.6.1: %s\n", p->name,
			       p->not_on_reference);
			status = 77;
		} else if (p->without_token || work_token() == CKR_OK)
			status = run_tests();
		else
			fprintf(stderr, "%s: no token could be made\n", p->name);
		p11->C_Finalize(NULL);
		module_unload();
	}
	work_end();
	return status;
}
