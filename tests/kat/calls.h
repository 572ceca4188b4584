#ifndef TESTS_KAT_CALLS_H
#define TESTS_KAT_CALLS_H

#include "facts.h"
#include "pool.h"

/*
 * The module's functions for an operation, from encryption to digest. Of verification, out and len
 * are the signature that goes in.
 */

CK_RV call_init(enum operation op, CK_SESSION_HANDLE s, CK_MECHANISM *m, CK_OBJECT_HANDLE key);
CK_RV call_single(enum operation op, CK_SESSION_HANDLE s, struct bytes in, CK_BYTE *out,
		  CK_ULONG *len);
/* *len becomes 0 for operations that give nothing before their end. */
CK_RV call_update(enum operation op, CK_SESSION_HANDLE s, struct bytes in, CK_BYTE *out,
		  CK_ULONG *len);
CK_RV call_final(enum operation op, CK_SESSION_HANDLE s, CK_BYTE *out, CK_ULONG *len);

/* Encryption and decryption give output with each part. */
bool call_streams(enum operation op);
/* "C_Encrypt": what the names of the functions begin with. */
const char *call_name(enum operation op);

#endif
