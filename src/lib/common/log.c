#include "config.h"

#include "common/log.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#include "common/lock.h"
#include "common/str.h"

/* A longer line loses its end. */
#define LINE_MAX_BYTES 8192
#define NO_FILE (-1)

static const struct {
	const char *name;
	int priority;
} levels[] = {
	[LEVEL_ERROR] = { "ERROR", LOG_ERR },
	[LEVEL_WARNING] = { "WARNING", LOG_WARNING },
	[LEVEL_INFO] = { "INFO", LOG_INFO },
	[LEVEL_DEBUG] = { "DEBUG", LOG_DEBUG },
};

/* The level is read without the lock, which guards all the rest. */
static struct {
	struct lock lock;
	_Atomic int level;
	int fd;				/* ours, but for STDERR_FILENO */
	bool pipe;			/* fd's writer may be sent SIGPIPE */
	char line[LINE_MAX_BYTES];
} sink = { .lock = LOCK_STATIC, .level = LEVEL_DEBUG, .fd = NO_FILE };

/* The call that is under way in this thread. */
static _Thread_local struct {
	const char *function;		/* NULL: none */
	unsigned long slot;
	bool has_slot;
} call;

/* Opens the file for appending; -1 with errno. Never waits for a pipe's reader. */
static int target_open(const char *path, bool *is_pipe)
{
	struct stat st;
	int fd;

	if (strcmp(path, LOG_STDERR) == 0) {
		*is_pipe = true;	/* it may become one */
		return STDERR_FILENO;
	}
	do
		fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NONBLOCK,
			  S_IRUSR | S_IWUSR);
	while (fd < 0 && errno == EINTR);
	if (fd >= 0)
		*is_pipe = fstat(fd, &st) != 0 || !S_ISREG(st.st_mode);
	return fd;
}

static void target_close(void)
{
	if (sink.fd != NO_FILE && sink.fd != STDERR_FILENO)
		(void)close(sink.fd);
	sink.fd = NO_FILE;
}

void log_open(enum log_level level, const char *path)
{
	bool is_pipe = false;
	int err = 0, fd = NO_FILE;

	log_close();
	if (path != NULL && *path != '\0') {
		fd = target_open(path, &is_pipe);
		err = fd < 0 ? errno : 0;
	}
	if (err != 0)
		log_warning("cannot open log file %s: %s; syslog is used", path, strerror(err));
	lock_take(&sink.lock);
	target_close();
	sink.fd = fd < 0 ? NO_FILE : fd;
	sink.pipe = is_pipe;
	sink.level = (int)level;
	lock_drop(&sink.lock);
}

void log_close(void)
{
	lock_take(&sink.lock);
	target_close();
	sink.level = LEVEL_DEBUG;
	lock_drop(&sink.lock);
}

bool log_enabled(enum log_level level)
{
	return (int)level <= sink.level;
}

/* Appends to the line, as printf; what has no room is dropped. Room for a newline always stays. */
static PRINTF_LIKE(2, 0) void line_add(size_t *len, const char *fmt, va_list ap)
{
	size_t room = sizeof(sink.line) - 1 - *len;
	int n = vsnprintf(sink.line + *len, room, fmt, ap);

	if (n > 0)
		*len += (size_t)n < room ? (size_t)n : room - 1;
}

static PRINTF_LIKE(2, 3) void line_put(size_t *len, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	line_add(len, fmt, ap);
	va_end(ap);
}

/* *text is where the line begins for those who have the time themselves. */
static size_t line_begin(enum log_level level, const struct log_place *at, size_t *text)
{
	const char *slash = strrchr(at->file, '/');
	struct timespec now = { 0, 0 };
	struct tm tm;
	size_t len;

	(void)clock_gettime(CLOCK_REALTIME, &now);
	if (localtime_r(&now.tv_sec, &tm) == NULL)
		memset(&tm, 0, sizeof(tm));
	len = strftime(sink.line, sizeof(sink.line), "%Y-%m-%d %H:%M:%S", &tm);
	line_put(&len, ".%03ld ", now.tv_nsec / 1000000);
	*text = len;
	line_put(&len, "[%ld] %s: %s(%d): ", (long)getpid(), levels[level].name,
		 slash == NULL ? at->file : slash + 1, at->line);
	if (call.has_slot)
		line_put(&len, "slot %lu: ", call.slot);
	else
		line_put(&len, "slot -: ");
	line_put(&len, "%s: ", call.function != NULL ? call.function : at->function);
	return len;
}

/* One write a line: lines of several processes never mix. */
static bool line_write(size_t len)
{
	ssize_t n;

	do
		n = write(sink.fd, sink.line, len);
	while (n < 0 && errno == EINTR);
	return n == (ssize_t)len;
}

/* The same to a pipe whose reader may be gone, which must not end the process. */
static bool line_write_pipe(size_t len)
{
	const struct timespec at_once = { 0, 0 };
	sigset_t pipe_only, before, pending;
	bool done;

	(void)sigemptyset(&pending);
	(void)sigpending(&pending);
	(void)sigemptyset(&pipe_only);
	(void)sigaddset(&pipe_only, SIGPIPE);
	if (pthread_sigmask(SIG_BLOCK, &pipe_only, &before) != 0)
		return false;
	done = line_write(len);
	/* Takes back the signal that was raised here, not one that was waiting already. */
	if (!done && errno == EPIPE && sigismember(&pending, SIGPIPE) == 0)
		(void)sigtimedwait(&pipe_only, NULL, &at_once);
	(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
	return done;
}

static void line_send(enum log_level level, size_t text, size_t len)
{
	bool done;

	str_printable(sink.line);
	if (sink.fd != NO_FILE) {
		sink.line[len] = '\n';
		done = sink.pipe ? line_write_pipe(len + 1) : line_write(len + 1);
		if (done)
			return;
		sink.line[len] = '\0';
	}
	syslog(levels[level].priority, "%s", sink.line + text);
}

void log_call(const char *function)
{
	call.function = function;
	call.has_slot = false;
}

void log_call_slot(const char *function, unsigned long slot)
{
	call.function = function;
	call.slot = slot;
	call.has_slot = true;
}

void log_write(enum log_level level, struct log_place at, const char *fmt, ...)
{
	int saved = errno;
	size_t text, len;
	va_list ap;

	if (!log_enabled(level))
		return;
	lock_take(&sink.lock);
	len = line_begin(level, &at, &text);
	va_start(ap, fmt);
	line_add(&len, fmt, ap);
	va_end(ap);
	line_send(level, text, len);
	lock_drop(&sink.lock);
	errno = saved;
}

void log_fork_prepare(void)
{
	lock_take(&sink.lock);
}

void log_fork_done(void)
{
	lock_drop(&sink.lock);
}
