#ifndef TESTS_P11_KINDS_H
#define TESTS_P11_KINDS_H

/* One object of each kind, as templates for C_CreateObject. */

#include "harness.h"

enum kind {
	DATA,
	CERTIFICATE,
	RSA_PUBLIC,
	RSA_PRIVATE,
	EC_PUBLIC,
	EC_PRIVATE,
	ED_PUBLIC,
	ED_PRIVATE,
	AES,
	GENERIC,
	PGP_CERTIFICATE,
	DES3,
	HMAC,
	DSA_PUBLIC,
	DSA_PRIVATE,
	DH_PUBLIC,
	DH_PRIVATE,
	DSA_DOMAIN,
	DH_DOMAIN,
	X25519_PUBLIC,		/* of CKK_EC_MONTGOMERY */
	X25519_PRIVATE,
	KINDS,
	KINDS_OF_REFERENCE = X25519_PUBLIC
};

#define TMPL_MAX	48

extern const char *const kind_names[KINDS];
/* All that C_CreateObject requires and nothing else; ends with A_END. */
extern const CK_ATTRIBUTE *const kind_templates[KINDS];
/* CKA_PUBLIC_KEY_INFO of the public and private keys; no value for other kinds. */
extern const CK_ATTRIBUTE kind_infos[KINDS];

/*
 * Joins two lists into `out`, which has TMPL_MAX entries. An attribute of `more`
 * replaces one of `base` of the same type. Either may be NULL.
 */
void tmpl_join(CK_ATTRIBUTE *out, const CK_ATTRIBUTE *base, const CK_ATTRIBUTE *more);
/* C_CreateObject of the kind's template joined with `more`. */
CK_RV kind_make(CK_SESSION_HANDLE s, enum kind kind, const CK_ATTRIBUTE *more,
		CK_OBJECT_HANDLE *out);

#endif
