/*
 * The system calls by which a token is moved: counted, so that a process can be killed, or
 * something else be done, right before any of them. Nothing is really synced.
 */
#ifndef UNIT_MOVE_HELP_H
#define UNIT_MOVE_HELP_H

/* Before the n-th call from now on, and each one after it while it is not set back. 0: never. */
extern int move_countdown;

/* What happens then; NULL: the process kills itself. It is called once. */
extern void (*move_event)(void);

/* The same before and after two names are exchanged. */
extern void (*move_before_exchange)(void);
extern void (*move_after_exchange)(void);

/* How many of these calls there were. */
extern int move_calls;

#endif
