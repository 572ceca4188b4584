#include "config.h"

#include "object/match.h"

#include <openssl/crypto.h>
#include <string.h>

#include "object/attr.h"
#include "object/computed.h"
#include "object/seal.h"
#include "object/template.h"

void match_free(struct match_value *v)
{
	secbuf_free(v->plain);
	attrset_free(v->made);
}

/* A value in clear. */
static void take_plain(const struct attr *a, struct match_value *out)
{
	CK_ATTRIBUTE have = { a->type, out->small, sizeof(out->small) };

	if (a->kind == ATTR_BYTES) {
		out->data = a->u.bytes.data;
		out->len = a->u.bytes.len;
		out->there = true;
	} else if (a->kind == ATTR_BOOL || a->kind == ATTR_ULONG) {
		out->there = template_give(a, &have) == CKR_OK;
		out->data = out->small;
		out->len = have.ulValueLen;
	}
}

/* A damaged value matches nothing. */
static CK_RV take_sealed(const struct object_table *t, const struct object *o, const struct attr *a,
			 struct match_value *out)
{
	CK_RV rv = unseal_bytes(o->attrs, a, t->key, &out->plain);

	if (rv != CKR_OK)
		return rv == CKR_DATA_INVALID ? CKR_OK : rv;
	out->data = out->plain->data;
	out->len = out->plain->len;
	out->there = out->secret = true;
	return CKR_OK;
}

static CK_RV take_computed(const struct object_table *t, struct object *o, CK_ATTRIBUTE_TYPE type,
			   struct match_value *out)
{
	const struct attr *a = NULL;
	CK_RV rv = computed_get(t, o, type, &a);

	if (rv != CKR_OK)
		return rv == CKR_DATA_INVALID ? CKR_OK : rv;
	take_plain(a, out);
	return CKR_OK;
}

static CK_RV take_default(const struct attr_rule *rule, struct match_value *out)
{
	CK_RV rv;

	out->made = attrset_new(false);
	if (out->made == NULL)
		return CKR_HOST_MEMORY;
	rv = attr_default(rule, out->made);
	if (rv == CKR_OK)
		take_plain(&out->made->items[0], out);
	return rv;
}

CK_RV match_value(const struct object_table *t, struct object *o, CK_ATTRIBUTE_TYPE type,
		  struct match_value *out)
{
	const struct attr_rule *rule = attr_rule_find(o->scope, type);
	const struct attr *a = attrset_get(o->attrs, type);

	out->there = out->secret = false;
	out->data = NULL;
	out->len = 0;
	out->plain = NULL;
	out->made = NULL;
	if (rule == NULL || attr_hidden(rule, o->attrs))
		return CKR_OK;
	if (computed_wanted(rule, a))
		return take_computed(t, o, type, out);
	if (a == NULL)
		return take_default(rule, out);
	if (a->kind == ATTR_BYTES && o->private)
		return take_sealed(t, o, a, out);
	take_plain(a, out);
	return CKR_OK;
}

static bool is_equal(const struct match_value *v, const CK_ATTRIBUTE *want)
{
	if (!v->there || v->len != want->ulValueLen)
		return false;
	if (v->len == 0)
		return true;
	return v->secret ? CRYPTO_memcmp(v->data, want->pValue, v->len) == 0 :
			   memcmp(v->data, want->pValue, v->len) == 0;
}

CK_RV match_object(const struct object_table *t, struct object *o, const CK_ATTRIBUTE *templ,
		   CK_ULONG count, bool *out)
{
	*out = true;
	for (int decrypt = 0; decrypt <= 1; decrypt++)
		for (CK_ULONG i = 0; *out && i < count; i++) {
			bool is_bytes = attr_kind_of(templ[i].type) == ATTR_BYTES;
			struct match_value v;
			CK_RV rv;

			if (is_bytes != (decrypt == 1))
				continue;
			rv = match_value(t, o, templ[i].type, &v);
			*out = rv == CKR_OK && is_equal(&v, &templ[i]);
			match_free(&v);
			if (rv != CKR_OK)
				return rv;
		}
	return CKR_OK;
}
