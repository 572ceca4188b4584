/*
 * OpenSSL, kept to ourselves: a private library context that reads no openssl.cnf, fetched
 * algorithms cached, errors turned into one log line. The host's own OpenSSL state is never changed
 * by us; see ossl_settle for what libcrypto does of its own accord.
 */
#ifndef CRYPTO_OSSL_H
#define CRYPTO_OSSL_H

#include <openssl/core_dispatch.h>
#include <openssl/ec.h>
#include <openssl/evp.h>

#include "common/base.h"

/*
 * Makes the context and loads the default provider into it. CKR_FUNCTION_FAILED, logged. Not
 * thread-safe.
 */
CK_RV ossl_open(void) MUST_CHECK;

/*
 * Gives everything back; does nothing once OpenSSL itself has been cleaned up (at exit). Not
 * thread-safe.
 *
 * While other threads that have used the context live, it is kept for the next ossl_open instead
 * (crypto/ossl/threads.h).
 */
void ossl_close(void);

/*
 * false once OPENSSL_cleanup has run in this process: then no OpenSSL function may be called any
 * more, not even to free, and what is left of its objects is left alone. Costs a few nanoseconds.
 */
bool ossl_alive(void);

/*
 * Has fn called when OpenSSL is cleaned up at exit: ossl_alive() says false already, and nothing
 * has been freed yet. OpenSSL keeps the address for good: once a process, and the code must stay.
 */
void ossl_before_end(void (*fn)(void));

/*
 * The context, for the calling thread to use at once: fetch it anew for every call, so that its
 * users are known.
 */
OSSL_LIB_CTX *ossl_ctx(void);

/*
 * To be called without any lock held, before the first use of cryptography; costs nothing the
 * second time.
 *
 * A libcrypto that has engines looks for one whenever a cipher, digest or key is put to use, in
 * whatever context, and loads the host's configuration (into the host's context) before the first
 * look. No call of ours can prevent that without switching the host's configuration off. What is
 * configured there may call this library again, so it must happen here, and no sooner than
 * cryptography is wanted: not at C_Initialize.
 */
void ossl_settle(void);

/*
 * The context whose random generators serve us (crypto/ossl/provider.h); otherwise as ossl_ctx.
 * Also for arithmetic, whose blinding draws from them.
 */
OSSL_LIB_CTX *ossl_random_ctx(void);

/*
 * Says that the calling thread is about to use objects made in the context; part of ossl_ctx and
 * ossl_enter.
 */
void ossl_touch(void);

/*
 * Fetched once, then cached until ossl_close; borrowed. NULL when OpenSSL does not offer it, or has
 * no memory for it. Thread-safe.
 */
const EVP_MD *ossl_md(const char *name);
const EVP_CIPHER *ossl_cipher(const char *name);
EVP_MAC *ossl_mac(const char *name);
EVP_KDF *ossl_kdf(const char *name);

/*
 * The group of a curve by OpenSSL's short name ("prime256v1"), for reading only. NULL:
 * OpenSSL's error queue tells why; it is empty when memory ran out. Building one costs more than
 * most of what is done with it.
 */
const EC_GROUP *ossl_group(const char *name);

/*
 * A context that generates keys on that curve (EVP_PKEY_generate), for the caller alone until it is
 * given back, which is to be done only when it worked; else free it. NULL: OpenSSL's queue says
 * why.
 */
EVP_PKEY_CTX *ossl_take_generator(const char *curve);
void ossl_give_generator(const char *curve, EVP_PKEY_CTX *ctx);

/*
 * A cipher whose name holds the key's bits: pattern "AES-%u-GCM", or a plain name. As ossl_cipher.
 */
const EVP_CIPHER *ossl_cipher_sized(const char *pattern, size_t key_bytes);

/* Why that was NULL: CKR_HOST_MEMORY where OpenSSL offers it, else CKR_KEY_SIZE_RANGE. */
CK_RV ossl_no_cipher(const char *pattern, size_t key_bytes);

/*
 * A context to make or generate keys of that type (OpenSSL's name: "RSA", "ED25519"), and a key
 * from its raw bytes (Edwards, Montgomery). Always by these: a well-known name would lead libcrypto
 * to the host's engines (crypto/ossl/provider.h). NULL: OpenSSL's queue holds the reason. The
 * caller owns the result.
 */
EVP_PKEY_CTX *ossl_key_ctx(const char *type);
EVP_PKEY *ossl_raw_key(const char *type, bool private, const unsigned char *data, size_t len);

/*
 * Is there an algorithm of that name, for OSSL_OP_DIGEST, OSSL_OP_KEYMGMT ... (provider.h)? Puts
 * nothing to use, so that ossl_settle need not have been called.
 */
bool ossl_has(int operation, const char *name);

/* The same for key types (OpenSSL's names: "RSA", "ED25519"). */
bool ossl_has_key(const char *type);

/* The same for what ossl_cipher_sized takes. */
bool ossl_has_cipher_sized(const char *pattern, size_t key_bytes);

/*
 * EVP_CipherUpdate for inputs of any length, 0 included; out NULL: additional data of an AEAD.
 * *out_len is what was written. false: OpenSSL's queue holds the reason.
 */
bool ossl_cipher_update(EVP_CIPHER_CTX *ctx, unsigned char *out, size_t *out_len,
			const unsigned char *in,
			size_t len) MUST_CHECK;

/*
 * Notes what failed and OpenSSL's own reason (common/reason.h), empties its error queue for this
 * thread, and returns rv.
 * CKR_HOST_MEMORY instead of rv when OpenSSL says that memory ran out, be it at first.
 */
CK_RV ossl_error(const char *what, CK_RV rv);

/*
 * The same without a word in the log: for failures that are expected, or must not be told apart
 * (bad padding).
 */
CK_RV ossl_quiet(CK_RV rv);

/* Empties the error queue of this thread, down to the last ossl_enter. */
void ossl_clear(void);

/*
 * Around each call of the application: what its own use of OpenSSL left in this thread's error
 * queue survives the call, and what ours adds is gone afterwards. Cheap; both do nothing once
 * OpenSSL is gone.
 */
void ossl_enter(void);
void ossl_leave(void);

/*
 * The same as ossl_enter for a call that may do without OpenSSL: the queue is looked at by the
 * first ossl_touch (or ossl_ctx), which has to come before anything that may fail in OpenSSL.
 */
void ossl_enter_later(void);

/*
 * Says that the call succeeded so far in something that leaves no error behind when it does: a
 * digest, a MAC, a cipher. It spares the last look.
 */
void ossl_still_clean(void);

/*
 * Forgets the context and all that was fetched, and frees nothing: in the child of a fork, when
 * other threads were using them, which may have held OpenSSL's locks. ossl_open makes new ones.
 */
void ossl_abandon(void);

/* For forks: resets the cache's lock in the child. */
void ossl_fork_child(void);

#endif
