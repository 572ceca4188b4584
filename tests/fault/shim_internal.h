/* What the files of the shim share. */
#ifndef TESTS_FAULT_SHIM_INTERNAL_H
#define TESTS_FAULT_SHIM_INTERNAL_H

#include "config.h"

/* All of it is for others, whatever the compiler was told to hide. */
#pragma GCC visibility push(default)

#include <stddef.h>

#include "fault/shim.h"

/* The next definition of that name, as a function; POSIX has no other way to turn one into one. */
void shim_find(void *function, const char *name);

/* Counts a call; true: it must fail, and errno says how. */
bool shim_fails(enum fault_kind kind, const char *function);
/* The way of the failure that shim_fails told of last. */
int shim_error(void);
/* The same for a call that moves *len bytes: it may also be cut, to the *len bytes left. */
bool shim_fails_moving(enum fault_kind kind, const char *function, size_t *len);

bool shim_skips_sync(void);
bool shim_refuses_nameless(void);

/* Of a function of the shim: where it was called, and whether that is within libcrypto. */
#define SHIM_CALLER __builtin_return_address(0)
bool shim_is_openssl(const void *caller);

/* A function that returns `failure` instead of what the next one of its name does. */
#define STAND_BEFORE(kind, type, name, parameters, arguments, failure) \
	type name parameters \
	{ \
		static type (*next) parameters; \
		if (!next) \
			shim_find(&next, #name); \
		return shim_fails(kind, #name) ? (failure) : next arguments; \
	}

#endif
