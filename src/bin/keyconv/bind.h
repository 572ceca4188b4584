/*
 * BIND's files of private keys, "K<zone>+<algorithm>+<tag>.private": lines of "Name: value", the
 * numbers of a key in base64.
 */
#ifndef BIN_KEYCONV_BIND_H
#define BIN_KEYCONV_BIND_H

#include "common/attrset.h"
#include "common/secmem.h"

/* What an algorithm of DNSSEC is for us: a kind of key. */
struct bind_algorithm {
	int number;
	const char *name;
	CK_KEY_TYPE type;
	/* The curve: its CKA_EC_PARAMS, and the bytes of a private key. */
	const char *params;
	size_t params_len;
	size_t value_len;
};

/* NULL when there is none that is supported. */
const struct bind_algorithm *bind_algorithm(int number);

/* By number or name, in any case. NULL when there is none. */
const struct bind_algorithm *bind_algorithm_named(const char *text);

/*
 * The one of a key of that type; parts are those of its private object. NULL when there is none,
 * or more than one: RSA and DSA keys serve several.
 */
const struct bind_algorithm *bind_algorithm_of(CK_KEY_TYPE type, const struct attrset *parts);

/*
 * The fields that a key may have, in the order of the file; the parts of a private key
 * (keytype_parts), but for the public value of DSA, which is in CKA_PUBLIC_KEY_INFO.
 */
struct bind_field {
	const char *name;
	CK_ATTRIBUTE_TYPE type;
	CK_KEY_TYPE of; /* BIND_CURVES: EC, Edwards */
};
#define BIND_CURVES CK_UNAVAILABLE_INFORMATION
#define BIND_DSA_PUBLIC CKA_PUBLIC_KEY_INFO
extern const struct bind_field bind_fields[];
#define BIND_FIELDS 14

/*
 * Reads a file. *algorithm and *parts (a secret set, the caller's) are set on success; what is in
 * the fields has not been looked at. false, reported with the number of the line, when it is no
 * such file. Lines that are not known, and the second one of a kind, are reported and skipped.
 */
bool bind_read(const char *text, size_t len, const struct bind_algorithm **algorithm,
	       struct attrset **parts) MUST_CHECK;

/*
 * The parts as PKCS#8 DER. NULL, reported, when some are missing, or do not make a key of that
 * algorithm. The caller owns the result. Needs ossl_open.
 */
struct secbuf *bind_to_pkcs8(const struct bind_algorithm *a, const struct attrset *parts);

/*
 * The reverse of bind_read: the text for the parts of a private key; the public value of DSA among
 * them. NULL, reported. The caller owns the result.
 */
struct secbuf *bind_write(const struct bind_algorithm *a, const struct attrset *parts);

/* Does the key belong to the algorithm: its type, its curve? */
bool bind_fits(const struct bind_algorithm *a, CK_KEY_TYPE type, const struct attrset *parts);

#endif
