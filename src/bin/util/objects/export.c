/* --export: public keys and certificates in PEM, private keys in encrypted PKCS#8. */
#include "config.h"

#include <errno.h>
#include <openssl/rand.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bin/common/message.h"
#include "bin/common/out_file.h"
#include "bin/common/pin.h"
#include "bin/util/login.h"
#include "bin/util/objects/item.h"
#include "bin/util/options.h"
#include "bin/util/select.h"
#include "common/str.h"
#include "crypto/key/keytype.h"
#include "crypto/ossl/ossl.h"

/* An id has so many bytes at most. */
#define ID_MAX 512
/* RFC 5649 adds a block at most. */
#define WRAP_BLOCK 8

struct export {
	const struct options *o;
	struct item object;
	struct secbuf *out; /* the text of the file */
};

struct export_type {
	const char *name;
	const char *what;
	CK_OBJECT_CLASS class;
	bool (*run)(struct export *e);
	bool secret;
};

static bool refused(const char *what)
{
	message_error("Could not read the %s.", what);
	return false;
}

static bool export_certificate(struct export *e)
{
	struct buf der = BUF_INIT;

	if (item_bytes(&e->object, CKA_VALUE, &der) && der.len > 0)
		e->out = out_file_pem("CERTIFICATE", der.data, der.len);
	buf_free(&der);
	return e->out != NULL || refused("certificate");
}

/* The parts of the object that its key has. */
static CK_RV read_parts(const struct item *o, CK_KEY_TYPE type, struct attrset *parts)
{
	const CK_ATTRIBUTE_TYPE *wanted = keytype_parts(CKO_PUBLIC_KEY, type);
	struct buf value = BUF_INIT;
	CK_RV rv = wanted != NULL ? CKR_OK : CKR_KEY_TYPE_INCONSISTENT;

	for (; rv == CKR_OK && *wanted != CK_UNAVAILABLE_INFORMATION; wanted++) {
		if (*wanted == CKA_MODULUS_BITS || *wanted == CKA_PARAMETER_SET)
			rv = attrset_set_number(parts, *wanted,
						item_number(o, *wanted, UNAVAILABLE));
		else if (item_bytes(o, *wanted, &value))
			rv = attrset_set_bytes(parts, *wanted, value.data, value.len);
	}
	buf_free(&value);
	return rv;
}

static bool export_public(struct export *e)
{
	CK_KEY_TYPE type = item_number(&e->object, CKA_KEY_TYPE, CK_UNAVAILABLE_INFORMATION);
	struct attrset *parts = attrset_new(false);
	struct buf der = BUF_INIT;

	if (parts != NULL && read_parts(&e->object, type, parts) == CKR_OK &&
	    keytype_public_info(CKO_PUBLIC_KEY, type, parts, &der) == CKR_OK)
		e->out = out_file_pem("PUBLIC KEY", der.data, der.len);
	attrset_free(parts);
	buf_free(&der);
	return e->out != NULL || refused("public key");
}

/* A key of the session alone, whose value is known here: what it wraps can be opened here. */
static CK_RV make_wrapping_key(const struct export *e, struct secbuf *value, CK_OBJECT_HANDLE *out)
{
	CK_OBJECT_CLASS class = CKO_SECRET_KEY;
	CK_KEY_TYPE type = CKK_AES;
	struct attr_list t = { .count = 0 };

	attr_list_add(&t, CKA_CLASS, &class, sizeof(class));
	attr_list_add(&t, CKA_KEY_TYPE, &type, sizeof(type));
	attr_list_add_bool(&t, CKA_TOKEN, false);
	attr_list_add_bool(&t, CKA_WRAP, true);
	attr_list_add(&t, CKA_VALUE, value->data, value->len);
	return e->object.p->f->C_CreateObject(e->object.session, t.list, t.count, out);
}

static CK_RV wrap(const struct export *e, CK_OBJECT_HANDLE with, struct secbuf **out)
{
	CK_MECHANISM mechanism = { CKM_AES_KEY_WRAP_PAD, NULL, 0 };
	CK_FUNCTION_LIST *f = e->object.p->f;
	CK_ULONG len = 0;
	CK_RV rv = f->C_WrapKey(e->object.session, &mechanism, with, e->object.handle, NULL, &len);

	*out = rv == CKR_OK ? secbuf_new(len) : NULL;
	if (rv != CKR_OK)
		return rv;
	if (*out == NULL)
		return CKR_HOST_MEMORY;
	rv = f->C_WrapKey(e->object.session, &mechanism, with, e->object.handle, (*out)->data,
			  &len);
	(*out)->len = len;
	return rv;
}

/* PKCS#8 DER; NULL when it does not open. */
static struct secbuf *unwrap(const struct secbuf *key, const struct secbuf *wrapped)
{
	EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
	struct secbuf *der = secbuf_new(wrapped->len + WRAP_BLOCK);
	int len = 0;
	int rest = 0;
	bool ok = ctx != NULL && der != NULL;

	if (ok) {
		EVP_CIPHER_CTX_set_flags(ctx, EVP_CIPHER_CTX_FLAG_WRAP_ALLOW);
		ok = EVP_DecryptInit_ex2(ctx, ossl_cipher("AES-256-WRAP-PAD"), key->data, NULL,
					 NULL) == 1 &&
		     EVP_DecryptUpdate(ctx, der->data, &len, wrapped->data, (int)wrapped->len) ==
			     1 &&
		     EVP_DecryptFinal_ex(ctx, der->data + len, &rest) == 1;
	}
	EVP_CIPHER_CTX_free(ctx);
	ossl_clear();
	if (ok) {
		der->len = (size_t)(len + rest);
		return der;
	}
	secbuf_free(der);
	return NULL;
}

