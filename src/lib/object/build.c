#include "config.h"

#include "object/build.h"

#include "common/log.h"
#include "crypto/keytype.h"
#include "object/seal.h"
#include "object/template.h"

/* A number that names the kind of object: from the template, unless it is known already. */
static CK_RV plan_number(const CK_ATTRIBUTE *templ, CK_ULONG count, CK_ATTRIBUTE_TYPE type,
			 CK_ULONG *out)
{
	if (*out != CK_UNAVAILABLE_INFORMATION || template_number(templ, count, type, out))
		return CKR_OK;
	log_warning("template: 0x%lx, which says what to make, is missing or has the wrong size",
		    type);
	return attr_given(templ, count, type) ? CKR_ATTRIBUTE_VALUE_INVALID
					      : CKR_TEMPLATE_INCOMPLETE;
}

CK_RV build_plan(struct build *b, const CK_ATTRIBUTE *templ, CK_ULONG count)
{
	CK_RV rv = plan_number(templ, count, CKA_CLASS, &b->class);

	if (rv == CKR_OK && attr_subtype(b->class) != CKA_CLASS)
		rv = plan_number(templ, count, attr_subtype(b->class), &b->subtype);
	if (rv != CKR_OK)
		return rv;
	b->scope = attr_scope(b->class, b->subtype);
	if (b->scope == 0) {
		log_warning("template: no objects of class 0x%lx, type 0x%lx", b->class,
			    b->subtype);
		return CKR_ATTRIBUTE_VALUE_INVALID;
	}
	b->private = attr_rule_find(b->scope, CKA_PRIVATE)->def != 0;
	template_flag(templ, count, CKA_TOKEN, &b->token);
	template_flag(templ, count, CKA_PRIVATE, &b->private);
	return CKR_OK;
}

CK_RV build_apply(struct build *b, const struct caller *who, const CK_ATTRIBUTE *templ,
		  CK_ULONG count)
{
	CK_ATTRIBUTE_TYPE subtype = attr_subtype(b->class);
	CK_RV rv;

	if (count > (b->use == USE_CREATE ? BUILD_MAX_CREATE : BUILD_MAX_GENERATE)) {
		log_warning("template: %lu attributes are too many", count);
		return CKR_TEMPLATE_INCONSISTENT;
	}
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
	log_warning("create: CKA_CHECK_VALUE does not belong to the certificate");
	return CKR_ATTRIBUTE_VALUE_INVALID;
}

CK_RV build_complete(struct build *b)
{
	CK_RV rv;

	if (b->class == CKO_CERTIFICATE)
		return certificate_check_value(b->plain);
	if (b->class == CKO_DATA)
		return CKR_OK;
	rv = keytype_complete(b->class, b->subtype, b->plain);
	if (rv == CKR_KEY_TYPE_INCONSISTENT)
		rv = CKR_ATTRIBUTE_VALUE_INVALID;
	if (rv == CKR_OK && attr_rule_find(b->scope, CKA_NEVER_EXTRACTABLE) != NULL)
		rv = attrset_set_flag(b->plain, CKA_NEVER_EXTRACTABLE, false);
	return rv;
}

CK_RV build_store(struct object_table *t, const struct caller *who, struct build *const *b,
		  size_t n, CK_OBJECT_HANDLE *handles)
{
	struct attrset *sets[2] = { NULL, NULL };
	CK_RV rv = CKR_OK;

	for (size_t i = 0; rv == CKR_OK && i < n; i++) {
		rv = attr_defaults(b[i]->scope, b[i]->plain);
		if (rv == CKR_OK)
			rv = seal_set(b[i]->plain, t->key, &sets[i]);
	}
	if (rv == CKR_OK)
		return object_table_add(t, who, sets, n, handles);
	for (size_t i = 0; i < n; i++)
		attrset_free(sets[i]);
	return rv;
}

void build_free(struct build *b)
{
	attrset_free(b->plain);
	b->plain = NULL;
}
