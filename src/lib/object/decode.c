#include "config.h"

#include "object/decode.h"

#include "common/reason.h"
#include "crypto/key/keytype.h"
#include "crypto/ossl/ossl.h"
#include "object/seal.h"

/* What tells whether it is the right key. */
static const CK_ATTRIBUTE_TYPE witnesses[] = { CKA_CHECK_VALUE, CKA_PUBLIC_KEY_INFO,
					       CK_UNAVAILABLE_INFORMATION };

/* A list with all parts of the key and the witnesses. */
static void join(const CK_ATTRIBUTE_TYPE *parts,
		 CK_ATTRIBUTE_TYPE out[KEYTYPE_PARTS + ARRAY_LEN(witnesses)])
{
	size_t n = 0;

	while (parts[n] != CK_UNAVAILABLE_INFORMATION) {
		out[n] = parts[n];
		n++;
	}
	for (size_t i = 0; i < ARRAY_LEN(witnesses); i++)
		out[n + i] = witnesses[i];
}

static CK_RV build_key(CK_OBJECT_CLASS class, CK_KEY_TYPE type, const struct attrset *plain,
		       struct key **out)
{
	struct key *k = NULL;
	CK_RV rv = keytype_load(class, type, plain, &k);

	if (rv == CKR_OK)
		rv = keytype_agrees(k, plain);
	if (rv != CKR_OK) {
		key_unref(k);
		return rv;
	}
	*out = k;
	return CKR_OK;
}

CK_RV object_decode(struct object_table *t, struct object *o)
{
	CK_OBJECT_CLASS class = attrset_number(o->attrs, CKA_CLASS, CK_UNAVAILABLE_INFORMATION);
	CK_KEY_TYPE type = attrset_number(o->attrs, CKA_KEY_TYPE, CK_UNAVAILABLE_INFORMATION);
	const CK_ATTRIBUTE_TYPE *parts = keytype_parts(class, type);
	CK_ATTRIBUTE_TYPE wanted[KEYTYPE_PARTS + ARRAY_LEN(witnesses)];
	struct attrset *plain = NULL;
	CK_RV rv;

	if (o->key != NULL)
		return CKR_OK;
	if (parts == NULL)
		return reason(CKR_KEY_TYPE_INCONSISTENT, "keys of type 0x%lx cannot be used", type);
	ossl_touch();
	join(parts, wanted);
	rv = unseal_some(o->attrs, wanted, t->key, &plain);
	if (rv == CKR_OK)
		rv = build_key(class, type, plain, &o->key);
	attrset_free(plain);
	return rv == CKR_DATA_INVALID || rv == CKR_ATTRIBUTE_VALUE_INVALID ? CKR_DEVICE_ERROR : rv;
}
