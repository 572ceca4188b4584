#include "config.h"

#include "crypto/mech/mech.h"

#include <stdlib.h>
#include <string.h>

#include "common/log.h"
#include "common/reason.h"
#include "crypto/key/keyparts.h"
#include "crypto/key/keytype.h"
#include "crypto/ossl/ossl.h"
#include "pkcs11/names.h"

/* The key length for which a cipher with several must be there. */
#define PROBE_KEY_BYTES 16

struct mech_policy {
	CK_MECHANISM_TYPE *list;	/* in the order of C_GetMechanismList */
	const struct mech **rows;	/* the same, sorted by type */
	size_t count;
};

static bool has(int operation, const char *name)
{
	return name == NULL || ossl_has(operation, name);
}

static bool offered(const struct mech *m)
{
	const struct mech_arg *a = &m->arg;

	return has(OSSL_OP_DIGEST, a->md) && has(OSSL_OP_MAC, a->mac) &&
	       has(OSSL_OP_KEYMGMT, a->probe) &&
	       (a->cipher == NULL || ossl_has_cipher_sized(a->cipher, PROBE_KEY_BYTES));
}

const struct mech *mech_find(CK_MECHANISM_TYPE type)
{
	for (size_t i = 0; i < mech_table_len; i++)
		if (mech_table[i].type == type)
			return offered(&mech_table[i]) ? &mech_table[i] : NULL;
	return NULL;
}

bool mech_takes(const struct mech *m, CK_KEY_TYPE type)
{
	if (m->key == CK_UNAVAILABLE_INFORMATION)
		return false;
	for (const CK_KEY_TYPE *t = m->also; t != NULL && *t != CK_UNAVAILABLE_INFORMATION; t++)
		if (*t == type)
			return true;
	return m->key == type;
}

/* A secret key's length, where the template says it, must be what the row announces. */
static CK_RV check_length(const struct mech *m, const struct attrset *key)
{
	uint64_t len = attrset_number(key, CKA_VALUE_LEN, m->min);

	if (m->max > 0 && (len < m->min || len > m->max))
		return keyparts_bad(m->key, CKA_VALUE_LEN, "is out of range");
	return CKR_OK;
}

CK_OBJECT_CLASS mech_makes(const struct mech *m)
{
	return m->make != NULL ? m->make->class : CKO_SECRET_KEY;
}

CK_KEY_TYPE mech_makes_type(const struct mech *m)
{
	return m->make != NULL && m->make->any_type ? CK_UNAVAILABLE_INFORMATION : m->key;
}

CK_RV mech_generate(const struct mech *m, const CK_MECHANISM *param, struct attrset *pub,
		    struct attrset *priv)
{
	bool takes_param = m->make != NULL && m->make->takes_param;
	CK_RV rv = takes_param ? CKR_OK : mech_no_param(param);

	if (rv != CKR_OK)
		return rv;
	if (m->make != NULL)
		return m->make->make(m, param, priv);
	if ((m->flags & (CKF_GENERATE | CKF_GENERATE_KEY_PAIR)) == 0)
		return CKR_MECHANISM_INVALID;
	if (m->flags & CKF_GENERATE)
		rv = check_length(m, priv);
	return rv == CKR_OK ? keytype_generate(m->key, pub, priv) : rv;
}

CK_RV mech_bad_param(const CK_MECHANISM *m, const char *why)
{
	const char *name = ckm_name(m->mechanism);

	return reason(CKR_MECHANISM_PARAM_INVALID, "%s parameter: %s",
		      name != NULL ? name : "unknown mechanism", why);
}

CK_RV mech_param(const CK_MECHANISM *m, void *out, size_t size)
{
	if (m->pParameter == NULL || m->ulParameterLen != size)
		return mech_bad_param(m, "is missing or has a wrong length");
	memcpy(out, m->pParameter, size);
	return CKR_OK;
}

CK_RV mech_param_optional(const CK_MECHANISM *m, void *out, size_t size)
{
	memset(out, 0, size);
	return m->ulParameterLen == 0 ? CKR_OK : mech_param(m, out, size);
}

CK_RV mech_no_param(const CK_MECHANISM *m)
{
	return m->ulParameterLen == 0 ? CKR_OK : mech_bad_param(m, "there must be none");
}

