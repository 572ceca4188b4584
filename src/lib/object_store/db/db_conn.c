#include "config.h"

#include "object_store/db/db_conn.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "common/log.h"
#include "common/str.h"
#include "object_store/backend.h"
#include "object_store/file/file_format.h"

/* A record is an attribute's value and a few numbers. */
#define RECORD_MAX ((int)FILE_SIZE_MAX + 4096)
#define SQL_MAX 100000		/* the text of a hostile schema, too */

/*
 * A commit takes some milliseconds, and between two of them there may be little time: waits are
 * short, longer only for a lock that is held for long.
 */
#define WAIT_SHORT_US 1000L
#define WAIT_LONG_US 20000L
#define SHORT_TRIES 500

static atomic_uint wait_ms = DB_WAIT_MS;
static atomic_uint last_serial;

/* Connections of the parent: reachable, so that nothing is lost, and never used. */
static struct db_conn *abandoned;

void db_wait_at_most(unsigned int ms)
{
	atomic_store(&wait_ms, ms);
}

static uint64_t monotonic_ns(void)
{
	struct timespec now = { 0, 0 };

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000U + (uint64_t)now.tv_nsec;
}

bool db_wait(struct db_wait *w)
{
	long us = w->tries < SHORT_TRIES ? WAIT_SHORT_US : WAIT_LONG_US;
	struct timespec pause = { 0, us * 1000 };
	uint64_t now = monotonic_ns();

	if (w->tries++ == 0)
		w->since = now;
	if (now - w->since >= (uint64_t)atomic_load(&wait_ms) * 1000000U)
		return false;
	(void)nanosleep(&pause, NULL);
	return true;
}

/*
 * SQLite asks, with another process's lock in the way: try again? It calls a file system without
 * locks "busy", too; the failed lock is the last call that set errno (a thread of this process that
 * is in the way sets none).
 */
static int wait_turn(void *arg, int tries)
{
	struct db_conn *c = arg;

	c->no_locks = errno == ENOLCK;
	errno = 0;
	if (c->impatient || c->no_locks)
		return 0;
	if (tries == 0)
		c->wait = (struct db_wait){ .tries = 0 };
	return db_wait(&c->wait);
}

/*
 * A damaged file may send SQLite in circles, so no transaction takes more steps than its size can
 * explain: a row takes some bytes, and some steps.
 */
#define STEPS_AT_ONCE 1000000
#define STEPS_FREE 10000000ULL
#define STEPS_A_BYTE 64

static int count_steps(void *arg)
{
	struct db_conn *c = arg;
	struct stat st;
	uint64_t size;

	c->steps += STEPS_AT_ONCE;
	if (c->steps <= STEPS_FREE || stat(c->path, &st) != 0 || st.st_size < 0)
		return 0;
	size = (uint64_t)st.st_size;
	return size < (UINT64_MAX - STEPS_FREE) / STEPS_A_BYTE &&
	       c->steps > STEPS_FREE + size * STEPS_A_BYTE;
}

/* Codes */

/* A page on the disk, or the errno that says why not. */
static int write_page(int fd)
{
	static const unsigned char page[4096];

	return file_write_all(fd, page, sizeof(page), 0) && fdatasync(fd) == 0 ? 0 : errno;
}

/*
 * Why the system has no room for a journal beside the database. 0: it has, or knows no files
 * without names, or there is no memory to ask.
 */
