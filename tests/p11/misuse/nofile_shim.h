#ifndef TESTS_P11_MISUSE_NOFILE_SHIM_H
#define TESTS_P11_MISUSE_NOFILE_SHIM_H

/*
 * A shared object that stands between a program and the calls of the C library
 * by which files are opened, read, written and replaced, so that one of them
 * fails.
 */

/* The n-th such call from now on fails with that errno. */
void nofile_begin(unsigned long n, int error);
/* Files are as usual again. How many calls there were meanwhile. */
unsigned long nofile_end(void);

#endif
