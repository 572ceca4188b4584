#include "config.h"

#include "bin/util/progress_bar.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define WIDTH 40
#define START_MS 1000
#define STEP_MS 100

static long ms_since(const struct timespec *t, const struct timespec *now)
{
	return (long)(now->tv_sec - t->tv_sec) * 1000 + (now->tv_nsec - t->tv_nsec) / 1000000;
}

static void draw(struct progress_bar *b, const char *what, size_t done, size_t total)
{
	char bar[WIDTH + 1];
	size_t filled = total > 0 ? done * WIDTH / total : 0;

	for (size_t i = 0; i < WIDTH; i++)
		bar[i] = i < filled ? '#' : '.';
	bar[WIDTH] = '\0';
	fprintf(stderr, "\r%-8s [%s] %zu of %zu ", what, bar, done, total);
	fflush(stderr);
	b->shown = true;
}

static void tell(void *arg, const char *what, size_t done, size_t total)
{
	struct progress_bar *b = arg;
	struct timespec now = { 0, 0 };

	if (!b->on)
		return;
	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	if (ms_since(&b->start, &now) < START_MS ||
	    (done < total && ms_since(&b->last, &now) < STEP_MS))
		return;
	b->last = now;
	draw(b, what, done, total);
}

void progress_bar_start(struct progress_bar *b)
{
	memset(b, 0, sizeof(*b));
	b->progress = (struct progress){ tell, b };
	b->on = isatty(STDERR_FILENO) == 1;
	(void)clock_gettime(CLOCK_MONOTONIC, &b->start);
}

void progress_bar_end(struct progress_bar *b)
{
	if (b->shown)
		fprintf(stderr, "\r%*s\r", WIDTH + 60, "");
}
