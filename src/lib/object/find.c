#include "config.h"

#include <openssl/crypto.h>
#include <stdlib.h>
#include <string.h>

#include "object/attr.h"
#include "object/computed.h"
#include "object/object.h"
#include "object/seal.h"
#include "object/template.h"

/*
 * Compares a plain stored value with the caller's; templates and mechanism lists never match, as in
 * the reference.
 */
static bool matches_plain(const struct attr *a, const CK_ATTRIBUTE *want)
{
	CK_ATTRIBUTE have = { .type = want->type };
	unsigned char value[sizeof(CK_ULONG)];

	if (a->kind == ATTR_BYTES)
		return a->u.bytes.len == want->ulValueLen &&
		       (want->ulValueLen == 0 ||
			memcmp(a->u.bytes.data, want->pValue, want->ulValueLen) == 0);
	if (a->kind != ATTR_BOOL && a->kind != ATTR_ULONG)
		return false;
	have.pValue = value;
	have.ulValueLen = sizeof(value);
	return template_give(a, &have) == CKR_OK && have.ulValueLen == want->ulValueLen &&
	       memcmp(value, want->pValue, have.ulValueLen) == 0;
}

/* A byte string of a private object: decrypted to compare. A damaged one matches nothing. */
static CK_RV matches_bytes(const struct object_table *t, const struct object *o,
			   const struct attr *a, const CK_ATTRIBUTE *want, bool *out)
{
	struct secbuf *bytes = NULL;
	CK_RV rv = unseal_bytes(o->attrs, a, t->key, &bytes);

	*out = rv == CKR_OK && bytes->len == want->ulValueLen &&
	       (bytes->len == 0 || CRYPTO_memcmp(bytes->data, want->pValue, bytes->len) == 0);
	secbuf_free(bytes);
	return rv == CKR_DATA_INVALID ? CKR_OK : rv;
}

static CK_RV matches_computed(const struct object_table *t, struct object *o,
			      const CK_ATTRIBUTE *want, bool *out)
{
	const struct attr *a = NULL;
	CK_RV rv = computed_get(t, o, want->type, &a);

	*out = rv == CKR_OK && matches_plain(a, want);
	return rv == CKR_DATA_INVALID ? CKR_OK : rv;
}

static CK_RV matches_default(const struct attr_rule *rule, const CK_ATTRIBUTE *want, bool *out)
{
	struct attrset *one = attrset_new(false);
	CK_RV rv = one != NULL ? attr_default(rule, one) : CKR_HOST_MEMORY;

	if (rv == CKR_OK)
		*out = matches_plain(&one->items[0], want);
	attrset_free(one);
	return rv;
}

/* Does the object have that value? A value that could not be read cannot be searched for either. */
static CK_RV matches_one(const struct object_table *t, struct object *o, const CK_ATTRIBUTE *want,
			 bool *out)
{
	const struct attr_rule *rule = attr_rule_find(o->scope, want->type);
	const struct attr *a = attrset_get(o->attrs, want->type);

	*out = false;
	if (rule == NULL || attr_hidden(rule, o->attrs))
		return CKR_OK;
	if (computed_wanted(rule, a))
		return matches_computed(t, o, want, out);
	if (a == NULL)
		return matches_default(rule, want, out);
	if (a->kind == ATTR_BYTES && o->private)
		return matches_bytes(t, o, a, want, out);
	*out = matches_plain(a, want);
	return CKR_OK;
}

/* Clear values are compared before anything is decrypted. */
static CK_RV matches(const struct object_table *t, struct object *o, const CK_ATTRIBUTE *templ,
		     CK_ULONG count, bool *out)
{
	*out = true;
	for (int decrypt = 0; decrypt <= 1; decrypt++)
		for (CK_ULONG i = 0; *out && i < count; i++) {
			bool is_bytes = attr_kind_of(templ[i].type) == ATTR_BYTES;
			CK_RV rv;

			if (is_bytes != (decrypt == 1))
				continue;
			rv = matches_one(t, o, &templ[i], out);
			if (rv != CKR_OK)
				return rv;
		}
	return CKR_OK;
}

/* Room for one handle more. */
static CK_RV grow(struct object_list *list, size_t *cap)
{
	size_t want = *cap == 0 ? 16 : *cap * 2;
	CK_OBJECT_HANDLE *p;

	if (list->count < *cap)
		return CKR_OK;
	p = reallocarray(list->handles, want, sizeof(*p));
	if (p == NULL)
		return CKR_HOST_MEMORY;
	list->handles = p;
	*cap = want;
	return CKR_OK;
}

static CK_RV collect(struct object_table *t, const struct caller *who, const CK_ATTRIBUTE *templ,
		     CK_ULONG count, struct object_list *list)
{
	struct object *next;
	size_t cap = 0;
	CK_RV rv = CKR_OK;

	for (struct object *o = t->first; rv == CKR_OK && o != NULL; o = next) {
		bool hit = false;

		next = o->next;
		if (o->private && !who->user)
			continue;
		rv = object_freshen(t, o);
		if (rv == CKR_OBJECT_HANDLE_INVALID) {
			rv = CKR_OK;	/* destroyed by somebody else since the listing */
			continue;
		}
		if (rv == CKR_OK)
			rv = matches(t, o, templ, count, &hit);
		if (rv == CKR_OK && hit)
			rv = grow(list, &cap);
		if (rv == CKR_OK && hit)
			rv = object_handle(t, o, &list->handles[list->count++]);
	}
	return rv;
}

static int by_value(const void *a, const void *b)
{
	const CK_OBJECT_HANDLE *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

CK_RV object_find(struct object_table *t, const struct caller *who, const CK_ATTRIBUTE *templ,
		  CK_ULONG count, struct object_list *out)
{
	struct object_list list = { NULL, 0 };
	CK_RV rv;

	for (CK_ULONG i = 0; i < count; i++)
		if (templ[i].pValue == NULL && templ[i].ulValueLen > 0)
			return attr_refuse(templ[i].type, "has a length and no value",
					   CKR_ATTRIBUTE_VALUE_INVALID);
	lock_take(&t->lock);
	rv = object_table_refresh(t);
	if (rv == CKR_OK)
		rv = collect(t, who, templ, count, &list);
	lock_drop(&t->lock);
	if (rv != CKR_OK) {
		free(list.handles);
		return rv;
	}
	if (list.count > 1)
		qsort(list.handles, list.count, sizeof(*list.handles), by_value);
	*out = list;
	return CKR_OK;
}
