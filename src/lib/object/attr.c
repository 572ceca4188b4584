#include "config.h"

#include "object/attr.h"

#include "common/reason.h"
#include "object/template.h"
#include "pkcs11/names.h"

#define ANY CK_UNAVAILABLE_INFORMATION

/* Class and sub-type to scope. */
static const struct {
	CK_OBJECT_CLASS class;
	CK_ULONG subtype;
	uint32_t scope;
} scopes[] = {
	{ CKO_DATA, ANY, IN_DATA },
	{ CKO_CERTIFICATE, CKC_X_509, IN_X509 },
	{ CKO_CERTIFICATE, CKC_OPENPGP, IN_PGP },
	{ CKO_PUBLIC_KEY, CKK_RSA, IN_RSA_PUB },
	{ CKO_PUBLIC_KEY, CKK_DSA, IN_DSA_PUB },
	{ CKO_PUBLIC_KEY, CKK_DH, IN_DH_PUB },
	{ CKO_PUBLIC_KEY, CKK_EC, IN_EC_PUB },
	{ CKO_PUBLIC_KEY, CKK_EC_EDWARDS, IN_EC_PUB },
	{ CKO_PUBLIC_KEY, CKK_EC_MONTGOMERY, IN_EC_PUB },
	{ CKO_PUBLIC_KEY, CKK_ML_DSA, IN_MLDSA_PUB },
	{ CKO_PRIVATE_KEY, CKK_RSA, IN_RSA_PRIV },
	{ CKO_PRIVATE_KEY, CKK_DSA, IN_DSA_PRIV },
	{ CKO_PRIVATE_KEY, CKK_DH, IN_DH_PRIV },
	{ CKO_PRIVATE_KEY, CKK_EC, IN_EC_PRIV },
	{ CKO_PRIVATE_KEY, CKK_EC_EDWARDS, IN_EC_PRIV },
	{ CKO_PRIVATE_KEY, CKK_EC_MONTGOMERY, IN_EC_PRIV },
	{ CKO_PRIVATE_KEY, CKK_ML_DSA, IN_MLDSA_PRIV },
	{ CKO_SECRET_KEY, CKK_GENERIC_SECRET, IN_GENERIC },
	{ CKO_SECRET_KEY, CKK_HKDF, IN_GENERIC },
	{ CKO_SECRET_KEY, CKK_MD5_HMAC, IN_GENERIC },
	{ CKO_SECRET_KEY, CKK_SHA_1_HMAC, IN_GENERIC },
	{ CKO_SECRET_KEY, CKK_RIPEMD128_HMAC, IN_GENERIC },
	{ CKO_SECRET_KEY, CKK_RIPEMD160_HMAC, IN_GENERIC },
	{ CKO_SECRET_KEY, CKK_SHA224_HMAC, IN_GENERIC },
	{ CKO_SECRET_KEY, CKK_SHA256_HMAC, IN_GENERIC },
	{ CKO_SECRET_KEY, CKK_SHA384_HMAC, IN_GENERIC },
	{ CKO_SECRET_KEY, CKK_SHA512_HMAC, IN_GENERIC },
	{ CKO_SECRET_KEY, CKK_SHA512_224_HMAC, IN_GENERIC },
	{ CKO_SECRET_KEY, CKK_SHA512_256_HMAC, IN_GENERIC },
	{ CKO_SECRET_KEY, CKK_SHA512_T_HMAC, IN_GENERIC },
	{ CKO_SECRET_KEY, CKK_SHA3_224_HMAC, IN_GENERIC },
	{ CKO_SECRET_KEY, CKK_SHA3_256_HMAC, IN_GENERIC },
	{ CKO_SECRET_KEY, CKK_SHA3_384_HMAC, IN_GENERIC },
	{ CKO_SECRET_KEY, CKK_SHA3_512_HMAC, IN_GENERIC },
	{ CKO_SECRET_KEY, CKK_BLAKE2B_160_HMAC, IN_GENERIC },
	{ CKO_SECRET_KEY, CKK_BLAKE2B_256_HMAC, IN_GENERIC },
	{ CKO_SECRET_KEY, CKK_BLAKE2B_384_HMAC, IN_GENERIC },
	{ CKO_SECRET_KEY, CKK_BLAKE2B_512_HMAC, IN_GENERIC },
	{ CKO_SECRET_KEY, CKK_AES, IN_AES },
	{ CKO_SECRET_KEY, CKK_AES_XTS, IN_AES },
	{ CKO_SECRET_KEY, CKK_CHACHA20, IN_AES },
	{ CKO_SECRET_KEY, CKK_POLY1305, IN_AES },
	{ CKO_SECRET_KEY, CKK_DES, IN_DES },
	{ CKO_SECRET_KEY, CKK_DES2, IN_DES },
	{ CKO_SECRET_KEY, CKK_DES3, IN_DES },
	{ CKO_DOMAIN_PARAMETERS, CKK_DSA, IN_DSA_DOM },
	{ CKO_DOMAIN_PARAMETERS, CKK_DH, IN_DH_DOM },
};

