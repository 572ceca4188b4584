#include "config.h"

#include "crypto/ossl/threads.h"

#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "common/base.h"
#include "common/lock.h"

/* A thread that was joined may still be known to the kernel for a moment. */
#define WAIT_MS 20

static struct lock lock = LOCK_STATIC;
/* Thread ids. A few need no memory, so that those of most programs can always be noted. */
static pid_t first[16];
static pid_t *noted = first;
static size_t count, cap = ARRAY_LEN(first);
static bool lost;		/* one could not be noted: then nobody can say that all have gone */

/* Resets are numbered, and each thread remembers the last one that it was noted under. */
static atomic_uint era = 1;
static _Thread_local unsigned noted_in;

#if defined(SYS_gettid) && defined(SYS_tgkill)
static pid_t thread_id(void)
{
	return (pid_t)syscall(SYS_gettid);
}

/* An id that another thread got meanwhile counts as alive, which is the safe answer. */
static bool is_alive(pid_t id)
{
	return syscall(SYS_tgkill, getpid(), id, 0) == 0 || errno != ESRCH;
}
#else
static pid_t thread_id(void)
{
	return 0;
}

static bool is_alive(pid_t id)
{
	(void)id;
	return true;
}
#endif

/* Drops the threads that have ended. */
static void prune(void)
{
	size_t kept = 0;

	for (size_t i = 0; i < count; i++)
		if (is_alive(noted[i]))
			noted[kept++] = noted[i];
	count = kept;
}

static void append(pid_t id)
{
	if (count == cap)
		prune();
	if (count == cap) {
		size_t more = cap * 2;
		pid_t *p = reallocarray(noted == first ? NULL : noted, more, sizeof(*p));

		if (p == NULL) {
			lost = true;
			return;
		}
		if (noted == first)
			memcpy(p, first, sizeof(first));
		noted = p;
		cap = more;
	}
	noted[count++] = id;
}

void threads_note(void)
{
	unsigned now = atomic_load_explicit(&era, memory_order_relaxed);

	if (noted_in == now)
		return;
	noted_in = now;
	lock_take(&lock);
	append(thread_id());
	lock_drop(&lock);
}

static bool others_gone(pid_t self)
{
	bool gone;

	lock_take(&lock);
	prune();
	gone = !lost && (count == 0 || (count == 1 && noted[0] == self));
	lock_drop(&lock);
	return gone;
}

bool threads_gone(void)
{
	const struct timespec pause = { 0, 1000000 };
	pid_t self = thread_id();

	for (int ms = 0; ms < WAIT_MS; ms++) {
		if (others_gone(self))
			return true;
		nanosleep(&pause, NULL);
	}
	return false;
}

void threads_reset(void)
{
	atomic_fetch_add(&era, 1);
	if (noted != first)
		free(noted);
	noted = first;
	cap = ARRAY_LEN(first);
	count = 0;
	lost = false;
}

void threads_fork_child(void)
{
	bool was_noted = noted_in == atomic_load(&era);

	lock_reset(&lock);
	count = 0;
	lost = false;
	if (was_noted)
		append(thread_id());
}
