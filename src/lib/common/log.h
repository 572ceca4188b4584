/*
 * The log: syslog, or the file that log.file names. One line a message:
 *   YYYY-MM-DD hh:mm:ss.mmm [pid] LEVEL: file.c(line): slot N: function: text
 * syslog has times of its own. function is the PKCS#11 function whose call is under way in this
 * thread, or else the one that writes the line; N is - where the call has no slot, or not yet.
 * Never pass a secret. Control characters in the text are written as '?', so that a hostile
 * name cannot forge a line.
 */
#ifndef COMMON_LOG_H
#define COMMON_LOG_H

#include "common/base.h"

enum log_level {
	LEVEL_ERROR,
	LEVEL_WARNING,
	LEVEL_INFO,
	LEVEL_DEBUG
};

/* As a path: standard error, whatever it is when a line is written. */
#define LOG_STDERR "stderr"

/*
 * Starts logging at that level, to path (appended to, mode 0600, close-on-exec), to LOG_STDERR, or
 * to syslog when path is NULL or empty. A file that cannot be opened is reported to syslog, which
 * is then used: never an error. Before log_open all messages go to syslog at every level.
 */
void log_open(enum log_level level, const char *path);
void log_close(void);

bool log_enabled(enum log_level level);

/*
 * What this thread's lines say from now on: the PKCS#11 function, a static string, without a slot
 * or with one; NULL ends that. Cheap: nothing is written before there is a line.
 */
void log_call(const char *function);
void log_call_slot(const char *function, unsigned long slot);

/* Where in the source a line is written. */
struct log_place {
	const char *file;	/* shortened to its last component */
	int line;
	const char *function;
};

#define LOG_HERE ((struct log_place){ __FILE__, __LINE__, __func__ })

/* errno survives. */
void log_write(enum log_level level, struct log_place at, const char *fmt, ...) PRINTF_LIKE(3, 4);

#define log_error(...) log_write(LEVEL_ERROR, LOG_HERE, __VA_ARGS__)
#define log_warning(...) log_write(LEVEL_WARNING, LOG_HERE, __VA_ARGS__)
#define log_info(...) log_write(LEVEL_INFO, LOG_HERE, __VA_ARGS__)
#define log_debug(...) \
	do { \
		if (log_enabled(LEVEL_DEBUG)) \
			log_write(LEVEL_DEBUG, LOG_HERE, __VA_ARGS__); \
	} while (0)

/* Takes the log's lock before a fork and releases it afterwards, in the parent and in the child. */
void log_fork_prepare(void);
void log_fork_done(void);

#endif
