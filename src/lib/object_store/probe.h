/*
 * Which backend's token lies in a directory, told by its main file: also of a backend that this
 * build does not have. Nothing is opened.
 */
#ifndef OBJECT_STORE_PROBE_H
#define OBJECT_STORE_PROBE_H

#include "common/base.h"

struct store_kind {
	const char *backend;	/* the backend's name */
	const char *file;	/* the name without which there is no token of it */
	const char *const *names;	/* of all its files; a leading * stands for any text */
};

/* The kinds of token that there are; NULL behind the last. */
const struct store_kind *store_kind_at(size_t i);

/* The kind that the backend of that name makes; NULL when there is none. */
const struct store_kind *store_kind_find(const char *backend);

/* Is there a regular file of that name, itself or behind a link? */
bool store_kind_lies_in(const struct store_kind *kind, const char *dir);

/* Is that the name of a file which such a token consists of? Other names are somebody else's. */
bool store_kind_owns(const struct store_kind *kind, const char *name);

#endif
