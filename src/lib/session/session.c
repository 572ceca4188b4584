#include "config.h"

#include "session/session.h"

#include <stdlib.h>
#include <string.h>

CK_RV session_new(struct slot *slot, bool rw, struct session **out)
{
	struct session *s = calloc(1, sizeof(*s));
	CK_RV rv = s != NULL ? lock_init(&s->lock) : CKR_HOST_MEMORY;

	if (rv != CKR_OK) {
		free(s);
		return rv;
	}
	atomic_init(&s->refs, 1);
	s->handle = handle_next();
	s->slot = slot;
	s->rw = rw;
	*out = s;
	return CKR_OK;
}

struct session *session_ref(struct session *s)
{
	atomic_fetch_add(&s->refs, 1);
	return s;
}

void session_unref(struct session *s)
{
	if (s == NULL || atomic_fetch_sub(&s->refs, 1) != 1)
		return;
	session_end_all(s);
	lock_destroy(&s->lock);
	free(s);
}

void session_caller(struct session *s, struct caller *out)
{
	token_caller(s->slot->token, s->handle, s->rw, out, NULL);
}

struct object_table *session_objects(struct session *s)
{
	return token_objects(s->slot->token);
}

void session_end(struct session *s, enum op_kind kind)
{
	op_rest(s->ops[kind].op, kind == OP_DIGEST ? &s->resting : NULL);
	s->under_login -= s->ops[kind].private;
	s->ops[kind] = (struct session_op){ .op = NULL };
}

static void end_search(struct session *s)
{
	free(s->found.handles);
	s->found = (struct object_list){ NULL, 0 };
	s->found_next = 0;
	s->searching = false;
}

void session_end_all(struct session *s)
{
	for (int kind = 0; kind < OP_KINDS; kind++)
		session_end(s, (enum op_kind)kind);
	op_free(s->resting);
	s->resting = NULL;
	end_search(s);
}

void session_reset(struct session *s)
{
	lock_reset(&s->lock);
	atomic_store(&s->working, false);
	if (!s->busy)
		return;
	memset(s->ops, 0, sizeof(s->ops));
	s->under_login = 0;
	s->resting = NULL;
	s->found = (struct object_list){ NULL, 0 };
	s->searching = false;
	s->busy = false;
}

/*
 * An operation with a private key ends with the login that it began under, whoever logged out, and
 * where.
 */
static void end_stale(struct session *s, enum op_kind kind)
{
	const struct session_op *o = &s->ops[kind];

	if (o->op != NULL && o->private && o->epoch != token_epoch(s->slot->token))
		session_end(s, kind);
}

void session_end_stale(struct session *s)
{
	if (s->under_login == 0)
		return;
	for (int kind = 0; kind < OP_KINDS; kind++)
		end_stale(s, (enum op_kind)kind);
}

CK_RV session_begin(struct session *s, enum op_kind kind, const struct mech_policy *policy,
		    const CK_MECHANISM *m, CK_OBJECT_HANDLE key)
{
	struct session_op *slot = &s->ops[kind];
	struct object_key k = { .key = NULL };
	const struct mech *mech = NULL;
	struct caller who;
	uint64_t epoch;
	CK_RV rv;

	end_stale(s, kind);
	if (slot->op != NULL)
		return CKR_OPERATION_ACTIVE;
	token_caller(s->slot->token, s->handle, s->rw, &who, &epoch);
	rv = mech_policy_find(policy, m->mechanism, op_kind_flag(kind), &mech);
	if (op_kind_usage(kind) != 0)	/* a wrong key is answered before a wrong mechanism */
		rv = object_key(session_objects(s), &who, key, op_kind_usage(kind), mech, &k);
	if (rv == CKR_OK)
		rv = op_new(kind, mech, m, k.key, &s->resting, &slot->op);
	if (rv == CKR_OK) {
		slot->epoch = epoch;
		slot->private = k.private;
		s->under_login += k.private;
		slot->reauth = k.always_authenticate;
	}
	key_unref(k.key);
	return rv;
}

CK_RV session_op(struct session *s, enum op_kind kind, struct op **out)
{
	end_stale(s, kind);
	if (s->ops[kind].op == NULL)
		return CKR_OPERATION_NOT_INITIALIZED;
	if (s->ops[kind].reauth) {
		session_end(s, kind);
		return CKR_USER_NOT_LOGGED_IN;
	}
	*out = s->ops[kind].op;
	return CKR_OK;
}

CK_RV session_digest_key(struct session *s, CK_OBJECT_HANDLE h)
{
	struct op *op = NULL;
	struct key *key = NULL;
	struct caller who;
	bool done = false;
	CK_RV rv = session_op(s, OP_DIGEST, &op);

	if (rv != CKR_OK)
		return rv;
	session_caller(s, &who);
	rv = object_digestible(session_objects(s), &who, h, op->mech->type == CKM_MD5, &key);
	if (rv != CKR_OK)
		return rv;
	rv = op_feed(op, key->secret->data, key->secret->len, &done);
	if (done)
		session_end(s, OP_DIGEST);
	key_unref(key);
	return rv;
}

CK_RV session_reauthenticate(struct session *s, const CK_BYTE *pin, CK_ULONG len)
{
	struct session_op *waiting = NULL;
	CK_RV rv;

	for (int kind = 0; kind < OP_KINDS; kind++) {
		end_stale(s, (enum op_kind)kind);
		if (s->ops[kind].op != NULL && s->ops[kind].reauth)
			waiting = &s->ops[kind];
	}
	if (waiting == NULL && s->grant.key == CK_INVALID_HANDLE)
		return CKR_OPERATION_NOT_INITIALIZED;
	rv = token_reauthenticate(s->slot->token, pin, len);
	if (rv == CKR_OK && waiting != NULL)
		waiting->reauth = false;
	else if (rv == CKR_OK)
		s->grant.given = true;
	return rv;
}

CK_RV session_find_begin(struct session *s, const CK_ATTRIBUTE *templ, CK_ULONG count)
{
	struct caller who;
	CK_RV rv;

	if (s->searching)
		return CKR_OPERATION_ACTIVE;
	session_caller(s, &who);
	rv = object_find(session_objects(s), &who, templ, count, &s->found);
	s->searching = rv == CKR_OK;
	return rv;
}

CK_RV session_find_next(struct session *s, CK_OBJECT_HANDLE *out, CK_ULONG max, CK_ULONG *count)
{
	size_t left = s->found.count - s->found_next;

	if (!s->searching)
		return CKR_OPERATION_NOT_INITIALIZED;
	*count = left < max ? left : max;
	if (*count > 0)
		memcpy(out, s->found.handles + s->found_next, *count * sizeof(*out));
	s->found_next += *count;
	return CKR_OK;
}

CK_RV session_find_end(struct session *s)
{
	if (!s->searching)
		return CKR_OPERATION_NOT_INITIALIZED;
	end_search(s);
	return CKR_OK;
}
