#ifndef TESTS_P11_RETURNS_NOMEM_SHIM_H
#define TESTS_P11_RETURNS_NOMEM_SHIM_H

/*
 * A shared object that stands between a program and the C library's malloc and mmap, so that a
 * test can take the memory away for the length of one call. It counts the allocations of all
 * threads.
 */

#include <stdbool.h>

/* The n-th allocation from now on fails, 1 being the next one, and so do all after it. */
void nomem_begin(unsigned long n);
/* Only the n-th fails; those after it are served again. */
void nomem_begin_once(unsigned long n);
/* Memory is back. How many allocations were asked for meanwhile. */
unsigned long nomem_end(void);
/* False where something else, as a sanitizer, has taken malloc over. */
bool nomem_works(void);

#endif
