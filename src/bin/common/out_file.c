#include "config.h"

#include "bin/common/out_file.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/pem.h>
#include <openssl/pkcs12.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bin/common/message.h"
#include "crypto/ossl/ossl.h"

/* What guessing a password costs: some tenths of a second for each try. */
#define PBKDF2_ROUNDS 600000
#define SALT_LEN 16

static bool write_all(int fd, const unsigned char *data, size_t len)
{
	while (len > 0) {
		ssize_t n = write(fd, data, len);

		if (n < 0 && errno != EINTR)
			return false;
		if (n > 0) {
			data += n;
			len -= (size_t)n;
		}
	}
	return true;
}

/* Keeps errno. */
static void discard(int fd, const char *name)
{
	int cause = errno;

	if (fd >= 0)
		close(fd);
	if (name != NULL)
		unlink(name);
	errno = cause;
}

static mode_t mode_of(bool secret)
{
	mode_t mask;

	if (secret)
		return 0600;
	mask = umask(0);
	umask(mask);
	return 0666 & ~mask;
}

/* Under a name beside the path, and then in its place. */
static bool replace(const char *path, const void *data, size_t len, bool secret)
{
	char *name = NULL;
	bool ok = false;
	int fd;

	if (asprintf(&name, "%s.XXXXXX", path) < 0) {
		errno = ENOMEM;
		return false;
	}
	fd = mkostemp(name, O_CLOEXEC);
	if (fd >= 0) {
		ok = write_all(fd, data, len) && fchmod(fd, mode_of(secret)) == 0 &&
		     fsync(fd) == 0 && rename(name, path) == 0;
		discard(fd, ok ? NULL : name);
	}
	free(name);
	return ok;
}

static bool write_to(const char *path, const void *data, size_t len)
{
	int fd = open(path, O_WRONLY | O_TRUNC | O_CLOEXEC | O_NOCTTY);
	bool ok = fd >= 0 && write_all(fd, data, len);

	discard(fd, NULL);
	return ok;
}

bool out_file_write(const char *path, const void *data, size_t len, bool secret)
{
	struct stat st;

	if (strcmp(path, "-") == 0)
		return fflush(stdout) == 0 && write_all(STDOUT_FILENO, data, len);
	if (lstat(path, &st) == 0 && !S_ISREG(st.st_mode))
		return write_to(path, data, len);
	return replace(path, data, len, secret);
}

static int write_encrypted(BIO *bio, PKCS8_PRIV_KEY_INFO *info, const struct secbuf *password)
{
	/* -1: PBES2, whose random salt OpenSSL chooses */
	X509_SIG *sealed = PKCS8_encrypt_ex(-1, ossl_cipher("AES-256-CBC"),
					    (const char *)password->data, (int)password->len, NULL,
					    SALT_LEN, PBKDF2_ROUNDS, info, ossl_ctx(), NULL);
	int ok = sealed != NULL && PEM_write_bio_PKCS8(bio, sealed);

	X509_SIG_free(sealed);
	return ok;
}

struct secbuf *out_file_pkcs8(const struct secbuf *der, const struct secbuf *password)
{
	const unsigned char *p = der->data;
	PKCS8_PRIV_KEY_INFO *info = d2i_PKCS8_PRIV_KEY_INFO(NULL, &p, (long)der->len);
	BIO *bio = BIO_new(BIO_s_secmem());
	struct secbuf *pem = NULL;
	char *text = NULL;
	long len;
	int ok = 0;

	if (info != NULL && bio != NULL)
		ok = password != NULL ? write_encrypted(bio, info, password)
				      : PEM_write_bio_PKCS8_PRIV_KEY_INFO(bio, info);
	len = ok ? BIO_get_mem_data(bio, &text) : 0;
	if (len > 0)
		pem = secbuf_from(text, (size_t)len);
	BIO_free(bio); /* wipes */
	PKCS8_PRIV_KEY_INFO_free(info);
	ossl_clear();
	if (pem == NULL)
		message_error(password != NULL ? "Could not encrypt the PKCS#8 file"
					       : "Could not write the PKCS#8 file");
	return pem;
}

struct secbuf *out_file_pem(const char *name, const unsigned char *data, size_t len)
{
	BIO *bio = BIO_new(BIO_s_mem());
	struct secbuf *pem = NULL;
	char *text = NULL;

	if (bio != NULL && PEM_write_bio(bio, name, "", data, (long)len) > 0) {
		long n = BIO_get_mem_data(bio, &text);

		pem = secbuf_from(text, (size_t)n);
	}
	BIO_free(bio);
	ossl_clear();
	if (pem == NULL)
		message_error("Out of memory.");
	return pem;
}
