#include "config.h"

#include "slot/slot.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/log.h"
#include "common/str.h"
#include "slot/slot_manager.h"

/*
 * Where nobody tells what happens in the directory, a waiter looks at first soon, then ever less
 * often.
 */
#define PAUSE_MIN_MS 20
#define PAUSE_MAX_MS 1000

static struct slot *find(const struct slot_manager *m, CK_SLOT_ID id)
{
	for (size_t i = 0; i < m->count; i++)
		if (m->slots[i]->id == id)
			return m->slots[i];
	return NULL;
}

/* That id, or the next one that no slot has: tokens whose ids collide all stay usable. */
static CK_SLOT_ID free_id(const struct slot_manager *m, CK_SLOT_ID id)
{
	while (find(m, id) != NULL)
		id = (id + 1) & 0x7fffffffUL;
	return id;
}

CK_RV slot_add(struct slot_manager *m, CK_SLOT_ID id, struct token *token, struct slot **out)
{
	struct slot **slots = reallocarray(m->slots, m->count + 1, sizeof(struct slot *));
	struct slot *s = calloc(1, sizeof(*s));

	if (slots != NULL)
		m->slots = slots;
	if (slots == NULL || s == NULL) {
		token_free(token);
		free(s);
		return CKR_HOST_MEMORY;
	}
	s->id = free_id(m, id);
	if (s->id != id)
		log_warning("slot id 0x%lx is taken by another token, using 0x%lx", id, s->id);
	s->token = token;
	m->slots[m->count++] = s;
	*out = s;
	return CKR_OK;
}

/* The list */

/* A slot in which C_InitToken makes a new token. */
static bool is_free(const struct slot *s)
{
	return s->name == NULL && token_dir(s->token) == NULL;
}

/* A slot for the next C_InitToken, unless there is one. */
static CK_RV ensure_free_slot(struct slot_manager *m)
{
	struct token *token = NULL;
	struct slot *s = NULL;
	CK_RV rv;

	for (size_t i = 0; i < m->count; i++)
		if (is_free(m->slots[i]))
			return CKR_OK;
	rv = token_new(&m->place, &token);
	return rv == CKR_OK ? slot_add(m, m->count, token, &s) : rv;
}

/* A slot as it is listed. */
struct entry {
	CK_SLOT_ID id;
	bool free;
};

/* Initialised tokens by ascending id, then the others. */
static int by_order(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;

	if (x->free != y->free)
		return x->free ? 1 : -1;
	return (x->id > y->id) - (x->id < y->id);
}

/* What C_GetSlotList tells until it is asked to look again. */
static CK_RV publish(struct slot_manager *m)
{
	struct entry *entries = calloc(m->count + 1, sizeof(*entries));
	CK_SLOT_ID *ids = calloc(m->count + 1, sizeof(*ids));
	size_t n = 0;

	if (entries == NULL || ids == NULL) {
		free(entries);
		free(ids);
		return CKR_HOST_MEMORY;
	}
	for (size_t i = 0; i < m->count; i++)
		if (!m->slots[i]->gone)
			entries[n++] = (struct entry){ m->slots[i]->id, is_free(m->slots[i]) };
	qsort(entries, n, sizeof(*entries), by_order);
	for (size_t i = 0; i < n; i++)
		ids[i] = entries[i].id;
	free(entries);
	free(m->listed);
	m->listed = ids;
	m->listed_count = n;
	return CKR_OK;
}

static CK_RV ensure_and_publish(struct slot_manager *m)
{
	CK_RV rv = ensure_free_slot(m);

	return rv == CKR_OK ? publish(m) : rv;
}

/* Life */

static CK_RV bad_value(const struct conf *conf, const char *key, const char *value,
		       const char *cause)
{
	char where[CONF_WHERE];

	conf_where(conf, key, where, sizeof(where));
	log_error("%s: %s: %s", where, value, cause);
	return CKR_GENERAL_ERROR;
}

