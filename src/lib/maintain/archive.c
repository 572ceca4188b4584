#include "config.h"

#include "maintain/archive.h"

#include <string.h>

#include "common/reason.h"
#include "crypto/ossl/ossl.h"
#include "object_store/file/file_format.h"
#include "slot/token_attrs.h"

static const char magic[16] = "SoftHSM2 archive";

#define FORMAT_VERSION 1
#define SUM_SIZE 32

void archive_serial(const struct attrset *token, char out[ARCHIVE_TEXT_MAX])
{
	const unsigned char *data = NULL;
	size_t len = 0;

	memset(out, 0, ARCHIVE_TEXT_MAX);
	if (attrset_bytes(token, CKA_OS_TOKENSERIAL, &data, &len) && len > 0)
		memcpy(out, data, len < ARCHIVE_TEXT_MAX ? len : ARCHIVE_TEXT_MAX - 1);
}

/* Encoding */

static CK_RV put_bytes(struct buf *b, const void *data, size_t len)
{
	CK_RV rv = buf_put_u64(b, len);

	return rv == CKR_OK ? buf_append(b, data, len) : rv;
}

static CK_RV put_text(struct buf *b, const char *text)
{
	return put_bytes(b, text, strlen(text));
}

static CK_RV put_head(struct buf *b, const struct archive_head *h, uint64_t objects)
{
	const char *const texts[] = { h->serial, h->label, h->name, h->backend };
	CK_RV rv = buf_append(b, magic, sizeof(magic));

	if (rv == CKR_OK)
		rv = buf_put_u64(b, FORMAT_VERSION);
	for (size_t i = 0; i < ARRAY_LEN(texts) && rv == CKR_OK; i++)
		rv = put_text(b, texts[i]);
	if (rv == CKR_OK)
		rv = buf_put_u64(b, h->time);
	if (rv == CKR_OK)
		rv = buf_put_u64(b, objects);
	return rv;
}

static CK_RV put_token(struct buf *b, const struct attrset *token)
{
	struct buf bytes = BUF_INIT;
	CK_RV rv = file_encode(token, 1, &bytes);

	if (rv == CKR_OK)
		rv = put_bytes(b, bytes.data, bytes.len);
	buf_free(&bytes);
	return rv;
}

static CK_RV sum_of(const unsigned char *data, size_t len, unsigned char sum[SUM_SIZE])
{
	const EVP_MD *md = ossl_md("SHA256");

	if (md == NULL || EVP_Digest(data, len, sum, NULL, md, NULL) != 1)
		return ossl_error("SHA-256", CKR_FUNCTION_FAILED);
	return CKR_OK;
}

/* Room for all at once: growing would leave copies behind. */
static CK_RV reserve(struct buf *b, const struct image *m)
{
	size_t total = 4096 + FILE_ATTRS_MAX;

	for (size_t i = 0; i < m->count; i++)
		total += m->list[i].bytes.len + sizeof(uint64_t);
	return buf_reserve(b, total);
}

CK_RV archive_encode(const struct archive_head *head, const struct image *m, struct buf *out)
{
	unsigned char sum[SUM_SIZE];
	size_t start = out->len;
	CK_RV rv = reserve(out, m);

	if (rv == CKR_OK)
		rv = put_head(out, head, m->count - m->damaged);
	if (rv == CKR_OK)
		rv = put_token(out, m->token);
	for (size_t i = 0; i < m->count && rv == CKR_OK; i++)
		if (m->list[i].bytes.len > 0)
			rv = put_bytes(out, m->list[i].bytes.data, m->list[i].bytes.len);
	if (rv == CKR_OK)
		rv = sum_of(out->data + start, out->len - start, sum);
	if (rv == CKR_OK)
		rv = buf_append(out, sum, sizeof(sum));
	if (rv != CKR_OK)
		out->len = start;
	return rv;
}

/* Decoding */

struct input {
	struct reader in;
	const unsigned char *start;
};

static CK_RV bad(const struct input *in, const char *what)
{
	return reason(CKR_DATA_INVALID, "byte %zu: %s", (size_t)(in->in.p - in->start), what);
}

static CK_RV take_number(struct input *in, uint64_t *out)
{
	return reader_u64(&in->in, out) ? CKR_OK : bad(in, "the archive ends in a number");
}

static CK_RV take_bytes(struct input *in, const unsigned char **data, size_t *len)
{
	uint64_t n;
	CK_RV rv = take_number(in, &n);

	if (rv != CKR_OK)
		return rv;
	if (!reader_bytes(&in->in, n, data))
		return bad(in, "the archive ends in a record");
	*len = (size_t)n;
	return CKR_OK;
}

