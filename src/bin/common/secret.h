/* Secrets that the command line gives, or says where to find. */
#ifndef BIN_COMMON_SECRET_H
#define BIN_COMMON_SECRET_H

#include "common/secmem.h"

/* The longest line that is read from a file or from standard input. */
#define SECRET_MAX 4096

/*
 * What the argument of --pin and its kin means, and wipes it, so that a list of processes does not
 * show it for long:
 *
 *	env:NAME	the value of that environment variable
 *	file:PATH	the first line of that file
 *	-		the next line of standard input
 *
 * and anything else is the secret itself. NULL, reported, when there is none. The caller owns the
 * result.
 */
struct secbuf *secret_take(char *text);

#endif
