#include "config.h"

#include "object_store/db/db_row.h"

#include <stdlib.h>
#include <string.h>

#define NUMBER sizeof(CK_ULONG)
#define KIND sizeof(uint32_t)

/* Decoding */

static bool take_native(struct reader *in, CK_ULONG *out)
{
	const unsigned char *p;

	if (!reader_bytes(in, NUMBER, &p))
		return false;
	memcpy(out, p, NUMBER);
	return true;
}

static CK_RV take_mechs(struct reader *in, size_t len, CK_ATTRIBUTE_TYPE type,
			struct attrset *into)
{
	size_t count = len / NUMBER;
	uint64_t *list;
	CK_RV rv;

	if (len % NUMBER != 0 || len > in->left)
		return CKR_DATA_INVALID;
	if (count == 0)
		return attrset_set_mechs(into, type, NULL, 0);
	list = malloc(count * sizeof(*list));
	if (list == NULL)
		return CKR_HOST_MEMORY;
	for (size_t i = 0; i < count; i++) {
		CK_ULONG mech = 0;

		(void)!take_native(in, &mech);	/* there are enough bytes */
		list[i] = mech;
	}
	rv = attrset_set_mechs(into, type, list, count);
	free(list);
	return rv;
}

static CK_RV take_entry_value(struct reader *in, CK_ATTRIBUTE_TYPE type, uint32_t kind,
			      struct attrset *into)
{
	const unsigned char *p;
	CK_ULONG n;

	switch (kind) {
	case ATTR_BOOL:
		if (!reader_bytes(in, 1, &p))
			return CKR_DATA_INVALID;
		return attrset_set_flag(into, type, *p != 0);
	case ATTR_ULONG:
		if (!take_native(in, &n))
			return CKR_DATA_INVALID;
		return attrset_set_number(into, type, n == (CK_ULONG)-1 ? UNAVAILABLE : n);
	case ATTR_BYTES:
		if (!take_native(in, &n) || !reader_bytes(in, n, &p))
			return CKR_DATA_INVALID;
		return attrset_set_bytes(into, type, p, n);
	case ATTR_MECHS:
		if (!take_native(in, &n))
			return CKR_DATA_INVALID;
		return take_mechs(in, n, type, into);
	}
	return CKR_DATA_INVALID;
}

static CK_RV take_entries(struct reader *in, size_t *left, struct attrset *map)
{
	CK_RV rv = CKR_OK;

	while (rv == CKR_OK && in->left > 0) {
		const unsigned char *p;
		CK_ULONG type;
		uint32_t kind;

		if (*left == 0 || !take_native(in, &type) || !reader_bytes(in, KIND, &p))
			return CKR_DATA_INVALID;
		--*left;
		memcpy(&kind, p, KIND);
		rv = take_entry_value(in, type, kind, map);
	}
	return rv;
}

static CK_RV decode_map(const struct db_cell *cell, CK_ATTRIBUTE_TYPE type, size_t *left,
			struct attrset *into)
{
	struct reader in = { cell->data, cell->len };
	struct attrset *map = attrset_new(false);
	CK_RV rv;

	if (map == NULL)
		return CKR_HOST_MEMORY;
	rv = take_entries(&in, left, map);
	if (rv == CKR_OK)
		rv = attrset_set_map(into, type, map);
	attrset_free(map);
	return rv;
}

CK_RV db_cell_decode(const struct db_cell *cell, CK_ATTRIBUTE_TYPE type, size_t *left,
		     struct attrset *into)
{
	struct reader in = { cell->data, cell->len };

	if (*left == 0)
		return CKR_DATA_INVALID;
	--*left;
	switch (cell->table) {
	case DB_BOOLEAN:
		return attrset_set_flag(into, type, cell->number != 0);
	case DB_INTEGER:
		return attrset_set_number(into, type, (uint64_t)cell->number);
	case DB_BINARY:
		if (type == CKA_ALLOWED_MECHANISMS)
			return take_mechs(&in, cell->len, type, into);
		return attrset_set_bytes(into, type, cell->data, cell->len);
	case DB_ARRAY:
		return decode_map(cell, type, left, into);
	case DB_TABLES:
		break;
	}
	return CKR_DATA_INVALID;
}

/* Encoding */

