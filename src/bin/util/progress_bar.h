/* A bar on standard error for what takes more than a second, when that is a terminal. */
#ifndef BIN_UTIL_PROGRESS_BAR_H
#define BIN_UTIL_PROGRESS_BAR_H

#include <time.h>

#include "maintain/progress.h"

struct progress_bar {
	struct progress progress;	/* to be passed on */
	bool on;			/* there is a terminal */
	bool shown;
	struct timespec start;
	struct timespec last;
};

/* The bar must stay where it is. */
void progress_bar_start(struct progress_bar *b);

/* Wipes it off the terminal. */
void progress_bar_end(struct progress_bar *b);

#endif
