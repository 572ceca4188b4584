/*
 * A process is killed at any moment, again and again: what it was told is done is there, what it
 * was about to do is there or not, and nothing is there by half.
 */
#include "config.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "stress/kill.h"

/* A child is killed so many calls after its start, and so much time after that. */
#define CALLS_MAX	12
#define KILL_WITHIN_MS	4
/* One that is killed while it starts. */
#define START_MS	25
#define HUNG_MS		60000
/* So often the token directory is cleaned up, long after the kills. */
#define SWEEP_EVERY	20
#define HOURS		(2 * 3600)

static struct {
	unsigned long kills, done, pending, strays;
} sum;

/* --- what lies in the directory ----------------------------------------------------- */

typedef void visitor(const char *path, const char *name, void *arg);

static void each_entry(const char *dir, visitor *visit, void *arg)
{
	DIR *d = opendir(dir);
	struct dirent *e = NULL;
	char path[4096];

	while (d && (e = readdir(d))) {
		if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
			continue;
		snprintf(path, sizeof(path), "%s/%s", dir, e->d_name);
		visit(path, e->d_name, arg);
	}
	if (d)
		closedir(d);
}

/* As if all had been written hours ago. */
static void age(const char *path, const char *name, void *arg)
{
	struct timespec t[2] = { { .tv_nsec = UTIME_OMIT }, { .tv_sec = time(NULL) - HOURS } };
	struct stat st;

	(void)name;
	if (lstat(path, &st) == 0 && S_ISDIR(st.st_mode))
		each_entry(path, age, arg);
	utimensat(AT_FDCWD, path, t, AT_SYMLINK_NOFOLLOW);
}

static void count_strays(const char *path, const char *name, void *count)
{
	const char *dot = strrchr(name, '.');
	struct stat st;

	if (lstat(path, &st) == 0 && S_ISDIR(st.st_mode))
		each_entry(path, count_strays, count);
	else if (dot && strcmp(dot, ".tmp") == 0)
		(*(unsigned *)count)++;
}

static void count_one(const char *path, const char *name, void *count)
{
	(void)path;
	(void)name;
	(*(unsigned *)count)++;
}

/* The directories of the two tokens that stay. */
struct stay {
	char names[2][256];
	unsigned count;
};

static void note_name(const char *path, const char *name, void *arg)
{
	struct stay *stay = arg;

	(void)path;
	if (stay->count < LENGTH(stay->names))
		snprintf(stay->names[stay->count++], sizeof(stay->names[0]), "%s", name);
}

static void remove_other(const char *path, const char *name, void *arg)
{
	const struct stay *stay = arg;

	if (strcmp(name, stay->names[0]) != 0 && strcmp(name, stay->names[1]) != 0)
		tree_remove(path);
}

/*
 * Much later: who reads the token removes what a killed process left in it, and who makes a token
 * removes those that were never completed.
 */
static CK_RV sweep(struct journal *j, const char *dir, struct stay *stay)
{
	unsigned strays = 0, left = 0, directories = 0;
	CK_SLOT_ID slot = 0;
	CK_RV rv = CKR_OK;

	each_entry(dir, count_strays, &strays);
	each_entry(dir, count_one, &directories);
	sum.strays += strays + directories - j->tokens - stay->count;
	each_entry(dir, age, NULL);
	rv = module_start();
	if (rv == CKR_OK)
		rv = kill_check(j);
	if (rv == CKR_OK)
		rv = slot_free(&slot);
	if (rv == CKR_OK)
		rv = token_init(slot, MORE_PIN, MORE_TOKENS);
	j->tokens++;
	if (rv == CKR_OK)
		rv = kill_check(j);
	p11->C_Finalize(NULL);
	directories = 0;
	each_entry(dir, count_one, &directories);
	each_entry(dir, count_strays, &left);
	if (rv == CKR_OK && (left > 0 || directories != j->tokens + stay->count)) {
		report("%u temporary files are left, and %u directories for %u tokens", left,
		       directories, j->tokens + stay->count);
		rv = ROW_WRONG;
	}
	each_entry(dir, remove_other, stay);
	j->tokens = 0;
	return rv;
}

/* --- kills ------------------------------------------------------------ */

/* Until that many calls have returned; a child that ended is left to be waited for. */
static CK_RV wait_for_calls(struct journal *j, pid_t pid, unsigned long calls)
{
	for (unsigned ms = 0; ms < HUNG_MS; ms++) {
		siginfo_t info = { .si_pid = 0 };

		if (j->ready && j->done >= calls)
			return CKR_OK;
		if (waitid(P_PID, (id_t)pid, &info, WEXITED | WNOHANG | WNOWAIT) || info.si_pid)
			return CKR_OK;
		pause_ms(1);
	}
	return ROW_HUNG;
}

