/* Secrets typed at a terminal. */
#ifndef BIN_COMMON_PROMPT_H
#define BIN_COMMON_PROMPT_H

#include "common/secmem.h"

/*
 * Writes the prompt to standard output and reads a line from standard input, showing '*' for each
 * byte. The keys that erase a character or the line work. At most max bytes are kept: a longer line
 * comes back with length max + 1. NULL when standard input is no terminal, at its end, and when out
 * of memory. The caller owns the result.
 *
 * The terminal is as it was when this returns, and also when a signal ends or stops the process
 * meanwhile; after a stop the prompt is written again. Not thread-safe.
 */
struct secbuf *prompt_secret(const char *prompt, size_t max);

#endif
