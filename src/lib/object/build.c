#include "config.h"

#include "object/build.h"

#include "common/reason.h"
#include "crypto/key/keytype.h"
#include "object/computed.h"
#include "object/seal.h"
#include "object/template.h"
#include "pkcs11/names.h"

/* A number that names the kind of object: from the template, unless it is known already. */
static CK_RV plan_number(const CK_ATTRIBUTE *templ, CK_ULONG count, CK_ATTRIBUTE_TYPE type,
			 CK_ULONG *out)
{
	CK_ULONG again;

	if (*out != CK_UNAVAILABLE_INFORMATION)
		return CKR_OK;
	if (!attr_given(templ, count, type))
		return reason(CKR_TEMPLATE_INCOMPLETE, "%s is missing", cka_name(type));
	for (CK_ULONG i = 0; i < count; i++) {
		if (templ[i].type != type)
			continue;
		if (!template_number(&templ[i], 1, type, &again))
			return reason(CKR_ATTRIBUTE_VALUE_INVALID, "%s has the wrong size",
				      cka_name(type));
		if (*out != CK_UNAVAILABLE_INFORMATION && *out != again)
			return reason(CKR_TEMPLATE_INCONSISTENT,
				      "%s is given twice, with different values", cka_name(type));
		*out = again;
	}
	return CKR_OK;
}

CK_RV build_plan(struct build *b, const CK_ATTRIBUTE *templ, CK_ULONG count)
{
	CK_RV rv = plan_number(templ, count, CKA_CLASS, &b->class);

	if (rv == CKR_OK && attr_subtype(b->class) != CKA_CLASS)
		rv = plan_number(templ, count, attr_subtype(b->class), &b->subtype);
	if (rv != CKR_OK)
		return rv;
	b->scope = attr_scope(b->class, b->subtype);
	if (b->scope == 0)
		return reason(CKR_ATTRIBUTE_VALUE_INVALID, "%s is 0x%lx: there are no such objects",
			      cka_name(attr_subtype(b->class)),
			      attr_subtype(b->class) == CKA_CLASS ? b->class : b->subtype);
	b->private = attr_rule_find(b->scope, CKA_PRIVATE)->def != 0;
	template_flag(templ, count, CKA_TOKEN, &b->token);
	template_flag(templ, count, CKA_PRIVATE, &b->private);
	return CKR_OK;
}

CK_RV build_apply(struct build *b, const struct caller *who, const CK_ATTRIBUTE *templ,
		  CK_ULONG count)
{
	CK_ATTRIBUTE_TYPE subtype = attr_subtype(b->class);
	CK_ULONG given = count - b->inherited;
	CK_RV rv;

	if (given > (b->use == USE_CREATE ? BUILD_MAX_CREATE : BUILD_MAX_GENERATE))
		return reason(CKR_TEMPLATE_INCONSISTENT, "the template has %lu attributes", given);
	b->plain = attrset_new(true);
	if (b->plain == NULL)
		return CKR_HOST_MEMORY;
	rv = attrset_set_number(b->plain, CKA_CLASS, b->class);
	if (rv == CKR_OK && subtype != CKA_CLASS)
		rv = attrset_set_number(b->plain, subtype, b->subtype);
	if (rv == CKR_OK)
		rv = attr_defaults(b->scope, b->plain);
	if (rv == CKR_OK)
		rv = attr_apply(b->use, b->scope, who, b->plain, templ, count, b->plain);
	if (rv == CKR_OK && !attr_given(templ, count, CKA_CHECK_VALUE))
		attrset_remove(b->plain, CKA_CHECK_VALUE);	/* so that it is computed */
	return rv;
}

/*
 * The first bytes of the hash of the certificate; a given one must be right, an empty one is left
 * empty.
 */
static CK_RV certificate_check_value(struct attrset *plain)
{
	const unsigned char *given = NULL, *der = NULL;
	size_t given_len = 0, der_len = 0;
	unsigned char right[3];
	struct attr a = { .type = CKA_CHECK_VALUE, .kind = ATTR_BYTES };
	bool is_given = attrset_bytes(plain, CKA_CHECK_VALUE, &given, &given_len);
	CK_RV rv;

	if (is_given && given_len == 0)
		return CKR_OK;
	attrset_bytes(plain, CKA_VALUE, &der, &der_len);
	rv = keytype_certificate_check_value(der, der_len, right);
	if (rv != CKR_OK)
		return rv;
	a.u.bytes.data = right;
	a.u.bytes.len = sizeof(right);
	if (!is_given)
		return attrset_set(plain, &a);
	if (attr_equal(&a, attrset_get(plain, CKA_CHECK_VALUE)))
		return CKR_OK;
	return reason(CKR_ATTRIBUTE_VALUE_INVALID,
		      "CKA_CHECK_VALUE does not belong to the certificate");
}

static bool is_empty(const struct attrset *s, CK_ATTRIBUTE_TYPE type)
{
	const unsigned char *data;
	size_t len;

	return !attrset_bytes(s, type, &data, &len) || len == 0;
}

/*
 * An X.509 certificate is in the object, or can be had at an URL, and then its hashes are in the
 * object (section 4.6.3).
 */
