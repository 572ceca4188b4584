#ifndef TESTS_BENCH_MODULE_H
#define TESTS_BENCH_MODULE_H

#include "bench/bench.h"

/* Chooses the configuration and loads the module: r->p11. */
CK_RV module_load(struct run *r);
/* C_Initialize, and finds the token: r->slot. */
CK_RV module_start(struct run *r);
/* A read-write session, r->s, of the user, who may be logged in already. */
CK_RV session_start(struct run *r);

/*
 * Makes the token of a setup, unless it is there: in the calling process, which
 * should end afterwards. Tells its progress on stderr.
 */
CK_RV fixture_make(struct run *r);
/* Has it been made? */
bool fixture_exists(const struct setup *s);
/* Writes the configuration of a setup and makes its directories. */
bool fixture_configure(const struct setup *s);
/* Removes a directory with all below it. */
void tree_remove(const char *path);

#endif
