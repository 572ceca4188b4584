/* Calls that use a key once, without an Init: C_WrapKey, C_UnwrapKey, C_DeriveKey. */
#include "config.h"

#include "common/reason.h"
#include "session/session.h"

/* What each of the three asks of its key, and how it names what is wrong with it. */
struct use_kind {
	CK_FLAGS flag;
	CK_ATTRIBUTE_TYPE usage;
	CK_RV bad_handle, bad_type;
};

static const struct use_kind wrapping = { CKF_WRAP, CKA_WRAP, CKR_WRAPPING_KEY_HANDLE_INVALID,
					  CKR_WRAPPING_KEY_TYPE_INCONSISTENT };
static const struct use_kind unwrapping = { CKF_UNWRAP, CKA_UNWRAP,
					    CKR_UNWRAPPING_KEY_HANDLE_INVALID,
					    CKR_UNWRAPPING_KEY_TYPE_INCONSISTENT };
static const struct use_kind deriving = { CKF_DERIVE, CKA_DERIVE, CKR_KEY_HANDLE_INVALID,
					  CKR_KEY_TYPE_INCONSISTENT };

/* CKA_ALWAYS_AUTHENTICATE: has the PIN been given for this very use? A permission is used up. */
static CK_RV check_grant(struct session *s, CK_OBJECT_HANDLE key, uint64_t epoch)
{
	bool given = s->grant.given && s->grant.key == key && s->grant.epoch == epoch;

	s->grant = (struct session_grant){ .key = CK_INVALID_HANDLE };
	if (given)
		return CKR_OK;
	s->grant.key = key;
	s->grant.epoch = epoch;
	return reason(CKR_USER_NOT_LOGGED_IN, "CKA_ALWAYS_AUTHENTICATE of the key is true: "
					      "C_Login with CKU_CONTEXT_SPECIFIC comes first");
}

/* Finds the key. The caller owns use->key. */
static CK_RV begin(struct session *s, const struct use_kind *kind, const struct mech_policy *policy,
		   const CK_MECHANISM *m, struct caller *who, struct object_use *use)
{
	struct object_key k = { .key = NULL };
	uint64_t epoch;
	CK_RV rv = mech_policy_find(policy, m->mechanism, kind->flag, &use->mech);

	if (rv != CKR_OK)
		return reason(rv, "pMechanism: 0x%lx is not offered here", m->mechanism);
	token_caller(s->slot->token, s->handle, s->rw, who, &epoch);
	rv = object_key(session_objects(s), who, use->handle, kind->usage, use->mech, &k);
	if (rv == CKR_KEY_HANDLE_INVALID)
		return reason(kind->bad_handle, "no key has the handle %lu", use->handle);
	if (rv == CKR_KEY_TYPE_INCONSISTENT)
		return reason(kind->bad_type, "CKA_KEY_TYPE of the key does not fit the mechanism");
	if (rv == CKR_OK && k.always_authenticate)
		rv = check_grant(s, use->handle, epoch);
	if (rv == CKR_OK) {
		use->key = k.key;
		use->param = m;
	} else {
		key_unref(k.key);
	}
	return rv;
}

CK_RV session_wrap(struct session *s, const struct mech_policy *policy, const CK_MECHANISM *m,
		   CK_OBJECT_HANDLE with, CK_OBJECT_HANDLE key, CK_BYTE *out, CK_ULONG *out_len)
{
	struct object_use use = { .handle = with };
	struct caller who;
	CK_RV rv = begin(s, &wrapping, policy, m, &who, &use);

	if (rv == CKR_OK)
		rv = object_wrap(session_objects(s), &who, &use, key, out, out_len);
	key_unref(use.key);
	return rv;
}

CK_RV session_unwrap(struct session *s, const struct mech_policy *policy, const CK_MECHANISM *m,
		     CK_OBJECT_HANDLE with, const struct object_blob *blob,
		     const CK_ATTRIBUTE *templ, CK_ULONG count, CK_OBJECT_HANDLE *out)
{
	struct object_use use = { .handle = with };
	struct caller who;
	CK_RV rv = begin(s, &unwrapping, policy, m, &who, &use);

	if (rv == CKR_OK)
		rv = object_unwrap(session_objects(s), &who, &use, blob, templ, count, out);
	key_unref(use.key);
	return rv;
}

CK_RV session_derive(struct session *s, const struct mech_policy *policy, const CK_MECHANISM *m,
		     CK_OBJECT_HANDLE base, const CK_ATTRIBUTE *templ, CK_ULONG count,
		     CK_OBJECT_HANDLE *out)
{
	struct object_use use = { .handle = base };
	struct caller who;
	CK_RV rv = begin(s, &deriving, policy, m, &who, &use);

	if (rv == CKR_OK)
		rv = object_derive(session_objects(s), &who, &use, templ, count, out);
	key_unref(use.key);
	return rv;
}
