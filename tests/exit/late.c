/*
 * To be preloaded into any host of the module: an exit handler that is registered before all
 * others, hence runs behind that of OpenSSL and even behind the libraries' destructors. It
 * finalises the module that MODULE names, if it is still loaded. The result goes to the file that
 * LATE_REPORT names.
 */
#include "config.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pkcs11/pkcs11.h"

static void finalise(void)
{
	const char *path = getenv("MODULE"), *report = getenv("LATE_REPORT");
	void *module = path != NULL ? dlopen(path, RTLD_NOW | RTLD_NOLOAD) : NULL;
	void *symbol = module != NULL ? dlsym(module, "C_Finalize") : NULL;
	CK_RV (*c_finalize)(void *);
	FILE *f;

	if (symbol == NULL || report == NULL)
		return;
	memcpy(&c_finalize, &symbol, sizeof(c_finalize));
	f = fopen(report, "w");
	if (f == NULL)
		return;
	fprintf(f, "0x%lx\n", c_finalize(NULL));
	fclose(f);
}

__attribute__((constructor)) static void register_first(void)
{
	if (atexit(finalise) != 0)
		abort();
}
