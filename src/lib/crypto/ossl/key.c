#include "config.h"

#include "crypto/ossl/key.h"

#include <stdlib.h>

#include "crypto/ossl/ossl.h"

static void parts_free(EVP_PKEY *pkey, struct secbuf *secret)
{
	if (pkey != NULL && ossl_alive()) {
		ossl_touch();
		EVP_PKEY_free(pkey);
	}
	secbuf_free(secret);
}

struct key *key_new(CK_OBJECT_CLASS class, CK_KEY_TYPE type, EVP_PKEY *pkey, struct secbuf *secret,
		    CK_ULONG size)
{
	struct key *k = malloc(sizeof(*k));

	if (k == NULL) {
		parts_free(pkey, secret);
		return NULL;
	}
	*k = (struct key){ .class = class, .type = type, .pkey = pkey, .secret = secret };
	k->size = size;
	atomic_init(&k->refs, 1);
	for (size_t i = 0; i < KEY_RESTING; i++)
		atomic_init(&k->resting[i], NULL);
	atomic_init(&k->end, NULL);
	return k;
}

struct key *key_ref(struct key *k)
{
	atomic_fetch_add_explicit(&k->refs, 1, memory_order_relaxed);
	return k;
}

void key_unref(struct key *k)
{
	if (k == NULL || atomic_fetch_sub_explicit(&k->refs, 1, memory_order_acq_rel) != 1)
		return;
	for (size_t i = 0; i < KEY_RESTING; i++) {
		struct op *op = atomic_load(&k->resting[i]);

		if (op != NULL)
			k->end(op);
	}
	parts_free(k->pkey, k->secret);
	free(k);
}
