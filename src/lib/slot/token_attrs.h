/*
 * The attributes of a token itself, as its store keeps them (docs/STORAGE.md); the values are
 * vendor numbers, "SH".
 */
#ifndef SLOT_TOKEN_ATTRS_H
#define SLOT_TOKEN_ATTRS_H

#include "pkcs11/pkcs11.h"

#define CKA_OS_VENDOR (CKA_VENDOR_DEFINED | 0x5348UL)

#define CKA_OS_TOKENLABEL (CKA_OS_VENDOR + 1)	/* 32 bytes, blank-padded */
#define CKA_OS_TOKENSERIAL (CKA_OS_VENDOR + 2)	/* 16 lower-case hex digits */
#define CKA_OS_TOKENFLAGS (CKA_OS_VENDOR + 3)	/* CKF_ bits of CK_TOKEN_INFO */
#define CKA_OS_SOPIN (CKA_OS_VENDOR + 4)	/* the token key under the SO's PIN */
#define CKA_OS_USERPIN (CKA_OS_VENDOR + 5)	/* the same, user: absent until there is one */

/* Ours alone, which SoftHSM 2 ignores: wrong tries in a row; absent when there are none. */
#define CKA_OS_SOTRIES (CKA_OS_VENDOR + 0x101)
#define CKA_OS_USERTRIES (CKA_OS_VENDOR + 0x102)

#endif
