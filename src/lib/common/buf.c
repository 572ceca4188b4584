#include "config.h"

#include "common/buf.h"

#include <endian.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>

#include "common/str.h"

#define FIRST_CAP ((size_t)64)

CK_RV buf_reserve(struct buf *b, size_t n)
{
	unsigned char *data;
	size_t need, cap;

	if (!size_add(b->len, n, &need))
		return CKR_HOST_MEMORY;
	if (need <= b->cap)
		return CKR_OK;
	if (!size_mul(b->cap, 2, &cap) || cap < need)
		cap = need < FIRST_CAP ? FIRST_CAP : need;
	data = malloc(cap);
	if (data == NULL)
		return CKR_HOST_MEMORY;
	if (b->len > 0)
		memcpy(data, b->data, b->len);
	/* Not realloc: it would leave the old bytes behind, and they may be worth wiping. */
	OPENSSL_cleanse(b->data, b->cap);
	free(b->data);
	b->data = data;
	b->cap = cap;
	return CKR_OK;
}

CK_RV buf_append(struct buf *b, const void *p, size_t n)
{
	CK_RV rv;

	if (n == 0)
		return CKR_OK;
	rv = buf_reserve(b, n);
	if (rv != CKR_OK)
		return rv;
	memcpy(b->data + b->len, p, n);
	b->len += n;
	return CKR_OK;
}

CK_RV buf_put_u64(struct buf *b, uint64_t v)
{
	unsigned char be[8];
	size_t i;

	for (i = sizeof(be); i-- > 0; v >>= 8)
		be[i] = (unsigned char)(v & 0xff);
	return buf_append(b, be, sizeof(be));
}

void buf_free(struct buf *b)
{
	OPENSSL_cleanse(b->data, b->cap);
	free(b->data);
	*b = (struct buf)BUF_INIT;
}

bool reader_u64(struct reader *r, uint64_t *out)
{
	const unsigned char *p;
	uint64_t v;

	if (!reader_bytes(r, sizeof(v), &p))
		return false;
	memcpy(&v, p, sizeof(v));
	*out = be64toh(v);
	return true;
}

bool reader_bytes(struct reader *r, uint64_t n, const unsigned char **out)
{
	if (n > r->left)
		return false;
	*out = r->p;
	if (n > 0)
		r->p += n;
	r->left -= (size_t)n;
	return true;
}
