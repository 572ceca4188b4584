#include "config.h"

#include "bin/util/objects/import.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bin/common/message.h"
#include "bin/util/login.h"
#include "bin/util/select.h"
#include "common/str.h"

struct import_type {
	const char *name;
	bool (*run)(struct import *im);
};

/* The first one is the default. */
static const struct import_type types[] = {
	{ "keypair", import_keypair },
	{ "aes", import_aes },
	{ "cert", import_certificate },
	{ "pubkey", import_public },
	{ "chain", import_chain },
	{ "p12", import_bundle },
};

void import_begin(const struct import *im, struct attr_list *t, CK_OBJECT_CLASS *class,
                  CK_ATTRIBUTE_TYPE kind_type, CK_ULONG *kind)
{
	t->count = 0;
	attr_list_add(t, CKA_CLASS, class, sizeof(*class));
	attr_list_add(t, kind_type, kind, sizeof(*kind));
	attr_list_add_bool(t, CKA_TOKEN, true);
	attr_list_add(t, CKA_LABEL, im->label, strlen(im->label));
	attr_list_add(t, CKA_ID, im->id, im->id_len);
}

bool import_store(struct import *im, struct attr_list *t, const char *message,
                  CK_OBJECT_HANDLE *object)
{
	CK_RV rv = im->p->f->C_CreateObject(im->session, t->list, t->count, object);

	if (rv != CKR_OK)
		message_error("%s", message);
	return rv == CKR_OK;
}

static CK_RV count_with_id(struct import *im, CK_OBJECT_CLASS class, CK_ULONG *count)
{
	struct attr_list t = { .count = 0 };
	CK_FUNCTION_LIST *f = im->p->f;
	CK_OBJECT_HANDLE object;
	CK_RV rv;

	attr_list_add(&t, CKA_CLASS, &class, sizeof(class));
	attr_list_add(&t, CKA_ID, im->id, im->id_len);
	rv = f->C_FindObjectsInit(im->session, t.list, t.count);
	if (rv != CKR_OK)
		return rv;
	rv = f->C_FindObjects(im->session, &object, 1, count);
	f->C_FindObjectsFinal(im->session);
	return rv;
}

bool import_id_is_free(struct import *im, CK_OBJECT_CLASS class)
{
	CK_ULONG count = 0;
	CK_RV rv;

	if (im->o->force)
		return true;
	rv = count_with_id(im, class, &count);
	if (rv != CKR_OK)
		message_error_rv(rv, "Could not search the token.");
	else if (count > 0)
		message_error("The ID is already assigned to another object. Use --force to "
		              "override this message.");
	return rv == CKR_OK && count == 0;
}

static bool read_id(const char *text, struct import *im)
{
	size_t size;

	if (text == NULL) {
		message_error("An ID for the object must be supplied. Use --id <hex>");
		return false;
	}
	size = strlen(text) / 2;
	im->id = malloc(size + 1);
	if (im->id == NULL) {
		message_error("Out of memory.");
		return false;
	}
	if (size > 0 && strlen(text) % 2 == 0 && str_unhex(text, im->id, size, &im->id_len))
		return true;
	if (size == 0 || strlen(text) % 2 != 0)
		message_error("Invalid length on hex string.");
	else
		message_error("Invalid character in hex string.");
	fputs("Please edit --id <hex> to correct error.\n", stderr);
	return false;
}

static bool read_names(const struct options *o, struct import *im)
{
	if (o->label == NULL) {
		message_error("A label for the object must be supplied. Use --label <text>");
		return false;
	}
	im->label = o->label;
	return read_id(o->id, im);
}

/* An unknown type is reported and then taken for the default, as SoftHSM 2 does. */
static const struct import_type *find_type(const struct options *o)
{
	const char *wanted = o->import_type != NULL ? o->import_type
	                     : o->aes               ? "aes"
	                                            : types[0].name;

	for (size_t i = 0; i < ARRAY_LEN(types); i++)
		if (strcmp(types[i].name, wanted) == 0)
			return &types[i];
	message_error("Invalid import type '%s'", wanted);
	return &types[0];
}

bool import_open(struct import *im)
{
	CK_SLOT_ID slot;

	return slot_select(im->p, im->o, false, &slot) && read_names(im->o, im) &&
	       login_slot(im->p, slot, im->o->pin, &im->session);
}

static bool import(const struct options *o, struct p11 *p)
{
	struct import im = { .o = o, .p = p };
	const struct import_type *type = find_type(o);
	bool ok = import_open(&im) && type->run(&im);

	free(im.id);
	return ok;
}

const struct action action_import = { import, true };
