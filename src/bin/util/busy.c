#include "config.h"

#include "bin/util/busy.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define WIDTH 40
#define BLOCK 8
#define START_MS 1000
#define STEP_MS 200

static void after(struct timespec *t, long ms)
{
	t->tv_nsec += ms * 1000000;
	t->tv_sec += t->tv_nsec / 1000000000;
	t->tv_nsec %= 1000000000;
}

static void draw(const char *what, unsigned step)
{
	char bar[WIDTH + 1];
	size_t at = step % (2 * (WIDTH - BLOCK));

	if (at > WIDTH - BLOCK)
		at = 2 * (WIDTH - BLOCK) - at;
	memset(bar, '.', WIDTH);
	memset(bar + at, '#', BLOCK);
	bar[WIDTH] = '\0';
	fprintf(stderr, "\r%s [%s] %u s ", what, bar, (START_MS + step * STEP_MS) / 1000);
	fflush(stderr);
}

static void *run(void *arg)
{
	struct busy *b = arg;
	struct timespec next;
	unsigned steps = 0;

	clock_gettime(CLOCK_MONOTONIC, &next);
	after(&next, START_MS);
	pthread_mutex_lock(&b->lock);
	while (!b->over) {
		if (pthread_cond_timedwait(&b->wake, &b->lock, &next) == 0 || b->over)
			continue;
		draw(b->what, steps++);
		after(&next, STEP_MS);
	}
	pthread_mutex_unlock(&b->lock);
	if (steps > 0)
		fprintf(stderr, "\r%*s\r", (int)strlen(b->what) + WIDTH + 20, "");
	return NULL;
}

void busy_start(struct busy *b, const char *what)
{
	pthread_condattr_t attr;
	sigset_t all, before;

	memset(b, 0, sizeof(*b));
	b->what = what;
	if (isatty(STDERR_FILENO) != 1 || pthread_condattr_init(&attr) != 0)
		return;
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_mutex_init(&b->lock, NULL);
	pthread_cond_init(&b->wake, &attr);
	pthread_condattr_destroy(&attr);
	/* Signals are the main thread's. */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	b->on = pthread_create(&b->thread, NULL, run, b) == 0;
	pthread_sigmask(SIG_SETMASK, &before, NULL);
}

void busy_end(struct busy *b)
{
	if (!b->on)
		return;
	pthread_mutex_lock(&b->lock);
	b->over = true;
	pthread_cond_signal(&b->wake);
	pthread_mutex_unlock(&b->lock);
	pthread_join(b->thread, NULL);
	pthread_cond_destroy(&b->wake);
	pthread_mutex_destroy(&b->lock);
	b->on = false;
}
