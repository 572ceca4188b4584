#ifndef TESTS_P11_SEARCH_H
#define TESTS_P11_SEARCH_H

#include "../harness.h"

/* The rows of each file. */
void test_model(void);
void test_calls(void);
void test_others(void);

/* What the others do, in processes of their own. */
int child_other(void);

#endif
