/*
 * What the rows of the key type table share: moving numbers between attribute sets (big-endian) and
 * OpenSSL keys without a copy of a secret outside locked memory, which OSSL_PARAM_BLD and
 * EVP_PKEY_get_bn_param would leave behind.
 */
#ifndef CRYPTO_KEY_KEYPARTS_H
#define CRYPTO_KEY_KEYPARTS_H

#include <openssl/bn.h>
#include <openssl/params.h>

#include "common/attrset.h"
#include "crypto/key/keytype.h"

/* An attribute that is a number, and OpenSSL's name of it. */
struct keypart {
	CK_ATTRIBUTE_TYPE type;
	const char *param;
};

/* The largest number of a key: 16384 bits of RSA. */
#define KEYPARTS_NUMBER_BYTES 2048

#define KEYPARTS_MAX (KEYTYPE_PARTS + 2)

/* Parameters for EVP_PKEY_fromdata under construction; begin with all zero. */
struct keyparts {
	OSSL_PARAM params[KEYPARTS_MAX + 1];
	struct secbuf *numbers[KEYPARTS_MAX];
	size_t count;
};

/*
 * Each appends one parameter. Text and octets are borrowed until the key is made. CKR_HOST_MEMORY.
 */
CK_RV keyparts_number(struct keyparts *p, const char *param, const unsigned char *be,
		      size_t len) MUST_CHECK;
CK_RV keyparts_bn(struct keyparts *p, const char *param, const BIGNUM *bn) MUST_CHECK;
void keyparts_text(struct keyparts *p, const char *param, const char *text);
void keyparts_octets(struct keyparts *p, const char *param, const unsigned char *data, size_t len);

/*
 * Appends the numbers of a table from the set; a missing or empty one is
 * CKR_ATTRIBUTE_VALUE_INVALID, logged.
 */
CK_RV keyparts_table(struct keyparts *p, CK_KEY_TYPE type, const struct keypart *table, size_t n,
		     const struct attrset *from) MUST_CHECK;

/*
 * Makes the key. CKR_ATTRIBUTE_VALUE_INVALID (logged) when OpenSSL refuses it. The caller owns
 * *out.
 */
CK_RV keyparts_pkey(struct keyparts *p, CK_KEY_TYPE type, const char *name, int selection,
		    EVP_PKEY **out) MUST_CHECK;
void keyparts_free(struct keyparts *p);

/* Wraps a made key; takes pkey over in any case. */
CK_RV keyparts_key(CK_OBJECT_CLASS class, CK_KEY_TYPE type, EVP_PKEY *pkey, CK_ULONG size,
		   struct key **out)
	MUST_CHECK;

/*
 * Copies numbers out of a key into a set, big-endian without leading zeros. CKR_FUNCTION_FAILED,
 * logged.
 */
CK_RV keyparts_extract(const EVP_PKEY *pkey, const struct keypart *table, size_t n,
		       struct attrset *to) MUST_CHECK;

/*
 * The bytes of an attribute without leading zeros; *len is 0 when it is missing, empty or zero.
 * Borrowed.
 */
const unsigned char *keyparts_trim(const struct attrset *s, CK_ATTRIBUTE_TYPE type, size_t *len);

/* The bits of a number attribute. */
CK_ULONG keyparts_bits(const struct attrset *s, CK_ATTRIBUTE_TYPE type);

/*
 * A number attribute as BIGNUM, marked for constant-time work; free with BN_clear_free. NULL when
 * out of memory.
 */
BIGNUM *keyparts_get_bn(const struct attrset *s, CK_ATTRIBUTE_TYPE type);

/* Sets a number attribute, without leading zeros. CKR_HOST_MEMORY. */
CK_RV keyparts_set_bn(struct attrset *to, CK_ATTRIBUTE_TYPE type, const BIGNUM *bn) MUST_CHECK;

/* Notes why the attribute is wrong (common/reason.h); returns CKR_ATTRIBUTE_VALUE_INVALID. */
CK_RV keyparts_bad(CK_KEY_TYPE type, CK_ATTRIBUTE_TYPE attr, const char *why);

/* The same after OpenSSL has refused it; CKR_HOST_MEMORY when it says that memory ran out. */
CK_RV keyparts_refused(CK_KEY_TYPE type, CK_ATTRIBUTE_TYPE attr, const char *why);

#endif
