/*
 * A layer between SQLite and the files of databases, which makes what SQLite asks of them fail with
 * SQLite's own codes (FAULT_DB_OPEN and on), among them those that no errno stands for.
 */
#ifndef TESTS_FAULT_VFS_H
#define TESTS_FAULT_VFS_H

#include <stdbool.h>

/* Puts it under all databases that this process opens from now on; false: there is no SQLite. */
bool vfs_use(void);

/* A code of SQLite's for a failure as an errno that asks for the same answer. */
int vfs_errno(int code);

#endif
