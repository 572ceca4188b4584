/* What a token directory holds, as an application sees it, in a form that can be compared. */
#ifndef TESTS_FAULT_STATE_H
#define TESTS_FAULT_STATE_H

#include <stdint.h>

#include "p11/harness.h"

#define STATE_TOKENS	4
#define STATE_OBJECTS	32

/* The PINs that a token of these tests may have. */
enum pin {
	PIN_NONE = -1,
	PIN_SO,
	PIN_SO_NEW,
	PIN_USER,
	PIN_USER_NEW,
	PINS
};

extern const char *const pin_texts[PINS];

struct object_state {
	char name[48];		/* class and label: unique within a token of these tests */
	uint64_t exact;		/* of all attributes */
	uint64_t shape;		/* the same but for what is random in a new key */
};

struct objects_state {
	CK_ULONG count;
	struct object_state list[STATE_OBJECTS];	/* in the order of names */
};

struct token_state {
	char label[33];
	CK_FLAGS flags;
	enum pin so, user;
	struct objects_state objects;
};

/* Flat, so that it can be handed from process to process. */
struct tokens_state {
	CK_ULONG count;
	struct token_state tokens[STATE_TOKENS];	/* in the order of labels */
};

/*
 * All tokens of the initialised module, whose sessions are closed. ROW_WRONG when a key does not
 * work or does not fit its other half. Tries PINs, which changes flags: for a token that is not
 * needed any more.
 */
CK_RV state_read(struct tokens_state *out);
/* From now on a private key may be there without its public key, as while a token is erased. */
void state_part_pairs(bool may);
/* The objects that a session sees, used as far as it may. */
CK_RV objects_read(CK_SESSION_HANDLE s, struct objects_state *out);

const struct object_state *object_named(const struct objects_state *o, const char *name);
const struct token_state *token_labelled(const struct tokens_state *s, const char *label);

/* What a change may leave. */
enum allowed {
	ALLOW_OLD = 1,
	ALLOW_NEW = 2,
	ALLOW_BETWEEN = 4	/* each object, PIN and flag old or new */
};

/*
 * NULL when `got` is allowed, else what is wrong with it. What is new compares by shape, unless
 * exact: then `new` is of the same run.
 */
const char *state_judge(const struct tokens_state *got, const struct tokens_state *old,
			const struct tokens_state *new, unsigned allowed, bool exact);
/* The same for the objects alone. */
const char *objects_judge(const struct objects_state *got, const struct objects_state *old,
			  const struct objects_state *new, unsigned allowed, bool exact);

#endif
