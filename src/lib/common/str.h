/* Text helpers: the standard's blank-padded strings, hex, and a few checked conversions. */
#ifndef COMMON_STR_H
#define COMMON_STR_H

#include "common/base.h"

/*
 * Copies the NUL-terminated text into field, size bytes, cut or padded with blanks, no
 * terminator (PKCS#11 3.1).
 */
void str_pad(CK_UTF8CHAR *field, size_t size, const char *text);

/*
 * The number of hex digits in text decoded into out (capacity cap); false on an odd count, a
 * non-digit or no room.
 */
bool str_unhex(const char *text, unsigned char *out, size_t cap, size_t *len) MUST_CHECK;

/* Lower-case hex of len bytes and a NUL into out (2 * len + 1 bytes). */
void str_hex(const unsigned char *data, size_t len, char *out);

/*
 * Writes '?' over every control character, in place: what is left fits one line and commands no
 * terminal.
 */
void str_printable(char *text);

/*
 * The edit distance between two names, for "did you mean". A name of over 64 bytes is as far as
 * it is long.
 */
size_t str_distance(const char *a, const char *b);

/* Overflow-checked; false leaves *out alone. */
bool size_add(size_t a, size_t b, size_t *out) MUST_CHECK;
bool size_mul(size_t a, size_t b, size_t *out) MUST_CHECK;

/* "dir/name" (no doubled slash), newly allocated; NULL when out of memory. */
char *path_join(const char *dir, const char *name);

#endif
