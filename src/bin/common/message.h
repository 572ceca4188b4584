/*
 * What the tools say: errors on standard error, a line each, with the prefix that scripts look for.
 */
#ifndef BIN_COMMON_MESSAGE_H
#define BIN_COMMON_MESSAGE_H

#include "common/base.h"

/* "ERROR: ", the text, and a line end. */
void message_error(const char *fmt, ...) PRINTF_LIKE(1, 2);

/* The text and a line end alone: what scripts know in that form. */
void message_plain(const char *fmt, ...) PRINTF_LIKE(1, 2);

/* As message_error, then a line with the name of the PKCS#11 code that points to the log. */
void message_error_rv(CK_RV rv, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* "Hint: ", what to try next, and a line end; after an error. */
void message_hint(const char *fmt, ...) PRINTF_LIKE(1, 2);

/* The sentence that points to the log, on a line of its own after the prefix: "" or "ERROR: ". */
void message_see_log(const char *prefix);

#endif
