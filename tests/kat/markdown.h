#ifndef TESTS_KAT_MARKDOWN_H
#define TESTS_KAT_MARKDOWN_H

#include <stdbool.h>
#include <stdio.h>

#include "pkcs11/pkcs11.h"

/*
 * docs/MECHANISMS.md, from what the module says of itself and what the standard says of each
 * mechanism. Those that need another OpenSSL than this one are written all the same. False when the
 * module does not answer.
 */
bool markdown_write(FILE *f, CK_SLOT_ID slot);

/* Is the file what markdown_write would write? Names the first line that is not. */
bool markdown_check(const char *path, CK_SLOT_ID slot);

#endif
