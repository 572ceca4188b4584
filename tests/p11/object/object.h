#ifndef TESTS_P11_OBJECT_H
#define TESTS_P11_OBJECT_H

/* The parts of test_object. */

#include "p11/kinds.h"

#define NO_HANDLE	0x7ffffff1UL
#define MINUS_ONE	((CK_ULONG)-1)

/* Sets of kinds. */
#define IS(kind)	(1u << (kind))
#define CERTIFICATES	(IS(CERTIFICATE) | IS(PGP_CERTIFICATE))
#define PUBLIC_KEYS	(IS(RSA_PUBLIC) | IS(EC_PUBLIC) | IS(ED_PUBLIC) | IS(DSA_PUBLIC) | \
			 IS(DH_PUBLIC) | IS(X25519_PUBLIC))
#define PRIVATE_KEYS	(IS(RSA_PRIVATE) | IS(EC_PRIVATE) | IS(ED_PRIVATE) | IS(DSA_PRIVATE) | \
			 IS(DH_PRIVATE) | IS(X25519_PRIVATE))
#define SECRET_KEYS	(IS(AES) | IS(GENERIC) | IS(DES3) | IS(HMAC))
#define KEYS		(PUBLIC_KEYS | PRIVATE_KEYS | SECRET_KEYS)
#define DOMAINS		(IS(DSA_DOMAIN) | IS(DH_DOMAIN))

/* An empty value that is not NULL. */
#define NO_BYTES(t)	{ (t), (CK_BYTE[]){ 0 }, 0 }

/* A list of attributes in a row. */
#define T(...)		((const CK_ATTRIBUTE[]){ __VA_ARGS__, A_END })
#define NO_MORE		((const CK_ATTRIBUTE[]){ A_END })

/* access.c: the five states, four storages and all that makes or uses an object */
void test_access_create(void);
void test_access_make(void);
void test_access_use(void);

/* attributes.c: defaults, required attributes and the rules of each */
void test_defaults(void);
void test_given(void);
void test_required(void);
void test_rules(void);
void test_secrets(void);
void test_persistence(void);
/* The object has what kind_make gave it and, for the rest, the defaults. */
CK_RV same_attributes(struct ctx *c, enum kind kind, CK_OBJECT_HANDLE o);


/* templates.c: repeated attributes, arrays in attributes, dates, flags, certificates */
void test_repeated(void);
void test_arrays(void);
void test_values(void);

/* info.c: CKA_PUBLIC_KEY_INFO, and CKA_EC_POINT of private keys */
void test_info(void);

/* copies.c: copies of all kinds, changes of copies and objects */
void test_copies(void);

/* log.c: each refusal is told once, with the attribute's name */
void test_log(void);

/* values.c: what a key cannot be, and what follows from one */
void test_parts(void);

#endif
