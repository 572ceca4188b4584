/* Keys out of keys: C_DeriveKey. */
#include "config.h"

#include "common/reason.h"
#include "crypto/key/keytype.h"
#include "crypto/mech/derive.h"
#include "object/build.h"
#include "object/inherit.h"
#include "object/object.h"
#include "object/seal.h"
#include "object/template.h"
#include "pkcs11/names.h"

/* One of the objects that a call makes. */
struct child {
	const struct derive_key *key;
	struct inherit_template templ;
	struct build b;
	size_t want;		/* bytes of its value; 0: as many as there are */
};

/* All of them, and what they are made of. */
struct making {
	struct object_table *t;
	const struct caller *who;
	const struct object_use *use;
	const struct mech_derive *how;
	struct derive_key keys[DERIVE_KEYS_MAX];
	struct child children[DERIVE_KEYS_MAX];
	size_t n;
	struct object_key other;
	struct secrecy secrecy;
	struct secbuf *bytes;
	size_t used;		/* of bytes */
};

/* --- the templates --- */

/* What the mechanism decides is left out of the template. */
static void drop(struct inherit_template *m, CK_ATTRIBUTE_TYPE type)
{
	CK_ULONG own = m->count - m->inherited, kept = 0, inherited = 0;

	for (CK_ULONG i = 0; i < m->count; i++) {
		if (m->list[i].type == type)
			continue;
		inherited += i >= own;
		m->list[kept++] = m->list[i];
	}
	m->count = kept;
	m->inherited = inherited;
}

/* How long the template wants the value; 0: it does not say. */
static CK_RV wanted_length(struct child *c, bool data)
{
	const struct inherit_template *templ = &c->templ;
	CK_ULONG len = 0;

	if (c->key->len > 0)
		len = c->key->len;
	else if (!attr_given(templ->list, templ->count, CKA_VALUE_LEN))
		return CKR_OK;
	else if (!template_number(templ->list, templ->count, CKA_VALUE_LEN, &len) || len == 0)
		return reason(CKR_ATTRIBUTE_VALUE_INVALID, "CKA_VALUE_LEN is no length");
	if (len > DERIVE_VALUE_MAX)
		return reason(CKR_ATTRIBUTE_VALUE_INVALID, "CKA_VALUE_LEN: nothing is that long");
	c->want = (size_t)len;
	/* data objects do not have the attribute, but nothing else tells their length */
	if (c->key->type != CK_UNAVAILABLE_INFORMATION || data)
		drop(&c->templ, CKA_VALUE_LEN);
	return CKR_OK;
}

/*
 * Class and key type come from the template; many mechanisms make a generic secret unless the
 * template says otherwise (section 2.31 of the mechanisms), others decide themselves.
 */
static void plan_type(const struct making *m, struct child *c)
{
	const struct inherit_template *templ = &c->templ;
	struct build *b = &c->b;

	b->class = b->subtype = CK_UNAVAILABLE_INFORMATION;
	if (m->how->result == DERIVE_DATA) {
		b->class = CKO_DATA;
	} else if (m->how->result == DERIVE_PUBLIC) {
		b->class = CKO_PUBLIC_KEY;
		b->subtype = m->use->key->type;
	} else if (m->how->inherit || m->how->generic) {
		if (!attr_given(templ->list, templ->count, CKA_CLASS))
			b->class = CKO_SECRET_KEY;
		if (!attr_given(templ->list, templ->count, CKA_KEY_TYPE))
			b->subtype = CKK_GENERIC_SECRET;
	}
	if (c->key->type != CK_UNAVAILABLE_INFORMATION)
		b->subtype = c->key->type;
}

static CK_RV check_length(struct child *c)
{
	size_t fixed = keytype_secret_fixed(c->b.subtype);

	if (c->want == 0)
		c->want = fixed;
	if (c->want != 0 && keytype_secret_fit(c->b.subtype, c->want) != c->want)
		return reason(CKR_ATTRIBUTE_VALUE_INVALID, "CKA_VALUE_LEN: no %s is that long",
			      ckk_name(c->b.subtype));
	return CKR_OK;
}

