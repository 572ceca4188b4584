#include "config.h"

#include "fuzz/fuzz.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void fuzz_check_at(bool ok, const char *what, const char *file, int line)
{
	if (ok)
		return;
	fprintf(stderr, "%s:%d: not true: %s\n", file, line, what);
	abort();
}

/* Blocks are found through a list of their addresses, so that none has bytes in front of it. */
struct block {
	struct block *next;
	void *memory;
};

void *fuzz_block(struct fuzz_input *in, size_t size)
{
	struct block *b = malloc(sizeof(*b));

	fuzz_check(b != NULL);
	b->memory = calloc(1, size);
	fuzz_check(size == 0 || b->memory != NULL);
	b->next = in->blocks;
	in->blocks = b;
	return b->memory;
}

void *fuzz_block_from(struct fuzz_input *in, const void *data, size_t size)
{
	void *copy = fuzz_block(in, size);

	if (size > 0)
		memcpy(copy, data, size);
	return copy;
}

void fuzz_input_end(struct fuzz_input *in)
{
	for (struct block *b = in->blocks, *next; b != NULL; b = next) {
		next = b->next;
		free(b->memory);
		free(b);
	}
	in->blocks = NULL;
}

uint8_t fuzz_take_byte(struct fuzz_input *in)
{
	if (in->len == 0)
		return 0;
	in->len--;
	return *in->data++;
}

size_t fuzz_take_index(struct fuzz_input *in, size_t n)
{
	size_t i = fuzz_take_byte(in);

	if (n > 256)
		i = i << 8 | fuzz_take_byte(in);
	return i % n;
}

CK_ULONG fuzz_take_number(struct fuzz_input *in)
{
	uint8_t how = fuzz_take_byte(in);
	CK_ULONG n = 0;

	if (how < 0xc0)
		return how;
	if (how < 0xfc) {	/* around a power of two, up to the largest */
		CK_ULONG power = (CK_ULONG)1 << ((how - 0xc0) + 4) % 64;

		return power + fuzz_take_byte(in) - 128;
	}
	if (how == 0xfc)
		return CK_UNAVAILABLE_INFORMATION;
	for (unsigned i = how == 0xfd ? 2 : how == 0xfe ? 4 : 8; i > 0; i--)
		n = n << 8 | fuzz_take_byte(in);
	return n;
}

CK_BYTE *fuzz_take_bytes(struct fuzz_input *in, CK_ULONG *len)
{
	size_t n = fuzz_take_byte(in);
	CK_BYTE *copy;

	if (n == 255 || n > in->len)
		n = in->len;
	*len = n;
	if (n == 0)
		return NULL;
	copy = fuzz_block_from(in, in->data, n);
	in->data += n;
	in->len -= n;
	return copy;
}