static int no_room(const struct db_conn *c)
{
	int err = 0;
#ifdef O_TMPFILE
	char *dir = strndup(c->path, (size_t)(strrchr(c->path, '/') - c->path) + 1);
	int fd;

	if (dir == NULL)
		return 0;
	fd = open(dir, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	if (fd >= 0)
		err = write_page(fd);
	else if (errno != EOPNOTSUPP && errno != EISDIR && errno != EINVAL)
		err = errno;
	free(dir);
	if (fd >= 0)
		(void)close(fd);
#endif
	return err;
}

/* SQLite takes a file that it cannot look at for one that was moved. 0: it was. */
static int not_seen(const struct db_conn *c)
{
	struct stat st;

	if (stat(c->path, &st) != 0)
		return errno == ENOENT || errno == ENOTDIR ? 0 : errno;
	return st.st_dev == c->dev && st.st_ino == c->ino ? EIO : 0;
}

/*
 * The errno behind SQLite's result, 0 when there is none. SQLite remembers only what happened to
 * the database itself; where its journal is the matter it goes on to try other things, and forgets.
 */
static int cause_of(const struct db_conn *c, int rc)
{
	const int primary = rc & 0xff;
	int err = 0;

	if (rc == SQLITE_READONLY_DBMOVED)
		return not_seen(c);
	if (primary == SQLITE_READONLY)
		return c->refused != 0 ? c->refused : EROFS;
	if ((primary != SQLITE_CANTOPEN && primary != SQLITE_IOERR) || c->db == NULL)
		return 0;
	if (sqlite3_file_control(c->db, "main", SQLITE_FCNTL_LAST_ERRNO, &err) != SQLITE_OK)
		err = 0;
	if (err == 0 && c->aim == FILE_WRITING)
		err = no_room(c);
	if (err != 0)
		return err;
	/* db_mark reads by itself */
	return sqlite3_extended_errcode(c->db) == rc ? sqlite3_system_errno(c->db) : errno;
}

/* What SQLite keeps in memory may be wrong after such a failure: a new connection reads it anew. */
static bool is_in_doubt(int rc)
{
	switch (rc & 0xff) {
	case SQLITE_IOERR:
	case SQLITE_FULL:
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB:
		return true;
	}
	return false;
}

static const char *text_of(const struct db_conn *c, int rc)
{
	return c->db != NULL && sqlite3_extended_errcode(c->db) == rc ? sqlite3_errmsg(c->db) :
									 sqlite3_errstr(rc);
}

static CK_RV code_of(const struct db_conn *c, int rc, int err)
{
	const CK_RV damaged = c->opening ? CKR_DATA_INVALID : CKR_DEVICE_ERROR;

	switch (rc & 0xff) {
	case SQLITE_NOMEM:
		return CKR_HOST_MEMORY;
	case SQLITE_FULL:
	case SQLITE_TOOBIG:
		return CKR_DEVICE_MEMORY;
	case SQLITE_READONLY:
		if (rc == SQLITE_READONLY_DBMOVED)
			return err == 0 ? CKR_DEVICE_REMOVED : file_code(err, FILE_READING);
		return file_code(err, c->aim);
	case SQLITE_PERM:
	case SQLITE_AUTH:
		return file_code(EACCES, c->aim);
	case SQLITE_CANTOPEN:
	case SQLITE_IOERR:
		return rc == SQLITE_IOERR_NOMEM ? CKR_HOST_MEMORY : file_code(err, c->aim);
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB:
	case SQLITE_ERROR:
	case SQLITE_INTERRUPT:	/* count_steps */
		return damaged;
	}
	return CKR_DEVICE_ERROR;
}

static void tell_busy(const struct db_conn *c, const char *what, const struct db_wait *w)
{
	uint64_t waited = (monotonic_ns() - w->since) / 1000000000U;

	log_error("cannot %s %s: locked by another process for %llu s", what, c->path,
		  (unsigned long long)waited);
}

CK_RV db_busy(const struct db_conn *c, const struct db_wait *w)
{
	tell_busy(c, "change", w);
	return code_of(c, SQLITE_BUSY, 0);
}

CK_RV db_failed(struct db_conn *c, const char *what, int rc)
{
	const int primary = rc & 0xff, err = cause_of(c, rc);
	CK_RV rv = code_of(c, rc, err);
	const enum log_level level = rv == CKR_TOKEN_WRITE_PROTECTED ? LEVEL_WARNING : LEVEL_ERROR;

	if (is_in_doubt(rc))
		c->broken = true;
	if (primary == SQLITE_BUSY && c->no_locks) {
		log_error("cannot %s %s: %s", what, c->path, strerror(ENOLCK));
		return rv;
	}
	if (primary == SQLITE_BUSY) {
		tell_busy(c, what, &c->wait);
		return rv;
	}
	log_write(level, LOG_HERE, "cannot %s %s: %s%s%s (SQLite: %d)", what, c->path,
		  text_of(c, rc), err == 0 ? "" : ", ", err == 0 ? "" : strerror(err), rc);
	return rv;
}

CK_RV db_malformed(const struct db_conn *c, const char *what)
{
	log_error("%s is damaged: %s", c->path, what);
	return c->opening ? CKR_DATA_INVALID : CKR_DEVICE_ERROR;
}

/* Statements */

CK_RV db_statement(struct db_conn *c, unsigned int i, const char *sql, sqlite3_stmt **out)
{
	int rc = SQLITE_OK;

	if (c->statements[i] == NULL)
		rc = sqlite3_prepare_v3(c->db, sql, -1,
					SQLITE_PREPARE_PERSISTENT | SQLITE_PREPARE_NO_VTAB,
					&c->statements[i], NULL);
	if (rc != SQLITE_OK)
		return db_failed(c, "read", rc);
	*out = c->statements[i];
	return CKR_OK;
}

CK_RV db_step(struct db_conn *c, sqlite3_stmt *s, bool *row)
{
	int rc = sqlite3_step(s);
	CK_RV rv = CKR_OK;

	*row = rc == SQLITE_ROW;
	if (rc == SQLITE_ROW)
		return CKR_OK;
	if (rc != SQLITE_DONE)
		rv = db_failed(c, c->aim == FILE_WRITING ? "change" : "read", rc);
	(void)sqlite3_reset(s);
	return rv;
}

CK_RV db_run(struct db_conn *c, sqlite3_stmt *s)
{
	bool row;
	CK_RV rv;

	do
		rv = db_step(c, s, &row);
	while (rv == CKR_OK && row);
	(void)sqlite3_clear_bindings(s);
	return rv;
}

CK_RV db_exec(struct db_conn *c, const char *sql, const char *what)
{
	int rc = sqlite3_exec(c->db, sql, NULL, NULL, NULL);

	return rc == SQLITE_OK ? CKR_OK : db_failed(c, what, rc);
}

CK_RV db_number(struct db_conn *c, const char *sql, int64_t *out)
{
	sqlite3_stmt *s = NULL;
	bool row = false;
	int rc = sqlite3_prepare_v3(c->db, sql, -1, SQLITE_PREPARE_NO_VTAB, &s, NULL);
	CK_RV rv;

	if (rc != SQLITE_OK)
		return db_failed(c, "read", rc);
	rv = db_step(c, s, &row);
	if (rv == CKR_OK)
		*out = row ? sqlite3_column_int64(s, 0) : 0;
	(void)sqlite3_finalize(s);
	return rv;
}

/* Marks */

bool db_moved(const struct db_conn *c)
{
	int moved = 0;

	return c->file->pMethods == NULL ||
	       c->file->pMethods->xFileControl(c->file, SQLITE_FCNTL_HAS_MOVED, &moved) !=
		       SQLITE_OK ||
	       moved != 0;
}

/*
 * Where another program has switched the database to a write-ahead log, its header stands still and
 * SQLite must be asked; the answer only says something to the same connection.
 */
static CK_RV mark_of_log(struct db_conn *c, uint64_t *out)
{
	int64_t version;
	CK_RV rv = db_number(c, "pragma data_version", &version);

	if (rv == CKR_OK)
		*out = 1ULL << 63 | (uint64_t)(c->serial & 0x3fffffffU) << 32 | (uint32_t)version;
	return rv;
}

static bool is_mark_of_log(uint64_t mark)
{
	return mark >> 63 != 0;
}

/* From byte 16 on: the format versions are 18 and 19, the counter 24 to 27, big-endian. */
#define HEADER_AT 16
#define HEADER_SIZE 16
#define WRITES_LOG(header) ((header)[2] == 2)

static int read_header(const struct db_conn *c, unsigned char header[HEADER_SIZE])
{
	errno = 0;
	if (c->file->pMethods == NULL)
		return SQLITE_MISUSE;
	return c->file->pMethods->xRead(c->file, header, HEADER_SIZE, HEADER_AT);
}

static uint64_t counter_of(const unsigned char header[HEADER_SIZE])
{
	return (uint64_t)header[8] << 24 | (uint64_t)header[9] << 16 | (uint64_t)header[10] << 8 |
	       header[11];
}

CK_RV db_mark(struct db_conn *c, uint64_t *out)
{
	unsigned char header[HEADER_SIZE] = { 0 };
	int rc = read_header(c, header);

	if (rc != SQLITE_OK && rc != SQLITE_IOERR_SHORT_READ)
		return db_failed(c, "read", rc);
	if (WRITES_LOG(header))
		return mark_of_log(c, out);
	*out = counter_of(header);
	return CKR_OK;
}

bool db_mark_is(const struct db_conn *c, uint64_t mark)
{
	unsigned char header[HEADER_SIZE] = { 0 };

	return read_header(c, header) == SQLITE_OK && !WRITES_LOG(header) &&
	       counter_of(header) == mark;
}

/* Our own commit raises the counter by one; one that nothing else came between. */
static uint64_t mark_after(struct db_conn *c, bool wrote)
{
	uint64_t now;

	if (!wrote || is_mark_of_log(c->before))
		return c->before;
	if (db_mark(c, &now) != CKR_OK)
		return DB_MARK_NONE;
	return now == c->before ? now : (uint32_t)(c->before + 1);
}

/* Transactions */

/* SQLite takes the lock with the first thing that it reads. */
static CK_RV take_read_lock(struct db_conn *c)
{
	sqlite3_stmt *s = NULL;
	CK_RV rv = db_statement(c, DB_LOCK_STATEMENT, "select 1 from sqlite_master limit 1", &s);

	return rv == CKR_OK ? db_run(c, s) : rv;
}

/* SQLite would wait without end for somebody to open the other end of a FIFO. */
static bool is_odd(const char *path)
{
	struct stat st;

	return lstat(path, &st) == 0 && !S_ISREG(st.st_mode);
}

static CK_RV look_at_journal(const struct db_conn *c)
{
	return is_odd(c->journal) ? db_malformed(c, "its journal is no regular file") : CKR_OK;
}

static int exec_begin(struct db_conn *c, enum file_aim aim)
{
	c->aim = aim;
	c->steps = 0;
	c->changes = sqlite3_total_changes(c->db);
	c->schema_changed = false;
	c->no_locks = false;
	errno = 0;
	return sqlite3_exec(c->db, aim == FILE_WRITING ? "begin immediate" : "begin", NULL, NULL,
			    NULL);
}

/* What follows on a begin. */
static CK_RV begun(struct db_conn *c, int rc)
{
	CK_RV rv = CKR_OK;

	if (rc != SQLITE_OK)
		return db_failed(c, c->aim == FILE_WRITING ? "change" : "read", rc);
	if (c->aim == FILE_READING)
		rv = take_read_lock(c);
	if (rv == CKR_OK)
		rv = db_mark(c, &c->before);
	if (rv != CKR_OK)
		db_rollback(c);
	return rv;
}

CK_RV db_begin(struct db_conn *c, enum file_aim aim)
{
	CK_RV rv = look_at_journal(c);

	return rv == CKR_OK ? begun(c, exec_begin(c, aim)) : rv;
}

CK_RV db_begin_or_busy(struct db_conn *c, bool *busy)
{
	int rc;
	CK_RV rv = look_at_journal(c);

	*busy = false;
	if (rv != CKR_OK)
		return rv;
	c->impatient = true;
	rc = exec_begin(c, FILE_WRITING);
	c->impatient = false;
	*busy = (rc & 0xff) == SQLITE_BUSY && !c->no_locks;
	return *busy ? CKR_OK : begun(c, rc);
}

void db_rollback(struct db_conn *c)
{
	int rc = SQLITE_OK;

	c->aim = FILE_READING;
	if (sqlite3_get_autocommit(c->db) == 0)
		rc = sqlite3_exec(c->db, "rollback", NULL, NULL, NULL);
	if (sqlite3_get_autocommit(c->db) != 0)
		return;
	c->broken = true;
	log_error("%s: a change could not be taken back: %s", c->path, sqlite3_errstr(rc));
}

CK_RV db_commit(struct db_conn *c)
{
	bool wrote = c->schema_changed || sqlite3_total_changes(c->db) != c->changes;
	CK_RV rv = db_exec(c, "commit", c->aim == FILE_WRITING ? "change" : "read");

	if (rv != CKR_OK) {
		db_rollback(c);
		return rv;
	}
	c->aim = FILE_READING;
	c->after = mark_after(c, wrote);
	return CKR_OK;
}

CK_RV db_end(struct db_conn *c, CK_RV rv)
{
	if (rv == CKR_OK)
		return db_commit(c);
	db_rollback(c);
	return rv;
}

/* Opening */

/*
 * What the file brings along is data: it may not run anything, write SQLite's own tables, or be
 * more than our own records can be.
 */
static void distrust(sqlite3 *db)
{
	static const int off[] = {
#ifdef SQLITE_DBCONFIG_ENABLE_VIEW
		SQLITE_DBCONFIG_ENABLE_VIEW,
#endif
#ifdef SQLITE_DBCONFIG_TRUSTED_SCHEMA
		SQLITE_DBCONFIG_TRUSTED_SCHEMA,
#endif
		SQLITE_DBCONFIG_ENABLE_TRIGGER,
		SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION,
	};

	for (size_t i = 0; i < ARRAY_LEN(off); i++)
		(void)sqlite3_db_config(db, off[i], 0, NULL);
	(void)sqlite3_db_config(db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	(void)sqlite3_limit(db, SQLITE_LIMIT_LENGTH, RECORD_MAX);
	(void)sqlite3_limit(db, SQLITE_LIMIT_SQL_LENGTH, SQL_MAX);
	(void)sqlite3_limit(db, SQLITE_LIMIT_ATTACHED, 0);
	(void)sqlite3_limit(db, SQLITE_LIMIT_WORKER_THREADS, 0);
}

static const char settings[] =
	"pragma foreign_keys = on;"
	"pragma mmap_size = 0;"
	"pragma temp_store = memory;"
	"pragma cell_size_check = on;"
	"pragma secure_delete = on;";

/* extra: the journal's removal, which is the commit, is synced too. */
static const char *sync_setting(void)
{
	return store_syncs() ? "pragma synchronous = extra;" : "pragma synchronous = off;";
}

/*
 * A file that the system does not let it write SQLite opens for reading, whatever the reason, and
 * never tries again.
 */
static int open_and_ask(struct db_conn *c)
{
	int rc, err;

	errno = 0;
	rc = sqlite3_open_v2(c->path, &c->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL);
	err = errno;
	if (rc == SQLITE_OK && sqlite3_db_readonly(c->db, "main") == 1)
		c->refused = err != 0 ? err : EROFS;
	return rc;
}

bool db_is_stale(const struct db_conn *c)
{
	return c->refused != 0 && faccessat(AT_FDCWD, c->path, W_OK, AT_EACCESS) == 0;
}

static CK_RV open_database(struct db_conn *c)
{
	int rc = open_and_ask(c);
	CK_RV rv;

	if (rc == SQLITE_OK)
		rc = sqlite3_extended_result_codes(c->db, 1);
	if (rc == SQLITE_OK)
		rc = sqlite3_busy_handler(c->db, wait_turn, c);
	if (rc == SQLITE_OK)
		rc = sqlite3_file_control(c->db, "main", SQLITE_FCNTL_FILE_POINTER, &c->file);
	if (rc == SQLITE_OK && c->file == NULL)
		rc = SQLITE_MISUSE;
	if (rc != SQLITE_OK)
		return db_failed(c, "open", rc);
	distrust(c->db);
	sqlite3_progress_handler(c->db, STEPS_AT_ONCE, count_steps, c);
	rv = db_exec(c, sync_setting(), "open");
	return rv == CKR_OK ? db_exec(c, settings, "open") : rv;
}

/* SQLite would open a link, a directory or a device too. */
static CK_RV look_at_file(struct db_conn *c)
{
	struct stat st;

	if (lstat(c->path, &st) != 0) {
		if (errno == ENOENT || errno == ENOTDIR)
			return CKR_TOKEN_NOT_RECOGNIZED;
		log_error("cannot open %s: %s", c->path, strerror(errno));
		return file_code(errno, FILE_READING);
	}
	if (!S_ISREG(st.st_mode))
		return db_malformed(c, "no regular file");
	c->dev = st.st_dev;
	c->ino = st.st_ino;
	return CKR_OK;
}

/* The files that SQLite looks for beside it. */
static CK_RV look_beside(const struct db_conn *c, const char *dir)
{
	static const char *const names[] = { DB_JOURNAL, DB_WAL, DB_SHM };
	CK_RV rv = CKR_OK;

	for (size_t i = 0; i < ARRAY_LEN(names) && rv == CKR_OK; i++) {
		char *path = path_join(dir, names[i]);

		if (path == NULL)
			rv = CKR_HOST_MEMORY;
		else if (is_odd(path))
			rv = db_malformed(c, "what lies beside it is no regular file");
		free(path);
	}
	return rv;
}

/* A name that begins with "file:" would be taken for something else. */
static char *database_path(const char *dir)
{
	char *path = path_join(dir, DB_FILE), *other;

	if (path == NULL || path[0] == '/')
		return path;
	other = path_join(".", path);
	free(path);
	return other;
}

CK_RV db_open(const char *dir, struct db_conn **out)
{
	struct db_conn *c = calloc(1, sizeof(*c));
	CK_RV rv;

	if (c == NULL)
		return CKR_HOST_MEMORY;
	if (sqlite3_threadsafe() == 0) {
		log_error("the SQLite library is built without threads, so %s stays closed", dir);
		free(c);
		return CKR_DEVICE_ERROR;
	}
	c->opening = true;
	c->aim = FILE_READING;
	c->serial = atomic_fetch_add(&last_serial, 1);
	c->path = database_path(dir);
	c->journal = path_join(dir, DB_JOURNAL);
	rv = c->path == NULL || c->journal == NULL ? CKR_HOST_MEMORY : look_at_file(c);
	if (rv == CKR_OK)
		rv = look_beside(c, dir);
	if (rv == CKR_OK)
		rv = open_database(c);
	if (rv != CKR_OK) {
		db_close(c);
		return rv;
	}
	*out = c;
	return CKR_OK;
}

void db_close(struct db_conn *c)
{
	if (c == NULL)
		return;
	for (size_t i = 0; i < ARRAY_LEN(c->statements); i++)
		(void)sqlite3_finalize(c->statements[i]);
	if (sqlite3_close(c->db) != SQLITE_OK)
		log_error("%s could not be closed", c->path);
	free(c->path);
	free(c->journal);
	free(c);
}

void db_abandon(struct db_conn *c)
{
	if (c == NULL)
		return;
	c->next = abandoned;
	abandoned = c;
}
