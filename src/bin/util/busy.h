/* A sign of life on standard error during one long call, when that is a terminal. */
#ifndef BIN_UTIL_BUSY_H
#define BIN_UTIL_BUSY_H

#include <pthread.h>

#include "common/base.h"

struct busy {
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t wake;
	const char *what;
	bool on;	/* the thread runs */
	bool over;
};

/* After a second a bar moves behind the text, which is borrowed. b must stay where it is. */
void busy_start(struct busy *b, const char *what);

/* Wipes it off the terminal. */
void busy_end(struct busy *b);

#endif
