/* The PINs of a token, from the command line or typed. */
#ifndef BIN_COMMON_PIN_H
#define BIN_COMMON_PIN_H

#include "common/secmem.h"

#define PIN_MIN 4
#define PIN_MAX 255

enum pin_role { PIN_SO, PIN_USER };

/*
 * A copy of what was given if its length is right; otherwise the PIN is asked for, twice, until
 * both are equal and of the right length. NULL, reported, when that is not possible. The caller
 * owns the result.
 */
struct secbuf *pin_get(enum pin_role role, const struct secbuf *given);

#endif
