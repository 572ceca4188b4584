#include "config.h"

#include <stdlib.h>

#include "common/log.h"
#include "object_store/backend.h"
#include "object_store/db/db_known.h"
#include "object_store/db/db_token.h"

struct store_db {
	struct store base;
	struct db_conn *conn;	/* NULL until this process needs it: most tokens stay unused */
	dev_t dev;		/* of the database that is known */
	ino_t ino;
	struct db_known known;
	bool listed;
	uint64_t token_damage;	/* as damage_told */
};

static struct store_db *as_db(struct store *s)
{
	return (struct store_db *)s;
}

/* The connection */

static void disconnect(struct store_db *d)
{
	db_close(d->conn);
	d->conn = NULL;
}

static void forget_all(struct store_db *d)
{
	db_known_clear(&d->known);
	d->listed = false;
}

static CK_RV check(struct db_conn *c)
{
	CK_RV rv = db_begin(c, FILE_READING);

	return rv == CKR_OK ? db_end(c, db_schema_check(c)) : rv;
}

static CK_RV connect_to(struct store_db *d)
{
	struct db_conn *c;
	CK_RV rv = db_open(d->base.dir, &c);

	if (rv != CKR_OK)
		return rv;
	rv = check(c);
	if (rv != CKR_OK) {
		db_close(c);
		return rv;
	}
	c->opening = false;
	if (c->dev != d->dev || c->ino != d->ino)
		forget_all(d);
	d->dev = c->dev;
	d->ino = c->ino;
	d->conn = c;
	return CKR_OK;
}

/* Makes sure of a connection; with path, of one to what the path leads to now. */
static CK_RV use_token(struct store_db *d, bool path)
{
	CK_RV rv;

	if (d->conn != NULL &&
	    (d->conn->broken || db_is_stale(d->conn) || (path && db_moved(d->conn))))
		disconnect(d);
	if (d->conn != NULL)
		return CKR_OK;
	rv = connect_to(d);
	return rv == CKR_DATA_INVALID ? CKR_DEVICE_ERROR : rv;
}

/* The same for its objects: a token that is gone is not one without objects. */
static CK_RV use(struct store_db *d, bool path)
{
	CK_RV rv = use_token(d, path);

	if (rv != CKR_TOKEN_NOT_RECOGNIZED)
		return rv;
	log_error("there is no token any more in %s", d->base.dir);
	return CKR_DEVICE_REMOVED;
}

/*
 * Begins a change, of the token's own data or of its objects. While another process writes, for
 * whatever time, other threads read: the store's lock is given up meanwhile, so what was looked up
 * before is to be looked up again.
 */
static CK_RV begin_change(struct store_db *d, bool token)
{
	struct db_wait wait = { .tries = 0 };
	bool busy = false;

	for (;;) {
		CK_RV rv = token ? use_token(d, true) : use(d, true);
		bool again;

		if (rv == CKR_OK)
			rv = db_begin_or_busy(d->conn, &busy);
		if (rv != CKR_OK || !busy)
			return rv;
		rwlock_drop(&d->base.lock);
		again = db_wait(&wait);
		rwlock_write(&d->base.lock);
		if (!again)
			return d->conn == NULL ? CKR_DEVICE_ERROR : db_busy(d->conn, &wait);
	}
}

static CK_RV refresh(struct store_db *d)
{
	CK_RV rv = db_begin(d->conn, FILE_READING);

	return rv == CKR_OK ? db_end(d->conn, db_known_refresh(&d->known, d->conn)) : rv;
}

/* After a commit: the known state is the one that it made, if nothing else came in between. */
static void follow(struct store_db *d)
{
	if (d->known.mark == d->conn->before)
		d->known.mark = d->conn->after;
}

static CK_RV db_list(struct store *s, uint64_t **ids, size_t *count)
{
	struct store_db *d = as_db(s);
	CK_RV rv = use(d, true);

	if (rv == CKR_OK)
		rv = refresh(d);
	if (rv == CKR_OK)
		rv = db_known_ids(&d->known, ids, count);
	if (rv == CKR_OK)
		d->listed = true;
	return rv;
}