static int by_name(const void *a, const void *b)
{
	const struct mech *const *x = a, *const *y = b;

	return strcmp(ckm_name((*x)->type), ckm_name((*y)->type));
}

static int by_type(const void *a, const void *b)
{
	const struct mech *const *x = a, *const *y = b;

	return ((*x)->type > (*y)->type) - ((*x)->type < (*y)->type);
}

static bool has_row(const struct mech_policy *p, const struct mech *m)
{
	for (size_t i = 0; i < p->count; i++)
		if (p->rows[i] == m)
			return true;
	return false;
}

static void drop_row(struct mech_policy *p, const struct mech *m)
{
	size_t kept = 0;

	for (size_t i = 0; i < p->count; i++)
		if (p->rows[i] != m)
			p->rows[kept++] = p->rows[i];
	p->count = kept;
}

static void add_all(struct mech_policy *p)
{
	for (size_t i = 0; i < mech_table_len; i++)
		if (offered(&mech_table[i]))
			p->rows[p->count++] = &mech_table[i];
	qsort(p->rows, p->count, sizeof(const struct mech *), by_name);
}

/* One name of the list, which is cut out of a copy of the text. */
static void apply_name(struct mech_policy *p, const char *name, bool exclude)
{
	CK_MECHANISM_TYPE type;
	const struct mech *m;

	if (*name == '\0')
		return;
	if (!ckm_from_name(name, &type)) {
		log_warning("slots.mechanisms: no mechanism is called \"%s\" (blanks count)",
			    name);
		return;
	}
	m = mech_find(type);
	if (m == NULL)
		log_warning("slots.mechanisms: %s is not available", name);
	else if (exclude)
		drop_row(p, m);
	else if (!has_row(p, m))
		p->rows[p->count++] = m;
}

static void apply_list(struct mech_policy *p, char *text)
{
	/* blanks belong to the names, as in the reference */
	static const char separators[] = ",";
	bool exclude = *text == '-';
	char *save = NULL;

	if (exclude) {
		add_all(p);
		text++;
	}
	for (char *name = strtok_r(text, separators, &save); name != NULL; name =
	     strtok_r(NULL, separators, &save))
		apply_name(p, name, exclude);
}

static CK_RV policy_alloc(struct mech_policy **out)
{
	struct mech_policy *p = calloc(1, sizeof(*p));

	if (p != NULL) {
		p->list = calloc(mech_table_len, sizeof(*p->list));
		p->rows = calloc(mech_table_len, sizeof(const struct mech *));
	}
	if (p == NULL || p->list == NULL || p->rows == NULL) {
		mech_policy_free(p);
		return CKR_HOST_MEMORY;
	}
	*out = p;
	return CKR_OK;
}

CK_RV mech_policy_new(const char *text, struct mech_policy **out)
{
	struct mech_policy *p;
	char *copy = strdup(text);
	CK_RV rv = copy != NULL ? policy_alloc(&p) : CKR_HOST_MEMORY;

	if (rv != CKR_OK) {
		free(copy);
		return rv;
	}
	if (strcmp(text, "ALL") == 0)
		add_all(p);
	else
		apply_list(p, copy);
	for (size_t i = 0; i < p->count; i++)
		p->list[i] = p->rows[i]->type;
	qsort(p->rows, p->count, sizeof(const struct mech *), by_type);
	free(copy);
	*out = p;
	return CKR_OK;
}

void mech_policy_free(struct mech_policy *p)
{
	if (p == NULL)
		return;
	free(p->list);
	free(p->rows);
	free(p);
}

const CK_MECHANISM_TYPE *mech_policy_list(const struct mech_policy *p, CK_ULONG *count)
{
	*count = p->count;
	return p->list;
}

CK_RV mech_policy_find(const struct mech_policy *p, CK_MECHANISM_TYPE type, CK_FLAGS flags,
		       const struct mech **out)
{
	const struct mech wanted = { .type = type };
	const struct mech *key = &wanted;
	const struct mech **row = bsearch(&key, p->rows, p->count, sizeof(const struct mech *),
					  by_type);

	if (row == NULL)
		return reason(CKR_MECHANISM_INVALID, "there is no mechanism 0x%lx, or not here",
			      type);
	if (flags != 0 && ((*row)->flags & flags) == 0)
		return reason(CKR_MECHANISM_INVALID, "mechanism 0x%lx is not for this", type);
	*out = *row;
	return CKR_OK;
}