/* "Unavailable" is all ones in any width. */
static CK_RV put_native(struct buf *b, uint64_t v)
{
	CK_ULONG n = (CK_ULONG)v;

	if (n != v && v != UNAVAILABLE)
		return CKR_GENERAL_ERROR;
	return buf_append(b, &n, NUMBER);
}

static CK_RV put_mechs(struct buf *b, const struct attr *a)
{
	CK_RV rv = CKR_OK;

	for (size_t i = 0; i < a->u.mechs.count && rv == CKR_OK; i++)
		rv = put_native(b, a->u.mechs.list[i]);
	return rv;
}

static CK_RV put_entry_value(struct buf *b, const struct attr *a)
{
	const unsigned char flag = a->kind == ATTR_BOOL && a->u.flag;
	CK_RV rv;

	switch (a->kind) {
	case ATTR_BOOL:
		return buf_append(b, &flag, 1);
	case ATTR_ULONG:
		return put_native(b, a->u.number);
	case ATTR_BYTES:
		rv = put_native(b, a->u.bytes.len);
		return rv == CKR_OK ? buf_append(b, a->u.bytes.data, a->u.bytes.len) : rv;
	case ATTR_MECHS:
		rv = put_native(b, a->u.mechs.count * NUMBER);
		return rv == CKR_OK ? put_mechs(b, a) : rv;
	case ATTR_MAP:
		break;
	}
	return CKR_GENERAL_ERROR;
}

static CK_RV put_entries(struct buf *b, const struct attrset *map)
{
	CK_RV rv = CKR_OK;

	for (size_t i = 0; i < map->count && rv == CKR_OK; i++) {
		const struct attr *a = &map->items[i];
		const uint32_t kind = (uint32_t)a->kind;

		rv = put_native(b, a->type);
		if (rv == CKR_OK)
			rv = buf_append(b, &kind, KIND);
		if (rv == CKR_OK)
			rv = put_entry_value(b, a);
	}
	return rv;
}

static CK_RV encode_packed(const struct attr *a, struct buf *hold, struct db_cell *out)
{
	CK_RV rv = a->kind == ATTR_MAP ? put_entries(hold, a->u.map) : put_mechs(hold, a);

	out->table = a->kind == ATTR_MAP ? DB_ARRAY : DB_BINARY;
	out->data = hold->data;
	out->len = hold->len;
	return rv;
}

CK_RV db_cell_encode(const struct attr *a, struct buf *hold, struct db_cell *out)
{
	*out = (struct db_cell){ .table = DB_TABLES };
	if ((a->kind == ATTR_MECHS) != (a->type == CKA_ALLOWED_MECHANISMS))
		return CKR_GENERAL_ERROR;
	switch (a->kind) {
	case ATTR_BOOL:
		out->table = DB_BOOLEAN;
		out->number = a->u.flag;
		return CKR_OK;
	case ATTR_ULONG:
		out->table = DB_INTEGER;
		out->number = (int64_t)a->u.number;
		return CKR_OK;
	case ATTR_BYTES:
		out->table = DB_BINARY;
		out->data = a->u.bytes.data;
		out->len = a->u.bytes.len;
		return CKR_OK;
	case ATTR_MAP:
	case ATTR_MECHS:
		return encode_packed(a, hold, out);
	}
	return CKR_GENERAL_ERROR;
}

/* Fingerprints */

static uint64_t stir(uint64_t h, uint64_t v)
{
	h = (h ^ v) * 0x9e3779b97f4a7c15ULL;
	h ^= h >> 32;
	h *= 0xd6e8feb86659fd93ULL;
	return h ^ h >> 29;
}

uint64_t db_cell_print(const struct db_cell *cell, int64_t row, int64_t type)
{
	uint64_t h = stir((uint64_t)cell->table + 1, (uint64_t)row), word;
	size_t at = 0;

	h = stir(h, (uint64_t)type);
	h = stir(h, (uint64_t)cell->number ^ (uint64_t)cell->len << 32);
	for (; cell->len - at >= sizeof(word); at += sizeof(word)) {
		memcpy(&word, cell->data + at, sizeof(word));
		h = stir(h, word);
	}
	word = 0;
	if (at < cell->len)
		memcpy(&word, cell->data + at, cell->len - at);
	return stir(h, word);
}
