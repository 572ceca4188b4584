#ifndef TESTS_P11_SESSION_H
#define TESTS_P11_SESSION_H

/* The tests of the program session that have files of their own. */

/* dual.c: two operations on the same data. */
void test_dual(void);
/* operations.c: which operations a session can have at once, and what ends them. */
void test_operations(void);
/* limits.c: slots.max_sessions. */
void test_limits(void);

#endif