static bool not_wrapped(CK_RV rv)
{
	if (rv != CKR_KEY_UNEXTRACTABLE) {
		message_error_rv(rv, "Could not read the private key.");
		return false;
	}
	message_error("The private key is not extractable.");
	message_hint("only keys made with --extractable can leave the token");
	return false;
}

static bool export_private(struct export *e)
{
	struct secbuf *value = secbuf_new(32);
	struct secbuf *wrapped = NULL;
	struct secbuf *der = NULL;
	CK_OBJECT_HANDLE with = CK_INVALID_HANDLE;
	CK_RV rv = CKR_HOST_MEMORY;

	if (value != NULL && RAND_priv_bytes_ex(ossl_random_ctx(), value->data, value->len, 0) == 1)
		rv = make_wrapping_key(e, value, &with);
	if (rv == CKR_OK) {
		rv = wrap(e, with, &wrapped);
		e->object.p->f->C_DestroyObject(e->object.session, with);
	}
	if (rv == CKR_OK)
		der = unwrap(value, wrapped);
	if (rv != CKR_OK)
		not_wrapped(rv);
	else if (der == NULL)
		refused("private key");
	else
		e->out = out_file_pkcs8(der, e->o->file_pin);
	secbuf_free(value);
	secbuf_free(wrapped);
	secbuf_free(der);
	return e->out != NULL;
}

/* The first one is the default. */
static const struct export_type types[] = {
	{ "pubkey", "public key", CKO_PUBLIC_KEY, export_public, false },
	{ "cert", "certificate", CKO_CERTIFICATE, export_certificate, false },
	{ "keypair", "private key", CKO_PRIVATE_KEY, export_private, true },
};

static const struct export_type *find_type(const struct options *o)
{
	const char *wanted = o->export_type != NULL ? o->export_type : types[0].name;

	for (size_t i = 0; i < ARRAY_LEN(types); i++)
		if (strcmp(types[i].name, wanted) == 0)
			return &types[i];
	message_error("Invalid export type '%s'", wanted);
	return NULL;
}

/* What must be said beforehand. */
static bool is_well_asked(const struct options *o, const struct export_type *type)
{
	if (o->label == NULL && o->id == NULL) {
		message_error("An object must be supplied. Use --label <text>, --id <hex> or both");
		message_hint("softhsm2-util --list-objects lists them");
	} else if (type->secret && (o->file_pin == NULL || o->file_pin->len < PIN_MIN)) {
		message_error("A password of at least %d characters for the file must be supplied. "
			      "Use --file-pin <PIN>",
			      PIN_MIN);
	} else if (!o->force && strcmp(o->export, "-") != 0 && access(o->export, F_OK) == 0) {
		message_error("The file exists: %s. Use --force to override this message.",
			      o->export);
	} else {
		return true;
	}
	return false;
}

/* The one object of that class, label and id. */
static bool find(struct export *e, const struct export_type *type)
{
	CK_OBJECT_CLASS class = type->class;
	struct attr_list t = { .count = 0 };
	CK_OBJECT_HANDLE *list = NULL;
	unsigned char id[ID_MAX];
	size_t id_len = 0;
	size_t count = 0;

	attr_list_add(&t, CKA_CLASS, &class, sizeof(class));
	if (e->o->label != NULL)
		attr_list_add(&t, CKA_LABEL, e->o->label, strlen(e->o->label));
	if (e->o->id != NULL && !str_unhex(e->o->id, id, sizeof(id), &id_len)) {
		message_error("Invalid character in hex string.");
		return false;
	}
	if (e->o->id != NULL)
		attr_list_add(&t, CKA_ID, id, id_len);
	if (!item_find(e->object.p, e->object.session, &t, &list, &count))
		return false;
	if (count == 1) {
		e->object.handle = list[0];
	} else {
		message_error(count == 0 ? "Could not find the %s." : "Found more than one %s.",
			      type->what);
		message_hint("softhsm2-util --list-objects lists the objects");
	}
	free(list);
	return count == 1;
}

static bool write_out(const struct export *e, const struct export_type *type)
{
	const char *path = e->o->export;

	if (!out_file_write(path, e->out->data, e->out->len, type->secret)) {
		message_error("Could not write the file %s: %s", path, strerror(errno));
		return false;
	}
	if (strcmp(path, "-") != 0)
		printf("The %s has been written to %s\n", type->what, path);
	return true;
}

static bool export(const struct options *o, struct p11 *p)
{
	struct export e = { .o = o, .object = { .p = p } };
	const struct export_type *type = find_type(o);
	CK_SLOT_ID slot;
	bool ok = type != NULL && is_well_asked(o, type) && slot_select(p, o, false, &slot);

	if (ok && (type->secret || o->pin != NULL))
		ok = login_slot(p, slot, o->pin, &e.object.session);
	else if (ok)
		ok = login_session(p, slot, false, &e.object.session);
	ok = ok && find(&e, type) && type->run(&e) && write_out(&e, type);
	secbuf_free(e.out);
	return ok;
}

const struct action action_export = { export, true };
