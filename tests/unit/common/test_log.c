#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "common/log.h"
#include "unit/unit.h"

/*
 * What would have gone to syslog. The linker takes these two instead of libc's; <syslog.h> is
 * left out because it may define the first as an inline function that calls the second.
 */
static struct {
	int lines;
	int priority;
	char text[9000];
} sent;

void syslog(int priority, const char *fmt, ...) PRINTF_LIKE(2, 3);
void __syslog_chk(int priority, int flag, const char *fmt, ...) PRINTF_LIKE(3, 4);

static PRINTF_LIKE(2, 0) void take_line(int priority, const char *fmt, va_list ap)
{
	sent.lines++;
	sent.priority = priority;
	(void)vsnprintf(sent.text, sizeof(sent.text), fmt, ap);
}

void syslog(int priority, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	take_line(priority, fmt, ap);
	va_end(ap);
}

void __syslog_chk(int priority, int flag, const char *fmt, ...)
{
	va_list ap;

	(void)flag;
	va_start(ap, fmt);
	take_line(priority, fmt, ap);
	va_end(ap);
}

static char *dir;
static char *path;

static void begin(enum log_level level)
{
	dir = unit_make_dir();
	if (asprintf(&path, "%s/softhsm.log", dir) < 0)
		abort();
	log_open(level, path);
}

static void end(void)
{
	log_close();
	free(path);
	unit_remove_dir(dir);
}

static const struct {
	const char *name;
	int priority;		/* as syslog(3) has it */
} levels[] = {
	[LEVEL_ERROR] = { "ERROR", 3 },
	[LEVEL_WARNING] = { "WARNING", 4 },
	[LEVEL_INFO] = { "INFO", 6 },
	[LEVEL_DEBUG] = { "DEBUG", 7 },
};

struct parsed {
	struct tm tm;
	int ms;
	int pid;
	char level[16];
	char file[32];
	int line;
	char slot[24];
	char function[32];
	const char *text;
};

/* Takes a line of the file apart; NULL or what follows it. */
static const char *parse(const char *at, struct parsed *p)
{
	const char *newline = strchr(at, '\n');
	int n = -1;

	memset(p, 0, sizeof(*p));
	/* the widths of the date are fixed */
	if (newline == NULL || strspn(at, "0123456789-") != 10 || at[10] != ' ' || at[19] != '.')
		return NULL;
	if (sscanf(at, "%4d-%2d-%2d %2d:%2d:%2d.%3d [%d] %15[A-Z]: %31[^(](%d): "
	           "slot %23[0-9-]: %31[A-Za-z0-9_]: %n", &p->tm.tm_year,
	           &p->tm.tm_mon, &p->tm.tm_mday, &p->tm.tm_hour, &p->tm.tm_min, &p->tm.tm_sec,
	           &p->ms, &p->pid, p->level, p->file, &p->line, p->slot, p->function,
	           &n) != 13 ||
	    n < 0)
		return NULL;
	p->tm.tm_year -= 1900;
	p->tm.tm_mon -= 1;
	p->tm.tm_isdst = -1;
	p->text = at + n;
	return newline + 1;
}

static bool text_is(const struct parsed *p, const char *expected)
{
	size_t len = strcspn(p->text, "\n");

	return len == strlen(expected) && strncmp(p->text, expected, len) == 0;
}

static void test_line(void)
{
	time_t before = time(NULL);
	struct parsed p;
	const char *rest;
	char *text;
	time_t when;
	int line;

	begin(LEVEL_INFO);
	line = __LINE__ + 1;
	log_warning("object %d of %s is damaged", 7, "token");
	text = unit_read_file(path, NULL);
	rest = parse(text, &p);
	CU_ASSERT_PTR_NOT_NULL_FATAL(rest);
	CU_ASSERT_STRING_EQUAL(rest, "");
	when = mktime(&p.tm);
	CU_ASSERT(when >= before && when <= time(NULL));
	CU_ASSERT(p.ms >= 0 && p.ms <= 999);
	CU_ASSERT_EQUAL(p.pid, getpid());
	CU_ASSERT_STRING_EQUAL(p.level, "WARNING");
	CU_ASSERT_STRING_EQUAL(p.file, "test_log.c");
	CU_ASSERT_EQUAL(p.line, line);
	CU_ASSERT_STRING_EQUAL(p.slot, "-");
	CU_ASSERT_STRING_EQUAL(p.function, "test_line");
	CU_ASSERT_TRUE(text_is(&p, "object 7 of token is damaged"));
	free(text);
	end();
}