static CK_RV plan(const struct making *m, struct child *c)
{
	bool secret = m->how->result == DERIVE_SECRET;
	struct build *b = &c->b;
	CK_RV rv = wanted_length(c, m->how->result == DERIVE_DATA);

	if (rv != CKR_OK)
		return rv;
	if (c->key->type != CK_UNAVAILABLE_INFORMATION)
		drop(&c->templ, CKA_KEY_TYPE);
	plan_type(m, c);
	b->use = USE_DERIVE;
	b->inherited = c->templ.inherited;
	rv = build_plan(b, c->templ.list, c->templ.count);
	if (rv == CKR_OK && secret && b->class != CKO_SECRET_KEY)
		return reason(CKR_ATTRIBUTE_VALUE_INVALID,
			      "CKA_CLASS is 0x%lx: only secret keys are derived", b->class);
	return rv == CKR_OK && secret ? check_length(c) : rv;
}

static CK_RV plan_child(const struct making *m, struct child *c, const CK_ATTRIBUTE *templ,
			CK_ULONG count)
{
	CK_RV rv = inherit_template(m->t, m->who, m->use->handle, CKA_DERIVE_TEMPLATE, templ, count,
				    &c->templ);

	if (rv == CKR_OBJECT_HANDLE_INVALID)
		rv = CKR_KEY_HANDLE_INVALID;
	if (rv == CKR_OK)
		rv = plan(m, c);
	if (rv == CKR_OK)
		rv = access_write(m->who, c->b.token, c->b.private);
	if (rv == CKR_OK)
		rv = build_apply(&c->b, m->who, c->templ.list, c->templ.count);
	return rv;
}

/* Several keys are stored together or not at all, so in one place. */
static CK_RV plan_all(struct making *m, const CK_ATTRIBUTE *templ, CK_ULONG count)
{
	CK_RV rv = derive_keys(m->use->mech, m->use->param, m->keys, &m->n);

	for (size_t i = 0; rv == CKR_OK && i < m->n; i++) {
		struct child *c = &m->children[i];
		bool own = m->keys[i].own;

		c->key = &m->keys[i];
		rv = plan_child(m, c, own ? c->key->templ : templ, own ? c->key->count : count);
		if (rv == CKR_OK && c->b.token != m->children[0].b.token)
			rv = reason(CKR_TEMPLATE_INCONSISTENT,
				    "CKA_TOKEN differs between keys that are derived together");
		if (rv == CKR_OK && m->n > 1 && c->want == 0)
			rv = reason(CKR_TEMPLATE_INCOMPLETE, "CKA_VALUE_LEN is missing");
	}
	return rv;
}

/* --- the values --- */

/* The key that the parameter names, and the secrecy of both. */
static CK_RV second_key(struct making *m)
{
	CK_OBJECT_HANDLE h = CK_INVALID_HANDLE;
	struct secrecy more;
	CK_RV rv = derive_other(m->use->mech, m->use->param, &h);

	if (rv != CKR_OK || h == CK_INVALID_HANDLE)
		return rv;
	rv = object_key(m->t, m->who, h, CKA_DERIVE, m->use->mech, &m->other);
	if (rv == CKR_OK)
		rv = inherit_read(m->t, m->who, h, &more);
	if (rv != CKR_OK)
		return reason_within(rv, "the parameter's second key");
	inherit_join(&m->secrecy, &more);
	return CKR_OK;
}

static CK_RV read_keys(struct making *m)
{
	CK_RV rv = inherit_read(m->t, m->who, m->use->handle, &m->secrecy);

	if (rv == CKR_OBJECT_HANDLE_INVALID)
		rv = CKR_KEY_HANDLE_INVALID;
	return rv == CKR_OK ? second_key(m) : rv;
}

/* The next bytes; of more than the key type takes, the mechanism says at which end they are cut. */
static CK_RV take_value(struct making *m, struct child *c)
{
	size_t left = m->bytes->len - m->used, n = c->want;
	unsigned char *from = m->bytes->data + m->used;

	if (n == 0)
		n = c->b.class == CKO_DATA ? left : keytype_secret_fit(c->b.subtype, left);
	if (n == 0)
		return reason(CKR_KEY_SIZE_RANGE, "CKA_VALUE: %zu bytes come out, too few for a %s",
			      left, ckk_name(c->b.subtype));
	if (m->how->keep_end)
		from += left - n;
	m->used += n;
	keytype_secret_mend(c->b.subtype, from, n);
	return attrset_set_bytes(c->b.plain, CKA_VALUE, from, n);
}

