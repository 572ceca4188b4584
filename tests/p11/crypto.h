#ifndef TESTS_P11_CRYPTO_H
#define TESTS_P11_CRYPTO_H

/* The parts of test_crypto. */

#include "kinds.h"
#include "peer.h"

#define NO_HANDLE	0x7ffffff1UL
#define MESSAGE_MAX	4096

/* A list of attributes in a row. */
#define T(...)		((const CK_ATTRIBUTE[]){ __VA_ARGS__, A_END })

/* Bytes that differ from their neighbours; MESSAGE_MAX of them. */
CK_BYTE *message(void);

/* The program's token keys, made by the module: "RSA", "P-256", ... as peer_generate names them. */
CK_RV key_find(CK_SESSION_HANDLE s, CK_OBJECT_CLASS class, const char *name, CK_OBJECT_HANDLE *out);
/* An AES or generic session key of known value: the bytes 0, 1, 2, ... */
CK_RV secret_make(CK_SESSION_HANDLE s, CK_KEY_TYPE type, CK_ULONG len, const CK_ATTRIBUTE *more,
		  CK_OBJECT_HANDLE *out);
/* Its value. */
const CK_BYTE *secret_value(void);

/* CKR_OK if `rv` is the first or the second. */
CK_RV either(CK_RV rv, CK_RV first, CK_RV second);

/* crypto_keygen.c; the first makes the token keys */
void test_keys_make(void);
void test_keygen(void);

/* crypto_sign.c */
void test_sign(void);
void test_verify(void);

/* crypto_digest.c: digests and HMAC */
void test_digest(void);
void test_hmac(void);

/* crypto_cipher.c */
void test_ciphers(void);
void test_rsa_encryption(void);
void test_parameters(void);

#endif
