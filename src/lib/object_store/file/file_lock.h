/*
 * Locks on whole files that exclude SoftHSM's processes (fcntl record locks, docs/STORAGE.md
 * "Locks").
 *
 * They belong to the open file description where the system has such locks (F_OFD_SETLKW), so that
 * threads and stores of one process exclude each other too and closing another descriptor of the
 * file changes nothing. Elsewhere they are POSIX locks, and one process-wide mutex keeps threads
 * apart: a thread holds it while it holds any lock.
 */
#ifndef OBJECT_STORE_FILE_LOCK_H
#define OBJECT_STORE_FILE_LOCK_H

#include "common/base.h"

enum file_lock_mode {
	FILE_LOCK_READ,		/* shared; the descriptor must be readable */
	FILE_LOCK_WRITE		/* exclusive; the descriptor must be writable */
};

/* Waits for the lock, without a limit as SoftHSM does. false with errno when the system refuses. */
bool file_lock(int fd, enum file_lock_mode mode) MUST_CHECK;

/* The same without waiting; errno is EAGAIN when another holds a lock in the way. */
bool file_trylock(int fd, enum file_lock_mode mode) MUST_CHECK;

/*
 * Lets go of the lock that one of the two gave. A child of a fork shares the lock, so closing is
 * not enough.
 */
void file_unlock(int fd);

/* In the child of a fork, which has one thread and holds no lock of its own. */
void file_lock_forked(void);

/*
 * From now on does as if the system had no open-file-description locks. For tests; no lock may be
 * held.
 */
void file_lock_posix(bool on);

#endif
