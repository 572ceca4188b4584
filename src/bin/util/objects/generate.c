/* --generate: keys and key pairs made in the token. */
#include "config.h"

#include <openssl/ec.h>
#include <openssl/objects.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "bin/common/message.h"
#include "bin/util/busy.h"
#include "bin/util/objects/import.h"

/* What "TYPE:SIZE" can begin with. */
struct making {
	const char *name;
	const char *shown;
	CK_KEY_TYPE type;
	CK_MECHANISM_TYPE mechanism;
	const char *params; /* DER of CKA_EC_PARAMS of types with one curve */
	bool signs;
	bool encrypts;
	bool derives;
};

#define OID(last) "\x06\x03\x2b\x65" last

static const struct making makings[] = {
	{ "rsa", "RSA", CKK_RSA, CKM_RSA_PKCS_KEY_PAIR_GEN, NULL, true, true, false },
	{ "ec", "ECDSA", CKK_EC, CKM_EC_KEY_PAIR_GEN, NULL, true, false, true },
	{ "ed25519", "EDDSA", CKK_EC_EDWARDS, CKM_EC_EDWARDS_KEY_PAIR_GEN, OID("\x70"), true, false,
	  false },
	{ "ed448", "EDDSA", CKK_EC_EDWARDS, CKM_EC_EDWARDS_KEY_PAIR_GEN, OID("\x71"), true, false,
	  false },
	{ "x25519", "X25519", CKK_EC_MONTGOMERY, CKM_EC_MONTGOMERY_KEY_PAIR_GEN, OID("\x6e"), false,
	  false, true },
	{ "x448", "X448", CKK_EC_MONTGOMERY, CKM_EC_MONTGOMERY_KEY_PAIR_GEN, OID("\x6f"), false,
	  false, true },
	{ "aes", "AES", CKK_AES, CKM_AES_KEY_GEN, NULL, false, true, false },
	{ "generic", "generic secret", CKK_GENERIC_SECRET, CKM_GENERIC_SECRET_KEY_GEN, NULL, true,
	  false, true },
};

/* The largest size, in bits: what CKA_VALUE_LEN and modules can take is less. */
#define BITS_MAX 1048576

struct wanted {
	const struct making *making;
	CK_ULONG bits;
	unsigned char params[64];
	size_t params_len;
};

static bool read_bits(const char *text, CK_ULONG *out)
{
	size_t digits = strspn(text, "0123456789");

	if (digits == 0 || digits > 7 || text[digits] != '\0')
		return false;
	*out = strtoul(text, NULL, 10);
	return *out > 0 && *out <= BITS_MAX && *out % 8 == 0;
}

/* "P-256", or OpenSSL's name of a curve. */
static bool read_curve(const char *text, struct wanted *w)
{
	int nid = EC_curve_nist2nid(text);
	ASN1_OBJECT *oid;
	unsigned char *p = w->params;
	int len = 0;

	if (nid == NID_undef)
		nid = OBJ_sn2nid(text);
	oid = nid != NID_undef ? OBJ_nid2obj(nid) : NULL;
	if (oid != NULL)
		len = i2d_ASN1_OBJECT(oid, NULL);
	if (len <= 0 || (size_t)len > sizeof(w->params))
		return false;
	w->params_len = (size_t)len;
	return i2d_ASN1_OBJECT(oid, &p) == len;
}

static bool read_size(const char *size, struct wanted *w)
{
	const struct making *m = w->making;

	if (m->params != NULL) {
		w->params_len = strlen(m->params);
		memcpy(w->params, m->params, w->params_len);
		return size == NULL;
	}
	if (size == NULL)
		return false;
	return m->type == CKK_EC ? read_curve(size, w) : read_bits(size, &w->bits);
}

static bool read_type(const char *text, struct wanted *w)
{
	size_t len = strcspn(text, ":");

	for (size_t i = 0; i < ARRAY_LEN(makings); i++) {
		w->making = &makings[i];
		if (strlen(makings[i].name) == len &&
		    strncasecmp(makings[i].name, text, len) == 0 &&
		    read_size(text[len] == ':' ? text + len + 1 : NULL, w))
			return true;
	}
	message_error("There is no such type of key: %s", text);
	message_hint("rsa:2048, ec:P-256, ed25519, ed448, x25519, x448, aes:256, generic:256");
	return false;
}

/* The flags of a private or secret key. */
static void add_guards(const struct import *im, struct attr_list *t)
{
	attr_list_add_bool(t, CKA_PRIVATE, true);
	attr_list_add_bool(t, CKA_SENSITIVE, true);
	attr_list_add_bool(t, CKA_EXTRACTABLE, im->o->extractable);
}

