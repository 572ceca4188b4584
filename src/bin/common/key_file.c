#include "config.h"

#include "bin/common/key_file.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/pem.h>
#include <openssl/pkcs12.h>
#include <string.h>
#include <unistd.h>

#include "bin/common/key_part.h"
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

void key_file_hint(const char *path)
{
	message_hint("%s: %s", path, strerror(errno));
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

/* The kinds of PEM parts with a private key. */
enum private_kind { PLAIN, SEALED, RSA_FORM, EC_FORM, DSA_FORM, NO_PEM };
static const char *const private_names[] = {
	[PLAIN] = "PRIVATE KEY",	 [SEALED] = "ENCRYPTED PRIVATE KEY",
	[RSA_FORM] = "RSA PRIVATE KEY",	 [EC_FORM] = "EC PRIVATE KEY",
	[DSA_FORM] = "DSA PRIVATE KEY",	 [NO_PEM] = NULL,
};

static const int form_types[] = {
	[RSA_FORM] = EVP_PKEY_RSA,
	[EC_FORM] = EVP_PKEY_EC,
	[DSA_FORM] = EVP_PKEY_DSA,
};

static bool is_form(const struct key_part *p)
{
	return p->kind == RSA_FORM || p->kind == EC_FORM || p->kind == DSA_FORM;
}

static EVP_PKEY *from_info(PKCS8_PRIV_KEY_INFO *info)
{
	EVP_PKEY *key = EVP_PKCS82PKEY_ex(info, ossl_ctx(), NULL);

	PKCS8_PRIV_KEY_INFO_free(info);
	if (key == NULL)
		message_error("Could not convert the key.");
	return key;
}

/* What the file is instead of a key that is not encrypted. */
enum stranger { SEALED_KEY, CERTIFICATE, PUBLIC_KEY, BUNDLE, OPENSSH_KEY, UNKNOWN };

static const struct {
	const char *name;
	enum stranger is;
} strangers[] = {
	{ "ENCRYPTED PRIVATE KEY", SEALED_KEY }, { "CERTIFICATE", CERTIFICATE },
	{ "PUBLIC KEY", PUBLIC_KEY },		 { "RSA PUBLIC KEY", PUBLIC_KEY },
	{ "OPENSSH PRIVATE KEY", OPENSSH_KEY },
};

/* What to do with it, for those who import. */
static const char *const hints[] = {
	[CERTIFICATE] = "the file holds a certificate: add --import-type cert",
	[PUBLIC_KEY] = "the file holds a public key: add --import-type pubkey",
	[BUNDLE] = "the file is PKCS#12: add --import-type p12",
	[OPENSSH_KEY] = "convert the file in place: ssh-keygen -p -m PKCS8 -f <path>; many versions "
			"cannot do that with Ed25519",
	[UNKNOWN] = "a key is read from PKCS#8 or the traditional forms, in PEM or DER; "
		    "--import-type tells of other files",
};

/* The same for a file that is one value in DER. */
static enum stranger stranger_in_der(const unsigned char *data, long len)
{
	const unsigned char *p[] = { data, data, data, data };
	X509_SIG *sealed = d2i_X509_SIG(NULL, &p[0], len);
	X509 *certificate = d2i_X509(NULL, &p[1], len);
	PKCS12 *bundle = d2i_PKCS12(NULL, &p[2], len);
	EVP_PKEY *key = d2i_PUBKEY_ex(NULL, &p[3], len, ossl_ctx(), NULL);
	enum stranger is = sealed != NULL	 ? SEALED_KEY
			   : certificate != NULL ? CERTIFICATE
			   : bundle != NULL	 ? BUNDLE
			   : key != NULL	 ? PUBLIC_KEY
						 : UNKNOWN;

	X509_SIG_free(sealed);
	X509_free(certificate);
	PKCS12_free(bundle);
	EVP_PKEY_free(key);
	return is;
}

static void not_plain(const struct secbuf *file, bool sealed, const char *option)
{
	enum stranger is = sealed ? SEALED_KEY : UNKNOWN;

	message_error("Could not read the PKCS#8 file. Maybe it is encypted (%s <PIN>)", option);
	for (size_t i = 0; is == UNKNOWN && i < ARRAY_LEN(strangers); i++)
		if (key_part_has(file, strangers[i].name))
			is = strangers[i].is;
	if (is == UNKNOWN && file->len > 0)
		is = stranger_in_der(file->data, (long)file->len);
	if (is == SEALED_KEY)
		message_hint("give the password of the file with %s", option);
	else if (strcmp(option, KEY_FILE_PIN) == 0)
		message_hint("%s", hints[is]);
}

/* A traditional form, or DER of any kind. */
static EVP_PKEY *from_form(const unsigned char *data, long len, size_t kind)
{
	const unsigned char *p = data;

	if (kind != NO_PEM)
		return d2i_PrivateKey_ex(form_types[kind], NULL, &p, len, ossl_ctx(), NULL);
	return d2i_AutoPrivateKey_ex(NULL, &p, len, ossl_ctx(), NULL);
}

static EVP_PKEY *read_plain(const struct secbuf *file, const char *option)
{
	PKCS8_PRIV_KEY_INFO *info = NULL;
	EVP_PKEY *key = NULL;
	struct key_part part;
	bool sealed = false;

	if (key_part_find(file, private_names, &part)) {
		const unsigned char *p = part.data;

		sealed = part.header != NULL && part.header[0] != '\0';
		if (part.kind == PLAIN || part.kind == NO_PEM)
			info = d2i_PKCS8_PRIV_KEY_INFO(NULL, &p, part.len);
		if (info == NULL && (part.kind == NO_PEM || is_form(&part)) && !sealed)
			key = from_form(part.data, part.len, part.kind);
	}
	key_part_free(&part);
	if (info != NULL)
		return from_info(info);
	if (key == NULL)
		not_plain(file, sealed, option);
	return key;
}

static EVP_PKEY *wrong_password(const char *option)
{
	message_error("Could not decrypt the PKCS#8 file. Maybe wrong PIN to file (%s <PIN>)",
		      option);
	return NULL;
}

static EVP_PKEY *not_sealed(void)
{
	message_error("Could not read the PKCS#8 file. Maybe the file is not encrypted.");
	return NULL;
}

static int give_password(char *buf, int size, int writing, void *arg)
{
	const struct secbuf *password = arg;

	(void)writing;
	if (password->len > (size_t)size)
		return -1;
	memcpy(buf, password->data, password->len);
	return (int)password->len;
}

/* A traditional form says in its header how it is encrypted. */
static EVP_PKEY *open_form(struct key_part *part, const struct secbuf *password,
			   const char *option)
{
	EVP_CIPHER_INFO cipher;
	struct secbuf *copy = NULL;
	EVP_PKEY *key = NULL;
	int ok;

	if (part->header == NULL || part->header[0] == '\0')
		return not_sealed();
	copy = secbuf_from(password->data, password->len);
	ok = copy != NULL && PEM_get_EVP_CIPHER_INFO(part->header, &cipher) &&
	     PEM_do_header(&cipher, part->data, &part->len, give_password, copy);
	secbuf_free(copy);
	if (ok)
		key = from_form(part->data, part->len, part->kind);
	return key != NULL ? key : wrong_password(option);
}

static EVP_PKEY *open_sealed(const struct key_part *part, const struct secbuf *password,
			     const char *option)
{
	const unsigned char *p = part->data;
	X509_SIG *sealed = d2i_X509_SIG(NULL, &p, part->len);
	PKCS8_PRIV_KEY_INFO *info;

	if (sealed == NULL)
		return not_sealed();
	info = PKCS8_decrypt_ex(sealed, (const char *)password->data, (int)password->len,
				ossl_ctx(), NULL);
	X509_SIG_free(sealed);
	return info != NULL ? from_info(info) : wrong_password(option);
}

static EVP_PKEY *read_sealed(const struct secbuf *file, const struct secbuf *password,
			     const char *option)
{
	EVP_PKEY *key = NULL;
	struct key_part part;

	if (!key_part_find(file, private_names, &part))
		message_error("Out of memory.");
	else if (is_form(&part))
		key = open_form(&part, password, option);
	else if (part.kind == PLAIN)
		key = not_sealed();
	else
		key = open_sealed(&part, password, option);
	key_part_free(&part);
	return key;
}

EVP_PKEY *key_file_decode(const struct secbuf *file, const struct secbuf *password,
			  const char *option)
{
	EVP_PKEY *key = password != NULL ? read_sealed(file, password, option)
					 : read_plain(file, option);

	ossl_clear();
	return key;
}

EVP_PKEY *key_file_pkey(const char *path, const struct secbuf *password)
{
	static const struct secbuf nothing = { 0 };
	struct secbuf *file = NULL;
	EVP_PKEY *key;

	if (key_file_read(path, &file) == FILE_NOT_OPEN) {
		message_error("Could open the PKCS#8 file: %s", path);
		key_file_hint(path);
		return NULL;
	}
	key = key_file_decode(file != NULL ? file : &nothing, password, KEY_FILE_PIN);
	secbuf_free(file);
	return key;
}