static CK_RV fill(struct slot_manager *m, const struct conf *conf)
{
	int err = 0;
	CK_RV rv;

	m->dir = strdup(conf->tokendir);
	if (m->dir == NULL)
		return CKR_HOST_MEMORY;
	m->removable = conf->removable;
	m->place = (struct token_place){
		.backend = store_backend_find(conf->backend),
		.dir = m->dir,
		.mask = conf->umask,
		.max_sessions = conf->max_sessions,
		.max_pin_tries = conf->max_pin_tries,
	};
	store_set_sync(conf->sync);
	if (m->place.backend == NULL)
		return bad_value(conf, "objectstore.backend", conf->backend,
				 "this build has no such backend");
	rv = slot_scan_first(m, &err);
	if (rv == CKR_OK && err != 0)
		rv = bad_value(conf, "directories.tokendir", m->dir, strerror(err));
	return rv == CKR_OK ? ensure_and_publish(m) : rv;
}

CK_RV slot_manager_new(const struct conf *conf, struct slot_manager **out)
{
	struct slot_manager *m = calloc(1, sizeof(*m));
	CK_RV rv = m != NULL ? lock_init(&m->lock) : CKR_HOST_MEMORY;

	if (rv != CKR_OK) {
		free(m);
		return rv;
	}
	m->watch = (struct slot_watch)SLOT_WATCH_INIT;
	rv = fill(m, conf);
	if (rv != CKR_OK) {
		slot_manager_free(m);
		return rv;
	}
	*out = m;
	return CKR_OK;
}

void slot_manager_free(struct slot_manager *m)
{
	if (m == NULL)
		return;
	slot_watch_close(&m->watch);
	for (size_t i = 0; i < m->count; i++) {
		token_free(m->slots[i]->token);
		free(m->slots[i]);
	}
	slot_scan_free(&m->scan);
	free(m->slots);
	free(m->listed);
	free(m->dir);
	lock_destroy(&m->lock);
	free(m);
}

/* Events */

static struct slot *oldest_event(const struct slot_manager *m)
{
	struct slot *oldest = NULL;

	for (size_t i = 0; i < m->count; i++) {
		struct slot *s = m->slots[i];

		if (s->event != 0 && (oldest == NULL || s->event < oldest->event))
			oldest = s;
	}
	return oldest;
}

/* Can something happen that nobody tells? */
static bool must_look(const struct slot_manager *m)
{
	return !slot_watch_is_sure(&m->watch) || m->scan.candidate_count > 0 ||
	       m->scan.lingering;
}

/*
 * What one thread found, and did not take, is for the others: they may have slept through it, since
 * a wake-up is for one of them. One of them, at least, must look from time to time if that is
 * needed now.
 */
static void pass_on(struct slot_manager *m)
{
	bool news = m->stopping || oldest_event(m) != NULL;
	bool all_sound = m->sound == m->watch.waiters;

	if (m->watch.waiters > 0 && (news || (all_sound && must_look(m))))
		slot_watch_wake(&m->watch);
}

static CK_RV take_event(struct slot_manager *m, bool all, CK_SLOT_ID *out)
{
	struct slot *s;
	CK_RV rv = m->stopping ? CKR_CRYPTOKI_NOT_INITIALIZED : slot_scan_again(m, all);

	if (rv != CKR_OK)
		return rv;
	s = oldest_event(m);
	if (s == NULL)
		return CKR_NO_EVENT;
	s->event = 0;
	*out = s->id;
	return CKR_OK;
}

/* How long to sleep, in ms; -1: until something happens. */
static int next_pause(const struct slot_manager *m, unsigned told, int pause)
{
	if (!must_look(m))
		return -1;
	if (told != 0 || pause < 0)
		return PAUSE_MIN_MS;
	return pause * 2 < PAUSE_MAX_MS ? pause * 2 : PAUSE_MAX_MS;
}

