/*
 * A token: its label, PINs and login state, the key that its PINs unlock, its objects (PKCS#11 2.40
 * sections 2.4, 5.5, 5.6). Every function here takes the token's lock, unless it says otherwise.
 */
#ifndef SLOT_TOKEN_H
#define SLOT_TOKEN_H

#include "object/object_table.h"
#include "object_store/store.h"

#define PIN_MIN 4	/* bytes, as in the reference */
#define PIN_MAX 255

struct token;

/* What the tokens of a directory have in common: where and how they are made, and their limits. */
struct token_place {
	const struct store_backend *backend;
	const char *dir;	/* directories.tokendir; borrowed */
	mode_t mask;
	unsigned long max_sessions;	/* slots.max_sessions; 0: no limit */
	unsigned long max_pin_tries;	/* token.max_pin_tries; 0: no limit */
};

/* A token that is not initialised yet. place must outlive it. */
CK_RV token_new(const struct token_place *place, struct token **out) MUST_CHECK;

/* The token kept in that directory. The codes of store_open. */
CK_RV token_open(const struct token_place *place, const char *dir, struct token **out) MUST_CHECK;

/* No session may be open. NULL is fine. */
void token_free(struct token *t);

/* Its directory, borrowed for the life of the token; NULL while it is not initialised. */
const char *token_dir(struct token *t);

/*
 * Lets go of a token whose directory is no token any more: true, and from then on every function
 * that needs what is stored answers CKR_TOKEN_NOT_PRESENT. false: it is still there, cannot be
 * read just now, or, with *in_use set, has sessions.
 */
bool token_leave(struct token *t, bool *in_use);

/* The directory of a token that left is there again. The codes of store_open. */
CK_RV token_return(struct token *t) MUST_CHECK;

/* The serial number, NUL-terminated, for the slot's id; empty when the token is not initialised. */
void token_serial(struct token *t, char out[17]);

/* C_GetTokenInfo. The codes of store_token_load. */
CK_RV token_info(struct token *t, CK_TOKEN_INFO *out) MUST_CHECK;

/*
 * C_InitToken: makes the token, or erases it when the PIN is the SO's. label is 32 bytes. In this
 * order: CKR_SESSION_EXISTS, CKR_ARGUMENTS_BAD (no PIN), CKR_PIN_INCORRECT (for a length out of
 * range, as the reference answers), CKR_ARGUMENTS_BAD (no label), CKR_TOKEN_NOT_PRESENT,
 * CKR_PIN_LOCKED or CKR_PIN_INCORRECT, and the store's codes.
 */
CK_RV token_init(struct token *t, const CK_BYTE *pin, CK_ULONG len,
		 const CK_UTF8CHAR *label) MUST_CHECK;

/*
 * C_InitPIN: the SO (logged in: CKR_USER_NOT_LOGGED_IN) sets the user's PIN, which unlocks it.
 * CKR_PIN_LEN_RANGE.
 */
CK_RV token_init_pin(struct token *t, const CK_BYTE *pin, CK_ULONG len) MUST_CHECK;

/*
 * The three functions below count wrong tries, and answer CKR_PIN_LOCKED to a right PIN, too, when
 * none is left (docs/STORAGE.md, "PINs").
 *
 * C_SetPIN: the SO's PIN while the SO is logged in, else the user's. CKR_PIN_INCORRECT,
 * CKR_PIN_LOCKED, CKR_PIN_LEN_RANGE.
 */
CK_RV token_set_pin(struct token *t, const CK_BYTE *old_pin, CK_ULONG old_len, const CK_BYTE *pin,
		    CK_ULONG len) MUST_CHECK;

/*
 * C_Login for CKU_USER or CKU_SO. CKR_USER_ALREADY_LOGGED_IN, CKR_USER_ANOTHER_ALREADY_LOGGED_IN,
 * CKR_SESSION_READ_ONLY_EXISTS (SO), CKR_USER_PIN_NOT_INITIALIZED, CKR_PIN_INCORRECT,
 * CKR_PIN_LOCKED.
 */
CK_RV token_login(struct token *t, CK_USER_TYPE type, const CK_BYTE *pin, CK_ULONG len) MUST_CHECK;

/*
 * Does the PIN belong to who is logged in (CKU_CONTEXT_SPECIFIC)? CKR_PIN_INCORRECT,
 * CKR_PIN_LOCKED, CKR_USER_NOT_LOGGED_IN.
 */
CK_RV token_reauthenticate(struct token *t, const CK_BYTE *pin, CK_ULONG len) MUST_CHECK;

/* CKR_USER_NOT_LOGGED_IN when nobody is. */
CK_RV token_logout(struct token *t) MUST_CHECK;

/*
 * CKR_TOKEN_NOT_RECOGNIZED (not initialised), CKR_TOKEN_NOT_PRESENT,
 * CKR_SESSION_READ_WRITE_SO_EXISTS, CKR_SESSION_COUNT.
 */
CK_RV token_session_opened(struct token *t, bool rw) MUST_CHECK;

/*
 * Destroys the session's objects; the last session of the token logs out and takes all handles with
 * it.
 */
void token_session_closed(struct token *t, CK_SESSION_HANDLE session, bool rw);

/*
 * The state of a session (CKS_), and what it may do. epoch, which may be NULL, changes with each
 * logout. These take no lock: nobody waits for a login that is under way.
 */
CK_STATE token_state(struct token *t, bool rw);
void token_caller(struct token *t, CK_SESSION_HANDLE session, bool rw, struct caller *out,
		  uint64_t *epoch);

/* The present epoch; takes no lock either. */
uint64_t token_epoch(struct token *t);

/* Borrowed for the life of the token. */
struct object_table *token_objects(struct token *t);

/* Before and after a fork: the locks of the token, its objects and its store. */
void token_fork_prepare(struct token *t);
void token_fork_parent(struct token *t);
void token_fork_child(struct token *t);

#endif
