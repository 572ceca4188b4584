#include "config.h"

#include "bin/dump/dump_file.h"

#include <stdio.h>

#include "bin/dump/line.h"
#include "common/attrset.h"

/* Lengths above have another cause than a long value. */
#define LENGTH_MAX UINT32_MAX

/* The eight bytes of a number, or what is there in their place. */
static bool take_number(struct reader *r, uint64_t *v)
{
	if (reader_u64(r, v))
		return true;
	if (r->left > 0)
		line_rest(r, "...");
	return false;
}

/* A length, or the count of mechanisms. */
static bool take_length(struct reader *r, uint64_t *v, bool nested)
{
	struct reader at = *r;

	if (!take_number(r, v))
		return false;
	if (*v > LENGTH_MAX) {
		line_overflow(*v, "length");
		*r = at;
		return false;
	}
	line_length(*v, nested);
	return true;
}

static bool dump_bytes(struct reader *r, bool nested)
{
	const unsigned char *data;
	uint64_t len;

	if (!take_length(r, &len, nested))
		return false;
	if (!reader_bytes(r, len, &data)) {
		line_rest(r, "...");
		return false;
	}
	line_bytes(data, (size_t)len, nested);
	return true;
}

static bool dump_mechanisms(struct reader *r, bool nested)
{
	uint64_t count;
	uint64_t v;

	if (!take_length(r, &count, nested))
		return false;
	for (; count > 0; count--) {
		if (!take_number(r, &v))
			return false;
		line_mechanism(v, nested);
	}
	return true;
}

static bool dump_number(struct reader *r, uint64_t type, bool nested)
{
	uint64_t v;

	if (!take_number(r, &v))
		return false;
	line_number(type, v, nested);
	return true;
}

static bool dump_flag(struct reader *r, bool nested)
{
	const unsigned char *data;

	if (!reader_bytes(r, 1, &data))
		return false;
	line_flag(*data, nested);
	return true;
}

/* Skips the value of an attribute within a template; false when it is none. */
static bool skip_value(struct reader *r, uint64_t kind)
{
	const unsigned char *data;
	uint64_t v;

	switch (kind) {
	case ATTR_BOOL:
		return reader_bytes(r, 1, &data);
	case ATTR_ULONG:
		return reader_u64(r, &v);
	case ATTR_BYTES:
		return reader_u64(r, &v) && reader_bytes(r, v, &data);
	case ATTR_MECHS:
		return reader_u64(r, &v) && v <= r->left / 8 && reader_bytes(r, 8 * v, &data);
	default:
		return false;
	}
}

static bool is_template(struct reader r)
{
	uint64_t type;
	uint64_t kind;

	while (r.left > 0)
		if (!reader_u64(&r, &type) || !reader_u64(&r, &kind) || !skip_value(&r, kind))
			return false;
	return true;
}

static bool dump_value(struct reader *r, uint64_t type, uint64_t kind, bool nested);

/* What can be shown of a nested one has been seen to be there. */
static bool dump_attribute(struct reader *r, bool nested)
{
	uint64_t type;
	uint64_t kind;

	if (!take_number(r, &type))
		return false;
	line_type(type, nested);
	if (!take_number(r, &kind))
		return false;
	line_kind(kind, nested);
	return dump_value(r, type, kind, nested);
}

static bool dump_template(struct reader *r)
{
	struct reader inner;
	uint64_t len;

	if (!take_length(r, &len, false))
		return false;
	inner.left = (size_t)len;
	if (!reader_bytes(&(struct reader){ r->p, r->left }, len, &inner.p) ||
	    !is_template(inner)) {
		line_rest(r, "...");
		return false;
	}
	while (inner.left > 0)
		if (!dump_attribute(&inner, true))
			return false;
	return reader_bytes(r, len, &inner.p);
}

static bool dump_value(struct reader *r, uint64_t type, uint64_t kind, bool nested)
{
	switch (kind) {
	case ATTR_BOOL:
		return dump_flag(r, nested);
	case ATTR_ULONG:
		return dump_number(r, type, nested);
	case ATTR_BYTES:
		return dump_bytes(r, nested);
	case ATTR_MAP:
		if (!nested)
			return dump_template(r);
		break;
	case ATTR_MECHS:
		return dump_mechanisms(r, nested);
	default:
		break;
	}
	line_rest(r, "...");
	return false;
}

bool dump_file(const unsigned char *data, size_t len, size_t *offset)
{
	struct reader r = { data, len };
	uint64_t generation;
	bool ok = true;

	if (len == 0)
		puts("empty file");
	else if (take_number(&r, &generation))
		line_generation(generation);
	else
		ok = false;
	while (ok && r.left > 0)
		ok = dump_attribute(&r, false);
	*offset = len - r.left;
	return ok && len > 0;
}
