/*
 * Files that the tools import: private keys with and without a password, public keys, certificates
 * and PKCS#12.
 */
#include "config.h"

#include "fuzz/fuzz.h"

#include "../../src/bin/common/key_file.h"
#include "crypto/key/keytype.h"
#include "crypto/ossl/ossl.h"

static void take_apart(EVP_PKEY *key)
{
	struct attrset *pub = attrset_new(false), *priv = attrset_new(true);
	CK_KEY_TYPE type;

	fuzz_check(pub != NULL && priv != NULL);
	if (key != NULL)
		fuzz_check(keytype_from_pkey(key, &type, pub, priv) != CKR_GENERAL_ERROR);
	attrset_free(pub);
	attrset_free(priv);
	EVP_PKEY_free(key);
}

/* What of it becomes attributes. */
static void read_certificate(const X509 *c)
{
	fuzz_check(i2d_X509(c, NULL) > 0);
	(void)i2d_X509_NAME(X509_get_subject_name(c), NULL);
	(void)i2d_ASN1_INTEGER(X509_get0_serialNumber(c), NULL);
}

static void read_certificates(const char *path)
{
	STACK_OF(X509) *list = key_file_certificates(path);

	for (int i = 0; list != NULL && i < sk_X509_num(list); i++)
		read_certificate(sk_X509_value(list, i));
	sk_X509_pop_free(list, X509_free);
}

static void read_bundle(const char *path, const struct secbuf *password)
{
	struct key_bundle b = { .key = NULL };

	if (!key_file_bundle(path, password, &b))
		return;
	if (b.certificate != NULL)
		read_certificate(b.certificate);
	key_bundle_free(&b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static bool ready;
	struct secbuf *password = secbuf_from((const unsigned char *)"1234", 4);
	const char *path = fuzz_file("key", data, size);

	fuzz_check(password != NULL);
	if (!ready)
		fuzz_check(ossl_open() == CKR_OK);
	ready = true;
	take_apart(key_file_pkey(path, NULL));
	take_apart(key_file_pkey(path, password));
	EVP_PKEY_free(key_file_public(path));
	read_certificates(path);
	read_bundle(path, password);
	secbuf_free(password);
	return 0;
}
