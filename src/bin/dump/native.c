#include "config.h"

#include "bin/dump/native.h"

#include <string.h>

#include "bin/dump/line.h"
#include "common/attrset.h"

static bool take(struct reader *r, void *out, size_t size)
{
	const unsigned char *data;

	if (!reader_bytes(r, size, &data))
		return false;
	memcpy(out, data, size);
	return true;
}

bool native_mechanisms(const unsigned char *data, size_t len, bool nested)
{
	struct reader r = { data, len };
	uint64_t v;

	while (take(&r, &v, sizeof(v)))
		line_mechanism(v, nested);
	if (r.left > 0)
		line_rest(&r, "...");
	return r.left == 0;
}

static bool dump_bytes(struct reader *r, uint32_t kind)
{
	const unsigned char *data;
	uint64_t len;

	if (!take(r, &len, sizeof(len)))
		return false;
	line_length(len, true);
	if (!reader_bytes(r, len, &data))
		return false;
	if (kind == ATTR_MECHS)
		return native_mechanisms(data, (size_t)len, true);
	line_bytes(data, (size_t)len, true);
	return true;
}

static bool dump_value(struct reader *r, uint64_t type, uint32_t kind)
{
	unsigned char flag;
	uint64_t v;

	switch (kind) {
	case ATTR_BOOL:
		if (!take(r, &flag, sizeof(flag)))
			return false;
		line_flag(flag != 0 ? 0xff : 0, true);
		return true;
	case ATTR_ULONG:
		if (!take(r, &v, sizeof(v)))
			return false;
		line_number(type, v, true);
		return true;
	case ATTR_BYTES:
	case ATTR_MECHS:
		return dump_bytes(r, kind);
	default:
		return false;
	}
}

static bool dump_entry(struct reader *r)
{
	uint64_t type;
	uint32_t kind;

	if (!take(r, &type, sizeof(type)))
		return false;
	line_type(type, true);
	if (!take(r, &kind, sizeof(kind)))
		return false;
	line_kind(kind, true);
	return dump_value(r, type, kind);
}

bool native_template(const unsigned char *data, size_t len)
{
	struct reader r = { data, len };

	while (r.left > 0) {
		if (!dump_entry(&r)) {
			line_rest(&r, "...");
			return false;
		}
	}
	return true;
}
