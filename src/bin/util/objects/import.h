/* What the kinds of import share: the session, the label and id, and the making of objects. */
#ifndef BIN_UTIL_IMPORT_H
#define BIN_UTIL_IMPORT_H

#include <openssl/evp.h>
#include <openssl/x509.h>

#include "bin/common/attr_list.h"
#include "bin/util/options.h"

struct import {
	const struct options *o;
	char *label; /* of the next object */
	struct p11 *p;
	CK_SESSION_HANDLE session; /* R/W, the user logged in */
	unsigned char *id;
	size_t id_len;
};

/* Each stores what the file holds, and says so; false, reported, on failure. */
bool import_keypair(struct import *im);
bool import_public(struct import *im);
bool import_aes(struct import *im);
bool import_certificate(struct import *im);
bool import_chain(struct import *im);
bool import_bundle(struct import *im);

/* The same for what has been read. */
bool import_pkey(struct import *im, EVP_PKEY *key);
bool import_x509(struct import *im, const X509 *certificate);

/*
 * Certificates that go with another one: each that the token does not hold gets the label of the
 * import with a number behind, from 2, and an id of its own: SHA-1 of its key.
 */
bool import_issuers(struct import *im, const STACK_OF(X509) *list, int first);

/* The slot, session, label and id that the options tell. false, reported; id is to be freed. */
bool import_open(struct import *im);

/*
 * Begins a list: class, type (under its own attribute), CKA_TOKEN, label and id. class and kind are
 * borrowed.
 */
void import_begin(const struct import *im, struct attr_list *t, CK_OBJECT_CLASS *class,
                  CK_ATTRIBUTE_TYPE kind_type, CK_ULONG *kind);

/* C_CreateObject; a failure is reported with the message, and object is left alone. */
bool import_store(struct import *im, struct attr_list *t, const char *message,
                  CK_OBJECT_HANDLE *object);

/*
 * May an object of that class have the id? false, reported, when another has it and --force is not
 * given.
 */
bool import_id_is_free(struct import *im, CK_OBJECT_CLASS class);

#endif
