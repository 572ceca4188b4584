/* Public keys, certificates and PKCS#12 files. */
#include "config.h"

#include <openssl/pem.h>
#include <openssl/pkcs12.h>
#include <openssl/x509v3.h>
#include <string.h>

#include "bin/common/key_part.h"
#include "bin/common/message.h"
#include "crypto/ossl/ossl.h"

enum public_kind { SPKI, RSA_FORM, CERTIFICATE, NO_PEM };
static const char *const public_names[] = {
	[SPKI] = "PUBLIC KEY",
	[RSA_FORM] = "RSA PUBLIC KEY",
	[CERTIFICATE] = "CERTIFICATE",
	[NO_PEM] = NULL,
};

enum certificate_kind { PLAIN, TRUSTED, OLD_NAME, PKCS7_LIST, NO_NAME };
static const char *const certificate_names[] = {
	[PLAIN] = "CERTIFICATE",	     [TRUSTED] = "TRUSTED CERTIFICATE",
	[OLD_NAME] = "X509 CERTIFICATE", [PKCS7_LIST] = "PKCS7",
	[NO_NAME] = NULL,
};

/* A file that can be read; NULL, reported, else. */
static struct secbuf *read_file(const char *path, const char *unreadable)
{
	struct secbuf *file = NULL;
	enum file_state state = key_file_read(path, &file);

	if (state == FILE_NOT_OPEN) {
		message_error("Could open the PKCS#8 file: %s", path);
		key_file_hint(path);
	} else if (state != FILE_READ) {
		message_error("%s: %s", unreadable, path);
	}
	return file;
}

static EVP_PKEY *key_of_certificate(const unsigned char *data, long len)
{
	X509 *certificate = X509_new_ex(ossl_ctx(), NULL);
	const unsigned char *p = data;
	EVP_PKEY *key = NULL;

	if (certificate != NULL && d2i_X509(&certificate, &p, len) != NULL)
		key = X509_get_pubkey(certificate);
	X509_free(certificate);
	return key;
}

static EVP_PKEY *decode_public(const struct key_part *part)
{
	const unsigned char *p = part->data;

	switch (part->kind) {
	case RSA_FORM:
		return d2i_PublicKey(EVP_PKEY_RSA, NULL, &p, part->len);
	case CERTIFICATE:
		return key_of_certificate(part->data, part->len);
	default:
		return d2i_PUBKEY_ex(NULL, &p, part->len, ossl_ctx(), NULL);
	}
}

#define NO_PUBLIC_KEY "Could not read a public key from the file"

EVP_PKEY *key_file_public(const char *path)
{
	struct secbuf *file = read_file(path, NO_PUBLIC_KEY);
	EVP_PKEY *key = NULL;
	struct key_part part = { 0 };

	if (file == NULL)
		return NULL;
	if (key_part_find(file, public_names, &part))
		key = decode_public(&part);
	if (key == NULL && part.data != NULL && part.kind == NO_PEM)
		key = key_of_certificate(part.data, part.len);
	key_part_free(&part);
	secbuf_free(file);
	ossl_clear();
	if (key == NULL)
		message_error("%s: %s", NO_PUBLIC_KEY, path);
	return key;
}

static bool issued_another(const STACK_OF(X509) *stack, int i)
{
	X509 *issuer = sk_X509_value(stack, i);

	for (int j = 0; j < sk_X509_num(stack); j++)
		if (j != i && X509_check_issued(issuer, sk_X509_value(stack, j)) == X509_V_OK)
			return true;
	return false;
}

/* Puts first the one that issued none of the others. */
static bool leaf_first(STACK_OF(X509) *stack)
{
	int i = 0;

	while (i < sk_X509_num(stack) && issued_another(stack, i))
		i++;
	return i == 0 || i == sk_X509_num(stack) ||
	       sk_X509_unshift(stack, sk_X509_delete(stack, i)) > 0;
}

/* Those of a PKCS#7 file (RFC 2315 section 9), which come in an order that does not count. */
static bool add_list(STACK_OF(X509) *stack, const struct key_part *part)
{
	const unsigned char *p = part->data;
	PKCS7 *list = d2i_PKCS7(NULL, &p, part->len);
	STACK_OF(X509) *certificates = NULL;
	bool ok;

	if (list != NULL && PKCS7_type_is_signed(list))
		certificates = list->d.sign->cert;
	ok = sk_X509_num(certificates) > 0 &&
	     X509_add_certs(stack, certificates, X509_ADD_FLAG_UP_REF) == 1 && leaf_first(stack);
	PKCS7_free(list);
	return ok;
}

