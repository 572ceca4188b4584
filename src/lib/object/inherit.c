#include "config.h"

#include "object/inherit.h"

#include <stdlib.h>
#include <string.h>

#include "common/reason.h"
#include "object/template.h"
#include "pkcs11/names.h"

/* No template of any use is longer; the rules say more precisely how many are allowed. */
#define MAX_COUNT 4096

/* --- templates --- */

/* Where the value of a stored entry that has another form with the caller is kept. */
struct inherit_value {
	CK_BBOOL flag;
	CK_ULONG number;
	CK_MECHANISM_TYPE *mechs;
};

/* Copies the object's own template; *out stays NULL when it has none. */
static CK_RV copy_stored(struct object_table *t, const struct caller *who, CK_OBJECT_HANDLE h,
			 CK_ATTRIBUTE_TYPE type, struct attrset **out)
{
	struct object *o = NULL;
	const struct attr *a = NULL;
	CK_RV rv;

	rwlock_write(&t->lock);
	rv = object_table_get(t, who, h, &o);
	if (rv == CKR_OK)
		a = attrset_get(o->attrs, type);
	if (a != NULL && a->kind == ATTR_MAP && a->u.map->count > 0) {
		*out = attrset_dup(a->u.map, false);
		rv = *out != NULL ? CKR_OK : CKR_HOST_MEMORY;
	}
	rwlock_drop(&t->lock);
	return rv;
}

/* Does the caller's value say the same? One that cannot be taken is left to the attribute rules. */
static CK_RV agrees(const struct attr *stored, const CK_ATTRIBUTE *given)
{
	struct attrset *one = attrset_new(true);
	CK_RV rv = one != NULL ? template_take(given, stored->kind, one) : CKR_HOST_MEMORY;
	const char *name = cka_name(stored->type);

	if (rv == CKR_OK && !attr_equal(&one->items[0], stored))
		rv = reason(CKR_TEMPLATE_INCONSISTENT,
			    "%s (0x%lx) is not what the template of the other key says",
			    name != NULL ? name : "attribute", stored->type);
	attrset_free(one);
	return rv;
}

static CK_RV as_mechs(struct inherit_value *v, const struct attr *a, CK_ATTRIBUTE *to)
{
	size_t n = a->u.mechs.count;

	v->mechs = calloc(n + 1, sizeof(*v->mechs));
	if (v->mechs == NULL)
		return CKR_HOST_MEMORY;
	for (size_t i = 0; i < n; i++)
		v->mechs[i] = (CK_MECHANISM_TYPE)a->u.mechs.list[i];
	to->pValue = v->mechs;
	to->ulValueLen = n * sizeof(*v->mechs);
	return CKR_OK;
}

/* A stored value as the rules take it: an attribute of the caller's. */
static CK_RV as_attribute(struct inherit_template *m, const struct attr *a)
{
	struct inherit_value *v = &m->values[m->count];
	CK_ATTRIBUTE *to = &m->list[m->count++];

	to->type = a->type;
	switch (a->kind) {
	case ATTR_BOOL:
		v->flag = a->u.flag ? CK_TRUE : CK_FALSE;
		to->pValue = &v->flag;
		to->ulValueLen = sizeof(v->flag);
		return CKR_OK;
	case ATTR_ULONG:
		v->number = (CK_ULONG)a->u.number;
		to->pValue = &v->number;
		to->ulValueLen = sizeof(v->number);
		return CKR_OK;
	case ATTR_BYTES:
		to->pValue = a->u.bytes.data;
		to->ulValueLen = a->u.bytes.len;
		return CKR_OK;
	case ATTR_MECHS:
		return as_mechs(v, a, to);
	case ATTR_MAP:
		break;
	}
	return CKR_GENERAL_ERROR;	/* no set holds a template inside a template */
}

