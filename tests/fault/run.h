/* Work in processes of its own, and what they report. */
#ifndef TESTS_FAULT_RUN_H
#define TESTS_FAULT_RUN_H

#include <stdint.h>

#include "fault/script.h"

/* Memory that parent and children share; NULL when there is none. */
void *shared_memory(size_t size);

/*
 * Runs fn in a forked child, which has a minute. CKR_OK for a child that ended well, ROW_CRASHED,
 * ROW_HUNG, or ROW_WRONG for another exit status (as of a leak checker).
 */
CK_RV run_forked(void (*fn)(void *), void *arg);

/* The state of a token directory, read by a fresh process; *out is in shared memory. */
CK_RV read_fresh(const char *backend, const char *tokens, struct tokens_state *out);
/* The same, and then changes something, which has to work. */
CK_RV read_and_write_fresh(const char *backend, const char *tokens, struct tokens_state *out);

/* Makes, finds and destroys an object: later calls work. */
CK_RV probe(CK_SESSION_HANDLE s);

/* The token directory below work_dir() anew, with what the other one has. */
bool tokens_copy(const char *from, const char *to);
/* Of all names and contents below; 0 when it cannot be read. */
uint64_t tokens_hash(const char *tokens);

/*
 * Takes the token directory `begin` through the script, and leaves what each step begins with as
 * "step-N" and the end as the last of them, with the state of each. ROW_BROKEN, and a line on
 * stderr, when a step does not give what it should.
 */
CK_RV script_run(const char *backend, struct tokens_state *states);

/* Copies the token directory "script" to "step-N", and reads its state. */
CK_RV script_keep(const char *backend, size_t i, struct tokens_state *out);

/* The kinds of store that there may be. */
struct store_kind {
	const char *name;
	const char *backend;	/* in the configuration */
	bool named;		/* on a file system without files without names */
	bool late;		/* a call whose last sync fails cannot be undone: SQLite's way */
};

extern const struct store_kind store_kinds[];
extern const size_t store_kind_count;

/* From now on it is that kind of file system; false: the module has no such store. */
bool store_use(const struct store_kind *kind);
/* The long form was asked for. */
bool is_long(void);

#endif
