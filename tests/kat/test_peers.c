#include "config.h"

/*
 * The module beside others: what one makes, the other has to accept. The jobs of
 * tests/data/kat/peers.jobs go to the module, to libcrypto and to SoftHSM 2.6.1, which runs in a
 * process of its own; what they make becomes records (make.h), which the other side runs.
 *
 * Started by itself as "test_peers --make JOBS RECORDS" and "test_peers --check RECORDS".
 */

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/lib.h"
#include "make.h"
#include "p11/harness.h"
#include "run.h"
#include "table.h"

#define PEER	"/usr/lib/softhsm/libsofthsm2.so"

static struct {
	const char *jobs, *records;	/* --make, --check */
	FILE *out;
	unsigned ran, refused;
} peers;

/* --- what both sides do ------------------------------------------------- */

/* Runs a record, which the peer may refuse. */
static CK_RV row_check(struct ctx *c)
{
	struct record *r = (struct record *)(uintptr_t)c->arg;
	struct run run = { .r = r, .s = c->s };
	bool refused = false;

	if (!run_offers(&run, r->op)) {
		peers.refused++;
		return CKR_OK;
	}
	if (!record_run(r, c->s, reference, &refused))
		return ROW_WRONG;
	peers.ran += !refused;
	peers.refused += refused;
	return CKR_OK;
}

/* Runs a job and writes the record. */
static CK_RV row_make(struct ctx *c)
{
	struct record *job = (struct record *)(uintptr_t)c->arg;
	struct bytes made;

	if (!job_run(job, c->s, &made)) {
		peers.refused++;
		return CKR_OK;
	}
	peers.ran++;
	job_write(peers.out, job, made);
	return CKR_OK;
}

/* A row for each record of the file that has that name. */
static void rows_of(const char *path, const char *what, CK_RV (*call)(struct ctx *))
{
	const char *name = strrchr(path, '/');
	size_t n = 0;
	struct record *all = records(&n);

	name = name ? name + 1 : path;
	for (size_t i = 0; i < n; i++)
		if (all[i].mechanism && strcmp(all[i].file, name) == 0)
			row_runf(RW_PUBLIC, call, &all[i], CKR_OK, "%s:%u:%s:%s", what, all[i].line,
				 all[i].head, all[i].tail);
}

/* A peer that refuses all proves nothing. */
static CK_RV row_enough(struct ctx *c)
{
	(void)c;
	return want(peers.ran >= 100);
}

/* Has each mechanism of the peer a job? Those that only generate have nothing to exchange. */
static CK_RV row_covered(struct ctx *c)
{
	const CK_FLAGS made = CKF_GENERATE | CKF_GENERATE_KEY_PAIR;
	CK_ULONG count = 0;
	const struct offer *list = offers(c->slot, &count);
	size_t n = 0;
	struct record *all = records(&n);
	bool ok = list;

	for (CK_ULONG i = 0; i < count; i++) {
		size_t k = 0;

		while (k < n && (all[k].mechanism != list[i].mechanism ||
				 !strstr(all[k].file, ".jobs")))
			k++;
		if (k == n && !(list[i].info.flags & made)) {
			fprintf(stderr, "no job for mechanism 0x%lx\n", list[i].type);
			ok = false;
		}
	}
	return want(ok);
}

static void test_check(void)
{
	rows_of(peers.records, "check", row_check);
	row_runf(ANY_STATE, row_enough, NULL, CKR_OK, "enough");
	printf("%u records ran, %u refused\n", peers.ran, peers.refused);
}

static void test_make(void)
{
	peers.out = fopen(peers.records, "w");
	if (!peers.out)
		return;
	rows_of(peers.jobs, "make", row_make);
	fclose(peers.out);
	row_runf(ANY_STATE, row_enough, NULL, CKR_OK, "enough");
	if (reference)
		row_runf(NO_SESSION, row_covered, NULL, CKR_OK, "covered");
	printf("%u jobs ran, %u refused\n", peers.ran, peers.refused);
}

/* --- libcrypto ---------------------------------------------------------- */

/* libcrypto does the job; the module has to accept it as a record. */
static CK_RV row_from_lib(struct ctx *c)
{
	struct record *job = (struct record *)(uintptr_t)c->arg;
	struct run run = { .r = job, .s = c->s };
	struct record r = *job;
	struct bytes made;
	bool refused = false;

	if (!run_offers(&run, job->op) || !lib_make(job, &made)) {
		peers.refused++;
		return CKR_OK;
	}
	record_add_result(&r, made);
	if (!record_run(&r, c->s, reference, &refused))
		return ROW_WRONG;
	peers.ran += !refused;
	return CKR_OK;
}

