/*
 * Why the call that is under way in this thread is refused: one line of text, told to the log by
 * the edge (api/call.h) together with the function's name and its CKR_ code. So each refused call
 * makes one line, however deep the cause was found.
 *
 * The text names an attribute, a parameter or an object, never its value.
 */
#ifndef COMMON_REASON_H
#define COMMON_REASON_H

#include "common/base.h"

/* Notes the reason, cut to a line's length, in place of an earlier one; returns rv. */
CK_RV reason(CK_RV rv, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* Adds where it happened in front of what is noted: "unwrap: CKA_VALUE ...". Returns rv. */
CK_RV reason_within(CK_RV rv, const char *where);

void reason_clear(void);

/* Borrowed until the next call here; NULL when nothing is noted. */
const char *reason_text(void);

#endif
