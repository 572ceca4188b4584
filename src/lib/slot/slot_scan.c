#include "config.h"

#include "slot/slot_scan.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/log.h"
#include "common/str.h"
#include "object_store/probe.h"
#include "slot/slot_manager.h"
#include "slot/token_attrs.h"

#define SECOND_NS 1000000000ULL

/*
 * Times of directories move in steps, of two seconds at the most. A time younger than that is not
 * trusted: the directory is listed again until its last change is older.
 */
#define RACY_NS (2 * SECOND_NS)

/* A token that is being made is one after that time; what is none then is told to the log. */
#define PATIENCE_NS (2 * SECOND_NS)

/* How long a candidate that cannot be read, which is logged each time, is left alone. */
#define PAUSE_MIN_NS (SECOND_NS / 100)
#define PAUSE_MAX_NS (600 * SECOND_NS)

static uint64_t clock_ns(clockid_t id)
{
	struct timespec now = { 0, 0 };

	(void)clock_gettime(id, &now);
	return (uint64_t)now.tv_sec * SECOND_NS + (uint64_t)now.tv_nsec;
}

/* Events */

static void tell_event(struct slot_manager *m, struct slot *s, const char *what)
{
	log_info("slot 0x%lx: the token in %s/%s %s", s->id, m->dir, s->name, what);
	if (s->event == 0)
		s->event = ++m->events;
}

static void leave(struct slot_manager *m, struct slot *s)
{
	if (!token_leave(s->token, &s->in_use))
		return;
	s->gone = true;
	tell_event(m, s, "vanished");
}

/* Candidates */

CK_SLOT_ID slot_id_from_serial(const char *serial)
{
	size_t len = strlen(serial);
	char *end = NULL;
	unsigned long id;

	if (len > 8)
		serial += len - 8;
	id = strtoul(serial, &end, 16);
	return end != NULL && *end == '\0' ? id & 0x7fffffffUL : 0;
}

static CK_RV open_new(struct slot_manager *m, const char *path, struct slot **out)
{
	struct token *token = NULL;
	char serial[17];
	CK_RV rv = token_open(&m->place, path, &token);

	if (rv != CKR_OK)
		return rv;
	token_serial(token, serial);
	return slot_add(m, slot_id_from_serial(serial), token, out);
}

/* Symbolic links to directories are followed: administrators use them. */
static bool stat_directory(const char *path, struct stat *st)
{
	return stat(path, st) == 0 && S_ISDIR(st->st_mode);
}

static bool same_time(const struct timespec *a, const struct timespec *b)
{
	return a->tv_sec == b->tv_sec && a->tv_nsec == b->tv_nsec;
}

/* Is it time to try this one? It is when its directory changed. */
static bool is_due(struct slot_candidate *c, const char *path, uint64_t now)
{
	struct stat st;

	if (!stat_directory(path, &st))
		return false;
	if (!same_time(&st.st_ctim, &c->seen)) {
		c->seen = st.st_ctim;
		c->pause = 0;
		c->again_at = 0;
	}
	return now >= c->again_at;
}

/* What kind of token lies there that is not one of the backend in use; NULL when none does. */
static const struct store_kind *other_kind(const struct slot_manager *m, const char *path)
{
	const struct store_kind *kind;

	for (size_t i = 0; (kind = store_kind_at(i)) != NULL; i++)
		if (strcmp(kind->backend, store_backend_name(m->place.backend)) != 0 &&
		    store_kind_lies_in(kind, path))
			return kind;
	return NULL;
}

/* The text of a token's attribute, without the blanks at its end; empty when there is none. */
static void read_text(const struct attrset *token, CK_ATTRIBUTE_TYPE type, char *out, size_t size)
{
	const unsigned char *data = NULL;
	size_t len = 0;

	if (!attrset_bytes(token, type, &data, &len) || len >= size)
		len = 0;
	while (len > 0 && data[len - 1] == ' ')
		len--;
	if (len > 0)
		memcpy(out, data, len);
	out[len] = '\0';
}

