#ifndef TESTS_P11_MISUSE_H
#define TESTS_P11_MISUSE_H

/*
 * Calls with wrong arguments. A trial is one call of a function of the standard;
 * its arguments are drawn from pools of good and bad values, by what the
 * function's declaration in functions.def says of each. What the caller passes
 * lies before pages that nobody may touch, so that a byte too much is a crash
 * without any sanitizer. A batch of trials runs in a forked child on a token
 * directory of its own.
 *
 * A caller who says that his buffer is longer than it is cannot be survived, so
 * absurd lengths come with NULL, with output buffers, and where a limit of the
 * standard or of this module must stop the call before memory is touched.
 */

#include <stdint.h>

#include "p11/kinds.h"

/* Keys of mechanisms that the reference lacks, beside those of kinds.h. */
enum {
	XTS_KEY = KINDS,
	CHACHA20_KEY,
	POLY1305_KEY,
	ALL_KINDS
};

#define MAX_WORDS	8
#define MAX_MECHANISMS	256

/* What one or two parameters that belong together are for. */
enum role {
	R_SESSION,
	R_OBJECT,
	R_SLOT,
	R_FLAGS,
	R_BOOL,
	R_USER,
	R_MECHANISM_TYPE,
	R_CALLBACK,
	R_INIT_ARGS,
	R_RESERVED,
	R_MECHANISM,
	R_IN,			/* bytes and their number */
	R_PIN,
	R_LABEL,		/* 32 bytes without a number */
	R_OUT,			/* buffer and the address of its size */
	R_FOUND,		/* handles, how many fit, the address for how many there are */
	R_RANDOM,		/* buffer and its size */
	R_RESULT,		/* the address of one thing to be filled in */
	R_HANDLE,		/* the address of a handle */
	R_TEMPLATE,		/* attributes and their number */
	R_TEMPLATE_GET,		/* the same, to be filled in */
	ROLES
};

struct argument {
	enum role role;
	unsigned word;		/* its first parameter */
	unsigned nth;		/* how many of its role come before */
	size_t unit;		/* bytes of what a pointer points to */
};

/* Arguments with which a function of objects and mechanisms can succeed. */
struct usual {
	const char *function;
	CK_MECHANISM_TYPE mechanism;
	enum kind keys[2];
	const CK_ATTRIBUTE *templates[2];	/* each ends with A_END */
	size_t input;			/* which variant of R_IN is good */
};

struct function {
	const char *name;
	const char *params;		/* as written in functions.def */
	CK_RV (*invoke)(const CK_ULONG *words);
	const CK_RV *codes;		/* what it may answer; ends with CKR_OK */
	const struct usual *usual;
	struct argument arguments[MAX_WORDS];
	unsigned count;
};

extern struct function functions[];
extern const size_t function_count;

/* Reads the declarations; false with a message when one is not understood. */
bool functions_prepare(void);
const struct function *function_find(const char *name);
/* The code may be the function's answer. */
bool function_may_answer(const struct function *f, CK_RV rv);

/* --- memory of a trial -------------------------------------------------- */

/* What may happen to a piece of memory in a call. */
enum use {
	INPUT,			/* nothing */
	OUTPUT,			/* filled in when the call succeeds */
	SCRATCH,		/* anything */
	LENGTH,			/* also when the buffer is too small */
	HANDLE			/* also 0 when the call fails */
};

bool memory_make(void);
/* Forgets all pieces. */
void memory_reset(void);
/*
 * A piece that ends at a page which cannot be touched. It holds `data`, or a
 * pattern if that is NULL. Never NULL; aborts when a trial wants too much.
 */
void *memory_take(enum use use, size_t len, const void *data);
/* The same for an address that fits no number. One more byte can be touched. */
void *memory_take_askew(size_t len, const void *data);
/* The address of a page that cannot be touched. */
void *memory_edge(void);
/* The address is of a piece, or of nothing. */
bool memory_owns(const void *p);
/* What a call that answered rv did wrong to the pieces; NULL if nothing. */
const char *memory_fault(CK_RV rv);

/* --- the world in which trials happen ----------------------------------- */

struct bytes {
	CK_BYTE data[4096];
	CK_ULONG len;
};

