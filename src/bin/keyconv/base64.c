#include "config.h"

#include "bin/keyconv/base64.h"

#include <limits.h>
#include <string.h>

#include <openssl/evp.h>

/* What it decodes to, with the bytes that the padding stands for. NULL when it is no base64. */
static struct secbuf *decode_all(const char *text, size_t len)
{
	struct secbuf *out = secbuf_new(len / 4 * 3);

	if (out == NULL || EVP_DecodeBlock(out->data, (const unsigned char *)text, (int)len) >= 0)
		return out;
	secbuf_free(out);
	return NULL;
}

/* OpenSSL is lenient about blanks, padding and bits left over; what it makes of them differs. */
static bool is_strict(const char *text, size_t len, const struct secbuf *decoded)
{
	struct secbuf *again = base64_encode(decoded->data, decoded->len);
	bool same = again != NULL && again->len == len && memcmp(again->data, text, len) == 0;

	secbuf_free(again);
	return same;
}

struct secbuf *base64_decode(const char *text, size_t len)
{
	struct secbuf *out;

	if (len == 0 || len % 4 != 0 || len > INT_MAX)
		return NULL;
	out = decode_all(text, len);
	if (out == NULL)
		return NULL;
	for (size_t pad = 0; pad < 2 && text[len - 1 - pad] == '='; pad++)
		out->len--;
	if (is_strict(text, len, out))
		return out;
	secbuf_free(out);
	return NULL;
}

struct secbuf *base64_encode(const unsigned char *data, size_t len)
{
	struct secbuf *out = len <= INT_MAX / 2 ? secbuf_new((len + 2) / 3 * 4 + 1) : NULL;

	if (out != NULL)
		out->len = (size_t)EVP_EncodeBlock(out->data, data, (int)len);
	return out;
}
