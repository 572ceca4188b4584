#include "config.h"

#include "fault/replay.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "p11/harness.h"

struct content {
	unsigned char *data;
	size_t len;
};

struct entry {
	unsigned dir;
	const char *name;
	unsigned node;
};

struct replay {
	const struct recording *r;
	struct content *content;	/* by node */
	struct entry *entries;
	size_t entry_count;
	bool good;
};

/* --- what is safe ------------------------------------------------------- */

static bool is_name_change(const struct record *op)
{
	return op->kind == RECORD_LINK || op->kind == RECORD_UNLINK || op->kind == RECORD_RENAME;
}

static bool changes_data(const struct record *op, unsigned node)
{
	return (op->kind == RECORD_WRITE || op->kind == RECORD_TRUNCATE) && op->node == node;
}

/* The number of operations up to the last sync of the node, 0 if there is none. */
static size_t synced_up_to(const struct recording *r, size_t end, unsigned node)
{
	while (end > 0 && !(r->list[end - 1].kind == RECORD_SYNC && r->list[end - 1].node == node))
		end--;
	return end;
}

static bool is_loose(const struct recording *r, size_t i, size_t end)
{
	return is_name_change(&r->list[i]) && synced_up_to(r, end, r->list[i].dir) <= i;
}

size_t replay_loose_names(const struct recording *r, size_t end)
{
	size_t n = 0;

	for (size_t i = 0; i < end; i++)
		n += is_loose(r, i, end);
	return n;
}

/* --- names -------------------------------------------------------------- */

static struct entry *find(struct replay *t, unsigned dir, const char *name)
{
	for (size_t i = 0; i < t->entry_count; i++)
		if (t->entries[i].dir == dir && strcmp(t->entries[i].name, name) == 0)
			return &t->entries[i];
	return NULL;
}

static void drop(struct replay *t, unsigned dir, const char *name)
{
	struct entry *e = find(t, dir, name);

	if (e)
		*e = t->entries[--t->entry_count];
}

/* There is room for as many as there are nodes and changes. */
static void put(struct replay *t, unsigned dir, const char *name, unsigned node)
{
	drop(t, dir, name);
	t->entries[t->entry_count++] = (struct entry){ dir, name, node };
}

static void change_name(struct replay *t, const struct record *op)
{
	struct entry *from = NULL;
	unsigned node = 0;

	switch (op->kind) {
	case RECORD_LINK:
		put(t, op->dir, op->name, op->node);
		break;
	case RECORD_UNLINK:
		drop(t, op->dir, op->name);
		break;
	case RECORD_RENAME:
		from = find(t, op->dir, op->name);
		if (!from)
			break;
		node = from->node;
		drop(t, op->dir, op->name);
		put(t, op->to_dir, op->to_name, node);
		break;
	default:
		break;
	}
}

static void replay_names(struct replay *t, const struct cut *cut)
{
	const struct recording *r = t->r;
	size_t loose = 0;

	for (unsigned i = 1; i < r->start_nodes; i++)
		put(t, r->nodes[i].dir, r->nodes[i].name, i);
	for (size_t i = 0; i < cut->end; i++) {
		if (!is_name_change(&r->list[i]))
			continue;
		if (is_loose(r, i, cut->end) && loose++ >= cut->names)
			continue;
		change_name(t, &r->list[i]);
	}
}

/* --- bytes -------------------------------------------------------------- */

static bool resize(struct replay *t, struct content *c, size_t len)
{
	unsigned char *data = realloc(c->data, len ? len : 1);

	if (!data)
		return t->good = false;
	if (len > c->len)
		memset(data + c->len, 0, len - c->len);
	c->data = data;
	c->len = len;
	return true;
}

static void change_data(struct replay *t, const struct record *op, size_t len, bool zeros)
{
	struct content *c = &t->content[op->node];
	size_t offset = (size_t)op->offset;

	if (op->kind == RECORD_TRUNCATE) {
		resize(t, c, offset);
		return;
	}
	if (offset + len > c->len && !resize(t, c, offset + len))
		return;
	if (zeros)
		memset(c->data + offset, 0, len);
	else
		memcpy(c->data + offset, op->data, len);
}

