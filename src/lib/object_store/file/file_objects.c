#include "config.h"

#include "object_store/file/file_objects.h"

#include <stdlib.h>
#include <string.h>

#include "object_store/file/file_commit.h"

#define BUCKETS_MIN 64

struct object_file *file_objects_get(const struct file_objects *t, uint64_t id)
{
	return id_table_get(&t->ids, id);
}

/* FNV-1a. Names are no secret, and whoever can choose them can do worse than make us slow. */
static size_t hash_name(const char *base)
{
	uint64_t h = 0xcbf29ce484222325U;

	for (; *base != '\0'; base++)
		h = (h ^ (unsigned char)*base) * 0x100000001b3U;
	return (size_t)(h ^ h >> 32);
}

static struct object_file **bucket_of(const struct file_objects *t, const char *base)
{
	return &t->buckets[hash_name(base) & (t->bucket_count - 1)];
}

struct object_file *file_objects_find(const struct file_objects *t, const char *base)
{
	struct object_file *o = t->bucket_count > 0 ? *bucket_of(t, base) : NULL;

	while (o != NULL && strcmp(o->base, base) != 0)
		o = o->next;
	return o;
}

CK_RV file_objects_new(const char *base, struct object_file **out)
{
	size_t size = strlen(base) + 1;
	struct object_file *o = malloc(sizeof(*o) + size);

	if (o == NULL)
		return CKR_HOST_MEMORY;
	memset(o, 0, sizeof(*o));
	memcpy(o->base, base, size);
	*out = o;
	return CKR_OK;
}

static void enter_bucket(struct file_objects *t, struct object_file *o)
{
	struct object_file **b = bucket_of(t, o->base);

	o->next = *b;
	*b = o;
}

/* More buckets for more objects; where there is no memory for them, chains just get longer. */
static void spread(struct file_objects *t, size_t count)
{
	struct object_file **old = t->buckets, **wider;
	size_t old_count = t->bucket_count, wanted = old_count;

	while (wanted < count)
		wanted *= 2;
	if (wanted == old_count)
		return;
	wider = calloc(wanted, sizeof(struct object_file *));
	if (wider == NULL)
		return;
	t->buckets = wider;
	t->bucket_count = wanted;
	for (size_t i = 0; i < old_count; i++) {
		struct object_file *next;

		for (struct object_file *o = old[i]; o != NULL; o = next) {
			next = o->next;
			enter_bucket(t, o);
		}
	}
	free(old);
}

CK_RV file_objects_reserve(struct file_objects *t, size_t n)
{
	CK_RV rv = id_table_reserve(&t->ids, n);

	if (rv == CKR_OK && t->bucket_count == 0) {
		t->buckets = calloc(BUCKETS_MIN, sizeof(struct object_file *));
		if (t->buckets == NULL)
			return CKR_HOST_MEMORY;
		t->bucket_count = BUCKETS_MIN;
	}
	if (rv == CKR_OK)
		spread(t, t->ids.live + n);
	return rv;
}

uint64_t file_objects_add(struct file_objects *t, struct object_file *o)
{
	o->id = id_table_add(&t->ids, o);
	o->sweep = t->sweep;
	enter_bucket(t, o);
	return o->id;
}

void file_objects_remove(struct file_objects *t, struct object_file *o)
{
	struct object_file **b = bucket_of(t, o->base);

	while (*b != o)
		b = &(*b)->next;
	*b = o->next;
	free(id_table_take(&t->ids, o->id));
}

void file_objects_clear(struct file_objects *t)
{
	id_table_clear(&t->ids, free);
	free(t->buckets);
	t->buckets = NULL;
	t->bucket_count = 0;
}

/* Listings */

bool file_objects_base(const char *name, struct file_name *base)
{
	size_t len;

	if (!file_name_ends(name, FILE_OBJECT, &len) || strcmp(name, FILE_TOKEN FILE_OBJECT) == 0)
		return false;
	*base = file_name(name, "");
	base->s[len] = '\0';
	return true;
}

/* Temporary files with names of our making, which tells what may be swept. */
static bool is_own_temp(const char *name, struct file_name *base)
{
	size_t len;

	if (!file_name_ends(name, FILE_TEMP, &len))
		return false;
	*base = file_name(name, "");
	base->s[len] = '\0';
	return file_is_uuid(base->s, len) || strcmp(base->s, FILE_TOKEN) == 0;
}

/* What a listing found that was not known. */
struct found {
	struct file_objects *set;
	const struct file_dir *dir;
	struct object_file **list;
	size_t count;
	size_t cap;
};

static CK_RV found_add(struct found *found, const char *base)
{
	struct object_file **grown;
	CK_RV rv;

	if (found->count == found->cap) {
		size_t cap = found->cap == 0 ? 64 : found->cap * 2;

		grown = realloc(found->list, cap * sizeof(struct object_file *));
		if (grown == NULL)
			return CKR_HOST_MEMORY;
		found->list = grown;
		found->cap = cap;
	}
	rv = file_objects_new(base, &found->list[found->count]);
	if (rv == CKR_OK)
		found->count++;
	return rv;
}

static CK_RV find_object(const char *name, void *arg)
{
	struct found *found = arg;
	struct object_file *known;
	struct file_name base;

	if (is_own_temp(name, &base))
		file_sweep(found->dir, base.s);
	else if (file_objects_base(name, &base)) {
		known = file_objects_find(found->set, base.s);
		if (known == NULL)
			return found_add(found, base.s);
		known->sweep = found->set->sweep;
	}
	return CKR_OK;
}

static int compare_found(const void *a, const void *b)
{
	const struct object_file *const *x = a, *const *y = b;

	return strcmp((*x)->base, (*y)->base);
}

static void remove_unseen(struct file_objects *t)
{
	for (size_t i = t->ids.count; i > 0; i--) {
		struct object_file *o = i <= t->ids.count ? t->ids.rows[i - 1].p : NULL;

		if (o != NULL && o->sweep != t->sweep)
			file_objects_remove(t, o);
	}
}

/* A name may be listed twice when the directory changes meanwhile. */
static void add_found(struct file_objects *t, struct found *found)
{
	if (found->count > 0)
		qsort(found->list, found->count, sizeof(found->list[0]), compare_found);
	for (size_t i = 0; i < found->count; i++) {
		if (file_objects_find(t, found->list[i]->base) != NULL)
			free(found->list[i]);
		else
			(void)file_objects_add(t, found->list[i]);
	}
	found->count = 0;
}

CK_RV file_objects_list(struct file_objects *t, const struct file_dir *d)
{
	struct found found = { .set = t, .dir = d };
	CK_RV rv;

	t->sweep++;
	rv = file_each_name(d, find_object, &found);
	if (rv == CKR_OK)
		rv = file_objects_reserve(t, found.count);
	if (rv == CKR_OK) {
		remove_unseen(t);
		add_found(t, &found);
	}
	for (size_t i = 0; i < found.count; i++)
		free(found.list[i]);
	free(found.list);
	return rv;
}
