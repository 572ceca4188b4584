/* --import --import-type cert. */
#include "config.h"

#include <stdio.h>

#include "bin/common/message.h"
#include "bin/util/import.h"
#include "bin/util/key_file.h"

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
	printf("The certificate with label=%s has been imported.\n", im->o->label);
	return true;
}

bool import_certificate(struct import *im)
{
	struct part parts[PART_COUNT] = { { 0 } };
	X509 *certificate = NULL;
	bool ok = false;

	if (import_id_is_free(im, CKO_CERTIFICATE))
		certificate = key_file_certificate(im->o->import_path);
	if (certificate != NULL) {
		ok = encode_parts(certificate, parts);
		if (!ok)
			message_error("Could not read the certificate file: %s",
			              im->o->import_path);
		ok = ok && store(im, parts);
	}
	for (size_t i = 0; i < PART_COUNT; i++)
		OPENSSL_free(parts[i].data);
	X509_free(certificate);
	return ok;
}
