#include "config.h"

#include "record.h"

#include <ctype.h>
#include <dirent.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define RECORDS_MAX	2000
#define FIELDS_MAX	48
#define LINE_MAX_LEN	4096

static struct record all[RECORDS_MAX];
static size_t count;

struct record *records(size_t *out)
{
	*out = count;
	return all;
}

struct record *section_find(const char *kind, const char *name)
{
	for (size_t i = 0; i < count; i++)
		if (!all[i].mechanism && strcmp(all[i].head, kind) == 0 &&
		    strcmp(all[i].tail, name) == 0)
			return &all[i];
	return NULL;
}

bool record_complain(const struct record *r, const char *format, ...)
{
	va_list ap;

	fprintf(stderr, "%s:%u: [%s %s] ", r->file, r->line, r->head, r->tail);
	va_start(ap, format);
	vfprintf(stderr, format, ap);
	va_end(ap);
	fprintf(stderr, "\n");
	return false;
}

/* --- reading ------------------------------------------------------------ */

/* What the lines so far left behind. */
struct reader {
	const char *file;
	unsigned line;
	const char *source;
	struct record *r;
};

static bool reader_complain(const struct reader *in, const char *what)
{
	fprintf(stderr, "%s:%u: %s\n", in->file, in->line, what);
	return false;
}

static char *trimmed(char *text)
{
	char *end = NULL;

	while (isspace((unsigned char)*text))
		text++;
	end = text + strlen(text);
	while (end > text && isspace((unsigned char)end[-1]))
		end--;
	*end = 0;
	return text;
}

/* [CKM_X operation], [key name] or [use name] */
static bool read_head(struct reader *in, char *text)
{
	char *end = strchr(text, ']'), *blank = strchr(text, ' ');
	struct record *r = &all[count];

	if (!end || !blank || end[1])
		return reader_complain(in, "a head is [CKM_X operation], [key NAME] or [use NAME]");
	if (count == RECORDS_MAX)
		return reader_complain(in, "RECORDS_MAX is too small");
	if (!in->source)
		return reader_complain(in, "no \"# source: ...\" line before this record");
	*end = *blank = 0;
	*r = (struct record){
		.file = in->file, .line = in->line, .source = in->source,
		.head = pool_text(text + 1, strlen(text + 1)),
		.tail = pool_text(blank + 1, strlen(blank + 1)),
		.fields = pool_alloc(FIELDS_MAX * sizeof(*r->fields)), .op = NO_OPERATION,
	};
	in->r = r;
	if (strcmp(r->head, "key") == 0 || strcmp(r->head, "use") == 0) {
		if (section_find(r->head, r->tail))
			return reader_complain(in, "two sections have that name");
		count++;
		return true;
	}
	r->mechanism = mechanism_named(r->head);
	r->op = operation_find(r->tail);
	count++;
	return (r->mechanism && r->op != NO_OPERATION) ||
	       reader_complain(in, "no such mechanism or operation");
}

static bool read_field(struct reader *in, char *text)
{
	char *equals = strchr(text, '=');
	struct record *r = in->r;

	if (!r || !equals)
		return reader_complain(in, "a field of a record is NAME = VALUE");
	if (r->nfields == FIELDS_MAX)
		return reader_complain(in, "FIELDS_MAX is too small");
	*equals = 0;

	char *name = trimmed(text), *value = trimmed(equals + 1);

	r->fields[r->nfields++] = (struct field){
		.name = pool_text(name, strlen(name)), .text = pool_text(value, strlen(value)),
		.line = in->line,
	};
	return true;
}

/* A line that begins with a blank goes on with the value before it. */
static bool read_more(struct reader *in, char *text)
{
	struct field *f = in->r && in->r->nfields ? &in->r->fields[in->r->nfields - 1] : NULL;
	char *more = trimmed(text), *joined = NULL;
	size_t n = f ? strlen(f->text) : 0;

	if (!f)
		return reader_complain(in, "nothing to continue");
	joined = pool_alloc(n + strlen(more) + 2);
	sprintf(joined, "%s%s%s", f->text, n ? " " : "", more);
	f->text = joined;
	return true;
}