static bool add(STACK_OF(X509) *stack, const struct key_part *part)
{
	const unsigned char *p = part->data;
	X509 *certificate = NULL;

	if (part->kind == PKCS7_LIST)
		return add_list(stack, part);
	certificate = part->kind == TRUSTED ? d2i_X509_AUX(NULL, &p, part->len)
					    : d2i_X509(NULL, &p, part->len);
	if (certificate == NULL && part->kind == NO_NAME)
		return add_list(stack, part);
	if (certificate != NULL && sk_X509_push(stack, certificate) > 0)
		return true;
	X509_free(certificate);
	return false;
}

/* All of PEM, or one in DER; false when one of them is none. */
static bool collect(const struct secbuf *file, STACK_OF(X509) *stack)
{
	BIO *bio = BIO_new_mem_buf(file->data, (int)file->len);
	struct key_part part = { 0 };
	bool ok = bio != NULL;

	while (ok && key_part_next(bio, certificate_names, &part)) {
		ok = add(stack, &part);
		key_part_free(&part);
	}
	BIO_free(bio);
	if (ok && sk_X509_num(stack) == 0) {
		ok = key_part_find(file, certificate_names, &part) && add(stack, &part);
		key_part_free(&part);
	}
	return ok;
}

#define NO_CERTIFICATE "Could not read the certificate file"

STACK_OF(X509) *key_file_certificates(const char *path)
{
	struct secbuf *file = read_file(path, NO_CERTIFICATE);
	STACK_OF(X509) *stack = NULL;

	if (file == NULL)
		return NULL;
	stack = sk_X509_new_null();
	if (stack == NULL || !collect(file, stack)) {
		message_error("%s: %s", NO_CERTIFICATE, path);
		if (key_part_has(file, "PRIVATE KEY"))
			message_hint("the file holds a private key: leave out --import-type");
		sk_X509_pop_free(stack, X509_free);
		stack = NULL;
	}
	secbuf_free(file);
	ossl_clear();
	return stack;
}

/* The password is right, and yet the file does not open: its cipher is one of OpenSSL's past. */
static void not_opened(PKCS12 *p12, const char *password)
{
	if (PKCS12_mac_present(p12) == 1 && PKCS12_verify_mac(p12, password, -1) == 1) {
		message_error("Could not decrypt the PKCS#12 file. Its cipher is outdated.");
		message_hint("openssl pkcs12 -legacy -in <path> -nodes | openssl pkcs12 -export "
			     "-out <new path>");
	} else {
		message_error("Could not decrypt the PKCS#12 file. Maybe wrong PIN to file "
			      "(--file-pin <PIN>)");
	}
}

/* PKCS12_parse wants a password that ends in a NUL. */
static bool open_bundle(PKCS12 *p12, const struct secbuf *password, struct key_bundle *out)
{
	size_t len = password != NULL ? password->len : 0;
	struct secbuf *text = secbuf_new(len + 1);
	bool ok;

	if (text == NULL) {
		message_error("Out of memory.");
		return false;
	}
	if (len > 0)
		memcpy(text->data, password->data, len);
	ok = PKCS12_parse(p12, (const char *)text->data, &out->key, &out->certificate,
			  &out->others) == 1;
	if (!ok)
		not_opened(p12, (const char *)text->data);
	secbuf_free(text);
	return ok;
}

bool key_file_bundle(const char *path, const struct secbuf *password, struct key_bundle *out)
{
	struct secbuf *file = read_file(path, "Could not read the PKCS#12 file");
	const unsigned char *p = file != NULL ? file->data : NULL;
	PKCS12 *p12 = NULL;
	bool ok = false;

	memset(out, 0, sizeof(*out));
	if (file == NULL)
		return false;
	p12 = PKCS12_init_ex(NID_pkcs7_data, ossl_ctx(), NULL);
	if (p12 == NULL || d2i_PKCS12(&p12, &p, (long)file->len) == NULL) {
		message_error("Could not read the PKCS#12 file: %s", path);
	} else {
		ok = open_bundle(p12, password, out);
	}
	PKCS12_free(p12);
	secbuf_free(file);
	ossl_clear();
	return ok;
}

void key_bundle_free(struct key_bundle *b)
{
	EVP_PKEY_free(b->key);
	X509_free(b->certificate);
	sk_X509_pop_free(b->others, X509_free);
	memset(b, 0, sizeof(*b));
}
