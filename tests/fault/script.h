/* A script with every kind of write, step by step, for tests of what may come between. */
#ifndef TESTS_FAULT_SCRIPT_H
#define TESTS_FAULT_SCRIPT_H

#include "fault/state.h"

/* What a step finds. */
struct scene {
	CK_SLOT_ID slot;
	CK_SESSION_HANDLE s;
	CK_OBJECT_HANDLE object;
	CK_BYTE wrapped[64];
	CK_ULONG wrapped_len;
	CK_ULONG count;
};

struct step {
	const char *name;
	const char *function;		/* that answers */
	CK_RV expected;
	CK_RV (*before)(struct scene *c);
	CK_RV (*call)(struct scene *c);
	const char *token;		/* its label; NULL: the free slot */
	enum pin pin;			/* of who is logged in */
	bool no_session;
	bool starts;			/* from a module that is not initialised */
	bool reads;			/* changes nothing */
	bool tolerant;			/* may succeed though its write failed: a flag is lost */
	bool piecemeal;			/* not all or nothing */
	bool limited;			/* wrong PINs are counted */
	bool several;			/* of its objects a crash may leave the first ones */
};

extern const struct step steps[];
extern const size_t step_count;

/*
 * Writes the configuration for a token directory below work_dir() and makes it the current one.
 * limited: with a limit for wrong PINs, high enough.
 */
void script_use(const char *backend, const char *tokens, bool limited);
/* Makes the token with which the script begins. */
CK_RV script_begin(void);

/* Initialises the module and all that the step needs. */
CK_RV scene_open(const struct step *step, struct scene *c);

#endif
