#ifndef TESTS_KAT_RECORD_H
#define TESTS_KAT_RECORD_H

#include <stdbool.h>
#include <stddef.h>

#include "facts.h"
#include "pool.h"

/*
 * The data files (tests/data/kat/README.md describes them): records and named sections, each a head
 * in brackets and fields. Fields that nobody asked for are mistyped ones, so asking is noted.
 */

struct field {
	const char *name;
	const char *text;
	unsigned line;
	bool used;
};

struct record {
	const char *file;		/* without directory */
	unsigned line;
	const char *source;		/* where its numbers come from */
	const char *head;		/* "CKM_AES_CBC", "key", "use" */
	const char *tail;		/* the operation, or the section's name */
	const struct mechanism *mechanism;	/* NULL: a section */
	enum operation op;
	struct field *fields;
	size_t nfields;
};

/* Reads a file, or all *.txt of a directory. False, with a line on stderr, for a faulty one. */
bool records_load(const char *path);
/* Those of all files, in order. */
struct record *records(size_t *count);
/* The section [kind name]; NULL if there is none. */
struct record *section_find(const char *kind, const char *name);

/* The n-th field of that name (0: the first); NULL if there are not so many. */
const char *record_text(struct record *r, const char *name, size_t n);
bool record_has(struct record *r, const char *name);
/* The field's bytes; none and true without such a field, false if it is no byte string. */
bool record_bytes(struct record *r, const char *name, struct bytes *out);
/* A decimal number, `otherwise` without such a field. */
bool record_number(struct record *r, const char *name, CK_ULONG otherwise, CK_ULONG *out);
/* A constant by its name, `otherwise` without such a field. */
bool record_constant(struct record *r, const char *name, CK_ULONG otherwise, CK_ULONG *out);
bool record_flag(struct record *r, const char *name);

/* A line on stderr: file, line, head, tail, the text. Always false. */
bool record_complain(const struct record *r, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
/* Complains of the fields that nobody asked for; how many there are. */
size_t record_unused(const struct record *r);

#endif