static CK_RV take_text(struct input *in, char out[ARCHIVE_TEXT_MAX])
{
	const unsigned char *data;
	size_t len;
	CK_RV rv = take_bytes(in, &data, &len);

	if (rv != CKR_OK)
		return rv;
	if (len >= ARCHIVE_TEXT_MAX || memchr(data, '\0', len) != NULL)
		return bad(in, "a text of the header is too long, or no text");
	memcpy(out, data, len);
	out[len] = '\0';
	return CKR_OK;
}

static CK_RV take_head(struct input *in, struct archive_head *h, uint64_t *objects)
{
	char *const texts[] = { h->serial, h->label, h->name, h->backend };
	const unsigned char *start;
	uint64_t version;
	CK_RV rv;

	if (!reader_bytes(&in->in, sizeof(magic), &start) ||
	    memcmp(start, magic, sizeof(magic)) != 0)
		return reason(CKR_DATA_INVALID, "it is no archive of a token");
	rv = take_number(in, &version);
	if (rv == CKR_OK && version != FORMAT_VERSION)
		rv = bad(in, "it is of a version that this program does not know");
	for (size_t i = 0; i < ARRAY_LEN(texts) && rv == CKR_OK; i++)
		rv = take_text(in, texts[i]);
	if (rv == CKR_OK)
		rv = take_number(in, &h->time);
	if (rv == CKR_OK)
		rv = take_number(in, objects);
	return rv;
}

static CK_RV take_token(struct input *in, struct image *m)
{
	const unsigned char *data;
	size_t len;
	CK_RV rv = take_bytes(in, &data, &len);

	if (rv != CKR_OK)
		return rv;
	rv = file_decode(data, len, NULL, &m->token);
	return rv == CKR_DATA_INVALID ? bad(in, "the token's own data do not decode") : rv;
}

/*
 * The canonical encoding, whatever the record's is, so that its digest can be compared. The same
 * object comes out.
 */
static CK_RV take_object(struct input *in, struct image *m)
{
	const unsigned char *data;
	struct attrset *attrs = NULL;
	struct buf bytes = BUF_INIT;
	size_t len;
	CK_RV rv = take_bytes(in, &data, &len);

	if (rv != CKR_OK)
		return rv;
	rv = file_decode(data, len, NULL, &attrs);
	if (rv == CKR_OK)
		rv = file_encode(attrs, 1, &bytes);
	if (rv == CKR_OK)
		rv = image_add(m, 0, NULL, &bytes);
	attrset_free(attrs);
	buf_free(&bytes);
	return rv == CKR_DATA_INVALID ? bad(in, "the object before it does not decode") : rv;
}

/* What the header says of the token is what its own attributes say. */
static CK_RV check_serial(const struct input *in, const struct archive_head *h,
			  const struct image *m)
{
	char serial[ARCHIVE_TEXT_MAX];

	archive_serial(m->token, serial);
	if (strcmp(serial, h->serial) == 0)
		return CKR_OK;
	return bad(in, "the token has another serial number than the header");
}

static CK_RV take_all(struct input *in, struct archive_head *h, struct image *m)
{
	uint64_t objects = 0;
	CK_RV rv = take_head(in, h, &objects);

	if (rv == CKR_OK)
		rv = take_token(in, m);
	if (rv == CKR_OK)
		rv = check_serial(in, h, m);
	/* A record takes room: no count can make this longer than the input. */
	for (uint64_t i = 0; i < objects && rv == CKR_OK; i++)
		rv = take_object(in, m);
	if (rv == CKR_OK && in->in.left != 0)
		rv = bad(in, "there is more than the archive's records");
	return rv;
}

CK_RV archive_decode_records(const unsigned char *data, size_t len, struct archive_head *head,
			     struct image *m)
{
	struct input in = { { data, len }, data };
	CK_RV rv;

	reason_clear();
	*m = (struct image)IMAGE_INIT;
	rv = take_all(&in, head, m);
	if (rv != CKR_OK)
		image_free(m);
	return rv;
}

CK_RV archive_decode(const unsigned char *data, size_t len, struct archive_head *head,
		     struct image *m)
{
	unsigned char sum[SUM_SIZE];
	CK_RV rv;

	*m = (struct image)IMAGE_INIT;
	if (len < sizeof(magic) || memcmp(data, magic, sizeof(magic)) != 0)
		return reason(CKR_DATA_INVALID, "it is no archive of a token");
	if (len < sizeof(magic) + SUM_SIZE)
		return reason(CKR_DATA_INVALID, "it is cut off");
	len -= SUM_SIZE;
	rv = sum_of(data, len, sum);
	if (rv == CKR_OK && memcmp(sum, data + len, SUM_SIZE) != 0)
		rv = reason(CKR_DATA_INVALID,
			    "its checksum is wrong: it is cut off, or was changed");
	return rv == CKR_OK ? archive_decode_records(data, len, head, m) : rv;
}
