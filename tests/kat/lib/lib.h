#ifndef TESTS_KAT_LIB_H
#define TESTS_KAT_LIB_H

/*
 * libcrypto as the other side of a job (make.h), with its default context, which the module's own
 * has nothing to do with.
 */

#include <openssl/evp.h>

#include "kat/record.h"

/* What libcrypto makes of the job; false when it cannot, or does not know the mechanism. */
bool lib_make(struct record *job, struct bytes *made);
/* Of a random result: does libcrypto verify it, or get the text out of it? */
bool lib_check(struct record *job, struct bytes made);

/* --- the parts, by kind of mechanism ------------------------------------ */

struct lib_row {
	const char *pattern;		/* of the mechanism's name, as fnmatch knows it */
	bool (*make)(struct record *job, const char *arg, struct bytes *made);
	bool (*check)(struct record *job, const char *arg, struct bytes made);	/* if random */
	const char *arg;		/* libcrypto's name of an algorithm, or a padding */
};

extern const struct lib_row lib_secret_rows[], lib_public_rows[];
extern const size_t lib_secret_count, lib_public_count;

/* libcrypto's name of the digest that the mechanism's name has in it; NULL: none. */
const char *lib_digest_name(const char *mechanism);
/* The same for the record's field, a CKM_, CKG_ or CKD_ constant; `otherwise` without one. */
const char *lib_digest_field(struct record *job, const char *field, const char *otherwise);
/* The bytes of a secret key in a field, without its type. */
bool lib_secret(struct record *job, const char *field, struct bytes *out);
/* The key of a [key NAME] section that the field names, both halves; the caller frees it. */
EVP_PKEY *lib_key(struct record *job, const char *field);

#endif
