#ifndef TESTS_UNIT_ABI_ABI_H
#define TESTS_UNIT_ABI_ABI_H

#include <stdbool.h>

#include "pkcs11/pkcs11.h"

/* One row of constants.csv. */
struct abi_constant {
	const char *domain;	/* type or field the number belongs to */
	const char *name;
	CK_ULONG value;
	bool alias;		/* another name is the current one */
};

/* Written by abi.awk; the row after the last has a NULL name. */
extern const struct abi_constant abi_constants[];

/* How many comparisons the compiler made in the file written by abi.awk. */
extern const unsigned int abi_assertions;

#endif
