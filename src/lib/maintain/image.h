/*
 * All of a token in memory: its own attributes, and each object as an object file would hold it.
 * Private values stay encrypted, so no PIN is needed.
 *
 * Two images are compared object by object, attribute by attribute, in no order: the encoding of an
 * object is canonical, and its SHA-256 stands for it. OpenSSL must be there (ossl_open). What went
 * wrong is noted (common/reason.h) where the log does not tell it.
 */
#ifndef MAINTAIN_IMAGE_H
#define MAINTAIN_IMAGE_H

#include "common/buf.h"
#include "maintain/progress.h"
#include "object_store/store.h"

#define IMAGE_DIGEST 32

struct image_object {
	uint64_t id;			/* in the store that it came from; else 0 */
	struct store_stamp stamp;
	struct buf bytes;		/* file_encode with generation 1; empty: damaged */
	unsigned char digest[IMAGE_DIGEST];
};

struct image {
	struct attrset *token;		/* owned */
	struct image_object *list;	/* owned */
	size_t count;
	size_t cap;
	size_t damaged;			/* how many of them do not decode */
};

#define IMAGE_INIT { NULL, NULL, 0, 0, 0 }

void image_free(struct image *m);

/*
 * Reads all, and again what changes meanwhile, until a look at the whole finds nothing new: then
 * the image is the token as it was at one moment, and *settled is true. After many looks it is
 * taken as it is, each object whole, but of different moments. The codes of store_list and
 * store_load. On failure *m is empty.
 */
CK_RV image_read(struct store *s, const struct progress *p, struct image *m,
		 bool *settled) MUST_CHECK;

/*
 * Brings an image up to date with the store that it was read from. *changed: it was not. On failure
 * *m is empty.
 */
CK_RV image_refresh(struct store *s, const struct progress *p, struct image *m, bool *changed,
		    bool *settled) MUST_CHECK;

/* Appends an object, taking the bytes over on success. CKR_HOST_MEMORY, CKR_FUNCTION_FAILED. */
CK_RV image_add(struct image *m, uint64_t id, const struct store_stamp *stamp,
		struct buf *bytes) MUST_CHECK;

/* Sorts by digest, for the comparisons below; all that is whole comes before all that is not. */
void image_sort(struct image *m);

/* Of two sorted images: the same whole objects, each as often, and the same token data? */
bool image_equal(const struct image *a, const struct image *b);

/* The order of sorted images; 0: the same object. */
int image_compare(const struct image_object *a, const struct image_object *b);

/* The same token data? */
bool image_same_token(const struct image *a, const struct image *b);

/*
 * Of two sorted images: the whole objects of a that b does not have (as often), as borrowed
 * pointers. b NULL: all. The caller frees *list (free). CKR_HOST_MEMORY.
 */
CK_RV image_missing(const struct image *a, const struct image *b,
		    const struct image_object ***list, size_t *count) MUST_CHECK;

/* Adds those objects to the store. The codes of store_add. */
CK_RV image_write(const struct image_object *const *list, size_t count, struct store *s,
		  const struct progress *p) MUST_CHECK;

/* Makes these the store's own token attributes. The codes of store_token_edit. */
CK_RV image_write_token(const struct attrset *token, struct store *s) MUST_CHECK;

#endif
