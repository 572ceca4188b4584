/* Keys that leave and enter the token encrypted: C_WrapKey, C_UnwrapKey. */
#include "config.h"

#include "common/reason.h"
#include "crypto/key/keytype.h"
#include "crypto/mech/wrap.h"
#include "object/attr.h"
#include "object/build.h"
#include "object/decode.h"
#include "object/inherit.h"
#include "object/object.h"
#include "object/seal.h"
#include "object/template.h"
#include "pkcs11/names.h"

/* --- wrapping --- */

/* Does the object have what each entry of the template says? */
static CK_RV check_entry(const struct object_table *t, const struct object *o,
			 const struct attr *entry)
{
	const CK_ATTRIBUTE_TYPE types[] = { entry->type, CK_UNAVAILABLE_INFORMATION };
	struct attrset *plain = NULL;
	CK_RV rv = unseal_some(o->attrs, types, t->key, &plain);
	bool same = rv == CKR_OK && plain->count == 1 && attr_equal(&plain->items[0], entry);
	const char *name = cka_name(entry->type);

	attrset_free(plain);
	if (rv == CKR_OK && !same)
		rv = reason(CKR_KEY_NOT_WRAPPABLE,
			    "%s (0x%lx) differs from the wrapping key's CKA_WRAP_TEMPLATE",
			    name != NULL ? name : "attribute", entry->type);
	return rv;
}

static CK_RV check_wrap_template(const struct object_table *t, const struct object *o,
				 const struct object *with)
{
	const struct attr *a = attrset_get(with->attrs, CKA_WRAP_TEMPLATE);
	CK_RV rv = CKR_OK;

	if (a == NULL || a->kind != ATTR_MAP)
		return CKR_OK;
	for (size_t i = 0; rv == CKR_OK && i < a->u.map->count; i++)
		rv = check_entry(t, o, &a->u.map->items[i]);
	return rv;
}

/* May the key leave, encrypted in that way? (section 5.14, C_WrapKey) */
static CK_RV check_wrappable(const struct object_table *t, const struct object *o,
			     const struct object *with, const struct mech *mech)
{
	bool private = (o->scope & IN_PRIV) != 0;

	if (!private && (o->scope & IN_SEC) == 0)
		return reason(CKR_KEY_NOT_WRAPPABLE,
			      "CKA_CLASS of the key: it is no secret and no private key");
	if (!attrset_flag(o->attrs, CKA_EXTRACTABLE, false))
		return reason(CKR_KEY_UNEXTRACTABLE, "CKA_EXTRACTABLE of the key is false");
	if (attrset_flag(o->attrs, CKA_WRAP_WITH_TRUSTED, false) &&
	    !attrset_flag(with->attrs, CKA_TRUSTED, false))
		return reason(CKR_KEY_NOT_WRAPPABLE, "CKA_WRAP_WITH_TRUSTED of the key is true and "
						     "CKA_TRUSTED of the wrapping key is not");
	if (private && !wrap_takes_private(mech))
		return reason(CKR_KEY_NOT_WRAPPABLE, "%s wraps no private keys",
			      ckm_name(mech->type));
	return check_wrap_template(t, o, with);
}