static bool read_line(struct reader *in, char *text)
{
	static const char source[] = "# source: ";

	in->line++;
	if (strncmp(text, source, sizeof(source) - 1) == 0) {
		char *what = trimmed(text + sizeof(source) - 1);

		in->source = pool_text(what, strlen(what));
		return true;
	}
	if (*text == '#' || !*trimmed(text))
		return true;
	if (*text == '[')
		return read_head(in, trimmed(text));
	return isspace((unsigned char)*text) ? read_more(in, text) : read_field(in, text);
}

static bool load_file(const char *path)
{
	const char *name = strrchr(path, '/');
	struct reader in = { .file = name ? name + 1 : path };
	char line[LINE_MAX_LEN];
	FILE *f = fopen(path, "r");
	bool ok = f;

	if (!f)
		perror(path);
	in.file = pool_text(in.file, strlen(in.file));
	while (ok && fgets(line, sizeof(line), f))
		ok = strchr(line, '\n') ? read_line(&in, line) :
					  reader_complain(&in, "a line is too long");
	if (f)
		fclose(f);
	return ok;
}

static int only_text(const struct dirent *e)
{
	size_t n = strlen(e->d_name);

	return n > 4 && strcmp(e->d_name + n - 4, ".txt") == 0;
}

bool records_load(const char *path)
{
	struct dirent **entries = NULL;
	struct stat st;
	bool ok = true;
	int n = 0;

	if (stat(path, &st) == 0 && !S_ISDIR(st.st_mode))
		return load_file(path);
	n = scandir(path, &entries, only_text, alphasort);
	if (n <= 0) {
		fprintf(stderr, "%s: no data files\n", path);
		return false;
	}
	for (int i = 0; i < n; i++) {
		char file[4096];

		snprintf(file, sizeof(file), "%s/%s", path, entries[i]->d_name);
		ok = ok && load_file(file);
		free(entries[i]);
	}
	free(entries);
	return ok;
}

/* --- asking ------------------------------------------------------------- */

const char *record_text(struct record *r, const char *name, size_t n)
{
	for (size_t i = 0; i < r->nfields; i++) {
		if (strcmp(r->fields[i].name, name) != 0 || n--)
			continue;
		r->fields[i].used = true;
		return r->fields[i].text;
	}
	return NULL;
}

bool record_has(struct record *r, const char *name)
{
	return record_text(r, name, 0);
}

bool record_bytes(struct record *r, const char *name, struct bytes *out)
{
	const char *text = record_text(r, name, 0);
	const struct bytes *b = bytes_parse(text ? text : "");

	if (!b)
		return record_complain(r, "%s: not a byte string", name);
	*out = *b;
	return true;
}

bool record_number(struct record *r, const char *name, CK_ULONG otherwise, CK_ULONG *out)
{
	const char *text = record_text(r, name, 0);
	char *end = NULL;

	*out = text ? strtoul(text, &end, 10) : otherwise;
	return !text || (*text && !*end) || record_complain(r, "%s: not a number", name);
}

bool record_constant(struct record *r, const char *name, CK_ULONG otherwise, CK_ULONG *out)
{
	const char *text = record_text(r, name, 0);

	*out = otherwise;
	return !text || constant_find(text, out) ||
	       record_complain(r, "%s: no constant is named %s", name, text);
}

bool record_flag(struct record *r, const char *name)
{
	const char *text = record_text(r, name, 0);

	return text && strcmp(text, "true") == 0;
}

size_t record_unused(const struct record *r)
{
	size_t n = 0;

	for (size_t i = 0; i < r->nfields; i++) {
		if (r->fields[i].used)
			continue;
		n++;
		record_complain(r, "nothing asked for the field %s of line %u", r->fields[i].name,
				r->fields[i].line);
	}
	return n;
}
