#include "config.h"

#include "returns.h"
#include "scene.h"

static CK_RV mutex_create(CK_VOID_PTR_PTR out)
{
	static int mutex;

	*out = &mutex;
	return CKR_OK;
}

static CK_RV mutex_none(CK_VOID_PTR_PTR out)
{
	*out = NULL;
	return CKR_OK;
}

static CK_RV mutex_fails(CK_VOID_PTR_PTR out)
{
	(void)out;
	return CKR_GENERAL_ERROR;
}

static CK_RV mutex_no_memory(CK_VOID_PTR_PTR out)
{
	(void)out;
	return CKR_HOST_MEMORY;
}

static CK_RV mutex_any(CK_VOID_PTR mutex)
{
	(void)mutex;
	return CKR_OK;
}

#define CALLBACKS(create, destroy, lock, unlock) \
	&(CK_C_INITIALIZE_ARGS){ (create), (destroy), (lock), (unlock), 0, NULL }

static CK_C_INITIALIZE_ARGS os_locking = { .flags = CKF_OS_LOCKING_OK };
static CK_C_INITIALIZE_ARGS no_threads = { .flags = CKF_LIBRARY_CANT_CREATE_OS_THREADS };
static CK_C_INITIALIZE_ARGS reserved = { .pReserved = &os_locking };

/* With these lines, which come last and so count. */
static CK_RV configuration(const char *lines)
{
	conf_use("tokens", lines);
	return CKR_OK;
}

/* The configuration is right again. */
static CK_RV failed_once(void)
{
	configuration("objectstore.backend = punched cards\n");
	if (p11->C_Initialize(&os_locking) != CKR_GENERAL_ERROR)
		return ROW_BROKEN;
	return configuration(NULL);
}

#define ROWS_FILE "general.def"
#define ROWS_TABLE returns_general
#include "rows.h"
