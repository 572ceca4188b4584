/* --import of key pairs and of AES keys. */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "bin/common/message.h"
#include "bin/util/import.h"
#include "bin/util/key_file.h"
#include "crypto/key/keytype.h"

struct kind {
	CK_KEY_TYPE type;
	const char *name;
	bool encrypts;
};

static const struct kind kinds[] = {
	{ CKK_RSA, "RSA", true },
	{ CKK_DSA, "DSA", false },
	{ CKK_EC, "ECDSA", false },
	{ CKK_EC_EDWARDS, "EDDSA", false },
	{ CKK_EC_MONTGOMERY, "EDDSA", false },
	{ CKK_ML_DSA, "MLDSA", false },
};

/* A pair taken apart. */
struct pair {
	CK_KEY_TYPE type;
	const struct kind *kind;
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

static bool take_apart(EVP_PKEY *key, struct pair *pair)
{
	CK_RV rv = CKR_HOST_MEMORY;

	pair->public = attrset_new(false);
	pair->private = attrset_new(true);
	if (pair->public != NULL && pair->private != NULL)
		rv = keytype_from_pkey(key, &pair->type, pair->public, pair->private);
	pair->kind = rv == CKR_OK ? find_kind(pair->type) : NULL;
	if (rv == CKR_HOST_MEMORY)
		message_error("Out of memory.");
	else if (pair->kind == NULL)
		message_error("Cannot handle this algorithm.");
	return pair->kind != NULL;
}

/*
 * The key material: byte strings all. What a module computes from them is not its caller's to give.
 */
static void add_parts(struct attr_list *t, CK_OBJECT_CLASS class, CK_KEY_TYPE type,
                      const struct attrset *parts)
{
	const CK_ATTRIBUTE_TYPE *wanted = keytype_parts(class, type);

	for (; wanted != NULL && *wanted != CK_UNAVAILABLE_INFORMATION; wanted++) {
		const struct attr *a = attrset_get(parts, *wanted);

		if (a != NULL && a->kind == ATTR_BYTES && t->count < ATTR_LIST_MAX)
			attr_list_add(t, a->type, a->u.bytes.data, a->u.bytes.len);
	}
}

static bool store_private(struct import *im, struct pair *pair, CK_OBJECT_HANDLE *object)
{
	CK_OBJECT_CLASS class = CKO_PRIVATE_KEY;
	struct attr_list t;

	import_begin(im, &t, &class, CKA_KEY_TYPE, &pair->type);
	attr_list_add_bool(&t, CKA_PRIVATE, true);
	attr_list_add_bool(&t, CKA_SENSITIVE, true);
	attr_list_add_bool(&t, CKA_EXTRACTABLE, false);
	attr_list_add_bool(&t, CKA_SIGN, true);
	attr_list_add_bool(&t, CKA_DECRYPT, pair->kind->encrypts);
	attr_list_add_bool(&t, CKA_UNWRAP, pair->kind->encrypts);
	add_parts(&t, class, pair->type, pair->private);
	return import_store(im, &t,
	                    "Could not save the private key in the token. "
	                    "Maybe the algorithm is not supported.",
	                    object);
}

static bool store_public(struct import *im, struct pair *pair)
{
	CK_OBJECT_CLASS class = CKO_PUBLIC_KEY;
	CK_OBJECT_HANDLE object;
	struct attr_list t;

	import_begin(im, &t, &class, CKA_KEY_TYPE, &pair->type);
	attr_list_add_bool(&t, CKA_VERIFY, true);
	attr_list_add_bool(&t, CKA_ENCRYPT, pair->kind->encrypts);
	attr_list_add_bool(&t, CKA_WRAP, pair->kind->encrypts);
	add_parts(&t, class, pair->type, pair->public);
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
	       im->o->label);
	return true;
}

bool import_keypair(struct import *im)
{
	struct pair pair = { .kind = NULL };
	EVP_PKEY *key = NULL;
	bool ok;

	if (import_id_is_free(im, CKO_PRIVATE_KEY))
		key = key_file_pkey(im->o->import_path, im->o->file_pin);
	ok = key != NULL && take_apart(key, &pair) && store_pair(im, &pair);
	attrset_free(pair.public);
	attrset_free(pair.private);
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
		return false;
	}
	import_begin(im, &t, &class, CKA_KEY_TYPE, &type);
	attr_list_add_bool(&t, CKA_ENCRYPT, true);
	attr_list_add_bool(&t, CKA_DECRYPT, true);
	attr_list_add_bool(&t, CKA_SENSITIVE, true);
	attr_list_add(&t, CKA_VALUE, value->data, value->len);
	ok = import_store(im, &t,
	                  "Could not save the secret key in the token. "
	                  "Maybe the algorithm is not supported.",
	                  &object);
	secbuf_free(value);
	return ok;
}
