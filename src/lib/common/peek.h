/* Reading where there may be no memory. */
#ifndef COMMON_PEEK_H
#define COMMON_PEEK_H

#include "common/base.h"

/*
 * Copies len bytes from an address that may be none: the kernel reads them, so that nothing faults.
 * false: they cannot be read, or not on this system; out may have been written.
 */
bool peek(uintptr_t from, void *out, size_t len) MUST_CHECK;

#endif
