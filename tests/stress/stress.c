#include "config.h"

#include "stress/stress.h"

#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#define SHARED_NAME "STRESS_SHARED"
#define WORKERS_MAX 32

static const struct backend backends[] = {
	{ "file", "objectstore.backend = file\n" },
	{ "db", "objectstore.backend = db\n" },
};

unsigned long amount(unsigned long usual, unsigned long much)
{
	return getenv("CHECK_LONG") ? much : usual;
}

void report(const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	vprintf(format, ap);
	va_end(ap);
	putchar('\n');
	fflush(stdout);
}

void pause_ms(double ms)
{
	struct timespec t = { (time_t)(ms / 1000), (long)(ms * 1e6) % 1000000000L };

	nanosleep(&t, NULL);
}

/* --- backends ------------------------------------------------------------ */

CK_RV backend_begin(const struct backend *b, const char *lines, const char **dir)
{
	static char path[4096];
	static unsigned number;
	char name[64], conf[4096];

	snprintf(name, sizeof(name), "stress-%u", number++);
	snprintf(conf, sizeof(conf), "%s%s", b->lines, lines ? lines : "");
	conf_use(name, conf);
	snprintf(path, sizeof(path), "%s", work_path("%s", name));
	if (dir)
		*dir = path;
	return module_start();
}

CK_RV token_begin(struct ctx *c, const struct backend *b, const char *lines)
{
	CK_RV rv = backend_begin(b, lines, NULL);

	if (rv == CKR_OK)
		rv = token_make(TOKEN_LABEL, &c->slot);
	if (rv == CKR_OK)
		rv = session_open(c->slot, CKF_RW_SESSION, &c->s);
	return rv == CKR_OK ? login(c->s, CKU_USER, USER_PIN) : rv;
}

void backends_run(const char *name, CK_RV (*call)(struct ctx *c))
{
	for (size_t i = 0; i < LENGTH(backends); i++) {
		const char *dir = NULL;
		bool there = backend_begin(&backends[i], NULL, &dir) == CKR_OK;

		p11->C_Finalize(NULL);
		tree_remove(dir);
		if (there)
			row_runf(FINALIZED, call, &backends[i], CKR_OK, "%s_%s", name,
				 backends[i].name);
		else
			report("%s: this module has no backend %s", name, backends[i].name);
	}
}

/* --- children ------------------------------------------------------------ */

static void *shared_map(const char *path, size_t size, int flags)
{
	int fd = open(path, flags | O_RDWR | O_CLOEXEC, 0600);
	void *p = MAP_FAILED;

	if (fd >= 0 && ((flags & O_CREAT) == 0 || ftruncate(fd, (off_t)size) == 0))
		p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (fd >= 0)
		close(fd);
	return p == MAP_FAILED ? NULL : p;
}

void *shared_make(size_t size)
{
	const char *path = work_path("shared");

	unlink(path);
	setenv(SHARED_NAME, path, 1);
	return shared_map(path, size, O_CREAT);
}

void *shared_open(size_t size)
{
	const char *path = getenv(SHARED_NAME);

	return path ? shared_map(path, size, 0) : NULL;
}

static CK_RV user_try(CK_SESSION_HANDLE *s, CK_SLOT_ID *slot)
{
	CK_RV rv = slot_find(TOKEN_LABEL, slot);

	if (rv == CKR_OK)
		rv = session_open(*slot, CKF_RW_SESSION, s);
	if (rv != CKR_OK)
		return rv;
	rv = login(*s, CKU_USER, USER_PIN);
	if (rv != CKR_OK)
		p11->C_CloseSession(*s);
	return rv;
}

CK_RV user_begin(CK_SESSION_HANDLE *s, CK_SLOT_ID *slot)
{
	const char *patience = getenv(STRESS_PATIENCE);
	unsigned long left = patience ? strtoul(patience, NULL, 10) : 0;
	CK_RV rv = module_load() ? module_start() : ROW_BROKEN;

	if (rv != CKR_OK)
		return rv;
	rv = user_try(s, slot);
	/* no token, or one that cannot be read */
	for (; (rv == ROW_WRONG || rv == CKR_DEVICE_ERROR) && left > 0; left--) {
		pause_ms(1);
		rv = user_try(s, slot);
	}
	return rv;
}

/* --- threads ------------------------------------------------------------ */

static void *worker_main(void *arg)
{
	struct worker *w = arg;

	w->answer = w->body(w);
	return NULL;
}

void workers_start(struct worker *w, unsigned n, CK_SLOT_ID slot,
		   CK_RV (*body)(struct worker *w), const void *arg)
{
	for (unsigned i = 0; i < n; i++) {
		w[i] = (struct worker){ .number = i, .slot = slot, .body = body, .arg = arg };
		if (pthread_create(&w[i].id, NULL, worker_main, &w[i])) {
			fprintf(stderr, "a thread could not be started\n");
			abort();
		}
	}
}

CK_RV workers_end(struct worker *w, unsigned n)
{
	CK_RV rv = CKR_OK;

	for (unsigned i = 0; i < n; i++) {
		pthread_join(w[i].id, NULL);
		if (w[i].answer == CKR_OK)
			continue;
		report("thread %u: 0x%lx", i, w[i].answer);
		if (rv == CKR_OK)
			rv = w[i].answer;
	}
	return rv;
}

CK_RV workers_run(unsigned n, CK_SLOT_ID slot, CK_RV (*body)(struct worker *w), const void *arg)
{
	struct worker w[WORKERS_MAX];

	workers_start(w, n, slot, body, arg);
	return workers_end(w, n);
}
