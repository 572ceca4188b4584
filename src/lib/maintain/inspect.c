#include "config.h"

#include "maintain/inspect.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/reason.h"
#include "common/str.h"
#include "crypto/key/keytype.h"
#include "crypto/ossl/ossl.h"
#include "crypto/tokenkey.h"
#include "maintain/catalog.h"
#include "maintain/pairs.h"
#include "object/attr.h"
#include "object/computed.h"
#include "object/seal.h"
#include "pkcs11/names.h"
#include "slot/token.h"
#include "slot/token_attrs.h"

#define CAUSE_SIZE 512

/* The check of one object. */
struct subject {
	const struct inspection *in;
	struct inspect_result *out;
	struct catalog *catalog;
	const struct catalog_entry *entry;
	const char *path;
	struct pairs *pairs;
};

static void fault(const struct subject *s, const char *aside, const char *fmt, ...)
	PRINTF_LIKE(3, 4);

static void fault(const struct subject *s, const char *aside, const char *fmt, ...)
{
	char cause[CAUSE_SIZE];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(cause, sizeof(cause), fmt, ap);
	va_end(ap);
	str_printable(cause);
	s->out->faults++;
	s->in->tell(s->in->arg, s->path, cause, aside);
}

static const char *name_of(CK_ATTRIBUTE_TYPE type)
{
	const char *name = cka_name(type);

	return name != NULL ? name : "an attribute";
}

/* A fault that makes the object useless to everybody: it may be set aside. */
static CK_RV useless(const struct subject *s, const char *cause)
{
	char *aside = NULL;
	CK_RV rv = CKR_OK;

	if (s->in->repair)
		rv = catalog_set_aside(s->catalog, s->entry, &aside);
	s->out->aside += aside != NULL;
	if (rv == CKR_OBJECT_HANDLE_INVALID)	/* it is gone */
		rv = CKR_OK;
	fault(s, aside, "%s", cause);
	free(aside);
	return rv;
}

/* Adds to the cause of a fault. */
static void add_cause(char cause[CAUSE_SIZE], const char *before, CK_ATTRIBUTE_TYPE type,
		      const char *after)
{
	size_t len = strlen(cause);

	(void)snprintf(cause + len, CAUSE_SIZE - len, "%s%s%s%s", len > 0 ? ", " : "", before,
		       name_of(type), after);
}

/*
 * What is missing that objects of this kind cannot do without, or is of the wrong kind; an empty
 * text when nothing is.
 */
static void find_missing(const struct attrset *stored, char cause[CAUSE_SIZE])
{
	uint32_t scope = attr_scope_of(stored);
	CK_ATTRIBUTE_TYPE subtype = attr_subtype(attrset_number(stored, CKA_CLASS, 0));

	cause[0] = '\0';
	if (attrset_get(stored, CKA_PRIVATE) == NULL)
		add_cause(cause, "it has no ", CKA_PRIVATE, "");
	if (attrset_get(stored, subtype) == NULL)
		add_cause(cause, "it has no ", subtype, "");
	for (size_t i = 0; i < attr_table_len; i++) {
		const struct attr_rule *rule = &attr_table[i];
		const struct attr *a = attrset_get(stored, rule->type);

		if (scope == IN_OTHER || attr_rule_find(scope, rule->type) != rule)
			continue;
		if (a == NULL && (rule->rules & MUST_CREATE) != 0 && rule->type != subtype)
			add_cause(cause, "it has no ", rule->type, "");
		else if (a != NULL && a->kind != rule->kind)
			add_cause(cause, "its ", rule->type, " is of the wrong kind");
	}
}

/* A plain copy of all that decrypts; *whole: that is everything. */
static CK_RV decrypt(const struct subject *s, const struct attrset *stored, struct attrset **out,
		     bool *whole)
{
	struct attrset *plain = attrset_new(true);
	CK_RV rv = plain != NULL ? CKR_OK : CKR_HOST_MEMORY;

	*whole = true;
	for (size_t i = 0; i < stored->count && rv == CKR_OK; i++) {
		const struct attr *a = &stored->items[i];
		struct secbuf *bytes = NULL;

		if (a->kind != ATTR_BYTES) {
			rv = attrset_set(plain, a);
			continue;
		}
		rv = unseal_bytes(stored, a, s->in->key, &bytes);
		if (rv == CKR_OK)
			rv = attrset_set_bytes(plain, a->type, bytes->data, bytes->len);
		secbuf_free(bytes);
		if (rv == CKR_DATA_INVALID) {
			fault(s, NULL, "its %s does not decrypt", name_of(a->type));
			*whole = false;
			rv = CKR_OK;
		}
	}
	if (rv == CKR_OK)
		*out = plain;
	else
		attrset_free(plain);
	return rv;
}

