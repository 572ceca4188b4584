#ifndef TESTS_P11_PEER_H
#define TESTS_P11_PEER_H

/*
 * libcrypto as the other side: it checks what the module makes and makes what
 * the module has to accept. Everything here fails by returning NULL or false.
 */

#include <openssl/evp.h>

#include "harness.h"

enum padding {
	PAD_PKCS1,
	PAD_NONE,		/* CKM_RSA_X_509 */
	PAD_PSS,
	PAD_OAEP,
	PAD_ECDSA,		/* r and s, each as long as the order */
	PAD_EDDSA
};

/* How a mechanism signs or encrypts. */
struct scheme {
	enum padding padding;
	const char *md;		/* NULL: none at all */
	bool hashes;		/* the mechanism hashes; otherwise its input is the hash */
	const char *mgf;	/* hash of the mask generation; NULL: the same */
	int salt;		/* PSS, bytes; 0: as many as the hash has */
	const char *label;	/* OAEP; NULL: none */
};

/* "RSA" (2048 bits), "P-256", "P-384", "P-521", "ED25519", "ED448" */
EVP_PKEY *peer_generate(const char *type);

/* The module's key as libcrypto's, from its attributes; a private key must be readable. */
EVP_PKEY *peer_export(CK_SESSION_HANDLE s, CK_OBJECT_HANDLE o);
/* libcrypto's key as a session object that is not private, public or private half. */
CK_RV peer_import(CK_SESSION_HANDLE s, EVP_PKEY *key, CK_OBJECT_CLASS class, CK_OBJECT_HANDLE *out);

bool peer_sign(EVP_PKEY *key, const struct scheme *how, const CK_BYTE *data, size_t len,
	       CK_BYTE *signature, size_t *signature_len);
bool peer_verify(EVP_PKEY *key, const struct scheme *how, const CK_BYTE *data, size_t len,
		 const CK_BYTE *signature, size_t signature_len);
/* RSA only; PAD_PKCS1, PAD_NONE or PAD_OAEP. */
bool peer_encrypt(EVP_PKEY *key, const struct scheme *how, const CK_BYTE *data, size_t len,
		  CK_BYTE *out, size_t *out_len);
bool peer_decrypt(EVP_PKEY *key, const struct scheme *how, const CK_BYTE *data, size_t len,
		  CK_BYTE *out, size_t *out_len);

/* A symmetric cipher in one go; the tag of an AEAD follows the text. */
struct cipher {
	const char *name;	/* of libcrypto, for instance "AES-128-CBC" */
	const CK_BYTE *key, *iv, *aad;
	size_t iv_len, aad_len, tag_len;
	bool padding;
};

bool peer_cipher(const struct cipher *how, const CK_BYTE *data, size_t len, CK_BYTE *out,
		 size_t *out_len);
bool peer_digest(const char *md, const CK_BYTE *data, size_t len, CK_BYTE *out, size_t *out_len);
bool peer_hmac(const char *md, const CK_BYTE *key, size_t key_len, const CK_BYTE *data, size_t len,
	       CK_BYTE *out, size_t *out_len);

#endif
