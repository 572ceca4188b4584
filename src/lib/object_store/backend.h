/* The vtable behind store.h: one backend fills in one row; callers of store.h never see it. */
#ifndef OBJECT_STORE_BACKEND_H
#define OBJECT_STORE_BACKEND_H

#include "common/lock.h"
#include "object_store/store.h"

/* Each backend's own struct begins with this one. */
struct store {
	const struct store_backend *ops;
	char *dir;
	mode_t mask;
	struct rwlock lock;	/* store.c takes it around all but create, open and delete */
};

/* What each does, and its codes: store.h. Called with the store's lock held. */
struct store_backend {
	const char *name;
	CK_RV (*create)(const char *dir, mode_t mask, const struct attrset *token,
			struct store **out);
	CK_RV (*open)(const char *dir, mode_t mask, struct store **out);
	CK_RV (*delete_dir)(const char *dir);
	void (*close)(struct store *s);
	CK_RV (*token_load)(struct store *s, struct attrset **out);
	CK_RV (*token_edit)(struct store *s, store_edit *edit, void *arg);
	CK_RV (*poll)(struct store *s, bool path, enum store_news *news, uint64_t **ids,
		      size_t *count);
	/* The lock is held for reading only: nothing of s may change. */
	bool (*is_quiet)(struct store *s, bool path);
	CK_RV (*list)(struct store *s, uint64_t **ids, size_t *count);
	CK_RV (*load)(struct store *s, uint64_t id, struct attrset **out,
		      struct store_stamp *stamp);
	CK_RV (*same)(struct store *s, uint64_t id, const struct store_stamp *stamp, bool *out);
	CK_RV (*add)(struct store *s, const struct attrset *const *sets, size_t n, uint64_t *ids,
		     struct store_stamp *stamps);
	CK_RV (*edit)(struct store *s, uint64_t id, store_edit *edit, void *arg,
		      struct attrset **out, struct store_stamp *stamp);
	CK_RV (*remove)(struct store *s, uint64_t id);
	CK_RV (*clear)(struct store *s);
	/* In the child of a fork: lets go of what it may not share. NULL: nothing to do. */
	void (*forked)(struct store *s);
};

/* What store_set_sync was told. */
bool store_syncs(void);

/*
 * For create and open: fills in the common part, which owns a copy of dir. CKR_HOST_MEMORY,
 * CKR_CANT_LOCK.
 */
CK_RV store_init(struct store *s, const struct store_backend *ops, const char *dir,
		 mode_t mask) MUST_CHECK;

/* For close: releases the common part, but not s itself. */
void store_fini(struct store *s);

extern const struct store_backend store_file_backend;
extern const struct store_backend store_db_backend;	/* only in builds with SQLite */
extern const struct store_backend store_memory_backend;

#endif
