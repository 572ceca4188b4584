#ifndef TESTS_P11_SLOT_H
#define TESTS_P11_SLOT_H

/* The tests of the program slot that have files of their own, and their children. */

#define MAX_MECHANISMS	512

/* test_slot.c */
CK_RV mechanism_info(CK_SLOT_ID slot, CK_MECHANISM_TYPE type);
CK_RV mechanism_list(CK_SLOT_ID slot, CK_MECHANISM_TYPE *out, CK_ULONG *count);

/* mechanisms.c: what C_GetMechanismInfo says, and slots.mechanisms. */
void test_mechanisms(void);
void test_policy(void);
/* tries.c: token.max_pin_tries. */
void test_tries(void);
/* rescan.c: tokens that other processes make and delete. */
void test_rescan(void);
/* events.c: C_WaitForSlotEvent. */
void test_events(void);

/* Tries a wrong PIN twice and the right one once, if that is still wanted. */
int child_tries_twice(void);
/* The right PIN is refused. */
int child_is_refused(void);
/* Two wrong tries, and then death by a signal. */
int child_tries_and_dies(void);
/* Four processes that try wrong PINs all at once. */
int child_tries_together(void);

/* Makes a token, or makes "mine" anew, with the label of $P11_LABEL. */
int child_makes_token(void);
int child_makes_anew(void);

/*
 * A token directory of the row's own with the token "mine", which is c->slot. The name of its
 * directory is `mine`, and the one of the token directory `tokens_name`.
 */
CK_RV one_token(struct ctx *c);
extern char tokens_name[32], mine[64];

/* Another process makes a token; another_name() is the directory that is not `mine`. */
CK_RV other_makes(const char *label);
const char *another_name(void);
/* The path of a directory in the token directory; lives as work_path's. */
const char *token_path(const char *name);
/* Is there such a token in a slot of the list now? */
bool is_listed(const char *label);

#endif
