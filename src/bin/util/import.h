/* What the kinds of import share: the session, the label and id, and the making of objects. */
#ifndef BIN_UTIL_IMPORT_H
#define BIN_UTIL_IMPORT_H

#include "bin/util/options.h"

struct import {
	const struct options *o;
	struct p11 *p;
	CK_SESSION_HANDLE session; /* R/W, the user logged in */
	unsigned char *id;
	size_t id_len;
};

/* Each stores what the file holds, and says so; false, reported, on failure. */
bool import_keypair(struct import *im);
bool import_aes(struct import *im);
bool import_certificate(struct import *im);

/* Room for every object of the tool. */
#define ATTR_LIST_MAX 24

struct attr_list {
	CK_ATTRIBUTE list[ATTR_LIST_MAX];
	CK_ULONG count;
};

/* value is borrowed for the life of the list. */
void attr_list_add(struct attr_list *t, CK_ATTRIBUTE_TYPE type, void *value, size_t len);
void attr_list_add_bool(struct attr_list *t, CK_ATTRIBUTE_TYPE type, bool value);

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