static void log_at(enum log_level level)
{
	log_write(level, (struct log_place){ "src/lib/some/where.c", 12, "some_where" },
		  "level %d", (int)level);
}

static void test_levels(void)
{
	struct parsed p;
	const char *at;
	char *text;
	int level, i;

	for (level = LEVEL_ERROR; level <= LEVEL_DEBUG; level++) {
		begin((enum log_level)level);
		for (i = LEVEL_ERROR; i <= LEVEL_DEBUG; i++) {
			CU_ASSERT_EQUAL(log_enabled((enum log_level)i), i <= level);
			log_at((enum log_level)i);
		}
		at = text = unit_read_file(path, NULL);
		for (i = LEVEL_ERROR; i <= level; i++) {
			at = parse(at, &p);
			CU_ASSERT_PTR_NOT_NULL_FATAL(at);
			CU_ASSERT_STRING_EQUAL(p.level, levels[i].name);
			CU_ASSERT_STRING_EQUAL(p.file, "where.c");
			CU_ASSERT_EQUAL(p.line, 12);
			CU_ASSERT_STRING_EQUAL(p.function, "some_where");
		}
		CU_ASSERT_STRING_EQUAL(at, "");
		free(text);
		end();
	}
}

/* One line, and what it says of the call. */
static void check_call(const char *slot, const char *function)
{
	struct parsed p;
	char *text;

	CU_ASSERT_EQUAL(truncate(path, 0), 0);
	log_at(LEVEL_ERROR);
	text = unit_read_file(path, NULL);
	CU_ASSERT_PTR_NOT_NULL_FATAL(parse(text, &p));
	CU_ASSERT_STRING_EQUAL(p.slot, slot);
	CU_ASSERT_STRING_EQUAL(p.function, function);
	CU_ASSERT_TRUE(text_is(&p, "level 0"));
	free(text);
}

static void *other_thread(void *arg)
{
	(void)arg;
	check_call("-", "some_where");
	log_call("C_Theirs");
	check_call("-", "C_Theirs");
	return NULL;
}

static void test_call(void)
{
	pthread_t thread;

	begin(LEVEL_ERROR);
	check_call("-", "some_where");
	log_call("C_Sign");
	check_call("-", "C_Sign");
	log_call_slot("C_Sign", 18446744073709551615UL);
	check_call("18446744073709551615", "C_Sign");
	CU_ASSERT_EQUAL_FATAL(pthread_create(&thread, NULL, other_thread, NULL), 0);
	(void)pthread_join(thread, NULL);
	check_call("18446744073709551615", "C_Sign");
	log_call_slot("C_Sign", 0);
	check_call("0", "C_Sign");
	log_call("C_Login");	/* whose slot is not known */
	check_call("-", "C_Login");
	log_call(NULL);
	check_call("-", "some_where");
	end();
}

/* What standard error is at that moment gets the lines; it is neither opened nor closed. */
static void test_stderr(void)
{
	int before = dup(STDERR_FILENO), fd;
	struct parsed p;
	char *text;

	begin(LEVEL_INFO);
	CU_ASSERT_FATAL(before >= 0);
	memset(&sent, 0, sizeof(sent));
	log_open(LEVEL_INFO, "stderr");
	fd = open(path, O_WRONLY | O_APPEND);
	CU_ASSERT_FATAL(fd >= 0 && dup2(fd, STDERR_FILENO) == STDERR_FILENO);
	(void)close(fd);
	log_info("to see");
	log_debug("not to see");
	log_close();
	CU_ASSERT(fcntl(STDERR_FILENO, F_GETFD) >= 0);
	CU_ASSERT_EQUAL(sent.lines, 0);
	text = unit_read_file(path, NULL);
	CU_ASSERT_PTR_NOT_NULL_FATAL(parse(text, &p));
	CU_ASSERT_STRING_EQUAL(parse(text, &p), "");
	CU_ASSERT_TRUE(text_is(&p, "to see"));
	free(text);
	CU_ASSERT_NOT_EQUAL(access("stderr", F_OK), 0);

	/* A host that has closed it: syslog is better than nothing. */
	log_open(LEVEL_INFO, "stderr");
	(void)close(STDERR_FILENO);
	log_info("to whom");
	log_close();
	CU_ASSERT_EQUAL(sent.lines, 1);
	CU_ASSERT_PTR_NOT_NULL(strstr(sent.text, ": to whom"));
	CU_ASSERT_EQUAL(dup2(before, STDERR_FILENO), STDERR_FILENO);
	(void)close(before);
	end();
}

