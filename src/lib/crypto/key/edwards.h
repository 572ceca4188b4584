/* Points of the Edwards curves (RFC 8032). For the folder crypto/key only. */
#ifndef CRYPTO_KEY_EDWARDS_H
#define CRYPTO_KEY_EDWARDS_H

#include "crypto/ossl/der.h"

/*
 * Is that the encoding of a point of the curve? OpenSSL takes any bytes, and notices when a
 * signature is verified. The points that are their own inverse count as none, as infinity does
 * elsewhere. len is the curve's. CKR_ATTRIBUTE_VALUE_INVALID, the reason noted.
 */
CK_RV edwards_check(CK_KEY_TYPE type, const struct der_curve *curve, const unsigned char *point,
		    size_t len) MUST_CHECK;

#endif
