/* Attribute templates from byte programs. */
#include "config.h"

#include "fuzz/fuzz.h"

#include <string.h>

#include "p11/kinds.h"

#define MAX_ENTRIES 24

static const CK_ATTRIBUTE_TYPE types[] = {
#define CKA_NAME(type) type,
#include "pkcs11/names.def"
};

static CK_ATTRIBUTE_TYPE take_type(struct fuzz_input *in)
{
	size_t i = fuzz_take_index(in, ARRAY_LEN(types) + 1);

	return i < ARRAY_LEN(types) ? types[i] : fuzz_take_number(in);
}

static CK_ATTRIBUTE *take_list(struct fuzz_input *in, bool nested, CK_ULONG *count);

/* An array of attributes, whose length may be one that no array has. */
static void take_nested(struct fuzz_input *in, CK_ATTRIBUTE *a)
{
	CK_ULONG count = 0;

	a->pValue = take_list(in, true, &count);
	a->ulValueLen = count * sizeof(CK_ATTRIBUTE);
	if (a->ulValueLen > 0 && fuzz_take_byte(in) == 1)
		a->ulValueLen--;
}

static void take_value(struct fuzz_input *in, bool nested, CK_ATTRIBUTE *a)
{
	CK_ULONG number;
	CK_BBOOL flag;

	switch (fuzz_take_byte(in) % (nested ? 5 : 6)) {
	case 0:
		a->pValue = fuzz_take_bytes(in, &a->ulValueLen);
		/* bytes must not pass for an array, whose pointers would be followed */
		if ((a->type & CKF_ARRAY_ATTRIBUTE) != 0 && a->type != CKA_ALLOWED_MECHANISMS &&
		    a->ulValueLen > 0 && a->ulValueLen % sizeof(CK_ATTRIBUTE) == 0)
			a->ulValueLen--;
		break;
	case 1:
		flag = fuzz_take_byte(in);
		a->pValue = fuzz_block_from(in, &flag, sizeof(flag));
		a->ulValueLen = sizeof(flag);
		break;
	case 2:
		number = fuzz_take_number(in);
		a->pValue = fuzz_block_from(in, &number, sizeof(number));
		a->ulValueLen = sizeof(number);
		break;
	case 3:			/* no value, but a length */
		a->pValue = NULL;
		a->ulValueLen = fuzz_take_number(in);
		break;
	case 4:			/* a length that nothing can have */
		a->pValue = fuzz_block(in, 1);
		a->ulValueLen = CK_UNAVAILABLE_INFORMATION;
		break;
	default:
		take_nested(in, a);
		break;
	}
}

static CK_ATTRIBUTE *take_list(struct fuzz_input *in, bool nested, CK_ULONG *count)
{
	size_t n = fuzz_take_index(in, nested ? 6 : MAX_ENTRIES);
	CK_ATTRIBUTE list[MAX_ENTRIES];

	for (size_t i = 0; i < n; i++) {
		list[i].type = take_type(in);
		take_value(in, nested, &list[i]);
	}
	*count = n;
	return n > 0 ? fuzz_block_from(in, list, n * sizeof(list[0])) : NULL;
}

CK_ATTRIBUTE *fuzz_take_template(struct fuzz_input *in, CK_ULONG *count)
{
	size_t kind = fuzz_take_index(in, KINDS + 1);
	const CK_ATTRIBUTE *base = kind < KINDS ? kind_templates[kind] : NULL;
	CK_ULONG more = 0, n = tmpl_count(base);
	CK_ATTRIBUTE *list = take_list(in, false, &more), *all;

	all = fuzz_block(in, (n + more) * sizeof(*all));
	if (n > 0)
		memcpy(all, base, n * sizeof(*all));
	*count = n;
	for (CK_ULONG i = 0; i < more; i++) {
		CK_ULONG at = 0;

		while (at < n && all[at].type != list[i].type)
			at++;
		/* in its place, or a second time: both happen */
		if (at < n && list[i].ulValueLen % 7 != 6)
			all[at] = list[i];
		else
			all[(*count)++] = list[i];
	}
	return *count > 0 ? fuzz_block_from(in, all, *count * sizeof(*all)) : NULL;
}
