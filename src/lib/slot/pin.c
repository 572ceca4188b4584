#include "config.h"

#include "slot/pin.h"

#include "crypto/tokenkey.h"
#include "slot/token_attrs.h"

static const struct {
	CK_ATTRIBUTE_TYPE blob;
	CK_FLAGS low;		/* set by a wrong try, cleared by a right one */
	CK_FLAGS set;		/* set together with the PIN */
	CK_FLAGS cleared;	/* cleared together with setting it */
} owners[] = {
	[PIN_SO] = { CKA_OS_SOPIN, CKF_SO_PIN_COUNT_LOW, 0,
		     CKF_SO_PIN_COUNT_LOW | CKF_SO_PIN_FINAL_TRY | CKF_SO_PIN_LOCKED |
			     CKF_SO_PIN_TO_BE_CHANGED },
	[PIN_USER] = { CKA_OS_USERPIN, CKF_USER_PIN_COUNT_LOW, CKF_USER_PIN_INITIALIZED,
		       CKF_USER_PIN_COUNT_LOW | CKF_USER_PIN_FINAL_TRY | CKF_USER_PIN_LOCKED |
			       CKF_USER_PIN_TO_BE_CHANGED },
};

bool pin_is_set(const struct attrset *token, enum pin_owner who)
{
	return attrset_get(token, owners[who].blob) != NULL;
}

CK_RV pin_open(const struct attrset *token, enum pin_owner who, const CK_BYTE *pin, CK_ULONG len,
	       struct secbuf **out)
{
	const unsigned char *blob = NULL;
	size_t blob_len = 0;

	if (len == 0 || !attrset_bytes(token, owners[who].blob, &blob, &blob_len))
		return CKR_PIN_INCORRECT;
	return tokenkey_open(blob, blob_len, pin, len, out);
}

static CK_RV change_flags(struct attrset *token, CK_FLAGS set, CK_FLAGS clear)
{
	uint64_t flags = attrset_number(token, CKA_OS_TOKENFLAGS, 0);

	return attrset_set_number(token, CKA_OS_TOKENFLAGS, (flags & ~(uint64_t)clear) | set);
}

CK_RV pin_store(struct attrset *token, enum pin_owner who, const struct secbuf *key,
		const CK_BYTE *pin, CK_ULONG len)
{
	unsigned char blob[PIN_BLOB_BYTES];
	CK_RV rv = tokenkey_seal(key, pin, len, blob);

	if (rv == CKR_OK)
		rv = attrset_set_bytes(token, owners[who].blob, blob, sizeof(blob));
	return rv == CKR_OK ? change_flags(token, owners[who].set, owners[who].cleared) : rv;
}

CK_RV pin_forget_user(struct attrset *token)
{
	attrset_remove(token, owners[PIN_USER].blob);
	return change_flags(token, 0, owners[PIN_USER].set | owners[PIN_USER].cleared);
}

CK_RV pin_note_try(struct attrset *token, enum pin_owner who, bool right, bool *changed)
{
	CK_FLAGS low = owners[who].low;
	bool is_low = (attrset_number(token, CKA_OS_TOKENFLAGS, 0) & low) != 0;

	if (is_low == !right)
		return CKR_OK;
	*changed = true;
	return right ? change_flags(token, 0, low) : change_flags(token, low, 0);
}