/* What the template says of an object that the mechanism makes all of must be true. */
static CK_RV check_given(const struct child *c)
{
	const struct inherit_template *templ = &c->templ;
	CK_RV rv = CKR_OK;

	for (CK_ULONG i = 0; rv == CKR_OK && i < templ->count; i++) {
		const struct attr *now = attrset_get(c->b.plain, templ->list[i].type);
		struct attrset *one = now != NULL ? attrset_new(true) : NULL;

		rv = one != NULL ? template_take(&templ->list[i], now->kind, one) : CKR_HOST_MEMORY;
		if (rv == CKR_OK && !attr_equal(&one->items[0], now))
			rv = attr_refuse(now->type, "is not what the mechanism makes",
					 CKR_TEMPLATE_INCONSISTENT);
		attrset_free(one);
	}
	return rv;
}

/* The curve as the base key names it, which can be done in several ways. The caller owns *out. */
static CK_RV read_curve(const struct making *m, struct attrset **out)
{
	static const CK_ATTRIBUTE_TYPE types[] = { CKA_EC_PARAMS, CK_UNAVAILABLE_INFORMATION };
	struct object *o = NULL;
	CK_RV rv;

	rwlock_write(&m->t->lock);
	rv = object_table_get(m->t, m->who, m->use->handle, &o);
	if (rv == CKR_OK)
		rv = unseal_some(o->attrs, types, m->t->key, out);
	rwlock_drop(&m->t->lock);
	return rv == CKR_OBJECT_HANDLE_INVALID ? CKR_KEY_HANDLE_INVALID : rv;
}

/*
 * By way of a set of their own: an attribute that is there already, if only empty, would be kept.
 */
static CK_RV take_parts(const struct making *m, struct child *c, const struct derive_input *in)
{
	struct attrset *parts = NULL;
	CK_RV rv = read_curve(m, &parts);

	if (rv == CKR_OK)
		rv = derive_parts(m->use->mech, in, parts);

	for (size_t i = 0; rv == CKR_OK && i < parts->count; i++)
		rv = attrset_set(c->b.plain, &parts->items[i]);
	attrset_free(parts);
	return rv;
}

static CK_RV complete(struct making *m, struct child *c, const struct derive_input *in)
{
	bool secret = m->how->result == DERIVE_SECRET;
	CK_RV rv = m->how->parts != NULL ? take_parts(m, c, in) : take_value(m, c);

	if (rv == CKR_OK && secret)
		rv = inherit_apply(c->b.plain, &m->secrecy,
				   derive_kin(m->use->mech) == KIN_INHERIT);
	if (rv == CKR_OK)
		rv = build_complete(&c->b);
	return rv == CKR_OK && !secret ? check_given(c) : rv;
}

static CK_RV store(struct making *m, CK_OBJECT_HANDLE *handles)
{
	struct build *list[DERIVE_KEYS_MAX];
	CK_RV rv;

	for (size_t i = 0; i < m->n; i++)
		list[i] = &m->children[i].b;
	rwlock_write(&m->t->lock);
	rv = build_store(m->t, m->who, list, m->n, handles);
	rwlock_drop(&m->t->lock);
	return rv;
}

static CK_RV make(struct making *m, CK_OBJECT_HANDLE *out)
{
	struct derive_input in = { .param = m->use->param, .base = m->use->key };
	CK_OBJECT_HANDLE handles[DERIVE_KEYS_MAX] = { CK_INVALID_HANDLE };
	CK_RV rv = read_keys(m);

	in.other = m->other.key;
	for (size_t i = 0; i < m->n; i++)
		in.want += m->children[i].want;
	if (rv == CKR_OK && m->how->parts == NULL)
		rv = derive_bytes(m->use->mech, &in, &m->bytes);
	for (size_t i = 0; rv == CKR_OK && i < m->n; i++)
		rv = complete(m, &m->children[i], &in);
	if (rv == CKR_OK && m->n > 0)
		rv = store(m, handles);
	if (rv != CKR_OK)
		return rv;
	if (m->how->finish != NULL)
		m->how->finish(&in, handles, m->bytes->data + m->used, m->bytes->len - m->used);
	if (out != NULL && !m->how->no_handle)
		*out = handles[0];
	return CKR_OK;
}

CK_RV object_derive(struct object_table *t, const struct caller *who, const struct object_use *use,
		    const CK_ATTRIBUTE *templ, CK_ULONG count, CK_OBJECT_HANDLE *out)
{
	struct making m = { .t = t, .who = who, .use = use, .how = use->mech->derive };
	CK_RV rv = plan_all(&m, templ, count);

	if (rv == CKR_OK)
		rv = make(&m, out);
	for (size_t i = 0; i < m.n; i++) {
		build_free(&m.children[i].b);
		inherit_template_free(&m.children[i].templ);
	}
	key_unref(m.other.key);
	secbuf_free(m.bytes);
	return rv;
}
