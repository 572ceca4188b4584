/* --import of key pairs and of AES keys. */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "bin/common/message.h"
#include "bin/util/objects/import.h"
#include "bin/common/key_file.h"
#include "crypto/key/keytype.h"
#include "crypto/ossl/ossl.h"

struct kind {
	CK_KEY_TYPE type;
	const char *name;
	bool encrypts;
	bool agrees; /* it does nothing but derive: no signatures */
};

static const struct kind kinds[] = {
	{ CKK_RSA, "RSA", true, false },
	{ CKK_DSA, "DSA", false, false },
	{ CKK_EC, "ECDSA", false, false },
	{ CKK_EC_EDWARDS, "EDDSA", false, false },
	{ CKK_EC_MONTGOMERY, "EDDSA", false, true },
	{ CKK_ML_DSA, "MLDSA", false, false },
};

/* A pair taken apart. */
struct pair {
	CK_KEY_TYPE type;
	const struct kind *kind;
	bool pss; /* RSA keys that are for PSS alone */
	struct attrset *public;
	struct attrset *private;
};

static const struct kind *find_kind(CK_KEY_TYPE type)
{
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
		if (kinds[i].type == type)
			return &kinds[i];
	return NULL;
}

/*
 * An RSA key that says it is for PSS is like any other but for its algorithm in PKCS#8. The
 * caller owns the result; NULL on failure.
 */
static EVP_PKEY *as_plain_rsa(EVP_PKEY *key)
{
	PKCS8_PRIV_KEY_INFO *info = EVP_PKEY2PKCS8(key);
	EVP_PKEY *plain = NULL;
	PKCS8_PRIV_KEY_INFO *renamed = PKCS8_PRIV_KEY_INFO_new();
	const unsigned char *der;
	unsigned char *copy = NULL;
	int len;

	if (info != NULL && renamed != NULL &&
	    PKCS8_pkey_get0(NULL, &der, &len, NULL, info) == 1)
		copy = OPENSSL_memdup(der, (size_t)len);
	if (copy != NULL && PKCS8_pkey_set0(renamed, OBJ_nid2obj(NID_rsaEncryption), 0,
					    V_ASN1_NULL, NULL, copy, len) == 1)
		plain = EVP_PKCS82PKEY_ex(renamed, ossl_ctx(), NULL);
	else if (copy != NULL)
		OPENSSL_clear_free(copy, (size_t)len);
	PKCS8_PRIV_KEY_INFO_free(renamed);
	PKCS8_PRIV_KEY_INFO_free(info);
	ossl_clear();
	return plain;
}

/* The same for a public key. */
static EVP_PKEY *as_plain_public(EVP_PKEY *key)
{
	X509_PUBKEY *info = NULL;
	const unsigned char *der = NULL;
	EVP_PKEY *plain = NULL;
	int len = 0;

	if (X509_PUBKEY_set(&info, key) == 1 &&
	    X509_PUBKEY_get0_param(NULL, &der, &len, NULL, info) == 1)
		plain = d2i_PublicKey(EVP_PKEY_RSA, NULL, &der, len);
	X509_PUBKEY_free(info);
	ossl_clear();
	return plain;
}

static bool is_pss(const EVP_PKEY *key)
{
	return EVP_PKEY_is_a(key, "RSA-PSS") == 1;
}

static CK_RV split(EVP_PKEY *key, struct pair *pair)
{
	EVP_PKEY *plain = NULL;
	CK_RV rv;

	pair->pss = is_pss(key);
	if (!pair->pss)
		return keytype_from_pkey(key, &pair->type, pair->public, pair->private);
	plain = as_plain_rsa(key);
	rv = plain != NULL ? keytype_from_pkey(plain, &pair->type, pair->public, pair->private)
			   : CKR_KEY_TYPE_INCONSISTENT;
	EVP_PKEY_free(plain);
	return rv;
}

static bool take_apart(EVP_PKEY *key, struct pair *pair)
{
	CK_RV rv = CKR_HOST_MEMORY;

	pair->public = attrset_new(false);
	pair->private = attrset_new(true);
	if (pair->public != NULL && pair->private != NULL)
		rv = split(key, pair);
	pair->kind = rv == CKR_OK ? find_kind(pair->type) : NULL;
	if (rv == CKR_HOST_MEMORY)
		message_error("Out of memory.");
	else if (pair->kind == NULL)
		message_error("Cannot handle this algorithm.");
	return pair->kind != NULL;
}

/* What the key itself says that it is for. */
static void add_restriction(struct attr_list *t, const struct pair *pair)
{
	static CK_MECHANISM_TYPE allowed[] = {
		CKM_RSA_PKCS_PSS,	 CKM_SHA1_RSA_PKCS_PSS,	  CKM_SHA224_RSA_PKCS_PSS,
		CKM_SHA256_RSA_PKCS_PSS, CKM_SHA384_RSA_PKCS_PSS, CKM_SHA512_RSA_PKCS_PSS,
	};

	if (pair->pss)
		attr_list_add(t, CKA_ALLOWED_MECHANISMS, allowed, sizeof(allowed));
}

