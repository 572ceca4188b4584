#ifndef TESTS_P11_INTERNAL_H
#define TESTS_P11_INTERNAL_H

/* What the runner (harness.c) needs of the surroundings (surroundings.c). */

#include "harness.h"

/* Makes the private directory with its configuration and sets SOFTHSM2_CONF. */
bool work_begin(const char *program);
void work_end(void);
/* Makes the token that rows find in their ctx. */
CK_RV work_token(void);
/* The configuration file is to be written anew before the next row. */
void conf_forget(void);

#endif
