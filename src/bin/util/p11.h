/*
 * The PKCS#11 module that the tool works with: the library linked into it, or one that --module
 * names.
 */
#ifndef BIN_UTIL_P11_H
#define BIN_UTIL_P11_H

#include "common/base.h"

struct p11 {
	CK_FUNCTION_LIST *f;
	void *handle;     /* of dlopen; NULL for the linked library */
	const char *path; /* borrowed, for messages */
	bool running;
};

/*
 * Gets the function list; path NULL: of the linked library. false, reported, on failure. p11_unload
 * in any case.
 */
bool p11_load(struct p11 *p, const char *path);
void p11_unload(struct p11 *p);

/*
 * C_Initialize, reported on failure, and C_Finalize. While it runs our own OpenSSL context is there
 * (crypto/ossl.h).
 */
bool p11_start(struct p11 *p);
void p11_stop(struct p11 *p);

/*
 * The slots, ascending as the module lists them; freed by the caller (free). false, reported, on
 * failure.
 */
bool p11_slots(struct p11 *p, CK_BBOOL with_token, CK_SLOT_ID **ids, CK_ULONG *count);

#endif
