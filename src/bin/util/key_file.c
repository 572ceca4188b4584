#include "config.h"

#include "bin/util/key_file.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/pem.h>
#include <openssl/pkcs12.h>
#include <string.h>
#include <unistd.h>

#include "bin/common/message.h"
#include "crypto/ossl/ossl.h"

#define FILE_START ((size_t)16 * 1024)
#define FILE_MAX   ((size_t)1024 * 1024)

static struct secbuf *grown(struct secbuf *old)
{
	struct secbuf *bigger = old->len < FILE_MAX ? secbuf_new(old->len * 2) : NULL;

	if (bigger != NULL)
		memcpy(bigger->data, old->data, old->len);
	secbuf_free(old);
	return bigger;
}

/* Reads to the end; the result's len is then what was read. */
static struct secbuf *read_all(int fd)
{
	struct secbuf *b = secbuf_new(FILE_START);
	size_t len = 0;
	ssize_t n = 1;

	while (b != NULL && n > 0) {
		n = read(fd, b->data + len, b->len - len);
		if (n > 0)
			len += (size_t)n;
		else if (n < 0 && errno == EINTR)
			n = 1;
		if (len == b->len)
			b = grown(b);
	}
	if (b == NULL || n < 0 || len == 0) {
		secbuf_free(b);
		return NULL;
	}
	b->len = len;
	return b;
}

enum file_state key_file_read(const char *path, struct secbuf **out)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return FILE_NOT_OPEN;
	*out = read_all(fd);
	close(fd);
	return *out != NULL ? FILE_READ : FILE_NOT_READ;
}

/* A decoded part of a file. */
struct der {
	unsigned char *data; /* in OpenSSL's secure allocation, wiped when freed */
	long len;
};

static void der_free(struct der *d)
{
	if (d->data != NULL)
		OPENSSL_secure_clear_free(d->data, (size_t)d->len);
	d->data = NULL;
}

static void pem_next(BIO *bio, const char *wanted, struct der *out, bool *more)
{
	struct der part = { NULL, 0 };
	char *name = NULL;
	char *header = NULL;

	*more = PEM_read_bio_ex(bio, &name, &header, &part.data, &part.len, PEM_FLAG_SECURE) == 1;
	if (*more && strcmp(name, wanted) == 0) {
		*out = part;
		part.data = NULL;
		*more = false;
	}
	der_free(&part);
	OPENSSL_secure_free(name);
	OPENSSL_secure_free(header);
}

/* The first PEM part of that name; failing that the whole file, which may be DER. */
static bool find_part(const struct secbuf *file, const char *wanted, struct der *out)
{
	BIO *bio = BIO_new_mem_buf(file->data, (int)file->len);
	bool more = bio != NULL;

	out->data = NULL;
	while (more)
		pem_next(bio, wanted, out, &more);
	BIO_free(bio);
	ossl_clear();
	if (out->data == NULL) {
		out->len = (long)file->len;
		out->data = OPENSSL_secure_malloc(file->len);
		if (out->data != NULL)
			memcpy(out->data, file->data, file->len);
	}
	return out->data != NULL;
}

static PKCS8_PRIV_KEY_INFO *read_plain(const struct secbuf *file)
{
	PKCS8_PRIV_KEY_INFO *info = NULL;
	struct der d;

	if (find_part(file, "PRIVATE KEY", &d)) {
		const unsigned char *p = d.data;

		info = d2i_PKCS8_PRIV_KEY_INFO(NULL, &p, d.len);
	}
	der_free(&d);
	if (info == NULL)
		message_error(
			"Could not read the PKCS#8 file. Maybe it is encypted (--file-pin <PIN>)");
	return info;
}

static PKCS8_PRIV_KEY_INFO *read_encrypted(const struct secbuf *file, const struct secbuf *password)
{
	PKCS8_PRIV_KEY_INFO *info = NULL;
	X509_SIG *sealed = NULL;
	struct der d;

	if (find_part(file, "ENCRYPTED PRIVATE KEY", &d)) {
		const unsigned char *p = d.data;

		sealed = d2i_X509_SIG(NULL, &p, d.len);
	}
	der_free(&d);
	if (sealed == NULL) {
		message_error("Could not read the PKCS#8 file. Maybe the file is not encrypted.");
		return NULL;
	}
	info = PKCS8_decrypt_ex(sealed, (const char *)password->data, (int)password->len,
	                        ossl_ctx(), NULL);
	X509_SIG_free(sealed);
	if (info == NULL)
		message_error("Could not decrypt the PKCS#8 file. Maybe wrong PIN to file "
		              "(--file-pin <PIN>)");
	return info;
}

static EVP_PKEY *convert(const PKCS8_PRIV_KEY_INFO *info)
{
	EVP_PKEY *key = info != NULL ? EVP_PKCS82PKEY_ex(info, ossl_ctx(), NULL) : NULL;

	if (info != NULL && key == NULL)
		message_error("Could not convert the key.");
	return key;
}

EVP_PKEY *key_file_pkey(const char *path, const struct secbuf *password)
{
	static const struct secbuf nothing = { 0 };
	PKCS8_PRIV_KEY_INFO *info = NULL;
	struct secbuf *file = NULL;
	const struct secbuf *bytes;
	EVP_PKEY *key = NULL;

	if (key_file_read(path, &file) == FILE_NOT_OPEN) {
		message_error("Could open the PKCS#8 file: %s", path);
		return NULL;
	}
	bytes = file != NULL ? file : &nothing;
	info = password != NULL ? read_encrypted(bytes, password) : read_plain(bytes);
	key = convert(info);
	PKCS8_PRIV_KEY_INFO_free(info);
	secbuf_free(file);
	ossl_clear();
	return key;
}

X509 *key_file_certificate(const char *path)
{
	struct secbuf *file = NULL;
	X509 *certificate = NULL;

	switch (key_file_read(path, &file)) {
	case FILE_NOT_OPEN:
		message_error("Could open the PKCS#8 file: %s", path);
		return NULL;
	case FILE_READ: {
		struct der d;

		if (find_part(file, "CERTIFICATE", &d)) {
			const unsigned char *p = d.data;

			certificate = d2i_X509(NULL, &p, d.len);
		}
		der_free(&d);
		break;
	}
	case FILE_NOT_READ:
		break;
	}
	secbuf_free(file);
	ossl_clear();
	if (certificate == NULL)
		message_error("Could not read the certificate file: %s", path);
	return certificate;
}
