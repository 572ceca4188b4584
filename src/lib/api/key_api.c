/* PKCS#11 2.40 section 5.14: key management; 5.15: random numbers. */
#include "config.h"

#include "api/call.h"
#include "crypto/ossl/rng.h"

CK_RV C_GenerateKey(CK_SESSION_HANDLE hSession, CK_MECHANISM_PTR pMechanism,
		    CK_ATTRIBUTE_PTR pTemplate, CK_ULONG ulCount, CK_OBJECT_HANDLE_PTR phKey)
{
	bool bad = pMechanism == NULL || (pTemplate == NULL && ulCount > 0) || phKey == NULL;
	const struct mech *mech = NULL;
	struct caller who;
	struct call c;
	CK_RV rv = call_enter_session(&c, call_check(bad), hSession);

	if (rv != CKR_OK)
		return rv;
	session_caller(c.session, &who);
	rv = mech_policy_find(c.module->policy, pMechanism->mechanism, CKF_GENERATE, &mech);
	if (rv == CKR_OK)
		rv = object_generate(session_objects(c.session), &who, mech, pMechanism, pTemplate,
				     ulCount, phKey);
	return call_leave(&c, rv);
}

CK_RV C_GenerateKeyPair(CK_SESSION_HANDLE hSession, CK_MECHANISM_PTR pMechanism,
			CK_ATTRIBUTE_PTR pPublicKeyTemplate, CK_ULONG ulPublicKeyAttributeCount,
			CK_ATTRIBUTE_PTR pPrivateKeyTemplate, CK_ULONG ulPrivateKeyAttributeCount,
			CK_OBJECT_HANDLE_PTR phPublicKey, CK_OBJECT_HANDLE_PTR phPrivateKey)
{
	bool bad = pMechanism == NULL ||
		   (pPublicKeyTemplate == NULL && ulPublicKeyAttributeCount > 0) ||
		   (pPrivateKeyTemplate == NULL && ulPrivateKeyAttributeCount > 0) ||
		   phPublicKey == NULL || phPrivateKey == NULL;
	struct object_half pub = { pPublicKeyTemplate, ulPublicKeyAttributeCount,
				   CK_INVALID_HANDLE };
	struct object_half priv = { pPrivateKeyTemplate, ulPrivateKeyAttributeCount,
				    CK_INVALID_HANDLE };
	const struct mech *mech = NULL;
	struct caller who;
	struct call c;
	CK_RV rv = call_enter_session(&c, call_check(bad), hSession);

	if (rv != CKR_OK)
		return rv;
	session_caller(c.session, &who);
	rv = mech_policy_find(c.module->policy, pMechanism->mechanism, CKF_GENERATE_KEY_PAIR,
			      &mech);
	if (rv == CKR_OK)
		rv = object_generate_pair(session_objects(c.session), &who, mech, pMechanism, &pub,
					  &priv);
	*phPublicKey = pub.handle;
	*phPrivateKey = priv.handle;
	return call_leave(&c, rv);
}

CK_RV C_SeedRandom(CK_SESSION_HANDLE hSession, CK_BYTE_PTR pSeed, CK_ULONG ulSeedLen)
{
	struct call c;
	CK_RV rv = call_enter_session(&c, call_check(pSeed == NULL), hSession);

	if (rv != CKR_OK)
		return rv;
	return call_leave(&c, rng_seed(pSeed, ulSeedLen));
}

CK_RV C_GenerateRandom(CK_SESSION_HANDLE hSession, CK_BYTE_PTR RandomData, CK_ULONG ulRandomLen)
{
	struct call c;
	CK_RV rv = call_enter_session(&c, call_check(RandomData == NULL), hSession);

	if (rv != CKR_OK)
		return rv;
	return call_leave(&c, rng_public(RandomData, ulRandomLen));
}
