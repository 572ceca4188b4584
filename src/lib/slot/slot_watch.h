/*
 * Waiting until something happens in the token directory (C_WaitForSlotEvent): inotify where the
 * system has it and is told everything, and a look now and then elsewhere.
 *
 * Any number of threads may wait. They share two descriptors, which are made when the first one
 * waits. The owner's lock is held for all functions but slot_watch_sleep.
 */
#ifndef SLOT_SLOT_WATCH_H
#define SLOT_SLOT_WATCH_H

#include "common/base.h"

struct slot_watch {
	int notify;		/* inotify; -1: none */
	int aim;		/* its watch on the directory; -1: none */
	int wake;		/* readable when a waiter is to look; -1: none */
	bool local;		/* nobody can change the directory behind the kernel's back */
	unsigned waiters;	/* threads that sleep, or are about to; the owner counts */
};

#define SLOT_WATCH_INIT { -1, -1, -1, false, 0 }

/* Makes what is missing. true: the watch is new, so look once more before sleeping. */
bool slot_watch_open(struct slot_watch *w, const char *dir);

/* Does the sleeper learn of everything? Otherwise it must not sleep for long. */
bool slot_watch_is_sure(const struct slot_watch *w);

/* What a sleeper learned. */
#define SLOT_WATCH_CHANGED 1U	/* something happened in the directory */
#define SLOT_WATCH_LOST 2U	/* to the directory itself: slot_watch_lost */

/*
 * Sleeps until something happens, slot_watch_wake, or the time (in ms; -1: none) is over. The copy
 * is made under the lock, which is not held here.
 */
unsigned slot_watch_sleep(struct slot_watch copy, int ms);

/* Another directory may be there now: slot_watch_open aims anew, unless that has been done. */
void slot_watch_lost(struct slot_watch *w, int aim);

/* Makes at least one sleeper look. */
void slot_watch_wake(struct slot_watch *w);

/* When nobody sleeps; also in the child of a fork, which shares the descriptors with its parent. */
void slot_watch_close(struct slot_watch *w);

#endif
