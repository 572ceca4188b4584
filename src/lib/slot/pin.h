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

/* Has that PIN been set? */
bool pin_is_set(const struct attrset *token, enum pin_owner who);

/*
 * The token key, if the PIN is right: CKR_PIN_INCORRECT otherwise (also when it was never set). The
 * caller owns *out.
 */
CK_RV pin_open(const struct attrset *token, enum pin_owner who, const CK_BYTE *pin, CK_ULONG len,
	       struct secbuf **out) MUST_CHECK;

/* Locks the token key under a new PIN, and sets and clears the flags that this means. */
CK_RV pin_store(struct attrset *token, enum pin_owner who, const struct secbuf *key,
		const CK_BYTE *pin, CK_ULONG len) MUST_CHECK;

/* Removes the user's PIN and its flags (re-initialisation). */
CK_RV pin_forget_user(struct attrset *token) MUST_CHECK;

/* Notes a right or a wrong try in the flags; *changed is set only when a flag did change. */
CK_RV pin_note_try(struct attrset *token, enum pin_owner who, bool right, bool *changed) MUST_CHECK;

#endif