static bool told(CK_RV rv, const struct import *im, const char *what, const char *kind)
{
	if (rv == CKR_OK)
		printf("The %s %s with label=%s has been generated.\n", what, kind, im->label);
	else
		message_error_rv(rv, "Could not generate the key. "
				     "Maybe the algorithm is not supported.");
	return rv == CKR_OK;
}

static bool make_pair(struct import *im, struct wanted *w)
{
	static CK_BYTE exponent[] = { 1, 0, 1 };
	const struct making *m = w->making;
	CK_MECHANISM mechanism = { m->mechanism, NULL, 0 };
	CK_OBJECT_CLASS classes[] = { CKO_PUBLIC_KEY, CKO_PRIVATE_KEY };
	CK_KEY_TYPE type = m->type;
	CK_OBJECT_HANDLE handles[2];
	struct attr_list pub;
	struct attr_list priv;
	struct busy busy;
	CK_RV rv;

	import_begin(im, &pub, &classes[0], CKA_KEY_TYPE, &type);
	attr_list_add_bool(&pub, CKA_VERIFY, m->signs);
	attr_list_add_bool(&pub, CKA_VERIFY_RECOVER, m->encrypts);
	attr_list_add_bool(&pub, CKA_ENCRYPT, m->encrypts);
	attr_list_add_bool(&pub, CKA_WRAP, m->encrypts);
	if (m->type == CKK_RSA) {
		attr_list_add(&pub, CKA_MODULUS_BITS, &w->bits, sizeof(w->bits));
		attr_list_add(&pub, CKA_PUBLIC_EXPONENT, exponent, sizeof(exponent));
	} else {
		attr_list_add(&pub, CKA_EC_PARAMS, w->params, w->params_len);
	}
	import_begin(im, &priv, &classes[1], CKA_KEY_TYPE, &type);
	add_guards(im, &priv);
	attr_list_add_bool(&priv, CKA_SIGN, m->signs);
	attr_list_add_bool(&priv, CKA_SIGN_RECOVER, m->encrypts);
	attr_list_add_bool(&priv, CKA_DECRYPT, m->encrypts);
	attr_list_add_bool(&priv, CKA_UNWRAP, m->encrypts);
	attr_list_add_bool(&priv, CKA_DERIVE, m->derives);
	busy_start(&busy, "Generating");
	rv = im->p->f->C_GenerateKeyPair(im->session, &mechanism, pub.list, pub.count, priv.list,
					 priv.count, &handles[0], &handles[1]);
	busy_end(&busy);
	return told(rv, im, m->shown, "key pair");
}

static bool make_secret(struct import *im, struct wanted *w)
{
	const struct making *m = w->making;
	CK_MECHANISM mechanism = { m->mechanism, NULL, 0 };
	CK_OBJECT_CLASS class = CKO_SECRET_KEY;
	CK_KEY_TYPE type = m->type;
	CK_ULONG len = w->bits / 8;
	CK_OBJECT_HANDLE handle;
	struct attr_list t;

	import_begin(im, &t, &class, CKA_KEY_TYPE, &type);
	add_guards(im, &t);
	attr_list_add(&t, CKA_VALUE_LEN, &len, sizeof(len));
	attr_list_add_bool(&t, CKA_SIGN, m->signs);
	attr_list_add_bool(&t, CKA_VERIFY, m->signs);
	attr_list_add_bool(&t, CKA_ENCRYPT, m->encrypts);
	attr_list_add_bool(&t, CKA_DECRYPT, m->encrypts);
	attr_list_add_bool(&t, CKA_WRAP, m->encrypts);
	attr_list_add_bool(&t, CKA_UNWRAP, m->encrypts);
	attr_list_add_bool(&t, CKA_DERIVE, m->derives);
	return told(im->p->f->C_GenerateKey(im->session, &mechanism, t.list, t.count, &handle), im,
		    m->shown, "key");
}

static bool generate(const struct options *o, struct p11 *p)
{
	struct import im = { .o = o, .p = p };
	struct wanted w = { .bits = 0 };
	bool secret;
	bool ok;

	if (!read_type(o->generate, &w))
		return false;
	secret = w.making->type == CKK_AES || w.making->type == CKK_GENERIC_SECRET;
	ok = import_open(&im) &&
	     import_id_is_free(&im, secret ? CKO_SECRET_KEY : CKO_PRIVATE_KEY) &&
	     (secret ? make_secret(&im, &w) : make_pair(&im, &w));
	free(im.id);
	return ok;
}

const struct action action_generate = { generate, true };
