/*
 * The threads that have used our library context. OpenSSL keeps random generators for each of them,
 * which it frees when the thread ends: a context must not go before its threads
 * (OPENSSL_thread_stop(3)), and nobody tells us when they end. So the kernel is asked.
 */
#ifndef CRYPTO_THREADS_H
#define CRYPTO_THREADS_H

#include "common/base.h"

/* Notes the calling thread; cheap when it is noted already. Thread-safe. */
void threads_note(void);

/*
 * Have all noted threads but the calling one ended? Waits some milliseconds for those that are just
 * ending.
 */
bool threads_gone(void);

/* Forgets all, for a new context. Not thread-safe. */
void threads_reset(void);

/* In the child of a fork, where only the calling thread goes on. */
void threads_fork_child(void);

#endif
