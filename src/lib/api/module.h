/*
 * The library between C_Initialize and C_Finalize, and what happens to it at fork and exit
 * (PKCS#11 2.40 section 5.4).
 */
#ifndef API_MODULE_H
#define API_MODULE_H

#include "common/conf.h"
#include "crypto/mech/mech.h"
#include "session/session_table.h"
#include "slot/slot.h"

struct module {
	struct conf *conf;
	struct mech_policy *policy;
	struct slot_manager *slots;
	struct session_table sessions;
};

/*
 * C_Initialize. CKR_CRYPTOKI_ALREADY_INITIALIZED, CKR_ARGUMENTS_BAD, CKR_GENERAL_ERROR
 * (configuration).
 */
CK_RV module_start(const CK_C_INITIALIZE_ARGS *args) MUST_CHECK;

/*
 * C_Finalize: waits for calls that are under way in other threads, but not for those in
 * C_WaitForSlotEvent, which it ends. CKR_CRYPTOKI_NOT_INITIALIZED.
 */
CK_RV module_stop(void) MUST_CHECK;

/*
 * Pins the module for one call, so that it cannot be freed meanwhile; NULL when the library is not
 * initialised, or is in the child of a fork that has to start anew (library.reset_on_fork).
 *
 * A fork waits for calls under way, for a moment, and those that come meanwhile wait for it. plain,
 * the same for both functions, is a call that never uses OpenSSL: it may sleep, no fork waits.
 */
struct module *module_pin(bool plain);
void module_unpin(bool plain);

#endif
