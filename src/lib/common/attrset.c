#include "config.h"

#include "common/attrset.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>

#include "common/secmem.h"
#include "common/str.h"

#define FIRST_CAP ((size_t)16)

struct attrset *attrset_new(bool secret)
{
	struct attrset *s = calloc(1, sizeof(*s));

	if (s != NULL)
		s->secret = secret;
	return s;
}

struct attrset *attrset_new_sized(size_t count, size_t bytes)
{
	struct attrset *s;
	size_t size;

	if (!size_mul(count, sizeof(*s->items), &size) || size > SIZE_MAX - sizeof(*s) - bytes)
		return NULL;
	s = malloc(sizeof(*s) + size + bytes);
	if (s == NULL)
		return NULL;
	memset(s, 0, sizeof(*s));
	s->items = (struct attr *)(s + 1);
	s->cap = count;
	s->area = (unsigned char *)(s->items + count);
	s->area_left = bytes;
	s->area_end = s->area + bytes;
	return s;
}

static bool is_within(const struct attrset *s, const void *p)
{
	const unsigned char *at = p;

	return at >= (const unsigned char *)(s + 1) && at < s->area_end;
}

static void bytes_free(const struct attrset *s, unsigned char *data, size_t len)
{
	if (s->secret) {
		secmem_free(data);
	} else if (data != NULL) {
		OPENSSL_cleanse(data, len);
		if (!is_within(s, data))
			free(data);
	}
}

static void attr_clear(const struct attrset *s, struct attr *a)
{
	switch (a->kind) {
	case ATTR_BYTES:
		bytes_free(s, a->u.bytes.data, a->u.bytes.len);
		break;
	case ATTR_MAP:
		attrset_free(a->u.map);
		break;
	case ATTR_MECHS:
		free(a->u.mechs.list);
		break;
	case ATTR_BOOL:
	case ATTR_ULONG:
		break;
	}
}

static void items_free(struct attrset *s)
{
	if (s->area_end == NULL || s->items != (struct attr *)(s + 1))
		free(s->items);
}

void attrset_free(struct attrset *s)
{
	size_t i;

	if (s == NULL || atomic_fetch_sub_explicit(&s->shares, 1, memory_order_acq_rel) > 0)
		return;
	for (i = 0; i < s->count; i++)
		attr_clear(s, &s->items[i]);
	items_free(s);
	free(s);
}

struct attrset *attrset_share(const struct attrset *s)
{
	struct attrset *same = (struct attrset *)(uintptr_t)s;

	atomic_fetch_add_explicit(&same->shares, 1, memory_order_relaxed);
	return same;
}

struct attrset *attrset_dup(const struct attrset *s, bool secret)
{
	struct attrset *copy;
	size_t i, bytes = 0;

	for (i = 0; i < s->count; i++)
		if (s->items[i].kind == ATTR_BYTES)
			bytes += s->items[i].u.bytes.len;
	copy = secret ? attrset_new(true) : attrset_new_sized(s->count, bytes);

	if (copy == NULL)
		return NULL;
	for (i = 0; i < s->count; i++) {
		if (attrset_set(copy, &s->items[i]) != CKR_OK) {
			attrset_free(copy);
			return NULL;
		}
	}
	return copy;
}

