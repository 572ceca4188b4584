/*
 * PINs of a token: what is written into its attributes, and the flags that go with it
 * (docs/STORAGE.md, "PINs").
 */
#ifndef SLOT_PIN_H
#define SLOT_PIN_H

#include "common/attrset.h"
#include "common/secmem.h"

/* The two PINs differ in their attribute and their flags only. */
enum pin_owner {
	PIN_SO,
	PIN_USER
};

/* How often a PIN may be wrong (token.max_pin_tries), as far as one process knows. */
struct pin_limit {
	unsigned long max;	/* 0: there is no limit, and nothing is counted */
	unsigned long owed;	/* wrong tries that could not be written to the token */
};

/* Has that PIN been set? */
bool pin_is_set(const struct attrset *token, enum pin_owner who);

/* Is it locked: by the stored flag, or because no try is left? Not while it has not been set. */
bool pin_is_locked(const struct attrset *token, enum pin_owner who, const struct pin_limit *limit);

/*
 * The token key, if the PIN is right: CKR_PIN_INCORRECT otherwise (also when it was never set). The
 * caller owns *out.
 */
CK_RV pin_open(const struct attrset *token, enum pin_owner who, const CK_BYTE *pin, CK_ULONG len,
	       struct secbuf **out) MUST_CHECK;

/*
 * Locks the token key under a new PIN, sets and clears the flags that this means, and forgets wrong
 * tries.
 */
CK_RV pin_store(struct attrset *token, enum pin_owner who, const struct secbuf *key,
		const CK_BYTE *pin, CK_ULONG len) MUST_CHECK;

/* Removes the user's PIN, its flags and its wrong tries (re-initialisation). */
CK_RV pin_forget_user(struct attrset *token) MUST_CHECK;

/*
 * Notes a right or a wrong try in count and flags; *changed is set only when something did change.
 * A PIN that is locked stays so, whatever the try was.
 */
CK_RV pin_note_try(struct attrset *token, enum pin_owner who, bool right,
		   const struct pin_limit *limit, bool *changed) MUST_CHECK;

/* The token's stored flags, with those of PINs as the limit makes them. */
CK_FLAGS pin_flags(const struct attrset *token, CK_FLAGS flags, unsigned long max);

#endif
