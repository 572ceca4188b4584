/* Files to import: private and public keys, certificates, PKCS#12, raw bytes; PEM or DER. */
#ifndef BIN_COMMON_KEY_FILE_H
#define BIN_COMMON_KEY_FILE_H

#include <openssl/evp.h>
#include <openssl/x509.h>

#include "common/secmem.h"

enum file_state {
	FILE_READ,
	FILE_NOT_OPEN,
	FILE_NOT_READ /* also: empty, or larger than any key */
};

/* The whole file. The caller owns *out. errno tells why it is not open. */
enum file_state key_file_read(const char *path, struct secbuf **out);

/* The hint for a file that could not be opened: its name and errno. */
void key_file_hint(const char *path);

/*
 * The private key in PKCS#8, or in OpenSSL's traditional forms; encrypted exactly if a password is
 * given (it may be NULL, but not for a plain file). NULL, reported, when there is none; the caller
 * owns the result. option is how the tool calls the password. Needs ossl_open, as all that follows.
 */
#define KEY_FILE_PIN "--file-pin"
EVP_PKEY *key_file_pkey(const char *path, const struct secbuf *password);
EVP_PKEY *key_file_decode(const struct secbuf *file, const struct secbuf *password,
			  const char *option);

/*
 * The public key: SubjectPublicKeyInfo, PKCS#1 (PEM), or that of a certificate. As key_file_pkey.
 */
EVP_PKEY *key_file_public(const char *path);

/*
 * The certificates in the file, at least one. NULL, reported, when there is none; the caller frees
 * the stack with what is in it.
 */
STACK_OF(X509) *key_file_certificates(const char *path);

/* What a PKCS#12 file holds: each may be NULL. */
struct key_bundle {
	EVP_PKEY *key;
	X509 *certificate; /* the key's */
	STACK_OF(X509) *others;
};

/* false, reported, on failure; password may be NULL. */
bool key_file_bundle(const char *path, const struct secbuf *password, struct key_bundle *out);
void key_bundle_free(struct key_bundle *b);

#endif
