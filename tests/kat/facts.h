#ifndef TESTS_KAT_FACTS_H
#define TESTS_KAT_FACTS_H

#include <stdbool.h>
#include <stddef.h>

#include "pkcs11/pkcs11.h"

/*
 * The standard's tables (tests/data/pkcs11): numbers by name, and what the standard says about each
 * mechanism. Loaded once; the texts live in the pool.
 */

/* The operations of a mechanism; each is a CKF_ flag and a column of mechanisms.csv. */
enum operation {
	OP_ENCRYPT,
	OP_DECRYPT,
	OP_SIGN,
	OP_VERIFY,
	OP_SIGN_RECOVER,
	OP_VERIFY_RECOVER,
	OP_DIGEST,
	OP_WRAP,
	OP_UNWRAP,
	OP_GENERATE,
	OP_GENERATE_PAIR,
	OP_DERIVE,
	OPERATIONS,
	NO_OPERATION = OPERATIONS
};

const char *operation_name(enum operation op);
CK_FLAGS operation_flag(enum operation op);
/* NO_OPERATION when there is none of that name. */
enum operation operation_find(const char *name);

struct mechanism {
	const char *name;
	CK_MECHANISM_TYPE type;
	const char *param;		/* the struct's name, "bytes", "bytes[n]" or "none" */
	bool param_required;
	bool allowed[OPERATIONS];	/* the standard knows that operation */
	bool parts[OPERATIONS];		/* also in several parts */
	bool alias;			/* an old spelling of another name */
	const char *key_types;		/* names with blanks between, "any secret key", "n/a" */
};

/* Reads the tables of that directory; false, with a line on stderr, when it cannot. */
bool facts_load(const char *directory);

/* NULL when the standard has no such mechanism. */
const struct mechanism *mechanism_named(const char *name);
const struct mechanism *mechanism_of(CK_MECHANISM_TYPE type);

/* A named constant of any prefix. */
bool constant_find(const char *name, CK_ULONG *out);
/* The name with that prefix ("CKR_") of a number; the number in hex when there is none. */
const char *constant_name(const char *prefix, CK_ULONG value);

#endif
