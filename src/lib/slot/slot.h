/*
 * The slots: one for each token in the token directory, and one more in which a new token can be
 * made (PKCS#11 2.40 section 5.5).
 */
#ifndef SLOT_SLOT_H
#define SLOT_SLOT_H

#include "common/conf.h"
#include "slot/token.h"

/* A slot lives as long as the manager. */
struct slot {
	CK_SLOT_ID id;
	struct token *token;	/* never NULL */
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
 * C_GetSlotList's two calls: list NULL only counts, and makes sure that there is a slot for a new
 * token. Order: tokens by ascending id, the free slot last. CKR_BUFFER_TOO_SMALL, with the number
 * needed.
 */
CK_RV slot_list(struct slot_manager *m, CK_SLOT_ID *list, CK_ULONG *count) MUST_CHECK;

/* NULL: no such slot. Borrowed. */
struct slot *slot_find(struct slot_manager *m, CK_SLOT_ID id);

/* C_GetSlotInfo. */
void slot_info(const struct slot_manager *m, const struct slot *s, CK_SLOT_INFO *out);

void slot_fork_prepare(struct slot_manager *m);
void slot_fork_parent(struct slot_manager *m);
void slot_fork_child(struct slot_manager *m);

#endif