static CK_RV db_poll(struct store *s, bool path, enum store_news *news, uint64_t **ids,
		     size_t *count)
{
	struct store_db *d = as_db(s);
	uint64_t mark;
	CK_RV rv = use(d, path);

	*news = STORE_ALL;
	if (rv != CKR_OK || !d->listed)
		return rv;
	rv = db_mark(d->conn, &mark);
	if (rv == CKR_OK && mark != d->known.mark)
		rv = refresh(d);
	if (rv != CKR_OK)
		return rv;
	*news = STORE_QUIET;
	if (!d->known.untold)
		return CKR_OK;
	*ids = NULL;
	rv = db_known_news(&d->known, ids, count);
	if (rv == CKR_OK && *ids != NULL)
		*news = STORE_SOME;
	return rv;
}

static bool db_is_quiet(struct store *s, bool path)
{
	const struct store_db *d = as_db(s);

	return d->conn != NULL && !d->conn->broken && d->listed && !d->known.untold &&
	       !(path && db_moved(d->conn)) && db_mark_is(d->conn, d->known.mark);
}

/* One object */

static struct store_stamp stamp_of(uint64_t print)
{
	return (struct store_stamp){ .mark = { print } };
}

/* Logs damage once for each version, however often it is asked for. */
static CK_RV tell_damage(struct store_db *d, int64_t id, uint64_t print, uint64_t *told)
{
	if (*told != print + 1)
		log_error("object %lld of %s is left out: it is damaged", (long long)id,
			  d->conn->path);
	*told = print + 1;
	return CKR_DATA_INVALID;
}

/* Is that state the present one? */
static CK_RV is_present(struct store_db *d, uint64_t mark, bool *out)
{
	uint64_t now;
	CK_RV rv = db_mark(d->conn, &now);

	*out = rv == CKR_OK && now == mark;
	return rv;
}

/* Reads the object as it is now; a damaged one is CKR_DATA_INVALID. */
static CK_RV read_object(struct store_db *d, int64_t id, uint64_t *damage_told,
			 struct db_object *out)
{
	struct db_object o = { .attrs = NULL };
	CK_RV rv = db_begin(d->conn, FILE_READING);

	if (rv == CKR_OK)
		rv = db_end(d->conn, db_object_read(d->conn, id, &o));
	if (rv == CKR_OK && o.damaged)
		rv = tell_damage(d, id, o.print, damage_told);
	if (rv == CKR_OK)
		*out = o;
	else
		db_object_free(&o);
	return rv;
}

/* Hands the attributes over to the caller. */
static struct attrset *take_attrs(struct db_object *o)
{
	struct attrset *attrs = o->attrs;

	o->attrs = NULL;
	db_object_free(o);
	return attrs;
}

static CK_RV db_load(struct store *s, uint64_t id, struct attrset **out, struct store_stamp *stamp)
{
	struct store_db *d = as_db(s);
	CK_RV rv = use(d, false);
	struct db_known_object *k = db_known_find(&d->known, id);
	struct db_object o = { .attrs = NULL };
	bool present = false;

	if (rv == CKR_DEVICE_REMOVED || (rv == CKR_OK && k == NULL))
		rv = CKR_OBJECT_HANDLE_INVALID;
	if (rv == CKR_OK && k->ready != NULL)
		rv = is_present(d, d->known.mark, &present);
	if (rv != CKR_OK)
		return rv;
	if (present) {
		o.attrs = k->ready;
		o.print = k->print;
		k->ready = NULL;
	} else {
		db_known_unready(k);
		rv = read_object(d, k->id, &k->damage_told, &o);
		if (rv != CKR_OK)
			return rv;
	}
	if (stamp != NULL)
		*stamp = stamp_of(o.print);
	*out = take_attrs(&o);
	return CKR_OK;
}

/* The fingerprint in a state that is not the known one. */
static CK_RV ask(struct store_db *d, struct db_known_object *k, uint64_t now, uint64_t *print)
{
	struct db_object o = { .attrs = NULL };
	CK_RV rv = CKR_OK;

	if (k->asked_mark != now) {
		rv = db_begin(d->conn, FILE_READING);
		if (rv == CKR_OK)
			rv = db_end(d->conn, db_object_read(d->conn, k->id, &o));
		if (rv == CKR_OK) {
			k->asked_mark = d->conn->before;
			k->asked_print = o.print;
		}
		db_object_free(&o);
	}
	*print = k->asked_print;
	return rv;
}

