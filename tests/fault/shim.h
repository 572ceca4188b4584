/*
 * A shared object that stands between a program, with the module that it loads, and the calls of
 * the C library and of libcrypto: it counts them, makes chosen ones fail, and tells a recorder what
 * was done to files. It comes before libc and libcrypto in the order of symbols, so programs link
 * it first. All of it counts the calls of all threads.
 */
#ifndef TESTS_FAULT_SHIM_H
#define TESTS_FAULT_SHIM_H

#include <stdbool.h>

/* What the calls are for; calls of one kind fail for the same reasons. */
enum fault_kind {
	FAULT_OPEN,		/* of a file that is only read, or of a directory */
	FAULT_OPEN_WRITE,
	FAULT_STAT,
	FAULT_LIST,
	FAULT_READ,
	FAULT_WRITE,
	FAULT_TRUNCATE,
	FAULT_SYNC,
	FAULT_MODE,
	FAULT_NAME,		/* new names: link, rename, mkdir */
	FAULT_REMOVE,
	FAULT_LOCK,
	FAULT_CLOSE,		/* the descriptor is gone all the same */
	FAULT_RANDOM,
	FAULT_MEMORY,
	FAULT_OPENSSL,
	FAULT_DB_OPEN,		/* what SQLite asks of a file (vfs.h); reasons are its own codes */
	FAULT_DB_READ,
	FAULT_DB_WRITE,
	FAULT_DB_TRUNCATE,
	FAULT_DB_SYNC,
	FAULT_DB_SIZE,
	FAULT_DB_LOCK,
	FAULT_DB_LOOK,
	FAULT_DB_REMOVE,
	FAULT_KINDS
};

#define FAULT_BIT(kind)		(1U << (kind))
#define FAULT_ALL_FILES		(FAULT_BIT(FAULT_MEMORY) - 1)
#define FAULT_ALL_DB		(FAULT_BIT(FAULT_KINDS) - FAULT_BIT(FAULT_DB_OPEN))

/* Instead of an errno: a read or write does half of what was asked; later writes find no room. */
#define FAULT_CUT		(-1)
/* The process is killed before the call. */
#define FAULT_KILL		(-2)

struct fault_plan {
	unsigned kinds;		/* FAULT_BIT of those that are counted */
	unsigned long first;	/* the first one that fails, 1 being the next one; 0: none */
	unsigned long last;	/* and the last one */
	int error;
	bool fitting;		/* only calls of kinds that can fail in this way do */
};

/* From now on counts, and lets calls fail. */
void fault_begin(const struct fault_plan *plan);
/* All is as usual again. How many calls were counted. */
unsigned long fault_end(void);
/* How many of them were made to fail. */
unsigned long fault_hits(void);

/* The calls that the last plan counted, the first ones of them; false beyond. */
bool fault_call(unsigned long n, enum fault_kind *kind, const char **function);
/* The function of an allocation that libcrypto asked for; told apart after fault_blocks_begin. */
#define FAULT_BY_OPENSSL "an allocation of OpenSSL"
/* The ways in which calls of that kind can fail; the list ends with 0. */
const int *fault_errors(enum fault_kind kind);
/* Gives a kind its ways; the list ends with 0 and stays. */
void fault_set_errors(enum fault_kind kind, const int *list);

/* Allocation n and all after it fail, or only that one. */
void fault_memory(unsigned long n);
void fault_memory_once(unsigned long n);
/* False where something else, as a sanitizer, has taken malloc over. */
bool fault_memory_works(void);
/* From now on counts blocks of memory, and tells calls by libcrypto from those by others. */
void fault_blocks_begin(void);
/* Those allocated and not freed since then; own_only: not those that libcrypto asked for. */
long fault_blocks(bool own_only);

/* As on a file system that has no files without names (O_TMPFILE). */
void fault_refuse_nameless(bool on);
/* fsync and fdatasync succeed without doing anything: a test has no use for them. */
void fault_skip_sync(bool on);

#endif
