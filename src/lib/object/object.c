#include "config.h"

#include "object/object.h"

#include "common/reason.h"
#include "crypto/key/keytype.h"
#include "object/attr.h"
#include "object/build.h"
#include "object/computed.h"
#include "object/decode.h"
#include "object/seal.h"
#include "object/template.h"
#include "pkcs11/names.h"

CK_RV object_create(struct object_table *t, const struct caller *who, const CK_ATTRIBUTE *templ,
		    CK_ULONG count, CK_OBJECT_HANDLE *out)
{
	struct build b = { .use = USE_CREATE, .class = CK_UNAVAILABLE_INFORMATION,
			   .subtype = CK_UNAVAILABLE_INFORMATION };
	CK_RV rv = build_plan(&b, templ, count);

	if (rv == CKR_OK)
		rv = access_write(who, b.token, b.private);
	if (rv == CKR_OK)
		rv = build_apply(&b, who, templ, count);
	if (rv == CKR_OK)
		rv = build_complete(&b);
	if (rv == CKR_OK)
		rv = build_store_one(t, who, &b, out);
	build_free(&b);
	return rv;
}

/* Puts the changes of a copy into it; those that are tied to the key's value must fit. */
static CK_RV take_changes(struct attrset *plain, const struct attrset *changes)
{
	CK_RV rv = computed_check(attrset_number(plain, CKA_CLASS, CK_UNAVAILABLE_INFORMATION),
				  attrset_number(plain, CKA_KEY_TYPE, CK_UNAVAILABLE_INFORMATION),
				  plain, changes);

	for (size_t i = 0; rv == CKR_OK && i < changes->count; i++)
		rv = attrset_set(plain, &changes->items[i]);
	return rv == CKR_OK ? computed_settle(plain) : rv;
}

/*
 * The copy's attributes in the stored form: the original's, then the template by the rules of
 * copying.
 */
static CK_RV make_copy(struct object_table *t, const struct caller *who, const struct object *o,
		       const CK_ATTRIBUTE *templ, CK_ULONG count, struct attrset **out)
{
	struct attrset *plain = NULL, *changes = attrset_new(true);
	CK_RV rv = changes != NULL ? unseal_set(o->attrs, t->key, &plain) : CKR_HOST_MEMORY;

	if (rv == CKR_OK)
		rv = attr_apply(USE_COPY, o->scope, who, plain, templ, count, changes);
	if (rv == CKR_OK)
		rv = take_changes(plain, changes);
	if (rv == CKR_OK)
		rv = seal_set(plain, t->key, out);
	attrset_free(plain);
	attrset_free(changes);
	return rv == CKR_DATA_INVALID ? CKR_DEVICE_ERROR : rv;
}

/* One of the flags that say what may happen to the object as a whole (section 4.4). */
static CK_RV check_allows(const struct object *o, CK_ATTRIBUTE_TYPE flag)
{
	return attrset_flag(o->attrs, flag, true)
		       ? CKR_OK
		       : attr_refuse(flag, "of the object is false", CKR_ACTION_PROHIBITED);
}

static CK_RV copy_locked(struct object_table *t, const struct caller *who, CK_OBJECT_HANDLE h,
			 const CK_ATTRIBUTE *templ, CK_ULONG count, CK_OBJECT_HANDLE *out)
{
	struct object *o = NULL;
	struct attrset *copy = NULL;
	bool token, private;
	CK_RV rv = object_table_get(t, who, h, &o);

	if (rv != CKR_OK)
		return rv;
	rv = check_allows(o, CKA_COPYABLE);
	if (rv != CKR_OK)
		return rv;
	token = o->home == &t->token;
	private = o->private;
	template_flag(templ, count, CKA_TOKEN, &token);
	template_flag(templ, count, CKA_PRIVATE, &private);
	if (o->private && !private) {
		return reason(CKR_TEMPLATE_INCONSISTENT,
			      "CKA_PRIVATE is false and the original is private");
	}
	rv = access_write(who, token, private);
	if (rv == CKR_OK)
		rv = make_copy(t, who, o, templ, count, &copy);
	if (rv == CKR_OK)
		rv = object_table_add(t, who, &copy, 1, out);
	return rv;
}

CK_RV object_copy(struct object_table *t, const struct caller *who, CK_OBJECT_HANDLE h,
		  const CK_ATTRIBUTE *templ, CK_ULONG count, CK_OBJECT_HANDLE *out)
{
	CK_RV rv;

	rwlock_write(&t->lock);
	rv = copy_locked(t, who, h, templ, count, out);
	rwlock_drop(&t->lock);
	return rv;
}

