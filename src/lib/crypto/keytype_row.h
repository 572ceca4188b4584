/* A row of the key type table; for the files of crypto/keytype*.c only. */
#ifndef CRYPTO_KEYTYPE_ROW_H
#define CRYPTO_KEYTYPE_ROW_H

#include "crypto/ossl/der.h"
#include "crypto/keyparts.h"
#include "crypto/keytype.h"

/* How CKA_CHECK_VALUE of a secret key comes about. */
enum check_kind {
	CHECK_SHA1,		/* of the value */
	CHECK_AES,		/* a block of zeros encrypted */
	CHECK_DES
};

/* NULL functions and lists: the type has no such thing. */
struct keytype {
	CK_KEY_TYPE type;
	/* OpenSSL's; NULL for secret keys, and where each curve or parameter set has its own */
	const char *name;
	/* Is it such a key? NULL: the name says so. */
	bool (*owns)(const EVP_PKEY *pkey);
	/* The attributes that hold the key, each list ended by CK_UNAVAILABLE_INFORMATION. */
	const CK_ATTRIBUTE_TYPE *public_parts;
	const CK_ATTRIBUTE_TYPE *private_parts;
	const CK_ATTRIBUTE_TYPE *secret_parts;
	/* See keytype_load, keytype_complete, keytype_generate, keytype_from_pkey. */
	CK_RV (*load)(const struct keytype *t, CK_OBJECT_CLASS class, const struct attrset *parts,
		      struct key **out);
	CK_RV (*complete)(const struct keytype *t, CK_OBJECT_CLASS class, struct attrset *attrs);
	CK_RV (*generate)(const struct keytype *t, struct attrset *pub, struct attrset *priv);
	CK_RV (*split)(const struct keytype *t, EVP_PKEY *pkey, struct attrset *pub,
		       struct attrset *priv);
	/* Secret keys: lengths min, min + step ... max; has CKA_VALUE_LEN; check value. */
	size_t min, max, step;
	bool has_len;
	enum check_kind check;
};

CK_RV keytype_rsa_load(const struct keytype *t, CK_OBJECT_CLASS class, const struct attrset *parts,
		       struct key **out)
	MUST_CHECK;
CK_RV keytype_rsa_complete(const struct keytype *t, CK_OBJECT_CLASS class,
			   struct attrset *attrs) MUST_CHECK;
CK_RV keytype_rsa_generate(const struct keytype *t, struct attrset *pub,
			   struct attrset *priv) MUST_CHECK;
CK_RV keytype_rsa_split(const struct keytype *t, EVP_PKEY *pkey, struct attrset *pub,
			struct attrset *priv) MUST_CHECK;

CK_RV keytype_ec_load(const struct keytype *t, CK_OBJECT_CLASS class, const struct attrset *parts,
		      struct key **out)
	MUST_CHECK;
CK_RV keytype_ec_generate(const struct keytype *t, struct attrset *pub,
			  struct attrset *priv) MUST_CHECK;
CK_RV keytype_ec_split(const struct keytype *t, EVP_PKEY *pkey, struct attrset *pub,
		       struct attrset *priv) MUST_CHECK;

CK_RV keytype_edwards_load(const struct keytype *t, CK_OBJECT_CLASS class,
			   const struct attrset *parts,
			   struct key **out) MUST_CHECK;
CK_RV keytype_edwards_generate(const struct keytype *t, struct attrset *pub,
			       struct attrset *priv) MUST_CHECK;
CK_RV keytype_edwards_split(const struct keytype *t, EVP_PKEY *pkey, struct attrset *pub,
			    struct attrset *priv)
	MUST_CHECK;

/* The curve of an Edwards or Montgomery key, else NULL. */
const struct der_curve *keytype_edwards_curve(const EVP_PKEY *pkey);

/* All Edwards and Montgomery keys share a row. */
bool keytype_edwards_owns(const EVP_PKEY *pkey);

CK_RV keytype_mldsa_load(const struct keytype *t, CK_OBJECT_CLASS class,
			 const struct attrset *parts, struct key **out) MUST_CHECK;
CK_RV keytype_mldsa_generate(const struct keytype *t, struct attrset *pub,
			     struct attrset *priv) MUST_CHECK;
CK_RV keytype_mldsa_split(const struct keytype *t, EVP_PKEY *pkey, struct attrset *pub,
			  struct attrset *priv) MUST_CHECK;

/* All parameter sets share a row. */
bool keytype_mldsa_owns(const EVP_PKEY *pkey);

/* DSA and DH */
CK_RV keytype_dlog_load(const struct keytype *t, CK_OBJECT_CLASS class, const struct attrset *parts,
			struct key **out)
	MUST_CHECK;
CK_RV keytype_dlog_complete(const struct keytype *t, CK_OBJECT_CLASS class,
			    struct attrset *attrs) MUST_CHECK;
CK_RV keytype_dlog_split(const struct keytype *t, EVP_PKEY *pkey, struct attrset *pub,
			 struct attrset *priv) MUST_CHECK;

CK_RV keytype_secret_load(const struct keytype *t, CK_OBJECT_CLASS class,
			  const struct attrset *parts,
			  struct key **out) MUST_CHECK;
CK_RV keytype_secret_complete(const struct keytype *t, CK_OBJECT_CLASS class,
			      struct attrset *attrs) MUST_CHECK;
CK_RV keytype_secret_generate(const struct keytype *t, struct attrset *pub,
			      struct attrset *priv) MUST_CHECK;

/* CKA_CHECK_VALUE; len is right for the type. */
CK_RV keytype_secret_check(const struct keytype *t, const unsigned char *value, size_t len,
			   unsigned char out[3])
	MUST_CHECK;

/* The first 3 bytes of SHA-1. */
CK_RV keytype_sha1_check(const unsigned char *data, size_t len, unsigned char out[3]) MUST_CHECK;

/* What a row without a complete function gets: the key must load. */
CK_RV keytype_loads(const struct keytype *t, CK_OBJECT_CLASS class,
		    const struct attrset *attrs) MUST_CHECK;

#endif
