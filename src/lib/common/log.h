/*
 * The log: syslog, or the file that log.file names. One line a message:
 *   YYYY-MM-DD hh:mm:ss.mmm [pid] LEVEL: file.c(line): text
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

/*
 * Starts logging at that level, to path (appended to, mode 0600, close-on-exec) or to syslog
 * when path is NULL or empty. A file that cannot be opened is reported to syslog, which is then
 * used: never an error. Before log_open all messages go to syslog at every level.
 */
void log_open(enum log_level level, const char *path);
void log_close(void);

bool log_enabled(enum log_level level);

/* errno survives. file is shortened to its last component. */
void log_write(enum log_level level, const char *file, int line, const char *fmt, ...)
	PRINTF_LIKE(4, 5);

#define log_error(...) log_write(LEVEL_ERROR, __FILE__, __LINE__, __VA_ARGS__)
#define log_warning(...) log_write(LEVEL_WARNING, __FILE__, __LINE__, __VA_ARGS__)
#define log_info(...) log_write(LEVEL_INFO, __FILE__, __LINE__, __VA_ARGS__)
#define log_debug(...) \
	do { \
		if (log_enabled(LEVEL_DEBUG)) \
			log_write(LEVEL_DEBUG, __FILE__, __LINE__, __VA_ARGS__); \
	} while (0)

/* Takes the log's lock before a fork and releases it afterwards, in the parent and in the child. */
void log_fork_prepare(void);
void log_fork_done(void);

#endif
