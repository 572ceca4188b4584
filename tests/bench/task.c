/* The processes and threads that runs are made in. */
#include "config.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench/loop.h"
#include "bench/module.h"

static bool read_all(int fd, void *out, size_t size)
{
	for (size_t have = 0; have < size;) {
		ssize_t n = read(fd, (char *)out + have, size - have);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		have += (size_t)n;
	}
	return true;
}

/* A sample is smaller than PIPE_BUF. */
static _Noreturn void send_sample(int fd, struct run *r, CK_RV rv, struct sample *s)
{
	s->ok = rv == CKR_OK;
	if (!s->ok)
		explain(r, rv, s->error, sizeof(s->error));
	_exit(write(fd, s, sizeof(*s)) == (ssize_t)sizeof(*s) ? 0 : 1);
}

static void set_error(struct sample *s, const char *text)
{
	*s = (struct sample){ .ok = false };
	snprintf(s->error, sizeof(s->error), "%s", text);
}

/* What is known of a child that ended without an answer. */
static void ended(int status, struct sample *out)
{
	if (WIFSIGNALED(status) && WTERMSIG(status) == SIGALRM)
		set_error(out, "took too long");
	else if (WIFSIGNALED(status))
		set_error(out, strsignal(WTERMSIG(status)));
	else
		set_error(out, "ended without a result");
}

/* --- one thread --------------------------------------------------------- */

static CK_RV run_alone(struct run *r, const struct task *t, struct sample *out)
{
	const struct job *job = task_job(t);
	CK_RV rv = run_open(r, t->workload, true);

	if (rv == CKR_OK)
		rv = job->start(r);
	if (rv == CKR_OK && job->measure != NULL)
		return job->measure(r, &out->value);
	return rv == CKR_OK ? run_timed(r, t->workload, job, t->seconds, out) : rv;
}

/* --- threads ------------------------------------------------------------ */

struct worker {
	struct run run;
	const struct task *task;
	pthread_t thread;
	pthread_barrier_t *barrier;
	atomic_bool *stop;
	double ops;
	CK_RV rv;
};

static void *work(void *arg)
{
	struct worker *w = arg;
	const struct job *job = task_job(w->task);

	pthread_barrier_wait(w->barrier);
	while (w->rv == CKR_OK && !atomic_load_explicit(w->stop, memory_order_relaxed)) {
		w->rv = job->op(&w->run);
		w->ops++;
	}
	return NULL;
}

static CK_RV start_workers(struct worker *workers, const struct task *t, CK_FUNCTION_LIST *p11,
			   CK_SLOT_ID slot)
{
	CK_RV rv = CKR_OK;

	for (unsigned long i = 0; rv == CKR_OK && i < t->workers; i++) {
		struct worker *w = &workers[i];

		run_init(&w->run, t, i);
		w->task = t;
		w->run.p11 = p11;
		w->run.slot = slot;
		rv = run_open(&w->run, t->workload, false);
		if (rv == CKR_OK)
			rv = task_job(t)->start(&w->run);
		if (rv == CKR_OK)	/* to warm up */
			rv = run_batch(&w->run, task_job(t), 10, NULL);
		w->rv = rv;
	}
	return rv;
}

static void sleep_for(double seconds)
{
	usleep((useconds_t)(seconds * 1e6));
}

/* The workers run; the time ends when the last has seen that it is over. */
static CK_RV time_workers(struct worker *workers, const struct task *t, struct sample *out)
{
	pthread_barrier_t barrier;
	atomic_bool stop = false;
	double wall, cpu;
	CK_RV rv = CKR_OK;

	pthread_barrier_init(&barrier, NULL, (unsigned)t->workers + 1);
	for (unsigned long i = 0; i < t->workers; i++) {
		workers[i].barrier = &barrier;
		workers[i].stop = &stop;
		if (pthread_create(&workers[i].thread, NULL, work, &workers[i]) != 0)
			return BENCH_SYSTEM;
	}
	pthread_barrier_wait(&barrier);
	wall = wall_now();
	cpu = cpu_now();
	sleep_for(t->seconds);
	atomic_store(&stop, true);
	for (unsigned long i = 0; i < t->workers; i++) {
		pthread_join(workers[i].thread, NULL);
		out->ops += workers[i].ops;
		if (workers[i].rv != CKR_OK)
			rv = workers[i].rv;
	}
	out->wall = wall_now() - wall;
	out->cpu = cpu_now() - cpu;
	return rv;
}

static CK_RV run_threads(struct run *r, const struct task *t, struct sample *out)
{
	struct worker *workers = calloc(t->workers, sizeof(*workers));
	CK_RV rv = workers != NULL ? run_open(r, t->workload, true) : BENCH_SYSTEM;

	if (rv == CKR_OK)
		rv = start_workers(workers, t, r->p11, r->slot);
	if (rv == CKR_OK)
		rv = time_workers(workers, t, out);
	for (unsigned long i = 0; workers != NULL && rv != CKR_OK && i < t->workers; i++)
		if (workers[i].run.failed != NULL)
			r->failed = workers[i].run.failed;
	free(workers);
	return rv;
}

