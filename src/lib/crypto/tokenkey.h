/*
 * The token key, its PIN blobs, and the encryption of private attribute values: byte for byte those
 * of SoftHSM v2 (docs/STORAGE.md).
 */
#ifndef CRYPTO_TOKENKEY_H
#define CRYPTO_TOKENKEY_H

#include "common/secmem.h"

#define TOKENKEY_BYTES 32
#define PIN_BLOB_BYTES 72

/* 32 fresh random bytes. The caller owns *out. */
CK_RV tokenkey_generate(struct secbuf **out) MUST_CHECK;

/* The token key locked under a PIN (1 or more bytes), with fresh salt and IV. */
CK_RV tokenkey_seal(const struct secbuf *key, const CK_BYTE *pin, CK_ULONG pin_len,
		    unsigned char blob[PIN_BLOB_BYTES]) MUST_CHECK;

/*
 * CKR_PIN_INCORRECT when the PIN does not open the blob, or the blob is not one. The caller owns
 * *out.
 */
CK_RV tokenkey_open(const unsigned char *blob, size_t blob_len, const CK_BYTE *pin,
		    CK_ULONG pin_len,
		    struct secbuf **out) MUST_CHECK;

/* The length of a value of n bytes when encrypted; 0 on overflow. */
size_t tokenkey_sealed_size(size_t n);

/* IV || AES-256-CBC with padding; out has tokenkey_sealed_size(len) bytes. */
CK_RV tokenkey_encrypt(const struct secbuf *key, const void *in, size_t len,
		       unsigned char *out) MUST_CHECK;

/*
 * CKR_DATA_INVALID when the length or the padding is wrong (damage, logged by the caller). The
 * caller owns *out.
 */
CK_RV tokenkey_decrypt(const struct secbuf *key, const unsigned char *in, size_t len,
		       struct secbuf **out) MUST_CHECK;

#endif
