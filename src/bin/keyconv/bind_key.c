#include "config.h"

#include <openssl/crypto.h>
#include <string.h>

#include "bin/common/message.h"
#include "bin/keyconv/bind.h"
#include "crypto/key/keytype.h"

static bool missing(void)
{
	message_error("Some parts of the key material is missing in the input file.");
	return false;
}

static bool not_a_key(const struct bind_algorithm *a)
{
	message_error("The key material in the input file is not a key of algorithm %d (%s).",
		      a->number, a->name);
	return false;
}

static bool has(const struct attrset *parts, CK_ATTRIBUTE_TYPE type)
{
	const unsigned char *data;
	size_t len;

	return attrset_bytes(parts, type, &data, &len) && len > 0;
}

static bool is_complete(const struct bind_algorithm *a, const struct attrset *parts)
{
	CK_KEY_TYPE of = a->params != NULL ? BIND_CURVES : a->type;

	for (size_t i = 0; i < BIND_FIELDS; i++)
		if (bind_fields[i].of == of && !has(parts, bind_fields[i].type))
			return missing();
	return true;
}

/* Only what belongs to the algorithm, and its curve. */
static bool collect(const struct bind_algorithm *a, const struct attrset *parts,
		    struct attrset *key)
{
	const CK_ATTRIBUTE_TYPE *wanted = keytype_parts(CKO_PRIVATE_KEY, a->type);
	CK_RV rv = CKR_OK;

	for (; *wanted != CK_UNAVAILABLE_INFORMATION && rv == CKR_OK; wanted++)
		if (has(parts, *wanted))
			rv = attrset_set(key, attrset_get(parts, *wanted));
	if (rv == CKR_OK && a->params != NULL)
		rv = attrset_set_bytes(key, CKA_EC_PARAMS, a->params, a->params_len);
	if (rv != CKR_OK)
		message_error("Out of memory.");
	return rv == CKR_OK;
}

/* BIND writes all bytes of a curve's key. */
static bool has_length(const struct bind_algorithm *a, const struct attrset *parts)
{
	const unsigned char *data;
	size_t len;

	return a->params == NULL ||
	       (attrset_bytes(parts, CKA_VALUE, &data, &len) && len == a->value_len);
}

static bool same_number(const struct attrset *a, CK_ATTRIBUTE_TYPE type_a, const struct attrset *b,
			CK_ATTRIBUTE_TYPE type_b)
{
	const unsigned char *x;
	const unsigned char *y;
	size_t x_len;
	size_t y_len;

	if (!attrset_bytes(a, type_a, &x, &x_len) || !attrset_bytes(b, type_b, &y, &y_len))
		return false;
	for (; x_len > 0 && *x == 0; x_len--)
		x++;
	for (; y_len > 0 && *y == 0; y_len--)
		y++;
	return x_len == y_len && CRYPTO_memcmp(x, y, x_len) == 0;
}

/* The public value of DSA, which the private key does not need, must be the key's. */
static bool public_is_right(const struct attrset *parts, const struct attrset *key)
{
	struct attrset *pub = attrset_new(false);
	struct key *k = NULL;
	bool right = false;

	if (pub != NULL && keytype_load(CKO_PRIVATE_KEY, CKK_DSA, key, &k) == CKR_OK &&
	    keytype_public_parts(k, pub) == CKR_OK)
		right = same_number(parts, BIND_DSA_PUBLIC, pub, CKA_VALUE);
	key_unref(k);
	attrset_free(pub);
	return right;
}

struct secbuf *bind_to_pkcs8(const struct bind_algorithm *a, const struct attrset *parts)
{
	struct attrset *key = attrset_new(true);
	struct secbuf *der = NULL;

	if (key == NULL) {
		message_error("Out of memory.");
		return NULL;
	}
	if (is_complete(a, parts) && collect(a, parts, key)) {
		if (!has_length(a, parts) ||
		    keytype_complete(CKO_PRIVATE_KEY, a->type, key) != CKR_OK ||
		    (a->type == CKK_DSA && !public_is_right(parts, key)) ||
		    keytype_encode(a->type, key, &der) != CKR_OK)
			not_a_key(a);
	}
	attrset_free(key);
	return der;
}