/* Where the attribute is, or where it would have to be put. */
static size_t index_of(const struct attrset *s, CK_ATTRIBUTE_TYPE type)
{
	size_t low = 0, high = s->count, mid;

	/* Most sets are filled in this order. */
	if (high > 0 && s->items[high - 1].type < type)
		return high;
	while (low < high) {
		mid = low + (high - low) / 2;
		if (s->items[mid].type < type)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

static bool has_at(const struct attrset *s, size_t i, CK_ATTRIBUTE_TYPE type)
{
	return i < s->count && s->items[i].type == type;
}

const struct attr *attrset_get(const struct attrset *s, CK_ATTRIBUTE_TYPE type)
{
	size_t i = index_of(s, type);

	return has_at(s, i, type) ? &s->items[i] : NULL;
}

static const struct attr *get_kind(const struct attrset *s, CK_ATTRIBUTE_TYPE type,
                                   enum attr_kind kind)
{
	const struct attr *a = attrset_get(s, type);

	return a != NULL && a->kind == kind ? a : NULL;
}

bool attrset_flag(const struct attrset *s, CK_ATTRIBUTE_TYPE type, bool def)
{
	const struct attr *a = get_kind(s, type, ATTR_BOOL);

	return a == NULL ? def : a->u.flag;
}

uint64_t attrset_number(const struct attrset *s, CK_ATTRIBUTE_TYPE type, uint64_t def)
{
	const struct attr *a = get_kind(s, type, ATTR_ULONG);

	return a == NULL ? def : a->u.number;
}

bool attrset_bytes(const struct attrset *s, CK_ATTRIBUTE_TYPE type, const unsigned char **data,
                   size_t *len)
{
	const struct attr *a = get_kind(s, type, ATTR_BYTES);

	if (a == NULL)
		return false;
	*data = a->u.bytes.data;
	*len = a->u.bytes.len;
	return true;
}

static CK_RV make_room(struct attrset *s)
{
	struct attr *items;
	size_t cap, size;

	if (s->count < s->cap)
		return CKR_OK;
	if (!size_mul(s->cap, 2, &cap))
		return CKR_HOST_MEMORY;
	if (cap < FIRST_CAP)
		cap = FIRST_CAP;
	if (!size_mul(cap, sizeof(*items), &size))
		return CKR_HOST_MEMORY;
	items = malloc(size);
	if (items == NULL)
		return CKR_HOST_MEMORY;
	if (s->count > 0)
		memcpy(items, s->items, s->count * sizeof(*items));
	items_free(s);
	s->items = items;
	s->cap = cap;
	return CKR_OK;
}

/*
 * Moves a, whose memory is of the set's own sort, into the set; it is cleared when there is no
 * room.
 */
static CK_RV put(struct attrset *s, struct attr *a)
{
	size_t i = index_of(s, a->type);
	CK_RV rv;

	if (has_at(s, i, a->type)) {
		attr_clear(s, &s->items[i]);
		s->items[i] = *a;
		return CKR_OK;
	}
	rv = make_room(s);
	if (rv != CKR_OK) {
		attr_clear(s, a);
		return rv;
	}
	memmove(&s->items[i + 1], &s->items[i], (s->count - i) * sizeof(*s->items));
	s->items[i] = *a;
	s->count++;
	return CKR_OK;
}

CK_RV attrset_set_flag(struct attrset *s, CK_ATTRIBUTE_TYPE type, bool v)
{
	struct attr a = { .type = type, .kind = ATTR_BOOL, .u.flag = v };

	return put(s, &a);
}

CK_RV attrset_set_number(struct attrset *s, CK_ATTRIBUTE_TYPE type, uint64_t v)
{
	struct attr a = { .type = type, .kind = ATTR_ULONG, .u.number = v };

	return put(s, &a);
}

static unsigned char *bytes_alloc(struct attrset *s, size_t len)
{
	unsigned char *data = s->area;

	if (s->secret)
		return secmem_alloc(len);
	if (len > s->area_left)
		return malloc(len);
	s->area += len;
	s->area_left -= len;
	return data;
}

CK_RV attrset_set_bytes(struct attrset *s, CK_ATTRIBUTE_TYPE type, const void *data, size_t len)
{
	struct attr a = { .type = type, .kind = ATTR_BYTES, .u.bytes = { NULL, len } };

	if (len > 0) {
		a.u.bytes.data = bytes_alloc(s, len);
		if (a.u.bytes.data == NULL)
			return CKR_HOST_MEMORY;
		memcpy(a.u.bytes.data, data, len);
	}
	return put(s, &a);
}

CK_RV attrset_set_map(struct attrset *s, CK_ATTRIBUTE_TYPE type, const struct attrset *map)
{
	struct attr a = { .type = type, .kind = ATTR_MAP };
	size_t i;

	for (i = 0; i < map->count; i++)
		if (map->items[i].kind == ATTR_MAP)
			return CKR_ATTRIBUTE_VALUE_INVALID;
	a.u.map = attrset_dup(map, s->secret);
	return a.u.map == NULL ? CKR_HOST_MEMORY : put(s, &a);
}

static int compare_numbers(const void *x, const void *y)
{
	uint64_t a = *(const uint64_t *)x, b = *(const uint64_t *)y;

	return (a > b) - (a < b);
}

/* Sorts; returns how many are left when each is kept once. */
static size_t sort_once(uint64_t *list, size_t count)
{
	size_t i, kept = 0;

	qsort(list, count, sizeof(*list), compare_numbers);
	for (i = 0; i < count; i++)
		if (kept == 0 || list[kept - 1] != list[i])
			list[kept++] = list[i];
	return kept;
}

CK_RV attrset_set_mechs(struct attrset *s, CK_ATTRIBUTE_TYPE type, const uint64_t *list,
                        size_t count)
{
	struct attr a = { .type = type, .kind = ATTR_MECHS, .u.mechs = { NULL, 0 } };
	size_t size;

	if (!size_mul(count, sizeof(*list), &size))
		return CKR_HOST_MEMORY;
	if (count > 0) {
		a.u.mechs.list = malloc(size);
		if (a.u.mechs.list == NULL)
			return CKR_HOST_MEMORY;
		memcpy(a.u.mechs.list, list, size);
		a.u.mechs.count = sort_once(a.u.mechs.list, count);
	}
	return put(s, &a);
}

CK_RV attrset_set(struct attrset *s, const struct attr *a)
{
	switch (a->kind) {
	case ATTR_BOOL:
		return attrset_set_flag(s, a->type, a->u.flag);
	case ATTR_ULONG:
		return attrset_set_number(s, a->type, a->u.number);
	case ATTR_BYTES:
		return attrset_set_bytes(s, a->type, a->u.bytes.data, a->u.bytes.len);
	case ATTR_MAP:
		return attrset_set_map(s, a->type, a->u.map);
	case ATTR_MECHS:
		return attrset_set_mechs(s, a->type, a->u.mechs.list, a->u.mechs.count);
	}
	return CKR_GENERAL_ERROR;
}

void attrset_remove(struct attrset *s, CK_ATTRIBUTE_TYPE type)
{
	size_t i = index_of(s, type);

	if (!has_at(s, i, type))
		return;
	attr_clear(s, &s->items[i]);
	s->count--;
	memmove(&s->items[i], &s->items[i + 1], (s->count - i) * sizeof(*s->items));
}

static bool equal_maps(const struct attrset *a, const struct attrset *b)
{
	size_t i;

	if (a->count != b->count)
		return false;
	for (i = 0; i < a->count; i++)
		if (!attr_equal(&a->items[i], &b->items[i]))
			return false;
	return true;
}

static bool equal_mechs(const struct attr *a, const struct attr *b)
{
	size_t count = a->u.mechs.count;

	return count == b->u.mechs.count &&
	       (count == 0 ||
	        memcmp(a->u.mechs.list, b->u.mechs.list, count * sizeof(*a->u.mechs.list)) == 0);
}

static bool equal_bytes(const struct attr *a, const struct attr *b)
{
	size_t len = a->u.bytes.len;

	return len == b->u.bytes.len &&
	       (len == 0 || CRYPTO_memcmp(a->u.bytes.data, b->u.bytes.data, len) == 0);
}

bool attr_equal(const struct attr *a, const struct attr *b)
{
	if (a->type != b->type || a->kind != b->kind)
		return false;
	switch (a->kind) {
	case ATTR_BOOL:
		return a->u.flag == b->u.flag;
	case ATTR_ULONG:
		return a->u.number == b->u.number;
	case ATTR_BYTES:
		return equal_bytes(a, b);
	case ATTR_MAP:
		return equal_maps(a->u.map, b->u.map);
	case ATTR_MECHS:
		return equal_mechs(a, b);
	}
	return false;
}