static const char *why(void)
{
	return reason_text() != NULL ? reason_text() : "no reason is known";
}

/* What this build of OpenSSL does not know says nothing about the object. */
static bool is_foreign(CK_RV rv)
{
	return rv == CKR_KEY_TYPE_INCONSISTENT || rv == CKR_CURVE_NOT_SUPPORTED ||
	       rv == CKR_PARAMETER_SET_NOT_SUPPORTED || rv == CKR_MECHANISM_INVALID;
}

/* The numbers of a private key must fit together, which loading it does not ask for. */
static CK_RV check_numbers(CK_KEY_TYPE type, const struct attrset *plain)
{
	struct attrset *parts = NULL;
	CK_RV rv = pairs_parts(CKO_PRIVATE_KEY, type, plain, true, &parts);

	if (rv == CKR_OK)
		rv = keytype_complete(CKO_PRIVATE_KEY, type, parts);
	attrset_free(parts);
	return rv;
}

static CK_RV load_key(CK_OBJECT_CLASS class, CK_KEY_TYPE type, const struct attrset *plain)
{
	struct key *key = NULL;
	CK_RV rv;

	reason_clear();
	rv = keytype_load(class, type, plain, &key);
	if (rv == CKR_OK && class == CKO_PRIVATE_KEY)
		rv = check_numbers(type, plain);
	key_unref(key);
	return rv;
}

static CK_RV check_key(const struct subject *s, CK_OBJECT_CLASS class, const struct attrset *plain)
{
	CK_KEY_TYPE type = attrset_number(plain, CKA_KEY_TYPE, 0);
	const char *what = "it is no usable key";
	CK_RV rv;

	if (keytype_parts(class, type) == NULL)
		return CKR_OK;
	rv = load_key(class, type, plain);
	if (rv == CKR_OK) {
		what = "it does not fit its key";
		rv = computed_check(class, type, plain, plain);
	}
	if (rv == CKR_OK)
		return pairs_add(s->pairs, s->path, class, type, plain);
	if (rv != CKR_HOST_MEMORY && !is_foreign(rv))
		fault(s, NULL, "%s: %s", what, why());
	return rv == CKR_HOST_MEMORY ? rv : CKR_OK;
}

static void check_certificate(const struct subject *s, const struct attrset *plain)
{
	const unsigned char *der, *check;
	unsigned char sum[3];
	size_t len, check_len;

	if (!attrset_bytes(plain, CKA_VALUE, &der, &len) ||
	    !attrset_bytes(plain, CKA_CHECK_VALUE, &check, &check_len) || check_len == 0)
		return;
	if (keytype_certificate_check_value(der, len, sum) == CKR_OK &&
	    (check_len != sizeof(sum) || memcmp(check, sum, sizeof(sum)) != 0))
		fault(s, NULL, "its CKA_CHECK_VALUE is not that of its CKA_VALUE");
}

static CK_RV check_values(const struct subject *s, const struct attrset *stored)
{
	CK_OBJECT_CLASS class = attrset_number(stored, CKA_CLASS, 0);
	struct attrset *plain = NULL;
	bool whole;
	CK_RV rv;

	if (attrset_flag(stored, CKA_PRIVATE, true) && s->in->key == NULL) {
		s->out->closed++;
		return CKR_OK;
	}
	rv = decrypt(s, stored, &plain, &whole);
	if (rv != CKR_OK)
		return rv;
	if (whole && (class == CKO_PUBLIC_KEY || class == CKO_PRIVATE_KEY ||
		      class == CKO_SECRET_KEY))
		rv = check_key(s, class, plain);
	else if (whole && class == CKO_CERTIFICATE)
		check_certificate(s, plain);
	attrset_free(plain);
	return rv;
}

static CK_RV check_object(const struct subject *s)
{
	char cause[CAUSE_SIZE];
	struct attrset *stored = NULL;
	const struct attr *class;
	CK_RV rv = catalog_load(s->catalog, s->entry, &stored);

	if (rv == CKR_OBJECT_HANDLE_INVALID)
		return CKR_OK;		/* removed since it was listed */
	s->out->objects++;
	if (rv == CKR_DATA_INVALID)
		return useless(s, "it does not decode, or is no regular file");
	if (rv != CKR_OK)
		return rv;
	class = attrset_get(stored, CKA_CLASS);
	if (class == NULL || class->kind != ATTR_ULONG)
		(void)snprintf(cause, sizeof(cause), "it has no CKA_CLASS");
	else
		find_missing(stored, cause);
	rv = cause[0] != '\0' ? useless(s, cause) : check_values(s, stored);
	attrset_free(stored);
	return rv;
}

