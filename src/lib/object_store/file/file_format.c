#include "config.h"

#include "object_store/file/file_format.h"

#include <stdlib.h>
#include <string.h>

#define U64 sizeof(uint64_t)

uint64_t file_generation_next(uint64_t g)
{
	return g == UINT64_MAX ? 1 : g + 1;
}

void file_generation_put(uint64_t g, unsigned char out[FILE_GENERATION_SIZE])
{
	for (size_t i = FILE_GENERATION_SIZE; i-- > 0; g >>= 8)
		out[i] = (unsigned char)(g & 0xff);
}

uint64_t file_generation_get(const unsigned char in[FILE_GENERATION_SIZE])
{
	uint64_t g = 0;

	for (size_t i = 0; i < FILE_GENERATION_SIZE; i++)
		g = g << 8 | in[i];
	return g;
}

/* Encoding */

struct extent {
	uint64_t bytes;
	size_t attrs;
	bool nested;		/* there is a map within a map */
};

static void measure(const struct attrset *s, bool inner, struct extent *e)
{
	for (size_t i = 0; i < s->count; i++) {
		const struct attr *a = &s->items[i];

		e->attrs++;
		e->bytes += 2 * U64;
		switch (a->kind) {
		case ATTR_BOOL:
			e->bytes += 1;
			break;
		case ATTR_ULONG:
			e->bytes += U64;
			break;
		case ATTR_BYTES:
			e->bytes += U64 + (uint64_t)a->u.bytes.len;
			break;
		case ATTR_MECHS:
			e->bytes += U64 + U64 * (uint64_t)a->u.mechs.count;
			break;
		case ATTR_MAP:
			e->bytes += U64;
			if (inner)
				e->nested = true;
			else
				measure(a->u.map, true, e);
			break;
		}
	}
}

static CK_RV put_attrs(struct buf *b, const struct attrset *s);

static CK_RV put_bool(struct buf *b, bool v)
{
	const unsigned char byte = v ? 0xff : 0x00;

	return buf_append(b, &byte, 1);
}

static CK_RV put_bytes(struct buf *b, const struct attr *a)
{
	CK_RV rv = buf_put_u64(b, a->u.bytes.len);

	return rv != CKR_OK ? rv : buf_append(b, a->u.bytes.data, a->u.bytes.len);
}

/* The length goes before the entries, and is known only after them. */
static CK_RV put_map(struct buf *b, const struct attrset *map)
{
	size_t start = b->len;
	CK_RV rv = buf_put_u64(b, 0);

	if (rv == CKR_OK)
		rv = put_attrs(b, map);
	if (rv == CKR_OK)
		file_generation_put(b->len - start - U64, b->data + start);
	return rv;
}

static CK_RV put_mechs(struct buf *b, const struct attr *a)
{
	CK_RV rv = buf_put_u64(b, a->u.mechs.count);

	for (size_t i = 0; i < a->u.mechs.count && rv == CKR_OK; i++)
		rv = buf_put_u64(b, a->u.mechs.list[i]);
	return rv;
}

static CK_RV put_value(struct buf *b, const struct attr *a)
{
	switch (a->kind) {
	case ATTR_BOOL:
		return put_bool(b, a->u.flag);
	case ATTR_ULONG:
		return buf_put_u64(b, a->u.number);
	case ATTR_BYTES:
		return put_bytes(b, a);
	case ATTR_MAP:
		return put_map(b, a->u.map);
	case ATTR_MECHS:
		return put_mechs(b, a);
	}
	return CKR_GENERAL_ERROR;
}

static CK_RV put_attrs(struct buf *b, const struct attrset *s)
{
	CK_RV rv = CKR_OK;

	for (size_t i = 0; i < s->count && rv == CKR_OK; i++) {
		rv = buf_put_u64(b, s->items[i].type);
		if (rv == CKR_OK)
			rv = buf_put_u64(b, (uint64_t)s->items[i].kind);
		if (rv == CKR_OK)
			rv = put_value(b, &s->items[i]);
	}
	return rv;
}

static CK_RV check_extent(const struct attrset *s, struct extent *e)
{
	*e = (struct extent){ FILE_GENERATION_SIZE, 0, false };
	measure(s, false, e);
	if (e->attrs == 0 || e->nested)
		return CKR_GENERAL_ERROR;
	if (e->bytes > FILE_SIZE_MAX || e->attrs > FILE_ATTRS_MAX)
		return CKR_DEVICE_MEMORY;
	return CKR_OK;
}

CK_RV file_fits(const struct attrset *s)
{
	struct extent e;

	return check_extent(s, &e);
}

CK_RV file_encode(const struct attrset *s, uint64_t generation, struct buf *out)
{
	struct extent e;
	size_t start = out->len;
	CK_RV rv = check_extent(s, &e);

	if (rv != CKR_OK)
		return rv;
	/* Room for all at once: growing would leave copies of values behind. */
	rv = buf_reserve(out, (size_t)e.bytes);
	if (rv == CKR_OK)
		rv = buf_put_u64(out, generation);
	if (rv == CKR_OK)
		rv = put_attrs(out, s);
	if (rv != CKR_OK)
		out->len = start;
	return rv;
}

/* Decoding */

struct decoder {
	struct reader in;
	size_t *left;		/* how many more attributes may come */
	bool inner;		/* the entries of a map */
};

static CK_RV take_attrs(struct decoder *d, struct attrset *into);

