#include "config.h"

#include "bin/keyconv/base64.h"

#include <string.h>

static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

static bool value_of(char c, uint32_t *out)
{
	const char *found = c != '\0' ? strchr(digits, c) : NULL;

	if (found == NULL)
		return false;
	*out = (uint32_t)(found - digits);
	return true;
}

/* Four digits, of which the last pad ones are "=". */
static bool decode_group(const char *text, size_t pad, unsigned char *out)
{
	uint32_t bits = 0;
	uint32_t v;

	for (size_t i = 0; i < 4; i++) {
		v = 0;
		if (i < 4 - pad && !value_of(text[i], &v))
			return false;
		bits = bits << 6 | v;
	}
	if ((bits & ((1u << (8 * pad)) - 1)) != 0)
		return false;
	for (size_t i = 0; i < 3 - pad; i++)
		out[i] = (unsigned char)(bits >> (16 - 8 * i));
	return true;
}

struct secbuf *base64_decode(const char *text, size_t len)
{
	struct secbuf *out = NULL;
	size_t pad = 0;

	if (len == 0 || len % 4 != 0)
		return NULL;
	while (pad < 2 && text[len - 1 - pad] == '=')
		pad++;
	out = secbuf_new(len / 4 * 3 - pad);
	if (out == NULL)
		return NULL;
	for (size_t i = 0; i < len / 4; i++) {
		bool last = i + 1 == len / 4;

		if (!decode_group(text + 4 * i, last ? pad : 0, out->data + 3 * i)) {
			secbuf_free(out);
			return NULL;
		}
	}
	return out;
}

static unsigned char digit(uint32_t bits)
{
	return (unsigned char)digits[bits & 63];
}

struct secbuf *base64_encode(const unsigned char *data, size_t len)
{
	struct secbuf *out = secbuf_new((len + 2) / 3 * 4 + 1);
	size_t n = 0;

	if (out == NULL)
		return NULL;
	for (size_t i = 0; i < len; i += 3) {
		size_t have = len - i < 3 ? len - i : 3;
		uint32_t bits = (uint32_t)data[i] << 16;

		if (have > 1)
			bits |= (uint32_t)data[i + 1] << 8;
		if (have > 2)
			bits |= data[i + 2];
		for (size_t d = 0; d < 4; d++)
			out->data[n++] = d <= have ? digit(bits >> (18 - 6 * d)) : '=';
	}
	out->len = n;
	return out;
}
