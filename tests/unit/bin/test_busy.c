/* bin/util/busy.h: a sign of life at a terminal, and nowhere else. */
#include "config.h"

#include "bin/util/busy.h"

#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "unit/unit.h"

/* What the other side of the terminal has seen so far; waits that long for the first of it. */
static size_t seen(int fd, char *out, size_t size, int wait_ms)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	size_t len = 0;
	ssize_t n = 1;

	while (n > 0 && len < size - 1 && poll(&p, 1, len == 0 ? wait_ms : 0) == 1) {
		n = read(fd, out + len, size - 1 - len);
		len += n > 0 ? (size_t)n : 0;
	}
	out[len] = '\0';
	return len;
}

/* Standard error becomes that; what it was. */
static int replace_stderr(int fd)
{
	int before = dup(STDERR_FILENO);

	fflush(stderr);
	CU_ASSERT_FATAL(before >= 0 && dup2(fd, STDERR_FILENO) == STDERR_FILENO);
	close(fd);
	return before;
}

static void restore_stderr(int before)
{
	fflush(stderr);
	CU_ASSERT_FATAL(dup2(before, STDERR_FILENO) == STDERR_FILENO);
	close(before);
}

static int open_terminal(int *terminal)
{
	int fd = posix_openpt(O_RDWR | O_NOCTTY);

	CU_ASSERT_FATAL(fd >= 0 && grantpt(fd) == 0 && unlockpt(fd) == 0);
	*terminal = open(ptsname(fd), O_RDWR | O_NOCTTY);
	CU_ASSERT_FATAL(*terminal >= 0);
	return fd;
}

static void test_terminal(void)
{
	char text[4096];
	struct busy busy;
	int terminal, fd = open_terminal(&terminal), before = replace_stderr(terminal);

	busy_start(&busy, "Thinking");
	(void)seen(fd, text, sizeof(text), 60000);
	busy_end(&busy);
	CU_ASSERT_PTR_EQUAL(strstr(text, "\rThinking [########"), text);
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "] 1 s "));
	(void)seen(fd, text, sizeof(text), 60000);
	CU_ASSERT_FATAL(strlen(text) > 0);
	CU_ASSERT_EQUAL(text[strlen(text) - 1], '\r');	/* wiped */
	restore_stderr(before);
	close(fd);
}

/* What is over at once leaves nothing. */
static void test_short(void)
{
	struct timespec start, end;
	char text[64];
	struct busy busy;
	int terminal, fd = open_terminal(&terminal), before = replace_stderr(terminal);
	size_t len;

	clock_gettime(CLOCK_MONOTONIC, &start);
	busy_start(&busy, "Thinking");
	busy_end(&busy);
	clock_gettime(CLOCK_MONOTONIC, &end);
	len = seen(fd, text, sizeof(text), 0);
	CU_ASSERT_TRUE(len == 0 || end.tv_sec > start.tv_sec);
	restore_stderr(before);
	close(fd);
}

static void test_no_terminal(void)
{
	struct busy busy;
	int ends[2], before;

	CU_ASSERT_FATAL(pipe(ends) == 0);
	before = replace_stderr(ends[1]);
	busy_start(&busy, "Thinking");
	CU_ASSERT_FALSE(busy.on);
	busy_end(&busy);
	restore_stderr(before);
	close(ends[0]);
}

static const struct unit_test tests[] = {
	UNIT_TEST(test_terminal),
	UNIT_TEST(test_short),
	UNIT_TEST(test_no_terminal),
};

int main(void)
{
	return UNIT_RUN("busy", tests);
}
