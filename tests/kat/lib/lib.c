#include "config.h"

#include "lib.h"

#include <fnmatch.h>
#include <string.h>

#include "p11/harness.h"

static const struct lib_row *find(const struct lib_row *rows, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (fnmatch(rows[i].pattern, name, 0) == 0)
			return &rows[i];
	return NULL;
}

/* The public ones first: their names have digests, too. */
static const struct lib_row *row_of(const struct record *job)
{
	const struct lib_row *row = find(lib_public_rows, lib_public_count, job->head);

	return row ? row : find(lib_secret_rows, lib_secret_count, job->head);
}

bool lib_make(struct record *job, struct bytes *made)
{
	const struct lib_row *row = row_of(job);

	return row && row->make(job, row->arg, made);
}

bool lib_check(struct record *job, struct bytes made)
{
	const struct lib_row *row = row_of(job);

	return !row || !row->check || row->check(job, row->arg, made);
}

const char *lib_digest_name(const char *mechanism)
{
	/* the longer names first, where one is in another */
	static const char *const names[][2] = {
		{ "SHA3_224", "SHA3-224" }, { "SHA3_256", "SHA3-256" },
		{ "SHA3_384", "SHA3-384" }, { "SHA3_512", "SHA3-512" },
		{ "SHA512_224", "SHA512-224" }, { "SHA512_256", "SHA512-256" },
		{ "SHA224", "SHA224" }, { "SHA256", "SHA256" }, { "SHA384", "SHA384" },
		{ "SHA512", "SHA512" }, { "SHA_1", "SHA1" }, { "SHA1", "SHA1" },
		{ "MD5", "MD5" }, { "RIPEMD160", "RIPEMD160" },
	};

	for (size_t i = 0; i < LENGTH(names); i++)
		if (strstr(mechanism, names[i][0]))
			return names[i][1];
	return NULL;
}

const char *lib_digest_field(struct record *job, const char *field, const char *otherwise)
{
	const char *text = record_text(job, field, 0);

	return text ? lib_digest_name(text) : otherwise;
}

bool lib_secret(struct record *job, const char *field, struct bytes *out)
{
	const char *text = record_text(job, field, 0);
	const struct bytes *b = NULL;

	if (!text || strncmp(text, "CKK_", 4) != 0)
		return false;
	b = bytes_parse(text + strcspn(text, " "));
	if (b)
		*out = *b;
	return b;
}
