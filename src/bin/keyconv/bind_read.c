#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "bin/common/message.h"
#include "bin/keyconv/base64.h"
#include "bin/keyconv/bind.h"
#include "common/str.h"

/* The last version of the format that BIND has had: v1.3. */
#define FORMAT_MAJOR 1
#define FORMAT_MINOR 3

/* Of a message about a line that is not known: its name, nothing that could be a secret. */
#define NAME_SHOWN 64

enum outcome { TAKEN, NOT_KNOWN, FAILED };

struct parse {
	struct attrset *parts;
	unsigned line;
	bool format_seen;
	bool algorithm_seen;
	const struct bind_algorithm *algorithm;
};

/* A line's value: from..from + len. */
struct value {
	const char *from;
	size_t len;
};

static const char *const times[] = {
	"Created",  "Publish",	 "Activate",  "Revoke",	    "Inactive",
	"Delete",   "DSPublish", "DSRemove",  "SyncPublish", "SyncDelete",
};

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

static void trim(struct value *v)
{
	while (v->len > 0 && is_blank(v->from[0])) {
		v->from++;
		v->len--;
	}
	while (v->len > 0 && is_blank(v->from[v->len - 1]))
		v->len--;
}

/* Up to 6 digits, and what follows them; -1 when there are none or more. */
static int number_of(const struct value *v, size_t *used)
{
	int n = 0;
	size_t i;

	for (i = 0; i < v->len && v->from[i] >= '0' && v->from[i] <= '9' && i < 7; i++)
		n = 10 * n + (v->from[i] - '0');
	*used = i;
	return i == 0 || i > 6 ? -1 : n;
}

/* "v1.3" */
static enum outcome take_format(struct parse *p, struct value v)
{
	int major = -1;
	int minor = -1;
	size_t used;

	p->format_seen = true;
	if (v.len > 0 && v.from[0] == 'v') {
		v.from++;
		v.len--;
		major = number_of(&v, &used);
		v.from += used;
		v.len -= used;
	}
	if (v.len > 0 && v.from[0] == '.') {
		v.from++;
		v.len--;
		minor = number_of(&v, &used);
		v.len -= used;
	}
	if (major == FORMAT_MAJOR && minor >= 0 && minor <= FORMAT_MINOR && v.len == 0)
		return TAKEN;
	if (major >= 0 && minor >= 0)
		message_error("Cannot parse this version of file format, v%d.%d.", major, minor);
	else
		message_error("Cannot parse the version of the file format on line %u.", p->line);
	return FAILED;
}

/* "8" or "8 (RSASHA256)" */
static enum outcome take_algorithm(struct parse *p, const struct value *v)
{
	size_t used;
	int number = number_of(v, &used);

	p->algorithm_seen = true;
	if (number < 0 || (used < v->len && !is_blank(v->from[used])))
		number = 0;
	p->algorithm = bind_algorithm(number);
	if (p->algorithm != NULL)
		return TAKEN;
	message_error("The algorithm %d is not supported.", number);
	return FAILED;
}

static enum outcome take_part(struct parse *p, const struct bind_field *f, const struct value *v)
{
	struct secbuf *data = base64_decode(v->from, v->len);
	CK_RV rv;

	if (data == NULL) {
		message_error("Could not parse the base64 string on line %u.", p->line);
		return FAILED;
	}
	rv = attrset_set_bytes(p->parts, f->type, data->data, data->len);
	secbuf_free(data);
	if (rv != CKR_OK)
		message_error("Out of memory.");
	return rv == CKR_OK ? TAKEN : FAILED;
}

static bool is_named(const char *line, size_t len, const char *name)
{
	return len == strlen(name) && strncasecmp(line, name, len) == 0;
}

static enum outcome duplicate(const struct parse *p, const char *name)
{
	message_error("Duplicate \"%s:\" field, line %u - ignored", name, p->line);
	return TAKEN;
}

/*
 * A curve's key and the private value of DSA go by the same attribute, so that only the name tells
 * them apart; no file has both.
 */
static enum outcome take_field(struct parse *p, const char *name, size_t len,
			       const struct value *v)
{
	for (size_t i = 0; i < BIND_FIELDS; i++) {
		const struct bind_field *f = &bind_fields[i];

		if (!is_named(name, len, f->name))
			continue;
		if (attrset_get(p->parts, f->type) != NULL)
			return duplicate(p, f->name);
		return take_part(p, f, v);
	}
	for (size_t i = 0; i < ARRAY_LEN(times); i++)
		if (is_named(name, len, times[i]))
			return TAKEN;
	return NOT_KNOWN;
}

static enum outcome take_line(struct parse *p, const char *line, size_t len)
{
	const char *colon = memchr(line, ':', len);
	struct value v;
	size_t name;

	if (colon == NULL)
		return NOT_KNOWN;
	name = (size_t)(colon - line);
	v.from = colon + 1;
	v.len = len - name - 1;
	trim(&v);
	if (is_named(line, name, "Private-key-format"))
		return p->format_seen ? duplicate(p, "Private-key-format") : take_format(p, v);
	if (is_named(line, name, "Algorithm"))
		return p->algorithm_seen ? duplicate(p, "Algorithm") : take_algorithm(p, &v);
	return take_field(p, line, name, &v);
}

static void not_known(const struct parse *p, const char *line, size_t len)
{
	const char *colon = memchr(line, ':', len);
	char name[NAME_SHOWN + 1] = "";
	size_t shown = colon != NULL ? (size_t)(colon - line) + 1 : 0;

	if (shown > NAME_SHOWN)
		shown = NAME_SHOWN;
	memcpy(name, line, shown);
	str_printable(name);
	message_error("Unrecognized input line %u", p->line);
	message_error("--> %s%s", name, shown < len ? "..." : "");
}

static bool take_lines(struct parse *p, const char *text, size_t len)
{
	while (len > 0) {
		const char *end = memchr(text, '\n', len);
		size_t whole = end != NULL ? (size_t)(end - text) : len;
		struct value v = { text, whole };
		enum outcome got = TAKEN;

		p->line++;
		trim(&v);
		if (v.len > 0)
			got = take_line(p, v.from, v.len);
		if (got == FAILED)
			return false;
		if (got == NOT_KNOWN)
			not_known(p, v.from, v.len);
		text += end != NULL ? whole + 1 : whole;
		len -= end != NULL ? whole + 1 : whole;
	}
	return true;
}

bool bind_read(const char *text, size_t len, const struct bind_algorithm **algorithm,
	       struct attrset **parts)
{
	struct parse p = { .parts = attrset_new(true) };
	bool ok;

	if (p.parts == NULL) {
		message_error("Out of memory.");
		return false;
	}
	ok = take_lines(&p, text, len);
	if (ok && !p.algorithm_seen) {
		message_error("The algorithm -1 was not given in the file.");
		ok = false;
	}
	if (ok) {
		*algorithm = p.algorithm;
		*parts = p.parts;
	} else {
		attrset_free(p.parts);
	}
	return ok;
}
