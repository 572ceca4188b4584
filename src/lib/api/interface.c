/* The function list (PKCS#11 2.40 section 5.4, C_GetFunctionList), built from functions.def. */
#include "config.h"

#include "common/base.h"

#define IN_LIST_2_40(name) .name = name,
#define IN_LIST_3_0(name)
#define IN_LIST_3_2(name)

/* Not const: the standard's pointer type is not, though nobody may write to it. */
static CK_FUNCTION_LIST list = {
	.version = { 2, 40 },
#define FUNCTION(name, major, minor, params, args) IN_LIST_##major##_##minor(name)
#include "pkcs11/functions.def"
};

CK_RV C_GetFunctionList(CK_FUNCTION_LIST_PTR_PTR ppFunctionList)
{
	if (ppFunctionList == NULL)
		return CKR_ARGUMENTS_BAD;
	*ppFunctionList = &list;
	return CKR_OK;
}
