#include "config.h"

#include "object/computed.h"

#include <openssl/crypto.h>

#include "common/reason.h"
#include "crypto/key/keytype.h"
#include "object/seal.h"

static CK_OBJECT_CLASS class_of(const struct attrset *s)
{
	return attrset_number(s, CKA_CLASS, CK_UNAVAILABLE_INFORMATION);
}

static CK_KEY_TYPE type_of(const struct attrset *s)
{
	return attrset_number(s, CKA_KEY_TYPE, CK_UNAVAILABLE_INFORMATION);
}

/* Tells whether the attribute is there and not empty. */
static bool bytes_of(const struct attrset *s, CK_ATTRIBUTE_TYPE type, const unsigned char **data,
		     size_t *len)
{
	return attrset_bytes(s, type, data, len) && *len > 0;
}

/* The key is one of which such a value cannot be told: that is no error. */
static CK_RV none_is_fine(CK_RV rv)
{
	if (rv != CKR_KEY_TYPE_INCONSISTENT && rv != CKR_ATTRIBUTE_VALUE_INVALID &&
	    rv != CKR_CURVE_NOT_SUPPORTED)
		return rv;
	reason_clear();
	return CKR_OK;
}

static CK_RV set_public_info(CK_OBJECT_CLASS class, CK_KEY_TYPE type, const struct attrset *parts,
			     struct attrset *to)
{
	struct buf info = BUF_INIT;
	CK_RV rv = none_is_fine(keytype_public_info(class, type, parts, &info));

	if (rv == CKR_OK)
		rv = attrset_set_bytes(to, CKA_PUBLIC_KEY_INFO, info.data, info.len);
	buf_free(&info);
	return rv;
}

/* Of an EC private key, as its public key would have it. */
static CK_RV set_ec_point(CK_KEY_TYPE type, const struct attrset *parts, struct attrset *to)
{
	struct attrset *pub = attrset_new(false), *priv = attrset_new(true);
	const struct attr *point;
	struct key *k = NULL;
	CK_RV rv = pub != NULL && priv != NULL ? CKR_OK : CKR_HOST_MEMORY;

	if (rv == CKR_OK)
		rv = keytype_load(CKO_PRIVATE_KEY, type, parts, &k);
	if (rv == CKR_OK)
		rv = keytype_from_pkey(k->pkey, &type, pub, priv);
	point = rv == CKR_OK ? attrset_get(pub, CKA_EC_POINT) : NULL;
	rv = none_is_fine(rv);
	if (rv == CKR_OK && point != NULL)
		rv = attrset_set(to, point);
	else if (rv == CKR_OK)
		rv = attrset_set_bytes(to, CKA_EC_POINT, NULL, 0);
	key_unref(k);
	attrset_free(pub);
	attrset_free(priv);
	return rv;
}

static CK_RV check_info(CK_OBJECT_CLASS class, CK_KEY_TYPE type, const struct attrset *parts,
			const unsigned char *given, size_t len)
{
	CK_RV rv = keytype_public_info_check(class, type, parts, given, len);

	if (rv == CKR_KEY_TYPE_INCONSISTENT)
		return reason(CKR_ATTRIBUTE_VALUE_INVALID,
			      "CKA_PUBLIC_KEY_INFO: such a key has none");
	return rv == CKR_ATTRIBUTE_VALUE_INVALID ? reason_within(rv, "CKA_PUBLIC_KEY_INFO") : rv;
}

CK_RV computed_settle(struct attrset *plain)
{
	CK_OBJECT_CLASS class = class_of(plain);
	const unsigned char *given = NULL;
	size_t len = 0;

	if (class != CKO_PUBLIC_KEY && class != CKO_PRIVATE_KEY)
		return CKR_OK;
	if (!bytes_of(plain, CKA_PUBLIC_KEY_INFO, &given, &len))
		return set_public_info(class, type_of(plain), plain, plain);
	return check_info(class, type_of(plain), plain, given, len);
}

static CK_RV check_kcv(CK_KEY_TYPE type, const struct attrset *parts, const unsigned char *given,
		       size_t given_len)
{
	const unsigned char *value = NULL;
	unsigned char right[3];
	size_t len = 0;
	CK_RV rv;

	attrset_bytes(parts, CKA_VALUE, &value, &len);
	rv = keytype_check_value(type, value, len, right);
	if (rv == CKR_OK && (given_len != sizeof(right) ||
			     CRYPTO_memcmp(given, right, sizeof(right)) != 0))
		rv = reason(CKR_ATTRIBUTE_VALUE_INVALID,
			    "CKA_CHECK_VALUE does not belong to the key");
	return rv;
}

CK_RV computed_check(CK_OBJECT_CLASS class, CK_KEY_TYPE type, const struct attrset *parts,
		     const struct attrset *changes)
{
	const unsigned char *given = NULL;
	size_t len = 0;

	if (class == CKO_SECRET_KEY && bytes_of(changes, CKA_CHECK_VALUE, &given, &len))
		return check_kcv(type, parts, given, len);
	if (class == CKO_PRIVATE_KEY && bytes_of(changes, CKA_PUBLIC_KEY_INFO, &given, &len))
		return check_info(class, type, parts, given, len);
	return CKR_OK;
}

static CK_RV compute(const struct object_table *t, struct object *o, CK_ATTRIBUTE_TYPE type)
{
	CK_OBJECT_CLASS class = class_of(o->attrs);
	CK_KEY_TYPE key_type = type_of(o->attrs);
	const CK_ATTRIBUTE_TYPE *parts = keytype_parts(class, key_type);
	struct attrset *plain = NULL;
	CK_RV rv;

	if (parts == NULL)
		return attrset_set_bytes(o->computed, type, NULL, 0);
	rv = unseal_some(o->attrs, parts, t->key, &plain);
	if (rv == CKR_OK && type == CKA_EC_POINT)
		rv = set_ec_point(key_type, plain, o->computed);
	else if (rv == CKR_OK)
		rv = set_public_info(class, key_type, plain, o->computed);
	attrset_free(plain);
	return rv;
}

bool computed_wanted(const struct attr_rule *rule, const struct attr *a)
{
	return (rule->rules & COMPUTED) != 0 &&
	       (a == NULL || (a->kind == ATTR_BYTES && a->u.bytes.len == 0));
}

bool computed_may_be(const CK_ATTRIBUTE *templ, CK_ULONG count)
{
	for (CK_ULONG i = 0; i < count; i++)
		if ((attr_rules_of(templ[i].type) & COMPUTED) != 0)
			return true;
	return false;
}

CK_RV computed_get(const struct object_table *t, struct object *o, CK_ATTRIBUTE_TYPE type,
		   const struct attr **out)
{
	CK_RV rv = CKR_OK;

	if (o->computed == NULL)
		o->computed = attrset_new(false);
	if (o->computed == NULL)
		return CKR_HOST_MEMORY;
	if (attrset_get(o->computed, type) == NULL)
		rv = compute(t, o, type);
	if (rv == CKR_OK)
		*out = attrset_get(o->computed, type);
	return rv;
}
