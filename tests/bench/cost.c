/* Figures that are no times: memory and system calls. */
#include "config.h"

#include "bench/jobs.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench/module.h"

/* Kilobytes of this process's memory that no file backs. */
static CK_RV resident(struct run *r, double *kb)
{
	char line[128];
	FILE *f = fopen("/proc/self/status", "r");

	*kb = -1;
	while (f != NULL && fgets(line, sizeof(line), f) != NULL)
		if (strncmp(line, "RssAnon:", 8) == 0)
			*kb = strtod(line + 8, NULL);
	if (f != NULL)
		fclose(f);
	return *kb > 0 ? CKR_OK : failed(r, "RssAnon in /proc/self/status", BENCH_SYSTEM);
}

static CK_RV start_nothing(struct run *r)
{
	(void)r;
	return CKR_OK;
}

static CK_RV memory_measure(struct run *r, double *kb)
{
	CK_RV rv = module_start(r);

	if (rv == CKR_OK)
		rv = session_start(r);
	if (rv == CKR_OK)
		rv = objects_read(r);
	return rv == CKR_OK ? resident(r, kb) : rv;
}

const struct job memory = { .start = start_nothing, .measure = memory_measure };

static CK_RV repeat(struct run *r, const struct workload *w, unsigned long n)
{
	CK_RV rv = CKR_OK;

	while (rv == CKR_OK && n-- > 0)
		rv = w->job->op(r);
	return rv;
}

/* Caches fill in the first operations; what comes after must not add up. */
static CK_RV growth_measure(struct run *r, double *kb)
{
	const struct workload *w = r->arg;
	double before = 0, after = 0;
	CK_RV rv;

	r->arg = w->arg;
	rv = w->job->start(r);
	if (rv == CKR_OK)
		rv = repeat(r, w, r->growth / 20 + 1);
	if (rv == CKR_OK)
		rv = resident(r, &before);
	if (rv == CKR_OK)
		rv = repeat(r, w, r->growth);
	if (rv == CKR_OK)
		rv = resident(r, &after);
	*kb = after - before;
	return rv;
}

const struct job growth = { .start = start_nothing, .measure = growth_measure };

/* --- system calls ------------------------------------------------------- */

static void exec_strace(const struct run *r, const char *output, const char *count)
{
	const struct workload *w = r->arg;
	const struct setup *s = r->setup;
	char self[4096], backend[4096], objects[32];
	ssize_t len = readlink("/proc/self/exe", self, sizeof(self) - 1);

	self[len > 0 ? len : 0] = '\0';
	snprintf(backend, sizeof(backend), "%s=%s", s->name, s->path);
	snprintf(objects, sizeof(objects), "%lu", s->objects);
	execlp("strace", "strace", "-f", "-qq", "-e", "signal=none", "-o", output,
	       self, "--count", count, "--dir", s->dir, "--store", s->store,
	       "--objects", objects, "--only", w->name, backend, (char *)NULL);
	_exit(127);
}

static CK_RV count_lines(struct run *r, const char *path, double *out)
{
	FILE *f = fopen(path, "r");
	double n = 0;
	int c;

	if (f == NULL)
		return failed(r, "strace, which may not be there,", BENCH_SYSTEM);
	while ((c = getc(f)) != EOF)
		n += c == '\n';
	fclose(f);
	*out = n;
	return CKR_OK;
}

static CK_RV strace_count(struct run *r, const char *count, double *out)
{
	char output[4096];
	int status = -1;
	pid_t pid;

	snprintf(output, sizeof(output), "%s/strace", r->setup->dir);
	pid = fork();
	if (pid == 0)
		exec_strace(r, output, count);
	if (pid < 0 || waitpid(pid, &status, 0) != pid || status != 0)
		return failed(r, "strace, which may not be there,", BENCH_SYSTEM);
	return count_lines(r, output, out);
}

/* The difference of two lengths, so that all that is done once does not count. */
static CK_RV syscalls_measure(struct run *r, double *value)
{
	double few = 0, many = 0;
	CK_RV rv = strace_count(r, "100", &few);

	if (rv == CKR_OK)
		rv = strace_count(r, "300", &many);
	*value = (many - few) / 200;
	return rv;
}

const struct job syscalls = { .start = start_nothing, .measure = syscalls_measure };
