#include "config.h"

#include "maintain/pairs.h"

#include <stdlib.h>
#include <string.h>

#include "crypto/key/keytype.h"

struct pair_half {
	CK_OBJECT_CLASS class;
	CK_KEY_TYPE type;
	struct buf id;
	struct buf der;			/* SubjectPublicKeyInfo */
	struct attrset *public;		/* the parts of a public key, else NULL */
	char *path;
};

static void half_free(struct pair_half *h)
{
	buf_free(&h->id);
	buf_free(&h->der);
	attrset_free(h->public);
	free(h->path);
}

void pairs_free(struct pairs *p)
{
	for (size_t i = 0; i < p->count; i++)
		half_free(&p->list[i]);
	free(p->list);
	*p = (struct pairs)PAIRS_INIT;
}

CK_RV pairs_parts(CK_OBJECT_CLASS class, CK_KEY_TYPE type, const struct attrset *plain, bool secret,
		  struct attrset **out)
{
	const CK_ATTRIBUTE_TYPE *types = keytype_parts(class, type);
	struct attrset *parts = attrset_new(secret);
	CK_RV rv = parts != NULL ? CKR_OK : CKR_HOST_MEMORY;

	for (; types != NULL && *types != CK_UNAVAILABLE_INFORMATION && rv == CKR_OK; types++) {
		const struct attr *a = attrset_get(plain, *types);

		if (a != NULL)
			rv = attrset_set(parts, a);
	}
	if (rv == CKR_OK)
		*out = parts;
	else
		attrset_free(parts);
	return rv;
}

static CK_RV half_make(struct pair_half *h, const char *path, const struct attrset *plain)
{
	const unsigned char *id = NULL;
	size_t len = 0;
	CK_RV rv;

	(void)attrset_bytes(plain, CKA_ID, &id, &len);
	h->path = strdup(path);
	rv = h->path != NULL ? buf_append(&h->id, id, len) : CKR_HOST_MEMORY;
	if (rv == CKR_OK && h->class == CKO_PUBLIC_KEY)
		rv = pairs_parts(h->class, h->type, plain, false, &h->public);
	if (rv == CKR_OK)
		rv = keytype_public_info(h->class, h->type, plain, &h->der);
	return rv;
}

CK_RV pairs_add(struct pairs *p, const char *path, CK_OBJECT_CLASS class, CK_KEY_TYPE type,
		const struct attrset *plain)
{
	struct pair_half h = { .class = class, .type = type, .id = BUF_INIT, .der = BUF_INIT };
	struct pair_half *grown;
	const unsigned char *id;
	size_t len;
	CK_RV rv;

	if ((class != CKO_PUBLIC_KEY && class != CKO_PRIVATE_KEY) ||
	    !attrset_bytes(plain, CKA_ID, &id, &len) || len == 0)
		return CKR_OK;
	rv = half_make(&h, path, plain);
	if (rv == CKR_OK) {
		grown = realloc(p->list, (p->count + 1) * sizeof(*grown));
		if (grown != NULL) {
			p->list = grown;
			p->list[p->count++] = h;
			return CKR_OK;
		}
		rv = CKR_HOST_MEMORY;
	}
	half_free(&h);
	return rv == CKR_HOST_MEMORY ? rv : CKR_OK;
}

static int by_type_and_id(const void *a, const void *b)
{
	const struct pair_half *x = a, *y = b;

	if (x->type != y->type)
		return x->type < y->type ? -1 : 1;
	if (x->id.len != y->id.len)
		return x->id.len < y->id.len ? -1 : 1;
	return memcmp(x->id.data, y->id.data, x->id.len);
}

/* One public and one private key: the same key, perhaps in another encoding? */
static CK_RV fit(const struct pair_half *public, const struct pair_half *private, bool *out)
{
	CK_RV rv = keytype_public_info_check(CKO_PUBLIC_KEY, public->type, public->public,
					     private->der.data, private->der.len);

	*out = rv == CKR_OK;
	return rv == CKR_HOST_MEMORY ? rv : CKR_OK;
}

/* Has h a partner in the group? other: one that might have been it, or NULL. */
static CK_RV find_partner(const struct pair_half *group, size_t n, const struct pair_half *h,
			  const struct pair_half **other, bool *found)
{
	CK_RV rv = CKR_OK;

	*found = false;
	*other = NULL;
	for (size_t i = 0; i < n && rv == CKR_OK && !*found; i++) {
		if (group[i].class == h->class)
			continue;
		*other = &group[i];
		rv = h->class == CKO_PUBLIC_KEY ? fit(h, &group[i], found)
						: fit(&group[i], h, found);
	}
	return rv;
}

CK_RV pairs_compare(struct pairs *p, void (*tell)(void *arg, const char *path, const char *other),
		    void *arg)
{
	CK_RV rv = CKR_OK;
	size_t end;

	if (p->count > 1)
		qsort(p->list, p->count, sizeof(p->list[0]), by_type_and_id);
	for (size_t start = 0; start < p->count; start = end) {
		for (end = start + 1; end < p->count; end++)
			if (by_type_and_id(&p->list[start], &p->list[end]) != 0)
				break;
		for (size_t i = start; i < end && rv == CKR_OK; i++) {
			const struct pair_half *other;
			bool found;

			rv = find_partner(p->list + start, end - start, &p->list[i], &other,
					  &found);
			if (rv == CKR_OK && !found && other != NULL)
				tell(arg, p->list[i].path, other->path);
		}
	}
	return rv;
}
