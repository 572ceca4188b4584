#ifndef PKCS11_NAMES_H
#define PKCS11_NAMES_H

#include <stdbool.h>

#include "pkcs11/pkcs11.h"

/*
 * The standard's name of a number, for logs and tools, e.g. "CKR_PIN_INCORRECT".
 * Where a number has several names the current one is given, not its alias or
 * deprecated spelling. NULL if the standard has no name for the number; vendor
 * numbers have none. The text is static. No locks, no allocation.
 */
const char *cka_name(CK_ATTRIBUTE_TYPE type);
const char *ckc_name(CK_CERTIFICATE_TYPE type);
const char *ckk_name(CK_KEY_TYPE type);
const char *ckm_name(CK_MECHANISM_TYPE type);
const char *cko_name(CK_OBJECT_CLASS object_class);
const char *ckr_name(CK_RV rv);

/*
 * Finds the mechanism called `name`, which is the whole name in upper case with
 * its CKM_ prefix; aliases and deprecated spellings are found too. Returns false
 * and leaves *out alone if there is none. `name` may not be NULL.
 */
bool ckm_from_name(const char *name, CK_MECHANISM_TYPE *out);

#endif