static int evaluated(void)
{
	static int times;

	return ++times;
}

static void test_debug_costs_nothing(void)
{
	begin(LEVEL_INFO);
	log_debug("%d", evaluated());
	CU_ASSERT_EQUAL(evaluated(), 1);
	end();
}

static void test_syslog(void)
{
	char *begins;
	int i;

	/* before log_open, after log_close, and with no file */
	for (i = LEVEL_ERROR; i <= LEVEL_DEBUG; i++) {
		memset(&sent, 0, sizeof(sent));
		log_at((enum log_level)i);
		CU_ASSERT_EQUAL(sent.lines, 1);
		CU_ASSERT_EQUAL(sent.priority, levels[i].priority);
		CU_ASSERT_FATAL(asprintf(&begins, "[%d] %s: where.c(12): slot -: some_where: ",
					 (int)getpid(), levels[i].name) > 0);
		CU_ASSERT_PTR_EQUAL(strstr(sent.text, begins), sent.text);
		free(begins);
	}
	memset(&sent, 0, sizeof(sent));
	log_open(LEVEL_WARNING, "");
	log_at(LEVEL_WARNING);
	log_at(LEVEL_INFO);
	CU_ASSERT_EQUAL(sent.lines, 1);
	log_open(LEVEL_INFO, NULL);
	log_at(LEVEL_INFO);
	log_at(LEVEL_DEBUG);
	CU_ASSERT_EQUAL(sent.lines, 2);
	log_close();
	log_at(LEVEL_DEBUG);
	CU_ASSERT_EQUAL(sent.lines, 3);
	log_close();
}

static void test_file_only(void)
{
	memset(&sent, 0, sizeof(sent));
	begin(LEVEL_DEBUG);
	log_at(LEVEL_DEBUG);
	CU_ASSERT_EQUAL(sent.lines, 0);
	end();
}

/* A file that cannot be had: syslog says so at any level, and is used. */
static void test_bad_file(void)
{
	static const char *const names[] = { "/missing/folder.log", "/", "/fifo" };
	char *where, *full;
	size_t i;

	where = unit_make_dir();
	if (asprintf(&full, "%s/fifo", where) < 0)
		abort();
	CU_ASSERT_EQUAL(mkfifo(full, 0600), 0);
	free(full);
	for (i = 0; i < ARRAY_LEN(names); i++) {
		memset(&sent, 0, sizeof(sent));
		if (asprintf(&full, "%s%s", where, names[i]) < 0)
			abort();
		log_open(LEVEL_ERROR, full);
		CU_ASSERT_EQUAL(sent.lines, 1);
		CU_ASSERT_EQUAL(sent.priority, levels[LEVEL_WARNING].priority);
		CU_ASSERT_PTR_NOT_NULL(strstr(sent.text, full));
		log_at(LEVEL_WARNING);
		CU_ASSERT_EQUAL(sent.lines, 1);
		log_at(LEVEL_ERROR);
		CU_ASSERT_EQUAL(sent.lines, 2);
		log_close();
		free(full);
	}
	unit_remove_dir(where);
}

