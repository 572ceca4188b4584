#ifndef TESTS_P11_MISUSE_PARAMETER_H
#define TESTS_P11_MISUSE_PARAMETER_H

/* The two files of parameters: ciphers, signatures and agreement; derivation of keys. */

#include "p11/misuse/misuse.h"

#define ABSURD		((CK_ULONG)-1)

/*
 * Makes the parameter of m. One member is wrong: the one whose number is `wrong`,
 * none if that is 0. Numbers beyond the last member leave all right.
 */
typedef void shape(struct world *w, CK_MECHANISM *m, unsigned wrong);

/* The parameter is the len bytes at p. */
void parameter_give(CK_MECHANISM *m, const void *p, CK_ULONG len);
CK_ULONG wrong_number(struct world *w);
/* Bytes that can be read, but not written. */
CK_BYTE *some_bytes(size_t len);
/* NULL with a length, or the other way round. */
void wrong_pointer(struct world *w, CK_BYTE_PTR *p, CK_ULONG *len);
/* The same, also with a length that no value can have. */
void wrong_bounded(struct world *w, CK_BYTE_PTR *p, CK_ULONG *len);

/* NULL when the mechanism derives no keys in one of the ways of parameter_kdf.c. */
shape *shape_of_kdf(CK_MECHANISM_TYPE type);

#endif
