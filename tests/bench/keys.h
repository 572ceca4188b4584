#ifndef TESTS_BENCH_KEYS_H
#define TESTS_BENCH_KEYS_H

#include "bench/bench.h"

/* The keys of the fixture WITH_KEYS. Their names are labels and file names. */
enum key_id { KEY_NONE, KEY_RSA2048, KEY_RSA4096, KEY_P256, KEY_ED25519, KEY_AES, KEY_HMAC, KEYS };

struct key_pair {
	CK_OBJECT_HANDLE private;	/* also a secret key */
	CK_OBJECT_HANDLE public;
};

const char *key_name(enum key_id id);
/* Generates one with a label; session objects unless `token`. */
CK_RV key_make(struct run *r, enum key_id id, bool token, struct key_pair *out);
/* The token's key of that kind. */
CK_RV key_find(struct run *r, enum key_id id, struct key_pair *out);
/* C_FindObjectsInit, C_FindObjects and C_FindObjectsFinal. */
CK_RV objects_find(struct run *r, CK_ATTRIBUTE *t, CK_ULONG n, CK_OBJECT_HANDLE *out, CK_ULONG max,
		   CK_ULONG *found);

#endif
