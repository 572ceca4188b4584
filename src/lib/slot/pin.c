#include "config.h"

#include "slot/pin.h"

#include "crypto/tokenkey.h"
#include "slot/token.h"
#include "slot/token_attrs.h"

static const struct {
	CK_ATTRIBUTE_TYPE blob;
	CK_ATTRIBUTE_TYPE tries;	/* wrong ones in a row; counts only while low is set */
	CK_FLAGS low;		/* set by a wrong try, cleared by a right one */
	CK_FLAGS final;		/* one try is left */
	CK_FLAGS locked;	/* none is */
	CK_FLAGS set;		/* set together with the PIN */
	CK_FLAGS cleared;	/* cleared together with setting it, beside the three above */
} owners[] = {
	[PIN_SO] = { CKA_OS_SOPIN, CKA_OS_SOTRIES, CKF_SO_PIN_COUNT_LOW, CKF_SO_PIN_FINAL_TRY,
		     CKF_SO_PIN_LOCKED, 0, CKF_SO_PIN_TO_BE_CHANGED },
	[PIN_USER] = { CKA_OS_USERPIN, CKA_OS_USERTRIES, CKF_USER_PIN_COUNT_LOW,
		       CKF_USER_PIN_FINAL_TRY, CKF_USER_PIN_LOCKED, CKF_USER_PIN_INITIALIZED,
		       CKF_USER_PIN_TO_BE_CHANGED },
};

static uint64_t stored_flags(const struct attrset *token)
{
	return attrset_number(token, CKA_OS_TOKENFLAGS, 0);
}

/*
 * Wrong tries since the last right one. Without the flag the number is stale: SoftHSM, which does
 * not know it, clears the flag after a right PIN and when a PIN is set.
 */
static uint64_t tries_of(const struct attrset *token, enum pin_owner who)
{
	if ((stored_flags(token) & owners[who].low) == 0)
		return 0;
	return attrset_number(token, owners[who].tries, 0);
}

static uint64_t left_after(uint64_t tries, unsigned long max)
{
	return tries < max ? max - tries : 0;
}

bool pin_is_set(const struct attrset *token, enum pin_owner who)
{
	return attrset_get(token, owners[who].blob) != NULL;
}

bool pin_is_locked(const struct attrset *token, enum pin_owner who, const struct pin_limit *limit)
{
	if (!pin_is_set(token, who))
		return false;
	if ((stored_flags(token) & owners[who].locked) != 0)
		return true;
	return limit->max > 0 && left_after(tries_of(token, who), limit->max) <= limit->owed;
}

CK_RV pin_open(const struct attrset *token, enum pin_owner who, const CK_BYTE *pin, CK_ULONG len,
	       struct secbuf **out)
{
	const unsigned char *blob = NULL;
	size_t blob_len = 0;

	if (len == 0 || len > PIN_MAX ||
	    !attrset_bytes(token, owners[who].blob, &blob, &blob_len))
		return CKR_PIN_INCORRECT;
	return tokenkey_open(blob, blob_len, pin, len, out);
}

static CK_RV change_flags(struct attrset *token, CK_FLAGS set, CK_FLAGS clear)
{
	uint64_t flags = stored_flags(token);

	return attrset_set_number(token, CKA_OS_TOKENFLAGS, (flags & ~(uint64_t)clear) | set);
}

/* What wrong tries left behind. */
static CK_FLAGS tries_flags(enum pin_owner who)
{
	return owners[who].low | owners[who].final | owners[who].locked;
}

CK_RV pin_store(struct attrset *token, enum pin_owner who, const struct secbuf *key,
		const CK_BYTE *pin, CK_ULONG len)
{
	unsigned char blob[PIN_BLOB_BYTES];
	CK_RV rv = tokenkey_seal(key, pin, len, blob);

	if (rv == CKR_OK)
		rv = attrset_set_bytes(token, owners[who].blob, blob, sizeof(blob));
	if (rv != CKR_OK)
		return rv;
	attrset_remove(token, owners[who].tries);
	return change_flags(token, owners[who].set, tries_flags(who) | owners[who].cleared);
}

CK_RV pin_forget_user(struct attrset *token)
{
	attrset_remove(token, owners[PIN_USER].blob);
	attrset_remove(token, owners[PIN_USER].tries);
	return change_flags(token, 0, tries_flags(PIN_USER) | owners[PIN_USER].set |
					      owners[PIN_USER].cleared);
}

static CK_RV note_right(struct attrset *token, enum pin_owner who, bool *changed)
{
	bool counted = attrset_get(token, owners[who].tries) != NULL;

	if (!counted && (stored_flags(token) & tries_flags(who)) == 0)
		return CKR_OK;
	*changed = true;
	attrset_remove(token, owners[who].tries);
	return change_flags(token, 0, tries_flags(who));
}

/* Beside the flag for any wrong try at all. */
static CK_FLAGS flags_after(uint64_t tries, enum pin_owner who, unsigned long max)
{
	uint64_t left = left_after(tries, max);

	if (left == 0)
		return owners[who].locked;
	return left == 1 ? owners[who].final : 0;
}

static CK_RV note_wrong(struct attrset *token, enum pin_owner who, const struct pin_limit *limit,
			bool *changed)
{
	bool first = (stored_flags(token) & owners[who].low) == 0;
	/* Nobody can guess a PIN that there is not. */
	bool counts = limit->max > 0 && pin_is_set(token, who);
	uint64_t tries = tries_of(token, who) + limit->owed + 1;
	CK_RV rv = CKR_OK;

	if (!first && !counts)
		return CKR_OK;
	*changed = true;
	if (counts)
		rv = attrset_set_number(token, owners[who].tries, tries);
	else
		attrset_remove(token, owners[who].tries);
	if (rv != CKR_OK)
		return rv;
	return change_flags(token,
			    owners[who].low | (counts ? flags_after(tries, who, limit->max) : 0),
			    owners[who].final);
}

/* The flag may be missing: the limit was lowered, or some tries could not be written. */
static CK_RV note_locked(struct attrset *token, enum pin_owner who, bool *changed)
{
	if ((stored_flags(token) & owners[who].locked) != 0)
		return CKR_OK;
	*changed = true;
	return change_flags(token, owners[who].low | owners[who].locked, owners[who].final);
}

CK_RV pin_note_try(struct attrset *token, enum pin_owner who, bool right,
		   const struct pin_limit *limit, bool *changed)
{
	if (pin_is_locked(token, who, limit))
		return note_locked(token, who, changed);
	return right ? note_right(token, who, changed) : note_wrong(token, who, limit, changed);
}

CK_FLAGS pin_flags(const struct attrset *token, CK_FLAGS flags, unsigned long max)
{
	for (int i = PIN_SO; i <= PIN_USER; i++) {
		enum pin_owner who = (enum pin_owner)i;

		if (max == 0 || !pin_is_set(token, who) || (flags & owners[who].locked) != 0)
			continue;
		flags &= ~owners[who].final;
		flags |= flags_after(tries_of(token, who), who, max);
	}
	return flags;
}