/* The token's own data */

static void check_length(const struct subject *s, const struct attrset *token,
			 CK_ATTRIBUTE_TYPE type, const char *what, size_t wanted, bool must)
{
	const struct attr *a = attrset_get(token, type);

	if (a == NULL && must)
		fault(s, NULL, "it has no %s", what);
	else if (a != NULL && (a->kind != ATTR_BYTES || a->u.bytes.len != wanted))
		fault(s, NULL, "its %s has not the right length", what);
}

static CK_RV check_token(const struct subject *s)
{
	struct attrset *token = NULL;
	struct store *store = NULL;
	CK_RV rv = store_open(s->in->token->backend, s->in->token->dir, s->in->mask, &store);

	if (rv == CKR_OK)
		rv = store_token_load(store, &token);
	store_close(store);
	if (rv == CKR_DATA_INVALID) {
		fault(s, NULL, "it does not decode: restore the token from a backup");
		return CKR_DATA_INVALID;
	}
	if (rv != CKR_OK)
		return rv;
	check_length(s, token, CKA_OS_TOKENLABEL, "label", 32, true);
	check_length(s, token, CKA_OS_TOKENSERIAL, "serial number", 16, true);
	check_length(s, token, CKA_OS_SOPIN, "SO PIN", PIN_BLOB_BYTES, true);
	check_length(s, token, CKA_OS_USERPIN, "user PIN", PIN_BLOB_BYTES, false);
	attrset_free(token);
	return CKR_OK;
}

static CK_RV check_objects(struct subject *s)
{
	struct catalog c;
	CK_RV rv = catalog_open(s->in->token, s->in->mask, &c);

	s->catalog = &c;
	for (size_t i = 0; i < c.count && rv == CKR_OK; i++) {
		char *path = path_join(s->in->token->dir, c.list[i].name);

		s->entry = &c.list[i];
		s->path = path;
		rv = path != NULL ? check_object(s) : CKR_HOST_MEMORY;
		free(path);
		progress_tell(s->in->progress, "checking", i + 1, c.count);
	}
	catalog_close(&c);
	return rv;
}

static void tell_mismatch(void *arg, const char *path, const char *other)
{
	struct subject *s = arg;

	s->path = path;
	fault(s, NULL, "it is not the key that belongs to %s, which has the same CKA_ID", other);
}

CK_RV inspect_token(const struct inspection *in, struct inspect_result *out)
{
	struct pairs pairs = PAIRS_INIT;
	char *main = path_join(in->token->dir, in->token->kind->file);
	struct subject s = { .in = in, .out = out, .path = main, .pairs = &pairs };
	CK_RV rv = main != NULL ? check_token(&s) : CKR_HOST_MEMORY;

	if (rv == CKR_OK)
		rv = check_objects(&s);
	if (rv == CKR_OK)
		rv = pairs_compare(&pairs, tell_mismatch, &s);
	pairs_free(&pairs);
	free(main);
	return rv == CKR_DATA_INVALID ? CKR_OK : rv;
}

/* The token's key */

static CK_RV open_blob(const struct token_entry *e, mode_t mask, const struct secbuf *pin,
		       struct secbuf **out)
{
	const unsigned char *blob = NULL;
	struct attrset *token = NULL;
	struct store *store = NULL;
	size_t len = 0;
	CK_RV rv = store_open(e->backend, e->dir, mask, &store);

	if (rv == CKR_OK)
		rv = store_token_load(store, &token);
	if (rv == CKR_OK && !attrset_bytes(token, CKA_OS_USERPIN, &blob, &len))
		rv = CKR_USER_PIN_NOT_INITIALIZED;
	if (rv == CKR_OK)
		rv = tokenkey_open(blob, len, pin->data, pin->len, out);
	attrset_free(token);
	store_close(store);
	return rv;
}

CK_RV inspect_unlock(const struct token_entry *e, const struct conf *conf,
		     const struct secbuf *pin, struct secbuf **out)
{
	struct token_place place = { e->backend, conf->tokendir, conf->umask, conf->max_sessions,
				     conf->max_pin_tries };
	struct token *token = NULL;
	CK_RV rv = token_open(&place, e->dir, &token);

	if (rv == CKR_OK)
		rv = token_login(token, CKU_USER, pin->data, pin->len);
	if (rv == CKR_OK)
		rv = open_blob(e, conf->umask, pin, out);
	token_free(token);
	return rv;
}