static CK_RV db_same(struct store *s, uint64_t id, const struct store_stamp *stamp, bool *out)
{
	struct store_db *d = as_db(s);
	struct db_known_object *k;
	uint64_t now, print;
	CK_RV rv = use(d, true);

	*out = false;
	if (rv == CKR_DEVICE_REMOVED)
		return CKR_OK;		/* a deleted token's keys are gone with it */
	if (rv == CKR_OK)
		rv = db_mark(d->conn, &now);
	/* Without an index to look at one object takes as long as to look at all of them. */
	if (rv == CKR_OK && now != d->known.mark && !d->conn->indexed) {
		rv = refresh(d);
		now = d->known.mark;
	}
	k = db_known_find(&d->known, id);
	if (rv != CKR_OK || k == NULL)
		return rv;
	print = k->print;
	if (now != d->known.mark)
		rv = ask(d, k, now, &print);
	*out = rv == CKR_OK && print == stamp->mark[0];
	return rv == CKR_OBJECT_HANDLE_INVALID ? CKR_OK : rv;
}

/* Edits */

struct edit {
	uint64_t id;			/* DB_TOKEN_ID: the token's own data */
	store_edit *edit;
	void *arg;
	uint64_t *damage_told;
	struct db_known_object *known;	/* NULL: the token */
	struct attrset **out;		/* where what is stored then goes, or NULL */
	struct store_stamp *stamp;
};

/* Within a transaction: what is known cannot change any more. */
static CK_RV edit_find(struct store_db *d, struct edit *e)
{
	e->damage_told = &d->token_damage;
	if (e->id == DB_TOKEN_ID)
		return CKR_OK;
	e->known = db_known_find(&d->known, e->id);
	if (e->known == NULL)
		return CKR_OBJECT_HANDLE_INVALID;
	e->damage_told = &e->known->damage_told;
	return CKR_OK;
}

/* *attrs is what then shall be stored. */
static CK_RV edit_read(struct store_db *d, struct edit *e, struct db_object *o,
		       struct attrset **attrs, bool *changed)
{
	CK_RV rv = edit_find(d, e);

	*changed = false;
	if (rv == CKR_OK)
		rv = db_object_read(d->conn, (int64_t)e->id, o);
	if (rv == CKR_OK && o->damaged)
		rv = tell_damage(d, (int64_t)e->id, o->print, e->damage_told);
	if (rv != CKR_OK)
		return rv;
	*attrs = attrset_dup(o->attrs, false);
	return *attrs == NULL ? CKR_HOST_MEMORY : e->edit(*attrs, changed, e->arg);
}

static CK_RV edit_write(struct store_db *d, struct edit *e, struct db_object *o,
			struct attrset **attrs)
{
	bool changed;
	CK_RV rv = edit_read(d, e, o, attrs, &changed);

	if (rv != CKR_OK || !changed)
		return rv;
	rv = db_schema_index(d->conn);
	return rv == CKR_OK ? db_object_change(d->conn, (int64_t)e->id, o, *attrs) : rv;
}

/* Where nothing can be written, an edit that turns out to change nothing succeeds all the same. */
static CK_RV edit_read_only(struct store_db *d, struct edit *e, struct db_object *o,
			    struct attrset **attrs)
{
	bool changed;
	CK_RV rv = edit_read(d, e, o, attrs, &changed);

	return rv == CKR_OK && changed ? CKR_TOKEN_WRITE_PROTECTED : rv;
}

/* After the commit: notes what is known, and gives the caller what is stored if it asked. */
static void after_edit(struct store_db *d, const struct edit *e, const struct db_object *o,
		       struct attrset **attrs)
{
	/* Others may have changed this object, too; the caller knows when it takes the result. */
	if (e->known != NULL && (d->known.mark == d->conn->before || e->out != NULL)) {
		db_known_unready(e->known);
		e->known->print = o->print;
	}
	if (e->known != NULL)
		e->known->asked_mark = DB_MARK_NONE;
	follow(d);
	if (e->out != NULL) {
		*e->out = *attrs;
		*e->stamp = stamp_of(o->print);
		*attrs = NULL;
	}
}

