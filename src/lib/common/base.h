/* What every module needs: the standard's types and a few compiler helpers. */
#ifndef COMMON_BASE_H
#define COMMON_BASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "pkcs11/pkcs11.h"

#define MUST_CHECK __attribute__((warn_unused_result))
#define PRINTF_LIKE(fmt, first) __attribute__((format(printf, fmt, first)))
#define ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))

/* The same all-ones value whatever the width of CK_ULONG, as it is stored on disk. */
#define UNAVAILABLE UINT64_MAX

#endif
