#include "config.h"

#include "common/str.h"

#include <stdlib.h>
#include <string.h>

/* Longer names are no misspelling of any of ours. */
#define DISTANCE_MAX_LEN 64

void str_pad(CK_UTF8CHAR *field, size_t size, const char *text)
{
	size_t len = strnlen(text, size);

	memcpy(field, text, len);
	memset(field + len, ' ', size - len);
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

bool str_unhex(const char *text, unsigned char *out, size_t cap, size_t *len)
{
	size_t digits = strlen(text);
	size_t i;
	int high, low;

	if (digits % 2 != 0 || digits / 2 > cap)
		return false;
	for (i = 0; i < digits / 2; i++) {
		high = hex_digit(text[2 * i]);
		low = hex_digit(text[2 * i + 1]);
		if (high < 0 || low < 0)
			return false;
		out[i] = (unsigned char)(high << 4 | low);
	}
	*len = digits / 2;
	return true;
}

void str_hex(const unsigned char *data, size_t len, char *out)
{
	static const char digits[] = "0123456789abcdef";
	size_t i;

	for (i = 0; i < len; i++) {
		*out++ = digits[data[i] >> 4];
		*out++ = digits[data[i] & 15];
	}
	*out = '\0';
}

void str_printable(char *text)
{
	unsigned char *p = (unsigned char *)text;

	for (; *p != '\0'; p++) {
		if (*p < ' ' || *p == 0x7f) {
			*p = '?';
		} else if (*p == 0xc2 && p[1] >= 0x80 && p[1] <= 0x9f) {
			/* U+0080 to U+009F, controls too: some terminals obey them. */
			p[0] = '?';
			p[1] = '?';
		}
	}
}

static size_t min3(size_t a, size_t b, size_t c)
{
	size_t least = a < b ? a : b;

	return least < c ? least : c;
}

size_t str_distance(const char *a, const char *b)
{
	size_t alen = strlen(a), blen = strlen(b);
	size_t row[DISTANCE_MAX_LEN + 1];	/* [j]: from the first i of a to the first j of b */
	size_t i, j, diagonal, above;

	if (alen > DISTANCE_MAX_LEN || blen > DISTANCE_MAX_LEN)
		return alen > blen ? alen : blen;
	for (j = 0; j <= blen; j++)
		row[j] = j;
	for (i = 1; i <= alen; i++) {
		diagonal = row[0];
		row[0] = i;
		for (j = 1; j <= blen; j++) {
			above = row[j];
			row[j] = min3(above + 1, row[j - 1] + 1, diagonal + (a[i - 1] != b[j - 1]));
			diagonal = above;
		}
	}
	return row[blen];
}

bool size_add(size_t a, size_t b, size_t *out)
{
	if (b > SIZE_MAX - a)
		return false;
	*out = a + b;
	return true;
}

bool size_mul(size_t a, size_t b, size_t *out)
{
	if (a != 0 && b > SIZE_MAX / a)
		return false;
	*out = a * b;
	return true;
}

char *path_join(const char *dir, const char *name)
{
	size_t dlen = strlen(dir), nlen, slash, size;
	char *path;

	while (*name == '/')
		name++;
	nlen = strlen(name);
	slash = dlen > 0 && dir[dlen - 1] != '/' ? 1 : 0;
	if (!size_add(dlen, nlen, &size) || !size_add(size, slash + 1, &size))
		return NULL;
	path = malloc(size);
	if (path == NULL)
		return NULL;
	memcpy(path, dir, dlen);
	if (slash != 0)
		path[dlen] = '/';
	memcpy(path + dlen + slash, name, nlen + 1);
	return path;
}