static bool store_private(struct import *im, struct pair *pair, CK_OBJECT_HANDLE *object)
{
	CK_OBJECT_CLASS class = CKO_PRIVATE_KEY;
	bool encrypts = pair->kind->encrypts && !pair->pss;
	struct attr_list t;

	import_begin(im, &t, &class, CKA_KEY_TYPE, &pair->type);
	attr_list_add_bool(&t, CKA_PRIVATE, true);
	attr_list_add_bool(&t, CKA_SENSITIVE, true);
	attr_list_add_bool(&t, CKA_EXTRACTABLE, im->o->extractable);
	attr_list_add_bool(&t, CKA_SIGN, !pair->kind->agrees);
	attr_list_add_bool(&t, CKA_DECRYPT, encrypts);
	attr_list_add_bool(&t, CKA_UNWRAP, encrypts);
	if (pair->kind->agrees) {
		attr_list_add_bool(&t, CKA_SIGN_RECOVER, false);
		attr_list_add_bool(&t, CKA_DERIVE, true);
	}
	add_restriction(&t, pair);
	attr_list_add_parts(&t, class, pair->type, pair->private);
	return import_store(im, &t,
	                    "Could not save the private key in the token. "
	                    "Maybe the algorithm is not supported.",
	                    object);
}

static bool store_public(struct import *im, struct pair *pair)
{
	CK_OBJECT_CLASS class = CKO_PUBLIC_KEY;
	bool encrypts = pair->kind->encrypts && !pair->pss;
	CK_OBJECT_HANDLE object;
	struct attr_list t;

	import_begin(im, &t, &class, CKA_KEY_TYPE, &pair->type);
	attr_list_add_bool(&t, CKA_VERIFY, !pair->kind->agrees);
	attr_list_add_bool(&t, CKA_ENCRYPT, encrypts);
	attr_list_add_bool(&t, CKA_WRAP, encrypts);
	if (pair->kind->agrees)
		attr_list_add_bool(&t, CKA_VERIFY_RECOVER, false);
	add_restriction(&t, pair);
	attr_list_add_parts(&t, class, pair->type, pair->public);
	return import_store(im, &t, "Could not save the public key in the token.", &object);
}

/* Both objects or none. */
static bool store_pair(struct import *im, struct pair *pair)
{
	CK_OBJECT_HANDLE private;

	if (!store_private(im, pair, &private))
		return false;
	if (!im->o->no_public_key && !store_public(im, pair)) {
		im->p->f->C_DestroyObject(im->session, private);
		return false;
	}
	printf("The %s key pair with label=%s has been imported.\n", pair->kind->name,
	       im->label);
	return true;
}

static void free_pair(struct pair *pair)
{
	attrset_free(pair->public);
	attrset_free(pair->private);
}

bool import_pkey(struct import *im, EVP_PKEY *key)
{
	struct pair pair = { .kind = NULL };
	bool ok = take_apart(key, &pair) && store_pair(im, &pair);

	free_pair(&pair);
	return ok;
}

bool import_keypair(struct import *im)
{
	EVP_PKEY *key = NULL;
	bool ok;

	if (import_id_is_free(im, CKO_PRIVATE_KEY))
		key = key_file_pkey(im->o->import_path, im->o->file_pin);
	ok = key != NULL && import_pkey(im, key);
	EVP_PKEY_free(key);
	return ok;
}

static void take_public(EVP_PKEY *key, struct pair *pair)
{
	EVP_PKEY *plain = NULL;

	pair->pss = is_pss(key);
	if (pair->pss)
		key = plain = as_plain_public(key);
	pair->public = attrset_new(false);
	if (key != NULL && pair->public != NULL &&
	    keytype_from_public(key, &pair->type, pair->public) == CKR_OK)
		pair->kind = find_kind(pair->type);
	EVP_PKEY_free(plain);
}

/* The public half alone, of a file that has no more. */
bool import_public(struct import *im)
{
	struct pair pair = { .kind = NULL };
	EVP_PKEY *key = NULL;
	bool ok = false;

	if (import_id_is_free(im, CKO_PUBLIC_KEY))
		key = key_file_public(im->o->import_path);
	if (key != NULL) {
		take_public(key, &pair);
		if (pair.kind == NULL)
			message_error("Cannot handle this algorithm.");
		else
			ok = store_public(im, &pair);
	}
	if (ok)
		printf("The %s public key with label=%s has been imported.\n", pair.kind->name,
		       im->label);
	free_pair(&pair);
	EVP_PKEY_free(key);
	return ok;
}

bool import_aes(struct import *im)
{
	CK_OBJECT_CLASS class = CKO_SECRET_KEY;
	CK_KEY_TYPE type = CKK_AES;
	struct secbuf *value = NULL;
	enum file_state state = key_file_read(im->o->import_path, &value);
	CK_OBJECT_HANDLE object;
	struct attr_list t;
	bool ok;

	if (state != FILE_READ) {
		message_error(state == FILE_NOT_OPEN ? "Could not open the secret key file."
		                                     : "Could not read the secret key file.");
		if (state == FILE_NOT_OPEN)
			key_file_hint(im->o->import_path);
		return false;
	}
	import_begin(im, &t, &class, CKA_KEY_TYPE, &type);
	attr_list_add_bool(&t, CKA_ENCRYPT, true);
	attr_list_add_bool(&t, CKA_DECRYPT, true);
	attr_list_add_bool(&t, CKA_SENSITIVE, true);
	attr_list_add_bool(&t, CKA_EXTRACTABLE, im->o->extractable);
	attr_list_add(&t, CKA_VALUE, value->data, value->len);
	ok = import_store(im, &t,
	                  "Could not save the secret key in the token. "
	                  "Maybe the algorithm is not supported.",
	                  &object);
	if (!ok && value->len != 16 && value->len != 24 && value->len != 32)
		message_hint("an AES key has 16, 24 or 32 bytes, the file has %zu", value->len);
	secbuf_free(value);
	return ok;
}
