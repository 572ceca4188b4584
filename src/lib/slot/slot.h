/*
 * The slots: one for each token in the token directory, and one more in which a new token can be
 * made (PKCS#11 2.40 section 5.5). Other processes make and delete tokens, so the directory is
 * looked at again (slot/slot_scan.h); slots come and go with what is found.
 */
#ifndef SLOT_SLOT_H
#define SLOT_SLOT_H

#include "common/conf.h"
#include "slot/token.h"

/*
 * A slot lives, and keeps its id, as long as the manager, since calls of other threads may hold it.
 * That of a token which vanished is in no list; when the directory comes back, so does the slot.
 */
struct slot {
	CK_SLOT_ID id;
	struct token *token;	/* never NULL */
	/* The rest is the manager's. */
	const char *name;	/* of the token's directory, borrowed; NULL: not known yet */
	bool seen;		/* in the last listing of the directory */
	bool gone;		/* the token vanished */
	bool in_use;		/* ... and has sessions, which keep the slot for now */
	uint64_t event;		/* number of the event that is not reported yet; 0: none */
};

struct slot_manager;

/*
 * Opens every token in the configured directory; one that cannot be opened is skipped with one line
 * in the log. CKR_GENERAL_ERROR when the directory cannot be listed or the backend is unknown, as
 * the reference answers (logged with the line of the configuration). conf may go afterwards.
 */
CK_RV slot_manager_new(const struct conf *conf, struct slot_manager **out) MUST_CHECK;
void slot_manager_free(struct slot_manager *m);

/*
 * C_GetSlotList's two calls: list NULL looks at the directory, makes sure that there is a slot for
 * a new token, and counts; the other call gives the slots of the last such count. Order: tokens by
 * ascending id, the free slot last. CKR_BUFFER_TOO_SMALL, with the number needed.
 */
CK_RV slot_list(struct slot_manager *m, CK_SLOT_ID *list, CK_ULONG *count) MUST_CHECK;

/* NULL: no such slot. Borrowed. The token may have vanished: CKR_TOKEN_NOT_PRESENT. */
struct slot *slot_find(struct slot_manager *m, CK_SLOT_ID id);

/* C_GetSlotInfo. */
void slot_info(struct slot_manager *m, const struct slot *s, CK_SLOT_INFO *out);

/*
 * C_WaitForSlotEvent: looks at the directory and gives the slot of the oldest event that was not
 * reported. An event is a token that appeared or vanished, other than one made here by C_InitToken;
 * two of one slot are one. CKR_NO_EVENT, unless block is set: then it waits, until
 * slot_stop_waiting (CKR_CRYPTOKI_NOT_INITIALIZED).
 */
CK_RV slot_wait(struct slot_manager *m, bool block, CK_SLOT_ID *out) MUST_CHECK;

/* C_Finalize begins: every slot_wait returns soon, and none waits any more. */
void slot_stop_waiting(struct slot_manager *m);

void slot_fork_prepare(struct slot_manager *m);
void slot_fork_parent(struct slot_manager *m);
void slot_fork_child(struct slot_manager *m);

#endif
