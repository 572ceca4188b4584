#include "config.h"

#include "bin/common/key_part.h"

#include <openssl/pem.h>
#include <string.h>

#include "crypto/ossl/ossl.h"

void key_part_free(struct key_part *p)
{
	if (p->data != NULL)
		OPENSSL_secure_clear_free(p->data, (size_t)p->len);
	OPENSSL_secure_free(p->header);
	p->data = NULL;
	p->header = NULL;
}

bool key_part_next(BIO *bio, const char *const *wanted, struct key_part *out)
{
	char *name = NULL;
	bool found = false;

	memset(out, 0, sizeof(*out));
	while (!found && PEM_read_bio_ex(bio, &name, &out->header, &out->data, &out->len,
					 PEM_FLAG_SECURE) == 1) {
		for (out->kind = 0; wanted[out->kind] != NULL; out->kind++)
			if (strcmp(name, wanted[out->kind]) == 0)
				break;
		found = wanted[out->kind] != NULL;
		OPENSSL_secure_free(name);
		name = NULL;
		if (!found)
			key_part_free(out);
	}
	return found;
}

bool key_part_find(const struct secbuf *file, const char *const *wanted, struct key_part *out)
{
	BIO *bio = BIO_new_mem_buf(file->data, (int)file->len);
	bool found = bio != NULL && key_part_next(bio, wanted, out);

	BIO_free(bio);
	ossl_clear();
	if (found)
		return true;
	memset(out, 0, sizeof(*out));
	while (wanted[out->kind] != NULL)
		out->kind++;
	out->len = (long)file->len;
	out->data = OPENSSL_secure_malloc(file->len + 1);
	if (out->data != NULL && file->len > 0)
		memcpy(out->data, file->data, file->len);
	return out->data != NULL;
}

bool key_part_has(const struct secbuf *file, const char *name)
{
	const char *const wanted[] = { name, NULL };
	BIO *bio = BIO_new_mem_buf(file->data, (int)file->len);
	struct key_part part = { 0 };
	bool found = bio != NULL && key_part_next(bio, wanted, &part);

	key_part_free(&part);
	BIO_free(bio);
	ossl_clear();
	return found;
}
