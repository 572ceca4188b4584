#include "config.h"

#include "bin/util/objects/item.h"

#include <stdlib.h>
#include <string.h>

#include "bin/common/message.h"
#include "bin/util/busy.h"

/* A search takes as many at a time. */
#define BATCH 64
/* Longer values are not those of keys and certificates. */
#define VALUE_MAX ((CK_ULONG)16 << 20)

/* CKR_OK with *got == 0 at the end. */
static CK_RV find_more(struct p11 *p, CK_SESSION_HANDLE session, CK_OBJECT_HANDLE **list,
		       size_t count, CK_ULONG *got)
{
	CK_OBJECT_HANDLE *more = realloc(*list, (count + BATCH) * sizeof(*more));

	if (more == NULL)
		return CKR_HOST_MEMORY;
	*list = more;
	*got = 0;
	return p->f->C_FindObjects(session, more + count, BATCH, got);
}

bool item_find(struct p11 *p, CK_SESSION_HANDLE session, struct attr_list *t,
		 CK_OBJECT_HANDLE **list, size_t *count)
{
	struct busy busy;
	CK_ULONG got = 1;
	bool begun;
	CK_RV rv;

	*list = NULL;
	*count = 0;
	busy_start(&busy, "Searching");
	rv = p->f->C_FindObjectsInit(session, t->list, t->count);
	begun = rv == CKR_OK;
	while (rv == CKR_OK && got > 0) {
		rv = find_more(p, session, list, *count, &got);
		if (rv == CKR_OK)
			*count += got;
	}
	if (begun)
		p->f->C_FindObjectsFinal(session);
	busy_end(&busy);
	if (rv == CKR_OK)
		return true;
	message_error_rv(rv, "Could not search the token.");
	free(*list);
	*list = NULL;
	return false;
}

static CK_RV get(const struct item *o, CK_ATTRIBUTE *a)
{
	return o->p->f->C_GetAttributeValue(o->session, o->handle, a, 1);
}

bool item_bytes(const struct item *o, CK_ATTRIBUTE_TYPE type, struct buf *out)
{
	CK_ATTRIBUTE a = { type, NULL, 0 };

	buf_free(out);
	if (get(o, &a) != CKR_OK || a.ulValueLen > VALUE_MAX ||
	    buf_reserve(out, a.ulValueLen + 1) != CKR_OK)
		return false;
	a.pValue = out->data;
	if (a.ulValueLen > 0 && get(o, &a) != CKR_OK)
		return false;
	out->len = a.ulValueLen;
	return true;
}

CK_ULONG item_number(const struct item *o, CK_ATTRIBUTE_TYPE type, CK_ULONG def)
{
	CK_ULONG value = 0;
	CK_ATTRIBUTE a = { type, &value, sizeof(value) };

	return get(o, &a) == CKR_OK && a.ulValueLen == sizeof(value) ? value : def;
}

bool item_flag(const struct item *o, CK_ATTRIBUTE_TYPE type)
{
	CK_BBOOL value = CK_FALSE;
	CK_ATTRIBUTE a = { type, &value, sizeof(value) };

	return get(o, &a) == CKR_OK && a.ulValueLen == sizeof(value) && value != CK_FALSE;
}
