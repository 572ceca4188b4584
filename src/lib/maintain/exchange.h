/*
 * A token that is built where nobody takes it for one, and then put in its place in one step
 * (docs/STORAGE.md, "Putting a token in place of another").
 *
 * It is built as TOKENDIR/UUID/new; what was in its place is kept as TOKENDIR/UUID/old until the
 * caller lets go of it. A file in UUID, locked as long as the process lives, says what goes on, so
 * that a later run can tell what a killed one left. What went wrong is noted (common/reason.h) or
 * logged.
 */
#ifndef MAINTAIN_EXCHANGE_H
#define MAINTAIN_EXCHANGE_H

#include <sys/stat.h>

#include "object_store/file/file_io.h"

struct exchange {
	char *tokendir;
	char *name;		/* where the new one goes, within tokendir */
	char *box;		/* TOKENDIR/UUID */
	char *build;		/* ... /new */
	char *old;		/* ... /old */
	struct file_dir parent;	/* tokendir, open */
	struct file_dir in;	/* the box, open */
	int marker;		/* open and locked */
	ino_t inode;		/* of the directory called name; 0: there is none to replace */
	bool copy;		/* the new one is to hold all that the old one holds */
};

/*
 * Makes the box. replaces: there is a directory of that name, which exchange_commit will put aside;
 * otherwise there is none. copy: the new token is a copy of that. The codes of store_create;
 * CKR_FUNCTION_FAILED: another run is at it.
 */
CK_RV exchange_begin(const char *tokendir, const char *name, bool replaces, bool copy,
		     struct exchange *x) MUST_CHECK;

/*
 * Gives what was built the owners and modes of the directory to be replaced, and of the file main
 * in it. CKR_TOKEN_WRITE_PROTECTED when the process may not.
 */
CK_RV exchange_adopt(const struct exchange *x, const char *main) MUST_CHECK;

/*
 * Syncs what was built and puts it in its place; durable when it returns CKR_OK. On failure what
 * was there before is there still.
 */
CK_RV exchange_commit(struct exchange *x) MUST_CHECK;

/* After the commit: removes what was replaced, which may hold only files. */
CK_RV exchange_drop_old(struct exchange *x) MUST_CHECK;

/* Ends: removes what was built but not put in place, and the box if it is empty then. */
void exchange_end(struct exchange *x);

/*
 * Ends, and leaves the old directory in the box, to be removed by a human. The path is x->old until
 * this returns.
 */
void exchange_keep_old(struct exchange *x);

/* What a killed run left. */
enum exchange_state {
	EXCHANGE_NONE,		/* not ours, or a living process's */
	EXCHANGE_UNDONE,	/* the old token was in its place, and what was built is gone now */
	EXCHANGE_DONE,		/* the new one is in its place; the old one is in the box */
	EXCHANGE_STRANGE	/* ours, but not as we leave it: nothing was touched */
};

/*
 * Looks at TOKENDIR/box and undoes what was not done. EXCHANGE_DONE fills in *x, which the caller
 * ends. The codes of the system.
 */
CK_RV exchange_recover(const char *tokendir, const char *box, struct exchange *x,
		       enum exchange_state *state) MUST_CHECK;

/* From now on does as if the system could not exchange two names. For tests. */
void exchange_plain(bool on);

#endif
