#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "object_store/file/file_lock.h"
#include "unit/unit.h"

/* Each test runs with both kinds of locks, on one empty file. */
static const bool kinds[] = { false, true };
static char *dir, *path;

static int open_file(void)
{
	int fd = open(path, O_RDWR | O_CLOEXEC);

	CU_ASSERT_TRUE_FATAL(fd >= 0);
	return fd;
}

static void close_file(int fd)
{
	CU_ASSERT_EQUAL(close(fd), 0);
}

/* Runs fn in another process, which sees none of our descriptors' locks as its own. */
static int in_process(int (*fn)(void))
{
	pid_t pid = fork();
	int status;

	CU_ASSERT_TRUE_FATAL(pid >= 0);
	if (pid == 0)
		_exit(fn());
	CU_ASSERT_EQUAL_FATAL(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static int try_as(enum file_lock_mode mode)
{
	int fd = open(path, O_RDWR | O_CLOEXEC), result;

	file_lock_forked();
	result = file_trylock(fd, mode) ? 0 : errno;
	(void)close(fd);
	return result;
}

static int try_read(void)
{
	return try_as(FILE_LOCK_READ);
}

static int try_write(void)
{
	return try_as(FILE_LOCK_WRITE);
}

/* As SoftHSM does it. */
static int try_write_posix(void)
{
	struct flock whole = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	int fd = open(path, O_RDWR | O_CLOEXEC);
	int result = fcntl(fd, F_SETLK, &whole) == 0 ? 0 : errno;

	(void)close(fd);
	return result == EACCES ? EAGAIN : result;
}

static const struct exclusion {
	enum file_lock_mode mode;
	int (*other)(void);
	int result;
} exclusions[] = {
	{ FILE_LOCK_READ, try_read, 0 },
	{ FILE_LOCK_READ, try_write, EAGAIN },
	{ FILE_LOCK_READ, try_write_posix, EAGAIN },
	{ FILE_LOCK_WRITE, try_read, EAGAIN },
	{ FILE_LOCK_WRITE, try_write, EAGAIN },
	{ FILE_LOCK_WRITE, try_write_posix, EAGAIN },
};

static void processes_exclude(void)
{
	for (size_t i = 0; i < ARRAY_LEN(exclusions); i++) {
		int fd = open_file();

		CU_ASSERT_TRUE_FATAL(file_lock(fd, exclusions[i].mode));
		CU_ASSERT_EQUAL(in_process(exclusions[i].other), exclusions[i].result);
		file_unlock(fd);
		CU_ASSERT_EQUAL(in_process(exclusions[i].other), 0);
		close_file(fd);
	}
}

static void *try_in_thread(void *arg)
{
	int fd = open(path, O_RDWR | O_CLOEXEC);
	bool got = file_trylock(fd, FILE_LOCK_WRITE);

	*(int *)arg = got ? 0 : errno;
	if (got)
		file_unlock(fd);
	(void)close(fd);
	return NULL;
}

static int in_thread(void)
{
	pthread_t thread;
	int result = -1;

	CU_ASSERT_EQUAL_FATAL(pthread_create(&thread, NULL, try_in_thread, &result), 0);
	CU_ASSERT_EQUAL_FATAL(pthread_join(thread, NULL), 0);
	return result;
}

static void threads_exclude(void)
{
	int fd = open_file();

	CU_ASSERT_TRUE_FATAL(file_lock(fd, FILE_LOCK_WRITE));
	CU_ASSERT_EQUAL(in_thread(), EAGAIN);
	file_unlock(fd);
	CU_ASSERT_EQUAL(in_thread(), 0);
	close_file(fd);
}

/* One within the other, and in reverse order, as a commit takes them. */
static void locks_nest(void)
{
	char *second = unit_write_file(dir, "second", "", 0);
	int outer = open_file(), inner = open(second, O_RDWR | O_CLOEXEC);

	free(second);
	CU_ASSERT_TRUE_FATAL(inner >= 0);
	CU_ASSERT_TRUE_FATAL(file_lock(outer, FILE_LOCK_WRITE));
	CU_ASSERT_TRUE_FATAL(file_lock(inner, FILE_LOCK_WRITE));
	CU_ASSERT_EQUAL(in_process(try_write), EAGAIN);
	file_unlock(inner);
	CU_ASSERT_EQUAL(in_process(try_write), EAGAIN);
	file_unlock(outer);
	CU_ASSERT_EQUAL(in_process(try_write), 0);
	close_file(inner);
	close_file(outer);
}

/* A child of a fork has the descriptor too: only unlocking, not closing, frees the file. */
static void unlocks_shared_descriptor(void)
{
	int fd = open_file(), ends[2];
	pid_t pid;

	CU_ASSERT_EQUAL_FATAL(pipe(ends), 0);
	CU_ASSERT_TRUE_FATAL(file_lock(fd, FILE_LOCK_WRITE));
	pid = fork();
	CU_ASSERT_TRUE_FATAL(pid >= 0);
	if (pid == 0) {
		char byte;

		(void)close(ends[1]);
		_exit(read(ends[0], &byte, 1) == 0 ? 0 : 1);
	}
	file_unlock(fd);
	close_file(fd);
	CU_ASSERT_EQUAL(in_process(try_write), 0);
	close_file(ends[1]);
	CU_ASSERT_EQUAL(waitpid(pid, NULL, 0), pid);
	close_file(ends[0]);
}

static void on_alarm(int number)
{
	(void)number;
}

/* The other process holds the lock for a moment, and a signal comes meanwhile. */
static void waits_through_signals(void)
{
	const struct itimerval soon = { .it_value = { 0, 5000 } }, never = { .it_value = { 0, 0 } };
	struct sigaction action = { .sa_handler = on_alarm };
	int fd = open_file(), ends[2];
	char byte;
	pid_t pid;

	CU_ASSERT_EQUAL_FATAL(pipe(ends), 0);
	pid = fork();
	CU_ASSERT_TRUE_FATAL(pid >= 0);
	if (pid == 0) {
		int mine = open(path, O_RDWR);

		file_lock_forked();
		if (!file_lock(mine, FILE_LOCK_WRITE) || write(ends[1], "x", 1) != 1)
			_exit(1);
		(void)usleep(30000);
		_exit(0);
	}
	CU_ASSERT_EQUAL_FATAL(read(ends[0], &byte, 1), 1);
	CU_ASSERT_EQUAL(sigaction(SIGALRM, &action, NULL), 0);
	CU_ASSERT_EQUAL(setitimer(ITIMER_REAL, &soon, NULL), 0);
	CU_ASSERT_TRUE(file_lock(fd, FILE_LOCK_WRITE));
	file_unlock(fd);
	CU_ASSERT_EQUAL(setitimer(ITIMER_REAL, &never, NULL), 0);
	(void)waitpid(pid, NULL, 0);
	close_file(ends[0]);
	close_file(ends[1]);
	close_file(fd);
}

static void reports_errors(void)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	CU_ASSERT_TRUE_FATAL(fd >= 0);
	errno = 0;
	CU_ASSERT_FALSE(file_lock(fd, FILE_LOCK_WRITE));
	CU_ASSERT_EQUAL(errno, EBADF);
	CU_ASSERT_TRUE(file_lock(fd, FILE_LOCK_READ));
	file_unlock(fd);
	close_file(fd);
	CU_ASSERT_EQUAL(in_thread(), 0);
}

static void with_both_kinds(void (*test)(void))
{
	dir = unit_make_dir();
	path = unit_write_file(dir, "file", "", 0);
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
		file_lock_posix(kinds[i]);
		test();
	}
	file_lock_posix(false);
	free(path);
	unit_remove_dir(dir);
}

