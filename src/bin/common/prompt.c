#include "config.h"

#include "bin/common/prompt.h"

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/select.h>
#include <termios.h>
#include <unistd.h>

enum outcome {
	GOT_LINE,
	GOT_END, /* end of input, or an error */
	GOT_SIGNAL
};

/* Signals that must not leave the terminal without echo. */
static const int watched[] = { SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGTSTP };

static volatile sig_atomic_t caught;

static void note_signal(int number)
{
	caught = number;
}

/* The state to go back to. */
struct quiet {
	struct termios terminal;
	struct sigaction actions[ARRAY_LEN(watched)];
	sigset_t mask;
};

/*
 * The watched signals stay blocked but for the wait in next_byte, so that none slips in between
 * test and wait.
 */
static void watch_signals(struct quiet *q)
{
	struct sigaction action = { .sa_handler = note_signal };
	sigset_t block;

	caught = 0;
	sigemptyset(&action.sa_mask);
	sigemptyset(&block);
	for (size_t i = 0; i < ARRAY_LEN(watched); i++)
		sigaddset(&block, watched[i]);
	sigprocmask(SIG_BLOCK, &block, &q->mask);
	for (size_t i = 0; i < ARRAY_LEN(watched); i++) {
		sigaction(watched[i], NULL, &q->actions[i]);
		if (q->actions[i].sa_handler != SIG_IGN)
			sigaction(watched[i], &action, NULL);
	}
}

static bool quiet_begin(struct quiet *q)
{
	struct termios silent;

	if (tcgetattr(STDIN_FILENO, &q->terminal) != 0)
		return false;
	silent = q->terminal;
	silent.c_lflag &= ~(tcflag_t)(ECHO | ICANON);
	silent.c_cc[VMIN] = 0;
	silent.c_cc[VTIME] = 0;
	watch_signals(q);
	tcsetattr(STDIN_FILENO, TCSAFLUSH, &silent);
	return true;
}

static void quiet_end(const struct quiet *q)
{
	tcsetattr(STDIN_FILENO, TCSAFLUSH, &q->terminal);
	for (size_t i = 0; i < ARRAY_LEN(watched); i++)
		sigaction(watched[i], &q->actions[i], NULL);
	sigprocmask(SIG_SETMASK, &q->mask, NULL);
}

static bool terminal_is_gone(void)
{
	struct pollfd p = { .fd = STDIN_FILENO, .events = POLLIN };

	return poll(&p, 1, 0) < 0 || (p.revents & (POLLHUP | POLLERR | POLLNVAL)) != 0;
}

/*
 * The wait and the read are apart because signals are heeded in the wait only; and the read does
 * not wait (VMIN is 0), for what made the wait end may be gone: ^Z discards what was typed before.
 */
static enum outcome next_byte(const struct quiet *q, unsigned char *c)
{
	fd_set readable;
	ssize_t n = 0;

	fflush(stdout);
	while (n == 0) {
		FD_ZERO(&readable);
		FD_SET(STDIN_FILENO, &readable);
		if (pselect(STDIN_FILENO + 1, &readable, NULL, NULL, NULL, &q->mask) < 0)
			return caught != 0 ? GOT_SIGNAL : GOT_END;
		n = read(STDIN_FILENO, c, 1);
		if (n == 0 && terminal_is_gone())
			return GOT_END;
	}
	return n == 1 ? GOT_LINE : GOT_END;
}

static void erase(size_t *len, size_t count)
{
	for (; count > 0; count--) {
		fputs("\b \b", stdout);
		(*len)--;
	}
}

/* line->len is the capacity; what was typed beyond it counts as one more byte and is dropped. */
static enum outcome read_line(const struct quiet *q, struct secbuf *line)
{
	const cc_t *keys = q->terminal.c_cc;
	enum outcome got;
	unsigned char c;
	size_t len = 0;

	while ((got = next_byte(q, &c)) == GOT_LINE) {
		if (c == '\n' || c == '\r') {
			line->len = len;
			return GOT_LINE;
		}
		if (c == keys[VEOF]) {
			return GOT_END;
		} else if (c == keys[VERASE] || c == '\b' || c == '\177') {
			erase(&len, len > 0);
		} else if (c == keys[VKILL]) {
			erase(&len, len);
		} else if (len < line->len) {
			line->data[len++] = c;
			putchar('*');
		}
	}
	return got;
}

struct secbuf *prompt_secret(const char *prompt, size_t max)
{
	struct secbuf *line = secbuf_new(max + 1);
	enum outcome got = GOT_SIGNAL;
	struct quiet q;

	while (line != NULL && got == GOT_SIGNAL) {
		fputs(prompt, stdout);
		fflush(stdout);
		if (!quiet_begin(&q)) {
			got = GOT_END;
			break;
		}
		got = read_line(&q, line);
		quiet_end(&q);
		putchar('\n');
		fflush(stdout);
		if (got == GOT_SIGNAL)
			raise(caught);
	}
	if (got == GOT_LINE)
		return line;
	secbuf_free(line);
	return NULL;
}
