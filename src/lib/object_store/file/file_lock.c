#include "config.h"

#include "object_store/file/file_lock.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <unistd.h>

/* What fcntl takes, with and without waiting; a system without the one kind has the other. */
struct lock_commands {
	int wait;
	int try;
};

static const struct lock_commands posix_commands = { F_SETLKW, F_SETLK };
#ifdef F_OFD_SETLKW
static const struct lock_commands ofd_commands = { F_OFD_SETLKW, F_OFD_SETLK };
static atomic_bool posix_only = false;
#else
static const struct lock_commands ofd_commands = { F_SETLKW, F_SETLK };
static atomic_bool posix_only = true;
#endif

/* Recursive, since X.lock, X.object and `generation` are locked one within the other. */
static pthread_mutex_t posix_turn;
static pthread_once_t posix_turn_once = PTHREAD_ONCE_INIT;

static void posix_turn_init(void)
{
	pthread_mutexattr_t attr;

	(void)pthread_mutexattr_init(&attr);
	(void)pthread_mutexattr_settype(&attr, PTHREAD_MUTEX_RECURSIVE);
	(void)pthread_mutex_init(&posix_turn, &attr);
	(void)pthread_mutexattr_destroy(&attr);
}

static bool set_lock(int fd, int command, short type)
{
	struct flock whole = { .l_type = type, .l_whence = SEEK_SET };
	int rc;

	do
		rc = fcntl(fd, command, &whole);
	while (rc < 0 && errno == EINTR);
	return rc == 0;
}

static bool posix_lock(int fd, short type, bool wait)
{
	int err;

	(void)pthread_once(&posix_turn_once, posix_turn_init);
	if (wait) {
		(void)pthread_mutex_lock(&posix_turn);
	} else if (pthread_mutex_trylock(&posix_turn) != 0) {
		errno = EAGAIN;
		return false;
	}
	if (set_lock(fd, wait ? posix_commands.wait : posix_commands.try, type))
		return true;
	err = errno == EACCES ? EAGAIN : errno;	/* POSIX leaves the choice */
	(void)pthread_mutex_unlock(&posix_turn);
	errno = err;
	return false;
}

static bool take(int fd, enum file_lock_mode mode, bool wait)
{
	const short type = mode == FILE_LOCK_READ ? F_RDLCK : F_WRLCK;

	if (!atomic_load(&posix_only)) {
		if (set_lock(fd, wait ? ofd_commands.wait : ofd_commands.try, type))
			return true;
		if (errno != EINVAL || !posix_lock(fd, type, wait))
			return false;
		/* A kernel older than the headers: it will not learn it later. */
		atomic_store(&posix_only, true);
		return true;
	}
	return posix_lock(fd, type, wait);
}

bool file_lock(int fd, enum file_lock_mode mode)
{
	return take(fd, mode, true);
}

bool file_trylock(int fd, enum file_lock_mode mode)
{
	return take(fd, mode, false);
}

void file_unlock(int fd)
{
	if (!atomic_load(&posix_only)) {
		(void)set_lock(fd, ofd_commands.try, F_UNLCK);
		return;
	}
	(void)set_lock(fd, posix_commands.try, F_UNLCK);
	(void)pthread_mutex_unlock(&posix_turn);
}

void file_lock_forked(void)
{
	posix_turn_init();
}

void file_lock_posix(bool on)
{
#ifdef F_OFD_SETLKW
	atomic_store(&posix_only, on);
#else
	(void)on;
#endif
}