/* --- processes ---------------------------------------------------------- */

/* Reports that it is ready, waits until `go` is closed, and measures. */
static _Noreturn void process_child(const struct task *t, unsigned long number, int report, int go)
{
	const struct job *job = task_job(t);
	struct sample s = { .ok = true };
	struct run r;
	CK_RV rv;
	char byte = 0;

	alarm(t->limit);
	run_init(&r, t, number);
	rv = run_open(&r, t->workload, true);
	if (rv == CKR_OK)
		rv = job->start(&r);
	if (write(report, &byte, 1) != 1)
		_exit(1);
	if (read(go, &byte, 1) != 0)
		_exit(1);
	if (rv == CKR_OK)
		rv = run_timed(&r, t->workload, job, t->seconds, &s);
	send_sample(report, &r, rv, &s);
}

struct process {
	pid_t pid;
	int report;	/* the end to read from */
};

static bool process_start(struct process *p, const struct task *t, unsigned long number,
			  const int go[2])
{
	int report[2];

	if (pipe(report) != 0)
		return false;
	p->pid = fork();
	if (p->pid == 0) {
		close(report[0]);
		close(go[1]);
		process_child(t, number, report[1], go[0]);
	}
	close(report[1]);
	p->report = report[0];
	return p->pid > 0;
}

/* Rates add up: all of them measure for the same time. */
static void add_sample(struct sample *sum, const struct sample *one, double seconds)
{
	if (!one->ok) {
		*sum = *one;
		return;
	}
	sum->ops += one->ops / one->wall * seconds;
	sum->cpu += one->cpu / one->wall * seconds;
	sum->wall = seconds;
}

static CK_RV run_processes(const struct task *t, struct sample *out)
{
	struct process *all = calloc(t->workers, sizeof(*all));
	int go[2];
	char byte;

	if (all == NULL || pipe(go) != 0)
		return BENCH_SYSTEM;
	/* One after the other: SoftHSM 2.6.1 may miss its token when several start at once. */
	for (unsigned long i = 0; i < t->workers; i++)
		if (!process_start(&all[i], t, i, go) || !read_all(all[i].report, &byte, 1))
			return BENCH_SYSTEM;
	close(go[0]);
	close(go[1]);
	out->ok = true;
	for (unsigned long i = 0; i < t->workers; i++) {
		struct sample one;
		int status = 0;

		if (!read_all(all[i].report, &one, sizeof(one)))
			set_error(&one, "a process ended without a result");
		if (out->ok)
			add_sample(out, &one, t->seconds);
		waitpid(all[i].pid, &status, 0);
	}
	free(all);
	return CKR_OK;
}

/* --- all of them -------------------------------------------------------- */

static _Noreturn void task_child(const struct task *t, int report)
{
	struct sample s = { .ok = true };
	struct run r;
	CK_RV rv;

	alarm(t->limit);
	run_init(&r, t, 0);
	if (t->workload->axis == AXIS_PROCESSES) {
		rv = run_processes(t, &s);
		if (rv == CKR_OK)
			_exit(write(report, &s, sizeof(s)) == (ssize_t)sizeof(s) ? 0 : 1);
	} else if (t->workload->axis == AXIS_THREADS) {
		rv = run_threads(&r, t, &s);
	} else {
		rv = run_alone(&r, t, &s);
	}
	send_sample(report, &r, rv, &s);
}

/* In the child: the work; it ends with send_sample. */
typedef void child_body(const void *arg, int report);

static void in_child(child_body *body, const void *arg, struct sample *out)
{
	int report[2], status = 0;
	pid_t pid;

	fflush(NULL);
	if (pipe(report) != 0) {
		set_error(out, "pipe failed");
		return;
	}
	pid = fork();
	if (pid == 0) {
		close(report[0]);
		body(arg, report[1]);
	}
	close(report[1]);
	if (pid < 0)
		set_error(out, "fork failed");
	else if (read_all(report[0], out, sizeof(*out)))
		waitpid(pid, &status, 0);
	else if (waitpid(pid, &status, 0) == pid)
		ended(status, out);
	close(report[0]);
}

static void run_body(const void *arg, int report)
{
	task_child(arg, report);
}

void task_run(const struct task *t, struct sample *out)
{
	in_child(run_body, t, out);
}

static void prepare_body(const void *arg, int report)
{
	struct sample s = { .ok = true };
	struct run r = { .setup = arg, .scale = 1, .seed = 1 };
	CK_RV rv = fixture_make(&r);

	send_sample(report, &r, rv, &s);
}

bool task_prepare(const struct setup *s, char *error, size_t size)
{
	struct sample out;

	in_child(prepare_body, s, &out);
	if (!out.ok)
		snprintf(error, size, "%s", out.error);
	return out.ok;
}