static CK_RV take_bool(struct decoder *d, CK_ATTRIBUTE_TYPE type, struct attrset *into)
{
	const unsigned char *p;

	if (!reader_bytes(&d->in, 1, &p))
		return CKR_DATA_INVALID;
	return attrset_set_flag(into, type, *p != 0);
}

static CK_RV take_number(struct decoder *d, CK_ATTRIBUTE_TYPE type, struct attrset *into)
{
	uint64_t v;

	if (!reader_u64(&d->in, &v))
		return CKR_DATA_INVALID;
	return attrset_set_number(into, type, v);
}

static CK_RV take_bytes(struct decoder *d, CK_ATTRIBUTE_TYPE type, struct attrset *into)
{
	const unsigned char *p;
	uint64_t len;

	if (!reader_u64(&d->in, &len) || !reader_bytes(&d->in, len, &p))
		return CKR_DATA_INVALID;
	return attrset_set_bytes(into, type, p, (size_t)len);
}

static CK_RV take_map(struct decoder *d, CK_ATTRIBUTE_TYPE type, struct attrset *into)
{
	struct decoder entries = { .left = d->left, .inner = true };
	struct attrset *map;
	uint64_t len;
	CK_RV rv;

	if (d->inner || !reader_u64(&d->in, &len) || !reader_bytes(&d->in, len, &entries.in.p))
		return CKR_DATA_INVALID;
	entries.in.left = (size_t)len;
	map = attrset_new(false);
	if (map == NULL)
		return CKR_HOST_MEMORY;
	rv = take_attrs(&entries, map);
	if (rv == CKR_OK)
		rv = attrset_set_map(into, type, map);
	attrset_free(map);
	return rv;
}

static CK_RV take_mechs(struct decoder *d, CK_ATTRIBUTE_TYPE type, struct attrset *into)
{
	uint64_t count, *list;
	CK_RV rv;

	if (!reader_u64(&d->in, &count) || count > d->in.left / U64)
		return CKR_DATA_INVALID;
	if (count == 0)
		return attrset_set_mechs(into, type, NULL, 0);
	list = malloc((size_t)count * sizeof(*list));
	if (list == NULL)
		return CKR_HOST_MEMORY;
	for (size_t i = 0; i < count; i++)
		if (!reader_u64(&d->in, &list[i]))
			list[i] = 0;	/* cannot be: there are enough bytes */
	rv = attrset_set_mechs(into, type, list, (size_t)count);
	free(list);
	return rv;
}

static CK_RV take_value(struct decoder *d, uint64_t type, uint64_t kind, struct attrset *into)
{
	/* A number that this machine's CK_ULONG cannot hold. */
	if ((CK_ATTRIBUTE_TYPE)type != type)
		return CKR_DATA_INVALID;
	switch (kind) {
	case ATTR_BOOL:
		return take_bool(d, (CK_ATTRIBUTE_TYPE)type, into);
	case ATTR_ULONG:
		return take_number(d, (CK_ATTRIBUTE_TYPE)type, into);
	case ATTR_BYTES:
		return take_bytes(d, (CK_ATTRIBUTE_TYPE)type, into);
	case ATTR_MAP:
		return take_map(d, (CK_ATTRIBUTE_TYPE)type, into);
	case ATTR_MECHS:
		return take_mechs(d, (CK_ATTRIBUTE_TYPE)type, into);
	}
	return CKR_DATA_INVALID;
}

static CK_RV take_attrs(struct decoder *d, struct attrset *into)
{
	CK_RV rv = CKR_OK;

	while (rv == CKR_OK && d->in.left > 0) {
		uint64_t type, kind;

		if (!reader_u64(&d->in, &type))
			return d->inner ? CKR_DATA_INVALID : CKR_OK;
		if (!reader_u64(&d->in, &kind) || *d->left == 0)
			return CKR_DATA_INVALID;
		--*d->left;
		rv = take_value(d, type, kind, into);
	}
	return rv;
}

/* How many attributes there seem to be, and how many bytes in their strings. */
static void estimate(struct reader in, size_t *count, size_t *bytes)
{
	const unsigned char *p;
	uint64_t type, kind, n;

	for (*count = *bytes = 0; reader_u64(&in, &type) && reader_u64(&in, &kind); ++*count) {
		n = kind == ATTR_BOOL ? 1 : U64;
		if (kind != ATTR_BOOL && kind != ATTR_ULONG && !reader_u64(&in, &n))
			return;
		if (kind == ATTR_MECHS)
			n = n > in.left / U64 ? in.left : n * U64;
		if (!reader_bytes(&in, n, &p))
			return;
		*bytes += kind == ATTR_BYTES ? (size_t)n : 0;
	}
}

CK_RV file_decode(const unsigned char *data, size_t len, uint64_t *generation, struct attrset **out)
{
	size_t left = FILE_ATTRS_MAX;
	struct decoder d = { .in = { data, len }, .left = &left };
	size_t count, bytes;
	struct attrset *s;
	uint64_t g;
	CK_RV rv;

	if (len > FILE_SIZE_MAX || !reader_u64(&d.in, &g))
		return CKR_DATA_INVALID;
	estimate(d.in, &count, &bytes);
	s = attrset_new_sized(count, bytes);
	if (s == NULL)
		return CKR_HOST_MEMORY;
	rv = take_attrs(&d, s);
	if (rv == CKR_OK && s->count == 0)
		rv = CKR_DATA_INVALID;
	if (rv != CKR_OK) {
		attrset_free(s);
		return rv;
	}
	if (generation != NULL)
		*generation = g;
	*out = s;
	return CKR_OK;
}
