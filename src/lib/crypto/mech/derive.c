#include "config.h"

#include "crypto/mech/derive.h"

#include <string.h>

#include "common/reason.h"
#include "crypto/mech/op.h"

CK_RV derive_other(const struct mech *m, const CK_MECHANISM *param, CK_OBJECT_HANDLE *out)
{
	if (m->derive != NULL && m->derive->other != NULL)
		return m->derive->other(param, out);
	*out = CK_INVALID_HANDLE;
	return CKR_OK;
}

/* Leaves the first or the last bytes, as many as are wanted. */
static void cut(struct secbuf *s, size_t want, bool keep_end)
{
	if (keep_end)
		memmove(s->data, s->data + s->len - want, want);
	s->len = want;
}

CK_RV derive_bytes(const struct mech *m, const struct derive_input *in, struct secbuf **out)
{
	struct secbuf *all = NULL;
	CK_RV rv = op_check_key(OP_DERIVE, m, in->base);

	if (rv != CKR_OK)
		return rv;
	rv = m->derive->derive(m, in, &all);
	if (rv != CKR_OK)
		return rv;
	if (all->len < in->want || all->len == 0) {
		rv = reason(CKR_KEY_SIZE_RANGE, "%zu bytes are wanted, the mechanism gives %zu",
			    in->want, all->len);
		secbuf_free(all);
		return rv;
	}
	if (in->want > 0 && m->derive->finish == NULL)
		cut(all, in->want, m->derive->keep_end);
	*out = all;
	return CKR_OK;
}

CK_RV derive_keys(const struct mech *m, const CK_MECHANISM *param, struct derive_key *keys,
		  size_t *count)
{
	CK_RV rv = CKR_OK;
	size_t n = 1;

	*count = 0;
	keys[0] = (struct derive_key){ .type = CK_UNAVAILABLE_INFORMATION };
	if (m->derive->keys != NULL)
		rv = m->derive->keys(param, keys, &n);
	if (rv == CKR_OK)
		*count = n;
	return rv;
}

CK_RV derive_parts(const struct mech *m, const struct derive_input *in, struct attrset *out)
{
	CK_RV rv = op_check_key(OP_DERIVE, m, in->base);

	return rv == CKR_OK ? m->derive->parts(in, out) : rv;
}

bool derive_without_handle(CK_MECHANISM_TYPE type)
{
	for (size_t i = 0; i < mech_table_len; i++)
		if (mech_table[i].type == type)
			return mech_table[i].derive != NULL && mech_table[i].derive->no_handle;
	return false;
}

enum derive_kin derive_kin(const struct mech *m)
{
	return m->derive != NULL && m->derive->inherit ? KIN_INHERIT : KIN_BASE;
}
