#include "config.h"

#include "fault/vfs.h"

#include <errno.h>
#include <sqlite3.h>
#include <string.h>

#include "fault/shim_internal.h"

static const int open_codes[] = { SQLITE_CANTOPEN, SQLITE_IOERR, SQLITE_NOMEM,
				  SQLITE_READONLY_DIRECTORY, SQLITE_FULL, 0 };
static const int read_codes[] = { SQLITE_IOERR_READ, SQLITE_IOERR_SHORT_READ,
				  SQLITE_IOERR_CORRUPTFS, SQLITE_IOERR_NOMEM, SQLITE_CORRUPT, 0 };
static const int write_codes[] = { SQLITE_IOERR_WRITE, SQLITE_FULL, SQLITE_READONLY, 0 };
static const int truncate_codes[] = { SQLITE_IOERR_TRUNCATE, SQLITE_FULL, 0 };
static const int sync_codes[] = { SQLITE_IOERR_FSYNC, SQLITE_FULL, 0 };
static const int size_codes[] = { SQLITE_IOERR_FSTAT, 0 };
static const int lock_codes[] = { SQLITE_BUSY, SQLITE_IOERR_LOCK, SQLITE_PERM, 0 };
static const int look_codes[] = { SQLITE_IOERR_ACCESS, SQLITE_IOERR_NOMEM, 0 };
static const int remove_codes[] = { SQLITE_IOERR_DELETE, SQLITE_IOERR_DIR_FSYNC, 0 };

struct file {
	sqlite3_file base;
	sqlite3_file *real;	/* behind it, in the same block */
	bool is_journal;
};

static sqlite3_vfs *parent;

static sqlite3_file *real(sqlite3_file *f)
{
	return ((struct file *)f)->real;
}

/* SQLITE_OK: the call shall be made. */
static int failure(enum fault_kind kind, const char *function)
{
	if (!shim_fails(kind, function))
		return SQLITE_OK;
	errno = vfs_errno(shim_error());
	return shim_error();
}

/* --- files ------------------------------------------------------------------------------ */

#define LAYER(name, kind, parameters, arguments) \
	static int layer_##name parameters \
	{ \
		int rc = failure(kind, #name); \
		return rc == SQLITE_OK ? real(f)->pMethods->name arguments : rc; \
	}
#define PASS(name, parameters, arguments) \
	static int layer_##name parameters \
	{ \
		return real(f)->pMethods->name arguments; \
	}

LAYER(xWrite, FAULT_DB_WRITE, (sqlite3_file *f, const void *data, int len, sqlite3_int64 at),
      (real(f), data, len, at))
LAYER(xTruncate, FAULT_DB_TRUNCATE, (sqlite3_file *f, sqlite3_int64 size), (real(f), size))
LAYER(xSync, FAULT_DB_SYNC, (sqlite3_file *f, int flags), (real(f), flags))
LAYER(xFileSize, FAULT_DB_SIZE, (sqlite3_file *f, sqlite3_int64 *size), (real(f), size))
LAYER(xLock, FAULT_DB_LOCK, (sqlite3_file *f, int level), (real(f), level))
LAYER(xCheckReservedLock, FAULT_DB_LOOK, (sqlite3_file *f, int *out), (real(f), out))
PASS(xClose, (sqlite3_file *f), (real(f)))
PASS(xUnlock, (sqlite3_file *f, int level), (real(f), level))
PASS(xFileControl, (sqlite3_file *f, int op, void *arg), (real(f), op, arg))
PASS(xSectorSize, (sqlite3_file *f), (real(f)))
PASS(xDeviceCharacteristics, (sqlite3_file *f), (real(f)))

/*
 * What a short read does not fill is zeros. A journal that ends early is a torn one, of which
 * nothing has reached the database: there it is a lie that no file system tells.
 */
static int layer_xRead(sqlite3_file *f, void *data, int len, sqlite3_int64 at)
{
	int rc = failure(FAULT_DB_READ, "xRead");

	if (rc == SQLITE_IOERR_SHORT_READ && ((struct file *)f)->is_journal)
		rc = SQLITE_IOERR_READ;
	if (rc == SQLITE_IOERR_SHORT_READ)
		memset(data, 0, (size_t)len);
	return rc == SQLITE_OK ? real(f)->pMethods->xRead(real(f), data, len, at) : rc;
}

static const sqlite3_io_methods methods = {
	.iVersion = 1,
	.xClose = layer_xClose,
	.xRead = layer_xRead,
	.xWrite = layer_xWrite,
	.xTruncate = layer_xTruncate,
	.xSync = layer_xSync,
	.xFileSize = layer_xFileSize,
	.xLock = layer_xLock,
	.xUnlock = layer_xUnlock,
	.xCheckReservedLock = layer_xCheckReservedLock,
	.xFileControl = layer_xFileControl,
	.xSectorSize = layer_xSectorSize,
	.xDeviceCharacteristics = layer_xDeviceCharacteristics,
};

/* --- names ------------------------------------------------------------------------------ */

static int layer_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *f, int flags, int *given)
{
	struct file *file = (struct file *)f;
	int rc = failure(FAULT_DB_OPEN, "xOpen");

	(void)vfs;
	f->pMethods = NULL;
	if (rc != SQLITE_OK)
		return rc;
	file->real = (sqlite3_file *)(file + 1);
	file->is_journal = (flags & SQLITE_OPEN_MAIN_JOURNAL) != 0;
	rc = parent->xOpen(parent, name, file->real, flags, given);
	if (file->real->pMethods)
		f->pMethods = &methods;
	return rc;
}

