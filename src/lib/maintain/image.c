#include "config.h"

#include "maintain/image.h"

#include <stdlib.h>
#include <string.h>

#include "common/reason.h"
#include "crypto/ossl/ossl.h"
#include "object_store/file/file_format.h"

/* Looks until one is quiet. Each costs less than a read; what never rests is taken as it is. */
#define LOOKS 64

static void object_free(struct image_object *o)
{
	buf_free(&o->bytes);
}

void image_free(struct image *m)
{
	for (size_t i = 0; i < m->count; i++)
		object_free(&m->list[i]);
	free(m->list);
	attrset_free(m->token);
	*m = (struct image)IMAGE_INIT;
}

static CK_RV make_digest(const struct buf *bytes, unsigned char *digest)
{
	const EVP_MD *md = ossl_md("SHA256");

	memset(digest, 0, IMAGE_DIGEST);
	if (bytes->len == 0)
		return CKR_OK;
	if (md == NULL || EVP_Digest(bytes->data, bytes->len, digest, NULL, md, NULL) != 1)
		return ossl_error("SHA-256", CKR_FUNCTION_FAILED);
	return CKR_OK;
}

CK_RV image_add(struct image *m, uint64_t id, const struct store_stamp *stamp, struct buf *bytes)
{
	struct image_object *o;
	CK_RV rv;

	if (m->count == m->cap) {
		size_t cap = m->cap == 0 ? 64 : m->cap * 2;
		struct image_object *grown = realloc(m->list, cap * sizeof(*grown));

		if (grown == NULL)
			return CKR_HOST_MEMORY;
		m->list = grown;
		m->cap = cap;
	}
	o = &m->list[m->count];
	rv = make_digest(bytes, o->digest);
	if (rv != CKR_OK)
		return rv;
	o->id = id;
	o->stamp = stamp != NULL ? *stamp : (struct store_stamp){ { 0 } };
	o->bytes = *bytes;
	*bytes = (struct buf)BUF_INIT;
	m->count++;
	m->damaged += o->bytes.len == 0;
	return CKR_OK;
}

/* Reading */

/* Empty bytes for a damaged object. CKR_OBJECT_HANDLE_INVALID: it is gone. */
static CK_RV load(struct store *s, uint64_t id, struct buf *bytes, struct store_stamp *stamp)
{
	struct attrset *attrs = NULL;
	CK_RV rv = store_load(s, id, &attrs, stamp);

	if (rv == CKR_OK)
		rv = file_encode(attrs, 1, bytes);
	attrset_free(attrs);
	if (rv == CKR_DEVICE_MEMORY)
		return reason(rv, "an object is too large for an object file");
	/* What decodes but has no attributes is no object either. */
	return rv == CKR_DATA_INVALID || rv == CKR_GENERAL_ERROR ? CKR_OK : rv;
}

static CK_RV load_into(struct store *s, uint64_t id, struct image *m)
{
	struct store_stamp stamp = { { 0 } };
	struct buf bytes = BUF_INIT;
	CK_RV rv = load(s, id, &bytes, &stamp);

	if (rv == CKR_OK)
		rv = image_add(m, id, &stamp, &bytes);
	buf_free(&bytes);
	return rv == CKR_OBJECT_HANDLE_INVALID ? CKR_OK : rv;
}

static void move_into(struct image_object *o, struct image *m)
{
	m->damaged += o->bytes.len == 0;
	m->list[m->count++] = *o;
	o->bytes = (struct buf)BUF_INIT;
}

/* One object of the next image; old is what the last one has under that id, or NULL. */
static CK_RV take_one(struct store *s, uint64_t id, struct image_object *old, struct image *next,
		      bool *changed)
{
	size_t before = next->count;
	bool same = false;
	CK_RV rv = CKR_OK;

	if (old != NULL && old->bytes.len > 0)
		rv = store_same(s, id, &old->stamp, &same);
	if (rv == CKR_OK && same)
		move_into(old, next);
	else if (rv == CKR_OK)
		rv = load_into(s, id, next);
	if (rv != CKR_OK || same)
		return rv;
	if (next->count == before)
		*changed = *changed || old != NULL;
	else if (old == NULL || memcmp(next->list[before].digest, old->digest, IMAGE_DIGEST) != 0)
		*changed = true;
	return CKR_OK;
}

/* Both lists are ascending. */
static CK_RV read_ids(struct store *s, const uint64_t *ids, size_t count, struct image *last,
		      const struct progress *p, struct image *next, bool *changed)
{
	size_t k = 0;

	next->cap = count + 1;
	next->list = calloc(next->cap, sizeof(*next->list));
	if (next->list == NULL)
		return CKR_HOST_MEMORY;
	for (size_t i = 0; i < count; i++) {
		struct image_object *old = NULL;
		CK_RV rv;

		for (; k < last->count && last->list[k].id < ids[i]; k++)
			*changed = true;
		if (k < last->count && last->list[k].id == ids[i])
			old = &last->list[k++];
		rv = take_one(s, ids[i], old, next, changed);
		if (rv != CKR_OK)
			return rv;
		progress_tell(p, "reading", i + 1, count);
	}
	*changed = *changed || k < last->count;
	return CKR_OK;
}

static bool same_attrs(const struct attrset *a, const struct attrset *b)
{
	if (a == NULL || b == NULL || a->count != b->count)
		return false;
	for (size_t i = 0; i < a->count; i++)
		if (!attr_equal(&a->items[i], &b->items[i]))
			return false;
	return true;
}

static CK_RV look_at_objects(struct store *s, const struct progress *p, struct image *m,
			     bool *changed)
{
	struct image next = IMAGE_INIT;
	uint64_t *ids = NULL;
	size_t count = 0;
	CK_RV rv = store_list(s, &ids, &count);

	if (rv == CKR_OK)
		rv = read_ids(s, ids, count, m, p, &next, changed);
	free(ids);
	next.token = m->token;
	m->token = NULL;
	image_free(m);
	*m = next;
	return rv;
}