/* Sleeps without the manager's lock, which is held before and after. */
static unsigned sleep_unlocked(struct slot_manager *m, int pause)
{
	struct slot_watch copy = m->watch;
	unsigned told;

	m->watch.waiters++;
	m->sound += pause < 0 ? 1 : 0;
	lock_drop(&m->lock);
	told = slot_watch_sleep(copy, pause);
	lock_take(&m->lock);
	m->watch.waiters--;
	m->sound -= pause < 0 ? 1 : 0;
	if ((told & SLOT_WATCH_LOST) != 0)
		slot_watch_lost(&m->watch, copy.aim);
	return told;
}

CK_RV slot_wait(struct slot_manager *m, bool block, CK_SLOT_ID *out)
{
	unsigned told = 0;
	int pause = PAUSE_MIN_MS;
	CK_RV rv;

	lock_take(&m->lock);
	rv = take_event(m, false, out);
	while (rv == CKR_NO_EVENT && block) {
		if (slot_watch_open(&m->watch, m->dir)) {
			told = SLOT_WATCH_CHANGED;	/* maybe, before it was watched */
		} else {
			pause = next_pause(m, told, pause);
			told = sleep_unlocked(m, pause);
		}
		rv = take_event(m, told != 0, out);
	}
	pass_on(m);
	lock_drop(&m->lock);
	return rv;
}

void slot_stop_waiting(struct slot_manager *m)
{
	lock_take(&m->lock);
	m->stopping = true;
	pass_on(m);
	lock_drop(&m->lock);
}

/* Questions */

CK_RV slot_list(struct slot_manager *m, CK_SLOT_ID *list, CK_ULONG *count)
{
	CK_RV rv = CKR_OK;

	lock_take(&m->lock);
	if (list == NULL) {
		rv = slot_scan_again(m, false);
		if (rv == CKR_OK)
			rv = ensure_and_publish(m);
		pass_on(m);
	} else if (*count < m->listed_count) {
		rv = CKR_BUFFER_TOO_SMALL;
	} else {
		memcpy(list, m->listed, m->listed_count * sizeof(*list));
	}
	if (rv == CKR_OK || rv == CKR_BUFFER_TOO_SMALL)
		*count = m->listed_count;
	lock_drop(&m->lock);
	return rv;
}

struct slot *slot_find(struct slot_manager *m, CK_SLOT_ID id)
{
	struct slot *s;

	lock_take(&m->lock);
	s = find(m, id);
	lock_drop(&m->lock);
	return s;
}

void slot_info(struct slot_manager *m, const struct slot *s, CK_SLOT_INFO *out)
{
	char text[sizeof(out->slotDescription) + 1];
	bool gone;

	lock_take(&m->lock);
	gone = s->gone;
	lock_drop(&m->lock);
	memset(out, 0, sizeof(*out));
	snprintf(text, sizeof(text), "SoftHSM slot ID 0x%lx", s->id);
	str_pad(out->slotDescription, sizeof(out->slotDescription), text);
	str_pad(out->manufacturerID, sizeof(out->manufacturerID), "SoftHSM project");
	out->flags = (gone ? 0 : CKF_TOKEN_PRESENT) | (m->removable ? CKF_REMOVABLE_DEVICE : 0);
	out->hardwareVersion = (CK_VERSION){ VERSION_MAJOR, VERSION_MINOR };
	out->firmwareVersion = out->hardwareVersion;
}

void slot_fork_prepare(struct slot_manager *m)
{
	lock_take(&m->lock);
	for (size_t i = 0; i < m->count; i++)
		token_fork_prepare(m->slots[i]->token);
}

void slot_fork_parent(struct slot_manager *m)
{
	for (size_t i = m->count; i > 0; i--)
		token_fork_parent(m->slots[i - 1]->token);
	lock_drop(&m->lock);
}

void slot_fork_child(struct slot_manager *m)
{
	for (size_t i = m->count; i > 0; i--)
		token_fork_child(m->slots[i - 1]->token);
	slot_watch_close(&m->watch);
	m->sound = 0;
	m->stopping = false;
	lock_reset(&m->lock);
}
