/* Key agreement as a part of other mechanisms. For the folder crypto/family only. */
#ifndef CRYPTO_FAMILY_AGREE_H
#define CRYPTO_FAMILY_AGREE_H

#include "crypto/mech/mech.h"

/*
 * What follows the agreement: OpenSSL's name of the hash, or NULL for CKD_NULL, which takes no
 * shared data. CKR_MECHANISM_PARAM_INVALID.
 */
CK_RV agree_check_kdf(const CK_MECHANISM *param, CK_EC_KDF_TYPE kdf, const CK_BYTE *shared,
		      CK_ULONG shared_len, const char **md) MUST_CHECK;

#endif