/* Starts a child and kills it; now and then before it has got to work. */
static CK_RV kill_one(struct journal *j, unsigned number)
{
	unsigned long calls = (unsigned long)rand() % CALLS_MAX;
	bool starting = number % 8 == 0;
	double ms = (double)rand() / RAND_MAX * (starting ? START_MS : KILL_WITHIN_MS);
	CK_RV rv = CKR_OK;
	pid_t pid = -1;
	int status = 0;

	j->seed = number;
	j->ready = false;
	j->done = 0;
	j->answer = CKR_OK;
	pid = process_start("work");
	if (pid < 0)
		return ROW_BROKEN;
	if (!starting)
		rv = wait_for_calls(j, pid, calls);
	pause_ms(ms);
	kill(-pid, SIGKILL);
	kill(pid, SIGKILL);
	if (waitpid(pid, &status, 0) != pid || !WIFSIGNALED(status)) {
		report("the child ended: status 0x%x, answer 0x%lx, act %d", (unsigned)status,
		       j->answer, j->act);
		return ROW_WRONG;
	}
	sum.kills++;
	sum.done += j->done;
	sum.pending += j->pending;
	return rv;
}

static CK_RV kill_and_look(struct journal *j, unsigned number)
{
	CK_RV rv = kill_one(j, number);

	if (rv == CKR_OK)
		rv = module_start();
	if (rv == CKR_OK)
		rv = kill_check(j);
	p11->C_Finalize(NULL);
	if (rv != CKR_OK)
		report("kill %u: 0x%lx; act %d, cell %u, %s", number, rv, j->act, j->index,
		       j->pending ? "pending" : "done");
	return rv;
}

/* The two tokens, as a journal full of zeros says they are. */
static CK_RV first_tokens(CK_SLOT_ID *slot)
{
	CK_SESSION_HANDLE s = 0;
	char so[32], user[32], label[32];
	CK_RV rv = slot_free(slot);

	kill_so_pin(0, so);
	kill_user_pin(0, user);
	if (rv == CKR_OK)
		rv = token_init(*slot, so, MAIN_TOKEN);
	if (rv == CKR_OK)
		rv = session_open(*slot, CKF_RW_SESSION, &s);
	if (rv == CKR_OK)
		rv = login(s, CKU_SO, so);
	if (rv == CKR_OK)
		rv = p11->C_InitPIN(s, text(user), strlen(user));
	snprintf(label, sizeof(label), SECOND_TOKEN, 0);
	if (rv == CKR_OK)
		rv = slot_free(slot);
	if (rv == CKR_OK)
		rv = token_init(*slot, MORE_PIN, label);
	p11->C_Finalize(NULL);
	return rv;
}

static CK_RV kills(struct ctx *c)
{
	const unsigned long n = amount(40, 3000);
	struct journal *j = shared_make(sizeof(*j));
	const char *dir = NULL;
	struct stay stay = { .count = 0 };
	CK_RV rv = j ? backend_begin(c->arg, NULL, &dir) : ROW_BROKEN;

	if (rv == CKR_OK)
		rv = first_tokens(&c->slot);
	if (rv != CKR_OK)
		return rv;
	each_entry(dir, note_name, &stay);
	memset(&sum, 0, sizeof(sum));
	j->next_pin = 1;
	for (unsigned i = 1; rv == CKR_OK && i <= n; i++) {
		rv = kill_and_look(j, i);
		if (rv == CKR_OK && i % SWEEP_EVERY == 0)
			rv = sweep(j, dir, &stay);
	}
	report("%lu kills, %lu of them in a call; %lu calls done before; %lu strays removed",
	       sum.kills, sum.pending, sum.done, sum.strays);
	return rv;
}

/* --- program ------------------------------------------------------------ */

static void test_kills(void)
{
	backends_run("kills", kills);
}

int main(int argc, char **argv)
{
	static const struct child children[] = {
		{ "work", kill_child },
	};
	static const struct test tests[] = {
		{ "kills", .run = test_kills },
	};
	static const struct program program = {
		.name = "kill",
		.tests = tests, .ntests = LENGTH(tests),
		.children = children, .nchildren = LENGTH(children),
		.without_token = true,
		.not_on_reference = "a kill may cost it the token",
	};

	return harness_main(argc, argv, &program);
}
