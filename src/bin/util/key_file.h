/* Files to import: keys in PKCS#8, certificates, raw bytes; PEM or DER. */
#ifndef BIN_UTIL_KEY_FILE_H
#define BIN_UTIL_KEY_FILE_H

#include <openssl/evp.h>
#include <openssl/x509.h>

#include "common/secmem.h"

enum file_state {
	FILE_READ,
	FILE_NOT_OPEN,
	FILE_NOT_READ /* also: empty, or larger than any key */
};

/* The whole file. The caller owns *out. */
enum file_state key_file_read(const char *path, struct secbuf **out);

/*
 * The key of a PKCS#8 file, encrypted exactly if a password is given (it may be NULL, but not for a
 * plain file). NULL, reported, when there is none; the caller owns the result.
 */
EVP_PKEY *key_file_pkey(const char *path, const struct secbuf *password);

/*
 * The first certificate in the file. NULL, reported, when there is none; the caller owns the
 * result.
 */
X509 *key_file_certificate(const char *path);

#endif