static CK_RV edit_object(struct store_db *d, struct edit *e)
{
	struct db_object o = { .attrs = NULL };
	struct attrset *attrs = NULL;
	CK_RV rv = begin_change(d, e->id == DB_TOKEN_ID);

	if (rv == CKR_OK) {
		rv = db_end(d->conn, edit_write(d, e, &o, &attrs));
	} else if (rv == CKR_TOKEN_WRITE_PROTECTED && d->conn != NULL) {
		rv = db_begin(d->conn, FILE_READING);
		if (rv == CKR_OK)
			rv = db_end(d->conn, edit_read_only(d, e, &o, &attrs));
	}
	if (rv == CKR_OK)
		after_edit(d, e, &o, &attrs);
	attrset_free(attrs);
	db_object_free(&o);
	return rv;
}

static CK_RV db_edit(struct store *s, uint64_t id, store_edit *edit, void *arg,
		     struct attrset **out, struct store_stamp *stamp)
{
	struct edit e = { .id = id, .edit = edit, .arg = arg, .out = out, .stamp = stamp };

	if (db_known_find(&as_db(s)->known, id) == NULL)
		return CKR_OBJECT_HANDLE_INVALID;
	return edit_object(as_db(s), &e);
}

static CK_RV db_token_edit(struct store *s, store_edit *edit, void *arg)
{
	struct edit e = { .id = DB_TOKEN_ID, .edit = edit, .arg = arg };
	CK_RV rv = edit_object(as_db(s), &e);

	return rv == CKR_OBJECT_HANDLE_INVALID ? CKR_TOKEN_NOT_RECOGNIZED : rv;
}

static CK_RV db_token_load(struct store *s, struct attrset **out)
{
	struct store_db *d = as_db(s);
	const bool was_open = d->conn != NULL;
	struct db_object o;
	CK_RV rv = use_token(d, true);

	if (rv == CKR_OK)
		rv = read_object(d, DB_TOKEN_ID, &d->token_damage, &o);
	if (rv == CKR_OK)
		*out = take_attrs(&o);
	if (!was_open)
		disconnect(d);
	return rv == CKR_OBJECT_HANDLE_INVALID ? CKR_TOKEN_NOT_RECOGNIZED : rv;
}

/* Additions and removals */

/* Within a transaction; enters them, so that nothing can fail after the commit. */
static CK_RV add_all(struct store_db *d, const struct attrset *const *sets, size_t n,
		     struct db_known_object **made)
{
	CK_RV rv = db_schema_index(d->conn);

	for (size_t i = 0; i < n && rv == CKR_OK; i++) {
		uint64_t print;
		int64_t id;

		rv = db_object_add(d->conn, sets[i], &id, &print);
		if (rv == CKR_OK)
			rv = db_known_enter(&d->known, id, &made[i]);
		if (rv == CKR_OK)
			made[i]->print = print;
	}
	return rv;
}

static CK_RV db_add(struct store *s, const struct attrset *const *sets, size_t n, uint64_t *ids,
		    struct store_stamp *stamps)
{
	struct store_db *d = as_db(s);
	struct db_known_object *made[STORE_ADD_MAX] = { NULL };
	CK_RV rv;

	if (n == 0 || n > ARRAY_LEN(made))
		return CKR_ARGUMENTS_BAD;
	rv = begin_change(d, false);
	if (rv != CKR_OK)
		return rv;
	rv = db_end(d->conn, add_all(d, sets, n, made));
	for (size_t i = 0; i < n; i++) {
		if (rv == CKR_OK) {
			ids[i] = (uint64_t)made[i]->id;
			if (stamps != NULL)
				stamps[i] = stamp_of(made[i]->print);
		} else if (made[i] != NULL) {
			db_known_forget(&d->known, made[i]);
		}
	}
	if (rv == CKR_OK)
		follow(d);
	return rv;
}

