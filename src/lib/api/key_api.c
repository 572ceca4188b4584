/* PKCS#11 2.40 section 5.14: key management; 5.15: random numbers. */
#include "config.h"

#include "api/op_call.h"
#include "common/reason.h"
#include "crypto/mech/derive.h"
#include "crypto/ossl/rng.h"

/* What the functions that make a key from one template must not be given as NULL. */
static CK_RV check_making(const CK_MECHANISM *m, const CK_ATTRIBUTE *templ, CK_ULONG count)
{
	return call_both(call_need(m, "pMechanism"), call_need_template(templ, count, "pTemplate"));
}

static CK_RV find_mech(const struct call *c, const CK_MECHANISM *m, CK_FLAGS flag,
		       const struct mech **out)
{
	CK_RV rv = mech_policy_find(c->module->policy, m->mechanism, flag, out);

	return rv == CKR_OK ? rv
			    : reason(rv, "pMechanism: 0x%lx is not offered here", m->mechanism);
}

CK_RV C_GenerateKey(CK_SESSION_HANDLE hSession, CK_MECHANISM_PTR pMechanism,
		    CK_ATTRIBUTE_PTR pTemplate, CK_ULONG ulCount, CK_OBJECT_HANDLE_PTR phKey)
{
	CK_RV bad = call_both(check_making(pMechanism, pTemplate, ulCount),
			      call_need(phKey, "phKey"));
	const struct mech *mech = NULL;
	struct caller who;
	struct call c;
	CK_RV rv = call_enter_session(&c, __func__, bad, hSession);

	if (rv != CKR_OK)
		return rv;
	session_caller(c.session, &who);
	rv = find_mech(&c, pMechanism, CKF_GENERATE, &mech);
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
	CK_RV templates = call_both(
		call_need_template(pPublicKeyTemplate, ulPublicKeyAttributeCount,
				   "pPublicKeyTemplate"),
		call_need_template(pPrivateKeyTemplate, ulPrivateKeyAttributeCount,
				   "pPrivateKeyTemplate"));
	CK_RV handles = call_both(call_need(phPublicKey, "phPublicKey"),
				  call_need(phPrivateKey, "phPrivateKey"));
	CK_RV bad = call_both(call_need(pMechanism, "pMechanism"), call_both(templates, handles));
	struct object_half pub = { pPublicKeyTemplate, ulPublicKeyAttributeCount,
				   CK_INVALID_HANDLE };
	struct object_half priv = { pPrivateKeyTemplate, ulPrivateKeyAttributeCount,
				    CK_INVALID_HANDLE };
	const struct mech *mech = NULL;
	struct caller who;
	struct call c;
	CK_RV rv = call_enter_session(&c, __func__, bad, hSession);

	if (rv != CKR_OK)
		return rv;
	session_caller(c.session, &who);
	rv = find_mech(&c, pMechanism, CKF_GENERATE_KEY_PAIR, &mech);
	if (rv == CKR_OK)
		rv = object_generate_pair(session_objects(c.session), &who, mech, pMechanism, &pub,
					  &priv);
	*phPublicKey = pub.handle;
	*phPrivateKey = priv.handle;
	return call_leave(&c, rv);
}

CK_RV C_WrapKey(CK_SESSION_HANDLE hSession, CK_MECHANISM_PTR pMechanism,
		CK_OBJECT_HANDLE hWrappingKey, CK_OBJECT_HANDLE hKey, CK_BYTE_PTR pWrappedKey,
		CK_ULONG_PTR pulWrappedKeyLen)
{
	CK_RV bad = call_both(call_need(pMechanism, "pMechanism"),
			      call_need(pulWrappedKeyLen, "pulWrappedKeyLen"));
	struct call c;
	CK_ULONG len;
	CK_RV rv = call_enter_session(&c, __func__, bad, hSession);

	if (rv != CKR_OK)
		return rv;
	len = *pulWrappedKeyLen;
	rv = session_wrap(c.session, c.module->policy, pMechanism, hWrappingKey, hKey,
			  pWrappedKey, &len);
	op_call_tell(rv, len, (struct op_output){ pWrappedKey, pulWrappedKeyLen });
	return call_leave(&c, rv);
}

CK_RV C_UnwrapKey(CK_SESSION_HANDLE hSession, CK_MECHANISM_PTR pMechanism,
		  CK_OBJECT_HANDLE hUnwrappingKey, CK_BYTE_PTR pWrappedKey,
		  CK_ULONG ulWrappedKeyLen, CK_ATTRIBUTE_PTR pTemplate, CK_ULONG ulAttributeCount,
		  CK_OBJECT_HANDLE_PTR phKey)
{
	const struct object_blob blob = { pWrappedKey, ulWrappedKeyLen };
	CK_RV bytes = call_both(call_need(pWrappedKey, "pWrappedKey"), call_need(phKey, "phKey"));
	CK_RV bad = call_both(check_making(pMechanism, pTemplate, ulAttributeCount), bytes);
	struct call c;
	CK_RV rv = call_enter_session(&c, __func__, bad, hSession);

	if (rv != CKR_OK)
		return rv;
	return call_leave(&c, session_unwrap(c.session, c.module->policy, pMechanism,
					     hUnwrappingKey, &blob, pTemplate, ulAttributeCount,
					     phKey));
}

CK_RV C_DeriveKey(CK_SESSION_HANDLE hSession, CK_MECHANISM_PTR pMechanism,
		  CK_OBJECT_HANDLE hBaseKey, CK_ATTRIBUTE_PTR pTemplate, CK_ULONG ulAttributeCount,
		  CK_OBJECT_HANDLE_PTR phKey)
{
	/* some mechanisms give out handles in their parameter only */
	bool handle = pMechanism == NULL || !derive_without_handle(pMechanism->mechanism);
	CK_RV bad = call_both(check_making(pMechanism, pTemplate, ulAttributeCount),
			      handle ? call_need(phKey, "phKey") : CKR_OK);
	struct call c;
	CK_RV rv = call_enter_session(&c, __func__, bad, hSession);

	if (rv != CKR_OK)
		return rv;
	return call_leave(&c, session_derive(c.session, c.module->policy, pMechanism, hBaseKey,
					     pTemplate, ulAttributeCount, phKey));
}

CK_RV C_SeedRandom(CK_SESSION_HANDLE hSession, CK_BYTE_PTR pSeed, CK_ULONG ulSeedLen)
{
	struct call c;
	CK_RV rv = call_enter_session(&c, __func__, call_check(pSeed == NULL), hSession);

	if (rv != CKR_OK)
		return rv;
	return call_leave(&c, rng_seed(pSeed, ulSeedLen));
}

CK_RV C_GenerateRandom(CK_SESSION_HANDLE hSession, CK_BYTE_PTR RandomData, CK_ULONG ulRandomLen)
{
	struct call c;
	CK_RV rv = call_enter_session(&c, __func__, call_check(RandomData == NULL), hSession);

	if (rv != CKR_OK)
		return rv;
	return call_leave(&c, rng_public(RandomData, ulRandomLen));
}
