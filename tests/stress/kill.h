#ifndef TESTS_STRESS_KILL_H
#define TESTS_STRESS_KILL_H

/*
 * A child works on a token and is killed. What it is about to do, and what has been done, stands
 * in memory that it shares with its parent, who then looks whether the token agrees.
 */

#include "stress/stress.h"

#define CELLS 12

enum content {
	NOTHING,
	DATUM,		/* a data object */
	SECRET,		/* an AES key that may be read */
	PAIR,		/* an EC key pair */
};

/* The objects that a cell may have; a pair has two. */
#define FIRST	1U	/* of a pair: the public key */
#define SECOND	2U	/* the private key */

/* One object or pair, as the token has it. */
struct cell {
	enum content content;
	unsigned name;		/* never used twice */
	unsigned version;	/* raised by each change */
	unsigned halves;
};

enum act {
	SET_CELL,	/* creates, changes or destroys */
	SET_USER_PIN,	/* C_SetPIN or C_InitPIN */
	SET_SO_PIN,
	MAKE_TOKEN,
	FILL_TOKEN,	/* puts an object into the second token */
	ERASE_TOKEN,	/* C_InitToken on that one */
};

/* The second token: the number in its label, which each erasing raises, and its objects. */
struct second {
	unsigned version, objects;
};

struct journal {
	unsigned seed;
	/* The parent sets these before each start, as the token is then. */
	struct cell cells[CELLS];
	unsigned user_pin, so_pin;	/* numbers of the present PINs */
	unsigned tokens;		/* made beside the main one */
	struct second second;
	unsigned next_name;
	unsigned next_pin;
	/* What the child is doing; valid while pending is set. */
	atomic_bool pending;
	enum act act;
	unsigned index;			/* of the cell */
	struct cell to;			/* after the call */
	unsigned new_pin;
	struct second second_to;
	/* What became of it. */
	atomic_bool ready;
	atomic_ulong done;		/* calls that returned, since the parent set it to 0 */
	CK_RV answer;			/* of a call that failed */
};

#define MAIN_TOKEN	TOKEN_LABEL
#define SECOND_TOKEN	"second v%u"
#define MORE_TOKENS	"more"
#define MORE_PIN	"pin-of-the-others"	/* of the second one, too */

/* The texts of numbers; `out` has 32 bytes. */
void kill_user_pin(unsigned number, char *out);
void kill_so_pin(unsigned number, char *out);
void kill_label(unsigned name, unsigned version, char *out);

/* The second token's slot, and the number in its label. */
CK_RV kill_second(CK_SLOT_ID *slot, unsigned *version);

/* What a datum or a secret has in it (version 0), and the ID of a key that was changed. */
#define DATUM_BYTES	300
#define SECRET_BYTES	32
#define ID_BYTES	4
void kill_value(unsigned name, unsigned version, CK_BYTE *out, size_t len);

/* The child: works until it is killed. */
int kill_child(void);

/*
 * The parent: does the token agree? The journal says afterwards what is there, and nothing is
 * pending. CKR_OK, ROW_WRONG (reported), or what the module said.
 */
CK_RV kill_check(struct journal *j);

#endif