/* The object behind a handle, if the caller may change it. */
static CK_RV get_writable(struct object_table *t, const struct caller *who, CK_OBJECT_HANDLE h,
			  struct object **out)
{
	CK_RV rv = object_table_get(t, who, h, out);

	return rv == CKR_OK ? access_write(who, (*out)->home == &t->token, (*out)->private) : rv;
}

CK_RV object_destroy(struct object_table *t, const struct caller *who, CK_OBJECT_HANDLE h)
{
	struct object *o = NULL;
	CK_RV rv;

	rwlock_write(&t->lock);
	rv = get_writable(t, who, h, &o);
	if (rv == CKR_OK)
		rv = check_allows(o, CKA_DESTROYABLE);
	if (rv == CKR_OK)
		rv = object_table_remove(t, o);
	rwlock_drop(&t->lock);
	return rv;
}

/* The bytes of one value as it is stored. */
static size_t value_size(const struct attr *a)
{
	size_t n = 0;

	switch (a->kind) {
	case ATTR_BOOL:
		return 1;
	case ATTR_ULONG:
		return 8;
	case ATTR_BYTES:
		return 8 + a->u.bytes.len;
	case ATTR_MECHS:
		return 8 + 8 * a->u.mechs.count;
	case ATTR_MAP:
		for (size_t i = 0; i < a->u.map->count; i++)
			n += 16 + value_size(&a->u.map->items[i]);
		return 8 + n;
	}
	return 0;
}

CK_RV object_size(struct object_table *t, const struct caller *who, CK_OBJECT_HANDLE h,
		  CK_ULONG *out)
{
	struct object *o = NULL;
	CK_RV rv;

	rwlock_write(&t->lock);
	rv = object_table_get(t, who, h, &o);
	if (rv == CKR_OK) {
		*out = 8;
		for (size_t i = 0; i < o->attrs->count; i++)
			*out += 16 + value_size(&o->attrs->items[i]);
	}
	rwlock_drop(&t->lock);
	return rv;
}

/* An attribute that the object should have but that its writer did not store: its default. */
static CK_RV give_default(const struct attr_rule *rule, CK_ATTRIBUTE *to)
{
	struct attrset *one = attrset_new(false);
	CK_RV rv = one != NULL ? attr_default(rule, one) : CKR_HOST_MEMORY;

	if (rv == CKR_OK)
		rv = template_give(&one->items[0], to);
	attrset_free(one);
	return rv;
}

static CK_RV give_computed(const struct object_table *t, struct object *o, CK_ATTRIBUTE *to)
{
	const struct attr *a = NULL;
	CK_RV rv = computed_get(t, o, to->type, &a);

	return rv == CKR_OK ? template_give(a, to) : rv;
}

static CK_RV give_bytes(const struct object_table *t, const struct object *o, const struct attr *a,
			CK_ATTRIBUTE *to)
{
	struct secbuf *bytes = NULL;
	CK_RV rv = unseal_bytes(o->attrs, a, t->key, &bytes);

	if (rv == CKR_OK)
		rv = template_give_bytes(bytes->data, bytes->len, to);
	secbuf_free(bytes);
	return rv;
}

static CK_RV get_one(const struct object_table *t, struct object *o, CK_ATTRIBUTE *to)
{
	const struct attr_rule *rule = attr_rule_find(o->scope, to->type);
	const struct attr *a = attrset_get(o->attrs, to->type);
	CK_RV rv;

	if (rule == NULL)
		return CKR_ATTRIBUTE_TYPE_INVALID;
	if (attr_hidden(rule, o->attrs))
		return CKR_ATTRIBUTE_SENSITIVE;
	if (computed_wanted(rule, a))
		rv = give_computed(t, o, to);
	else if (a == NULL)
		rv = give_default(rule, to);
	else if (a->kind == ATTR_BYTES)
		rv = give_bytes(t, o, a, to);
	else
		rv = template_give(a, to);
	return rv == CKR_DATA_INVALID ? CKR_DEVICE_ERROR : rv;
}

/* The gravest code of several entries is the call's; any other failure outranks these. */
static CK_RV graver(CK_RV a, CK_RV b)
{
	static const CK_RV order[] = { CKR_OK, CKR_BUFFER_TOO_SMALL, CKR_ATTRIBUTE_TYPE_INVALID,
				       CKR_ATTRIBUTE_SENSITIVE };
	size_t i = 0, j = 0;

	while (i < ARRAY_LEN(order) && order[i] != a)
		i++;
	while (j < ARRAY_LEN(order) && order[j] != b)
		j++;
	return i >= j ? a : b;
}