static CK_RV remove_known(struct store_db *d, const struct db_known_object *k)
{
	CK_RV rv = k == NULL ? CKR_OBJECT_HANDLE_INVALID : db_schema_index(d->conn);

	return rv == CKR_OK ? db_object_remove(d->conn, k->id) : rv;
}

static CK_RV db_remove(struct store *s, uint64_t id)
{
	struct store_db *d = as_db(s);
	struct db_known_object *k = db_known_find(&d->known, id);
	CK_RV rv = k == NULL ? CKR_OBJECT_HANDLE_INVALID : begin_change(d, false);

	if (rv != CKR_OK)
		return rv;
	k = db_known_find(&d->known, id);
	rv = db_end(d->conn, remove_known(d, k));
	if (rv == CKR_OK) {
		follow(d);
		db_known_forget(&d->known, k);
	}
	return rv;
}

static CK_RV db_clear(struct store *s)
{
	struct store_db *d = as_db(s);
	CK_RV rv = begin_change(d, false);
	bool listed;

	if (rv == CKR_OK)
		rv = db_end(d->conn, db_object_clear(d->conn));
	if (rv != CKR_OK)
		return rv;
	listed = d->listed;
	/* Nothing is left, so this state is known whatever was before. */
	db_known_clear(&d->known);
	d->known.mark = d->conn->after;
	d->listed = listed;
	return CKR_OK;
}

/* The store */

static void db_backend_close(struct store *s)
{
	struct store_db *d = as_db(s);

	disconnect(d);
	forget_all(d);
	store_fini(s);
	free(d);
}

/* What is no token or a damaged one is not yet "removed" or a failure of the device. */
static CK_RV look_at_token(struct store_db *d)
{
	struct db_object o;
	CK_RV rv = connect_to(d);

	if (rv == CKR_OK) {
		d->conn->opening = true;
		rv = read_object(d, DB_TOKEN_ID, &d->token_damage, &o);
	}
	if (rv == CKR_OK)
		db_object_free(&o);
	disconnect(d);
	return rv == CKR_OBJECT_HANDLE_INVALID ? CKR_TOKEN_NOT_RECOGNIZED : rv;
}

static CK_RV store_new(const char *dir, mode_t mask, struct store_db **out)
{
	struct store_db *d = calloc(1, sizeof(*d));
	CK_RV rv;

	if (d == NULL)
		return CKR_HOST_MEMORY;
	rv = store_init(&d->base, &store_db_backend, dir, mask);
	if (rv != CKR_OK) {
		free(d);
		return rv;
	}
	d->known = (struct db_known)DB_KNOWN_INIT;
	*out = d;
	return CKR_OK;
}

static CK_RV db_backend_open(const char *dir, mode_t mask, struct store **out)
{
	struct store_db *d;
	CK_RV rv = store_new(dir, mask, &d);

	if (rv != CKR_OK)
		return rv;
	rv = look_at_token(d);
	if (rv == CKR_OK)
		*out = &d->base;
	else
		db_backend_close(&d->base);
	return rv;
}

/* Nothing can fail any more when the token is there. */
static CK_RV db_backend_create(const char *dir, mode_t mask, const struct attrset *token,
			       struct store **out)
{
	struct store_db *d;
	CK_RV rv = store_new(dir, mask, &d);

	if (rv != CKR_OK)
		return rv;
	rv = db_token_make(dir, mask, token);
	if (rv == CKR_OK)
		*out = &d->base;
	else
		db_backend_close(&d->base);
	return rv;
}

static void db_forked(struct store *s)
{
	db_abandon(as_db(s)->conn);
	as_db(s)->conn = NULL;
}

const struct store_backend store_db_backend = {
	.name = "db",
	.create = db_backend_create,
	.open = db_backend_open,
	.delete_dir = db_token_delete,
	.close = db_backend_close,
	.token_load = db_token_load,
	.token_edit = db_token_edit,
	.poll = db_poll,
	.is_quiet = db_is_quiet,
	.list = db_list,
	.load = db_load,
	.same = db_same,
	.add = db_add,
	.edit = db_edit,
	.remove = db_remove,
	.clear = db_clear,
	.forked = db_forked,
};
