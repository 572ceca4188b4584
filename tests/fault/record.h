/*
 * What a program has done to files below one directory, in order, so that each state can be built
 * again that a power cut could have left. The shim notes it; one thread at a time.
 */
#ifndef TESTS_FAULT_RECORD_H
#define TESTS_FAULT_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

enum record_kind {
	RECORD_WRITE,		/* bytes into a file, which grows if need be */
	RECORD_TRUNCATE,	/* a file gets that size */
	RECORD_SYNC,		/* all so far of a file, or of a directory's names, is on disk */
	RECORD_LINK,		/* a name for a file or directory, that may be new; replaces one */
	RECORD_UNLINK,
	RECORD_RENAME,
	RECORD_MARK		/* no operation: the program has reached a point */
};

struct record {
	enum record_kind kind;
	unsigned node;		/* written, truncated, synced, or linked */
	unsigned dir;		/* of the name */
	unsigned to_dir;	/* RECORD_RENAME */
	char *name;
	char *to_name;
	unsigned char *data;
	size_t len;
	off_t offset;		/* or size */
	unsigned mark;
};

/*
 * Nodes are files and directories; node 0 is the directory itself. Those that were there at the
 * beginning are the first start_nodes, and only they have a name and content.
 */
struct record_node {
	bool is_dir;
	unsigned dir;		/* where it was at the beginning */
	char *name;
	unsigned char *data;
	size_t len;
	dev_t dev;
	ino_t ino;
};

struct recording {
	const struct record *list;
	size_t count;
	const struct record_node *nodes;
	unsigned start_nodes;
	unsigned node_count;
};

/* Takes the tree as it is, and notes all changes from now on; false: no memory, or unreadable. */
bool record_begin(const char *directory);
void record_mark(unsigned mark);
/* What is done while it pauses must not touch the directory. */
void record_pause(bool on);
/* What was noted, until record_free; NULL when something could not be. */
const struct recording *record_end(void);
void record_free(void);

#endif
