#ifndef TESTS_BENCH_BENCH_H
#define TESTS_BENCH_BENCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "pkcs11/pkcs11.h"

/*
 * The speed of PKCS#11 modules beside each other and beside libcrypto alone.
 *
 * A workload is one row of a table: what is prepared, and one operation. A cell
 * is a workload at one number of objects, threads or processes and with one
 * store. A run measures one cell for one backend, in a process of its own.
 */

#define LENGTH(a)	(sizeof(a) / sizeof((a)[0]))

/* Answers which no module gives. */
#define BENCH_WRONG	(CKR_VENDOR_DEFINED | 0x7e570001UL)	/* OK, but not as wanted */
#define BENCH_SYSTEM	(CKR_VENDOR_DEFINED | 0x7e570002UL)	/* system or libcrypto failed */

#define TOKEN_LABEL	"bench"
#define SO_PIN		"so-pin-of-the-bench"
#define USER_PIN	"user-pin-of-the-bench"

/* What the token of a cell holds. */
enum fixture { WITH_KEYS, WITH_OBJECTS };

/* What is done before a workload starts. */
enum opened {
	OPEN_NOTHING,	/* the module is not even loaded */
	OPEN_LOADED,	/* it is, and C_Initialize is left to the workload */
	OPEN_LOGGED_IN	/* each worker has a read-write session of the user */
};

/* What the cells of a workload differ in. */
enum axis { AXIS_NONE, AXIS_OBJECTS, AXIS_THREADS, AXIS_PROCESSES };

/* Which of the two figures its ratios come from. */
enum basis { BY_CPU, BY_RATE };

/* One backend with one store and one token. */
struct setup {
	const char *name;
	const char *path;	/* of the module; NULL: libcrypto alone */
	const char *store;	/* value of objectstore.backend */
	const char *sync;	/* value of objectstore.sync; NULL: not written */
	const char *dir;	/* of this program; all tokens lie below it */
	enum fixture fixture;
	unsigned long objects;
};

/* What one worker, which is a thread, works with. */
struct run {
	const struct setup *setup;
	CK_FUNCTION_LIST *p11;	/* NULL for libcrypto alone */
	CK_SLOT_ID slot;
	CK_SESSION_HANDLE s;
	const void *arg;	/* of the workload */
	void *state;		/* of the job, made by start */
	uint64_t seed;
	unsigned long scale;	/* things done in one operation, 1 unless start says more */
	unsigned long growth;	/* operations of a workload that watches memory */
	const char *failed;	/* the call that was refused, static */
};

/*
 * How to do it. Each returns CKR_OK or the first error, which becomes the
 * cell's; start checks the result of one operation for truth.
 */
struct job {
	CK_RV (*start)(struct run *r);
	/* Before and after n operations; not timed. May be NULL. */
	CK_RV (*before)(struct run *r, unsigned long n);
	CK_RV (*op)(struct run *r);
	CK_RV (*after)(struct run *r, unsigned long n);
	/* Instead of op: a figure that is no time. */
	CK_RV (*measure)(struct run *r, double *value);
};

#define IN_DEFAULT	1u	/* run when nothing is selected */
#define COLD		2u	/* one operation a process, without a first one to warm up */
#define WRITES		4u	/* worth a run with each value of objectstore.sync */
#define ONE_ROUND	8u	/* the figure does not vary with the clock */

struct workload {
	const char *name;
	const struct job *job;
	const struct job *raw;	/* the same with libcrypto alone, or NULL */
	const void *arg;
	enum axis axis;
	enum fixture fixture;
	enum opened opened;
	enum basis basis;
	unsigned flags;
	const char *unit;	/* of job->measure */
};

/* What one run gave. */
struct sample {
	bool ok;
	char error[112];
	double ops, wall, cpu;	/* number, seconds, user + system seconds */
	double value;		/* of job->measure */
};

extern const struct workload workloads[];
extern const size_t workload_count;

/* Notes which call was refused; returns rv. */
CK_RV failed(struct run *r, const char *call, CK_RV rv);
/* BENCH_WRONG unless true. */
CK_RV want(struct run *r, const char *what, bool condition);
/* Zeroed memory for r->state; it lives as long as the process. */
void *state_new(struct run *r, size_t size);
/* A number below n, by chance. */
unsigned long pick(struct run *r, unsigned long n);
/* Adds the text of an answer to a buffer: "C_Sign: CKR_DEVICE_ERROR". */
void explain(const struct run *r, CK_RV rv, char *out, size_t size);

#endif
