#ifndef TESTS_KAT_RUN_H
#define TESTS_KAT_RUN_H

#include "calls.h"
#include "param.h"

/* A record at work. */
struct run {
	struct record *r;
	CK_SESSION_HANDLE s;
	CK_RV expected;			/* of the record: CKR_OK, or why it has to be refused */
	bool modest;			/* a peer: its answers only, not its manners */
	bool refused;			/* as the record allows: see run_refused */
	bool failed;
};

/* Runs a record in that session; false after complaints on stderr. */
bool record_run(struct record *r, CK_SESSION_HANDLE s, bool modest, bool *refused);

/* Notes a failure, with file and line; always false. */
bool run_failed(struct run *run, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Is the answer the wanted one? Complains if not. */
bool run_answer(struct run *run, CK_RV got, CK_RV wanted, const char *what);
/*
 * Is this refusal allowed? The field openssl = 3.2 tells what the parameter needs, the field
 * optional that a module may do without it; both mean CKR_MECHANISM_PARAM_INVALID. A peer may
 * not know what it is asked for. Noted in run->refused.
 */
bool run_refused(struct run *run, CK_RV rv);
/* The mechanism may do that in this module. */
bool run_offers(const struct run *run, enum operation op);

/* The parts of record_run, by operation. Each notes its failures itself. */
void run_digest(struct run *run);
void run_crypt(struct run *run);
void run_sign(struct run *run);
void run_recover(struct run *run);
void run_wrap(struct run *run);
void run_generate(struct run *run);
void run_derive(struct run *run);

/*
 * The template of the object that a derivation's field `want` asks for: "[data|public] [CKK_X]
 * [LENGTH]"; *none for "none".
 */
bool derive_tmpl(struct run *run, struct tmpl *t, bool *none);

/* --- one direction of an operation -------------------------------------- */

struct leg {
	enum operation op;
	CK_OBJECT_HANDLE key;
	struct param *param;
	struct bytes in;
	struct bytes out;		/* what has to come out; of verification, the signature */
	CK_RV expected;
	const char *what;		/* in complaints; "" for the record itself */
};

/* In one call, with the two-call rule (PKCS#11 2.40 section 5.2); also what came out, if wanted. */
bool leg_single(struct run *run, const struct leg *leg, struct bytes *result);
/* In parts of that many bytes; 0: of random lengths, some empty. */
bool leg_parts(struct run *run, const struct leg *leg, CK_ULONG part);
/* In one call and in all the splits, and counts the vector. */
void leg_run(struct run *run, const struct leg *leg);

/* --- what follows from the mechanism ------------------------------------ */

enum trait_kind {
	TRAIT_PLAIN,
	TRAIT_BLOCKS,			/* takes whole blocks only */
	TRAIT_PADDED,			/* gives whole blocks only, and checks its padding */
	TRAIT_AEAD,			/* a tag follows the text */
	TRAIT_STEALS			/* takes one block or more */
};

struct trait {
	const char *pattern;		/* of the mechanism's name, as fnmatch knows it */
	CK_ULONG block;
	enum trait_kind kind;
	bool detects;			/* as a wrapping: a damaged blob is noticed */
};

const struct trait *trait_of(const struct mechanism *m);

/* The calls that must not work, derived from a good record. */
void negative_init(struct run *run, const struct leg *leg);
void negative_crypt(struct run *run, const struct leg *encrypt, const struct leg *decrypt);
void negative_verify(struct run *run, const struct leg *verify);

/* --- what was covered --------------------------------------------------- */

enum form { SINGLE, PARTS, FORMS };

void cover(CK_MECHANISM_TYPE type, enum operation op, enum form form);
unsigned covered(CK_MECHANISM_TYPE type, enum operation op, enum form form);

#endif