static void test_hostile_text(void)
{
	char *huge = malloc(100001);
	struct parsed p;
	const char *at;
	char *text;
	size_t len;

	CU_ASSERT_PTR_NOT_NULL_FATAL(huge);
	begin(LEVEL_INFO);
	log_error("label \"%s\"", "x\"\n2024-01-01 00:00:00.000 [1] ERROR: forged\x1b[2J\r");
	log_error("%s", "%s%n%s");
	memset(huge, 'y', 100000);
	huge[100000] = '\0';
	log_error("%s", huge);
	log_error("after");
	at = text = unit_read_file(path, NULL);
	at = parse(at, &p);
	CU_ASSERT_PTR_NOT_NULL_FATAL(at);
	CU_ASSERT_TRUE(text_is(&p, "label \"x\"?2024-01-01 00:00:00.000 [1] ERROR: forged?[2J?\""));
	at = parse(at, &p);
	CU_ASSERT_PTR_NOT_NULL_FATAL(at);
	CU_ASSERT_TRUE(text_is(&p, "%s%n%s"));
	at = parse(at, &p);
	CU_ASSERT_PTR_NOT_NULL_FATAL(at);
	len = strspn(p.text, "y");
	CU_ASSERT(len > 4000 && len < 100000 && p.text[len] == '\n');
	at = parse(at, &p);
	CU_ASSERT_PTR_NOT_NULL_FATAL(at);
	CU_ASSERT_TRUE(text_is(&p, "after"));
	CU_ASSERT_STRING_EQUAL(at, "");
	free(text);
	free(huge);
	end();
}

static void test_errno(void)
{
	begin(LEVEL_ERROR);
	errno = EXDEV;
	log_error("x");
	CU_ASSERT_EQUAL(errno, EXDEV);
	log_debug("x");
	CU_ASSERT_EQUAL(errno, EXDEV);
	end();
	log_open(LEVEL_ERROR, NULL);
	errno = EXDEV;
	log_error("x");
	CU_ASSERT_EQUAL(errno, EXDEV);
	log_close();
}

/* The descriptor that has this file open, or -1. */
static int descriptor_of(const char *file)
{
	struct stat want, have;
	int fd;

	if (stat(file, &want) != 0)
		return -1;
	for (fd = 3; fd < 256; fd++)
		if (fstat(fd, &have) == 0 && have.st_dev == want.st_dev &&
		    have.st_ino == want.st_ino)
			return fd;
	return -1;
}