static void change_loose(struct replay *t, const struct record *op, enum replay_data way,
			 bool is_last)
{
	switch (way) {
	case REPLAY_KEEP:
		change_data(t, op, op->len, false);
		break;
	case REPLAY_TORN:
		change_data(t, op, is_last ? op->len / 2 : op->len, false);
		break;
	case REPLAY_LAST:
		if (is_last)
			change_data(t, op, op->len, false);
		break;
	case REPLAY_ZEROS:
		change_data(t, op, op->len, true);
		break;
	default:
		break;
	}
}

static void replay_file(struct replay *t, const struct cut *cut, unsigned node)
{
	const struct recording *r = t->r;
	size_t safe = synced_up_to(r, cut->end, node), last = 0;

	if (node < r->start_nodes && resize(t, &t->content[node], r->nodes[node].len))
		memcpy(t->content[node].data, r->nodes[node].data, r->nodes[node].len);
	for (size_t i = safe; i < cut->end; i++)
		if (changes_data(&r->list[i], node))
			last = i;
	for (size_t i = 0; i < cut->end && t->good; i++) {
		const struct record *op = &r->list[i];

		if (!changes_data(op, node))
			continue;
		if (i < safe)
			change_data(t, op, op->len, false);
		else
			change_loose(t, op, cut->data, i == last);
	}
}

struct replay *replay_new(const struct recording *r, const struct cut *cut)
{
	struct replay *t = calloc(1, sizeof(*t));

	if (!t)
		return NULL;
	t->r = r;
	t->content = calloc(r->node_count, sizeof(*t->content));
	t->entries = calloc(r->node_count + r->count, sizeof(*t->entries));
	t->good = t->content && t->entries;
	if (t->good)
		replay_names(t, cut);
	for (unsigned i = 0; t->good && i < r->node_count; i++)
		if (!r->nodes[i].is_dir)
			replay_file(t, cut, i);
	if (t->good)
		return t;
	replay_free(t);
	return NULL;
}

void replay_free(struct replay *t)
{
	for (unsigned i = 0; t->content && i < t->r->node_count; i++)
		free(t->content[i].data);
	free(t->content);
	free(t->entries);
	free(t);
}

/* --- the tree ----------------------------------------------------------- */

static void mix(uint64_t *hash, const void *data, size_t len)
{
	const unsigned char *p = data;

	for (size_t i = 0; i < len; i++)
		*hash = (*hash ^ p[i]) * 0x100000001b3u;
}

/* Sums do not depend on the order in which the names were made. */
static uint64_t hash_below(const struct replay *t, unsigned dir)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < t->entry_count; i++) {
		const struct entry *e = &t->entries[i];
		uint64_t hash = 0xcbf29ce484222325u, below = 0;

		if (e->dir != dir)
			continue;
		mix(&hash, e->name, strlen(e->name) + 1);
		if (t->r->nodes[e->node].is_dir)
			below = hash_below(t, e->node);
		else
			mix(&hash, t->content[e->node].data, t->content[e->node].len);
		mix(&hash, &below, sizeof(below));
		sum += hash;
	}
	return sum;
}

uint64_t replay_hash(const struct replay *t)
{
	return hash_below(t, 0);
}

static bool write_bytes(const char *path, const struct content *c)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	bool good = fd >= 0 && (c->len == 0 || write(fd, c->data, c->len) == (ssize_t)c->len);

	if (fd >= 0 && close(fd) != 0)
		good = false;
	return good;
}

static bool write_below(const struct replay *t, unsigned dir, const char *path)
{
	bool good = mkdir(path, 0700) == 0;
	char below[4096];

	for (size_t i = 0; good && i < t->entry_count; i++) {
		const struct entry *e = &t->entries[i];

		if (e->dir != dir)
			continue;
		snprintf(below, sizeof(below), "%s/%s", path, e->name);
		good = t->r->nodes[e->node].is_dir ? write_below(t, e->node, below) :
						      write_bytes(below, &t->content[e->node]);
	}
	return good;
}

bool replay_write(const struct replay *t, const char *directory)
{
	tree_remove(directory);
	return write_below(t, 0, directory);
}
