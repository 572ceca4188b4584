/*
 * What the key types on elliptic curves share: CKA_EC_PARAMS and CKA_EC_POINT. For the folder
 * crypto/key only.
 */
#ifndef CRYPTO_KEY_CURVE_H
#define CRYPTO_KEY_CURVE_H

#include <openssl/ec.h>

#include "common/attrset.h"
#include "crypto/ossl/der.h"

/* An uncompressed point of the largest curve, 571 bits, and some. */
#define POINT_BYTES 256

/*
 * The curve of CKA_EC_PARAMS, which must be one for keys of that type: CKK_EC_EDWARDS takes those
 * of Montgomery too, as the reference does, but not the other way round.
 * CKR_ATTRIBUTE_VALUE_INVALID, CKR_CURVE_NOT_SUPPORTED, the reason noted.
 */
CK_RV curve_read(CK_KEY_TYPE type, const struct attrset *parts, struct der_curve *out) MUST_CHECK;

/*
 * The same for the template of a new pair: section 2.3.5, C_GenerateKeyPair has codes of its own
 * for it. Also CKR_TEMPLATE_INCOMPLETE, CKR_DOMAIN_PARAMS_INVALID.
 */
CK_RV curve_wanted(CK_KEY_TYPE type, const struct attrset *pub, struct der_curve *out) MUST_CHECK;

/* Sets CKA_EC_PARAMS to the curve's usual encoding; the other one only when it is not there. */
CK_RV curve_write(const struct der_curve *curve, struct attrset *to) MUST_CHECK;
CK_RV curve_keep_or_write(const struct der_curve *curve, struct attrset *to) MUST_CHECK;

/*
 * Rewrites CKA_EC_PARAMS when it is in a form that others may not take (OpenPGP's OIDs, a length
 * that OpenSC 0.23 gets wrong). The codes of curve_read.
 */
CK_RV curve_tidy(CK_KEY_TYPE type, struct attrset *attrs) MUST_CHECK;

/*
 * The point of CKA_EC_POINT without its OCTET STRING; borrowed. Some software leaves the wrapping
 * out, so a value that is none is taken as it is. A bare point may look like a wrapped one: the two
 * lengths that a point can have decide.
 */
CK_RV curve_point_read(CK_KEY_TYPE type, const struct attrset *parts, size_t compressed,
		       size_t full, const unsigned char **point, size_t *len) MUST_CHECK;

/* Wraps a point and stores it as CKA_EC_POINT. */
CK_RV curve_point_write(const unsigned char *point, size_t len, struct attrset *to) MUST_CHECK;

/*
 * Of CKK_EC: the group, borrowed; the point of CKA_EC_POINT, checked to be on the
 * curve and no longer compressed; the point of a private value (CKR_ATTRIBUTE_VALUE_INVALID when it
 * is 0 or not below the order). point has POINT_BYTES.
 */
CK_RV curve_group(const struct der_curve *curve, const EC_GROUP **out) MUST_CHECK;
CK_RV curve_full_point(const EC_GROUP *group, const struct attrset *parts, unsigned char *point,
		       size_t *len) MUST_CHECK;
CK_RV curve_public_point(const EC_GROUP *group, const struct attrset *parts, unsigned char *point,
			 size_t *len) MUST_CHECK;

#endif
