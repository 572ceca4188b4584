#include "config.h"

#include <stdio.h>
#include <string.h>

#include "bin/common/message.h"
#include "bin/keyconv/base64.h"
#include "bin/keyconv/bind.h"
#include "common/buf.h"

static CK_RV put_text(struct buf *b, const char *text)
{
	return buf_append(b, text, strlen(text));
}

static CK_RV put_head(struct buf *b, const struct bind_algorithm *a)
{
	char text[80];

	snprintf(text, sizeof(text), "Private-key-format: v1.3\nAlgorithm: %d (%s)\n", a->number,
		 a->name);
	return put_text(b, text);
}

/* A number of a curve's key has all its bytes. */
static struct secbuf *value_text(const struct bind_algorithm *a, const unsigned char *data,
				 size_t len)
{
	size_t size = a->params != NULL && len < a->value_len ? a->value_len : len;
	struct secbuf *whole = secbuf_new(size);
	struct secbuf *text = NULL;

	if (whole != NULL) {
		memcpy(whole->data + size - len, data, len);
		text = base64_encode(whole->data, whole->len);
	}
	secbuf_free(whole);
	return text;
}

static CK_RV put_field(struct buf *b, const struct bind_algorithm *a, const struct bind_field *f,
		       const unsigned char *data, size_t len)
{
	struct secbuf *text = value_text(a, data, len);
	CK_RV rv = text != NULL ? put_text(b, f->name) : CKR_HOST_MEMORY;

	if (rv == CKR_OK)
		rv = put_text(b, ": ");
	if (rv == CKR_OK)
		rv = buf_append(b, text->data, text->len);
	if (rv == CKR_OK)
		rv = put_text(b, "\n");
	secbuf_free(text);
	return rv;
}

static CK_RV put_fields(struct buf *b, const struct bind_algorithm *a, const struct attrset *parts)
{
	CK_KEY_TYPE of = a->params != NULL ? BIND_CURVES : a->type;
	const unsigned char *data;
	CK_RV rv = CKR_OK;
	size_t len;

	for (size_t i = 0; i < BIND_FIELDS && rv == CKR_OK; i++) {
		if (bind_fields[i].of != of)
			continue;
		rv = CKR_ATTRIBUTE_VALUE_INVALID;
		if (attrset_bytes(parts, bind_fields[i].type, &data, &len) && len > 0)
			rv = put_field(b, a, &bind_fields[i], data, len);
	}
	return rv;
}

struct secbuf *bind_write(const struct bind_algorithm *a, const struct attrset *parts)
{
	struct buf b = BUF_INIT;
	struct secbuf *text = NULL;
	CK_RV rv = put_head(&b, a);

	if (rv == CKR_OK)
		rv = put_fields(&b, a, parts);
	if (rv == CKR_OK)
		text = secbuf_from(b.data, b.len);
	buf_free(&b);
	if (rv == CKR_ATTRIBUTE_VALUE_INVALID)
		message_error("Some parts of the key material is missing in the input file.");
	else if (text == NULL)
		message_error("Out of memory.");
	return text;
}
