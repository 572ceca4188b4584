#include "fault/shim_internal.h"

#include "fault/record.h"

#include <dirent.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fault/record_hooks.h"

static struct {
	bool on;
	bool good;
	struct record *list;
	size_t count, room;
	struct record_node *nodes;
	unsigned node_count, node_room;
	struct recording all;
} tape;

bool record_on(void)
{
	return tape.on;
}

static char *copy_text(const char *text)
{
	char *copy = strdup(text);

	if (!copy)
		tape.good = false;
	return copy;
}

static unsigned char *copy_bytes(const void *data, size_t len)
{
	unsigned char *copy = malloc(len ? len : 1);

	if (copy)
		memcpy(copy, data, len);
	else
		tape.good = false;
	return copy;
}

/* --- nodes -------------------------------------------------------------- */

static bool add_node(const struct stat *st, unsigned *out)
{
	struct record_node *n = NULL;

	if (tape.node_count == tape.node_room) {
		tape.node_room = tape.node_room ? 2 * tape.node_room : 64;
		n = realloc(tape.nodes, tape.node_room * sizeof(*n));
		if (!n)
			return tape.good = false;
		tape.nodes = n;
	}
	n = &tape.nodes[tape.node_count];
	*n = (struct record_node){ .is_dir = S_ISDIR(st->st_mode), .dev = st->st_dev,
				   .ino = st->st_ino };
	*out = tape.node_count++;
	return true;
}

/* The newest with that number: the system uses those of removed files again. */
static bool find_node(const struct stat *st, unsigned *out)
{
	for (unsigned i = tape.node_count; i-- > 0;)
		if (tape.nodes[i].dev == st->st_dev && tape.nodes[i].ino == st->st_ino) {
			*out = i;
			return true;
		}
	return false;
}

static bool node_of_fd(int fd, unsigned *out)
{
	struct stat st;

	return fstat(fd, &st) == 0 && find_node(&st, out);
}

/* The directory of a path or name, and its last part, which points into the name. */
static bool node_of_parent(int dir, const char *name, unsigned *out, const char **leaf)
{
	char parent[4096];
	struct stat st;
	const char *slash = strrchr(name, '/');

	*leaf = slash ? slash + 1 : name;
	snprintf(parent, sizeof(parent), "%.*s", slash ? (int)(slash - name) : 1,
		 slash ? name : ".");
	return fstatat(dir, parent, &st, 0) == 0 && find_node(&st, out);
}

bool record_exists(int dir, const char *name)
{
	struct stat st;

	return fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) == 0;
}

/* --- operations --------------------------------------------------------- */

static struct record *add(enum record_kind kind)
{
	struct record *r = NULL;

	if (tape.count == tape.room) {
		tape.room = tape.room ? 2 * tape.room : 256;
		r = realloc(tape.list, tape.room * sizeof(*r));
		if (!r) {
			tape.good = false;
			return NULL;
		}
		tape.list = r;
	}
	r = &tape.list[tape.count++];
	*r = (struct record){ .kind = kind };
	return r;
}

static void link_node(unsigned dir, const char *leaf, unsigned node)
{
	struct record *r = add(RECORD_LINK);

	if (!r)
		return;
	r->dir = dir;
	r->node = node;
	r->name = copy_text(leaf);
}

void record_truncated(int fd, off_t size)
{
	unsigned node = 0;
	struct record *r = NULL;

	if (!node_of_fd(fd, &node))
		return;
	r = add(RECORD_TRUNCATE);
	if (!r)
		return;
	r->node = node;
	r->offset = size;
}

void record_opened(int fd, int dir, const char *name, int flags, bool existed)
{
	unsigned parent = 0, node = 0;
	const char *leaf = NULL;
	struct stat st;
	bool nameless = false;

#ifdef O_TMPFILE
	nameless = (flags & O_TMPFILE) == O_TMPFILE;
#endif
	if (fstat(fd, &st) != 0)
		return;
	if (nameless) {
		if (S_ISREG(st.st_mode) && tape.nodes[0].dev == st.st_dev)
			add_node(&st, &node);
	} else if ((flags & O_CREAT) && !existed) {
		if (node_of_parent(dir, name, &parent, &leaf) && add_node(&st, &node))
			link_node(parent, leaf, node);
	} else if (flags & O_TRUNC) {
		record_truncated(fd, 0);
	}
}

