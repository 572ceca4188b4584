#include "config.h"

#include "maintain/convert.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/reason.h"

/* How often what was built is brought up to date before it is put in place all the same. */
#define ROUNDS 16

/* A call that began with the old directory may still write there; this long after the exchange. */
#define LATE_LOOKS 10
#define LATE_PAUSE_NS (100L * 1000000)

/* Builds the new token and follows the old one until it rests. */
static CK_RV build(const struct convert *c, const struct install *in, struct store *from,
		   struct image *m, struct exchange *x)
{
	bool settled, changed = true;
	CK_RV rv = install_build(in, m, x);

	if (rv != CKR_OK)
		return rv;
	for (int i = 0; i < ROUNDS && rv == CKR_OK && changed; i++) {
		rv = image_refresh(from, NULL, m, &changed, &settled);
		if (rv == CKR_OK && m->damaged > 0 && !c->force)
			rv = reason(CKR_DATA_INVALID, "an object was damaged meanwhile");
		if (rv == CKR_OK && changed)
			rv = install_rebuild(in, m, x);
	}
	if (rv != CKR_OK)
		exchange_end(x);
	return rv;
}

static CK_RV read_old(const struct convert *c, const struct exchange *x, struct image *m)
{
	struct store *s = NULL;
	bool settled;
	CK_RV rv = store_open(c->from->backend, x->old, c->mask, &s);

	if (rv == CKR_OK)
		rv = image_read(s, NULL, m, &settled);
	if (rv == CKR_OK)
		image_sort(m);
	store_close(s);
	return rv;
}

/* One more look at the old token, now that nobody finds it any more. *news: it had changed. */
static CK_RV look_late(const struct convert *c, const struct install *in, const struct exchange *x,
		       struct image *m, bool *news, bool *conflict)
{
	struct image late = IMAGE_INIT;
	CK_RV rv = read_old(c, x, &late);

	*news = false;
	if (rv == CKR_OK && !image_equal(m, &late)) {
		*news = true;
		rv = install_carry(in, c->from->dir, m, &late, conflict);
	}
	if (rv != CKR_OK) {
		image_free(&late);
		return rv;
	}
	image_free(m);
	*m = late;
	return CKR_OK;
}

/* Until two looks in a row, with a pause between them, find nothing. */
static CK_RV follow_late(const struct convert *c, const struct install *in,
			 const struct exchange *x, struct image *m, bool *conflict)
{
	const struct timespec pause = { 0, LATE_PAUSE_NS };
	int quiet = 0;
	CK_RV rv = CKR_OK;

	image_sort(m);
	for (int i = 0; i < LATE_LOOKS && quiet < 2 && rv == CKR_OK; i++) {
		bool news;

		if (i > 0)
			(void)nanosleep(&pause, NULL);
		rv = look_late(c, in, x, m, &news, conflict);
		quiet = news ? 0 : quiet + 1;
	}
	if (rv == CKR_OK && quiet < 2)
		*conflict = true;
	return rv;
}

/* The new token is in its place: nothing that fails from here on undoes that. */
static void finish(const struct convert *c, const struct install *in, struct exchange *x,
		   struct image *m, struct convert_result *out)
{
	bool conflict = false;
	CK_RV rv = follow_late(c, in, x, m, &conflict);

	out->objects = m->count - m->damaged;
	out->damaged = m->damaged;
	out->conflict = conflict || (rv != CKR_OK && m->damaged == 0);
	if (rv == CKR_OK && !conflict && m->damaged == 0 && install_finish(in, x) == CKR_OK) {
		exchange_end(x);
		return;
	}
	out->kept = strdup(x->old);
	exchange_keep_old(x);
}

CK_RV convert_token(const struct convert *c, struct convert_result *out)
{
	struct install in = { c->tokendir, c->from->name, c->mask, c->to, c->from, true,
			      c->progress };
	struct image m = IMAGE_INIT;
	struct store *from = NULL;
	struct exchange x;
	bool settled;
	CK_RV rv;

	*out = (struct convert_result){ .kept = NULL };
	rv = store_open(c->from->backend, c->from->dir, c->mask, &from);
	if (rv == CKR_OK)
		rv = image_read(from, c->progress, &m, &settled);
	out->damaged = m.damaged;
	if (rv == CKR_OK && m.damaged > 0 && !c->force)
		rv = reason(CKR_DATA_INVALID, "%zu of its objects are damaged", m.damaged);
	if (rv == CKR_OK)
		rv = build(c, &in, from, &m, &x);
	store_close(from);
	if (rv == CKR_OK) {
		rv = exchange_adopt(&x, c->from->kind->file);
		if (rv == CKR_OK)
			rv = exchange_commit(&x);
		if (rv == CKR_OK)
			finish(c, &in, &x, &m, out);
		else
			exchange_end(&x);
	}
	image_free(&m);
	return rv;
}