/* The bytes that are to be encrypted: the value of a secret key, or PKCS#8. */
static CK_RV key_bytes(const struct object_table *t, const struct object *o, struct secbuf **out)
{
	CK_OBJECT_CLASS class = attrset_number(o->attrs, CKA_CLASS, CK_UNAVAILABLE_INFORMATION);
	CK_KEY_TYPE type = attrset_number(o->attrs, CKA_KEY_TYPE, CK_UNAVAILABLE_INFORMATION);
	const CK_ATTRIBUTE_TYPE *parts = keytype_parts(class, type);
	const unsigned char *value = NULL;
	struct attrset *plain = NULL;
	size_t len = 0;
	CK_RV rv;

	if (parts == NULL)
		return reason(CKR_KEY_NOT_WRAPPABLE, "CKA_KEY_TYPE of the key is not known");
	rv = unseal_some(o->attrs, parts, t->key, &plain);
	if (rv == CKR_OK && class == CKO_PRIVATE_KEY) {
		rv = keytype_encode(type, plain, out);
	} else if (rv == CKR_OK) {
		attrset_bytes(plain, CKA_VALUE, &value, &len);
		*out = secbuf_from(value, len);
		rv = *out != NULL ? CKR_OK : CKR_HOST_MEMORY;
	}
	attrset_free(plain);
	if (rv == CKR_KEY_TYPE_INCONSISTENT)
		return CKR_KEY_NOT_WRAPPABLE;
	return rv == CKR_DATA_INVALID || rv == CKR_ATTRIBUTE_VALUE_INVALID ? CKR_DEVICE_ERROR : rv;
}

/*
 * A key that contradicts itself must not leave as one that is right. Of one that OpenSSL cannot use
 * nobody can tell.
 */
static CK_RV check_whole(struct object_table *t, struct object *o)
{
	CK_RV rv = object_decode(t, o);

	if (rv != CKR_KEY_TYPE_INCONSISTENT && rv != CKR_CURVE_NOT_SUPPORTED)
		return rv;
	reason_clear();
	return CKR_OK;
}

static CK_RV take_bytes(struct object_table *t, const struct caller *who, CK_OBJECT_HANDLE with,
			const struct mech *mech, CK_OBJECT_HANDLE h, struct secbuf **out)
{
	struct object *key = NULL, *wrapping = NULL;
	CK_RV rv = object_table_get(t, who, with, &wrapping);

	if (rv == CKR_OBJECT_HANDLE_INVALID)
		return CKR_WRAPPING_KEY_HANDLE_INVALID;
	if (rv == CKR_OK)
		rv = object_table_get(t, who, h, &key);
	if (rv == CKR_OBJECT_HANDLE_INVALID)
		return reason(CKR_KEY_HANDLE_INVALID, "hKey is no object of this token");
	/* the second look-up may have found the first object gone */
	wrapping = handle_get(&t->handles, with);
	if (rv == CKR_OK && wrapping == NULL)
		return CKR_WRAPPING_KEY_HANDLE_INVALID;
	if (rv == CKR_OK)
		rv = check_wrappable(t, key, wrapping, mech);
	if (rv == CKR_OK)
		rv = check_whole(t, key);
	return rv == CKR_OK ? key_bytes(t, key, out) : rv;
}

CK_RV object_wrap(struct object_table *t, const struct caller *who, const struct object_use *use,
		  CK_OBJECT_HANDLE h, CK_BYTE *out, CK_ULONG *out_len)
{
	struct secbuf *bytes = NULL;
	CK_RV rv;

	rwlock_write(&t->lock);
	rv = take_bytes(t, who, use->handle, use->mech, h, &bytes);
	rwlock_drop(&t->lock);
	if (rv == CKR_OK)
		rv = wrap_bytes(use->mech, use->param, use->key, bytes, out, out_len);
	secbuf_free(bytes);
	return rv;
}

/* --- unwrapping --- */

/*
 * How many of the bytes are the key: a mechanism without padding of its own may have filled it up,
 * and then the template's CKA_VALUE_LEN, or the key type, tells.
 */
static CK_RV secret_length(const struct build *b, const struct mech *mech,
			   const struct attrset *plain, size_t have, size_t *out)
{
	bool filled = mech->wrap != NULL && mech->wrap->fill > 0;
	uint64_t want = attrset_number(plain, CKA_VALUE_LEN, 0);
	size_t n = want > 0 && want < have ? (size_t)want : have;

	n = keytype_secret_fit(b->subtype, n);
	if (want > have)
		return reason(CKR_WRAPPED_KEY_LEN_RANGE,
			      "CKA_VALUE_LEN: the wrapped key is shorter");
	if (n == 0 || (n < have && !filled) || (want > 0 && n != want))
		return reason(CKR_WRAPPED_KEY_INVALID,
			      "CKA_VALUE: %zu bytes were wrapped, which is no such key", have);
	*out = n;
	return CKR_OK;
}

