/* softhsm2.conf: the file, its notes for the log, and the list of mechanisms in it. */
#include "config.h"

#include "fuzz/fuzz.h"

#include "common/conf.h"
#include "crypto/mech/mech.h"
#include "crypto/ossl/ossl.h"

static void use(const struct conf *c)
{
	static const char *const keys[] = { "directories.tokendir", "slots.mechanisms", "no.such" };
	struct mech_policy *policy = NULL;
	char where[CONF_WHERE];

	conf_log_notes(c);
	for (size_t i = 0; i < ARRAY_LEN(keys); i++)
		conf_where(c, keys[i], where, sizeof(where));
	fuzz_check(mech_policy_new(c->mechanisms, &policy) == CKR_OK);
	mech_policy_free(policy);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static bool ready;
	struct conf *c = NULL;
	CK_RV rv;

	if (!ready) {
		log_open(LEVEL_DEBUG, "/dev/null");
		fuzz_check(ossl_open() == CKR_OK);
		ready = true;
	}
	rv = conf_load_file(fuzz_file("softhsm2.conf", data, size), &c);
	fuzz_check(c != NULL);
	if (rv == CKR_OK)
		use(c);
	conf_free(c);
	return 0;
}
