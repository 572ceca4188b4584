/* The files of a token in SQLite's format; also for builds without SQLite. */
#ifndef OBJECT_STORE_DB_FILES_H
#define OBJECT_STORE_DB_FILES_H

#define DB_FILE "sqlite3.db"
#define DB_JOURNAL DB_FILE "-journal"
#define DB_WAL DB_FILE "-wal"
#define DB_SHM DB_FILE "-shm"

#endif
