#include "config.h"

#include "object/seal.h"

#include <stdlib.h>

#include "common/log.h"
#include "crypto/tokenkey.h"
#include "object/attr.h"
#include "pkcs11/names.h"

/*
 * Is that value kept encrypted in that object? Empty ones are not: that is how the format marks
 * "never set". A set in secret memory is a session object's.
 */
static bool is_sealed(const struct attrset *object, const struct attr *a)
{
	const struct attr_rule *rule;

	if (object->secret || a->kind != ATTR_BYTES || a->u.bytes.len == 0 ||
	    !attrset_flag(object, CKA_PRIVATE, true))
		return false;
	rule = attr_rule_find(IN_ALL, a->type);
	return rule == NULL || (rule->rules & CLEAR) == 0;
}

CK_RV seal_attr(struct attrset *stored, const struct attr *plain, const struct secbuf *key)
{
	unsigned char *sealed;
	size_t len;
	CK_RV rv;

	if (!is_sealed(stored, plain))
		return attrset_set(stored, plain);
	if (key == NULL)
		return CKR_USER_NOT_LOGGED_IN;
	len = tokenkey_sealed_size(plain->u.bytes.len);
	sealed = len > 0 ? malloc(len) : NULL;
	if (sealed == NULL)
		return CKR_HOST_MEMORY;
	rv = tokenkey_encrypt(key, plain->u.bytes.data, plain->u.bytes.len, sealed);
	if (rv == CKR_OK)
		rv = attrset_set_bytes(stored, plain->type, sealed, len);
	free(sealed);
	return rv;
}

CK_RV seal_set(const struct attrset *plain, const struct secbuf *key, struct attrset **out)
{
	struct attrset *stored = attrset_new(false);
	CK_RV rv = stored != NULL ? CKR_OK : CKR_HOST_MEMORY;

	if (rv == CKR_OK)	/* first, since it decides about the others */
		rv = attrset_set_flag(stored, CKA_PRIVATE, attrset_flag(plain, CKA_PRIVATE, true));
	for (size_t i = 0; rv == CKR_OK && i < plain->count; i++)
		rv = seal_attr(stored, &plain->items[i], key);
	if (rv != CKR_OK) {
		attrset_free(stored);
		return rv;
	}
	*out = stored;
	return CKR_OK;
}

CK_RV unseal_bytes(const struct attrset *stored, const struct attr *a, const struct secbuf *key,
		   struct secbuf **out)
{
	const char *name = cka_name(a->type);
	CK_RV rv;

	if (!is_sealed(stored, a)) {
		*out = secbuf_from(a->u.bytes.data, a->u.bytes.len);
		return *out != NULL ? CKR_OK : CKR_HOST_MEMORY;
	}
	if (key == NULL)
		return CKR_USER_NOT_LOGGED_IN;
	rv = tokenkey_decrypt(key, a->u.bytes.data, a->u.bytes.len, out);
	if (rv == CKR_DATA_INVALID)
		log_error("attribute %s (0x%lx) of a private object does not decrypt: the object "
			  "is damaged",
			  name != NULL ? name : "unknown", a->type);
	return rv;
}

static CK_RV unseal_one(const struct attrset *stored, const struct attr *a,
			const struct secbuf *key, struct attrset *plain)
{
	struct secbuf *bytes = NULL;
	CK_RV rv;

	if (!is_sealed(stored, a))
		return attrset_set(plain, a);
	rv = unseal_bytes(stored, a, key, &bytes);
	if (rv == CKR_OK)
		rv = attrset_set_bytes(plain, a->type, bytes->data, bytes->len);
	secbuf_free(bytes);
	return rv;
}

CK_RV unseal_some(const struct attrset *stored, const CK_ATTRIBUTE_TYPE *types,
		  const struct secbuf *key, struct attrset **out)
{
	struct attrset *plain = attrset_new(true);
	CK_RV rv = plain != NULL ? CKR_OK : CKR_HOST_MEMORY;

	for (; rv == CKR_OK && *types != CK_UNAVAILABLE_INFORMATION; types++) {
		const struct attr *a = attrset_get(stored, *types);

		if (a != NULL)
			rv = unseal_one(stored, a, key, plain);
	}
	if (rv != CKR_OK) {
		attrset_free(plain);
		return rv;
	}
	*out = plain;
	return CKR_OK;
}

CK_RV unseal_set(const struct attrset *stored, const struct secbuf *key, struct attrset **out)
{
	struct attrset *plain = attrset_new(true);
	CK_RV rv = plain != NULL ? CKR_OK : CKR_HOST_MEMORY;

	for (size_t i = 0; rv == CKR_OK && i < stored->count; i++)
		rv = unseal_one(stored, &stored->items[i], key, plain);
	if (rv != CKR_OK) {
		attrset_free(plain);
		return rv;
	}
	*out = plain;
	return CKR_OK;
}
