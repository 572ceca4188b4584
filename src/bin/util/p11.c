#include "config.h"

#include "bin/util/p11.h"

#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>

#include "bin/common/message.h"
#include "crypto/ossl/ossl.h"

static bool load_failed(const char *reason)
{
	message_error("Could not load the PKCS#11 library/module: %s", reason);
	message_see_log("ERROR: ");
	message_hint("softhsm2-util --show-config default-pkcs11-lib prints the path of our own");
	return false;
}

/* ISO C has no conversion from an object pointer to a function pointer. */
static CK_C_GetFunctionList entry_of(void *handle)
{
	void *symbol = dlsym(handle, "C_GetFunctionList");
	CK_C_GetFunctionList entry = NULL;

	if (symbol != NULL)
		memcpy(&entry, &symbol, sizeof(entry));
	return entry;
}

bool p11_load(struct p11 *p, const char *path)
{
	CK_C_GetFunctionList entry = C_GetFunctionList;

	memset(p, 0, sizeof(*p));
	p->path = path != NULL ? path : DEFAULT_PKCS11_LIB;
	if (path != NULL) {
		p->handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);
		if (p->handle == NULL)
			return load_failed(dlerror());
		entry = entry_of(p->handle);
	}
	if (entry == NULL)
		return load_failed("it has no function C_GetFunctionList");
	if (entry(&p->f) != CKR_OK || p->f == NULL)
		return load_failed("it gives no list of functions");
	return true;
}

void p11_unload(struct p11 *p)
{
	p11_stop(p);
	if (p->handle != NULL)
		dlclose(p->handle);
	memset(p, 0, sizeof(*p));
}

/* The linked library opens its own context in C_Initialize; for another module the tool does. */
bool p11_start(struct p11 *p)
{
	CK_RV rv = p->handle != NULL ? ossl_open() : CKR_OK;

	if (rv == CKR_OK) {
		rv = p->f->C_Initialize(NULL);
		if (rv != CKR_OK && p->handle != NULL)
			ossl_close();
	}
	if (rv != CKR_OK) {
		message_error("Could not initialize the PKCS#11 library/module: %s", p->path);
		message_see_log("ERROR: ");
	}
	p->running = rv == CKR_OK;
	return p->running;
}

void p11_stop(struct p11 *p)
{
	if (!p->running)
		return;
	p->running = false;
	p->f->C_Finalize(NULL);
	if (p->handle != NULL)
		ossl_close();
}

bool p11_slots(struct p11 *p, CK_BBOOL with_token, CK_SLOT_ID **ids, CK_ULONG *count)
{
	CK_SLOT_ID *list = NULL;
	CK_RV rv;

	do {
		free(list);
		list = NULL;
		rv = p->f->C_GetSlotList(with_token, NULL, count);
		if (rv != CKR_OK)
			break;
		list = calloc(*count + 1, sizeof(*list));
		rv = list != NULL ? p->f->C_GetSlotList(with_token, list, count) : CKR_HOST_MEMORY;
	} while (rv == CKR_BUFFER_TOO_SMALL); /* a slot came meanwhile */
	if (rv != CKR_OK) {
		message_error_rv(rv, "Could not get the list of slots.");
		free(list);
		return false;
	}
	*ids = list;
	return true;
}
