#include "config.h"

#include "bin/common/attr_list.h"

#include "crypto/key/keytype.h"

void attr_list_add(struct attr_list *t, CK_ATTRIBUTE_TYPE type, void *value, size_t len)
{
	CK_ATTRIBUTE *a = &t->list[t->count++];

	a->type = type;
	a->pValue = value;
	a->ulValueLen = len;
}

void attr_list_add_bool(struct attr_list *t, CK_ATTRIBUTE_TYPE type, bool value)
{
	static CK_BBOOL values[] = { CK_FALSE, CK_TRUE };

	attr_list_add(t, type, &values[value], sizeof(values[0]));
}

void attr_list_add_parts(struct attr_list *t, CK_OBJECT_CLASS class, CK_KEY_TYPE type,
			 const struct attrset *parts)
{
	const CK_ATTRIBUTE_TYPE *wanted = keytype_parts(class, type);

	for (; wanted != NULL && *wanted != CK_UNAVAILABLE_INFORMATION; wanted++) {
		const struct attr *a = attrset_get(parts, *wanted);

		if (a != NULL && a->kind == ATTR_BYTES && t->count < ATTR_LIST_MAX)
			attr_list_add(t, a->type, a->u.bytes.data, a->u.bytes.len);
	}
}
