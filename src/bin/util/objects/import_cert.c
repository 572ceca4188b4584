/* --import --import-type cert. */
#include "config.h"

#include <openssl/sha.h>
#include <stdio.h>
#include <stdlib.h>

#include "bin/common/message.h"
#include "bin/common/key_file.h"
#include "bin/util/objects/import.h"
#include "bin/util/objects/item.h"

/* DER of a part of the certificate, allocated by OpenSSL. */
struct part {
	CK_ATTRIBUTE_TYPE type;
	unsigned char *data;
	int len;
};

#define PART_COUNT 4

static bool encode_parts(const X509 *certificate, struct part parts[PART_COUNT])
{
	parts[0].type = CKA_VALUE;
	parts[0].len = i2d_X509(certificate, &parts[0].data);
	parts[1].type = CKA_SUBJECT;
	parts[1].len = i2d_X509_NAME(X509_get_subject_name(certificate), &parts[1].data);
	parts[2].type = CKA_ISSUER;
	parts[2].len = i2d_X509_NAME(X509_get_issuer_name(certificate), &parts[2].data);
	parts[3].type = CKA_SERIAL_NUMBER;
	parts[3].len = i2d_ASN1_INTEGER(X509_get0_serialNumber(certificate), &parts[3].data);
	for (size_t i = 0; i < PART_COUNT; i++)
		if (parts[i].len <= 0)
			return false;
	return true;
}

static bool store(struct import *im, const struct part parts[PART_COUNT])
{
	CK_OBJECT_CLASS class = CKO_CERTIFICATE;
	CK_CERTIFICATE_TYPE type = CKC_X_509;
	CK_OBJECT_HANDLE object;
	struct attr_list t;

	import_begin(im, &t, &class, CKA_CERTIFICATE_TYPE, &type);
	attr_list_add_bool(&t, CKA_PRIVATE, false);
	for (size_t i = 0; i < PART_COUNT; i++)
		attr_list_add(&t, parts[i].type, parts[i].data, (size_t)parts[i].len);
	if (!import_store(im, &t, "Could not save the certificate in the token.", &object))
		return false;
	printf("The certificate with label=%s has been imported.\n", im->label);
	return true;
}

bool import_x509(struct import *im, const X509 *certificate)
{
	struct part parts[PART_COUNT] = { { 0 } };
	bool ok = encode_parts(certificate, parts);

	if (!ok)
		message_error("Could not read the certificate file: %s", im->o->import_path);
	ok = ok && store(im, parts);
	for (size_t i = 0; i < PART_COUNT; i++)
		OPENSSL_free(parts[i].data);
	return ok;
}

static bool import_list(struct import *im, bool chain)
{
	STACK_OF(X509) *list = NULL;
	bool ok;

	if (import_id_is_free(im, CKO_CERTIFICATE))
		list = key_file_certificates(im->o->import_path);
	ok = list != NULL && import_x509(im, sk_X509_value(list, 0)) &&
	     (!chain || import_issuers(im, list, 1));
	sk_X509_pop_free(list, X509_free);
	return ok;
}

bool import_certificate(struct import *im)
{
	return import_list(im, false);
}

bool import_chain(struct import *im)
{
	return import_list(im, true);
}

/* false, reported; *there says whether the token holds that very certificate. */
static bool is_there(struct import *im, const X509 *certificate, bool *there)
{
	CK_OBJECT_CLASS class = CKO_CERTIFICATE;
	struct attr_list t = { .count = 0 };
	CK_OBJECT_HANDLE *found = NULL;
	unsigned char *der = NULL;
	int len = i2d_X509(certificate, &der);
	size_t count = 0;
	bool ok = false;

	if (len > 0) {
		attr_list_add(&t, CKA_CLASS, &class, sizeof(class));
		attr_list_add(&t, CKA_VALUE, der, (size_t)len);
		ok = item_find(im->p, im->session, &t, &found, &count);
	}
	*there = count > 0;
	free(found);
	OPENSSL_free(der);
	return ok;
}

/* label and id are those of the list's owner, and stay so. */
static bool import_issuer(struct import *im, const X509 *certificate, int number)
{
	unsigned char id[SHA_DIGEST_LENGTH];
	struct import own = *im;
	bool ok = false;

	own.id = id;
	own.id_len = sizeof(id);
	if (X509_pubkey_digest(certificate, EVP_sha1(), id, NULL) != 1 ||
	    asprintf(&own.label, "%s %d", im->label, number) < 0) {
		message_error("Could not read the certificate file: %s", im->o->import_path);
		return false;
	}
	ok = import_x509(&own, certificate);
	free(own.label);
	return ok;
}

bool import_issuers(struct import *im, const STACK_OF(X509) *list, int first)
{
	bool there = false;

	for (int i = first; i < sk_X509_num(list); i++) {
		if (!is_there(im, sk_X509_value(list, i), &there))
			return false;
		if (!there && !import_issuer(im, sk_X509_value(list, i), 2 + i - first))
			return false;
	}
	return true;
}