struct world {
	enum state state;
	uint64_t random;
	CK_SLOT_ID slot, other_slot, free_slot;
	CK_SESSION_HANDLE session;		/* in the wanted state */
	CK_SESSION_HANDLE second, other, closed;	/* same token, other token, gone */
	CK_SESSION_HANDLE bystander;		/* in the middle of a digest */
	CK_OBJECT_HANDLE token_object[ALL_KINDS], session_object[ALL_KINDS];
	CK_OBJECT_HANDLE destroyed, foreign;	/* gone; on the other token */
	CK_MECHANISM_TYPE mechanisms[MAX_MECHANISMS];
	CK_ULONG mechanism_count;
	struct bytes last;			/* output of an earlier call */
};

const char *world_kind_name(unsigned kind);
/* What C_CreateObject requires; ends with A_END. */
const CK_ATTRIBUTE *world_template(unsigned kind);
/* Two tokens with objects of each kind, in a directory that batches copy. */
CK_RV world_master(void);
/* A fresh copy, with the module not initialised. */
CK_RV world_fresh(void);
/* Starts the module and brings it into the state, on the files as they are. */
CK_RV world_enter(struct world *w, enum state state);
/* Another session in the place of the first, with a key of that kind that was never used. */
CK_RV world_renew(struct world *w, unsigned kind);
/* The session is still there and in the wanted state. */
bool world_stands(const struct world *w);
/* Begins the operations which the function goes on with, as far as the state allows them. */
void world_operations(const struct world *w, const struct function *f);
/* The bystander's digest is right, or its session was closed. */
bool world_bystander_well(struct world *w);
uint64_t world_random(struct world *w);
/* Less than n. */
unsigned world_pick(struct world *w, size_t n);

/* Everything that a failed call must leave as it was. */
struct print {
	uint64_t files, tokens, sessions, objects;
};

struct print print_take(const struct world *w);
/* What is different; NULL if nothing. */
const char *print_difference(const struct print *a, const struct print *b);

/* --- values and trials -------------------------------------------------- */

struct trial {
	struct world *w;
	const struct function *f;
	CK_ULONG words[MAX_WORDS];
	/* Where something else than the arguments is wrong: */
	CK_RV (*invoke)(const struct trial *t);	/* how to call */
	bool any_answer;			/* the caller judges it */
	bool unwatched;				/* state is not looked at, which takes time */
};

/* Appends to the description of the trial, which survives a crash. */
void note(const char *format, ...) __attribute__((format(printf, 1, 2)));

size_t variant_count(enum role role);
/* Fills in the argument. */
void variant_make(struct trial *t, unsigned argument, size_t variant);
/* One that is as good as can be. */
void variant_good(struct trial *t, unsigned argument);
/* Any variant, a good one in half of the cases. */
void variant_any(struct trial *t, unsigned argument);

/* An entry of a template with something wrong in it, made of `base`, whose type it keeps. */
CK_ATTRIBUTE entry_spoil(struct world *w, const CK_ATTRIBUTE *base);
/* Any attribute of the standard, sometimes one that no standard knows. */
CK_ATTRIBUTE_TYPE entry_type(struct world *w);
/* A list with `more` appended unless that is A_END, as memory of the trial. */
CK_ATTRIBUTE *entries_take(const CK_ATTRIBUTE *list, CK_ATTRIBUTE more, CK_ULONG *count);
/* A parameter for the mechanism, with one thing wrong in it if `spoil`. */
void mechanism_parameter(struct world *w, CK_MECHANISM *m, bool spoil);

void trial_begin(struct trial *t, struct world *w, const struct function *f);
/* Makes the call and judges it; false when something is wrong, which is printed. */
bool trial_run(struct trial *t, CK_RV *answer);
/* Prints what is wrong with the last trial, which answered rv. */
void trial_fault(CK_RV rv, const char *what);
/* What has been done since the last trial is not to be judged. */
void state_accept(struct world *w);

/* --- batches ------------------------------------------------------------ */

struct batch {
	bool (*run)(struct world *w, const struct batch *b);
	const struct function *f;
	const void *detail;
	uint64_t seed;
};

/* A row's call whose arg is a struct batch: runs it in a child. */
CK_RV batch_row(struct ctx *c);
/* The body of main: the tests, with what goes before and after batches. At most eight. */
int batches_main(int argc, char **argv, const char *name, const struct test *tests, size_t count);

#endif
