#ifndef TESTS_STRESS_STRESS_H
#define TESTS_STRESS_STRESS_H

/*
 * What the programs of this folder share. They run each row on each backend, in a token directory
 * of its own. With CHECK_LONG in the environment they run as long as it takes to trust the
 * result, otherwise as long as "make check" can bear.
 */

#include <pthread.h>
#include <stdatomic.h>

#include "p11/harness.h"

struct backend {
	const char *name;
	const char *lines;	/* of the configuration */
};

/* How often: usually, and with CHECK_LONG. */
unsigned long amount(unsigned long usual, unsigned long much);

/* Runs `call` on each backend that the module has; the row's `arg` is the backend. */
void backends_run(const char *name, CK_RV (*call)(struct ctx *c));

/*
 * Starts the module on that backend in an empty directory; `lines` (may be NULL) are added to the
 * configuration. The directory's path lives until the next call.
 */
CK_RV backend_begin(const struct backend *b, const char *lines, const char **dir);
/* The same, with a token whose slot is c->slot and a session of the user, c->s. */
CK_RV token_begin(struct ctx *c, const struct backend *b, const char *lines);

/* Memory that the program shares with its children, zeroed; the parent's is made anew each time. */
void *shared_make(size_t size);
void *shared_open(size_t size);

/*
 * For a child that has just started: opens a session and logs in. The milliseconds for which it
 * tries again, when there is no token or it cannot be read, are in the environment.
 */
#define STRESS_PATIENCE "STRESS_PATIENCE"
CK_RV user_begin(CK_SESSION_HANDLE *s, CK_SLOT_ID *slot);

/* --- threads ---------------------------------------------------------------- */

struct worker {
	pthread_t id;
	unsigned number;
	CK_SLOT_ID slot;
	const void *arg;
	CK_RV (*body)(struct worker *w);
	CK_RV answer;
};

/* Runs n threads of that body; the answer is the first of theirs that is not CKR_OK. */
CK_RV workers_run(unsigned n, CK_SLOT_ID slot, CK_RV (*body)(struct worker *w), const void *arg);
/* The two halves of it, for a caller that does something meanwhile. */
void workers_start(struct worker *w, unsigned n, CK_SLOT_ID slot,
		   CK_RV (*body)(struct worker *w), const void *arg);
CK_RV workers_end(struct worker *w, unsigned n);

/* Milliseconds. */
void pause_ms(double ms);
/* A line for whoever reads the log of the run. */
void report(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
