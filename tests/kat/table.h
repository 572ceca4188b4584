#ifndef TESTS_KAT_TABLE_H
#define TESTS_KAT_TABLE_H

#include <stdbool.h>
#include <stdio.h>

#include "facts.h"

/* The mechanisms that the module lists, in the module's order; NULL when it cannot. In the pool. */
struct offer {
	CK_MECHANISM_TYPE type;
	CK_MECHANISM_INFO info;
	const struct mechanism *mechanism;	/* NULL: not the standard's */
};
const struct offer *offers(CK_SLOT_ID slot, CK_ULONG *count);

/* How many vectors ran, by mechanism, operation and form. */
void table_print(FILE *f, CK_SLOT_ID slot);
/* Has the mechanism a vector in each form of each operation that it offers? Complains if not. */
bool table_complete(const struct offer *offer);

#endif