static CK_RV get_all(const struct object_table *t, struct object *o, CK_ATTRIBUTE *templ,
		     CK_ULONG count)
{
	CK_RV rv = CKR_OK;

	for (CK_ULONG i = 0; i < count; i++) {
		CK_RV one = get_one(t, o, &templ[i]);

		if (one != CKR_OK)
			templ[i].ulValueLen = CK_UNAVAILABLE_INFORMATION;
		rv = graver(rv, one);
	}
	return rv;
}

/* Beside other readers, where nothing has to be made first. */
static bool get_shared(struct object_table *t, const struct caller *who, CK_OBJECT_HANDLE h,
		       CK_ATTRIBUTE *templ, CK_ULONG count, CK_RV *rv)
{
	struct object *o;

	if (computed_may_be(templ, count))
		return false;
	rwlock_read(&t->lock);
	o = object_table_peek(t, who, h);
	if (o != NULL)
		*rv = get_all(t, o, templ, count);
	rwlock_drop(&t->lock);
	return o != NULL;
}

CK_RV object_get(struct object_table *t, const struct caller *who, CK_OBJECT_HANDLE h,
		 CK_ATTRIBUTE *templ, CK_ULONG count)
{
	struct object *o = NULL;
	CK_RV rv = CKR_OK;

	if (get_shared(t, who, h, templ, count, &rv))
		return rv;
	rwlock_write(&t->lock);
	rv = object_table_get(t, who, h, &o);
	if (rv == CKR_OK)
		rv = get_all(t, o, templ, count);
	rwlock_drop(&t->lock);
	return rv;
}

/* What an edit of the store needs to know. */
struct set_args {
	const struct object_table *table;
	const struct caller *who;
	uint32_t scope;
	const CK_ATTRIBUTE *templ;
	CK_ULONG count;
};

/* A value that is tied to the key must fit, or be empty. */
static CK_RV check_tied(const struct set_args *s, const struct attrset *attrs,
			const struct attrset *changes)
{
	CK_OBJECT_CLASS class = attrset_number(attrs, CKA_CLASS, CK_UNAVAILABLE_INFORMATION);
	CK_KEY_TYPE type = attrset_number(attrs, CKA_KEY_TYPE, CK_UNAVAILABLE_INFORMATION);
	const CK_ATTRIBUTE_TYPE *parts = keytype_parts(class, type);
	struct attrset *plain = NULL;
	CK_RV rv;

	if (parts == NULL || (attrset_get(changes, CKA_CHECK_VALUE) == NULL &&
			      attrset_get(changes, CKA_PUBLIC_KEY_INFO) == NULL))
		return CKR_OK;
	rv = unseal_some(attrs, parts, s->table->key, &plain);
	if (rv == CKR_OK)
		rv = computed_check(class, type, plain, changes);
	attrset_free(plain);
	return rv;
}

static CK_RV set_edit(struct attrset *attrs, bool *changed, void *arg)
{
	const struct set_args *s = arg;
	struct attrset *changes = attrset_new(true);
	CK_RV rv = changes != NULL ? CKR_OK : CKR_HOST_MEMORY;

	if (rv == CKR_OK)
		rv = attr_apply(USE_SET, s->scope, s->who, attrs, s->templ, s->count, changes);
	if (rv == CKR_OK)
		rv = check_tied(s, attrs, changes);
	for (size_t i = 0; rv == CKR_OK && i < changes->count; i++)
		rv = seal_attr(attrs, &changes->items[i], s->table->key);
	*changed = s->count > 0;
	attrset_free(changes);
	return rv == CKR_DATA_INVALID ? CKR_DEVICE_ERROR : rv;
}

CK_RV object_set(struct object_table *t, const struct caller *who, CK_OBJECT_HANDLE h,
		 const CK_ATTRIBUTE *templ, CK_ULONG count)
{
	struct set_args s = { .table = t, .who = who, .templ = templ, .count = count };
	struct object *o = NULL;
	CK_RV rv;

	rwlock_write(&t->lock);
	rv = get_writable(t, who, h, &o);
	if (rv == CKR_OK)
		rv = check_allows(o, CKA_MODIFIABLE);
	if (rv == CKR_OK) {
		s.scope = o->scope;
		rv = object_edit(t, o, set_edit, &s);
	}
	rwlock_drop(&t->lock);
	return rv;
}

static bool is_allowed(const struct attrset *attrs, CK_MECHANISM_TYPE type)
{
	const struct attr *a = attrset_get(attrs, CKA_ALLOWED_MECHANISMS);

	if (a == NULL || a->kind != ATTR_MECHS || a->u.mechs.count == 0)
		return true;
	for (size_t i = 0; i < a->u.mechs.count; i++)
		if (a->u.mechs.list[i] == type)
			return true;
	return false;
}

