#include "config.h"

#include "slot/slot.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "common/log.h"
#include "common/str.h"

struct slot_manager {
	struct lock lock;
	struct token_place place;
	char *dir;		/* place.dir */
	bool removable;
	struct slot **slots;	/* in the order of C_GetSlotList */
	size_t count;
};

/* The last 8 digits of the serial number as a number of 31 bits; 0 when they are no such digits. */
static CK_SLOT_ID id_from_serial(const char *serial)
{
	size_t len = strlen(serial);
	char *end = NULL;
	unsigned long id;

	if (len > 8)
		serial += len - 8;
	id = strtoul(serial, &end, 16);
	return end != NULL && *end == '\0' ? id & 0x7fffffffUL : 0;
}

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

/* Initialised tokens by ascending id, then the others. */
static int by_order(const void *a, const void *b)
{
	const struct slot *x = *(struct slot *const *)a, *y = *(struct slot *const *)b;
	bool x_free = !token_is_initialised(x->token), y_free = !token_is_initialised(y->token);

	if (x_free != y_free)
		return x_free ? 1 : -1;
	return (x->id > y->id) - (x->id < y->id);
}

/* Takes the token over in any case. */
static CK_RV add_slot(struct slot_manager *m, CK_SLOT_ID id, struct token *token)
{
	struct slot **slots = reallocarray(m->slots, m->count + 1, sizeof(struct slot *));
	struct slot *s = malloc(sizeof(*s));

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
	return CKR_OK;
}

static void sort_slots(struct slot_manager *m)
{
	if (m->count > 1)
		qsort(m->slots, m->count, sizeof(struct slot *), by_order);
}

/* A slot for the next C_InitToken, unless there is one. */
static CK_RV ensure_free_slot(struct slot_manager *m)
{
	struct token *token = NULL;
	CK_RV rv;

	for (size_t i = 0; i < m->count; i++)
		if (!token_is_initialised(m->slots[i]->token))
			return CKR_OK;
	rv = token_new(&m->place, &token);
	return rv == CKR_OK ? add_slot(m, m->count, token) : rv;
}

static CK_RV open_token(struct slot_manager *m, const char *path)
{
	struct token *token = NULL;
	char serial[17];
	CK_RV rv = token_open(&m->place, path, &token);

	if (rv == CKR_HOST_MEMORY)
		return rv;
	if (rv == CKR_TOKEN_NOT_RECOGNIZED)	/* the store has logged all else */
		log_warning("%s: no token of the %s backend, skipped", path,
			    store_backend_name(m->place.backend));
	if (rv != CKR_OK)
		return CKR_OK;
	token_serial(token, serial);
	return add_slot(m, id_from_serial(serial), token);
}

static CK_RV bad_value(const struct conf *conf, const char *key, const char *value,
		       const char *cause)
{
	char where[CONF_WHERE];

	conf_where(conf, key, where, sizeof(where));
	log_error("%s: %s: %s", where, value, cause);
	return CKR_GENERAL_ERROR;
}

static int only_names(const struct dirent *e)
{
	return strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0;
}

/* Symbolic links to directories are followed: administrators use them. */
static bool is_directory(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

/* In the order of names, so that colliding ids come out the same every time. */
static CK_RV scan(struct slot_manager *m, const struct conf *conf)
{
	struct dirent **names = NULL;
	int n = scandir(m->dir, &names, only_names, alphasort);
	CK_RV rv = CKR_OK;

	if (n < 0)
		return bad_value(conf, "directories.tokendir", m->dir, strerror(errno));
	for (int i = 0; i < n; i++) {
		char *path = rv == CKR_OK ? path_join(m->dir, names[i]->d_name) : NULL;

		if (rv == CKR_OK && path == NULL)
			rv = CKR_HOST_MEMORY;
		if (rv == CKR_OK && is_directory(path))
			rv = open_token(m, path);
		free(path);
		free(names[i]);
	}
	free(names);
	return rv;
}

static CK_RV fill(struct slot_manager *m, const struct conf *conf)
{
	CK_RV rv;

	m->dir = strdup(conf->tokendir);
	if (m->dir == NULL)
		return CKR_HOST_MEMORY;
	m->removable = conf->removable;
	m->place.backend = store_backend_find(conf->backend);
	m->place.dir = m->dir;
	m->place.mask = conf->umask;
	if (m->place.backend == NULL)
		return bad_value(conf, "objectstore.backend", conf->backend,
				 "this build has no such backend");
	rv = scan(m, conf);
	if (rv == CKR_OK)
		rv = ensure_free_slot(m);
	sort_slots(m);
	return rv;
}

CK_RV slot_manager_new(const struct conf *conf, struct slot_manager **out)
{
	struct slot_manager *m = calloc(1, sizeof(*m));
	CK_RV rv = m != NULL ? lock_init(&m->lock) : CKR_HOST_MEMORY;

	if (rv != CKR_OK) {
		free(m);
		return rv;
	}
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
	for (size_t i = 0; i < m->count; i++) {
		token_free(m->slots[i]->token);
		free(m->slots[i]);
	}
	free(m->slots);
	free(m->dir);
	lock_destroy(&m->lock);
	free(m);
}

CK_RV slot_list(struct slot_manager *m, CK_SLOT_ID *list, CK_ULONG *count)
{
	CK_RV rv = CKR_OK;

	lock_take(&m->lock);
	if (list == NULL) {
		rv = ensure_free_slot(m);
		sort_slots(m);
	} else if (*count < m->count) {
		rv = CKR_BUFFER_TOO_SMALL;
	} else {
		for (size_t i = 0; i < m->count; i++)
			list[i] = m->slots[i]->id;
	}
	if (rv == CKR_OK || rv == CKR_BUFFER_TOO_SMALL)
		*count = m->count;
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

void slot_info(const struct slot_manager *m, const struct slot *s, CK_SLOT_INFO *out)
{
	char text[sizeof(out->slotDescription) + 1];

	memset(out, 0, sizeof(*out));
	snprintf(text, sizeof(text), "SoftHSM slot ID 0x%lx", s->id);
	str_pad(out->slotDescription, sizeof(out->slotDescription), text);
	str_pad(out->manufacturerID, sizeof(out->manufacturerID), "SoftHSM project");
	out->flags = CKF_TOKEN_PRESENT | (m->removable ? CKF_REMOVABLE_DEVICE : 0);
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
	lock_reset(&m->lock);
}
