#ifndef TESTS_BENCH_JOBS_H
#define TESTS_BENCH_JOBS_H

#include "bench/bench.h"

/*
 * The objects of the fixture WITH_OBJECTS: private AES keys of the token, with a
 * label and an id of their own each. Nothing else is in that token.
 */
CK_RV object_create(struct run *r, unsigned long number, CK_OBJECT_HANDLE *out);
/* Finds all of them and reads three attributes of each; replaces r->state. */
CK_RV objects_read(struct run *r);

extern const struct job find_label, find_id, find_miss, find_all, get_three;
extern const struct job create_object, destroy_object;
/* These two are for a workload that is OPEN_LOADED and COLD. */
extern const struct job initialize, first_find;

/* C_Logout and C_Login; C_OpenSession and C_CloseSession. */
extern const struct job relogin, reopen;

/* Kilobytes of anonymous memory after all objects have been read. For OPEN_LOADED. */
extern const struct job memory;
/* Kilobytes by which it grows while the job of another workload, arg, is repeated. */
extern const struct job growth;
/* System calls of one operation of the workload arg, as strace counts them. */
extern const struct job syscalls;

#endif