/* May the key be used so? Decodes it if it may. */
static CK_RV grant_key(struct object_table *t, struct object *o, CK_ATTRIBUTE_TYPE usage,
		       const struct mech *mech)
{
	CK_KEY_TYPE type = attrset_number(o->attrs, CKA_KEY_TYPE, CK_UNAVAILABLE_INFORMATION);
	const struct attr_rule *rule = attr_rule_find(o->scope, usage);
	CK_RV rv;

	if ((o->scope & IN_KEYS) == 0)
		return reason(CKR_KEY_HANDLE_INVALID, "the object is no key");
	if (usage != 0 && (rule == NULL || !attrset_flag(o->attrs, usage, rule->def != 0)))
		return reason(CKR_KEY_FUNCTION_NOT_PERMITTED, "%s of the key is not true",
			      cka_name(usage));
	if (mech == NULL || !is_allowed(o->attrs, mech->type))
		return reason(CKR_MECHANISM_INVALID,
			      "CKA_ALLOWED_MECHANISMS of the key does not have it");
	if (!mech_takes(mech, type))
		return reason(CKR_KEY_TYPE_INCONSISTENT,
			      "the mechanism takes no keys whose CKA_KEY_TYPE is 0x%lx", type);
	rv = object_decode(t, o);
	if (rv == CKR_OK)
		o->granted = (struct object_grant){
			mech, usage, attrset_flag(o->attrs, CKA_ALWAYS_AUTHENTICATE, false)
		};
	return rv;
}

static bool is_granted(const struct object *o, CK_ATTRIBUTE_TYPE usage, const struct mech *mech)
{
	return mech != NULL && o->granted.mech == mech && o->granted.usage == usage;
}

static void give_key(const struct object *o, struct object_key *out)
{
	out->key = key_ref(o->key);
	out->private = o->private;
	out->always_authenticate = o->granted.always_authenticate;
}

static CK_RV key_locked(struct object_table *t, struct object *o, CK_ATTRIBUTE_TYPE usage,
			const struct mech *mech, struct object_key *out)
{
	CK_RV rv = is_granted(o, usage, mech) ? CKR_OK : grant_key(t, o, usage, mech);

	if (rv == CKR_OK)
		give_key(o, out);
	return rv;
}

/* As object_table_get; only keys are taken, and the code says so. */
static CK_RV get_key(struct object_table *t, const struct caller *who, CK_OBJECT_HANDLE h,
		     struct object **out)
{
	CK_RV rv = object_table_get(t, who, h, out);

	return rv == CKR_OBJECT_HANDLE_INVALID ? CKR_KEY_HANDLE_INVALID : rv;
}

/* A key that was used so before, by any number of threads at once. */
static bool key_again(struct object_table *t, const struct caller *who, CK_OBJECT_HANDLE h,
		      CK_ATTRIBUTE_TYPE usage, const struct mech *mech, struct object_key *out)
{
	const struct object *o;
	bool found;

	rwlock_read(&t->lock);
	o = object_table_peek(t, who, h);
	found = o != NULL && is_granted(o, usage, mech);
	if (found)
		give_key(o, out);
	rwlock_drop(&t->lock);
	return found;
}

CK_RV object_key(struct object_table *t, const struct caller *who, CK_OBJECT_HANDLE h,
		 CK_ATTRIBUTE_TYPE usage, const struct mech *mech, struct object_key *out)
{
	struct object *o = NULL;
	CK_RV rv;

	if (key_again(t, who, h, usage, mech, out))
		return CKR_OK;
	rwlock_write(&t->lock);
	rv = get_key(t, who, h, &o);
	if (rv == CKR_OK)
		rv = key_locked(t, o, usage, mech, out);
	rwlock_drop(&t->lock);
	return rv;
}

static bool is_digestible(const struct object *o, bool weak)
{
	return (o->scope & IN_SEC) != 0 &&
	       !(weak && attr_hidden(attr_rule_find(o->scope, CKA_VALUE), o->attrs));
}

CK_RV object_digestible(struct object_table *t, const struct caller *who, CK_OBJECT_HANDLE h,
			bool weak, struct key **out)
{
	struct object *o = NULL;
	CK_RV rv;

	rwlock_write(&t->lock);
	rv = get_key(t, who, h, &o);
	if (rv == CKR_OK && !is_digestible(o, weak))
		rv = CKR_KEY_INDIGESTIBLE;
	if (rv == CKR_OK)
		rv = object_decode(t, o);
	if (rv == CKR_OK)
		*out = key_ref(o->key);
	rwlock_drop(&t->lock);
	return rv;
}
