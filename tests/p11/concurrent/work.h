#ifndef TESTS_P11_CONCURRENT_WORK_H
#define TESTS_P11_CONCURRENT_WORK_H

/* What threads and processes do on one token at the same time. */

#include "p11/harness.h"

/* An EC key pair on P-256. */
CK_RV pair_make(CK_SESSION_HANDLE s, CK_BBOOL token, const char *label, CK_OBJECT_HANDLE *public,
		CK_OBJECT_HANDLE *private);
CK_RV pair_signs(CK_SESSION_HANDLE s, CK_OBJECT_HANDLE private);
/* Signs with the one and verifies with the other. */
CK_RV pair_checks(CK_SESSION_HANDLE s, CK_OBJECT_HANDLE public, CK_OBJECT_HANDLE private);
/* Its whole life on the token: made, found by its label, used, renamed, destroyed. */
CK_RV pair_lives(CK_SESSION_HANDLE s, const char *label);
/* All that is found is a whole EC key, or gone by the time it is read. */
CK_RV keys_are_whole(CK_SESSION_HANDLE s);

/* A data object on the token. */
CK_RV data_make(CK_SESSION_HANDLE s, const char *label, CK_OBJECT_HANDLE *out);
CK_RV label_find(CK_SESSION_HANDLE s, const char *label, CK_OBJECT_HANDLE *out, CK_ULONG max,
		 CK_ULONG *found);

#endif
