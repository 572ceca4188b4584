#include "config.h"

#include "object/template.h"

#include <stdlib.h>
#include <string.h>

#include "object/attr.h"

static CK_RV take_mechs(const CK_ATTRIBUTE *from, struct attrset *set)
{
	size_t n = from->ulValueLen / sizeof(CK_MECHANISM_TYPE);
	uint64_t *list = NULL;
	CK_RV rv;

	if (from->ulValueLen % sizeof(CK_MECHANISM_TYPE) != 0)
		return CKR_ATTRIBUTE_VALUE_INVALID;
	if (n > 0) {
		list = calloc(n, sizeof(*list));
		if (list == NULL)
			return CKR_HOST_MEMORY;
	}
	for (size_t i = 0; i < n; i++) {
		CK_MECHANISM_TYPE m;

		memcpy(&m, (const unsigned char *)from->pValue + i * sizeof(m), sizeof(m));
		list[i] = m;
	}
	rv = attrset_set_mechs(set, from->type, list, n);
	free(list);
	return rv;
}

/* One entry of a template inside an attribute: not a template again, not two values of a type. */
static CK_RV take_entry(const CK_ATTRIBUTE *entry, struct attrset *map)
{
	enum attr_kind kind = attr_kind_of(entry->type);
	struct attrset *one;
	const struct attr *before;
	CK_RV rv;

	if (kind == 0 || kind == ATTR_MAP)
		return CKR_ATTRIBUTE_VALUE_INVALID;
	one = attrset_new(false);
	if (one == NULL)
		return CKR_HOST_MEMORY;
	rv = template_take(entry, kind, one);
	before = attrset_get(map, entry->type);
	if (rv == CKR_OK && before != NULL && !attr_equal(before, &one->items[0]))
		rv = CKR_ATTRIBUTE_VALUE_INVALID;
	if (rv == CKR_OK)
		rv = attrset_set(map, &one->items[0]);
	attrset_free(one);
	return rv;
}

static CK_RV take_map(const CK_ATTRIBUTE *from, struct attrset *set)
{
	struct attrset *map;
	CK_RV rv = CKR_OK;

	if (from->ulValueLen % sizeof(CK_ATTRIBUTE) != 0)
		return CKR_ATTRIBUTE_VALUE_INVALID;
	map = attrset_new(false);
	if (map == NULL)
		return CKR_HOST_MEMORY;
	for (size_t i = 0; rv == CKR_OK && i < from->ulValueLen / sizeof(CK_ATTRIBUTE); i++) {
		CK_ATTRIBUTE entry;

		memcpy(&entry, (const unsigned char *)from->pValue + i * sizeof(entry),
		       sizeof(entry));
		rv = take_entry(&entry, map);
	}
	if (rv == CKR_OK)
		rv = attrset_set_map(set, from->type, map);
	attrset_free(map);
	return rv;
}

CK_RV template_take(const CK_ATTRIBUTE *from, enum attr_kind kind, struct attrset *set)
{
	CK_BBOOL flag;
	CK_ULONG number;

	if (from->ulValueLen > TEMPLATE_VALUE_MAX || (from->pValue == NULL && from->ulValueLen > 0))
		return CKR_ATTRIBUTE_VALUE_INVALID;
	switch (kind) {
	case ATTR_BOOL:
		if (from->ulValueLen != sizeof(flag))
			return CKR_ATTRIBUTE_VALUE_INVALID;
		memcpy(&flag, from->pValue, sizeof(flag));
		return attrset_set_flag(set, from->type, flag != CK_FALSE);
	case ATTR_ULONG:
		if (from->ulValueLen != sizeof(number))
			return CKR_ATTRIBUTE_VALUE_INVALID;
		memcpy(&number, from->pValue, sizeof(number));
		return attrset_set_number(set, from->type, number);
	case ATTR_BYTES:
		return attrset_set_bytes(set, from->type, from->pValue, from->ulValueLen);
	case ATTR_MECHS:
		return take_mechs(from, set);
	case ATTR_MAP:
		return take_map(from, set);
	}
	return CKR_ATTRIBUTE_TYPE_INVALID;
}

/* Makes sure that len bytes fit before an array is written entry by entry. */
static CK_RV check_room(size_t len, CK_ATTRIBUTE *to)
{
	if (to->pValue == NULL || to->ulValueLen >= len)
		return CKR_OK;
	to->ulValueLen = CK_UNAVAILABLE_INFORMATION;
	return CKR_BUFFER_TOO_SMALL;
}

