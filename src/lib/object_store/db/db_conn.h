/*
 * A connection to one token's database, and what SQLite answers turned into codes (store.h,
 * docs/STORAGE.md "The database").
 *
 * It belongs to the process that opened it and to one struct store, whose lock guards it. A child
 * of a fork may not touch the one that it inherits, not even close it.
 *
 * SQLite's locks are record locks, which go when any descriptor of the file is closed: nothing else
 * in this process opens the database.
 */
#ifndef OBJECT_STORE_DB_CONN_H
#define OBJECT_STORE_DB_CONN_H

#include <sqlite3.h>
#include <sys/types.h>

#include "common/base.h"
#include "object_store/db/db_files.h"
#include "object_store/file/file_io.h"

/* No state of a database has this mark. */
#define DB_MARK_NONE UINT64_MAX

/* Numbers of kept statements; the others are db_object's and db_scan's. */
enum {
	DB_LOCK_STATEMENT,
	DB_FIRST_STATEMENT,
	DB_SCAN_STATEMENT = 24,
	DB_STATEMENTS = 32
};

/* Waiting for another process: since when (monotonic ns), and how often it was tried. */
struct db_wait {
	uint64_t since;
	unsigned int tries;
};

struct db_conn {
	char *path;			/* of the database */
	char *journal;			/* and of its journal */
	sqlite3 *db;
	sqlite3_file *file;		/* the database itself; SQLite's, as long as db is open */
	sqlite3_stmt *statements[DB_STATEMENTS];
	dev_t dev;			/* what the path led to then */
	ino_t ino;
	uint32_t serial;		/* no two connections of a process have the same */
	enum file_aim aim;		/* of the transaction */
	bool opening;			/* damage is the token's then, not the device's */
	bool indexed;			/* the indexes are there (db_schema) */
	int refused;			/* the errno with which it was not opened for writing, or 0 */
	bool broken;			/* to be closed, and then another one opened */
	uint64_t before;		/* the mark at the beginning of the transaction */
	uint64_t after;			/* and what it became by db_commit */
	int changes;			/* SQLite's count of changed rows at the beginning */
	bool schema_changed;
	uint64_t steps;			/* that SQLite took in the transaction */
	bool impatient;			/* does not wait for locks at all */
	bool no_locks;			/* the last lock failed, and no other process is why */
	struct db_wait wait;		/* for the lock that was in the way last */
	struct db_conn *next;		/* of those that a fork left behind */
};

/*
 * Opens the database of the token directory dir; it must be there. CKR_TOKEN_NOT_RECOGNIZED when it
 * is not, or no regular file; else as db_failed. The connection stays `opening` until the caller
 * has seen that it is a token.
 */
CK_RV db_open(const char *dir, struct db_conn **out) MUST_CHECK;
void db_close(struct db_conn *c);

/*
 * Is it for reading alone, of a file that may be written? Then another one may be better: what was
 * in the way may have passed.
 */
bool db_is_stale(const struct db_conn *c);

/* In the child of a fork: lets go of the connection without touching it, and without losing it. */
void db_abandon(struct db_conn *c);

/*
 * The code for SQLite's result rc, logged in one line with the path, what failed and the cause.
 */
CK_RV db_failed(struct db_conn *c, const char *what, int rc) MUST_CHECK;

/* Logs that the database contradicts itself. */
CK_RV db_malformed(const struct db_conn *c, const char *what) MUST_CHECK;

/* Was the file removed or replaced since it was opened? One system call. */
bool db_moved(const struct db_conn *c);

/*
 * What tells one state of the database from another: the change counter in its header. One system
 * call, and no lock: within a transaction it is the mark of what that reads.
 */
CK_RV db_mark(struct db_conn *c, uint64_t *out) MUST_CHECK;

/* Is it surely still that one? Changes nothing, and may be asked by several threads at once. */
bool db_mark_is(const struct db_conn *c, uint64_t mark);

/*
 * Begins a transaction: nothing changes while it lasts but by itself, and c->before is its mark.
 * Waits up to three minutes for other processes. db_commit and db_rollback end it; a failed begin
 * needs neither.
 */
CK_RV db_begin(struct db_conn *c, enum file_aim aim) MUST_CHECK;

/*
 * The same for writing, but it does not wait: *busy tells that another process is writing, and that
 * nothing was begun. Then the caller sleeps with db_wait, for which it may give up its lock, and
 * tries again until that says no; db_busy is the failure.
 */
CK_RV db_begin_or_busy(struct db_conn *c, bool *busy) MUST_CHECK;
bool db_wait(struct db_wait *w);
CK_RV db_busy(const struct db_conn *c, const struct db_wait *w) MUST_CHECK;

/* Durable when it returns CKR_OK; a failed commit is rolled back. c->after is the mark then. */
CK_RV db_commit(struct db_conn *c) MUST_CHECK;
void db_rollback(struct db_conn *c);

/* Ends the transaction by rv: commits, or rolls back and returns rv. */
CK_RV db_end(struct db_conn *c, CK_RV rv) MUST_CHECK;

/* The kept statement number i, whose text is sql, prepared when it is used first. */
CK_RV db_statement(struct db_conn *c, unsigned int i, const char *sql,
		   sqlite3_stmt **out) MUST_CHECK;

/* The next row; *row is false, and the statement reset, when there is none. A failure resets it. */
CK_RV db_step(struct db_conn *c, sqlite3_stmt *s, bool *row) MUST_CHECK;

/* Runs it to its end and resets it. */
CK_RV db_run(struct db_conn *c, sqlite3_stmt *s) MUST_CHECK;

/* Runs statements that give no rows. what is for the log. */
CK_RV db_exec(struct db_conn *c, const char *sql, const char *what) MUST_CHECK;

/* The single number that a query gives; 0 when it gives none. */
CK_RV db_number(struct db_conn *c, const char *sql, int64_t *out) MUST_CHECK;

/* How long a call waits for other processes' locks, in milliseconds. For tests. */
#define DB_WAIT_MS 180000U
void db_wait_at_most(unsigned int ms);

#endif
