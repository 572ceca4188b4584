/*
 * Runs a command with a terminal as its standard input and output and types answers to its prompts:
 *
 *	pty ANSWER... -- COMMAND ARGUMENT...
 *
 * An answer is typed once the command has written "PIN: " and switched echo off, so that what a
 *command shows of a PIN is its own doing. \n and \xHH are understood in answers. What the terminal
 *shows goes to standard output, with plain line ends; then a line in brackets tells whether echo
 *was on again when the command had ended. Standard error is left alone. The exit status is the
 *command's, 128 + N for a signal, 99 when pty itself failed.
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#define PROMPT         "PIN: "
#define PTY_FAILED     99
#define STEP_MS        10
#define PATIENCE_STEPS 200 /* an answer is typed in any case after that many quiet steps */
#define LIMIT_S        60

struct terminal {
	int master;
	int slave; /* held open, so that the terminal outlives the command */
	char tail[sizeof(PROMPT)];
	size_t tail_len;
};

static void die(const char *what)
{
	fprintf(stderr, "pty: %s: %s\n", what, strerror(errno));
	exit(PTY_FAILED);
}

static bool echo_is_on(const struct terminal *t)
{
	struct termios now;

	return tcgetattr(t->slave, &now) != 0 || (now.c_lflag & ECHO) != 0;
}

static void terminal_open(struct terminal *t)
{
	const char *name;

	t->tail_len = 0;
	t->master = posix_openpt(O_RDWR | O_NOCTTY);
	if (t->master < 0 || grantpt(t->master) != 0 || unlockpt(t->master) != 0)
		die("cannot make a terminal");
	name = ptsname(t->master);
	t->slave = name != NULL ? open(name, O_RDWR | O_NOCTTY) : -1;
	if (t->slave < 0)
		die("cannot open the terminal");
}

/* A shell starts what it runs in the background with some signals ignored. */
static void heed_signals(void)
{
	static const int numbers[] = { SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGTSTP };
	sigset_t none;

	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		signal(numbers[i], SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

/*
 * In the child: the terminal becomes the controlling one, so that ^C typed there raises SIGINT.
 */
static void run(const struct terminal *t, char **argv)
{
	const char *name = ptsname(t->master);
	int fd;

	setsid();
	fd = name != NULL ? open(name, O_RDWR) : -1;
	if (fd < 0 || dup2(fd, STDIN_FILENO) < 0 || dup2(fd, STDOUT_FILENO) < 0)
		die("cannot use the terminal");
	if (fd > STDERR_FILENO)
		close(fd);
	close(t->master);
	close(t->slave);
	heed_signals();
	execvp(argv[0], argv);
	die(argv[0]);
}

static void remember(struct terminal *t, char c)
{
	if (t->tail_len == strlen(PROMPT))
		memmove(t->tail, t->tail + 1, --t->tail_len);
	t->tail[t->tail_len++] = c;
}

static bool at_prompt(const struct terminal *t)
{
	return t->tail_len == strlen(PROMPT) && memcmp(t->tail, PROMPT, t->tail_len) == 0;
}

/* Copies what the terminal shows; false when nothing came within one step. */
static bool copy_output(struct terminal *t)
{
	struct pollfd p = { .fd = t->master, .events = POLLIN };
	char data[512];
	ssize_t n;

	if (poll(&p, 1, STEP_MS) <= 0)
		return false;
	n = read(t->master, data, sizeof(data));
	for (ssize_t i = 0; i < n; i++) {
		remember(t, data[i]);
		if (data[i] != '\r')
			putchar(data[i]);
	}
	return n > 0;
}

static int hex_value(char c)
{
	const char *digits = "0123456789abcdef";
	const char *p = c != '\0' ? strchr(digits, c) : NULL;

	return p != NULL ? (int)(p - digits) : -1;
}

/* SoftHSM 2.6.1 loses a signal that does not find it waiting for input. */
static void let_it_wait(void)
{
	const struct timespec pause = { 0, 50000000 };

	nanosleep(&pause, NULL);
}

static void type_answer(struct terminal *t, const char *text)
{
	t->tail_len = 0;
	while (*text != '\0') {
		char c = *text++;

		if (c == '\\' && *text == 'n') {
			c = '\n';
			text++;
		} else if (c == '\\' && *text == 'x' && hex_value(text[1]) >= 0 &&
		           hex_value(text[2]) >= 0) {
			c = (char)(hex_value(text[1]) * 16 + hex_value(text[2]));
			text += 3;
			let_it_wait();
		}
		if (write(t->master, &c, 1) != 1)
			die("cannot type");
	}
}

static int converse(struct terminal *t, pid_t child, char **answers, size_t count)
{
	time_t end = time(NULL) + LIMIT_S;
	size_t next = 0;
	unsigned quiet = 0;
	int status;

	while (waitpid(child, &status, WNOHANG) == 0) {
		quiet = copy_output(t) ? 0 : quiet + 1;
		if (next < count && at_prompt(t) && (!echo_is_on(t) || quiet > PATIENCE_STEPS))
			type_answer(t, answers[next++]);
		if (time(NULL) > end)
			kill(child, SIGKILL);
	}
	while (copy_output(t))
		continue;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

int main(int argc, char **argv)
{
	struct terminal t;
	int command = 1;
	int status;
	pid_t child;

	while (command < argc && strcmp(argv[command], "--") != 0)
		command++;
	if (command + 1 >= argc) {
		fputs("usage: pty ANSWER... -- COMMAND ARGUMENT...\n", stderr);
		return PTY_FAILED;
	}
	terminal_open(&t);
	child = fork();
	if (child < 0)
		die("fork");
	if (child == 0)
		run(&t, argv + command + 1);
	status = converse(&t, child, argv + 1, (size_t)(command - 1));
	printf("[echo %s]\n", echo_is_on(&t) ? "on" : "off");
	return status;
}
