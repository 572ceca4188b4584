#include "config.h"

#include "pool.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BYTES_RANDOM	4096

struct chunk {
	struct chunk *next;
	max_align_t data[];
};

static struct chunk *chunks;

void *pool_alloc(size_t size)
{
	struct chunk *c = calloc(1, sizeof(*c) + (size ? size : 1));

	if (!c) {
		perror("pool");
		exit(99);
	}
	c->next = chunks;
	chunks = c;
	return c->data;
}

char *pool_text(const char *from, size_t len)
{
	char *text = pool_alloc(len + 1);

	memcpy(text, from, len);
	return text;
}

void pool_free(void)
{
	while (chunks) {
		struct chunk *next = chunks->next;

		free(chunks);
		chunks = next;
	}
}

/* --- byte strings ------------------------------------------------------- */

static int hex_digit(char c)
{
	static const char digits[] = "0123456789abcdef";
	const char *at = c ? strchr(digits, tolower((unsigned char)c)) : NULL;

	return at ? (int)(at - digits) : -1;
}

/* ?LENGTH:SEED, bytes that look random and are always the same; b has room for BYTES_RANDOM. */
static const char *random_parse(const char *at, struct bytes *b)
{
	unsigned long long state = 0;
	unsigned long len = 0, seed = 0;
	int used = 0;

	if (sscanf(at, "?%lu:%lu%n", &len, &seed, &used) != 2 || len > BYTES_RANDOM)
		return NULL;
	state = seed * 2 + 1;
	for (; len; len--) {
		state = state * 6364136223846793005ULL + 1442695040888963407ULL;
		b->p[b->len++] = (CK_BYTE)(state >> 56);
	}
	return at + used;
}

/* One token, "text" or a pair of hex digits, appended to b; where it ends, or NULL. */
static const char *token_parse(const char *at, struct bytes *b)
{
	int high = hex_digit(at[0]), low = high < 0 ? -1 : hex_digit(at[1]);

	if (low >= 0) {
		b->p[b->len++] = (CK_BYTE)(high << 4 | low);
		return at + 2;
	}
	if (*at == '?')
		return b->len ? NULL : random_parse(at, b);
	if (*at != '"')
		return NULL;
	for (at++; *at && *at != '"'; at++)
		b->p[b->len++] = (CK_BYTE)*at;
	return *at ? at + 1 : NULL;
}

/* The number after " * " at the end. */
static bool copies_parse(const char *at, unsigned long *out)
{
	char *end = NULL;

	*out = strtoul(at, &end, 10);
	return end != at && !*end && *out && *out <= 10000000;
}

const struct bytes *bytes_parse(const char *text)
{
	struct bytes *b = pool_alloc(sizeof(*b));
	unsigned long copies = 1;
	const char *at = text;

	b->p = pool_alloc(strlen(text) + (strchr(text, '?') ? BYTES_RANDOM : 0));
	while (*at) {
		if (*at == ' ') {
			at++;
			continue;
		}
		if (*at == '*') {
			if (!copies_parse(at + 1, &copies))
				return NULL;
			break;
		}
		at = token_parse(at, b);
		if (!at)
			return NULL;
	}
	if (copies > 1) {
		struct bytes one = *b;

		*b = bytes_copy(NULL, 0, one.len * copies);
		for (; copies; copies--, b->len += one.len)
			memcpy(b->p + b->len, one.p, one.len);
	}
	return b;
}

struct bytes bytes_copy(const CK_BYTE *p, CK_ULONG len, CK_ULONG more)
{
	struct bytes b = { pool_alloc(len + more), len };

	if (len)
		memcpy(b.p, p, len);
	return b;
}

char *bytes_hex(const CK_BYTE *p, CK_ULONG len)
{
	char *text = pool_alloc(2 * len + 1);

	for (CK_ULONG i = 0; i < len; i++)
		snprintf(text + 2 * i, 3, "%02x", p[i]);
	return text;
}