uint32_t attr_scope(CK_OBJECT_CLASS class, CK_ULONG subtype)
{
	for (size_t i = 0; i < ARRAY_LEN(scopes); i++)
		if (scopes[i].class == class &&
		    (scopes[i].subtype == ANY || scopes[i].subtype == subtype))
			return scopes[i].scope;
	return 0;
}

CK_ATTRIBUTE_TYPE attr_subtype(CK_OBJECT_CLASS class)
{
	switch (class) {
	case CKO_CERTIFICATE:
		return CKA_CERTIFICATE_TYPE;
	case CKO_PUBLIC_KEY:
	case CKO_PRIVATE_KEY:
	case CKO_SECRET_KEY:
	case CKO_DOMAIN_PARAMETERS:
		return CKA_KEY_TYPE;
	default:
		return CKA_CLASS;
	}
}

uint32_t attr_scope_of(const struct attrset *object)
{
	CK_OBJECT_CLASS class = attrset_number(object, CKA_CLASS, ANY);
	uint32_t scope = attr_scope(class, attrset_number(object, attr_subtype(class), ANY));

	return scope != 0 ? scope : IN_OTHER;
}

bool attr_hidden(const struct attr_rule *rule, const struct attrset *object)
{
	return (rule->rules & SECRET) != 0 && (attrset_flag(object, CKA_SENSITIVE, true) ||
					       !attrset_flag(object, CKA_EXTRACTABLE, false));
}

CK_RV attr_default(const struct attr_rule *rule, struct attrset *object)
{
	struct attrset *empty;
	CK_RV rv;

	switch (rule->kind) {
	case ATTR_BOOL:
		return attrset_set_flag(object, rule->type, rule->def != 0);
	case ATTR_ULONG:
		return attrset_set_number(object, rule->type, rule->def);
	case ATTR_BYTES:
		return attrset_set_bytes(object, rule->type, NULL, 0);
	case ATTR_MECHS:
		return attrset_set_mechs(object, rule->type, NULL, 0);
	case ATTR_MAP:
		break;
	}
	empty = attrset_new(false);
	if (empty == NULL)
		return CKR_HOST_MEMORY;
	rv = attrset_set_map(object, rule->type, empty);
	attrset_free(empty);
	return rv;
}

CK_RV attr_defaults(uint32_t scope, struct attrset *object)
{
	for (size_t i = 0; i < attr_table_len; i++) {
		const struct attr_rule *rule = &attr_table[i];
		CK_RV rv;

		if ((rule->where & scope) == 0 || (rule->rules & SPARSE) != 0 ||
		    attrset_get(object, rule->type) != NULL)
			continue;
		rv = attr_default(rule, object);
		if (rv != CKR_OK)
			return rv;
	}
	return CKR_OK;
}

CK_RV attr_refuse(CK_ATTRIBUTE_TYPE type, const char *why, CK_RV rv)
{
	const char *name = cka_name(type);

	return name != NULL ? reason(rv, "%s %s", name, why) :
			      reason(rv, "the attribute 0x%lx %s", type, why);
}

/*
 * What each use asks of a row: its "must" and its "must not", and whether the object exists
 * already.
 */
static const struct {
	uint32_t must;
	uint32_t must_not;
	uint32_t needs;		/* one of these, or the attribute is read-only */
} uses[] = {
	[USE_CREATE] = { MUST_CREATE, NOT_CREATE, 0 },
	[USE_GENERATE] = { MUST_GENERATE, NOT_GENERATE, 0 },
	[USE_UNWRAP] = { MUST_UNWRAP, NOT_UNWRAP, 0 },
	/* as if generated; that the template has class and type is build_plan's matter */
	[USE_DERIVE] = { 0, NOT_GENERATE, 0 },
	[USE_COPY] = { 0, 0, MAY_SET | MAY_COPY },
	[USE_SET] = { 0, 0, MAY_SET },
};

static CK_RV check_one_way(enum attr_use use, const struct attr_rule *rule,
			   const struct attrset *object, bool to)
{
	bool now = attrset_flag(object, rule->type, rule->def != 0);

	if (uses[use].needs == 0 || to == now)
		return CKR_OK;
	if ((rule->rules & ONLY_TO_TRUE) != 0 && !to)
		return attr_refuse(rule->type, "cannot become false again",
				   CKR_ATTRIBUTE_READ_ONLY);
	if ((rule->rules & ONLY_TO_FALSE) != 0 && to)
		return attr_refuse(rule->type, "cannot become true again",
				   CKR_ATTRIBUTE_READ_ONLY);
	return CKR_OK;
}

/* May this use give this attribute at all? */
static CK_RV check_rules(enum attr_use use, const struct attr_rule *rule,
			 const struct attrset *object)
{
	if (uses[use].needs != 0) {
		if (!attrset_flag(object, CKA_MODIFIABLE, true))
			return attr_refuse(rule->type, "of an object that is not modifiable",
				      CKR_ATTRIBUTE_READ_ONLY);
		if (attrset_number(object, CKA_CLASS, ANY) == CKO_CERTIFICATE &&
		    attrset_flag(object, CKA_TRUSTED, false))
			return attr_refuse(rule->type, "of a trusted certificate",
				      CKR_ATTRIBUTE_READ_ONLY);
		if ((rule->rules & uses[use].needs) == 0)
			return attr_refuse(rule->type, "is read-only", CKR_ATTRIBUTE_READ_ONLY);
	}
	if ((rule->rules & uses[use].must_not) != 0)
		return attr_refuse(rule->type, "is set by the library", CKR_ATTRIBUTE_READ_ONLY);
	return CKR_OK;
}

