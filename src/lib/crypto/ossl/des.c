#include "config.h"

#include "crypto/ossl/des.h"

struct secbuf *des_expand(const unsigned char *value, size_t len)
{
	struct secbuf *triple = secbuf_new(DES3_BYTES);

	/* K1 K1 K1, or K1 K2 K1 */
	for (size_t i = 0; triple != NULL && i < DES3_BYTES; i++)
		triple->data[i] = value[i % len];
	return triple;
}

CK_RV des_triple(const struct key *key, struct secbuf **out)
{
	*out = NULL;
	if (key->type != CKK_DES && key->type != CKK_DES2)
		return CKR_OK;
	*out = des_expand(key->secret->data, key->secret->len);
	return *out != NULL ? CKR_OK : CKR_HOST_MEMORY;
}

void des_odd_parity(unsigned char *value, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		unsigned ones = value[i] & 0xfeU;

		ones ^= ones >> 4;
		ones ^= ones >> 2;
		ones ^= ones >> 1;
		value[i] = (unsigned char)((value[i] & 0xfeU) | (~ones & 1U));
	}
}