/* One look at the whole. */
static CK_RV look(struct store *s, const struct progress *p, struct image *m, bool *changed)
{
	enum store_news news = STORE_ALL;
	struct attrset *token = NULL;
	uint64_t *ids = NULL;
	size_t count = 0;
	CK_RV rv = store_poll(s, true, &news, &ids, &count);

	free(ids);
	*changed = false;
	if (rv == CKR_OK && (m->token == NULL || news != STORE_QUIET))
		rv = look_at_objects(s, p, m, changed);
	if (rv == CKR_OK)
		rv = store_token_load(s, &token);
	if (rv != CKR_OK)
		return rv;
	*changed = *changed || !same_attrs(m->token, token);
	attrset_free(m->token);
	m->token = token;
	return CKR_OK;
}

static int by_id(const void *a, const void *b)
{
	uint64_t x = ((const struct image_object *)a)->id, y = ((const struct image_object *)b)->id;

	return (x > y) - (x < y);
}

CK_RV image_refresh(struct store *s, const struct progress *p, struct image *m, bool *changed,
		    bool *settled)
{
	if (m->count > 1)
		qsort(m->list, m->count, sizeof(m->list[0]), by_id);
	*changed = false;
	*settled = false;
	for (int i = 0; i < LOOKS && !*settled; i++) {
		bool news = false;
		CK_RV rv = look(s, p, m, &news);

		if (rv != CKR_OK) {
			image_free(m);
			return rv;
		}
		*changed = *changed || news;
		*settled = !news;
	}
	return CKR_OK;
}

CK_RV image_read(struct store *s, const struct progress *p, struct image *m, bool *settled)
{
	bool changed;

	*m = (struct image)IMAGE_INIT;
	return image_refresh(s, p, m, &changed, settled);
}

/* Comparing */

/* Damaged ones, which have no digest, at the end. */
int image_compare(const struct image_object *a, const struct image_object *b)
{
	if ((a->bytes.len == 0) != (b->bytes.len == 0))
		return a->bytes.len == 0 ? 1 : -1;
	return memcmp(a->digest, b->digest, IMAGE_DIGEST);
}

static int by_digest(const void *a, const void *b)
{
	return image_compare(a, b);
}

void image_sort(struct image *m)
{
	if (m->count > 1)
		qsort(m->list, m->count, sizeof(m->list[0]), by_digest);
}

static size_t whole(const struct image *m)
{
	return m != NULL ? m->count - m->damaged : 0;
}

bool image_same_token(const struct image *a, const struct image *b)
{
	return same_attrs(a->token, b->token);
}

bool image_equal(const struct image *a, const struct image *b)
{
	if (whole(a) != whole(b) || !image_same_token(a, b))
		return false;
	for (size_t i = 0; i < whole(a); i++)
		if (image_compare(&a->list[i], &b->list[i]) != 0)
			return false;
	return true;
}

CK_RV image_missing(const struct image *a, const struct image *b,
		    const struct image_object ***list, size_t *count)
{
	const struct image_object **out = calloc(whole(a) + 1, sizeof(*out));
	size_t k = 0;

	if (out == NULL)
		return CKR_HOST_MEMORY;
	*count = 0;
	for (size_t i = 0; i < whole(a); i++) {
		while (k < whole(b) && image_compare(&b->list[k], &a->list[i]) < 0)
			k++;
		if (k < whole(b) && image_compare(&b->list[k], &a->list[i]) == 0)
			k++;
		else
			out[(*count)++] = &a->list[i];
	}
	*list = out;
	return CKR_OK;
}

/* Writing */

static CK_RV write_some(const struct image_object *const *list, size_t n, struct store *s)
{
	struct attrset *sets[STORE_ADD_MAX] = { NULL };
	uint64_t ids[STORE_ADD_MAX];
	CK_RV rv = CKR_OK;

	for (size_t i = 0; i < n && rv == CKR_OK; i++)
		rv = file_decode(list[i]->bytes.data, list[i]->bytes.len, NULL, &sets[i]);
	if (rv == CKR_OK)
		rv = store_add(s, (const struct attrset *const *)sets, n, ids, NULL);
	for (size_t i = 0; i < n; i++)
		attrset_free(sets[i]);
	return rv;
}

CK_RV image_write(const struct image_object *const *list, size_t count, struct store *s,
		  const struct progress *p)
{
	for (size_t done = 0; done < count;) {
		size_t n = count - done < STORE_ADD_MAX ? count - done : STORE_ADD_MAX;
		CK_RV rv = write_some(list + done, n, s);

		if (rv != CKR_OK)
			return rv;
		done += n;
		progress_tell(p, "writing", done, count);
	}
	return CKR_OK;
}

static CK_RV replace_all(struct attrset *attrs, bool *changed, void *arg)
{
	const struct attrset *wanted = arg;
	CK_RV rv = CKR_OK;

	*changed = !same_attrs(attrs, wanted);
	while (attrs->count > 0)
		attrset_remove(attrs, attrs->items[attrs->count - 1].type);
	for (size_t i = 0; i < wanted->count && rv == CKR_OK; i++)
		rv = attrset_set(attrs, &wanted->items[i]);
	return rv;
}

CK_RV image_write_token(const struct attrset *token, struct store *s)
{
	struct attrset *copy = attrset_dup(token, false);
	CK_RV rv;

	if (copy == NULL)
		return CKR_HOST_MEMORY;
	rv = store_token_edit(s, replace_all, copy);
	attrset_free(copy);
	return rv;
}