static int layer_delete(sqlite3_vfs *vfs, const char *name, int sync)
{
	int rc = failure(FAULT_DB_REMOVE, "xDelete");

	(void)vfs;
	if (rc == SQLITE_IOERR_DIR_FSYNC)
		(void)parent->xDelete(parent, name, sync);
	return rc == SQLITE_OK ? parent->xDelete(parent, name, sync) : rc;
}

static int layer_access(sqlite3_vfs *vfs, const char *name, int flags, int *out)
{
	int rc = failure(FAULT_DB_LOOK, "xAccess");

	(void)vfs;
	return rc == SQLITE_OK ? parent->xAccess(parent, name, flags, out) : rc;
}

bool vfs_use(void)
{
	static sqlite3_vfs layer;
	static const struct {
		enum fault_kind kind;
		const int *codes;
	} lists[] = {
		{ FAULT_DB_OPEN, open_codes },	     { FAULT_DB_READ, read_codes },
		{ FAULT_DB_WRITE, write_codes },     { FAULT_DB_SYNC, sync_codes },
		{ FAULT_DB_TRUNCATE, truncate_codes }, { FAULT_DB_SIZE, size_codes },
		{ FAULT_DB_LOCK, lock_codes },	     { FAULT_DB_LOOK, look_codes },
		{ FAULT_DB_REMOVE, remove_codes },
	};

	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++)
		fault_set_errors(lists[i].kind, lists[i].codes);
	parent = sqlite3_vfs_find(NULL);
	if (!parent || parent == &layer)
		return parent != NULL;
	layer = *parent;
	layer.zName = "fault";
	layer.szOsFile += (int)sizeof(struct file);
	layer.xOpen = layer_open;
	layer.xDelete = layer_delete;
	layer.xAccess = layer_access;
	return sqlite3_vfs_register(&layer, 1) == SQLITE_OK;
}

int vfs_errno(int code)
{
	switch (code) {
	case SQLITE_FULL:
		return ENOSPC;
	case SQLITE_NOMEM:
	case SQLITE_IOERR_NOMEM:
		return ENOMEM;
	case SQLITE_READONLY:
	case SQLITE_READONLY_DIRECTORY:
		return EROFS;
	case SQLITE_PERM:
		return EPERM;
	case SQLITE_BUSY:
		return EAGAIN;
	}
	return EIO;
}
