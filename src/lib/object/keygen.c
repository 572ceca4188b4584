#include "config.h"

#include "common/reason.h"
#include "crypto/mech/mech.h"
#include "object/build.h"
#include "object/object.h"
#include "object/template.h"

/* The class may be left out of the template; what it says must fit the mechanism (section 5.14). */
static CK_RV check_class(const CK_ATTRIBUTE *templ, CK_ULONG count, CK_OBJECT_CLASS want)
{
	CK_OBJECT_CLASS class;

	if (!template_number(templ, count, CKA_CLASS, &class) || class == want)
		return CKR_OK;
	return reason(want == CKO_SECRET_KEY && class != CKO_DOMAIN_PARAMETERS ?
			      CKR_ATTRIBUTE_VALUE_INVALID :
			      CKR_TEMPLATE_INCONSISTENT,
		      "CKA_CLASS is 0x%lx, which the mechanism does not make", class);
}

static CK_RV check_type(const CK_ATTRIBUTE *templ, CK_ULONG count, CK_KEY_TYPE want)
{
	CK_KEY_TYPE type;

	if (want == CK_UNAVAILABLE_INFORMATION ||
	    !template_number(templ, count, CKA_KEY_TYPE, &type) || type == want)
		return CKR_OK;
	return reason(CKR_TEMPLATE_INCONSISTENT,
		      "CKA_KEY_TYPE is 0x%lx, which the mechanism does not make", type);
}

static CK_RV plan(struct build *b, const struct mech *mech, CK_OBJECT_CLASS class,
		  const CK_ATTRIBUTE *templ, CK_ULONG count)
{
	CK_RV rv = check_class(templ, count, class);

	if (rv == CKR_OK)
		rv = check_type(templ, count, mech_makes_type(mech));
	if (rv != CKR_OK)
		return rv;
	b->use = USE_GENERATE;
	b->class = class;
	b->subtype = mech_makes_type(mech);
	return build_plan(b, templ, count);
}

/*
 * What the library says of a key that it has made (section 4.7, CKA_LOCAL; 4.9 and 4.10,
 * CKA_ALWAYS_SENSITIVE).
 */
static CK_RV mark_generated(struct build *b, const struct mech *mech)
{
	struct attrset *a = b->plain;
	CK_RV rv = attrset_set_flag(a, CKA_LOCAL, true);

	if (rv == CKR_OK && b->class != CKO_DOMAIN_PARAMETERS)
		rv = attrset_set_number(a, CKA_KEY_GEN_MECHANISM, mech->type);
	if (rv != CKR_OK || b->class == CKO_PUBLIC_KEY || b->class == CKO_DOMAIN_PARAMETERS)
		return rv;
	rv = attrset_set_flag(a, CKA_ALWAYS_SENSITIVE, attrset_flag(a, CKA_SENSITIVE, false));
	if (rv == CKR_OK)
		rv = attrset_set_flag(a, CKA_NEVER_EXTRACTABLE,
				      !attrset_flag(a, CKA_EXTRACTABLE, false));
	return rv;
}

CK_RV object_generate(struct object_table *t, const struct caller *who, const struct mech *mech,
		      const CK_MECHANISM *param, const CK_ATTRIBUTE *templ, CK_ULONG count,
		      CK_OBJECT_HANDLE *out)
{
	struct build b = { .use = USE_GENERATE };
	CK_RV rv = plan(&b, mech, mech_makes(mech), templ, count);

	if (rv == CKR_OK)
		rv = access_write(who, b.token, b.private);
	if (rv == CKR_OK)
		rv = build_apply(&b, who, templ, count);
	if (rv == CKR_OK)
		rv = mech_generate(mech, param, NULL, b.plain);
	if (rv == CKR_OK)
		rv = mark_generated(&b, mech);
	if (rv == CKR_OK)
		rv = build_store_one(t, who, &b, out);
	build_free(&b);
	return rv;
}

/*
 * Both in one commit where they go to the same place; otherwise one after the other, and the first
 * is undone.
 */
static CK_RV store_pair(struct object_table *t, const struct caller *who, struct build *pub,
			struct build *priv, CK_OBJECT_HANDLE handles[2])
{
	struct build *list[] = { pub, priv };
	struct object *o = NULL;
	CK_RV rv;

	if (pub->token == priv->token)
		return build_store(t, who, list, 2, handles);
	rv = build_store(t, who, &list[0], 1, &handles[0]);
	if (rv != CKR_OK)
		return rv;
	rv = build_store(t, who, &list[1], 1, &handles[1]);
	if (rv != CKR_OK && object_table_get(t, who, handles[0], &o) == CKR_OK) {
		CK_RV undo = object_table_remove(t, o);

		(void)undo;	/* logged by the store; the first error is the answer */
	}
	return rv;
}

static CK_RV plan_pair(const struct caller *who, const struct mech *mech,
		       const struct object_half *pub, const struct object_half *priv,
		       struct build *b)
{
	CK_RV rv = plan(&b[0], mech, CKO_PUBLIC_KEY, pub->templ, pub->count);

	if (rv == CKR_OK)
		rv = plan(&b[1], mech, CKO_PRIVATE_KEY, priv->templ, priv->count);
	if (rv == CKR_OK)
		rv = access_write(who, b[0].token || b[1].token, b[0].private || b[1].private);
	if (rv == CKR_OK)
		rv = build_apply(&b[0], who, pub->templ, pub->count);
	if (rv == CKR_OK)
		rv = build_apply(&b[1], who, priv->templ, priv->count);
	return rv;
}

CK_RV object_generate_pair(struct object_table *t, const struct caller *who,
			   const struct mech *mech, const CK_MECHANISM *param,
			   struct object_half *pub, struct object_half *priv)
{
	struct build b[2] = { { .use = USE_GENERATE }, { .use = USE_GENERATE } };
	CK_OBJECT_HANDLE handles[2] = { CK_INVALID_HANDLE, CK_INVALID_HANDLE };
	CK_RV rv = plan_pair(who, mech, pub, priv, b);

	if (rv == CKR_OK)
		rv = mech_generate(mech, param, b[0].plain, b[1].plain);
	for (size_t i = 0; rv == CKR_OK && i < 2; i++)
		rv = mark_generated(&b[i], mech);
	if (rv == CKR_OK)
		rv = build_public_info(&b[0]);	/* while no lock is held */
	if (rv == CKR_OK) {
		rwlock_write(&t->lock);
		rv = store_pair(t, who, &b[0], &b[1], handles);
		rwlock_drop(&t->lock);
	}
	pub->handle = rv == CKR_OK ? handles[0] : CK_INVALID_HANDLE;
	priv->handle = rv == CKR_OK ? handles[1] : CK_INVALID_HANDLE;
	build_free(&b[0]);
	build_free(&b[1]);
	return rv;
}
