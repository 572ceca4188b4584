/*
 * OpenSSL, kept to ourselves: a private library context that reads no openssl.cnf, fetched algorithms cached, errors
 * turned into one log line. The host's own OpenSSL state is never touched.
 */
#ifndef CRYPTO_OSSL_H
#define CRYPTO_OSSL_H

#include <openssl/evp.h>

#include "common/base.h"

/* Makes the context and loads the default provider into it. CKR_FUNCTION_FAILED, logged. Not thread-safe. */
CK_RV ossl_open(void) MUST_CHECK;

/* Gives everything back; does nothing once OpenSSL itself has been cleaned up (at exit). Not thread-safe. */
void ossl_close(void);

/*
 * false once OPENSSL_cleanup has run in this process: then no OpenSSL function may be called any more, not even to
 * free, and what is left of its objects is left alone. Costs a few nanoseconds.
 */
bool ossl_alive(void);

OSSL_LIB_CTX *ossl_ctx(void);

/* Fetched once, then cached until ossl_close; borrowed. NULL when OpenSSL does not offer it. Thread-safe. */
const EVP_MD *ossl_md(const char *name);
const EVP_CIPHER *ossl_cipher(const char *name);

/* Can EVP_PKEY, signature, MAC ... operations for that key type (OpenSSL's name: "RSA", "ED25519") be had? Cached. */
bool ossl_has_key(const char *name);

/*
 * Logs what, with OpenSSL's own reason, empties its error queue for this thread, and returns rv. CKR_HOST_MEMORY
 * instead of rv when OpenSSL says that memory ran out.
 */
CK_RV ossl_error(const char *what, CK_RV rv);

/* Empties the error queue of this thread: after failures that are expected (a wrong signature). */
void ossl_clear(void);

/* For forks: resets the cache's lock in the child. */
void ossl_fork_child(void);

#endif