/* Tests that need the value itself. */
static CK_RV check_value(enum attr_use use, const struct attr_rule *rule, const struct caller *who,
			 const struct attrset *object, const struct attr *value)
{
	const struct attr *now = attrset_get(object, rule->type);

	if ((rule->rules & IDENTITY) != 0 && now != NULL && !attr_equal(now, value))
		return attr_refuse(rule->type, "contradicts what is made",
				   CKR_TEMPLATE_INCONSISTENT);
	if (value->kind != ATTR_BOOL)
		return CKR_OK;
	if ((rule->rules & SO_SETS_TRUE) != 0 && value->u.flag && !who->so)
		return attr_refuse(rule->type, "can be set only by the security officer",
			      CKR_ATTRIBUTE_READ_ONLY);
	return check_one_way(use, rule, object, value->u.flag);
}

bool attr_given(const CK_ATTRIBUTE *templ, CK_ULONG count, CK_ATTRIBUTE_TYPE type)
{
	for (CK_ULONG i = 0; i < count; i++)
		if (templ[i].type == type)
			return true;
	return false;
}

/* A template that is being applied; see attr_apply. */
struct apply {
	enum attr_use use;
	uint32_t scope;
	const struct caller *who;
	const struct attrset *object;
	const CK_ATTRIBUTE *templ;
	CK_ULONG count;
	struct attrset *changes;
};

/* Entry i again, whose value is the one in changes unless it comes here for the first time. */
static CK_RV check_repeat(const struct apply *a, CK_ULONG i, const struct attr *value)
{
	if (attr_given(a->templ, i, value->type) &&
	    !attr_equal(attrset_get(a->changes, value->type), value))
		return attr_refuse(value->type, "is given twice, with different values",
			      CKR_TEMPLATE_INCONSISTENT);
	return CKR_OK;
}

static CK_RV apply_one(const struct apply *a, CK_ULONG i)
{
	const CK_ATTRIBUTE *given = &a->templ[i];
	const struct attr_rule *rule = attr_rule_find(a->scope, given->type);
	struct attrset *one;
	CK_RV rv;

	if (rule == NULL || (rule->rules & NO_TEMPLATE) != 0)
		return attr_refuse(given->type, "does not belong to such an object",
			      CKR_ATTRIBUTE_TYPE_INVALID);
	one = attrset_new(true);
	if (one == NULL)
		return CKR_HOST_MEMORY;
	rv = template_take(given, rule->kind, one);
	if (rv == CKR_ATTRIBUTE_VALUE_INVALID)
		rv = attr_refuse(given->type, "has a value of the wrong size or form", rv);
	if (rv == CKR_OK)
		rv = check_rules(a->use, rule, a->object);
	if (rv == CKR_OK)
		rv = check_repeat(a, i, &one->items[0]);
	if (rv == CKR_OK)
		rv = check_value(a->use, rule, a->who, a->object, &one->items[0]);
	if (rv == CKR_OK)
		rv = attrset_set(a->changes, &one->items[0]);
	attrset_free(one);
	return rv;
}

/* The rows' own tests, now that every value is in its place. */
static CK_RV check_given(const struct apply *a)
{
	for (CK_ULONG i = 0; i < a->count; i++) {
		const struct attr_rule *rule = attr_rule_find(a->scope, a->templ[i].type);
		CK_RV rv;

		if (rule == NULL || rule->check == NULL)
			continue;
		rv = rule->check(a->changes, attrset_get(a->changes, rule->type));
		if (rv != CKR_OK)
			return attr_refuse(rule->type, "has a value that is not allowed", rv);
	}
	return CKR_OK;
}

static CK_RV check_missing(const struct apply *a)
{
	for (size_t i = 0; i < attr_table_len; i++) {
		const struct attr_rule *rule = &attr_table[i];

		if ((rule->where & a->scope) != 0 && (rule->rules & uses[a->use].must) != 0 &&
		    !attr_given(a->templ, a->count, rule->type))
			return attr_refuse(rule->type, "is missing", CKR_TEMPLATE_INCOMPLETE);
	}
	return CKR_OK;
}

CK_RV attr_apply(enum attr_use use, uint32_t scope, const struct caller *who,
		 const struct attrset *object, const CK_ATTRIBUTE *templ, CK_ULONG count,
		 struct attrset *changes)
{
	const struct apply a = { use, scope, who, object, templ, count, changes };
	CK_RV rv = CKR_OK;

	for (CK_ULONG i = 0; rv == CKR_OK && i < count; i++)
		rv = apply_one(&a, i);
	if (rv == CKR_OK)
		rv = check_given(&a);
	return rv == CKR_OK ? check_missing(&a) : rv;
}