/* The module does the job, whose result is random; libcrypto has to accept it. */
static CK_RV row_to_lib(struct ctx *c)
{
	struct record *job = (struct record *)(uintptr_t)c->arg;
	struct bytes made, probe;

	if (!lib_make(job, &probe) || !job_run(job, c->s, &made))
		return CKR_OK;
	peers.ran++;
	return want(lib_check(job, made) ||
		    record_complain(job, "libcrypto does not accept it: %s",
				    bytes_hex(made.p, made.len)));
}

static void test_libcrypto(void)
{
	size_t n = 0;
	struct record *all = records(&n);

	peers.ran = peers.refused = 0;
	rows_of(peers.jobs, "from_libcrypto", row_from_lib);
	for (size_t i = 0; i < n; i++)
		if (all[i].mechanism && strstr(all[i].file, ".jobs") && job_random(&all[i]))
			row_runf(RW_PUBLIC, row_to_lib, &all[i], CKR_OK, "to_libcrypto:%u:%s:%s",
				 all[i].line, all[i].head, all[i].tail);
	row_runf(ANY_STATE, row_enough, NULL, CKR_OK, "enough");
	printf("libcrypto: %u jobs ran, %u are not for both\n", peers.ran, peers.refused);
}

/* --- SoftHSM 2.6.1 ------------------------------------------------------ */

/* What the peer leaks is its own affair. */
static void no_leak_check(void)
{
	const char *old = getenv("ASAN_OPTIONS");
	char options[512];

	snprintf(options, sizeof(options), "%s%sdetect_leaks=0", old ? old : "", old ? ":" : "");
	setenv("ASAN_OPTIONS", options, 1);
}

/* This program anew with those options, on that module; its exit status. */
static int self(const char *module, const char *option, const char *first, const char *second)
{
	char path[4096];
	ssize_t n = readlink("/proc/self/exe", path, sizeof(path) - 1);
	int status = 0;
	pid_t pid = n > 0 ? fork() : -1;

	if (pid == 0) {
		path[n] = 0;
		setenv("MODULE", module, 1);
		if (strcmp(module, PEER) == 0)
			no_leak_check();
		execl(path, "test_peers", option, first, second, (char *)NULL);
		_exit(127);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		return -1;
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* One side makes, the other checks. The arguments are {maker, checker}. */
static CK_RV row_exchange(struct ctx *c)
{
	const char *const *modules = c->arg;
	const char *path = work_path("%s", "exchange.txt");

	return want(self(modules[0], "--make", peers.jobs, path) == 0 &&
		    self(modules[1], "--check", path, NULL) == 0);
}

static void test_softhsm(void)
{
	const char *ours = getenv("MODULE");
	const char *const to[] = { ours, PEER }, *const from[] = { PEER, ours };

	row_runf(ANY_STATE, row_exchange, to, CKR_OK, "to_softhsm");
	row_runf(ANY_STATE, row_exchange, from, CKR_OK, "from_softhsm");
}

/* --- program ------------------------------------------------------------ */

static const struct test test_rows[] = {
	{ "libcrypto", NULL, 0, test_libcrypto },
	{ "softhsm", NULL, 0, test_softhsm },
};
static const struct test make_rows[] = { { "make", NULL, 0, test_make } };
static const struct test check_rows[] = { { "check", NULL, 0, test_check } };

/* What is left without the peer: 77 if that is well, 1 where the peer has to be. */
static int without_peer(int status)
{
	const char *ci = getenv("CI");
	bool must = ci && strcmp(ci, "true") == 0;

	fprintf(stderr, "%s: %s is not installed\n", must ? "FAIL" : "SKIP", PEER);
	return must ? 1 : status ? status : 77;
}

int main(int argc, char **argv)
{
	static struct program program = {
		.name = "peers", .tests = test_rows, .ntests = LENGTH(test_rows),
	};
	const char *data = getenv("TEST_DATA");
	bool peer = access(PEER, R_OK) == 0;
	char facts[4096], sections[4096], jobs[4096];
	int status = 2;

	if (!data)
		return 2;
	snprintf(facts, sizeof(facts), "%s/pkcs11", data);
	snprintf(sections, sizeof(sections), "%s/kat", data);
	snprintf(jobs, sizeof(jobs), "%s/kat/peers.jobs", data);
	peers.jobs = jobs;
	if (argc == 4 && strcmp(argv[1], "--make") == 0) {
		peers.jobs = argv[2];
		peers.records = argv[3];
		program.tests = make_rows;
	} else if (argc == 3 && strcmp(argv[1], "--check") == 0) {
		peers.records = argv[2];
		program.tests = check_rows;
	}
	if (program.tests != test_rows)
		argc = 1;
	if (program.tests != test_rows || !peer)
		program.ntests = 1;
	if (facts_load(facts) && records_load(sections) &&
	    records_load(program.tests == check_rows ? peers.records : peers.jobs))
		status = harness_main(argc, argv, &program);
	pool_free();
	return peer || program.tests != test_rows ? status : without_peer(status);
}