void record_written(int fd, const void *data, size_t len, off_t offset)
{
	unsigned node = 0;
	struct record *r = NULL;

	if (!node_of_fd(fd, &node))
		return;
	r = add(RECORD_WRITE);
	if (!r)
		return;
	r->node = node;
	r->data = copy_bytes(data, len);
	r->len = len;
	r->offset = offset;
}

void record_synced(int fd)
{
	unsigned node = 0;
	struct record *r = node_of_fd(fd, &node) ? add(RECORD_SYNC) : NULL;

	if (r)
		r->node = node;
}

/* A new name of a file that is known, or a new directory. */
void record_linked(int dir, const char *name)
{
	unsigned parent = 0, node = 0;
	const char *leaf = NULL;
	struct stat st;

	if (!node_of_parent(dir, name, &parent, &leaf) ||
	    fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) != 0)
		return;
	if (S_ISDIR(st.st_mode) ? add_node(&st, &node) : find_node(&st, &node))
		link_node(parent, leaf, node);
	else
		tape.good = false;
}

void record_renamed(int dir, const char *name, int to_dir, const char *to_name)
{
	unsigned from = 0, to = 0;
	const char *leaf = NULL, *to_leaf = NULL;
	struct record *r = NULL;

	if (!node_of_parent(dir, name, &from, &leaf) ||
	    !node_of_parent(to_dir, to_name, &to, &to_leaf))
		return;
	r = add(RECORD_RENAME);
	if (!r)
		return;
	r->dir = from;
	r->name = copy_text(leaf);
	r->to_dir = to;
	r->to_name = copy_text(to_leaf);
}

void record_unlinked(int dir, const char *name)
{
	unsigned parent = 0;
	const char *leaf = NULL;
	struct record *r = NULL;

	if (!node_of_parent(dir, name, &parent, &leaf))
		return;
	r = add(RECORD_UNLINK);
	if (!r)
		return;
	r->dir = parent;
	r->name = copy_text(leaf);
}

void record_mark(unsigned mark)
{
	struct record *r = tape.on ? add(RECORD_MARK) : NULL;

	if (r)
		r->mark = mark;
}

void record_pause(bool on)
{
	tape.on = !on;
}

/* --- the beginning ------------------------------------------------------ */

static bool take_content(int fd, const struct stat *st, struct record_node *n)
{
	n->len = (size_t)st->st_size;
	n->data = malloc(n->len ? n->len : 1);
	return n->data && pread(fd, n->data, n->len, 0) == (ssize_t)n->len;
}

static bool take_tree(int dir, unsigned node);

static bool take_entry(int dir, unsigned parent, const char *name)
{
	int fd = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	struct stat st;
	unsigned node = 0;
	bool good = fd >= 0 && fstat(fd, &st) == 0 && add_node(&st, &node);

	if (good) {
		tape.nodes[node].dir = parent;
		tape.nodes[node].name = copy_text(name);
		good = S_ISDIR(st.st_mode) ? take_tree(fd, node) :
					     take_content(fd, &st, &tape.nodes[node]);
	}
	if (fd >= 0)
		close(fd);
	return good;
}

static bool take_tree(int dir, unsigned node)
{
	int fd = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = fd >= 0 ? fdopendir(fd) : NULL;
	struct dirent *e = NULL;
	bool good = d;

	while (good && (e = readdir(d)))
		if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0)
			good = take_entry(dir, node, e->d_name);
	if (d)
		closedir(d);
	return good;
}

bool record_begin(const char *directory)
{
	int fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct stat st;
	unsigned root = 0;

	tape.good = true;
	if (fd < 0 || fstat(fd, &st) != 0 || !add_node(&st, &root) || !take_tree(fd, root))
		tape.good = false;
	if (fd >= 0)
		close(fd);
	tape.all.start_nodes = tape.node_count;
	tape.on = tape.good;
	return tape.good;
}

const struct recording *record_end(void)
{
	tape.on = false;
	tape.all.list = tape.list;
	tape.all.count = tape.count;
	tape.all.nodes = tape.nodes;
	tape.all.node_count = tape.node_count;
	return tape.good ? &tape.all : NULL;
}

void record_free(void)
{
	for (size_t i = 0; i < tape.count; i++) {
		free(tape.list[i].name);
		free(tape.list[i].to_name);
		free(tape.list[i].data);
	}
	for (unsigned i = 0; i < tape.node_count; i++) {
		free(tape.nodes[i].name);
		free(tape.nodes[i].data);
	}
	free(tape.list);
	free(tape.nodes);
	memset(&tape, 0, sizeof(tape));
}