static void tell_other_kind(const struct slot_manager *m, const struct store_kind *kind,
			    const char *path)
{
	const struct store_backend *b = store_backend_find(kind->backend);
	struct attrset *token = NULL;
	struct store *s = NULL;
	char label[33], serial[17];

	if (b == NULL) {
		log_warning("%s: a token of the %s backend, which this build does not have; "
			    "skipped", path, kind->backend);
	} else if (store_open(b, path, m->place.mask, &s) == CKR_OK &&
		   store_token_load(s, &token) == CKR_OK) {
		read_text(token, CKA_OS_TOKENLABEL, label, sizeof(label));
		read_text(token, CKA_OS_TOKENSERIAL, serial, sizeof(serial));
		log_warning("%s: \"%s\" is a token of the %s backend, skipped; to use it: "
			    "softhsm2-util --convert --to %s --serial %s", path, label,
			    kind->backend, store_backend_name(m->place.backend), serial);
	} else {
		log_warning("%s: a token of the %s backend that cannot be read; skipped", path,
			    kind->backend);
	}
	attrset_free(token);
	store_close(s);
}

static void tell_no_token(const struct slot_manager *m, const char *path)
{
	const struct store_kind *kind = other_kind(m, path);

	if (kind != NULL)
		tell_other_kind(m, kind, path);
	else
		log_warning("%s: no token of the %s backend, skipped", path,
			    store_backend_name(m->place.backend));
}

/* The store has logged what is wrong, unless it is no token at all: that may be on its way. */
static void note_failure(const struct slot_manager *m, struct slot_candidate *c, CK_RV rv,
			 const char *path, bool first, uint64_t now)
{
	if (rv != CKR_TOKEN_NOT_RECOGNIZED) {
		c->pause = c->pause == 0 ? PAUSE_MIN_NS : c->pause * 2;
		if (c->pause > PAUSE_MAX_NS)
			c->pause = PAUSE_MAX_NS;
		c->again_at = now + c->pause;
	} else if (!c->told && (first || now - c->since >= PATIENCE_NS)) {
		tell_no_token(m, path);
		c->told = true;
	}
}

static CK_RV try_candidate(struct slot_manager *m, struct slot_candidate *c, bool first,
			   bool *is_token)
{
	uint64_t now = clock_ns(CLOCK_MONOTONIC);
	char *path = path_join(m->dir, c->name);
	CK_RV rv = CKR_OK;

	*is_token = false;
	if (path == NULL)
		return CKR_HOST_MEMORY;
	if (is_due(c, path, now)) {
		rv = c->slot != NULL ? token_return(c->slot->token) : open_new(m, path, &c->slot);
		if (rv == CKR_OK)
			*is_token = true;
		else
			note_failure(m, c, rv, path, first, now);
	}
	free(path);
	return rv == CKR_HOST_MEMORY ? rv : CKR_OK;
}

/* Reading and writing, by others than the owner. */
#define OTHERS (S_IRGRP | S_IWGRP | S_IROTH | S_IWOTH)

/* Those whom objectstore.umask lets in are meant to be in. */
static void tell_access(const struct slot_manager *m, const char *path, mode_t mode)
{
	if ((mode & m->place.mask & OTHERS) != 0)
		log_warning("%s: others than its owner can read or write it, its mode is %04o",
			    path, (unsigned)(mode & 07777));
}

static void tell_token_access(const struct slot_manager *m, const struct slot *s)
{
	const char *path = token_dir(s->token);
	struct stat st;

	if (stat_directory(path, &st))
		tell_access(m, path, st.st_mode);
}

/* Where all may make tokens, the sticky bit keeps them from each other's. */
static void tell_place_access(const struct slot_manager *m, const struct stat *st)
{
	if ((st->st_mode & S_ISVTX) == 0)
		tell_access(m, m->dir, st->st_mode);
}

static void take_in(struct slot_manager *m, struct slot *s, bool first)
{
	s->gone = false;
	s->name = strrchr(token_dir(s->token), '/') + 1;
	tell_token_access(m, s);
	if (!first)
		tell_event(m, s, "appeared");
}