/* The unwrapped bytes become the values of the new key. */
static CK_RV set_values(struct build *b, const struct mech *mech, const struct secbuf *bytes)
{
	size_t n = 0;
	CK_RV rv;

	if (b->class == CKO_PRIVATE_KEY)
		return keytype_decode(b->subtype, bytes->data, bytes->len, b->plain);
	rv = secret_length(b, mech, b->plain, bytes->len, &n);
	return rv == CKR_OK ? attrset_set_bytes(b->plain, CKA_VALUE, bytes->data, n) : rv;
}

/* What is wrong with the values themselves is wrong with what was wrapped. */
static CK_RV complete(struct build *b)
{
	struct key *k = NULL;
	CK_RV rv;

	if (b->class == CKO_PRIVATE_KEY)
		rv = keytype_complete(b->class, b->subtype, b->plain);
	else
		rv = keytype_load(b->class, b->subtype, b->plain, &k);
	key_unref(k);
	if (rv != CKR_OK)
		return rv == CKR_HOST_MEMORY ? rv : CKR_WRAPPED_KEY_INVALID;
	return build_complete(b);
}

static CK_RV plan(struct build *b, const struct inherit_template *templ)
{
	CK_RV rv = build_plan(b, templ->list, templ->count);

	if (rv == CKR_OK && b->class != CKO_SECRET_KEY && b->class != CKO_PRIVATE_KEY)
		rv = reason(CKR_ATTRIBUTE_VALUE_INVALID,
			    "CKA_CLASS is 0x%lx: only secret and private keys are unwrapped",
			    b->class);
	return rv;
}

static CK_RV unwrap(struct object_table *t, const struct caller *who, const struct object_use *use,
		    const struct object_blob *blob, const struct inherit_template *templ,
		    CK_OBJECT_HANDLE *out)
{
	struct build b = { .use = USE_UNWRAP, .class = CK_UNAVAILABLE_INFORMATION,
			   .subtype = CK_UNAVAILABLE_INFORMATION,
			   .inherited = templ->inherited };
	struct secbuf *bytes = NULL;
	CK_RV rv = plan(&b, templ);

	if (rv == CKR_OK)
		rv = access_write(who, b.token, b.private);
	if (rv == CKR_OK)
		rv = build_apply(&b, who, templ->list, templ->count);
	if (rv == CKR_OK)
		rv = unwrap_bytes(use->mech, use->param, use->key, blob->data, blob->len, &bytes);
	if (rv == CKR_WRAPPED_KEY_INVALID || rv == CKR_WRAPPED_KEY_LEN_RANGE)
		rv = reason_within(rv, "pWrappedKey");
	if (rv == CKR_OK)
		rv = set_values(&b, use->mech, bytes);
	if (rv == CKR_OK)
		rv = complete(&b);
	if (rv == CKR_OK)
		rv = build_store_one(t, who, &b, out);
	secbuf_free(bytes);
	build_free(&b);
	return rv;
}

CK_RV object_unwrap(struct object_table *t, const struct caller *who, const struct object_use *use,
		    const struct object_blob *blob, const CK_ATTRIBUTE *templ, CK_ULONG count,
		    CK_OBJECT_HANDLE *out)
{
	struct inherit_template merged = { .list = NULL };
	CK_RV rv =
		inherit_template(t, who, use->handle, CKA_UNWRAP_TEMPLATE, templ, count, &merged);

	if (rv == CKR_OBJECT_HANDLE_INVALID)
		rv = CKR_UNWRAPPING_KEY_HANDLE_INVALID;
	if (rv == CKR_OK)
		rv = unwrap(t, who, use, blob, &merged, out);
	inherit_template_free(&merged);
	return rv;
}
