/*
 * A decoded key: what OpenSSL needs, built once from an object's attributes and shared, counted, by
 * all its users. Immutable but for the operations that rest with it, so it needs no lock.
 */
#ifndef CRYPTO_KEY_H
#define CRYPTO_KEY_H

#include <openssl/evp.h>
#include <stdatomic.h>

#include "common/secmem.h"

/* Operations that ended, and that the next ones with the key go on from (mech/op.h). */
#define KEY_RESTING 4

struct op;

struct key {
	CK_OBJECT_CLASS class;	/* CKO_PUBLIC_KEY, CKO_PRIVATE_KEY, CKO_SECRET_KEY */
	CK_KEY_TYPE type;
	EVP_PKEY *pkey;		/* of asymmetric keys, else NULL */
	struct secbuf *secret;	/* of secret keys, else NULL */
	/* in the unit of the mechanisms' ulMinKeySize: bits (RSA, DSA, DH, EC) or bytes */
	CK_ULONG size;
	bool whole_curve;	/* CKK_EC: every point of the curve is in the group, but infinity */
	atomic_uint refs;
	_Atomic(struct op *) resting[KEY_RESTING];
	void (*_Atomic end)(struct op *op);	/* of these; set before the first one */
};

/* Takes over pkey or secret in any case. NULL when out of memory. One reference, the caller's. */
struct key *key_new(CK_OBJECT_CLASS class, CK_KEY_TYPE type, EVP_PKEY *pkey, struct secbuf *secret,
		    CK_ULONG size);
struct key *key_ref(struct key *k);

/* The last one wipes and frees the key. NULL is fine. */
void key_unref(struct key *k);

#endif