static CK_RV check_x509(const struct attrset *plain)
{
	static const CK_ATTRIBUTE_TYPE hashes[] = { CKA_HASH_OF_SUBJECT_PUBLIC_KEY,
						    CKA_HASH_OF_ISSUER_PUBLIC_KEY };

	if (is_empty(plain, CKA_URL))
		return is_empty(plain, CKA_VALUE)
			       ? reason(CKR_TEMPLATE_INCONSISTENT,
					"CKA_VALUE is empty, and so is CKA_URL")
			       : CKR_OK;
	for (size_t i = 0; i < ARRAY_LEN(hashes); i++)
		if (is_empty(plain, hashes[i]))
			return reason(CKR_TEMPLATE_INCONSISTENT, "%s is empty, and CKA_URL is not",
				      cka_name(hashes[i]));
	return CKR_OK;
}

static CK_RV complete_certificate(const struct build *b)
{
	CK_RV rv = b->scope == IN_X509 ? check_x509(b->plain) : CKR_OK;

	return rv == CKR_OK ? certificate_check_value(b->plain) : rv;
}

/* The lengths that a template may give though they follow from the value. */
static const CK_ATTRIBUTE_TYPE lengths[] = { CKA_VALUE_LEN, CKA_VALUE_BITS };

/* Computes what follows from the value. */
static CK_RV complete_key(struct build *b)
{
	uint64_t given[ARRAY_LEN(lengths)];
	CK_RV rv;

	for (size_t i = 0; i < ARRAY_LEN(lengths); i++)
		given[i] = attrset_number(b->plain, lengths[i], 0);
	rv = keytype_complete(b->class, b->subtype, b->plain);
	if (rv == CKR_KEY_TYPE_INCONSISTENT)
		rv = CKR_ATTRIBUTE_VALUE_INVALID;
	for (size_t i = 0; rv == CKR_OK && i < ARRAY_LEN(lengths); i++)
		if (given[i] != 0 && given[i] != attrset_number(b->plain, lengths[i], 0))
			rv = reason(CKR_TEMPLATE_INCONSISTENT, "%s is not that of the value",
				    cka_name(lengths[i]));
	return rv;
}

CK_RV build_public_info(struct build *b)
{
	CK_RV rv = b->informed ? CKR_OK : computed_settle(b->plain);

	b->informed = rv == CKR_OK;
	return rv;
}

/* The value came from outside in clear, or may have (sections 4.9, 4.10). */
static CK_RV mark_known(struct build *b)
{
	CK_RV rv;

	if (b->use == USE_DERIVE || attr_rule_find(b->scope, CKA_NEVER_EXTRACTABLE) == NULL)
		return CKR_OK;
	rv = attrset_set_flag(b->plain, CKA_NEVER_EXTRACTABLE, false);
	return rv == CKR_OK ? attrset_set_flag(b->plain, CKA_ALWAYS_SENSITIVE, false) : rv;
}

CK_RV build_complete(struct build *b)
{
	CK_RV rv;

	if (b->class == CKO_CERTIFICATE)
		return complete_certificate(b);
	if (b->class == CKO_DATA)
		return CKR_OK;
	rv = complete_key(b);
	if (rv == CKR_OK)
		rv = build_public_info(b);
	return rv == CKR_OK ? mark_known(b) : rv;
}

/* What was computed for the public key of a generated pair serves the private key, too. */
static CK_RV share_info(const struct build *pub, struct build *priv)
{
	CK_RV rv;

	if (priv->informed || pub->class != CKO_PUBLIC_KEY || priv->class != CKO_PRIVATE_KEY ||
	    priv->use != USE_GENERATE || !is_empty(priv->plain, CKA_PUBLIC_KEY_INFO))
		return CKR_OK;
	rv = attrset_set(priv->plain, attrset_get(pub->plain, CKA_PUBLIC_KEY_INFO));
	priv->informed = rv == CKR_OK;
	return rv;
}

/* What the object's home keeps; of a session object the plain set itself. */
static CK_RV stored_form(struct build *b, const struct secbuf *key, struct attrset **out)
{
	if (attrset_flag(b->plain, CKA_TOKEN, false))
		return seal_set(b->plain, key, out);
	if (key == NULL && attrset_flag(b->plain, CKA_PRIVATE, true))
		return CKR_USER_NOT_LOGGED_IN;
	*out = attrset_share(b->plain);
	return CKR_OK;
}

CK_RV build_store(struct object_table *t, const struct caller *who, struct build *const *b,
		  size_t n, CK_OBJECT_HANDLE *handles)
{
	struct attrset *sets[STORE_ADD_MAX] = { NULL };
	CK_RV rv = CKR_OK;

	for (size_t i = 0; rv == CKR_OK && i < n; i++) {
		rv = n == 2 && i == 1 ? share_info(b[0], b[1]) : CKR_OK;
		if (rv == CKR_OK)
			rv = build_public_info(b[i]);
		if (rv == CKR_OK)
			rv = attr_defaults(b[i]->scope, b[i]->plain);
		if (rv == CKR_OK)
			rv = stored_form(b[i], t->key, &sets[i]);
	}
	if (rv == CKR_OK)
		return object_table_add(t, who, sets, n, handles);
	for (size_t i = 0; i < n; i++)
		attrset_free(sets[i]);
	return rv;
}

CK_RV build_store_one(struct object_table *t, const struct caller *who, struct build *b,
		      CK_OBJECT_HANDLE *handle)
{
	struct build *list[] = { b };
	CK_RV rv = build_public_info(b);	/* while no lock is held */

	if (rv != CKR_OK)
		return rv;
	rwlock_write(&t->lock);
	rv = build_store(t, who, list, 1, handle);
	rwlock_drop(&t->lock);
	return rv;
}

void build_free(struct build *b)
{
	attrset_free(b->plain);
	b->plain = NULL;
}
