#include "config.h"

#include "pkcs11/names.h"

#include <stdlib.h>
#include <string.h>

struct name {
	CK_ULONG value;
	const char *text;
};

#define ROW(constant) { constant, #constant },
#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

static const struct name attributes[] = {
#define CKA_NAME ROW
#include "pkcs11/names.def"
};

static const struct name certificate_types[] = {
#define CKC_NAME ROW
#include "pkcs11/names.def"
};

static const struct name key_types[] = {
#define CKK_NAME ROW
#include "pkcs11/names.def"
};

static const struct name mechanisms[] = {
#define CKM_NAME ROW
#include "pkcs11/names.def"
};

static const struct name object_classes[] = {
#define CKO_NAME ROW
#include "pkcs11/names.def"
};

static const struct name return_values[] = {
#define CKR_NAME ROW
#include "pkcs11/names.def"
};

static const struct name mechanisms_by_name[] = {
#define CKM_BY_NAME ROW
#include "pkcs11/names.def"
};

static int compare_value(const void *key, const void *element)
{
	CK_ULONG value = *(const CK_ULONG *)key;
	const struct name *row = element;

	return (value > row->value) - (value < row->value);
}

static int compare_text(const void *key, const void *element)
{
	const struct name *row = element;

	return strcmp(key, row->text);
}

static const char *name_of(CK_ULONG value, const struct name *table, size_t count)
{
	const struct name *row = bsearch(&value, table, count, sizeof(*table), compare_value);

	return row != NULL ? row->text : NULL;
}

const char *cka_name(CK_ATTRIBUTE_TYPE type)
{
	return name_of(type, attributes, COUNT(attributes));
}

const char *ckc_name(CK_CERTIFICATE_TYPE type)
{
	return name_of(type, certificate_types, COUNT(certificate_types));
}

const char *ckk_name(CK_KEY_TYPE type)
{
	return name_of(type, key_types, COUNT(key_types));
}

const char *ckm_name(CK_MECHANISM_TYPE type)
{
	return name_of(type, mechanisms, COUNT(mechanisms));
}

const char *cko_name(CK_OBJECT_CLASS object_class)
{
	return name_of(object_class, object_classes, COUNT(object_classes));
}

const char *ckr_name(CK_RV rv)
{
	return name_of(rv, return_values, COUNT(return_values));
}

bool ckm_from_name(const char *name, CK_MECHANISM_TYPE *out)
{
	const struct name *row = bsearch(name, mechanisms_by_name, COUNT(mechanisms_by_name),
					 sizeof(mechanisms_by_name[0]), compare_text);

	if (row == NULL)
		return false;
	*out = row->value;
	return true;
}
