#ifndef TESTS_P11_OBJECT_H
#define TESTS_P11_OBJECT_H

/* The parts of test_object. */

#include "kinds.h"

#define NO_HANDLE	0x7ffffff1UL
#define MINUS_ONE	((CK_ULONG)-1)

/* A list of attributes in a row. */
#define T(...)		((const CK_ATTRIBUTE[]){ __VA_ARGS__, A_END })
#define NO_MORE		((const CK_ATTRIBUTE[]){ A_END })

/* object_access.c: the five states, four storages and all that makes or uses an object */
void test_access_create(void);
void test_access_make(void);
void test_access_use(void);

/* object_attributes.c: defaults, required attributes and the rules of each */
void test_defaults(void);
void test_required(void);
void test_rules(void);
void test_secrets(void);
void test_persistence(void);
/* The object has what kind_make gave it and, for the rest, the defaults. */
CK_RV same_attributes(struct ctx *c, enum kind kind, CK_OBJECT_HANDLE o);

#endif
