#ifndef TESTS_P11_RETURNS_H
#define TESTS_P11_RETURNS_H

/*
 * The return codes of PKCS#11 2.40, function by function. A row is one call of
 * one function in one situation with the code that it has to give; together
 * the rows of a function give every code that the standard lists for it, but
 * for those in never.def. coverage.c holds the tables against
 * function_returns.csv and writes docs/RETURN-CODES.md from them.
 *
 * The situation has two parts: a state of the harness, and what `before` adds.
 * Only then comes the call, so that the code is that of the function that the
 * row names. If `before` fails, the row answers ROW_BROKEN.
 */

#include "p11/harness.h"

struct rrow {
	const char *function;
	const char *name;	/* unique for the function; shown as returns.function.name */
	CK_RV expected;
	enum state state;
	bool forks;			/* in a forked child; the token is mended afterwards */
	bool (*possible)(void);		/* here and now; NULL: always */
	CK_RV (*before)(struct ctx *c);
	CK_RV (*call)(struct ctx *c);
	CK_RV (*run)(const struct rrow *r, struct ctx *c);	/* NULL: one after the other */
	const struct trouble *trouble;	/* of trouble.def, comes after `before`; may be NULL */
	const char *file;
	unsigned line;
};

/* Something that goes wrong with calls of many functions in the same way. */
struct trouble {
	const char *name;
	const char *backend;		/* on tokens of that store alone; NULL: of any */
	CK_RV expected;
	bool forks;
	bool (*possible)(void);		/* of the rows */
	CK_RV (*bring)(struct ctx *c);
	CK_RV (*run)(const struct rrow *r, struct ctx *c);	/* of the rows */
	const char *functions;		/* a pattern of functions_match */
};

struct rrow_table {
	const char *name;		/* of the test */
	const struct rrow *rows;
	size_t count;
};

/* One table a group of functions. */
extern const struct rrow_table returns_general, returns_slot, returns_session, returns_object,
	returns_crypto, returns_key;

/*
 * Does a list of names, separated by blanks, hold that function? * is every
 * function, SLOT and SESSION those whose first argument is one, -NAME leaves
 * one out. The last word that fits counts.
 */
bool functions_match(const char *list, const char *function);

/*
 * A row's `run`: the call with less and less memory taken away, until the answer
 * is that there is none, or the usual one because the call needs no more than it
 * had. Only where fault_memory_works.
 */
CK_RV out_of_memory(const struct rrow *r, struct ctx *c);

/* Does usual.def call it? Then it is one of the 68 functions of 2.40. */
bool usual_is(const char *function);
/* Every row of usual.def, or every one that trouble.def makes of them for tokens of a store. */
void usual_each(void (*fn)(const struct rrow *r));
void troubles_each(const char *backend, void (*fn)(const struct rrow *r));
/* Every row that there is for tokens in files: what is documented. */
void rrows_each(void (*fn)(const struct rrow *r));

/* coverage.c: the tests of the tables themselves, and the document on standard output. */
void test_coverage(void);
int coverage_report(void);

#endif