/* One stored entry: added, unless the caller gives it, too. */
static CK_RV merge_one(struct inherit_template *m, const struct attr *a, const CK_ATTRIBUTE *templ,
		       CK_ULONG count)
{
	CK_RV rv = CKR_OK;

	if (!attr_given(templ, count, a->type))
		return as_attribute(m, a);
	for (CK_ULONG i = 0; rv == CKR_OK && i < count; i++)
		if (templ[i].type == a->type)
			rv = agrees(a, &templ[i]);
	return rv;
}

static CK_RV merge(struct inherit_template *m, const CK_ATTRIBUTE *templ, CK_ULONG count)
{
	CK_RV rv = CKR_OK;

	for (size_t i = 0; rv == CKR_OK && i < m->stored->count; i++)
		rv = merge_one(m, &m->stored->items[i], templ, count);
	return rv;
}

CK_RV inherit_template(struct object_table *t, const struct caller *who, CK_OBJECT_HANDLE h,
		       CK_ATTRIBUTE_TYPE type, const CK_ATTRIBUTE *templ, CK_ULONG count,
		       struct inherit_template *out)
{
	CK_RV rv = copy_stored(t, who, h, type, &out->stored);
	size_t room = out->stored != NULL ? out->stored->count : 0;

	if (rv != CKR_OK)
		return rv;
	if (count > MAX_COUNT)
		return reason(CKR_TEMPLATE_INCONSISTENT, "the template has %lu attributes", count);
	out->list = calloc(count + room + 1, sizeof(*out->list));
	out->values = calloc(count + room + 1, sizeof(*out->values));
	if (out->list == NULL || out->values == NULL)
		return CKR_HOST_MEMORY;
	if (count > 0)
		memcpy(out->list, templ, count * sizeof(*templ));
	out->count = count;
	if (room > 0)
		rv = merge(out, templ, count);
	out->inherited = out->count - count;
	return rv;
}

void inherit_template_free(struct inherit_template *m)
{
	for (CK_ULONG i = 0; m->values != NULL && i < m->count; i++)
		free(m->values[i].mechs);
	free(m->values);
	free(m->list);
	attrset_free(m->stored);
}

/* --- secrecy --- */

CK_RV inherit_read(struct object_table *t, const struct caller *who, CK_OBJECT_HANDLE h,
		   struct secrecy *out)
{
	struct object *o = NULL;
	CK_RV rv;

	rwlock_write(&t->lock);
	rv = object_table_get(t, who, h, &o);
	if (rv == CKR_OK)
		*out = (struct secrecy){
			.sensitive = attrset_flag(o->attrs, CKA_SENSITIVE, true),
			.extractable = attrset_flag(o->attrs, CKA_EXTRACTABLE, false),
			.always_sensitive = attrset_flag(o->attrs, CKA_ALWAYS_SENSITIVE, false),
			.never_extractable = attrset_flag(o->attrs, CKA_NEVER_EXTRACTABLE, false),
		};
	rwlock_drop(&t->lock);
	return rv;
}

void inherit_join(struct secrecy *a, const struct secrecy *b)
{
	a->sensitive = a->sensitive || b->sensitive;
	a->extractable = a->extractable && b->extractable;
	a->always_sensitive = a->always_sensitive && b->always_sensitive;
	a->never_extractable = a->never_extractable && b->never_extractable;
}

CK_RV inherit_apply(struct attrset *key, const struct secrecy *base, bool all)
{
	bool sensitive = attrset_flag(key, CKA_SENSITIVE, false);
	bool extractable = attrset_flag(key, CKA_EXTRACTABLE, false);
	CK_RV rv;

	if (all) {
		sensitive = sensitive || base->sensitive;
		extractable = extractable && base->extractable;
	}
	rv = attrset_set_flag(key, CKA_SENSITIVE, sensitive);
	if (rv == CKR_OK)
		rv = attrset_set_flag(key, CKA_EXTRACTABLE, extractable);
	if (rv == CKR_OK)
		rv = attrset_set_flag(key, CKA_ALWAYS_SENSITIVE,
				      base->always_sensitive && (all || sensitive));
	if (rv == CKR_OK)
		rv = attrset_set_flag(key, CKA_NEVER_EXTRACTABLE,
				      base->never_extractable && (all || !extractable));
	return rv;
}
