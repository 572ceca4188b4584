/* Files that the tools write: whole or not at all, and keys for nobody else to read. */
#ifndef BIN_COMMON_OUT_FILE_H
#define BIN_COMMON_OUT_FILE_H

#include "common/secmem.h"

/*
 * Writes len bytes to the path; "-" is standard output. A regular file is replaced at once, by a
 * new one of mode 0600 if secret, else 0666 less the umask; anything else there (a device, a FIFO)
 * is written to. false, with errno, when that failed; then what was there is as it was.
 */
bool out_file_write(const char *path, const void *data, size_t len, bool secret) MUST_CHECK;

/*
 * PKCS#8 DER as PEM, encrypted (PBES2: AES-256-CBC, PBKDF2 with HMAC-SHA-256) if there is a
 * password. NULL, reported, when that is not possible. The caller owns the result. Needs ossl_open.
 */
struct secbuf *out_file_pkcs8(const struct secbuf *der, const struct secbuf *password);

/* Anything public as PEM. As out_file_pkcs8. */
struct secbuf *out_file_pem(const char *name, const unsigned char *data, size_t len);

#endif
