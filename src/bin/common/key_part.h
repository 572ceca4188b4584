/* The parts of PEM files, and DER. For key_file.c and cert_file.c. */
#ifndef BIN_COMMON_KEY_PART_H
#define BIN_COMMON_KEY_PART_H

#include <openssl/bio.h>

#include "bin/common/key_file.h"

/* A decoded part of a file. */
struct key_part {
	unsigned char *data; /* in OpenSSL's secure allocation, wiped when freed */
	long len;
	char *header; /* "Proc-Type: ..." of PEM, or NULL */
	size_t kind;  /* which of the wanted names it has */
};

/*
 * The next part that has one of the names, a list that NULL ends. false: there is none left.
 */
bool key_part_next(BIO *bio, const char *const *wanted, struct key_part *out);

/*
 * The first one of the file; failing that the whole file, which may be DER: then kind is that of
 * the NULL. false: out of memory.
 */
bool key_part_find(const struct secbuf *file, const char *const *wanted, struct key_part *out);

void key_part_free(struct key_part *p);

/* Does the file have a PEM part of that name? */
bool key_part_has(const struct secbuf *file, const char *name);

#endif