/* Tries each candidate; those that are tokens now are none any more. */
static CK_RV try_candidates(struct slot_manager *m, bool first)
{
	struct slot_scan *scan = &m->scan;
	size_t kept = 0;
	CK_RV rv = CKR_OK;

	for (size_t i = 0; i < scan->candidate_count; i++) {
		struct slot_candidate *c = &scan->candidates[i];
		bool is_token = false;

		if (rv == CKR_OK)
			rv = try_candidate(m, c, first, &is_token);
		if (is_token) {
			take_in(m, c->slot, first);
			free(c->name);
		} else {
			scan->candidates[kept++] = *c;
		}
	}
	scan->candidate_count = kept;
	return rv;
}

static void free_candidates(struct slot_candidate *list, size_t count)
{
	for (size_t i = 0; i < count; i++)
		free(list[i].name);
	free(list);
}

void slot_scan_free(struct slot_scan *s)
{
	free_candidates(s->candidates, s->candidate_count);
}

/* A listing */

static int only_names(const struct dirent *e)
{
	return strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0;
}

/* In no locale's order, so that colliding ids come out the same every time. */
static int by_name(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

struct listing {
	struct dirent **names;
	int count;
	struct slot **known;	/* the slots with a directory, by its name */
	size_t known_count;
	struct slot_candidate *found;
	size_t found_count;
};

static int by_slot_name(const void *a, const void *b)
{
	return strcmp((*(struct slot *const *)a)->name, (*(struct slot *const *)b)->name);
}

static int compare_slot(const void *name, const void *slot)
{
	return strcmp(name, (*(struct slot *const *)slot)->name);
}

static int compare_candidate(const void *name, const void *candidate)
{
	return strcmp(name, ((const struct slot_candidate *)candidate)->name);
}

/*
 * To be called after the directory was listed: who makes a token in a free slot holds the token's
 * lock until it has its directory, so none of this process's own is in the listing and not known.
 */
static CK_RV index_slots(struct slot_manager *m, struct listing *l)
{
	l->known = calloc(m->count + 1, sizeof(struct slot *));
	if (l->known == NULL)
		return CKR_HOST_MEMORY;
	for (size_t i = 0; i < m->count; i++) {
		struct slot *s = m->slots[i];
		const char *dir = s->name == NULL ? token_dir(s->token) : NULL;

		if (dir != NULL)
			s->name = strrchr(dir, '/') + 1;
		s->seen = false;
		if (s->name != NULL)
			l->known[l->known_count++] = s;
	}
	if (l->known_count > 1)
		qsort(l->known, l->known_count, sizeof(struct slot *), by_slot_name);
	return CKR_OK;
}

/* What is known of the candidate from before goes on. */
static CK_RV add_candidate(const struct slot_scan *scan, struct listing *l, const char *name,
			   struct slot *slot)
{
	struct slot_candidate *c = &l->found[l->found_count];
	const struct slot_candidate *old = NULL;

	if (scan->candidate_count > 0)
		old = bsearch(name, scan->candidates, scan->candidate_count, sizeof(*old),
			      compare_candidate);
	*c = old != NULL ? *old : (struct slot_candidate){ .since = clock_ns(CLOCK_MONOTONIC) };
	c->slot = slot;
	c->name = strdup(name);
	if (c->name == NULL)
		return CKR_HOST_MEMORY;
	l->found_count++;
	return CKR_OK;
}

static CK_RV sort_name(const struct slot_manager *m, struct listing *l, const char *name)
{
	struct slot **known = NULL;
	char *path = path_join(m->dir, name);
	struct stat st;
	CK_RV rv = CKR_OK;

	if (path == NULL)
		return CKR_HOST_MEMORY;
	if (l->known_count > 0)
		known = bsearch(name, l->known, l->known_count, sizeof(struct slot *),
				compare_slot);
	if (!stat_directory(path, &st))
		rv = CKR_OK;
	else if (known != NULL && !(*known)->gone)
		(*known)->seen = true;
	else
		rv = add_candidate(&m->scan, l, name, known != NULL ? *known : NULL);
	free(path);
	return rv;
}

static CK_RV sort_names(struct slot_manager *m, struct listing *l)
{
	CK_RV rv = index_slots(m, l);

	l->found = rv == CKR_OK ? calloc((size_t)l->count + 1, sizeof(*l->found)) : NULL;
	if (l->found == NULL)
		return CKR_HOST_MEMORY;
	for (int i = 0; i < l->count && rv == CKR_OK; i++)
		rv = sort_name(m, l, l->names[i]->d_name);
	return rv;
}

static void note_absent(struct slot_manager *m, const struct listing *l)
{
	m->scan.lingering = false;
	for (size_t i = 0; i < l->known_count; i++) {
		struct slot *s = l->known[i];

		s->in_use = false;
		if (!s->seen && !s->gone)
			leave(m, s);
		m->scan.lingering = m->scan.lingering || s->in_use;
	}
}

static void listing_free(struct listing *l)
{
	for (int i = 0; i < l->count; i++)
		free(l->names[i]);
	free(l->names);
	free(l->known);
	free_candidates(l->found, l->found_count);
}

static CK_RV take_listing(struct slot_manager *m, struct listing *l, bool first)
{
	struct slot_scan *scan = &m->scan;
	CK_RV rv = sort_names(m, l);

	if (rv != CKR_OK)
		return rv;
	note_absent(m, l);
	free_candidates(scan->candidates, scan->candidate_count);
	scan->candidates = l->found;
	scan->candidate_count = l->found_count;
	l->found = NULL;
	l->found_count = 0;
	return try_candidates(m, first);
}

/* 0, or the errno value of scandir. */
static int list_names(const struct slot_manager *m, struct listing *l)
{
	l->count = scandir(m->dir, &l->names, only_names, by_name);
	if (l->count >= 0)
		return 0;
	l->count = 0;
	l->names = NULL;
	return errno;
}

/* Scans */

static bool is_settled(const struct stat *st)
{
	uint64_t now = clock_ns(CLOCK_REALTIME);
	uint64_t then = (uint64_t)st->st_mtim.tv_sec * SECOND_NS + (uint64_t)st->st_mtim.tv_nsec;

	return (now > then ? now - then : then - now) > RACY_NS;
}

/* The listing is as new as the look at the directory before it, or newer. */
static CK_RV scan_all(struct slot_manager *m, bool first, int *err)
{
	struct listing l = { .count = 0 };
	struct stat before = { .st_size = 0 };
	bool settled = stat(m->dir, &before) == 0 && is_settled(&before);
	CK_RV rv = CKR_OK;

	*err = list_names(m, &l);
	if (first && *err == 0)
		tell_place_access(m, &before);
	/* Where there is no directory there are no tokens; any other failure says nothing. */
	if (*err == 0 || (!first && (*err == ENOENT || *err == ENOTDIR)))
		rv = take_listing(m, &l, first);
	else if (*err == ENOMEM)
		rv = CKR_HOST_MEMORY;
	if (rv == CKR_OK && *err == 0) {
		m->scan.dir = before;
		m->scan.settled = settled;
	} else {
		m->scan.settled = false;
	}
	listing_free(&l);
	return rv;
}

CK_RV slot_scan_first(struct slot_manager *m, int *err)
{
	return scan_all(m, true, err);
}

static bool is_unchanged(const struct slot_manager *m)
{
	const struct stat *old = &m->scan.dir;
	struct stat now;

	return m->scan.settled && stat(m->dir, &now) == 0 && now.st_dev == old->st_dev &&
	       now.st_ino == old->st_ino && now.st_nlink == old->st_nlink &&
	       same_time(&now.st_mtim, &old->st_mtim) && same_time(&now.st_ctim, &old->st_ctim);
}

/* What can change without the directory's times showing it. */
static CK_RV scan_unsettled(struct slot_manager *m)
{
	if (m->scan.lingering) {
		m->scan.lingering = false;
		for (size_t i = 0; i < m->count; i++) {
			if (m->slots[i]->in_use)
				leave(m, m->slots[i]);
			m->scan.lingering = m->scan.lingering || m->slots[i]->in_use;
		}
	}
	return try_candidates(m, false);
}

CK_RV slot_scan_again(struct slot_manager *m, bool all)
{
	int err = 0;
	CK_RV rv;

	if (!all && is_unchanged(m))
		return scan_unsettled(m);
	rv = scan_all(m, false, &err);
	if (err != 0 && !m->scan.failed)
		log_error("cannot list %s: %s", m->dir, strerror(err));
	m->scan.failed = err != 0;
	return rv;
}
