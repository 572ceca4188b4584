/* PKCS#11 2.40 section 5.4: general purpose functions; 5.16: parallel function management. */
#include "config.h"

#include <string.h>

#include "api/call.h"
#include "common/log.h"
#include "common/str.h"

CK_RV C_Initialize(CK_VOID_PTR pInitArgs)
{
	CK_RV rv;

	log_call(__func__);
	rv = module_start(pInitArgs);
	log_call(NULL);
	return rv;
}

CK_RV C_Finalize(CK_VOID_PTR pReserved)
{
	struct call c;
	CK_RV rv = call_enter_always(&c, __func__);

	if (rv != CKR_OK)
		return rv;
	call_leave(&c, CKR_OK);
	if (pReserved != NULL)
		return CKR_ARGUMENTS_BAD;
	log_call(__func__);
	rv = module_stop();
	log_call(NULL);
	return rv;
}

CK_RV C_GetInfo(CK_INFO_PTR pInfo)
{
	struct call c;
	CK_RV rv = call_enter_always(&c, __func__);

	if (rv != CKR_OK)
		return rv;
	if (pInfo == NULL)
		return call_leave(&c, CKR_ARGUMENTS_BAD);
	memset(pInfo, 0, sizeof(*pInfo));
	pInfo->cryptokiVersion = (CK_VERSION){ 2, 40 };
	str_pad(pInfo->manufacturerID, sizeof(pInfo->manufacturerID), "SoftHSM");
	str_pad(pInfo->libraryDescription, sizeof(pInfo->libraryDescription),
		"Implementation of PKCS11");
	pInfo->libraryVersion = (CK_VERSION){ VERSION_MAJOR, VERSION_MINOR };
	return call_leave(&c, CKR_OK);
}

/* Nothing runs in parallel since PKCS#11 2.0: both functions have one answer. */
static CK_RV not_parallel(const char *function, CK_SESSION_HANDLE h)
{
	struct call c;
	CK_RV rv = call_enter_session(&c, function, CKR_OK, h);

	return rv == CKR_OK ? call_leave(&c, CKR_FUNCTION_NOT_PARALLEL) : rv;
}

CK_RV C_GetFunctionStatus(CK_SESSION_HANDLE hSession)
{
	return not_parallel(__func__, hSession);
}

CK_RV C_CancelFunction(CK_SESSION_HANDLE hSession)
{
	return not_parallel(__func__, hSession);
}
