#include "config.h"

#include <stddef.h>

#include "run.h"

#define COVER_MAX	600

static struct {
	CK_MECHANISM_TYPE type;
	unsigned vectors[OPERATIONS][FORMS];
} counts[COVER_MAX];
static size_t ncounts;

static size_t find(CK_MECHANISM_TYPE type)
{
	size_t i = 0;

	while (i < ncounts && counts[i].type != type)
		i++;
	return i;
}

void cover(CK_MECHANISM_TYPE type, enum operation op, enum form form)
{
	size_t i = find(type);

	if (i == COVER_MAX)
		return;
	if (i == ncounts)
		counts[ncounts++].type = type;
	counts[i].vectors[op][form]++;
}

unsigned covered(CK_MECHANISM_TYPE type, enum operation op, enum form form)
{
	size_t i = find(type);

	return i == ncounts ? 0 : counts[i].vectors[op][form];
}
