/*
 * OpenSSL's default provider under another name, for our own library context only.
 *
 * libcrypto asks its process-wide list of engines first whenever a key has one of the well-known
 * type names ("RSA", "EC"), even in a private library context. A host that reaches this library
 * through an engine (libp11's "pkcs11", made the default by `openssl -engine`) would so be called
 * from within itself, without end. Key types with names of their own are never looked up there: so
 * the default provider is loaded into a hidden context, and all that it offers is shown to ours,
 * each key type with one more name, first in its list: PROVIDER_KEY("RSA").
 */
#ifndef CRYPTO_PROVIDER_H
#define CRYPTO_PROVIDER_H

#include <openssl/crypto.h>

#include "common/base.h"

/*
 * The name of a key type in a context made here; type is one of OpenSSL's own names, a string
 * literal.
 */
#define PROVIDER_KEY_PREFIX "SoftHSM-"
#define PROVIDER_KEY(type) PROVIDER_KEY_PREFIX type

struct provider;

/*
 * A new library context that offers what the default provider does, and reads no configuration. The
 * caller owns *out, which owns *ctx. CKR_FUNCTION_FAILED (the reason is in OpenSSL's error queue),
 * CKR_HOST_MEMORY.
 */
CK_RV provider_open(struct provider **out, OSSL_LIB_CTX **ctx) MUST_CHECK;

/*
 * The hidden context, for its random generators only: those of OpenSSL 3.5 look for their
 * algorithms in the provider whose name they are told, and find none of our name there. Key
 * generation and padding draw from the same ones.
 */
OSSL_LIB_CTX *provider_random(const struct provider *p);

/*
 * Does it have an algorithm of that name, for one of OSSL_OP_DIGEST, _CIPHER, _MAC, _KDF, _KEYMGMT?
 * Costs nothing, while to fetch it would make objects of it, and of a key type even make libcrypto
 * look for an engine (and 3.5 load the host's configuration).
 */
bool provider_has(const struct provider *p, int operation, const char *name);

/* Frees the context and all that belongs to it. NULL is fine. */
void provider_close(struct provider *p);

#endif