CK_RV template_give_bytes(const void *data, size_t len, CK_ATTRIBUTE *to)
{
	CK_RV rv = check_room(len, to);

	if (rv != CKR_OK)
		return rv;
	if (to->pValue != NULL && len > 0)
		memcpy(to->pValue, data, len);
	to->ulValueLen = len;
	return CKR_OK;
}

static CK_RV give_mechs(const struct attr *from, CK_ATTRIBUTE *to)
{
	size_t len = from->u.mechs.count * sizeof(CK_MECHANISM_TYPE);
	CK_RV rv = check_room(len, to);

	if (rv != CKR_OK)
		return rv;
	for (size_t i = 0; to->pValue != NULL && i < from->u.mechs.count; i++) {
		CK_MECHANISM_TYPE m = from->u.mechs.list[i];

		memcpy((unsigned char *)to->pValue + i * sizeof(m), &m, sizeof(m));
	}
	to->ulValueLen = len;
	return CKR_OK;
}

/*
 * A template is read in three steps: its size, then the types and sizes of its entries (their
 * pValue NULL), then their values; the entries lie in the caller's array, whose pValue members must
 * be readable.
 */
static CK_RV give_map(const struct attr *from, CK_ATTRIBUTE *to)
{
	const struct attrset *map = from->u.map;
	size_t len = map->count * sizeof(CK_ATTRIBUTE);
	CK_RV rv = check_room(len, to);

	if (rv != CKR_OK)
		return rv;
	for (size_t i = 0; to->pValue != NULL && i < map->count; i++) {
		unsigned char *slot = (unsigned char *)to->pValue + i * sizeof(CK_ATTRIBUTE);
		CK_ATTRIBUTE inner;
		CK_RV one;

		memcpy(&inner, slot, sizeof(inner));
		inner.type = map->items[i].type;
		one = template_give(&map->items[i], &inner);
		memcpy(slot, &inner, sizeof(inner));
		if (one != CKR_OK)
			rv = one;
	}
	to->ulValueLen = len;
	return rv;
}

CK_RV template_give(const struct attr *from, CK_ATTRIBUTE *to)
{
	CK_BBOOL flag;
	CK_ULONG number;

	switch (from->kind) {
	case ATTR_BOOL:
		flag = from->u.flag ? CK_TRUE : CK_FALSE;
		return template_give_bytes(&flag, sizeof(flag), to);
	case ATTR_ULONG:
		number = from->u.number == UNAVAILABLE ? CK_UNAVAILABLE_INFORMATION
						       : (CK_ULONG)from->u.number;
		return template_give_bytes(&number, sizeof(number), to);
	case ATTR_BYTES:
		return template_give_bytes(from->u.bytes.data, from->u.bytes.len, to);
	case ATTR_MECHS:
		return give_mechs(from, to);
	case ATTR_MAP:
		return give_map(from, to);
	}
	to->ulValueLen = CK_UNAVAILABLE_INFORMATION;
	return CKR_ATTRIBUTE_TYPE_INVALID;
}

/* The last attribute of that type and size in the template; NULL when there is none. */
static const CK_ATTRIBUTE *find_sized(const CK_ATTRIBUTE *templ, CK_ULONG count,
				      CK_ATTRIBUTE_TYPE type, size_t size)
{
	for (CK_ULONG i = count; i > 0; i--)
		if (templ[i - 1].type == type && templ[i - 1].ulValueLen == size &&
		    templ[i - 1].pValue != NULL)
			return &templ[i - 1];
	return NULL;
}

bool template_number(const CK_ATTRIBUTE *templ, CK_ULONG count, CK_ATTRIBUTE_TYPE type,
		     CK_ULONG *out)
{
	const CK_ATTRIBUTE *a = find_sized(templ, count, type, sizeof(CK_ULONG));

	if (a != NULL)
		memcpy(out, a->pValue, sizeof(*out));
	return a != NULL;
}

bool template_flag(const CK_ATTRIBUTE *templ, CK_ULONG count, CK_ATTRIBUTE_TYPE type, bool *out)
{
	const CK_ATTRIBUTE *a = find_sized(templ, count, type, sizeof(CK_BBOOL));
	CK_BBOOL flag;

	if (a == NULL)
		return false;
	memcpy(&flag, a->pValue, sizeof(flag));
	*out = flag != CK_FALSE;
	return true;
}