static void test_file(void)
{
	mode_t mask = umask(0);
	struct stat st;
	char *text;
	int fd;

	begin(LEVEL_INFO);
	CU_ASSERT_EQUAL(stat(path, &st), 0);
	CU_ASSERT_EQUAL(st.st_mode & 0777, 0600);
	fd = descriptor_of(path);
	CU_ASSERT_FATAL(fd >= 0);
	CU_ASSERT_EQUAL(fcntl(fd, F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
	CU_ASSERT_EQUAL(fcntl(fd, F_GETFL) & O_APPEND, O_APPEND);
	log_info("one");
	/* opened again: the old descriptor goes, the old lines stay */
	log_open(LEVEL_INFO, path);
	log_info("two");
	CU_ASSERT_EQUAL(descriptor_of(path), fd);
	log_close();
	CU_ASSERT_EQUAL(descriptor_of(path), -1);
	log_close();
	text = unit_read_file(path, NULL);
	CU_ASSERT(strstr(text, ": one\n") != NULL && strstr(text, ": two\n") != NULL);
	free(text);
	end();
	(void)umask(mask);
}

/* What a full disk does not take goes to syslog. */
static void test_full_disk(void)
{
	memset(&sent, 0, sizeof(sent));
	log_open(LEVEL_INFO, "/dev/full");
	errno = EXDEV;
	log_info("no room");
	CU_ASSERT_EQUAL(errno, EXDEV);
	CU_ASSERT(sent.lines == 1 && sent.text[0] == '[');
	CU_ASSERT_PTR_NOT_NULL(strstr(sent.text, ": no room"));
	CU_ASSERT_PTR_NULL(strchr(sent.text, '\n'));
	log_close();
}

/* A pipe whose reader has gone must not end the process, nor leave the signal for later. */
static void test_pipe(void)
{
	sigset_t pending;
	struct parsed p;
	char line[512];
	ssize_t n;
	char *fifo;
	int fd;

	dir = unit_make_dir();
	if (asprintf(&fifo, "%s/fifo", dir) < 0)
		abort();
	CU_ASSERT_EQUAL_FATAL(mkfifo(fifo, 0600), 0);
	fd = open(fifo, O_RDONLY | O_NONBLOCK);
	CU_ASSERT_FATAL(fd >= 0);
	memset(&sent, 0, sizeof(sent));
	log_open(LEVEL_INFO, fifo);
	log_info("to a reader");
	n = read(fd, line, sizeof(line) - 1);
	CU_ASSERT_FATAL(n > 0);
	line[n] = '\0';
	CU_ASSERT_PTR_NOT_NULL(parse(line, &p));
	CU_ASSERT_EQUAL(sent.lines, 0);
	(void)close(fd);
	log_info("to nobody");
	log_info("to nobody");
	CU_ASSERT_EQUAL(sent.lines, 2);
	(void)sigpending(&pending);
	CU_ASSERT_EQUAL(sigismember(&pending, SIGPIPE), 0);
	log_close();
	free(fifo);
	unit_remove_dir(dir);
}

enum { WRITERS = 4, LINES = 500 };

static void *write_lines(void *arg)
{
	int i;

	for (i = 0; i < LINES; i++)
		log_info("writer %d line %d %s", *(int *)arg, i,
			 "................................................................");
	return NULL;
}

/* Every line is whole and each writer's are in order. Counts the lines. */
static int check_lines(int writers)
{
	int next[2 * WRITERS] = { 0 };
	struct parsed p;
	const char *at;
	char *text = unit_read_file(path, NULL);
	int writer, line, count = 0;

	for (at = text; *at != '\0'; count++) {
		at = parse(at, &p);
		CU_ASSERT_PTR_NOT_NULL_FATAL(at);
		CU_ASSERT_EQUAL_FATAL(sscanf(p.text, "writer %d line %d", &writer, &line), 2);
		CU_ASSERT_FATAL(writer >= 0 && writer < writers);
		CU_ASSERT_EQUAL(line, next[writer]++);
		CU_ASSERT_EQUAL(at[-2], '.');
	}
	free(text);
	return count;
}

static void test_threads(void)
{
	pthread_t threads[WRITERS];
	int ids[WRITERS], i;

	begin(LEVEL_INFO);
	for (i = 0; i < WRITERS; i++) {
		ids[i] = i;
		CU_ASSERT_EQUAL_FATAL(pthread_create(&threads[i], NULL, write_lines, &ids[i]), 0);
	}
	for (i = 0; i < WRITERS; i++)
		(void)pthread_join(threads[i], NULL);
	CU_ASSERT_EQUAL(check_lines(WRITERS), WRITERS * LINES);
	end();
}

/* Two processes, forked while a thread of the parent is writing: nobody hangs, no lines mix. */
static void test_fork(void)
{
	int ids[2] = { 0, 1 };
	int status = -1;
	pthread_t thread;
	pid_t pid;

	begin(LEVEL_INFO);
	CU_ASSERT_EQUAL_FATAL(pthread_create(&thread, NULL, write_lines, &ids[0]), 0);
	log_fork_prepare();
	pid = fork();
	log_fork_done();
	if (pid == 0) {
		alarm(30);
		(void)write_lines(&ids[1]);
		_exit(0);
	}
	(void)pthread_join(thread, NULL);
	CU_ASSERT_EQUAL(waitpid(pid, &status, 0), pid);
	CU_ASSERT_EQUAL(status, 0);
	CU_ASSERT_EQUAL(check_lines(2), 2 * LINES);
	end();
}

static const struct unit_test tests[] = {
	UNIT_TEST(test_syslog),
	UNIT_TEST(test_line),
	UNIT_TEST(test_levels),
	UNIT_TEST(test_call),
	UNIT_TEST(test_stderr),
	UNIT_TEST(test_debug_costs_nothing),
	UNIT_TEST(test_file_only),
	UNIT_TEST(test_bad_file),
	UNIT_TEST(test_hostile_text),
	UNIT_TEST(test_errno),
	UNIT_TEST(test_file),
	UNIT_TEST(test_full_disk),
	UNIT_TEST(test_pipe),
	UNIT_TEST(test_threads),
	UNIT_TEST(test_fork),
};

int main(void)
{
	return UNIT_RUN("log", tests);
}