static void test_processes_exclude(void)
{
	with_both_kinds(processes_exclude);
}

static void test_threads_exclude(void)
{
	with_both_kinds(threads_exclude);
}

static void test_locks_nest(void)
{
	with_both_kinds(locks_nest);
}

static void test_unlocks_shared_descriptor(void)
{
	with_both_kinds(unlocks_shared_descriptor);
}

static void test_waits_through_signals(void)
{
	with_both_kinds(waits_through_signals);
}

static void test_reports_errors(void)
{
	with_both_kinds(reports_errors);
}

#ifdef F_OFD_SETLKW
/* What POSIX locks cannot do: another descriptor of the same file does not matter. */
static void test_closing_another_descriptor(void)
{
	int fd;

	dir = unit_make_dir();
	path = unit_write_file(dir, "file", "", 0);
	fd = open_file();
	CU_ASSERT_TRUE_FATAL(file_lock(fd, FILE_LOCK_WRITE));
	close_file(open_file());
	CU_ASSERT_EQUAL(in_process(try_write), EAGAIN);
	file_unlock(fd);
	close_file(fd);
	free(path);
	unit_remove_dir(dir);
}
#endif

static const struct unit_test tests[] = {
	UNIT_TEST(test_processes_exclude),
	UNIT_TEST(test_locks_nest),
	UNIT_TEST(test_unlocks_shared_descriptor),
	UNIT_TEST(test_waits_through_signals),
#ifdef F_OFD_SETLKW
	UNIT_TEST(test_closing_another_descriptor),
#endif
	/* These make threads, so no test that forks comes after them. */
	UNIT_TEST(test_threads_exclude),
	UNIT_TEST(test_reports_errors),
};

int main(void)
{
	return UNIT_RUN("file_lock", tests);
}
